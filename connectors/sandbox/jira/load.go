package jira

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// maxLine bounds one issue of a file.
const maxLine = 16 << 20

// Load reads issues, one JSON object of REST version 2 a line, in the shape of Jira Cloud or of Jira Server, and returns
// how many. Ids, keys, statuses with their ids and categories, people, comments and fields that the sandbox knows nothing
// about are kept. Projects appear as their issues do; in their workflow every status leads to every other. An error names
// the line, and leaves the issues of the lines before it loaded.
func (s *Server) Load(r io.Reader) (n int, err error) {
	s.locked(func() { n, err = s.load(r) })
	return n, err
}

func (s *Server) load(r io.Reader) (n int, err error) {
	in := bufio.NewScanner(r)
	in.Buffer(make([]byte, 1<<16), maxLine)
	line := 0
	for in.Scan() {
		line++
		if strings.TrimSpace(in.Text()) == "" {
			continue
		}
		if err := s.loadIssue(in.Bytes()); err != nil {
			return n, fmt.Errorf("load issues, line %d: %w", line, err)
		}
		n++
	}
	if err := in.Err(); err != nil {
		return n, fmt.Errorf("load issues, line %d: %w", line+1, err)
	}
	return n, nil
}

// loaded is an issue as a file has it.
type loaded struct {
	ID     json.Number                `json:"id"`
	Key    string                     `json:"key"`
	Fields map[string]json.RawMessage `json:"fields"`
	Props  map[string]json.RawMessage `json:"properties"`
}

type loadedNamed struct {
	ID             json.Number  `json:"id"`
	Key            string       `json:"key"`
	Name           string       `json:"name"`
	Description    string       `json:"description"`
	Subtask        bool         `json:"subtask"`
	Level          *int         `json:"hierarchyLevel"`
	StatusCategory *loadedNamed `json:"statusCategory"`
}

func (l *loadedNamed) named() named {
	return named{id: l.ID.String(), name: l.Name, description: l.Description}
}

type loadedUser struct {
	AccountID    string `json:"accountId"`
	Name         string `json:"name"`
	Key          string `json:"key"`
	EmailAddress string `json:"emailAddress"`
	DisplayName  string `json:"displayName"`
	Active       *bool  `json:"active"`
	TimeZone     string `json:"timeZone"`
}

type loadedComment struct {
	ID      json.Number     `json:"id"`
	Author  *loadedUser     `json:"author"`
	Body    json.RawMessage `json:"body"`
	Created string          `json:"created"`
	Updated string          `json:"updated"`
}

func (s *Server) loadIssue(raw []byte) error {
	var in loaded
	if err := json.Unmarshal(raw, &in); err != nil {
		return err
	}
	id, err := in.ID.Int64()
	at := strings.LastIndexByte(in.Key, '-')
	switch {
	case err != nil || id <= 0:
		return fmt.Errorf("id %q is no positive number", in.ID)
	case at <= 0:
		return fmt.Errorf("key %q is not like ABC-1", in.Key)
	case in.Fields == nil:
		return errors.New("no fields")
	case s.records[id] != nil:
		return fmt.Errorf("id %d is there already", id)
	}
	if _, there := s.keys[in.Key]; there {
		return fmt.Errorf("key %s is there already", in.Key)
	}
	d := &issue{id: id, key: in.Key, extra: map[string]any{}, props: in.Props}
	if number := d.number(); number <= 0 {
		return fmt.Errorf("key %q is not like ABC-1", in.Key)
	}
	f := loadedFields{s: s, in: in.Fields}
	s.fillLoaded(d, &f, in.Key[:at])
	if f.err != nil {
		return f.err
	}
	if s.firstLoad == "" {
		s.firstLoad = d.project.key
		s.dropDefault()
	}
	d.project.last = max(d.project.last, d.number())
	s.nextID = max(s.nextID, id)
	s.putPast(d)
	return nil
}

// dropDefault takes away the project that nobody asked for, and what only it had, when it is empty.
func (s *Server) dropDefault() {
	p := s.catalogue.projects[s.opts.Project]
	if !s.implied || p == nil || p.last > 0 || p.free {
		return
	}
	delete(s.catalogue.projects, p.key)
	s.catalogue.projectKeys = slices.DeleteFunc(s.catalogue.projectKeys, func(k string) bool { return k == p.key })
	used := func(st *status) bool {
		for _, q := range s.catalogue.projects {
			if slices.Contains(q.statuses, st) {
				return true
			}
		}
		return false
	}
	s.catalogue.statuses = slices.DeleteFunc(s.catalogue.statuses, func(st *status) bool { return !used(st) })
	s.catalogue.types = slices.DeleteFunc(s.catalogue.types, func(t *issueType) bool {
		for _, q := range s.catalogue.projects {
			if slices.Contains(q.types, t) {
				return false
			}
		}
		return true
	})
}

