package gsheets

import (
	"slices"
	"strings"

	"github.com/lockstep-sync/lockstep/connectors/cells"
	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// idHeader heads the hidden column that holds each row's task id.
const idHeader = "Lockstep ID"

// idWarning is what whoever edits that column is told. By it the column is known if its header is lost: the protection goes with it.
const idWarning = "Lockstep knows the rows by these ids."

// layout says where the columns are in one read of the tab. They may move, so it is found anew each time.
type layout struct {
	headerAt int                  // the header's row, counted from 0
	first    int                  // the first row under it
	column   [task.FieldCount]int // -1 where the field has no column
	id       int                  // -1 where there is none yet
	header   []string             // the header row as it stands
	blank    bool                 // there is nothing in the header row, nor under it
	drift    []task.Hold          // columns that cannot be used, and why
}

// findColumns reads the header row. The error is a fault of reason schema_drift: without its title column nothing in the
// tab can be told.
func (c *Connector) findColumns(g *grid) (layout, error) {
	at := c.findHeader(g)
	l := layout{id: -1, headerAt: at, first: g.below(at), header: headerTexts(g, at)}
	rows, _ := g.filled()
	if at != c.cfg.headerIndex() {
		l.drift = append(l.drift, c.movedHold(at))
	}
	l.blank = rows <= at
	ids := cells.Exactly(l.header, cells.FoldHeader(idHeader))
	if len(ids) > 1 {
		return l, c.drifted("two columns are headed %s: %s and %s", cells.Quote(idHeader), columnName(ids[0]), columnName(ids[1])).
			WithHint("delete the copy of the hidden column in the tab %s", cells.Quote(c.cfg.Tab))
	}
	if len(ids) == 1 {
		l.id = ids[0]
	}
	taken := make(map[int]task.Field)
	for i := range l.column {
		l.column[i] = -1
		f := task.Field(i)
		header := c.cfg.header(f)
		if header == "" || l.blank && c.cfg.Scorecard {
			continue
		}
		found := cells.Headed(l.header, header)
		if len(found) == 1 && found[0] != l.id {
			if _, twice := taken[found[0]]; !twice {
				l.column[i] = found[0]
				taken[found[0]] = f
				continue
			}
		}
		hold := c.driftHold(f, header, found, l.header)
		if f == task.Title {
			return l, c.drifted("find the column %s of the title: %d columns of the tab %s have this header", cells.Quote(header), len(found), cells.Quote(c.cfg.Tab)).
				WithHint("%s", hold.Hint)
		}
		l.drift = append(l.drift, hold)
	}
	return l, nil
}

func (c *Connector) drifted(format string, args ...any) *fault.Error {
	return fault.New(fault.Permanent, fault.SchemaDrift, "read the header row", format, args...)
}

// driftHold says what is wrong with a column: it is not there, or is there more than once.
func (c *Connector) driftHold(f task.Field, header string, found []int, all []string) task.Hold {
	h := task.Hold{Field: f.String(), Reason: task.HoldSchemaDrift, Raw: header}
	here := slices.DeleteFunc(slices.Clone(all), func(s string) bool { return s == "" || cells.FoldHeader(s) == cells.FoldHeader(idHeader) })
	where := "row " + rowNumber(c.cfg.headerIndex()) + " of the tab " + cells.Quote(c.cfg.Tab)
	switch {
	case len(found) > 1:
		letters := make([]string, len(found))
		for i, col := range found {
			letters[i] = columnName(col)
		}
		h.Hint = "several columns (" + strings.Join(letters, ", ") + ") of " + where + " are headed " + cells.Quote(header) +
			": rename all but one"
	case len(here) == 0:
		h.Hint = where + " is empty, and should hold the headers: correct header_row, or write the headers there"
	case c.cfg.Scorecard && c.cfg.Columns[f.String()] == "":
		h.Hint = "no column in " + where + " is headed " + cells.Quote(header) + cells.DidYouMean(header, here) +
			": rename it back, or leave it, and Lockstep adds the column with its next write"
	default:
		h.Hint = "no column in " + where + " is headed " + cells.Quote(header) + cells.DidYouMean(header, here) +
			": rename it back, or correct columns." + f.String() + "; the headers there are " + cells.QuoteAll(here)
	}
	return h
}
