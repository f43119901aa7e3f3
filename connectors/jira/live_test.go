package jira

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
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
	tl := &tool{
		t: t, srv: srv, clock: ck,
		cfg: Config{
			URL: web.URL, Email: email, Token: token, JQL: "project = " + srv.Project(),
			Create: &Create{Project: srv.Project()}, Status: map[string][]string{"blocked": {"Blocked"}, "cancelled": {"Won't Do"}},
		},
		o: Options{Source: "jira", KeyPrefix: "CW", Now: ck.Now, InlineWait: time.Millisecond, Base: watched(t)},
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
		out = append(out, r.Method+" "+strings.TrimPrefix(r.Path, "/rest/api/2"))
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

func TestPullReadsWhatPeopleTyped(t *testing.T) {
	t.Parallel()
	tl := start(t, setup{change: func(c *Config, _ *Options) {
		c.Fields = map[task.Field]string{task.Progress: "Progress", task.Start: "customfield_10015", task.Notes: "description", task.Workstream: "component"}
		c.People = []Person{{Name: "Amina Diallo", Aliases: []string{"A. Diallo"}}}
	}})
	key := tl.srv.Add(sandbox.Seed{
		Summary: "  <script>alert(1)</script> =1+1 😀  ", Status: "Blocked", Assignee: "a. diallo", Due: "2026-04-01", Priority: "High",
		Labels: []string{"wells", "lockstep-CW-7", "lockstep-XX-1"}, Component: "Pumps", Description: "one\r\ntwo",
	})
	if err := tl.srv.Set(key, map[string]any{"customfield_10042": 40, "customfield_10015": "2026-03-01"}); err != nil {
		t.Fatal(err)
	}
	plain := tl.srv.Add(sandbox.Seed{Summary: "Plain"})
	cancelled := tl.srv.Add(sandbox.Seed{Summary: "Not now", Status: "Won't Do"})
	snap := tl.read()
	if !snap.Complete || len(snap.Records) != 3 || len(snap.Held) != 0 || snap.Cursor == "" {
		t.Fatalf("complete %v, %d records, held %+v", snap.Complete, len(snap.Records), snap.Held)
	}
	r, v := recordOf(t, snap, key), tl.view(key)
	if r.Ref.Key != v.ID || r.Marker != "CW-7" || r.URL != tl.cfg.URL+"/browse/"+key || r.Version != v.Updated.UnixMilli() || !r.At.Equal(v.Updated) {
		t.Errorf("got %+v of %+v", r, v)
	}
	progress, err := task.NumberValue(0.4)
	if err != nil {
		t.Fatal(err)
	}
	want := task.Values{
		task.Title: task.TextValue("<script>alert(1)</script> =1+1 😀"), task.Status: task.EnumValue(task.Blocked),
		task.Assignee: task.PersonValue("Amina Diallo"), task.Due: date(t, "2026-04-01"), task.Priority: task.TextValue("High"),
		task.Labels: task.SetValue("wells"), task.Workstream: task.TextValue("Pumps"), task.Notes: task.TextValue("one\ntwo"),
		task.Progress: progress, task.Start: date(t, "2026-03-01"),
	}
	if r.Values != want {
		t.Errorf("got  %v\nwant %v", r.Values, want)
	}
	want = task.Values{
		task.Title: task.TextValue("Plain"), task.Status: task.EnumValue(task.NotStarted), task.Assignee: task.Empty(task.Person),
		task.Due: task.Empty(task.Date), task.Priority: task.TextValue("Medium"), task.Labels: task.SetValue(),
		task.Workstream: task.Empty(task.Text), task.Notes: task.Empty(task.Text), task.Progress: task.Empty(task.Number), task.Start: task.Empty(task.Date),
	}
	if got := recordOf(t, snap, plain).Values; got != want {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	if got := recordOf(t, snap, cancelled).Values[task.Status].String(); got != task.Cancelled {
		t.Errorf("won't do is %s", got)
	}
}

func TestIncrementsAreSmall(t *testing.T) {
	t.Parallel()
	tl := start(t, setup{})
	for i := range 120 {
		tl.srv.Add(sandbox.Seed{Summary: fmt.Sprintf("Task %d", i)})
	}
	tl.read()
	tl.requests()
	for i, wait := range []time.Duration{time.Minute, time.Minute, 15 * time.Minute, time.Minute} {
		tl.clock.pass(wait)
		snap := tl.read()
		if got := tl.requests(); len(got) > 2 || snap.Complete {
			t.Errorf("idle increment %d: complete %v, %v", i, snap.Complete, got)
		}
		if len(snap.Records) > 1 {
			t.Errorf("idle increment %d brings %d records", i, len(snap.Records))
		}
	}
	keys := tl.srv.Keys()
	if err := tl.srv.Set(keys[3], map[string]any{"summary": "Changed", "duedate": "2026-05-05"}); err != nil {
		t.Fatal(err)
	}
	if got := tl.record(keys[3]).Values[task.Title].String(); got != "Changed" {
		t.Errorf("the increment shows %q", got)
	}
	if got := tl.requests(); len(got) > 2 {
		t.Errorf("one change cost %v", got)
	}
	tl.clock.pass(time.Hour)
	if snap := tl.read(); !snap.Complete || len(snap.Records) != 120 {
		t.Errorf("after an hour: complete %v, %d records", snap.Complete, len(snap.Records))
	}
}

// Many changes within the window that increments reach back over are not read again and again; and none is lost.
func TestCensusAfterManyChanges(t *testing.T) {
	t.Parallel()
	tl := start(t, setup{})
	for i := range 250 {
		tl.srv.Add(sandbox.Seed{Summary: fmt.Sprintf("Task %d", i)})
	}
	tl.read()
	tl.requests()
	keys := tl.srv.Keys()
	for round := range 5 {
		tl.clock.pass(30 * time.Second)
		want := keys[round*7 : round*7+3]
		for _, k := range want {
			if err := tl.srv.Set(k, map[string]any{"summary": fmt.Sprintf("Round %d", round)}); err != nil {
				t.Fatal(err)
			}
		}
		snap := tl.read()
		var got []string
		for _, r := range snap.Records {
			got = append(got, r.Name)
		}
		slices.Sort(got)
		want = slices.Clone(want)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("round %d: read %v, want %v", round, got, want)
		}
		if reqs := tl.requests(); len(reqs) != 2 {
			t.Errorf("round %d: %v", round, reqs)
		}
	}
	// An increment that was not accounted for is read again with the cursor before it.
	before := tl.cursor
	if err := tl.srv.Set(keys[200], map[string]any{"summary": "Lost?"}); err != nil {
		t.Fatal(err)
	}
	tl.read()
	tl.cursor = before
	if got := tl.record(keys[200]).Values[task.Title].String(); got != "Lost?" {
		t.Errorf("got %q", got)
	}
}

func TestIndexLag(t *testing.T) {
	t.Parallel()
	tl := start(t, setup{jira: sandbox.Options{IndexLag: 2 * time.Minute}})
	a := tl.srv.Add(sandbox.Seed{Summary: "A"})
	b := tl.srv.Add(sandbox.Seed{Summary: "B"})
	tl.clock.pass(5 * time.Minute)
	first := tl.record(a)

	// Our own write is seen at once, by asking past the index.
	after := tl.must(change(first, task.Title, task.TextValue("A, by us")))[0].Record
	if after.Version <= first.Version || after.Values[task.Title].String() != "A, by us" {
		t.Fatalf("read back %+v after %+v", after, first)
	}
	snap := tl.read()
	if got := recordOf(t, snap, a); got.Values != after.Values || got.Version != after.Version {
		t.Errorf("the increment shows %+v, want what was read back", got)
	}

	// A person's edit comes once the index has it, and until then nothing newer is claimed.
	if err := tl.srv.Set(b, map[string]any{"summary": "B, by Amina"}); err != nil {
		t.Fatal(err)
	}
	edited := tl.view(b).Updated.UnixMilli()
	for _, r := range tl.read().Records {
		if r.Name == b && r.Version >= edited {
			t.Errorf("the index is behind, yet it shows %+v", r)
		}
	}
	tl.clock.pass(3 * time.Minute)
	if got := tl.record(b); got.Values[task.Title].String() != "B, by Amina" || got.Version != edited {
		t.Errorf("after the lag: %+v", got)
	}

	// Later changes that the index has sooner do not hide earlier ones.
	if err := tl.srv.Set(a, map[string]any{"summary": "A, by Ben"}); err != nil {
		t.Fatal(err)
	}
	tl.clock.pass(time.Second)
	tl.must(change(recordOf(t, tl.full(), b), task.Title, task.TextValue("B, by us")))
	tl.read() // its newest change is later than Ben's, which the index does not show
	tl.clock.pass(3 * time.Minute)
	if got := tl.record(a).Values[task.Title].String(); got != "A, by Ben" {
		t.Errorf("Ben's edit is lost: %q", got)
	}
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

func TestExpiredToken(t *testing.T) {
	t.Parallel()
	tl := start(t, setup{})
	tl.srv.Add(sandbox.Seed{Summary: "A"})
	r := tl.read().Records[0]
	for _, mode := range []sandbox.Expiry{sandbox.TokenSilent, sandbox.TokenRefused} {
		tl.srv.ExpireToken(mode)
		for _, cursor := range []string{tl.cursor, ""} {
			snap, err := tl.Pull(t.Context(), cursor)
			if f := wantFault(t, err, fault.Permanent, fault.Auth); f.Hint == "" || snap.Complete || len(snap.Records) > 0 {
				t.Errorf("hint %q, snapshot %+v", f.Hint, snap)
			}
		}
		if _, err := tl.Confirm(t.Context(), []string{r.Ref.Key}); !fault.HasReason(err, fault.Auth) {
			t.Errorf("confirm: %v", err)
		}
		if _, found, err := tl.Find(t.Context(), "CW-1"); found || !fault.HasReason(err, fault.Auth) {
			t.Errorf("find: %v, %v", found, err)
		}
		for _, rc := range tl.apply(change(r, task.Title, task.TextValue("x")), change(r, task.Title, task.TextValue("y"))) {
			wantFault(t, rc.Err, fault.Permanent, fault.Auth)
		}
		tl.srv.ExpireToken(sandbox.TokenGood)
		tl.read()
	}
	if got := tl.view(r.Name).Summary; got != "A" {
		t.Errorf("it was written: %q", got)
	}
}

func TestRenamedStatus(t *testing.T) {
	t.Parallel()
	tl := start(t, setup{})
	key := tl.srv.Add(sandbox.Seed{Summary: "A", Status: "Blocked"})
	other := tl.srv.Add(sandbox.Seed{Summary: "B"})
	tl.read()
	if err := tl.srv.RenameStatus("Blocked", "Waiting"); err != nil {
		t.Fatal(err)
	}
	if err := tl.srv.Set(key, map[string]any{"summary": "A2"}); err != nil {
		t.Fatal(err)
	}
	check := func(snap task.Snapshot) {
		t.Helper()
		if got := recordOf(t, snap, key).Values[task.Status].String(); got != task.Blocked {
			t.Errorf("it is %s by now", got)
		}
		if len(snap.Held) != 1 || snap.Held[0].Key != "" || snap.Held[0].Reason != task.HoldSchemaDrift || !strings.Contains(snap.Held[0].Hint, "Waiting") {
			t.Errorf("held %+v", snap.Held)
		}
	}
	check(tl.read())
	tl.restart()
	snap := tl.read()
	if check(snap); !snap.Complete {
		t.Error("a restart begins with a full read")
	}
	// Others are still moved there.
	tl.must(change(recordOf(t, snap, other), task.Status, task.EnumValue(task.Blocked)))
	if got := tl.view(other).Status; got != "Waiting" {
		t.Errorf("moved to %q", got)
	}
}

func TestMissingField(t *testing.T) {
	t.Parallel()
	tl := start(t, setup{change: func(c *Config, _ *Options) {
		c.Fields = map[task.Field]string{task.Start: "Started on"}
	}})
	key := tl.srv.Add(sandbox.Seed{Summary: "A", Due: "2026-01-01"})
	snap := tl.read()
	r := recordOf(t, snap, key)
	if !r.Values[task.Start].IsNone() || r.Values[task.Due].IsEmpty() || !snap.Complete {
		t.Errorf("got %v", r.Values)
	}
	if len(snap.Held) != 1 || snap.Held[0].Field != "start" || !strings.Contains(snap.Held[0].Hint, "Start date") {
		t.Errorf("held %+v", snap.Held)
	}
	if d := tl.Describe(); d.Writes(task.Start) || !d.Maps(task.Start) {
		t.Errorf("described as %+v", d)
	}
	if rc := tl.apply(change(r, task.Start, date(t, "2026-02-02"))); !fault.HasReason(rc[0].Err, fault.SchemaDrift) {
		t.Errorf("got %v", rc[0].Err)
	}
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

func TestBrokenPages(t *testing.T) {
	t.Parallel()
	page := func(body string) dials.Fault {
		return dials.Fault{Path: "search/jql", Effect: dials.Reply, Status: 200, Times: 1, Header: http.Header{"Content-Type": {"application/json"}}, Body: body}
	}
	one := `{"issues":[{"id":"1","key":"WASH-1","fields":{"summary":"a","labels":[]}}],`
	for name, tc := range map[string]struct {
		faults []dials.Fault
		kind   fault.Kind
		reason fault.Reason
		read   int
	}{
		"a token that comes again":  {[]dials.Fault{page(one + `"nextPageToken":"x"}`), page(one + `"nextPageToken":"x"}`)}, fault.Partial, fault.Invalid, 1},
		"more to come, not where":   {[]dials.Fault{page(one + `"isLast":false}`)}, fault.Partial, fault.Invalid, 1},
		"the second page is denied": {[]dials.Fault{page(one + `"nextPageToken":"x"}`), {Path: "search/jql", Effect: dials.Reply, Status: 503, Times: -1}}, fault.Partial, fault.Unavailable, 1},
		"a page for people":         {[]dials.Fault{{Path: "search/jql", Effect: dials.Reply, Status: 200, Times: 1, Header: http.Header{"Content-Type": {"text/html"}}, Body: "<title>Log in</title>"}}, fault.Permanent, fault.Invalid, 0},
		"no object":                 {[]dials.Fault{page(`[]`)}, fault.Permanent, fault.Invalid, 0},
		"half an answer":            {[]dials.Fault{{Path: "search/jql", Effect: dials.Truncate, Times: -1}}, fault.Retryable, fault.Unavailable, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tl := start(t, setup{})
			for _, f := range tc.faults {
				tl.srv.Panel().Inject(f)
			}
			snap, err := tl.Pull(t.Context(), "")
			wantFault(t, err, tc.kind, tc.reason)
			if snap.Complete || len(snap.Records) != tc.read || snap.Cursor != "" {
				t.Errorf("got %+v", snap)
			}
		})
	}
}

// sharedData is where real data lies beside the project; the test is skipped where it does not.
func sharedData(t *testing.T, name string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
	}
	p := filepath.Join(dir, "..", "shared", "data", filepath.FromSlash(name))
	if _, err := os.Stat(p); err != nil {
		t.Skipf("the real data is not here: %v", err)
	}
	return p
}

func realIssues(t *testing.T) []byte {
	t.Helper()
	var all []byte
	for _, name := range []string{"jira/issues-mod.jsonl.gz", "jira/issues-aloy.jsonl.gz"} {
		f, err := os.Open(sharedData(t, name))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = f.Close() })
		z, err := gzip.NewReader(f)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(z)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, b...)
	}
	return all
}

