package archtest

import (
	"fmt"
	"go/ast"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// maxLines is how long a file may be before it should be split by subject. Tests and generated files may be longer.
const maxLines = 500

// rules are what the house asks of every file, whatever its package. Each returns a line for each place that breaks it.
var rules = map[string]func(*file) []string{
	"log is not imported":            noLog,
	"only main ends the program":     noExit,
	"nothing runs before main":       noInit,
	"files are split by subject":     noLongFile,
	"a folder is named for its part": noDrawer,
	"nothing is left unfinished":     noMark,
	"the core is pure":               noImpurity,
}

// noLog: the logger is slog, and injected; package log writes to a global one and can end the program.
func noLog(f *file) []string {
	var wrong []string
	f.imported(func(spec *ast.ImportSpec, p string) {
		if p == "log" {
			wrong = append(wrong, f.at(spec)+": imports log; a *slog.Logger is passed in instead")
		}
	})
	return wrong
}

// noExit: an exit skips every deferred close. Main is the one place that has nobody to hand an error to.
func noExit(f *file) []string {
	if f.test || strings.HasPrefix(f.dir, "cmd/") || f.tree.Name.Name == "main" {
		return nil
	}
	var wrong []string
	f.uses("os", []string{"Exit"}, func(n ast.Node, _ string) {
		wrong = append(wrong, f.at(n)+": os.Exit outside main; return an error")
	})
	return wrong
}

// noInit: what runs because of an import can be neither ordered nor tested nor left out.
func noInit(f *file) []string {
	var wrong []string
	for _, d := range f.tree.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" && !f.made {
			wrong = append(wrong, f.at(fn)+": func init; build it in a constructor")
		}
	}
	return wrong
}

func noLongFile(f *file) []string {
	if f.test || f.made || f.lines <= maxLines {
		return nil
	}
	return []string{fmt.Sprintf("%s: %d lines; split it by subject, %d are enough", f.path, f.lines, maxLines)}
}

// noDrawer: a folder that is named for nothing fills with everything.
func noDrawer(f *file) []string {
	drawers := []string{"util", "utils", "common", "helper", "helpers", "types", "misc", "shared", "lib"}
	for part := range strings.SplitSeq(f.dir, "/") {
		if slices.Contains(drawers, part) {
			return []string{fmt.Sprintf("%s: a folder named %q; name it for what it does", f.path, part)}
		}
	}
	if name := strings.TrimSuffix(path.Base(f.path), ".go"); slices.Contains(drawers, strings.TrimSuffix(name, "_test")) {
		return []string{fmt.Sprintf("%s: name the file for what is in it", f.path)}
	}
	return nil
}

// The marks of unfinished work. Within quotes they are data: a status that a tool calls so.
var (
	markWord = regexp.MustCompile(`(^|[^"'\x60A-Za-z])(TODO|FIXME|XXX|HACK|WIP)\b`)
	markTalk = regexp.MustCompile(`(?i)\b(not (yet )?implemented|unimplemented|implement me)\b`)
)

func noMark(f *file) []string {
	var wrong []string
	for _, group := range f.tree.Comments {
		for _, c := range group.List {
			if m := markWord.FindStringSubmatch(c.Text); m != nil {
				wrong = append(wrong, f.at(c)+": "+m[2]+" in a comment; finish it, or file an issue")
			}
		}
	}
	ast.Inspect(f.tree, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		if name, ok := call.Fun.(*ast.Ident); !ok || name.Name != "panic" {
			return true
		}
		for _, arg := range call.Args {
			lit, ok := arg.(*ast.BasicLit)
			if !ok {
				continue
			}
			if s, err := strconv.Unquote(lit.Value); err == nil && (markTalk.MatchString(s) || markWord.MatchString(s)) {
				wrong = append(wrong, f.at(call)+": a panic in the place of code")
			}
		}
		return true
	})
	return wrong
}

// noImpurity: what decides about people's data is a function of its arguments, so that the same input gives the same plan
// and a property test can ask it anything. No clock, no chance, no files, no network, no log, no context.
func noImpurity(f *file) []string {
	if f.test || !matches("sync/task sync/match sync/merge sync/plan sync/scorecard", f.dir) {
		return nil
	}
	outside := "context os os/* io/fs io/ioutil net net/* net/*/* database/* log/* math/rand crypto/rand path/filepath " +
		"runtime runtime/* syscall testing testing/*"
	var wrong []string
	f.imported(func(spec *ast.ImportSpec, p string) {
		if isStandard(p) && matches(outside, p) {
			wrong = append(wrong, fmt.Sprintf("%s: %s is pure and has no use for %s", f.at(spec), f.dir, p))
		}
	})
	// Chance from a seed that is passed in gives the same every time; the package's own source does not.
	chance := []string{
		"ExpFloat64", "Float32", "Float64", "Int", "Int32", "Int32N", "Int64", "Int64N", "IntN", "N", "NormFloat64", "Perm", "Shuffle",
		"Uint", "Uint32", "Uint32N", "Uint64", "Uint64N", "UintN",
	}
	f.uses("math/rand/v2", chance, func(n ast.Node, name string) {
		wrong = append(wrong, fmt.Sprintf("%s: rand.%s; %s is pure, chance comes from a seed that is passed in", f.at(n), name, f.dir))
	})
	clock := []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker", "Local"}
	f.uses("time", clock, func(n ast.Node, name string) {
		wrong = append(wrong, fmt.Sprintf("%s: time.%s; %s is pure, the time is passed in", f.at(n), name, f.dir))
	})
	return wrong
}

