package google

import (
	"maps"
	"slices"
	"unicode/utf16"
)

// A document's segment (its body, a header, a footer, a footnote) is a row of units, one for each index of the Docs API: a
// UTF-16 code unit of text, an object such as a chip, or a mark of structure. So an index is a place in a slice, and the
// API's arithmetic needs no bookkeeping of its own: what the API calls elements, paragraphs and tables is read out of the row.
//
//	section                      a section break; the one before everything is unit 0 of a body
//	text … newline               a paragraph; the newline carries its style and bullet
//	table row cell … newline     a table: each cell ends with a newline of its own
//	         cell … newline
//	      row cell … tableEnd
//	toc … tocEnd                 a table of contents
type unit struct {
	kind unitKind
	char uint16 // of text and newline
	look *look  // of text, newline and objects: style and suggestions. What it points to never changes
	// what is the element of an object; the properties of a paragraph, on its newline; those of a table, row, cell or section.
	// It never changes: an edit puts another one in its place.
	what map[string]any
}

type unitKind uint8

const (
	textUnit unitKind = iota
	newlineUnit
	objectUnit
	sectionUnit
	tableUnit
	rowUnit
	cellUnit
	tableEndUnit
	tocUnit
	tocEndUnit
)

// look is what one run of text has in common.
type look struct {
	style    map[string]any // textStyle
	ins, del []string       // ids of suggestions that insert or delete it
	changes  any            // suggestedTextStyleChanges
}

// unstyled is the look of text without any.
func unstyled() *look { return &look{style: map[string]any{}} }

// same reports that two looks make one run.
func (l *look) same(o *look) bool {
	return l == o || l != nil && o != nil && slices.Equal(l.ins, o.ins) && slices.Equal(l.del, o.del) &&
		equalJSON(l.style, o.style) && equalJSON(l.changes, o.changes)
}

// with is the look with one thing changed.
func (l *look) with(change func(*look)) *look {
	n := *l
	n.style = maps.Clone(l.style)
	if n.style == nil {
		n.style = map[string]any{}
	}
	n.ins, n.del = slices.Clone(l.ins), slices.Clone(l.del)
	change(&n)
	return &n
}

// live reports that the unit is text of the document as it stands: not only suggested.
func (u unit) live() bool { return u.look == nil || len(u.look.ins) == 0 }

// structural reports that the unit is a mark that only whole elements may take with them.
func (u unit) structural() bool { return u.kind > objectUnit }

// inline reports that the unit stands within a paragraph.
func (u unit) inline() bool { return u.kind == textUnit || u.kind == objectUnit }

// textUnits are a text in one look; its newlines end paragraphs like par.
func textUnits(text string, l *look, par map[string]any) []unit {
	codes := utf16.Encode([]rune(text))
	out := make([]unit, len(codes))
	for i, c := range codes {
		out[i] = unit{kind: textUnit, char: c, look: l}
		if c == '\n' {
			out[i].kind, out[i].what = newlineUnit, par
		}
	}
	return out
}

// emptyCell is a new cell: one paragraph without text.
func emptyCell(cell, par map[string]any, l *look) []unit {
	return []unit{{kind: cellUnit, what: cell}, {kind: newlineUnit, char: '\n', look: l, what: par}}
}

func equalJSON(a, b any) bool {
	switch a := a.(type) {
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for k, v := range a {
			if w, ok := b[k]; !ok || !equalJSON(v, w) {
				return false
			}
		}
		return true
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, equalJSON)
	}
	return a == b
}
