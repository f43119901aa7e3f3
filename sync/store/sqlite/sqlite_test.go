package sqlite_test

import (
	"path/filepath"
	"testing"

	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/store/sqlite"
	"github.com/lockstep-sync/lockstep/sync/store/storetest"
)

func openAt(t *testing.T, path string, o sqlite.Options) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// quick leaves out the wait for the disk, which no test of rules needs.
func quick() sqlite.Options { return sqlite.Options{Pragmas: []string{"synchronous(OFF)"}} }

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) store.Store {
		t.Helper()
		return openAt(t, filepath.Join(t.TempDir(), "lockstep.db"), quick())
	})
}

func TestStoreInMemory(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) store.Store {
		t.Helper()
		return openAt(t, sqlite.Memory, sqlite.Options{})
	})
}

func TestReopen(t *testing.T) {
	t.Parallel()
	storetest.Reopen(t, func(t *testing.T) storetest.Opener {
		t.Helper()
		path := filepath.Join(t.TempDir(), "lockstep.db")
		return func(t *testing.T) store.Store {
			t.Helper()
			return openAt(t, path, quick())
		}
	})
}
