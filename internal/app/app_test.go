package app_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/lockstep-sync/lockstep/config"
	"github.com/lockstep-sync/lockstep/internal/app"
	"github.com/lockstep-sync/lockstep/internal/demo"
	"github.com/lockstep-sync/lockstep/sync/engine"
)

// newApp sets up a Lockstep on a sandbox, with a configuration in which $NAMES are replaced.
func newApp(t *testing.T, w *demo.World, yaml string) *app.App {
	t.Helper()
	yaml = strings.NewReplacer(
		"$STORE", filepath.Join(t.TempDir(), "lockstep.db"), "$JIRA", w.JiraURL, "$GOOGLE", w.GoogleURL, "$EMAIL", w.Email,
		"$TOKEN", w.Token, "$SCORECARD", w.Scorecard, "$PARTNER", w.Partner, "$HYDROTECH", w.Hydrotech,
	).Replace(yaml)
	cfg, err := config.Parse("test.yaml", []byte(yaml), func(string) (string, bool) { return "", false })
	if err != nil {
		t.Fatalf("read the configuration:\n%v", err)
	}
	a, err := app.New(t.Context(), app.Options{Config: cfg, Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return a
}

func once(t *testing.T, a *app.App) engine.Report {
	t.Helper()
	rs, err := a.Once(t.Context(), engine.Mode{})
	if err != nil {
		t.Fatal(err)
	}
	return rs[0]
}
