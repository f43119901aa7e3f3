package engine

import (
	"context"
	"fmt"
	"slices"

	"github.com/lockstep-sync/lockstep/sync/merge"
	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// decide stores, in one transaction, what this cycle decided and what it is about to write.
func (c *cycle) decide(ctx context.Context) error {
	c.prepare()
	if err := c.save(ctx); err != nil {
		return err
	}
	c.memory.overtyped = c.overtyped
	c.answerChoices()
	return nil
}

// prepare lays out what decide stores.
func (c *cycle) prepare() {
	c.commit = store.Commit{Generation: c.state.Generation, NextID: c.nextID, Holds: c.holds}
	for _, w := range c.works {
		c.commitTask(w)
		for i := range w.sides {
			c.commitSide(w, i)
		}
	}
	c.keepOvertyped()
	for _, p := range c.planned.Patches {
		c.commit.Intents = append(c.commit.Intents, c.intent(p))
	}
	for i := range c.reads {
		c.commit.Sources = append(c.commit.Sources, c.sourceState(i))
	}
	c.commit.Cycle = c.cycleLine(c.report())
}

func (c *cycle) save(ctx context.Context) error {
	g, err := c.Store.Decide(ctx, c.Partnership, c.commit)
	if err != nil {
		return fmt.Errorf("store what was decided: %w", err)
	}
	c.generation = g
	return nil
}

// commitTask stores the task if it changed, and tells the history.
func (c *cycle) commitTask(w *work) {
	if w.task != w.before || w.born {
		w.task.Changed = c.now
		c.commit.Tasks = append(c.commit.Tasks, w.task)
	}
	switch {
	case w.born:
		c.event(store.Event{Kind: store.EventBorn, Task: w.task.ID, Source: c.origin(w), Note: w.task.Agreed[task.Title].String()})
	case w.task.Removed && !w.before.Removed:
		c.event(store.Event{Kind: store.EventRemoved, Task: w.task.ID, Note: w.task.Agreed[task.Title].String()})
	case !w.task.Removed && w.before.Removed:
		c.event(store.Event{Kind: store.EventRestored, Task: w.task.ID, Note: w.task.Agreed[task.Title].String()})
	}
	for _, d := range w.decisions {
		if w.born && len(d.Losers) == 0 {
			continue // the birth says it
		}
		if w.settledBy[d.Field] != "" && d.From.Same(d.To) {
			continue // nothing changed: that it was settled says it
		}
		e := store.Event{
			Kind: store.EventDecided, Task: w.task.ID, Field: d.Field.String(), Source: d.Winner.Source, From: d.From, To: d.To,
			By: d.Winner.By, Losers: d.Losers,
		}
		if w.rowDeleted && d.Field == task.Status {
			e.Note = rowDeletedNote
		}
		c.event(e)
	}
	c.commitConflicts(w)
}

// origin is the source that a new task came from: an own tool before the scorecard.
func (c *cycle) origin(w *work) task.SourceID {
	var from task.SourceID
	for i := range w.sides {
		if w.sides[i].linked && (from == "" || i != c.scorecard) {
			from = c.sources[i].ID()
		}
	}
	return from
}

// commitConflicts keeps what is open, and tells the history of every claim that it has not seen before.
func (c *cycle) commitConflicts(w *work) {
	for _, k := range w.conflicts {
		open := store.Conflict{Task: w.task.ID, Field: k.Field, Agreed: k.Agreed, Claims: k.Claims, Opened: c.now}
		was := slices.IndexFunc(w.was, func(o store.Conflict) bool { return o.Field == k.Field })
		if was >= 0 {
			open.Opened = w.was[was].Opened
		}
		c.commit.Conflicts = append(c.commit.Conflicts, open)
		if was < 0 || !slices.EqualFunc(w.was[was].Claims, k.Claims, sameClaim) {
			c.event(store.Event{Kind: store.EventConflict, Task: w.task.ID, Field: k.Field.String(), From: k.Agreed, Losers: k.Claims})
		}
	}
	for _, o := range w.was {
		if !slices.ContainsFunc(w.conflicts, func(k merge.Conflict) bool { return k.Field == o.Field }) {
			c.event(store.Event{
				Kind: store.EventSettled, Task: w.task.ID, Field: o.Field.String(), From: o.Agreed, To: w.task.Agreed[o.Field], Losers: o.Claims,
				By: w.settledBy[o.Field],
			})
		}
	}
}

func sameClaim(a, b merge.Claim) bool { return a.Source == b.Source && a.Value == b.Value }

// commitSide stores the link if it changed: its base is now what was read.
func (c *cycle) commitSide(w *work, i int) {
	s := &w.sides[i]
	id := store.LinkID{Task: w.task.ID, Source: c.sources[i].ID()}
	if s.landed {
		c.commit.Dropped = append(c.commit.Dropped, id)
	}
	switch {
	case s.linked && (s.before == nil || !sameLink(&s.link, s.before)):
		c.commit.Links = append(c.commit.Links, s.link)
		if s.before == nil {
			c.event(store.Event{Kind: store.EventLinked, Task: w.task.ID, Source: id.Source, Note: s.link.Name})
		}
	case !s.linked && s.before != nil:
		c.commit.Unlink = append(c.commit.Unlink, id)
		c.event(store.Event{Kind: store.EventUnlinked, Task: w.task.ID, Source: id.Source, Note: s.before.Name})
	}
	if s.pause != nil && !s.wanted && !s.shut { // of what was not looked at nothing is known
		c.commit.Unpause = append(c.commit.Unpause, id)
	}
}

func sameLink(a, b *store.Link) bool {
	return a.Key == b.Key && a.Name == b.Name && a.URL == b.URL && a.Base == b.Base && a.Version == b.Version
}

func (c *cycle) intent(p task.Patch) store.Intent {
	in := store.Intent{Task: p.Task, Source: p.Ref.Source, Op: p.Op, Set: p.Set, At: c.Now()}
	if s := c.side(p.Task, p.Ref.Source); s.intent != nil && p.Op == task.Create {
		in.Attempt = s.intent.Attempt
	}
	return in
}

// sourceState is what is remembered of a source after this cycle.
func (c *cycle) sourceState(i int) store.Source {
	r := &c.reads[i]
	st := c.remembered(c.sources[i].ID())
	st.LastAttempt = c.now
	if r.err != nil {
		st.Error, st.Reason, st.Hint = r.err.Error(), r.err.Reason, r.err.Hint
		return st
	}
	st.Error, st.Reason, st.Hint = "", "", ""
	st.LastSuccess, st.Fingerprint = c.now, r.desc.Fingerprint
	if r.snap.Cursor != "" && !r.nobodys {
		st.Cursor = r.snap.Cursor
	}
	return st
}

func (c *cycle) event(e store.Event) {
	e.At = c.now
	c.commit.Events = append(c.commit.Events, e)
}

// cycleLine is the cycle's line in the list of cycles.
func (c *cycle) cycleLine(r Report) store.Cycle {
	line := store.Cycle{Started: c.now, Took: c.Now().Sub(c.now), Result: string(r.Result), Patches: len(c.planned.Patches)}
	for _, t := range c.trips {
		line.Note += t.String() + ". "
	}
	if c.guarded() {
		line.Note += "To let exactly this plan through: lockstep once --approve " + c.planned.Hash()
	}
	return line
}
