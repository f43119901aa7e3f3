package match

import (
	"slices"

	"github.com/lockstep-sync/lockstep/sync/task"
)

// Row is one row of a tool in which cells can be moved from row to row, such as a sheet: what was last accounted for under
// its mark, and what is read beside that mark now. Ours are the fields that show what is agreed or what we tried to write:
// no person need have put it there. It is none of the cells that are displaced; but what stood there before stands there no more.
type Row struct {
	Base, Now task.Values
	Ours      [task.FieldCount]bool
}

// theirs is what people made of a field: what was there before where it shows something of our own.
func (r *Row) theirs(f task.Field) task.Value {
	if r.Ours[f] {
		return r.Base[f]
	}
	return r.Now[f]
}

// Displacement is one cell that holds what is stored of another row.
type Displacement struct {
	Row   int // index of the row that the value stands in now
	Field task.Field
	From  int // index of the row that it is stored under; -1 where several rows could be it
}

const (
	// fewestMoved is how many rows must hold what is stored of another row: one may be a person's doing.
	fewestMoved = 2
	// fewestSorted is how many rows of a column of few values must have changed: two who swap a status change two.
	fewestSorted = 3
	// fewestShifted is the same for a column whose cells moved up or down.
	fewestShifted = 4
	// farthestShift is by how many rows cells are looked for that moved up or down.
	farthestShift = 3
)

// Displaced finds cells that were moved without the rest of their rows: a sort of some columns, of the marks alone, or cells
// that were deleted or inserted so that those under them moved. Rows are in the order in which they stand. The answer is
// nil where what changed looks like edits; else it names every displaced cell, sorted by row and field, and nothing that was
// read there can be told from an edit.
//
// A column is displaced on one of three grounds:
//
//	moved      In title, notes, start or due a value that one row alone had stands in one row alone, and it is another. It
//	           takes two such rows of the tool, in whatever columns, or one into which two values of the same row have come.
//	           A value that stands where it was, too, is a copy; a title that does not may stand in several. Beside one such
//	           row a title counts, too, that has left its row for one that bears no mark yet: those are fresh.
//	sorted     Three rows or more changed in any one column, together they hold the values that they held before, and
//	           from the first of them to the last each value stands in one block: equal beside equal.
//	shifted    Four rows or more changed in any one column, and from the first of them to the last every row holds what
//	           the row one, two or three above or below it held.
//
// A column of few values needs the order as evidence: three people who each change a status may by chance put back the
// values that there were. Of the last two grounds one change in five may be an edit beside.
func Displaced(rows []Row, fresh []task.Value) []Displacement {
	var out []Displacement
	moved := make(map[int]bool)
	for f := range task.Field(task.FieldCount) {
		if unique(f) {
			for _, d := range movedIn(f, rows) {
				out = append(out, d)
				moved[d.Row] = true
			}
		}
	}
	if len(moved) > 0 && len(moved)+leftFor(fresh, rows) < fewestMoved && !together(out) {
		out = nil
	}
	for f := range task.Field(task.FieldCount) {
		if slices.ContainsFunc(out, func(d Displacement) bool { return d.Field == f }) {
			continue
		}
		if changed := changedIn(f, rows); sorted(f, rows, changed) || shifted(f, rows, changed) {
			for _, i := range changed {
				out = append(out, Displacement{Row: i, Field: f, From: -1})
			}
		}
	}
	slices.SortFunc(out, func(a, b Displacement) int {
		if a.Row != b.Row {
			return a.Row - b.Row
		}
		return int(a.Field) - int(b.Field)
	})
	return out
}

// leftFor is how many of the titles of rows that bear no mark yet are those of marked rows which show them no more.
func leftFor(fresh []task.Value, rows []Row) int {
	left := make(map[task.Value]bool)
	for i := range rows {
		if was := rows[i].Base[task.Title]; !was.IsNone() && !was.IsEmpty() && !rows[i].Now[task.Title].Same(was) {
			left[was] = true
		}
	}
	for i := range rows {
		delete(left, rows[i].Now[task.Title]) // it went to a marked row, as far as can be told
	}
	n := 0
	for _, title := range fresh {
		if left[title] {
			n++
		}
	}
	return n
}

