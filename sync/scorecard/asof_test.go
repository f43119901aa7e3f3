package scorecard_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lockstep-sync/lockstep/sync/merge"
	"github.com/lockstep-sync/lockstep/sync/scorecard"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// world plays random edits on tasks and keeps what every task was after each of them.
type world struct {
	first  []scorecard.Task // as they were born
	tasks  []scorecard.Task // as they are now
	events []scorecard.Event
	past   [][]scorecard.Task // all tasks after each event
}

func worlds() *rapid.Generator[world] {
	return rapid.Custom(func(t *rapid.T) world {
		var w world
		at := moment("2026-01-05")
		for n := range rapid.IntRange(1, 3).Draw(t, "tasks") {
			tk := made(int64(n+1), created("2026-01-01"), changed("2026-01-01"))
			if rapid.Bool().Draw(t, "dateless") {
				tk.Agreed[task.Due], tk.Baseline = task.Value{}, task.Empty(task.Date)
			}
			w.tasks = append(w.tasks, tk)
		}
		w.first = clone(w.tasks)
		for range rapid.IntRange(0, 25).Draw(t, "events") {
			at = at.Add(time.Duration(rapid.IntRange(1, 200).Draw(t, "hours")) * time.Hour)
			tk := &w.tasks[rapid.IntRange(0, len(w.tasks)-1).Draw(t, "task")]
			e := scorecard.Event{At: at, Task: tk.ID, Source: "sheet", By: "Ben"}
			switch rapid.IntRange(0, 5).Draw(t, "what") {
			case 0:
				e.Kind, tk.Removed = scorecard.Removed, true
				if len(tk.Story.Removals)%2 == 1 {
					e.Kind, tk.Removed = scorecard.Restored, false
				}
			case 1:
				e.Kind, e.Field, e.From = scorecard.Decided, "title", tk.Agreed[task.Title]
				e.To = task.TextValue(rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "title"))
				tk.Agreed[task.Title] = e.To
			case 2, 3:
				e.Kind, e.Field, e.From = scorecard.Decided, "due", tk.Agreed[task.Due]
				e.To = task.Empty(task.Date)
				if n := rapid.IntRange(0, 30).Draw(t, "day"); n > 0 {
					e.To = task.DateValue(moment("2026-02-01").AddDate(0, 0, n))
				}
				tk.Agreed[task.Due] = e.To
				if tk.Baseline.IsEmpty() {
					tk.Baseline = e.To
				}
			default:
				e.Kind, e.Field, e.From = scorecard.Decided, "status", tk.Agreed[task.Status]
				e.To = task.EnumValue(rapid.SampledFrom(task.Statuses()).Draw(t, "status"))
				tk.Agreed[task.Status] = e.To
			}
			if !e.From.Same(e.To) {
				tk.Changed = at
			}
			tk.Story.Fold(e)
			w.events, w.past = append(w.events, e), append(w.past, clone(w.tasks))
		}
		return w
	})
}

func clone(tasks []scorecard.Task) []scorecard.Task {
	out := slices.Clone(tasks)
	for i := range out {
		out[i].Story.Changes, out[i].Story.Removals = slices.Clone(out[i].Story.Changes), slices.Clone(out[i].Story.Removals)
	}
	return out
}

// At any moment of a random history, AsOf finds what the tasks were.
func TestAsOfIsWhatWas(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := worlds().Draw(t, "world")
		if got := scorecard.AsOf(w.tasks, w.events, moment("2026-01-02")); !sameTasks(got, w.first) {
			t.Fatalf("before all events\n%+v\nwant\n%+v", got, w.first)
		}
		for i, e := range w.events {
			if got := scorecard.AsOf(w.tasks, w.events, e.At); !sameTasks(got, w.past[i]) {
				t.Fatalf("after event %d, %+v\n%+v\nwant\n%+v", i, e, got, w.past[i])
			}
		}
	})
}

