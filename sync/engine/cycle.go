package engine

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/lockstep-sync/lockstep/connectors"
	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/match"
	"github.com/lockstep-sync/lockstep/sync/merge"
	"github.com/lockstep-sync/lockstep/sync/plan"
	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// cycle is one run: what was loaded, what was read, and what follows.
type cycle struct {
	*Engine
	now   time.Time
	state store.State

	works  []*work // sorted by task number
	byID   map[task.ID]*work
	reads  []reading // by index of source
	nextID int64
	// wasHeld is what could not be read in an item, as of the cycle that read it last.
	wasHeld map[task.Ref][]task.Hold

	planned plan.Plan
	holds   []task.Hold
	choices map[task.ID][]*choice
	queued  []*choice // those of choices that were handed in
	undoing map[task.ID][]Reversal
	undone  int         // how many of them were
	strange func() bool // strangeRow, worked out once
	trips   []plan.Trip
	let     bool // a guard said no and was overruled by approval

	commit     store.Commit
	generation int64 // as decided
	board      boardOutcome
	paper      paperOutcome
	overtyped  []task.Overtyped // what people typed into cells that Lockstep works out
	results    []patchResult
	mu         sync.Mutex // guards results and settling while sources are written in parallel
}

// reading is what became of one source in this cycle.
type reading struct {
	desc     connectors.Description
	snap     task.Snapshot
	err      *fault.Error // nil, or why the source sits out (of kind Partial: only part of it was read)
	ok       bool         // read, at least in part
	partly   bool         // something that is there was not read: what is missing may be there, so nothing is created
	remapped bool         // the fingerprint is not the one stored
	byKey    map[string]*task.Record
	listing  map[string]bool // keys that a list of all of them names; nil where there was none
	held     map[string]bool // keys that the snapshot holds
	nobodys  bool            // some record is no task's and is not held: it has to be read again
	vanished int             // tasks whose item is gone, so that they are removed
	took     time.Duration
}

// work is one task on its way through the cycle.
type work struct {
	task      store.Task
	before    store.Task // as loaded
	born      bool
	sides     []side // by index of source
	decisions []merge.Decision
	conflicts []merge.Conflict
	// was are the conflicts as loaded.
	was []store.Conflict
	// settledBy says who settled conflicts by a choice; unheard are choices on the scorecard that settle nothing.
	settledBy  map[task.Field]string
	unheard    map[task.Field]*choice
	rowDeleted bool // it is cancelled because its row was deleted
}

// side is one task in one source.
type side struct {
	link   store.Link
	before *store.Link // as loaded; nil where there was none
	linked bool
	rec    *task.Record // nil where nothing was read in this cycle
	// shut says that the item may not be used in this cycle: held, no access, or its source sits out.
	shut   bool
	gone   bool // it was linked, and is confirmed gone
	intent *store.Intent
	pause  *store.Pause
	landed bool // the intent is known to have landed, or not to have
	wanted bool // a write is wanted there, whether or not it is paused
}

// load reads the state and lays it out.
func (e *Engine) load(ctx context.Context) (*cycle, error) {
	st, err := e.Store.Load(ctx, e.Partnership)
	if err != nil {
		return nil, fmt.Errorf("load state: %w", err)
	}
	c := &cycle{
		Engine: e, now: e.Now(), state: st, nextID: max(st.NextID, 1),
		works: make([]*work, 0, len(st.Tasks)), byID: make(map[task.ID]*work, len(st.Tasks)),
		reads: make([]reading, len(e.sources)), wasHeld: make(map[task.Ref][]task.Hold),
	}
	for _, h := range st.Holds {
		if itemHold(h.Reason) && h.Key != "" {
			ref := task.Ref{Source: h.Source, Key: h.Key}
			c.wasHeld[ref] = append(c.wasHeld[ref], h)
		}
	}
	block := make([]side, len(st.Tasks)*len(e.sources)) // one block: a hundred thousand small slices cost more
	for i, t := range st.Tasks {
		w := &work{task: t, before: t, sides: block[i*len(e.sources) : (i+1)*len(e.sources)]}
		c.works = append(c.works, w)
		c.byID[t.ID] = w
	}
	for i := range st.Links {
		l := &st.Links[i]
		if s := c.side(l.Task, l.Source); s != nil {
			s.link, s.before, s.linked = *l, l, true
		}
	}
	for i := range st.Intents {
		if s := c.side(st.Intents[i].Task, st.Intents[i].Source); s != nil {
			s.intent = &st.Intents[i]
		}
	}
	for i := range st.Pauses {
		if s := c.side(st.Pauses[i].Task, st.Pauses[i].Source); s != nil {
			s.pause = &st.Pauses[i]
		}
	}
	for _, k := range st.Conflicts {
		if w := c.byID[k.Task]; w != nil {
			w.was = append(w.was, k)
		}
	}
	return c, nil
}

