package engine_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lockstep-sync/lockstep/connectors"
	"github.com/lockstep-sync/lockstep/connectors/memory"
	"github.com/lockstep-sync/lockstep/sync/engine"
	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/merge"
	"github.com/lockstep-sync/lockstep/sync/plan"
	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/store/storetest"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// bench is a small partnership for tests that know what they want: AquaFund in a Jira-like tool, the City of Riverton in a
// sheet, and the scorecard.
type bench struct {
	t                 *testing.T
	now               time.Time
	store             *storetest.Memory
	jira, sheet, card *memory.Tool
	options           engine.Options
	eng               *engine.Engine
}

func newBench(t *testing.T, adjust ...func(*bench)) *bench {
	t.Helper()
	own := []task.Field{task.Title, task.Status, task.Due, task.Notes}
	b := &bench{
		t: t, now: time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC), store: storetest.NewMemory(),
		jira:  memory.New(memory.Options{Fields: own, CanCreate: true}),
		sheet: memory.New(memory.Options{Fields: own, CanCreate: true, Provisional: true}),
		card:  memory.New(memory.Options{Fields: append(slices.Clone(own), task.Partner), CanCreate: true, CanRemove: true, Provisional: true}),
	}
	for _, f := range adjust {
		f(b)
	}
	b.options = engine.Options{
		Partnership: "p", Key: "CW", Rules: merge.DefaultRules(), Guards: plan.DefaultGuards(), Store: b.store,
		Now: func() time.Time { return b.now }, Log: quietLog,
		Sources: []*connectors.Source{
			connectors.NewSource(jiraID, "aqua", nil, b.jira),
			connectors.NewSource(sheetID, "city", nil, b.sheet),
			connectors.NewSource(cardID, "", nil, b.card),
		},
	}
	b.restart()
	return b
}

func (b *bench) restart() {
	b.t.Helper()
	e, err := engine.New(b.options)
	if err != nil {
		b.t.Fatal(err)
	}
	b.eng = e
}

func (b *bench) cycle(mode ...engine.Mode) engine.Report {
	b.t.Helper()
	m := engine.Mode{}
	if len(mode) > 0 {
		m = mode[0]
	}
	r, err := b.eng.RunCycle(b.t.Context(), m)
	if err != nil {
		b.t.Fatalf("run a cycle: %v", err)
	}
	b.now = b.now.Add(time.Minute)
	return r
}

func titled(title string) (v task.Values) {
	v[task.Title] = task.TextValue(title)
	return v
}

// value is what the tool's only item of that title shows.
func value(t *testing.T, tool *memory.Tool, title string, f task.Field) string {
	t.Helper()
	for _, k := range tool.Keys() {
		if it, _ := tool.Get(k); it.Values[task.Title].String() == title {
			return it.Values[f].String()
		}
	}
	t.Fatalf("there is no %q", title)
	return ""
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	issue := b.jira.Add(titled("Dig a well"))
	b.sheet.Add(titled("Lay a pipe"))
	row := titled("Buy a pump")
	row[task.Partner] = task.EnumValue("aqua")
	b.card.Add(row)

	b.cycle()
	if got := len(b.card.Keys()); got != 3 {
		t.Fatalf("the scorecard has %d rows, want 3", got)
	}
	if got := len(b.jira.Keys()); got != 2 {
		t.Fatalf("Jira has %d issues, want 2: a new row of a partner whose tool may create becomes one", got)
	}
	if got := value(t, b.card, "Lay a pipe", task.Partner); got != "city" {
		t.Errorf("the scorecard says that the pipe is %q's", got)
	}
	b.jira.Edit(issue, task.Status, task.EnumValue(task.Done))
	b.cycle()
	if got := value(t, b.card, "Dig a well", task.Status); got != task.Done {
		t.Errorf("the scorecard shows %q for what is done in Jira", got)
	}
	if r := b.cycle(); !r.Converged || len(r.Patches) > 0 {
		t.Errorf("a quiet cycle planned %+v", r.Patches)
	}
}

