package connectortest

import (
	"context"
	"time"

	"github.com/lockstep-sync/lockstep/connectors"
	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// patience is how long a test waits for a tool that hangs.
const patience = 50 * time.Millisecond

func failing() []question {
	return []question{
		{name: "a tool that is down is tried again later", ask: toolDown},
		{name: "a tool that wants a pause gets it", ask: toolThrottles},
		{name: "a credential that is refused is the operator's to mend", ask: credentialRefused},
		{name: "a tool that hangs is left at the deadline", ask: toolHangs},
		{name: "a read that was cancelled is no empty source", ask: cancelledReads},
		{name: "patches after a cancel are not written", needs: needsWritable, ask: cancelledWrites},
		{name: "an update whose answer is lost may be written again", needs: needsWritable, ask: updateAnswerLost},
	}
}

// refused asks every read, and a write where there is one, while the tool is broken; each error must satisfy like. Nothing
// is written, and once the tool is mended all goes on.
func (d *desk) refused(f Fault, like func(*fault.Error) bool, want string) {
	d.Helper()
	name := d.add(1)[0]
	r := d.own(name)
	var patches []task.Patch
	if needsWritable(d) == "" {
		a, _ := d.twoFields()
		patches = append(patches, updating(idOf(r), r, d.change(r, a)))
	}
	if d.Creates {
		p, _ := d.createPatch(d.full(50))
		patches = append(patches, p)
	}
	shown := d.h.Show(d, name)
	check := func(what string, err error) {
		d.Helper()
		if err == nil {
			d.Errorf("%s, %s: no error", f, what)
			return
		}
		d.checkFault(err)
		if got := fault.Of(err); !like(got) {
			d.Errorf("%s, %s: %v (kind %s, reason %s, retry after %s, hint %q); want %s", f, what, err, got.Kind, got.Reason,
				got.RetryAfter, got.Hint, want)
		}
	}
	d.broken(f, func() {
		ctx, cancel := context.WithCancel(d.Context())
		defer cancel()
		within := func() context.Context {
			if f != Hang {
				return ctx
			}
			short, stop := context.WithTimeout(ctx, patience)
			context.AfterFunc(ctx, stop)
			return short
		}
		snap, err := d.conn.Pull(within(), "")
		check("Pull", err)
		if snap.Complete {
			d.Errorf("%s: a pull that failed says that it is complete", f)
		}
		if c, ok := d.conn.(connectors.Confirmer); ok {
			got, err := c.Confirm(within(), []string{r.Ref.Key})
			check("Confirm", err)
			if got[r.Ref.Key].Presence == connectors.Gone {
				d.Errorf("%s: an item is said to be gone", f)
			}
		}
		if c, ok := d.conn.(connectors.Finder); ok {
			_, found, err := c.Find(within(), "CW-404")
			check("Find", err)
			if found {
				d.Errorf("%s: a task was found", f)
			}
		}
		for _, p := range patches {
			receipts := d.conn.Apply(within(), []task.Patch{p})
			d.checkReceipts([]task.Patch{p}, receipts)
			check("Apply "+string(p.Op), receipts[0].Err)
		}
	})
	d.expectCount("after the fault "+string(f), 1)
	d.expectShown("after the fault "+string(f), name, shown, d.Fields...)
	if again := d.record(name); again.Ref != r.Ref {
		d.Errorf("the item was %q and is %q after the fault", r.Ref.Key, again.Ref.Key)
	}
	for _, p := range patches {
		if p.Op == task.Update {
			d.applied(p)
		}
	}
}

func toolDown(d *desk) {
	d.refused(Unavailable, func(f *fault.Error) bool { return f.Kind == fault.Retryable }, "a retryable fault")
}

func toolThrottles(d *desk) {
	d.refused(RateLimited, func(f *fault.Error) bool {
		return f.Kind == fault.Retryable && f.Reason == fault.RateLimited && f.RetryAfter > 0
	}, "a retryable fault that says rate_limited and for how long")
}

func credentialRefused(d *desk) {
	d.refused(Unauthorized, func(f *fault.Error) bool {
		return f.Kind == fault.Permanent && f.Reason == fault.Auth && f.Hint != ""
	}, "a permanent fault with the reason auth and a hint")
}

func toolHangs(d *desk) {
	d.refused(Hang, func(f *fault.Error) bool {
		return f.Kind == fault.Retryable && (f.Reason == fault.Timeout || f.Reason == fault.Cancelled)
	}, "a retryable fault with the reason timeout or cancelled")
}

func cancelledReads(d *desk) {
	d.add(2)
	ctx, cancel := context.WithCancel(d.Context())
	cancel()
	snap, err := d.conn.Pull(ctx, "")
	if err == nil || fault.Of(err).Reason != fault.Cancelled {
		d.Errorf("Pull: %v; want the reason %q", err, fault.Cancelled)
	}
	if snap.Complete {
		d.Errorf("a pull that was cancelled says that it is complete")
	}
	if c, ok := d.conn.(connectors.Confirmer); ok {
		if _, err := c.Confirm(ctx, []string{"some key"}); err == nil {
			d.Errorf("Confirm gives an answer after it was cancelled")
		}
	}
	if c, ok := d.conn.(connectors.Finder); ok {
		if _, _, err := c.Find(ctx, "CW-1"); err == nil {
			d.Errorf("Find gives an answer after it was cancelled")
		}
	}
}

func cancelledWrites(d *desk) {
	names := d.add(3)
	a, _ := d.twoFields()
	var patches []task.Patch
	for _, n := range names {
		r := d.own(n)
		patches = append(patches, updating(idOf(r), r, d.change(r, a)))
	}
	before := d.others("")
	ctx, cancel := context.WithCancel(d.Context())
	cancel()
	var receipts []task.Receipt
	d.quiet("Apply after a cancel", func() { receipts = d.conn.Apply(ctx, patches) })
	d.checkReceipts(patches, receipts)
	for i, r := range receipts {
		if r.Err == nil || fault.Of(r.Err).Reason != fault.Cancelled || r.Uncertain {
			d.Errorf("patch %d: %v, uncertain %v; want the reason %q, and certain", i+1, r.Err, r.Uncertain, fault.Cancelled)
		}
	}
	for i, v := range d.others("") {
		if v != before[i] {
			d.Errorf("after a cancel an item holds %v; want %v", v, before[i])
		}
	}
}

func updateAnswerLost(d *desk) {
	name := d.add(1)[0]
	a, _ := d.twoFields()
	r := d.own(name)
	p := updating(idOf(r), r, d.change(r, a))
	want := d.h.Show(d, name)
	want[a] = p.Set[0].To
	var got task.Receipt
	d.broken(LostAnswer, func() { got = d.apply(p)[0] })
	if got.Err != nil && !got.Uncertain {
		d.Errorf("%v, and not uncertain", got.Err)
	}
	if got.Err == nil && got.Record.Values[a] != p.Set[0].To {
		d.Errorf("without an error %s reads %q; want %q", a, got.Record.Values[a], p.Set[0].To)
	}
	d.expectShown("after a lost answer", name, want, d.Fields...)
	again := d.apply(p)[0]
	if again.Err != nil && !fault.Is(again.Err, fault.Conflict) {
		d.Errorf("tried again: %v; want that it is true already, or a conflict", again.Err)
	}
	d.expectShown("after it was tried again", name, want, d.Fields...)
	d.expectCount("after it was tried again", 1)
}
