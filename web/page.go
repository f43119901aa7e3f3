package web

import (
	"cmp"
	"html/template"
	"net/url"
	"slices"
	"strings"

	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// open is what the filter calls every status but done and cancelled.
const open = "open"

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
	Partner
	SectorWord string
	Counts     counts
	Sources    []sourceView
	Shared     bool // it has no tool of its own and works on the scorecard
	Rows       []*row
	HTML       template.HTML // the rows
}

// pageBody is the partnership's page.
type pageBody struct {
	Filter    filter
	Statuses  []choice
	Partners  []choice
	Counts    counts
	Total     int
	Groups    []group
	Scorecard sourceView
	Stale     []sourceView // sources whose data is old
	Guard     string       // what a guard said in the last cycle; "" where none did
	Conflicts []conflictView
	More      []conflictView // conflicts beyond the first few
	Held      []heldGroup
	Activity  []eventView
	Cycles    []cycleView
	Today     string
}

// conflictsShown is how many conflicts are laid out; the rest can be opened.
const conflictsShown = 6

// Waiting is how many things wait for people.
func (b pageBody) Waiting() int {
	n := len(b.Conflicts) + len(b.More)
	for _, g := range b.Held {
		n += len(g.Holds)
	}
	return n
}

func (v *view) page(f filter, events []store.Event, cycles []store.Cycle) pageBody {
	b := pageBody{Filter: f, Statuses: statusChoices(f.Status), Today: v.now.Format("Monday 2 January 2006, 15:04 MST")}
	b.Partners = append(b.Partners, choice{"", "All", f.Partner == ""})
	for _, p := range v.p.Partners {
		b.Partners = append(b.Partners, choice{p.ID, p.Name, p.ID == f.Partner})
	}
	v.group(&b)
	v.freshness(&b)
	if len(cycles) > 0 && cycles[0].Result == "guarded" {
		b.Guard = cycles[0].Note
	}
	b.Conflicts, b.Held = v.conflicts(), v.held()
	if len(b.Conflicts) > conflictsShown {
		b.Conflicts, b.More = b.Conflicts[:conflictsShown], b.Conflicts[conflictsShown:]
	}
	b.Activity, b.Cycles = v.activity(events), v.cycles(cycles)
	return b
}

// group sorts the tasks by partner, and counts them whether or not the filter lets them through.
func (v *view) group(b *pageBody) {
	at := make(map[string]int)
	for _, p := range v.p.Partners {
		at[p.ID] = len(b.Groups)
		b.Groups = append(b.Groups, group{Partner: p, SectorWord: sectorWord(p.Sector)})
	}
	text := strings.ToLower(b.Filter.Text)
	for n := range v.st.Tasks {
		t := &v.st.Tasks[n]
		if t.Removed {
			continue
		}
		partner := t.Agreed[task.Partner].String()
		i, ok := at[partner]
		if !ok { // a partner that has left the configuration still has its tasks
			i = len(b.Groups)
			at[partner] = i
			b.Groups = append(b.Groups, group{Partner: Partner{ID: partner, Name: v.partnerName(partner)}})
		}
		r := v.row(t)
		b.Total++
		b.Counts, b.Groups[i].Counts = b.Counts.with(r), b.Groups[i].Counts.with(r)
		if b.Filter.passes(partner, text, r) {
			v.complete(r)
			b.Groups[i].Rows = append(b.Groups[i].Rows, r)
		}
	}
	for i := range b.Groups {
		sortRows(b.Groups[i].Rows)
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

// freshness says of every source how old its data is, and gives each partner its own.
func (v *view) freshness(b *pageBody) {
	own := make(map[string]bool)
	for _, s := range v.p.Sources {
		sv := v.source(s)
		if s.ID == v.p.Scorecard {
			b.Scorecard = sv
		}
		if sv.Stale {
			b.Stale = append(b.Stale, sv)
		}
		if s.Partner == "" {
			continue
		}
		own[s.Partner] = true
		for i := range b.Groups {
			if b.Groups[i].ID == s.Partner {
				b.Groups[i].Sources = append(b.Groups[i].Sources, sv)
			}
		}
	}
	for i := range b.Groups {
		b.Groups[i].Shared = !own[b.Groups[i].ID] && v.p.Scorecard != ""
	}
}
