package google

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/api/sheets/v4"
)

func tagRow(key string, row int64) *sheets.Request {
	return &sheets.Request{CreateDeveloperMetadata: &sheets.CreateDeveloperMetadataRequest{DeveloperMetadata: &sheets.DeveloperMetadata{
		MetadataKey: key, Visibility: "DOCUMENT", Location: &sheets.DeveloperMetadataLocation{DimensionRange: lanesOf("ROWS", row, row+1)},
	}}}
}

func byKey(key string) *sheets.DataFilter {
	return &sheets.DataFilter{DeveloperMetadataLookup: &sheets.DeveloperMetadataLookup{MetadataKey: key}}
}

// tagged says which rows, counted from 1, carry metadata: "2:a,4:b".
func (b *bench) tagged(id string) string {
	b.Helper()
	got, err := b.sheets.Spreadsheets.DeveloperMetadata.Search(id, &sheets.SearchDeveloperMetadataRequest{DataFilters: []*sheets.DataFilter{
		{DeveloperMetadataLookup: &sheets.DeveloperMetadataLookup{LocationType: "ROW"}},
	}}).Context(b.Context()).Do()
	b.must(err)
	var out []string
	for _, m := range got.MatchedDeveloperMetadata {
		out = append(out, fmt.Sprintf("%d:%s", m.DeveloperMetadata.Location.DimensionRange.EndIndex, m.DeveloperMetadata.MetadataKey))
	}
	return strings.Join(out, ",")
}

// A sort of all columns takes the rows' metadata along; one of some columns moves values past it; a copy of the tab has none.
func TestRowMetadataUnderSorts(t *testing.T) {
	t.Parallel()
	b, id := filled(t)
	_, err := b.batch(id, tagRow("pump", 1), tagRow("well", 2), tagRow("dam", 3), tagRow("road", 4))
	b.must(err)
	b.must(b.srv.SortRange(id, "Sheet1", 2, 5, 1, 3, 1, false))
	if got := b.tagged(id); got != "2:pump,3:well,4:dam,5:road" {
		t.Errorf("after a sort of some columns: %s", got)
	}
	b.must(b.srv.SortRange(id, "Sheet1", 2, 5, 1, 0, 1, true))
	if got := b.tagged(id); got != "5:pump,4:well,3:dam,2:road" {
		t.Errorf("after a sort of all columns: %s", got)
	}
	b.must(b.srv.MoveRow(id, "Sheet1", 2, 5))
	b.must(b.srv.DeleteRow(id, "Sheet1", 2))
	if got := b.tagged(id); got != "3:pump,2:well,4:road" {
		t.Errorf("after a move and a delete: %s", got)
	}
	_, err = b.batch(id, &sheets.Request{DuplicateSheet: &sheets.DuplicateSheetRequest{}})
	b.must(err)
	if got := b.tagged(id); got != "3:pump,2:well,4:road" {
		t.Errorf("the copy of the tab has metadata: %s", got)
	}
	_, err = b.batch(id, tagRow(strings.Repeat("k", 29_990), 0))
	b.refused(err, 400, "Invalid requests[0].createDeveloperMetadata: Developer metadata exceeds the limit of 30000 characters.")
}

