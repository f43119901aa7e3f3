package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"modernc.org/sqlite"
	lite "modernc.org/sqlite/lib"

	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/store"
)

func errNotADatabase() *fault.Error {
	return fault.New(fault.Permanent, fault.Invalid, "", "it is not a SQLite database").
		WithHint("name another file under store, or move this one away and Lockstep makes a new one")
}

// failed says what was being done, and gives the errors that an operator can act on a kind and a hint. A nil err stays nil.
func (s *Store) failed(ctx context.Context, op string, err error) error {
	var f *fault.Error
	switch {
	case err == nil:
		return nil
	case errors.Is(err, store.ErrStale):
		return fmt.Errorf("%s: %w", op, store.ErrStale)
	case ctx.Err() != nil:
		// What SQLite and database/sql say of an interrupted statement differs from one moment to the next.
		f = fault.Of(ctx.Err())
		return &fault.Error{Kind: f.Kind, Reason: f.Reason, Op: op, Err: ctx.Err()}
	case errors.As(err, &f):
		f.Op = op
		return f
	}
	kind, reason, hint := s.advice(err)
	if hint == "" {
		return fmt.Errorf("%s: %w", op, err)
	}
	return &fault.Error{Kind: kind, Reason: reason, Op: op, Err: err, Hint: hint}
}

// advice is what to do about an error of SQLite or of the file system; "" where nothing is known.
func (s *Store) advice(err error) (fault.Kind, fault.Reason, string) {
	const (
		permanent   = fault.Permanent
		unavailable = fault.Unavailable
	)
	readOnly := "let the user that Lockstep runs as write " + s.path + " and its folder"
	full := "make room on the disk that holds " + s.path + "; nothing is lost, and Lockstep goes on by itself"
	corrupt := "stop Lockstep, keep a copy of " + s.path + " with its -wal file, and put back the last good copy of the database"
	if errors.Is(err, errDamaged) {
		return permanent, fault.Invalid, corrupt
	}
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		switch e.Code() & 0xFF { // the rest of the code is detail
		case lite.SQLITE_FULL:
			return permanent, unavailable, full
		case lite.SQLITE_READONLY, lite.SQLITE_PERM, lite.SQLITE_AUTH:
			return permanent, unavailable, readOnly
		case lite.SQLITE_CANTOPEN:
			return permanent, unavailable, "see that " + s.path + " and its folder are there; " + readOnly
		case lite.SQLITE_CORRUPT:
			return permanent, unavailable, corrupt
		case lite.SQLITE_NOTADB:
			return permanent, fault.Invalid, errNotADatabase().Hint
		case lite.SQLITE_BUSY, lite.SQLITE_LOCKED:
			return fault.Retryable, unavailable, "another process holds " + s.path + "; if it stays so, look for a second " +
				"Lockstep, a backup or a shell that has it open"
		case lite.SQLITE_IOERR:
			return permanent, unavailable, "the disk that holds " + s.path + " gave an error; see the system's log"
		case lite.SQLITE_TOOBIG:
			return permanent, fault.Invalid, "a text is longer than the database takes (1 GB); shorten it in its tool"
		}
		return "", "", ""
	}
	switch {
	case errors.Is(err, syscall.ENOSPC):
		return permanent, unavailable, full
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return permanent, unavailable, readOnly
	case errors.Is(err, syscall.EISDIR):
		return permanent, fault.Invalid, s.path + " is a folder; name a file in it under store"
	case errors.Is(err, syscall.ENOTDIR), errors.Is(err, fs.ErrNotExist):
		return permanent, unavailable, "see that the folder of " + s.path + " is there"
	}
	return "", "", ""
}
