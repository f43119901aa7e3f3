package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// Load returns what is remembered of a partnership, as of one instant; the zero State (Generation 0, NextID 1) of one never
// seen. A slice with nothing in it is nil.
func (s *Store) Load(ctx context.Context, partnership string) (store.State, error) {
	st, err := s.load(ctx, partnership)
	if err != nil {
		return store.State{}, s.failed(ctx, fmt.Sprintf("load %s from %s", partnership, s.path), err)
	}
	return st, nil
}

func (s *Store) load(ctx context.Context, partnership string) (st store.State, err error) {
	tx, err := s.reader.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return st, err
	}
	defer func() { err = errors.Join(err, tx.Rollback()) }()
	l := loading{ctx: ctx, tx: tx}
	st.NextID = 1
	row := tx.QueryRowContext(ctx, `SELECT pk, generation, next_id FROM partnerships WHERE id = $1`, partnership)
	if err := row.Scan(&l.pk, &st.Generation, &st.NextID); errors.Is(err, sql.ErrNoRows) {
		return st, nil
	} else if err != nil {
		return st, err
	}
	for _, part := range []struct {
		name string
		load func(*store.State) error
	}{
		{"tasks", l.tasks},
		{"links", l.links},
		{"sources", l.sources},
		{"intents", l.intents},
		{"pauses", l.pauses},
		{"conflicts", l.conflicts},
		{"holds", l.holds},
	} {
		if err := part.load(&st); err != nil {
			return st, fmt.Errorf("%s: %w", part.name, err)
		}
	}
	order(&st)
	return st, nil
}

// order sorts as store.State says. The database is not asked to, since texts compare differently in others.
func order(st *store.State) {
	numbers := make(map[task.ID]int64, len(st.Tasks))
	for _, t := range st.Tasks {
		numbers[t.ID] = t.Number
	}
	byTask := func(a, b task.ID) int {
		if a == b {
			return 0
		}
		return cmp.Or(cmp.Compare(numbers[a], numbers[b]), strings.Compare(string(a), string(b)))
	}
	slices.SortFunc(st.Tasks, func(a, b store.Task) int {
		return cmp.Or(cmp.Compare(a.Number, b.Number), strings.Compare(string(a.ID), string(b.ID)))
	})
	st.Links = orderLinks(st.Links, numbers)
	slices.SortFunc(st.Sources, func(a, b store.Source) int { return strings.Compare(string(a.ID), string(b.ID)) })
	slices.SortFunc(st.Intents, func(a, b store.Intent) int {
		return cmp.Or(byTask(a.Task, b.Task), strings.Compare(string(a.Source), string(b.Source)))
	})
	slices.SortFunc(st.Pauses, func(a, b store.Pause) int {
		return cmp.Or(byTask(a.Task, b.Task), strings.Compare(string(a.Source), string(b.Source)))
	})
	slices.SortFunc(st.Conflicts, func(a, b store.Conflict) int {
		return cmp.Or(byTask(a.Task, b.Task), cmp.Compare(a.Field, b.Field))
	})
	slices.SortStableFunc(st.Holds, compareHolds)
}

// orderLinks sorts places in the slice and moves each link once: a link is half a kilobyte, and there are many.
func orderLinks(ls []store.Link, numbers map[task.ID]int64) []store.Link {
	if len(ls) == 0 {
		return nil
	}
	type place struct{ number, at int64 }
	places := make([]place, len(ls))
	for i := range ls {
		places[i] = place{numbers[ls[i].Task], int64(i)}
	}
	slices.SortFunc(places, func(a, b place) int {
		if a.number != b.number {
			return cmp.Compare(a.number, b.number)
		}
		k, l := &ls[a.at], &ls[b.at]
		return cmp.Or(strings.Compare(string(k.Task), string(l.Task)), strings.Compare(string(k.Source), string(l.Source)))
	})
	out := make([]store.Link, len(ls))
	for i, p := range places {
		out[i] = ls[p.at]
	}
	return out
}

func compareHolds(a, b task.Hold) int {
	return cmp.Or(
		strings.Compare(string(a.Source), string(b.Source)),
		strings.Compare(a.Key, b.Key),
		strings.Compare(a.Field, b.Field),
	)
}

// guess is for how many tasks room is made beforehand, at most: the greatest number says how many there may be.
const guess = 1 << 16

// loading reads one partnership's rows in one transaction.
type loading struct {
	ctx context.Context //nolint:containedctx // lives as long as one call of Load
	tx  *sql.Tx
	pk  int64
	// forms remembers what it read: most words, days and people stand in many rows.
	forms forms
}

