package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/lockstep-sync/lockstep/internal/demo"
)

// retitle has somebody give a task another title on the scorecard.
func (w *town) retitle(t *testing.T, from, to string) {
	t.Helper()
	rows := w.Google.Rows(w.Scorecard, demo.ScorecardTab)
	col := slices.Index(rows[0], any("Title"))
	at := slices.IndexFunc(rows, func(r []any) bool { return len(r) > col && r[col] == any(from) })
	if at < 0 {
		t.Fatalf("no row is titled %q", from)
	}
	if err := w.Google.Type(w.Scorecard, demo.ScorecardTab, fmt.Sprintf("%c%d", 'A'+col, at+1), to); err != nil {
		t.Fatal(err)
	}
}

// titled is the issue of a title.
func (w *town) titled(t *testing.T, title string) string {
	t.Helper()
	for _, k := range w.Jira.Keys() {
		if v, _ := w.Jira.Issue(k); v.Summary == title {
			return k
		}
	}
	t.Fatalf("no issue is titled %q", title)
	return ""
}

func TestConflictsHistoryUndo(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	text, err := os.ReadFile(w.config)
	if err != nil {
		t.Fatal(err)
	}
	write(t, w.config, strings.Replace(string(text), "notes: {on_conflict: hold}", "notes: {on_conflict: hold}\n      title: {on_conflict: hold}", 1))
	for range 2 {
		lockstep(t, "once", "--config", w.config).wants(t, exitOK, "clean-water: ok", "")
	}
	lockstep(t, "conflicts", "--config", w.config).wants(t, exitOK, "Nobody disagrees about anything.", "")

	const was = "Drill borehole 2 at Soko market"
	key := w.titled(t, was)
	if err := w.Jira.Set(key, map[string]any{"summary": "Drill borehole 2 by hand"}); err != nil {
		t.Fatal(err)
	}
	w.retitle(t, was, "Drill borehole 2 by machine")
	lockstep(t, "once", "--config", w.config).wants(t, exitOK, "1 conflicts", "")
	listed := lockstep(t, "conflicts", "--config", w.config)
	listed.wants(t, exitOK, "which Title is right?", "")
	name := regexp.MustCompile(`key (\S+)`).FindStringSubmatch(listed.out)
	choice := regexp.MustCompile(`(?m)^ {2}(\d) {2}Drill borehole 2 by machine, Scorecard`).FindStringSubmatch(listed.out)
	if name == nil || choice == nil || !strings.Contains(listed.out, "  0  "+was+" (what stands)") {
		t.Fatalf("the list is\n%s", listed.out)
	}
	var asJSON []struct{ Key string }
	if err := json.Unmarshal([]byte(lockstep(t, "conflicts", "--json", "--config", w.config).out), &asJSON); err != nil || len(asJSON) != 1 || asJSON[0].Key != name[1] {
		t.Errorf("as JSON: %+v, %v", asJSON, err)
	}
	lockstep(t, "conflicts", "--config", w.config, "--settle", "CW-1/title/0", "--choose", "1").wants(t, exitError, "", "there is no open conflict of the key")
	lockstep(t, "conflicts", "--config", w.config, "--settle", name[1], "--choose", "7").wants(t, exitError, "", "the conflict has the values 0 to 2")
	lockstep(t, "conflicts", "--config", w.config, "--settle", name[1], "--choose", choice[1], "--by", "Amina").wants(t, exitOK, "is settled: Drill borehole 2 by machine.", "")
	if v, _ := w.Jira.Issue(key); v.Summary != "Drill borehole 2 by machine" {
		t.Errorf("Jira says %q", v.Summary)
	}

	told := lockstep(t, "history", "--config", w.config)
	told.wants(t, exitOK, "settled Title: "+was+" → Drill borehole 2 by machine by Amina", "")
	cycle := regexp.MustCompile(`cycle (\d+) .*settled Title`).FindStringSubmatch(told.out)
	lockstep(t, "undo", "--config", w.config, "--cycle", cycle[1], "--dry-run").wants(t, exitOK, "1 of 1 decisions would be taken back.", "")
	if v, _ := w.Jira.Issue(key); v.Summary != "Drill borehole 2 by machine" {
		t.Errorf("a dry run wrote %q", v.Summary)
	}
	lockstep(t, "undo", "--config", w.config, "--cycle", cycle[1], "--by", "Joseph").wants(t, exitOK, "1 of 1 decisions were taken back.", "")
	if v, _ := w.Jira.Issue(key); v.Summary != was {
		t.Errorf("Jira says %q", v.Summary)
	}
	lockstep(t, "undo", "--config", w.config, "--cycle", cycle[1]).wants(t, exitOK, "0 of 1 decisions were taken back; 1 stay", "")
	lockstep(t, "undo", "--config", w.config, "--cycle", "4711").wants(t, exitError, "", "the history has no cycle 4711")
	lockstep(t, "history", "--config", w.config, "--limit", "3").wants(t, exitOK, "by Joseph, taking back cycle "+cycle[1], "")
	lockstep(t, "plan", "--config", w.config).wants(t, exitOK, "0 writes planned", "")
}

func TestExport(t *testing.T) {
	t.Parallel()
	w := settled(t)
	for format, want := range map[string]string{"json": `"clean-water"`, "csv": "id,title,partner", "markdown": "# Clean Water Alliance", "HTML": "<!doctype html>"} {
		lockstep(t, "export", "--config", w.config, "--format", format).wants(t, exitOK, want, "")
	}
	path := filepath.Join(w.dir, "out.csv")
	lockstep(t, "export", "--config", w.config, "--output", path).wants(t, exitOK, "", "tasks of Clean Water Alliance")
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if lines, err := csv.NewReader(f).ReadAll(); err != nil || len(lines) < 30 {
		t.Errorf("%d lines, %v", len(lines), err)
	}
	lockstep(t, "export", "--config", w.config, "--format", "markdown", "--as-of", "2020-01-01").wants(t, exitOK, "As of Wednesday 1 January 2020", "")
	for flags, want := range map[string]string{"--format pdf": "there is no format", "--as-of soon": "is not a day", "--partnership other": "has no partnership", "--output /nowhere/at/all.csv": "write the export"} {
		lockstep(t, append([]string{"export", "--config", w.config}, strings.Fields(flags)...)...).wants(t, exitError, "", want)
	}
}

func TestPasswd(t *testing.T) {
	t.Parallel()
	said := answered(t.Context(), "correct horse battery\n", "passwd", "amina@aquafund.org")
	if said.code != exitOK || !strings.HasPrefix(said.out, "amina@aquafund.org:$2") || strings.Count(said.out, "\n") != 1 {
		t.Errorf("it says %+v", said)
	}
	for answers, want := range map[string]string{"short\n": "too short", "": "too short", strings.Repeat("x", 99): "too long"} {
		if said := answered(t.Context(), answers, "passwd", "amina"); said.code != exitError || said.out != "" || !strings.Contains(said.err, want) {
			t.Errorf("%q: %+v", answers, said)
		}
	}
}
