package jira

import (
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/lockstep-sync/lockstep/sync/task"
)

// board is a connector that has seen a small site, without any request.
func board(t *testing.T, status map[string][]string) *Connector {
	t.Helper()
	c, err := New(Config{
		URL: "https://x.example.org", Email: "bot@example.org", Token: "t", JQL: "project = WASH",
		Status: status, Fields: map[task.Field]string{task.Notes: "description", task.Progress: "customfield_1", task.Workstream: "component"},
		People: []Person{
			{Name: "Amina Diallo", AccountID: "acc-amina", Aliases: []string{"A. Diallo"}},
			{Name: "Ben Okoro", Email: "Ben@Example.org"},
		},
	}, Options{Source: "s", KeyPrefix: "CW"})
	if err != nil {
		t.Fatal(err)
	}
	c.columns, c.held = columns(c.cfg.mapping(), []wireField{{ID: "customfield_1", Name: "Done %", Schema: wireSchema{Type: "number"}}})
	if len(c.held) > 0 {
		t.Fatalf("held: %v", c.held)
	}
	c.priorities = []string{"High", "Medium", "Low"}
	_, c.held = c.meaning.learn(map[string]wireStatus{
		"1": {ID: "1", Name: "To Do", Category: wireCategory{Key: "new"}},
		"2": {ID: "2", Name: "In Progress", Category: wireCategory{Key: "indeterminate"}},
		"3": {ID: "3", Name: "Done", Category: wireCategory{Key: "done"}},
		"4": {ID: "4", Name: "Impeded", Category: wireCategory{Key: "indeterminate"}},
	}, nil)
	c.ready = true
	return c
}

func TestNormalize(t *testing.T) {
	t.Parallel()
	plain, configured := board(t, nil), board(t, map[string][]string{"blocked": {"impeded"}, "cancelled": {"Won’t  do"}})
	for _, r := range []string{"Done", "Won't Do"} {
		configured.meaning.resolution(r)
	}
	text, set, enum, person := task.TextValue, task.SetValue, task.EnumValue, task.PersonValue
	for _, tc := range []struct {
		name       string
		c          *Connector
		f          task.Field
		want, have task.Value
		shows      task.Value
		problem    task.HoldReason
	}{
		{"a title on two lines", plain, task.Title, text("a\nb"), text("x"), text("a b"), ""},
		{"a long title", plain, task.Title, text(strings.Repeat("é", 300)), text("x"), text(strings.Repeat("é", 255)), ""},
		{"a title of wide characters", plain, task.Title, text(strings.Repeat("😀", 200)), text("x"), text(strings.Repeat("😀", 127)), ""},
		{"a cut that leaves a blank", plain, task.Title, text(strings.Repeat("a", 254) + " b"), text("x"), text(strings.Repeat("a", 254)), ""},
		{"no title", plain, task.Title, task.Empty(task.Text), text("x"), text("x"), ""},
		{"blocked without a status for it", plain, task.Status, enum(task.Blocked), enum(task.NotStarted), enum(task.InProgress), ""},
		{"blocked with one", configured, task.Status, enum(task.Blocked), enum(task.NotStarted), enum(task.Blocked), ""},
		{"done", plain, task.Status, enum(task.Done), enum(task.Blocked), enum(task.Done), ""},
		{"cancelled, nowhere to put it", plain, task.Status, enum(task.Cancelled), enum(task.Done), enum(task.Done), task.HoldUnsupported},
		{"cancelled by resolution", configured, task.Status, enum(task.Cancelled), enum(task.Done), enum(task.Cancelled), ""},
		{"no status", plain, task.Status, task.Empty(task.Enum), enum(task.Done), enum(task.Done), ""},
		{"no such status", plain, task.Status, enum("paused"), enum(task.Done), enum(task.Done), task.HoldUnsupported},
		{"a person who is configured", plain, task.Assignee, person("Amina Diallo"), task.Empty(task.Person), person("Amina Diallo"), ""},
		{"a person without an account", plain, task.Assignee, person("Ben Okoro"), person("Amina Diallo"), person("Amina Diallo"), task.HoldUnmatchedPerson},
		{"nobody", plain, task.Assignee, task.Empty(task.Person), person("Amina Diallo"), task.Empty(task.Person), ""},
		{"a priority in other letters", plain, task.Priority, text("high"), text("Low"), text("High"), ""},
		{"no such priority", plain, task.Priority, text("Urgent"), text("Low"), text("Low"), task.HoldUnsupported},
		{"no priority", plain, task.Priority, task.Empty(task.Text), text("Low"), text("Low"), ""},
		{"labels with blanks", plain, task.Labels, set("two words", "ok", "lockstep-CW-9"), set(), set("two-words", "ok"), ""},
		{"notes", plain, task.Notes, text("a\nb"), text(""), text("a\nb"), ""},
		{"a field that is not mapped", plain, task.QuickWin, task.BoolValue(true), task.Value{}, task.Value{}, task.HoldUnsupported},
	} {
		got, p := tc.c.Normalize(tc.f, tc.want, tc.have)
		if got != tc.shows {
			t.Errorf("%s: shows %q, want %q", tc.name, got.Display(), tc.shows.Display())
		}
		if (p == nil) != (tc.problem == "") || p != nil && (p.Reason != tc.problem || p.Hint == "") {
			t.Errorf("%s: problem %+v, want %q", tc.name, p, tc.problem)
		}
	}
}

// What Jira would show, written again, shows the same; and it is always text that Jira takes.
func TestNormalizeIsIdempotent(t *testing.T) {
	t.Parallel()
	c := board(t, map[string][]string{"blocked": {"Impeded"}})
	rapid.Check(t, func(rt *rapid.T) {
		s := rapid.OneOf(rapid.String(), rapid.StringMatching(`[a-z \n\t😀é]{200,400}`)).Draw(rt, "text")
		n, err := task.NumberValue(rapid.Float64Range(-10, 10).Draw(rt, "number"))
		if err != nil {
			rt.Fatal(err)
		}
		for f, v := range map[task.Field]task.Value{
			task.Title: task.TextValue(s), task.Notes: task.TextValue(s), task.Labels: task.SetValue(strings.Split(s, "a")...),
			task.Priority: task.TextValue(s), task.Assignee: task.PersonValue(s), task.Progress: n,
			task.Status: task.EnumValue(rapid.SampledFrom(task.Statuses()).Draw(rt, "status")),
		} {
			have := task.Empty(f.Kind())
			once, _ := c.Normalize(f, v, have)
			twice, problem := c.Normalize(f, once, once)
			if once != twice || problem != nil {
				rt.Fatalf("%s: %q, then %q (%v)", f, once, twice, problem)
			}
			if again, problem := c.Normalize(f, once, have); again != once || problem != nil {
				rt.Fatalf("%s: what Jira would show, %q, is shown as %q (%v)", f, once, again, problem)
			}
			switch text := once.String(); {
			case !utf8.ValidString(text):
				rt.Fatalf("%s: not text: %q", f, text)
			case f == task.Title && (strings.ContainsAny(text, "\r\n") || len(utf16.Encode([]rune(text))) > titleMax):
				rt.Fatalf("Jira takes no such title: %q", text)
			}
			for _, l := range once.Items() {
				if f == task.Labels && (len(strings.Fields(l)) != 1 || l != strings.TrimSpace(l)) {
					rt.Fatalf("Jira takes no such label: %q", l)
				}
			}
		}
	})
}
