package engine

import (
	"slices"

	"github.com/lockstep-sync/lockstep/sync/merge"
	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// Reversal takes a decision back: the field gets the value that it had before, in every tool, if what was decided then still stands
// and nobody edits it meanwhile.
type Reversal struct {
	Task  task.ID
	Field task.Field
	Is    task.Value // what was decided
	Was   task.Value // what stood before, and is to stand again
	By    string     // who takes it back
	// Source is where the decided value came from; it is kept in the history as overruled.
	Source task.SourceID
}

// Reversals are what takes a cycle's decisions back, of all its events. What has no reversal (a task that was born or removed, an item
// that was created) is left to people, and comes back as rest.
func Reversals(events []store.Event, by string) (out []Reversal, rest []store.Event) {
	for i := range events {
		e := &events[i]
		f, known := task.ParseField(e.Field)
		switch e.Kind {
		case store.EventDecided:
			if known {
				out = append(out, Reversal{Task: e.Task, Field: f, Is: e.To, Was: e.From, By: by, Source: e.Source})
			}
		case store.EventBorn, store.EventRemoved, store.EventRestored:
			rest = append(rest, *e)
		default: // what was written follows from what was decided
		}
	}
	return out, rest
}

// takeBack lays out by task what is to be taken back.
func (c *cycle) takeBack(all []Reversal) {
	c.undoing = make(map[task.ID][]Reversal, len(all))
	for _, r := range all {
		c.undoing[r.Task] = append(c.undoing[r.Task], r)
	}
}

// undo takes back what is to be taken back of a task. An edit of this cycle, a conflict, or another value than was decided
// then: people have gone on since, and it stays.
func (c *cycle) undo(w *work, out *merge.Outcome) {
	for _, r := range c.undoing[w.task.ID] {
		f := r.Field
		if out.Agreed[f] != r.Is || r.Is == r.Was ||
			slices.ContainsFunc(out.Decisions, func(d merge.Decision) bool { return d.Field == f }) ||
			slices.ContainsFunc(out.Conflicts, func(k merge.Conflict) bool { return k.Field == f }) {
			continue
		}
		out.Agreed[f] = r.Was
		out.Decisions = append(out.Decisions, merge.Decision{
			Field: f, From: r.Is, To: r.Was, Winner: merge.Claim{Value: r.Was, By: r.By}, Losers: []merge.Claim{{Source: r.Source, Value: r.Is}},
		})
		c.undone++
	}
}
