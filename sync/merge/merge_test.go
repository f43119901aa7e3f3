package merge_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/lockstep-sync/lockstep/sync/merge"
	"github.com/lockstep-sync/lockstep/sync/task"
)

var compare = cmp.Comparer(func(a, b task.Value) bool { return a == b })

func text(s string) task.Value { return task.TextValue(s) }

// notes puts a value into the field that the tables use.
func notes(v task.Value) (vs task.Values) {
	vs[task.Notes] = v
	return vs
}

func side(id string, role merge.Role, base, now task.Value) merge.Side {
	return merge.Side{Source: task.SourceID(id), Role: role, Base: notes(base), Now: notes(now)}
}

func TestMergeTable(t *testing.T) {
	t.Parallel()
	a, b, c := text("a"), text("b"), text("c")
	none, empty := task.Value{}, task.Empty(task.Text)
	hold := merge.DefaultRules()
	hold.Fields = map[task.Field]merge.Rule{task.Notes: {Authority: []merge.Role{merge.Owner, merge.Scorecard}, Hold: true}}
	garbled := task.UnreadableValue("??")

	lossy := side("jira", merge.Owner, b, b)
	lossy.Base, lossy.Now, lossy.Shows = notes(a), notes(b), notes(b)
	pending := side("jira", merge.Owner, a, b)
	pending.Pending = notes(b)

	tests := []struct {
		name      string
		agreed    task.Value
		sides     []merge.Side
		rules     merge.Rules
		want      task.Value
		bases     []task.Value
		losers    int
		conflicts int
	}{
		{"nothing happened", a, []merge.Side{side("jira", merge.Owner, a, a), side("card", merge.Scorecard, a, a)}, merge.DefaultRules(), a, []task.Value{a, a}, 0, 0},
		{"one claim wins", a, []merge.Side{side("jira", merge.Owner, a, a), side("card", merge.Scorecard, a, b)}, merge.DefaultRules(), b, []task.Value{a, b}, 0, 0},
		{"equal claims agree", a, []merge.Side{side("jira", merge.Owner, a, b), side("card", merge.Scorecard, a, b)}, merge.DefaultRules(), b, []task.Value{b, b}, 0, 0},
		{"the owner is over the scorecard", a, []merge.Side{side("jira", merge.Owner, a, b), side("card", merge.Scorecard, a, c)}, merge.DefaultRules(), b, []task.Value{b, c}, 1, 0},
		{"held where the rule says so", a, []merge.Side{side("jira", merge.Owner, a, b), side("card", merge.Scorecard, a, c)}, hold, a, []task.Value{a, a}, 0, 1},
		{"a hold needs two values", a, []merge.Side{side("jira", merge.Owner, a, b), side("card", merge.Scorecard, a, a)}, hold, b, []task.Value{b, a}, 0, 0},
		{"two owners cannot be told apart", a, []merge.Side{side("jira", merge.Owner, a, b), side("sheet", merge.Owner, a, c)}, merge.DefaultRules(), a, []task.Value{a, a}, 0, 1},
		{"an echo is no claim", b, []merge.Side{side("jira", merge.Owner, a, b), side("card", merge.Scorecard, b, c)}, merge.DefaultRules(), c, []task.Value{b, c}, 0, 0},
		{"a loser whose push went wrong does not claim again", b, []merge.Side{side("jira", merge.Owner, b, b), side("card", merge.Scorecard, c, c)}, merge.DefaultRules(), b, []task.Value{b, c}, 0, 0},
		{"a lossy tool does not degrade", c, []merge.Side{lossy}, merge.DefaultRules(), c, []task.Value{b}, 0, 0},
		{"a write of unknown outcome is ours", c, []merge.Side{pending}, merge.DefaultRules(), c, []task.Value{b}, 0, 0},
		{"what cannot be read erases nothing", a, []merge.Side{side("card", merge.Scorecard, a, garbled)}, merge.DefaultRules(), a, []task.Value{a}, 0, 0},
		{"a field that is not there says nothing", a, []merge.Side{side("card", merge.Scorecard, a, none)}, merge.DefaultRules(), a, []task.Value{a}, 0, 0},
		{"emptying is a claim", a, []merge.Side{side("card", merge.Scorecard, a, empty)}, merge.DefaultRules(), empty, []task.Value{empty}, 0, 0},
		{"what was always empty is none", none, []merge.Side{side("jira", merge.Owner, none, empty), side("card", merge.Scorecard, none, b)}, merge.DefaultRules(), b, []task.Value{empty, b}, 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			out := merge.Merge(notes(tt.agreed), tt.sides, tt.rules)
			if out.Agreed[task.Notes] != tt.want {
				t.Errorf("agreed on %v, want %v", out.Agreed[task.Notes], tt.want)
			}
			for i, want := range tt.bases {
				if got := out.Bases[i][task.Notes]; got != want {
					t.Errorf("base of %s is %v, want %v", tt.sides[i].Source, got, want)
				}
			}
			losers := 0
			for _, d := range out.Decisions {
				losers += len(d.Losers)
			}
			if losers != tt.losers || len(out.Conflicts) != tt.conflicts {
				t.Errorf("%d losers and %d conflicts, want %d and %d", losers, len(out.Conflicts), tt.losers, tt.conflicts)
			}
		})
	}
}

