package jira

import (
	"fmt"
	"maps"
	"strconv"
)

func (p *project) transition(from *status, id string) (transition, bool) {
	for _, t := range p.transitions(from) {
		if t.id == id {
			return t, true
		}
	}
	return transition{}, false
}

func (c *call) listTransitions() answer {
	i, bad := c.subject()
	if bad != nil {
		return *bad
	}
	q := c.r.URL.Query()
	all := []any{}
	for _, t := range c.transitionsOf(i, q.Get("expand") == "transitions.fields") {
		if id := q.Get("transitionId"); id == "" || id == t["id"] {
			all = append(all, t)
		}
	}
	return ok(map[string]any{"expand": "transitions", "transitions": all})
}

// transitionsOf lists what can be done from an issue's status, and nothing else.
func (c *call) transitionsOf(i *issue, withFields bool) []map[string]any {
	out := []map[string]any{}
	if c.s.denied["TRANSITION_ISSUES"] {
		return out
	}
	for _, t := range i.project.flow {
		all := c.r.URL.Query().Get("includeUnavailableTransitions") == "true"
		if !t.leads(i.status) || t.unavailable && !all {
			continue
		}
		one := map[string]any{
			"id": t.id, "name": t.name, "to": c.lens().status(t.to), "hasScreen": t.screen, "isGlobal": t.from == nil,
			"isInitial": false, "isAvailable": !t.unavailable, "isConditional": t.conditional || t.unavailable,
			"looped": t.to == i.status,
		}
		if withFields {
			one["fields"] = c.transitionScreen(i, t)
		}
		out = append(out, one)
	}
	return out
}

func (c *call) doTransition() answer {
	i, bad := c.subject()
	if bad != nil {
		return *bad
	}
	m, isObject := c.object()
	if !isObject {
		return badPayload
	}
	given, _ := m["transition"].(map[string]any)
	if given["id"] == nil {
		return fail(400, "Missing 'transition' identifier")
	}
	id := printed(given["id"])
	if _, err := strconv.Atoi(id); err != nil {
		return fail(400, "'transition' identifier must be an integer")
	}
	t, found := i.project.transition(i.status, id)
	if !found || c.s.denied["TRANSITION_ISSUES"] {
		return fail(400, fmt.Sprintf("Transition id '%s' is not valid for this issue.", id))
	}
	w, bad := readWrite(m)
	if bad != nil {
		return *bad
	}
	resolution, errs := c.chosen(i, t, w)
	delete(w.fields, "resolution")
	delete(w.update, "resolution")
	trial := i.clone()
	maps.Copy(errs, c.apply(trial, w, t.shows))
	c.s.unfilled(trial, t, errs)
	if len(errs) > 0 {
		return failFields(errs)
	}
	c.s.edit(i, c.s.bot, func(d *issue) {
		c.apply(d, w, t.shows)
		c.s.take(d, t, resolution)
	})
	return noBody
}

// chosen reads the resolution that a client gives, nil for none, with Jira's complaint if it has one.
func (c *call) chosen(i *issue, t transition, w writeRequest) (*named, map[string]string) {
	errs := map[string]string{}
	v, given := w.fields["resolution"]
	for _, op := range w.update["resolution"] {
		v, given = op["set"]
	}
	switch {
	case given && !t.asksResolution():
		errs["resolution"] = "Field 'resolution' cannot be set. It is not on the appropriate screen, or unknown."
	case given:
		n, msg := pick(v, t.resolutions(&c.s.catalogue), "Resolution")
		if msg != "" {
			errs["resolution"] = msg
		}
		return n, errs
	case t.required && i.resolution == nil:
		errs["resolution"] = "Resolution is required."
	}
	return nil, errs
}