func TestRealIssues(t *testing.T) {
	t.Parallel()
	raw := realIssues(t)
	tl := start(t, setup{load: strings.NewReader(string(raw)), change: func(c *Config, _ *Options) {
		c.JQL, c.Status = "project in (MOD, ALOY) ORDER BY created", nil
		c.Fields = map[task.Field]string{task.Notes: "description"}
	}})
	snap := tl.read()
	if !snap.Complete || len(snap.Records)+len(snap.Held) != 1067 {
		t.Fatalf("complete %v, %d records, %d held", snap.Complete, len(snap.Records), len(snap.Held))
	}
	got := map[string]task.Record{}
	for _, r := range snap.Records {
		got[r.Name] = r
	}
	count := map[string]int{}
	sc := bufio.NewScanner(strings.NewReader(string(raw)))
	sc.Buffer(nil, 16<<20)
	for sc.Scan() {
		var is struct {
			Key    string
			Fields struct {
				Summary    string
				Status     struct{ StatusCategory struct{ Key string } }
				Resolution *struct{ Name string }
				Priority   *struct{ Name string }
				Assignee   *struct{ DisplayName string }
				Labels     []string
			}
		}
		if err := json.Unmarshal(sc.Bytes(), &is); err != nil {
			t.Fatal(err)
		}
		status := map[string]string{"new": task.NotStarted, "indeterminate": task.InProgress, "done": task.Done}[is.Fields.Status.StatusCategory.Key]
		if r := is.Fields.Resolution; r != nil && !slices.Contains([]string{"Fixed", "Done"}, r.Name) {
			status = task.Cancelled
		}
		count[status]++
		r := got[is.Key]
		want := map[task.Field]task.Value{
			task.Title: task.TextValue(is.Fields.Summary), task.Status: task.EnumValue(status), task.Labels: task.SetValue(is.Fields.Labels...),
			task.Priority: task.Empty(task.Text), task.Assignee: task.Empty(task.Person),
		}
		if p := is.Fields.Priority; p != nil && p.Name != "None" {
			want[task.Priority] = task.TextValue(p.Name)
		}
		if a := is.Fields.Assignee; a != nil {
			want[task.Assignee] = task.PersonValue(a.DisplayName)
		}
		for f, v := range want {
			if r.Values[f] != v {
				t.Errorf("%s: %s is %q, want %q", is.Key, f, r.Values[f], v)
			}
		}
	}
	// As counted in the files themselves.
	if count[task.NotStarted] != 180 || count[task.InProgress] != 16 || count[task.Done] != 691 || count[task.Cancelled] != 180 {
		t.Errorf("statuses: %v", count)
	}
	t.Logf("%d requests for %d issues", len(tl.requests()), len(snap.Records))
}
