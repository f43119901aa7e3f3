package engine_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/lockstep-sync/lockstep/connectors"
	"github.com/lockstep-sync/lockstep/connectors/memory"
	"github.com/lockstep-sync/lockstep/sync/engine"
	"github.com/lockstep-sync/lockstep/sync/merge"
	"github.com/lockstep-sync/lockstep/sync/store/storetest"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// row is a scorecard row of a partner.
func row(title, partner string) task.Values {
	v := titled(title)
	v[task.Partner] = task.EnumValue(partner)
	return v
}

// replace puts another connector in the place of a source and starts anew.
func (b *bench) replace(id task.SourceID, partner string, c connectors.Connector) {
	b.t.Helper()
	for i, s := range b.options.Sources {
		if s.ID() == id {
			b.options.Sources[i] = connectors.NewSource(id, partner, nil, c)
		}
	}
	b.restart()
}

// note is the agreed note of a task.
func (b *bench) note(id task.ID) string { return b.store.Tasks[id].Agreed[task.Notes].String() }

func held(r engine.Report, why task.HoldReason) bool {
	return slices.ContainsFunc(r.Holds, func(h task.Hold) bool { return h.Reason == why })
}

// once makes a hook that has the effect at the first moment that is meant, and lets all else pass.
func once(effect memory.Effect, meant func(memory.Step, *task.Patch) bool) func(memory.Step, *task.Patch) memory.Effect {
	done := false
	return func(s memory.Step, p *task.Patch) memory.Effect {
		if done || !meant(s, p) {
			return memory.Pass
		}
		done = true
		return effect
	}
}

func applying(_ memory.Step, p *task.Patch) bool { return p != nil }

// A write that landed without an answer is not mistaken for a person's edit, even if the next read does not show it yet
// and the agreed value has moved on meanwhile.
func TestLateEchoOverturnsNothing(t *testing.T) {
	t.Parallel()
	own := []task.Field{task.Title, task.Status, task.Notes}
	lagging := func(b *bench) {
		b.jira = memory.New(memory.Options{Fields: own, CanCreate: true, Increments: true, Lag: 1, SettleDelay: time.Second})
	}
	for name, adjust := range map[string]func(*bench){
		"the index trails behind":   lagging,
		"the next read breaks off":  func(*bench) {},
		"increments without a lag":  func(b *bench) { b.jira = memory.New(memory.Options{Fields: own, CanCreate: true, Increments: true}) },
		"a sheet that breaks off":   func(b *bench) { b.jira = memory.New(memory.Options{Fields: own, CanCreate: true, Provisional: true}) },
		"an index that lags by two": func(b *bench) { b.jira = memory.New(memory.Options{Fields: own, Lag: 2, SettleDelay: time.Second}) },
	} {
		b := newBench(t, adjust)
		b.jira.Add(titled("Dig a well"))
		for range 4 {
			b.cycle()
		}
		b.card.Edit(b.card.Keys()[0], task.Notes, task.TextValue("first"))
		b.jira.Fail(once(memory.FailAfter, applying))
		b.cycle() // it lands, and nobody tells
		b.jira.Fail(once(memory.Partial, func(s memory.Step, _ *task.Patch) bool { return s == memory.StepPull }))
		b.card.Edit(b.card.Keys()[0], task.Notes, task.TextValue("second"))
		for range 6 {
			b.cycle()
		}
		if got := b.note("CW-1"); got != "second" {
			t.Errorf("%s: agreed is %q: our own write was taken for an edit", name, got)
		}
		if got := value(t, b.jira, "Dig a well", task.Notes); got != "second" {
			t.Errorf("%s: the tool shows %q", name, got)
		}
	}
}

// mute is a tool that does what it is asked, and cannot read it back.
type mute struct{ *memory.Tool }

func (m mute) Apply(ctx context.Context, ps []task.Patch) []task.Receipt {
	rs := m.Tool.Apply(ctx, ps)
	for i := range rs {
		rs[i].Record = nil
	}
	return rs
}

// A write that landed and could not be read back is neither repeated nor taken for an edit.
func TestLandedWithoutReadBack(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(b *bench) {
		b.jira = memory.New(memory.Options{
			Fields: []task.Field{task.Title, task.Notes}, CanCreate: true, Lag: 1, SettleDelay: 3 * time.Minute,
		})
	})
	applied := 0
	b.jira.Fail(func(_ memory.Step, p *task.Patch) memory.Effect {
		if p != nil && p.Op == task.Create {
			applied++
		}
		return memory.Pass
	})
	b.replace(jiraID, "aqua", mute{b.jira})
	b.card.Add(row("Buy a pump", "aqua"))
	for range 6 {
		b.cycle()
	}
	if n := len(b.jira.Keys()); n != 1 || applied != 1 {
		t.Fatalf("%d issues after %d creates, want 1 after 1", n, applied)
	}
	b.card.Edit(b.card.Keys()[0], task.Notes, task.TextValue("first"))
	b.cycle()
	b.card.Edit(b.card.Keys()[0], task.Notes, task.TextValue("second"))
	for range 5 {
		b.cycle()
	}
	if got := b.note("CW-1"); got != "second" {
		t.Errorf("agreed is %q: our own write was taken for an edit", got)
	}
}

