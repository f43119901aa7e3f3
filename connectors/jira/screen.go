package jira

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lockstep-sync/lockstep/sync/task"
)

// wireScreenField is a field of a transition's or an edit's screen.
type wireScreenField struct {
	Required   bool            `json:"required"`
	HasDefault bool            `json:"hasDefaultValue"`
	Name       string          `json:"name"`
	Schema     wireSchema      `json:"schema"`
	Allowed    json.RawMessage `json:"allowedValues"`
}

// wireChoice is one of the values that a field allows; the second level of a cascading list stands under children.
type wireChoice struct {
	wireNamed
	Children []wireNamed `json:"children"`
}

// choices are the values that the field allows; none where it does not say, or says it in a form of its own.
func (f wireScreenField) choices() []wireChoice {
	var out []wireChoice
	if json.Unmarshal(f.Allowed, &out) != nil {
		return nil
	}
	return out
}

// ask is a field that a transition wants to hold something.
type ask struct {
	id, name string
	field    wireScreenField
	// value is what to send where the issue has nothing there; nil where nothing decides it.
	value any
	// problem says why the configured value cannot be sent; "" where there is none.
	problem string
}

// asking makes the ask of a field of a screen, and decides what fills it: the configuration, or the only value allowed.
func (c *Connector) asking(id string, f wireScreenField) ask {
	a := ask{id: id, name: strings.TrimSpace(f.Name), field: f}
	if a.name == "" {
		a.name = id
	}
	if text, ok := c.configuredFor(id, f.Name); ok {
		v, err := c.fromText(id, f, text)
		if err != nil {
			a.problem = err.Error()
		}
		a.value = v
		return a
	}
	if only := f.choices(); len(only) == 1 && only[0].ID != "" {
		a.value = chosen(only[0].wireNamed)
		if f.Schema.Type == "array" {
			a.value = []any{a.value}
		}
	}
	return a
}

// configuredFor is what the configuration gives for a field, by its id or its name.
func (c *Connector) configuredFor(id, name string) (string, bool) {
	if text, ok := c.cfg.TransitionFields[id]; ok {
		return text, true
	}
	for _, k := range sortedKeys(c.cfg.TransitionFields) {
		if fold(k) == fold(name) || fold(k) == fold(id) {
			return c.cfg.TransitionFields[k], true
		}
	}
	return "", false
}

func chosen(n wireNamed) wireNamed { return wireNamed{ID: n.ID} }

// fromText makes of a configured text what Jira takes for a field of that schema.
func (c *Connector) fromText(id string, f wireScreenField, text string) (any, error) {
	if f.Schema.Type != "array" {
		return c.oneFromText(id, f, f.Schema.Type, text)
	}
	// A value of the list may itself hold a comma.
	if f.Schema.Items != "string" {
		if one, err := c.oneFromText(id, f, f.Schema.Items, text); err == nil && len(f.choices()) > 0 {
			return []any{one}, nil
		}
	}
	var out []any
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		one, err := c.oneFromText(id, f, f.Schema.Items, part)
		if err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%s is no list", quoteName(text))
	}
	return out, nil
}

func (c *Connector) oneFromText(id string, f wireScreenField, kind, text string) (any, error) {
	text = strings.TrimSpace(text)
	if id == commentField {
		kind = "string"
	}
	switch kind {
	case "string":
		return c.textFor(id, f, text)
	case "number":
		n, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return nil, fmt.Errorf("%s is not a number", quoteName(text))
		}
		return n, nil
	case "date":
		if fold(text) == "today" {
			return c.o.Now().UTC().Format(time.DateOnly), nil
		}
		if _, err := time.Parse(time.DateOnly, text); err != nil {
			return nil, fmt.Errorf("%s is not a date: write it as 2026-12-31, or today", quoteName(text))
		}
		return text, nil
	case "datetime":
		const form = "2006-01-02T15:04:05.000-0700"
		if fold(text) == "now" {
			return c.o.Now().UTC().Format(form), nil
		}
		t, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return nil, fmt.Errorf("%s is not a moment: write it as 2026-12-31T15:00:00Z, or now", quoteName(text))
		}
		return t.Format(form), nil
	case "user":
		return c.encode(column{id: id, name: f.Name, shape: shapeUser}, task.PersonValue(text), nil)
	case "option-with-child":
		return cascade(f, text)
	case "option", "priority", "resolution", "version", "component", "securitylevel", "issuetype", "group":
		return pick(f, kind, text)
	}
	return nil, fmt.Errorf("a field of the kind %s cannot be filled in from the configuration", quoteName(kind))
}

