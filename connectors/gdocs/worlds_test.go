package gdocs

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
// with a partner's document, the scorecard, and another partner's tool. People type into cells, add, delete, move and copy rows,
// write around the table, suggest, accept and reject, put chips, rename columns, take our right to write away: between any two
// requests of ours. Marks get lost. Answers are refused, or lost after the write landed; the process dies. In half of the worlds
// we only suggest. It holds that
//
//   - a write of ours changes nothing but the mapped cells of rows, takes no row away and no suggestion of others, and where it is
//     to suggest it changes nothing at all (spoiled),
//   - no value gets into the row of another task (crosstalk),
//   - whatever a write of ours replaces is still in the document, in the agreed state, in the history, in an open conflict or in
//     a hold (kept),
//   - when people have come to rest, so does everything: all tools agree, no row is doubled, a cycle costs one request and
//     writes nothing, and what is written around the table is nothing to write about.
//
// More worlds: go test ./connectors/gdocs -run TestWorlds -rapid.checks=3000 .
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
	docSource  = task.SourceID("city-doc")
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
	card  *tool.Tool
	doc   *paperOfPeople
	eng   *engine.Engine

	count  int
	plan   script
	asked  int // requests in this cycle
	writes int // of all

	// origins says in which rows and items people typed a value that nobody typed elsewhere.
	origins map[string]map[string]bool
	// bound says which tasks a row or item was.
	bound map[string]map[task.ID]bool
	gone  map[string]bool // values that a write of ours replaced
	log   []string        // what happened, for a failing test
}

func newWorld(t *rapid.T) *world {
	w := &world{
		t: t, now: time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC), store: storetest.NewMemory(),
		origins: map[string]map[string]bool{}, bound: map[string]map[task.ID]bool{}, gone: map[string]bool{},
	}
	w.srv = sandbox.New(sandbox.Options{Now: func() time.Time { return w.now }})
	fields := []task.Field{task.Title, task.Status, task.Due, task.Notes}
	w.jira = tool.New(tool.Options{Fields: fields, CanCreate: true})
	w.card = tool.New(tool.Options{Fields: append(fields, task.Partner), CanCreate: true, CanRemove: true})
	w.doc = w.newDocument(rapid.Bool().Draw(t, "we only suggest"))
	r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
	for range rapid.IntRange(0, 5).Draw(t, "rows") {
		w.doc.addRow(r, 0, false)
	}
	for range rapid.IntRange(0, 3).Draw(t, "rows of the scorecard") {
		w.addItem(r, w.card)
	}
	for range rapid.IntRange(0, 2).Draw(t, "issues") {
		w.addItem(r, w.jira)
	}
	w.restart()
	return w
}

// restart makes engine and connector anew on what the store holds.
func (w *world) restart() {
	svc, err := NewService(w.t.Context(), google.Credentials{Endpoint: "http://docs.test"}, transport.Options{
		Source: docSource, Retries: -1, InlineWait: time.Nanosecond, Base: w,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	c, err := New(w.doc.cfg, svc, Options{Source: docSource, KeyPrefix: "CW", Now: func() time.Time { return w.now }})
	if err != nil {
		w.t.Fatal(err)
	}
	w.eng, err = engine.New(engine.Options{
		Partnership: "p", Key: "CW", Rules: merge.DefaultRules(), Guards: plan.Guards{MaxChanges: 1, MaxRemovals: 1, Minimum: 1000},
		Store: w.store, Now: func() time.Time { return w.now }, Log: slog.New(slog.DiscardHandler), Parallel: 1,
		Sources: []*connectors.Source{
			connectors.NewSource(jiraSource, "aqua", nil, w.jira),
			connectors.NewSource(docSource, "city", nil, c),
			connectors.NewSource(cardSource, "", nil, w.card),
		},
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) note(format string, args ...any) { w.log = append(w.log, fmt.Sprintf(format, args...)) }

func (w *world) drawScript() script {
	t := w.t
	var s script
	for range max(0, rapid.IntRange(-1, 3).Draw(t, "acts in the cycle")) {
		s.acts = append(s.acts, act{at: rapid.IntRange(1, 7).Draw(t, "before request"), seed: rapid.Uint64().Draw(t, "act")})
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
	w.plan, w.asked = s, 0
	w.store.Crash = func(m storetest.Moment) bool { return s.unsaved && m == storetest.BeforeSettle }
	w.note("cycle")
	r, err := w.eng.RunCycle(w.t.Context(), engine.Mode{})
	if err != nil && !s.unsaved {
		w.t.Fatalf("a cycle: %v\n%s", err, w.dump())
	}
	w.store.Crash, w.plan = nil, script{}
	w.now = w.now.Add(2 * time.Minute)
	if s.unsaved {
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
	e := passes
	if n := len(w.plan.effects); n > 0 {
		e = w.plan.effects[w.asked%n]
	}
	if trace := httptrace.ContextClientTrace(req.Context()); trace != nil && trace.WroteRequest != nil {
		trace.WroteRequest(httptrace.WroteRequestInfo{})
	}
	var body []byte
	if req.Body != nil {
		body, _ = io.ReadAll(req.Body)
		_ = req.Body.Close()
	}
	for _, a := range w.plan.acts {
		switch {
		case a.at != w.asked:
		case req.Method == http.MethodPost && a.seed%2 == 0:
			w.doc.meddle(a.seed, body)
		default:
			w.act(a.seed)
		}
	}
	w.note("%s %s: %s", req.Method, req.URL.Path, e)
	write := req.Method != http.MethodGet
	switch e {
	case unavailable:
		return answer(req, http.StatusServiceUnavailable, `{"error":{"code":503,"status":"UNAVAILABLE"}}`), nil
	case limited:
		return answer(req, http.StatusTooManyRequests, `{"error":{"code":429,"status":"RESOURCE_EXHAUSTED"}}`), nil
	case lost:
		return nil, &net.OpError{Op: "read", Err: os.ErrDeadlineExceeded}
	case passes, lostAnswer, halfAnswer:
	}
	before := w.doc.picture()
	served := httptest.NewRequestWithContext(req.Context(), req.Method, req.URL.String(), bytes.NewReader(body))
	served.Header = req.Header
	rec := httptest.NewRecorder()
	w.srv.ServeHTTP(rec, served)
	if write {
		w.writes++
		w.note("  wrote %s: %d", body[:min(len(body), 2000)], rec.Code)
		w.doc.written(before)
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

func answer(req *http.Request, code int, body string) *http.Response {
	return &http.Response{
		StatusCode: code, Status: http.StatusText(code), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: req,
		Header: http.Header{"Content-Type": {"application/json; charset=UTF-8"}}, Body: io.NopCloser(strings.NewReader(body)),
		ContentLength: int64(len(body)),
	}
}
