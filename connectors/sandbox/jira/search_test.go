package jira_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lockstep-sync/lockstep/connectors/sandbox/jira"
)

func TestJQL(t *testing.T) {
	t.Parallel()
	c := newClock()
	s := open(t, jira.Options{Now: c.Now, TimeZone: "Africa/Nairobi"})
	day := func(n int) time.Time { return time.Date(2026, 9, n, 6, 30, 15, 250e6, time.UTC) } // 09:30:15.250 in Nairobi
	s.Add(jira.Seed{Summary: "Alpha one", Status: "To Do", Created: day(1), Due: "2026-09-20", Labels: []string{"red"}})
	s.Add(jira.Seed{Summary: "Beta two", Status: "In Progress", Created: day(2), Assignee: "Amina Diallo", Email: "amina@example.org"})
	s.Add(jira.Seed{Summary: "Gamma", Status: "Blocked", Created: day(3), Assignee: "O'Brien \"Bob\"", Labels: []string{"red", "green"}, Priority: "High"})
	s.Add(jira.Seed{Summary: "Delta", Status: "Done", Created: day(4), Component: "Wells"})
	s.Add(jira.Seed{Summary: "Epsilon", Status: "Won't Do", Created: day(5), Type: "Bug"})
	if _, err := s.Move("WASH-4", "OPS"); err != nil {
		t.Fatal(err)
	}
	millis := func(n int) int64 { return day(n).UnixMilli() }
	for _, q := range []struct{ jql, want string }{
		{"project = WASH ORDER BY key", "1 2 3 5"},
		{"project = wash ORDER BY key DESC", "5 3 2 1"},
		{`project in (WASH, "OPS") ORDER BY created`, "1 2 3 O1 5"},
		{`project != WASH`, "O1"},
		{"project = WASH", "5 3 2 1"},
		{"key in (WASH-1, WASH-3) ORDER BY key ASC", "1 3"},
		{"issuekey = wash-2", "2"},
		{"id in (10001, 10002) ORDER BY id", "1 2"},
		{"key = WASH-4", "O1"},
		{"project = WASH AND key > WASH-2 ORDER BY key", "3 5"},
		{"labels = RED ORDER BY key", "1 3"},
		{"labels in (green, nobody-has-it)", "3"},
		{"labels != green", "1"}, // those without labels match neither way
		{"NOT labels = green", "1"},
		{"labels is EMPTY ORDER BY key", "O1 2 5"},
		{"labels is not empty and project = WASH order by key", "1 3"},
		{`status = "To Do"`, "1"},
		{"status in ('in progress', Blocked) ORDER BY key", "2 3"},
		{"status != Done AND project = WASH ORDER BY key", "1 2 3"},
		{"status not in (Done, Blocked) ORDER BY key", "1 2"},
		{"statusCategory = Done ORDER BY key", "O1 5"},
		{"statusCategory = indeterminate ORDER BY key", "2 3"},
		{`resolution = "Won't Do"`, "5"},
		{"resolution = Unresolved ORDER BY key", "1 2 3"},
		{"resolution is not EMPTY ORDER BY key", "O1 5"},
		{"assignee = 'amina diallo'", "2"},
		{`assignee = "amina@example.org"`, "2"},
		{`assignee = "O'Brien \"Bob\""`, "3"},
		{`assignee = 'O\'Brien "Bob"'`, "3"},
		{"assignee is EMPTY AND statusCategory = new", "1"},
		{"assignee != currentUser() ORDER BY key", "2 3"},
		{"priority = High OR issuetype = Bug ORDER BY key", "3 5"},
		{"component = Wells AND project = OPS", ""}, // components stay behind in a move
		{"due <= 2026-09-20", "1"},
		{`due < "2026/09/20"`, ""},
		{"summary ~ ALPHA", "1"},
		{"text !~ a AND project = WASH ORDER BY key", "5"},
		{fmt.Sprintf("project = WASH AND updated >= %d ORDER BY key", millis(3)), "3 5"},
		{fmt.Sprintf("project = WASH AND updated > %d ORDER BY key", millis(3)), "5"},
		{`project = WASH AND updated >= "2026-09-03 09:30" ORDER BY key`, "3 5"}, // in Nairobi, to the minute
		{`project = WASH AND updated >= "2026-09-03 09:31" ORDER BY key`, "5"},
		{`project = WASH AND updated < "2026-09-03" ORDER BY key`, "1 2"},
		{"created >= -10d AND project = WASH ORDER BY key", "5"}, // the clock says 14 September
		{"created >= '-1w 5d' AND project = WASH ORDER BY key", "3 5"},
		{"updated > startOfDay()", "O1"},
		{"updated > endOfDay()", ""},
		{"due > now()", "1"},
		{"(project = WASH AND status = Done) OR (project = OPS)", "5 O1"},
		{"NOT (project = WASH OR status = Done)", ""},
		{"! project = OPS && status = Blocked", "3"},
		{"project = WASH || project = OPS ORDER BY project DESC, status ASC, key ASC", "1 2 3 5 O1"},
		{"project = WASH ORDER BY due ASC, key ASC", "1 2 3 5"},
		{"project = WASH ORDER BY assignee DESC, summary", "1 5 3 2"},
		{`"project" = "W\u0041SH" AND "status" = Blocked`, "3"},
	} {
		short := []string{}
		for _, k := range s.searchKeys(q.jql) {
			short = append(short, strings.NewReplacer("WASH-", "", "OPS-", "O").Replace(k))
		}
		if got := strings.Join(short, " "); got != q.want {
			t.Errorf("%s\n got  %q\n want %q", q.jql, got, q.want)
		}
	}
}

