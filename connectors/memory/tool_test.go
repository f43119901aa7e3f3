package memory_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/lockstep-sync/lockstep/connectors"
	"github.com/lockstep-sync/lockstep/connectors/memory"
	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

func titled(title string) task.Values {
	return task.Values{task.Title: task.TextValue(title)}
}

func pull(t *testing.T, tool *memory.Tool, cursor string) task.Snapshot {
	t.Helper()
	snap, err := tool.Pull(t.Context(), cursor)
	if err != nil {
		t.Fatalf("Pull: %v", err)
	}
	return snap
}

func titles(snap task.Snapshot) []string {
	var ts []string
	for _, r := range snap.Records {
		ts = append(ts, r.Values[task.Title].String())
	}
	return ts
}

func expectTitles(t *testing.T, what string, snap task.Snapshot, want ...string) {
	t.Helper()
	if got := titles(snap); !slices.Equal(got, want) {
		t.Errorf("%s: titles %q; want %q", what, got, want)
	}
}

// update writes a title over another.
func update(key, from, to string) task.Patch {
	return task.Patch{
		Op: task.Update, Task: "CW-1", Ref: task.Ref{Key: key},
		Set: []task.Change{{Field: task.Title, From: task.TextValue(from), To: task.TextValue(to)}},
	}
}

func TestKeysAndVersions(t *testing.T) {
	t.Parallel()
	tool := memory.New(memory.Options{Fields: task.AllFields(), CanCreate: true})
	tool.Add(titled("a"))
	gone := tool.Add(titled("b"))
	tool.Delete(gone)
	created := tool.Apply(t.Context(), []task.Patch{{
		Op: task.Create, Task: "CW-9", Set: []task.Change{{Field: task.Title, To: task.TextValue("c")}},
	}})[0]
	if created.Err != nil || created.Record.Ref.Key != "k3" || created.Record.Version != 1 || created.Record.By != memory.ByLockstep {
		t.Errorf("created: %+v; want key k3, version 1, by us", created)
	}
	for want := int64(2); want < 5; want++ {
		tool.Edit("k1", task.Progress, must(task.NumberValue(float64(want)/10)))
		if it, _ := tool.Get("k1"); it.Version != want {
			t.Errorf("version %d; want %d", it.Version, want)
		}
	}
	before, _ := tool.Get("k1")
	tool.Edit("k1", task.Title, task.TextValue("a"))
	if r := tool.Apply(t.Context(), []task.Patch{update("k1", "something else", "a")})[0]; r.Err != nil {
		t.Errorf("writing what is there already: %v", r.Err)
	}
	if it, _ := tool.Get("k1"); it.Version != before.Version {
		t.Errorf("typing and writing what is there already made version %d of %d", it.Version, before.Version)
	}
	if tool.Writes() != 1 {
		t.Errorf("%d writes; want the create alone", tool.Writes())
	}
	if tool.Edit(gone, task.Title, task.TextValue("x")) || tool.Delete(gone) || tool.Copy(gone) != "" || tool.Unmark(gone) {
		t.Error("a deleted item can be used")
	}
}

func must(v task.Value, err error) task.Value {
	if err != nil {
		panic(err)
	}
	return v
}

func TestDefaultsFillWhatIsEmpty(t *testing.T) {
	t.Parallel()
	tool := memory.New(memory.Options{
		Fields: task.AllFields(), CanCreate: true,
		Defaults: task.Values{task.Priority: task.TextValue("Medium"), task.Title: task.TextValue("Untitled")},
	})
	tool.Add(titled("a"))
	tool.Apply(t.Context(), []task.Patch{{Op: task.Create, Task: "CW-1", Set: []task.Change{
		{Field: task.Title, To: task.TextValue("b")}, {Field: task.Notes, To: task.TextValue("n")},
	}}})
	for _, r := range pull(t, tool, "").Records {
		if r.Values[task.Priority] != task.TextValue("Medium") || r.Values[task.Title] == task.TextValue("Untitled") {
			t.Errorf("a new item holds %v", r.Values)
		}
	}
}

