package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/lockstep-sync/lockstep/sync/scorecard"
	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/task"
	"github.com/lockstep-sync/lockstep/sync/view"
	"github.com/lockstep-sync/lockstep/sync/view/viewtest"
	"github.com/lockstep-sync/lockstep/web/api"
	"github.com/lockstep-sync/lockstep/web/auth"
)

var (
	noon    = time.Date(2026, 11, 23, 10, 15, 0, 0, time.UTC)
	errDown = errors.New("open /srv/secret/path.db: disk I/O error")
)

func day(n int) task.Value { return task.DateValue(noon.AddDate(0, 0, n)) }

// filled holds n tasks, the first of which has a story, a link, a hold and a conflict.
func filled(n int) *viewtest.Memory {
	st := store.State{Generation: 7, NextID: int64(n + 1)}
	var events []store.Event
	for i := range n {
		t := store.Task{ID: task.ID(fmt.Sprintf("CW-%d", i+1)), Number: int64(i + 1), Baseline: day(i%60 - 30), Created: noon.AddDate(0, 0, -90), Changed: noon.AddDate(0, 0, -3)}
		t.Agreed[task.Title], t.Agreed[task.Partner] = task.TextValue(fmt.Sprintf("Drill borehole %d", i+1)), task.EnumValue([]string{"a", "b"}[i%2])
		t.Agreed[task.Status], t.Agreed[task.Due] = task.EnumValue(task.Statuses()[(i+1)%5]), day(i%60-20)
		st.Tasks = append(st.Tasks, t)
		events = append(events, store.Event{Cycle: 1, At: t.Created, Kind: store.EventBorn, Task: t.ID, Source: "jira", Note: "x"})
	}
	st.Links = []store.Link{{Task: "CW-1", Source: "jira", Key: "1", Name: "WASH-1", URL: "https://jira.example.net/browse/WASH-1"}, {Task: "CW-1", Source: "sheet", Key: "2", Name: "row 2", URL: "javascript:alert(1)"}}
	st.Holds = []task.Hold{{Source: "sheet", Task: "CW-1", Key: "2", Name: "row 2", Field: "due", Reason: task.HoldUnreadable, Raw: "soon", Hint: "Write a date."}}
	st.Conflicts = []store.Conflict{{Task: "CW-1", Field: task.Due, Agreed: day(-20), Opened: noon.Add(-time.Hour), Claims: []store.Claim{
		{Source: "jira", Value: day(3), By: "Joseph", At: noon.Add(-time.Hour)}, {Source: "sheet", Value: day(9)},
	}}}
	st.Sources = []store.Source{{ID: "jira", LastSuccess: noon.Add(-time.Minute)}, {ID: "sheet", Error: "gone"}}
	events = append(events,
		store.Event{Cycle: 6, At: noon.AddDate(0, 0, -20), Kind: store.EventDecided, Task: "CW-1", Field: "due", Source: "jira", From: day(-30), To: day(-20), By: "Joseph", Losers: []store.Claim{{Source: "sheet", Value: day(-25)}}},
		store.Event{Cycle: 7, At: noon.AddDate(0, 0, -3), Kind: store.EventWritten, Task: "CW-1", Field: "due", Source: "sheet", To: day(-20)},
	)
	m := viewtest.New(st, events...)
	m.Tell(nil, store.Cycle{Generation: 7, Started: noon.Add(-time.Minute), Took: time.Second, Result: "ok", Patches: 2})
	return m
}

func alliance() view.Partnership {
	return view.Partnership{
		ID: "clean-water", Name: "Clean Water Alliance", Key: "CW", Phase: "Pilot", Purpose: "Water.", Rules: scorecard.DefaultRules(), Agreement: day(-100), Target: day(90),
		Partners: []view.Partner{{ID: "a", Name: "AquaFund", Sector: "civil_society"}, {ID: "b", Name: "Riverton"}},
		Sources: []view.Source{
			{ID: "jira", Kind: "jira", Partner: "a", URL: "https://jira.example.net", Interval: time.Minute}, {ID: "sheet", Kind: "sheet", URL: "https://sheets.example.net", Interval: time.Minute},
		},
		Scorecard: "sheet",
		Gates: []scorecard.Gate{{
			ID: "pilot", Name: "Pilot", Date: day(5), Criteria: []scorecard.Criterion{{Text: "Water flows", Tasks: []task.ID{"CW-1"}}}, Deciders: []string{"AquaFund"},
		}},
		Milestones: []scorecard.Milestone{{ID: "water", Name: "First water", Critical: true, Task: "CW-1"}},
		Indicators: []scorecard.Indicator{{ID: "homes", Name: "Homes", Target: 10, Actuals: []scorecard.Actual{{Period: "Q3", End: day(-60), Value: 4}}}},
	}
}

