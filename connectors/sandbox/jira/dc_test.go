package jira_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/lockstep-sync/lockstep/connectors/sandbox/jira"
)

// openDC is a Data Center whose client has a personal access token.
func openDC(t *testing.T, o jira.Options) *site {
	t.Helper()
	o.Flavor = jira.DataCenter
	return open(t, o)
}

func bearer(token string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
}

func TestDCLogins(t *testing.T) {
	t.Parallel()
	o := jira.Options{Email: "fred@ngo.example", Token: "s3cret"}
	for name, c := range map[string]struct {
		auth                  func(*http.Request)
		myself, search, total int
		reason, who           string
	}{
		"token":               {bearer("s3cret"), 200, 200, 1, "", "fred"},
		"password":            {func(r *http.Request) { r.SetBasicAuth("FRED", "s3cret") }, 200, 200, 1, "OK", "fred"},
		"e-mail, no name":     {func(r *http.Request) { r.SetBasicAuth("fred@ngo.example", "s3cret") }, 401, 401, 0, "AUTHENTICATED_FAILED", "anonymous"},
		"wrong password":      {func(r *http.Request) { r.SetBasicAuth("fred", "S3cret") }, 401, 401, 0, "AUTHENTICATED_FAILED", "anonymous"},
		"a token of nobody":   {bearer("S3cret"), 401, 200, 0, "", "anonymous"},
		"nothing":             {func(*http.Request) {}, 401, 200, 0, "", "anonymous"},
		"a header that is no": {func(r *http.Request) { r.Header.Set("Authorization", "Basic %%%") }, 401, 200, 0, "", "anonymous"},
	} {
		s := openDC(t, o)
		s.Add(jira.Seed{Summary: "One"})
		for _, path := range []string{"/rest/api/2/myself", "/rest/api/2/serverInfo"} {
			r := s.as("GET", path, nil, c.auth)
			if r.status != c.myself || r.header.Get("X-Seraph-LoginReason") != c.reason || r.header.Get("X-AUSERNAME") != c.who {
				t.Errorf("%s, %s: %d %v %s", name, path, r.status, r.header, r.raw)
			}
			html := strings.HasPrefix(r.header.Get("Content-Type"), "text/html")
			switch {
			case c.myself == 200:
			case c.search == 401 && (!html || !strings.Contains(r.raw, "<title>Unauthorized (401)</title>") || !strings.Contains(r.raw, "Basic Authentication Failure - Reason : AUTHENTICATED_FAILED")):
				t.Errorf("%s, %s: %s", name, path, r.raw)
			case c.search == 200 && (r.body["message"] != "Client must be authenticated to access this resource." || r.body["status-code"] != 401.0):
				t.Errorf("%s, %s: %s", name, path, r.raw)
			}
		}
		r := s.as("GET", "/rest/api/2/search?jql=ORDER+BY+key&fields=key", nil, c.auth)
		if r.status != c.search || c.search == 200 && r.body["total"] != float64(c.total) {
			t.Errorf("%s: search answers %d %s", name, r.status, r.raw)
		}
	}
}

