package web

import (
	"cmp"
	"net/url"
	"slices"

	"github.com/lockstep-sync/lockstep/sync/scorecard"
	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/task"
)

const (
	// conflictsShown is how many conflicts the overview lays out.
	conflictsShown = 3
	// quickWinsShown is how many quick wins it lists, the next due first.
	quickWinsShown = 6
	// datesShown is how many gates and milestones.
	datesShown = 5
)

// overviewBody is the first page of a partnership.
type overviewBody struct {
	Today     string
	Scorecard sourceView
	Verdict   verdict
	Declared  *declared // nil where nobody said anything
	Disagrees bool      // what people say and what the rules say are not the same
	Forecast  string
	Counts    counts
	Total     int
	Stale     []sourceView // sources whose data is old
	Guard     string       // what a guard said in the last cycle; "" where none did
	Heat      heatMap
	Conflicts []conflictView
	Waiting   int // conflicts and holds
	Held      []heldGroup
	Gates     []gateLine
	Dates     []milestoneLine
	QuickWins []*row
	WinsDone  int
	WinsMore  int // quick wins that are open and not listed
	Activity  []eventView
}

// declared is what somebody said about how it goes.
type declared struct {
	RAG, Word, Words, By, Ago, At string
}

func overviewPage(r *request) (any, error) {
	all := &r.Score.Partnership
	b := overviewBody{
		Today: r.Now.Format("Monday 2 January 2006, 15:04 MST"), Scorecard: r.scorecardSource(), Verdict: newVerdict(all.Verdict),
		Declared: r.declared(all.Declared), Disagrees: all.Disagrees, Counts: countsOf(all.Counts), Total: len(r.Score.Tasks), Stale: r.stale(), Heat: r.heatMap(),
		Conflicts: r.conflicts(), Held: r.held(), Gates: r.nextGates(), Dates: r.nextMilestones(),
	}
	if all.Forecast != nil {
		b.Forecast = all.Forecast.String()
	}
	b.Waiting = len(b.Conflicts)
	for _, g := range b.Held {
		b.Waiting += len(g.Holds)
	}
	b.Conflicts = b.Conflicts[:min(len(b.Conflicts), conflictsShown)]
	r.quickWins(&b)
	if r.Past {
		return b, nil
	}
	events, err := r.history(store.Query{Limit: activityRead})
	if err != nil {
		return nil, err
	}
	cycles, err := r.cycles(1)
	if err != nil {
		return nil, err
	}
	if len(cycles) > 0 && cycles[0].Result == "guarded" {
		b.Guard = cycles[0].Note
	}
	b.Activity = r.activity(events)
	return b, nil
}

func (v *teller) declared(u *scorecard.StatusUpdate) *declared {
	if u == nil {
		return nil
	}
	at := u.At.In(v.Partnership.Timezone)
	return &declared{
		RAG: string(u.RAG), Word: u.RAG.Display(), Words: clip(u.Words, clipped), By: clip(u.By, clipped), Ago: ago(v.Now.Sub(u.At)), At: clock(at, v.Now),
	}
}

// heatMap is partner by workstream.
type heatMap struct {
	All     heatCell
	Streams []heatHead
	Rows    []heatRow
}

type heatHead struct {
	Name string
	heatCell
}

type heatRow struct {
	Name  string
	All   heatCell
	Cells []heatCell
}

// heatCell is how the tasks of one partner in one workstream stand.
type heatCell struct {
	Verdict verdict
	URL     string // of the tasks that it speaks of
	Counts  counts
	None    bool // there are no tasks
}

// heatMap has a row for each partner and a column for each workstream that has tasks.
func (v *teller) heatMap() heatMap {
	out := heatMap{All: v.heat(&v.Score.Partnership)}
	cells := make(map[[2]string]*scorecard.Rollup, len(v.Score.Cells))
	for i := range v.Score.Cells {
		c := &v.Score.Cells[i]
		cells[[2]string{c.Subject.Partner, c.Subject.Workstream}] = c
	}
	for i := range v.Score.Workstreams {
		w := &v.Score.Workstreams[i]
		out.Streams = append(out.Streams, heatHead{cmp.Or(w.Name, "No workstream"), v.heat(w)})
	}
	for i := range v.Score.Partners {
		p := &v.Score.Partners[i]
		row := heatRow{Name: cmp.Or(p.Name, "No partner yet"), All: v.heat(p)}
		for j := range v.Score.Workstreams {
			row.Cells = append(row.Cells, v.heat(cells[[2]string{p.Subject.Partner, v.Score.Workstreams[j].Subject.Workstream}]))
		}
		out.Rows = append(out.Rows, row)
	}
	return out
}