// side returns the task's side in a source, nil where either is unknown (a source that left the configuration).
func (c *cycle) side(id task.ID, s task.SourceID) *side {
	w, i := c.byID[id], c.index(s)
	if w == nil || i < 0 {
		return nil
	}
	return &w.sides[i]
}

func (c *cycle) index(id task.SourceID) int {
	for i, s := range c.sources {
		if s.ID() == id {
			return i
		}
	}
	return -1
}

// match finds which records are which tasks, after it has confirmed what is absent and looked for creates of unknown
// outcome.
func (c *cycle) match(ctx context.Context) {
	c.eachSource(func(i int) { c.confirm(ctx, i) })
	c.eachSource(func(i int) { c.findCreated(ctx, i) })

	known := make([]match.Task, 0, len(c.works))
	for _, w := range c.works {
		t := match.Task{
			ID: w.task.ID, Partner: w.task.Agreed[task.Partner].String(), Title: match.Fold(w.task.Agreed[task.Title]),
			Removed: w.task.Removed,
		}
		for i := range w.sides {
			if s := &w.sides[i]; s.linked {
				t.Links = append(t.Links, c.matchLink(i, s))
			} else if s.intent != nil && s.intent.Op == task.Create {
				t.Awaiting = append(t.Awaiting, c.sources[i].ID())
			}
		}
		known = append(known, t)
	}
	var batches []match.Batch
	for i := range c.reads {
		if c.reads[i].ok {
			batches = append(batches, match.Batch{
				Source: c.sources[i].ID(), Partner: c.sources[i].Partner(), Records: c.reads[i].snap.Records,
			})
		}
	}
	found := match.Match(known, c.sources[c.scorecard].ID(), batches)
	c.holds = append(c.holds, found.Held...)
	for _, b := range batches {
		for k := range b.Records {
			if id, ok := found.Known[b.Records[k].Ref]; ok {
				c.attach(c.byID[id], &b.Records[k])
			}
		}
	}
	placed := c.bearAll(found.Born)
	for _, h := range found.Held {
		placed[task.Ref{Source: h.Source, Key: h.Key}] = true
	}
	for i := range c.reads {
		for _, rec := range c.reads[i].snap.Records {
			if _, known := found.Known[rec.Ref]; !known && !placed[rec.Ref] {
				c.reads[i].nobodys = true
			}
		}
	}
	for id, sources := range found.Unsure {
		for _, src := range sources {
			if s := c.side(id, src); s != nil && s.rec == nil {
				s.gone, s.shut = false, true
			}
		}
	}
	c.disbelieveContent()
	c.leave()
}

// matchLink is a task's link in a source, as matching needs it.
func (c *cycle) matchLink(i int, s *side) match.Link {
	r := &c.reads[i]
	l := match.Link{Source: c.sources[i].ID(), Key: s.link.Key, Missing: s.gone}
	if !s.gone && r.byKey[s.link.Key] == nil {
		// Of a row whose id was damaged or copied, too, nothing is known: another row may be what it was.
		l.Unseen = r.partly || r.ok && r.desc.Positional
	}
	if l.Missing || l.Unseen {
		l.Base = s.link.Base
	}
	return l
}

