package gsheets

import (
	"net/http"
	"strings"
	"testing"

	"github.com/lockstep-sync/lockstep/connectors/google"
	"github.com/lockstep-sync/lockstep/connectors/transport"
	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// meanwhile has somebody do something just before each write that comes to the sheet: the first of do before the next, and so on.
type meanwhile struct {
	http.RoundTripper

	do    []func()
	after func() // of every write
}

func (m *meanwhile) RoundTrip(r *http.Request) (*http.Response, error) {
	write := strings.HasSuffix(r.URL.Path, ":batchUpdate")
	if len(m.do) > 0 && write {
		do := m.do[0]
		m.do = m.do[1:]
		do()
	}
	resp, err := m.RoundTripper.RoundTrip(r)
	if m.after != nil && write {
		m.after()
	}
	return resp, err
}

// meanwhile connects the book through one.
func (b *book) meanwhile() *meanwhile {
	b.Helper()
	m := &meanwhile{RoundTripper: b.checked}
	svc, err := NewService(b.Context(), google.Credentials{Endpoint: b.web.URL}, transport.Options{Source: "sheet", Retries: -1, Base: m})
	b.must(err)
	b.c, err = New(b.c.cfg, svc, b.c.o)
	b.must(err)
	return m
}

// TestIDsThatWereWrittenOverGoBackToTheirRows: a column goes just before a write, which so comes to stand over the ids, and the same write
// takes a row away. What was spoiled is not where it was written any more.
func TestIDsThatWereWrittenOverGoBackToTheirRows(t *testing.T) {
	t.Parallel()
	b := open(t, Config{Scorecard: true, Fields: []task.Field{task.Title, task.Partner, task.Status, task.Notes}})
	m := b.meanwhile()
	b.pull()
	var patches []task.Patch
	titles := []string{"Pump", "Pipe", "Tank"}
	for i, title := range titles {
		patches = append(patches, creating(cw(i+1), task.Values{task.Title: task.TextValue(title), task.Partner: task.EnumValue("riverton"), task.Status: task.EnumValue(task.Blocked)}))
	}
	b.landed(patches...)
	b.must(b.srv.InsertColumn(b.id, tab, 2)) // somebody's own, empty as yet
	snap := b.pull()
	pump := b.titled(snap, "Pump")
	m.do = []func(){func() { b.must(b.srv.DeleteColumn(b.id, tab, 2)) }}
	b.c.Apply(t.Context(), []task.Patch{
		{Op: task.Remove, Task: "CW-1", Ref: pump.Ref, Expect: pump.Values},
		setting(b.titled(snap, "Pipe"), task.Notes, task.TextValue("the same")),
		setting(b.titled(snap, "Tank"), task.Notes, task.TextValue("the same")),
	})
	snap = b.pull()
	if len(snap.Held) > 0 {
		t.Errorf("held: %+v", snap.Held)
	}
	for i, title := range titles[1:] {
		r := b.titled(snap, title)
		if r.Marker != cw(i+2) || !r.Values[task.Notes].IsEmpty() {
			t.Errorf("%s is %s, with the notes %q", title, r.Marker, r.Values[task.Notes])
		}
	}
}

// TestOurOwnStraysAreNotPutBack: a column comes just before new rows, which so stand in the wrong columns, and a row is dragged just before
// they are emptied. What that write then comes upon, in the place of one of them, is another: it is where it should not be as well.
func TestOurOwnStraysAreNotPutBack(t *testing.T) {
	t.Parallel()
	b := open(t, columns("title", "Action", "notes", "Remarks"), "Own|Action|Remarks", "mine|Pump|5 m deep")
	m := b.meanwhile()
	b.adopt()
	var patches []task.Patch
	for i := range 3 {
		patches = append(patches, creating(cw(i+2), task.Values{task.Title: task.TextValue("New " + rowNumber(i)), task.Notes: task.TextValue("note " + rowNumber(i))}))
	}
	m.do = []func(){
		func() { b.must(b.srv.InsertColumn(b.id, tab, 1)) }, // Own is B now
		func() { b.must(b.srv.MoveRow(b.id, tab, 2, 5)) },   // the first row goes under the new ones
	}
	writes := 0
	m.after = func() {
		writes++
		if writes == 1 {
			return // they have just come
		}
		for _, row := range b.srv.Rows(b.id, tab)[1:] {
			if own, _ := at(row, 1, true).(string); own != "" && own != "mine" && writes > 2 {
				t.Errorf("after write %d %q stands in people's own column again", writes, own)
			}
		}
	}
	b.c.Apply(t.Context(), patches)
	b.landed()
	m.after = nil
	snap := b.pull()
	r := b.titled(snap, "Pump")
	if r.Marker != "CW-1" || r.Values[task.Notes].String() != "5 m deep" || len(snap.Records) != 1 {
		t.Errorf("the sheet holds %+v", snap.Records)
	}
	for _, row := range b.srv.Rows(b.id, tab)[1:] {
		if own, _ := at(row, 1, true).(string); own != "" && own != "mine" {
			t.Errorf("%q stands in people's own column", own)
		}
	}
	if writes > 3 {
		t.Errorf("it took %d writes", writes)
	}
}

// TestOneCellOwesOneValue: a write landed in a row that said the same already, and over its id; and where that is then put right stands, by
// then, a row that somebody has just put in. What that one says comes back, whatever was in the first.
func TestOneCellOwesOneValue(t *testing.T) {
	t.Parallel()
	b := open(t, columns("title", "Action", "status", "Status"), "Action|Status", "Gone|Done", "Pipe|Not started")
	m := b.meanwhile()
	b.adopt() // CW-1 and CW-2
	b.must(b.srv.InsertRow(b.id, tab, 3))
	b.typed("A3", "New")
	patch := task.Patch{Op: task.Adopt, Task: "CW-3"}
	r := b.titled(b.pull(), "New")
	patch.Ref, patch.Expect = r.Ref, r.Values
	patch.Set = []task.Change{{Field: task.Status, From: r.Values[task.Status], To: task.EnumValue(task.NotStarted)}}
	m.do = []func(){
		func() { b.must(b.srv.DeleteRow(b.id, tab, 2)) }, // New goes up, and Pipe stands where it was
		func() {
			b.must(b.srv.InsertRow(b.id, tab, 3))
			b.typed("A3", "Tap")
			b.typed("B3", "Blocked")
		},
	}
	b.c.Apply(t.Context(), []task.Patch{patch})
	snap := b.pull()
	if got := b.titled(snap, "Tap"); got.Values[task.Status] != task.EnumValue(task.Blocked) || got.Marker != "" {
		t.Errorf("the row that was put in is %q, and marked %q", got.Values[task.Status], got.Marker)
	}
	if got := b.titled(snap, "Pipe"); got.Values[task.Status] != task.EnumValue(task.NotStarted) || got.Marker != "CW-2" {
		t.Errorf("the row that was written over is %q, and marked %q", got.Values[task.Status], got.Marker)
	}
}

// TestASecondTryLooksAsCloselyAsTheFirst: a write that Google refused wrote nothing, so what the last look saw still holds; ids that are
// moved by themselves before the second try lead it to no other row.
func TestASecondTryLooksAsCloselyAsTheFirst(t *testing.T) {
	t.Parallel()
	b := open(t, columns("title", "Action", "status", "Status"), "Action|Status", "Pump|", "Pipe|")
	b.adopt()
	m := b.meanwhile() // who knows of no journal, makes one, and is told that there is one
	r := b.titled(b.pull(), "Pump")
	m.after = func() {
		m.after = nil
		b.must(b.srv.Put(b.id, tab, "C2", "CW-2"))
		b.must(b.srv.Put(b.id, tab, "C3", "CW-1"))
	}
	rs := b.c.Apply(t.Context(), []task.Patch{setting(r, task.Status, task.EnumValue(task.Done))})
	if !fault.Is(rs[0].Err, fault.Conflict) {
		t.Errorf("the receipt is %+v", rs[0])
	}
	b.is("B2", nil)
	b.is("B3", nil)
	if _, writes := b.asked(); writes != 2 { // the ids at first, and the one that was refused
		t.Errorf("%d writes", writes)
	}
}

// TestTheJournalIsLookedForAnew: that it was not found when it was looked for, twice, is nothing for good.
func TestTheJournalIsLookedForAnew(t *testing.T) {
	t.Parallel()
	b := open(t, columns("title", "Action", "notes", "Remarks"), "Action|Remarks", "Pump|", "Pipe|")
	b.adopt()
	b.connect(b.c.cfg) // nothing is remembered
	r := b.titled(b.pull(), "Pump")
	b.c.journal.refused = 2
	b.landed(setting(r, task.Notes, task.TextValue("ordered")))
	b.is("B2", "ordered")
}