func TestJQLErrors(t *testing.T) {
	t.Parallel()
	s := open(t, jira.Options{})
	s.Add(jira.Seed{Summary: "One"})
	const prefix = "Error in the JQL Query: "
	for _, q := range []struct{ jql, want string }{
		{"project = NOPE", "The value 'NOPE' does not exist for the field 'project'."},
		{"status = Nope", "The value 'Nope' does not exist for the field 'status'."},
		{"nope = 1", "Field 'nope' does not exist or you do not have permission to view it."},
		{"key = WASH-99", "An issue with key 'WASH-99' does not exist for field 'key'."},
		{"id in (1)", "A value with ID '1' does not exist for the field 'id'."},
		{"updated >= soon", "Date value 'soon' for field 'updated' is invalid. Valid formats include: 'yyyy/MM/dd HH:mm', 'yyyy-MM-dd HH:mm', 'yyyy/MM/dd', 'yyyy-MM-dd', or a period format e.g. '-5d', '4w 2d'."},
		{"project", prefix + "Expecting operator before the end of the query. The valid operators are '=', '!=', '<', '>', '<=', '>=', '~', '!~', 'IN', 'NOT IN', 'IS' and 'IS NOT'. (line 1, character 8)"},
		{"project WASH", prefix + "Expecting operator but got 'WASH'. The valid operators are '=', '!=', '<', '>', '<=', '>=', '~', '!~', 'IN', 'NOT IN', 'IS' and 'IS NOT'. (line 1, character 9)"},
		{"project = ", prefix + "Expecting either a value, list or function before the end of the query. (line 1, character 11)"},
		{"project = WASH status = Done", prefix + "Expecting either 'OR' or 'AND' but got 'status'. (line 1, character 16)"},
		{"project = (WASH)", prefix + "Operator '=' does not support a list of values. (line 1, character 11)"},
		{"project in WASH", prefix + "Expecting '(' but got 'WASH'. (line 1, character 12)"},
		{"(project = WASH", prefix + "Expecting ')' before the end of the query. (line 1, character 16)"},
		{`project = "WASH`, prefix + "The quoted string 'WASH' has not been completed. (line 1, character 11)"},
		{"assignee = bot@example.org", prefix + `The character '@' is a reserved JQL character. You must enclose it in a string or use the escape '\u0040' instead. (line 1, character 15)`},
		{"project = for", prefix + "'for' is a reserved JQL word. You must surround it in quotation marks to use it in a query. (line 1, character 11)"},
		{"project = WASH ORDER BY nope", "Not able to sort using field 'nope'."},
		{"project > WASH", "The operator '>' is not supported by the 'project' field."},
		{"project = WASH AND assignee = who()", "Unable to find JQL function 'who()'."},
	} {
		for _, path := range []string{"/rest/api/3/search/jql", "/rest/api/3/search/approximate-count"} {
			r := s.do("POST", path, map[string]any{"jql": q.jql}).want(t, 400)
			if got := r.at("errorMessages", 0); got != q.want {
				t.Errorf("%s\n got  %v\n want %v", q.jql, got, q.want)
			}
		}
	}
}

