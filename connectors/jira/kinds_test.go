package jira

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	sandbox "github.com/lockstep-sync/lockstep/connectors/sandbox/jira"
	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// onEvery runs a test on every kind of Jira.
func onEvery(t *testing.T, test func(t *testing.T, sp spoken)) {
	t.Helper()
	for _, sp := range everyJira() {
		t.Run(sp.name, func(t *testing.T) {
			t.Parallel()
			test(t, sp)
		})
	}
}

// withFields starts a Jira that has custom fields, each mapped by its name.
func withFields(t *testing.T, sp spoken, specs map[task.Field]sandbox.FieldSpec) (*tool, map[task.Field]string) {
	t.Helper()
	tl := start(t, setup{jira: sandbox.Options{Flavor: sp.flavor}, change: func(c *Config, o *Options) {
		o.CloudAPI = sp.api
		c.Fields = map[task.Field]string{}
		for f, spec := range specs {
			c.Fields[f] = spec.Name
		}
		c.People = []Person{{Name: "Amina Diallo", Email: "amina@example.org"}, {Name: "Chen Wei", Email: "chen@example.org"}}
	}})
	tl.srv.AddUser("Amina Diallo", "amina@example.org")
	tl.srv.AddUser("Chen Wei", "chen@example.org")
	ids := map[task.Field]string{}
	for f, spec := range specs {
		id, err := tl.srv.AddField(spec)
		if err != nil {
			t.Fatal(err)
		}
		ids[f] = id
	}
	return tl, ids
}

func (tl *tool) set(key, field string, v any) {
	tl.t.Helper()
	if err := tl.srv.Set(key, map[string]any{field: v}); err != nil {
		tl.t.Fatal(err)
	}
}

