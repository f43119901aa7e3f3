package jira

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/lockstep-sync/lockstep/sync/fault"
)

// hopsMax is how many transitions one change of status may take, and once more the way back.
const hopsMax = 6

// peeksMax is how many statuses are looked into from afar for one change of status.
const peeksMax = 8

// move is an issue on its way to another status.
type move struct {
	is   *wireIssue
	want string

	home       wireStatus // where it was
	means      string     // what that meant, "" where no rule told
	resolution string     // that it had there
	path       []string   // names of the statuses that it was taken to
	visited    map[string]bool
	doubted    map[flowKey]bool // remembered transitions that were read anew
	again      bool             // a step without an answer was tried once more
	wary       bool             // an old resolution may show again where it arrives
	err        error            // why it did not get there
	maybe      *step            // one without an answer: the issue may be where it leads by now
}

func (c *Connector) newMove(is *wireIssue, want string) *move {
	m := &move{
		is: is, want: want, home: is.status(), resolution: is.named("resolution").Name,
		visited: map[string]bool{}, doubted: map[flowKey]bool{},
	}
	m.means, _ = c.meaning.read(is)
	return m
}

func (m *move) hops() int { return len(m.path) }

// begun reports that the issue was moved, or may have been. It may be asked of nil.
func (m *move) begun() bool { return m != nil && (m.hops() > 0 || m.err != nil) }

// astray reports that the issue is not where it was, and not where it should be.
func (m *move) astray() bool { return m.hops() > 0 && !m.atHome() }

// atHome reports that the issue is where it was.
func (m *move) atHome() bool { return m.is.status().ID == m.home.ID }

// walk moves an issue until its status means what is wanted. It keeps the issue up to date with what each step is known
// to do. Where it gets stuck half-way, the issue is put back to where it was if a way back is known: left in a status that
// nobody chose, it would tell everybody something that is not so.
func (b *batch) walk(ctx context.Context, m *move) error {
	for {
		s, arrived, err := b.next(ctx, m)
		if arrived {
			return nil
		}
		if err == nil {
			err = b.take(ctx, m, s)
		}
		if err != nil {
			return b.backOut(ctx, m, err)
		}
	}
}

// next chooses the next step. Where no way is known as a whole, it looks ahead from other issues before it steps into
// the unknown.
func (b *batch) next(ctx context.Context, m *move) (s step, arrived bool, err error) {
	c, is := b.c, m.is
	if got, ok := c.meaning.read(is); ok && got == m.want {
		return step{}, true, nil
	}
	m.visited[is.status().ID] = true
	key := flowKeyOf(is)
	for peeks := 0; ; {
		edges, remembered, err := c.edgesFrom(ctx, is)
		if err == nil {
			err = b.supply(ctx, is)
		}
		if err != nil {
			return step{}, false, err
		}
		ways, unknown := c.survey(is, edges, m.want, m.visited, hopsMax-m.hops(), false)
		if len(ways)+len(unknown) == 0 {
			ways, unknown = c.survey(is, edges, m.want, m.visited, hopsMax-m.hops(), true)
		}
		if len(ways) > 0 {
			way, err := c.best(ways, m.want)
			if err != nil {
				return step{}, false, err
			}
			return way[0], false, nil
		}
		learned := false
		for _, w := range unknown {
			if learned || peeks == peeksMax {
				break
			}
			if at := key.at(w.end().ID); !c.flow.empty[at] {
				peeks++
				if learned, err = c.peek(ctx, at); err != nil {
					return step{}, false, err
				}
			}
		}
		if learned {
			continue
		}
		if way := c.likeliest(unknown, m.want); way != nil {
			return way[0], false, nil
		}
		if !remembered || m.doubted[key] {
			return step{}, false, c.noWay(is, edges, m.want)
		}
		m.doubted[key] = true
		c.flow.drop(key)
	}
}

// supply reads the fields that transitions ask for, of all issues of the batch at once: what people filled in stays.
func (b *batch) supply(ctx context.Context, is *wireIssue) error {
	ids := b.c.flow.unread(is)
	if len(ids) == 0 {
		return nil
	}
	which := map[string]*wireIssue{is.ID: is}
	for id, other := range b.current {
		if other != nil && len(b.c.flow.unread(other)) > 0 { // nil: Jira says that it is not there
			which[id] = other
		}
	}
	got, err := b.c.api.fetch(ctx, "read what the transitions ask for", sortedKeys(which), ids)
	if err != nil {
		return err
	}
	for id, one := range which {
		for _, field := range ids {
			if _, known := one.Fields[field]; known {
				continue
			}
			one.Fields[field] = nil // the issue has no such field
			if read := got[id]; read != nil {
				one.Fields[field] = read.Fields[field]
			}
		}
	}
	return nil
}

