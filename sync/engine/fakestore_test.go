package engine_test

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// fakeStore keeps one partnership in memory, obeys the contract of store.Store, and can be told to crash. The real ones are
// proved by storetest; this one is quick enough for tens of thousands of worlds.
type fakeStore struct {
	gen, nextID int64
	tasks       map[task.ID]store.Task
	links       map[store.LinkID]store.Link
	sources     map[task.SourceID]store.Source
	intents     map[store.LinkID]store.Intent
	pauses      map[store.LinkID]store.Pause
	conflicts   []store.Conflict
	holds       []task.Hold
	events      []store.Event
	cycles      []store.Cycle

	// crash is asked before and after everything that Decide and Settle do. Once it answers true the process is dead: what
	// was stored stays, nothing more is, and the caller learns nothing.
	crash func() bool
}

func newFakeStore() *fakeStore {
	return &fakeStore{
		nextID: 1, tasks: map[task.ID]store.Task{}, links: map[store.LinkID]store.Link{}, sources: map[task.SourceID]store.Source{},
		intents: map[store.LinkID]store.Intent{}, pauses: map[store.LinkID]store.Pause{}, crash: func() bool { return false },
	}
}

func (f *fakeStore) Load(ctx context.Context, _ string) (store.State, error) {
	byID := func(a, b store.LinkID) int {
		return cmp.Or(cmp.Compare(f.tasks[a.Task].Number, f.tasks[b.Task].Number), strings.Compare(string(a.Source), string(b.Source)))
	}
	st := store.State{Generation: f.gen, NextID: f.nextID, Conflicts: slices.Clone(f.conflicts), Holds: slices.Clone(f.holds)}
	st.Tasks = slices.SortedFunc(maps.Values(f.tasks), func(a, b store.Task) int { return cmp.Compare(a.Number, b.Number) })
	for _, k := range slices.SortedFunc(maps.Keys(f.links), byID) {
		st.Links = append(st.Links, f.links[k])
	}
	for _, k := range slices.SortedFunc(maps.Keys(f.intents), byID) {
		st.Intents = append(st.Intents, f.intents[k])
	}
	for _, k := range slices.SortedFunc(maps.Keys(f.pauses), byID) {
		st.Pauses = append(st.Pauses, f.pauses[k])
	}
	st.Sources = slices.SortedFunc(maps.Values(f.sources), func(a, b store.Source) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return st, ctx.Err()
}

func (f *fakeStore) Decide(ctx context.Context, _ string, c store.Commit) (int64, error) {
	if f.crash() {
		return 0, errCrash
	}
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if c.Generation != f.gen {
		return 0, store.ErrStale
	}
	f.gen++
	f.nextID = c.NextID
	for _, t := range c.Tasks {
		f.tasks[t.ID] = t
	}
	f.unlink(c.Unlink)
	f.link(c.Links)
	for _, s := range c.Sources {
		f.sources[s.ID] = s
	}
	for _, id := range c.Dropped {
		delete(f.intents, id)
	}
	for _, in := range c.Intents {
		f.intents[store.LinkID{Task: in.Task, Source: in.Source}] = in
	}
	for _, id := range c.Unpause {
		delete(f.pauses, id)
	}
	f.conflicts, f.holds = c.Conflicts, c.Holds
	f.record(c.Events)
	c.Cycle.Generation = f.gen
	f.cycles = append(f.cycles, c.Cycle)
	if f.crash() {
		return 0, errCrash
	}
	return f.gen, nil
}

func (f *fakeStore) Settle(ctx context.Context, _ string, s store.Settlement) error {
	if f.crash() {
		return errCrash
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if s.Generation != f.gen {
		return store.ErrStale
	}
	f.unlink(s.Unlink)
	f.link(s.Links)
	for _, id := range s.Dropped {
		delete(f.intents, id)
	}
	for _, in := range s.Intents {
		f.intents[store.LinkID{Task: in.Task, Source: in.Source}] = in
	}
	for _, id := range s.Unpause {
		delete(f.pauses, id)
	}
	for _, p := range s.Pauses {
		f.pauses[store.LinkID{Task: p.Task, Source: p.Source}] = p
	}
	for _, src := range s.Sources {
		f.sources[src.ID] = src
	}
	f.record(s.Events)
	if f.crash() {
		return errCrash
	}
	return nil
}

func (f *fakeStore) link(ls []store.Link) {
	for _, l := range ls {
		f.links[store.LinkID{Task: l.Task, Source: l.Source}] = l
	}
	seen := map[task.Ref]task.ID{}
	for _, l := range f.links {
		ref := task.Ref{Source: l.Source, Key: l.Key}
		if other, ok := seen[ref]; ok {
			panic(errors.New("two tasks are linked to one item: " + string(other) + " and " + string(l.Task)))
		}
		seen[ref] = l.Task
	}
}

func (f *fakeStore) unlink(ids []store.LinkID) {
	for _, id := range ids {
		delete(f.links, id)
	}
}

func (f *fakeStore) record(es []store.Event) {
	for _, e := range es {
		e.ID, e.Cycle = int64(len(f.events)+1), f.gen
		f.events = append(f.events, e)
	}
}

func (f *fakeStore) Record(_ context.Context, _ string, es []store.Event) error {
	f.record(es)
	return nil
}

func (f *fakeStore) History(_ context.Context, _ string, q store.Query) ([]store.Event, error) {
	var es []store.Event
	for i := range f.events {
		if !q.Oldest {
			i = len(f.events) - 1 - i
		}
		e := f.events[i]
		if (q.Before == 0 || e.ID < q.Before) && e.ID > q.After && (q.Task == "" || e.Task == q.Task) &&
			(q.Kinds == nil || slices.Contains(q.Kinds, e.Kind)) && (q.Limit == 0 || len(es) < q.Limit) {
			es = append(es, e)
		}
	}
	return es, nil
}

func (f *fakeStore) Cycles(context.Context, string, int) ([]store.Cycle, error) {
	cs := slices.Clone(f.cycles)
	slices.Reverse(cs)
	return cs, nil
}

func (*fakeStore) Ping(context.Context) error { return nil }
func (*fakeStore) Close() error               { return nil }
