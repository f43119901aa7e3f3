package jira

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Seed is an issue to begin with. Only Summary is needed.
type Seed struct {
	Summary     string
	Status      string // a status's name, or a resolution's for an issue closed with it; default the workflow's first
	Assignee    string // display name; the person is made when there is none of that name
	Email       string // of the assignee
	Due         string // yyyy-mm-dd
	Labels      []string
	Priority    string // default "Medium"
	Type        string // default "Task"
	Component   string
	Parent      string // key of the issue above, which must be of the right level
	Description string
	Created     time.Time // default now; an issue older than the index's lag is found by search at once
	Updated     time.Time // default Created
}

// View is an issue laid flat, for assertions and pages. Absent things are "".
type View struct {
	ID, Key, Project, Type string
	Summary, Description   string
	Status, Category       string // the category's key: new, indeterminate, done
	Resolution             string
	Assignee, AssigneeID   string // AssigneeID is the account id, on Data Center the user name
	Due                    string // yyyy-mm-dd
	Labels                 []string
	Priority               string
	Components             []string
	Custom                 map[string]any
	Properties             map[string]string // key → JSON
	Comments               []string          // their texts
	CommentViews           []CommentView
	Links                  []string // global ids of remote links
	Parent                 string   // key of the issue above
	Security               string   // name of the level
	Created, Updated       time.Time
	Resolved               time.Time // zero when it is not
}

// Add makes an issue in the default project, as a person would, and returns its key. A status or a type that the project
// does not have is taken to be the default one, a parent of the wrong level is left out, and a sub-task without a parent is
// a task: Add is for seeds, which have no use for an error.
func (s *Server) Add(seed Seed) (key string) {
	in := s.Project()
	s.locked(func() {
		p := s.catalogue.projects[in]
		s.nextID++
		p.last++
		now := s.stamp()
		d := &issue{
			id: s.nextID, key: fmt.Sprintf("%s-%d", p.key, p.last), project: p,
			kind: cmp.Or(p.typeNamed(seed.Type), p.typeNamed("Task"), p.types[0]), status: p.initial(),
			priority: cmp.Or(lookup(s.catalogue.priorities, seed.Priority), lookup(s.catalogue.priorities, "Medium")),
			summary:  seed.Summary, description: rich{text: seed.Description}, noText: seed.Description == "",
			due: seed.Due, labels: sortedSet(seed.Labels), extra: map[string]any{},
			created: now, updated: now,
		}
		if !seed.Created.IsZero() {
			d.created, d.updated = seed.Created.Truncate(time.Millisecond), seed.Created.Truncate(time.Millisecond)
		}
		if !seed.Updated.IsZero() {
			d.updated = seed.Updated.Truncate(time.Millisecond)
		}
		if seed.Assignee != "" {
			d.assignee = s.catalogue.addUser(seed.Assignee, seed.Email)
		}
		d.reporter = s.editor(d)
		d.creator = d.reporter
		if seed.Component != "" {
			d.components = []*named{p.component(seed.Component, &s.catalogue)}
		}
		if seed.Parent != "" {
			_ = s.putUnder(d, map[string]any{"key": seed.Parent})
		}
		if d.kind.subtask && d.parent == 0 {
			d.kind = cmp.Or(p.typeNamed("Task"), p.types[0])
		}
		s.fillDefaults(d)
		if st, res := s.statusWord(p, seed.Status); st != nil {
			s.enter(d, st, res)
		}
		if d.updated.Before(now) && d.updated.Before(s.now().Add(-s.lagOf(d.id, 1))) {
			s.putPast(d)
		} else {
			s.put(d.id, d)
		}
		s.tellCreated(d, d.creator)
		key = d.key
	})
	return key
}

// editor is in whose name a person's edit goes into the history: the assignee's, else some member's. It is never the
// account of a client, which must be able to tell its own edits from people's.
func (s *Server) editor(i *issue) *user {
	if i.assignee != nil && i.assignee != s.bot {
		return i.assignee
	}
	return s.catalogue.addUser("A project member", "")
}

// component finds a component of the project by name, and makes it when there is none.
func (p *project) component(name string, c *catalogue) *named {
	n := lookup(p.components, name)
	if n == nil {
		n = entry(c.id(), name)
		p.components = append(p.components, n)
	}
	return n
}