func TestIndexLags(t *testing.T) {
	t.Parallel()
	tool := memory.New(memory.Options{Fields: task.AllFields(), Lag: 2})
	for _, s := range []string{"a", "b", "c"} {
		tool.Add(titled(s))
	}
	tool.Edit("k1", task.Title, task.TextValue("A"))
	expectTitles(t, "two changes behind", pull(t, tool, ""), "a", "b")
	if got, err := tool.Confirm(t.Context(), []string{"k1", "k3"}); err != nil ||
		got["k1"].Record.Values[task.Title] != task.TextValue("A") || got["k3"].Presence != connectors.Present {
		t.Errorf("a direct read says %+v, %v; want it as it is now", got, err)
	}
	expectTitles(t, "one change behind", pull(t, tool, ""), "a", "b", "c")
	expectTitles(t, "caught up", pull(t, tool, ""), "A", "b", "c")
	tool.Delete("k2")
	expectTitles(t, "before a deletion shows", pull(t, tool, ""), "A", "b", "c")
	expectTitles(t, "after it", pull(t, tool, ""), "A", "c")
	tool.Add(titled("d"))
	tool.CatchUp()
	expectTitles(t, "made to catch up", pull(t, tool, ""), "A", "c", "d")
}

func TestIncrements(t *testing.T) {
	t.Parallel()
	tool := memory.New(memory.Options{Fields: task.AllFields(), Increments: true, Census: 3})
	tool.Add(titled("a"))
	tool.Add(titled("b"))
	snap := pull(t, tool, "")
	next := func(what string, complete bool, want ...string) {
		t.Helper()
		snap = pull(t, tool, snap.Cursor)
		expectTitles(t, what, snap, want...)
		if snap.Complete != complete {
			t.Errorf("%s: complete is %v", what, snap.Complete)
		}
	}
	next("idle", false)
	tool.Edit("k2", task.Title, task.TextValue("B"))
	next("after an edit", false, "B")
	tool.Delete("k1")
	next("after a deletion, which does not show", false)
	next("the census, which shows it", true, "B")
	next("idle again", false)
}

func TestFindAfterItSettles(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)
	tool := memory.New(memory.Options{
		Fields: task.AllFields(), CanCreate: true, SettleDelay: time.Minute, Now: func() time.Time { return now },
	})
	tool.Apply(t.Context(), []task.Patch{{Op: task.Create, Task: "CW-1", Set: []task.Change{{Field: task.Title, To: task.TextValue("a")}}}})
	found := func() bool {
		t.Helper()
		rec, ok, err := tool.Find(t.Context(), "CW-1")
		if err != nil || ok && !rec.At.Equal(time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)) {
			t.Fatalf("Find: %+v, %v", rec, err)
		}
		return ok
	}
	if now = now.Add(59 * time.Second); found() {
		t.Error("the mark is found before the index settles")
	}
	if now = now.Add(time.Second); !found() {
		t.Error("the mark is not found after the index has settled")
	}
}

func TestEffects(t *testing.T) {
	t.Parallel()
	patch := task.Patch{Op: task.Update, Task: "CW-1", Ref: task.Ref{Key: "k1"}, Set: []task.Change{
		{Field: task.Title, From: task.TextValue("a"), To: task.TextValue("A")},
		{Field: task.Notes, From: task.Empty(task.Text), To: task.TextValue("n")},
	}}
	for _, c := range []struct {
		name         string
		effect       memory.Effect
		kind         fault.Kind
		reason       fault.Reason
		uncertain    bool
		title, notes string
	}{
		{"fail before", memory.FailBefore, fault.Retryable, fault.Unavailable, false, "a", ""},
		{"fail after", memory.FailAfter, fault.Retryable, fault.Timeout, true, "A", "n"},
		{"lost", memory.Lost, fault.Retryable, fault.Timeout, true, "a", ""},
		{"partial", memory.Partial, fault.Partial, fault.Unavailable, false, "A", ""},
		{"refuse", memory.Refuse, fault.Permanent, fault.Invalid, false, "a", ""},
		{"throttle", memory.Throttle, fault.Retryable, fault.RateLimited, false, "a", ""},
		{"unauthorized", memory.Unauthorized, fault.Permanent, fault.Auth, false, "a", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			tool := memory.New(memory.Options{Fields: task.AllFields()})
			tool.Add(titled("a"))
			tool.Fail(func(s memory.Step, p *task.Patch) memory.Effect {
				if s != memory.StepApply || p.Task != "CW-1" {
					t.Errorf("asked at %q about %+v", s, p)
				}
				return c.effect
			})
			r := tool.Apply(t.Context(), []task.Patch{patch})[0]
			if !fault.Is(r.Err, c.kind) || !fault.HasReason(r.Err, c.reason) || r.Uncertain != c.uncertain {
				t.Errorf("receipt %+v; want %s, %s, uncertain %v", r, c.kind, c.reason, c.uncertain)
			}
			it, _ := tool.Get("k1")
			if it.Values[task.Title].String() != c.title || it.Values[task.Notes].String() != c.notes {
				t.Errorf("the item holds %q and %q; want %q and %q", it.Values[task.Title], it.Values[task.Notes], c.title, c.notes)
			}
			if partial := c.effect == memory.Partial; partial != (r.Record != nil) {
				t.Errorf("record %v; only what landed in part is read back", r.Record)
			}
			tool.Fail(nil)
			if r := tool.Apply(t.Context(), []task.Patch{patch})[0]; r.Err != nil || r.Record.Values[task.Notes] != task.TextValue("n") {
				t.Errorf("once mended: %+v", r)
			}
		})
	}
}

