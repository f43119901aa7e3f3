package connectors

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// Source is one configured source: a connector, and around it what holds for every tool. It is what the engine knows.
type Source struct {
	id      task.SourceID
	partner string
	shared  []task.Field // nil: all mapped fields
	conn    Connector
}

// NewSource wraps conn. Partner is the partner whose own tool this is, "" for the scorecard. Share lists the only fields
// that may leave the tool; nil means every mapped field.
func NewSource(id task.SourceID, partner string, share []task.Field, conn Connector) *Source {
	return &Source{id: id, partner: partner, shared: share, conn: conn}
}

// ID is the source's id in the configuration.
func (s *Source) ID() task.SourceID { return s.id }

// Partner is the partner whose own tool this is, "" for the scorecard.
func (s *Source) Partner() string { return s.partner }

// Scorecard reports whether this is the partnership's scorecard.
func (s *Source) Scorecard() bool { return s.partner == "" }

// Describe says what the source can do. A connector that panics can do nothing.
func (s *Source) Describe() (d Description) {
	defer func() {
		if recover() != nil {
			d = Description{}
		}
	}()
	d = s.conn.Describe()
	d.Fields = slices.DeleteFunc(slices.Clone(d.Fields), func(f task.Field) bool { return !s.shares(f) })
	slices.Sort(d.Fields)
	if s.shared != nil {
		d.Fingerprint += fmt.Sprintf(" share %v", s.shared) // to share more, or less, is another mapping
	}
	return d
}

func (s *Source) shares(f task.Field) bool { return s.shared == nil || slices.Contains(s.shared, f) }

// Pull reads the source and checks what was read: see Connector.Pull. Fields that are not shared come back as None, a
// value of the wrong kind as Unreadable, an empty title as Unreadable (a task cannot be without one), and two records with one
// key are both held.
func (s *Source) Pull(ctx context.Context, cursor string) (snap task.Snapshot, err error) {
	defer func() {
		if f := s.panicked("pull", recover()); f != nil {
			snap, err = task.Snapshot{}, f
		}
	}()
	snap, err = s.conn.Pull(ctx, cursor)
	if err != nil {
		f := s.fault("pull", err)
		if f.Kind != fault.Partial {
			return task.Snapshot{}, f
		}
		snap.Complete, snap.Listing, snap.Cursor = false, nil, ""
		err = f
	}
	seen := make(map[string]int, len(snap.Records))
	d := s.Describe()
	for i := range snap.Records {
		s.tidy(&snap.Records[i], d)
		seen[snap.Records[i].Ref.Key]++
	}
	kept := snap.Records[:0]
	for _, r := range snap.Records {
		if r.Ref.Key != "" && seen[r.Ref.Key] == 1 {
			kept = append(kept, r)
			continue
		}
		// A hold without a key would hold the whole source: an item that lacks one goes by its name.
		snap.Held = append(snap.Held, task.Hold{
			Key: cmp.Or(r.Ref.Key, r.Name, "without id"), Name: r.Name, Reason: task.HoldDuplicateID, Raw: r.Ref.Key,
			Hint: "two items carry the same id: clear the id of the copy, or delete the copy",
		})
	}
	snap.Records = kept
	for i := range snap.Held {
		h := &snap.Held[i]
		h.Source = s.id
		if f, ok := task.ParseField(h.Field); ok && !s.shares(f) {
			h.Raw = "" // what is not shared does not leave the tool by way of a complaint about it
		}
	}
	return snap, err
}

// tidy makes a record fit for the engine.
func (s *Source) tidy(r *task.Record, d Description) {
	r.Ref.Source = s.id
	for i := range r.Values {
		f, v := task.Field(i), r.Values[i]
		switch {
		case !d.Maps(f):
			r.Values[i] = task.Value{}
			delete(r.Problems, f)
		case v.IsNone():
		case f == task.Title && !v.IsUnreadable() && v.IsEmpty():
			r.Values[i] = task.UnreadableValue("")
			r.Note(f, task.HoldNoTitle, "give it a title: a task cannot be without one")
		case !v.IsUnreadable() && v.Kind() != f.Kind():
			r.Values[i] = task.UnreadableValue(v.String())
			r.Note(f, task.HoldUnreadable, fmt.Sprintf("the connector read a %s where the field is a %s: report this as a bug", v.Kind(), f.Kind()))
		}
	}
}