// heat is a group as a cell; one of no tasks where there is no such group.
func (v *teller) heat(r *scorecard.Rollup) heatCell {
	if r == nil || r.Counts.Total == 0 {
		return heatCell{None: true}
	}
	q := url.Values{}
	switch r.Subject.Kind {
	case scorecard.OfPartner:
		q.Set("partner", cmp.Or(r.Subject.Partner, nobody))
	case scorecard.OfWorkstream:
		q.Set("workstream", cmp.Or(r.Subject.Workstream, nobody))
	case scorecard.OfCombination:
		q.Set("partner", cmp.Or(r.Subject.Partner, nobody))
		q.Set("workstream", cmp.Or(r.Subject.Workstream, nobody))
	default:
	}
	return heatCell{Verdict: newVerdict(r.Verdict), URL: v.with("tasks", q), Counts: countsOf(r.Counts)}
}

// with is the address of a page of the partnership with a query; the day that is looked at stays.
func (v *teller) with(path string, q url.Values) string {
	base := "/p/" + v.Partnership.ID
	if path != "" {
		base += "/" + path
	}
	if v.query != "" {
		if was, err := url.ParseQuery(v.query[1:]); err == nil {
			q.Set("as_of", was.Get("as_of"))
		}
	}
	if len(q) == 0 {
		return base
	}
	return base + "?" + q.Encode()
}

// gateLine is a gate in a list.
type gateLine struct {
	Name, Date, When, URL string
	Overdue, Ready        bool
	Standing              string // "2 of 3 criteria met, 1 of 2 deliverables done"
}

// nextGates are the gates that are still to be decided, the next first.
func (v *teller) nextGates() []gateLine {
	var out []gateLine
	for i := range v.Score.Gates {
		g := &v.Score.Gates[i]
		if !g.Open || len(out) == datesShown {
			continue
		}
		l := gateLine{Name: g.Name, URL: v.at("gates") + "#gate-" + g.ID, Overdue: g.Overdue > 0, Ready: g.Ready}
		if d, ok := g.Date.Time(); ok {
			l.Date, l.When = day(d, v.Now.Year()), dueWords(g.DueIn)
		}
		if g.Met.Known() {
			l.Standing = g.Met.String() + " criteria met"
		}
		if g.Delivered.Known() {
			if l.Standing != "" {
				l.Standing += ", "
			}
			l.Standing += g.Delivered.String() + " deliverables done"
		}
		out = append(out, l)
	}
	return out
}

// milestoneLine is a milestone in a list.
type milestoneLine struct {
	Name, Date, Path string
	Critical         bool
	Verdict          verdict
	Slip             string
}

// nextMilestones are those that are not reached, the next first.
func (v *teller) nextMilestones() []milestoneLine {
	var out []milestoneLine
	for i := range v.Score.Milestones {
		m := &v.Score.Milestones[i]
		if m.Reached || len(out) == datesShown {
			continue
		}
		l := milestoneLine{Name: m.Name, Path: v.pathTo(m.Task), Critical: m.Critical, Verdict: newVerdict(m.Verdict)}
		if d, ok := m.Due.Time(); ok {
			l.Date = day(d, v.Now.Year())
		}
		l.Slip = slip(m.Baseline, m.Due, v.Now.Year())
		out = append(out, l)
	}
	return out
}

// quickWins lists those that are open, the next due first.
func (v *teller) quickWins(b *overviewBody) {
	for _, x := range v.Score.QuickWins {
		switch {
		case x.Open:
			b.QuickWins = append(b.QuickWins, v.row(x))
		case x.Status == task.Done:
			b.WinsDone++
		}
	}
	slices.SortStableFunc(b.QuickWins, func(x, y *row) int { return cmp.Compare(cmp.Or(x.Due, "9999"), cmp.Or(y.Due, "9999")) })
	if n := len(b.QuickWins); n > quickWinsShown {
		b.WinsMore, b.QuickWins = n-quickWinsShown, b.QuickWins[:quickWinsShown]
	}
}
