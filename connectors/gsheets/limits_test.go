package gsheets

import (
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"google.golang.org/api/sheets/v4"
	"pgregory.net/rapid"

	"github.com/lockstep-sync/lockstep/connectors/google"
	"github.com/lockstep-sync/lockstep/connectors/sandbox/dials"
	"github.com/lockstep-sync/lockstep/connectors/transport"
	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// TestAFullSpreadsheet: with ten million cells no row can be added. That is said, with what to do; what needs no new cells is
// written all the same, and it does not take many requests to find out.
func TestAFullSpreadsheet(t *testing.T) {
	t.Parallel()
	b := open(t, columns("title", "Action", "status", "Status"), "Action|Status", "Pump|Open", "Pipe|Open")
	b.adopt()
	var lines strings.Builder
	lines.WriteString(`{"A":"Action","B":"Status","C":"Lockstep ID"}` + "\n" + `{"A":"Pump","B":"Open","C":"CW-1"}` + "\n" + `{"A":"Pipe","B":"Open","C":"CW-2"}` + "\n")
	for range 997 { // down to the last row that there is
		lines.WriteString(`{"D":"a remark"}` + "\n")
	}
	if _, err := b.srv.LoadRows(b.id, tab, strings.NewReader(lines.String())); err != nil {
		t.Fatal(err)
	}
	book, err := b.c.svc.Spreadsheets.Get(b.id).Fields("sheets(properties(gridProperties(rowCount,columnCount)))").Context(t.Context()).Do()
	b.must(err)
	rest := int64(10_000_000)
	for _, sh := range book.Sheets {
		rest -= sh.Properties.GridProperties.RowCount * sh.Properties.GridProperties.ColumnCount
	}
	_, err = b.c.svc.Spreadsheets.BatchUpdate(b.id, &sheets.BatchUpdateSpreadsheetRequest{Requests: []*sheets.Request{{AddSheet: &sheets.AddSheetRequest{
		Properties: &sheets.SheetProperties{Title: "Filler", GridProperties: &sheets.GridProperties{RowCount: rest, ColumnCount: 1}},
	}}}}).Context(t.Context()).Do()
	b.must(err)
	snap := b.pull()
	var v task.Values
	v[task.Title] = task.TextValue("Tank")
	b.asked()
	rs := b.c.Apply(t.Context(), []task.Patch{
		setting(b.titled(snap, "Pump"), task.Status, task.EnumValue(task.Done)), creating("CW-3", v), creating("CW-4", v),
		setting(b.titled(snap, "Pipe"), task.Title, task.TextValue("Hose")),
	})
	for _, i := range []int{1, 2} {
		if f := b.faulty(rs[i].Err, fault.Permanent, fault.Unsupported, "10,000,000", "Delete empty rows"); !strings.Contains(f.Error(), "above the limit") || rs[i].Uncertain {
			t.Errorf("a row that finds no place: %v, uncertain %v", f, rs[i].Uncertain)
		}
	}
	if rs[0].Err != nil || rs[3].Err != nil {
		t.Errorf("what needs no new cells: %v, %v", rs[0].Err, rs[3].Err)
	}
	b.is("B2", "Done")
	b.is("A3", "Hose")
	if reads, writes := b.asked(); reads != 2 || writes != 2 {
		t.Errorf("it took %d reads and %d writes", reads, writes)
	}
	if snap := b.pull(); len(snap.Records) != 2 {
		t.Errorf("there are %d rows", len(snap.Records))
	}
}

// long is a text of so many characters.
func long(n int, mark string) string { return strings.Repeat("a line of notes\n", n/16) + mark }

// TestATextLongerThanACell: it is shown cut, and says so. What the cell shows is never taken for the text, nor is what somebody
// makes of it; the whole text can be shortened, and then all of it is there.
func TestATextLongerThanACell(t *testing.T) {
	t.Parallel()
	b := open(t, columns("title", "Action", "notes", "Notes"), "Action|Notes", "Pump|short")
	r := b.adopt().Records[0]
	whole := task.TextValue(long(60_000, "the end that must not be lost"))
	shown, problem := b.c.Normalize(task.Notes, whole, r.Values[task.Notes])
	if problem != nil || shown.Same(whole) || !strings.Contains(shown.String(), "Lockstep cut this text") {
		t.Fatalf("shown is …%q, %v", shown.String()[len(shown.String())-120:], problem)
	}
	if n := len(utf16.Encode([]rune(shown.String()))); n > maxText || n < maxText-200 {
		t.Errorf("shown are %d characters", n)
	}
	b.landed(setting(r, task.Notes, shown))
	r = b.pull().Records[0]
	if !r.Values[task.Notes].Same(shown) || len(r.Problems) > 0 {
		t.Errorf("read back is another text, %v", r.Problems)
	}
	// Nothing changed, so nothing is to be written; the engine takes what equals Normalize for no claim.
	if again, problem := b.c.Normalize(task.Notes, whole, r.Values[task.Notes]); again != shown || problem != nil {
		t.Error("the next cycle would show something else")
	}
	if again, _ := b.c.Normalize(task.Notes, shown, r.Values[task.Notes]); again != shown {
		t.Error("what is shown is not shown as it is")
	}
	cell, _ := b.srv.Cell(b.id, tab, "B2").(string)
	for what, text := range map[string]string{
		"a line before it":   "Called Amina.\n" + cell[20:],
		"a line after it":    cell[20:] + "\nCalled Amina.",
		"a word changed":     strings.Replace(cell, "a line", "a lane", 1),
		"shortened":          cell[30_000:],
		"only the mark left": cell[strings.LastIndex(cell, cutHead):],
		"the sum changed":    cell[:len(cell)-2] + "z]",
	} {
		b.must(b.srv.Put(b.id, tab, "B2", text))
		r = b.pull().Records[0]
		if why := r.Problems[task.Notes]; !r.Values[task.Notes].IsUnreadable() || why.Reason != task.HoldUnreadable || !strings.Contains(why.Hint, "undo") {
			t.Errorf("%s: it is read as a text of %d characters, %+v", what, len(r.Values[task.Notes].String()), why)
		}
	}
	// Without the mark it is somebody's text, on purpose.
	b.typed("B2", "All new.")
	r = b.pull().Records[0]
	if r.Values[task.Notes] != task.TextValue("All new.") {
		t.Errorf("without the mark: %v", r.Values[task.Notes])
	}
	b.landed(setting(r, task.Notes, task.TextValue("Short again.")))
	b.is("B2", "Short again.")
	// People and lists are never cut: half a list would be another list.
	for f, v := range map[task.Field]task.Value{
		task.Assignee: task.PersonValue(strings.Repeat("x", 60_000)), task.Labels: task.SetValue(strings.Repeat("x", 60_000), "y"),
	} {
		if _, problem := b.c.Normalize(f, v, task.Empty(f.Kind())); problem == nil || problem.Reason != task.HoldUnsupported {
			t.Errorf("%s of 60,000 characters: %+v", f, problem)
		}
	}
}

// TestCuttingLosesNothing: whatever the text, it either stands there whole, or cut with its mark, and reads back as what it was
// written as; any edit of a cut one is no text.
func TestCuttingLosesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		unit := rapid.SampledFrom([]string{"a", "é", "e\u0301", "😀", "\n", " ", "\t", "[", cutHead, cutTail, "ﷺ", "\r\n", "\u00a0"}).Draw(rt, "unit")
		n := rapid.SampledFrom([]int{100, 49_990, 50_000, 50_010, 70_000}).Draw(rt, "times") / len(unit)
		v := task.TextValue(rapid.StringN(0, 20, -1).Draw(rt, "head") + strings.Repeat(unit, max(n, 1)) + rapid.StringN(0, 20, -1).Draw(rt, "tail"))
		shown := shorten(v.Display())
		if l := len(utf16.Encode([]rune(shown))); l > maxText {
			rt.Fatalf("%d characters", l)
		}
		got, hint := readText(shown)
		switch {
		case strings.Contains(v.String(), cutHead): // somebody writes about our marks: held at worst
		case hint != "" || got != task.TextValue(shown):
			rt.Fatalf("it is read back otherwise: %s", hint)
		case !strings.Contains(shown, cutHead) && got != task.TextValue(printable(v.Display())):
			rt.Fatal("cut without a mark")
		case strings.Contains(shown, cutHead):
			at := rapid.IntRange(0, len([]rune(shown))-1).Draw(rt, "at")
			runes := []rune(shown)
			runes[at]++
			if edited, hint := readText(string(runes)); hint == "" && strings.Contains(string(runes), cutHead) && edited != got {
				rt.Fatalf("an edit at %d passes for the text", at)
			}
		}
	})
}

