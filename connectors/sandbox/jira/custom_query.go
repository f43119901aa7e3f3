package jira

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// fieldsCalled finds the custom fields that a query means by cf[10042], by a name, or by a name with its type as in
// "Effort[Number]". Several fields may have one name.
func (s *Server) fieldsCalled(word string) []*fieldDef {
	var out []*fieldDef
	name, _, _ := strings.Cut(word, "[")
	for _, f := range s.fields {
		switch {
		case !f.custom:
		case strings.EqualFold(word, fmt.Sprintf("cf[%d]", f.number)):
			return []*fieldDef{f}
		case strings.EqualFold(f.name, word) || name != word && strings.EqualFold(f.name, name):
			out = append(out, f)
		}
	}
	return out
}

// customClause compares custom fields. Where several have the name, one of them must match; where the operator denies, all.
func (c *compiler) customClause(cl clause, defs []*fieldDef) test {
	if f := defs[0]; f.options != nil {
		for _, o := range cl.values {
			if o.call == "" && !o.empty && !slices.ContainsFunc(defs, func(d *fieldDef) bool { return len(optionIDs(d, o)) > 0 }) {
				return c.fail("The option '%s' for field '%s' does not exist.", o.text, cl.field)
			}
		}
	}
	tests := make([]test, 0, len(defs))
	for _, f := range defs {
		tests = append(tests, c.customTest(cl, f))
	}
	denies := cl.operator == "!=" || cl.operator == "!~" || cl.operator == "not in" || cl.operator == "is"
	return func(i *issue) bool {
		if denies {
			return !slices.ContainsFunc(tests, func(t test) bool { return !t(i) })
		}
		return slices.ContainsFunc(tests, func(t test) bool { return t(i) })
	}
}

func (c *compiler) customTest(cl clause, f *fieldDef) test {
	value := func(i *issue) any { return i.extra[f.id] }
	switch f.typ {
	case FieldText, FieldTextArea, FieldEpicName:
		return c.customWords(cl, value)
	case FieldNumber:
		return c.customNumber(cl, value)
	case FieldDate, FieldDateTime:
		return c.moments(cl, func(i *issue) time.Time {
			switch v := value(i).(type) {
			case time.Time:
				return v
			case string:
				return c.s.day(v)
			}
			return time.Time{}
		})
	case FieldEpicLink:
		return c.issues(cl, func(i *issue) int64 {
			id, _ := value(i).(epicLink)
			return int64(id)
		})
	case FieldUser, FieldUsers:
		return c.oneOf(cl, c.s.accountIDs, func(i *issue) []string { return idsOf(value(i)) })
	case FieldLabels, FieldURL:
		lower := func(o operand) []string { return []string{strings.ToLower(o.text)} }
		return c.oneOf(cl, lower, func(i *issue) []string { return idsOf(value(i)) })
	case FieldSelect, FieldRadio, FieldMultiSelect, FieldCheckboxes, FieldCascading:
	}
	return c.oneOf(cl, func(o operand) []string { return optionIDs(f, o) }, func(i *issue) []string { return idsOf(value(i)) })
}

// optionIDs are the ids of the options that a word may mean, of a cascading field also the children's.
func optionIDs(f *fieldDef, o operand) []string {
	out := []string{}
	var look func(all []*option)
	look = func(all []*option) {
		for _, x := range all {
			if x.id == o.text || strings.EqualFold(x.value, o.text) {
				out = append(out, x.id)
			}
			look(x.children)
		}
	}
	look(f.options)
	return out
}

// idsOf are the words by which queries compare a value.
func idsOf(v any) []string {
	switch v := v.(type) {
	case *option:
		return []string{v.id}
	case []*option:
		var out []string
		for _, o := range v {
			out = append(out, o.id)
		}
		return out
	case cascade:
		if v.child != nil {
			return []string{v.parent.id, v.child.id}
		}
		return []string{v.parent.id}
	case *user:
		return []string{v.account}
	case []*user:
		var out []string
		for _, u := range v {
			out = append(out, u.account)
		}
		return out
	case []string:
		var out []string
		for _, l := range v {
			out = append(out, strings.ToLower(l))
		}
		return out
	case string:
		return []string{strings.ToLower(v)}
	}
	return nil
}

