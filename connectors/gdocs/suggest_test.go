package gdocs

import (
	"log/slog"
	"testing"
	"time"

	"github.com/lockstep-sync/lockstep/connectors"
	tool "github.com/lockstep-sync/lockstep/connectors/memory"
	"github.com/lockstep-sync/lockstep/sync/engine"
	"github.com/lockstep-sync/lockstep/sync/merge"
	"github.com/lockstep-sync/lockstep/sync/plan"
	"github.com/lockstep-sync/lockstep/sync/store/storetest"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// partnership is a partner's document, to which we only suggest, and the scorecard, with the engine between them.
type partnership struct {
	*actionPlan
	store *storetest.Memory
	card  *tool.Tool
	eng   *engine.Engine
	now   time.Time
}

func newPartnership(t *testing.T, rows ...[]string) *partnership {
	t.Helper()
	p := &partnership{actionPlan: newPlan(t, rows...), store: storetest.NewMemory(), now: time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)}
	p.cfg.Suggest = true
	p.card = tool.New(tool.Options{
		Fields: []task.Field{task.Title, task.Status, task.Due, task.Notes, task.Partner}, CanCreate: true, CanRemove: true,
	})
	e, err := engine.New(engine.Options{
		Partnership: "p", Key: "CW", Rules: merge.DefaultRules(), Guards: plan.Guards{MaxChanges: 1, MaxRemovals: 1, Minimum: 1000},
		Store: p.store, Now: func() time.Time { return p.now }, Log: slog.New(slog.DiscardHandler), Parallel: 1,
		Sources: []*connectors.Source{
			connectors.NewSource("doc", "city", nil, p.connect()), connectors.NewSource("card", "", nil, p.card),
		},
	})
	p.must(err)
	p.eng = e
	p.settle()
	return p
}

// settle runs cycles until one finds nothing to do.
func (p *partnership) settle() engine.Report {
	p.t.Helper()
	for range 6 {
		p.now = p.now.Add(time.Hour)
		r, err := p.eng.RunCycle(p.t.Context(), engine.Mode{})
		p.must(err)
		if r.Converged {
			return r
		}
	}
	p.t.Fatal("it does not come to rest")
	return engine.Report{}
}

// onCard is the scorecard's row of a title; it must be there.
func (p *partnership) onCard(title string) tool.Item {
	p.t.Helper()
	for _, k := range p.card.Keys() {
		if it, _ := p.card.Get(k); it.Values[task.Title].String() == title {
			return it
		}
	}
	p.t.Fatalf("%q is not on the scorecard", title)
	return tool.Item{}
}

// open is the one suggestion that is open.
func (p *partnership) open() string {
	p.t.Helper()
	all := p.srv.DocumentSuggestions(p.id)
	if len(all) != 1 {
		p.t.Fatalf("%d suggestions are open", len(all))
	}
	return all[0]
}

// quiet holds that a cycle writes nothing.
func (p *partnership) quiet(when string) {
	p.t.Helper()
	before := p.writes
	if r := p.settle(); len(r.Patches) > 0 || p.writes != before {
		p.t.Errorf("%s: %d writes, planned %+v", when, p.writes-before, r.Patches)
	}
}

