package jira

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// The screens that every project has; a transition's own screen goes by the transition's id.
const (
	screenCreate = "create"
	screenEdit   = "edit"
)

type screenKey struct{ screen, field string }

// onScreen says which fields a write may touch.
type onScreen func(s *Server, d *issue, def *fieldDef) bool

func onCreate(s *Server, d *issue, def *fieldDef) bool {
	return s.onScreen(screenCreate, d.project, def)
}

func onEdit(s *Server, d *issue, def *fieldDef) bool {
	return s.onScreen(screenEdit, d.project, def)
}

// shows is an onScreen of the transition's. A comment may come along with every transition.
func (t transition) shows(_ *Server, d *issue, def *fieldDef) bool {
	return def.in(d.project) && slices.ContainsFunc(t.fields, func(f screenField) bool { return f.id == def.id })
}

// onScreen reports whether a field is on the create or the edit screen of a project.
func (s *Server) onScreen(screen string, p *project, def *fieldDef) bool {
	if !def.in(p) {
		return false
	}
	if on, told := s.screens[screenKey{screen, def.id}]; told {
		return on
	}
	if screen == screenCreate {
		return def.create
	}
	return len(def.ops) > 0
}

// needs reports whether the create or the edit screen insists on a field.
func (s *Server) needs(screen string, kind *issueType, def *fieldDef) bool {
	if needed, told := s.required[screenKey{screen, def.id}]; told {
		return needed
	}
	return def.required && screen == screenCreate || def.id == "summary" || def.id == "parent" && kind != nil && kind.subtask
}

// operations are what an update may do with the field.
func (f *fieldDef) operations() []string {
	if len(f.ops) == 0 {
		return []string{"set"}
	}
	return f.ops
}

// SetScreen puts a field on a screen or takes it off. The screen is "create", "edit" or a transition's id; a transition
// that has none gets one. A client that sets a field which is off the screen is refused, and the metadata does not have it.
// An error says that there is no such screen or field, or that Jira does not let the field go.
func (s *Server) SetScreen(screen, fieldID string, on bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	def := s.fieldDef(fieldID)
	if def == nil || def.set == nil && fieldID != "comment" {
		return fmt.Errorf("set screen %s: no field %q that could be on it", screen, fieldID)
	}
	if screen == screenCreate || screen == screenEdit {
		if !on && (fieldID == "summary" || fieldID == "issuetype") && screen == screenCreate {
			return fmt.Errorf("set screen %s: %s cannot leave it", screen, fieldID)
		}
		s.screens[screenKey{screen, fieldID}] = on
		return nil
	}
	return s.eachTransition(screen, func(t *transition) error {
		if !t.screen && on {
			t.screen, t.bare = true, true
		}
		if fieldID == "resolution" {
			t.bare = !on
			return nil
		}
		t.fields = slices.DeleteFunc(slices.Clone(t.fields), func(f screenField) bool { return f.id == fieldID })
		if on {
			t.fields = append(t.fields, screenField{id: fieldID})
		}
		return nil
	})
}

// Require makes a screen insist on a field, or no longer. The screen is one of SetScreen's. A create or a transition that
// leaves the field empty, and an edit that empties it, is then refused. An error says that there is no such screen, or that
// the field is not on it.
func (s *Server) Require(screen, fieldID string, required bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	def := s.fieldDef(fieldID)
	if def == nil {
		return fmt.Errorf("require on screen %s: no field %q", screen, fieldID)
	}
	if screen == screenCreate || screen == screenEdit {
		s.required[screenKey{screen, fieldID}] = required
		return nil
	}
	return s.eachTransition(screen, func(t *transition) error {
		if fieldID == "resolution" && t.asksResolution() {
			t.required = required
			return nil
		}
		n := slices.IndexFunc(t.fields, func(f screenField) bool { return f.id == fieldID })
		if n < 0 {
			return fmt.Errorf("require on screen %s: %s is not on it", screen, fieldID)
		}
		t.fields = slices.Clone(t.fields)
		t.fields[n].required = required
		return nil
	})
}

// eachTransition changes the transitions of an id, in every project that has one.
func (s *Server) eachTransition(id string, f func(*transition) error) error {
	found := false
	for _, key := range s.catalogue.projectKeys {
		flow := s.catalogue.projects[key].flow
		for n := range flow {
			if flow[n].id != id {
				continue
			}
			found = true
			if err := f(&flow[n]); err != nil {
				return err
			}
		}
	}
	if !found {
		return fmt.Errorf("no screen %q: it is neither create nor edit nor a transition's id", id)
	}
	return nil
}

// inOrder lists the fields of a write, those first on which others depend.
func inOrder(fields map[string]any) []string {
	return slices.SortedFunc(maps.Keys(fields), func(a, b string) int {
		return cmp.Or(b2i(b == "issuetype")-b2i(a == "issuetype"), strings.Compare(a, b))
	})
}

// lacks reports whether an issue has nothing in a field.
func (i *issue) lacks(id string) bool {
	switch id {
	case "summary":
		return strings.TrimSpace(i.summary) == ""
	case "description":
		return i.noText
	case "issuetype":
		return i.kind == nil
	case "project", "comment":
		return false
	case "parent":
		return i.parent == 0
	case "priority":
		return i.priority == nil
	case "resolution":
		return i.resolution == nil
	case "security":
		return i.security == nil
	case "assignee":
		return i.assignee == nil
	case "reporter":
		return i.reporter == nil
	case "labels":
		return len(i.labels) == 0
	case "components":
		return len(i.components) == 0
	case "duedate":
		return i.due == ""
	}
	return i.extra[id] == nil
}

