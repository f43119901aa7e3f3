package jira_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lockstep-sync/lockstep/connectors/sandbox/jira"
)

func (r reply) keys() []string {
	out := []string{}
	for n := range r.list("issues") {
		out = append(out, r.at("issues", n, "key").(string))
	}
	return out
}

func TestDCSearch(t *testing.T) {
	t.Parallel()
	s := openDC(t, jira.Options{MaxResults: 60})
	for n := range 70 {
		s.Add(jira.Seed{Summary: fmt.Sprintf("Number %d", n+1)})
	}
	for _, c := range []struct {
		params             string
		start, size, count int
	}{
		{"", 0, 50, 50},
		{"&maxResults=10", 0, 10, 10},
		{"&maxResults=5000", 0, 60, 60}, // the server's own maximum, said in the answer and not otherwise
		{"&maxResults=-1", 0, 60, 60},
		{"&maxResults=0", 0, 0, 0},
		{"&startAt=65", 65, 50, 5},
		{"&startAt=70", 70, 50, 0},
		{"&startAt=-3&maxResults=2", 0, 2, 2},
	} {
		r := s.do("GET", "/rest/api/2/search?jql=project%3DWASH+ORDER+BY+key+ASC"+c.params, nil).want(t, 200)
		if r.body["startAt"] != float64(c.start) || r.body["maxResults"] != float64(c.size) || r.body["total"] != 70.0 || len(r.list("issues")) != c.count || r.body["expand"] != "schema,names" {
			t.Errorf("%s: startAt %v, maxResults %v, total %v, %d issues", c.params, r.body["startAt"], r.body["maxResults"], r.body["total"], len(r.list("issues")))
		}
		if c.count > 0 && r.keys()[0] != fmt.Sprintf("WASH-%d", c.start+1) {
			t.Errorf("%s begins with %s", c.params, r.keys()[0])
		}
	}
	s.do("GET", "/rest/api/2/search?startAt=x", nil).want(t, 404)
	s.do("GET", "/rest/api/2/search?maxResults=x", nil).want(t, 404)
	// A query without a restriction is allowed, also none at all: newest first.
	for _, body := range []string{`{}`, `{"jql":""}`, `{"jql":"ORDER BY key DESC"}`} {
		if r := s.do("POST", "/rest/api/2/search", body).want(t, 200); r.body["total"] != 70.0 || r.keys()[0] != "WASH-70" {
			t.Errorf("%s: %v %v", body, r.body["total"], r.keys()[0])
		}
	}
}

func TestDCSearchFields(t *testing.T) {
	t.Parallel()
	s := openDC(t, jira.Options{})
	key := s.Add(jira.Seed{Summary: "One", Description: "text"})
	s.do("POST", "/rest/api/2/issue/"+key+"/comment", `{"body":"hi"}`).want(t, 201)
	for _, c := range []struct {
		fields string
		has    []string
		lacks  []string
	}{
		{`null`, []string{"summary", "description", "status"}, []string{"comment", "statusCategory"}},
		{`["*navigable"]`, []string{"summary"}, []string{"comment"}},
		{`["*all"]`, []string{"summary", "comment"}, nil},
		{`["*all","-comment"]`, []string{"summary"}, []string{"comment"}},
		{`["summary"]`, []string{"summary"}, []string{"status"}},
		{`["summary,status"]`, []string{"summary", "status"}, []string{"description"}},
		{`["id"]`, nil, []string{"summary"}},
	} {
		r := s.do("POST", "/rest/api/2/search", `{"jql":"","fields":`+c.fields+`}`).want(t, 200)
		f, _ := r.at("issues", 0, "fields").(map[string]any)
		for _, n := range c.has {
			if f[n] == nil {
				t.Errorf("%s has no %s", c.fields, n)
			}
		}
		for _, n := range c.lacks {
			if _, there := f[n]; there {
				t.Errorf("%s has %s", c.fields, n)
			}
		}
		if r.at("issues", 0, "key") != key || r.at("issues", 0, "self") == nil {
			t.Errorf("%s: %s", c.fields, r.raw)
		}
	}
	r := s.do("GET", "/rest/api/2/search?jql=&fields=summary,duedate&expand=names,changelog,transitions", nil).want(t, 200)
	if r.at("names", "duedate") != "Due date" || r.at("names", "statusCategory") != nil || r.at("issues", 0, "names") != nil || r.at("issues", 0, "changelog", "total") == nil || len(r.list("issues", 0, "transitions")) == 0 || r.at("issues", 0, "transitions", 0, "hasScreen") != nil {
		t.Error(r.raw)
	}
}

