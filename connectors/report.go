package connectors

import (
	"context"
	"strings"
)

// Reporter keeps a report that people read, and around which they write: a summary that is always current, and under it one section
// for each period, which is written once and never touched again.
type Reporter interface {
	// Sections reads the report and returns the ids of the sections that it has, or is known to have had, in no order; none of one
	// that was not begun. The error is (or wraps) a *fault.Error.
	Sections(ctx context.Context) ([]string, error)
	// Report makes the report say what r says: the summary where it differs, and those sections that are later than any that it has of
	// their kind. Where all of it is
	// there nothing is written. It may be called again after any error, whatever became of the call before. The error is (or
	// wraps) a *fault.Error.
	Report(ctx context.Context, r Report) error
}

// Report is what a report says. It is data without any layout, and all its texts are literal: the connector knows how its tool
// shows a heading, a colour or a link.
type Report struct {
	// Summary is the part that is always current. Its first block is a heading.
	Summary []ReportBlock
	// Sections are those that are due, in order.
	Sections []ReportSection
}

// ReportSection is what is told of one period.
type ReportSection struct {
	ID     string // its kind and the day on which it begins: week-2026-11-23. Those of one kind sort by time
	Title  string // its heading; no other section has the same
	Blocks []ReportBlock
}

// ReportBlock is one paragraph, or one table where Columns has any.
type ReportBlock struct {
	// Key names a block of a summary from one report to the next, and no other block there. It is "" in a section.
	Key   string
	Style ReportStyle
	Text  ReportText
	// Columns are the headers of a table, Rows its rows: each has as many texts as there are columns. The first of a row says what
	// the row is about.
	Columns []string
	Rows    [][]ReportText
}

// ReportStyle is what kind of paragraph a block is.
type ReportStyle uint8

// The styles of paragraphs. Headings keep what people make of their words.
const (
	ReportBody ReportStyle = iota
	ReportTitle
	ReportHeading // of a part
	ReportBullet
	ReportNote // less important than what stands around it
)

// ReportText is a text in pieces. A piece says what it says whatever its look: Tone and URL only add to that.
type ReportText []ReportSpan

// ReportSpan is one piece of a text.
type ReportSpan struct {
	Text string
	URL  string // where it leads; "" is nowhere
	Bold bool
	Tone Tone
}

// String is the text without its look.
func (t ReportText) String() string {
	var b strings.Builder
	for _, p := range t {
		b.WriteString(p.Text)
	}
	return b.String()
}
