package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/lockstep-sync/lockstep/sync/store"
)

// pageLimit is how many events one query returns at most, and by default.
const pageLimit = 1000

// History returns the events that the query selects, in its order; nil where there are none.
func (s *Store) History(ctx context.Context, partnership string, q store.Query) ([]store.Event, error) {
	limit := q.Limit
	if limit <= 0 || limit > pageLimit {
		limit = pageLimit
	}
	// Conditions are added, not switched off by a parameter: an index is chosen before parameters are known.
	query := `SELECT e.id, e.cycle, e.at, e.kind, e.task, e.field, e.source, e.value_from, e.value_to, e.changed_by, e.losers, e.note
		FROM events AS e WHERE e.partnership = (SELECT pk FROM partnerships WHERE id = $1)`
	args := []any{partnership, limit}
	if q.Task != "" {
		args = append(args, string(q.Task))
		query += fmt.Sprintf(` AND e.task = $%d`, len(args))
	}
	if q.Cycle != 0 {
		args = append(args, q.Cycle)
		query += fmt.Sprintf(` AND e.cycle = $%d`, len(args))
	}
	if q.Before != 0 {
		args = append(args, q.Before)
		query += fmt.Sprintf(` AND e.id < $%d`, len(args))
	}
	if q.After != 0 {
		args = append(args, q.After)
		query += fmt.Sprintf(` AND e.id > $%d`, len(args))
	}
	if len(q.Kinds) > 0 {
		places := make([]string, len(q.Kinds))
		for i, k := range q.Kinds {
			args = append(args, string(k))
			places[i] = fmt.Sprintf(`$%d`, len(args))
		}
		query += ` AND e.kind IN (` + strings.Join(places, `, `) + `)`
	}
	if q.Oldest {
		query += ` ORDER BY e.id LIMIT $2`
	} else {
		query += ` ORDER BY e.id DESC LIMIT $2`
	}
	var out []store.Event
	err := s.query(ctx, query, args, func(scan func(...any) error) error {
		e, err := scanEvent(scan)
		out = append(out, e)
		return err
	})
	if err != nil {
		return nil, s.failed(ctx, fmt.Sprintf("read the history of %s in %s", partnership, s.path), err)
	}
	return out, nil
}

func scanEvent(scan func(...any) error) (store.Event, error) {
	var (
		e                store.Event
		at               sql.NullInt64
		from, to, losers sql.NullString
	)
	err := scan(&e.ID, &e.Cycle, &at, &e.Kind, &e.Task, &e.Field, &e.Source, &from, &to, &e.By, &losers, &e.Note)
	if err != nil {
		return e, err
	}
	var err2, err3 error
	e.At = readTime(at)
	e.From, err = readValue(from)
	e.To, err2 = readValue(to)
	e.Losers, err3 = readClaims(losers)
	if err := errors.Join(err, err2, err3); err != nil {
		return e, fmt.Errorf("event %d: %w", e.ID, err)
	}
	return e, nil
}

// Cycles returns the newest cycles, newest first, at most limit; nil where there are none, or limit is not above 0.
func (s *Store) Cycles(ctx context.Context, partnership string, limit int) ([]store.Cycle, error) {
	const query = `SELECT generation, started, took, result, patches, note FROM cycles
		WHERE partnership = (SELECT pk FROM partnerships WHERE id = $1) ORDER BY generation DESC LIMIT $2`
	var out []store.Cycle
	err := s.query(ctx, query, []any{partnership, max(limit, 0)}, func(scan func(...any) error) error {
		var (
			c       store.Cycle
			started sql.NullInt64
			took    int64
		)
		err := scan(&c.Generation, &started, &took, &c.Result, &c.Patches, &c.Note)
		c.Started, c.Took = readTime(started), time.Duration(took)
		out = append(out, c)
		return err
	})
	if err != nil {
		return nil, s.failed(ctx, fmt.Sprintf("read the cycles of %s in %s", partnership, s.path), err)
	}
	return out, nil
}

// query calls one for each row.
func (s *Store) query(ctx context.Context, query string, args []any, one func(scan func(...any) error) error) (err error) {
	rows, err := s.reader.QueryContext(ctx, query, args...)
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
