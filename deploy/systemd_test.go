package deploy_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const unitFile = "systemd/lockstep.service"

// unit returns the values of each key of the unit, in order. An empty assignment counts as a value.
func unit(t *testing.T) map[string][]string {
	t.Helper()
	values := map[string][]string{}
	for line := range strings.Lines(read(t, unitFile)) {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok && !strings.HasPrefix(key, "#") {
			values[key] = append(values[key], value)
		}
	}
	return values
}

// systemd's own reader takes the unit without a word, and counts it among the well locked ones (the scale ends at 100).
func TestSystemdTakesTheUnit(t *testing.T) {
	t.Parallel()
	analyze := program(t, "systemd-analyze")
	// It wants the programs of the unit to exist, so this test's own stands in for ours.
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "lockstep.service")
	verify := func(text string) string {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(run(t, analyze, "verify", "--man=no", path))
	}
	text := strings.ReplaceAll(read(t, unitFile), "/usr/local/bin/lockstep", self)
	if said := verify(strings.Replace(text, "UMask=", "UMusk=", 1)); !strings.Contains(said, "UMusk") {
		t.Skipf("this systemd-analyze does not notice an unknown key; it said %q", said)
	}
	if said := verify(text); said != "" {
		t.Errorf("systemd says:\n%s", said)
	}
	run(t, analyze, "security", "--offline=true", "--threshold=20", "--no-pager", path)
}

func TestUnitHoldsToItsOwnFolderAndSecrets(t *testing.T) {
	t.Parallel()
	keys := unit(t)
	for key, want := range map[string]string{
		"DynamicUser": "yes", "NoNewPrivileges": "yes", "ProtectSystem": "strict", "ProtectHome": "yes", "StateDirectory": "lockstep",
		"WorkingDirectory": "/var/lib/lockstep", "CapabilityBoundingSet": "", "SystemCallArchitectures": "native",
	} {
		if got := keys[key]; !slices.Equal(got, []string{want}) {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
	// The example's database lies in the one folder that the service may write to.
	example := read(t, "config/lockstep.example.yaml")
	if !strings.Contains(example, "\nstore: sqlite:/var/lib/lockstep/") {
		t.Error("the example's store is not below StateDirectory")
	}
	// The secrets that the example reads are the ones that the unit loads.
	var loaded []string
	for _, credential := range keys["LoadCredential"] {
		name, path, _ := strings.Cut(credential, ":")
		if path != "/etc/lockstep/secrets/"+name {
			t.Errorf("credential %q comes from %q", name, path)
		}
		loaded = append(loaded, name)
	}
	want := credentials(example)
	slices.Sort(loaded)
	slices.Sort(want)
	if !slices.Equal(loaded, want) {
		t.Errorf("the unit loads %q and the example reads %q", loaded, want)
	}
}
