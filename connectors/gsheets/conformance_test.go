package gsheets

import (
	"fmt"
	"go/build"
	"maps"
	"math"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lockstep-sync/lockstep/connectors"
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
		task.Notes:  {task.TextValue(strings.Repeat("é", maxText+10)), task.TextValue("a\x00b\x1bc")},
		task.Labels: {task.SetValue("one, two", "three")},
	}
	cost := func(int) (reads, writes int) { return 1, 1 }
	t.Run("a partner's sheet", func(t *testing.T) {
		t.Parallel()
		connectortest.Run(t, connectortest.Features{
			Creates: true, Provisional: true, Fields: fields, Lossy: lossy, Worlds: 12, Cost: cost,
		}, func(t *testing.T) connectortest.Harness { t.Helper(); return newDesk(t, fields, false) })
	})
	t.Run("the scorecard", func(t *testing.T) {
		t.Parallel()
		all := task.AllFields()
		connectortest.Run(t, connectortest.Features{
			Creates: true, Removes: true, Board: true, Provisional: true, Fields: all, Lossy: lossy, Worlds: 12, Cost: cost,
		}, func(t *testing.T) connectortest.Harness { t.Helper(); return newDesk(t, all, true) })
	})
}

// desk is a person at a sandbox spreadsheet. Each row bears a tag in a column of its own, by which it is known here.
type desk struct {
	t   *testing.T
	srv *sandbox.Server
	web *httptest.Server
	// checked holds what is sent and answered against Google's own description of the API.
	checked http.RoundTripper
	id      string
	fields  []task.Field
	cfg     Config
	tags    int
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
	p, err := build.Import("google.golang.org/api/sheets/v4", ".", build.FindOnly)
	if err != nil {
		return nil, fmt.Errorf("find the module google.golang.org/api: %w", err)
	}
	return discoverycheck.New(filepath.Join(p.Dir, "sheets-api.json"))
})

const (
	tab       = "Actions"
	tagColumn = 1 // columns and rows are counted from 1 here, as the sandbox does
	keepText  = 2 // a column that is nobody's business
	keepSum   = 3 // and one with a formula
	firstOwn  = 4
)

func newDesk(t *testing.T, fields []task.Field, scorecard bool) *desk {
	t.Helper()
	d := &desk{t: t, srv: sandbox.New(sandbox.Options{}), fields: fields}
	d.web, d.checked = serve(t, d.srv)
	d.id = d.srv.AddSpreadsheet("Plan", tab, "Other")
	for len(d.row(1)) < 3 {
		d.put(1, tagColumn, "Tag")
		d.put(1, keepText, "Remarks of ours")
		d.put(1, keepSum, "Length")
	}
	d.cfg = Config{
		Spreadsheet: d.id, Tab: tab, Scorecard: scorecard, Create: true,
		Partners: []Partner{{ID: "aquafund", Name: "AquaFund"}, {ID: "riverton", Name: "City of Riverton"}},
	}
	if scorecard {
		d.cfg.Fields = fields
	} else {
		d.cfg.Columns = map[string]string{}
	}
	for i, f := range fields {
		header := f.Display()
		if !scorecard {
			header = "Our " + header
			d.cfg.Columns[f.String()] = header
		}
		d.put(1, firstOwn+i, header)
	}
	if err := d.srv.Put(d.id, "Other", "A1", "do not touch"); err != nil {
		t.Fatal(err)
	}
	return d
}

func a1(row, col int) string { return columnName(col-1) + strconv.Itoa(row) }

func (d *desk) put(row, col int, v any) {
	d.t.Helper()
	if err := d.srv.Put(d.id, tab, a1(row, col), v); err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) row(n int) []any {
	rows := d.srv.Rows(d.id, tab)
	if n > len(rows) {
		return nil
	}
	return rows[n-1]
}

