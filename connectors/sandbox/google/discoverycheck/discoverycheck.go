// Package discoverycheck holds real HTTP traffic against one of Google's API discovery documents: is there such a method,
// does it take these parameters, do the bodies that go out and come back fit their messages. It says nothing about what an
// answer means, only that no field, type or word in it is made up.
package discoverycheck

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// Checker knows one API and keeps a list of what did not fit it. It may be used by several goroutines.
type Checker struct {
	methods []method
	schemas map[string]*schema
	common  map[string]*schema

	mu         sync.Mutex
	violations []string
	checked    int
}

type method struct {
	id       string
	verb     string
	path     *regexp.Regexp
	literal  int // how much of the path is spelt out: the more, the better the match
	params   map[string]*schema
	request  string
	response string
}

// schema is a JSON schema as discovery documents write it; a parameter has the same form.
type schema struct {
	Ref        string             `json:"$ref"`
	Type       string             `json:"type"`
	Format     string             `json:"format"`
	Enum       []string           `json:"enum"`
	Items      *schema            `json:"items"`
	Properties map[string]*schema `json:"properties"`
	Additional *schema            `json:"additionalProperties"`
	Location   string             `json:"location"`
	Repeated   bool               `json:"repeated"`
	Required   bool               `json:"required"`
}

type resource struct {
	Resources map[string]resource `json:"resources"`
	Methods   map[string]struct {
		ID         string             `json:"id"`
		HTTPMethod string             `json:"httpMethod"`
		Path       string             `json:"path"`
		Parameters map[string]*schema `json:"parameters"`
		Request    struct {
			Ref string `json:"$ref"`
		} `json:"request"`
		Response struct {
			Ref string `json:"$ref"`
		} `json:"response"`
	} `json:"methods"`
}

// New reads a discovery document from a file.
func New(discoveryJSONPath string) (*Checker, error) {
	b, err := os.ReadFile(discoveryJSONPath)
	if err != nil {
		return nil, fmt.Errorf("read the discovery document: %w", err)
	}
	var doc struct {
		ServicePath string             `json:"servicePath"`
		Parameters  map[string]*schema `json:"parameters"`
		Schemas     map[string]*schema `json:"schemas"`
		resource
	}
	if err := json.Unmarshal(b, &doc); err != nil {
		return nil, fmt.Errorf("read the discovery document: %w", err)
	}
	c := &Checker{schemas: doc.Schemas, common: doc.Parameters}
	if err := c.add(doc.resource, doc.ServicePath); err != nil {
		return nil, err
	}
	if len(c.methods) == 0 {
		return nil, errors.New("the discovery document names no methods")
	}
	return c, nil
}

var variable = regexp.MustCompile(`\{\+?[^}]*\}`)

func (c *Checker) add(r resource, base string) error {
	for _, m := range r.Methods {
		full := "/" + base + m.Path
		literals := variable.Split(full, -1)
		for i, l := range literals {
			literals[i] = regexp.QuoteMeta(l)
		}
		re, err := regexp.Compile("^" + strings.Join(literals, "[^/]+") + "$")
		if err != nil {
			return fmt.Errorf("read the path of %s: %w", m.ID, err)
		}
		c.methods = append(c.methods, method{
			id: m.ID, verb: m.HTTPMethod, path: re, literal: len(variable.ReplaceAllString(full, "")), params: m.Parameters,
			request: m.Request.Ref, response: m.Response.Ref,
		})
	}
	for _, sub := range r.Resources {
		if err := c.add(sub, base); err != nil {
			return err
		}
	}
	return nil
}

// Violations lists what did not fit so far, in the order in which it was seen; empty when everything did.
func (c *Checker) Violations() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.violations)
}

// Checked is how many exchanges were held against the document, so that a test can tell that it saw any.
func (c *Checker) Checked() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.checked
}

func (c *Checker) blame(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.violations = append(c.violations, fmt.Sprintf(format, args...))
}

// Wrap returns next with every exchange that goes through it checked. Requests and answers pass unchanged.
func (c *Checker) Wrap(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		var sent []byte
		if r.Body != nil {
			b, err := io.ReadAll(r.Body)
			if err != nil {
				return nil, fmt.Errorf("read the request: %w", err)
			}
			_ = r.Body.Close()
			sent = b
			r = r.Clone(r.Context())
			r.Body = io.NopCloser(bytes.NewReader(sent))
		}
		m := c.request(r, sent)
		resp, err := next.RoundTrip(r)
		if err != nil {
			return resp, err
		}
		b, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		resp.Body = io.NopCloser(io.MultiReader(bytes.NewReader(b), failing{err}))
		if err == nil && m != nil {
			c.answer(r, m, resp.StatusCode, b)
		}
		return resp, nil
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// failing hands on the error that cut an answer short.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) {
	if f.err != nil {
		return 0, f.err
	}
	return 0, io.EOF
}

