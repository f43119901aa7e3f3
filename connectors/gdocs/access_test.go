package gdocs

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/lockstep-sync/lockstep/connectors/google"
	"github.com/lockstep-sync/lockstep/connectors/transport"
	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// Idle, one request; k changed cells, one read and one write beside the pull. Where it is to suggest, marks cost one of each more.
func TestCosts(t *testing.T) {
	t.Parallel()
	for _, suggest := range []bool{false, true} {
		p := newPlan(t, []string{"A", "", "", "", "x"}, []string{"B", "", "", "", "x"}, []string{"C", "", "", "", "x"})
		p.cfg.Suggest = suggest
		c := p.connect()
		records := p.adopt(c)
		p.reads, p.writes = 0, 0
		p.pull(c)
		if p.reads != 1 || p.writes != 0 {
			t.Errorf("suggest %v: an idle cycle costs %d reads and %d writes", suggest, p.reads, p.writes)
		}
		var patches []task.Patch
		for _, r := range records {
			patches = append(patches, task.Patch{Op: task.Update, Task: r.Marker, Ref: r.Ref, Set: []task.Change{
				{Field: task.Notes, From: r.Values[task.Notes], To: task.TextValue("new")}, {Field: task.Due, From: r.Values[task.Due], To: day("2026-05-04")},
			}})
		}
		for _, got := range c.Apply(t.Context(), patches) {
			if got.Err != nil {
				t.Error(got.Err)
			}
		}
		if p.reads != 2 || p.writes != 1 {
			t.Errorf("suggest %v: six changed cells cost %d reads and %d writes with the pull", suggest, p.reads, p.writes)
		}
		// What is true already is not written.
		for _, got := range c.Apply(t.Context(), patches) {
			if got.Err != nil {
				t.Error(got.Err)
			}
		}
		if p.writes != 1 {
			t.Errorf("suggest %v: what was true already was written", suggest)
		}
	}
}

// A document that is shared for reading is read, and nothing is written; once it is shared for editing, it is read again with what
// is suggested in it, for places are others then.
func TestSharedForReadingAndThenForEditing(t *testing.T) {
	t.Parallel()
	p := newPlan(t, []string{"Dig a well", "", "", "", "old"})
	p.must(p.srv.TypeInTable(p.id, 0, 1, 1, "somebody of a long name", true))
	p.must(p.srv.ReadOnly(p.id))
	c := p.connect()
	for range 2 {
		snap := p.pull(c)
		d := c.Describe()
		if len(snap.Records) != 1 || len(snap.Held) != 1 || snap.Held[0].Reason != task.HoldNoAccess || d.CanCreate || !d.Markless || d.Writes(task.Notes) {
			t.Fatalf("read only: %+v, %+v", snap, d)
		}
	}
	if p.reads != 3 {
		t.Errorf("two pulls cost %d reads, and what we may see was known after two", p.reads)
	}
	p.must(p.srv.Share(p.id))
	r := p.adopt(c)[0]
	if d := c.Describe(); !d.CanCreate || d.Markless || !d.Writes(task.Notes) {
		t.Errorf("shared for editing: %+v", d)
	}
	if got := p.set(c, r, task.Notes, task.TextValue("new")); got.Err != nil || p.shows(1, 4) != "new" {
		t.Errorf("%v; the cell shows %q", got.Err, p.shows(1, 4))
	}
	if row := p.srv.DocumentRows(p.id, 0)[1]; row.Then[1] != "somebody of a long name" || row.Now[0] != "Dig a well" {
		t.Errorf("what others suggest was spoiled: %+v", row)
	}
}

// A document that is gone or not shared any more is no removal of its rows.
func TestGoneDocuments(t *testing.T) {
	t.Parallel()
	for name, do := range map[string]func(p *actionPlan){
		"not shared": func(p *actionPlan) { p.must(p.srv.Unshare(p.id)) },
		"deleted":    func(p *actionPlan) { p.must(p.srv.Delete(p.id)) },
	} {
		p := newPlan(t, []string{"Dig a well"})
		c := p.connect()
		p.adopt(c)
		do(p)
		_, err := c.Pull(t.Context(), "")
		f := fault.Of(err)
		if err == nil || f.Kind != fault.Permanent || f.Reason != fault.Auth && f.Reason != fault.NotFound || !strings.Contains(f.Hint, "share the document") {
			t.Errorf("%s: %v, hint %q", name, err, f.Hint)
		}
		if got, err := c.Confirm(t.Context(), []string{"CW-1"}); err == nil {
			t.Errorf("%s: it is confirmed as %v", name, got)
		}
	}
}

