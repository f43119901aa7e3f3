package jira

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// moveTogether moves those issues of a batch together that take the same transitions, hop by hop, before each patch has
// its turn. What it does not move, or moves only a part of the way, goes on alone. Each issue that it touches is read
// anew, so that nothing that follows is written over what nobody has seen.
func (b *batch) moveTogether(ctx context.Context) {
	ms := b.movable()
	if b.stop != nil || len(ms) < crowdMin {
		return
	}
	for range hopsMax {
		if ctx.Err() != nil {
			// What has not begun is left; what is on its way is taken to its end, one by one.
			return
		}
		group, steps := b.alike(context.WithoutCancel(ctx), ms)
		if b.stop != nil || len(group) < crowdMin {
			return
		}
		may, err := b.c.mayMoveMany(ctx)
		if err != nil || !may {
			if err != nil {
				b.weigh(err)
			}
			return
		}
		for some := range slices.Chunk(group, crowdMax) {
			if ctx.Err() == nil && !b.order(ctx, some, steps) {
				return
			}
		}
		ms = slices.DeleteFunc(group, func(m *move) bool { return m.err != nil || m.hops() == 0 })
	}
}

// movable are the issues that one patch alone wants in another status, and that hold what it expects. An issue that
// carries a resolution is left out: what becomes of that has to be watched.
func (b *batch) movable() []*move {
	patches := map[string]int{}
	for _, p := range b.patches {
		patches[p.Ref.Key]++
	}
	var out []*move
	for i, p := range b.patches {
		is := b.current[p.Ref.Key]
		if p.Op != task.Update || is == nil || patches[p.Ref.Key] > 1 || is.named("resolution").Name != "" {
			continue
		}
		if ed, err := b.c.plan(p, is); err == nil && ed.status != "" {
			b.moves[i] = b.c.newMove(is, ed.status)
			out = append(out, b.moves[i])
		}
	}
	return out
}

// alike finds the issues whose next transition needs nothing to be filled in, and of which there are many.
func (b *batch) alike(ctx context.Context, ms []*move) (group []*move, steps map[*move]step) {
	steps = map[*move]step{}
	lone := map[flowKey]int{} // how often a status showed no step that can be made together
	for _, m := range ms {
		key := flowKeyOf(m.is)
		if lone[key] >= crowdMin {
			continue // the others of that status have their turn alone
		}
		s, arrived, err := b.next(ctx, m)
		if err != nil {
			if b.weigh(err); b.stop != nil {
				return nil, nil
			}
		}
		if arrived || err != nil || s.alone || len(s.fields) > 0 || s.resolution != "" {
			if !arrived {
				lone[key]++
			}
			continue
		}
		group, steps[m] = append(group, m), s
	}
	return group, steps
}

// order has a group moved one step, and finds out what became of each. It reports whether it is worth going on.
func (b *batch) order(ctx context.Context, group []*move, steps map[*move]step) bool {
	c := b.c
	type same struct{ project, issueType, transition string } // each workflow numbers its own transitions
	var orders []wireOrder
	at := map[same]int{}
	for _, m := range group {
		key := flowKeyOf(m.is)
		kind := same{key.project, key.issueType, steps[m].id}
		i, ok := at[kind]
		if !ok {
			i, at[kind] = len(orders), len(orders)
			orders = append(orders, wireOrder{Transition: kind.transition})
		}
		orders[i].Issues = append(orders[i].Issues, m.is.ID)
	}
	hard := context.WithoutCancel(ctx)
	id, err := c.api.moveMany(hard, orders)
	call, isCall := asCall(err)
	switch {
	case err == nil:
	case !isCall || call.stops() || call.status == 0 && !call.uncertain:
		b.weigh(err)
		return false
	case !call.uncertain:
		c.crowd = crowd{until: c.o.Now().Add(refusedFor)}
		return false
	}
	for _, m := range group {
		c.wrote(m.is.ID)
	}
	var p progress
	if err == nil {
		p = c.await(ctx, id)
	}
	ids := make([]string, 0, len(group))
	for _, m := range group {
		ids = append(ids, m.is.ID)
	}
	got, failed := c.api.fetch(hard, "see where the issues are", ids, b.wanted())
	for _, m := range group {
		switch is := got[m.is.ID]; {
		case is != nil:
			b.landed(m, steps[m], is, id, p, err)
		case failed != nil:
			s := steps[m]
			m.err, m.maybe = uncertain(failed), &s
		default:
			m.err = c.gone()
		}
	}
	if p.over() && p.Status != "COMPLETE" {
		c.crowd = crowd{until: c.o.Now().Add(refusedFor)} // it gave up: the rest goes one by one
		return false
	}
	return failed == nil && err == nil
}

// landed is what became of one issue of a group, which was read anew.
func (b *batch) landed(m *move, s step, is *wireIssue, id string, p progress, submitted error) {
	c := b.c
	before := m.is.status()
	at := is.status()
	c.note(is)
	maps.Copy(m.is.Fields, is.Fields)
	switch {
	case at.ID == s.to.ID:
		m.path = append(m.path, at.Name)
	case at.ID != before.ID:
		if got, _ := c.meaning.read(is); got != m.want {
			f := fault.New(fault.Partial, fault.Unsupported, "move the issue", "it is in %s instead of %s", quoteName(at.Name), quoteName(s.to.Name))
			m.err = c.fault(f.WithHint("somebody else moved it, or a rule of the workflow did: look at the issue"))
		}
	case submitted != nil:
		m.err, m.maybe = uncertain(submitted), &s
	case !p.over():
		m.err, m.maybe = c.untold(id, p), &s
	case p.reason(is.ID) != "" && !c.alone(is, s):
		f := fault.New(fault.Permanent, fault.Unsupported, "move the issue", "Jira refused it: %s", clipped(p.reason(is.ID)))
		m.err = c.fault(f.WithHint("do what the message says, or move the issue to %s by hand", quoteName(s.to.Name)))
	}
	// Else Jira left it out without a word: alone it will say why.
}

// alone notes that a transition with a screen was not made together: alone it may be. It reports whether that is so.
func (c *Connector) alone(is *wireIssue, s step) bool {
	if len(s.others) == 0 && !s.screen {
		return false
	}
	edges := c.flow.edges[flowKeyOf(is)]
	for i := range edges {
		if edges[i].id == s.id {
			edges[i].alone = true
		}
	}
	return true
}

// uncertain is an error after which it is not known whether the write landed.
func uncertain(err error) error {
	out := &callError{fault: fault.Of(err), uncertain: true}
	if call, ok := asCall(err); ok {
		out.status, out.perIssue = call.status, call.perIssue
	}
	return out
}

// clipped is a text from outside, short and on one line.
func clipped(s string) string {
	return strings.Trim(quoteName(s), "“”")
}
