package gsheets

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/lockstep-sync/lockstep/connectors"
	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

func TestHeaderDrift(t *testing.T) {
	t.Parallel()
	cfg := columns("title", "Action", "status", "Status", "due", "Deadline")
	t.Run("no title", func(t *testing.T) {
		t.Parallel()
		b := open(t, cfg, "Acton|Status|Deadline|Cost", "Pump|Open|")
		_, err := b.c.Pull(t.Context(), "")
		b.faulty(err, fault.Permanent, fault.SchemaDrift, "“Action”", "“Actions”", "the nearest is “Acton”", "“Cost”")
	})
	t.Run("an empty header row", func(t *testing.T) {
		t.Parallel()
		_, err := open(t, cfg).c.Pull(t.Context(), "")
		if f := fault.Of(err); f == nil || !strings.Contains(f.Hint, "header_row") {
			t.Errorf("%v, hint %q", err, f.Hint)
		}
	})
	t.Run("another column gone", func(t *testing.T) {
		t.Parallel()
		b := open(t, cfg, "Action|State|Deadline", "Pump|Open|12/03/2026")
		snap := b.pull()
		if len(snap.Held) != 1 || snap.Held[0].Key != "" || snap.Held[0].Field != "status" || snap.Held[0].Reason != task.HoldSchemaDrift ||
			!strings.Contains(snap.Held[0].Hint, "“State”") {
			t.Fatalf("held: %+v", snap.Held)
		}
		r := snap.Records[0]
		if !r.Values[task.Status].IsNone() || r.Values[task.Due] != date(2026, 3, 12) || !snap.Complete {
			t.Errorf("the row reads %v, complete %v", r.Values, snap.Complete)
		}
		if d := b.c.Describe(); d.Maps(task.Status) || !d.Maps(task.Due) {
			t.Errorf("the fields are %v", d.Fields)
		}
	})
	t.Run("a column twice", func(t *testing.T) {
		t.Parallel()
		b := open(t, cfg, "Action|Deadline|DEADLINE |Status", "Pump|12/03/2026|13/03/2026|Open")
		snap := b.pull()
		if len(snap.Held) != 1 || !strings.Contains(snap.Held[0].Hint, "B, C") || !snap.Records[0].Values[task.Due].IsNone() {
			t.Errorf("held: %+v; the row reads %v", snap.Held, snap.Records[0].Values)
		}
	})
	t.Run("headers of several lines", func(t *testing.T) {
		t.Parallel()
		b := open(t, cfg, "  action |Deadline\n(dd/mm)|Status\u00a0|Deadline missed?", "Pump|12/03/2026|Open")
		if snap := b.pull(); len(snap.Held) != 0 || snap.Records[0].Values[task.Due] != date(2026, 3, 12) ||
			snap.Records[0].Values[task.Status] != task.EnumValue(task.NotStarted) {
			t.Errorf("%+v", snap)
		}
	})
	t.Run("a lower header row", func(t *testing.T) {
		t.Parallel()
		low := cfg
		low.HeaderRow = 3
		b := open(t, low, "Plan of the year", "|as of March", "Action|Status|Deadline", "Pump|Open|")
		if r := b.adopt().Records[0]; r.Name != "row 4" || !strings.HasSuffix(r.URL, b.id+"/edit#gid=0&range=A4") {
			t.Errorf("%+v", r)
		}
		b.is("D3", idHeader)
		b.is("D4", "CW-1")
	})
}

func TestTabGone(t *testing.T) {
	t.Parallel()
	b := open(t, columns("title", "Action"), "Action", "Pump")
	b.must(b.srv.AddTab(b.id, "Archive"))
	b.adopt()
	cursor := b.pull().Cursor
	b.must(b.srv.RenameTab(b.id, tab, "Actions 2026"))
	_, err := b.c.Pull(t.Context(), "")
	b.faulty(err, fault.Permanent, fault.SchemaDrift, "“Archive”", "the nearest is “Actions 2026”")
	_, err = b.c.Pull(t.Context(), cursor)
	b.faulty(err, fault.Permanent, fault.SchemaDrift, "is called “Actions 2026” now")
}

