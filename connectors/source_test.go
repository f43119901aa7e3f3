package connectors_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/lockstep-sync/lockstep/connectors"
	"github.com/lockstep-sync/lockstep/connectors/memory"
	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// bare is a connector with nothing but what it must have. It keeps what it was asked to write.
type bare struct {
	desc  connectors.Description
	pull  func() (task.Snapshot, error)
	apply func([]task.Patch) []task.Receipt
	asked []task.Patch
}

func (b *bare) Describe() connectors.Description { return b.desc }

func (b *bare) Pull(context.Context, string) (task.Snapshot, error) { return b.pull() }

func (b *bare) Apply(_ context.Context, ps []task.Patch) []task.Receipt {
	b.asked = append(b.asked, ps...)
	if b.apply != nil {
		return b.apply(ps)
	}
	return make([]task.Receipt, len(ps))
}

// able is bare with every capability.
type able struct {
	bare
	confirm func() (map[string]connectors.Confirmation, error)
	find    func() (task.Record, bool, error)
}

func (a *able) Normalize(_ task.Field, _, have task.Value) (task.Value, *task.Problem) {
	return have, &task.Problem{Reason: task.HoldUnsupported, Hint: "no"}
}

func (a *able) Confirm(context.Context, []string) (map[string]connectors.Confirmation, error) {
	return a.confirm()
}

func (a *able) Find(context.Context, task.ID) (task.Record, bool, error) { return a.find() }

func described(fields ...task.Field) connectors.Description {
	return connectors.Description{Kind: "bare", Fields: fields, CanCreate: true, CanRemove: true}
}

func snapshot(rs ...task.Record) func() (task.Snapshot, error) {
	return func() (task.Snapshot, error) {
		return task.Snapshot{Complete: true, Cursor: "next", Records: rs}, nil
	}
}

func record(key string, v task.Values) task.Record {
	return task.Record{Ref: task.Ref{Key: key}, Name: "row " + key, Values: v}
}

func TestSourcePassesOnWhatItIs(t *testing.T) {
	t.Parallel()
	own := connectors.NewSource("riverton-sheet", "riverton", nil, &bare{desc: described(task.Title)})
	card := connectors.NewSource("scorecard", "", nil, &able{})
	if own.ID() != "riverton-sheet" || own.Partner() != "riverton" || own.Scorecard() || own.Finds() {
		t.Errorf("a partner's tool is %q of %q, scorecard %v, finds %v", own.ID(), own.Partner(), own.Scorecard(), own.Finds())
	}
	if !card.Scorecard() || !card.Finds() {
		t.Errorf("the scorecard is one: %v; it finds: %v", card.Scorecard(), card.Finds())
	}
}

