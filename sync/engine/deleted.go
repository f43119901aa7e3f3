package engine

import (
	"slices"

	"github.com/lockstep-sync/lockstep/sync/merge"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// DeletedRows says what it means that a task's row was deleted on the scorecard. The task itself lives on in its owner's tool, so
// that "remove it" is no answer: it would be born again.
type DeletedRows string

// The answers.
const (
	// RestoreRows: nothing; the row comes back.
	RestoreRows DeletedRows = "restore"
	// CancelTasks: the task is cancelled everywhere, and its row stays away for as long as it is. The row of a task that is
	// done comes back, and so does that of one that somebody edited meanwhile: an edit beats a deletion. It comes back, too,
	// where a row appeared that nobody knows: that may be the one that is missed, without its id.
	CancelTasks DeletedRows = "cancel"
)

// rowDeletedNote is what the history says of a task that was cancelled so.
const rowDeletedNote = "its row on the scorecard was deleted"

// mergeDeletedRow cancels a task whose row people deleted, where that is what a deletion means.
func (c *cycle) mergeDeletedRow(w *work) {
	status := w.task.Agreed[task.Status]
	switch s := &w.sides[c.scorecard]; {
	case c.DeletedRows != CancelTasks, !s.gone, c.reads[c.scorecard].remapped, w.task.Removed:
		return
	case len(w.decisions) > 0, len(w.conflicts) > 0, c.strange():
		return
	case status.String() == task.Done, status.String() == task.Cancelled:
		return
	}
	cancelled := task.EnumValue(task.Cancelled)
	w.task.Agreed[task.Status] = cancelled
	w.decisions = append(w.decisions, merge.Decision{
		Field: task.Status, From: status, To: cancelled,
		Winner: merge.Claim{Source: c.sources[c.scorecard].ID(), Value: cancelled, At: c.now},
	})
	w.rowDeleted = true
	c.reads[c.scorecard].vanished++ // many at once look like an accident
}

// strangeRow reports whether the scorecard holds a row that no task was known by before this cycle.
func (c *cycle) strangeRow() bool {
	known := make(map[string]bool, len(c.works))
	for _, w := range c.works {
		if before := w.sides[c.scorecard].before; before != nil {
			known[before.Key] = true
		}
	}
	snap := &c.reads[c.scorecard].snap
	return slices.ContainsFunc(snap.Records, func(r task.Record) bool { return !known[r.Ref.Key] }) ||
		slices.ContainsFunc(snap.Held, func(h task.Hold) bool { return h.Key != "" && !known[h.Key] })
}

// rowStaysAway reports whether the task has no row on the scorecard because people deleted it.
func (c *cycle) rowStaysAway(w *work) bool {
	return c.DeletedRows == CancelTasks && w.task.Agreed[task.Status].String() == task.Cancelled
}
