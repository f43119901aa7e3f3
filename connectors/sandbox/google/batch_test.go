package google

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/lockstep-sync/lockstep/connectors/sandbox/dials"
	"google.golang.org/api/googleapi"
	"google.golang.org/api/sheets/v4"
)

func grid(r0, r1, c0, c1 int64) *sheets.GridRange {
	return &sheets.GridRange{StartRowIndex: r0, EndRowIndex: r1, StartColumnIndex: c0, EndColumnIndex: c1}
}

func lanesOf(dim string, lo, hi int64) *sheets.DimensionRange {
	return &sheets.DimensionRange{Dimension: dim, StartIndex: lo, EndIndex: hi}
}

func TestBatchRequests(t *testing.T) {
	t.Parallel()
	b := newBench(t, Options{})
	id := b.srv.AddSpreadsheet("Book", "One")
	_, err := b.sheets.Spreadsheets.Values.Update(id, "A1", &sheets.ValueRange{
		Values: [][]any{{"h1", "h2", "h3"}, {"c", 3, "x"}, {"a", 1, "y"}, {"b", 2, "z"}},
	}).ValueInputOption("RAW").Context(t.Context()).Do()
	b.must(err)
	cells := "userEnteredValue,userEnteredFormat.numberFormat"
	date := &sheets.CellData{
		UserEnteredValue:  num(46095).UserEnteredValue,
		UserEnteredFormat: &sheets.CellFormat{NumberFormat: &sheets.NumberFormat{Type: "DATE"}},
	}
	strict := &sheets.DataValidationRule{Strict: true, ShowCustomUi: true, Condition: &sheets.BooleanCondition{
		Type: "ONE_OF_LIST", Values: []*sheets.ConditionValue{{UserEnteredValue: "Open"}, {UserEnteredValue: "Done"}},
	}}
	resp, err := b.sheets.Spreadsheets.BatchUpdate(id, &sheets.BatchUpdateSpreadsheetRequest{
		IncludeSpreadsheetInResponse: true, ResponseRanges: []string{"Actions!A1:D6"}, ResponseIncludeGridData: true,
		Requests: []*sheets.Request{
			{AppendCells: &sheets.AppendCellsRequest{Rows: []*sheets.RowData{rowOf(str("d"), date)}, Fields: cells}},
			{SortRange: &sheets.SortRangeRequest{Range: grid(1, 5, 0, 3), SortSpecs: []*sheets.SortSpec{{DimensionIndex: 0, SortOrder: "DESCENDING"}}}},
			{InsertDimension: &sheets.InsertDimensionRequest{Range: lanesOf("COLUMNS", 0, 1)}},
			{MoveDimension: &sheets.MoveDimensionRequest{Source: lanesOf("ROWS", 4, 5), DestinationIndex: 1}},
			{UpdateDimensionProperties: &sheets.UpdateDimensionPropertiesRequest{
				Range: lanesOf("COLUMNS", 0, 1), Properties: &sheets.DimensionProperties{HiddenByUser: true, PixelSize: 50}, Fields: "hiddenByUser,pixelSize",
			}},
			{UpdateSheetProperties: &sheets.UpdateSheetPropertiesRequest{
				Properties: &sheets.SheetProperties{Title: "Actions", GridProperties: &sheets.GridProperties{FrozenRowCount: 1}},
				Fields:     "title,gridProperties/frozenRowCount",
			}},
			{SetDataValidation: &sheets.SetDataValidationRequest{Range: grid(1, 5, 3, 4), Rule: strict}},
			{RepeatCell: &sheets.RepeatCellRequest{
				Range: grid(5, 7, 1, 2), Fields: "userEnteredValue,note",
				Cell: &sheets.CellData{UserEnteredValue: &sheets.ExtendedValue{FormulaValue: new("=C2")}, Note: "n"},
			}},
			{AddSheet: &sheets.AddSheetRequest{Properties: &sheets.SheetProperties{Title: "New", GridProperties: &sheets.GridProperties{RowCount: 2, ColumnCount: 2}}}},
			{DuplicateSheet: &sheets.DuplicateSheetRequest{SourceSheetId: 0, NewSheetName: "Copy", InsertSheetIndex: 1}},
			{AddProtectedRange: &sheets.AddProtectedRangeRequest{ProtectedRange: &sheets.ProtectedRange{Range: grid(0, 1, 0, 4), WarningOnly: true}}},
			{AddBanding: &sheets.AddBandingRequest{BandedRange: &sheets.BandedRange{Range: grid(0, 9, 0, 4), RowProperties: &sheets.BandingProperties{
				FirstBandColorStyle: &sheets.ColorStyle{ThemeColor: "BACKGROUND"},
			}}}},
			{AddConditionalFormatRule: &sheets.AddConditionalFormatRuleRequest{Rule: &sheets.ConditionalFormatRule{
				Ranges:      []*sheets.GridRange{grid(1, 9, 3, 4)},
				BooleanRule: &sheets.BooleanRule{Condition: &sheets.BooleanCondition{Type: "NOT_BLANK"}, Format: &sheets.CellFormat{}},
			}}},
			{SetBasicFilter: &sheets.SetBasicFilterRequest{Filter: &sheets.BasicFilter{Range: grid(0, 5, 1, 4)}}},
			{CreateDeveloperMetadata: &sheets.CreateDeveloperMetadataRequest{DeveloperMetadata: &sheets.DeveloperMetadata{
				MetadataKey: "k", MetadataValue: "v", Visibility: "DOCUMENT",
				Location: &sheets.DeveloperMetadataLocation{DimensionRange: lanesOf("ROWS", 2, 3)},
			}}},
			{InsertDimension: &sheets.InsertDimensionRequest{Range: lanesOf("ROWS", 1, 2), InheritFromBefore: false}},
			{AutoResizeDimensions: &sheets.AutoResizeDimensionsRequest{Dimensions: lanesOf("COLUMNS", 1, 2)}},
			{FindReplace: &sheets.FindReplaceRequest{Find: "H2", Replacement: "Number $1", AllSheets: true}},
		},
	}).Context(t.Context()).Do()
	b.must(err)
	want := [][]any{
		{nil, "h1", "Number $1", "h3"}, nil, {nil, "a", 1.0, "y"}, {nil, "d", 46095.0}, {nil, "c", 3.0, "x"}, {nil, "b", 2.0, "z"}, {nil, 1.0}, {nil, 46095.0},
	}
	got := b.srv.Rows(id, "Actions")
	got[1] = nil // an inserted row has formats but no values
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if len(resp.Replies) != 18 || resp.Replies[8].AddSheet.Properties.Title != "New" || resp.Replies[9].DuplicateSheet.Properties.Index != 1 ||
		resp.Replies[10].AddProtectedRange.ProtectedRange.ProtectedRangeId == 0 || resp.Replies[17].FindReplace.OccurrencesChanged != 2 {
		t.Errorf("replies %+v", resp.Replies)
	}
	s := resp.UpdatedSpreadsheet.Sheets
	if len(s) != 1 || s[0].Properties.Title != "Actions" || s[0].Properties.GridProperties.FrozenRowCount != 1 {
		t.Fatalf("the answer's sheets %+v", s)
	}
	if s[0].ConditionalFormats[0].Ranges[0].StartRowIndex != 2 || s[0].BandedRanges[0].Range.EndRowIndex != 10 || s[0].BasicFilter.Range.EndRowIndex != 6 ||
		s[0].ProtectedRanges[0].Range.EndRowIndex != 1 {
		t.Errorf("what lies on ranges did not follow the inserted row: %+v", s[0])
	}
	d := s[0].Data[0]
	if !d.ColumnMetadata[0].HiddenByUser || d.ColumnMetadata[0].PixelSize != 50 || d.RowMetadata[3].DeveloperMetadata[0].MetadataKey != "k" {
		t.Errorf("metadata %+v", d.ColumnMetadata[0])
	}
	if c := d.RowData[3].Values[2]; c.FormattedValue != "14/03/2026" || c.UserEnteredFormat.NumberFormat.Type != "DATE" {
		t.Errorf("date cell %+v", c)
	}
	if c := d.RowData[2].Values[3]; c.DataValidation == nil || !c.DataValidation.Strict {
		t.Errorf("rule cell %+v", c)
	}
	if err := b.srv.Type(id, "Actions", "D3", "Maybe"); err == nil {
		t.Error("a person could type what a strict list does not hold")
	}
	b.must(b.srv.Type(id, "Actions", "D3", "done"))
	if d := cmp.Diff([]string{"Actions", "Copy", "New"}, b.srv.Tabs(id)); d != "" {
		t.Error(d)
	}

	_, err = b.batch(id,
		&sheets.Request{MergeCells: &sheets.MergeCellsRequest{Range: grid(2, 4, 1, 3), MergeType: "MERGE_ALL"}},
		&sheets.Request{DeleteDimension: &sheets.DeleteDimensionRequest{Range: lanesOf("ROWS", 1, 2)}},
		&sheets.Request{DeleteProtectedRange: &sheets.DeleteProtectedRangeRequest{ProtectedRangeId: s[0].ProtectedRanges[0].ProtectedRangeId}},
		&sheets.Request{AppendDimension: &sheets.AppendDimensionRequest{Dimension: "ROWS", Length: 5}},
		&sheets.Request{DeleteSheet: &sheets.DeleteSheetRequest{SheetId: resp.Replies[8].AddSheet.Properties.SheetId}},
	)
	b.must(err)
	after, err := b.sheets.Spreadsheets.Get(id).Context(t.Context()).Do()
	b.must(err)
	one := after.Sheets[0]
	if one.Merges[0].StartRowIndex != 1 || one.Merges[0].EndRowIndex != 3 || one.ProtectedRanges != nil || one.Properties.GridProperties.RowCount != 1005 {
		t.Errorf("after the second batch %+v %+v", one, one.Merges[0])
	}
	if b.srv.Cell(id, "Actions", "B2") != "a" || b.srv.Cell(id, "Actions", "C3") != nil {
		t.Error("a merged block keeps more than its first value")
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	b := newBench(t, Options{})
	id := b.srv.AddSpreadsheet("Book", "One")
	b.must(b.srv.Put(id, "One", "A1", "kept"))
	values := b.sheets.Spreadsheets.Values
	raw := func(a1 string, rows ...[]any) error {
		_, err := values.Update(id, a1, &sheets.ValueRange{Values: rows}).ValueInputOption("RAW").Context(t.Context()).Do()
		return err
	}
	batch := func(rs ...*sheets.Request) error { _, err := b.batch(id, rs...); return err }
	get := func(a1 string) error { _, err := values.Get(id, a1).Context(t.Context()).Do(); return err }
	for name, c := range map[string]struct {
		err  error
		code int
		want string
	}{
		"no such file":   {func() error { _, err := b.sheets.Spreadsheets.Get("nope").Context(t.Context()).Do(); return err }(), 404, "Requested entity was not found."},
		"no such tab":    {get("Two!A1"), 400, "Unable to parse range: Two!A1"},
		"start off grid": {get("One!AA1:AB2"), 400, "Range (One!AA1:AB2) exceeds grid limits. Max rows: 1000, max columns: 26"},
		"write off grid": {raw("One!Y1", []any{1, 2, 3}), 400, "Range (One!Y1:AA1) exceeds grid limits. Max rows: 1000, max columns: 26"},
		"past its range": {raw("One!A1:B1", []any{1}, []any{2}), 400, "Requested writing within range ['One'!A1:B1], but tried writing to row [2]"},
		"too wide":       {raw("One!A1:B1", []any{1, 2, 3}), 400, "Requested writing within range ['One'!A1:B1], but tried writing to column [C]"},
		"too long":       {raw("One!A1", []any{strings.Repeat("é", 50_001)}), 400, "Your input contains more than the maximum of 50000 characters in a single cell."},
		"no input option": {func() error {
			_, err := values.Update(id, "A1", &sheets.ValueRange{}).Context(t.Context()).Do()
			return err
		}(), 400, "'valueInputOption' is required but not specified"},
		"no requests":      {batch(), 400, "Must specify at least one request."},
		"empty request":    {batch(&sheets.Request{}), 400, "Invalid requests[0]: No request set."},
		"no such grid":     {batch(&sheets.Request{DeleteSheet: &sheets.DeleteSheetRequest{SheetId: 5}}), 400, "Invalid requests[0].deleteSheet: No grid with id: 5"},
		"last tab":         {batch(&sheets.Request{DeleteSheet: &sheets.DeleteSheetRequest{SheetId: 0, ForceSendFields: []string{"SheetId"}}}), 400, "Invalid requests[0].deleteSheet: You can't remove all the visible sheets in a document."},
		"hide the last":    {batch(&sheets.Request{UpdateSheetProperties: &sheets.UpdateSheetPropertiesRequest{Properties: &sheets.SheetProperties{Hidden: true}, Fields: "hidden"}}), 400, "Invalid requests[0].updateSheetProperties: You can't hide all the sheets in a document."},
		"same name":        {batch(&sheets.Request{AddSheet: &sheets.AddSheetRequest{Properties: &sheets.SheetProperties{Title: "one"}}}), 400, `Invalid requests[0].addSheet: A sheet with the name "one" already exists. Please enter another name.`},
		"no fields":        {batch(&sheets.Request{UpdateCells: &sheets.UpdateCellsRequest{Start: &sheets.GridCoordinate{}}}), 400, "Invalid requests[0].updateCells: At least one field must be listed in 'fields'. (Use '*' to indicate all fields.)"},
		"rows past range":  {batch(&sheets.Request{UpdateCells: &sheets.UpdateCellsRequest{Range: grid(0, 1, 0, 1), Fields: "note", Rows: []*sheets.RowData{rowOf(str("a")), rowOf(str("b"))}}}), 400, "Invalid requests[0].updateCells: Attempting to write row: 1, beyond the last requested row of: 0"},
		"columns off grid": {batch(&sheets.Request{AppendCells: &sheets.AppendCellsRequest{Fields: "*", Rows: []*sheets.RowData{rowOf(slices.Repeat([]*sheets.CellData{{}}, 27)...)}}}), 400, "Invalid requests[0].appendCells: Attempting to write column: 26, beyond the last requested column of: 25"},
		"too many cells":   {batch(&sheets.Request{AppendDimension: &sheets.AppendDimensionRequest{Dimension: "ROWS", Length: 400_000}}), 400, "Invalid requests[0].appendDimension: This action would increase the number of cells in the workbook above the limit of 10000000 cells."},
		"delete too much":  {batch(&sheets.Request{DeleteDimension: &sheets.DeleteDimensionRequest{Range: lanesOf("ROWS", 999, 1001)}}), 400, "Invalid requests[0].deleteDimension: Cannot delete a row that doesn't exist. Tried to delete row index 1000 but there are only 1000 rows."},
		"not spoken":       {batch(&sheets.Request{AddChart: &sheets.AddChartRequest{}}), 501, "The request addChart is part of the real API, but this sandbox does not speak it."},
		"all or nothing": {batch(
			&sheets.Request{UpdateCells: &sheets.UpdateCellsRequest{Start: &sheets.GridCoordinate{}, Fields: "*", Rows: []*sheets.RowData{rowOf(str("lost"))}}},
			&sheets.Request{DeleteSheet: &sheets.DeleteSheetRequest{SheetId: 9}},
		), 400, "Invalid requests[1].deleteSheet: No grid with id: 9"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, ok := errors.AsType[*googleapi.Error](c.err)
			if !ok || e.Code != c.code || e.Message != c.want {
				t.Errorf("got  %v\nwant %d %s", c.err, c.code, c.want)
			}
		})
	}
	if got := b.srv.Cell(id, "One", "A1"); got != "kept" {
		t.Errorf("a refused write changed A1 to %v", got)
	}
}