// rig is an API over a store.
type rig struct {
	http.Handler

	store   *viewtest.Memory
	choices []view.Choice
	fail    error // what choosing comes to
	who     auth.Person
}

func (r *rig) ServeHTTP(w http.ResponseWriter, hr *http.Request) {
	r.Handler.ServeHTTP(w, hr.WithContext(auth.With(hr.Context(), r.who)))
}

func serve(tb testing.TB, m *viewtest.Memory) *rig {
	tb.Helper()
	r := &rig{store: m, who: auth.Local()}
	clock := func() time.Time { return noon }
	viewer := view.New(alliance(), m, clock)
	h, err := api.New(api.Options{
		Viewers: []*view.Viewer{viewer}, Store: m, Now: clock, Version: "v1", Changed: func(string) { viewer.Changed() },
		Choose: func(_ context.Context, c view.Choice) error {
			r.choices = append(r.choices, c)
			return r.fail
		},
	})
	if err != nil {
		tb.Fatal(err)
	}
	r.Handler = h
	return r
}

func ask(tb testing.TB, h http.Handler, method, target, body string, header ...string) (*http.Response, string) {
	tb.Helper()
	r := httptest.NewRequestWithContext(tb.Context(), method, target, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	res := w.Result()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		tb.Fatal(err)
	}
	return res, string(b)
}

const base = api.Prefix + "/partnerships/clean-water"

// description is what the API says of itself, to hold answers against.
type description struct {
	compiler *jsonschema.Compiler
	paths    map[string]map[string]struct {
		Responses map[string]struct {
			Content map[string]json.RawMessage `json:"content"`
		} `json:"responses"`
	}
}

func describe(t *testing.T, h http.Handler) *description {
	t.Helper()
	res, body := ask(t, h, "GET", api.Prefix+"/openapi.json", "")
	if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "application/openapi+json" {
		t.Fatalf("the description answers %s, %s", res.Status, res.Header.Get("Content-Type"))
	}
	var d struct {
		OpenAPI string `json:"openapi"`
		Paths   map[string]map[string]struct {
			Responses map[string]struct {
				Content map[string]json.RawMessage `json:"content"`
			} `json:"responses"`
		} `json:"paths"`
	}
	if err := json.Unmarshal([]byte(body), &d); err != nil || d.OpenAPI != "3.1.0" {
		t.Fatalf("the description is %.80s: %v", body, err)
	}
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("api.json", doc); err != nil {
		t.Fatal(err)
	}
	return &description{c, d.Paths}
}

// holds fails where an answer is not as it is described.
func (d *description) holds(t *testing.T, path, method string, res *http.Response, body string) {
	t.Helper()
	status := fmt.Sprint(res.StatusCode)
	answer, ok := d.paths[path][method].Responses[status]
	if !ok {
		t.Errorf("%s %s: the answer %s is not described", method, path, status)
		return
	}
	mime, _, _ := strings.Cut(res.Header.Get("Content-Type"), ";")
	if _, ok := answer.Content[mime]; !ok {
		t.Errorf("%s %s: an answer %s of type %q is not described", method, path, status, mime)
		return
	}
	escape := strings.NewReplacer("~", "~0", "/", "~1").Replace
	schema, err := d.compiler.Compile("api.json#/paths/" + escape(path) + "/" + method + "/responses/" + status + "/content/" + escape(mime) + "/schema")
	if err != nil {
		t.Errorf("%s %s: the description of %s: %v", method, path, status, err)
		return
	}
	got, err := jsonschema.UnmarshalJSON(bytes.NewReader([]byte(body)))
	if err != nil {
		t.Errorf("%s %s: %v in %.200s", method, path, err, body)
		return
	}
	if err := schema.Validate(got); err != nil {
		t.Errorf("%s %s: the answer %s is not as it is described: %v", method, path, status, err)
	}
}

