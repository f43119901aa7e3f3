package main

import (
	"bufio"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// TestDemoOnceJSON holds the report's exact shape, and what it says of the demo.
func TestDemoOnceJSON(t *testing.T) {
	t.Parallel()
	got := lockstep(t, "demo", "--once", "--json")
	got.wants(t, exitOK, "", "")
	if got.err != "" || strings.Count(got.out, "\n") != 1 {
		t.Errorf("want one line and no errors, got %q and %q", got.out, got.err)
	}
	var shape map[string]json.RawMessage
	if err := json.Unmarshal([]byte(got.out), &shape); err != nil {
		t.Fatal(err)
	}
	keysAre(t, shape, "converged", "cycles", "tasks", "sources", "conflicts", "second_cycle_writes")
	var sources []map[string]json.RawMessage
	if err := json.Unmarshal(shape["sources"], &sources); err != nil || len(sources) != 4 {
		t.Fatalf("sources are %s (%v)", shape["sources"], err)
	}
	for _, s := range sources {
		keysAre(t, s, "id", "records", "reads", "writes")
	}
	var sum demoReport
	if err := json.Unmarshal([]byte(got.out), &sum); err != nil {
		t.Fatal(err)
	}
	if !sum.Converged || sum.Tasks != 84 || sum.Conflicts != 0 || sum.SecondCycleWrites != 0 || sum.Cycles < 2 {
		t.Errorf("the demo did not come to rest: %+v", sum)
	}
	records := map[string]int{}
	for _, s := range sum.Sources {
		records[s.ID] = s.Records
		if s.Reads == 0 || s.Writes == 0 {
			t.Errorf("%s was not read and written: %+v", s.ID, s)
		}
	}
	if records["aquafund-jira"]+records["riverton-sheet"]+records["hydrotech-doc"] != 84 || records["scorecard"] != 84 {
		t.Errorf("the records are %v", records)
	}
	lockstep(t, "demo", "--once").wants(t, exitOK, "84 tasks of three partners", "")
	lockstep(t, "demo", "--json").wants(t, exitError, "", "--once")
}

func keysAre(t *testing.T, m map[string]json.RawMessage, want ...string) {
	t.Helper()
	var got []string
	for k := range m {
		got = append(got, k)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("the keys are %q, want %q", got, want)
	}
}

// TestDemoServes starts the demo where its port is taken: it takes another, prints every address, each of which answers, and
// leaves nothing behind when it is stopped.
func TestDemoServes(t *testing.T) {
	t.Parallel()
	var lc net.ListenConfig
	taken, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	temp := t.TempDir()
	p := start(t, []string{"TMPDIR=" + temp}, "demo", "--listen", taken.Addr().String())
	p.waits(t, "Stop with Ctrl-C", 1)
	addresses := regexp.MustCompile(`http://\S+`).FindAllString(p.text(), -1)
	if len(addresses) != 7 {
		t.Fatalf("%d addresses, want 7:\n%s", len(addresses), p.text())
	}
	for _, a := range addresses {
		if strings.Contains(a, taken.Addr().String()) {
			t.Errorf("%s is the port that was taken", a)
		}
		code, body := get(t, a)
		if code != http.StatusOK || len(body) < 500 {
			t.Errorf("%s answers %d with %d bytes", a, code, len(body))
		}
		if regexp.MustCompile(`/document/d/[^/]*Clean-Water`).MatchString(a) && (strings.Count(body, "<h2>Week of ") < 3 || !strings.Contains(body, "Partners")) {
			t.Errorf("the report does not tell of the three weeks:\n%s", body)
		}
		if strings.HasSuffix(a, "/metrics") && !strings.Contains(body, `lockstep_source_up{partnership="clean-water",source="scorecard"} 1`) {
			t.Error("the metrics do not say that the scorecard is read")
		}
	}
	if entries, err := os.ReadDir(temp); err != nil || len(entries) != 1 {
		t.Errorf("while it runs there is not just its folder: %v %v", entries, err)
	}
	if code := p.stop(t, os.Interrupt); code != exitOK {
		t.Errorf("exit code %d:\n%s", code, p.text())
	}
	if entries, err := os.ReadDir(temp); err != nil || len(entries) != 0 {
		t.Errorf("it left behind %v (%v)", entries, err)
	}
}

// TestDemoIsInterruptedEarly stops the demo while it still replays the weeks before.
func TestDemoIsInterruptedEarly(t *testing.T) {
	t.Parallel()
	temp := t.TempDir()
	p := start(t, []string{"TMPDIR=" + temp}, "demo", "--verbose", "--listen", "127.0.0.1:0")
	p.waits(t, "msg=cycle", 1)
	if code := p.stop(t, syscall.SIGTERM); code != exitOK {
		t.Errorf("exit code %d:\n%s", code, p.text())
	}
	if strings.Contains(p.text(), "lockstep: ") {
		t.Errorf("to be stopped is no error:\n%s", p.text())
	}
	if entries, err := os.ReadDir(temp); err != nil || len(entries) != 0 {
		t.Errorf("it left behind %v (%v)", entries, err)
	}
}

// lines reads what a command in this process prints, line by line.
type lines struct {
	*bufio.Scanner
}

func (l lines) next(t *testing.T) string {
	t.Helper()
	if !l.Scan() {
		t.Fatalf("nothing more was printed (%v)", l.Err())
	}
	return l.Text()
}
