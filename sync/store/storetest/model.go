package storetest

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// errTwice is the model's word for two tasks that are tied to one item.
var errTwice = errors.New("two tasks are tied to one item")

// world is what a store should remember: plain maps, a partnership each.
type world map[string]*model

type model struct {
	gen, next int64
	tasks     map[task.ID]store.Task
	links     map[store.LinkID]store.Link
	sources   map[task.SourceID]store.Source
	intents   map[store.LinkID]store.Intent
	pauses    map[store.LinkID]store.Pause
	conflicts []store.Conflict
	holds     []task.Hold
	events    []store.Event
	cycles    []store.Cycle
}

func newWorld() world { return world{} }

// of is the partnership's model; a new one is not kept until something is stored.
func (w world) of(p string) *model {
	if m, ok := w[p]; ok {
		return m
	}
	return &model{
		next: 1, tasks: map[task.ID]store.Task{}, links: map[store.LinkID]store.Link{}, sources: map[task.SourceID]store.Source{},
		intents: map[store.LinkID]store.Intent{}, pauses: map[store.LinkID]store.Pause{},
	}
}

func (m *model) clone() *model {
	c := *m
	c.tasks, c.links, c.sources = maps.Clone(m.tasks), maps.Clone(m.links), maps.Clone(m.sources)
	c.intents, c.pauses = maps.Clone(m.intents), maps.Clone(m.pauses)
	c.events, c.cycles = slices.Clone(m.events), slices.Clone(m.cycles)
	return &c
}

// decide is store.Store.Decide.
func (w world) decide(p string, c store.Commit) error {
	m := w.of(p).clone()
	if c.Generation != m.gen {
		return store.ErrStale
	}
	m.gen++
	m.next = max(m.next, c.NextID)
	for _, t := range c.Tasks {
		t.Created, t.Changed = millis(t.Created), millis(t.Changed)
		m.tasks[t.ID] = t
	}
	if err := m.relink(c.Unlink, c.Links); err != nil {
		return err
	}
	m.settle(c.Sources, c.Dropped, c.Intents, c.Unpause, nil)
	m.conflicts = nil
	for _, k := range c.Conflicts {
		k.Opened, k.Claims = millis(k.Opened), claims(k.Claims)
		m.conflicts = append(m.conflicts, k)
	}
	m.holds = slices.Clone(c.Holds)
	m.record(c.Events)
	line := c.Cycle
	line.Generation, line.Started = m.gen, millis(line.Started)
	m.cycles = append(m.cycles, line)
	w[p] = m
	return nil
}

// settled is store.Store.Settle.
func (w world) settled(p string, s store.Settlement) error {
	m := w.of(p).clone()
	if s.Generation != m.gen {
		return store.ErrStale
	}
	if err := m.relink(s.Unlink, s.Links); err != nil {
		return err
	}
	m.settle(s.Sources, s.Dropped, s.Intents, s.Unpause, s.Pauses)
	m.record(s.Events)
	w[p] = m
	return nil
}

func (m *model) relink(gone []store.LinkID, ls []store.Link) error {
	for _, id := range gone {
		delete(m.links, id)
	}
	for _, l := range ls {
		m.links[store.LinkID{Task: l.Task, Source: l.Source}] = l
	}
	seen := map[task.Ref]bool{}
	for _, l := range m.links {
		ref := task.Ref{Source: l.Source, Key: l.Key}
		if seen[ref] {
			return errTwice
		}
		seen[ref] = true
	}
	return nil
}

func (m *model) settle(ss []store.Source, dropped []store.LinkID, ins []store.Intent, unpause []store.LinkID, ps []store.Pause) {
	for _, s := range ss {
		s.LastAttempt, s.LastSuccess = millis(s.LastAttempt), millis(s.LastSuccess)
		m.sources[s.ID] = s
	}
	for _, id := range dropped {
		delete(m.intents, id)
	}
	for _, in := range ins {
		in.At = millis(in.At)
		if len(in.Set) == 0 {
			in.Set = nil
		}
		m.intents[store.LinkID{Task: in.Task, Source: in.Source}] = in
	}
	for _, id := range unpause {
		delete(m.pauses, id)
	}
	for _, p := range ps {
		p.Until = millis(p.Until)
		m.pauses[store.LinkID{Task: p.Task, Source: p.Source}] = p
	}
}

