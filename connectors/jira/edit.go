package jira

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// edit is what is to be changed of one issue.
type edit struct {
	status string         // what the status is to mean; "" leaves it
	fields map[string]any // field id → new value
	update map[string]any // field id → operations
	// comments are written one by one after the rest.
	comments []commentWrite
	// left is what keeps some fields from being written; the others are written all the same.
	left error
}

func (e edit) empty() bool { return e.size() == 0 && len(e.comments) == 0 }

// size is how many fields are edited.
func (e edit) size() int { return len(e.fields) + len(e.update) }

// without is the edit less the fields of those ids.
func (e edit) without(ids map[string]string) edit {
	out := edit{status: e.status, left: e.left, fields: maps.Clone(e.fields), update: maps.Clone(e.update), comments: e.comments}
	for id := range ids {
		delete(out.fields, id)
		delete(out.update, id)
	}
	return out
}

// plan says what has to be written so that the patch is true. A field that holds neither what was expected nor what is
// wanted is a Conflict, and then nothing is written. A field that cannot be written is left, and is the error only where there is
// nothing else to write.
func (c *Connector) plan(p task.Patch, is *wireIssue) (edit, error) {
	ed := edit{fields: map[string]any{}, update: map[string]any{}}
	for _, ch := range p.Set {
		col, ok := c.column(ch.Field)
		if !ok {
			ed.left = both(ed.left, c.noField(editing, ch.Field))
			continue
		}
		cur, _ := c.read(col, is)
		if cur.IsUnreadable() {
			return ed, c.conflict(ch.Field, cur)
		}
		to, problem := c.normalize(col, ch.To, cur)
		if problem != nil {
			ed.left = both(ed.left, c.refusal(ch.Field, problem))
			continue
		}
		if to.Same(cur) {
			continue
		}
		if !cur.Same(ch.From) {
			return ed, c.conflict(ch.Field, cur)
		}
		if cur.IsNone() {
			ed.left = both(ed.left, c.fault(fault.New(fault.Permanent, fault.SchemaDrift, editing, "it has no field %s", quoteName(col.name)).
				WithHint("add the field to the issue's screens in Jira, or take fields.%s out of the configuration", ch.Field)))
			continue
		}
		if err := c.put(&ed, col, to, is); err != nil {
			ed.left = both(ed.left, err)
		}
	}
	if p.Op == task.Adopt {
		if err := c.planMark(p, is, &ed); err != nil {
			return ed, err
		}
	}
	if ed.empty() && ed.status == "" {
		return ed, ed.left
	}
	return ed, nil
}

// put adds one field to an edit.
func (c *Connector) put(ed *edit, col column, to task.Value, is *wireIssue) error {
	switch {
	case col.shape == shapeStatus:
		ed.status = to.String()
		return nil
	case col.shape == shapeLog:
		entries, _ := c.log(is.Fields[col.id])
		ed.comments, _ = c.updates.changes(entries, to.String())
		return nil
	case col.lists():
		ops, err := c.listOps(col, to, is.Fields[col.id])
		if err != nil {
			return c.unwritable("change the issue", col, err)
		}
		ed.update[col.id] = ops
		return nil
	case col.shape == shapeParent && to.IsEmpty():
		ed.update[col.id] = []operation{{"set": map[string]bool{"none": true}}}
		return nil
	}
	v, err := c.encode(col, to, is.Fields[col.id])
	if err != nil {
		return c.unwritable("change the issue", col, err)
	}
	ed.fields[col.id] = v
	return nil
}

// planMark adds our mark to an issue that is what was seen, and carries no other mark.
func (c *Connector) planMark(p task.Patch, is *wireIssue, ed *edit) error {
	for _, col := range c.columns {
		if cur, _ := c.read(col, is); !p.Expect[col.field].IsNone() && !cur.Same(p.Expect[col.field]) {
			return c.conflict(col.field, cur)
		}
	}
	marks := c.marks(is)
	switch {
	case len(marks) == 1 && marks[0] == p.Task:
		return nil
	case len(marks) > 0:
		return c.fault(fault.New(fault.Conflict, fault.Precondition, "mark the issue", "it carries the mark of %s", marks[0]))
	}
	ops, _ := ed.update["labels"].([]operation)
	ed.update["labels"] = append(ops, operation{"add": markLabel(p.Task)})
	return nil
}

func (c *Connector) noField(op string, f task.Field) error {
	return c.fault(fault.New(fault.Permanent, fault.SchemaDrift, op, "this Jira has no field for %s", f).
		WithHint("change fields.%s in the configuration to a field that Jira has", f))
}

func (c *Connector) unwritable(op string, col column, err error) error {
	return c.fault(fault.New(fault.Permanent, fault.Unsupported, op, "%w", err).
		WithHint("change %s in Jira, or map another field to %s", quoteName(col.name), col.field))
}

func (c *Connector) conflict(f task.Field, cur task.Value) error {
	return c.fault(fault.New(fault.Conflict, fault.Precondition, "change the issue", "its %s is %s by now", f, quoteName(cur.Display())))
}

func (c *Connector) refusal(f task.Field, p *task.Problem) error {
	reason := fault.Unsupported
	if p.Reason == task.HoldUnmatchedPerson {
		reason = fault.Invalid
	}
	return c.fault(fault.New(fault.Permanent, reason, "change the issue", "its %s cannot be set", f).WithHint("%s", p.Hint))
}

