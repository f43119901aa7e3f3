package app_test

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lockstep-sync/lockstep/internal/demo"
	"github.com/lockstep-sync/lockstep/sync/engine"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// sharedData is the folder of real data, and skips the test where it is absent (a user's clone).
func sharedData(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join("..", "..", "..", "shared", "data"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("the real data is not at ../shared/data beside the checkout: this test needs it")
	}
	return dir
}

// realIssue is what the test itself reads of an issue, without any of our own code.
type realIssue struct {
	Key    string `json:"key"`
	Fields struct {
		Summary string `json:"summary"`
		Status  struct {
			Name     string `json:"name"`
			Category struct {
				Key string `json:"key"`
			} `json:"statusCategory"`
		} `json:"status"`
		Resolution *struct {
			Name string `json:"name"`
		} `json:"resolution"`
	} `json:"fields"`
}

// want is the status that people expect: by category, but what was closed without being done is cancelled.
func (i realIssue) want() string {
	switch i.Fields.Status.Category.Key {
	case "new":
		return "Not started"
	case "indeterminate":
		return "In progress"
	}
	if i.Fields.Resolution == nil || i.Fields.Resolution.Name == "Fixed" || i.Fields.Resolution.Name == "Done" {
		return "Done"
	}
	return "Cancelled"
}

func eachLine(t *testing.T, path string, f func([]byte)) {
	t.Helper()
	file, err := os.Open(filepath.Clean(path))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	var r io.Reader = file
	if strings.HasSuffix(path, ".gz") {
		if r, err = gzip.NewReader(file); err != nil {
			t.Fatal(err)
		}
	}
	sc := bufio.NewScanner(r)
	sc.Buffer(nil, 64<<20)
	for sc.Scan() {
		f(sc.Bytes())
	}
	if err := sc.Err(); err != nil {
		t.Fatal(err)
	}
}

const realConfig = `listen: 127.0.0.1:0
store: "sqlite:$STORE"
google: {endpoint: "$GOOGLE"}
partnerships:
  - id: real
    key: RL
    name: Real data
    timezone: Africa/Kinshasa
    partners:
      - {id: appc, name: Appcelerator, sector: private}
      - {id: cluster, name: Cluster Nutrition, sector: multilateral}
    sources:
      - id: appc-jira
        partner: appc
        jira: {url: "$JIRA", email: "$EMAIL", token: "$TOKEN", jql: "project in (MOD, ALOY)"}
      - id: cluster-sheet
        partner: cluster
        sheet:
          spreadsheet: $PARTNER
          tab: Actions
          columns: {title: "NOM ACTIVITE / PROJET2", status: "ETAT PROJET", start: DATE DEBUT, due: DATE FIN}
    scorecard:
      sheet: {spreadsheet: $SCORECARD, tab: Scorecard}
`

// TestRealData is the acceptance test of the whole road: 1,067 real issues and 500 real rows, two cycles, every item with its
// scorecard row or among what is held, and a second cycle that writes nothing.
func TestRealData(t *testing.T) {
	t.Parallel()
	for _, flavor := range []string{"cloud", "datacenter"} {
		t.Run(flavor, func(t *testing.T) {
			t.Parallel()
			testRealData(t, flavor)
		})
	}
}

func testRealData(t *testing.T, flavor string) {
	t.Helper()
	data, conf := sharedData(t), realConfig
	if flavor == "datacenter" {
		conf = strings.Replace(conf, `email: "$EMAIL", `, "", 1) // the token is a personal access token
	}
	w, err := demo.Start(t.Context(), &demo.Clock{}, demo.Options{Listen: "127.0.0.1:0", DataCenter: flavor == "datacenter"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })

	type row struct{ title, status, partner string }
	want := map[row]int{}
	for _, f := range []string{"issues-mod.jsonl.gz", "issues-aloy.jsonl.gz"} {
		path := filepath.Join(data, "jira", f)
		load(t, path, w.Jira.Load)
		eachLine(t, path, func(line []byte) {
			var i realIssue
			if err := json.Unmarshal(line, &i); err != nil {
				t.Fatal(err)
			}
			want[row{fold(i.Fields.Summary), i.want(), "Appcelerator"}]++
		})
	}
	rows := filepath.Join(data, "sheets", "3w-activities-fr.jsonl")
	load(t, rows, func(r io.Reader) (int, error) { return w.Google.LoadRows(w.Partner, demo.ActionsTab, r) })
	header := true
	eachLine(t, rows, func(line []byte) {
		var cells map[string]any
		if err := json.Unmarshal(line, &cells); err != nil {
			t.Fatal(err)
		}
		if header {
			header = false
			return
		}
		want[row{fold(fmt.Sprint(cells["E"])), "In progress", "Cluster Nutrition"}]++ // every one is "En cours"
	})

	a := newApp(t, w, conf)
	first := once(t, a)
	second := once(t, a)
	if first.Result != engine.ResultOK {
		t.Errorf("the first cycle was %s: %+v", first.Result, first.Sources)
	}
	if len(second.Patches) > 0 || !second.Converged {
		t.Errorf("the second cycle planned %d writes, first %+v", len(second.Patches), second.Patches[:min(3, len(second.Patches))])
	}
	if len(first.Holds) > 0 {
		for _, h := range first.Holds {
			if h.Reason == "" || h.Hint == "" {
				t.Errorf("held without a reason or a hint: %+v", h)
			}
			t.Logf("held: %s %s %s %s %q", h.Source, h.Name, h.Field, h.Reason, h.Raw)
		}
	}

	got := map[row]int{}
	grid := w.Google.Rows(w.Scorecard, demo.ScorecardTab)
	at := map[string]int{}
	for i, h := range grid[0] {
		at[fmt.Sprint(h)] = i
	}
	text := func(r []any, f task.Field) string {
		if i := at[f.Display()]; i < len(r) && r[i] != nil {
			return fmt.Sprint(r[i])
		}
		return ""
	}
	for _, r := range grid[1:] {
		got[row{fold(text(r, task.Title)), text(r, task.Status), text(r, task.Partner)}]++
	}
	missing := 0
	for k, n := range want {
		if got[k] != n {
			if missing++; missing <= 5 {
				t.Errorf("%+v is on the scorecard %d times, want %d", k, got[k], n)
			}
		}
	}
	if n := len(grid) - 1; n != 1067+499 {
		t.Errorf("the scorecard has %d rows, want %d (1,067 issues; 500 lines of rows, of which one is the header)", n, 1067+499)
	}
	t.Logf("%d rows; requests %+v", len(grid)-1, a.Requests())
}

// fold makes titles comparable without our own canonical form: white space at the ends is nobody's intent.
func fold(s string) string { return strings.Join(strings.Fields(s), " ") }

func load(t *testing.T, path string, f func(io.Reader) (int, error)) {
	t.Helper()
	file, err := os.Open(filepath.Clean(path))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	var r io.Reader = file
	if strings.HasSuffix(path, ".gz") {
		if r, err = gzip.NewReader(file); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := f(r); err != nil || n == 0 {
		t.Fatalf("load %s: %d, %v", path, n, err)
	}
}
