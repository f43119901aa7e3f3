// Package openapicheck watches HTTP traffic and compares it with Jira Cloud's OpenAPI document: that each request names
// an operation that exists, with query parameters and a body that it takes, and that each answer is what it promises.
// It is for tests alone.
package openapicheck

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Checker knows the document and collects what went against it. It is safe for concurrent use.
type Checker struct {
	operations []operation

	mu         sync.Mutex
	compiler   *jsonschema.Compiler
	checked    int
	violations []string
}

// operation is one method of one path.
type operation struct {
	method   string
	segments []string // of the path; one in braces matches anything
	query    map[string]parameter
	noBody   bool
	body     string            // where its schema is; "" when any will do
	answers  map[string]string // by status; "" for one that is documented without a schema
}

type parameter struct {
	kind     string
	required bool
}

const (
	resource = "jira.json"
	prefix   = "/rest/api/"
)

// New reads the OpenAPI document at specPath, which may be gzipped.
func New(specPath string) (*Checker, error) {
	doc, err := readSpec(specPath)
	if err != nil {
		return nil, fmt.Errorf("read OpenAPI document: %w", err)
	}
	mend(doc)
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft4)
	compiler.RegisterFormat(&jsonschema.Format{Name: "date-time", Validate: jiraTime})
	compiler.AssertFormat()
	if err := compiler.AddResource(resource, doc); err != nil {
		return nil, fmt.Errorf("add OpenAPI document: %w", err)
	}
	c := &Checker{compiler: compiler}
	for path, methods := range object(object(doc)["paths"]) {
		for method, raw := range object(methods) {
			c.operations = append(c.operations, readOperation(path, method, object(raw)))
		}
	}
	if len(c.operations) == 0 {
		return nil, errors.New("read OpenAPI document: it has no operations")
	}
	return c, nil
}

func readSpec(path string) (any, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var in io.Reader = f
	if strings.HasSuffix(path, ".gz") {
		if in, err = gzip.NewReader(f); err != nil {
			return nil, err
		}
	}
	return jsonschema.UnmarshalJSON(in)
}

func object(v any) map[string]any {
	m, _ := v.(map[string]any)
	return m
}

// mend turns OpenAPI 3.0's way of saying "or null" into JSON Schema's, and allows what Jira is known to do against its own
// document: a changelog's values are null where there was nothing.
func mend(doc any) {
	for _, name := range []string{"from", "to", "fromString", "toString"} {
		schema := object(object(object(object(object(doc)["components"])["schemas"])["ChangeDetails"])["properties"])
		if p := object(schema[name]); p != nil {
			p["nullable"] = true
		}
	}
	// Bulk progress tells its times in milliseconds, as the document's own example does.
	for _, name := range []string{"created", "started", "updated"} {
		schema := object(object(object(object(object(doc)["components"])["schemas"])["BulkOperationProgress"])["properties"])
		if p := object(schema[name]); p != nil {
			p["type"] = "integer"
			delete(p, "format")
		}
	}
	// Its example of an option of a bulk edit's field has properties, its schema has none and allows none.
	delete(object(object(object(object(doc)["components"])["schemas"])["IssueBulkOperationsFieldOption"]), "additionalProperties")
	walk(doc)
}

func walk(v any) {
	switch v := v.(type) {
	case map[string]any:
		if kind, isText := v["type"].(string); isText && v["nullable"] == true {
			v["type"] = []any{kind, "null"}
		}
		for k, x := range v {
			if k != "example" && k != "examples" {
				walk(x)
			}
		}
	case []any:
		for _, x := range v {
			walk(x)
		}
	}
}

// jiraTime accepts RFC 3339 and Jira's own form, whose offset has no colon.
func jiraTime(v any) error {
	text, isText := v.(string)
	if !isText {
		return nil
	}
	return parseTime(text)
}

func readOperation(path, method string, raw map[string]any) operation {
	op := operation{
		method: strings.ToUpper(method), segments: strings.Split(strings.Trim(path, "/"), "/"),
		query: map[string]parameter{}, answers: map[string]string{}, noBody: raw["requestBody"] == nil,
	}
	params, _ := raw["parameters"].([]any)
	for _, p := range params {
		p := object(p)
		if p["in"] == "query" {
			kind, _ := object(p["schema"])["type"].(string)
			op.query[fmt.Sprint(p["name"])] = parameter{kind: kind, required: p["required"] == true}
		}
	}
	at := "#/paths/" + escape(path) + "/" + method
	schema := func(holder map[string]any, at string) string {
		if object(object(object(holder["content"])["application/json"])["schema"]) == nil {
			return ""
		}
		return at + "/content/" + escape("application/json") + "/schema"
	}
	op.body = schema(object(raw["requestBody"]), at+"/requestBody")
	for status, r := range object(raw["responses"]) {
		op.answers[status] = schema(object(r), at+"/responses/"+status)
	}
	return op
}

// escape makes a key safe inside a JSON pointer inside an address.
func escape(key string) string {
	return url.PathEscape(strings.NewReplacer("~", "~0", "/", "~1").Replace(key))
}

// Violations returns what was found wrong, in the order of the traffic; nil when nothing was.
func (c *Checker) Violations() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.violations)
}

// Checked returns how many exchanges were compared, so that a test can tell that its traffic was seen at all.
func (c *Checker) Checked() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.checked
}

