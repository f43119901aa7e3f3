package jira

import (
	"encoding/json"
	"net/http"
	"strconv"
)

func (c *call) serverInfoDC() answer {
	l := c.lens()
	return ok(map[string]any{
		"baseUrl": l.base, "version": "10.3.19", "versionNumbers": []int{10, 3, 19},
		"deploymentType": "Server", // so it says, also with a Data Center licence
		"buildNumber":    10030019, "buildDate": "2026-04-03T00:00:00.000+0000", "databaseBuildNumber": 10030019,
		"serverTime": l.time(c.s.now()), "scmInfo": "0000000000000000000000000000000000000000", "serverTitle": "Jira (sandbox)",
	})
}

// formerKeys are names that permissions once had; Data Center still tells both. Read-only.
var formerKeys = map[string]string{
	"BROWSE_PROJECTS": "BROWSE", "CREATE_ISSUES": "CREATE_ISSUE", "EDIT_ISSUES": "EDIT_ISSUE", "ASSIGN_ISSUES": "ASSIGN_ISSUE",
	"SCHEDULE_ISSUES": "SCHEDULE_ISSUE", "RESOLVE_ISSUES": "RESOLVE_ISSUE", "DELETE_ISSUES": "DELETE_ISSUE",
	"ADD_COMMENTS": "COMMENT_ISSUE", "LINK_ISSUES": "LINK_ISSUE", "ADMINISTER_PROJECTS": "PROJECT_ADMIN",
}

// myPermissionsDC tells all permissions, whichever are asked for.
func (c *call) myPermissionsDC() answer {
	q := c.r.URL.Query()
	if key := q.Get("projectKey"); key != "" && !c.browses(c.s.catalogue.projectBy(key)) {
		return c.noProject(key)
	}
	if key := q.Get("issueKey"); key != "" {
		if i := c.s.find(key); i == nil || !c.sees(i) {
			return c.unseenDC(i)
		}
	}
	out := map[string]any{}
	for n, p := range permissions {
		one := func(key string) map[string]any {
			return map[string]any{
				"id": strconv.Itoa(n + 10), "key": key, "name": p.name, "type": p.kind, "description": p.name,
				"havePermission": !c.stranger && !c.s.denied[p.key],
			}
		}
		out[p.key] = one(p.key)
		if former := formerKeys[p.key]; former != "" {
			old := one(former)
			old["deprecatedKey"] = true
			out[former] = old
		}
	}
	return ok(map[string]any{"permissions": out})
}

// lacks reports whether a field is Cloud's alone.
func (s *Server) lacks(field string) bool { return s.dataCenter() && field == "statusCategory" }

func (c *call) withoutCloudFields(a answer) answer {
	all, _ := a.body.([]any)
	out := []any{}
	for _, x := range all {
		if f, _ := x.(map[string]any); f != nil {
			if id, _ := f["id"].(string); !c.s.lacks(id) {
				delete(f, "key")
				out = append(out, f)
			}
		}
	}
	a.body = out
	return a
}

// listProjects is all projects at once, in no page.
func (c *call) listProjects() answer {
	out := []any{}
	for _, k := range c.s.catalogue.projectKeys {
		if p := c.s.catalogue.projects[k]; c.browses(p) {
			one := c.lens().projectRef(p)
			one["expand"] = "description,lead,url,projectKeys"
			out = append(out, one)
		}
	}
	return ok(out)
}

// asValues turns Cloud's pages of what a create needs into Data Center's, whose lists are called values.
func (c *call) asValues(a answer) answer {
	page, _ := a.body.(map[string]any)
	for _, list := range []string{"issueTypes", "fields"} {
		all, found := page[list].([]any)
		if !found || page["startAt"] == nil {
			continue
		}
		delete(page, list)
		for _, x := range all {
			if one, isField := x.(map[string]any); isField && one["fieldId"] != nil {
				c.plainField(one)
			}
		}
		start, _ := page["startAt"].(int)
		total, _ := page["total"].(int)
		page["values"], page["isLast"] = all, start+len(all) >= total
	}
	return a
}

