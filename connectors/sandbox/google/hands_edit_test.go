package google

import (
	"fmt"
	"testing"

	"google.golang.org/api/sheets/v4"
)

func TestHandsOnRanges(t *testing.T) {
	t.Parallel()
	b, id := filled(t)
	cell := func(a1 string) any { return b.srv.Cell(id, "Sheet1", a1) }
	b.must(b.srv.Note(id, "Sheet1", "A2", "ask Amina"))
	b.must(b.srv.Dropdown(id, "Sheet1", "B2:B9", true, "Red", "Amber", "Green"))
	b.must(b.srv.CopyRange(id, "Sheet1", "A2:C2", "A7"))
	if got := fmt.Sprint(cell("A7"), cell("B7"), b.cell(id, "A7").Note); got != "pumpRed"+"ask Amina" && got != "pump Red ask Amina" {
		t.Errorf("pasted: %s", got)
	}
	b.must(b.srv.CutRange(id, "Sheet1", "A7:C7", "A9"))
	if cell("A7") != nil || cell("A9") != "pump" {
		t.Errorf("cut: %v, %v", cell("A7"), cell("A9"))
	}
	if err := b.srv.Type(id, "Sheet1", "B3", "blue"); err == nil {
		t.Error("a strict list took what it does not list")
	}
	b.must(b.srv.ClearRange(id, "Sheet1", "A3:C3"))
	b.must(b.srv.MergeRange(id, "Sheet1", "E1:F2"))
	b.must(b.srv.Checkboxes(id, "Sheet1", "D2:D3"))
	b.must(b.srv.HideRow(id, "Sheet1", 4, true))
	b.must(b.srv.DuplicateTab(id, "Sheet1", ""))
	got, err := b.sheets.Spreadsheets.Get(id).IncludeGridData(true).Context(t.Context()).Do()
	b.must(err)
	if got.Sheets[1].Properties.Title != "Copy of Sheet1" || len(got.Sheets[1].Merges) != 1 || !got.Sheets[1].Data[0].RowMetadata[3].HiddenByUser ||
		got.Sheets[1].Data[0].RowData[1].Values[3].DataValidation.Condition.Type != "BOOLEAN" {
		t.Errorf("the copy of the tab is %+v", got.Sheets[1].Properties)
	}
	b.must(b.srv.HideTab(id, "Sheet1", true))
	if err := b.srv.HideTab(id, "Copy of Sheet1", true); err == nil {
		t.Error("the last tab could be hidden")
	}
	for name, err := range map[string]error{
		"a range outside": b.srv.ClearRange(id, "Sheet1", "A1:ZZ9"), "no range": b.srv.Note(id, "Sheet1", "?", "x"), "no tab": b.srv.MergeRange(id, "none", "A1:A2"),
		"no destination": b.srv.CopyRange(id, "Sheet1", "A1:A2", "7"), "no row": b.srv.HideRow(id, "Sheet1", 0, true),
	} {
		if err == nil {
			t.Errorf("%s is no error", name)
		}
	}
}

func TestUndo(t *testing.T) {
	t.Parallel()
	b, id := filled(t)
	cell := func(a1 string) any { return b.srv.Cell(id, "Sheet1", a1) }
	b.must(b.srv.DeleteRow(id, "Sheet1", 2))
	b.must(b.srv.Undo(id))
	if cell("A2") != "pump" || cell("A5") != "road" {
		t.Errorf("the row has not come back: %v, %v", cell("A2"), cell("A5"))
	}
	// What the API has written since to other cells stays, to the same cell it wins.
	b.must(b.srv.CopyRange(id, "Sheet1", "A2:C2", "A4"))
	_, err := b.sheets.Spreadsheets.Values.Update(id, "B4:D4", &sheets.ValueRange{Values: [][]any{{"Late", nil, "new"}}}).ValueInputOption("RAW").Context(t.Context()).Do()
	b.must(err)
	b.must(b.srv.Undo(id))
	if got := fmt.Sprint(cell("A4"), " ", cell("B4"), " ", cell("C4"), " ", cell("D4")); got != "dam Late <nil> new" {
		t.Errorf("row 4 is %s", got)
	}
	b.must(b.srv.InsertRow(id, "Sheet1", 2))
	_, err = b.batch(id, writeCell(str("x"), "userEnteredValue"))
	b.must(err)
	if b.srv.Undo(id) == nil {
		t.Error("an insert was taken back past another change")
	}
}
