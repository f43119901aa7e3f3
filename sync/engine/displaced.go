package engine

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/match"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// mostNamed is how many displaced rows are named one by one.
const mostNamed = 20

const displacedHint = "undo it there (Ctrl+Z, or File, Version history), or sort whole rows with every column, the hidden ones too; " +
	"if the rows are right and only the ids were moved, empty the hidden ids of these rows: they are matched by title then; " +
	"if every change is meant, undo it and change one row at a time"

// disbelieve takes back the reading of a source in which cells were moved from row to row: each would pass for an edit of
// another task. The source sits the cycle out, so nothing is concluded from it and nothing is written to it. The evidence is
// what the store holds, so that it is the same after a restart, until the rows are put right.
func (c *cycle) disbelieve(i int) {
	r, src := &c.reads[i], c.sources[i]
	if !r.ok || !r.desc.Positional {
		return
	}
	works, rows := c.rowsOf(i)
	found := match.Displaced(rows)
	if len(found) == 0 {
		return
	}
	for ref, holds := range c.wasHeld {
		if ref.Source == src.ID() {
			c.wasHeld[ref] = slices.DeleteFunc(holds, func(h task.Hold) bool { return h.Reason == task.HoldDisplaced })
		}
	}
	var names []string
	for _, d := range found {
		w := works[d.Row]
		s := &w.sides[i]
		rec := r.byKey[s.link.Key]
		if !slices.Contains(names, rec.Name) {
			names = append(names, rec.Name)
		}
		if len(names) > mostNamed {
			break
		}
		hint := "this row shows what belongs to another task, as after sorting some columns and not the others: "
		if d.From >= 0 {
			hint = fmt.Sprintf("this row shows what belongs to %s, as after sorting some columns and not the others: ", works[d.From].task.ID)
		}
		c.holds = append(c.holds, task.Hold{
			Source: src.ID(), Task: w.task.ID, Key: s.link.Key, Name: rec.Name, Field: d.Field.String(), Reason: task.HoldDisplaced,
			Raw: rec.Values[d.Field].String(), Hint: hint + displacedHint,
		})
	}
	r.ok, r.snap = false, task.Snapshot{}
	r.err = fault.New(fault.Conflict, fault.Precondition, "read the rows", "%s hold what belongs to other tasks: some of their cells were moved without the rest",
		listNames(names)).WithHint("nothing is read from there and nothing written until that is settled: %s", displacedHint)
	r.err.Source = src.ID()
}

// listNames joins the names of rows, and says so where there are more than are named.
func listNames(names []string) string {
	if len(names) > mostNamed {
		return strings.Join(names[:mostNamed], ", ") + " and more"
	}
	return strings.Join(names, ", ")
}

// rowsOf are the items of the source that the store knows and this read shows, in the order in which they stand there; nil
// where too little changed to look at.
func (c *cycle) rowsOf(i int) ([]*work, []match.Row) {
	r := &c.reads[i]
	linked := make(map[string]*work, len(c.works))
	changed := 0
	for _, w := range c.works {
		s := &w.sides[i]
		if rec := r.byKey[s.link.Key]; s.linked && rec != nil {
			linked[s.link.Key] = w
			if rec.Values != s.link.Base {
				changed++
			}
		}
	}
	if changed < 2 {
		return nil, nil
	}
	var works []*work
	var rows []match.Row
	for k := range r.snap.Records {
		rec := &r.snap.Records[k]
		w := linked[rec.Ref.Key]
		if w == nil {
			continue
		}
		s := &w.sides[i]
		row := match.Row{Base: s.link.Base, Now: rec.Values}
		for f, now := range rec.Values {
			if now != row.Base[f] && c.ownEcho(w, s, task.Field(f), now) {
				row.Now[f] = row.Base[f]
			}
		}
		works, rows = append(works, w), append(rows, row)
	}
	return works, rows
}

// ownEcho reports whether what an item shows in a field is what was agreed, or what we tried to write there without
// learning the outcome.
func (c *cycle) ownEcho(w *work, s *side, f task.Field, now task.Value) bool {
	if now.Same(w.task.Agreed[f]) {
		return true
	}
	return s.intent != nil && slices.ContainsFunc(s.intent.Set, func(ch task.Change) bool { return ch.Field == f && now == ch.To })
}
