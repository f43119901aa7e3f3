package jira

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	sandbox "github.com/lockstep-sync/lockstep/connectors/sandbox/jira"
	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// Fields of every kind on the screen of a transition, filled in from the configuration, on each flavor's paths.
func TestScreenIsFilledIn(t *testing.T) {
	t.Parallel()
	for _, api := range []int{3, 2} {
		tl := start(t, setup{change: func(c *Config, o *Options) {
			o.CloudAPI = api
			c.People = []Person{{Name: "Amina Diallo", Email: "amina@example.org"}}
			c.TransitionFields = map[string]string{
				"Root cause": "pipe", "Areas": "North, South", "Place": "Well / Deep", "Cost": "12.5", "Finished on": "today",
				"Approver": "Amina Diallo", "Report": "One line\nand another", "Remark": "fine", "Comment": "Closed in the scorecard",
			}
		}})
		tl.srv.AddUser("Amina Diallo", "amina@example.org")
		var fields []sandbox.ScreenField
		for _, spec := range []sandbox.FieldSpec{
			{Name: "Root cause", Type: sandbox.FieldSelect, Options: []string{"Pump", "Pipe"}},
			{Name: "Areas", Type: sandbox.FieldMultiSelect, Options: []string{"North", "South", "West"}},
			{Name: "Place", Type: sandbox.FieldCascading, Options: []string{"Well", "Well > Deep", "River"}},
			{Name: "Cost", Type: sandbox.FieldNumber},
			{Name: "Finished on", Type: sandbox.FieldDate},
			{Name: "Approver", Type: sandbox.FieldUser},
			{Name: "Report", Type: sandbox.FieldTextArea},
			{Name: "Remark", Type: sandbox.FieldText},
		} {
			id, err := tl.srv.AddField(spec)
			if err != nil {
				t.Fatal(err)
			}
			fields = append(fields, sandbox.ScreenField{ID: id, Required: true})
		}
		if err := tl.srv.SetWorkflow(tl.srv.Project(), []sandbox.TransitionSpec{
			{ID: "11", From: []string{"To Do"}, To: "Done", Category: "done", Screen: true, Fields: append(fields, sandbox.ScreenField{ID: "resolution", Required: true})},
			{ID: "21", From: []string{"Done"}, To: "To Do", Category: "new"},
		}); err != nil {
			t.Fatal(err)
		}
		key := tl.srv.Add(sandbox.Seed{Summary: "A"})
		rc := tl.must(change(tl.record(key), task.Status, task.EnumValue(task.Done)))[0]
		v := tl.view(key)
		if rc.Record.Values[task.Status].String() != task.Done || v.Resolution != "Done" {
			t.Errorf("version %d: it is %s, %s", api, v.Status, v.Resolution)
		}
		for _, f := range fields {
			if v.Custom[f.ID] == nil {
				t.Errorf("version %d: %s is empty", api, f.ID)
			}
		}
		// Reopened with its resolution, closed again as cancelled, and reopened and closed as done: each is what it says.
		for _, want := range []string{task.NotStarted, task.Cancelled, task.NotStarted, task.Done, task.Cancelled, task.Done} {
			tl.must(change(tl.record(key), task.Status, task.EnumValue(want)))
			if got := recordOf(t, tl.full(), key).Values[task.Status].String(); got != want {
				t.Errorf("version %d: it reads %s, want %s", api, got, want)
			}
		}
	}
}

