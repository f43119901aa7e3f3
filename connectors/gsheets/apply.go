package gsheets

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"

	"google.golang.org/api/googleapi"
	"google.golang.org/api/sheets/v4"

	"github.com/lockstep-sync/lockstep/connectors/cells"
	"github.com/lockstep-sync/lockstep/connectors/google"
	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

const (
	// Google advises about 2 MB a request, and names no limit.
	maxBatchRows  = 4000
	maxBatchBytes = 2_500_000
	// What a row and a cell take in a request beside what they say.
	rowBytes, cellBytes = 120, 50
	// A batch that Google refuses is tried again in parts, so that one bad patch does not stop the others; this many
	// batches are sent for one Apply at most, for a minute allows no more than 60.
	maxBatches = 20
)

// Apply writes rows: see connectors.Connector. All patches go in one request, after one read of the tab in which each is
// checked against what the rows hold now, wherever they have moved; a large number is split.
func (c *Connector) Apply(ctx context.Context, patches []task.Patch) []task.Receipt {
	if c.readOnly() {
		return c.nothingWritten(patches)
	}
	c.journal.refused = 0 // it is looked for anew: the last time may have ended before it was found
	a := &applying{c: c, ctx: ctx, patches: patches, out: make([]task.Receipt, len(patches)), budget: maxBatches}
	for start := 0; start < len(patches); {
		end := start + c.batchLength(patches[start:])
		at := make([]int, 0, end-start)
		for i := start; i < end; i++ {
			at = append(at, i)
		}
		a.budget = max(a.budget, 1)
		a.run(at) //nolint:contextcheck // the context goes along in a
		start = end
	}
	return a.out
}

// batchLength is how many of the patches go into one request; at least one.
func (c *Connector) batchLength(patches []task.Patch) int {
	size := 0
	for i, p := range patches {
		size += rowBytes + c.board.size(p)
		for _, ch := range p.Set {
			size += cellBytes + len(ch.To.String())
		}
		if i == maxBatchRows || i > 0 && size > maxBatchBytes {
			return i
		}
	}
	return len(patches)
}

// applying is one call of Apply on its way.
type applying struct {
	c       *Connector
	ctx     context.Context //nolint:containedctx // it lives no longer than the call
	patches []task.Patch
	out     []task.Receipt
	budget  int
	stopped *fault.Error // what keeps the rest from being tried
	next    *table       // what is known of the tab after a batch of new rows: more of them need no read of their own
}

// fail gives the same fault to patches.
func (a *applying) fail(at []int, f *fault.Error, uncertain bool) {
	for _, i := range at {
		a.out[i] = task.Receipt{Err: f, Uncertain: uncertain}
	}
}

// run reads, checks and writes the patches at these places.
func (a *applying) run(at []int) {
	switch {
	case len(at) == 0:
		return
	case a.stopped != nil:
		a.fail(at, a.stopped, false)
		return
	case a.ctx.Err() != nil:
		f := *fault.Of(a.ctx.Err())
		f.Op, f.Source, f.Reason = "write the rows", a.c.o.Source, fault.Cancelled
		a.fail(at, &f, false)
		return
	case a.budget == 0:
		a.fail(at, fault.New(fault.Retryable, fault.Invalid, "write the rows", "too many rows were refused one by one"), false)
		return
	}
	a.budget--
	b, f := a.c.prepare(forWrite(a.ctx), a.patches, at, a.out, a.next)
	a.next = nil
	if f != nil {
		a.stop(at, f)
		return
	}
	if len(b.jobs) == 0 {
		return
	}
	// A write in flight is finished, whatever becomes of the caller; the transport bounds how long that takes.
	resp, err := b.call(a.c).Context(context.WithoutCancel(a.ctx)).Do()
	if err == nil {
		a.c.wrote(b)
		a.c.landed(b)
		a.next = b.settle(a.ctx, a.c, resp, a.out)
		return
	}
	var answer *googleapi.Error
	if errors.As(err, &answer) && answer.Code == http.StatusBadRequest {
		if n, ok := google.RequestNumber(answer.Message); ok && n < b.front && full(answer) {
			a.c.journal.off = true // no room for it: what fits is written all the same, with the care of one more read alone
			a.budget = max(a.budget, 1)
			a.run(b.places())
			return
		}
		if full(answer) {
			a.full(b, answer)
			return
		}
		a.split(b, answer)
		return
	}
	f, uncertain := a.c.fault("write the rows", err)
	if answer != nil && answer.Code == http.StatusForbidden {
		a.c.refusal(f)
	}
	if uncertain {
		a.c.wrote(b)
		a.c.doubt.unanswered = b
	}
	a.fail(b.places(), f, uncertain)
	a.stopped = f
}

// stop fails patches for a reason that the ones after them would meet too.
func (a *applying) stop(at []int, f *fault.Error) {
	a.fail(at, f, false)
	a.stopped = f
}

// wrote notes the rows that a batch wrote to, or may have written to.
func (c *Connector) wrote(b *batch) {
	if c.written == nil {
		c.written = make(map[string]bool)
	}
	for _, j := range b.jobs {
		c.written[j.key] = true
	}
}

