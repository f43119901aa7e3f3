package jira

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// searchBean is the body of a search on Data Center, whose maximum is the server's.
type searchBean struct {
	JQL           string   `json:"jql"`
	StartAt       int      `json:"startAt"`
	MaxResults    *int     `json:"maxResults"`
	Fields        []string `json:"fields"`
	Expand        []string `json:"expand"`
	ValidateQuery *bool    `json:"validateQuery"`
}

// readSearch reads a search; the answer says why it cannot.
func (c *call) readSearch() (searchBean, *answer) {
	var req searchBean
	if c.r.Method == http.MethodPost {
		if c.strict(&req) {
			return req, nil
		}
		return req, c.badBean()
	}
	bad := answer{status: http.StatusNotFound, body: noPath(http.StatusNotFound)} // what JAX-RS makes of a number that is none
	q := c.r.URL.Query()
	req.JQL, req.Fields, req.Expand = q.Get("jql"), q["fields"], splitAll(q["expand"])
	if text := q.Get("startAt"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			return req, &bad
		}
		req.StartAt = n
	}
	if text := q.Get("maxResults"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			return req, &bad
		}
		req.MaxResults = &n
	}
	if q.Has("validateQuery") { // "strict" and "warn" are Cloud's words
		strict := !strings.EqualFold(q.Get("validateQuery"), "false")
		req.ValidateQuery = &strict
	}
	return req, nil
}

// badBean names the first key of the body that a search does not have, as Jackson does.
func (c *call) badBean() *answer {
	a := fail(http.StatusBadRequest, "Unexpected character or type in the request body.")
	m, _ := c.object()
	known := []string{"maxResults", "jql", "fields", "expand", "validateQuery", "startAt"}
	for k := range m {
		if !slices.Contains(known, k) {
			a = fail(http.StatusBadRequest, `Unrecognized field "`+k+`" (class com.atlassian.jira.rest.v2.search.SearchRequestBean), `+
				`not marked as ignorable (6 known properties: "`+strings.Join(known, `", "`)+`")`)
		}
	}
	return &a
}

func splitAll(list []string) []string {
	var out []string
	for _, l := range list {
		out = append(out, strings.Split(l, ",")...)
	}
	return out
}

// searchDC answers a page by its offset in the result as the index has it now. An issue that moves in the order between two
// pages can therefore come twice, and push another one out of both.
func (c *call) searchDC() answer {
	req, bad := c.readSearch()
	if bad != nil {
		return *bad
	}
	size := pageDefault
	if req.MaxResults != nil {
		size = *req.MaxResults
	}
	if size < 0 || size > c.s.opts.MaxResults { // -1 is known to mean as many as there may be
		size = c.s.opts.MaxResults
	}
	start := max(req.StartAt, 0)
	body := map[string]any{"expand": "schema,names", "startAt": start, "maxResults": size, "total": 0, "issues": []any{}}
	if _, err := parseJQL(req.JQL); err != nil {
		return jqlFailure(err)
	}
	f, err := c.foundDC(req.JQL)
	switch {
	case err != nil && req.ValidateQuery != nil && !*req.ValidateQuery:
		// A query that means nothing finds nothing, and says so beside it.
		body["warningMessages"] = jqlComplaints(err)
		return ok(body)
	case err != nil:
		return jqlFailure(err)
	}
	want := choose(req.Fields, wanted{navigable: true})
	issues := []any{}
	for _, i := range cut(f.issues, start, size) {
		one := c.lens().issue(i, want)
		c.expand(one, i, strings.Join(slices.DeleteFunc(slices.Clone(req.Expand), ofPage), ","))
		c.plain(one)
		issues = append(issues, one)
	}
	for _, what := range req.Expand {
		if ofPage(what) && len(f.issues) > 0 {
			whole := map[string]any{}
			c.expand(whole, f.issues[0], what)
			c.plain(whole)
			body[what] = whole[what]
		}
	}
	body["total"], body["issues"] = len(f.issues), issues
	return ok(body)
}

// ofPage reports whether an expansion is told once a page instead of with each issue.
func ofPage(what string) bool { return what == "names" || what == "schema" }

// foundDC runs a query for whoever asks. Strangers may ask as well. They find nothing; but what a query names must exist
// for them, and to them no project does.
func (c *call) foundDC(jql string) (*found, error) {
	if !c.stranger && !c.s.denied["BROWSE_PROJECTS"] {
		return c.s.search(jql, nil)
	}
	q, err := parseJQL(jql)
	if err != nil {
		return nil, err
	}
	blind := &compiler{s: c.s, blind: true}
	if q.where != nil {
		blind.node(*q.where)
	}
	blind.orders(q.order)
	if len(blind.errors) > 0 {
		return nil, &jqlError{blind.errors}
	}
	return &found{}, nil
}

// unseen complains of a clause that names what a blind eye does not see, and reports whether it did.
func (c *compiler) unseen(cl clause) bool {
	field := strings.ToLower(cl.field)
	isKey := field == "key" || field == "issuekey" || field == "issue" || field == "id"
	for _, o := range cl.values {
		_, err := strconv.ParseInt(o.text, 10, 64)
		switch {
		case o.empty || o.call != "":
		case isKey && err == nil:
			c.fail("A value with ID '%s' does not exist for the field '%s'.", o.text, field)
			return true
		case isKey:
			c.fail("An issue with key '%s' does not exist for field '%s'.", o.text, field)
			return true
		case field == "project":
			c.fail("The value '%s' does not exist for the field '%s'.", o.text, cl.field)
			return true
		}
	}
	return false
}
