package merge_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/lockstep-sync/lockstep/sync/merge"
	"github.com/lockstep-sync/lockstep/sync/task"
)

func combining() merge.Rules {
	r := merge.DefaultRules()
	r.Fields = map[task.Field]merge.Rule{task.Notes: {Authority: r.Default.Authority, Combine: true}}
	return r
}

func TestCombine(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ base, owner, card, want string }{
		"both added on top":         {"old", "new of owner\nold", "new of card\nold", "new of card\nnew of owner\nold"},
		"both added at the end":     {"old", "old\nowner", "old\ncard", "old\nowner\ncard"},
		"both added the same":       {"old", "old\nsame\nowner", "old\nsame", "old\nsame\nowner"},
		"the card took a line out":  {"a\nb", "a\nb\nc", "a", "a\nb\nc"},
		"the card changed a line":   {"a\nb", "a\nb\nc", "a\nB", "a\nb\nc\nB"},
		"the card wrote a new text": {"a", "a\nb", "x\ny", "a\nb\nx\ny"},
		"both wrote from nothing":   {"", "a", "b", "a\nb"},
		"the owner emptied it":      {"a", "", "a\nb", "b"},
		"one claim alone":           {"a", "a", "b", "b"},
	} {
		sides := []merge.Side{
			side("jira", merge.Owner, text(tc.base), text(tc.owner)), side("card", merge.Scorecard, text(tc.base), text(tc.card)),
		}
		out := merge.Merge(notes(text(tc.base)), sides, combining())
		if got := out.Agreed[task.Notes].String(); got != tc.want || len(out.Conflicts) > 0 {
			t.Errorf("%s: agreed on %q, conflicts %+v; want %q", name, got, out.Conflicts, tc.want)
		}
	}
	sides := []merge.Side{{Source: "jira", Role: merge.Owner}, {Source: "card", Role: merge.Scorecard}}
	sides[0].Now[task.Due], sides[1].Now[task.Due] = task.UnreadableValue("?"), task.Value{}
	sides[0].Now[task.Status], sides[1].Now[task.Status] = task.EnumValue(task.Done), task.EnumValue(task.Blocked)
	all := merge.Rules{Default: merge.Rule{Authority: []merge.Role{merge.Owner}, Combine: true}}
	if got := merge.Merge(task.Values{}, sides, all).Agreed[task.Status].String(); got != task.Done {
		t.Errorf("a status was combined: %q", got)
	}
}

func TestCombineLosesNoAddedLine(t *testing.T) {
	t.Parallel()
	lines := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c", "d", "e", "f"}), 0, 5)
	rapid.Check(t, func(t *rapid.T) {
		var sides []merge.Side
		draw := func(label string) string { return strings.Join(lines.Draw(t, label), "\n") }
		agreed := draw("agreed")
		for i := range rapid.IntRange(1, 4).Draw(t, "sides") {
			role := rapid.SampledFrom([]merge.Role{merge.Owner, merge.Scorecard, merge.Other}).Draw(t, "role")
			sides = append(sides, side(string(rune('a'+i)), role, text(draw("base")), text(draw("now"))))
		}
		out := merge.Merge(notes(text(agreed)), sides, combining())
		if len(out.Conflicts) > 0 {
			t.Fatalf("texts that combine are in conflict: %+v", out.Conflicts)
		}
		got := strings.Split(out.Agreed[task.Notes].String(), "\n")
		for _, s := range sides {
			now := s.Now[task.Notes].String()
			if now == s.Base[task.Notes].String() || now == agreed {
				continue
			}
			for l := range strings.SplitSeq(now, "\n") {
				if l != "" && !strings.Contains(s.Base[task.Notes].String(), l) && !slices.Contains(got, l) {
					t.Fatalf("%s added %q to %q, and it is not in %q", s.Source, l, s.Base[task.Notes], got)
				}
			}
		}
		slices.Reverse(sides)
		if again := merge.Merge(notes(text(agreed)), sides, combining()); again.Agreed != out.Agreed {
			t.Fatalf("in another order: %q, not %q", again.Agreed[task.Notes], out.Agreed[task.Notes])
		}
	})
}
