// Package auth says who asks, and what they may do.
package auth

import "context"

// Role is what somebody may do in a partnership. Each includes those before it.
type Role int8

// The roles.
const (
	None     Role = iota // nothing
	Viewer               // look at all pages
	Editor               // and settle conflicts, decide at gates, say how it goes
	Operator             // and put back what a cycle wrote
)

// String is the role as the configuration writes it.
func (r Role) String() string {
	switch r {
	case Viewer:
		return "viewer"
	case Editor:
		return "editor"
	case Operator:
		return "operator"
	case None:
	}
	return "none"
}

// Person is who asks.
type Person struct {
	ID   string // e-mail address or user name; "" where nobody logged in
	Name string // to show

	everywhere Role
	in         map[string]Role
}

// Local is who asks where only this computer can: they may do everything.
func Local() Person { return Person{Name: "somebody at this computer", everywhere: Operator} }

// Member is somebody who logged in, with what they may do by partnership.
func Member(id, name string, roles map[string]Role) Person {
	return Person{ID: id, Name: name, in: roles}
}

// Role is what they may do in a partnership.
func (p Person) Role(partnership string) Role { return max(p.everywhere, p.in[partnership]) }

// May reports whether they have at least a role in a partnership.
func (p Person) May(partnership string, r Role) bool { return p.Role(partnership) >= r }

type key struct{}

// With is a context in which a person asks.
func With(ctx context.Context, p Person) context.Context { return context.WithValue(ctx, key{}, p) }

// From is who asks; the zero Person, who may do nothing, where nobody is known.
func From(ctx context.Context) Person {
	p, _ := ctx.Value(key{}).(Person)
	return p
}
