package jira

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// What hangs on an issue beside its fields: comments, entity properties, links to elsewhere.

const (
	maxProperty = 32768 // characters of a property's value
	maxGlobalID = 255
)

func (c *call) listComments() answer {
	i, bad := c.subject()
	if bad != nil {
		return *bad
	}
	start, count := c.page(100, 5000)
	all := slices.Clone(i.comments)
	if strings.HasPrefix(c.r.URL.Query().Get("orderBy"), "-") {
		slices.Reverse(all)
	}
	list := []any{}
	for _, one := range cut(all, start, count) {
		list = append(list, c.lens().comment(i, one))
	}
	return ok(map[string]any{"startAt": start, "maxResults": count, "total": len(i.comments), "comments": list})
}

func (c *call) addComment() answer {
	i, bad := c.writable("ADD_COMMENTS", "You do not have the permission to comment on this issue.")
	if bad != nil {
		return *bad
	}
	m, isObject := c.object()
	if !isObject {
		return badPayload
	}
	if msg := c.comment(i.clone(), m); msg != "" {
		if msg == badPayloadMark {
			return badPayload
		}
		return failFields(map[string]string{"comment": msg})
	}
	i = c.s.edit(i, c.s.bot, func(d *issue) { c.comment(d, m) })
	return answer{status: http.StatusCreated, body: c.lens().comment(i, i.comments[len(i.comments)-1])}
}

// badPayloadMark is comment's word for a body that Jira refuses as a whole.
const badPayloadMark = "\x00payload"

// comment adds a comment to d, or returns Jira's complaint.
func (c *call) comment(d *issue, m map[string]any) string {
	// Clients that send every field of their struct send these empty, which Jira does not take.
	for _, k := range []string{"author", "updateAuthor"} {
		if _, sent := m[k]; sent {
			return badPayloadMark
		}
	}
	if v, sent := m["visibility"]; sent {
		vis, _ := v.(map[string]any)
		if vis["type"] == nil || vis["value"] == nil && vis["identifier"] == nil {
			return badPayloadMark
		}
	}
	body, empty, msg := readRich(m["body"], c.api)
	switch {
	case msg != "":
		return "Comment body is not valid!"
	case empty || strings.TrimSpace(body.text) == "":
		return "Comment body can not be empty!"
	case len([]rune(body.text)) > maxText:
		return "The entered text is too long. It exceeds the allowed limit of 32,767 characters."
	}
	c.s.nextSub++
	d.comments = append(d.comments, comment{
		id: strconv.FormatInt(c.s.nextSub, 10), author: c.s.bot, body: body, created: d.updated, updated: d.updated,
	})
	if d.claimed > 0 {
		d.claimed++
	}
	return ""
}

func (c *call) listProperties() answer {
	i, bad := c.subject()
	if bad != nil {
		return *bad
	}
	keys := []any{}
	for _, k := range slices.Sorted(maps.Keys(i.props)) {
		keys = append(keys, map[string]any{"key": k, "self": c.lens().self("issue", strconv.FormatInt(i.id, 10), "properties", k)})
	}
	return ok(map[string]any{"keys": keys})
}

func (c *call) noProperty() answer {
	return fail(http.StatusNotFound, "The property with key '"+c.r.PathValue("property")+"' does not exist.")
}

func (c *call) getProperty() answer {
	i, bad := c.subject()
	if bad != nil {
		return *bad
	}
	key := c.r.PathValue("property")
	v, found := i.props[key]
	if !found {
		return c.noProperty()
	}
	return ok(map[string]any{"key": key, "value": v})
}

func (c *call) putProperty() answer {
	i, bad := c.writable("EDIT_ISSUES", "You do not have permission to edit issues in this project.")
	if bad != nil {
		return *bad
	}
	key := c.r.PathValue("property")
	switch {
	case len(key) > 255:
		return fail(400, "The property key cannot be longer than 255 characters.")
	case len(c.body) > maxProperty:
		return fail(400, "The property value cannot be longer than 32768 characters.")
	case !json.Valid(c.body):
		return fail(400, "The property value must be a valid, non-empty JSON.")
	}
	status := http.StatusCreated
	if _, there := i.props[key]; there {
		status = http.StatusOK
	}
	c.s.quiet(i, func(d *issue) { d.mergeProps(map[string]json.RawMessage{key: slices.Clone(c.body)}) })
	return answer{status: status, body: map[string]any{}}
}

func (c *call) deleteProperty() answer {
	i, bad := c.writable("EDIT_ISSUES", "You do not have permission to edit issues in this project.")
	if bad != nil {
		return *bad
	}
	key := c.r.PathValue("property")
	if _, found := i.props[key]; !found {
		return c.noProperty()
	}
	c.s.quiet(i, func(d *issue) { delete(d.props, key) })
	return noBody
}

func (c *call) linkBody(i *issue, l remoteLink) map[string]any {
	out := map[string]any{"id": l.id, "self": c.linkSelf(i, l)}
	for _, k := range []string{"application", "relationship", "object"} {
		if v := l.body[k]; v != nil {
			out[k] = v
		}
	}
	if l.globalID != "" {
		out["globalId"] = l.globalID
	}
	return out
}

func (c *call) linkSelf(i *issue, l remoteLink) string {
	return c.lens().self("issue", strconv.FormatInt(i.id, 10), "remotelink", strconv.FormatInt(l.id, 10))
}

func (c *call) listLinks() answer {
	i, bad := c.subject()
	if bad != nil {
		return *bad
	}
	wanted := c.r.URL.Query().Get("globalId")
	list := []any{}
	for _, l := range i.links {
		if wanted != "" && l.globalID == wanted {
			return ok(c.linkBody(i, l))
		}
		list = append(list, c.linkBody(i, l))
	}
	if wanted != "" {
		return fail(http.StatusNotFound, "No remote link with the given global ID was found.")
	}
	return ok(list)
}

// putLink makes a link, or overwrites the one with the same global id.
func (c *call) putLink() answer {
	i, bad := c.writable("LINK_ISSUES", "You do not have permission to link issues in this project.")
	if bad != nil {
		return *bad
	}
	m, isObject := c.object()
	if !isObject {
		return badPayload
	}
	errs := map[string]string{}
	object, _ := m["object"].(map[string]any)
	for _, k := range []string{"title", "url"} {
		if text, isText := object[k].(string); !isText || text == "" {
			errs[k] = "'" + k + "' is required."
		}
	}
	global, _ := m["globalId"].(string)
	if len([]rune(global)) > maxGlobalID {
		errs["globalId"] = "'globalId' should not be longer than 255 characters."
	}
	if len(errs) > 0 {
		return failFields(errs)
	}
	status, link := http.StatusCreated, remoteLink{globalID: global, body: m}
	at := slices.IndexFunc(i.links, func(l remoteLink) bool { return global != "" && l.globalID == global })
	if at >= 0 {
		status, link.id = http.StatusOK, i.links[at].id
		c.s.quiet(i, func(d *issue) { d.links[at] = link })
	} else {
		c.s.nextSub++
		link.id = c.s.nextSub
		c.s.edit(i, c.s.bot, func(d *issue) { d.links = append(d.links, link) })
	}
	return answer{status: status, body: map[string]any{"id": link.id, "self": c.linkSelf(i, link)}}
}
