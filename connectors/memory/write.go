package memory

import (
	"context"
	"slices"

	"github.com/lockstep-sync/lockstep/connectors"
	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// Apply makes patches true: see connectors.Connector. What each expects is checked and written in one step: nobody can
// edit in between.
func (t *Tool) Apply(ctx context.Context, patches []task.Patch) []task.Receipt {
	receipts := make([]task.Receipt, len(patches))
	named := t.names(patches)
	for i := range patches {
		receipts[i] = t.applyOne(ctx, &patches[i], named)
	}
	t.publishAlong(ctx)
	return receipts
}

// names finds what the provisional keys of the patches mean before anything is written: of two items that look the same,
// adopting one would change the other's key.
func (t *Tool) names(patches []task.Patch) map[string]int {
	if !slices.ContainsFunc(patches, func(p task.Patch) bool { return p.Ref.Provisional() }) {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	named := make(map[string]int, len(t.order))
	for i, key := range t.keys(t.list()) {
		named[key] = t.order[i]
	}
	return named
}

func (t *Tool) applyOne(ctx context.Context, p *task.Patch, named map[string]int) task.Receipt {
	if err := ctx.Err(); err != nil {
		return task.Receipt{Err: &fault.Error{
			Kind: fault.Retryable, Reason: fault.Cancelled, Op: string(p.Op), Ref: p.Ref, Err: err,
		}}
	}
	effect := t.ask(StepApply, p)
	if effect == Pass || effect == FailAfter || effect == Partial && p.Op != task.Remove {
		t.mu.Lock()
		between := t.between
		t.mu.Unlock()
		if between != nil {
			between(*p)
		}
		r := t.write(p, named, effect == Partial)
		if effect != FailAfter {
			return r
		}
	}
	if effect == Hang {
		<-ctx.Done()
	}
	f := effect.fault()
	f.Op = string(p.Op)
	if effect != Throttle { // which concerns the whole tool
		f.Ref = p.Ref
	}
	return task.Receipt{Err: f, Uncertain: effect == FailAfter || effect == Lost || effect == Hang}
}

// write checks and writes one patch, or with half the first half of its fields.
func (t *Tool) write(p *task.Patch, named map[string]int, half bool) task.Receipt {
	t.mu.Lock()
	defer t.mu.Unlock()
	if f := t.permitted(p); f != nil {
		return refused(p, f)
	}
	set := p.Set
	if half {
		set = set[:len(set)/2]
	}
	var (
		it *item
		f  *fault.Error
	)
	if p.Op == task.Create {
		it, f = t.create(p, set)
	} else {
		it, f = t.change(p, set, named)
	}
	if f != nil {
		return refused(p, f)
	}
	var r task.Receipt
	if it != nil {
		rec := t.record(it, t.keyOf(it))
		r.Record = &rec
	}
	if half {
		r.Err = fault.New(fault.Partial, fault.Unavailable, string(p.Op), "%d of %d fields were written", len(set), len(p.Set))
	}
	return r
}

func refused(p *task.Patch, f *fault.Error) task.Receipt {
	f.Op, f.Ref = string(p.Op), p.Ref
	return task.Receipt{Err: f}
}

// permitted says why the patch may not be written whatever the tool holds; nil where it may.
func (t *Tool) permitted(p *task.Patch) *fault.Error {
	switch {
	case p.Op == task.Create && !t.desc.CanCreate, p.Op == task.Remove && !t.desc.CanRemove:
		return fault.New(fault.Permanent, fault.Unsupported, "", "this tool is not asked to %s items", p.Op).
			WithHint("allow it in the configuration")
	case p.Task == "" && (p.Op == task.Create || p.Op == task.Adopt):
		return fault.New(fault.Permanent, fault.Invalid, "", "there is no task to mark the item with")
	}
	for _, c := range p.Set {
		if !t.desc.Writes(c.Field) {
			return fault.New(fault.Permanent, fault.Unsupported, "", "field %s is not writable", c.Field).
				WithHint("map the field as one that may be written")
		}
		if c.To.Kind() != c.Field.Kind() {
			return fault.New(fault.Permanent, fault.Invalid, "", "a %s cannot be written to field %s", c.To.Kind(), c.Field)
		}
	}
	return nil
}

// create makes an item that carries the task's mark. If one carries it already there is nothing left to do: what a person
// has made of it since is for the next cycle to read.
func (t *Tool) create(p *task.Patch, set []task.Change) (*item, *fault.Error) {
	if ns := t.marks[p.Task]; len(ns) > 0 {
		return t.items[ns[0]], nil
	}
	it := item{mark: p.Task, values: blank(), by: ByLockstep}
	if f := t.set(&it, set, true); f != nil {
		return nil, f
	}
	t.fillDefaults(&it)
	t.number++
	it.number = t.number
	t.writes++
	return t.put(it), nil
}

// change adopts, updates or removes. It returns no item where there is none any more.
func (t *Tool) change(p *task.Patch, set []task.Change, named map[string]int) (*item, *fault.Error) {
	was := t.target(p, named)
	switch {
	case was == nil && p.Op == task.Remove:
		return nil, nil // it is gone, as was asked
	case was == nil:
		return nil, fault.New(fault.Conflict, fault.NotFound, "", "there is no such item")
	case was.hidden == connectors.NoAccess:
		return nil, fault.New(fault.Permanent, fault.Auth, "", "the item may not be written").
			WithHint("give the account access to the item")
	}
	it := *was
	adopt := p.Op == task.Adopt && was.mark != p.Task
	if p.Op == task.Remove || adopt {
		if f := t.expected(was, p.Expect); f != nil {
			return nil, f
		}
	}
	if p.Op == task.Remove {
		t.writes++
		t.drop(was)
		return nil, nil // nothing is left to read back
	}
	if adopt {
		if was.mark != "" || len(t.marks[p.Task]) > 0 {
			return nil, fault.New(fault.Conflict, fault.Precondition, "", "the item, or another of this task, is marked already")
		}
		it.mark = p.Task
	}
	if f := t.set(&it, set, false); f != nil {
		return nil, f
	}
	if it.values == was.values && it.mark == was.mark {
		return was, nil
	}
	it.by = ByLockstep
	t.writes++
	return t.put(it), nil
}

// target is the item that the patch means; nil where there is none.
func (t *Tool) target(p *task.Patch, named map[string]int) *item {
	if !p.Ref.Provisional() {
		return t.byKey(p.Ref.Key)
	}
	if it := t.items[named[p.Ref.Key]]; it != nil {
		return it
	}
	if ns := t.marks[p.Task]; len(ns) == 1 && p.Op != task.Remove {
		return t.items[ns[0]] // it was adopted already, and is known by its mark since
	}
	return nil
}

// expected says that the item is not what was read; nil where it is. What the engine was not shown is None and not asked
// for.
func (t *Tool) expected(it *item, want task.Values) *fault.Error {
	for _, f := range t.desc.Fields {
		have := it.values[f]
		switch {
		case want[f].IsNone(), want[f].Same(have):
		case want[f].IsUnreadable() && want[f].String() == have.String():
			// It was read, and found unfit after that: an empty title.
		default:
			return changed(f)
		}
	}
	return nil
}

// set makes the changes true of it, all or none. What already is as it should be is left as it is.
func (t *Tool) set(it *item, changes []task.Change, fresh bool) *fault.Error {
	values := it.values
	for _, c := range changes {
		have := it.values[c.Field]
		if !fresh {
			if have.Same(c.To) {
				continue
			}
			if have.IsUnreadable() || !have.Same(c.From) {
				return changed(c.Field)
			}
		} else {
			have = task.Value{}
		}
		shown, problem := t.Normalize(c.Field, c.To, have)
		if problem != nil {
			return fault.New(fault.Permanent, fault.Invalid, "", "the tool cannot hold this in field %s", c.Field).
				WithHint("%s", problem.Hint)
		}
		values[c.Field] = shown
	}
	it.values = values
	return nil
}

func changed(f task.Field) *fault.Error {
	return fault.New(fault.Conflict, fault.Precondition, "", "field %s holds something else than was read", f)
}
