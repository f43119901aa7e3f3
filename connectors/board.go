package connectors

import (
	"context"

	"github.com/lockstep-sync/lockstep/sync/task"
)

// Publisher is a Connector that shows more than the tasks' fields: columns that are worked out beside each task, and whole
// pages. Only the scorecard is asked to. What is shown is nobody's claim: it is read only for what people choose in it.
type Publisher interface {
	// Show says what is to be shown from now on. It makes no request, and reports whether something of it is not there yet, as far
	// as the last Pull saw. The next Apply writes it in the same requests as its patches.
	Show(b Board) (differs bool)
	// Publish writes what Show said and no Apply has written since. It makes no request where all of it is there. The error is (or
	// wraps) a *fault.Error: the next cycle tries again.
	Publish(ctx context.Context) error
}

// Board is what the scorecard shows beside what people type. It is data without any layout: the connector knows how its
// tool shows a link, a colour or a list to choose from.
type Board struct {
	// Columns are the computed columns of the tab that holds the tasks, in order.
	Columns []BoardColumn
	// Rows are their cells, one for each of Columns. A task that is not in it keeps its cells as they are.
	Rows map[task.ID][]Cell
	// Pages are shown in tabs of their own, in order.
	Pages []Page
}

// BoardColumn is one column.
type BoardColumn struct {
	Name string
	Kind task.Kind // of the cells' values: Text, Date, Number
	Wide bool      // it holds sentences
	// Words are all that the cells may say, with the tone of each, where that is a closed set; nil where it is not.
	Words []Word
}

// Word is one word of a closed set, and how it is coloured.
type Word struct {
	Text string
	Tone Tone
}

// Page is one tab that Lockstep keeps: lines of text above a table.
type Page struct {
	Name    string // the tab's name
	Lines   []Cell // above the table, one under the other
	Columns []BoardColumn
	Rows    []PageRow
}

// PageRow is one row of a page's table.
type PageRow struct {
	// Key comes back with what a person chose in the row; "" where there is nothing to choose.
	Key   string
	Cells []Cell
}

// Cell is one cell that is shown. The zero Cell is an empty one.
type Cell struct {
	Value task.Value // Text, Date or Number; empty or None for an empty cell
	Tone  Tone
	Bold  bool
	// Links lead elsewhere: each of them stands in the cell under its own text, and Value is not shown.
	Links []Link
	// Formula is worked out by the tool, such as one that says how old the sheet is; "" in nearly every cell. It must never hold
	// anything from outside. NOW() in it is the moment in UTC, in days since 30 December 1899: a tool whose clock stands in another
	// zone puts in what gives that. It has no separators between arguments and no decimal marks, which differ by locale.
	Formula string
	// Options are offered in a list; people choose one. Value is what is chosen, empty as long as nothing is.
	Options []string
}

// Link is a text that leads to an address; to none where URL is "".
type Link struct{ Text, URL string }

// Tone is what a colour says; it is always said in words too.
type Tone uint8

// The tones.
const (
	Plain Tone = iota
	Red
	Amber
	Green
	Grey
	Muted // less important than what stands around it
)
