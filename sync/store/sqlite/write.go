package sqlite

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"

	"github.com/lockstep-sync/lockstep/sync/store"
)

// checkEvery is after how many rows a long commit looks whether it is still wanted.
const checkEvery = 256

// writing is one transaction that writes to one partnership.
type writing struct {
	ctx context.Context //nolint:containedctx // lives as long as one transaction
	// rows is ctx without its end: a watch over each of forty thousand statements would cost as much as the statements.
	rows context.Context //nolint:containedctx // as ctx
	tx   *sql.Tx
	pk   int64
}

// write runs what in a transaction that has the write lock from its beginning, so that what it reads stays true until it
// commits. An error of what undoes all.
func (s *Store) write(ctx context.Context, what func(*writing) error) error {
	tx, err := s.writer.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := what(&writing{ctx: ctx, rows: context.WithoutCancel(ctx), tx: tx}); err != nil {
		_ = tx.Rollback() // fails only where SQLite, or the end of ctx, has rolled back before
		return err
	}
	return tx.Commit()
}

// hold finds the partnership at the given generation and moves it on by the step; ErrStale where it is at another. It
// returns the digests of the conflicts and holds that are stored.
func (w *writing) hold(partnership string, generation, step, nextID int64) (conflicts, holds string, err error) {
	if generation == 0 {
		if err := w.introduce(partnership); err != nil {
			return "", "", err
		}
	}
	const advance = `UPDATE partnerships SET generation = generation + $3,
			next_id = CASE WHEN next_id < $4 THEN $4 ELSE next_id END
		WHERE id = $1 AND generation = $2 RETURNING pk, conflicts_digest, holds_digest`
	const find = `SELECT pk, conflicts_digest, holds_digest FROM partnerships WHERE id = $1 AND generation = $2`
	var row *sql.Row
	if step == 0 {
		row = w.tx.QueryRowContext(w.rows, find, partnership, generation)
	} else {
		row = w.tx.QueryRowContext(w.rows, advance, partnership, generation, step, nextID)
	}
	err = row.Scan(&w.pk, &conflicts, &holds)
	if errors.Is(err, sql.ErrNoRows) {
		err = store.ErrStale
	}
	return conflicts, holds, err
}

// introduce makes a partnership known at generation 0, unless it is known.
func (w *writing) introduce(partnership string) error {
	const first = `INSERT INTO partnerships (id, generation, next_id, conflicts_digest, holds_digest)
		VALUES ($1, 0, 1, '', '') ON CONFLICT (id) DO NOTHING`
	_, err := w.tx.ExecContext(w.rows, first, partnership)
	return err
}

// find finds the partnership at whatever generation it is, and returns that.
func (w *writing) find(partnership string) (generation int64, err error) {
	if err := w.introduce(partnership); err != nil {
		return 0, err
	}
	err = w.tx.QueryRowContext(w.rows, `SELECT pk, generation FROM partnerships WHERE id = $1`, partnership).Scan(&w.pk, &generation)
	return generation, err
}

// each runs the statement for n rows; args gives the arguments of a row from $2 on, $1 being the partnership.
func (w *writing) each(statement string, n int, args func(int) ([]any, error)) (err error) {
	if n == 0 {
		return nil
	}
	st, err := w.tx.PrepareContext(w.rows, statement)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	var all []any
	for i := range n {
		if i%checkEvery == 0 && w.ctx.Err() != nil {
			return w.ctx.Err()
		}
		rest, err := args(i)
		if err != nil {
			return err
		}
		all = append(append(all[:0], w.pk), rest...)
		if _, err := st.ExecContext(w.rows, all...); err != nil {
			return err
		}
	}
	return nil
}

// set is a table whose rows of a partnership are replaced as a whole, and its digest's column in partnerships.
type set struct{ table, digest, insert string }

// replace stores the rows if their digest is not the one that is stored.
func (w *writing) replace(s set, stored string, rows [][]any) error {
	digest := digestOf(rows)
	if digest == stored {
		return nil
	}
	if _, err := w.tx.ExecContext(w.rows, `DELETE FROM `+s.table+` WHERE partnership = $1`, w.pk); err != nil { //nolint:gosec // our own names
		return err
	}
	if err := w.each(s.insert, len(rows), func(i int) ([]any, error) { return rows[i], nil }); err != nil {
		return err
	}
	_, err := w.tx.ExecContext(w.rows, `UPDATE partnerships SET `+s.digest+` = $2 WHERE pk = $1`, w.pk, digest) //nolint:gosec // as above
	return err
}

// digestOf names the content of rows: equal for equal rows in equal order, "" for none. Each part goes in with its length,
// so that no two contents look alike.
func digestOf(rows [][]any) string {
	if len(rows) == 0 {
		return ""
	}
	h := sha256.New()
	var b []byte
	for _, row := range rows {
		b = append(b[:0], "row"...)
		for _, part := range row {
			text, kind := "", byte('-')
			switch p := part.(type) {
			case string:
				text, kind = p, 't'
			case int:
				text, kind = strconv.Itoa(p), 'n'
			case sql.NullString:
				if p.Valid {
					text, kind = p.String, 't'
				}
			case sql.NullInt64:
				if p.Valid {
					text, kind = strconv.FormatInt(p.Int64, 10), 'n'
				}
			default:
				text, kind = fmt.Sprint(p), '?'
			}
			b = append(b, kind)
			b = strconv.AppendInt(b, int64(len(text)), 10)
			b = append(b, ':')
			b = append(b, text...)
		}
		_, _ = h.Write(b) // a hash takes everything
	}
	return hex.EncodeToString(h.Sum(nil))
}
