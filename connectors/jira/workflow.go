package jira

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lockstep-sync/lockstep/sync/fault"
)

// workflow remembers which transitions lead where, since each issue tells only of those from its own status. What it
// remembers may be wrong for one issue (a condition) and grows old: see batch.next.
type workflow struct {
	now   func() time.Time
	edges map[flowKey][]edge
	read  map[flowKey]time.Time // when; what has no time was read just now
	empty map[flowKey]bool      // statuses in which no issue was found whose transitions could be read
	asked map[string]bool       // ids of the fields that transitions ask for
	rules map[ruleKey]bool      // fields that a rule was found to want
}

// ruleKey is a field of the screen of a transition from a status.
type ruleKey struct {
	from              flowKey
	transition, field string
}

// What was read is believed for flowFresh. For flowKept it is still good enough to look ahead, and to know a dead end
// without moving an issue into it once more.
const (
	flowFresh = time.Hour
	flowKept  = 24 * time.Hour
)

type flowKey struct{ project, issueType, status string }

// edge is one transition.
type edge struct {
	id string
	to wireStatus
	// screen says that a resolution may be set, one of the names in resolutions; insists, that one must be.
	screen, insists bool
	resolutions     []string
	// asks are the other fields that must hold something.
	asks []ask
	// others are the fields of the screen that need not: a rule that cannot be seen may still want them.
	others map[string]wireScreenField
	// alone says that the transition has to be made issue by issue.
	alone bool
}

func newWorkflow(now func() time.Time) *workflow {
	return &workflow{
		now: now, edges: map[flowKey][]edge{}, read: map[flowKey]time.Time{}, empty: map[flowKey]bool{}, asked: map[string]bool{},
		rules: map[ruleKey]bool{},
	}
}

// forget has everything read again before it is relied on, so that a changed workflow is seen in time.
func (w *workflow) forget() {
	clear(w.empty)
	clear(w.rules)
	now := w.now()
	for key := range w.edges {
		if at, ok := w.read[key]; !ok || now.Sub(at) < flowFresh {
			w.read[key] = now.Add(-flowFresh)
		}
	}
}

// drop forgets the transitions from one status.
func (w *workflow) drop(key flowKey) {
	delete(w.edges, key)
	delete(w.read, key)
}

// fresh are the transitions from a status as far as they can be relied on.
func (w *workflow) fresh(key flowKey) ([]edge, bool) {
	out, ok := w.edges[key]
	if at, dated := w.read[key]; dated && w.now().Sub(at) >= flowFresh {
		return nil, false
	}
	return out, ok
}

// kept are the transitions from a status as they were seen last.
func (w *workflow) kept(key flowKey) ([]edge, bool) {
	if at, dated := w.read[key]; dated && w.now().Sub(at) >= flowKept {
		w.drop(key)
	}
	out, ok := w.edges[key]
	return out, ok
}

// learn remembers the transitions from a status.
func (c *Connector) learn(key flowKey, edges []edge) {
	w := c.flow
	for i := range edges {
		e := &edges[i]
		for _, field := range sortedKeys(e.others) {
			if w.rules[ruleKey{key, e.id, field}] {
				e.asks = append(e.asks, c.asking(field, e.others[field]))
				delete(e.others, field)
			}
		}
		for _, a := range e.asks {
			w.asked[a.id] = true
		}
	}
	w.edges[key], w.read[key] = edges, w.now()
	delete(w.empty, key)
}

// unread are the ids of fields that transitions ask for and that were not read with the issue, sorted.
func (w *workflow) unread(is *wireIssue) []string {
	var out []string
	for _, id := range sortedKeys(w.asked) {
		if _, ok := is.Fields[id]; !ok && id != commentField {
			out = append(out, id)
		}
	}
	return out
}

func flowKeyOf(is *wireIssue) flowKey {
	return flowKey{is.named("project").ID, is.named("issuetype").ID, is.status().ID}
}

// at is the key of another status of the same workflow.
func (k flowKey) at(status string) flowKey { return flowKey{k.project, k.issueType, status} }

// edgesFrom are the transitions of an issue, remembered or read.
func (c *Connector) edgesFrom(ctx context.Context, is *wireIssue) (out []edge, remembered bool, err error) {
	key := flowKeyOf(is)
	if out, ok := c.flow.fresh(key); ok {
		return out, true, nil
	}
	if out, err = c.readEdges(ctx, is.ID); err != nil {
		return nil, false, err
	}
	c.learn(key, out)
	return out, false, nil
}

