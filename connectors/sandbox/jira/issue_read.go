package jira

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

func (c *call) getIssue() answer {
	i, bad := c.subject()
	if bad != nil {
		return *bad
	}
	q := c.r.URL.Query()
	body := c.lens().issue(i, choose(q["fields"], wanted{all: true}))
	if props := q["properties"]; len(props) > 0 {
		body["properties"] = i.properties(props)
		if slices.Contains(props, "*all") {
			body["properties"] = i.props
		}
	}
	c.expand(body, i, strings.Join(q["expand"], ","))
	return ok(body)
}

// expand adds what a client asks for beside the fields.
func (c *call) expand(body map[string]any, i *issue, list string) {
	l := c.lens()
	for what := range strings.SplitSeq(list, ",") {
		switch what {
		case "names":
			names := map[string]any{}
			for _, f := range c.s.fieldDefs() {
				names[f.id] = f.name
			}
			body["names"] = names
		case "schema":
			schema := map[string]any{}
			for _, f := range c.s.fieldDefs() {
				schema[f.id] = f.schema()
			}
			body["schema"] = schema
		case "changelog":
			histories := []any{}
			for _, e := range slices.Backward(i.history) { // newest first here, oldest first at /changelog
				histories = append(histories, l.history(e))
			}
			body["changelog"] = map[string]any{
				"startAt": 0, "maxResults": len(histories), "total": len(histories), "histories": histories,
			}
		case "editmeta":
			body["editmeta"] = map[string]any{"fields": c.editFields(i)}
		case "transitions":
			body["transitions"] = c.transitionsOf(i, false)
		}
	}
}

func (c *call) changelog() answer {
	i, bad := c.subject()
	if bad != nil {
		return *bad
	}
	start, count := c.page(100, 100)
	values := []any{}
	for _, e := range cut(i.history, start, count) {
		values = append(values, c.lens().history(e))
	}
	l := c.lens()
	self := func(at int) string {
		return l.self("issue", c.r.PathValue("issue"), "changelog?startAt="+strconv.Itoa(at)+"&maxResults="+strconv.Itoa(count))
	}
	body := map[string]any{
		"self": self(start), "startAt": start, "maxResults": count, "total": len(i.history),
		"isLast": start+count >= len(i.history), "values": values,
	}
	if start+count < len(i.history) {
		body["nextPage"] = self(start + count)
	}
	return ok(body)
}

type bulkFetchRequest struct {
	IDs          []string `json:"issueIdsOrKeys"`
	Fields       []string `json:"fields"`
	FieldsByKeys bool     `json:"fieldsByKeys"`
	Properties   []string `json:"properties"`
	Expand       []string `json:"expand"`
}

// bulkFetch answers up to 100 issues in ascending order of their ids. One that is missing is in neither of its lists.
func (c *call) bulkFetch() answer {
	var req bulkFetchRequest
	if !c.strict(&req) {
		return badPayload
	}
	if len(req.IDs) == 0 {
		return fail(http.StatusBadRequest, "At least one issue ID or key must be provided.")
	}
	if len(req.IDs) > 100 {
		return fail(http.StatusBadRequest, "The number of issues requested exceeds the limit of 100.")
	}
	var hits []*issue
	for _, id := range req.IDs {
		i := c.s.find(id)
		if i != nil && c.sees(i) && !slices.Contains(hits, i) {
			hits = append(hits, i)
		}
	}
	slices.SortFunc(hits, func(a, b *issue) int { return int(a.id - b.id) })
	want := choose(req.Fields, wanted{navigable: true})
	issues := make([]any, 0, len(hits))
	for _, i := range hits {
		body := c.lens().issue(i, want)
		if len(req.Properties) > 0 {
			body["properties"] = i.properties(req.Properties)
		}
		c.expand(body, i, strings.Join(req.Expand, ","))
		issues = append(issues, body)
	}
	return ok(map[string]any{"issues": issues, "issueErrors": []any{}})
}
