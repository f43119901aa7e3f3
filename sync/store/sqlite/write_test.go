package sqlite_test

import (
	"database/sql"
	"fmt"
	"testing"
	"time"

	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// TestIdleWrites counts with triggers what a cycle in which nothing happened writes.
func TestIdleWrites(t *testing.T) {
	t.Parallel()
	path := place(t)
	s := openAt(t, path, quick())
	c := filling(t, 50)
	c.Holds = []task.Hold{{Source: "jira", Key: "1", Field: "due"}, {Source: "jira"}}
	c.Conflicts = []store.Conflict{{Task: "CW-2", Field: task.Due}, {Task: "CW-1", Field: task.Due, Claims: []store.Claim{{Source: "s"}}}}
	if _, err := s.Decide(t.Context(), "p", c); err != nil {
		t.Fatal(err)
	}
	statements := []string{`CREATE TABLE log (what TEXT)`}
	for _, table := range []string{"partnerships", "tasks", "links", "sources", "intents", "pauses", "conflicts", "holds", "events", "cycles"} {
		for _, op := range []string{"INSERT", "UPDATE", "DELETE"} {
			statements = append(statements, fmt.Sprintf(
				`CREATE TRIGGER log_%s_%s AFTER %s ON %s BEGIN INSERT INTO log VALUES ('%s %s'); END`, table, op, op, table, op, table))
		}
	}
	shell(t, path, statements...)
	idle := store.Commit{
		Generation: 1, NextID: c.NextID, Holds: []task.Hold{c.Holds[1], c.Holds[0]}, // in another order
		Conflicts: c.Conflicts, Sources: []store.Source{{ID: "jira", LastSuccess: time.Unix(1, 0)}},
	}
	if _, err := s.Decide(t.Context(), "p", idle); err != nil {
		t.Fatal(err)
	}
	want := map[string]int{"UPDATE partnerships": 1, "INSERT sources": 1, "INSERT cycles": 1}
	if got := logged(t, path); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("an idle cycle wrote %v, want %v", got, want)
	}
	idle.Generation, idle.Holds[0].Hint = 2, "put the column back"
	if _, err := s.Decide(t.Context(), "p", idle); err != nil {
		t.Fatal(err)
	}
	if got := logged(t, path); got["INSERT holds"] == 0 {
		t.Errorf("a hold that changed was not written: %v", got)
	}
}

func logged(t *testing.T, path string) map[string]int {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.QueryContext(t.Context(), `SELECT what, count(*) FROM log GROUP BY what`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	out := map[string]int{}
	for rows.Next() {
		var what string
		var n int
		if err := rows.Scan(&what, &n); err != nil {
			t.Fatal(err)
		}
		out[what] = n
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestOldCycles has a partnership with more cycles behind it than are kept.
func TestOldCycles(t *testing.T) {
	t.Parallel()
	path := made(t, 1)
	shell(t, path,
		`UPDATE partnerships SET generation = 20000`,
		`INSERT INTO cycles (partnership, generation, took, result, patches, note)
			WITH RECURSIVE n (i) AS (SELECT 10001 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
			SELECT (SELECT pk FROM partnerships), i, 0, 'ok', 0, '' FROM n`,
		`INSERT INTO partnerships (id, generation, next_id, conflicts_digest, holds_digest) VALUES ('q', 1, 1, '', '')`,
		`INSERT INTO cycles (partnership, generation, took, result, patches, note) VALUES ((SELECT max(pk) FROM partnerships), 1, 0, 'ok', 0, '')`)
	s := openAt(t, path, quick())
	decide(t, s, 20_000, 1)
	cs, err := s.Cycles(t.Context(), "p", 1_000_000)
	if err != nil {
		t.Fatal(err)
	}
	if len(cs) != 10_000 || cs[0].Generation != 20_001 || cs[9999].Generation != 10_002 {
		t.Errorf("%d cycles from %d to %d, want the newest 10,000", len(cs), cs[len(cs)-1].Generation, cs[0].Generation)
	}
	if cs, err := s.Cycles(t.Context(), "q", 10); err != nil || len(cs) != 1 {
		t.Errorf("the other partnership has %v, %v", cs, err)
	}
}

// TestCommitFails lets the very last step go wrong, with a constraint that the database checks at the end only.
func TestCommitFails(t *testing.T) {
	t.Parallel()
	path := made(t, 1)
	shell(t, path,
		`CREATE TABLE trap (x INTEGER REFERENCES partnerships (pk) DEFERRABLE INITIALLY DEFERRED)`,
		`CREATE TRIGGER spring AFTER INSERT ON events BEGIN INSERT INTO trap VALUES (-1); END`)
	o := quick()
	o.Pragmas = append(o.Pragmas, "foreign_keys(1)")
	s := openAt(t, path, o)
	c := tasksTo(1, 5)
	c.Events = []store.Event{{Kind: store.EventBorn}}
	for range 2 {
		if g, err := s.Decide(t.Context(), "p", c); err == nil || g != 0 {
			t.Errorf("decide: %d, %v", g, err)
		}
		if err := s.Settle(t.Context(), "p", store.Settlement{Generation: 1, Events: c.Events}); err == nil {
			t.Error("settle: no error")
		}
		if st := holds(t, s, 1); st.Generation != 1 {
			t.Errorf("generation %d", st.Generation)
		}
	}
	decide(t, s, 1, 5) // without the event
	holds(t, s, 5)
}