// Every kind of custom field is read, written and emptied, and what it cannot hold is said before anything is sent.
func TestEveryKindOfField(t *testing.T) {
	t.Parallel()
	text, set, yes, no := task.TextValue, task.SetValue, task.BoolValue(true), task.BoolValue(false)
	amina, chen := task.PersonValue("Amina Diallo"), task.PersonValue("Chen Wei")
	water := []string{"Water", "Sanitation", "Other"}
	for name, tc := range map[string]struct {
		typ     sandbox.FieldType
		options []string
		f       task.Field
		has     any        // what a person put there
		read    task.Value // how it reads
		want    task.Value // what is written
		shows   task.Value // what Jira then shows, where that is another value
		holds   any        // what Jira then holds
		bad     task.Value // what it cannot hold
		hint    string     // what is said of that
	}{
		"a line":          {typ: sandbox.FieldText, f: task.Workstream, has: "Wells", read: text("Wells"), want: text("on\ntwo lines"), shows: text("on two lines"), holds: "on two lines"},
		"a long line":     {typ: sandbox.FieldText, f: task.Workstream, has: "x", read: text("x"), want: text(strings.Repeat("ab", 300)), shows: text(strings.Repeat("ab", 127) + "a"), holds: strings.Repeat("ab", 127) + "a"},
		"a text area":     {typ: sandbox.FieldTextArea, f: task.Notes, has: "a", read: text("a"), want: text("one\n\ntwo *stars*")},
		"a text as a yes": {typ: sandbox.FieldText, f: task.QuickWin, has: "no", read: no, want: yes, holds: "Yes"},
		"an address":      {typ: sandbox.FieldURL, f: task.Workstream, has: "https://a.example", read: text("https://a.example"), want: text("https://b.example/x"), holds: "https://b.example/x", bad: text("the wiki"), hint: "https://example.org/page"},
		"a number as one": {typ: sandbox.FieldNumber, f: task.Workstream, has: 12, read: text("12"), want: text("12.50"), shows: text("12.5"), holds: 12.5, bad: text("many"), hint: "only numbers"},
		"a percentage":    {typ: sandbox.FieldNumber, f: task.Progress, has: 30, read: fraction(t, 0.3), want: fraction(t, 0.55), holds: 55.0},
		"a day":           {typ: sandbox.FieldDate, f: task.Start, has: "2026-05-01", read: date(t, "2026-05-01"), want: date(t, "2026-06-02"), holds: "2026-06-02"},
		"a list":          {typ: sandbox.FieldSelect, options: water, f: task.Workstream, has: "Water", read: text("Water"), want: text(" sanitation"), shows: text("Sanitation"), holds: "Sanitation", bad: text("Sanitatoin"), hint: "Sanitation"},
		"a radio button":  {typ: sandbox.FieldRadio, options: []string{"yes", "no"}, f: task.QuickWin, has: "yes", read: yes, want: no, holds: "no"},
		"a list of a yes": {typ: sandbox.FieldSelect, options: []string{"Y"}, f: task.QuickWin, has: "Y", read: yes, want: no, shows: task.Empty(task.Bool), holds: nil},
		"a box to tick":   {typ: sandbox.FieldCheckboxes, options: []string{"Quick win!"}, f: task.QuickWin, has: nil, read: task.Empty(task.Bool), want: yes, holds: []string{"Quick win!"}},
		"no yes at all":   {typ: sandbox.FieldSelect, options: water, f: task.QuickWin, has: nil, read: task.Empty(task.Bool), want: no, shows: task.Empty(task.Bool), holds: nil, bad: yes, hint: "does not offer"},
		"a set":           {typ: sandbox.FieldMultiSelect, options: water, f: task.Labels, has: []string{"Water", "Other"}, read: set("Other", "Water"), want: set("WATER", "Sanitation"), shows: set("Water", "Sanitation"), holds: []string{"Water", "Sanitation"}, bad: set("Water", "Wine"), hint: "Wine"},
		"a set as a text": {typ: sandbox.FieldMultiSelect, options: water, f: task.Workstream, has: []string{"Water", "Other"}, read: text("Other"), want: text("Sanitation"), holds: []string{"Water", "Sanitation"}},
		"a cascade":       {typ: sandbox.FieldCascading, options: []string{"Water > Pumps", "Water > Wells", "Land"}, f: task.Workstream, has: "Water > Pumps", read: text("Water / Pumps"), want: text("water / wells"), shows: text("Water / Wells"), holds: "Water > Wells", bad: text("Land / Wells"), hint: "nearest"},
		"half a cascade":  {typ: sandbox.FieldCascading, options: []string{"Water > Pumps", "Land"}, f: task.Workstream, has: "Water > Pumps", read: text("Water / Pumps"), want: text("Land"), holds: "Land"},
		"a person":        {typ: sandbox.FieldUser, f: task.Assignee, has: "Amina Diallo", read: amina, want: chen, holds: "Chen Wei", bad: task.PersonValue("Nobody"), hint: "Nobody"},
		"the first of us": {typ: sandbox.FieldUsers, f: task.Assignee, has: []string{"Amina Diallo"}, read: amina, want: chen, holds: []string{"Chen Wei"}},
		"labels":          {typ: sandbox.FieldLabels, f: task.Labels, has: []string{"a", "b"}, read: set("a", "b"), want: set("b", "new one"), shows: set("b", "new-one"), holds: []string{"b", "new-one"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEvery(t, func(t *testing.T, sp spoken) {
				t.Helper()
				tl, ids := withFields(t, sp, map[task.Field]sandbox.FieldSpec{tc.f: {Name: "Of the field", Type: tc.typ, Options: tc.options}})
				key := tl.srv.Add(sandbox.Seed{Summary: "x"})
				if tc.has != nil {
					tl.set(key, ids[tc.f], tc.has)
				}
				r := tl.record(key)
				if got := r.Values[tc.f]; got != tc.read || len(r.Problems) > 0 {
					t.Fatalf("reads %s %q, problems %+v", got.Kind(), got, r.Problems)
				}
				if !tl.Describe().Writes(tc.f) {
					t.Fatal("it is said to be read-only")
				}
				shows := tc.shows
				if shows.IsNone() {
					shows = tc.want
				}
				if got, problem := tl.Normalize(tc.f, tc.want, r.Values[tc.f]); got != shows || problem != nil {
					t.Fatalf("Jira would show %q (%v), want %q", got, problem, shows)
				}
				back := tl.must(change(r, tc.f, shows))[0].Record
				if got := back.Values[tc.f]; got != shows {
					t.Errorf("read back %q, want %q", got, shows)
				}
				if holds := tl.view(key).Custom[ids[tc.f]]; tc.typ != sandbox.FieldTextArea && !sameHeld(holds, tc.holds) {
					t.Errorf("Jira holds %#v, want %#v", holds, tc.holds)
				}
				tl.requests()
				tl.must(change(*back, tc.f, shows))
				for _, req := range tl.requests() {
					if strings.HasPrefix(req, "PUT") {
						t.Errorf("what is true already was written: %s", req)
					}
				}
				if name == "a set as a text" {
					return // see TestOneOfSeveral
				}
				back = tl.must(change(*back, tc.f, task.Empty(tc.f.Kind())))[0].Record
				if !back.Values[tc.f].IsEmpty() {
					t.Errorf("emptied, it shows %q", back.Values[tc.f])
				}
				if tc.bad.IsNone() {
					return
				}
				if got, problem := tl.Normalize(tc.f, tc.bad, back.Values[tc.f]); problem == nil || got != back.Values[tc.f] || !strings.Contains(problem.Hint, tc.hint) {
					t.Errorf("%q: shown as %q, problem %+v", tc.bad, got, problem)
				}
				f := fault.Of(tl.apply(change(*back, tc.f, tc.bad))[0].Err)
				if f == nil || f.Kind != fault.Permanent || !strings.Contains(f.Hint, tc.hint) {
					t.Errorf("%q written: %+v", tc.bad, f)
				}
			})
		})
	}
}

func sameHeld(got, want any) bool {
	if list, ok := got.([]string); ok && len(list) == 0 && want == nil {
		return true
	}
	return reflect.DeepEqual(got, want) || fmt.Sprint(got) == fmt.Sprint(want)
}
