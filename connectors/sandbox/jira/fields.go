package jira

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// fieldDef is what the sandbox knows about a field of an issue.
type fieldDef struct {
	id, name string
	kind     string // of the schema: string, array, date, datetime, user, priority, …
	items    string // of an array
	system   string // empty for a custom field
	plugin   string // the custom field's type, in full
	number   int    // of a custom field
	custom   bool
	typ      FieldType // of a custom field
	options  []*option // of a field with options; a cascading one's parents
	initial  any       // what a new issue has when nobody says otherwise, as it is kept; nil for nothing
	projects []string  // keys of those that have the field; nil for all
	clauses  []string
	ops      []string // of the edit screen; nil when the field is on no screen
	create   bool     // it is on the create screen
	required bool     // there
	hidden   bool     // not part of *navigable

	// set reads a value sent by a client into an issue and returns Jira's complaint, "" for none.
	set func(s *Server, d *issue, v any, api int) string
}

const (
	textPlugin  = "com.atlassian.jira.plugin.system.customfieldtypes:"
	maxText     = 32767
	maxSummary  = 255
	wantsString = "Operation value must be a string"
	wantsDoc    = "Operation value must be an Atlassian Document (see the Atlassian Document Format)"
)

// fieldDefs lists the fields in the order in which Jira tells them.
func (s *Server) fieldDefs() []*fieldDef { return s.fields }

// systemFields are those that every Jira has.
func systemFields() []*fieldDef {
	return []*fieldDef{
		{id: "summary", name: "Summary", kind: "string", system: "summary", ops: []string{"set"}, create: true, required: true, set: setSummary},
		{id: "issuetype", name: "Issue Type", kind: "issuetype", system: "issuetype", clauses: []string{"issuetype", "type"}, create: true, required: true, set: setType},
		{id: "project", name: "Project", kind: "project", system: "project", create: true, required: true},
		{id: "parent", name: "Parent", kind: "issuelink", system: "parent", ops: []string{"set"}, create: true, set: setParent},
		{id: "description", name: "Description", kind: "string", system: "description", ops: []string{"set"}, create: true, set: setDescription},
		{id: "status", name: "Status", kind: "status", system: "status"},
		{id: "statusCategory", name: "Status Category", kind: "statusCategory", system: "statusCategory"},
		{id: "resolution", name: "Resolution", kind: "resolution", system: "resolution", set: setResolution},
		{id: "resolutiondate", name: "Resolved", kind: "datetime", system: "resolutiondate", clauses: []string{"resolutiondate", "resolved"}},
		{id: "priority", name: "Priority", kind: "priority", system: "priority", ops: []string{"set"}, create: true, set: setPriority},
		{id: "assignee", name: "Assignee", kind: "user", system: "assignee", ops: []string{"set"}, create: true, set: setAssignee},
		{id: "reporter", name: "Reporter", kind: "user", system: "reporter", ops: []string{"set"}, create: true, set: setReporter},
		{id: "creator", name: "Creator", kind: "user", system: "creator"},
		{id: "labels", name: "Labels", kind: "array", items: "string", system: "labels", ops: []string{"add", "set", "remove"}, create: true, set: setLabels},
		{id: "components", name: "Components", kind: "array", items: "component", system: "components", clauses: []string{"component"}, ops: []string{"add", "set", "remove"}, create: true, set: setComponents},
		{id: "duedate", name: "Due date", kind: "date", system: "duedate", clauses: []string{"due", "duedate"}, ops: []string{"set"}, create: true, set: setDue},
		{id: "created", name: "Created", kind: "datetime", system: "created", clauses: []string{"created", "createdDate"}},
		{id: "updated", name: "Updated", kind: "datetime", system: "updated", clauses: []string{"updated", "updatedDate"}},
		{id: "security", name: "Security Level", kind: "securitylevel", system: "security", clauses: []string{"level"}, set: setSecurity},
		{id: "comment", name: "Comment", kind: "comments-page", system: "comment", ops: []string{"add"}, hidden: true},
	}
}

// fieldDef finds a field by its id, nil when there is none.
func (s *Server) fieldDef(id string) *fieldDef {
	for _, f := range s.fields {
		if f.id == id {
			return f
		}
	}
	return nil
}

// in reports whether a project has the field.
func (f *fieldDef) in(p *project) bool {
	return f.projects == nil || slices.Contains(f.projects, p.key)
}

// schema is the field's type as the API tells it.
func (f *fieldDef) schema() map[string]any {
	out := map[string]any{"type": f.kind}
	if f.items != "" {
		out["items"] = f.items
	}
	if f.custom {
		out["custom"], out["customId"] = f.plugin, f.number
	} else {
		out["system"] = f.system
	}
	return out
}

// decodeAny reads JSON with its numbers as they were written.
func decodeAny(raw []byte) (any, error) {
	dec := json.NewDecoder(strings.NewReader(string(raw)))
	dec.UseNumber()
	var v any
	err := dec.Decode(&v)
	return v, err
}

func setSummary(_ *Server, d *issue, v any, _ int) string {
	text, ok := v.(string)
	switch {
	case v == nil || ok && strings.TrimSpace(text) == "":
		return "You must specify a summary of the issue."
	case !ok:
		return wantsString
	case strings.ContainsAny(text, "\r\n"):
		return "The summary is invalid because it contains newline characters."
	case utf8.RuneCountInString(text) > maxSummary:
		return "Summary can't exceed 255 characters."
	}
	d.summary, d.noSummary = text, false
	return ""
}

