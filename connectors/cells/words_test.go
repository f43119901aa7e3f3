package cells_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/lockstep-sync/lockstep/connectors/cells"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// plain knows no words but those that are known anyway.
func plain() *cells.Vocabulary { return cells.NewVocabulary(nil, nil, nil) }

// A word stands for one status, however it is typed; with a doubt beside it, it stands for none.
func TestEveryKnownWordIsItsStatus(t *testing.T) {
	t.Parallel()
	v := plain()
	owner := map[string]string{}
	for status, words := range cells.DefaultWords() {
		for _, w := range words {
			if other, twice := owner[cells.FoldWord(w)]; twice && other != status {
				t.Errorf("%q stands for %s and for %s", w, status, other)
			}
			owner[cells.FoldWord(w)] = status
		}
	}
	for status, words := range cells.DefaultWords() {
		for _, w := range words {
			for _, typed := range []string{w, strings.ToUpper(w), " " + strings.ReplaceAll(w, " ", "\u00A0") + "\n", cells.FoldName(w), w + ".", "- " + w} {
				if got := v.StatusOf(typed); got != status {
					t.Errorf("%q stands for %q; want %s", typed, got, status)
				}
			}
			for _, typed := range []string{w + "?", "not " + w, "🚧✅ " + w} {
				if got := v.StatusOf(typed); got != "" && owner["not "+cells.FoldWord(w)] == "" {
					t.Errorf("%q stands for %q", typed, got)
				}
			}
			if got := v.StatusOf("❌ " + w); got != "" && status != task.Cancelled {
				t.Errorf("“❌ %s” stands for %q", w, got)
			}
		}
	}
	for _, status := range task.Statuses() {
		if got := v.StatusWord(status, nil); got != task.StatusDisplay(status) {
			t.Errorf("%s is written %q", status, got)
		}
	}
	for sign, want := range map[string]string{"✅": task.Done, "✔️": task.Done, "🚧\u00A0": task.InProgress, "⛔": task.Blocked, "🚫": task.Cancelled, "🟢": "", "": "", "?": ""} {
		if got := v.StatusOf(sign); got != want {
			t.Errorf("%q stands for %q; want %q", sign, got, want)
		}
	}
}

// What Lockstep writes for a status reads as that status: whatever the configuration says, and whatever people use.
func TestStatusWordsReadBack(t *testing.T) {
	t.Parallel()
	all := slices.Concat(plain().Words(), []string{"Coincé", "✅ Fait", "❌ Done", "TRUE", "", "?", "Q3"})
	rapid.Check(t, func(t *rapid.T) {
		configured := map[string][]string{}
		for _, w := range rapid.SliceOfN(rapid.SampledFrom(all), 0, 4).Draw(t, "words") {
			s := rapid.SampledFrom(task.Statuses()).Draw(t, "status")
			configured[s] = append(configured[s], w)
		}
		v := cells.NewVocabulary(configured, nil, nil)
		used := map[string]string{}
		for _, s := range task.Statuses() {
			used[s] = rapid.OneOf(rapid.SampledFrom(all), rapid.String()).Draw(t, "used")
		}
		for _, s := range task.Statuses() {
			w := v.StatusWord(s, used)
			if w != "" && v.StatusOf(w) != s {
				t.Fatalf("%s is written %q, and that reads %q", s, w, v.StatusOf(w))
			}
			if own := used[s]; own != "" && v.StatusOf(own) == s && w != own {
				t.Fatalf("%s is written %q, where people write %q", s, w, own)
			}
		}
	})
}

// One slip of the pen in a longer word leads to a word that was meant, as a suggestion; what turns a word round leads to none.
func TestLikely(t *testing.T) {
	t.Parallel()
	v := plain()
	for typed, want := range map[string]string{
		"Compelted": "completed", "Bloked": "Blocked", "in progres": "In progress", "Cancled": "canceled", "finishd": "finished", "on hodl": "on hold",
		"incomplete": "", "not done": "", "unresolved": "", "half done": "", "Q3": "", "": "", "x": "", "almost finished": "",
	} {
		if got := v.Likely(typed); !strings.EqualFold(got, want) {
			t.Errorf("%q is likely %q; want %q", typed, got, want)
		}
	}
}

