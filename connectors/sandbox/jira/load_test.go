package jira_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/lockstep-sync/lockstep/connectors/sandbox/jira"
)

func readList(t *testing.T, raw string) []any {
	t.Helper()
	var l []any
	if err := json.Unmarshal([]byte(raw), &l); err != nil {
		t.Fatalf("no list: %s", raw)
	}
	return l
}

func TestRealIssues(t *testing.T) {
	t.Parallel()
	s := open(t, jira.Options{}).checked()
	type file struct {
		ID, Key string
		Fields  struct {
			Summary    *string
			Status     struct{ ID, Name string }
			Resolution *struct{ Name string }
			Priority   *struct{ Name string }
			Assignee   *struct{ DisplayName string }
			Labels     []string
			Updated    string
			Comment    struct{ Total int }
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
	if p := s.Project(); p != "MOD" && p != "ALOY" { // whichever was loaded first
		t.Errorf("project %q", p)
	}
	if len(s.Keys()) != 1067 {
		t.Fatalf("%d keys", len(s.Keys()))
	}
	seen := 0
	body := map[string]any{"jql": "project in (MOD, ALOY) ORDER BY updated ASC, key ASC", "fields": []string{"*all"}, "maxResults": 100}
	for {
		r := s.do("POST", "/rest/api/2/search/jql", body).want(t, 200)
		for n := range r.list("issues") {
			seen++
			f := want[r.at("issues", n, "key").(string)]
			got := func(path ...any) string {
				if v := r.at(append([]any{"issues", n, "fields"}, path...)...); v != nil {
					return fmt.Sprint(v)
				}
				return ""
			}
			text := func(p *string) string {
				if p == nil {
					return ""
				}
				return *p
			}
			for what, pair := range map[string][2]string{
				"id":       {fmt.Sprint(r.at("issues", n, "id")), f.ID},
				"summary":  {got("summary"), text(f.Fields.Summary)},
				"status":   {got("status", "id") + got("status", "name"), f.Fields.Status.ID + f.Fields.Status.Name},
				"updated":  {got("updated"), f.Fields.Updated},
				"comments": {got("comment", "total"), fmt.Sprint(f.Fields.Comment.Total)},
				"labels":   {got("labels"), fmt.Sprint(f.Fields.Labels)},
			} {
				if pair[0] != pair[1] {
					t.Errorf("%s %s: %q, the file has %q", f.Key, what, pair[0], pair[1])
				}
			}
			name := func(p *struct{ Name string }) string {
				if p == nil {
					return ""
				}
				return p.Name
			}
			if got("resolution", "name") != name(f.Fields.Resolution) || got("priority", "name") != name(f.Fields.Priority) {
				t.Errorf("%s: resolution %q, priority %q", f.Key, got("resolution", "name"), got("priority", "name"))
			}
			if f.Fields.Assignee != nil && (got("assignee", "displayName") != f.Fields.Assignee.DisplayName || got("assignee", "accountId") == "" || got("assignee", "name") != "") {
				t.Errorf("%s: assignee %s", f.Key, got("assignee"))
			}
		}
		next, more := r.body["nextPageToken"]
		if !more {
			break
		}
		body["nextPageToken"] = next
	}
	if seen != 1067 {
		t.Errorf("%d issues were found", seen)
	}
	everyStatusReachesEvery(t, s)
}

// everyStatusReachesEvery takes one issue through its project's statuses, with resolutions set and cleared on the way.
func everyStatusReachesEvery(t *testing.T, s *site) {
	t.Helper()
	path := "/rest/api/3/issue/MOD-1909/transitions"
	r := s.do("GET", path+"?expand=transitions.fields", nil).want(t, 200)
	all := readList(t, s.do("GET", "/rest/api/3/project/MOD/statuses", nil).want(t, 200).raw)[0].(map[string]any)["statuses"].([]any)
	if len(r.list("transitions")) != len(all)-1 {
		t.Errorf("%d ways out among %d statuses", len(r.list("transitions")), len(all))
	}
	names := map[any]bool{}
	for _, st := range all {
		names[st.(map[string]any)["name"]] = true
	}
	for n := range r.list("transitions") {
		way := r.at("transitions", n).(map[string]any)
		to := way["to"].(map[string]any)
		if names[way["name"]] {
			t.Errorf("transition %q is named as a status", way["name"])
		}
		done := to["statusCategory"].(map[string]any)["key"] == "done"
		body := map[string]any{"transition": map[string]any{"id": way["id"]}}
		if done != way["hasScreen"] {
			t.Errorf("transition to %v has a screen: %v", to["name"], way["hasScreen"])
		}
		if done {
			body["fields"] = map[string]any{"resolution": map[string]any{"name": "Won't Do"}}
		}
		s.do("POST", path, body).want(t, 204)
		v, _ := s.Issue("MOD-1909")
		if v.Status != to["name"] || done != (v.Resolution == "Won't Do") {
			t.Errorf("to %v: %s, resolution %q", to["name"], v.Status, v.Resolution)
		}
		if err := s.Set("MOD-1909", map[string]any{"status": "Closed"}); err != nil {
			t.Fatal(err)
		}
	}
	made := s.do("POST", "/rest/api/2/issue", `{"fields":{"project":{"key":"MOD"},"issuetype":{"name":"Task"},"summary":"new"}}`).want(t, 201)
	if v, _ := s.Issue(made.body["key"].(string)); v.Category != "new" {
		t.Errorf("a new issue is %+v", v)
	}
}

func TestLoadOddities(t *testing.T) {
	t.Parallel()
	s := open(t, jira.Options{})
	const open1 = `"status":{"id":"1","name":"Open","statusCategory":{"key":"new"}}`
	n, err := s.Load(strings.NewReader(strings.Join([]string{
		`{"id":"7","key":"ODD-3","fields":{` + open1 + `,"summary":"  spaced ","priority":{"id":"6","name":"None"},"created":"2020-01-02T03:04:05.000+0200","updated":"2020-01-02T03:04:05.678Z",
			"comment":{"comments":[{"id":"1"},{"id":"2","body":"hi","author":{"name":"fred","key":"fred","displayName":"Fred F.","active":true}}],"total":5},
			"watches":{"watchCount":2},"attachment":[{"author":{"name":"fred","key":"fred","displayName":"Fred F."}}]}}`,
		``,
		`{"id":8,"key":"ODD-4","fields":{` + open1 + `,"priority":null,"assignee":{"accountId":"abc","displayName":"Cloud Person","emailAddress":"c@example.org","active":true}}}`,
	}, "\n")))
	if err == nil || !strings.Contains(err.Error(), "line 1") { // a line end inside an object
		t.Fatalf("%d, %v", n, err)
	}
	n, err = s.Load(strings.NewReader(`{"id":"7","key":"ODD-3","fields":{` + open1 + `,"summary":"  spaced ","priority":{"id":"6","name":"None"},"created":"2020-01-02T03:04:05.000+0200","updated":"2020-01-02T03:04:05.678Z","comment":{"comments":[{"id":"1"},{"id":"2","body":"hi","author":{"name":"fred","key":"fred","displayName":"Fred F.","active":true}}],"total":5},"watches":{"watchCount":2},"attachment":[{"author":{"name":"fred","key":"fred","displayName":"Fred F."}}]}}` + "\n\n" +
		`{"id":8,"key":"ODD-4","fields":{` + open1 + `,"priority":null,"assignee":{"accountId":"abc","displayName":"Cloud Person","emailAddress":"c@example.org","active":true}}}`))
	if n != 2 || err != nil {
		t.Fatalf("%d, %v", n, err)
	}
	if s.Project() != "ODD" {
		t.Errorf("project %q", s.Project())
	}
	s.do("GET", "/rest/api/3/project/WASH", nil).want(t, 404)
	r := s.do("GET", "/rest/api/2/issue/7", nil).want(t, 200)
	if r.at("fields", "summary") != "  spaced " || r.at("fields", "comment", "total") != 5.0 || len(r.list("fields", "comment", "comments")) != 2 ||
		r.at("fields", "updated") != "2020-01-02T03:04:05.678+0000" || r.at("fields", "created") != "2020-01-02T01:04:05.000+0000" || r.at("fields", "watches", "watchCount") != 2.0 {
		t.Error(r.raw)
	}
	if c := r.at("fields", "comment", "comments", 0).(map[string]any); c["author"] != nil || c["body"] != nil {
		t.Errorf("a comment without author and body: %v", c)
	}
	if strings.Contains(r.raw, `"fred"`) {
		t.Errorf("a Server user name is told: %s", r.raw)
	}
	r = s.do("GET", "/rest/api/2/issue/8", nil).want(t, 200)
	if f := r.at("fields").(map[string]any); f["summary"] != nil || f["priority"] != nil || r.at("fields", "assignee", "accountId") != "abc" {
		t.Error(r.raw)
	}
	if k := s.Add(jira.Seed{Summary: "next"}); k != "ODD-5" {
		t.Errorf("the next key is %s", k)
	}
}

func TestLoadErrorsNameTheLine(t *testing.T) {
	t.Parallel()
	const good = `{"id":"1","key":"A-1","fields":{"status":{"id":"1","name":"Open"}}}`
	for name, c := range map[string]struct{ line, want string }{
		"no JSON":         {`{"id":`, "unexpected end"},
		"no id":           {`{"key":"A-2","fields":{}}`, "id"},
		"no key":          {`{"id":"2","fields":{}}`, "key"},
		"key of nothing":  {`{"id":"2","key":"A-x","fields":{}}`, "key"},
		"no fields":       {`{"id":"2","key":"A-2"}`, "no fields"},
		"no status":       {`{"id":"2","key":"A-2","fields":{}}`, "no status"},
		"same id":         {`{"id":"1","key":"A-2","fields":{}}`, "there already"},
		"same key":        {`{"id":"2","key":"A-1","fields":{}}`, "there already"},
		"wrong kind":      {`{"id":"2","key":"A-2","fields":{"summary":5,"status":{"id":"1","name":"Open"}}}`, "field summary"},
		"no time":         {`{"id":"2","key":"A-2","fields":{"created":"yesterday","status":{"id":"1","name":"Open"}}}`, "field created"},
		"no date":         {`{"id":"2","key":"A-2","fields":{"duedate":"soon","status":{"id":"1","name":"Open"}}}`, "field duedate"},
		"no text, really": {`{"id":"2","key":"A-2","fields":{"description":5,"status":{"id":"1","name":"Open"}}}`, "field description"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := jira.New(jira.Options{})
			n, err := s.Load(strings.NewReader(good + "\n" + c.line + "\n"))
			if n != 1 || err == nil || !strings.Contains(err.Error(), "line 2") || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%d, %v", n, err)
			}
			if keys := s.Keys(); len(keys) != 1 {
				t.Errorf("loaded %v", keys)
			}
		})
	}
	if _, err := jira.New(jira.Options{}).Load(io.MultiReader(strings.NewReader(good+"\n"), strings.NewReader(strings.Repeat("x", 17<<20)))); err == nil || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("a line without end: %v", err)
	}
}
