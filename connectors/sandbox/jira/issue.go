package jira

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// rich is text that Jira shows with layout: a string on version 2 paths, a document on version 3. Whichever way it was
// written it is kept, so that it is read back there as it was.
type rich struct {
	text string
	doc  map[string]any // nil: made from the text when somebody asks
}

// issue is one state of an issue. It is never changed once it is in a record: an edit makes a new one.
type issue struct {
	id          int64
	key         string
	parent      int64 // id of the issue above, 0 for none
	security    *named
	project     *project
	kind        *issueType
	status      *status
	resolution  *named
	resolved    time.Time
	priority    *named
	summary     string
	noSummary   bool // a loaded file had none
	description rich
	noText      bool // the description is null
	assignee    *user
	reporter    *user
	creator     *user
	due         string // yyyy-mm-dd, "" for none
	labels      []string
	components  []*named
	created     time.Time
	updated     time.Time

	extra    map[string]any // further fields, as they are answered: loaded ones and custom ones
	props    map[string]json.RawMessage
	comments []comment
	claimed  int // comments that a loaded file says there are, which may be more than it lists
	links    []remoteLink
	taken    int     // transitions, for one that leads back to where it began changes nothing else
	then     *status // where a rule of the workflow moves the issue right after this state
	history  []historyEntry
}

type remoteLink struct {
	id       int64
	globalID string
	body     map[string]any // as it was sent
}

type historyEntry struct {
	id     int64
	author *user
	at     time.Time
	items  []change
}

// change is one field's, as the changelog tells it: ids or raw values, and what people read.
type change struct {
	field, fieldID       string
	custom               bool
	from, to             any // string or nil
	fromString, toString string
}

// clone copies what an edit may touch.
func (i *issue) clone() *issue {
	d := *i
	d.labels = slices.Clone(i.labels)
	d.components = slices.Clone(i.components)
	d.extra = maps.Clone(i.extra)
	d.props = maps.Clone(i.props)
	d.comments = slices.Clone(i.comments)
	d.links = slices.Clone(i.links)
	d.history = slices.Clip(i.history)
	return &d
}

// number is the part of the key after the dash, for sorting.
func (i *issue) number() int {
	n, _ := strconv.Atoi(i.key[strings.LastIndexByte(i.key, '-')+1:])
	return n
}

// find resolves an id, a key or a former key, in any case; nil when there is no such issue.
func (s *Server) find(word string) *issue {
	id, ok := s.keys[word]
	if !ok {
		id, ok = s.keys[strings.ToUpper(word)]
	}
	if !ok {
		n, err := strconv.ParseInt(word, 10, 64)
		if err != nil {
			return nil
		}
		id = n
	}
	if r := s.records[id]; r != nil {
		return r.latest()
	}
	return nil
}

// edit makes a new state of an issue: f changes a copy, and what it changed goes into the history under the author's name.
// It returns the new state, or the old one when f changed nothing that counts.
func (s *Server) edit(old *issue, by *user, f func(d *issue)) *issue {
	d := old.clone()
	d.then = nil
	d.updated = s.stamp()
	if !d.updated.After(old.updated) { // loaded from a file whose clock is ahead of ours
		d.updated = old.updated.Add(time.Millisecond)
	}
	f(d)
	items := s.diff(old, d)
	touched := !slices.EqualFunc(d.comments, old.comments, sameComment) || len(d.links) != len(old.links) || d.taken != old.taken
	if len(items) == 0 && !touched {
		return old
	}
	if len(items) > 0 {
		s.nextSub++
		d.history = append(d.history, historyEntry{id: s.nextSub, author: by, at: d.updated, items: items})
	}
	s.put(d.id, d)
	s.tellEdited(old, d, by, items)
	if next := d.then; next != nil {
		return s.edit(d, s.catalogue.addUser(automation, ""), func(x *issue) { s.enter(x, next, nil) })
	}
	return d
}

// quiet makes a new state without touching `updated`, as Jira does for entity properties.
func (s *Server) quiet(old *issue, f func(d *issue)) {
	d := old.clone()
	f(d)
	s.put(d.id, d)
}

// diff lists the fields in which two states of an issue differ.
func (s *Server) diff(a, b *issue) []change {
	var out []change
	add := func(field, id string, from, to any, fromString, toString string) {
		if from == to && fromString == toString {
			return
		}
		out = append(out, change{field: field, fieldID: id, from: from, to: to, fromString: fromString, toString: toString})
	}
	ref := func(field, id string, x, y *named) { add(field, id, idOrNil(x), idOrNil(y), nameOf(x), nameOf(y)) }
	who := func(field, id string, x, y *user) {
		add(field, id, s.pastID(x), s.pastID(y), displayOf(x), displayOf(y))
	}
	add("summary", "summary", nil, nil, a.summary, b.summary)
	add("description", "description", nil, nil, a.description.text, b.description.text)
	ref("status", "status", &a.status.named, &b.status.named)
	ref("resolution", "resolution", a.resolution, b.resolution)
	ref("priority", "priority", a.priority, b.priority)
	ref("issuetype", "issuetype", &a.kind.named, &b.kind.named)
	who("assignee", "assignee", a.assignee, b.assignee)
	who("reporter", "reporter", a.reporter, b.reporter)
	add("duedate", "duedate", textOrNil(a.due), textOrNil(b.due), withMidnight(a.due), withMidnight(b.due))
	add("labels", "labels", nil, nil, strings.Join(a.labels, " "), strings.Join(b.labels, " "))
	add("Component", "components", nil, nil, namesOf(a.components), namesOf(b.components))
	s.diffParent(a, b, add)
	ref("security", "security", a.security, b.security)
	add("Key", "", nil, nil, a.key, b.key)
	for _, def := range s.fieldDefs() {
		if !def.custom {
			continue
		}
		from, fromString := s.tell(a.extra[def.id])
		to, toString := s.tell(b.extra[def.id])
		add(def.name, def.id, from, to, fromString, toString)
		if n := len(out); n > 0 && out[n-1].fieldID == def.id {
			out[n-1].custom = true
		}
	}
	return out
}

func idOrNil(n *named) any {
	if n == nil {
		return nil
	}
	return n.id
}

func nameOf(n *named) string {
	if n == nil {
		return ""
	}
	return n.name
}

// pastID is how the changelog refers to a person: by what does not change.
func (s *Server) pastID(u *user) any {
	switch {
	case u == nil:
		return nil
	case s.dataCenter():
		return u.key
	}
	return u.account
}

func displayOf(u *user) string {
	if u == nil {
		return ""
	}
	return u.name
}

func textOrNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// withMidnight is how the changelog shows people a date.
func withMidnight(date string) string {
	if date == "" {
		return ""
	}
	return date + " 00:00:00.0"
}

func namesOf(all []*named) string {
	var out []string
	for _, n := range all {
		out = append(out, n.name)
	}
	return strings.Join(out, ", ")
}

func printed(v any) string {
	if v == nil {
		return ""
	}
	b, _ := json.Marshal(v)
	return strings.Trim(string(b), `"`)
}
