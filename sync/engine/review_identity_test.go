package engine_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/lockstep-sync/lockstep/connectors"
	"github.com/lockstep-sync/lockstep/connectors/memory"
	"github.com/lockstep-sync/lockstep/sync/store/storetest"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// A partner with two tools of its own gets one item for a new row, not one in each.
func TestTwoToolsOfOnePartnerGetOneItem(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.replace(sheetID, "aqua", b.sheet)
	b.card.Add(row("Buy a pump", "aqua"))
	b.cycle()
	b.cycle()
	if n := len(b.jira.Keys()) + len(b.sheet.Keys()); n != 1 {
		t.Errorf("the partner's tools hold %d items of one task, want 1", n)
	}
}

// An issue that takes the place of one that is gone has a version of its own, which says nothing about the old one's.
func TestCloneTakesThePlaceOfItsOriginal(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.card.Add(row("Buy a pump", "aqua"))
	b.cycle()
	issue := b.jira.Keys()[0]
	for i := range 4 {
		b.jira.Edit(issue, task.Notes, task.TextValue(fmt.Sprint("note ", i)))
	}
	b.cycle()
	clone := b.jira.Copy(issue)
	b.cycle()
	b.jira.Delete(issue)
	for range 3 {
		b.cycle()
	}
	if k := b.store.Tasks["CW-1"]; k.Removed || len(b.card.Keys()) != 1 {
		t.Fatalf("removed %v with %d rows, though the clone bears its mark", k.Removed, len(b.card.Keys()))
	}
	b.jira.Edit(clone, task.Notes, task.TextValue("on the clone"))
	b.cycle()
	if got := b.note("CW-1"); got != "on the clone" {
		t.Errorf("agreed is %q", got)
	}
}

// Two rows that look the same, of which one was marked when the last cycle died, are still two tasks.
func TestTwinsHalfAdopted(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"sheet", "card"} {
		for _, effect := range []memory.Effect{memory.FailAfter, memory.Refuse} {
			b := newBench(t)
			tool := b.sheet
			if kind == "card" {
				tool = b.card
			}
			tool.Add(row("Report", "hydro"))
			tool.Add(row("Report", "hydro"))
			n := 0
			tool.Fail(func(_ memory.Step, p *task.Patch) memory.Effect {
				if p == nil {
					return memory.Pass
				}
				if n++; n == 1 {
					return memory.FailAfter
				}
				return effect
			})
			b.cycle()
			tool.Fail(nil)
			for range 4 {
				b.cycle()
			}
			r := b.cycle()
			if !r.Converged || len(r.Holds) > 0 {
				t.Errorf("%s, effect %d: not at rest: planned %+v, held %+v", kind, effect, r.Patches, r.Holds)
			}
			for id, k := range b.store.Tasks {
				if k.Removed {
					t.Errorf("%s, effect %d: %s was removed, and nobody deleted anything", kind, effect, id)
				}
			}
			if len(b.store.Tasks) != 2 || len(tool.Keys()) != 2 || len(b.card.Keys()) != 2 {
				t.Errorf("%s, effect %d: %d tasks, %d rows, %d on the scorecard, want 2 of each", kind, effect, len(b.store.Tasks), len(tool.Keys()), len(b.card.Keys()))
			}
		}
	}
}

// An item that was held back is looked at again although no increment names it.
func TestHeldItemIsSeenAgainBetweenIncrements(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(b *bench) {
		b.jira = memory.New(memory.Options{Fields: []task.Field{task.Title, task.Notes}, CanCreate: true, Increments: true})
	})
	b.cycle()
	b.jira.Add(titled("Report"))
	b.card.Add(row("Report", "aqua"))
	twin := b.card.Add(row("Report", "aqua"))
	b.card.Edit(twin, task.Notes, task.TextValue("not this one"))
	if r := b.cycle(); !held(r, task.HoldAmbiguous) {
		t.Fatalf("nothing is held: %+v", r)
	}
	b.cycle()
	b.card.Delete(twin)
	b.cycle()
	r := b.cycle()
	if len(b.jira.Keys()) != 1 || len(b.card.Keys()) != 1 || r.Tasks != 1 || len(r.Holds) > 0 {
		t.Errorf("%d issues, %d rows, %d tasks, want 1 of each; held %+v", len(b.jira.Keys()), len(b.card.Keys()), r.Tasks, r.Holds)
	}
}

// A task whose item may be one of several that lost their marks is not gone, and gets no further item.
func TestLostMarksRemoveNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for i := range 2 {
		v := titled("Report")
		v[task.Notes] = task.TextValue(fmt.Sprint("of month ", i))
		b.sheet.Add(v)
	}
	b.sheet.Add(titled("Lay a pipe"))
	b.cycle()
	for _, k := range b.sheet.Keys() {
		b.sheet.Unmark(k) // the id column was emptied
	}
	r := b.cycle()
	b.cycle()
	if !held(r, task.HoldAmbiguous) {
		t.Errorf("nothing is held: %+v", r.Holds)
	}
	for id, k := range b.store.Tasks {
		if k.Removed {
			t.Errorf("%s was removed, and nobody deleted anything", id)
		}
	}
	if len(b.store.Tasks) != 3 || len(b.sheet.Keys()) != 3 || len(b.card.Keys()) != 3 {
		t.Errorf("%d tasks, %d rows, %d on the scorecard, want 3 of each", len(b.store.Tasks), len(b.sheet.Keys()), len(b.card.Keys()))
	}
	b.card.Edit("CW-1", task.Title, task.TextValue("Report of January"))
	b.cycle()
	b.sheet.Edit(b.sheet.Keys()[0], task.Title, task.TextValue("Report of January"))
	b.cycle()
	b.cycle()
	if r := b.cycle(); held(r, task.HoldAmbiguous) || !r.Converged {
		t.Errorf("titles that differ did not settle it: %+v, %+v", r.Holds, r.Patches)
	}
}