// plainField tells a field of a screen as Data Center does.
func (c *call) plainField(f map[string]any) {
	if key := f["key"]; key != nil {
		delete(f, "key")
		f["fieldId"] = key
	}
	if f["autoCompleteUrl"] != nil {
		f["autoCompleteUrl"] = c.lens().base + "/rest/api/latest/user/assignable/search?issueKey=null&username="
	}
}

// plainFields is plainField for a whole screen, by the fields' ids.
func (c *call) plainFields(screen any) {
	all, _ := screen.(map[string]any)
	for _, x := range all {
		if f, isField := x.(map[string]any); isField {
			c.plainField(f)
		}
	}
}

func (c *call) plainScreen(a answer) answer {
	if body, isObject := a.body.(map[string]any); isObject {
		c.plainFields(body["fields"])
	}
	return a
}

func (c *call) plainProject(a answer) answer {
	if body, isObject := a.body.(map[string]any); isObject && a.status == http.StatusOK {
		delete(body, "style")
		delete(body, "isPrivate")
	}
	return a
}

// plainIssue takes from an issue, or from a list of its transitions, what only Cloud says of them.
func (c *call) plainIssue(a answer) answer {
	if body, isObject := a.body.(map[string]any); isObject {
		c.plain(body)
	}
	return a
}

func (c *call) plain(body map[string]any) {
	for _, list := range []string{"names", "schema"} {
		if all, isObject := body[list].(map[string]any); isObject {
			for id := range all {
				if c.s.lacks(id) {
					delete(all, id)
				}
			}
		}
	}
	plain := func(t map[string]any) {
		for _, k := range []string{"hasScreen", "isGlobal", "isInitial", "isAvailable", "isConditional", "looped"} {
			delete(t, k)
		}
		c.plainFields(t["fields"])
		t["opsbarSequence"] = 10
	}
	switch all := body["transitions"].(type) {
	case []map[string]any:
		for _, t := range all {
			plain(t)
		}
	case []any:
		for _, x := range all {
			if t, isObject := x.(map[string]any); isObject {
				plain(t)
			}
		}
	}
}

// noQuiet is the refusal of a change without e-mails. The change is not made.
const noQuiet = "To discard the user notification either admin or project admin permissions are required."

// editIssueDC always answers without the issue, and refuses notifyUsers=false to who administers nothing.
func (c *call) editIssueDC() answer {
	q := c.r.URL.Query()
	if q.Get("notifyUsers") == "false" && c.s.denied["ADMINISTER_PROJECTS"] && c.s.denied["ADMINISTER"] {
		if _, bad := c.writable("EDIT_ISSUES", "You do not have permission to edit issues in this project."); bad != nil {
			return *bad
		}
		return fail(http.StatusForbidden, noQuiet)
	}
	c.ignore("returnIssue")
	return c.editIssue()
}

// ignore takes away parameters that only Cloud knows.
func (c *call) ignore(parameters ...string) {
	q := c.r.URL.Query()
	for _, p := range parameters {
		q.Del(p)
	}
	c.r = c.r.Clone(c.r.Context())
	c.r.URL.RawQuery = q.Encode()
}

// ways lists only the transitions that there are, whatever is asked for.
func ways(who access, h handler) (access, handler) {
	return who, func(c *call) answer {
		c.ignore("includeUnavailableTransitions")
		return c.plainIssue(h(c))
	}
}

// lenientComments takes what clients send along with a comment and Cloud refuses: an author, who is ignored, and a
// visibility that names nobody.
func lenientComments(who access, h handler) (access, handler) {
	return who, func(c *call) answer {
		if m, isObject := c.object(); isObject {
			delete(m, "author")
			delete(m, "updateAuthor")
			if v, _ := m["visibility"].(map[string]any); v["type"] == nil || v["type"] == "" {
				delete(m, "visibility")
			}
			if body, err := json.Marshal(m); err == nil {
				c.body = body
			}
		}
		return h(c)
	}
}
