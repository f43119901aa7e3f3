package jira_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/lockstep-sync/lockstep/connectors/sandbox/jira"
)

const (
	bulkTransition = "/rest/api/3/bulk/issues/transition"
	bulkFields     = "/rest/api/3/bulk/issues/fields"
	bulkQueue      = "/rest/api/3/bulk/queue/"
)

// move submits a bulk transition and returns the task's id.
func (s *site) move(transition string, keys ...string) string {
	s.t.Helper()
	r := s.do("POST", bulkTransition, map[string]any{
		"bulkTransitionInputs": []any{map[string]any{"selectedIssueIdsOrKeys": keys, "transitionId": transition}},
		"sendBulkNotification": false,
	}).want(s.t, 201)
	if len(r.body) != 1 {
		s.t.Errorf("the answer to a submission holds more than the task's id: %s", r.raw)
	}
	return r.at("taskId").(string)
}

func (s *site) status(key string) string {
	s.t.Helper()
	v, ok := s.Issue(key)
	if !ok {
		s.t.Fatalf("no issue %s", key)
	}
	return v.Status
}

func TestBulkTransition(t *testing.T) {
	t.Parallel()
	s := open(t, jira.Options{}).checked()
	a, b := s.Add(jira.Seed{Summary: "A"}), s.Add(jira.Seed{Summary: "B"})
	done, doing := s.Add(jira.Seed{Summary: "C", Status: "Done"}), s.Add(jira.Seed{Summary: "D", Status: "In Progress"})

	r := s.do("GET", bulkTransition+"?issueIdsOrKeys="+a+","+b, nil).want(t, 200)
	if len(r.list("availableTransitions", 0, "transitions")) != 1 || r.at("availableTransitions", 0, "transitions", 0, "to", "statusName") != "In Progress" {
		t.Error(r.raw)
	}
	r = s.do("GET", bulkTransition+"?issueIdsOrKeys="+doing, nil).want(t, 200)
	if strings.Contains(r.raw, `"Close"`) || r.at("availableTransitions", 0, "isTransitionsFiltered") != true {
		t.Errorf("a transition that needs a field is offered, or nothing says that one was left out: %s", r.raw)
	}

	r = s.do("GET", bulkQueue+s.move("11", a, b, done, "WASH-999"), nil).want(t, 200)
	if r.at("status") != "COMPLETE" || r.at("progressPercent") != 100.0 || r.at("totalIssueCount") != 4.0 ||
		r.at("invalidOrInaccessibleIssueCount") != 1.0 || len(r.list("processedAccessibleIssues")) != 2 {
		t.Error(r.raw)
	}
	v, _ := s.Issue(done)
	if got := r.list("failedAccessibleIssues", v.ID); len(got) != 1 || got[0] != "Transition id '11' is not valid for this issue." {
		t.Error(r.raw)
	}
	if s.status(a) != "In Progress" || s.status(b) != "In Progress" || s.status(done) != "Done" {
		t.Error(s.status(a), s.status(b), s.status(done))
	}

	// What the screen insists on cannot be given.
	r = s.do("GET", bulkQueue+s.move("81", a), nil).want(t, 200)
	v, _ = s.Issue(a)
	if got := r.list("failedAccessibleIssues", v.ID); len(got) != 1 || got[0] != "Resolution is required." || s.status(a) != "In Progress" {
		t.Error(r.raw)
	}
	// A clean run leaves out what there is none of.
	r = s.do("GET", bulkQueue+s.move("21", b), nil).want(t, 200)
	for _, k := range []string{"failedAccessibleIssues", "invalidOrInaccessibleIssueCount"} {
		if _, there := r.body[k]; there {
			t.Errorf("%s: %s", k, r.raw)
		}
	}
}