// On a store that was lost, numbers that marks still bear are not given to something new.
func TestLostStoreKeepsNumbersApart(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.jira.Add(titled("Dig a well"))
	b.sheet.Add(titled("Lay a pipe"))
	b.cycle()
	b.cycle()
	b.store = storetest.NewMemory()
	b.options.Store = b.store
	b.restart()
	b.jira.Add(titled("Dig another well"))
	b.card.Fail(func(memory.Step, *task.Patch) memory.Effect { return memory.FailBefore })
	b.cycle() // what the scorecard holds is not known yet
	b.card.Fail(nil)
	for range 3 {
		b.cycle()
	}
	r := b.cycle()
	if !r.Converged || r.Tasks != 3 || len(b.card.Keys()) != 3 || len(b.sheet.Keys()) != 1 || len(b.jira.Keys()) != 2 || len(r.Holds) > 0 {
		t.Errorf("at rest %v, %d tasks, %d rows, held %+v", r.Converged, r.Tasks, len(b.card.Keys()), r.Holds)
	}
	for id, title := range map[task.ID]string{"CW-1": "Dig a well", "CW-2": "Lay a pipe", "CW-3": "Dig another well"} {
		if got := b.store.Tasks[id].Agreed[task.Title].String(); got != title {
			t.Errorf("%s is %q, want %q", id, got, title)
		}
	}
}

// bin is a sheet from which a row can be deleted, and brought back by Undo.
type bin struct {
	*memory.Tool
	out map[string]bool
}

func (b *bin) Pull(ctx context.Context, cursor string) (task.Snapshot, error) {
	snap, err := b.Tool.Pull(ctx, cursor)
	snap.Records = slices.DeleteFunc(snap.Records, func(r task.Record) bool { return b.out[r.Ref.Key] })
	return snap, err
}

func (b *bin) Confirm(ctx context.Context, keys []string) (map[string]connectors.Confirmation, error) {
	found, err := b.Tool.Confirm(ctx, keys)
	for k := range found {
		if b.out[k] {
			found[k] = connectors.Confirmation{Presence: connectors.Gone}
		}
	}
	return found, err
}

// A row that was deleted by mistake and brought back is the task again.
func TestUndoneDeletionRestores(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	undo := &bin{Tool: b.sheet, out: map[string]bool{}}
	b.replace(sheetID, "city", undo)
	b.sheet.Add(titled("Lay a pipe"))
	b.cycle()
	undo.out["CW-1"] = true
	b.cycle()
	if !b.store.Tasks["CW-1"].Removed || len(b.card.Keys()) != 0 {
		t.Fatalf("not removed: %+v", b.store.Tasks["CW-1"])
	}
	delete(undo.out, "CW-1")
	b.cycle()
	if b.store.Tasks["CW-1"].Removed || len(b.card.Keys()) != 1 {
		t.Errorf("the row is back, and the task is not: %+v", b.store.Tasks["CW-1"])
	}
}

// Nothing is created in a tool of which only a part was read: what is missing may be in the other part.
func TestNothingIsCreatedOnAPartialRead(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.cycle()
	b.jira.Add(titled("Dig a well"))
	b.card.Add(row("Dig a well", "aqua"))
	b.jira.Fail(once(memory.Partial, func(s memory.Step, _ *task.Patch) bool { return s == memory.StepPull }))
	b.cycle()
	b.cycle()
	if len(b.jira.Keys()) != 1 || len(b.card.Keys()) != 1 || len(b.store.Tasks) != 1 {
		t.Errorf("%d issues, %d rows, %d tasks, want 1 of each", len(b.jira.Keys()), len(b.card.Keys()), len(b.store.Tasks))
	}
}

// Two rows with one mark hold the task's row, even if the task was never tied to either.
func TestCopiedMarkOfAnUnsettledCreate(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.jira.Add(titled("Dig a well"))
	b.card.Fail(once(memory.FailAfter, applying))
	b.cycle()
	b.card.Copy(b.card.Keys()[0])
	r := b.cycle()
	if !held(r, task.HoldDuplicateID) || len(r.Patches) > 0 || len(b.card.Keys()) != 2 {
		t.Errorf("planned %+v, held %+v", r.Patches, r.Holds)
	}
	b.card.Delete(b.card.Keys()[1])
	b.cycle()
	if r := b.cycle(); !r.Converged || len(r.Holds) > 0 || len(b.card.Keys()) != 1 {
		t.Errorf("at rest %v with %d rows, held %+v", r.Converged, len(b.card.Keys()), r.Holds)
	}
}

// A row that lost its mark does not become another task while nobody can tell whether the one with the mark is gone.
func TestUnmarkedRowWaitsForACertainRead(t *testing.T) {
	t.Parallel()
	for _, step := range []memory.Step{memory.StepConfirm, memory.StepPull} {
		b := newBench(t)
		one := b.sheet.Add(titled("Lay a pipe"))
		b.cycle()
		b.sheet.Add(titled("Paint it"))
		b.sheet.Unmark(one)
		b.sheet.Fail(once(memory.Partial, func(s memory.Step, _ *task.Patch) bool { return s == step }))
		for range 3 {
			b.cycle()
		}
		r := b.cycle()
		if !r.Converged || r.Tasks != 2 || len(b.store.Tasks) != 2 || len(b.sheet.Keys()) != 2 || len(r.Holds) > 0 {
			t.Errorf("%s: %d tasks, of which %d live, %d rows; held %+v", step, len(b.store.Tasks), r.Tasks, len(b.sheet.Keys()), r.Holds)
		}
	}
}
