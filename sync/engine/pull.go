package engine

import (
	"context"
	"errors"
	"time"

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
		r.desc = src.Describe()
		if until := c.rest[src.ID()]; c.now.Before(until) {
			r.ok = false
			r.err = &fault.Error{
				Kind: fault.Retryable, Reason: fault.RateLimited, Op: "pull", Source: src.ID(), RetryAfter: until.Sub(c.now),
				Err: errors.New("the tool asked to be left alone for a while"),
			}
			return
		}
		was := c.remembered(src.ID())
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
		} else if err := ctx.Err(); err != nil {
			r.err = fault.Of(err)
		}
		if ctx.Err() != nil {
			r.ok = false
		}
		r.partly = r.err != nil
		r.snap, r.desc = snap, src.Describe()
		r.byKey = make(map[string]*task.Record, len(snap.Records))
		for k := range snap.Records {
			r.byKey[snap.Records[k].Ref.Key] = &snap.Records[k]
		}
		if snap.Listing != nil {
			r.listing = make(map[string]bool, len(snap.Listing))
			for _, k := range snap.Listing {
				r.listing[k] = true
			}
		}
		r.held = make(map[string]bool)
		for _, h := range snap.Held {
			r.held[h.Key] = h.Key != ""
		}
	})
	for i := range c.reads {
		r, id := &c.reads[i], c.sources[i].ID()
		c.disbelieve(i)
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

// lacks reports whether the pull is evidence that the item is not there: it read or listed everything, and not the item.
func (r *reading) lacks(key string) bool {
	return r.byKey[key] == nil && (r.snap.Complete || r.listing != nil && !r.listing[key])
}

// holds reports whether the source holds the item back: under its key, or under the mark that it was given since.
func (r *reading) holds(id task.ID, key string) bool { return r.held[key] || r.held[string(id)] }

// question is one item that a pull did not tell enough about.
type question struct {
	key    string
	side   *side // nil: an item that was held and is nobody's yet
	absent bool  // a complete snapshot did not hold it, or a list of all keys not name it
}

// confirm reads directly what the pull left open. Nothing is believed gone on less.
func (c *cycle) confirm(ctx context.Context, i int) {
	r := &c.reads[i]
	questions := c.questions(i)
	if len(questions) == 0 {
		return
	}
	keys := make([]string, len(questions))
	for k, q := range questions {
		keys[k] = q.key
	}
	answers, err := c.sources[i].Confirm(ctx, keys)
	if f := fault.Of(err); err != nil && f.Reason == fault.SchemaDrift {
		c.sitOut(i, f) // what was read before is no better: without its column of ids every row would look new
		return
	}
	fresh := make(map[string]task.Record)
	for _, q := range questions {
		answer, known := answers[q.key]
		if q.absent && answer.Presence == connectors.Present && answer.Record.Ref.Provisional() {
			c.sitOut(i, fault.New(fault.Conflict, fault.Precondition, "read the rows",
				"rows were changed while they were read: the next cycle reads them again"))
			return
		}
		switch {
		case err == nil && known && answer.Presence == connectors.Present:
			fresh[q.key] = answer.Record
		case q.side == nil:
			c.stillHeld(i, q.key, err == nil && known && answer.Presence == connectors.Gone)
		case err == nil && known && answer.Presence == connectors.Gone && q.absent:
			q.side.gone = true
		default:
			q.side.shut = true
			r.partly = r.partly || err != nil || !known
			if answer.Presence == connectors.NoAccess {
				c.holdLater(task.Hold{
					Source: c.sources[i].ID(), Task: q.side.link.Task, Key: q.key, Name: q.side.link.Name, Reason: task.HoldNoAccess,
					Hint: "it may be there, and may not be read: give the account access to it again, or change the filter",
				})
			}
		}
	}
	r.take(questions, fresh)
}

// sitOut has a source sit the cycle out after all: what it said when it was pulled does not hold. People changed it between two
// reads of ours, so that what the first showed of an item that is known by its content alone stands for another.
func (c *cycle) sitOut(i int, f *fault.Error) {
	r := &c.reads[i]
	for _, w := range c.works {
		w.sides[i].gone = false
	}
	r.ok, r.snap, r.err = false, task.Snapshot{}, f
	r.err.Source = c.sources[i].ID()
}

// questions are what to read directly: what a complete snapshot did not hold, or a list of all keys not name; an item whose last write had no answer, where
// the pull may trail behind or did not show it, for else a late sight of our own write would pass for an edit; and in
// between complete snapshots what was held, for no increment names it again when the reason is gone.
func (c *cycle) questions(i int) []question {
	r := &c.reads[i]
	var qs []question
	for _, w := range c.works {
		s := &w.sides[i]
		if !s.linked || r.holds(w.task.ID, s.link.Key) {
			continue
		}
		read := r.byKey[s.link.Key] != nil
		absent := r.lacks(s.link.Key)
		if absent || s.intent != nil && (!read || r.desc.SettleDelay > 0) {
			qs = append(qs, question{s.link.Key, s, absent})
		}
	}
	if r.snap.Complete {
		return qs
	}
	for _, h := range c.state.Holds {
		if h.Source == c.sources[i].ID() && unmatched(h) && r.byKey[h.Key] == nil && !r.held[h.Key] {
			qs = append(qs, question{key: h.Key})
		}
	}
	return qs
}

// unmatched reports whether the hold is of an item that no task could be found or made for.
func unmatched(h task.Hold) bool {
	if h.Reason == task.HoldDuplicateID {
		return h.Task != ""
	}
	return h.Task == "" && h.Key != "" && (h.Field == task.Title.String() || h.Field == task.Partner.String())
}

// stillHeld notes what is known of an item that was held and was not seen again.
func (c *cycle) stillHeld(i int, key string, gone bool) {
	if !gone {
		c.reads[i].partly = true
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.wasHeld, task.Ref{Source: c.sources[i].ID(), Key: key})
}

// take puts what was read directly into the snapshot, in the place of what the pull showed of it.
func (r *reading) take(questions []question, fresh map[string]task.Record) {
	for k := range r.snap.Records {
		if rec, ok := fresh[r.snap.Records[k].Ref.Key]; ok {
			r.snap.Records[k] = rec
			delete(fresh, rec.Ref.Key)
		}
	}
	for _, q := range questions {
		if rec, ok := fresh[q.key]; ok {
			r.snap.Records = append(r.snap.Records, rec)
			r.byKey[q.key] = &rec
			delete(fresh, q.key)
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
	wait := r.desc.SettleDelay + sendTime*time.Duration(c.unsettled(i))
	marks := make(map[task.ID]bool)
	for _, rec := range r.snap.Records {
		if rec.Marker != "" {
			marks[rec.Marker] = true
		}
	}
	for _, w := range c.works {
		s := &w.sides[i]
		if s.intent == nil || s.intent.Op != task.Create || s.linked || marks[w.task.ID] || r.holds(w.task.ID, "") {
			continue
		}
		if r.desc.SettleDelay > 0 && c.now.Sub(s.intent.At) < wait {
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

// sendTime is how long a write may take at most, for working out when the last of many was sent.
const sendTime = 2 * time.Second

// unsettled is how many writes to the source have no receipt at all: the daemon died before it could store one, and they may
// have been sent one after the other since they were decided.
func (c *cycle) unsettled(i int) int {
	n := 0
	for k := range c.state.Intents {
		if in := &c.state.Intents[k]; in.Source == c.sources[i].ID() && in.Attempt == 0 {
			n++
		}
	}
	return n
}

// awaiting reports whether a create may have landed in that side, so that another must not be tried.
func (s *side) awaiting() bool {
	return s.intent != nil && s.intent.Op == task.Create && !s.landed && !s.linked
}
