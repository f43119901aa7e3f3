package view

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/lockstep-sync/lockstep/sync/scorecard"
	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// historyPage is how many events are read at a time.
const historyPage = 1000

// History is what stories are read from.
type History interface {
	History(ctx context.Context, partnership string, q store.Query) ([]store.Event, error)
}

// Stories is what the history tells of every task, and what people wrote down beside, kept in memory and brought up to date from the
// store: so it is there after a restart, and whoever decided meanwhile. It is not safe for several goroutines at once; what it
// hands out is never changed.
type Stories struct {
	last      int64 // id of the newest event that is told; 0 before the first
	keep      int   // how many of the latest events are kept
	byTask    map[task.ID]*Story
	owned     map[task.ID]bool // stories that nobody was given since they were copied
	recent    []store.Event    // the oldest first
	decisions map[string][]scorecard.Decision
	updates   []scorecard.StatusUpdate
}

// Story is what the history tells of one task.
type Story struct {
	scorecard.Story
	Origin task.SourceID // where the task was first seen
}

// ToldKinds are the kinds of event that stories are made of. The slice is the caller's.
func ToldKinds() []store.EventKind {
	return []store.EventKind{
		store.EventBorn, store.EventDecided, store.EventSettled, store.EventRemoved, store.EventRestored, store.EventOvertyped,
		store.EventGate, store.EventUpdate,
	}
}

// TaskKinds are the kinds of event that past moments of tasks and conflicts are made of. The slice is the caller's.
func TaskKinds() []store.EventKind {
	return []store.EventKind{
		store.EventBorn, store.EventDecided, store.EventSettled, store.EventRemoved, store.EventRestored, store.EventConflict,
	}
}

// NewStories returns stories that keep at least so many of the latest events, for Latest.
func NewStories(keep int) *Stories {
	return &Stories{keep: keep, byTask: make(map[task.ID]*Story), decisions: make(map[string][]scorecard.Decision)}
}

// CatchUp reads what was stored since the last time. After an error it goes on where it stopped.
func (s *Stories) CatchUp(ctx context.Context, h History, partnership string) error {
	s.owned = make(map[task.ID]bool)
	for {
		es, err := h.History(ctx, partnership, store.Query{Kinds: ToldKinds(), After: s.last, Oldest: true, Limit: historyPage})
		if err != nil {
			return fmt.Errorf("read the history after event %d: %w", s.last, err)
		}
		for i := range es {
			s.fold(&es[i])
			s.last = es[i].ID
		}
		if len(es) < historyPage {
			return nil
		}
	}
}

// fold tells one event.
func (s *Stories) fold(e *store.Event) {
	switch e.Kind {
	case store.EventOvertyped:
	case store.EventGate:
		if gate, d, ok := GateDecision(e); ok {
			s.decisions[gate] = append(slices.Clip(s.decisions[gate]), d)
		}
	case store.EventUpdate:
		if u, ok := StatusUpdate(e); ok {
			s.updates = append(slices.Clip(s.updates), u)
		}
	default:
		if e.Task != "" {
			s.tell(e)
		}
	}
	if s.keep == 0 {
		return
	}
	if len(s.recent) >= 2*s.keep {
		s.recent = slices.Clone(s.recent[len(s.recent)-s.keep+1:])
	}
	s.recent = append(s.recent, *e)
}

// tell adds one event to the story of its task.
func (s *Stories) tell(e *store.Event) {
	t := s.byTask[e.Task]
	switch {
	case t == nil:
		t = new(Story)
		s.byTask[e.Task] = t
	case !s.owned[e.Task]:
		own := *t
		own.Changes, own.Removals = slices.Clone(t.Changes), slices.Clone(t.Removals)
		t = &own
		s.byTask[e.Task] = t
	}
	s.owned[e.Task] = true
	if e.Kind == store.EventBorn {
		t.Origin = e.Source
	}
	t.Fold(Event(e))
}

// Foretold is a copy that also tells events that no store holds: those of a dry run.
func (s *Stories) Foretold(es []store.Event) *Stories {
	next := *s
	next.byTask, next.decisions, next.owned = maps.Clone(s.byTask), maps.Clone(s.decisions), make(map[task.ID]bool)
	next.recent, next.updates = slices.Clone(s.recent), slices.Clip(s.updates)
	for i := range es {
		if slices.Contains(ToldKinds(), es[i].Kind) {
			next.fold(&es[i])
		}
	}
	return &next
}

// Of is the story of one task; the zero story where nothing is told.
func (s *Stories) Of(id task.ID) Story {
	if t := s.byTask[id]; t != nil {
		return *t
	}
	return Story{}
}

// Last is the id of the newest event that is told; 0 before the first.
func (s *Stories) Last() int64 { return s.last }

// Latest are the newest events, the newest first, at most as many as are kept. The slice is the caller's.
func (s *Stories) Latest() []store.Event {
	out := slices.Clone(s.recent[max(0, len(s.recent)-s.keep):])
	slices.Reverse(out)
	return out
}

// Updates are what people said about how it goes, the oldest first.
func (s *Stories) Updates() []scorecard.StatusUpdate { return s.updates }

// Decided returns the gates with the decisions that were taken at them. The slice is the caller's.
func (s *Stories) Decided(gates []scorecard.Gate) []scorecard.Gate {
	out := slices.Clone(gates)
	for i := range out {
		out[i].Decisions = s.decisions[out[i].ID]
	}
	return out
}
