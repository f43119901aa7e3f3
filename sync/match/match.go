// Package match finds which records are the same task: by the link that is stored, then by our mark in the tool, then by
// rule. It is pure, it never guesses, and where two answers fit it holds.
//
//	the record's key is linked                       that task; but a key made of the content gives way to a mark
//	it carries a task's mark                         that task, unless another record of the source is linked to it
//	a scorecard row and one item of the partner's    the same task, if both are new to each other, the folded titles are
//	own tool (or its task, known or marked)          equal, and each is the only one of that title
//	a new item and a task whose item in that tool    the same task, if all else in it is as it was, and each is the only
//	was known by its content alone, and is missing   one that fits the other (see likenessOf); else held
//	a new item that is, to the letter, what was      the same task, if each is the only one that fits the other: its mark
//	known of an item that is missing                 was taken off
//	no title, or no partner                          held until a person gives one
//	anything else                                    a new task
package match

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lockstep-sync/lockstep/sync/task"
)

// Task is a known task, as far as matching needs it.
type Task struct {
	ID      task.ID
	Partner string
	Title   string
	Removed bool
	// Links are the task's stored links. Links of sources that were not read in this cycle count as live.
	Links []Link
	// Awaiting are sources where a create of ours may have landed: a record there is not matched by rule.
	Awaiting []task.SourceID
}

// Link ties a task to an item.
type Link struct {
	Source task.SourceID
	Key    string
	// Missing says that a complete snapshot did not hold the item: another record may take the link's place.
	Missing bool
	// Unseen says that the item was not seen, and that this tells nothing: the source was read in part, or could not be asked.
	// A record there that bears the task's name and no mark is held: it may be the item.
	Unseen bool
	// Base is what was last accounted for in the item. It is needed only of an item that is Missing or Unseen.
	Base task.Values
}

// Batch is what was read from one source in this cycle.
type Batch struct {
	Source  task.SourceID
	Partner string // "" for the scorecard
	Records []task.Record
}

// Group is a task that is new: the records that are it, in the order of the batches.
type Group struct {
	// Marker is the id that the records carry, from a store that is lost; "" for a fresh id.
	Marker  task.ID
	Partner string
	Records []task.Record
}

// Result says where each record belongs.
type Result struct {
	Known map[task.Ref]task.ID // records of known tasks
	Born  []Group              // in the order of the batches and their records
	Held  []task.Hold          // records that belong nowhere yet
	// Unsure are tasks of which a held record may be the item, and in which source: there they are neither gone nor to
	// be made anew. Nil where there are none.
	Unsure map[task.ID][]task.SourceID
}

// Match assigns the records of the batches. Scorecard is the scorecard's source id. Batches are handled in the order of
// their source ids, whatever order they come in.
func Match(tasks []Task, scorecard task.SourceID, batches []Batch) Result {
	batches = slices.Clone(batches)
	slices.SortFunc(batches, func(a, b Batch) int { return strings.Compare(string(a.Source), string(b.Source)) })
	m := newMatcher(tasks, scorecard)
	for _, b := range batches {
		for i := range b.Records {
			m.freeLook(&b.Records[i])
		}
	}
	var loose []item
	for _, b := range batches {
		for _, r := range b.Records {
			it := item{rec: r, partner: b.Partner, scorecard: b.Source == scorecard}
			if it.scorecard {
				it.partner = r.Values[task.Partner].String()
			}
			if !m.byLink(it) {
				loose = append(loose, it)
			}
		}
	}
	loose = slices.DeleteFunc(loose, m.byMark)
	m.byRule(loose)
	for _, b := range batches {
		m.byLikeness(b.Source)
	}
	m.order(batches)
	return m.out
}

// item is a record on its way to a task.
type item struct {
	rec       task.Record
	partner   string
	scorecard bool
}

func (it item) title() string { return Fold(it.rec.Values[task.Title]) }

// Fold is the form in which titles are compared: lower case, runs of blanks as one. The empty and the unreadable title
// fold to "", which matches nothing.
func Fold(title task.Value) string {
	if title.IsUnreadable() {
		return ""
	}
	return strings.Join(strings.Fields(strings.ToLower(title.String())), " ")
}

type matcher struct {
	scorecard task.SourceID

	tasks  map[task.ID]*Task
	byRef  map[task.Ref]task.ID
	taken  map[slot]bool               // task and source that a record of this cycle fills
	newly  map[task.ID][]task.SourceID // of taken: what no stored link led to
	marked map[task.ID]int             // index in out.Born of the task that a mark names and nobody knows
	unfit  []item                      // what is held because it cannot be a task as it is
	out    Result
}

