package archtest

import (
	"fmt"
	"go/ast"
	"path"
	"slices"
	"strings"
	"testing"
)

// The design's table:
//
//	| package                   | may import (besides the standard library and its own third-party needs)                |
//	| task; fault               | nothing; task                                                                          |
//	| match, merge, transport   | task, fault                                                                            |
//	| plan, scorecard           | task, merge                                                                            |
//	| connectors; connectors/X  | task, fault; also connectors, transport. Never config, engine, store, or another X     |
//	| sandbox/*                 | the standard library only: it must not share the client's bugs                         |
//	| store; sqlite, postgres   | task, fault, merge, plan (types); store, task, fault                                   |
//	| engine                    | connectors, store, task, fault, match, merge, plan, scorecard                          |
//	| web                       | store, task, scorecard                                                                 |
//	| config; internal/app      | connectors/X Config types; everything                                                  |
//
// and what it leaves unsaid: the commands parse flags, call the app, print what the engine reports and, for the demo, say what
// links the page shows; the questions of init look at tools through their connectors; the demo's seeded partnership is made of
// sandboxes and a configuration; field names in the configuration are those of task, and its rules those of merge, plan and
// scorecard.

// row says which packages of this module a package may import. A package has exactly one.
type row struct {
	packages string // paths in the module, separated by blanks; * stands for one part of a path
	may      string // likewise; "everything" stands for all but the packages that support tests
	standard bool   // nothing of other modules: the standard library and what stands in may
}

var table = []row{
	{packages: "sync", may: ""}, // a page of documentation
	{packages: "sync/task", may: ""},
	{packages: "sync/fault", may: "sync/task"},
	{packages: "sync/match sync/merge", may: "sync/task sync/fault"},
	{packages: "sync/plan sync/scorecard", may: "sync/task sync/merge"},
	{packages: "sync/store", may: "sync/task sync/fault sync/merge sync/plan"},
	{packages: "sync/store/sqlite sync/store/postgres", may: "sync/store sync/task sync/fault"},
	{packages: "sync/view", may: "sync/store sync/task sync/scorecard"},
	{packages: "sync/export", may: "sync/store sync/task sync/scorecard sync/view"},
	{
		packages: "sync/engine",
		may: "connectors sync/store sync/task sync/fault sync/match sync/merge sync/plan " +
			"sync/scorecard sync/view",
	},

	{packages: "connectors connectors/transport", may: "sync/task sync/fault"},
	{
		packages: "connectors/gsheets connectors/gdocs",
		may:      "sync/task sync/fault connectors connectors/transport connectors/cells connectors/google",
	},
	{packages: "connectors/google", may: "sync/task sync/fault connectors/transport"}, // what connectors of Google's services share
	{packages: "connectors/cells", may: "sync/task"},                                  // what people write into cells, in a sheet or in a document
	{
		packages: "connectors/memory",
		may:      "sync/task sync/fault connectors connectors/transport",
	},
	{packages: "connectors/jira", may: "sync/task sync/fault connectors connectors/transport connectors/jira/richtext"},
	{packages: "connectors/jira/richtext", may: ""},
	{packages: "connectors/sandbox/dials", may: "", standard: true},
	{packages: "connectors/sandbox/jira connectors/sandbox/google", may: "connectors/sandbox/dials", standard: true},

	{
		packages: "config",
		may: "sync/task sync/merge sync/plan sync/scorecard connectors/jira connectors/gsheets connectors/gdocs connectors/cells web/auth " +
			"internal/notify internal/notify/channel internal/secret",
	},
	{packages: "internal/secret", may: ""}, // a text that does not print itself
	{packages: "web/auth", may: "internal/secret"},
	{packages: "web/api", may: "sync/store sync/task sync/scorecard sync/view web/auth"},
	{packages: "web", may: "sync/store sync/task sync/scorecard sync/view sync/export web/api web/auth"},
	{packages: "internal/notify", may: "sync/store sync/task sync/fault sync/scorecard sync/view internal/notify/channel"},
	{packages: "internal/notify/channel", may: "sync/task sync/fault connectors/transport internal/secret"},
	{packages: "internal/app", may: "everything"},
	{
		packages: "internal/setup",
		may:      "config connectors connectors/google connectors/gsheets connectors/jira connectors/transport sync/task sync/fault",
	},
	{packages: "internal/demo", may: "config sync/task sync/scorecard sync/store sync/view connectors/sandbox/jira connectors/sandbox/google"},
	{
		packages: "cmd/lockstep",
		may: "config internal/app internal/demo internal/setup connectors/sandbox/jira connectors/sandbox/google " +
			"web web/auth internal/notify connectors sync/engine sync/plan sync/store sync/task sync/fault sync/view sync/export",
	},
}

