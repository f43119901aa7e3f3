package jira_test

import (
	"bufio"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/lockstep-sync/lockstep/connectors/sandbox/jira"
)

const hostile = `<script>alert(1)</script>"><img src=x onerror=alert(2)>`

// visit reads a page as a browser without scripts would, and does not follow redirects.
func (s *site) visit(method, path string, form url.Values, origin string) (int, string, http.Header) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		s.t.Fatal(err)
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if origin != "" {
		r.Header.Set("Origin", origin)
	}
	client := &http.Client{Transport: s.http.Transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return resp.StatusCode, string(body), resp.Header
}

func TestBoardAndIssuePages(t *testing.T) {
	t.Parallel()
	s := open(t, jira.Options{})
	key := s.Add(jira.Seed{Summary: hostile, Assignee: hostile, Labels: []string{"<b>"}, Description: "</textarea>" + hostile, Due: "2026-10-01", Component: "<i>"})
	s.do("POST", "/rest/api/2/issue/"+key+"/comment", map[string]any{"body": hostile}).want(t, 201)
	if err := s.RenameStatus("In Progress", "<u>Doing</u>"); err != nil {
		t.Fatal(err)
	}
	if err := s.Set(key, map[string]any{"status": "<u>Doing</u>"}); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/", "/browse/" + key, "/browse/" + url.PathEscape("<b>X</b>-1"), "/?project=" + url.QueryEscape(hostile)} {
		_, body, h := s.visit("GET", path, nil, "")
		for _, bad := range []string{"<script>alert", "<img src=x", "<u>Doing", "<b>", "<i>", "</textarea><script"} {
			if strings.Contains(body, bad) {
				t.Errorf("%s: %q is not escaped", path, bad)
			}
		}
		if !strings.Contains(body, "sandbox that stands in for") || !strings.Contains(h.Get("Content-Security-Policy"), "default-src 'none'") {
			t.Errorf("%s does not say that it is a sandbox, or has no policy", path)
		}
	}
	if _, body, _ := s.visit("GET", "/", nil, ""); !strings.Contains(body, "&lt;script&gt;alert(1)") || !strings.Contains(body, "2026-10-01") {
		t.Error("the board does not show the issue")
	}
	if code, _, _ := s.visit("GET", "/browse/WASH-77", nil, ""); code != 404 {
		t.Errorf("no such issue: %d", code)
	}
	moved, err := s.Move(key, "OPS")
	if err != nil {
		t.Fatal(err)
	}
	if code, _, h := s.visit("GET", "/browse/"+key, nil, ""); code != 302 || h.Get("Location") != "/browse/"+moved {
		t.Errorf("a moved issue: %d %s", code, h.Get("Location"))
	}
}

func TestFormsEdit(t *testing.T) {
	t.Parallel()
	s := open(t, jira.Options{})
	code, _, h := s.visit("POST", "/sandbox/issues", url.Values{"summary": {"  Dig  a well "}, "assignee": {"Wei Zhang"}, "duedate": {"2026-10-05"}, "type": {"Task"}}, s.url)
	if code != 303 || h.Get("Location") != "/?project=WASH" {
		t.Fatalf("%d %v", code, h)
	}
	v, ok := s.Issue("WASH-1")
	if !ok || v.Summary != "Dig a well" || v.Assignee != "Wei Zhang" || v.Due != "2026-10-05" {
		t.Errorf("%+v", v)
	}
	edit := func(form url.Values) (int, string) {
		code, body, _ := s.visit("POST", "/sandbox/issues/WASH-1", form, s.url)
		return code, body
	}
	// As the card's form sends it, with what nobody touched.
	whole := url.Values{"summary": {"Dig a well"}, "status": {"Done"}, "assignee": {""}, "duedate": {""}}
	if code, body := edit(whole); code != 303 {
		t.Fatal(code, body)
	}
	if v, _ = s.Issue("WASH-1"); v.Status != "Done" || v.Resolution != "Done" || v.Assignee != "" || v.Due != "" {
		t.Errorf("%+v", v)
	}
	stamp := v.Updated
	if code, _ := edit(whole); code != 303 {
		t.Error(code)
	}
	if v, _ = s.Issue("WASH-1"); !v.Updated.Equal(stamp) {
		t.Error("a form that changes nothing is an edit")
	}
	// The issue's page sends the resolution too: opening the issue again clears it all the same.
	if code, _ := edit(url.Values{"status": {"To Do"}, "resolution": {"Done"}, "labels": {"b a"}, "description": {"one\r\ntwo"}, "back": {"issue"}}); code != 303 {
		t.Error(code)
	}
	if v, _ = s.Issue("WASH-1"); v.Status != "To Do" || v.Resolution != "" || len(v.Labels) != 2 {
		t.Errorf("%+v", v)
	}
	for _, bad := range []url.Values{{"summary": {" "}}, {"duedate": {"soon"}}, {"status": {"Nope"}}, {"summary": {strings.Repeat("x", 256)}}} {
		if code, body := edit(bad); code != 422 || !strings.Contains(body, `role="alert"`) {
			t.Errorf("%v: %d", bad, code)
		}
	}
	for _, bad := range []url.Values{{}, {"summary": {"x"}, "duedate": {"soon"}}} {
		if code, body, _ := s.visit("POST", "/sandbox/issues", bad, s.url); code != 422 || !strings.Contains(body, `role="alert"`) {
			t.Errorf("%v: %d", bad, code)
		}
	}
	if code, _ := edit(url.Values{"action": {"delete"}}); code != 303 || len(s.Keys()) != 0 {
		t.Errorf("delete: %d %v", code, s.Keys())
	}
	if code, _, _ := s.visit("POST", "/sandbox/issues/WASH-1", url.Values{"summary": {"x"}}, s.url); code != 404 {
		t.Errorf("an edit of nothing: %d", code)
	}
}

func TestFormsFromElsewhereAreRefused(t *testing.T) {
	t.Parallel()
	s := open(t, jira.Options{})
	key := s.Add(jira.Seed{Summary: "One"})
	for _, path := range []string{"/sandbox/issues", "/sandbox/issues/" + key, "/sandbox/faults"} {
		if code, _, _ := s.visit("POST", path, url.Values{"summary": {"evil"}, "action": {"delete"}}, "https://evil.example"); code != 403 {
			t.Errorf("%s: %d", path, code)
		}
	}
	if v, ok := s.Issue(key); !ok || v.Summary != "One" || len(s.Keys()) != 1 {
		t.Errorf("%+v %v", v, s.Keys())
	}
}

func TestPagesAreLive(t *testing.T) {
	t.Parallel()
	s := open(t, jira.Options{})
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/sandbox/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := s.http.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	in := bufio.NewScanner(resp.Body)
	for in.Scan() && in.Text() != "" { // the greeting says that the stream is listening
	}
	key := s.Add(jira.Seed{Summary: "One"})
	next := func() string {
		for in.Scan() {
			if in.Text() != "" && !strings.HasPrefix(in.Text(), "data:") {
				return in.Text()
			}
		}
		return ""
	}
	if got := next(); got != "event: changed" {
		t.Errorf("after a new issue: %q", got)
	}
	s.do("PUT", "/rest/api/3/issue/"+key, `{"fields":{"summary":"Two"}}`).want(t, 204)
	if got := next(); got != "event: changed" {
		t.Errorf("after a client's edit: %q", got)
	}
}
