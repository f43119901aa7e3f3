package google

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/api/sheets/v4"
)

// tables reads the tables of a spreadsheet's first tab in short: "id name A1:C4 Status:DROPDOWN …".
func (b *bench) tables(id string) []string {
	b.Helper()
	got, err := b.sheets.Spreadsheets.Get(id).Fields("sheets(tables,bandedRanges,properties.title)").Context(b.Context()).Do()
	b.must(err)
	var out []string
	for _, x := range got.Sheets[0].Tables {
		r := x.Range
		s := x.TableId + " " + x.Name + " " + cellsOf(rect{int(r.StartRowIndex), int(r.EndRowIndex), int(r.StartColumnIndex), int(r.EndColumnIndex)})
		for i, c := range x.ColumnProperties {
			if int(c.ColumnIndex) != i {
				b.Errorf("column %d says that it is %d", i, c.ColumnIndex)
			}
			s += fmt.Sprintf(" %s:%s", c.ColumnName, c.ColumnType)
		}
		out = append(out, s)
	}
	return out
}

func (b *bench) wantTables(id, when string, want ...string) {
	b.Helper()
	if d := cmp.Diff(want, b.tables(id)); d != "" {
		b.Errorf("%s: %s", when, d)
	}
}

func statusColumn(n int64) *sheets.TableColumnProperties {
	return &sheets.TableColumnProperties{
		ColumnIndex: n, ColumnName: "Status", ColumnType: "DROPDOWN", DataValidationRule: &sheets.TableColumnDataValidationRule{
			Condition: &sheets.BooleanCondition{Type: "ONE_OF_LIST", Values: []*sheets.ConditionValue{{UserEnteredValue: "Open"}, {UserEnteredValue: "Done"}}},
		},
	}
}

// tableBench is a sandbox with a table of three columns and two rows on it, and a line of text under it.
func tableBench(t *testing.T) (*bench, string) {
	t.Helper()
	b := newBench(t, Options{})
	id := b.srv.AddSpreadsheet("Book")
	for ref, v := range map[string]any{"A1": "Action", "A2": "pump", "A3": "well", "A6": "Totals"} {
		b.must(b.srv.Put(id, "Sheet1", ref, v))
	}
	_, err := b.batch(id, &sheets.Request{AddTable: &sheets.AddTableRequest{Table: &sheets.Table{
		TableId: "t1", Name: "Actions", Range: grid(0, 3, 0, 3),
		ColumnProperties: []*sheets.TableColumnProperties{statusColumn(1), {ColumnIndex: 2, ColumnType: "PERCENT"}},
	}}})
	b.must(err)
	return b, id
}

func TestTablesAreKeptAsTheyWereAdded(t *testing.T) {
	t.Parallel()
	b, id := tableBench(t)
	b.wantTables(id, "added", "t1 Actions A1:C3 Action: Status:DROPDOWN Column 3:PERCENT")
	c := b.cell(id, "B2")
	if c.DataValidation == nil || c.DataValidation.Condition.Type != "ONE_OF_LIST" || len(c.DataValidation.Condition.Values) != 2 {
		t.Errorf("the column's list does not stand in its cells: %+v", c.DataValidation)
	}
	if f := b.cell(id, "C3").UserEnteredFormat; f == nil || f.NumberFormat.Type != "PERCENT" {
		t.Errorf("the column's format does not stand in its cells: %+v", f)
	}
	all, err := b.sheets.Spreadsheets.Get(id).Context(t.Context()).Do()
	b.must(err)
	without, err := b.sheets.Spreadsheets.Get(id).ExcludeTablesInBandedRanges(true).Context(t.Context()).Do()
	b.must(err)
	if len(all.Sheets[0].BandedRanges) != 1 || all.Sheets[0].BandedRanges[0].BandedRangeReference != "t1" || len(without.Sheets[0].BandedRanges) != 0 {
		t.Errorf("banded ranges: %d, without tables %d", len(all.Sheets[0].BandedRanges), len(without.Sheets[0].BandedRanges))
	}
}