type slot struct {
	task   task.ID
	source task.SourceID
}

func newMatcher(tasks []Task, scorecard task.SourceID) *matcher {
	m := &matcher{
		scorecard: scorecard,
		tasks:     make(map[task.ID]*Task, len(tasks)),
		byRef:     make(map[task.Ref]task.ID, 2*len(tasks)),
		taken:     make(map[slot]bool),
		newly:     make(map[task.ID][]task.SourceID),
		marked:    make(map[task.ID]int),
		out:       Result{Known: make(map[task.Ref]task.ID, 2*len(tasks))},
	}
	for i := range tasks {
		t := &tasks[i]
		m.tasks[t.ID] = t
		for _, l := range t.Links {
			m.byRef[task.Ref{Source: l.Source, Key: l.Key}] = t.ID
		}
	}
	return m
}

// freeLook forgets the look of a row that bears its mark by now: another row that looks the same may have that key since.
func (m *matcher) freeLook(r *task.Record) {
	t := m.tasks[r.Marker]
	if t == nil {
		return
	}
	for _, l := range t.Links {
		ref := task.Ref{Source: l.Source, Key: l.Key}
		if l.Source == r.Ref.Source && ref.Provisional() {
			delete(m.byRef, ref)
		}
	}
}

func (m *matcher) assign(r task.Record, id task.ID) {
	m.out.Known[r.Ref] = id
	m.taken[slot{id, r.Ref.Source}] = true
}

func (m *matcher) byLink(it item) bool {
	id, ok := m.byRef[it.rec.Ref]
	if ok {
		m.assign(it.rec, id)
	}
	return ok
}

// byMark reports whether the record is dealt with: its mark named a task, or collides with another record.
func (m *matcher) byMark(it item) bool {
	id := it.rec.Marker
	if id == "" {
		return false
	}
	t, known := m.tasks[id]
	switch {
	case !known:
		i, ok := m.marked[id]
		if !ok {
			if hold, bad := unfit(it); bad {
				m.out.Held = append(m.out.Held, hold)
				return true
			}
			m.marked[id] = len(m.out.Born)
			m.out.Born = append(m.out.Born, Group{Marker: id, Partner: it.partner, Records: []task.Record{it.rec}})
			return true
		}
		if m.taken[slot{id, it.rec.Ref.Source}] || slices.ContainsFunc(m.out.Born[i].Records, sameSource(it.rec)) {
			m.out.Held = append(m.out.Held, duplicate(it.rec))
			return true
		}
		m.out.Born[i].Records = append(m.out.Born[i].Records, it.rec)
		if !it.scorecard {
			m.out.Born[i].Partner = it.partner
		}
	case m.taken[slot{id, it.rec.Ref.Source}] || live(t, it.rec.Ref.Source):
		m.out.Held = append(m.out.Held, duplicate(it.rec))
	default:
		m.assign(it.rec, id)
		m.newly[id] = append(m.newly[id], it.rec.Ref.Source)
	}
	return true
}

func sameSource(r task.Record) func(task.Record) bool {
	return func(o task.Record) bool { return o.Ref.Source == r.Ref.Source }
}

// live reports whether the task has an item in the source for good: one that was not found missing, and that is not known
// by its content alone (a row that was being marked when the last cycle ended is found by its mark).
func live(t *Task, s task.SourceID) bool {
	return slices.ContainsFunc(t.Links, func(l Link) bool {
		return l.Source == s && !l.Missing && !task.Ref{Key: l.Key}.Provisional()
	})
}

func duplicate(r task.Record) task.Hold {
	return task.Hold{
		Source: r.Ref.Source, Task: r.Marker, Key: r.Ref.Key, Name: r.Name, Reason: task.HoldDuplicateID, Raw: string(r.Marker),
		Hint: fmt.Sprintf("another item here is %s already: take the mark off the copy, or delete the copy", r.Marker),
	}
}

// unfit says why a record cannot become a task yet.
func unfit(it item) (task.Hold, bool) {
	h := task.Hold{Source: it.rec.Ref.Source, Key: it.rec.Ref.Key, Name: it.rec.Name}
	if title := it.rec.Values[task.Title]; title.IsEmpty() || title.IsUnreadable() {
		h.Field, h.Reason, h.Raw = task.Title.String(), task.HoldNoTitle, title.String()
		h.Hint = "give it a title: it becomes a task then"
		return h, true
	}
	if p := it.rec.Values[task.Partner]; it.scorecard && (p.IsUnreadable() || p.IsEmpty()) {
		h.Field, h.Reason, h.Raw = task.Partner.String(), task.HoldUnknownPartner, p.String()
		h.Hint = "choose the partner that owns it: it becomes a task then"
		if why, ok := it.rec.Problems[task.Partner]; ok && p.IsUnreadable() {
			h.Hint = why.Hint
		}
		return h, true
	}
	return h, false
}