func TestRaggedAndEmptyRanges(t *testing.T) {
	t.Parallel()
	b := open(t, columns("title", "Action", "status", "Status", "notes", "Notes"), "Action|Status|Notes", "Pump", "", "Pipe|Open|a|b|c|d", "", "Tank||x")
	snap := b.pull()
	if len(snap.Records) != 3 || !snap.Complete || len(snap.Held) != 0 {
		t.Fatalf("ragged rows: %+v", snap)
	}
	for title, notes := range map[string]string{"Pump": "", "Pipe": "a", "Tank": "x"} {
		if got := b.titled(snap, title).Values[task.Notes]; got != task.TextValue(notes) {
			t.Errorf("%s: %q", title, got)
		}
	}
	only := open(t, columns("title", "Action"), "Action")
	if snap := only.pull(); len(snap.Records) != 0 || !snap.Complete {
		t.Errorf("a header and nothing under it: %+v", snap)
	}
	blank := open(t, Config{Scorecard: true, Fields: []task.Field{task.Title}})
	if snap := blank.pull(); len(snap.Records) != 0 || !snap.Complete {
		t.Errorf("a scorecard with nothing in it: %+v", snap)
	}
}

// TestATabThatGoesAway, between two cycles or between a read and a write: nothing is taken for deleted.
func TestATabThatGoesAway(t *testing.T) {
	t.Parallel()
	b := open(t, columns("title", "Action"), "Action", "Pump")
	b.must(b.srv.AddTab(b.id, "Archive"))
	snap := b.adopt()
	_, err := b.c.svc.Spreadsheets.BatchUpdate(b.id, &sheets.BatchUpdateSpreadsheetRequest{Requests: []*sheets.Request{{
		DeleteSheet: &sheets.DeleteSheetRequest{SheetId: 0, ForceSendFields: []string{"SheetId"}},
	}}}).Context(t.Context()).Do()
	b.must(err)
	rs := b.c.Apply(t.Context(), []task.Patch{setting(snap.Records[0], task.Title, task.TextValue("Hose"))})
	b.faulty(rs[0].Err, fault.Permanent, fault.SchemaDrift, "“Archive”")
	_, err = b.c.Pull(t.Context(), snap.Cursor)
	b.faulty(err, fault.Permanent, fault.SchemaDrift, "“Archive”")
	if got, err := b.c.Confirm(t.Context(), []string{"CW-1"}); err == nil {
		t.Errorf("its rows are confirmed as %v", got)
	}
}

