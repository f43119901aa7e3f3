package gdocs

import (
	"fmt"
	"go/build"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lockstep-sync/lockstep/connectors"
	"github.com/lockstep-sync/lockstep/connectors/cells"
	"github.com/lockstep-sync/lockstep/connectors/connectortest"
	"github.com/lockstep-sync/lockstep/connectors/google"
	"github.com/lockstep-sync/lockstep/connectors/sandbox/dials"
	sandbox "github.com/lockstep-sync/lockstep/connectors/sandbox/google"
	"github.com/lockstep-sync/lockstep/connectors/sandbox/google/discoverycheck"
	"github.com/lockstep-sync/lockstep/connectors/transport"
	"github.com/lockstep-sync/lockstep/sync/task"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	fields := []task.Field{
		task.Title, task.Status, task.Assignee, task.Due, task.Start, task.Priority, task.Progress, task.Workstream, task.Labels,
		task.QuickWin, task.Notes,
	}
	lossy := map[task.Field][]task.Value{
		task.Notes:  {task.TextValue("a\x00b\x1bc"), task.TextValue("private \uE907 sign")},
		task.Labels: {task.SetValue("one, two", "three")},
	}
	connectortest.Run(t, connectortest.Features{
		Creates: true, Provisional: true, Fields: fields, Lossy: lossy, Worlds: 12, Many: 40,
		Cost: func(int) (reads, writes int) { return 1, 1 },
	}, func(t *testing.T) connectortest.Harness { t.Helper(); return newDesk(t, fields) })
}

// desk is a person at a sandbox document. Each row bears a tag in a column of its own, by which it is known here.
type desk struct {
	t       *testing.T
	srv     *sandbox.Server
	web     *httptest.Server
	checked http.RoundTripper // holds what is sent and answered against Google's own description of the API
	id      string
	fields  []task.Field
	cfg     Config
	tags    int
	hangs   atomic.Bool
}

// RoundTrip carries a request, or keeps it until its sender gives up.
func (d *desk) RoundTrip(r *http.Request) (*http.Response, error) {
	if d.hangs.Load() {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	return d.checked.RoundTrip(r)
}

// serve runs a sandbox, and gives the way to it that checks each request and answer.
func serve(t *testing.T, srv *sandbox.Server) (*httptest.Server, http.RoundTripper) {
	t.Helper()
	web := httptest.NewServer(srv)
	checker, err := discovery()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		srv.Close()
		web.Close()
		for _, v := range checker.Violations() {
			t.Errorf("against Google's own document (in this test or one beside it): %s", v)
		}
	})
	return web, checker.Wrap(http.DefaultTransport)
}

// discovery reads Google's description of the API once: it is long.
var discovery = sync.OnceValues(func() (*discoverycheck.Checker, error) {
	p, err := build.Import("google.golang.org/api/docs/v1", ".", build.FindOnly)
	if err != nil {
		return nil, fmt.Errorf("find the module google.golang.org/api: %w", err)
	}
	return discoverycheck.New(filepath.Join(p.Dir, "docs-api.json"))
})

const (
	theTable = 1 // there is another one before it
	tagCol   = 0
	keepCol  = 1 // a column that is nobody's business
	firstOwn = 2
)

func newDesk(t *testing.T, fields []task.Field) *desk {
	t.Helper()
	d := &desk{t: t, srv: sandbox.New(sandbox.Options{}), fields: fields}
	d.web, d.checked = serve(t, d.srv)
	d.id = d.srv.AddDocument("Plan 😀", "Our plan of the year 🌍", "")
	header := []string{"Tag", "Remarks of ours"}
	d.cfg = Config{
		Document: d.id, Table: "Action tracker", Columns: map[string]string{}, Create: true,
		Partners: []cells.Partner{{ID: "aquafund", Name: "AquaFund"}, {ID: "riverton", Name: "City of Riverton"}},
	}
	for _, f := range fields {
		d.cfg.Columns[f.String()] = "Our " + f.Display()
		header = append(header, "Our "+f.Display())
	}
	d.must(d.srv.AddTable(d.id, "Budget", []string{"Our Title", "Cost"}, []string{"do not touch", "7"}))
	d.must(d.srv.AddTable(d.id, "Action tracker", header))
	d.must(d.srv.AddTable(d.id, "Notes", []string{"x"}, []string{"neither this"}))
	return d
}

func (d *desk) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) rows() [][]string { return d.srv.DocumentTable(d.id, theTable) }

func (d *desk) Connector(t connectortest.T) connectors.Connector {
	t.Helper()
	svc, err := NewService(t.Context(), google.Credentials{Endpoint: d.web.URL}, transport.Options{
		Retries: -1, InlineWait: time.Millisecond, Timeout: 3 * time.Second, Base: d,
	})
	if err != nil {
		t.Fatalf("%v", err)
	}
	c, err := New(d.cfg, svc, Options{Source: "doc", KeyPrefix: "CW"})
	if err != nil {
		t.Fatalf("%v", err)
	}
	return c
}

func (d *desk) Add(t connectortest.T, v task.Values) string {
	t.Helper()
	d.tags++
	name := fmt.Sprintf("tag-%d", d.tags)
	row := []string{name, "keep " + name}
	for _, f := range d.fields {
		x := ""
		if !v[f].IsNone() {
			x = v[f].Display()
		}
		row = append(row, x)
	}
	d.must(d.srv.AddTableRow(d.id, theTable, len(d.rows())-1, false, row...))
	return name
}

