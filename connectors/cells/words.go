package cells

import (
	"maps"
	"net/mail"
	"slices"
	"strings"

	"github.com/lockstep-sync/lockstep/sync/task"
)

// DefaultWords are the words that sheets use for a status, in English, French, Spanish, German and Portuguese. They are
// compared folded, so accents, case and signs do not count.
func DefaultWords() map[string][]string {
	return map[string][]string{
		task.NotStarted: {
			"Not started", "not yet started", "to do", "todo", "open", "new", "planned", "backlog", "pending start", "scheduled", "upcoming",
			"à faire", "pas commencé", "non commencé", "pas démarré", "non démarré", "planifié", "prévu", "nouveau", "à venir",
			"no iniciado", "no iniciada", "sin empezar", "sin iniciar", "por hacer", "planificado", "nuevo", "nueva",
			"nicht begonnen", "nicht gestartet", "zu erledigen", "offen", "geplant", "neu",
			"não iniciado", "não iniciada", "não começado", "a fazer", "por fazer", "planejado", "planeado", "novo",
		},
		task.InProgress: {
			"In progress", "ongoing", "on going", "started", "wip", "work in progress", "doing", "underway", "under way", "active", "in work",
			"en cours", "en cours d'exécution", "en cours de réalisation", "commencé", "démarré", "en exécution",
			"en curso", "en progreso", "en proceso", "iniciado", "iniciada", "empezado", "en marcha",
			"in Arbeit", "in Bearbeitung", "begonnen", "gestartet", "laufend", "läuft",
			"em andamento", "em curso", "em progresso", "em execução", "começado", //nolint:misspell // Portuguese
		},
		task.Blocked: {
			"Blocked", "stuck", "on hold", "hold", "impeded", "waiting", "paused", "suspended", "stalled",
			"bloqué", "bloquée", "en attente", "en pause", "suspendu", "suspendue", "à l'arrêt",
			"bloqueado", "bloqueada", "en espera", "detenido", "detenida", "suspendido", "pausado",
			"blockiert", "wartend", "angehalten", "pausiert", "ausgesetzt",
			"parado", "em espera", "suspenso", //nolint:misspell // Portuguese
		},
		task.Done: {
			"Done", "complete", "completed", "finished", "closed", "resolved", "delivered", "achieved",
			"terminé", "terminée", "achevé", "achevée", "fait", "faite", "fini", "finie", "clôturé", "clôturée", "clos", "réalisé", "réalisée", "livré",
			"hecho", "hecha", "terminado", "terminada", "completado", "completada", "finalizado", "finalizada", "cerrado", "concluido",
			"erledigt", "fertig", "abgeschlossen", "beendet", "geschlossen",
			"concluído", "concluída", "feito", "feita", "completo", "encerrado", "fechado",
		},
		task.Cancelled: {
			"Cancelled", "canceled", "abandoned", "won't do", "wont do", "will not do", "dropped", "withdrawn", "rejected", "not doing",
			"annulé", "annulée", "abandonné", "abandonnée", "ne sera pas fait", "retiré",
			"cancelado", "cancelada", "anulado", "anulada", "abandonado", "descartado",
			"abgebrochen", "abgesagt", "storniert", "verworfen",
		},
	}
}

// StatusSign is what a status cell without any letter means; "" where it is not plain.
func StatusSign(s string) string {
	s = strings.Trim(s, " \u00A0\uFE0F\u200D")
	switch s {
	case "✅", "✔", "☑", "✓", "🏁", "🎉":
		return task.Done
	case "🚧", "⏳", "🔄", "▶", "🏃":
		return task.InProgress
	case "⛔", "🛑", "⏸", "✋":
		return task.Blocked
	case "🚫", "🗑":
		return task.Cancelled
	}
	return ""
}

// Vocabulary is what words mean in this source.
type Vocabulary struct {
	exact    map[string]string   // word of the configuration, signs and all → status
	status   map[string]string   // folded word → status
	words    []string            // all words of the configuration and ours, as they are written
	ways     map[string][]string // status → how it may be written, best first
	partners []Partner
	partner  names // ids, names, aliases → id
	people   names // names, e-mails, aliases → canonical name
}

// NewVocabulary knows the words of a source: those of its configuration, and those that are known anyway.
func NewVocabulary(status map[string][]string, partners []Partner, people []Person) *Vocabulary {
	v := &Vocabulary{
		exact: make(map[string]string), status: make(map[string]string), ways: make(map[string][]string), partners: partners,
	}
	usual := make(map[string]string)
	for status, words := range DefaultWords() {
		for _, w := range words {
			usual[FoldWord(w)] = status
		}
	}
	add := func(words map[string][]string) {
		for _, status := range task.Statuses() {
			for _, w := range words[status] {
				v.words = append(v.words, w)
				v.ways[status] = append(v.ways[status], w)
				if FoldWord(w) == "" || doubtful(w, status) || signed(w) && usual[FoldWord(w)] != "" && usual[FoldWord(w)] != status {
					continue // it stands for that as it is, sign and all, and its word alone for what it usually does
				}
				if _, known := v.status[FoldWord(w)]; !known {
					v.status[FoldWord(w)] = status
				}
			}
		}
	}
	for means, words := range status {
		for _, w := range words {
			v.exact[FoldName(w)] = means
		}
	}
	add(status) // first: a configured word may overrule ours
	add(DefaultWords())
	v.partner = namesOf(func(yield func(level int, word, means string)) {
		for _, p := range partners {
			yield(lowest, p.ID, p.ID)
			yield(middle, p.Name, p.ID)
			for _, a := range p.Aliases {
				yield(alias, a, p.ID)
			}
		}
	})
	v.people = namesOf(func(yield func(level int, word, means string)) {
		for _, p := range people {
			yield(lowest, p.Name, p.Name)
			yield(alias, p.Email, p.Name)
			for _, a := range p.Aliases {
				yield(alias, a, p.Name)
			}
		}
	})
	return v
}

