package engine_test

import (
	"log/slog"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lockstep-sync/lockstep/connectors"
	"github.com/lockstep-sync/lockstep/connectors/memory"
	"github.com/lockstep-sync/lockstep/sync/engine"
	"github.com/lockstep-sync/lockstep/sync/merge"
	"github.com/lockstep-sync/lockstep/sync/plan"
	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/store/storetest"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// TestWorlds is the engine's main test: a state machine of four sources (a tool with keys of its own that knows no
// "Blocked" and whose index may trail behind, a second tool of the same partner, a sheet whose rows have no lasting key until
// they are marked, and the scorecard), people who edit them, also in the middle of a cycle, hand tasks over, copy, hide and
// unmark items, choose between what stands against each other, and scribble on our pages, reads that fail or break off, writes that fail, land without an answer, land in part or are refused, and
// crashes between any two steps. It holds invariants 1 to 4, 6, 7 and 9 of the design, and that nothing Lockstep wrote is
// taken for a person's word; the other invariants have tests of their own. What a deleted row means differs by world.
//
// More worlds: go test ./sync/engine -run TestWorlds -rapid.checks=20000 .
func TestWorlds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		t.Repeat(map[string]func(*rapid.T){
			"person adds":      w.personAdds,
			"person edits":     w.personEdits,
			"person edits 2":   w.personEdits, // twice as often as the rest
			"person garbles":   w.personGarbles,
			"person deletes":   w.personDeletes,
			"person permutes":  w.personPermutes,
			"people contest":   w.peopleContest,
			"person copies":    w.personCopies,
			"person unmarks":   w.personUnmarks,
			"person hides":     w.personHides,
			"person undoes":    w.personUndoes,
			"person chooses":   w.personChooses,
			"person scribbles": w.personScribbles,
			"cycle":            w.cycle,
			"faulty cycle":     w.faultyCycle,
			"faulty cycle 2":   w.faultyCycle,
			"plan":             w.plan,
			"restart":          func(*rapid.T) { w.restart() },
			"time passes":      func(t *rapid.T) { w.pass(time.Duration(rapid.IntRange(1, 120).Draw(t, "minutes")) * time.Minute) },
			"":                 w.check,
		})
		w.end(t)
	})
}

type world struct {
	now   time.Time
	store *storetest.Memory
	tools map[task.SourceID]*memory.Tool
	eng   *engine.Engine

	typed   map[task.Field]map[task.Value]bool
	typedAt map[string]int // "source field value", typed there by a person
	seen    int            // events that were checked
	hidden  map[task.SourceID][]string
	bare    bool // a person took a mark off
	cancels bool // a row deleted on the scorecard cancels its task
	beat    time.Duration
	// scribbles is what people typed over our pages, by page.
	scribbles map[string][]string
	lag       int
	count     int            // makes values unique
	gone      map[string]int // overwritten or removed by us: "field value" → how often
	deleted   bool           // a person deleted an item of an own tool
	loose     bool           // a person edited a row that had no mark yet
	copies    map[task.SourceID][]string
	faults    func(memory.Step, *task.Patch) memory.Effect
}

const (
	boardID = task.SourceID("aqua-board")
	jiraID  = task.SourceID("aqua-jira")
	sheetID = task.SourceID("city-sheet")
	cardID  = task.SourceID("scorecard")
)

var toolIDs = []task.SourceID{boardID, jiraID, sheetID, cardID}

func newWorld(t *rapid.T) *world {
	w := &world{
		now: time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC), store: storetest.NewMemory(), typed: map[task.Field]map[task.Value]bool{},
		gone: map[string]int{}, copies: map[task.SourceID][]string{}, typedAt: map[string]int{}, scribbles: map[string][]string{}, hidden: map[task.SourceID][]string{},
		lag: max(0, rapid.IntRange(-2, 2).Draw(t, "lag")), cancels: rapid.Bool().Draw(t, "deleted rows cancel"),
		beat: rapid.SampledFrom([]time.Duration{0, time.Hour}).Draw(t, "heartbeat"),
	}
	var defaults task.Values
	if rapid.Bool().Draw(t, "jira fills in a priority") {
		defaults[task.Priority] = task.TextValue("Medium")
	}
	own := []task.Field{task.Title, task.Status, task.Due, task.Notes}
	var settle time.Duration
	if w.lag > 0 {
		settle = 3 * time.Minute
	}
	w.tools = map[task.SourceID]*memory.Tool{
		boardID: memory.New(memory.Options{Fields: own[:3], CanCreate: rapid.Bool().Draw(t, "the board takes new tasks")}),
		jiraID: memory.New(memory.Options{
			Fields: append(slices.Clone(own), task.Priority), CanCreate: true, Lossy: noBlocked, Defaults: defaults,
			Increments: rapid.Bool().Draw(t, "jira reads increments"), Census: 3,
			Lists: rapid.Bool().Draw(t, "jira lists its keys"),
			Lag:   w.lag, SettleDelay: settle, Now: func() time.Time { return w.now },
		}),
		sheetID: memory.New(memory.Options{Fields: own, CanCreate: true, Provisional: true}),
		cardID: memory.New(memory.Options{
			Fields: append(slices.Clone(own), task.Partner, task.Priority), CanCreate: true, CanRemove: true, Provisional: true, Board: true,
		}),
	}
	for _, id := range toolIDs {
		w.tools[id].Fail(func(s memory.Step, p *task.Patch) memory.Effect {
			if w.faults == nil {
				return memory.Pass
			}
			return w.faults(s, p)
		})
	}
	w.restart()
	return w
}