// name is what a rule compares.
type name struct{ partner, title string }

// candidates is all that bears one name.
type candidates struct {
	rows, items        []int   // indexes of loose items: of the scorecard, of own tools
	unseen             []*Task // tasks whose item in one of these sources was not seen
	wantsRow, wantsOwn []*Task // tasks without a scorecard row, without an item in an own tool
}

func (m *matcher) byRule(loose []item) {
	fit := loose[:0]
	for _, it := range loose {
		if hold, bad := unfit(it); bad {
			m.out.Held = append(m.out.Held, hold)
			m.unfit = append(m.unfit, it)
			m.doubtUnfit(it)
			continue
		}
		fit = append(fit, it)
	}
	names := make(map[name]*candidates, len(fit))
	for i, it := range fit {
		k := name{it.partner, it.title()}
		c := names[k]
		if c == nil {
			c = &candidates{}
			names[k] = c
		}
		if it.scorecard {
			c.rows = append(c.rows, i)
		} else {
			c.items = append(c.items, i)
		}
	}
	m.addTasks(names, fit)
	done := make(map[int]bool, len(fit))
	for i, it := range fit {
		if done[i] {
			continue
		}
		m.settle(names[name{it.partner, it.title()}], fit, done, i)
	}
}

// doubtUnfit notes of an item that cannot be a task yet which tasks it may be: those of its title whose item there is missing.
// Such a row has lost its mark and, for now, its partner too.
func (m *matcher) doubtUnfit(it item) {
	if it.title() == "" {
		return
	}
	for _, t := range m.tasks {
		s := it.rec.Ref.Source
		if t.Title == it.title() && !t.Removed && !m.taken[slot{t.ID, s}] && slices.ContainsFunc(t.Links, func(l Link) bool { return l.Source == s && l.Missing }) {
			m.unsure(t.ID, s)
		}
	}
}

