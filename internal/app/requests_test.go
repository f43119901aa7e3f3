package app_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/lockstep-sync/lockstep/config"
	jirabox "github.com/lockstep-sync/lockstep/connectors/sandbox/jira"
	"github.com/lockstep-sync/lockstep/internal/app"
	"github.com/lockstep-sync/lockstep/internal/demo"
	"github.com/lockstep-sync/lockstep/sync/engine"
)

const bigConfig = `listen: 127.0.0.1:0
store: "sqlite:$STORE"
google: {endpoint: "$GOOGLE"}
partnerships:
  - id: big
    key: BG
    name: Big
    partners:
      - {id: aqua, name: AquaFund}
      - {id: city, name: City}
    sources:
      - id: jira
        partner: aqua
        jira: {url: "$JIRA", email: "$EMAIL", token: "$TOKEN", jql: "project = WASH"}
      - id: sheet
        partner: city
        sheet: {spreadsheet: $PARTNER, tab: Actions, columns: {title: Action, status: Status, due: Deadline, notes: Comments}}
    scorecard:
      sheet: {spreadsheet: $SCORECARD, tab: Scorecard}
`

// big is a partnership of n tasks, half in Jira and half in a sheet, all on the scorecard.
type big struct {
	n     int
	clock *demo.Clock
	world *demo.World
	app   *app.App
}

func newBig(tb testing.TB, n int) *big {
	tb.Helper()
	b := &big{n: n, clock: &demo.Clock{}}
	b.clock.Set(time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC))
	w, err := demo.Start(tb.Context(), b.clock, demo.Options{Listen: "127.0.0.1:0"})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = w.Close() })
	b.world = w
	var rows strings.Builder
	rows.WriteString(`{"A":"Action","B":"Status","C":"Deadline","D":"Comments"}` + "\n")
	for i := range n / 2 {
		w.Jira.Add(jirabox.Seed{Summary: fmt.Sprintf("Issue %d", i), Status: "To Do", Type: "Task", Due: "2026-12-24"})
		fmt.Fprintf(&rows, `{"A":"Action %d","B":"Ongoing","C":46400,"D":"note"}`+"\n", i)
	}
	if _, err := w.Google.LoadRows(w.Partner, demo.ActionsTab, strings.NewReader(rows.String())); err != nil {
		tb.Fatal(err)
	}
	yaml := strings.NewReplacer("$STORE", tb.TempDir()+"/db", "$JIRA", w.JiraURL, "$GOOGLE", w.GoogleURL, "$EMAIL", w.Email, "$TOKEN", w.Token,
		"$SCORECARD", w.Scorecard, "$PARTNER", w.Partner).Replace(bigConfig)
	cfg, err := config.Parse("big.yaml", []byte(yaml), func(string) (string, bool) { return "", false })
	if err != nil {
		tb.Fatal(err)
	}
	if b.app, err = app.New(tb.Context(), app.Options{Config: cfg, Now: b.clock.Now, Version: "test"}); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = b.app.Close() })
	return b
}

// cycle runs one cycle and returns the requests that it took, by source. The report's seconds are the machine's own.
func (b *big) cycle(tb testing.TB) (engine.Report, map[string]app.Counts) {
	tb.Helper()
	start := time.Now()
	before := b.app.Requests()
	rs, err := b.app.Once(tb.Context(), engine.Mode{})
	if err != nil {
		tb.Fatal(err)
	}
	rs[0].Seconds = time.Since(start).Seconds()
	b.clock.Set(b.clock.Now().Add(time.Minute))
	took := b.app.Requests()
	for k, c := range took {
		took[k] = app.Counts{Reads: c.Reads - before[k].Reads, Writes: c.Writes - before[k].Writes}
	}
	return rs[0], took
}