func (c *Connector) readEdges(ctx context.Context, id string) ([]edge, error) {
	ts, err := c.api.transitions(ctx, id)
	if err != nil {
		return nil, err
	}
	var out []edge
	for _, t := range ts {
		if t.Available == nil || *t.Available {
			out = append(out, c.edgeOf(t))
		}
	}
	return out, nil
}

func (c *Connector) edgeOf(t wireTransition) edge {
	e := edge{id: t.ID, to: t.To, others: map[string]wireScreenField{}}
	for _, id := range sortedKeys(t.Fields) {
		f := t.Fields[id]
		required := f.Required && !f.HasDefault
		switch {
		case id == "resolution":
			e.screen, e.insists = true, required
			for _, ch := range f.choices() {
				e.resolutions = append(e.resolutions, ch.text())
				c.meaning.resolution(ch.text())
			}
			if required && t.To.Category.Key != "done" {
				e.screen = false
				e.asks = append(e.asks, c.asking(id, f))
			}
		case required:
			e.asks = append(e.asks, c.asking(id, f))
		default:
			e.others[id] = f
		}
	}
	return e
}

// insist notes that Jira refused a transition for want of fields that its screen does not call required: a rule of the
// workflow wants them. It reports whether something new was learned.
func (c *Connector) insist(key flowKey, id string, call *callError) bool {
	i := slices.IndexFunc(c.flow.edges[key], func(e edge) bool { return e.id == id })
	if i < 0 {
		return false
	}
	e := c.flow.edges[key][i]
	said := fold(call.fault.Error())
	learned := false
	for _, field := range sortedKeys(e.others) {
		f := e.others[field]
		_, named := call.fields[field]
		if !named && (len(call.fields) > 0 || f.Name == "" || !strings.Contains(said, fold(f.Name))) {
			continue
		}
		c.flow.rules[ruleKey{key, id, field}] = true
		learned = true
	}
	if learned {
		c.learn(key, c.flow.edges[key])
	}
	return learned
}

// peek learns the transitions from a status without moving an issue into it: from another issue that is there. It
// reports whether it learned them.
func (c *Connector) peek(ctx context.Context, key flowKey) (bool, error) {
	if c.flow.empty[key] || key.project == "" || key.issueType == "" {
		return false, nil
	}
	page, err := c.api.search(ctx, "look for an issue in that status", searchRequest{
		JQL:    fmt.Sprintf("project = %s AND issuetype = %s AND status = %s ORDER BY key DESC", quoteJQL(key.project), quoteJQL(key.issueType), quoteJQL(key.status)),
		Fields: []string{"status"}, Max: 1,
	})
	if err != nil {
		if call, ok := asCall(err); ok && !call.stops() && fault.Of(err).Kind == fault.Permanent {
			c.flow.empty[key] = true // Jira will not have the question; the issue has to show the way itself
			return false, nil
		}
		return false, err
	}
	// The index may lag: what is believed is the issue's own status.
	for i := range page.Issues {
		is := &page.Issues[i]
		if got, err := c.api.issue(ctx, "look at an issue in that status", is.ID, []string{"status"}); err != nil || got.status().ID != key.status {
			continue
		}
		edges, err := c.readEdges(ctx, is.ID)
		if err != nil {
			return false, err
		}
		c.learn(key, edges)
		return true, nil
	}
	c.flow.empty[key] = true
	return false, nil
}

// moved notes what a transition is known to do. A status that is not done has no resolution that counts.
func (is *wireIssue) moved(to wireStatus, resolution string) {
	is.set("status", to)
	switch {
	case resolution != "":
		is.resolve(resolution)
	case to.Category.Key != "done":
		is.set("resolution", nil)
	}
}

func (is *wireIssue) resolve(name string) { is.set("resolution", wireNamed{Name: name}) }

func (is *wireIssue) set(field string, v any) {
	if b, err := json.Marshal(v); err == nil {
		is.Fields[field] = b
	}
}

// stillAt finds out whether a refusal came because somebody else moved the issue.
func (c *Connector) stillAt(ctx context.Context, is *wireIssue) error {
	got, err := c.api.issue(ctx, "read the issue again", is.ID, []string{"status"})
	if err != nil {
		return err
	}
	if now := got.status(); now.ID != is.status().ID {
		return c.fault(fault.New(fault.Conflict, fault.Precondition, "move the issue", "it is in status %s by now", quoteName(now.Name)))
	}
	return nil
}