func TestRawBodiesAreHeldAgainstTheSchema(t *testing.T) {
	t.Parallel()
	b := newBench(t, Options{})
	id := b.srv.AddSpreadsheet("Book", "One")
	send := func(method, path, body string) (int, string) {
		req, err := http.NewRequestWithContext(t.Context(), method, b.url+path, strings.NewReader(body))
		b.must(err)
		resp, err := http.DefaultTransport.RoundTrip(req)
		b.must(err)
		defer resp.Body.Close()
		if e, ok := errors.AsType[*googleapi.Error](googleapi.CheckResponse(resp)); ok {
			return e.Code, e.Message
		}
		return resp.StatusCode, ""
	}
	batch, values := "/v4/spreadsheets/"+id+":batchUpdate", "/v4/spreadsheets/"+id+"/values/"
	for _, c := range []struct {
		method, path, body string
		code               int
		want               string
	}{
		{"POST", batch, `{"requests":[{"sortRage":{}}]}`, 400, `Invalid JSON payload received. Unknown name "sortRage" at 'requests[0]': Cannot find field.`},
		{"POST", batch, `{"requests":[{"updateCells":{"start":{"rowIndex":"x"}}}]}`, 400, `Invalid value at 'requests[0].update_cells.start.row_index' (TYPE_INT32), "x"`},
		{"POST", batch, `{"requests":[{"append_dimension":{"sheet_id":"0","dimension":"ROWS","length":1}}]}`, 200, ""},
		{"POST", batch, `{"requests":[{"deleteSheet":{},"addSheet":{}}]}`, 400, `Invalid value at 'requests[0]' (oneof), oneof field 'kind' is already set. Cannot set 'deleteSheet'`},
		{"POST", batch, `{"requests":`, 400, "Invalid JSON payload received. Unexpected end of string or token.\nunexpected end of JSON input"},
		{"PUT", values + "A1?valueInputOption=RAW", `{"values":"A1:D4","majorDimension":null}`, 400, `Invalid value at 'data.values' (type.googleapis.com/google.protobuf.ListValue), "A1:D4"`},
		{"PUT", values + "A1?valueInputOption=RAW", `{"values":[[["x"]]]}`, 400, "Invalid values[0][0]: list_value {}"},
		{"GET", values + "A1?majorDimension=DIAGONAL", "", 400, `Invalid value at 'major_dimension' (type.googleapis.com/google.apps.sheets.v4.Dimension), "DIAGONAL"`},
		{"GET", values + "A1?colour=red", "", 400, `Invalid JSON payload received. Unknown name "colour": Cannot bind query parameter. Field 'colour' could not be found in request message.`},
		{"GET", "/v4/spreadsheets/" + id + "?fields=sheets.sheetProperties", "", 400, "Request contains an invalid argument."},
		{"GET", "/v4/nothing", "", 404, "Method not found."},
		{"POST", "/v4/spreadsheets/" + id + "/sheets/0:copyTo", "{}", 501, "/sheets/0:copyTo is part of the real API, but this sandbox does not speak it."},
		{"POST", batch, `{"requests":[{"addChart":{}}]}`, 501, "The request addChart is part of the real API, but this sandbox does not speak it."},
	} {
		if code, msg := send(c.method, c.path, c.body); code != c.code || msg != c.want {
			t.Errorf("%s %s %s\ngot  %d %s\nwant %d %s", c.method, c.path, c.body, code, msg, c.code, c.want)
		}
	}
}

