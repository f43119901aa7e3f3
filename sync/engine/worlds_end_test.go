package engine_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/lockstep-sync/lockstep/connectors/memory"
	"github.com/lockstep-sync/lockstep/sync/engine"
	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// end lets the world come to rest and holds what must be true then.
func (w *world) end(t *rapid.T) {
	for id, keys := range w.copies {
		for _, k := range keys {
			w.tools[id].Delete(k) // it may have become a task of its own
			w.deletes(id)
		}
	}
	for id, keys := range w.hidden {
		for _, k := range keys {
			w.tools[id].Hide(k, "")
		}
	}
	var r engine.Report
	const calm = 5 // cycles in a row: a deletion in Jira shows only in its census
	for rest, n := 0, 0; rest < calm && n < 40; n++ {
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
	w.now = w.now.Truncate(24 * time.Hour).Add(36 * time.Hour)
	_, _ = w.eng.RunCycle(t.Context(), engine.Mode{}) // the first of a day, and after a heartbeat, shows another board
	before, shown := w.writes(), w.boardText()
	w.pass(time.Minute)
	r, err := w.eng.RunCycle(t.Context(), engine.Mode{})
	if err != nil || len(r.Patches) > 0 || w.writes() != before {
		t.Fatalf("invariant 2: a quiet cycle planned %+v, board %+v (%v)\n%s", r.Patches, r.Board, err, cmp.Diff(shown, w.boardText()))
	}
	w.restart()
	if r, err := w.eng.RunCycle(t.Context(), engine.Mode{}); err != nil || r.Board.Differs {
		t.Fatalf("after a restart the board is another (%v)", err)
	}
	w.check(t)
	w.checkScribbles(t)
	w.checkAgreement(t, r)
}

// checkScribbles: what people typed over our pages is in the history, once the pages are right again.
func (w *world) checkScribbles(t *rapid.T) {
	told := map[string]bool{}
	for _, e := range w.store.Events {
		if e.Kind == store.EventOvertyped {
			told[e.From.String()] = true
		}
	}
	for page, texts := range w.scribbles {
		for _, s := range texts {
			if !told[s] {
				t.Fatalf("invariant 3: %q was typed on the page %s, and is nowhere in the history", s, page)
			}
		}
	}
}

// boardText is all that the scorecard shows beside what people type.
func (w *world) boardText() []string {
	var out []string
	for _, k := range w.tools[cardID].Keys() {
		out = append(out, fmt.Sprintf("%s %+v", k, w.tools[cardID].Computed(k)))
	}
	for _, name := range engine.Pages() {
		p, _, _ := w.tools[cardID].Page(name)
		for _, l := range p.Lines {
			out = append(out, fmt.Sprintf("%s %+v", name, l))
		}
		for _, r := range p.Rows {
			out = append(out, fmt.Sprintf("%s %+v", name, r))
		}
	}
	return out
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
	for _, l := range w.store.Links {
		fmt.Fprintf(&b, "link %s %s %s v%d base %q\n", l.Task, l.Source, l.Key, l.Version, l.Base)
	}
	for _, k := range w.store.Tasks {
		fmt.Fprintf(&b, "task %s removed %v %q\n", k.ID, k.Removed, k.Agreed)
	}
	for _, in := range w.store.Intents {
		fmt.Fprintf(&b, "intent %+v\n", in)
	}
	for _, e := range w.store.Events {
		fmt.Fprintf(&b, "event %d %s %s %s %s %q to %q, losers %q, %s\n", e.Cycle, e.Kind, e.Task, e.Source, e.Field, e.From.String(), e.To.String(), e.Losers, e.Note)
	}
	return b.String()
}

// checkAgreement: every tool shows the agreed value of every field, as well as it can, and every item is somebody's or held.
func (w *world) checkAgreement(t *rapid.T, r engine.Report) {
	open := map[string]bool{}
	for _, k := range w.store.Conflicts {
		open[string(k.Task)+k.Field.String()] = true
	}
	unsure := map[task.SourceID]bool{} // where a held item may be the one that is missed
	for _, h := range r.Holds {
		// A row that lost its mark and its partner may be the one that is missed, until it has a partner again.
		unsure[h.Source] = unsure[h.Source] || h.Reason == task.HoldAmbiguous || h.Reason == task.HoldUnknownPartner && h.Task == ""
	}
	owner := map[task.Ref]task.ID{}
	rows := map[task.ID]bool{}
	for _, l := range w.store.Links {
		k := w.store.Tasks[l.Task]
		owner[task.Ref{Source: l.Source, Key: l.Key}] = l.Task
		rows[l.Task] = rows[l.Task] || l.Source == cardID
		it, ok := w.tools[l.Source].Get(l.Key)
		if !ok && unsure[l.Source] {
			continue
		}
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
	for _, k := range w.store.Tasks {
		away := w.cancels && k.Agreed[task.Status].String() == task.Cancelled
		if !k.Removed && !rows[k.ID] && !unsure[cardID] && !away {
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