// rows calls one for each row that the query gives for the partnership.
func (l *loading) rows(query string, one func(scan func(...any) error) error) (err error) {
	rows, err := l.tx.QueryContext(l.ctx, query, l.pk)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := one(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (l *loading) tasks(st *store.State) error {
	const query = `SELECT id, number, agreed, baseline, removed, created, changed FROM tasks WHERE partnership = $1`
	var ( // for all rows, and of plain types, which database/sql fills without reflection
		id, agreed       string
		t                store.Task
		baseline         sql.NullString
		created, changed sql.NullInt64
	)
	var forms []string
	err := l.rows(query, func(scan func(...any) error) error {
		if err := scan(&id, &t.Number, &agreed, &baseline, &t.Removed, &created, &changed); err != nil {
			return err
		}
		var err, err2 error
		t.Agreed, err = l.forms.values(agreed)
		t.Baseline, err2 = readValue(baseline)
		if err := errors.Join(err, err2); err != nil {
			return fmt.Errorf("%s: %w", id, err)
		}
		t.ID, t.Created, t.Changed = task.ID(id), readTime(created), readTime(changed)
		if st.Tasks == nil { // and stays nil where there are none
			room := min(max(st.NextID-1, 1), guess)
			st.Tasks, forms = make([]store.Task, 0, room), make([]string, 0, room)
		}
		st.Tasks, forms = append(st.Tasks, t), append(forms, agreed)
		return nil
	})
	for i := range st.Tasks {
		l.forms.keep(forms[i], &st.Tasks[i].Agreed)
	}
	return err
}

func (l *loading) links(st *store.State) error {
	const query = `SELECT task, source, key, name, url, base, version FROM links WHERE partnership = $1`
	st.Links = make([]store.Link, 0, 2*len(st.Tasks)) // few tasks are in one source alone
	var (                                             // as above
		id, source, base string
		k                store.Link
	)
	return l.rows(query, func(scan func(...any) error) error {
		if err := scan(&id, &source, &k.Key, &k.Name, &k.URL, &base, &k.Version); err != nil {
			return err
		}
		var err error
		if k.Base, err = l.forms.values(base); err != nil {
			return fmt.Errorf("%s in %s: %w", id, source, err)
		}
		k.Task, k.Source = task.ID(id), task.SourceID(source)
		st.Links = append(st.Links, k)
		return nil
	})
}

func (l *loading) sources(st *store.State) error {
	const query = `SELECT id, cursor, fingerprint, last_attempt, last_success, error, reason, hint FROM sources
		WHERE partnership = $1`
	return l.rows(query, func(scan func(...any) error) error {
		var (
			src              store.Source
			attempt, success sql.NullInt64
		)
		err := scan(&src.ID, &src.Cursor, &src.Fingerprint, &attempt, &success, &src.Error, &src.Reason, &src.Hint)
		src.LastAttempt, src.LastSuccess = readTime(attempt), readTime(success)
		st.Sources = append(st.Sources, src)
		return err
	})
}

func (l *loading) intents(st *store.State) error {
	const query = `SELECT task, source, op, changes, at, attempt FROM intents WHERE partnership = $1`
	return l.rows(query, func(scan func(...any) error) error {
		var (
			in      store.Intent
			changes sql.NullString
			at      sql.NullInt64
		)
		if err := scan(&in.Task, &in.Source, &in.Op, &changes, &at, &in.Attempt); err != nil {
			return err
		}
		var err error
		if in.Set, err = readChanges(changes); err != nil {
			return fmt.Errorf("%s in %s: %w", in.Task, in.Source, err)
		}
		in.At = readTime(at)
		st.Intents = append(st.Intents, in)
		return nil
	})
}

func (l *loading) pauses(st *store.State) error {
	const query = `SELECT task, source, op, until, attempt, want, error, reason, hint FROM pauses WHERE partnership = $1`
	return l.rows(query, func(scan func(...any) error) error {
		var (
			p     store.Pause
			until sql.NullInt64
		)
		err := scan(&p.Task, &p.Source, &p.Op, &until, &p.Attempt, &p.Want, &p.Error, &p.Reason, &p.Hint)
		p.Until = readTime(until)
		st.Pauses = append(st.Pauses, p)
		return err
	})
}

func (l *loading) conflicts(st *store.State) error {
	const query = `SELECT task, field, agreed, claims, opened FROM conflicts WHERE partnership = $1`
	return l.rows(query, func(scan func(...any) error) error {
		var (
			c              store.Conflict
			field          string
			agreed, claims sql.NullString
			opened         sql.NullInt64
		)
		if err := scan(&c.Task, &field, &agreed, &claims, &opened); err != nil {
			return err
		}
		var err, err2 error
		var err3 error
		if f, ok := task.ParseField(field); ok {
			c.Field = f
		} else {
			err3 = fmt.Errorf("%w: %q is not a field", errDamaged, field)
		}
		c.Agreed, err = readValue(agreed)
		c.Claims, err2 = readClaims(claims)
		if err := errors.Join(err, err2, err3); err != nil {
			return fmt.Errorf("%s of %s: %w", field, c.Task, err)
		}
		c.Opened = readTime(opened)
		st.Conflicts = append(st.Conflicts, c)
		return nil
	})
}

func (l *loading) holds(st *store.State) error {
	const query = `SELECT source, key, field, task, name, reason, raw, hint FROM holds WHERE partnership = $1
		ORDER BY position`
	return l.rows(query, func(scan func(...any) error) error {
		var h task.Hold
		err := scan(&h.Source, &h.Key, &h.Field, &h.Task, &h.Name, &h.Reason, &h.Raw, &h.Hint)
		st.Holds = append(st.Holds, h)
		return err
	})
}
