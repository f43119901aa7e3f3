package jira

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// step is a transition to take, with what is sent along.
type step struct {
	edge

	resolution string // "" where none is set
	fields     map[string]any
}

// route is a way that is known; its last step leads to a status that means what is wanted, or to one of which nothing is known.
type route []step

func (r route) end() wireStatus { return r[len(r)-1].to }

// usualNames are the names, folded, under which a status is best known, the plainest first.
func usualNames(status string) []string {
	switch status {
	case task.NotStarted:
		return []string{"to do", "todo", "not started", "open", "new", "backlog", "planned", "reopened"}
	case task.InProgress:
		return []string{"in progress", "doing", "started", "under way", "in development", "in work", "active"}
	case task.Blocked:
		return []string{"blocked", "on hold", "impeded", "waiting", "paused"}
	case task.Done:
		return []string{"done", "resolved", "complete", "completed", "finished", "closed"}
	case task.Cancelled:
		return []string{"cancelled", "canceled", "won't do", "rejected", "declined", "abandoned"}
	}
	return nil
}

// unranked is the rank of a status that nothing speaks for.
const unranked = 1000

// rank orders the statuses that mean want: those that the configuration names, in its order, then those with a usual name.
func (m *meaning) rank(st wireStatus, want string) int {
	if i := slices.IndexFunc(m.config[want], func(n string) bool { return fold(n) == fold(st.Name) }); i >= 0 {
		return i
	}
	if m.byID[st.ID] == want {
		return len(m.config[want]) // configured under a name that it had before
	}
	if i := slices.Index(usualNames(want), fold(st.Name)); i >= 0 {
		return unranked/2 + i
	}
	return unranked
}

// outcome is the step along an edge that makes the issue mean want; false where it does not lead there.
func (c *Connector) outcome(is *wireIssue, e edge, want string) (step, bool) {
	fields, missing := e.filled(is)
	if missing != nil {
		return step{}, false
	}
	s := step{edge: e, fields: fields}
	done := e.to.Category.Key == "done"
	if e.screen && done {
		if r, ok := c.meaning.choose(e.to, want, e.resolutions); ok {
			s.resolution = r
			return s, true
		}
		if e.insists {
			return step{}, false
		}
	}
	left := ""
	if done && is.status().Category.Key == "done" {
		left = is.named("resolution").Name // nothing on the way takes it off
	}
	got, known := c.meaning.of(e.to, left)
	return s, known && got == want
}

// through is the step along an edge that is only passed; false where its screen cannot be filled in. A screen on the way
// that offers resolutions gets one that fits the status it leads to.
func (c *Connector) through(is *wireIssue, e edge) (step, bool) {
	fields, missing := e.filled(is)
	if missing != nil {
		return step{}, false
	}
	s := step{edge: e, fields: fields}
	if e.screen && e.to.Category.Key == "done" {
		means, _ := c.meaning.of(e.to, "")
		s.resolution, _ = c.meaning.choose(e.to, means, e.resolutions)
		if s.resolution == "" && e.insists {
			return step{}, false
		}
	}
	return s, true
}

// survey finds the shortest ways from where an issue is to a status that means want, all of one length, and the
// nearest statuses of which nothing is known yet. It never goes through a status that was visited; through one that
// is done only where closed says so.
func (c *Connector) survey(is *wireIssue, edges []edge, want string, visited map[string]bool, hops int, closed bool) (there, unknown []route) {
	type node struct {
		at  *wireIssue
		way route
	}
	key := flowKeyOf(is)
	seen := map[string]bool{is.status().ID: true}
	layer := []node{{at: is}}
	for depth := 0; depth < hops && len(layer) > 0 && len(there) == 0; depth++ {
		var next []node
		for _, n := range layer {
			out := edges
			if len(n.way) > 0 {
				out, _ = c.flow.kept(key.at(n.at.status().ID))
			}
			for _, e := range out {
				if s, ok := c.outcome(n.at, e, want); ok {
					there = append(there, append(slices.Clone(n.way), s))
					continue
				}
				s, ok := c.through(n.at, e)
				if !ok || seen[e.to.ID] || visited[e.to.ID] || e.to.Category.Key == "done" && !closed {
					continue
				}
				seen[e.to.ID] = true
				on := node{at: n.at.after(s), way: append(slices.Clone(n.way), s)}
				if _, known := c.flow.kept(key.at(e.to.ID)); known {
					next = append(next, on)
				} else {
					unknown = append(unknown, on.way)
				}
			}
		}
		layer = next
	}
	return there, unknown
}

