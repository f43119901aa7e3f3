package gsheets

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"google.golang.org/api/sheets/v4"

	"github.com/lockstep-sync/lockstep/sync/task"
)

// build makes the requests of a batch. Row numbers are those of the read before it, so what changes them comes last: first
// cells, then new rows, then removals from the bottom up.
// With the last of the patches goes what is due of the board.
func (b *batch) build(c *Connector, final bool) {
	var writes []cellWrite
	var fresh, gone []*job
	for _, j := range b.jobs {
		switch {
		case j.p.Op == task.Remove:
			gone = append(gone, j)
		case j.at < 0:
			fresh = append(fresh, j)
		default:
			writes = append(writes, j.cells...)
		}
	}
	if c.along() != nil {
		b.planBoard(c, true)
	}
	c.assumeJournal()
	b.keep(c)
	last, _ := b.t.filled()
	last = max(last, b.t.headerAt+1)
	rows := 0
	if len(fresh) > 0 {
		if under := b.t.under(); under >= 0 {
			b.inserted = span{under, len(fresh)}
		} else {
			rows = last + len(fresh)
		}
	}
	for _, r := range b.growth.requests(c, b.t, rows) {
		b.add(r, nil)
	}
	for _, r := range rectangles(writes) {
		b.add(r.request(b.t.sheetID), r.places)
	}
	if b.board != nil {
		b.addBoard(c, final)
	}
	b.newRows(fresh, last)
	slices.SortFunc(gone, func(x, y *job) int { return cmp.Compare(y.at, x.at) })
	for _, j := range gone {
		b.add(&sheets.Request{DeleteDimension: &sheets.DeleteDimensionRequest{Range: &sheets.DimensionRange{
			SheetId: b.t.sheetID, Dimension: "ROWS", StartIndex: int64(j.at), EndIndex: int64(j.at + 1),
		}}}, []int{j.place})
	}
}

func (b *batch) add(r *sheets.Request, places []int) {
	b.requests = append(b.requests, r)
	b.owners = append(b.owners, places)
}

// span is a run of rows that a batch puts in; its zero value is none. Every row that the batch is about otherwise stands above it.
type span struct{ at, n int }

// newRows makes the new rows: above what stands under the table, or at the end.
func (b *batch) newRows(fresh []*job, last int) {
	switch {
	case len(fresh) == 0:
	case b.inserted.n > 0:
		b.putIn(fresh)
	default:
		b.append(fresh, last)
	}
}

// newRowFields is the mask of what new rows are given. It must not name formats, or it would clear those of the columns between ours;
// so days are formatted by themselves.
const newRowFields = "userEnteredValue,textFormatRuns"

// putIn puts rows in and fills them: they are empty, wherever people have moved the others meanwhile.
func (b *batch) putIn(fresh []*job) {
	at, end := int64(b.inserted.at), int64(b.inserted.at+b.inserted.n)
	rows, places := newRowData(fresh)
	b.add(&sheets.Request{InsertDimension: &sheets.InsertDimensionRequest{
		Range:             &sheets.DimensionRange{SheetId: b.t.sheetID, Dimension: "ROWS", StartIndex: at, EndIndex: end},
		InheritFromBefore: b.inserted.at > b.t.first, // of the row before, but not of the header
	}}, places)
	b.formatDays(fresh, max(b.inserted.at-1, b.t.first), sheets.GridRange{SheetId: b.t.sheetID, StartRowIndex: at, EndRowIndex: end})
	b.add(&sheets.Request{UpdateCells: &sheets.UpdateCellsRequest{
		Start: &sheets.GridCoordinate{SheetId: b.t.sheetID, RowIndex: at}, Rows: rows, Fields: newRowFields,
	}}, places)
}

// append adds rows at the end, by the one request that cannot land on a row that a person has just begun. Days are formatted from the
// first free row down to wherever the rows land.
func (b *batch) append(fresh []*job, last int) {
	rows, places := newRowData(fresh)
	b.formatDays(fresh, last, sheets.GridRange{SheetId: b.t.sheetID, StartRowIndex: int64(last)})
	b.add(&sheets.Request{AppendCells: &sheets.AppendCellsRequest{SheetId: b.t.sheetID, Rows: rows, Fields: newRowFields}}, places)
}

// newRowData is what new rows hold, and the places of the patches behind them.
func newRowData(fresh []*job) (rows []*sheets.RowData, places []int) {
	for _, j := range fresh {
		row := &sheets.RowData{}
		for _, w := range j.cells {
			for len(row.Values) <= w.col {
				row.Values = append(row.Values, &sheets.CellData{})
			}
			row.Values[w.col].UserEnteredValue, row.Values[w.col].TextFormatRuns = w.value, w.runs
		}
		rows, places = append(rows, row), append(places, j.place)
	}
	return rows, places
}

