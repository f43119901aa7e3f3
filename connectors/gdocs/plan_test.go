package gdocs

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"strings"
	"testing"
	"time"

	"google.golang.org/api/docs/v1"

	"github.com/lockstep-sync/lockstep/connectors/cells"
	"github.com/lockstep-sync/lockstep/connectors/google"
	sandbox "github.com/lockstep-sync/lockstep/connectors/sandbox/google"
	"github.com/lockstep-sync/lockstep/connectors/transport"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// plan is a document with a table of actions, and a connector to it, in one process. Table 0 is the actions.
type actionPlan struct {
	t      testing.TB
	srv    *sandbox.Server
	id     string
	cfg    Config
	svc    *docs.Service
	o      Options
	reads  int
	writes int
	// before is called before each request; it may act, or answer itself.
	before func(r *http.Request) *http.Response
}

// header is the table's header row.
var header = []string{"Action", "Who", "When", "State", "Notes"}

func newPlan(tb testing.TB, rows ...[]string) *actionPlan {
	tb.Helper()
	p := &actionPlan{t: tb, srv: sandbox.New(sandbox.Options{})}
	tb.Cleanup(p.srv.Close)
	p.id = p.srv.AddDocument("Plan", "Our plan 🌍")
	p.must(p.srv.AddTable(p.id, "Action tracker", append([][]string{header}, rows...)...))
	p.cfg = Config{
		Document: p.id, Table: "Action tracker", Create: true,
		Columns: map[string]string{"title": "Action", "assignee": "Who", "due": "When", "status": "State", "notes": "Notes"},
		People:  []cells.Person{{Name: "Amina Diallo", Email: "amina@aquafund.org"}, {Name: "Joseph Mwangi", Email: "joseph@riverton.gov"}},
	}
	svc, err := NewService(tb.Context(), google.Credentials{Endpoint: "http://docs.test"}, transport.Options{Retries: -1, InlineWait: time.Nanosecond, Base: p})
	p.must(err)
	p.svc, p.o = svc, Options{Source: "doc", KeyPrefix: "CW"}
	return p
}

func (p *actionPlan) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

// RoundTrip is the way to the sandbox.
func (p *actionPlan) RoundTrip(r *http.Request) (*http.Response, error) {
	if trace := httptrace.ContextClientTrace(r.Context()); trace != nil && trace.WroteRequest != nil {
		trace.WroteRequest(httptrace.WroteRequestInfo{})
	}
	if r.Method == http.MethodGet {
		p.reads++
	} else {
		p.writes++
	}
	if p.before != nil {
		if resp := p.before(r); resp != nil {
			return resp, nil
		}
	}
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
		_ = r.Body.Close()
	}
	in := httptest.NewRequestWithContext(r.Context(), r.Method, r.URL.String(), bytes.NewReader(body))
	in.Header = r.Header
	rec := httptest.NewRecorder()
	p.srv.ServeHTTP(rec, in)
	resp := rec.Result()
	resp.Request = r
	return resp, nil
}

func (p *actionPlan) connect() *Connector {
	p.t.Helper()
	c, err := New(p.cfg, p.svc, p.o)
	p.must(err)
	return c
}

// pull reads the table; it must go well.
func (p *actionPlan) pull(c *Connector) task.Snapshot {
	p.t.Helper()
	snap, err := c.Pull(p.t.Context(), "")
	p.must(err)
	return snap
}

// adopt marks the rows as CW-1, CW-2, … and reads them again.
func (p *actionPlan) adopt(c *Connector) []task.Record {
	p.t.Helper()
	var patches []task.Patch
	for i, r := range p.pull(c).Records {
		patches = append(patches, task.Patch{Op: task.Adopt, Task: task.ID(fmt.Sprintf("CW-%d", i+1)), Ref: r.Ref, Expect: r.Values})
	}
	for i, r := range c.Apply(p.t.Context(), patches) {
		if r.Err != nil {
			p.t.Fatalf("adopt row %d: %v", i+1, r.Err)
		}
	}
	return p.pull(c).Records
}

