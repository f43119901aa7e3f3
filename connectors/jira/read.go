package jira

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lockstep-sync/lockstep/sync/task"
)

// read is the field's value of an issue: None where the issue has no such field.
func (c *Connector) read(col column, is *wireIssue) (task.Value, *task.Problem) {
	kind := col.field.Kind()
	raw, present := is.Fields[col.id]
	switch {
	case !present && (col.id == "summary" || col.id == "status"):
		// Every issue has them; one that shows none is odd, not without the field.
		return c.nothing(col)
	case (col.shape == shapeParent || col.shape == shapeEpic) && !c.belowEpics(is):
		return task.Value{}, nil
	case !present && col.shape != shapeParent: // an issue without a parent may show no such field
		return task.Value{}, nil
	case isNull(raw):
		return c.nothing(col)
	}
	v, ok := c.readShape(col, raw, is)
	if ok {
		return v, nil
	}
	shown := shownRaw(raw)
	if col.shape == shapeEpic {
		return task.UnreadableValue(shown), &task.Problem{
			Reason: task.HoldUnreadable,
			Hint:   fmt.Sprintf("the epic %s cannot be read: let the account see it in Jira, or choose another epic", quoteName(shown)),
		}
	}
	if col.shape == shapeLog {
		return task.UnreadableValue(shown), &task.Problem{
			Reason: task.HoldUnreadable,
			Hint:   fmt.Sprintf("Jira does not show all comments of %s: let the account read them, or take comments out of the configuration", quoteName(is.Key)),
		}
	}
	if col.shape == shapeStatus {
		return task.UnreadableValue(shown), &task.Problem{
			Reason: task.HoldUnmappedStatus,
			Hint:   fmt.Sprintf("say under status: what the Jira status %s means", quoteName(is.status().Name)),
		}
	}
	return task.UnreadableValue(shown), &task.Problem{
		Reason: task.HoldUnreadable,
		Hint:   fmt.Sprintf("%s cannot be read as a %s: correct it in Jira's field %s", quoteName(shown), kind, quoteName(col.name)),
	}
}

func (c *Connector) nothing(col column) (task.Value, *task.Problem) {
	if col.shape == shapeStatus {
		return task.UnreadableValue(""), &task.Problem{Reason: task.HoldUnmappedStatus, Hint: "Jira shows no status: look at the issue in Jira"}
	}
	return task.Empty(col.field.Kind()), nil
}

// shownRaw is what a person sees of a value, as far as can be told.
func shownRaw(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	var n wireNamed
	if json.Unmarshal(raw, &n) == nil && n.text() != "" {
		return n.text()
	}
	if r := []rune(string(raw)); len(r) > 100 {
		return string(r[:100]) + "…"
	}
	return string(raw)
}

func (c *Connector) readShape(col column, raw json.RawMessage, is *wireIssue) (task.Value, bool) {
	var (
		s    string
		list []json.RawMessage
	)
	switch col.shape {
	case shapeStatus:
		word, ok := c.meaning.read(is)
		return task.EnumValue(word), ok
	case shapeUser:
		var u wireUser
		if json.Unmarshal(raw, &u) != nil {
			return task.Value{}, false
		}
		name := c.people.name(u)
		return task.PersonValue(name), name != ""
	case shapeText:
		if col.rich {
			s, ok := c.api.d.readRich(raw)
			if !ok {
				return task.Value{}, false
			}
			return readText(col.field.Kind(), s)
		}
		if json.Unmarshal(raw, &s) != nil {
			return task.Value{}, false
		}
		return readText(col.field.Kind(), s)
	case shapeNumber:
		return readNumber(col.field.Kind(), raw)
	case shapeDate, shapeMoment:
		if json.Unmarshal(raw, &s) != nil {
			return task.Value{}, false
		}
		return readDay(s)
	case shapeAddress:
		if json.Unmarshal(raw, &s) != nil {
			return task.Value{}, false
		}
		return task.TextValue(s), true
	case shapeParent:
		return readParent(raw)
	case shapeEpic:
		if json.Unmarshal(raw, &s) != nil {
			return task.Value{}, false
		}
		return c.epics.read(s)
	case shapeCascade:
		var ch wireCascade
		if json.Unmarshal(raw, &ch) != nil || ch.text() == "" {
			return task.Value{}, false
		}
		return task.TextValue(ch.text()), true
	case shapePriority, shapeOption, shapeNamed:
		var n wireNamed
		if json.Unmarshal(raw, &n) != nil || n.text() == "" {
			return task.Value{}, false
		}
		if col.shape == shapePriority && fold(n.text()) == "none" {
			return task.Empty(task.Text), true
		}
		return c.readOption(col, n.text())
	case shapeLog:
		entries, ok := c.log(raw)
		return task.TextValue(render(entries)), ok
	case shapeStrings, shapeOptions, shapeComponents, shapeVersions, shapeUsers:
		if json.Unmarshal(raw, &list) != nil {
			return task.Value{}, false
		}
		return c.readList(col, list)
	case shapeUnknown:
	}
	return task.Value{}, false
}

