package connectortest

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"

	"github.com/lockstep-sync/lockstep/connectors"
	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// desk is where one test sits: a tool, a connector to it, and the rules that hold for every read and every write.
type desk struct {
	T
	Features
	h    Harness
	conn connectors.Connector
	ids  int
}

func newDesk(t T, f Features, h Harness) *desk {
	return &desk{T: t, Features: f, h: h, conn: h.Connector(t)}
}

// restart goes on with a new client.
func (d *desk) restart() { d.conn = d.h.Connector(d.T) }

// newID is a task's id that was not used before.
func (d *desk) newID() task.ID {
	d.ids++
	return task.ID(fmt.Sprintf("CW-%d", d.ids))
}

// sample is a value for each field, another for each n. Fields that can only be read hold one too: a person can write them.
func (d *desk) sample(n int, fields ...task.Field) task.Values {
	var v task.Values
	for _, f := range fields {
		vs := d.values(f)
		v[f] = vs[n%len(vs)]
	}
	if slices.Contains(fields, task.Title) && n >= len(d.values(task.Title)) {
		v[task.Title] = task.TextValue(fmt.Sprintf("Item %d", n)) // titles tell items apart
	}
	return v
}

// full is a sample of all mapped fields with a title of its own.
func (d *desk) full(n int) task.Values {
	v := d.sample(n, d.Fields...)
	v[task.Title] = task.TextValue(fmt.Sprintf("Item %d", n))
	return v
}

// add lets a person make n items of full samples.
func (d *desk) add(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = d.h.Add(d, d.full(i))
	}
	return names
}

func (d *desk) settle() {
	if s, ok := d.h.(Settler); ok {
		s.Settle(d)
	}
}

// quiet runs what may not write.
func (d *desk) quiet(what string, read func()) {
	d.Helper()
	_, before, ok := d.h.Requests(d)
	was := d.h.Untouched(d)
	read()
	if _, after, _ := d.h.Requests(d); ok && after != before {
		d.Errorf("%s sent %d writes; it may not send any", what, after-before)
	}
	if now := d.h.Untouched(d); now != was {
		d.Errorf("%s changed what is not managed:\n%s", what, cmp.Diff(was, now))
	}
}

// pull reads everything, and everything must be in order.
func (d *desk) pull() task.Snapshot {
	d.Helper()
	snap := d.pullFrom("")
	if !snap.Complete {
		d.Fatalf("a pull of everything that went well is not complete")
	}
	return snap
}

func (d *desk) pullFrom(cursor string) task.Snapshot {
	d.Helper()
	d.settle()
	var (
		snap task.Snapshot
		err  error
	)
	d.quiet("Pull", func() { snap, err = d.conn.Pull(d.Context(), cursor) })
	if err != nil {
		d.Fatalf("Pull: %v", err)
	}
	keys := make(map[string]bool)
	for _, r := range snap.Records {
		d.checkRecord(r)
		if snap.Listing != nil && !slices.Contains(snap.Listing, r.Ref.Key) {
			d.Errorf("the list of all keys does not name %q, which was read in the same pull", r.Ref.Key)
		}
		if keys[r.Ref.Key] {
			d.Errorf("two records have the key %q", r.Ref.Key)
		}
		keys[r.Ref.Key] = true
	}
	return snap
}

// checkRecord asks what holds for every record.
func (d *desk) checkRecord(r task.Record) {
	d.Helper()
	if r.Ref.Key == "" || r.Name == "" {
		d.Errorf("a record has the key %q and the name %q; it needs both", r.Ref.Key, r.Name)
	}
	if r.Ref.Provisional() && (!d.Provisional || r.Marker != "") {
		d.Errorf("record %s has the provisional key %q", r.Name, r.Ref.Key)
	}
	desc := d.conn.Describe()
	for i, v := range r.Values {
		f := task.Field(i)
		why, noted := r.Problems[f]
		switch {
		case !desc.Maps(f) && !v.IsNone():
			d.Errorf("record %s holds %q in field %s, which is not mapped", r.Name, v, f)
		case desc.Maps(f) && !v.IsNone() && !v.IsUnreadable() && v.Kind() != f.Kind():
			d.Errorf("record %s holds a %s in field %s, which is a %s", r.Name, v.Kind(), f, f.Kind())
		case v.IsUnreadable() && !noted:
			d.Errorf("record %s does not say why field %s is unreadable", r.Name, f)
		case noted && (why.Hint == "" || !slices.Contains(task.HoldReasons(), why.Reason)):
			d.Errorf("record %s explains field %s with reason %q and hint %q", r.Name, f, why.Reason, why.Hint)
		}
	}
}

