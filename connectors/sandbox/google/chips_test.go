package google

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/api/sheets/v4"
)

// cell reads one cell with all of its fields through the API.
func (b *bench) cell(id, a1 string) *sheets.CellData {
	b.Helper()
	got, err := b.sheets.Spreadsheets.Get(id).Ranges(a1).IncludeGridData(true).Context(b.Context()).Do()
	b.must(err)
	rows := got.Sheets[0].Data[0].RowData
	if len(rows) == 0 || len(rows[0].Values) == 0 {
		return &sheets.CellData{}
	}
	return rows[0].Values[0]
}

func writeCell(c *sheets.CellData, fields string) *sheets.Request {
	return &sheets.Request{UpdateCells: &sheets.UpdateCellsRequest{
		Start: &sheets.GridCoordinate{}, Rows: []*sheets.RowData{rowOf(c)}, Fields: fields,
	}}
}

func personRun(at int64, email, format string) *sheets.ChipRun {
	return &sheets.ChipRun{StartIndex: at, Chip: &sheets.Chip{PersonProperties: &sheets.PersonProperties{Email: email, DisplayFormat: format}}}
}

func linkRun(at int64, uri string) *sheets.ChipRun {
	return &sheets.ChipRun{StartIndex: at, Chip: &sheets.Chip{RichLinkProperties: &sheets.RichLinkProperties{Uri: uri}}}
}

func TestChipsAreWrittenAtPlaceholdersAndReadAsText(t *testing.T) {
	t.Parallel()
	b := newBench(t, Options{})
	b.srv.AddPerson("amina@aquafund.example", "Amina Otieno")
	id := b.srv.AddSpreadsheet("Plan of work")
	text := str("😀 @ owns @, with @")
	text.ChipRuns = []*sheets.ChipRun{
		personRun(3, "Amina@aquafund.example", "LAST_NAME_COMMA_FIRST_NAME"), linkRun(10, b.url+"/spreadsheets/d/"+id+"/edit"),
		personRun(18, "unknown@else.example", ""),
	}
	_, err := b.batch(id, writeCell(text, "userEnteredValue,chipRuns"))
	b.must(err)
	got := b.cell(id, "A1")
	const shown = "😀 Otieno, Amina owns Plan of work, with unknown@else.example"
	if got.FormattedValue != shown || *got.UserEnteredValue.StringValue != shown || b.srv.Cell(id, "Sheet1", "A1") != shown {
		t.Errorf("shows %q, entered %q", got.FormattedValue, *got.UserEnteredValue.StringValue)
	}
	type run struct {
		At               int64
		Email, As, Mimes string
	}
	var runs []run
	for _, r := range got.ChipRuns {
		one := run{At: r.StartIndex}
		if p := r.Chip.PersonProperties; p != nil {
			one.Email, one.As = p.Email, p.DisplayFormat
		}
		if l := r.Chip.RichLinkProperties; l != nil {
			one.Mimes = l.MimeType
		}
		runs = append(runs, one)
	}
	want := []run{
		{},
		{At: 3, Email: "Amina@aquafund.example", As: "LAST_NAME_COMMA_FIRST_NAME"},
		{At: 16},
		{At: 22, Mimes: spreadsheetType},
		{At: 34},
		{At: 41, Email: "unknown@else.example", As: "DEFAULT"},
	}
	if d := cmp.Diff(want, runs); d != "" {
		t.Error(d)
	}
	v, err := b.sheets.Spreadsheets.Values.Get(id, "A1").ValueRenderOption("UNFORMATTED_VALUE").Context(t.Context()).Do()
	b.must(err)
	if v.Values[0][0] != shown {
		t.Errorf("the values method gives %v", v.Values)
	}

	// Whatever else is written to the cell takes the chips away; clearing it does too.
	_, err = b.batch(id, writeCell(str("plain"), "userEnteredValue"))
	b.must(err)
	if got := b.cell(id, "A1"); got.FormattedValue != "plain" || got.ChipRuns != nil {
		t.Errorf("after another value: %q with %d runs", got.FormattedValue, len(got.ChipRuns))
	}
	b.must(b.srv.PutChips(id, "Sheet1", "A1", "@", Chip{Email: "amina@aquafund.example"}))
	_, err = b.sheets.Spreadsheets.Values.Clear(id, "A1", &sheets.ClearValuesRequest{}).Context(t.Context()).Do()
	b.must(err)
	if got := b.cell(id, "A1"); got.ChipRuns != nil || got.UserEnteredValue != nil {
		t.Errorf("after clearing: %+v", got)
	}
}

func TestChipsThatCannotBe(t *testing.T) {
	t.Parallel()
	b := newBench(t, Options{})
	id := b.srv.AddSpreadsheet("Book")
	for name, c := range map[string]struct {
		text   *sheets.CellData
		runs   []*sheets.ChipRun
		fields string
		want   string
	}{
		"no placeholder": {
			str("a b"),
			[]*sheets.ChipRun{personRun(2, "a@b.example", "")},
			"userEnteredValue,chipRuns",
			`chipRuns[0].startIndex[2] does not point to a placeholder: a chip needs an "@" in the text.`,
		},
		"beyond the text": {
			str("@"),
			[]*sheets.ChipRun{personRun(0, "a@b.example", ""), {StartIndex: 1, Chip: &sheets.Chip{}}},
			"userEnteredValue,chipRuns",
			"chipRuns[1].startIndex[1] is out of order or beyond the text.",
		},
		"no address": {
			str("@"),
			[]*sheets.ChipRun{personRun(0, "amina", "")},
			"userEnteredValue,chipRuns",
			"chipRuns[0].chip.personProperties.email is not a valid email address.",
		},
		"not a file of Drive's": {
			str("@"),
			[]*sheets.ChipRun{linkRun(0, "https://example.org/a")},
			"userEnteredValue,chipRuns",
			"chipRuns[0].chip.richLinkProperties.uri: only links to Drive files can be written as chips.",
		},
		"a number": {
			num(3),
			[]*sheets.ChipRun{personRun(0, "a@b.example", "")},
			"userEnteredValue,chipRuns",
			`chipRuns can only be written together with a userEnteredValue.stringValue that has an "@" for each chip.`,
		},
		"no text with it": {
			str("@"),
			[]*sheets.ChipRun{personRun(0, "a@b.example", "")},
			"chipRuns",
			`chipRuns can only be written together with a userEnteredValue.stringValue that has an "@" for each chip.`,
		},
	} {
		c.text.ChipRuns = c.runs
		if _, err := b.batch(id, writeCell(c.text, c.fields)); err == nil {
			t.Errorf("%s was taken", name)
		} else {
			b.refused(err, 400, "Invalid requests[0].updateCells: "+c.want)
		}
	}
}

func TestAPersonTypesAChip(t *testing.T) {
	t.Parallel()
	b := newBench(t, Options{})
	b.srv.AddPerson("amina@aquafund.example", "Amina Otieno")
	id := b.srv.AddSpreadsheet("Book")
	for typed, chips := range map[string]int{"@Amina Otieno": 1, "@amina@aquafund.example": 1, "@somebody": 0, "Amina Otieno": 0} {
		b.must(b.srv.Type(id, "Sheet1", "A1", typed))
		got := b.cell(id, "A1")
		want := typed
		if chips > 0 {
			want = "Amina Otieno"
		}
		if got.FormattedValue != want || len(got.ChipRuns) != chips {
			t.Errorf("typing %q shows %q with %d chips", typed, got.FormattedValue, len(got.ChipRuns))
		}
	}
}
