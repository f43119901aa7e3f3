package engine

import "time"

// DefaultActive is how long a partnership rests after a cycle that saw people's edits, where nothing else is said.
const DefaultActive = 10 * time.Second

// slowing is by how much a rest is longer than the one before while nobody edits: from ten seconds it takes nine cycles, some
// four minutes, until they come once a minute again.
const slowing = 1.25

// Pace says how long a partnership rests between two cycles. People come back to what they have just edited, and to what
// changed because of it: so after an edit is seen, cycles come faster for a while.
type Pace struct {
	Interval time.Duration // while nothing happens
	Active   time.Duration // after a cycle that saw edits; 0, or longer than Interval, is Interval
}

// Next is how long to rest after a cycle: last is what this gave before it, 0 at first.
func (p Pace) Next(last time.Duration, edits bool) time.Duration {
	switch {
	case p.Active <= 0 || p.Active >= p.Interval || last <= 0 && !edits:
		return p.Interval
	case edits:
		return p.Active
	}
	return min(time.Duration(float64(last)*slowing), p.Interval)
}
