package gsheets

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/lockstep-sync/lockstep/connectors/cells"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// statuses says what each word of the status column stands for.
func (k *checkup) statuses(context.Context) bool {
	by := map[string][]string{}
	for _, w := range k.words(task.Status) {
		v, _, hint := k.t.value(task.Status, w.cell)
		if v.IsNone() {
			k.warn("statuses", hint, "%s means nothing (%s, first in %s)", cells.Quote(w.shown), times(w.n), w.at)
			continue
		}
		by[v.String()] = append(by[v.String()], cells.Quote(w.shown))
	}
	for _, s := range task.Statuses() {
		if words := by[s]; len(words) > 0 {
			k.ok("statuses", "%s is %s", task.StatusDisplay(s), strings.Join(words, ", "))
		}
	}
	return true
}

// partners says whose tasks these are.
func (k *checkup) partners(context.Context) bool {
	known := 0
	for _, w := range k.words(task.Partner) {
		v, _, hint := k.t.value(task.Partner, w.cell)
		if v.IsNone() {
			k.warn("partners", hint+", or add it under aliases of the partner that is meant", "%s is no partner (%s, first in %s)", cells.Quote(w.shown), times(w.n), w.at)
			continue
		}
		known++
	}
	if known > 0 {
		k.ok("partners", "%d names of partners are known", known)
	}
	return true
}

// people says who is meant.
func (k *checkup) people(context.Context) bool {
	var names []string
	for _, p := range k.c.cfg.People {
		names = append(names, p.Name)
	}
	known := 0
	for _, w := range k.words(task.Assignee) {
		v := k.t.person(w.cell)
		if slices.Contains(names, v.String()) {
			known++
			continue
		}
		hint := "if it is somebody of the partnership, add the name under people:, or under aliases of whoever is meant; else it is kept as it stands where a tool allows that"
		if near := likelyPerson(v.String(), names); near != "" {
			hint = "if it is " + cells.Quote(near) + ", add it under their aliases; else " + hint
		}
		k.warn("people", hint, "%s is nobody of the configuration (%s, first in %s)", cells.Quote(v.String()), times(w.n), w.at)
	}
	if known > 0 {
		k.ok("people", "%d names of people are known", known)
	}
	return true
}

// likelyPerson is the person that a text may mean: of the same words in another order, or nearly so; "" where none is. It is
// for hints only.
func likelyPerson(s string, names []string) string {
	sorted := func(s string) string {
		words := strings.Fields(cells.FoldWord(s))
		slices.Sort(words)
		return strings.Join(words, " ")
	}
	best, score := "", 0.75
	for _, n := range names {
		if x := cells.Similarity(sorted(s), sorted(n)); x > score {
			best, score = n, x
		}
	}
	return best
}

// days says how days in digits are read.
func (k *checkup) days(context.Context) bool {
	for _, f := range k.c.cfg.fields() {
		h := k.t.habits[f]
		if f.Kind() != task.Date || k.t.column[f] < 0 {
			continue
		}
		switch h.order {
		case cells.Disputed:
			k.warn("dates", "days that can be read in two ways are held until then: write them as 2026-05-04, or as dates (Format, Number, Date)",
				"%s: %s", f, h.doubt)
		case cells.UnknownOrder:
			k.ok("dates", "%s: a text such as 04/05/2026 is held, for nothing says whether it is April or May", f)
		case cells.DayFirst, cells.MonthFirst:
			k.ok("dates", "%s: a text such as 04/05/2026 is read with %s", f, h.order.Words())
		}
	}
	return true
}

// doubts names the cells that cannot be read, and the ones that are not written.
func (k *checkup) doubts(context.Context) bool {
	n, locked := 0, map[task.Field]int{}
	for _, r := range k.recs {
		for _, f := range task.AllFields() {
			p, ok := r.Problems[f]
			switch {
			case !ok || p.Reason == task.HoldUnmappedStatus || p.Reason == task.HoldUnknownPartner:
			case !r.Values[f].IsUnreadable():
				locked[f]++
			default:
				if n++; n <= checkDoubts {
					k.warn("values", p.Hint, "%s of %s cannot be read: %s", f, r.Name, cells.Quote(r.Values[f].String()))
				}
			}
		}
		if title := r.Values[task.Title]; !title.IsUnreadable() && title.IsEmpty() {
			k.warn("values", "give it a title: a task cannot be without one", "%s has no title", r.Name)
		}
	}
	if n > checkDoubts {
		k.warn("values", "correct the ones above, and check again", "%d more cells cannot be read", n-checkDoubts)
	}
	for _, f := range task.AllFields() {
		if locked[f] > 0 {
			k.ok("values", "%s of %d rows is a formula or a merged cell: it is read, and never written", f, locked[f])
		}
	}
	return true
}

// sample shows rows as they would be read.
func (k *checkup) sample(context.Context) bool {
	for _, line := range k.t.sample(k.recs, checkRows) {
		k.ok("sample", "%s", line)
	}
	return true
}

// sample gives the first records a line each, and how the cells show what is read otherwise.
func (t *table) sample(recs []task.Record, most int) []string {
	var out []string
	for _, r := range recs[:min(len(recs), most)] {
		var parts []string
		for _, f := range task.AllFields() {
			v := r.Values[f]
			switch {
			case v.IsNone() || !v.IsUnreadable() && v.IsEmpty():
			case v.IsUnreadable():
				parts = append(parts, fmt.Sprintf("%s ? %s", f, cells.Quote(v.String())))
			case f == task.Status || f == task.Partner || f.Kind() != task.Text && f.Kind() != task.Set && f.Kind() != task.Person:
				parts = append(parts, fmt.Sprintf("%s %s", f, v))
			default:
				parts = append(parts, fmt.Sprintf("%s %s", f, cells.Quote(v.Display())))
			}
		}
		out = append(out, r.Name+": "+strings.Join(parts, ", "))
	}
	return out
}