func TestIDs(t *testing.T) {
	t.Parallel()
	b := open(t, columns("title", "Action"), "Action", "Pump", "Pipe", "Tank", "Well")
	b.adopt()
	cursor := b.pull().Cursor

	b.typed("B3", "CW-1")
	snap := b.pull()
	if len(snap.Records) != 2 || len(snap.Held) != 2 || !snap.Complete || snap.Held[0].Key != "CW-1" || snap.Held[0].Reason != task.HoldDuplicateID ||
		!strings.Contains(snap.Held[0].Hint, "rows 2 and 3") {
		t.Errorf("a copied id: %d records, complete %v, held %+v", len(snap.Records), snap.Complete, snap.Held)
	}
	for _, strange := range []string{"AB-2", "CW-02", "CW-", "hello", "CW-99999999999999999999", "42"} {
		b.typed("B3", strange)
		snap = b.pull()
		if len(snap.Records) != 3 || len(snap.Held) != 1 || snap.Complete || !strings.Contains(snap.Held[0].Hint, "B3") {
			t.Errorf("the id %q: %d records, complete %v, held %+v", strange, len(snap.Records), snap.Complete, snap.Held)
		}
		got, err := b.c.Confirm(t.Context(), []string{"CW-1", "CW-2"})
		b.must(err)
		if _, said := got["CW-2"]; said || got["CW-1"].Presence != connectors.Present {
			t.Errorf("the id %q: confirmed %+v", strange, got)
		}
	}
	b.typed("B3", "")
	got, err := b.c.Confirm(t.Context(), []string{"CW-1", "CW-2"})
	b.must(err)
	if got["CW-2"].Presence != connectors.Gone || got["CW-1"].Record.Name != "row 2" {
		t.Errorf("after the id was emptied: %+v", got)
	}
	// Without the column all would look new, and all that was known gone.
	b.must(b.srv.DeleteColumn(b.id, tab, 2))
	_, err = b.c.Confirm(t.Context(), []string{"CW-1"})
	b.faulty(err, fault.Permanent, fault.SchemaDrift)
	rs := b.c.Apply(t.Context(), []task.Patch{creating("CW-9", task.Values{task.Title: task.TextValue("x")})})
	b.faulty(rs[0].Err, fault.Conflict, fault.Precondition)
	_, err = b.c.Pull(t.Context(), cursor)
	b.faulty(err, fault.Permanent, fault.SchemaDrift, "Version history")
}

// TestIDsAreKnownWithoutTheirHeader: whoever renames the column in the moment after it was made changes what no read has seen.
func TestIDsAreKnownWithoutTheirHeader(t *testing.T) {
	t.Parallel()
	b := open(t, columns("title", "Action"), "Action|Cost", "Pump|5", "Pipe|CW-9")
	cursor := b.pull().Cursor
	b.adopt()
	b.is("C1", idHeader)
	for _, name := range []string{"Number", ""} {
		b.typed("C1", name)
		_, err := b.c.Pull(t.Context(), cursor)
		b.faulty(err, fault.Permanent, fault.SchemaDrift, "head it “Lockstep ID” again")
		rs := b.c.Apply(t.Context(), []task.Patch{creating("CW-9", task.Values{task.Title: task.TextValue("x")})})
		b.faulty(rs[0].Err, fault.Conflict, fault.Precondition)
	}
	if found, _ := b.c.Check(t.Context()); !slices.ContainsFunc(found, func(f connectors.Finding) bool {
		return f.Level == connectors.LevelError && strings.Contains(f.Text, "the ids stand in column C")
	}) {
		t.Errorf("the check finds %+v", found)
	}
	b.typed("C1", idHeader)
	if snap, err := b.c.Pull(t.Context(), cursor); err != nil || len(snap.Records) != 2 || snap.Records[0].Marker != "CW-1" {
		t.Errorf("with its header again: %+v, %v", snap, err)
	}
	// A column that people protected themselves, or in which they write of tasks, is none of ours.
	b.must(b.srv.DeleteColumn(b.id, tab, 3))
	if snap, err := b.c.Pull(t.Context(), cursor); err != nil || len(snap.Records) != 2 || snap.Records[0].Marker != "" {
		t.Errorf("without the column: %+v, %v", snap, err)
	}
}

func TestUnfinishedRows(t *testing.T) {
	t.Parallel()
	b := open(t, columns("title", "Action", "quick_win", "Quick?", "progress", "%", "due", "Deadline"),
		"Action|Quick?|%|Deadline|Remark", "Pump|TRUE|50 %|#N/A", "|FALSE|=0+0", "||||only a remark", "|FALSE", "|||12/03/2026")
	snap := b.pull()
	if len(snap.Records) != 2 || snap.Records[1].Name != "row 6" {
		t.Fatalf("records: %+v", snap.Records)
	}
	pump := snap.Records[0]
	if pump.Values[task.Progress].String() != "0.5" || pump.Values[task.QuickWin] != task.BoolValue(true) || !pump.Values[task.Due].IsUnreadable() ||
		pump.Problems[task.Due].Reason != task.HoldUnreadable {
		t.Errorf("%v, %v", pump.Values, pump.Problems)
	}
}

