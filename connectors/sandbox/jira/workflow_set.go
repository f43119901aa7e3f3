package jira

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// automation is in whose name a rule of a workflow moves issues.
const automation = "Automation for Jira"

// ScreenField is a field on a transition's screen.
type ScreenField struct {
	ID       string
	Required bool
	// Default is what the screen offers people, in the form that Set takes; nil for nothing. A client is told of it, but what
	// it leaves out stays as it is in the issue.
	Default any
}

// TransitionSpec is one arrow of a workflow as an administrator draws it.
type TransitionSpec struct {
	ID   string   // a number, unique in its workflow; "" for the next free one
	Name string   // default: To's name
	From []string // names of statuses; none for all
	To   string   // name of a status
	// Category is To's when this transition is the first to name it: new, indeterminate or done; default indeterminate. A
	// status that is only ever left is new.
	Category string
	Screen   bool          // it has a screen, also when there is nothing on it
	Fields   []ScreenField // on its screen; "resolution" among them offers Resolutions, or all that there are
	// Resolutions are names of what its screen offers; they are made when there are none of those names.
	Resolutions []string
	// SetsResolution is the name of the one that the transition sets by itself, ClearsResolution has it take the resolution
	// away. With neither, the resolution stays as it is: issues are then done without one, or open with one.
	SetsResolution   string
	ClearsResolution bool
	// Conditional says that a condition is on the transition, which the account meets; Unavailable that it does not.
	Conditional, Unavailable bool
	Loops                    bool // it is also offered in its own target, and does nothing there
	// Then is the name of a status into which a rule moves the issue right after the transition, in a change of its own.
	Then string
}

type screenField struct {
	id       string
	required bool
	offered  any
}

// SetWorkflow replaces the workflow of a project. Statuses that are named and do not exist are made. Issues stay in the
// status that they have, also where the workflow no longer leads there. Unlike the workflow that a project begins with, this
// one touches the resolution only where it says so. An error says what is wrong with the specs, and then all is as before.
func (s *Server) SetWorkflow(project string, specs []TransitionSpec) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.catalogue.projects[project]
	if p == nil {
		return fmt.Errorf("set workflow of %s: no such project", project)
	}
	if err := s.checkWorkflow(specs); err != nil {
		return fmt.Errorf("set workflow of %s: %w", project, err)
	}
	var statuses []*status
	name := func(word, category string) *status {
		st := s.makeStatus(word, category)
		if !slices.Contains(statuses, st) {
			statuses = append(statuses, st)
		}
		return st
	}
	for _, spec := range specs { // targets first: they say their categories
		name(spec.To, cmp.Or(spec.Category, "indeterminate"))
	}
	var flow []transition
	for n, spec := range specs {
		t := transition{
			id: cmp.Or(spec.ID, freeID(specs, n)), name: cmp.Or(spec.Name, spec.To), to: name(spec.To, ""),
			conditional: spec.Conditional, unavailable: spec.Unavailable, loops: spec.Loops, clears: spec.ClearsResolution,
		}
		for _, word := range spec.From {
			t.from = append(t.from, name(word, "new"))
		}
		if spec.Then != "" {
			t.then = name(spec.Then, "indeterminate")
		}
		if spec.SetsResolution != "" {
			t.sets = s.resolution(spec.SetsResolution)
		}
		s.drawScreen(&t, spec)
		flow = append(flow, t)
	}
	for _, id := range s.order { // a board shows a status as long as an issue has it
		if i := s.issueNumbered(id); i != nil && i.project == p && !slices.Contains(statuses, i.status) {
			statuses = append(statuses, i.status)
		}
	}
	slices.SortFunc(statuses, func(a, b *status) int { return cmp.Compare(a.rank(), b.rank()) })
	p.flow, p.statuses, p.drawn, p.free = flow, statuses, true, false
	s.commits.bump()
	return nil
}