// customWords searches a text field, which knows no equality.
func (c *compiler) customWords(cl clause, value func(*issue) any) test {
	text := func(i *issue) string {
		_, t := c.s.tell(value(i))
		return strings.ToLower(t)
	}
	switch cl.operator {
	case "~", "!~":
		words := strings.Fields(strings.ToLower(cl.values[0].text))
		return func(i *issue) bool {
			t := text(i)
			missing := slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(t, w) })
			return t != "" && missing == (cl.operator == "!~")
		}
	case "is", "is not":
		if cl.values[0].empty {
			return func(i *issue) bool { return (value(i) == nil) == (cl.operator == "is") }
		}
	}
	return c.fail("The operator '%s' is not supported by the '%s' field.", cl.operator, cl.field)
}

func (c *compiler) customNumber(cl clause, value func(*issue) any) test {
	var want []float64
	empty := false
	for _, o := range cl.values {
		n, err := strconv.ParseFloat(o.text, 64)
		switch {
		case o.empty:
			empty = true
		case err != nil || o.call != "":
			return c.fail("The value '%s' for field '%s' is invalid.", o.text, cl.field)
		default:
			want = append(want, n)
		}
	}
	number := func(i *issue) (float64, bool) {
		n, there := value(i).(float64)
		return n, there
	}
	switch op := cl.operator; {
	case op == "~" || op == "!~" || (op == "is" || op == "is not") && !empty:
	case empty && len(want) == 0:
		none := op == "is" || op == "=" || op == "in"
		return func(i *issue) bool {
			_, there := number(i)
			return there != none
		}
	case op == "in" || op == "not in" || op == "=" || op == "!=":
		in := op == "in" || op == "="
		return func(i *issue) bool {
			n, there := number(i)
			return there && slices.Contains(want, n) == in || !there && in && empty
		}
	default:
		return func(i *issue) bool {
			n, there := number(i)
			return there && compares(cmp.Compare(n, want[0]), op)
		}
	}
	return c.fail("The operator '%s' is not supported by the '%s' field.", cl.operator, cl.field)
}

// issues compares a field that names another issue. of is that issue's id, 0 for none.
func (c *compiler) issues(cl clause, of func(*issue) int64) test {
	missing := ""
	t := c.oneOf(cl, func(o operand) []string {
		if i := c.s.find(o.text); i != nil && c.s.shows(i) {
			return []string{strconv.FormatInt(i.id, 10)}
		}
		missing = o.text
		return []string{}
	}, func(i *issue) []string {
		if other := c.s.issueNumbered(of(i)); other != nil {
			return []string{strconv.FormatInt(other.id, 10)}
		}
		return nil
	})
	if missing != "" {
		return c.fail("An issue with key '%s' does not exist for field '%s'.", missing, cl.field)
	}
	return t
}

// customOrder sorts by a custom field, nil when there is none of that name.
func (c *compiler) customOrder(word string) sortKey {
	defs := c.s.fieldsCalled(word)
	if defs == nil {
		return nil
	}
	return func(i *issue) any {
		v := i.extra[defs[0].id]
		if n, isNumber := v.(float64); isNumber {
			return sortableNumber(n)
		}
		_, text := c.s.tell(v)
		return textOrNil(strings.ToLower(text))
	}
}

// sortableNumber is a number as a text that sorts as the numbers do.
func sortableNumber(n float64) string {
	bits := math.Float64bits(n)
	if n < 0 {
		bits = ^bits
	} else {
		bits |= 1 << 63
	}
	return fmt.Sprintf("%016x", bits)
}
