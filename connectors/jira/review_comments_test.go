package jira

import (
	"strings"
	"testing"
	"time"

	"github.com/lockstep-sync/lockstep/connectors/sandbox/dials"
	sandbox "github.com/lockstep-sync/lockstep/connectors/sandbox/jira"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// However a comment was typed: once it has landed it is not sent again, though nobody was told that it did.
func TestAnOddCommentIsNotSentTwice(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"two  blanks", "a\ttab", "see #partners for it", "#partners", "ends with #partners.", "  - indented\n     more", "{code}*x*{code} [a|b] !c.png!",
		"one\n\u00a0\ntwo", "👩‍👩‍👧‍👦 and שלום", "line\u2028separator", "# not a list\n* nor this", "\\ backslash \\\\ two", "----", "h1. x", "bq. q", "a -- b --- c (/) :)",
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			for _, rule := range []string{"all", "#partners"} {
				everyChat(t, rule, func(c *chat) {
					t := c.t
					r := c.record(c.key)
					typed := task.TextValue(text)
					c.srv.Panel().Inject(dials.Fault{Method: "POST", Path: "/comment", Effect: dials.CutAfter})
					c.apply(change(r, task.Notes, typed))
					c.srv.Panel().Clear()
					c.clock.pass(time.Minute)
					r = c.record(c.key)
					c.must(change(r, task.Notes, typed))
					if (len(c.view(c.key).CommentViews) == 0) != (text == rule) { // of the rule's word alone nothing would be shown
						t.Errorf("comments: %s", c.texts())
					}
					said := map[string]bool{}
					for _, v := range c.view(c.key).CommentViews {
						if said[v.Text] {
							t.Errorf("twice: %s", c.texts())
						}
						said[v.Text] = true
					}
				})
			}
		})
	}
}

// An issue whose comments may not be read, or that is gone by now, keeps nobody else from being read, and says nothing of its notes.
func TestCommentsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for _, status := range []string{"403", "404"} {
		everyChat(t, "#partners", func(c *chat) {
			t := c.t
			c.says("Amina Diallo", "first #partners")
			for range 60 {
				c.says("Chen Wei", "chatter")
			}
			other := c.srv.Add(sandbox.Seed{Summary: "Other"})
			code := map[string]int{"403": 403, "404": 404}[status]
			c.srv.Panel().Inject(dials.Fault{
				Method: "GET", Path: "/comment", Times: -1, Effect: dials.Reply, Status: code,
				Body: `{"errorMessages":["Issue does not exist or you do not have permission to see it."],"errors":{}}`,
			})
			snap := c.read()
			recordOf(t, snap, other)
			r := recordOf(t, snap, c.key)
			if c.srv.Flavor() == sandbox.DataCenter {
				return // its search lists them all
			}
			if v, p := r.Values[task.Notes], r.Problems[task.Notes]; !v.IsUnreadable() || !strings.Contains(p.Hint, c.key) {
				t.Errorf("its notes are %q, held as %+v", v.Display(), p)
			}
		})
	}
}
