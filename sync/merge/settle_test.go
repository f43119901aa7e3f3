package merge_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/lockstep-sync/lockstep/sync/merge"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// contested is a merge of three tools that each say something else of the notes, the fourth and the due date at rest.
func contested() (task.Values, []merge.Side, merge.Rules) {
	var agreed task.Values
	agreed[task.Notes], agreed[task.Title] = task.TextValue("old"), task.TextValue("Pump")
	sides := make([]merge.Side, 4)
	for i, id := range []task.SourceID{"a", "b", "c", "d"} {
		sides[i] = merge.Side{Source: id, Role: merge.Other, Base: agreed, Now: agreed}
	}
	sides[0].Now[task.Notes], sides[0].By = task.TextValue("by a"), "Amina"
	sides[1].Now[task.Notes] = task.TextValue("by b")
	sides[2].Now[task.Notes] = task.TextValue("by a")
	return agreed, sides, merge.DefaultRules()
}

func TestSettleByAClaim(t *testing.T) {
	t.Parallel()
	agreed, sides, rules := contested()
	out := merge.Merge(agreed, sides, rules)
	if len(out.Conflicts) != 1 {
		t.Fatalf("conflicts %+v; want one", out.Conflicts)
	}
	if !out.Settle(sides, task.Notes, task.TextValue("by a"), "somebody") {
		t.Fatal("a claim's value does not settle its conflict")
	}
	if out.Agreed[task.Notes] != task.TextValue("by a") || len(out.Conflicts) != 0 || len(out.Decisions) != 1 {
		t.Fatalf("agreed %v, conflicts %+v, decisions %+v", out.Agreed[task.Notes], out.Conflicts, out.Decisions)
	}
	d := out.Decisions[0]
	if d.Winner.Source != "a" || d.Winner.By != "Amina" || len(d.Losers) != 1 || d.Losers[0].Source != "b" {
		t.Errorf("the decision is %+v; want the claim of a to win, and that of b to be kept", d)
	}
	again := merge.Merge(out.Agreed, advanced(sides, out), rules)
	if len(again.Conflicts)+len(again.Decisions) > 0 {
		t.Errorf("what was settled is claimed again: %+v, %+v", again.Conflicts, again.Decisions)
	}
}

// advanced are the sides as the next merge sees them where nobody typed and nothing was pushed.
func advanced(sides []merge.Side, out merge.Outcome) []merge.Side {
	next := slices.Clone(sides)
	for i := range next {
		next[i].Base = out.Bases[i]
	}
	return next
}

func TestSettleByWhatIsAgreed(t *testing.T) {
	t.Parallel()
	agreed, sides, rules := contested()
	out := merge.Merge(agreed, sides, rules)
	if !out.Settle(sides, task.Notes, task.TextValue("old"), "somebody") {
		t.Fatal("the agreed value does not settle the conflict")
	}
	d := out.Decisions[0]
	if out.Agreed != agreed || d.From != d.To || len(d.Losers) != 3 || d.Winner.By != "somebody" || d.Winner.Source != "" {
		t.Errorf("agreed %v by %+v; want nothing changed, and all three claims kept", out.Agreed[task.Notes], d)
	}
	if again := merge.Merge(out.Agreed, advanced(sides, out), rules); len(again.Conflicts)+len(again.Decisions) > 0 {
		t.Errorf("what was settled is claimed again: %+v, %+v", again.Conflicts, again.Decisions)
	}
}

// Where nothing was agreed yet, to keep that is to agree on nothing: it has to be written to those who claimed.
func TestSettleByNothing(t *testing.T) {
	t.Parallel()
	agreed, sides, rules := contested()
	agreed[task.Notes] = task.Value{}
	out := merge.Merge(agreed, sides, rules)
	if !out.Settle(sides, task.Notes, task.Value{}, "somebody") || out.Agreed[task.Notes] != task.Empty(task.Text) {
		t.Errorf("agreed is %s %q", out.Agreed[task.Notes].Kind(), out.Agreed[task.Notes])
	}
}

func TestSettleRefuses(t *testing.T) {
	t.Parallel()
	agreed, sides, rules := contested()
	for name, c := range map[string]struct {
		f task.Field
		v task.Value
	}{
		"a value that nobody claims":  {task.Notes, task.TextValue("by d")},
		"a field without a conflict":  {task.Title, task.TextValue("Pump")},
		"nothing, where something is": {task.Notes, task.Empty(task.Text)},
	} {
		out := merge.Merge(agreed, sides, rules)
		if out.Settle(sides, c.f, c.v, "somebody") || len(out.Conflicts) != 1 || len(out.Decisions) != 0 || out.Agreed != agreed {
			t.Errorf("%s settles: %+v", name, out)
		}
	}
}

// Whatever was claimed and whichever of it is chosen: every claim is in the decision, nothing is claimed again, and decisions stay
// sorted.
func TestSettleLosesNothing(t *testing.T) {
	t.Parallel()
	rules := merge.DefaultRules()
	rules.Default.Hold = true
	words := rapid.SampledFrom([]string{"", "a", "b", "c", "d"})
	rapid.Check(t, func(t *rapid.T) {
		var agreed task.Values
		sides := make([]merge.Side, rapid.IntRange(2, 5).Draw(t, "sides"))
		for _, f := range []task.Field{task.Priority, task.Workstream, task.Notes} {
			agreed[f] = task.TextValue(words.Draw(t, "agreed"))
		}
		for i := range sides {
			sides[i] = merge.Side{Source: task.SourceID(rune('a' + i)), Role: merge.Owner, Base: agreed, Now: agreed}
			for _, f := range []task.Field{task.Priority, task.Workstream, task.Notes} {
				sides[i].Now[f] = task.TextValue(words.Draw(t, "now"))
			}
		}
		out := merge.Merge(agreed, sides, rules)
		for len(out.Conflicts) > 0 {
			k := rapid.SampledFrom(out.Conflicts).Draw(t, "conflict")
			chosen := k.Agreed
			if n := rapid.IntRange(-1, len(k.Claims)-1).Draw(t, "claim"); n >= 0 {
				chosen = k.Claims[n].Value
			}
			if !out.Settle(sides, k.Field, chosen, "somebody") || !out.Agreed[k.Field].Same(chosen) {
				t.Fatalf("%v does not settle %+v", chosen, k)
			}
			i := slices.IndexFunc(out.Decisions, func(d merge.Decision) bool { return d.Field == k.Field })
			for _, c := range k.Claims {
				if d := out.Decisions[i]; c.Value != d.To && !slices.Contains(d.Losers, c) {
					t.Fatalf("the claim %+v is lost: %+v", c, d)
				}
			}
		}
		if !slices.IsSortedFunc(out.Decisions, func(a, b merge.Decision) int { return int(a.Field) - int(b.Field) }) {
			t.Fatalf("decisions are not sorted: %+v", out.Decisions)
		}
		if again := merge.Merge(out.Agreed, advanced(sides, out), rules); len(again.Conflicts)+len(again.Decisions) > 0 {
			t.Fatalf("what was settled is claimed again: %+v, %+v", again.Conflicts, again.Decisions)
		}
	})
}
