package jira

import (
	"encoding/json"
	"slices"
	"strconv"
)

// What a webhook's events say. Their issues and comments have the shape of the API's version 2, whatever the client speaks.

const (
	primary   = "Primary"
	secondary = "Secondary" // what follows from another change; Jira sends it later
)

// announce queues an event at every webhook that wants it. It is called under the lock.
func (s *Server) announce(event, flow string, body map[string]any) {
	var raw []byte
	for _, h := range s.webhooks {
		if !h.wants(event) {
			continue
		}
		if raw == nil {
			body["timestamp"], body["webhookEvent"] = s.now().UnixMilli(), event
			raw, _ = json.Marshal(body) // made of what came from JSON
		}
		h.send(flow, raw)
	}
}

// webhookLens shows things under the address that clients use.
func (s *Server) webhookLens() lens {
	base := s.opts.BaseURL
	if base == "" {
		base = s.lastBase
	}
	if base == "" {
		base = "https://jira.example"
	}
	return lens{s: s, api: 2, base: base}
}

func (l lens) eventIssue(i *issue) map[string]any {
	out := l.issue(i, wanted{all: true, without: []string{"comment"}})
	delete(out, "expand")
	return out
}

// shortIssue is what a comment's event says of its issue.
func (l lens) shortIssue(i *issue) map[string]any {
	out := l.issue(i, wanted{names: []string{"summary", "issuetype", "project", "assignee", "priority", "status"}})
	delete(out, "expand")
	return out
}

func (s *Server) tellCreated(i *issue, by *user) {
	if len(s.webhooks) == 0 {
		return
	}
	l := s.webhookLens()
	s.nextSub++
	items := []change{{field: "Status", fieldID: "status", to: i.status.id, toString: i.status.name}}
	for _, c := range s.diff(&issue{project: i.project, kind: i.kind, status: i.status}, i) {
		if c.field != "Key" {
			items = append(items, c)
		}
	}
	s.announce("jira:issue_created", s.flow(), map[string]any{
		"issue_event_type_name": "issue_created", "user": l.user(by), "issue": l.eventIssue(i),
		"changelog": l.eventChanges(s.nextSub, items),
	})
}

func (s *Server) tellDeleted(i *issue, by *user) {
	if len(s.webhooks) == 0 {
		return
	}
	l := s.webhookLens()
	s.announce("jira:issue_deleted", s.flow(), map[string]any{"user": l.user(by), "issue": l.eventIssue(i)})
	for _, c := range i.comments {
		body := map[string]any{"comment": l.comment(i, c)}
		if !s.dataCenter() {
			body["issue"] = l.shortIssue(i)
		}
		s.announce("comment_deleted", secondary, body)
	}
}

// tellEdited tells what an edit changed: the issue's fields in one event, each comment in one of its own.
func (s *Server) tellEdited(old, d *issue, by *user, items []change) {
	if len(s.webhooks) == 0 {
		return
	}
	l := s.webhookLens()
	commented := false
	say := func(event string, c comment) {
		commented = true
		if !s.dataCenter() {
			s.announce(event, s.flow(), map[string]any{"comment": l.comment(d, c), "issue": l.shortIssue(d)})
			return
		}
		// Its comment's event does not say of which issue, but in the comment's address; the issue's own event does.
		s.announce(event, primary, map[string]any{"comment": l.comment(d, c)})
		body := map[string]any{
			"issue_event_type_name": commentEventTypes[event], "user": l.user(by), "issue": l.eventIssue(d),
		}
		if event != "comment_deleted" {
			body["comment"] = l.comment(d, c)
		}
		s.announce("jira:issue_updated", primary, body)
	}
	find := func(all []comment, id string) int {
		return slices.IndexFunc(all, func(c comment) bool { return c.id == id })
	}
	for _, c := range old.comments {
		if find(d.comments, c.id) < 0 {
			say("comment_deleted", c)
		}
	}
	for _, c := range d.comments {
		switch at := find(old.comments, c.id); {
		case at < 0:
			say("comment_created", c)
		case !sameComment(c, old.comments[at]):
			say("comment_updated", c)
		}
	}
	if commented && len(items) == 0 {
		return
	}
	s.announce("jira:issue_updated", s.flow(), map[string]any{
		"issue_event_type_name": eventType(items), "user": l.user(by), "issue": l.eventIssue(d),
		"changelog": l.eventChanges(s.nextSub, items),
	})
}

// commentEventTypes are Data Center's names for edits of comments; read-only.
var commentEventTypes = map[string]string{
	"comment_created": "issue_commented", "comment_updated": "issue_comment_edited", "comment_deleted": "issue_comment_deleted",
}

// flow is Secondary for what a bulk operation does.
func (s *Server) flow() string {
	if s.inBulk {
		return secondary
	}
	return primary
}

// eventType is Jira's name for a kind of edit.
func eventType(items []change) string {
	switch {
	case slices.ContainsFunc(items, func(c change) bool { return c.fieldID == "status" }):
		return "issue_generic"
	case len(items) == 1 && items[0].fieldID == "assignee":
		return "issue_assigned"
	}
	return "issue_updated"
}

func (l lens) eventChanges(id int64, items []change) map[string]any {
	return map[string]any{"id": strconv.FormatInt(id, 10), "items": l.history(historyEntry{items: items})["items"]}
}
