package jira

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/lockstep-sync/lockstep/connectors/sandbox/dials"
	sandbox "github.com/lockstep-sync/lockstep/connectors/sandbox/jira"
	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// chat is a Jira whose comments are updates, with one issue.
type chat struct {
	*tool
	key string
}

// everyChat runs the test on every flavor.
func everyChat(t *testing.T, rule string, f func(*chat)) {
	t.Helper()
	for _, flavor := range []sandbox.Flavor{sandbox.Cloud, sandbox.DataCenter} {
		t.Run(string(flavor), func(t *testing.T) {
			t.Parallel()
			tl := start(t, setup{
				jira:   sandbox.Options{Flavor: flavor},
				change: func(c *Config, o *Options) { c.Comments, o.Location = rule, time.FixedZone("EAT", 3*3600) },
			})
			f(&chat{tl, tl.srv.Add(sandbox.Seed{Summary: "Drill"})})
		})
	}
}

func (c *chat) says(author, text string) string {
	c.t.Helper()
	c.clock.pass(time.Minute)
	id, err := c.srv.AddComment(c.key, author, text)
	if err != nil {
		c.t.Fatal(err)
	}
	return id
}

// notes are the notes of the issue as the connector reads them, without the times.
func (c *chat) notes() string {
	c.t.Helper()
	return timeless(c.record(c.key).Values[task.Notes].String())
}

func timeless(log string) string {
	lines := strings.Split(log, "\n")
	for i, l := range lines {
		if entryHead.MatchString(l) {
			lines[i] = l[len(entryTime)+1:]
		}
	}
	return strings.Join(lines, "\n")
}

func (c *chat) texts() string {
	var out []string
	for _, v := range c.view(c.key).CommentViews {
		out = append(out, v.Author+": "+v.Text)
	}
	return strings.Join(out, " | ")
}

func TestCommentsBecomeNotesAndNotesComments(t *testing.T) {
	t.Parallel()
	everyChat(t, "all", func(c *chat) {
		t := c.t
		c.read()
		id := c.says("Amina Diallo", "The pump has arrived\nbut not its seal")
		r := c.record(c.key)
		if got := r.Values[task.Notes].String(); got != "2026-03-02 12:01 Amina Diallo: The pump has arrived\n  but not its seal" {
			t.Fatalf("notes %q", got)
		}
		// Somebody writes on the scorecard.
		was := r.Values[task.Notes]
		typed := task.TextValue("The permit is late {panic} *not bold*\n" + was.String())
		want, problem := c.Normalize(task.Notes, typed, was)
		if problem != nil || want != typed {
			t.Fatalf("Jira would show %q (%v)", want, problem)
		}
		c.clock.pass(time.Minute)
		back := c.must(change(r, task.Notes, typed))[0].Record
		const log = "Lockstep: The permit is late {panic} *not bold*\nAmina Diallo: The pump has arrived\n  but not its seal"
		if got := timeless(back.Values[task.Notes].String()); got != log {
			t.Fatalf("read back %q", got)
		}
		// What it shows now asks for nothing more; nor does what was typed, which the scorecard may show a while longer.
		for _, v := range []task.Value{back.Values[task.Notes], typed} {
			c.requests()
			c.must(change(*back, task.Notes, v))
			for _, req := range c.requests() {
				if !strings.HasPrefix(req, "GET") && !strings.Contains(req, "bulkfetch") {
					t.Errorf("written again: %s", req)
				}
			}
		}
		// Edits on both sides are followed.
		if err := c.srv.EditComment(c.key, id, "Amina Diallo", "The pump and its seal have arrived"); err != nil {
			t.Fatal(err)
		}
		c.clock.pass(time.Minute)
		r = c.record(c.key)
		edited := strings.Replace(r.Values[task.Notes].String(), "is late", "has come", 1)
		c.must(change(r, task.Notes, task.TextValue(edited)))
		if got, want := c.notes(), "Lockstep: The permit has come {panic} *not bold*\nAmina Diallo: The pump and its seal have arrived"; got != want {
			t.Errorf("notes %q, want %q", got, want)
		}
		if got := len(c.view(c.key).CommentViews); got != 2 {
			t.Errorf("%d comments: %s", got, c.texts())
		}
		if err := c.srv.DeleteComment(c.key, id); err != nil {
			t.Fatal(err)
		}
		if got := c.notes(); strings.Contains(got, "Amina") {
			t.Errorf("a deleted comment is still in the notes: %q", got)
		}
	})
}

