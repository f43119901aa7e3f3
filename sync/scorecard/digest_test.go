package scorecard_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lockstep-sync/lockstep/sync/merge"
	"github.com/lockstep-sync/lockstep/sync/scorecard"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// edits plays edits on tasks, and keeps the history.
type edits struct {
	tasks  []scorecard.Task
	events []scorecard.Event
}

func (e *edits) at(n int64) *scorecard.Task {
	for i := range e.tasks {
		if e.tasks[i].Number == n {
			return &e.tasks[i]
		}
	}
	panic("no such task")
}

func (e *edits) born(t scorecard.Task) {
	e.tasks = append(e.tasks, t)
	e.events = append(e.events, scorecard.Event{At: t.Created, Kind: scorecard.Born, Task: t.ID})
}

func (e *edits) set(at string, n int64, f task.Field, v task.Value) {
	t := e.at(n)
	e.tell(t, scorecard.Event{At: moment(at), Kind: scorecard.Decided, Task: t.ID, Field: f.String(), From: t.Agreed[f], To: v, Source: "sheet", By: "Ben"})
	t.Agreed[f] = v
}

func (e *edits) remove(at string, n int64, kind scorecard.EventKind) {
	t := e.at(n)
	e.tell(t, scorecard.Event{At: moment(at), Kind: kind, Task: t.ID})
	t.Removed = kind == scorecard.Removed
}

func (e *edits) tell(t *scorecard.Task, ev scorecard.Event) {
	t.Story.Fold(ev)
	t.Changed = ev.At
	e.events = append(e.events, ev)
}

