package jira

import (
	"fmt"
	"strings"
	"testing"

	sandbox "github.com/lockstep-sync/lockstep/connectors/sandbox/jira"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// Issues as they are in the wild: each is read, or held by name, and none keeps the others from being read.
func TestOddIssues(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ab cd ", 32_767/6)
	base := func(n int, fields string) string {
		return fmt.Sprintf(`{"id":"%d","key":"ODD-%d","fields":{"project":{"id":"77","key":"ODD","name":"Odd"},"issuetype":{"id":"3","name":"Task"},"status":{"id":"1","name":"Open","statusCategory":{"key":"new"}},"updated":"2026-01-01T00:00:00.000+0000","created":"2026-01-01T00:00:00.000+0000"%s}}`, 9000+n, n, fields)
	}
	odd := []string{
		base(1, `,"summary":"Plain"`),
		base(2, `,"summary":null`),
		base(3, ``),
		base(4, `,"summary":"  \t "`),
		base(5, `,"summary":"Null priority","priority":null`),
		base(6, `,"summary":"A priority called None","priority":{"id":"9","name":"None"}`),
		base(7, `,"summary":"Long","description":"`+long+`"`),
		base(8, `,"summary":"😀 مرحبا بالعالم \u202edrow","description":"👩‍👩‍👧‍👦 שלום"`),
		base(9, `,"summary":"Comments","comment":{"comments":[{"id":"1"},{"id":"2","body":"no author","created":"2026-01-01T00:00:00.000+0000"},{"id":"3","author":{"name":"amina","displayName":"Amina Diallo"},"created":"2026-01-01T00:00:00.000+0000"}],"total":7,"maxResults":3,"startAt":0}`),
		base(10, `,"summary":"Done without a resolution","resolution":null`),
	}
	for _, sp := range everyJira() {
		t.Run(sp.name, func(t *testing.T) {
			t.Parallel()
			tl := start(t, setup{
				jira: sandbox.Options{Flavor: sp.flavor}, load: strings.NewReader(strings.Join(odd, "\n")),
				change: func(c *Config, o *Options) {
					o.CloudAPI = sp.api
					c.JQL, c.Comments = "project = ODD", "all"
					c.Fields = map[task.Field]string{task.Workstream: "description"}
					c.Create = nil
				},
			})
			snap := tl.read()
			if len(snap.Records) != len(odd) || !snap.Complete {
				t.Fatalf("%d records, complete %v, held %+v", len(snap.Records), snap.Complete, snap.Held)
			}
			at := func(n int) task.Record { return recordOf(t, snap, fmt.Sprintf("ODD-%d", n)) }
			for _, n := range []int{2, 3, 4} {
				// The house makes a title that is empty one that waits for a person.
				if got := at(n).Values[task.Title]; !got.IsEmpty() {
					t.Errorf("%d has the title %q", n, got)
				}
			}
			for n, want := range map[int]string{1: "Plain", 5: "Null priority", 8: "😀 مرحبا بالعالم \u202edrow"} {
				if got := at(n).Values[task.Title].String(); got != want {
					t.Errorf("%d has the title %q", n, got)
				}
			}
			for _, n := range []int{5, 6} {
				if got := at(n).Values[task.Priority]; !got.IsEmpty() || got.IsNone() {
					t.Errorf("%d has the priority %q", n, got)
				}
			}
			if got := at(7).Values[task.Workstream].String(); got != strings.TrimSpace(long) {
				t.Errorf("a long description has %d characters", len(got))
			}
			if got := at(8).Values[task.Workstream].String(); got != "👩‍👩‍👧‍👦 שלום" {
				t.Errorf("a description reads %q", got)
			}
			if got := at(9).Values[task.Notes].String(); !strings.HasSuffix(got, "somebody: no author") || strings.Count(got, "\n") != 0 {
				t.Errorf("the log reads %q", got)
			}
			if got := at(10).Values[task.Status].String(); got != task.NotStarted {
				t.Errorf("the status is %q", got)
			}
		})
	}
}
