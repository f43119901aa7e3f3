package gsheets

import (
	"slices"
	"strings"

	"github.com/lockstep-sync/lockstep/connectors/cells"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// judge looks at what the journal kept: which jobs found what they expected. The others' places are in wrong, and what they
// did is owed.
func (b *batch) judge(s shots) (d doubt, wrong map[int]bool) {
	wrong = make(map[int]bool)
	if b.resume != nil {
		return b.judgeRepair(s), wrong
	}
	moved := b.movedThen(s)
	b.moved = moved
	then := b.layoutThen(s, moved)
	var gone, removed []int
	for _, j := range b.changes() {
		switch {
		case j.p.Op == task.Remove && b.rightlyRemoved(j, s, then):
			removed = append(removed, j.at)
		case j.p.Op == task.Remove:
			wrong[j.place] = true
			gone = append(gone, j.at)
		case j.at < 0: // see misplaced
		case moved || !b.asRead(j, s):
			wrong[j.place] = true
			for _, w := range j.cells {
				d.owe(s, b, then, w)
				if !moved && w.col == b.growth.worked.check {
					d.owed[len(d.owed)-1].old = nil // a link does not come back with its text: the row is to be shown anew
				}
			}
		}
	}
	if moved {
		for _, w := range b.growth.headerCells(b.kept.header) {
			d.owe(s, b, then, w)
			text := *w.value.StringValue
			d.owed[len(d.owed)-1].hidden = text == idHeader || strings.HasPrefix(text, checkHeader) && w.col >= b.growth.first
		}
	}
	slices.Sort(gone)
	d.rows = gone
	// The batch took rows away after it had written: what stood under them has moved up. Those that come back push it down again.
	for i := range d.owed {
		at := d.owed[i].row
		for _, row := range removed {
			if row < at {
				d.owed[i].row--
			}
		}
	}
	return d, wrong
}

// judgeRepair looks at what a repair came upon: where that was not our value, it is owed, and our value is still somewhere. So is what it
// did not find: what spoiled it may be put right first. But where it was another of the rows that are to be emptied, the repair has done
// the work of that one.
func (b *batch) judgeRepair(s shots) (d doubt) {
	open := make(map[int]bool, len(b.resume)) // what is owed still, by place
	for i := range b.resume {
		open[i] = true
	}
	var missed []*job
	for _, j := range b.jobs {
		if w := j.cells[0]; holds(s.at(w.row, w.col), b.resume[j.place].ours) {
			delete(open, j.place)
		} else {
			missed = append(missed, j)
		}
	}
	emptied := b.emptiedStrays(s, missed, open)
	then := b.layoutThen(s, true)
	for _, j := range missed {
		if w := j.cells[0]; !emptied[[2]int{w.row, w.col}] {
			d.owe(s, b, then, w)
		}
	}
	for i, o := range b.resume {
		if open[i] {
			d.owed = append(d.owed, o)
		}
	}
	return d
}

// emptiedStrays are the cells, by row and column, in which a repair emptied a stray while it looked for another. What is owed of that one
// is open no more. A stray is known by all that it holds, its id among it.
func (b *batch) emptiedStrays(s shots, missed []*job, open map[int]bool) map[[2]int]bool {
	written := make(map[[2]int]bool) // where strays were looked for, and something else stood
	rows := make(map[int]bool)
	for _, j := range missed {
		if b.resume[j.place].stray() {
			written[[2]int{j.cells[0].row, j.cells[0].col}] = true
			rows[j.cells[0].row] = true
		}
	}
	strays := make(map[wasAt][]int)
	for i, o := range b.resume {
		if open[i] && o.stray() {
			strays[o.place()] = append(strays[o.place()], i)
		}
	}
	out := make(map[[2]int]bool)
	for row := range rows {
		for _, stray := range strays {
			stood := func(i int) bool {
				o := b.resume[i]
				col := o.column(b.t)
				return open[i] && written[[2]int{row, col}] && holds(s.at(row, col), o.ours)
			}
			if slices.ContainsFunc(stray, func(i int) bool { return !stood(i) }) {
				continue
			}
			for _, i := range stray {
				delete(open, i)
				out[[2]int{row, b.resume[i].column(b.t)}] = true
			}
		}
	}
	return out
}

// movedThen reports whether columns were not where they were, or something stood where a new one was made. A column that
// was only called otherwise is the same column.
func (b *batch) movedThen(s shots) bool {
	var header []string
	for col := range min(len(s[b.kept.header]), b.kept.cols-1) {
		header = append(header, task.TextValue(s.at(b.kept.header, col).raw()).String())
	}
	if b.movedIn(header) {
		return true
	}
	for col := b.growth.first; b.growth.any() && col < b.growth.end(); col++ {
		if !sameCell(s.at(b.kept.header, col), b.t.at(b.kept.header, col)) {
			return true
		}
	}
	return false
}

// layoutThen is where the columns were when we wrote.
func (b *batch) layoutThen(s shots, moved bool) layout {
	if !moved {
		return b.t.layout
	}
	l := layout{id: -1, headerAt: b.kept.header}
	for i := range l.column {
		l.column[i] = -1
	}
	for col := range min(len(s[b.kept.header]), b.kept.cols-1) {
		text := cells.FoldHeader(s.at(b.kept.header, col).raw())
		if text == cells.FoldHeader(idHeader) {
			l.id = col
		}
		for f, h := range b.t.header {
			for i, was := range b.t.column {
				if was == f && text != "" && cells.FoldHeader(h) == text {
					l.column[i] = col
				}
			}
		}
	}
	return l
}

// asRead reports whether a row was, when we wrote, what it was when we read it: in its id and all mapped columns.
func (b *batch) asRead(j *job, s shots) bool {
	cols := []int{b.t.id}
	if !j.alone { // a row that is known by its id is the same whatever people type into it
		cols = append(cols, b.t.column[:]...)
	}
	for _, col := range cols {
		if col >= 0 && !sameCell(s.at(j.at, col), b.t.at(j.at, col)) {
			return false
		}
	}
	for _, w := range j.cells {
		if !sameCell(s.at(j.at, w.col), b.t.at(j.at, w.col)) {
			return false
		}
	}
	return true
}

// rightlyRemoved reports whether the row that was taken away was the one that was meant, and held nothing new.
func (b *batch) rightlyRemoved(j *job, s shots, then layout) bool {
	if !sameCell(s.at(j.at, then.id), b.t.at(j.at, b.t.id)) { // a row that was never marked has none
		return false
	}
	ours := make(map[int]bool)
	for i, col := range b.t.column {
		if col < 0 {
			continue
		}
		ours[then.column[i]] = true
		if !sameCell(s.at(j.at, then.column[i]), b.t.at(j.at, col)) {
			return false
		}
	}
	for col := range s[j.at] {
		if c := s.at(j.at, col); !ours[col] && col != then.id && c.typed() && col < b.kept.cols-1 &&
			!b.t.worked.heads(s.at(b.kept.header, col).raw()) {
			return false
		}
	}
	return true
}

// owe notes a cell that is to be put back.
func (d *doubt) owe(s shots, b *batch, then layout, w cellWrite) {
	d.owed = append(d.owed, owed{
		row: w.row, col: w.col, id: strings.TrimSpace(s.at(w.row, then.id).raw()), header: s.at(b.kept.header, w.col).raw(),
		ours: w.value, old: entered(s.data(w.row, w.col)),
	})
}

// misplaced finds new rows whose cells landed in other columns than were meant, owes that they are emptied, and notes that they
// are wrong. A header that is called otherwise is no column that has moved; and where columns moved after our rows came, the
// cells of the rows moved along.
func (b *batch) misplaced(g *grid, wrong map[int]bool) []owed {
	moved := b.moved
	if b.kept == nil {
		moved = b.movedIn(texts(g, b.t.headerAt))
	}
	if !moved {
		return nil
	}
	var out []owed
	for _, j := range b.jobs {
		if j.p.Op != task.Create || j.at >= 0 {
			continue
		}
		for row := range g.cells {
			if row == b.t.headerAt || slices.ContainsFunc(j.cells, func(w cellWrite) bool { return !holds(g.at(row, w.col), w.value) }) {
				continue
			}
			wrong[j.place] = true
			for _, w := range j.cells {
				out = append(out, owed{row: row, col: w.col, ours: w.value})
			}
		}
	}
	return out
}

// movedIn reports whether a column that the batch wrote to stands elsewhere in a header.
func (b *batch) movedIn(header []string) bool {
	elsewhere := func(text string, col int) bool {
		at := cells.Exactly(header, cells.FoldHeader(text))
		return col >= 0 && text != "" && len(at) == 1 && at[0] != col
	}
	for f, col := range b.growth.column {
		text := b.headers[f]
		if col >= 0 && col < len(b.t.header) && b.t.header[col] != "" {
			text = b.t.header[col]
		}
		if elsewhere(text, col) {
			return true
		}
	}
	return elsewhere(idHeader, b.growth.id) ||
		slices.ContainsFunc(b.growth.worked.cols, func(c workedAt) bool { return elsewhere(c.header, c.at) })
}
