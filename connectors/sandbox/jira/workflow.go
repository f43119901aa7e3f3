package jira

import (
	"fmt"
	"slices"
	"strconv"
	"time"
)

// transition is one arrow of a workflow.
type transition struct {
	id, name string
	from     []*status // nil: from every status but its own
	to       *status
	screen   bool     // it has a screen, with a resolution on it
	offers   []string // names of the resolutions on the screen; nil for all that there are
	required bool     // the screen insists on a resolution

	// What follows is of workflows that were set.
	bare        bool          // its screen has no resolution
	fields      []screenField // what else is on its screen
	sets        *named        // the resolution that it sets by itself
	clears      bool          // it takes the resolution away
	then        *status       // where a rule moves the issue right after
	conditional bool
	unavailable bool // to the account
	loops       bool // it is offered in its own target too, and changes nothing there
}

// asksResolution reports whether a resolution is on the transition's screen.
func (t transition) asksResolution() bool { return t.screen && !t.bare }

// resolutions lists what the transition's screen offers; nil when it has no screen.
func (t transition) resolutions(c *catalogue) []*named {
	if !t.asksResolution() {
		return nil
	}
	if t.offers == nil {
		return c.resolutions
	}
	var out []*named
	for _, name := range t.offers {
		out = append(out, lookup(c.resolutions, name))
	}
	return out
}

// leads reports whether the transition can be taken from a status.
func (t transition) leads(from *status) bool {
	if t.loops && from == t.to {
		return true
	}
	if t.from == nil {
		return from != t.to
	}
	return slices.Contains(t.from, from)
}

// transitions lists what the account can do with an issue in a status.
func (p *project) transitions(from *status) []transition {
	var out []transition
	for _, t := range p.flow {
		if t.leads(from) && !t.unavailable {
			out = append(out, t)
		}
	}
	return out
}

// addStatus puts a status on the board. In a free workflow it gets the one transition that leads to it; in a drawn one
// also its ways out.
func (p *project) addStatus(st *status) {
	p.statuses = append(p.statuses, st)
	// Names say what is done, not where it leads: a client that looks for the status's name among them must not find it.
	verb := map[string]string{"new": "Put back", "indeterminate": "Pick up", "done": "Wrap up"}[st.category.key]
	if verb == "" {
		verb = "Set aside"
	}
	n := 0
	for _, t := range p.flow {
		if t.to.category == st.category {
			n++
		}
	}
	if n > 0 {
		verb = fmt.Sprintf("%s (%d)", verb, n+1)
	}
	p.flow = append(p.flow, transition{id: strconv.Itoa(101 + 10*len(p.flow)), name: verb, to: st, screen: st.done()})
	if p.free {
		return
	}
	p.flow = append(p.flow,
		transition{id: strconv.Itoa(101 + 10*len(p.flow)), name: "Leave for the backlog", from: []*status{st}, to: p.statuses[0]},
		transition{id: strconv.Itoa(111 + 10*len(p.flow)), name: "Carry on", from: []*status{st}, to: p.statuses[min(1, len(p.statuses)-1)]},
	)
}

// enter puts an issue into a status and sets or clears its resolution, as every sound workflow does. A nil resolution
// means the one that the way there sets, "Done" where nothing says otherwise. In a workflow that was set, an issue goes by
// the first transition that leads there, and where none does nothing but the status changes.
func (s *Server) enter(d *issue, st *status, resolution *named) {
	if d.project.drawn {
		way := transition{to: st}
		if n := slices.IndexFunc(d.project.flow, func(t transition) bool { return t.to == st && t.leads(d.status) }); n >= 0 {
			way = d.project.flow[n]
		}
		s.take(d, way, resolution)
		return
	}
	d.status = st
	if !st.done() {
		d.resolution, d.resolved = nil, time.Time{}
		return
	}
	if resolution == nil {
		resolution = lookup(s.catalogue.resolutions, "Done")
	}
	if d.resolution != resolution {
		d.resolution, d.resolved = resolution, d.updated
	}
}
