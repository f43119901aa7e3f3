package jira_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/lockstep-sync/lockstep/connectors/sandbox/jira"
)

// TestOddIssues: what real trackers hold must load, be served on both versions, and be set by a person where a person can.
func TestOddIssues(t *testing.T) {
	t.Parallel()
	s := open(t, jira.Options{}).checked()
	const rtl, emoji = "إصلاح المضخة \u200f(عاجل)", "Pump 🚰👩🏽\u200d🔧 \u200d"
	long := strings.Repeat("ä", 32767)
	status := obj("id", "5", "name", "Closed", "statusCategory", obj("key", "done"))
	lines := []any{
		obj("id", "1", "key", "ODD-1", "fields", obj("status", status, "priority", nil, "summary", rtl, "description", long)),
		obj("id", "2", "key", "ODD-2", "fields", obj("status", status, "priority", obj("id", "6", "name", "None"), "summary", emoji, "resolution", nil)),
		obj("id", "3", "key", "ODD-3", "fields", obj("status", status, "comment", obj("total", 5, "comments", []any{
			obj("id", "7", "created", "2020-01-02T03:04:05.000+0000"), obj("id", "8", "body", emoji, "created", "2020-01-02T03:04:05.000+0000"),
		}))),
	}
	var file strings.Builder
	for _, l := range lines {
		raw, err := json.Marshal(l)
		must(t, err)
		file.Write(append(raw, '\n'))
	}
	if n, err := s.Load(strings.NewReader(file.String())); n != 3 || err != nil {
		t.Fatal(n, err)
	}
	for _, v := range []string{"2", "3"} {
		get := func(key string) reply { return s.do("GET", "/rest/api/"+v+"/issue/"+key, nil).want(t, 200) }
		one := get("ODD-1")
		text := one.at("fields", "description")
		if v == "3" {
			text = one.at("fields", "description", "content", 0, "content", 0, "text")
		}
		if one.at("fields", "summary") != rtl || text != long || one.at("fields", "priority") != nil {
			t.Errorf("version %s: %.300s", v, one.raw)
		}
		two := get("ODD-2")
		if two.at("fields", "summary") != emoji || two.at("fields", "priority", "name") != "None" || two.at("fields", "resolution") != nil || two.at("fields", "status", "statusCategory", "key") != "done" {
			t.Errorf("version %s: %s", v, two.raw)
		}
		three := get("ODD-3")
		first, _ := three.at("fields", "comment", "comments", 0).(map[string]any)
		if _, there := three.at("fields").(map[string]any)["summary"]; there || three.at("fields", "comment", "total") != 5.0 || first["author"] != nil || first["body"] != nil {
			t.Errorf("version %s: %s", v, three.raw)
		}
		r := s.do("POST", "/rest/api/"+v+"/search/jql", obj("jql", "project = ODD AND priority is EMPTY", "fields", []string{"*all"})).want(t, 200)
		if len(r.list("issues")) != 2 {
			t.Errorf("version %s: %d issues without a priority", v, len(r.list("issues")))
		}
	}
	if got := s.searchKeys("project = ODD AND resolution is EMPTY AND statusCategory = Done"); len(got) != 3 {
		t.Error(got)
	}

	box := open(t, jira.Options{})
	box.AddPriority("None")
	key := box.Add(jira.Seed{Summary: emoji, Status: "Done"})
	must(t, box.Set(key, map[string]any{"summary": rtl, "description": long, "priority": nil, "resolution": ""}))
	if v, _ := box.Issue(key); v.Summary != rtl || v.Description != long || v.Priority != "" || v.Resolution != "" || v.Category != "done" {
		t.Errorf("%.300v", v)
	}
	must(t, box.Set(key, map[string]any{"priority": "None"}))
	if box.Set(key, map[string]any{"description": long + "x"}) == nil {
		t.Error("a description of 32,768 characters was taken")
	}
	if v, _ := box.Issue(key); v.Priority != "None" {
		t.Errorf("%.300v", v)
	}
}