func TestDCStrangers(t *testing.T) {
	t.Parallel()
	s := openDC(t, jira.Options{})
	key := s.Add(jira.Seed{Summary: "One"})
	_, token := s.Credentials()
	const denied = "You do not have the permission to see the specified issue."
	for name, see := range map[string]struct {
		expiry jira.Expiry
		auth   func(*http.Request)
	}{
		"nothing":             {jira.TokenGood, func(*http.Request) {}},
		"a token gone silent": {jira.TokenSilent, bearer(token)},
	} {
		s.ExpireToken(see.expiry)
		get := func(path string) reply { return s.as("GET", "/rest/api/2"+path, nil, see.auth) }
		r := get("/issue/"+key).want(t, 401)
		if got := r.list("errorMessages"); len(got) != 2 || got[0] != denied || got[1] != "Login Required" {
			t.Errorf("%s: %s", name, r.raw)
		}
		if r := get("/issue/WASH-99").want(t, 404); r.at("errorMessages", 0) != "Issue Does Not Exist" {
			t.Errorf("%s: %s", name, r.raw)
		}
		s.as("PUT", "/rest/api/2/issue/"+key, `{"fields":{"summary":"x"}}`, see.auth).want(t, 401)
		s.as("POST", "/rest/api/2/issue", `{"fields":{"project":{"key":"WASH"},"issuetype":{"name":"Task"},"summary":"x"}}`, see.auth).want(t, 401)
		get("/project/WASH").want(t, 404)
		if r := get("/project").want(t, 200); strings.TrimSpace(r.raw) != "[]" {
			t.Errorf("%s: %s", name, r.raw)
		}
		if r := get("/user/search?username=.").want(t, 200); strings.TrimSpace(r.raw) != "[]" {
			t.Errorf("%s: %s", name, r.raw)
		}
		if r := get("/mypermissions").want(t, 200); r.at("permissions", "BROWSE_PROJECTS", "havePermission") != false {
			t.Errorf("%s: %s", name, r.raw)
		}
		// Strangers may search; but to them there is no such project, and no such issue.
		for jql, want := range map[string]string{
			"project%3DWASH":           "The value 'WASH' does not exist for the field 'project'.",
			"key%3D" + key:             "An issue with key '" + key + "' does not exist for field 'key'.",
			"status%3DDone+and+id%3D1": "A value with ID '1' does not exist for the field 'id'.",
		} {
			if r := get("/search?jql="+jql).want(t, 400); r.at("errorMessages", 0) != want {
				t.Errorf("%s, %s: %s", name, jql, r.raw)
			}
		}
		if r := get("/search?jql=text+~+One").want(t, 200); r.body["total"] != 0.0 {
			t.Errorf("%s: %s", name, r.raw)
		}
	}
	s.ExpireToken(jira.TokenRefused)
	s.as("GET", "/rest/api/2/search?jql=", nil, bearer(token)).want(t, 401)
	for range 5 { // an order, which locks no account
		s.do("GET", "/rest/api/2/search?jql=", nil).want(t, 401)
	}
	s.ExpireToken(jira.TokenGood)
	s.do("GET", "/rest/api/2/myself", nil).want(t, 200)
	// Somebody who is known but may not see the project is told so.
	s.Deny("BROWSE_PROJECTS")
	if r := s.do("GET", "/rest/api/2/issue/"+key, nil).want(t, 403); r.at("errorMessages", 0) != denied {
		t.Error(r.raw)
	}
	s.do("GET", "/rest/api/2/search?jql=project%3DWASH", nil).want(t, 400)
}

// TestDCLocksAnAccount: after three wrong passwords the right one does not help either; the token still does.
func TestDCLocksAnAccount(t *testing.T) {
	t.Parallel()
	s := openDC(t, jira.Options{})
	name, token := s.Credentials()
	wrong := func(r *http.Request) { r.SetBasicAuth(name, "nope") }
	for n := range 5 {
		// A good login forgets the bad ones before it.
		s.as("GET", "/rest/api/2/myself", nil, wrong).want(t, 401)
		if n < 2 {
			s.as("GET", "/rest/api/2/myself", nil, wrong).want(t, 401)
		}
		s.do("GET", "/rest/api/2/myself", nil).want(t, 200)
	}
	for range 3 {
		s.as("GET", "/rest/api/2/myself", nil, wrong).want(t, 401)
	}
	r := s.do("GET", "/rest/api/2/myself", nil).want(t, 403)
	if r.header.Get("X-Seraph-LoginReason") != "AUTHENTICATION_DENIED" || !strings.HasPrefix(r.header.Get("X-Authentication-Denied-Reason"), "CAPTCHA_CHALLENGE") || !strings.Contains(r.raw, "AUTHENTICATION_DENIED") {
		t.Errorf("%v %s", r.header, r.raw)
	}
	s.as("GET", "/rest/api/2/myself", nil, bearer(token)).want(t, 200)
	s.ExpireToken(jira.TokenGood)
	s.do("GET", "/rest/api/2/myself", nil).want(t, 200)
}

