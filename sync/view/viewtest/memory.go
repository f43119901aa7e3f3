// Package viewtest has what tests of views need: a store in memory.
package viewtest

import (
	"context"
	"slices"
	"sync"

	"github.com/lockstep-sync/lockstep/sync/store"
)

// Memory holds one state for every partnership, and counts how often it was loaded. It is safe for several goroutines.
type Memory struct {
	mu     sync.Mutex
	state  store.State
	events []store.Event // the oldest first
	cycles []store.Cycle // the newest first
	err    error
	loads  int
}

// New returns a store that holds a state, and events with the oldest first; it numbers them.
func New(st store.State, events ...store.Event) *Memory {
	m := &Memory{state: st}
	m.tell(events)
	return m
}

// Edit changes what is stored. Slices that views may be reading are to be replaced, never written to.
func (m *Memory) Edit(change func(st *store.State)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	change(&m.state)
}

// Tell adds events, and cycles before those that are there.
func (m *Memory) Tell(events []store.Event, cycles ...store.Cycle) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.tell(events)
	m.cycles = append(slices.Clone(cycles), m.cycles...)
}

func (m *Memory) tell(events []store.Event) {
	for _, e := range events {
		e.ID = int64(len(m.events) + 1)
		m.events = append(m.events, e)
	}
}

// Fail has every call fail with an error from now on; nil has them succeed.
func (m *Memory) Fail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.err = err
}

// Loads is how often the state was loaded.
func (m *Memory) Loads() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.loads
}

// Load returns the state.
func (m *Memory) Load(context.Context, string) (store.State, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.loads++
	return m.state, m.err
}

// History selects events as store.Store does.
func (m *Memory) History(_ context.Context, _ string, q store.Query) ([]store.Event, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	limit := q.Limit
	if limit <= 0 || limit > 1000 {
		limit = 1000
	}
	var out []store.Event
	for i := range m.events {
		if !q.Oldest {
			i = len(m.events) - 1 - i
		}
		e := m.events[i]
		if (q.Task == "" || q.Task == e.Task) && (q.Cycle == 0 || q.Cycle == e.Cycle) && (q.Before == 0 || e.ID < q.Before) && e.ID > q.After &&
			(q.Kinds == nil || slices.Contains(q.Kinds, e.Kind)) && len(out) < limit {
			out = append(out, e)
		}
	}
	return out, m.err
}

// Cycles returns the newest cycles.
func (m *Memory) Cycles(_ context.Context, _ string, limit int) ([]store.Cycle, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.cycles[:min(limit, len(m.cycles))], m.err
}

// Record adds events outside of a cycle.
func (m *Memory) Record(_ context.Context, _ string, es []store.Event) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err != nil {
		return m.err
	}
	for i := range es {
		es[i].Cycle = m.state.Generation
	}
	m.tell(es)
	return nil
}
