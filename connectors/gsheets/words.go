package gsheets

import (
	"maps"
	"slices"
	"strings"

	"github.com/lockstep-sync/lockstep/sync/task"
)

// defaultWords are the words that sheets use for a status, in English, French, Spanish, German and Portuguese. They are
// compared folded, so accents, case and signs do not count.
func defaultWords() map[string][]string {
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

// statusSign is what a status cell without any letter means; "" where it is not plain.
func statusSign(s string) string {
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

// vocabulary is what words mean in this source.
type vocabulary struct {
	exact    map[string]string   // word of the configuration, signs and all → status
	status   map[string]string   // folded word → status
	words    []string            // all words of the configuration and ours, as they are written
	ways     map[string][]string // status → how it may be written, best first
	partners []Partner
	partner  names // ids, names, aliases → id
	people   names // names, e-mails, aliases → canonical name
}

func newVocabulary(cfg Config) *vocabulary {
	v := &vocabulary{
		exact: make(map[string]string), status: make(map[string]string), ways: make(map[string][]string), partners: cfg.Partners,
	}
	usual := make(map[string]string)
	for status, words := range defaultWords() {
		for _, w := range words {
			usual[foldWord(w)] = status
		}
	}
	add := func(words map[string][]string) {
		for _, status := range task.Statuses() {
			for _, w := range words[status] {
				v.words = append(v.words, w)
				v.ways[status] = append(v.ways[status], w)
				if foldWord(w) == "" || doubtful(w, status) || signed(w) && usual[foldWord(w)] != "" && usual[foldWord(w)] != status {
					continue // it stands for that as it is, sign and all, and its word alone for what it usually does
				}
				if _, known := v.status[foldWord(w)]; !known {
					v.status[foldWord(w)] = status
				}
			}
		}
	}
	for status, words := range cfg.Status {
		for _, w := range words {
			v.exact[foldName(w)] = status
		}
	}
	add(cfg.Status) // first: a configured word may overrule ours
	add(defaultWords())
	v.partner = namesOf(func(yield func(level int, word, means string)) {
		for _, p := range cfg.Partners {
			yield(lowest, p.ID, p.ID)
			yield(middle, p.Name, p.ID)
			for _, a := range p.Aliases {
				yield(alias, a, p.ID)
			}
		}
	})
	v.people = namesOf(func(yield func(level int, word, means string)) {
		for _, p := range cfg.People {
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
	means := n.folded[foldName(word)]
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
		add(out.folded, folded, level, foldName(word), means)
	})
	return out
}

// statusOf is the status that a word stands for, "" where none is known.
func (v *vocabulary) statusOf(word string) string {
	if status, ok := v.exact[foldName(word)]; ok {
		return status
	}
	folded := foldWord(word)
	status := v.status[folded]
	if folded == "" {
		return statusSign(word)
	}
	if status == "" || doubtful(word, status) {
		return ""
	}
	return status
}

// partnerNames are the partners as a person may write them.
func (v *vocabulary) partnerNames() []string {
	names := make([]string, len(v.partners))
	for i, p := range v.partners {
		names[i] = p.Name
		if p.Name == "" {
			names[i] = p.ID
		}
	}
	return names
}

// partnerWord is how a partner is written: by its name, or by what else leads back to it; "" where it is not known.
func (v *vocabulary) partnerWord(id string) string {
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

// statusWord is how a status is written: by the word that the column uses already, else by the configuration's, else by
// ours; always one that reads back as that status. It is "" where there is none.
func (v *vocabulary) statusWord(status string, used map[string]string) string {
	if w := used[status]; w != "" && v.statusOf(w) == status {
		return w
	}
	for _, w := range v.ways[status] {
		if v.statusOf(w) == status {
			return w
		}
	}
	return ""
}

// usage counts the words of a status column.
type usage map[string]map[string]int // status → word as it stands → how often

func (u usage) count(status, word string) {
	if u[status] == nil {
		u[status] = make(map[string]int)
	}
	u[status][word]++
}

// favourites are the word that is used most for each status; of several the first in the alphabet.
func (u usage) favourites() map[string]string {
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
