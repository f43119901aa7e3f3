package archtest

import (
	"strings"
	"testing"
	"testing/fstest"
)

// synthetic is a small tree that was made up to prove a check. Each file's text follows its package clause, so it begins on
// line 2. Each of want is a part of one line that the check must give, and it must give no other.
type synthetic struct {
	name  string
	files map[string]string
	want  []string
}

func (c synthetic) check(t *testing.T, run func(*testing.T, []*file) []string) {
	t.Helper()
	t.Run(c.name, func(t *testing.T) {
		t.Parallel()
		got := run(t, parse(t, c.files))
		for _, want := range c.want {
			n := 0
			for _, line := range got {
				if strings.Contains(line, want) {
					n++
				}
			}
			if n != 1 {
				t.Errorf("%d lines hold %q, want 1; got:\n%s", n, want, strings.Join(got, "\n"))
			}
		}
		if len(got) != len(c.want) {
			t.Errorf("got %d lines, want %d:\n%s", len(got), len(c.want), strings.Join(got, "\n"))
		}
	})
}

func parse(t *testing.T, texts map[string]string) []*file {
	t.Helper()
	tree := fstest.MapFS{}
	for name, text := range texts {
		clause := "package synthetic\n"
		if strings.HasPrefix(text, "// Code generated") {
			text, clause = text+"\n", ""
			first, rest, _ := strings.Cut(text, "\n")
			text = first + "\n\npackage synthetic\n" + rest
		}
		tree[name] = &fstest.MapFile{Data: []byte(clause + text)}
	}
	files, err := load(tree)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestBrokenFileIsAnError(t *testing.T) {
	t.Parallel()
	_, err := load(fstest.MapFS{"web/a.go": {Data: []byte("package web\nfunc {")}})
	if err == nil || !strings.Contains(err.Error(), "parse web/a.go") {
		t.Errorf("got %v, want an error that names the file", err)
	}
}
