package view

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lockstep-sync/lockstep/sync/scorecard"
	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/task"
)

const (
	// recall is how long a view is given out without a question whether it still holds: after a cycle every open page asks at once.
	recall = time.Second
	// drift is how long its figures are good although nothing happens: what was read last ages.
	drift = 15 * time.Second
)

// Reader is what a view is read from.
type Reader interface {
	History
	Load(ctx context.Context, partnership string) (store.State, error)
	Cycles(ctx context.Context, partnership string, limit int) ([]store.Cycle, error)
}

// View is one partnership at one moment. It is shared: nobody may change it.
type View struct {
	Partnership *Partnership
	Now         time.Time // the moment that it shows, where the partnership is
	// Past says that it shows a past moment. What each tool showed then, and what was held, is not known: State has neither links,
	// sources nor holds, and no task is said to be stale.
	Past  bool
	State store.State
	Score scorecard.Scorecard
	// Version changes with whatever may change the view, but for its age.
	Version string

	links map[task.ID][]store.Link
	holds map[task.ID][]task.Hold
	tasks map[task.ID]*scorecard.TaskView
}

// Links are the items that a task is tied to, by source; nil where there are none.
func (v *View) Links(id task.ID) []store.Link { return v.links[id] }

// Holds are what is held of a task; nil where nothing is.
func (v *View) Holds(id task.ID) []task.Hold { return v.holds[id] }

// Task is a task that is not removed; nil where there is none.
func (v *View) Task(id task.ID) *scorecard.TaskView { return v.tasks[id] }

// Title is a task's title, removed or not; "" where there is no such task.
func (v *View) Title(id task.ID) string {
	if t := v.tasks[id]; t != nil {
		return t.Task.Agreed[task.Title].String()
	}
	for i := range v.State.Tasks {
		if v.State.Tasks[i].ID == id {
			return v.State.Tasks[i].Agreed[task.Title].String()
		}
	}
	return ""
}

// Viewer reads one partnership and remembers what it read. It is safe for several goroutines.
type Viewer struct {
	p       Partnership
	from    Reader
	now     func() time.Time
	changes atomic.Int64 // how often Changed was called; never waits for a reader

	mu      sync.Mutex
	stories *Stories
	view    *View
	at      time.Time // when view was worked out
	asked   time.Time // when it was last known to hold
	seen    int64     // changes then
	newest  int64     // id of the newest event then, of whatever kind
	past    past
}

// New returns a Viewer. The clock is time.Now in earnest.
func New(p Partnership, from Reader, now func() time.Time) *Viewer {
	return &Viewer{p: p.Named(), from: from, now: now, stories: NewStories(0)}
}

// Partnership is what is agreed about it. Nobody may change it.
func (w *Viewer) Partnership() *Partnership { return &w.p }

// Changed says that there is something new to read. It waits for nobody.
func (w *Viewer) Changed() { w.changes.Add(1) }

// Now is the partnership as it is, not older than the last call of Changed.
func (w *Viewer) Now(ctx context.Context) (*View, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.current(ctx)
}

func (w *Viewer) current(ctx context.Context) (*View, error) {
	now, changes := w.now(), w.changes.Load()
	if w.view != nil && w.seen == changes && within(now.Sub(w.asked), recall) {
		return w.view, nil
	}
	if w.view != nil && w.seen == changes {
		same, err := w.same(ctx)
		if err != nil {
			return nil, err
		}
		if same {
			w.asked = now
			if !within(now.Sub(w.at), drift) || !w.sameDay(now) {
				w.show(w.view.State, now)
			}
			return w.view, nil
		}
	}
	newest, err := w.newestEvent(ctx) // before the state, so that what comes in between is read again
	if err != nil {
		return nil, err
	}
	st, err := w.from.Load(ctx, w.p.ID)
	if err != nil {
		return nil, fmt.Errorf("load partnership %s: %w", w.p.ID, err)
	}
	if err := w.stories.CatchUp(ctx, w.from, w.p.ID); err != nil {
		return nil, fmt.Errorf("partnership %s: %w", w.p.ID, err)
	}
	w.asked, w.seen, w.newest = now, changes, newest
	w.show(st, now)
	return w.view, nil
}

// within reports whether an age is below a limit; the age of what the clock has not come to yet is none.
func within(age, limit time.Duration) bool { return age >= 0 && age < limit }

func (w *Viewer) sameDay(now time.Time) bool {
	return now.In(w.p.Timezone).Format(time.DateOnly) == w.view.Now.Format(time.DateOnly)
}

