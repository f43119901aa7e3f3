package view_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lockstep-sync/lockstep/sync/scorecard"
	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/task"
	"github.com/lockstep-sync/lockstep/sync/view"
	"github.com/lockstep-sync/lockstep/sync/view/viewtest"
)

var noon = time.Date(2026, 11, 23, 10, 15, 0, 0, time.UTC)

func on(day int) time.Time { return noon.AddDate(0, 0, day) }

// clock is a clock that tests set.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = t
}

// built is a partnership of two tasks: CW-1 was done five days ago, and CW-2, whose date was moved ten days ago, is removed.
func built() *viewtest.Memory {
	values := func(title, status string, due int) task.Values {
		var v task.Values
		v[task.Title], v[task.Status], v[task.Due] = task.TextValue(title), task.EnumValue(status), task.DateValue(on(due))
		return v
	}
	st := store.State{Generation: 5, NextID: 3, Tasks: []store.Task{
		{ID: "CW-1", Number: 1, Agreed: values("Drill", task.Done, -2), Baseline: task.DateValue(on(-2)), Created: on(-30), Changed: on(-5)},
		{ID: "CW-2", Number: 2, Agreed: values("Pump", task.InProgress, 4), Baseline: task.DateValue(on(-8)), Created: on(-20), Changed: on(-10), Removed: true},
	}, Links: []store.Link{{Task: "CW-1", Source: "jira", Name: "W-1"}, {Task: "CW-1", Source: "sheet", Name: "row 2"}}}
	decided := func(at int, id task.ID, f task.Field, from, to task.Value) store.Event {
		return store.Event{Cycle: 2, At: on(at), Kind: store.EventDecided, Task: id, Field: f.String(), From: from, To: to, Source: "jira", By: "Ben"}
	}
	return viewtest.New(
		st,
		store.Event{Cycle: 1, At: on(-30), Kind: store.EventBorn, Task: "CW-1", Source: "sheet"},
		store.Event{Cycle: 1, At: on(-20), Kind: store.EventBorn, Task: "CW-2", Source: "jira"},
		decided(-10, "CW-2", task.Due, task.DateValue(on(-8)), task.DateValue(on(4))),
		decided(-5, "CW-1", task.Status, task.EnumValue(task.InProgress), task.EnumValue(task.Done)),
		store.Event{Cycle: 4, At: on(-3), Kind: store.EventRemoved, Task: "CW-2"},
		store.Event{Cycle: 5, At: on(-3), Kind: store.EventWritten, Task: "CW-1", Field: "status", Source: "sheet"},
	)
}

func open(m *viewtest.Memory, c *clock) *view.Viewer {
	return view.New(view.Partnership{
		ID: "p", Name: "P", Rules: scorecard.DefaultRules(), Gates: []scorecard.Gate{{ID: "pilot", Name: "Pilot"}},
		Sources: []view.Source{{ID: "jira", Kind: "jira", Interval: time.Minute}, {ID: "sheet", Kind: "sheet", Interval: time.Minute}},
	}, m, c.Now)
}

