package app_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lockstep-sync/lockstep/internal/demo"
	"github.com/lockstep-sync/lockstep/sync/engine"
	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/store"
)

// shell runs a statement on the rig's database as another program would, and hands back what it answers in one number.
func (r *rig) shell(t *testing.T, statement string) (n int) {
	t.Helper()
	db, err := sql.Open("sqlite", r.store)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if err := db.QueryRowContext(t.Context(), statement).Scan(&n); err != nil && !errors.Is(err, sql.ErrNoRows) {
		t.Fatalf("%s: %v", statement, err)
	}
	return n
}

// writes is how many writes the tools were sent so far.
func (r *rig) writes() int {
	n := 0
	for _, c := range r.app.Requests() {
		n += c.Writes
	}
	return n
}

// fails runs a cycle that must come to nothing, and returns its error: a fault with a hint that has the words.
func (r *rig) fails(t *testing.T, hint string) {
	t.Helper()
	before := r.writes()
	r.clock.Set(r.clock.Now().Add(time.Minute))
	rs, err := r.app.Once(t.Context(), engine.Mode{})
	if err == nil {
		t.Fatalf("the cycle went well: %+v", rs)
	}
	if f := fault.Of(err); !strings.Contains(f.Hint, hint) || !strings.Contains(err.Error(), "small") {
		t.Errorf("the error is %q with the hint %q, want the partnership's name and %q", err, f.Hint, hint)
	}
	if len(rs) != 1 || rs[0].Result != engine.ResultFailed {
		t.Errorf("the reports are %+v, want one of result failed", rs)
	}
	if n := r.writes(); n != before {
		t.Errorf("%d writes were sent although nothing could be remembered of them", n-before)
	}
}

// TestTheDiskIsFull leaves the database no room to grow: a cycle comes to nothing and says why, no tool is written, and with room
// again everything that people typed meanwhile arrives.
func TestTheDiskIsFull(t *testing.T) {
	t.Parallel()
	r := settled(t)
	card := scorecardOf(r.cycle(t))
	if err := r.app.Close(); err != nil {
		t.Fatal(err)
	}
	r.disk = []string{fmt.Sprintf("max_page_count(%d)", r.shell(t, "PRAGMA page_count"))}
	r.app = r.open(t)
	long := "Waiting for pipes. " + strings.Repeat("The ship is late. ", 2600)
	if err := r.Google.Type(r.Partner, demo.ActionsTab, "D2", long); err != nil {
		t.Fatal(err)
	}
	r.set(t, jiraSource, drill, "In Progress")
	r.fails(t, "make room on the disk")
	r.fails(t, "make room on the disk")
	r.expect(t, "full", card, drill, "Not started")

	if err := r.app.Close(); err != nil {
		t.Fatal(err)
	}
	r.disk = nil
	r.app = r.open(t)
	r.settle(t)
	r.expect(t, "with room", card, drill, "In progress")
	at, _ := r.find(r.Scorecard, demo.ScorecardTab, "Title", lay)
	notes := r.Google.Cell(r.Scorecard, demo.ScorecardTab, r.column(r.Scorecard, demo.ScorecardTab, "Notes")+fmt.Sprint(at))
	if notes != strings.TrimSpace(long) {
		t.Errorf("the long notes did not arrive whole: %.60v…", notes)
	}
	r.whole(t)
}

// TestTheDatabaseIsLocked has another program hold the database: cycles come to nothing and say why, and go on by themselves.
func TestTheDatabaseIsLocked(t *testing.T) {
	t.Parallel()
	r := settled(t)
	card := scorecardOf(r.cycle(t))
	db, err := sql.Open("sqlite", "file:"+r.store+"?_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.set(t, jiraSource, drill, "In Progress")
	r.fails(t, "another process holds")
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	r.settle(t)
	r.expect(t, "let go", card, drill, "In progress")
	r.whole(t)
}

// TestTwoOnOneDatabase runs a second Lockstep on the same database and the same tools. Two of their cycles can never both decide:
// one of them says that it was overtaken, and nothing is made twice.
func TestTwoOnOneDatabase(t *testing.T) {
	t.Parallel()
	r := settled(t)
	card := scorecardOf(r.cycle(t))
	second := r.open(t)
	for i := range 5 {
		title := fmt.Sprintf("Paint kiosk %d", i)
		r.append(t, map[string]string{"Title": title, "Partner": "Aqua"})
		r.set(t, jiraSource, drill, []string{"In Progress", "Done", "To Do", "In Progress", "Done"}[i])
		r.clock.Set(r.clock.Now().Add(time.Minute))
		var wg sync.WaitGroup
		for _, a := range []interface {
			Once(ctx context.Context, mode engine.Mode) ([]engine.Report, error)
		}{r.app, second} {
			wg.Go(func() {
				if _, err := a.Once(t.Context(), engine.Mode{}); err != nil && !errors.Is(err, store.ErrStale) {
					t.Errorf("a cycle beside another: %v", err)
				}
			})
		}
		wg.Wait()
	}
	r.clock.Set(r.clock.Now().Add(10 * time.Minute))
	r.settle(t)
	for i := range 5 {
		title := fmt.Sprintf("Paint kiosk %d", i)
		if _, n := r.key(title); n != 1 {
			t.Errorf("%q became %d issues", title, n)
		}
		if _, n := r.find(r.Scorecard, demo.ScorecardTab, "Title", title); n != 1 {
			t.Errorf("%q has %d rows", title, n)
		}
	}
	r.expect(t, "after both", card, drill, "Done")
}

// TestADatabaseThatCannotBeUsed says at the start what is wrong with it, and leaves it as it is.
func TestADatabaseThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		spoil      func(t *testing.T, r *rig)
		says, hint string
	}{
		"written by a newer version": {
			func(t *testing.T, r *rig) {
				t.Helper()
				r.shell(t, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1) RETURNING 1`)
			}, "9999", "run the newer Lockstep",
		},
		"no database": {
			func(t *testing.T, r *rig) {
				t.Helper()
				if err := os.WriteFile(r.store, []byte("Dear diary, today we dug a well."), 0o600); err != nil {
					t.Fatal(err)
				}
			}, "not a SQLite database", "move this one away",
		},
		"a folder": {
			func(_ *testing.T, r *rig) { r.store = filepath.Dir(r.store) }, "", "is a folder",
		},
		"in a folder that is not there": {
			func(_ *testing.T, r *rig) { r.store = filepath.Join(r.store+".d", "lockstep.db") }, "no folder", "make the folder",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := settled(t)
			if err := r.app.Close(); err != nil {
				t.Fatal(err)
			}
			c.spoil(t, r)
			before, _ := os.ReadFile(r.store) // a folder, or nothing, has no contents to compare
			a, err := r.try(t.Context())
			if err == nil {
				_ = a.Close()
				t.Fatal("it was opened")
			}
			if f := fault.Of(err); !strings.Contains(err.Error(), c.says) || !strings.Contains(f.Hint, c.hint) || !strings.Contains(err.Error(), r.store) {
				t.Errorf("the error is %q with the hint %q, want %q, %q and the path", err, f.Hint, c.says, c.hint)
			}
			if after, _ := os.ReadFile(r.store); !bytes.Equal(after, before) {
				t.Error("the file was changed")
			}
		})
	}
}
