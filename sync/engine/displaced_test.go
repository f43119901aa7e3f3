package engine_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/lockstep-sync/lockstep/connectors/memory"
	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// positional is a bench whose scorecard is a sheet in which people can move single cells.
func positional(b *bench) {
	b.card = memory.New(memory.Options{
		Fields: []task.Field{task.Title, task.Status, task.Due, task.Notes, task.Partner}, CanCreate: true, CanRemove: true,
		Provisional: true, Positional: true,
	})
}

// shuffle moves the values of one column of the scorecard down by one, round and round: a sort of that column alone.
func (b *bench) shuffle(f task.Field, down int) {
	keys := b.card.Keys()
	values := make([]task.Value, len(keys))
	for i, k := range keys {
		it, _ := b.card.Get(k)
		values[(i+down+len(keys))%len(keys)] = it.Values[f]
	}
	for i, k := range keys {
		b.card.Edit(k, f, values[i])
	}
}

// A column that was sorted by itself is no edit, before and after a restart, until it is put right; everything else goes on.
func TestPartialSortStopsTheSheetAlone(t *testing.T) {
	t.Parallel()
	b := newBench(t, positional)
	for i := range 4 {
		v := titled(fmt.Sprint("Well ", i))
		v[task.Notes] = task.TextValue(fmt.Sprint("note ", i))
		b.jira.Add(v)
	}
	b.cycle()
	b.cycle()
	b.shuffle(task.Notes, 1)
	b.card.Add(row("New on the scorecard", "aqua"))
	writes := b.card.Writes()
	for range 2 {
		b.jira.Edit(b.jira.Keys()[0], task.Status, task.EnumValue(task.Done))
		b.sheet.Add(titled("Lay a pipe"))
		r := b.cycle()
		var names []string
		for _, h := range r.Holds {
			if h.Reason == task.HoldDisplaced && h.Source == cardID && h.Field == "notes" && strings.Contains(h.Hint, "CW-") {
				names = append(names, h.Name)
			}
		}
		if len(names) != 4 || slices.Contains(names, "") {
			t.Errorf("the rows that are named: %q; held %+v", names, r.Holds)
		}
		for _, s := range r.Sources {
			if s.ID == cardID && (s.Read || s.Reason != fault.Precondition || !strings.Contains(s.Hint, "Ctrl+Z")) {
				t.Errorf("the scorecard's report: %+v", s)
			}
		}
		b.restart()
	}
	if b.card.Writes() != writes {
		t.Error("the scorecard was written to")
	}
	for i := range 4 {
		if got := b.note(task.ID(fmt.Sprint("CW-", i+1))); got != fmt.Sprint("note ", i) {
			t.Errorf("note of CW-%d is %q", i+1, got)
		}
	}
	if r := b.cycle(); r.Tasks != 6 {
		t.Errorf("%d tasks, want 6: other tools go on, and nothing of the scorecard is believed", r.Tasks)
	}
	at := b.card.Keys()
	last := at[len(at)-1]
	b.card.Delete(last) // it was put in after the sort, and is in the way of undoing it here
	b.shuffle(task.Notes, -1)
	b.cycle()
	b.card.Add(row("New on the scorecard", "aqua"))
	for range 2 {
		b.cycle()
	}
	r := b.cycle()
	if !r.Converged || len(r.Holds) > 0 || r.Tasks != 7 || len(b.card.Keys()) != 7 {
		t.Errorf("put right: at rest %v, %d tasks, %d rows, held %+v", r.Converged, r.Tasks, len(b.card.Keys()), r.Holds)
	}
	if got := value(t, b.card, "Well 0", task.Status); got != task.Done {
		t.Errorf("what was held back is %q", got)
	}
}

// Writes of ours that had no answer may move values about: two dates that change places in Jira are no partial sort.
func TestOwnWritesAreNoDisplacement(t *testing.T) {
	t.Parallel()
	b := newBench(t, positional)
	for i := range 2 {
		v := titled(fmt.Sprint("Well ", i))
		v[task.Notes] = task.TextValue(fmt.Sprint("note ", i))
		b.jira.Add(v)
	}
	b.cycle()
	b.cycle()
	for i, k := range b.jira.Keys() {
		b.jira.Edit(k, task.Notes, task.TextValue(fmt.Sprint("note ", 1-i)))
	}
	n := 0
	b.card.Fail(func(_ memory.Step, p *task.Patch) memory.Effect {
		if p == nil {
			return memory.Pass
		}
		n++
		return memory.FailAfter
	})
	b.cycle()
	b.card.Fail(nil)
	if n != 2 {
		t.Fatalf("%d writes had no answer, want 2", n)
	}
	b.cycle()
	if r := b.cycle(); !r.Converged || held(r, task.HoldDisplaced) || b.note("CW-1") != "note 1" {
		t.Errorf("at rest %v, held %+v, note of CW-1 %q", r.Converged, r.Holds, b.note("CW-1"))
	}
}

// What was agreed while the sheet could not be read hides no tear: a cell that shows it holds no longer what another row shows now.
func TestAgreementHidesNoDisplacement(t *testing.T) {
	t.Parallel()
	b := newBench(t, positional)
	noted, dated := titled("Well 0"), titled("Well 1")
	noted[task.Notes] = task.TextValue("ask the mayor")
	dated[task.Due] = date("2027-01-12")
	b.jira.Add(noted)
	b.jira.Add(dated)
	b.cycle()
	b.cycle()
	b.shuffle(task.Notes, 1)
	b.shuffle(task.Due, 1)
	b.jira.Edit(b.jira.Keys()[0], task.Notes, task.Empty(task.Text))
	b.card.Fail(func(memory.Step, *task.Patch) memory.Effect { return memory.FailBefore })
	b.cycle()
	b.card.Fail(nil)
	r := b.cycle()
	if !held(r, task.HoldDisplaced) {
		t.Errorf("held %+v", r.Holds)
	}
	if got := value(t, b.jira, "Well 0", task.Due); got != "" {
		t.Errorf("the date of Well 1 came to Well 0: %q", got)
	}
	b.shuffle(task.Notes, -1)
	b.shuffle(task.Due, -1)
	b.cycle()
	if r := b.cycle(); !r.Converged || len(r.Holds) > 0 || b.note("CW-1") != "" {
		t.Errorf("put right: at rest %v, held %+v, note of CW-1 %q", r.Converged, r.Holds, b.note("CW-1"))
	}
}

// A column of titles that was sorted by itself over rows that are not marked yet: most of what moved stands in those.
func TestDisplacedTitlesInFreshRows(t *testing.T) {
	t.Parallel()
	b := newBench(t, positional)
	for i := range 2 {
		b.jira.Add(titled(fmt.Sprint("Well ", i)))
	}
	b.cycle()
	b.cycle()
	at := b.card.Keys()
	b.card.Add(row("Well 0", "aqua")) // of the row that holds another's title now, which holds a third's
	b.card.Edit(at[0], task.Title, task.TextValue("Well 1"))
	b.card.Edit(at[1], task.Title, task.TextValue("A copy"))
	if r := b.cycle(); !held(r, task.HoldDisplaced) || r.Tasks != 2 {
		t.Errorf("%d tasks, held %+v", r.Tasks, r.Holds)
	}
	for i := range 2 {
		if got := value(t, b.jira, fmt.Sprint("Well ", i), task.Title); got == "" {
			t.Errorf("Well %d is called otherwise", i)
		}
	}
}
