package jira_test

import (
	"net/http"
	"slices"
	"testing"

	gojira "github.com/andygrunwald/go-jira"

	"github.com/lockstep-sync/lockstep/connectors/sandbox/jira"
)

// TestGoJira drives the sandbox with the client library as it is, but for the address.
func TestGoJira(t *testing.T) {
	t.Parallel()
	s := open(t, jira.Options{}).checked()
	email, token := s.Credentials()
	auth := &gojira.BasicAuthTransport{Username: email, Password: token, Transport: s.http.Transport}
	c, err := gojira.NewClient(auth.Client(), s.url)
	if err != nil {
		t.Fatal(err)
	}
	seeded := s.Add(jira.Seed{Summary: "Seeded", Assignee: "Amina Diallo", Email: "amina@example.org", Due: "2026-10-01", Labels: []string{"x"}, Component: "Wells", Description: "a text"})
	sv, _ := s.Issue(seeded)

	me, resp, err := c.User.GetSelfWithContext(t.Context())
	closed(resp)
	if err != nil || me.EmailAddress != email || me.AccountID == "" || me.TimeZone != "UTC" {
		t.Errorf("self: %+v, %v", me, err)
	}
	p, resp, err := c.Project.GetWithContext(t.Context(), "WASH")
	closed(resp)
	if err != nil || p.Name != "Water and Sanitation" || len(p.IssueTypes) != 5 || len(p.Components) != 1 {
		t.Errorf("project: %+v, %v", p, err)
	}
	statuses, resp, err := c.Status.GetAllStatusesWithContext(t.Context())
	closed(resp)
	if err != nil || len(statuses) != 5 || statuses[0].StatusCategory.Key != "new" {
		t.Errorf("statuses: %+v, %v", statuses, err)
	}
	fields, resp, err := c.Field.GetListWithContext(t.Context())
	closed(resp)
	if err != nil || !slices.ContainsFunc(fields, func(f gojira.Field) bool { return f.ID == "customfield_10042" && f.Custom && f.Name == "Progress" }) {
		t.Errorf("fields: %v", err)
	}

	made, resp, err := c.Issue.CreateWithContext(t.Context(), &gojira.Issue{Fields: &gojira.IssueFields{
		Project: gojira.Project{Key: "WASH"}, Type: gojira.IssueType{Name: "Task"}, Summary: "Made", Description: "by a client",
		Labels: []string{"lockstep-CW-42"}, Assignee: &gojira.User{AccountID: sv.AssigneeID},
	}})
	closed(resp)
	if err != nil || made.Key == "" || made.ID == "" {
		t.Fatalf("create: %+v, %v", made, err)
	}
	if v, _ := s.Issue(made.Key); v.Summary != "Made" || v.Description != "by a client" || v.Assignee != "Amina Diallo" || !slices.Equal(v.Labels, []string{"lockstep-CW-42"}) {
		t.Errorf("created: %+v", v)
	}

	got, resp, err := c.Issue.GetWithContext(t.Context(), seeded, nil)
	closed(resp)
	if err != nil || got.Fields.Description != "a text" || got.Fields.Assignee.DisplayName != "Amina Diallo" || got.Fields.Status.StatusCategory.Key != "new" || got.Fields.Components[0].Name != "Wells" {
		t.Errorf("get: %+v, %v", got, err)
	}
	hits, resp, err := c.Issue.SearchV2JQLWithContext(t.Context(), "project = WASH ORDER BY key", &gojira.SearchOptionsV2{Fields: []string{"summary", "updated"}, MaxResults: 1})
	closed(resp)
	if err != nil || len(hits) != 1 || hits[0].Fields.Summary != "Seeded" || resp.IsLast || resp.NextPageToken == "" {
		t.Fatalf("search: %+v, %v", hits, err)
	}
	hits, resp, err = c.Issue.SearchV2JQLWithContext(t.Context(), "project = WASH ORDER BY key", &gojira.SearchOptionsV2{Fields: []string{"summary", "updated"}, NextPageToken: resp.NextPageToken})
	closed(resp)
	if err != nil || len(hits) != 1 || hits[0].Key != made.Key || !resp.IsLast {
		t.Fatalf("second page: %+v, %v", hits, err)
	}
	if _, resp, err = c.Issue.SearchWithContext(t.Context(), "project = WASH", nil); err == nil || resp.StatusCode != http.StatusGone {
		t.Errorf("the old search: %v", err)
	}
	closed(resp)

	resp, err = c.Issue.UpdateIssueWithContext(t.Context(), made.ID, map[string]any{"fields": map[string]any{"summary": "Changed", "assignee": nil, "duedate": "2026-11-30"}})
	closed(resp)
	if v, _ := s.Issue(made.Key); err != nil || v.Summary != "Changed" || v.Assignee != "" || v.Due != "2026-11-30" {
		t.Errorf("update: %+v, %v", v, err)
	}
	ways, resp, err := c.Issue.GetTransitionsWithContext(t.Context(), made.Key)
	closed(resp)
	if err != nil || len(ways) != 1 || ways[0].To.Name != "In Progress" {
		t.Fatalf("transitions: %+v, %v", ways, err)
	}
	resp, err = c.Issue.DoTransitionWithContext(t.Context(), made.Key, ways[0].ID)
	closed(resp)
	if v, _ := s.Issue(made.Key); err != nil || v.Status != "In Progress" {
		t.Errorf("after the transition: %+v, %v", v, err)
	}
	link, resp, err := c.Issue.AddRemoteLinkWithContext(t.Context(), made.Key, &gojira.RemoteLink{GlobalID: "g", Object: &gojira.RemoteLinkObject{URL: "https://example.org", Title: "there"}})
	closed(resp)
	if err != nil || link.ID == 0 {
		t.Errorf("link: %+v, %v", link, err)
	}
	links, resp, err := c.Issue.GetRemoteLinksWithContext(t.Context(), made.Key)
	closed(resp)
	if err != nil || len(*links) != 1 || (*links)[0].GlobalID != "g" {
		t.Errorf("links: %+v, %v", links, err)
	}
}

// TestGoJiraTraps holds what the library is known to do wrong against Cloud: the sandbox must not be kinder than Jira.
func TestGoJiraTraps(t *testing.T) {
	t.Parallel()
	s := open(t, jira.Options{})
	email, token := s.Credentials()
	c, err := gojira.NewClient((&gojira.BasicAuthTransport{Username: email, Password: token}).Client(), s.url)
	if err != nil {
		t.Fatal(err)
	}
	key := s.Add(jira.Seed{Summary: "One"})
	if _, resp, err := c.Issue.AddCommentWithContext(t.Context(), key, &gojira.Comment{Body: "hello"}); err == nil || resp.StatusCode != http.StatusBadRequest {
		t.Errorf("a comment with empty author and visibility was taken: %v", err)
	}
	if v, _ := s.Issue(key); len(v.Comments) != 0 {
		t.Error("the refused comment is there")
	}
	if _, resp, err := c.Issue.GetCreateMetaWithContext(t.Context(), "WASH"); err == nil || resp.StatusCode != http.StatusNotFound {
		t.Errorf("the removed endpoint for creation answers: %v", err)
	}
}

func closed(r *gojira.Response) {
	if r != nil {
		r.Body.Close()
	}
}