// Normalize returns what the tool would show for want: see Normalizer. A tool that is no Normalizer shows every value; one
// that panics cannot take this one.
func (s *Source) Normalize(f task.Field, want, have task.Value) (shown task.Value, problem *task.Problem) {
	defer func() {
		if s.panicked("normalize", recover()) != nil {
			shown, problem = have, &task.Problem{Reason: task.HoldUnsupported, Hint: "the connector cannot handle this value: report this as a bug"}
		}
	}()
	if n, ok := s.conn.(Normalizer); ok {
		return n.Normalize(f, want, have)
	}
	return want, nil
}

// Confirm reads items directly: see Confirmer. Where the connector cannot, every key is Gone: the caller has seen a
// complete snapshot without it.
func (s *Source) Confirm(ctx context.Context, keys []string) (out map[string]Confirmation, err error) {
	defer s.recovered("confirm absent items", &err)
	c, ok := s.conn.(Confirmer)
	if !ok {
		out = make(map[string]Confirmation, len(keys))
		for _, k := range keys {
			out[k] = Confirmation{Presence: Gone}
		}
		return out, nil
	}
	out, err = c.Confirm(ctx, keys)
	if err != nil {
		return nil, s.fault("confirm absent items", err)
	}
	d := s.Describe()
	for k, c := range out {
		s.tidy(&c.Record, d)
		out[k] = c
	}
	return out, nil
}

// Finds reports whether Find can tell: where it cannot, only a complete snapshot is evidence that a mark is not there.
func (s *Source) Finds() bool {
	_, ok := s.conn.(Finder)
	return ok
}

// Find looks for the task's mark: see Finder. Where the connector cannot, nothing is found: the caller has seen a
// complete snapshot without it.
func (s *Source) Find(ctx context.Context, id task.ID) (rec task.Record, found bool, err error) {
	defer s.recovered("find our mark", &err)
	f, ok := s.conn.(Finder)
	if !ok {
		return task.Record{}, false, nil
	}
	rec, found, err = f.Find(ctx, id)
	if err != nil {
		return task.Record{}, false, s.fault("find our mark", err)
	}
	s.tidy(&rec, s.Describe())
	return rec, found, nil
}

// Hint passes a hint on: see Hinted. Where the connector makes no use of hints, nothing happens.
func (s *Source) Hint(keys ...string) {
	if h, ok := s.conn.(Hinted); ok {
		h.Hint(keys...)
	}
}

// HintDeleted passes on that items may be gone: see Hinted.
func (s *Source) HintDeleted(keys ...string) {
	if h, ok := s.conn.(Hinted); ok {
		h.HintDeleted(keys...)
	}
}

// Publishes reports whether the connector shows anything beside the tasks.
func (s *Source) Publishes() bool {
	_, ok := s.conn.(Publisher)
	return ok
}

// Show hands over what is to be shown: see Publisher. It reports false where the connector shows nothing beside the tasks.
func (s *Source) Show(b Board) (differs bool) {
	defer func() {
		if s.panicked("show the board", recover()) != nil {
			differs = false
		}
	}()
	p, ok := s.conn.(Publisher)
	return ok && p.Show(b)
}

// Publish writes what Show said and no Apply has written since: see Publisher. It does nothing where the connector shows
// nothing beside the tasks.
func (s *Source) Publish(ctx context.Context) (err error) {
	defer s.recovered("publish the board", &err)
	p, ok := s.conn.(Publisher)
	if !ok {
		return nil
	}
	if err := p.Publish(ctx); err != nil {
		return s.fault("publish the board", err)
	}
	return nil
}

