package gsheets

import (
	"google.golang.org/api/sheets/v4"

	"github.com/lockstep-sync/lockstep/sync/task"
)

// growth is what a batch adds to the tab besides rows: columns, with their headers and looks.
type growth struct {
	fields []task.Field         // new columns, from the first free one on
	first  int                  // where the new columns begin
	newID  bool                 // the id column is new; it comes after the new fields
	column [task.FieldCount]int // where each field is afterwards; -1 where it has no column
	id     int                  // where the ids are afterwards
	frozen bool                 // the header row is new: it is frozen
}

// plan says which columns must be added for these patches: the id column before a first id is written, and in the
// scorecard what is missing of its own columns. They begin right of everything that is in the tab, whoever put it there.
func (c *Connector) plan(t *table, patches []task.Patch, at []int) growth {
	g := growth{column: t.column, id: t.id}
	marks := false
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
				g.column[f] = g.first + len(g.fields)
				g.fields = append(g.fields, f)
			}
		}
		g.frozen = t.blank
	}
	if g.id < 0 && (marks || c.cfg.Scorecard) {
		g.id, g.newID = g.first+len(g.fields), true
	}
	return g
}

// doubled reports that a field's header is there more than once: a person must choose, and a third would not help.
func (t *table) doubled(f task.Field) bool { return len(headed(t.header, t.columns[f])) > 0 }

// any reports that there is something to add.
func (g growth) any() bool { return len(g.fields) > 0 || g.newID }

// end is the column after the last new one.
func (g growth) end() int {
	n := g.first + len(g.fields)
	if g.newID {
		n++
	}
	return n
}

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
	out = append(out, g.headers(c, t))
	if g.frozen {
		out = append(out, &sheets.Request{UpdateSheetProperties: &sheets.UpdateSheetPropertiesRequest{
			Properties: &sheets.SheetProperties{
				SheetId: t.sheetID, GridProperties: &sheets.GridProperties{FrozenRowCount: int64(t.headerAt + 1)},
			},
			Fields: "gridProperties.frozenRowCount",
		}})
	}
	for _, f := range g.fields {
		out = append(out, g.looks(c, t, f)...)
	}
	if g.newID {
		out = append(out, hideAndProtect(t.sheetID, g.id)...)
	}
	return out
}

// headers writes the header cells of the new columns: bold in the scorecard, plain in a partner's own sheet.
func (g growth) headers(c *Connector, t *table) *sheets.Request {
	fields := "userEnteredValue"
	data := func(s string) *sheets.CellData { return &sheets.CellData{UserEnteredValue: stringValue(s)} }
	if c.cfg.Scorecard {
		fields += ",userEnteredFormat.textFormat.bold"
		data = func(s string) *sheets.CellData {
			return &sheets.CellData{
				UserEnteredValue: stringValue(s), UserEnteredFormat: &sheets.CellFormat{TextFormat: &sheets.TextFormat{Bold: true}},
			}
		}
	}
	var row []*sheets.CellData
	for _, f := range g.fields {
		row = append(row, data(c.headers[f]))
	}
	if g.newID {
		row = append(row, data(idHeader))
	}
	return &sheets.Request{UpdateCells: &sheets.UpdateCellsRequest{
		Start:  &sheets.GridCoordinate{SheetId: t.sheetID, RowIndex: int64(t.headerAt), ColumnIndex: int64(g.first)},
		Rows:   []*sheets.RowData{{Values: row}},
		Fields: fields,
	}}
}

// looks give a new column of the scorecard its width, the format of its numbers, and the list to choose from.
func (g growth) looks(c *Connector, t *table, f task.Field) []*sheets.Request {
	col := g.column[f]
	below := &sheets.GridRange{
		SheetId: t.sheetID, StartRowIndex: int64(t.headerAt + 1),
		StartColumnIndex: int64(col), EndColumnIndex: int64(col + 1),
	}
	out := []*sheets.Request{{UpdateDimensionProperties: &sheets.UpdateDimensionPropertiesRequest{
		Range:      columnRange(t.sheetID, col),
		Properties: &sheets.DimensionProperties{PixelSize: width(f)},
		Fields:     "pixelSize",
	}}}
	switch f.Kind() {
	case task.Date:
		out = append(out, formatRequest(below, dateFormat()))
	case task.Number:
		out = append(out, formatRequest(below, &sheets.NumberFormat{Type: "PERCENT", Pattern: "0%"}))
	case task.Enum:
		if words := c.choices(t, f); len(words) > 0 {
			out = append(out, dropdown(below, words))
		}
	case task.None, task.Text, task.Bool, task.Person, task.Set, task.Unreadable:
	}
	return out
}

// width is a column's width in pixels.
func width(f task.Field) int64 {
	switch f {
	case task.Title, task.Notes:
		return 320
	case task.Partner, task.Assignee, task.Workstream, task.Labels:
		return 160
	case task.Status, task.Due, task.Start, task.Priority, task.Progress, task.QuickWin:
	}
	return 110
}

// choices are the words of a dropdown.
func (c *Connector) choices(t *table, f task.Field) []string {
	if f == task.Partner {
		var words []string
		for _, p := range c.cfg.Partners {
			if w := c.words.partnerWord(p.ID); w != "" {
				words = append(words, w)
			}
		}
		return words
	}
	var words []string
	for _, s := range task.Statuses() {
		if w := c.words.statusWord(s, t.used); w != "" {
			words = append(words, w)
		}
	}
	return words
}

// dropdown offers words and takes others too: a word of a person's own is held and shown, never refused.
func dropdown(r *sheets.GridRange, words []string) *sheets.Request {
	values := make([]*sheets.ConditionValue, len(words))
	for i, w := range words {
		values[i] = &sheets.ConditionValue{UserEnteredValue: w}
	}
	return &sheets.Request{SetDataValidation: &sheets.SetDataValidationRequest{
		Range: r,
		Rule: &sheets.DataValidationRule{
			Condition: &sheets.BooleanCondition{Type: "ONE_OF_LIST", Values: values}, ShowCustomUi: true,
		},
	}}
}

func formatRequest(r *sheets.GridRange, format *sheets.NumberFormat) *sheets.Request {
	return &sheets.Request{RepeatCell: &sheets.RepeatCellRequest{
		Range:  r,
		Cell:   &sheets.CellData{UserEnteredFormat: &sheets.CellFormat{NumberFormat: format}},
		Fields: "userEnteredFormat.numberFormat",
	}}
}

// hideAndProtect keeps the ids out of people's sight, and warns whoever finds them.
func hideAndProtect(sheetID int64, col int) []*sheets.Request {
	return []*sheets.Request{
		{UpdateDimensionProperties: &sheets.UpdateDimensionPropertiesRequest{
			Range:      columnRange(sheetID, col),
			Properties: &sheets.DimensionProperties{HiddenByUser: true},
			Fields:     "hiddenByUser",
		}},
		{AddProtectedRange: &sheets.AddProtectedRangeRequest{ProtectedRange: &sheets.ProtectedRange{
			Range:       &sheets.GridRange{SheetId: sheetID, StartColumnIndex: int64(col), EndColumnIndex: int64(col + 1)},
			Description: "Lockstep knows the rows by these ids.",
			WarningOnly: true,
		}}},
	}
}

func columnRange(sheetID int64, col int) *sheets.DimensionRange {
	return &sheets.DimensionRange{SheetId: sheetID, Dimension: "COLUMNS", StartIndex: int64(col), EndIndex: int64(col + 1)}
}
