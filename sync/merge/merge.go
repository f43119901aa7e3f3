// Package merge decides what the partnership agrees on, one task at a time, from what every source holds now, what was
// last accounted for there (the base), and what was agreed. It is pure: no I/O, no clock, and the order in which the
// sources come makes no difference.
//
//	now = base                        nothing happened there
//	now = agreed                      an echo of ours, or a person who agrees: no claim
//	now = what the tool shows         a lossy tool shows the agreed value as well as it can: no claim
//	      for the agreed value
//	now = a write of ours whose       an echo that no answer told us of: no claim
//	      outcome is unknown
//	now is unreadable                 no claim; the base stays where it was
//	now is empty, and the field       no claim: a task has a title, a partner and a status.
//	      cannot be                   What was read is the base, and the field is filled again
//	anything else                     a claim
//
//	no claim                          the agreed value stays
//	one distinct claim                it wins
//	several                           declared authority decides, and the losers are kept; or the rule says combine, and
//	                                  the winner's text gets the lines that the losers added; or the rule says hold, or
//	                                  authority cannot tell them apart: a conflict, and that field's bases stay
package merge

import (
	"slices"
	"strings"
	"time"

	"github.com/lockstep-sync/lockstep/sync/task"
)

// Role is what a source is to a task.
type Role string

// The roles. A rule lists those that it gives authority to, highest first; the others come after.
const (
	Owner     Role = "owner"     // the own tool of the task's owner partner
	Scorecard Role = "scorecard" // the partnership's scorecard
	Other     Role = "other"     // another partner's tool
)

// Rule says how a field is settled when several sources claim different values.
type Rule struct {
	Authority []Role // highest first
	Hold      bool   // open a conflict instead of deciding
	// Combine keeps what each of several texts added, rather than one text alone. It is for fields of kind Text.
	Combine bool
}

// Rules holds the rule of each field.
type Rules struct {
	Default Rule
	Fields  map[task.Field]Rule
}

// DefaultRules lets the owner decide, then the scorecard.
func DefaultRules() Rules { return Rules{Default: Rule{Authority: []Role{Owner, Scorecard}}} }

// For returns the rule of a field.
func (r Rules) For(f task.Field) Rule {
	if rule, ok := r.Fields[f]; ok {
		return rule
	}
	return r.Default
}

// Side is one source's view of the task.
type Side struct {
	Source task.SourceID
	Role   Role
	Base   task.Values // what was last accounted for; None where nothing ever was
	Now    task.Values // what was read; None where the source has no such field
	// Shows is what the source would show for the agreed value, had nobody touched it.
	Shows task.Values
	// Pending is what we tried to write there without knowing what came of it; None where nothing is open.
	Pending task.Values
	By      string // who changed the item last, where the tool tells
	At      time.Time
}

// Claim is a value that a source puts forward.
type Claim struct {
	Source task.SourceID `json:"source"`
	Value  task.Value    `json:"value"`
	By     string        `json:"by,omitempty"`
	At     time.Time     `json:"at,omitzero"`
}

// Decision is one field whose agreed value changed, or one that was contested.
type Decision struct {
	Field    task.Field
	From, To task.Value
	Winner   Claim
	Losers   []Claim // sorted by source; nil where nobody disagreed
}

// Conflict is a field that waits for people. Claims are sorted by source.
type Conflict struct {
	Field  task.Field
	Agreed task.Value
	Claims []Claim
}

// Outcome is what a merge decided.
type Outcome struct {
	Agreed    task.Values
	Bases     []task.Values // the new base of each side, in the order in which the sides came
	Decisions []Decision    // sorted by field
	Conflicts []Conflict    // sorted by field
}

// Merge decides one task.
func Merge(agreed task.Values, sides []Side, rules Rules) Outcome {
	out := Outcome{Agreed: agreed, Bases: make([]task.Values, len(sides))}
	for i := range sides {
		out.Bases[i] = sides[i].Base
	}
	for i := range task.FieldCount {
		mergeField(task.Field(i), sides, rules, &out)
	}
	return out
}

