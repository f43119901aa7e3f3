package engine

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lockstep-sync/lockstep/connectors"
	"github.com/lockstep-sync/lockstep/sync/scorecard"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// paperRows is how many rows a table of the report has at most; how many more there are it says.
const paperRows = 100

// paperSummary is the part of the report that is always current. Nothing in it changes from minute to minute.
func (c *cycle) paperSummary() []connectors.ReportBlock {
	card := &c.memory.card
	all := &card.Partnership
	blocks := []connectors.ReportBlock{
		{Key: "title", Style: connectors.ReportTitle, Text: say(oneLine(c.Board.Name, nameLength) + ": report")},
		{Key: "verdict", Text: c.verdictText(all.Verdict)},
		{Key: "counts", Text: say(inShort(all) + ".")},
		{Key: "asof", Style: connectors.ReportNote, Text: say(c.asOf())},
		{Key: "partners", Style: connectors.ReportHeading, Text: say("Partners")},
		c.partnersTable(),
		{Key: "overdue", Style: connectors.ReportHeading, Text: say("Overdue")},
	}
	blocks = append(blocks, c.overdue()...)
	blocks = append(blocks, connectors.ReportBlock{Key: "decisions", Style: connectors.ReportHeading, Text: say("Decisions needed")})
	blocks = append(blocks, c.decisions()...)
	blocks = append(blocks, connectors.ReportBlock{Key: "gates", Style: connectors.ReportHeading, Text: say("Next gates")})
	return append(blocks, c.nextGates()...)
}

func say(s string) connectors.ReportText { return connectors.ReportText{{Text: s}} }

// dayOf is a date as the report writes it; "–" for none.
func dayText(v task.Value) string {
	t, err := time.Parse(time.DateOnly, v.String())
	switch {
	case err == nil && v.Kind() == task.Date:
		return t.Format("2 Jan 2006")
	case v.IsEmpty():
		return "–"
	}
	return oneLine(v.Display(), nameLength)
}

// valueText is any value as the report writes it.
func valueText(f task.Field, v task.Value) string {
	if f.Kind() == task.Date {
		return dayText(v)
	}
	if v.IsEmpty() {
		return "–"
	}
	return oneLine(v.Display(), valueLength)
}

// verdictText is a colour, in its own words, and why.
func (c *cycle) verdictText(v scorecard.Verdict) connectors.ReportText {
	if v.RAG == scorecard.None {
		return say(cmp.Or(c.why(v), "–"))
	}
	return connectors.ReportText{{Text: " " + v.RAG.Display() + " ", Bold: true, Tone: toneOf(v.RAG)}, {Text: " " + oneLine(c.why(v), reasonLength)}}
}

func ragText(r scorecard.RAG) connectors.ReportText {
	if r == scorecard.None {
		return say("–")
	}
	return connectors.ReportText{{Text: r.Display(), Tone: toneOf(r)}}
}

// asOf says of which day the summary is, and which tools it could not look into since when.
func (c *cycle) asOf() string {
	said := "As of " + c.now.In(c.Location).Format("2 January 2006") + ". "
	var stale []string
	for _, s := range c.memory.card.Sources {
		switch {
		case s.Never:
			stale = append(stale, string(s.ID)+" was never read")
		case s.Stale:
			stale = append(stale, c.staleSince(s.ID))
		}
	}
	if len(stale) > 0 {
		return said + "Out of date: " + strings.Join(stale, "; ") + "."
	}
	return said + "Lockstep keeps this summary current. Write before, between and after its parts as you like."
}

func (c *cycle) partnersTable() connectors.ReportBlock {
	b := connectors.ReportBlock{Key: "partners-table", Columns: []string{"Partner", "RAG", "Why", "Open", "Overdue", "Done", "Commitments kept"}}
	for i := range c.memory.card.Partners {
		r := &c.memory.card.Partners[i]
		b.Rows = append(b.Rows, []connectors.ReportText{
			say(cmp.Or(oneLine(r.Name, nameLength), "(no partner)")), ragText(r.Verdict.RAG), say(oneLine(c.why(r.Verdict), reasonLength)),
			say(fmt.Sprint(r.Counts.Open)), say(fmt.Sprint(r.Counts.Overdue)), say(fmt.Sprint(r.Counts.Done)), say(cmp.Or(keptOf(r.Commitments), "–")),
		})
	}
	return b
}

