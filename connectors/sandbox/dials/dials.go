// Package dials is the fault panel that both sandbox servers share: it wraps a handler, keeps a log of the
// requests that were made, and lets a test or a person order faults: an error answer, a cut connection, an answer
// that never comes although the write landed, half a body.
//
// The panel is itself reachable over HTTP, at /sandbox/faults, so that the `lockstep sandbox` command has dials:
// GET lists what is set, POST sets one Fault (JSON), DELETE clears all.
package dials

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"time"
)

// Effect is what a fault does to a request. The set is closed.
type Effect string

const (
	// Reply answers with the fault's status, headers and body; the handler never sees the request.
	Reply Effect = "reply"
	// CutBefore closes the connection; the handler never sees the request.
	CutBefore Effect = "cut_before"
	// CutAfter lets the handler do its work (a write lands), then closes the connection without an answer.
	CutAfter Effect = "cut_after"
	// HangAfter lets the handler do its work, then says nothing until the client goes away.
	HangAfter Effect = "hang_after"
	// Truncate lets the handler do its work and sends the first half of its answer before it cuts the connection.
	Truncate Effect = "truncate"
	// Half lets the handler do its work and sends the first half of its answer as if it were the whole: the connection is
	// sound and the JSON is not.
	Half Effect = "half"
	// Flood answers with the fault's status (default 200) and a valid JSON object of about Bytes bytes; the handler never
	// sees the request.
	Flood Effect = "flood"
)

// Fault is one thing that goes wrong with the requests that match it.
type Fault struct {
	Method string      `json:"method,omitempty"` // "" matches any method
	Path   string      `json:"path,omitempty"`   // a part of the path; "" matches any
	Skip   int         `json:"skip,omitempty"`   // how many matching requests pass unharmed first
	Times  int         `json:"times,omitempty"`  // how many are then struck; 0 means one, negative means until cleared
	Effect Effect      `json:"effect"`
	Status int         `json:"status,omitempty"` // for Reply
	Header http.Header `json:"header,omitempty"` // for Reply
	Body   string      `json:"body,omitempty"`   // for Reply
	Bytes  int         `json:"bytes,omitempty"`  // for Flood; default 50 MiB
}

// Page is the answer of a proxy, a login or a maintenance page in front of the server: HTML, with whatever status, 200 among
// them, where a client expects JSON.
func Page(path string, status int) Fault {
	return Fault{
		Path: path, Effect: Reply, Status: status, Header: http.Header{"Content-Type": {"text/html; charset=utf-8"}},
		Body: "<!DOCTYPE html>\n<html><head><title>Just a moment</title></head><body><h1>We will be back soon</h1></body></html>\n",
	}
}

// Problem is an error as application/problem+json, which is none of the shapes that a server's own errors have.
func Problem(path string, status int, detail string) Fault {
	body, _ := json.Marshal(map[string]any{
		"type": "about:blank", "title": http.StatusText(status), "status": status, "detail": detail, "instance": path,
	})
	return Fault{
		Path: path, Effect: Reply, Status: status, Header: http.Header{"Content-Type": {"application/problem+json"}}, Body: string(body),
	}
}

// Request is one line of the panel's log. Status is 0 where no answer was given.
type Request struct {
	Method string `json:"method"`
	Path   string `json:"path"`
	Query  string `json:"query,omitempty"`
	Status int    `json:"status"`
}

// Panel holds the faults that are set and the log of requests. Its zero value is ready to use.
type Panel struct {
	mu     sync.Mutex
	faults []Fault
	log    []Request

	patience map[string]context.CancelCauseFunc // of requests of Impatient
	asked    int
}

// logCap bounds the log: a sandbox may run for days.
const logCap = 100_000

// Inject sets one more fault. Faults are tried in the order in which they were set; the first that matches strikes.
func (p *Panel) Inject(f Fault) {
	if f.Times == 0 {
		f.Times = 1
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = append(p.faults, f)
}

// Clear removes every fault.
func (p *Panel) Clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = nil
}

// Requests returns a copy of the log since the last ResetLog, oldest first.
func (p *Panel) Requests() []Request {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.log)
}

// ResetLog empties the log.
func (p *Panel) ResetLog() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.log = nil
}

