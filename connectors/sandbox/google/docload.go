package google

import "fmt"

// loader reads the JSON of a document's content into units.
type loader struct {
	units []unit
}

// loadContent reads the content of a body, header, footer, footnote or cell. The error says where it is not what the API
// gives; indexes are not looked at, for they follow from the rest.
func loadContent(content []any) ([]unit, error) {
	var l loader
	if err := l.content(content); err != nil {
		return nil, err
	}
	return l.units, nil
}

func (l *loader) add(k unitKind, what map[string]any) {
	l.units = append(l.units, unit{kind: k, what: what})
}

func (l *loader) content(content []any) error {
	for i, x := range content {
		e := asMap(x)
		var err error
		switch {
		case has(e, "paragraph"):
			err = l.paragraph(asMap(e["paragraph"]))
		case has(e, "table"):
			err = l.table(asMap(e["table"]))
		case has(e, "sectionBreak"):
			l.add(sectionUnit, asMap(e["sectionBreak"]))
		case has(e, "tableOfContents"):
			toc := asMap(e["tableOfContents"])
			l.add(tocUnit, without(toc, "content"))
			err = l.content(asList(toc["content"]))
			l.add(tocEndUnit, nil)
		default:
			err = fmt.Errorf("it is neither paragraph, table, section break nor table of contents")
		}
		if err != nil {
			return fmt.Errorf("content %d: %w", i, err)
		}
	}
	return nil
}

func (l *loader) paragraph(p map[string]any) error {
	par := without(p, "elements")
	for i, x := range asList(p["elements"]) {
		e := without(asMap(x), "startIndex", "endIndex")
		if len(e) != 1 {
			return fmt.Errorf("element %d has %d kinds", i, len(e))
		}
		for name, v := range e {
			in := asMap(v)
			look := loadLook(in)
			if name == "textRun" {
				l.units = append(l.units, textUnits(asString(in["content"]), look, par)...)
				continue
			}
			own := without(in, "textStyle", "suggestedInsertionIds", "suggestedDeletionIds", "suggestedTextStyleChanges")
			if !has(in, "textStyle") {
				look.style = nil // a break or a rule may have none
			}
			l.units = append(l.units, unit{kind: objectUnit, look: look, what: map[string]any{name: own}})
		}
	}
	if n := len(l.units); n == 0 || l.units[n-1].kind != newlineUnit {
		return fmt.Errorf("the paragraph does not end with a newline")
	}
	return nil
}

func loadLook(in map[string]any) *look {
	return &look{
		style: asMap(in["textStyle"]), ins: stringsOf(in["suggestedInsertionIds"]), del: stringsOf(in["suggestedDeletionIds"]),
		changes: in["suggestedTextStyleChanges"],
	}
}

func (l *loader) table(t map[string]any) error {
	l.add(tableUnit, without(t, "rows", "columns", "tableRows"))
	for i, x := range asList(t["tableRows"]) {
		row := asMap(x)
		l.add(rowUnit, without(row, "startIndex", "endIndex", "tableCells"))
		for j, y := range asList(row["tableCells"]) {
			cell := asMap(y)
			l.add(cellUnit, without(cell, "startIndex", "endIndex", "content"))
			if err := l.content(asList(cell["content"])); err != nil {
				return fmt.Errorf("row %d, cell %d: %w", i, j, err)
			}
			if n := len(l.units); l.units[n-1].kind != newlineUnit {
				return fmt.Errorf("row %d, cell %d does not end with a newline", i, j)
			}
		}
	}
	l.add(tableEndUnit, nil)
	return nil
}

func stringsOf(v any) []string {
	var out []string
	for _, x := range asList(v) {
		out = append(out, asString(x))
	}
	return out
}