func now(t *testing.T, w *view.Viewer) *view.View {
	t.Helper()
	v, err := w.Now(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestAStateIsReadOnceForAHerdAndAnewAfterAChange(t *testing.T) {
	t.Parallel()
	m, c := built(), &clock{now: noon}
	w := open(m, c)
	reads := func(want int, when string) *view.View {
		t.Helper()
		v := now(t, w)
		if m.Loads() != want {
			t.Errorf("%s: %d reads; want %d", when, m.Loads(), want)
		}
		return v
	}
	first := reads(1, "first")
	if again := reads(1, "again"); again != first {
		t.Error("the same view was worked out twice")
	}
	w.Changed()
	reads(2, "after a cycle")
	c.set(noon.Add(5 * time.Second))
	reads(2, "where nothing happened")
	c.set(noon.Add(time.Minute))
	if v := reads(2, "a while later"); !v.Now.Equal(noon.Add(time.Minute)) {
		t.Errorf("the figures are of %s", v.Now)
	}
	m.Tell([]store.Event{{Cycle: 6, At: noon, Kind: store.EventWritten, Task: "CW-1"}})
	c.set(noon.Add(2 * time.Minute))
	reads(3, "after another process wrote")
	m.Edit(func(st *store.State) { st.Generation = 6 })
	m.Tell(nil, store.Cycle{Generation: 6})
	c.set(noon.Add(3 * time.Minute))
	reads(4, "after a cycle of another process")
	c.set(noon.Add(-time.Hour))
	if v := reads(4, "after the clock was put back"); !v.Now.Equal(noon.Add(-time.Hour)) {
		t.Errorf("the figures are of %s", v.Now)
	}
	m.Fail(errors.New("down"))
	w.Changed()
	if _, err := w.Now(t.Context()); err == nil {
		t.Error("no error without a database")
	}
	m.Fail(nil)
	reads(5, "once it is back")
}

func TestPastDays(t *testing.T) {
	t.Parallel()
	w := open(built(), &clock{now: noon})
	for _, c := range []struct {
		day   int
		tasks string // id, status, due, moves
	}{
		{-31, ""},
		{-25, "CW-1 in_progress 2026-11-21 0"},
		{-12, "CW-1 in_progress 2026-11-21 0, CW-2 in_progress 2026-11-15 0"},
		{-9, "CW-1 in_progress 2026-11-21 0, CW-2 in_progress 2026-11-27 1"},
		{-4, "CW-1 done 2026-11-21 0, CW-2 in_progress 2026-11-27 1"},
		{-1, "CW-1 done 2026-11-21 0"},
		{0, "CW-1 done 2026-11-21 0"},
		{9, "CW-1 done 2026-11-21 0"},
	} {
		v, err := w.OnDay(t.Context(), task.DateValue(on(c.day)))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, x := range v.Score.Tasks {
			got = append(got, fmt.Sprintf("%s %s %s %d", x.Task.ID, x.Status, x.Task.Agreed[task.Due], x.Slip.Moves))
		}
		if s := strings.Join(got, ", "); s != c.tasks {
			t.Errorf("on day %d: %s; want %s", c.day, s, c.tasks)
		}
		if v.Past != (c.day < 0) || v.Past && (len(v.Links("CW-1")) > 0 || v.Now.Format(time.DateOnly) != on(c.day).Format(time.DateOnly)) {
			t.Errorf("on day %d: past %v, of %s", c.day, v.Past, v.Now)
		}
		again, err := w.OnDay(t.Context(), task.DateValue(on(c.day)))
		if err != nil || again != v {
			t.Errorf("on day %d the view is worked out twice: %v", c.day, err)
		}
	}
	if _, err := w.OnDay(t.Context(), task.TextValue("yesterday")); err == nil {
		t.Error("no error for what is no day")
	}
}

func TestDigest(t *testing.T) {
	t.Parallel()
	w := open(built(), &clock{now: noon})
	d, err := w.Digest(t.Context(), on(-7))
	if err != nil {
		t.Fatal(err)
	}
	if d.Counts.Finished != 1 || d.Counts.Removed != 1 || len(d.Changed) != 2 {
		t.Errorf("the digest is %+v", d)
	}
}

func TestWhatPeoplePutDown(t *testing.T) {
	t.Parallel()
	m := built()
	w := open(m, &clock{now: noon})
	gate, err := view.GateEvent("pilot", scorecard.Decision{Outcome: scorecard.Hold, At: noon, By: []string{"A", "B"}, Reason: "“no”"}, "Amina")
	if err != nil {
		t.Fatal(err)
	}
	said, err := view.UpdateEvent(scorecard.StatusUpdate{At: noon, By: "Amina", RAG: scorecard.Amber, Words: "slow", About: scorecard.Subject{Kind: scorecard.Partnership}})
	if err != nil {
		t.Fatal(err)
	}
	before := now(t, w)
	broken := store.Event{Kind: store.EventGate, At: noon, Field: "pilot", Note: "{"}
	if err := m.Record(t.Context(), "p", []store.Event{gate, said, broken}); err != nil {
		t.Fatal(err)
	}
	w.Changed()
	v := now(t, w)
	if d := v.Score.Gates[0].Decision; d == nil || d.Outcome != scorecard.Hold || len(d.By) != 2 || d.Reason != "“no”" {
		t.Errorf("the decision is %+v", d)
	}
	if u := v.Score.Partnership.Declared; u == nil || u.RAG != scorecard.Amber || u.By != "Amina" {
		t.Errorf("the update is %+v", u)
	}
	if before.Score.Gates[0].Decision != nil || before.Score.Partnership.Declared != nil {
		t.Error("a view that was handed out has changed")
	}
}

// A story that a view was made of stays as it was, whatever happens to the task afterwards.
func TestViewsDoNotChange(t *testing.T) {
	t.Parallel()
	m := built()
	w := open(m, &clock{now: noon})
	v := now(t, w)
	was := fmt.Sprintf("%+v", v.Task("CW-1").Task.Story)
	for i := range 5 {
		m.Tell([]store.Event{{At: noon, Kind: store.EventDecided, Task: "CW-1", Field: "due", From: task.DateValue(on(i)), To: task.DateValue(on(i + 1))}})
		w.Changed()
		now(t, w)
	}
	if got := fmt.Sprintf("%+v", v.Task("CW-1").Task.Story); got != was {
		t.Errorf("the story was %s and is %s", was, got)
	}
}