// Check says what holds in the live tool: see Checker. Of a connector that is none, it pulls everything and tells what
// was held or went wrong.
func (s *Source) Check(ctx context.Context) (out []Finding, err error) {
	defer s.recovered("check", &err)
	if c, ok := s.conn.(Checker); ok {
		return c.Check(ctx)
	}
	snap, err := s.Pull(ctx, "")
	if ctx.Err() != nil {
		return nil, s.fault("check", ctx.Err())
	}
	if err != nil {
		f := s.fault("check", err)
		out = append(out, Finding{Level: LevelError, Topic: "read", Text: f.Error(), Hint: f.Hint})
	} else {
		out = append(out, Finding{Level: LevelOK, Topic: "read", Text: fmt.Sprintf("%d items can be read", len(snap.Records))})
	}
	for _, h := range snap.Held {
		out = append(out, Finding{Level: LevelWarning, Topic: string(h.Reason), Text: strings.TrimSpace(h.Name + " " + h.Field + " " + h.Raw), Hint: h.Hint})
	}
	return out, nil
}

// Apply makes patches true: see Connector.Apply. A patch that reaches for a field that is not mapped, shared or writable is
// refused here whatever the connector would do, and there is always one receipt for each patch.
func (s *Source) Apply(ctx context.Context, patches []task.Patch) []task.Receipt {
	out := make([]task.Receipt, len(patches))
	allowed := make([]task.Patch, 0, len(patches))
	at := make([]int, 0, len(patches))
	d := s.Describe()
	for i, p := range patches {
		if err := permitted(d, p); err != nil {
			out[i] = task.Receipt{Err: s.fault("apply", err)}
			continue
		}
		allowed = append(allowed, p)
		at = append(at, i)
	}
	if len(allowed) == 0 {
		return out
	}
	got, err := s.apply(ctx, allowed)
	for j, i := range at {
		switch {
		case err != nil:
			out[i] = task.Receipt{Err: err, Uncertain: true}
		case j >= len(got):
			out[i] = task.Receipt{Err: s.fault("apply", errors.New("the connector gave no receipt")), Uncertain: true}
		default:
			out[i] = got[j]
			if out[i].Err != nil {
				out[i].Err = s.fault("apply", out[i].Err)
			}
			if out[i].Record != nil {
				s.tidy(out[i].Record, d)
			}
		}
	}
	return out
}

func (s *Source) apply(ctx context.Context, patches []task.Patch) (out []task.Receipt, err error) {
	defer s.recovered("apply", &err)
	return s.conn.Apply(ctx, patches), nil
}

func permitted(d Description, p task.Patch) error {
	switch {
	case p.Op == task.Create && !d.CanCreate:
		return fault.New(fault.Permanent, fault.Unsupported, "", "this source may not create items")
	case p.Op == task.Remove && !d.CanRemove:
		return fault.New(fault.Permanent, fault.Unsupported, "", "this source may not remove items")
	}
	for _, c := range p.Set {
		if !d.Writes(c.Field) {
			return fault.New(fault.Permanent, fault.Unsupported, "", "field %s is not writable in this source", c.Field)
		}
	}
	return nil
}

// fault makes err a fault of this source.
func (s *Source) fault(op string, err error) *fault.Error {
	f := *fault.Of(err) // a copy: a connector may hand out the same error for many receipts
	if f.Source == "" {
		f.Source = s.id
	}
	if f.Op == "" {
		f.Op = op
	}
	return &f
}

// recovered turns a connector's panic into a fault, so that one poisoned answer never stops the other sources.
func (s *Source) recovered(op string, err *error) {
	if f := s.panicked(op, recover()); f != nil {
		*err = f
	}
}

// panicked is the fault of a panic; nil where there was none.
func (s *Source) panicked(op string, p any) error {
	if p == nil {
		return nil
	}
	return &fault.Error{
		Kind: fault.Unknown, Reason: fault.Invalid, Op: op, Source: s.id,
		Hint: "report this as a bug", Err: fmt.Errorf("the connector panicked: %v", p),
	}
}
