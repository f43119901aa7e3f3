package gdocs

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"unicode/utf16"

	"google.golang.org/api/docs/v1"
)

// sheaf is one read of the document that holds the report: its first tab.
type sheaf struct {
	revision string // "" where we may not edit
	title    string
	tab      string
	elements []element
	marks    []reportMark
}

// element is what stands at the top level of a tab: a paragraph, a table, or something else, of which nothing is known.
type element struct {
	start, end int64
	text       *leaf   // of a paragraph
	rows       []sheet // of a table
}

func (e *element) isTable() bool { return e.rows != nil }

// sheet is one row of a table.
type sheet struct {
	end   int64
	cells []leaf
}

// leaf is the text of a paragraph or a cell, without the newline that ends it.
type leaf struct {
	start, end int64 // the newline stands at end
	codes      []code
	suggested  bool // people suggest something in it
}

// code is one unit of a text. What is no text, such as a chip or a picture, is one unit of its own.
type code struct {
	unit     uint16
	from, to int64
	url      string
}

// noText stands for what is no text.
const noText = 0xFFFC

// reportMark is one named range of ours.
type reportMark struct {
	id        string
	kind, key string // of a part: its key; of a section: its id
	sum       string // of a part: what was written there
	from, to  int64
}

// What a named range of the report marks.
const (
	partMark    = "part"
	sectionMark = "section"
	toldMark    = "told" // on the title: a section that was written, whether or not it is still there
)

const reportPrefix = markPrefix + "report:"

func partName(key, sum string) string    { return reportPrefix + partMark + ":" + key + ":" + sum }
func sectionName(kind, id string) string { return reportPrefix + kind + ":" + id }

// readSheaf reads an answer; nil where the document has no tab with text.
func readSheaf(d *docs.Document) *sheaf {
	if len(d.Tabs) == 0 || d.Tabs[0].DocumentTab == nil || d.Tabs[0].DocumentTab.Body == nil {
		return nil
	}
	t := d.Tabs[0]
	s := &sheaf{revision: d.RevisionId, title: d.Title}
	if t.TabProperties != nil {
		s.tab = t.TabProperties.TabId
	}
	for _, e := range t.DocumentTab.Body.Content {
		x := element{start: e.StartIndex, end: e.EndIndex}
		switch {
		case e.Paragraph != nil:
			l := leaf{start: e.StartIndex, end: e.EndIndex - 1}
			l.add(e.Paragraph.Elements)
			x.text = l.closed()
		case e.Table != nil:
			x.rows = make([]sheet, 0, len(e.Table.TableRows))
			for _, r := range e.Table.TableRows {
				x.rows = append(x.rows, readRow(r))
			}
		}
		s.elements = append(s.elements, x)
	}
	for name, ranges := range t.DocumentTab.NamedRanges {
		if !strings.HasPrefix(name, reportPrefix) {
			continue
		}
		kind, rest, _ := strings.Cut(strings.TrimPrefix(name, reportPrefix), ":")
		for _, r := range ranges.NamedRanges {
			if len(r.Ranges) == 0 || r.Ranges[0].SegmentId != "" {
				continue
			}
			m := reportMark{id: r.NamedRangeId, kind: kind, key: rest, from: r.Ranges[0].StartIndex, to: r.Ranges[0].EndIndex}
			if kind == partMark {
				m.key, m.sum, _ = strings.Cut(rest, ":")
			}
			s.marks = append(s.marks, m)
		}
	}
	slices.SortFunc(s.marks, func(a, b reportMark) int {
		if a.from != b.from {
			return int(a.from - b.from)
		}
		return strings.Compare(a.id, b.id)
	})
	return s
}

