package connectortest

import (
	"slices"

	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

func updates() []question {
	return []question{
		{name: "writes each value of each field, and nothing beside it", needs: needsWritable, ask: writesValues},
		{name: "clears a field", needs: needsWritable, ask: clearsFields},
		{name: "what it cannot show is shown as promised", needs: needsWritable, ask: writesLossy},
		{name: "the receipt equals the next pull", needs: needsWritable, ask: receiptEqualsPull},
		{name: "several fields in one patch", needs: needsWritable, ask: writesSeveralFields},
		{name: "a value that is not the expected one stays", needs: needsWritable, ask: refusesStaleWrite},
		{name: "an edit of another field does not stand in the way", needs: needsWritable, ask: writesBesideEdit},
		{name: "one that goes wrong does not stop the others", needs: needsWritable, ask: isolatesPoison},
		{name: "the same patch twice does no more than once", needs: needsWritable, ask: updatesTwice},
		{name: "an item that is gone is not brought back", needs: needsWritable, ask: updatesGone},
		{name: "many patches at once", needs: needsWritable, ask: updatesMany},
	}
}

func writesValues(d *desk) {
	name := d.add(1)[0]
	d.add(2) // neighbours, told from it by their titles
	r := d.own(name)
	for _, f := range d.Fields {
		if !d.writes(f) {
			continue
		}
		for _, v := range d.values(f) {
			to, ok := d.shown(f, v, r.Values[f])
			if !ok || to.Same(r.Values[f]) {
				continue
			}
			others := d.others(name)
			want := d.h.Show(d, name)
			want[f] = to
			r = d.applied(updating(idOf(r), r, task.Change{Field: f, From: r.Values[f], To: to}))
			if r.Values[f] != to {
				d.Errorf("%s was read back as %q; want %q", f, clip(r.Values[f]), clip(to))
			}
			d.expectShown("after a write to "+f.String(), name, want, d.Fields...)
			if now := d.others(name); !slices.Equal(now, others) {
				d.Errorf("a write to %s of one item changed another", f)
			}
		}
	}
	if got := d.record(name); got.Values != r.Values {
		d.Errorf("after all writes the item reads %v; the last receipt said %v", got.Values, r.Values)
	}
}

// others is what the tool holds of all other items.
func (d *desk) others(name string) []task.Values {
	var vs []task.Values
	for _, n := range slices.Sorted(slices.Values(d.h.Names(d))) {
		if n != name {
			vs = append(vs, d.h.Show(d, n))
		}
	}
	return vs
}

func clearsFields(d *desk) {
	name := d.add(1)[0]
	r := d.own(name)
	for _, f := range d.Fields {
		if !d.writes(f) || f == task.Title || r.Values[f].IsEmpty() {
			continue
		}
		to, ok := d.shown(f, task.Empty(f.Kind()), r.Values[f])
		if !ok || !to.IsEmpty() {
			d.Logf("field %s cannot be empty in this tool", f)
			continue
		}
		want := d.h.Show(d, name)
		want[f] = to
		r = d.applied(updating(idOf(r), r, task.Change{Field: f, From: r.Values[f], To: to}))
		if r.Values[f] != task.Empty(f.Kind()) {
			d.Errorf("%s was cleared and reads %s %q", f, r.Values[f].Kind(), r.Values[f])
		}
		d.expectShown("after "+f.String()+" was cleared", name, want, d.Fields...)
	}
}

func writesLossy(d *desk) {
	if len(d.Lossy) == 0 {
		d.Skipf("this tool shows every value")
	}
	name := d.add(1)[0]
	r := d.own(name)
	for _, f := range d.Fields {
		for _, v := range d.Lossy[f] {
			to, ok := d.shown(f, v, r.Values[f])
			if !ok {
				continue // it is held: that Normalize says why was asked already
			}
			if to == v {
				d.Errorf("Features say that the tool cannot show %q in %s, and Normalize that it can", v, f)
			}
			if to.Same(r.Values[f]) {
				continue // nothing to write
			}
			r = d.applied(updating(idOf(r), r, task.Change{Field: f, From: r.Values[f], To: to}))
			if r.Values[f] != to {
				d.Errorf("%q in %s was promised to show as %q; it reads %q", v, f, to, r.Values[f])
			}
			var want task.Values
			want[f] = to
			d.expectShown("after a lossy write", name, want, f)
		}
	}
}

func receiptEqualsPull(d *desk) {
	names := d.add(3)
	f, _ := d.twoFields()
	for _, name := range names {
		r := d.own(name)
		back := d.applied(updating(idOf(r), r, d.change(r, f)))
		pulled := d.record(name)
		if diff := sameItem(back, pulled); diff != "" {
			d.Errorf("the item (as the receipt has it, as the next pull reads it):\n%s", diff)
		}
		if back.Version > pulled.Version {
			d.Errorf("the receipt has version %d, the next pull %d", back.Version, pulled.Version)
		}
		if back.Ref != r.Ref || back.Marker != r.Marker {
			d.Errorf("an update made %s of %s, and mark %q of %q", back.Ref.Key, r.Ref.Key, back.Marker, r.Marker)
		}
	}
}

func writesSeveralFields(d *desk) {
	name := d.add(1)[0]
	r := d.own(name)
	var changes []task.Change
	want := d.h.Show(d, name)
	for _, f := range d.Fields {
		if to, ok := d.another(f, r.Values[f]); ok && d.writes(f) {
			changes = append(changes, task.Change{Field: f, From: r.Values[f], To: to})
			want[f] = to
		}
	}
	back := d.applied(updating(idOf(r), r, changes...))
	for _, c := range changes {
		if back.Values[c.Field] != c.To {
			d.Errorf("%s was read back as %q; want %q", c.Field, back.Values[c.Field], c.To)
		}
	}
	d.expectShown("after a write to many fields", name, want, d.Fields...)
}

func refusesStaleWrite(d *desk) {
	name := d.add(1)[0]
	a, b := d.twoFields()
	r := d.own(name)
	mine := d.change(r, a)
	typed, ok := d.third(a, mine)
	if !ok {
		d.Logf("field %s has only two values", a)
		typed = task.Empty(a.Kind())
	}
	d.h.Edit(d, name, a, typed) // a person was quicker
	before := d.h.Show(d, name)
	patch := updating(idOf(r), r, mine)
	if b != a {
		patch = updating(idOf(r), r, mine, d.change(r, b))
	}
	got := d.apply(patch)[0]
	if !fault.Is(got.Err, fault.Conflict) || got.Uncertain {
		d.Errorf("a write over somebody's edit: %v, uncertain %v; want a conflict", got.Err, got.Uncertain)
	}
	d.expectShown("after a conflict", name, before, d.Fields...)
}

// third is a value that is neither what the change writes nor what it expects.
func (d *desk) third(f task.Field, c task.Change) (task.Value, bool) {
	for _, v := range d.values(f) {
		if !v.Same(c.From) && !v.Same(c.To) {
			return v, true
		}
	}
	return task.Value{}, false
}

func writesBesideEdit(d *desk) {
	name := d.add(1)[0]
	a, b := d.twoFields()
	if a == b {
		d.Skipf("there is only one field that can be written")
	}
	r := d.own(name)
	mine, theirs := d.change(r, a), d.change(r, b)
	d.h.Edit(d, name, b, theirs.To)
	d.applied(updating(idOf(r), r, mine))
	var want task.Values
	want[a], want[b] = mine.To, theirs.To
	d.expectShown("after a write and an edit", name, want, a, b)
}

func isolatesPoison(d *desk) {
	names := d.add(5)
	a, _ := d.twoFields()
	patches := make([]task.Patch, len(names))
	for i, n := range names {
		r := d.own(n)
		patches[i] = updating(idOf(r), r, d.change(r, a))
	}
	// The second expects what nobody ever wrote, the fourth is about an item that there is not.
	stale := &patches[1].Set[0]
	if third, ok := d.third(a, *stale); ok {
		stale.From = third
	} else {
		stale.From = task.Empty(a.Kind())
	}
	d.h.Delete(d, names[3])
	receipts := d.apply(patches...)
	for i, r := range receipts {
		bad := i == 1 || i == 3
		if bad == (r.Err == nil) {
			d.Errorf("patch %d: %v", i+1, r.Err)
		}
		if r.Err == nil && (r.Record.Ref.Key != patches[i].Ref.Key || r.Record.Values[a] != patches[i].Set[0].To) {
			d.Errorf("receipt %d is about %s, field %s %q; want %s, %q: receipts stand in the order of patches", i+1,
				r.Record.Ref.Key, a, r.Record.Values[a], patches[i].Ref.Key, patches[i].Set[0].To)
		}
		if !bad {
			var want task.Values
			want[a] = patches[i].Set[0].To
			d.expectShown("beside a poisoned patch", names[i], want, a)
		}
	}
}

func updatesTwice(d *desk) {
	name := d.add(1)[0]
	a, _ := d.twoFields()
	r := d.own(name)
	p := updating(idOf(r), r, d.change(r, a))
	first := d.applied(p)
	shown := d.h.Show(d, name)
	again := d.apply(p)[0]
	if again.Err != nil && !fault.Is(again.Err, fault.Conflict) {
		d.Errorf("the same patch again: %v; want that it is true already, or a conflict", again.Err)
	}
	d.expectShown("after the same patch twice", name, shown, d.Fields...)
	d.expectCount("after the same patch twice", 1)
	if is := d.record(name); is.Version != 0 && is.Version > first.Version {
		d.Errorf("the second time the item was written again: version %d after %d", is.Version, first.Version)
	}
}

func updatesGone(d *desk) {
	names := d.add(2)
	a, _ := d.twoFields()
	r := d.own(names[0])
	d.h.Delete(d, names[0])
	got := d.apply(updating(idOf(r), r, d.change(r, a)))[0]
	if !fault.Is(got.Err, fault.Conflict) && !fault.HasReason(got.Err, fault.NotFound) {
		d.Errorf("a write to a deleted item: %v; want a conflict, or the reason %q", got.Err, fault.NotFound)
	}
	d.expectCount("after a write to a deleted item", 1)
}

func updatesMany(d *desk) {
	names := d.add(d.many())
	a, _ := d.twoFields()
	byTitle := make(map[string]string, len(names))
	for n, name := range names {
		byTitle[d.full(n)[task.Title].String()] = name
	}
	var patches []task.Patch
	var items []string
	for _, r := range d.pull().Records {
		p := updating(idOf(r), r, d.change(r, a))
		if r.Ref.Provisional() {
			p.Op, p.Task, p.Expect = task.Adopt, d.newID(), r.Values
		}
		patches = append(patches, p)
		items = append(items, byTitle[r.Values[task.Title].String()])
	}
	reads, writes, counted := d.h.Requests(d)
	receipts := d.apply(patches...)
	if d.Cost != nil && counted {
		nowReads, nowWrites, _ := d.h.Requests(d)
		mayRead, mayWrite := d.Cost(len(patches))
		if nowReads-reads > mayRead || nowWrites-writes > mayWrite {
			d.Errorf("%d patches cost %d reads and %d writes; want at most %d and %d", len(patches), nowReads-reads, nowWrites-writes,
				mayRead, mayWrite)
		}
	}
	for i, r := range receipts {
		if r.Err != nil {
			d.Fatalf("patch %d of %d: %v", i+1, len(patches), r.Err)
		}
		var want task.Values
		want[a] = patches[i].Set[0].To
		d.expectShown("after many writes", items[i], want, a)
	}
}
