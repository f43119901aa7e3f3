package jira

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lockstep-sync/lockstep/sync/fault"
)

// What a new issue needs beside what its task says.

// ownFields are the fields of a create that the configuration cannot give under create.fields, folded. It is read-only.
var ownFields = map[string]bool{"summary": true, "project": true, "issuetype": true, "issue type": true, "status": true}

// fillForm completes a create with what the configuration gives, and with the only value that a required field allows. An
// error names every field that is then missing, and says what to do; nothing may be sent with one.
func (c *Connector) fillForm(fields map[string]any, fm *form) error {
	var wrong []string
	for _, name := range sortedKeys(c.cfg.Create.Fields) {
		if problem := c.fillField(fields, fm, name, c.cfg.Create.Fields[name]); problem != "" {
			wrong = append(wrong, "create.fields: "+problem)
		}
	}
	if len(wrong) > 0 {
		return c.fault(fault.New(fault.Permanent, fault.Invalid, createOp, "the configuration gives what the project does not take").
			WithHint("%s", strings.Join(wrong, "; ")))
	}
	var missing []string
	for _, id := range sortedKeys(fm.fields) {
		f := fm.fields[id]
		if _, given := fields[id]; !f.Required || f.HasDefault || given {
			continue
		}
		if only := f.choices(); len(only) == 1 && only[0].ID != "" {
			fields[id] = listed(f, chosen(only[0].wireNamed))
			continue
		}
		missing = append(missing, quoteName(nameOf(id, f)))
	}
	if len(missing) > 0 {
		slices.Sort(missing)
		list := strings.Join(missing, ", ")
		return c.fault(fault.New(fault.Permanent, fault.Invalid, createOp, "the project asks for %s", list).
			WithHint("give %s under create.fields in the configuration, map a field to it, or make it optional for new issues in Jira", list))
	}
	if _, ok := fm.fields["labels"]; !ok {
		return c.fault(fault.New(fault.Permanent, fault.Invalid, createOp, "its create screen has no field Labels").
			WithHint("add Labels to the create screen of the issue type: the label is how a new issue is found again"))
	}
	return nil
}

const createOp = "create the issue"

func nameOf(id string, f wireScreenField) string {
	if name := strings.TrimSpace(f.Name); name != "" {
		return name
	}
	return id
}

// listed is a value as the field takes it: in a list where it holds several.
func listed(f wireScreenField, v any) any {
	if f.Schema.Type == "array" {
		return []any{v}
	}
	return v
}

// fillField puts a configured value into a create where the task gives none. It returns what is wrong with it, "" for nothing.
func (c *Connector) fillField(fields map[string]any, fm *form, name, text string) string {
	id, problem := fm.find(name)
	if problem != "" {
		return problem
	}
	v, err := c.createValue(id, fm.fields[id], text)
	if err != nil {
		return quoteName(name) + ": " + err.Error()
	}
	if ours, ok := fields["labels"].([]string); ok && id == "labels" {
		more, _ := v.([]any)
		for _, l := range more {
			if s, ok := l.(string); ok && !slices.Contains(ours, s) && !isMark(s) {
				ours = append(ours, s)
			}
		}
		fields[id] = ours
		return ""
	}
	if _, given := fields[id]; !given {
		fields[id] = v
	}
	return ""
}

// find is the id of the field that the configuration calls by its id or its name; else what is wrong.
func (f *form) find(name string) (id, problem string) {
	if _, ok := f.fields[strings.TrimSpace(name)]; ok {
		return strings.TrimSpace(name), ""
	}
	var ids, names []string
	for _, id := range sortedKeys(f.fields) {
		if fold(f.fields[id].Name) == fold(name) || fold(id) == fold(name) {
			ids = append(ids, id)
		}
		names = append(names, nameOf(id, f.fields[id]))
	}
	switch len(ids) {
	case 1:
		return ids[0], ""
	case 0:
		return "", fmt.Sprintf("the create screen has no field %s: add it there, or take the line out%s", quoteName(name), didYouMean(name, names))
	}
	return "", fmt.Sprintf("several fields are called %s: give one of the ids %s instead", quoteName(name), strings.Join(ids, ", "))
}

// createValue is a configured text as the field takes it. A parent or an epic is given by its key or by its summary.
func (c *Connector) createValue(id string, f wireScreenField, text string) (any, error) {
	link := strings.HasSuffix(f.Schema.Custom, epicLinkCustom)
	if id != parentField && !link {
		return c.fromText(id, f, text)
	}
	key := strings.TrimSpace(text)
	if !issueKey.MatchString(key) {
		var err error
		if key, err = c.epicOf(text); err != nil {
			return nil, err
		}
	}
	if link {
		return key, nil
	}
	return wireNamed{Key: key}, nil
}

func isMark(label string) bool {
	_, ok := markerOf(label)
	return ok
}
