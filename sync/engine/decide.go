package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/lockstep-sync/lockstep/sync/merge"
	"github.com/lockstep-sync/lockstep/sync/plan"
	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// merge reconciles every task and works out which are removed.
func (c *cycle) merge() {
	c.takeChoices()
	c.strange = sync.OnceValue(c.strangeRow)
	for _, w := range c.works {
		if !c.touched(w) {
			continue
		}
		c.mergeTask(w)
		c.mergeRemoval(w)
		c.mergeDeletedRow(w)
	}
}

// touched reports whether anything about the task can differ from the cycle before: most tasks of most cycles are not.
func (c *cycle) touched(w *work) bool {
	if w.born || len(w.was) > 0 || len(c.undoing[w.task.ID]) > 0 {
		return true
	}
	for i := range w.sides {
		s := &w.sides[i]
		if s.gone || s.intent != nil || s.rec != nil && s.rec.Values != s.link.Base {
			return true
		}
	}
	return false
}

func (c *cycle) mergeTask(w *work) {
	sides := make([]merge.Side, 0, len(w.sides))
	at := make([]int, 0, len(w.sides))
	for i := range w.sides {
		if w.sides[i].linked {
			sides = append(sides, c.mergeSide(w, i))
			at = append(at, i)
		}
	}
	agreed := w.task.Agreed
	if w.born {
		agreed[task.Partner] = task.Value{} // what the records say of the partner is a claim like any other
	}
	out := merge.Merge(agreed, sides, c.Rules)
	c.settleChosen(w, sides, &out)
	c.undo(w, &out)
	if w.born {
		fillBorn(&out.Agreed, w.task.Agreed[task.Partner])
	}
	w.task.Agreed, w.decisions, w.conflicts = out.Agreed, out.Decisions, out.Conflicts
	for k, i := range at {
		// Of a side that was not read, too: a claim of its that was decided on must not be made again.
		w.sides[i].link.Base = out.Bases[k]
	}
	if w.task.Baseline.IsEmpty() && !w.task.Agreed[task.Due].IsEmpty() {
		w.task.Baseline = w.task.Agreed[task.Due]
	}
}

// fillBorn gives a new task what no task is without: the partner whose tool it came from, and a status.
func fillBorn(v *task.Values, partner task.Value) {
	if v[task.Partner].IsEmpty() {
		v[task.Partner] = partner
	}
	if v[task.Status].IsEmpty() {
		v[task.Status] = task.EnumValue(task.NotStarted)
	}
}

// mergeSide is what one source says of the task. Where nothing was read in this cycle it says what it said last: the
// base, and the claims that keep a conflict open.
func (c *cycle) mergeSide(w *work, i int) merge.Side {
	s, src := &w.sides[i], c.sources[i]
	m := merge.Side{Source: src.ID(), Role: c.role(w, i), Base: s.link.Base, Now: s.link.Base}
	if s.rec != nil {
		m.Now, m.By, m.At = s.rec.Values, s.rec.By, s.rec.At
	} else {
		for _, k := range w.was {
			for _, cl := range k.Claims {
				if cl.Source == src.ID() {
					m.Now[k.Field], m.By, m.At = cl.Value, cl.By, cl.At
				}
			}
		}
	}
	for f := range w.task.Agreed {
		if v := w.task.Agreed[f]; !v.IsNone() && m.Now[f] != m.Base[f] && m.Now[f] != v {
			// A value that the tool cannot take leaves what was there: then what is there now is somebody's claim.
			m.Shows[f], _ = src.Normalize(task.Field(f), v, m.Base[f])
		}
	}
	if s.intent != nil {
		for _, ch := range s.intent.Set {
			m.Pending[ch.Field] = ch.To
		}
	}
	return m
}

func (c *cycle) role(w *work, i int) merge.Role {
	switch {
	case i == c.scorecard:
		return merge.Scorecard
	case c.sources[i].Partner() == w.task.Agreed[task.Partner].String():
		return merge.Owner
	}
	return merge.Other
}

