package config

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestEachMistakeHasAFixture reads this package's own code: the text of each mistake must stand in a golden file.
func TestEachMistakeHasAFixture(t *testing.T) {
	t.Parallel()
	var goldens strings.Builder
	files, err := filepath.Glob("testdata/bad/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		goldens.Write(b)
	}
	elsewhere := []string{ // what a small file in a checkout cannot show, and the test that does
		"the file has %d bytes",                      // TestLoadOfWhatIsNoFile
		"--config",                                   // TestLoadOfWhatIsNoFile
		"has more than %d bytes",                     // TestCredentialsFile
		"too many anchors",                           // TestTooMuch
		"the YAML parser gave up",                    // somebody else's panic
		"check the indentation, quotes and brackets", // the parser's own words vary
		"this is not understood here",                // a kind of node that the parser does not make today
	}
	texts := messages(t)
	if len(texts) < 80 {
		t.Fatalf("only %d messages found in the code", len(texts))
	}
next:
	for _, text := range texts {
		for _, e := range elsewhere {
			if strings.Contains(text, e) {
				continue next
			}
		}
		pattern := regexp.MustCompile(`%[a-z0-9]*[a-z]`).ReplaceAllString(regexp.QuoteMeta(strings.ReplaceAll(text, "%%", "\x00")), ".*")
		if !regexp.MustCompile(strings.ReplaceAll(pattern, "\x00", "%")).MatchString(goldens.String()) {
			t.Errorf("no fixture in testdata/bad shows %q", text)
		}
	}
}

// messages returns the format of each mistake in the code: what goes to reporter.add, and the errors of the parsers that it
// passes on.
func messages(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			sel, ok := call.Fun.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			arg := -1
			switch {
			case sel.Sel.Name == "add" && len(call.Args) > 1:
				arg = 1
			case sel.Sel.Name == "Errorf" && (path == "scalar.go" || path == "tree.go"):
				arg = 0
			}
			if arg >= 0 {
				if s := literal(call.Args[arg]); len(strings.Trim(s, "%sw:v ")) > 3 {
					out = append(out, s)
				}
			}
			return true
		})
	}
	return out
}

func literal(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		s, err := strconv.Unquote(e.Value)
		if err == nil {
			return s
		}
	case *ast.BinaryExpr:
		return literal(e.X) + literal(e.Y)
	}
	return ""
}

// TestEachKeyRefusesNonsense puts a value of the wrong kind under each key of a whole file, by way of the table.
func TestEachKeyRefusesNonsense(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/valid/design.yaml")
	if err != nil {
		t.Fatal(err)
	}
	read := func(string, int64) ([]byte, error) { return []byte("token"), nil }
	count := func(change func(root *value) spot) (spot, *reporter) {
		rep := &reporter{file: "x.yaml"}
		root := plant(data, fixtureEnv, rep)
		at := change(root)
		checker{rep, table()}.section(root, table(), spot{1, 1}, "")
		b := builder{loader: loader{name: "x.yaml", env: fixtureEnv, read: read}, rep: rep, sourceIDs: map[string]spot{}}
		b.config(root)
		return at, rep
	}
	if _, rep := count(func(*value) spot { return spot{} }); len(rep.lost) > 0 {
		t.Fatal(rep.err())
	}
	tried := 0
	for i := 0; ; i++ {
		name, done := "", true
		at, rep := count(func(root *value) spot {
			n := i
			e := nth(root, &n)
			if e == nil {
				return spot{}
			}
			name, done = e.name, false
			wrong := &value{kind: list, at: e.value.at, items: []*value{{kind: list, at: e.value.at}}}
			if e.value.kind == list {
				wrong = &value{kind: mapping, at: e.value.at}
			}
			*e.value = *wrong
			return e.value.at
		})
		if done {
			break
		}
		tried++
		if !rep.has(at, "") {
			t.Errorf("%s in line %d: a value of the wrong kind passed there; %v", name, at.line, rep.err())
		}
	}
	if tried < 60 {
		t.Fatalf("only %d keys tried", tried)
	}
}

// nth returns the entry that is reached after n others; nil where there are fewer.
func nth(v *value, n *int) *entry {
	for i := range v.entries {
		if *n == 0 {
			return &v.entries[i]
		}
		*n--
		if e := nth(v.entries[i].value, n); e != nil {
			return e
		}
	}
	for _, it := range v.items {
		if e := nth(it, n); e != nil {
			return e
		}
	}
	return nil
}

func parseText(text string) (*Config, error) {
	read := func(string, int64) ([]byte, error) { return []byte("token"), nil }
	return loader{name: "x.yaml", env: fixtureEnv, read: read}.load([]byte(text))
}

