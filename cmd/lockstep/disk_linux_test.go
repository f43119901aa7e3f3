package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/lockstep-sync/lockstep/internal/demo"
)

// onDisk starts the daemon with a disk of its own at dir, which ends with the process. Options are tmpfs's. The test skips where the
// machine does not let a process have one.
func onDisk(t *testing.T, dir, options, config string) *process {
	t.Helper()
	unshare, err := exec.LookPath("unshare")
	if err == nil {
		err = exec.CommandContext(t.Context(), unshare, "-Urm", "mount", "-t", "tmpfs", "none", dir).Run()
	}
	if err != nil {
		t.Skipf("this machine does not let a process have a disk of its own (unshare -Urm mount -t tmpfs): %v", err)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return launch(t, unshare, nil, "-Urm", "sh", "-c", `mount -t tmpfs -o "$1" none "$2" && exec "$3" run --config "$4"`, "sh", options, dir, exe, config)
}

// TestRunOnAFullDisk fills the disk under a running daemon: it says so and what to do, writes nothing that it could not remember,
// and goes on by itself once there is room.
func TestRunOnAFullDisk(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	disk := filepath.Join(w.dir, "disk")
	if err := os.Mkdir(disk, 0o700); err != nil {
		t.Fatal(err)
	}
	w.edited(t, filepath.Join(w.dir, "lockstep.db"), filepath.Join(disk, "lockstep.db"))
	p := onDisk(t, disk, "size=16m", w.config)
	page := p.page(t, 1)
	p.waits(t, "tasks=84", 1)

	ballast := fmt.Sprintf("/proc/%d/root%s/ballast", p.cmd.Process.Pid, disk)
	f, err := os.Create(ballast)
	if err != nil {
		t.Skipf("the process's disk cannot be reached from here: %v", err)
	}
	for err == nil {
		_, err = f.Write(bytes.Repeat([]byte("x"), 4096))
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("the disk does not fill: %v", err)
	}
	if err := f.Close(); err != nil && !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	long := "Found the drawings. " + strings.Repeat("They are long. ", 3000)
	at := rowOf(w, w.Partner, demo.ActionsTab, "Lay 0.8 km of main in ward 4")
	if err := w.Google.Type(w.Partner, demo.ActionsTab, fmt.Sprintf("G%d", at), long); err != nil {
		t.Fatal(err)
	}
	line := p.waits(t, "cycle came to nothing", 2)
	if !strings.Contains(line, "make room on the disk") || !strings.Contains(line, "partnership=clean-water") {
		t.Errorf("the log does not say what to do: %s", line)
	}
	if code, _ := get(t, page+"healthz"); code != 200 {
		t.Errorf("it is not alive: %d", code)
	}
	if got := notesOf(w, "Lay 0.8 km of main in ward 4"); got != "" {
		t.Errorf("the scorecard was written although nothing can be remembered: %.60q", got)
	}
	if _, metrics := get(t, page+"metrics"); strings.Contains(metrics, `lockstep_cycles_total{partnership="clean-water",result="failed"} 0`) {
		t.Error("the metrics count no failed cycle")
	}

	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	p.waits(t, "planned=1 written=1", 1)
	if got := notesOf(w, "Lay 0.8 km of main in ward 4"); got != strings.TrimSpace(long) {
		t.Errorf("with room it did not arrive: %.60q", got)
	}
	if code := p.stop(t, syscall.SIGTERM); code != exitOK {
		t.Errorf("exit code %d:\n%s", code, p.text())
	}
}

// TestRunOnAReadOnlyDisk: a database that cannot be written is an error at the start, with what to do.
func TestRunOnAReadOnlyDisk(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	disk := filepath.Join(w.dir, "disk")
	if err := os.Mkdir(disk, 0o700); err != nil {
		t.Fatal(err)
	}
	w.edited(t, filepath.Join(w.dir, "lockstep.db"), filepath.Join(disk, "lockstep.db"))
	p := onDisk(t, disk, "ro", w.config)
	if code := p.end(t); code != exitError {
		t.Errorf("exit code %d", code)
	}
	if text := p.text(); !strings.Contains(text, filepath.Join(disk, "lockstep.db")) || !strings.Contains(text, "→ let the user that Lockstep runs as write") {
		t.Errorf("it does not say what to do:\n%s", text)
	}
	if w.written() != 0 {
		t.Error("something was written")
	}
}

func rowOf(w *town, id, tab, title string) int {
	for i, row := range w.Google.Rows(id, tab) {
		for _, v := range row {
			if v == title {
				return i + 1
			}
		}
	}
	return 0
}

// notesOf is what the scorecard has as a task's notes.
func notesOf(w *town, title string) string {
	rows := w.Google.Rows(w.Scorecard, demo.ScorecardTab)
	at := rowOf(w, w.Scorecard, demo.ScorecardTab, title)
	for i, h := range rows[0] {
		if h == "Notes" && at > 0 {
			if v := w.Google.Cell(w.Scorecard, demo.ScorecardTab, fmt.Sprintf("%c%d", 'A'+i, at)); v != nil {
				return fmt.Sprint(v)
			}
		}
	}
	return ""
}
