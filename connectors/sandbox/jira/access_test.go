package jira_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lockstep-sync/lockstep/connectors/sandbox/dials"
	"github.com/lockstep-sync/lockstep/connectors/sandbox/jira"
)

func TestWhoIsLetIn(t *testing.T) {
	t.Parallel()
	s := open(t, jira.Options{Email: "bot@ngo.example", Token: "s3cret"})
	s.Add(jira.Seed{Summary: "One"})
	for _, c := range []struct {
		name   string
		auth   func(*http.Request)
		status int
	}{
		{"basic", func(r *http.Request) { r.SetBasicAuth("BOT@ngo.example", "s3cret") }, 200},
		{"bearer", func(r *http.Request) { r.Header.Set("Authorization", "Bearer s3cret") }, 200},
		{"wrong token", func(r *http.Request) { r.SetBasicAuth("bot@ngo.example", "S3cret") }, 401},
		{"wrong address", func(r *http.Request) { r.SetBasicAuth("other@ngo.example", "s3cret") }, 401},
		{"wrong bearer", func(r *http.Request) { r.Header.Set("Authorization", "Bearer nope") }, 401},
		{"nonsense", func(r *http.Request) { r.Header.Set("Authorization", "Basic %%%") }, 401},
		{"none", func(*http.Request) {}, 401},
	} {
		r := s.as("GET", "/rest/api/3/myself", nil, c.auth)
		if r.status != c.status {
			t.Errorf("%s: %d %s", c.name, r.status, r.raw)
		}
		if c.status == 401 && r.raw != "Client must be authenticated to access this resource." {
			t.Errorf("%s: %s", c.name, r.raw)
		}
	}
	// A stranger finds nothing and is not told why; somebody with a wrong token is.
	r := s.as("POST", "/rest/api/3/search/jql", `{"jql":"project = WASH"}`, func(*http.Request) {}).want(t, 200)
	if len(r.list("issues")) != 0 {
		t.Error(r.raw)
	}
	s.as("POST", "/rest/api/3/search/jql", `{"jql":"project = WASH"}`, func(r *http.Request) { r.SetBasicAuth("x", "y") }).want(t, 401)
}

func TestExpiredTokens(t *testing.T) {
	t.Parallel()
	s := open(t, jira.Options{})
	key := s.Add(jira.Seed{Summary: "One"})
	s.ExpireToken(jira.TokenRefused)
	for _, path := range []string{"/myself", "/search/jql?jql=project%3DWASH", "/issue/" + key} {
		r := s.do("GET", "/rest/api/3"+path, nil).want(t, 401)
		if r.header.Get("X-Seraph-LoginReason") != "AUTHENTICATED_FAILED" {
			t.Error(r.header)
		}
	}
	s.ExpireToken(jira.TokenSilent)
	r := s.do("POST", "/rest/api/3/search/jql", `{"jql":"project = WASH"}`).want(t, 200)
	if strings.TrimSpace(r.raw) != `{"isLast":true,"issues":[]}` || r.header.Get("X-Seraph-LoginReason") != "AUTHENTICATED_FAILED" {
		t.Errorf("%s %v", r.raw, r.header)
	}
	if r := s.do("POST", "/rest/api/3/search/approximate-count", `{"jql":"project = WASH"}`).want(t, 200); r.body["count"] != 0.0 {
		t.Error(r.raw)
	}
	s.do("GET", "/rest/api/3/myself", nil).want(t, 401)
	s.do("GET", "/rest/api/3/issue/"+key, nil).want(t, 404)
	s.do("PUT", "/rest/api/3/issue/"+key, `{"fields":{"summary":"x"}}`).want(t, 404)
	s.do("DELETE", "/rest/api/3/issue/"+key, nil).want(t, 404)
	s.do("GET", "/rest/api/3/project/WASH", nil).want(t, 404)
	s.do("POST", "/rest/api/3/issue", `{"fields":{"project":{"key":"WASH"},"issuetype":{"name":"Task"},"summary":"x"}}`).want(t, 403)
	if r := s.do("POST", "/rest/api/3/issue/bulkfetch", `{"issueIdsOrKeys":["`+key+`"]}`).want(t, 200); len(r.list("issues")) != 0 {
		t.Error(r.raw)
	}
	s.ExpireToken(jira.TokenGood)
	if r := s.do("GET", "/rest/api/3/issue/"+key, nil).want(t, 200); r.header.Get("X-Seraph-LoginReason") != "OK" {
		t.Error(r.header)
	}
}

