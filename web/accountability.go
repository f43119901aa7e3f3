package web

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/lockstep-sync/lockstep/sync/scorecard"
	"github.com/lockstep-sync/lockstep/sync/task"
)

const (
	// weeksShown is how many weeks the chart of commitments has, and weeksTold how many are told with their misses.
	weeksShown, weeksTold = 12, 4
	// slippedShown is how many of the tasks that moved most are listed.
	slippedShown = 12
)

// accountabilityBody is the page of commitments kept and missed.
type accountabilityBody struct {
	Partners []choice
	Who      string // whose figures stand above; the partnership's where nobody is chosen
	Figures  []figureLine
	Chart    columnChart
	Weeks    []weekLine // the latest first
	Groups   []groupTable
	Slipped  []slippedLine
	Moved    string // how many moved, and how far
}

// figureLine is one figure with how it is made.
type figureLine struct{ Name, Value, How, RAG, Word string }

// weekLine is a week with its commitments.
type weekLine struct {
	Name      string
	Current   bool
	Kept      string // "3 of 4"
	Unplanned int
	Why       string
	Misses    []missLine
	More      int // misses that are left out
}

type missLine struct{ ID, Path, Title, Owner, Partner, Why string }

// groupTable are the figures of partners, or of workstreams.
type groupTable struct {
	Name string
	Rows []groupLine
}

type groupLine struct {
	Name, URL                      string
	Verdict                        verdict
	Declared                       *declared
	Kept, OnTime, Adherence, Slips string
}

type slippedLine struct {
	ID, Path, Title, Partner, Slip string
	Moves                          []moveLine
}

func accountabilityPage(r *request) (any, error) {
	id := r.URL.Query().Get("partner")
	all, who := &r.Score.Partnership, r.Partnership.Name
	if i := slices.IndexFunc(r.Score.Partners, func(x scorecard.Rollup) bool { return id != "" && x.Subject.Partner == id }); i >= 0 {
		all, who = &r.Score.Partners[i], r.Score.Partners[i].Name
	} else {
		id = ""
	}
	b := accountabilityBody{Partners: r.partnerChoices(id), Who: who, Figures: figures(all), Moved: slippedWords(all)}
	weeks := all.Weeks[max(0, len(all.Weeks)-weeksShown):]
	b.Chart = weeksChart(weeks, r.Now.Year())
	told := r.Score.Partnership.Weeks // only the partnership's tell which tasks
	for _, w := range slices.Backward(weeks) {
		l := weekLine{Name: weekName(w, r.Now.Year()), Current: w.Current, Kept: w.Commitments.String(), Unplanned: w.Unplanned, Why: missWords(w.Why)}
		if i := slices.IndexFunc(told, func(x scorecard.Week) bool { return x.First == w.First }); i >= 0 && len(b.Weeks) < weeksTold {
			l.Misses, l.More = r.misses(told[i].Misses, id)
		}
		b.Weeks = append(b.Weeks, l)
	}
	b.Groups = []groupTable{{"Partners", r.groupLines(r.Score.Partners, true)}, {"Workstreams", r.groupLines(r.Score.Workstreams, false)}}
	b.Slipped = r.slipped(id)
	return b, nil
}

// figures are the figures of a group, with how they are made.
func figures(x *scorecard.Rollup) []figureLine {
	out := []figureLine{
		{Name: "Commitments kept", Value: ratioWords(x.Commitments), How: "Tasks that were open at a week’s start and due in it or before, and done at its end. The plan is frozen at the week’s start; what was not promised does not count."},
		{Name: "On-time rate", Value: ratioWords(x.OnTime), How: "Tasks finished on or before the date that was agreed first, of those whose first agreed date lies in the period."},
		{Name: "Schedule adherence", Value: ratioWords(x.Adherence), How: "Finished tasks, of those that by the first agreed dates were to be finished by now and those done without one."},
	}
	if x.OnTime.Known() {
		out[1].RAG, out[1].Word = string(x.OnTimeVerdict.RAG), x.OnTimeVerdict.RAG.Display()
	}
	return out
}

func ratioWords(r scorecard.Ratio) string {
	if !r.Known() {
		return "Nothing to count yet"
	}
	return fmt.Sprintf("%s (%d %%)", r.String(), 100*r.Part/r.Whole)
}

