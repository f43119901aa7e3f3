package scorecard

import (
	"slices"
	"strings"
	"time"

	"github.com/lockstep-sync/lockstep/sync/task"
)

// SourceView is how fresh a source's data is.
type SourceView struct {
	SourceState
	Never bool          `json:"never"`  // it was never read
	Age   time.Duration `json:"age_ns"` // since it was read last; 0 where never
	// Stale says that the data is older than Rules.StaleIntervals intervals, or that there is none.
	Stale  bool   `json:"stale"`
	Reason Reason `json:"reason"` // why it is stale; the zero Reason where it is not
}

// readSources works out every source's age, sorted by id.
func (c *computer) readSources() {
	c.own = make(map[string][]int)
	r := &c.in.Rules
	for _, s := range c.in.Sources {
		v := SourceView{SourceState: s, Never: s.LastSuccess.IsZero()}
		switch {
		case v.Never:
			v.Stale, v.Reason = true, Reason{Code: NeverRead, RAG: Grey, What: s.name()}
		default:
			v.Age = max(0, c.in.Now.Sub(s.LastSuccess)) // a clock that jumped back makes nothing younger than new
			if v.Age > max(time.Duration(r.StaleIntervals)*s.Interval, r.StaleFloor) {
				v.Stale, v.Reason = true, Reason{Code: StaleData, RAG: Grey, What: s.name(), At: s.LastSuccess.In(c.loc)}
			}
		}
		c.sources = append(c.sources, v)
	}
	slices.SortFunc(c.sources, func(a, b SourceView) int { return strings.Compare(string(a.ID), string(b.ID)) })
	for i := range c.sources {
		if c.sources[i].Scorecard {
			c.scorecard = append(c.scorecard, i)
		} else {
			c.own[c.sources[i].Partner] = append(c.own[c.sources[i].Partner], i)
		}
	}
}

// sourcesOf are the sources that a task's state comes from: those of its owner's tools that hold it; all of the owner's where that is
// not known; the scorecard where the owner has no tool.
func (c *computer) sourcesOf(t *Task) []int {
	own := c.own[t.Agreed[task.Partner].String()]
	if len(own) == 0 {
		return c.scorecard
	}
	if len(own) == 1 || len(t.Sources) == 0 {
		return own
	}
	var holding []int
	for _, i := range own {
		if slices.Contains(t.Sources, c.sources[i].ID) {
			holding = append(holding, i)
		}
	}
	if len(holding) == 0 {
		return own
	}
	return holding
}

// freshen adds to a verdict which of the sources are stale. What is stale is never green, nor is it said that there is nothing.
func (c *computer) freshen(v Verdict, sources []int) Verdict {
	for _, i := range sources {
		if c.sources[i].Stale {
			v.Reasons = append(v.Reasons, c.sources[i].Reason)
			v.Stale = true
		}
	}
	if v.Stale && v.RAG.Severity() < Grey.Severity() {
		v = verdict(v.Reasons...)
		v.Stale = true
	}
	return v
}

// allSources are all of them.
func (c *computer) allSources() []int {
	all := make([]int, len(c.sources))
	for i := range all {
		all[i] = i
	}
	return all
}

// ownOf are a partner's sources, or the scorecard where it has no tool.
func (c *computer) ownOf(partner string) []int {
	if own := c.own[partner]; len(own) > 0 {
		return own
	}
	return c.scorecard
}

// sourcesOfStream are the sources of the partners that have a task in a workstream.
func (c *computer) sourcesOfStream(name string) []int {
	var all []int
	for _, partner := range c.inStream[name] {
		all = append(all, c.ownOf(partner)...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// oldestRead is when the source that was read longest ago was read; zero where one never was, or there is none.
func (c *computer) oldestRead(sources []int) time.Time {
	var oldest time.Time
	for k, i := range sources {
		at := c.sources[i].LastSuccess
		if k == 0 || at.Before(oldest) {
			oldest = at
		}
	}
	return oldest
}