func (m *model) record(es []store.Event) {
	for _, e := range es {
		e.ID, e.Cycle, e.At, e.Losers = 0, m.gen, millis(e.At), claims(e.Losers)
		m.events = append(m.events, e)
	}
}

// recorded is store.Store.Record.
func (w world) recorded(p string, es []store.Event) {
	m := w.of(p)
	m.record(es)
	w[p] = m
}

// state is what Load should return.
func (m *model) state() store.State {
	byTask := func(a, b task.ID) int {
		return cmp.Or(cmp.Compare(m.tasks[a].Number, m.tasks[b].Number), strings.Compare(string(a), string(b)))
	}
	byPair := func(a, b store.LinkID) int {
		return cmp.Or(byTask(a.Task, b.Task), strings.Compare(string(a.Source), string(b.Source)))
	}
	st := store.State{Generation: m.gen, NextID: m.next, Conflicts: slices.Clone(m.conflicts), Holds: slices.Clone(m.holds)}
	for _, id := range slices.SortedFunc(maps.Keys(m.tasks), byTask) {
		st.Tasks = append(st.Tasks, m.tasks[id])
	}
	for _, id := range slices.SortedFunc(maps.Keys(m.links), byPair) {
		st.Links = append(st.Links, m.links[id])
	}
	for _, id := range slices.Sorted(maps.Keys(m.sources)) {
		st.Sources = append(st.Sources, m.sources[id])
	}
	for _, id := range slices.SortedFunc(maps.Keys(m.intents), byPair) {
		st.Intents = append(st.Intents, m.intents[id])
	}
	for _, id := range slices.SortedFunc(maps.Keys(m.pauses), byPair) {
		st.Pauses = append(st.Pauses, m.pauses[id])
	}
	slices.SortFunc(st.Conflicts, func(a, b store.Conflict) int {
		return cmp.Or(byTask(a.Task, b.Task), cmp.Compare(a.Field, b.Field))
	})
	slices.SortStableFunc(st.Holds, func(a, b task.Hold) int {
		return cmp.Or(strings.Compare(string(a.Source), string(b.Source)), strings.Compare(a.Key, b.Key), strings.Compare(a.Field, b.Field))
	})
	if len(st.Holds) == 0 {
		st.Holds = nil
	}
	return st
}

// check compares all that the store says of every partnership with the model.
func (w world) check(t tester, s store.Store) {
	t.Helper()
	for p, m := range w {
		checkOne(t, s, p, m)
	}
}

func checkOne(t tester, s store.Store, p string, m *model) {
	t.Helper()
	ctx := context.Background()
	st, err := s.Load(ctx, p)
	if err != nil {
		t.Fatalf("load %s: %v", p, err)
	}
	same(t, "the state", m.state(), st)
	es, err := s.History(ctx, p, store.Query{})
	if err != nil {
		t.Fatalf("read the history of %s: %v", p, err)
	}
	for i := range es {
		if i > 0 && es[i].ID >= es[i-1].ID {
			t.Fatalf("event %d comes behind event %d", es[i].ID, es[i-1].ID)
		}
	}
	newest := slices.Clone(m.events)
	slices.Reverse(newest)
	same(t, "the history", newest[:min(len(newest), 1000)], withoutIDs(es))
	cs, err := s.Cycles(ctx, p, len(m.cycles)+1)
	if err != nil {
		t.Fatalf("read the cycles of %s: %v", p, err)
	}
	lines := slices.Clone(m.cycles)
	slices.Reverse(lines)
	same(t, "the list of cycles", lines, cs)
}

func withoutIDs(es []store.Event) []store.Event {
	es = slices.Clone(es)
	for i := range es {
		es[i].ID = 0
	}
	return es
}

// millis is a time as stores keep it.
func millis(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return time.UnixMilli(t.UnixMilli()).UTC()
}

func claims(cs []store.Claim) []store.Claim {
	if len(cs) == 0 {
		return nil
	}
	cs = slices.Clone(cs)
	for i := range cs {
		cs[i].At = millis(cs[i].At)
	}
	return cs
}
