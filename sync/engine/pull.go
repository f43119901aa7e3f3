package engine

import (
	"context"
	"errors"

	"github.com/lockstep-sync/lockstep/connectors"
	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// pull reads every source at once. A source that fails, or that asked to be left alone, sits this cycle out.
func (c *cycle) pull(ctx context.Context) {
	for i := range c.reads {
		c.reads[i].ok = true
	}
	c.eachSource(func(i int) {
		r, src := &c.reads[i], c.sources[i]
		if until := c.rest[src.ID()]; c.now.Before(until) {
			r.ok = false
			r.err = &fault.Error{
				Kind: fault.Retryable, Reason: fault.RateLimited, Op: "pull", Source: src.ID(), RetryAfter: until.Sub(c.now),
				Err: errors.New("the tool asked to be left alone for a while"),
			}
			return
		}
		was := c.remembered(src.ID())
		r.desc = src.Describe()
		cursor := was.Cursor
		if was.Fingerprint != "" && was.Fingerprint != r.desc.Fingerprint {
			r.remapped, cursor = true, ""
		}
		start := c.Now()
		snap, err := src.Pull(ctx, cursor)
		r.took = c.Now().Sub(start)
		if err != nil {
			r.err = fault.Of(err)
			r.ok = r.err.Kind == fault.Partial
		}
		if ctx.Err() != nil {
			r.ok = false
		}
		r.snap, r.desc = snap, src.Describe()
		r.byKey = make(map[string]*task.Record, len(snap.Records))
		for k := range snap.Records {
			r.byKey[snap.Records[k].Ref.Key] = &snap.Records[k]
		}
		r.held = make(map[string]bool)
		for _, h := range snap.Held {
			r.held[h.Key] = h.Key != ""
		}
	})
	for i := range c.reads {
		r, id := &c.reads[i], c.sources[i].ID()
		c.holds = append(c.holds, r.snap.Held...)
		if r.err != nil && r.err.RetryAfter > 0 && !c.now.Before(c.rest[id]) {
			c.rest[id] = c.now.Add(r.err.RetryAfter)
		}
	}
}

// remembered is what the store knows of a source; the zero Source for a new one.
func (c *cycle) remembered(id task.SourceID) store.Source {
	for _, s := range c.state.Sources {
		if s.ID == id {
			return s
		}
	}
	return store.Source{ID: id}
}

// holds reports whether the source holds the item back: under its key, or under the mark that it was given since.
func (r *reading) holds(id task.ID, key string) bool { return r.held[key] || r.held[string(id)] }

// confirmAbsent reads directly what a complete snapshot did not hold. Nothing is believed gone on less.
func (c *cycle) confirmAbsent(ctx context.Context, i int) {
	r := &c.reads[i]
	if !r.snap.Complete {
		return
	}
	var keys []string
	var sides []*side
	for _, w := range c.works {
		s := &w.sides[i]
		if s.linked && r.byKey[s.link.Key] == nil && !r.holds(w.task.ID, s.link.Key) {
			keys, sides = append(keys, s.link.Key), append(sides, s)
		}
	}
	if len(keys) == 0 {
		return
	}
	answers, err := c.sources[i].Confirm(ctx, keys)
	for k, s := range sides {
		answer, known := answers[keys[k]]
		switch {
		case err != nil || !known:
			s.shut = true
		case answer.Presence == connectors.Present:
			rec := answer.Record
			r.snap.Records = append(r.snap.Records, rec)
		case answer.Presence == connectors.Gone:
			s.gone = true
		default:
			s.shut = true
			c.holdLater(task.Hold{
				Source: c.sources[i].ID(), Task: s.link.Task, Key: s.link.Key, Name: s.link.Name, Reason: task.HoldNoAccess,
				Hint: "it may be there, and may not be read: give the account access to it again, or change the filter",
			})
		}
	}
}

// holdLater keeps a hold that is found while sources are read side by side.
func (c *cycle) holdLater(h task.Hold) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.holds = append(c.holds, h)
}

// findCreated looks for the mark of every create whose outcome is unknown, once the tool's index has had its time.
func (c *cycle) findCreated(ctx context.Context, i int) {
	r, src := &c.reads[i], c.sources[i]
	marks := make(map[task.ID]bool)
	for _, rec := range r.snap.Records {
		if rec.Marker != "" {
			marks[rec.Marker] = true
		}
	}
	for _, w := range c.works {
		s := &w.sides[i]
		if s.intent == nil || s.intent.Op != task.Create || s.linked || marks[w.task.ID] {
			continue
		}
		if c.now.Sub(s.intent.At) < r.desc.SettleDelay {
			continue
		}
		rec, found, err := src.Find(ctx, w.task.ID)
		switch {
		case err != nil:
			// Nothing is known: the create waits, and says so in the plan.
		case found:
			r.snap.Records = append(r.snap.Records, rec)
		case r.snap.Complete || src.Finds():
			s.landed = true // it is known not to have landed: it may be tried again
		}
	}
}

// awaiting reports whether a create may have landed in that side, so that another must not be tried.
func (s *side) awaiting() bool {
	return s.intent != nil && s.intent.Op == task.Create && !s.landed && !s.linked
}
