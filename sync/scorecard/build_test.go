package scorecard_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/lockstep-sync/lockstep/sync/scorecard"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// The tests' moment: Wednesday 4 March 2026, noon in Nairobi.
func nairobi() *time.Location { return time.FixedZone("EAT", 3*60*60) }

func noon() time.Time { return time.Date(2026, 3, 4, 12, 0, 0, 0, nairobi()) }

func date(s string) task.Value {
	v, err := task.Parse(task.Date, s)
	if err != nil {
		panic(err)
	}
	return v
}

// moment is "2026-03-01" at noon, or "2026-03-01 09:30", in Nairobi.
func moment(s string) time.Time {
	for _, layout := range []string{"2006-01-02 15:04:05", "2006-01-02 15:04"} {
		if t, err := time.ParseInLocation(layout, s, nairobi()); err == nil {
			return t
		}
	}
	t, err := time.ParseInLocation("2006-01-02 15:04", s+" 12:00", nairobi())
	if err != nil {
		panic(err)
	}
	return t
}

// option changes a task that is being made.
type option func(*scorecard.Task)

// made is an open task in progress with an owner, first seen on 1 January and due on 30 April, and what the options make of it.
func made(n int64, options ...option) scorecard.Task {
	t := scorecard.Task{ID: task.ID(fmt.Sprintf("CW-%d", n)), Number: n, Created: moment("2026-01-01"), Changed: noon()}
	t.Agreed[task.Title] = task.TextValue(fmt.Sprintf("Task %d", n))
	t.Agreed[task.Partner] = task.EnumValue("aquafund")
	t.Agreed[task.Status] = task.EnumValue(task.InProgress)
	t.Agreed[task.Assignee] = task.PersonValue("Amina Diallo")
	t.Agreed[task.Due] = date("2026-04-30")
	t.Baseline = t.Agreed[task.Due]
	for _, o := range options {
		o(&t)
	}
	return t
}

// due sets the due date and the baseline.
func due(s string) option {
	return func(t *scorecard.Task) { t.Agreed[task.Due] = date(s); t.Baseline = t.Agreed[task.Due] }
}

func status(s string) option {
	return func(t *scorecard.Task) { t.Agreed[task.Status] = task.EnumValue(s) }
}

func set(f task.Field, v task.Value) option { return func(t *scorecard.Task) { t.Agreed[f] = v } }

func created(s string) option { return func(t *scorecard.Task) { t.Created = moment(s) } }

func changed(s string) option { return func(t *scorecard.Task) { t.Changed = moment(s) } }

// moved tells that the due date was moved then, from what it was.
func moved(at, to string) option {
	v := task.Empty(task.Date)
	if to != "" {
		v = date(to)
	}
	return change(at, task.Due, v)
}

// becomes tells that the status changed then.
func becomes(at, to string) option { return change(at, task.Status, task.EnumValue(to)) }

func change(at string, f task.Field, to task.Value) option {
	return func(t *scorecard.Task) {
		t.Story.Fold(scorecard.Event{
			At: moment(at), Kind: scorecard.Decided, Task: t.ID, Field: f.String(), From: t.Agreed[f], To: to, Source: "aquafund-jira", By: "Amina",
		})
		t.Agreed[f] = to
		if t.Baseline.IsEmpty() && f == task.Due {
			t.Baseline = to
		}
	}
}

// input is a partnership of the tasks under the default rules.
func input(tasks ...scorecard.Task) scorecard.Input {
	return scorecard.Input{
		Now: noon(), Location: nairobi(), Rules: scorecard.DefaultRules(), Tasks: tasks,
		Partners: []scorecard.Partner{{ID: "aquafund", Name: "AquaFund"}, {ID: "riverton", Name: "City of Riverton"}},
	}
}

// one computes the view of a single task.
func one(t *testing.T, tk scorecard.Task) scorecard.TaskView {
	t.Helper()
	s := scorecard.Compute(input(tk))
	if len(s.Tasks) != 1 {
		t.Fatalf("%d tasks are judged; want 1", len(s.Tasks))
	}
	return s.Tasks[0]
}
