package gsheets

import (
	"cmp"
	"fmt"
	"slices"

	"google.golang.org/api/sheets/v4"

	"github.com/lockstep-sync/lockstep/sync/task"
)

// block is a merged block of cells. Only its first cell holds something; the others are covered.
type block struct{ row, col, rows, cols int }

// covers reports that the cell is in the block and is not its first.
func (b block) covers(row, col int) bool { return row != b.row || col != b.col }

// last is the row under which the block ends, counted from 0.
func (b block) last() int { return b.row + b.rows - 1 }

// merge notes the merged blocks of the tab.
func (g *grid) merge(ranges []*sheets.GridRange) {
	const mostColumns = 1000 // a block over more is a banner across the tab, and its first columns tell that
	for _, r := range ranges {
		if r == nil {
			continue
		}
		b := block{
			row: int(r.StartRowIndex), col: int(r.StartColumnIndex),
			rows: int(r.EndRowIndex - r.StartRowIndex), cols: int(r.EndColumnIndex - r.StartColumnIndex),
		}
		if b.row < 0 || b.col < 0 || b.rows < 1 || b.cols < 1 || b.rows*b.cols == 1 {
			continue
		}
		if g.merges == nil {
			g.merges = make(map[int][]block)
		}
		for col := b.col; col < b.col+min(b.cols, mostColumns); col++ {
			g.merges[col] = append(g.merges[col], b)
		}
	}
	for _, bs := range g.merges {
		slices.SortFunc(bs, func(x, y block) int { return cmp.Compare(x.row, y.row) })
	}
}

// merged is the merged block that a cell is in, and false where it is in none.
func (g *grid) merged(row, col int) (block, bool) {
	bs := g.merges[col]
	i, exact := slices.BinarySearchFunc(bs, row, func(b block, row int) int { return cmp.Compare(b.row, row) })
	if !exact {
		i--
	}
	if i < 0 || row > bs[i].last() {
		return block{}, false
	}
	return bs[i], true
}

// readAt reads the cell of a field in a row, through merged blocks. A block over several rows says the same of each of
// them; one over several columns says nothing of the fields that it covers. What is merged is not written: see the
// problem that comes with the value.
func (t *table) readAt(f task.Field, row, col int) (task.Value, *task.Problem) {
	b, merged := t.merged(row, col)
	if !merged {
		return t.read(f, t.at(row, col))
	}
	where := t.where(f) + "the cell is merged with " + t.others(b, row, col) + ": "
	problem := func(reason task.HoldReason, hint string) *task.Problem {
		return &task.Problem{Reason: reason, Hint: where + hint}
	}
	switch {
	case b.col != col:
		return task.UnreadableValue(""), problem(task.HoldUnreadable, "unmerge them (Format, Merge cells), and type the value in its own cell")
	case b.row != row && f == task.Title:
		return task.UnreadableValue(""), problem(task.HoldUnreadable, "each task needs a title of its own: unmerge them (Format, Merge cells)")
	case b.row != row && (b.row < t.first || b.row >= len(t.cells) || !t.whole && t.cells[b.row] == nil):
		return task.UnreadableValue(""), problem(task.HoldUnreadable, "unmerge them (Format, Merge cells)")
	}
	v, p := t.read(f, t.at(b.row, col))
	if p == nil && b.rows > 1 {
		p = problem(task.HoldUnsupported, "Lockstep reads it for each of these rows and does not write it; unmerge them (Format, Merge cells)")
	}
	return v, p
}

// others names the rest of a block, for a person who looks at one of its cells.
func (t *table) others(b block, row, col int) string {
	first := columnName(b.col) + rowNumber(b.row)
	last := columnName(b.col+b.cols-1) + rowNumber(b.last())
	if b.covers(row, col) && b.rows*b.cols == 2 {
		return first
	}
	return fmt.Sprintf("others (%s:%s)", first, last)
}
