package jira

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// lens is how one answer shows things: for which version of the API, under which address, to whom.
type lens struct {
	s    *Server
	api  int
	base string // scheme and host, without a slash at the end
	most int    // comments that an issue lists; 0 for all
}

func (l lens) self(path ...string) string {
	return l.base + "/rest/api/" + strconv.Itoa(l.api) + "/" + strings.Join(path, "/")
}

// time is a moment as Jira writes it: milliseconds, and an offset without a colon, in the account's zone.
func (l lens) time(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return l.s.kept(t).In(l.s.zone).Format("2006-01-02T15:04:05.000-0700")
}

func (l lens) user(u *user) any {
	if u == nil {
		return nil
	}
	if l.s.dataCenter() {
		return l.named(u)
	}
	face := l.base + "/sandbox/face.svg?id=" + u.account
	out := map[string]any{
		"self": l.self("user?accountId=" + u.account), "accountId": u.account, "accountType": "atlassian",
		"displayName": u.name, "active": u.active, "timeZone": u.zone,
		"avatarUrls": map[string]string{"16x16": face, "24x24": face, "32x32": face, "48x48": face},
	}
	if u.email != "" && (!l.s.hideEmails || u == l.s.bot) {
		out["emailAddress"] = u.email
	}
	return out
}

func (l lens) status(s *status) map[string]any {
	return map[string]any{
		"self": l.self("status", s.id), "id": s.id, "name": s.name, "description": s.description,
		"iconUrl": l.base + "/", "statusCategory": l.category(s.category),
	}
}

func (l lens) category(c *category) map[string]any {
	return map[string]any{
		"self": l.self("statuscategory", strconv.Itoa(c.id)), "id": c.id, "key": c.key, "colorName": c.color, "name": c.name,
	}
}

func (l lens) entry(kind string, n *named) any {
	if n == nil {
		return nil
	}
	out := map[string]any{"self": l.self(kind, n.id), "id": n.id, "name": n.name}
	switch {
	case kind == "priority":
		out["iconUrl"] = l.base + "/sandbox/face.svg?id=" + n.id
	case n.description != "" || kind == "resolution":
		out["description"] = n.description
	}
	return out
}

func (l lens) kind(t *issueType) map[string]any {
	return l.s.strip(map[string]any{
		"self": l.self("issuetype", t.id), "id": t.id, "name": t.name, "description": t.description,
		"iconUrl": l.base + "/sandbox/face.svg?id=" + t.id, "subtask": t.subtask, "hierarchyLevel": t.level,
	}, "hierarchyLevel")
}

func (l lens) projectRef(p *project) map[string]any {
	face := l.base + "/sandbox/face.svg?id=" + p.id
	out := l.s.strip(map[string]any{
		"self": l.self("project", p.id), "id": p.id, "key": p.key, "name": p.name,
		"projectTypeKey": "software", "simplified": false,
		"avatarUrls": map[string]string{"16x16": face, "24x24": face, "32x32": face, "48x48": face},
	}, "simplified")
	if p.category != nil {
		out["projectCategory"] = p.category
	}
	return out
}

// wanted is a client's choice of fields.
type wanted struct {
	all, navigable bool
	names          []string
	without        []string
}

// choose reads the `fields` parameter, given as a list or separated by commas. Without any it is what none says.
func choose(list []string, none wanted) wanted {
	var w wanted
	for _, part := range list {
		for f := range strings.SplitSeq(part, ",") {
			f = strings.TrimSpace(f)
			switch {
			case f == "":
			case f == "*all":
				w.all = true
			case f == "*navigable":
				w.navigable = true
			case strings.HasPrefix(f, "-"):
				w.without = append(w.without, f[1:])
			default:
				w.names = append(w.names, f)
			}
		}
	}
	if !w.all && !w.navigable && w.names == nil {
		without := w.without
		w = none
		w.without = without
	}
	return w
}