// addTasks finds the known tasks that a loose record could be.
func (m *matcher) addTasks(names map[name]*candidates, fit []item) {
	if len(names) == 0 {
		return
	}
	ids := make([]task.ID, 0, len(m.tasks))
	for id := range m.tasks {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	wanting := make([]*Task, 0, len(ids)+len(m.out.Born))
	for _, id := range ids {
		wanting = append(wanting, m.tasks[id])
	}
	for _, g := range m.out.Born { // of a store that was lost: what it made is marked, and people's own items are not
		wanting = append(wanting, g.task())
	}
	for _, t := range wanting {
		if t.Removed {
			continue
		}
		c := names[name{t.Partner, t.Title}]
		if c == nil {
			continue
		}
		if slices.ContainsFunc(t.Links, func(l Link) bool { return l.Unseen && !m.taken[slot{t.ID, l.Source}] }) {
			c.unseen = append(c.unseen, t)
		}
		if !m.has(t, func(s task.SourceID) bool { return s == m.scorecard }) {
			c.wantsRow = append(c.wantsRow, t)
		}
		if !m.has(t, func(s task.SourceID) bool { return s != m.scorecard }) || m.lostAmong(t, fit, c.items) {
			c.wantsOwn = append(c.wantsOwn, t)
		}
	}
}

// lostAmong reports whether the task had an item in the source of one of the candidates and has lost it there, whatever
// other tools it is in: a task that was handed over is in two.
func (m *matcher) lostAmong(t *Task, fit []item, at []int) bool {
	return slices.ContainsFunc(at, func(i int) bool {
		s := fit[i].rec.Ref.Source
		return !m.taken[slot{t.ID, s}] && slices.ContainsFunc(t.Links, func(l Link) bool { return l.Missing && l.Source == s })
	})
}

// task is a task that only marks tell of, as a rule sees it.
func (g Group) task() *Task {
	t := &Task{ID: g.Marker, Partner: g.Partner}
	for _, r := range g.Records {
		t.Links = append(t.Links, Link{Source: r.Ref.Source, Key: r.Ref.Key})
		if t.Title == "" {
			t.Title = Fold(r.Values[task.Title])
		}
	}
	return t
}

// join gives a record that a rule found to its task.
func (m *matcher) join(r task.Record, id task.ID) {
	if i, ok := m.marked[id]; ok {
		m.out.Born[i].Records = append(m.out.Born[i].Records, r)
		return
	}
	m.assign(r, id)
}

// has reports whether the task has an item, stored or just found, in a source that is meant.
func (m *matcher) has(t *Task, meant func(task.SourceID) bool) bool {
	for _, l := range t.Links {
		if meant(l.Source) && (!l.Missing || m.taken[slot{t.ID, l.Source}]) {
			return true
		}
	}
	return m.markedIn(t.ID, meant)
}

// markedIn reports whether a record of this cycle was tied to the task by its mark, in a source that is meant.
func (m *matcher) markedIn(id task.ID, meant func(task.SourceID) bool) bool {
	return slices.ContainsFunc(m.newly[id], meant)
}

// settle decides over everything that bears one name, or over item i alone where nothing else contends for it.
func (m *matcher) settle(c *candidates, fit []item, done map[int]bool, i int) {
	rows, items := len(c.rows), len(c.items)
	switch {
	case slices.ContainsFunc(c.unseen, func(t *Task) bool { return t.unseenAmong(fit, c) }):
		m.holdAll(append(slices.Clone(c.rows), c.items...), fit, done)
		m.doubt(c.unseen, c.rows, fit)
		m.doubt(c.unseen, c.items, fit)
	case rows == 1 && items == 1 && len(c.wantsRow) == 0 && len(c.wantsOwn) == 0:
		row, own := fit[c.rows[0]], fit[c.items[0]]
		done[c.rows[0]], done[c.items[0]] = true, true
		m.out.Born = append(m.out.Born, Group{Partner: own.partner, Records: []task.Record{own.rec, row.rec}})
	case rows == 1 && items == 0 && len(c.wantsRow) == 1:
		done[c.rows[0]] = true
		m.join(fit[c.rows[0]].rec, c.wantsRow[0].ID)
	case rows == 0 && items == 1 && len(c.wantsOwn) == 1 && !c.wantsOwn[0].awaits(fit[c.items[0]].rec.Ref.Source):
		done[c.items[0]] = true
		m.join(fit[c.items[0]].rec, c.wantsOwn[0].ID)
	case rows > 0 && items+len(c.wantsRow) > 0, items > 0 && len(c.wantsOwn) > 0:
		m.holdAll(append(slices.Clone(c.rows), c.items...), fit, done)
		m.doubt(c.wantsRow, c.rows, fit)
		m.doubt(c.wantsOwn, c.items, fit)
	default:
		done[i] = true
		m.out.Born = append(m.out.Born, Group{Partner: fit[i].partner, Records: []task.Record{fit[i].rec}})
	}
}

// unseenAmong reports whether one of the candidates may be the task's item that was not seen.
func (t *Task) unseenAmong(fit []item, c *candidates) bool {
	among := func(at []int) bool {
		return slices.ContainsFunc(at, func(i int) bool {
			return slices.ContainsFunc(t.Links, func(l Link) bool { return l.Unseen && l.Source == fit[i].rec.Ref.Source })
		})
	}
	return among(c.rows) || among(c.items)
}

// awaits reports whether a create of ours may have landed in the source.
func (t *Task) awaits(s task.SourceID) bool { return slices.Contains(t.Awaiting, s) }

// doubt notes that each of the tasks may be one of the items.
func (m *matcher) doubt(tasks []*Task, at []int, fit []item) {
	for _, t := range tasks {
		for _, i := range at {
			m.unsure(t.ID, fit[i].rec.Ref.Source)
		}
	}
}

// unsure notes that an item of the source may be the task.
func (m *matcher) unsure(id task.ID, s task.SourceID) {
	if slices.Contains(m.out.Unsure[id], s) {
		return
	}
	if m.out.Unsure == nil {
		m.out.Unsure = make(map[task.ID][]task.SourceID)
	}
	m.out.Unsure[id] = append(m.out.Unsure[id], s)
}

func (m *matcher) holdAll(at []int, fit []item, done map[int]bool) {
	for _, i := range at {
		if done[i] {
			continue
		}
		done[i] = true
		r := fit[i].rec
		m.out.Held = append(m.out.Held, task.Hold{
			Source: r.Ref.Source, Key: r.Ref.Key, Name: r.Name, Field: task.Title.String(), Reason: task.HoldAmbiguous,
			Raw:  r.Values[task.Title].String(),
			Hint: "several items of this partner have this title: make the titles differ, or delete the ones that are too many",
		})
	}
}

// order sorts what is new by where it was read first, so that numbers are given in the order of rows.
func (m *matcher) order(batches []Batch) {
	at := make(map[task.Ref]int)
	n := 0
	for _, b := range batches {
		for _, r := range b.Records {
			at[r.Ref] = n
			n++
		}
	}
	slices.SortStableFunc(m.out.Born, func(a, b Group) int { return at[a.Records[0].Ref] - at[b.Records[0].Ref] })
}
