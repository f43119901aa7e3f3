package scorecard

import (
	"time"

	"github.com/lockstep-sync/lockstep/sync/task"
)

// TaskView is one task as the scorecard judges it.
type TaskView struct {
	Task *Task `json:"-"` // the one of the input

	Verdict  Verdict       `json:"verdict"`
	Declared *StatusUpdate `json:"declared,omitempty"` // what people say, if anybody said something

	Open bool `json:"open"` // neither done nor cancelled
	// DueIn is in how many days the task is due; negative where the date has passed. Only where HasDue.
	DueIn  int  `json:"due_in"`
	HasDue bool `json:"has_due"`
	// Overdue is by how many days an open task is past today's due date; 0 where it is not.
	Overdue int `json:"overdue"`
	// Late is by how many days an open task is past the date that its lateness is counted from: see Rules.LateFrom.
	Late     int  `json:"late"`
	DueSoon  bool `json:"due_soon"` // open, not overdue, and due within Rules.DueSoon days
	NoOwner  bool `json:"no_owner"` // open, and nobody is named
	QuickWin bool `json:"quick_win"`
	Slip     Slip `json:"slip"`

	Partner    string `json:"partner"`
	Workstream string `json:"workstream"`
	Status     string `json:"status"`

	due, baseline day
	hasBaseline   bool
	finished      day
	finishedKnown bool
	missed        day // the date that lateness is counted from
	missedKnown   bool
}

// Slip is how far a due date has moved from the first agreed one.
type Slip struct {
	Moves int `json:"moves"`
	Days  int `json:"days"` // current − baseline; later is positive; 0 where one of them is not there
	// Dropped says that there was a date and is none now.
	Dropped bool `json:"dropped,omitempty"`
}

// String is the slip in words: "moved 3 times, 21 days later than first agreed"; "" where the date stands.
func (s Slip) String() string {
	switch {
	case s.Dropped:
		return "the date was taken away"
	case s.Moves == 0 && s.Days == 0:
		return ""
	case s.Moves == 0:
		return than(s.Days)
	}
	return "moved " + times(s.Moves) + ", " + than(s.Days)
}

// judge is the task as the rules see it.
func (c *computer) judge(t *Task) TaskView {
	v := TaskView{
		Task: t, Partner: t.Agreed[task.Partner].String(), Status: t.Agreed[task.Status].String(), Workstream: c.stream(t.Agreed[task.Workstream]),
	}
	v.Open = v.Status != task.Done && v.Status != task.Cancelled
	v.due, v.HasDue = dayOf(t.Agreed[task.Due])
	v.baseline, v.hasBaseline = dayOf(t.Baseline)
	if v.Status == task.Done {
		at, known := t.Story.Finished()
		v.finished, v.finishedKnown = dayIn(at, c.loc), known
	}
	v.slip()
	if v.HasDue {
		v.DueIn = int(v.due - c.today)
	}
	v.QuickWin = c.quickWin(&v)
	if !v.Open {
		v.Verdict = v.closed()
		return v
	}
	v.NoOwner = t.Agreed[task.Assignee].IsEmpty()
	if v.HasDue {
		v.Overdue = max(0, -v.DueIn)
		v.DueSoon = v.DueIn >= 0 && v.DueIn <= c.in.Rules.DueSoon
	}
	c.late(&v)
	v.Verdict = c.freshen(c.open(&v), c.sourcesOf(t))
	return v
}

// closed is the verdict on a task that is done or cancelled.
func (v *TaskView) closed() Verdict {
	if v.Status != task.Done {
		return verdict(Reason{Code: IsCancelled, RAG: None})
	}
	r := Reason{Code: IsDone, RAG: None}
	if v.finishedKnown {
		r.To = v.finished.value()
		if v.hasBaseline {
			r.Days = max(0, int(v.finished-v.baseline))
		}
	}
	return verdict(r)
}

func (v *TaskView) slip() {
	v.Slip.Moves = v.Task.Story.moves()
	v.Slip.Dropped = v.hasBaseline && !v.HasDue
	if v.HasDue && v.hasBaseline {
		v.Slip.Days = int(v.due - v.baseline)
	}
}