// split goes on after Google refused a batch: nothing of it was written. Where the answer names the request, its patch is
// refused and the others are tried again; else the halves are.
func (a *applying) split(b *batch, answer *googleapi.Error) {
	all := b.places()
	if n, ok := google.RequestNumber(answer.Message); ok && n < b.front && a.c.journal.refused < 2 {
		// It is there already, or somebody deleted it, or made it smaller.
		a.c.journal.refused++
		if f := a.c.findJournal(a.ctx); f != nil {
			a.stop(all, f)
			return
		}
		a.budget = max(a.budget, 1)
		a.run(all)
		return
	}
	if b.board != nil && !a.c.board.refused {
		// What is shown beside the tasks must not keep them from being written: Publish tries it by itself.
		a.c.board.refused = true
		a.budget++
		a.run(all)
		return
	}
	blamed := google.Blamed(answer, b.owners)
	rest := without(all, blamed)
	switch {
	case len(all) == 1 || len(blamed) == 1:
		f, _ := a.c.fault("write the row", answer)
		f.Hint = "the sheet refused the value: see whether the cell is protected, or its data validation rejects it"
		if len(all) == 1 {
			blamed = all
		}
		a.fail(blamed, f, false)
		a.run(without(all, blamed))
	case len(blamed) > 1 && len(rest) > 0:
		a.run(rest)
		a.run(blamed)
	default:
		a.run(all[:len(all)/2])
		a.run(all[len(all)/2:])
	}
}

func without(all, some []int) []int {
	gone := make(map[int]bool, len(some))
	for _, i := range some {
		gone[i] = true
	}
	var out []int
	for _, i := range all {
		if !gone[i] {
			out = append(out, i)
		}
	}
	return out
}

// places are where the patches of the batch stand in the call of Apply.
func (b *batch) places() []int {
	at := make([]int, len(b.jobs))
	for i, j := range b.jobs {
		at[i] = j.place
	}
	return at
}

// call is the one write of the batch. Its answer holds the rows as they are after it, so that none need be read again.
func (b *batch) call(c *Connector) *sheets.SpreadsheetsBatchUpdateCall {
	return c.svc.Spreadsheets.BatchUpdate(c.cfg.Spreadsheet, &sheets.BatchUpdateSpreadsheetRequest{
		Requests:                     b.requests,
		IncludeSpreadsheetInResponse: true,
		ResponseIncludeGridData:      true,
		ResponseRanges:               append(b.readBack(), b.kept.ranges(c.journalTitle())...),
	}).Fields("updatedSpreadsheet(" + gridMask(readCell) + ")")
}

// settle writes the receipts from what was read back. It returns what is known of the tab then; nil where that is too little to
// add more rows.
func (b *batch) settle(ctx context.Context, c *Connector, resp *sheets.BatchUpdateSpreadsheetResponse, out []task.Receipt) *table {
	var t *table
	var g *grid
	if resp.UpdatedSpreadsheet != nil {
		if g = readGrid(resp.UpdatedSpreadsheet, c.cfg.Tab); g != nil {
			// An answer that cannot be understood is no evidence: the tab is then read once more.
			t, _ = c.understand(g)
		}
	}
	wrong := b.review(ctx, c, resp.UpdatedSpreadsheet, g)
	after := b.after(t)
	again := false
	for _, j := range b.jobs {
		if wrong[j.place] {
			out[j.place] = task.Receipt{Err: conflict("the row was changed or moved just as it was written: what was there is put back")}
			continue
		}
		if j.p.Op == task.Remove {
			out[j.place] = task.Receipt{}
			continue
		}
		at, found := -1, false
		if t != nil {
			at, found = t.byKey[j.key]
		}
		if !found && !again {
			again, after = true, nil
			// People moved the rows, or the answer left them out. The write has landed whether or not this read works.
			if g, err := c.readTab(ctx, "read back the rows", readCell, memory{}); err == nil {
				if t2, err := c.understand(g); err == nil {
					t = t2
					at, found = t.byKey[j.key]
				}
			}
		}
		if !found {
			out[j.place] = task.Receipt{}
			continue
		}
		out[j.place] = j.receipt(c, t, at)
	}
	if len(wrong) > 0 {
		return nil
	}
	return after
}

// after is the tab as the answer to a batch of new rows shows it: its header, where more rows go, and the ids that are taken. Row
// numbers do not matter to more new rows, and the columns are as fresh as after a read.
func (b *batch) after(t *table) *table {
	if t == nil || b.inserted.n > 0 || slices.ContainsFunc(b.jobs, func(j *job) bool { return j.p.Op != task.Create }) {
		return nil
	}
	next := *t
	next.byKey = maps.Clone(t.byKey)
	for key, at := range b.t.byKey {
		if _, ok := next.byKey[key]; !ok {
			next.byKey[key] = at
		}
	}
	next.copies, next.reader = b.t.copies, b.t.reader
	return &next
}

// receipt compares what a row holds with what was to be written.
func (j *job) receipt(c *Connector, t *table, at int) task.Receipt {
	rec := c.record(t, at, j.key, task.ID(j.key))
	if j.id == "" {
		rec.Marker = ""
	}
	for _, ch := range j.p.Set {
		want, _ := t.normalize(ch.Field, ch.To, ch.From)
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