func slippedWords(x *scorecard.Rollup) string {
	if x.Slipped == 0 {
		return "No task is later than first agreed."
	}
	return fmt.Sprintf("%s later than first agreed, by %s together. A new date does not clear it.", count(x.Slipped, "task"), count(x.SlipDays, "day"))
}

// weekName is "16 to 22 Nov".
func weekName(w scorecard.Week, year int) string {
	first, _ := w.First.Time()
	last, _ := w.Last.Time()
	if first.Month() == last.Month() {
		return fmt.Sprintf("%d to %s", first.Day(), day(last, year))
	}
	return day(first, year) + " to " + day(last, year)
}

// missWords sums up why commitments were missed: "2 blocked, 1 moved".
func missWords(why []scorecard.MissCount) string {
	said := make([]string, len(why))
	for i, w := range why {
		said[i] = fmt.Sprintf("%d %s", w.Count, missWord(w.Code))
	}
	return strings.Join(said, ", ")
}

func missWord(c scorecard.Code) string {
	switch c {
	case scorecard.MissMoved:
		return "moved to a later date"
	case scorecard.MissDropped:
		return "without a date now"
	case scorecard.MissBlocked:
		return "blocked"
	case scorecard.MissCancelled:
		return "cancelled"
	case scorecard.MissRemoved:
		return "removed"
	case scorecard.MissNotStarted:
		return "not started"
	case scorecard.MissUnfinished:
		return "not finished"
	default:
		return "for an unknown reason"
	}
}

// misses are the first of a week's misses, of one partner or of all, and how many more there are.
func (v *teller) misses(ms []scorecard.Miss, partner string) (out []missLine, more int) {
	for i := range ms {
		m := &ms[i]
		if partner != "" && m.Partner != partner {
			continue
		}
		if len(out) == listMost {
			more++
			continue
		}
		l := missLine{ID: string(m.ID), Path: v.pathTo(m.ID), Title: clip(v.Title(m.ID), clipped), Partner: v.Partnership.PartnerName(m.Partner), Why: m.Reason.String()}
		if m.Task != nil {
			l.Owner = clip(m.Task.Agreed[task.Assignee].String(), clipped)
		}
		out = append(out, l)
	}
	return out, more
}

// groupLines are the groups in the order of their names: this is no league table.
func (v *teller) groupLines(all []scorecard.Rollup, partners bool) []groupLine {
	var out []groupLine
	for i := range all {
		x := &all[i]
		if x.Counts.Total == 0 {
			continue
		}
		l := groupLine{
			Name: cmp.Or(x.Name, "Without"), Verdict: newVerdict(x.Verdict), Declared: v.declared(x.Declared), Kept: ratioWords(x.Commitments), OnTime: ratioWords(x.OnTime),
			Adherence: ratioWords(x.Adherence), Slips: count(x.Slipped, "task") + ", " + count(x.SlipDays, "day"),
		}
		if partners && x.Subject.Partner != "" {
			l.URL = v.with("accountability", url.Values{"partner": {x.Subject.Partner}})
		} else if !partners {
			l.URL = v.with("burnup", url.Values{"workstream": {cmp.Or(x.Name, nobody)}})
		}
		out = append(out, l)
	}
	return out
}

// slipped are the open tasks that moved most.
func (v *teller) slipped(partner string) []slippedLine {
	var all []*scorecard.TaskView
	for i := range v.Score.Tasks {
		if x := &v.Score.Tasks[i]; x.Open && x.Slip.Days > 0 && (partner == "" || x.Partner == partner) {
			all = append(all, x)
		}
	}
	slices.SortStableFunc(all, func(a, b *scorecard.TaskView) int { return cmp.Or(b.Slip.Days-a.Slip.Days, b.Slip.Moves-a.Slip.Moves) })
	var out []slippedLine
	for _, x := range all[:min(len(all), slippedShown)] {
		id := x.Task.ID
		out = append(out, slippedLine{
			ID: string(id), Path: v.pathTo(id), Title: clip(x.Task.Agreed[task.Title].String(), clipped), Partner: v.Partnership.PartnerName(x.Partner), Slip: x.Slip.String(),
			Moves: v.moves(x.Task.Story.Moves()),
		})
	}
	return out
}
