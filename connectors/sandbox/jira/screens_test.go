package jira_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/lockstep-sync/lockstep/connectors/sandbox/jira"
)

func newIssue(more ...any) map[string]any {
	f := obj("project", obj("key", "WASH"), "issuetype", obj("name", "Task"), "summary", "New")
	for n := 0; n < len(more); n += 2 {
		f[more[n].(string)] = more[n+1]
	}
	return obj("fields", f)
}

// createMeta is the create screen of a type: a field's metadata by its id.
func (s *site) createMeta(kind string) map[string]map[string]any {
	s.t.Helper()
	r := s.do("GET", "/rest/api/3/issue/createmeta/WASH/issuetypes/"+kind, nil).want(s.t, 200)
	out := map[string]map[string]any{}
	for _, x := range r.list("fields") {
		m, _ := x.(map[string]any)
		id, _ := m["fieldId"].(string)
		out[id] = m
	}
	return out
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestScreens(t *testing.T) {
	t.Parallel()
	s := open(t, jira.Options{}).checked()
	key := s.Add(jira.Seed{Summary: "One", Status: "In Progress"})
	issue := "/rest/api/3/issue/" + key
	cost := s.field(jira.FieldSpec{Name: "Cost", Type: jira.FieldNumber})
	refused := func(r reply, id string) {
		t.Helper()
		if r.status != 400 || r.at("errors", id) != "Field '"+id+"' cannot be set. It is not on the appropriate screen, or unknown." {
			t.Errorf("%d %s", r.status, r.raw)
		}
	}

	must(t, s.SetScreen("edit", "duedate", false))
	must(t, s.SetScreen("edit", cost, false))
	refused(s.do("PUT", issue, obj("fields", obj("duedate", "2026-10-01"))), "duedate")
	refused(s.do("PUT", issue, obj("update", obj(cost, []any{obj("set", 1)}))), cost)
	meta := s.do("GET", issue+"/editmeta", nil).want(t, 200)
	if meta.at("fields", "duedate") != nil || meta.at("fields", cost) != nil || meta.at("fields", "summary", "required") != true {
		t.Error(meta.raw)
	}
	if s.createMeta("10010")["duedate"] == nil {
		t.Error("the create screen lost what the edit screen lost")
	}
	s.do("POST", "/rest/api/3/issue", newIssue("duedate", "2026-10-01", cost, 3)).want(t, 201)
	must(t, s.SetScreen("edit", "duedate", true))
	s.do("PUT", issue, obj("fields", obj("duedate", "2026-10-01"))).want(t, 204)

	must(t, s.SetScreen("create", "labels", false))
	refused(s.do("POST", "/rest/api/3/issue", newIssue("labels", []any{"a"})), "labels")
	if s.createMeta("10010")["labels"] != nil {
		t.Error("labels are still on the create screen")
	}
	s.do("PUT", issue, obj("fields", obj("labels", []any{"a"}))).want(t, 204)

	// A transition's screen: what is not on it cannot come along.
	refused(s.do("POST", issue+"/transitions", obj("transition", obj("id", "21"), "fields", obj(cost, 5))), cost)
	must(t, s.SetScreen("21", cost, true))
	list := s.do("GET", issue+"/transitions?expand=transitions.fields&transitionId=21", nil).want(t, 200)
	if list.at("transitions", 0, "hasScreen") != true || list.at("transitions", 0, "fields", cost, "required") != false || list.at("transitions", 0, "fields", "resolution") != nil {
		t.Error(list.raw)
	}
	s.do("POST", issue+"/transitions", obj("transition", obj("id", "21"), "fields", obj(cost, 5))).want(t, 204)
	if v, _ := s.Issue(key); v.Status != "In Review" || v.Custom[cost] != 5.0 {
		t.Errorf("%+v", v)
	}

	// The rare edit screen with a resolution.
	must(t, s.SetScreen("edit", "resolution", true))
	s.do("PUT", issue, obj("fields", obj("resolution", obj("name", "Duplicate")))).want(t, 204)
	if v, _ := s.Issue(key); v.Resolution != "Duplicate" || v.Resolved.IsZero() {
		t.Errorf("%+v", v)
	}

	s.Deny("EDIT_ISSUES")
	if r := s.do("GET", issue+"/editmeta", nil).want(t, 200); strings.TrimSpace(r.raw) != `{"fields":{}}` {
		t.Error(r.raw)
	}
	s.do("GET", "/rest/api/3/issue/WASH-99/editmeta", nil).want(t, 404)
	for _, bad := range []error{
		s.SetScreen("edit", "nope", true), s.SetScreen("99", cost, true), s.SetScreen("create", "summary", false), s.SetScreen("edit", "created", true),
		s.Require("edit", "nope", true), s.Require("31", cost, true), s.Require("99", cost, true),
	} {
		if bad == nil {
			t.Error("no error")
		}
	}
}

func TestRequiredFields(t *testing.T) {
	t.Parallel()
	s := open(t, jira.Options{}).checked()
	region := s.field(jira.FieldSpec{Name: "Region", Type: jira.FieldSelect, Options: []string{"North"}})
	safe := s.field(jira.FieldSpec{Name: "Safe", Type: jira.FieldRadio, Options: []string{"Yes", "No"}, Default: "No"})
	key := s.Add(jira.Seed{Summary: "One", Status: "In Progress"})
	issue := "/rest/api/3/issue/" + key
	for _, id := range []string{region, safe, "duedate"} {
		must(t, s.Require("create", id, true))
		must(t, s.Require("edit", id, true))
	}
	meta := s.createMeta("10010")
	if meta[region]["required"] != true || meta[region]["hasDefaultValue"] != false || meta["duedate"]["required"] != true {
		t.Errorf("%v", meta)
	}
	if d, _ := meta[safe]["defaultValue"].(map[string]any); meta[safe]["hasDefaultValue"] != true || d["value"] != "No" {
		t.Errorf("%v", meta[safe])
	}
	r := s.do("POST", "/rest/api/3/issue", newIssue()).want(t, 400)
	if r.at("errors", region) != "Region is required." || r.at("errors", "duedate") != "Due date is required." || r.at("errors", safe) != nil {
		t.Error(r.raw)
	}
	made := s.do("POST", "/rest/api/3/issue", newIssue(region, obj("value", "North"), "duedate", "2026-10-01")).want(t, 201)
	if v, _ := s.Issue(made.body["key"].(string)); v.Custom[safe] != "No" {
		t.Errorf("the default is missing: %v", v.Custom)
	}
	// An edit is held to what it touches: that the region is empty since ever is not its fault.
	s.do("PUT", issue, obj("fields", obj("summary", "Two"))).want(t, 204)
	s.do("PUT", issue, obj("fields", obj("duedate", "2026-10-02"))).want(t, 204)
	if r := s.do("PUT", issue, obj("fields", obj("duedate", nil))).want(t, 400); r.at("errors", "duedate") != "Due date is required." {
		t.Error(r.raw)
	}
	must(t, s.Require("edit", "duedate", false))
	s.do("PUT", issue, obj("fields", obj("duedate", nil))).want(t, 204)

	// What is required and not on the screen is not asked for.
	must(t, s.SetScreen("create", "duedate", false))
	s.do("POST", "/rest/api/3/issue", newIssue(region, obj("value", "North"))).want(t, 201)

	// On a transition: empty is refused, filled before is enough.
	must(t, s.SetScreen("21", region, true))
	must(t, s.Require("21", region, true))
	r = s.do("POST", issue+"/transitions", obj("transition", obj("id", "21"))).want(t, 400)
	if r.at("errors", region) != "Region is required." {
		t.Error(r.raw)
	}
	s.do("PUT", issue, obj("fields", obj(region, obj("value", "North")))).want(t, 204)
	s.do("POST", issue+"/transitions", obj("transition", obj("id", "21"))).want(t, 204)
}

func TestEditMetaOfEveryVersion(t *testing.T) {
	t.Parallel()
	s := open(t, jira.Options{}).checked()
	key := s.Add(jira.Seed{Summary: "One", Component: "Wells"})
	for _, v := range []string{"2", "3"} {
		r := s.do("GET", "/rest/api/"+v+"/issue/"+key+"/editmeta", nil).want(t, 200)
		fields, _ := r.at("fields").(map[string]any)
		for _, id := range []string{"summary", "description", "priority", "labels", "components", "duedate", "assignee", "customfield_10042", "comment", "parent"} {
			if fields[id] == nil {
				t.Errorf("version %s: no %s in the metadata", v, id)
			}
		}
		for _, id := range []string{"status", "resolution", "created", "project", "issuetype"} {
			if fields[id] != nil {
				t.Errorf("version %s: %s is in the metadata", v, id)
			}
		}
		ops, _ := r.at("fields", "labels", "operations").([]any)
		if !slices.Contains(ops, any("remove")) || r.at("fields", "components", "allowedValues", 0, "name") != "Wells" {
			t.Error(r.raw)
		}
		whole := s.do("GET", "/rest/api/"+v+"/issue/"+key+"?expand=editmeta", nil).want(t, 200)
		if whole.at("editmeta", "fields", "summary") == nil {
			t.Error(whole.raw)
		}
	}
}