func TestDataFilters(t *testing.T) {
	t.Parallel()
	b, id := filled(t)
	column := &sheets.Request{CreateDeveloperMetadata: &sheets.CreateDeveloperMetadataRequest{DeveloperMetadata: &sheets.DeveloperMetadata{
		MetadataKey: "rag", MetadataValue: "v", Visibility: "DOCUMENT", Location: &sheets.DeveloperMetadataLocation{DimensionRange: lanesOf("COLUMNS", 1, 2)},
	}}}
	_, err := b.batch(id, tagRow("row", 1), tagRow("row", 3), column)
	b.must(err)

	values, err := b.sheets.Spreadsheets.Values.BatchGetByDataFilter(id, &sheets.BatchGetValuesByDataFilterRequest{DataFilters: []*sheets.DataFilter{
		{A1Range: "A2:Z2"}, byKey("row"), {A1Range: "A4:Z4"}, {GridRange: grid(0, 2, 2, 3)}, byKey("none"),
	}}).Context(t.Context()).Do()
	b.must(err)
	var got []string
	for _, r := range values.ValueRanges {
		got = append(got, fmt.Sprint(r.ValueRange.Range, r.ValueRange.Values, len(r.DataFilters)))
	}
	if d := cmp.Diff([]string{"Sheet1!A2:Z2[[pump Red 3]] 2", "Sheet1!A4:Z4[[dam red / late]] 2", "Sheet1!C1:C2[[Days] [3]] 1"}, got); d != "" {
		t.Error(d)
	}

	sheet, err := b.sheets.Spreadsheets.GetByDataFilter(id, &sheets.GetSpreadsheetByDataFilterRequest{
		DataFilters: []*sheets.DataFilter{byKey("rag")}, IncludeGridData: true,
	}).Context(t.Context()).Do()
	b.must(err)
	if d := sheet.Sheets[0].Data; len(d) != 1 || d[0].StartColumn != 1 || d[0].RowData[1].Values[0].FormattedValue != "Red" {
		t.Errorf("the column comes as %+v", d)
	}

	wrote, err := b.sheets.Spreadsheets.Values.BatchUpdateByDataFilter(id, &sheets.BatchUpdateValuesByDataFilterRequest{
		ValueInputOption: "RAW", IncludeValuesInResponse: true,
		Data: []*sheets.DataFilterValueRange{{DataFilter: byKey("row"), MajorDimension: "ROWS", Values: [][]any{{nil, "Done"}}}},
	}).Context(t.Context()).Do()
	b.must(err)
	if wrote.TotalUpdatedCells != 2 || len(wrote.Responses) != 2 || wrote.Responses[1].UpdatedRange != "Sheet1!A4:B4" || wrote.Responses[1].UpdatedData.Values[0][1] != "Done" {
		t.Errorf("wrote %+v", wrote)
	}
	if a, z := b.srv.Cell(id, "Sheet1", "B2"), b.srv.Cell(id, "Sheet1", "A4"); a != "Done" || z != "dam" {
		t.Errorf("B2 holds %v, A4 %v", a, z)
	}
	cleared, err := b.sheets.Spreadsheets.Values.BatchClearByDataFilter(id, &sheets.BatchClearValuesByDataFilterRequest{
		DataFilters: []*sheets.DataFilter{{GridRange: grid(1, 2, 0, 1)}},
	}).Context(t.Context()).Do()
	b.must(err)
	if cleared.ClearedRanges[0] != "Sheet1!A2" || b.srv.Cell(id, "Sheet1", "A2") != nil {
		t.Errorf("cleared %v", cleared.ClearedRanges)
	}

	// A range selects the metadata that it meets; a lookup by location does so exactly or not.
	find := func(f *sheets.DataFilter) string {
		t.Helper()
		got, err := b.sheets.Spreadsheets.DeveloperMetadata.Search(id, &sheets.SearchDeveloperMetadataRequest{DataFilters: []*sheets.DataFilter{f}}).Context(t.Context()).Do()
		b.must(err)
		var out []string
		for _, m := range got.MatchedDeveloperMetadata {
			out = append(out, m.DeveloperMetadata.MetadataKey)
		}
		return strings.Join(out, ",")
	}
	at := func(strategy string, loc *sheets.DeveloperMetadataLocation) *sheets.DataFilter {
		return &sheets.DataFilter{DeveloperMetadataLookup: &sheets.DeveloperMetadataLookup{MetadataLocation: loc, LocationMatchingStrategy: strategy}}
	}
	row4 := &sheets.DeveloperMetadataLocation{DimensionRange: lanesOf("ROWS", 3, 4)}
	for i, c := range []struct {
		f    *sheets.DataFilter
		want string
	}{
		{&sheets.DataFilter{A1Range: "A4"}, "row"},
		{&sheets.DataFilter{GridRange: grid(3, 4, 0, 2)}, "row,rag"},
		{at("", row4), "row,rag"},
		{at("EXACT_LOCATION", row4), "row"},
		{&sheets.DataFilter{A1Range: "C9"}, ""},
	} {
		if got := find(c.f); got != c.want {
			t.Errorf("filter %d finds %q, want %q", i, got, c.want)
		}
	}
	_, err = b.sheets.Spreadsheets.Values.BatchGetByDataFilter(id, &sheets.BatchGetValuesByDataFilterRequest{DataFilters: []*sheets.DataFilter{{}}}).Context(t.Context()).Do()
	b.refused(err, 400, "A DataFilter must have exactly one of a1Range, gridRange and developerMetadataLookup.")
}
