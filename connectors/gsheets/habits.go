package gsheets

import (
	"math"

	"github.com/lockstep-sync/lockstep/connectors/cells"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// habit is what a column tells about how people write in it. It is found in the whole column: in a few rows it could not
// be told, and two reads must not give one cell two meanings.
type habit struct {
	order     cells.DateOrder // how its days in digits are read
	doubt     string          // why no order is certain although the locale has one; "" where it is
	plainDays bool            // its numbers without a format are days whose format was lost
	points    bool            // it has shares without a percent sign that are more than 1, so that 1 may be 1 %
}

// habits are those of each field's column.
type habits [task.FieldCount]habit

// newReader is the reader of one read of the tab.
func (c *Connector) newReader(g *grid, l *layout) *reader {
	if g.whole || c.habits == nil {
		c.habits = habitsOf(g, l)
	}
	return &reader{vocabulary: c.words, habits: *c.habits, comma: cells.DecimalComma(g.locale), columns: c.headers}
}

// habitsOf looks through the columns of a tab.
func habitsOf(g *grid, l *layout) *habits {
	hs := new(habits)
	for i, col := range l.column {
		hs[i].order = cells.OrderOf(g.locale)
		if col < 0 {
			continue
		}
		switch task.Field(i).Kind() {
		case task.Date:
			hs[i] = dayHabit(g, l, col)
		case task.Number:
			for at := l.first; at < len(g.cells); at++ {
				n, percent, ok := portion(g.at(at, col), cells.DecimalComma(g.locale))
				hs[i].points = hs[i].points || ok && !percent && math.Abs(n) > 1
			}
		case task.None, task.Text, task.Enum, task.Bool, task.Person, task.Set, task.Unreadable:
		}
	}
	return hs
}

// dayHabit tells in which order a column's days are written. The header says so, or the locale does; days that can be
// read in one order only say it where neither does, and put it in doubt where they speak against it.
func dayHabit(g *grid, l *layout, col int) habit {
	h := habit{order: cells.OrderOf(g.locale)}
	by := "the spreadsheet's locale writes "
	if o := cells.DeclaredOrder(l.header[col]); o != cells.UnknownOrder {
		h.order, by = o, "the header asks for "
	}
	first := map[cells.DateOrder]string{} // where a day stands that can be read in one order only
	plain, days := 0, 0
	for at := l.first; at < len(g.cells); at++ {
		c := g.at(at, col)
		switch {
		case c.formula:
		case c.kind == textCell:
			if o := cells.DecidedOrder(c.text); o != cells.UnknownOrder && first[o] == "" {
				first[o] = "cell " + columnName(col) + rowNumber(at) + " can only be read with " + o.Words()
			}
		case c.kind == numberCell && plainNumber(c):
			plain++
			if likelyDay(c.number) {
				days++
			}
		}
	}
	h.plainDays = days > 0 && days*10 >= plain*9 // amounts in a wrong column are spread wider
	for _, o := range []cells.DateOrder{cells.DayFirst, cells.MonthFirst} {
		other := cells.DayFirst + cells.MonthFirst - o
		switch {
		case first[o] == "":
		case first[other] != "":
			return habit{order: cells.Disputed, doubt: first[cells.DayFirst] + ", and " + first[cells.MonthFirst], plainDays: h.plainDays}
		case h.order == other:
			return habit{order: cells.Disputed, doubt: by + other.Words() + ", but " + first[o], plainDays: h.plainDays}
		default:
			h.order = o
		}
	}
	return h
}

// likelyDay reports that a number without a format is a day of these decades, as after pasting values only.
func likelyDay(n float64) bool {
	const from, to = 36526, 62091 // 2000-01-01 and 2069-12-31
	return n == math.Trunc(n) && n >= from && n <= to
}

// plainNumber reports that a cell shows a number as a number.
func plainNumber(c cell) bool {
	switch c.formatted() {
	case "", "NUMBER_FORMAT_TYPE_UNSPECIFIED", "NUMBER", "TEXT":
		return true
	}
	return false
}
