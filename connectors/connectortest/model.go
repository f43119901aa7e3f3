package connectortest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// equalsModel does at random what people and the engine do, and compares the tool and what the connector reads with a
// model that is two maps.
func equalsModel(t *testing.T, f Features, newHarness func(t *testing.T) Harness) {
	t.Helper()
	worlds, failed := 0, false
	rapid.Check(t, func(rt *rapid.T) {
		// A world that failed is tried again and again until it is small: from then on all are.
		if worlds++; f.Worlds > 0 && worlds > f.Worlds && !failed {
			return
		}
		defer func() { failed = failed || rt.Failed() }()
		m := &model{desk: newDesk(rt, f, newHarness(t)), rt: rt, shows: map[string]task.Values{}}
		m.look()
		rt.Repeat(map[string]func(*rapid.T){
			"person adds":    m.personAdds,
			"person edits":   m.personEdits,
			"person garbles": m.personGarbles,
			"person deletes": m.personDeletes,
			"we look":        func(*rapid.T) { m.look() },
			"we update":      m.weUpdate,
			"we create":      m.weCreate,
			"we remove":      m.weRemove,
			"we restart":     func(*rapid.T) { m.restart() },
			"":               func(*rapid.T) { m.check() },
		})
	})
}

type model struct {
	*desk
	rt    *rapid.T
	shows map[string]task.Values // by name: what the tool should hold
	seen  map[string]task.Record // by name: what we read when we looked last, which may be stale
	count int
}

func (m *model) names() []string { return slices.Sorted(maps.Keys(m.shows)) }

// someone picks an item; false where there is none.
func (m *model) someone(from []string) (string, bool) {
	if len(from) == 0 {
		return "", false
	}
	return rapid.SampledFrom(from).Draw(m.rt, "item"), true
}

// title is one that no other item has or had.
func (m *model) title() task.Value {
	m.count++
	return task.TextValue(fmt.Sprintf("Item no. %d", m.count))
}

func (m *model) value(f task.Field) task.Value {
	if f == task.Title {
		return m.title()
	}
	return rapid.SampledFrom(m.values(f)).Draw(m.rt, f.String())
}

// some draws fields out of those that are given.
func (m *model) some(fs []task.Field) []task.Field {
	var out []task.Field
	for _, f := range fs {
		if rapid.Bool().Draw(m.rt, "with "+f.String()) {
			out = append(out, f)
		}
	}
	return out
}

func (m *model) personAdds(*rapid.T) {
	if len(m.shows) >= 6 {
		m.rt.Skip("enough items")
	}
	var v task.Values
	for _, f := range m.some(m.Fields) {
		v[f] = m.value(f)
	}
	v[task.Title] = m.title()
	name := m.h.Add(m, v)
	shown := m.h.Show(m, name)
	for _, f := range m.Fields {
		if !v[f].IsNone() && shown[f] != v[f] {
			m.Fatalf("a person typed %q into %s and the tool shows %q", v[f], f, shown[f])
		}
	}
	m.shows[name] = shown
}

func (m *model) personEdits(*rapid.T) {
	name, ok := m.someone(m.names())
	if !ok {
		m.rt.Skip("no items")
	}
	f := rapid.SampledFrom(m.Fields).Draw(m.rt, "field")
	v := m.value(f)
	m.h.Edit(m, name, f, v)
	shown := m.shows[name]
	shown[f] = v
	m.shows[name] = shown
}

func (m *model) personGarbles(*rapid.T) {
	name, ok := m.someone(m.names())
	if !ok {
		m.rt.Skip("no items")
	}
	f := rapid.SampledFrom(m.Fields).Draw(m.rt, "field")
	if f == task.Title {
		m.rt.Skip("titles tell items apart")
	}
	raw, ok := m.h.Garble(m, name, f)
	if !ok {
		m.rt.Skip("the tool takes nothing unreadable there")
	}
	shown := m.shows[name]
	shown[f] = task.UnreadableValue(raw)
	m.shows[name] = shown
}

func (m *model) personDeletes(*rapid.T) {
	name, ok := m.someone(m.names())
	if !ok {
		m.rt.Skip("no items")
	}
	m.h.Delete(m, name)
	delete(m.shows, name)
}

// look reads everything, as a cycle begins.
func (m *model) look() {
	snap := m.pull()
	m.seen = make(map[string]task.Record, len(snap.Records))
	for name, shown := range m.shows {
		r, ok := find(snap.Records, func(r task.Record) bool { return r.Values[task.Title] == shown[task.Title] })
		if !ok {
			m.Fatalf("item %q is not read; the titles are %s", shown[task.Title], titles(snap.Records))
		}
		m.seen[name] = r
	}
}