// Invariant 8: a tripped guard writes nothing and says how to let exactly this plan through.
func TestGuardWritesNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for i := range 30 {
		b.jira.Add(titled(fmt.Sprintf("Task %d", i)))
	}
	b.cycle()
	for _, k := range b.card.Keys() { // somebody pastes over the column
		b.card.Edit(k, task.Notes, task.TextValue("pasted"))
		b.card.Edit(k, task.Title, task.TextValue("pasted "+k))
	}
	before := b.jira.Writes() + b.card.Writes()
	tasks := len(b.store.Events)
	r := b.cycle()
	if r.Result != engine.ResultGuarded || len(r.Trips) != 1 || r.Trips[0].Guard != plan.GuardChanges || r.PlanHash == "" {
		t.Fatalf("result %s, trips %+v", r.Result, r.Trips)
	}
	if got := b.jira.Writes() + b.card.Writes(); got != before || len(b.store.Events) != tasks {
		t.Fatal("a tripped guard wrote, or decided")
	}
	if r := b.cycle(engine.Mode{Approve: "0123456789ab"}); r.Result != engine.ResultGuarded {
		t.Fatalf("a wrong hash let the plan through: %s", r.Result)
	}
	if r := b.cycle(engine.Mode{Approve: r.PlanHash}); r.Result != engine.ResultOK || r.Writes() != 30 {
		t.Fatalf("the right hash gave %s and %d writes", r.Result, r.Writes())
	}
	if r := b.cycle(); !r.Converged {
		t.Errorf("it is not quiet after that: %+v", r.Patches)
	}
}

func TestRemovalNeedsAConfirmedAbsence(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]memory.Options{
		"all is read in every cycle": {},
		"a list names all keys":      {Increments: true, Census: 1, Lists: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			removesWhatIsConfirmedGone(t, o)
		})
	}
}

func removesWhatIsConfirmedGone(t *testing.T, o memory.Options) {
	t.Helper()
	b := newBench(t, func(b *bench) {
		o.Fields, o.CanCreate = []task.Field{task.Title, task.Status, task.Due, task.Notes}, true
		b.jira = memory.New(o)
	})
	noAccess := func(r engine.Report) (n int) {
		for _, h := range r.Holds {
			if h.Reason == task.HoldNoAccess {
				n++
			}
		}
		return n
	}
	issue := b.jira.Add(titled("Dig a well"))
	b.cycle()

	b.jira.Hide(issue, connectors.Present) // filtered out
	if r := b.cycle(); len(r.Patches) > 0 {
		t.Fatalf("what is filtered out was acted on: %+v", r.Patches)
	}
	b.jira.Hide(issue, connectors.NoAccess)
	for range 3 {
		if r := b.cycle(); len(r.Patches) > 0 || noAccess(r) != 1 {
			t.Fatalf("lost access: planned %+v, held %+v", r.Patches, r.Holds)
		}
	}
	b.jira.Hide(issue, "")
	if r := b.cycle(); noAccess(r) != 0 {
		t.Fatalf("access is back, and held is %+v", r.Holds)
	}
	b.jira.Fail(func(s memory.Step, _ *task.Patch) memory.Effect {
		if s == memory.StepConfirm {
			return memory.FailBefore
		}
		return memory.Pass
	})
	b.jira.Delete(issue)
	for range 2 { // a list comes with every second pull
		if r := b.cycle(); len(r.Patches) > 0 {
			t.Fatalf("an absence that could not be confirmed was acted on: %+v", r.Patches)
		}
	}
	b.jira.Fail(nil)
	b.cycle()
	b.cycle()
	if n := len(b.card.Keys()); n != 0 {
		t.Fatalf("the scorecard still has %d rows", n)
	}
	if k := b.store.Tasks["CW-1"]; !k.Removed || k.Agreed[task.Title].String() != "Dig a well" {
		t.Errorf("the task is not kept: %+v", k)
	}
}

func TestEditBeatsRemoval(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	issue := b.jira.Add(titled("Dig a well"))
	b.cycle()
	b.jira.Delete(issue)
	b.card.Edit(b.card.Keys()[0], task.Notes, task.TextValue("nearly done"))
	b.cycle()
	if b.store.Tasks["CW-1"].Removed || value(t, b.jira, "Dig a well", task.Notes) != "nearly done" {
		t.Error("a task that was edited was removed, or did not come back to its owner's tool")
	}
}