func (d *desk) Connector(t connectortest.T) connectors.Connector {
	t.Helper()
	svc, err := NewService(t.Context(), google.Credentials{Endpoint: d.web.URL}, transport.Options{
		Retries: -1, InlineWait: time.Millisecond, Timeout: 30 * time.Second, Base: d.checked,
	})
	if err != nil {
		t.Fatalf("%v", err)
	}
	c, err := New(d.cfg, svc, Options{Source: "sheet", KeyPrefix: "CW"})
	if err != nil {
		t.Fatalf("%v", err)
	}
	return c
}

func (d *desk) Add(t connectortest.T, v task.Values) string {
	t.Helper()
	at := len(d.srv.Rows(d.id, tab)) + 1
	name := d.tag(at)
	d.own(at, keepText, "keep "+name)
	if err := d.srv.Type(d.id, tab, a1(at, keepSum), "=COUNTA("+a1(at, keepText)+")"); err != nil {
		t.Fatalf("%v", err)
	}
	for f, x := range v {
		if field := task.Field(f); !x.IsNone() && slices.Contains(d.fields, field) {
			d.Edit(t, name, field, x)
		}
	}
	return name
}

func (d *desk) tag(row int) string {
	d.tags++
	name := fmt.Sprintf("tag-%d", d.tags)
	d.own(row, tagColumn, name)
	return name
}

// own fills a cell that is none of Lockstep's. On the scorecard it is a formula: a row in which people typed something of
// their own is not removed, which has a test of its own.
func (d *desk) own(row, col int, text string) {
	d.t.Helper()
	if !d.cfg.Scorecard {
		d.put(row, col, text)
		return
	}
	if err := d.srv.Type(d.id, tab, a1(row, col), `="`+text+`"`); err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) find(t connectortest.T, name string) int {
	t.Helper()
	for i, row := range d.srv.Rows(d.id, tab) {
		if i > 0 && len(row) > 0 && row[0] == name {
			return i + 1
		}
	}
	t.Fatalf("there is no row %s", name)
	return 0
}

func (d *desk) at(f task.Field) int { return firstOwn + slices.Index(d.fields, f) }

func (d *desk) Edit(t connectortest.T, name string, f task.Field, v task.Value) {
	t.Helper()
	row, col := d.find(t, name), d.at(f)
	var typed any
	switch {
	case v.IsEmpty():
	case f == task.Partner && v.String() == "riverton":
		typed = "City of Riverton"
	case f == task.Partner:
		typed = "aquafund" // as a person may write it
	case f.Kind() == task.Date:
		typed, _ = v.Time()
	case f.Kind() == task.Number:
		typed, _ = v.Float()
	case f.Kind() == task.Bool:
		typed, _ = v.Bool()
	default:
		typed = v.Display()
	}
	d.put(row, col, typed)
}

func (d *desk) Type(t connectortest.T, name string, f task.Field, raw string) {
	t.Helper()
	d.put(d.find(t, name), d.at(f), raw)
}

func (d *desk) Garble(t connectortest.T, name string, f task.Field) (string, bool) {
	t.Helper()
	switch f.Kind() {
	case task.Text, task.Person, task.Set:
		return "", false
	default:
	}
	d.put(d.find(t, name), d.at(f), "next week-ish")
	return "next week-ish", true
}

func (d *desk) Delete(t connectortest.T, name string) {
	t.Helper()
	if err := d.srv.DeleteRow(d.id, tab, d.find(t, name)); err != nil {
		t.Fatalf("%v", err)
	}
}

func (d *desk) Copy(t connectortest.T, name string) string {
	t.Helper()
	from := d.row(d.find(t, name))
	at := len(d.srv.Rows(d.id, tab)) + 1
	for i, v := range from {
		if i+1 != keepSum {
			d.put(at, i+1, v)
		}
	}
	return d.tag(at)
}

