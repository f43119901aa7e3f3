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

func TestUpdateEachField(t *testing.T) {
	t.Parallel()
	tl := start(t, setup{change: func(c *Config, _ *Options) {
		c.Fields = map[task.Field]string{task.Progress: "customfield_10042", task.Start: "Start date", task.Notes: "description", task.Workstream: "component"}
		c.People = []Person{{Name: "Amina Diallo", Email: "amina@example.org"}}
	}})
	tl.srv.AddUser("Amina D.", "amina@example.org")
	key := tl.srv.Add(sandbox.Seed{Summary: "A", Labels: []string{"old", "theirs"}, Component: "Pumps"})
	tl.srv.Add(sandbox.Seed{Summary: "B", Component: "Wells"})
	r := tl.record(key)
	num, err := task.NumberValue(0.07)
	if err != nil {
		t.Fatal(err)
	}
	for f, v := range map[task.Field]task.Value{
		task.Title: task.TextValue("=1+1 \"quoted\" \\ 😀"), task.Status: task.EnumValue(task.Blocked), task.Assignee: task.PersonValue("Amina Diallo"),
		task.Due: date(t, "2026-12-31"), task.Start: date(t, "2026-12-01"), task.Priority: task.TextValue("low"), task.Labels: task.SetValue("new", "theirs"),
		task.Workstream: task.TextValue("Wells"), task.Progress: num, task.Notes: task.TextValue("h1. not a title\n* star"),
	} {
		before := recordOf(t, tl.full(), key)
		want, problem := tl.Normalize(f, v, before.Values[f])
		if problem != nil {
			t.Fatalf("%s: %+v", f, problem)
		}
		after := tl.must(change(before, f, v))[0].Record
		expect := before.Values
		expect[f] = want
		if after.Values != expect {
			t.Errorf("%s: got %v, want %v", f, after.Values, expect)
		}
		if again := recordOf(t, tl.full(), key); again.Values != after.Values || again.Version != after.Version {
			t.Errorf("%s: read back %+v, then read %+v", f, after, again)
		}
		if after.Version <= before.Version {
			t.Errorf("%s: the version went from %d to %d", f, before.Version, after.Version)
		}
	}
	for _, f := range []task.Field{task.Assignee, task.Due, task.Start, task.Labels, task.Workstream, task.Progress, task.Notes} {
		after := tl.must(change(recordOf(t, tl.full(), key), f, task.Empty(f.Kind())))[0].Record
		if v := after.Values[f]; !v.IsEmpty() || v.IsNone() {
			t.Errorf("%s is not cleared: %q", f, v)
		}
	}
	if v := tl.view(key); v.Assignee != "" || v.Due != "" || len(v.Labels) != 0 || v.Description != "" || v.Status != "Blocked" {
		t.Errorf("Jira holds %+v", v)
	}
	if r.Name != key {
		t.Errorf("read %+v", r)
	}
}

func TestLabelsOfOthersSurvive(t *testing.T) {
	t.Parallel()
	tl := start(t, setup{})
	key := tl.srv.Add(sandbox.Seed{Summary: "A", Labels: []string{"a", "b", "lockstep-CW-1", "lockstep-XX-2"}})
	r := tl.record(key)
	if r.Marker != "CW-1" || r.Values[task.Labels] != task.SetValue("a", "b") {
		t.Fatalf("got %+v", r)
	}
	// Somebody adds a label between our read before writing and our write.
	tl.srv.Panel().Inject(dials.Fault{Method: http.MethodPut, Effect: dials.Reply, Status: 409, Times: 1})
	wantFault(t, tl.apply(change(r, task.Labels, task.SetValue("a", "c")))[0].Err, fault.Conflict, fault.Precondition)
	tl.must(change(r, task.Labels, task.SetValue("a", "c")))
	got := slices.Sorted(slices.Values(tl.view(key).Labels))
	if want := []string{"a", "c", "lockstep-CW-1", "lockstep-XX-2"}; !slices.Equal(got, want) {
		t.Errorf("labels %v, want %v", got, want)
	}
}

