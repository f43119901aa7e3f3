package jira_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/lockstep-sync/lockstep/connectors/sandbox/jira"
)

func doc(text string) map[string]any {
	return map[string]any{"body": map[string]any{"type": "doc", "version": 1, "content": []any{
		map[string]any{"type": "paragraph", "content": []any{map[string]any{"type": "text", "text": text}}},
	}}}
}

func TestCommentLife(t *testing.T) {
	t.Parallel()
	c := newClock()
	s := open(t, jira.Options{Now: c.Now}).checked()
	key := s.Add(jira.Seed{Summary: "One"})
	comments := "/rest/api/3/issue/" + key + "/comment"

	body := doc("first words")
	body["properties"] = []any{map[string]any{"key": "lockstep", "value": map[string]any{"task": "CW-1"}}}
	r := s.do("POST", comments, body).want(t, 201)
	id := r.at("id").(string)
	created := r.at("created")
	c.Add(time.Minute)
	before, _ := s.Issue(key)
	r = s.do("PUT", comments+"/"+id, doc("second words")).want(t, 200)
	if r.at("created") != created || r.at("updated") == created || r.at("body", "content", 0, "content", 0, "text") != "second words" {
		t.Error(r.raw)
	}
	after, _ := s.Issue(key)
	if !after.Updated.After(before.Updated) {
		t.Error("an edited comment does not move the issue's time")
	}
	// Version 2 shows the same as text, and keeps what it does not send.
	if r = s.do("GET", "/rest/api/2/issue/"+key+"/comment/"+id, nil).want(t, 200); r.at("body") != "second words" {
		t.Error(r.raw)
	}
	property := "/rest/api/3/comment/" + id + "/properties/lockstep"
	if r = s.do("GET", property, nil).want(t, 200); r.at("value", "task") != "CW-1" {
		t.Error(r.raw)
	}
	s.do("PUT", property, `{"task":"CW-2"}`).want(t, 200)
	s.do("PUT", property+"2", `1`).want(t, 201)
	if r = s.do("GET", "/rest/api/3/comment/"+id+"/properties", nil).want(t, 200); len(r.list("keys")) != 2 {
		t.Error(r.raw)
	}
	s.do("DELETE", property+"2", nil).want(t, 204)
	s.do("GET", property+"2", nil).want(t, 404)
	if v, _ := s.Issue(key); !v.Updated.Equal(after.Updated) || v.CommentViews[0].Properties["lockstep"] != `{"task":"CW-2"}` {
		t.Errorf("%+v", v)
	}

	r = s.do("POST", "/rest/api/3/comment/list", fmt.Sprintf(`{"ids":[%s,999]}`, id)).want(t, 200)
	if r.at("total") != 1.0 || r.at("values", 0, "id") != id {
		t.Error(r.raw)
	}
	s.do("POST", "/rest/api/3/comment/list", `{"ids":[]}`).want(t, 400)

	s.do("DELETE", comments+"/"+id, nil).want(t, 204)
	for _, method := range []string{"GET", "DELETE"} {
		if r = s.do(method, comments+"/"+id, nil).want(t, 404); r.at("errorMessages", 0) != "Can not find a comment for the id: "+id+"." {
			t.Error(r.raw)
		}
	}
	if v, _ := s.Issue(key); len(v.Comments) != 0 || !v.Updated.After(after.Updated) {
		t.Errorf("%+v", v)
	}
}

func TestCommentPermissions(t *testing.T) {
	t.Parallel()
	s := open(t, jira.Options{})
	key := s.Add(jira.Seed{Summary: "One"})
	comments := "/rest/api/2/issue/" + key + "/comment"
	own := s.do("POST", comments, `{"body":"mine"}`).want(t, 201).at("id").(string)
	other, err := s.AddComment(key, "Amina Diallo", "hers")
	if err != nil {
		t.Fatal(err)
	}
	const edit, remove = "You do not have the permission to edit this comment.", "You do not have permission to delete comment with id: "
	for _, c := range []struct {
		deny, allow, method, id string
		status                  int
		words                   string
	}{
		{"", "", "PUT", own, 200, ""},
		{"", "", "PUT", other, 400, edit},
		{"EDIT_OWN_COMMENTS", "", "PUT", own, 400, edit},
		{"", "EDIT_ALL_COMMENTS", "PUT", other, 200, ""},
		{"", "", "DELETE", other, 400, remove + other + "."},
		{"DELETE_OWN_COMMENTS", "", "DELETE", own, 400, remove + own + "."},
		{"", "DELETE_ALL_COMMENTS", "DELETE", other, 204, ""},
		{"", "DELETE_OWN_COMMENTS", "DELETE", own, 204, ""},
	} {
		s.Deny(c.deny)
		s.Allow(c.allow)
		var body any
		if c.method == "PUT" {
			body = `{"body":"changed"}`
		}
		r := s.do(c.method, comments+"/"+c.id, body).want(t, c.status)
		if c.words != "" && r.at("errorMessages", 0) != c.words {
			t.Errorf("%s %s: %s", c.method, c.id, r.raw)
		}
		if c.deny != "" {
			s.Allow(c.deny)
		}
	}
	if r := s.do("GET", "/rest/api/3/mypermissions?permissions=EDIT_ALL_COMMENTS", nil).want(t, 200); r.at("permissions", "EDIT_ALL_COMMENTS", "havePermission") != true {
		t.Error(r.raw)
	}
}