func TestPullTidies(t *testing.T) {
	t.Parallel()
	half, err := task.NumberValue(0.5)
	if err != nil {
		t.Fatal(err)
	}
	title := task.TextValue("Repair the pump")
	for _, c := range []struct {
		name string
		in   task.Values
		want task.Values
		held map[task.Field]task.HoldReason
	}{
		{
			"what is in order stays",
			task.Values{task.Title: title, task.Progress: half, task.Due: task.Empty(task.Date)},
			task.Values{task.Title: title, task.Progress: half, task.Due: task.Empty(task.Date)},
			nil,
		},
		{
			"what is not mapped is none",
			task.Values{task.Title: title, task.Status: task.EnumValue(task.Done)},
			task.Values{task.Title: title},
			nil,
		},
		{
			"what is not shared is none",
			task.Values{task.Title: title, task.Notes: task.TextValue("private")},
			task.Values{task.Title: title},
			nil,
		},
		{
			"an unreadable value that is not shared is none",
			task.Values{task.Title: title, task.Notes: task.UnreadableValue("private")},
			task.Values{task.Title: title},
			nil,
		},
		{
			"a value of another kind is unreadable",
			task.Values{task.Title: title, task.Due: task.TextValue("2026-03-01")},
			task.Values{task.Title: title, task.Due: task.UnreadableValue("2026-03-01")},
			map[task.Field]task.HoldReason{task.Due: task.HoldUnreadable},
		},
		{
			"an empty value of another kind too",
			task.Values{task.Title: title, task.Due: task.Empty(task.Text)},
			task.Values{task.Title: title, task.Due: task.UnreadableValue("")},
			map[task.Field]task.HoldReason{task.Due: task.HoldUnreadable},
		},
		{
			"an empty title is unreadable",
			task.Values{task.Title: task.Empty(task.Text)},
			task.Values{task.Title: task.UnreadableValue("")},
			map[task.Field]task.HoldReason{task.Title: task.HoldNoTitle},
		},
		{
			"a title that is none stays none", // a source that does not map it
			task.Values{task.Progress: half}, task.Values{task.Progress: half}, nil,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			conn := &able{
				bare: bare{desc: described(task.Title, task.Due, task.Progress, task.Notes), pull: snapshot(record("1", c.in))},
				confirm: func() (map[string]connectors.Confirmation, error) {
					return map[string]connectors.Confirmation{"1": {Presence: connectors.Present, Record: record("1", c.in)}}, nil
				},
				find: func() (task.Record, bool, error) { return record("1", c.in), true, nil },
			}
			conn.apply = func([]task.Patch) []task.Receipt {
				r := record("1", c.in)
				return []task.Receipt{{Record: &r}}
			}
			src := connectors.NewSource("s", "p", []task.Field{task.Title, task.Due, task.Progress}, conn)
			check := func(from string, r task.Record) {
				t.Helper()
				if r.Values != c.want || r.Ref.Source != "s" {
					t.Errorf("%s: source %q, values %v; want %v", from, r.Ref.Source, r.Values, c.want)
				}
				for f, v := range r.Values {
					why := r.Problems[task.Field(f)]
					if v.IsUnreadable() && (why.Reason != c.held[task.Field(f)] || why.Hint == "") {
						t.Errorf("%s: field %s is held for %+v; want %s", from, task.Field(f), why, c.held[task.Field(f)])
					}
				}
			}
			snap, err := src.Pull(t.Context(), "")
			if err != nil || !snap.Complete || snap.Cursor != "next" || len(snap.Records) != 1 {
				t.Fatalf("Pull: %+v, %v", snap, err)
			}
			check("Pull", snap.Records[0])
			confirmed, err := src.Confirm(t.Context(), []string{"1"})
			if err != nil {
				t.Fatal(err)
			}
			check("Confirm", confirmed["1"].Record)
			found, ok, err := src.Find(t.Context(), "CW-1")
			if err != nil || !ok {
				t.Fatalf("Find: %v, %v", ok, err)
			}
			check("Find", found)
			check("Apply", *src.Apply(t.Context(), []task.Patch{{Op: task.Update, Task: "CW-1"}})[0].Record)
		})
	}
}

func TestPullHoldsDuplicates(t *testing.T) {
	t.Parallel()
	v := task.Values{task.Title: task.TextValue("a")}
	conn := &bare{desc: described(task.Title)}
	conn.pull = func() (task.Snapshot, error) {
		return task.Snapshot{
			Complete: true,
			Records:  []task.Record{record("1", v), record("2", v), record("1", v), record("", v), record("3", v)},
			Held:     []task.Hold{{Key: "9", Reason: task.HoldUnknownPartner}},
		}, nil
	}
	snap, err := connectors.NewSource("s", "p", nil, conn).Pull(t.Context(), "")
	if err != nil || !snap.Complete {
		t.Fatalf("complete %v, %v", snap.Complete, err)
	}
	var keys []string
	for _, r := range snap.Records {
		keys = append(keys, r.Ref.Key)
	}
	if !slices.Equal(keys, []string{"2", "3"}) {
		t.Errorf("records %q; want those whose key is their own", keys)
	}
	duplicates := 0
	for _, h := range snap.Held {
		if h.Source != "s" {
			t.Errorf("hold %+v has not this source", h)
		}
		if h.Reason == task.HoldDuplicateID && h.Key == "1" && h.Hint != "" && h.Name == "row 1" {
			duplicates++
		}
	}
	if duplicates != 2 || len(snap.Held) != 4 {
		t.Errorf("held %+v; want both of the duplicates, the one without a key, and what was held before", snap.Held)
	}
}