// People edit between our reading and our writing, again and again: nothing is written for a document that is not the one that was
// read, and after three tries the next cycle takes over.
func TestEditedMeanwhile(t *testing.T) {
	t.Parallel()
	for _, often := range []int{1, 2, 9} {
		p := newPlan(t, []string{"Dig a well 😀", "", "", "", "old"})
		c := p.connect()
		r := p.adopt(c)[0]
		p.reads, p.writes = 0, 0
		p.before = func(req *http.Request) *http.Response {
			if req.Method == http.MethodPost && p.writes <= often {
				p.must(p.srv.EditDocument(p.id, false, `{"insertText":{"location":{"index":1},"text":"More. 🌍\n"}}`))
			}
			return nil
		}
		got := p.set(c, r, task.Notes, task.TextValue("new"))
		switch {
		case often < 3 && (got.Err != nil || p.shows(1, 4) != "new" || p.writes != often+1):
			t.Errorf("edited %d times meanwhile: %v after %d writes; the cell shows %q", often, got.Err, p.writes, p.shows(1, 4))
		case often > 3 && (!fault.HasReason(got.Err, fault.Precondition) || got.Uncertain || p.shows(1, 4) != "old" || p.writes != 3):
			t.Errorf("edited without end: %+v after %d writes; the cell shows %q", got, p.writes, p.shows(1, 4))
		}
	}
}

// A write whose answer is lost is looked for, and nothing is there twice.
func TestLostAnswer(t *testing.T) {
	t.Parallel()
	p := newPlan(t, []string{"Dig a well"})
	c := p.connect()
	p.pull(c)
	create := []task.Patch{{Op: task.Create, Task: "CW-9", Set: []task.Change{{Field: task.Title, To: task.TextValue("Lay a pipe")}}}}
	p.before = func(req *http.Request) *http.Response {
		if req.Method != http.MethodPost {
			return nil
		}
		p.before = nil
		if _, err := p.RoundTrip(req); err != nil {
			t.Error(err)
		}
		return &http.Response{StatusCode: http.StatusGatewayTimeout, Body: http.NoBody, Request: req, Header: http.Header{}}
	}
	if got := c.Apply(t.Context(), create)[0]; got.Err == nil || !got.Uncertain {
		t.Fatalf("%+v", got)
	}
	p.pull(c)
	if got := c.Apply(t.Context(), create)[0]; got.Err != nil || got.Record == nil || got.Record.Marker != "CW-9" {
		t.Errorf("%+v", got)
	}
	if rows := p.srv.DocumentTable(p.id, 0); len(rows) != 3 {
		t.Errorf("the table is %q", rows)
	}
}

// A document in the bin still answers; Drive says where it lies, and is asked once in ten minutes, or each time while it lies there.
func TestADocumentInTheBin(t *testing.T) {
	t.Parallel()
	p := newPlan(t, []string{"Dig a well"})
	now := time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)
	drive, err := google.NewDrive(t.Context(), google.Credentials{Endpoint: "http://docs.test"}, transport.Options{Retries: -1, Base: p})
	p.must(err)
	p.o.Drive, p.o.Now = drive, func() time.Time { return now }
	c := p.connect()
	p.adopt(c)
	p.reads = 0
	for range 9 {
		p.pull(c)
		now = now.Add(time.Minute)
	}
	if p.reads != 9 {
		t.Errorf("nine pulls in nine minutes cost %d requests", p.reads)
	}
	p.must(p.srv.Trash(p.id))
	now = now.Add(2 * time.Minute)
	for range 2 {
		if _, err := c.Pull(t.Context(), ""); !fault.HasReason(err, fault.NotFound) || !strings.Contains(fault.Of(err).Hint, "Restore") {
			t.Errorf("in the bin: %v", err)
		}
	}
	p.must(p.srv.Share(p.id)) // it is as it was
	p.pull(c)
}
