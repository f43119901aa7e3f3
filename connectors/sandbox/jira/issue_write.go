package jira

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// writeRequest is the body of a create, an edit or a transition.
type writeRequest struct {
	fields     map[string]any
	update     map[string][]map[string]any
	transition string
	props      map[string]json.RawMessage
}

// readWrite takes a body apart. The answer says what Jira has against its shape.
func readWrite(m map[string]any) (writeRequest, *answer) {
	w := writeRequest{fields: map[string]any{}, update: map[string][]map[string]any{}, props: map[string]json.RawMessage{}}
	bad := badPayload
	var isObject bool
	if raw := m["fields"]; raw != nil {
		if w.fields, isObject = raw.(map[string]any); !isObject {
			return w, &bad
		}
	}
	updates, isObject := m["update"].(map[string]any)
	if m["update"] != nil && !isObject {
		return w, &bad
	}
	for field, raw := range updates {
		list, isList := raw.([]any)
		if !isList {
			return w, &bad
		}
		for _, x := range list {
			op, isObject := x.(map[string]any)
			if !isObject {
				return w, &bad
			}
			w.update[field] = append(w.update[field], op)
		}
		if _, twice := w.fields[field]; twice {
			a := failFields(map[string]string{field: fmt.Sprintf("Field '%s' cannot appear in both 'fields' and 'update'", field)})
			return w, &a
		}
	}
	if t, isObject := m["transition"].(map[string]any); isObject {
		w.transition = printed(t["id"])
	}
	props, isList := m["properties"].([]any)
	if m["properties"] != nil && !isList {
		return w, &bad
	}
	for _, x := range props {
		p, _ := x.(map[string]any)
		key, isText := p["key"].(string)
		value, err := json.Marshal(p["value"])
		if !isText || key == "" || len(key) > 255 || err != nil || p["value"] == nil || len(value) > maxProperty {
			return w, &bad
		}
		w.props[key] = value
	}
	return w, nil
}

// apply writes the fields and updates into d, and returns the complaints by field.
func (c *call) apply(d *issue, w writeRequest, allowed onScreen) map[string]string {
	errs := map[string]string{}
	offScreen := func(field string) {
		errs[field] = fmt.Sprintf("Field '%s' cannot be set. It is not on the appropriate screen, or unknown.", field)
	}
	for _, field := range inOrder(w.fields) {
		def := c.s.fieldDef(field)
		if def == nil || def.set == nil || !allowed(c.s, d, def) {
			offScreen(field)
			continue
		}
		if msg := def.set(c.s, d, w.fields[field], c.api); msg != "" {
			errs[blamed(field, msg)] = msg
		}
	}
	for field, ops := range w.update {
		def := c.s.fieldDef(field)
		if def == nil || !allowed(c.s, d, def) && field != "comment" {
			offScreen(field)
			continue
		}
		for _, op := range ops {
			if msg := c.operate(d, def, op); msg != "" {
				errs[field] = msg
			}
		}
	}
	return errs
}

// operate carries out one operation of an update, such as {"add": "label"}.
func (c *call) operate(d *issue, def *fieldDef, op map[string]any) string {
	for verb, v := range op {
		if !slices.Contains(def.operations(), verb) {
			return fmt.Sprintf("Field with id '%s' and name '%s' does not support operation '%s' Supported operation(s) are: '%s'",
				def.id, def.id, verb, strings.Join(def.operations(), ", "))
		}
		if def.id == "comment" {
			m, _ := v.(map[string]any)
			if bad := c.comment(d, m); bad != nil {
				return bad.words
			}
			return ""
		}
		if verb == "set" {
			return def.set(c.s, d, v, c.api)
		}
		if def.custom {
			if msg := c.amend(d, def, verb, v); msg != "" {
				return msg
			}
			continue
		}
		if def.id == "labels" {
			label, isText := v.(string)
			if !isText {
				return wantsString
			}
			if msg := badLabel(label); msg != "" {
				return msg
			}
			d.labels = slices.DeleteFunc(d.labels, func(l string) bool { return l == label })
			if verb == "add" {
				d.labels = sortedSet(append(d.labels, label))
			}
			continue
		}
		n, msg := pick(v, d.project.components, "Component")
		if msg != "" {
			return msg
		}
		d.components = slices.DeleteFunc(d.components, func(x *named) bool { return x == n })
		if verb == "add" {
			d.components = append(d.components, n)
		}
	}
	return ""
}

func (c *call) createIssue() answer {
	m, isObject := c.object()
	if !isObject {
		return badPayload
	}
	id, bad := c.create(m)
	if bad != nil {
		return *bad
	}
	return answer{status: http.StatusCreated, body: c.created(id)}
}

func (c *call) created(i *issue) map[string]any {
	id := fmt.Sprint(i.id)
	return map[string]any{"id": id, "key": i.key, "self": c.lens().self("issue", id)}
}

