package jira_test

import (
	"testing"

	"github.com/lockstep-sync/lockstep/connectors/sandbox/jira"
)

// transition takes an issue through one and wants a status.
func (s *site) transition(key, id string, status int, more ...any) reply {
	s.t.Helper()
	return s.do("POST", "/rest/api/3/issue/"+key+"/transitions", obj(append([]any{"transition", obj("id", id)}, more...)...)).want(s.t, status)
}

// offered lists what an issue's transitions are, by id.
func (s *site) offered(key, query string) map[string]map[string]any {
	s.t.Helper()
	out := map[string]map[string]any{}
	for _, x := range s.do("GET", "/rest/api/3/issue/"+key+"/transitions?expand=transitions.fields"+query, nil).want(s.t, 200).list("transitions") {
		m, _ := x.(map[string]any)
		id, _ := m["id"].(string)
		out[id] = m
	}
	return out
}

func TestAWorkflowOfOnesOwn(t *testing.T) {
	t.Parallel()
	s := open(t, jira.Options{}).checked()
	reason := s.field(jira.FieldSpec{Name: "Reason", Type: jira.FieldText})
	old := s.Add(jira.Seed{Summary: "Old", Status: "Blocked"})
	must(t, s.SetWorkflow("WASH", []jira.TransitionSpec{
		{ID: "2", Name: "Plan", From: []string{"Idea"}, To: "Ready", Category: "new"},
		{ID: "4", Name: "Build", From: []string{"Ready", "Shelved"}, To: "Building"},
		{ID: "6", Name: "Shelve", To: "Shelved", Category: "done", Fields: []jira.ScreenField{{ID: reason, Required: true, Default: "No money"}}},
		{ID: "8", Name: "Ship", From: []string{"Building"}, To: "Shipped", Category: "done", Fields: []jira.ScreenField{{ID: "resolution", Required: true}}, Resolutions: []string{"Shipped well", "Won't Do"}},
		{ID: "10", Name: "Again", From: []string{"Shipped"}, To: "Building"},
		{ID: "12", Name: "Poke", From: []string{"Building"}, To: "Building"},
		{ID: "14", Name: "Bless", From: []string{"Building"}, To: "Shipped", Unavailable: true},
		{ID: "16", Name: "Nod", From: []string{"Building"}, To: "Ready", Conditional: true},
	}))
	key := s.Add(jira.Seed{Summary: "One"})
	if v, _ := s.Issue(key); v.Category != "new" {
		t.Errorf("%+v", v)
	}
	must(t, s.Set(key, map[string]any{"status": "Idea"}))
	if got := s.offered(key, ""); len(got) != 2 || got["6"]["isGlobal"] != true || got["2"]["isGlobal"] != false || got["6"]["hasScreen"] != true {
		t.Errorf("%v", got)
	}
	meta, _ := s.offered(key, "")["6"]["fields"].(map[string]any)
	field, _ := meta[reason].(map[string]any)
	if field["required"] != true || field["hasDefaultValue"] != true || field["defaultValue"] != "No money" || field["name"] != "Reason" {
		t.Errorf("%v", meta)
	}
	if r := s.transition(key, "6", 400); r.at("errors", reason) != "Reason is required." {
		t.Error(r.raw)
	}
	if r := s.transition(key, "2", 400, "fields", obj("summary", "x")); r.at("errors", "summary") != "Field 'summary' cannot be set. It is not on the appropriate screen, or unknown." {
		t.Error(r.raw)
	}
	s.transition(key, "6", 204, "fields", obj(reason, "Rain"))
	if v, _ := s.Issue(key); v.Status != "Shelved" || v.Category != "done" || v.Custom[reason] != "Rain" || v.Resolution != "" || !v.Resolved.IsZero() {
		t.Errorf("done without a resolution: %+v", v)
	}
	s.transition(key, "4", 204)
	ship, _ := s.offered(key, "")["8"]["fields"].(map[string]any)
	resolution, _ := ship["resolution"].(map[string]any)
	if values, _ := resolution["allowedValues"].([]any); resolution["required"] != true || len(values) != 2 {
		t.Errorf("%v", ship)
	}
	if r := s.transition(key, "8", 400); r.at("errors", "resolution") != "Resolution is required." {
		t.Error(r.raw)
	}
	if r := s.transition(key, "8", 400, "fields", obj("resolution", obj("name", "Done"))); r.at("errors", "resolution") != "Resolution name 'Done' is not valid" {
		t.Error(r.raw)
	}
	s.transition(key, "8", 204, "fields", obj("resolution", obj("name", "Shipped well")))
	s.transition(key, "10", 204)
	if v, _ := s.Issue(key); v.Status != "Building" || v.Resolution != "Shipped well" {
		t.Errorf("opened again with its resolution: %+v", v)
	}

	// A transition that leads back to where it began is taken, and the issue is touched.
	before, _ := s.Issue(key)
	if got := s.offered(key, ""); got["12"]["looped"] != true || got["14"] != nil || got["16"]["isConditional"] != true || got["16"]["isAvailable"] != true {
		t.Errorf("%v", got)
	}
	s.transition(key, "12", 204)
	if v, _ := s.Issue(key); !v.Updated.After(before.Updated) || v.Status != "Building" {
		t.Errorf("%+v", v)
	}
	if got := s.offered(key, "&includeUnavailableTransitions=true"); got["14"]["isAvailable"] != false {
		t.Errorf("%v", got)
	}
	s.transition(key, "14", 400)

	// An issue whose status the workflow no longer knows has the ways out that all have.
	if got := s.offered(old, ""); len(got) != 1 || got["6"] == nil {
		t.Errorf("%v", got)
	}
	if got := s.searchKeys("status in (Shipped, Idea, Building, Blocked)"); len(got) != 2 {
		t.Error(got)
	}
}

