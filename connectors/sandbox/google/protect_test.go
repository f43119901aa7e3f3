package google

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/api/sheets/v4"
)

const protectedText = "You are trying to edit a protected cell or object. Please contact the spreadsheet owner to remove protection if you need to edit."

func TestProtectionStopsTheAPIsUser(t *testing.T) {
	t.Parallel()
	b, id := filled(t)
	b.must(b.srv.Protect(id, "Sheet1", "B2:B3", false))
	b.must(b.srv.Protect(id, "Sheet1", "C2:C3", true))
	b.must(b.srv.Protect(id, "Sheet1", "A2", false, APIUser))
	value := func(a1 string) error {
		_, err := b.sheets.Spreadsheets.Values.Update(id, a1, &sheets.ValueRange{Values: [][]any{{"x"}}}).ValueInputOption("RAW").Context(t.Context()).Do()
		return err
	}
	b.must(value("A2"))
	b.must(value("C2"))
	b.must(value("B4"))
	b.refused(value("B2"), 400, protectedText)
	_, err := b.sheets.Spreadsheets.Values.BatchUpdate(id, &sheets.BatchUpdateValuesRequest{ValueInputOption: "RAW", Data: []*sheets.ValueRange{
		{Range: "A4", Values: [][]any{{"y"}}}, {Range: "A3:B3", Values: [][]any{{"y", "y"}}},
	}}).Context(t.Context()).Do()
	b.refused(err, 400, "Invalid data[1]: "+protectedText)
	if got := b.srv.Cell(id, "Sheet1", "A4"); got != "dam" {
		t.Errorf("half of a refused write landed: %v", got)
	}
	_, err = b.sheets.Spreadsheets.Values.Clear(id, "A1:C9", &sheets.ClearValuesRequest{}).Context(t.Context()).Do()
	b.refused(err, 400, protectedText)
	for name, r := range map[string]*sheets.Request{
		"updateCells":          {UpdateCells: &sheets.UpdateCellsRequest{Start: &sheets.GridCoordinate{RowIndex: 1}, Rows: []*sheets.RowData{rowOf(str("x"), str("x"))}, Fields: "userEnteredValue"}},
		"repeatCell":           {RepeatCell: &sheets.RepeatCellRequest{Range: grid(0, 9, 0, 3), Cell: str("x"), Fields: "note"}},
		"sortRange":            {SortRange: &sheets.SortRangeRequest{Range: grid(1, 5, 0, 3), SortSpecs: []*sheets.SortSpec{{DimensionIndex: 0, SortOrder: "ASCENDING"}}}},
		"deleteDimension":      {DeleteDimension: &sheets.DeleteDimensionRequest{Range: lanesOf("ROWS", 1, 2)}},
		"insertDimension":      {InsertDimension: &sheets.InsertDimensionRequest{Range: lanesOf("ROWS", 2, 3)}},
		"mergeCells":           {MergeCells: &sheets.MergeCellsRequest{Range: grid(1, 3, 1, 2)}},
		"setDataValidation":    {SetDataValidation: &sheets.SetDataValidationRequest{Range: grid(1, 3, 1, 2)}},
		"findReplace":          {FindReplace: &sheets.FindReplaceRequest{Find: "Green", Replacement: "x", AllSheets: true}},
		"deleteProtectedRange": {DeleteProtectedRange: &sheets.DeleteProtectedRangeRequest{ProtectedRangeId: int64(b.srv.book(id).tabs[0].protected[0].id)}},
	} {
		_, err := b.batch(id, r)
		b.refused(err, 400, "Invalid requests[0]."+name+": "+protectedText)
	}
	_, err = b.batch(id, &sheets.Request{InsertDimension: &sheets.InsertDimensionRequest{Range: lanesOf("ROWS", 3, 4)}})
	b.must(err)
	got, err := b.sheets.Spreadsheets.Get(id).Context(t.Context()).Do()
	b.must(err)
	var may []bool
	for _, p := range got.Sheets[0].ProtectedRanges {
		may = append(may, p.RequestingUserCanEdit)
	}
	if d := cmp.Diff([]bool{false, false, true}, may); d != "" && got.Sheets[0].ProtectedRanges[0].Editors != nil {
		t.Error(d)
	}
	b.must(b.srv.Type(id, "Sheet1", "B2", "by its owner"))
}