// cases are requests for every operation.
var cases = []struct {
	path, method, target, body string
	status                     int
	has                        []string
}{
	{"/partnerships", "get", "/partnerships", "", 200, []string{`"clean-water"`, `"roll_up"`}},
	{"/partnerships/{partnership}", "get", "", "", 200, []string{`"key":"CW"`, `"AquaFund"`}},
	{"/partnerships/{partnership}", "get", "?as_of=2026-11-01", "", 200, []string{`"2026-11-01T23:59:59.999Z"`}},
	{"/partnerships/{partnership}", "get", "?as_of=yesterday", "", 422, nil},
	{"/partnerships/{partnership}", "get", "?no_such=1", "", 422, nil},
	{"/partnerships/{partnership}/scorecard", "get", "/scorecard", "", 200, []string{`"gates"`, `"words"`, `"First water"`, `"commitments"`}},
	{"/partnerships/{partnership}/scorecard", "get", "/scorecard?as_of=2026-10-01", "", 200, nil},
	{"/partnerships/{partnership}/tasks", "get", "/tasks?limit=2", "", 200, []string{`"total":20`, `"after":2`, `"name":"WASH-1"`}},
	{"/partnerships/{partnership}/tasks", "get", "/tasks?after=18&status=open", "", 200, []string{`"held":[]`}},
	{"/partnerships/{partnership}/tasks", "get", "/tasks?limit=0", "", 422, nil},
	{"/partnerships/{partnership}/tasks", "get", "/tasks?status=on+fire", "", 422, nil},
	{"/partnerships/{partnership}/tasks/{task}", "get", "/tasks/CW-1", "", 200, []string{`"moves":[{`, `"by":"Joseph"`}},
	{"/partnerships/{partnership}/tasks/{task}", "get", "/tasks/CW-999", "", 404, nil},
	{"/partnerships/{partnership}/history", "get", "/history?kind=decided&limit=1", "", 200, []string{`"before":21`, `"losers":[{`}},
	{"/partnerships/{partnership}/history", "get", "/history?limit=1001", "", 422, nil},
	{"/partnerships/{partnership}/conflicts", "get", "/conflicts", "", 200, []string{`"key":"CW-1/due/`}},
	{"/partnerships/{partnership}/holds", "get", "/holds?offset=5", "", 200, []string{`"total":1`, `"holds":[]`}},
	{"/partnerships/{partnership}/sources", "get", "/sources", "", 200, []string{`"age_seconds":60`, `"stale":true`}},
	{"/partnerships/{partnership}/digest", "get", "/digest?since=2026-11-01", "", 200, []string{`"needed"`, `"new_reds"`}},
	{"/partnerships/{partnership}/updates", "get", "/updates", "", 200, []string{`"updates":[]`}},
	{"/partnerships/{partnership}/cycles", "get", "/cycles", "", 200, []string{`"cycle":7`, `"seconds":1`}},
	{"/partnerships/{partnership}/cycles/{cycle}", "get", "/cycles/7", "", 200, []string{`"written"`}},
	{"/partnerships/{partnership}/updates", "post", "/updates", `{"kind":"partnership","rag":"amber","words":"The pumps are late."}`, 200, []string{`"by":"somebody at this computer"`}},
	{"/partnerships/{partnership}/updates", "post", "/updates", `{"kind":"partner","rag":"amber","words":"x"}`, 422, nil},
	{"/partnerships/{partnership}/updates", "post", "/updates", `{"kind":"partnership","rag":"blue","words":"x"}`, 422, nil},
	{"/partnerships/{partnership}/gates/{gate}/decisions", "post", "/gates/pilot/decisions", `{"outcome":"hold","by":["AquaFund"],"reason":"No water yet."}`, 200, []string{`"outcome":"hold"`}},
	{"/partnerships/{partnership}/gates/{gate}/decisions", "post", "/gates/pilot/decisions", `{"outcome":"hold","by":["AquaFund"]}`, 422, nil},
	{"/partnerships/{partnership}/gates/{gate}/decisions", "post", "/gates/nowhere/decisions", `{"outcome":"go","by":["AquaFund"]}`, 404, nil},
	{"/partnerships/{partnership}/conflicts", "post", "/conflicts", `{"key":"CW-1/due/0000","value":"2026-11-26"}`, 409, nil},
}