func TestPermissions(t *testing.T) {
	t.Parallel()
	s := open(t, jira.Options{})
	key := s.Add(jira.Seed{Summary: "One"})
	issue := "/rest/api/3/issue/" + key
	for _, c := range []struct {
		permission, method, path, body string
		status                         int
	}{
		{"EDIT_ISSUES", "PUT", issue, `{"fields":{"summary":"x"}}`, 403},
		{"EDIT_ISSUES", "PUT", issue + "/properties/p", `1`, 403},
		{"CREATE_ISSUES", "POST", "/rest/api/3/issue", `{"fields":{"project":{"key":"WASH"},"issuetype":{"name":"Task"},"summary":"x"}}`, 403},
		{"DELETE_ISSUES", "DELETE", issue, "", 403},
		{"ADD_COMMENTS", "POST", "/rest/api/2/issue/" + key + "/comment", `{"body":"x"}`, 403},
		{"LINK_ISSUES", "POST", issue + "/remotelink", `{"object":{"title":"x","url":"https://example.org"}}`, 403},
		{"TRANSITION_ISSUES", "POST", issue + "/transitions", `{"transition":{"id":"11"}}`, 400},
		{"BROWSE_PROJECTS", "GET", issue, "", 404},
	} {
		s.Deny(c.permission)
		var body any
		if c.body != "" {
			body = c.body
		}
		s.do(c.method, c.path, body).want(t, c.status)
		r := s.do("GET", "/rest/api/3/mypermissions?permissions="+c.permission, nil).want(t, 200)
		if r.at("permissions", c.permission, "havePermission") != false {
			t.Error(r.raw)
		}
		s.Allow(c.permission)
	}
	if v, ok := s.Issue(key); !ok || v.Summary != "One" || v.Status != "To Do" || len(s.Keys()) != 1 {
		t.Errorf("a denied request changed something: %+v", v)
	}
}

func TestPeople(t *testing.T) {
	t.Parallel()
	s := open(t, jira.Options{})
	id := s.AddUser("Amina Diallo", "amina@example.org")
	if again := s.AddUser("Amina Diallo", "amina@example.org"); again != id {
		t.Errorf("one person, two accounts: %s %s", id, again)
	}
	if other := s.AddUser("Amina Diallo", "other@example.org"); other == id {
		t.Error("two people of one name have one account")
	}
	find := func(query string) []any {
		r := s.do("GET", "/rest/api/3/user/search?query="+query, nil).want(t, 200)
		return readList(t, r.raw)
	}
	for query, want := range map[string]int{"amina": 2, "DIALLO": 2, "amina@": 1, "amina@example.org": 1, "lo": 1, "iallo": 0} {
		if got := find(query); len(got) != want {
			t.Errorf("%q finds %v", query, got)
		}
	}
	s.HideEmails(true)
	if got := find("amina@"); len(got) != 0 {
		t.Errorf("part of a hidden address finds %v", got)
	}
	got := find("amina@example.org")
	if len(got) != 1 || got[0].(map[string]any)["accountId"] != id || got[0].(map[string]any)["emailAddress"] != nil {
		t.Errorf("the whole of a hidden address finds %v", got)
	}
	s.Deny("USER_PICKER")
	if got := find("amina"); len(got) != 0 {
		t.Errorf("without the permission: %v", got)
	}
}

