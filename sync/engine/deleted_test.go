package engine_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/lockstep-sync/lockstep/connectors/memory"
	"github.com/lockstep-sync/lockstep/sync/engine"
	"github.com/lockstep-sync/lockstep/sync/plan"
	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// cancelling is a bench where a deleted row cancels its task.
func cancelling(t *testing.T) *bench {
	t.Helper()
	b := shownBench(t)
	b.options.DeletedRows = engine.CancelTasks
	b.restart()
	return b
}

func TestADeletedRowComesBack(t *testing.T) {
	t.Parallel()
	b := shownBench(t)
	b.jira.Add(titled("Dig a well"))
	b.cycle()
	b.card.Delete(b.card.Keys()[0])
	b.cycle()
	for name, tool := range map[string]*memory.Tool{"the scorecard": b.card, "Jira": b.jira} {
		if got := value(t, tool, "Dig a well", task.Status); got != task.NotStarted {
			t.Errorf("%s says %q", name, got)
		}
	}
}

func TestADeletedRowCancelsTheTask(t *testing.T) {
	t.Parallel()
	b := cancelling(t)
	issue := b.jira.Add(titled("Dig a well"))
	b.cycle()
	b.card.Delete(b.card.Keys()[0])
	dry := b.cycle(engine.Mode{DryRun: true})
	if r := b.cycle(); r.PlanHash != dry.PlanHash || r.PlanHash == "" {
		t.Errorf("the plan was %q, and it did %q", dry.PlanHash, r.PlanHash)
	}
	if got := value(t, b.jira, "Dig a well", task.Status); got != task.Cancelled {
		t.Errorf("Jira says %q", got)
	}
	if len(b.card.Keys()) != 0 {
		t.Error("the row is back")
	}
	last := b.store.Events[0]
	for _, e := range b.store.Events {
		if e.Kind == store.EventDecided {
			last = e
		}
	}
	if last.To.String() != task.Cancelled || last.Source != cardID || last.Note != "its row on the scorecard was deleted" {
		t.Errorf("the history says %+v", last)
	}
	b.restart()
	if r := b.cycle(); len(r.Patches) > 0 || len(b.card.Keys()) != 0 {
		t.Errorf("it does not stay so: %+v", r.Patches)
	}
	b.jira.Edit(issue, task.Status, task.EnumValue(task.InProgress))
	b.cycle()
	if got := value(t, b.card, "Dig a well", task.Status); got != task.InProgress {
		t.Errorf("it is no longer cancelled, and its row says %q", got)
	}
}

func TestUndoOfADeletedRow(t *testing.T) {
	t.Parallel()
	b := cancelling(t)
	v := titled("Dig a well")
	v[task.Status], v[task.Notes] = task.EnumValue(task.InProgress), task.TextValue("begun")
	b.jira.Add(v)
	b.cycle()
	b.card.Delete(b.card.Keys()[0])
	b.cycle()
	if got := value(t, b.jira, "Dig a well", task.Status); got != task.Cancelled {
		t.Fatalf("Jira says %q", got)
	}
	b.card.Undo()
	b.cycle()
	for name, tool := range map[string]*memory.Tool{"the scorecard": b.card, "Jira": b.jira} {
		if got := value(t, tool, "Dig a well", task.Status); got != task.InProgress {
			t.Errorf("after undo %s says %q", name, got)
		}
		if got := value(t, tool, "Dig a well", task.Notes); got != "begun" {
			t.Errorf("after undo the notes of %s are %q", name, got)
		}
	}
	if r := b.cycle(); len(r.Patches) > 0 || len(b.store.Tasks) != 1 {
		t.Errorf("it does not come to rest: %+v", r.Patches)
	}
}

func TestADeletedRowThatIsTypedAgain(t *testing.T) {
	t.Parallel()
	b := cancelling(t)
	b.jira.Add(titled("Dig a well"))
	b.cycle()
	b.card.Delete(b.card.Keys()[0])
	b.cycle()
	row := titled("Dig a well")
	row[task.Partner], row[task.Status] = task.EnumValue("aqua"), task.EnumValue(task.InProgress)
	b.card.Add(row)
	b.cycle()
	b.cycle()
	if got := value(t, b.jira, "Dig a well", task.Status); got != task.InProgress || len(b.store.Tasks) != 1 {
		t.Errorf("the row was typed again, Jira says %q, and there are %d tasks", got, len(b.store.Tasks))
	}
}

