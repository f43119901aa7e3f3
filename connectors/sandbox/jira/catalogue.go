package jira

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// named is one of the many things that are an id and a name: a priority, a resolution, a component.
type named struct{ id, name, description string }

// category is one of Jira's four fixed status categories.
type category struct {
	id               int
	key, name, color string
}

var categories = []category{
	{1, "undefined", "No Category", "medium-gray"},
	{2, "new", "To Do", "blue-gray"},
	{4, "indeterminate", "In Progress", "yellow"},
	{3, "done", "Done", "green"},
}

// categoryOf finds a category by its key or its name; nil when there is none.
func categoryOf(word string) *category {
	for i := range categories {
		if strings.EqualFold(categories[i].key, word) || strings.EqualFold(categories[i].name, word) {
			return &categories[i]
		}
	}
	return nil
}

// status is shared by every issue that has it, so that a new name shows everywhere at once.
type status struct {
	named
	category *category
	seq      int // order in which statuses became known
}

// rank sorts statuses as boards do: what is to be done, what is being done, what is done.
func (s *status) rank() int {
	return slices.Index([]string{"new", "undefined", "indeterminate", "done"}, s.category.key)*1000 + s.seq
}

func (s *status) done() bool { return s.category.key == "done" }

type issueType struct {
	named
	subtask bool
	level   int // -1 for sub-tasks, 1 for epics, 0 for what lies between
}

type user struct {
	account           string // by which clients refer to the user: an account id, on Data Center the user name
	key               string // on Data Center; it stays when somebody gets another user name
	name, email, zone string
	active            bool
}

type project struct {
	id, key, name string
	category      map[string]any // as loaded, nil when it has none
	types         []*issueType
	statuses      []*status // in the order of the board
	flow          []transition
	drawn         bool // its workflow was set, and sets and clears resolutions only where it says so
	free          bool // every status reaches every other; flow holds one transition for each status
	components    []*named
	last          int // number of the newest issue
}

// catalogue is what the issues refer to.
type catalogue struct {
	server      bool // people have names instead of account ids, as on Data Center
	projects    map[string]*project
	projectKeys []string // as they appeared
	statuses    []*status
	types       []*issueType
	priorities  []*named
	resolutions []*named
	users       []*user
	byAccount   map[string]*user
	byName      map[string]*user // lower-case display name; the first of that name
	subID       int              // last id given to a component, project or transition
}

func (c *catalogue) id() string {
	c.subID++
	return strconv.Itoa(20000 + c.subID)
}

// byID finds the entry with an id, nil when there is none.
func byID[T any](all []T, id string, idOf func(T) string) (found T) {
	if i := slices.IndexFunc(all, func(t T) bool { return idOf(t) == id }); i >= 0 {
		return all[i]
	}
	return found
}

func namedID(n *named) string      { return n.id }
func statusID(s *status) string    { return s.id }
func typeID(t *issueType) string   { return t.id }
func entry(id, name string) *named { return &named{id: id, name: name} }

// lookup finds an entry by name, in any case; nil when there is none.
func lookup(all []*named, name string) *named {
	for _, n := range all {
		if strings.EqualFold(n.name, name) {
			return n
		}
	}
	return nil
}

func (c *catalogue) statusNamed(name string) *status {
	for _, s := range c.statuses {
		if strings.EqualFold(s.name, name) {
			return s
		}
	}
	return nil
}

func (p *project) statusNamed(name string) *status {
	for _, s := range p.statuses {
		if strings.EqualFold(s.name, name) {
			return s
		}
	}
	return nil
}

func (p *project) typeNamed(name string) *issueType {
	for _, t := range p.types {
		if strings.EqualFold(t.name, name) {
			return t
		}
	}
	return nil
}

// initial is the status of a new issue: the first of the category "new", else the first.
func (p *project) initial() *status {
	for _, s := range p.statuses {
		if s.category.key == "new" {
			return s
		}
	}
	return p.statuses[0]
}

// accountID makes an id that looks like Atlassian's out of a name, the same on every run.
func accountID(seed string) string {
	sum := sha256.Sum256([]byte(seed))
	return hex.EncodeToString(sum[:12])
}

// addUser returns the person of that display name, who is made when there is none. A given e-mail address replaces an
// empty one; another address is another person of the same name.
func (c *catalogue) addUser(name, email string) *user {
	if c.byName == nil {
		c.byName, c.byAccount = map[string]*user{}, map[string]*user{}
	}
	lower := strings.ToLower(name)
	if u := c.byName[lower]; u != nil && (email == "" || u.email == "" || strings.EqualFold(u.email, email)) {
		u.email = cmp.Or(u.email, email)
		return u
	}
	account := accountID(name + "\x00" + strings.ToLower(email))
	if c.server {
		account = c.nameFor(name, email)
	}
	return c.join(&user{account: account, name: name, email: email, zone: "UTC", active: true})
}

func (c *catalogue) join(u *user) *user {
	if old := c.account(u.account); old != nil {
		return old
	}
	if c.server && u.key == "" {
		u.key = "JIRAUSER" + strconv.Itoa(10100+len(c.users))
	}
	c.users = append(c.users, u)
	c.byAccount[c.fold(u.account)] = u
	if lower := strings.ToLower(u.name); c.byName[lower] == nil {
		c.byName[lower] = u
	}
	return u
}

