package plan_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/lockstep-sync/lockstep/sync/plan"
	"github.com/lockstep-sync/lockstep/sync/task"
)

func writesAll(task.Field) bool { return true }

func shows(_ task.Field, want, _ task.Value) (task.Value, *task.Problem) { return want, nil }

func target(now task.Values) plan.Target {
	return plan.Target{
		Ref: task.Ref{Source: "jira", Key: "7"}, Name: "WASH-7", Now: now, Writes: writesAll, Normalize: shows, Marked: true, Create: true,
	}
}

func add(p *plan.Plan, id task.ID, agreed task.Values, t plan.Target) { p.Add(id, &agreed, &t) }

func titled(title, notes string) (v task.Values) {
	v[task.Title] = task.TextValue(title)
	v[task.Notes] = task.TextValue(notes)
	return v
}

func TestOnlyWhatDiffersIsWritten(t *testing.T) {
	t.Parallel()
	var p plan.Plan
	add(&p, "CW-1", titled("Dig", "new"), target(titled("Dig", "old")))
	want := []task.Change{{Field: task.Notes, From: task.TextValue("old"), To: task.TextValue("new")}}
	if len(p.Patches) != 1 || p.Patches[0].Op != task.Update || !slices.Equal(p.Patches[0].Set, want) {
		t.Fatalf("planned %+v", p.Patches)
	}
}

func TestWhatIsNotWritten(t *testing.T) {
	t.Parallel()
	blocked := func(_ task.Field, want, have task.Value) (task.Value, *task.Problem) {
		if want.String() == task.Blocked {
			return task.EnumValue(task.InProgress), nil
		}
		return want, nil
	}
	status := func(s string) (v task.Values) {
		v[task.Status] = task.EnumValue(s)
		return v
	}
	problem := task.Problem{Reason: task.HoldUnsupported, Hint: "do this"}
	tests := []struct {
		name   string
		agreed task.Values
		change func(*plan.Target)
		holds  int
	}{
		{"what is the same", titled("Dig", "a"), func(x *plan.Target) { x.Now = titled("Dig", "a") }, 0},
		{"what nobody has said", task.Values{}, func(x *plan.Target) { x.Now = titled("Dig", "a") }, 0},
		{"a field that the tool has not", titled("Dig", "a"), func(x *plan.Target) { x.Now[task.Title] = task.TextValue("Dig") }, 0},
		{"what cannot be read", titled("Dig", "a"), func(x *plan.Target) { x.Now = titled("Dig", ""); x.Now[task.Notes] = task.UnreadableValue("?") }, 0},
		{"a field in conflict", titled("Dig", "a"), func(x *plan.Target) { x.Now = titled("Dig", "b"); x.Held = map[task.Field]bool{task.Notes: true} }, 0},
		{"a field that is read only", titled("Dig", "a"), func(x *plan.Target) {
			x.Now = titled("Dig", "b")
			x.Writes = func(f task.Field) bool { return f != task.Notes }
		}, 0},
		{"a formula", titled("Dig", "a"), func(x *plan.Target) {
			x.Now = titled("Dig", "b")
			x.Problems = map[task.Field]task.Problem{task.Notes: problem}
		}, 1},
		{"what a lossy tool shows already", status(task.Blocked), func(x *plan.Target) { x.Now = status(task.InProgress); x.Normalize = blocked }, 0},
		{"what the tool cannot take", titled("Dig", "a"), func(x *plan.Target) {
			x.Now = titled("Dig", "b")
			x.Normalize = func(_ task.Field, _, have task.Value) (task.Value, *task.Problem) { return have, &problem }
		}, 1},
		{"an item that is not wanted", titled("Dig", "a"), func(x *plan.Target) { x.Ref.Key = ""; x.Create = false }, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			x := target(task.Values{})
			tt.change(&x)
			var p plan.Plan
			p.Add("CW-1", &tt.agreed, &x)
			if len(p.Patches) != 0 || len(p.Holds) != tt.holds {
				t.Errorf("planned %+v and held %+v", p.Patches, p.Holds)
			}
		})
	}
}

func TestCreateAdoptRemove(t *testing.T) {
	t.Parallel()
	var p plan.Plan
	create := target(task.Values{})
	create.Ref.Key = ""
	add(&p, "CW-3", titled("Dig", ""), create)
	adopt := target(titled("Pump", ""))
	adopt.Ref.Key, adopt.Marked = "~ab.1", false
	add(&p, "CW-2", titled("Pump", ""), adopt)
	remove := target(titled("Pipe", "x"))
	remove.Remove = true
	add(&p, "CW-1", titled("Pipe", "x"), remove)
	p.Sort(func(id task.ID) int64 { return int64(id[3]) })

	var ops []task.Op
	for _, q := range p.Patches {
		ops = append(ops, q.Op)
	}
	if !slices.Equal(ops, []task.Op{task.Adopt, task.Create, task.Remove}) {
		t.Fatalf("planned %v", ops)
	}
	if c := p.Patches[1]; len(c.Set) != 1 || c.Set[0].To != task.TextValue("Dig") || !c.Set[0].From.IsNone() {
		t.Errorf("a create sets %+v", c.Set)
	}
	if p.Patches[0].Expect != titled("Pump", "") || p.Patches[2].Expect != titled("Pipe", "x") {
		t.Error("a mark or a removal does not say what it expects")
	}
}

