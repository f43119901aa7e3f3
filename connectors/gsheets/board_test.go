package gsheets

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"google.golang.org/api/sheets/v4"

	"github.com/lockstep-sync/lockstep/connectors"
	"github.com/lockstep-sync/lockstep/connectors/sandbox/dials"
	"github.com/lockstep-sync/lockstep/sync/task"
)

func said(s string) connectors.Cell { return connectors.Cell{Value: task.TextValue(s)} }

func number(n float64) connectors.Cell {
	v, err := task.NumberValue(n)
	if err != nil {
		panic(err)
	}
	return connectors.Cell{Value: v}
}

// boardOf is a board over tasks CW-1 to CW-n: two worked columns and two pages. With another round all of it changes.
func boardOf(n int, round string) connectors.Board {
	b := connectors.Board{
		Columns: []connectors.BoardColumn{
			{Name: "RAG", Kind: task.Text, Words: []connectors.Word{{Text: "Red", Tone: connectors.Red}, {Text: "Green", Tone: connectors.Green}}},
			{Name: "Why", Kind: task.Text, Wide: true},
			{Name: "Where", Kind: task.Text},
			{Name: "Seen", Kind: task.Date},
		},
		Rows: make(map[task.ID][]connectors.Cell),
		Pages: []connectors.Page{
			{
				Name: "Summary", Lines: []connectors.Cell{said("Clean Water Alliance"), said("As of " + round)},
				Columns: []connectors.BoardColumn{{Name: "Partner"}, {Name: "Open", Kind: task.Number}},
				Rows:    []connectors.PageRow{{Cells: []connectors.Cell{said("AquaFund"), number(float64(n))}}},
			},
			{
				Name:    "Conflicts",
				Lines:   []connectors.Cell{said("Choose one")},
				Columns: []connectors.BoardColumn{{Name: "Task"}, {Name: "Choose"}},
				Rows: []connectors.PageRow{
					{Key: "CW-1 due", Cells: []connectors.Cell{said("Pump " + round), {Options: []string{"1 May", "2 May"}}}},
				},
			},
		},
	}
	for i := range n {
		rag := "Green"
		if i%2 == 0 {
			rag = "Red"
		}
		b.Rows[cw(i+1)] = []connectors.Cell{
			said(rag), said(fmt.Sprintf("because %d %s", i+1, round)),
			{Links: []connectors.Link{{Text: "WASH-1", URL: "https://jira.example/browse/WASH-1"}, {Text: "row 2", URL: "https://sheets.example/row/" + round}}},
			{Value: date(2026, 3, 1)},
		}
	}
	return b
}

func scorecard() Config { return Config{Scorecard: true, Fields: task.AllFields()} }

// news are patches that make tasks CW-from to CW-to.
func news(from, to int) []task.Patch {
	var out []task.Patch
	for i := from; i <= to; i++ {
		var v task.Values
		v[task.Title] = task.TextValue(fmt.Sprintf("Pump %d", i))
		v[task.Partner] = task.EnumValue("aquafund")
		v[task.Status] = task.EnumValue(task.Statuses()[i%5])
		v[task.Due] = date(2026, 4, 1+i%28)
		out = append(out, creating(cw(i), v))
	}
	return out
}

// filledBoard is a scorecard of n tasks with its board.
func filledBoard(t *testing.T, n int) *book {
	t.Helper()
	b := open(t, scorecard())
	b.pull()
	b.c.Show(boardOf(n, "one"))
	b.landed(news(1, n)...)
	b.publish()
	return b
}

func (b *book) publish() { b.Helper(); b.must(b.c.Publish(b.Context())) }

// column is the letter of the tab's column with that header.
func (b *book) column(header string) string {
	b.Helper()
	rows := b.srv.Rows(b.id, tab)
	for i, h := range rows[0] {
		if s, _ := h.(string); s == header || strings.HasPrefix(s, header+"\n") {
			return columnName(i)
		}
	}
	b.Fatalf("no column is headed %q: %v", header, rows[0])
	return ""
}

