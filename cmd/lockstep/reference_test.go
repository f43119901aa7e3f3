package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"
)

// TestReferenceIsCurrent holds docs/reference/commands.md against the command line. `go generate ./cmd/lockstep` writes it anew.
func TestReferenceIsCurrent(t *testing.T) {
	t.Parallel()
	const path = "../../docs/reference/commands.md"
	page := reference(t)
	if f := flag.Lookup("update"); f.Value.String() == "true" {
		if err := os.WriteFile(path, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v: run go generate ./cmd/lockstep and read the result", err)
	}
	if diff := cmp.Diff(string(want), page); diff != "" {
		t.Errorf("not what %s says (-want +got): run go generate ./cmd/lockstep\n%s", path, diff)
	}
}

// reference renders the page from the command line itself.
func reference(t *testing.T) string {
	t.Helper()
	parser, err := kong.New(&cli{}, kong.Name("lockstep"))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	fmt.Fprintf(&b, `# Commands

<!-- Written by "go generate ./cmd/lockstep" from the command line itself. Change it there. -->

%s

Configuration is the file, so flags are few. What machines read is JSON on standard output; logs and errors go to standard error.
`+"`lockstep COMMAND --help`"+` prints what is below.

| exit code | meaning |
|---|---|
| %d | it went well; of `+"`plan`"+`: every source was read, and there is nothing to do |
| %d | an error; of `+"`once`"+`: also a guard that says no; of `+"`check`"+`: also a finding that does not work; of `+"`plan`"+`: also a source that was not read, where the others have nothing to do |
| %d | of `+"`plan`"+`: there is something to write |

`, description, exitOK, exitError, exitChanges)
	for _, c := range parser.Model.Leaves(true) {
		if c.Help == "" || !strings.HasSuffix(c.Help, ".") {
			t.Errorf("%s has no help that ends in a full stop", c.Name)
		}
		fmt.Fprintf(&b, "## `lockstep %s`\n\n%s\n\n", c.Name, c.Help)
		var flags []*kong.Flag
		for _, f := range c.Flags {
			if !f.Hidden && f.Name != "help" {
				flags = append(flags, f)
			}
		}
		if len(flags) == 0 {
			continue
		}
		b.WriteString("| flag | default | meaning |\n|---|---|---|\n")
		for _, f := range flags {
			if f.Help == "" || !strings.HasSuffix(f.Help, ".") {
				t.Errorf("%s --%s has no help that ends in a full stop", c.Name, f.Name)
			}
			name, def := "--"+f.Name, f.Default
			if !f.IsBool() {
				name += " " + placeholder(f)
			}
			if def != "" {
				def = "`" + def + "`"
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", name, def, f.Help)
		}
		b.WriteString("\n")
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}

// placeholder says what a flag takes: its own word, else its kind.
func placeholder(f *kong.Flag) string {
	if f.PlaceHolder != "" {
		return f.PlaceHolder
	}
	return strings.ToUpper(f.Target.Type().Name())
}
