package web

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// view is one partnership at one moment. Everything that pages show is computed from it, and from nothing else.
type view struct {
	p       Partnership
	st      store.State
	now     time.Time
	today   string // in the partnership's timezone: 2026-11-23
	links   map[task.ID][]store.Link
	holds   map[task.ID][]task.Hold
	sources map[task.SourceID]store.Source
	titles  map[task.ID]string
}

func newView(p Partnership, st store.State, now time.Time) *view {
	v := &view{
		p: p, st: st, now: now.In(p.Timezone), links: make(map[task.ID][]store.Link, len(st.Tasks)), holds: make(map[task.ID][]task.Hold),
		sources: make(map[task.SourceID]store.Source), titles: make(map[task.ID]string, len(st.Tasks)),
	}
	v.today = v.now.Format(time.DateOnly)
	for _, l := range st.Links {
		v.links[l.Task] = append(v.links[l.Task], l)
	}
	for _, h := range st.Holds {
		if h.Task != "" {
			v.holds[h.Task] = append(v.holds[h.Task], h)
		}
	}
	for _, s := range st.Sources {
		v.sources[s.ID] = s
	}
	for _, t := range st.Tasks {
		v.titles[t.ID] = t.Agreed[task.Title].String()
	}
	return v
}

// row is one task as a table shows it.
type row struct {
	ID, Title, Owner   string
	Status, StatusWord string
	Due, DueWords      string
	Overdue, Soon      bool
	Slip               string // "moved from 1 Nov, 9 days later"; "" where the date stands
	Links              []badge
	Holds              []task.Hold
}

// badge leads to a task in one tool.
type badge struct{ Kind, Name, URL string }

const soonDays = 7

func (v *view) row(t store.Task) row {
	status := t.Agreed[task.Status].String()
	r := row{
		ID: string(t.ID), Title: t.Agreed[task.Title].String(), Owner: t.Agreed[task.Assignee].String(), Status: status,
		StatusWord: task.StatusDisplay(status), Due: t.Agreed[task.Due].String(), Holds: v.holds[t.ID],
	}
	closed := status == task.Done || status == task.Cancelled
	if days, ok := v.daysUntil(t.Agreed[task.Due]); ok && !closed {
		r.DueWords, r.Overdue, r.Soon = dueWords(days), days < 0, days >= 0 && days <= soonDays
	}
	r.Slip = slip(t.Baseline, t.Agreed[task.Due])
	for _, l := range v.links[t.ID] {
		b := badge{Kind: "?", Name: l.Name, URL: l.URL}
		for _, s := range v.p.Sources {
			if s.ID == string(l.Source) {
				b.Kind = s.Kind
			}
		}
		if string(l.Source) == v.p.Scorecard {
			b.Kind, b.Name = "scorecard", "Scorecard "+l.Name
		}
		r.Links = append(r.Links, b)
	}
	return r
}

// daysUntil counts the days from today to a date, negative for the past.
func (v *view) daysUntil(due task.Value) (int, bool) {
	day, ok := due.Time()
	if !ok {
		return 0, false
	}
	today, err := time.Parse(time.DateOnly, v.today)
	if err != nil {
		return 0, false
	}
	return int(day.Sub(today).Hours() / 24), true
}

func dueWords(days int) string {
	switch {
	case days == -1:
		return "overdue by a day"
	case days < 0:
		return fmt.Sprintf("overdue by %d days", -days)
	case days == 0:
		return "due today"
	case days == 1:
		return "due tomorrow"
	}
	return fmt.Sprintf("due in %d days", days)
}

