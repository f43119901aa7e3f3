package jira

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lockstep-sync/lockstep/connectors/jira/richtext"
	sandbox "github.com/lockstep-sync/lockstep/connectors/sandbox/jira"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// sharedData is where real data lies beside the project; the test is skipped where it does not.
func sharedData(t *testing.T, name string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
	}
	p := filepath.Join(dir, "..", "shared", "data", filepath.FromSlash(name))
	if _, err := os.Stat(p); err != nil {
		t.Skipf("the real data is not here: %v", err)
	}
	return p
}

func realIssues(t *testing.T) []byte {
	t.Helper()
	var all []byte
	for _, name := range []string{"jira/issues-mod.jsonl.gz", "jira/issues-aloy.jsonl.gz"} {
		f, err := os.Open(sharedData(t, name))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = f.Close() })
		z, err := gzip.NewReader(f)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(z)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, b...)
	}
	return all
}

func TestRealIssues(t *testing.T) {
	t.Parallel()
	raw := realIssues(t)
	for _, sp := range everyJira() {
		t.Run(sp.name, func(t *testing.T) {
			t.Parallel()
			testRealIssues(t, sp, raw)
		})
	}
}

func testRealIssues(t *testing.T, sp spoken, raw []byte) {
	t.Helper()
	site := sandbox.Options{Flavor: sp.flavor}
	tl := start(t, setup{jira: site, load: strings.NewReader(string(raw)), change: func(c *Config, o *Options) {
		o.CloudAPI = sp.api
		c.JQL, c.Status = "project in (MOD, ALOY) ORDER BY created", nil
		c.Fields = map[task.Field]string{task.Notes: "description"}
	}})
	snap := tl.read()
	if !snap.Complete || len(snap.Records)+len(snap.Held) != 1067 {
		t.Fatalf("complete %v, %d records, %d held", snap.Complete, len(snap.Records), len(snap.Held))
	}
	got := map[string]task.Record{}
	for _, r := range snap.Records {
		got[r.Name] = r
	}
	count := map[string]int{}
	sc := bufio.NewScanner(strings.NewReader(string(raw)))
	sc.Buffer(nil, 16<<20)
	for sc.Scan() {
		var is struct {
			Key    string
			Fields struct {
				Summary     string
				Status      struct{ StatusCategory struct{ Key string } }
				Resolution  *struct{ Name string }
				Priority    *struct{ Name string }
				Assignee    *struct{ DisplayName string }
				Description string
				Labels      []string
			}
		}
		if err := json.Unmarshal(sc.Bytes(), &is); err != nil {
			t.Fatal(err)
		}
		status := map[string]string{"new": task.NotStarted, "indeterminate": task.InProgress, "done": task.Done}[is.Fields.Status.StatusCategory.Key]
		if r := is.Fields.Resolution; r != nil && !slices.Contains([]string{"Fixed", "Done"}, r.Name) {
			status = task.Cancelled
		}
		count[status]++
		r := got[is.Key]
		want := map[task.Field]task.Value{
			task.Title: task.TextValue(is.Fields.Summary), task.Status: task.EnumValue(status), task.Labels: task.SetValue(is.Fields.Labels...),
			task.Priority: task.Empty(task.Text), task.Assignee: task.Empty(task.Person),
		}
		if p := is.Fields.Priority; p != nil && p.Name != "None" {
			want[task.Priority] = task.TextValue(p.Name)
		}
		if a := is.Fields.Assignee; a != nil {
			want[task.Assignee] = task.PersonValue(a.DisplayName)
		}
		if sp.api == 2 { // on version 3 the sandbox has made a document of it
			want[task.Notes] = task.TextValue(richtext.ParseWiki(is.Fields.Description).Text())
		}
		if strings.Contains(r.Values[task.Notes].String(), "{noformat}") && sp.api == 2 {
			t.Errorf("%s: its notes show markup", is.Key)
		}
		for f, v := range want {
			if r.Values[f] != v {
				t.Errorf("%s: %s is %q, want %q", is.Key, f, r.Values[f], v)
			}
		}
	}
	// As counted in the files themselves.
	if count[task.NotStarted] != 180 || count[task.InProgress] != 16 || count[task.Done] != 691 || count[task.Cancelled] != 180 {
		t.Errorf("statuses: %v", count)
	}
	t.Logf("%d requests for %d issues", len(tl.requests()), len(snap.Records))
}
