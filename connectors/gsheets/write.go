package gsheets

import (
	"context"
	"slices"

	"google.golang.org/api/sheets/v4"

	"github.com/lockstep-sync/lockstep/connectors/cells"
	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// batch is what is written in one request, and how it was decided.
type batch struct {
	t        *table
	jobs     []*job
	growth   growth
	requests []*sheets.Request
	owners   [][]int // for each request the places of the patches behind it
	headers  [task.FieldCount]string
	kept     *kept      // what the journal keeps of it; nil where it can do no harm
	front    int        // how many requests at the front fill the journal
	moved    bool       // columns were not where they were when it was made, as the journal tells
	resume   []owed     // what stays owed if it does not land; of a repair alone, by place
	board    *boardPart // what of the board goes along; nil for nothing
	inserted span       // where the new rows are put in; none where they go to the end
}

// job is one patch that needs a write.
type job struct {
	place int // among the patches of Apply
	p     *task.Patch
	key   string  // what the row is known by afterwards
	id    task.ID // the id that it bears afterwards; "" for none
	at    int     // the row, -1 for a new one
	cells []cellWrite
	alone bool // it writes worked cells of a row that no patch is about
}

// cellWrite is one cell's new content.
type cellWrite struct {
	row, col int
	value    *sheets.ExtendedValue // nil empties the cell
	format   *sheets.NumberFormat  // nil leaves the format as it is
	runs     []*sheets.TextFormatRun
	place    int
}

// prepare reads the tab and decides what is to be written. Patches that need no write get their receipt here. The fault is
// one for all of them.
func (c *Connector) prepare(ctx context.Context, patches []task.Patch, at []int, out []task.Receipt, known *table) (*batch, *fault.Error) {
	f := c.makeGood(ctx)
	if f != nil {
		return nil, f
	}
	t := c.enough(known, patches, at)
	if t == nil {
		t, f = c.readFew(ctx, patches, at)
	}
	if f == nil && t == nil {
		t, f = c.readAll(ctx)
	}
	if f != nil {
		return nil, f
	}
	b := &batch{t: t, headers: c.headers}
	b.growth = c.plan(t, patches, at, c.along())
	seen := make(map[task.ID]bool)
	for _, i := range at {
		j := &job{place: i, p: &patches[i], at: -1}
		receipt, write := b.decide(c, j, seen)
		if write {
			b.jobs = append(b.jobs, j)
		} else {
			out[i] = receipt
		}
	}
	if len(b.jobs) > 0 {
		b.build(c, at[len(at)-1] == len(patches)-1)
	}
	return b, nil
}

// enough is what is known of the tab, if no more is needed for the patches: for new rows, where no column is missing.
func (c *Connector) enough(known *table, patches []task.Patch, at []int) *table {
	fresh := known != nil && !slices.ContainsFunc(at, func(i int) bool {
		_, there := known.byKey[string(patches[i].Task)]
		return there || patches[i].Op != task.Create
	})
	if !fresh || c.plan(known, patches, at, c.along()).any() {
		return nil
	}
	return known
}

// decide finds the row of a patch and checks it. Write is false where the receipt is final already.
func (b *batch) decide(c *Connector, j *job, seen map[task.ID]bool) (r task.Receipt, write bool) {
	if seen[j.p.Task] {
		return task.Receipt{Err: conflict("%s is written already by another patch", j.p.Task)}, false
	}
	var err *fault.Error
	switch j.p.Op {
	case task.Create:
		write, err = b.create(c, j)
	case task.Update, task.Adopt:
		write, err = b.update(c, j)
	case task.Remove:
		write, err = b.remove(c, j)
	default:
		err = fault.New(fault.Permanent, fault.Unsupported, "write the row", "unknown operation %q", j.p.Op)
	}
	switch {
	case err != nil:
		return task.Receipt{Err: err}, false
	case write:
		seen[j.p.Task] = true
		return r, true
	case j.p.Op == task.Remove:
		return r, false
	}
	// It is true already: what was read is the proof.
	rec := c.record(b.t, j.at, j.key, j.id)
	return task.Receipt{Record: &rec}, false
}

// find is the row of a key, and a conflict where there is none or more than one.
func (t *table) find(key string) (int, *fault.Error) {
	if n := len(t.copies[key]); n > 0 {
		return -1, conflict("%d rows carry the id %s", n, key).
			WithHint("delete the copy of the row, or empty its cell in the hidden column %s", cells.Quote(idHeader))
	}
	at, ok := t.byKey[key]
	if !ok {
		return -1, conflict("the row %s is not there any more", key)
	}
	return at, nil
}

// update decides over fields of a row that is there, and over its id.
func (b *batch) update(c *Connector, j *job) (bool, *fault.Error) {
	key := j.p.Ref.Key
	adopt := j.p.Op == task.Adopt
	if adopt {
		if !c.ours(string(j.p.Task)) {
			return false, fault.New(fault.Permanent, fault.Unsupported, "write the row", "%s is no id of this partnership", cells.Quote(string(j.p.Task)))
		}
		if _, done := b.t.byKey[string(j.p.Task)]; done || len(b.t.copies[string(j.p.Task)]) > 0 {
			key, adopt = string(j.p.Task), false // our id landed before
		}
	}
	at, f := b.t.find(key)
	if f != nil {
		return false, f
	}
	j.at, j.key = at, key
	if !(task.Ref{Key: key}).Provisional() {
		j.id = task.ID(key)
	}
	if adopt {
		if f := b.expect(at, j.p.Expect); f != nil {
			return false, f
		}
		if j.id != "" {
			return false, conflict("row %s carries the id %s already", rowNumber(at), j.id)
		}
		j.id, j.key = j.p.Task, string(j.p.Task)
		j.cells = append(j.cells, cellWrite{row: at, col: b.growth.id, value: stringValue(string(j.id)), place: j.place})
	}
	if f := c.unchanged(b.t, key, at); f != nil {
		return false, f
	}
	for _, ch := range j.p.Set {
		w, differs, f := b.change(j, ch)
		if f != nil {
			return false, f
		}
		if differs {
			j.cells = append(j.cells, w)
		}
	}
	return len(j.cells) > 0, nil
}

// unchanged compares a row with what the last pull saw of it, all mapped columns: where people are at work in a row, or moved
// some of its cells and not the others, nothing is written.
func (c *Connector) unchanged(t *table, key string, at int) *fault.Error {
	if c.last == nil || c.written[key] {
		return nil
	}
	was, ok := c.last.byKey[key]
	if !ok {
		return nil
	}
	for f := range t.column {
		if a, b := c.last.column[f], t.column[f]; a >= 0 && b >= 0 && !sameCell(c.last.at(was, a), t.at(at, b)) {
			return conflict("%s of row %s was changed meanwhile", task.Field(f), rowNumber(at))
		}
	}
	return nil
}

// expect compares a row with what was seen of it.
func (b *batch) expect(at int, want task.Values) *fault.Error {
	now, _ := b.t.values(at)
	for i := range want {
		switch {
		case want[i].IsNone() || now[i].IsNone() || now[i].Same(want[i]):
		case want[i].IsUnreadable() && now[i].String() == want[i].String():
			// Of an empty title the engine says that it is unreadable: a task cannot be without one.
		default:
			f := task.Field(i)
			return conflict("%s of row %s was changed meanwhile", f, rowNumber(at))
		}
	}
	return nil
}

// change checks one field of a row; differs is false where it shows the value already.
func (b *batch) change(j *job, ch task.Change) (w cellWrite, differs bool, f *fault.Error) {
	col := b.t.column[ch.Field]
	if col < 0 {
		return w, false, conflict("the column of %s is gone", ch.Field)
	}
	old := b.t.at(j.at, col)
	now, problem := b.t.readAt(ch.Field, j.at, col)
	switch {
	case now.Same(ch.To):
		return w, false, nil
	case old.formula:
		f := fault.New(fault.Permanent, fault.Unsupported, "write the row", "%s of row %s is a formula", ch.Field, rowNumber(j.at))
		if problem != nil {
			f = f.WithHint("%s", problem.Hint)
		}
		return w, false, f
	case now.IsUnreadable():
		return w, false, conflict("%s of row %s cannot be read, and is not written over", ch.Field, rowNumber(j.at))
	case !now.Same(ch.From):
		return w, false, conflict("%s of row %s was changed meanwhile", ch.Field, rowNumber(j.at))
	case problem != nil: // such as a cell that was merged with others meanwhile
		return w, false, fault.New(fault.Permanent, fault.Unsupported, "write the row", "%s of row %s cannot be written", ch.Field, rowNumber(j.at)).
			WithHint("%s", problem.Hint)
	}
	w, f = b.cell(ch, old)
	w.row, w.col, w.place = j.at, col, j.place
	return w, true, f
}

// cell is the content that shows a value.
func (b *batch) cell(ch task.Change, old cell) (w cellWrite, f *fault.Error) {
	c, ok := b.t.write(ch.Field, ch.To)
	if !ok {
		return w, fault.New(fault.Permanent, fault.Unsupported, "write the row", "the sheet cannot show %s as %s", cells.Quote(ch.To.Display()), ch.Field)
	}
	switch c.kind {
	case textCell:
		w.value = stringValue(c.text)
	case numberCell:
		w.value = &sheets.ExtendedValue{NumberValue: &c.number}
		w.format = b.t.format(ch.Field, c, old)
	case boolCell:
		w.value = &sheets.ExtendedValue{BoolValue: &c.yes}
	case blankCell, errorCell:
	}
	return w, nil
}

// create decides over a new row. A row that carries the id is the one that an earlier try made.
func (b *batch) create(c *Connector, j *job) (bool, *fault.Error) {
	id := string(j.p.Task)
	if !c.ours(id) {
		return false, fault.New(fault.Permanent, fault.Unsupported, "write the row", "%s is no id of this partnership", cells.Quote(id))
	}
	j.key, j.id = id, j.p.Task
	if at, ok := b.t.byKey[id]; ok {
		j.at = at
		return false, nil
	}
	if _, f := b.t.find(id); len(b.t.copies[id]) > 0 {
		return false, f
	}
	for _, ch := range j.p.Set {
		col := b.growth.column[ch.Field]
		if col < 0 {
			return false, conflict("the column of %s is gone", ch.Field)
		}
		w, f := b.cell(ch, cell{})
		if f != nil {
			return false, f
		}
		w.col, w.place = col, j.place
		j.cells = append(j.cells, w)
	}
	j.cells = append(j.cells, cellWrite{col: b.growth.id, value: stringValue(id), place: j.place})
	j.cells = append(j.cells, b.beginning(c, j)...)
	return true, nil
}

// remove decides over a row that is to go. One that is gone already is no error.
func (b *batch) remove(c *Connector, j *job) (bool, *fault.Error) {
	if !c.cfg.Scorecard {
		return false, fault.New(fault.Permanent, fault.Unsupported, "write the row", "rows of a partner's own sheet are not removed")
	}
	key := j.p.Ref.Key
	if _, ok := b.t.byKey[key]; !ok && len(b.t.copies[key]) == 0 {
		return false, nil
	}
	at, f := b.t.find(key)
	if f != nil {
		return false, f
	}
	if f := b.expect(at, j.p.Expect); f != nil {
		return false, f
	}
	if col := b.t.beside(at); col >= 0 {
		f := fault.New(fault.Permanent, fault.Unsupported, "remove the row", "row %s holds something of people's own in column %s",
			rowNumber(at), columnName(col))
		return false, f.WithHint("the task is gone from its owner's tool; what stands in column %s is known nowhere else: move it, or delete the row yourself",
			columnName(col))
	}
	j.at, j.key = at, key
	return true, nil
}

// beside is a column that is none of ours in which a person typed something into the row; -1 where there is none.
func (t *table) beside(at int) int {
	if at >= len(t.cells) {
		return -1
	}
	for col, c := range t.cells[at] {
		if col != t.id && !slices.Contains(t.column[:], col) && !t.worked.owns(col) && c.typed() {
			return col
		}
	}
	return -1
}

func stringValue(s string) *sheets.ExtendedValue { return &sheets.ExtendedValue{StringValue: &s} }

func dateFormat() *sheets.NumberFormat {
	return &sheets.NumberFormat{Type: "DATE", Pattern: "yyyy-mm-dd"}
}