func TestStaleWritesNothing(t *testing.T) {
	t.Parallel()
	tl := start(t, setup{})
	a, b, c := tl.srv.Add(sandbox.Seed{Summary: "A"}), tl.srv.Add(sandbox.Seed{Summary: "B"}), tl.srv.Add(sandbox.Seed{Summary: "C"})
	snap := tl.read()
	if err := tl.srv.Set(a, map[string]any{"summary": "A by a person"}); err != nil {
		t.Fatal(err)
	}
	if err := tl.srv.Delete(b); err != nil {
		t.Fatal(err)
	}
	before := tl.view(a)
	both := change(recordOf(t, snap, a), task.Title, task.TextValue("A by us"))
	both.Set = append(both.Set, task.Change{Field: task.Status, From: task.EnumValue(task.NotStarted), To: task.EnumValue(task.InProgress)})
	out := tl.apply(both, change(recordOf(t, snap, b), task.Title, task.TextValue("x")), change(recordOf(t, snap, c), task.Title, task.TextValue("C by us")))
	wantFault(t, out[0].Err, fault.Conflict, fault.Precondition)
	if f := wantFault(t, out[1].Err, fault.Permanent, fault.NotFound); f.Hint == "" {
		t.Error("no hint")
	}
	if out[2].Err != nil || out[2].Record.Values[task.Title].String() != "C by us" {
		t.Errorf("the third patch: %+v", out[2])
	}
	if after := tl.view(a); after.Summary != before.Summary || after.Status != before.Status || !after.Updated.Equal(before.Updated) {
		t.Errorf("it was written to: %+v", after)
	}
	// A patch that is true already is no conflict, and writes nothing.
	tl.requests()
	if rc := tl.must(change(recordOf(t, snap, a), task.Title, task.TextValue("A by a person"))); rc[0].Record.Version != before.Updated.UnixMilli() {
		t.Errorf("got %+v", rc[0].Record)
	}
	if got := tl.requests(); len(got) != 1 {
		t.Errorf("a patch that was true already cost %v", got)
	}
}

func TestStatusEveryWay(t *testing.T) {
	t.Parallel()
	places := []string{"To Do", "In Progress", "In Review", "Blocked", "Done", "Won't Do"}
	for _, from := range places {
		for _, want := range task.Statuses() {
			t.Run(from+" to "+want, func(t *testing.T) {
				t.Parallel()
				tl := start(t, setup{})
				key := tl.srv.Add(sandbox.Seed{Summary: "A", Status: from, Due: "2026-01-01"})
				r := tl.record(key)
				p := change(r, task.Status, task.EnumValue(want))
				p.Set = append(p.Set, task.Change{Field: task.Due, From: r.Values[task.Due], To: date(t, "2026-02-02")})
				rc := tl.must(p)[0]
				if got := rc.Record.Values; got[task.Status].String() != want || got[task.Due].String() != "2026-02-02" {
					t.Errorf("read back %v", got)
				}
				v := tl.view(key)
				if got := recordOf(t, tl.full(), key).Values[task.Status].String(); got != want || v.Due != "2026-02-02" {
					t.Errorf("it is %s, %+v", got, v)
				}
				if (v.Resolution != "") != (v.Category == "done") || want == task.Cancelled && v.Resolution != "Won't Do" {
					t.Errorf("status %s with resolution %q", v.Status, v.Resolution)
				}
			})
		}
	}
}

func TestNoWayToAStatus(t *testing.T) {
	t.Parallel()
	tl := start(t, setup{})
	key := tl.srv.Add(sandbox.Seed{Summary: "A"})
	r := tl.record(key)
	tl.srv.Deny("TRANSITION_ISSUES")
	rc := tl.apply(change(r, task.Status, task.EnumValue(task.Done)))[0]
	if f := fault.Of(rc.Err); f == nil || f.Kind != fault.Permanent || f.Hint == "" || rc.Uncertain {
		t.Errorf("got %+v", f)
	}
	tl.srv.Allow("TRANSITION_ISSUES")
	tl.must(change(r, task.Status, task.EnumValue(task.Done)))
}

