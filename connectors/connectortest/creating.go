package connectortest

import (
	"slices"

	"github.com/lockstep-sync/lockstep/connectors"
	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

func creating() []question {
	return []question{
		{name: "the mark is in the item, whole and found", needs: needsCreate, ask: createsMarked},
		{name: "every value of every field", needs: needsCreate, ask: createsValues},
		{name: "with nothing but a title", needs: needsCreate, ask: createsBareItem},
		{name: "several at once, in order", needs: needsCreate, ask: createsSeveral},
		{name: "an answer that is lost leaves one item, and it is found", needs: needsCreate, ask: createAnswerLost},
		{name: "a request that is lost leaves none, and may be tried again", needs: needsCreate, ask: createRequestLost},
		{name: "a copy of a marked item is no second task", needs: needsCreate, ask: copiesMark},
	}
}

// createPatch makes an item of these values, as the tool promises to show them. Want is what should be there then.
func (d *desk) createPatch(v task.Values) (p task.Patch, want task.Values) {
	d.Helper()
	p = task.Patch{Op: task.Create, Task: d.newID()}
	for _, f := range d.Fields {
		if v[f].IsEmpty() || !d.writes(f) {
			continue
		}
		if to, ok := d.shown(f, v[f], task.Value{}); ok && !to.IsEmpty() {
			p.Set = append(p.Set, task.Change{Field: f, To: to})
			want[f] = to
		}
	}
	return p, want
}

func setFields(p task.Patch) []task.Field {
	var fs []task.Field
	for _, c := range p.Set {
		fs = append(fs, c.Field)
	}
	return fs
}

func createsMarked(d *desk) {
	d.add(2)
	before := d.h.Names(d)
	p, want := d.createPatch(d.full(70))
	rec := d.applied(p)
	d.expectCount("after a create", 3)
	name := d.newName(before)
	d.expectShown("after a create", name, want, setFields(p)...)
	if rec.Marker != p.Task || rec.Ref.Provisional() {
		d.Errorf("what was created has the mark %q and the key %q; want the mark %q and a lasting key", rec.Marker, rec.Ref.Key, p.Task)
	}
	d.restart()
	pulled := d.record(name)
	if diff := sameItem(rec, pulled); diff != "" {
		d.Errorf("the new item (as the receipt has it, as a pull reads it):\n%s", diff)
	}
	found, ok := d.find(p.Task)
	if !ok {
		d.Fatalf("Find does not see the mark of an item that was created")
	}
	if diff := sameItem(found, pulled); diff != "" {
		d.Errorf("the new item (as found, as pulled):\n%s", diff)
	}
	if got := d.confirm(rec.Ref.Key); got != nil && got[rec.Ref.Key].Presence != connectors.Present {
		d.Errorf("what was created is %q to a direct read", got[rec.Ref.Key].Presence)
	}
}

func createsValues(d *desk) {
	most := 0
	for _, f := range d.Fields {
		most = max(most, len(d.values(f)))
	}
	for n := range most {
		before := d.h.Names(d)
		p, want := d.createPatch(d.sample(n, d.Fields...))
		rec := d.applied(p)
		d.expectShown("after a create", d.newName(before), want, setFields(p)...)
		for _, c := range p.Set {
			if rec.Values[c.Field] != c.To {
				d.Errorf("%s was created as %q and read back as %q", c.Field, clip(c.To), clip(rec.Values[c.Field]))
			}
		}
	}
}

func createsBareItem(d *desk) {
	p, want := d.createPatch(d.sample(0, task.Title))
	rec := d.applied(p)
	d.expectShown("after a create", d.newName(nil), want, task.Title)
	for _, f := range d.Fields {
		if rec.Values[f].IsNone() {
			d.Errorf("field %s is mapped and reads None in a new item", f)
		}
	}
}

func createsSeveral(d *desk) {
	var patches []task.Patch
	for n := range 7 {
		p, _ := d.createPatch(d.full(60 + n))
		patches = append(patches, p)
	}
	keys := make(map[string]bool)
	for i, r := range d.apply(patches...) {
		if r.Err != nil {
			d.Fatalf("create %d: %v", i+1, r.Err)
		}
		if r.Record.Marker != patches[i].Task {
			d.Errorf("receipt %d is about %q; want %q: receipts stand in the order of patches", i+1, r.Record.Marker, patches[i].Task)
		}
		keys[r.Record.Ref.Key] = true
	}
	if len(keys) != len(patches) {
		d.Errorf("%d keys for %d new items", len(keys), len(patches))
	}
	d.expectCount("after several creates", len(patches))
	marks := make(map[task.ID]int)
	for _, r := range d.pull().Records {
		marks[r.Marker]++
	}
	for _, p := range patches {
		if marks[p.Task] != 1 {
			d.Errorf("%d records carry the mark %q; want 1", marks[p.Task], p.Task)
		}
	}
}

// broken runs what meets a fault; the question is skipped where the tool cannot be broken that way.
func (d *desk) broken(f Fault, during func()) {
	d.Helper()
	mend := d.h.Break(d, f)
	if mend == nil {
		d.Skipf("the harness cannot bring about: %s", f)
	}
	during()
	mend()
}

func createAnswerLost(d *desk) {
	p, want := d.createPatch(d.full(0))
	var got task.Receipt
	d.broken(LostAnswer, func() { got = d.apply(p)[0] })
	if got.Err != nil && !got.Uncertain {
		d.Errorf("%v, and not uncertain: the engine would create the item a second time", got.Err)
	}
	d.restart()
	d.expectCount("after the answer to a create was lost", 1)
	d.expectShown("after the answer to a create was lost", d.newName(nil), want, setFields(p)...)
	rec, ok := d.find(p.Task)
	if !ok {
		d.Fatalf("Find does not see the mark of the item that was created")
	}
	if r := d.only(); r.Marker != p.Task || r.Ref != rec.Ref {
		d.Errorf("the pull shows the mark %q under the key %q; Find said %q", r.Marker, r.Ref.Key, rec.Ref.Key)
	}
}

func createRequestLost(d *desk) {
	p, _ := d.createPatch(d.full(0))
	var got task.Receipt
	d.broken(LostRequest, func() { got = d.apply(p)[0] })
	if got.Err == nil {
		d.Errorf("a create that never arrived has no error")
	}
	d.restart()
	d.expectCount("after a create was lost", 0)
	if _, found := d.find(p.Task); found {
		d.Errorf("Find sees an item that was never created")
	}
	d.applied(p)
	d.expectCount("after it was tried again", 1)
}

func copiesMark(d *desk) {
	copier, ok := d.h.(Copier)
	if !ok {
		d.Skipf("the harness does not copy items")
	}
	p, _ := d.createPatch(d.full(0))
	d.applied(p)
	copier.Copy(d, d.newName(nil))
	// Through Source, as the engine reads: of two items with one key neither can be used.
	d.settle()
	snap, err := connectors.NewSource("source", "", nil, d.conn).Pull(d.Context(), "")
	if err != nil {
		d.Fatalf("Pull: %v", err)
	}
	held := 0
	for _, h := range snap.Held {
		if h.Reason == task.HoldDuplicateID {
			held++
		}
	}
	if len(snap.Records)+held < 2 {
		d.Errorf("of an item and its copy, %d are read and %d held; want that both are accounted for", len(snap.Records), held)
	}
	if !snap.Complete {
		d.Errorf("a copied item makes the snapshot incomplete")
	}
}

func removing() []question {
	return []question{
		{name: "takes the item away, and only it", needs: needsRemove, ask: removes},
		{name: "what changed since it was read stays", needs: needsRemove, ask: removesOnlyWhatWasSeen},
		{name: "an item whose title was emptied", needs: needsRemove, ask: removesUntitled},
		{name: "what is gone already stays gone", needs: needsRemove, ask: removesTwice},
	}
}

func removal(r task.Record) task.Patch {
	return task.Patch{Op: task.Remove, Task: idOf(r), Ref: r.Ref, Name: r.Name, Expect: r.Values}
}

func removes(d *desk) {
	names := d.add(3)
	kept := d.own(names[2])
	r := d.own(names[1])
	others := d.others(names[1])
	d.applied(removal(r))
	if now := d.others(""); !slices.Equal(now, others) {
		d.Errorf("a removal changed other items: they hold %v; want %v", now, others)
	}
	snap := d.pull()
	if len(snap.Records) != 2 {
		d.Errorf("%d records; want 2", len(snap.Records))
	}
	if got := d.recordIn(snap, names[2]); got.Ref != kept.Ref {
		d.Errorf("the neighbour was %q and is %q", kept.Ref.Key, got.Ref.Key)
	}
	if got := d.confirm(r.Ref.Key); got != nil && got[r.Ref.Key].Presence != connectors.Gone {
		d.Errorf("what was removed is %q", got[r.Ref.Key].Presence)
	}
}

func removesOnlyWhatWasSeen(d *desk) {
	name := d.add(1)[0]
	a, _ := d.twoFields()
	r := d.own(name)
	d.h.Edit(d, name, a, d.change(r, a).To)
	shown := d.h.Show(d, name)
	if got := d.apply(removal(r))[0]; !fault.Is(got.Err, fault.Conflict) {
		d.Errorf("a removal of what somebody has just edited: %v; want a conflict", got.Err)
	}
	d.expectCount("after a conflict", 1)
	d.expectShown("after a conflict", name, shown, d.Fields...)
}

// removesUntitled goes through Source, which makes an empty title unreadable before the engine expects it.
func removesUntitled(d *desk) {
	name := d.add(1)[0]
	r := d.own(name)
	d.h.Edit(d, name, task.Title, task.Empty(task.Text))
	if !d.h.Show(d, name)[task.Title].IsEmpty() {
		d.Skipf("this tool does not let people empty a title")
	}
	d.settle()
	src := connectors.NewSource("source", "", nil, d.conn)
	snap, err := src.Pull(d.Context(), "")
	if err != nil {
		d.Fatalf("Pull: %v", err)
	}
	rec, ok := find(snap.Records, func(o task.Record) bool { return o.Ref.Key == r.Ref.Key })
	if !ok {
		d.Fatalf("the item without a title is not read")
	}
	if got := src.Apply(d.Context(), []task.Patch{removal(rec)})[0]; got.Err != nil {
		d.Errorf("removal: %v", got.Err)
	}
	d.expectCount("after the removal", 0)
}

func removesTwice(d *desk) {
	names := d.add(2)
	p := removal(d.own(names[0]))
	d.applied(p)
	got := d.apply(p)[0]
	if got.Err != nil && !fault.Is(got.Err, fault.Conflict) && !fault.HasReason(got.Err, fault.NotFound) {
		d.Errorf("the same removal again: %v; want that it is true already, or that it is not found", got.Err)
	}
	d.expectCount("after the same removal twice", 1)
}
