package connectortest

import (
	"slices"

	"github.com/google/go-cmp/cmp"

	"github.com/lockstep-sync/lockstep/connectors"
	"github.com/lockstep-sync/lockstep/sync/task"
)

func reading() []question {
	return []question{
		{name: "describes itself", ask: describes},
		{name: "a tool without items is empty and complete", ask: pullsNothing},
		{name: "reads what people typed", ask: readsValues},
		{name: "reads an item with nothing but a title", ask: readsBareItem},
		{name: "reads text canonically and leaves it as it was typed", ask: readsRawText},
		{name: "reads more than a page", ask: readsPages},
		{name: "a second pull gives the same", ask: pullsAgain},
		{name: "an idle pull costs two requests at most", ask: pullsCheaply},
		{name: "a version never falls", ask: versionsGrow},
		{name: "the order of items means nothing", ask: orderMeansNothing},
		{name: "items that look the same are told apart", ask: tellsTwinsApart},
		{name: "a key stays while other items change", ask: keysStay},
		{name: "what was deleted is absent, and confirmed gone", ask: confirmsGone},
		{name: "a direct read equals the pull", ask: confirmsPresent},
		{name: "a mark that nothing carries is not found", ask: findsNothing},
	}
}

func describes(d *desk) {
	desc := d.conn.Describe()
	if desc.Kind == "" || desc.Fingerprint == "" {
		d.Errorf("kind %q, fingerprint %q; want both", desc.Kind, desc.Fingerprint)
	}
	if !slices.IsSorted(desc.Fields) {
		d.Errorf("fields %v are not sorted", desc.Fields)
	}
	d.pull() // some mappings are known only after a look at the tool
	desc = d.conn.Describe()
	sorted := func(fs []task.Field) []string {
		var names []string
		for _, f := range slices.Sorted(slices.Values(fs)) {
			names = append(names, f.String())
		}
		return names
	}
	if diff := cmp.Diff(sorted(d.Fields), sorted(desc.Fields)); diff != "" {
		d.Errorf("fields (want, got):\n%s", diff)
	}
	if diff := cmp.Diff(sorted(d.ReadOnly), sorted(desc.ReadOnly)); diff != "" {
		d.Errorf("fields that can only be read (want, got):\n%s", diff)
	}
	if desc.CanCreate != d.Creates || desc.CanRemove != d.Removes {
		d.Errorf("creates %v, removes %v; want %v, %v", desc.CanCreate, desc.CanRemove, d.Creates, d.Removes)
	}
	d.restart()
	d.pull()
	if again := d.conn.Describe().Fingerprint; again != desc.Fingerprint {
		d.Errorf("fingerprint %q, and %q after a restart", desc.Fingerprint, again)
	}
}

func pullsNothing(d *desk) {
	if snap := d.pull(); len(snap.Records) != 0 || len(snap.Held) != 0 {
		d.Errorf("records %+v, held %+v; want neither", snap.Records, snap.Held)
	}
}

func readsValues(d *desk) {
	most := 0
	for _, f := range d.Fields {
		most = max(most, len(d.values(f)))
	}
	var names []string
	for n := range most {
		names = append(names, d.h.Add(d, d.sample(n, d.Fields...)))
	}
	snap := d.pull()
	if len(snap.Records) != most || len(snap.Held) != 0 {
		d.Errorf("%d records, held %+v; want %d and none", len(snap.Records), snap.Held, most)
	}
	for n, name := range names {
		want := d.sample(n, d.Fields...)
		d.expectShown("as a person added it", name, want, d.Fields...)
		got := d.recordIn(snap, name)
		for _, f := range d.Fields {
			if got.Values[f] != want[f] {
				d.Errorf("item %q: field %s reads %s %q; want %q", want[task.Title], f, got.Values[f].Kind(), clip(got.Values[f]), clip(want[f]))
			}
		}
	}
}

func readsBareItem(d *desk) {
	name := d.h.Add(d, d.sample(0, task.Title))
	r := d.record(name)
	shown := d.h.Show(d, name)
	for _, f := range d.Fields {
		switch v := r.Values[f]; {
		case v.IsNone():
			d.Errorf("field %s is mapped and reads None; an empty one is the empty value of its kind", f)
		case !v.Same(shown[f]):
			d.Errorf("field %s reads %q; the tool holds %q", f, v, shown[f])
		}
	}
}

