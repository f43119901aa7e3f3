package web

import (
	"cmp"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/lockstep-sync/lockstep/sync/scorecard"
	"github.com/lockstep-sync/lockstep/sync/task"
)

const (
	// digestDays is how far back a digest looks unless the reader says so.
	digestDays = 7
	// listMost is how many things a list tells before it only counts the rest.
	listMost = 60
)

// digestBody is what happened since a day, and what comes next.
type digestBody struct {
	Since, Day string
	Today      string
	Spans      []Link
	Counts     []figureLine
	Changed    []changedLine
	More       int
	NewReds    []*row
	MoreReds   int
	Better     []*row
	MoreBetter int
	Weeks      []weekLine
	Needed     []needLine
	MoreNeeded int
	Next       []nextLine
	MoreNext   int
}

type changedLine struct {
	ID, Path, Title string
	Word            string // "new", "removed", "back again"
	Changes         []eventView
}

type needLine struct{ Words, URL string }

type nextLine struct{ Day, Kind, Name, Path, Partner string }

func digestPage(r *request) (any, error) {
	loc := r.Partnership.Timezone
	since := time.Date(r.Now.Year(), r.Now.Month(), r.Now.Day()-digestDays, 0, 0, 0, 0, loc)
	if s := r.URL.Query().Get("since"); s != "" {
		t, err := time.ParseInLocation(time.DateOnly, s, loc)
		if err != nil {
			return nil, &refusal{http.StatusBadRequest, "since is to be a day, such as 2026-10-01."}
		}
		since = t
	}
	d, err := r.viewer.Digest(r.Context(), since)
	if err != nil {
		return nil, err
	}
	b := digestBody{Since: since.Format("Monday 2 January 2006"), Day: since.Format(time.DateOnly), Today: r.Now.Format(time.DateOnly), Counts: digestCounts(&d.Counts)}
	for _, n := range []int{7, 14, 28} {
		from := r.Now.AddDate(0, 0, -n).Format(time.DateOnly)
		b.Spans = append(b.Spans, Link{count(n, "day"), r.with("digest", url.Values{"since": {from}})})
	}
	changed, more := listed(d.Changed)
	b.More = more
	for i := range changed {
		b.Changed = append(b.Changed, r.changed(&changed[i]))
	}
	b.NewReds, b.MoreReds = r.rows(d.NewReds)
	b.Better, b.MoreBetter = r.rows(d.NoLongerRed)
	for _, w := range d.Weeks {
		l := weekLine{Name: weekName(w, r.Now.Year()), Kept: w.Commitments.String(), Unplanned: w.Unplanned, Why: missWords(w.Why)}
		l.Misses, l.More = r.misses(w.Misses, "")
		b.Weeks = append(b.Weeks, l)
	}
	needed, more := listed(d.Needed)
	b.MoreNeeded = more
	for _, n := range needed {
		l := needLine{Words: strings.TrimSuffix(sentence(n.Words), "."), URL: r.at("conflicts")}
		if n.Kind == scorecard.NeedGate {
			l.URL = r.at("gates") + "#gate-" + n.Gate
		}
		b.Needed = append(b.Needed, l)
	}
	next, more := listed(d.Next)
	b.MoreNext = more
	for _, n := range next {
		b.Next = append(b.Next, r.next(n))
	}
	return b, nil
}

// digestCounts are the counts that are not zero.
func digestCounts(c *scorecard.DigestCounts) []figureLine {
	var out []figureLine
	for _, x := range c.Told() {
		out = append(out, figureLine{Name: x.What, Value: count(x.Tasks, "task")})
	}
	return out
}

// listed are the first of a list, and how many more there are.
func listed[T any](all []T) (first []T, more int) {
	first = all[:min(len(all), listMost)]
	return first, len(all) - len(first)
}

// rows are the first tasks of a list, and how many more there are.
func (v *teller) rows(all []*scorecard.TaskView) (out []*row, more int) {
	first, more := listed(all)
	for _, x := range first {
		out = append(out, v.row(x))
	}
	return out, more
}

func (v *teller) changed(c *scorecard.TaskChange) changedLine {
	l := changedLine{ID: string(c.Task), Path: v.pathTo(c.Task), Title: clip(c.Title, clipped)}
	switch {
	case c.New:
		l.Word = "new"
	case c.Removed:
		l.Word = "removed"
	case c.Restored:
		l.Word = "back again"
	}
	for _, x := range c.Changes {
		name := x.Field.String()
		l.Changes = append(l.Changes, eventView{
			Text: fieldWord(name), From: v.say(name, x.From, clipped), To: v.say(name, x.To, clipped), By: clip(x.By, clipped), Where: v.Partnership.SourceName(x.Source),
		})
	}
	return l
}

func (v *teller) next(n scorecard.Upcoming) nextLine {
	t, _ := n.Day.Time()
	l := nextLine{Day: day(t, v.Now.Year()), Name: clip(n.Name, clipped)}
	switch n.Kind {
	case scorecard.OfGate:
		l.Kind, l.Path = "gate", v.at("gates")+"#gate-"+n.ID
	case scorecard.OfMilestone:
		l.Kind, l.Path = "milestone", v.at("gates")
	default:
		l.Kind, l.Path = n.ID, v.pathTo(task.ID(n.ID))
	}
	if n.Partner != "" {
		l.Partner = v.Partnership.PartnerName(n.Partner)
	}
	l.Name = cmp.Or(l.Name, n.ID)
	return l
}
