package gsheets

import (
	"slices"
	"strings"
	"testing"

	"google.golang.org/api/sheets/v4"

	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// lines types rows from the first one on, cells separated by |; a line without cells leaves its row blank.
func (b *book) lines(lines ...string) {
	b.Helper()
	for i, line := range lines {
		for j, s := range strings.Split(line, "|") {
			if s != "" {
				b.typed(columnName(j)+rowNumber(i), s)
			}
		}
	}
}

// mergeCells merges a block, as a person does: rows and columns are counted from 0, the ends are outside.
func (b *book) mergeCells(row, endRow, col, endCol int64) {
	b.Helper()
	s, err := b.c.svc.Spreadsheets.Get(b.id).Fields("sheets(properties(sheetId,title))").Do()
	b.must(err)
	at := slices.IndexFunc(s.Sheets, func(s *sheets.Sheet) bool { return s.Properties.Title == tab })
	_, err = b.c.svc.Spreadsheets.BatchUpdate(b.id, &sheets.BatchUpdateSpreadsheetRequest{Requests: []*sheets.Request{{MergeCells: &sheets.MergeCellsRequest{
		MergeType: "MERGE_ALL",
		Range: &sheets.GridRange{
			SheetId: s.Sheets[at].Properties.SheetId, StartRowIndex: row, EndRowIndex: endRow, StartColumnIndex: col, EndColumnIndex: endCol,
		},
	}}}}).Do()
	b.must(err)
}

// read is what each record says of a field, by title.
func read(snap task.Snapshot, f task.Field) map[string]string {
	out := make(map[string]string)
	for _, r := range snap.Records {
		out[readable(r.Values[task.Title])] = readable(r.Values[f])
	}
	return out
}

func TestMergedCells(t *testing.T) {
	t.Parallel()
	b := open(t, columns("title", "Action", "workstream", "Stream", "status", "Status", "due", "Deadline", "notes", "Notes"),
		"Stream|Action|Status|Deadline|Notes", "Water|Pump|Open|12/03/2026|a", "|Pipe|Done||b", "|Tank|||c", "Roads|Bridge|n/a||d")
	b.mergeCells(1, 4, 0, 1) // Water belongs to the three rows
	b.mergeCells(4, 5, 2, 4) // n/a stands for status and deadline
	snap := b.adopt()
	for title, want := range map[string]string{"Pump": "Water", "Pipe": "Water", "Tank": "Water", "Bridge": "Roads"} {
		if got := read(snap, task.Workstream)[title]; got != want {
			t.Errorf("%s is of %q; want %q", title, got, want)
		}
	}
	for _, title := range []string{"Pump", "Pipe", "Tank"} {
		r := b.titled(snap, title)
		if why := r.Problems[task.Workstream]; why.Reason != task.HoldUnsupported || !strings.Contains(why.Hint, "A2:A4") || !strings.Contains(why.Hint, "nmerge") {
			t.Errorf("%s: %+v", title, why)
		}
		rs := b.c.Apply(t.Context(), []task.Patch{setting(r, task.Notes, task.TextValue("new "+title))})
		if got := rs[0]; got.Err != nil || got.Record.Values[task.Notes].String() != "new "+title {
			t.Errorf("beside the merged cell: %+v", got)
		}
	}
	bridge := b.titled(snap, "Bridge")
	if !bridge.Values[task.Due].IsUnreadable() || !strings.Contains(bridge.Problems[task.Due].Hint, "C5") {
		t.Errorf("a covered deadline reads %v, %+v", bridge.Values[task.Due], bridge.Problems)
	}
	if r := b.titled(snap, "Tank"); !r.Values[task.Due].IsEmpty() {
		t.Errorf("an empty deadline reads %v", r.Values[task.Due])
	}
}

// A title that is merged over two rows is one task; a line across the table is a heading and none.
func TestMergedTitles(t *testing.T) {
	t.Parallel()
	b := open(t, columns("title", "Action", "status", "Status", "assignee", "Who"),
		"Action|Status|Who", "Phase 1||", "Pump|Open|Amina", "||Chen", "Pipe|Open|Amina", "||")
	b.mergeCells(1, 2, 0, 3)
	b.mergeCells(2, 4, 0, 1)
	b.mergeCells(4, 6, 0, 1)
	snap := b.pull()
	if got := read(snap, task.Assignee); len(got) != 2 || got["Pump"] != "Amina" || got["Pipe"] != "Amina" {
		t.Errorf("the tasks are %v", got)
	}
	if len(snap.Held) != 1 || snap.Held[0].Name != "row 4" || snap.Held[0].Reason != task.HoldNoTitle || !strings.Contains(snap.Held[0].Hint, "A3") || !snap.Complete {
		t.Errorf("held: %+v", snap.Held)
	}
	if got := b.titled(snap, "Pump").Values[task.Title].String(); got != "Pump" {
		t.Errorf("the title is %q", got)
	}
}

func TestMergedHeaders(t *testing.T) {
	t.Parallel()
	cfg := columns("title", "Action", "start", "From", "due", "To")
	cfg.HeaderRow = 2
	b := open(t, cfg, "Action|Dates|", "|From|To", "Pump|12/03/2026|13/03/2026")
	b.mergeCells(0, 2, 0, 1)
	b.mergeCells(0, 1, 1, 3)
	if snap := b.pull(); len(snap.Records) != 1 || read(snap, task.Due)["Pump"] != "2026-03-13" || len(snap.Held) != 0 {
		t.Errorf("%+v", snap)
	}
	cfg.HeaderRow, cfg.Columns = 1, map[string]string{"title": "Action"}
	cfg.Spreadsheet, cfg.Tab = b.id, tab
	b.connect(cfg)
	if snap := b.pull(); len(snap.Records) != 1 || snap.Records[0].Name != "row 3" {
		t.Errorf("the row under a header of two rows: %+v", snap.Records)
	}
}

func TestHeaderMoved(t *testing.T) {
	t.Parallel()
	cfg := columns("title", "Action", "status", "Status", "due", "Deadline")
	cfg.HeaderRow = 2
	b := open(t, cfg, "Plan of the year", "Action|Status|Deadline", "Pump|Open|12/03/2026", "Pipe|Done|")
	before := byKey(b.adopt())
	same := func(what string, at string) {
		t.Helper()
		snap := b.pull()
		after := byKey(snap)
		if len(after) != 2 || after["CW-1"] != before["CW-1"] || after["CW-2"] != before["CW-2"] || !snap.Complete {
			t.Errorf("%s: %v; want %v", what, after, before)
		}
		if len(snap.Held) != 1 || snap.Held[0].Reason != task.HoldSchemaDrift || !strings.Contains(snap.Held[0].Hint, "header_row: "+at) {
			t.Errorf("%s: held %+v", what, snap.Held)
		}
	}
	b.must(b.srv.InsertRow(b.id, tab, 1))
	b.must(b.srv.InsertRow(b.id, tab, 2))
	b.typed("A1", "Action")
	b.typed("B1", "means what we do")
	same("two rows put in", "4")
	r := b.titled(b.pull(), "Pump")
	b.asked()
	if got := b.landed(setting(r, task.Status, task.EnumValue(task.Done))); got[0].Record.Name != "row 5" {
		t.Errorf("written: %+v", got[0].Record)
	}
	if reads, writes := b.asked(); reads != 1 || writes != 1 {
		t.Errorf("a change under a moved header costs %d reads and %d writes", reads, writes)
	}
	b.landed(setting(b.titled(b.pull(), "Pump"), task.Status, task.EnumValue(task.NotStarted)))
	for range 3 {
		b.must(b.srv.DeleteRow(b.id, tab, 1))
	}
	same("the rows above taken out", "1")
	// Two rows that look like it: nobody can tell, and nothing is read.
	b.must(b.srv.InsertRow(b.id, tab, 1))
	b.must(b.srv.InsertRow(b.id, tab, 1))
	b.must(b.srv.InsertRow(b.id, tab, 1))
	for i, h := range []string{"Action", "Status", "Deadline", idHeader} {
		b.typed(columnName(i)+"1", h)
	}
	_, err := b.c.Pull(t.Context(), "")
	b.faulty(err, fault.Permanent, fault.SchemaDrift)
}

func TestHeadersWithInstructions(t *testing.T) {
	t.Parallel()
	b := open(t, columns("title", "Action", "status", "Status", "due", "Deadline", "assignee", "Who:"),
		"Action *|Status [choose]|Deadline (dd/mm/yyyy)|Who|Deadline missed", "Pump|Open|04/05/2026|Amina|no")
	b.locale("en_US")
	b.must(b.srv.Put(b.id, tab, "C2", "04/05/2026"))
	snap := b.pull()
	if len(snap.Held) != 0 || read(snap, task.Due)["Pump"] != "2026-05-04" || read(snap, task.Status)["Pump"] != task.NotStarted || read(snap, task.Assignee)["Pump"] != "Amina" {
		t.Errorf("%+v", snap)
	}
	// What is no instruction makes it another column, also when the one that is meant is gone.
	b.typed("E1", "Deadline (old)")
	if snap = b.pull(); len(snap.Held) != 0 {
		t.Errorf("held: %+v", snap.Held)
	}
	b.typed("C1", "When")
	if snap = b.pull(); len(snap.Held) != 1 || !snap.Records[0].Values[task.Due].IsNone() {
		t.Errorf("another deadline is taken for it: %+v", snap)
	}
	b.typed("C1", "Deadline (dd/mm/yyyy)")
	// Two that differ in their instructions only are two.
	b.typed("E1", "Deadline (please fill in)")
	if snap = b.pull(); len(snap.Held) != 1 || !strings.Contains(snap.Held[0].Hint, "C, E") {
		t.Errorf("held: %+v", snap.Held)
	}
}

func TestTotals(t *testing.T) {
	t.Parallel()
	b := open(t, columns("title", "Action", "status", "Status", "progress", "%"),
		"Action|Status|%|Cost", "Pump|Open|50%|12", "Total the bills|Open|10%|3", "Total|Done||", "TOTAL:||=AVERAGE(C2:C4)|=SUM(D2:D4)",
		"Total cost||0%|15", "Sous-total|||15", "Total général des coûts||=SUM(C2:C3)|", "Total")
	got := read(b.pull(), task.Status)
	for _, title := range []string{"Pump", "Total the bills", "Total cost", "Total"} {
		if _, ok := got[title]; !ok {
			t.Errorf("%q is no task: %v", title, got)
		}
	}
	if len(got) != 4 {
		t.Errorf("the tasks are %v", got)
	}
}

func TestSeveralTablesOnATab(t *testing.T) {
	t.Parallel()
	b := open(t, columns("title", "Action", "status", "Status", "due", "Deadline"))
	b.lines("Action|Status|Deadline", "Pump|Open|12/03/2026", "||", "Pipe|Open|", "||", "Tank|tbd|tbc", "||",
		"Risk|Likelihood|Impact", "Flood|High|High", "||", "Theft|Low|High",
		"Action|Status|Deadline", "Well|Done|")
	snap := b.pull()
	got := read(snap, task.Status)
	if len(got) != 4 || got["Pump"] != task.NotStarted || got["Pipe"] != task.NotStarted || got["Tank"] != "!" || got["Well"] != task.Done {
		t.Errorf("the tasks are %v", got)
	}
	if len(snap.Held) != 1 || snap.Held[0].Name != "rows 8 to 11" || snap.Held[0].Raw != "Risk" || !strings.Contains(snap.Held[0].Hint, "row 8") || !snap.Complete {
		t.Errorf("held: %+v", snap.Held)
	}
	// What bears an id is a task, wherever it stands.
	b.adopt()
	b.must(b.srv.MoveRow(b.id, tab, 13, 10))
	b.must(b.srv.MoveRow(b.id, tab, 2, 11))
	if got := read(b.pull(), task.Status); len(got) != 4 || got["Pump"] != task.NotStarted || got["Well"] != task.Done {
		t.Errorf("among another table's rows: %v", got)
	}
	// The rows of it are adopted by nobody.
	for row, cells := range b.srv.Rows(b.id, tab) {
		if len(cells) > 3 && cells[3] != nil && (cells[0] == "Risk" || cells[0] == "Flood") {
			t.Errorf("row %d has an id", row+1)
		}
	}
}

// With columns that take any text, the words of a header tell.
func TestAnotherTableByItsHeaders(t *testing.T) {
	t.Parallel()
	b := open(t, columns("title", "Action", "assignee", "Who"))
	b.lines("Action|Who|Remark", "Pump|Amina|", "||", "Fix the tank|Chen|soon", "||", "Name|Organisation|E-mail", "Amina|AquaFund|a@aquafund.org")
	snap := b.pull()
	if got := read(snap, task.Assignee); len(got) != 2 || len(snap.Held) != 1 || snap.Held[0].Name != "rows 6 to 7" {
		t.Errorf("%v, held %+v", got, snap.Held)
	}
}
