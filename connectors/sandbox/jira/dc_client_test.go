package jira_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	gojira "github.com/andygrunwald/go-jira"

	"github.com/lockstep-sync/lockstep/connectors/sandbox/jira"
)

// TestDCGoJira drives the sandbox with the client library as it is, with a personal access token.
func TestDCGoJira(t *testing.T) {
	t.Parallel()
	s := openDC(t, jira.Options{MaxResults: 3})
	_, token := s.Credentials()
	c, err := gojira.NewClient((&gojira.PATAuthTransport{Token: token, Transport: s.http.Transport}).Client(), s.url)
	if err != nil {
		t.Fatal(err)
	}
	for n := range 8 {
		s.Add(jira.Seed{Summary: fmt.Sprint(n), Assignee: "Amina Diallo", Email: "amina@example.org"})
	}
	me, resp, err := c.User.GetSelfWithContext(t.Context())
	closed(resp)
	if err != nil || me.Name != "bot" || me.Key == "" || me.AccountID != "" || me.EmailAddress != "bot@example.org" {
		t.Errorf("self: %+v, %v", me, err)
	}
	hits, resp, err := c.Issue.SearchWithContext(t.Context(), "project = WASH ORDER BY key", &gojira.SearchOptions{MaxResults: 100, Fields: []string{"summary", "assignee"}})
	closed(resp)
	if err != nil || len(hits) != 3 || resp.MaxResults != 3 || resp.Total != 8 || hits[0].Fields.Assignee.Name != "amina" {
		t.Fatalf("search: %+v, %v", hits, err)
	}
	var all []string
	err = c.Issue.SearchPagesWithContext(t.Context(), "project = WASH ORDER BY key", &gojira.SearchOptions{MaxResults: 100}, func(i gojira.Issue) error {
		all = append(all, i.Key)
		return nil
	})
	if want := []string{"WASH-1", "WASH-2", "WASH-3", "WASH-4", "WASH-5", "WASH-6", "WASH-7", "WASH-8"}; err != nil || !slices.Equal(all, want) {
		t.Errorf("pages: %v, %v", all, err)
	}
	made, resp, err := c.Issue.CreateWithContext(t.Context(), &gojira.Issue{Fields: &gojira.IssueFields{
		Project: gojira.Project{Key: "WASH"}, Type: gojira.IssueType{Name: "Task"}, Summary: "Made", Description: "by a client", Assignee: &gojira.User{Name: "amina"},
	}})
	closed(resp)
	if err != nil {
		t.Fatal(err)
	}
	if v, _ := s.Issue(made.Key); v.Assignee != "Amina Diallo" {
		t.Errorf("created: %+v", v)
	}
	// Here the library's comments work, empty author and all.
	note, resp, err := c.Issue.AddCommentWithContext(t.Context(), made.Key, &gojira.Comment{Body: "hello"})
	closed(resp)
	if err != nil || note.Body != "hello" || note.Author.Name != "bot" {
		t.Errorf("comment: %+v, %v", note, err)
	}
	resp, err = c.Issue.UpdateIssueWithContext(t.Context(), made.ID, map[string]any{"fields": map[string]any{"assignee": nil}})
	closed(resp)
	if v, _ := s.Issue(made.Key); err != nil || v.Assignee != "" {
		t.Errorf("update: %+v, %v", v, err)
	}
	people, resp, err := c.User.FindWithContext(t.Context(), "", gojira.WithUsername("amina"))
	closed(resp)
	if err != nil || len(people) != 1 || people[0].Name != "amina" {
		t.Errorf("people: %+v, %v", people, err)
	}
	if _, resp, err = c.Issue.SearchV2JQLWithContext(t.Context(), "project = WASH", nil); err == nil || resp.StatusCode != http.StatusNotFound {
		t.Errorf("Cloud's search is here: %v", err)
	}
	closed(resp)
}

// TestDCRealIssues: a file of a real server is served in its own people's names.
func TestDCRealIssues(t *testing.T) {
	t.Parallel()
	s := openDC(t, jira.Options{})
	type person struct{ Name, Key, DisplayName string }
	type file struct {
		ID, Key string
		Fields  struct {
			Summary           *string
			Status            struct{ ID, Name string }
			Description       *string
			Assignee, Creator *person
			Updated           string
			Comment           struct {
				Total    int
				Comments []struct{ Author *person }
			}
		}
	}
	want := map[string]file{}
	for name, count := range map[string]int{"issues-mod": 367, "issues-aloy": 700} {
		path := dataFile(t, "jira", name+".jsonl.gz")
		in := bufio.NewScanner(openGzip(t, path))
		in.Buffer(nil, 16<<20)
		for in.Scan() {
			var f file
			if err := json.Unmarshal(in.Bytes(), &f); err != nil {
				t.Fatal(err)
			}
			want[f.Key] = f
		}
		if n, err := s.Load(openGzip(t, path)); err != nil || n != count {
			t.Fatalf("%s: %d issues, %v", name, n, err)
		}
	}
	seen := map[string]bool{}
	for start := 0; ; {
		r := s.do("POST", "/rest/api/2/search", map[string]any{"jql": "ORDER BY updated ASC, key ASC", "fields": []string{"*all"}, "startAt": start, "maxResults": 400}).want(t, 200)
		if strings.Contains(r.raw, "accountId") {
			t.Fatal("an account id is told")
		}
		var page struct{ Issues []file }
		if err := json.Unmarshal([]byte(r.raw), &page); err != nil {
			t.Fatal(err)
		}
		for _, got := range page.Issues {
			seen[got.Key] = true
			f := want[got.Key]
			// Told and total need not agree in the file; the rest of it is as it was.
			if a, b := printJSON(t, got), printJSON(t, f); a != b {
				t.Errorf("%s is\n%s, the file has\n%s", got.Key, a, b)
			}
		}
		start += len(page.Issues)
		if len(page.Issues) == 0 {
			break
		}
	}
	if len(seen) != 1067 {
		t.Errorf("%d issues were found", len(seen))
	}
}

func printJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestDCLoadsCloudIssues: an export of Cloud gets user names.
func TestDCLoadsCloudIssues(t *testing.T) {
	t.Parallel()
	s := openDC(t, jira.Options{})
	if _, err := s.Load(strings.NewReader(`{"id":"5","key":"X-7","fields":{"summary":"s","assignee":{"accountId":"5b10","displayName":"Cloud Person","emailAddress":"cp@example.org","active":true},
"reporter":{"accountId":"5b10","displayName":"Cloud Person","emailAddress":"cp@example.org","active":true},"attachment":[{"author":{"accountId":"5b10","displayName":"Cloud Person"}}],"status":{"id":"1","name":"Open"}}}`)); err == nil {
		t.Fatal("two lines are one issue")
	}
	if _, err := s.Load(strings.NewReader(`{"id":"5","key":"X-7","fields":{"summary":"s","assignee":{"accountId":"5b10","displayName":"Cloud Person","emailAddress":"cp@example.org","active":true},"reporter":{"accountId":"5b10","displayName":"Cloud Person","emailAddress":"cp@example.org","active":true},"attachment":[{"author":{"accountId":"5b10","displayName":"Cloud Person"}}],"status":{"id":"1","name":"Open"}}}`)); err != nil {
		t.Fatal(err)
	}
	r := s.do("GET", "/rest/api/2/issue/X-7", nil).want(t, 200)
	if r.at("fields", "assignee", "name") != "cp" || r.at("fields", "reporter", "name") != "cp" || r.at("fields", "attachment", 0, "author", "name") != "cp" || strings.Contains(r.raw, "5b10") {
		t.Error(r.raw)
	}
}
