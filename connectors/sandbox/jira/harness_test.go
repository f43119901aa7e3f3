package jira_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lockstep-sync/lockstep/connectors/sandbox/jira"
	"github.com/lockstep-sync/lockstep/connectors/sandbox/jira/openapicheck"
)

// dataFile finds a file of the shared test data, or skips the test and says so.
func dataFile(t *testing.T, parts ...string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if filepath.Dir(dir) == dir {
			t.Fatal("no go.mod above the test")
		}
		dir = filepath.Dir(dir)
	}
	path := filepath.Join(append([]string{dir, "..", "shared", "data"}, parts...)...)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("the shared test data is not here: %s", filepath.Join(parts...))
	}
	return path
}

func openGzip(t *testing.T, path string) io.Reader {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// clock is a time that stands still until it is moved.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 9, 14, 9, 30, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// site is a sandbox behind HTTP with a client that is let in.
type site struct {
	*jira.Server
	t    *testing.T
	url  string
	http *http.Client
}

func open(t *testing.T, o jira.Options) *site {
	t.Helper()
	s := jira.New(o)
	ts := httptest.NewServer(s)
	t.Cleanup(ts.Close)
	return &site{Server: s, t: t, url: ts.URL, http: ts.Client()}
}

// reply is an answer, read.
type reply struct {
	status int
	header http.Header
	raw    string
	body   map[string]any
}

// do sends a request with the right token; a nil body sends none.
func (s *site) do(method, path string, body any) reply {
	s.t.Helper()
	return s.as(method, path, body, func(r *http.Request) { r.SetBasicAuth(s.Credentials()) })
}

func (s *site) as(method, path string, body any, auth func(*http.Request)) reply {
	s.t.Helper()
	var in io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		in = strings.NewReader(b)
	default:
		raw, err := json.Marshal(b)
		if err != nil {
			s.t.Fatal(err)
		}
		in = bytes.NewReader(raw)
	}
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, in)
	if err != nil {
		s.t.Fatal(err)
	}
	if in != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	auth(r)
	resp, err := s.http.Do(r)
	if err != nil {
		s.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatalf("%s %s: read the answer: %v", method, path, err)
	}
	out := reply{status: resp.StatusCode, header: resp.Header, raw: string(raw)}
	_ = json.Unmarshal(raw, &out.body)
	return out
}

// want fails the test unless the answer has the status, and returns it.
func (r reply) want(t *testing.T, status int) reply {
	t.Helper()
	if r.status != status {
		t.Fatalf("status %d, want %d: %s", r.status, status, r.raw)
	}
	return r
}

// at walks into an answer by keys and list indexes; nil when there is nothing.
func (r reply) at(path ...any) any {
	var v any = r.body
	for _, p := range path {
		switch p := p.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[p]
		case int:
			l, _ := v.([]any)
			if p >= len(l) {
				return nil
			}
			v = l[p]
		}
	}
	return v
}

// searchKeys runs a whole search and returns the keys in their order.
func (s *site) searchKeys(jql string) []string {
	s.t.Helper()
	keys := []string{}
	body := map[string]any{"jql": jql, "fields": []string{"key"}, "maxResults": 100}
	for {
		r := s.do("POST", "/rest/api/3/search/jql", body).want(s.t, 200)
		for n := range len(r.list("issues")) {
			keys = append(keys, r.at("issues", n, "key").(string))
		}
		next, more := r.body["nextPageToken"]
		if !more {
			return keys
		}
		body["nextPageToken"] = next
	}
}

func (r reply) list(path ...any) []any {
	l, _ := r.at(path...).([]any)
	return l
}

// checked makes the site's client compare its traffic with Jira's own OpenAPI document, and fails the test at its end
// when something went against it.
func (s *site) checked() *site {
	s.t.Helper()
	c, err := openapicheck.New(dataFile(s.t, "jira", "openapi-v3.json.gz"))
	if err != nil {
		s.t.Fatal(err)
	}
	s.http = &http.Client{Transport: c.Wrap(s.http.Transport)}
	s.t.Cleanup(func() {
		for _, v := range c.Violations() {
			s.t.Error(v)
		}
		if c.Checked() == 0 {
			s.t.Error("no traffic was compared with the OpenAPI document")
		}
	})
	return s
}
