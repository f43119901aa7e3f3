package storetest

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

// Memory is a store of one partnership, in memory: quick enough for tens of thousands of random worlds. Whoever tests with it may look at
// what it holds, and change it, between two cycles. It is for one goroutine.
type Memory struct {
	Generation, NextID int64

	Tasks     map[task.ID]store.Task
	Links     map[store.LinkID]store.Link
	Sources   map[task.SourceID]store.Source
	Intents   map[store.LinkID]store.Intent
	Pauses    map[store.LinkID]store.Pause
	Conflicts []store.Conflict
	Holds     []task.Hold
	Events    []store.Event
	Cycled    []store.Cycle

	// Crash is asked at each moment of a commit whether the process dies there: what was stored stays, nothing more is, and the caller
	// learns nothing but ErrCrash. Nil never crashes.
	Crash func(Moment) bool
}

// Moment is a moment of a commit.
type Moment string

// The moments.
const (
	BeforeDecide Moment = "before Decide"
	AfterDecide  Moment = "after Decide"
	BeforeSettle Moment = "before Settle"
	AfterSettle  Moment = "after Settle"
)

// ErrCrash is what a commit answers in which the process died.
var ErrCrash = errors.New("the process died")

// NewMemory returns an empty store.
func NewMemory() *Memory {
	return &Memory{
		NextID: 1, Tasks: map[task.ID]store.Task{}, Links: map[store.LinkID]store.Link{}, Sources: map[task.SourceID]store.Source{},
		Intents: map[store.LinkID]store.Intent{}, Pauses: map[store.LinkID]store.Pause{},
	}
}

func (m *Memory) crashes(at Moment) bool { return m.Crash != nil && m.Crash(at) }

// Load implements store.Store.
func (m *Memory) Load(ctx context.Context, _ string) (store.State, error) {
	byID := func(a, b store.LinkID) int {
		return cmp.Or(cmp.Compare(m.Tasks[a.Task].Number, m.Tasks[b.Task].Number), strings.Compare(string(a.Source), string(b.Source)))
	}
	st := store.State{Generation: m.Generation, NextID: m.NextID, Conflicts: slices.Clone(m.Conflicts), Holds: slices.Clone(m.Holds)}
	st.Tasks = slices.SortedFunc(maps.Values(m.Tasks), func(a, b store.Task) int { return cmp.Compare(a.Number, b.Number) })
	for _, k := range slices.SortedFunc(maps.Keys(m.Links), byID) {
		st.Links = append(st.Links, m.Links[k])
	}
	for _, k := range slices.SortedFunc(maps.Keys(m.Intents), byID) {
		st.Intents = append(st.Intents, m.Intents[k])
	}
	for _, k := range slices.SortedFunc(maps.Keys(m.Pauses), byID) {
		st.Pauses = append(st.Pauses, m.Pauses[k])
	}
	st.Sources = slices.SortedFunc(maps.Values(m.Sources), func(a, b store.Source) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return st, ctx.Err()
}

// Decide implements store.Store.
func (m *Memory) Decide(ctx context.Context, _ string, c store.Commit) (int64, error) {
	if m.crashes(BeforeDecide) {
		return 0, ErrCrash
	}
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if c.Generation != m.Generation {
		return 0, store.ErrStale
	}
	m.Generation++
	m.NextID = c.NextID
	for _, t := range c.Tasks {
		m.Tasks[t.ID] = t
	}
	m.keep(store.Settlement{
		Unlink: c.Unlink, Links: c.Links, Sources: c.Sources, Dropped: c.Dropped, Intents: c.Intents, Unpause: c.Unpause,
	})
	m.Conflicts, m.Holds = c.Conflicts, c.Holds
	m.record(c.Events)
	c.Cycle.Generation = m.Generation
	m.Cycled = append(m.Cycled, c.Cycle)
	if m.crashes(AfterDecide) {
		return 0, ErrCrash
	}
	return m.Generation, nil
}

// Settle implements store.Store.
func (m *Memory) Settle(ctx context.Context, _ string, s store.Settlement) error {
	if m.crashes(BeforeSettle) {
		return ErrCrash
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if s.Generation != m.Generation {
		return store.ErrStale
	}
	m.keep(s)
	m.record(s.Events)
	if m.crashes(AfterSettle) {
		return ErrCrash
	}
	return nil
}

// keep stores what both commits may hold, all but events.
func (m *Memory) keep(s store.Settlement) {
	for _, id := range s.Unlink {
		delete(m.Links, id)
	}
	m.link(s.Links)
	for _, src := range s.Sources {
		m.Sources[src.ID] = src
	}
	for _, id := range s.Dropped {
		delete(m.Intents, id)
	}
	for _, in := range s.Intents {
		m.Intents[store.LinkID{Task: in.Task, Source: in.Source}] = in
	}
	for _, id := range s.Unpause {
		delete(m.Pauses, id)
	}
	for _, p := range s.Pauses {
		m.Pauses[store.LinkID{Task: p.Task, Source: p.Source}] = p
	}
}

func (m *Memory) link(ls []store.Link) {
	for _, l := range ls {
		m.Links[store.LinkID{Task: l.Task, Source: l.Source}] = l
	}
	seen := map[task.Ref]task.ID{}
	for _, l := range m.Links {
		ref := task.Ref{Source: l.Source, Key: l.Key}
		if other, ok := seen[ref]; ok {
			panic(errors.New("two tasks are linked to one item: " + string(other) + " and " + string(l.Task)))
		}
		seen[ref] = l.Task
	}
}

func (m *Memory) record(es []store.Event) {
	for _, e := range es {
		e.ID, e.Cycle = int64(len(m.Events)+1), m.Generation
		m.Events = append(m.Events, e)
	}
}

// Record implements store.Store.
func (m *Memory) Record(_ context.Context, _ string, es []store.Event) error {
	m.record(es)
	return nil
}

// History implements store.Store.
func (m *Memory) History(_ context.Context, _ string, q store.Query) ([]store.Event, error) {
	var es []store.Event
	for i := range m.Events {
		if !q.Oldest {
			i = len(m.Events) - 1 - i
		}
		e := m.Events[i]
		if (q.Before == 0 || e.ID < q.Before) && e.ID > q.After && (q.Task == "" || e.Task == q.Task) &&
			(q.Kinds == nil || slices.Contains(q.Kinds, e.Kind)) && (q.Limit == 0 || len(es) < q.Limit) {
			es = append(es, e)
		}
	}
	return es, nil
}

// Cycles implements store.Store.
func (m *Memory) Cycles(context.Context, string, int) ([]store.Cycle, error) {
	cs := slices.Clone(m.Cycled)
	slices.Reverse(cs)
	return cs, nil
}

// Ping implements store.Store.
func (*Memory) Ping(context.Context) error { return nil }

// Close implements store.Store.
func (*Memory) Close() error { return nil }