// Half way is told as such, with what came of it.
func TestHalfWayIsPartial(t *testing.T) {
	t.Parallel()
	tl := start(t, setup{})
	key := tl.srv.Add(sandbox.Seed{Summary: "A"})
	r := tl.record(key)
	tl.srv.Panel().Inject(dials.Fault{Method: http.MethodPost, Path: "/transitions", Skip: 1, Effect: dials.Reply, Status: 500, Times: -1})
	rc := tl.apply(change(r, task.Status, task.EnumValue(task.Done)))[0]
	wantFault(t, rc.Err, fault.Partial, fault.Unavailable)
	if rc.Record == nil || rc.Record.Values[task.Status].String() != task.InProgress {
		t.Fatalf("read back %+v", rc.Record)
	}
	if got := rc.Left[task.Status].String(); got != task.InProgress {
		t.Errorf("what we left is %q", got)
	}
	if f := fault.Of(rc.Err); !strings.Contains(f.Error(), "tried “To Do” → “In Progress”, and left it in “In Progress”") || f.Hint == "" {
		t.Errorf("it says %v (%s)", f, f.Hint)
	}
	tl.srv.Panel().Clear()
	tl.must(change(*rc.Record, task.Status, task.EnumValue(task.Done)))

	// A status that got through and a due date that did not.
	second := tl.srv.Add(sandbox.Seed{Summary: "B"})
	r = tl.record(second)
	tl.srv.Panel().Inject(dials.Fault{Method: http.MethodPut, Effect: dials.Reply, Status: 400, Body: `{"errorMessages":[],"errors":{"duedate":"Field 'duedate' cannot be set."}}`})
	p := change(r, task.Status, task.EnumValue(task.InProgress))
	p.Set = append(p.Set, task.Change{Field: task.Due, From: r.Values[task.Due], To: date(t, "2026-02-02")})
	rc = tl.apply(p)[0]
	wantFault(t, rc.Err, fault.Partial, fault.Invalid)
	if rc.Record == nil || rc.Record.Values[task.Status].String() != task.InProgress || !rc.Record.Values[task.Due].IsEmpty() {
		t.Errorf("read back %+v", rc.Record)
	}
}

// A field that Jira refuses does not keep the others from getting through.
func TestRefusedFieldAlone(t *testing.T) {
	t.Parallel()
	tl := start(t, setup{})
	key := tl.srv.Add(sandbox.Seed{Summary: "A"})
	r := tl.record(key)
	tl.srv.Panel().Inject(dials.Fault{Method: http.MethodPut, Effect: dials.Reply, Status: 400, Body: `{"errorMessages":[],"errors":{"duedate":"not on the screen"}}`})
	p := change(r, task.Title, task.TextValue("B"))
	p.Set = append(p.Set, task.Change{Field: task.Due, From: r.Values[task.Due], To: date(t, "2026-02-02")})
	rc := tl.apply(p)[0]
	f := wantFault(t, rc.Err, fault.Partial, fault.Invalid)
	if !strings.Contains(f.Error(), "duedate") || rc.Record == nil || rc.Record.Values[task.Title].String() != "B" || !rc.Record.Values[task.Due].IsEmpty() {
		t.Errorf("%v; read back %+v", f, rc.Record)
	}
}

// The workflow's ways are read once; one that no longer holds is found out and read again.
func TestWorkflowThatChanged(t *testing.T) {
	t.Parallel()
	tl := start(t, setup{})
	var rs []task.Record
	for range 4 {
		tl.srv.Add(sandbox.Seed{Summary: "A"})
	}
	rs = append(rs, tl.read().Records...)
	tl.requests()
	to := task.EnumValue(task.InProgress)
	tl.must(change(rs[0], task.Status, to), change(rs[1], task.Status, to))
	if got := tl.requests(); len(got) != 1+1+2+1 {
		t.Errorf("two moves cost %v", got)
	}
	// The transitions that are remembered are not there any more.
	for key, edges := range tl.flow.edges {
		for i := range edges {
			tl.flow.edges[key][i].id = "999"
		}
	}
	tl.must(change(rs[2], task.Status, to))

	// Refused because somebody else moved the issue between our read and our write: that is a conflict.
	tl.srv.Panel().Inject(dials.Fault{Method: http.MethodPost, Path: "/transitions", Effect: dials.Reply, Status: 400, Body: `{"errorMessages":["illegal"],"errors":{}}`})
	is := issueOf(t, `{"status":{"id":"11000","name":"To Do","statusCategory":{"key":"new"}}}`)
	is.ID = rs[3].Ref.Key
	if err := tl.srv.Set(rs[3].Name, map[string]any{"status": "Done"}); err != nil {
		t.Fatal(err)
	}
	wantFault(t, tl.stillAt(t.Context(), is), fault.Conflict, fault.Precondition)
}

