package gsheets

import (
	"strings"

	"google.golang.org/api/sheets/v4"

	"github.com/lockstep-sync/lockstep/connectors"
	"github.com/lockstep-sync/lockstep/connectors/cells"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// newColumn is a column that a batch adds.
type newColumn struct {
	header string
	kind   columnKind
	field  task.Field             // of a fieldColumn
	board  connectors.BoardColumn // of a workedColumn
}

type columnKind uint8

const (
	fieldColumn  columnKind = iota
	workedColumn            // worked out by Lockstep, and shown
	idColumn
	checkColumn // says what Lockstep wrote into the worked columns: see checkHeader
)

// growth is what a batch adds to the tab besides rows: columns, with their headers and looks.
type growth struct {
	columns []newColumn          // from the first free one on
	first   int                  // where the new columns begin
	column  [task.FieldCount]int // where each field is afterwards; -1 where it has no column
	id      int                  // where the ids are afterwards
	worked  worked               // where the worked columns are afterwards
	fresh   bool                 // the tab was empty: it gets its looks as a whole
	listed  bool                 // the check column is there, and its header must name the new worked columns
}

// plan says which columns must be added for these patches: the id column before a first id is written, and in the
// scorecard what is missing of its own columns. They begin right of everything that is in the tab, whoever put it there. With a
// board, its columns are among them.
func (c *Connector) plan(t *table, patches []task.Patch, at []int, board *boardView) growth {
	g := growth{column: t.column, id: t.id, worked: t.worked}
	marks := board != nil
	for _, i := range at {
		marks = marks || patches[i].Op == task.Create || patches[i].Op == task.Adopt
	}
	if !marks && t.blank {
		return g // only what is there already can be changed or removed
	}
	if !t.blank {
		_, g.first = t.filled()
	}
	if c.cfg.Scorecard {
		for _, f := range c.cfg.fields() {
			if t.column[f] < 0 && (t.blank || c.grows(f)) && !t.doubled(f) {
				g.columns = append(g.columns, newColumn{header: c.headers[f], kind: fieldColumn, field: f})
			}
		}
		g.fresh = t.blank
	}
	g = g.addWorked(c, t, board)
	if g.id < 0 && (marks || c.cfg.Scorecard) {
		g.columns = append(g.columns, newColumn{header: idHeader, kind: idColumn})
	}
	if board != nil && len(board.columns) > 0 && t.worked.check < 0 {
		g.columns = append(g.columns, newColumn{kind: checkColumn})
	}
	return g.place()
}

// addWorked adds the columns of the board that are missing. In a new tab those that hold a word of a closed set stand beside the
// status, where they are looked for.
func (g growth) addWorked(c *Connector, t *table, board *boardView) growth {
	if board == nil {
		return g
	}
	beside := 0
	for i, n := range g.columns {
		if g.fresh && n.kind == fieldColumn && n.field == task.Status {
			beside = i + 1
		}
	}
	for _, b := range board.columns {
		if t.worked.has(b.Name) {
			continue
		}
		n := newColumn{header: t.workedHeader(b.Name, c.headers[:]), kind: workedColumn, board: b}
		if beside > 0 && len(b.Words) > 0 {
			g.columns = append(g.columns[:beside], append([]newColumn{n}, g.columns[beside:]...)...)
			beside++
		} else {
			g.columns = append(g.columns, n)
		}
	}
	return g
}

// place says where the new columns are.
func (g growth) place() growth {
	for i, n := range g.columns {
		at := g.first + i
		switch n.kind {
		case fieldColumn:
			g.column[n.field] = at
		case workedColumn:
			g.worked = g.worked.with(n.header, at)
			g.listed = g.worked.check >= 0
		case idColumn:
			g.id = at
		case checkColumn:
			g.worked.check, g.listed = at, false
		}
	}
	return g
}

// doubled reports that a field's header is there more than once: a person must choose, and a third would not help.
func (t *table) doubled(f task.Field) bool { return len(cells.Headed(t.header, t.columns[f])) > 0 }

// any reports that there is something to add.
func (g growth) any() bool { return len(g.columns) > 0 }

// end is the column after the last new one.
func (g growth) end() int { return g.first + len(g.columns) }

// made reports that a column is one of the new ones.
func (g growth) made(col int) bool { return g.any() && col >= g.first && col < g.end() }

// requests are what adds the columns, in order. The tab is grown first: a request outside of it is refused.
func (g growth) requests(c *Connector, t *table, rows int) []*sheets.Request {
	var out []*sheets.Request
	if need := g.end() - t.cols; g.any() && need > 0 {
		out = append(out, &sheets.Request{AppendDimension: &sheets.AppendDimensionRequest{
			SheetId: t.sheetID, Dimension: "COLUMNS", Length: int64(need),
		}})
	}
	if need := rows - t.rows; need > 0 {
		out = append(out, &sheets.Request{AppendDimension: &sheets.AppendDimensionRequest{
			SheetId: t.sheetID, Dimension: "ROWS", Length: int64(need),
		}})
	}
	if !g.any() {
		return out
	}
	header := t.headerAt
	if g.fresh {
		out = append(out, freshTab(t.sheetID, header, g.first, g.visibleEnd())...)
	}
	out = append(out, g.headers(c, t))
	if g.listed {
		out = append(out, &sheets.Request{UpdateCells: &sheets.UpdateCellsRequest{
			Start:  &sheets.GridCoordinate{SheetId: t.sheetID, RowIndex: int64(header), ColumnIndex: int64(g.worked.check)},
			Rows:   []*sheets.RowData{{Values: []*sheets.CellData{{UserEnteredValue: stringValue(g.worked.header())}}}},
			Fields: "userEnteredValue",
		}})
	}
	for i, n := range g.columns {
		col := g.first + i
		switch n.kind {
		case fieldColumn:
			out = append(out, c.fieldLook(t, n.field).requests(t.sheetID, header, col)...)
		case workedColumn:
			out = append(out, workedLook(n.board).requests(t.sheetID, header, col)...)
		case idColumn:
			out = append(out, hide(t.sheetID, col), warn(wholeColumns(t.sheetID, col, col+1), idWarning))
		case checkColumn:
			out = append(out, hide(t.sheetID, col), warn(wholeColumns(t.sheetID, col, col+1), "By these Lockstep knows what people typed over."))
		}
	}
	return append(out, g.protect(t.sheetID)...)
}

// protect puts the warning on the worked columns, one for those that stand together.
func (g growth) protect(sheetID int64) []*sheets.Request {
	var out []*sheets.Request
	for i := 0; i < len(g.columns); i++ {
		from := i
		for i < len(g.columns) && g.columns[i].kind == workedColumn {
			i++
		}
		if i > from {
			out = append(out, warn(wholeColumns(sheetID, g.first+from, g.first+i), workedWarning))
		}
	}
	return out
}

const workedWarning = "Lockstep works these out from the tasks, and writes over what is typed here."

func wholeColumns(sheetID int64, from, end int) *sheets.GridRange {
	return &sheets.GridRange{SheetId: sheetID, StartColumnIndex: int64(from), EndColumnIndex: int64(end)}
}

// visibleEnd is the column after the last new one that people see.
func (g growth) visibleEnd() int {
	for i, n := range g.columns {
		if n.kind == idColumn || n.kind == checkColumn {
			return g.first + i
		}
	}
	return g.end()
}

// headers writes the header cells of the new columns: a coloured band in the scorecard, plain in a partner's own sheet.
func (g growth) headers(c *Connector, t *table) *sheets.Request {
	fields := "userEnteredValue"
	if c.cfg.Scorecard {
		fields += ",userEnteredFormat"
	}
	row := make([]*sheets.CellData, len(g.columns))
	for i, n := range g.columns {
		header := n.header
		if n.kind == checkColumn {
			header = g.worked.header()
		}
		row[i] = &sheets.CellData{UserEnteredValue: stringValue(header)}
		if !c.cfg.Scorecard {
			continue
		}
		row[i].UserEnteredFormat = headFormat(workedFill)
		if n.kind == fieldColumn {
			row[i].UserEnteredFormat = headFormat(headFill)
		}
	}
	return &sheets.Request{UpdateCells: &sheets.UpdateCellsRequest{
		Start:  &sheets.GridCoordinate{SheetId: t.sheetID, RowIndex: int64(t.headerAt), ColumnIndex: int64(g.first)},
		Rows:   []*sheets.RowData{{Values: row}},
		Fields: fields,
	}}
}

// headerCells are the header cells that the growth writes.
func (g growth) headerCells(row int) []cellWrite {
	var out []cellWrite
	for i, n := range g.columns {
		text := n.header
		if n.kind == checkColumn {
			text = g.worked.header()
		}
		out = append(out, cellWrite{row: row, col: g.first + i, value: stringValue(text), place: nobody})
	}
	if g.listed {
		out = append(out, cellWrite{row: row, col: g.worked.check, value: stringValue(g.worked.header()), place: nobody})
	}
	return out
}

// choices are the words of a dropdown.
func (c *Connector) choices(t *table, f task.Field) []string {
	var words []string
	if f == task.Partner {
		for _, p := range c.cfg.Partners {
			if w := c.words.PartnerWord(p.ID); w != "" {
				words = append(words, w)
			}
		}
		return words
	}
	for _, s := range task.Statuses() {
		if w := c.words.StatusWord(s, t.used); w != "" {
			words = append(words, w)
		}
	}
	return words
}

// workedHeader is the header of a new column of the board. Where a person's column, or a field's, has its name already, it is told
// apart: what stands there is not ours to write over.
func (t *table) workedHeader(name string, fields []string) string {
	taken := len(cells.Headed(t.header, name)) > 0
	for _, f := range fields {
		taken = taken || cells.FoldHeader(f) == cells.FoldHeader(name)
	}
	if taken {
		return name + oursSuffix
	}
	return name
}

// oursSuffix is added to the name of a column or a tab that people have already.
const oursSuffix = " (Lockstep)"

// isOurs reports that a header is the one of a board's column.
func isOurs(header, name string) bool {
	h := cells.FoldHeader(header)
	return h == cells.FoldHeader(name) || h == cells.FoldHeader(name+oursSuffix)
}

// columnLines are the headers that the check column's own header lists.
func columnLines(header string) []string {
	var out []string
	for _, l := range strings.Split(header, "\n")[1:] {
		if l = strings.TrimSpace(l); l != "" {
			out = append(out, l)
		}
	}
	return out
}
