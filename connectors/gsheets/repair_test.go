package gsheets

import (
	"net/http"
	"strings"
	"testing"

	"github.com/lockstep-sync/lockstep/connectors/transport"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// meanwhile has somebody do something just before a write comes to the sheet, once.
type meanwhile struct {
	http.RoundTripper

	do func()
}

func (m *meanwhile) RoundTrip(r *http.Request) (*http.Response, error) {
	if m.do != nil && strings.HasSuffix(r.URL.Path, ":batchUpdate") {
		do := m.do
		m.do = nil
		do()
	}
	return m.RoundTripper.RoundTrip(r)
}

// TestIDsThatWereWrittenOverGoBackToTheirRows: a column goes just before a write, which so comes to stand over the ids, and the same write
// takes a row away. What was spoiled is not where it was written any more.
func TestIDsThatWereWrittenOverGoBackToTheirRows(t *testing.T) {
	t.Parallel()
	b := open(t, Config{Scorecard: true, Fields: []task.Field{task.Title, task.Partner, task.Status, task.Notes}})
	m := &meanwhile{RoundTripper: b.checked}
	svc, err := NewService(t.Context(), Credentials{Endpoint: b.web.URL}, transport.Options{Source: "sheet", Retries: -1, Base: m})
	b.must(err)
	b.c, err = New(b.c.cfg, svc, b.c.o)
	b.must(err)
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
	m.do = func() { b.must(b.srv.DeleteColumn(b.id, tab, 2)) }
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
