package view

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/lockstep-sync/lockstep/sync/scorecard"
	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// pastKept is how many views of past moments are remembered.
const pastKept = 8

// past is the whole history, once anybody asked for a past moment, and the views that were made of it.
type past struct {
	last   int64
	events []scorecard.Event
	views  []pastView // the latest used last
}

type pastView struct {
	at      int64
	version string
	view    *View
}

// AsOf is the partnership as it was at a past moment; as it is now where that is not past.
func (w *Viewer) AsOf(ctx context.Context, at time.Time) (*View, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now, err := w.current(ctx)
	if err != nil || !at.Before(now.Now) {
		return now, err
	}
	return w.asOf(ctx, now, at)
}

// OnDay is the partnership at the end of a day where it is; as it is now where that has not come yet. Day is of kind Date.
func (w *Viewer) OnDay(ctx context.Context, day task.Value) (*View, error) {
	at, ok := endOfDay(day, w.p.Timezone)
	if !ok {
		return nil, fmt.Errorf("%q is no day", day.String())
	}
	return w.AsOf(ctx, at)
}

func (w *Viewer) asOf(ctx context.Context, now *View, at time.Time) (*View, error) {
	m := &w.past
	if i := slices.IndexFunc(m.views, func(p pastView) bool { return p.at == at.UnixMilli() }); i >= 0 {
		p := m.views[i]
		m.views = slices.Delete(m.views, i, i+1)
		if p.version == now.Version {
			m.views = append(m.views, p)
			return p.view, nil
		}
	}
	if err := w.remember(ctx); err != nil {
		return nil, err
	}
	in := w.input(at)
	in.Tasks, in.Conflicts = scorecard.AsOf(w.tasks(&now.State), m.events, at), scorecard.ConflictsAsOf(m.events, at)
	st := store.State{Generation: now.State.Generation, Tasks: make([]store.Task, 0, len(in.Tasks))}
	for i := range in.Tasks {
		t := &in.Tasks[i]
		t.Sources = nil // how fresh they were then, nobody knows
		st.Tasks = append(st.Tasks, store.Task{
			ID: t.ID, Number: t.Number, Agreed: t.Agreed, Baseline: t.Baseline, Removed: t.Removed, Created: t.Created, Changed: t.Changed,
		})
	}
	for _, c := range in.Conflicts {
		st.Conflicts = append(st.Conflicts, store.Conflict{Task: c.Task, Field: c.Field, Agreed: c.Agreed, Claims: c.Claims, Opened: c.Opened})
	}
	v := w.lay(st, in)
	v.Past, v.Version = true, fmt.Sprintf("%s-%d", now.Version, at.UnixMilli())
	if len(m.views) >= pastKept {
		m.views = slices.Delete(m.views, 0, 1)
	}
	m.views = append(m.views, pastView{at.UnixMilli(), now.Version, v})
	return v, nil
}

// remember brings the whole history up to date.
func (w *Viewer) remember(ctx context.Context) error {
	m := &w.past
	for {
		es, err := w.from.History(ctx, w.p.ID, store.Query{Kinds: TaskKinds(), After: m.last, Oldest: true, Limit: historyPage})
		if err != nil {
			return fmt.Errorf("read the history of %s after event %d: %w", w.p.ID, m.last, err)
		}
		for i := range es {
			m.last = es[i].ID
			m.events = append(m.events, Event(&es[i]))
		}
		if len(es) < historyPage {
			return nil
		}
	}
}

// Digest is what happened since a past moment, and what comes next.
func (w *Viewer) Digest(ctx context.Context, since time.Time) (scorecard.Digest, error) {
	now, then, events, err := w.between(ctx, since)
	if err != nil {
		return scorecard.Digest{}, err
	}
	return scorecard.NewDigest(&now.Score, &then.Score, events), nil
}

func (w *Viewer) between(ctx context.Context, since time.Time) (now, then *View, events []scorecard.Event, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if now, err = w.current(ctx); err != nil {
		return nil, nil, nil, err
	}
	if then, err = w.asOf(ctx, now, since); err != nil {
		return nil, nil, nil, err
	}
	if err := w.remember(ctx); err != nil { // a view that was remembered read nothing
		return nil, nil, nil, err
	}
	return now, then, slices.Clip(w.past.events), nil
}