// A source that sits out a cycle does not make a poisoned write forget how long it was to wait.
func TestPauseOutlivesAnOutage(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.jira.Add(titled("Poisoned"))
	b.cycle()
	tries, down := 0, false
	b.jira.Fail(func(s memory.Step, p *task.Patch) memory.Effect {
		switch {
		case down:
			return memory.FailBefore
		case p != nil:
			tries++
			return memory.Refuse
		}
		return memory.Pass
	})
	b.card.Edit(b.card.Keys()[0], task.Notes, task.TextValue("new"))
	for i := range 64 {
		down = i%3 == 2
		b.cycle()
	}
	if tries > 8 {
		t.Errorf("it was tried %d times in 64 minutes, want the pauses to grow", tries)
	}
}

// What was to be learned about a write is forgotten once its item is gone.
func TestNoIntentIsLeftBehind(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	issue := b.jira.Add(titled("Dig a well"))
	gone := b.sheet.Add(titled("Lay a pipe"))
	b.cycle()
	b.jira.Delete(issue)
	b.card.Fail(once(memory.FailAfter, func(_ memory.Step, p *task.Patch) bool { return p != nil && p.Op == task.Remove }))
	b.card.Edit(b.card.Keys()[1], task.Notes, task.TextValue("x"))
	b.sheet.Fail(once(memory.FailAfter, applying))
	b.cycle()
	b.sheet.Delete(gone)
	b.cycle()
	b.cycle()
	if len(b.store.Intents) > 0 {
		t.Errorf("nothing is under way, and there is %+v", b.store.Intents)
	}
}

// A guard that says no to a plan without a single write can be overruled like any other.
func TestEveryGuardedPlanCanBeApproved(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	var issues []string
	for i := range 30 {
		issues = append(issues, b.jira.Add(titled(fmt.Sprintf("Task %d", i))))
	}
	b.cycle()
	for i, k := range b.card.Keys()[:20] { // the partner and the coordinator both clear out
		b.card.Delete(k)
		b.jira.Delete(issues[i])
	}
	r := b.cycle()
	if r.Result != engine.ResultGuarded || r.PlanHash == "" {
		t.Fatalf("result %s, hash %q", r.Result, r.PlanHash)
	}
	if r = b.cycle(engine.Mode{Approve: r.PlanHash}); r.Result != engine.ResultOK {
		t.Fatalf("after approval: %s", r.Result)
	}
	if r = b.cycle(); !r.Converged || r.Tasks != 10 {
		t.Errorf("at rest %v with %d tasks, want 10", r.Converged, r.Tasks)
	}
}

// A claim that lost while its tool could not be read has lost: it does not come back as a new one.
func TestLostClaimStaysLostAfterAnOutage(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.options.Rules.Fields = map[task.Field]merge.Rule{task.Notes: {Hold: true, Authority: []merge.Role{merge.Scorecard}}}
	b.restart()
	issue := b.jira.Add(titled("Dig a well"))
	b.cycle()
	b.jira.Edit(issue, task.Notes, task.TextValue("theirs"))
	b.card.Edit(b.card.Keys()[0], task.Notes, task.TextValue("ours"))
	if r := b.cycle(); r.Conflicts != 1 {
		t.Fatalf("%d conflicts, want 1", r.Conflicts)
	}
	b.options.Rules.Fields = map[task.Field]merge.Rule{task.Notes: {Authority: []merge.Role{merge.Scorecard}}}
	b.restart()
	b.jira.Fail(func(memory.Step, *task.Patch) memory.Effect { return memory.FailBefore })
	b.cycle()
	if got := b.note("CW-1"); got != "ours" {
		t.Fatalf("agreed is %q", got)
	}
	b.jira.Fail(nil)
	b.cycle()
	b.cycle()
	if got := b.note("CW-1"); got != "ours" {
		t.Errorf("agreed is %q: the losing claim overturned the winner", got)
	}
	if got := value(t, b.jira, "Dig a well", task.Notes); got != "ours" {
		t.Errorf("the tool shows %q", got)
	}
}

