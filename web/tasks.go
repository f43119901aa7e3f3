package web

import (
	"cmp"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/lockstep-sync/lockstep/sync/scorecard"
	"github.com/lockstep-sync/lockstep/sync/task"
	"github.com/lockstep-sync/lockstep/sync/view"
)

const (
	// open is what the filter calls every status but done and cancelled.
	open = "open"
	// nobody is what the filter calls tasks without a partner, an owner, a status or a workstream.
	nobody = "none"
	// rowsShown is how many tasks a page lists.
	rowsShown = 200
)

// filter is what the reader asks to see.
type filter struct {
	Partner, Workstream, Status, RAG, Look, Text string
	Overdue                                      bool
}

func filterOf(q url.Values) filter {
	return filter{
		Partner: q.Get("partner"), Workstream: q.Get("workstream"), Status: q.Get("status"), RAG: q.Get("rag"), Look: q.Get("look"), Text: strings.TrimSpace(q.Get("q")),
		Overdue: q.Get("overdue") != "",
	}
}

// Active reports whether anything is left out.
func (f filter) Active() bool { return f != filter{} }

// values are the filter as a query.
func (f filter) values() url.Values {
	q := url.Values{}
	for name, value := range map[string]string{"partner": f.Partner, "workstream": f.Workstream, "status": f.Status, "rag": f.RAG, "look": f.Look, "q": f.Text} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if f.Overdue {
		q.Set("overdue", "1")
	}
	return q
}

// is reports whether a value is the one that is asked for.
func is(asked, value string) bool { return asked == "" || asked == cmp.Or(value, nobody) }

// passes takes the filter's text in lower case.
func (f filter) passes(x *scorecard.TaskView, text string, r *row) bool {
	if !is(f.Partner, x.Partner) || !is(f.Workstream, x.Workstream) || f.RAG != "" && f.RAG != r.Verdict.RAG || f.Overdue && !r.Overdue {
		return false
	}
	if f.Status == open && !x.Open || f.Status != open && !is(f.Status, x.Status) {
		return false
	}
	for _, l := range looks {
		if l.value == f.Look && !l.fits(x) {
			return false
		}
	}
	return text == "" || strings.Contains(strings.ToLower(r.Title+"\n"+r.Owner+"\n"+r.ID), text)
}

// looks are the lists that people ask for most.
var looks = []struct { //nolint:gochecknoglobals // a table
	value, word string
	fits        func(*scorecard.TaskView) bool
}{
	{"", "All", func(*scorecard.TaskView) bool { return true }},
	{"open", "Open", func(x *scorecard.TaskView) bool { return x.Open }},
	{"overdue", "Overdue", func(x *scorecard.TaskView) bool { return x.Overdue > 0 }},
	{"due_soon", "Due soon", func(x *scorecard.TaskView) bool { return x.DueSoon }},
	{"no_owner", "No owner", func(x *scorecard.TaskView) bool { return x.NoOwner }},
	{"no_date", "No date", func(x *scorecard.TaskView) bool { return x.Open && !x.HasDue }},
	{"quick_wins", "Quick wins", func(x *scorecard.TaskView) bool { return x.QuickWin }},
	{"slipped", "Slipped", func(x *scorecard.TaskView) bool { return x.Open && x.Slip.Days > 0 }},
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
	return append(out, choice{nobody, "No status", chosen == nobody})
}

func ragChoices(chosen string) []choice {
	out := []choice{{"", "All", chosen == ""}}
	for _, r := range []scorecard.RAG{scorecard.Red, scorecard.Amber, scorecard.Green, scorecard.Grey} {
		out = append(out, choice{string(r), r.Display(), chosen == string(r)})
	}
	return out
}

func (v *teller) partnerChoices(chosen string) []choice {
	out := []choice{{"", "All", chosen == ""}}
	for _, p := range v.Partnership.Partners {
		out = append(out, choice{p.ID, p.Name, p.ID == chosen})
	}
	return out
}

// orders are the ways in which tasks may be sorted, and groupings those in which they may be grouped: the first one is the default.
var (
	orders    = []choice{{Value: "", Word: "What needs attention"}, {Value: "due", Word: "Due date"}, {Value: "slip", Word: "Slip"}, {Value: "changed", Word: "Changed last"}, {Value: "id", Word: "Number"}} //nolint:gochecknoglobals // a table
	groupings = []choice{{Value: "", Word: "Partner"}, {Value: "workstream", Word: "Workstream"}, {Value: "status", Word: "Status"}, {Value: "none", Word: "None"}}                                           //nolint:gochecknoglobals // a table
)

