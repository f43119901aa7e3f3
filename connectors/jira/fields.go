package jira

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lockstep-sync/lockstep/sync/task"
)

// shape is how Jira writes a field on the wire.
type shape uint8

const (
	shapeUnknown shape = iota
	shapeText
	shapeNumber
	shapeDate
	shapeMoment // a date with a time
	shapeUser
	shapeOption
	shapeOptions
	shapeStrings
	shapePriority
	shapeStatus
	shapeComponents
	shapeLog   // comments, as the log of updates that they are
	shapeNamed // something with a name that we do not write
)

// column ties a field to the Jira field that holds it on this site.
type column struct {
	field task.Field
	id    string
	name  string
	shape shape
	rich  bool // a text with layout
}

// systemFields are the fields that every Jira has, whatever its list of fields says.
var systemFields = map[string]shape{
	"summary": shapeText, "description": shapeText, "environment": shapeText, "status": shapeStatus,
	"assignee": shapeUser, "reporter": shapeUser, "duedate": shapeDate, "priority": shapePriority,
	"labels": shapeStrings, "components": shapeComponents,
	commentField: shapeLog,
}

// readable says which shapes can be read as a kind of value.
var readable = map[task.Kind][]shape{
	task.Text:   {shapeText, shapeNumber, shapeOption, shapePriority, shapeComponents, shapeNamed, shapeLog},
	task.Enum:   {shapeStatus},
	task.Date:   {shapeDate, shapeMoment},
	task.Number: {shapeNumber},
	task.Bool:   {shapeOption, shapeOptions, shapeText},
	task.Person: {shapeUser},
	task.Set:    {shapeStrings, shapeOptions, shapeComponents},
}

func shapeOf(f wireField) shape {
	if s, ok := systemFields[f.ID]; ok {
		return s
	}
	switch f.Schema.Type {
	case "string":
		return shapeText
	case "number":
		return shapeNumber
	case "date":
		return shapeDate
	case "datetime":
		return shapeMoment
	case "user":
		return shapeUser
	case "option":
		return shapeOption
	case "priority":
		return shapePriority
	case "array":
		switch f.Schema.Items {
		case "string":
			return shapeStrings
		case "option":
			return shapeOptions
		case "component":
			return shapeComponents
		}
	case "issuetype", "project", "resolution", "securitylevel":
		return shapeNamed
	}
	return shapeUnknown
}

// columns finds the Jira field of each mapped field. What cannot be found is held for the whole source, and its values
// are None.
func columns(mapping map[task.Field]string, known []wireField) ([]column, []task.Hold) {
	var cols []column
	var held []task.Hold
	for _, f := range task.AllFields() {
		want, ok := mapping[f]
		if !ok {
			continue
		}
		col, problem := findColumn(f, want, known)
		if problem == "" && !slices.Contains(readable[f.Kind()], col.shape) {
			problem = fmt.Sprintf("the Jira field %s cannot be read as a %s: map %s to another field", quoteName(want), f.Kind(), f)
		}
		if problem != "" {
			held = append(held, task.Hold{Field: f.String(), Reason: task.HoldSchemaDrift, Raw: want, Hint: problem})
			continue
		}
		cols = append(cols, col)
	}
	return cols, held
}

func findColumn(f task.Field, want string, known []wireField) (column, string) {
	id := strings.ToLower(want)
	if id == "component" {
		id = "components"
	}
	if s, ok := systemFields[id]; ok {
		return column{field: f, id: id, name: id, shape: s, rich: isRich(wireField{ID: id})}, ""
	}
	var found []wireField
	names := make([]string, 0, len(known))
	for _, k := range known {
		if k.ID == want {
			found = []wireField{k}
			break
		}
		if fold(k.Name) == fold(want) {
			found = append(found, k)
		}
		names = append(names, k.Name)
	}
	switch len(found) {
	case 1:
		return column{field: f, id: found[0].ID, name: found[0].Name, shape: shapeOf(found[0]), rich: isRich(found[0])}, ""
	case 0:
		return column{}, fmt.Sprintf("this Jira has no field %s: change fields.%s%s", quoteName(want), f, didYouMean(want, names))
	}
	ids := make([]string, 0, len(found))
	for _, k := range found {
		ids = append(ids, k.ID)
	}
	return column{}, fmt.Sprintf("several Jira fields are called %s: give one of the ids %s in fields.%s",
		quoteName(want), strings.Join(ids, ", "), f)
}