// names are what words mean. Case and accents do not count, unless they are all that tells two names apart: there are
// organisations of which that is true.
type names struct{ exact, folded map[string]string }

// of is what a word means, and false where it means nobody, or more than one.
func (n names) of(word string) (string, bool) {
	means := n.folded[FoldName(word)]
	if means == "" {
		means = n.exact[task.PersonValue(word).String()]
	}
	return means, means != ""
}

// The levels of names.
const (
	lowest = iota
	middle
	alias // how people write it, which they do in any case
)

// namesOf collects what words mean. What stands on a lower level goes before what stands on a higher one; a word that means
// two on one level means nobody.
func namesOf(each func(yield func(level int, word, means string))) names {
	out := names{exact: make(map[string]string), folded: make(map[string]string)}
	exact, folded := make(map[string]int), make(map[string]int)
	add := func(m map[string]string, levels map[string]int, level int, word, means string) {
		before, known := levels[word]
		switch {
		case word == "":
		case !known || level < before:
			m[word], levels[word] = means, level
		case level == before && m[word] != means:
			m[word] = ""
		}
	}
	each(func(level int, word, means string) {
		if level < alias {
			add(out.exact, exact, level, task.PersonValue(word).String(), means)
		}
		add(out.folded, folded, level, FoldName(word), means)
	})
	return out
}

// StatusOf is the status that a word stands for, "" where none is known.
func (v *Vocabulary) StatusOf(word string) string {
	if status, ok := v.exact[FoldName(word)]; ok {
		return status
	}
	folded := FoldWord(word)
	status := v.status[folded]
	if folded == "" {
		return StatusSign(word)
	}
	if status == "" || doubtful(word, status) {
		return ""
	}
	return status
}

// PartnerNames are the partners as a person may write them.
func (v *Vocabulary) PartnerNames() []string {
	names := make([]string, len(v.partners))
	for i, p := range v.partners {
		names[i] = p.Name
		if p.Name == "" {
			names[i] = p.ID
		}
	}
	return names
}

// PartnerWord is how a partner is written: by its name, or by what else leads back to it; "" where it is not known.
func (v *Vocabulary) PartnerWord(id string) string {
	for _, p := range v.partners {
		if p.ID != id {
			continue
		}
		for _, w := range append([]string{p.Name, p.ID}, p.Aliases...) {
			if means, _ := v.partner.of(w); means == id {
				return w
			}
		}
	}
	return ""
}

// StatusWord is how a status is written: by the word that the column uses already, else by the configuration's, else by
// ours; always one that reads back as that status. It is "" where there is none.
func (v *Vocabulary) StatusWord(status string, used map[string]string) string {
	if w := used[status]; w != "" && v.StatusOf(w) == status {
		return w
	}
	for _, w := range v.ways[status] {
		if v.StatusOf(w) == status {
			return w
		}
	}
	return ""
}

// Usage counts the words of a status column.
type Usage map[string]map[string]int // status → word as it stands → how often

// Count notes a word for a status, as it stands.
func (u Usage) Count(status, word string) {
	if u[status] == nil {
		u[status] = make(map[string]int)
	}
	u[status][word]++
}

// Favourites are the word that is used most for each status; of several the first in the alphabet.
func (u Usage) Favourites() map[string]string {
	out := make(map[string]string, len(u))
	for status, words := range u {
		for _, w := range slices.Sorted(maps.Keys(words)) {
			if words[w] > words[out[status]] {
				out[status] = w
			}
		}
	}
	return out
}

// PersonOf is the canonical name of whoever a text names; "" where nobody is known by it, or more than one.
func (v *Vocabulary) PersonOf(s string) string {
	if name, ok := v.people.of(s); ok {
		return name
	}
	plain := strings.TrimSpace(s)
	plain = strings.TrimPrefix(strings.TrimPrefix(plain, "@"), "mailto:")
	if name, ok := v.people.of(plain); ok {
		return name
	}
	a, err := mail.ParseAddress(plain)
	if err != nil || a.Name == "" {
		return ""
	}
	byMail, known := v.people.of(a.Address)
	byName, named := v.people.of(a.Name)
	if !known || named && byName != byMail {
		return ""
	}
	return byMail
}

// Partner is the id of the partner that a word means; false where it means none, or more than one.
func (v *Vocabulary) Partner(word string) (string, bool) { return v.partner.of(word) }

// Person is the canonical name of whoever a name, e-mail address or alias means; false where it means nobody, or more than one.
func (v *Vocabulary) Person(word string) (string, bool) { return v.people.of(word) }

// Words are all words for statuses that are known, as they are written.
func (v *Vocabulary) Words() []string { return v.words }