func (d *desk) find(t connectortest.T, name string) int {
	t.Helper()
	for i, row := range d.rows() {
		if row[tagCol] == name {
			return i
		}
	}
	t.Fatalf("there is no row %s", name)
	return 0
}

func (d *desk) at(f task.Field) int { return firstOwn + slices.Index(d.fields, f) }

func (d *desk) Edit(t connectortest.T, name string, f task.Field, v task.Value) {
	t.Helper()
	d.Type(t, name, f, v.Display())
}

func (d *desk) Type(t connectortest.T, name string, f task.Field, raw string) {
	t.Helper()
	d.must(d.srv.TypeInTable(d.id, theTable, d.find(t, name), d.at(f), strings.ReplaceAll(raw, "\r\n", "\n"), false))
}

func (d *desk) Garble(t connectortest.T, name string, f task.Field) (string, bool) {
	t.Helper()
	switch f.Kind() {
	case task.Text, task.Person, task.Set:
		return "", false
	default:
	}
	d.Type(t, name, f, "next week-ish")
	return "next week-ish", true
}

func (d *desk) Delete(t connectortest.T, name string) {
	t.Helper()
	d.must(d.srv.DeleteTableRow(d.id, theTable, d.find(t, name), false))
}

func (d *desk) Names(t connectortest.T) []string {
	t.Helper()
	var names []string
	for i, row := range d.rows() {
		if i == 0 {
			continue
		}
		if row[tagCol] == "" { // a row of the connector's
			d.tags++
			row[tagCol] = fmt.Sprintf("tag-%d", d.tags)
			d.must(d.srv.TypeInTable(d.id, theTable, i, tagCol, row[tagCol], false))
		}
		names = append(names, row[tagCol])
	}
	return names
}

func (d *desk) Show(t connectortest.T, name string) task.Values {
	t.Helper()
	row := d.rows()[d.find(t, name)]
	var v task.Values
	for _, f := range d.fields {
		v[f] = shown(t, f, row[d.at(f)])
	}
	return v
}

// shown reads a cell on its own, for the connector's reading is what is tested.
func shown(t connectortest.T, f task.Field, s string) task.Value {
	t.Helper()
	if strings.TrimSpace(s) == "" {
		return task.Empty(f.Kind())
	}
	switch f.Kind() {
	case task.Enum:
		for _, x := range task.Statuses() {
			if task.StatusDisplay(x) == s {
				return task.EnumValue(x)
			}
		}
		return task.UnreadableValue(s)
	case task.Person:
		return task.PersonValue(s)
	case task.Set:
		return task.SetValue(strings.Split(s, ",")...)
	case task.Text:
		return task.TextValue(s)
	case task.Bool:
		if s == "yes" || s == "no" {
			return task.BoolValue(s == "yes")
		}
		return task.UnreadableValue(s)
	case task.Number:
		if digits, ok := strings.CutSuffix(s, "%"); ok {
			var n float64
			if _, err := fmt.Sscan(digits, &n); err == nil {
				v, _ := task.NumberValue(n / 100)
				return v
			}
		}
	default:
	}
	v, err := task.Parse(f.Kind(), s)
	if err != nil {
		return task.UnreadableValue(s)
	}
	return v
}

func (d *desk) Untouched(connectortest.T) string {
	var out []string
	for _, i := range []int{0, 2} {
		out = append(out, fmt.Sprint(d.srv.DocumentTable(d.id, i)))
	}
	out = append(out, fmt.Sprint(d.rows()[0]))
	var own []string
	for _, row := range d.rows()[1:] {
		if row[keepCol] != "" {
			own = append(own, row[keepCol])
		}
	}
	slices.Sort(own)
	return strings.Join(append(out, own...), "\n")
}

func (d *desk) Requests(connectortest.T) (reads, writes int, ok bool) {
	for _, r := range d.srv.Panel().Requests() {
		if r.Method == http.MethodGet {
			reads++
		} else {
			writes++
		}
	}
	return reads, writes, true
}

func (d *desk) Break(_ connectortest.T, f connectortest.Fault) func() {
	fault := dials.Fault{Times: -1}
	switch f {
	case connectortest.Unavailable:
		fault.Effect, fault.Status = dials.Reply, http.StatusServiceUnavailable
		fault.Body = `{"error":{"code":503,"message":"The service is currently unavailable.","status":"UNAVAILABLE"}}`
	case connectortest.LostAnswer:
		fault.Effect, fault.Path = dials.CutAfter, ":batchUpdate"
	case connectortest.LostRequest:
		fault.Effect, fault.Path = dials.CutBefore, ":batchUpdate"
	case connectortest.RateLimited:
		fault.Effect, fault.Status = dials.Reply, http.StatusTooManyRequests
		fault.Body = `{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","message":"Quota exceeded for quota metric 'Read requests' and ` +
			`limit 'Read requests per minute per user' of service 'docs.googleapis.com' for consumer 'project_number:1'."}}`
	case connectortest.Unauthorized:
		fault.Effect, fault.Status = dials.Reply, http.StatusUnauthorized
		fault.Body = `{"error":{"code":401,"message":"Request had invalid authentication credentials.","status":"UNAUTHENTICATED"}}`
	case connectortest.Hang:
		d.hangs.Store(true)
		return func() { d.hangs.Store(false) }
	default:
		return nil
	}
	d.srv.Panel().Inject(fault)
	return d.srv.Panel().Clear
}