// complain adds that a field is required, unless something else is wrong with it.
func complain(errs map[string]string, def *fieldDef) {
	if errs[def.id] == "" {
		errs[def.id] = def.name + " is required."
	}
}

// lacking adds what a new issue lacks that the create screen insists on.
func (s *Server) lacking(screen string, d *issue, errs map[string]string) {
	if d.kind == nil {
		return // said already, and what is needed depends on it
	}
	if d.kind.subtask && d.parent == 0 && errs["parent"] == "" && errs["parentId"] == "" && errs["pid"] == "" {
		errs["issuetype"] = "Issue type is a sub-task but parent issue key or id not specified."
	}
	for _, def := range s.fields {
		if def.id != "parent" && s.needs(screen, d.kind, def) && s.onScreen(screen, d.project, def) && d.lacks(def.id) {
			complain(errs, def)
		}
	}
}

// emptied adds what an edit has emptied that the edit screen insists on. What was empty before is not looked at.
func (s *Server) emptied(d *issue, w writeRequest, errs map[string]string) {
	for _, def := range s.fields {
		_, set := w.fields[def.id]
		_, updated := w.update[def.id]
		if (set || updated) && s.needs(screenEdit, d.kind, def) && d.lacks(def.id) && errs[def.id] == "" {
			complain(errs, def)
		}
	}
}

// unfilled adds what a transition's screen insists on and the issue still lacks.
func (s *Server) unfilled(d *issue, t transition, errs map[string]string) {
	for _, f := range t.fields {
		if def := s.fieldDef(f.id); def != nil && f.required && def.in(d.project) && d.lacks(f.id) {
			complain(errs, def)
		}
	}
}

// fieldMeta is a field of a screen as metadata tells it.
func (c *call) fieldMeta(p *project, kind *issueType, def *fieldDef, required bool) map[string]any {
	l := c.lens()
	out := map[string]any{
		"key": def.id, "name": def.name, "required": required, "operations": def.operations(), "schema": def.schema(),
		"hasDefaultValue": def.id == "priority" || def.id == "reporter" || def.initial != nil,
	}
	if def.initial != nil {
		out["defaultValue"] = l.custom(def.initial)
	}
	if c.s.dataCenter() {
		delete(out, "key")
		out["fieldId"] = def.id
	}
	switch def.id {
	case "issuetype":
		out["allowedValues"] = []any{l.kind(kind)}
	case "project":
		out["allowedValues"] = []any{l.projectRef(p)}
	case "priority":
		out["allowedValues"] = entries(l, "priority", c.s.catalogue.priorities)
	case "components":
		out["allowedValues"] = entries(l, "component", p.components)
	case "resolution":
		out["allowedValues"] = entries(l, "resolution", c.s.catalogue.resolutions)
	case "security":
		out["allowedValues"] = entries(l, "securitylevel", c.s.visibleLevels())
	case "assignee":
		out["autoCompleteUrl"] = l.self("user", "assignable", "search?project="+p.key+"&query=")
	}
	switch {
	case def.options != nil:
		out["allowedValues"] = l.optionList(def.options)
	case def.typ == FieldUser || def.typ == FieldUsers:
		out["autoCompleteUrl"] = l.self("user", "search?query=")
	}
	return out
}

// createScreen lists the fields of the create screen.
func (c *call) createScreen(p *project, kind *issueType) []any {
	out := []any{}
	for _, def := range c.s.fieldDefs() {
		if def.id == "comment" || !c.s.onScreen(screenCreate, p, def) || def.id == "parent" && !c.s.hasParents(kind) {
			continue
		}
		one := c.fieldMeta(p, kind, def, c.s.needs(screenCreate, kind, def))
		one["fieldId"] = def.id
		out = append(out, one)
	}
	return out
}

func (c *call) editMeta() answer {
	i, bad := c.subject()
	if bad != nil {
		return *bad
	}
	return ok(map[string]any{"fields": c.editFields(i)})
}

// editFields is the edit screen of an issue; it is empty for whoever may not edit.
func (c *call) editFields(i *issue) map[string]any {
	out := map[string]any{}
	if c.s.denied["EDIT_ISSUES"] {
		return out
	}
	for _, def := range c.s.fieldDefs() {
		if onEdit(c.s, i, def) && (def.id != "parent" || c.s.hasParents(i.kind) && !c.s.dataCenter()) {
			out[def.id] = c.fieldMeta(i.project, i.kind, def, c.s.needs(screenEdit, i.kind, def))
		}
	}
	return out
}

// transitionScreen is the screen of a transition, with nothing on it where the transition has none.
func (c *call) transitionScreen(i *issue, t transition) map[string]any {
	out := map[string]any{}
	if t.asksResolution() {
		if def := c.s.fieldDef("resolution"); def != nil {
			one := c.fieldMeta(i.project, i.kind, def, t.required)
			one["allowedValues"] = entries(c.lens(), "resolution", t.resolutions(&c.s.catalogue))
			out["resolution"] = one
		}
	}
	for _, f := range t.fields {
		def := c.s.fieldDef(f.id)
		if def == nil || !def.in(i.project) {
			continue
		}
		one := c.fieldMeta(i.project, i.kind, def, f.required)
		if f.offered != nil {
			one["hasDefaultValue"], one["defaultValue"] = true, c.lens().custom(f.offered)
		}
		out[def.id] = one
	}
	return out
}
