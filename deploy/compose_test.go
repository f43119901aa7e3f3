package deploy_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

type compose struct {
	Services map[string]struct {
		Build struct {
			Context string            `yaml:"context"`
			Args    map[string]string `yaml:"args"`
		} `yaml:"build"`
		Image       string            `yaml:"image"`
		Command     []string          `yaml:"command"`
		Environment map[string]string `yaml:"environment"`
		Ports       []string          `yaml:"ports"`
		Volumes     []string          `yaml:"volumes"`
		Secrets     []string          `yaml:"secrets"`
		ReadOnly    bool              `yaml:"read_only"`
		CapDrop     []string          `yaml:"cap_drop"`
	} `yaml:"services"`
	Volumes map[string]any `yaml:"volumes"`
	Secrets map[string]struct {
		File string `yaml:"file"`
	} `yaml:"secrets"`
}

func composeFile(t *testing.T) compose {
	t.Helper()
	var c compose
	if err := yaml.Unmarshal([]byte(read(t, "compose/compose.yaml")), &c); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestComposeMountsWhatExists(t *testing.T) {
	t.Parallel()
	c := composeFile(t)
	if len(c.Services) != 2 {
		t.Fatalf("%d services, want lockstep and prometheus", len(c.Services))
	}
	for name, service := range c.Services {
		for _, mount := range service.Volumes {
			from, to, ok := strings.Cut(mount, ":")
			if !ok || !strings.HasPrefix(to, "/") {
				t.Errorf("%s: %q does not say where it is mounted", name, mount)
			}
			if !strings.HasPrefix(from, ".") {
				if _, ok := c.Volumes[from]; !ok {
					t.Errorf("%s: volume %q is not declared", name, from)
				}
				continue
			}
			// Docker makes an empty folder of a path that is not there, and the program inside finds nothing.
			if _, err := os.Stat(filepath.Join("compose", from)); err != nil {
				t.Errorf("%s mounts what does not exist: %v", name, err)
			}
			if !strings.HasSuffix(to, ":ro") {
				t.Errorf("%s: %q is a file of this project and is mounted to be written", name, mount)
			}
		}
		for _, port := range service.Ports {
			if !strings.HasPrefix(port, "127.0.0.1:") {
				t.Errorf("%s: port %q is open to other machines", name, port)
			}
		}
		for _, secret := range service.Secrets {
			if _, ok := c.Secrets[secret]; !ok {
				t.Errorf("%s: secret %q is not declared", name, secret)
			}
		}
		if !slices.Equal(service.CapDrop, []string{"ALL"}) {
			t.Errorf("%s keeps capabilities", name)
		}
	}
	if _, err := os.Stat(filepath.Join("compose", c.Services["lockstep"].Build.Context, "Dockerfile")); err != nil {
		t.Errorf("the build's folder holds no Dockerfile: %v", err)
	}
	if !slices.Contains(c.Services["prometheus"].Command, "--config.file=/etc/prometheus/prometheus.yml") {
		t.Errorf("Prometheus is not told of the file that is mounted: %q", c.Services["prometheus"].Command)
	}
}

// Each secret that a configuration reads is one that compose.yaml brings, under the name that the configuration uses, and its
// README tells of it. None of them is in the project.
func TestComposeSecrets(t *testing.T) {
	t.Parallel()
	c := composeFile(t)
	service := c.Services["lockstep"]
	if got := service.Environment["CREDENTIALS_DIRECTORY"]; got != "/run/secrets" {
		t.Errorf("CREDENTIALS_DIRECTORY is %q, and secrets are mounted in /run/secrets", got)
	}
	for _, config := range []string{"compose/etc/lockstep.yaml", "config/lockstep.example.yaml"} {
		names := credentials(read(t, config))
		if len(names) == 0 {
			t.Errorf("%s reads no secret", config)
		}
		for _, name := range names {
			if !slices.Contains(service.Secrets, name) {
				t.Errorf("%s reads the secret %q, which the service does not get", config, name)
			}
		}
	}
	readme, ignored := read(t, "compose/secrets/README.md"), read(t, filepath.Join(root, ".gitignore"))
	for name, secret := range c.Secrets {
		if secret.File != "./secrets/"+name {
			t.Errorf("secret %q is the file %q", name, secret.File)
		}
		if !strings.Contains(readme, "`"+name+"`") {
			t.Errorf("secrets/README.md does not tell of %q", name)
		}
	}
	if !strings.Contains(ignored, "/deploy/compose/secrets/*\n") {
		t.Error("git would take the files in compose/secrets")
	}
}

// credentials returns the names of the files that a configuration reads from ${CREDENTIALS_DIRECTORY}.
func credentials(text string) []string {
	var names []string
	for i, part := range strings.Split(text, "${CREDENTIALS_DIRECTORY}/") {
		if name := strings.FieldsFunc(part, func(r rune) bool { return strings.ContainsRune(" \n\"'},", r) }); i > 0 && len(name) > 0 {
			names = append(names, name[0])
		}
	}
	return names
}
