package app_test

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lockstep-sync/lockstep/config"
	jirabox "github.com/lockstep-sync/lockstep/connectors/sandbox/jira"
	"github.com/lockstep-sync/lockstep/internal/app"
	"github.com/lockstep-sync/lockstep/internal/demo"
	"github.com/lockstep-sync/lockstep/sync/engine"
	"github.com/lockstep-sync/lockstep/sync/store/sqlite"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// The sources of a rig, and the titles of its tasks. The first of each partner is edited in the partner's own tool, the
// second on the scorecard.
const (
	jiraSource = "aqua-jira"
	citySource = "city-sheet"
	techSource = "tech-sheet"

	drill, test = "Drill the borehole", "Test the water"
	lay, move   = "Lay the main", "Move the kiosks"
	order, ship = "Order the pumps", "Ship the pumps"
	stuck       = "Fix the broken valve" // Blocked in Jira
)

const rigConfig = `listen: 127.0.0.1:0
store: "sqlite:$STORE"
google: {endpoint: "$GOOGLE"$LIMITS}
partnerships:
  - id: small
    key: SM
    name: Small partnership
    timezone: Africa/Nairobi
    interval: $INTERVAL
    partners:
      - {id: aqua, name: Aqua, sector: civil_society}
      - {id: city, name: City, sector: public}
      - {id: tech, name: Tech, sector: private}
    sources:
      - id: aqua-jira
        partner: aqua
        jira: {url: "$JIRA", $LOGIN token: "$TOKEN", jql: "project = WASH", create: {project: WASH, issue_type: Task}$EXTRA, webhook_secret: "rig-secret-of-webhooks"}
        status: {blocked: [Blocked]}
      - id: city-sheet
        partner: city
        sheet: {spreadsheet: $PARTNER, tab: Actions, create: true, columns: {title: Action, status: Status, due: Deadline, notes: Comments}}
      - id: tech-sheet
        partner: tech
        sheet: {spreadsheet: $HYDROTECH, tab: Deliverables, columns: {title: Deliverable, status: State}}
    scorecard:
      sheet: {spreadsheet: $SCORECARD, tab: Scorecard}
$MORE`

// rig is a small partnership over the real connectors and the sandboxes. Each cycle is a minute after the one before.
type rig struct {
	*demo.World
	clock    *demo.Clock
	front    *front // before the Jira
	token    string
	store    string
	interval string // "" for the default
	noEmail  bool   // the token is a personal access token
	google   string // more keys of Google, each after a comma
	extra    string // more keys of the Jira source, each after a comma
	more     string // more keys of the partnership, each a line
	log      *logText
	disk     []string // pragmas of the database
	app      *app.App
}

// deliverablesTab is where the rig's third partner keeps its rows.
const deliverablesTab = "Deliverables"

func newRig(t *testing.T) *rig {
	t.Helper()
	return newRigWith(t, demo.Options{Listen: "127.0.0.1:0"})
}

func newRigWith(t *testing.T, o demo.Options) *rig {
	t.Helper()
	clock := &demo.Clock{}
	clock.Set(time.Now().Truncate(time.Minute))
	w, err := demo.Start(t.Context(), clock, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	w.Hydrotech = w.Google.AddSpreadsheet("Deliverables of Tech", deliverablesTab)
	for title, status := range map[string]string{drill: "To Do", test: "To Do", stuck: "Blocked"} {
		w.Jira.Add(jirabox.Seed{Summary: title, Status: status, Created: clock.Now().AddDate(0, 0, -9)})
	}
	rows(t, w, w.Partner, demo.ActionsTab, []string{"Action", "Status", "Deadline", "Comments"}, []string{lay, "Not started"}, []string{move, "Not started"})
	rows(t, w, w.Hydrotech, deliverablesTab, []string{"Deliverable", "State"}, []string{order, "Not started"}, []string{ship, "Not started"})
	r := &rig{World: w, clock: clock, front: &front{handler: w.Jira}, token: w.Token, store: filepath.Join(t.TempDir(), "lockstep.db"), log: &logText{}}
	r.front.open(t)
	t.Cleanup(r.front.shut)
	return r
}

// settled is a rig whose tools agree.
func settled(t *testing.T) *rig {
	t.Helper()
	r := newRig(t)
	r.app = r.open(t)
	r.settle(t)
	return r
}

// open sets up a Lockstep on the rig's tools and its database.
func (r *rig) open(t *testing.T) *app.App {
	t.Helper()
	a, err := r.try(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() }) // tests that care close it themselves
	return a
}

