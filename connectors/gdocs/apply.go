package gdocs

import (
	"cmp"
	"context"
	"slices"

	"google.golang.org/api/docs/v1"

	"github.com/lockstep-sync/lockstep/connectors/cells"
	"github.com/lockstep-sync/lockstep/connectors/google"
	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

const (
	writeRows = "write the rows"
	// maxTries is how often a write is planned anew because somebody edited the document meanwhile.
	maxTries = 3
)

// job is one patch on its way.
type job struct {
	place int // in the call of Apply
	p     task.Patch
	key   string // of the row afterwards
	at    int    // index of the row; -1 for a new one
	marks bool   // the row is to be marked
	edits []edit
}

// Apply writes rows: see connectors.Connector. All patches go in one batch, made for the revision that was read: where somebody
// edited the document since, the service refuses it, and it is read and planned anew.
func (c *Connector) Apply(ctx context.Context, patches []task.Patch) []task.Receipt {
	a := &applying{c: c, ctx: ctx, patches: patches, out: make([]task.Receipt, len(patches))}
	all := make([]int, len(patches))
	for i := range all {
		all[i] = i
	}
	a.run(all) //nolint:contextcheck // the context goes along in a
	return a.out
}

// applying is one call of Apply on its way.
type applying struct {
	c       *Connector
	ctx     context.Context //nolint:containedctx // it lives no longer than the call
	patches []task.Patch
	out     []task.Receipt
	tries   int
	stopped *fault.Error // what keeps the rest from being tried
}

func (a *applying) fail(at []int, f *fault.Error, uncertain bool) {
	for _, i := range at {
		a.out[i] = task.Receipt{Err: f, Uncertain: uncertain}
	}
}

// run checks and writes the patches at these places.
func (a *applying) run(at []int) {
	if len(at) == 0 {
		return
	}
	if a.stopped != nil {
		a.fail(at, a.stopped, false)
		return
	}
	if a.ctx.Err() != nil {
		f := *fault.Of(a.ctx.Err())
		f.Op, f.Source, f.Reason = writeRows, a.c.o.Source, fault.Cancelled
		a.fail(at, &f, false)
		return
	}
	t := a.c.last
	if t == nil || t.stale {
		var f *fault.Error
		if t, f = a.c.read(a.ctx, "read the table before writing"); f != nil {
			a.stopped = f
			a.fail(at, f, false)
			return
		}
	}
	jobs := a.prepare(t, at)
	if len(jobs) == 0 {
		return
	}
	requests, owners := batch(jobs)
	if len(requests) > 0 {
		if err := a.c.send(a.ctx, t, requests, a.c.cfg.Suggest); err != nil {
			a.failed(jobs, owners, err)
			return
		}
	}
	a.settle(jobs)
}

// send sends a batch for the revision that was read, as edits or as suggestions. A write in flight is finished, whatever becomes of
// the caller; the transport bounds how long that takes.
func (c *Connector) send(ctx context.Context, t *table, requests []*docs.Request, suggest bool) error {
	control := &docs.WriteControl{RequiredRevisionId: t.revision}
	if suggest {
		control.WriteMode = "SUGGEST"
	}
	t.stale = true
	_, err := c.svc.Documents.BatchUpdate(c.cfg.Document, &docs.BatchUpdateDocumentRequest{
		Requests: requests, WriteControl: control,
	}).Context(context.WithoutCancel(ctx)).Do()
	return err //nolint:wrapcheck // it is told apart by its kind, and wrapped then
}

// failed sorts out a batch that was refused or had no answer. Nothing of a batch that was refused was written.
func (a *applying) failed(jobs []*job, owners [][]int, err error) {
	all := places(jobs)
	f, uncertain := a.c.fault(writeRows, err)
	switch {
	case staleRevision(err):
		if a.tries++; a.tries < maxTries {
			a.run(all) // somebody edited the document: it is read again, and every expectation held against it
			return
		}
		a.fail(all, conflict("people keep editing the document"), false)
	case f.Kind == fault.Permanent && f.Reason == fault.Invalid && len(all) > 1:
		blamed := google.Blamed(err, owners)
		if rest := others(all, blamed); len(blamed) > 0 && len(rest) > 0 {
			a.run(rest)
			a.run(blamed)
			return
		}
		a.run(all[:len(all)/2])
		a.run(all[len(all)/2:])
	case f.Kind == fault.Permanent && f.Reason == fault.Invalid:
		f.Hint = "the document refused the change: see whether the table was changed in an unusual way"
		a.fail(all, f, uncertain)
	default:
		a.stopped = f
		a.c.note(f)
		a.fail(all, f, uncertain)
	}
}

func places(jobs []*job) []int {
	out := make([]int, len(jobs))
	for i, j := range jobs {
		out[i] = j.place
	}
	return out
}

func others(all, some []int) []int {
	return slices.DeleteFunc(slices.Clone(all), func(i int) bool { return slices.Contains(some, i) })
}

// prepare decides over each patch: what it asks for is a job, or a receipt at once.
func (a *applying) prepare(t *table, at []int) []*job {
	var jobs []*job
	seen := map[task.ID]bool{}
	for _, i := range at {
		j := &job{place: i, p: a.patches[i], at: -1}
		if seen[j.p.Task] {
			a.out[i] = task.Receipt{Err: conflict("%s is written already by another patch", j.p.Task)}
			continue
		}
		write, f := a.c.decide(t, j)
		switch {
		case f != nil:
			a.out[i] = task.Receipt{Err: f}
		case write:
			seen[j.p.Task] = true
			jobs = append(jobs, j)
		default: // it is true already: what was read is the proof
			rec := a.c.record(t, t.itemAt(j.at, j.key))
			a.out[i] = task.Receipt{Record: &rec}
		}
	}
	return jobs
}

// decide works out what a patch needs; write is false where nothing is to be done.
func (c *Connector) decide(t *table, j *job) (write bool, f *fault.Error) {
	switch j.p.Op {
	case task.Create:
		return c.create(t, j)
	case task.Update, task.Adopt:
		return c.update(t, j)
	case task.Remove:
	}
	return false, fault.New(fault.Permanent, fault.Unsupported, writeRows, "rows of a partner's own document are not removed")
}

func (c *Connector) create(t *table, j *job) (bool, *fault.Error) {
	id := string(j.p.Task)
	if !cells.IsTaskID(id, c.o.KeyPrefix) {
		return false, fault.New(fault.Permanent, fault.Unsupported, writeRows, "%s is no id of this partnership", cells.Quote(id))
	}
	j.key = id
	if at, ok := t.byKey[id]; ok { // an earlier try made it
		j.at = at
		return false, nil
	}
	last := &t.rows[len(t.rows)-1]
	texts := make([]string, len(last.cells))
	for _, ch := range j.p.Set {
		k := t.column[ch.Field]
		if k < 0 || k >= len(texts) {
			return false, conflict("the column of %s is gone", ch.Field)
		}
		text, ok := t.reader.write(ch.Field, ch.To)
		if !ok {
			return false, fault.New(fault.Permanent, fault.Unsupported, writeRows, "the document cannot show %s as %s", cells.Quote(ch.To.Display()), ch.Field)
		}
		texts[k] = text
	}
	name := markName(j.p.Task)
	if j.marks = c.cfg.Suggest; j.marks {
		name = "" // a mark is no suggestion: it comes afterwards
	}
	e := t.fresh(texts, t.column[task.Title], name)
	e.requests = append(c.unmark(t, -1, j.p.Task), e.requests...) // of a row that is gone something may have stayed
	j.edits = []edit{e}
	return true, nil
}

func (c *Connector) update(t *table, j *job) (bool, *fault.Error) {
	key, adopt := j.p.Ref.Key, j.p.Op == task.Adopt
	id := string(j.p.Task)
	if adopt {
		if !cells.IsTaskID(id, c.o.KeyPrefix) {
			return false, fault.New(fault.Permanent, fault.Unsupported, writeRows, "%s is no id of this partnership", cells.Quote(id))
		}
		if _, done := t.byKey[id]; done {
			key, adopt = id, false // our mark landed before
		}
	}
	at, ok := t.byKey[key]
	if !ok {
		return false, conflict("the row %s is not there any more", key)
	}
	j.at, j.key = at, key
	if adopt {
		if t.column[task.Title] >= len(t.rows[at].cells) {
			return false, conflict("the row has no cell for its title")
		}
		if f := t.expect(at, j.p.Expect); f != nil {
			return false, f
		}
		j.key, j.marks = id, true
	}
	grown := int64(0) // by how much the title's cell grows
	for _, ch := range j.p.Set {
		e, differs, f := c.change(t, at, ch)
		if f != nil {
			return false, f
		}
		if !differs {
			continue
		}
		if ch.Field == task.Title {
			grown = e.delta
		}
		j.edits = append(j.edits, e)
	}
	if j.marks && !c.cfg.Suggest {
		j.edits = append(j.edits, c.markRow(t, at, grown, j.p.Task))
		j.marks = false
	}
	return len(j.edits) > 0 || j.marks, nil
}

// expect compares a row with what was seen of it.
func (t *table) expect(at int, want task.Values) *fault.Error {
	for i := range want {
		f := task.Field(i)
		if want[i].IsNone() || t.column[f] < 0 {
			continue
		}
		now, _ := t.value(f, at)
		switch {
		case now.Same(want[i]):
		case want[i].IsUnreadable() && now.String() == want[i].String():
			// Of an empty title the engine says that it is unreadable: a task cannot be without one.
		default:
			return conflict("%s of row %d was changed meanwhile", f, at+1)
		}
	}
	return nil
}

// change checks one field of a row; differs is false where it shows the value already.
func (c *Connector) change(t *table, at int, ch task.Change) (e edit, differs bool, f *fault.Error) {
	if t.column[ch.Field] < 0 {
		return e, false, conflict("the column of %s is gone", ch.Field)
	}
	now, problem := t.value(ch.Field, at)
	switch {
	case now.Same(ch.To):
		return e, false, nil
	case now.IsUnreadable():
		return e, false, conflict("%s of row %d cannot be read, and is not written over", ch.Field, at+1)
	case problem != nil:
		return e, false, fault.New(fault.Permanent, fault.Unsupported, writeRows, "%s of row %d cannot be written", ch.Field, at+1).WithHint("%s", problem.Hint)
	case !now.Same(ch.From):
		return e, false, conflict("%s of row %d was changed meanwhile", ch.Field, at+1)
	}
	cl, _ := t.cell(at, ch.Field)
	if e, f = c.set(t, ch.Field, cl, ch.To); f != nil {
		return e, false, f
	}
	return e, true, nil
}

// batch are the requests of the jobs: edits from the document's end backwards, so that none moves what is still to come. Owners says of
// each request whose it is.
func batch(jobs []*job) (out []*docs.Request, owners [][]int) {
	type step struct {
		edit
		place, order int
	}
	var steps []step
	for i, j := range jobs {
		for _, e := range j.edits {
			order := i
			if j.at < 0 {
				order = -i // of new rows the last goes first: each pushes those before it down
			}
			steps = append(steps, step{e, j.place, order})
		}
	}
	slices.SortStableFunc(steps, func(a, b step) int {
		return cmp.Or(cmp.Compare(b.at, a.at), cmp.Compare(a.order, b.order))
	})
	for _, s := range steps {
		for _, r := range s.requests {
			out, owners = append(out, r), append(owners, []int{s.place})
		}
	}
	return out, owners
}

// settle writes the receipts from what is read back.
func (a *applying) settle(jobs []*job) {
	t, f := a.c.last, (*fault.Error)(nil)
	if t.stale {
		t, f = a.c.read(context.WithoutCancel(a.ctx), "read back the rows")
	}
	if f == nil && a.c.cfg.Suggest {
		t, f = a.markSuggested(t, jobs)
	}
	for _, j := range jobs {
		if f != nil {
			a.out[j.place] = task.Receipt{} // it landed, and is still to be seen
			continue
		}
		at, ok := t.byKey[j.key]
		if !ok {
			a.out[j.place] = task.Receipt{}
			continue
		}
		a.out[j.place] = a.c.receipt(t, j, at)
	}
}

// receipt compares what a row holds with what was to be written.
func (c *Connector) receipt(t *table, j *job, at int) task.Receipt {
	rec := c.record(t, t.itemAt(at, j.key))
	for _, ch := range j.p.Set {
		want, _ := c.Normalize(ch.Field, ch.To, ch.From)
		if now := rec.Values[ch.Field]; !now.Same(want) {
			return task.Receipt{
				Record: &rec,
				Err: fault.New(fault.Partial, fault.Precondition, "read back the row", "%s of %s shows %s, not %s",
					ch.Field, rec.Name, cells.Quote(now.Display()), cells.Quote(want.Display())),
			}
		}
	}
	return task.Receipt{Record: &rec}
}

// itemAt is a row by its index.
func (t *table) itemAt(at int, key string) item {
	for _, x := range t.items {
		if x.at == at {
			return x
		}
	}
	return item{at: at, key: key}
}

// markSuggested marks rows after their changes were suggested: a mark is no change that people would have to accept.
func (a *applying) markSuggested(t *table, jobs []*job) (*table, *fault.Error) {
	var requests []*docs.Request
	taken := map[int]bool{}
	for _, j := range jobs {
		if !j.marks {
			continue
		}
		at := t.unmarked(j, taken)
		if at < 0 {
			continue // somebody has changed it already: the next cycle sees what it is
		}
		taken[at] = true
		requests = append(requests, a.c.markRow(t, at, 0, j.p.Task).requests...)
	}
	if len(requests) == 0 {
		return t, nil
	}
	if err := a.c.send(a.ctx, t, requests, false); err != nil {
		f, _ := a.c.fault("mark the rows", err)
		return nil, f
	}
	return a.c.read(context.WithoutCancel(a.ctx), "read back the rows")
}

// unmarked is the row without a mark that shows all that the job's row has to, and is none of the taken ones; -1 where there is
// none. Rows may have been moved since: only content tells.
func (t *table) unmarked(j *job, taken map[int]bool) int {
	want := j.p.Expect
	for _, ch := range j.p.Set {
		want[ch.Field] = ch.To
	}
	for _, x := range slices.Backward(t.items) {
		made := len(t.rows[x.at].ins) > 0 // we may have suggested it
		if x.id == "" && !taken[x.at] && (made || j.p.Op == task.Adopt) && t.expect(x.at, want) == nil {
			return x.at
		}
	}
	return -1
}

// conflict is the fault of a patch that does not meet what it expects.
func conflict(format string, args ...any) *fault.Error {
	return fault.New(fault.Conflict, fault.Precondition, "write the row", format, args...)
}