// same asks with two small questions whether anything was stored since the view was read. What a cycle settles after its decision it
// also tells in the history.
func (w *Viewer) same(ctx context.Context) (bool, error) {
	cycles, err := w.from.Cycles(ctx, w.p.ID, 1)
	if err != nil {
		return false, fmt.Errorf("partnership %s: %w", w.p.ID, err)
	}
	if len(cycles) > 0 && cycles[0].Generation != w.view.State.Generation {
		return false, nil
	}
	newest, err := w.newestEvent(ctx)
	return newest == w.newest, err
}

// newestEvent is the id of the newest event of all; 0 where there is none.
func (w *Viewer) newestEvent(ctx context.Context) (int64, error) {
	es, err := w.from.History(ctx, w.p.ID, store.Query{Limit: 1})
	if err != nil {
		return 0, fmt.Errorf("partnership %s: %w", w.p.ID, err)
	}
	if len(es) == 0 {
		return 0, nil
	}
	return es[0].ID, nil
}

// show works a view out.
func (w *Viewer) show(st store.State, now time.Time) {
	in := w.input(now)
	in.Tasks, in.Conflicts, in.Holds = w.tasks(&st), Conflicts(st.Conflicts), st.Holds
	in.Sources = w.sources(&st)
	w.view = w.lay(st, in)
	w.view.Version = fmt.Sprintf("%d-%d", st.Generation, w.newest)
	w.at = now
}

// input is what is agreed, and what people said.
func (w *Viewer) input(now time.Time) scorecard.Input {
	in := scorecard.Input{
		Now: now, Location: w.p.Timezone, Agreement: w.p.Agreement, Target: w.p.Target, Rules: w.p.Rules, Workstreams: w.p.Workstreams,
		Milestones: w.p.Milestones, Gates: w.stories.Decided(w.p.Gates), Indicators: w.p.Indicators, Updates: w.stories.Updates(),
	}
	for _, x := range w.p.Partners {
		in.Partners = append(in.Partners, scorecard.Partner{ID: x.ID, Name: x.Name})
	}
	return in
}

// tasks are all tasks of a state, removed ones too, each with its story and where it is.
func (w *Viewer) tasks(st *store.State) []scorecard.Task {
	held := make([]task.SourceID, len(st.Links))
	from := make(map[task.ID][2]int, len(st.Tasks))
	for i := range st.Links {
		l := &st.Links[i]
		held[i] = l.Source
		at, ok := from[l.Task]
		if !ok {
			at[0] = i
		}
		at[1] = i + 1 // links are sorted by task
		from[l.Task] = at
	}
	out := make([]scorecard.Task, len(st.Tasks))
	for i := range st.Tasks {
		t := &st.Tasks[i]
		at := from[t.ID]
		out[i] = scorecard.Task{
			ID: t.ID, Number: t.Number, Agreed: t.Agreed, Baseline: t.Baseline, Removed: t.Removed, Created: t.Created, Changed: t.Changed,
			Sources: held[at[0]:at[1]:at[1]], Story: w.stories.Of(t.ID).Story,
		}
	}
	return out
}

// sources is how each tool was read last.
func (w *Viewer) sources(st *store.State) []scorecard.SourceState {
	read := make(map[task.SourceID]*store.Source, len(st.Sources))
	for i := range st.Sources {
		read[st.Sources[i].ID] = &st.Sources[i]
	}
	out := make([]scorecard.SourceState, 0, len(w.p.Sources))
	for _, s := range w.p.Sources {
		state := scorecard.SourceState{ID: s.ID, Name: s.Name, Partner: s.Partner, Scorecard: s.ID == w.p.Scorecard, Interval: s.Interval}
		if r := read[s.ID]; r != nil {
			state.LastSuccess, state.Error = r.LastSuccess, r.Error
		}
		out = append(out, state)
	}
	return out
}

// lay computes the scorecard and lays out what belongs to each task.
func (w *Viewer) lay(st store.State, in scorecard.Input) *View {
	v := &View{Partnership: &w.p, Now: in.Now.In(w.p.Timezone), State: st, Score: scorecard.Compute(in)}
	v.tasks = v.Score.ByID()
	v.links = make(map[task.ID][]store.Link, len(st.Tasks))
	for i := 0; i < len(st.Links); { // sorted by task, so that a task's links lie side by side
		j := i + 1
		for j < len(st.Links) && st.Links[j].Task == st.Links[i].Task {
			j++
		}
		v.links[st.Links[i].Task] = st.Links[i:j:j]
		i = j
	}
	v.holds = make(map[task.ID][]task.Hold)
	for _, h := range st.Holds {
		if h.Task != "" {
			v.holds[h.Task] = append(v.holds[h.Task], h)
		}
	}
	return v
}
