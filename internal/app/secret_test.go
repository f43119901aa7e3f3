package app_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"
)

// oddToken has characters that each way of writing a text down escapes in its own way.
const oddToken = `ATATT3x/Odd+To ken=\7:%é1F&"'<`

// echo is a server that lets the right token through to next, until it is spoilt: then it fails, and its answers give back
// what the client sent it, in the many forms in which servers and proxies do.
type echo struct {
	next    http.Handler
	email   string
	inside  string // the token of next
	spoilt  atomic.Bool
	answers atomic.Int64
	writes  atomic.Bool // spoil writes alone
}

func (e *echo) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	writes := r.Method != http.MethodGet && !strings.Contains(r.URL.Path, "/search")
	if !e.spoilt.Load() || e.writes.Load() && !writes {
		if _, token, _ := r.BasicAuth(); token == oddToken {
			r.SetBasicAuth(e.email, e.inside)
		}
		e.next.ServeHTTP(w, r)
		return
	}
	auth := r.Header.Get("Authorization")
	_, token, _ := r.BasicAuth()
	n := e.answers.Add(1)
	w.Header().Set("X-Echo", auth)
	switch n % 6 {
	case 0:
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusUnauthorized)
		_ = json.NewEncoder(w).Encode(map[string]any{"errorMessages": []string{"bad credential: " + auth}})
	case 1:
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusForbidden)
		_, _ = fmt.Fprintf(w, "<html><head><title>No entry for %s</title></head></html>", html.EscapeString(token))
	case 2:
		w.WriteHeader(http.StatusBadRequest)
		_, _ = fmt.Fprintf(w, "you sent %s, that is %q", auth, token)
	case 3:
		w.Header().Set("Location", "https://"+url.QueryEscape(token)+".example/login?token="+url.QueryEscape(token))
		w.WriteHeader(http.StatusFound)
	case 4:
		w.WriteHeader(http.StatusTeapot)
		_, _ = fmt.Fprintf(w, "%s | %s | %s", url.PathEscape(token), base64.RawURLEncoding.EncodeToString([]byte(token)), token)
	case 5:
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, `{"issues": "%s"}`, base64.StdEncoding.EncodeToString([]byte(token))) // 200, and not what is expected
	}
}

// TestNoSecretIsShown has a server give the credential back in its error answers, and looks for it wherever Lockstep shows
// something: log, report, errors, pages, API, metrics, and the database that a copy of may be sent to somebody.
func TestNoSecretIsShown(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	server := &echo{next: r.Jira, email: r.Email, inside: r.token}
	r.front.shut()
	r.front.handler = server
	r.front.open(t)
	r.token = oddToken
	r.app = r.open(t)
	r.settle(t)

	var shown strings.Builder
	show := func(what string, v any) {
		t.Helper()
		fmt.Fprintf(&shown, "\n== %s\n%+v", what, v)
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		shown.Write(b)
	}
	card := scorecardOf(r.cycle(t))
	failed := 0
	for i := range 24 {
		server.spoilt.Store(true)
		server.writes.Store(i%2 == 0)
		r.set(t, card, test, []string{"In progress", "Done", "Not started"}[i%3])
		rep := r.cycle(t)
		show(fmt.Sprintf("report %d", i), rep)
		for _, s := range rep.Sources {
			if s.ID == jiraSource && (s.Error != "" || s.Failed > 0) {
				failed++
			}
		}
	}
	if failed < 12 {
		t.Errorf("only %d of 24 cycles failed: too little was put to the test", failed)
	}
	pages := 0
	for _, path := range []string{"/", "/p/small", "/p/small/t/SM-1", "/p/small/t/SM-2", "/p/small/t/SM-3", "/p/small/held", "/p/small/history", "/metrics", "/healthz", "/readyz", "/api/v1/partnerships", "/api/v1/partnerships/small/tasks", "/api/v1/openapi.json"} {
		rec := httptest.NewRecorder()
		r.app.Handler().ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody))
		if rec.Code == http.StatusOK {
			pages++
		}
		show(path, rec.Header())
		shown.WriteString(rec.Body.String())
	}
	if pages < 5 {
		t.Errorf("only %d pages answered", pages)
	}
	shown.WriteString(r.log.String())
	if err := r.app.Close(); err != nil {
		t.Fatal(err)
	}
	stored, err := os.ReadFile(r.store)
	if err != nil {
		t.Fatal(err)
	}
	shown.Write(stored)

	text := shown.String()
	if !strings.Contains(text, "[redacted]") {
		t.Error("nothing was redacted: the server's echo never came through, and this test proves nothing")
	}
	quoted, _ := json.Marshal(oddToken) // a string always encodes
	pair := r.Email + ":" + oddToken
	for form, secret := range map[string]string{
		"as it is": oddToken, "for a web page": html.EscapeString(oddToken), "in an address": url.QueryEscape(oddToken), "in a path": url.PathEscape(oddToken),
		"as JSON": strings.Trim(string(quoted), `"`), "in quotes": strings.Trim(fmt.Sprintf("%q", oddToken), `"`),
		"as base64": base64.StdEncoding.EncodeToString([]byte(oddToken)), "as base64 for addresses": base64.RawURLEncoding.EncodeToString([]byte(oddToken)),
		"as the header": base64.StdEncoding.EncodeToString([]byte(pair)), "its beginning": oddToken[:14], "its end": oddToken[len(oddToken)-8:],
	} {
		if at := strings.Index(text, secret); at >= 0 {
			t.Errorf("the token %s is shown: …%q…", form, text[max(0, at-200):min(len(text), at+80)])
		}
	}
}