// supportsTests reports whether a package is there for tests alone: conformance suites and checkers of what goes over the
// wire. Such a package may import what it likes, and only tests and its like may import it.
func supportsTests(pkg string) bool {
	name := path.Base(pkg)
	return strings.HasSuffix(name, "test") || name == "openapicheck" || name == "discoverycheck"
}

func matches(patterns, pkg string) bool {
	return slices.ContainsFunc(strings.Fields(patterns), func(pattern string) bool {
		ok, err := path.Match(pattern, pkg)
		return ok && err == nil
	})
}

// rowsOf returns the rows that a package has; every package but those that support tests should have one.
func rowsOf(rows []row, pkg string) []row {
	var found []row
	for _, r := range rows {
		if matches(r.packages, pkg) {
			found = append(found, r)
		}
	}
	return found
}

// checkImports returns a line for each import that the rows do not allow, and for each package without a row of its own.
// Tests may import what they like.
func checkImports(rows []row, files []*file) []string {
	var wrong []string
	seen := map[string]bool{}
	for _, f := range files {
		if f.test || supportsTests(f.dir) {
			continue
		}
		own := rowsOf(rows, f.dir)
		if len(own) != 1 {
			if !seen[f.dir] {
				seen[f.dir] = true
				wrong = append(wrong, fmt.Sprintf("%s: has %d rows in the import table, and should have one", f.dir, len(own)))
			}
			continue
		}
		f.imported(func(spec *ast.ImportSpec, importPath string) {
			target, ours := within(importPath)
			switch {
			case importPath == "C":
				wrong = append(wrong, fmt.Sprintf("%s: %s uses cgo; the binary is static", f.at(spec), f.dir))
			case !ours && own[0].standard && !isStandard(importPath):
				wrong = append(wrong, fmt.Sprintf("%s: %s may import the standard library only, not %s", f.at(spec), f.dir, importPath))
			case !ours:
			case supportsTests(target):
				wrong = append(wrong, fmt.Sprintf("%s: %s is for tests alone", f.at(spec), target))
			case own[0].may == "everything" || matches(own[0].may, target):
			default:
				wrong = append(wrong, fmt.Sprintf("%s: %s may not import %s", f.at(spec), f.dir, target))
			}
		})
	}
	return wrong
}

func TestImportTable(t *testing.T) {
	t.Parallel()
	files := loadModule(t)
	// A walk that finds nothing would hold every rule.
	for _, dir := range []string{"sync/task", "connectors", "connectors/sandbox/dials"} {
		if !slices.ContainsFunc(files, func(f *file) bool { return f.dir == dir }) {
			t.Errorf("%s was not found: is the right tree being read?", dir)
		}
	}
	for _, line := range checkImports(table, files) {
		t.Error(line)
	}
}

