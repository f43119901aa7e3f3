package export

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/lockstep-sync/lockstep/sync/scorecard"
	"github.com/lockstep-sync/lockstep/sync/task"
	"github.com/lockstep-sync/lockstep/sync/view"
)

// paper is what the files for people say, in words. Markdown and HTML only lay it out.
type paper struct {
	Title, Purpose, Phase string
	At                    string // "as of …"
	Standing              standing
	Declared              string // what people say; "" where nobody said anything
	Forecast              string
	Heads                 []string // of the heat map: the workstreams
	Partners              []group
	Gates                 []row
	Milestones            []row
	Indicators            []row
	Needed                []string
	Late                  []taskRow // overdue or red, the worst first
	QuickWins             []taskRow
	Conflicts             []row
	Sources               []row
	Quality               []string
	Tasks                 []taskRow // all that are open
	Done                  int
}

// standing is a verdict in words, with the figures behind it.
type standing struct {
	RAG, Word, Why                string
	Open, Overdue, Done           int
	Adherence, OnTime, Commitment string // "3 of 4", or "–"
}

type group struct {
	Name string
	standing

	Cells []standing // by workstream; the zero standing where there are no tasks
}

// row is a line of a list: what, and what is said of it.
type row struct {
	Name, Words string
	RAG, Word   string // a verdict, where there is one
}

type taskRow struct {
	ID, Title, Partner, Owner, Status string
	Due, Slip                         string
	RAG, Word, Why                    string
}

// dayLayout is how days are written for people.
const dayLayout = "2 Jan 2006"

func dayOf(v task.Value) string {
	if t, ok := v.Time(); ok {
		return t.Format(dayLayout)
	}
	return ""
}

func newPaper(v *view.View) paper {
	s := &v.Score
	p := paper{
		Title: v.Partnership.Name, Purpose: v.Partnership.Purpose, Phase: v.Partnership.Phase,
		At: v.Now.Format("Monday 2 January 2006, 15:04 MST"), Standing: standingOf(&s.Partnership), Done: s.Partnership.Counts.Done,
	}
	if d := s.Partnership.Declared; d != nil {
		p.Declared = fmt.Sprintf("%s: %s (%s, %s)", d.RAG.Display(), d.Words, d.By, d.At.In(v.Now.Location()).Format(dayLayout))
	}
	if f := s.Partnership.Forecast; f != nil {
		p.Forecast = f.String()
	}
	p.groups(s)
	p.dates(s)
	for _, n := range scorecard.NewDigest(s, s, nil).Needed {
		p.Needed = append(p.Needed, n.Words)
	}
	p.tasks(v)
	p.data(v)
	return p
}

func standingOf(r *scorecard.Rollup) standing {
	return standing{
		RAG: string(r.Verdict.RAG), Word: r.Verdict.RAG.Display(), Why: why(r.Verdict), Open: r.Counts.Open, Overdue: r.Counts.Overdue, Done: r.Counts.Done,
		Adherence: known(r.Adherence), OnTime: known(r.OnTime), Commitment: known(r.Commitments),
	}
}

func why(v scorecard.Verdict) string {
	out := ""
	for _, r := range v.Reasons {
		if out != "" {
			out += "; "
		}
		out += r.String()
	}
	return out
}

func known(r scorecard.Ratio) string {
	if !r.Known() {
		return "–"
	}
	return r.String()
}

// groups are the partners, each with its workstreams.
func (p *paper) groups(s *scorecard.Scorecard) {
	cells := make(map[[2]string]*scorecard.Rollup)
	for i := range s.Cells {
		cells[[2]string{s.Cells[i].Subject.Partner, s.Cells[i].Subject.Workstream}] = &s.Cells[i]
	}
	for i := range s.Workstreams {
		p.Heads = append(p.Heads, cmp.Or(s.Workstreams[i].Name, "No workstream"))
	}
	for i := range s.Partners {
		r := &s.Partners[i]
		g := group{Name: cmp.Or(r.Name, "No partner"), standing: standingOf(r)}
		for j := range s.Workstreams {
			var cell standing
			if c := cells[[2]string{r.Subject.Partner, s.Workstreams[j].Subject.Workstream}]; c != nil {
				cell = standingOf(c)
			}
			g.Cells = append(g.Cells, cell)
		}
		p.Partners = append(p.Partners, g)
	}
}