func TestBulkRefusals(t *testing.T) {
	t.Parallel()
	s := open(t, jira.Options{}).checked()
	key := s.Add(jira.Seed{Summary: "A"})
	many := make([]string, 1001)
	for n := range many {
		many[n] = fmt.Sprint("WASH-", n+1)
	}
	inputs := func(keys []string, transition string) map[string]any {
		return map[string]any{"bulkTransitionInputs": []any{map[string]any{"selectedIssueIdsOrKeys": keys, "transitionId": transition}}}
	}
	edit := func(actions []string, fields map[string]any) map[string]any {
		return map[string]any{"selectedIssueIdsOrKeys": []string{key}, "selectedActions": actions, "editedFieldsInput": fields}
	}
	due := map[string]any{"datePickerFields": []any{map[string]any{"fieldId": "duedate", "date": map[string]any{"formattedDate": "soon"}}}}
	for _, c := range []struct {
		path    string
		body    map[string]any
		message string
	}{
		{bulkTransition, inputs([]string{}, "11"), "At least one issue must be selected."},
		{bulkTransition, inputs(many, "11"), "The number of selected issues must not exceed 1000."},
		{bulkTransition, inputs([]string{"not a key"}, "11"), "Some of the issues in the issueIdsOrKeys are not valid"},
		{bulkTransition, inputs([]string{key}, "Start work"), "The transitionId must be a number."},
		{bulkFields, edit([]string{"summary"}, map[string]any{"priority": map[string]any{"priorityId": "1"}}), "The following editedFieldInput values are not listed as selectedActions : priority"},
		{bulkFields, edit([]string{"summary"}, map[string]any{}), "The following selectedActions have no editedFieldInput values : summary"},
		{bulkFields, edit([]string{"duedate"}, due), "Invalid date format for the field duedate."},
	} {
		r := s.do("POST", c.path, c.body).want(t, 400)
		if r.at("errors", 0, "message") != c.message {
			t.Errorf("%s, want %q", r.raw, c.message)
		}
	}
	// Jira's document contradicts itself here: this is its example, which is not of its schema.
	if r := open(t, jira.Options{}).do("GET", bulkQueue+"77", nil).want(t, 400); r.at("errorMessages", 0) != "The task associated with this taskId is not a bulk operation task" {
		t.Error(r.raw)
	}
	s.Deny("BULK_CHANGE")
	s.do("POST", bulkTransition, inputs([]string{key}, "11")).want(t, 403)
	s.do("GET", bulkTransition+"?issueIdsOrKeys="+key, nil).want(t, 403)
	s.do("POST", bulkFields, edit([]string{"summary"}, map[string]any{})).want(t, 403)
	if s.status(key) != "To Do" {
		t.Errorf("a refused request changed something: %s", s.status(key))
	}
}

func TestBulkProgress(t *testing.T) {
	t.Parallel()
	c := newClock()
	for _, way := range []struct {
		name string
		o    jira.Options
		wait func()
	}{
		{"polls", jira.Options{Now: c.Now, BulkPolls: 3}, func() {}},
		{"clock", jira.Options{Now: c.Now, BulkTime: 3 * time.Second}, func() { c.Add(time.Second) }},
	} {
		s := open(t, way.o).checked()
		var keys []string
		for n := range 6 {
			keys = append(keys, s.Add(jira.Seed{Summary: fmt.Sprint("Issue ", n)}))
		}
		task := s.move("11", keys...)
		var told []string
		for range 4 {
			r := s.do("GET", bulkQueue+task, nil).want(t, 200)
			moved := 0
			for _, k := range keys {
				moved += map[string]int{"In Progress": 1}[s.status(k)]
			}
			told = append(told, fmt.Sprint(r.at("status"), " ", r.at("progressPercent"), " ", moved))
			if _, there := r.body["processedAccessibleIssues"]; there != (r.at("status") == "COMPLETE") {
				t.Errorf("%s: %s", way.name, r.raw)
			}
			way.wait()
		}
		want := "ENQUEUED 0 0, RUNNING 33 2, RUNNING 66 4, COMPLETE 100 6"
		if got := strings.Join(told, ", "); got != want {
			t.Errorf("%s: %s, want %s", way.name, got, want)
		}
	}
}

func TestBulkTrouble(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		trouble jira.BulkTrouble
		status  string
		moved   int
	}{
		{jira.BulkTrouble{End: jira.BulkFailed}, "FAILED", 2},
		{jira.BulkTrouble{End: jira.BulkDead}, "DEAD", 2},
		{jira.BulkTrouble{End: jira.BulkCancelled}, "CANCELLED", 2},
		{jira.BulkTrouble{End: jira.BulkHanging}, "RUNNING", 2},
		{jira.BulkTrouble{Fail: map[string]string{"WASH-2": "Somebody else has it open."}}, "COMPLETE", 3},
	} {
		s := open(t, jira.Options{BulkPolls: 1}).checked()
		var keys []string
		for n := range 4 {
			keys = append(keys, s.Add(jira.Seed{Summary: fmt.Sprint("Issue ", n)}))
		}
		s.TroubleBulk(c.trouble)
		task := s.move("11", keys...)
		var r reply
		for range 5 {
			r = s.do("GET", bulkQueue+task, nil).want(t, 200)
		}
		moved := 0
		for _, k := range keys {
			moved += map[string]int{"In Progress": 1}[s.status(k)]
		}
		if r.at("status") != c.status || moved != c.moved {
			t.Errorf("%+v: %d moved, %s", c.trouble, moved, r.raw)
		}
		if c.trouble.Fail != nil && !strings.Contains(r.raw, "Somebody else has it open.") {
			t.Error(r.raw)
		}
		// The trouble was for one operation.
		if s.move("31", keys[0]); c.status != "RUNNING" && s.do("GET", bulkQueue+task, nil).at("status") != c.status {
			t.Error("the end of an operation is not the end")
		}
	}
}

