package deploy_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

const (
	prometheusConfig = "prometheus/prometheus.yml"
	ruleFile         = "prometheus/rules/lockstep.yaml"
	ruleTests        = "prometheus/rules/lockstep_test.yaml"
)

// metricLabels are the metrics that the design promises, with their labels. A rule that asks for another would
// never fire, and Prometheus would not say why.
var metricLabels = map[string][]string{
	"lockstep_api_request_duration_seconds":   {"source"},
	"lockstep_api_requests_total":             {"source", "method", "code"},
	"lockstep_api_throttled_seconds_total":    {"source"},
	"lockstep_build_info":                     {},
	"lockstep_conflicts_open":                 {"partnership"},
	"lockstep_cycle_duration_seconds":         {"partnership"},
	"lockstep_cycles_total":                   {"partnership", "result"},
	"lockstep_guard_trips_total":              {"guard"},
	"lockstep_held":                           {"source", "reason"},
	"lockstep_last_attempt_timestamp_seconds": {"partnership", "source"},
	"lockstep_last_success_timestamp_seconds": {"partnership", "source"},
	"lockstep_oldest_unsynced_change_seconds": {"partnership"},
	"lockstep_patches_total":                  {"source", "op", "result"},
	"lockstep_propagation_seconds":            {"from", "to"},
	"lockstep_scorecard_age_seconds":          {"partnership"},
	"lockstep_source_up":                      {"partnership", "source"},
	"lockstep_tasks":                          {"partnership", "partner", "status"},
	"lockstep_tasks_overdue":                  {"partnership", "partner"},
	// Prometheus's own, of every job.
	"up": {"job", "instance"},
}

type rule struct {
	Alert       string            `yaml:"alert"`
	Expr        string            `yaml:"expr"`
	For         string            `yaml:"for"`
	Labels      map[string]string `yaml:"labels"`
	Annotations map[string]string `yaml:"annotations"`
}

func rules(t *testing.T) []rule {
	t.Helper()
	var file struct {
		Groups []struct {
			Name  string `yaml:"name"`
			Rules []rule `yaml:"rules"`
		} `yaml:"groups"`
	}
	if err := yaml.NewDecoder(strings.NewReader(read(t, ruleFile)), yaml.Strict()).Decode(&file); err != nil {
		t.Fatal(err)
	}
	var all []rule
	for _, g := range file.Groups {
		all = append(all, g.Rules...)
	}
	if len(all) == 0 {
		t.Fatal("no rule was found")
	}
	return all
}

func TestPromtoolTakesTheRules(t *testing.T) {
	t.Parallel()
	promtool := program(t, "promtool")
	run(t, promtool, "check", "rules", ruleFile)
	run(t, promtool, "check", "config", prometheusConfig)
	run(t, promtool, "test", "rules", ruleTests)
}

