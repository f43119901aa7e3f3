package jira_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/lockstep-sync/lockstep/connectors/sandbox/jira"
)

func TestParents(t *testing.T) {
	t.Parallel()
	s := open(t, jira.Options{}).checked()
	epic := s.Add(jira.Seed{Summary: "Wells", Type: "Epic"})
	other := s.Add(jira.Seed{Summary: "Pumps", Type: "Epic"})
	task := s.Add(jira.Seed{Summary: "Dig", Parent: epic})
	sub := s.Add(jira.Seed{Summary: "Fence", Type: "Sub-task", Parent: task})
	issue := "/rest/api/3/issue/" + task

	r := s.do("GET", issue, nil).want(t, 200)
	above, _ := s.Issue(epic)
	if r.at("fields", "parent", "key") != epic || r.at("fields", "parent", "id") != above.ID || r.at("fields", "parent", "fields", "summary") != "Wells" ||
		r.at("fields", "parent", "fields", "issuetype", "hierarchyLevel") != 1.0 || r.at("fields", "parent", "fields", "status", "name") != "To Do" {
		t.Error(r.raw)
	}
	if _, there := s.fieldsOf(epic)["parent"]; there {
		t.Error("an issue without a parent has the field")
	}
	for jql, want := range map[string][]string{
		"parent = " + epic:                           {task},
		"parent in (" + epic + ", " + other + ")":    {task},
		"parent = " + above.ID:                       {task},
		"parent != " + epic:                          {sub},
		"parent is EMPTY":                            {epic, other},
		"parent is not EMPTY AND issuetype != Story": {task, sub},
		"issuetype = Epic":                           {epic, other},
		"type in (Sub-task, Bug)":                    {sub},
	} {
		if got := s.searchKeys(jql + " ORDER BY key"); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", jql, got, want)
		}
	}
	if r := s.do("POST", "/rest/api/3/search/jql", obj("jql", "parent = WASH-99")).want(t, 400); r.at("errorMessages", 0) != "An issue with key 'WASH-99' does not exist for field 'parent'." {
		t.Error(r.raw)
	}

	// Given in the create, changed and cleared by edits, in each of the ways that Jira takes.
	for _, ref := range []map[string]any{obj("key", other), obj("id", above.ID)} {
		made := s.do("POST", "/rest/api/3/issue", newIssue("parent", ref)).want(t, 201)
		if v, _ := s.Issue(made.body["key"].(string)); v.Parent == "" {
			t.Errorf("%v: no parent", ref)
		}
	}
	for _, cleared := range []map[string]any{
		obj("fields", obj("parent", nil)), obj("fields", obj("parent", obj())), obj("update", obj("parent", []any{obj("set", obj("none", true))})),
	} {
		s.do("PUT", issue, obj("fields", obj("parent", obj("key", other)))).want(t, 204)
		if v, _ := s.Issue(task); v.Parent != other {
			t.Errorf("%+v", v)
		}
		s.do("PUT", issue, cleared).want(t, 204)
		if v, _ := s.Issue(task); v.Parent != "" {
			t.Errorf("%v: the parent is %s", cleared, v.Parent)
		}
	}
	log := s.do("GET", issue+"/changelog", nil).want(t, 200)
	if item, _ := log.at("values", 0, "items", 0).(map[string]any); item["field"] != "IssueParentAssociation" || item["fromString"] != epic || item["toString"] != other {
		t.Error(log.raw)
	}

	// A person does the same; a moved epic stays the parent, a deleted one is none.
	must(t, s.Set(task, map[string]any{"parent": epic}))
	moved, err := s.Move(epic, "ROADS")
	must(t, err)
	if v, _ := s.Issue(task); v.Parent != moved {
		t.Errorf("parent %s, want %s", v.Parent, moved)
	}
	must(t, s.Delete(moved))
	if _, there := s.fieldsOf(task)["parent"]; there {
		t.Error("a deleted issue is a parent")
	}
	if got := s.searchKeys("parent is EMPTY AND key = " + task); len(got) != 1 {
		t.Error("a deleted issue is a parent to the search")
	}
	if s.Set(task, map[string]any{"parent": "WASH-99"}) == nil || s.Set(task, map[string]any{"parent": sub}) == nil {
		t.Error("a person broke the hierarchy")
	}
}

