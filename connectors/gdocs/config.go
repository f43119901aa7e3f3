package gdocs

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/lockstep-sync/lockstep/connectors/cells"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// Config says which table of which document is a source, as it stands under `doc:` in the configuration file.
type Config struct {
	Document string `yaml:"document"` // the id in the document's address
	// Table is the heading over the table; "" where the header row is enough to find it.
	Table string `yaml:"table"`
	// Columns maps a field's name to the column's header: {title: Action, due: When}.
	Columns map[string]string `yaml:"columns"`
	// Create says that tasks of this partner that were born elsewhere become rows here.
	Create bool `yaml:"create"`
	// Suggest has Lockstep suggest its edits instead of making them: people accept or reject them.
	Suggest bool `yaml:"suggest"`
	// ReadOnly has Lockstep read the table and never write to the document.
	ReadOnly bool `yaml:"read_only"`

	// The rest is filled in by the loader.
	Status   map[string][]string `yaml:"-"` // status → words in cells; adds to the words known by default
	Partners []cells.Partner     `yaml:"-"`
	People   []cells.Person      `yaml:"-"`
}

// Validate returns what is wrong with the configuration, nil where nothing is. Each error names its key.
func (c Config) Validate() []error {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	switch {
	case strings.TrimSpace(c.Document) == "":
		wrong("document: give the id in the document's address, between /d/ and /edit")
	case strings.ContainsAny(c.Document, "/?# "):
		wrong("document: %q is not an id: give only the part of the address between /d/ and /edit", c.Document)
	}
	if strings.TrimSpace(c.Columns[task.Title.String()]) == "" {
		wrong("columns.title: name the column that holds the task's title, such as columns: {title: Action}")
	}
	headers := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(c.Columns)) {
		header := cells.FoldHeader(c.Columns[name])
		switch other, taken := headers[header]; {
		case !isField(name):
			wrong("columns.%s: there is no such field%s", name, cells.DidYouMean(name, fieldNames()))
		case header == "":
			wrong("columns.%s: name the column's header", name)
		case taken:
			wrong("columns.%s: the column %s is taken by %s already", name, cells.Quote(c.Columns[name]), other)
		default:
			headers[header] = name
		}
	}
	if c.ReadOnly && (c.Create || c.Suggest) {
		wrong("read_only: the document is not written to, so neither create nor suggest can be done: remove one of them")
	}
	return errs
}

func isField(name string) bool {
	_, ok := task.ParseField(name)
	return ok
}

func fieldNames() []string {
	var out []string
	for _, f := range task.AllFields() {
		out = append(out, f.String())
	}
	return out
}

// fields are the mapped fields, in canonical order.
func (c Config) fields() []task.Field {
	var out []task.Field
	for _, f := range task.AllFields() {
		if c.Columns[f.String()] != "" {
			out = append(out, f)
		}
	}
	return out
}
