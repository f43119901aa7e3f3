package jira

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
)

// Comments by their ids alone, and what programs hang on them.

const maxCommentIDs = 1000

// commentsByID answers those of up to 1,000 comments that there are and that the account may read.
func (c *call) commentsByID() answer {
	var req struct {
		IDs []int64 `json:"ids"`
	}
	if !c.strict(&req) {
		return badPayload
	}
	if len(req.IDs) == 0 || len(req.IDs) > maxCommentIDs {
		return fail(http.StatusBadRequest, "The number of comment ids must be between 1 and 1000.")
	}
	list := []any{}
	for _, i := range c.seenIssues() {
		for _, one := range c.s.commentsSeen(i) {
			if n, err := strconv.ParseInt(one.id, 10, 64); err == nil && slices.Contains(req.IDs, n) {
				list = append(list, c.commentBody(i, one))
			}
		}
	}
	return ok(map[string]any{"isLast": true, "maxResults": 1048576, "startAt": 0, "total": len(list), "values": list})
}

// seenIssues lists the issues that the client may see, as they are now, in the order in which they were made.
func (c *call) seenIssues() []*issue {
	var out []*issue
	for _, id := range c.s.order {
		if i := c.s.records[id].latest(); i != nil && c.sees(i) {
			out = append(out, i)
		}
	}
	return out
}

// anyComment finds the comment that the path names by its id alone.
func (c *call) anyComment() (i *issue, at int, bad *answer) {
	id := c.r.PathValue("comment")
	for _, i := range c.seenIssues() {
		at := slices.IndexFunc(i.comments, func(one comment) bool { return one.id == id && c.s.reads(one) })
		if at >= 0 {
			return i, at, nil
		}
	}
	a := fail(http.StatusNotFound, "Can not find a comment for the id: "+id+".")
	return nil, 0, &a
}

func (c *call) listCommentProperties() answer {
	i, at, bad := c.anyComment()
	if bad != nil {
		return *bad
	}
	keys := []any{}
	for _, k := range slices.Sorted(maps.Keys(i.comments[at].props)) {
		keys = append(keys, map[string]any{"key": k, "self": c.lens().self("comment", i.comments[at].id, "properties", k)})
	}
	return ok(map[string]any{"keys": keys})
}

func (c *call) getCommentProperty() answer {
	i, at, bad := c.anyComment()
	if bad != nil {
		return *bad
	}
	key := c.r.PathValue("property")
	v, found := i.comments[at].props[key]
	if !found {
		return c.noProperty()
	}
	return ok(map[string]any{"key": key, "value": v})
}

// changeProperty changes a comment's property, which touches neither the comment's time nor the issue's.
func (c *call) changeProperty(f func(one *comment) answer) answer {
	i, at, bad := c.anyComment()
	if bad != nil {
		return *bad
	}
	if !c.may("EDIT", i.comments[at]) {
		return fail(http.StatusForbidden, "You do not have the permission to edit this comment.")
	}
	one := i.comments[at]
	a := f(&one)
	if a.status < http.StatusMultipleChoices {
		c.s.quiet(i, func(d *issue) { d.comments[at] = one })
	}
	return a
}

func (c *call) putCommentProperty() answer {
	key := c.r.PathValue("property")
	switch {
	case len(key) > 255:
		return fail(http.StatusBadRequest, "The property key cannot be longer than 255 characters.")
	case len(c.body) > maxProperty:
		return fail(http.StatusBadRequest, "The property value cannot be longer than 32768 characters.")
	case !json.Valid(c.body):
		return fail(http.StatusBadRequest, "The property value must be a valid, non-empty JSON.")
	}
	return c.changeProperty(func(one *comment) answer {
		status := http.StatusCreated
		if _, there := one.props[key]; there {
			status = http.StatusOK
		}
		*one = one.withProperty(key, slices.Clone(c.body))
		return answer{status: status, body: map[string]any{}}
	})
}

func (c *call) deleteCommentProperty() answer {
	key := c.r.PathValue("property")
	return c.changeProperty(func(one *comment) answer {
		if _, found := one.props[key]; !found {
			return c.noProperty()
		}
		one.props = maps.Clone(one.props)
		delete(one.props, key)
		return noBody
	})
}
