package jira

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// form is what creating an issue takes: the type's id and the fields of its create screen.
type form struct {
	typeID string
	fields map[string]wireScreenField
}

// createForm is the form of the configured project and issue type, read once an hour.
func (c *Connector) createForm(ctx context.Context) (*form, error) {
	project, typeName := c.createProject(), c.cfg.issueType()
	key := project + "\x00" + typeName
	if f := c.forms[key]; f != nil {
		return f, nil
	}
	const op = "read what a new issue needs"
	types, err := c.api.createTypes(ctx, project)
	if err != nil {
		if call, ok := asCall(err); ok && (call.status == http.StatusNotFound || call.status == http.StatusBadRequest) {
			call.fault.Hint = fmt.Sprintf("there is no project %s, or the account may not create issues in it: check create.project", quoteName(project))
		}
		return nil, err
	}
	f := &form{fields: map[string]wireScreenField{}}
	offered := make([]string, 0, len(types))
	for _, t := range types {
		if fold(t.Name) == fold(typeName) || t.ID == typeName {
			f.typeID = t.ID
		}
		offered = append(offered, t.Name)
	}
	if f.typeID == "" {
		return nil, c.fault(fault.New(fault.Permanent, fault.Invalid, op, "project %s has no issue type %s", quoteName(project), quoteName(typeName)).
			WithHint("change create.issue_type%s", didYouMean(typeName, offered)))
	}
	fields, err := c.api.createFields(ctx, project, f.typeID)
	if err != nil {
		return nil, err
	}
	for _, fd := range fields {
		id := fd.FieldID
		if id == "" {
			id = fd.Key
		}
		f.fields[id] = fd.wireScreenField
	}
	c.learnScreen(f.fields)
	c.forms[key] = f
	return f, nil
}

// create makes an issue with the task's mark in it. It is read back, and moved to its status, in batch.finish.
func (b *batch) create(ctx context.Context, i int) {
	p, c := b.patches[i], b.c
	if c.cfg.Create == nil {
		b.fail(i, c.fault(fault.New(fault.Permanent, fault.Unsupported, createOp, "the configuration names no project for new issues").
			WithHint("add create: {project: …} to this source")), false)
		return
	}
	fm, err := c.createForm(ctx)
	if err != nil {
		b.fail(i, err, false)
		return
	}
	fields, l, err := c.newIssue(p, fm)
	if err != nil {
		b.fail(i, err, false)
		return
	}
	is, err := c.api.create(ctx, fields, p.Task)
	if call, ok := asCall(err); ok && call.status == http.StatusBadRequest {
		clear(c.forms) // what the project needs may have changed
		if drop(fields, call.fields) {
			// A 400 says that nothing was made. The task must not stay out for a field that can wait.
			l.refused = both(l.refused, err)
			is, err = c.api.create(ctx, fields, p.Task)
		}
	}
	if err != nil {
		b.fail(i, err, false)
		return
	}
	c.wrote(is.ID)
	l.at, l.id, l.created = i, is.ID, true
	b.loose = append(b.loose, l)
}

// drop takes the fields that Jira refused by name out of a create; false where the create cannot do without them.
func drop(fields map[string]any, refused map[string]string) bool {
	for id := range refused {
		if _, sent := fields[id]; !sent || slices.Contains([]string{"summary", "project", "issuetype", "labels"}, id) {
			return false
		}
	}
	for id := range refused {
		delete(fields, id)
	}
	return len(refused) > 0
}

// newIssue is the body of a create, and what can only be made true after it. A field that cannot be written is left out: the
// task must not stay out for its sake.
func (c *Connector) newIssue(p task.Patch, fm *form) (map[string]any, loose, error) {
	project := wireNamed{Key: c.createProject()}
	if _, err := parseID(project.Key); err == nil {
		project = wireNamed{ID: project.Key}
	}
	labels := []string{markLabel(p.Task)}
	fields := map[string]any{"project": project, "issuetype": wireNamed{ID: fm.typeID}}
	var l loose
	for _, ch := range p.Set {
		col, ok := c.column(ch.Field)
		if !ok {
			l.refused = both(l.refused, c.noField(createOp, ch.Field))
			continue
		}
		to, problem := c.normalize(col, ch.To, task.Value{})
		if problem != nil {
			l.refused = both(l.refused, c.refusal(ch.Field, problem))
			continue
		}
		_, onScreen := fm.fields[col.id]
		switch {
		case to.IsEmpty():
		case col.shape == shapeStatus:
			l.status = to.String()
		case col.id == "labels":
			labels = append(labels, to.Items()...)
		case !onScreen || col.shape == shapeLog:
			l.late = append(l.late, task.Change{Field: ch.Field, To: to})
		default:
			v, err := c.encode(col, to, nil)
			if err != nil {
				l.refused = both(l.refused, c.unwritable(createOp, col, err))
				continue
			}
			fields[col.id] = v
		}
	}
	fields["labels"] = labels
	return fields, l, c.fillForm(fields, fm)
}

// complete makes the rest of a create true: the status, and fields that the create screen does not have.
func (b *batch) complete(ctx context.Context, l loose, is *wireIssue) {
	c := b.c
	r := c.record(is)
	b.out[l.at].Record = &r
	ed := edit{fields: map[string]any{}, update: map[string]any{}}
	if st, ok := c.meaning.read(is); l.status != "" && (!ok || st != l.status) {
		ed.status = l.status
	}
	for _, ch := range l.late {
		col, ok := c.column(ch.Field)
		if !ok {
			continue
		}
		cur, _ := c.read(col, is)
		if cur.Same(ch.To) {
			continue
		}
		if err := c.put(&ed, col, ch.To, is); err != nil {
			l.refused = both(l.refused, err)
		}
	}
	if ed.status != "" || !ed.empty() {
		b.carryOut(ctx, l.at, is, ed, nil)
	}
	if b.out[l.at].Err == nil && l.refused != nil {
		b.fail(l.at, l.refused, true)
	}
	if b.out[l.at].Err == nil {
		return
	}
	// The issue is there, whatever became of the rest: that is known, and it must never be made again. What the create left
	// in a field that did not get its value is Jira's, and nobody's word.
	for _, ch := range b.patches[l.at].Set {
		if left := &b.out[l.at].Left[ch.Field]; left.IsNone() && !r.Values[ch.Field].Same(ch.To) {
			*left = r.Values[ch.Field]
		}
	}
	f := *fault.Of(b.out[l.at].Err)
	f.Kind = fault.Partial
	b.out[l.at].Err, b.out[l.at].Uncertain = &f, false
}
