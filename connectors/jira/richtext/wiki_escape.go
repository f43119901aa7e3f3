package richtext

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Places where a line's beginning would be markup although nothing in it can be escaped by a backslash.
var (
	wordHead = regexp.MustCompile(`^\s*(?:h[1-6]|bq)\.`)
	markHead = regexp.MustCompile(`^\s*(?:[*#-]+\s|-{4,5}\s*$|\|)`)
	iconMark = regexp.MustCompile(`^\((?:[ynix/!+?*-]|on|off|\*[rgby]|flag|flagoff)\)`)
)

// escapeWiki is a line of text as wiki markup that shows it. Characters are escaped only where they could be markup, so
// that people who edit the text in Jira find it much as it was typed. What no backslash can escape, such as a backslash,
// is written as the entity that Jira shows as the character.
func escapeWiki(s string, startOfLine, inTable bool) string {
	var b strings.Builder
	at := 0
	if startOfLine {
		switch {
		case wordHead.MatchString(s):
			at = strings.IndexByte(s, '.')
			b.WriteString(s[:at])
			b.WriteString("&#46;")
			at++
		case markHead.MatchString(s):
			at = len(s) - len(strings.TrimLeftFunc(s, unicode.IsSpace))
			b.WriteString(s[:at])
			b.WriteByte('\\')
			b.WriteByte(s[at])
			at++
		}
	}
	last := map[byte]int{}
	for i := range len(s) {
		if strings.IndexByte(delimiters, s[i]) >= 0 {
			last[s[i]] = i
		}
	}
	for at < len(s) {
		if r, _ := utf8.DecodeLastRuneInString(s[:at]); at == 0 || !letterOrDigit(r) {
			if a := plainAddress(s[at:]); a != "" {
				b.WriteString(a)
				at += len(a)
				continue
			}
		}
		_, n := utf8.DecodeRuneInString(s[at:])
		b.WriteString(escapeAt(s, at, n, last, inTable))
		at += n
	}
	return b.String()
}

// delimiters are characters that are markup only in pairs.
const delimiters = "*_+^~-?!"

// plainAddress is an address that needs no escapes, since Jira looks for addresses before it looks for phrases.
func plainAddress(s string) string {
	a := addressIn(s)
	if strings.ContainsAny(a, "[]") || entity.MatchString(s[len(a):]) {
		return ""
	}
	return a
}

func escapeAt(s string, at, n int, last map[byte]int, inTable bool) string {
	c := s[at]
	switch {
	case n > 1:
		return s[at : at+n]
	case c == '\\':
		// Jira looks at the character after it, and the one after an inserted line's end is not known.
		if at+1 == len(s) || strings.IndexByte(escapable+`\:;`, s[at+1]) >= 0 || at > 0 && s[at-1] == '\\' {
			return "&#92;"
		}
	case c == '&':
		if entity.MatchString(s[at:]) {
			return "&#38;"
		}
	case c == '{' || c == '}' || c == '[':
		return `\` + s[at:at+1]
	case c == '|' && inTable, c == '(' && iconMark.MatchString(s[at:]):
		return `\` + s[at:at+1]
	case strings.IndexByte(delimiters, c) >= 0 && last[c] > at && opensPhrase(s, at):
		return `\` + s[at:at+1]
	}
	return s[at : at+1]
}

// opensPhrase reports that a delimiter could begin a phrase: no letter or digit before it, something after it.
func opensPhrase(s string, at int) bool {
	before, _ := utf8.DecodeLastRuneInString(s[:at])
	after, n := utf8.DecodeRuneInString(s[at+1:])
	return n > 0 && (at == 0 || !letterOrDigit(before)) && !unicode.IsSpace(after)
}