func TestEveryAnswerIsAsDescribed(t *testing.T) {
	t.Parallel()
	r := serve(t, filled(20))
	d := describe(t, r)
	seen := make(map[string]bool)
	for _, c := range cases {
		target := base + c.target
		if c.path == "/partnerships" {
			target = api.Prefix + c.target
		}
		res, body := ask(t, r, strings.ToUpper(c.method), target, c.body)
		if res.StatusCode != c.status {
			t.Errorf("%s %s answers %s: %.300s", c.method, target, res.Status, body)
		}
		for _, x := range c.has {
			if !strings.Contains(body, x) {
				t.Errorf("%s %s lacks %s in %.2000s", c.method, target, x, body)
			}
		}
		if strings.Contains(body, "javascript:") {
			t.Errorf("%s %s leads to what could run", c.method, target)
		}
		d.holds(t, c.path, c.method, res, body)
		if c.status == 200 {
			seen[c.method+" "+c.path] = true
		}
	}
	for path, methods := range d.paths {
		for method := range methods {
			if id := method + " " + path; !seen[id] && id != "post /partnerships/{partnership}/conflicts" { // TestSettle
				t.Errorf("%s is described, and was not asked", id)
			}
		}
	}
}

func TestSettle(t *testing.T) {
	t.Parallel()
	r := serve(t, filled(3))
	d := describe(t, r)
	const path = "/partnerships/{partnership}/conflicts"
	var key string
	r.store.Edit(func(st *store.State) { key = st.Conflicts[0].Key() })
	settle := func(value string, want int) {
		t.Helper()
		res, body := ask(t, r, "POST", base+"/conflicts", fmt.Sprintf(`{"key":%q,"value":%q}`, key, value))
		if res.StatusCode != want {
			t.Errorf("%q answers %s: %s", value, res.Status, body)
		}
		d.holds(t, path, "post", res, body)
	}
	settle("2026-11-26", 200)
	settle("2026-11-03", 200) // what stands
	settle("2027-01-01", 422)
	r.fail = errors.New("it has changed meanwhile")
	settle("2026-12-02", 409)
	want := []view.Choice{
		{Partnership: "clean-water", Task: "CW-1", Field: task.Due, Value: day(3), By: "somebody at this computer", Key: key},
		{Partnership: "clean-water", Task: "CW-1", Field: task.Due, Value: day(-20), By: "somebody at this computer", Key: key},
		{Partnership: "clean-water", Task: "CW-1", Field: task.Due, Value: day(9), By: "somebody at this computer", Key: key},
	}
	if !slices.Equal(r.choices, want) {
		t.Errorf("the choices are %+v", r.choices)
	}
}

