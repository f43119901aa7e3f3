package setup

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"

	"github.com/lockstep-sync/lockstep/config"
	"github.com/lockstep-sync/lockstep/connectors/gsheets"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// TestWhatIsWrittenLoads: whatever tools call things, the file says exactly that, nothing in it is code, and nothing in a comment
// leaves it.
func TestWhatIsWrittenLoads(t *testing.T) {
	t.Parallel()
	hostile := []string{
		"a: b # c", "${HOME}", "$${X}", "- x", "null", "true", "2026-03-12", "1e3", "'", `"`, `\`, `\n`, "a\nb", "a\rlisten: 0.0.0.0:80", "a\u2028listen: x", "a\u0085b",
		"{a}", "[a]", "*x", "&x", "!x", "%", "@", "`", "é̂", "😀", "\u202eabc", "\u00a0x\u00a0", "a\tb", "\x1b[31m", "x #", "…", "|", ">", "? x", "~",
	}
	text := rapid.OneOf(rapid.SampledFrom(hostile), rapid.StringN(1, 30, 60), rapid.StringMatching(`[a-zA-Z ${}:#"'\\-]{1,20}`))
	rapid.Check(t, func(t *rapid.T) {
		// What is empty once it is cleaned, or is there already, does not get into a plan.
		used := map[string]bool{}
		draw := func(label string) string {
			for i := 0; ; i++ {
				s := text.Draw(t, label)
				if key := slug(s, "") + strings.ToLower(task.PersonValue(s).String()); !task.TextValue(s).IsEmpty() && !used[key] && task.TextValue(s).String() == s {
					used[key] = true
					return s
				}
				if i > 20 {
					t.Skip("nothing new to say")
				}
			}
		}
		title, status, somebody, name, doubt := draw("title"), draw("status"), draw("somebody"), draw("name"), draw("doubt")
		if !strings.ContainsFunc(status, func(r rune) bool { return unicode.In(r, unicode.L, unicode.N, unicode.P, unicode.S) }) {
			t.Skip("nothing but marks on nothing: no sheet's words have such among them")
		}
		pl := &plan{
			ID: "x", Key: "XX", Name: name, Endpoint: "http://127.0.0.1:9090", Store: "/tmp/x.db", Zone: "Africa/Nairobi",
			Partners: []partner{{ID: "p", Name: draw("partner")}}, People: []person{{Name: somebody, Partner: "p"}}, Crowds: []string{draw("crowd")},
			Sources: []source{{
				ID: "p-sheet", Owner: "p", Title: draw("a title"),
				Sheet:  &gsheets.Config{Spreadsheet: "1abc", Tab: draw("tab"), HeaderRow: 3, Columns: map[string]string{"title": title, "status": draw("column")}},
				Status: map[string][]string{task.Blocked: {status}}, Doubts: map[string]string{"title": doubt}, Unused: []string{draw("unused")},
				Known: []string{draw("known")}, Unknown: []gsheets.Word{{Text: draw("unknown"), Count: 2, First: "B3"}},
			}},
			Scorecard: place{draw("scorecard"), "1score", draw("its tab")},
		}
		file := pl.write()
		cfg, err := config.Parse("x.yaml", file, func(string) (string, bool) { return "LEAKED", true })
		if err != nil {
			t.Fatalf("%v\n%s", err, file)
		}
		p := cfg.Partnerships[0]
		sheet := p.Sources[0].Sheet
		same := func(what, got, want string) {
			if task.PersonValue(got) != task.PersonValue(want) { // blanks may differ
				t.Fatalf("the %s is %q; want %q\n%s", what, got, want, file)
			}
		}
		same("name", p.Name, name)
		same("title", sheet.Columns["title"], title)
		same("status column", sheet.Columns["status"], pl.Sources[0].Sheet.Columns["status"])
		same("tab", sheet.Tab, pl.Sources[0].Sheet.Tab)
		same("word", strings.Join(sheet.Status[task.Blocked], ","), status)
		same("person", p.People[0].Name, somebody)
		if cfg.Listen != "127.0.0.1:8080" || bytes.Contains(file, []byte("LEAKED")) || !slices.Equal([]string{p.Key, p.Timezone}, []string{"XX", "Africa/Nairobi"}) {
			t.Fatalf("something got out of its place:\n%s", file)
		}
	})
}

func TestIDsOfNames(t *testing.T) {
	t.Parallel()
	for in, want := range map[string][2]string{
		"Clean Water Alliance":           {"clean-water-alliance", "CWA"},
		"Eau pour l'Été":                 {"eau-pour-lete", "EPL"},
		"WASH":                           {"wash", "WAS"},
		"水":                              {"x", "TAS"}, //nolint:gosmopolitan // a name without a Latin letter
		"A":                              {"a", "TASK"},
		"  --  ":                         {"x", "TAS"},
		"scorecard":                      {"x", "TAS"},
		"One two three four five 6 7":    {"one-two-three-four-five-6-7", "OTTFF"},
		strings.Repeat("long name ", 20): {"long-name-long-name-long-name-long-name", "LNLNLN"},
	} {
		if got := slug(in, "x"); got != want[0] {
			t.Errorf("the id of %q is %q; want %q", in, got, want[0])
		}
		if got := keyOf(in); got != want[1] {
			t.Errorf("the key of %q is %q; want %q", in, got, want[1])
		}
	}
	taken := map[string]bool{}
	for _, want := range []string{"a-1", "a-1-2", "a-1-3"} {
		got := unused("a-1", func(id string) bool { return taken[id] })
		if taken[got] = true; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestCorrections(t *testing.T) {
	t.Parallel()
	headers := []string{"Action", "Due", "Who"}
	cols := map[string]string{"title": "Action"}
	for _, c := range []struct{ answer, problem string }{
		{"due=due", ""},
		{"assignee = Who", ""},
		{"assignee=", ""},
		{"start=Due", ""},
		{"whom=Who", "the fields are"},
		{"Who", "begins with no field"},
		{"notes=Notes", "the headers are"},
	} {
		if got := correct(cols, c.answer, headers); (got == "") != (c.problem == "") || !strings.Contains(got, c.problem) {
			t.Errorf("%q: %q; want %q", c.answer, got, c.problem)
		}
	}
	if len(cols) != 2 || cols["start"] != "Due" {
		t.Errorf("the columns are %v", cols)
	}
	for s, want := range map[string]bool{"Amina Diallo": false, "Amina, Chen": true, "Amina et Chen": true, "A/B": true, "Amina & Chen": true, "Anderson": false} {
		if severalPeople(s) != want {
			t.Errorf("%q names several: %v", s, !want)
		}
	}
}
