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

// metricLabels are the metrics that there are, with their labels, as the generated reference lists them. A rule that asks for
// another would never fire, and Prometheus would not say why.
func metricLabels(t *testing.T) map[string][]string {
	t.Helper()
	all := map[string][]string{"up": {"job", "instance"}} // Prometheus's own, of every job
	row := regexp.MustCompile("(?m)^\\| `(lockstep_[a-z_]+)` \\| [a-z]+ \\| ([a-z` ]*) \\|")
	for _, m := range row.FindAllStringSubmatch(read(t, filepath.Join(root, "docs", "reference", "metrics.md")), -1) {
		all[m[1]] = strings.Fields(strings.ReplaceAll(m[2], "`", ""))
	}
	if len(all) < 10 {
		t.Fatalf("only %d metrics were found in the reference", len(all))
	}
	return all
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
	metrics := metricLabels(t)
	for _, r := range rules(t) {
		named := metric.FindAllString(r.Expr, -1)
		if len(named) == 0 {
			t.Errorf("%s asks for no metric of ours", r.Alert)
		}
		var known []string
		for _, name := range named {
			labels, ok := metrics[name]
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
	tests, metrics := read(t, ruleTests), metricLabels(t)
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
			if _, ok := metrics[name]; !ok {
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
