package engine_test

import (
	"testing"

	"github.com/lockstep-sync/lockstep/sync/engine"
	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// decidedIn are the events of the cycle that decided last.
func (b *bench) decidedIn(cycle int64) []store.Event {
	var out []store.Event
	for _, e := range b.store.Events {
		if e.Cycle == cycle {
			out = append(out, e)
		}
	}
	return out
}

func TestACycleIsTakenBack(t *testing.T) {
	t.Parallel()
	b := shownBench(t)
	b.jira.Add(titled("Dig a well"))
	b.jira.Add(titled("Lay a pipe"))
	b.cycle()
	b.cycle()
	b.jira.Edit(b.jira.Keys()[0], task.Title, task.TextValue("Dig two wells"))
	b.jira.Edit(b.jira.Keys()[1], task.Title, task.TextValue("Lay two pipes"))
	wrong := b.cycle()
	back, rest := engine.Reversals(b.decidedIn(wrong.Generation), "Amina")
	if len(back) != 2 || len(rest) != 0 {
		t.Fatalf("there are %+v to take back, and %+v are left", back, rest)
	}
	// Somebody goes on with the second one, and somebody edits the first one in the cycle that takes it back, elsewhere.
	b.jira.Edit(b.jira.Keys()[1], task.Title, task.TextValue("Lay three pipes"))
	b.cycle()
	dry := b.cycle(engine.Mode{DryRun: true, Undo: back})
	r := b.cycle(engine.Mode{Undo: back})
	if r.Undone != 1 || dry.Undone != 1 || dry.PlanHash != r.PlanHash || len(r.Patches) != 2 {
		t.Errorf("taken back: %+v; foreseen: %+v", r, dry)
	}
	for tool, from := range map[string]interface{ Keys() []string }{"Jira": b.jira, "the scorecard": b.card} {
		if len(from.Keys()) != 2 {
			t.Errorf("%s has %d items", tool, len(from.Keys()))
		}
	}
	for _, tool := range []string{"Dig a well", "Lay three pipes"} {
		if value(t, b.jira, tool, task.Title) != tool || value(t, b.card, tool, task.Title) != tool {
			t.Errorf("%q is not in both tools", tool)
		}
	}
	last := b.decidedIn(r.Generation)[0]
	if last.Kind != store.EventDecided || last.By != "Amina" || last.From.String() != "Dig two wells" || last.To.String() != "Dig a well" || len(last.Losers) != 1 || last.Losers[0].Value.String() != "Dig two wells" {
		t.Errorf("the history says %+v", last)
	}
	for range 2 {
		if r := b.cycle(); len(r.Patches) > 0 || r.Edits > 0 {
			t.Errorf("it does not stay so: %+v", r)
		}
	}
	if r := b.cycle(engine.Mode{Undo: back}); r.Undone != 0 || len(r.Patches) > 0 {
		t.Errorf("taken back twice: %+v", r)
	}
}

func TestAnEditBeatsTakingBack(t *testing.T) {
	t.Parallel()
	b := shownBench(t)
	b.jira.Add(titled("Dig a well"))
	b.cycle()
	b.cycle()
	b.jira.Edit(b.jira.Keys()[0], task.Title, task.TextValue("Dig two wells"))
	back, _ := engine.Reversals(b.decidedIn(b.cycle().Generation), "Amina")
	b.card.Edit(b.card.Keys()[0], task.Title, task.TextValue("Dig three wells"))
	if r := b.cycle(engine.Mode{Undo: back}); r.Undone != 0 {
		t.Errorf("an edit was taken back: %+v", r)
	}
	b.cycle()
	if got := value(t, b.jira, "Dig three wells", task.Title); got != "Dig three wells" {
		t.Errorf("Jira says %q", got)
	}
}

func TestWhatIsLeftToPeople(t *testing.T) {
	t.Parallel()
	b := shownBench(t)
	b.jira.Add(titled("Dig a well"))
	back, rest := engine.Reversals(b.decidedIn(b.cycle().Generation), "Amina")
	if len(rest) != 1 || rest[0].Kind != store.EventBorn {
		t.Errorf("taken back %+v, left %+v", back, rest)
	}
}