func TestRequiredFieldsAreNotEmptied(t *testing.T) {
	t.Parallel()
	var agreed task.Values
	agreed[task.Status] = task.EnumValue(task.Done)
	s := merge.Side{Source: "card", Role: merge.Scorecard, Base: agreed, Now: agreed}
	s.Now[task.Status] = task.Empty(task.Enum)
	out := merge.Merge(agreed, []merge.Side{s}, merge.DefaultRules())
	if out.Agreed != agreed || len(out.Decisions) > 0 {
		t.Errorf("an emptied status changed the agreed state to %v", out.Agreed)
	}
	// Were the base to stay, a source that shows changes only once would seem to hold the status still.
	if out.Bases[0] != s.Now {
		t.Errorf("the base is %v, read was %v", out.Bases[0], s.Now)
	}
}

// values draws from a small alphabet, so that agreement and disagreement both happen often.
var values = rapid.Custom(func(t *rapid.T) task.Value {
	return rapid.SampledFrom([]task.Value{
		{}, task.Empty(task.Text), text("a"), text("b"), text("c"), text("d"), task.UnreadableValue("?"),
	}).Draw(t, "value")
})

func drawSides(t *rapid.T) []merge.Side {
	n := rapid.IntRange(1, 4).Draw(t, "sides")
	roles := []merge.Role{merge.Owner, merge.Scorecard, merge.Other}
	sides := make([]merge.Side, n)
	for i := range sides {
		sides[i] = merge.Side{Source: task.SourceID(rune('a' + i)), Role: rapid.SampledFrom(roles).Draw(t, "role")}
		for _, f := range []task.Field{task.Notes, task.Workstream, task.Title} {
			sides[i].Base[f] = readable(values.Draw(t, "base"))
			sides[i].Now[f] = values.Draw(t, "now")
			sides[i].Shows[f] = readable(values.Draw(t, "shows"))
			sides[i].Pending[f] = readable(values.Draw(t, "pending"))
		}
	}
	return sides
}

func readable(v task.Value) task.Value {
	if v.IsUnreadable() {
		return task.Value{}
	}
	return v
}

func drawAgreed(t *rapid.T) (v task.Values) {
	for _, f := range []task.Field{task.Notes, task.Workstream, task.Title} {
		v[f] = readable(values.Draw(t, "agreed"))
	}
	return v
}

func drawRules(t *rapid.T) merge.Rules {
	r := merge.DefaultRules()
	if rapid.Bool().Draw(t, "hold") {
		r.Fields = map[task.Field]merge.Rule{task.Notes: {Authority: []merge.Role{merge.Scorecard}, Hold: true}}
	}
	return r
}

