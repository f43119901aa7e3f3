package jira_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/lockstep-sync/lockstep/connectors/sandbox/jira"
)

func TestDCUsers(t *testing.T) {
	t.Parallel()
	s := openDC(t, jira.Options{})
	for _, c := range []struct{ display, email, want string }{
		{"Amina Diallo", "Amina@example.org", "amina"},
		{"Amina Diallo", "amina@example.org", "amina"}, // herself
		{"Amina Barry", "amina@other.example", "amina2"},
		{"Wei Zhang", "", "wei.zhang"},
		{"Wei  Zhang", "", "wei.zhang2"},
		{"Өлзий", "", "өлзий"},
		{"!!!", "", "user"},
	} {
		if got := s.AddUser(c.display, c.email); got != c.want {
			t.Errorf("%s <%s> is %q, want %q", c.display, c.email, got, c.want)
		}
	}
	names := func(path string) string {
		var out []string
		for _, u := range readList(t, s.do("GET", "/rest/api/2"+path, nil).want(t, 200).raw) {
			out = append(out, u.(map[string]any)["name"].(string))
		}
		return strings.Join(out, " ")
	}
	for query, want := range map[string]string{
		"amina": "amina2 amina", "DIALLO": "amina", "amina@o": "amina2", "ang": "", "zh": "wei.zhang2 wei.zhang", "li": "", "nobody": "", "wei.zhang": "wei.zhang2 wei.zhang",
	} {
		if got := names("/user/search?username=" + query); got != want {
			t.Errorf("%q finds %q, want %q", query, got, want)
		}
	}
	if got := names("/user/search?username=.&maxResults=2&startAt=1"); len(strings.Fields(got)) != 2 {
		t.Errorf("a page of everybody: %q", got)
	}
	if got := names("/user/assignable/search?project=WASH&username=ami"); got != "amina2 amina" {
		t.Errorf("assignable: %q", got)
	}
	s.do("GET", "/rest/api/2/user/assignable/search?project=NOPE", nil).want(t, 404)
	s.do("GET", "/rest/api/2/user/assignable/search", nil).want(t, 400)
	if r := s.do("GET", "/rest/api/2/user/search?query=amina", nil).want(t, 400); r.at("errorMessages", 0) != "The username query parameter was not provided" {
		t.Error(r.raw)
	}
	u := s.do("GET", "/rest/api/2/user?username=AMINA", nil).want(t, 200)
	if u.body["name"] != "amina" || u.body["key"] == "amina" || u.body["emailAddress"] != "Amina@example.org" || u.body["active"] != true {
		t.Error(u.raw)
	}
	if again := s.do("GET", fmt.Sprintf("/rest/api/2/user?key=%v", u.body["key"]), nil).want(t, 200); again.raw != u.raw {
		t.Errorf("by key: %s", again.raw)
	}
	s.do("GET", "/rest/api/2/user?accountId=amina", nil).want(t, 404)
	s.do("GET", "/rest/api/2/user?username=nobody", nil).want(t, 404)
	s.do("GET", "/rest/api/2/user?key=amina", nil).want(t, 404)
	s.HideEmails(true)
	if r := s.do("GET", "/rest/api/2/user?username=amina", nil).want(t, 200); r.body["emailAddress"] != nil {
		t.Error(r.raw)
	}
	if got := names("/user/search?username=amina@"); got != "" {
		t.Errorf("a hidden address finds %q", got)
	}
	s.Deny("USER_PICKER")
	if got := names("/user/search?username=."); got != "" {
		t.Errorf("without the permission: %q", got)
	}
}

func TestDCAssignees(t *testing.T) {
	t.Parallel()
	s := openDC(t, jira.Options{})
	s.AddUser("Amina Diallo", "amina@example.org")
	if _, err := s.Load(strings.NewReader(`{"id":"5","key":"WASH-7","fields":{"summary":"s","assignee":{"name":"Gone","key":"gone","displayName":"Gone Away","active":false},"status":{"id":"1","name":"Open","statusCategory":{"key":"new"}}}}`)); err != nil {
		t.Fatal(err)
	}
	key := "WASH-7"
	for _, c := range []struct{ field, value, complaint, assignee string }{
		{"assignee", `{"name":"amina"}`, "", "Amina Diallo"},
		{"assignee", `{"accountId":"amina"}`, "expected Object containing a 'name' property", "Amina Diallo"},
		{"assignee", `"amina"`, "data was not an object", "Amina Diallo"},
		{"assignee", `{"name":5}`, "expected 'name' property to be a string", "Amina Diallo"},
		{"assignee", `{"name":"nobody"}`, "User 'nobody' does not exist.", "Amina Diallo"},
		{"assignee", `{"name":"gone"}`, "User 'gone' cannot be assigned issues.", "Amina Diallo"},
		{"assignee", `{"name":null}`, "", ""},
		{"assignee", `{"name":"AMINA"}`, "", "Amina Diallo"},
		{"assignee", `{"name":"-1"}`, "", ""},
		{"assignee", `{"name":"amina"}`, "", "Amina Diallo"},
		{"assignee", `null`, "", ""},
		{"reporter", `{"accountId":"amina"}`, "Reporter is required.", ""},
		{"reporter", `{"name":"amina"}`, "", ""},
	} {
		r := s.do("PUT", "/rest/api/2/issue/"+key, `{"fields":{"`+c.field+`":`+c.value+`}}`)
		if got, _ := r.at("errors", c.field).(string); got != c.complaint || (c.complaint == "") != (r.status == 204) {
			t.Errorf("%s %s: %d %s", c.field, c.value, r.status, r.raw)
		}
		if v, _ := s.Issue(key); v.Assignee != c.assignee {
			t.Errorf("after %s %s: %q", c.field, c.value, v.Assignee)
		}
	}
	for jql, want := range map[string]int{
		"reporter = amina": 1, "reporter = AMINA": 1, `reporter = "Amina Diallo"`: 1, "reporter = bot": 0, "reporter = currentUser()": 0, "assignee is EMPTY": 1,
	} {
		if r := s.do("POST", "/rest/api/2/search", map[string]any{"jql": jql}).want(t, 200); len(r.list("issues")) != want {
			t.Errorf("%s finds %s", jql, r.raw)
		}
	}
	s.do("POST", "/rest/api/2/search", `{"jql":"assignee = nobody"}`).want(t, 400)
}

// TestDCNamesAreOnePersons: whatever people are called, each gets a name of their own that finds them again.
func TestDCNamesAreOnePersons(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		s := jira.New(jira.Options{Flavor: jira.DataCenter})
		taken := map[string]string{}
		for n := range rapid.IntRange(1, 12).Draw(rt, "people") {
			display := rapid.SampledFrom([]string{"Ann Lee", "ann lee", "Ann.Lee", "Éva", "Ө", "-", "bot"}).Draw(rt, "name")
			email := rapid.SampledFrom([]string{"", "ann@a.example", "ANN@b.example", "bot@x.example"}).Draw(rt, "email")
			name := s.AddUser(display, email)
			who := strings.ToLower(display)
			if old, there := taken[strings.ToLower(name)]; there && old != who {
				rt.Fatalf("person %d, %q, has the name %q of %q", n, display, name, old)
			}
			taken[strings.ToLower(name)] = who
			key := s.Add(jira.Seed{Summary: "x", Assignee: display, Email: email})
			if v, _ := s.Issue(key); v.AssigneeID == "" || v.AssigneeID != s.AddUser(display, email) {
				rt.Fatalf("%q <%s> is %q here and %q there", display, email, v.AssigneeID, s.AddUser(display, email))
			}
		}
	})
}
