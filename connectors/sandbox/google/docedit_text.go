package google

import (
	"maps"
	"slices"
	"strings"
	"unicode/utf16"
)

func (e *docEdit) insertText(in map[string]any) (map[string]any, error) {
	p, err := e.where(in)
	if err != nil {
		return nil, err
	}
	if asString(in["text"]) == "" {
		return nil, invalid("Insert text requests must specify text to insert.")
	}
	e.insert(p, asString(in["text"]))
	return nil, nil //nolint:nilnil // the reply is empty
}

// insert puts a text in at the place, which is within a paragraph.
func (e *docEdit) insert(p place, s string) {
	units := p.tab.units(p.segment)
	with := textUnits(stripped(s), neighbour(units, p.at), paragraphAt(units, p.at))
	e.put(p, with)
	settle(p.tab.units(p.segment), p.at, p.at+len(with))
}

func (e *docEdit) deleteContentRange(in map[string]any) (map[string]any, error) {
	t, r, err := e.span(in["range"])
	if err != nil {
		return nil, err
	}
	if err := deletable(t.units(r.segment), r); err != nil {
		return nil, err
	}
	e.remove(t, r)
	return nil, nil //nolint:nilnil // the reply is empty
}

// deletable says why a range cannot be deleted; nil where it can.
func deletable(units []unit, r stretch) error {
	if splits(units, r.from) || splits(units, r.to) {
		return invalid("The range cannot start or end within a grapheme cluster.")
	}
	if r.to == len(units) {
		return invalid("The range cannot include the newline character at the end of the segment.")
	}
	depth := 0
	for i := r.from; i < r.to; i++ {
		switch units[i].kind {
		case tableUnit, tocUnit:
			depth++
		case tableEndUnit, tocEndUnit:
			depth--
		case rowUnit, cellUnit:
			if depth == 0 {
				return invalid("Cannot delete the requested range.")
			}
		case sectionUnit:
			if i == 0 {
				return invalid("Cannot delete the requested range.")
			}
		case newlineUnit:
			if depth > 0 {
				continue
			}
			switch next := units[i+1].kind; {
			case next == cellUnit, next == rowUnit, next == tableEndUnit, next == tocEndUnit:
				return invalid("The range cannot include the newline character at the end of a table cell.")
			case (next == tableUnit || next == tocUnit || next == sectionUnit) && i+1 >= r.to:
				return invalid("The range cannot include the newline character before a table, table of contents or section break.")
			}
		case textUnit, objectUnit:
		}
		if depth < 0 {
			return invalid("Cannot delete the requested range.")
		}
	}
	if depth != 0 {
		return invalid("Cannot delete the requested range.")
	}
	return nil
}

// remove takes a range out that is deletable, or suggests that.
func (e *docEdit) remove(t *docTab, r stretch) {
	units := t.units(r.segment)
	if e.suggest {
		e.suggestRemoval(t, r)
		return
	}
	// What is left of two paragraphs goes on as the first, if something of that is left.
	if r.from > 0 && units[r.from-1].inline() {
		for i := r.from; i < r.to; i++ {
			if units[i].kind == newlineUnit {
				e.restyle(units, r.to, units[i].what)
				break
			}
		}
	}
	e.d.splice(t, r.segment, r.from, r.to, nil)
	settle(t.units(r.segment), r.from, r.from)
}

// restyle gives the paragraph at a place other properties.
func (e *docEdit) restyle(units []unit, at int, what map[string]any) {
	for ; at < len(units) && !units[at].structural(); at++ {
		if units[at].kind == newlineUnit {
			units[at].what = what
			return
		}
	}
}

func (e *docEdit) replaceAllText(in map[string]any) (map[string]any, error) {
	match := asMap(in["containsText"])
	want := asString(match["text"])
	if want == "" {
		return nil, invalid("The text to match must not be empty.")
	}
	if asBool(match["searchByRegex"]) {
		return nil, notSpoken("Replacing by a regular expression")
	}
	tabs, err := e.criteria(in["tabsCriteria"])
	if err != nil {
		return nil, err
	}
	fold := func(s string) string {
		if asBool(match["matchCase"]) {
			return s
		}
		return strings.ToLower(s)
	}
	codes := utf16.Encode([]rune(fold(want)))
	n := 0
	for _, t := range tabs {
		for _, seg := range t.segments() {
			for at := len(t.units(seg)) - len(codes); at >= 0; at-- { // from the end, so that what was put in is not looked at
				if found(t.units(seg)[at:], codes, fold) {
					e.replace(t, stretch{seg, at, at + len(codes)}, asString(in["replaceText"]))
					n++
				}
			}
		}
	}
	return map[string]any{"occurrencesChanged": float64(n)}, nil
}

// found reports that the units begin with a text, without a newline in it.
func found(units []unit, codes []uint16, fold func(string) string) bool {
	if len(units) < len(codes) {
		return false
	}
	have := make([]uint16, len(codes))
	for i := range codes {
		if units[i].kind != textUnit || !units[i].live() {
			return false
		}
		have[i] = units[i].char
	}
	return slices.Equal(utf16.Encode([]rune(fold(string(utf16.Decode(have))))), codes)
}

// replace puts a text in the place of another that lies within one paragraph; it looks like what it replaces.
func (e *docEdit) replace(t *docTab, r stretch, with string) {
	l := t.units(r.segment)[r.from].look
	par := paragraphAt(t.units(r.segment), r.from)
	e.remove(t, r)
	if with == "" {
		return
	}
	at := r.from
	if e.suggest {
		at = r.to
	}
	fresh := textUnits(stripped(with), l.with(func(n *look) { n.ins, n.del, n.changes = nil, nil, nil }), par)
	e.put(place{t, r.segment, at}, fresh)
}

// segments are the ids of the tab's segments, the body first.
func (t *docTab) segments() []string {
	return append([]string{""}, slices.Sorted(maps.Keys(t.others))...)
}

// criteria reads which tabs a request means; all where it does not say.
func (e *docEdit) criteria(v any) ([]*docTab, error) {
	in := asMap(v)
	if in == nil {
		return e.d.tabs, nil
	}
	var out []*docTab
	for _, x := range asList(in["tabIds"]) {
		t := e.d.tab(asString(x))
		if t == nil || asString(x) == "" {
			return nil, invalid("The tab with ID %s was not found.", asString(x))
		}
		out = append(out, t)
	}
	return out, nil
}

func (e *docEdit) insertPageBreak(in map[string]any) (map[string]any, error) {
	p, err := e.where(in)
	if err != nil {
		return nil, err
	}
	units := p.tab.units(p.segment)
	if p.segment != "" || inTable(units, p.at) {
		return nil, invalid("Cannot insert a page break inside a table, header, footer or footnote.")
	}
	e.put(p, []unit{
		{kind: objectUnit, look: unstyled(), what: map[string]any{"pageBreak": map[string]any{}}},
		{kind: newlineUnit, char: '\n', look: neighbour(units, p.at), what: paragraphAt(units, p.at)},
	})
	return nil, nil //nolint:nilnil // the reply is empty
}

// inTable reports that the place is within a table.
func inTable(units []unit, at int) bool {
	depth := 0
	for i := range at {
		switch units[i].kind {
		case tableUnit:
			depth++
		case tableEndUnit:
			depth--
		case textUnit, newlineUnit, objectUnit, sectionUnit, rowUnit, cellUnit, tocUnit, tocEndUnit:
		}
	}
	return depth > 0
}
