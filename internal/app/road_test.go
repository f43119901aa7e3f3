package app_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lockstep-sync/lockstep/config"
	"github.com/lockstep-sync/lockstep/internal/app"
	"github.com/lockstep-sync/lockstep/internal/demo"
	"github.com/lockstep-sync/lockstep/sync/engine"
	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/task"
	"github.com/lockstep-sync/lockstep/sync/view"
)

// patience is how long a test waits for something that must happen; it decides nothing but how long a failure takes.
const patience = 60 * time.Second

// alliance is the demo's partnership, in step and running.
type alliance struct {
	world   *demo.World
	app     *app.App
	page    string
	changed chan struct{} // something changed in a tool
}

func runAlliance(t *testing.T) *alliance {
	t.Helper()
	clock := &demo.Clock{}
	w, err := demo.Start(t.Context(), clock, demo.Options{Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	if err := w.SeedToday(); err != nil {
		t.Fatal(err)
	}
	al := &alliance{world: w, app: newApp(t, w, w.Config("$STORE")), changed: make(chan struct{}, 1)}
	for range 3 {
		once(t, al.app)
	}
	w.OnChange(func() {
		al.app.Wake()
		select {
		case al.changed <- struct{}{}:
		default:
		}
	})
	var lc net.ListenConfig
	ln, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	al.page = "http://" + ln.Addr().String()
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- al.app.Run(ctx, ln) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Errorf("run: %v", err)
		}
	})
	return al
}

// eventually waits until ok, looking again after every change in any tool.
func (al *alliance) eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	for !ok() {
		select {
		case <-al.changed:
		case <-deadline.C:
			t.Fatalf("it did not come about: %s", what)
		}
	}
}

// cell is what the sheet shows for a title in a column.
func (al *alliance) cell(id, tab string, header int, titleHeader, title, column string) string {
	rows := al.world.Google.Rows(id, tab)
	if len(rows) < header {
		return ""
	}
	head := rows[header-1]
	ti, ci := slices.Index(head, any(titleHeader)), slices.Index(head, any(column))
	for _, r := range rows[header:] {
		if ti >= 0 && ti < len(r) && r[ti] == any(title) && ci >= 0 && ci < len(r) && r[ci] != nil {
			return fmt.Sprint(r[ci])
		}
	}
	return ""
}

func (al *alliance) scorecard(title string, f task.Field) string {
	return al.cell(al.world.Scorecard, demo.ScorecardTab, 1, "Title", title, f.Display())
}

func (al *alliance) issue(t *testing.T, title string) string {
	t.Helper()
	for _, k := range al.world.Jira.Keys() {
		if v, ok := al.world.Jira.Issue(k); ok && v.Summary == title {
			return k
		}
	}
	return ""
}

func (al *alliance) get(t *testing.T, path string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, al.page+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := new(http.Client).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var b strings.Builder
	sc := bufio.NewScanner(resp.Body)
	sc.Buffer(nil, 16<<20)
	for sc.Scan() {
		b.WriteString(sc.Text() + "\n")
	}
	return resp.StatusCode, b.String()
}

// TestTheWholeRoad walks it: an edit in one tool shows in the others and on the page; a new row becomes an issue; a new issue
// becomes a row.
func TestTheWholeRoad(t *testing.T) {
	t.Parallel()
	al := runAlliance(t)

	const drill = "Drill borehole 2 at Soko market"
	key := al.issue(t, drill)
	start := time.Now()
	if err := al.world.Jira.Set(key, map[string]any{"status": "In Progress"}); err != nil {
		t.Fatal(err)
	}
	al.eventually(t, "Jira's status on the scorecard", func() bool { return al.scorecard(drill, task.Status) == "In progress" })
	t.Logf("from an edit in Jira to the scorecard: %v", time.Since(start).Round(time.Millisecond))

	const kiosks = "Relocate two kiosks on Station Road"
	start = time.Now()
	al.typeInto(t, al.world.Scorecard, demo.ScorecardTab, 1, "Title", kiosks, "Status", "Blocked")
	al.eventually(t, "the scorecard's status in Riverton's sheet, in Riverton's own word", func() bool {
		return al.cell(al.world.Partner, demo.ActionsTab, 1, "Action", kiosks, "Status") == "On hold"
	})
	t.Logf("from the scorecard to a partner's sheet: %v", time.Since(start).Round(time.Millisecond))

	al.addRow(t, map[string]string{"Title": "=Audit of the accounts", "Partner": "AquaFund", "Due": "2027-01-31"})
	al.eventually(t, "a new row becomes an issue", func() bool { return al.issue(t, "=Audit of the accounts") != "" })
	v, _ := al.world.Jira.Issue(al.issue(t, "=Audit of the accounts"))
	if v.Due != "2027-01-31" || !slices.ContainsFunc(v.Labels, func(l string) bool { return strings.HasPrefix(l, "lockstep-CW-") }) {
		t.Errorf("the new issue has due %q and labels %q", v.Due, v.Labels)
	}
	if err := al.world.Jira.Set(key, map[string]any{"summary": "Drill borehole 2 at <b>Soko</b> market"}); err != nil {
		t.Fatal(err)
	}
	al.eventually(t, "a new title on the scorecard", func() bool {
		return al.scorecard("Drill borehole 2 at <b>Soko</b> market", task.Status) == "In progress"
	})
	al.pageShows(t, "Drill borehole 2 at &lt;b&gt;Soko&lt;/b&gt; market")

	for path, want := range map[string]string{
		"/healthz": "ok", "/readyz": "ready", "/metrics": "lockstep_api_requests_total{",
	} {
		if code, body := al.get(t, path); code != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%s answers %d without %q", path, code, want)
		}
	}
}

