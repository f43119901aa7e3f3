package jira

import (
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/lockstep-sync/lockstep/sync/task"
)

func issueOf(t *testing.T, fields string) *wireIssue {
	t.Helper()
	is := &wireIssue{ID: "10001", Key: "WASH-1"}
	if err := json.Unmarshal([]byte(fields), &is.Fields); err != nil {
		t.Fatal(err)
	}
	return is
}

func TestReadOddValues(t *testing.T) {
	t.Parallel()
	c := board(t, map[string][]string{"cancelled": {"Won't Do"}, "blocked": {"Impeded"}})
	const status = `"status":{"id":"2","name":"In Progress","statusCategory":{"key":"indeterminate"}}`
	num := func(f float64) task.Value {
		v, err := task.NumberValue(f)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, tc := range []struct {
		fields  string
		f       task.Field
		want    task.Value
		problem task.HoldReason
	}{
		{`{"summary":"  two \u00a0"}`, task.Title, task.TextValue("two"), ""},
		{`{"summary":null}`, task.Title, task.Empty(task.Text), ""},
		{`{}`, task.Title, task.Empty(task.Text), ""},
		{`{"summary":{"x":1}}`, task.Title, task.UnreadableValue(`{"x":1}`), task.HoldUnreadable},
		{`{` + status + `}`, task.Status, task.EnumValue(task.InProgress), ""},
		{`{"status":{"id":"4","name":"Impeded","statusCategory":{"key":"indeterminate"}}}`, task.Status, task.EnumValue(task.Blocked), ""},
		{`{"status":{"id":"77","name":" IMPEDED ","statusCategory":{"key":"new"}}}`, task.Status, task.EnumValue(task.Blocked), ""},
		{`{"status":{"id":"9","name":"Odd","statusCategory":{"key":"undefined"}}}`, task.Status, task.UnreadableValue("Odd"), task.HoldUnmappedStatus},
		{`{}`, task.Status, task.UnreadableValue(""), task.HoldUnmappedStatus},
		{`{"status":{"id":"3","name":"Done","statusCategory":{"key":"done"}},"resolution":null}`, task.Status, task.EnumValue(task.Done), ""},
		{`{"status":{"id":"3","name":"Done","statusCategory":{"key":"done"}},"resolution":{"name":"Won't Do"}}`, task.Status, task.EnumValue(task.Cancelled), ""},
		{`{"status":{"id":"3","name":"Done","statusCategory":{"key":"done"}},"resolution":{"name":"Not Our Bug"}}`, task.Status, task.EnumValue(task.Cancelled), ""},
		{`{"status":{"id":"2","name":"In Progress","statusCategory":{"key":"indeterminate"}},"resolution":{"name":"Won't Do"}}`, task.Status, task.EnumValue(task.InProgress), ""},
		{`{"priority":null}`, task.Priority, task.Empty(task.Text), ""},
		{`{"priority":{"name":"None"}}`, task.Priority, task.Empty(task.Text), ""},
		{`{"priority":{"name":"High "}}`, task.Priority, task.TextValue("High"), ""},
		{`{}`, task.Priority, task.Value{}, ""},
		{`{"assignee":{"accountId":"acc-amina","displayName":"whoever"}}`, task.Assignee, task.PersonValue("Amina Diallo"), ""},
		{`{"assignee":{"accountId":"b","displayName":"x","emailAddress":"ben@example.ORG"}}`, task.Assignee, task.PersonValue("Ben Okoro"), ""},
		{`{"assignee":{"name":"adiallo","key":"k","displayName":"a.  diallo"}}`, task.Assignee, task.PersonValue("Amina Diallo"), ""},
		{`{"assignee":{"name":"jdoe"}}`, task.Assignee, task.PersonValue("jdoe"), ""},
		{`{"assignee":null}`, task.Assignee, task.Empty(task.Person), ""},
		{`{"assignee":{}}`, task.Assignee, task.UnreadableValue("{}"), task.HoldUnreadable},
		{`{"duedate":"2026-03-01"}`, task.Due, date(t, "2026-03-01"), ""},
		{`{"duedate":"2024-04-25 00:00:00.0"}`, task.Due, task.UnreadableValue("2024-04-25 00:00:00.0"), task.HoldUnreadable},
		{`{"duedate":null}`, task.Due, task.Empty(task.Date), ""},
		{`{"labels":["b","a","lockstep-CW-4","lockstep-XX-5","lockstep-like"]}`, task.Labels, task.SetValue("a", "b", "lockstep-like"), ""},
		{`{"labels":[]}`, task.Labels, task.Empty(task.Set), ""},
		{`{"components":[{"name":"Wells"},{"name":"Pumps"}]}`, task.Workstream, task.TextValue("Pumps"), ""}, // the first by name
		{`{"components":[]}`, task.Workstream, task.Empty(task.Text), ""},
		{`{"customfield_1":35}`, task.Progress, num(0.35), ""},
		{`{"customfield_1":"many"}`, task.Progress, task.UnreadableValue("many"), task.HoldUnreadable},
		{`{}`, task.Progress, task.Value{}, ""},
		{`{"description":"a\r\nb"}`, task.Notes, task.TextValue("a\nb"), ""},
	} {
		col, ok := c.column(tc.f)
		if !ok {
			t.Fatalf("%s is not mapped", tc.f)
		}
		got, p := c.read(col, issueOf(t, tc.fields))
		if got != tc.want {
			t.Errorf("%s %s: got %s %q, want %s %q", tc.f, tc.fields, got.Kind(), got, tc.want.Kind(), tc.want)
		}
		if (p == nil) != (tc.problem == "") || p != nil && (p.Reason != tc.problem || p.Hint == "") {
			t.Errorf("%s %s: problem %+v, want %q", tc.f, tc.fields, p, tc.problem)
		}
	}
}

func date(t *testing.T, s string) task.Value {
	t.Helper()
	v, err := task.Parse(task.Date, s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestColumns(t *testing.T) {
	t.Parallel()
	known := []wireField{
		{ID: "customfield_1", Name: "Start date", Schema: wireSchema{Type: "date"}},
		{ID: "customfield_2", Name: "Team", Schema: wireSchema{Type: "string"}},
		{ID: "customfield_3", Name: "team", Schema: wireSchema{Type: "string"}},
		{ID: "customfield_4", Name: "When", Schema: wireSchema{Type: "datetime"}},
	}
	for _, tc := range []struct {
		f      task.Field
		to, id string
		hint   string
	}{
		{task.Start, "customfield_1", "customfield_1", ""},
		{task.Start, " start  DATE ", "customfield_1", ""},
		{task.Start, "Started", "", "Start date"},
		{task.Workstream, "Team", "", "customfield_2, customfield_3"},
		{task.Workstream, "component", "components", ""},
		{task.Notes, "Description", "description", ""},
		{task.Start, "customfield_2", "", "cannot be read as a date"},
		{task.Start, "When", "customfield_4", ""},
	} {
		cols, held := columns(map[task.Field]string{tc.f: tc.to}, known)
		switch {
		case tc.hint == "" && (len(cols) != 1 || cols[0].id != tc.id || len(held) != 0):
			t.Errorf("%s → %q: got %+v, held %+v", tc.f, tc.to, cols, held)
		case tc.hint != "" && (len(cols) != 0 || len(held) != 1 || held[0].Reason != task.HoldSchemaDrift ||
			held[0].Field != tc.f.String() || !strings.Contains(held[0].Hint, tc.hint)):
			t.Errorf("%s → %q: got %+v, held %+v", tc.f, tc.to, cols, held)
		}
	}
}

// Reading never panics, and never invents a value of another kind than the field's.
func TestReadAnything(t *testing.T) {
	t.Parallel()
	c := board(t, nil)
	leaf := rapid.SampledFrom([]string{
		`null`, `1`, `-0`, `1e999`, `true`, `""`, `"x"`, `"2026-01-01"`, `[]`, `{}`, `[null]`, `[1]`,
		`{"name":null}`, `{"name":""}`, `{"name":1}`, `{"id":3,"name":"Done","statusCategory":null}`, `[{"value":"a"}]`, `"\ud800"`,
	})
	rapid.Check(t, func(rt *rapid.T) {
		is := &wireIssue{Fields: map[string]json.RawMessage{}}
		for _, col := range c.columns {
			if rapid.Bool().Draw(rt, "present") {
				is.Fields[col.id] = json.RawMessage(leaf.Draw(rt, col.id))
			}
		}
		r := c.record(is)
		for f, v := range r.Values {
			field := task.Field(f)
			_, explained := r.Problems[field]
			switch {
			case v.IsUnreadable() != explained:
				rt.Fatalf("%s: %v, explained %v", field, v, explained)
			case !v.IsNone() && !v.IsUnreadable() && v.Kind() != field.Kind():
				rt.Fatalf("%s is a %s", field, v.Kind())
			}
		}
	})
}