// TestHostileQueries feeds anything: the answer is a result or a complaint, never a crash, and a bare string is never
// taken for a bounded query.
func TestHostileQueries(t *testing.T) {
	t.Parallel()
	s := open(t, jira.Options{})
	s.Add(jira.Seed{Summary: "One"})
	words := []string{"project", "=", "!=", "WASH", "AND", "OR", "NOT", "(", ")", ",", "in", "is", "EMPTY", "\"", "'", "\\", "\\u00", "order", "by", "updated", ">=", "-5d", "99999999999999999999", "cf[", "labels", "!", "~", "\x00", "é"}
	rapid.Check(t, func(rt *rapid.T) {
		q := strings.Join(rapid.SliceOfN(rapid.SampledFrom(words), 0, 12).Draw(rt, "words"), " ")
		r := s.do("POST", "/rest/api/3/search/jql", map[string]any{"jql": q})
		if r.status != 200 && (r.status != 400 || len(r.list("errorMessages")) == 0) {
			rt.Fatalf("%q: %d %s", q, r.status, r.raw)
		}
	})
}

func TestSearchIsIDOnlyUnlessAsked(t *testing.T) {
	t.Parallel()
	s := open(t, jira.Options{})
	s.Add(jira.Seed{Summary: "One"})
	if r := s.do("POST", "/rest/api/3/search/jql", `{"jql":"project = WASH"}`).want(t, 200); strings.TrimSpace(r.raw) != `{"isLast":true,"issues":[{"id":"10001"}]}` {
		t.Error(r.raw)
	}
	r := s.do("POST", "/rest/api/3/search/jql", `{"jql":"project = WASH","fields":["*all","-comment","-summary"]}`).want(t, 200)
	f := r.at("issues", 0, "fields").(map[string]any)
	if _, there := f["comment"]; there || f["status"] == nil || f["summary"] != nil {
		t.Error(r.raw)
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	c := newClock()
	s := open(t, jira.Options{Now: c.Now})
	for n := range 257 {
		c.Add(time.Second)
		s.Add(jira.Seed{Summary: fmt.Sprint("Issue ", n)})
	}
	size := func(body map[string]any) (int, bool) {
		body["jql"] = "project = WASH"
		r := s.do("POST", "/rest/api/3/search/jql", body).want(t, 200)
		_, more := r.body["nextPageToken"]
		if more == r.body["isLast"].(bool) {
			t.Errorf("a token and isLast %v", r.body["isLast"])
		}
		if _, total := r.body["total"]; total {
			t.Error("an answer with a total")
		}
		return len(r.list("issues")), more
	}
	for _, p := range []struct {
		fields []string
		max    any
		want   int
		more   bool
	}{
		{nil, nil, 50, true},
		{nil, 5000, 257, false},
		{nil, 257, 257, false},
		{nil, 100000, 257, false},
		{[]string{"summary", "status", "updated"}, 5000, 257, false},
		{[]string{"summary", "status", "updated", "labels"}, 5000, 100, true},
		{[]string{"*all"}, 5000, 100, true},
		{[]string{"*navigable"}, 7, 7, true},
	} {
		body := map[string]any{"fields": p.fields}
		if p.fields == nil {
			delete(body, "fields")
		}
		if p.max != nil {
			body["maxResults"] = p.max
		}
		if got, more := size(body); got != p.want || more != p.more {
			t.Errorf("%v of %v: %d issues, more %v", p.fields, p.max, got, more)
		}
	}
	for _, order := range []string{"", " ORDER BY updated ASC, key ASC", " ORDER BY status", " ORDER BY assignee DESC, key DESC"} {
		keys := s.searchKeys("project = WASH" + order)
		slices.Sort(keys)
		if len(keys) != 257 || len(slices.Compact(keys)) != 257 {
			t.Errorf("%q: %d issues", order, len(keys))
		}
	}
	// A token belongs to its query.
	r := s.do("POST", "/rest/api/3/search/jql", `{"jql":"project = WASH"}`).want(t, 200)
	s.do("POST", "/rest/api/3/search/jql", map[string]any{"jql": "project = WASH ORDER BY key", "nextPageToken": r.body["nextPageToken"]}).want(t, 400)
}

// TestAnIssueMovesBetweenPages: while a client turns pages in the order of the last update, an edit makes an issue come
// twice, and none is missed.
func TestAnIssueMovesBetweenPages(t *testing.T) {
	t.Parallel()
	c := newClock()
	s := open(t, jira.Options{Now: c.Now})
	for range 6 {
		c.Add(time.Second)
		s.Add(jira.Seed{Summary: "x"})
	}
	body := map[string]any{"jql": "project = WASH ORDER BY updated ASC, key ASC", "fields": []string{"key"}, "maxResults": 3}
	r := s.do("POST", "/rest/api/3/search/jql", body).want(t, 200)
	c.Add(time.Second)
	if err := s.Set("WASH-2", map[string]any{"summary": "y"}); err != nil {
		t.Fatal(err)
	}
	body["nextPageToken"], body["maxResults"] = r.body["nextPageToken"], 10
	r = s.do("POST", "/rest/api/3/search/jql", body).want(t, 200)
	var got []any
	for n := range r.list("issues") {
		got = append(got, r.at("issues", n, "key"))
	}
	if fmt.Sprint(got) != "[WASH-4 WASH-5 WASH-6 WASH-2]" {
		t.Error(got)
	}
}

func TestIndexLag(t *testing.T) {
	t.Parallel()
	c := newClock()
	s := open(t, jira.Options{Now: c.Now, IndexLag: time.Minute})
	old := s.Add(jira.Seed{Summary: "Old", Created: c.Now().Add(-time.Hour)})
	gone := s.Add(jira.Seed{Summary: "Gone", Created: c.Now().Add(-time.Hour)})
	summaries := func(extra string) string {
		r := s.do("POST", "/rest/api/3/search/jql", `{"jql":"project = WASH ORDER BY key","fields":["summary"]`+extra+`}`).want(t, 200)
		var out []string
		for n := range r.list("issues") {
			out = append(out, r.at("issues", n, "fields", "summary").(string))
		}
		return strings.Join(out, ",")
	}
	if got := summaries(""); got != "Old,Gone" {
		t.Fatalf("issues from long ago: %q", got)
	}
	fresh := s.Add(jira.Seed{Summary: "Fresh"})
	s.do("PUT", "/rest/api/3/issue/"+old, `{"fields":{"summary":"New"}}`).want(t, 204)
	if err := s.Delete(gone); err != nil {
		t.Fatal(err)
	}
	if got := summaries(""); got != "Old,Gone" {
		t.Errorf("search is not behind: %q", got)
	}
	if r := s.do("POST", "/rest/api/3/search/approximate-count", `{"jql":"project = WASH"}`).want(t, 200); r.body["count"] != 2.0 {
		t.Error(r.raw)
	}
	// Direct reads are not behind.
	if r := s.do("GET", "/rest/api/3/issue/"+old, nil).want(t, 200); r.at("fields", "summary") != "New" {
		t.Error(r.raw)
	}
	s.do("GET", "/rest/api/3/issue/"+fresh, nil).want(t, 200)
	s.do("GET", "/rest/api/3/issue/"+gone, nil).want(t, 404)
	if r := s.do("POST", "/rest/api/3/issue/bulkfetch", map[string]any{"issueIdsOrKeys": []string{fresh, gone}}).want(t, 200); len(r.list("issues")) != 1 {
		t.Error(r.raw)
	}
	// Neither are the issues that a client asks to be reconciled.
	if got := summaries(`,"reconcileIssues":[10003,10001]`); got != "New,Gone,Fresh" {
		t.Errorf("reconciled: %q", got)
	}
	if got := summaries(`,"reconcileIssues":[10002]`); got != "Old" {
		t.Errorf("reconciled after a deletion: %q", got)
	}
	if got := summaries(""); got != "Old,Gone" {
		t.Errorf("reconciling changed the index: %q", got)
	}
	c.Add(59 * time.Second)
	if got := summaries(""); got != "Old,Gone" {
		t.Errorf("a second too early: %q", got)
	}
	c.Add(time.Second)
	if got := summaries(""); got != "New,Fresh" {
		t.Errorf("the index has caught up: %q", got)
	}
	if r := s.do("POST", "/rest/api/3/search/jql", `{"jql":"id = 10002"}`); r.status != 400 {
		t.Errorf("a deleted issue's id still has a meaning: %s", r.raw)
	}
}

// TestIndexShowsThePast: whatever is edited when, search sees each issue as it was one lag ago.
func TestIndexShowsThePast(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		c := newClock()
		lag := time.Duration(rapid.IntRange(0, 5).Draw(rt, "lag")) * time.Second
		s := open(t, jira.Options{Now: c.Now, IndexLag: lag})
		start := c.Now()
		type seen struct {
			at   time.Time
			text string // "" after a deletion
		}
		past := map[string][]seen{}
		for step := range rapid.IntRange(1, 25).Draw(rt, "steps") {
			keys := s.Keys()
			text := fmt.Sprint("text ", step)
			switch op := rapid.IntRange(0, 3).Draw(rt, "op"); {
			case op == 0 || len(keys) == 0:
				k := s.Add(jira.Seed{Summary: text})
				past[k] = append(past[k], seen{c.Now(), text})
			case op == 1:
				k := rapid.SampledFrom(keys).Draw(rt, "key")
				if err := s.Set(k, map[string]any{"summary": text}); err != nil {
					rt.Fatal(err)
				}
				past[k] = append(past[k], seen{c.Now(), text})
			case op == 2:
				k := rapid.SampledFrom(keys).Draw(rt, "key")
				if err := s.Delete(k); err != nil {
					rt.Fatal(err)
				}
				past[k] = append(past[k], seen{c.Now(), ""})
			default:
				c.Add(time.Duration(rapid.IntRange(0, 3000).Draw(rt, "wait")) * time.Millisecond)
			}
			want := map[string]string{}
			for k, states := range past {
				for _, st := range states {
					if !st.at.After(c.Now().Add(-lag)) {
						want[k] = st.text
					}
				}
				if want[k] == "" {
					delete(want, k)
				}
			}
			r := s.do("POST", "/rest/api/3/search/jql", `{"jql":"project = WASH","fields":["summary"],"maxResults":5000}`).want(t, 200)
			got := map[string]string{}
			for n := range r.list("issues") {
				got[r.at("issues", n, "key").(string)] = r.at("issues", n, "fields", "summary").(string)
			}
			if fmt.Sprint(got) != fmt.Sprint(want) {
				rt.Fatalf("%s after the start, lag %s:\n got  %v\n want %v", c.Now().Sub(start), lag, got, want)
			}
		}
	})
}