// pageShows waits until the page shows a text: it is told of the cycle after the tools were.
func (al *alliance) pageShows(t *testing.T, text string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, al.page+"/events?partnership=clean-water", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := new(http.Client).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	timer := time.AfterFunc(patience, func() { _ = resp.Body.Close() })
	defer timer.Stop()
	sc := bufio.NewScanner(resp.Body)
	for {
		if _, body := al.get(t, "/p/clean-water"); strings.Contains(body, text) {
			return
		}
		for sc.Scan() {
			if strings.HasPrefix(sc.Text(), "event: cycle") {
				break
			}
		}
		if sc.Err() != nil {
			t.Fatalf("the page never showed %q", text)
		}
	}
}

func (al *alliance) typeInto(t *testing.T, id, tab string, header int, titleHeader, title, column, typed string) {
	t.Helper()
	rows := al.world.Google.Rows(id, tab)
	head := rows[header-1]
	ti, ci := slices.Index(head, any(titleHeader)), slices.Index(head, any(column))
	for i, r := range rows {
		if ti < len(r) && r[ti] == any(title) {
			if err := al.world.Google.Type(id, tab, fmt.Sprintf("%c%d", 'A'+ci, i+1), typed); err != nil {
				t.Fatal(err)
			}
			return
		}
	}
	t.Fatalf("no row %q", title)
}

// addRow types a row under the last one of the scorecard, the title last: a cycle may run between any two cells.
func (al *alliance) addRow(t *testing.T, cells map[string]string) {
	t.Helper()
	rows := al.world.Google.Rows(al.world.Scorecard, demo.ScorecardTab)
	for _, column := range []string{"Partner", "Due", "Title"} {
		ci := slices.Index(rows[0], any(column))
		typed := cells[column]
		if strings.HasPrefix(typed, "=") {
			typed = "'" + typed // as a person types a text that begins so
		}
		if err := al.world.Google.Type(al.world.Scorecard, demo.ScorecardTab, fmt.Sprintf("%c%d", 'A'+ci, len(rows)+1), typed); err != nil {
			t.Fatal(err)
		}
	}
}

// TestDemoComesToRest runs the demo's past, and then nothing more is to be written.
func TestDemoComesToRest(t *testing.T) {
	t.Parallel()
	if underRace {
		t.Skip("seventy cycles, one after the other: the other tests race more in less time")
	}
	a, w := demoApp(t)
	last := replay(t, a, w)
	for range 3 {
		last = once(t, a)
	}
	if !last.Converged || last.Tasks != 84 || last.Conflicts != 0 || len(last.Holds) != 0 {
		t.Errorf("after the replay: converged %v, %d tasks, %d conflicts, held %+v", last.Converged, last.Tasks, last.Conflicts, last.Holds)
	}
	// What the configuration says of tasks by their ids is said of these.
	v := viewOf(t, a)
	for id, title := range map[task.ID]string{
		"CW-4": "Drill borehole 1 at Mlima primary school", "CW-7": "Test water quality at borehole 1", "CW-8": "Hand over borehole 1 to the water committee",
		"CW-18": "Publish the baseline report", "CW-27": "Hydrogeological study, phase 1", "CW-36": "Customs clearance of the pumps",
		"CW-48": "Safety training for the drilling crew", "CW-57": "Permit for drilling at Mlima school", "CW-58": "Permit for drilling at Soko market",
		"CW-59": "Permit for drilling at Kijani clinic", "CW-65": "Pressure test of the ward 3 main", "CW-67": "Budget line for water kiosks in the city budget",
	} {
		if got := v.Title(id); got != title {
			t.Errorf("%s is %q; the demo's gates and milestones take it for %q", id, got, title)
		}
	}
	if d := v.Score.Gates[0].Decision; d == nil || len(d.By) != 3 || v.Score.Partnership.Declared == nil || !v.Score.Partnership.Disagrees {
		t.Errorf("what the partners wrote down is not there: %+v, %+v", d, v.Score.Partnership.Declared)
	}
	if f := v.Score.Partnership.Forecast; f == nil || f.P85.IsEmpty() {
		t.Errorf("twelve weeks give no forecast: %+v", f)
	}
	recompute(t, v)
	if err := w.Disagree(); err != nil {
		t.Fatal(err)
	}
	if last = once(t, a); last.Conflicts != 1 {
		t.Errorf("%d conflicts after two people disagreed; want 1", last.Conflicts)
	}
}

// demoApp is the demo before its past.
func demoApp(t *testing.T) (*app.App, *demo.World) {
	t.Helper()
	clock := &demo.Clock{}
	w, err := demo.Start(t.Context(), clock, demo.Options{Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	if err := w.SeedPast(); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Parse("demo.yaml", []byte(w.Config(t.TempDir()+"/db")), func(string) (string, bool) { return "", false })
	if err != nil {
		t.Fatal(err)
	}
	a, err := app.New(t.Context(), app.Options{Config: cfg, Now: clock.Now, Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() })
	return a, w
}

// replay lives through the demo's past; every cycle of it has to be a good one.
func replay(t *testing.T, a *app.App, w *demo.World) (last engine.Report) {
	t.Helper()
	cycle := func(context.Context) error {
		last = once(t, a)
		if last.Result != engine.ResultOK {
			return fmt.Errorf("a cycle was %s: %+v %+v", last.Result, last.Sources, last.Trips)
		}
		return nil
	}
	if err := w.Replay(t.Context(), cycle, func(ctx context.Context, e store.Event) error { return a.Record(ctx, "", e) }); err != nil {
		t.Fatal(err)
	}
	return once(t, a) // with the clock of today
}

func viewOf(t *testing.T, a *app.App) *view.View {
	t.Helper()
	w, err := a.Viewer("")
	if err != nil {
		t.Fatal(err)
	}
	v, err := w.Now(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return v
}