func TestDCEndpoints(t *testing.T) {
	t.Parallel()
	s := openDC(t, jira.Options{})
	key := s.Add(jira.Seed{Summary: "One"})
	for path, want := range map[string]int{
		"GET /rest/api/3/myself":                        404,
		"GET /rest/api/2/search/jql?jql=project%3DWASH": 404,
		"POST /rest/api/2/search/jql":                   404,
		"POST /rest/api/2/search/approximate-count":     404,
		"POST /rest/api/2/issue/bulkfetch":              405,
		"POST /rest/api/2/bulk/issues/transition":       404,
		"GET /rest/api/2/label":                         404,
		"GET /rest/api/2/issue/" + key + "/changelog":   404,
		"GET /rest/api/2/issue/" + key + "/nope/x":      404,
		"DELETE /rest/api/2/search":                     405,
	} {
		method, path, _ := strings.Cut(path, " ")
		var body any
		if method == "POST" {
			body = "{}"
		}
		r := s.do(method, path, body).want(t, want)
		text := map[int]string{404: "HTTP 404 Not Found", 405: "HTTP 405 Method Not Allowed"}[want]
		if r.body["message"] != text || r.body["status-code"] != float64(want) || !strings.HasPrefix(r.header.Get("Content-Type"), "application/json") {
			t.Errorf("%s: %s", path, r.raw)
		}
	}
	// Removed in 9.0, and taken for an issue's key since.
	if r := s.do("GET", "/rest/api/2/issue/createmeta?projectKeys=WASH", nil).want(t, 404); r.at("errorMessages", 0) != "Issue Does Not Exist" {
		t.Error(r.raw)
	}
	if r := s.do("GET", "/rest/api/2/project/search", nil).want(t, 404); r.at("errorMessages", 0) != "No project could be found with key 'search'." {
		t.Error(r.raw)
	}
	r := s.do("GET", "/rest/api/latest/issue/"+key, nil).want(t, 200)
	if r.body["self"] != s.url+"/rest/api/2/issue/"+r.body["id"].(string) {
		t.Errorf("self is %v", r.body["self"])
	}
	r = s.do("GET", "/rest/api/2/serverInfo", nil).want(t, 200)
	if r.body["deploymentType"] != "Server" || r.body["version"] != "10.3.19" || r.at("versionNumbers", 0) != 10.0 || r.body["baseUrl"] != s.url {
		t.Error(r.raw)
	}
	code, page, _ := s.visit("GET", "/", nil, "")
	if code != 200 || !strings.Contains(page, "Jira Data Center 10.3") {
		t.Error("the board does not say which Jira it is")
	}
	if _, page, _ := open(t, jira.Options{}).visit("GET", "/", nil, ""); !strings.Contains(page, "Jira Cloud") {
		t.Error("the board of Cloud does not say so")
	}
	s.as("POST", "/rest/api/2/search", "jql=x", func(r *http.Request) {
		r.SetBasicAuth(s.Credentials())
		r.Header.Set("Content-Type", "text/plain")
	}).want(t, 415)
}