func TestPartialPull(t *testing.T) {
	t.Parallel()
	tool := memory.New(memory.Options{Fields: task.AllFields()})
	for _, s := range []string{"a", "b", "c"} {
		tool.Add(titled(s))
	}
	tool.Fail(func(memory.Step, *task.Patch) memory.Effect { return memory.Partial })
	snap, err := tool.Pull(t.Context(), "")
	if !fault.Is(err, fault.Partial) || snap.Complete {
		t.Errorf("complete %v, %v; want a partial fault", snap.Complete, err)
	}
	expectTitles(t, "half a read", snap, "a")
}

func TestHooksMayUseTheTool(t *testing.T) {
	t.Parallel()
	tool := memory.New(memory.Options{Fields: task.AllFields()})
	tool.Add(titled("a"))
	tool.Between(func(task.Patch) { tool.Edit("k1", task.Title, task.TextValue("typed in the gap")) })
	if r := tool.Apply(t.Context(), []task.Patch{update("k1", "a", "A")})[0]; !fault.Is(r.Err, fault.Conflict) {
		t.Errorf("%v; want a conflict", r.Err)
	}
	if it, _ := tool.Get("k1"); it.Values[task.Title] != task.TextValue("typed in the gap") || it.By != memory.ByPerson {
		t.Errorf("the item holds %q by %s", it.Values[task.Title], it.By)
	}
	tool.Between(nil)

	ctx, cancel := context.WithCancel(t.Context())
	tool.Fail(func(memory.Step, *task.Patch) memory.Effect { cancel(); return memory.Pass })
	rs := tool.Apply(ctx, []task.Patch{update("k1", "typed in the gap", "b"), update("k1", "b", "c")})
	if rs[0].Err != nil || !fault.HasReason(rs[1].Err, fault.Cancelled) || !errors.Is(rs[1].Err, context.Canceled) {
		t.Errorf("%v, %v; want that the write in flight is finished and the next cancelled", rs[0].Err, rs[1].Err)
	}

	tool.Fail(func(memory.Step, *task.Patch) memory.Effect { panic("a crash") })
	src := connectors.NewSource("s", "p", nil, tool)
	if _, err := src.Pull(t.Context(), ""); !fault.Is(err, fault.Unknown) {
		t.Errorf("%v; want the panic as a fault", err)
	}
	tool.Fail(nil)
	expectTitles(t, "after a panic", pull(t, tool, ""), "b")
}

func TestPermitted(t *testing.T) {
	t.Parallel()
	tool := memory.New(memory.Options{Fields: []task.Field{task.Title, task.Due, task.Status}, ReadOnly: []task.Field{task.Status}})
	tool.Add(titled("a"))
	set := func(f task.Field, from, to task.Value) task.Patch {
		return task.Patch{Op: task.Update, Task: "CW-1", Ref: task.Ref{Key: "k1"}, Set: []task.Change{{Field: f, From: from, To: to}}}
	}
	for name, p := range map[string]task.Patch{
		"a field that is not mapped":    set(task.Notes, task.Empty(task.Text), task.TextValue("n")),
		"a field that is only read":     set(task.Status, task.Empty(task.Enum), task.EnumValue(task.Done)),
		"a value of another kind":       set(task.Due, task.Empty(task.Date), task.TextValue("soon")),
		"no value":                      set(task.Due, task.Empty(task.Date), task.Value{}),
		"a value that nobody can read":  set(task.Title, task.TextValue("a"), task.UnreadableValue("?")),
		"a create that is not allowed":  {Op: task.Create, Task: "CW-2"},
		"a removal that is not allowed": {Op: task.Remove, Task: "CW-1", Ref: task.Ref{Key: "k1"}},
	} {
		if r := tool.Apply(t.Context(), []task.Patch{p})[0]; !fault.Is(r.Err, fault.Permanent) {
			t.Errorf("%s: %v; want it refused", name, r.Err)
		}
	}
	if tool.Writes() != 0 || len(tool.Keys()) != 1 {
		t.Errorf("%d writes, items %v", tool.Writes(), tool.Keys())
	}
}