func mergeField(f task.Field, sides []Side, rules Rules, out *Outcome) {
	agreed := out.Agreed[f]
	var claims []int // indexes of sides
	for i := range sides {
		switch verdict(f, &sides[i], agreed) {
		case quiet:
			out.Bases[i][f] = sides[i].Now[f]
		case claim:
			claims = append(claims, i)
		case unusable:
		}
	}
	if len(claims) == 0 {
		return
	}
	winner, value, decided := resolve(sides, claims, f, rules.For(f))
	if !decided {
		out.Conflicts = append(out.Conflicts, Conflict{Field: f, Agreed: agreed, Claims: claimsOf(sides, claims, f)})
		return
	}
	d := Decision{Field: f, From: agreed, To: value, Winner: winner}
	for _, c := range claimsOf(sides, claims, f) {
		if c.Value != winner.Value {
			d.Losers = append(d.Losers, c)
		}
	}
	for _, i := range claims {
		out.Bases[i][f] = sides[i].Now[f]
	}
	out.Agreed[f] = value
	out.Decisions = append(out.Decisions, d)
}

type verdictKind uint8

const (
	unusable verdictKind = iota // nothing can be learned; the base stays
	quiet                       // nothing happened; the base advances to what was read
	claim
)

func verdict(f task.Field, s *Side, agreed task.Value) verdictKind {
	now := s.Now[f]
	switch {
	case now.IsNone() || now.IsUnreadable():
		return unusable
	case now.Same(s.Base[f]), now.Same(agreed), now == s.Shows[f]:
		return quiet
	case !s.Pending[f].IsNone() && now == s.Pending[f]:
		return quiet
	case now.IsEmpty() && required(f):
		return quiet
	}
	return claim
}

// required reports whether a task cannot be without the field: such a cell that was emptied is filled again.
func required(f task.Field) bool {
	return f == task.Title || f == task.Partner || f == task.Status
}

// resolve returns the claim that wins and the value that is agreed on. Between claims of one value it names the one of highest
// authority, then of lowest source id, so that the order of the sides does not show. It reports false where people must decide.
func resolve(sides []Side, claims []int, f task.Field, rule Rule) (Claim, task.Value, bool) {
	order := slices.Clone(claims)
	slices.SortFunc(order, func(a, b int) int {
		if d := rank(rule, sides[a].Role) - rank(rule, sides[b].Role); d != 0 {
			return d
		}
		return strings.Compare(string(sides[a].Source), string(sides[b].Source))
	})
	best := &sides[order[0]]
	combine := rule.Combine && f.Kind() == task.Text
	contested := false
	for _, i := range order[1:] {
		if sides[i].Now[f] == best.Now[f] {
			continue
		}
		contested = true
		if !combine && rank(rule, sides[i].Role) == rank(rule, best.Role) {
			return Claim{}, task.Value{}, false // authority cannot tell them apart, and clocks or order must not
		}
	}
	switch won := claimOf(best, f); {
	case !contested:
		return won, won.Value, true
	case combine:
		return won, combined(sides, order, f), true
	case rule.Hold:
		return Claim{}, task.Value{}, false
	default:
		return won, won.Value, true
	}
}

func rank(rule Rule, r Role) int {
	if i := slices.Index(rule.Authority, r); i >= 0 {
		return i
	}
	return len(rule.Authority)
}

func claimOf(s *Side, f task.Field) Claim {
	return Claim{Source: s.Source, Value: s.Now[f], By: s.By, At: s.At}
}

func claimsOf(sides []Side, claims []int, f task.Field) []Claim {
	cs := make([]Claim, len(claims))
	for i, at := range claims {
		cs[i] = claimOf(&sides[at], f)
	}
	slices.SortFunc(cs, func(a, b Claim) int { return strings.Compare(string(a.Source), string(b.Source)) })
	return cs
}
