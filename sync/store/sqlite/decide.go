package sqlite

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"modernc.org/sqlite"
	lite "modernc.org/sqlite/lib"

	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// keepCycles is how many cycles of a partnership are kept: a week of one a minute.
const keepCycles = 10_000

// Decide stores what one cycle decided and returns the new generation, or ErrStale. What goes away (Unlink, Dropped, Unpause)
// goes before what comes. NextID never falls: a commit with a lower one leaves it as it is.
func (s *Store) Decide(ctx context.Context, partnership string, c store.Commit) (int64, error) {
	next := c.Generation + 1
	err := s.write(ctx, func(w *writing) error {
		conflicts, holds, err := w.hold(partnership, c.Generation, 1, c.NextID)
		if err != nil {
			return err
		}
		return steps(
			step{"tasks", func() error { return w.tasks(c.Tasks) }},
			step{"links", func() error { return w.links(c.Unlink, c.Links) }},
			step{"sources", func() error { return w.sources(c.Sources) }},
			step{"intents", func() error { return w.intents(c.Dropped, c.Intents) }},
			step{"pauses", func() error { return w.pauses(c.Unpause, nil) }},
			step{"conflicts", func() error { return w.conflicts(conflicts, c.Conflicts) }},
			step{"holds", func() error { return w.holds(holds, c.Holds) }},
			step{"events", func() error { return w.events(next, c.Events) }},
			step{"cycle", func() error { return w.cycle(next, c.Cycle) }},
		)
	})
	if err != nil {
		return 0, s.failed(ctx, fmt.Sprintf("store the decisions of %s in %s", partnership, s.path), err)
	}
	return next, nil
}

// Settle stores what came of writes, or returns ErrStale. What goes away goes before what comes.
func (s *Store) Settle(ctx context.Context, partnership string, t store.Settlement) error {
	err := s.write(ctx, func(w *writing) error {
		if _, _, err := w.hold(partnership, t.Generation, 0, 0); err != nil {
			return err
		}
		return steps(
			step{"links", func() error { return w.links(t.Unlink, t.Links) }},
			step{"sources", func() error { return w.sources(t.Sources) }},
			step{"intents", func() error { return w.intents(t.Dropped, t.Intents) }},
			step{"pauses", func() error { return w.pauses(t.Unpause, t.Pauses) }},
			step{"events", func() error { return w.events(t.Generation, t.Events) }},
		)
	})
	return s.failed(ctx, fmt.Sprintf("settle the writes of %s in %s", partnership, s.path), err)
}

// Record adds events outside of a cycle.
func (s *Store) Record(ctx context.Context, partnership string, events []store.Event) error {
	err := s.write(ctx, func(w *writing) error {
		generation, err := w.find(partnership)
		if err != nil {
			return err
		}
		return w.events(generation, events)
	})
	return s.failed(ctx, fmt.Sprintf("record what happened in %s in %s", partnership, s.path), err)
}

type step struct {
	what string
	do   func() error
}

func steps(all ...step) error {
	for _, st := range all {
		if err := st.do(); err != nil {
			return fmt.Errorf("%s: %w", st.what, err)
		}
	}
	return nil
}

func (w *writing) tasks(ts []store.Task) error {
	const upsert = `INSERT INTO tasks (partnership, id, number, agreed, baseline, removed, created, changed)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (partnership, id) DO UPDATE SET number = excluded.number, agreed = excluded.agreed,
			baseline = excluded.baseline, removed = excluded.removed, created = excluded.created, changed = excluded.changed`
	return w.each(upsert, len(ts), func(i int) ([]any, error) {
		t := &ts[i]
		removed := 0
		if t.Removed {
			removed = 1
		}
		return []any{
			string(t.ID), t.Number, valuesForm(&t.Agreed), valueForm(t.Baseline), removed, timeForm(t.Created), timeForm(t.Changed),
		}, nil
	})
}

func (w *writing) links(gone []store.LinkID, ls []store.Link) error {
	if err := w.remove("links", gone); err != nil {
		return err
	}
	if len(ls) == 0 {
		return nil
	}
	// Two links may swap their items: all that change theirs let go of the old one before any takes the new one.
	var some bool
	if err := w.tx.QueryRowContext(w.rows, `SELECT EXISTS (SELECT 1 FROM links WHERE partnership = $1)`, w.pk).Scan(&some); err != nil {
		return err
	}
	if some {
		const release = `DELETE FROM links WHERE partnership = $1 AND task = $2 AND source = $3 AND key <> $4`
		err := w.each(release, len(ls), func(i int) ([]any, error) {
			return []any{string(ls[i].Task), string(ls[i].Source), ls[i].Key}, nil
		})
		if err != nil {
			return err
		}
	}
	const upsert = `INSERT INTO links (partnership, task, source, key, name, url, base, version)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (partnership, task, source) DO UPDATE SET key = excluded.key, name = excluded.name, url = excluded.url,
			base = excluded.base, version = excluded.version`
	last := 0
	err := w.each(upsert, len(ls), func(i int) ([]any, error) {
		last = i
		k := &ls[i]
		return []any{string(k.Task), string(k.Source), k.Key, k.Name, k.URL, valuesForm(&k.Base), k.Version}, nil
	})
	var e *sqlite.Error
	if errors.As(err, &e) && e.Code() == lite.SQLITE_CONSTRAINT_UNIQUE {
		return fmt.Errorf("tie %s to item %q of %s: another task is tied to it: %w", ls[last].Task, ls[last].Key, ls[last].Source, err)
	}
	return err
}

