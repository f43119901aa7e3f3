package auth

import (
	"fmt"
	"slices"
	"strings"
)

// ParseRole reads a role as the configuration writes it: viewer, editor or operator.
func ParseRole(s string) (Role, error) {
	for _, r := range []Role{Viewer, Editor, Operator} {
		if r.String() == s {
			return r, nil
		}
	}
	return None, fmt.Errorf("%q is no role: take viewer, editor or operator", s)
}

// Grant gives people a role.
type Grant struct {
	People       []string // e-mail addresses or user names; "*@riverton.gov" is all of a domain, "*" everybody who logged in
	Role         Role
	Partnerships []string // ids; nil is all
}

// person is who has that id, with what all grants give them: of several the highest counts.
func person(grants []Grant, id, name string) Person {
	p := Person{ID: id, Name: name, in: make(map[string]Role)}
	for _, g := range grants {
		if !slices.ContainsFunc(g.People, func(pattern string) bool { return fits(pattern, id) }) {
			continue
		}
		if g.Partnerships == nil {
			p.everywhere = max(p.everywhere, g.Role)
		}
		for _, partnership := range g.Partnerships {
			p.in[partnership] = max(p.in[partnership], g.Role)
		}
	}
	return p
}

// fits reports whether a pattern means somebody. Case makes no difference: e-mail addresses are written either way.
func fits(pattern, id string) bool {
	pattern, id = strings.ToLower(pattern), strings.ToLower(id)
	if pattern == "*" {
		return id != ""
	}
	if domain, ok := strings.CutPrefix(pattern, "*"); ok && strings.HasPrefix(domain, "@") {
		name, found := strings.CutSuffix(id, domain)
		return found && name != "" && !strings.Contains(name, "@")
	}
	return pattern == id
}
