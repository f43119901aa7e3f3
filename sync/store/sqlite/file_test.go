package sqlite_test

import (
	"bytes"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/store/sqlite"
	"github.com/lockstep-sync/lockstep/sync/task"
)

func place(t *testing.T) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "lockstep.db")
}

// shell runs statements on the file as another program would.
func shell(t *testing.T, path string, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	for _, s := range statements {
		if _, err := db.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// made makes a database with n tasks in partnership p, closes it and returns its path.
func made(t *testing.T, n int) string {
	t.Helper()
	path := place(t)
	s := openAt(t, path, quick())
	decide(t, s, 0, n)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// decide commits a cycle that brings the tasks to n, at the given generation.
func decide(t *testing.T, s store.Store, generation int64, n int) {
	t.Helper()
	if _, err := s.Decide(t.Context(), "p", tasksTo(generation, n)); err != nil {
		t.Fatal(err)
	}
}

func tasksTo(generation int64, n int) store.Commit {
	c := store.Commit{Generation: generation, NextID: int64(n) + 1, Cycle: store.Cycle{Result: "ok"}}
	for i := 1; i <= n; i++ {
		id := task.ID(fmt.Sprintf("CW-%d", i))
		c.Tasks = append(c.Tasks, store.Task{ID: id, Number: int64(i), Agreed: task.Values{task.Title: task.TextValue("Dig the well")}})
		c.Links = append(c.Links, store.Link{Task: id, Source: "s", Key: string(id)})
	}
	return c
}

// holds fails the test unless the database loads with n tasks and as many links.
func holds(t *testing.T, s store.Store, n int) store.State {
	t.Helper()
	st, err := s.Load(t.Context(), "p")
	if err != nil {
		t.Fatal(err)
	}
	if len(st.Tasks) != n || len(st.Links) != n {
		t.Fatalf("%d tasks and %d links, want %d", len(st.Tasks), len(st.Links), n)
	}
	return st
}

// advised fails the test unless err is a fault that names the path and whose hint has the words.
func advised(t *testing.T, err error, kind fault.Kind, path string, words ...string) {
	t.Helper()
	var f *fault.Error
	if !errors.As(err, &f) {
		t.Fatalf("want a fault, got %v", err)
	}
	if f.Kind != kind || !strings.Contains(f.Error(), path) {
		t.Errorf("want a %s fault that names %s, got %s: %v", kind, path, f.Kind, err)
	}
	for _, w := range words {
		if !strings.Contains(f.Hint, w) {
			t.Errorf("the hint of %q does not say %q: %q", f, w, f.Hint)
		}
	}
}

func files(t *testing.T, path string) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	for _, suffix := range []string{"", "-wal"} {
		b, err := os.ReadFile(path + suffix)
		if err == nil {
			out[suffix] = b
		} else if !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
	}
	return out
}

func unchanged(t *testing.T, path string, before map[string][]byte) {
	t.Helper()
	after := files(t, path)
	for suffix, b := range before {
		if !bytes.Equal(b, after[suffix]) {
			t.Errorf("the file %s%s was changed", path, suffix)
		}
	}
}

func TestNewer(t *testing.T) {
	t.Parallel()
	path := made(t, 2)
	shell(t, path, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (7, 1)`)
	before := files(t, path)
	s, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	if s != nil || !errors.Is(err, store.ErrNewer) {
		t.Fatalf("got %v and %v, want ErrNewer", s, err)
	}
	advised(t, err, fault.Permanent, path, "run the newer Lockstep")
	for _, words := range []string{"format 7", "up to 2", "run the newer Lockstep"} {
		if !strings.Contains(err.Error(), words) {
			t.Errorf("%q does not say %q", err, words)
		}
	}
	unchanged(t, path, before)
}

// TestNewerAfterCrash opens a newer database whose newest commits lie in the journal still: neither file may change.
func TestNewerAfterCrash(t *testing.T) {
	t.Parallel()
	path := made(t, 2)
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (7, 1)`); err != nil {
		t.Fatal(err)
	}
	crashed := copied(t, path)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	before := files(t, crashed)
	if len(before["-wal"]) == 0 {
		t.Fatal("the journal is empty, so this test proves nothing")
	}
	if _, err := sqlite.Open(t.Context(), crashed, sqlite.Options{}); !errors.Is(err, store.ErrNewer) {
		t.Fatalf("got %v, want ErrNewer", err)
	}
	unchanged(t, crashed, before)
}

// copied copies the database and its journal as they lie on the disk now, as if the power had been cut.
func copied(t *testing.T, path string) string {
	t.Helper()
	to := place(t)
	for suffix, b := range files(t, path) {
		if err := os.WriteFile(to+suffix, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return to
}

func TestNotOurs(t *testing.T) {
	t.Parallel()
	junk := make([]byte, 10_000)
	_, _ = rand.Read(junk)
	other := place(t)
	shell(t, other, `CREATE TABLE notes (x)`, `PRAGMA application_id = 42`)
	goose := place(t)
	shell(t, goose, `CREATE TABLE goose_db_version (id INTEGER PRIMARY KEY, version_id INTEGER, is_applied INTEGER, tstamp TEXT)`,
		`CREATE TABLE users (x)`)
	for name, c := range map[string]struct {
		path string
		text []byte
		want string
	}{
		"a text":                     {place(t), []byte("store: sqlite:lockstep.db\n"), "not a SQLite database"},
		"a short text":               {place(t), []byte("x"), "not a SQLite database"},
		"noise":                      {place(t), junk, "not a SQLite database"},
		"another program's database": {other, nil, "another program"},
		"another program with goose": {goose, nil, "another program"},
		"a header and noise":         {place(t), append([]byte("SQLite format 3\x00"), junk...), "not a database"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if c.text != nil {
				if err := os.WriteFile(c.path, c.text, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			before := files(t, c.path)
			_, err := sqlite.Open(t.Context(), c.path, sqlite.Options{})
			advised(t, err, fault.Permanent, c.path, "name another file")
			if err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("%q does not say %q", err, c.want)
			}
			unchanged(t, c.path, before)
		})
	}
}

func TestPlaces(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for name, c := range map[string]struct{ path, hint string }{
		"no path":       {"", "name a file"},
		"no folder":     {filepath.Join(folder, "missing", "lockstep.db"), "make the folder " + filepath.Join(folder, "missing")},
		"a folder":      {folder, "is a folder"},
		"below a file":  {filepath.Join(made(t, 1), "lockstep.db"), "see that the folder"},
		"no such place": {"/proc/lockstep.db", "/proc/lockstep.db"},
	} {
		_, err := sqlite.Open(t.Context(), c.path, sqlite.Options{})
		if err == nil {
			t.Errorf("%s: no error", name)
			continue
		}
		advised(t, err, fault.Permanent, c.path, c.hint)
	}
	for _, name := range []string{"with blank", "a%20b", "q?mode=ro", "h#x", "ünï 🌊", "it's", "a&b=c", "a;b", "file:x"} {
		path := filepath.Join(folder, name+".db")
		s := openAt(t, path, quick())
		decide(t, s, 0, 1)
		holds(t, s, 1)
		if _, err := os.Stat(path); err != nil {
			t.Errorf("%s: the database lies elsewhere: %v", name, err)
		}
	}
}

func TestFileMode(t *testing.T) {
	t.Parallel()
	path := place(t)
	s := openAt(t, path, quick())
	decide(t, s, 0, 1)
	for _, suffix := range []string{"", "-wal", "-shm"} {
		info, err := os.Stat(path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s%s has mode %v, want only the user to read it", path, suffix, info.Mode())
		}
	}
}

func TestReadOnlyFile(t *testing.T) {
	t.Parallel()
	if os.Geteuid() == 0 {
		t.Skip("the superuser may write to read-only files")
	}
	path := made(t, 2)
	if err := os.Chmod(path, 0o400); err != nil {
		t.Fatal(err)
	}
	_, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	advised(t, err, fault.Permanent, path, "let the user", "write "+path)
}

// TestReadOnly needs no rights that a superuser does not feel.
func TestReadOnly(t *testing.T) {
	t.Parallel()
	path := made(t, 2)
	_, err := sqlite.Open(t.Context(), path, sqlite.Options{Pragmas: []string{"query_only(1)"}})
	advised(t, err, fault.Permanent, path, "let the user", "write "+path)
	holds(t, openAt(t, path, quick()), 2)
}

func TestFullDisk(t *testing.T) {
	t.Parallel()
	path := made(t, 100)
	var size int64
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(db.QueryRowContext(t.Context(), `PRAGMA page_count`).Scan(&size), db.Close()); err != nil {
		t.Fatal(err)
	}
	s := openAt(t, path, sqlite.Options{Pragmas: []string{fmt.Sprintf("max_page_count(%d)", size+2)}})
	big := tasksTo(1, 101)
	big.Tasks[50].Agreed[task.Notes] = task.TextValue(strings.Repeat("x", 1<<20))
	for range 2 { // the second meets what the first left behind
		_, err = s.Decide(t.Context(), "p", big)
		advised(t, err, fault.Permanent, path, "make room", "nothing is lost")
		err = s.Settle(t.Context(), "p", store.Settlement{Generation: 1, Links: []store.Link{
			{Task: "CW-1", Source: "s", Key: "1", Name: strings.Repeat("x", 1<<20)},
		}})
		advised(t, err, fault.Permanent, path, "make room", "nothing is lost")
		if st := holds(t, s, 100); st.Generation != 1 {
			t.Fatalf("generation %d after commits that did not fit", st.Generation)
		}
	}
	decide(t, s, 1, 3) // what fits still goes in
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openAt(t, path, quick())
	big.Generation = 2
	if _, err := s.Decide(t.Context(), "p", big); err != nil { // with room again
		t.Fatal(err)
	}
	holds(t, s, 101)
}

func TestBusy(t *testing.T) {
	t.Parallel()
	path := made(t, 1)
	s := openAt(t, path, sqlite.Options{BusyTimeout: 1e6})
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	c, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.ExecContext(t.Context(), `BEGIN IMMEDIATE`); err != nil {
		t.Fatal(err)
	}
	_, err = s.Decide(t.Context(), "p", tasksTo(1, 2))
	advised(t, err, fault.Retryable, path, "another process")
	holds(t, s, 1) // reading goes on
	if _, err := c.ExecContext(t.Context(), `ROLLBACK`); err != nil {
		t.Fatal(err)
	}
	decide(t, s, 1, 2)
}

func TestDamage(t *testing.T) {
	t.Parallel()
	t.Run("of a form", func(t *testing.T) {
		t.Parallel()
		path := made(t, 2)
		shell(t, path, `UPDATE tasks SET agreed = '{"title":' WHERE id = 'CW-2'`)
		_, err := openAt(t, path, quick()).Load(t.Context(), "p")
		advised(t, err, fault.Permanent, path, "put back the last good copy")
		if err != nil && !strings.Contains(err.Error(), "CW-2") {
			t.Errorf("%v does not name the task", err)
		}
	})
	t.Run("of pages", func(t *testing.T) {
		t.Parallel()
		path := made(t, 2000)
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for i := 20 * 4096; i < len(b); i++ {
			b[i] = 0xA5
		}
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := sqlite.Open(t.Context(), path, sqlite.Options{})
		if err == nil {
			_, err = s.Load(t.Context(), "p")
			defer s.Close()
		}
		advised(t, err, fault.Permanent, path, "put back the last good copy")
	})
}

// TestOpenedAtOnce opens one new file from several stores, which all run the migrations.
func TestOpenedAtOnce(t *testing.T) {
	t.Parallel()
	path := place(t)
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			s, err := sqlite.Open(t.Context(), path, quick())
			if err != nil {
				t.Errorf("open: %v", err)
				return
			}
			if _, err := s.Decide(t.Context(), "p", tasksTo(0, 3)); err != nil && !errors.Is(err, store.ErrStale) {
				t.Errorf("decide: %v", err)
			}
			if err := s.Close(); err != nil {
				t.Errorf("close: %v", err)
			}
		})
	}
	wait.Wait()
	if st := holds(t, openAt(t, path, quick()), 3); st.Generation != 1 {
		t.Errorf("generation %d, want 1", st.Generation)
	}
}
