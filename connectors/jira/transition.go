package jira

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
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

// backOut ends a walk that got stuck: it puts the issue back where it was, and says what was tried.
func (b *batch) backOut(ctx context.Context, m *move, err error) error {
	f := *fault.Of(err)
	call, isCall := asCall(err)
	switch {
	case m.hops() == 0:
		return err
	case f.Kind == fault.Conflict:
		return &callError{fault: f.WithHint("somebody else moved it on the way, or a rule of the workflow did: look at the issue")}
	}
	tried := make([]string, 0, m.hops()+1)
	for _, name := range append([]string{m.home.Name}, m.path...) {
		tried = append(tried, quoteName(name))
	}
	out := &callError{fault: &f}
	if isCall {
		out.status, out.perIssue, out.fields = call.status, call.perIssue, call.fields
	}
	stuck := quoteName(m.is.status().Name)
	if isCall && call.uncertain && b.c.whereIs(ctx, m) != m.is.status().ID {
		return err // where it is now, the read-back will tell
	}
	m.maybe = nil
	b.goHome(ctx, m)
	// A rule may have moved it on: what is said of it must be so.
	b.c.locate(ctx, m)
	if m.atHome() {
		f.Err = fmt.Errorf("%w (tried %s, and put it back to %s)", cause(&f), strings.Join(tried, " → "), quoteName(m.home.Name))
		return out
	}
	f.Err = fmt.Errorf("%w (tried %s, and left it in %s)", cause(&f), strings.Join(tried, " → "), quoteName(m.is.status().Name))
	if f.Hint != "" {
		f.Hint += "; "
	}
	out.uncertain = isCall && call.uncertain
	f.Hint += fmt.Sprintf("no way leads back from %s to %s either: move the issue by hand", stuck, quoteName(m.home.Name))
	return out
}

func cause(f *fault.Error) error {
	if f.Err == nil {
		return errors.New(string(f.Reason))
	}
	return f.Err
}

// goHome takes an issue back to where it was, as far as it can be done for sure: the way is known, and at its end the
// issue means what it meant.
func (b *batch) goHome(ctx context.Context, m *move) {
	c := b.c
	for range hopsMax {
		if m.atHome() {
			return
		}
		edges, _, err := c.edgesFrom(ctx, m.is)
		if err != nil {
			return
		}
		s, ok := c.homeward(m, edges)
		if !ok || c.api.transition(ctx, m.is.ID, s) != nil {
			return
		}
		c.wrote(m.is.ID)
		m.is.moved(s.to, s.resolution)
	}
}

// homeward is the next step of the shortest known way back; false where there is none.
func (c *Connector) homeward(m *move, edges []edge) (step, bool) {
	type node struct {
		at    *wireIssue
		first *step
	}
	key := flowKeyOf(m.is)
	seen := map[string]bool{m.is.status().ID: true}
	for queue := []node{{at: m.is}}; len(queue) > 0; queue = queue[1:] {
		n := queue[0]
		out := edges
		if n.first != nil {
			out, _ = c.flow.kept(key.at(n.at.status().ID))
		}
		for _, e := range out {
			s, ok := c.through(n.at, e)
			if !ok || seen[e.to.ID] {
				continue
			}
			if slices.Contains(e.resolutions, m.resolution) && e.screen {
				s.resolution = m.resolution
			}
			first := n.first
			if first == nil {
				first = &s
			}
			on := n.at.after(s)
			if got, _ := c.meaning.read(on); e.to.ID == m.home.ID && got == m.means {
				return *first, true
			}
			if e.to.Category.Key == "done" {
				continue
			}
			seen[e.to.ID] = true
			queue = append(queue, node{on, first})
		}
	}
	return step{}, false
}

// wrapUp ends a patch whose issue was moved together with others, once there is to be no more writing.
func (b *batch) wrapUp(ctx context.Context, i int) {
	left := error(b.c.stopped("apply"))
	if b.stop != nil {
		left = b.stop
	}
	b.conclude(ctx, i, b.moves[i], left)
}

// conclude ends a patch whose issue was moved and of which no more is to be written, for the reason left: what is half-way is
// taken to its end if Jira still listens, and the rest of the patch is left.
func (b *batch) conclude(ctx context.Context, i int, m *move, left error) {
	c := b.c
	if got, _ := c.meaning.read(m.is); m.err == nil && got != m.want && b.stop == nil {
		m.err = b.walk(context.WithoutCancel(ctx), m)
	}
	if m.err != nil {
		b.mark(i, m.err, m.astray())
	} else if ed, err := c.plan(m.rebased(c, b.patches[i]), m.is); err != nil || ed.status != "" || !ed.empty() {
		b.mark(i, left, true)
	}
	b.leave(i, m)
	b.loose = append(b.loose, loose{at: i, id: m.is.ID})
}

// leave says what a move that went wrong, or that was not made to its end, left of the status, or may have left where there
// was no answer, so that it is not taken for what somebody chose.
func (b *batch) leave(i int, m *move) {
	c := b.c
	got, ok := c.meaning.read(m.is)
	unsure := m.maybe != nil && b.out[i].Uncertain
	if unsure {
		// Where the step without an answer would have made it what is wanted, only where it was before is nobody's word.
		may, known := c.meaning.of(m.maybe.to, m.maybe.resolution)
		if unsure = !known || may != m.want; unsure {
			got, ok = may, known
		}
	}
	if !unsure && (!m.astray() || m.err == nil && got == m.want) {
		return
	}
	if ok {
		b.out[i].Left[task.Status] = task.EnumValue(got)
	}
}

// rebased is the patch as it has to be read once the issue was moved: what stands there now, we put there.
func (m *move) rebased(c *Connector, p task.Patch) task.Patch {
	if m.hops() == 0 {
		return p
	}
	now, ok := c.meaning.read(m.is)
	if !ok {
		return p
	}
	p.Set = slices.Clone(p.Set)
	for i := range p.Set {
		if p.Set[i].Field == task.Status {
			p.Set[i].From = task.EnumValue(now)
		}
	}
	return p
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