func TestTablesGrow(t *testing.T) {
	t.Parallel()
	b, id := tableBench(t)
	appendRows := func(names ...string) *sheets.Request {
		var rows []*sheets.RowData
		for _, n := range names {
			rows = append(rows, rowOf(str(n)))
		}
		return &sheets.Request{AppendCells: &sheets.AppendCellsRequest{TableId: "t1", Rows: rows, Fields: "userEnteredValue"}}
	}
	column := func() string {
		var out []string
		for _, r := range b.srv.Rows(id, "Sheet1") {
			s := ""
			if len(r) > 0 && r[0] != nil {
				s = fmt.Sprint(r[0])
			}
			out = append(out, s)
		}
		return strings.Join(out, "|")
	}
	_, err := b.batch(id, appendRows("school"))
	b.must(err)
	b.wantTables(id, "a row appended", "t1 Actions A1:C4 Action: Status:DROPDOWN Column 3:PERCENT")
	if b.cell(id, "B4").DataValidation == nil {
		t.Error("the new row has no list")
	}
	// Only one empty row is left above "Totals": it moves down.
	_, err = b.batch(id, appendRows("clinic", "road", "bridge"))
	b.must(err)
	b.wantTables(id, "rows appended over the text below", "t1 Actions A1:C7 Action: Status:DROPDOWN Column 3:PERCENT")
	if got := column(); got != "Action|pump|well|school|clinic|road|bridge|||Totals" && got != "Action|pump|well|school|clinic|road|bridge||Totals" {
		t.Errorf("the column is %s", got)
	}
	// Typing right below a table makes it longer, typing further down does not.
	b.must(b.srv.Type(id, "Sheet1", "A8", "market"))
	b.must(b.srv.Type(id, "Sheet1", "A20", "elsewhere"))
	b.wantTables(id, "typed below", "t1 Actions A1:C8 Action: Status:DROPDOWN Column 3:PERCENT")
	// An emptied row of the body is filled before the table grows.
	b.must(b.srv.Type(id, "Sheet1", "A8", ""))
	_, err = b.batch(id, appendRows("harbour"))
	b.must(err)
	b.wantTables(id, "an empty row filled", "t1 Actions A1:C8 Action: Status:DROPDOWN Column 3:PERCENT")
	if got := b.srv.Cell(id, "Sheet1", "A8"); got != "harbour" {
		t.Errorf("A8 holds %v", got)
	}
	// So does values.append with INSERT_ROWS.
	_, err = b.sheets.Spreadsheets.Values.Append(id, "Sheet1!A1:C8", &sheets.ValueRange{Values: [][]any{{"bore hole", "Open"}}}).
		ValueInputOption("RAW").InsertDataOption("INSERT_ROWS").Context(t.Context()).Do()
	b.must(err)
	b.wantTables(id, "appended by values", "t1 Actions A1:C9 Action: Status:DROPDOWN Column 3:PERCENT")
	if got := b.srv.Cell(id, "Sheet1", "A9"); got != "bore hole" {
		t.Errorf("A9 holds %v", got)
	}
	// With a footer new rows come in front of it.
	_, err = b.batch(id, &sheets.Request{UpdateTable: &sheets.UpdateTableRequest{Fields: "rowsProperties.footerColorStyle", Table: &sheets.Table{
		TableId: "t1", RowsProperties: &sheets.TableRowsProperties{FooterColorStyle: &sheets.ColorStyle{RgbColor: &sheets.Color{Red: 1}}},
	}}})
	b.must(err)
	b.must(b.srv.Put(id, "Sheet1", "A10", "all"))
	_, err = b.batch(id, appendRows("dam"))
	b.must(err)
	b.wantTables(id, "a footer", "t1 Actions A1:C11 Action: Status:DROPDOWN Column 3:PERCENT")
	if a, z := b.srv.Cell(id, "Sheet1", "A10"), b.srv.Cell(id, "Sheet1", "A11"); a != "dam" || z != "all" {
		t.Errorf("the last rows are %v and %v", a, z)
	}
}

