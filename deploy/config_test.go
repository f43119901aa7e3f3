package deploy_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lockstep-sync/lockstep/config"
)

// secrets writes a file for each secret that a configuration reads and returns the environment that points to them.
func secrets(t *testing.T, text string) func(string) (string, bool) {
	t.Helper()
	dir := t.TempDir()
	for _, name := range credentials(text) {
		content := []byte("a-token-made-up-for-" + name + "\n")
		if strings.HasSuffix(name, ".json") {
			key := map[string]string{
				"type": "service_account", "client_email": "bot@project.example", "private_key": "made up for " + t.Name(),
			}
			var err error
			if content, err = json.Marshal(key); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return func(name string) (string, bool) { return dir, name == "CREDENTIALS_DIRECTORY" }
}

// Both configurations are what Lockstep takes, as they are, once the secrets are there.
func TestConfigurationsLoad(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]struct {
		listen  string
		sources int
	}{
		"config/lockstep.example.yaml": {"127.0.0.1:8080", 3},
		"compose/etc/lockstep.yaml":    {"0.0.0.0:8080", 2},
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			got, err := config.Load(file, secrets(t, read(t, file)))
			if err != nil {
				t.Fatal(err)
			}
			if got.Listen != want.listen {
				t.Errorf("listen is %q, want %q", got.Listen, want.listen)
			}
			if len(got.Partnerships) != 1 || len(got.Partnerships[0].Sources) != want.sources {
				t.Errorf("got %d partnerships, want 1 with %d sources", len(got.Partnerships), want.sources)
			}
			// The unit and the image can write to this folder and to no other.
			if !strings.HasPrefix(got.Store, "sqlite:/var/lib/lockstep/") {
				t.Errorf("store is %q, want it below /var/lib/lockstep", got.Store)
			}
		})
	}
}

// Without its secrets a configuration is refused, by the name of the file that is missing: nobody runs on a made-up one.
func TestConfigurationsNeedTheirSecrets(t *testing.T) {
	t.Parallel()
	empty := t.TempDir()
	env := func(name string) (string, bool) { return empty, name == "CREDENTIALS_DIRECTORY" }
	for _, file := range []string{"config/lockstep.example.yaml", "compose/etc/lockstep.yaml"} {
		_, err := config.Load(file, env)
		if err == nil {
			t.Errorf("%s loads without its secrets", file)
			continue
		}
		for _, name := range credentials(read(t, file)) {
			if !strings.Contains(err.Error(), name) {
				t.Errorf("%s: the error does not name %q: %v", file, name, err)
			}
		}
	}
}