// A default that the screen offers people fills in nothing for a client: what Jira then asks for is named, or filled in.
func TestScreenWithDefault(t *testing.T) {
	t.Parallel()
	for _, value := range []string{"", "Pipe"} {
		tl := start(t, setup{change: func(c *Config, _ *Options) {
			if value != "" {
				c.TransitionFields = map[string]string{"Root cause": value}
			}
		}})
		id, err := tl.srv.AddField(sandbox.FieldSpec{Name: "Root cause", Type: sandbox.FieldSelect, Options: []string{"Pump", "Pipe"}})
		if err != nil {
			t.Fatal(err)
		}
		if err := tl.srv.SetWorkflow(tl.srv.Project(), []sandbox.TransitionSpec{
			{From: []string{"To Do"}, To: "Done", Category: "done", Screen: true, Fields: []sandbox.ScreenField{{ID: id, Required: true, Default: "Pump"}}},
		}); err != nil {
			t.Fatal(err)
		}
		key := tl.srv.Add(sandbox.Seed{Summary: "A"})
		rc := tl.apply(change(tl.record(key), task.Status, task.EnumValue(task.Done)))[0]
		if value == "" {
			if f := wantFault(t, rc.Err, fault.Permanent, fault.Unsupported); !strings.Contains(f.Hint, "asks for “Root cause”") {
				t.Errorf("it says %v (%s)", f, f.Hint)
			}
		} else if rc.Err != nil || tl.view(key).Custom[id] == nil {
			t.Errorf("%v; it holds %v", rc.Err, tl.view(key).Custom[id])
		}
	}
}

func TestTransitionFieldsByKind(t *testing.T) {
	t.Parallel()
	c := board(t, nil)
	one := func(kind, items string, values ...string) wireScreenField {
		f := wireScreenField{Name: "F", Schema: wireSchema{Type: kind, Items: items}}
		if len(values) > 0 {
			var all []string
			for i, v := range values {
				all = append(all, fmt.Sprintf(`{"id":"%d","name":%q,"children":[{"id":"9%d","value":"Child"}]}`, i+1, v, i))
			}
			f.Allowed = []byte("[" + strings.Join(all, ",") + "]")
		}
		return f
	}
	for _, tc := range []struct {
		field      wireScreenField
		text, want string // "" for an error
	}{
		{one("string", ""), " x ", `x`},
		{one("number", ""), "2.5", `2.5`},
		{one("number", ""), "two", ""},
		{one("date", ""), "2026-12-31", `2026-12-31`},
		{one("date", ""), "soon", ""},
		{one("datetime", ""), "2026-12-31T15:00:00Z", `2026-12-31T15:00:00.000+0000`},
		{one("datetime", ""), "noon", ""},
		{one("user", ""), "Amina Diallo", `map[accountId:acc-amina]`},
		{one("user", ""), "Nobody", ""},
		{one("option", "", "A", "B, C"), "b, c", `{2   }`},
		{one("option", "", "A"), "Z", ""},
		{one("option", ""), "A", `{   A}`},
		{one("version", ""), "1.0", `{  1.0 }`},
		{one("array", "option", "A", "B, C", "D"), "B, C", `[{2   }]`},
		{one("array", "option", "A", "B", "D"), "A, D", `[{1   } {3   }]`},
		{one("array", "option", "A", "B", "D"), "A, Z", ""},
		{one("array", "string"), "a, b", `[a b]`},
		{one("array", "string"), " , ", ""},
		{one("option-with-child", "", "A", "B"), "B / Child", `map[child:{91   } id:2]`},
		{one("option-with-child", "", "A", "B"), "B", `{2   }`},
		{one("option-with-child", "", "A", "B"), "B / Other", ""},
		{one("timetracking", ""), "1d", ""},
	} {
		got, err := c.fromText("customfield_1", tc.field, tc.text)
		if text := fmt.Sprint(got); (err == nil) != (tc.want != "") || err == nil && text != tc.want {
			t.Errorf("%s %q: got %s, %v; want %s", tc.field.Schema.Type, tc.text, text, err, tc.want)
		}
	}
	if today, err := c.fromText("customfield_1", one("date", ""), "today"); err != nil || len(fmt.Sprint(today)) != len("2026-12-31") {
		t.Errorf("today is %v, %v", today, err)
	}
	many := slices.Repeat([]string{"V"}, 30)
	if _, err := c.fromText("customfield_1", one("option", "", many...), "Z"); err == nil || !strings.HasSuffix(err.Error(), ", …") || len(err.Error()) > 200 {
		t.Errorf("got %v", err)
	}
}
