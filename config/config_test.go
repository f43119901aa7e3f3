package config

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func updating() bool {
	f := flag.Lookup("update")
	return f != nil && f.Value.String() == "true"
}

func TestMain(m *testing.M) {
	flag.Bool("update", false, "write the golden files and the reference page anew")
	flag.Parse()
	os.Exit(m.Run())
}

// fixtureEnv is the environment of the fixtures.
func fixtureEnv(name string) (string, bool) {
	v, ok := map[string]string{
		"TOKEN": "t0ken: with # and - in it", "PROJECT": "WASH", "ODD": "Aqua: Fund # - 1", "ROW": "3", "EMPTY": "",
		"SECRET": "s3cret-Canary-env",
	}[name]
	return v, ok
}

// parseFixture parses a file under its base name, so that messages are the same wherever the checkout lies; what it names
// is looked for in its real folder.
func parseFixture(t *testing.T, path string) (*Config, error) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	read := func(p string, limit int64) ([]byte, error) {
		return readFile(filepath.Join(filepath.Dir(path), p), limit)
	}
	return loader{name: filepath.Base(path), env: fixtureEnv, read: read}.load(data)
}

// TestBadFixtures holds the exact words of each mistake. Each fixture but those named has one mistake alone.
func TestBadFixtures(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil || len(files) < 100 {
		t.Fatalf("%d fixtures, %v", len(files), err)
	}
	many := []string{"several.yaml", "several-agreed.yaml", "several-auth.yaml", "several-notify.yaml", "too-many.yaml"}
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			cfg, err := parseFixture(t, path)
			if err == nil {
				t.Fatalf("no mistake found, config %v", cfg)
			}
			var e *Error
			if !asError(err, &e) {
				t.Fatalf("error of type %T", err)
			}
			if len(e.Problems) != 1 && !slices.Contains(many, filepath.Base(path)) {
				t.Errorf("%d mistakes, want one:\n%v", len(e.Problems), err)
			}
			for _, p := range e.Problems {
				if !strings.Contains(p.Text, ": ") && !strings.Contains(p.Text, "?") {
					t.Errorf("no remedy in %q", p.Text)
				}
			}
			if strings.Contains(err.Error(), "Canary") {
				t.Errorf("a secret shows:\n%v", err)
			}
			golden(t, strings.TrimSuffix(path, ".yaml")+".txt", err.Error()+"\n")
		})
	}
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if updating() {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v: run go test ./config -update and read the result", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("not what %s says (-want +got):\n%s", path, diff)
	}
}

func asError(err error, to **Error) bool {
	e, ok := err.(*Error) //nolint:errorlint // the type itself is promised
	*to = e
	return ok
}

// TestNoStrayGolden finds golden files whose fixture is gone.
func TestNoStrayGolden(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/bad/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if _, err := os.Stat(strings.TrimSuffix(f, ".txt") + ".yaml"); err != nil {
			t.Errorf("%s has no fixture", f)
		}
	}
}

func TestValidFixtures(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/valid/*.yaml")
	if err != nil || len(files) < 6 {
		t.Fatalf("%d fixtures, %v", len(files), err)
	}
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			if _, err := parseFixture(t, path); err != nil {
				t.Error(err)
			}
			if _, err := Load(path, fixtureEnv); err != nil {
				t.Errorf("through Load: %v", err)
			}
		})
	}
}
