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
	r := &c.reads[i]
	if !r.ok || !r.desc.Positional {
		return
	}
	works, recs := c.rowsByKey(i)
	c.displaced(i, works, recs)
}

// disbelieveContent does the same, once it is known which is which, for sources whose items are known by their content:
// there every edit gives a row another key.
func (c *cycle) disbelieveContent() {
	for i := range c.reads {
		r := &c.reads[i]
		if !r.ok || !r.desc.Positional || !r.desc.Markless {
			continue
		}
		at := make(map[*task.Record]*work, len(c.works))
		for _, w := range c.works {
			if s := &w.sides[i]; s.rec != nil && s.before != nil {
				at[s.rec] = w
			}
		}
		var works []*work
		var recs []*task.Record
		for k := range r.snap.Records {
			if w := at[&r.snap.Records[k]]; w != nil {
				works, recs = append(works, w), append(recs, &r.snap.Records[k])
			}
		}
		if !c.displaced(i, works, recs) {
			continue
		}
		for _, w := range works {
			s := &w.sides[i]
			s.rec, s.link, s.gone = nil, *s.before, false
		}
	}
}

// displaced has the source sit the cycle out if its rows are torn apart, and reports whether it does.
func (c *cycle) displaced(i int, works []*work, recs []*task.Record) bool {
	r, src := &c.reads[i], c.sources[i]
	if len(works) == 0 {
		return false
	}
	found := match.Displaced(c.rows(i, works, recs), c.freshTitles(i, recs))
	if len(found) == 0 {
		return false
	}
	for ref, holds := range c.wasHeld {
		if ref.Source == src.ID() {
			c.wasHeld[ref] = slices.DeleteFunc(holds, func(h task.Hold) bool { return h.Reason == task.HoldDisplaced })
		}
	}
	var names []string
	for _, d := range found {
		w, rec := works[d.Row], recs[d.Row]
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
			Source: src.ID(), Task: w.task.ID, Key: rec.Ref.Key, Name: rec.Name, Field: d.Field.String(), Reason: task.HoldDisplaced,
			Raw: rec.Values[d.Field].String(), Hint: hint + displacedHint,
		})
	}
	r.ok, r.snap = false, task.Snapshot{}
	r.err = fault.New(fault.Conflict, fault.Precondition, "read the rows", "%s hold what belongs to other tasks: some of their cells were moved without the rest",
		listNames(names)).WithHint("nothing is read from there and nothing written until that is settled: %s", displacedHint)
	r.err.Source = src.ID()
	return true
}

// listNames joins the names of rows, and says so where there are more than are named.
func listNames(names []string) string {
	if len(names) > mostNamed {
		return strings.Join(names[:mostNamed], ", ") + " and more"
	}
	return strings.Join(names, ", ")
}

// rowsByKey are the items of the source that the store knows and this read shows, in the order in which they stand there; nil
// where too little changed to look at.
func (c *cycle) rowsByKey(i int) (works []*work, recs []*task.Record) {
	r := &c.reads[i]
	linked := make(map[string]*work, len(c.works))
	changed := 0
	for _, w := range c.works {
		s := &w.sides[i]
		if !s.linked {
			continue
		}
		rec := r.byKey[s.link.Key]
		if marked := r.byKey[string(w.task.ID)]; marked != nil && marked.Marker == w.task.ID && (task.Ref{Key: s.link.Key}).Provisional() {
			rec = marked // it was adopted, and the last cycle did not live to store that
		}
		if rec != nil {
			linked[rec.Ref.Key] = w
			if rec.Values != s.link.Base {
				changed++
			}
		}
	}
	if changed < 2 {
		return nil, nil
	}
	for k := range r.snap.Records {
		if w := linked[r.snap.Records[k].Ref.Key]; w != nil {
			works, recs = append(works, w), append(recs, &r.snap.Records[k])
		}
	}
	return works, recs
}

// rows are items as match.Displaced wants them.
func (c *cycle) rows(i int, works []*work, recs []*task.Record) []match.Row {
	rows := make([]match.Row, len(works))
	for k, w := range works {
		s := &w.sides[i]
		row := match.Row{Base: s.link.Base, Now: recs[k].Values}
		for f, now := range row.Now {
			row.Ours[f] = now != row.Base[f] && c.ownEcho(w, s, task.Field(f), now)
		}
		rows[k] = row
	}
	return rows
}

// freshTitles are the titles of the items of a source that are none of these.
func (c *cycle) freshTitles(i int, known []*task.Record) []task.Value {
	in := make(map[*task.Record]bool, len(known))
	for _, r := range known {
		in[r] = true
	}
	var out []task.Value
	for k := range c.reads[i].snap.Records {
		if r := &c.reads[i].snap.Records[k]; !in[r] && r.Marker == "" {
			out = append(out, r.Values[task.Title])
		}
	}
	return out
}

// ownEcho reports whether what an item shows in a field is what was agreed, or what we tried to write there without
// learning the outcome.
func (c *cycle) ownEcho(w *work, s *side, f task.Field, now task.Value) bool {
	if now.Same(w.task.Agreed[f]) {
		return true
	}
	return s.intent != nil && slices.ContainsFunc(s.intent.Set, func(ch task.Change) bool { return ch.Field == f && now == ch.To })
}