func TestDCPermissions(t *testing.T) {
	t.Parallel()
	s := openDC(t, jira.Options{})
	key := s.Add(jira.Seed{Summary: "One"})
	have := func(permission string) any {
		// The parameter is not known, and all are told.
		r := s.do("GET", "/rest/api/2/mypermissions?projectKey=WASH&permissions=BROWSE_PROJECTS", nil).want(t, 200)
		return r.at("permissions", permission, "havePermission")
	}
	for permission, want := range map[string]bool{"EDIT_ISSUES": true, "EDIT_ISSUE": true, "ADMINISTER_PROJECTS": false, "PROJECT_ADMIN": false, "ADMINISTER": false} {
		if got := have(permission); got != want {
			t.Errorf("%s: %v", permission, got)
		}
	}
	s.do("GET", "/rest/api/2/mypermissions?projectKey=NOPE", nil).want(t, 404)
	s.do("GET", "/rest/api/2/mypermissions?issueKey=WASH-99", nil).want(t, 404)

	quiet := func(text string) reply {
		return s.do("PUT", "/rest/api/2/issue/"+key+"?notifyUsers=false&returnIssue=true", `{"fields":{"summary":"`+text+`"}}`)
	}
	if r := quiet("quiet").want(t, 403); r.at("errorMessages", 0) != "To discard the user notification either admin or project admin permissions are required." {
		t.Error(r.raw)
	}
	if v, _ := s.Issue(key); v.Summary != "One" {
		t.Errorf("the refused change was made: %q", v.Summary)
	}
	if r := s.do("PUT", "/rest/api/2/issue/"+key+"?returnIssue=true&notifyUsers=true", `{"fields":{"summary":"loud"}}`).want(t, 204); r.raw != "" {
		t.Errorf("an edit answers %s", r.raw)
	}
	s.Allow("ADMINISTER_PROJECTS")
	quiet("quiet").want(t, 204)
	if v, _ := s.Issue(key); v.Summary != "quiet" || have("ADMINISTER_PROJECTS") != true {
		t.Errorf("an administrator's quiet change: %q", v.Summary)
	}
	s.Deny("EDIT_ISSUES", "ADMINISTER_PROJECTS")
	if r := quiet("no").want(t, 403); r.at("errorMessages", 0) != "You do not have permission to edit issues in this project." {
		t.Error(r.raw)
	}
	// On Cloud the permission can be granted as well, and asked for.
	c := open(t, jira.Options{})
	ask := func() any {
		return c.do("GET", "/rest/api/3/mypermissions?permissions=ADMINISTER_PROJECTS", nil).want(t, 200).at("permissions", "ADMINISTER_PROJECTS", "havePermission")
	}
	if ask() != false {
		t.Error("a bot administers from the start")
	}
	c.Allow("ADMINISTER_PROJECTS")
	if ask() != true {
		t.Error("the permission cannot be granted")
	}
}

func TestDCMeta(t *testing.T) {
	t.Parallel()
	s := openDC(t, jira.Options{})
	key := s.Add(jira.Seed{Summary: "One", Component: "Wells"})
	r := s.do("GET", "/rest/api/2/issue/createmeta/WASH/issuetypes?maxResults=2", nil).want(t, 200)
	if len(r.list("values")) != 2 || r.body["issueTypes"] != nil || r.body["isLast"] != false || r.body["total"].(float64) < 3 {
		t.Error(r.raw)
	}
	kind := r.at("values", 0, "id").(string)
	r = s.do("GET", "/rest/api/2/issue/createmeta/WASH/issuetypes/"+kind+"?maxResults=200", nil).want(t, 200)
	ids := []string{}
	for n := range r.list("values") {
		ids = append(ids, r.at("values", n, "fieldId").(string))
		if r.at("values", n, "key") != nil {
			t.Errorf("a field has a key: %v", r.at("values", n))
		}
	}
	if r.body["fields"] != nil || r.body["isLast"] != true || !slices.Contains(ids, "summary") || !slices.Contains(ids, "duedate") {
		t.Error(r.raw)
	}
	s.do("GET", "/rest/api/2/issue/createmeta/NOPE/issuetypes", nil).want(t, 404)

	if r := s.do("GET", "/rest/api/2/project", nil).want(t, 200); len(readList(t, r.raw)) != 1 {
		t.Error(r.raw)
	}
	for _, path := range []string{"/project", "/project/WASH", "/issue/" + key, "/issuetype", "/issue/" + key + "/transitions?expand=transitions.fields", "/issue/" + key + "?expand=names,schema,transitions,changelog", "/myself", "/field", "/status"} {
		r := s.do("GET", "/rest/api/2"+path, nil).want(t, 200)
		for _, word := range []string{"accountId", "accountType", "hierarchyLevel", `"simplified"`, `"style"`, `"isPrivate"`, "jsdPublic", "hasScreen", "isAvailable"} {
			if strings.Contains(r.raw, word) {
				t.Errorf("%s tells %s, which is Cloud's", path, word)
			}
		}
		if path != "/status" && strings.Contains(r.raw, `"statusCategory":`) && !strings.Contains(r.raw, `"statusCategory":{"colorName"`) || strings.Contains(r.raw, `"statusCategory":"Status Category"`) {
			t.Errorf("%s has a field statusCategory: %s", path, r.raw)
		}
	}
	if r := s.do("GET", "/rest/api/2/issue/"+key, nil); r.at("fields", "statusCategory") != nil || r.at("fields", "status", "statusCategory", "key") != "new" {
		t.Error(r.raw)
	}
	for _, path := range []string{"/statuscategory", "/priority", "/resolution", "/project/WASH/statuses"} {
		s.do("GET", "/rest/api/2"+path, nil).want(t, 200)
	}
}

