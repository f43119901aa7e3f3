package jira

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// clean sees to a resolution that stayed from an earlier time when the issue was closed: a workflow that does not take
// it off on reopening would have the next closing show it again, and Done would read as Cancelled.
//
// A resolution is set on the screen of a transition where it is on it, and nowhere else but here.
func (b *batch) clean(ctx context.Context, m *move, s step) error {
	c := b.c
	if s.to.Category.Key != "done" || s.resolution != "" || m.resolution == "" || m.is.status().Category.Key == "done" {
		return nil
	}
	if m.hops() > 0 {
		if at := c.whereIs(ctx, m); at != m.is.status().ID {
			return nil // the transition will find out
		}
	}
	old := m.is.named("resolution").Name
	target, _ := c.meaning.of(s.to, "")
	if got, ok := c.meaning.of(s.to, old); old == "" || ok && got == target {
		return nil
	}
	done, err := c.mend(ctx, m, s.to, target)
	m.wary = err == nil && !done // the workflow may set another one by itself: that shows only there
	return err
}

// asMeant looks at an issue that kept an old resolution, once it is closed again: where that one still stands, it now
// says what nobody said.
func (c *Connector) asMeant(ctx context.Context, m *move, s step) error {
	if !m.wary || s.to.Category.Key != "done" {
		return nil
	}
	m.wary = false
	if c.whereIs(ctx, m) != s.to.ID {
		return nil
	}
	old := m.is.named("resolution").Name
	target, _ := c.meaning.of(s.to, "")
	got, _ := c.meaning.of(s.to, old)
	if got == target {
		return nil
	}
	f := fault.New(fault.Permanent, fault.Unsupported, "move the issue",
		"it kept the resolution %s from an earlier time, which makes it %s", quoteName(old), task.StatusDisplay(got))
	return c.fault(f.WithHint("have the workflow take the resolution off when an issue is reopened, or put Resolution on the screen of the transition to %s",
		quoteName(s.to.Name)))
}

// mend replaces the resolution by one that makes st mean want, if the edit screen has it; false where it has not.
func (c *Connector) mend(ctx context.Context, m *move, st wireStatus, want string) (bool, error) {
	screen, err := c.api.editScreen(ctx, m.is.ID)
	if err != nil {
		return false, err
	}
	f, ok := screen["resolution"]
	if !ok {
		return false, nil
	}
	var offered []string
	for _, ch := range f.choices() {
		offered = append(offered, ch.text())
	}
	r, ok := c.meaning.choose(st, want, offered)
	if !ok {
		return false, nil
	}
	if _, err := c.api.edit(ctx, m.is.ID, map[string]any{"resolution": wireNamed{Name: r}}, nil); err != nil {
		return false, fmt.Errorf("replace the resolution: %w", err)
	}
	c.wrote(m.is.ID)
	m.is.resolve(r)
	return true, nil
}

// editScreen are the fields of an issue that may be edited now, by id.
func (c *client) editScreen(ctx context.Context, id string) (map[string]wireScreenField, error) {
	var out struct {
		Fields map[string]wireScreenField `json:"fields"`
	}
	err := c.call(ctx, "read what may be edited", http.MethodGet, "issue/"+url.PathEscape(id)+"/editmeta", nil, &out)
	return out.Fields, err
}
