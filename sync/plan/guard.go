package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lockstep-sync/lockstep/sync/task"
)

// Guards stop a plan that looks like an accident: a column pasted over, a filter that lost half of the project.
type Guards struct {
	MaxChanges  float64 // share of a source's existing items that one cycle may change: 0.3
	MaxRemovals float64 // share that one cycle may remove, and share of all tasks that may vanish: 0.1
	Minimum     int     // up to this many are always let through
}

// DefaultGuards are those of the design: 30 %, 10 %, and ten always.
func DefaultGuards() Guards { return Guards{MaxChanges: 0.30, MaxRemovals: 0.10, Minimum: 10} }

// The names of the guards: a metric label.
const (
	GuardChanges  = "max_changes"
	GuardRemovals = "max_removals"
	GuardMapping  = "mapping_changed"
)

// GuardNames returns every guard, sorted. The slice is the caller's.
func GuardNames() []string { return []string{GuardChanges, GuardRemovals, GuardMapping} }

// Facts is what the guards need to know of a source beside the patches.
type Facts struct {
	Existing int // items of managed tasks that the source holds
	// Vanished are tasks whose item was found gone in this source, so that they are to be removed.
	Vanished int
	// Moved are items that a changed mapping or filter no longer finds, and values that it reads differently so that they
	// would overwrite what was agreed.
	Moved int
	// Remapped says that the mapping or the filter of the source is not what it was in the cycle before.
	Remapped bool
}

// Trip is one guard that says no.
type Trip struct {
	Guard    string        `json:"guard"`
	Source   task.SourceID `json:"source"`
	Count    int           `json:"count"`
	Limit    int           `json:"limit"`
	Existing int           `json:"existing"`
}

// String says what is the matter and is for people.
func (t Trip) String() string {
	if t.Guard == GuardMapping {
		return fmt.Sprintf("%s: its mapping or filter has changed, and %d values would be overwritten, or items lost from sight", t.Source, t.Count)
	}
	what := "changed"
	if t.Guard == GuardRemovals {
		what = "removed"
	}
	return fmt.Sprintf("%s: %d of %d items would be %s, %d are allowed", t.Source, t.Count, t.Existing, what, t.Limit)
}

// Check returns the guards that the patches trip, sorted by source and guard; nil where all is well. A first filling is
// no change: creates, marks, and writes into what is empty pass.
func (g Guards) Check(patches []task.Patch, facts map[task.SourceID]Facts) []Trip {
	changed, removed := map[task.SourceID]int{}, map[task.SourceID]int{}
	for _, p := range patches {
		switch p.Op {
		case task.Remove:
			removed[p.Ref.Source]++
		case task.Update, task.Adopt:
			if slices.ContainsFunc(p.Set, func(c task.Change) bool { return !c.From.IsEmpty() }) {
				changed[p.Ref.Source]++
			}
		case task.Create:
		}
	}
	var trips []Trip
	for s, f := range facts {
		gone := max(removed[s], f.Vanished)
		if limit := g.limit(g.MaxRemovals, f.Existing); gone > limit {
			trips = append(trips, Trip{GuardRemovals, s, gone, limit, f.Existing})
		}
		if limit := g.limit(g.MaxChanges, f.Existing); changed[s] > limit {
			trips = append(trips, Trip{GuardChanges, s, changed[s], limit, f.Existing})
		}
		if n := changed[s] + removed[s] + f.Moved; f.Remapped && n > 0 {
			trips = append(trips, Trip{GuardMapping, s, n, 0, f.Existing})
		}
	}
	slices.SortFunc(trips, func(a, b Trip) int {
		return strings.Compare(string(a.Source)+" "+a.Guard, string(b.Source)+" "+b.Guard)
	})
	return trips
}

func (g Guards) limit(share float64, existing int) int {
	return max(g.Minimum, int(share*float64(existing)))
}
