package scorecard

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lockstep-sync/lockstep/sync/task"
)

// Digest is what happened between two scorecards, and what comes next.
type Digest struct {
	Since time.Time `json:"since"`
	Until time.Time `json:"until"`

	Counts  DigestCounts `json:"counts"`
	Changed []TaskChange `json:"changed"` // by number
	// NewReds are the tasks that are red and were not, by number; NoLongerRed those that were, and are open and not red, or done.
	NewReds     []*TaskView `json:"-"`
	NoLongerRed []*TaskView `json:"-"`
	// Weeks are those that ended in between, with the commitments that were kept and those that were missed.
	Weeks []Week `json:"weeks"`
	// Needed are the decisions that people have to take, the most urgent first.
	Needed []Need `json:"needed"`
	// Next is what comes in the days ahead, by date.
	Next []Upcoming `json:"next"`
}

// DigestCounts are how many tasks something happened to.
type DigestCounts struct {
	New       int `json:"new"`
	Finished  int `json:"finished"`
	Cancelled int `json:"cancelled"`
	Removed   int `json:"removed"`
	Restored  int `json:"restored"`
	Later     int `json:"later"`   // due later than before
	Earlier   int `json:"earlier"` // due earlier than before
}

// TaskChange is what became of one task.
type TaskChange struct {
	Task     task.ID `json:"task"`
	Title    string  `json:"title"`
	New      bool    `json:"new,omitempty"`
	Removed  bool    `json:"removed,omitempty"`
	Restored bool    `json:"restored,omitempty"`
	// Changes are one for each field that is not what it was, by field: from what it was to what it is, and who changed it last.
	Changes []Change `json:"changes,omitempty"`

	number int64
}

// NeedKind is what kind of decision is needed.
type NeedKind string

// The kinds of decision.
const (
	NeedGate     NeedKind = "gate"     // a gate is due, or past its date, and not decided
	NeedConflict NeedKind = "conflict" // people have to agree on a value
)

// Need is a decision that people have to take.
type Need struct {
	Kind  NeedKind   `json:"kind"`
	Gate  string     `json:"gate,omitempty"` // its id
	Task  task.ID    `json:"task,omitempty"`
	Field task.Field `json:"field,omitempty"`
	Words string     `json:"words"` // "decide the gate “Pilot”, overdue by 3 days: 2 of 3 criteria met"
}

// Upcoming is one thing that comes.
type Upcoming struct {
	Day     task.Value  `json:"day"`
	Kind    SubjectKind `json:"kind"` // OfTask, OfMilestone or OfGate
	ID      string      `json:"id"`
	Name    string      `json:"name"`
	Partner string      `json:"partner,omitempty"`
}

// What comes besides tasks.
const (
	OfMilestone SubjectKind = "milestone"
	OfGate      SubjectKind = "gate"
)

// NewDigest compares the scorecard of now with the one as of then: see AsOf. Events are the history, in its order; those that are
// not in between are passed over.
func NewDigest(now, then *Scorecard, events []Event) Digest {
	d := Digest{Since: then.Now, Until: now.Now}
	before, after := then.ByID(), now.ByID()
	d.Changed = changes(before, after, events, then.Now, now.Now)
	for i := range d.Changed {
		d.Counts.Add(&d.Changed[i])
	}
	for i := range now.Tasks {
		v := &now.Tasks[i]
		was := before[v.Task.ID]
		wasRed := was != nil && was.Verdict.RAG == Red
		switch isRed := v.Verdict.RAG == Red; {
		case isRed && !wasRed:
			d.NewReds = append(d.NewReds, v)
		case wasRed && !isRed && v.Status != task.Cancelled:
			d.NoLongerRed = append(d.NoLongerRed, v)
		}
	}
	for _, w := range now.Partnership.Weeks {
		if last, ok := dayOf(w.Last); ok && !w.Current && (last + 1).begin(now.Now.Location()).After(then.Now) {
			d.Weeks = append(d.Weeks, w)
		}
	}
	d.Needed = needed(now)
	d.Next = next(now)
	return d
}

