package jira

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

type bulkEditRequest struct {
	Issues  []string       `json:"selectedIssueIdsOrKeys"`
	Actions []string       `json:"selectedActions"`
	Input   bulkEditFields `json:"editedFieldsInput"`
	Notify  *bool          `json:"sendBulkNotification"`
}

// bulkEditFields is Jira's way to say values in a bulk edit, which is not the one of a single edit: by type of field,
// each type with a shape of its own. The types of fields that the sandbox does not have are unknown keys here.
type bulkEditFields struct {
	Labels []struct {
		Field  string `json:"fieldId"`
		Option string `json:"bulkEditMultiSelectFieldOption"`
		Labels []struct {
			Name string `json:"name"`
		} `json:"labels"`
	} `json:"labelsFields"`
	Components *struct {
		Field      string `json:"fieldId"`
		Option     string `json:"bulkEditMultiSelectFieldOption"`
		Components []struct {
			ID json.Number `json:"componentId"`
		} `json:"components"`
	} `json:"multiselectComponents"`
	Priority *struct {
		ID string `json:"priorityId"`
	} `json:"priority"`
	Users []struct {
		Field string `json:"fieldId"`
		User  *struct {
			Account *string `json:"accountId"`
		} `json:"user"`
	} `json:"singleSelectClearableUserPickerFields"`
	Dates []struct {
		Field string `json:"fieldId"`
		Date  *struct {
			Text string `json:"formattedDate"`
		} `json:"date"`
	} `json:"datePickerFields"`
	Numbers []struct {
		Field string       `json:"fieldId"`
		Value *json.Number `json:"value"`
	} `json:"clearableNumberFields"`
	Lines []struct {
		Field string `json:"fieldId"`
		Text  string `json:"text"`
	} `json:"singleLineTextFields"`
	Rich []struct {
		Field string `json:"fieldId"`
		Text  struct {
			Doc map[string]any `json:"adfValue"`
		} `json:"richText"`
	} `json:"richTextFields"`
	Selects []struct {
		Field  string `json:"fieldId"`
		Option struct {
			ID json.Number `json:"optionId"`
		} `json:"option"`
	} `json:"singleSelectFields"`
}

// write says the same as a single edit would.
func (f bulkEditFields) write() (writeRequest, string) {
	w := writeRequest{fields: map[string]any{}, update: map[string][]map[string]any{}}
	for _, l := range f.Labels {
		values := []any{}
		for _, one := range l.Labels {
			values = append(values, one.Name)
		}
		if msg := w.several(l.Field, l.Option, values); msg != "" {
			return w, msg
		}
	}
	if l := f.Components; l != nil {
		values := []any{}
		for _, one := range l.Components {
			values = append(values, map[string]any{"id": one.ID.String()})
		}
		if msg := w.several(l.Field, l.Option, values); msg != "" {
			return w, msg
		}
	}
	if f.Priority != nil {
		w.fields["priority"] = map[string]any{"id": f.Priority.ID}
	}
	for _, u := range f.Users {
		w.fields[u.Field] = nil
		if u.User != nil && u.User.Account != nil && *u.User.Account != "" {
			w.fields[u.Field] = map[string]any{"accountId": *u.User.Account}
		}
	}
	for _, d := range f.Dates {
		w.fields[d.Field] = nil
		if d.Date != nil && d.Date.Text != "" {
			day, known := bulkDate(d.Date.Text)
			if !known {
				return w, "Invalid date format for the field " + d.Field + "."
			}
			w.fields[d.Field] = day
		}
	}
	for _, n := range f.Numbers {
		w.fields[n.Field] = nil
		if n.Value != nil {
			w.fields[n.Field] = *n.Value
		}
	}
	for _, l := range f.Lines {
		w.fields[l.Field] = l.Text
	}
	for _, r := range f.Rich {
		w.fields[r.Field] = nil
		if r.Text.Doc != nil {
			w.fields[r.Field] = r.Text.Doc
		}
	}
	for _, o := range f.Selects {
		w.fields[o.Field] = nil
		if o.Option.ID != "-1" {
			w.fields[o.Field] = map[string]any{"id": o.Option.ID.String()}
		}
	}
	return w, ""
}

// several says what is to be done with a field of several values.
func (w writeRequest) several(field, option string, values []any) string {
	switch option {
	case "ADD", "REMOVE":
		for _, v := range values {
			w.update[field] = append(w.update[field], map[string]any{strings.ToLower(option): v})
		}
	case "REPLACE":
		w.fields[field] = values
	case "REMOVE_ALL":
		w.fields[field] = []any{}
	default:
		return fmt.Sprintf("The bulkEditMultiSelectFieldOption '%s' of the field %s is not valid.", option, field)
	}
	return ""
}