func TestOnlyMarkedCommentsLeaveJira(t *testing.T) {
	t.Parallel()
	everyChat(t, "#partners", func(c *chat) {
		t := c.t
		c.says("Amina Diallo", "between us")
		c.says("Amina Diallo", "for all #partners")
		hidden := c.says("Amina Diallo", "for some #partners")
		if err := c.srv.RestrictComment(c.key, hidden, "role", "Administrators"); err != nil {
			t.Fatal(err)
		}
		c.srv.Join("role", "Administrators") // so that the account can read it
		r := c.record(c.key)
		if got := timeless(r.Values[task.Notes].String()); got != "Amina Diallo: for all" {
			t.Fatalf("notes %q", got)
		}
		c.must(change(r, task.Notes, task.TextValue("Thanks\n"+r.Values[task.Notes].String())))
		if got := c.texts(); !strings.HasSuffix(got, "Lockstep: Thanks #partners") {
			t.Errorf("comments %s", got)
		}
		if got := c.notes(); got != "Lockstep: Thanks\nAmina Diallo: for all" {
			t.Errorf("notes %q", got)
		}
	})
}

// A search lists only some comments. Where they do not hold all updates, the others are read.
func TestCommentsBeyondWhatASearchLists(t *testing.T) {
	t.Parallel()
	everyChat(t, "#partners", func(c *chat) {
		t := c.t
		c.says("Amina Diallo", "first #partners")
		for i := range 130 {
			c.says("Chen Wei", fmt.Sprintf("chatter %d", i))
		}
		if got := c.notes(); got != "Amina Diallo: first" {
			t.Errorf("notes %q", got)
		}
	})
}

// A comment whose sending was cut off is not sent twice.
func TestACommentIsNotSentTwice(t *testing.T) {
	t.Parallel()
	everyChat(t, "all", func(c *chat) {
		t := c.t
		for i, effect := range []dials.Effect{dials.CutBefore, dials.CutAfter} {
			r := c.record(c.key)
			typed := task.TextValue(fmt.Sprintf("News %d\n%s", i, r.Values[task.Notes].String()))
			c.srv.Panel().Inject(dials.Fault{Method: "POST", Path: "/comment", Effect: effect})
			rc := c.apply(change(r, task.Notes, typed))
			if rc[0].Err == nil || !rc[0].Uncertain && effect == dials.CutAfter {
				t.Fatalf("%s: %+v", effect, rc[0])
			}
			c.srv.Panel().Clear()
			c.clock.pass(time.Minute)
			// The engine reads, and plans again what is not true yet.
			r = c.record(c.key)
			c.must(change(r, task.Notes, typed))
			if got := len(c.view(c.key).CommentViews); got != i+1 {
				t.Errorf("%s: %d comments: %s", effect, got, c.texts())
			}
		}
	})
}

func TestCommentsThatMayNotBeWritten(t *testing.T) {
	t.Parallel()
	everyChat(t, "all", func(c *chat) {
		t := c.t
		r := c.record(c.key)
		c.srv.Deny("ADD_COMMENTS")
		p := change(r, task.Notes, task.TextValue("News"))
		p.Set = append(p.Set, task.Change{Field: task.Due, From: r.Values[task.Due], To: date(t, "2026-05-05")})
		rc := c.apply(p)[0]
		if f := fault.Of(rc.Err); f == nil || !strings.Contains(f.Hint, "Add Comments") || f.Kind != fault.Partial {
			t.Errorf("got %+v", rc.Err)
		}
		if got := c.view(c.key).Due; got != "2026-05-05" {
			t.Errorf("the due date did not go through: %q", got)
		}
	})
}
