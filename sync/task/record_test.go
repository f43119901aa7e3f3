package task_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/lockstep-sync/lockstep/sync/task"
)

func TestFields(t *testing.T) {
	t.Parallel()
	all := task.AllFields()
	if len(all) != task.FieldCount || !slices.IsSorted(all) || all[0] != task.Title || all[len(all)-1] != task.Notes {
		t.Errorf("all fields are %v", all)
	}
	names, displays := map[string]bool{}, map[string]bool{}
	for _, f := range all {
		if got, ok := task.ParseField(f.String()); !ok || got != f {
			t.Errorf("%s is read as %s, %v", f, got, ok)
		}
		if f.Kind() == task.None || f.Kind() == task.Unreadable {
			t.Errorf("%s is a %s", f, f.Kind())
		}
		if d := f.Display(); d == "" || strings.Contains(d, "_") || strings.ToUpper(d[:1]) != d[:1] {
			t.Errorf("%s is displayed as %q", f, d)
		}
		names[f.String()], displays[f.Display()] = true, true
	}
	if len(names) != len(all) || len(displays) != len(all) {
		t.Error("two fields share a name")
	}
	for _, unknown := range []string{"", "Title", "due ", "deadline", "field(12)"} {
		if f, ok := task.ParseField(unknown); ok {
			t.Errorf("%q is read as %s", unknown, f)
		}
	}
	beyond := task.Field(task.FieldCount)
	if beyond.Kind() != task.None || beyond.String() != "field(12)" || beyond.Display() != "field(12)" {
		t.Errorf("a field that is none is %s %q", beyond.Kind(), beyond)
	}
	var f task.Field
	if err := f.UnmarshalText([]byte("deadline")); err == nil {
		t.Error("a name that is no field is read")
	}
}

func TestStatuses(t *testing.T) {
	t.Parallel()
	for _, s := range task.Statuses() {
		if d := task.StatusDisplay(s); d == s || strings.Contains(d, "_") {
			t.Errorf("status %q is displayed as %q", s, d)
		}
	}
	if len(task.Statuses()) != 5 || task.StatusDisplay("on fire") != "on fire" {
		t.Error("statuses are not what they were")
	}
	task.Statuses()[0] = "changed by a caller"
	if task.Statuses()[0] != task.NotStarted {
		t.Error("a caller changed the statuses")
	}
}

func TestHoldReasonsAreSortedAndClosed(t *testing.T) {
	t.Parallel()
	rs := task.HoldReasons()
	if !slices.IsSorted(rs) || len(slices.Compact(slices.Clone(rs))) != len(rs) || len(rs) != 14 {
		t.Errorf("reasons %q", rs)
	}
}

func TestProvisional(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]bool{"": false, "10001": false, "CW-1": false, "~": true, "~a1b2": true, "a~": false} {
		if got := (task.Ref{Key: key}).Provisional(); got != want {
			t.Errorf("key %q is provisional: %v; want %v", key, got, want)
		}
	}
}

func TestKindsHaveNames(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, k := range kinds() {
		seen[k.String()] = true
	}
	if len(seen) != len(kinds()) || task.Kind(200).String() != "kind(200)" {
		t.Errorf("kinds are called %v", seen)
	}
}

func TestValuesJSON(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var v task.Values
		for i := range v {
			v[i] = values().Draw(t, task.Field(i).String())
		}
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatalf("write values: %v", err)
		}
		got := task.Values{task.Notes: task.TextValue("left over")} // reading leaves nothing of what was there
		if err := json.Unmarshal(b, &got); err != nil || got != v {
			t.Fatalf("%s is read as %v, %v; want %v", b, got, err, v)
		}
	})
	var v task.Values
	if b, err := json.Marshal(v); err != nil || string(b) != "{}" {
		t.Errorf("no values are written as %s, %v", b, err)
	}
	future := `{"title":{"kind":"text","value":"a"},"mood":{"kind":"text","value":"good"}}`
	if err := json.Unmarshal([]byte(future), &v); err != nil || v[task.Title] != task.TextValue("a") {
		t.Errorf("a field of a later version: %v, %v; want it left out", v, err)
	}
	for _, bad := range []string{`[]`, `{"title":3}`, `{"due":{"kind":"date","value":"soon"}}`} {
		if err := json.Unmarshal([]byte(bad), &v); err == nil {
			t.Errorf("%s is read; want an error", bad)
		}
	}
}

func TestNoteKeepsTheFirstExplanation(t *testing.T) {
	t.Parallel()
	var r task.Record
	r.Note(task.Due, task.HoldUnreadable, "first")
	r.Note(task.Due, task.HoldNoTitle, "second")
	r.Note(task.Status, task.HoldUnmappedStatus, "other")
	want := map[task.Field]task.Problem{
		task.Due: {Reason: task.HoldUnreadable, Hint: "first"}, task.Status: {Reason: task.HoldUnmappedStatus, Hint: "other"},
	}
	if len(r.Problems) != 2 || r.Problems[task.Due] != want[task.Due] || r.Problems[task.Status] != want[task.Status] {
		t.Errorf("problems %v; want %v", r.Problems, want)
	}
}

func TestPatchJSONHidesWhatIsExpected(t *testing.T) {
	t.Parallel()
	p := task.Patch{
		Op: task.Adopt, Task: "CW-1", Ref: task.Ref{Source: "s", Key: "~1"}, Expect: task.Values{task.Notes: task.TextValue("private")},
		Set: []task.Change{{Field: task.QuickWin, From: task.Empty(task.Bool), To: task.BoolValue(true)}},
	}
	b, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"op":"adopt","task":"CW-1","ref":{"source":"s","key":"~1"},` +
		`"set":[{"field":"quick_win","from":{"kind":"bool","value":""},"to":{"kind":"bool","value":"true"}}]}`
	if string(b) != want {
		t.Errorf("a patch is written as\n%s; want\n%s", b, want)
	}
}