func (r *rig) config() string {
	return strings.NewReplacer(
		"$STORE", r.store, "$INTERVAL", cmp.Or(r.interval, "60s"), "$MORE", r.more, "$EXTRA", r.extra, "$JIRA", r.front.url(), "$LIMITS", r.google, "$GOOGLE", r.GoogleURL, "$LOGIN", r.login(), "$TOKEN", strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(r.token),
		"$SCORECARD", r.Scorecard, "$PARTNER", r.Partner, "$HYDROTECH", r.Hydrotech,
	).Replace(rigConfig)
}

func (r *rig) login() string {
	if r.noEmail {
		return ""
	}
	return fmt.Sprintf("email: %q,", r.Email)
}

func (r *rig) try(ctx context.Context) (*app.App, error) {
	cfg, err := config.Parse("test.yaml", []byte(r.config()), func(string) (string, bool) { return "", false })
	if err != nil {
		return nil, err
	}
	log := slog.New(slog.NewTextHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	return app.New(ctx, app.Options{Config: cfg, Log: log, Now: r.clock.Now, Version: "test", SQLite: sqlite.Options{Pragmas: r.disk, BusyTimeout: time.Second}})
}

func (r *rig) cycle(t *testing.T) engine.Report {
	t.Helper()
	r.clock.Set(r.clock.Now().Add(time.Minute))
	return once(t, r.app)
}

// settle runs cycles until the tools agree.
func (r *rig) settle(t *testing.T) {
	t.Helper()
	var last engine.Report
	for range 6 {
		if last = r.cycle(t); last.Converged {
			return
		}
	}
	t.Fatalf("six cycles, and it has not come to rest: %+v\n%+v\nheld %+v", last.Sources, last.Patches, last.Holds)
}

// front is the Jira's place on the network, which can go away and come back.
type front struct {
	handler http.Handler
	addr    string
	server  *http.Server
	ln      net.Listener
}

func (f *front) open(t *testing.T) {
	t.Helper()
	if f.addr == "" {
		f.addr = "127.0.0.1:0"
	}
	var lc net.ListenConfig
	ln, err := lc.Listen(t.Context(), "tcp", f.addr)
	if err != nil {
		t.Fatal(err)
	}
	f.addr, f.ln = ln.Addr().String(), ln
	f.server = &http.Server{Handler: f.handler, ReadHeaderTimeout: patience}
	go func(s *http.Server) { _ = s.Serve(ln) }(f.server)
}

// shut closes the listener itself too: a server that was just started may not know of it yet.
func (f *front) shut() {
	_ = f.server.Close()
	_ = f.ln.Close()
}

func (f *front) url() string { return "http://" + f.addr }

// logText is a log that may be read while it is written.
type logText struct {
	mu    sync.Mutex
	b     strings.Builder
	wrote func() // nil: nobody wants to know of each line
}

func (l *logText) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.wrote != nil {
		l.wrote()
	}
	return l.b.Write(p)
}