// TestDCWrites: bodies are version 2's; properties ride in a create; the changelog comes with the issue alone.
func TestDCWrites(t *testing.T) {
	t.Parallel()
	s := openDC(t, jira.Options{})
	name := s.AddUser("Amina Diallo", "amina@example.org")
	made := s.do("POST", "/rest/api/2/issue", `{"fields":{"project":{"key":"WASH"},"issuetype":{"name":"Task"},"summary":"Made","description":"h2. Text","assignee":{"name":"`+name+`"}},
		"properties":[{"key":"lockstep","value":{"id":"CW-1"}}]}`).want(t, 201)
	key := made.body["key"].(string)
	if v, _ := s.Issue(key); v.Assignee != "Amina Diallo" || v.AssigneeID != "amina" || v.Description != "h2. Text" || v.Properties["lockstep"] != `{"id":"CW-1"}` {
		t.Errorf("%+v", v)
	}
	if r := s.do("GET", "/rest/api/2/issue/"+key+"/properties/lockstep", nil).want(t, 200); r.at("value", "id") != "CW-1" {
		t.Error(r.raw)
	}
	ways := s.do("GET", "/rest/api/2/issue/"+key+"/transitions", nil).want(t, 200)
	s.do("POST", "/rest/api/2/issue/"+key+"/transitions", map[string]any{"transition": map[string]any{"id": ways.at("transitions", 0, "id")}}).want(t, 204)
	s.do("PUT", "/rest/api/2/issue/"+key, `{"fields":{"assignee":{"name":null}}}`).want(t, 204)
	r := s.do("GET", "/rest/api/2/issue/"+key+"?expand=changelog", nil).want(t, 200)
	item := r.at("changelog", "histories", 0, "items", 0)
	m, _ := item.(map[string]any)
	u := s.do("GET", "/rest/api/2/user?username="+name, nil).want(t, 200)
	if m["field"] != "assignee" || m["from"] != u.body["key"] || m["fromString"] != "Amina Diallo" || m["to"] != nil || m["fieldId"] != nil {
		t.Errorf("%v", item)
	}
	if r.at("changelog", "histories", 0, "author", "name") != "bot" {
		t.Error(r.raw)
	}
	// What Cloud refuses of a comment is ignored.
	r = s.do("POST", "/rest/api/2/issue/"+key+"/comment", `{"body":"hi","author":{},"visibility":{}}`).want(t, 201)
	if r.at("author", "name") != "bot" || r.body["body"] != "hi" {
		t.Error(r.raw)
	}
	s.do("POST", "/rest/api/2/issue/"+key+"/comment", `[1]`).want(t, 400)
	s.do("POST", "/rest/api/2/issue/"+key+"/remotelink", `{"globalId":"g","object":{"title":"x","url":"https://example.org"}}`).want(t, 201)
	s.do("DELETE", "/rest/api/2/issue/"+key, nil).want(t, 204)
}