func TestTablesFollowTheGrid(t *testing.T) {
	t.Parallel()
	b, id := tableBench(t)
	b.must(b.srv.InsertColumn(id, "Sheet1", 2))
	b.wantTables(id, "a column in between", "t1 Actions A1:D3 Action: Column 2: Status:DROPDOWN Column 3:PERCENT")
	b.must(b.srv.MoveColumn(id, "Sheet1", 3, 1))
	b.wantTables(id, "a column moved within", "t1 Actions A1:D3 Status:DROPDOWN Action: Column 2: Column 3:PERCENT")
	b.must(b.srv.DeleteColumn(id, "Sheet1", 3))
	b.wantTables(id, "a column gone", "t1 Actions A1:C3 Status:DROPDOWN Action: Column 3:PERCENT")
	b.must(b.srv.InsertRow(id, "Sheet1", 1))
	b.must(b.srv.InsertRow(id, "Sheet1", 3))
	b.wantTables(id, "rows before and in it", "t1 Actions A2:C5 Status:DROPDOWN Action: Column 3:PERCENT")
	b.must(b.srv.DeleteRow(id, "Sheet1", 3))
	b.wantTables(id, "a row gone", "t1 Actions A2:C4 Status:DROPDOWN Action: Column 3:PERCENT")
	b.must(b.srv.Type(id, "Sheet1", "B2", "status"))
	b.wantTables(id, "a name that is taken", "t1 Actions A2:C4 Status:DROPDOWN status 2: Column 3:PERCENT")
	b.must(b.srv.Type(id, "Sheet1", "B2", ""))
	b.wantTables(id, "a name taken away", "t1 Actions A2:C4 Status:DROPDOWN Column 2: Column 3:PERCENT")
	_, err := b.batch(id, &sheets.Request{DuplicateSheet: &sheets.DuplicateSheetRequest{InsertSheetIndex: 1}})
	b.must(err)
	if n := len(b.srv.book(id).tabs[1].tables); n != 1 || b.srv.book(id).tabs[1].tables[0].name != "Actions_2" {
		t.Errorf("the copy of the tab has %d tables", n)
	}
	for range 3 {
		b.must(b.srv.DeleteRow(id, "Sheet1", 2))
	}
	b.wantTables(id, "all of its rows gone")
}

// A table cannot be dragged into another one, neither through the API nor by hand.
func TestTablesDoNotOverlap(t *testing.T) {
	t.Parallel()
	b, id := tableBench(t)
	_, err := b.batch(id, &sheets.Request{AddTable: &sheets.AddTableRequest{Table: &sheets.Table{TableId: "t2", Name: "Other", Range: grid(0, 3, 5, 6)}}})
	b.must(err)
	_, err = b.batch(id, &sheets.Request{MoveDimension: &sheets.MoveDimensionRequest{Source: lanesOf("COLUMNS", 5, 6), DestinationIndex: 2}})
	b.refused(err, 400, `This would make the table "Actions" overlap another one.`)
	if err := b.srv.MoveColumn(id, "Sheet1", 6, 2); err == nil {
		t.Error("it could be done by hand")
	}
	b.wantTables(id, "after that", "t1 Actions A1:C3 Action: Status:DROPDOWN Column 3:PERCENT", "t2 Other F1:F3 Column 1:")
}

func TestTablesAreUpdatedAndDeleted(t *testing.T) {
	t.Parallel()
	b, id := tableBench(t)
	_, err := b.batch(id, &sheets.Request{UpdateTable: &sheets.UpdateTableRequest{Fields: "name,range,columnProperties", Table: &sheets.Table{
		TableId: "t1", Name: "Work", Range: grid(0, 4, 0, 4), ColumnProperties: []*sheets.TableColumnProperties{
			{ColumnName: "Task", ColumnType: "TEXT", ForceSendFields: []string{"ColumnIndex"}}, statusColumn(1), {ColumnIndex: 2, ColumnType: "DATE", ColumnName: "Due"},
		},
	}}})
	b.must(err)
	b.wantTables(id, "updated", "t1 Work A1:D4 Task:TEXT Status:DROPDOWN Due:DATE Column 4:")
	if f := b.cell(id, "C4").UserEnteredFormat; f == nil || f.NumberFormat.Type != "DATE" {
		t.Errorf("the new type does not stand in the cells: %+v", f)
	}
	_, err = b.batch(id, &sheets.Request{DeleteTable: &sheets.DeleteTableRequest{TableId: "t1"}})
	b.must(err)
	b.wantTables(id, "deleted")
	if a, z := b.srv.Cell(id, "Sheet1", "A2"), b.srv.Cell(id, "Sheet1", "A6"); a != nil || z != "Totals" {
		t.Errorf("A2 holds %v, A6 %v", a, z)
	}
}