// Wrap returns a transport that sends through next (http.DefaultTransport when it is nil) and compares everything under
// /rest/ on the way. It changes neither requests nor answers.
func (c *Checker) Wrap(next http.RoundTripper) http.RoundTripper {
	if next == nil {
		next = http.DefaultTransport
	}
	return &watcher{c, next}
}

type watcher struct {
	checker *Checker
	next    http.RoundTripper
}

// RoundTrip sends the request on.
func (w *watcher) RoundTrip(r *http.Request) (*http.Response, error) {
	if !strings.HasPrefix(r.URL.Path, "/rest/") {
		return w.next.RoundTrip(r)
	}
	var sent []byte
	if r.Body != nil {
		var err error
		if sent, err = io.ReadAll(r.Body); err != nil {
			return nil, fmt.Errorf("read the request's body: %w", err)
		}
		if err := r.Body.Close(); err != nil {
			return nil, fmt.Errorf("close the request's body: %w", err)
		}
		r = r.Clone(r.Context())
		r.Body = io.NopCloser(bytes.NewReader(sent))
	}
	resp, err := w.next.RoundTrip(r)
	if err != nil {
		w.checker.request(r, sent)
		return nil, err
	}
	got, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(got))
	if err != nil {
		// A connection that was cut is a fault under test, not a wrong answer.
		resp.Body = io.NopCloser(io.MultiReader(bytes.NewReader(got), broken{err}))
		w.checker.request(r, sent)
		return resp, nil //nolint:nilerr // the client meets the error where it would have: when it reads
	}
	if op := w.checker.request(r, sent); op != nil {
		w.checker.answer(r, op, resp, got)
	}
	return resp, nil
}

type broken struct{ err error }

func (b broken) Read([]byte) (int, error) { return 0, b.err }

func (c *Checker) report(r *http.Request, format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.violations = append(c.violations, r.Method+" "+r.URL.Path+": "+fmt.Sprintf(format, args...))
}

// find returns the operation that a request means; where several paths match, the one with the most words of its own.
func (c *Checker) find(r *http.Request) *operation {
	path := r.URL.EscapedPath()
	for _, v := range []string{"2", "latest"} {
		if rest, ok := strings.CutPrefix(path, prefix+v+"/"); ok {
			path = prefix + "3/" + rest
		}
	}
	segments := strings.Split(strings.Trim(path, "/"), "/")
	var best *operation
	most := -1
	for i := range c.operations {
		op := &c.operations[i]
		if op.method != r.Method || len(op.segments) != len(segments) {
			continue
		}
		own := 0
		for n, s := range op.segments {
			switch {
			case s == segments[n]:
				own++
			case !strings.HasPrefix(s, "{"):
				own = -1 << 10
			}
		}
		if own > most {
			best, most = op, own
		}
	}
	return best
}

// request compares what was sent, and returns the operation it means, nil when there is none.
func (c *Checker) request(r *http.Request, body []byte) *operation {
	c.mu.Lock()
	c.checked++
	c.mu.Unlock()
	op := c.find(r)
	if op == nil {
		c.report(r, "no such operation")
		return nil
	}
	query := r.URL.Query()
	for name, values := range query {
		p, known := op.query[name]
		if !known {
			c.report(r, "no query parameter %q", name)
			continue
		}
		for _, v := range values {
			if !fits(p.kind, v) {
				c.report(r, "query parameter %s: %q is no %s", name, v, p.kind)
			}
		}
	}
	for name, p := range op.query {
		if p.required && !query.Has(name) {
			c.report(r, "query parameter %q is missing", name)
		}
	}
	switch {
	case len(body) == 0 && op.body != "":
		c.report(r, "the body is missing")
	case len(body) > 0 && op.noBody:
		c.report(r, "a body is sent where none is taken")
	case len(body) > 0 && op.body != "":
		c.validate(r, op.body, "request", body)
	}
	return op
}

func fits(kind, value string) bool {
	var err error
	switch kind {
	case "integer":
		_, err = strconv.ParseInt(value, 10, 64)
	case "boolean":
		_, err = strconv.ParseBool(value)
	}
	return err == nil
}

func (c *Checker) answer(r *http.Request, op *operation, resp *http.Response, body []byte) {
	schema, documented := op.answers[strconv.Itoa(resp.StatusCode)]
	good := resp.StatusCode < 300
	switch {
	case good && !documented:
		c.report(r, "status %d is not documented", resp.StatusCode)
	case resp.StatusCode == http.StatusNoContent && len(body) > 0:
		c.report(r, "204 with a body")
	case schema == "" || resp.StatusCode == http.StatusNoContent:
	case !strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json"):
		if good { // proxies and rate limiters answer errors in their own way
			c.report(r, "status %d with content type %q", resp.StatusCode, resp.Header.Get("Content-Type"))
		}
	default:
		c.validate(r, schema, "answer "+strconv.Itoa(resp.StatusCode), body)
	}
}

// compile makes a schema ready, once: the document has far more of them than a test ever needs.
func (c *Checker) compile(at string) (*jsonschema.Schema, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.compiler.Compile(resource + at)
}

func (c *Checker) validate(r *http.Request, at, what string, body []byte) {
	schema, err := c.compile(at)
	if err != nil {
		c.report(r, "%s: the document's schema cannot be read: %v", what, err)
		return
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		c.report(r, "%s is no JSON: %v", what, err)
		return
	}
	if err := schema.Validate(v); err != nil {
		text := err.Error()
		if detail, ok := errors.AsType[*jsonschema.ValidationError](err); ok {
			text = strings.Join(leaves(detail), "; ")
		}
		c.report(r, "%s: %s", what, text)
	}
}
