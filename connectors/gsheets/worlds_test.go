package gsheets

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lockstep-sync/lockstep/connectors"
	"github.com/lockstep-sync/lockstep/connectors/google"
	tool "github.com/lockstep-sync/lockstep/connectors/memory"
	sandbox "github.com/lockstep-sync/lockstep/connectors/sandbox/google"
	"github.com/lockstep-sync/lockstep/connectors/transport"
	"github.com/lockstep-sync/lockstep/sync/engine"
	"github.com/lockstep-sync/lockstep/sync/merge"
	"github.com/lockstep-sync/lockstep/sync/plan"
	"github.com/lockstep-sync/lockstep/sync/store/storetest"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// TestWorlds is the main test of this connector: the real engine and the real connector against a sandbox of Google's API,
// with a partner's sheet, the scorecard, and another partner's tool that knows nothing of sheets. People sort, tear apart and
// put right, insert, delete, drag, copy and paste rows, move and rename columns, copy the tab, type, and damage ids: between
// any two requests of ours. Answers are refused, or lost after the write landed. It holds that
//
//   - no value gets into the row of another task (crosstalk),
//   - whatever a write of ours replaces is still in a sheet, in the agreed state, in the history, in an open conflict or in a
//     hold (kept),
//   - formulas, ids, people's own columns and other tabs stay as they are (spoiled),
//   - when people have put right what they tore apart, everything agrees, no row is doubled, and rows that are then permuted
//     and columns that are then moved are nothing to write about: invariants 10 to 12 of the design, and 1, 2, 3 and 6.
//
// More worlds: go test ./connectors/gsheets -run TestWorlds -rapid.checks=5000 .
func TestWorlds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		for range rapid.IntRange(2, 8).Draw(t, "rounds") {
			for _, seed := range rapid.SliceOfN(rapid.Uint64(), 0, 4).Draw(t, "between cycles") {
				w.act(seed)
			}
			w.cycle(w.drawScript())
		}
		w.end()
	})
}

const (
	jiraSource = task.SourceID("aqua-jira")
	citySource = task.SourceID("city-sheet")
	cardSource = task.SourceID("scorecard")
)

// script is what goes on during one cycle.
type script struct {
	acts    []act
	effects []effect // of each request, over and over
	unsaved bool     // the process dies before it can store what came of its writes
}

// act is something that a person does just before a request.
type act struct {
	at   int // which request of the cycle, counted from 1
	seed uint64
}

// effect is what becomes of a request.
type effect string

const (
	passes      effect = "passes"
	unavailable effect = "503"
	limited     effect = "429"
	lost        effect = "lost"         // nothing was done, and no answer comes
	lostAnswer  effect = "lost answer"  // it was done, and no answer comes
	halfAnswer  effect = "503 after it" // it was done, and the answer says that it was not
)

type world struct {
	t     *rapid.T
	now   time.Time
	srv   *sandbox.Server
	store *storetest.Memory
	jira  *tool.Tool
	city  *sheet
	card  *sheet
	eng   *engine.Engine
	conns []*Connector

	count  int
	now_   script
	asked  int // requests in this cycle
	writes int // of all

	// origins says in which rows and items people typed a value that nobody typed elsewhere.
	origins map[string]map[string]bool
	// bound says which tasks a row or item was.
	bound map[string]map[task.ID]bool
	gone  map[string]bool // values that a write of ours replaced
	hasty map[string]any  // tag and value, or header: what was written while people moved things
	debts []debt          // what a write of ours spoiled because people moved things just before it
	log   []string        // what happened, for a failing test
	fault string          // what is wrong, found in the middle of a request
}

func newWorld(t *rapid.T) *world {
	w := &world{
		t: t, now: time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC), store: storetest.NewMemory(),
		origins: map[string]map[string]bool{}, bound: map[string]map[task.ID]bool{}, gone: map[string]bool{},
		hasty: map[string]any{},
	}
	w.srv = sandbox.New(sandbox.Options{Now: func() time.Time { return w.now }})
	w.jira = tool.New(tool.Options{Fields: []task.Field{task.Title, task.Status, task.Due, task.Notes}, CanCreate: true})
	w.city = w.newSheet(citySource, "Actions", map[task.Field]string{
		task.Title: "Action", task.Status: "Status", task.Due: "Deadline", task.Notes: "Comments",
	})
	w.card = w.newSheet(cardSource, "Scorecard", map[task.Field]string{
		task.Title: "Title", task.Partner: "Partner", task.Status: "Status", task.Due: "Due", task.Notes: "Notes",
	})
	r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
	for range rapid.IntRange(0, 5).Draw(t, "rows of the city") {
		w.city.addRow(r)
	}
	if rapid.Bool().Draw(t, "totals") {
		w.city.addTotals()
	}
	for range rapid.IntRange(0, 3).Draw(t, "rows of the scorecard") {
		w.card.addRow(r)
	}
	for range rapid.IntRange(0, 3).Draw(t, "issues") {
		w.addIssue(r)
	}
	w.restart()
	return w
}

var noLog = slog.New(slog.DiscardHandler)

