package web

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/lockstep-sync/lockstep/sync/scorecard"
	"github.com/lockstep-sync/lockstep/sync/task"
)

const (
	// barsShown is how many tasks a timeline draws.
	barsShown = 120
	// timelineWidth is how wide it is, timelineNames how much of that the names take, and barHeight how high a line is.
	timelineWidth, timelineNames, barHeight = 1200, 330, 26
	// timelineHead is what the months and flags take above.
	timelineHead = 44
	// timelineBack is how many days before today it begins.
	timelineBack = 28
	// nameRoom is how many characters of a title have room.
	nameRoom = 34
)

// timelineBody is the timeline: bars from start to due date, with the date that was agreed first as a ghost.
type timelineBody struct {
	Partners, Spans []choice
	Group           []choice
	Height          int
	Months          []mark
	Lines           []timelineLine
	Flags           []flag // today, gates, milestones
	Summary         string
	Left            int // tasks that are not drawn for want of room
	NoDate          int
	NoDateWords     string // "3 open tasks have no date"
	NoDateURL       string
}

// timelineLine is a line of the timeline: a group's name, or a task.
type timelineLine struct {
	Y, TextY                 int
	Head                     string // a group's name; "" of a task
	ID, Path, Title, Full    string
	X, W                     int    // the bar
	Class                    string // its status
	Ghost                    bool   // the date that was agreed first is another
	GhostX                   int
	DueX, BarY, BarH         int
	Start, Due, First, Owner string
	StatusWord, Slip, Words  string
}

func timelinePage(r *request) (any, error) {
	q := r.URL.Query()
	months := map[string]int{"3": 3, "6": 6, "12": 12}[q.Get("months")]
	by, partner := q.Get("group"), q.Get("partner")
	b := timelineBody{Partners: r.partnerChoices(partner), NoDateURL: r.with("tasks", url.Values{"look": {"no_date"}})}
	for _, s := range []choice{{Value: "", Word: "Up to the last date"}, {Value: "3", Word: "3 months"}, {Value: "6", Word: "6 months"}, {Value: "12", Word: "12 months"}} {
		b.Spans = append(b.Spans, choice{s.Value, s.Word, s.Value == q.Get("months")})
	}
	for _, g := range []choice{{Value: "", Word: "Workstream"}, {Value: "partner", Word: "Partner"}} {
		b.Group = append(b.Group, choice{g.Value, g.Word, g.Value == by})
	}
	drawn := r.drawn(&b, partner, by)
	b.NoDateWords = count(b.NoDate, "open task") + " without a date"
	t := newTimescale(r.today, drawn, r.Score.Milestones, r.Score.Gates, months)
	b.Months = t.months()
	group, first := "", true
	y := timelineHead
	for _, x := range drawn {
		if name := groupName(r.teller, x, by); first || name != group {
			b.Lines = append(b.Lines, timelineLine{Head: clip(name, clipped), Y: y, TextY: y + barHeight - 8})
			group, first, y = name, false, y+barHeight
		}
		b.Lines = append(b.Lines, r.bar(x, t, y))
		y += barHeight
	}
	b.Height = y + 8
	r.timelineFlags(&b, t)
	b.Summary = fmt.Sprintf("Timeline of %s from %s to %s.", count(len(drawn), "task"), day(t.from, r.Now.Year()), day(t.to, r.Now.Year()))
	return b, nil
}

// drawn are the tasks that the timeline shows: open ones with a due date, and those finished since its beginning.
func (v *teller) drawn(b *timelineBody, partner, by string) []*scorecard.TaskView {
	var out []*scorecard.TaskView
	for i := range v.Score.Tasks {
		x := &v.Score.Tasks[i]
		if partner != "" && x.Partner != partner || x.Status == task.Cancelled {
			continue
		}
		due, ok := x.Task.Agreed[task.Due].Time()
		if !ok {
			if x.Open {
				b.NoDate++
			}
			continue
		}
		if x.Open || !due.Before(v.today.AddDate(0, 0, -timelineBack)) {
			out = append(out, x)
		}
	}
	slices.SortStableFunc(out, func(x, y *scorecard.TaskView) int {
		return cmp.Or(cmp.Compare(groupName(v, x, by), groupName(v, y, by)), cmp.Compare(x.Task.Agreed[task.Due].String(), y.Task.Agreed[task.Due].String()))
	})
	b.Left = max(0, len(out)-barsShown)
	return out[:len(out)-b.Left]
}

func groupName(v *teller, x *scorecard.TaskView, by string) string {
	if by == "partner" {
		return v.Partnership.PartnerName(x.Partner)
	}
	return cmp.Or(x.Workstream, "No workstream")
}