func (d *desk) Permute(t connectortest.T) {
	t.Helper()
	last := len(d.srv.Rows(d.id, tab))
	for at := 2; at < last; at++ {
		if err := d.srv.MoveRow(d.id, tab, last, at); err != nil {
			t.Fatalf("%v", err)
		}
	}
}

func (d *desk) Names(t connectortest.T) []string {
	t.Helper()
	var names []string
	for i, row := range d.srv.Rows(d.id, tab) {
		switch {
		case i == 0 || len(row) == 0:
		case row[0] != nil:
			names = append(names, fmt.Sprint(row[0]))
		default:
			names = append(names, d.tag(i+1)) // a row of the connector's
		}
	}
	return names
}

func (d *desk) Show(t connectortest.T, name string) task.Values {
	t.Helper()
	row := d.row(d.find(t, name))
	var v task.Values
	for _, f := range d.fields {
		var x any
		if at := d.at(f) - 1; at < len(row) {
			x = row[at]
		}
		v[f] = shown(t, f, x)
	}
	return v
}

// shown reads a cell on its own, for the connector's reading is what is tested.
func shown(t connectortest.T, f task.Field, x any) task.Value {
	t.Helper()
	switch x := x.(type) {
	case nil:
		return task.Empty(f.Kind())
	case bool:
		return task.BoolValue(x)
	case float64:
		if f.Kind() == task.Date {
			return task.DateValue(time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC).AddDate(0, 0, int(math.Floor(x))))
		}
		v, err := task.NumberValue(x)
		if err != nil {
			t.Fatalf("%v", err)
		}
		return v
	case string:
		switch f.Kind() {
		case task.Enum:
			words := map[string]string{"AquaFund": "aquafund", "aquafund": "aquafund", "City of Riverton": "riverton"}
			for _, s := range task.Statuses() {
				words[task.StatusDisplay(s)] = s
			}
			if w, ok := words[x]; ok {
				return task.EnumValue(w)
			}
			return task.UnreadableValue(x)
		case task.Person:
			return task.PersonValue(x)
		case task.Set:
			return task.SetValue(strings.Split(x, ",")...)
		case task.Text:
			return task.TextValue(x)
		default:
			return task.UnreadableValue(x)
		}
	}
	t.Fatalf("a cell holds a %T", x)
	return task.Value{}
}

func (d *desk) Untouched(connectortest.T) string {
	tabs := slices.DeleteFunc(d.srv.Tabs(d.id), func(t string) bool { return strings.HasPrefix(t, "Lockstep ") }) // the journal, and the pages
	lines := map[string]string{"": fmt.Sprint(d.row(1)[:firstOwn-1+len(d.fields)], d.srv.Rows(d.id, "Other"), tabs)}
	for _, row := range d.srv.Rows(d.id, tab) {
		if len(row) > 2 && row[1] != nil {
			lines[fmt.Sprint(row[0])] = fmt.Sprint(row[1:3])
		}
	}
	var out []string
	for _, k := range slices.Sorted(maps.Keys(lines)) {
		out = append(out, k+": "+lines[k])
	}
	return strings.Join(out, "\n")
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
		fault.Effect, fault.Status, fault.Body = dials.Reply, http.StatusTooManyRequests, quotaBody
	case connectortest.Unauthorized:
		fault.Effect, fault.Status = dials.Reply, http.StatusUnauthorized
		fault.Body = `{"error":{"code":401,"message":"Request had invalid authentication credentials.","status":"UNAUTHENTICATED"}}`
	case connectortest.Hang:
		fault.Effect = dials.HangAfter
	default:
		return nil
	}
	d.srv.Panel().Inject(fault)
	return d.srv.Panel().Clear
}

const quotaBody = `{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","message":"Quota exceeded for quota metric 'Read requests' and ` +
	`limit 'Read requests per minute per user' of service 'sheets.googleapis.com' for consumer 'project_number:1'.",` +
	`"details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"RATE_LIMIT_EXCEEDED","domain":"googleapis.com"}]}}`