// mergeRemoval removes the task if its owner's item is gone, unless somebody edited it meanwhile: an edit beats a
// removal, and brings a removed task back.
func (c *cycle) mergeRemoval(w *work) {
	edited := len(w.decisions) > 0 || len(w.conflicts) > 0
	if w.task.Removed {
		w.task.Removed = !edited && !c.back(w)
		return
	}
	from := -1
	for i := range w.sides {
		if c.role(w, i) != merge.Owner {
			continue
		}
		if w.sides[i].linked {
			return // another of the owner's tools still has it
		}
		if w.sides[i].gone && !c.reads[i].remapped {
			from = i
		}
	}
	if from >= 0 && !edited {
		w.task.Removed = true
		c.reads[from].vanished++
	}
}

// back reports whether an item of a removed task is in its owner's tool again: somebody undid a deletion.
func (c *cycle) back(w *work) bool {
	for i := range w.sides {
		if s := &w.sides[i]; s.rec != nil && s.before == nil && c.role(w, i) == merge.Owner {
			return true
		}
	}
	return false
}

// plan works out the patches, task by task and source by source.
func (c *cycle) plan() {
	for _, w := range c.works {
		held := w.contested()
		for i := range w.sides {
			if c.reads[i].ok {
				c.planSide(w, i, held)
			}
		}
		c.holdConflicts(w)
		c.planAlso(w)
	}
	c.planned.Sort(func(id task.ID) int64 { return c.byID[id].task.Number })
	c.holds = append(c.holds, c.planned.Holds...)
	c.keepPauses()
	c.carryHolds()
	slices.SortStableFunc(c.holds, compareHolds)
}

// contested are the fields of the task with an open conflict; nil where there are none.
func (w *work) contested() map[task.Field]bool {
	var held map[task.Field]bool
	for _, k := range w.conflicts {
		if held == nil {
			held = make(map[task.Field]bool)
		}
		held[k.Field] = true
	}
	return held
}

// planAlso tells what the cycle does to the task without a write that would show it.
func (c *cycle) planAlso(w *work) {
	if w.task.Removed && !w.before.Removed {
		c.planned.Also = append(c.planned.Also, fmt.Sprintf("remove %s", w.task.ID))
	}
	if w.rowDeleted {
		c.planned.Also = append(c.planned.Also, fmt.Sprintf("cancel %s: %s", w.task.ID, rowDeletedNote))
	}
	for i, src := range c.sources {
		if !c.reads[i].remapped {
			continue
		}
		if w.sides[i].gone {
			c.planned.Also = append(c.planned.Also, fmt.Sprintf("%s has lost %s", src.ID(), w.task.ID))
		}
		for _, d := range w.decisions {
			if d.Winner.Source == src.ID() && !d.From.IsEmpty() {
				c.planned.Also = append(c.planned.Also, fmt.Sprintf("%s makes %s of %s %q", src.ID(), d.Field, w.task.ID, d.To.String()))
			}
		}
	}
}

func (c *cycle) planSide(w *work, i int, held map[task.Field]bool) {
	s, src := &w.sides[i], c.sources[i]
	c.holdUnreadable(w, s)
	if s.shut || w.task.Removed && i != c.scorecard {
		return
	}
	if s.awaiting() {
		c.holds = append(c.holds, task.Hold{
			Source: src.ID(), Task: w.task.ID, Reason: task.HoldAwaiting, Raw: w.task.Agreed[task.Title].String(),
			Hint: "no answer told whether it was created: Lockstep looks for it before it tries again; nothing to do",
		})
		return
	}
	t := c.target(w, i, held)
	t.Create = t.Create && !c.reads[i].partly
	if s.linked && t.Marked && !t.Remove && w.task.Agreed == t.Now {
		return
	}
	c.planned.Add(w.task.ID, &w.task.Agreed, &t)
}