func chosen(all []choice, value string) []choice {
	out := slices.Clone(all)
	for i := range out {
		out[i].Chosen = out[i].Value == value
	}
	return out
}

// group is some of the tasks, under one name.
type group struct {
	Name       string
	SectorWord string
	Counts     counts
	Sources    []sourceView
	Shared     bool // a partner that has no tool of its own works on the scorecard
	Rows       []*row
}

// tasksBody is the page of tasks.
type tasksBody struct {
	Filter                            filter
	Looks                             []lookTab
	Statuses, Partners, Streams, RAGs []choice
	Orders, Groupings                 []choice
	Total, Fit                        int
	From, To                          int
	Before, Next                      string // addresses; "" where there is none
	Standing                          *standingBody
	Groups                            []group
}

// lookTab is a list that people ask for often, with how many tasks it has.
type lookTab struct {
	Word, URL string
	Count     int
	Here      bool
}

// standingBody is how the partner, the workstream or both that the filter names stand, with the reasons.
type standingBody struct {
	Name     string
	Verdict  verdict
	Declared *declared
	Figures  []figureLine
	Forecast string
}

func tasksPage(r *request) (any, error) {
	q := r.URL.Query()
	f, order, by := filterOf(q), q.Get("sort"), q.Get("group")
	b := tasksBody{
		Filter: f, Statuses: statusChoices(f.Status), Partners: append(r.partnerChoices(f.Partner), choice{nobody, "No partner", f.Partner == nobody}),
		Streams: r.streamChoices(f.Workstream), RAGs: ragChoices(f.RAG), Orders: chosen(orders, order), Groupings: chosen(groupings, by), Total: len(r.Score.Tasks),
		Looks: r.lookTabs(f.Look), Standing: r.standing(f),
	}
	rows := r.fitting(f)
	b.Fit = len(rows)
	sums := r.groupRows(rows, by)
	r.sortRows(rows, order, by)
	from, err := strconv.Atoi(q.Get("from"))
	if err != nil || from < 0 || from >= len(rows) {
		from = 0
	}
	shown := rows[from:min(from+rowsShown, len(rows))]
	b.From, b.To = min(from+1, len(rows)), from+len(shown)
	page := func(n int) string {
		p := f.values()
		for name, value := range map[string]string{"sort": order, "group": by} {
			if value != "" {
				p.Set(name, value)
			}
		}
		if n > 0 {
			p.Set("from", strconv.Itoa(n))
		}
		return r.with("tasks", p)
	}
	if from > 0 {
		b.Before = page(max(0, from-rowsShown))
	}
	if b.To < len(rows) {
		b.Next = page(from + rowsShown)
	}
	b.Groups = r.groups(shown, sums, by, !f.Active() && len(rows) <= rowsShown)
	return b, nil
}

// lookTabs are the lists that people ask for most.
func (v *teller) lookTabs(here string) []lookTab {
	out := make([]lookTab, len(looks))
	for i, l := range looks {
		q := url.Values{}
		if l.value != "" {
			q.Set("look", l.value)
		}
		out[i] = lookTab{Word: l.word, URL: v.with("tasks", q), Here: l.value == here}
	}
	for i := range v.Score.Tasks {
		for k, l := range looks {
			if l.fits(&v.Score.Tasks[i]) {
				out[k].Count++
			}
		}
	}
	return out
}

// fitting are the rows that pass the filter.
func (v *teller) fitting(f filter) []*row {
	text := strings.ToLower(f.Text)
	var rows []*row
	for i := range v.Score.Tasks {
		x := &v.Score.Tasks[i]
		if r := v.row(x); f.passes(x, text, r) {
			rows = append(rows, r)
		}
	}
	return rows
}

// standing is how what the filter names stands; nil where it names neither a partner nor a workstream.
func (v *teller) standing(f filter) *standingBody {
	if f.Partner == "" && f.Workstream == "" {
		return nil
	}
	all := v.Score.Cells
	switch {
	case f.Workstream == "":
		all = v.Score.Partners
	case f.Partner == "":
		all = v.Score.Workstreams
	}
	i := slices.IndexFunc(all, func(x scorecard.Rollup) bool {
		return is(f.Partner, x.Subject.Partner) && is(f.Workstream, x.Subject.Workstream)
	})
	if i < 0 || all[i].Counts.Total == 0 {
		return nil
	}
	x := &all[i]
	b := &standingBody{Verdict: newVerdict(x.Verdict), Declared: v.declared(x.Declared), Figures: figures(x)}
	if x.Forecast != nil {
		b.Forecast = x.Forecast.String()
	}
	if f.Partner != "" {
		b.Name = v.Partnership.PartnerName(x.Subject.Partner)
	}
	if f.Workstream != "" {
		b.Name = strings.TrimPrefix(b.Name+", "+cmp.Or(x.Subject.Workstream, "No workstream"), ", ")
	}
	if x.Subject.Kind == scorecard.OfCombination {
		b.Figures = b.Figures[1:] // a cell of the heat map has no commitments of its own
	}
	return b
}

