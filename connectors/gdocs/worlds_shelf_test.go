package gdocs

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

// shelf is a store in memory, quick enough for thousands of worlds. The real ones are proved by storetest.
type shelf struct {
	store.Store // what a cycle does not ask for

	gen, next int64
	tasks     map[task.ID]store.Task
	links     map[store.LinkID]store.Link
	sources   map[task.SourceID]store.Source
	intents   map[store.LinkID]store.Intent
	pauses    map[store.LinkID]store.Pause
	conflicts []store.Conflict
	holds     []task.Hold
	events    []store.Event
	dead      bool // the process dies before Settle
}

func newShelf() *shelf {
	return &shelf{
		next: 1, tasks: map[task.ID]store.Task{}, links: map[store.LinkID]store.Link{}, sources: map[task.SourceID]store.Source{},
		intents: map[store.LinkID]store.Intent{}, pauses: map[store.LinkID]store.Pause{},
	}
}

func (s *shelf) Load(context.Context, string) (store.State, error) {
	pair := func(a, b store.LinkID) int {
		return cmp.Or(cmp.Compare(s.tasks[a.Task].Number, s.tasks[b.Task].Number), strings.Compare(string(a.Source), string(b.Source)))
	}
	st := store.State{Generation: s.gen, NextID: s.next, Conflicts: slices.Clone(s.conflicts), Holds: slices.Clone(s.holds)}
	st.Tasks = slices.SortedFunc(maps.Values(s.tasks), func(a, b store.Task) int { return cmp.Compare(a.Number, b.Number) })
	for _, k := range slices.SortedFunc(maps.Keys(s.links), pair) {
		st.Links = append(st.Links, s.links[k])
	}
	for _, k := range slices.SortedFunc(maps.Keys(s.intents), pair) {
		st.Intents = append(st.Intents, s.intents[k])
	}
	for _, k := range slices.SortedFunc(maps.Keys(s.pauses), pair) {
		st.Pauses = append(st.Pauses, s.pauses[k])
	}
	st.Sources = slices.SortedFunc(maps.Values(s.sources), func(a, b store.Source) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return st, nil
}

func (s *shelf) Decide(_ context.Context, _ string, c store.Commit) (int64, error) {
	s.gen++
	s.next = c.NextID
	for _, t := range c.Tasks {
		s.tasks[t.ID] = t
	}
	for _, x := range c.Sources {
		s.sources[x.ID] = x
	}
	s.keep(c.Unlink, c.Links, c.Dropped, c.Intents, c.Unpause, nil)
	s.conflicts, s.holds = c.Conflicts, c.Holds
	s.tell(c.Events)
	return s.gen, nil
}

var errDead = errors.New("the process died")

func (s *shelf) Settle(_ context.Context, _ string, x store.Settlement) error {
	if s.dead {
		return errDead
	}
	s.keep(x.Unlink, x.Links, x.Dropped, x.Intents, x.Unpause, x.Pauses)
	s.tell(x.Events)
	return nil
}

func (s *shelf) keep(unlink []store.LinkID, links []store.Link, dropped []store.LinkID, ins []store.Intent, unpause []store.LinkID, ps []store.Pause) {
	for _, k := range unlink {
		delete(s.links, k)
	}
	for _, l := range links {
		s.links[store.LinkID{Task: l.Task, Source: l.Source}] = l
	}
	for _, k := range dropped {
		delete(s.intents, k)
	}
	for _, in := range ins {
		s.intents[store.LinkID{Task: in.Task, Source: in.Source}] = in
	}
	for _, k := range unpause {
		delete(s.pauses, k)
	}
	for _, p := range ps {
		s.pauses[store.LinkID{Task: p.Task, Source: p.Source}] = p
	}
}

func (s *shelf) tell(es []store.Event) {
	for _, e := range es {
		e.ID = int64(len(s.events) + 1)
		s.events = append(s.events, e)
	}
}

// History gives what happened since an event.
func (s *shelf) History(_ context.Context, _ string, q store.Query) ([]store.Event, error) {
	var es []store.Event
	for i := range s.events[min(int(q.After), len(s.events)):] {
		if e := s.events[int(q.After)+i]; slices.Contains(q.Kinds, e.Kind) && len(es) < q.Limit {
			es = append(es, e)
		}
	}
	return es, nil
}