func TestScorecardFromNothing(t *testing.T) {
	t.Parallel()
	fields := []task.Field{task.Title, task.Partner, task.Status, task.Due, task.Progress, task.Notes}
	cfg := Config{Scorecard: true, Fields: fields, Columns: map[string]string{"due": "Due by"}}
	b := open(t, cfg)
	snap := b.pull()
	if d := b.c.Describe(); !snap.Complete || len(snap.Records)+len(snap.Held) != 0 || !slices.Equal(d.Fields, fields) || !d.CanCreate || !d.CanRemove {
		t.Fatalf("%+v, %+v", snap, d)
	}
	var patches []task.Patch
	half, err := task.NumberValue(0.5)
	b.must(err)
	for i := range 1200 { // more than the tab has rows
		v := task.Values{task.Title: task.TextValue(fmt.Sprintf("Task %d", i)), task.Partner: task.EnumValue("riverton")}
		v[task.Status], v[task.Due], v[task.Progress] = task.EnumValue(task.Blocked), date(2026, 3, 1), half
		patches = append(patches, creating(cw(i+1), v))
	}
	b.asked()
	for i, r := range b.landed(patches...) {
		if r.Record == nil || r.Record.Ref.Key != string(cw(i+1)) {
			t.Fatalf("receipt %d: %+v", i, r.Record)
		}
	}
	if reads, writes := b.asked(); reads != 1 || writes != 1 {
		t.Errorf("the first filling took %d reads and %d writes", reads, writes)
	}
	if got := keysOf(b.srv.Rows(b.id, tab)[0]); !slices.Equal(got, []string{"Title", "Partner", "Status", "Due by", "Progress", "Notes", idHeader}) {
		t.Errorf("the header is %q", got)
	}
	if snap = b.pull(); len(snap.Records) != 1200 || len(snap.Held) != 0 {
		t.Fatalf("%d records, held %v", len(snap.Records), snap.Held)
	}
	b.is("B2", "City of Riverton")
	b.is("C1201", "Blocked")
	look, err := b.c.svc.Spreadsheets.Get(b.id).Ranges("'" + tab + "'!A1:G2").
		Fields("sheets(properties(gridProperties(frozenRowCount)),protectedRanges(warningOnly),data(columnMetadata(hiddenByUser),rowData(values(formattedValue,dataValidation(strict,condition(type,values))))))").Do()
	b.must(err)
	sheet := look.Sheets[0]
	row := sheet.Data[0].RowData[1].Values
	if sheet.Properties.GridProperties.FrozenRowCount != 1 || !sheet.Data[0].ColumnMetadata[6].HiddenByUser || sheet.Data[0].ColumnMetadata[0].HiddenByUser {
		t.Error("the header is not frozen, or the ids are not hidden")
	}
	if len(sheet.ProtectedRanges) != 1 || !sheet.ProtectedRanges[0].WarningOnly {
		t.Errorf("protected: %+v", sheet.ProtectedRanges)
	}
	if row[3].FormattedValue != "2026-03-01" || row[4].FormattedValue != "50%" {
		t.Errorf("a day shows as %q, a half as %q", row[3].FormattedValue, row[4].FormattedValue)
	}
	if v := row[2].DataValidation; v == nil || v.Strict || len(v.Condition.Values) != 5 {
		t.Errorf("the list of statuses is %+v", v)
	}

	// Rows go from the bottom up, beside changes and new rows, and each where it is by now.
	b.must(b.srv.MoveRow(b.id, tab, 2, 1100))
	removal := func(i int) task.Patch {
		r := snap.Records[i]
		return task.Patch{Op: task.Remove, Task: r.Marker, Ref: r.Ref, Expect: r.Values}
	}
	rs := b.landed(
		setting(snap.Records[5], task.Notes, task.TextValue("five")), removal(0), removal(4), removal(1199),
		creating("CW-5000", task.Values{task.Title: task.TextValue("fresh")}), setting(snap.Records[1150], task.Notes, task.TextValue("1150")),
	)
	if rs[0].Record == nil || rs[5].Record == nil || rs[4].Record == nil || rs[1].Record != nil {
		t.Errorf("receipts: %+v", rs)
	}
	after := b.pull()
	if len(after.Records) != 1198 || b.titled(after, "Task 5").Values[task.Notes].String() != "five" ||
		b.titled(after, "Task 1150").Values[task.Notes].String() != "1150" || b.titled(after, "fresh").Marker != "CW-5000" {
		t.Errorf("%d rows are left", len(after.Records))
	}
	for _, r := range after.Records {
		if slices.Contains([]string{"Task 0", "Task 4", "Task 1199"}, r.Values[task.Title].String()) {
			t.Errorf("%s is still there", r.Values[task.Title])
		}
	}
	b.landed(removal(0)) // gone is gone
	// What a person wrote beside our columns is known nowhere else: such a row stays.
	kept := b.titled(after, "Task 7")
	_, at, _ := strings.Cut(kept.Name, " ")
	b.must(b.srv.Type(b.id, tab, "L"+at, "ask Amina"))
	rs = b.c.Apply(t.Context(), []task.Patch{{Op: task.Remove, Task: kept.Marker, Ref: kept.Ref, Expect: kept.Values}})
	b.faulty(rs[0].Err, fault.Permanent, fault.Unsupported)
	b.titled(b.pull(), "Task 7")
	rs = b.c.Apply(t.Context(), []task.Patch{removal(5)})
	b.faulty(rs[0].Err, fault.Conflict, fault.Precondition) // its notes were changed since

	// A column that a person deleted comes back with the next write, and nothing is taken for emptied.
	b.must(b.srv.DeleteColumn(b.id, tab, 6))
	snap = b.pull()
	if !snap.Records[0].Values[task.Notes].IsNone() || len(snap.Held) != 1 || !b.c.Describe().Maps(task.Notes) {
		t.Errorf("without the notes: %v, %+v", snap.Records[0].Values, snap.Held)
	}
	b.landed(setting(snap.Records[0], task.Due, date(2026, 3, 2)))
	if snap = b.pull(); snap.Records[0].Values[task.Notes] != task.Empty(task.Text) || len(snap.Held) != 0 {
		t.Errorf("with notes again: %v, %+v", snap.Records[0].Values, snap.Held)
	}
}

