package jira

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lockstep-sync/lockstep/connectors"
	sandbox "github.com/lockstep-sync/lockstep/connectors/sandbox/jira"
	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// proxy stands before a sandbox and answers some requests itself.
type proxy struct {
	next http.Handler

	mu     sync.Mutex
	method string // of the requests that it answers, with a part of their path, or its end before a $; "" for any
	path   string
	end    bool             // of the path
	answer http.HandlerFunc // nil: none
	struck int
}

func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	answer := p.answer
	if answer != nil && (p.method != "" && p.method != r.Method || !strings.Contains(r.URL.Path, p.path) || p.end && !strings.HasSuffix(r.URL.Path, p.path)) {
		answer = nil
	}
	if answer != nil {
		p.struck++
	}
	p.mu.Unlock()
	if answer == nil {
		p.next.ServeHTTP(w, r)
		return
	}
	_, _ = io.Copy(io.Discard, r.Body) // so that the connection lives on
	answer(w, r)
}

func (p *proxy) strike(method, path string, answer http.HandlerFunc) {
	p.mu.Lock()
	defer p.mu.Unlock()
	path, p.end = strings.CutSuffix(path, "$")
	p.method, p.path, p.answer, p.struck = method, path, answer, 0
}

func (p *proxy) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.struck
}

// say answers with a status, a content type and a body.
func say(status int, kind, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// flood answers with many megabytes.
func flood(status, megabytes int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		lump := bytes.Repeat([]byte("x"), 1<<20)
		for range megabytes {
			if _, err := w.Write(lump); err != nil {
				return // the client has enough
			}
		}
	}
}

// bomb answers with what is small until it is unpacked.
func bomb(t *testing.T, megabytes int) http.HandlerFunc {
	t.Helper()
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	lump := bytes.Repeat([]byte(" "), 1<<20)
	for range megabytes {
		if _, err := z.Write(lump); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(packed.Bytes()) // the client may leave early
	}
}

func cutShort(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", "5000")
	_, _ = io.WriteString(w, `{"issues":[`)
	panic(http.ErrAbortHandler)
}

func cutChunks(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, `{"issues":[]}`)
	_ = http.NewResponseController(w).Flush() // and the end of the chunks never comes
	panic(http.ErrAbortHandler)
}

func toLogin(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Location", "https://id.example/login?continue=https%3A%2F%2Fx")
	w.WriteHeader(http.StatusFound)
}

type badAnswer struct {
	name   string
	answer http.HandlerFunc
	kind   fault.Kind
	reason fault.Reason
	says   string // a part of the error or the hint
	landed bool   // a write that is answered so may have landed
}

const html, jsonType = "text/html; charset=utf-8", "application/json;charset=UTF-8"

const loginPage = "<!DOCTYPE html><html><head><title>Log in &amp; go on</title></head><body>…</body></html>"

func badAnswers(t *testing.T) []badAnswer {
	t.Helper()
	const invalid, permanent, retryable = fault.Invalid, fault.Permanent, fault.Retryable
	return []badAnswer{
		{"a page with 200", say(200, html, loginPage), permanent, invalid, "login page", true},
		{"a page that says it is JSON", say(200, jsonType, loginPage), permanent, invalid, "login page", true},
		{"a page with 403", say(403, html, loginPage), permanent, fault.Auth, "Log in", false},
		{"a page with 502", say(502, html, "<html><title>Bad gateway</title>"), retryable, fault.Unavailable, "Bad gateway", true},
		{"a problem with 400", say(400, "application/problem+json", `{"type":"about:blank","title":"Bad Request","status":400,"detail":"No such page."}`), permanent, invalid, "No such page.", false},
		{"a problem with 503", say(503, "application/problem+json", `{"title":"Service Unavailable","status":503}`), retryable, fault.Unavailable, "Service Unavailable", true},
		{"less than was announced", cutShort, retryable, fault.Unavailable, "EOF", true},
		{"chunks without an end", cutChunks, retryable, fault.Unavailable, "EOF", true},
		{"half of the JSON", say(200, jsonType, `{"issues":[{"id":"100`), permanent, invalid, "read the answer", true},
		{"too much", flood(200, 70), permanent, invalid, "longer than", true},
		{"50 MB that are not JSON", flood(200, 50), permanent, invalid, "read the answer", true},
		{"50 MB of error", flood(500, 50), retryable, fault.Unavailable, "500", true},
		{"a bomb", bomb(t, 200), permanent, invalid, "longer than", true},
		{"a login elsewhere", toLogin, permanent, invalid, "people log in", false},
		{"nothing", say(200, jsonType, ""), permanent, invalid, "empty", true},
		{"null", say(200, jsonType, " null\n"), permanent, invalid, "", true},
		{"a list", say(200, jsonType, "[]"), permanent, invalid, "", true},
		{"an object without anything", say(200, jsonType, "{}"), permanent, invalid, "", true},
		{"an object of somebody else", say(200, jsonType, `{"success":`), permanent, invalid, "", true},
		{"deep JSON", say(200, jsonType, strings.Repeat(`{"issues":[`, 20_000)+strings.Repeat("]}", 20_000)), permanent, invalid, "", true},
		{"another charset", say(200, "application/json;charset=ISO-8859-1", "{\"id\":\"10001\",\"issues\":[{\"id\":\"10001\",\"key\":\"WASH-1\",\"fields\":{\"summary\":\"Jos\xe9\"}}]}"), permanent, invalid, "read the answer", true},
		{"UTF-16", say(200, "application/json;charset=UTF-16", "\xff\xfe{\x00}\x00"), permanent, invalid, "", true},
		{"429 without a word", say(429, "", ""), retryable, fault.RateLimited, "", false},
	}
}