func TestScorecardRowIsPutBack(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.jira.Add(titled("Dig a well"))
	b.cycle()
	b.card.Delete(b.card.Keys()[0])
	b.cycle()
	if value(t, b.card, "Dig a well", task.Partner) != "aqua" || b.store.Tasks["CW-1"].Removed {
		t.Error("a row that was deleted did not come back")
	}
}

func TestOtherSourcesGoOn(t *testing.T) {
	t.Parallel()
	for _, effect := range []memory.Effect{memory.FailBefore, memory.Unauthorized, memory.Throttle} {
		b := newBench(t)
		b.jira.Add(titled("Dig a well"))
		b.cycle()
		b.jira.Fail(func(memory.Step, *task.Patch) memory.Effect { return effect })
		b.sheet.Add(titled("Lay a pipe"))
		r := b.cycle()
		if r.Result != engine.ResultPartial || r.Converged {
			t.Errorf("effect %d: result %s, converged %v", effect, r.Result, r.Converged)
		}
		if got := value(t, b.card, "Lay a pipe", task.Partner); got != "city" {
			t.Errorf("effect %d: the other source did not go on", effect)
		}
		if b.store.Tasks["CW-1"].Removed {
			t.Errorf("effect %d: a failed read removed a task", effect)
		}
	}
}

// A source that asks for a pause is not asked again before it is over.
func TestRetryAfterIsObeyed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	asked := 0
	b.jira.Fail(func(s memory.Step, _ *task.Patch) memory.Effect {
		asked++
		return memory.Throttle
	})
	b.cycle()
	b.now = b.now.Add(-50 * time.Second) // 10 s after it was asked
	b.cycle()
	if asked != 1 {
		t.Fatalf("it was asked %d times within its pause", asked)
	}
	b.now = b.now.Add(memory.ThrottleFor)
	if b.cycle(); asked != 2 {
		t.Errorf("it was asked %d times after its pause, want 2", asked)
	}
}

// One poisoned task is retried with growing pauses, shown as held, and stops nobody else.
func TestPoisonedTask(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	poisoned := b.jira.Add(titled("Poisoned"))
	b.jira.Add(titled("Fine"))
	b.cycle()
	tries := 0
	b.jira.Fail(func(s memory.Step, p *task.Patch) memory.Effect {
		if p != nil && p.Ref.Key == poisoned {
			tries++
			return memory.Refuse
		}
		return memory.Pass
	})
	for _, k := range b.card.Keys() {
		b.card.Edit(k, task.Notes, task.TextValue("new"))
	}
	for range 64 {
		b.cycle() // a minute each
	}
	if tries < 5 || tries > 8 {
		t.Errorf("it was tried %d times in 64 minutes, want 1, 2, 4, 8, … minutes apart", tries)
	}
	if got := value(t, b.jira, "Fine", task.Notes); got != "new" {
		t.Errorf("the other task shows %q", got)
	}
	r := b.cycle()
	if !slices.ContainsFunc(r.Holds, func(h task.Hold) bool { return h.Reason == task.HoldRetrying && h.Task == "CW-1" && h.Hint != "" }) {
		t.Errorf("it is not shown as held: %+v", r.Holds)
	}
	b.jira.Fail(nil)
	b.card.Edit(b.card.Keys()[0], task.Notes, task.TextValue("newer")) // another want is tried at once
	b.cycle()
	if got := value(t, b.jira, "Poisoned", task.Notes); got != "newer" {
		t.Errorf("another value was not tried at once: %q", got)
	}
}

// A create whose answer is lost is looked for past the index's lag before it is tried again: never two items.
func TestLostCreateIsNotRepeated(t *testing.T) {
	t.Parallel()
	for _, lost := range []memory.Effect{memory.FailAfter, memory.Lost} {
		now := func() time.Time { return time.Time{} }
		b := newBench(t, func(b *bench) {
			b.jira = memory.New(memory.Options{
				Fields: []task.Field{task.Title, task.Status}, CanCreate: true, Increments: true, Lag: 2, SettleDelay: 3 * time.Minute,
				Now: func() time.Time { return now() },
			})
		})
		now = func() time.Time { return b.now }
		row := titled("Buy a pump")
		row[task.Partner] = task.EnumValue("aqua")
		b.card.Add(row)
		once := true
		b.jira.Fail(func(s memory.Step, p *task.Patch) memory.Effect {
			if p != nil && once {
				once = false
				return lost
			}
			return memory.Pass
		})
		awaiting := 0
		for range 8 {
			r := b.cycle()
			if slices.ContainsFunc(r.Holds, func(h task.Hold) bool { return h.Reason == task.HoldAwaiting }) {
				awaiting++
			}
		}
		if n := len(b.jira.Keys()); n != 1 {
			t.Errorf("effect %d: there are %d issues, want 1", lost, n)
		}
		if lost == memory.Lost && awaiting < 2 {
			t.Errorf("effect %d: it waited %d cycles, want to see it wait past the lag", lost, awaiting)
		}
		if r := b.cycle(); !r.Converged {
			t.Errorf("effect %d: it does not come to rest: %+v", lost, r.Holds)
		}
	}
}

