package dials_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/lockstep-sync/lockstep/connectors/sandbox/dials"
)

func ask(t *testing.T, ts *httptest.Server, method, path, body string) (resp *http.Response, text string, err error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, ts.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err = ts.Client().Do(r)
	if err != nil {
		return nil, "", err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	return resp, string(raw), err
}

// TestBadAnswers: each of the bad answers of the wild can be ordered, in code and over HTTP, for one path.
func TestBadAnswers(t *testing.T) {
	t.Parallel()
	const good = `{"issues":[1,2,3,4,5,6]}`
	for _, c := range []struct {
		name        string
		fault       dials.Fault
		status      int
		contentType string
		valid       bool // JSON
		length      int
		worked      bool // the handler saw the request
	}{
		{"HTML with 200", dials.Page("/search", 200), 200, "text/html", false, 0, false},
		{"HTML with 503", dials.Page("/search", 503), 503, "text/html", false, 0, false},
		{"problem+json", dials.Problem("/search", 404, "No endpoint GET /search."), 404, "application/problem+json", true, 0, false},
		{"half of the JSON", dials.Fault{Path: "/search", Effect: dials.Half}, 200, "application/json", false, len(good) / 2, true},
		{"a flood", dials.Fault{Path: "/search", Effect: dials.Flood}, 200, "application/json", true, 50 << 20, false},
		{"a small flood", dials.Fault{Path: "/search", Effect: dials.Flood, Bytes: 70_000, Status: 400}, 400, "application/json", true, 70_000, false},
	} {
		for _, overHTTP := range []bool{false, true} {
			worked := false
			var p dials.Panel
			ts := httptest.NewServer(p.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				worked = true
				w.Header().Set("Content-Type", "application/json")
				_, _ = io.WriteString(w, good)
			})))
			t.Cleanup(ts.Close)
			if overHTTP {
				raw, err := json.Marshal(c.fault)
				if err != nil {
					t.Fatal(err)
				}
				if resp, text, err := ask(t, ts, "POST", "/sandbox/faults", string(raw)); err != nil || resp.StatusCode != http.StatusOK {
					t.Fatalf("%s: %v %s", c.name, err, text)
				}
			} else {
				p.Inject(c.fault)
			}
			resp, text, err := ask(t, ts, "GET", "/search", "")
			if err != nil {
				t.Fatalf("%s: %v", c.name, err)
			}
			if resp.StatusCode != c.status || !strings.HasPrefix(resp.Header.Get("Content-Type"), c.contentType) ||
				json.Valid([]byte(text)) != c.valid || c.length > 0 && len(text) != c.length || worked != c.worked {
				t.Errorf("%s: %d %s, %d bytes, worked %v", c.name, resp.StatusCode, resp.Header.Get("Content-Type"), len(text), worked)
			}
			if log := p.Requests(); len(log) != 1 || log[0].Status != c.status {
				t.Errorf("%s: %+v", c.name, log)
			}
			if _, text, err = ask(t, ts, "GET", "/search", ""); err != nil || text != good {
				t.Errorf("%s: it struck twice: %v %s", c.name, err, text)
			}
			if _, text, err = ask(t, ts, "GET", "/other", ""); err != nil || text != good {
				t.Errorf("%s: another path was struck: %v %s", c.name, err, text)
			}
		}
	}
}

func TestFaultsThatAreNone(t *testing.T) {
	t.Parallel()
	var p dials.Panel
	ts := httptest.NewServer(p.Wrap(http.NotFoundHandler()))
	t.Cleanup(ts.Close)
	for _, body := range []string{`{}`, `{"effect":"reply"}`, `{"effect":"flood","bytes":-1}`, `{"effect":"flood","status":99}`, `{"effect":"half","size":1}`, `half`} {
		if resp, text, err := ask(t, ts, "POST", "/sandbox/faults", body); err != nil || resp.StatusCode != http.StatusBadRequest || !strings.Contains(text, "flood") {
			t.Errorf("%s: %v %s", body, err, text)
		}
	}
}
