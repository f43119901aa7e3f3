package jira

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	sandbox "github.com/lockstep-sync/lockstep/connectors/sandbox/jira"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// toll is what something took of a Jira.
type toll struct{ reads, writes int }

func (t toll) sum() int { return t.reads + t.writes }

func (t toll) String() string { return fmt.Sprintf("%d (%d/%d)", t.sum(), t.reads, t.writes) }

// meter serves a Jira without a network, and counts the requests.
type meter struct {
	handler http.Handler
	most    int // issues that a page holds, whatever is asked for; 0 leaves it to the Jira
	took    toll
}

func (m *meter) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
	}
	if m.reads(r) {
		m.took.reads++
	} else {
		m.took.writes++
	}
	if m.most > 0 && strings.HasSuffix(r.URL.Path, "/search/jql") {
		body = m.shorten(body)
	}
	in := r.Clone(r.Context())
	in.Body, in.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	rec := httptest.NewRecorder()
	m.handler.ServeHTTP(rec, in)
	out := rec.Result()
	out.Request = r
	return out, nil
}

// reads tells by the path, for many reads are posted.
func (*meter) reads(r *http.Request) bool {
	if r.Method == http.MethodGet {
		return true
	}
	for _, end := range []string{"/search", "/search/jql", "/issue/bulkfetch", "/comment/list"} {
		if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, end) {
			return true
		}
	}
	return false
}

// shorten has a search of Cloud ask for no more than the most. A Jira may give less than it is asked for at any time.
func (m *meter) shorten(body []byte) []byte {
	var ask map[string]json.RawMessage
	var n int
	if json.Unmarshal(body, &ask) != nil || json.Unmarshal(ask["maxResults"], &n) != nil || n <= m.most {
		return body
	}
	ask["maxResults"] = json.RawMessage(fmt.Sprint(m.most))
	out, err := json.Marshal(ask)
	if err != nil {
		return body
	}
	return out
}

// bigJira is a Jira of many issues, and a connector whose requests are counted.
type bigJira struct {
	tb      testing.TB
	spoken  spoken
	n, page int // issues, and how many a page of whole issues can hold
	srv     *sandbox.Server
	clock   *clock
	meter   *meter
	conn    *Connector
	cursor  string
	records []task.Record // in the order of their keys, as they were seen last
	at      map[string]int
}

// weeks is over how long the issues of a big Jira changed.
const weeks = 27 * 24 * time.Hour