// under is what stands in a column, row by row.
func (b *book) under(header string) []any {
	b.Helper()
	col := b.column(header)
	var out []any
	for i := range b.srv.Rows(b.id, tab)[1:] {
		out = append(out, b.srv.Cell(b.id, tab, col+rowNumber(i+1)))
	}
	return out
}

func (b *book) sheet(title string) *sheets.Sheet {
	b.Helper()
	s, err := b.c.svc.Spreadsheets.Get(b.id).Ranges(tabRange(title)).Fields(
		"sheets(properties,bandedRanges,basicFilter,conditionalFormats,protectedRanges,data(rowData(values(userEnteredFormat,userEnteredValue," +
			"textFormatRuns,hyperlink,dataValidation)),columnMetadata))").Do()
	b.must(err)
	b.srv.Panel().ResetLog()
	return s.Sheets[0]
}

// tabs are the tabs that people see.
func (b *book) tabs() []string {
	return slices.DeleteFunc(b.srv.Tabs(b.id), func(title string) bool { return title == b.c.journalTitle() })
}

func TestBoardCostsNothingMore(t *testing.T) {
	t.Parallel()
	b := open(t, scorecard())
	b.pull()
	if !b.c.Show(boardOf(5, "one")) {
		t.Error("an empty tab is said to show the board")
	}
	b.asked()
	b.landed(news(1, 5)...)
	b.publish()
	if reads, writes := b.asked(); reads != 1 || writes != 1 {
		t.Errorf("a new scorecard took %d reads and %d writes beside the pull; want 1 and 1", reads, writes)
	}
	if got := b.under("RAG"); !slices.Equal(got, []any{"Red", "Green", "Red", "Green", "Red"}) {
		t.Errorf("RAG: %v", got)
	}
	if got := b.tabs(); !slices.Equal(got, []string{tab, "Summary", "Conflicts"}) {
		t.Errorf("the tabs are %v", got)
	}
	idle := func(when string) {
		t.Helper()
		snap := b.pull()
		if len(snap.Overtyped)+len(snap.Choices)+len(snap.Held) != 0 {
			t.Errorf("%s: %+v %+v %+v", when, snap.Overtyped, snap.Choices, snap.Held)
		}
		if b.c.Show(boardOf(5, "one")) {
			t.Errorf("%s: the board is said to differ", when)
		}
		b.publish()
		if reads, writes := b.asked(); reads != 1 || writes != 0 {
			t.Errorf("%s: an idle cycle took %d reads and %d writes", when, reads, writes)
		}
	}
	idle("after the creation")
	snap := b.pull()
	b.asked()
	b.c.Show(boardOf(5, "two"))
	b.landed(setting(snap.Records[0], task.Notes, task.TextValue("changed")))
	b.publish()
	if reads, writes := b.asked(); reads != 1 || writes != 1 {
		t.Errorf("a changed board with a patch took %d reads and %d writes; want 1 and 1", reads, writes)
	}
	if got := b.under("Why"); !slices.Equal(got, []any{"because 1 two", "because 2 two", "because 3 two", "because 4 two", "because 5 two"}) {
		t.Errorf("Why: %v", got)
	}
	b.pull()
	b.asked()
	if !b.c.Show(boardOf(5, "one")) {
		t.Error("a changed board is said to stand")
	}
	b.publish()
	if reads, writes := b.asked(); reads != 1 || writes != 1 {
		t.Errorf("a changed board alone took %d reads and %d writes; want 1 and 1", reads, writes)
	}
	idle("after a change")

	// Another process, with the cursor of this one, and one without any.
	cursor := b.pull().Cursor
	b.connect(b.c.cfg)
	b.asked()
	_, err := b.c.Pull(t.Context(), cursor)
	b.must(err)
	if b.c.Show(boardOf(5, "one")) {
		t.Error("another process sees a difference")
	}
	if reads, writes := b.asked(); reads != 1 || writes != 0 {
		t.Errorf("another process took %d reads and %d writes", reads, writes)
	}
	b.connect(b.c.cfg)
	b.pull()
	if b.c.Show(boardOf(5, "one")) {
		t.Error("another process without a cursor sees a difference")
	}
	if reads, writes := b.asked(); reads != 3 || writes != 0 {
		t.Errorf("another process without a cursor took %d reads and %d writes", reads, writes)
	}
}

