package jira

import (
	"encoding/json"
	"fmt"
	"strconv"
)

// Issues above issues: an epic over tasks, a task over sub-tasks. An issue holds the id of the one above, since keys change.

const (
	wrongLevel   = "Given parent work item does not belong to appropriate hierarchy."
	otherProject = "Issues with this Issue Type must be created in the same project as the parent."
	noParent     = "Could not find issue by id or key."
	notSubtask   = "The issue type selected is not a sub-task." // on Data Center
	aloneSubtask = "Subtasks must have a parent."
)

// hasParents reports whether issues of a type can have a parent at all. On Data Center only sub-tasks can: tasks name
// their epic in a custom field.
func (s *Server) hasParents(kind *issueType) bool {
	return kind.subtask || kind.level == 0 && !s.dataCenter()
}

// blamed is the field that Jira names with a complaint, which for parents is not always the one that was sent.
func blamed(field, complaint string) string {
	switch {
	case field != "parent":
	case complaint == notSubtask:
		return "issuetype"
	case complaint == wrongLevel:
		return "parentId"
	case complaint == otherProject:
		return "pid"
	}
	return field
}

// setParent reads what a client sends. Data Center takes the parent of a new sub-task, and lets every other one pass without
// a word and without doing anything.
func setParent(s *Server, d *issue, v any, _ int) string {
	if s.dataCenter() && (d.id != 0 || d.kind == nil || !d.kind.subtask) {
		return ""
	}
	return s.putUnder(d, v)
}

// putUnder reads {"key"} or {"id"}. null, {} and {"none": true} take the parent away.
func (s *Server) putUnder(d *issue, v any) string {
	m, isObject := v.(map[string]any)
	switch {
	case v != nil && !isObject:
		return notObject
	case len(m) == 0 || m["none"] == true:
		if d.kind != nil && d.kind.subtask {
			return aloneSubtask
		}
		d.parent = 0
		d.setExtra("parent", nil)
		return ""
	}
	word, told := m["key"]
	if !told {
		word = m["id"]
	}
	above := s.find(fmt.Sprint(word))
	switch {
	case above == nil || !s.shows(above):
		return noParent
	case d.kind == nil: // the complaint about the type comes first
		return ""
	case !s.hasParents(d.kind) || above.id == d.id || above.kind.level != d.kind.level+1:
		return wrongLevel
	case d.kind.subtask && above.project != d.project:
		return otherProject
	}
	d.parent = above.id
	d.setExtra("parent", nil)
	return ""
}

// parent is the issue above as an answer tells it, nil for none. One that a file names without holding it is passed on.
func (l lens) parent(i *issue) any {
	above := l.s.issueNumbered(i.parent)
	switch {
	case above == nil:
		return i.extra["parent"]
	case !l.s.shows(above) || !l.s.hasParents(i.kind):
		return nil
	}
	id := strconv.FormatInt(above.id, 10)
	fields := map[string]any{
		"summary": above.summary, "status": l.status(above.status), "priority": l.entry("priority", above.priority), "issuetype": l.kind(above.kind),
	}
	if above.priority == nil {
		delete(fields, "priority")
	}
	return map[string]any{"id": id, "key": above.key, "self": l.self("issue", id), "fields": fields}
}

// diffParent tells a change of the parent under the name that the changelog has for it.
func (s *Server) diffParent(a, b *issue, add func(field, id string, from, to any, fromString, toString string)) {
	side := func(id int64) (any, string) {
		above := s.issueNumbered(id)
		if above == nil {
			return nil, ""
		}
		return strconv.FormatInt(id, 10), above.key
	}
	from, fromKey := side(a.parent)
	to, toKey := side(b.parent)
	name := "IssueParentAssociation"
	if s.dataCenter() {
		name = "Parent"
	}
	add(name, "", from, to, fromKey, toKey)
}

// parent reads the issue above from a file, which may come later in the file or not at all.
func (f *loadedFields) parent(d *issue) {
	raw := f.in["parent"]
	var ref struct {
		ID json.Number `json:"id"`
	}
	if !f.read("parent", &ref) {
		return
	}
	d.parent, _ = ref.ID.Int64()
	f.s.nextID = max(f.s.nextID, d.parent) // the number is taken, wherever its issue is
	if v, err := decodeAny(raw); err == nil {
		d.extra["parent"] = f.s.ownShape(v)
	}
}

// removeSubtasks deletes the sub-tasks of an issue that is to be deleted, where the client agrees to that.
func (c *call) removeSubtasks(i *issue) *answer {
	var below []*issue
	for _, id := range c.s.order {
		if sub := c.s.issueNumbered(id); sub != nil && sub.parent == i.id && sub.kind.subtask {
			below = append(below, sub)
		}
	}
	if len(below) > 0 && c.r.URL.Query().Get("deleteSubtasks") != "true" {
		a := fail(400, fmt.Sprintf("The issue '%s' has subtasks.  You must specify the 'deleteSubtasks' parameter to delete this issue and all its subtasks.", i.key))
		return &a
	}
	for _, sub := range below {
		c.s.remove(sub, c.s.bot)
	}
	return nil
}
