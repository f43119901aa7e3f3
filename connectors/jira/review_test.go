package jira

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/lockstep-sync/lockstep/connectors/sandbox/dials"
	sandbox "github.com/lockstep-sync/lockstep/connectors/sandbox/jira"
	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// An issue that was deleted meanwhile does not keep another from being moved through a screen that asks for something.
func TestADeletedIssueBesideAMove(t *testing.T) {
	t.Parallel()
	onEvery(t, func(t *testing.T, sp spoken) {
		t.Helper()
		tl := start(t, setup{jira: sandbox.Options{Flavor: sp.flavor}, change: func(c *Config, o *Options) {
			o.CloudAPI = sp.api
			c.TransitionFields = map[string]string{"Root cause": "Pump"}
		}})
		id, err := tl.srv.AddField(sandbox.FieldSpec{Name: "Root cause", Type: sandbox.FieldSelect, Options: []string{"Pump", "Pipe"}})
		if err != nil {
			t.Fatal(err)
		}
		gone, there := tl.srv.Add(sandbox.Seed{Summary: "A"}), tl.srv.Add(sandbox.Seed{Summary: "B"})
		if err := tl.srv.SetWorkflow(tl.srv.Project(), []sandbox.TransitionSpec{
			{From: []string{"To Do"}, To: "Done", Category: "done", Screen: true, Fields: []sandbox.ScreenField{{ID: id, Required: true}}},
		}); err != nil {
			t.Fatal(err)
		}
		snap := tl.read()
		if err := tl.srv.Delete(gone); err != nil {
			t.Fatal(err)
		}
		out := tl.apply(change(recordOf(t, snap, gone), task.Title, task.TextValue("A2")), change(recordOf(t, snap, there), task.Status, task.EnumValue(task.Done)))
		wantFault(t, out[0].Err, fault.Permanent, fault.NotFound)
		if out[1].Err != nil || tl.view(there).Status != "Done" {
			t.Errorf("it is %s: %v", tl.view(there).Status, out[1].Err)
		}
	})
}

// halfway fails unless each issue is where it was or where it should be, or the receipt says that where it stands is nobody's word.
func (tl *tool) halfway(rs []task.Record, out []task.Receipt, want string) (between int) {
	tl.t.Helper()
	for i, r := range rs {
		is := issueOf(tl.t, "{}")
		v := tl.view(r.Name)
		for _, st := range tl.meaning.statuses {
			if st.Name == v.Status {
				is.set("status", st)
			}
		}
		is.resolve(v.Resolution)
		now, _ := tl.meaning.read(is)
		if now == want || now == r.Values[task.Status].String() {
			continue
		}
		between++
		if left := out[i].Left[task.Status]; left.String() != now {
			tl.t.Errorf("%s stands in %s, which nobody chose, and what was left there is said to be %q (%v)", r.Name, v.Status, left.String(), out[i].Err)
		}
	}
	return between
}

// Issues that are half-way together when something else of theirs turns out to be changed do not stay there.
func TestAConflictHalfWay(t *testing.T) {
	t.Parallel()
	var tl *tool
	var rs []task.Record
	once := sync.Once{}
	tl, rs = crowdOf(t, 8, setup{change: func(_ *Config, o *Options) {
		o.Rate = 10_000
		next := o.Base
		o.Base = roundTripper(func(r *http.Request) (*http.Response, error) {
			if strings.HasSuffix(r.URL.Path, orderPath) {
				once.Do(func() {
					if err := tl.srv.Set(rs[3].Name, map[string]any{"summary": "Typed meanwhile"}); err != nil {
						t.Error(err)
					}
				})
			}
			return next.RoundTrip(r)
		})
	}})
	ps := moveAll(rs, task.Cancelled)
	for i := range ps {
		ps[i].Set = append(ps[i].Set, task.Change{Field: task.Title, From: rs[i].Values[task.Title], To: task.TextValue(fmt.Sprintf("New %d", i))})
	}
	out := tl.apply(ps...)
	if f := fault.Of(out[3].Err); f == nil || f.Reason != fault.Precondition {
		t.Errorf("the conflict is told as %v", out[3].Err)
	}
	if got := tl.view(rs[3].Name).Summary; got != "Typed meanwhile" {
		t.Errorf("its title is %q", got)
	}
	tl.halfway(rs, out, task.Cancelled)
}

// Issues that are half-way together when Jira listens no more are said to be there.
func TestStoppedHalfWay(t *testing.T) {
	t.Parallel()
	tl, rs := crowdOf(t, 8, setup{})
	tl.srv.Panel().Inject(dials.Fault{
		Method: "POST", Path: "/transitions", Skip: 2, Times: -1, Effect: dials.Reply, Status: 429,
		Header: http.Header{"Retry-After": {"90"}, "RateLimit-Reason": {"jira-quota-global-based"}},
	})
	out := tl.apply(moveAll(rs, task.Cancelled)...)
	if n := tl.halfway(rs, out, task.Cancelled); n == 0 {
		t.Error("none is half-way: the test shows nothing")
	}
}