func TestPostFunctionsAndRules(t *testing.T) {
	t.Parallel()
	s := open(t, jira.Options{}).checked()
	must(t, s.SetWorkflow("WASH", []jira.TransitionSpec{
		{ID: "1", Name: "Finish", From: []string{"To Do"}, To: "Done", SetsResolution: "Fixed"},
		{ID: "2", Name: "Reopen", From: []string{"Done"}, To: "To Do", ClearsResolution: true},
		{ID: "3", Name: "Review", From: []string{"To Do"}, To: "In Review", Then: "Blocked"},
		{ID: "4", Name: "Drop", To: "Dropped", Category: "done", Loops: true},
	}))
	key := s.Add(jira.Seed{Summary: "One"})
	s.transition(key, "1", 204)
	if v, _ := s.Issue(key); v.Resolution != "Fixed" || v.Resolved.IsZero() {
		t.Errorf("%+v", v)
	}
	s.transition(key, "2", 204)
	if v, _ := s.Issue(key); v.Resolution != "" || !v.Resolved.IsZero() {
		t.Errorf("%+v", v)
	}
	s.transition(key, "3", 204)
	if v, _ := s.Issue(key); v.Status != "Blocked" {
		t.Errorf("the rule did not run: %+v", v)
	}
	r := s.do("GET", "/rest/api/3/issue/"+key+"/changelog", nil).want(t, 200)
	if n := len(r.list("values")); n != 4 || r.at("values", 3, "author", "displayName") != "Automation for Jira" || r.at("values", 2, "items", 0, "toString") != "In Review" {
		t.Error(r.raw)
	}
	s.transition(key, "4", 204)
	if s.offered(key, "")["4"]["looped"] != true {
		t.Error("a global transition is not offered in its target")
	}
	s.transition(key, "4", 204)
	// A person presses the same buttons.
	must(t, s.Set(key, map[string]any{"status": "To Do"}))
	must(t, s.Set(key, map[string]any{"status": "Done"}))
	if v, _ := s.Issue(key); v.Resolution != "Fixed" {
		t.Errorf("%+v", v)
	}

	for name, specs := range map[string][]jira.TransitionSpec{
		"nothing":        nil,
		"no number":      {{ID: "x", To: "Done"}},
		"twice":          {{ID: "1", To: "Done"}, {ID: "1", To: "To Do"}},
		"nowhere":        {{ID: "1"}},
		"category":       {{ID: "1", To: "Done", Category: "finished"}},
		"unknown field":  {{ID: "1", To: "Done", Fields: []jira.ScreenField{{ID: "nope"}}}},
		"bad default":    {{ID: "1", To: "Done", Fields: []jira.ScreenField{{ID: "customfield_10042", Default: "many"}}}},
		"system default": {{ID: "1", To: "Done", Fields: []jira.ScreenField{{ID: "duedate", Default: "2026-10-01"}}}},
	} {
		if s.SetWorkflow("WASH", specs) == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if s.SetWorkflow("NOPE", []jira.TransitionSpec{{To: "Done"}}) == nil {
		t.Error("no such project, no error")
	}
	if s.offered(key, "")["2"] == nil {
		t.Error("a refused workflow changed something")
	}
}
