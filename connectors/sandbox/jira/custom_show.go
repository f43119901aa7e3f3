package jira

import (
	"strconv"
	"strings"
	"time"
)

// How values of custom fields are told: in an answer, in the changelog, in a View. What a loaded file has in a field that
// the sandbox knows nothing about is passed on as it is.

func (l lens) option(o *option) map[string]any {
	out := map[string]any{"self": l.self("customFieldOption", o.id), "value": o.value, "id": o.id}
	if l.s.dataCenter() {
		out["disabled"] = false
	}
	return out
}

func (l lens) optionList(all []*option) []any {
	out := []any{}
	for _, o := range all {
		one := l.option(o)
		if o.children != nil {
			one["children"] = l.optionList(o.children)
		}
		out = append(out, one)
	}
	return out
}

func (l lens) custom(v any) any {
	switch v := v.(type) {
	case rich:
		return v.value(l.api)
	case time.Time:
		return l.time(v)
	case *option:
		return l.option(v)
	case []*option:
		out := []any{}
		for _, o := range v {
			out = append(out, l.option(o))
		}
		return out
	case cascade:
		out := l.option(v.parent)
		if v.child != nil {
			out["child"] = l.option(v.child)
		}
		return out
	case *user:
		return l.user(v)
	case []*user:
		out := []any{}
		for _, u := range v {
			out = append(out, l.user(u))
		}
		return out
	case epicLink:
		return textOrNil(l.s.keyOf(int64(v)))
	}
	return v
}

// keyOf is the key of an issue, "" when there is none or the account may not see it.
func (s *Server) keyOf(id int64) string {
	if i := s.issueNumbered(id); i != nil && s.shows(i) {
		return i.key
	}
	return ""
}

func (s *Server) issueNumbered(id int64) *issue {
	if r := s.records[id]; r != nil {
		return r.latest()
	}
	return nil
}

// tell is how the changelog says a value: its ids, nil where it has none, and what people read.
func (s *Server) tell(v any) (ids any, text string) {
	switch v := v.(type) {
	case nil:
		return nil, ""
	case string:
		return nil, v
	case float64:
		return nil, strconv.FormatFloat(v, 'f', -1, 64)
	case rich:
		return nil, v.text
	case time.Time:
		return v.UTC().Format(time.RFC3339), v.UTC().Format(time.RFC3339)
	case *option:
		return v.id, v.value
	case []*option:
		var nums, values []string
		for _, o := range v {
			nums, values = append(nums, o.id), append(values, o.value)
		}
		return "[" + strings.Join(nums, ", ") + "]", strings.Join(values, ",")
	case cascade:
		return v.tell()
	case *user:
		return v.account, v.name
	case []*user:
		var accounts, names []string
		for _, u := range v {
			accounts, names = append(accounts, u.account), append(names, u.name)
		}
		return "[" + strings.Join(accounts, ", ") + "]", "[" + strings.Join(names, ", ") + "]"
	case []string:
		return nil, strings.Join(v, " ")
	case epicLink:
		key := ""
		if i := s.issueNumbered(int64(v)); i != nil {
			key = i.key
		}
		return strconv.FormatInt(int64(v), 10), key
	}
	return nil, printed(v)
}

func (c cascade) tell() (ids any, text string) {
	text = "Parent values: " + c.parent.value + "(" + c.parent.id + ")"
	if c.child != nil {
		text += "Level 1 values: " + c.child.value + "(" + c.child.id + ")"
	}
	return nil, text
}

// flat is a value as a View has it: names and texts.
func (s *Server) flat(v any) any {
	switch v := v.(type) {
	case rich:
		return v.text
	case *option:
		return v.value
	case []*option:
		out := []string{}
		for _, o := range v {
			out = append(out, o.value)
		}
		return out
	case cascade:
		if v.child != nil {
			return v.parent.value + " > " + v.child.value
		}
		return v.parent.value
	case *user:
		return v.name
	case []*user:
		out := []string{}
		for _, u := range v {
			out = append(out, u.name)
		}
		return out
	case epicLink:
		_, key := s.tell(v)
		return key
	}
	return v
}
