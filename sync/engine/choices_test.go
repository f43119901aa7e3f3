package engine_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/lockstep-sync/lockstep/connectors/memory"
	"github.com/lockstep-sync/lockstep/sync/engine"
	"github.com/lockstep-sync/lockstep/sync/merge"
	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/store/storetest"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// contestedBench is a bench with an open conflict about the notes of CW-1: the scorecard and Jira say different things.
func contestedBench(t *testing.T) *bench {
	t.Helper()
	b := shownBench(t)
	b.options.Rules = merge.DefaultRules()
	b.options.Rules.Fields = map[task.Field]merge.Rule{task.Notes: {Authority: b.options.Rules.Default.Authority, Hold: true}}
	b.restart()
	b.jira.Add(titled("Dig a well"))
	b.cycle()
	b.contest("by Jira", "by the scorecard")
	b.cycle()
	if len(b.store.Conflicts) != 1 {
		t.Fatalf("%d conflicts; want one", len(b.store.Conflicts))
	}
	return b
}

func (b *bench) contest(jira, card string) {
	b.jira.Edit(b.jira.Keys()[0], task.Notes, task.TextValue(jira))
	b.card.Edit(b.card.Keys()[0], task.Notes, task.TextValue(card))
}

// offered are the key and the options of the only row of the page of conflicts.
func (b *bench) offered() (key string, options []string) {
	b.t.Helper()
	p, _, _ := b.card.Page(engine.PageConflicts)
	if len(p.Rows) != 1 {
		b.t.Fatalf("%d rows on the page of conflicts; want one", len(p.Rows))
	}
	for _, c := range p.Rows[0].Cells {
		options = append(options, c.Options...)
	}
	return p.Rows[0].Key, options
}

// settledAs checks that the notes are everywhere what was chosen, that nothing is open, and that what lost is kept.
func (b *bench) settledAs(want, lost, by string) {
	b.t.Helper()
	for name, tool := range map[string]*memory.Tool{"Jira": b.jira, "the scorecard": b.card} {
		if got := value(b.t, tool, "Dig a well", task.Notes); got != want {
			b.t.Errorf("%s says %q; want %q", name, got, want)
		}
	}
	if len(b.store.Conflicts) != 0 {
		b.t.Errorf("open is %+v", b.store.Conflicts)
	}
	var settled []store.Event
	for _, e := range b.store.Events {
		if e.Kind == store.EventSettled {
			settled = append(settled, e)
		}
	}
	if len(settled) != 1 {
		b.t.Fatalf("the history tells of %d conflicts that were settled; want one", len(settled))
	}
	e := settled[0]
	kept := slices.ContainsFunc(e.Losers, func(c store.Claim) bool { return c.Value.String() == lost })
	if e.By != by || e.To.String() != want || !kept {
		b.t.Errorf("the history says %+v; want by %q, with the claim %q", e, by, lost)
	}
	if r := b.cycle(); len(r.Patches) > 0 || r.Conflicts > 0 || r.Board.Differs {
		b.t.Errorf("it does not stay so: %+v", r)
	}
	if p, _, _ := b.card.Page(engine.PageConflicts); len(p.Rows) > 0 {
		b.t.Errorf("the page of conflicts still shows %+v", p.Rows)
	}
}

func TestAConflictIsShown(t *testing.T) {
	t.Parallel()
	b := contestedBench(t)
	key, options := b.offered()
	if !strings.HasPrefix(key, "CW-1/notes/") || !slices.Equal(options, []string{
		"keep: (empty)", "aqua-jira: by Jira", "scorecard: by the scorecard",
	}) {
		t.Errorf("row %q offers %q", key, options)
	}
	const want = "CW-1 | Dig a well | Notes | (empty) | aqua-jira says by Jira (a person, 1 Sep 2026 08:01); scorecard says by the scorecard (a person) |  | 1 Sep 2026 08:01"
	if got := b.page(engine.PageConflicts); !strings.HasSuffix(got, want) {
		t.Errorf("the page is\n%s\nwant at its end\n%s", got, want)
	}
	if got := b.page(engine.PageQuality); !strings.Contains(got, "choose a value on the page Conflicts of the scorecard") {
		t.Errorf("the hold does not say where to choose:\n%s", got)
	}
	if r := b.cycle(); r.Board.Differs {
		t.Error("an open conflict makes each cycle write")
	}
}