func sameTasks(a, b []scorecard.Task) bool {
	return slices.EqualFunc(a, b, func(x, y scorecard.Task) bool {
		return x.ID == y.ID && x.Agreed == y.Agreed && x.Baseline.Same(y.Baseline) && x.Removed == y.Removed && x.Changed.Equal(y.Changed) &&
			slices.Equal(x.Story.Changes, y.Story.Changes) && slices.Equal(x.Story.Removals, y.Story.Removals) && x.Story.Last == y.Story.Last
	})
}

func TestAsOfLeavesOutWhatWasNotKnown(t *testing.T) {
	t.Parallel()
	tasks := []scorecard.Task{made(1), made(2, created("2026-02-01"))}
	if got := scorecard.AsOf(tasks, nil, moment("2026-01-31")); len(got) != 1 || got[0].ID != "CW-1" {
		t.Errorf("%+v", got)
	}
	if got := scorecard.AsOf(nil, []scorecard.Event{decided("2026-01-01", "CW-9", task.Due, date("2026-01-01"), date("2026-02-01"))}, noon()); len(got) != 0 {
		t.Errorf("of no tasks come %+v", got)
	}
}

// After an event that is later than the moment, whatever follows it is later, too, however the clock stood.
func TestAsOfBearsAClockThatJumpsBack(t *testing.T) {
	t.Parallel()
	var e edits
	e.born(made(1, status(task.NotStarted)))
	e.set("2026-02-02", 1, task.Status, task.EnumValue(task.InProgress))
	e.set("2026-01-15", 1, task.Status, task.EnumValue(task.Done))
	got := scorecard.AsOf(e.tasks, e.events, moment("2026-02-01"))
	if s := got[0].Agreed[task.Status].String(); s != task.NotStarted || len(got[0].Story.Changes) != 0 {
		t.Errorf("on 1 February it was %q, and its story %+v", s, got[0].Story)
	}
}

func TestConflictsAsOf(t *testing.T) {
	t.Parallel()
	event := func(at string, kind scorecard.EventKind, id, field string, claims ...string) scorecard.Event {
		e := scorecard.Event{At: moment(at), Kind: kind, Task: task.ID(id), Field: field, From: date("2026-05-01")}
		for _, c := range claims {
			e.Claims = append(e.Claims, merge.Claim{Source: task.SourceID(c), Value: date("2026-06-01")})
		}
		return e
	}
	events := []scorecard.Event{
		event("2026-02-01", scorecard.Contested, "CW-2", "due", "jira", "sheet"),
		event("2026-02-02", scorecard.Contested, "CW-1", "title", "jira", "sheet"),
		event("2026-02-03", scorecard.Contested, "CW-2", "due", "doc", "jira", "sheet"), // one claim more
		event("2026-02-04", scorecard.Settled, "CW-2", "due"),
		event("2026-02-05", scorecard.Contested, "CW-2", "due", "jira", "sheet"), // and again
		event("2026-02-05", scorecard.Contested, "CW-2", "colour", "jira", "sheet"),
	}
	for at, want := range map[string]string{
		"2026-01-31": "",
		"2026-02-01": "CW-2 due since 1 Feb: 2 claims; ",
		"2026-02-03": "CW-1 title since 2 Feb: 2 claims; CW-2 due since 1 Feb: 3 claims; ",
		"2026-02-04": "CW-1 title since 2 Feb: 2 claims; ",
		"2026-02-05": "CW-1 title since 2 Feb: 2 claims; CW-2 due since 5 Feb: 2 claims; ",
	} {
		got := ""
		for _, c := range scorecard.ConflictsAsOf(events, moment(at)) {
			got += fmt.Sprintf("%s %s since %s: %d claims; ", c.Task, c.Field, c.Opened.Format("2 Jan"), len(c.Claims))
			if c.Agreed != date("2026-05-01") {
				t.Errorf("agreed is %s", c.Agreed)
			}
		}
		if got != want {
			t.Errorf("on %s: %s\nwant %s", at, got, want)
		}
	}
}