func TestImportTableCatches(t *testing.T) {
	t.Parallel()
	run := func(t *testing.T, files []*file) []string {
		t.Helper()
		return checkImports(table, files)
	}
	ours := func(pkg string) string { return `import "` + module + "/" + pkg + "\"\n" }
	for _, c := range []synthetic{
		{
			name: "what is allowed",
			files: map[string]string{
				"sync/task/a.go":                 `import "golang.org/x/text/unicode/norm"`,
				"sync/fault/a.go":                ours("sync/task"),
				"sync/merge/a.go":                ours("sync/task") + ours("sync/fault"),
				"connectors/jira/a.go":           ours("connectors") + ours("connectors/transport"),
				"connectors/sandbox/jira/a.go":   ours("connectors/sandbox/dials") + `import "net/http"`,
				"sync/store/sqlite/a.go":         ours("sync/store"),
				"internal/app/a.go":              ours("sync/engine") + ours("config") + ours("connectors/jira"),
				"connectors/connectortest/a.go":  ours("connectors") + ours("sync/engine"),
				"connectors/jira/a_test.go":      ours("connectors/connectortest") + ours("connectors/sandbox/jira"),
				"sync/task/testdata/ignored.go":  ours("web"),
				"sync/task/_old/ignored.go":      ours("web"),
				"sync/task/.hidden/ignored.go":   ours("web"),
				"connectors/memory/outside.go":   `import "github.com/lockstep-sync/lockstep-tools/web"`,
				"sync/engine/enginetest/a.go":    ours("connectors/memory"),
				"sync/engine/enginetest/b.go":    ours("connectors/connectortest"),
				"connectors/transport/client.go": `import "github.com/hashicorp/go-retryablehttp"`,
			},
		},
		{
			name:  "the vocabulary knows nobody",
			files: map[string]string{"sync/task/a.go": ours("sync/fault")},
			want:  []string{"sync/task/a.go:2: sync/task may not import sync/fault"},
		},
		{
			name:  "a connector and another",
			files: map[string]string{"connectors/jira/a.go": ours("connectors/gsheets")},
			want:  []string{"connectors/jira may not import connectors/gsheets"},
		},
		{
			name:  "a connector and the configuration",
			files: map[string]string{"connectors/gsheets/a.go": ours("config")},
			want:  []string{"connectors/gsheets may not import config"},
		},
		{
			name:  "the engine and a concrete store",
			files: map[string]string{"sync/engine/a.go": ours("sync/store/sqlite")},
			want:  []string{"sync/engine may not import sync/store/sqlite"},
		},
		{
			name:  "a dressed-up import",
			files: map[string]string{"web/a.go": "import (\n\t_ \"" + module + "/sync/engine\"\n)"},
			want:  []string{"web/a.go:3: web may not import sync/engine"},
		},
		{
			name:  "a sandbox that shares the client's code",
			files: map[string]string{"connectors/sandbox/jira/a.go": `import "github.com/andygrunwald/go-jira"`},
			want:  []string{"connectors/sandbox/jira may import the standard library only, not github.com/andygrunwald/go-jira"},
		},
		{
			name:  "a sandbox that shares our code",
			files: map[string]string{"connectors/sandbox/google/a.go": ours("sync/task")},
			want:  []string{"connectors/sandbox/google may not import sync/task"},
		},
		{
			name:  "dials beyond the standard library",
			files: map[string]string{"connectors/sandbox/dials/a.go": `import "golang.org/x/time/rate"`},
			want:  []string{"connectors/sandbox/dials may import the standard library only"},
		},
		{
			name: "a test's package outside tests",
			files: map[string]string{
				"internal/app/a.go":    ours("connectors/connectortest"),
				"internal/demo/a.go":   ours("connectors/sandbox/jira/openapicheck"),
				"connectors/jira/a.go": ours("sync/store/storetest"),
			},
			want: []string{
				"connectors/connectortest is for tests alone",
				"connectors/sandbox/jira/openapicheck is for tests alone",
				"sync/store/storetest is for tests alone",
			},
		},
		{
			name: "a package without a row",
			files: map[string]string{
				"sync/newcomer/a.go": "", "sync/newcomer/b.go": "", "a.go": "", "cmd/tool/a.go": `import "os"`,
				"connectors/trello/a.go": "",
			},
			want: []string{
				"sync/newcomer: has 0 rows", ".: has 0 rows", "cmd/tool: has 0 rows", "connectors/trello: has 0 rows",
			},
		},
		{
			name:  "the module's root",
			files: map[string]string{"web/a.go": `import "` + module + `"`},
			want:  []string{"web may not import ."},
		},
		{
			name:  "cgo",
			files: map[string]string{"sync/store/sqlite/a.go": `import "C"`},
			want:  []string{"sync/store/sqlite uses cgo"},
		},
	} {
		c.check(t, run)
	}

	t.Run("a package with two rows", func(t *testing.T) {
		t.Parallel()
		files := parse(t, map[string]string{"web/a.go": ""})
		got := checkImports(append(slices.Clone(table), row{packages: "w*"}), files)
		if want := []string{"web: has 2 rows in the import table, and should have one"}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}