func TestTenThousandIssuesArePulledInTime(t *testing.T) {
	t.Parallel()
	s := open(t, jira.Options{})
	for n := range 10_000 {
		s.Add(jira.Seed{Summary: fmt.Sprint("Issue ", n), Assignee: fmt.Sprint("Person ", n%50), Labels: []string{"a"}})
	}
	begin := time.Now()
	seen := map[string]bool{}
	body := map[string]any{"jql": "project = WASH ORDER BY updated ASC, key ASC", "fields": []string{"summary", "status", "assignee", "duedate", "labels", "priority", "updated"}, "maxResults": 100}
	pages := 0
	for {
		pages++
		r := s.do("POST", "/rest/api/3/search/jql", body).want(t, 200)
		for n := range r.list("issues") {
			seen[r.at("issues", n, "id").(string)] = true
		}
		next, more := r.body["nextPageToken"]
		if !more {
			break
		}
		body["nextPageToken"] = next
	}
	took := time.Since(begin)
	if len(seen) != 10_000 || pages != 100 {
		t.Errorf("%d issues in %d pages", len(seen), pages)
	}
	t.Logf("10,000 issues in %d pages: %s", pages, took)
	if took > 20*time.Second { // two seconds on a quiet machine; a bound that fails for quadratic work alone
		t.Errorf("took %s", took)
	}
}