// What people move, add and format stays theirs, and each worked cell goes to its own row.
func TestBoardAmongPeople(t *testing.T) {
	t.Parallel()
	b := filledBoard(t, 6)
	own := columnName(len(b.srv.Rows(b.id, tab)[0]))
	b.must(b.srv.Type(b.id, tab, own+"1", "Ours"))
	b.must(b.srv.Type(b.id, tab, own+"3", "=1+1"))
	b.must(b.srv.Type(b.id, tab, own+"4", "a remark"))
	b.must(b.srv.Type(b.id, "Summary", "F2", "beside"))
	b.must(b.srv.Type(b.id, "Summary", "B9", "below"))
	snap := b.pull()
	b.c.Show(boardOf(6, "two"))
	// Between the read and the write, people sort the rows and insert a column.
	b.must(b.srv.MoveRow(b.id, tab, 2, 7))
	b.must(b.srv.InsertColumn(b.id, tab, 1))
	b.publish()
	if got := b.under("Why"); !slices.Equal(got, []any{
		"because 2 two", "because 3 two", "because 4 two", "because 5 two", "because 6 two", "because 1 two",
	}) {
		snap = b.pull() // a row that moved may wait for the next cycle, and is never written to the wrong task
		b.c.Show(boardOf(6, "two"))
		b.publish()
		if got = b.under("Why"); !slices.Equal(got, []any{
			"because 2 two", "because 3 two", "because 4 two", "because 5 two", "because 6 two", "because 1 two",
		}) {
			t.Errorf("Why: %v", got)
		}
	}
	_ = snap
	if got := b.under("Ours"); !slices.Equal(got, []any{float64(2), "a remark", nil, nil, nil, nil}) {
		t.Errorf("a column of people's own: %v", got)
	}
	for a1, want := range map[string]any{"F2": "beside", "B9": "below", "B2": "As of two"} {
		if got := b.srv.Cell(b.id, "Summary", a1); got != want {
			t.Errorf("Summary!%s holds %v; want %v", a1, got, want)
		}
	}
	// The page grows: what stands under it moves down. It shrinks: nothing of it is left, and nothing else is gone.
	long := boardOf(6, "two")
	for i := range 20 {
		long.Pages[0].Rows = append(long.Pages[0].Rows, connectors.PageRow{Cells: []connectors.Cell{said(fmt.Sprint("partner ", i)), number(1)}})
	}
	for _, board := range []connectors.Board{long, boardOf(6, "two")} {
		b.pull()
		b.c.Show(board)
		b.publish()
		snap := b.pull()
		if b.c.Show(board) || len(snap.Overtyped) > 0 {
			t.Errorf("the page does not come to rest: %+v", snap.Overtyped)
		}
	}
	found := 0
	for _, row := range b.srv.Rows(b.id, "Summary") {
		for _, x := range row {
			if x == any("below") || x == any("beside") {
				found++
			}
			if s, _ := x.(string); strings.HasPrefix(s, "partner ") {
				t.Errorf("%q is left over", s)
			}
		}
	}
	if found != 2 {
		t.Errorf("of two remarks beside and under the page %d are there", found)
	}
}