// textFor is a text as the field takes it.
func (c *Connector) textFor(id string, f wireScreenField, text string) (any, error) {
	if id == commentField || isRich(wireField{ID: id, Schema: f.Schema}) {
		return c.api.d.writeRich(nil, text)
	}
	return text, nil
}

// pick finds a choice by its id or name.
func pick(f wireScreenField, kind, text string) (any, error) {
	all := f.choices()
	if len(all) == 0 {
		if kind == "option" {
			return wireNamed{Value: text}, nil
		}
		return wireNamed{Name: text}, nil
	}
	if i := slices.IndexFunc(all, func(ch wireChoice) bool { return isChoice(ch.wireNamed, text) }); i >= 0 {
		return chosen(all[i].wireNamed), nil
	}
	return nil, notAmong(text, all)
}

// cascade finds a choice of two levels, written as "Parent / Child", or of the first alone.
func cascade(f wireScreenField, text string) (any, error) {
	parent, child, two := strings.Cut(text, " / ")
	for _, ch := range f.choices() {
		switch {
		case isChoice(ch.wireNamed, text):
			return chosen(ch.wireNamed), nil
		case !two || !isChoice(ch.wireNamed, parent):
			continue
		}
		for _, sub := range ch.Children {
			if isChoice(sub, child) {
				return map[string]any{"id": ch.ID, "child": chosen(sub)}, nil
			}
		}
	}
	return nil, notAmong(text, f.choices())
}

func isChoice(n wireNamed, text string) bool {
	return n.ID != "" && (n.ID == strings.TrimSpace(text) || fold(n.text()) == fold(text))
}

func notAmong(text string, all []wireChoice) error {
	const shown = 10
	names := make([]string, 0, shown)
	for _, ch := range all[:min(len(all), shown)] {
		names = append(names, quoteName(ch.text()))
	}
	more := ""
	if len(all) > shown {
		more = ", …"
	}
	return fmt.Errorf("%s is not among the values that Jira allows: %s%s", quoteName(text), strings.Join(names, ", "), more)
}

// holds reports that a field of an issue has a value. What was not read counts as empty.
func (is *wireIssue) holds(id string) bool {
	switch string(is.Fields[id]) {
	case "", "null", `""`, "[]", "{}":
		return false
	}
	return true
}

// filled is what has to be sent along with a transition of this issue: a value that people put there stays. Missing is
// the first field that nothing fills; nil where there is none.
func (e edge) filled(is *wireIssue) (fields map[string]any, missing *ask) {
	for i, a := range e.asks {
		switch {
		case a.id != commentField && is.holds(a.id):
		case a.value == nil:
			return nil, &e.asks[i]
		default:
			if fields == nil {
				fields = map[string]any{}
			}
			fields[a.id] = a.value
		}
	}
	return fields, nil
}

// lacking says what a transition asks for and what to do about it.
func (e edge) lacking(a *ask) string {
	to := quoteName(e.to.Name)
	switch {
	case a.problem != "":
		return fmt.Sprintf("the transition to %s asks for %s, and %s: correct jira.transition_fields in the configuration", to, quoteName(a.name), a.problem)
	case a.id == commentField:
		return fmt.Sprintf("the transition to %s asks for a comment: move the issue by hand, or set comment under jira.transition_fields in the configuration", to)
	}
	return fmt.Sprintf("the transition to %s asks for %s: fill it in on the issue, or set it under jira.transition_fields in the configuration",
		to, quoteName(a.name))
}