// late finds the date that lateness is counted from.
func (c *computer) late(v *TaskView) {
	v.missed, v.missedKnown = v.due, v.HasDue
	switch c.in.Rules.LateFrom {
	case LateCurrent:
	case LateBaseline:
		if v.hasBaseline && v.HasDue {
			v.missed = v.baseline
		}
	case LateMissed, "":
		if d, ok := v.Task.firstMissed(c.in.Rules.Correction, c.loc); ok && (!v.missedKnown || d < v.missed) {
			v.missed, v.missedKnown = d, true
		}
	}
	if v.missedKnown {
		v.Late = max(0, int(c.today-v.missed))
	}
}

// firstMissed is the earliest due date that had passed when it was moved or taken away, while the task was open.
func (t *Task) firstMissed(correction time.Duration, loc *time.Location) (day, bool) {
	since, found, missed := t.Created, false, day(0)
	status := t.first(task.Status).String()
	for i := range t.Story.Changes {
		ch := &t.Story.Changes[i]
		switch ch.Field {
		case task.Status:
			status = ch.To.String()
		case task.Due:
			was, ok := dayOf(ch.From)
			open := status != task.Done && status != task.Cancelled
			if ok && open && dayIn(ch.At, loc) > was && ch.At.Sub(since) >= correction && (!found || was < missed) {
				missed, found = was, true
			}
			since = ch.At
		default:
		}
	}
	return missed, found
}

// first is the value of a tracked field when the task was first seen.
func (t *Task) first(f task.Field) task.Value {
	for i := range t.Story.Changes {
		if t.Story.Changes[i].Field == f {
			return t.Story.Changes[i].From
		}
	}
	return t.Agreed[f]
}

// open is the verdict on a task that is neither done nor cancelled.
func (c *computer) open(v *TaskView) Verdict {
	r := &c.in.Rules
	reasons := make([]Reason, 0, 1) // most tasks have one
	add := func(x Reason) { reasons = append(reasons, x) }
	if v.Late > 0 {
		x := Reason{Code: Overdue, RAG: Amber, Days: v.Late, Limit: r.Tolerance, To: v.Task.Agreed[task.Due]}
		if v.Late > r.Tolerance {
			x.RAG = Red
		}
		if !v.HasDue || v.missed != v.due {
			x.Code, x.From = Missed, v.missed.value()
		}
		add(x)
	}
	near := v.HasDue && v.DueIn <= r.DueSoon // a date that has passed is nearer still
	if near && v.Status == task.Blocked {
		add(Reason{Code: BlockedDueSoon, RAG: Red, Days: v.DueIn, Limit: r.DueSoon})
	}
	if near && v.Status == task.NotStarted {
		add(Reason{Code: NotStartedSoon, RAG: Amber, Days: v.DueIn, Limit: r.DueSoon})
	}
	if r.Moves > 0 && v.Slip.Moves >= r.Moves {
		add(Reason{Code: MovedOften, RAG: Amber, Count: v.Slip.Moves, Limit: r.Moves, Days: v.Slip.Days, From: v.Task.Baseline})
	}
	if n := c.untouched(v.Task); r.Untouched > 0 && v.Status == task.InProgress && n >= r.Untouched {
		add(Reason{Code: Untouched, RAG: Amber, Days: n, Limit: r.Untouched})
	}
	if !v.HasDue {
		add(Reason{Code: NoDueDate, RAG: Grey, From: v.Task.Story.lastDue()})
	}
	if v.NoOwner {
		add(Reason{Code: NoOwner, RAG: Grey})
	}
	if len(reasons) == 0 {
		add(Reason{Code: OnTrack, RAG: Green, Days: v.DueIn})
	}
	return verdict(reasons...)
}

// untouched is for how many days nothing about the task changed.
func (c *computer) untouched(t *Task) int {
	last := t.Created
	for _, at := range []time.Time{t.Changed, t.Story.Last.At} {
		if at.After(last) {
			last = at
		}
	}
	return max(0, int(c.today-dayIn(last, c.loc)))
}