func TestHidden(t *testing.T) {
	t.Parallel()
	tool := memory.New(memory.Options{Fields: task.AllFields()})
	for _, s := range []string{"filtered out", "locked", "plain"} {
		tool.Add(titled(s))
	}
	tool.Hide("k1", connectors.Present)
	tool.Hide("k2", connectors.NoAccess)
	expectTitles(t, "with hidden items", pull(t, tool, ""), "plain")
	got, err := tool.Confirm(t.Context(), []string{"k1", "k2", "k3", "k4"})
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]connectors.Presence{
		"k1": connectors.Present, "k2": connectors.NoAccess, "k3": connectors.Present, "k4": connectors.Gone,
	} {
		if got[key].Presence != want {
			t.Errorf("%s is %q; want %q", key, got[key].Presence, want)
		}
	}
	if r := tool.Apply(t.Context(), []task.Patch{update("k2", "locked", "x")})[0]; !fault.HasReason(r.Err, fault.Auth) {
		t.Errorf("a write to what may not be read: %v", r.Err)
	}
	tool.Hide("k2", "")
	expectTitles(t, "shown again", pull(t, tool, ""), "locked", "plain")
}

func TestRemapChangesTheFingerprint(t *testing.T) {
	t.Parallel()
	tool := memory.New(memory.Options{Fields: []task.Field{task.Notes, task.Title}})
	first := tool.Describe().Fingerprint
	tool.Remap([]task.Field{task.Title, task.Notes}, nil)
	if again := tool.Describe().Fingerprint; again != first {
		t.Errorf("the order of fields makes %q of %q", again, first)
	}
	tool.Remap([]task.Field{task.Title}, nil)
	second := tool.Describe().Fingerprint
	tool.Remap([]task.Field{task.Title}, []task.Field{task.Title})
	if third := tool.Describe().Fingerprint; second == first || third == second {
		t.Errorf("fingerprints %q, %q, %q; want three", first, second, third)
	}
}

// The same calls in the same order give the same tool: shrinking a failed world depends on it.
func TestNothingIsLeftToChance(t *testing.T) {
	t.Parallel()
	world := func() []string {
		tool := memory.New(memory.Options{Fields: task.AllFields(), Provisional: true})
		for _, s := range []string{"a", "b", "c", "a", "d"} {
			tool.Add(titled(s))
		}
		tool.Permute()
		tool.Copy("k2")
		tool.Permute()
		var keys []string
		for _, r := range pull(t, tool, "").Records {
			keys = append(keys, r.Ref.Key)
		}
		return append(keys, tool.Keys()...)
	}
	first := world()
	for range 3 {
		if again := world(); !slices.Equal(first, again) {
			t.Fatalf("%q, then %q", first, again)
		}
	}
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	tool := memory.New(memory.Options{Fields: task.AllFields(), CanCreate: true, Lag: 1})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 50 {
				key := tool.Add(titled("a"))
				tool.Edit(key, task.Notes, task.TextValue("n"))
				if _, err := tool.Pull(t.Context(), ""); err != nil {
					t.Error(err)
				}
				tool.Apply(t.Context(), []task.Patch{update(key, "a", "b")})
				tool.Permute()
				tool.Get(key)
			}
		})
	}
	wg.Wait()
	if n := len(tool.Keys()); n != 200 || tool.Writes() != 200 {
		t.Errorf("%d items and %d writes; want 200 of both", n, tool.Writes())
	}
}

// BenchmarkWorld is the cost of a small tool in one random world of the engine's state machine.
func BenchmarkWorld(b *testing.B) {
	for b.Loop() {
		tool := memory.New(memory.Options{Fields: task.AllFields(), CanCreate: true, Provisional: true})
		for _, s := range []string{"a", "b", "c"} {
			tool.Add(titled(s))
		}
		snap, err := tool.Pull(b.Context(), "")
		if err != nil {
			b.Fatal(err)
		}
		for i, r := range snap.Records {
			tool.Apply(b.Context(), []task.Patch{{Op: task.Adopt, Task: task.ID("CW-" + string(rune('1'+i))), Ref: r.Ref, Expect: r.Values}})
		}
	}
}