// overdue are the open tasks past their date, the longest first.
func (c *cycle) overdue() []connectors.ReportBlock {
	var late []*scorecard.TaskView
	for i := range c.memory.card.Tasks {
		if v := &c.memory.card.Tasks[i]; v.Overdue > 0 {
			late = append(late, v)
		}
	}
	words := connectors.ReportBlock{Key: "overdue-words", Text: say("Nothing is overdue.")}
	if len(late) == 0 {
		return []connectors.ReportBlock{words}
	}
	slices.SortStableFunc(late, func(a, b *scorecard.TaskView) int { return cmp.Compare(b.Overdue, a.Overdue) })
	words.Text = say(counted(len(late), "open task is", "open tasks are") + " past the agreed date" + firstOf(len(late), ", the longest first"))
	b := connectors.ReportBlock{Key: "overdue-table", Columns: []string{"Task", "What", "Partner", "Who", "Due", "Late by", "RAG"}}
	for _, v := range late[:min(len(late), paperRows)] {
		b.Rows = append(b.Rows, []connectors.ReportText{
			c.taskLink(v.Task.ID), say(oneLine(v.Task.Agreed[task.Title].String(), valueLength)), say(oneLine(c.partnerName(v.Partner), nameLength)),
			say(valueText(task.Assignee, v.Task.Agreed[task.Assignee])), say(dayText(v.Task.Agreed[task.Due])), say(counted(v.Overdue, "day", "days")),
			ragText(v.Verdict.RAG),
		})
	}
	return []connectors.ReportBlock{words, b}
}

// firstOf ends a sentence about n things of which a table has room for some.
func firstOf(n int, order string) string {
	if n > paperRows {
		return fmt.Sprintf("; %d of them stand here%s.", paperRows, order)
	}
	return order + "."
}

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// decisions are the fields on which people have to agree.
func (c *cycle) decisions() []connectors.ReportBlock {
	open := c.commit.Conflicts
	words := connectors.ReportBlock{Key: "decisions-words", Text: say("Nothing waits for a decision.")}
	if len(open) == 0 {
		return []connectors.ReportBlock{words}
	}
	words.Text = say("Agree on " + counted(len(open), "value", "values") + ", and choose on the scorecard, in the tab " + PageConflicts + firstOf(len(open), ""))
	b := connectors.ReportBlock{Key: "decisions-table", Columns: []string{"Task", "What", "Field", "Agreed so far", "Claims"}}
	for _, k := range open[:min(len(open), paperRows)] {
		b.Rows = append(b.Rows, []connectors.ReportText{
			c.taskLink(k.Task), say(c.titleOf(k.Task)), say(k.Field.Display()), say(valueText(k.Field, k.Agreed)), say(c.claims(k.Claims, reasonLength)),
		})
	}
	return []connectors.ReportBlock{words, b}
}

// nextGates are the gates that are still to be decided, by date.
func (c *cycle) nextGates() []connectors.ReportBlock {
	b := connectors.ReportBlock{Key: "gates-table", Columns: []string{"Gate", "Date", "Criteria met", "Deliverables done", "Stands"}}
	for i := range c.memory.card.Gates {
		g := &c.memory.card.Gates[i]
		if !g.Open || len(b.Rows) == paperRows {
			continue
		}
		stands := "open"
		switch {
		case g.Overdue > 0:
			stands = "overdue by " + counted(g.Overdue, "day", "days")
		case g.Ready:
			stands = "ready to be decided"
		}
		b.Rows = append(b.Rows, []connectors.ReportText{
			say(oneLine(g.Name, nameLength)), say(dayText(g.Date)), say(cmp.Or(keptOf(g.Met), "–")), say(cmp.Or(keptOf(g.Delivered), "–")), say(stands),
		})
	}
	if len(b.Rows) == 0 {
		return []connectors.ReportBlock{{Key: "gates-words", Text: say("No gate is ahead.")}}
	}
	return []connectors.ReportBlock{{Key: "gates-words", Text: say("Still to be decided:")}, b}
}

// taskLink is a task's id that leads to its item: in its partner's own tool, else in any other than the scorecard.
func (c *cycle) taskLink(id task.ID) connectors.ReportText {
	span := connectors.ReportSpan{Text: string(id)}
	if w := c.byID[id]; w != nil {
		for i := range w.sides {
			s := &w.sides[i]
			if !s.linked || i == c.scorecard {
				continue
			}
			if url := address(s.link.URL); url != "" && (span.URL == "" || c.sources[i].Partner() == w.task.Agreed[task.Partner].String()) {
				span.URL = url
			}
		}
	}
	return connectors.ReportText{span}
}
