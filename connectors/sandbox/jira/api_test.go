package jira_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lockstep-sync/lockstep/connectors/sandbox/jira"
)

// TestEveryEndpointAgainstOpenAPI calls each endpoint once or more, on both versions; the client compares all of it with
// Jira's own document.
func TestEveryEndpointAgainstOpenAPI(t *testing.T) {
	t.Parallel()
	s := open(t, jira.Options{}).checked()
	key := s.Add(jira.Seed{Summary: "Drill", Assignee: "Amina Diallo", Email: "amina@example.org", Due: "2026-10-01", Labels: []string{"b", "a"}, Component: "Wells", Description: "one\n\ntwo"})
	if err := s.Set(key, map[string]any{"customfield_10042": 40, "status": "In Progress"}); err != nil {
		t.Fatal(err)
	}
	id, _ := s.Issue(key)
	for _, v := range []string{"2", "3"} {
		api := "/rest/api/" + v
		text := any("a text")
		if v == "3" {
			text = map[string]any{"type": "doc", "version": 1, "content": []any{map[string]any{"type": "paragraph", "content": []any{map[string]any{"type": "text", "text": "a text"}}}}}
		}
		for _, path := range []string{
			"/serverInfo", "/myself", "/mypermissions?permissions=BROWSE_PROJECTS,EDIT_ISSUES&projectKey=WASH", "/field", "/status",
			"/statuscategory", "/priority", "/resolution", "/issuetype", "/label", "/project/WASH", "/project/search", "/project/WASH/statuses",
			"/user?accountId=" + id.AssigneeID, "/user/search?query=amina", "/search/jql?jql=project%3DWASH&fields=*all&maxResults=5",
			"/issue/" + key + "?fields=summary,comment&expand=changelog,names,schema,transitions", "/issue/" + key, "/issue/" + key + "/transitions?expand=transitions.fields",
			"/issue/" + key + "/changelog", "/issue/" + key + "/comment", "/issue/" + key + "/properties", "/issue/" + key + "/remotelink",
			"/issue/createmeta/WASH/issuetypes", "/issue/createmeta/WASH/issuetypes/10010",
		} {
			s.do("GET", api+path, nil).want(t, 200)
		}
		s.do("POST", api+"/search/jql", map[string]any{"jql": "project = WASH", "fields": []string{"*all"}, "properties": []string{"p"}, "reconcileIssues": []int{10001}}).want(t, 200)
		s.do("POST", api+"/search/approximate-count", map[string]any{"jql": "project = WASH"}).want(t, 200)
		s.do("POST", api+"/issue/bulkfetch", map[string]any{"issueIdsOrKeys": []string{key, "WASH-999"}, "fields": []string{"*all"}}).want(t, 200)
		made := s.do("POST", api+"/issue", map[string]any{
			"fields":     map[string]any{"project": map[string]any{"key": "WASH"}, "issuetype": map[string]any{"name": "Task"}, "summary": "New", "description": text},
			"update":     map[string]any{"labels": []any{map[string]any{"add": "lockstep-CW-1"}}},
			"properties": []any{map[string]any{"key": "lockstep", "value": map[string]any{"task": "CW-1"}}},
		}).want(t, 201)
		child := "/issue/" + made.body["key"].(string)
		s.do("POST", api+"/issue/bulk", map[string]any{"issueUpdates": []any{
			map[string]any{"fields": map[string]any{"project": map[string]any{"key": "WASH"}, "issuetype": map[string]any{"id": "10010"}, "summary": "Bulk"}},
			map[string]any{"fields": map[string]any{"project": map[string]any{"key": "WASH"}}},
		}}).want(t, 201)
		s.do("PUT", api+child+"?notifyUsers=false", map[string]any{"fields": map[string]any{"summary": "Newer"}}).want(t, 204)
		s.do("PUT", api+child+"?returnIssue=true", map[string]any{"update": map[string]any{"labels": []any{map[string]any{"add": "x"}, map[string]any{"remove": "nope"}}}}).want(t, 200)
		s.do("POST", api+child+"/transitions", map[string]any{"transition": map[string]any{"id": "11"}}).want(t, 204)
		s.do("POST", api+child+"/comment", map[string]any{"body": text}).want(t, 201)
		s.do("PUT", api+child+"/properties/mark", map[string]any{"n": 1}).want(t, 201)
		s.do("PUT", api+child+"/properties/mark", map[string]any{"n": 2}).want(t, 200)
		s.do("GET", api+child+"/properties/mark", nil).want(t, 200)
		s.do("DELETE", api+child+"/properties/mark", nil).want(t, 204)
		s.do("GET", api+child+"/properties/mark", nil).want(t, 404)
		link := map[string]any{"globalId": "lockstep:CW-1", "object": map[string]any{"title": "CW-1", "url": "https://example.org/CW-1"}}
		s.do("POST", api+child+"/remotelink", link).want(t, 201)
		s.do("POST", api+child+"/remotelink", link).want(t, 200)
		if got := s.do("GET", api+child+"/remotelink?globalId=lockstep:CW-1", nil).want(t, 200); got.body["globalId"] != "lockstep:CW-1" {
			t.Errorf("link: %s", got.raw)
		}
		s.do("GET", api+child+"/changelog", nil).want(t, 200)
		s.do("DELETE", api+child, nil).want(t, 204)
		s.do("GET", api+child, nil).want(t, 404)
	}
}

