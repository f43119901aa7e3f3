package jira

import (
	"context"
	"maps"
	"slices"

	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// Apply makes patches true: see connectors.Connector. k changed issues cost a read of all of them at first, at most one
// transition and one edit each (more where a workflow needs several hops), and a read of those of which an edit gave
// nothing back. Many that take the same transition cost a handful of requests together: see batch.moveTogether.
func (c *Connector) Apply(ctx context.Context, patches []task.Patch) []task.Receipt {
	b := &batch{c: c, patches: patches, out: make([]task.Receipt, len(patches)), moves: map[int]*move{}, last: map[string]int{}}
	b.read(ctx)
	b.moveTogether(ctx)
	for i := range patches {
		switch {
		case b.moves[i].begun() && (b.stop != nil || ctx.Err() != nil):
			b.wrapUp(ctx, i)
		case b.stop != nil:
			b.out[i].Err = b.stop
		case ctx.Err() != nil:
			b.out[i].Err = c.stopped("apply")
		default:
			b.apply(ctx, i)
		}
	}
	b.again(ctx)
	b.finish(context.WithoutCancel(ctx))
	return b.out
}

// batch is one call of Apply.
type batch struct {
	c       *Connector
	patches []task.Patch
	out     []task.Receipt
	current map[string]*wireIssue // as read directly, before anything was written
	failed  map[string]error      // ids that could not be read
	moves   map[int]*move         // by patch: what was moved before its turn
	last    map[string]int        // by issue: the last patch of it
	stop    error                 // what makes it useless to go on
	strikes int                   // how many patches in a row got no answer
	loose   []loose
	crowded []int // patches whose issues took no more writes for now; nothing of them was written
}

// loose is a patch that landed and whose issue is still to be read back.
type loose struct {
	at      int // index of the patch
	id      string
	status  string        // what the status has to mean; "" where it was left alone
	created bool          // the rest of a create is still to be made true
	late    []task.Change // fields that the create could not take
	refused error         // what Jira said of fields that it refused, and that were left out
}

// read fetches the issues that are to be changed, so that nothing is written over what nobody has seen.
func (b *batch) read(ctx context.Context) {
	if err := b.c.prepare(ctx); err != nil {
		b.stop = err
		return
	}
	var ids []string
	for i, p := range b.patches {
		b.last[p.Ref.Key] = i
		if p.Op == task.Update || p.Op == task.Adopt {
			ids = append(ids, p.Ref.Key)
		}
	}
	b.current, b.failed = map[string]*wireIssue{}, map[string]error{}
	for len(ids) > 0 {
		n := min(len(ids), bulkMax)
		got, err := b.c.api.fetch(ctx, "read before writing", ids[:n], b.wanted())
		maps.Copy(b.current, got)
		if err != nil {
			for _, id := range ids[:n] {
				if _, known := got[id]; !known {
					b.failed[id] = err
				}
			}
			if b.weigh(err); b.stop != nil {
				return
			}
		}
		ids = ids[n:]
	}
	for _, is := range b.current {
		if is != nil {
			b.c.note(is)
		}
	}
}

// wanted are the fields to read of what is to be changed: also those that transitions are known to ask for.
func (b *batch) wanted() []string {
	out := b.c.wanted()
	for _, id := range sortedKeys(b.c.flow.asked) {
		if id != commentField && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}

// strikesMax is after how many patches without an answer the rest is left for a later cycle: each may cost a time-out.
const strikesMax = 3

// weigh decides whether to go on after an error.
func (b *batch) weigh(err error) {
	f := fault.Of(err)
	if call, ok := asCall(err); ok && call.stops() {
		b.stop = f
		return
	}
	if f.Reason == fault.Timeout || f.Reason == fault.Unavailable {
		if b.strikes++; b.strikes >= strikesMax {
			b.stop = f
		}
		return
	}
	b.strikes = 0
}

func (b *batch) apply(ctx context.Context, i int) {
	p := b.patches[i]
	// The write in flight is finished even if we are asked to stop meanwhile; the transport bounds how long it takes.
	ctx = context.WithoutCancel(ctx)
	switch p.Op {
	case task.Create:
		b.create(ctx, i)
	case task.Update, task.Adopt:
		b.update(ctx, i)
	default:
		b.fail(i, b.c.fault(fault.New(fault.Permanent, fault.Unsupported, "apply", "issues are never removed from here").
			WithHint("take the issue away in Jira")), false)
	}
	if b.out[i].Err == nil {
		b.strikes = 0
	}
}

// fail sets a patch's error, and weighs whether to go on. Landed says that a part of the patch is true by now.
func (b *batch) fail(i int, err error, landed bool) {
	b.weigh(err)
	b.mark(i, err, landed)
}

// mark sets a patch's error.
func (b *batch) mark(i int, err error, landed bool) {
	f := *fault.Of(err)
	call, ok := asCall(err)
	if f.Ref == (task.Ref{}) && (!ok || !call.stops()) {
		f.Ref = b.patches[i].Ref // what speaks for all issues names none
	}
	if landed {
		f.Kind = fault.Partial
	}
	b.out[i].Err = &f
	if ok {
		b.out[i].Uncertain = call.uncertain
		if call.perIssue && !landed {
			b.crowded = append(b.crowded, i)
		}
	}
}

func (b *batch) update(ctx context.Context, i int) {
	p, c := b.patches[i], b.c
	is := b.current[p.Ref.Key]
	if is == nil {
		err := b.failed[p.Ref.Key]
		if err == nil {
			err = c.gone()
		}
		b.fail(i, err, false)
		return
	}
	m := b.moves[i]
	delete(b.moves, i) // should it be tried once more, it begins anew
	if m != nil {
		p = m.rebased(c, p)
	}
	ed, err := c.plan(p, is)
	switch {
	case err == nil:
	case !m.begun():
		b.fail(i, err, false)
		return
	case m.err == nil: // half-way is no place to stay
		b.weigh(err)
		b.conclude(ctx, i, m, err)
		return
	default:
		ed = edit{} // the status did not get there, and the rest is not to be written
	}
	b.carryOut(ctx, i, is, ed, m)
	if ed.left != nil && b.out[i].Err == nil {
		b.mark(i, ed.left, true)
	}
}

// gone is the error of an issue that cannot be found.
func (c *Connector) gone() error {
	return c.fault(fault.New(fault.Permanent, fault.NotFound, "read before writing", "the issue is gone or may not be read").
		WithHint("look for the issue in Jira: it may be deleted, moved to another project, or hidden from the account"))
}

// carryOut makes an edit true: the transition first, since a screen or a rule of the new status may forbid or allow the
// fields. Where the workflow refuses the status, the fields go through all the same. The move is what was done together
// with others before; nil where nothing was.
func (b *batch) carryOut(ctx context.Context, i int, is *wireIssue, ed edit, m *move) {
	c := b.c
	if m == nil {
		m = c.newMove(is, ed.status)
	}
	alone, known := m.hops(), m.err != nil // what was read back already, and what was weighed
	if ed.status != "" && m.err == nil {
		m.err = b.walk(ctx, m)
	}
	l := loose{at: i, id: is.ID}
	if m.err == nil {
		l.status = ed.status
	}
	if m.err != nil && (ed.empty() || !about(m.err)) {
		if !known {
			b.weigh(m.err)
		}
		b.mark(i, m.err, m.astray())
		b.leave(i, m)
		if call, ok := asCall(m.err); m.begun() && (m.hops() > 0 || !ok || !call.perIssue) { // else it is tried once more: see again
			b.loose = append(b.loose, l)
		}
		return
	}
	if ed.empty() {
		if m.hops() == alone {
			r := c.record(is) // it was true already
			b.out[i].Record = &r
			return
		}
		b.loose = append(b.loose, l)
		return
	}
	got, refused, landed, err := b.write(ctx, is, ed)
	if err != nil {
		landed = landed || m.hops() > 0
		b.fail(i, both(err, m.err), landed)
		b.leave(i, m)
		if landed {
			b.loose = append(b.loose, l)
		}
		return
	}
	if refused != nil || m.err != nil {
		b.fail(i, both(refused, m.err), true)
		b.leave(i, m)
	}
	if got == nil || isNull(got.Fields["updated"]) || m.hops() > alone && isNull(got.Fields["status"]) {
		b.loose = append(b.loose, l)
		return
	}
	// Jira gives back the issue, or only the fields that were edited: the rest is as it was read.
	maps.Copy(is.Fields, got.Fields)
	c.note(is)
	r := c.record(is)
	b.out[i].Record = &r
	b.check(i, l.status)
}

// write edits the fields, then writes the comments. Landed says, beside an error, that some of it is true by now.
func (b *batch) write(ctx context.Context, is *wireIssue, ed edit) (got *wireIssue, refused error, landed bool, err error) {
	c := b.c
	if ed.size() > 0 {
		c.wrote(is.ID)
		if got, refused, err = c.edit(ctx, is, ed); err != nil {
			return got, refused, false, err
		}
	}
	if len(ed.comments) == 0 {
		return got, refused, true, nil
	}
	n, err := c.tell(ctx, is, ed.comments)
	return nil, refused, n > 0 || ed.size() > 0, err // what was edited is read back with the comments
}

// check makes sure that the status is what was asked for: a workflow may do more than its transitions say. What a later
// patch of the same issue made of it is not looked at.
func (b *batch) check(i int, want string) {
	r := b.out[i].Record
	if b.patches[i].Op != task.Create && b.last[b.patches[i].Ref.Key] > i {
		return
	}
	if want == "" || r == nil || b.out[i].Err != nil || r.Values[task.Status].String() == want {
		return
	}
	f := fault.New(fault.Partial, fault.Unsupported, "move the issue", "Jira made it %s instead of %s",
		quoteName(r.Values[task.Status].Display()), quoteName(task.StatusDisplay(want)))
	b.fail(i, b.c.fault(f.WithHint("a rule of the workflow changes the status or the resolution: move the issue by hand")), true)
}

// finish reads back what is still loose, makes the rest of each create true, and reads those once more.
func (b *batch) finish(ctx context.Context) {
	for round := 0; round < 2 && len(b.loose) > 0; round++ {
		todo := b.loose
		b.loose = nil
		got, err := b.readBack(ctx, todo)
		for _, l := range todo {
			is := got[l.id]
			switch {
			case is == nil && l.created:
				b.lost(l, err)
			case is == nil:
			case l.created:
				b.c.note(is)
				b.complete(ctx, l, is)
			default:
				b.c.note(is)
				r := b.c.record(is)
				b.out[l.at].Record = &r
				b.check(l.at, l.status)
			}
		}
	}
}

// lost is a create that went well and whose issue cannot be read: without its values nothing can be settled, so it is
// looked for by its mark.
func (b *batch) lost(l loose, err error) {
	if err == nil {
		err = b.c.fault(fault.New(fault.Retryable, fault.NotFound, "read back", "the new issue cannot be read yet"))
	}
	b.fail(l.at, err, false)
	b.out[l.at].Uncertain = true
}

// fault names the source in a fault.
func (c *Connector) fault(f *fault.Error) *fault.Error {
	f.Source = c.o.Source
	return f
}
