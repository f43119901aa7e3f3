package gdocs

import (
	"fmt"

	"github.com/lockstep-sync/lockstep/connectors/cells"
	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// deepestHeader is how many rows may stand above the header row, such as a title over the whole width.
const deepestHeader = 3

// layout is where the columns of a table are.
type layout struct {
	header int                  // index of the header row
	column [task.FieldCount]int // index of each field's column; -1 where it has none
	lost   []task.Field         // configured, and not to be found
}

// find finds the table that the configuration names: by the heading above it, by its header row, or by both. The error is a
// fault of reason schema_drift that says which tables there are.
func (c *Connector) find(p *paper) (*grid, layout, *fault.Error) {
	var found []*grid
	var layouts []layout
	headed := c.headed(p)
	for _, g := range headed {
		if l, ok := c.columns(p, g); ok {
			found, layouts = append(found, g), append(layouts, l)
		}
	}
	title := cells.Quote(c.headers[task.Title])
	switch {
	case len(found) == 1:
		return found[0], layouts[0], nil
	case len(found) > 1:
		return nil, layout{}, c.drifted("%d tables%s have a column %s", len(found), c.under(), title).
			WithHint("name the heading above the right one in the configuration (doc.table), or give the others another heading: %s", headings(found))
	case len(headed) > 0:
		return nil, layout{}, c.drifted("no table%s has a column %s in its first rows", c.under(), title).
			WithHint("undo the renaming of the column, or correct doc.columns; the header of the table there is %s", p.headerOf(headed[0]))
	case len(p.grids) > 0:
		return nil, layout{}, c.drifted("there is no table under the heading %s", cells.Quote(c.cfg.Table)).
			WithHint("put the heading back, or correct doc.table; the tables there are %s", headings(p.grids))
	}
	return nil, layout{}, c.drifted("there is no table in the document").
		WithHint("undo its deletion (File, Version history), or correct doc.document")
}

// headed are the tables that stand under the heading of the configuration, all where it names none. What stands right above a
// table counts for more than the heading over all that, for people write between the two.
func (c *Connector) headed(p *paper) []*grid {
	if c.cfg.Table == "" {
		return p.grids
	}
	is := func(s string) bool { return cells.FoldHeader(s) == cells.FoldHeader(c.cfg.Table) }
	var near, under []*grid
	for _, g := range p.grids {
		if is(g.caption) {
			near = append(near, g)
		} else if is(g.heading) {
			under = append(under, g)
		}
	}
	if len(near) > 0 {
		return near
	}
	return under
}

func (c *Connector) under() string {
	if c.cfg.Table == "" {
		return ""
	}
	return " under the heading " + cells.Quote(c.cfg.Table)
}

func headings(gs []*grid) string {
	var names []string
	for i, g := range gs {
		switch {
		case g.caption != "":
			names = append(names, g.caption)
		case g.heading != "":
			names = append(names, g.heading)
		default:
			names = append(names, fmt.Sprintf("table %d without a heading", i+1))
		}
	}
	return cells.QuoteAll(names)
}

// headerOf is the first row of a table in words.
func (p *paper) headerOf(g *grid) string {
	if len(g.rows) == 0 {
		return "empty"
	}
	return cells.QuoteAll(p.texts(&g.rows[0]))
}

// texts are the texts of a row's cells.
func (p *paper) texts(r *row) []string {
	out := make([]string, len(r.cells))
	for i := range r.cells {
		out[i] = p.read(&r.cells[i])
	}
	return out
}

// columns finds the header row and the columns of a table; false where no row has the title's header.
func (c *Connector) columns(p *paper, g *grid) (layout, bool) {
	best, most := layout{}, 0
	for r := range min(deepestHeader, len(g.rows)) {
		l := layout{header: r}
		n, names := 0, p.texts(&g.rows[r])
		for i := range l.column {
			l.column[i] = -1
		}
		for _, f := range c.cfg.fields() {
			if found := cells.Headed(names, c.headers[f]); len(found) == 1 { // where there are two a person has to choose
				l.column[f] = found[0]
				n++
			} else {
				l.lost = append(l.lost, f)
			}
		}
		if l.column[task.Title] >= 0 && n > most {
			best, most = l, n
		}
	}
	return best, most > 0
}

// drift are the holds of columns that are gone.
func (c *Connector) drift(p *paper, g *grid, l layout) []task.Hold {
	var out []task.Hold
	names := p.texts(&g.rows[l.header])
	for _, f := range l.lost {
		h := c.headers[f]
		hint := fmt.Sprintf("the table has no column %s: undo its renaming, or correct doc.columns.%s%s", cells.Quote(h), f, cells.DidYouMean(h, names))
		if len(cells.Headed(names, h)) > 1 {
			hint = fmt.Sprintf("the table has more than one column %s: rename all but one", cells.Quote(h))
		}
		out = append(out, task.Hold{Source: c.o.Source, Field: f.String(), Reason: task.HoldSchemaDrift, Raw: h, Hint: hint})
	}
	return out
}

func (c *Connector) drifted(format string, args ...any) *fault.Error {
	f := fault.New(fault.Permanent, fault.SchemaDrift, "find the table", format, args...)
	f.Source = c.o.Source
	return f
}
