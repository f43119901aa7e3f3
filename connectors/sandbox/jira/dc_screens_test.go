package jira_test

import (
	"strings"
	"testing"

	"github.com/lockstep-sync/lockstep/connectors/sandbox/jira"
)

// TestDCScreens: metas name fields by fieldId, and people in custom fields have names.
func TestDCScreens(t *testing.T) {
	t.Parallel()
	s := openDC(t, jira.Options{})
	key := s.Add(jira.Seed{Summary: "One", Status: "In Progress"})
	name := s.AddUser("Amina Diallo", "amina@example.org")
	field, err := s.AddField(jira.FieldSpec{Name: "Engineer", Type: jira.FieldUser})
	if err != nil {
		t.Fatal(err)
	}
	r := s.do("GET", "/rest/api/2/issue/"+key+"/editmeta", nil).want(t, 200)
	if r.at("fields", "summary", "fieldId") != "summary" || r.at("fields", "summary", "key") != nil || !strings.Contains(r.raw, "username=") || strings.Contains(r.raw, "query=") {
		t.Error(r.raw)
	}
	r = s.do("GET", "/rest/api/2/issue/"+key+"/transitions?expand=transitions.fields&includeUnavailableTransitions=true", nil).want(t, 200)
	told := false
	for n := range r.list("transitions") {
		if f, isField := r.at("transitions", n, "fields", "resolution").(map[string]any); isField {
			told = f["fieldId"] == "resolution" && f["key"] == nil
		}
	}
	if !told {
		t.Error(r.raw)
	}
	s.do("PUT", "/rest/api/2/issue/"+key, `{"fields":{"`+field+`":{"name":"`+name+`"}}}`).want(t, 204)
	if r := s.do("GET", "/rest/api/2/issue/"+key, nil).want(t, 200); r.at("fields", field, "name") != name || r.at("fields", field, "accountId") != nil {
		t.Error(r.raw)
	}
	if r := s.do("POST", "/rest/api/2/search", `{"jql":"Engineer = AMINA"}`).want(t, 200); r.body["total"] != 1.0 {
		t.Error(r.raw)
	}
}

// TestDCSecurity: of an issue that is hidden Data Center says so, where Cloud says that there is none.
func TestDCSecurity(t *testing.T) {
	t.Parallel()
	s := openDC(t, jira.Options{})
	key := s.Add(jira.Seed{Summary: "One"})
	if err := s.Secure(key, "Board only"); err != nil {
		t.Fatal(err)
	}
	s.do("GET", "/rest/api/2/issue/"+key, nil).want(t, 403)
	if r := s.do("GET", "/rest/api/2/search?jql=project%3DWASH", nil).want(t, 200); r.body["total"] != 0.0 {
		t.Error(r.raw)
	}
	if err := s.DenyProject("WASH"); err != nil {
		t.Fatal(err)
	}
	if r := s.do("GET", "/rest/api/2/project", nil).want(t, 200); strings.TrimSpace(r.raw) != "[]" {
		t.Error(r.raw)
	}
	s.do("GET", "/rest/api/2/mypermissions?projectKey=WASH", nil).want(t, 404)
	s.do("GET", "/rest/api/2/user/assignable/search?project=WASH", nil).want(t, 404)
	s.do("GET", "/rest/api/2/search?jql=project%3DWASH", nil).want(t, 400)
}
