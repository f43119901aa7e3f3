package cells

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/lockstep-sync/lockstep/sync/task"
)

// RAGWord reports that a text is a RAG rating, in colours or in words: "Amber/ Red", "🟢", "rot", "At risk". It says how people feel about a task,
// and nothing of its status.
func RAGWord(s string) bool {
	words := strings.Fields(FoldWord(strings.NewReplacer("🔴", " red ", "🟠", " amber ", "🟡", " amber ", "🟢", " green ", "🟥", " red ", "🟧", " amber ",
		"🟨", " amber ", "🟩", " green ").Replace(s)))
	switch strings.Join(words, " ") {
	case "on track", "off track", "at risk", "on schedule", "behind", "behind schedule", "delayed", "late", "en retard", "a risque", "dans les temps",
		"en riesgo", "retrasado", "atrasado", "verzogert", "im plan", "em risco":
		return true
	}
	for _, w := range words {
		switch w {
		case "red", "amber", "yellow", "orange", "green", "grey", "gray", "r", "a", "g", "y", "rag",
			"rouge", "jaune", "vert", "verte", "gris", "rojo", "roja", "ambar", "amarillo", "amarilla", "naranja", "verde",
			"rot", "gelb", "grun", "grau", "vermelho", "amarelo", "laranja", "cinza", "rosso", "giallo", "arancione":
		default:
			return false
		}
	}
	return len(words) > 0
}

// denies reports a sign for no.
func denies(r rune) bool { return strings.ContainsRune("❌✗✘✖❎", r) }

// doubtful reports that a cell says something against the word for a status that is in it: a question mark, or a sign that
// stands for another status.
func doubtful(s, status string) bool {
	for _, r := range s {
		if r == '?' || r == '？' || denies(r) && status != task.Cancelled {
			return true
		}
		if sign := StatusSign(string(r)); sign != "" && sign != status {
			return true
		}
	}
	return false
}

// signed reports that there is a sign in a text that says something of a status.
func signed(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return denies(r) || StatusSign(string(r)) != "" })
}

// StatusHint says what to do about a status that is not known. What looks like a known word is named and never taken for
// it: between "complete" and "incomplete" there are two letters.
func (v *Vocabulary) StatusHint(word string, checkbox bool) string {
	add := func(status string) string {
		return "status: {" + status + ": [" + strconv.Quote(strings.Join(strings.Fields(word), " ")) + "]}"
	}
	known := v.StatusOf(FoldWord(word))
	switch {
	case checkbox:
		return "a checkbox is no status by itself: if a ticked one means done, say so in the source's configuration: " +
			`status: {done: ["TRUE"], not_started: ["FALSE"]}`
	case RAGWord(word):
		return fmt.Sprintf("%s is a rating and says nothing of the status: write a status there, such as %s, and keep the rating in a column of its own; if such ratings do stand for statuses, say so in the source's configuration, such as %s",
			Quote(word), Quote(task.StatusDisplay(task.InProgress)), add(task.InProgress))
	case known != "":
		return fmt.Sprintf("the word stands for %s, and a sign beside it speaks against that: write the word alone, or add to the source's configuration: %s",
			known, add(known))
	}
	if near := v.Likely(word); near != "" {
		status := v.StatusOf(near)
		return fmt.Sprintf("no status is known by this word; the nearest is %s (%s): write that, or add to the source's configuration: %s",
			Quote(near), status, add(status))
	}
	var words []string
	for _, s := range task.Statuses() {
		words = append(words, v.StatusWord(s, nil))
	}
	return fmt.Sprintf("no status is known by this word: write one of %s, or say in the source's configuration which it stands for, such as %s",
		QuoteAll(words), add(task.InProgress))
}

// Likely is the known word that a text may be a misspelling of; "" where none is near enough, or where the text may say its
// opposite.
func (v *Vocabulary) Likely(s string) string {
	word := FoldWord(s)
	best, fewest := "", 3
	for _, w := range v.words {
		known := FoldWord(w)
		n := slips(word, known)
		if n < fewest && (n == 1 && len(word) >= 4 || n == 2 && len(word) >= 10) &&
			negated(word) == negated(known) && !strings.HasSuffix(word, known) {
			best, fewest = w, n
		}
	}
	return best
}

// slips is how many slips of the pen lie between two texts, at most 3: a letter too many, too few, or wrong, or two in the wrong
// order.
func slips(a, b string) int {
	x, y := []rune(a), []rune(b)
	if len(x)-len(y) > 2 || len(y)-len(x) > 2 || len(x) > 100 {
		return 3
	}
	before, last := make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(x); i++ {
		now := make([]int, len(y)+1)
		now[0] = i
		for j := 1; j <= len(y); j++ {
			change := 1
			if x[i-1] == y[j-1] {
				change = 0
			}
			now[j] = min(last[j]+1, now[j-1]+1, last[j-1]+change)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				now[j] = min(now[j], before[j-2]+1)
			}
		}
		before, last = last, now
	}
	return min(last[len(y)], 3)
}

// negated reports that a text has a word that turns it round.
func negated(folded string) bool {
	for w := range strings.FieldsSeq(folded) {
		switch w {
		case "not", "no", "non", "never", "pas", "nicht", "kein", "keine", "sin", "nao", "nunca", "without", "sans", "ohne", "un", "half", "partly", "almost":
			return true
		}
		for _, prefix := range []string{"un", "in", "im", "non"} {
			switch rest, ok := strings.CutPrefix(w, prefix); {
			case !ok:
			case strings.HasPrefix(rest, "complet"), strings.HasPrefix(rest, "finish"), strings.HasPrefix(rest, "start"), strings.HasPrefix(rest, "achev"),
				strings.HasPrefix(rest, "done"), strings.HasPrefix(rest, "resolv"), strings.HasPrefix(rest, "block"), strings.HasPrefix(rest, "plan"),
				strings.HasPrefix(rest, "deliver"), strings.HasPrefix(rest, "clos"), strings.HasPrefix(rest, "open"), strings.HasPrefix(rest, "activ"):
				return true
			}
		}
	}
	return false
}
