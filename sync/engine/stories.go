package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/lockstep-sync/lockstep/sync/scorecard"
	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// stories is what the history tells of every task, kept in memory and brought up to date from the store: so it is there after
// a restart, and whoever decided meanwhile.
type stories struct {
	last   int64 // id of the newest event that is told; 0 before the first
	byTask map[task.ID]*story
	recent []store.Event // the latest of the kinds that the page of activity shows, the oldest first
}

type story struct {
	scorecard.Story
	origin task.SourceID // where the task was first seen
}

// activityRows is how many lines the page of activity has at most.
const activityRows = 200

// historyPage is how many events are read at a time.
const historyPage = 1000

// toldKinds are the kinds of event that stories and the page of activity are made of.
func toldKinds() []store.EventKind {
	return []store.EventKind{store.EventBorn, store.EventDecided, store.EventSettled, store.EventRemoved, store.EventRestored, store.EventOvertyped}
}

func newStories() *stories { return &stories{byTask: make(map[task.ID]*story)} }

// catchUp reads what was stored since the last time. After an error it goes on where it stopped.
func (s *stories) catchUp(ctx context.Context, st store.Store, partnership string) error {
	for {
		es, err := st.History(ctx, partnership, store.Query{Kinds: toldKinds(), After: s.last, Oldest: true, Limit: historyPage})
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
func (s *stories) fold(e *store.Event) {
	if e.Task != "" && e.Kind != store.EventOvertyped {
		s.tell(e)
	}
	if len(s.recent) >= 2*activityRows {
		s.recent = slices.Clone(s.recent[len(s.recent)-activityRows+1:])
	}
	s.recent = append(s.recent, *e)
}

// tell adds one event to the story of its task.
func (s *stories) tell(e *store.Event) {
	t := s.byTask[e.Task]
	if t == nil {
		t = new(story)
		s.byTask[e.Task] = t
	}
	if e.Kind == store.EventBorn {
		t.origin = e.Source
	}
	t.Fold(scorecard.Event{
		At: e.At, Kind: scorecard.EventKind(e.Kind), Task: e.Task, Field: e.Field, From: e.From, To: e.To, Source: e.Source, By: e.By,
	})
}

// foretold is a copy that also tells events that no store holds: those of a dry run.
func (s *stories) foretold(es []store.Event) *stories {
	next := &stories{last: s.last, byTask: maps.Clone(s.byTask), recent: slices.Clone(s.recent)}
	copied := make(map[task.ID]bool)
	for i := range es {
		e := &es[i]
		if !slices.Contains(toldKinds(), e.Kind) {
			continue
		}
		if was := next.byTask[e.Task]; was != nil && !copied[e.Task] {
			t := *was
			t.Changes, t.Removals = slices.Clone(t.Changes), slices.Clone(t.Removals)
			next.byTask[e.Task] = &t
		}
		copied[e.Task] = true
		next.fold(e)
	}
	return next
}

// of is the story of one task; the zero story where nothing is told.
func (s *stories) of(id task.ID) story {
	if t := s.byTask[id]; t != nil {
		return *t
	}
	return story{}
}

// latest are the newest events of the page of activity, the newest first.
func (s *stories) latest() []store.Event {
	out := slices.Clone(s.recent[max(0, len(s.recent)-activityRows):])
	slices.Reverse(out)
	return out
}