func TestCommentTexts(t *testing.T) {
	t.Parallel()
	s := open(t, jira.Options{})
	key := s.Add(jira.Seed{Summary: "One"})
	s.Join("role", "Developers")
	path := "/rest/api/2/issue/" + key + "/comment"
	for _, c := range []struct{ body, field, words string }{
		{`{"body":""}`, "comment", "Comment body can not be empty!"},
		{`{"body":" \n "}`, "comment", "Comment body can not be empty!"},
		{`{"body":{"type":"doc"}}`, "comment", "Comment body is not valid!"},
		{`{"body":"` + strings.Repeat("x", 32768) + `"}`, "comment", "The entered text is too long. It exceeds the allowed limit of 32,767 characters."},
		{`{"body":"x","visibility":{"type":"role","value":"Administrators"}}`, "commentLevel", "You are currently not a member of the project role: Administrators."},
		{`{"body":"x","visibility":{"type":"group","value":"staff"}}`, "commentLevel", "You are currently not a member of the group: staff."},
		{`{"body":"x","author":{}}`, "", ""},
		{`{"body":"x","visibility":{}}`, "", ""},
		{`{"body":"x","visibility":{"type":"role","value":"Developers","identifier":"Developers"}}`, "", ""}, // as a read shows it
		{`{"body":"x","properties":[{"key":""}]}`, "", ""},
	} {
		r := s.do("POST", path, c.body).want(t, 400)
		if c.field != "" && r.at("errors", c.field) != c.words || c.field == "" && !strings.Contains(r.raw, "Invalid request payload.") {
			t.Errorf("%.60s: %s", c.body, r.raw)
		}
	}
	if v, _ := s.Issue(key); len(v.Comments) != 0 {
		t.Errorf("a refused comment was kept: %q", v.Comments)
	}
	s.do("POST", path, `{"body":"`+strings.Repeat("é", 32767)+`"}`).want(t, 201)
}

func TestCommentAudience(t *testing.T) {
	t.Parallel()
	s := open(t, jira.Options{}).checked()
	key := s.Add(jira.Seed{Summary: "One"})
	open, err := s.AddComment(key, "Amina Diallo", "for all")
	if err != nil {
		t.Fatal(err)
	}
	secret, err := s.AddComment(key, "Amina Diallo", "for some")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.RestrictComment(key, secret, "group", "staff"); err != nil {
		t.Fatal(err)
	}
	path := "/rest/api/3/issue/" + key + "/comment"
	s.do("GET", path+"/"+secret, nil).want(t, 404)
	if r := s.do("GET", path, nil).want(t, 200); r.at("total") != 1.0 || r.at("comments", 0, "id") != open {
		t.Error(r.raw)
	}
	if r := s.do("GET", "/rest/api/3/issue/"+key+"?fields=comment", nil).want(t, 200); len(r.list("fields", "comment", "comments")) != 1 {
		t.Error(r.raw)
	}
	s.Join("group", "staff")
	if r := s.do("GET", path+"/"+secret, nil).want(t, 200); r.at("visibility", "value") != "staff" {
		t.Error(r.raw)
	}
	body := doc("also for some")
	body["visibility"] = map[string]any{"type": "group", "identifier": "staff"}
	own := s.do("POST", path, body).want(t, 201).at("id").(string)
	// An edit that does not speak of it leaves it.
	if r := s.do("PUT", path+"/"+own, doc("still for some")).want(t, 200); r.at("visibility", "type") != "group" {
		t.Error(r.raw)
	}
	s.Leave("group", "staff")
	s.do("GET", path+"/"+own, nil).want(t, 404)
}

