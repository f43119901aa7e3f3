package engine_test

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lockstep-sync/lockstep/connectors"
	"github.com/lockstep-sync/lockstep/connectors/memory"
	"github.com/lockstep-sync/lockstep/sync/engine"
	"github.com/lockstep-sync/lockstep/sync/merge"
	"github.com/lockstep-sync/lockstep/sync/plan"
	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// TestWorlds is the engine's main test: a state machine of three sources (a tool with keys of its own that knows no
// "Blocked", a sheet whose rows have no lasting key until they are marked, and the scorecard), people who edit them,
// reads that fail or break off, writes that fail, land without an answer, land in part or are refused, and crashes between any
// two steps. It holds invariants 1 to 4, 6, 7 and 9 of the design; the others have tests of their own.
//
// More worlds: go test ./sync/engine -run TestWorlds -rapid.checks=20000
func TestWorlds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		t.Repeat(map[string]func(*rapid.T){
			"person adds":     w.personAdds,
			"person edits":    w.personEdits,
			"person edits 2":  w.personEdits, // twice as often as the rest
			"person garbles":  w.personGarbles,
			"person deletes":  w.personDeletes,
			"person permutes": w.personPermutes,
			"person copies":   w.personCopies,
			"cycle":           w.cycle,
			"faulty cycle":    w.faultyCycle,
			"plan":            w.plan,
			"restart":         func(*rapid.T) { w.restart() },
			"time passes":     func(t *rapid.T) { w.pass(time.Duration(rapid.IntRange(1, 120).Draw(t, "minutes")) * time.Minute) },
			"":                w.check,
		})
		w.end(t)
	})
}

type world struct {
	now   time.Time
	store *fakeStore
	tools map[task.SourceID]*memory.Tool
	eng   *engine.Engine

	typed   map[task.Field]map[task.Value]bool
	count   int            // makes values unique
	gone    map[string]int // overwritten or removed by us: "field value" → how often
	deleted bool           // a person deleted an item of an own tool
	loose   bool           // a person edited a row that had no mark yet
	copies  map[task.SourceID][]string
	faults  func(memory.Step, *task.Patch) memory.Effect
}

const (
	jiraID  = task.SourceID("aqua-jira")
	sheetID = task.SourceID("city-sheet")
	cardID  = task.SourceID("scorecard")
)

var toolIDs = []task.SourceID{jiraID, sheetID, cardID}

