package jira

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/lockstep-sync/lockstep/sync/task"
)

// encode is a value as Jira's create and edit take it in fields. The value has been through Normalize; old is what the field
// holds by now, nil in a create.
func (c *Connector) encode(col column, v task.Value, old json.RawMessage) (any, error) {
	if col.rich {
		return c.api.d.writeRich(old, v.String()) // emptied, it keeps what is no text
	}
	if v.IsEmpty() {
		if col.lists() {
			return []any{}, nil
		}
		return nil, nil //nolint:nilnil // null is how Jira's fields are emptied
	}
	s := v.String()
	if yes, ok := v.Bool(); ok {
		s = c.word(col, yes)
	}
	switch col.shape {
	case shapeText, shapeDate, shapeAddress:
		return s, nil
	case shapeNumber:
		if v.Kind() == task.Text {
			return json.Number(s), nil
		}
		n, _ := v.Float()
		return percent(n), nil
	case shapeMoment:
		return c.moment(v, old)
	case shapeUser:
		return c.account(s)
	case shapeUsers:
		u, err := c.account(s)
		return []any{u}, err
	case shapePriority:
		return wireNamed{Name: s}, nil
	case shapeOption:
		return wireNamed{Value: s}, nil
	case shapeCascade:
		return c.cascaded(col, s), nil
	case shapeStrings, shapeOptions, shapeComponents, shapeVersions:
		if col.single() {
			return []any{col.wire(s)}, nil
		}
		all := make([]any, 0, len(v.Items()))
		for _, it := range v.Items() {
			all = append(all, col.wire(it))
		}
		return all, nil
	case shapeParent:
		key, err := c.epicOf(s)
		return wireNamed{Key: key}, err
	case shapeEpic:
		return c.epicOf(s)
	case shapeUnknown, shapeStatus, shapeNamed, shapeLog:
	}
	return nil, fmt.Errorf("the Jira field %s cannot be written", quoteName(col.name))
}

// wire is one of the several values of a field as it is written.
func (col column) wire(name string) any {
	switch col.shape {
	case shapeOption, shapeOptions:
		return wireNamed{Value: name}
	case shapeCascade:
		return wireCascade{Value: name}
	case shapeComponents, shapeVersions:
		return wireNamed{Name: name}
	default:
		return name
	}
}

// account is a person as Jira takes them in a field.
func (c *Connector) account(name string) (any, error) {
	id, ok := c.people.account(name)
	if !ok {
		return nil, fmt.Errorf("no account is known for %s", quoteName(name))
	}
	return c.api.d.user(id), nil
}

const momentForm = "2006-01-02T15:04:05.000-0700"

// moment is a day with an hour: the hour that is there, in the zone of the account, in which Jira shows it; noon where
// there is none.
func (c *Connector) moment(day task.Value, old json.RawMessage) (any, error) {
	d, ok := day.Time()
	if !ok {
		return nil, fmt.Errorf("%s is not a day", quoteName(day.Display()))
	}
	was := time.Date(2000, 1, 1, 12, 0, 0, 0, time.UTC)
	zone := time.UTC
	var s string
	if !isNull(old) && json.Unmarshal(old, &s) == nil {
		if t, ok := readMoment(strings.TrimSpace(s)); ok {
			was, zone = t, t.Location()
		}
	}
	if own, err := time.LoadLocation(c.api.self.TimeZone); err == nil && c.api.self.TimeZone != "" {
		// The same hour of another day may be another span from UTC.
		if zone = own; s != "" {
			was = was.In(own)
		}
	}
	return time.Date(d.Year(), d.Month(), d.Day(), was.Hour(), was.Minute(), was.Second(), was.Nanosecond(), zone).Format(momentForm), nil
}

// readMoment reads the forms in which Jira writes a moment, in the zone that it is written in.
func readMoment(s string) (time.Time, bool) {
	for _, layout := range []string{"2006-01-02T15:04:05.999-0700", time.RFC3339Nano} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// operation is one step of an update: a verb and its value.
type operation map[string]any

// listOps turns the several values of a field into others by adding and removing, so that what others add meanwhile
// survives. Of a field of which only the first is shown, only that one is changed; an error says that then another one
// would be shown.
func (c *Connector) listOps(col column, to task.Value, raw json.RawMessage) ([]operation, error) {
	var list []json.RawMessage
	if !isNull(raw) {
		if err := json.Unmarshal(raw, &list); err != nil {
			return nil, fmt.Errorf("read what %s holds: %w", quoteName(col.name), err)
		}
	}
	items, ok := c.items(col, list)
	if !ok {
		return nil, fmt.Errorf("%s holds what cannot be read", quoteName(col.name))
	}
	if col.single() {
		return c.firstOps(col, items, to)
	}
	has, wants := map[string]bool{}, map[string]bool{}
	for _, it := range items {
		has[task.TextValue(it.text).String()] = true
	}
	ops := []operation{}
	for _, s := range to.Items() {
		if wants[s] = true; !has[s] {
			ops = append(ops, operation{"add": col.wire(s)})
		}
	}
	for _, it := range items {
		if !wants[task.TextValue(it.text).String()] {
			ops = append(ops, operation{"remove": it.wire})
		}
	}
	return ops, nil
}

// firstOps changes the one value that is shown, and leaves the others.
func (c *Connector) firstOps(col column, items []item, to task.Value) ([]operation, error) {
	want := to.String()
	if yes, ok := to.Bool(); ok {
		want = c.word(col, yes)
	}
	var others []item
	ops := []operation{}
	if len(items) > 0 {
		others = items[1:]
		ops = append(ops, operation{"remove": items[0].wire})
	}
	if len(others) > 0 && (want == "" || byName(others[0].text, want) < 0) {
		return nil, fmt.Errorf("it has %d of %s, and would then show %s: leave it one in Jira, or change them there",
			len(items), quoteName(col.name), quoteName(others[0].text))
	}
	if want == "" || len(others) > 0 && fold(others[0].text) == fold(want) {
		return ops, nil
	}
	if col.shape != shapeUsers {
		return append(ops, operation{"add": col.wire(want)}), nil
	}
	u, err := c.account(want)
	return append(ops, operation{"add": u}), err
}
