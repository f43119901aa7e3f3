package google

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/api/sheets/v4"
)

func TestOfficialClientReadsAndWritesValues(t *testing.T) {
	t.Parallel()
	b := newBench(t, Options{})
	id := b.srv.AddSpreadsheet("Book", "Plain", "It's here")
	v := b.sheets.Spreadsheets.Values

	up, err := v.Update(id, "Plain!B2", &sheets.ValueRange{Values: [][]any{{"a", 1.5, true}, {"=1+1", "", nil}}}).
		ValueInputOption("RAW").Context(t.Context()).Do()
	b.must(err)
	if up.UpdatedRange != "Plain!B2:D3" || up.UpdatedRows != 2 || up.UpdatedColumns != 3 || up.UpdatedCells != 5 {
		t.Errorf("update answered %+v", up)
	}
	got, err := v.Get(id, "Plain").ValueRenderOption("UNFORMATTED_VALUE").Context(t.Context()).Do()
	b.must(err)
	want := [][]any{{}, {"", "a", 1.5, true}, {"", "=1+1"}}
	if d := cmp.Diff(want, got.Values); d != "" || got.Range != "Plain!A1:Z1000" || got.MajorDimension != "ROWS" {
		t.Errorf("%s %s\n%s", got.Range, got.MajorDimension, d)
	}
	if got, err = v.Get(id, "'It''s here'!A1:C5").Context(t.Context()).Do(); err != nil || got.Values != nil || got.Range != "'It''s here'!A1:C5" {
		t.Errorf("an empty range gave %+v, %v", got, err)
	}

	_, err = v.BatchUpdate(id, &sheets.BatchUpdateValuesRequest{ValueInputOption: "USER_ENTERED", Data: []*sheets.ValueRange{
		{Range: "Plain!A1:A2", Values: [][]any{{"01/02/2026"}, {"=B1&\"x\""}}},
		{Range: "'It''s here'!C3", MajorDimension: "COLUMNS", Values: [][]any{{"'12", "50%"}, {"x"}}},
	}}).Context(t.Context()).Do()
	b.must(err)
	many, err := v.BatchGet(id).Ranges("Plain!A1:A2", "it's here!C:D").ValueRenderOption("UNFORMATTED_VALUE").Context(t.Context()).Do()
	b.must(err)
	if d := cmp.Diff([][]any{{46054.0}, {"x"}}, many.ValueRanges[0].Values); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([][]any{{}, {}, {"12", "x"}, {0.5}}, many.ValueRanges[1].Values); d != "" {
		t.Error(d)
	}
	shown, err := v.Get(id, "Plain!A1:A1").Context(t.Context()).Do()
	b.must(err)
	if d := cmp.Diff([][]any{{"01/02/2026"}}, shown.Values); d != "" || shown.Range != "Plain!A1" {
		t.Error(shown.Range, d)
	}

	cl, err := v.Clear(id, "Plain!A:A", &sheets.ClearValuesRequest{}).Context(t.Context()).Do()
	b.must(err)
	if cl.ClearedRange != "Plain!A1:A1000" || b.srv.Cell(id, "Plain", "A1") != nil {
		t.Errorf("cleared %s, A1 is %v", cl.ClearedRange, b.srv.Cell(id, "Plain", "A1"))
	}
}

func TestAppendFindsTheTable(t *testing.T) {
	t.Parallel()
	b := newBench(t, Options{})
	id := b.srv.AddSpreadsheet("Book")
	v := b.sheets.Spreadsheets.Values
	rows := &sheets.ValueRange{Values: [][]any{{"x", "", "z"}}}

	first, err := v.Append(id, "Sheet1", rows).ValueInputOption("RAW").Context(t.Context()).Do()
	b.must(err)
	if first.TableRange != "" || first.Updates.UpdatedRange != "Sheet1!A1:C1" {
		t.Errorf("into nothing: %+v %+v", first, first.Updates)
	}
	// As recorded from the real service: the empty B1 ends the table, so it is A1 alone.
	second, err := v.Append(id, "Sheet1!A1", rows).ValueInputOption("RAW").Context(t.Context()).Do()
	b.must(err)
	if second.TableRange != "Sheet1!A1" || second.Updates.UpdatedRange != "Sheet1!A2:C2" || second.Updates.UpdatedCells != 3 {
		t.Errorf("below the first: %+v %+v", second, second.Updates)
	}
	b.must(b.srv.Put(id, "Sheet1", "A4", "footer"))
	third, err := v.Append(id, "Sheet1!A1:C2", rows).ValueInputOption("RAW").InsertDataOption("INSERT_ROWS").Context(t.Context()).Do()
	b.must(err)
	if third.Updates.UpdatedRange != "Sheet1!A3:C3" || b.srv.Cell(id, "Sheet1", "A5") != "footer" {
		t.Errorf("rows were not inserted: %+v, A5 %v", third.Updates, b.srv.Cell(id, "Sheet1", "A5"))
	}
}

