package merge

import (
	"slices"

	"github.com/lockstep-sync/lockstep/sync/task"
)

// Settle closes the conflict about the field with what people chose: the value of one of its claims, or the one that is agreed
// already. The other claims are the decision's losers, and every claim's base advances, so that none of them is made
// again. By says who chose where nobody claims the value; else the claim says whose it is. Sides are those of the Merge.
// It reports false, and changes nothing, where there is no such conflict or the value is not among those of it.
func (o *Outcome) Settle(sides []Side, f task.Field, chosen task.Value, by string) bool {
	at := slices.IndexFunc(o.Conflicts, func(k Conflict) bool { return k.Field == f })
	if at < 0 {
		return false
	}
	k := o.Conflicts[at]
	d := Decision{Field: f, From: k.Agreed, To: chosen, Winner: Claim{Value: chosen, By: by}}
	claimed := false
	for _, c := range k.Claims {
		switch {
		case c.Value != chosen:
			d.Losers = append(d.Losers, c)
		case !claimed:
			d.Winner, claimed = c, true
		}
	}
	if !claimed && !chosen.Same(k.Agreed) {
		return false
	}
	for i := range sides {
		if slices.ContainsFunc(k.Claims, func(c Claim) bool { return c.Source == sides[i].Source }) {
			o.Bases[i][f] = sides[i].Now[f]
		}
	}
	if !claimed && k.Agreed.IsNone() {
		chosen = task.Empty(f.Kind()) // nothing was agreed yet: now it is, that there is to be nothing
	} else if !claimed {
		chosen = k.Agreed
	}
	d.To, o.Agreed[f] = chosen, chosen
	o.Conflicts = slices.Delete(o.Conflicts, at, at+1)
	next, _ := slices.BinarySearchFunc(o.Decisions, f, func(d Decision, f task.Field) int { return int(d.Field) - int(f) })
	o.Decisions = slices.Insert(o.Decisions, next, d)
	return true
}
