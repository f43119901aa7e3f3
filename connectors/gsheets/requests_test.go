package gsheets

import (
	"fmt"
	"testing"
	"time"

	"github.com/lockstep-sync/lockstep/connectors/sandbox/dials"
	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

func TestRequestsCounted(t *testing.T) {
	t.Parallel()
	lines := []string{"Action|Status|Deadline"}
	for range 200 {
		lines = append(lines, "Pump|Open|12/03/2026")
	}
	b := open(t, columns("title", "Action", "status", "Status", "due", "Deadline"), lines...)
	b.adopt()
	b.asked()
	for _, k := range []int{1, 50, 200} {
		snap := b.pull()
		if reads, writes := b.asked(); reads != 1 || writes != 0 {
			t.Errorf("an idle cycle took %d reads and %d writes", reads, writes)
		}
		var patches []task.Patch
		for i := range k {
			r := snap.Records[i*(200/k)]
			p := setting(r, task.Status, task.EnumValue(task.Statuses()[k%4+1]))
			p.Set = append(p.Set, task.Change{Field: task.Due, From: r.Values[task.Due], To: date(2026, 4, k%28+1)})
			patches = append(patches, p)
		}
		for _, r := range b.landed(patches...) {
			if r.Record == nil {
				t.Fatal("a row was not read back")
			}
		}
		if reads, writes := b.asked(); reads != 1 || writes != 1 {
			t.Errorf("%d rows took %d reads and %d writes; want 1 and 1", k, reads, writes)
		}
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	newBook := func(t *testing.T) *book {
		t.Helper()
		return open(t, columns("title", "Action", "status", "Status"), "Action|Status", "Pump|Open")
	}
	t.Run("unshared", func(t *testing.T) {
		t.Parallel()
		b := newBook(t)
		b.must(b.srv.Unshare(b.id))
		_, err := b.c.Pull(t.Context(), "")
		b.faulty(err, fault.Permanent, fault.Auth, "share", "client_email")
	})
	t.Run("deleted", func(t *testing.T) {
		t.Parallel()
		b := newBook(t)
		b.must(b.srv.Delete(b.id))
		_, err := b.c.Pull(t.Context(), "")
		b.faulty(err, fault.Permanent, fault.NotFound, "spreadsheet", "client_email")
	})
	t.Run("read only", func(t *testing.T) {
		t.Parallel()
		b := newBook(t)
		r := b.adopt().Records[0]
		b.must(b.srv.ReadOnly(b.id))
		rs := b.c.Apply(t.Context(), []task.Patch{setting(r, task.Title, task.TextValue("x"))})
		b.faulty(rs[0].Err, fault.Permanent, fault.Auth, "editor")
	})
	t.Run("quota", func(t *testing.T) {
		t.Parallel()
		b := newBook(t)
		b.srv.Panel().Inject(dials.Fault{Effect: dials.Reply, Status: 429, Body: quotaBody})
		_, err := b.c.Pull(t.Context(), "")
		if f := b.faulty(err, fault.Retryable, fault.RateLimited); f.RetryAfter != 15*time.Second {
			t.Errorf("the pause is %s; want the rest of the minute", f.RetryAfter)
		}
	})
	t.Run("the answer to a new row is lost", func(t *testing.T) {
		t.Parallel()
		for _, effect := range []dials.Effect{dials.CutAfter, dials.Truncate} {
			b := newBook(t)
			b.adopt()
			var v task.Values
			v[task.Title] = task.TextValue("Pipe")
			b.srv.Panel().Inject(dials.Fault{Path: ":batchUpdate", Effect: effect})
			rs := b.c.Apply(t.Context(), []task.Patch{creating("CW-2", v)})
			if rs[0].Err == nil || !rs[0].Uncertain || fault.Of(rs[0].Err).Kind != fault.Retryable {
				t.Errorf("%s: %+v", effect, rs[0])
			}
			if b.titled(b.pull(), "Pipe").Marker != "CW-2" {
				t.Errorf("%s: the row is not found again", effect)
			}
			b.landed(creating("CW-2", v)) // again: no second row
			if n := len(b.pull().Records); n != 2 {
				t.Errorf("%s: %d rows; want 2", effect, n)
			}
		}
	})
}

// A column that went missing after the pull comes back where nothing is, in rows that were not read either.
func TestNewColumnsCoverNothing(t *testing.T) {
	t.Parallel()
	b := open(t, Config{Scorecard: true, Fields: []task.Field{task.Title, task.Notes, task.Due}}, "Title|Notes|Due", "Pump||", "Pipe||", "Tank||")
	b.adopt()
	b.typed("F4", "a remark outside")
	snap := b.pull()
	b.must(b.srv.DeleteColumn(b.id, tab, 2))
	b.landed(setting(snap.Records[0], task.Due, date(2026, 3, 1)))
	b.is("E4", "a remark outside")
	b.is("E1", nil)
	b.is("F1", "Notes")
	b.is("B2", float64(46082))
}

// A scorecard of ten thousand rows, every field filled in, takes one read and four writes beside the pull.
func TestTenThousandRowsAreFourWrites(t *testing.T) {
	t.Parallel()
	b := open(t, Config{Scorecard: true, Fields: task.AllFields()})
	half, err := task.NumberValue(0.5)
	b.must(err)
	const rows = 10_000
	patches := make([]task.Patch, rows)
	for i := range patches {
		patches[i] = creating(cw(i+1), task.Values{
			task.Title: task.TextValue(fmt.Sprintf("Repair water point %d", i)), task.Partner: task.EnumValue("riverton"),
			task.Status: task.EnumValue(task.InProgress), task.Assignee: task.PersonValue("Amina Diallo"), task.Due: date(2026, 3, i%28+1),
			task.Start: date(2026, 2, i%28+1), task.Priority: task.TextValue("High"), task.Progress: half,
			task.Workstream: task.TextValue("Water points"), task.Labels: task.SetValue("kibera", "phase-2"), task.QuickWin: task.BoolValue(true),
			task.Notes: task.TextValue(fmt.Sprintf("Waiting for the pump that was ordered in week %d.", i%52)),
		})
	}
	b.pull()
	b.asked()
	start := time.Now()
	b.landed(patches...)
	t.Logf("%d rows took %s, the sandbox's own time included", rows, time.Since(start))
	if reads, writes := b.asked(); reads != 1 || writes > 4 {
		t.Errorf("%d reads and %d writes; want 1 and 4 at most", reads, writes)
	}
	snap := b.pull()
	if len(snap.Records) != rows || len(snap.Held) > 0 {
		t.Fatalf("%d rows, held %+v", len(snap.Records), snap.Held)
	}
	for i, r := range snap.Records {
		if r.Marker != cw(i+1) || r.Values[task.Due] != date(2026, 3, i%28+1) {
			t.Fatalf("row %d is %s, due %v", i+2, r.Marker, r.Values[task.Due])
		}
	}
}
