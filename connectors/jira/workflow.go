package jira

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// workflow remembers which transitions lead where, since each issue tells only of those from its own status. What it
// remembers may be wrong for one issue (a condition) and grows old: see Connector.walk.
type workflow struct {
	edges map[flowKey][]edge
}

type flowKey struct{ project, issueType, status string }

// edge is one transition.
type edge struct {
	id string
	to wireStatus
	// screen says that a resolution may be set, one of the names in resolutions.
	screen      bool
	resolutions []string
	// demands names another field that has to be filled in, which we cannot; "" where there is none.
	demands string
}

func newWorkflow() *workflow { return &workflow{edges: map[flowKey][]edge{}} }

// forget drops all that is remembered, so that a changed workflow is seen in time.
func (w *workflow) forget() { clear(w.edges) }

func flowKeyOf(is *wireIssue) flowKey {
	return flowKey{is.named("project").ID, is.named("issuetype").ID, is.status().ID}
}

// edgesFrom are the transitions of an issue, remembered or read.
func (c *Connector) edgesFrom(ctx context.Context, is *wireIssue) (out []edge, remembered bool, err error) {
	key := flowKeyOf(is)
	if out, ok := c.flow.edges[key]; ok {
		return out, true, nil
	}
	ts, err := c.api.transitions(ctx, is.ID)
	if err != nil {
		return nil, false, err
	}
	for _, t := range ts {
		if t.Available != nil && !*t.Available {
			continue
		}
		e := edge{id: t.ID, to: t.To}
		for _, name := range sortedKeys(t.Fields) {
			f := t.Fields[name]
			switch {
			case name == "resolution":
				e.screen = true
				for _, a := range f.Allowed {
					e.resolutions = append(e.resolutions, a.Name)
					c.meaning.resolution(a.Name)
				}
			case f.Required && !f.HasDefault && e.demands == "":
				e.demands = f.Name
				if e.demands == "" {
					e.demands = name
				}
			}
		}
		out = append(out, e)
	}
	c.flow.edges[key] = out
	return out, false, nil
}

// hopsMax is how many transitions one change of status may take.
const hopsMax = 6

// walk moves an issue until its status means want, and returns how many moves were made. It keeps is up to date with
// what each move is known to do.
func (c *Connector) walk(ctx context.Context, is *wireIssue, want string) (int, error) {
	visited := map[string]bool{}
	doubted := map[flowKey]bool{} // remembered transitions that were read anew
	for hops := 0; ; {
		if got, ok := c.meaning.read(is); ok && got == want {
			return hops, nil
		}
		visited[is.status().ID] = true
		edges, remembered, err := c.edgesFrom(ctx, is)
		if err != nil {
			return hops, err
		}
		key := flowKeyOf(is)
		e, resolution, found := c.step(key, is, edges, want, visited)
		if !found || hops == hopsMax {
			if remembered && !doubted[key] && hops < hopsMax {
				doubted[key] = true
				delete(c.flow.edges, key)
				continue
			}
			return hops, c.noWay(is, edges, want)
		}
		err = c.api.transition(ctx, is.ID, e.id, resolution)
		if call, ok := asCall(err); ok && remembered && !doubted[key] &&
			(call.status == http.StatusBadRequest || call.status == http.StatusNotFound || call.status == http.StatusConflict) {
			doubted[key] = true
			delete(c.flow.edges, key)
			if err := c.stillAt(ctx, is); err != nil {
				return hops, err
			}
			continue
		}
		if err != nil {
			return hops, err
		}
		hops++
		is.moved(e.to, resolution)
	}
}

// moved notes what a transition is known to do. A status that is not done has no resolution that counts.
func (is *wireIssue) moved(to wireStatus, resolution string) {
	set := func(field string, v any) {
		if b, err := json.Marshal(v); err == nil {
			is.Fields[field] = b
		}
	}
	set("status", to)
	switch {
	case resolution != "":
		set("resolution", wireNamed{Name: resolution})
	case to.Category.Key != "done":
		set("resolution", nil)
	}
}

// stillAt finds out whether a refusal came because somebody else moved the issue.
func (c *Connector) stillAt(ctx context.Context, is *wireIssue) error {
	got, err := c.api.issue(ctx, "read the issue again", is.ID, []string{"status"})
	if err != nil {
		return err
	}
	if now := got.status(); now.ID != is.status().ID {
		return c.fault(fault.New(fault.Conflict, fault.Precondition, "move the issue", "it is in status %s by now", quoteName(now.Name)))
	}
	return nil
}

