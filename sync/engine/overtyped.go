package engine

import (
	"slices"
	"strings"

	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// keepOvertyped tells the history what people typed into cells that Lockstep works out: the board is about to be written over
// it. What the last cycle told, and could not write over yet, is not told again.
func (c *cycle) keepOvertyped() {
	c.overtyped = c.reads[c.scorecard].snap.Overtyped
	for _, o := range c.overtyped {
		if slices.Contains(c.memory.overtyped, o) {
			continue
		}
		id := o.Task
		if c.byID[id] == nil {
			id = ""
		}
		c.event(store.Event{
			Kind: store.EventOvertyped, Task: id, Source: c.sources[c.scorecard].ID(), From: task.TextValue(o.Text), Note: placeOf(o),
		})
	}
}

// placeOf is where something was typed over, in words.
func placeOf(o task.Overtyped) string {
	place := "column " + o.Column + ", " + o.Name
	if o.Page != "" {
		place = o.Page + ", " + place
	}
	return clip(strings.Join(strings.Fields(place), " "), valueLength)
}