// record is the one that shows the item of that name now.
func (d *desk) record(name string) task.Record {
	d.Helper()
	return d.recordIn(d.pull(), name)
}

func (d *desk) recordIn(snap task.Snapshot, name string) task.Record {
	d.Helper()
	title := d.h.Show(d, name)[task.Title]
	r, ok := find(snap.Records, func(r task.Record) bool { return r.Values[task.Title] == title })
	if !ok {
		d.Fatalf("no record has the title %q of item %s; the titles are %s", title, name, titles(snap.Records))
	}
	return r
}

func find(rs []task.Record, is func(task.Record) bool) (task.Record, bool) {
	if i := slices.IndexFunc(rs, is); i >= 0 {
		return rs[i], true
	}
	return task.Record{}, false
}

func titles(rs []task.Record) string {
	var ts []string
	for _, r := range rs {
		ts = append(ts, fmt.Sprintf("%q", r.Values[task.Title].String()))
	}
	return strings.Join(ts, ", ")
}

// apply writes. There is a receipt for each patch, every error is a fault, and what is not managed stays.
func (d *desk) apply(patches ...task.Patch) []task.Receipt {
	d.Helper()
	was := d.h.Untouched(d)
	receipts := d.conn.Apply(d.Context(), patches)
	d.checkReceipts(patches, receipts)
	removal := func(p task.Patch) bool { return p.Op == task.Remove }
	if now := d.h.Untouched(d); now != was && !slices.ContainsFunc(patches, removal) {
		d.Errorf("Apply changed what is not managed:\n%s", cmp.Diff(was, now))
	}
	return receipts
}

func (d *desk) checkReceipts(patches []task.Patch, receipts []task.Receipt) {
	d.Helper()
	if len(receipts) != len(patches) {
		d.Fatalf("%d receipts for %d patches", len(receipts), len(patches))
	}
	for i, p := range patches {
		r := receipts[i]
		if r.Record != nil {
			d.checkRecord(*r.Record)
			if r.Record.Ref.Provisional() && p.Op != task.Update {
				d.Errorf("after %s the key is still provisional: %q", p.Op, r.Record.Ref.Key)
			}
		}
		if r.Err == nil && r.Record == nil && p.Op != task.Remove {
			d.Fatalf("the receipt of a %s that landed has no record", p.Op)
		}
		if r.Err == nil && r.Uncertain {
			d.Errorf("a receipt is uncertain and without an error")
		}
		if r.Err != nil {
			d.checkFault(r.Err)
		}
	}
}

func (d *desk) checkFault(err error) {
	d.Helper()
	var f *fault.Error
	if !errors.As(err, &f) {
		d.Errorf("error %v is no *fault.Error", err)
		return
	}
	if !slices.Contains(fault.Reasons(), f.Reason) {
		d.Errorf("error %v has the reason %q, which is not one", err, f.Reason)
	}
	if f.Kind == fault.Unknown {
		d.Errorf("error %v is not classified", err)
	}
	if f.Kind == fault.Permanent && f.Hint == "" {
		d.Errorf("error %v is permanent and has no hint for the operator", err)
	}
}

// applied writes one patch that must land, and returns the item as it was read back.
func (d *desk) applied(p task.Patch) task.Record {
	d.Helper()
	r := d.apply(p)[0]
	if r.Err != nil {
		d.Fatalf("%s: %v", p.Op, r.Err)
	}
	if r.Record == nil {
		return task.Record{}
	}
	return *r.Record
}

// own returns the item as one that has a lasting key: where the tool needs it, it is adopted first.
func (d *desk) own(name string) task.Record {
	d.Helper()
	r := d.record(name)
	if !r.Ref.Provisional() {
		return r
	}
	return d.applied(task.Patch{Op: task.Adopt, Task: d.newID(), Ref: r.Ref, Name: r.Name, Expect: r.Values})
}

// shown is what the tool promises to show; ok is false where it says that it cannot take the value.
func (d *desk) shown(f task.Field, want, have task.Value) (task.Value, bool) {
	d.Helper()
	n, ok := d.conn.(connectors.Normalizer)
	if !ok {
		return want, true
	}
	got, problem := n.Normalize(f, want, have)
	if again, other := n.Normalize(f, want, have); again != got || (problem == nil) != (other == nil) {
		d.Errorf("Normalize(%s, %q, %q) is %q, then %q: it is not pure", f, want, have, got, again)
	}
	if problem != nil {
		if got != have {
			d.Errorf("Normalize(%s, %q, %q) has a problem, and answers %q instead of what is there", f, want, have, got)
		}
		if problem.Hint == "" || !slices.Contains(task.HoldReasons(), problem.Reason) {
			d.Errorf("Normalize(%s, %q, %q) has the reason %q and the hint %q", f, want, have, problem.Reason, problem.Hint)
		}
		return have, false
	}
	if again, problem := n.Normalize(f, got, have); !again.Same(got) || problem != nil {
		d.Errorf("Normalize(%s, %q, %q) is %q, of which it is %q: it is not idempotent", f, want, have, got, again)
	}
	return got, true
}