// writable reports that we can write the column. Moments are left alone: a day alone would overwrite the hour.
func (col column) writable() bool {
	switch col.shape {
	case shapeUnknown, shapeMoment, shapeNamed:
		return false
	case shapeOptions, shapeText, shapeNumber:
		return col.field.Kind() != task.Bool && (col.shape != shapeNumber || col.field.Kind() == task.Number)
	default:
		return true
	}
}

// read is the field's value of an issue: None where the issue has no such field.
func (c *Connector) read(col column, is *wireIssue) (task.Value, *task.Problem) {
	kind := col.field.Kind()
	raw, present := is.Fields[col.id]
	switch {
	case !present && (col.id == "summary" || col.id == "status"):
		// Every issue has them; one that shows none is odd, not without the field.
		return c.nothing(col)
	case !present:
		return task.Value{}, nil
	case isNull(raw):
		return c.nothing(col)
	}
	v, ok := c.readShape(col, raw, is)
	if ok {
		return v, nil
	}
	shown := shownRaw(raw)
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
	case shapePriority, shapeOption, shapeNamed:
		var n wireNamed
		if json.Unmarshal(raw, &n) != nil || n.text() == "" {
			return task.Value{}, false
		}
		if col.shape == shapePriority && fold(n.text()) == "none" {
			return task.Empty(task.Text), true
		}
		return readText(col.field.Kind(), n.text())
	case shapeLog:
		entries, ok := c.log(raw)
		return task.TextValue(render(entries)), ok
	case shapeStrings, shapeOptions, shapeComponents:
		if json.Unmarshal(raw, &list) != nil {
			return task.Value{}, false
		}
		return c.readList(col, list)
	case shapeUnknown:
	}
	return task.Value{}, false
}

func (c *Connector) readList(col column, list []json.RawMessage) (task.Value, bool) {
	items := make([]string, 0, len(list))
	for _, raw := range list {
		s := shownRaw(raw)
		if _, ours := markerOf(s); ours && col.id == "labels" {
			continue
		}
		items = append(items, s)
	}
	switch {
	case col.field.Kind() == task.Set:
		return task.SetValue(items...), true
	case len(items) == 0:
		return task.Empty(col.field.Kind()), true
	case col.field.Kind() == task.Bool:
		return readText(task.Bool, items[0])
	}
	return task.TextValue(items[0]), true
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
	for _, layout := range []string{"2006-01-02", "2006-01-02T15:04:05.999-0700", time.RFC3339Nano} {
		if t, err := time.Parse(layout, s); err == nil {
			return task.DateValue(t), true
		}
	}
	return task.Value{}, false
}

// encode is a value as Jira's create and edit take it in fields. The value has been through Normalize; old is what the field
// holds by now, nil in a create.
func (c *Connector) encode(col column, v task.Value, old json.RawMessage) (any, error) {
	if v.IsEmpty() {
		switch col.shape {
		case shapeStrings, shapeOptions, shapeComponents:
			return []any{}, nil
		default:
			return nil, nil //nolint:nilnil // null is how Jira's fields are emptied
		}
	}
	s := v.String()
	switch col.shape {
	case shapeText, shapeDate:
		if col.rich {
			return c.api.d.writeRich(old, s)
		}
		return s, nil
	case shapeNumber:
		n, _ := v.Float()
		return percent(n), nil
	case shapeUser:
		id, ok := c.people.account(s)
		if !ok {
			return nil, fmt.Errorf("no account is known for %s", quoteName(s))
		}
		return c.api.d.user(id), nil
	case shapePriority:
		return wireNamed{Name: s}, nil
	case shapeOption:
		if yes, ok := v.Bool(); ok {
			s = map[bool]string{true: "Yes", false: "No"}[yes]
		}
		return wireNamed{Value: s}, nil
	case shapeStrings:
		return v.Items(), nil
	case shapeOptions:
		return named(v.Items(), func(s string) wireNamed { return wireNamed{Value: s} }), nil
	case shapeComponents:
		if v.Kind() == task.Text {
			return []wireNamed{{Name: s}}, nil
		}
		return named(v.Items(), func(s string) wireNamed { return wireNamed{Name: s} }), nil
	case shapeUnknown, shapeMoment, shapeStatus, shapeNamed, shapeLog:
	}
	return nil, fmt.Errorf("the Jira field %s cannot be written", quoteName(col.name))
}

func named(items []string, as func(string) wireNamed) []wireNamed {
	out := make([]wireNamed, 0, len(items))
	for _, it := range items {
		out = append(out, as(it))
	}
	return out
}
