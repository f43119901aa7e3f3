package config

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lockstep-sync/lockstep/sync/task"
)

// TestReferenceIsCurrent holds docs/reference/configuration.md against the table. `go generate ./config` writes it anew.
func TestReferenceIsCurrent(t *testing.T) {
	t.Parallel()
	golden(t, "../docs/reference/configuration.md", reference())
}

func TestReferenceHasEveryKey(t *testing.T) {
	t.Parallel()
	page := reference()
	var walk func(keys []key)
	walk = func(keys []key) {
		for _, k := range accepted(keys) {
			if k.refused == "" && !strings.Contains(page, "`"+k.name+"`") {
				t.Errorf("%s is not in the reference", k.name)
			}
			if k.refused == "" && !strings.HasSuffix(k.doc, ".") {
				t.Errorf("%s has no description that ends in a full stop", k.name)
			}
			walk(k.sub)
		}
	}
	walk(table())
}

// reference renders the page from the table.
func reference() string {
	var b strings.Builder
	b.WriteString(`# Configuration

<!-- Written by "go generate ./config" from config/table.go. Change it there. -->

Lockstep reads one YAML file, named by ` + "`--config`" + `. It is read strictly: an unknown key, a value of the wrong type, or a name
that refers to nothing is an error, and all errors are shown at once, each with its place and what to do.

` + "`${NAME}`" + ` in a value is replaced by the environment variable of that name; one that is not set is an error. It is replaced
after the YAML has been read, so what is in the variable never counts as YAML. Write ` + "`$${`" + ` for a plain ` + "`${`" + `. Inside
` + "`{ }`" + ` and ` + "`[ ]`" + ` put such a value in quotes.

A secret may stand in the file, but better in the environment or in a file of its own, which its twin names: ` + "`token_file`" + `
for ` + "`token`" + `. Give one of the two. Secrets are never printed, logged or shown. A relative path in the configuration starts at
the folder of the configuration file; only the path in ` + "`store`" + ` starts at the working directory.

Durations are a number with a unit (` + "`60s`, `5m`, `1h30m`" + `), dates are ` + "`2026-09-01`" + `, shares are ` + "`30%`" + ` or ` + "`0.3`" + `.

`)
	fmt.Fprintf(&b, "The fields are %s. The statuses are %s.\n", code(fieldNames()), code(task.Statuses()))
	renderSection(&b, "The file", "", table())
	return b.String()
}

func renderSection(b *strings.Builder, title, path string, keys []key) {
	fmt.Fprintf(b, "\n## %s\n\n| key | type | default | meaning |\n|---|---|---|---|\n", title)
	for _, k := range accepted(keys) {
		if k.refused != "" {
			continue
		}
		def := k.def
		switch {
		case k.required && k.secret:
			def = "**required**, or its twin"
		case k.required:
			def = "**required**"
		case def != "" && !strings.Contains(def, "`") && !strings.Contains(def, " "):
			def = "`" + def + "`"
		}
		doc := k.doc
		if k.of != nil {
			doc += " One of " + code(k.of()) + "."
		}
		if len(k.sub) > 0 {
			doc += " [Its keys](#" + anchor(path+k.name) + ")."
		}
		fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", k.name, k.shape, def, doc)
	}
	for _, k := range keys {
		if len(k.sub) == 0 {
			continue
		}
		name := path + k.name
		mark := ""
		if k.shape == sections {
			mark = "[]"
		}
		if k.shape == rules {
			mark = ".*"
		}
		renderSection(b, "`"+name+mark+"`", name+mark+".", k.sub)
	}
}

// anchor is what a Markdown page makes of such a heading.
func anchor(path string) string {
	return strings.NewReplacer(".", "", "[]", "", "*", "").Replace(path)
}

func code(names []string) string { return "`" + strings.Join(names, "`, `") + "`" }
