package setup

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// talk puts questions and reads answers. Everything that is shown may come from a tool, and is cleaned.
type talk struct {
	in    *bufio.Reader
	out   io.Writer
	clean func(string) string
	over  bool // no more answers come
}

func newTalk(in io.Reader, out io.Writer, clean func(string) string) *talk {
	return &talk{in: bufio.NewReader(in), out: out, clean: clean}
}

func (t *talk) say(format string, args ...any) {
	lines := strings.Split(format, "\n")
	if len(lines) == 2 && lines[0] == "" { // a blank line before it
		_, _ = fmt.Fprintln(t.out)
		format = lines[1]
	}
	_, _ = fmt.Fprintln(t.out, t.clean(fmt.Sprintf(format, args...)))
}

// ask puts a question. An empty answer, and the end of all answers, stand for the default.
func (t *talk) ask(question, def string) (string, error) {
	const longest = 4096
	if t.over {
		return def, nil
	}
	prompt := t.clean(question)
	if def != "" {
		prompt += " [" + t.clean(def) + "]"
	}
	_, _ = fmt.Fprint(t.out, prompt, " ")
	line, err := t.in.ReadString('\n')
	if errors.Is(err, io.EOF) {
		t.over = true
		_, _ = fmt.Fprintln(t.out)
	} else if err != nil {
		return "", fmt.Errorf("read an answer: %w", err)
	}
	if len(line) > longest {
		return "", errors.New("read an answer: it is too long")
	}
	if line = strings.TrimSpace(line); line == "" {
		return def, nil
	}
	return line, nil
}

// need asks for what must be known. What is given already is not asked for; flag names how to give it.
func (t *talk) need(question, given, def, flag string) (string, error) {
	for given = strings.TrimSpace(given); given == ""; {
		answer, err := t.ask(question, def)
		if err != nil {
			return "", err
		}
		if answer == "" && t.over {
			return "", fmt.Errorf("there is no answer to %q: give it with %s", question, flag)
		}
		given = answer
	}
	return given, nil
}

// choose asks for one of several.
func (t *talk) choose(question, def string, from []string) (string, error) {
	for {
		answer, err := t.ask(question, def)
		if err != nil || slices.Contains(from, answer) {
			return answer, err
		}
		names := make([]string, len(from))
		for i, n := range from {
			names[i] = strconv.Quote(n)
		}
		if t.over {
			return "", fmt.Errorf("%q is none of %s", answer, strings.Join(names, ", "))
		}
		t.say("  It must be one of %s.", strings.Join(names, ", "))
	}
}

// agree asks for yes or no.
func (t *talk) agree(question string, def bool) (bool, error) {
	hint := "y/N"
	if def {
		hint = "Y/n"
	}
	for {
		answer, err := t.ask(question+" ("+hint+")", "")
		if err != nil || answer == "" {
			return def, err
		}
		switch strings.ToLower(answer) {
		case "y", "yes", "o", "oui", "s", "si", "sí", "sim", "j", "ja":
			return true, nil
		case "n", "no", "non", "não", "nein":
			return false, nil
		}
		t.say("  Please answer y or n.")
		if t.over {
			return false, fmt.Errorf("%q is neither yes nor no", answer)
		}
	}
}

// slug is an id made of a name.
func slug(name, otherwise string) string {
	var b strings.Builder
	for _, r := range norm.NFD.String(strings.ToLower(name)) {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			b.WriteRune(r)
		case unicode.Is(unicode.Mn, r) || r == '\'' || r == '’':
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
		if b.Len() >= 40 {
			break
		}
	}
	if s := strings.Trim(b.String(), "-"); s != "" && s != "scorecard" {
		return s
	}
	return otherwise
}

// keyOf is what the ids of a partnership's tasks begin with: the initials of its name.
func keyOf(name string) string {
	var initials, letters []byte
	for _, word := range strings.FieldsFunc(slug(name, "task"), func(r rune) bool { return r == '-' }) {
		for i := range len(word) {
			if c := word[i]; c >= 'a' && c <= 'z' {
				if i == 0 {
					initials = append(initials, c)
				}
				letters = append(letters, c)
			}
		}
	}
	if len(initials) < 2 {
		initials = letters[:min(len(letters), 3)]
	}
	if len(initials) < 2 {
		initials = []byte("task")
	}
	return strings.ToUpper(string(initials[:min(len(initials), 6)]))
}

// unused is the id, or it with a number, that is not taken.
func unused(id string, taken func(string) bool) string {
	for n := 2; ; n++ {
		if !taken(id) {
			return id
		}
		base := id
		if i := strings.LastIndexByte(id, '-'); i > 0 && id[i+1:] == strconv.Itoa(n-1) && n > 2 {
			base = id[:i]
		}
		id = base + "-" + strconv.Itoa(n)
	}
}

// absolute is a path that means the same wherever the configuration stands.
func absolute(path string) string {
	if strings.Contains(path, "${") {
		return path
	}
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}
