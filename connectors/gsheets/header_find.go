package gsheets

import (
	"fmt"

	"github.com/lockstep-sync/lockstep/connectors/cells"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// headerReach is how far from its configured row the header is looked for, when somebody put rows in above it or took some
// away.
const headerReach = 20

// headerTexts are the headers in a row. A cell that is merged with one above it bears that one's.
func headerTexts(g *grid, at int) []string {
	if at < 0 || at >= len(g.cells) {
		return nil
	}
	width := len(g.cells[at])
	for col := range g.merges {
		if b, ok := g.merged(at, col); ok && b.row < at {
			width = max(width, col+1)
		}
	}
	out := make([]string, width)
	for col := range out {
		from := at
		if b, ok := g.merged(at, col); ok && b.col == col {
			from = b.row
		}
		out[col] = task.TextValue(g.at(from, col).raw()).String()
	}
	return out
}

// findHeader is the row of the header: where the configuration has it, or, if it is not there, the only row nearby that holds
// the whole of it.
func (c *Connector) findHeader(g *grid) (at int) {
	configured := c.cfg.headerIndex()
	if c.headersIn(headerTexts(g, configured)) > 0 {
		return configured
	}
	var mapped int
	for _, h := range c.headers {
		if h != "" {
			mapped++
		}
	}
	at = -1
	for row := max(configured-headerReach, 0); row <= configured+headerReach; row++ {
		texts := headerTexts(g, row)
		n := c.headersIn(texts)
		if len(cells.Exactly(texts, cells.FoldHeader(idHeader))) == 1 {
			n++
		} else if c.last != nil && c.last.id >= 0 {
			continue // it had the ids in it
		}
		if n < max(mapped, 2) {
			continue
		}
		if at >= 0 {
			return configured // two rows look like it
		}
		at = row
	}
	if at < 0 {
		return configured
	}
	return at
}

// headersIn counts the mapped headers in a row; 0 where the title's is not there, once.
func (c *Connector) headersIn(texts []string) int {
	n := 0
	for f, h := range c.headers {
		switch {
		case h == "":
		case len(cells.Headed(texts, h)) == 1:
			n++
		case task.Field(f) == task.Title:
			return 0
		}
	}
	return n
}

// below is the first row under a header, and under what is merged with it.
func (g *grid) below(header int) int {
	last := header
	for col := range g.merges {
		if b, ok := g.merged(header, col); ok && b.rows <= headerReach {
			last = max(last, b.last())
		}
	}
	return last + 1
}

// movedHold says that the header was followed.
func (c *Connector) movedHold(at int) task.Hold {
	return task.Hold{
		Name: "header row", Reason: task.HoldSchemaDrift, Raw: "row " + rowNumber(at),
		Hint: fmt.Sprintf("the headers of the tab %s are in row %s, not in row %s as configured, and are read there: set header_row: %[2]s, or take the rows above out again",
			cells.Quote(c.cfg.Tab), rowNumber(at), rowNumber(c.cfg.headerIndex())),
	}
}