func TestLargeFillingIsSplit(t *testing.T) {
	t.Parallel()
	b := open(t, columns("title", "Action", "notes", "Notes"), "Action|Notes")
	var patches []task.Patch
	for i := range 100 {
		patches = append(patches, creating(cw(i+1), task.Values{
			task.Title: task.TextValue(fmt.Sprintf("Task %d", i)), task.Notes: task.TextValue(strings.Repeat("n", 40_000)),
		}))
	}
	b.landed(patches...)
	if reads, writes := b.asked(); writes != 2 || reads != 1 {
		t.Errorf("%d reads and %d writes for 4 MB; want 1 and 2", reads, writes)
	}
	if n := len(b.pull().Records); n != 100 {
		t.Errorf("%d rows", n)
	}
}

func TestOneRefusedPatchStopsNoOther(t *testing.T) {
	t.Parallel()
	lines := []string{"Action|Status"}
	for i := range 9 {
		lines = append(lines, fmt.Sprintf("Task %d|Open", i))
	}
	b := open(t, columns("title", "Action", "status", "Status"), lines...)
	snap := b.adopt()
	// The sandbox refuses whatever holds this word, as Google refuses protected cells.
	b.checked = refusing{b.checked, "poison"}
	b.connect(b.c.cfg)
	b.pull()
	for _, named := range []bool{true, false} {
		var patches []task.Patch
		for i, r := range snap.Records {
			to := fmt.Sprintf("%s %v", r.Values[task.Title], named)
			if i == 4 {
				to = "poison"
				if !named {
					to = "poison without a number"
				}
			}
			patches = append(patches, setting(r, task.Title, task.TextValue(to)))
		}
		for i, r := range b.c.Apply(t.Context(), patches) {
			switch {
			case i == 4:
				b.faulty(r.Err, fault.Permanent, fault.Invalid, "protected")
			case r.Err != nil:
				t.Errorf("named %v, patch %d: %v", named, i, r.Err)
			}
		}
		snap = b.pull()
		for i, r := range snap.Records {
			if got := strings.HasSuffix(r.Values[task.Title].String(), fmt.Sprint(named)); got == (i == 4) {
				t.Errorf("named %v: row %d reads %q", named, i, r.Values[task.Title])
			}
		}
	}
}

// refusing answers a write that holds a word as Google does, naming the request or not.
type refusing struct {
	next http.RoundTripper
	word string
}

func (r refusing) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body == nil || req.Method == http.MethodGet {
		return r.next.RoundTrip(req)
	}
	body, err := req.GetBody()
	if err != nil {
		return nil, err
	}
	var sent struct{ Requests []json.RawMessage }
	if err := json.NewDecoder(body).Decode(&sent); err != nil {
		return nil, err
	}
	for i, q := range sent.Requests {
		if !strings.Contains(string(q), r.word) {
			continue
		}
		message := fmt.Sprintf("Invalid requests[%d].updateCells: You are trying to edit a protected cell or object.", i)
		if strings.Contains(string(q), "without a number") {
			message = "You are trying to edit a protected cell or object."
		}
		w := httptest.NewRecorder()
		w.WriteHeader(http.StatusBadRequest)
		_ = json.NewEncoder(w).Encode(map[string]any{"error": map[string]any{"code": 400, "message": message, "status": "INVALID_ARGUMENT"}})
		resp := w.Result()
		resp.Request = req
		return resp, nil
	}
	return r.next.RoundTrip(req)
}