// One poisoned patch never stops the others, and receipts come in order.
func TestPoisonedPatch(t *testing.T) {
	t.Parallel()
	tl := start(t, setup{})
	for i := range 5 {
		tl.srv.Add(sandbox.Seed{Summary: fmt.Sprint(i)})
	}
	rs := tl.read().Records
	var ps []task.Patch
	for _, r := range rs {
		ps = append(ps, change(r, task.Title, task.TextValue(r.Values[task.Title].String()+"!")))
	}
	tl.srv.Panel().Inject(dials.Fault{Method: http.MethodPut, Path: rs[2].Ref.Key, Effect: dials.Reply, Status: 500, Times: -1})
	for i, rc := range tl.apply(ps...) {
		if (rc.Err == nil) != (i != 2) {
			t.Errorf("patch %d: %v", i, rc.Err)
		}
		if i != 2 && rc.Record.Values[task.Title].String() != fmt.Sprintf("%d!", i) {
			t.Errorf("patch %d: read back %v", i, rc.Record.Values)
		}
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	tl := start(t, setup{})
	for i := range 3 {
		tl.srv.Add(sandbox.Seed{Summary: fmt.Sprint(i)})
	}
	rs := tl.read().Records
	ps := []task.Patch{change(rs[0], task.Title, task.TextValue("a")), change(rs[1], task.Title, task.TextValue("b")), change(rs[2], task.Title, task.TextValue("c"))}
	limit := func(reason string) {
		tl.srv.Panel().Inject(dials.Fault{Method: http.MethodPut, Path: rs[0].Ref.Key, Effect: dials.Reply, Status: 429, Times: -1, Header: http.Header{"Retry-After": {"120"}, "RateLimit-Reason": {reason}}})
	}
	// A limit of one issue concerns that issue.
	limit("jira-per-issue-on-write")
	out := tl.apply(ps...)
	if f := wantFault(t, out[0].Err, fault.Retryable, fault.RateLimited); f.RetryAfter != 2*time.Minute || out[0].Uncertain {
		t.Errorf("got %+v", out[0])
	}
	if out[1].Err != nil || out[2].Err != nil {
		t.Errorf("the others: %v, %v", out[1].Err, out[2].Err)
	}
	// A quota concerns them all.
	tl.srv.Panel().Clear()
	tl.clock.pass(2 * time.Minute)
	limit("jira-quota-global-based")
	tl.requests()
	for i, rc := range tl.apply(ps...) {
		if f := wantFault(t, rc.Err, fault.Retryable, fault.RateLimited); f.RetryAfter != 2*time.Minute {
			t.Errorf("patch %d: %+v", i, f)
		}
	}
	if got := tl.requests(); len(got) != 2 {
		t.Errorf("it went on: %v", got)
	}
}

func TestStopping(t *testing.T) {
	t.Parallel()
	tl := start(t, setup{})
	for i := range 3 {
		tl.srv.Add(sandbox.Seed{Summary: fmt.Sprint(i)})
	}
	rs := tl.read().Records
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var once bool
	tl.srv.OnChange(func() { // the first write lands: now we are told to stop
		if !once {
			once = true
			cancel()
		}
	})
	var ps []task.Patch
	for _, r := range rs {
		ps = append(ps, change(r, task.Title, task.TextValue("x")))
	}
	out := tl.Apply(ctx, ps)
	if out[0].Err != nil || out[0].Record == nil {
		t.Errorf("the write in flight: %+v", out[0])
	}
	for _, rc := range out[1:] {
		if !fault.HasReason(rc.Err, fault.Cancelled) || rc.Uncertain {
			t.Errorf("the rest: %+v", rc)
		}
	}
	if _, err := tl.Pull(ctx, tl.cursor); !fault.HasReason(err, fault.Cancelled) {
		t.Errorf("pull: %v", err)
	}
}

// k changed issues cost at most 2k + k/100 requests, and one for each status whose transitions are met for the first time.
func TestWriteBudget(t *testing.T) {
	t.Parallel()
	const k = 150
	tl := start(t, setup{change: func(_ *Config, o *Options) { o.Rate = 10_000 }})
	for i := range k {
		tl.srv.Add(sandbox.Seed{Summary: fmt.Sprint(i)})
	}
	rs := tl.read().Records
	for _, step := range [][]task.Change{
		{{Field: task.Title, To: task.TextValue("x")}},
		{{Field: task.Status, To: task.EnumValue(task.InProgress)}},
		{{Field: task.Title, To: task.TextValue("y")}, {Field: task.Status, To: task.EnumValue(task.Blocked)}},
	} {
		var ps []task.Patch
		for _, r := range rs {
			p := task.Patch{Op: task.Update, Ref: r.Ref, Name: r.Name}
			for _, ch := range step {
				ch.From = r.Values[ch.Field]
				p.Set = append(p.Set, ch)
			}
			ps = append(ps, p)
		}
		tl.requests()
		for i, rc := range tl.must(ps...) {
			rs[i] = *rc.Record
		}
		n, learned := 0, 0
		for _, r := range tl.requests() {
			if strings.HasPrefix(r, "GET ") && strings.HasSuffix(r, "/transitions") {
				learned++
			}
			n++
		}
		if n-learned > 2*k+(k+99)/100 || learned > 1 {
			t.Errorf("%d changes of %d fields cost %d requests, %d of them to learn the workflow", k, len(step), n, learned)
		}
	}
}