func setDescription(_ *Server, d *issue, v any, api int) string {
	body, empty, msg := readRich(v, api)
	if msg == "" && utf8.RuneCountInString(body.text) > maxText {
		msg = "The entered text is too long. It exceeds the allowed limit of 32,767 characters."
	}
	if msg == "" {
		d.description, d.noText = body, empty
	}
	return msg
}

// readRich reads a text with layout as the version of the path wants it.
func readRich(v any, api int) (body rich, empty bool, msg string) {
	if v == nil {
		return rich{}, true, ""
	}
	if api == 2 {
		text, ok := v.(string)
		if !ok {
			return rich{}, false, wantsString
		}
		return rich{text: text}, text == "", ""
	}
	doc, ok := v.(map[string]any)
	if !ok || doc["type"] != "doc" || printed(doc["version"]) != "1" {
		return rich{}, false, wantsDoc
	}
	if !validDocument(doc) {
		return rich{}, false, "INVALID_INPUT"
	}
	return rich{text: documentText(doc), doc: doc}, false, ""
}

func setPriority(s *Server, d *issue, v any, _ int) string {
	if v == nil {
		d.priority = nil
		return ""
	}
	n, msg := pick(v, s.catalogue.priorities, "Priority")
	if msg == "" {
		d.priority = n
	}
	return msg
}

// pick reads {"id"} or {"name"} of something in a list.
func pick(v any, all []*named, what string) (*named, string) {
	m, ok := v.(map[string]any)
	if !ok {
		return nil, fmt.Sprintf("Specify the %s (id or name) in a JSON object", what)
	}
	if id, ok := m["id"]; ok {
		if n := byID(all, fmt.Sprint(id), namedID); n != nil {
			return n, ""
		}
		return nil, fmt.Sprintf("%s id '%v' is not valid", what, id)
	}
	if name, ok := m["name"]; ok {
		if n := lookup(all, fmt.Sprint(name)); n != nil {
			return n, ""
		}
		return nil, fmt.Sprintf("%s name '%v' is not valid", what, name)
	}
	return nil, fmt.Sprintf("Specify a valid 'id' or 'name' for %s", what)
}

func (s *Server) readUser(v any, field string) (*user, string) {
	if v == nil {
		return nil, ""
	}
	m, ok := v.(map[string]any)
	if s.dataCenter() {
		return s.readNamed(m, ok, field)
	}
	if !ok {
		return nil, "expected Object"
	}
	account, ok := m["accountId"]
	if !ok {
		account, ok = m["id"]
	}
	if !ok {
		if _, byName := m["name"]; byName {
			return nil, "'accountId' must be the only user identifying query parameter in GDPR strict mode."
		}
		return nil, "Specify a valid value for " + field
	}
	if account == nil {
		return nil, ""
	}
	u := s.catalogue.byAccount[fmt.Sprint(account)]
	if u == nil || !u.active {
		return nil, "Specify a valid value for " + field
	}
	return u, ""
}

func setAssignee(s *Server, d *issue, v any, _ int) string {
	u, msg := s.readUser(v, "assignee")
	if msg == "" {
		d.assignee = u
	}
	return msg
}

func setReporter(s *Server, d *issue, v any, _ int) string {
	u, msg := s.readUser(v, "reporter")
	if msg == "" {
		d.reporter = u
	}
	return msg
}

func setDue(_ *Server, d *issue, v any, _ int) string {
	text, msg := readDate(v)
	if msg == "" {
		d.due = text
	}
	return msg
}

func readDate(v any) (text, msg string) {
	if v == nil {
		return "", ""
	}
	text, ok := v.(string)
	switch {
	case !ok:
		return "", wantsString
	case text != "" && !isDate(text):
		return "", "Error parsing date string: " + text
	}
	return text, ""
}

func setLabels(_ *Server, d *issue, v any, _ int) string {
	list, msg := readLabels(v)
	if msg == "" {
		d.labels = sortedSet(list)
	}
	return msg
}

func readLabels(v any) (labels []string, msg string) {
	if v == nil {
		return nil, ""
	}
	list, ok := v.([]any)
	if !ok {
		return nil, "data was not an array"
	}
	for _, x := range list {
		l, ok := x.(string)
		if !ok {
			return nil, "string expected at index 0"
		}
		if msg := badLabel(l); msg != "" {
			return nil, msg
		}
		labels = append(labels, l)
	}
	return labels, ""
}

func badLabel(l string) string {
	switch {
	case strings.ContainsAny(l, " \t\r\n"):
		return fmt.Sprintf("The label '%s' contains spaces which is invalid.", l)
	case utf8.RuneCountInString(l) > 255:
		return fmt.Sprintf("The label '%s' exceeds the maximum length for a label of 255 characters.", l)
	case l == "":
		return "The label cannot be empty."
	}
	return ""
}

func setComponents(_ *Server, d *issue, v any, _ int) string {
	list, ok := v.([]any)
	if v != nil && !ok {
		return "data was not an array"
	}
	var out []*named
	for _, x := range list {
		n, msg := pick(x, d.project.components, "Component")
		if msg != "" {
			return msg
		}
		if !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	d.components = out
	return ""
}

func setType(_ *Server, d *issue, v any, _ int) string {
	m, _ := v.(map[string]any)
	for _, t := range d.project.types {
		if id, ok := m["id"]; ok && fmt.Sprint(id) == t.id {
			d.kind = t
			return ""
		}
		if name, ok := m["name"].(string); ok && m["id"] == nil && strings.EqualFold(name, t.name) {
			d.kind = t
			return ""
		}
	}
	return "Specify a valid issue type"
}

func (d *issue) setExtra(id string, v any) {
	if d.extra == nil {
		d.extra = map[string]any{}
	}
	if v == nil {
		delete(d.extra, id)
		return
	}
	d.extra[id] = v
}
