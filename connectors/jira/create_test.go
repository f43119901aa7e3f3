package jira

import (
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

func create(id task.ID, title string, more ...task.Change) task.Patch {
	set := append([]task.Change{{Field: task.Title, To: task.TextValue(title)}}, more...)
	return task.Patch{Op: task.Create, Task: id, Set: set}
}

func TestCreate(t *testing.T) {
	t.Parallel()
	tl := start(t, setup{change: func(c *Config, _ *Options) {
		c.Fields = map[task.Field]string{task.Notes: "description", task.Progress: "Progress"}
	}})
	who := tl.srv.Add(sandbox.Seed{Summary: "Of Amina", Assignee: "Amina Diallo"})
	tl.read()
	tl.requests()
	half, err := task.NumberValue(0.5)
	if err != nil {
		t.Fatal(err)
	}
	rcs := tl.must(
		create("CW-5", "Drill\nthe well", task.Change{Field: task.Status, To: task.EnumValue(task.Cancelled)}, task.Change{Field: task.Assignee, To: task.PersonValue("Amina Diallo")},
			task.Change{Field: task.Due, To: date(t, "2026-07-01")}, task.Change{Field: task.Priority, To: task.TextValue("High")}, task.Change{Field: task.Progress, To: half},
			task.Change{Field: task.Labels, To: task.SetValue("two words", "x")}, task.Change{Field: task.Notes, To: task.TextValue("n")}),
		create("CW-6", "Pump"),
	)
	t.Logf("two creates cost %v", tl.requests())
	r := *rcs[0].Record
	v := tl.view(r.Name)
	if v.ID != r.Ref.Key || v.Summary != "Drill the well" || v.Resolution != "Won't Do" || v.Assignee != "Amina Diallo" || v.Due != "2026-07-01" ||
		v.Priority != "High" || v.Description != "n" || v.Type != "Task" || !strings.Contains(v.Properties["lockstep"], "CW-5") {
		t.Errorf("Jira holds %+v", v)
	}
	if got := slices.Sorted(slices.Values(v.Labels)); !slices.Equal(got, []string{"lockstep-CW-5", "two-words", "x"}) {
		t.Errorf("labels %v", got)
	}
	if r.Marker != "CW-5" || r.Values[task.Status].String() != task.Cancelled || r.Values[task.Labels] != task.SetValue("two-words", "x") || r.Values[task.Progress] != half {
		t.Errorf("read back %+v", r)
	}
	if got := recordOf(t, tl.full(), r.Name); got.Values != r.Values || got.Version != r.Version {
		t.Errorf("read back %+v, then read %+v", r, got)
	}
	if got, found, err := tl.Find(t.Context(), "CW-6"); err != nil || !found || got.Ref != rcs[1].Record.Ref {
		t.Errorf("found %+v, %v, %v", got, found, err)
	}
	if _, found, err := tl.Find(t.Context(), "CW-60"); err != nil || found {
		t.Errorf("found what is not there: %v, %v", found, err)
	}
	// A copy of an issue carries its mark too.
	tl.srv.Add(sandbox.Seed{Summary: "copy", Labels: []string{"lockstep-CW-6"}})
	if _, _, err := tl.Find(t.Context(), "CW-6"); !fault.Is(err, fault.Conflict) || fault.Of(err).Hint == "" {
		t.Errorf("two carry one mark: %v", err)
	}
	tl.srv.Add(sandbox.Seed{Summary: "two marks", Labels: []string{"lockstep-CW-6", "lockstep-CW-7"}})
	if held := tl.full().Held; len(held) != 1 || held[0].Reason != task.HoldAmbiguous || held[0].Key == "" {
		t.Errorf("held %+v", held)
	}
	if who == "" {
		t.Error("no issue was seeded")
	}
}

// However the answer to a create is lost, the issue is found later and there is never a second one.
func TestCreateWithALostAnswer(t *testing.T) {
	t.Parallel()
	lag := 2 * time.Minute
	for name, tc := range map[string]struct {
		fault  dials.Fault
		landed bool
	}{
		"cut after it landed":    {dials.Fault{Method: http.MethodPost, Path: "/rest/api/3/issue", Effect: dials.CutAfter}, true},
		"cut before it landed":   {dials.Fault{Method: http.MethodPost, Path: "/rest/api/3/issue", Effect: dials.CutBefore}, false},
		"silence":                {dials.Fault{Method: http.MethodPost, Path: "/rest/api/3/issue", Effect: dials.HangAfter}, true},
		"half an answer":         {dials.Fault{Method: http.MethodPost, Path: "/rest/api/3/issue", Effect: dials.Truncate}, true},
		"a gateway's 504":        {dials.Fault{Method: http.MethodPost, Path: "/rest/api/3/issue", Effect: dials.Reply, Status: 504}, false},
		"a page instead of JSON": {dials.Fault{Method: http.MethodPost, Path: "/rest/api/3/issue", Effect: dials.Reply, Status: 200, Body: "<html>"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tl := start(t, setup{jira: sandbox.Options{IndexLag: lag}})
			tl.o.Base = tl.srv.Panel().Impatient(tl.o.Base)
			tl.restart()
			tl.read()
			tl.srv.Panel().Inject(tc.fault)
			rc := tl.apply(create("CW-9", "Once"))[0]
			if rc.Err == nil || !rc.Uncertain {
				t.Fatalf("got %+v", rc)
			}
			if got := len(tl.srv.Keys()); got != map[bool]int{true: 1, false: 0}[tc.landed] {
				t.Fatalf("Jira has %d issues", got)
			}
			if _, found, err := tl.Find(t.Context(), "CW-9"); found || err != nil {
				t.Errorf("before the index settled: %v, %v", found, err)
			}
			tl.clock.pass(tl.Describe().SettleDelay)
			r, found, err := tl.Find(t.Context(), "CW-9")
			if err != nil || found != tc.landed {
				t.Fatalf("found %v, %v", found, err)
			}
			if found && (r.Marker != "CW-9" || r.Values[task.Title].String() != "Once") {
				t.Errorf("found %+v", r)
			}
		})
	}

	// The issue was made and its answer came, but it cannot be read back: uncertain, too.
	tl := start(t, setup{})
	tl.read()
	tl.srv.Panel().Inject(dials.Fault{Path: "bulkfetch", Effect: dials.Reply, Status: 503, Times: -1})
	rc := tl.apply(create("CW-9", "Once"))[0]
	if rc.Err == nil || !rc.Uncertain || rc.Record != nil || len(tl.srv.Keys()) != 1 {
		t.Errorf("got %+v", rc)
	}

	// A refusal is certain.
	tl.srv.Panel().Clear()
	tl.srv.Panel().Inject(dials.Fault{Method: http.MethodPost, Path: "/rest/api/3/issue", Effect: dials.Reply, Status: 400, Body: `{"errors":{"summary":"no"}}`})
	if rc := tl.apply(create("CW-10", "x"))[0]; rc.Uncertain || !fault.Is(rc.Err, fault.Permanent) {
		t.Errorf("got %+v", rc)
	}
}

func TestCreateThatAsksForMore(t *testing.T) {
	t.Parallel()
	tl := start(t, setup{})
	tl.read()
	metaFault := func(fields string) {
		tl.srv.Panel().Clear()
		clear(tl.forms)
		tl.srv.Panel().Inject(dials.Fault{Method: http.MethodGet, Path: "/issuetypes/", Effect: dials.Reply, Status: 200, Header: http.Header{"Content-Type": {"application/json"}}, Body: `{"total":3,"fields":[` + fields + `]}`})
	}
	metaFault(`{"fieldId":"summary","required":true},{"fieldId":"labels"},{"fieldId":"customfield_9","name":"Cost centre","required":true,"hasDefaultValue":false}`)
	f := wantFault(t, tl.apply(create("CW-1", "x"))[0].Err, fault.Permanent, fault.Invalid)
	if !strings.Contains(f.Hint, "Cost centre") {
		t.Errorf("hint %q", f.Hint)
	}
	metaFault(`{"fieldId":"summary","required":true},{"fieldId":"reporter","required":true,"hasDefaultValue":true},{"fieldId":"x"}`)
	f = wantFault(t, tl.apply(create("CW-1", "x"))[0].Err, fault.Permanent, fault.Invalid)
	if !strings.Contains(f.Hint, "Labels") {
		t.Errorf("hint %q", f.Hint)
	}
	if len(tl.srv.Keys()) != 0 {
		t.Error("an issue was made")
	}
	// What the create screen does not have is set after the create.
	metaFault(`{"fieldId":"summary","required":true},{"fieldId":"labels"},{"fieldId":"x"}`)
	rc := tl.must(create("CW-1", "x", task.Change{Field: task.Due, To: date(t, "2026-09-09")}))[0]
	if v := tl.view(rc.Record.Name); v.Due != "2026-09-09" || rc.Record.Values[task.Due].String() != v.Due {
		t.Errorf("due %q, read back %q", v.Due, rc.Record.Values[task.Due])
	}
	tl.cfg.Create.IssueType = "Tsak"
	tl.restart()
	if f := wantFault(t, tl.apply(create("CW-2", "x"))[0].Err, fault.Permanent, fault.Invalid); !strings.Contains(f.Hint, "Task") {
		t.Errorf("hint %q", f.Hint)
	}
}

// What Jira refuses by name is left out of a create, and told.
func TestCreateWithARefusedField(t *testing.T) {
	t.Parallel()
	tl := start(t, setup{})
	tl.read()
	tl.srv.Panel().Inject(dials.Fault{Method: http.MethodPost, Path: "/rest/api/3/issue", Effect: dials.Reply, Status: 400, Body: `{"errorMessages":[],"errors":{"duedate":"not today"}}`})
	rc := tl.apply(create("CW-1", "x", task.Change{Field: task.Status, To: task.EnumValue(task.Done)}, task.Change{Field: task.Due, To: date(t, "2026-09-09")}))[0]
	f := wantFault(t, rc.Err, fault.Partial, fault.Invalid)
	if rc.Uncertain || rc.Record == nil || rc.Record.Marker != "CW-1" || !rc.Record.Values[task.Due].IsEmpty() || rc.Record.Values[task.Status].String() != task.Done {
		t.Errorf("got %+v", rc)
	}
	if !strings.Contains(f.Error(), "not today") || len(tl.srv.Keys()) != 1 {
		t.Errorf("%v, %v", f, tl.srv.Keys())
	}
}

func TestCreateThatCannotBeMoved(t *testing.T) {
	t.Parallel()
	tl := start(t, setup{})
	tl.read()
	tl.srv.Deny("TRANSITION_ISSUES")
	rc := tl.apply(create("CW-1", "x", task.Change{Field: task.Status, To: task.EnumValue(task.Done)}))[0]
	if f := fault.Of(rc.Err); f == nil || f.Kind != fault.Partial || rc.Uncertain || rc.Record == nil || rc.Record.Marker != "CW-1" {
		t.Errorf("got %+v", rc)
	}
	if len(tl.srv.Keys()) != 1 {
		t.Errorf("Jira has %v", tl.srv.Keys())
	}
}

func TestAdopt(t *testing.T) {
	t.Parallel()
	tl := start(t, setup{})
	a, b := tl.srv.Add(sandbox.Seed{Summary: "A"}), tl.srv.Add(sandbox.Seed{Summary: "B", Labels: []string{"lockstep-CW-8"}})
	snap := tl.read()
	adopt := func(name string, id task.ID) task.Patch {
		r := recordOf(t, snap, name)
		return task.Patch{Op: task.Adopt, Task: id, Ref: r.Ref, Name: name, Expect: r.Values}
	}
	rc := tl.must(adopt(a, "CW-3"))[0]
	if rc.Record.Marker != "CW-3" || rc.Record.Ref != recordOf(t, snap, a).Ref {
		t.Errorf("read back %+v", rc.Record)
	}
	tl.requests()
	tl.must(adopt(a, "CW-3"))
	if got := tl.requests(); len(got) != 1 {
		t.Errorf("adopting twice wrote: %v", got)
	}
	wantFault(t, tl.apply(adopt(b, "CW-3"))[0].Err, fault.Conflict, fault.Precondition)
	if err := tl.srv.Set(b, map[string]any{"summary": "B2"}); err != nil {
		t.Fatal(err)
	}
	wantFault(t, tl.apply(adopt(b, "CW-8"))[0].Err, fault.Conflict, fault.Precondition)
	wantFault(t, tl.apply(task.Patch{Op: task.Remove, Ref: rc.Record.Ref})[0].Err, fault.Permanent, fault.Unsupported)
}

// An index may lag for longer than anybody waits. A new issue whose answer was lost is found all the same: the keys of a project are
// numbered one by one, and an issue is read by its key past the index.
func TestCreateWithALostAnswerAndAVeryLateIndex(t *testing.T) {
	t.Parallel()
	onEvery(t, func(t *testing.T, sp spoken) {
		t.Helper()
		tl := start(t, setup{jira: sandbox.Options{Flavor: sp.flavor, IndexLag: time.Hour}, change: func(_ *Config, o *Options) { o.CloudAPI = sp.api }})
		tl.srv.Add(sandbox.Seed{Summary: "Before"})
		tl.clock.pass(2 * time.Hour)
		tl.read()
		tl.srv.Add(sandbox.Seed{Summary: "Somebody else's"}) // which the index does not show either
		tl.srv.Panel().Inject(dials.Fault{Method: http.MethodPost, Path: "/issue", Effect: dials.CutAfter})
		if rc := tl.apply(create("CW-9", "Once"))[0]; !rc.Uncertain {
			t.Fatalf("got %+v", rc)
		}
		tl.srv.Panel().Clear()
		tl.clock.pass(tl.Describe().SettleDelay)
		r, found, err := tl.Find(t.Context(), "CW-9")
		if err != nil || !found || r.Marker != "CW-9" || r.Values[task.Title].String() != "Once" {
			t.Errorf("found %v: %+v, %v", found, r, err)
		}
		tl.requests()
		if _, found, err := tl.Find(t.Context(), "CW-10"); err != nil || found {
			t.Errorf("found what is not there: %v, %v", found, err)
		}
		if n := len(tl.requests()); n > 2+keysAbove+keysBelow {
			t.Errorf("to look for what is not there takes %d requests", n)
		}
	})
}