// bulkDate reads a date in one of the forms that Jira's document names for bulk edits, or in the one of all other places.
func bulkDate(text string) (day string, known bool) {
	for _, form := range []string{"2/Jan/06", "02-01-2006", time.DateOnly} {
		if t, err := time.Parse(form, text); err == nil {
			return t.Format(time.DateOnly), true
		}
	}
	return "", false
}

func (c *call) bulkEdit() answer {
	if bad := c.bulkRefusal(); bad != nil {
		return *bad
	}
	var req bulkEditRequest
	if !c.strict(&req) {
		return badPayload
	}
	if bad := bulkSize(len(req.Issues)); bad != nil {
		return *bad
	}
	if len(req.Actions) > maxBulkFields {
		return bulkFailure(http.StatusBadRequest, fmt.Sprintf("The number of edited fields must not exceed %d.", maxBulkFields))
	}
	w, msg := req.Input.write()
	if msg != "" {
		return bulkFailure(http.StatusBadRequest, msg)
	}
	edited := slices.Sorted(maps.Keys(w.fields))
	edited = append(edited, slices.Sorted(maps.Keys(w.update))...)
	if extra := without(edited, req.Actions); len(extra) > 0 {
		return bulkFailure(http.StatusBadRequest, "The following editedFieldInput values are not listed as selectedActions : "+strings.Join(extra, ", "))
	}
	if missing := without(req.Actions, edited); len(missing) > 0 || len(edited) == 0 {
		return bulkFailure(http.StatusBadRequest, "The following selectedActions have no editedFieldInput values : "+strings.Join(missing, ", "))
	}
	ids, invalid, bad := c.bulkSelection(req.Issues)
	if bad != nil {
		return *bad
	}
	t := &bulkTask{invalid: invalid}
	for _, id := range ids {
		t.steps = append(t.steps, bulkStep{id, func(c *call, i *issue) []string { return c.bulkChange(i, w) }})
	}
	return c.submit(t)
}

// bulkChange edits one issue, and returns why it could not: then it is left as it was.
func (c *call) bulkChange(i *issue, w writeRequest) []string {
	if c.s.denied["EDIT_ISSUES"] {
		return []string{"You do not have permission to edit issues in this project."}
	}
	trial := i.clone()
	errs := c.apply(trial, w, onEdit)
	c.s.emptied(trial, w, errs)
	if len(errs) > 0 {
		return complaints(errs)
	}
	c.s.edit(i, c.s.bot, func(d *issue) { c.apply(d, w, onEdit) })
	return nil
}

// without lists what is in a and not in b.
func without(a, b []string) []string {
	var out []string
	for _, x := range a {
		if !slices.Contains(b, x) {
			out = append(out, x)
		}
	}
	return out
}

// bulkFields tells the fields that a bulk edit can change in all of the selected issues.
func (c *call) bulkFields() answer {
	if bad := c.bulkRefusal(); bad != nil {
		return *bad
	}
	q := c.r.URL.Query()
	words := strings.Split(q.Get("issueIdsOrKeys"), ",")
	if bad := bulkSize(len(words)); bad != nil {
		return *bad
	}
	ids, invalid, bad := c.bulkSelection(words)
	if bad != nil {
		return *bad
	}
	if invalid > 0 {
		return bulkFailure(http.StatusBadRequest, "Some of the issues in the issueIdsOrKeys are not valid")
	}
	out := []any{}
	for _, def := range c.s.fieldDefs() {
		if len(def.ops) == 0 || def.id == "comment" || !strings.Contains(strings.ToLower(def.name), strings.ToLower(q.Get("searchText"))) {
			continue
		}
		out = append(out, c.bulkField(def, ids))
	}
	if len(out) == 0 {
		return bulkFailure(http.StatusNotFound, "No editable fields found for the issues.")
	}
	return ok(map[string]any{"fields": out})
}

func (c *call) bulkField(def *fieldDef, ids []int64) map[string]any {
	kind := def.system
	if def.custom {
		kind = textPlugin + def.plugin
	}
	one := map[string]any{"id": def.id, "name": def.name, "type": kind, "isRequired": def.required}
	if slices.Contains(def.ops, "add") {
		one["multiSelectFieldOptions"] = []string{"ADD", "REMOVE", "REPLACE", "REMOVE_ALL"}
	}
	switch def.id {
	case "assignee", "reporter":
		one["searchUrl"] = c.lens().self("user", "search?query=")
	case "priority":
		options := []any{}
		for _, p := range c.s.catalogue.priorities {
			options = append(options, map[string]any{"id": p.id, "priority": p.name, "description": p.description})
		}
		one["fieldOptions"] = options
	case "components":
		for _, id := range ids {
			if len(c.s.records[id].latest().project.components) == 0 {
				one["unavailableMessage"] = "NOTE: The project of the selected issue(s) does not have any components."
			}
		}
	}
	return one
}
