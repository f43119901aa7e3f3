package jira

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// loadedFields reads an issue's fields one by one and remembers the first thing that is wrong.
type loadedFields struct {
	s   *Server
	in  map[string]json.RawMessage
	err error
}

// read decodes a field into v and reports whether it is there and not null. The field then counts as read.
func (f *loadedFields) read(name string, v any) bool {
	raw, there := f.in[name]
	delete(f.in, name)
	if !there || string(raw) == "null" || f.err != nil {
		return false
	}
	if err := json.Unmarshal(raw, v); err != nil {
		f.err = fmt.Errorf("field %s: %w", name, err)
	}
	return f.err == nil
}

func (f *loadedFields) time(name string) time.Time {
	var text string
	if !f.read(name, &text) || text == "" {
		return time.Time{}
	}
	t, err := readTime(text)
	if err != nil {
		f.err = fmt.Errorf("field %s: %w", name, err)
	}
	return t
}

func readTime(text string) (time.Time, error) {
	for _, layout := range []string{"2006-01-02T15:04:05.999-0700", time.RFC3339Nano} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.Truncate(time.Millisecond), nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is no time like 2026-01-31T08:00:00.000+0000", text)
}

func (f *loadedFields) user(name string) *user {
	var u loadedUser
	if !f.read(name, &u) {
		return nil
	}
	return f.s.loadUser(&u)
}

func (s *Server) loadUser(u *loadedUser) *user {
	name := cmp.Or(u.DisplayName, u.Name, u.AccountID)
	if name == "" {
		return nil
	}
	account := u.AccountID
	if account == "" { // a Server user has a name, and gets the account id that Cloud would give
		account = accountID("server\x00" + cmp.Or(u.Key, u.Name, name))
	}
	if s.dataCenter() {
		account = s.catalogue.loadedName(u, name)
	}
	return s.catalogue.join(&user{
		account: account, key: u.Key, name: name, email: u.EmailAddress,
		zone: cmp.Or(u.TimeZone, "UTC"), active: u.Active == nil || *u.Active,
	})
}

func (s *Server) fillLoaded(d *issue, f *loadedFields, projectKey string) {
	c := &s.catalogue
	var ref loadedNamed
	f.read("project", &ref)
	d.project = s.loadProject(cmp.Or(ref.Key, projectKey), ref)
	ref = loadedNamed{}
	if !f.read("status", &ref) || ref.Name == "" {
		f.fail("no status")
		return
	}
	d.status = s.loadStatus(d.project, ref)
	ref = loadedNamed{}
	if f.read("issuetype", &ref) && ref.Name != "" {
		d.kind = s.loadType(d.project, ref)
	} else {
		d.kind = d.project.types[0]
	}
	ref = loadedNamed{}
	if f.read("priority", &ref) && ref.Name != "" {
		d.priority = loadNamed(&c.priorities, ref)
	}
	ref = loadedNamed{}
	if f.read("resolution", &ref) && ref.Name != "" {
		d.resolution = loadNamed(&c.resolutions, ref)
	}
	d.resolved = f.time("resolutiondate")
	d.noSummary = !f.read("summary", &d.summary)
	d.description, d.noText = f.rich("description")
	d.assignee, d.reporter, d.creator = f.user("assignee"), f.user("reporter"), f.user("creator")
	if f.read("duedate", &d.due) && !isDate(d.due) {
		f.fail(fmt.Sprintf("field duedate: %q is no date like 2026-01-31", d.due))
	}
	f.read("labels", &d.labels)
	var parts []loadedNamed
	f.read("components", &parts)
	for _, p := range parts {
		d.components = append(d.components, loadNamed(&d.project.components, p))
	}
	d.created = f.time("created")
	d.updated = f.time("updated")
	if d.updated.IsZero() {
		d.updated = d.created
	}
	f.comments(d)
	f.parent(d)
	delete(f.in, "statusCategory")
	for name, raw := range f.in {
		v, err := decodeAny(raw)
		if err != nil {
			f.fail(fmt.Sprintf("field %s: %v", name, err))
			return
		}
		d.extra[name] = s.ownShape(v)
	}
}

func (f *loadedFields) fail(words string) {
	if f.err == nil {
		f.err = errors.New(words)
	}
}

// rich reads a text that is a string, or a document from a version 3 file.
func (f *loadedFields) rich(name string) (body rich, empty bool) {
	raw, there := f.in[name]
	delete(f.in, name)
	if !there {
		return rich{}, true
	}
	body, empty, err := readLoadedRich(raw)
	if err != nil {
		f.fail(fmt.Sprintf("field %s: %v", name, err))
	}
	return body, empty
}

func readLoadedRich(raw json.RawMessage) (rich, bool, error) {
	v, err := decodeAny(raw)
	if err != nil {
		return rich{}, false, err
	}
	switch v := v.(type) {
	case nil:
		return rich{}, true, nil
	case string:
		return rich{text: v}, false, nil
	case map[string]any:
		return rich{text: documentText(v), doc: v}, false, nil
	}
	return rich{}, false, errors.New("neither text nor a document")
}

func (f *loadedFields) comments(d *issue) {
	var in struct {
		Comments []loadedComment `json:"comments"`
		Total    int             `json:"total"`
	}
	if !f.read("comment", &in) {
		return
	}
	for n, c := range in.Comments {
		one := comment{id: cmp.Or(c.ID.String(), strconv.Itoa(n+1)), noBody: c.Body == nil}
		if c.Body != nil {
			var err error
			if one.body, _, err = readLoadedRich(c.Body); err != nil {
				f.fail(fmt.Sprintf("comment %d: %v", n+1, err))
			}
		}
		if c.Author != nil {
			one.author = f.s.loadUser(c.Author)
			one.editor = one.author
		}
		if c.Created != "" {
			var err error
			if one.created, err = readTime(c.Created); err != nil {
				f.fail(fmt.Sprintf("comment %d: %v", n+1, err))
			}
			one.updated = one.created
		}
		if t, err := readTime(c.Updated); err == nil {
			one.updated = t
		}
		d.comments = append(d.comments, one)
	}
	if in.Total > len(d.comments) {
		d.claimed = in.Total
	}
}