// together reports whether two values of one row stand in one other row.
func together(moved []Displacement) bool {
	seen := make(map[[2]int]bool)
	for _, d := range moved {
		way := [2]int{d.From, d.Row}
		if seen[way] {
			return true
		}
		seen[way] = true
	}
	return false
}

// unique reports whether values of the field mostly tell rows apart. Two people may well swap a status, or two tasks.
func unique(f task.Field) bool {
	return f == task.Title || f == task.Notes || f == task.Start || f == task.Due
}

// several stands for the only row of a value that more than one row has.
const several = -1

// movedIn are the cells of a field whose value one row alone had, and another alone has.
func movedIn(f task.Field, rows []Row) []Displacement {
	had, has := make(map[task.Value]int), make(map[task.Value]int)
	count := func(m map[task.Value]int, v task.Value, i int) {
		if v.IsNone() || v.IsEmpty() {
			return
		}
		if _, seen := m[v]; seen {
			i = several
		}
		m[v] = i
	}
	for i := range rows {
		count(had, rows[i].Base[f], i)
		count(has, rows[i].Now[f], i)
	}
	var out []Displacement
	for i := range rows {
		v := rows[i].Now[f]
		from, known := had[v]
		if !known || from < 0 || from == i || rows[i].Ours[f] {
			continue
		}
		// A title that left its row and stands in two others was copied first, and is no less away from home.
		alone := has[v] == i || f == task.Title && !rows[from].Now[f].Same(v)
		if alone && !rows[i].Base[f].Same(v) {
			out = append(out, Displacement{Row: i, Field: f, From: from})
		}
	}
	return out
}

// changedIn are the rows that hold another value than they did.
func changedIn(f task.Field, rows []Row) []int {
	var out []int
	for i := range rows {
		base, now := rows[i].Base[f], rows[i].theirs(f)
		if !base.IsNone() && !now.IsNone() && !now.Same(base) {
			out = append(out, i)
		}
	}
	return out
}

// level makes all empty values one.
func level(v task.Value) task.Value {
	if v.IsEmpty() {
		return task.Value{}
	}
	return v
}

// sorted reports whether the rows that changed hold what they held, in blocks of equal values.
func sorted(f task.Field, rows []Row, changed []int) bool {
	n := len(changed)
	if n < fewestSorted {
		return false
	}
	left := make(map[task.Value]int)
	for _, i := range changed {
		left[level(rows[i].Base[f])]++
	}
	strange := 0
	for _, i := range changed {
		v := level(rows[i].theirs(f))
		if left[v]--; left[v] < 0 {
			strange++
		}
	}
	if strange > n/5 {
		return false
	}
	blocks, kinds := 0, make(map[task.Value]bool)
	for i := changed[0]; i <= changed[n-1]; i++ {
		v := level(rows[i].theirs(f))
		if i == changed[0] || v != level(rows[i-1].theirs(f)) {
			blocks++
		}
		kinds[v] = true
	}
	return blocks <= len(kinds)+2*strange // an edit splits a block in two and is one itself
}

// shifted reports whether the cells from the first that changed to the last hold what stood some rows above or below.
func shifted(f task.Field, rows []Row, changed []int) bool {
	n := len(changed)
	if n < fewestShifted {
		return false
	}
	for by := -farthestShift; by <= farthestShift; by++ {
		strange := 0
		for i := changed[0]; i <= changed[n-1]; i++ {
			if from := i + by; by == 0 || from < 0 || from >= len(rows) || level(rows[i].theirs(f)) != level(rows[from].Base[f]) {
				strange++
			}
		}
		if strange <= max(by, -by)+n/5 && n-strange >= fewestShifted-1 {
			return true
		}
	}
	return false
}
