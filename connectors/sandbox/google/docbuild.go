package google

import (
	"maps"
	"unicode/utf16"
)

// builder gives units as the JSON of the API, with their indexes.
type builder struct{ units []unit }

// buildContent is the content of a segment.
func buildContent(units []unit) []any {
	b := builder{units}
	out, _ := b.content(0)
	return out
}

// content gives the elements from i on, up to the end of what holds them, and where that end is.
func (b *builder) content(i int) ([]any, int) {
	out := []any{}
	for i < len(b.units) {
		var e map[string]any
		at := i
		switch u := &b.units[i]; u.kind {
		case cellUnit, rowUnit, tableEndUnit, tocEndUnit:
			return out, i
		case sectionUnit:
			e, i = map[string]any{"sectionBreak": u.what}, i+1
		case tableUnit:
			e, i = b.table(i)
		case tocUnit:
			toc := maps.Clone(u.what)
			if toc == nil {
				toc = map[string]any{}
			}
			toc["content"], i = b.content(i + 1)
			e, i = map[string]any{"tableOfContents": toc}, i+1
		case textUnit, newlineUnit, objectUnit:
			e, i = b.paragraph(i)
		}
		out = append(out, spanned(e, at, i))
	}
	return out, i
}

// spanned puts the indexes on an element. A start of 0 is left out, as by the API.
func spanned(e map[string]any, from, to int) map[string]any {
	if from > 0 {
		e["startIndex"] = float64(from)
	}
	e["endIndex"] = float64(to)
	return e
}

func (b *builder) paragraph(i int) (map[string]any, int) {
	elements := []any{}
	for {
		u := &b.units[i]
		if u.kind == objectUnit {
			elements = append(elements, spanned(b.object(u), i, i+1))
			i++
			continue
		}
		from, codes, end := i, []uint16{}, false
		for ; !end && i < len(b.units) && b.units[i].kind <= newlineUnit && b.units[i].look == u.look; i++ {
			codes = append(codes, b.units[i].char)
			end = b.units[i].kind == newlineUnit
		}
		run := map[string]any{"content": string(utf16.Decode(codes))}
		u.look.show(run)
		elements = append(elements, spanned(map[string]any{"textRun": run}, from, i))
		if end {
			p := maps.Clone(b.units[i-1].what)
			if p == nil {
				p = map[string]any{}
			}
			p["elements"] = elements
			return map[string]any{"paragraph": p}, i
		}
	}
}

func (b *builder) object(u *unit) map[string]any {
	e := map[string]any{}
	for name, v := range u.what {
		own := maps.Clone(asMap(v))
		if own == nil {
			own = map[string]any{}
		}
		u.look.show(own)
		e[name] = own
	}
	return e
}

// show puts a look into an element.
func (l *look) show(e map[string]any) {
	if l.style != nil {
		e["textStyle"] = l.style
	}
	if len(l.ins) > 0 {
		e["suggestedInsertionIds"] = anyList(l.ins)
	}
	if len(l.del) > 0 {
		e["suggestedDeletionIds"] = anyList(l.del)
	}
	if l.changes != nil {
		e["suggestedTextStyleChanges"] = l.changes
	}
}

func (b *builder) table(i int) (map[string]any, int) {
	t := maps.Clone(b.units[i].what)
	if t == nil {
		t = map[string]any{}
	}
	rows, columns := []any{}, 0
	for i++; b.units[i].kind == rowUnit; {
		row, at := maps.Clone(b.units[i].what), i
		if row == nil {
			row = map[string]any{}
		}
		cells := []any{}
		for i++; b.units[i].kind == cellUnit; {
			cell, from := maps.Clone(b.units[i].what), i
			if cell == nil {
				cell = map[string]any{}
			}
			cell["content"], i = b.content(i + 1)
			cells = append(cells, spanned(cell, from, i))
		}
		row["tableCells"] = cells
		rows, columns = append(rows, spanned(row, at, i)), max(columns, len(cells))
	}
	t["rows"], t["columns"], t["tableRows"] = float64(len(rows)), float64(columns), rows
	return map[string]any{"table": t}, i + 1
}

func anyList(l []string) []any {
	out := make([]any, len(l))
	for i, s := range l {
		out[i] = s
	}
	return out
}