// Whatever goes wrong with whichever request of a batch that takes issues through two transitions: none is left half-way as if
// somebody had chosen that, and none that was not told of is where it was not.
func TestAFaultAtEveryRequestOfAMove(t *testing.T) {
	t.Parallel()
	faults := []dials.Fault{
		{Effect: dials.CutAfter, Times: 1},
		{Effect: dials.CutBefore, Times: -1},
		{Effect: dials.Reply, Status: 500, Times: 3},
		{Effect: dials.Reply, Status: 429, Times: -1, Header: http.Header{"Retry-After": {"90"}, "RateLimit-Reason": {"jira-quota-global-based"}}},
		{Effect: dials.Half, Times: 1},
		{Effect: dials.Reply, Status: 401, Times: -1},
	}
	for _, flavor := range []sandbox.Flavor{sandbox.Cloud, sandbox.DataCenter} {
		for n, f := range faults {
			t.Run(fmt.Sprintf("%s %s %d %d", flavor, f.Effect, f.Status, n), func(t *testing.T) {
				t.Parallel()
				for skip := 0; ; skip++ {
					tl, rs := crowdOf(t, 7, setup{jira: sandbox.Options{Flavor: flavor}})
					f.Skip = skip
					tl.srv.Panel().Inject(f)
					ps := moveAll(rs, task.Cancelled)
					for i := range ps {
						ps[i].Set = append(ps[i].Set, task.Change{Field: task.Due, From: rs[i].Values[task.Due], To: date(t, "2026-05-05")})
					}
					out := tl.apply(ps...)
					tl.srv.Panel().Clear()
					tl.halfway(rs, out, task.Cancelled)
					for i, rc := range out {
						v := tl.view(rs[i].Name)
						if rc.Err == nil && (v.Status != "Done" || v.Resolution != "Won't Do" || v.Due != "2026-05-05") {
							t.Errorf("skip %d: %s is said to be done, and is %s, %s, %s", skip, rs[i].Name, v.Status, v.Resolution, v.Due)
						}
						if rc.Err != nil && !rc.Uncertain && rc.Record == nil && fault.Of(rc.Err).Kind != fault.Partial && rc.Left == (task.Values{}) && (v.Status != "To Do" || v.Due != "") {
							t.Errorf("skip %d: nothing is said to be written, and %s is %s, %s (%v)", skip, rs[i].Name, v.Status, v.Due, rc.Err)
						}
					}
					if t.Failed() || len(tl.requests()) <= skip {
						return
					}
				}
			})
		}
	}
}

// A refusal that names no field keeps none of the others from getting through, and is told with the name of the one that it is about.
func TestARefusalWithoutAName(t *testing.T) {
	t.Parallel()
	onEvery(t, func(t *testing.T, sp spoken) {
		t.Helper()
		tl := start(t, setup{jira: sandbox.Options{Flavor: sp.flavor}, change: func(_ *Config, o *Options) {
			o.CloudAPI = sp.api
			next := o.Base
			o.Base = roundTripper(func(r *http.Request) (*http.Response, error) {
				if r.Method != http.MethodPut {
					return next.RoundTrip(r)
				}
				body, err := io.ReadAll(r.Body)
				if err != nil {
					return nil, err
				}
				if strings.Contains(string(body), "duedate") {
					w := httptest.NewRecorder()
					say(http.StatusBadRequest, jsonType, `{"errorMessages":["Something is not as it should be."],"errors":{}}`)(w, r)
					resp := w.Result()
					resp.Request = r
					return resp, nil
				}
				r = r.Clone(r.Context())
				r.Body = io.NopCloser(bytes.NewReader(body))
				return next.RoundTrip(r)
			})
		}})
		key := tl.srv.Add(sandbox.Seed{Summary: "A"})
		r := tl.record(key)
		p := change(r, task.Title, task.TextValue("B"))
		p.Set = append(p.Set, task.Change{Field: task.Due, From: r.Values[task.Due], To: date(t, "2026-05-05")},
			task.Change{Field: task.Labels, From: r.Values[task.Labels], To: task.SetValue("x")})
		rc := tl.apply(p)[0]
		if f := wantFault(t, rc.Err, fault.Partial, fault.Invalid); !strings.Contains(f.Error(), "“duedate”: 400 Bad Request: Something") {
			t.Errorf("it says %s", f.Error())
		}
		if v := tl.view(key); v.Summary != "B" || len(v.Labels) != 1 || rc.Record == nil || rc.Record.Values[task.Title].String() != "B" {
			t.Errorf("Jira holds %q, %v; read back %+v", v.Summary, v.Labels, rc.Record)
		}
	})
}