func readsRawText(d *desk) {
	typist, ok := d.h.(Typist)
	if !ok {
		d.Skipf("the harness types no raw text")
	}
	name := d.add(1)[0]
	raws := []string{
		"  blanks at both ends\t", "\u00a0non-breaking blanks\u00a0", "Cafe\u0301 written with a combining accent", "one\r\ntwo\r\n",
	}
	for _, f := range d.Fields {
		if f != task.Title && f != task.Notes {
			continue
		}
		for _, raw := range raws {
			if f == task.Title && raw == "one\r\ntwo\r\n" {
				continue // titles are single lines in many tools
			}
			typist.Type(d, name, f, raw)
			snap := d.pull()
			if len(snap.Records) != 1 || snap.Records[0].Values[f] != task.TextValue(raw) {
				d.Errorf("%s typed as %q reads %q", f, raw, snap.Records[0].Values[f])
			}
		}
	}
}

func readsPages(d *desk) {
	names := d.add(d.many())
	snap := d.pull()
	got := make(map[string]bool, len(names))
	for _, r := range snap.Records {
		got[r.Values[task.Title].String()] = true
	}
	for n := range names {
		if title := d.full(n)[task.Title].String(); !got[title] {
			d.Errorf("item %q of %d is missing", title, len(names))
		}
	}
	if len(snap.Records) != len(names) {
		d.Errorf("%d records; want %d", len(snap.Records), len(names))
	}
}

func pullsAgain(d *desk) {
	d.add(5)
	first := d.pull()
	if diff := sameRecords(first.Records, d.pull().Records); diff != "" {
		d.Errorf("two pulls of an idle tool (first, second):\n%s", diff)
	}
	d.restart()
	if diff := sameRecords(first.Records, d.pull().Records); diff != "" {
		d.Errorf("two pulls of an idle tool (first, after a restart):\n%s", diff)
	}
}

// pullsCheaply lets the first pull look at the tool's make-up, which need not be done again.
func pullsCheaply(d *desk) {
	d.add(5)
	cursor := d.pull().Cursor
	if next := d.pullFrom(cursor).Cursor; next != "" {
		cursor = next
	}
	d.settle()
	before, _, ok := d.h.Requests(d)
	if !ok {
		d.Skipf("the harness does not count requests")
	}
	if _, err := d.conn.Pull(d.Context(), cursor); err != nil {
		d.Fatalf("Pull: %v", err)
	}
	if after, _, _ := d.h.Requests(d); after-before > 2 {
		d.Errorf("a pull of an idle tool sent %d requests; want at most 2", after-before)
	}
}

func versionsGrow(d *desk) {
	name := d.add(1)[0]
	field := d.typed()
	was := d.own(name)
	for n := range 4 {
		to := d.values(field)[n%len(d.values(field))]
		d.h.Edit(d, name, field, to)
		is := d.record(name)
		if is.Version < was.Version {
			d.Errorf("version %d after %d; it may only grow", is.Version, was.Version)
		}
		if is.Ref != was.Ref {
			d.Errorf("the item was %q and is %q after an edit", was.Ref.Key, is.Ref.Key)
		}
		was = is
	}
}

func orderMeansNothing(d *desk) {
	mover, ok := d.h.(Mover)
	if !ok {
		d.Skipf("the harness does not move items")
	}
	names := d.add(6)
	d.own(names[2])
	twin := d.full(90)
	d.h.Add(d, twin)
	d.h.Add(d, twin)
	content := func(rs []task.Record) map[string]task.Values {
		m := make(map[string]task.Values, len(rs))
		for _, r := range rs {
			m[r.Ref.Key] = r.Values
		}
		return m
	}
	before := content(d.pull().Records)
	for range 3 {
		mover.Permute(d)
		if diff := cmp.Diff(before, content(d.pull().Records), compareValues()); diff != "" {
			d.Errorf("keys and values (before, after the items were moved):\n%s", diff)
		}
	}
}

