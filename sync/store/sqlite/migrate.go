package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"

	"github.com/pressly/goose/v3"

	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/store"
)

//go:embed migrations/*.sql
var migrations embed.FS

// applicationID stands in the header of our files, and is set by the first migration.
const applicationID = 0x4C6F636B

// migrateTries is how often a migration is begun: two processes that open a new file at once get in each other's way, and
// the one that lost finds the work done.
const migrateTries = 3

func provider(db *sql.DB) (*goose.Provider, error) {
	folder, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(goose.DialectSQLite3, db, folder, goose.WithDisableGlobalRegistry(true))
}

// newest is the format that this Lockstep reads and writes: the number of its last migration.
func newest() (int64, error) {
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil || len(names) == 0 {
		return 0, fmt.Errorf("list migrations: found %d: %w", len(names), err)
	}
	var last int64
	for _, name := range names {
		n, err := goose.NumericComponent(name)
		if err != nil {
			return 0, fmt.Errorf("read the number of migration %s: %w", name, err)
		}
		last = max(last, n)
	}
	return last, nil
}

// look reads whose file it is and which format it has, over a connection that cannot write, so that a file that is not
// for us stays as it is to the byte.
func (s *Store) look(ctx context.Context) (err error) {
	db, err := sql.Open("sqlite", address(s.path, url.Values{"mode": {"ro"}, "_pragma": {"busy_timeout(5000)"}}))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var tables, application, ours int64
	if err := db.QueryRowContext(ctx, `SELECT count(*), count(*) FILTER (WHERE name = 'goose_db_version') FROM sqlite_master
		WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`).Scan(&tables, &ours); err != nil {
		return err
	}
	if err := db.QueryRowContext(ctx, `PRAGMA application_id`).Scan(&application); err != nil {
		return err
	}
	if tables == 0 {
		return nil // made, and closed before the first migration
	}
	if application != applicationID && (application != 0 || tables > ours) {
		return fault.New(fault.Permanent, fault.Invalid, "", "it is the database of another program").
			WithHint("name another file under store; Lockstep makes it")
	}
	var format sql.NullInt64
	if err := db.QueryRowContext(ctx, `SELECT max(version_id) FROM goose_db_version`).Scan(&format); err != nil {
		return err
	}
	last, err := newest()
	if err != nil {
		return err
	}
	if format.Int64 > last {
		e := fault.New(fault.Permanent, fault.Unsupported, "", "%w: it has format %d, and this Lockstep reads formats up to %d; "+
			"run the newer Lockstep, or put back the copy of the database from before the upgrade", store.ErrNewer, format.Int64, last)
		return e.WithHint("run the newer Lockstep, or put back the copy of the database from before the upgrade")
	}
	return nil
}

// migrate runs the migrations that the database has not seen, each in a transaction of its own.
func migrate(ctx context.Context, db *sql.DB) error {
	p, err := provider(db)
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	// A transaction that writes nothing still takes the write lock: a file that cannot be written is found now.
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := tx.Rollback(); err != nil {
		return err
	}
	for range migrateTries {
		if _, err = p.Up(ctx); err == nil || ctx.Err() != nil {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("bring the database up to date: %w", err)
	}
	return nil
}