func TestRateLimits(t *testing.T) {
	t.Parallel()
	c := newClock()
	s := open(t, jira.Options{Now: c.Now, Burst: 6, PerIssueWrites: 2})
	key := s.Add(jira.Seed{Summary: "One"})
	other := s.Add(jira.Seed{Summary: "Two"})
	c.Add(250 * time.Millisecond)
	for n := range 6 {
		r := s.do("GET", "/rest/api/3/issue/"+key, nil).want(t, 200)
		if r.header.Get("X-RateLimit-Remaining") != strconv.Itoa(5-n) || r.header.Get("X-RateLimit-NearLimit")+r.header.Get("X-RateLimit-Reset") != "" {
			t.Errorf("request %d: %v", n, r.header)
		}
	}
	r := s.do("GET", "/rest/api/3/issue/"+other, nil).want(t, 429)
	for h, want := range map[string]string{
		"Retry-After": "1", "RateLimit-Reason": "jira-burst-based", "X-RateLimit-Limit": "6", "X-RateLimit-Remaining": "0",
		"X-RateLimit-Reset": "2026-09-14T09:30:01Z",
	} {
		if got := r.header.Get(h); got != want {
			t.Errorf("%s: %q, want %q", h, got, want)
		}
	}
	s.do("GET", "/rest/api/3/issue/"+key+"/comment", nil).want(t, 200) // another endpoint
	c.Add(750 * time.Millisecond)
	s.do("GET", "/rest/api/3/issue/"+key, nil).want(t, 200)

	put := func(key, text string) reply {
		return s.do("PUT", "/rest/api/3/issue/"+key, `{"fields":{"summary":"`+text+`"}}`)
	}
	c.Add(time.Second) // the start of two whole seconds
	put(key, "a").want(t, 204)
	s.do("POST", "/rest/api/2/issue/"+key+"/comment", `{"body":"x"}`).want(t, 201)
	r = put(key, "b").want(t, 429)
	if r.header.Get("RateLimit-Reason") != "jira-per-issue-on-write" || r.header.Get("Retry-After") != "2" {
		t.Error(r.header)
	}
	put(other, "a").want(t, 204)
	s.do("GET", "/rest/api/3/issue/"+key, nil).want(t, 200)
	c.Add(2 * time.Second)
	put(key, "c").want(t, 204)
	if v, _ := s.Issue(key); v.Summary != "c" {
		t.Errorf("summary %q", v.Summary)
	}
}

func TestFaultsFromTheDials(t *testing.T) {
	t.Parallel()
	s := open(t, jira.Options{})
	s.Panel().Inject(dials.Fault{Method: "POST", Path: "/issue", Effect: dials.CutAfter})
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/rest/api/3/issue", strings.NewReader(`{"fields":{"project":{"key":"WASH"},"issuetype":{"name":"Task"},"summary":"landed"}}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.SetBasicAuth(s.Credentials())
	if resp, err := s.http.Do(r); err == nil {
		t.Errorf("an answer came: %d", resp.StatusCode)
	}
	if got := s.searchKeys("summary ~ landed"); len(got) != 1 {
		t.Errorf("the write did not land: %v", got)
	}
	s.Panel().Inject(dials.Fault{Path: "/myself", Effect: dials.Reply, Status: 503, Body: "down"})
	if r := s.do("GET", "/rest/api/3/myself", nil).want(t, 503); r.raw != "down" {
		t.Error(r.raw)
	}
	s.do("GET", "/rest/api/3/myself", nil).want(t, 200)
	// The dials over HTTP, and the log of what was asked.
	if r := s.do("POST", "/sandbox/faults", `{"path":"/field","effect":"truncate"}`).want(t, 200); len(r.list("faults")) == 0 {
		t.Error(r.raw)
	}
	resp, err := s.http.Get(s.url + "/rest/api/3/field")
	if err == nil {
		_, err = io.ReadAll(resp.Body)
		resp.Body.Close()
	}
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("half an answer was read as a whole one: %v", err)
	}
	log := s.Panel().Requests()
	if len(log) < 4 || log[0].Method != http.MethodPost || log[0].Path != "/rest/api/3/issue" || log[0].Status != 0 {
		t.Errorf("%+v", log)
	}
	for _, l := range log {
		if strings.HasPrefix(l.Path, "/sandbox/") {
			t.Errorf("the dials are in the log: %+v", l)
		}
	}
}