func newWorld(t *rapid.T) *world {
	w := &world{
		now: time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC), store: newFakeStore(), typed: map[task.Field]map[task.Value]bool{},
		gone: map[string]int{}, copies: map[task.SourceID][]string{},
	}
	var defaults task.Values
	if rapid.Bool().Draw(t, "jira fills in a priority") {
		defaults[task.Priority] = task.TextValue("Medium")
	}
	own := []task.Field{task.Title, task.Status, task.Due, task.Notes}
	w.tools = map[task.SourceID]*memory.Tool{
		jiraID: memory.New(memory.Options{
			Fields: append(slices.Clone(own), task.Priority), CanCreate: true, Lossy: noBlocked, Defaults: defaults,
			Increments: rapid.Bool().Draw(t, "jira reads increments"), Census: 3,
		}),
		sheetID: memory.New(memory.Options{Fields: own, CanCreate: true, Provisional: true}),
		cardID: memory.New(memory.Options{
			Fields: append(slices.Clone(own), task.Partner, task.Priority), CanCreate: true, CanRemove: true, Provisional: true,
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

var quietLog = slog.New(slog.NewTextHandler(io.Discard, nil))

// restart makes a new engine on what the store holds: all that a crash leaves.
func (w *world) restart() {
	rules := merge.DefaultRules()
	rules.Fields = map[task.Field]merge.Rule{task.Notes: {Authority: rules.Default.Authority, Hold: true}}
	e, err := engine.New(engine.Options{
		Partnership: "p", Key: "CW", Rules: rules, Guards: plan.Guards{MaxChanges: 1, MaxRemovals: 1, Minimum: 1000},
		Store: w.store, Now: func() time.Time { return w.now }, Log: quietLog,
		Parallel: 1, // so that a seed is the same world every time
		Sources: []*connectors.Source{
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

// value makes something that a person could type into the field.
func (w *world) value(t *rapid.T, f task.Field) task.Value {
	w.count++
	var v task.Value
	switch f {
	case task.Title:
		v = task.TextValue(fmt.Sprintf("Task %d", w.count))
		if rapid.IntRange(0, 4).Draw(t, "common title") == 0 {
			v = task.TextValue(rapid.SampledFrom([]string{"Report", "Meeting"}).Draw(t, "title"))
		}
	case task.Partner:
		v = task.EnumValue(rapid.SampledFrom([]string{"aqua", "city", "hydro"}).Draw(t, "partner"))
	case task.Status:
		v = task.EnumValue(rapid.SampledFrom(task.Statuses()).Draw(t, "status"))
	case task.Due:
		v = task.DateValue(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, w.count))
	default:
		v = task.TextValue(fmt.Sprintf("%s %d", f, w.count))
	}
	w.type_(f, v)
	return v
}

func (w *world) type_(f task.Field, v task.Value) {
	if w.typed[f] == nil {
		w.typed[f] = map[task.Value]bool{}
	}
	w.typed[f][v] = true
}

func (w *world) drawTool(t *rapid.T) (task.SourceID, *memory.Tool) {
	id := rapid.SampledFrom(toolIDs).Draw(t, "tool")
	return id, w.tools[id]
}

func (w *world) drawItem(t *rapid.T) (task.SourceID, *memory.Tool, string) {
	id, tool := w.drawTool(t)
	keys := tool.Keys()
	if len(keys) == 0 {
		t.Skip("no items")
	}
	return id, tool, rapid.SampledFrom(keys).Draw(t, "item")
}

func (w *world) personAdds(t *rapid.T) {
	id, tool := w.drawTool(t)
	var v task.Values
	for _, f := range tool.Describe().Fields {
		if f == task.Title || f == task.Partner || rapid.Bool().Draw(t, f.String()) {
			v[f] = w.value(t, f)
		}
	}
	if id == cardID && rapid.IntRange(0, 5).Draw(t, "no partner") == 0 {
		v[task.Partner] = task.Empty(task.Enum)
	}
	tool.Add(v)
}

func (w *world) personEdits(t *rapid.T) {
	_, tool, key := w.drawItem(t)
	f := rapid.SampledFrom(tool.Describe().Fields).Draw(t, "field")
	v := w.value(t, f)
	if rapid.IntRange(0, 5).Draw(t, "empties") == 0 {
		v = task.Empty(f.Kind())
	}
	w.noteLoose(tool, key)
	tool.Edit(key, f, v)
}

func (w *world) noteLoose(tool *memory.Tool, key string) {
	if it, ok := tool.Get(key); ok && it.Mark == "" {
		w.loose = true
	}
}

func (w *world) personGarbles(t *rapid.T) {
	id, tool, key := w.drawItem(t)
	if id == jiraID {
		t.Skip("Jira takes only dates for a date")
	}
	w.noteLoose(tool, key)
	tool.Edit(key, task.Due, task.UnreadableValue("next week-ish"))
}

func (w *world) personDeletes(t *rapid.T) {
	id, tool, key := w.drawItem(t)
	w.deleted = w.deleted || id != cardID
	tool.Delete(key)
}

func (w *world) personPermutes(t *rapid.T) {
	_, tool := w.drawTool(t)
	tool.Permute()
}

func (w *world) personCopies(t *rapid.T) {
	id, tool, key := w.drawItem(t)
	if id == jiraID {
		t.Skip("Jira does not copy our mark")
	}
	w.copies[id] = append(w.copies[id], tool.Copy(key))
}

// cycle is a cycle in which nothing goes wrong.
func (w *world) cycle(t *rapid.T) {
	w.watch(nil)
	if _, err := w.eng.RunCycle(t.Context(), engine.Mode{}); err != nil {
		t.Fatalf("a cycle in which nothing goes wrong: %v", err)
	}
	w.pass(time.Minute)
}

var errCrash = errors.New("crash")

// faultyCycle is a cycle in which reads and writes go wrong at random, and which may crash at any step.
func (w *world) faultyCycle(t *rapid.T) {
	effects := rapid.SliceOfN(rapid.SampledFrom([]memory.Effect{
		memory.Pass, memory.Pass, memory.Pass, memory.FailBefore, memory.FailAfter, memory.Lost, memory.Partial, memory.Refuse,
		memory.Throttle, memory.Unauthorized,
	}), 1, 12).Draw(t, "effects")
	crashAt := rapid.IntRange(-10, 14).Draw(t, "crash at") // most cycles do not crash
	step := 0
	dead := func() bool {
		step++
		return crashAt >= 0 && step > crashAt
	}
	w.watch(func(memory.Step, *task.Patch) memory.Effect {
		if dead() {
			return memory.FailBefore // a dead process does nothing
		}
		return effects[step%len(effects)]
	})
	w.store.crash = dead
	_, _ = w.eng.RunCycle(t.Context(), engine.Mode{}) // it may come to nothing: the next one must make it good
	w.store.crash = func() bool { return false }
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
	n := 0
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
	for _, k := range w.store.tasks {
		for f, v := range k.Agreed {
			if !w.said(task.Field(f), v) {
				t.Fatalf("invariant 4: %s of %s is agreed to be %v, and nobody said so", task.Field(f), k.ID, v)
			}
		}
		if k.Removed && !w.deleted && !w.loose {
			t.Fatalf("invariant 7: %s was removed, and nobody deleted anything", k.ID)
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

func (w *world) said(f task.Field, v task.Value) bool {
	switch {
	case v.IsEmpty(), w.typed[f][v], f == task.Partner:
		return true
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
	for _, k := range w.store.tasks {
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
	for _, e := range w.store.events {
		keep(e.Field, e.From)
		keep(e.Field, e.To)
		for _, l := range e.Losers {
			keep(e.Field, l.Value)
		}
	}
	for _, k := range w.store.conflicts {
		for _, c := range k.Claims {
			keep(k.Field.String(), c.Value)
		}
	}
	return kept
}

// end lets the world come to rest and holds what must be true then.
func (w *world) end(t *rapid.T) {
	for id, keys := range w.copies {
		for _, k := range keys {
			w.tools[id].Delete(k) // it may have become a task of its own
			w.deleted = w.deleted || id != cardID
		}
	}
	var r engine.Report
	const calm = 5 // cycles in a row: a deletion in Jira shows only in its census
	for rest, n := 0, 0; rest < calm && n < 25; n++ {
		w.pass(7 * time.Hour) // longer than any pause
		w.watch(nil)
		var err error
		if r, err = w.eng.RunCycle(t.Context(), engine.Mode{}); err != nil {
			t.Fatalf("a cycle at the end: %v", err)
		}
		if rest++; !r.Converged {
			rest = 0
		}
	}
	if !r.Converged {
		t.Fatalf("invariant 1: it does not come to rest; the last cycle planned %+v, held %+v\n%s", r.Patches, r.Holds, w.dump())
	}
	before := w.writes()
	w.pass(time.Minute)
	r, err := w.eng.RunCycle(t.Context(), engine.Mode{})
	if err != nil || len(r.Patches) > 0 || w.writes() != before {
		t.Fatalf("invariant 2: a quiet cycle planned %+v (%v)", r.Patches, err)
	}
	w.check(t)
	w.checkAgreement(t, r)
}

// dump is the whole world, for a failing test.
func (w *world) dump() string {
	var b strings.Builder
	for _, id := range toolIDs {
		for _, k := range w.tools[id].Keys() {
			it, _ := w.tools[id].Get(k)
			fmt.Fprintf(&b, "%s %s key %s mark %q v%d %q\n", id, k, it.Key, it.Mark, it.Version, it.Values)
		}
	}
	for _, l := range w.store.links {
		fmt.Fprintf(&b, "link %s %s %s v%d base %q\n", l.Task, l.Source, l.Key, l.Version, l.Base)
	}
	for _, k := range w.store.tasks {
		fmt.Fprintf(&b, "task %s removed %v %q\n", k.ID, k.Removed, k.Agreed)
	}
	for _, in := range w.store.intents {
		fmt.Fprintf(&b, "intent %+v\n", in)
	}
	return b.String()
}

// checkAgreement: every tool shows the agreed value of every field, as well as it can, and every item is somebody's or held.
func (w *world) checkAgreement(t *rapid.T, r engine.Report) {
	open := map[string]bool{}
	for _, k := range w.store.conflicts {
		open[string(k.Task)+k.Field.String()] = true
	}
	owner := map[task.Ref]task.ID{}
	rows := map[task.ID]bool{}
	for _, l := range w.store.links {
		k := w.store.tasks[l.Task]
		owner[task.Ref{Source: l.Source, Key: l.Key}] = l.Task
		rows[l.Task] = rows[l.Task] || l.Source == cardID
		it, ok := w.tools[l.Source].Get(l.Key)
		if !ok {
			t.Fatalf("invariant 1: %s is linked to %s of %s, which is not there", l.Task, l.Key, l.Source)
		}
		if k.Removed {
			if l.Source == cardID {
				t.Fatalf("invariant 1: %s was removed and is still on the scorecard", l.Task)
			}
			continue
		}
		w.checkItem(t, k, l.Source, it, open)
	}
	for _, k := range w.store.tasks {
		if !k.Removed && !rows[k.ID] {
			t.Fatalf("invariant 1: %s has no row on the scorecard; held %+v", k.ID, r.Holds)
		}
	}
	held := map[task.Ref]bool{}
	for _, h := range r.Holds {
		held[task.Ref{Source: h.Source, Key: h.Key}] = true
	}
	for _, id := range toolIDs {
		for _, k := range w.tools[id].Keys() {
			it, _ := w.tools[id].Get(k)
			if ref := (task.Ref{Source: id, Key: it.Key}); owner[ref] == "" && !w.heldItem(held, ref) {
				t.Fatalf("invariant 3: %s of %s (%v) is nobody's, and is not held: %+v", k, id, it.Values, r.Holds)
			}
		}
	}
}

// heldItem reports whether an item is held, whatever provisional key the connector gave it.
func (w *world) heldItem(held map[task.Ref]bool, ref task.Ref) bool {
	if held[ref] {
		return true
	}
	for r := range held {
		if r.Source == ref.Source && r.Provisional() {
			return true
		}
	}
	return false
}

func (w *world) checkItem(t *rapid.T, k store.Task, id task.SourceID, it memory.Item, open map[string]bool) {
	for _, f := range w.tools[id].Describe().Fields {
		have := it.Values[f]
		if have.IsUnreadable() || open[string(k.ID)+f.String()] || k.Agreed[f].IsNone() {
			continue
		}
		want, _ := w.tools[id].Normalize(f, k.Agreed[f], have)
		if f == task.Title && have.IsEmpty() {
			continue // held: a title that was emptied waits for a person
		}
		if !want.Same(have) {
			t.Fatalf("invariant 1: %s of %s shows %v for %s, agreed is %v\n%s", id, k.ID, have, f, k.Agreed[f], w.dump())
		}
	}
}