// deskBehind is a connector to a sandbox with two issues behind a proxy, everything read once.
func deskBehind(t *testing.T) (*tool, *proxy, []task.Record) {
	t.Helper()
	tl := start(t, setup{})
	tl.srv.Add(sandbox.Seed{Summary: "A", Labels: []string{"lockstep-CW-7"}})
	tl.srv.Add(sandbox.Seed{Summary: "B"})
	p := &proxy{next: tl.srv}
	web := httptest.NewServer(p)
	t.Cleanup(web.Close)
	tl.cfg.URL, tl.o.Base = web.URL, nil
	tl.restart()
	return tl, p, tl.read().Records
}

// check compares a fault with what an answer should have become.
func (b badAnswer) check(t *testing.T, err error) {
	t.Helper()
	f := wantFault(t, err, b.kind, b.reason)
	if f.Source != "jira" || f.Op == "" || f.Kind == fault.Permanent && f.Hint == "" {
		t.Errorf("it does not say what and where: %+v", f)
	}
	if text := f.Error() + " " + f.Hint; !strings.Contains(text, b.says) || len(text) > 1500 {
		t.Errorf("says %.300q, want %q in it", text, b.says)
	}
	if b.reason == fault.RateLimited && f.RetryAfter <= 0 {
		t.Error("it does not say for how long")
	}
}

func TestBadAnswers(t *testing.T) {
	t.Parallel()
	for _, bad := range badAnswers(t) {
		t.Run(bad.name, func(t *testing.T) {
			t.Parallel()
			tl, p, rs := deskBehind(t)
			heal := func() {
				p.strike("", "", nil)
				tl.clock.pass(time.Minute) // a pause that was asked for is over
			}
			struck := func(what string) {
				t.Helper()
				if p.count() == 0 {
					t.Errorf("%s: the answer was never met", what)
				}
				heal()
			}
			for _, path := range []string{"search/jql", "myself"} {
				p.strike("", path, bad.answer)
				snap, err := tl.Pull(t.Context(), "")
				if bad.check(t, err); snap.Complete || len(snap.Records) > 0 || snap.Cursor != "" || snap.Listing != nil {
					t.Errorf("from a bad %s it concludes %+v", path, snap)
				}
				struck("pull")
			}
			p.strike("", "search/jql", bad.answer)
			snap, err := tl.Pull(t.Context(), tl.cursor)
			if bad.check(t, err); snap.Complete || len(snap.Records) > 0 || snap.Listing != nil {
				t.Errorf("from a bad increment it concludes %+v", snap)
			}
			struck("increment")

			gone := strconv.Itoa(99_999)
			for _, path := range []string{"bulkfetch", "issue/" + gone} {
				p.strike("", path, bad.answer)
				got, err := tl.Confirm(t.Context(), []string{rs[0].Ref.Key, gone})
				if got[gone].Presence != connectors.NoAccess { // which concludes nothing
					bad.check(t, err)
				}
				if got[gone].Presence == connectors.Gone || got[gone].Presence == connectors.Present {
					t.Errorf("from a bad %s it concludes %+v", path, got)
				}
				struck("confirm")
			}
			for _, path := range []string{"search/jql", "bulkfetch"} {
				p.strike("", path, bad.answer)
				r, found, err := tl.Find(t.Context(), "CW-7")
				if bad.check(t, err); found {
					t.Errorf("found %+v", r)
				}
				struck("find")
			}

			// A write: the other patch goes its way, unless the answer speaks for all.
			for _, w := range []struct {
				method, path string
				patch        task.Patch
			}{
				{"PUT", "issue/" + rs[0].Ref.Key, change(rs[0], task.Title, task.TextValue("A2"))},
				{"POST", "issue/" + rs[0].Ref.Key + "/transitions", change(rs[0], task.Status, task.EnumValue(task.InProgress))},
				{"POST", "/issue$", task.Patch{Op: task.Create, Task: "CW-9", Ref: task.Ref{Source: "jira"}, Set: []task.Change{{Field: task.Title, To: task.TextValue("New")}}}},
			} {
				p.strike(w.method, w.path, bad.answer)
				before := recordOf(t, tl.full(), rs[1].Name)
				title := fmt.Sprintf("B %d", tl.clock.Now().UnixNano())
				out := tl.apply(w.patch, change(before, task.Title, task.TextValue(title)))
				want := bad
				if strings.HasSuffix(w.path, "transitions") && strings.HasSuffix(bad.name, "with 400") {
					want.reason = fault.Unsupported // a move that is refused is the workflow's to explain
				}
				want.check(t, out[0].Err)
				if out[0].Uncertain != bad.landed {
					t.Errorf("%s %s: uncertain %v: %v", w.method, w.path, out[0].Uncertain, out[0].Err)
				}
				if all := bad.reason == fault.RateLimited || w.method == "PUT"; !all && out[1].Err != nil {
					t.Errorf("%s %s: the other patch: %v", w.method, w.path, out[1].Err)
				}
				struck("write")
			}
			// Then all goes on.
			for i, rc := range tl.apply(change(recordOf(t, tl.full(), rs[0].Name), task.Title, task.TextValue("A3"))) {
				if rc.Err != nil || rc.Record.Values[task.Title].String() != "A3" {
					t.Errorf("afterwards patch %d: %+v", i, rc)
				}
			}
		})
	}
}