func TestParentErrors(t *testing.T) {
	t.Parallel()
	s := open(t, jira.Options{})
	epic := s.Add(jira.Seed{Summary: "Wells", Type: "Epic"})
	task := s.Add(jira.Seed{Summary: "Dig"})
	sub := s.Add(jira.Seed{Summary: "Fence", Type: "Sub-task", Parent: task})
	far, err := s.Move(s.Add(jira.Seed{Summary: "Far"}), "ROADS")
	must(t, err)
	kind := func(name string, more ...any) map[string]any {
		return newIssue(append([]any{"issuetype", obj("name", name)}, more...)...)
	}
	const level = "Given parent work item does not belong to appropriate hierarchy."
	for _, c := range []struct {
		name, method, path string
		body               map[string]any
		field, want        string
	}{
		{"task under task", "POST", "", kind("Task", "parent", obj("key", task)), "parentId", level},
		{"sub-task under epic", "POST", "", kind("Sub-task", "parent", obj("key", epic)), "parentId", level},
		{"sub-task in another project", "POST", "", kind("Sub-task", "parent", obj("key", far)), "pid", "Issues with this Issue Type must be created in the same project as the parent."},
		{"sub-task alone", "POST", "", kind("Sub-task"), "issuetype", "Issue type is a sub-task but parent issue key or id not specified."},
		{"no such parent", "POST", "", kind("Task", "parent", obj("key", "WASH-99")), "parent", "Could not find issue by id or key."},
		{"a key alone", "POST", "", kind("Task", "parent", epic), "parent", "data was not an object"},
		{"under itself", "PUT", "/" + task, obj("fields", obj("parent", obj("key", task))), "parentId", level},
		{"under its own sub-task", "PUT", "/" + task, obj("fields", obj("parent", obj("key", sub))), "parentId", level},
		{"sub-task left alone", "PUT", "/" + sub, obj("fields", obj("parent", nil)), "parent", "Subtasks must have a parent."},
	} {
		r := s.do(c.method, "/rest/api/3/issue"+c.path, c.body).want(t, 400)
		if errs, _ := r.at("errors").(map[string]any); errs[c.field] != c.want || len(errs) != 1 {
			t.Errorf("%s: %s", c.name, r.raw)
		}
	}
	// An epic has nothing above it here, so its screens do not have the field.
	if s.createMeta("10013")["parent"] != nil || s.createMeta("10010")["parent"]["required"] != false || s.createMeta("10014")["parent"]["required"] != true {
		t.Error("parents in the create screens")
	}
	r := s.do("DELETE", "/rest/api/3/issue/"+task, nil).want(t, 400)
	if want := "The issue '" + task + "' has subtasks.  You must specify the 'deleteSubtasks' parameter to delete this issue and all its subtasks."; r.at("errorMessages", 0) != want {
		t.Error(r.raw)
	}
	s.do("DELETE", "/rest/api/3/issue/"+task+"?deleteSubtasks=true", nil).want(t, 204)
	if _, there := s.Issue(sub); there {
		t.Error("the sub-task is still there")
	}
}

func TestParentsFromAFile(t *testing.T) {
	t.Parallel()
	s := open(t, jira.Options{})
	line := func(id, key, kind, more string) string {
		return `{"id":"` + id + `","key":"` + key + `","fields":{"summary":"x","issuetype":{"id":"` + kind + `","name":"` +
			map[string]string{"6": "Epic", "3": "Task", "5": "Sub-task"}[kind] + `","subtask":` + map[bool]string{true: "true", false: "false"}[kind == "5"] +
			`},"status":{"id":"1","name":"Open","statusCategory":{"key":"new"}}` + more + `}}` + "\n"
	}
	file := line("10", "MOD-1", "3", `,"parent":{"id":"30","key":"MOD-3"}`) + // the parent comes later
		line("20", "MOD-2", "5", `,"parent":{"id":"10","key":"MOD-1"}`) +
		line("30", "MOD-3", "6", "") +
		line("40", "MOD-4", "5", `,"parent":{"id":"99","key":"MOD-99","fields":{"summary":"elsewhere"}}`)
	if n, err := s.Load(strings.NewReader(file)); n != 4 || err != nil {
		t.Fatal(n, err)
	}
	if v, _ := s.Issue("MOD-1"); v.Parent != "MOD-3" {
		t.Errorf("%+v", v)
	}
	if got := s.searchKeys("parent = MOD-1"); !slices.Equal(got, []string{"MOD-2"}) {
		t.Error(got)
	}
	r := s.do("GET", "/rest/api/3/issue/MOD-4", nil).want(t, 200)
	if r.at("fields", "parent", "key") != "MOD-99" {
		t.Error(r.raw)
	}
	if r := s.do("GET", "/rest/api/3/issue/MOD-3", nil).want(t, 200); r.at("fields", "issuetype", "hierarchyLevel") != 1.0 {
		t.Error(r.raw)
	}
}