// What we suggest is made once. Who accepts it agrees; who rejects it claims what stood there, which wins in the owner's own tool.
func TestSuggestions(t *testing.T) {
	t.Parallel()
	p := newPartnership(t, []string{"Dig a well", "", "2026-05-04", "In progress", "first"})
	edit := func(v task.Value) {
		t.Helper()
		p.card.Edit(p.onCard("Dig a well").Handle, task.Due, v)
		p.settle()
	}
	cell := func(now, then string) {
		t.Helper()
		if row := p.srv.DocumentRows(p.id, 0)[1]; row.Now[2] != now || row.Then[2] != then {
			t.Errorf("the cell shows %q, and is to show %q; want %q and %q", row.Now[2], row.Then[2], now, then)
		}
	}
	edit(day("2026-06-01"))
	cell("2026-05-04", "2026-06-01")
	p.quiet("while the suggestion waits")
	first := p.open()

	// Another value while it waits takes its place.
	edit(day("2026-06-15"))
	cell("2026-05-04", "2026-06-15")
	if p.open() != first {
		t.Errorf("a second suggestion was made beside the first")
	}

	// It is accepted: that is agreed.
	p.must(p.srv.DecideSuggestion(p.id, p.open(), true))
	p.quiet("after the suggestion was accepted")
	cell("2026-06-15", "2026-06-15")
	if got := p.onCard("Dig a well").Values[task.Due]; got != day("2026-06-15") {
		t.Errorf("after the suggestion was accepted the scorecard shows %s", got)
	}

	// The next is rejected: what stood there holds, everywhere, and is not asked again.
	edit(day("2026-07-01"))
	p.must(p.srv.DecideSuggestion(p.id, p.open(), false))
	p.settle()
	cell("2026-06-15", "2026-06-15")
	if got := p.onCard("Dig a well").Values[task.Due]; got != day("2026-06-15") {
		t.Errorf("after the suggestion was rejected the scorecard shows %s", got)
	}
	if open := p.srv.DocumentSuggestions(p.id); len(open) != 0 {
		t.Errorf("what was rejected was suggested again: %v", open)
	}
	p.quiet("after the suggestion was rejected")
	told := false
	for _, e := range p.store.Events {
		told = told || e.Field == "due" && e.From == day("2026-07-01") && e.To == day("2026-06-15")
	}
	if !told {
		t.Error("the history does not say that 2026-07-01 was turned down")
	}
}

// A row that we suggest is made once, too; if it is rejected, the partner does not take the task, and it is not asked again.
func TestSuggestedRows(t *testing.T) {
	t.Parallel()
	for _, accept := range []bool{true, false} {
		p := newPartnership(t, []string{"Dig a well"})
		// Its state is suggested; that is not what is looked at here.
		for _, id := range p.srv.DocumentSuggestions(p.id) {
			p.must(p.srv.DecideSuggestion(p.id, id, true))
		}
		var v task.Values
		v[task.Title], v[task.Partner], v[task.Due] = task.TextValue("Lay a pipe"), task.EnumValue("city"), day("2026-05-04")
		p.card.Add(v)
		p.settle()
		p.quiet("while the row waits")
		rows := p.srv.DocumentRows(p.id, 0)
		if len(rows) != 3 || !rows[2].Added || rows[2].Then[0] != "Lay a pipe" {
			t.Fatalf("the rows are %+v", rows)
		}
		p.must(p.srv.DecideSuggestion(p.id, p.open(), accept))
		p.settle()
		p.quiet("after it was decided")
		rows = p.srv.DocumentRows(p.id, 0)
		if accept && (len(rows) != 3 || rows[2].Added || rows[2].Now[0] != "Lay a pipe") || !accept && len(rows) != 2 {
			t.Errorf("accepted %v: the rows are %+v", accept, rows)
		}
		removed := 0
		for _, k := range p.store.Tasks {
			if k.Removed {
				removed++
			}
		}
		if accept && removed != 0 || !accept && removed != 1 {
			t.Errorf("accepted %v: %d tasks are removed", accept, removed)
		}
	}
}

// What people suggest in a cell holds ours back until they have decided.
func TestSuggestionsOfOthersComeFirst(t *testing.T) {
	t.Parallel()
	p := newPartnership(t, []string{"Dig a well", "", "2026-05-04", "In progress", "first"})
	p.must(p.srv.TypeInTable(p.id, 0, 1, 4, "theirs", true))
	theirs := p.open()
	p.card.Edit(p.onCard("Dig a well").Handle, task.Notes, task.TextValue("ours"))
	for range 2 {
		p.now = p.now.Add(time.Hour)
		_, err := p.eng.RunCycle(t.Context(), engine.Mode{})
		p.must(err)
		if p.open() != theirs {
			t.Fatal("a suggestion was made over another")
		}
	}
	p.must(p.srv.DecideSuggestion(p.id, theirs, false))
	p.settle()
	if row := p.srv.DocumentRows(p.id, 0)[1]; row.Now[4] != "first" || row.Then[4] != "ours" {
		t.Errorf("the row is %+v", row)
	}
}
