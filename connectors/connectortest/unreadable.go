package connectortest

import (
	"slices"

	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

func unreadable() []question {
	return []question{
		{name: "what cannot be read is held, and the rest is read", ask: readsAroundGarble},
		{name: "writing another field leaves it as it is", needs: needsWritable, ask: writesAroundGarble},
		{name: "it is not written over", needs: needsWritable, ask: refusesToOverwriteGarble},
		{name: "mended, it reads", ask: readsMended},
	}
}

// garbled calls with each field that can be garbled, in an item of its own.
func (d *desk) garbled(with func(name string, f task.Field, raw string)) {
	d.Helper()
	tried := false
	for i, f := range d.Fields {
		name := d.h.Add(d, d.full(i))
		raw, ok := d.h.Garble(d, name, f)
		if !ok {
			d.h.Delete(d, name)
			continue
		}
		tried = true
		with(name, f, raw)
		d.h.Delete(d, name)
	}
	if !tried {
		d.Skipf("this tool does not let people type what cannot be read")
	}
}

// only is the record of the one item that there is.
func (d *desk) only() task.Record {
	d.Helper()
	rs := d.pull().Records
	if len(rs) != 1 {
		d.Fatalf("%d records; want the one item", len(rs))
	}
	return rs[0]
}

// ownOnly is only, with a lasting key.
func (d *desk) ownOnly() task.Record {
	d.Helper()
	r := d.only()
	if !r.Ref.Provisional() {
		return r
	}
	return d.applied(task.Patch{Op: task.Adopt, Task: d.newID(), Ref: r.Ref, Name: r.Name, Expect: r.Values})
}

func readsAroundGarble(d *desk) {
	d.garbled(func(name string, f task.Field, raw string) {
		r := d.only()
		if r.Values[f] != task.UnreadableValue(raw) {
			d.Errorf("%q in field %s reads %s %q; want it unreadable", raw, f, r.Values[f].Kind(), r.Values[f])
		}
		shown := d.h.Show(d, name)
		for _, g := range d.Fields {
			if g != f && !r.Values[g].Same(shown[g]) {
				d.Errorf("beside an unreadable %s, field %s reads %q; the tool holds %q", f, g, clip(r.Values[g]), clip(shown[g]))
			}
		}
	})
}

func writesAroundGarble(d *desk) {
	d.garbled(func(name string, f task.Field, raw string) {
		r := d.ownOnly()
		i := slices.IndexFunc(d.Fields, func(g task.Field) bool { return g != f && d.writes(g) })
		if i < 0 {
			return
		}
		c := d.change(r, d.Fields[i])
		back := d.applied(updating(idOf(r), r, c))
		if back.Values[f] != task.UnreadableValue(raw) || back.Values[c.Field] != c.To {
			d.Errorf("after a write to %s it reads %q and the unreadable %s reads %q", c.Field, back.Values[c.Field], f, back.Values[f])
		}
		var want task.Values
		want[c.Field], want[f] = c.To, task.UnreadableValue(raw)
		d.expectShown("after a write beside it", name, want, c.Field, f)
	})
}

func refusesToOverwriteGarble(d *desk) {
	d.garbled(func(name string, f task.Field, raw string) {
		if !d.writes(f) {
			return
		}
		r := d.ownOnly()
		before := d.full(0)[f]
		if before.Same(r.Values[f]) {
			return
		}
		got := d.apply(updating(idOf(r), r, task.Change{Field: f, From: before, To: d.values(f)[1]}))[0]
		if !fault.Is(got.Err, fault.Conflict) {
			d.Errorf("a write over %q, where %q was expected: %v; want a conflict", raw, before, got.Err)
		}
		var want task.Values
		want[f] = task.UnreadableValue(raw)
		d.expectShown("after a write that came too late", name, want, f)
	})
}

func readsMended(d *desk) {
	d.garbled(func(name string, f task.Field, _ string) {
		want := d.values(f)[0]
		d.h.Edit(d, name, f, want)
		r := d.only()
		if r.Values[f] != want || len(r.Problems) != 0 {
			d.Errorf("mended, %s reads %q with the problems %v; want %q and none", f, r.Values[f], r.Problems, want)
		}
	})
}

func increments() []question {
	needs := func(d *desk) string {
		if !d.Increments {
			return "this connector always reads everything"
		}
		return ""
	}
	return []question{
		{name: "an increment shows edits and new items", needs: needs, ask: incrementsSeeEdits},
		{name: "an idle increment shows nothing new", needs: needs, ask: incrementsIdle},
		{name: "a cursor from elsewhere reads everything or is refused", needs: needs, ask: hostileCursor},
	}
}

func incrementsSeeEdits(d *desk) {
	names := d.add(5)
	snap := d.pull()
	if snap.Cursor == "" {
		d.Fatalf("a full pull gave no cursor")
	}
	field, _ := d.twoFields()
	edited := d.change(d.recordIn(snap, names[3]), field)
	d.h.Edit(d, names[3], field, edited.To)
	added := d.h.Add(d, d.full(40))
	d.restart()
	inc := d.pullFrom(snap.Cursor)
	if r := d.recordIn(inc, names[3]); r.Values[field] != edited.To {
		d.Errorf("the edited item reads %q in field %s; want %q", r.Values[field], field, edited.To)
	}
	d.recordIn(inc, added)
	if inc.Complete && len(inc.Records)+len(inc.Held) < 6 {
		d.Errorf("an increment of %d records says that it is complete", len(inc.Records))
	}
}

func incrementsIdle(d *desk) {
	d.add(5)
	snap := d.pull()
	cursor := snap.Cursor
	for range 3 {
		inc := d.pullFrom(cursor)
		for _, r := range inc.Records {
			// Windows overlap in tools whose index lags: what comes again must be what was there.
			was, ok := find(snap.Records, func(o task.Record) bool { return o.Ref.Key == r.Ref.Key })
			if !ok || was.Values != r.Values || r.Version > was.Version {
				d.Errorf("an idle increment shows %s as %+v; it was %+v", r.Name, r, was)
			}
		}
		if inc.Complete && len(inc.Records) < len(snap.Records) {
			d.Errorf("an increment of %d records says that it is complete", len(inc.Records))
		}
		if inc.Cursor != "" {
			cursor = inc.Cursor
		}
	}
}

func hostileCursor(d *desk) {
	d.add(2)
	for _, cursor := range []string{"?", "-1", "99999999999999999999", "0x0:'", "\x00"} {
		d.settle()
		snap, err := d.conn.Pull(d.Context(), cursor)
		switch {
		case err != nil:
			d.checkFault(err)
		case len(snap.Records) != 2 || !snap.Complete:
			d.Errorf("cursor %q: %d records, complete %v; want everything", cursor, len(snap.Records), snap.Complete)
		}
	}
}