func (s *Server) checkWorkflow(specs []TransitionSpec) error {
	if len(specs) == 0 {
		return errors.New("it has no transitions")
	}
	ids := map[string]bool{}
	for _, spec := range specs {
		if _, err := strconv.ParseUint(spec.ID, 10, 31); spec.ID != "" && (err != nil || ids[spec.ID]) {
			return fmt.Errorf("transition %q: the id %q is no number, or is there twice", spec.Name, spec.ID)
		}
		ids[spec.ID] = true
		if spec.To == "" {
			return fmt.Errorf("transition %q leads nowhere", spec.Name)
		}
		if spec.Category != "" && categoryOf(spec.Category) == nil {
			return fmt.Errorf("transition %q: no category %q", spec.Name, spec.Category)
		}
		for _, f := range spec.Fields {
			def := s.fieldDef(f.ID)
			if def == nil || def.set == nil {
				return fmt.Errorf("transition %q: no field %q that could be on a screen", spec.Name, f.ID)
			}
			if f.Default == nil {
				continue
			}
			if !def.custom {
				return fmt.Errorf("transition %q: only custom fields have a default, not %s", spec.Name, f.ID)
			}
			if _, err := s.typed(def, f.Default); err != nil {
				return fmt.Errorf("transition %q: default of %s: %w", spec.Name, f.ID, err)
			}
		}
	}
	return nil
}

// freeID is an id for a transition that was given none.
func freeID(specs []TransitionSpec, n int) string {
	for id := 10*n + 11; ; id += 1000 {
		text := strconv.Itoa(id)
		if !slices.ContainsFunc(specs, func(t TransitionSpec) bool { return t.ID == text }) {
			return text
		}
	}
}

func (s *Server) drawScreen(t *transition, spec TransitionSpec) {
	t.bare = len(spec.Resolutions) == 0
	for _, name := range spec.Resolutions {
		t.offers = append(t.offers, s.resolution(name).name)
	}
	for _, f := range spec.Fields {
		if f.ID == "resolution" {
			t.bare, t.required = false, f.Required
			continue
		}
		one := screenField{id: f.ID, required: f.Required}
		if def := s.fieldDef(f.ID); f.Default != nil {
			one.offered, _ = s.typed(def, f.Default) // it was tried before
		}
		t.fields = append(t.fields, one)
	}
	t.screen = spec.Screen || !t.bare || len(t.fields) > 0
}

func (s *Server) makeStatus(name, category string) *status {
	if st := s.catalogue.statusNamed(name); st != nil {
		return st
	}
	st := &status{named{s.catalogue.id(), name, ""}, categoryOf(category), len(s.catalogue.statuses)}
	s.catalogue.statuses = append(s.catalogue.statuses, st)
	return st
}

func (s *Server) resolution(name string) *named {
	r := lookup(s.catalogue.resolutions, name)
	if r == nil {
		r = entry(s.catalogue.id(), name)
		s.catalogue.resolutions = append(s.catalogue.resolutions, r)
	}
	return r
}

// AddPriority makes a priority known, such as "None"; one of that name stays the only one.
func (s *Server) AddPriority(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if lookup(s.catalogue.priorities, name) == nil {
		s.catalogue.priorities = append(s.catalogue.priorities, entry(s.catalogue.id(), name))
		s.commits.bump()
	}
}

// take moves an issue along a transition. The resolution is the one chosen on its screen, nil for none. In a workflow that
// was set, nothing but the transition itself changes a resolution.
func (s *Server) take(d *issue, t transition, resolution *named) {
	d.taken++
	if !d.project.drawn {
		s.enter(d, t.to, resolution)
		return
	}
	d.status, d.then = t.to, t.then
	if t.clears {
		resolution = nil
		d.resolution, d.resolved = nil, time.Time{}
	}
	if t.sets != nil { // what a transition does by itself comes after what people chose
		resolution = t.sets
	}
	if resolution != nil && resolution != d.resolution {
		d.resolution, d.resolved = resolution, d.updated
	}
}

// setResolution is for the rare edit screen that has a resolution.
func setResolution(s *Server, d *issue, v any, _ int) string {
	if v == nil {
		d.resolution, d.resolved = nil, time.Time{}
		return ""
	}
	r, msg := pick(v, s.catalogue.resolutions, "Resolution")
	if msg == "" && r != d.resolution {
		d.resolution, d.resolved = r, d.updated
	}
	return msg
}