// slip says how far the date has moved from the first one that was agreed.
func slip(baseline, due task.Value) string {
	from, ok1 := baseline.Time()
	to, ok2 := due.Time()
	if !ok1 || !ok2 || from.Equal(to) {
		return ""
	}
	days, word := int(to.Sub(from).Hours()/24), "later"
	if days < 0 {
		days, word = -days, "earlier"
	}
	return fmt.Sprintf("was %s: %s %s", from.Format("2 Jan"), count(days, "day"), word)
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// counts sums up tasks.
type counts struct{ Open, Overdue, Blocked, Done int }

func (c *counts) add(r row) {
	switch r.Status {
	case task.Done:
		c.Done++
		return
	case task.Cancelled:
		return
	case task.Blocked:
		c.Blocked++
	}
	c.Open++
	if r.Overdue {
		c.Overdue++
	}
}

// sourceView is how old a tool's data is.
type sourceView struct {
	Name, Kind, URL string
	Age, At         string // "2 min ago", "14:03"
	Stale           bool
	Error, Hint     string
}

// staleAfter is how many intervals a source may go unread before its data counts as stale.
const staleAfter = 3

func (v *view) source(s Source) sourceView {
	st := v.sources[task.SourceID(s.ID)]
	out := sourceView{Name: s.Name, Kind: s.Kind, URL: s.URL, Error: st.Error, Hint: st.Hint}
	if st.LastSuccess.IsZero() {
		out.Age, out.Stale = "never read", true
		return out
	}
	age := v.now.Sub(st.LastSuccess)
	out.Age, out.At = ago(age), clock(st.LastSuccess.In(v.p.Timezone), v.now)
	out.Stale = st.Error != "" || age > staleAfter*max(s.Interval, 20*time.Second)
	return out
}

// ago says how long ago something was, in words.
func ago(d time.Duration) string {
	switch {
	case d < 10*time.Second:
		return "just now"
	case d < time.Minute:
		return fmt.Sprintf("%d s ago", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d min ago", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h ago", int(d.Hours()))
	}
	return count(int(d.Hours()/24), "day") + " ago"
}

// clock is a time of day, with the date where it is not today.
func clock(t, now time.Time) string {
	if t.Format(time.DateOnly) == now.Format(time.DateOnly) {
		return t.Format("15:04")
	}
	return t.Format("2 Jan 15:04")
}

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

func (f filter) passes(partner string, r row) bool {
	if f.Partner != "" && f.Partner != partner || f.Status != "" && f.Status != r.Status || f.Overdue && !r.Overdue {
		return false
	}
	text := strings.ToLower(f.Text)
	return text == "" || strings.Contains(strings.ToLower(r.Title+" "+r.Owner+" "+r.ID), text)
}

// group is one partner's tasks.
type group struct {
	Partner
	SectorWord string
	Counts     counts
	Sources    []sourceView
	Rows       []row
	Shown      int
}

// pageBody is the partnership's page.
type pageBody struct {
	Filter    filter
	Statuses  []string
	Counts    counts
	Total     int
	Groups    []group
	Scorecard sourceView
	Stale     []sourceView // sources whose data is old
	Guard     string       // what a guard said in the last cycle; "" where none did
	Conflicts []conflictView
	Held      []heldGroup
	Activity  []eventView
	Today     string
}

// StatusWord lets the template show a status in words.
func (pageBody) StatusWord(s string) string { return task.StatusDisplay(s) }

func (v *view) page(f filter, events []store.Event, cycles []store.Cycle) pageBody {
	b := pageBody{Filter: f, Statuses: task.Statuses(), Today: v.now.Format("Monday 2 January 2006, 15:04 MST")}
	at := make(map[string]int)
	for _, p := range v.p.Partners {
		at[p.ID] = len(b.Groups)
		b.Groups = append(b.Groups, group{Partner: p, SectorWord: sectorWord(p.Sector)})
	}
	for _, t := range v.st.Tasks {
		if t.Removed {
			continue
		}
		partner := t.Agreed[task.Partner].String()
		i, ok := at[partner]
		if !ok { // a partner that has left the configuration still has its tasks
			i = len(b.Groups)
			at[partner] = i
			b.Groups = append(b.Groups, group{Partner: Partner{ID: partner, Name: partner}})
		}
		r := v.row(t)
		b.Total++
		b.Counts.add(r)
		b.Groups[i].Counts.add(r)
		if f.passes(partner, r) {
			b.Groups[i].Rows = append(b.Groups[i].Rows, r)
		}
	}
	for i := range b.Groups {
		slices.SortStableFunc(b.Groups[i].Rows, compareRows)
	}
	if f.Active() {
		b.Groups = slices.DeleteFunc(b.Groups, func(g group) bool { return len(g.Rows) == 0 })
	}
	for _, s := range v.p.Sources {
		sv := v.source(s)
		if s.ID == v.p.Scorecard {
			b.Scorecard = sv
		}
		if sv.Stale {
			b.Stale = append(b.Stale, sv)
		}
		for i := range b.Groups {
			if s.Partner != "" && b.Groups[i].ID == s.Partner {
				b.Groups[i].Sources = append(b.Groups[i].Sources, sv)
			}
		}
	}
	if len(cycles) > 0 && cycles[0].Result == "guarded" {
		b.Guard = cycles[0].Note
	}
	b.Conflicts, b.Held = v.conflicts(), v.held()
	for _, e := range events {
		b.Activity = append(b.Activity, v.event(e))
	}
	return b
}

// compareRows puts what needs attention first: open before closed, then by due date, what has none last.
func compareRows(a, b row) int {
	return cmp.Or(
		cmp.Compare(closedRank(a), closedRank(b)),
		strings.Compare(cmp.Or(a.Due, "9999"), cmp.Or(b.Due, "9999")),
	)
}

func closedRank(r row) int {
	switch r.Status {
	case task.Done:
		return 1
	case task.Cancelled:
		return 2
	}
	return 0
}

func sectorWord(s string) string {
	words := map[string]string{
		"public": "Public sector", "private": "Private sector", "civil_society": "Civil society", "academia": "Academia", "multilateral": "Multilateral",
	}
	return words[s]
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
	s := summary{ID: v.p.ID, Name: v.p.Name, Counts: b.Counts, Scorecard: b.Scorecard, Stale: len(b.Stale), Waiting: len(b.Conflicts)}
	for _, h := range b.Held {
		s.Waiting += len(h.Holds)
	}
	return s
}

func (v *view) api() []apiTask {
	out := []apiTask{}
	for _, t := range v.st.Tasks {
		if t.Removed {
			continue
		}
		a := apiTask{
			ID: t.ID, Values: map[string]string{}, Baseline: t.Baseline.String(), Overdue: v.row(t).Overdue, Links: map[task.SourceID]apiIn{},
		}
		for i, val := range t.Agreed {
			if !val.IsEmpty() {
				a.Values[task.Field(i).String()] = val.String() //nolint:gosec // i < FieldCount
			}
		}
		for _, l := range v.links[t.ID] {
			a.Links[l.Source] = apiIn{l.Name, safeURL(l.URL)}
		}
		out = append(out, a)
	}
	return out
}