// standard fills what every Jira Cloud site has from the start.
func (c *catalogue) standard() {
	if len(c.priorities) == 0 {
		c.priorities = []*named{entry("1", "Highest"), entry("2", "High"), entry("3", "Medium"), entry("4", "Low"), entry("5", "Lowest")}
	}
	for _, r := range []*named{entry("10000", "Done"), entry("10001", "Won't Do"), entry("10002", "Duplicate")} {
		if lookup(c.resolutions, r.name) == nil && byID(c.resolutions, r.id, namedID) == nil {
			c.resolutions = append(c.resolutions, r)
		}
	}
}

// seedProject adds a project with the sandbox's own workflow, in which To Do does not lead straight to Done.
func (c *catalogue) seedProject(key, name string) *project {
	c.standard()
	p := &project{id: c.id(), key: key, name: name}
	for _, t := range []*issueType{
		{named: named{"10010", "Task", "A small piece of work."}},
		{named: named{"10011", "Story", "Something that somebody wants to be able to do."}},
		{named: named{"10012", "Bug", "Something that does not work."}},
		{named: named{"10013", "Epic", "A large piece of work, of which others are parts."}, level: 1},
		{named: named{"10014", "Sub-task", "A part of a piece of work."}, subtask: true, level: -1},
	} {
		if old := byID(c.types, t.id, typeID); old != nil {
			t = old
		} else {
			c.types = append(c.types, t)
		}
		p.types = append(p.types, t)
	}
	st := func(id, name, cat string) *status {
		s := byID(c.statuses, id, statusID)
		if s == nil {
			s = &status{named{id, name, ""}, categoryOf(cat), len(c.statuses)}
			c.statuses = append(c.statuses, s)
		}
		p.statuses = append(p.statuses, s)
		return s
	}
	todo, doing, review := st("11000", "To Do", "new"), st("3", "In Progress", "indeterminate"), st("11001", "In Review", "indeterminate")
	blocked, done := st("11002", "Blocked", "indeterminate"), st("11003", "Done", "done")
	p.flow = []transition{
		{id: "11", name: "Start work", from: []*status{todo}, to: doing},
		{id: "21", name: "Ask for review", from: []*status{doing}, to: review},
		{id: "31", name: "Stop work", from: []*status{doing}, to: todo},
		{id: "41", name: "Raise an obstacle", from: []*status{doing}, to: blocked},
		{id: "51", name: "Obstacle removed", from: []*status{blocked}, to: doing},
		{id: "61", name: "Send back", from: []*status{review}, to: doing},
		{id: "71", name: "Approve", from: []*status{review}, to: done},
		{id: "81", name: "Close", from: []*status{doing, review}, to: done, screen: true, required: true, offers: []string{"Done", "Won't Do", "Duplicate"}},
		{id: "91", name: "Open again", from: []*status{done}, to: doing},
	}
	c.addProject(p)
	return p
}

func (c *catalogue) addProject(p *project) {
	c.projects[p.key] = p
	c.projectKeys = append(c.projectKeys, p.key)
}

// projectBy finds a project by key or id, nil when there is none.
func (c *catalogue) projectBy(word string) *project {
	if p := c.projects[word]; p != nil {
		return p
	}
	for _, k := range c.projectKeys {
		if p := c.projects[k]; p.id == word {
			return p
		}
	}
	return nil
}

// AddUser makes a person known and returns their account id, on Data Center their user name. An empty email is a person
// who hides theirs.
func (s *Server) AddUser(displayName, email string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.catalogue.addUser(displayName, email).account
}

// AddStatus adds a status to the default project and returns its id. Every status leads to it, and it leads to the first
// one of the board and to work in progress. The category is a key: new, indeterminate or done.
func (s *Server) AddStatus(name, categoryKey string) (string, error) {
	key := s.Project()
	s.mu.Lock()
	defer s.mu.Unlock()
	cat := categoryOf(categoryKey)
	p := s.catalogue.projects[key]
	if cat == nil {
		return "", fmt.Errorf("add status %q: no category %q", name, categoryKey)
	}
	if s.catalogue.statusNamed(name) != nil {
		return "", fmt.Errorf("add status %q: there is one of that name", name)
	}
	st := &status{named{s.catalogue.id(), name, ""}, cat, len(s.catalogue.statuses)}
	s.catalogue.statuses = append(s.catalogue.statuses, st)
	p.addStatus(st)
	s.commits.bump()
	return st.id, nil
}

// RenameStatus gives a status another name, at once for every issue in it. Queries by the old name are then errors.
func (s *Server) RenameStatus(from, to string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.catalogue.statusNamed(from)
	if st == nil {
		return fmt.Errorf("rename status %q: there is none of that name", from)
	}
	if other := s.catalogue.statusNamed(to); other != nil && other != st {
		return fmt.Errorf("rename status %q: there is already one called %q", from, to)
	}
	st.name = to
	s.commits.bump()
	return nil
}
