package openapicheck_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lockstep-sync/lockstep/connectors/sandbox/jira/openapicheck"
)

// spec is a document in the manner of Jira's.
const spec = `{"openapi":"3.0.1","paths":{
	"/rest/api/3/thing/{id}":{
		"get":{"parameters":[{"name":"id","in":"path","schema":{"type":"string"}},{"name":"max","in":"query","schema":{"type":"integer"}},{"name":"must","in":"query","required":true,"schema":{"type":"string"}}],
			"responses":{"200":{"content":{"application/json":{"schema":{"$ref":"#/components/schemas/Thing"}}}},"404":{}}},
		"put":{"requestBody":{"content":{"application/json":{"schema":{"$ref":"#/components/schemas/Thing"}}}},"responses":{"204":{}}}},
	"/rest/api/3/thing/own":{"get":{"responses":{"200":{}}}}},
	"components":{"schemas":{"Thing":{"type":"object","additionalProperties":false,"required":["id"],"properties":{
		"id":{"type":"string"},"note":{"type":"string","nullable":true},"at":{"type":"string","format":"date-time"},"n":{"type":"integer","format":"int32"}}}}}}`

// TestEachKindOfViolation shows that the checker sees what it is there to see.
func TestEachKindOfViolation(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "spec.json")
	if err := os.WriteFile(path, []byte(spec), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, method, path, send string
		status                   int
		kind, answer             string
		want                     string // "" for no violation
	}{
		{"right", "GET", "/rest/api/3/thing/7?must=x&max=5", "", 200, "application/json;charset=UTF-8", `{"id":"7","note":null,"at":"2026-01-02T03:04:05.678+0000"}`, ""},
		{"version 2", "GET", "/rest/api/2/thing/7?must=x", "", 200, "application/json", `{"id":"7","at":"2026-01-02T03:04:05Z"}`, ""},
		{"the more exact path", "GET", "/rest/api/3/thing/own", "", 200, "application/json", `{}`, ""},
		{"elsewhere", "GET", "/browse/X-1", "", 200, "text/html", "", ""},
		{"a body that is right", "PUT", "/rest/api/3/thing/7", `{"id":"7"}`, 204, "", "", ""},
		{"an error in its own way", "GET", "/rest/api/3/thing/7?must=x", "", 503, "text/html", "down", ""},
		{"no operation", "GET", "/rest/api/3/nothing", "", 404, "", "", "no such operation"},
		{"wrong method", "DELETE", "/rest/api/3/thing/7", "", 204, "", "", "no such operation"},
		{"unknown parameter", "GET", "/rest/api/3/thing/7?must=x&more=1", "", 404, "", "", `no query parameter "more"`},
		{"parameter of the wrong kind", "GET", "/rest/api/3/thing/7?must=x&max=many", "", 404, "", "", `"many" is no integer`},
		{"parameter missing", "GET", "/rest/api/3/thing/7", "", 404, "", "", `query parameter "must" is missing`},
		{"body missing", "PUT", "/rest/api/3/thing/7", "", 204, "", "", "the body is missing"},
		{"body with an unknown key", "PUT", "/rest/api/3/thing/7", `{"id":"7","x":1}`, 204, "", "", "additional properties 'x' not allowed"},
		{"body that is no JSON", "PUT", "/rest/api/3/thing/7", `{"id"`, 204, "", "", "is no JSON"},
		{"body where none is", "GET", "/rest/api/3/thing/own", `{}`, 200, "application/json", `{}`, "a body is sent where none is taken"},
		{"answer without a key", "GET", "/rest/api/3/thing/7?must=x", "", 200, "application/json", `{}`, "missing property 'id'"},
		{"answer of the wrong type", "GET", "/rest/api/3/thing/7?must=x", "", 200, "application/json", `{"id":7}`, "got number, want string"},
		{"answer with a wrong time", "GET", "/rest/api/3/thing/7?must=x", "", 200, "application/json", `{"id":"7","at":"yesterday"}`, "date-time"},
		{"answer that is no JSON", "GET", "/rest/api/3/thing/7?must=x", "", 200, "text/html", `<p>`, `content type "text/html"`},
		{"status nobody wrote down", "GET", "/rest/api/3/thing/7?must=x", "", 201, "application/json", `{}`, "status 201 is not documented"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			checker, err := openapicheck.New(path)
			if err != nil {
				t.Fatal(err)
			}
			ts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if got, _ := io.ReadAll(r.Body); string(got) != c.send {
					t.Errorf("the server was sent %q", got)
				}
				w.Header().Set("Content-Type", c.kind)
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.answer)
			}))
			t.Cleanup(ts.Close)
			r, err := http.NewRequestWithContext(t.Context(), c.method, ts.URL+c.path, strings.NewReader(c.send))
			if err != nil {
				t.Fatal(err)
			}
			resp, err := (&http.Client{Transport: checker.Wrap(nil)}).Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if got, _ := io.ReadAll(resp.Body); string(got) != c.answer || resp.StatusCode != c.status {
				t.Errorf("the client got %d %q", resp.StatusCode, got)
			}
			got := strings.Join(checker.Violations(), "\n")
			if c.want == "" && got != "" || !strings.Contains(got, c.want) {
				t.Errorf("violations %q, want %q", got, c.want)
			}
		})
	}
}

func TestDocumentsThatAreNone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{"empty.json": `{}`, "none.json": `nope`, "not.gz": `{}`} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := openapicheck.New(path); err == nil {
			t.Errorf("%s was taken for a document", name)
		}
	}
	if _, err := openapicheck.New(filepath.Join(dir, "absent.json")); err == nil {
		t.Error("a file that is not there was read")
	}
}
