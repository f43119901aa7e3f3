package gdocs

import (
	"strings"
	"unicode/utf16"

	"google.golang.org/api/docs/v1"
)

// part is a stretch of one cell that is all of one kind: text of one look, or a chip. Indexes are the API's: UTF-16 units.
type part struct {
	kind     partKind
	from, to int64
	text     string // as a person reads it
	mail     string // of a personPart
	day      string // of a datePart: 2026-03-12
	date     *docs.DateElementProperties
	chip     string // of a dropdownPart: its id
	options  string // of a dropdownPart: the id of its definition
	ins, del []string
}

type partKind uint8

const (
	textPart partKind = iota
	personPart
	datePart
	dropdownPart
	linkPart  // a chip that leads to a file
	otherPart // a picture, a footnote, an equation: nothing to read, and nothing to write over
)

// cell is one cell of a table.
type cell struct {
	start, end int64 // of its content; the unit before end is the newline that every cell ends with
	parts      []part
	nested     bool // a table stands in it
	rows, cols int  // how many it spans
	ins, del   []string
}

// row is one row of a table.
type row struct {
	start, end int64
	cells      []cell
	ins, del   []string
}

// grid is one table of a document.
type grid struct {
	tab     string // the tab's id
	start   int64
	caption string // the text of the paragraph right above, empty ones aside; "" where there is none
	heading string // the text of the nearest paragraph above that is styled as a heading; "" where there is none
	rows    []row
	marks   []mark // named ranges in this tab
}

// mark is one stretch of a named range.
type mark struct {
	id, name string
	from, to int64
}

// paper is one answer of documents.get, as far as it is looked at.
type paper struct {
	revision string // "" where we may not edit
	title    string
	grids    []*grid
	own      map[string]bool     // open suggestions of ours
	options  map[string][]choice // of dropdowns, by the id of their definition
}

// choice is one word that a dropdown offers.
type choice struct{ id, text string }

// readPaper reads an answer. Tables in headers, footers, footnotes and in other tables are not looked at.
func readPaper(d *docs.Document) *paper {
	p := &paper{revision: d.RevisionId, title: d.Title, own: map[string]bool{}, options: map[string][]choice{}}
	for _, s := range d.Suggestions {
		if s.Status == "OPEN" && s.HeadPost != nil && s.HeadPost.Author != nil && s.HeadPost.Author.Me {
			p.own[s.SuggestionId] = true
		}
	}
	p.readTabs(d.Tabs)
	return p
}

func (p *paper) readTabs(tabs []*docs.Tab) {
	for _, t := range tabs {
		id := ""
		if t.TabProperties != nil {
			id = t.TabProperties.TabId
		}
		if t.DocumentTab != nil {
			p.readTab(id, t.DocumentTab)
		}
		p.readTabs(t.ChildTabs)
	}
}

func (p *paper) readTab(id string, t *docs.DocumentTab) {
	for key, d := range t.DropdownDefinitions {
		if d.DropdownDefinitionProperties == nil {
			continue
		}
		for _, o := range d.DropdownDefinitionProperties.Options {
			p.options[key] = append(p.options[key], choice{o.OptionId, o.DisplayValue})
		}
	}
	if t.Body == nil {
		return
	}
	var marks []mark
	for name, byName := range t.NamedRanges {
		for _, r := range byName.NamedRanges {
			for _, at := range r.Ranges {
				if at.SegmentId == "" {
					marks = append(marks, mark{r.NamedRangeId, name, at.StartIndex, at.EndIndex})
				}
			}
		}
	}
	caption, heading := "", ""
	for _, e := range t.Body.Content {
		switch {
		case e.Table != nil:
			g := p.readGrid(e)
			g.tab, g.caption, g.heading, g.marks = id, caption, heading, marks
			p.grids = append(p.grids, g)
			caption = ""
		case e.Paragraph != nil:
			s := strings.TrimSpace(p.words(parts(e.Paragraph.Elements)))
			if s == "" {
				continue
			}
			caption = s
			if st := e.Paragraph.ParagraphStyle; st != nil && (st.NamedStyleType == "TITLE" || strings.HasPrefix(st.NamedStyleType, "HEADING_")) {
				heading = s
			}
		}
	}
}

