package deploy_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// commandLines returns the arguments with which each file here starts Lockstep.
func commandLines(t *testing.T) map[string][]string {
	t.Helper()
	lines := map[string][]string{}

	start := unit(t)["ExecStart"]
	if len(start) != 1 {
		t.Fatalf("the unit has %d ExecStart, want 1", len(start))
	}
	fields := strings.Fields(start[0])
	if fields[0] != "/usr/local/bin/lockstep" {
		t.Errorf("the unit starts %q", fields[0])
	}
	lines[unitFile] = fields[1:]

	lines["compose/compose.yaml"] = composeFile(t).Services["lockstep"].Command

	image := read(t, filepath.Join(root, "Dockerfile"))
	for key, to := range map[string]string{"ENTRYPOINT": "Dockerfile ENTRYPOINT", "CMD": "Dockerfile"} {
		m := regexp.MustCompile(`(?m)^` + key + ` (\[.*\])$`).FindStringSubmatch(image)
		var args []string
		if m == nil {
			t.Fatalf("the Dockerfile has no %s", key)
		}
		if err := yaml.Unmarshal([]byte(m[1]), &args); err != nil {
			t.Fatal(err)
		}
		lines[to] = args
	}
	if got := lines["Dockerfile ENTRYPOINT"]; !slices.Equal(got, []string{"/lockstep"}) {
		t.Errorf("the image starts %q", got)
	}
	delete(lines, "Dockerfile ENTRYPOINT")
	return lines
}

// Every file starts the daemon in the same way, on the configuration that it says is there.
func TestCommandLines(t *testing.T) {
	t.Parallel()
	for file, args := range commandLines(t) {
		if want := []string{"run", "--config", "/etc/lockstep/lockstep.yaml"}; !slices.Equal(args, want) {
			t.Errorf("%s starts lockstep with %q, want %q", file, args, want)
		}
	}
}

// The binary, built as the Makefile and the Dockerfile build it, knows the commands and the flags that the files here use,
// and carries the version that it was given.
func TestBinaryTakesTheCommandLines(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("builds the binary, which -short leaves out")
	}
	bin := filepath.Join(t.TempDir(), "lockstep")
	stamp := "-s -w -X main.version=v1.2.3-test"
	for file, flags := range map[string]string{
		"Makefile": "-s -w -X main.version=$(VERSION)", "Dockerfile": "-s -w -X main.version=${VERSION}",
	} {
		if !strings.Contains(read(t, filepath.Join(root, file)), flags) {
			t.Errorf("%s does not build with %q", file, flags)
		}
	}
	run(t, "go", "build", "-ldflags", stamp, "-o", bin, "../cmd/lockstep")
	if said := run(t, bin, "version"); !strings.Contains(said, "v1.2.3-test") {
		t.Errorf("lockstep version says %q, which is not the version that it was built with", said)
	}
	for file, args := range commandLines(t) {
		help := run(t, bin, args[0], "--help")
		for _, arg := range args[1:] {
			if flag, ok := strings.CutPrefix(arg, "--"); ok && !regexp.MustCompile(`--`+regexp.QuoteMeta(flag)+`\b`).MatchString(help) {
				t.Errorf("%s gives --%s to lockstep %s, which has no such flag:\n%s", file, flag, args[0], help)
			}
		}
		// A file that is not there is the first thing to go wrong; a flag that is not known would come before it.
		missing := filepath.Join(t.TempDir(), "missing.yaml")
		with := slices.Clone(args)
		with[slices.Index(with, "--config")+1] = missing
		if said := fails(t, bin, with...); !strings.Contains(said, missing) {
			t.Errorf("lockstep %s does not name the configuration that it cannot read:\n%s", strings.Join(with, " "), said)
		}
	}
}

// The image holds the module's code and no secret: what the build is sent is listed, not what it is not.
func TestImageIsSentCodeAlone(t *testing.T) {
	t.Parallel()
	lines := strings.Split(read(t, filepath.Join(root, ".dockerignore")), "\n")
	if !slices.Contains(lines, "*") {
		t.Fatal(".dockerignore does not begin by leaving everything out")
	}
	var sent []string
	for _, line := range lines {
		if name, ok := strings.CutPrefix(line, "!"); ok {
			sent = append(sent, strings.TrimSuffix(name, "/"))
		}
	}
	// Every folder of the root that holds Go code is sent, or the build inside would miss a package.
	for _, dir := range codeFolders(t) {
		if !slices.Contains(sent, dir) {
			t.Errorf(".dockerignore does not send %s/", dir)
		}
	}
	for _, name := range []string{"go.mod", "go.sum", "LICENSE"} {
		if !slices.Contains(sent, name) {
			t.Errorf(".dockerignore does not send %s", name)
		}
	}
}

// codeFolders returns the folders of the root in which, at any depth, there is Go code other than tests.
func codeFolders(t *testing.T) []string {
	t.Helper()
	var dirs []string
	err := fs.WalkDir(os.DirFS(root), ".", func(path string, d fs.DirEntry, err error) error {
		switch first, _, _ := strings.Cut(path, "/"); {
		case err != nil:
			return err
		case d.IsDir() && path != "." && strings.HasPrefix(d.Name(), "."):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || slices.Contains(dirs, first):
		default:
			dirs = append(dirs, first)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(dirs) == 0 {
		t.Fatal("no folder with Go code was found")
	}
	return dirs
}

// Nothing in the image but what was copied there, and nobody in it but a user without rights, named by number.
func TestImageIsBareAndUnprivileged(t *testing.T) {
	t.Parallel()
	var stages, users, volumes []string
	for line := range strings.Lines(read(t, filepath.Join(root, "Dockerfile"))) {
		switch fields := strings.Fields(line); {
		case len(fields) == 0:
		case fields[0] == "FROM":
			stages, users = append(stages, fields[1]), nil
		case fields[0] == "USER":
			users = append(users, fields[1])
		case fields[0] == "VOLUME":
			volumes = append(volumes, fields[1])
		case fields[0] == "ADD":
			t.Errorf("%q brings something from outside that go.sum does not vouch for", strings.TrimSpace(line))
		}
	}
	if len(stages) != 2 || stages[1] != "scratch" {
		t.Errorf("stages are %q, want a build and scratch", stages)
	}
	if !slices.Equal(users, []string{"65532:65532"}) {
		t.Errorf("the image runs as %q", users)
	}
	if !slices.Equal(volumes, []string{`["/var/lib/lockstep"]`}) {
		t.Errorf("volumes are %q", volumes)
	}
}
