package jira

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// How values come into custom fields: from a client in Jira's shapes, from a person in plain ones.

const (
	notArray    = "data was not an array"
	notObject   = "data was not an object"
	badParent   = "Could not find valid 'id' or 'value' in the Parent Option object."
	wantsNumber = "Operation value must be a number"
	maxLineLen  = 255
)

func readLine(_ *Server, _ *fieldDef, v any, _ int) (any, string) {
	text, isText := v.(string)
	switch {
	case v == nil:
		return nil, ""
	case !isText:
		return nil, wantsString
	case utf8.RuneCountInString(text) > maxLineLen:
		return nil, "The entered text is too long. It exceeds the allowed limit of 255 characters."
	}
	return textOrNil(text), ""
}

func readArea(_ *Server, _ *fieldDef, v any, api int) (any, string) {
	body, empty, msg := readRich(v, api)
	switch {
	case msg != "":
		return nil, msg
	case utf8.RuneCountInString(body.text) > maxText:
		return nil, "The entered text is too long. It exceeds the allowed limit of 32,767 characters."
	case empty:
		return nil, ""
	}
	return body, ""
}

func readNumber(_ *Server, _ *fieldDef, v any, _ int) (any, string) {
	if v == nil {
		return nil, ""
	}
	n, isNumber := v.(json.Number)
	if !isNumber {
		return nil, wantsNumber
	}
	f, err := n.Float64()
	if err != nil {
		return nil, wantsNumber
	}
	return f, ""
}

func readDay(_ *Server, _ *fieldDef, v any, _ int) (any, string) {
	text, msg := readDate(v)
	return textOrNil(text), msg
}

func readMoment(_ *Server, _ *fieldDef, v any, _ int) (any, string) {
	text, isText := v.(string)
	switch {
	case v == nil || isText && text == "":
		return nil, ""
	case !isText:
		return nil, wantsString
	}
	t, err := readTime(text)
	if err != nil {
		return nil, "Error parsing date string: " + text
	}
	return t, ""
}

// pickOption reads {"id"} or {"value"} of one of a field's options; nil for none.
func pickOption(f *fieldDef, all []*option, v any) (*option, string) {
	m, isObject := v.(map[string]any)
	if !isObject {
		return nil, "Specify a valid 'id' or 'name' for " + f.name
	}
	if id, told := m["id"]; told && id != nil {
		if o := optionNumbered(all, fmt.Sprint(id)); o != nil {
			return o, ""
		}
		return nil, fmt.Sprintf("Option id '%v' is not valid", id)
	}
	if value, told := m["value"]; told && value != nil {
		if o := optionCalled(all, fmt.Sprint(value)); o != nil {
			return o, ""
		}
		return nil, fmt.Sprintf("Option value '%v' is not valid", value)
	}
	return nil, badParent
}

func readOption(_ *Server, f *fieldDef, v any, _ int) (any, string) {
	if v == nil {
		return nil, ""
	}
	o, msg := pickOption(f, f.options, v)
	if msg != "" {
		return nil, msg
	}
	return o, ""
}