func (c *Connector) noWay(is *wireIssue, edges []edge, want string) error {
	f := fault.New(fault.Permanent, fault.Unsupported, "move the issue", "no transition leads from %s to a status that means %s",
		quoteName(is.status().Name), task.StatusDisplay(want))
	switch i := slices.IndexFunc(edges, func(e edge) bool { return e.demands != "" }); {
	case len(edges) == 0:
		f.Hint = "the account may move the issue nowhere: give it the permission Transition Issues, or move the issue by hand"
	case i >= 0:
		f.Hint = fmt.Sprintf("the transition to %s asks for %s: move the issue by hand, or take the field off that screen",
			quoteName(edges[i].to.Name), quoteName(edges[i].demands))
	default:
		f.Hint = fmt.Sprintf("move the issue by hand, or name another status under status.%s in the configuration", want)
	}
	return c.fault(f)
}

// outcome is the resolution to set with an edge so that the issue then means want; false where the edge does not lead there.
func (c *Connector) outcome(is *wireIssue, e edge, want string) (resolution string, ok bool) {
	if e.demands != "" {
		return "", false
	}
	done := e.to.Category.Key == "done"
	if e.screen && done {
		if r, ok := c.meaning.choose(e.to, want, e.resolutions); ok {
			return r, true
		}
	}
	left := ""
	if done && is.status().Category.Key == "done" {
		left = is.named("resolution").Name // nothing on the way takes it off
	}
	got, known := c.meaning.of(e.to, left)
	return "", known && got == want
}

// step chooses the next transition: one that leads to want, a configured status before one that only has the category;
// else the first step of the shortest known way; else a step into the unknown, in the direction of want.
func (c *Connector) step(key flowKey, is *wireIssue, edges []edge, want string, visited map[string]bool) (edge, string, bool) {
	var best edge
	resolution, found := "", false
	for _, e := range edges {
		r, ok := c.outcome(is, e, want)
		if !ok {
			continue
		}
		if chosen := c.meaning.byID[e.to.ID] == want; chosen || !found {
			best, resolution = e, r
			if found = true; chosen {
				break
			}
		}
	}
	if found {
		return best, resolution, true
	}
	score := 0
	for _, e := range edges {
		if visited[e.to.ID] || e.demands != "" {
			continue
		}
		s := c.promise(key, e, want, visited)
		if s > score {
			best, score = e, s
		}
	}
	if score == 0 {
		return edge{}, "", false
	}
	// A screen on the way that asks for a resolution gets one that fits the status it leads to.
	if best.screen && best.to.Category.Key == "done" {
		means, _ := c.meaning.of(best.to, "")
		resolution, _ = c.meaning.choose(best.to, means, best.resolutions)
	}
	return best, resolution, true
}

// promise rates a step that does not lead to want by itself; 0 is no step to take.
func (c *Connector) promise(key flowKey, e edge, want string, visited map[string]bool) int {
	if far, known := c.distance(key, e.to, want, visited); known {
		return 1000 - far
	}
	if _, explored := c.flow.edges[flowKey{key.project, key.issueType, e.to.ID}]; explored {
		return 0 // what is known of it leads nowhere
	}
	means, _ := c.meaning.of(e.to, "")
	closing := want == task.Done || want == task.Cancelled
	switch {
	case means == task.Cancelled, means == task.Done && !closing:
		return 1
	case means == task.Blocked:
		return 2
	case means == task.NotStarted && closing:
		return 3
	default:
		return 4
	}
}

// distance is how many more steps lead from a status to want, by what is remembered.
func (c *Connector) distance(key flowKey, from wireStatus, want string, visited map[string]bool) (int, bool) {
	type place struct {
		at  wireStatus
		far int
	}
	seen := map[string]bool{from.ID: true}
	for queue := []place{{from, 1}}; len(queue) > 0; queue = queue[1:] {
		p := queue[0]
		here := &wireIssue{Fields: map[string]json.RawMessage{}}
		here.moved(p.at, "")
		for _, e := range c.flow.edges[flowKey{key.project, key.issueType, p.at.ID}] {
			if _, ok := c.outcome(here, e, want); ok {
				return p.far, true
			}
			if e.demands == "" && !seen[e.to.ID] && !visited[e.to.ID] {
				seen[e.to.ID] = true
				queue = append(queue, place{e.to, p.far + 1})
			}
		}
	}
	return 0, false
}