func TestTooMuch(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, want string }{
		"aliases":        {"a: &a 1\nb: [" + strings.Repeat("*a, ", 1100) + "1]\n", "too many anchors, aliases and tags"},
		"brackets":       {strings.Repeat("[", 100_000), "nested too deep"},
		"braces":         {strings.Repeat("{a: ", 100_000), "nested too deep"},
		"lines of them":  {strings.Repeat("[\n", 100_000), "nested too deep"},
		"dashes":         {strings.Repeat("- ", 100_000), "nested too deep"},
		"questions":      {strings.Repeat("? ", 100_000), "nested too deep"},
		"tags":           {"a: " + strings.Repeat("!a ", 20_000), "too many anchors, aliases and tags"},
		"its own anchor": {"a: &a [*a]\n", "no anchor"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			start := time.Now()
			_, err := parseText(c.text)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%.300v, want %s", err, c.want)
			}
			if took := time.Since(start); took > 20*time.Second {
				t.Errorf("took %v", took)
			}
			if len(err.Error()) > 100_000 {
				t.Errorf("the answer has %d bytes", len(err.Error()))
			}
		})
	}
}

// FuzzParse: whatever the file holds, there is a configuration or an *Error that can be printed, never a panic.
func FuzzParse(f *testing.F) {
	for _, pattern := range []string{"testdata/valid/*.yaml", "testdata/bad/*.yaml"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, path := range files {
			data, err := os.ReadFile(path)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
	for _, s := range []string{"", ":", "? a", "- - -", "a: &a\n<<: *a", "*-0", "{0", "a: |9\n x", "\"\\x\"", "<<: [{a: b}]", "a: !!int x", "0:\n  - |", "a: ${", "\ufeff", "%YAML 1.2\n---"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := parseText(string(data))
		var e *Error
		switch {
		case err == nil && (c == nil || len(c.Partnerships) == 0):
			t.Fatal("neither a configuration nor an error")
		case err != nil && (!asError(err, &e) || len(e.Problems) == 0 || len(e.Problems) > maxProblems):
			t.Fatalf("%T %v", err, err)
		}
		if err != nil && strings.ContainsFunc(err.Error(), func(r rune) bool { return r < ' ' && r != '\n' }) {
			t.Fatalf("a control character in %q", err)
		}
	})
}

// TestAnyDamageIsTold changes a valid file at random: what comes back is usable or says where it is not.
func TestAnyDamageIsTold(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/valid/design.yaml")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(data), "\n")
	rapid.Check(t, func(rt *rapid.T) {
		out := append([]string(nil), lines...)
		for range rapid.IntRange(1, 3).Draw(rt, "changes") {
			i := rapid.IntRange(0, len(out)-1).Draw(rt, "line")
			switch rapid.IntRange(0, 4).Draw(rt, "kind") {
			case 0:
				out = append(out[:i:i], out[i+1:]...)
			case 1:
				out = append(out[:i+1:i+1], out[i:]...)
			case 2:
				out[i] = "  " + out[i]
			case 3:
				out[i] = strings.Replace(out[i], ":", rapid.SampledFrom([]string{"", "::", ": [", ": &a", ": *a", ": !x", ": |", ": {}"}).Draw(rt, "junk"), 1)
			case 4:
				out[i] = rapid.StringN(0, 30, 60).Draw(rt, "text")
			}
			if len(out) == 0 {
				out = []string{""}
			}
		}
		text := strings.Join(out, "\n")
		count := 1 + strings.Count(text, "\n") + strings.Count(text, "\r") // what was drawn may have line ends in it
		c, err := parseText(text)
		var e *Error
		if err == nil {
			for _, p := range c.Partnerships {
				if p.ID == "" || p.Location == nil || !validKey(p.Key) || len(p.Partners) == 0 || len(p.Sources) == 0 || p.Scorecard.Sheet.Tab == "" {
					rt.Fatalf("accepted without what it needs: %+v", p)
				}
				for _, s := range p.Sources {
					if s.ID == "" || s.Partner == "" || (s.Jira == nil) == (s.Sheet == nil) || s.Jira != nil && s.Jira.Token != "token" {
						rt.Fatalf("accepted a source without what it needs: %+v", s)
					}
				}
			}
			return
		}
		if !asError(err, &e) {
			rt.Fatalf("%T", err)
		}
		for _, p := range e.Problems {
			if p.Line < 1 || p.Line > count+1 || p.Column < 1 {
				rt.Fatalf("a mistake at no place: %v", p)
			}
		}
	})
}