func TestDCSearchRefusals(t *testing.T) {
	t.Parallel()
	s := openDC(t, jira.Options{})
	s.Add(jira.Seed{Summary: "One"})
	for body, want := range map[string]string{
		`{"jql":"","nextPageToken":"x"}`:      `Unrecognized field "nextPageToken" (class com.atlassian.jira.rest.v2.search.SearchRequestBean), not marked as ignorable (6 known properties: `,
		`{"jql":"","reconcileIssues":[1]}`:    `Unrecognized field "reconcileIssues"`,
		`{"jql":"","fieldsByKeys":true}`:      `Unrecognized field "fieldsByKeys"`,
		`{"jql":"","fields":"summary"}`:       "Unexpected",
		`{"jql":`:                             "Unexpected",
		`[]`:                                  "Unexpected",
		`{"jql":"project = NOPE"}`:            "The value 'NOPE' does not exist for the field 'project'.",
		`{"jql":"nope = 1"}`:                  "Field 'nope' does not exist or you do not have permission to view it.",
		`{"jql":"project = WASH AND"}`:        "JQL",
		`{"jql":"key = WASH-99"}`:             "An issue with key 'WASH-99' does not exist for field 'key'.",
		`{"jql":"(((","validateQuery":false}`: "JQL",
	} {
		r := s.do("POST", "/rest/api/2/search", body).want(t, 400)
		if text := fmt.Sprint(r.at("errorMessages", 0)); !strings.Contains(text, want) {
			t.Errorf("%s: %s", body, r.raw)
		}
	}
	// Not validated, the same query finds nothing and warns.
	for _, path := range []string{`POST {"jql":"project = NOPE","validateQuery":false}`, "GET ?jql=project%3DNOPE&validateQuery=false"} {
		method, rest, _ := strings.Cut(path, " ")
		var r reply
		if method == "GET" {
			r = s.do("GET", "/rest/api/2/search"+rest, nil)
		} else {
			r = s.do("POST", "/rest/api/2/search", rest)
		}
		r.want(t, 200)
		if r.body["total"] != 0.0 || len(r.list("warningMessages")) != 1 {
			t.Errorf("%s: %s", path, r.raw)
		}
	}
	s.do("GET", "/rest/api/2/search?jql=project%3DNOPE&validateQuery=strict", nil).want(t, 400)
}

// TestDCPagesShift is the trap of paging by offset: what moves to the end between two pages pushes another issue out of
// both, and what moves to the front comes twice.
func TestDCPagesShift(t *testing.T) {
	t.Parallel()
	c := newClock()
	s := openDC(t, jira.Options{Now: c.Now})
	for n := range 4 {
		s.Add(jira.Seed{Summary: fmt.Sprint(n)})
		c.Add(time.Minute)
	}
	page := func(order string, start int) []string {
		return s.do("POST", "/rest/api/2/search", map[string]any{"jql": "project = WASH ORDER BY updated " + order, "startAt": start, "maxResults": 2}).want(t, 200).keys()
	}
	if got := page("ASC", 0); !slices.Equal(got, []string{"WASH-1", "WASH-2"}) {
		t.Fatal(got)
	}
	if err := s.Set("WASH-1", map[string]any{"summary": "moved"}); err != nil {
		t.Fatal(err)
	}
	if got := page("ASC", 2); !slices.Equal(got, []string{"WASH-4", "WASH-1"}) {
		t.Errorf("the page after the move: %v: WASH-3 was to be missed, as in Jira", got)
	}
	if got := page("DESC", 0); !slices.Equal(got, []string{"WASH-1", "WASH-4"}) {
		t.Fatal(got)
	}
	c.Add(time.Minute)
	if err := s.Set("WASH-2", map[string]any{"summary": "moved"}); err != nil {
		t.Fatal(err)
	}
	if got := page("DESC", 2); !slices.Equal(got, []string{"WASH-4", "WASH-3"}) {
		t.Errorf("the page after the move: %v: WASH-4 was to come twice, as in Jira", got)
	}
}

func TestDCIndexLags(t *testing.T) {
	t.Parallel()
	c := newClock()
	s := openDC(t, jira.Options{Now: c.Now, IndexLag: time.Minute})
	key := s.Add(jira.Seed{Summary: "One"})
	total := func() any {
		return s.do("GET", "/rest/api/2/search?jql=project%3DWASH", nil).want(t, 200).body["total"]
	}
	s.do("GET", "/rest/api/2/issue/"+key, nil).want(t, 200)
	if got := total(); got != 0.0 {
		t.Errorf("the index knows %v issues at once", got)
	}
	c.Add(time.Minute)
	if got := total(); got != 1.0 {
		t.Errorf("the index knows %v issues after its lag", got)
	}
}