// dates are the gates, milestones and indicators.
func (p *paper) dates(s *scorecard.Scorecard) {
	for i := range s.Gates {
		g := &s.Gates[i]
		words := dayOf(g.Date)
		switch {
		case g.Decision != nil:
			words += ": " + g.Decision.Outcome.Display()
			if g.Decision.Reason != "" {
				words += " (" + g.Decision.Reason + ")"
			}
		case g.Overdue > 0:
			words += fmt.Sprintf(": not decided, %d days past its date", g.Overdue)
		case g.Ready:
			words += ": ready to be decided"
		}
		if g.Open && g.Met.Known() {
			words += ", " + g.Met.String() + " criteria met"
		}
		p.Gates = append(p.Gates, row{Name: g.Name, Words: words})
	}
	for i := range s.Milestones {
		m := &s.Milestones[i]
		words := dayOf(m.Due)
		if slip := m.Slip.String(); slip != "" {
			words += ", " + slip
		}
		if m.Reached {
			words += ", reached"
		}
		p.Milestones = append(p.Milestones, row{Name: m.Name, Words: words, RAG: string(m.Verdict.RAG), Word: m.Verdict.RAG.Display()})
	}
	for i := range s.Indicators {
		x := &s.Indicators[i]
		words := fmt.Sprintf("from %g to %g %s, not measured yet", x.Baseline, x.Target, x.Unit)
		if x.Latest != nil {
			words = fmt.Sprintf("%g in %s, from %g to %g %s", x.Latest.Value, x.Latest.Period, x.Baseline, x.Target, x.Unit)
		}
		if x.Known {
			words += fmt.Sprintf(" (%.0f %% of the way)", 100*x.Progress)
		}
		p.Indicators = append(p.Indicators, row{Name: x.Name, Words: words})
	}
}

// tasks are the open ones, those that need attention and the quick wins.
func (p *paper) tasks(v *view.View) {
	var late []*scorecard.TaskView
	for i := range v.Score.Tasks {
		x := &v.Score.Tasks[i]
		if !x.Open {
			continue
		}
		p.Tasks = append(p.Tasks, taskRowOf(v, x))
		if x.Overdue > 0 || x.Verdict.RAG == scorecard.Red {
			late = append(late, x)
		}
		if x.QuickWin {
			p.QuickWins = append(p.QuickWins, taskRowOf(v, x))
		}
	}
	slices.SortStableFunc(late, func(a, b *scorecard.TaskView) int {
		return cmp.Or(b.Verdict.RAG.Severity()-a.Verdict.RAG.Severity(), b.Late-a.Late)
	})
	for _, x := range late {
		p.Late = append(p.Late, taskRowOf(v, x))
	}
}

func taskRowOf(v *view.View, x *scorecard.TaskView) taskRow {
	t := x.Task
	return taskRow{
		ID: string(t.ID), Title: cmp.Or(t.Agreed[task.Title].String(), "No title"), Partner: v.Partnership.PartnerName(x.Partner),
		Owner: cmp.Or(t.Agreed[task.Assignee].String(), "No owner"), Status: cmp.Or(task.StatusDisplay(x.Status), "No status"),
		Due: cmp.Or(dayOf(t.Agreed[task.Due]), "No date"), Slip: x.Slip.String(), RAG: string(x.Verdict.RAG), Word: x.Verdict.RAG.Display(), Why: why(x.Verdict),
	}
}

// data says how good the data is.
func (p *paper) data(v *view.View) {
	for _, c := range v.Score.Conflicts {
		said := []string{"now " + cmp.Or(c.Agreed.Display(), "empty")}
		for _, k := range c.Claims {
			said = append(said, fmt.Sprintf("%s says %s", v.Partnership.SourceName(k.Source), cmp.Or(k.Value.Display(), "empty")))
		}
		p.Conflicts = append(p.Conflicts, row{Name: fmt.Sprintf("%s, %s", c.Task, c.Field.Display()), Words: strings.Join(said, "; ")})
	}
	for _, s := range v.Score.Sources {
		words := "never read"
		if !s.Never {
			words = "read " + s.LastSuccess.In(v.Now.Location()).Format("2 Jan 2006 15:04")
		}
		if s.Stale {
			words = "stale, " + words
		}
		p.Sources = append(p.Sources, row{Name: v.Partnership.SourceName(s.ID), Words: words})
	}
	q := v.Score.Quality
	for _, x := range []struct {
		n    int
		what string
	}{
		{q.UnmatchedPeople, "people not known in a tool"},
		{q.UnreadableCells, "cells that cannot be read"},
		{q.UnmappedStatuses, "unknown statuses"},
		{q.UnknownPartners, "unknown partners"},
		{q.HeldConflicts, "open conflicts"},
		{q.StaleSources, "stale sources"},
	} {
		if x.n > 0 {
			p.Quality = append(p.Quality, fmt.Sprintf("%d %s", x.n, x.what))
		}
	}
}
