package jira

import (
	"net/http"
	"slices"
	"sort"
	"strconv"
	"strings"
)

func (c *call) serverInfo() answer {
	l := c.lens()
	return ok(map[string]any{
		"baseUrl": l.base, "displayUrl": l.base, "version": "1001.0.0-SNAPSHOT", "versionNumbers": []int{1001, 0, 0},
		"deploymentType": "Cloud", "buildNumber": 100300, "buildDate": "2026-09-01T00:00:00.000+0000",
		"serverTime": l.time(c.s.now()), "serverTimeZone": c.s.opts.TimeZone, "serverTitle": "Jira (sandbox)",
		"scmInfo": "0000000000000000000000000000000000000000",
	})
}

func (c *call) myself() answer {
	me, _ := c.lens().user(c.s.bot).(map[string]any)
	me["locale"] = "en_US"
	me["groups"] = map[string]any{"size": 1, "items": []any{}}
	me["applicationRoles"] = map[string]any{"size": 1, "items": []any{}}
	return ok(me)
}

// permissions are those that the account can have; read-only.
var permissions = []struct{ key, name, kind string }{
	{"BROWSE_PROJECTS", "Browse Projects", "PROJECT"},
	{"CREATE_ISSUES", "Create Issues", "PROJECT"},
	{"EDIT_ISSUES", "Edit Issues", "PROJECT"},
	{"TRANSITION_ISSUES", "Transition Issues", "PROJECT"},
	{"ASSIGN_ISSUES", "Assign Issues", "PROJECT"},
	{"SCHEDULE_ISSUES", "Schedule Issues", "PROJECT"},
	{"RESOLVE_ISSUES", "Resolve Issues", "PROJECT"},
	{"DELETE_ISSUES", "Delete Issues", "PROJECT"},
	{"ADD_COMMENTS", "Add Comments", "PROJECT"},
	{"EDIT_OWN_COMMENTS", "Edit Own Comments", "PROJECT"},
	{"EDIT_ALL_COMMENTS", "Edit All Comments", "PROJECT"},
	{"DELETE_OWN_COMMENTS", "Delete Own Comments", "PROJECT"},
	{"DELETE_ALL_COMMENTS", "Delete All Comments", "PROJECT"},
	{"LINK_ISSUES", "Link Issues", "PROJECT"},
	{"ADMINISTER_PROJECTS", "Administer Projects", "PROJECT"},
	{"USER_PICKER", "Browse users and groups", "GLOBAL"},
	{"BULK_CHANGE", "Make bulk changes", "GLOBAL"},
	{"ADMINISTER", "Administer Jira", "GLOBAL"},
}

func (c *call) myPermissions() answer {
	q := c.r.URL.Query()
	if q.Get("permissions") == "" {
		return fail(400, "The 'permissions' query parameter is required.")
	}
	if key := q.Get("projectKey"); key != "" && !c.browses(c.s.catalogue.projectBy(key)) {
		return c.noProject(key)
	}
	out := map[string]any{}
	for key := range strings.SplitSeq(q.Get("permissions"), ",") {
		n := slices.IndexFunc(permissions, func(p struct{ key, name, kind string }) bool { return p.key == key })
		if n < 0 {
			return fail(400, "Unrecognized permission: '"+key+"'.")
		}
		p := permissions[n]
		have := !c.stranger && !c.s.denied[key]
		out[key] = map[string]any{"id": strconv.Itoa(n + 10), "key": key, "name": p.name, "type": p.kind, "description": p.name, "havePermission": have}
	}
	return ok(map[string]any{"permissions": out})
}

func (c *call) listFields() answer {
	out := []any{}
	for _, f := range c.s.fieldDefs() {
		clauses := f.clauses
		if f.custom {
			clauses = []string{"cf[" + strconv.Itoa(f.number) + "]", f.name}
		} else if clauses == nil {
			clauses = []string{f.id}
		}
		out = append(out, map[string]any{
			"id": f.id, "key": f.id, "name": f.name, "custom": f.custom, "orderable": f.set != nil, "navigable": !f.hidden,
			"searchable": true, "clauseNames": clauses, "schema": f.schema(),
		})
	}
	return ok(out)
}

func (c *call) listStatuses() answer {
	out := []any{}
	for _, s := range c.s.catalogue.statuses {
		out = append(out, c.lens().status(s))
	}
	return ok(out)
}

func (c *call) listCategories() answer {
	out := []any{}
	for n := range categories {
		out = append(out, c.lens().category(&categories[n]))
	}
	return ok(out)
}

func (c *call) listPriorities() answer {
	out := []any{}
	for _, p := range c.s.catalogue.priorities {
		one, _ := c.lens().entry("priority", p).(map[string]any)
		one["description"], one["statusColor"], one["isDefault"] = p.name, "#ffab00", p.name == "Medium"
		out = append(out, one)
	}
	return ok(out)
}

func (c *call) listResolutions() answer {
	out := []any{}
	for _, r := range c.s.catalogue.resolutions {
		out = append(out, c.lens().entry("resolution", r))
	}
	return ok(out)
}

func (c *call) listTypes() answer {
	out := []any{}
	for _, t := range c.s.catalogue.types {
		out = append(out, c.lens().kind(t))
	}
	return ok(out)
}

