package jira

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lockstep-sync/lockstep/connectors/sandbox/dials"
	sandbox "github.com/lockstep-sync/lockstep/connectors/sandbox/jira"
	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// noWait passes the time between two looks at once.
func noWait(ctx context.Context, _ time.Duration) error { return ctx.Err() }

// crowdOf is a Jira with n issues that wait to be moved, in the order of their keys.
func crowdOf(t *testing.T, n int, s setup) (*tool, []task.Record) {
	t.Helper()
	if s.change == nil {
		s.change = func(_ *Config, o *Options) { o.Rate = 10_000 }
	}
	tl := start(t, s)
	for i := range n {
		tl.srv.Add(sandbox.Seed{Summary: fmt.Sprint(i)})
	}
	rs := tl.read().Records
	slices.SortFunc(rs, func(a, b task.Record) int { return strings.Compare(a.Ref.Key, b.Ref.Key) })
	tl.requests()
	return tl, rs
}

func moveAll(rs []task.Record, to string) []task.Patch {
	ps := make([]task.Patch, 0, len(rs))
	for _, r := range rs {
		ps = append(ps, change(r, task.Status, task.EnumValue(to)))
	}
	return ps
}

// count is how many requests there were whose line holds a word.
func count(reqs []string, word string) int {
	n := 0
	for _, r := range reqs {
		if strings.Contains(r, word) {
			n++
		}
	}
	return n
}

const (
	orderPath = "/bulk/issues/transition"
	queuePath = "/bulk/queue/"
)

// One common transition of k issues costs 2k/100 reads, three requests to know the way and to give the order, and polls.
func TestManyMoveTogether(t *testing.T) {
	t.Parallel()
	const k = 1150
	tl, rs := crowdOf(t, k, setup{jira: sandbox.Options{BulkPolls: 2, BulkLag: time.Hour}})
	for i, rc := range tl.must(moveAll(rs, task.InProgress)...) {
		if rc.Record == nil || rc.Record.Ref != rs[i].Ref || rc.Record.Values[task.Status].String() != task.InProgress || rc.Record.Version <= rs[i].Version {
			t.Fatalf("patch %d: read back %+v", i, rc.Record)
		}
	}
	got := tl.requests()
	orders, polls := count(got, orderPath), count(got, queuePath)
	if n := len(got) - polls; orders != 2 || n > 2*((len(rs)+99)/100)+4 {
		t.Errorf("%d orders, %d requests beside %d polls", orders, n, polls)
	}
}

// Two transitions, both made together.
func TestManyHopTogether(t *testing.T) {
	t.Parallel()
	const k = 20
	tl, rs := crowdOf(t, k, setup{})
	// One shows the way.
	if err := tl.srv.Set(rs[0].Name, map[string]any{"status": "In Progress"}); err != nil {
		t.Fatal(err)
	}
	rs = tl.full().Records
	tl.requests()
	ps := moveAll(rs, task.Blocked)
	for i := range ps {
		ps[i].Set = append(ps[i].Set, task.Change{Field: task.Due, From: rs[i].Values[task.Due], To: date(t, "2026-05-05")})
	}
	for i, rc := range tl.must(ps...) {
		if v := rc.Record.Values; v[task.Status].String() != task.Blocked || v[task.Due].String() != "2026-05-05" {
			t.Errorf("patch %d: read back %v", i, v)
		}
	}
	got := tl.requests()
	if orders, moves, edits := count(got, orderPath), count(got, "/transitions")-count(got, "GET "), count(got, "PUT "); orders != 2 || moves > 0 || edits != k {
		t.Errorf("%d orders, %d single moves, %d edits: %v", orders, moves, edits, got)
	}
}

// The last hop asks for a resolution: that one is made alone.
func TestManyCloseWithResolution(t *testing.T) {
	t.Parallel()
	tl, rs := crowdOf(t, 8, setup{})
	tl.must(moveAll(rs, task.Cancelled)...)
	for _, r := range rs {
		if v := tl.view(r.Name); v.Status != "Done" || v.Resolution != "Won't Do" {
			t.Errorf("%s is %s, %s", r.Name, v.Status, v.Resolution)
		}
	}
}