func TestSearchListsFewComments(t *testing.T) {
	t.Parallel()
	for _, oldest := range []bool{false, true} {
		s := open(t, jira.Options{OldestComments: oldest})
		key := s.Add(jira.Seed{Summary: "One"})
		for n := range 25 {
			if _, err := s.AddComment(key, "Amina Diallo", fmt.Sprint("comment ", n)); err != nil {
				t.Fatal(err)
			}
			if err := s.Set(key, map[string]any{"summary": fmt.Sprint("One ", n)}); err != nil {
				t.Fatal(err)
			}
			if err := s.Set(key, map[string]any{"summary": fmt.Sprint("Two ", n)}); err != nil {
				t.Fatal(err)
			}
		}
		r := s.do("POST", "/rest/api/2/search/jql", `{"jql":"project = WASH","fields":["comment"],"expand":"changelog"}`).want(t, 200)
		field := func(p ...any) any { return r.at(append([]any{"issues", 0, "fields", "comment"}, p...)...) }
		first := "comment 5"
		if oldest {
			first = "comment 0"
		}
		if field("total") != 25.0 || field("maxResults") != 20.0 || len(field("comments").([]any)) != 20 || field("comments", 0, "body") != first {
			t.Errorf("oldest %v: %.300s", oldest, r.raw)
		}
		if got := len(r.list("issues", 0, "changelog", "histories")); got != 40 || r.at("issues", 0, "changelog", "total") != 50.0 {
			t.Errorf("%d changes", got)
		}
		r = s.do("GET", "/rest/api/2/issue/"+key+"?fields=comment", nil).want(t, 200)
		if len(r.list("fields", "comment", "comments")) != 25 {
			t.Error("the issue itself does not list all comments")
		}
	}
}

func TestPeoplesComments(t *testing.T) {
	t.Parallel()
	c := newClock()
	s := open(t, jira.Options{Now: c.Now})
	key := s.Add(jira.Seed{Summary: "One", Assignee: "Ben Otieno"})
	written := c.Now().Add(-time.Hour)
	id, err := s.AddComment(key, "Amina Diallo", "shipped", written)
	if err != nil {
		t.Fatal(err)
	}
	c.Add(time.Minute)
	if err := s.EditComment(key, id, "Ben Otieno", "shipped today"); err != nil {
		t.Fatal(err)
	}
	v, _ := s.Issue(key)
	want := jira.CommentView{ID: id, Text: "shipped today", Author: "Amina Diallo", UpdateAuthor: "Ben Otieno", Created: written, Updated: c.Now()}
	got := v.CommentViews[0]
	got.AuthorID, got.Properties = "", nil
	if fmt.Sprint(got) != fmt.Sprint(want) || !v.Updated.Equal(c.Now()) {
		t.Errorf("%+v, want %+v", got, want)
	}
	r := s.do("GET", "/rest/api/2/issue/"+key+"/comment/"+id, nil).want(t, 200)
	if r.at("author", "displayName") != "Amina Diallo" || r.at("updateAuthor", "displayName") != "Ben Otieno" {
		t.Error(r.raw)
	}
	if err := s.DeleteComment(key, id); err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"twice":         s.DeleteComment(key, id),
		"another issue": s.EditComment("WASH-9", id, "", "x"),
		"no text":       s.EditComment(key, id, "", " "),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := s.AddComment(key, "", "\n"); err == nil {
		t.Error("a comment without text")
	}

	// The same from the issue's page.
	post := func(form url.Values) *http.Response {
		resp, err := s.http.PostForm(s.url+"/sandbox/issues/"+key+"/comments", form)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp
	}
	if resp := post(url.Values{"author": {"Chipo Moyo"}, "text": {"two\r\nlines <b>"}}); resp.StatusCode != http.StatusOK {
		t.Error(resp.Status)
	}
	if resp := post(url.Values{"text": {" "}}); resp.StatusCode != http.StatusUnprocessableEntity {
		t.Error(resp.Status)
	}
	v, _ = s.Issue(key)
	if len(v.Comments) != 1 || v.Comments[0] != "two\nlines <b>" || v.CommentViews[0].Author != "Chipo Moyo" {
		t.Errorf("%+v", v.CommentViews)
	}
	if r := s.do("GET", "/browse/"+key, nil).want(t, 200); !strings.Contains(r.raw, "lines &lt;b&gt;") || !strings.Contains(r.raw, "Chipo Moyo") {
		t.Error("the page does not show the comment")
	}
}
