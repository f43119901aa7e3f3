package memory_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/lockstep-sync/lockstep/connectors"
	"github.com/lockstep-sync/lockstep/connectors/connectortest"
	"github.com/lockstep-sync/lockstep/connectors/memory"
	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// mutant is the reference connector with one thing wrong. What is nil is right.
type mutant struct {
	*memory.Tool
	pull      func(*memory.Tool, context.Context, string) (task.Snapshot, error)
	apply     func(*memory.Tool, context.Context, []task.Patch) []task.Receipt
	confirm   func(*memory.Tool, context.Context, []string) (map[string]connectors.Confirmation, error)
	find      func(*memory.Tool, context.Context, task.ID) (task.Record, bool, error)
	normalize func(f task.Field, want, have task.Value) (task.Value, *task.Problem)
}

func (m mutant) Pull(ctx context.Context, cursor string) (task.Snapshot, error) {
	if m.pull != nil {
		return m.pull(m.Tool, ctx, cursor)
	}
	return m.Tool.Pull(ctx, cursor)
}

func (m mutant) Apply(ctx context.Context, ps []task.Patch) []task.Receipt {
	if m.apply != nil {
		return m.apply(m.Tool, ctx, ps)
	}
	return m.Tool.Apply(ctx, ps)
}

func (m mutant) Confirm(ctx context.Context, keys []string) (map[string]connectors.Confirmation, error) {
	if m.confirm != nil {
		return m.confirm(m.Tool, ctx, keys)
	}
	return m.Tool.Confirm(ctx, keys)
}

func (m mutant) Find(ctx context.Context, id task.ID) (task.Record, bool, error) {
	if m.find != nil {
		return m.find(m.Tool, ctx, id)
	}
	return m.Tool.Find(ctx, id)
}

func (m mutant) Normalize(f task.Field, want, have task.Value) (task.Value, *task.Problem) {
	if m.normalize != nil {
		return m.normalize(f, want, have)
	}
	return m.Tool.Normalize(f, want, have)
}

// each does something to every record of a pull.
func each(do func(int, *task.Record)) func(*memory.Tool, context.Context, string) (task.Snapshot, error) {
	return func(t *memory.Tool, ctx context.Context, cursor string) (task.Snapshot, error) {
		snap, err := t.Pull(ctx, cursor)
		for i := range snap.Records {
			do(i, &snap.Records[i])
		}
		return snap, err
	}
}

// before does something to every patch; after, to every receipt.
func before(do func(*memory.Tool, *task.Patch)) func(*memory.Tool, context.Context, []task.Patch) []task.Receipt {
	return func(t *memory.Tool, ctx context.Context, ps []task.Patch) []task.Receipt {
		ps = slices.Clone(ps)
		for i := range ps {
			ps[i].Set = slices.Clone(ps[i].Set)
			do(t, &ps[i])
		}
		return t.Apply(ctx, ps)
	}
}

func after(do func(*memory.Tool, task.Patch, *task.Receipt)) func(*memory.Tool, context.Context, []task.Patch) []task.Receipt {
	return func(t *memory.Tool, ctx context.Context, ps []task.Patch) []task.Receipt {
		rs := t.Apply(ctx, ps)
		for i := range rs {
			do(t, ps[i], &rs[i])
		}
		return rs
	}
}

// rewrite spoils the faults that a pull reports.
func rewrite(do func(*fault.Error)) func(*memory.Tool, context.Context, string) (task.Snapshot, error) {
	return func(t *memory.Tool, ctx context.Context, cursor string) (task.Snapshot, error) {
		snap, err := t.Pull(ctx, cursor)
		if err != nil {
			do(fault.Of(err))
		}
		return snap, err
	}
}

// expectNow makes a patch expect whatever is there.
func expectNow(t *memory.Tool, p *task.Patch) {
	it, ok := t.Get(p.Ref.Key)
	if !ok || p.Op == task.Create {
		return
	}
	p.Expect = it.Values
	for i := range p.Set {
		p.Set[i].From = it.Values[p.Set[i].Field]
	}
}