func TestPullErrors(t *testing.T) {
	t.Parallel()
	v := task.Values{task.Title: task.TextValue("a")}
	for _, c := range []struct {
		name    string
		err     error
		kind    fault.Kind
		reason  fault.Reason
		records int
	}{
		{"a fault", fault.New(fault.Permanent, fault.Auth, "", "401"), fault.Permanent, fault.Auth, 0},
		{"a part", fault.New(fault.Partial, fault.Unavailable, "pull page 2", "503"), fault.Partial, fault.Unavailable, 1},
		{"no fault", io.ErrUnexpectedEOF, fault.Unknown, fault.Invalid, 0},
		{"cancelled", context.Canceled, fault.Retryable, fault.Cancelled, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			conn := &bare{desc: described(task.Title)}
			conn.pull = func() (task.Snapshot, error) {
				// A connector that knows no better says that all is complete.
				return task.Snapshot{Complete: true, Cursor: "next", Records: []task.Record{record("1", v)}}, c.err
			}
			snap, err := connectors.NewSource("s", "p", nil, conn).Pull(t.Context(), "")
			var f *fault.Error
			if !errors.As(err, &f) || f.Kind != c.kind || f.Reason != c.reason || f.Source != "s" || f.Op == "" {
				t.Errorf("%+v; want %s, %s of source s", err, c.kind, c.reason)
			}
			if fault.Of(c.err).Err == c.err && !errors.Is(err, c.err) { //nolint:errorlint // asks which error it is
				t.Errorf("%v has lost its cause %v", err, c.err)
			}
			if snap.Complete || snap.Cursor != "" || len(snap.Records) != c.records {
				t.Errorf("complete %v, cursor %q, %d records; want %d, neither complete nor with a cursor", snap.Complete, snap.Cursor, len(snap.Records), c.records)
			}
		})
	}
}

// One error handed out many times must not be written to: receipts of two sources would share it.
func TestFaultsAreCopied(t *testing.T) {
	t.Parallel()
	shared := &fault.Error{Kind: fault.Retryable, Reason: fault.Unavailable}
	conn := &bare{desc: described(task.Title), pull: func() (task.Snapshot, error) { return task.Snapshot{}, shared }}
	if _, err := connectors.NewSource("s", "p", nil, conn).Pull(t.Context(), ""); fault.Of(err).Source != "s" {
		t.Errorf("%v has no source", err)
	}
	if shared.Source != "" || shared.Op != "" {
		t.Errorf("the connector's own error was changed: %+v", shared)
	}
}

func TestPanicsBecomeFaults(t *testing.T) {
	t.Parallel()
	conn := &able{
		bare: bare{
			desc: described(task.Title), pull: func() (task.Snapshot, error) { panic("poisoned answer") },
			apply: func([]task.Patch) []task.Receipt { panic("poisoned answer") },
		},
		confirm: func() (map[string]connectors.Confirmation, error) { panic("poisoned answer") },
		find:    func() (task.Record, bool, error) { panic("poisoned answer") },
	}
	src := connectors.NewSource("s", "p", nil, conn)
	check := func(what string, err error) {
		t.Helper()
		f := fault.Of(err)
		if f == nil || f.Kind != fault.Unknown || f.Source != "s" || f.Op == "" || f.Hint == "" || !strings.Contains(f.Error(), "poisoned answer") {
			t.Errorf("%s: %+v; want a fault that says so", what, f)
		}
	}
	snap, err := src.Pull(t.Context(), "")
	check("Pull", err)
	if snap.Complete || snap.Records != nil {
		t.Errorf("after a panic: %+v", snap)
	}
	confirmed, err := src.Confirm(t.Context(), []string{"1"})
	check("Confirm", err)
	if len(confirmed) != 0 {
		t.Errorf("after a panic: %+v", confirmed)
	}
	_, found, err := src.Find(t.Context(), "CW-1")
	check("Find", err)
	if found {
		t.Error("after a panic something is found")
	}
	receipts := src.Apply(t.Context(), make([]task.Patch, 3))
	if len(receipts) != 3 {
		t.Fatalf("%d receipts for 3 patches", len(receipts))
	}
	for _, r := range receipts {
		check("Apply", r.Err)
		if !r.Uncertain {
			t.Error("after a panic a write is certain; it may have landed")
		}
	}
}