// updating is a patch that writes to an item what the tool promises to show.
func updating(id task.ID, r task.Record, changes ...task.Change) task.Patch {
	slices.SortFunc(changes, func(a, b task.Change) int { return int(a.Field) - int(b.Field) })
	return task.Patch{Op: task.Update, Task: id, Ref: r.Ref, Name: r.Name, Set: changes}
}

// idOf is the task that the item belongs to as far as the tool tells.
func idOf(r task.Record) task.ID {
	if r.Marker != "" {
		return r.Marker
	}
	return "CW-900"
}

// another is a value of the field that the tool can show, can hold over what is there, and is not there.
func (d *desk) another(f task.Field, have task.Value) (task.Value, bool) {
	d.Helper()
	for _, v := range d.values(f) {
		if v.Same(have) {
			continue
		}
		if got, ok := d.shown(f, v, have); ok && got == v {
			return v, true
		}
	}
	return task.Value{}, false
}

// change sets the field to another value; it fails the test where there is none.
func (d *desk) change(r task.Record, f task.Field) task.Change {
	d.Helper()
	to, ok := d.another(f, r.Values[f])
	if !ok {
		d.Fatalf("Features name no second value for field %s, which holds %q", f, r.Values[f])
	}
	return task.Change{Field: f, From: r.Values[f], To: to}
}

// twoFields are two fields that can be written, the second the first again where there is only one. Those with three values
// or more come first: somebody else's edit is then neither what was there nor what is to be written. Titles tell items
// apart, so they come last.
func (d *desk) twoFields() (a, b task.Field) {
	var fs []task.Field
	for _, few := range []bool{false, true} {
		for _, f := range d.Fields {
			if d.writes(f) && f != task.Title && (len(d.values(f)) < 3) == few {
				fs = append(fs, f)
			}
		}
	}
	if d.writes(task.Title) {
		fs = append(fs, task.Title)
	}
	if len(fs) == 0 {
		d.Fatalf("Features name no field that can be written")
	}
	return fs[0], fs[min(1, len(fs)-1)]
}

// typed is a field that a person fills in beside the title.
func (d *desk) typed() task.Field {
	d.Helper()
	for _, f := range d.Fields {
		if f != task.Title && len(d.values(f)) > 1 {
			return f
		}
	}
	return task.Title
}

// expectShown asks that the tool itself holds these values.
func (d *desk) expectShown(what, name string, want task.Values, fields ...task.Field) {
	d.Helper()
	got := d.h.Show(d, name)
	for _, f := range fields {
		if !got[f].Same(want[f]) {
			d.Errorf("%s: the tool holds %q in field %s; want %q", what, clip(got[f]), f, clip(want[f]))
		}
	}
}

func (d *desk) expectCount(what string, want int) {
	d.Helper()
	if got := len(d.h.Names(d)); got != want {
		d.Errorf("%s: the tool holds %d items; want %d", what, got, want)
	}
}

// newName is the item that was not there before.
func (d *desk) newName(before []string) string {
	d.Helper()
	for _, n := range d.h.Names(d) {
		if !slices.Contains(before, n) {
			return n
		}
	}
	d.Fatalf("there is no new item")
	return ""
}

func clip(v task.Value) string {
	if s := v.String(); len(s) > 80 {
		return fmt.Sprintf("%s… (%d bytes)", strings.ToValidUTF8(s[:80], ""), len(s))
	}
	return v.String()
}

// sameRecords compares what two pulls say, whatever the order.
func sameRecords(a, b []task.Record) string {
	byKey := func(rs []task.Record) map[string]task.Record {
		m := make(map[string]task.Record, len(rs))
		for _, r := range rs {
			m[r.Ref.Key] = r
		}
		return m
	}
	return cmp.Diff(byKey(a), byKey(b), compareValues())
}

func compareValues() cmp.Option {
	return cmp.Comparer(func(a, b task.Value) bool { return a == b })
}

// sameItem compares what a receipt read back with what a pull reads, but for when and by whom it was changed: a tool may
// tell that later.
func sameItem(receipt, pulled task.Record) string {
	receipt.Version, receipt.By, receipt.At = pulled.Version, pulled.By, pulled.At
	return cmp.Diff(receipt, pulled, compareValues())
}
