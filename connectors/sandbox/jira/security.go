package jira

import (
	"fmt"
	"slices"
)

// Who may see what: a project may be closed to the account, and an issue may have a security level that shuts the account
// out. Jira then answers as if there were no such project or issue.

// browsable reports whether the account has not been shut out of a project; a nil project is not browsable.
func (s *Server) browsable(p *project) bool { return p != nil && !s.closed[p] }

// shows reports whether the account may see an issue, as it is now and in the state given. A deleted issue, nil, counts as
// seen: who asks about one asks about its past.
func (s *Server) shows(i *issue) bool {
	if i == nil {
		return true
	}
	now := s.issueNumbered(i.id)
	if now == nil {
		now = i
	}
	open := func(l *named) bool { return l == nil || s.openLevels[l] }
	return s.browsable(now.project) && open(now.security) && open(i.security)
}

// browses is browsable for the one who asks.
func (c *call) browses(p *project) bool {
	return !c.stranger && !c.s.denied["BROWSE_PROJECTS"] && c.s.browsable(p)
}

// sees is shows for the one who asks.
func (c *call) sees(i *issue) bool {
	return !c.stranger && !c.s.denied["BROWSE_PROJECTS"] && c.s.shows(i)
}

// Secure gives an issue a security level, which is made when there is none of that name, or takes its level away with "".
// Levels shut the account out until OpenLevel lets it in: the issue is then gone from every answer, while its project stays.
func (s *Server) Secure(key, level string) error {
	var err error
	s.locked(func() {
		old := s.find(key)
		if old == nil {
			err = fmt.Errorf("secure %s: no such issue", key)
			return
		}
		var l *named
		if level != "" {
			l = s.level(level)
		}
		s.edit(old, s.editor(old), func(d *issue) { d.security = l })
		s.commits.bump()
	})
	return err
}

// OpenLevel lets the account see the issues of a security level, or no longer. The level is made when there is none of that
// name.
func (s *Server) OpenLevel(level string, open bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.openLevels[s.level(level)] = open
	s.commits.bump()
}

func (s *Server) level(name string) *named {
	l := lookup(s.levels, name)
	if l == nil {
		l = &named{id: s.catalogue.id(), name: name, description: "Only some people see issues of this level."}
		s.levels = append(s.levels, l)
	}
	return l
}

// visibleLevels are those that the account may give to an issue: who sets a level must be in it.
func (s *Server) visibleLevels() []*named {
	return slices.DeleteFunc(slices.Clone(s.levels), func(l *named) bool { return !s.openLevels[l] })
}

func (s *Server) levelIDs(o operand) []string { return matching(s.visibleLevels(), o.text, same) }

// DenyProject takes the permission to browse away from the account, of one project alone: its issues are gone from every
// answer, and queries that name it are errors. An error says that there is no such project.
func (s *Server) DenyProject(key string) error { return s.closeProject(key, true) }

// AllowProject gives back what DenyProject took.
func (s *Server) AllowProject(key string) error { return s.closeProject(key, false) }

func (s *Server) closeProject(key string, closed bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.catalogue.projects[key]
	if p == nil {
		return fmt.Errorf("change permissions of project %s: no such project", key)
	}
	s.closed[p] = closed
	s.commits.bump()
	return nil
}

func setSecurity(s *Server, d *issue, v any, _ int) string {
	if v == nil {
		d.security = nil
		return ""
	}
	l, msg := pick(v, s.visibleLevels(), "Security Level")
	if msg == "" {
		d.security = l
	}
	return msg
}

func (c *call) listLevels() answer {
	if _, bad := c.pathProject(); bad != nil {
		return *bad
	}
	return ok(map[string]any{"levels": entries(c.lens(), "securitylevel", c.s.visibleLevels())})
}
