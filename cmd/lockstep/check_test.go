package main

import (
	"encoding/json"
	"strings"
	"testing"

	jirabox "github.com/lockstep-sync/lockstep/connectors/sandbox/jira"
	"github.com/lockstep-sync/lockstep/internal/app"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	before := w.written()
	lockstep(t, "check", "--config", w.config).wants(t, exitOK, "clean-water · aquafund-jira (jira)", "")
	out := lockstep(t, "check", "--config", w.config, "--json")
	out.wants(t, exitOK, "", "")
	var all []app.SourceCheck
	if err := json.Unmarshal([]byte(out.out), &all); err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		if len(s.Findings) == 0 || s.Kind == "" || s.Partnership != "clean-water" {
			t.Errorf("got %+v", s)
		}
	}
	if len(all) != 5 {
		t.Errorf("%d sources were checked, want 3 partners', the scorecard and the report", len(all))
	}

	w.Jira.ExpireToken(jirabox.TokenRefused)
	out = lockstep(t, "check", "--config", w.config)
	out.wants(t, exitError, "✗", "")
	if !strings.Contains(out.out, "1 error") || !strings.Contains(out.out, "→") {
		t.Errorf("got %s", out.out)
	}
	if after := w.written(); after != before {
		t.Errorf("check sent %d writes", after-before)
	}
}
