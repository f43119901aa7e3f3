package jira

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

func choiceField(name string, required bool, values ...string) map[string]any {
	all := []any{}
	for i, v := range values {
		all = append(all, obj{"id": fmt.Sprint(100 + i), "value": v})
	}
	return obj{"required": required, "name": name, "schema": obj{"type": "option"}, "allowedValues": all}
}

func resolutions(required bool, names ...string) map[string]any {
	all := []any{}
	for i, n := range names {
		all = append(all, obj{"id": fmt.Sprint(i + 1), "name": n})
	}
	return obj{"required": required, "name": "Resolution", "schema": obj{"type": "resolution"}, "allowedValues": all}
}

// Where an issue ends, what was done to it, and what is said.
func TestWorkflows(t *testing.T) {
	t.Parallel()
	simple := []string{"To Do new", "Doing indeterminate", "Done done"}
	const cause = "customfield_10050"
	for _, tc := range []struct {
		name   string
		world  *world
		config Config
		want   string
		at     string // where the issue ends
		posts  int
		says   string // the error and its hint hold these, parted by |; "" for none
		also   func(t *testing.T, p *piece)
	}{
		{name: "two hops", world: flow(t, simple, "To Do>Doing", "Doing>Done", "Doing>To Do"), want: task.Done, at: "Done", posts: 2},
		{
			name: "a dead end, and back", world: flow(t, simple, "To Do>Doing", "Doing>To Do"), want: task.Done, at: "To Do", posts: 2,
			says: "no transition leads from “Doing” to a status that means Done|tried “To Do” → “Doing”, and put it back to “To Do”|by hand",
		},
		{
			name: "a dead end without a way back", world: flow(t, simple, "To Do>Doing"), want: task.Done, at: "Doing", posts: 1,
			says: "tried “To Do” → “Doing”, and left it in “Doing”|no way leads back from “Doing” to “To Do”",
		},
		{
			name: "a loop", world: flow(t, append(simple, "Review indeterminate", "Test indeterminate"), "To Do>Doing", "Doing>Review", "Review>Test", "Test>Doing", "Doing>To Do"),
			want: task.Done, at: "To Do", posts: 5, says: "tried “To Do” → “Doing” → “Review” → “Test”, and put it back",
		},
		{
			name: "an issue is not closed to look behind", world: flow(t, []string{"To Do new", "Done done", "Doing indeterminate"}, "To Do>Done", "Done>Doing"),
			want: task.InProgress, at: "To Do", posts: 0, says: "no transition leads from “To Do”",
		},
		{name: "nowhere", world: flow(t, simple), want: task.Done, at: "To Do", says: "Transition Issues"},
		{
			name: "two that mean it", world: flow(t, []string{"To Do new", "Analysis indeterminate", "Build indeterminate"}, "To Do>Build", "To Do>Analysis"), want: task.InProgress, at: "To Do",
			says: "“Analysis” and “Build” all mean In progress|name it under status.in_progress",
		},
		{
			name: "two that mean it, one configured", world: flow(t, []string{"To Do new", "Analysis indeterminate", "Build indeterminate"}, "To Do>Build", "To Do>Analysis"),
			config: Config{Status: map[string][]string{"in_progress": {"Analysis", "Build"}}}, want: task.InProgress, at: "Analysis", posts: 1,
		},
		{
			name: "two that mean it, one with the usual name", world: flow(t, []string{"To Do new", "Analysis indeterminate", "In Progress indeterminate"}, "To Do>Analysis", "To Do>In Progress"),
			want: task.InProgress, at: "In Progress", posts: 1,
		},
		{
			name: "an asked field without a value", world: flow(t, simple, "To Do>Done").screen(1, cause, choiceField("Root cause", true, "Pump", "Pipe")), want: task.Done, at: "To Do",
			says: "the transition to “Done” asks for “Root cause”|jira.transition_fields",
		},
		{
			name: "an asked field with one value", world: flow(t, simple, "To Do>Done").screen(1, cause, choiceField("Root cause", true, "Pump")), want: task.Done, at: "Done", posts: 1,
			also: func(t *testing.T, p *piece) { t.Helper(); holdsID(t, p, cause, "100") },
		},
		{
			name: "an asked field that is configured", world: flow(t, simple, "To Do>Done").screen(1, cause, choiceField("Root cause", true, "Pump", "Pipe")),
			config: Config{TransitionFields: map[string]string{"root CAUSE": "pipe"}}, want: task.Done, at: "Done", posts: 1,
			also: func(t *testing.T, p *piece) { t.Helper(); holdsID(t, p, cause, "101") },
		},
		{
			name: "an asked field that is configured wrongly", world: flow(t, simple, "To Do>Done").screen(1, cause, choiceField("Root cause", true, "Pump", "Pipe")),
			config: Config{TransitionFields: map[string]string{cause: "Well"}}, want: task.Done, at: "To Do", says: "“Well” is not among the values that Jira allows: “Pump”, “Pipe”",
		},
		{
			name: "an asked field that people filled in", world: held(flow(t, simple, "To Do>Done").screen(1, cause, choiceField("Root cause", true, "Pump", "Pipe")), cause, obj{"id": "100"}),
			config: Config{TransitionFields: map[string]string{cause: "Pipe"}}, want: task.Done, at: "Done", posts: 1,
			also: func(t *testing.T, p *piece) { t.Helper(); holdsID(t, p, cause, "100") },
		},
		{
			name: "an asked field with a default", world: flow(t, simple, "To Do>Done").screen(1, cause, obj{"required": true, "hasDefaultValue": true, "name": "Root cause", "schema": obj{"type": "option"}}),
			want: task.Done, at: "Done", posts: 1,
		},
		{
			name: "a rule that wants a field of the screen", world: ruled(flow(t, simple, "To Do>Done").screen(1, cause, choiceField("Root cause", false, "Pump", "Pipe")), cause),
			config: Config{TransitionFields: map[string]string{"Root cause": "Pump"}}, want: task.Done, at: "Done", posts: 2,
		},
		{
			name: "a rule that wants a field of the screen which nothing decides", world: ruled(flow(t, simple, "To Do>Done").screen(1, cause, choiceField("Root cause", false, "Pump", "Pipe")), cause),
			want: task.Done, at: "To Do", posts: 1, says: "the transition to “Done” asks for “Root cause”",
		},
		{
			name: "a rule that wants a comment", world: ruled(flow(t, simple, "To Do>Done").screen(1, "comment", obj{"required": false, "name": "Comment", "schema": obj{"type": "comments-page"}}), "comment"),
			want: task.Done, at: "To Do", posts: 1, says: "the transition to “Done” asks for a comment",
		},
		{
			name: "a comment that is configured", world: ruled(flow(t, simple, "To Do>Done").screen(1, "comment", obj{"required": false, "name": "Comment", "schema": obj{"type": "comments-page"}}), "comment"),
			config: Config{TransitionFields: map[string]string{"comment": "Closed in the scorecard"}}, want: task.Done, at: "Done", posts: 2,
		},
		{
			name: "a rule that wants what is on no screen", world: ruled(flow(t, simple, "To Do>Done"), cause), want: task.Done, at: "To Do", posts: 2,
			says: "asks for “customfield_10050”",
		},
		{
			name: "a way round a screen that cannot be filled in", world: flow(t, append(simple, "Ready indeterminate"), "To Do>Done", "To Do>Ready", "Ready>Done").screen(1, cause, choiceField("Root cause", true, "Pump", "Pipe")),
			want: task.Done, at: "Done", posts: 2,
		},
		{
			name: "resolutions", world: flow(t, simple, "To Do>Done").screen(1, "resolution", resolutions(true, "Fixed", "Won't Do")), want: task.Cancelled, at: "Done", posts: 1,
			also: func(t *testing.T, p *piece) { t.Helper(); resolved(t, p, "Won't Do") },
		},
		{
			name: "resolutions, none of which says it", world: flow(t, simple, "To Do>Done").screen(1, "resolution", resolutions(true, "Won't Do")), want: task.Done, at: "To Do",
			says: "no transition leads",
		},
		{name: "done without a resolution is done", world: flow(t, simple, "To Do>Done"), want: task.Done, at: "Done", posts: 1},
		{
			name: "an old resolution, replaced on the screen", world: old(flow(t, simple, "To Do>Done").screen(1, "resolution", resolutions(false, "Done", "Won't Do"))), want: task.Done, at: "Done", posts: 1,
			also: func(t *testing.T, p *piece) { t.Helper(); resolved(t, p, "Done") },
		},
		{
			name: "an old resolution, replaced by an edit", world: editable(old(flow(t, simple, "To Do>Done"))), want: task.Done, at: "Done", posts: 1,
			also: func(t *testing.T, p *piece) { t.Helper(); resolved(t, p, "Done") },
		},
		{
			name: "an old resolution, replaced by the workflow", world: setting(old(flow(t, simple, "To Do>Done", "Done>To Do")), 1, "Done"), want: task.Done, at: "Done", posts: 1,
			also: func(t *testing.T, p *piece) { t.Helper(); resolved(t, p, "Done") },
		},
		{
			name: "an old resolution that stays", world: old(flow(t, simple, "To Do>Done", "Done>To Do")), want: task.Done, at: "To Do", posts: 2,
			says: "it kept the resolution “Won't Do”|put it back to “To Do”|put Resolution on the screen of the transition to “Done”",
		},
		{
			name: "reopened and closed again", world: cancelled(setting(flow(t, simple, "To Do>Done", "Done>To Do"), 1, "Done")), want: task.Done, at: "Done", posts: 2,
			also: func(t *testing.T, p *piece) { t.Helper(); resolved(t, p, "Done") },
		},
		{
			name: "reopened with its resolution is open", world: cancelled(flow(t, simple, "To Do>Done", "Done>To Do")), want: task.NotStarted, at: "To Do", posts: 1,
		},
		{
			name: "a rule takes it elsewhere", world: landing(flow(t, simple, "To Do>Doing", "Doing>Done"), 1, 0), want: task.InProgress, at: "To Do", posts: 1,
			says: "Jira made it “Not started” instead of “In progress”|rule of the workflow",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := tc.world.client(t, tc.config)
			if err := c.prepare(t.Context()); err != nil {
				t.Fatal(err)
			}
			rc := c.Apply(t.Context(), []task.Patch{tc.world.patch(c, "1", tc.want)})[0]
			p := tc.world.issues["1"]
			if at := tc.world.statuses[p.at].Name; at != tc.at || p.posts != tc.posts {
				t.Errorf("it ends in %s after %d transitions, want %s after %d", at, p.posts, tc.at, tc.posts)
			}
			if (rc.Err == nil) != (tc.says == "") {
				t.Fatalf("it says %v", rc.Err)
			}
			if rc.Err != nil {
				f := fault.Of(rc.Err)
				for part := range strings.SplitSeq(tc.says, "|") {
					if !strings.Contains(f.Error()+" "+f.Hint, part) {
						t.Errorf("%q is not in: %s (%s)", part, f, f.Hint)
					}
				}
			}
			if tc.also != nil {
				tc.also(t, p)
			}
		})
	}
}

