package config

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxProblems is how many mistakes are told at once: more than that are rarely read. maxFound is how many are kept, to be
// sorted and to be known when another part finds them again.
const (
	maxProblems = 20
	maxFound    = 1000
)

// Problem is one mistake in a configuration file, with its place and what to do about it.
type Problem struct {
	File string
	// Line and Column are counted from 1, columns in characters. Line 0 means the file as a whole.
	Line, Column int
	Text         string
	// Source is the line of the file, made fit to be shown; "" where showing it would show a secret.
	Source string
	caret  int // characters of Source before the place
}

// String is the mistake as it is printed: file, line, column and text, then the line with a caret under the place.
func (p Problem) String() string {
	if p.Line == 0 {
		return p.File + ": " + p.Text
	}
	s := fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.Text)
	if p.Source == "" {
		return s
	}
	return s + "\n    " + p.Source + "\n    " + strings.Repeat(" ", p.caret) + "^"
}

// Error is everything that is wrong with one configuration file. Problems are in the file's order and never empty.
type Error struct {
	Problems []Problem
	More     int // how many further mistakes are not listed
}

// Error lists the mistakes, each as Problem.String prints it.
func (e *Error) Error() string {
	parts := make([]string, 0, len(e.Problems)+1)
	for _, p := range e.Problems {
		parts = append(parts, p.String())
	}
	if e.More > 0 {
		parts = append(parts, fmt.Sprintf("%s: and %d more: mend these first", e.Problems[0].File, e.More))
	}
	return strings.Join(parts, "\n")
}

// reporter gathers mistakes while a file is read.
type reporter struct {
	file  string
	lines []string
	// secrets are texts that may not be shown, whatever line they stand in.
	secrets []string
	lost    []found
	over    int // how many more there were after maxFound
}

type found struct {
	at   spot
	text string
}

// add notes a mistake. The text names it, then a colon, then what to do.
func (r *reporter) add(at spot, format string, args ...any) {
	if len(r.lost) == maxFound {
		r.over++
		return
	}
	r.lost = append(r.lost, found{at, fmt.Errorf(format, args...).Error()})
}

func (r *reporter) line(n int) string {
	if n < 1 || n > len(r.lines) {
		return ""
	}
	return r.lines[n-1]
}

// err returns what was gathered, sorted by place and without repetition; nil where nothing was.
func (r *reporter) err() error {
	if len(r.lost) == 0 {
		return nil
	}
	slices.SortStableFunc(r.lost, func(a, b found) int {
		return cmp.Or(cmp.Compare(a.at.line, b.at.line), cmp.Compare(a.at.col, b.at.col))
	})
	r.lost = slices.Compact(r.lost)
	e := &Error{More: max(0, len(r.lost)-maxProblems)}
	for _, f := range r.lost[:len(r.lost)-e.More] {
		e.Problems = append(e.Problems, r.problem(f))
	}
	e.More += r.over
	return e
}

func (r *reporter) problem(f found) Problem {
	p := Problem{File: printable(r.file), Line: f.at.line, Column: max(1, f.at.col), Text: printable(r.hide(f.text))}
	line := []rune(r.line(f.at.line))
	col := min(p.Column-1, len(line))
	shown := r.mask(f.at.line)
	if col > len(shown) || strings.TrimSpace(string(shown)) == "" {
		return p
	}
	indent := len(shown) - len([]rune(strings.TrimLeft(string(shown), " \t")))
	start := min(indent, col)
	const before, width = 60, 100
	cut := ""
	if col-start > before {
		start, cut = col-before, "…"
	}
	end := min(len(shown), start+width)
	p.Source = printable(cut + string(shown[start:end]))
	if end < len(shown) {
		p.Source += "…"
	}
	p.caret = col - start + len([]rune(cut))
	return p
}

