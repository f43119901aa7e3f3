package jira

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/lockstep-sync/lockstep/sync/fault"
)

// edit sends an edit. Where Jira refuses some fields by name and there are others, the others are sent alone: a person
// who cannot be assigned must not keep a due date from getting through. What was refused comes back as refused.
func (c *Connector) edit(ctx context.Context, is *wireIssue, ed edit) (got *wireIssue, refused, err error) {
	got, err = c.api.edit(ctx, is.ID, ed.fields, ed.update)
	call, ok := asCall(err)
	if !ok || call.status != http.StatusBadRequest || len(call.fields) == 0 {
		return got, nil, err
	}
	first := c.offScreen(ctx, is, call)
	rest := ed.without(call.fields)
	if rest.empty() || rest.size() != ed.size()-len(call.fields) {
		return got, nil, first
	}
	got, second := c.api.edit(ctx, is.ID, rest.fields, rest.update)
	if second != nil {
		return nil, nil, first
	}
	return got, first, nil
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
