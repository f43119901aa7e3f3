package google

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// call is one request to an API on its way through.
type call struct {
	s       *Server
	w       http.ResponseWriter
	r       *http.Request
	q       url.Values
	schema  *schema
	message string // what the answer is
	mask    *mask  // what of it is wanted; nil is all of it
}

// maxBody is more than any request should be: Google advises two megabytes.
const maxBody = 64 << 20

// admit checks the bearer token and counts the request against its quota.
func (s *Server) admit(r *http.Request, service string) error {
	if s.o.Token != "" {
		switch got := r.Header.Get("Authorization"); got {
		case "":
			return unregistered(service)
		case "Bearer " + s.o.Token:
		default:
			return unauthenticated(service)
		}
	}
	group, limit := "Write", s.o.WritesPerMinute
	if r.Method == http.MethodGet || readsByPost(r.URL.Path) {
		group, limit = "Read", s.o.ReadsPerMinute
	}
	if m := s.meters[service+group]; m != nil {
		if ok, _ := m.Allow(s.o.Now(), time.Minute, limit); !ok {
			return overQuota(service, group, limit)
		}
	}
	return nil
}

// readsByPost reports whether a POST counts as a read: its filters are only too long for an address.
func readsByPost(path string) bool {
	for _, verb := range []string{":getByDataFilter", ":batchGetByDataFilter", "developerMetadata:search"} {
		if strings.HasSuffix(path, verb) {
			return true
		}
	}
	return false
}

// systemParameters are those that every Google API takes.
var systemParameters = []string{
	"$.xgafv", "access_token", "alt", "callback", "fields", "key", "oauth_token", "prettyPrint", "quotaUser", "uploadType",
	"upload_protocol",
}

// begin reads the query, which may only hold the method's own parameters and those of every API, and the fields mask.
func (s *Server) begin(w http.ResponseWriter, r *http.Request, sch *schema, message string, own ...string) (*call, error) {
	c := &call{s: s, w: w, r: r, schema: sch, message: message}
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, invalid("Invalid query string.")
	}
	c.q = url.Values{}
	for _, name := range slices.Sorted(maps.Keys(q)) {
		plain := camel(strings.TrimPrefix(name, "$"))
		if !slices.Contains(own, plain) && !slices.Contains(systemParameters, name) && !slices.Contains(systemParameters, plain) {
			return nil, badField(name, "Invalid JSON payload received. Unknown name %q: Cannot bind query parameter. "+
				"Field '%s' could not be found in request message.", name, name)
		}
		c.q[plain] = append(c.q[plain], q[name]...)
	}
	if c.mask, err = parseMask(c.q.Get("fields")); err != nil {
		return nil, err
	}
	if err := sch.checkMask(message, c.mask, ""); err != nil {
		return nil, err
	}
	return c, nil
}

// flag reads a query parameter that is true or false.
func (c *call) flag(name string) (bool, error) {
	v := c.q.Get(name)
	if v == "" {
		return false, nil
	}
	b, err := strconv.ParseBool(strings.ToLower(v))
	if err != nil {
		return false, badField(snake(name), "Invalid value at '%s' (TYPE_BOOL), %q", snake(name), v)
	}
	return b, nil
}

// choice reads a query parameter that is one of a set; "" when it is absent.
func (c *call) choice(name, enum string, of ...string) (string, error) {
	v := c.q.Get(name)
	if v == "" || slices.Contains(of, v) {
		return v, nil
	}
	return "", badField(snake(name), "Invalid value at '%s' (type.googleapis.com/google.apps.sheets.v4.%s), %q", snake(name), enum, v)
}

// body reads the request's JSON and holds it against a message. prefix is how error messages name the body as a whole.
func (c *call) body(message, prefix string) (map[string]any, error) {
	b, err := io.ReadAll(io.LimitReader(c.r.Body, maxBody+1))
	if err != nil {
		return nil, invalid("Request body could not be read.")
	}
	if len(b) > maxBody {
		return nil, &apiError{code: http.StatusRequestEntityTooLarge, status: "INVALID_ARGUMENT", message: "Request payload size exceeds the limit."}
	}
	if len(bytes.TrimSpace(b)) == 0 {
		return map[string]any{}, nil
	}
	var v any
	if err := json.Unmarshal(b, &v); err != nil {
		return nil, invalid("Invalid JSON payload received. Unexpected end of string or token.\n%s", err)
	}
	if err := c.schema.check(message, v, prefix); err != nil {
		return nil, err
	}
	return asMap(v), nil
}

// answer sends what the mask wants of v.
func (c *call) answer(v any) {
	if c.mask != nil {
		v = c.mask.prune(v)
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if p := c.q.Get("prettyPrint"); p != "false" && p != "0" {
		enc.SetIndent("", "  ")
	}
	if err := enc.Encode(v); err != nil {
		writeError(c.w, err)
		return
	}
	c.w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	c.w.Header().Set("Cache-Control", "private")
	_, _ = c.w.Write(b.Bytes())
}

// open finds the spreadsheet for the API's one user.
func (s *Server) open(id string, write bool) (*workbook, error) {
	w := s.book(id)
	switch {
	case w == nil:
		return nil, notFound()
	case w.unshared, write && w.readOnly:
		return nil, denied()
	}
	return w, nil
}

// These read fields of decoded JSON. What is absent is the zero value, as in the real API.

func asMap(v any) map[string]any { m, _ := v.(map[string]any); return m }
func asList(v any) []any         { l, _ := v.([]any); return l }
func asString(v any) string      { s, _ := v.(string); return s }
func asBool(v any) bool          { b, _ := v.(bool); return b }

// asInt reads a whole number, of decoded JSON or of a message that the sandbox has made itself.
func asInt(v any) int {
	if n, ok := v.(int); ok {
		return n
	}
	f, _ := v.(float64)
	return int(f)
}

func has(m map[string]any, k string) bool {
	_, ok := m[k]
	return ok
}

// bound is an index of a range, -1 when it was not given.
func bound(m map[string]any, k string) int {
	if !has(m, k) {
		return -1
	}
	return asInt(m[k])
}