// restart makes engine and connectors anew on what the store holds.
func (w *world) restart() {
	svc, err := NewService(w.t.Context(), google.Credentials{Endpoint: "http://sheets.test"}, transport.Options{
		Source: "sheet", Retries: -1, InlineWait: time.Nanosecond, Base: w,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	connect := func(s *sheet) *Connector {
		c, err := New(s.cfg, svc, Options{Source: s.source, KeyPrefix: "CW", Now: func() time.Time { return w.now }})
		if err != nil {
			w.t.Fatal(err)
		}
		w.conns = append(w.conns, c)
		return c
	}
	w.conns = nil
	w.eng, err = engine.New(engine.Options{
		Partnership: "p", Key: "CW", Rules: merge.DefaultRules(), Guards: plan.Guards{MaxChanges: 1, MaxRemovals: 1, Minimum: 1000},
		Store: w.store, Now: func() time.Time { return w.now }, Log: noLog, Parallel: 1,
		Sources: []*connectors.Source{
			connectors.NewSource(jiraSource, "aqua", nil, w.jira),
			connectors.NewSource(citySource, "city", nil, connect(w.city)),
			connectors.NewSource(cardSource, "", nil, connect(w.card)),
		},
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// doubtful reports whether a write of ours waits for its answer, or for what it spoiled to be put back. A process that dies in that very
// moment is the one case that nobody puts right by itself (ADR 10): the worlds leave it out.
func (w *world) doubtful() bool {
	return slices.ContainsFunc(w.conns, inDoubt)
}

func inDoubt(c *Connector) bool {
	return c.doubt.unanswered != nil || len(c.doubt.owed) > 0 || len(c.doubt.rows) > 0
}

func (w *world) note(format string, args ...any) { w.log = append(w.log, fmt.Sprintf(format, args...)) }

// fail notes that something is wrong. It is told when the cycle is over: a panic in a request would pass for the connector's.
func (w *world) fail(format string, args ...any) {
	if w.fault == "" {
		w.fault = fmt.Sprintf(format, args...)
	}
}

func (w *world) drawScript() script {
	t := w.t
	var s script
	for range max(0, rapid.IntRange(-1, 3).Draw(t, "acts in the cycle")) {
		s.acts = append(s.acts, act{at: rapid.IntRange(1, 8).Draw(t, "before request"), seed: rapid.Uint64().Draw(t, "act")})
	}
	if rapid.IntRange(0, 2).Draw(t, "faults") == 0 {
		s.effects = rapid.SliceOfN(rapid.SampledFrom([]effect{
			passes, passes, passes, passes, unavailable, limited, lost, lostAnswer, halfAnswer,
		}), 1, 7).Draw(t, "effects")
	}
	s.unsaved = rapid.IntRange(0, 9).Draw(t, "dies") == 0
	return s
}

// cycle runs one cycle by a script.
func (w *world) cycle(s script) engine.Report {
	w.now_, w.asked = s, 0
	w.store.Crash = func(m storetest.Moment) bool { return s.unsaved && m == storetest.BeforeSettle }
	w.note("cycle")
	r, err := w.eng.RunCycle(w.t.Context(), engine.Mode{})
	if err != nil && !s.unsaved && w.fault == "" {
		w.t.Fatalf("a cycle: %v\n%s", err, w.dump())
	}
	if w.fault != "" {
		w.t.Fatal(w.fault)
	}
	w.store.Crash, w.now_ = nil, script{}
	w.now = w.now.Add(2 * time.Minute)
	if s.unsaved && !w.doubtful() {
		w.note("restart")
		w.restart()
	}
	w.bind()
	w.check()
	return r
}

// RoundTrip is the way to the sandbox, past which people act and on which things go wrong.
func (w *world) RoundTrip(req *http.Request) (*http.Response, error) {
	w.asked++
	acted := false
	for _, a := range w.now_.acts {
		if a.at == w.asked {
			w.act(a.seed)
			acted = true
		}
	}
	e := passes
	if n := len(w.now_.effects); n > 0 {
		e = w.now_.effects[w.asked%n]
	}
	if trace := httptrace.ContextClientTrace(req.Context()); trace != nil && trace.WroteRequest != nil {
		trace.WroteRequest(httptrace.WroteRequestInfo{})
	}
	var body []byte
	if req.Body != nil {
		body, _ = io.ReadAll(req.Body)
		_ = req.Body.Close()
	}
	w.note("%s %s: %s", req.Method, req.URL.Path, e)
	write := req.Method != http.MethodGet
	switch e {
	case unavailable:
		return answer(req, http.StatusServiceUnavailable, `{"error":{"code":503,"status":"UNAVAILABLE"}}`), nil
	case limited:
		return answer(req, http.StatusTooManyRequests, quotaBody), nil
	case lost:
		return nil, &net.OpError{Op: "read", Err: os.ErrDeadlineExceeded}
	case passes, lostAnswer, halfAnswer:
	}
	before := []picture{w.city.picture(), w.card.picture()}
	served := httptest.NewRequestWithContext(req.Context(), req.Method, req.URL.String(), bytes.NewReader(body))
	served.Header = req.Header
	rec := httptest.NewRecorder()
	w.srv.ServeHTTP(rec, served)
	if write {
		w.writes++
		w.note("  wrote %s", clipped(string(body)))
		late := e != passes // nothing tells at once what came of it
		w.city.written(before[0], acted, late)
		w.card.written(before[1], acted, late)
	}
	switch {
	case e == lostAnswer:
		return nil, &net.OpError{Op: "read", Err: os.ErrDeadlineExceeded}
	case e == halfAnswer && write:
		return answer(req, http.StatusServiceUnavailable, `{"error":{"code":503,"status":"UNAVAILABLE"}}`), nil
	}
	resp := rec.Result()
	resp.Request = req
	return resp, nil
}

func clipped(s string) string { return s[:min(len(s), 6000)] }

func answer(req *http.Request, code int, body string) *http.Response {
	return &http.Response{
		StatusCode: code, Status: http.StatusText(code), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: req,
		Header: http.Header{"Content-Type": {"application/json; charset=UTF-8"}}, Body: io.NopCloser(strings.NewReader(body)),
		ContentLength: int64(len(body)),
	}
}