// TestATimeoutAfterANewRow: what became of it is not known. It is said so, it is found again, and there is one row.
func TestATimeoutAfterANewRow(t *testing.T) {
	t.Parallel()
	for _, effect := range []dials.Effect{dials.HangAfter, dials.CutAfter, dials.Truncate, dials.Half} {
		b := open(t, columns("title", "Action"), "Action", "Pump")
		svc, err := NewService(t.Context(), google.Credentials{Endpoint: b.web.URL}, transport.Options{
			Source: "sheet", InlineWait: time.Millisecond,
			Base: b.srv.Panel().Impatient(http.DefaultTransport), // half an answer is none of Google's: it is not held against its document
		})
		b.must(err)
		b.adopt()
		b.c.svc = svc
		var v task.Values
		v[task.Title] = task.TextValue("Pipe")
		b.srv.Panel().Inject(dials.Fault{Path: ":batchUpdate", Effect: effect})
		b.asked()
		rs := b.c.Apply(t.Context(), []task.Patch{creating("CW-2", v)})
		if f := fault.Of(rs[0].Err); f == nil || !rs[0].Uncertain {
			t.Errorf("%s: %+v", effect, rs[0])
		} else if effect == dials.HangAfter && f.Reason != fault.Timeout {
			t.Errorf("%s: %+v", effect, f)
		}
		if _, writes := b.asked(); writes != 1 {
			t.Errorf("%s: it was sent %d times", effect, writes)
		}
		if n := len(b.srv.Rows(b.id, tab)); n != 3 || b.titled(b.pull(), "Pipe").Marker != "CW-2" {
			t.Errorf("%s: there are %d rows", effect, n)
		}
		b.landed(creating("CW-2", v))
		if n := len(b.srv.Rows(b.id, tab)); n != 3 {
			t.Errorf("%s: after the second try there are %d rows", effect, n)
		}
	}
}

// TestGoogleIsDown: 503, and 500 with a page, are tried again in a later cycle; a read is tried again at once, a write never.
func TestGoogleIsDown(t *testing.T) {
	t.Parallel()
	b := open(t, columns("title", "Action"), "Action", "Pump")
	snap := b.adopt()
	svc, err := NewService(t.Context(), google.Credentials{Endpoint: b.web.URL}, transport.Options{Source: "sheet", InlineWait: time.Millisecond, Base: b.checked})
	b.must(err)
	b.c.svc = svc
	down := dials.Fault{Effect: dials.Reply, Status: http.StatusServiceUnavailable, Body: `{"error":{"code":503,"message":"The service is currently unavailable.","status":"UNAVAILABLE"}}`}
	b.srv.Panel().Inject(down)
	b.pull()
	down.Method, down.Times = http.MethodPost, -1
	b.srv.Panel().Inject(down)
	b.asked()
	rs := b.c.Apply(t.Context(), []task.Patch{setting(snap.Records[0], task.Title, task.TextValue("Hose"))})
	b.faulty(rs[0].Err, fault.Retryable, fault.Unavailable)
	if _, writes := b.asked(); writes != 1 {
		t.Errorf("a write was sent %d times", writes)
	}
	b.srv.Panel().Clear()
	down.Method = ""
	b.srv.Panel().Inject(down)
	_, err = b.c.Pull(t.Context(), "")
	b.faulty(err, fault.Retryable, fault.Unavailable)
}
