package scorecard

import (
	"slices"
	"time"

	"github.com/lockstep-sync/lockstep/sync/merge"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// EventKind is what an event of the history tells. The names are those of the store; other kinds are passed over.
type EventKind string

// The kinds of event that a story is made of, and Contested, which only ConflictsAsOf looks at.
const (
	Born      EventKind = "born"
	Decided   EventKind = "decided"
	Contested EventKind = "conflict"
	Settled   EventKind = "settled"
	Removed   EventKind = "removed"
	Restored  EventKind = "restored"
)

// Event is one line of the history.
type Event struct {
	At     time.Time
	Kind   EventKind
	Task   task.ID
	Field  string // "" where the event is about the whole task
	From   task.Value
	To     task.Value
	Source task.SourceID // where the value came from
	By     string        // the person, where the tool tells
	Claims []merge.Claim // of a conflict: what is claimed
}

// Change is one value of the agreed state that became another.
type Change struct {
	At     time.Time     `json:"at"`
	Field  task.Field    `json:"field"`
	From   task.Value    `json:"from"`
	To     task.Value    `json:"to"`
	Source task.SourceID `json:"source,omitempty"`
	By     string        `json:"by,omitempty"`
}

// Story is what the history tells of one task, as far as verdicts hang on it. The zero Story is that of a task to which nothing
// happened since it was first seen.
type Story struct {
	// Changes are those of status, due date, partner and workstream, the oldest first. Their times never go back.
	Changes []Change
	// Removals are the times at which the task was removed and came back, in turns.
	Removals []Removal
	// Last is the latest change of any field; its At is zero where there was none. The values of notes are left out: they
	// are long, and a story is kept in memory.
	Last Change
}

// Removal is a task that was removed, or came back.
type Removal struct {
	At   time.Time `json:"at"`
	Back bool      `json:"back,omitempty"`
}

// Fold adds one event of the task's history. Events come in the order in which the history has them; a clock that jumped back
// between two of them is put right: none is earlier than the one before.
func (s *Story) Fold(e Event) {
	switch e.Kind {
	case Removed, Restored:
		back := e.Kind == Restored
		if n := len(s.Removals); n > 0 && s.Removals[n-1].Back == back || n == 0 && back {
			return
		}
		s.Removals = append(s.Removals, Removal{s.notBefore(e.At), back})
	case Decided, Settled:
		s.foldChange(e)
	case Born, Contested:
	}
}

func (s *Story) foldChange(e Event) {
	f, ok := task.ParseField(e.Field)
	if !ok || e.From.Same(e.To) {
		return
	}
	if e.Kind == Settled && s.says(f, e.To) {
		return // what settled it was decided, and is told already
	}
	c := Change{At: s.notBefore(e.At), Field: f, From: e.From, To: e.To, Source: e.Source, By: e.By}
	if tracked(f) {
		s.Changes = append(s.Changes, c)
	}
	if f == task.Notes {
		c.From, c.To = task.Value{}, task.Value{}
	}
	s.Last = c
}

// says reports whether the last that is known of a field is v. Of fields that are not tracked only the last change of all is known.
func (s *Story) says(f task.Field, v task.Value) bool {
	for _, c := range slices.Backward(s.Changes) {
		if c.Field == f {
			return c.To.Same(v)
		}
	}
	return !tracked(f)
}

// tracked reports whether a field's changes are kept: the plan of a past week, and all that follows from it, is rebuilt from them.
func tracked(f task.Field) bool {
	return f == task.Status || f == task.Due || f == task.Partner || f == task.Workstream
}

func (s *Story) notBefore(t time.Time) time.Time {
	if t.Before(s.Last.At) {
		t = s.Last.At
	}
	if n := len(s.Removals); n > 0 && t.Before(s.Removals[n-1].At) {
		t = s.Removals[n-1].At
	}
	return t
}

// Fold adds events to the stories of their tasks. The map is the caller's; stories of tasks that it does not hold are begun.
func Fold(stories map[task.ID]*Story, events []Event) {
	for _, e := range events {
		if e.Task == "" {
			continue
		}
		s := stories[e.Task]
		if s == nil {
			s = new(Story)
			stories[e.Task] = s
		}
		s.Fold(e)
	}
}

// Move is a due date that was moved to another one.
type Move struct {
	At     time.Time     `json:"at"`
	From   task.Value    `json:"from"`
	To     task.Value    `json:"to"`
	Days   int           `json:"days"` // later is positive
	Source task.SourceID `json:"source,omitempty"`
	By     string        `json:"by,omitempty"`
}

// Moves are the moves of the due date, the oldest first; nil where it was never moved. A first date is no move, nor is one that
// was taken away; one that comes in its place later is a move from the date that was.
func (s *Story) Moves() []Move {
	var out []Move
	var last task.Value
	for _, c := range s.Changes {
		if c.Field != task.Due {
			continue
		}
		if !c.From.IsEmpty() {
			last = c.From
		}
		from, was := dayOf(last)
		to, is := dayOf(c.To)
		if was && is && from != to {
			out = append(out, Move{c.At, last, c.To, int(to - from), c.Source, c.By})
		}
		if is {
			last = c.To
		}
	}
	return out
}

// Began is when the task left Not started last, and false where that is not known.
func (s *Story) Began() (time.Time, bool) {
	for i := len(s.Changes) - 1; i >= 0; i-- {
		c := &s.Changes[i]
		if c.Field == task.Status && (c.From.String() == task.NotStarted || c.From.IsEmpty()) && c.To.String() != task.NotStarted {
			return c.At, true
		}
	}
	return time.Time{}, false
}

// Finished is when the task became Done last, and false where that is not known: it was done when it was first seen, or never.
func (s *Story) Finished() (time.Time, bool) {
	for i := len(s.Changes) - 1; i >= 0; i-- {
		if c := &s.Changes[i]; c.Field == task.Status && c.To.String() == task.Done {
			return c.At, true
		}
	}
	return time.Time{}, false
}

// moves is the number of Moves.
func (s *Story) moves() int {
	n := 0
	var last task.Value
	for i := range s.Changes {
		c := &s.Changes[i]
		if c.Field != task.Due {
			continue
		}
		if !c.From.IsEmpty() {
			last = c.From
		}
		if c.To.IsEmpty() {
			continue
		}
		if !last.IsEmpty() && last != c.To {
			n++
		}
		last = c.To
	}
	return n
}

// lastDue is the due date that was taken away last; the zero value where there never was one.
func (s *Story) lastDue() task.Value {
	for i := len(s.Changes) - 1; i >= 0; i-- {
		if c := &s.Changes[i]; c.Field == task.Due {
			return c.From
		}
	}
	return task.Value{}
}
