package config

import (
	"slices"
	"strings"
)

// nearest returns the candidate that s was probably meant to be, and false where none is near.
func nearest(s string, candidates []string) (string, bool) {
	best, bestAt := "", 1+max(1, len([]rune(s))/3)
	fold := func(x string) string { return strings.ToLower(strings.NewReplacer("-", "_", " ", "_").Replace(x)) }
	for _, c := range candidates {
		if d := distance(fold(s), fold(c)); d < bestAt {
			best, bestAt = c, d
		}
	}
	return best, best != ""
}

// meant is the remedy for a word that is not one of the candidates.
func meant(s string, candidates []string) string {
	if c, ok := nearest(s, candidates); ok {
		return "did you mean " + quote(c) + "?"
	}
	if len(candidates) == 0 {
		return "there are none"
	}
	return "use one of " + listed(candidates)
}

// listed joins names for a message; a long list is cut.
func listed(names []string) string {
	const most = 15
	if len(names) > most {
		names = append(slices.Clone(names[:most]), "…")
	}
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = clip(n)
	}
	return strings.Join(out, ", ")
}

// distance counts the insertions, deletions, replacements and swaps of neighbours that turn a into b. Texts that are far
// longer than any name of ours count as far apart.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	const longest = 200
	if len(x) > longest || len(y) > longest {
		return longest
	}
	before, last, row := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := range x {
		row[0] = i + 1
		for j := range y {
			cost := 1
			if x[i] == y[j] {
				cost = 0
			}
			row[j+1] = min(last[j+1]+1, row[j]+1, last[j]+cost)
			if i > 0 && j > 0 && x[i] == y[j-1] && x[i-1] == y[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(y)]
}