func TestChangesAreTold(t *testing.T) {
	t.Parallel()
	s := open(t, jira.Options{})
	var told atomic.Int32
	s.OnChange(func() {
		s.Keys() // called outside the locks, or this would never return
		told.Add(1)
	})
	key := s.Add(jira.Seed{Summary: "One"})
	for n, f := range []func(){
		func() { _ = s.Set(key, map[string]any{"summary": "Two"}) },
		func() { s.do("PUT", "/rest/api/3/issue/"+key, `{"fields":{"summary":"Three"}}`) },
		func() { s.do("PUT", "/rest/api/3/issue/"+key+"/properties/p", `1`) },
		func() { _ = s.Delete(key) },
	} {
		before := told.Load()
		f()
		if told.Load() != before+1 {
			t.Errorf("change %d was told %d times", n, told.Load()-before)
		}
	}
	before := told.Load()
	s.do("GET", "/rest/api/3/issue/"+key, nil)
	_ = s.Set("WASH-99", nil)
	if told.Load() != before {
		t.Error("something was told though nothing changed")
	}
}

func TestTimesOnlyGoForward(t *testing.T) {
	t.Parallel()
	c := newClock()
	s := open(t, jira.Options{Now: c.Now})
	key := s.Add(jira.Seed{Summary: "One", Created: c.Now().Add(-time.Hour)})
	last, _ := s.Issue(key)
	for n := range 20 {
		if n == 10 {
			c.Add(-time.Hour) // somebody set the clock back
		}
		if err := s.Set(key, map[string]any{"summary": strings.Repeat("x", n+1)}); err != nil {
			t.Fatal(err)
		}
		v, _ := s.Issue(key)
		if !v.Updated.After(last.Updated) || v.Updated.Nanosecond()%int(time.Millisecond) != 0 {
			t.Fatalf("edit %d: %s after %s", n, v.Updated, last.Updated)
		}
		last = v
	}
}

func TestRenamedStatus(t *testing.T) {
	t.Parallel()
	s := open(t, jira.Options{})
	key := s.Add(jira.Seed{Summary: "One", Status: "Blocked"})
	if err := s.RenameStatus("Blocked", "Impeded"); err != nil {
		t.Fatal(err)
	}
	if v, _ := s.Issue(key); v.Status != "Impeded" {
		t.Errorf("status %q", v.Status)
	}
	if got := s.searchKeys("status = Impeded"); len(got) != 1 {
		t.Error(got)
	}
	s.do("POST", "/rest/api/3/search/jql", `{"jql":"status = Blocked"}`).want(t, 400)
	if s.RenameStatus("Impeded", "Done") == nil || s.RenameStatus("Nope", "X") == nil {
		t.Error("a rename that cannot be was done")
	}
	id, err := s.AddStatus("Waiting", "indeterminate")
	if err != nil {
		t.Fatal(err)
	}
	r := s.do("GET", "/rest/api/3/issue/"+key+"/transitions", nil).want(t, 200)
	way := ""
	for n := range r.list("transitions") {
		if r.at("transitions", n, "to", "id") == id {
			way = r.at("transitions", n, "id").(string)
		}
	}
	s.do("POST", "/rest/api/3/issue/"+key+"/transitions", map[string]any{"transition": map[string]any{"id": way}}).want(t, 204)
	if v, _ := s.Issue(key); v.Status != "Waiting" {
		t.Errorf("status %q", v.Status)
	}
	r = s.do("GET", "/rest/api/3/issue/"+key+"/transitions", nil).want(t, 200)
	ids := map[any]bool{}
	for n := range r.list("transitions") {
		ids[r.at("transitions", n, "id")] = true
	}
	if len(ids) < 2 || len(ids) != len(r.list("transitions")) {
		t.Errorf("ways out: %s", r.raw)
	}
	if _, err := s.AddStatus("Waiting", "done"); err == nil {
		t.Error("two statuses of one name")
	}
	if _, err := s.AddStatus("Other", "nope"); err == nil {
		t.Error("a category that is not")
	}
}