// create makes one issue out of a body.
func (c *call) create(m map[string]any) (*issue, *answer) {
	w, bad := readWrite(m)
	if bad != nil {
		return nil, bad
	}
	refuse := func(a answer) (*issue, *answer) { return nil, &a }
	p := c.targetProject(w.fields["project"])
	if p == nil {
		return refuse(failFields(map[string]string{"project": "Specify a valid project ID or key"}))
	}
	if c.stranger || c.s.denied["CREATE_ISSUES"] {
		return refuse(fail(http.StatusForbidden, "You do not have permission to create issues in this project."))
	}
	now := c.s.stamp()
	d := &issue{
		project: p, status: p.initial(), priority: lookup(c.s.catalogue.priorities, "Medium"), noText: true,
		created: now, updated: now, reporter: c.s.bot, creator: c.s.bot, extra: map[string]any{}, props: w.props,
	}
	errs := map[string]string{}
	if _, told := w.fields["issuetype"]; !told {
		errs["issuetype"] = "Specify an issue type"
	}
	if _, told := w.fields["summary"]; !told && w.update["summary"] == nil {
		errs["summary"] = "You must specify a summary of the issue."
	}
	delete(w.fields, "project")
	c.s.fillDefaults(d)
	maps.Copy(errs, c.apply(d, w, onCreate))
	c.s.lacking(screenCreate, d, errs)
	if len(errs) > 0 {
		return refuse(failFields(errs))
	}
	if w.transition != "" {
		t, found := p.transition(d.status, w.transition)
		if !found {
			return refuse(fail(400, fmt.Sprintf("Transition id '%s' is not valid for this issue.", w.transition)))
		}
		c.s.take(d, t, nil)
	}
	c.s.nextID++
	p.last++
	d.id, d.key = c.s.nextID, fmt.Sprintf("%s-%d", p.key, p.last)
	c.s.put(d.id, d)
	c.s.tellCreated(d, c.s.bot)
	return d, nil
}

func (c *call) targetProject(v any) *project {
	m, _ := v.(map[string]any)
	for _, by := range []string{"id", "key"} {
		if word, ok := m[by]; ok {
			if p := c.s.catalogue.projectBy(fmt.Sprint(word)); c.s.browsable(p) {
				return p
			}
			return nil
		}
	}
	return nil
}

// createIssues makes up to 50 issues; those that Jira refuses are listed, and the others are made.
func (c *call) createIssues() answer {
	m, _ := c.object()
	list, isList := m["issueUpdates"].([]any)
	if !isList || len(list) == 0 {
		return badPayload
	}
	if len(list) > 50 {
		return fail(400, "The number of issues to create exceeds the limit of 50.")
	}
	issues, errs := []any{}, []any{}
	for n, x := range list {
		one, _ := x.(map[string]any)
		i, bad := c.create(one)
		if bad != nil {
			body, isCollection := bad.body.(errorCollection)
			if !isCollection {
				body = errorCollection{[]string{"Invalid request payload."}, map[string]string{}}
			}
			errs = append(errs, map[string]any{"status": bad.status, "elementErrors": body, "failedElementNumber": n})
			continue
		}
		issues = append(issues, c.created(i))
	}
	status := http.StatusCreated
	if len(issues) == 0 {
		status = http.StatusBadRequest
	}
	return answer{status: status, body: map[string]any{"issues": issues, "errors": errs}}
}

func (c *call) editIssue() answer {
	old, bad := c.writable("EDIT_ISSUES", "You do not have permission to edit issues in this project.")
	if bad != nil {
		return *bad
	}
	m, isObject := c.object()
	if !isObject {
		return badPayload
	}
	w, bad := readWrite(m)
	if bad != nil {
		return *bad
	}
	if m["fields"] == nil && m["update"] == nil && len(w.props) == 0 {
		return fail(400, "one of 'fields' or 'update' required")
	}
	trial := old.clone() // all or nothing
	errs := c.apply(trial, w, onEdit)
	c.s.emptied(trial, w, errs)
	if len(errs) > 0 {
		return failFields(errs)
	}
	i := c.s.edit(old, c.s.bot, func(d *issue) { c.apply(d, w, onEdit) })
	if len(w.props) > 0 {
		c.s.quiet(i, func(d *issue) { d.mergeProps(w.props) })
		i = c.s.records[i.id].latest()
	}
	if c.r.URL.Query().Get("returnIssue") == "true" {
		body := c.lens().issue(i, wanted{all: true})
		c.expand(body, i, c.r.URL.Query().Get("expand"))
		return ok(body)
	}
	return noBody
}

func (i *issue) mergeProps(more map[string]json.RawMessage) {
	if i.props == nil {
		i.props = map[string]json.RawMessage{}
	}
	maps.Copy(i.props, more)
}

func (c *call) deleteIssue() answer {
	i, bad := c.writable("DELETE_ISSUES", "You do not have permission to delete issues in this project.")
	if bad != nil {
		return *bad
	}
	if bad := c.removeSubtasks(i); bad != nil {
		return *bad
	}
	c.s.remove(i, c.s.bot)
	return noBody
}