func TestSheetProtection(t *testing.T) {
	t.Parallel()
	b, id := filled(t)
	protect := func(p *sheets.ProtectedRange) error {
		_, err := b.batch(id, &sheets.Request{AddProtectedRange: &sheets.AddProtectedRangeRequest{ProtectedRange: p}})
		return err
	}
	b.must(protect(&sheets.ProtectedRange{Range: &sheets.GridRange{}, UnprotectedRanges: []*sheets.GridRange{grid(0, 1, 0, 1)}}))
	b.refused(protect(&sheets.ProtectedRange{Range: &sheets.GridRange{}}), 400, `Invalid requests[0].addProtectedRange: Sheet "Sheet1" already has sheet protection.`)
	b.refused(protect(&sheets.ProtectedRange{Range: grid(0, 1, 0, 1), WarningOnly: true, Editors: &sheets.Editors{Users: []string{APIUser}}}), 400,
		"Invalid requests[0].addProtectedRange: ProtectedRange is warningOnly. Editors cannot be set on it.")
	b.refused(protect(&sheets.ProtectedRange{Range: grid(0, 1, 0, 1), Editors: &sheets.Editors{Users: []string{"a@b.example"}}}), 400,
		"Invalid requests[0].addProtectedRange: You can't remove yourself as an editor.")
	b.must(b.srv.change(id, true, func(w *workbook) error {
		w.tabs[0].protected[0].raw = map[string]any{"editors": map[string]any{"users": []any{"a@b.example"}}}
		return nil
	}))
	_, err := b.batch(id, writeCell(str("open"), "userEnteredValue"))
	b.must(err)
	_, err = b.batch(id, &sheets.Request{UpdateSheetProperties: &sheets.UpdateSheetPropertiesRequest{Properties: &sheets.SheetProperties{Title: "x"}, Fields: "title"}})
	b.refused(err, 400, "Invalid requests[0].updateSheetProperties: "+protectedText)
	got, err := b.sheets.Spreadsheets.Get(id).Context(t.Context()).Do()
	b.must(err)
	if p := got.Sheets[0].ProtectedRanges[0]; len(p.UnprotectedRanges) != 1 || p.Range.EndRowIndex != 0 {
		t.Errorf("reads back as %+v", p)
	}
}

func TestNamedRanges(t *testing.T) {
	t.Parallel()
	b, id := filled(t)
	resp, err := b.batch(id, &sheets.Request{AddNamedRange: &sheets.AddNamedRangeRequest{NamedRange: &sheets.NamedRange{Name: "Days", Range: grid(1, 3, 2, 3)}}})
	b.must(err)
	named := resp.Replies[0].AddNamedRange.NamedRange
	v, err := b.sheets.Spreadsheets.Values.Get(id, "Days").Context(t.Context()).Do()
	b.must(err)
	b.must(b.srv.Type(id, "Sheet1", "E1", "=SUM(Days)"))
	if v.Range != "Sheet1!C2:C3" || b.srv.Cell(id, "Sheet1", "E1") != 12.0 {
		t.Errorf("read %s, the sum is %v", v.Range, b.srv.Cell(id, "Sheet1", "E1"))
	}
	b.must(b.srv.InsertRow(id, "Sheet1", 1))
	b.must(b.srv.InsertColumn(id, "Sheet1", 1))
	got, err := b.sheets.Spreadsheets.Get(id).Fields("namedRanges").Context(t.Context()).Do()
	b.must(err)
	if r := got.NamedRanges[0].Range; r.StartRowIndex != 2 || r.StartColumnIndex != 3 {
		t.Errorf("it has not moved: %+v", r)
	}
	_, err = b.batch(id, &sheets.Request{UpdateNamedRange: &sheets.UpdateNamedRangeRequest{Fields: "name,range", NamedRange: &sheets.NamedRange{
		NamedRangeId: named.NamedRangeId, Name: "Time_left", Range: grid(2, 9, 3, 4),
	}}})
	b.must(err)
	for _, bad := range []string{"A1", "two words", "time_left", "", "true", "9x"} {
		if _, err = b.batch(id, &sheets.Request{AddNamedRange: &sheets.AddNamedRangeRequest{NamedRange: &sheets.NamedRange{Name: bad, Range: grid(0, 1, 0, 1)}}}); err == nil ||
			!strings.Contains(err.Error(), "addNamedRange: ") {
			t.Errorf("the name %q: %v", bad, err)
		}
	}
	_, err = b.batch(id, &sheets.Request{DeleteNamedRange: &sheets.DeleteNamedRangeRequest{NamedRangeId: named.NamedRangeId}})
	b.must(err)
	_, err = b.sheets.Spreadsheets.Values.Get(id, "Time_left").Context(t.Context()).Do()
	b.refused(err, 400, "Unable to parse range: Time_left")
}

// A merged cell has its value in its first cell; what is written to the others is lost.
func TestMergedCellsHoldOneValue(t *testing.T) {
	t.Parallel()
	b, id := filled(t)
	_, err := b.batch(id, &sheets.Request{MergeCells: &sheets.MergeCellsRequest{Range: grid(1, 3, 0, 2), MergeType: "MERGE_ALL"}})
	b.must(err)
	_, err = b.sheets.Spreadsheets.Values.Update(id, "A2:C3", &sheets.ValueRange{Values: [][]any{{"first", "lost", "kept"}, {"lost", "lost", "kept"}}}).
		ValueInputOption("RAW").Context(t.Context()).Do()
	b.must(err)
	got, err := b.sheets.Spreadsheets.Values.Get(id, "A2:C3").Context(t.Context()).Do()
	b.must(err)
	if d := cmp.Diff([][]any{{"first", "", "kept"}, {"", "", "kept"}}, got.Values); d != "" {
		t.Error(d)
	}
	b.must(b.srv.Type(id, "Sheet1", "B3", "typed anywhere in it"))
	if got := b.srv.Cell(id, "Sheet1", "A2"); got != "typed anywhere in it" {
		t.Errorf("the merged cell holds %v", got)
	}
}