func (c *Checker) request(r *http.Request, body []byte) *method {
	c.mu.Lock()
	c.checked++
	c.mu.Unlock()
	where := r.Method + " " + r.URL.EscapedPath()
	var m *method
	for i := range c.methods {
		x := &c.methods[i]
		if x.verb == r.Method && x.path.MatchString(r.URL.EscapedPath()) && (m == nil || x.literal > m.literal) {
			m = x
		}
	}
	if m == nil {
		c.blame("%s: there is no such method", where)
		return nil
	}
	for name, values := range r.URL.Query() {
		p := m.params[name]
		if p == nil {
			p = c.common[name]
		}
		if p == nil && name != "$alt" && name != "$prettyPrint" {
			c.blame("%s: %s takes no parameter %q", where, m.id, name)
			continue
		}
		if p == nil {
			continue
		}
		if len(values) > 1 && !p.Repeated {
			c.blame("%s: the parameter %q stands there more than once", where, name)
		}
		for _, v := range values {
			if len(p.Enum) > 0 && !slices.Contains(p.Enum, v) {
				c.blame("%s: the parameter %q cannot be %q", where, name, v)
			}
			if p.Type == "boolean" && v != "true" && v != "false" {
				c.blame("%s: the parameter %q is true or false, not %q", where, name, v)
			}
		}
	}
	if len(bytes.TrimSpace(body)) > 0 {
		if m.request == "" {
			c.blame("%s: %s takes no body", where, m.id)
		} else {
			c.json(where+" request", m.request, body)
		}
	}
	return m
}

func (c *Checker) answer(r *http.Request, m *method, status int, body []byte) {
	where := fmt.Sprintf("%s %s answer %d", r.Method, r.URL.EscapedPath(), status)
	if status >= 400 {
		var e struct {
			Error *struct {
				Code    int    `json:"code"`
				Message string `json:"message"`
			} `json:"error"`
		}
		if err := json.Unmarshal(body, &e); err != nil || e.Error == nil || e.Error.Code != status || e.Error.Message == "" {
			c.blame("%s: is not an error as Google writes them", where)
		}
		return
	}
	if m.response == "" {
		return
	}
	c.json(where, m.response, body)
}

func (c *Checker) json(where, ref string, body []byte) {
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		c.blame("%s: is no JSON: %v", where, err)
		return
	}
	c.value(where+": "+ref, &schema{Ref: ref}, v)
}

func (c *Checker) value(path string, s *schema, v any) {
	if s.Ref != "" {
		target := c.schemas[s.Ref]
		if target == nil {
			c.blame("%s: the message %s is unknown", path, s.Ref)
			return
		}
		s = target
	}
	wrong := func(want string) { c.blame("%s: should be %s, is %T", path, want, v) }
	switch s.Type {
	case "any", "":
	case "object":
		o, ok := v.(map[string]any)
		if !ok {
			wrong("an object")
			return
		}
		for k, x := range o {
			field := s.Properties[k]
			if field == nil {
				field = s.Additional
			}
			if field == nil {
				c.blame("%s: has no field %q", path, k)
				continue
			}
			c.value(path+"."+k, field, x)
		}
	case "array":
		xs, ok := v.([]any)
		if !ok {
			wrong("a list")
			return
		}
		for i, x := range xs {
			c.value(fmt.Sprintf("%s[%d]", path, i), s.Items, x)
		}
	case "string":
		str, ok := v.(string)
		if !ok {
			wrong("text")
			return
		}
		if len(s.Enum) > 0 && !slices.Contains(s.Enum, str) {
			c.blame("%s: cannot be %q", path, str)
		}
	case "boolean":
		if _, ok := v.(bool); !ok {
			wrong("true or false")
		}
	case "integer":
		if f, ok := v.(float64); !ok || f != float64(int64(f)) || s.Format == "int32" && f != float64(int32(f)) {
			wrong("a whole number")
		}
	case "number":
		if _, ok := v.(float64); !ok {
			wrong("a number")
		}
	default:
		c.blame("%s: the document gives it the type %q, which is unknown", path, s.Type)
	}
}
