package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/plan"
	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// patchResult is what came of one patch.
type patchResult struct {
	patch task.Patch
	err   *fault.Error // nil: it landed
	at    time.Time
}

// settleTimeout bounds the storing of receipts after the daemon was told to stop: what landed must be known.
const settleTimeout = 30 * time.Second

// apply writes every source's patches, side by side, and settles each source's receipts as they come.
func (c *cycle) apply(ctx context.Context) error {
	bySource := make(map[task.SourceID][]task.Patch)
	for _, p := range c.planned.Patches {
		bySource[p.Ref.Source] = append(bySource[p.Ref.Source], p)
	}
	errs := make([]error, len(c.sources))
	var g errgroup.Group
	g.SetLimit(c.Parallel)
	for i, src := range c.sources {
		patches := bySource[src.ID()]
		if len(patches) == 0 {
			continue
		}
		g.Go(func() error {
			errs[i] = c.settle(ctx, patches, src.Apply(ctx, patches))
			return nil // one source's trouble does not stop the others
		})
	}
	_ = g.Wait()
	return errors.Join(errs...)
}

// settle stores what came of the patches. It is done even when the daemon is told to stop.
func (c *cycle) settle(ctx context.Context, patches []task.Patch, receipts []task.Receipt) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	defer cancel()
	c.mu.Lock()
	defer c.mu.Unlock()
	st := store.Settlement{Generation: c.generation}
	for i, p := range patches {
		c.settleOne(p, receipts[i], &st)
	}
	if err := c.Store.Settle(ctx, c.Partnership, st); err != nil {
		return fmt.Errorf("store what came of %d writes: %w", len(patches), err)
	}
	return nil
}

func (c *cycle) settleOne(p task.Patch, r task.Receipt, st *store.Settlement) {
	now := c.Now()
	s := c.side(p.Task, p.Ref.Source)
	id := store.LinkID{Task: p.Task, Source: p.Ref.Source}
	f := fault.Of(r.Err)
	c.results = append(c.results, patchResult{patch: p, err: f, at: now})

	if r.Record != nil {
		c.settleRecord(p, r, s)
	}
	for f, v := range r.Left {
		if !v.IsNone() && s.linked && !r.Uncertain {
			s.link.Base[f] = v
		}
	}
	if s.linked && (r.Record != nil || r.Left != (task.Values{})) {
		st.Links = append(st.Links, s.link)
	}
	if f == nil {
		if r.Record == nil && p.Op != task.Remove {
			st.Intents = append(st.Intents, c.attempted(p, now)) // it landed, and is still to be seen
		} else {
			st.Dropped = append(st.Dropped, id)
		}
		st.Events = append(st.Events, written(p, s.link, now)...)
		if p.Op == task.Remove {
			s.linked = false
			st.Unlink = append(st.Unlink, id)
		}
		if s.pause != nil {
			st.Unpause = append(st.Unpause, id)
		}
		return
	}
	if r.Uncertain {
		in := c.attempted(p, now)
		in.Set = slices.Clone(in.Set) // the patch stays what was planned
		for k, ch := range in.Set {
			if v := r.Left[ch.Field]; !v.IsNone() {
				in.Set[k].To = v // what an echo of this write would show
			}
		}
		st.Intents = append(st.Intents, in)
	} else {
		st.Dropped = append(st.Dropped, id)
	}
	if f.Kind == fault.Conflict || f.Reason == fault.Cancelled {
		return // the next cycle reads again and plans anew
	}
	st.Events = append(st.Events, store.Event{
		Kind: store.EventFailed, At: now, Task: p.Task, Source: p.Ref.Source, Note: f.Error(),
	})
	if pausable(f) {
		st.Pauses = append(st.Pauses, pauseFor(p, s, f, now))
		return
	}
	if f.RetryAfter > 0 && f.Ref.Key == "" { // a pause of one item is no pause of its source
		c.rest[p.Ref.Source] = now.Add(f.RetryAfter)
	}
}

// attempted is the intent of a patch that was sent and is still to be found in the tool.
func (c *cycle) attempted(p task.Patch, now time.Time) store.Intent {
	in := c.intent(p)
	in.At, in.Attempt = now, in.Attempt+1
	return in
}

// settleRecord advances the base of what we wrote, and of nothing else: whatever the read-back shows beside it, or
// instead of it, was put there by somebody and is looked at in the next cycle.
func (c *cycle) settleRecord(p task.Patch, r task.Receipt, s *side) {
	if !s.linked {
		s.linked = true
		s.link = store.Link{Task: p.Task, Source: p.Ref.Source}
	}
	s.link.Key, s.link.Name, s.link.URL = r.Record.Ref.Key, r.Record.Name, r.Record.URL
	s.link.Version = max(s.link.Version, r.Record.Version)
	for _, ch := range p.Set {
		if r.Err == nil || r.Record.Values[ch.Field] == ch.To {
			s.link.Base[ch.Field] = ch.To
		}
	}
	if p.Op != task.Create || r.Err != nil {
		return
	}
	for f, v := range c.byID[p.Task].task.Agreed {
		// What the tool filled in where it could not take the agreed value is nobody's word.
		if shown := r.Record.Values[f]; !v.IsEmpty() && s.link.Base[f].IsNone() && !shown.IsUnreadable() {
			s.link.Base[f] = shown
		}
	}
}

// written tells the history what was written. A create is one event: its values are the task's.
func written(p task.Patch, l store.Link, at time.Time) []store.Event {
	if p.Op == task.Create {
		return []store.Event{{Kind: store.EventLinked, At: at, Task: p.Task, Source: p.Ref.Source, Note: "created " + l.Name}}
	}
	if p.Op == task.Remove {
		return []store.Event{{Kind: store.EventUnlinked, At: at, Task: p.Task, Source: p.Ref.Source, Note: "removed " + p.Name}}
	}
	var es []store.Event
	for _, ch := range p.Set {
		es = append(es, store.Event{
			Kind: store.EventWritten, At: at, Task: p.Task, Source: p.Ref.Source, Field: ch.Field.String(), From: ch.From, To: ch.To,
		})
	}
	return es
}

// pausable reports whether the fault is about this one write: then it is tried again after growing pauses. A fault of the whole
// source (no access, no answer, too many requests) is tried again with the source.
func pausable(f *fault.Error) bool {
	switch f.Kind {
	case fault.Permanent, fault.Unknown, fault.Partial:
		return f.Reason != fault.Auth
	case fault.Retryable, fault.Conflict:
	}
	return false
}

const (
	firstPause   = time.Minute
	longestPause = 6 * time.Hour
)

func pauseFor(p task.Patch, s *side, f *fault.Error, now time.Time) store.Pause {
	ps := store.Pause{
		Task: p.Task, Source: p.Ref.Source, Op: p.Op, Attempt: 1, Want: plan.Fingerprint(p), Error: f.Error(), Reason: f.Reason, Hint: f.Hint,
	}
	if s.pause != nil && s.pause.Want == ps.Want {
		ps.Attempt = s.pause.Attempt + 1
	}
	wait := longestPause
	if n := ps.Attempt - 1; n < 9 {
		wait = min(firstPause<<n, longestPause)
	}
	ps.Until = now.Add(max(wait, f.RetryAfter))
	return ps
}
