package jira

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lockstep-sync/lockstep/connectors"
	"github.com/lockstep-sync/lockstep/connectors/sandbox/dials"
	sandbox "github.com/lockstep-sync/lockstep/connectors/sandbox/jira"
	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// clock is set by hand. Every look moves it a little, as time does.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(time.Millisecond)
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// tool is a sandbox Jira with a connector to it.
type tool struct {
	*Connector
	t      *testing.T
	srv    *sandbox.Server
	clock  *clock
	cfg    Config
	o      Options
	cursor string
}

type setup struct {
	jira   sandbox.Options
	load   io.Reader
	change func(*Config, *Options)
}

func start(t *testing.T, s setup) *tool {
	t.Helper()
	ck := &clock{now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	if s.jira.Now == nil {
		s.jira.Now = ck.Now
	}
	srv := sandbox.New(s.jira)
	if s.load != nil {
		if _, err := srv.Load(s.load); err != nil {
			t.Fatal(err)
		}
	}
	web := httptest.NewServer(srv)
	t.Cleanup(web.Close)
	email, token := srv.Credentials()
	if s.jira.Flavor == sandbox.DataCenter {
		email = "" // the token is a personal access token
	}
	tl := &tool{
		t: t, srv: srv, clock: ck,
		cfg: Config{
			URL: web.URL, Email: email, Token: token, JQL: "project = " + srv.Project(),
			Create: &Create{Project: srv.Project()}, Status: map[string][]string{"blocked": {"Blocked"}, "cancelled": {"Won't Do"}},
		},
		o: Options{Source: "jira", KeyPrefix: "CW", Now: ck.Now, InlineWait: time.Millisecond, Base: direct(t), Wait: noWait},
	}
	if s.change != nil {
		s.change(&tl.cfg, &tl.o)
	}
	tl.restart()
	return tl
}

// restart makes a fresh connector to the same Jira, and keeps the cursor, as the daemon does.
func (tl *tool) restart() {
	tl.t.Helper()
	c, err := New(tl.cfg, tl.o)
	if err != nil {
		tl.t.Fatal(err)
	}
	tl.Connector = c
}

// read pulls, and keeps the cursor.
func (tl *tool) read() task.Snapshot {
	tl.t.Helper()
	snap, err := tl.Pull(tl.t.Context(), tl.cursor)
	if err != nil {
		tl.t.Fatalf("pull: %v (%s)", err, fault.Of(err).Hint)
	}
	if snap.Cursor != "" {
		tl.cursor = snap.Cursor
	}
	return snap
}

func (tl *tool) record(key string) task.Record {
	tl.t.Helper()
	return recordOf(tl.t, tl.read(), key)
}

func recordOf(t *testing.T, snap task.Snapshot, name string) task.Record {
	t.Helper()
	for _, r := range snap.Records {
		if r.Name == name {
			return r
		}
	}
	t.Fatalf("%s is not among %d records", name, len(snap.Records))
	return task.Record{}
}

func (tl *tool) view(key string) sandbox.View {
	tl.t.Helper()
	v, ok := tl.srv.Issue(key)
	if !ok {
		tl.t.Fatalf("Jira has no %s", key)
	}
	return v
}

// requests are the requests since the last call, as "POST /issue/bulkfetch".
func (tl *tool) requests() []string {
	var out []string
	for _, r := range tl.srv.Panel().Requests() {
		out = append(out, r.Method+" "+strings.TrimPrefix(strings.TrimPrefix(r.Path, "/rest/api/2"), "/rest/api/3"))
	}
	tl.srv.Panel().ResetLog()
	return out
}

func change(r task.Record, f task.Field, to task.Value) task.Patch {
	return task.Patch{Op: task.Update, Ref: r.Ref, Name: r.Name, Task: "CW-1", Set: []task.Change{{Field: f, From: r.Values[f], To: to}}}
}

func (tl *tool) apply(ps ...task.Patch) []task.Receipt {
	tl.t.Helper()
	out := tl.Apply(tl.t.Context(), ps)
	if len(out) != len(ps) {
		tl.t.Fatalf("%d receipts for %d patches", len(out), len(ps))
	}
	return out
}

func (tl *tool) must(ps ...task.Patch) []task.Receipt {
	tl.t.Helper()
	out := tl.apply(ps...)
	for i, r := range out {
		if r.Err != nil {
			tl.t.Fatalf("patch %d: %v (%s)", i, r.Err, fault.Of(r.Err).Hint)
		}
		if r.Record == nil {
			tl.t.Fatalf("patch %d was not read back", i)
		}
	}
	return out
}

func wantFault(t *testing.T, err error, k fault.Kind, r fault.Reason) *fault.Error {
	t.Helper()
	f := fault.Of(err)
	if f == nil || f.Kind != k || f.Reason != r {
		t.Fatalf("got %+v, want %s/%s", f, k, r)
	}
	if f.Source != "jira" {
		t.Errorf("the fault names source %q", f.Source)
	}
	if strings.Contains(f.Error()+f.Hint, "sandbox-token") {
		t.Errorf("%q holds the token", f.Error())
	}
	return f
}

// full pulls everything, without touching the cursor.
func (tl *tool) full() task.Snapshot {
	tl.t.Helper()
	snap, err := tl.Pull(tl.t.Context(), "")
	if err != nil {
		tl.t.Fatal(err)
	}
	return snap
}

func TestConfirm(t *testing.T) {
	t.Parallel()
	tl := start(t, setup{})
	stays := tl.srv.Add(sandbox.Seed{Summary: "stays"})
	moves := tl.srv.Add(sandbox.Seed{Summary: "moves"})
	dies := tl.srv.Add(sandbox.Seed{Summary: "dies"})
	snap := tl.read()
	id := func(name string) string { return recordOf(t, snap, name).Ref.Key }
	moved, err := tl.srv.Move(moves, "OTHER")
	if err != nil {
		t.Fatal(err)
	}
	if err := tl.srv.Delete(dies); err != nil {
		t.Fatal(err)
	}
	keys := []string{id(stays), id(moves), id(dies)}
	got, err := tl.Confirm(t.Context(), keys)
	if err != nil {
		t.Fatal(err)
	}
	if c := got[id(moves)]; c.Presence != connectors.Present || c.Record.Name != moved || c.Record.Ref.Key != id(moves) {
		t.Errorf("moved: %+v", c)
	}
	if got[id(stays)].Presence != connectors.Present || got[id(dies)].Presence != connectors.Gone {
		t.Errorf("got %+v", got)
	}
	// After a restart the project of the dead issue is known from the cursor's.
	tl.restart()
	tl.read()
	if got, err := tl.Confirm(t.Context(), keys); err != nil || got[id(dies)].Presence != connectors.Gone {
		t.Errorf("after a restart: %+v, %v", got, err)
	}
	tl.srv.Deny("BROWSE_PROJECTS")
	got, err = tl.Confirm(t.Context(), keys)
	if err != nil {
		t.Fatal(err)
	}
	for k, c := range got {
		if c.Presence != connectors.NoAccess {
			t.Errorf("without the permission, %s is %s", k, c.Presence)
		}
	}
}

func TestServerDown(t *testing.T) {
	t.Parallel()
	tl := start(t, setup{})
	for range 12 {
		tl.srv.Add(sandbox.Seed{Summary: "A"})
	}
	snap := tl.read()
	panel := tl.srv.Panel()
	panel.Inject(dials.Fault{Effect: dials.Reply, Status: 503, Times: -1, Body: "<html><title>Down for repair</title>"})
	_, err := tl.Pull(t.Context(), tl.cursor)
	wantFault(t, err, fault.Retryable, fault.Unavailable)
	panel.Clear()
	tl.requests()
	panel.Inject(dials.Fault{Method: http.MethodPut, Effect: dials.CutBefore, Times: -1})
	var ps []task.Patch
	for _, r := range snap.Records {
		ps = append(ps, change(r, task.Title, task.TextValue("B")))
	}
	for i, rc := range tl.apply(ps...) {
		wantFault(t, rc.Err, fault.Retryable, fault.Unavailable)
		if (i < strikesMax) != rc.Uncertain {
			t.Errorf("patch %d: uncertain %v", i, rc.Uncertain)
		}
	}
	panel.Clear()

	panel.Inject(dials.Fault{Path: "search/jql", Effect: dials.Reply, Status: 429, Times: -1, Header: http.Header{"Retry-After": {"90"}}})
	_, err = tl.Pull(t.Context(), tl.cursor)
	if f := wantFault(t, err, fault.Retryable, fault.RateLimited); f.RetryAfter != 90*time.Second {
		t.Errorf("retry after %v", f.RetryAfter)
	}
}
