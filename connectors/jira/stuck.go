package jira

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// What becomes of an issue that did not get to where it was to be moved.

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