func (l *logText) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func rows(t *testing.T, w *demo.World, id, tab string, table ...[]string) {
	t.Helper()
	for i, row := range table {
		for k, text := range row {
			if err := w.Google.Type(id, tab, fmt.Sprintf("%c%d", 'A'+k, i+1), text); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// find is where a title stands, as the row's number, and how often it stands there.
func (r *rig) find(id, tab, titleHeader, title string) (at, n int) {
	grid := r.Google.Rows(id, tab)
	if len(grid) == 0 {
		return 0, 0
	}
	ti := slices.Index(grid[0], any(titleHeader))
	for i, row := range grid {
		if ti >= 0 && ti < len(row) && row[ti] == any(title) {
			at, n = i+1, n+1
		}
	}
	return at, n
}

// sheetOf is where a source's rows are, and how its columns are headed.
func (r *rig) sheetOf(source task.SourceID) (id, tab, title, status string) {
	switch source {
	case citySource:
		return r.Partner, demo.ActionsTab, "Action", "Status"
	case techSource:
		return r.Hydrotech, deliverablesTab, "Deliverable", "State"
	}
	return r.Scorecard, demo.ScorecardTab, "Title", "Status"
}

// key is the issue's, and how many issues have that title.
func (r *rig) key(title string) (key string, n int) {
	for _, k := range r.Jira.Keys() {
		if v, ok := r.Jira.Issue(k); ok && v.Summary == title {
			key, n = k, n+1
		}
	}
	return key, n
}

// status is what a source shows as a task's status.
func (r *rig) status(source task.SourceID, title string) string {
	if source == jiraSource {
		key, _ := r.key(title)
		v, _ := r.Jira.Issue(key)
		return v.Status
	}
	id, tab, titles, status := r.sheetOf(source)
	at, _ := r.find(id, tab, titles, title)
	return fmt.Sprint(r.Google.Cell(id, tab, r.column(id, tab, status)+fmt.Sprint(at)))
}

func (r *rig) column(id, tab, header string) string {
	return string(rune('A' + slices.Index(r.Google.Rows(id, tab)[0], any(header))))
}

// set is a person's edit of a status.
func (r *rig) set(t *testing.T, source task.SourceID, title, to string) {
	t.Helper()
	var err error
	if source == jiraSource {
		key, _ := r.key(title)
		err = r.Jira.Set(key, map[string]any{"status": to})
	} else {
		id, tab, titles, status := r.sheetOf(source)
		at, n := r.find(id, tab, titles, title)
		if n != 1 {
			t.Fatalf("%q stands %d times in %s", title, n, source)
		}
		err = r.Google.Type(id, tab, r.column(id, tab, status)+fmt.Sprint(at), to)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// whole fails the test unless every task stands exactly once in its own tool and on the scorecard.
func (r *rig) whole(t *testing.T) {
	t.Helper()
	for title, source := range map[string]task.SourceID{
		drill: jiraSource, test: jiraSource, stuck: jiraSource, lay: citySource, move: citySource, order: techSource, ship: techSource,
	} {
		_, n := r.key(title)
		if source != jiraSource {
			id, tab, titles, _ := r.sheetOf(source)
			_, n = r.find(id, tab, titles, title)
		}
		if n != 1 {
			t.Errorf("%q stands %d times in %s", title, n, source)
		}
	}
	r.shown(t)
}

// shown fails the test unless every task stands exactly once on the scorecard, and nothing else.
func (r *rig) shown(t *testing.T) {
	t.Helper()
	for _, title := range []string{drill, test, stuck, lay, move, order, ship} {
		if _, n := r.find(r.Scorecard, demo.ScorecardTab, "Title", title); n != 1 {
			t.Errorf("%q stands %d times on the scorecard", title, n)
		}
	}
	if n := len(r.Google.Rows(r.Scorecard, demo.ScorecardTab)); n != 1+7 {
		t.Errorf("the scorecard has %d rows, want a header and 7 tasks", n)
	}
}

func (r *rig) expect(t *testing.T, when string, source task.SourceID, title, want string) {
	t.Helper()
	if got := r.status(source, title); got != want {
		t.Errorf("%s: %s shows %q of %q, want %q", when, source, got, title, want)
	}
}

func sourceOf(t *testing.T, rep engine.Report, id task.SourceID) engine.SourceReport {
	t.Helper()
	for _, s := range rep.Sources {
		if s.ID == id {
			return s
		}
	}
	t.Fatalf("the report does not name %s", id)
	return engine.SourceReport{}
}

// scorecardOf is the id of the scorecard in a report: the one that is not configured by name.
func scorecardOf(rep engine.Report) task.SourceID {
	for _, s := range rep.Sources {
		if s.ID != jiraSource && s.ID != citySource && s.ID != techSource {
			return s.ID
		}
	}
	return ""
}