func holdsID(t *testing.T, p *piece, field, id string) {
	t.Helper()
	if got, _ := p.fields[field].(map[string]any); got["id"] != id {
		t.Errorf("%s holds %v, want the choice %s", field, p.fields[field], id)
	}
}

func resolved(t *testing.T, p *piece, want string) {
	t.Helper()
	if p.resolution != want {
		t.Errorf("its resolution is %q, want %q", p.resolution, want)
	}
}

func held(w *world, field string, v any) *world {
	w.issues["1"].fields[field] = v
	return w
}

func ruled(w *world, field string) *world {
	w.ways[0].hidden = field
	return w
}

// old leaves a resolution on an issue that was reopened.
func old(w *world) *world {
	w.issues["1"].resolution = "Won't Do"
	return w
}

func cancelled(w *world) *world {
	w.issues["1"].at = 2
	return old(w)
}

func editable(w *world) *world {
	w.editable = true
	return w
}

func setting(w *world, n int, resolution string) *world {
	w.ways[n-1].sets = resolution
	return w
}

func landing(w *world, n, at int) *world {
	w.ways[n-1].lands = at
	return w
}

// A dead end is walked into once: what was seen there is known for the next time, and an issue that sits there shows the
// way without being moved.
func TestDeadEndIsRemembered(t *testing.T) {
	t.Parallel()
	w := flow(t, []string{"To Do new", "Doing indeterminate", "Done done"}, "To Do>Doing", "Doing>To Do")
	c := w.client(t, Config{})
	for range 3 {
		if err := c.prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
		if rc := c.Apply(t.Context(), []task.Patch{w.patch(c, "1", task.Done)})[0]; rc.Err == nil {
			t.Fatal("it got there")
		}
		c.flow.forget()
	}
	if p := w.issues["1"]; p.posts != 2 || p.at != 0 {
		t.Errorf("%d transitions in three tries; it is in %s", p.posts, w.statuses[p.at].Name)
	}
	seen := flow(t, []string{"To Do new", "Doing indeterminate", "Done done"}, "To Do>Doing", "Doing>To Do")
	seen.issues["2"] = &piece{id: "2", at: 1, fields: map[string]any{}}
	c = seen.client(t, Config{})
	if err := c.prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	if rc := c.Apply(t.Context(), []task.Patch{seen.patch(c, "1", task.Done)})[0]; rc.Err == nil || seen.issues["1"].posts != 0 {
		t.Errorf("%d transitions, %v", seen.issues["1"].posts, rc.Err)
	}
}