func (p *paper) readGrid(e *docs.StructuralElement) *grid {
	g := &grid{start: e.StartIndex}
	for _, r := range e.Table.TableRows {
		out := row{start: r.StartIndex, end: r.EndIndex, ins: r.SuggestedInsertionIds, del: r.SuggestedDeletionIds}
		for _, c := range r.TableCells {
			cl := cell{start: c.StartIndex + 1, end: c.EndIndex, rows: 1, cols: 1, ins: c.SuggestedInsertionIds, del: c.SuggestedDeletionIds}
			if s := c.TableCellStyle; s != nil {
				cl.rows, cl.cols = max(1, int(s.RowSpan)), max(1, int(s.ColumnSpan))
			}
			for _, x := range c.Content {
				switch {
				case x.Paragraph != nil:
					cl.parts = append(cl.parts, parts(x.Paragraph.Elements)...)
				case x.Table != nil:
					cl.nested = true
				}
			}
			out.cells = append(out.cells, cl)
		}
		g.rows = append(g.rows, out)
	}
	return g
}

// parts are a paragraph's elements. A plain-text reader would miss chips: they are elements of their own.
func parts(elements []*docs.ParagraphElement) []part {
	var out []part
	for _, e := range elements {
		n := part{kind: otherPart, from: e.StartIndex, to: e.EndIndex}
		switch {
		case e.TextRun != nil:
			n.kind, n.text, n.ins, n.del = textPart, e.TextRun.Content, e.TextRun.SuggestedInsertionIds, e.TextRun.SuggestedDeletionIds
		case e.Person != nil:
			n.kind, n.ins, n.del = personPart, e.Person.SuggestedInsertionIds, e.Person.SuggestedDeletionIds
			if q := e.Person.PersonProperties; q != nil {
				n.text, n.mail = q.Name, q.Email
			}
			if n.text == "" {
				n.text = n.mail
			}
		case e.DateElement != nil:
			n.kind, n.ins, n.del = datePart, e.DateElement.SuggestedInsertionIds, e.DateElement.SuggestedDeletionIds
			if q := e.DateElement.DateElementProperties; q != nil {
				n.text, n.day, n.date = q.DisplayText, dayOf(q), q
			}
		case e.Dropdown != nil:
			n.kind, n.ins, n.del = dropdownPart, e.Dropdown.SuggestedInsertionIds, e.Dropdown.SuggestedDeletionIds
			n.chip = e.Dropdown.DropdownId
			if q := e.Dropdown.DropdownProperties; q != nil {
				n.text, n.options = q.DisplayValue, q.DropdownDefinitionId
			}
		case e.RichLink != nil:
			n.kind, n.ins, n.del = linkPart, e.RichLink.SuggestedInsertionIds, e.RichLink.SuggestedDeletionIds
			if q := e.RichLink.RichLinkProperties; q != nil {
				n.text = q.Title
			}
		}
		out = append(out, n)
	}
	return out
}

// live reports that something is part of the document as it stands, with our own suggestions taken for accepted: what we
// suggested waits for a person, and is not suggested again meanwhile. What others suggest is not there yet.
func (p *paper) live(ins, del []string) bool {
	for _, id := range del {
		if p.own[id] {
			return false
		}
	}
	if len(ins) == 0 {
		return true
	}
	for _, id := range ins {
		if p.own[id] {
			return true
		}
	}
	return false
}

// words is what a person reads of parts that are live: lines end with \n, whether with a new paragraph or not.
func (p *paper) words(ps []part) string {
	var b strings.Builder
	for i := range ps {
		if p.live(ps[i].ins, ps[i].del) {
			b.WriteString(strings.ReplaceAll(ps[i].text, "\v", "\n"))
		}
	}
	return b.String()
}

// read is a cell's text, without the newline that every cell ends with.
func (p *paper) read(c *cell) string { return strings.TrimSuffix(p.words(c.parts), "\n") }

// units is the length of a text in the API's units.
func units(s string) int64 { return int64(len(utf16.Encode([]rune(s)))) }