// after is the issue as it would be one step on.
func (is *wireIssue) after(s step) *wireIssue {
	out := &wireIssue{ID: is.ID, Key: is.Key, Fields: maps.Clone(is.Fields)}
	out.moved(s.to, s.resolution)
	return out
}

// best is the way to take of those that lead to want. Two statuses for neither of which anything speaks are not chosen
// between: people see which one it became, and rules hang on it.
func (c *Connector) best(ways []route, want string) (route, error) {
	var out route
	rank, rivals := unranked+1, []string{}
	for _, w := range ways {
		r := c.meaning.rank(w.end(), want)
		switch {
		case r < rank:
			out, rank, rivals = w, r, []string{w.end().Name}
		case r == rank && w.end().ID == out.end().ID:
			if w.sent() < out.sent() {
				out = w
			}
		case r == rank && !slices.Contains(rivals, w.end().Name):
			rivals = append(rivals, w.end().Name)
		}
	}
	if rank < unranked || len(rivals) < 2 {
		return out, nil
	}
	for i := range rivals {
		rivals[i] = quoteName(rivals[i])
	}
	slices.Sort(rivals)
	f := fault.New(fault.Permanent, fault.Unsupported, "move the issue", "%s all mean %s here", strings.Join(rivals, " and "), task.StatusDisplay(want))
	return nil, c.fault(f.WithHint("say which is meant: name it under status.%s in the configuration", want))
}

// sent is how many fields the way sends along: the less, the better.
func (r route) sent() int {
	n := 0
	for _, s := range r {
		n += len(s.fields)
	}
	return n
}

// promise rates a step into a status of which nothing is known; 0 is no step to take. An issue is not closed to see
// what comes after, unless it is to be closed anyway.
func (c *Connector) promise(to wireStatus, want string) int {
	means, _ := c.meaning.of(to, "")
	closing := want == task.Done || want == task.Cancelled
	switch {
	case to.Category.Key == "done" && !closing:
		return 0
	case to.Category.Key == "done":
		return 1
	case means == task.Blocked:
		return 2
	case means == task.NotStarted && closing:
		return 3
	default:
		return 4
	}
}

// likeliest is the way into the unknown that promises most, the shorter before the longer; nil where there is none to take.
func (c *Connector) likeliest(ways []route, want string) route {
	var out route
	for _, w := range ways {
		p := c.promise(w.end(), want)
		if p > 0 && (out == nil || p > c.promise(out.end(), want) || p == c.promise(out.end(), want) && len(w) < len(out)) {
			out = w
		}
	}
	return out
}

// noWay says why an issue cannot be moved to want, and what to do about it.
func (c *Connector) noWay(is *wireIssue, edges []edge, want string) error {
	f := fault.New(fault.Permanent, fault.Unsupported, "move the issue", "no transition leads from %s to a status that means %s",
		quoteName(is.status().Name), task.StatusDisplay(want))
	switch lacking := c.lacking(is, edges, want); {
	case len(edges) == 0:
		f.Hint = "the account may move the issue nowhere: give it the permission Transition Issues, or move the issue by hand"
	case lacking != "":
		f.Hint = lacking
	default:
		f.Hint = fmt.Sprintf("move the issue by hand, or name another status under status.%s in the configuration", want)
	}
	return c.fault(f)
}

// lacking is what a transition on the way asks for that nothing fills in, of those from here first, and of these one to a
// status that means want; "" where none asks.
func (c *Connector) lacking(is *wireIssue, edges []edge, want string) string {
	all := slices.Clone(edges)
	key := flowKeyOf(is)
	for _, id := range sortedKeys(c.meaning.statuses) {
		if out, ok := c.flow.kept(key.at(id)); ok && id != key.status {
			all = append(all, out...)
		}
	}
	first := ""
	for _, e := range all {
		_, missing := e.filled(is)
		if missing == nil {
			continue
		}
		if got, _ := c.meaning.of(e.to, ""); got == want {
			return e.lacking(missing)
		}
		if first == "" {
			first = e.lacking(missing)
		}
	}
	return first
}