// item is one of the several values of a field.
type item struct {
	text string // as it is shown
	wire any    // as it is written
}

// items are the several values of a field, by name; false where one cannot be read. Our marks are none of them.
func (c *Connector) items(col column, list []json.RawMessage) ([]item, bool) {
	out := make([]item, 0, len(list))
	for _, raw := range list {
		s := shownRaw(raw)
		if _, ours := markerOf(s); ours && col.id == "labels" {
			continue
		}
		if col.shape == shapeUsers {
			var u wireUser
			if json.Unmarshal(raw, &u) != nil || c.people.name(u) == "" {
				return nil, false
			}
			out = append(out, item{c.people.name(u), c.api.d.user(c.api.d.account(u))})
			continue
		}
		out = append(out, item{s, col.wire(s)})
	}
	slices.SortStableFunc(out, func(a, b item) int { return byName(a.text, b.text) })
	return out, true
}

// byName is the order in which people look for names.
func byName(a, b string) int { return cmp.Or(strings.Compare(fold(a), fold(b)), strings.Compare(a, b)) }

func (c *Connector) readList(col column, list []json.RawMessage) (task.Value, bool) {
	items, ok := c.items(col, list)
	switch {
	case !ok:
		return task.Value{}, false
	case col.field.Kind() == task.Set:
		all := make([]string, 0, len(items))
		for _, it := range items {
			all = append(all, it.text)
		}
		return task.SetValue(all...), true
	case len(items) == 0:
		return task.Empty(col.field.Kind()), true
	case col.field.Kind() == task.Person:
		return task.PersonValue(items[0].text), true
	}
	return c.readOption(col, items[0].text)
}

// readOption reads the name of an option as the kind of the field. The only option that there is means yes: a box to tick.
func (c *Connector) readOption(col column, name string) (task.Value, bool) {
	v, ok := readText(col.field.Kind(), name)
	if all := c.options[col.id]; !ok && len(all) == 1 && fold(all[0].Text) == fold(name) {
		return task.BoolValue(true), true
	}
	return v, ok
}

// readText reads text as the kind: as it stands, or as a yes or no.
func readText(k task.Kind, s string) (task.Value, bool) {
	if k != task.Bool {
		return task.TextValue(s), true
	}
	switch fold(s) {
	case "yes", "true", "y", "1":
		return task.BoolValue(true), true
	case "no", "false", "n", "0":
		return task.BoolValue(false), true
	case "":
		return task.Empty(task.Bool), true
	}
	return task.Value{}, false
}

// readNumber reads a number field. A progress stands in Jira as a percentage, as people type it: 40 is 0.4.
func readNumber(k task.Kind, raw json.RawMessage) (task.Value, bool) {
	var n float64
	if json.Unmarshal(raw, &n) != nil {
		return task.Value{}, false
	}
	if k == task.Text {
		return task.TextValue(strconv.FormatFloat(n, 'f', -1, 64)), true
	}
	v, err := task.NumberValue(n / 100)
	return v, err == nil
}

// percent is a fraction as Jira shows it, without the dust of binary fractions.
func percent(fraction float64) float64 { return math.Round(fraction*100*1e6) / 1e6 }

// readDay reads a date, or the day of a moment in the zone that Jira writes it in, which is the account's.
func readDay(s string) (task.Value, bool) {
	s = strings.TrimSpace(s)
	if t, ok := readMoment(s); ok {
		return task.DateValue(t), true
	}
	t, err := time.Parse(time.DateOnly, s)
	return task.DateValue(t), err == nil
}
