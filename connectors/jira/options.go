package jira

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/lockstep-sync/lockstep/sync/task"
)

// Fields with options take what their administrator allows, and nothing else. What that is only an issue's or a new issue's
// own screen says, so it is looked up there, for one issue of each project.

// option is one of the values that a field allows.
type option struct {
	Text string // as people see it: "Water", of a list of two levels "Water / Pumps"
	Wire any    // as it is written
}

// choosy reports that the field takes only what it allows, and that its screen tells what that is.
func (col column) choosy() bool {
	switch col.shape {
	case shapeOption, shapeOptions, shapeCascade, shapeVersions:
		return true
	default:
		return false
	}
}

// wireCascade is an option with one of that option's own, if there is one.
type wireCascade struct {
	Value string     `json:"value"`
	Child *wireNamed `json:"child,omitempty"`
}

// cascadeMark stands between the two levels of a cascading option.
const cascadeMark = " / "

func (w wireCascade) text() string {
	if w.Child == nil || w.Value == "" {
		return w.Value
	}
	return w.Value + cascadeMark + w.Child.Value
}

// cascaded is an option of two levels as it is written. One that is not known is taken apart at the first mark.
func (c *Connector) cascaded(col column, s string) any {
	for _, o := range c.options[col.id] {
		if o.Text == s {
			return o.Wire
		}
	}
	parent, child, two := strings.Cut(s, cascadeMark)
	if !two {
		return wireCascade{Value: s}
	}
	return wireCascade{Value: parent, Child: &wireNamed{Value: child}}
}

// learnScreen notes what the fields of a screen allow.
func (c *Connector) learnScreen(screen map[string]wireScreenField) {
	for _, col := range c.columns {
		f, ok := screen[col.id]
		if !ok || !col.choosy() {
			continue
		}
		for _, ch := range f.choices() {
			c.learnOption(col, option{task.TextValue(ch.text()).String(), col.wire(ch.text())})
			for _, sub := range ch.Children {
				w := wireCascade{Value: ch.Value, Child: &wireNamed{Value: sub.Value}}
				c.learnOption(col, option{task.TextValue(w.text()).String(), w})
			}
		}
	}
}

func (c *Connector) learnOption(col column, o option) {
	if o.Text != "" && !slices.ContainsFunc(c.options[col.id], func(x option) bool { return x.Text == o.Text }) {
		c.options[col.id] = append(c.options[col.id], o)
	}
}

// optionLooks are the requests that find out what fields allow: one a project, and none where no such field is mapped.
func (c *Connector) optionLooks(projects []string) []func(context.Context) error {
	if !slices.ContainsFunc(c.columns, column.choosy) {
		return nil
	}
	looks := []func(context.Context) error{}
	old := c.options
	for n, p := range projects {
		looks = append(looks, func(ctx context.Context) error {
			if n == 0 {
				old, c.options = c.options, map[string][]option{}
			}
			err := c.lookAtOptions(ctx, p)
			if err != nil {
				maps.Copy(c.options, old) // the next try begins anew
			}
			return err
		})
	}
	return looks
}

// lookAtOptions reads the screen of the newest issue of a project that was seen. Where there is none, or where it may not be
// edited, nothing is learned: then Jira itself refuses what it does not allow.
func (c *Connector) lookAtOptions(ctx context.Context, project string) error {
	var newest int64
	for id, p := range c.projectOf {
		if n, err := parseID(id); err == nil && p == project {
			newest = max(newest, n)
		}
	}
	if newest == 0 {
		if c.cfg.Create == nil || project != c.createProject() {
			return nil
		}
		_, err := c.createForm(ctx) // a wrong project or type is told when an issue is to be made
		return unlessTold(err)
	}
	screen, err := c.api.editScreen(ctx, formatID(newest))
	c.learnScreen(screen)
	return unlessTold(err)
}

// unlessTold is nil for an error by which Jira says that it does not tell.
func unlessTold(err error) error {
	call, ok := asCall(err)
	if err == nil || !ok || call.status == http.StatusNotFound || call.status == http.StatusForbidden || call.status == http.StatusBadRequest {
		return nil
	}
	return err
}

// word is the option, or the text, that says yes or no; "" where nothing has to be written for a no.
func (c *Connector) word(col column, yes bool) string {
	words := map[bool]string{true: "Yes", false: "No"}
	all := c.options[col.id]
	for _, o := range all {
		if v, ok := readText(task.Bool, o.Text); ok && v == task.BoolValue(yes) {
			return o.Text
		}
	}
	switch {
	case len(all) == 0:
		return words[yes]
	case yes && len(all) == 1:
		return all[0].Text
	}
	return ""
}

// normalizeOption knows only what the field allows, where that is known.
func (c *Connector) normalizeOption(col column, want, have task.Value) (task.Value, *task.Problem) {
	all := c.options[col.id]
	if len(all) == 0 {
		return want, nil
	}
	names := make([]string, 0, len(all))
	for _, o := range all {
		names = append(names, o.Text)
	}
	yes, ok := want.Bool()
	switch {
	case !ok:
		return c.normalizeChoice(col, names, want, have)
	case c.word(col, yes) != "":
		return want, nil
	case !yes:
		return task.Empty(task.Bool), nil
	}
	return have, c.notOffered(col, "Yes", names)
}

// normalizeChoice takes each value of want from the names, in whichever case and with whichever blanks it is written. What
// the item has by now it may keep.
func (c *Connector) normalizeChoice(col column, names []string, want, have task.Value) (task.Value, *task.Problem) {
	items := want.Items()
	if want.Kind() != task.Set && !want.IsEmpty() {
		items = []string{want.String()}
	}
	if len(items) == 0 || len(names) == 0 && !c.ready {
		return want, nil
	}
	out := make([]string, 0, len(items))
	for _, it := range items {
		same := func(n string) bool { return fold(n) == fold(it) }
		switch i, j := slices.IndexFunc(names, same), slices.IndexFunc(have.Items(), same); {
		case i >= 0 && slices.Contains(names, it):
			out = append(out, it)
		case i >= 0:
			out = append(out, names[i])
		case j >= 0:
			out = append(out, have.Items()[j])
		default:
			return have, c.notOffered(col, it, names)
		}
	}
	if want.Kind() == task.Set {
		return task.SetValue(out...), nil
	}
	return task.TextValue(out[0]), nil
}

// notOffered says that a field does not allow a value, and what it allows that looks like it.
func (c *Connector) notOffered(col column, value string, names []string) *task.Problem {
	hint := fmt.Sprintf("Jira's field %s does not offer %s: add it there%s", quoteName(col.name), quoteName(value), didYouMean(value, names))
	if col.shape == shapeComponents {
		hint = fmt.Sprintf("the Jira project has no component %s: add it there%s", quoteName(value), didYouMean(value, names))
	}
	return &task.Problem{Reason: task.HoldUnsupported, Hint: hint}
}