// groupKey names the group of a row, and says where it stands among the others.
func (v *teller) groupKey(r *row, by string) (name string, rank int) {
	switch by {
	case "workstream":
		return cmp.Or(r.Workstream, "No workstream"), boolRank(r.Workstream == "")
	case "status":
		return r.StatusWord, slices.Index(append(task.Statuses(), r.Status), r.Status)
	case "none":
		return "All tasks", 0
	}
	i := slices.IndexFunc(v.Partnership.Partners, func(p view.Partner) bool { return p.ID == r.Partner })
	if i < 0 { // a partner that has left the configuration still has its tasks
		i = len(v.Partnership.Partners) + boolRank(r.Partner == "")
	}
	return v.Partnership.PartnerName(r.Partner), i
}

// groupRows are the sums of all groups, whether or not all of their rows are shown.
func (v *teller) groupRows(rows []*row, by string) map[string]counts {
	sums := make(map[string]counts)
	for _, r := range rows {
		name, _ := v.groupKey(r, by)
		sums[name] = sums[name].with(r)
	}
	return sums
}

// sortRows sorts rows by group, and within it in an order.
func (v *teller) sortRows(rows []*row, order, by string) {
	within := attention
	switch order {
	case "due":
		within = func(a, b *row) int { return strings.Compare(cmp.Or(a.Due, "9999"), cmp.Or(b.Due, "9999")) }
	case "slip":
		within = func(a, b *row) int { return v.Task(task.ID(b.ID)).Slip.Days - v.Task(task.ID(a.ID)).Slip.Days }
	case "changed":
		within = func(a, b *row) int {
			return v.Task(task.ID(b.ID)).Task.Changed.Compare(v.Task(task.ID(a.ID)).Task.Changed)
		}
	case "id":
		within = func(*row, *row) int { return 0 } // so they come
	}
	slices.SortStableFunc(rows, func(a, b *row) int {
		x, i := v.groupKey(a, by)
		y, k := v.groupKey(b, by)
		return cmp.Or(i-k, strings.Compare(x, y), within(a, b))
	})
}

// attention puts what needs attention first: open before closed, then by due date, what has none last; what is done last comes first
// among the closed.
func attention(a, b *row) int {
	if a.Closed && b.Closed {
		return cmp.Or(strings.Compare(b.Status, a.Status), strings.Compare(b.Due, a.Due))
	}
	return cmp.Or(boolRank(a.Closed)-boolRank(b.Closed), strings.Compare(cmp.Or(a.Due, "9999"), cmp.Or(b.Due, "9999")))
}

func boolRank(b bool) int {
	if b {
		return 1
	}
	return 0
}

// groups lays the rows out. All says that no row is left out: then partners without a task have their place, too.
func (v *teller) groups(rows []*row, sums map[string]counts, by string, all bool) []group {
	var out []group
	own := make(map[string][]sourceView)
	for i, s := range v.sources() {
		partner := v.Partnership.Sources[i].Partner
		own[partner] = append(own[partner], s)
	}
	at := make(map[string]int)
	add := func(name string, p view.Partner) int {
		i, ok := at[name]
		if !ok {
			i = len(out)
			at[name] = i
			g := group{Name: name, Counts: sums[name], SectorWord: sectorWord(p.Sector)}
			if by == "" && p.ID != "" {
				g.Sources = own[p.ID]
				g.Shared = len(g.Sources) == 0 && v.Partnership.Scorecard != "" && !v.Past
			}
			out = append(out, g)
		}
		return i
	}
	if by == "" && all {
		for _, p := range v.Partnership.Partners {
			add(p.Name, p)
		}
	}
	for _, r := range rows {
		name, _ := v.groupKey(r, by)
		var p view.Partner
		if k := slices.IndexFunc(v.Partnership.Partners, func(x view.Partner) bool { return by == "" && x.ID == r.Partner }); k >= 0 {
			p = v.Partnership.Partners[k]
		}
		i := add(name, p)
		v.complete(r)
		out[i].Rows = append(out[i].Rows, r)
	}
	return out
}