func TestTogetherGoesWrong(t *testing.T) {
	t.Parallel()
	const k = 10
	all := func(i int) bool { return i >= 0 }
	for _, tc := range []struct {
		name     string
		trouble  sandbox.BulkTrouble
		fault    dials.Fault
		failed   func(i int) bool // which patches are not true in the end
		kind     fault.Kind
		reason   fault.Reason
		unsure   bool
		says     string
		single   bool // some go alone
		believed bool // the refusal is remembered
	}{
		{
			name: "some are refused", trouble: sandbox.BulkTrouble{Fail: map[string]string{"WASH-3": "A rule says no.", "WASH-7": "A rule says no."}},
			failed: func(i int) bool { return i == 2 || i == 6 }, kind: fault.Permanent, reason: fault.Unsupported, says: "A rule says no.",
		},
		{name: "Jira gives up", trouble: sandbox.BulkTrouble{End: sandbox.BulkFailed}, single: true, believed: true},
		{name: "it is dead", trouble: sandbox.BulkTrouble{End: sandbox.BulkDead}, single: true, believed: true},
		{
			name: "it hangs", trouble: sandbox.BulkTrouble{End: sandbox.BulkHanging},
			failed: func(i int) bool { return i >= k/2 }, kind: fault.Retryable, reason: fault.Timeout, unsure: true, says: "not told yet",
		},
		{name: "it is forbidden", fault: dials.Fault{Path: orderPath, Effect: dials.Reply, Status: 403}, single: true, believed: true},
		{name: "it is refused", fault: dials.Fault{Path: orderPath, Effect: dials.Reply, Status: 400}, single: true, believed: true},
		{
			name: "no answer to the order", fault: dials.Fault{Path: orderPath, Effect: dials.Reply, Status: 500, Times: -1},
			failed: all, kind: fault.Retryable, reason: fault.Unavailable, unsure: true,
		},
		{
			name: "too many requests", fault: dials.Fault{Path: orderPath, Effect: dials.Reply, Status: 429, Header: http.Header{"Retry-After": {"90"}}, Times: -1},
			failed: all, kind: fault.Retryable, reason: fault.RateLimited,
		},
		{name: "one look goes wrong", fault: dials.Fault{Path: queuePath, Effect: dials.Reply, Status: 404}},
		{
			name: "no look goes right", fault: dials.Fault{Path: queuePath, Effect: dials.Reply, Status: 404, Times: -1},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			tl, rs := crowdOf(t, k, setup{})
			tl.srv.TroubleBulk(tc.trouble)
			if tc.fault.Path != "" {
				tl.srv.Panel().Inject(tc.fault)
			}
			for i, rc := range tl.apply(moveAll(rs, task.InProgress)...) {
				if failed := tc.failed != nil && tc.failed(i); failed != (rc.Err != nil) {
					t.Errorf("patch %d: %v", i, rc.Err)
				} else if failed {
					f := wantFault(t, rc.Err, tc.kind, tc.reason)
					if rc.Uncertain != tc.unsure || !strings.Contains(f.Error(), tc.says) || tc.reason != fault.RateLimited && f.Ref != rs[i].Ref {
						t.Errorf("patch %d: %+v %v", i, rc, f)
					}
				} else if rc.Record == nil || rc.Record.Values[task.Status].String() != task.InProgress {
					t.Errorf("patch %d: read back %+v", i, rc.Record)
				}
			}
			got := tl.requests()
			if single := count(got, "POST") > count(got, orderPath)+count(got, "bulkfetch"); single != tc.single {
				t.Errorf("moved one by one: %v, %v", single, got)
			}
			tl.srv.Panel().Clear()
			if tc.reason == fault.RateLimited {
				tl.clock.pass(90 * time.Second) // what was asked for
			}
			// The next cycle makes true what is not, and no more.
			snap := tl.full()
			tl.requests()
			var ps []task.Patch
			for _, r := range snap.Records {
				ps = append(ps, change(r, task.Status, task.EnumValue(task.Blocked)))
			}
			tl.must(ps...)
			if orders := count(tl.requests(), orderPath); (orders == 0) != tc.believed {
				t.Errorf("the next cycle gave %d orders", orders)
			}
			tl.clock.pass(2 * time.Hour)
			tl.must(moveAll(tl.full().Records, task.InProgress)...)
			if count(tl.requests(), orderPath) == 0 {
				t.Error("the refusal is remembered for ever")
			}
		})
	}
}