func TestTypedOverTheBoard(t *testing.T) {
	t.Parallel()
	b := filledBoard(t, 3)
	b.pull()
	b.c.Show(boardOf(3, "one"))
	why := b.column("Why")
	b.typed(why+"3", "I know better")
	b.must(b.srv.Type(b.id, "Summary", "C5", "99"))
	snap := b.pull()
	want := []task.Overtyped{
		{Task: "CW-2", Key: "CW-2", Name: "row 3", Column: "Why", Text: "I know better"},
		{Page: "Summary", Name: "row 5", Column: "C", Text: "99"},
	}
	if !slices.Equal(snap.Overtyped, want) {
		t.Errorf("%+v; want %+v", snap.Overtyped, want)
	}
	if !b.c.Show(boardOf(3, "one")) {
		t.Error("what was typed over the board is said to be the board")
	}
	// What is typed between the pull and the write is not written over unseen.
	b.typed(why+"4", "typed meanwhile")
	b.must(b.srv.Type(b.id, "Conflicts", "C4", "2 May"))
	b.publish()
	b.is(why+"3", "because 2 one")
	b.is(why+"4", "typed meanwhile")
	snap = b.pull()
	if len(snap.Overtyped) != 1 || snap.Overtyped[0].Text != "typed meanwhile" {
		t.Errorf("%+v", snap.Overtyped)
	}
	if want := []task.Choice{{Page: "Conflicts", Key: "CW-1 due", Text: "2 May"}}; !slices.Equal(snap.Choices, want) {
		t.Errorf("the choices are %+v; want %+v", snap.Choices, want)
	}
	// Another process knows as much: what it cannot tell from its own memory stands in the sheet.
	b.connect(b.c.cfg)
	if snap = b.pull(); len(snap.Choices) != 1 || !slices.ContainsFunc(snap.Overtyped, func(o task.Overtyped) bool { return o.Text == "typed meanwhile" }) {
		t.Errorf("%+v %+v", snap.Choices, snap.Overtyped)
	}
	settled := boardOf(3, "one")
	settled.Pages[1].Rows = nil
	b.c.Show(settled)
	b.publish()
	b.is(why+"4", "because 3 one")
	if snap = b.pull(); len(snap.Choices)+len(snap.Overtyped) != 0 || b.c.Show(settled) {
		t.Errorf("it does not come to rest: %+v %+v", snap.Choices, snap.Overtyped)
	}
}

// Pages are renamed, deleted, and have names that people's tabs bear; the tasks are read all the same.
func TestPageTabs(t *testing.T) {
	t.Parallel()
	t.Run("renamed and deleted", func(t *testing.T) {
		t.Parallel()
		b := filledBoard(t, 3)
		b.must(b.srv.RenameTab(b.id, "Summary", "Overview"))
		b.must(b.srv.DeleteTab(b.id, "Conflicts"))
		if snap := b.pull(); len(snap.Records) != 3 || !snap.Complete {
			t.Fatalf("%d rows were read", len(snap.Records))
		}
		if !b.c.Show(boardOf(3, "two")) {
			t.Error("a deleted page is said to stand")
		}
		b.publish()
		if got := b.tabs(); !slices.Equal(slices.Sorted(slices.Values(got)), []string{tab, "Conflicts", "Overview"}) {
			t.Errorf("the tabs are %v", got)
		}
		if got := b.srv.Cell(b.id, "Overview", "B2"); got != any("As of two") {
			t.Errorf("the renamed page says %v", got)
		}
		b.pull()
		if b.c.Show(boardOf(3, "two")) {
			t.Error("it does not come to rest")
		}
	})
	t.Run("renamed between the read and the write", func(t *testing.T) {
		t.Parallel()
		b := filledBoard(t, 3)
		b.pull()
		b.c.Show(boardOf(3, "two"))
		b.must(b.srv.RenameTab(b.id, "Summary", "Overview"))
		b.publish()
		if got := b.under("Why")[0]; got != any("because 1 two") {
			t.Errorf("the rows say %v", got)
		}
		b.pull()
		b.c.Show(boardOf(3, "two"))
		b.publish()
		if got := b.srv.Cell(b.id, "Overview", "B2"); got != any("As of two") {
			t.Errorf("the renamed page says %v", got)
		}
	})
	t.Run("a tab of people's own", func(t *testing.T) {
		t.Parallel()
		b := open(t, scorecard())
		b.must(b.srv.AddTab(b.id, "summary"))
		b.must(b.srv.Type(b.id, "summary", "A1", "our own summary"))
		b.pull()
		b.c.Show(boardOf(2, "one"))
		b.landed(news(1, 2)...)
		b.publish()
		if got := b.tabs(); !slices.Contains(got, "Summary (Lockstep)") {
			t.Fatalf("the tabs are %v", got)
		}
		if got := b.srv.Cell(b.id, "summary", "A1"); got != any("our own summary") {
			t.Errorf("people's own tab says %v", got)
		}
		if got, _ := b.srv.Cell(b.id, "Summary (Lockstep)", "B2").(string); !strings.Contains(got, "“Summary”") {
			t.Errorf("the page does not say why it is called so: %q", got)
		}
		b.pull()
		if b.c.Show(boardOf(2, "one")) {
			t.Error("it does not come to rest")
		}
	})
	t.Run("the answer to the creation is lost", func(t *testing.T) {
		t.Parallel()
		b := open(t, scorecard())
		b.pull()
		b.c.Show(boardOf(2, "one"))
		b.srv.Panel().Inject(dials.Fault{Path: ":batchUpdate", Effect: dials.CutAfter})
		for _, r := range b.c.Apply(t.Context(), news(1, 2)) {
			if r.Err == nil {
				t.Fatal("the answer was not lost")
			}
		}
		b.connect(b.c.cfg)
		b.pull()
		b.c.Show(boardOf(2, "one"))
		b.landed(news(1, 2)...)
		b.publish()
		if got := b.tabs(); !slices.Equal(got, []string{tab, "Summary", "Conflicts"}) {
			t.Errorf("the tabs are %v", got)
		}
		if n := len(b.pull().Records); n != 2 {
			t.Errorf("%d rows", n)
		}
	})
}