// A rule's tests are worth something if they fail when the rule is wrong. All the mistakes are made at once, as promtool takes
// seconds to run; promtool prints what was expected and what it got for each
// case that fails, and each mistake must show there.
func TestPromtoolCatchesWrongRules(t *testing.T) {
	t.Parallel()
	promtool := program(t, "promtool")
	mistakes := []struct{ name, was, is, caught string }{
		{
			"a threshold that is never reached",
			"(lockstep_oldest_unsynced_change_seconds) > 900", "(lockstep_oldest_unsynced_change_seconds) > 1e9",
			`exp: {__name__="ALERTS", alertname="LockstepOldestUnsyncedChange"`,
		},
		{
			"a comparison that takes none for some",
			"(lockstep_conflicts_open) > 0", "(lockstep_conflicts_open) >= 0",
			`alertname="LockstepConflictsWaiting", alertstate="firing", partnership="roads"`,
		},
		{
			"too hasty",
			"for: 10m", "for: 1m",
			`got: {__name__="ALERTS", alertname="LockstepSourceDown"`,
		},
		{
			"a figure that stands still when cycles do",
			"time() - lockstep_last_success", "0 * lockstep_last_success",
			`exp: {__name__="ALERTS", alertname="LockstepCyclesStopped"`,
		},
	}
	text := read(t, ruleFile)
	for _, m := range mistakes {
		if strings.Count(text, m.was) != 1 {
			t.Fatalf("%q is not in the rules just once", m.was)
		}
		text = strings.Replace(text, m.was, m.is, 1)
	}
	dir := t.TempDir()
	for name, text := range map[string]string{filepath.Base(ruleFile): text, filepath.Base(ruleTests): read(t, ruleTests)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	said := fails(t, promtool, "test", "rules", filepath.Join(dir, filepath.Base(ruleTests)))
	for _, m := range mistakes {
		if !strings.Contains(said, m.caught) {
			t.Errorf("%s was not noticed: no %q in what promtool said:\n%s", m.name, m.caught, said)
		}
	}
}

func TestRulesAskForMetricsThatExist(t *testing.T) {
	t.Parallel()
	metric := regexp.MustCompile(`\blockstep_[a-z_]+\b|\bup\b`)
	grouping := regexp.MustCompile(`\b(?:by|without) *\(([^)]*)\)`)
	matcher := regexp.MustCompile(`([a-z_]+) *(?:=~|!~|!=|=) *"`)
	template := regexp.MustCompile(`\$labels\.([a-z_]+)`)
	for _, r := range rules(t) {
		named := metric.FindAllString(r.Expr, -1)
		if len(named) == 0 {
			t.Errorf("%s asks for no metric of ours", r.Alert)
		}
		var known []string
		for _, name := range named {
			labels, ok := metricLabels[name]
			if !ok {
				t.Errorf("%s asks for %s, which does not exist", r.Alert, name)
			}
			known = append(known, labels...)
		}
		var asked []string
		for _, m := range grouping.FindAllStringSubmatch(r.Expr, -1) {
			for label := range strings.SplitSeq(m[1], ",") {
				asked = append(asked, strings.TrimSpace(label))
			}
		}
		for _, re := range []*regexp.Regexp{matcher, template} {
			for _, m := range re.FindAllStringSubmatch(r.Expr+r.Annotations["summary"]+r.Annotations["description"], -1) {
				asked = append(asked, m[1])
			}
		}
		for _, label := range asked {
			if !slices.Contains(known, label) {
				t.Errorf("%s uses the label %q, which its metrics do not have", r.Alert, label)
			}
		}
	}
}

// The text of a rule is what somebody reads at night: it says what to do. Metrics that it names exist too.
func TestEveryAlertIsComplete(t *testing.T) {
	t.Parallel()
	tests := read(t, ruleTests)
	metric := regexp.MustCompile(`\blockstep_[a-z_]+\b`)
	seen := map[string]bool{}
	for _, r := range rules(t) {
		if seen[r.Alert] {
			t.Errorf("%s stands there twice", r.Alert)
		}
		seen[r.Alert] = true
		if !slices.Contains([]string{"critical", "warning", "info"}, r.Labels["severity"]) {
			t.Errorf("%s has severity %q", r.Alert, r.Labels["severity"])
		}
		if r.For == "" {
			t.Errorf("%s does not say for how long", r.Alert)
		}
		if r.Annotations["summary"] == "" || len(r.Annotations["description"]) < 100 {
			t.Errorf("%s has no summary, or a description too short to say what to do", r.Alert)
		}
		for _, name := range metric.FindAllString(r.Annotations["description"], -1) {
			if _, ok := metricLabels[name]; !ok {
				t.Errorf("%s sends the reader to %s, which does not exist", r.Alert, name)
			}
		}
		if !strings.Contains(tests, `alertname="`+r.Alert+`",alertstate="firing"`) &&
			!strings.Contains(tests, "alertname: "+r.Alert+"\n") {
			t.Errorf("%s fires in no test of %s", r.Alert, ruleTests)
		}
	}
}

func TestPrometheusConfigNamesTheRulesAndTheJob(t *testing.T) {
	t.Parallel()
	var config struct {
		RuleFiles     []string `yaml:"rule_files"`
		ScrapeConfigs []struct {
			JobName       string `yaml:"job_name"`
			MetricsPath   string `yaml:"metrics_path"`
			StaticConfigs []struct {
				Targets []string `yaml:"targets"`
			} `yaml:"static_configs"`
		} `yaml:"scrape_configs"`
	}
	if err := yaml.Unmarshal([]byte(read(t, prometheusConfig)), &config); err != nil {
		t.Fatal(err)
	}
	if want := []string{"rules/lockstep.yaml"}; !slices.Equal(config.RuleFiles, want) {
		t.Errorf("rule files are %q, want %q", config.RuleFiles, want)
	}
	// The rules find Lockstep by the job's name, and compose.yaml gives the host its own.
	if len(config.ScrapeConfigs) != 1 || config.ScrapeConfigs[0].JobName != "lockstep" {
		t.Fatalf("scrape configs are %+v, want one job named lockstep", config.ScrapeConfigs)
	}
	targets := config.ScrapeConfigs[0].StaticConfigs[0].Targets
	if _, ok := composeFile(t).Services["lockstep"]; !ok || !slices.Equal(targets, []string{"lockstep:8080"}) {
		t.Errorf("targets are %q, want the service of compose.yaml, lockstep:8080", targets)
	}
}