// set writes a field of a row, and gives the receipt.
func (p *actionPlan) set(c *Connector, r task.Record, f task.Field, v task.Value) task.Receipt {
	p.t.Helper()
	id := r.Marker
	if id == "" {
		p.t.Fatalf("%s has no mark", r.Name)
	}
	return c.Apply(p.t.Context(), []task.Patch{{
		Op: task.Update, Task: id, Ref: r.Ref, Set: []task.Change{{Field: f, From: r.Values[f], To: v}},
	}})[0]
}

// edit does requests as a person does. {cell R C} stands for where the content of a cell of the table begins, {end R C} for the
// newline that ends it, {table} for where the table begins.
func (p *actionPlan) edit(suggest bool, requests ...string) {
	p.t.Helper()
	for _, r := range requests {
		p.must(p.srv.EditDocument(p.id, suggest, p.places(r)))
	}
}

func (p *actionPlan) places(s string) string {
	e := p.table()
	for {
		i := strings.Index(s, "{cell ")
		if i < 0 {
			i = strings.Index(s, "{end ")
		}
		if i < 0 {
			return strings.ReplaceAll(s, "{table}", fmt.Sprint(e.StartIndex))
		}
		to := i + strings.Index(s[i:], "}")
		var row, col, plus int
		what := s[i+1 : to]
		n, err := fmt.Sscanf(what[strings.Index(what, " ")+1:], "%d %d %d", &row, &col, &plus)
		if n < 2 {
			p.t.Fatalf("%s: %v", what, err)
		}
		c := e.Table.TableRows[row].TableCells[col]
		at := c.StartIndex + 1
		if strings.HasPrefix(what, "end") {
			at = c.EndIndex - 1
		}
		s = s[:i] + fmt.Sprint(at+int64(plus)) + s[to+1:]
	}
}

// document asks for the document with everything in it.
func (p *actionPlan) document() *docs.Document {
	p.t.Helper()
	d, err := p.svc.Documents.Get(p.id).IncludeTabsContent(true).CommentsViewMode("COMMENTS_VIEW_MODE_INCLUDED").
		SuggestionsViewMode("SUGGESTIONS_INLINE").Context(p.t.Context()).Do()
	p.must(err)
	return d
}

// table is the table's element.
func (p *actionPlan) table() *docs.StructuralElement {
	p.t.Helper()
	for _, e := range p.document().Tabs[0].DocumentTab.Body.Content {
		if e.Table != nil {
			return e
		}
	}
	p.t.Fatal("there is no table")
	return nil
}

// shows is what a person reads in a cell.
func (p *actionPlan) shows(row, col int) string { return p.srv.DocumentTable(p.id, 0)[row][col] }

// runs are a cell's runs in short: the text, and in brackets what there is about it.
func (p *actionPlan) runs(row, col int) string {
	p.t.Helper()
	var b strings.Builder
	for _, e := range p.table().Table.TableRows[row].TableCells[col].Content {
		if e.Paragraph == nil {
			b.WriteString("[other]")
			continue
		}
		if e.Paragraph.Bullet != nil {
			b.WriteString("• ")
		}
		for _, x := range e.Paragraph.Elements {
			switch {
			case x.TextRun != nil:
				s := x.TextRun.TextStyle
				text := strings.TrimSuffix(x.TextRun.Content, "\n")
				switch {
				case text == "":
				case s != nil && s.Bold:
					text = "[bold " + text + "]"
				case s != nil && s.Link != nil:
					text = "[link " + text + "]"
				}
				b.WriteString(text)
				if strings.HasSuffix(x.TextRun.Content, "\n") {
					b.WriteString("|")
				}
			case x.Person != nil:
				b.WriteString("[person " + x.Person.PersonProperties.Email + "]")
			case x.DateElement != nil:
				q := x.DateElement.DateElementProperties
				b.WriteString("[date " + dayOf(q) + " " + strings.TrimPrefix(q.DateFormat, "DATE_FORMAT_") + "]")
			case x.Dropdown != nil:
				b.WriteString("[dropdown " + x.Dropdown.DropdownProperties.DisplayValue + "]")
			default:
				b.WriteString("[object]")
			}
		}
	}
	return b.String()
}

func day(s string) task.Value {
	at, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return task.DateValue(at)
}