func TestQuotaAnswersAsGoogleDoes(t *testing.T) {
	t.Parallel()
	now := noon
	b := newBench(t, Options{ReadsPerMinute: 2, WritesPerMinute: 1, Now: func() time.Time { return now }})
	id := b.srv.AddSpreadsheet("Book")
	read := func() error { _, err := b.sheets.Spreadsheets.Get(id).Context(t.Context()).Do(); return err }
	write := func() error {
		_, err := b.sheets.Spreadsheets.Values.Clear(id, "A1", &sheets.ClearValuesRequest{}).Context(t.Context()).Do()
		return err
	}
	b.must(read())
	b.must(read())
	err := read()
	b.refused(err, 429, "Quota exceeded for quota metric 'Read requests' and limit 'Read requests per minute per user' of service "+
		"'sheets.googleapis.com' for consumer 'project_number:100000000001'.")
	if e, ok := errors.AsType[*googleapi.Error](err); ok {
		info, _ := e.Details[0].(map[string]any)
		if info["reason"] != "RATE_LIMIT_EXCEEDED" || asMap(info["metadata"])["quota_limit"] != "ReadRequestsPerMinutePerUser" || e.Header.Get("Retry-After") != "" {
			t.Errorf("details %v, header %v", e.Details, e.Header)
		}
	}
	b.must(write())
	b.refused(write(), 429, "Quota exceeded for quota metric 'Write requests' and limit 'Write requests per minute per user' of service "+
		"'sheets.googleapis.com' for consumer 'project_number:100000000001'.")
	now = now.Add(time.Minute)
	b.must(read())
	b.must(write())
	// A search is sent by POST and is a read.
	search := func() error {
		_, err := b.sheets.Spreadsheets.DeveloperMetadata.Search(id, &sheets.SearchDeveloperMetadataRequest{DataFilters: []*sheets.DataFilter{{A1Range: "A1"}}}).Context(t.Context()).Do()
		return err
	}
	b.must(search())
	if err := search(); err == nil || !strings.Contains(err.Error(), "Read requests") {
		t.Errorf("a third read in the minute: %v", err)
	}
	if n := len(b.srv.Panel().Requests()); n != 9 {
		t.Errorf("the log holds %d requests", n)
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	b := newBench(t, Options{})
	id := b.srv.AddSpreadsheet("Book")
	b.srv.Panel().Inject(dials.Fault{Method: "PUT", Path: "/values/", Effect: dials.CutAfter})
	_, err := b.sheets.Spreadsheets.Values.Update(id, "A1", &sheets.ValueRange{Values: [][]any{{"landed"}}}).
		ValueInputOption("RAW").Context(t.Context()).Do()
	if err == nil || b.srv.Cell(id, "Sheet1", "A1") != "landed" {
		t.Errorf("got %v, A1 is %v", err, b.srv.Cell(id, "Sheet1", "A1"))
	}
	b.srv.Panel().Inject(dials.Fault{Method: "GET", Effect: dials.Reply, Status: 503, Body: `{"error":{"code":503,"message":"The service is currently unavailable.","status":"UNAVAILABLE"}}`})
	_, err = b.sheets.Spreadsheets.Get(id).Context(t.Context()).Do()
	b.refused(err, 503, "The service is currently unavailable.")
	if code, _ := b.fetch("/"); code != http.StatusOK {
		t.Error("a fault struck a page for people")
	}
}

func TestAccess(t *testing.T) {
	t.Parallel()
	b := newBench(t, Options{})
	id := b.srv.AddSpreadsheet("Book")
	changes := 0
	b.srv.OnChange(func() { changes++ })
	read := func() error { _, err := b.sheets.Spreadsheets.Get(id).Context(t.Context()).Do(); return err }
	write := func() error {
		_, err := b.batch(id, &sheets.Request{AppendDimension: &sheets.AppendDimensionRequest{Dimension: "ROWS", Length: 1}})
		return err
	}
	file := func() (string, error) {
		f, err := b.drive.Files.Get(id).SupportsAllDrives(true).Fields("id,version,modifiedTime,trashed,lastModifyingUser(me,emailAddress)").Context(t.Context()).Do()
		if err != nil {
			return "", err
		}
		who := "person"
		if f.LastModifyingUser.Me {
			who = "me"
		}
		if f.Trashed {
			who += " trashed"
		}
		return itoa(int(f.Version)) + " " + who + " " + f.ModifiedTime, nil
	}
	check := func(want string) {
		t.Helper()
		if got, err := file(); err != nil || got != want+" 2026-03-14T12:00:00.000Z" {
			t.Errorf("Drive says %q, %v; want %q", got, err, want)
		}
	}
	b.must(write())
	check("2 me")
	b.must(b.srv.Type(id, "Sheet1", "A1", "x"))
	check("3 person")
	b.must(b.srv.Trash(id))
	check("4 person trashed")
	b.must(read())
	b.must(b.srv.ReadOnly(id))
	b.must(read())
	b.refused(write(), 403, "The caller does not have permission")
	b.must(b.srv.Unshare(id))
	b.refused(read(), 403, "The caller does not have permission")
	_, err := file()
	b.refused(err, 404, "File not found: "+id+".")
	var e *googleapi.Error
	if errors.As(err, &e) && (len(e.Errors) != 1 || e.Errors[0].Reason != "notFound") {
		t.Errorf("Drive gave %+v", e.Errors)
	}
	b.must(b.srv.Share(id))
	b.must(read())
	b.must(b.srv.Delete(id))
	b.refused(read(), 404, "Requested entity was not found.")
	if changes != 7 {
		t.Errorf("told of %d changes", changes)
	}
}

func TestToken(t *testing.T) {
	t.Parallel()
	b := newBench(t, Options{Token: "s3cret"})
	id := b.srv.AddSpreadsheet("Book")
	doc := b.srv.AddDocument("Doc")
	for _, c := range []struct {
		path, auth string
		code       int
	}{
		{"/v4/spreadsheets/" + id, "", 403},
		{"/v4/spreadsheets/" + id, "Bearer wrong", 401},
		{"/v4/spreadsheets/" + id, "Bearer s3cret", 200},
		{"/v1/documents/" + doc, "", 401},
		{"/drive/v3/files/" + id, "Bearer s3cret", 200},
		{"/", "", 200},
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.url+c.path, http.NoBody)
		b.must(err)
		if c.auth != "" {
			req.Header.Set("Authorization", c.auth)
		}
		resp, err := http.DefaultTransport.RoundTrip(req)
		b.must(err)
		_ = resp.Body.Close()
		if resp.StatusCode != c.code {
			t.Errorf("%s with %q answered %d, want %d", c.path, c.auth, resp.StatusCode, c.code)
		}
	}
}

