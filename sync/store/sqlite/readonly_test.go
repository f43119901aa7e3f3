package sqlite

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/store"
)

// TestTurnsReadOnly has a database that can be written no more under an open store, as on a disk with errors.
func TestTurnsReadOnly(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "lockstep.db")
	s, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Decide(t.Context(), "p", store.Commit{NextID: 5}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.writer.ExecContext(t.Context(), `PRAGMA query_only = 1`); err != nil {
		t.Fatal(err)
	}
	_, err = s.Decide(t.Context(), "p", store.Commit{Generation: 1, NextID: 9})
	f := fault.Of(err)
	if err == nil || f.Kind != fault.Permanent || !strings.Contains(f.Error(), path) || !strings.Contains(f.Hint, "write "+path) {
		t.Errorf("got %v with the hint %q", err, f.Hint)
	}
	if st, err := s.Load(t.Context(), "p"); err != nil || st.NextID != 5 {
		t.Errorf("loaded %+v, %v", st, err)
	}
}
