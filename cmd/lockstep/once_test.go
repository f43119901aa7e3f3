package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"github.com/lockstep-sync/lockstep/connectors/sandbox/dials"
	jirabox "github.com/lockstep-sync/lockstep/connectors/sandbox/jira"
	"github.com/lockstep-sync/lockstep/internal/demo"
	"github.com/lockstep-sync/lockstep/sync/engine"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// town is the demo's partnership on sandbox servers, and a configuration file for it.
type town struct {
	*demo.World
	dir, config string
}

func newTown(t *testing.T) *town {
	t.Helper()
	w, err := demo.Start(t.Context(), &demo.Clock{}, demo.Options{Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	if err := w.SeedToday(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	return &town{w, dir, write(t, filepath.Join(dir, "lockstep.yaml"), w.Config(filepath.Join(dir, "lockstep.db")))}
}

// settled is a town whose tools agree.
func settled(t *testing.T) *town {
	t.Helper()
	w := newTown(t)
	for range 2 {
		lockstep(t, "once", "--config", w.config).wants(t, exitOK, "clean-water: ok", "")
	}
	return w
}

// written is how many requests that change something the sandboxes have seen.
func (w *town) written() int {
	n := 0
	for _, r := range append(w.Jira.Panel().Requests(), w.Google.Panel().Requests()...) {
		reads := r.Method == http.MethodGet || strings.HasSuffix(r.Path, "/search/jql") || strings.Contains(r.Path, "/search/") ||
			strings.HasSuffix(r.Path, "/bulkfetch") || strings.HasSuffix(r.Path, ":getByDataFilter") || strings.HasSuffix(r.Path, "/jql/match")
		if !reads {
			n++
		}
	}
	return n
}

// plain is a report as JSON prints it.
type plain struct {
	Result    string           `json:"result"`
	Converged bool             `json:"converged"`
	Tasks     int              `json:"tasks"`
	Patches   []map[string]any `json:"patches"`
	PlanHash  string           `json:"plan_hash"`
	Trips     []map[string]any `json:"trips"`
	Sources   []struct {
		ID     string `json:"id"`
		Read   bool   `json:"read"`
		Error  string `json:"error"`
		Reads  int    `json:"reads"`
		Writes int    `json:"writes"`
		Landed int    `json:"landed"`
	} `json:"sources"`
}

func parsed(t *testing.T, s said) plain {
	t.Helper()
	var p plain
	if err := json.Unmarshal([]byte(s.out), &p); err != nil {
		t.Fatalf("%v:\n%s\n%s", err, s.out, s.err)
	}
	return p
}

// TestPlanAndOnce: plan prints what a cycle would write and writes nothing; once then writes exactly that; and then there is
// nothing to do.
func TestPlanAndOnce(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	lockstep(t, "plan", "--config", w.config).wants(t, exitChanges, "hydrotech-doc: adopt CW-33", "")
	first := lockstep(t, "plan", "--json", "--config", w.config)
	first.wants(t, exitChanges, "", "")
	if n := w.written(); n != 0 {
		t.Errorf("plan sent %d writes", n)
	}
	if n := len(w.Google.Rows(w.Scorecard, demo.ScorecardTab)); n != 0 {
		t.Errorf("plan left %d rows on the scorecard", n)
	}
	done := lockstep(t, "once", "--json", "--config", w.config)
	done.wants(t, exitOK, "", "")
	planned, did := parsed(t, first), parsed(t, done)
	if planned.PlanHash == "" || planned.PlanHash != did.PlanHash {
		t.Errorf("planned %q, done %q", planned.PlanHash, did.PlanHash)
	}
	if diff := cmp.Diff(planned.Patches, did.Patches); diff != "" {
		t.Errorf("once did something else than plan said (-plan +once):\n%s", diff)
	}
	if len(did.Patches) == 0 || did.Tasks != 84 || w.written() == 0 {
		t.Errorf("once did nothing: %d patches, %d tasks, %d writes", len(did.Patches), did.Tasks, w.written())
	}
	lockstep(t, "plan", "--config", w.config).wants(t, exitOK, "0 writes planned", "")
	before := w.written()
	if quiet := parsed(t, lockstep(t, "once", "--json", "--config", w.config)); !quiet.Converged || len(quiet.Patches) != 0 || w.written() != before {
		t.Errorf("the second cycle is not quiet: %+v", quiet)
	}
	// One edit, seen by plan and done by once, and each change says what it replaces.
	key := w.Jira.Keys()[0]
	if err := w.Jira.Set(key, map[string]any{"summary": "Survey every borehole"}); err != nil {
		t.Fatal(err)
	}
	lockstep(t, "plan", "--config", w.config).wants(t, exitChanges, `title "Survey boreholes in wards 3 and 4" → "Survey every borehole"`, "")
}

// TestPlanOfAToolThatIsDown: that nothing is to be done cannot be said of a tool that was not read.
func TestPlanOfAToolThatIsDown(t *testing.T) {
	t.Parallel()
	w := settled(t)
	w.Jira.ExpireToken(jirabox.TokenRefused)
	lockstep(t, "plan", "--config", w.config).wants(t, exitError, "sits out: aquafund-jira", "")
	got := parsed(t, lockstep(t, "plan", "--json", "--config", w.config))
	if got.Result != "partial" || got.Converged || len(got.Sources) != 4 {
		t.Errorf("the report is %+v", got)
	}
	if err := w.TypeInHydrotech("Design of the solar pumping station", "title", "Design of the pumping station"); err != nil {
		t.Fatal(err)
	}
	lockstep(t, "plan", "--config", w.config).wants(t, exitChanges, "sits out: aquafund-jira", "")
	lockstep(t, "once", "--config", w.config).wants(t, exitOK, "clean-water: partial", "")
	w.Jira.ExpireToken(jirabox.TokenGood)
	lockstep(t, "plan", "--config", w.config).wants(t, exitOK, "0 writes planned", "")
}

// TestOnceWithAGuard trips a guard: nothing is written, the plan's hash is printed, and that plan alone can be approved.
func TestOnceWithAGuard(t *testing.T) {
	t.Parallel()
	w := settled(t)
	for _, k := range w.Jira.Keys() {
		if err := w.Jira.Set(k, map[string]any{"duedate": "2031-05-06"}); err != nil {
			t.Fatal(err)
		}
	}
	before := w.written()
	lockstep(t, "plan", "--config", w.config).wants(t, exitChanges, "items would be changed", "")
	stopped := lockstep(t, "once", "--config", w.config)
	stopped.wants(t, exitError, "guard: ", "")
	m := regexp.MustCompile(`lockstep once --approve ([0-9a-f]+)`).FindStringSubmatch(stopped.out)
	if m == nil {
		t.Fatalf("no hash to approve:\n%s", stopped.out)
	}
	lockstep(t, "once", "--approve", strings.Repeat("0", len(m[1])), "--config", w.config).wants(t, exitError, "guard: ", "")
	if n := w.written() - before; n != 0 {
		t.Errorf("%d writes went out past the guard", n)
	}
	// What was approved is that plan, not whatever has come since.
	if err := w.TypeInHydrotech("Design of the solar pumping station", "title", "Design of the pumping station"); err != nil {
		t.Fatal(err)
	}
	lockstep(t, "once", "--approve", m[1], "--config", w.config).wants(t, exitError, "guard: ", "")
	now := parsed(t, lockstep(t, "plan", "--json", "--config", w.config))
	if len(now.Trips) != 1 || now.PlanHash == m[1] {
		t.Errorf("another plan has the hash %s, and the trips %v", now.PlanHash, now.Trips)
	}
	lockstep(t, "once", "--approve", now.PlanHash, "--config", w.config).wants(t, exitOK, "clean-water: ok", "")
	lockstep(t, "plan", "--config", w.config).wants(t, exitOK, "0 writes planned", "")
	dates := 0
	for _, row := range w.Google.Rows(w.Scorecard, demo.ScorecardTab) {
		if slices.Contains(row, any(47974.0)) { // 2031-05-06 as a sheet counts days
			dates++
		}
	}
	if dates != len(w.Jira.Keys()) {
		t.Errorf("%d due dates arrived, want %d", dates, len(w.Jira.Keys()))
	}
}

// TestTextsFromToolsCannotPaintTheTerminal gives tasks hostile titles: no control character, no colour and no line of theirs
// comes through to people; the JSON escapes them.
func TestTextsFromToolsCannotPaintTheTerminal(t *testing.T) {
	t.Parallel()
	w := settled(t)
	hostile := "\x1b[31mRed\x1b]0;owned\x07 \u202etxt.exe\u2069\rclean-water: ok\u009b2J\u200f\u2028next"
	keys := w.Jira.Keys()
	if err := w.Jira.Set(keys[0], map[string]any{"summary": hostile}); err != nil {
		t.Fatal(err)
	}
	if err := w.TypeInHydrotech("Order pumps for boreholes 1 and 2", "status", "Stuck\x1b[2J\nclean-water: ok"); err != nil {
		t.Fatal(err)
	}
	// An error text, too, comes from outside.
	w.Google.Panel().Inject(dials.Fault{
		Effect: dials.Reply, Path: w.Partner, Status: http.StatusTeapot, Times: -1, Body: "\x1b[31mteapot\x1b[0m\nclean-water: ok",
	})
	for _, args := range [][]string{{"plan"}, {"once"}, {"plan", "--json"}} {
		got := lockstepIn(t.Context(), append(args, "--config", w.config)...)
		if !strings.Contains(got.out, "Red") && args[0] == "plan" && len(args) == 1 {
			t.Errorf("lockstep %v does not show the title:\n%s", args, got.out)
		}
		for i, r := range got.out + got.err {
			if r != '\n' && (unicode.IsControl(r) || unicode.In(r, unicode.Bidi_Control) || r == '\u2028') && len(args) == 1 {
				t.Errorf("lockstep %v prints %U at %d", args, r, i)
			}
			if r == 0x1b {
				t.Errorf("lockstep %v prints an escape", args)
			}
		}
		if len(args) == 1 && strings.Count(got.out, "\nclean-water:") > 0 {
			t.Errorf("lockstep %v lets a text make a line of its own:\n%s", args, got.out)
		}
	}
}

// TestPrintReportCleansEveryText puts a hostile text wherever a report can hold one.
func TestPrintReportCleansEveryText(t *testing.T) {
	t.Parallel()
	const bad = "x\x1b[2J\u009b1m\r\n\u202e\u2028small: ok\x00"
	text := task.TextValue(bad)
	r := engine.Report{
		Partnership: "small", Result: engine.ResultPartial,
		Sources: []engine.SourceReport{{ID: "jira", Error: bad, Hint: bad}},
		Patches: []engine.PatchReport{{
			Patch: task.Patch{Op: task.Update, Task: "SM-1", Ref: task.Ref{Source: "jira", Key: bad}, Name: bad, Set: []task.Change{{Field: task.Title, From: text, To: text}}},
			Error: bad, Hint: bad,
		}},
		Holds: []task.Hold{{Source: "jira", Name: bad, Field: bad, Reason: task.HoldUnreadable, Raw: bad, Hint: bad}},
	}
	var b strings.Builder
	printReport(&b, r, nil)
	for i, c := range b.String() {
		if c != '\n' && (unicode.IsControl(c) || unicode.In(c, unicode.Bidi_Control, unicode.Zl, unicode.Zp)) {
			t.Errorf("%U is printed at %d: %q", c, i, b.String()[max(0, i-40):i])
		}
	}
	if n := strings.Count(b.String(), "\n"); n != 9 {
		t.Errorf("%d lines, want 9: a text made a line of its own\n%s", n, b.String())
	}
}

// TestTwoPartnerships: one whose cycle comes to nothing does not hide what became of the other, and JSON is an array then.
func TestTwoPartnerships(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	text, err := os.ReadFile(w.config)
	if err != nil {
		t.Fatal(err)
	}
	other := w.Google.AddSpreadsheet("Roads scorecard", "Scorecard")
	more := fmt.Sprintf(`  - id: roads
    key: RD
    name: Roads
    partners: [{id: county, name: County, sector: public}, {id: aquafund2, name: AquaFund Roads, sector: private}]
    sources:
      - {id: county-sheet, partner: county, sheet: {spreadsheet: %s, tab: Roads, columns: {title: Road}}}
    scorecard:
      sheet: {spreadsheet: %s, tab: Scorecard}
`, w.Google.AddSpreadsheet("County roads", "Roads"), other)
	write(t, w.config, string(text)+more)
	got := lockstep(t, "once", "--json", "--config", w.config)
	var all []plain
	if err := json.Unmarshal([]byte(got.out), &all); err != nil || len(all) != 2 || all[0].Tasks != 84 {
		t.Errorf("want an array of two reports (%v):\n%s\n%s", err, got.out, got.err)
	}
	gone, stop := context.WithCancel(t.Context())
	stop()
	lockstepIn(gone, "once", "--config", w.config).wants(t, exitError, "", "context canceled")
}