// The issues to be reconciled are the same on every page of a search.
func TestReconciledOnEveryPage(t *testing.T) {
	t.Parallel()
	s := open(t, jira.Options{})
	for range 3 {
		s.Add(jira.Seed{Summary: "One of three"})
	}
	page := func(extra string) reply {
		return s.do("POST", "/rest/api/3/search/jql", `{"jql":"project = WASH ORDER BY key","maxResults":1`+extra+`}`)
	}
	token := page(`,"reconcileIssues":[10001,10002]`).want(t, 200).at("nextPageToken").(string)
	page(`,"reconcileIssues":[10002,10001],"nextPageToken":"`+token+`"`).want(t, 200)
	page(`,"nextPageToken":"`+token+`"`).want(t, 400)
	page(`,"reconcileIssues":[10003],"nextPageToken":"`+token+`"`).want(t, 400)
}

// Some databases keep no milliseconds: neither does what is shown, nor what is compared.
func TestSeconds(t *testing.T) {
	t.Parallel()
	c := newClock()
	s := open(t, jira.Options{Now: c.Now, Seconds: true})
	c.Add(1234 * time.Millisecond)
	key := s.Add(jira.Seed{Summary: "A"})
	was := s.do("GET", "/rest/api/3/issue/"+key, nil).want(t, 200).at("fields", "updated")
	c.Add(300 * time.Millisecond)
	s.do("PUT", "/rest/api/3/issue/"+key, `{"fields":{"summary":"B"}}`).want(t, 204)
	r := s.do("GET", "/rest/api/3/issue/"+key, nil).want(t, 200)
	if now := r.at("fields", "updated"); now != was || r.at("fields", "summary") != "B" {
		t.Errorf("it changed at %v, and before at %v", now, was)
	}
	second := c.Now().Truncate(time.Second).UnixMilli()
	if got := s.searchKeys(fmt.Sprintf("project = WASH AND updated >= %d", second)); len(got) != 1 {
		t.Errorf("found %v from its second on", got)
	}
	if got := s.searchKeys(fmt.Sprintf("project = WASH AND updated >= %d", second+1)); len(got) != 0 {
		t.Errorf("found %v after its second", got)
	}
}
