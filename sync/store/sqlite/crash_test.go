package sqlite_test

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"testing"

	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/store/sqlite"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// TestCopiedMidway takes the files as a power cut would leave them, while the store is open and a commit is half done.
func TestCopiedMidway(t *testing.T) {
	t.Parallel()
	path := place(t)
	s := openAt(t, path, quick())
	decide(t, s, 0, 500)
	// The last task cannot be stored, so that the commit is undone; a copy of the files at each stage must open.
	bad := tasksTo(1, 2000)
	bad.Links[1999].Key = bad.Links[0].Key
	copies := []string{copied(t, path)}
	if _, err := s.Decide(t.Context(), "p", bad); err == nil {
		t.Fatal("two links to one item were stored")
	}
	copies = append(copies, copied(t, path))
	for i, c := range copies {
		if st := holds(t, openAt(t, c, quick()), 500); st.Generation != 1 {
			t.Errorf("copy %d is at generation %d", i, st.Generation)
		}
	}
	decide(t, s, 1, 600)
	holds(t, openAt(t, copied(t, path), quick()), 600)
}

// TestTornJournal cuts the journal off at many places, as a disk that lost its last blocks: what loads is a whole commit.
func TestTornJournal(t *testing.T) {
	t.Parallel()
	path := place(t)
	s := openAt(t, path, quick())
	for g := range 8 {
		decide(t, s, int64(g), (g+1)*3)
	}
	all := files(t, path)
	journal := all["-wal"]
	if len(journal) < 8*4096 {
		t.Fatalf("a journal of %d bytes proves nothing", len(journal))
	}
	seen := map[int64]bool{}
	for cut := len(journal); cut >= 0; cut -= len(journal)/24 + 7 {
		to := place(t)
		if err := errors.Join(os.WriteFile(to, all[""], 0o600), os.WriteFile(to+"-wal", journal[:cut], 0o600)); err != nil {
			t.Fatal(err)
		}
		c, err := sqlite.Open(t.Context(), to, quick())
		if err != nil {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		st, err := c.Load(t.Context(), "p")
		if err != nil || len(st.Tasks) != int(st.Generation)*3 || len(st.Links) != len(st.Tasks) {
			t.Errorf("cut at %d: %d tasks and %d links at generation %d: %v", cut, len(st.Tasks), len(st.Links), st.Generation, err)
		}
		seen[st.Generation] = true
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
	if len(seen) < 5 {
		t.Errorf("only the generations %v were met", seen)
	}
}

const writerPath = "LOCKSTEP_TEST_WRITER_PATH"

// TestWriter is the process that TestKilled kills: it commits until then, and says after each commit that it is done.
//
//nolint:paralleltest // it is alone in its process
func TestWriter(t *testing.T) {
	path := os.Getenv(writerPath)
	if path == "" {
		t.Skip("runs in a process of its own, for TestKilled")
	}
	s := openAt(t, path, sqlite.Options{})
	for g := int64(0); ; g++ {
		c := tasksTo(g, int(g)+1)
		c.Intents = []store.Intent{{Task: "CW-1", Source: "s", Op: task.Update, Attempt: int(g)}}
		if _, err := s.Decide(t.Context(), "p", c); err != nil {
			t.Fatal(err)
		}
		if _, err := fmt.Fprintln(os.Stdout, g+1); err != nil {
			t.Fatal(err)
		}
	}
}

// TestKilled kills a process that writes, several times over: all that it said was stored is there, and nothing half.
func TestKilled(t *testing.T) {
	t.Parallel()
	for round := range 4 {
		path := place(t)
		c := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestWriter$")
		c.Env = append(os.Environ(), writerPath+"="+path)
		out, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		said := 0
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			n, err := strconv.Atoi(lines.Text())
			if err != nil {
				continue // the test's own words
			}
			said = n
			if said >= 5+11*round {
				if err := c.Process.Kill(); err != nil {
					t.Fatal(err)
				}
				break
			}
		}
		for lines.Scan() { // what it said before the blow fell
			if n, err := strconv.Atoi(lines.Text()); err == nil {
				said = n
			}
		}
		if err := c.Wait(); err == nil {
			t.Fatal("the process ended by itself")
		}
		s := openAt(t, path, quick())
		st, err := s.Load(t.Context(), "p")
		if err != nil {
			t.Fatal(err)
		}
		g := int(st.Generation)
		if g < said || g > said+1 || len(st.Tasks) != g || len(st.Links) != g || len(st.Intents) != 1 || st.Intents[0].Attempt != g-1 {
			t.Fatalf("it said %d; stored is generation %d with %d tasks, %d links, intents %+v", said, g, len(st.Tasks), len(st.Links), st.Intents)
		}
		decide(t, s, st.Generation, g+1)
	}
}
