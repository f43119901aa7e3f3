package memory

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/lockstep-sync/lockstep/connectors"
	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// Pull reads every item, or with a cursor and Increments those that changed since: see connectors.Connector. A cursor that
// is not this connector's asks for everything.
func (t *Tool) Pull(ctx context.Context, cursor string) (task.Snapshot, error) {
	half, err := t.read(ctx, StepPull)
	if err != nil {
		return task.Snapshot{}, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.seen()
	since, round := int64(-1), 0
	if t.opts.Increments {
		since, round = t.since(cursor)
	}
	lists := since >= 0 && t.opts.Lists && t.due(round-1)
	if lists {
		round = 0
	}
	snap := task.Snapshot{Complete: since < 0}
	keys := t.keys(s.items)
	if lists {
		snap.Listing = []string{}
	}
	for i, it := range s.items {
		if lists && it.hidden == "" {
			snap.Listing = append(snap.Listing, keys[i])
		}
		if it.seq > since && it.hidden == "" {
			if snap.Records == nil {
				snap.Records = make([]task.Record, 0, len(s.items)-i)
			}
			snap.Records = append(snap.Records, t.record(it, keys[i]))
		}
	}
	if t.opts.Increments {
		snap.Cursor = fmt.Sprintf("%d:%d", s.seq, round)
	}
	t.known, t.pulled = t.board, t.board
	snap.Choices, snap.Overtyped = t.chosen(), t.overtyped()
	if half {
		snap.Complete, snap.Listing = false, nil
		snap.Records = snap.Records[:len(snap.Records)/2]
		return snap, &fault.Error{
			Kind: fault.Partial, Reason: fault.Unavailable, Op: "pull", Err: errors.New("the tool went down on the way"),
		}
	}
	return snap, nil
}

// since reads a cursor: the last change that was seen, and how many increments there were since everything was read. It
// is -1 where everything is to be read.
func (t *Tool) since(cursor string) (since int64, round int) {
	n, err := fmt.Sscanf(cursor, "%d:%d", &since, &round)
	if err != nil || n != 2 || since < 0 || round < 0 || since > t.seq || !t.opts.Lists && t.due(round) {
		return -1, 0
	}
	return since, round + 1
}

// due reports whether a census comes after that many increments without one.
func (t *Tool) due(round int) bool { return t.opts.Census > 0 && round >= t.opts.Census }

// Confirm reads items directly: see connectors.Confirmer.
func (t *Tool) Confirm(ctx context.Context, keys []string) (map[string]connectors.Confirmation, error) {
	if _, err := t.read(ctx, StepConfirm); err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	out := make(map[string]connectors.Confirmation, len(keys))
	for _, key := range keys {
		it := t.byKey(key)
		switch {
		case it == nil && len(t.marks[task.ID(key)]) > 1:
			// A copied mark names several items: nothing is known of this one.
		case it == nil:
			out[key] = connectors.Confirmation{Presence: connectors.Gone}
		case it.hidden == connectors.NoAccess:
			out[key] = connectors.Confirmation{Presence: connectors.NoAccess}
		default:
			out[key] = connectors.Confirmation{Presence: connectors.Present, Record: t.record(it, key)}
		}
	}
	return out, nil
}

// Find returns the item that carries the task's mark: see connectors.Finder. Of several it is the oldest.
func (t *Tool) Find(ctx context.Context, id task.ID) (task.Record, bool, error) {
	if _, err := t.read(ctx, StepFind); err != nil {
		return task.Record{}, false, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	ns := t.marks[id]
	if len(ns) == 0 {
		return task.Record{}, false, nil
	}
	it := t.items[slices.Min(ns)]
	if it.hidden == connectors.NoAccess || t.opts.Now != nil && t.now().Sub(it.marked) < t.opts.SettleDelay {
		return task.Record{}, false, nil
	}
	return t.record(it, t.keyOf(it)), true, nil
}

// record is the item as the connector reads it.
func (t *Tool) record(it *item, key string) task.Record {
	r := task.Record{
		Ref: task.Ref{Key: key}, Marker: it.mark, Name: handle(it.number), Version: it.version, By: it.by, At: it.at,
	}
	if t.opts.Provisional {
		r.Version = 0 // a sheet tells no versions, and a row's key may pass to its copy
	}
	for _, f := range t.desc.Fields {
		v := it.values[f]
		if r.Values[f] = v; v.IsUnreadable() {
			r.Note(f, reasonFor(f), fmt.Sprintf("%q is not a %s: type one that is, or empty the field", v.String(), f.Kind()))
		}
	}
	return r
}

// reasonFor is the reason for which a value of the field is held that cannot be read.
func reasonFor(f task.Field) task.HoldReason {
	switch f {
	case task.Status:
		return task.HoldUnmappedStatus
	case task.Partner:
		return task.HoldUnknownPartner
	case task.Assignee:
		return task.HoldUnmatchedPerson
	default:
		return task.HoldUnreadable
	}
}