// timescale puts days on the width of the timeline.
type timescale struct{ from, to time.Time }

// newTimescale goes from some weeks back to the last date that there is, or as many months as are asked for; a year at most.
func newTimescale(today time.Time, tasks []*scorecard.TaskView, ms []scorecard.MilestoneView, gates []scorecard.GateView, months int) timescale {
	t := timescale{from: today.AddDate(0, 0, -timelineBack), to: today.AddDate(0, 1, 0)}
	if months > 0 {
		t.to = today.AddDate(0, months, 0)
		return t
	}
	stretch := func(v task.Value) {
		if d, ok := v.Time(); ok && d.After(t.to) {
			t.to = d.AddDate(0, 0, 7)
		}
	}
	for _, x := range tasks {
		stretch(x.Task.Agreed[task.Due])
	}
	for i := range ms {
		stretch(ms[i].Due)
	}
	for i := range gates {
		stretch(gates[i].Date)
	}
	if year := today.AddDate(1, 0, 0); t.to.After(year) {
		t.to = year
	}
	return t
}

// x is where a day stands; the ends where it lies beyond.
func (t timescale) x(d time.Time) int {
	part := min(1, max(0, d.Sub(t.from).Hours()/t.to.Sub(t.from).Hours()))
	return timelineNames + int(part*(timelineWidth-timelineNames-10))
}

// months are the beginnings of months, or of quarters where months are many.
func (t timescale) months() []mark {
	step := 1
	if t.to.Sub(t.from) > 240*24*time.Hour {
		step = 2
	}
	var out []mark
	for d := time.Date(t.from.Year(), t.from.Month()+1, 1, 0, 0, 0, 0, time.UTC); d.Before(t.to); d = d.AddDate(0, step, 0) {
		out = append(out, mark{t.x(d), 16, d.Format("Jan 2006")})
	}
	return out
}

// bar is one task's line.
func (v *teller) bar(x *scorecard.TaskView, t timescale, y int) timelineLine {
	a := &x.Task.Agreed
	due, _ := a[task.Due].Time()
	start, ok := a[task.Start].Time()
	if !ok { // what nobody planned a beginning of begins when it was begun, or came to be known
		began, known := x.Task.Story.Began()
		if !known {
			began = x.Task.Created
		}
		start = time.Date(began.Year(), began.Month(), began.Day(), 0, 0, 0, 0, time.UTC)
	}
	if start.After(due) {
		start = due.AddDate(0, 0, -1)
	}
	end := due.AddDate(0, 0, 1)
	title := cmp.Or(a[task.Title].String(), "No title")
	l := timelineLine{
		Y: y, TextY: y + barHeight - 8, BarY: y + 6, BarH: barHeight - 12, ID: string(x.Task.ID), Path: v.pathTo(x.Task.ID), Title: clip(title, nameRoom), Full: clip(title, clipped), X: t.x(start), Class: x.Status,
		Due: day(due, v.Now.Year()), Owner: clip(a[task.Assignee].String(), clipped), StatusWord: cmp.Or(task.StatusDisplay(x.Status), "No status"), Slip: x.Slip.String(), DueX: t.x(end),
	}
	l.W = max(3, l.DueX-l.X)
	if s, ok := a[task.Start].Time(); ok {
		l.Start = day(s, v.Now.Year())
	}
	if first, ok := x.Task.Baseline.Time(); ok {
		l.First = day(first, v.Now.Year())
		l.Ghost, l.GhostX = !first.Equal(due), t.x(first.AddDate(0, 0, 1))
	}
	if x.Open {
		l.Words = dueWords(x.DueIn)
	}
	return l
}

// timelineFlags mark today, the gates and the milestones.
func (v *teller) timelineFlags(b *timelineBody, t timescale) {
	b.Flags = append(b.Flags, flag{X: t.x(v.today), Class: "today", Text: "Today", Y: 38})
	add := func(value task.Value, class, text string) {
		if d, ok := value.Time(); ok && d.After(t.from) && d.Before(t.to) {
			b.Flags = append(b.Flags, flag{X: t.x(d), Class: class, Text: text, Y: 38})
		}
	}
	for i := range v.Score.Gates {
		add(v.Score.Gates[i].Date, "gate", "Gate: "+v.Score.Gates[i].Name+", "+v.say("", v.Score.Gates[i].Date, clipped))
	}
	for i := range v.Score.Milestones {
		add(v.Score.Milestones[i].Due, "milestone", "Milestone: "+v.Score.Milestones[i].Name+", "+v.say("", v.Score.Milestones[i].Due, clipped))
	}
}
