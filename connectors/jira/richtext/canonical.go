package richtext

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// canonical is the form in which texts are compared, the same as the canonical text of package sync/task: Unicode NFC,
// line ends as \n, no blanks at either end, invalid UTF-8 replaced.
func canonical(s string) string {
	return strings.TrimFunc(canonicalBody(s), blank)
}

// canonicalBody is canonical but for the blanks at the ends: what one line of a text is, within the text.
func canonicalBody(s string) string {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	if strings.Contains(s, "\r") {
		s = strings.ReplaceAll(s, "\r\n", "\n")
		s = strings.ReplaceAll(s, "\r", "\n")
	}
	return norm.NFC.String(s)
}

// blank is what people cannot see at the end of a text: white space, and the zero-width characters that copying from
// web pages leaves.
func blank(r rune) bool {
	switch r {
	case ' ', '\t', '\n', '\v', '\f', '\r', 0x85, 0xA0, 0x1680, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000, 0x200B, 0x2060, 0xFEFF:
		return true
	}
	return r >= 0x2000 && r <= 0x200A
}

func isBlank(s string) bool { return strings.TrimFunc(s, blank) == "" }

// splitLines are the lines of a canonical text; none where it is empty.
func splitLines(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}

// shown says which of a document's lines are seen in its canonical text, and as what: blank lines at either end are not
// seen, and neither are blanks before the first and after the last line.
func shown(lines []string) (from, to int, texts []string) {
	from, to = 0, len(lines)
	for from < to && isBlank(lines[from]) {
		from++
	}
	for to > from && isBlank(lines[to-1]) {
		to--
	}
	texts = append(texts, lines[from:to]...)
	if n := len(texts); n > 0 {
		texts[0] = strings.TrimLeftFunc(texts[0], blank)
		texts[n-1] = strings.TrimRightFunc(texts[n-1], blank)
	}
	return from, to, texts
}

// commonEnds are the lengths in bytes of the longest beginning and end that two texts share. They do not overlap in
// either text, and never cut a character.
func commonEnds(a, b string) (prefix, suffix int) {
	for prefix < len(a) && prefix < len(b) {
		r, n := utf8.DecodeRuneInString(a[prefix:])
		q, m := utf8.DecodeRuneInString(b[prefix:])
		if r != q || n != m {
			break
		}
		prefix += n
	}
	for suffix < len(a)-prefix && suffix < len(b)-prefix {
		r, n := utf8.DecodeLastRuneInString(a[prefix : len(a)-suffix])
		q, m := utf8.DecodeLastRuneInString(b[prefix : len(b)-suffix])
		if r != q || n != m {
			break
		}
		suffix += n
	}
	return prefix, suffix
}