func TestSetAndSeeds(t *testing.T) {
	t.Parallel()
	s := open(t, jira.Options{})
	key := s.Add(jira.Seed{Summary: "One", Status: "Won't Do", Priority: "Low", Component: "Wells"})
	if v, _ := s.Issue(key); v.Status != "Done" || v.Resolution != "Won't Do" || v.Resolved.IsZero() || v.Priority != "Low" || v.Components[0] != "Wells" {
		t.Errorf("%+v", v)
	}
	steps := []struct {
		set  map[string]any
		good func(v jira.View) bool
	}{
		{map[string]any{"status": "To Do"}, func(v jira.View) bool { return v.Resolution == "" && v.Resolved.IsZero() && v.Category == "new" }},
		{map[string]any{"status": "Done"}, func(v jira.View) bool { return v.Resolution == "Done" && !v.Resolved.IsZero() }},
		{map[string]any{"resolution": "Duplicate"}, func(v jira.View) bool { return v.Status == "Done" && v.Resolution == "Duplicate" }},
		{map[string]any{"status": "Done"}, func(v jira.View) bool { return v.Resolution == "Duplicate" }}, // nobody changed it
		{map[string]any{"status": "In Progress", "assignee": "Wei Zhang", "duedate": "2026-12-01"}, func(v jira.View) bool {
			return v.Assignee == "Wei Zhang" && v.Due == "2026-12-01" && v.AssigneeID != ""
		}},
		{map[string]any{"assignee": nil, "duedate": nil, "priority": nil}, func(v jira.View) bool { return v.Assignee == "" && v.Due == "" && v.Priority == "" }},
		{map[string]any{"status": "Done", "resolution": "Won't Do"}, func(v jira.View) bool { return v.Resolution == "Won't Do" }},
		{map[string]any{"labels": []string{"b", "a", "b"}, "customfield_10042": 62.5}, func(v jira.View) bool {
			return len(v.Labels) == 2 && v.Labels[0] == "a" && v.Custom["customfield_10042"] == 62.5
		}},
	}
	for n, st := range steps {
		if err := s.Set(key, st.set); err != nil {
			t.Fatalf("step %d: %v", n, err)
		}
		if v, _ := s.Issue(key); !st.good(v) {
			t.Errorf("step %d: %v gives %+v", n, st.set, v)
		}
	}
	for _, bad := range []map[string]any{
		{"summary": " "}, {"duedate": "1.2.2026"}, {"status": "Nope"}, {"nope": "x"}, {"summary": 5}, {"customfield_10042": "much"},
	} {
		if err := s.Set(key, bad); err == nil {
			t.Errorf("%v was taken", bad)
		}
	}
	if s.Delete("WASH-9") == nil {
		t.Error("nothing was deleted without an error")
	}
	if _, err := s.Move("WASH-9", "OPS"); err == nil {
		t.Error("nothing was moved without an error")
	}
}

func TestProjects(t *testing.T) {
	t.Parallel()
	if p := jira.New(jira.Options{}).Project(); p != "WASH" {
		t.Errorf("default project %q", p)
	}
	s := jira.New(jira.Options{Project: "OWN"})
	if _, err := s.Load(bytes.NewBufferString(`{"id":"5","key":"X-7","fields":{"summary":"s","status":{"id":"1","name":"Open","statusCategory":{"key":"new"}}}}`)); err != nil {
		t.Fatal(err)
	}
	if s.Project() != "OWN" {
		t.Errorf("the project asked for is %q", s.Project())
	}
	if k := s.Add(jira.Seed{Summary: "x"}); k != "OWN-1" {
		t.Errorf("key %q", k)
	}
}
