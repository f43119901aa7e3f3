// Package deploy_test reads what stands in this folder as the programs that it is written for would, and holds the
// files to one another: a mount to the file that it mounts, an alert to the metrics that exist, a command line to the command.
package deploy_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// root is the project's root, seen from this folder, where tests run.
const root = ".."

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// program finds a program on PATH or where `make tools` unpacks it, and skips the test where it is in neither.
func program(t *testing.T, name string) string {
	t.Helper()
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	path, err := filepath.Abs(filepath.Join(root, ".bin", "debian", "usr", "bin", name))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Skipf("%s is not on this machine: `make tools` gets it", name)
	}
	return path
}

// run gives back what a program says, and fails the test when it ends with an error.
func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", filepath.Base(name), strings.Join(args, " "), err, out)
	}
	return string(out)
}

// fails gives back what a program says that must end with an error, and fails the test when it does not.
func fails(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput()
	if _, ok := errors.AsType[*exec.ExitError](err); !ok {
		t.Fatalf("%s %s: got %v, want it to end with an error; it said\n%s", filepath.Base(name), strings.Join(args, " "), err, out)
	}
	return string(out)
}
