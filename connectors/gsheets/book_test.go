package gsheets

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lockstep-sync/lockstep/connectors/google"
	sandbox "github.com/lockstep-sync/lockstep/connectors/sandbox/google"
	"github.com/lockstep-sync/lockstep/connectors/transport"
	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// book is a spreadsheet with one connected tab.
type book struct {
	*testing.T
	srv     *sandbox.Server
	web     *httptest.Server
	checked http.RoundTripper
	id      string
	c       *Connector
}

// noon is the clock of these tests: a quarter of a minute before the next.
func noon() time.Time { return time.Date(2026, 3, 14, 12, 0, 45, 0, time.UTC) }

// open makes a spreadsheet whose tab holds the lines, cells separated by |, as a person types them.
func open(t *testing.T, cfg Config, lines ...string) *book {
	t.Helper()
	b := &book{T: t, srv: sandbox.New(sandbox.Options{Now: noon})}
	b.web, b.checked = serve(t, b.srv)
	b.id = b.srv.AddSpreadsheet("Plan", tab)
	for _, line := range lines {
		b.add(strings.Split(line, "|")...)
	}
	cfg.Spreadsheet, cfg.Tab = b.id, tab
	if cfg.Partners == nil {
		cfg.Partners = []Partner{{ID: "aquafund", Name: "AquaFund", Aliases: []string{"Aqua Fund"}}, {ID: "riverton", Name: "City of Riverton"}}
	}
	cfg.People = []Person{{Name: "Amina Diallo", Email: "amina@aquafund.org", Aliases: []string{"A. Diallo"}}}
	b.connect(cfg)
	return b
}

func (b *book) connect(cfg Config) {
	b.Helper()
	svc, err := NewService(b.Context(), google.Credentials{Endpoint: b.web.URL}, transport.Options{
		Source: "sheet", Retries: -1, Timeout: 30 * time.Second, Base: b.checked,
	})
	if err != nil {
		b.Fatal(err)
	}
	if b.c, err = New(cfg, svc, Options{Source: "sheet", KeyPrefix: "CW", Now: noon}); err != nil {
		b.Fatal(err)
	}
}

func columns(pairs ...string) Config {
	cfg := Config{Create: true, Columns: map[string]string{}}
	for i := 0; i < len(pairs); i += 2 {
		cfg.Columns[pairs[i]] = pairs[i+1]
	}
	return cfg
}

func (b *book) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

func (b *book) add(cells ...string) {
	b.Helper()
	_, err := b.srv.AddRow(b.id, tab, cells...)
	b.must(err)
}

func (b *book) typed(a1, s string) { b.Helper(); b.must(b.srv.Type(b.id, tab, a1, s)) }

func (b *book) pull() task.Snapshot {
	b.Helper()
	snap, err := b.c.Pull(b.Context(), "")
	b.must(err)
	return snap
}

// titled is the record of that title.
func (b *book) titled(snap task.Snapshot, title string) task.Record {
	b.Helper()
	for _, r := range snap.Records {
		if r.Values[task.Title].String() == title {
			return r
		}
	}
	b.Fatalf("no record is titled %q", title)
	return task.Record{}
}

// adopt gives ids to all rows: CW-1 to the first.
func (b *book) adopt() task.Snapshot {
	b.Helper()
	var patches []task.Patch
	for i, r := range b.pull().Records {
		patches = append(patches, task.Patch{Op: task.Adopt, Task: cw(i + 1), Ref: r.Ref, Expect: r.Values})
	}
	b.landed(patches...)
	return b.pull()
}

func cw(n int) task.ID { return task.ID("CW-" + rowNumber(n-1)) }

func (b *book) landed(patches ...task.Patch) []task.Receipt {
	b.Helper()
	rs := b.c.Apply(b.Context(), patches)
	for i, r := range rs {
		if r.Err != nil {
			b.Fatalf("patch %d: %v", i+1, r.Err)
		}
	}
	return rs
}

func setting(r task.Record, f task.Field, to task.Value) task.Patch {
	return task.Patch{
		Op: task.Update, Task: r.Marker, Ref: r.Ref, Name: r.Name, Set: []task.Change{{Field: f, From: r.Values[f], To: to}},
	}
}

func creating(id task.ID, v task.Values) task.Patch {
	p := task.Patch{Op: task.Create, Task: id}
	for i, x := range v {
		if !x.IsEmpty() {
			p.Set = append(p.Set, task.Change{Field: task.Field(i), To: x})
		}
	}
	return p
}

// is checks a cell.
func (b *book) is(a1 string, want any) {
	b.Helper()
	if got := b.srv.Cell(b.id, tab, a1); got != want {
		b.Errorf("%s holds %#v; want %#v", a1, got, want)
	}
}

// asked counts the requests since it was asked last.
func (b *book) asked() (reads, writes int) {
	for _, r := range b.srv.Panel().Requests() {
		if r.Method == http.MethodGet {
			reads++
		} else {
			writes++
		}
	}
	b.srv.Panel().ResetLog()
	return reads, writes
}

func (b *book) faulty(err error, kind fault.Kind, reason fault.Reason, hints ...string) *fault.Error {
	b.Helper()
	if err == nil {
		b.Fatalf("no error; want %s, %s", kind, reason)
	}
	f := fault.Of(err)
	if f.Kind != kind || f.Reason != reason {
		b.Errorf("%v is %s, %s; want %s, %s", err, f.Kind, f.Reason, kind, reason)
	}
	for _, h := range hints {
		if !strings.Contains(f.Hint, h) {
			b.Errorf("the hint is %q; want it to name %q", f.Hint, h)
		}
	}
	return f
}

func date(y int, m time.Month, d int) task.Value {
	return task.DateValue(time.Date(y, m, d, 0, 0, 0, 0, time.UTC))
}

// realData opens a file beside the project, where the real data lies; the test is skipped where it is not.
func realData(t *testing.T, name string) *os.File {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("there is no go.mod above")
		}
		dir = filepath.Dir(dir)
	}
	path := filepath.Join(dir, "..", "shared", "data", filepath.FromSlash(name))
	f, err := os.Open(path)
	if err != nil {
		t.Skipf("the real data is not at hand: %v", err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}