func TestErrorsInJirasWords(t *testing.T) {
	t.Parallel()
	s := open(t, jira.Options{})
	key := s.Add(jira.Seed{Summary: "One"})
	fields := func(more map[string]any) map[string]any {
		f := map[string]any{"project": map[string]any{"key": "WASH"}, "issuetype": map[string]any{"name": "Task"}, "summary": "x"}
		for k, v := range more {
			f[k] = v
			if v == "absent" {
				delete(f, k)
			}
		}
		return map[string]any{"fields": f}
	}
	only := func(field, msg string) string {
		return fmt.Sprintf(`{"errorMessages":[],"errors":{%q:%q}}`, field, msg)
	}
	said := func(msg string) string { return fmt.Sprintf(`{"errorMessages":[%q],"errors":{}}`, msg) }
	const payload = `{"errorMessages":["Invalid request payload. Refer to the REST API documentation and try again."]}`
	edit := "/rest/api/3/issue/" + key
	for _, c := range []struct {
		name, method, path string
		body               any
		status             int
		want               string
	}{
		{"no such issue", "GET", "/rest/api/3/issue/WASH-99", nil, 404, said("Issue does not exist or you do not have permission to see it.")},
		{"no such project", "GET", "/rest/api/3/project/NOPE", nil, 404, said("No project could be found with key 'NOPE'.")},
		{"old search", "GET", "/rest/api/2/search?jql=x", nil, 410, said("The requested API has been removed. Please migrate to the /rest/api/3/search/jql API. A full migration guideline is available at https://developer.atlassian.com/changelog/#CHANGE-2046")},
		{"unknown key in search", "POST", "/rest/api/3/search/jql", `{"jql":"project = WASH","startAt":3}`, 400, payload},
		{"unbounded", "POST", "/rest/api/3/search/jql", `{"jql":"ORDER BY key"}`, 400, said("Unbounded JQL queries are not allowed here. Please add a search restriction to your query.")},
		{"empty query", "GET", "/rest/api/3/search/jql", nil, 400, said("Unbounded JQL queries are not allowed here. Please add a search restriction to your query.")},
		{"bad page token", "POST", "/rest/api/3/search/jql", `{"jql":"project = WASH","nextPageToken":"AAAAAAAAAAAAAAAA"}`, 400, said("The provided next page token is invalid or expired.")},
		{"no permissions asked", "GET", "/rest/api/3/mypermissions", nil, 400, said("The 'permissions' query parameter is required.")},
		{"create without summary", "POST", "/rest/api/3/issue", fields(map[string]any{"summary": "absent"}), 400, only("summary", "You must specify a summary of the issue.")},
		{"create without type", "POST", "/rest/api/3/issue", fields(map[string]any{"issuetype": "absent"}), 400, only("issuetype", "Specify an issue type")},
		{"create with a wrong type", "POST", "/rest/api/3/issue", fields(map[string]any{"issuetype": map[string]any{"name": "Nope"}}), 400, only("issuetype", "Specify a valid issue type")},
		{"create without project", "POST", "/rest/api/3/issue", fields(map[string]any{"project": "absent"}), 400, only("project", "Specify a valid project ID or key")},
		{"create with a status", "POST", "/rest/api/3/issue", fields(map[string]any{"status": map[string]any{"name": "Done"}}), 400, only("status", "Field 'status' cannot be set. It is not on the appropriate screen, or unknown.")},
		{"text on a v3 path", "POST", "/rest/api/3/issue", fields(map[string]any{"description": "text"}), 400, only("description", "Operation value must be an Atlassian Document (see the Atlassian Document Format)")},
		{"document on a v2 path", "POST", "/rest/api/2/issue", fields(map[string]any{"description": map[string]any{"type": "doc"}}), 400, only("description", "Operation value must be a string")},
		{"unknown field", "PUT", edit, `{"fields":{"nope":1}}`, 400, only("nope", "Field 'nope' cannot be set. It is not on the appropriate screen, or unknown.")},
		{"resolution by edit", "PUT", edit, `{"fields":{"resolution":{"name":"Done"}}}`, 400, only("resolution", "Field 'resolution' cannot be set. It is not on the appropriate screen, or unknown.")},
		{"field twice", "PUT", edit, `{"fields":{"labels":["a"]},"update":{"labels":[{"add":"b"}]}}`, 400, only("labels", "Field 'labels' cannot appear in both 'fields' and 'update'")},
		{"nothing to do", "PUT", edit, `{}`, 400, said("one of 'fields' or 'update' required")},
		{"no JSON", "PUT", edit, `{"fields":`, 400, payload},
		{"bad date", "PUT", edit, `{"fields":{"duedate":"next week"}}`, 400, only("duedate", "Error parsing date string: next week")},
		{"spaces in a label", "PUT", edit, `{"update":{"labels":[{"add":"a b"}]}}`, 400, only("labels", "The label 'a b' contains spaces which is invalid.")},
		{"line end in a summary", "PUT", edit, `{"fields":{"summary":"a\nb"}}`, 400, only("summary", "The summary is invalid because it contains newline characters.")},
		{"long summary", "PUT", edit, `{"fields":{"summary":"` + strings.Repeat("ä", 256) + `"}}`, 400, only("summary", "Summary can't exceed 255 characters.")},
		{"assignee by name", "PUT", edit, `{"fields":{"assignee":{"name":"fred"}}}`, 400, only("assignee", "'accountId' must be the only user identifying query parameter in GDPR strict mode.")},
		{"unknown assignee", "PUT", edit, `{"fields":{"assignee":{"accountId":"nobody"}}}`, 400, only("assignee", "Specify a valid value for assignee")},
		{"unknown priority", "PUT", edit, `{"fields":{"priority":{"name":"Urgent"}}}`, 400, only("priority", "Priority name 'Urgent' is not valid")},
		{"wrong operation", "PUT", edit, `{"update":{"summary":[{"add":"x"}]}}`, 400, only("summary", "Field with id 'summary' and name 'summary' does not support operation 'add' Supported operation(s) are: 'set'")},
		{"wrong transition", "POST", edit + "/transitions", `{"transition":{"id":"91"}}`, 400, said("Transition id '91' is not valid for this issue.")},
		{"transition by name", "POST", edit + "/transitions", `{"transition":{"id":"Start work"}}`, 400, said("'transition' identifier must be an integer")},
		{"resolution without a screen", "POST", edit + "/transitions", `{"transition":{"id":"11"},"fields":{"resolution":{"name":"Done"}}}`, 400, only("resolution", "Field 'resolution' cannot be set. It is not on the appropriate screen, or unknown.")},
		{"comment with empty author", "POST", "/rest/api/2/issue/" + key + "/comment", `{"body":"x","author":{},"visibility":{}}`, 400, payload},
		{"empty comment", "POST", "/rest/api/2/issue/" + key + "/comment", `{"body":" "}`, 400, only("comment", "Comment body can not be empty!")},
		{"link without a title", "POST", edit + "/remotelink", `{"object":{"url":"https://example.org"}}`, 400, only("title", "'title' is required.")},
		{"property that is no JSON", "PUT", edit + "/properties/p", `nope`, 400, said("The property value must be a valid, non-empty JSON.")},
		{"too many to fetch", "POST", "/rest/api/3/issue/bulkfetch", map[string]any{"issueIdsOrKeys": slices.Repeat([]string{"1"}, 101)}, 400, said("The number of issues requested exceeds the limit of 100.")},
		{"all of a bulk wrong", "POST", "/rest/api/3/issue/bulk", `{"issueUpdates":[{"fields":{}}]}`, 400, `{"errors":[{"elementErrors":{"errorMessages":[],"errors":{"project":"Specify a valid project ID or key"}},"failedElementNumber":0,"status":400}],"issues":[]}`},
		{"no endpoint", "GET", "/rest/api/3/nope", nil, 404, `{"detail":"No endpoint GET /rest/api/3/nope.","instance":"/rest/api/3/nope","status":404,"title":"Not Found","type":"about:blank"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := s.do(c.method, c.path, c.body).want(t, c.status)
			if got := strings.TrimSpace(r.raw); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
	t.Cleanup(func() {
		if v, _ := s.Issue(key); len(s.Keys()) != 1 || v.Summary != "One" || len(v.Labels) > 0 {
			t.Errorf("a refused request changed something: %v %+v", s.Keys(), v)
		}
	})
}

func TestEditsAreAllOrNothing(t *testing.T) {
	t.Parallel()
	s := open(t, jira.Options{})
	key := s.Add(jira.Seed{Summary: "One"})
	before, _ := s.Issue(key)
	s.do("PUT", "/rest/api/3/issue/"+key, `{"fields":{"summary":"Two","duedate":"nonsense"}}`).want(t, 400)
	if err := s.Set(key, map[string]any{"duedate": "2026-01-01", "priority": "Nope"}); err == nil {
		t.Error("a wrong priority was taken")
	}
	after, _ := s.Issue(key)
	if d := cmp.Diff(before, after); d != "" {
		t.Error(d)
	}
	// Writing what is there already is no edit either.
	s.do("PUT", "/rest/api/3/issue/"+key, `{"fields":{"summary":"One"}}`).want(t, 204)
	if after, _ = s.Issue(key); !after.Updated.Equal(before.Updated) {
		t.Error("an edit that changes nothing moved the time of the last update")
	}
}

func TestMarkersRideInTheCreate(t *testing.T) {
	t.Parallel()
	s := open(t, jira.Options{})
	made := s.do("POST", "/rest/api/2/issue", `{"fields":{"project":{"key":"WASH"},"issuetype":{"name":"Task"},"summary":" Spaced ","labels":["lockstep-CW-42"]},
		"properties":[{"key":"lockstep","value":{"task":"CW-42"}}]}`).want(t, 201)
	key := made.body["key"].(string)
	v, _ := s.Issue(key)
	if v.Summary != " Spaced " || v.Properties["lockstep"] != `{"task":"CW-42"}` || v.Status != "To Do" {
		t.Errorf("%+v", v)
	}
	if got := s.searchKeys("labels = LOCKSTEP-cw-42"); !slices.Equal(got, []string{key}) {
		t.Errorf("by the marker's label: %v", got)
	}
	hit := s.do("POST", "/rest/api/2/search/jql", `{"jql":"project = WASH","fields":["summary"],"properties":["lockstep"]}`).want(t, 200)
	if hit.at("issues", 0, "properties", "lockstep", "task") != "CW-42" {
		t.Error(hit.raw)
	}
}

func TestLabelsOfOthersSurvive(t *testing.T) {
	t.Parallel()
	s := open(t, jira.Options{})
	key := s.Add(jira.Seed{Summary: "One", Labels: []string{"theirs", "old"}})
	s.do("PUT", "/rest/api/3/issue/"+key, `{"update":{"labels":[{"add":"new"},{"remove":"old"}]}}`).want(t, 204)
	if v, _ := s.Issue(key); !slices.Equal(v.Labels, []string{"new", "theirs"}) {
		t.Errorf("labels %v", v.Labels)
	}
}

func TestFetchByIDAndMovedKeys(t *testing.T) {
	t.Parallel()
	s := open(t, jira.Options{})
	a, b := s.Add(jira.Seed{Summary: "A"}), s.Add(jira.Seed{Summary: "B"})
	va, _ := s.Issue(a)
	moved, err := s.Move(a, "OPS")
	if err != nil {
		t.Fatal(err)
	}
	if moved != "OPS-1" {
		t.Errorf("moved to %s", moved)
	}
	r := s.do("GET", "/rest/api/3/issue/"+a, nil).want(t, 200)
	if r.body["key"] != moved || r.body["id"] != va.ID {
		t.Errorf("the old key leads to %v %v", r.body["key"], r.body["id"])
	}
	r = s.do("POST", "/rest/api/3/issue/bulkfetch", map[string]any{"issueIdsOrKeys": []string{b, "wash-1", va.ID, "WASH-77", "424242"}, "fields": []string{"summary"}}).want(t, 200)
	if len(r.list("issues")) != 2 || r.at("issues", 0, "key") != moved || r.at("issues", 1, "key") != b || len(r.list("issueErrors")) != 0 {
		t.Error(r.raw)
	}
	if got := s.searchKeys("key = " + a); !slices.Equal(got, []string{moved}) {
		t.Errorf("search by the old key: %v", got)
	}
	if got := s.searchKeys("project = WASH"); !slices.Equal(got, []string{b}) {
		t.Errorf("left in the project: %v", got)
	}
}

func TestDocumentsAndTexts(t *testing.T) {
	t.Parallel()
	s := open(t, jira.Options{})
	key := s.Add(jira.Seed{Summary: "One", Description: "first\nline\n\nsecond"})
	r := s.do("GET", "/rest/api/3/issue/"+key+"?fields=description", nil).want(t, 200)
	doc := r.at("fields", "description").(map[string]any)
	if doc["type"] != "doc" || r.at("fields", "description", "content", 0, "content", 1, "type") != "hardBreak" || r.at("fields", "description", "content", 1, "content", 0, "text") != "second" {
		t.Error(r.raw)
	}
	// What is read as a document and written back reads as the same text.
	s.do("PUT", "/rest/api/3/issue/"+key, map[string]any{"fields": map[string]any{"description": doc, "summary": "Two"}}).want(t, 204)
	r = s.do("GET", "/rest/api/2/issue/"+key, nil).want(t, 200)
	if r.at("fields", "description") != "first\nline\n\nsecond" {
		t.Errorf("text %q", r.at("fields", "description"))
	}
	s.do("PUT", "/rest/api/3/issue/"+key, `{"fields":{"description":{"type":"doc","version":1,"content":[
		{"type":"heading","attrs":{"level":2},"content":[{"type":"text","text":"Plan"}]},
		{"type":"bulletList","content":[{"type":"listItem","content":[{"type":"paragraph","content":[{"type":"text","text":"dig","marks":[{"type":"strong"}]}]}]}]}]}}}`).want(t, 204)
	if v, _ := s.Issue(key); v.Description != "h2. Plan\n\n* *dig*" {
		t.Errorf("text %q", v.Description)
	}
	s.do("PUT", "/rest/api/3/issue/"+key, `{"fields":{"description":null}}`).want(t, 204)
	if r := s.do("GET", "/rest/api/3/issue/"+key, nil); r.at("fields", "description") != nil {
		t.Error(r.raw)
	}
}

func TestWorkflowNeedsTwoHops(t *testing.T) {
	t.Parallel()
	s := open(t, jira.Options{})
	key := s.Add(jira.Seed{Summary: "One"})
	path := "/rest/api/3/issue/" + key + "/transitions"
	to := func() (names []string) {
		r := s.do("GET", path+"?expand=transitions.fields", nil).want(t, 200)
		for n := range r.list("transitions") {
			names = append(names, r.at("transitions", n, "to", "name").(string))
			if r.at("transitions", n, "name") == r.at("transitions", n, "to", "name") {
				t.Errorf("a transition is named as its status: %v", r.at("transitions", n, "name"))
			}
		}
		return names
	}
	if got := to(); !slices.Equal(got, []string{"In Progress"}) {
		t.Fatalf("from To Do: %v", got)
	}
	s.do("POST", path, `{"transition":{"id":"11"}}`).want(t, 204)
	if got := to(); !slices.Equal(got, []string{"In Review", "To Do", "Blocked", "Done"}) {
		t.Fatalf("from In Progress: %v", got)
	}
	r := s.do("POST", path, `{"transition":{"id":"81"}}`).want(t, 400)
	if r.at("errors", "resolution") != "Resolution is required." {
		t.Error(r.raw)
	}
	s.do("POST", path, `{"transition":{"id":81},"fields":{"resolution":{"name":"Won't Do"}},"update":{"comment":[{"add":{"body":{"type":"doc","version":1,"content":[{"type":"paragraph","content":[{"type":"text","text":"why"}]}]}}}]}}`).want(t, 204)
	v, _ := s.Issue(key)
	if v.Status != "Done" || v.Resolution != "Won't Do" || v.Resolved.IsZero() || !slices.Equal(v.Comments, []string{"why"}) {
		t.Errorf("%+v", v)
	}
	s.do("POST", path, `{"transition":{"id":"91"}}`).want(t, 204)
	if v, _ = s.Issue(key); v.Status != "In Progress" || v.Resolution != "" || !v.Resolved.IsZero() {
		t.Errorf("opened again: %+v", v)
	}
	s.do("POST", path, `{"transition":{"id":"21"}}`).want(t, 204)
	s.do("POST", path, `{"transition":{"id":"71"}}`).want(t, 204)
	if v, _ = s.Issue(key); v.Status != "Done" || v.Resolution != "Done" {
		t.Errorf("approved: %+v", v)
	}
	r = s.do("GET", "/rest/api/3/issue/"+key+"/changelog", nil).want(t, 200)
	if len(r.list("values")) != 5 || r.at("values", 0, "items", 0, "fromString") != "To Do" || r.at("values", 0, "items", 0, "toString") != "In Progress" {
		t.Error(r.raw)
	}
}
