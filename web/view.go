package web

import (
	"cmp"
	"strings"
	"time"

	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// view is one partnership at one moment. Everything that pages show is computed from it, and from nothing else.
type view struct {
	p       Partnership
	st      store.State
	now     time.Time // in the partnership's timezone
	today   time.Time // midnight in UTC of the day that it is there
	links   map[task.ID][]store.Link
	holds   map[task.ID][]task.Hold
	sources map[task.SourceID]store.Source
	tools   map[task.SourceID]Source
	titles  map[task.ID]string
}

func newView(p Partnership, st store.State, now time.Time) *view {
	v := &view{
		p: p, st: st, now: now.In(p.Timezone), links: make(map[task.ID][]store.Link, len(st.Tasks)), holds: make(map[task.ID][]task.Hold),
		sources: make(map[task.SourceID]store.Source), tools: make(map[task.SourceID]Source), titles: make(map[task.ID]string, len(st.Tasks)),
	}
	v.today = time.Date(v.now.Year(), v.now.Month(), v.now.Day(), 0, 0, 0, 0, time.UTC)
	for i := 0; i < len(st.Links); { // sorted by task, so that a task's links lie side by side
		j := i + 1
		for j < len(st.Links) && st.Links[j].Task == st.Links[i].Task {
			j++
		}
		id := st.Links[i].Task
		if was := v.links[id]; was == nil {
			v.links[id] = st.Links[i:j:j]
		} else {
			v.links[id] = append(was, st.Links[i:j]...)
		}
		i = j
	}
	for _, h := range st.Holds {
		if h.Task != "" {
			v.holds[h.Task] = append(v.holds[h.Task], h)
		}
	}
	for _, s := range st.Sources {
		v.sources[s.ID] = s
	}
	for _, s := range p.Sources {
		v.tools[task.SourceID(s.ID)] = s
	}
	for i := range st.Tasks {
		v.titles[st.Tasks[i].ID] = st.Tasks[i].Agreed[task.Title].String()
	}
	return v
}

// rowText is what a row says that can be compared at once.
type rowText struct {
	ID, Path, Title, Owner string
	Status, StatusWord     string
	Due, DueDay, DueWords  string // 2026-11-20, 20 Nov, 3 days overdue
	Overdue, Soon, Closed  bool
	Slip                   string // "first agreed 1 Nov (+9 days)"; "" where the date stands
}

// row is one task as a table shows it.
type row struct {
	rowText
	Links []badge
	Holds []holdView
}

// badge leads to a task in one tool.
type badge struct{ Kind, Name, Where, URL string }

// soonDays is how near a due date is called near.
const soonDays = 7

// row is the task in words, without links and holds: see complete.
func (v *view) row(t *store.Task) *row {
	status := t.Agreed[task.Status].String()
	r := &row{rowText: rowText{
		ID: string(t.ID), Path: "/p/" + v.p.ID + "/t/" + string(t.ID), Title: t.Agreed[task.Title].String(), Owner: t.Agreed[task.Assignee].String(),
		Status: status, StatusWord: cmp.Or(task.StatusDisplay(status), "No status"), Closed: status == task.Done || status == task.Cancelled,
	}}
	if due, ok := t.Agreed[task.Due].Time(); ok {
		r.Due, r.DueDay = t.Agreed[task.Due].String(), day(due, v.now.Year())
		if !r.Closed {
			days := int(due.Sub(v.today).Hours() / 24)
			r.DueWords, r.Overdue, r.Soon = dueWords(days), days < 0, days >= 0 && days <= soonDays
		}
		r.Slip = slip(t.Baseline, t.Agreed[task.Due], v.now.Year())
	}
	return r
}

// complete adds the links and holds, which only a row that is shown needs.
func (v *view) complete(r *row) {
	links, holds := v.links[task.ID(r.ID)], v.holds[task.ID(r.ID)]
	r.Links = make([]badge, len(links))
	for i := range links {
		r.Links[i] = v.badge(&links[i])
	}
	for _, h := range holds {
		r.Holds = append(r.Holds, v.hold(h))
	}
}

// badge names an item the way people do in that tool. A link whose item has no address leads to the tool.
func (v *view) badge(l *store.Link) badge {
	s := v.tools[l.Source]
	b := badge{Kind: "gone", Name: cmp.Or(l.Name, l.Key), Where: cmp.Or(s.Name, string(l.Source)), URL: cmp.Or(safeURL(l.URL), safeURL(s.URL))}
	switch {
	case string(l.Source) == v.p.Scorecard:
		b.Kind, b.Name, b.Where = "scorecard", "Scorecard", "the scorecard, "+l.Name
	case s.Kind == "sheet", s.Kind == "doc":
		b.Kind, b.Name = s.Kind, strings.ToUpper(s.Kind[:1])+s.Kind[1:]+" "+l.Name
	case s.Kind != "":
		b.Kind = s.Kind
	}
	return b
}

// counts sums up tasks. Open is all but Done and Cancelled; the overdue and the blocked are among the open.
type counts struct{ Open, Overdue, Blocked, Progress, Waiting, Done, Cancelled int }

// with is the sum and one task more.
func (c counts) with(r *row) counts {
	switch r.Status {
	case task.Done:
		c.Done++
		return c
	case task.Cancelled:
		c.Cancelled++
		return c
	case task.Blocked:
		c.Blocked++
	case task.InProgress:
		c.Progress++
	default:
		c.Waiting++
	}
	c.Open++
	if r.Overdue {
		c.Overdue++
	}
	return c
}

// Live is how many tasks are not cancelled.
func (c counts) Live() int { return c.Open + c.Done }

// DonePercent is how much of what was not cancelled is done; 0 where there is nothing.
func (c counts) DonePercent() int { return 100 * c.Done / max(c.Live(), 1) }

// piece is one part of a bar of 1000 units.
type piece struct {
	Class string
	X, W  int
}

// Bar is the tasks by status as parts of a bar, done first; nil where there is none.
func (c counts) Bar() []piece {
	var out []piece
	x, sum := 0, 0
	for _, s := range []struct {
		class string
		n     int
	}{{task.Done, c.Done}, {task.InProgress, c.Progress}, {task.Blocked, c.Blocked}, {task.NotStarted, c.Waiting}} {
		sum += s.n
		if s.n > 0 {
			end := 1000 * sum / c.Live()
			out = append(out, piece{s.class, x, end - x})
			x = end
		}
	}
	return out
}

// sourceView is how old a tool's data is.
type sourceView struct {
	Name, Kind, URL string
	Age, At         string // "2 min ago", "14:03"
	Stale           bool
	Error, Hint     string
}

const (
	// staleAfter is how many intervals a source may go unread before its data counts as stale.
	staleAfter = 3
	// staleFloor keeps a source that is read every other second from being called stale during one slow cycle.
	staleFloor = 20 * time.Second
)

func (v *view) source(s Source) sourceView {
	st := v.sources[task.SourceID(s.ID)]
	out := sourceView{Name: s.Name, Kind: s.Kind, URL: safeURL(s.URL), Error: clip(st.Error, clipped), Hint: clip(st.Hint, clipped)}
	if st.LastSuccess.IsZero() {
		out.Age, out.Stale = "never read", true
		return out
	}
	age := v.now.Sub(st.LastSuccess)
	out.Age, out.At = ago(age), clock(st.LastSuccess.In(v.p.Timezone), v.now)
	out.Stale = st.Error != "" || age > staleAfter*max(s.Interval, staleFloor)
	return out
}

// summary is a partnership's row in the list of them.
type summary struct {
	ID, Name  string
	Counts    counts
	Waiting   int
	Scorecard sourceView
	Stale     int
}

func (v *view) summary() summary {
	b := v.page(filter{}, nil, nil)
	s := summary{ID: v.p.ID, Name: v.p.Name, Counts: b.Counts, Scorecard: b.Scorecard, Stale: len(b.Stale), Waiting: b.Waiting()}
	return s
}