// What a tool fills in by itself where it cannot take the agreed value is nobody's word.
func TestDefaultOverturnsNothing(t *testing.T) {
	t.Parallel()
	var fill task.Values
	fill[task.Priority] = task.TextValue("Medium")
	fields := []task.Field{task.Title, task.Priority, task.Partner}
	b := newBench(t, func(b *bench) {
		b.jira = memory.New(memory.Options{
			Fields: fields[:2], CanCreate: true, Defaults: fill,
			Lossy: func(f task.Field, want, have task.Value) (task.Value, *task.Problem) {
				if f == task.Priority && want.String() == "Sky-high" {
					return have, &task.Problem{Reason: task.HoldUnsupported, Hint: "choose another"}
				}
				return want, nil
			},
		})
		b.card = memory.New(memory.Options{Fields: fields, CanCreate: true, CanRemove: true, Provisional: true})
	})
	v := row("Buy a pump", "aqua")
	v[task.Priority] = task.TextValue("Sky-high")
	b.card.Add(v)
	for range 3 {
		b.cycle()
	}
	if got := b.store.Tasks["CW-1"].Agreed[task.Priority].String(); got != "Sky-high" {
		t.Errorf("agreed is %q: the tool's default overturned a person's value", got)
	}
}

// After a crash a create may have been sent long after it was stored: its mark is waited for from then on.
func TestCreateOfALongCycleIsWaitedFor(t *testing.T) {
	t.Parallel()
	now := func() time.Time { return time.Time{} }
	b := newBench(t, func(b *bench) {
		b.jira = memory.New(memory.Options{
			Fields: []task.Field{task.Title}, CanCreate: true, Lag: 2, SettleDelay: 3 * time.Minute, Now: func() time.Time { return now() },
		})
	})
	now = func() time.Time { return b.now }
	b.options.Parallel = 1 // the slow read moves the clock
	b.restart()
	b.card.Add(row("Buy a pump", "aqua"))
	b.card.Fail(func(s memory.Step, _ *task.Patch) memory.Effect {
		if s == memory.StepPull {
			b.now = b.now.Add(4 * time.Minute) // a slow read
		}
		return memory.Pass
	})
	dead := false
	b.store.Crash = func(storetest.Moment) bool { return dead }
	b.jira.Fail(func(_ memory.Step, p *task.Patch) memory.Effect {
		dead = dead || p != nil
		return memory.Pass
	})
	if _, err := b.eng.RunCycle(t.Context(), engine.Mode{}); err == nil {
		t.Fatal("the crash did not show")
	}
	b.store.Crash = nil
	b.card.Fail(nil)
	b.restart()
	creates := 0
	b.jira.Fail(func(_ memory.Step, p *task.Patch) memory.Effect {
		if p != nil && p.Op == task.Create {
			creates++
		}
		return memory.Pass
	})
	for range 8 {
		b.cycle()
	}
	if creates > 0 {
		t.Errorf("the create was sent %d times more", creates)
	}
}

// While a tool is down, what it is owed counts as unsynced; while a guard holds everything up, the scorecard ages; and
// what happened before a tool was first read is no propagation.
func TestMetricsDoNotLie(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewRegistry()
	now := func() time.Time { return time.Time{} }
	b := newBench(t, func(b *bench) {
		b.jira = memory.New(memory.Options{Fields: []task.Field{task.Title, task.Notes}, CanCreate: true, Now: func() time.Time { return now() }})
	})
	now = func() time.Time { return b.now }
	b.options.Metrics = engine.NewMetrics(reg, now)
	b.restart()
	for i := range 30 {
		b.jira.Add(titled(fmt.Sprintf("Task %d", i)))
	}
	b.now = b.now.AddDate(0, 3, 0)
	b.cycle()
	if got := sum(t, reg, "lockstep_propagation_seconds"); got > 60 {
		t.Errorf("the first reading of old items counts as %v s of propagation", got)
	}

	b.jira.Fail(func(memory.Step, *task.Patch) memory.Effect { return memory.FailBefore })
	b.card.Edit(b.card.Keys()[0], task.Notes, task.TextValue("x"))
	for range 10 {
		b.cycle()
	}
	if got := sum(t, reg, "lockstep_oldest_unsynced_change_seconds"); got != 600 {
		t.Errorf("the oldest change that the tool is owed is %v s old, want 600", got)
	}
	b.jira.Fail(nil)
	b.cycle()
	if got := sum(t, reg, "lockstep_oldest_unsynced_change_seconds"); got != 0 {
		t.Errorf("nothing is owed, and the oldest change is %v s old", got)
	}

	for _, k := range b.card.Keys() {
		b.card.Edit(k, task.Title, task.TextValue("pasted over "+k))
	}
	for range 10 {
		b.cycle()
	}
	if got := sum(t, reg, "lockstep_scorecard_age_seconds"); got != 660 {
		t.Errorf("the scorecard is said to be %v s old, want 660: a guard holds it up", got)
	}
}

// sum adds up a metric: values, or what a histogram saw.
func sum(t *testing.T, reg *prometheus.Registry, name string) float64 {
	t.Helper()
	if n, err := testutil.GatherAndCount(reg, name); err != nil || n == 0 {
		t.Fatalf("there is no metric %s (%v)", name, err)
	}
	all, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var s float64
	for _, f := range all {
		if f.GetName() == name {
			for _, m := range f.GetMetric() {
				s += m.GetGauge().GetValue() + m.GetCounter().GetValue() + m.GetHistogram().GetSampleSum()
			}
		}
	}
	return s
}