func TestWhatIsRecordedIsShownAtOnce(t *testing.T) {
	t.Parallel()
	r := serve(t, filled(3))
	_, before := ask(t, r, "GET", base+"/scorecard", "")
	ask(t, r, "POST", base+"/gates/pilot/decisions", `{"outcome":"go","by":["AquaFund"]}`)
	ask(t, r, "POST", base+"/updates", `{"kind":"partnership","rag":"green","words":"All well."}`)
	_, after := ask(t, r, "GET", base+"/scorecard", "")
	if strings.Contains(before, "All well.") || !strings.Contains(after, "All well.") || !strings.Contains(after, `"outcome":"go"`) {
		t.Errorf("the scorecard says %.3000s", after)
	}
	es, err := r.store.History(t.Context(), "clean-water", store.Query{Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	if last := es[0]; last.By != "somebody at this computer" || !last.At.Equal(noon) {
		t.Errorf("the history says %+v", last)
	}
}

func TestRoles(t *testing.T) {
	t.Parallel()
	r := serve(t, filled(3))
	for _, c := range cases {
		r.who = auth.Person{}
		target, want := base+c.target, http.StatusNotFound
		if c.path == "/partnerships" {
			target, want = api.Prefix+c.target, http.StatusOK
		}
		if c.status == 422 { // the form of a request is looked at first, and tells nothing
			continue
		}
		res, body := ask(t, r, strings.ToUpper(c.method), target, c.body)
		if res.StatusCode != want || strings.Contains(body, "Clean Water") {
			t.Errorf("nobody gets %s of %s %s: %.200s", res.Status, c.method, target, body)
		}
	}
}

func TestTags(t *testing.T) {
	t.Parallel()
	m := filled(3)
	r := serve(t, m)
	for _, path := range []string{"/tasks", "/scorecard", "/history", "/digest", "/cycles"} {
		res, _ := ask(t, r, "GET", base+path, "")
		tag := res.Header.Get("ETag")
		for header, want := range map[string]int{tag: 304, "W/" + tag: 304, `"x", ` + tag: 304, "*": 304, `"x"`: 200, "": 200} {
			if res, body := ask(t, r, "GET", base+path, "", "If-None-Match", header); res.StatusCode != want || want == 304 && body != "" {
				t.Errorf("%s, If-None-Match %s answers %s", path, header, res.Status)
			}
		}
	}
	res, _ := ask(t, r, "GET", base+"/tasks", "")
	ask(t, r, "POST", base+"/updates", `{"kind":"task","task":"CW-2","rag":"red","words":"Stuck."}`)
	if res, body := ask(t, r, "GET", base+"/tasks", "", "If-None-Match", res.Header.Get("ETag")); res.StatusCode != http.StatusOK || !strings.Contains(body, "Stuck.") {
		t.Errorf("after something changed: %s", res.Status)
	}
	if res, body := ask(t, r, "HEAD", base+"/tasks", ""); res.StatusCode != http.StatusOK || body != "" || res.Header.Get("ETag") == "" {
		t.Errorf("HEAD answers %s with %d bytes", res.Status, len(body))
	}
}

func TestTasksInPages(t *testing.T) {
	t.Parallel()
	r := serve(t, filled(25))
	var got []task.ID
	after := int64(0)
	for range 10 {
		_, body := ask(t, r, "GET", fmt.Sprintf("%s/tasks?limit=7&after=%d", base, after), "")
		var page struct {
			Total int   `json:"total"`
			After int64 `json:"after"`
			Tasks []struct {
				ID task.ID `json:"id"`
			} `json:"tasks"`
		}
		if err := json.Unmarshal([]byte(body), &page); err != nil || page.Total != 25 {
			t.Fatalf("%v in %.200s", err, body)
		}
		for _, x := range page.Tasks {
			got = append(got, x.ID)
		}
		if after = page.After; after == 0 {
			break
		}
	}
	if len(got) != 25 || got[0] != "CW-1" || got[24] != "CW-25" {
		t.Errorf("the pages have %v", got)
	}
}

func TestWithoutADatabase(t *testing.T) {
	t.Parallel()
	m := filled(3)
	m.Fail(errDown)
	r := serve(t, m)
	for _, path := range []string{"", "/scorecard", "/tasks", "/history", "/cycles", "/digest", "/updates"} {
		res, body := ask(t, r, "GET", base+path, "")
		if res.StatusCode != http.StatusServiceUnavailable || strings.Contains(body, "secret") || res.Header.Get("Retry-After") == "" || !json.Valid([]byte(body)) {
			t.Errorf("%s answers %s %s", path, res.Status, body)
		}
	}
	if res, body := ask(t, r, "GET", api.Prefix+"/nowhere", ""); res.StatusCode != http.StatusNotFound || res.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("nowhere answers %s %s", res.Status, body)
	}
}

// BenchmarkAPI asks a partnership of 10,000 tasks. The target is 50 ms an answer.
func BenchmarkAPI(b *testing.B) {
	r := serve(b, filled(10_000))
	for _, path := range []string{"", "/scorecard", "/tasks", "/tasks?limit=2500", "/tasks?status=blocked&limit=200", "/tasks/CW-1", "/history?limit=1000", "/sources", "/conflicts", "/digest"} {
		b.Run(path, func(b *testing.B) {
			for b.Loop() {
				if res, body := ask(b, r, "GET", base+path, ""); res.StatusCode != http.StatusOK {
					b.Fatalf("answer %s: %.200s", res.Status, body)
				}
			}
		})
	}
}
