package gsheets

import (
	"slices"
	"strings"

	"google.golang.org/api/sheets/v4"

	"github.com/lockstep-sync/lockstep/connectors/cells"
)

// owed is one cell that a write of ours replaced although it was not what was expected: what was there is put back.
type owed struct {
	row, col int    // where it was when we wrote
	id       string // of that row then; "" for none
	header   string // of that column then
	ours     *sheets.ExtendedValue
	old      *sheets.ExtendedValue
	hidden   bool // the column was hidden with it
}

// stray reports that the cell belongs to a new row that came to stand in the wrong columns: nothing was there before.
func (o owed) stray() bool { return o.id == "" && o.header == "" && o.old == nil }

// wasAt names a row as it was when we wrote.
type wasAt struct {
	row int
	id  string
}

func (o owed) place() wasAt { return wasAt{o.row, o.id} }

// column is where the column of an owed cell is by now: that of its header, or where it was.
func (o owed) column(t *table) int {
	if at := cells.Exactly(t.header, cells.FoldHeader(o.header)); o.header != "" && len(at) == 1 {
		return at[0]
	}
	return o.col
}

// rowsNow is where the rows of what is owed are by now: where their ids stand. What was written over an id hides it: then the row is the one
// that holds all of what was written there, if one alone does; else it is where it was.
func rowsNow(all []owed, t *table) map[wasAt]int {
	byID := make(map[string]int)
	for r := range slices.Backward(t.cells) { // of two rows of one id the upper one counts
		byID[strings.TrimSpace(t.at(r, t.id).raw())] = r
	}
	of := make(map[wasAt][]owed)
	for _, o := range all {
		o.col = o.column(t)
		of[o.place()] = append(of[o.place()], o)
	}
	out := make(map[wasAt]int, len(of))
	for was, there := range of {
		out[was] = was.row
		if r, ok := byID[was.id]; ok && was.id != "" {
			out[was] = r
			continue
		}
		var found []int
		for r := range t.cells {
			if !slices.ContainsFunc(there, func(o owed) bool { return o.ours != nil && !holds(t.at(r, o.col), o.ours) }) {
				found = append(found, r)
			}
		}
		if len(found) == 1 {
			out[was] = found[0]
		}
	}
	return out
}

// find is where our value stands by now: in its row and the column of that header, or where we put it. Ok is false where it is not there
// any more.
func (o owed) find(t *table, row int) (_, col int, ok bool) {
	col = o.column(t)
	if holds(t.at(row, col), o.ours) {
		return row, col, true
	}
	if o.ours == nil {
		return 0, 0, false // an empty cell could be any
	}
	// The row, or the column, is elsewhere and bears nothing by which it is known: our value tells, if it is there once.
	var found [][2]int
	for r := range t.cells {
		for cl := range t.cells[r] {
			if (r == row || cl == col) && holds(t.at(r, cl), o.ours) {
				found = append(found, [2]int{r, cl})
			}
		}
	}
	if len(found) == 1 {
		return found[0][0], found[0][1], true
	}
	return 0, 0, false
}