func TestDigest(t *testing.T) {
	t.Parallel()
	var e edits
	e.born(made(1, due("2026-02-23"), changed("2026-02-24")))                // becomes red: 9 days over on 4 March
	e.born(made(2, due("2026-02-01")))                                       // red before, and is finished
	e.born(made(3, due("2026-02-27")))                                       // promised for last week, and moved
	e.born(made(4, due("2026-02-26"), set(task.Title, task.TextValue("a")))) // promised for last week, and kept
	e.born(made(5, due("2026-05-01")))
	e.born(made(6, due("2026-05-01")))
	e.born(made(7, due("2026-05-01")))
	e.remove("2026-02-10", 7, scorecard.Removed)

	e.set("2026-02-27", 2, task.Status, task.EnumValue(task.Done))
	e.set("2026-02-26", 3, task.Due, date("2026-03-10"))
	e.set("2026-02-26", 3, task.Due, date("2026-03-12"))
	e.set("2026-02-26", 4, task.Status, task.EnumValue(task.Blocked))
	e.set("2026-02-26", 4, task.Status, task.EnumValue(task.Done))
	e.set("2026-02-27", 4, task.Title, task.TextValue("b"))
	e.set("2026-02-28", 4, task.Title, task.TextValue("a")) // and back
	e.set("2026-02-27", 5, task.Status, task.EnumValue(task.Cancelled))
	e.remove("2026-02-28", 6, scorecard.Removed)
	e.remove("2026-02-28", 7, scorecard.Restored)
	e.born(made(8, created("2026-03-01"), due("2026-03-18"), set(task.Title, task.TextValue("New one"))))
	e.set("2026-03-02", 8, task.Due, date("2026-03-17"))
	e.remove("2026-03-02", 8, scorecard.Removed)
	e.remove("2026-03-03", 8, scorecard.Restored) // new all the same

	in := input(e.tasks...)
	in.Conflicts = []scorecard.Conflict{{Task: "CW-3", Field: task.Assignee, Opened: moment("2026-03-01"), Claims: []merge.Claim{{}, {}}}}
	in.Gates = []scorecard.Gate{
		{ID: "pilot", Name: "Pilot", Date: date("2026-03-01"), Criteria: []scorecard.Criterion{{Text: "x", Met: true}, {Text: "y"}}},
		{ID: "scale", Name: "Scale", Date: date("2026-03-18")},
		{ID: "end", Name: "End", Date: date("2026-03-19")},
	}
	in.Milestones = []scorecard.Milestone{{ID: "opening", Name: "Opening", Due: date("2026-03-11")}}
	now := scorecard.Compute(in)

	past := in
	past.Now = moment("2026-02-25")
	past.Tasks = scorecard.AsOf(in.Tasks, e.events, past.Now)
	then := scorecard.Compute(past)
	d := scorecard.NewDigest(&now, &then, e.events)

	if want := (scorecard.DigestCounts{New: 1, Finished: 2, Cancelled: 1, Removed: 1, Restored: 1, Later: 1, Earlier: 1}); d.Counts != want {
		t.Errorf("counts %+v; want %+v", d.Counts, want)
	}
	var changed []string
	for _, c := range d.Changed {
		line := fmt.Sprintf("%s %q new=%v removed=%v restored=%v", c.Task, c.Title, c.New, c.Removed, c.Restored)
		for _, x := range c.Changes {
			line += fmt.Sprintf(" %s:%s>%s", x.Field, x.From, x.To)
		}
		changed = append(changed, line)
	}
	if diff := cmp.Diff([]string{
		`CW-2 "Task 2" new=false removed=false restored=false status:in_progress>done`,
		`CW-3 "Task 3" new=false removed=false restored=false due:2026-02-27>2026-03-12`,
		`CW-4 "a" new=false removed=false restored=false status:in_progress>done`,
		`CW-5 "Task 5" new=false removed=false restored=false status:in_progress>cancelled`,
		`CW-6 "Task 6" new=false removed=true restored=false`,
		`CW-7 "Task 7" new=false removed=false restored=true`,
		`CW-8 "New one" new=true removed=false restored=false due:2026-03-18>2026-03-17`,
	}, changed); diff != "" {
		t.Error(diff)
	}
	if len(d.NewReds) != 1 || d.NewReds[0].Task.ID != "CW-1" || len(d.NoLongerRed) != 1 || d.NoLongerRed[0].Task.ID != "CW-2" {
		t.Errorf("new reds %v, no longer red %v", d.NewReds, d.NoLongerRed)
	}
	if len(d.Weeks) != 1 || d.Weeks[0].First.String() != "2026-02-23" {
		t.Fatalf("weeks %+v", d.Weeks)
	}
	w := d.Weeks[0] // of the 23rd: CW-1, CW-2 (late from before), CW-3, CW-4
	var told []string
	for _, k := range w.Kept {
		told = append(told, string(k.ID)+" kept")
	}
	for _, m := range w.Misses {
		told = append(told, string(m.Task.ID)+" "+m.Reason.String())
	}
	if diff := cmp.Diff([]string{"CW-2 kept", "CW-4 kept", "CW-1 in progress, not finished", "CW-3 moved from 27 Feb 2026 to 12 Mar 2026"}, told); diff != "" {
		t.Error(diff)
	}
	var needed []string
	for _, n := range d.Needed {
		needed = append(needed, n.Words)
	}
	if diff := cmp.Diff([]string{
		"decide the gate “Pilot”, overdue by 3 days: 1 of 2 criteria met", "decide the gate “Scale”, due in 14 days",
		"agree on the assignee of CW-3: 2 values claimed",
	}, needed); diff != "" {
		t.Error(diff)
	}
	var next []string
	for _, u := range d.Next {
		next = append(next, fmt.Sprintf("%s %s %s", u.Day, u.Kind, u.Name))
	}
	if diff := cmp.Diff([]string{
		"2026-03-11 milestone Opening", "2026-03-12 task Task 3", "2026-03-17 task New one", "2026-03-18 gate Scale",
	}, next); diff != "" {
		t.Error(diff)
	}
}

func TestADigestOfNothing(t *testing.T) {
	t.Parallel()
	s := scorecard.Compute(input())
	d := scorecard.NewDigest(&s, &s, nil)
	if len(d.Changed)+len(d.NewReds)+len(d.Weeks)+len(d.Needed)+len(d.Next) != 0 || d.Counts != (scorecard.DigestCounts{}) {
		t.Errorf("%+v", d)
	}
}