// An adopted scorecard gets what is missing to the right of everything; what people made keeps its place, its name and its looks.
func TestBoardAdopts(t *testing.T) {
	t.Parallel()
	cfg := scorecard()
	b := open(t, cfg, "Title|RAG|Status|Partner", "Pump|people's own red|Open|AquaFund")
	before := b.sheet(tab)
	b.adopt()
	b.c.Show(boardOf(1, "one"))
	b.publish()
	b.is("B2", "people's own red")
	if got := b.under("RAG (Lockstep)"); got[0] != any("Red") {
		t.Errorf("ours says %v", got)
	}
	after := b.sheet(tab)
	if len(after.BandedRanges) > 0 || after.BasicFilter != nil || after.Properties.GridProperties.FrozenRowCount != before.Properties.GridProperties.FrozenRowCount {
		t.Error("a tab that people made was styled as a whole")
	}
	for col := range 4 {
		for row := range 2 {
			if f := after.Data[0].RowData[row].Values[col].UserEnteredFormat; f != nil {
				t.Errorf("%s%d was styled: %+v", columnName(col), row+1, f)
			}
		}
	}
	b.pull()
	if b.c.Show(boardOf(1, "one")) {
		t.Error("it does not come to rest")
	}
	// A person takes our looks away: they do not come back.
	b.asked()
	_, err := b.c.svc.Spreadsheets.BatchUpdate(b.id, &sheets.BatchUpdateSpreadsheetRequest{Requests: []*sheets.Request{
		{DeleteConditionalFormatRule: &sheets.DeleteConditionalFormatRuleRequest{Index: 0}},
		{DeleteProtectedRange: &sheets.DeleteProtectedRangeRequest{ProtectedRangeId: after.ProtectedRanges[0].ProtectedRangeId}},
	}}).Do()
	b.must(err)
	b.pull()
	b.c.Show(boardOf(1, "two"))
	b.publish()
	now := b.sheet(tab)
	if len(now.ConditionalFormats) != len(after.ConditionalFormats)-1 || len(now.ProtectedRanges) != len(after.ProtectedRanges)-1 {
		t.Error("what a person took away came back")
	}
}