// idOnly reports whether nothing but ids is asked for, for which search answers with nothing but ids.
func (w wanted) idOnly() bool {
	return !w.all && !w.navigable && !slices.ContainsFunc(w.names, func(n string) bool { return n != "id" })
}

// many reports whether so much is asked for that search makes its pages shorter.
func (w wanted) many() bool {
	few := 0
	for _, n := range w.names {
		switch n {
		case "id", "key":
		case "description", "comment":
			return true
		default:
			few++
		}
	}
	return w.all || w.navigable || few > 3
}

func (w wanted) has(id string, hidden bool) bool {
	if slices.Contains(w.without, id) {
		return false
	}
	return w.all || w.navigable && !hidden || slices.Contains(w.names, id)
}

// issue is an issue as GET answers it.
func (l lens) issue(i *issue, w wanted) map[string]any {
	id := strconv.FormatInt(i.id, 10)
	out := map[string]any{"id": id, "key": i.key, "self": l.self("issue", id), "expand": "renderedFields,names,schema,operations,editmeta,changelog,versionedRepresentations"}
	if l.s.dataCenter() {
		out["expand"] = "operations,versionedRepresentations,editmeta,changelog,renderedFields"
	}
	if fields := l.fields(i, w); len(fields) > 0 {
		out["fields"] = fields
	}
	return out
}

func (l lens) fields(i *issue, w wanted) map[string]any {
	out := map[string]any{}
	for _, def := range l.s.fieldDefs() {
		if w.has(def.id, def.hidden) && def.in(i.project) && !l.s.lacks(def.id) {
			out[def.id] = l.field(i, def.id)
		}
	}
	if out["parent"] == nil {
		delete(out, "parent") // unlike other fields it is left out where there is none
	}
	for k, v := range i.extra {
		if _, told := out[k]; told || l.s.hidden(k, v) || !w.has(k, false) {
			continue
		}
		if text, ok := v.(string); ok && k == "environment" && l.api == 3 {
			v = documentOf(text)
		}
		out[k] = v
	}
	if i.noSummary {
		delete(out, "summary")
	}
	return out
}

func (l lens) field(i *issue, id string) any {
	switch id {
	case "summary":
		return i.summary
	case "issuetype":
		return l.kind(i.kind)
	case "project":
		return l.projectRef(i.project)
	case "parent":
		return l.parent(i)
	case "security":
		return l.entry("securitylevel", i.security)
	case "description":
		if i.noText {
			return nil
		}
		return i.description.value(l.api)
	case "status":
		return l.status(i.status)
	case "statusCategory":
		return l.category(i.status.category)
	case "resolution":
		return l.entry("resolution", i.resolution)
	case "resolutiondate":
		return l.time(i.resolved)
	case "priority":
		return l.entry("priority", i.priority)
	case "assignee":
		return l.user(i.assignee)
	case "reporter":
		return l.user(i.reporter)
	case "creator":
		return l.user(i.creator)
	case "labels":
		return append([]string{}, i.labels...)
	case "components":
		out := []any{}
		for _, c := range i.components {
			out = append(out, l.entry("component", c))
		}
		return out
	case "duedate":
		return textOrNil(i.due)
	case "created":
		return l.time(i.created)
	case "updated":
		return l.time(i.updated)
	case "comment":
		return l.commentPage(i)
	}
	return l.custom(i.extra[id])
}

// history is one entry of a changelog.
func (l lens) history(e historyEntry) map[string]any {
	items := []any{}
	for _, c := range e.items {
		kind := "jira"
		if c.custom {
			kind = "custom"
		}
		item := map[string]any{
			"field": c.field, "fieldtype": kind, "from": c.from, "fromString": textOrNil(c.fromString),
			"to": c.to, "toString": textOrNil(c.toString),
		}
		if c.fieldID != "" {
			item["fieldId"] = c.fieldID
		}
		items = append(items, l.s.strip(item, "fieldId"))
	}
	return map[string]any{
		"id": strconv.FormatInt(e.id, 10), "author": l.user(e.author), "created": l.time(e.at), "items": items,
	}
}