func TestWithoutCapabilities(t *testing.T) {
	t.Parallel()
	src := connectors.NewSource("s", "p", nil, &bare{desc: described(task.Title)})
	want := task.EnumValue(task.Blocked)
	if got, problem := src.Normalize(task.Status, want, task.EnumValue(task.Done)); got != want || problem != nil {
		t.Errorf("Normalize: %q, %v; want every value shown as it is", got, problem)
	}
	got, err := src.Confirm(t.Context(), []string{"1", "2"})
	if err != nil || len(got) != 2 || got["1"].Presence != connectors.Gone || got["2"].Presence != connectors.Gone {
		t.Errorf("Confirm: %+v, %v; want both gone", got, err)
	}
	if _, found, err := src.Find(t.Context(), "CW-1"); found || err != nil {
		t.Errorf("Find: %v, %v; want that nothing is found", found, err)
	}
	with := connectors.NewSource("s", "p", nil, &able{})
	if got, problem := with.Normalize(task.Status, want, task.Value{}); !got.IsNone() || problem == nil {
		t.Errorf("Normalize of a connector that has one: %q, %v", got, problem)
	}
}

func TestApplyGivesOneReceiptForEachPatch(t *testing.T) {
	t.Parallel()
	refused := task.Patch{Op: task.Update, Set: []task.Change{{Field: task.Notes, To: task.TextValue("x")}}}
	fine := task.Patch{Op: task.Update, Task: "CW-1", Set: []task.Change{{Field: task.Title, To: task.TextValue("x")}}}
	for _, c := range []struct {
		name    string
		answer  []task.Receipt
		patches []task.Patch
		want    string // a letter for each receipt: k ok, r refused, e the connector's error, u no receipt
	}{
		{"none asked", nil, nil, ""},
		{"all refused", nil, []task.Patch{refused, refused}, "rr"},
		{"some refused", make([]task.Receipt, 2), []task.Patch{fine, refused, fine}, "krk"},
		{"an error", []task.Receipt{{}, {Err: io.EOF}}, []task.Patch{fine, refused, fine}, "kre"},
		{"too few", make([]task.Receipt, 1), []task.Patch{fine, refused, fine}, "kru"},
		{"too many", make([]task.Receipt, 5), []task.Patch{refused, fine}, "rk"},
		{"none", nil, []task.Patch{fine}, "u"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			conn := &bare{desc: described(task.Title), apply: func([]task.Patch) []task.Receipt { return c.answer }}
			var got strings.Builder
			for _, r := range connectors.NewSource("s", "p", nil, conn).Apply(t.Context(), c.patches) {
				f := fault.Of(r.Err)
				if f != nil && (f.Source != "s" || f.Op == "") {
					t.Errorf("%+v has no source or no operation", f)
				}
				switch {
				case f == nil:
					got.WriteByte('k')
				case f.Kind == fault.Permanent && f.Reason == fault.Unsupported && !r.Uncertain:
					got.WriteByte('r')
				case errors.Is(f, io.EOF) && !r.Uncertain:
					got.WriteByte('e')
				case r.Uncertain:
					got.WriteByte('u')
				}
			}
			if got.String() != c.want {
				t.Errorf("receipts %q; want %q", got.String(), c.want)
			}
		})
	}
}