// noBlocked is a tool that shows "In progress" for what is blocked.
func noBlocked(f task.Field, want, _ task.Value) (task.Value, *task.Problem) {
	if f == task.Status && want.String() == task.Blocked {
		return task.EnumValue(task.InProgress), nil
	}
	return want, nil
}

var quietLog = slog.New(slog.DiscardHandler)

// restart makes a new engine on what the store holds: all that a crash leaves.
func (w *world) restart() {
	rules := merge.DefaultRules()
	rules.Fields = map[task.Field]merge.Rule{task.Notes: {Authority: rules.Default.Authority, Hold: true}}
	board := engine.DefaultBoard("Clean Water")
	board.Heartbeat = w.beat
	deleted := engine.RestoreRows
	if w.cancels {
		deleted = engine.CancelTasks
	}
	e, err := engine.New(engine.Options{
		Partnership: "p", Key: "CW", Rules: rules, Guards: plan.Guards{MaxChanges: 1, MaxRemovals: 1, Minimum: 1000},
		Board: &board, DeletedRows: deleted,
		Store: w.store, Now: func() time.Time { return w.now }, Log: quietLog,
		Parallel: 1, // so that a seed is the same world every time
		Sources: []*connectors.Source{
			connectors.NewSource(boardID, "aqua", nil, w.tools[boardID]),
			connectors.NewSource(jiraID, "aqua", nil, w.tools[jiraID]),
			connectors.NewSource(sheetID, "city", nil, w.tools[sheetID]),
			connectors.NewSource(cardID, "", nil, w.tools[cardID]),
		},
	})
	if err != nil {
		panic(err)
	}
	w.eng = e
}

func (w *world) pass(d time.Duration) { w.now = w.now.Add(d) }

// cycle is a cycle in which nothing goes wrong.
func (w *world) cycle(t *rapid.T) {
	w.watch(nil)
	if _, err := w.eng.RunCycle(t.Context(), engine.Mode{}); err != nil {
		t.Fatalf("a cycle in which nothing goes wrong: %v", err)
	}
	w.pass(time.Minute)
}

// faultyCycle is a cycle in which reads and writes go wrong at random, and which may crash at any step.
func (w *world) faultyCycle(t *rapid.T) {
	effects := rapid.SliceOfN(rapid.SampledFrom([]memory.Effect{
		memory.Pass, memory.Pass, memory.Pass, memory.FailBefore, memory.FailAfter, memory.Lost, memory.Partial, memory.Refuse,
		memory.Throttle, memory.Unauthorized,
	}), 1, 12).Draw(t, "effects")
	crashAt := rapid.IntRange(-10, 14).Draw(t, "crash at") // most cycles do not crash
	meddles := w.drawMeddles(t)
	step := 0
	dead := func() bool {
		step++
		return crashAt >= 0 && step > crashAt
	}
	steps := 0
	w.watch(func(memory.Step, *task.Patch) memory.Effect {
		steps++
		for _, m := range meddles {
			if m.at == steps {
				w.meddle(m)
			}
		}
		if dead() {
			return memory.FailBefore // a dead process does nothing
		}
		return effects[step%len(effects)]
	})
	w.store.Crash = func(storetest.Moment) bool { return dead() }
	_, _ = w.eng.RunCycle(t.Context(), engine.Mode{}) // it may come to nothing: the next one must make it good
	w.store.Crash = nil
	w.watch(nil)
	w.pass(time.Minute)
	if step > crashAt && crashAt >= 0 {
		w.restart()
	}
}

// watch sets the faults, and notes whatever a patch is about to overwrite or remove.
func (w *world) watch(faults func(memory.Step, *task.Patch) memory.Effect) {
	w.faults = func(s memory.Step, p *task.Patch) memory.Effect {
		effect := memory.Pass
		if faults != nil {
			effect = faults(s, p)
		}
		if p != nil && (effect == memory.Pass || effect == memory.FailAfter || effect == memory.Partial) {
			w.overwritten(p)
		}
		return effect
	}
}

func (w *world) overwritten(p *task.Patch) {
	for _, c := range p.Set {
		w.note(c.Field, c.From)
	}
	if p.Op == task.Remove {
		for f, v := range p.Expect {
			w.note(task.Field(f), v)
		}
	}
}

func (w *world) note(f task.Field, v task.Value) {
	if !v.IsEmpty() && !v.IsUnreadable() {
		w.gone[key(f, v)]++
	}
}

func key(f task.Field, v task.Value) string { return f.String() + " " + v.String() }