func (c *call) listLabels() answer {
	seen := map[string]bool{}
	for _, id := range c.s.order {
		if i := c.s.records[id].latest(); i != nil {
			for _, l := range i.labels {
				seen[l] = true
			}
		}
	}
	all := []string{}
	for l := range seen {
		all = append(all, l)
	}
	sort.Strings(all)
	start, count := c.page(1000, 1000)
	return ok(map[string]any{
		"startAt": start, "maxResults": count, "total": len(all), "isLast": start+count >= len(all), "values": cut(all, start, count),
	})
}

func (c *call) noProject(key string) answer {
	return fail(http.StatusNotFound, "No project could be found with key '"+key+"'.")
}

// pathProject finds the project that the path names; the answer says why not.
func (c *call) pathProject() (*project, *answer) {
	word := c.r.PathValue("project")
	if p := c.s.catalogue.projectBy(word); c.browses(p) {
		return p, nil
	}
	a := c.noProject(word)
	return nil, &a
}

func (c *call) project(p *project) map[string]any {
	l := c.lens()
	out := l.projectRef(p)
	types, components := []any{}, []any{}
	for _, t := range p.types {
		types = append(types, l.kind(t))
	}
	for _, n := range p.components {
		components = append(components, l.entry("component", n))
	}
	out["issueTypes"], out["components"], out["versions"] = types, components, []any{}
	out["description"], out["lead"], out["assigneeType"] = "", l.user(c.s.bot), "UNASSIGNED"
	out["style"], out["isPrivate"], out["roles"] = "classic", false, map[string]string{}
	return out
}

func (c *call) getProject() answer {
	p, bad := c.pathProject()
	if bad != nil {
		return *bad
	}
	return ok(c.project(p))
}

func (c *call) searchProjects() answer {
	var all []*project
	word := strings.ToLower(c.r.URL.Query().Get("query"))
	for _, k := range c.s.catalogue.projectKeys {
		p := c.s.catalogue.projects[k]
		if c.browses(p) && (strings.Contains(strings.ToLower(p.name), word) || strings.Contains(strings.ToLower(p.key), word)) {
			all = append(all, p)
		}
	}
	start, count := c.page(50, 100)
	values := []any{}
	for _, p := range cut(all, start, count) {
		values = append(values, c.project(p))
	}
	return ok(map[string]any{
		"self": c.lens().self("project", "search"), "startAt": start, "maxResults": count, "total": len(all),
		"isLast": start+count >= len(all), "values": values,
	})
}

func (c *call) projectStatuses() answer {
	p, bad := c.pathProject()
	if bad != nil {
		return *bad
	}
	l := c.lens()
	out := []any{}
	for _, t := range p.types {
		statuses := []any{}
		for _, s := range p.statuses {
			statuses = append(statuses, l.status(s))
		}
		out = append(out, map[string]any{
			"self": l.self("issuetype", t.id), "id": t.id, "name": t.name, "subtask": t.subtask, "statuses": statuses,
		})
	}
	return ok(out)
}

func (c *call) createTypes() answer {
	p, bad := c.pathProject()
	if bad != nil {
		return *bad
	}
	start, count := c.page(50, 200)
	list := []any{}
	for _, t := range cut(p.types, start, count) {
		list = append(list, c.lens().kind(t))
	}
	return ok(map[string]any{"startAt": start, "maxResults": count, "total": len(p.types), "issueTypes": list})
}

func (c *call) createFields() answer {
	p, bad := c.pathProject()
	if bad != nil {
		return *bad
	}
	kind := byID(p.types, c.r.PathValue("type"), typeID)
	if kind == nil {
		return fail(http.StatusNotFound, "Issue type with id '"+c.r.PathValue("type")+"' does not exist in this project.")
	}
	all := c.createScreen(p, kind)
	start, count := c.page(50, 200)
	return ok(map[string]any{"startAt": start, "maxResults": count, "total": len(all), "fields": cut(all, start, count)})
}

func entries(l lens, kind string, all []*named) []any {
	out := []any{}
	for _, n := range all {
		out = append(out, l.entry(kind, n))
	}
	return out
}

func (c *call) getUser() answer {
	u := c.s.catalogue.byAccount[c.r.URL.Query().Get("accountId")]
	if u == nil {
		return fail(http.StatusNotFound, "Specified user does not exist or you do not have required permissions")
	}
	return ok(c.lens().user(u))
}

// searchUsers finds people whose name, or visible e-mail address, begins with the words; a hidden address is matched only
// whole. Without the permission to browse users it finds nobody, and says nothing.
func (c *call) searchUsers() answer {
	q := c.r.URL.Query()
	word, account := strings.ToLower(q.Get("query")), q.Get("accountId")
	if !q.Has("query") && account == "" && !q.Has("property") {
		return fail(400, "The query, accountId or property query parameter was not provided.")
	}
	var all []*user
	for _, u := range c.s.catalogue.users {
		if c.stranger || c.s.denied["USER_PICKER"] {
			break
		}
		email := strings.ToLower(u.email)
		hit := account == u.account
		if account == "" {
			hit = beginsWord(strings.ToLower(u.name), word) || email != "" && (email == word || !c.s.hideEmails && strings.HasPrefix(email, word))
		}
		if hit {
			all = append(all, u)
		}
	}
	start, count := c.page(50, 1000)
	out := []any{}
	for _, u := range cut(all, start, count) {
		out = append(out, c.lens().user(u))
	}
	return ok(out)
}

func beginsWord(text, start string) bool {
	return strings.HasPrefix(text, start) || strings.Contains(text, " "+start)
}