func TestWhoMayNotMoveMany(t *testing.T) {
	t.Parallel()
	tl, rs := crowdOf(t, 10, setup{})
	tl.srv.Deny("BULK_CHANGE")
	tl.must(moveAll(rs, task.InProgress)...)
	tl.must(moveAll(tl.full().Records, task.Blocked)...)
	got := tl.requests()
	if orders, asked := count(got, orderPath), count(got, "mypermissions"); orders != 0 || asked != 1 {
		t.Errorf("%d orders, asked %d times", orders, asked)
	}
	// A few are not worth it.
	few, rs := crowdOf(t, crowdMin-1, setup{})
	few.must(moveAll(rs, task.InProgress)...)
	if got := few.requests(); count(got, orderPath)+count(got, "mypermissions") != 0 {
		t.Errorf("a few cost %v", got)
	}
}

// What somebody changed meanwhile stays, several patches of one issue keep their order, and the other fields go through
// where the status does not.
func TestTogetherKeepsThePromises(t *testing.T) {
	t.Parallel()
	tl, rs := crowdOf(t, 10, setup{})
	tl.srv.TroubleBulk(sandbox.BulkTrouble{Fail: map[string]string{rs[3].Name: "A rule says no."}})
	ps := moveAll(rs, task.InProgress)
	if err := tl.srv.Set(rs[1].Name, map[string]any{"status": "Done"}); err != nil {
		t.Fatal(err)
	}
	if err := tl.srv.Delete(rs[2].Name); err != nil {
		t.Fatal(err)
	}
	ps[3].Set = append(ps[3].Set, task.Change{Field: task.Due, From: rs[3].Values[task.Due], To: date(t, "2026-05-05")})
	twice := change(rs[4], task.Status, task.EnumValue(task.Blocked))
	twice.Set[0].From = task.EnumValue(task.InProgress)
	out := tl.apply(append(ps, twice)...)
	wantFault(t, out[1].Err, fault.Conflict, fault.Precondition)
	wantFault(t, out[2].Err, fault.Permanent, fault.NotFound)
	wantFault(t, out[3].Err, fault.Partial, fault.Unsupported)
	if v := out[3].Record.Values; v[task.Due].String() != "2026-05-05" || v[task.Status].String() != task.NotStarted {
		t.Errorf("refused, with a due date: %v", v)
	}
	if v := tl.view(rs[1].Name); v.Status != "Done" {
		t.Errorf("a person's status became %s", v.Status)
	}
	if v := tl.view(rs[4].Name); v.Status != "Blocked" || out[10].Err != nil {
		t.Errorf("two patches of one issue made it %s, %v", v.Status, out[10].Err)
	}
	for _, i := range []int{0, 4, 5, 6, 7, 8, 9} {
		if out[i].Err != nil {
			t.Errorf("patch %d: %v", i, out[i].Err)
		}
	}
}

// Told to stop while Jira is at it: what is known is told, and the rest of the patches is left.
func TestStopWhileMovingTogether(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	tl, rs := crowdOf(t, 10, setup{jira: sandbox.Options{BulkPolls: 100}, change: func(_ *Config, o *Options) {
		looks := 0
		o.Wait = func(ctx context.Context, _ time.Duration) error {
			if looks++; looks == 5 {
				cancel()
			}
			return ctx.Err()
		}
	}})
	ps := moveAll(rs, task.InProgress)
	for i := range ps {
		ps[i].Set = append(ps[i].Set, task.Change{Field: task.Due, From: rs[i].Values[task.Due], To: date(t, "2026-05-05")})
	}
	out := tl.Apply(ctx, ps)
	for i, rc := range out {
		if rc.Err == nil || !rc.Uncertain && !fault.HasReason(rc.Err, fault.Cancelled) {
			t.Errorf("patch %d: %+v", i, rc)
		}
	}
	if got := tl.requests(); count(got, "PUT ") != 0 {
		t.Errorf("it went on: %v", got)
	}
}
