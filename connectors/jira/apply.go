package jira

import (
	"context"
	"maps"
	"net/http"

	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// Apply makes patches true: see connectors.Connector. k changed issues cost a read of all of them at first, at most one
// transition and one edit each (more where a workflow needs several hops), and a read of those of which an edit gave nothing back.
func (c *Connector) Apply(ctx context.Context, patches []task.Patch) []task.Receipt {
	b := &batch{c: c, patches: patches, out: make([]task.Receipt, len(patches))}
	b.read(ctx)
	for i := range patches {
		switch {
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
	for _, p := range b.patches {
		if p.Op == task.Update || p.Op == task.Adopt {
			ids = append(ids, p.Ref.Key)
		}
	}
	b.current, b.failed = map[string]*wireIssue{}, map[string]error{}
	for len(ids) > 0 {
		n := min(len(ids), bulkMax)
		got, err := b.c.api.fetch(ctx, "read before writing", ids[:n], b.c.wanted())
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

// fail sets a patch's error. Landed says that a part of the patch is true by now.
func (b *batch) fail(i int, err error, landed bool) {
	b.weigh(err)
	f := *fault.Of(err)
	if f.Ref == (task.Ref{}) {
		f.Ref = b.patches[i].Ref
	}
	if landed {
		f.Kind = fault.Partial
	}
	b.out[i].Err = &f
	if call, ok := asCall(err); ok {
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
			err = c.fault(fault.New(fault.Permanent, fault.NotFound, "read before writing", "the issue is gone or may not be read").
				WithHint("look for the issue in Jira: it may be deleted, moved to another project, or hidden from the account"))
		}
		b.fail(i, err, false)
		return
	}
	ed, err := c.plan(p, is)
	if err != nil {
		b.fail(i, err, false)
		return
	}
	b.carryOut(ctx, i, is, ed)
}

// carryOut makes an edit true: the transition first, since a screen or a rule of the new status may forbid or allow the fields.
func (b *batch) carryOut(ctx context.Context, i int, is *wireIssue, ed edit) {
	c := b.c
	hops := 0
	if ed.status != "" {
		n, err := c.walk(ctx, is, ed.status)
		if hops = n; n > 0 {
			c.wrote(is.ID)
		}
		if err != nil {
			b.fail(i, err, hops > 0)
			if hops > 0 {
				b.loose = append(b.loose, loose{at: i, id: is.ID})
			}
			return
		}
	}
	if ed.empty() {
		if hops == 0 {
			r := c.record(is) // it was true already
			b.out[i].Record = &r
			return
		}
		b.loose = append(b.loose, loose{at: i, id: is.ID, status: ed.status})
		return
	}
	c.wrote(is.ID)
	got, refused, err := c.edit(ctx, is.ID, ed)
	if err != nil {
		b.fail(i, err, hops > 0)
		if hops > 0 {
			b.loose = append(b.loose, loose{at: i, id: is.ID, status: ed.status})
		}
		return
	}
	if refused != nil {
		b.fail(i, refused, true)
	}
	if got == nil || isNull(got.Fields["updated"]) || hops > 0 && isNull(got.Fields["status"]) {
		b.loose = append(b.loose, loose{at: i, id: is.ID, status: ed.status})
		return
	}
	// Jira gives back the issue, or only the fields that were edited: the rest is as it was read.
	maps.Copy(is.Fields, got.Fields)
	c.note(is)
	r := c.record(is)
	b.out[i].Record = &r
	b.check(i, ed.status)
}

// check makes sure that the status is what was asked for: a workflow may do more than its transitions say.
func (b *batch) check(i int, want string) {
	r := b.out[i].Record
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

// edit is what is to be changed of one issue.
type edit struct {
	status string         // what the status is to mean; "" leaves it
	fields map[string]any // field id → new value
	update map[string]any // field id → operations
}

func (e edit) empty() bool { return len(e.fields) == 0 && len(e.update) == 0 }

func (e edit) size() int { return len(e.fields) + len(e.update) }

// without is the edit less the fields of those ids.
func (e edit) without(ids map[string]string) edit {
	out := edit{status: e.status, fields: maps.Clone(e.fields), update: maps.Clone(e.update)}
	for id := range ids {
		delete(out.fields, id)
		delete(out.update, id)
	}
	return out
}

// plan says what has to be written so that the patch is true. A field that holds neither what was expected nor what is
// wanted is a Conflict, and then nothing is written.
func (c *Connector) plan(p task.Patch, is *wireIssue) (edit, error) {
	ed := edit{fields: map[string]any{}, update: map[string]any{}}
	for _, ch := range p.Set {
		col, ok := c.column(ch.Field)
		if !ok {
			return ed, c.noField("change the issue", ch.Field)
		}
		cur, _ := c.read(col, is)
		if cur.IsUnreadable() {
			return ed, c.conflict(ch.Field, cur)
		}
		to, problem := c.normalize(col, ch.To, cur)
		if problem != nil {
			return ed, c.refusal(ch.Field, problem)
		}
		if to.Same(cur) {
			continue
		}
		if !cur.Same(ch.From) {
			return ed, c.conflict(ch.Field, cur)
		}
		if cur.IsNone() {
			return ed, c.fault(fault.New(fault.Permanent, fault.Unsupported, "change the issue", "it has no field %s", quoteName(col.name)).
				WithHint("add the field to the issue's screens in Jira, or take fields.%s out of the configuration", ch.Field))
		}
		if err := c.put(&ed, col, cur, to, is); err != nil {
			return ed, err
		}
	}
	if p.Op == task.Adopt {
		if err := c.planMark(p, is, &ed); err != nil {
			return ed, err
		}
	}
	return ed, nil
}

// put adds one field to an edit.
func (c *Connector) put(ed *edit, col column, cur, to task.Value, is *wireIssue) error {
	switch {
	case col.shape == shapeStatus:
		ed.status = to.String()
		return nil
	case col.shape == shapeStrings:
		ed.update[col.id] = setOps(cur, to)
		return nil
	case col.shape == shapeComponents && to.Kind() == task.Text:
		var all []wireNamed
		if is.get(col.id, &all); len(all) > 1 {
			return c.fault(fault.New(fault.Permanent, fault.Unsupported, "change the issue", "it has %d components", len(all)).
				WithHint("leave the issue one component, or change its components in Jira"))
		}
	}
	v, err := c.encode(col, to, is.Fields[col.id])
	if err != nil {
		return c.unwritable("change the issue", col, err)
	}
	ed.fields[col.id] = v
	return nil
}

// setOps turns one set into another by adding and removing, so that what others add meanwhile survives.
func setOps(cur, to task.Value) []map[string]string {
	has, wants := map[string]bool{}, map[string]bool{}
	for _, it := range cur.Items() {
		has[it] = true
	}
	ops := []map[string]string{}
	for _, it := range to.Items() {
		if wants[it] = true; !has[it] {
			ops = append(ops, map[string]string{"add": it})
		}
	}
	for _, it := range cur.Items() {
		if !wants[it] {
			ops = append(ops, map[string]string{"remove": it})
		}
	}
	return ops
}

// planMark adds our mark to an issue that is what was seen, and carries no other mark.
func (c *Connector) planMark(p task.Patch, is *wireIssue, ed *edit) error {
	for _, col := range c.columns {
		if cur, _ := c.read(col, is); !p.Expect[col.field].IsNone() && !cur.Same(p.Expect[col.field]) {
			return c.conflict(col.field, cur)
		}
	}
	marks := c.marks(is)
	switch {
	case len(marks) == 1 && marks[0] == p.Task:
		return nil
	case len(marks) > 0:
		return c.fault(fault.New(fault.Conflict, fault.Precondition, "mark the issue", "it carries the mark of %s", marks[0]))
	}
	ops, _ := ed.update["labels"].([]map[string]string)
	ed.update["labels"] = append(ops, map[string]string{"add": markLabel(p.Task)})
	return nil
}

func (c *Connector) noField(op string, f task.Field) error {
	return c.fault(fault.New(fault.Permanent, fault.SchemaDrift, op, "this Jira has no field for %s", f).
		WithHint("change fields.%s in the configuration to a field that Jira has", f))
}

func (c *Connector) unwritable(op string, col column, err error) error {
	return c.fault(fault.New(fault.Permanent, fault.Unsupported, op, "%w", err).
		WithHint("change %s in Jira, or map another field to %s", quoteName(col.name), col.field))
}

func (c *Connector) conflict(f task.Field, cur task.Value) error {
	return c.fault(fault.New(fault.Conflict, fault.Precondition, "change the issue", "its %s is %s by now", f, quoteName(cur.Display())))
}

func (c *Connector) refusal(f task.Field, p *task.Problem) error {
	reason := fault.Unsupported
	if p.Reason == task.HoldUnmatchedPerson {
		reason = fault.Invalid
	}
	return c.fault(fault.New(fault.Permanent, reason, "change the issue", "its %s cannot be set", f).WithHint("%s", p.Hint))
}

// edit sends an edit. Where Jira refuses some fields by name and there are others, the others are sent alone: a person
// who cannot be assigned must not keep a due date from getting through. What was refused comes back as refused.
func (c *Connector) edit(ctx context.Context, id string, ed edit) (got *wireIssue, refused, err error) {
	got, err = c.api.edit(ctx, id, ed.fields, ed.update)
	call, ok := asCall(err)
	if !ok || call.status != http.StatusBadRequest || len(call.fields) == 0 {
		return got, nil, err
	}
	rest := ed.without(call.fields)
	if rest.empty() || rest.size() != ed.size()-len(call.fields) {
		return got, nil, err
	}
	got, second := c.api.edit(ctx, id, rest.fields, rest.update)
	if second != nil {
		return nil, nil, err
	}
	return got, err, nil
}