func TestBulkEdit(t *testing.T) {
	t.Parallel()
	s := open(t, jira.Options{}).checked()
	who := s.AddUser("Amina Diallo", "amina@example.org")
	a, b := s.Add(jira.Seed{Summary: "A", Labels: []string{"old"}, Due: "2026-01-01"}), s.Add(jira.Seed{Summary: "B"})
	r := s.do("POST", bulkFields, map[string]any{
		"selectedIssueIdsOrKeys": []string{a, b},
		"selectedActions":        []string{"labels", "duedate", "assignee", "priority", "customfield_10042", "description"},
		"editedFieldsInput": map[string]any{
			"labelsFields":                          []any{map[string]any{"fieldId": "labels", "bulkEditMultiSelectFieldOption": "ADD", "labels": []any{map[string]any{"name": "new"}}}},
			"datePickerFields":                      []any{map[string]any{"fieldId": "duedate", "date": map[string]any{"formattedDate": "31-12-2026"}}},
			"singleSelectClearableUserPickerFields": []any{map[string]any{"fieldId": "assignee", "user": map[string]any{"accountId": who}}},
			"priority":                              map[string]any{"priorityId": "1"},
			"clearableNumberFields":                 []any{map[string]any{"fieldId": "customfield_10042", "value": 40}},
			"richTextFields": []any{map[string]any{"fieldId": "description", "richText": map[string]any{"adfValue": map[string]any{
				"type": "doc", "version": 1, "content": []any{map[string]any{"type": "paragraph", "content": []any{map[string]any{"type": "text", "text": "why"}}}},
			}}}},
		},
		"sendBulkNotification": false,
	}).want(t, 201)
	r = s.do("GET", bulkQueue+r.at("taskId").(string), nil).want(t, 200)
	if r.at("status") != "COMPLETE" || len(r.list("processedAccessibleIssues")) != 2 {
		t.Fatal(r.raw)
	}
	v, _ := s.Issue(a)
	if strings.Join(v.Labels, " ") != "new old" || v.Due != "2026-12-31" || v.AssigneeID != who || v.Priority != "Highest" || v.Description != "why" || v.Custom["customfield_10042"] != 40.0 {
		t.Errorf("%+v", v)
	}
	// What one of them cannot take fails for it alone.
	c := s.Add(jira.Seed{Summary: "C", Component: "Pumps"})
	id := s.do("GET", "/rest/api/3/issue/"+c+"?fields=components", nil).at("fields", "components", 0, "id").(string)
	if _, err := s.Move(b, "ALOY"); err != nil {
		t.Fatal(err)
	}
	r = s.do("POST", bulkFields, map[string]any{
		"selectedIssueIdsOrKeys": []string{b, c}, "selectedActions": []string{"components"},
		"editedFieldsInput": map[string]any{"multiselectComponents": map[string]any{
			"fieldId": "components", "bulkEditMultiSelectFieldOption": "REMOVE", "components": []any{map[string]any{"componentId": number(t, id)}},
		}},
	}).want(t, 201)
	r = s.do("GET", bulkQueue+r.at("taskId").(string), nil).want(t, 200)
	if len(r.list("processedAccessibleIssues")) != 1 || !strings.Contains(r.raw, "Component id '"+id+"' is not valid") {
		t.Error(r.raw)
	}
	if v, _ = s.Issue(c); len(v.Components) != 0 {
		t.Errorf("%+v", v)
	}
	r = s.do("GET", bulkFields+"?issueIdsOrKeys="+a, nil).want(t, 200)
	if !strings.Contains(r.raw, `"id":"labels"`) || strings.Contains(r.raw, `"id":"created"`) {
		t.Error(r.raw)
	}
}

func TestBulkLag(t *testing.T) {
	t.Parallel()
	c := newClock()
	s := open(t, jira.Options{Now: c.Now, IndexLag: time.Minute, BulkLag: time.Hour})
	key := s.Add(jira.Seed{Summary: "A"})
	c.Add(time.Minute)
	s.move("11", key)
	c.Add(time.Hour)
	if got := s.searchKeys(`status = "In Progress"`); len(got) != 0 {
		t.Errorf("search sees a bulk change too early: %v", got)
	}
	c.Add(time.Minute)
	if got := s.searchKeys(`status = "In Progress"`); len(got) != 1 {
		t.Errorf("search does not see a bulk change: %v", got)
	}
}

// TestBulkSeesNoMoreThanTheAccount: a hidden issue is one that is not there.
func TestBulkSeesNoMoreThanTheAccount(t *testing.T) {
	t.Parallel()
	s := open(t, jira.Options{}).checked()
	a, b := s.Add(jira.Seed{Summary: "A"}), s.Add(jira.Seed{Summary: "B"})
	if err := s.Secure(b, "Board only"); err != nil {
		t.Fatal(err)
	}
	id, err := s.AddComment(b, "Amina Diallo", "among us")
	if err != nil {
		t.Fatal(err)
	}
	r := s.do("GET", bulkQueue+s.move("11", a, b), nil).want(t, 200)
	if r.at("invalidOrInaccessibleIssueCount") != 1.0 || len(r.list("processedAccessibleIssues")) != 1 || s.status(b) != "To Do" {
		t.Error(r.raw)
	}
	s.do("GET", bulkTransition+"?issueIdsOrKeys="+b, nil).want(t, 400)
	if r = s.do("POST", "/rest/api/3/comment/list", `{"ids":[`+id+`]}`).want(t, 200); r.at("total") != 0.0 {
		t.Error(r.raw)
	}
}