// target is the task's item in a source as the planner sees it.
func (c *cycle) target(w *work, i int, held map[task.Field]bool) plan.Target {
	s, r, src := &w.sides[i], &c.reads[i], c.sources[i]
	t := plan.Target{
		Ref: task.Ref{Source: src.ID()}, Held: held, Writes: r.desc.Writes, Normalize: src.Normalize,
		Remove: w.task.Removed && r.desc.CanRemove,
	}
	if s.linked {
		t.Ref.Key, t.Name, t.Now = s.link.Key, s.link.Name, s.link.Base
		t.Marked = !t.Ref.Provisional() || r.desc.Markless
		if s.rec != nil {
			t.Now, t.Problems = s.rec.Values, s.rec.Problems
		} else {
			c.stillUnreadable(&t)
		}
	} else {
		t.Create = !w.task.Removed && r.desc.CanCreate && c.belongs(w, i)
	}
	return t
}

// owes reports whether a source that sits the cycle out is behind the agreed state of the task.
func (c *cycle) owes(w *work, i int) bool {
	if w.task.Removed && i != c.scorecard {
		return false
	}
	var p plan.Plan
	t := c.target(w, i, w.contested())
	p.Add(w.task.ID, &w.task.Agreed, &t)
	return len(p.Patches) > 0
}

// stillUnreadable marks what could not be read in an item when it was read last: an increment that does not name the item
// says that it is still so.
func (c *cycle) stillUnreadable(t *plan.Target) {
	for _, h := range c.wasHeld[t.Ref] {
		if f, ok := task.ParseField(h.Field); ok {
			t.Now[f] = task.UnreadableValue(h.Raw)
		}
	}
}

// belongs reports whether the task should have an item in the source: every task has a scorecard row, unless people deleted
// it for good, and one item in its owner's own tools.
func (c *cycle) belongs(w *work, i int) bool {
	if i == c.scorecard {
		return !c.rowStaysAway(w)
	}
	if c.role(w, i) != merge.Owner {
		return false
	}
	for k := range w.sides {
		if k == i || c.role(w, k) != merge.Owner {
			continue
		}
		first := k < i && c.reads[k].ok && c.reads[k].desc.CanCreate // of several tools the first gets it
		if first || w.sides[k].linked || w.sides[k].awaiting() {
			return false
		}
	}
	return true
}

// holdUnreadable reports what cannot be read in an item that is linked.
func (c *cycle) holdUnreadable(w *work, s *side) {
	if s.rec == nil || len(s.rec.Problems) == 0 {
		return
	}
	for f := range s.rec.Values {
		field, v := task.Field(f), s.rec.Values[f]
		why, ok := s.rec.Problems[field]
		if !ok || !v.IsUnreadable() {
			continue
		}
		c.holds = append(c.holds, task.Hold{
			Source: s.link.Source, Task: w.task.ID, Key: s.link.Key, Name: s.link.Name, Field: field.String(),
			Reason: why.Reason, Raw: v.String(), Hint: why.Hint,
		})
	}
}

func (c *cycle) holdConflicts(w *work) {
	for _, k := range w.conflicts {
		var says []string
		for _, cl := range k.Claims {
			says = append(says, fmt.Sprintf("%s says %q", cl.Source, cl.Value.Display()))
		}
		hint := "agree with each other, and put the same value into these tools: it goes on by itself then"
		if c.shows(PageConflicts) {
			hint = "agree with each other, and choose a value on the page " + PageConflicts + " of the scorecard"
		}
		if ch := w.unheard[k.Field]; ch != nil {
			hint = fmt.Sprintf("%q was chosen on the scorecard, and settles nothing: %v. %s", clip(ch.text, optionLength), ch.err, hint)
		}
		c.holds = append(c.holds, task.Hold{
			Source: c.sources[c.scorecard].ID(), Task: w.task.ID, Name: w.task.Agreed[task.Title].String(), Field: k.Field.String(),
			Reason: task.HoldConflict, Raw: strings.Join(says, "; "), Hint: hint,
		})
	}
}