// editTools has people change one task in a hundred in their own tools.
func (b *big) editTools(tb testing.TB, note string) {
	tb.Helper()
	keys := b.world.Jira.Keys()
	for i := 0; i < b.n/2; i += 100 {
		if err := b.world.Jira.Set(keys[i], map[string]any{"duedate": "2027-01-15"}); err != nil {
			tb.Fatal(err)
		}
		if err := b.world.Google.Type(b.world.Partner, demo.ActionsTab, fmt.Sprintf("D%d", i+2), note); err != nil {
			tb.Fatal(err)
		}
	}
}

// editScorecard has people change one task in a hundred on the scorecard.
func (b *big) editScorecard(tb testing.TB, due string) {
	tb.Helper()
	rows := b.world.Google.Rows(b.world.Scorecard, demo.ScorecardTab)
	col := 0
	for i, h := range rows[0] {
		if h == any("Due") {
			col = i
		}
	}
	for i := 1; i < len(rows); i += 100 {
		if err := b.world.Google.Type(b.world.Scorecard, demo.ScorecardTab, fmt.Sprintf("%c%d", 'A'+col, i+1), due); err != nil {
			tb.Fatal(err)
		}
	}
}

// TestRequestBudgets holds the targets of the design: an idle cycle costs at most 2 requests a source; k changed rows of a sheet
// one read and one write beyond that; k changed issues at most 2k + k/100.
func TestRequestBudgets(t *testing.T) {
	t.Parallel()
	b := newBig(t, 1000)
	b.measure(t, t.Logf)
}

// measure runs through the cases and holds each against its target.
func (b *big) measure(tb testing.TB, logf func(string, ...any)) {
	tb.Helper()
	show := func(name string, r engine.Report, took map[string]app.Counts) {
		logf("%-34s jira %3d r %3d w   sheet %d r %d w   scorecard %d r %d w   %5d patches  %.2f s", name, took["jira"].Reads, took["jira"].Writes,
			took["sheet"].Reads, took["sheet"].Writes, took["scorecard"].Reads, took["scorecard"].Writes, len(r.Patches), r.Seconds)
	}
	within := func(name string, took map[string]app.Counts, source string, reads, writes int) {
		if got := took[source]; got.Reads > reads || got.Writes > writes {
			tb.Errorf("%s: %s took %d reads and %d writes, at most %d and %d are meant", name, source, got.Reads, got.Writes, reads, writes)
		}
	}
	r, took := b.cycle(tb)
	show("first cycle", r, took)
	// Columns, looks, rows and pages. One of the reads asks Drive, at the start of a process, where the file lies.
	within("first cycle", took, "scorecard", 3, (b.n+2499)/2500)
	b.clock.Set(b.clock.Now().Add(30 * time.Minute)) // past the overlap of increments
	b.cycle(tb)

	r, took = b.cycle(tb)
	show("idle", r, took)
	for _, s := range []string{"jira", "sheet", "scorecard"} {
		if c := took[s]; c.Reads+c.Writes > 2 || len(r.Patches) > 0 {
			tb.Errorf("an idle cycle took %+v at %s", c, s)
		}
	}
	b.editTools(tb, "changed")
	r, took = b.cycle(tb)
	show("1 % changed in the tools", r, took)
	within("changed in the tools", took, "scorecard", 2, 1)
	within("changed in the tools", took, "sheet", 1, 0)

	b.editScorecard(tb, "2027-02-01")
	r, took = b.cycle(tb)
	show("1 % changed on the scorecard", r, took)
	k := b.n / 200
	within("changed on the scorecard", took, "sheet", 2, 1)
	within("changed on the scorecard", took, "jira", 2+k/100+1, k)
	if c := took["jira"]; c.Reads-2+c.Writes > 2*k+k/100+1 {
		tb.Errorf("%d issues took %d requests", k, c.Reads+c.Writes)
	}
	if r, _ := b.cycle(tb); len(r.Patches) > 0 {
		tb.Errorf("it does not come to rest: %+v", r.Patches[0])
	}
}

// BenchmarkRequests prints the requests of a cycle for 10,000 tasks: idle, and with 1 % changed.
func BenchmarkRequests(b *testing.B) {
	for b.Loop() {
		newBig(b, 10_000).measure(b, b.Logf)
	}
}