func tellsTwinsApart(d *desk) {
	v := d.full(0)
	for range 3 {
		d.h.Add(d, v)
	}
	keys := func() []string {
		var ks []string
		for _, r := range d.pull().Records {
			ks = append(ks, r.Ref.Key)
		}
		slices.Sort(ks)
		return ks
	}
	first := keys()
	if len(slices.Compact(slices.Clone(first))) != 3 {
		d.Errorf("keys %q; want three that differ", first)
	}
	if again := keys(); !slices.Equal(first, again) {
		d.Errorf("keys %q, then %q", first, again)
	}
}

func keysStay(d *desk) {
	names := d.add(3)
	before := d.record(names[1])
	field := d.typed()
	d.h.Edit(d, names[2], field, d.change(d.record(names[2]), field).To)
	d.h.Delete(d, names[0])
	d.h.Add(d, d.full(7))
	d.restart()
	if after := d.record(names[1]); after.Ref != before.Ref {
		d.Errorf("key %q, and %q after changes to other items", before.Ref.Key, after.Ref.Key)
	}
}

func confirmsGone(d *desk) {
	names := d.add(3)
	gone, stays := d.own(names[1]), d.own(names[2])
	d.h.Delete(d, names[1])
	snap := d.pull()
	if r, ok := find(snap.Records, func(r task.Record) bool { return r.Ref.Key == gone.Ref.Key }); ok {
		d.Errorf("a complete snapshot holds %q, which was deleted", r.Name)
	}
	if slices.ContainsFunc(snap.Held, func(h task.Hold) bool { return h.Key == gone.Ref.Key }) {
		d.Errorf("what was deleted is held")
	}
	if len(snap.Records) != 2 {
		d.Errorf("%d records; want the other 2", len(snap.Records))
	}
	got := d.confirm(gone.Ref.Key, stays.Ref.Key)
	if got == nil {
		return
	}
	if p := got[gone.Ref.Key].Presence; p != connectors.Gone {
		d.Errorf("what was deleted is %q; want %q", p, connectors.Gone)
	}
	if p := got[stays.Ref.Key].Presence; p != connectors.Present {
		d.Errorf("its neighbour is %q; want %q", p, connectors.Present)
	}
}

// confirm is the answer of a connector that can confirm, nil of one that cannot.
func (d *desk) confirm(keys ...string) map[string]connectors.Confirmation {
	d.Helper()
	c, ok := d.conn.(connectors.Confirmer)
	if !ok {
		d.Logf("the connector reads no single items")
		return nil
	}
	var (
		out map[string]connectors.Confirmation
		err error
	)
	d.quiet("Confirm", func() { out, err = c.Confirm(d.Context(), keys) })
	if err != nil {
		d.Fatalf("Confirm: %v", err)
	}
	return out
}

func confirmsPresent(d *desk) {
	names := d.add(4)
	var keys []string
	for _, n := range names {
		keys = append(keys, d.own(n).Ref.Key)
	}
	got := d.confirm(keys...)
	if got == nil {
		return
	}
	for _, r := range d.pull().Records {
		c := got[r.Ref.Key]
		if c.Presence != connectors.Present {
			d.Errorf("item %s is %q; want %q", r.Name, c.Presence, connectors.Present)
			continue
		}
		if diff := cmp.Diff(r, c.Record, compareValues()); diff != "" {
			d.Errorf("the item (as pulled, as confirmed):\n%s", diff)
		}
	}
}

func findsNothing(d *desk) {
	d.own(d.add(1)[0])
	if _, found := d.find("CW-404"); found {
		d.Errorf("a task was found that no item is marked with")
	}
}

// find looks for a mark; a connector that cannot finds it in a pull.
func (d *desk) find(id task.ID) (task.Record, bool) {
	d.Helper()
	f, ok := d.conn.(connectors.Finder)
	if !ok {
		return find(d.pull().Records, func(r task.Record) bool { return r.Marker == id })
	}
	d.settle()
	var (
		r     task.Record
		found bool
		err   error
	)
	d.quiet("Find", func() { r, found, err = f.Find(d.Context(), id) })
	if err != nil {
		d.Fatalf("Find: %v", err)
	}
	if found {
		d.checkRecord(r)
	}
	return r, found
}