// loadNamed finds an entry by its id and name, and adds it when there is none. A standard entry gives way to a loaded one
// of its name or its id: sites number these as they like.
func loadNamed(all *[]*named, ref loadedNamed) *named {
	n := ref.named()
	var name, id *named
	for _, old := range *all {
		if old.name == n.name {
			name = old
		}
		if n.id != "" && old.id == n.id {
			id = old
		}
	}
	switch {
	case name != nil && (name == id || n.id == ""):
	case name != nil:
		name.id = n.id
		*all = slices.DeleteFunc(*all, func(x *named) bool { return x == id })
	case id != nil:
		id.name, id.description = n.name, n.description
		return id
	default:
		name = &n
		*all = append(*all, name)
	}
	return name
}

func (s *Server) loadProject(key string, ref loadedNamed) *project {
	if p := s.catalogue.projects[key]; p != nil {
		return p
	}
	s.catalogue.standard()
	p := &project{id: cmp.Or(ref.ID.String(), s.catalogue.id()), key: key, name: cmp.Or(ref.Name, key), free: true}
	task := byID(s.catalogue.types, "3", typeID)
	if task == nil {
		task = &issueType{named: named{"3", "Task", "A task that needs to be done."}}
		s.catalogue.types = append(s.catalogue.types, task)
	}
	p.types = []*issueType{task}
	s.catalogue.addProject(p)
	return p
}

func (s *Server) loadType(p *project, ref loadedNamed) *issueType {
	t := byID(s.catalogue.types, ref.ID.String(), typeID)
	if t == nil {
		t = &issueType{named: ref.named(), subtask: ref.Subtask, level: ref.level()}
		s.catalogue.types = append(s.catalogue.types, t)
	}
	if t.id == "3" {
		t.name = ref.Name
	}
	if !slices.Contains(p.types, t) {
		p.types = append(p.types, t)
	}
	return t
}

// level is where a type stands; Server's files do not tell it.
func (l *loadedNamed) level() int {
	switch {
	case l.Level != nil:
		return *l.Level
	case l.Subtask:
		return -1
	}
	return b2i(strings.EqualFold(l.Name, "Epic"))
}

func (s *Server) loadStatus(p *project, ref loadedNamed) *status {
	st := byID(s.catalogue.statuses, ref.ID.String(), statusID)
	if st == nil {
		cat := categoryOf("undefined")
		if ref.StatusCategory != nil {
			cat = cmp.Or(categoryOf(ref.StatusCategory.Key), cat)
		}
		st = &status{ref.named(), cat, len(s.catalogue.statuses)}
		s.catalogue.statuses = append(s.catalogue.statuses, st)
	}
	if !slices.Contains(p.statuses, st) {
		p.addStatus(st)
		slices.SortFunc(p.statuses, func(a, b *status) int { return cmp.Compare(a.rank(), b.rank()) })
	}
	return st
}

// ownShape gives the people inside a field that the sandbox only passes on the shape of its flavor.
func (s *Server) ownShape(v any) any {
	if s.dataCenter() {
		return s.serverShape(v)
	}
	return s.cloudShape(v)
}

// cloudShape turns the people inside a field that the sandbox only passes on into Cloud's: no user names.
func (s *Server) cloudShape(v any) any {
	switch v := v.(type) {
	case map[string]any:
		if _, person := v["displayName"].(string); person && v["accountId"] == nil {
			raw, _ := json.Marshal(v)
			var u loadedUser
			if json.Unmarshal(raw, &u) == nil {
				if known := s.loadUser(&u); known != nil {
					return map[string]any{
						"accountId": known.account, "displayName": known.name, "active": known.active, "timeZone": known.zone, "accountType": "atlassian",
					}
				}
			}
		}
		for k, x := range v {
			v[k] = s.cloudShape(x)
		}
	case []any:
		for n, x := range v {
			v[n] = s.cloudShape(x)
		}
	}
	return v
}