// Of any text there is something to say, in one line.
func TestHintsForAnyText(t *testing.T) {
	t.Parallel()
	v := plain()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.SampledFrom(v.Words())).Draw(t, "text")
		near := v.Likely(text)
		if near != "" && v.StatusOf(near) == "" {
			t.Fatalf("%q is likely %q, which is no status", text, near)
		}
		if hint := v.StatusHint(text, false); hint == "" || strings.ContainsAny(hint, "\n\r") {
			t.Fatalf("the hint for %q is %q", text, hint)
		}
	})
}

func TestRatingsAreNoStatuses(t *testing.T) {
	t.Parallel()
	v := plain()
	for text, want := range map[string]bool{
		"Amber/ Red": true, "🟢": true, "RAG: green": true, "rot": true, "At risk": true, "en retard": true, "R": true, "G/A": true,
		"done": false, "red tape": false, "": false, "greenhouse": false, "blocked": false,
	} {
		if got := cells.RAGWord(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
		if want && v.StatusOf(text) != "" {
			t.Errorf("the rating %q stands for %s", text, v.StatusOf(text))
		}
		if want && !strings.Contains(v.StatusHint(text, false), "rating") {
			t.Errorf("the hint for %q does not say that it is a rating", text)
		}
	}
}

func TestNamesOfPeopleAndPartners(t *testing.T) {
	t.Parallel()
	v := cells.NewVocabulary(nil, []cells.Partner{
		{ID: "aqua", Name: "AquaFund", Aliases: []string{"Aqua Fund", "AF"}},
		{ID: "city", Name: "City of Riverton", Aliases: []string{"AF"}},
		{ID: "adl", Name: "ASSOCIATION POUR LE DEVELOPPEMENT"},
		{ID: "apd", Name: "Association Pour le Développement"},
		{ID: "bare"},
	}, []cells.Person{
		{Name: "Amina Diallo", Email: "amina@aquafund.org", Aliases: []string{"A. Diallo", "Amina"}},
		{Name: "Amina Said", Aliases: []string{"Amina"}},
		{Name: "José Núñez"},
	})
	for word, want := range map[string]string{
		"aquafund": "aqua", " AQUA  fund ": "aqua", "aqua": "aqua", "AF": "", "city of riverton": "city", "Riverton": "", "": "", "bare": "bare",
		"ASSOCIATION POUR LE DEVELOPPEMENT": "adl", "Association Pour le Développement": "apd", "association pour le developpement": "",
	} {
		if got, ok := v.Partner(word); got != want || ok != (want != "") {
			t.Errorf("the partner %q is %q, %v; want %q", word, got, ok, want)
		}
	}
	for _, id := range []string{"aqua", "city", "adl", "apd", "bare"} {
		if back, _ := v.Partner(v.PartnerWord(id)); back != id {
			t.Errorf("%s is written %q, which reads %q", id, v.PartnerWord(id), back)
		}
	}
	if got := v.PartnerNames(); !slices.Contains(got, "bare") || len(got) != 5 {
		t.Errorf("the partners are %q", got)
	}
	for word, want := range map[string]string{
		"amina diallo": "Amina Diallo", "AMINA@aquafund.org": "Amina Diallo", "@a. diallo": "Amina Diallo", "mailto:amina@aquafund.org": "Amina Diallo",
		"Amina Diallo <amina@aquafund.org>": "Amina Diallo", "Amina Said <amina@aquafund.org>": "", "A stranger <x@example.org>": "",
		"Amina": "", "jose nunez": "José Núñez", "Jos\u0065\u0301 Núñez": "José Núñez", "": "", "nobody": "",
	} {
		if got := v.PersonOf(word); got != want {
			t.Errorf("%q is %q; want %q", word, got, want)
		}
	}
}

func TestFavouriteWords(t *testing.T) {
	t.Parallel()
	u := cells.Usage{}
	for _, w := range []string{"En cours", "doing", "doing", "wip", "En cours"} {
		u.Count(task.InProgress, w)
	}
	u.Count(task.Done, "Fait")
	if got := u.Favourites(); got[task.InProgress] != "En cours" || got[task.Done] != "Fait" || len(got) != 2 {
		t.Errorf("the favourites are %q", got)
	}
}