// formatDays formats the columns of the range that get a day, where a row of the same looks does not show days already.
func (b *batch) formatDays(fresh []*job, like int, where sheets.GridRange) {
	formats := make(map[int]*sheets.NumberFormat)
	for _, j := range fresh {
		for _, w := range j.cells {
			if w.format != nil && (w.format.Type != "DATE" || !b.t.at(like, w.col).dated()) && !b.growth.made(w.col) {
				formats[w.col] = w.format
			}
		}
	}
	for _, col := range slices.Sorted(maps.Keys(formats)) {
		column := where
		column.StartColumnIndex, column.EndColumnIndex = int64(col), int64(col+1)
		b.add(formatRequest(&column, formats[col]), nil)
	}
}

// rectangle is a block of cells that one request writes.
type rectangle struct {
	row, col int
	format   bool
	cells    [][]cellWrite
	places   []int
}

// rectangles merges cells that touch: along a row first, then rows of the same columns that lie under each other.
func rectangles(cells []cellWrite) []rectangle {
	slices.SortFunc(cells, func(x, y cellWrite) int { return cmp.Or(cmp.Compare(x.row, y.row), cmp.Compare(x.col, y.col)) })
	var runs []rectangle
	for _, w := range cells {
		if n := len(runs) - 1; n >= 0 {
			r := &runs[n]
			if run := r.cells[0]; r.row == w.row && r.col+len(run) == w.col && r.format == (w.format != nil) {
				r.cells[0] = append(run, w)
				r.places = addPlace(r.places, w.place)
				continue
			}
		}
		runs = append(runs, rectangle{row: w.row, col: w.col, format: w.format != nil, cells: [][]cellWrite{{w}}, places: []int{w.place}})
	}
	type shape struct {
		col, width int
		format     bool
	}
	open := make(map[shape]int) // → the block above, in out
	var out []rectangle
	for _, r := range runs {
		s := shape{r.col, len(r.cells[0]), r.format}
		if i, ok := open[s]; ok && out[i].row+len(out[i].cells) == r.row {
			out[i].cells = append(out[i].cells, r.cells[0])
			for _, p := range r.places {
				out[i].places = addPlace(out[i].places, p)
			}
			continue
		}
		open[s] = len(out)
		out = append(out, r)
	}
	return out
}

func addPlace(places []int, p int) []int {
	if places[len(places)-1] == p {
		return places
	}
	return append(places, p)
}

// request writes a block. It has a start and no range: with a range, cells that are not given would be cleared.
func (r rectangle) request(sheetID int64) *sheets.Request {
	u := &sheets.UpdateCellsRequest{
		Start:  &sheets.GridCoordinate{SheetId: sheetID, RowIndex: int64(r.row), ColumnIndex: int64(r.col)},
		Fields: "userEnteredValue",
	}
	if r.format {
		u.Fields += ",userEnteredFormat.numberFormat"
	}
	for _, run := range r.cells {
		row := &sheets.RowData{}
		for _, w := range run {
			d := &sheets.CellData{UserEnteredValue: w.value}
			if w.format != nil {
				d.UserEnteredFormat = &sheets.CellFormat{NumberFormat: w.format}
			}
			row.Values = append(row.Values, d)
		}
		u.Rows = append(u.Rows, row)
	}
	return &sheets.Request{UpdateCells: u}
}

// maxReadBack is how many ranges are named; past it the whole tab is read back.
const maxReadBack = 100

// readBack are the ranges that hold the header and the rows as they are after the batch.
func (b *batch) readBack() []string {
	tab := tabRange(b.t.title)
	last, _ := b.t.filled()
	var gone, rows []int
	appended := false
	for _, j := range b.jobs {
		switch {
		case j.p.Op == task.Remove:
			gone = append(gone, j.at)
		case j.at < 0 && b.inserted.n == 0:
			appended = true
		case j.at < 0:
		default:
			rows = append(rows, j.at)
		}
	}
	for i := range b.inserted.n {
		rows = append(rows, b.inserted.at+i)
	}
	slices.Sort(gone)
	slices.Sort(rows)
	out := []string{fmt.Sprintf("%s!%d:%d", tab, b.t.headerAt+1, b.t.headerAt+1)}
	for i := 0; i < len(rows); {
		end := i
		for end+1 < len(rows) && rows[end+1] <= rows[end]+1 {
			end++
		}
		// Rows under one that is removed move up.
		from, _ := slices.BinarySearch(gone, rows[i])
		to, _ := slices.BinarySearch(gone, rows[end])
		out = append(out, fmt.Sprintf("%s!%d:%d", tab, rows[i]-from+1, rows[end]-to+1))
		i = end + 1
	}
	if appended {
		first := max(last-len(gone), b.t.headerAt+1) + 1
		out = append(out, tab+"!A"+strconv.Itoa(first)+":"+columnName(max(b.t.cols, b.growth.end())-1))
	}
	if len(out) > maxReadBack {
		return []string{tab}
	}
	return out
}