// A condition bars one issue from a way that another showed.
func TestBarredIssueTakesAnotherWay(t *testing.T) {
	t.Parallel()
	w := flow(t, []string{"To Do new", "Doing indeterminate", "Done done"}, "To Do>Done", "To Do>Doing", "Doing>Done")
	w.issues["2"] = &piece{id: "2", fields: map[string]any{}}
	w.ways[0].barred = map[string]bool{"2": true}
	c := w.client(t, Config{})
	if err := c.prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i, rc := range c.Apply(t.Context(), []task.Patch{w.patch(c, "1", task.Done), w.patch(c, "2", task.Done)}) {
		if rc.Err != nil {
			t.Errorf("patch %d: %v", i, rc.Err)
		}
	}
	if w.issues["2"].at != 2 {
		t.Errorf("it is in %s", w.statuses[w.issues["2"].at].Name)
	}
}

// A field that is on no screen is drift: named with its issue type, while the others go through.
func TestFieldOffScreen(t *testing.T) {
	t.Parallel()
	w := flow(t, []string{"To Do new", "Doing indeterminate", "Done done"}, "To Do>Doing")
	w.refuse = map[string]string{"duedate": "Das Feld kann nicht gesetzt werden."}
	c := w.client(t, Config{})
	if err := c.prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	p := w.patch(c, "1", task.InProgress)
	p.Set = append(p.Set, task.Change{Field: task.Title, From: task.TextValue("S1"), To: task.TextValue("New")},
		task.Change{Field: task.Due, From: task.Empty(task.Date), To: date(t, "2026-05-05")})
	rc := c.Apply(t.Context(), []task.Patch{p})[0]
	f := wantFault(t, rc.Err, fault.Partial, fault.SchemaDrift)
	for _, part := range []string{"“duedate”", "“Task”", "WASH"} {
		if !strings.Contains(f.Hint, part) {
			t.Errorf("%s is not in the hint %q", part, f.Hint)
		}
	}
	if v := rc.Record.Values; v[task.Title].String() != "New" || v[task.Status].String() != task.InProgress || !v[task.Due].IsEmpty() {
		t.Errorf("read back %v", v)
	}
	p.Set = p.Set[2:]
	wantFault(t, c.Apply(t.Context(), []task.Patch{p})[0].Err, fault.Permanent, fault.SchemaDrift)
}