// statusWord reads what a person means by a status: its name, or a resolution with which an issue is closed.
func (s *Server) statusWord(p *project, word string) (*status, *named) {
	if st := p.statusNamed(word); st != nil {
		return st, nil
	}
	res := lookup(s.catalogue.resolutions, word)
	if res == nil {
		return nil, nil
	}
	for _, st := range p.statuses {
		if st.done() {
			return st, res
		}
	}
	return nil, nil
}

// Set is a person's edit: keys are summary, description, duedate (yyyy-mm-dd), assignee (display name; somebody new is
// made known), priority (name), labels ([]string), components ([]string), status (name, whatever the workflow says),
// resolution (name, of a done issue), parent (key), and the ids of custom fields: a number, a text, a date, an option's or a
// person's name or a list of them, "Parent > Child" of a cascading field, a key of an epic link. nil or "" clears.
// `updated` moves when something changed. An error leaves the issue as it was.
func (s *Server) Set(key string, fields map[string]any) error {
	var err error
	s.locked(func() {
		old := s.find(key)
		if old == nil {
			err = fmt.Errorf("set fields of %s: no such issue", key)
			return
		}
		// On a copy first: a mistake in one field leaves all as they were.
		trial := old.clone()
		if err = s.setAll(trial, fields); err != nil {
			err = fmt.Errorf("set fields of %s: %w", key, err)
			return
		}
		s.edit(old, s.editor(old), func(d *issue) { err = s.setAll(d, fields) })
	})
	return err
}

func (s *Server) setAll(d *issue, fields map[string]any) error {
	names := make([]string, 0, len(fields))
	for n := range fields {
		names = append(names, n)
	}
	slices.Sort(names) // "resolution" before "status", which would clear it
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(b2i(a == "resolution"), b2i(b == "resolution")) })
	for _, n := range names {
		if err := s.setOne(d, n, fields[n]); err != nil {
			return fmt.Errorf("%s: %w", n, err)
		}
	}
	return nil
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (s *Server) setOne(d *issue, field string, value any) error {
	text, isText := value.(string)
	if def := s.fieldDef(field); def != nil && def.custom {
		return s.setCustom(d, def, value)
	}
	if value != nil && !isText && field != "labels" && field != "components" {
		return fmt.Errorf("want a string, not %T", value)
	}
	switch field {
	case "summary":
		if strings.TrimSpace(text) == "" {
			return fmt.Errorf("an issue needs one")
		}
		d.summary, d.noSummary = text, false
	case "description":
		if utf8.RuneCountInString(text) > maxText {
			return fmt.Errorf("it has %d characters at most", maxText)
		}
		d.description, d.noText = rich{text: text}, text == ""
	case "parent":
		var above any
		if text != "" {
			above = map[string]any{"key": text}
		}
		if msg := s.putUnder(d, above); msg != "" {
			return errors.New(msg)
		}
	case "duedate":
		if text != "" && !isDate(text) {
			return fmt.Errorf("%q is no date like 2026-01-31", text)
		}
		d.due = text
	case "assignee":
		d.assignee = nil
		if text != "" {
			d.assignee = s.catalogue.addUser(text, "")
		}
	case "priority":
		d.priority = lookup(s.catalogue.priorities, text)
		if text != "" && d.priority == nil {
			return fmt.Errorf("no priority %q", text)
		}
	case "labels":
		d.labels = sortedSet(texts(value))
	case "components":
		d.components = nil
		for _, n := range texts(value) {
			d.components = append(d.components, d.project.component(n, &s.catalogue))
		}
	case "status":
		st, res := s.statusWord(d.project, text)
		if st == nil {
			return fmt.Errorf("project %s has no status %q", d.project.key, text)
		}
		if st != d.status || res != nil {
			s.enter(d, st, res)
		}
	case "resolution":
		res := lookup(s.catalogue.resolutions, text)
		if text != "" && res == nil {
			return fmt.Errorf("no resolution %q", text)
		}
		d.resolution, d.resolved = res, d.updated
		if res == nil {
			d.resolved = time.Time{}
		}
	default:
		return errors.New("a person cannot set this")
	}
	return nil
}

