package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"

	_ "modernc.org/sqlite" // the database driver "sqlite"

	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/store"
)

// Memory is the path of a database that lives in memory and ends with its Store.
const Memory = ":memory:"

// Options are seldom needed: the zero Options are right for a daemon.
type Options struct {
	// BusyTimeout is how long a write waits for another process; 0 for 5 s.
	BusyTimeout time.Duration
	// Pragmas are set on the writing connection after Lockstep's own, each as "max_page_count(100)".
	Pragmas []string
}

// Store is a store.Store in a SQLite file.
type Store struct {
	path   string
	writer *sql.DB // one connection
	reader *sql.DB // the same pool as writer where the database is in memory
}

var _ store.Store = (*Store)(nil)

const (
	busyTimeout = 5 * time.Second
	readers     = 4
	// journalLimit is what the journal file shrinks back to after a great commit, in bytes.
	journalLimit = 16 << 20
	// writerCache is how much of a great commit stays in memory until it is whole, in KiB; taken only when needed.
	writerCache = 32 << 10
	fileMode    = 0o600
)

// Open opens the database at path, or makes one that only the user may read, and brings an older one up to date. The folder
// must be there. A database that a newer Lockstep has written is left as it is: ErrNewer. Other errors are, or wrap, a
// *fault.Error whose hint says what to do. The caller closes the Store.
func Open(ctx context.Context, path string, o Options) (*Store, error) {
	s := &Store{path: path}
	op := "open the database " + path
	if path != Memory {
		if err := s.prepareFile(ctx); err != nil {
			return nil, s.failed(ctx, op, err)
		}
	}
	if err := s.connect(ctx, o); err != nil {
		return nil, errors.Join(s.failed(ctx, op, err), s.Close())
	}
	return s, nil
}

// prepareFile makes the file where there is none, and looks at one that is there without changing it.
func (s *Store) prepareFile(ctx context.Context) error {
	if s.path == "" {
		return fault.New(fault.Permanent, fault.Invalid, "", "it has no path").WithHint("name a file: store: sqlite:lockstep.db")
	}
	folder := filepath.Dir(s.path)
	if _, err := os.Stat(folder); errors.Is(err, fs.ErrNotExist) {
		return fault.New(fault.Permanent, fault.Unavailable, "", "there is no folder %s", folder).
			WithHint("make the folder %s, or name another file under store", folder)
	}
	// SQLite gives its journal files the mode of the database.
	f, err := os.OpenFile(s.path, os.O_CREATE|os.O_RDWR, fileMode)
	if err != nil {
		return err
	}
	head := make([]byte, len(magic))
	n, err := io.ReadFull(f, head)
	if closed := f.Close(); closed != nil {
		return closed
	}
	switch {
	case n == 0 && errors.Is(err, io.EOF):
		return nil
	case err != nil && !errors.Is(err, io.ErrUnexpectedEOF):
		return err
	case string(head) != magic:
		return errNotADatabase()
	}
	return s.look(ctx)
}

// magic begins every SQLite file.
const magic = "SQLite format 3\x00"

// connect opens both pools and runs the migrations that are missing.
func (s *Store) connect(ctx context.Context, o Options) error {
	timeout := o.BusyTimeout
	if timeout <= 0 {
		timeout = busyTimeout
	}
	pragmas := []string{
		"busy_timeout(" + strconv.FormatInt(timeout.Milliseconds(), 10) + ")",
		"journal_mode(WAL)",
		"synchronous(FULL)",
		"journal_size_limit(" + strconv.Itoa(journalLimit) + ")",
		"cache_size(-" + strconv.Itoa(writerCache) + ")",
	}
	var err error
	if s.writer, err = pool(s.path, 1, "immediate", append(pragmas, o.Pragmas...)); err != nil {
		return err
	}
	if err := migrate(ctx, s.writer); err != nil {
		return err
	}
	if s.path == Memory {
		s.reader = s.writer
		return nil
	}
	if s.reader, err = pool(s.path, readers, "deferred", append(pragmas[:1:1], "query_only(1)")); err != nil {
		return err
	}
	return s.Ping(ctx)
}

func pool(path string, connections int, lock string, pragmas []string) (*sql.DB, error) {
	db, err := sql.Open("sqlite", address(path, url.Values{"_pragma": pragmas, "_txlock": {lock}}))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections) // a connection of a memory database is the database
	return db, nil
}

// address names a file so that no character of its path is taken for something else.
func address(path string, q url.Values) string {
	if path == Memory {
		return "file::memory:?" + q.Encode()
	}
	return "file:" + (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath() + "?" + q.Encode()
}

// Ping reports whether the database can be reached and read.
func (s *Store) Ping(ctx context.Context) error {
	var n int
	err := s.reader.QueryRowContext(ctx, `SELECT count(*) FROM (SELECT 1 FROM partnerships LIMIT 1) AS p`).Scan(&n)
	return s.failed(ctx, "read the database "+s.path, err)
}

// Close waits for what is under way and releases the file. Calls after it return an error; Close itself may be called again.
func (s *Store) Close() error {
	var errs []error
	for _, db := range []*sql.DB{s.reader, s.writer} { // the writer last: it takes the journal away
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("close the database %s: %w", s.path, err)
	}
	return nil
}