// plan makes a dry run: it writes nothing, and says exactly what the cycle after it does (invariant 9).
func (w *world) plan(t *rapid.T) {
	if w.lag > 0 {
		t.Skip("each read shows more than the one before")
	}
	w.watch(nil)
	before := w.writes()
	dry, err := w.eng.RunCycle(t.Context(), engine.Mode{DryRun: true})
	if err != nil {
		t.Fatalf("a dry run: %v", err)
	}
	if w.writes() != before {
		t.Fatalf("a dry run wrote")
	}
	wet, err := w.eng.RunCycle(t.Context(), engine.Mode{})
	if err != nil {
		t.Fatalf("the cycle after a dry run: %v", err)
	}
	if dry.PlanHash != wet.PlanHash {
		t.Fatalf("the plan was\n%+v\nand the cycle wrote\n%+v", dry.Patches, wet.Patches)
	}
	w.pass(time.Minute)
}

func (w *world) writes() int {
	n := w.tools[cardID].Published()
	for _, id := range toolIDs {
		n += w.tools[id].Writes()
	}
	return n
}

// check holds after every step: nothing that was overwritten is lost, nothing is invented, nothing doubled.
func (w *world) check(t *rapid.T) {
	kept := w.kept()
	for k := range w.gone {
		if !kept[k] {
			t.Fatalf("invariant 3: we overwrote %q, and it is nowhere in state or history", k)
		}
	}
	w.checkEchoes(t)
	for _, k := range w.store.Tasks {
		for f, v := range k.Agreed {
			if !w.said(task.Field(f), v) {
				t.Fatalf("invariant 4: %s of %s is agreed to be %v, and nobody said so\n%s", task.Field(f), k.ID, v, w.dump())
			}
		}
		if k.Removed && !w.deleted && !w.loose {
			t.Fatalf("invariant 7: %s was removed, and nobody deleted anything\n%s", k.ID, w.dump())
		}
	}
	if len(w.copies) > 0 {
		return
	}
	for _, id := range toolIDs {
		marks := map[task.ID]bool{}
		for _, k := range w.tools[id].Keys() {
			it, _ := w.tools[id].Get(k)
			if it.Mark != "" && marks[it.Mark] {
				t.Fatalf("invariant 6: %s has two items marked %s", id, it.Mark)
			}
			marks[it.Mark] = true
		}
	}
}

// checkEchoes: a source's word that won was typed in that source, and not written there by us.
func (w *world) checkEchoes(t *rapid.T) {
	if len(w.copies) > 0 {
		return // half a read may show the copy of a row and not the row
	}
	for _, e := range w.store.Events[w.seen:] {
		f, ok := task.ParseField(e.Field)
		if e.Kind != store.EventDecided || !ok || f == task.Status || f == task.Partner || e.To.IsEmpty() {
			continue
		}
		switch e.To.String() {
		case "Medium", "Report", "Meeting":
			continue // a tool's own default, and titles that are typed again and again
		}
		if w.typedAt[string(e.Source)+" "+key(f, e.To)] <= 0 {
			t.Fatalf("%s of %s became %v by %s, where nobody typed it since it was decided on last\n%s", f, e.Task, e.To, e.Source, w.dump())
		}
		// What was typed once is decided on once: neither the winner nor a loser may come back with it.
		w.typedAt[string(e.Source)+" "+key(f, e.To)]--
		for _, l := range e.Losers {
			w.typedAt[string(l.Source)+" "+key(f, l.Value)]--
		}
	}
	w.seen = len(w.store.Events)
}

func (w *world) said(f task.Field, v task.Value) bool {
	switch {
	case v.IsEmpty(), w.typed[f][v], f == task.Partner:
		return true
	case f == task.Status && v.String() == task.Cancelled && w.cancels && w.loose:
		return true // a row that lost its id and became another task's is no longer there, as if it had been deleted
	case f == task.Status:
		return v.String() == task.NotStarted || v.String() == task.InProgress && w.typed[f][task.EnumValue(task.Blocked)]
	case f == task.Priority:
		return v.String() == "Medium" // the tool's own default
	}
	return false
}

// kept is every value that state or history holds.
func (w *world) kept() map[string]bool {
	kept := map[string]bool{}
	for _, k := range w.store.Tasks {
		for f, v := range k.Agreed {
			kept[key(task.Field(f), v)] = true
			// What a lossy tool shows for an agreed value is that value.
			shown, _ := noBlocked(task.Field(f), v, v)
			kept[key(task.Field(f), shown)] = true
		}
	}
	keep := func(field string, v task.Value) {
		if f, ok := task.ParseField(field); ok {
			kept[key(f, v)] = true
			shown, _ := noBlocked(f, v, v)
			kept[key(f, shown)] = true
		}
	}
	for _, e := range w.store.Events {
		keep(e.Field, e.From)
		keep(e.Field, e.To)
		for _, l := range e.Losers {
			keep(e.Field, l.Value)
		}
	}
	for _, k := range w.store.Conflicts {
		for _, c := range k.Claims {
			keep(k.Field.String(), c.Value)
		}
	}
	return kept
}