// newBigJira makes n issues that changed last over a while that ended a day ago. Pages of Cloud hold 100 whole issues, or 5,000 of which little is
// asked for; those of Data Center 1,000. With most, none holds more than that, so that few issues fill many pages.
func newBigJira(tb testing.TB, sp spoken, n, most int, while time.Duration) *bigJira {
	tb.Helper()
	s := &bigJira{tb: tb, spoken: sp, n: n, page: 100, at: map[string]int{}, clock: &clock{now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}}
	if sp.flavor == sandbox.DataCenter {
		s.page = 1000
	}
	o := sandbox.Options{Flavor: sp.flavor, Now: s.clock.Now, BulkPolls: 1}
	if most > 0 {
		s.page, o.MaxResults = min(s.page, most), most
	}
	s.srv = sandbox.New(o)
	s.meter = &meter{handler: s.srv, most: most}
	from := s.clock.Now().Add(-24*time.Hour - while)
	for i := range n {
		s.srv.Add(sandbox.Seed{
			Summary: fmt.Sprintf("Lay pipe %d", i), Due: "2026-12-24", Created: from, Updated: from.Add(time.Duration(i) * while / time.Duration(n)),
			Description: strings.Repeat("From the well to the kiosk. ", 5),
		})
	}
	email, token := s.srv.Credentials()
	if sp.flavor == sandbox.DataCenter {
		email = ""
	}
	var err error
	s.conn, err = New(Config{
		URL: "http://jira.example.org", Email: email, Token: token, JQL: "project = " + s.srv.Project(), Create: &Create{Project: s.srv.Project()},
		Status: map[string][]string{"blocked": {"Blocked"}},
		Fields: map[task.Field]string{task.Notes: "description"},
	}, Options{Source: "jira", KeyPrefix: "CW", Now: s.clock.Now, Base: s.meter, Rate: 1_000_000, CloudAPI: sp.api, Wait: noWait})
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// cost is what f takes, and how long.
func (s *bigJira) cost(f func()) (toll, time.Duration) {
	before, begun := s.meter.took, time.Now()
	f()
	return toll{s.meter.took.reads - before.reads, s.meter.took.writes - before.writes}, time.Since(begun)
}

// pull pulls, accounts for what came, and returns how many records did.
func (s *bigJira) pull() int {
	s.tb.Helper()
	s.clock.pass(time.Minute)
	snap, err := s.conn.Pull(s.tb.Context(), s.cursor)
	if err != nil {
		s.tb.Fatal(err)
	}
	if len(snap.Held) > 0 {
		s.tb.Fatalf("held: %+v", snap.Held[0])
	}
	s.cursor = snap.Cursor
	for _, r := range snap.Records {
		s.see(r)
	}
	return len(snap.Records)
}

func (s *bigJira) see(r task.Record) {
	if i, ok := s.at[r.Ref.Key]; ok {
		s.records[i] = r
		return
	}
	s.at[r.Ref.Key] = len(s.records)
	s.records = append(s.records, r)
}

// calm pulls until what changed is long ago, and no census and no look is going on or near.
func (s *bigJira) calm() {
	s.tb.Helper()
	s.clock.pass(defaultOverlap)
	for range 1000 {
		s.pull()
		u, soon := &s.conn.upkeep, s.clock.Now().Add(5*time.Minute)
		if u.census == nil && len(u.looks) == 0 && !due(u.countedAt, soon, defaultCensus) && !due(u.lookedAt, soon, defaultLookEvery) {
			return
		}
	}
	s.tb.Fatal("the upkeep does not come to its end")
}

// strange has the connector remember nothing of workflows, permissions and screens, as if it wrote for the first time.
func (s *bigJira) strange() {
	s.conn.flow, s.conn.crowd = newWorkflow(s.clock.Now), crowd{}
	clear(s.conn.forms)
	clear(s.conn.api.quietIn)
}

// edit has people change the due dates of some issues.
func (s *bigJira) edit(which []task.Record, due string) {
	s.tb.Helper()
	for _, r := range which {
		if err := s.srv.Set(r.Name, map[string]any{"duedate": due}); err != nil {
			s.tb.Fatal(err)
		}
	}
}

// patch makes a patch that wants values of an issue.
func (s *bigJira) patch(r task.Record, want task.Values) task.Patch {
	p := task.Patch{Op: task.Update, Ref: r.Ref, Name: r.Name}
	for f, v := range want {
		if field := task.Field(f); !v.IsNone() {
			p.Set = append(p.Set, task.Change{Field: field, From: r.Values[field], To: v})
		}
	}
	return p
}

// push makes patches true, and fails the test unless the Jira shows each of them.
func (s *bigJira) push(patches []task.Patch) {
	s.tb.Helper()
	for i, r := range s.conn.Apply(s.tb.Context(), patches) {
		if r.Err != nil || r.Record == nil {
			s.tb.Fatalf("%s: %v", patches[i].Name, r.Err)
		}
		fresh, err := s.conn.api.issue(s.tb.Context(), "look", r.Record.Ref.Key, s.conn.wanted())
		s.meter.took.reads-- // the test's own
		if err != nil {
			s.tb.Fatal(err)
		}
		shown := s.conn.record(fresh)
		for _, ch := range patches[i].Set {
			if got := r.Record.Values[ch.Field]; !got.Same(ch.To) || !shown.Values[ch.Field].Same(ch.To) {
				s.tb.Fatalf("%s: the %s is said to be %s and is %s, want %s", patches[i].Name, ch.Field, got.Display(), shown.Values[ch.Field].Display(), ch.To.Display())
			}
		}
		s.see(*r.Record)
	}
}
