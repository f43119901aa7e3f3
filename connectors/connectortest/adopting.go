package connectortest

import (
	"slices"

	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

func adopting() []question {
	return []question{
		{name: "gives a lasting key that survives a restart", needs: needsProvisional, ask: adopts},
		{name: "and writes fields with it", needs: needsAll(needsProvisional, needsWritable), ask: adoptsAndWrites},
		{name: "what changed since it was read is not adopted", needs: needsProvisional, ask: adoptsOnlyWhatWasSeen},
		{name: "items that look the same, all at once", needs: needsProvisional, ask: adoptsTwins},
		{name: "twice is once", needs: needsProvisional, ask: adoptsTwice},
	}
}

func adoption(id task.ID, r task.Record, changes ...task.Change) task.Patch {
	p := updating(id, r, changes...)
	p.Op, p.Expect = task.Adopt, r.Values
	return p
}

func adopts(d *desk) {
	names := d.add(3)
	r := d.record(names[1])
	if !r.Ref.Provisional() {
		d.Fatalf("an item that a person made has the key %q; want a provisional one", r.Ref.Key)
	}
	others, shown := d.others(names[1]), d.h.Show(d, names[1])
	id := d.newID()
	back := d.applied(adoption(id, r))
	if back.Ref.Provisional() || back.Marker != id || back.Values != r.Values {
		d.Errorf("adopted as %q with the mark %q and the values %v; want a lasting key, %q, %v", back.Ref.Key, back.Marker, back.Values, id, r.Values)
	}
	d.expectShown("after the adoption", names[1], shown, d.Fields...)
	if now := d.others(names[1]); !slices.Equal(now, others) {
		d.Errorf("an adoption changed other items")
	}
	field, _ := d.twoFields()
	d.h.Edit(d, names[1], field, d.change(back, field).To)
	d.restart()
	if after := d.record(names[1]); after.Ref != back.Ref || after.Marker != id {
		d.Errorf("key %q and mark %q after an edit and a restart; want %q and %q", after.Ref.Key, after.Marker, back.Ref.Key, id)
	}
	if found, ok := d.find(id); !ok || found.Ref != back.Ref {
		d.Errorf("Find gives %q, %v; want %q", found.Ref.Key, ok, back.Ref.Key)
	}
}

func adoptsAndWrites(d *desk) {
	name := d.add(1)[0]
	a, _ := d.twoFields()
	r := d.record(name)
	c := d.change(r, a)
	back := d.applied(adoption(d.newID(), r, c))
	if back.Values[a] != c.To || back.Ref.Provisional() {
		d.Errorf("%s was read back as %q under the key %q", a, back.Values[a], back.Ref.Key)
	}
	want := r.Values
	want[a] = c.To
	d.expectShown("after the adoption", name, want, d.Fields...)
	if diff := sameItem(back, d.record(name)); diff != "" {
		d.Errorf("the item (as the receipt has it, as the next pull reads it):\n%s", diff)
	}
}

func adoptsOnlyWhatWasSeen(d *desk) {
	name := d.add(1)[0]
	a, _ := d.twoFields()
	r := d.record(name)
	d.h.Edit(d, name, a, d.change(r, a).To)
	got := d.apply(adoption(d.newID(), r))[0]
	if !fault.Is(got.Err, fault.Conflict) && !fault.HasReason(got.Err, fault.NotFound) {
		d.Errorf("an adoption of what somebody has just edited: %v; want a conflict", got.Err)
	}
	if after := d.record(name); !after.Ref.Provisional() {
		d.Errorf("after a conflict the item has the key %q", after.Ref.Key)
	}
}

func adoptsTwins(d *desk) {
	v := d.full(0)
	for range 3 {
		d.h.Add(d, v)
	}
	var patches []task.Patch
	for _, r := range d.pull().Records {
		patches = append(patches, adoption(d.newID(), r))
	}
	for i, r := range d.apply(patches...) {
		if r.Err != nil {
			d.Errorf("twin %d: %v", i+1, r.Err)
		} else if r.Record.Marker != patches[i].Task {
			d.Errorf("receipt %d has the mark %q; want %q", i+1, r.Record.Marker, patches[i].Task)
		}
	}
	marks := make(map[task.ID]int)
	for _, r := range d.pull().Records {
		marks[r.Marker]++
		for _, f := range d.Fields {
			if !v[f].IsNone() && r.Values[f] != v[f] {
				d.Errorf("after the adoption field %s reads %q; want %q", f, r.Values[f], v[f])
			}
		}
	}
	for _, p := range patches {
		if marks[p.Task] != 1 {
			d.Errorf("%d items carry the mark %q; want 1", marks[p.Task], p.Task)
		}
	}
}

func adoptsTwice(d *desk) {
	names := d.add(2)
	p := adoption(d.newID(), d.record(names[0]))
	first := d.applied(p)
	got := d.apply(p)[0]
	if got.Err != nil && !fault.Is(got.Err, fault.Conflict) && !fault.HasReason(got.Err, fault.NotFound) {
		d.Errorf("the same adoption again: %v; want that it is true already, or a conflict", got.Err)
	}
	if got.Err == nil && got.Record.Ref != first.Ref {
		d.Errorf("the same adoption again gives the key %q; it was %q", got.Record.Ref.Key, first.Ref.Key)
	}
	d.expectCount("after the same adoption twice", 2)
	n := 0
	for _, r := range d.pull().Records {
		if r.Marker == p.Task {
			n++
		}
	}
	if n != 1 {
		d.Errorf("%d items carry the mark; want 1", n)
	}
}