// Invariant 5 for plans: the order in which tasks are added does not show, neither in the patches nor in the hash; and a plan
// that was made true plans nothing (invariant 2).
func TestPlanIsSortedAndQuiet(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		type job struct {
			id          task.ID
			agreed, now task.Values
			source      task.SourceID
		}
		word := rapid.SampledFrom([]string{"", "a", "b", "c"})
		var jobs []job
		for i := range rapid.IntRange(1, 8).Draw(t, "tasks") {
			for _, s := range []task.SourceID{"jira", "card"} {
				jobs = append(jobs, job{
					task.ID(fmt.Sprintf("CW-%d", i+1)), titled(word.Draw(t, "title"), word.Draw(t, "notes")),
					titled(word.Draw(t, "title"), word.Draw(t, "notes")), s,
				})
			}
		}
		rank := func(id task.ID) int64 { return int64(id[3]) }
		planned := func(jobs []job) plan.Plan {
			var p plan.Plan
			for _, j := range jobs {
				x := target(j.now)
				x.Ref.Source = j.source
				p.Add(j.id, &j.agreed, &x)
			}
			p.Sort(rank)
			return p
		}
		one := planned(jobs)
		two := planned(rapid.Permutation(jobs).Draw(t, "order"))
		if one.Hash() != two.Hash() {
			t.Fatalf("the order of tasks shows:\n%+v\n%+v", one.Patches, two.Patches)
		}
		for _, p := range one.Patches {
			for i := range jobs {
				if jobs[i].id == p.Task && jobs[i].source == p.Ref.Source {
					for _, c := range p.Set {
						if jobs[i].now[c.Field] != c.From {
							t.Fatalf("%s expects %v where %v was read", p.Task, c.From, jobs[i].now[c.Field])
						}
						jobs[i].now[c.Field] = c.To
					}
				}
			}
		}
		if again := planned(jobs); len(again.Patches) > 0 {
			t.Fatalf("a plan that was made true plans %+v", again.Patches)
		}
	})
}

func TestGuards(t *testing.T) {
	t.Parallel()
	change := func(n int, from string) []task.Patch {
		ps := make([]task.Patch, n)
		for i := range ps {
			ps[i] = task.Patch{Op: task.Update, Ref: task.Ref{Source: "jira"}, Set: []task.Change{{Field: task.Notes, From: task.TextValue(from), To: task.TextValue("x")}}}
		}
		return ps
	}
	remove := func(n int) []task.Patch {
		ps := make([]task.Patch, n)
		for i := range ps {
			ps[i] = task.Patch{Op: task.Remove, Ref: task.Ref{Source: "jira"}}
		}
		return ps
	}
	tests := []struct {
		name    string
		patches []task.Patch
		facts   plan.Facts
		want    string
	}{
		{"30 of 100 may change", change(30, "old"), plan.Facts{Existing: 100}, ""},
		{"31 of 100 may not", change(31, "old"), plan.Facts{Existing: 100}, "[jira: 31 of 100 items would be changed, 30 are allowed]"},
		{"a first filling is no change", change(100, ""), plan.Facts{Existing: 100}, ""},
		{"few are always let through", change(10, "old"), plan.Facts{Existing: 10}, ""},
		{"10 of 100 may be removed", remove(10), plan.Facts{Existing: 100}, ""},
		{"11 of 100 may not", remove(11), plan.Facts{Existing: 100}, "[jira: 11 of 100 items would be removed, 10 are allowed]"},
		{"nor may their tasks", nil, plan.Facts{Existing: 100, Vanished: 11}, "[jira: 11 of 100 items would be removed, 10 are allowed]"},
		{"a changed mapping shows its plan", change(1, "old"), plan.Facts{Existing: 100, Remapped: true}, "[jira: its mapping or filter has changed, and 1 values would be overwritten, or items lost from sight]"},
		{"a changed mapping that changes nothing", nil, plan.Facts{Existing: 100, Remapped: true}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := ""
			if trips := plan.DefaultGuards().Check(tt.patches, map[task.SourceID]plan.Facts{"jira": tt.facts}); len(trips) > 0 {
				got = fmt.Sprint(trips)
			}
			if got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}