func TestRules(t *testing.T) {
	t.Parallel()
	files := loadModule(t)
	for name, rule := range rules {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, f := range files {
				for _, line := range rule(f) {
					t.Error(line)
				}
			}
		})
	}
}

func TestRulesCatch(t *testing.T) {
	t.Parallel()
	run := func(t *testing.T, files []*file) []string {
		t.Helper()
		var wrong []string
		for _, f := range files {
			for _, rule := range rules {
				wrong = append(wrong, rule(f)...)
			}
		}
		return wrong
	}
	long := strings.Repeat("\n", maxLines)
	for _, c := range []synthetic{
		{
			name: "what is allowed",
			files: map[string]string{
				"web/a.go":          "import \"log/slog\"\n// ToDo is a status, and \"TODO\" is how some write it.\nvar _ = slog.LevelInfo",
				"web/b.go":          "type s struct{}\nfunc (s) init() {}",
				"web/c.go":          "func f() { os := struct{ Exit func(int) }{}; os.Exit(1) }",
				"web/long_test.go":  long,
				"web/made.go":       "// Code generated by a program. DO NOT EDIT.\n" + long + "func init() {}",
				"web/exit_test.go":  "import \"os\"\nfunc f() { os.Exit(1) }",
				"cmd/x/a.go":        "import \"os\"\nfunc f() { os.Exit(1) }",
				"sync/plan/a.go":    "import \"time\"\nfunc f(now time.Time) time.Time { return now.Add(time.Hour) }",
				"sync/engine/a.go":  "import (\n\"context\"\n\"time\"\n)\nvar _ context.Context\nvar now = time.Now",
				"web/a_types.go":    "func f() { panic(\"a key that is not in the closed set\") }",
				"web/limits.go":     "// XXXL is a size.\nvar XXXL = \"TODO\"",
				"web/testdata/x.go": "this does not even parse",
			},
		},
		{
			name:  "log, by any name",
			files: map[string]string{"web/a.go": `import l "log"`, "web/a_test.go": `import "log"`},
			want:  []string{"web/a.go:2: imports log", "web/a_test.go:2: imports log"},
		},
		{
			name: "an exit, by any name",
			files: map[string]string{
				"web/a.go":    "import \"os\"\nfunc f() { os.Exit(1) }",
				"config/a.go": "import system \"os\"\nvar end = system.Exit",
			},
			want: []string{"web/a.go:3: os.Exit outside main", "config/a.go:3: os.Exit outside main"},
		},
		{
			name:  "init",
			files: map[string]string{"web/a.go": "func init() {}", "web/a_test.go": "func init() {}"},
			want:  []string{"web/a.go:2: func init", "web/a_test.go:2: func init"},
		},
		{
			name:  "a long file",
			files: map[string]string{"web/a.go": long},
			want:  []string{"web/a.go: 501 lines"},
		},
		{
			name: "drawers",
			files: map[string]string{
				"web/util/a.go": "", "sync/types/deep/a.go": "", "web/helpers.go": "", "web/common_test.go": "",
			},
			want: []string{`named "util"`, `named "types"`, "web/helpers.go: name the file", "web/common_test.go: name the file"},
		},
		{
			name: "unfinished work",
			files: map[string]string{
				"web/a.go": "// TODO: later", "web/b.go": "/*\n FIXME(me) */", "web/c_test.go": "var x = 1 // XXX",
				"web/d.go": "func f() { panic(\"not implemented\") }", "web/e.go": "func f() { panic(`TODO`) }",
			},
			want: []string{
				"web/a.go:2: TODO", "web/b.go:2: FIXME", "web/c_test.go:2: XXX", "web/d.go:2: a panic", "web/e.go:2: a panic",
			},
		},
		{
			name: "a core that is not pure",
			files: map[string]string{
				"sync/plan/a.go":      "import \"time\"\nvar now = time.Now()",
				"sync/merge/a.go":     "import c \"time\"\nfunc f() { c.Sleep(1) }",
				"sync/match/a.go":     "import \"math/rand/v2\"\nvar n = rand.IntN(6)\nvar seeded = rand.New(rand.NewPCG(1, 2))",
				"sync/scorecard/a.go": "import (\n\"context\"\n\"net/http\"\n\"log/slog\"\n)",
			},
			want: []string{
				"sync/plan/a.go:3: time.Now", "sync/merge/a.go:3: time.Sleep", "sync/match/a.go:3: rand.IntN",
				"no use for context", "no use for net/http", "no use for log/slog",
			},
		},
	} {
		c.check(t, run)
	}
}
