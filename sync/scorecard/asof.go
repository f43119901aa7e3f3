package scorecard

import (
	"slices"
	"time"

	"github.com/lockstep-sync/lockstep/sync/task"
)

// AsOf is what the tasks were at a past moment: with the values, the baseline and the story that they had then, those that were not
// known yet left out. Tasks are as they are agreed now, whatever their stories; events are the whole history since, in the order of
// the history, and may reach back as far as they like: the further, the more is known of the stories.
//
// A birth does not say with which values a task was born, so the values are found by going back from those of now. What each
// source showed then is not known. What waited for people is found by ConflictsAsOf.
func AsOf(tasks []Task, events []Event, at time.Time) []Task {
	stories := make(map[task.ID]*Story, len(tasks))
	past := make(map[task.ID]*undo)
	wanted := make(map[task.ID]bool, len(tasks))
	for i := range tasks {
		wanted[tasks[i].ID] = !tasks[i].Created.After(at)
	}
	for i := range events {
		e := &events[i]
		if !wanted[e.Task] {
			continue
		}
		if !e.At.After(at) && past[e.Task] == nil { // after the first later event a clock that jumped back changes nothing
			Fold(stories, events[i:i+1])
			continue
		}
		u := past[e.Task]
		if u == nil {
			u = new(undo)
			past[e.Task] = u
		}
		u.note(e)
	}
	out := make([]Task, 0, len(tasks))
	for _, t := range tasks {
		if !wanted[t.ID] {
			continue
		}
		t.Story = Story{}
		if s := stories[t.ID]; s != nil {
			t.Story = *s
		}
		if u := past[t.ID]; u != nil {
			u.apply(&t)
		}
		out = append(out, t)
	}
	return slices.Clip(out)
}

// undo is what later events say that a task was before them.
type undo struct {
	values  task.Values
	known   [task.FieldCount]bool
	removal bool // the first later event about removal says what the task was before
	removed bool
}

func (u *undo) note(e *Event) {
	switch e.Kind {
	case Removed, Restored:
		if !u.removal {
			u.removal, u.removed = true, e.Kind == Restored
		}
	case Decided:
		if f, ok := task.ParseField(e.Field); ok && !u.known[f] {
			u.known[f], u.values[f] = true, e.From
		}
	case Settled, Born, Contested: // what was settled is decided, too
	}
}

func (u *undo) apply(t *Task) {
	for f := range u.known {
		if u.known[f] {
			t.Agreed[f] = u.values[f]
		}
	}
	if u.removal {
		t.Removed = u.removed
	}
	if t.Agreed[task.Due].IsEmpty() && !t.Story.hadDue() {
		t.Baseline = task.Empty(task.Date)
	}
	t.Changed = t.Created
	if t.Story.Last.At.After(t.Changed) {
		t.Changed = t.Story.Last.At
	}
}

// hadDue reports whether the story tells of a due date.
func (s *Story) hadDue() bool {
	return slices.ContainsFunc(s.Changes, func(c Change) bool {
		return c.Field == task.Due && (!c.From.IsEmpty() || !c.To.IsEmpty())
	})
}

// ConflictsAsOf are the conflicts that were open at a past moment, by task, then field. Events are the whole history up to then, in its
// order; later ones are passed over.
func ConflictsAsOf(events []Event, at time.Time) []Conflict {
	type key struct {
		task  task.ID
		field task.Field
	}
	open := make(map[key]Conflict)
	for i := range events {
		e := &events[i]
		f, ok := task.ParseField(e.Field)
		if !ok || e.At.After(at) {
			continue
		}
		k := key{e.Task, f}
		switch e.Kind {
		case Contested:
			c := Conflict{Task: e.Task, Field: f, Agreed: e.From, Claims: e.Claims, Opened: e.At}
			if was, ok := open[k]; ok {
				c.Opened = was.Opened
			}
			open[k] = c
		case Settled:
			delete(open, k)
		default:
		}
	}
	out := make([]Conflict, 0, len(open))
	for _, c := range open {
		out = append(out, c)
	}
	return sortConflicts(out)
}