// changes sums the events up, task by task.
func changes(before, after map[task.ID]*TaskView, events []Event, since, until time.Time) []TaskChange {
	touched := make(map[task.ID]*TaskChange)
	at := func(id task.ID) *TaskChange {
		c := touched[id]
		if c == nil {
			c = &TaskChange{Task: id}
			if v := cmp.Or(after[id], before[id]); v != nil {
				c.Title, c.number = v.Task.Agreed[task.Title].String(), v.Task.Number
			}
			touched[id] = c
		}
		return c
	}
	for i := range events {
		e := &events[i]
		if e.Task == "" || !e.At.After(since) || e.At.After(until) {
			continue
		}
		switch e.Kind {
		case Born:
			at(e.Task).New = true
		case Removed, Restored:
			c := at(e.Task)
			c.Removed, c.Restored = after[e.Task] == nil, before[e.Task] == nil && after[e.Task] != nil && !c.New
		case Decided:
			if f, ok := task.ParseField(e.Field); ok && !e.From.Same(e.To) {
				at(e.Task).merge(Change{e.At, f, e.From, e.To, e.Source, e.By})
			}
		case Settled, Contested: // what was settled is decided, too
		}
	}
	var out []TaskChange
	for _, c := range touched {
		c.Changes = slices.DeleteFunc(c.Changes, func(x Change) bool { return x.From.Same(x.To) })
		slices.SortFunc(c.Changes, func(a, b Change) int { return cmp.Compare(a.Field, b.Field) })
		if c.New || c.Removed || c.Restored || len(c.Changes) > 0 {
			out = append(out, *c)
		}
	}
	slices.SortFunc(out, func(a, b TaskChange) int {
		return cmp.Or(cmp.Compare(a.number, b.number), strings.Compare(string(a.Task), string(b.Task)))
	})
	return out
}

// merge adds a change to those of the task: of one field, the first From and the last To.
func (c *TaskChange) merge(x Change) {
	for i := range c.Changes {
		if was := &c.Changes[i]; was.Field == x.Field {
			x.From = was.From
			*was = x
			return
		}
	}
	c.Changes = append(c.Changes, x)
}

// Told is one of the counts in words: so many tasks are new.
type Told struct {
	Tasks int
	What  string // "new", "finished", "moved later"
}

// Told are the counts that are not zero.
func (n *DigestCounts) Told() []Told {
	all := []Told{
		{n.New, "new"},
		{n.Finished, "finished"},
		{n.Cancelled, "cancelled"},
		{n.Removed, "removed"},
		{n.Restored, "back again"},
		{n.Later, "moved later"},
		{n.Earlier, "moved earlier"},
	}
	return slices.DeleteFunc(all, func(t Told) bool { return t.Tasks == 0 })
}

// Add counts one task.
func (n *DigestCounts) Add(c *TaskChange) {
	for _, x := range []struct {
		is bool
		n  *int
	}{{c.New, &n.New}, {c.Removed, &n.Removed}, {c.Restored, &n.Restored}} {
		if x.is {
			*x.n++
		}
	}
	if c.Removed {
		return
	}
	for _, x := range c.Changes {
		switch {
		case x.Field == task.Status && x.To.String() == task.Done:
			n.Finished++
		case x.Field == task.Status && x.To.String() == task.Cancelled:
			n.Cancelled++
		case x.Field == task.Due:
			from, was := dayOf(x.From)
			to, is := dayOf(x.To)
			if was && is && to > from {
				n.Later++
			}
			if was && is && to < from {
				n.Earlier++
			}
		}
	}
}

// needed are the decisions that people have to take: gates by date, then conflicts by age.
func needed(s *Scorecard) []Need {
	var out []Need
	for i := range s.Gates {
		g := &s.Gates[i]
		if g.Open && g.HasDate && g.DueIn <= s.ahead {
			out = append(out, Need{Kind: NeedGate, Gate: g.ID, Words: fmt.Sprintf("decide the gate “%s”, %s", g.Name, g.Standing())})
		}
	}
	oldest := slices.Clone(s.Conflicts)
	slices.SortStableFunc(oldest, func(a, b Conflict) int { return a.Opened.Compare(b.Opened) })
	for _, k := range oldest {
		out = append(out, Need{
			Kind: NeedConflict, Task: k.Task, Field: k.Field,
			Words: fmt.Sprintf("agree on the %s of %s: %s claimed", strings.ToLower(k.Field.Display()), k.Task, count(len(k.Claims), "value")),
		})
	}
	return out
}

// next is what is due from today on, for as many days as the rules say.
func next(s *Scorecard) []Upcoming {
	var out []Upcoming
	for i := range s.Tasks {
		if v := &s.Tasks[i]; v.Open && v.HasDue && v.DueIn >= 0 && v.DueIn <= s.ahead {
			out = append(out, Upcoming{v.Task.Agreed[task.Due], OfTask, string(v.Task.ID), v.Task.Agreed[task.Title].String(), v.Partner})
		}
	}
	today, _ := dayOf(s.Today)
	for i := range s.Milestones {
		m := &s.Milestones[i]
		if due, ok := dayOf(m.Due); ok && !m.Reached && due >= today && due <= today+day(s.ahead) {
			out = append(out, Upcoming{m.Due, OfMilestone, m.ID, m.Name, m.Partner})
		}
	}
	for i := range s.Gates {
		if g := &s.Gates[i]; g.Open && g.HasDate && g.DueIn >= 0 && g.DueIn <= s.ahead {
			out = append(out, Upcoming{Day: g.Date, Kind: OfGate, ID: g.ID, Name: g.Name})
		}
	}
	slices.SortStableFunc(out, func(a, b Upcoming) int { return byDate(a.Day, b.Day) })
	return out
}
