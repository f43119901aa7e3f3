package gsheets

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/lockstep-sync/lockstep/connectors/cells"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// Config says which tab of which spreadsheet is a source, as it stands under `sheet:` in the configuration file.
type Config struct {
	Spreadsheet string `yaml:"spreadsheet"` // the id in the spreadsheet's address
	Tab         string `yaml:"tab"`
	HeaderRow   int    `yaml:"header_row"` // counted from 1; default 1
	// Columns maps a field's name to the column's header: {title: Action, due: Deadline}. For the scorecard it may be
	// left out: Lockstep then makes the columns that it needs.
	Columns map[string]string `yaml:"columns"`
	// Create says that tasks of this partner that were born elsewhere become rows here.
	Create bool `yaml:"create"`
	// ReadOnly says that nothing is ever written to the tab, not even the ids of rows: they are known by their content.
	ReadOnly bool `yaml:"read_only"`

	// The rest is filled in by the loader.
	Scorecard bool                `yaml:"-"` // this tab is the partnership's scorecard: an empty one gets its header
	Fields    []task.Field        `yaml:"-"` // scorecard: the fields that get a column by default
	Status    map[string][]string `yaml:"-"` // status → words in cells; adds to the words known by default
	Partners  []Partner           `yaml:"-"`
	People    []Person            `yaml:"-"`
}

// Partner is a partner and the words that mean it in a cell.
type Partner = cells.Partner

// Person is somebody of the partnership and the words that mean them in a cell.
type Person = cells.Person

// newVocabulary knows the words of the tab.
func newVocabulary(c Config) *cells.Vocabulary {
	return cells.NewVocabulary(c.Status, c.Partners, c.People)
}

// Validate returns what is wrong with the configuration, nil where nothing is. Each error names its key.
func (c Config) Validate() []error {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if strings.TrimSpace(c.Spreadsheet) == "" {
		wrong("spreadsheet: give the id in the spreadsheet's address, between /d/ and /edit")
	} else if strings.ContainsAny(c.Spreadsheet, "/?# ") {
		wrong("spreadsheet: %q is not an id: give only the part of the address between /d/ and /edit", c.Spreadsheet)
	}
	if strings.TrimSpace(c.Tab) == "" {
		wrong("tab: name the tab that holds the rows, as it stands at the bottom of the sheet")
	}
	if c.HeaderRow < 0 {
		wrong("header_row: %d is no row: rows are counted from 1", c.HeaderRow)
	}
	if !c.Scorecard && strings.TrimSpace(c.Columns[task.Title.String()]) == "" {
		wrong("columns.title: name the column that holds the task's title, such as columns: {title: Action}")
	}
	if c.ReadOnly && c.Create {
		wrong("read_only: a tab that is only read cannot take new tasks: remove create, or read_only")
	}
	if c.ReadOnly && c.Scorecard {
		wrong("read_only: the scorecard is written to: remove read_only")
	}
	headers := map[string]string{cells.FoldHeader(idHeader): "the id column of Lockstep"}
	for _, name := range slices.Sorted(maps.Keys(c.Columns)) {
		header := cells.FoldHeader(c.Columns[name])
		if _, ok := task.ParseField(name); !ok {
			wrong("columns.%s: there is no such field%s", name, cells.DidYouMean(name, fieldNames()))
			continue
		}
		if header == "" {
			wrong("columns.%s: name the column's header", name)
			continue
		}
		if other, taken := headers[header]; taken {
			wrong("columns.%s: the column %s is taken by %s already", name, cells.Quote(c.Columns[name]), other)
			continue
		}
		headers[header] = "columns." + name
	}
	return append(errs, c.validateStatus()...)
}

func (c Config) validateStatus() []error {
	var errs []error
	meant := make(map[string]string)
	for _, status := range slices.Sorted(maps.Keys(c.Status)) {
		if !slices.Contains(task.Statuses(), status) {
			errs = append(errs, fmt.Errorf("status.%s: there is no such status%s", status, cells.DidYouMean(status, task.Statuses())))
			continue
		}
		for _, word := range c.Status[status] {
			w := cells.FoldWord(word)
			if w == "" {
				w = cells.FoldName(word) // a sign: it counts as it stands
			}
			if other, taken := meant[w]; taken && other != status {
				errs = append(errs, fmt.Errorf("status.%s: the word %s stands for %s already", status, cells.Quote(word), other))
			}
			if w == "" {
				errs = append(errs, fmt.Errorf("status.%s: a word is empty", status))
			}
			meant[w] = status
		}
	}
	return errs
}

func fieldNames() []string {
	names := make([]string, 0, task.FieldCount)
	for _, f := range task.AllFields() {
		names = append(names, f.String())
	}
	return names
}

// header is the text of the field's column header, "" where the field is not mapped.
func (c Config) header(f task.Field) string {
	if h := strings.TrimSpace(c.Columns[f.String()]); h != "" {
		return h
	}
	if c.Scorecard && (c.Fields == nil || slices.Contains(c.Fields, f)) {
		return f.Display()
	}
	return ""
}

// fields are the mapped fields, sorted.
func (c Config) fields() []task.Field {
	return slices.DeleteFunc(task.AllFields(), func(f task.Field) bool { return c.header(f) == "" })
}

// headerIndex is the header's row, counted from 0.
func (c Config) headerIndex() int { return max(c.HeaderRow, 1) - 1 }