func TestDocument(t *testing.T) {
	t.Parallel()
	b := newBench(t, Options{})
	id := b.srv.AddDocument("Minutes", "Hello 🌍", "two\nlines")
	d, err := b.docs.Documents.Get(id).IncludeTabsContent(true).SuggestionsViewMode("SUGGESTIONS_INLINE").Context(t.Context()).Do()
	b.must(err)
	c := d.Tabs[0].DocumentTab.Body.Content
	if d.Body != nil || len(c) != 3 || c[1].StartIndex != 1 || c[1].EndIndex != 10 || c[1].Paragraph.Elements[0].TextRun.Content != "Hello 🌍\n" {
		t.Errorf("with tabs: %+v", c)
	}
	if d, err = b.docs.Documents.Get(id).Fields("body.content.paragraph.elements.textRun.content").Context(t.Context()).Do(); err != nil {
		t.Fatal(err)
	}
	if d.Tabs != nil || d.Title != "" || d.Body.Content[2].Paragraph.Elements[0].TextRun.Content != "two\vlines\n" {
		t.Errorf("without tabs: %+v", d.Body)
	}
	_, err = b.docs.Documents.Get("nope").Context(t.Context()).Do()
	b.refused(err, 404, "Requested entity was not found.")
}

func TestCreateAndMetadata(t *testing.T) {
	t.Parallel()
	b := newBench(t, Options{})
	sp, err := b.sheets.Spreadsheets.Create(&sheets.Spreadsheet{
		Properties: &sheets.SpreadsheetProperties{Title: "Made", Locale: "fr_FR", TimeZone: "Europe/Paris"},
		Sheets: []*sheets.Sheet{{
			Properties: &sheets.SheetProperties{Title: "Données"},
			Data:       []*sheets.GridData{{StartRow: 1, RowData: []*sheets.RowData{rowOf(str("été"), num(1.5))}}},
		}},
	}).Context(t.Context()).Do()
	b.must(err)
	got, err := b.sheets.Spreadsheets.Values.Get(sp.SpreadsheetId, "Données").Context(t.Context()).Do()
	b.must(err)
	if d := cmp.Diff([][]any{{}, {"été", "1,5"}}, got.Values); d != "" {
		t.Error(d)
	}
	if sp.Properties.Locale != "fr_FR" || !strings.HasSuffix(sp.SpreadsheetUrl, "/spreadsheets/d/"+sp.SpreadsheetId+"/edit") {
		t.Errorf("made %+v", sp)
	}
	meta := &sheets.DeveloperMetadata{MetadataKey: "lockstep", MetadataValue: "CW-1", Visibility: "PROJECT", Location: &sheets.DeveloperMetadataLocation{DimensionRange: lanesOf("ROWS", 4, 5)}}
	_, err = b.batch(sp.SpreadsheetId, &sheets.Request{CreateDeveloperMetadata: &sheets.CreateDeveloperMetadataRequest{DeveloperMetadata: meta}})
	b.must(err)
	b.must(b.srv.DeleteRow(sp.SpreadsheetId, "Données", 1))
	found, err := b.sheets.Spreadsheets.DeveloperMetadata.Search(sp.SpreadsheetId, &sheets.SearchDeveloperMetadataRequest{
		DataFilters: []*sheets.DataFilter{{DeveloperMetadataLookup: &sheets.DeveloperMetadataLookup{MetadataKey: "lockstep"}}},
	}).Context(t.Context()).Do()
	b.must(err)
	if at := found.MatchedDeveloperMetadata[0].DeveloperMetadata.Location.DimensionRange; at.StartIndex != 3 {
		t.Errorf("the metadata is at %+v, its row moved up", at)
	}
	_, err = b.sheets.Spreadsheets.DeveloperMetadata.Get(sp.SpreadsheetId, 1).Context(context.WithoutCancel(t.Context())).Do()
	b.refused(err, 404, "Requested entity was not found.")
	if !slices.Contains(b.srv.Tabs(sp.SpreadsheetId), "Données") {
		t.Error("the tab is gone")
	}
}
