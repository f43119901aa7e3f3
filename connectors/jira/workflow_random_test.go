package jira

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// Whatever the workflow: an issue ends in a status that means what was asked for, or where it was, or it is said where it
// is left; and it is never moved for ever.
func TestAnyWorkflow(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := anyWorld(t)
		c := w.client(t, Config{Status: map[string][]string{"blocked": {"S1"}}, TransitionFields: map[string]string{"F1": "V0"}})
		if err := c.prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
		for range rapid.IntRange(1, 3).Draw(t, "rounds") {
			want := rapid.SampledFrom(task.Statuses()).Draw(t, "want")
			var ps []task.Patch
			home := map[string]piece{}
			for _, id := range sortedKeys(w.issues) {
				if from := w.meaning(c, id); from != "" && from != want {
					ps = append(ps, w.patch(c, id, want))
					home[id] = *w.issues[id]
				}
			}
			w.sent = nil
			for i, rc := range c.Apply(t.Context(), ps) {
				id := ps[i].Ref.Key
				w.judge(t, c, home[id], want, rc)
				if n := w.issues[id].posts - home[id].posts; n > 3*hopsMax {
					t.Fatalf("issue %s was moved %d times", id, n)
				}
			}
			if most := 10 + len(ps)*(10*hopsMax+3*peeksMax); len(w.sent) > most {
				t.Fatalf("%d patches cost %d requests", len(ps), len(w.sent))
			}
			if rapid.Bool().Draw(t, "forget") {
				c.flow.forget()
			}
		}
	})
}

// judge holds a receipt against what became of the issue.
func (w *world) judge(t *rapid.T, c *Connector, before piece, want string, rc task.Receipt) {
	now := w.issues[before.id]
	got := w.meaning(c, before.id)
	name := w.statuses[now.at].Name
	switch {
	case rc.Err == nil && got != want:
		t.Fatalf("issue %s says %s in %s, and no error; want %s", before.id, got, name, want)
	case rc.Err == nil && (rc.Record == nil || rc.Record.Values[task.Status].String() != want):
		t.Fatalf("issue %s: read back %+v", before.id, rc.Record)
	case rc.Err == nil || now.at == before.at && now.resolution == before.resolution:
	default:
		f := fault.Of(rc.Err)
		if rc.Record == nil || rc.Record.Values[task.Status].String() != got {
			t.Fatalf("issue %s is moved to %s (%s), and the receipt says %+v", before.id, name, got, rc)
		}
		said := f.Error() + " " + f.Hint
		if f.Hint == "" || now.at != before.at && !strings.Contains(said, quoteName(name)) && !strings.Contains(said, "Jira made it") {
			t.Fatalf("issue %s is left in %s, and it says only %s (%s)", before.id, name, f, f.Hint)
		}
	}
}

func anyWorld(t *rapid.T) *world {
	n := rapid.IntRange(2, 8).Draw(t, "statuses")
	w := &world{issues: map[string]*piece{}, mayMoveMany: rapid.Bool().Draw(t, "many"), editable: rapid.Bool().Draw(t, "editable")}
	for i := range n {
		w.statuses = append(w.statuses, wireStatus{
			ID: fmt.Sprint(20000 + i), Name: fmt.Sprintf("S%d", i),
			Category: wireCategory{Key: rapid.SampledFrom([]string{"new", "indeterminate", "done"}).Draw(t, "category")},
		})
	}
	issues := rapid.IntRange(1, 9).Draw(t, "issues")
	for i := range issues {
		id := fmt.Sprint(i + 1)
		p := &piece{id: id, at: rapid.IntRange(0, n-1).Draw(t, "at"), fields: map[string]any{}}
		p.resolution = rapid.SampledFrom([]string{"", "", "Done", "Won't Do"}).Draw(t, "resolution")
		if rapid.Bool().Draw(t, "filled") {
			p.fields["f2"] = "x"
		}
		w.issues[id] = p
	}
	for i := range rapid.IntRange(1, 2*n).Draw(t, "ways") {
		e := way{id: fmt.Sprint(i + 1), from: rapid.IntRange(0, n-1).Draw(t, "from"), to: rapid.IntRange(0, n-1).Draw(t, "to"), lands: -1, fields: map[string]map[string]any{}}
		e.sets = rapid.SampledFrom([]string{"", "", "-", "Done", "Won't Do"}).Draw(t, "sets")
		if rapid.Bool().Draw(t, "screen") {
			for _, f := range []string{"f1", "f2", "f3"} {
				if rapid.IntRange(0, 3).Draw(t, f) == 0 {
					e.fields[f] = choiceField(strings.ToUpper(f), rapid.Bool().Draw(t, "required"), "V0", "V1")
				}
			}
			if rapid.Bool().Draw(t, "resolves") {
				e.fields["resolution"] = resolutions(rapid.Bool().Draw(t, "insists"), "Done", "Won't Do")
			}
		}
		if rapid.IntRange(0, 5).Draw(t, "rule") == 0 {
			e.hidden = rapid.SampledFrom([]string{"f1", "f2", "f9"}).Draw(t, "hidden")
		}
		if rapid.IntRange(0, 5).Draw(t, "condition") == 0 {
			e.barred = map[string]bool{fmt.Sprint(rapid.IntRange(1, issues).Draw(t, "barred")): true}
		}
		if rapid.IntRange(0, 9).Draw(t, "rule after") == 0 {
			e.lands = rapid.IntRange(0, n-1).Draw(t, "lands")
		}
		w.ways = append(w.ways, e)
	}
	return w
}

// Where every status has an issue that shows the way, the shortest one is taken, and none is taken in vain.
func TestShortestWay(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 7).Draw(t, "statuses")
		w := &world{issues: map[string]*piece{}}
		for i := range n {
			category := "new"
			if i == n-1 {
				category = "done"
			}
			w.statuses = append(w.statuses, wireStatus{ID: fmt.Sprint(20000 + i), Name: fmt.Sprintf("S%d", i), Category: wireCategory{Key: category}})
			w.issues[fmt.Sprint(i+1)] = &piece{id: fmt.Sprint(i + 1), at: i, fields: map[string]any{}}
		}
		w.issues["99"] = &piece{id: "99", fields: map[string]any{}}
		next := map[int][]int{}
		for i := range rapid.IntRange(1, 2*n).Draw(t, "ways") {
			e := way{id: fmt.Sprint(i + 1), from: rapid.IntRange(0, n-1).Draw(t, "from"), to: rapid.IntRange(0, n-1).Draw(t, "to"), lands: -1}
			w.ways = append(w.ways, e)
			next[e.from] = append(next[e.from], e.to)
		}
		far := map[int]int{0: 0}
		for queue := []int{0}; len(queue) > 0; queue = queue[1:] {
			for _, to := range next[queue[0]] {
				if _, seen := far[to]; !seen {
					far[to] = far[queue[0]] + 1
					queue = append(queue, to)
				}
			}
		}
		c := w.client(t, Config{})
		if err := c.prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
		rc := c.Apply(t.Context(), []task.Patch{w.patch(c, "99", task.Done)})[0]
		steps, reachable := far[n-1]
		p := w.issues["99"]
		if reachable != (rc.Err == nil) || reachable && p.posts != steps || !reachable && p.posts != 0 {
			t.Fatalf("it made %d transitions of %d (reachable: %v): %v", p.posts, steps, reachable, rc.Err)
		}
	})
}
