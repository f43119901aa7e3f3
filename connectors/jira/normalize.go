package jira

import (
	"fmt"
	"math"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/lockstep-sync/lockstep/sync/task"
)

// Jira counts the characters of a text in UTF-16 units.
const (
	titleMax = 255
	textMax  = 32767
	labelMax = 255
)

// normalize is the value that Jira would show: see connectors.Normalizer.
func (c *Connector) normalize(col column, want, have task.Value) (task.Value, *task.Problem) {
	if want.IsUnreadable() || want.IsNone() {
		return have, nil
	}
	if want == have {
		return want, nil
	}
	if !col.writable() {
		return have, &task.Problem{
			Reason: task.HoldUnsupported,
			Hint:   fmt.Sprintf("the Jira field %s can only be read: change it in Jira", quoteName(col.name)),
		}
	}
	switch col.shape {
	case shapeStatus:
		return c.meaning.normalize(want, have)
	case shapeUser:
		return c.normalizePerson(want, have)
	case shapePriority:
		return c.normalizePriority(want, have)
	case shapeText:
		return c.normalizeText(col, want, have), nil
	case shapeLog:
		return c.normalizeUpdates(want, have), nil
	case shapeStrings:
		return normalizeLabels(want), nil
	case shapeComponents:
		return c.normalizeChoice(col, c.components, want, have)
	case shapeOption, shapeOptions, shapeCascade, shapeVersions:
		return c.normalizeOption(col, want, have)
	case shapeParent, shapeEpic:
		return c.normalizeEpic(want, have)
	case shapeAddress:
		return normalizeAddress(col, want, have)
	case shapeNumber:
		return normalizeNumber(col, want, have)
	default:
		return want, nil
	}
}

func normalizeNumber(col column, want, have task.Value) (task.Value, *task.Problem) {
	if want.IsEmpty() {
		return want, nil
	}
	if want.Kind() == task.Text {
		n, err := strconv.ParseFloat(want.String(), 64)
		if err != nil || math.IsInf(n, 0) || math.IsNaN(n) {
			return have, &task.Problem{
				Reason: task.HoldUnsupported,
				Hint:   fmt.Sprintf("Jira's field %s takes only numbers, and %s is none", quoteName(col.name), quoteName(want.String())),
			}
		}
		return task.TextValue(strconv.FormatFloat(n, 'f', -1, 64)), nil
	}
	n, _ := want.Float()
	v, err := task.NumberValue(percent(n) / 100)
	if err != nil {
		return want, nil
	}
	return v, nil
}

func normalizeAddress(col column, want, have task.Value) (task.Value, *task.Problem) {
	u, err := url.Parse(want.String())
	if want.IsEmpty() || err == nil && u.Scheme != "" && u.Host != "" {
		return want, nil
	}
	return have, &task.Problem{
		Reason: task.HoldUnsupported,
		Hint: fmt.Sprintf("Jira's field %s takes only addresses such as https://example.org/page, and %s is none",
			quoteName(col.name), quoteName(want.String())),
	}
}

func (c *Connector) normalizeText(col column, want, have task.Value) task.Value {
	s := want.String()
	switch {
	case col.field.Kind() == task.Bool:
		return want // it is written as a word
	case col.rich:
		return task.TextValue(c.api.d.fitted(s, have.String()))
	case !col.line:
		return task.TextValue(cut(s, textMax))
	}
	s = strings.Map(func(r rune) rune {
		switch r {
		case '\n', '\r', '\v', '\f', 0x85, 0x2028, 0x2029:
			return ' '
		}
		return r
	}, s)
	// What a cut leaves at the end may be blank.
	v := task.TextValue(cut(task.TextValue(s).String(), titleMax))
	if v.IsEmpty() && col.id == "summary" {
		return have // Jira takes no issue without one
	}
	return v
}

// cut shortens s to at most n UTF-16 units, at a whole character.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	units := 0
	for i, r := range s {
		w := utf16.RuneLen(r)
		if w < 0 {
			w = 1
		}
		if units+w > n {
			return s[:i]
		}
		units += w
	}
	return s
}

func (c *Connector) normalizePerson(want, have task.Value) (task.Value, *task.Problem) {
	if want.IsEmpty() {
		return want, nil
	}
	if _, ok := c.people.account(want.String()); ok {
		return want, nil
	}
	return have, &task.Problem{
		Reason: task.HoldUnmatchedPerson,
		Hint: fmt.Sprintf("no account of this Jira is known for %s: add the %s of theirs under people: … jira: {%s: …}",
			quoteName(want.String()), c.api.d.accountIs, c.o.Source),
	}
}

func (c *Connector) normalizePriority(want, have task.Value) (task.Value, *task.Problem) {
	if want.IsEmpty() || fold(want.String()) == "none" {
		return have, nil // an issue with priorities always has one
	}
	if len(c.priorities) == 0 {
		return want, nil
	}
	for _, p := range c.priorities {
		if fold(p) == fold(want.String()) {
			return task.TextValue(p), nil
		}
	}
	return have, &task.Problem{
		Reason: task.HoldUnsupported,
		Hint:   fmt.Sprintf("this Jira has no priority %s, only %s", quoteName(want.String()), strings.Join(c.priorities, ", ")),
	}
}

// normalizeLabels makes labels of Jira: without blanks, not too long, and none that looks like our marks.
func normalizeLabels(want task.Value) task.Value {
	items := want.Items()
	out := make([]string, 0, len(items))
	for _, it := range items {
		it = strings.Join(strings.FieldsFunc(it, func(r rune) bool { return r <= ' ' || isSpace(r) }), "-")
		it = cut(it, labelMax)
		if _, ours := markerOf(it); ours || it == "" || !utf8.ValidString(it) {
			continue
		}
		out = append(out, it)
	}
	return task.SetValue(out...)
}

func isSpace(r rune) bool {
	switch {
	case r == 0x85, r == 0xA0, r == 0x1680, r >= 0x2000 && r <= 0x200B, r == 0x2028, r == 0x2029, r == 0x202F, r == 0x205F, r == 0x3000:
		return true
	}
	return false
}