// attach gives a record to its task.
func (c *cycle) attach(w *work, r *task.Record) {
	i := c.index(r.Ref.Source)
	s := &w.sides[i]
	if s.linked && s.link.Key == r.Ref.Key && r.Version > 0 && r.Version < s.link.Version {
		return // stale: an index that lags behind what was accounted for already
	}
	if s.link.Key != r.Ref.Key && s.gone {
		s.gone = false // another item took the place, such as a row whose id was lost
	}
	s.rec, s.shut = r, false
	if s.intent != nil {
		s.landed = true // whatever became of it, this read is newer
	}
	if !s.linked {
		s.linked = true
		s.link = store.Link{Task: w.task.ID, Source: r.Ref.Source}
		if s.intent != nil && s.intent.Op == task.Create && r.Untouched {
			s.link.Base = readable(r.Values) // we made it, or the tool filled it in: nobody's word
		}
	}
	s.link.Key, s.link.Name, s.link.URL, s.link.Version = r.Ref.Key, r.Name, r.URL, r.Version
}

// readable are the values that could be read.
func readable(v task.Values) task.Values {
	for f := range v {
		if v[f].IsUnreadable() {
			v[f] = task.Value{}
		}
	}
	return v
}

// bearAll makes the new tasks: first those that bear a number already, so that no fresh one takes it. It returns the records
// that tasks were made of.
func (c *cycle) bearAll(groups []match.Group) map[task.Ref]bool {
	placed := make(map[task.Ref]bool)
	if c.nextID == 1 && len(c.works) == 0 && c.reads[c.scorecard].err != nil {
		return placed // a new store, or one that was lost: the scorecard knows which numbers are taken
	}
	for i := range c.reads {
		for _, rec := range c.reads[i].snap.Records {
			c.reserve(rec.Marker)
		}
		for _, h := range c.reads[i].snap.Held {
			c.reserve(task.ID(h.Key))
		}
	}
	for _, fresh := range []bool{false, true} {
		for _, g := range groups {
			if (g.Marker == "") == fresh {
				c.bear(g)
				for k := range g.Records {
					placed[g.Records[k].Ref] = true
				}
			}
		}
	}
	return placed
}

// reserve keeps the number of a task id that stands in a tool from being given again.
func (c *cycle) reserve(id task.ID) {
	if n, ok := c.numberOf(id); ok {
		c.nextID = max(c.nextID, n+1)
	}
}

// bear makes a new task of the records.
func (c *cycle) bear(g match.Group) {
	number := c.nextID
	id := task.ID(fmt.Sprintf("%s-%d", c.Key, number))
	if g.Marker != "" {
		if n, ok := c.numberOf(g.Marker); ok {
			id, number = g.Marker, n
		}
	}
	c.nextID = max(c.nextID, number+1)
	w := &work{task: store.Task{ID: id, Number: number, Created: c.now, Changed: c.now}, born: true, sides: make([]side, len(c.sources))}
	w.task.Agreed[task.Partner] = task.EnumValue(g.Partner)
	c.works = append(c.works, w)
	c.byID[id] = w
	for k := range g.Records {
		c.attach(w, &g.Records[k])
	}
}

// lastNumber is the highest number that is believed: what people type must not use the numbers up.
const lastNumber = 1 << 40

// numberOf reads the number of a task id of this partnership that no task has.
func (c *cycle) numberOf(id task.ID) (int64, bool) {
	digits, ok := strings.CutPrefix(string(id), c.Key+"-")
	if !ok || c.byID[id] != nil {
		return 0, false
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	return n, err == nil && n > 0 && n <= lastNumber && strconv.FormatInt(n, 10) == digits
}

// leave takes the links off what is gone and shuts what may not be used.
func (c *cycle) leave() {
	for _, w := range c.works {
		for i := range w.sides {
			s, r := &w.sides[i], &c.reads[i]
			if !r.ok || s.rec == nil && r.holds(w.task.ID, s.link.Key) {
				s.shut = true
			}
			if s.gone {
				s.linked = false
			}
			if r.ok && !s.linked && s.intent != nil && s.intent.Op != task.Create {
				s.landed = true // of what is gone nothing more is to be learned
			}
		}
	}
}

// eachSource runs f for each source that was read, side by side.
func (c *cycle) eachSource(f func(i int)) {
	var g errgroup.Group
	g.SetLimit(c.Parallel)
	for i := range c.reads {
		if c.reads[i].ok {
			g.Go(func() error { f(i); return nil })
		}
	}
	_ = g.Wait() // f reports into the reading
}