// take makes one step. No error does not mean that the step was made, only that it is worth asking for the next one.
func (b *batch) take(ctx context.Context, m *move, s step) error {
	c, is := b.c, m.is
	if err := b.clean(ctx, m, s); err != nil {
		return err
	}
	key := flowKeyOf(is)
	err := c.api.transition(ctx, is.ID, s)
	call, ok := asCall(err)
	switch {
	case err == nil:
		c.arrive(m, s)
		return c.asMeant(ctx, m, s)
	case !ok:
		return err
	case call.status == http.StatusBadRequest && c.insist(key, s.id, call):
		return nil // a rule of the workflow wants a field: perhaps it can be filled in
	case !m.doubted[key] && (call.status == http.StatusBadRequest || call.status == http.StatusNotFound || call.status == http.StatusConflict):
		m.doubted[key] = true
		c.flow.drop(key)
		return c.stillAt(ctx, is)
	case call.status == http.StatusBadRequest:
		return c.rejected(s, call)
	case call.uncertain && !m.again:
		// Half-way is no place to stay, and it may be there.
		m.again = true
		switch c.whereIs(ctx, m) {
		case s.to.ID:
			c.arrive(m, s)
			return nil
		case is.status().ID:
			return nil
		}
	}
	if call.uncertain {
		m.maybe = &s
	}
	return err
}

// arrive notes a step that was made.
func (c *Connector) arrive(m *move, s step) {
	c.wrote(m.is.ID)
	m.is.moved(s.to, s.resolution)
	m.path = append(m.path, s.to.Name)
}

// locate reads where an issue is; where that cannot be read, it is taken to be where it was sent.
func (c *Connector) locate(ctx context.Context, m *move) {
	if got, err := c.api.issue(ctx, "read the issue again", m.is.ID, []string{"status", "resolution"}); err == nil {
		m.is.Fields["status"], m.is.Fields["resolution"] = got.Fields["status"], got.Fields["resolution"]
	}
}

// whereIs is the id of the status that an issue is in, "" where it cannot be read.
func (c *Connector) whereIs(ctx context.Context, m *move) string {
	got, err := c.api.issue(ctx, "read the issue again", m.is.ID, []string{"status", "resolution"})
	if err != nil {
		return ""
	}
	m.is.Fields["resolution"] = got.Fields["resolution"]
	return got.status().ID
}

// rejected is a transition that Jira refuses although it offers it: a rule of the workflow is not met.
func (*Connector) rejected(s step, call *callError) error {
	f := *call.fault
	f.Reason = fault.Unsupported
	var asks []string
	for _, id := range sortedKeys(call.fields) {
		i := slices.IndexFunc(s.asks, func(a ask) bool { return a.id == id })
		if i < 0 {
			asks = append(asks, fmt.Sprintf("the transition to %s asks for %s, which is not on its screen: fill it in on the issue, or put it on that screen",
				quoteName(s.to.Name), quoteName(id)))
			continue
		}
		a := s.asks[i]
		if _, sent := s.fields[id]; sent {
			a.problem = "Jira says " + clipped(call.fields[id])
		}
		asks = append(asks, s.lacking(&a))
	}
	f.Hint = strings.Join(asks, "; ")
	if f.Hint == "" {
		f.Hint = fmt.Sprintf("a rule of the workflow stands before the transition to %s: do what its message says, or move the issue by hand", quoteName(s.to.Name))
	}
	return &callError{fault: &f, status: call.status, fields: call.fields}
}

// transition moves an issue one step.
func (c *client) transition(ctx context.Context, id string, s step) error {
	body := map[string]any{"transition": wireNamed{ID: s.id}}
	fields := maps.Clone(s.fields)
	if comment, ok := fields[commentField]; ok {
		delete(fields, commentField)
		body["update"] = map[string]any{commentField: []any{map[string]any{"add": map[string]any{"body": comment}}}}
	}
	if s.resolution != "" {
		if fields == nil {
			fields = map[string]any{}
		}
		fields["resolution"] = wireNamed{Name: s.resolution}
	}
	if len(fields) > 0 {
		body["fields"] = fields
	}
	return c.call(ctx, "move the issue", http.MethodPost, "issue/"+url.PathEscape(id)+"/transitions", body, nil)
}