// remove takes rows of a task and a source away; one that is not there is no error.
func (w *writing) remove(table string, ids []store.LinkID) error {
	return w.each(`DELETE FROM `+table+` WHERE partnership = $1 AND task = $2 AND source = $3`, len(ids), func(i int) ([]any, error) {
		return []any{string(ids[i].Task), string(ids[i].Source)}, nil
	})
}

func (w *writing) sources(ss []store.Source) error {
	const upsert = `INSERT INTO sources (partnership, id, cursor, fingerprint, last_attempt, last_success, error, reason, hint)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (partnership, id) DO UPDATE SET cursor = excluded.cursor, fingerprint = excluded.fingerprint,
			last_attempt = excluded.last_attempt, last_success = excluded.last_success, error = excluded.error,
			reason = excluded.reason, hint = excluded.hint`
	return w.each(upsert, len(ss), func(i int) ([]any, error) {
		s := &ss[i]
		return []any{
			string(s.ID), s.Cursor, s.Fingerprint, timeForm(s.LastAttempt), timeForm(s.LastSuccess), s.Error, string(s.Reason), s.Hint,
		}, nil
	})
}

func (w *writing) intents(gone []store.LinkID, ins []store.Intent) error {
	if err := w.remove("intents", gone); err != nil {
		return err
	}
	const upsert = `INSERT INTO intents (partnership, task, source, op, changes, at, attempt)
		VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (partnership, task, source) DO UPDATE SET op = excluded.op, changes = excluded.changes, at = excluded.at,
			attempt = excluded.attempt`
	return w.each(upsert, len(ins), func(i int) ([]any, error) {
		in := &ins[i]
		changes, err := changesForm(in.Set)
		if err != nil {
			return nil, fmt.Errorf("%s in %s: %w", in.Task, in.Source, err)
		}
		return []any{string(in.Task), string(in.Source), string(in.Op), changes, timeForm(in.At), in.Attempt}, nil
	})
}

func (w *writing) pauses(gone []store.LinkID, ps []store.Pause) error {
	if err := w.remove("pauses", gone); err != nil {
		return err
	}
	const upsert = `INSERT INTO pauses (partnership, task, source, op, until, attempt, want, error, reason, hint)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		ON CONFLICT (partnership, task, source) DO UPDATE SET op = excluded.op, until = excluded.until, attempt = excluded.attempt,
			want = excluded.want, error = excluded.error, reason = excluded.reason, hint = excluded.hint`
	return w.each(upsert, len(ps), func(i int) ([]any, error) {
		p := &ps[i]
		return []any{
			string(p.Task), string(p.Source), string(p.Op), timeForm(p.Until), p.Attempt, p.Want, p.Error, string(p.Reason), p.Hint,
		}, nil
	})
}

func (w *writing) conflicts(stored string, cs []store.Conflict) error {
	rows := make([][]any, 0, len(cs))
	for i := range cs {
		c := &cs[i]
		if _, err := appendField(nil, c.Field); err != nil {
			return fmt.Errorf("%s: %w", c.Task, err)
		}
		rows = append(rows, []any{
			string(c.Task), c.Field.String(), valueForm(c.Agreed), claimsForm(c.Claims), timeForm(c.Opened),
		})
	}
	return w.replace(set{
		table: "conflicts", digest: "conflicts_digest",
		insert: `INSERT INTO conflicts (partnership, task, field, agreed, claims, opened) VALUES ($1, $2, $3, $4, $5, $6)`,
	}, stored, rows)
}

func (w *writing) holds(stored string, hs []task.Hold) error {
	hs = slices.Clone(hs)
	slices.SortStableFunc(hs, compareHolds)
	rows := make([][]any, 0, len(hs))
	position := 0
	for i, h := range hs {
		position++
		if i == 0 || compareHolds(hs[i-1], h) != 0 {
			position = 0
		}
		rows = append(rows, []any{
			string(h.Source), h.Key, h.Field, position, string(h.Task), h.Name, string(h.Reason), h.Raw, h.Hint,
		})
	}
	return w.replace(set{
		table: "holds", digest: "holds_digest",
		insert: `INSERT INTO holds (partnership, source, key, field, position, task, name, reason, raw, hint)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
	}, stored, rows)
}

func (w *writing) events(cycle int64, es []store.Event) error {
	const insert = `INSERT INTO events (partnership, cycle, at, kind, task, field, source, value_from, value_to, changed_by,
			losers, note)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`
	return w.each(insert, len(es), func(i int) ([]any, error) {
		e := &es[i]
		return []any{
			cycle, timeForm(e.At), string(e.Kind), string(e.Task), e.Field, string(e.Source), valueForm(e.From), valueForm(e.To), e.By,
			claimsForm(e.Losers), e.Note,
		}, nil
	})
}

// cycle adds a line to the list of cycles and takes the oldest away.
func (w *writing) cycle(generation int64, c store.Cycle) error {
	const insert = `INSERT INTO cycles (partnership, generation, started, took, result, patches, note)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`
	err := w.each(insert, 1, func(int) ([]any, error) {
		return []any{generation, timeForm(c.Started), c.Took.Nanoseconds(), c.Result, c.Patches, c.Note}, nil
	})
	if err != nil {
		return err
	}
	_, err = w.tx.ExecContext(w.rows, `DELETE FROM cycles WHERE partnership = $1 AND generation <= $2`, w.pk, generation-keepCycles)
	return err
}
