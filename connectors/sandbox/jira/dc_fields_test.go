package jira_test

import (
	"slices"
	"testing"

	"github.com/lockstep-sync/lockstep/connectors/sandbox/jira"
)

// TestFieldsOnDataCenter: parents are for sub-tasks alone, tasks name their epic in a field, people go by user names.
func TestFieldsOnDataCenter(t *testing.T) {
	t.Parallel()
	s := open(t, jira.Options{Flavor: jira.DataCenter})
	s.AddUser("Amina Diallo", "amina@example.org")
	link := s.field(jira.FieldSpec{Name: "Epic Link", Type: jira.FieldEpicLink})
	lead := s.field(jira.FieldSpec{Name: "Lead", Type: jira.FieldUser})
	notes := s.field(jira.FieldSpec{Name: "Notes", Type: jira.FieldTextArea})
	colour := s.field(jira.FieldSpec{Name: "Colour", Type: jira.FieldSelect, Options: []string{"Red"}})
	epic := s.Add(jira.Seed{Summary: "Wells", Type: "Epic"})
	task := s.Add(jira.Seed{Summary: "Dig", Parent: epic})
	if v, _ := s.Issue(task); v.Parent != "" {
		t.Errorf("a task has a parent: %+v", v)
	}
	issue := "/rest/api/2/issue/" + task
	do := func(method, path string, body any, status int) reply {
		t.Helper()
		return s.do(method, path, body).want(t, status)
	}
	// Taken, and nothing comes of it.
	do("PUT", issue, obj("fields", obj("parent", obj("key", epic))), 204)
	made := do("POST", "/rest/api/2/issue", newIssue("parent", obj("key", epic)), 201)
	for _, key := range []string{task, made.body["key"].(string)} {
		if v, _ := s.Issue(key); v.Parent != "" {
			t.Errorf("%+v", v)
		}
	}
	do("PUT", issue, obj("fields", obj(link, epic, lead, obj("name", "amina"), notes, "*bold*", colour, obj("value", "Red"))), 204)
	r := do("GET", issue, nil, 200)
	if r.at("fields", link) != epic || r.at("fields", lead, "name") != "amina" || r.at("fields", notes) != "*bold*" || r.at("fields", colour, "value") != "Red" || r.at("fields", colour, "disabled") != false {
		t.Error(r.raw)
	}
	if r := do("PUT", issue, obj("fields", obj(link, task)), 400); r.at("errors", link) != "Issue '"+task+"' must be of type 'Epic'." {
		t.Error(r.raw)
	}
	if r := do("PUT", issue, obj("fields", obj(lead, obj("name", "nobody"))), 400); r.at("errors", lead) != "User 'nobody' does not exist." {
		t.Error(r.raw)
	}
	sub := do("POST", "/rest/api/2/issue", newIssue("issuetype", obj("name", "Sub-task"), "parent", obj("key", task)), 201).body["key"].(string)
	if r := do("GET", "/rest/api/2/issue/"+sub, nil, 200); r.at("fields", "parent", "key") != task {
		t.Error(r.raw)
	}
	find := func(jql string) []string {
		t.Helper()
		var keys []string
		for n := range do("POST", "/rest/api/2/search", obj("jql", jql), 200).list("issues") {
			keys = append(keys, do("POST", "/rest/api/2/search", obj("jql", jql), 200).at("issues", n, "key").(string))
		}
		return keys
	}
	for jql, want := range map[string]string{`parent = ` + task: sub, `"Epic Link" = ` + epic: task, `Lead = amina`: task, `Colour = Red`: task} {
		if got := find(jql); !slices.Equal(got, []string{want}) {
			t.Errorf("%s: %v", jql, got)
		}
	}
	meta := do("GET", issue+"/editmeta", nil, 200)
	if meta.at("fields", link, "fieldId") != link || meta.at("fields", link, "schema", "custom") != "com.pyxis.greenhopper.jira:gh-epic-link" || meta.at("fields", "parent") != nil {
		t.Error(meta.raw)
	}

	must(t, s.Secure(task, "Staff only"))
	do("GET", issue, nil, 403)
	if got := find("project = WASH AND summary ~ Dig"); len(got) != 0 {
		t.Error(got)
	}
	do("GET", "/rest/api/2/project/WASH/securitylevel", nil, 200)
	must(t, s.DenyProject("WASH"))
	do("GET", "/rest/api/2/project/WASH", nil, 404)
	do("GET", "/rest/api/2/mypermissions?projectKey=WASH", nil, 404)
	do("POST", "/rest/api/2/search", obj("jql", "project = WASH"), 400)
}
