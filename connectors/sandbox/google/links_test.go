package google

import (
	"testing"

	"google.golang.org/api/sheets/v4"
)

func linkAt(at int64, uri string) *sheets.TextFormatRun {
	r := &sheets.TextFormatRun{StartIndex: at, Format: &sheets.TextFormat{}}
	if uri != "" {
		r.Format.Link = &sheets.Link{Uri: uri}
	}
	return r
}

func TestLinksInTextReadBack(t *testing.T) {
	t.Parallel()
	b := newBench(t, Options{})
	id := b.srv.AddSpreadsheet("Book")
	const one, two = "https://jira.example/browse/WASH-1", "https://docs.google.com/document/d/x"
	for _, c := range []struct {
		name string
		runs []*sheets.TextFormatRun
		want string
	}{
		{"the whole cell", []*sheets.TextFormatRun{linkAt(0, one)}, one},
		{"a part of it", []*sheets.TextFormatRun{linkAt(4, one), linkAt(8, "")}, one},
		{"two links", []*sheets.TextFormatRun{linkAt(0, one), linkAt(4, two)}, ""},
		{"none", []*sheets.TextFormatRun{linkAt(0, "")}, ""},
	} {
		x := str("see WASH-1")
		x.TextFormatRuns = c.runs
		_, err := b.batch(id, writeCell(x, "userEnteredValue,textFormatRuns"))
		b.must(err)
		got := b.cell(id, "A1")
		if got.Hyperlink != c.want || len(got.TextFormatRuns) != len(c.runs) {
			t.Errorf("%s: the link is %q, with %d runs", c.name, got.Hyperlink, len(got.TextFormatRuns))
		}
	}
	_, err := b.sheets.Spreadsheets.Values.Update(id, "A1", &sheets.ValueRange{Values: [][]any{{"other text"}}}).ValueInputOption("RAW").Context(t.Context()).Do()
	b.must(err)
	if got := b.cell(id, "A1"); got.TextFormatRuns != nil || got.Hyperlink != "" {
		t.Errorf("a new value kept the runs of the old one: %+v", got)
	}
	x := num(3)
	x.TextFormatRuns = []*sheets.TextFormatRun{linkAt(0, one)}
	_, err = b.batch(id, writeCell(x, "userEnteredValue,textFormatRuns"))
	b.refused(err, 400, "Invalid requests[0].updateCells: TextFormatRuns can only be set on cells with text.")
	x = str("abc")
	x.TextFormatRuns = []*sheets.TextFormatRun{linkAt(3, one)}
	_, err = b.batch(id, writeCell(x, "userEnteredValue,textFormatRuns"))
	b.refused(err, 400, "Invalid requests[0].updateCells: textFormatRuns[0].startIndex[3] is out of order or beyond the text.")
}