// mask returns a line without its secrets: it is cut where the value of a key begins that is, or looks like, a secret's
// name. It returns nil where nothing of the line may be shown.
func (r *reporter) mask(n int) []rune {
	line := r.line(n)
	if r.hide(line) != line || r.underSecret(n) {
		if i := secretValue(line); i >= 0 {
			return []rune(line[:i] + "…")
		}
		return nil
	}
	if i := secretValue(line); i >= 0 && i < len(line) {
		return []rune(line[:i] + "…")
	}
	return []rune(line)
}

// hide takes secrets out of a text.
func (r *reporter) hide(s string) string { return redact(s, r.secrets) }

// redact replaces each secret of at least four characters, the longest first, so that no part of one stays behind.
func redact(s string, secrets []string) string {
	sorted := slices.Clone(secrets)
	slices.SortFunc(sorted, func(a, b string) int { return len(b) - len(a) })
	for _, x := range sorted {
		if len(x) >= 4 {
			s = strings.ReplaceAll(s, x, redacted)
		}
	}
	return s
}

// underSecret reports whether the line belongs to a value that began in a line before it, under a secret's name.
func (r *reporter) underSecret(n int) bool {
	indent := func(s string) int { return len(s) - len(strings.TrimLeft(s, " -")) }
	own, first := indent(r.line(n)), true
	for i := n - 1; i > 0 && n-i <= 50; i-- {
		line := r.line(i)
		if strings.TrimSpace(line) == "" {
			continue
		}
		// Where nothing stands behind the name, what follows is the value, however it is indented.
		if j := secretValue(line); first && j >= 0 && strings.Trim(line[j:], " |>-+") == "" {
			return true
		}
		if first = false; indent(line) < own {
			return secretValue(line) >= 0
		}
	}
	return false
}

// secretValue returns where in the line the value of a secret begins, -1 where there is none.
func secretValue(line string) int {
	for i := range len(line) {
		if line[i] != ':' {
			continue
		}
		if rest, ok := strings.CutPrefix(line[i:], "://"); ok && hasLogin(rest) {
			return i + len("://")
		}
		key := strings.TrimRight(line[max(0, i-longestName):i], ` "'`)
		if j := strings.LastIndexAny(key, ` "'{,[-`+"\t"); j >= 0 {
			key = key[j+1:]
		}
		if looksSecret(key) && !fromEnv(line[i+1:]) {
			return i + 1
		}
	}
	return -1
}

// longestName bounds how far back a key's name is looked for.
const longestName = 64

// hasLogin reports whether an address, without its scheme, has a login before the host.
func hasLogin(s string) bool {
	i := strings.IndexAny(s, "@/ \t\"'")
	return i >= 0 && s[i] == '@'
}

// fromEnv reports whether what stands after a colon is ${NAME} alone, which tells no secret.
func fromEnv(s string) bool {
	return regexp.MustCompile(`^\s*(\$\{\w+\}|"\$\{\w+\}"|'\$\{\w+\}')\s*([,}#].*)?$`).MatchString(s)
}

// looksSecret reports whether a key of that name, misspelled perhaps, may hold a secret.
func looksSecret(name string) bool {
	name = strings.ToLower(name)
	if strings.HasSuffix(name, "_file") || strings.HasSuffix(name, "file") {
		return false
	}
	for _, word := range []string{"token", "secret", "passw", "pwd", "apikey", "api_key", "private", "credential"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return distance(name, "token") <= 2
}

const maxQuoted = 60

// quote shows a text of the file in a message: in quotes, escaped, not too long, and without a secret that a missing comma
// has made part of it.
func quote(s string) string {
	if i := secretValue(s); i >= 0 {
		s = s[:i] + "…"
	}
	return fmt.Sprintf("%q", clip(s))
}

func clip(s string) string {
	if utf8.RuneCountInString(s) <= maxQuoted {
		return s
	}
	return string([]rune(s)[:maxQuoted-1]) + "…"
}

// printable makes a text fit for a terminal: control characters, and those that turn the direction of writing, are
// replaced one for one.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return ' '
		case unicode.IsControl(r), unicode.In(r, unicode.Bidi_Control), r == 0x2028, r == 0x2029:
			return '\uFFFD'
		}
		return r
	}, s)
}