// Two daemons on one store: the one that loaded first and decides last decides nothing.
func TestStaleCycleDecidesNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.jira.Add(titled("Dig a well"))
	other, err := engine.New(b.options)
	if err != nil {
		t.Fatal(err)
	}
	first := true
	b.jira.Fail(func(s memory.Step, _ *task.Patch) memory.Effect {
		if s == memory.StepPull && first {
			first = false
			if _, err := other.RunCycle(t.Context(), engine.Mode{}); err != nil {
				t.Errorf("the other cycle: %v", err)
			}
		}
		return memory.Pass
	})
	if _, err := b.eng.RunCycle(t.Context(), engine.Mode{}); !errors.Is(err, store.ErrStale) {
		t.Fatalf("err is %v, want %v", err, store.ErrStale)
	}
	if n := len(b.card.Keys()); n != 1 {
		t.Errorf("the scorecard has %d rows, want 1", n)
	}
}

// A changed mapping deletes nothing, and shows its plan before it writes.
func TestChangedMappingShowsItsPlan(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	mapped := func(fingerprint string) {
		b.options.Sources[0] = connectors.NewSource(jiraID, "aqua", nil, fingerprinted{b.jira, fingerprint})
		b.restart()
	}
	mapped("one")
	issue := b.jira.Add(titled("Dig a well"))
	b.cycle()
	b.jira.Edit(issue, task.Title, task.TextValue("Dig a deep well"))
	mapped("another")
	b.card.Edit(b.card.Keys()[0], task.Notes, task.TextValue("x"))
	r := b.cycle()
	if r.Result != engine.ResultGuarded || r.Trips[0].Guard != plan.GuardMapping {
		t.Fatalf("result %s, trips %+v", r.Result, r.Trips)
	}
	if r := b.cycle(engine.Mode{Approve: r.PlanHash}); r.Result != engine.ResultOK {
		t.Fatalf("after approval: %s", r.Result)
	}
	if r := b.cycle(); !r.Converged {
		t.Errorf("it is not quiet after that: %+v", r)
	}
}

type fingerprinted struct {
	*memory.Tool
	fingerprint string
}

func (f fingerprinted) Describe() connectors.Description {
	d := f.Tool.Describe()
	d.Fingerprint = f.fingerprint
	return d
}

// Invariant 5: the order in which sources are configured makes no difference.
func TestSourceOrderDoesNotMatter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		order := rapid.Permutation([]int{0, 1, 2}).Draw(rt, "order")
		edits := rapid.SliceOfN(rapid.IntRange(0, 8), 0, 12).Draw(rt, "edits")
		build := func(order []int) string {
			b := newBench(t)
			src := b.options.Sources
			b.options.Sources = []*connectors.Source{src[order[0]], src[order[1]], src[order[2]]}
			b.restart()
			tools := []*memory.Tool{b.jira, b.sheet, b.card}
			b.jira.Add(titled("Dig a well"))
			b.sheet.Add(titled("Lay a pipe"))
			b.cycle()
			for i, e := range edits {
				keys := tools[e%3].Keys()
				tools[e%3].Edit(keys[e%len(keys)], task.Notes, task.TextValue(fmt.Sprint("note ", i)))
				if e > 4 {
					b.cycle()
				}
			}
			b.cycle()
			b.cycle()
			st, _ := b.store.Load(t.Context(), "p")
			return fmt.Sprint(st.Tasks, st.Links)
		}
		if one, two := build([]int{0, 1, 2}), build(order); one != two {
			rt.Fatalf("the order shows:\n%s\n%s", one, two)
		}
	})
}

