package app_test

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/lockstep-sync/lockstep/connectors/google"
	"github.com/lockstep-sync/lockstep/connectors/jira"
	"github.com/lockstep-sync/lockstep/internal/app"
	"github.com/lockstep-sync/lockstep/internal/notify"
	"github.com/lockstep-sync/lockstep/sync/engine"
	"github.com/lockstep-sync/lockstep/sync/plan"
	"github.com/lockstep-sync/lockstep/sync/task"
)

func TestMain(m *testing.M) {
	flag.Bool("update", false, "write docs/reference/metrics.md anew")
	flag.Parse()
	os.Exit(m.Run())
}

// TestReferenceIsCurrent holds docs/reference/metrics.md against the metrics of a Lockstep that has been through something.
// `go generate ./internal/app` writes it anew.
func TestReferenceIsCurrent(t *testing.T) {
	t.Parallel()
	const path = "../../docs/reference/metrics.md"
	r := newRig(t)
	r.more = "    notify: [{id: board, mail: {host: localhost, from: a@example.org, to: [b@example.org]}}]\n"
	r.app = r.open(t)
	r.settle(t)
	card := scorecardOf(r.cycle(t))
	// One pause that Jira asks for, and one edit that travels: the metrics of these begin with the first.
	pause := reply(http.StatusTooManyRequests, "application/json", `{}`, "Retry-After", "1")
	r.Jira.Panel().Inject(pause)
	r.set(t, jiraSource, drill, "In Progress")
	r.settle(t)
	r.expect(t, "after a pause", card, drill, "In progress")

	page := reference(t, r.app)
	if f := flag.Lookup("update"); f.Value.String() == "true" {
		if err := os.WriteFile(path, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v: run go generate ./internal/app and read the result", err)
	}
	if diff := cmp.Diff(string(want), page); diff != "" {
		t.Errorf("not what %s says (-want +got): run go generate ./internal/app\n%s", path, diff)
	}
}

// reference renders the page from the registry: types and labels are those of series that are really there.
func reference(t *testing.T, a *app.App) string {
	t.Helper()
	families, err := a.Registry().Gather()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString(`# Metrics

<!-- Written by "go generate ./internal/app" from the metrics of a running Lockstep. Change them there. -->

Lockstep serves them at ` + "`/metrics`" + ` in the Prometheus format, with Go's own (` + "`go_*`" + `) and the process's (` + "`process_*`" + `). Label values
come from the configuration or from the closed sets below, never from data. Times are Unix seconds, ages and durations seconds.
A histogram ` + "`x`" + ` is served as ` + "`x_bucket`, `x_sum` and `x_count`" + `.

| metric | type | labels | meaning |
|---|---|---|---|
`)
	var seen []string
	for _, f := range families {
		if !strings.HasPrefix(f.GetName(), "lockstep_") {
			continue
		}
		seen = append(seen, f.GetName())
		var labels []string
		for _, l := range f.GetMetric()[0].GetLabel() {
			labels = append(labels, "`"+l.GetName()+"`")
		}
		if f.GetHelp() == "" || !strings.HasSuffix(f.GetHelp(), ".") {
			t.Errorf("%s has no help that ends in a full stop", f.GetName())
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", f.GetName(), strings.ToLower(f.GetType().String()), strings.Join(labels, " "), f.GetHelp())
	}
	for _, name := range registered(a) {
		if !slices.Contains(seen, name) {
			t.Errorf("%s has no series: this test must bring one about", name)
		}
	}
	set := func(label, what string, values []string) {
		fmt.Fprintf(&b, "| `%s` | %s | `%s` |\n", label, what, strings.Join(values, "` `"))
	}
	b.WriteString("\n## Label values\n\n| label | of | values |\n|---|---|---|\n")
	set("result", "`lockstep_cycles_total`", texts(engine.Results()))
	set("op", "`lockstep_patches_total`", texts([]task.Op{task.Create, task.Adopt, task.Update, task.Remove}))
	set("result", "`lockstep_patches_total`", []string{"ok", "failed"})
	set("result", "`lockstep_messages_total`", notify.Results())
	set("reason", "`lockstep_held`", texts(task.HoldReasons()))
	set("guard", "`lockstep_guard_trips_total`", plan.GuardNames())
	set("status", "`lockstep_tasks`", task.Statuses())
	set("outcome", "`lockstep_webhooks_total`", jira.WebhookOutcomes())
	set("outcome", "`lockstep_drive_notices_total`", google.NoticeOutcomes())
	b.WriteString("\n`partnership`, `partner` and `source` are ids of the configuration, and so are `from` and `to`, which are sources.\n")
	return b.String()
}

func texts[S ~string](of []S) []string {
	out := make([]string, len(of))
	for i, s := range of {
		out[i] = string(s)
	}
	return out
}

// registered are the names of all our metrics, also of those that have no series yet.
func registered(a *app.App) []string {
	descs := make(chan *prometheus.Desc)
	go func() {
		a.Registry().Describe(descs)
		close(descs)
	}()
	name := regexp.MustCompile(`fqName: "(lockstep_[a-z_]+)"`)
	var out []string
	for d := range descs {
		if m := name.FindStringSubmatch(d.String()); m != nil {
			out = append(out, m[1])
		}
	}
	return out
}
