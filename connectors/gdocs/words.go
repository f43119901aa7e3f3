package gdocs

import (
	"slices"
	"unicode"
	"unicode/utf16"
)

// hunk is one difference: glyphs [from, to) of the old text become code units [lo, hi) of the new one. Either may be empty.
type hunk struct{ from, to, lo, hi int }

// mostCompared bounds the work of one comparison: a cell that holds a book is rewritten between its first and last difference.
const mostCompared = 1 << 18

// hunks are the differences of two texts, in order, in whole words: people who are suggested an edit can read it then, and nothing
// begins or ends within what they see as one character.
func hunks(old []glyph, want []uint16) []hunk {
	a, b := oldWords(old), newWords(want, chipTexts(old))
	same := func(i, j int) bool {
		if a[i+1]-a[i] != b[j+1]-b[j] {
			return false
		}
		for k := range a[i+1] - a[i] {
			if old[a[i]+k].code != want[b[j]+k] {
				return false
			}
		}
		return true
	}
	n, m := len(a)-1, len(b)-1
	p := 0
	for p < n && p < m && same(p, p) {
		p++
	}
	s := 0
	for s < n-p && s < m-p && same(n-1-s, m-1-s) {
		s++
	}
	n, m = n-s, m-s
	if (n-p)*(m-p) > mostCompared {
		return []hunk{{a[p], a[n], b[p], b[m]}}
	}
	// most[i][j] is how many words the rest of both, from i and j on, have in common.
	most := make([][]int, n-p+1)
	for i := range most {
		most[i] = make([]int, m-p+1)
	}
	for i := n - p - 1; i >= 0; i-- {
		for j := m - p - 1; j >= 0; j-- {
			if most[i][j] = max(most[i+1][j], most[i][j+1]); same(p+i, p+j) {
				most[i][j] = most[i+1][j+1] + 1
			}
		}
	}
	var out []hunk
	for i, j := p, p; i < n || j < m; {
		h := hunk{from: a[i], lo: b[j]}
		for i < n || j < m {
			if i < n && j < m && same(i, j) {
				break
			}
			if j == m || i < n && most[i-p+1][j-p] >= most[i-p][j-p+1] {
				i++
			} else {
				j++
			}
		}
		if h.to, h.hi = a[i], b[j]; h.from < h.to || h.lo < h.hi {
			out = append(out, h)
		}
		for i < n && j < m && same(i, j) {
			i, j = i+1, j+1
		}
	}
	return out
}

// oldWords are the places where words, blanks and chips begin, and the end.
func oldWords(gs []glyph) []int {
	codes, out := codesOf(gs), []int{0}
	for i := 1; i < len(gs); i++ {
		x, y := gs[i-1], gs[i]
		switch {
		case x.chip && y.chip && x.from == y.from:
		case x.chip || y.chip, between(codes, i):
			out = append(out, i)
		}
	}
	return ended(out, len(gs))
}

func codesOf(gs []glyph) []uint16 {
	codes := make([]uint16, len(gs))
	for i, g := range gs {
		codes[i] = g.code
	}
	return codes
}

// grown reports that a text would become one character with the end of what it is put behind.
func grown(before, text []uint16) bool {
	return len(before) > 0 && cluster(slices.Concat(before, text), len(before))
}

// newWords are the same of a text in which chips are only their texts.
func newWords(codes []uint16, chips [][]uint16) []int {
	out := []int{0}
	add := func(i int) {
		if out[len(out)-1] != i {
			out = append(out, i)
		}
	}
	for i := 0; i < len(codes); {
		chip := slices.IndexFunc(chips, func(c []uint16) bool {
			return len(codes)-i >= len(c) && slices.Equal(codes[i:i+len(c)], c) && !cluster(codes, i) && !cluster(codes, i+len(c))
		})
		switch {
		case chip >= 0:
			add(i)
			i += len(chips[chip])
			add(i)
		default:
			if i > 0 && between(codes, i) {
				add(i)
			}
			i++
		}
	}
	return ended(out, len(codes))
}

// ended ends the list of places once.
func ended(out []int, n int) []int {
	if out[len(out)-1] == n && len(out) > 1 {
		return out
	}
	if n == 0 {
		return out
	}
	return append(out, n)
}

// chipTexts are the texts of the chips among the glyphs.
func chipTexts(gs []glyph) [][]uint16 {
	var out [][]uint16
	for i, g := range gs {
		switch {
		case !g.chip:
		case i > 0 && gs[i-1].chip && gs[i-1].from == g.from:
			out[len(out)-1] = append(out[len(out)-1], g.code)
		default:
			out = append(out, []uint16{g.code})
		}
	}
	return out
}

// between reports that a word or a blank ends, or begins, before a code unit.
func between(codes []uint16, i int) bool {
	blank := func(c uint16) bool { return !utf16.IsSurrogate(rune(c)) && unicode.IsSpace(rune(c)) }
	return (blank(codes[i-1]) || blank(codes[i])) && !cluster(codes, i)
}

// cluster reports that a cut before a code unit would go through what people see as one character: a letter with its accents,
// an emoji with its skin, a family. Docs refuses an edit that begins or ends there. It may say so of too much, which only makes an
// edit longer.
func cluster(codes []uint16, at int) bool {
	if at <= 0 || at >= len(codes) {
		return false
	}
	if low(codes[at]) && high(codes[at-1]) {
		return true
	}
	before, after := rune(codes[at-1]), rune(codes[at])
	if low(codes[at-1]) && at > 1 {
		before = utf16.DecodeRune(rune(codes[at-2]), before)
	}
	if high(codes[at]) && at+1 < len(codes) {
		after = utf16.DecodeRune(after, rune(codes[at+1]))
	}
	const joiner = 0x200D
	switch {
	case before == '\n' || after == '\n':
		return false
	case before == joiner, after == joiner, unicode.Is(unicode.M, after):
		return true
	case after >= 0x1F3FB && after <= 0x1F3FF, after >= 0xE0020 && after <= 0xE007F: // skin tones, and what follows a flag
		return true
	case before >= 0x1F1E6 && before <= 0x1F1FF && after >= 0x1F1E6 && after <= 0x1F1FF: // two letters of a flag
		return true
	case before >= 0x1100 && before <= 0x11FF && after >= 0x1160 && after <= 0x11FF: // the parts of a Korean syllable
		return true
	}
	return false
}

func high(code uint16) bool { return code >= 0xD800 && code < 0xDC00 }
func low(code uint16) bool  { return code >= 0xDC00 && code < 0xE000 }