// A row that lies there twice for a moment, as people cut and paste, is not deleted.
func TestARowThatWasMovedByCopying(t *testing.T) {
	t.Parallel()
	b := cancelling(t)
	b.jira.Add(titled("Dig a well"))
	b.cycle()
	was := b.card.Keys()[0]
	b.card.Copy(was)
	b.card.Delete(was)
	b.cycle()
	if got := value(t, b.jira, "Dig a well", task.Status); got != task.NotStarted {
		t.Errorf("Jira says %q", got)
	}
}

func TestAnEditBeatsADeletedRow(t *testing.T) {
	t.Parallel()
	b := cancelling(t)
	issue := b.jira.Add(titled("Dig a well"))
	b.cycle()
	b.card.Delete(b.card.Keys()[0])
	b.jira.Edit(issue, task.Notes, task.TextValue("we have begun"))
	b.cycle()
	if got := value(t, b.card, "Dig a well", task.Notes); got != "we have begun" {
		t.Errorf("the row's notes are %q", got)
	}
	if got := value(t, b.jira, "Dig a well", task.Status); got == task.Cancelled {
		t.Error("what somebody works on was cancelled")
	}
}

func TestADeletedRowOfWhatIsDoneComesBack(t *testing.T) {
	t.Parallel()
	b := cancelling(t)
	v := titled("Dig a well")
	v[task.Status] = task.EnumValue(task.Done)
	b.jira.Add(v)
	b.cycle()
	b.card.Delete(b.card.Keys()[0])
	b.cycle()
	if got := value(t, b.card, "Dig a well", task.Status); got != task.Done {
		t.Errorf("the row says %q", got)
	}
}

func TestManyDeletedRowsLookLikeAnAccident(t *testing.T) {
	t.Parallel()
	b := cancelling(t)
	for i := range 40 {
		b.jira.Add(titled(fmt.Sprintf("Task %d", i)))
	}
	b.cycle()
	for _, k := range b.card.Keys()[:20] {
		b.card.Delete(k)
	}
	r := b.cycle()
	if !slices.ContainsFunc(r.Trips, func(x plan.Trip) bool { return x.Guard == plan.GuardRemovals && x.Source == cardID && x.Count == 20 }) {
		t.Fatalf("half of the rows were deleted: %s, %+v", r.Result, r.Trips)
	}
	if got := value(t, b.jira, "Task 0", task.Status); got == task.Cancelled || r.Result != engine.ResultGuarded {
		t.Errorf("Jira was written to: %q, %s", got, r.Result)
	}
	b.cycle(engine.Mode{Approve: r.PlanHash})
	n := 0
	for _, k := range b.jira.Keys() {
		if it, _ := b.jira.Get(k); it.Values[task.Status].String() == task.Cancelled {
			n++
		}
	}
	if n != 20 || len(b.card.Keys()) != 20 {
		t.Errorf("after approval %d are cancelled, and %d rows are there", n, len(b.card.Keys()))
	}
}

// A scorecard that lost a column, or whose filter changed, has lost no rows.
func TestARemappedScorecardCancelsNothing(t *testing.T) {
	t.Parallel()
	b := cancelling(t)
	b.jira.Add(titled("Dig a well"))
	b.cycle()
	b.card.Delete(b.card.Keys()[0])
	b.card.Remap([]task.Field{task.Title, task.Partner, task.Status}, nil)
	b.cycle()
	b.cycle(engine.Mode{Approve: b.cycle(engine.Mode{DryRun: true}).PlanHash})
	for _, k := range b.store.Tasks {
		if strings.Contains(k.Agreed[task.Status].String(), task.Cancelled) {
			t.Error("it was cancelled")
		}
	}
}

// A row that lost its id and its title may be the one that is missed.
func TestADamagedRowCancelsNothing(t *testing.T) {
	t.Parallel()
	b := cancelling(t)
	b.jira.Add(titled("Dig a well"))
	b.cycle()
	row := b.card.Keys()[0]
	b.card.Unmark(row)
	b.card.Edit(row, task.Title, task.Empty(task.Text))
	b.cycle()
	if got := value(t, b.jira, "Dig a well", task.Status); got != task.NotStarted {
		t.Errorf("Jira says %q", got)
	}
}
