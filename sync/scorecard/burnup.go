package scorecard

import "github.com/lockstep-sync/lockstep/sync/task"

// BurnupPoint is how many tasks there were on the morning of a day, and how many of them were done. The cancelled are left out.
type BurnupPoint struct {
	Day   task.Value `json:"day"`
	Scope int        `json:"scope"`
	Done  int        `json:"done"`
}

// burnup is a track as a chart: a point for the start of each week since the first task, and one for now.
func (c *computer) burnup(k *track) []BurnupPoint {
	if k == nil {
		return nil
	}
	h := &c.history
	var out []BurnupPoint
	for w := max(0, h.weeks()-1-c.in.Rules.BurnupWeeks); w < h.weeks(); w++ {
		if len(out) == 0 && k.scope[w] == 0 {
			continue // nothing was there yet
		}
		out = append(out, BurnupPoint{h.firsts[w].value(), k.scope[w], k.done[w]})
	}
	return append(out, BurnupPoint{c.today.value(), k.scope[h.weeks()], k.done[h.weeks()]})
}
