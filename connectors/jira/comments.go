package jira

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// log is the entries of an issue's update log; false where the issue shows no comments that can be read.
func (c *Connector) log(raw json.RawMessage) ([]entry, bool) {
	var w wireComments
	if c.updates == nil || json.Unmarshal(raw, &w) != nil {
		return nil, false
	}
	return c.updates.entries(w.Comments, c.people.name, c.api.d.account, c.api.d.readRich), true
}

// normalizeUpdates is the notes that Jira would show.
func (c *Connector) normalizeUpdates(want, have task.Value) task.Value {
	if c.updates == nil {
		return have
	}
	_, shown := c.updates.changes(c.updates.read(have.String()), want.String())
	return task.TextValue(shown)
}

// know learns which account we are, by which our own comments are known.
func (c *Connector) know(me wireUser) {
	if c.updates != nil {
		c.updates.me, c.updates.name = c.api.d.account(me), c.people.name(me)
	}
}

// completeLogs reads the older comments of issues whose answer lists only some: a search and an issue give the newest ones alone.
// Where those hold a whole log already, nothing is read.
func (c *Connector) completeLogs(ctx context.Context, op string, issues []*wireIssue) error {
	for _, is := range issues {
		var w wireComments
		if is == nil || !is.get(commentField, &w) || w.Total <= len(w.Comments) {
			continue
		}
		if have, _ := c.log(is.Fields[commentField]); len(have) >= updatesMax {
			continue
		}
		all, err := c.api.comments(ctx, op, is.ID)
		if call, ok := asCall(err); ok && call.own && (call.status == http.StatusNotFound || call.status == http.StatusForbidden) {
			is.Fields[commentField] = shutComments // it is gone by now, or its comments are hidden: the others are read all the same
			continue
		}
		if err != nil {
			return err
		}
		raw, err := json.Marshal(wireComments{Comments: all, Total: len(all)})
		if err != nil {
			return c.odd(op, fmt.Sprintf("the comments of %s cannot be kept: %v", is.Key, err))
		}
		is.Fields[commentField] = raw
	}
	return nil
}

// shutComments stands where an issue's comments cannot be read: what is known of them is not all, and must not pass for it.
var shutComments = json.RawMessage(`"comments that cannot be read"`)

// commentPages bounds how far back comments are read: what is older than that many is no news.
const commentPages = 5

// comments are the newest comments of an issue, at most some hundreds.
func (c *client) comments(ctx context.Context, op, id string) ([]wireComment, error) {
	var out []wireComment
	for range commentPages {
		q := url.Values{"startAt": {fmt.Sprint(len(out))}, "maxResults": {"100"}, "orderBy": {"-created"}}
		var p wireComments
		if err := c.call(ctx, op, http.MethodGet, "issue/"+url.PathEscape(id)+"/comment?"+q.Encode(), nil, &p); err != nil {
			return nil, err
		}
		for _, w := range p.Comments {
			if !slices.ContainsFunc(out, func(x wireComment) bool { return x.ID == w.ID }) {
				out = append(out, w)
			}
		}
		if len(p.Comments) == 0 || len(out) >= p.Total {
			break
		}
	}
	return out, nil
}

// say makes a comment of ours, or changes it.
func (c *client) say(ctx context.Context, issue, comment, text string) error {
	body, err := c.d.writeRich(nil, text)
	if err != nil {
		f := fault.New(fault.Permanent, fault.Invalid, "write a comment", "%w", err)
		f.Source = c.source
		return f
	}
	method, path := http.MethodPost, "issue/"+url.PathEscape(issue)+"/comment"
	if comment != "" {
		method, path = http.MethodPut, path+"/"+url.PathEscape(comment)
	}
	// An empty author or audience beside the body, as some clients send them, is refused.
	err = c.call(ctx, "write a comment", method, path, map[string]any{"body": body}, &writtenComment{})
	if call, ok := asCall(err); ok && call.status == http.StatusForbidden {
		call.fault.Hint = "give the account the permissions Add Comments and Edit Own Comments in the project, or take comments out of the configuration"
	}
	return err
}

// tell writes what the notes add to an issue's log. It returns how many comments landed before an error.
func (c *Connector) tell(ctx context.Context, is *wireIssue, writes []commentWrite) (int, error) {
	for n, w := range writes {
		if err := c.api.say(ctx, is.ID, w.id, c.updates.body(w.text)); err != nil {
			return n, err
		}
		c.wrote(is.ID)
	}
	return len(writes), nil
}