// Invariant 10: rows may be permuted, and nothing is planned.
func TestPermutedRowsPlanNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for i := range 20 {
		b.sheet.Add(titled(fmt.Sprintf("Task %d", i%15))) // some titles twice
	}
	b.cycle()
	for range 5 {
		b.sheet.Permute()
		b.card.Permute()
		if r := b.cycle(); len(r.Patches) > 0 || len(r.Holds) > 0 {
			t.Fatalf("permuted rows planned %+v, held %+v", r.Patches, r.Holds)
		}
	}
}

func TestHeldConflictSurvivesAnOutage(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.options.Rules.Fields = map[task.Field]merge.Rule{task.Notes: {Authority: []merge.Role{merge.Owner}, Hold: true}}
	b.restart()
	issue := b.jira.Add(titled("Dig a well"))
	b.cycle()
	b.jira.Edit(issue, task.Notes, task.TextValue("theirs"))
	b.card.Edit(b.card.Keys()[0], task.Notes, task.TextValue("ours"))
	if r := b.cycle(); r.Conflicts != 1 || len(r.Patches) > 0 {
		t.Fatalf("%d conflicts, planned %+v", r.Conflicts, r.Patches)
	}
	b.jira.Fail(func(memory.Step, *task.Patch) memory.Effect { return memory.FailBefore })
	if r := b.cycle(); r.Conflicts != 1 || len(r.Patches) > 0 {
		t.Fatalf("while Jira is down: %d conflicts, planned %+v", r.Conflicts, r.Patches)
	}
	b.jira.Fail(nil)
	b.card.Edit(b.card.Keys()[0], task.Notes, task.TextValue("theirs")) // they agree
	b.cycle()
	if r := b.cycle(); r.Conflicts != 0 || !r.Converged || b.store.Tasks["CW-1"].Agreed[task.Notes].String() != "theirs" {
		t.Errorf("agreement did not settle it: %+v", r)
	}
}

func TestBaselineIsTheFirstDate(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	issue := b.jira.Add(titled("Dig a well"))
	b.cycle()
	for _, day := range []int{10, 20, 30} {
		b.jira.Edit(issue, task.Due, task.DateValue(time.Date(2026, 10, day, 0, 0, 0, 0, time.UTC)))
		b.cycle()
	}
	k := b.store.Tasks["CW-1"]
	if k.Baseline.String() != "2026-10-10" || k.Agreed[task.Due].String() != "2026-10-30" {
		t.Errorf("baseline %s, due %s", k.Baseline, k.Agreed[task.Due])
	}
}

func TestUnsharedFieldsStay(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.options.Sources[0] = connectors.NewSource(jiraID, "aqua", []task.Field{task.Title, task.Status}, b.jira)
	b.restart()
	secret := titled("Dig a well")
	secret[task.Notes] = task.TextValue("not for others")
	b.jira.Add(secret)
	b.cycle()
	if got := value(t, b.card, "Dig a well", task.Notes); got != "" {
		t.Errorf("a note that is not shared reached the scorecard: %q", got)
	}
}

func TestEngineIsPicky(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	src := b.options.Sources
	for name, sources := range map[string][]*connectors.Source{
		"no scorecard":   src[:2],
		"two scorecards": {src[2], connectors.NewSource("card-2", "", nil, b.card)},
		"one id twice":   {src[0], src[0], src[2]},
	} {
		b.options.Sources = sources
		if _, err := engine.New(b.options); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// A cycle that is told to stop finishes what is in flight and settles it.
func TestStopSettlesWhatLanded(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.jira.Add(titled("Dig a well"))
	ctx, stop := context.WithCancel(t.Context())
	b.card.Fail(func(s memory.Step, _ *task.Patch) memory.Effect {
		if s == memory.StepApply {
			stop()
		}
		return memory.Pass
	})
	if _, err := b.eng.RunCycle(ctx, engine.Mode{}); err != nil && !fault.HasReason(err, fault.Cancelled) {
		t.Fatalf("a cycle that was told to stop: %v", err)
	}
	b.card.Fail(nil)
	b.cycle()
	if n := len(b.card.Keys()); n != 1 {
		t.Errorf("the scorecard has %d rows, want 1", n)
	}
}