func TestUpdateCellsRangeClearsAndStartDoesNot(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		req  *sheets.UpdateCellsRequest
		want [][]any
	}{
		"range": {
			&sheets.UpdateCellsRequest{
				Range: &sheets.GridRange{StartRowIndex: 0, EndRowIndex: 3, StartColumnIndex: 1, EndColumnIndex: 3},
				Rows:  []*sheets.RowData{rowOf(str("new")), {}},
			},
			[][]any{{"a1", "new"}, {"a2"}, {"a3"}},
		},
		"start": {
			&sheets.UpdateCellsRequest{
				Start: &sheets.GridCoordinate{RowIndex: 0, ColumnIndex: 1},
				Rows:  []*sheets.RowData{rowOf(str("new")), {}, rowOf(&sheets.CellData{}, num(7))},
			},
			[][]any{{"a1", "new", "c1"}, {"a2", "b2", "c2"}, {"a3", nil, 7.0}},
		},
		"start at zero, no rows": {
			&sheets.UpdateCellsRequest{Start: &sheets.GridCoordinate{}},
			[][]any{{"a1", "b1", "c1"}, {"a2", "b2", "c2"}, {"a3", "b3", "c3"}},
		},
		"range without rows": {
			&sheets.UpdateCellsRequest{Range: &sheets.GridRange{EndRowIndex: 2}},
			[][]any{{}, {}, {"a3", "b3", "c3"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, Options{})
			id := b.srv.AddSpreadsheet("Book")
			_, err := b.sheets.Spreadsheets.Values.Update(id, "A1", &sheets.ValueRange{
				Values: [][]any{{"a1", "b1", "c1"}, {"a2", "b2", "c2"}, {"a3", "b3", "c3"}},
			}).ValueInputOption("RAW").Context(t.Context()).Do()
			b.must(err)
			c.req.Fields = "userEnteredValue"
			_, err = b.batch(id, &sheets.Request{UpdateCells: c.req})
			b.must(err)
			if d := cmp.Diff(c.want, b.srv.Rows(id, "Sheet1")); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestGetWithGridDataAndMask(t *testing.T) {
	t.Parallel()
	b := newBench(t, Options{})
	id := b.srv.AddSpreadsheet("Book", "One", "Two")
	b.must(b.srv.Type(id, "One", "B2", "3/4/2026"))
	b.must(b.srv.Type(id, "One", "C2", `=HYPERLINK("https://x.test/1","task")`))
	b.must(b.srv.Type(id, "One", "D2", "=NOSUCH(1)"))
	b.must(b.srv.Type(id, "One", "E2", "'=not a formula"))
	b.must(b.srv.HideColumn(id, "One", 3, true))

	got, err := b.sheets.Spreadsheets.Get(id).Ranges("One!B2:E4").IncludeGridData(true).Context(t.Context()).Do()
	b.must(err)
	if len(got.Sheets) != 1 || got.Properties.Locale != "en_GB" || got.Properties.TimeZone != "Etc/UTC" {
		t.Fatalf("got %d sheets, %+v", len(got.Sheets), got.Properties)
	}
	d := got.Sheets[0].Data[0]
	if d.StartRow != 1 || d.StartColumn != 1 || len(d.RowData) != 1 || len(d.RowMetadata) != 3 || !d.ColumnMetadata[1].HiddenByUser {
		t.Errorf("block %+v", d)
	}
	c := d.RowData[0].Values
	if *c[0].EffectiveValue.NumberValue != 46115 || c[0].FormattedValue != "03/04/2026" || c[0].UserEnteredFormat.NumberFormat.Type != "DATE" ||
		c[0].EffectiveFormat.NumberFormat.Pattern != "dd/mm/yyyy" {
		t.Errorf("date cell %+v", c[0])
	}
	if c[1].Hyperlink != "https://x.test/1" || *c[1].EffectiveValue.StringValue != "task" || *c[1].UserEnteredValue.FormulaValue != `=HYPERLINK("https://x.test/1","task")` {
		t.Errorf("link cell %+v", c[1])
	}
	if c[2].EffectiveValue.ErrorValue.Type != "NAME" || c[2].FormattedValue != "#NAME?" {
		t.Errorf("error cell %+v", c[2].EffectiveValue.ErrorValue)
	}
	if *c[3].UserEnteredValue.StringValue != "=not a formula" {
		t.Errorf("text cell %+v", c[3].UserEnteredValue)
	}

	// With a mask, cells come because the mask asks for them, and nothing else does.
	got, err = b.sheets.Spreadsheets.Get(id).Ranges("One!A2:B").
		Fields("properties(timeZone,locale),sheets(properties/title,data(startRow,rowData.values(effectiveValue)))").Context(t.Context()).Do()
	b.must(err)
	s := got.Sheets[0]
	if got.Properties.Title != "" || got.SpreadsheetId != "" || s.Properties.SheetId != 0 || s.Properties.Title != "One" || s.Data[0].StartRow != 1 {
		t.Errorf("masked %+v %+v", got, s)
	}
	if cells := s.Data[0].RowData[0].Values; len(cells) != 2 || cells[0].EffectiveValue != nil || cells[1].FormattedValue != "" || *cells[1].EffectiveValue.NumberValue != 46115 {
		t.Errorf("masked cells %+v", cells)
	}
	if s.Data[0].ColumnMetadata != nil {
		t.Error("the mask asked for no column metadata")
	}
}
