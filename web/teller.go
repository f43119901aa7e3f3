package web

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/lockstep-sync/lockstep/sync/scorecard"
	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/task"
	"github.com/lockstep-sync/lockstep/sync/view"
)

// teller puts what a view holds into words. Everything that pages show comes from a view, and from nothing else.
type teller struct {
	*view.View
	today time.Time // midnight in UTC of the day that it is there
	query string    // what links within the partnership carry on: "?as_of=2026-10-01", or ""
}

func newTeller(v *view.View) *teller {
	return &teller{View: v, today: time.Date(v.Now.Year(), v.Now.Month(), v.Now.Day(), 0, 0, 0, 0, time.UTC)}
}

// at is the address of a page of the partnership: at("tasks").
func (v *teller) at(path string) string {
	out := "/p/" + v.Partnership.ID
	if path != "" {
		out += "/" + path
	}
	return out + v.query
}

// pathTo is the address of a task's page; "" of no task.
func (v *teller) pathTo(id task.ID) string {
	if id == "" {
		return ""
	}
	return v.at("t/" + string(id))
}

// rowText is what a row says that can be compared at once.
type rowText struct {
	ID, Path, Title, Owner string
	Partner, Workstream    string // the partner's id, and the workstream's name
	Status, StatusWord     string
	Verdict                verdict
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

// row is the task in words, without links and holds: see complete.
func (v *teller) row(x *scorecard.TaskView) *row {
	t := x.Task
	r := &row{rowText: rowText{
		ID: string(t.ID), Path: v.pathTo(t.ID), Title: t.Agreed[task.Title].String(), Owner: t.Agreed[task.Assignee].String(),
		Partner: x.Partner, Workstream: x.Workstream, Status: x.Status, StatusWord: cmp.Or(task.StatusDisplay(x.Status), "No status"),
		Closed: !x.Open, Verdict: newVerdict(x.Verdict),
	}}
	if due, ok := t.Agreed[task.Due].Time(); ok {
		r.Due, r.DueDay = t.Agreed[task.Due].String(), day(due, v.Now.Year())
		if x.Open {
			r.DueWords, r.Overdue, r.Soon = dueWords(x.DueIn), x.Overdue > 0, x.DueSoon
		}
		r.Slip = slip(t.Baseline, t.Agreed[task.Due], v.Now.Year())
	}
	return r
}

// verdict is a verdict in words. RAG is its class: "red", "amber", "grey", "green" or "none".
type verdict struct {
	RAG, Word string
	Why       string // the reasons, as one text
	Stale     bool
}

func newVerdict(x scorecard.Verdict) verdict {
	out := verdict{RAG: string(x.RAG), Word: x.RAG.Display(), Stale: x.Stale}
	said := make([]string, len(x.Reasons))
	for i, r := range x.Reasons {
		said[i] = r.String()
	}
	out.Why = strings.Join(said, "; ")
	return out
}

// complete adds the links and holds, which only a row that is shown needs.
func (v *teller) complete(r *row) {
	links, holds := v.Links(task.ID(r.ID)), v.Holds(task.ID(r.ID))
	r.Links = make([]badge, len(links))
	for i := range links {
		r.Links[i] = v.badge(&links[i])
	}
	for _, h := range holds {
		r.Holds = append(r.Holds, v.hold(h))
	}
}

// badge names an item the way people do in that tool. A link whose item has no address leads to the tool.
func (v *teller) badge(l *store.Link) badge {
	s := v.Partnership.Tool(l.Source)
	b := badge{Kind: "gone", Name: cmp.Or(l.Name, l.Key), Where: cmp.Or(s.Name, string(l.Source)), URL: cmp.Or(safeURL(l.URL), safeURL(s.URL))}
	switch {
	case l.Source == v.Partnership.Scorecard:
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

// countsOf are the counts of a group.
func countsOf(c scorecard.Counts) counts {
	return counts{
		Open: c.Open, Overdue: c.Overdue, Blocked: c.Blocked, Progress: c.InProgress, Waiting: c.NotStarted + c.Other, Done: c.Done,
		Cancelled: c.Cancelled,
	}
}

// sourceView is how old a tool's data is.
type sourceView struct {
	ID, Name, Kind, URL string
	Age, At             string // "2 min ago", "14:03"
	Stale               bool
	Error, Hint         string
}

// sources are all tools, in the order of the configuration; nil of a past moment, when nobody knows how they stood.
func (v *teller) sources() []sourceView {
	if v.Past {
		return nil
	}
	out := make([]sourceView, 0, len(v.Partnership.Sources))
	for _, s := range v.Partnership.Sources {
		out = append(out, v.source(s))
	}
	return out
}

func (v *teller) source(s view.Source) sourceView {
	out := sourceView{ID: string(s.ID), Name: s.Name, Kind: s.Kind, URL: safeURL(s.URL), Age: "never read", Stale: true}
	if i := slices.IndexFunc(v.State.Sources, func(x store.Source) bool { return x.ID == s.ID }); i >= 0 {
		out.Error, out.Hint = clip(v.State.Sources[i].Error, clipped), clip(v.State.Sources[i].Hint, clipped)
	}
	i := slices.IndexFunc(v.Score.Sources, func(x scorecard.SourceView) bool { return x.ID == s.ID })
	if i < 0 || v.Score.Sources[i].Never {
		return out
	}
	x := &v.Score.Sources[i]
	out.Age, out.At = ago(v.Now.Sub(x.LastSuccess)), clock(x.LastSuccess.In(v.Partnership.Timezone), v.Now)
	out.Stale = x.Stale || out.Error != ""
	return out
}

// stale are the tools whose data is old.
func (v *teller) stale() []sourceView {
	return slices.DeleteFunc(v.sources(), func(s sourceView) bool { return !s.Stale })
}

// scorecardSource is how old the scorecard's data is; the zero sourceView where there is no scorecard, or in the past.
func (v *teller) scorecardSource() sourceView {
	if v.Past || v.Partnership.Scorecard == "" {
		return sourceView{}
	}
	return v.source(v.Partnership.Tool(v.Partnership.Scorecard))
}