func TestTablesThatCannotBe(t *testing.T) {
	t.Parallel()
	b, id := tableBench(t)
	add := func(x *sheets.Table) *sheets.Request {
		return &sheets.Request{AddTable: &sheets.AddTableRequest{Table: x}}
	}
	_, err := b.batch(id,
		&sheets.Request{SetBasicFilter: &sheets.SetBasicFilterRequest{Filter: &sheets.BasicFilter{Range: grid(10, 12, 0, 2)}}},
		&sheets.Request{MergeCells: &sheets.MergeCellsRequest{Range: grid(20, 22, 0, 1)}},
		&sheets.Request{AddBanding: &sheets.AddBandingRequest{BandedRange: &sheets.BandedRange{Range: grid(30, 32, 0, 2), RowProperties: &sheets.BandingProperties{
			FirstBandColor: &sheets.Color{Red: 1},
		}}}})
	b.must(err)
	const bands = "You cannot add alternating background colors to a range that already has alternating background colors."
	for _, c := range []struct {
		r    *sheets.Request
		want string
	}{
		{add(&sheets.Table{Range: grid(2, 5, 2, 4)}), `addTable: The table overlaps another table: "Actions".`},
		{add(&sheets.Table{Range: grid(11, 14, 1, 4)}), "addTable: The table overlaps a filter."},
		{add(&sheets.Table{Range: grid(19, 21, 0, 4)}), "addTable: The table overlaps merged cells."},
		{add(&sheets.Table{Range: grid(31, 35, 1, 4)}), "addTable: " + bands},
		{add(&sheets.Table{Range: grid(40, 41, 1, 4)}), "addTable: A table must have at least one row besides its header."},
		{add(&sheets.Table{Range: grid(40, 45, 1, 4), Name: "actions"}), `addTable: A table with the name "actions" already exists.`},
		{add(&sheets.Table{Range: grid(40, 45, 1, 4), TableId: "t1"}), "addTable: A table with the id t1 already exists."},
		{
			add(&sheets.Table{Range: grid(40, 45, 1, 4), ColumnProperties: []*sheets.TableColumnProperties{{ColumnIndex: 3}}}),
			"addTable: columnProperties[0].columnIndex[3] is out of range: the table has 3 columns.",
		},
		{
			add(&sheets.Table{Range: grid(40, 45, 1, 4), ColumnProperties: []*sheets.TableColumnProperties{{ColumnName: "a"}, {ColumnIndex: 1, ColumnName: "A"}}}),
			`addTable: columnProperties[1].columnName "A" is used by another column of the table.`,
		},
		{&sheets.Request{AddBanding: &sheets.AddBandingRequest{BandedRange: &sheets.BandedRange{Range: grid(0, 2, 0, 2)}}}, "addBanding: " + bands},
		{&sheets.Request{MergeCells: &sheets.MergeCellsRequest{Range: grid(0, 2, 0, 1)}}, "mergeCells: You can't merge cells of a table."},
		{
			&sheets.Request{SetBasicFilter: &sheets.SetBasicFilterRequest{Filter: &sheets.BasicFilter{Range: grid(0, 2, 0, 2)}}},
			"setBasicFilter: The filter overlaps a table; a table has a filter of its own.",
		},
		{
			&sheets.Request{AppendCells: &sheets.AppendCellsRequest{TableId: "t9", Fields: "*", Rows: []*sheets.RowData{rowOf(str("x"))}}},
			"appendCells: No table with id: t9",
		},
		{
			&sheets.Request{AppendCells: &sheets.AppendCellsRequest{TableId: "t1", Fields: "*", Rows: []*sheets.RowData{rowOf(str("1"), str("2"), str("3"), str("4"))}}},
			"appendCells: Attempting to write column: 3, beyond the last requested column of: 2",
		},
	} {
		_, err := b.batch(id, c.r)
		b.refused(err, 400, "Invalid requests[0]."+c.want)
	}
}