// 204 says that an edit or a move went well. To a question, and to a create, it is no answer.
func TestNoContent(t *testing.T) {
	t.Parallel()
	tl, p, rs := deskBehind(t)
	none := badAnswer{"204", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }, fault.Permanent, fault.Invalid, "empty", true}
	for _, path := range []string{"search/jql", "myself", "/field", "/status"} {
		p.strike("", path, none.answer)
		snap, err := tl.Pull(t.Context(), "")
		if none.check(t, err); snap.Complete || len(snap.Records) > 0 {
			t.Errorf("from %s it concludes %+v", path, snap)
		}
	}
	p.strike("POST", "/issue$", none.answer)
	out := tl.apply(task.Patch{Op: task.Create, Task: "CW-9", Ref: task.Ref{Source: "jira"}, Set: []task.Change{{Field: task.Title, To: task.TextValue("New")}}})
	if none.check(t, out[0].Err); !out[0].Uncertain {
		t.Errorf("a create: %+v", out[0])
	}
	p.strike("", "", nil)
	tl.must(change(rs[0], task.Status, task.EnumValue(task.InProgress)))
}

// A gateway's 404 says nothing about an issue; Jira's own does.
func TestNotFoundByWhom(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		answer http.HandlerFunc
		want   connectors.Presence
	}{
		"a page":     {say(404, html, "<html><title>404</title>"), ""},
		"a problem":  {say(404, "application/problem+json", `{"title":"Not Found","status":404,"detail":"No endpoint GET /x."}`), ""},
		"nothing":    {say(404, "", ""), ""},
		"an object":  {say(404, jsonType, `{}`), ""},
		"Jira's own": {say(404, jsonType, `{"errorMessages":["Issue does not exist or you do not have permission to see it."],"errors":{}}`), connectors.Gone},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tl, p, _ := deskBehind(t)
			p.strike("GET", "issue/99999", tt.answer)
			got, err := tl.Confirm(t.Context(), []string{"99999"})
			if got["99999"].Presence != tt.want || (err == nil) != (tt.want != "") {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}

// What is held of a long answer at once is bounded, however long it is. No other test runs beside this one.
func TestLongAnswersCostLittle(t *testing.T) { //nolint:paralleltest // it measures memory
	tl, p, _ := deskBehind(t)
	for name, answer := range map[string]http.HandlerFunc{"error": flood(500, 300), "bomb of an error": bombOfError(bomb(t, 300))} {
		p.strike("", "myself", answer)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := tl.Pull(t.Context(), "")
		runtime.ReadMemStats(&after)
		wantFault(t, err, fault.Retryable, fault.Unavailable)
		// The server is in this process too, and the request is sent several times.
		if spent := (after.TotalAlloc - before.TotalAlloc) >> 20; spent > 150 {
			t.Errorf("%s: %d MB", name, spent)
		}
	}
}

func bombOfError(answer http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { answer(&status500{ResponseWriter: w}, r) }
}

// status500 turns a 200 into a 500.
type status500 struct {
	http.ResponseWriter
	told bool
}

func (s *status500) Write(b []byte) (int, error) {
	if !s.told {
		s.told = true
		s.WriteHeader(http.StatusInternalServerError)
	}
	return s.ResponseWriter.Write(b)
}