func (s *Server) setCustom(d *issue, f *fieldDef, value any) error {
	if !f.in(d.project) {
		return fmt.Errorf("project %s does not have this field", d.project.key)
	}
	kept, err := s.typed(f, value)
	if err != nil {
		return err
	}
	d.setExtra(f.id, kept)
	return nil
}

func texts(value any) []string {
	switch v := value.(type) {
	case []string:
		return v
	case []any:
		var out []string
		for _, x := range v {
			out = append(out, fmt.Sprint(x))
		}
		return out
	case string:
		return strings.Fields(v)
	}
	return nil
}

// Delete removes an issue for good, as a person would. Search goes on showing it until the index has caught up.
func (s *Server) Delete(key string) error {
	var err error
	s.locked(func() {
		i := s.find(key)
		if i == nil {
			err = fmt.Errorf("delete %s: no such issue", key)
			return
		}
		s.remove(i, s.editor(i))
	})
	return err
}

func (s *Server) remove(i *issue, by *user) {
	s.put(i.id, nil)
	s.tellDeleted(i, by)
	s.stamp()
}

// Move gives an issue a key in another project, which is made when there is none. Its id stays, and the old key still
// leads to it.
func (s *Server) Move(key, to string) (newKey string, err error) {
	s.locked(func() {
		old := s.find(key)
		if old == nil {
			err = fmt.Errorf("move %s: no such issue", key)
			return
		}
		p := s.catalogue.projects[to]
		if p == nil {
			p = s.catalogue.seedProject(to, to)
		}
		p.last++
		newKey = fmt.Sprintf("%s-%d", p.key, p.last)
		s.edit(old, s.editor(old), func(d *issue) {
			d.key, d.project = newKey, p
			d.kind = cmp.Or(p.typeNamed(d.kind.name), p.typeNamed("Task"), p.types[0])
			if !slices.Contains(p.statuses, d.status) {
				s.enter(d, cmp.Or(p.statusNamed(d.status.name), p.initial()), nil)
			}
			d.components = nil // they belong to a project
		})
	})
	return newKey, err
}

// Issue returns an issue by its id, its key or a former key, as it is now; false when there is none.
func (s *Server) Issue(idOrKey string) (View, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.find(idOrKey)
	if i == nil {
		return View{}, false
	}
	return s.viewOf(i), true
}

// viewOf is a view with what only the other issues and the fields' definitions know.
func (s *Server) viewOf(i *issue) View {
	v := i.view()
	if above := s.issueNumbered(i.parent); above != nil {
		v.Parent = above.key
	}
	for id, x := range v.Custom {
		if s.gone[id] {
			delete(v.Custom, id)
		} else {
			v.Custom[id] = s.flat(x)
		}
	}
	return v
}

// Keys lists the keys of all issues in the order in which they were made.
func (s *Server) Keys() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]string, 0, len(s.order))
	for _, id := range s.order {
		if i := s.records[id].latest(); i != nil {
			out = append(out, i.key)
		}
	}
	return out
}

func (i *issue) view() View {
	v := View{
		ID: strconv.FormatInt(i.id, 10), Key: i.key, Project: i.project.key, Type: i.kind.name,
		Summary: i.summary, Description: i.description.text, Status: i.status.name, Category: i.status.category.key,
		Resolution: nameOf(i.resolution), Assignee: displayOf(i.assignee), Due: i.due, Labels: slices.Clone(i.labels),
		Priority: nameOf(i.priority), Created: i.created, Updated: i.updated, Resolved: i.resolved,
		Custom: map[string]any{}, Properties: map[string]string{}, Security: nameOf(i.security),
	}
	if i.assignee != nil {
		v.AssigneeID = i.assignee.account
	}
	for _, c := range i.components {
		v.Components = append(v.Components, c.name)
	}
	for k, x := range i.extra {
		if strings.HasPrefix(k, "customfield_") {
			v.Custom[k] = x
		}
	}
	for k, x := range i.props {
		v.Properties[k] = string(x)
	}
	for _, c := range i.comments {
		v.Comments = append(v.Comments, c.body.text)
		v.CommentViews = append(v.CommentViews, c.view())
	}
	for _, l := range i.links {
		v.Links = append(v.Links, l.globalID)
	}
	return v
}

// sortedSet is how Jira keeps labels.
func sortedSet(in []string) []string {
	out := slices.Clone(in)
	slices.Sort(out)
	return slices.Compact(out)
}

func isDate(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}
