package jira_test

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/lockstep-sync/lockstep/connectors/sandbox/jira"
)

func TestSecurityLevelsHideIssues(t *testing.T) {
	t.Parallel()
	c := newClock()
	s := open(t, jira.Options{Now: c.Now, IndexLag: time.Minute}).checked()
	epic := s.Add(jira.Seed{Summary: "Epic", Type: "Epic"})
	key := s.Add(jira.Seed{Summary: "One", Parent: epic})
	other := s.Add(jira.Seed{Summary: "Two"})
	said := s.do("POST", "/rest/api/3/issue/"+key+"/comment", obj("body", document("dry"))).want(t, 201)
	comment, err := strconv.Atoi(said.body["id"].(string))
	must(t, err)
	c.Add(2 * time.Minute)
	id, _ := s.Issue(key)
	must(t, s.Secure(key, "Staff only"))
	issue := "/rest/api/3/issue/" + key

	for _, path := range []string{"", "/transitions", "/editmeta", "/comment", "/changelog", "/properties", "/remotelink"} {
		r := s.do("GET", issue+path, nil).want(t, 404)
		if r.at("errorMessages", 0) != "Issue does not exist or you do not have permission to see it." {
			t.Error(r.raw)
		}
	}
	s.do("GET", "/rest/api/3/issue/"+id.ID, nil).want(t, 404)
	s.do("PUT", issue, obj("fields", obj("summary", "x"))).want(t, 404)
	s.transition(key, "11", 404)
	if got := s.searchKeys("project = WASH ORDER BY key"); !slices.Equal(got, []string{epic, other}) {
		t.Error(got)
	}
	for _, jql := range []string{"key = " + key, "id = " + id.ID, "parent = " + key} {
		s.do("POST", "/rest/api/3/search/jql", obj("jql", jql)).want(t, 400)
	}
	r := s.do("POST", "/rest/api/3/search/jql", obj("jql", "project = WASH", "reconcileIssues", []int{10002})).want(t, 200)
	if len(r.list("issues")) != 2 {
		t.Error(r.raw)
	}
	if r := s.do("POST", "/rest/api/3/search/approximate-count", obj("jql", "project = WASH")).want(t, 200); r.body["count"] != 2.0 {
		t.Error(r.raw)
	}
	if r := s.do("POST", "/rest/api/3/issue/bulkfetch", obj("issueIdsOrKeys", []string{key, other})).want(t, 200); len(r.list("issues")) != 1 || len(r.list("issueErrors")) != 0 {
		t.Error(r.raw)
	}
	if r := s.do("POST", "/rest/api/3/comment/list", obj("ids", []int{comment})).want(t, 200); len(r.list("values")) != 0 {
		t.Error(r.raw)
	}
	task := s.do("POST", "/rest/api/3/bulk/issues/transition", obj("bulkTransitionInputs", []any{obj("selectedIssueIdsOrKeys", []string{key, other}, "transitionId", "11")})).want(t, 201)
	if r := s.do("GET", "/rest/api/3/bulk/queue/"+task.body["taskId"].(string), nil).want(t, 200); r.body["invalidOrInaccessibleIssueCount"] != 1.0 {
		t.Error(r.raw)
	}
	s.do("GET", "/rest/api/3/project/WASH", nil).want(t, 200)
	if r := s.do("GET", "/rest/api/3/project/WASH/securitylevel", nil).want(t, 200); len(r.list("levels")) != 0 {
		t.Errorf("a level that the account is not in: %s", r.raw)
	}
	if v, _ := s.Issue(key); v.Security != "Staff only" || v.Summary != "One" {
		t.Errorf("%+v", v)
	}

	// A hidden epic is nobody's parent.
	must(t, s.Secure(epic, "Staff only"))
	must(t, s.Secure(key, ""))
	if _, there := s.fieldsOf(key)["parent"]; there {
		t.Error("a hidden parent is told")
	}

	s.OpenLevel("Staff only", true)
	if s.fieldsOf(epic)["security"].(map[string]any)["name"] != "Staff only" {
		t.Error("the level is not told")
	}
	r = s.do("GET", "/rest/api/3/project/WASH/securitylevel", nil).want(t, 200)
	level := r.at("levels", 0, "id")
	if len(r.list("levels")) != 1 || r.at("levels", 0, "name") != "Staff only" {
		t.Error(r.raw)
	}
	c.Add(2 * time.Minute)
	if got := s.searchKeys(`level = "Staff only"`); !slices.Equal(got, []string{epic}) {
		t.Error(got)
	}
	if r := s.do("PUT", issue, obj("fields", obj("security", obj("id", level)))).want(t, 400); r.at("errors", "security") == nil {
		t.Error(r.raw)
	}
	must(t, s.SetScreen("edit", "security", true))
	s.do("PUT", issue, obj("fields", obj("security", obj("id", level)))).want(t, 204)
	if r := s.do("PUT", issue, obj("fields", obj("security", obj("name", "Nope")))).want(t, 400); r.at("errors", "security") != "Security Level name 'Nope' is not valid" {
		t.Error(r.raw)
	}
	if s.Secure("WASH-99", "x") == nil {
		t.Error("no such issue, no error")
	}
}

func TestOneProjectIsLost(t *testing.T) {
	t.Parallel()
	s := open(t, jira.Options{}).checked()
	kept := s.Add(jira.Seed{Summary: "One"})
	lost, err := s.Move(s.Add(jira.Seed{Summary: "Two"}), "ROADS")
	must(t, err)
	if got := s.searchKeys("updated > 0"); len(got) != 2 {
		t.Fatal(got)
	}
	must(t, s.DenyProject("ROADS"))
	if got := s.searchKeys("updated > 0"); !slices.Equal(got, []string{kept}) {
		t.Error(got)
	}
	if r := s.do("POST", "/rest/api/3/search/jql", obj("jql", "project in (WASH, ROADS)")).want(t, 400); r.at("errorMessages", 0) != "The value 'ROADS' does not exist for the field 'project'." {
		t.Error(r.raw)
	}
	s.do("GET", "/rest/api/3/issue/"+lost, nil).want(t, 404)
	s.do("GET", "/rest/api/3/project/ROADS", nil).want(t, 404)
	s.do("GET", "/rest/api/3/mypermissions?permissions=BROWSE_PROJECTS&projectKey=ROADS", nil).want(t, 404)
	s.do("GET", "/rest/api/3/issue/createmeta/ROADS/issuetypes", nil).want(t, 404)
	s.do("POST", "/rest/api/3/issue", newIssue("project", obj("key", "ROADS"))).want(t, 400)
	if r := s.do("GET", "/rest/api/3/project/search", nil).want(t, 200); len(r.list("values")) != 1 {
		t.Error(r.raw)
	}
	s.do("GET", "/rest/api/3/issue/"+kept, nil).want(t, 200)
	must(t, s.AllowProject("ROADS"))
	if got := s.searchKeys("project = ROADS"); !slices.Equal(got, []string{lost}) {
		t.Error(got)
	}
	if s.DenyProject("NOPE") == nil {
		t.Error("no such project, no error")
	}
}
