package engine

import (
	"fmt"
	"strings"
	"time"

	"github.com/lockstep-sync/lockstep/connectors"
	"github.com/lockstep-sync/lockstep/sync/scorecard"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// summary is the page that says how each partner and the whole stand, and how fresh all of it is.
func (c *cycle) summary(p *connectors.Page) {
	all := &c.memory.card.Partnership
	p.Lines = []connectors.Cell{
		{Value: task.TextValue(clip(c.Board.Name, nameLength)), Bold: true},
		{Value: task.TextValue(c.ragAndWhy(all.Verdict)), Tone: toneOf(all.Verdict.RAG)},
		textCell(inShort(all)),
	}
	p.Lines = append(p.Lines, c.gateLines()...)
	p.Lines = append(p.Lines, c.heartbeat()...)
	p.Lines = append(p.Lines, c.freshness()...)
	p.Columns = []connectors.BoardColumn{
		{Name: "Partner", Kind: task.Text},
		{Name: "Open", Kind: task.Number},
		{Name: "Overdue", Kind: task.Number},
		{Name: "Done", Kind: task.Number},
		{Name: "RAG", Kind: task.Text, Words: ragWords()},
		{Name: "Why", Kind: task.Text, Wide: true},
		{Name: "Commitments kept", Kind: task.Text},
		{Name: "On time", Kind: task.Text},
	}
	for i := range c.memory.card.Partners {
		r := &c.memory.card.Partners[i]
		name := clip(r.Name, nameLength)
		if name == "" {
			name = "(no partner)"
		}
		p.Rows = append(p.Rows, connectors.PageRow{Cells: []connectors.Cell{
			textCell(name), number(r.Counts.Open), number(r.Counts.Overdue), number(r.Counts.Done),
			ragCell(r.Verdict.RAG), textCell(c.why(r.Verdict)), textCell(keptOf(r.Commitments)), onTime(r),
		}})
	}
}

func (c *cycle) ragAndWhy(v scorecard.Verdict) string {
	if v.RAG == scorecard.None {
		return c.why(v)
	}
	return v.RAG.Display() + ": " + c.why(v)
}

// inShort is a group in one line.
func inShort(r *scorecard.Rollup) string {
	s := fmt.Sprintf("%d open, %d overdue, %d done", r.Counts.Open, r.Counts.Overdue, r.Counts.Done)
	if kept := keptOf(r.Commitments); kept != "" {
		s += "; commitments kept: " + kept
	}
	return s
}

// summaryGates is how many gates have a line of their own: the table is what people look for on the page.
const summaryGates = 3

// gateLines are the gates that are still to be decided, by date.
func (c *cycle) gateLines() []connectors.Cell {
	var out []connectors.Cell
	left := 0
	for i := range c.memory.card.Gates {
		g := &c.memory.card.Gates[i]
		switch {
		case !g.Open:
			continue
		case len(out) == summaryGates:
			left++
			continue
		}
		when := ""
		if g.HasDate {
			when = dayText(g.Date) + ", "
		}
		line := textCell(fmt.Sprintf("Gate “%s”: %s%s", oneLine(g.Name, nameLength), when, g.Standing()))
		switch {
		case g.Overdue > 0:
			line.Tone = connectors.Red
		case g.Ready:
			line.Tone = connectors.Green
		}
		out = append(out, line)
	}
	if left > 0 {
		out = append(out, connectors.Cell{Value: task.TextValue("and " + counted(left, "more gate", "more gates") + " to be decided"), Tone: connectors.Muted})
	}
	return out
}

// keptOf is how many commitments were kept; "" where none was made.
func keptOf(r scorecard.Ratio) string {
	if !r.Known() {
		return ""
	}
	return fmt.Sprintf("%d of %d", r.Part, r.Whole)
}

// onTime is how many tasks of the period were finished by their first agreed date; empty where none was due.
func onTime(r *scorecard.Rollup) connectors.Cell {
	cell := textCell(keptOf(r.OnTime))
	if r.OnTime.Known() {
		cell.Tone = toneOf(r.OnTimeVerdict.RAG)
		cell.Value = task.TextValue(keptOf(r.OnTime) + " (" + strings.ToLower(r.OnTimeVerdict.RAG.Display()) + ")")
	}
	return cell
}

func number(n int) connectors.Cell {
	v, _ := task.NumberValue(float64(n)) // a count is finite
	return connectors.Cell{Value: v}
}

// heartbeat says when Lockstep looked last, give or take a heartbeat, so that a quiet sheet is not written to at every look; and a
// formula that says by itself when that is too long ago. It is the same whoever works it out, and after a restart.
func (c *cycle) heartbeat() []connectors.Cell {
	every := c.Board.Heartbeat
	if every <= 0 {
		return nil
	}
	beat := c.now.UTC().Truncate(every)
	return []connectors.Cell{
		{Value: task.TextValue("Checked " + c.moment(beat) + " (" + c.Location.String() + ")"), Tone: connectors.Muted},
		{Formula: overdueFormula(beat, every, c.Board.Interval), Bold: true},
	}
}

// overdueFormula warns once two heartbeats were missed (the beat that is shown may be older than the last look by one), and
// shows nothing before. A division by zero is how it says nothing: a
// formula with several arguments would need a separator, and that is another in another locale.
func overdueFormula(beat time.Time, every, interval time.Duration) string {
	minutes := int64(beat.Sub(sheetEpoch) / time.Minute)
	limit := int64(2*every+interval+time.Minute-1) / int64(time.Minute)
	age := fmt.Sprintf("(NOW()*1440-%d)", minutes)
	return fmt.Sprintf(`=IFERROR("Lockstep has not checked for "&INT(%s/60)&" hours: what stands here may be out of date. `+
		`Ask whoever runs it."&CHAR(32/(%s>%d)))`, age, age, limit)
}

// sheetEpoch is day 0 of a sheet.
var sheetEpoch = time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC) //nolint:gochecknoglobals // a constant

// freshness is one line for each source: up to date, or since when not and why.
func (c *cycle) freshness() []connectors.Cell {
	var out []connectors.Cell
	for _, s := range c.memory.card.Sources {
		i := c.index(s.ID)
		switch {
		case s.Never:
			out = append(out, connectors.Cell{Value: task.TextValue(fmt.Sprintf("%s: never read%s", s.ID, c.because(i))), Tone: connectors.Grey})
		case s.Stale:
			said := fmt.Sprintf("%s: stale since %s%s", s.ID, c.moment(s.LastSuccess), c.because(i))
			out = append(out, connectors.Cell{Value: task.TextValue(said), Tone: connectors.Grey})
		default:
			out = append(out, connectors.Cell{Value: task.TextValue(fmt.Sprintf("%s: up to date", s.ID)), Tone: connectors.Muted})
		}
	}
	return out
}

// because is why a source could not be read, in words that stay the same as long as the reason does.
func (c *cycle) because(i int) string {
	if i < 0 || c.reads[i].err == nil {
		return ""
	}
	err := c.reads[i].err
	if err.Hint != "" {
		return ": " + string(err.Reason) + ", " + clip(err.Hint, valueLength)
	}
	return ": " + string(err.Reason)
}