// Whatever is planned, a connector is never asked to write a field that is not mapped, shared and writable, or to create
// or remove where it may not; and what may be written arrives, in order.
func TestNeverAWriteOutsideItsFields(t *testing.T) {
	t.Parallel()
	ops := []task.Op{task.Create, task.Adopt, task.Update, task.Remove}
	fields := func(t *rapid.T, label string) []task.Field {
		return rapid.SliceOfNDistinct(rapid.SampledFrom(task.AllFields()), 0, -1, rapid.ID[task.Field]).Draw(t, label)
	}
	rapid.Check(t, func(t *rapid.T) {
		desc := connectors.Description{
			Fields: fields(t, "mapped"), ReadOnly: fields(t, "read only"),
			CanCreate: rapid.Bool().Draw(t, "creates"), CanRemove: rapid.Bool().Draw(t, "removes"),
		}
		var share []task.Field
		if rapid.Bool().Draw(t, "shares some") {
			share = append([]task.Field{}, fields(t, "shared")...)
		}
		may := func(f task.Field) bool {
			return slices.Contains(desc.Fields, f) && !slices.Contains(desc.ReadOnly, f) && (share == nil || slices.Contains(share, f))
		}
		patches := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) task.Patch {
			p := task.Patch{Op: rapid.SampledFrom(ops).Draw(t, "op"), Task: task.ID(rapid.StringN(1, 4, -1).Draw(t, "task"))}
			for _, f := range fields(t, "set") {
				p.Set = append(p.Set, task.Change{Field: f})
			}
			return p
		}), 0, 6).Draw(t, "patches")

		conn := &bare{desc: desc}
		src := connectors.NewSource("s", "p", share, conn)
		receipts := src.Apply(t.Context(), patches)
		if len(receipts) != len(patches) {
			t.Fatalf("%d receipts for %d patches", len(receipts), len(patches))
		}
		arrived := 0
		for i, p := range patches {
			allowed := (p.Op != task.Create || desc.CanCreate) && (p.Op != task.Remove || desc.CanRemove)
			for _, c := range p.Set {
				allowed = allowed && may(c.Field)
			}
			if allowed != (receipts[i].Err == nil) {
				t.Fatalf("patch %+v: %v; allowed is %v", p, receipts[i].Err, allowed)
			}
			if !allowed {
				continue
			}
			if arrived >= len(conn.asked) || conn.asked[arrived].Task != p.Task || conn.asked[arrived].Op != p.Op {
				t.Fatalf("patch %+v did not arrive in its turn; these did: %+v", p, conn.asked)
			}
			arrived++
		}
		if arrived != len(conn.asked) {
			t.Fatalf("%d patches arrived; %d were allowed", len(conn.asked), arrived)
		}
		got := src.Describe()
		if !slices.IsSorted(got.Fields) {
			t.Fatalf("fields %v are not sorted", got.Fields)
		}
		for _, f := range task.AllFields() {
			if got.Writes(f) != may(f) {
				t.Fatalf("field %s: described as writable %v; want %v", f, got.Writes(f), may(f))
			}
		}
	})
}

// Looking at a source leaves the connector's own description as it was: it may be shared.
func TestDescribeLeavesTheConnectorAlone(t *testing.T) {
	t.Parallel()
	conn := &bare{desc: described(task.Notes, task.Title, task.Due)}
	connectors.NewSource("s", "p", []task.Field{task.Due}, conn).Describe()
	if want := []task.Field{task.Notes, task.Title, task.Due}; !slices.Equal(conn.desc.Fields, want) {
		t.Errorf("the connector's fields are %v; want %v", conn.desc.Fields, want)
	}
}

func TestSourceOverMemory(t *testing.T) {
	t.Parallel()
	tool := memory.New(memory.Options{Fields: task.AllFields(), CanCreate: true})
	tool.Add(task.Values{task.Title: task.TextValue("a"), task.Notes: task.TextValue("private")})
	src := connectors.NewSource("s", "p", []task.Field{task.Title}, tool)
	snap, err := src.Pull(t.Context(), "")
	if err != nil || len(snap.Records) != 1 || !snap.Records[0].Values[task.Notes].IsNone() {
		t.Fatalf("Pull: %+v, %v", snap, err)
	}
	got := src.Apply(t.Context(), []task.Patch{
		{Op: task.Update, Task: "CW-1", Ref: snap.Records[0].Ref, Set: []task.Change{
			{Field: task.Title, From: task.TextValue("a"), To: task.TextValue("b")},
			{Field: task.Notes, From: task.TextValue("private"), To: task.Empty(task.Text)},
		}},
		{Op: task.Update, Task: "CW-1", Ref: snap.Records[0].Ref, Set: []task.Change{
			{Field: task.Title, From: task.TextValue("a"), To: task.TextValue("c")},
		}},
	})
	it, _ := tool.Get("k1")
	if got[0].Err == nil || got[1].Err != nil || it.Values[task.Title] != task.TextValue("c") || it.Values[task.Notes] != task.TextValue("private") {
		t.Errorf("%v, %v; the item holds %v", got[0].Err, got[1].Err, it.Values)
	}
}