// Invariant 5: the order of the sources makes no difference.
func TestOrderDoesNotMatter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		agreed, sides, rules := drawAgreed(t), drawSides(t), drawRules(t)
		perm := rapid.Permutation(indexes(len(sides))).Draw(t, "order")
		shuffled := make([]merge.Side, len(sides))
		for to, from := range perm {
			shuffled[to] = sides[from]
		}
		one, two := merge.Merge(agreed, sides, rules), merge.Merge(agreed, shuffled, rules)
		bases := make([]task.Values, len(sides))
		for to, from := range perm {
			bases[from] = two.Bases[to]
		}
		two.Bases = bases
		if d := cmp.Diff(one, two, compare); d != "" {
			t.Fatalf("the order of sources shows (-one +other):\n%s", d)
		}
	})
}

func indexes(n int) []int {
	is := make([]int, n)
	for i := range is {
		is[i] = i
	}
	return is
}

// Invariants 3 and 4: what a source claims is agreed, among the losers, or in an open conflict; and nothing is agreed that
// nobody said.
func TestNothingIsLostOrInvented(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		agreed, sides, rules := drawAgreed(t), drawSides(t), drawRules(t)
		out := merge.Merge(agreed, sides, rules)
		for f := range out.Agreed {
			kept := []task.Value{out.Agreed[f]}
			for _, d := range out.Decisions {
				if int(d.Field) == f {
					for _, l := range d.Losers {
						kept = append(kept, l.Value)
					}
				}
			}
			for _, k := range out.Conflicts {
				if int(k.Field) == f {
					for _, c := range k.Claims {
						kept = append(kept, c.Value)
					}
				}
			}
			said := out.Agreed[f] == agreed[f]
			for i, s := range sides {
				now := s.Now[f]
				said = said || now == out.Agreed[f]
				typed := !now.IsEmpty() && !now.IsUnreadable() && now != s.Base[f] && now != s.Shows[f] && now != s.Pending[f] && now != agreed[f]
				if typed && !slices.Contains(kept, now) {
					t.Fatalf("%s claimed %v for %s, and it is nowhere: kept %v", s.Source, now, task.Field(f), kept)
				}
				if b := out.Bases[i][f]; b != s.Base[f] && b != now {
					t.Fatalf("the base of %s moved to %v, which was not read", s.Source, b)
				}
			}
			if !said {
				t.Fatalf("%v was agreed for %s, and nobody said it", out.Agreed[f], task.Field(f))
			}
		}
	})
}

// A second merge of the same readings decides nothing (invariant 2), and an unreadable value is never agreed.
func TestSecondMergeIsQuiet(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		agreed, sides, rules := drawAgreed(t), drawSides(t), drawRules(t)
		one := merge.Merge(agreed, sides, rules)
		for i := range sides {
			sides[i].Base = one.Bases[i]
			sides[i].Pending = task.Values{}
			sides[i].Shows = task.Values{}
		}
		two := merge.Merge(one.Agreed, sides, rules)
		if len(two.Decisions) > 0 || two.Agreed != one.Agreed {
			t.Fatalf("a second look at the same values decided %+v", two.Decisions)
		}
		if d := cmp.Diff(one.Conflicts, two.Conflicts, compare); d != "" {
			t.Fatalf("a second look at the same values changed the conflicts (-first +second):\n%s", d)
		}
		for f, v := range two.Agreed {
			if v.IsUnreadable() {
				t.Fatalf("%s was agreed to be unreadable", task.Field(f))
			}
		}
	})
}

// A conflict touches no base of those who claim, so that the claims are still there in the next cycle.
func TestConflictKeepsBases(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		agreed, sides, rules := drawAgreed(t), drawSides(t), drawRules(t)
		out := merge.Merge(agreed, sides, rules)
		for _, k := range out.Conflicts {
			if out.Agreed[k.Field] != agreed[k.Field] {
				t.Fatalf("%s is in conflict and was agreed on", k.Field)
			}
			for i, s := range sides {
				claims := slices.ContainsFunc(k.Claims, func(c merge.Claim) bool { return c.Source == s.Source })
				if claims && out.Bases[i][k.Field] != s.Base[k.Field] {
					t.Fatalf("%s claims %s, and its base moved", s.Source, k.Field)
				}
			}
		}
	})
}