func TestChoosingOnTheScorecard(t *testing.T) {
	t.Parallel()
	for option, want := range map[string][2]string{
		"aqua-jira: by Jira":          {"by Jira", "by the scorecard"},
		"scorecard: by the scorecard": {"by the scorecard", "by Jira"},
		"keep: (empty)":               {"", "by Jira"},
	} {
		b := contestedBench(t)
		key, _ := b.offered()
		if !b.card.Choose(engine.PageConflicts, key, option) {
			t.Fatal("there is nothing to choose in")
		}
		dry := b.cycle(engine.Mode{DryRun: true})
		if r := b.cycle(); r.Conflicts != 0 || r.PlanHash != dry.PlanHash {
			t.Errorf("%s: after the choice %+v", option, r)
		}
		b.settledAs(want[0], want[1], "chosen on the scorecard")
	}
}

func TestAChoiceThatIsNoneOfTheOptions(t *testing.T) {
	t.Parallel()
	b := contestedBench(t)
	key, _ := b.offered()
	b.card.Choose(engine.PageConflicts, key, "=something else")
	r := b.cycle()
	if r.Conflicts != 1 || len(r.Patches) > 0 {
		t.Errorf("it settles something: %+v", r)
	}
	if !slices.ContainsFunc(r.Holds, func(h task.Hold) bool {
		return h.Reason == task.HoldConflict && strings.Contains(h.Hint, `"=something else" was chosen on the scorecard, and settles nothing`)
	}) {
		t.Errorf("nobody is told: %+v", r.Holds)
	}
	if got := b.page(engine.PageConflicts); !strings.Contains(got, "=something else") {
		t.Errorf("what was typed is gone:\n%s", got)
	}
	if r := b.cycle(); r.Board.Differs {
		t.Error("it makes each cycle write")
	}
	b.card.Choose(engine.PageConflicts, key, "aqua-jira: by Jira")
	b.cycle()
	b.settledAs("by Jira", "by the scorecard", "chosen on the scorecard")
}

// What was claimed changes between what a person saw and chose: nothing is settled unseen.
func TestAChoiceThatCameTooLate(t *testing.T) {
	t.Parallel()
	b := contestedBench(t)
	key, _ := b.offered()
	b.card.Choose(engine.PageConflicts, key, "scorecard: by the scorecard")
	b.jira.Edit(b.jira.Keys()[0], task.Notes, task.TextValue("by Jira, and more"))
	if r := b.cycle(); r.Conflicts != 1 {
		t.Fatalf("what nobody saw was settled: %+v", r)
	}
	if k, options := b.offered(); k == key || !slices.Contains(options, "aqua-jira: by Jira, and more") {
		t.Errorf("row %q offers %q", k, options)
	}
	if r := b.cycle(); r.Conflicts != 1 {
		t.Errorf("the choice of before was taken for one of now: %+v", r)
	}
	key, _ = b.offered()
	b.card.Choose(engine.PageConflicts, key, "aqua-jira: by Jira, and more")
	b.cycle()
	b.settledAs("by Jira, and more", "by the scorecard", "chosen on the scorecard")
}

// A choice stays on the page when we die after deciding: what it settled stays settled, and the next conflict is not.
func TestAChoiceIsTakenOnce(t *testing.T) {
	t.Parallel()
	b := contestedBench(t)
	key, _ := b.offered()
	b.card.Choose(engine.PageConflicts, key, "aqua-jira: by Jira")
	b.card.Fail(func(s memory.Step, _ *task.Patch) memory.Effect {
		if s == memory.StepPublish {
			return memory.FailBefore
		}
		return memory.Pass
	})
	if r := b.cycle(); r.Conflicts != 0 {
		t.Fatal("the choice settles nothing")
	}
	b.jira.Edit(b.jira.Keys()[0], task.Notes, task.TextValue("something else, agreed by all"))
	b.cycle()
	b.contest("by Jira", "by the scorecard") // as before, and the old row still says what was chosen
	b.cycle()
	b.restart()
	if r := b.cycle(); r.Conflicts != 1 {
		t.Errorf("a new conflict was settled by the choice about the old one: %+v", r)
	}
	b.card.Fail(nil)
	b.cycle()
	if now, _ := b.offered(); now == key {
		t.Error("the new conflict has the key of the old one")
	}
	b.cycle() // what was chosen in vain is no longer told
	if r := b.cycle(); r.Conflicts != 1 || r.Board.Differs {
		t.Errorf("once the page is right: %+v", r)
	}
}

