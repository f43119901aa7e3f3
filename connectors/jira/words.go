package jira

import (
	"strings"

	"github.com/adrg/strutil"
	"github.com/adrg/strutil/metrics"

	"github.com/lockstep-sync/lockstep/sync/task"
)

// fold is the form in which names are compared: case, runs of blanks, and the shape of an apostrophe carry no meaning.
func fold(s string) string {
	s = strings.ReplaceAll(task.TextValue(s).String(), "\u2019", "'")
	return strings.ToLower(strings.Join(strings.Fields(s), " "))
}

// nearest is the name that looks most like s, "" where there are no names.
func nearest(s string, names []string) string {
	best, score := "", -1.0
	m := metrics.NewLevenshtein()
	for _, n := range names {
		if x := strutil.Similarity(fold(s), fold(n), m); x > score {
			best, score = n, x
		}
	}
	return best
}

// didYouMean is the end of a hint that names the nearest name, "" where there is none.
func didYouMean(s string, names []string) string {
	if n := nearest(s, names); n != "" {
		return "; the nearest name is " + quoteName(n)
	}
	return ""
}

// quoteName puts a name from outside into a sentence: short and on one line.
func quoteName(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > 80 {
		s = string(r[:80]) + "…"
	}
	return "“" + s + "”"
}

// quoteJQL makes a string literal of JQL.
func quoteJQL(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`).Replace(s) + `"`
}

// withoutOrder takes the ORDER BY off a query: the pull has its own order, and Jira takes only one.
func withoutOrder(jql string) string {
	var quote byte
	for i := 0; i < len(jql); i++ {
		switch ch := jql[i]; {
		case quote != 0:
			switch ch {
			case '\\':
				i++
			case quote:
				quote = 0
			}
		case ch == '"' || ch == '\'':
			quote = ch
		case orderAt(jql, i):
			return strings.TrimSpace(jql[:i])
		}
	}
	return strings.TrimSpace(jql)
}

// orderAt reports that the words ORDER BY stand at i.
func orderAt(jql string, i int) bool {
	if i > 0 && !strings.ContainsRune(" \t\r\n)\"'", rune(jql[i-1])) {
		return false
	}
	if len(jql) < i+len("order") || !strings.EqualFold(jql[i:i+len("order")], "order") {
		return false
	}
	rest := jql[i+len("order"):]
	word := strings.TrimLeft(rest, " \t\r\n")
	if len(word) == len(rest) || len(word) < 2 || !strings.EqualFold(word[:2], "by") {
		return false
	}
	return len(word) == 2 || strings.ContainsRune(" \t\r\n", rune(word[2]))
}
