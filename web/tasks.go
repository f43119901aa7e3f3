package web

import (
	"cmp"
	"net/url"
	"slices"
	"strings"

	"github.com/lockstep-sync/lockstep/sync/task"
	"github.com/lockstep-sync/lockstep/sync/view"
)

// open is what the filter calls every status but done and cancelled.
const open = "open"

// nobody is what the filter calls tasks without a partner, an owner or a workstream.
const nobody = "none"

// filter is what the reader asks to see.
type filter struct {
	Partner, Status, Text string
	Overdue               bool
}

func filterOf(q url.Values) filter {
	return filter{Partner: q.Get("partner"), Status: q.Get("status"), Text: strings.TrimSpace(q.Get("q")), Overdue: q.Get("overdue") != ""}
}

// Active reports whether anything is left out.
func (f filter) Active() bool { return f != filter{} }

// passes takes the filter's text in lower case.
func (f filter) passes(partner, text string, r *row) bool {
	if f.Partner != "" && f.Partner != partner || f.Overdue && !r.Overdue {
		return false
	}
	if f.Status == open && r.Closed || f.Status != "" && f.Status != open && f.Status != r.Status {
		return false
	}
	return text == "" || strings.Contains(strings.ToLower(r.Title+"\n"+r.Owner+"\n"+r.ID), text)
}

// choice is one line of a list to choose from.
type choice struct {
	Value, Word string
	Chosen      bool
}

func statusChoices(chosen string) []choice {
	out := []choice{{"", "All", chosen == ""}, {open, "Open", chosen == open}}
	for _, s := range task.Statuses() {
		out = append(out, choice{s, task.StatusDisplay(s), chosen == s})
	}
	return out
}

// group is one partner's tasks.
type group struct {
	view.Partner
	SectorWord string
	Counts     counts
	Sources    []sourceView
	Shared     bool // it has no tool of its own and works on the scorecard
	Rows       []*row
}

// tasksBody is the page of tasks.
type tasksBody struct {
	Filter   filter
	Statuses []choice
	Partners []choice
	Total    int
	Groups   []group
}

func tasksPage(r *request) (any, error) {
	f := filterOf(r.URL.Query())
	b := tasksBody{Filter: f, Statuses: statusChoices(f.Status), Partners: r.partnerChoices(f.Partner)}
	r.group(&b)
	return b, nil
}

func (v *teller) partnerChoices(chosen string) []choice {
	out := []choice{{"", "All", chosen == ""}}
	for _, p := range v.Partnership.Partners {
		out = append(out, choice{p.ID, p.Name, p.ID == chosen})
	}
	return out
}

// group sorts the tasks by partner, and counts them whether or not the filter lets them through.
func (v *teller) group(b *tasksBody) {
	at := make(map[string]int)
	for _, p := range v.Partnership.Partners {
		at[p.ID] = len(b.Groups)
		b.Groups = append(b.Groups, group{Partner: p, SectorWord: sectorWord(p.Sector)})
	}
	text := strings.ToLower(b.Filter.Text)
	for n := range v.Score.Tasks {
		x := &v.Score.Tasks[n]
		i, ok := at[x.Partner]
		if !ok { // a partner that has left the configuration still has its tasks
			i = len(b.Groups)
			at[x.Partner] = i
			b.Groups = append(b.Groups, group{Partner: view.Partner{ID: x.Partner, Name: v.Partnership.PartnerName(x.Partner)}})
		}
		r := v.row(x)
		b.Total++
		b.Groups[i].Counts = b.Groups[i].Counts.with(r)
		if b.Filter.passes(x.Partner, text, r) {
			v.complete(r)
			b.Groups[i].Rows = append(b.Groups[i].Rows, r)
		}
	}
	own := make(map[string][]sourceView)
	for i, s := range v.sources() {
		partner := v.Partnership.Sources[i].Partner
		own[partner] = append(own[partner], s)
	}
	for i := range b.Groups {
		g := &b.Groups[i]
		sortRows(g.Rows)
		g.Sources = own[g.ID]
		g.Shared = len(g.Sources) == 0 && v.Partnership.Scorecard != "" && !v.Past
	}
	if b.Filter.Active() {
		b.Groups = slices.DeleteFunc(b.Groups, func(g group) bool { return len(g.Rows) == 0 })
	}
}

// sortRows puts what needs attention first: open before closed, then by due date, what has none last; what is done last
// comes first among the closed.
func sortRows(rows []*row) {
	slices.SortStableFunc(rows, func(a, b *row) int {
		if a.Closed && b.Closed {
			return cmp.Or(strings.Compare(b.Status, a.Status), strings.Compare(b.Due, a.Due))
		}
		return cmp.Or(boolRank(a.Closed)-boolRank(b.Closed), strings.Compare(cmp.Or(a.Due, "9999"), cmp.Or(b.Due, "9999")))
	})
}

func boolRank(b bool) int {
	if b {
		return 1
	}
	return 0
}