// weUpdate writes to an item as we saw it last. Whether that is how it still is, the model knows.
func (m *model) weUpdate(*rapid.T) {
	name, ok := m.someone(slices.Sorted(maps.Keys(m.seen)))
	if !ok {
		m.rt.Skip("nothing was seen")
	}
	r := m.seen[name]
	var changes []task.Change
	for _, f := range m.some(m.Fields) {
		if !m.writes(f) || r.Values[f].IsUnreadable() {
			continue
		}
		if to, ok := m.shown(f, m.value(f), r.Values[f]); ok && !to.Same(r.Values[f]) {
			changes = append(changes, task.Change{Field: f, From: r.Values[f], To: to})
		}
	}
	p := updating(idOf(r), r, changes...)
	if r.Ref.Provisional() {
		p = adoption(m.newID(), r, changes...)
	} else if len(changes) == 0 {
		m.rt.Skip("nothing to write")
	}
	now, there := m.shows[name]
	got := m.apply(p)[0]
	if got.Err != nil && (!fault.Is(got.Err, fault.Conflict) && !fault.HasReason(got.Err, fault.NotFound) || got.Uncertain) {
		m.Fatalf("%s: %v", p.Op, got.Err)
	}
	if got.Err == nil && !there {
		m.Fatalf("an update of a deleted item landed")
	}
	expected, stands := m.stands(now, p)
	if got.Err == nil && !stands && !expected {
		m.Fatalf("%s landed over what somebody else had put there: %v over %v", p.Op, p.Set, now)
	}
	if got.Err != nil {
		if expected && there {
			m.Fatalf("%s of what nobody had changed: %v", p.Op, got.Err)
		}
		return
	}
	for _, c := range changes {
		now[c.Field] = c.To
	}
	m.shows[name], m.seen[name] = now, *got.Record
}

// stands reports whether the tool holds what the patch expects, and whether what it does not expect is true already in
// part or whole, so that either answer is good.
func (m *model) stands(now task.Values, p task.Patch) (expected, already bool) {
	expected, already = true, true
	for _, c := range p.Set {
		if !now[c.Field].Same(c.From) {
			expected = false
			already = already && now[c.Field].Same(c.To)
		}
	}
	if p.Op == task.Adopt {
		for _, f := range m.Fields {
			if !now[f].Same(p.Expect[f]) {
				return false, false
			}
		}
	}
	return expected, already
}

func (m *model) weCreate(*rapid.T) {
	if !m.Creates || len(m.shows) >= 6 {
		m.rt.Skip("no create")
	}
	var v task.Values
	for _, f := range m.some(m.Fields) {
		v[f] = m.value(f)
	}
	v[task.Title] = m.title()
	before := m.h.Names(m)
	p, want := m.createPatch(v)
	r := m.applied(p)
	name := m.newName(before)
	m.expectShown("a create", name, want, setFields(p)...)
	m.shows[name], m.seen[name] = m.h.Show(m, name), r
}

func (m *model) weRemove(*rapid.T) {
	name, ok := m.someone(slices.Sorted(maps.Keys(m.seen)))
	if !ok || !m.Removes || m.seen[name].Ref.Provisional() {
		m.rt.Skip("nothing to remove")
	}
	p := removal(m.seen[name])
	now, there := m.shows[name]
	same := there
	for _, f := range m.Fields {
		same = same && now[f].Same(p.Expect[f])
	}
	got := m.apply(p)[0]
	switch {
	case got.Err == nil && there && !same:
		m.Fatalf("what somebody had changed was removed: %v; expected was %v", now, p.Expect)
	case got.Err == nil:
		delete(m.shows, name)
		delete(m.seen, name)
	case same:
		m.Fatalf("a removal of what nobody had changed: %v", got.Err)
	case !fault.Is(got.Err, fault.Conflict) && !fault.HasReason(got.Err, fault.NotFound):
		m.Fatalf("a removal: %v", got.Err)
	}
}

// check compares the tool with the model, and what the connector reads with both.
func (m *model) check() {
	names := m.h.Names(m)
	slices.Sort(names)
	if want := m.names(); !slices.Equal(names, want) {
		m.Fatalf("the tool holds the items %v; want %v", names, want)
	}
	snap := m.pull()
	if len(snap.Records) != len(names) || len(snap.Held) != 0 {
		m.Fatalf("%d records and %d held; want %d and none", len(snap.Records), len(snap.Held), len(names))
	}
	var wrong []string
	for _, name := range names {
		want, got := m.shows[name], m.h.Show(m, name)
		r := m.recordIn(snap, name)
		for _, f := range m.Fields {
			if !got[f].Same(want[f]) || !r.Values[f].Same(want[f]) {
				wrong = append(wrong, fmt.Sprintf("item %s, field %s: the tool holds %q and it reads %q; want %q", name, f, got[f], r.Values[f], want[f]))
			}
		}
	}
	if wrong != nil {
		m.Fatalf("%s", strings.Join(wrong, "\n"))
	}
}