// keepPauses takes out the patches that went wrong a short while ago and would write the same again.
func (c *cycle) keepPauses() {
	c.planned.Patches = slices.DeleteFunc(c.planned.Patches, func(p task.Patch) bool {
		s := c.side(p.Task, p.Ref.Source)
		s.wanted = true
		if s.pause == nil || !c.now.Before(s.pause.Until) || s.pause.Want != plan.Fingerprint(p) {
			return false
		}
		c.holds = append(c.holds, pauseHold(p, *s.pause))
		return true
	})
}

func pauseHold(p task.Patch, ps store.Pause) task.Hold {
	hint := ps.Hint
	if hint == "" {
		hint = "it is tried again after a pause"
	}
	return task.Hold{
		Source: p.Ref.Source, Task: p.Task, Key: p.Ref.Key, Name: p.Name, Reason: task.HoldRetrying, Raw: ps.Error, Hint: hint,
	}
}

// carryHolds keeps what was held before in items that were not read in this cycle.
func (c *cycle) carryHolds() {
	for ref, holds := range c.wasHeld {
		i := c.index(ref.Source)
		if i < 0 {
			continue
		}
		r := &c.reads[i]
		if r.ok && (r.snap.Complete || r.byKey[ref.Key] != nil || r.held[ref.Key] || r.lacks(ref.Key)) {
			continue
		}
		c.holds = append(c.holds, holds...)
	}
}

// itemHold reports whether a hold comes from reading an item, rather than from planning.
func itemHold(r task.HoldReason) bool {
	switch r {
	case task.HoldUnreadable, task.HoldUnmappedStatus, task.HoldUnknownPartner, task.HoldNoTitle, task.HoldDuplicateID,
		task.HoldAmbiguous, task.HoldNoAccess, task.HoldDisplaced:
		return true
	case task.HoldUnmatchedPerson, task.HoldConflict, task.HoldSchemaDrift, task.HoldUnsupported, task.HoldRetrying, task.HoldAwaiting:
	}
	return false
}

func compareHolds(a, b task.Hold) int {
	return strings.Compare(
		strings.Join([]string{string(a.Source), a.Key, string(a.Task), a.Field, string(a.Reason)}, "\x00"),
		strings.Join([]string{string(b.Source), b.Key, string(b.Task), b.Field, string(b.Reason)}, "\x00"))
}

// guard asks whether the plan looks like an accident.
func (c *cycle) guard(mode Mode) {
	facts := make(map[task.SourceID]plan.Facts, len(c.sources))
	for i, s := range c.sources {
		f := plan.Facts{Vanished: c.reads[i].vanished, Remapped: c.reads[i].remapped}
		for _, w := range c.works {
			if w.sides[i].before != nil {
				f.Existing++
			}
			if f.Remapped {
				f.Moved += w.moved(i, s.ID())
			}
		}
		facts[s.ID()] = f
	}
	c.trips = c.Guards.Check(c.planned.Patches, facts)
	c.let = len(c.trips) > 0 && mode.Approve != "" && mode.Approve == c.planned.Hash()
}

// moved counts what a changed mapping does to the task: its item is out of sight, or its values overwrite agreed ones.
func (w *work) moved(i int, id task.SourceID) int {
	n := 0
	if w.sides[i].gone {
		n++
	}
	for _, d := range w.decisions {
		if d.Winner.Source == id && !d.From.IsEmpty() {
			n++
		}
	}
	return n
}

// guarded reports whether a guard says no and nobody overruled it.
func (c *cycle) guarded() bool { return len(c.trips) > 0 && !c.let }

// decideNothing notes that a guard said no: the state stays as it is, nothing is written.
func (c *cycle) decideNothing(ctx context.Context) error {
	r := c.report()
	c.commit = store.Commit{
		Generation: c.state.Generation, NextID: c.state.NextID, Conflicts: c.state.Conflicts, Holds: c.state.Holds,
		Cycle: c.cycleLine(r),
	}
	return c.save(ctx)
}