func readRow(r *docs.TableRow) sheet {
	out := sheet{end: r.EndIndex}
	suggested := len(r.SuggestedInsertionIds)+len(r.SuggestedDeletionIds) > 0
	for _, c := range r.TableCells {
		l := leaf{start: c.StartIndex + 1, end: c.EndIndex - 1}
		l.suggested = suggested || len(c.SuggestedInsertionIds)+len(c.SuggestedDeletionIds) > 0
		l.addAll(c.Content)
		out.cells = append(out.cells, *l.closed())
	}
	return out
}

// addAll reads what stands in a cell. A table in it is read as what it holds, with something in front that no text of ours has.
func (l *leaf) addAll(content []*docs.StructuralElement) {
	for _, x := range content {
		switch {
		case x.Paragraph != nil:
			l.add(x.Paragraph.Elements)
		case x.Table != nil:
			l.codes = append(l.codes, code{unit: noText, from: x.StartIndex, to: x.EndIndex})
			for _, r := range x.Table.TableRows {
				for _, c := range r.TableCells {
					l.addAll(c.Content)
				}
			}
		default:
			l.codes = append(l.codes, code{unit: noText, from: x.StartIndex, to: x.EndIndex})
		}
	}
}

func (l *leaf) add(elements []*docs.ParagraphElement) {
	for _, e := range elements {
		if e.TextRun == nil {
			l.codes = append(l.codes, code{unit: noText, from: e.StartIndex, to: e.EndIndex})
			continue
		}
		if len(e.TextRun.SuggestedInsertionIds)+len(e.TextRun.SuggestedDeletionIds) > 0 {
			l.suggested = true
		}
		if len(e.TextRun.SuggestedInsertionIds) > 0 {
			continue // it is not there yet
		}
		url := ""
		if s := e.TextRun.TextStyle; s != nil && s.Link != nil {
			url = s.Link.Url
		}
		for i, u := range utf16.Encode([]rune(e.TextRun.Content)) {
			at := e.StartIndex + int64(i)
			l.codes = append(l.codes, code{unit: u, from: at, to: at + 1, url: url})
		}
	}
}

// closed is the text without the newline that ends it.
func (l *leaf) closed() *leaf {
	if n := len(l.codes); n > 0 && l.codes[n-1].unit == '\n' && l.codes[n-1].to == l.end+1 {
		l.codes = l.codes[:n-1]
	}
	return l
}

func (l *leaf) String() string {
	u := make([]uint16, len(l.codes))
	for i := range l.codes {
		u[i] = l.codes[i].unit
	}
	return string(utf16.Decode(u))
}

// content is all that an element says.
func (e *element) content() string {
	switch {
	case e.text != nil:
		return e.text.String()
	case e.rows == nil:
		return ""
	}
	rows := make([][]string, len(e.rows))
	for i, r := range e.rows {
		for k := range r.cells {
			rows[i] = append(rows[i], r.cells[k].String())
		}
	}
	return gridText(rows)
}

// gridText is a table as one text. No text of ours holds what stands between rows and cells.
func gridText(rows [][]string) string {
	lines := make([]string, len(rows))
	for i, r := range rows {
		lines[i] = strings.Join(r, "\x1f")
	}
	return strings.Join(lines, "\x1e")
}

func (e *element) suggested() bool {
	if e.text != nil {
		return e.text.suggested
	}
	return slices.ContainsFunc(e.rows, func(r sheet) bool {
		return slices.ContainsFunc(r.cells, func(l leaf) bool { return l.suggested })
	})
}

// sumOf is a short sum of a text, as marks have it.
func sumOf(text string) string {
	h := sha256.Sum256([]byte(text))
	return hex.EncodeToString(h[:6])
}

// at is the index of the element that holds a place; -1 where none does.
func (s *sheaf) at(place int64) int {
	for i := range s.elements {
		if e := &s.elements[i]; place >= e.start && place < e.end {
			return i
		}
	}
	return -1
}

func (s *sheaf) sections() []string {
	var out []string
	for _, m := range s.marks {
		if m.kind == sectionMark || m.kind == toldMark {
			out = append(out, m.key)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