func TestChooseElsewhere(t *testing.T) {
	t.Parallel()
	b := contestedBench(t)
	choose := func(id task.ID, f task.Field, v string) <-chan error {
		return b.eng.Choose(engine.Choice{Task: id, Field: f, Value: task.TextValue(v), By: "Amina Diallo"})
	}
	wrong := map[<-chan error]error{
		choose("CW-1", task.Notes, "by nobody"):     engine.ErrNotOffered,
		choose("CW-1", task.Title, "Dig a well"):    engine.ErrNoConflict,
		choose("CW-99", task.Notes, "by Jira"):      engine.ErrNoConflict,
		choose("CW-1", task.Notes, "keep: (empty)"): engine.ErrNotOffered,
	}
	right := choose("CW-1", task.Notes, "by the scorecard")
	again := choose("CW-1", task.Notes, "by Jira")
	if r := b.cycle(engine.Mode{DryRun: true}); r.Conflicts != 0 || len(r.Patches) != 1 {
		t.Errorf("a dry run does not show what follows: %+v", r)
	}
	select {
	case err := <-right:
		t.Fatalf("a dry run answered: %v", err)
	default:
	}
	b.cycle()
	for ch, want := range wrong {
		if err := <-ch; !errors.Is(err, want) {
			t.Errorf("%v; want %v", err, want)
		}
	}
	if err := <-right; err != nil {
		t.Errorf("a claim's value: %v", err)
	}
	if err := <-again; !errors.Is(err, engine.ErrNoConflict) {
		t.Errorf("a second choice: %v", err)
	}
	b.settledAs("by the scorecard", "by Jira", "Amina Diallo")
}

func TestChooseWhatHasChanged(t *testing.T) {
	t.Parallel()
	b := contestedBench(t)
	b.jira.Edit(b.jira.Keys()[0], task.Notes, task.TextValue("by Jira, and more"))
	answer := b.eng.Choose(engine.Choice{Task: "CW-1", Field: task.Notes, Value: task.TextValue("by the scorecard"), By: "Amina Diallo"})
	b.cycle()
	if err := <-answer; !errors.Is(err, engine.ErrConflictChanged) {
		t.Errorf("%v; want that it has changed", err)
	}
}

// A choice waits until a cycle decides: one that a guard stopped, or that another cycle was quicker than, leaves it.
func TestChooseOutlivesACycleThatDecidesNothing(t *testing.T) {
	t.Parallel()
	b := contestedBench(t)
	b.store.Crash = func(storetest.Moment) bool { return true }
	answer := b.eng.Choose(engine.Choice{Task: "CW-1", Field: task.Notes, Value: task.TextValue("by Jira"), By: "Amina Diallo"})
	if _, err := b.eng.RunCycle(t.Context(), engine.Mode{}); err == nil {
		t.Fatal("the store is down, and the cycle went well")
	}
	b.store.Crash = nil
	b.cycle()
	if err := <-answer; err != nil {
		t.Errorf("the choice: %v", err)
	}
	b.settledAs("by Jira", "by the scorecard", "Amina Diallo")
}

func TestChoicesAreBounded(t *testing.T) {
	t.Parallel()
	b := contestedBench(t)
	c := engine.Choice{Task: "CW-1", Field: task.Notes, Value: task.TextValue("by Jira"), By: "Amina Diallo"}
	for range 1000 {
		b.eng.Choose(c)
	}
	if err := <-b.eng.Choose(c); !errors.Is(err, engine.ErrTooManyChoices) {
		t.Errorf("%v; want that it is too many", err)
	}
	b.cycle()
	b.settledAs("by Jira", "by the scorecard", "Amina Diallo")
}