// Wrap returns next behind the panel. Paths under /sandbox/ and the pages for people are neither logged nor struck.
func (p *Panel) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/sandbox/faults" {
			p.serveDials(w, r)
			return
		}
		if r.URL.Path == "/" || strings.HasPrefix(r.URL.Path, "/sandbox/") {
			next.ServeHTTP(w, r)
			return
		}
		f, struck := p.strike(r)
		if !struck {
			rec := &statusWriter{ResponseWriter: w, status: http.StatusOK}
			next.ServeHTTP(rec, r)
			p.note(r, rec.status)
			return
		}
		switch f.Effect {
		case Reply:
			for k, vs := range f.Header {
				w.Header()[http.CanonicalHeaderKey(k)] = vs
			}
			p.note(r, f.Status)
			w.WriteHeader(f.Status)
			_, _ = io.WriteString(w, f.Body)
			return
		case Flood:
			p.note(r, cmp.Or(f.Status, http.StatusOK))
			flood(w, f)
			return
		case CutBefore:
		case CutAfter, HangAfter, Truncate, Half:
			answer := httptest.NewRecorder()
			// The work is done whether or not the client is still there: that is the point of the fault.
			next.ServeHTTP(answer, r)
			if f.Effect == HangAfter {
				p.note(r, 0)
				p.tire(r)
				<-r.Context().Done()
				return
			}
			body := answer.Body.Bytes()
			if f.Effect == Half {
				p.note(r, answer.Code)
				maps.Copy(w.Header(), answer.Header())
				w.WriteHeader(answer.Code)
				_, _ = w.Write(body[:len(body)/2])
				return
			}
			if f.Effect == Truncate {
				p.note(r, answer.Code)
				maps.Copy(w.Header(), answer.Header())
				w.Header().Set("Content-Length", fmt.Sprint(len(body)))
				w.WriteHeader(answer.Code)
				_, _ = w.Write(body[:len(body)/2])
				if fl, ok := w.(http.Flusher); ok {
					fl.Flush()
				}
				panic(http.ErrAbortHandler)
			}
		}
		p.note(r, 0)
		panic(http.ErrAbortHandler)
	})
}

// flood writes a long answer piece by piece: it must not cost the sandbox what it is to cost the client.
func flood(w http.ResponseWriter, f Fault) {
	const head, tail = `{"padding":"`, `"}`
	left := cmp.Or(f.Bytes, 50<<20)
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.WriteHeader(cmp.Or(f.Status, http.StatusOK))
	_, _ = io.WriteString(w, head)
	piece := bytes.Repeat([]byte("x"), 64<<10)
	for left -= len(head) + len(tail); left > 0; left -= len(piece) {
		if _, err := w.Write(piece[:min(left, len(piece))]); err != nil {
			return // the client has had enough
		}
	}
	_, _ = io.WriteString(w, tail)
}

func (p *Panel) strike(r *http.Request) (Fault, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range p.faults {
		f := &p.faults[i]
		if f.Times == 0 || f.Method != "" && f.Method != r.Method || !strings.Contains(r.URL.Path, f.Path) {
			continue
		}
		if f.Skip > 0 {
			f.Skip--
			continue
		}
		if f.Times > 0 {
			f.Times--
		}
		return *f, true
	}
	return Fault{}, false
}

func (p *Panel) note(r *http.Request, status int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.log) >= logCap {
		p.log = slices.Delete(p.log, 0, logCap/2)
	}
	p.log = append(p.log, Request{Method: r.Method, Path: r.URL.Path, Query: r.URL.RawQuery, Status: status})
}

func (p *Panel) serveDials(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	switch r.Method {
	case http.MethodGet:
	case http.MethodPost:
		var f Fault
		dec := json.NewDecoder(io.LimitReader(r.Body, 1<<20))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&f); err != nil || !known(f) {
			w.WriteHeader(http.StatusBadRequest)
			_ = json.NewEncoder(w).Encode(map[string]string{
				"error": `a fault looks like {"method":"POST","path":"/rest/api","effect":"reply","status":503,"times":2}; ` +
					`effects are reply (with a status), cut_before, cut_after, hang_after, truncate, half, flood (of so many bytes)`,
			})
			return
		}
		p.Inject(f)
	case http.MethodDelete:
		p.Clear()
	default:
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	var b bytes.Buffer
	_ = json.NewEncoder(&b).Encode(map[string]any{"faults": append([]Fault{}, p.faults...)})
	_, _ = w.Write(b.Bytes())
}

func known(f Fault) bool {
	switch f.Effect {
	case Reply:
		return f.Status >= 200 && f.Status <= 599
	case CutBefore, CutAfter, HangAfter, Truncate, Half:
		return true
	case Flood:
		return f.Bytes >= 0 && f.Bytes <= 1<<30 && (f.Status == 0 || f.Status >= 200 && f.Status <= 599)
	}
	return false
}

// statusWriter remembers the status for the log and still lets server-sent events flush.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (s *statusWriter) WriteHeader(code int) {
	s.status = code
	s.ResponseWriter.WriteHeader(code)
}

// Unwrap lets http.ResponseController reach the connection.
func (s *statusWriter) Unwrap() http.ResponseWriter { return s.ResponseWriter }

// Meter counts requests in the minute (or other window) that contains now, for quotas. Its zero value is ready.
type Meter struct {
	mu     sync.Mutex
	window time.Time
	n      int
}

// Allow counts one request and reports whether it is within limit for the window of length span; limit 0 means no limit.
// reset is when the window ends.
func (m *Meter) Allow(now time.Time, span time.Duration, limit int) (ok bool, reset time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if w := now.Truncate(span); !w.Equal(m.window) {
		m.window, m.n = w, 0
	}
	reset = m.window.Add(span)
	if limit > 0 && m.n >= limit {
		return false, reset
	}
	m.n++
	return true, reset
}
