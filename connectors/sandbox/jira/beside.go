package jira

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
)

// What hangs on an issue beside its fields and its comments: entity properties, links to elsewhere.

const (
	maxProperty = 32768 // characters of a property's value
	maxGlobalID = 255
)

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