func TestSuiteFindsFaults(t *testing.T) {
	t.Parallel()
	fields := []task.Field{task.Title, task.Status, task.Due, task.Assignee, task.Notes}
	lasting := memory.Options{Fields: fields, CanCreate: true, CanRemove: true}
	rows := memory.Options{Fields: fields, CanCreate: true, CanRemove: true, Provisional: true}
	increments := memory.Options{Fields: fields, CanCreate: true, Increments: true}

	for name, c := range map[string]struct {
		opts memory.Options
		mutant
		want string // a question that must find it
	}{
		"nothing": {opts: lasting},
		"reads the first hundred items only": {lasting, mutant{pull: func(t *memory.Tool, ctx context.Context, c string) (task.Snapshot, error) {
			snap, err := t.Pull(ctx, c)
			snap.Records = snap.Records[:min(100, len(snap.Records))]
			return snap, err
		}}, "reading/reads more than a page"},
		"knows rows by their position": {lasting, mutant{pull: each(func(i int, r *task.Record) {
			r.Ref.Key = fmt.Sprintf("k%d", i+1)
		})}, "reading/a key stays while other items change"},
		"knows rows by their content alone": {rows, mutant{pull: each(func(_ int, r *task.Record) {
			r.Ref.Key, _, _ = strings.Cut(r.Ref.Key, ".")
		})}, "reading/items that look the same are told apart"},
		"versions fall": {lasting, mutant{pull: each(func(_ int, r *task.Record) {
			r.Version = 1000 - r.Version
		})}, "reading/a version never falls"},
		"shortens long text": {lasting, mutant{pull: each(func(_ int, r *task.Record) {
			if s := r.Values[task.Notes].String(); len(s) > 1000 {
				r.Values[task.Notes] = task.TextValue(s[:1000])
			}
		})}, "reading/reads what people typed"},
		"reads fields that are not mapped": {lasting, mutant{pull: each(func(_ int, r *task.Record) {
			r.Values[task.Priority] = task.TextValue("High")
		})}, "reading/a second pull gives the same"},
		"reads empty as none": {lasting, mutant{pull: each(func(_ int, r *task.Record) {
			for i, v := range r.Values {
				if v.IsEmpty() {
					r.Values[i] = task.Value{}
				}
			}
		})}, "reading/reads an item with nothing but a title"},
		"reads what is unreadable as empty": {lasting, mutant{pull: each(func(_ int, r *task.Record) {
			for f := range r.Problems {
				r.Values[f] = task.Empty(f.Kind())
			}
			r.Problems = nil
		})}, "unreadable/what cannot be read is held, and the rest is read"},
		"does not say why": {lasting, mutant{pull: each(func(_ int, r *task.Record) {
			r.Problems = nil
		})}, "unreadable/what cannot be read is held, and the rest is read"},
		"adopts while it reads": {rows, mutant{pull: func(t *memory.Tool, ctx context.Context, c string) (task.Snapshot, error) {
			snap, err := t.Pull(ctx, c)
			for i, r := range snap.Records {
				if r.Ref.Provisional() {
					p := task.Patch{Op: task.Adopt, Task: task.ID(fmt.Sprintf("X-%d", i)), Ref: r.Ref, Expect: r.Values}
					t.Apply(ctx, []task.Patch{p})
				}
			}
			return snap, err
		}}, "reading/a second pull gives the same"},
		"takes no access for an empty tool": {lasting, mutant{pull: func(t *memory.Tool, ctx context.Context, c string) (task.Snapshot, error) {
			snap, err := t.Pull(ctx, c)
			if fault.HasReason(err, fault.Auth) {
				return task.Snapshot{Complete: true}, nil
			}
			return snap, err
		}}, "failing/a credential that is refused is the operator's to mend"},
		"takes a fault for gone": {lasting, mutant{confirm: func(t *memory.Tool, ctx context.Context, keys []string) (map[string]connectors.Confirmation, error) {
			out, err := t.Confirm(ctx, keys)
			if err != nil {
				out = map[string]connectors.Confirmation{keys[0]: {Presence: connectors.Gone}}
			}
			return out, nil
		}}, "failing/a tool that is down is tried again later"},
		"says gone of everything": {lasting, mutant{confirm: func(_ *memory.Tool, _ context.Context, keys []string) (map[string]connectors.Confirmation, error) {
			out := make(map[string]connectors.Confirmation)
			for _, k := range keys {
				out[k] = connectors.Confirmation{Presence: connectors.Gone}
			}
			return out, nil
		}}, "reading/a direct read equals the pull"},
		"finds nothing": {lasting, mutant{find: func(*memory.Tool, context.Context, task.ID) (task.Record, bool, error) {
			return task.Record{}, false, nil
		}}, "creating/an answer that is lost leaves one item, and it is found"},
		"forgets how long to wait": {
			lasting,
			mutant{pull: rewrite(func(f *fault.Error) { f.RetryAfter = 0 })},
			"failing/a tool that wants a pause gets it",
		},
		"has no hint": {
			lasting,
			mutant{pull: rewrite(func(f *fault.Error) { f.Hint = "" })},
			"failing/a credential that is refused is the operator's to mend",
		},
		"errors that are no faults": {lasting, mutant{pull: func(t *memory.Tool, ctx context.Context, c string) (task.Snapshot, error) {
			snap, err := t.Pull(ctx, c)
			if err != nil {
				err = errors.New(err.Error())
			}
			return snap, err
		}}, "failing/a tool that is down is tried again later"},
		"does not hear a cancel": {lasting, mutant{apply: func(t *memory.Tool, _ context.Context, ps []task.Patch) []task.Receipt {
			return t.Apply(context.Background(), ps)
		}}, "failing/patches after a cancel are not written"},
		"an increment says it is complete": {increments, mutant{pull: func(t *memory.Tool, ctx context.Context, c string) (task.Snapshot, error) {
			snap, err := t.Pull(ctx, c)
			snap.Complete = err == nil
			return snap, err
		}}, "increments/an idle increment shows nothing new"},
		"an increment misses edits": {increments, mutant{pull: func(t *memory.Tool, ctx context.Context, c string) (task.Snapshot, error) {
			snap, err := t.Pull(ctx, c)
			if c != "" {
				snap.Records = nil
			}
			return snap, err
		}}, "increments/an increment shows edits and new items"},
		"writes over what it did not expect": {
			lasting,
			mutant{apply: before(expectNow)},
			"updating/a value that is not the expected one stays",
		},
		"adopts what it did not expect": {rows, mutant{apply: before(func(t *memory.Tool, p *task.Patch) {
			for _, k := range t.Keys() {
				if it, _ := t.Get(k); p.Op == task.Adopt && it.Values[task.Title] == p.Expect[task.Title] {
					p.Ref.Key, p.Expect = it.Key, it.Values
				}
			}
		})}, "adopting/what changed since it was read is not adopted"},
		"removes what it did not expect": {
			lasting,
			mutant{apply: before(expectNow)},
			"removing/what changed since it was read stays",
		},
		"writes beside the field": {lasting, mutant{apply: after(func(t *memory.Tool, p task.Patch, r *task.Receipt) {
			if p.Op == task.Update && r.Err == nil {
				t.Edit(p.Ref.Key, task.Notes, task.TextValue("written by a machine"))
			}
		})}, "updating/writes each value of each field, and nothing beside it"},
		"writes what is not mapped": {lasting, mutant{apply: after(func(t *memory.Tool, p task.Patch, _ *task.Receipt) {
			t.Edit(p.Ref.Key, task.Workstream, task.TextValue("written by a machine"))
		})}, "updating/several fields in one patch"},
		"does not write at all": {lasting, mutant{apply: func(_ *memory.Tool, _ context.Context, ps []task.Patch) []task.Receipt {
			rs := make([]task.Receipt, len(ps))
			for i, p := range ps {
				rs[i].Record = &task.Record{Ref: task.Ref{Key: "k1"}, Name: "k1", Marker: p.Task}
				for _, c := range p.Set {
					rs[i].Record.Values[c.Field] = c.To
				}
			}
			return rs
		}}, "updating/writes each value of each field, and nothing beside it"},
		"does not read back": {lasting, mutant{apply: after(func(_ *memory.Tool, _ task.Patch, r *task.Receipt) {
			r.Record = nil
		})}, "updating/several fields in one patch"},
		"receipts in another order": {lasting, mutant{apply: func(t *memory.Tool, ctx context.Context, ps []task.Patch) []task.Receipt {
			rs := t.Apply(ctx, ps)
			slices.Reverse(rs)
			return rs
		}}, "creating/several at once, in order"},
		"stops at the first error": {lasting, mutant{apply: func(t *memory.Tool, ctx context.Context, ps []task.Patch) []task.Receipt {
			ctx, cancel := context.WithCancel(ctx)
			defer cancel()
			var rs []task.Receipt
			for _, p := range ps {
				r := t.Apply(ctx, []task.Patch{p})[0]
				if rs = append(rs, r); r.Err != nil {
					cancel()
				}
			}
			return rs
		}}, "updating/one that goes wrong does not stop the others"},
		"updates bring back what is gone": {lasting, mutant{apply: before(func(t *memory.Tool, p *task.Patch) {
			if _, ok := t.Get(p.Ref.Key); p.Op == task.Update && !ok {
				p.Op, p.Ref.Key = task.Create, ""
			}
		})}, "updating/an item that is gone is not brought back"},
		"creates without a mark": {lasting, mutant{apply: after(func(t *memory.Tool, p task.Patch, r *task.Receipt) {
			if p.Op == task.Create && r.Record != nil {
				t.Unmark(r.Record.Ref.Key)
				r.Record.Marker = ""
			}
		})}, "creating/the mark is in the item, whole and found"},
		"marks after the create, which may be too late": {lasting, mutant{apply: after(func(t *memory.Tool, p task.Patch, r *task.Receipt) {
			if p.Op == task.Create && r.Uncertain {
				t.Unmark(string(p.Task))
			}
		})}, "creating/an answer that is lost leaves one item, and it is found"},
		"creates again when no answer came": {lasting, mutant{apply: after(func(t *memory.Tool, p task.Patch, r *task.Receipt) {
			if p.Op == task.Create && r.Uncertain {
				t.Copy(string(p.Task))
			}
		})}, "creating/an answer that is lost leaves one item, and it is found"},
		"is sure of what it cannot know": {lasting, mutant{apply: after(func(_ *memory.Tool, _ task.Patch, r *task.Receipt) {
			r.Uncertain = false
		})}, "creating/an answer that is lost leaves one item, and it is found"},
		"takes a neighbour away too": {lasting, mutant{apply: after(func(t *memory.Tool, p task.Patch, _ *task.Receipt) {
			if keys := t.Keys(); p.Op == task.Remove && len(keys) > 1 {
				t.Delete(keys[0])
			}
		})}, "removing/takes the item away, and only it"},
		"promises what it does not keep": {lasting, mutant{normalize: func(f task.Field, want, have task.Value) (task.Value, *task.Problem) {
			if f == task.Status && have == task.EnumValue(task.InProgress) {
				return task.EnumValue(task.Done), nil
			}
			return want, nil
		}, apply: before(func(_ *memory.Tool, p *task.Patch) {
			for i, c := range p.Set {
				if c.To == task.EnumValue(task.Done) {
					p.Set[i].To = task.EnumValue(task.Cancelled)
				}
			}
		})}, "updating/writes each value of each field, and nothing beside it"},
		"reads item by item": {lasting, mutant{pull: func(t *memory.Tool, ctx context.Context, c string) (task.Snapshot, error) {
			snap, err := t.Pull(ctx, c)
			for _, r := range snap.Records {
				if _, err := t.Confirm(ctx, []string{r.Ref.Key}); err != nil {
					return task.Snapshot{}, err
				}
			}
			return snap, err
		}}, "reading/an idle pull costs two requests at most"},
		"does not settle on a form": {lasting, mutant{normalize: func(f task.Field, want, _ task.Value) (task.Value, *task.Problem) {
			if f == task.Notes {
				return task.TextValue(want.String() + "!"), nil
			}
			return want, nil
		}}, "updating/writes each value of each field, and nothing beside it"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wrong := connectortest.Ask(t.Context(), connectortest.Features{
				Creates: c.opts.CanCreate, Removes: c.opts.CanRemove, Provisional: c.opts.Provisional,
				Increments: c.opts.Increments, Fields: c.opts.Fields, Many: 101,
			}, func(connectortest.T) connectortest.Harness {
				m := c.mutant
				m.Tool = memory.New(c.opts)
				return mutantHarness{harness{m.Tool}, m}
			})
			switch {
			case c.want == "" && len(wrong) > 0:
				t.Errorf("the reference connector is said to be wrong: %v", wrong)
			case c.want != "" && wrong[c.want] == nil:
				t.Errorf("%q does not find it; these do: %q", c.want, slices.Sorted(maps.Keys(wrong)))
			}
		})
	}
}

// mutantHarness is a person at a tool with a bad connector.
type mutantHarness struct {
	harness
	bad mutant
}

func (h mutantHarness) Connector(connectortest.T) connectors.Connector { return h.bad }

// Break spares the tests of the suite the wait for a tool that hangs.
func (h mutantHarness) Break(t connectortest.T, f connectortest.Fault) func() {
	if f == connectortest.Hang {
		return nil
	}
	return h.harness.Break(t, f)
}