// edit sends an edit. Where Jira refuses some fields by name and there are others, the others are sent alone: a person
// who cannot be assigned must not keep a due date from getting through. Where it names none, each is sent alone. What was refused
// comes back as refused.
func (c *Connector) edit(ctx context.Context, is *wireIssue, ed edit) (got *wireIssue, refused, err error) {
	got, err = c.api.edit(ctx, is.ID, ed.fields, ed.update)
	call, ok := asCall(err)
	switch {
	case !ok || call.status != http.StatusBadRequest:
		return got, nil, err
	case len(call.fields) == 0 && ed.size() > 1 && call.own:
		landed, refused := c.editSingly(ctx, is.ID, ed)
		if !landed {
			return nil, nil, err
		}
		return nil, refused, nil
	case len(call.fields) == 0:
		return got, nil, err
	}
	first := c.offScreen(ctx, is, call)
	rest := ed.without(call.fields)
	if rest.size() == 0 || rest.size() != ed.size()-len(call.fields) {
		return got, nil, first
	}
	got, second := c.api.edit(ctx, is.ID, rest.fields, rest.update)
	if second != nil {
		return nil, nil, first
	}
	return got, first, nil
}

// editSingly sends each field of an edit alone, up to an error that is not about the field. It returns whether any went through,
// and what became of those that did not, by name.
func (c *Connector) editSingly(ctx context.Context, id string, ed edit) (landed bool, refused error) {
	for _, field := range slices.Sorted(maps.Keys(ed.names())) {
		one := edit{fields: map[string]any{}, update: map[string]any{}}
		if v, ok := ed.fields[field]; ok {
			one.fields[field] = v
		} else {
			one.update[field] = ed.update[field]
		}
		_, err := c.api.edit(ctx, id, one.fields, one.update)
		if err == nil {
			landed = true
			continue
		}
		call, ok := asCall(err)
		about := ok && call.status == http.StatusBadRequest
		if about && len(call.fields) == 0 {
			f := *call.fault
			f.Err = fmt.Errorf("%s: %w", quoteName(c.nameOfField(field)), cause(call.fault))
			err = &callError{fault: &f, status: call.status}
		}
		if refused = both(refused, err); !about {
			break
		}
	}
	return landed, refused
}

// names are the ids of the fields that are edited.
func (e edit) names() map[string]bool {
	out := map[string]bool{}
	for id := range e.fields {
		out[id] = true
	}
	for id := range e.update {
		out[id] = true
	}
	return out
}

// nameOfField is what people call a field of Jira's, its id where it is not mapped.
func (c *Connector) nameOfField(id string) string {
	for _, col := range c.columns {
		if col.id == id {
			return col.name
		}
	}
	return id
}

// offScreen tells a field that cannot be edited at all from a value that Jira does not take. What Jira says may be in any
// language, so it is asked which fields can be edited.
func (c *Connector) offScreen(ctx context.Context, is *wireIssue, call *callError) error {
	screen, err := c.api.editScreen(ctx, is.ID)
	if err != nil || len(screen) == 0 {
		return call // then its own words have to do
	}
	var names []string
	var ours []string
	for _, id := range sortedKeys(call.fields) {
		if _, editable := screen[id]; editable {
			continue
		}
		name := id
		for _, col := range c.columns {
			if col.id == id {
				name = col.name
				ours = append(ours, "fields."+col.field.String())
			}
		}
		names = append(names, quoteName(name))
	}
	if len(names) == 0 {
		return call
	}
	list := strings.Join(names, ", ")
	issueType, project := is.named("issuetype").Name, is.named("project").Key
	f := fault.New(fault.Permanent, fault.SchemaDrift, "change the issue", "%s cannot be edited on issues of the type %s in project %s (%s)",
		list, quoteName(issueType), project, clipped(joined(call.fields)))
	hint := fmt.Sprintf("add %s to the edit screen of the issue type %s in project %s", list, quoteName(issueType), project)
	if len(ours) > 0 {
		slices.Sort(ours)
		hint += ", or take " + strings.Join(ours, ", ") + " out of the configuration"
	}
	return &callError{fault: c.fault(f.WithHint("%s", hint)), status: call.status, fields: call.fields}
}

func joined(fields map[string]string) string {
	said := make([]string, 0, len(fields))
	for _, id := range sortedKeys(fields) {
		said = append(said, id+": "+fields[id])
	}
	return strings.Join(said, "; ")
}

// about reports that an error is about this one status of this one issue: its other fields may be written all the same.
func about(err error) bool {
	f := fault.Of(err)
	return f.Kind == fault.Permanent && (f.Reason == fault.Unsupported || f.Reason == fault.Invalid)
}

// both is one error that says what two say, of the first one's kind; either may be nil.
func both(first, second error) error {
	switch {
	case first == nil:
		return second
	case second == nil:
		return first
	}
	f, g := *fault.Of(first), fault.Of(second)
	f.Err = fmt.Errorf("%w; %w", cause(&f), cause(g))
	f.Hint = strings.Trim(f.Hint+"; "+g.Hint, "; ")
	out := &callError{fault: &f}
	if call, ok := asCall(first); ok {
		out.status, out.uncertain, out.perIssue, out.fields = call.status, call.uncertain, call.perIssue, call.fields
	}
	return out
}