// readEach reads a list, each of its values once; nil when it is empty.
func readEach[T comparable](v any, one func(any) (T, string)) (any, string) {
	list, isList := v.([]any)
	if v != nil && !isList {
		return nil, notArray
	}
	var out []T
	for _, x := range list {
		t, msg := one(x)
		if msg != "" {
			return nil, msg
		}
		if !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	if out == nil {
		return nil, ""
	}
	return out, ""
}

func readOptions(_ *Server, f *fieldDef, v any, _ int) (any, string) {
	return readEach(v, func(x any) (*option, string) { return pickOption(f, f.options, x) })
}

func readCascade(_ *Server, f *fieldDef, v any, _ int) (any, string) {
	if v == nil {
		return nil, ""
	}
	m, isObject := v.(map[string]any)
	if !isObject {
		return nil, badParent
	}
	parent, msg := pickOption(f, f.options, m)
	if msg != "" { // Jira says the same of every mistake here, also where the value is one of a child
		return nil, badParent
	}
	c := cascade{parent: parent}
	if m["child"] != nil {
		if c.child, msg = pickOption(f, parent.children, m["child"]); msg != "" {
			return nil, msg
		}
	}
	return c, ""
}

func readPerson(s *Server, f *fieldDef, v any, _ int) (any, string) {
	u, msg := s.readUser(v, f.name)
	if u == nil {
		return nil, msg
	}
	return u, msg
}

func readPeople(s *Server, f *fieldDef, v any, _ int) (any, string) {
	return readEach(v, func(x any) (*user, string) {
		u, msg := s.readUser(x, f.name)
		if u == nil && msg == "" {
			msg = "Specify a valid value for " + f.name
		}
		return u, msg
	})
}

func readTags(_ *Server, _ *fieldDef, v any, _ int) (any, string) {
	list, msg := readLabels(v)
	if msg != "" || len(list) == 0 {
		return nil, msg
	}
	return sortedSet(list), ""
}

func readAddress(_ *Server, _ *fieldDef, v any, _ int) (any, string) {
	text, isText := v.(string)
	switch {
	case v == nil || isText && text == "":
		return nil, ""
	case !isText:
		return nil, wantsString
	}
	if u, err := url.Parse(text); err != nil || u.Scheme == "" || u.Host == "" {
		return nil, "Not a valid URL"
	}
	return text, ""
}

func readEpicLink(s *Server, _ *fieldDef, v any, _ int) (any, string) {
	key, isText := v.(string)
	switch {
	case v == nil || isText && key == "":
		return nil, ""
	case !isText:
		return nil, wantsString
	}
	epic := s.find(key)
	switch {
	case epic == nil:
		return nil, "gh.epic.error.not.found"
	case epic.kind.level != 1:
		return nil, fmt.Sprintf("Issue '%s' must be of type 'Epic'.", epic.key)
	}
	return epicLink(epic.id), ""
}

// amend adds values to a field that holds several, or removes them.
func (c *call) amend(d *issue, f *fieldDef, verb string, v any) string {
	kept, msg := fieldKinds[f.typ].read(c.s, f, []any{v}, c.api)
	if msg != "" {
		return msg
	}
	switch more := kept.(type) {
	case []*option:
		amendList(d, f.id, verb, more)
	case []*user:
		amendList(d, f.id, verb, more)
	case []string:
		amendList(d, f.id, verb, more)
		if all, _ := d.extra[f.id].([]string); all != nil {
			d.setExtra(f.id, sortedSet(all))
		}
	}
	return ""
}

func amendList[T comparable](d *issue, id, verb string, more []T) {
	old, _ := d.extra[id].([]T)
	all := slices.DeleteFunc(slices.Clone(old), func(x T) bool { return slices.Contains(more, x) })
	if verb == "add" {
		all = append(all, more...)
	}
	if len(all) == 0 {
		d.setExtra(id, nil)
		return
	}
	d.setExtra(id, all)
}

// typed makes what is kept out of a value as people give it: an option's or a person's name, a list of them, a text.
func (s *Server) typed(f *fieldDef, value any) (any, error) {
	text, isText := value.(string)
	if value == nil || isText && text == "" {
		return nil, nil //nolint:nilnil // nothing is what the field then holds
	}
	if f.typ == FieldUser && isText {
		return s.catalogue.addUser(text, ""), nil
	}
	if f.typ == FieldUsers {
		var all []*user
		for _, name := range listed(value) {
			all = append(all, s.catalogue.addUser(name, ""))
		}
		return all, nil
	}
	v, err := plainShape(f, value)
	if err != nil {
		return nil, err
	}
	kept, msg := fieldKinds[f.typ].read(s, f, v, 2)
	if msg != "" {
		return nil, errors.New(msg)
	}
	return kept, nil
}

// plainShape is a person's value in the shape in which a client sends it.
func plainShape(f *fieldDef, value any) (any, error) {
	text, isText := value.(string)
	switch f.kind {
	case "option":
		return map[string]any{"value": value}, nil
	case "option-with-child":
		parent, child, two := strings.Cut(text, " > ")
		v := map[string]any{"value": parent}
		if two {
			v["child"] = map[string]any{"value": child}
		}
		return v, nil
	case "array":
		list := []any{}
		for _, x := range listed(value) {
			if f.items == "option" {
				list = append(list, map[string]any{"value": x})
			} else {
				list = append(list, x)
			}
		}
		return list, nil
	}
	if t, isTime := value.(time.Time); isTime {
		return t.Format(time.RFC3339Nano), nil
	}
	if isText {
		return text, nil
	}
	raw, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	return decodeAny(raw)
}

// listed is a person's list; one text is a list of one.
func listed(value any) []string {
	if text, isText := value.(string); isText {
		return []string{text}
	}
	return texts(value)
}
