package richtext

import (
	"slices"
	"strings"
)

// editRow is a table's row with another text in its cells, or nil where the text does not say which cell is which: it has
// more or fewer separators, or a cell's own text holds one.
func editRow(row node, text string) node {
	old, cells := cellTexts(row), kidsOf(row)
	texts := strings.Split(text, cellSeparator)
	if len(texts) != len(cells) || !slices.Equal(strings.Split(strings.Join(old, cellSeparator), cellSeparator), old) {
		return nil
	}
	content := make([]any, len(cells))
	for i, cell := range cells {
		content[i] = cell
		if texts[i] != old[i] {
			content[i] = editCell(cell, texts[i])
		}
	}
	return with(row, "content", content)
}

// editCell is a cell with another text, on one line. A cell of one paragraph keeps its marks as a line does; of more, what
// shows less than it holds stays beside a paragraph with the text.
func editCell(cell node, text string) node {
	lines := flatten(node{"content": cell["content"]})
	if len(lines) == 1 && lines[0].kind == inlineLine && lines[0].prefix == "" {
		l := lines[0]
		w := &writer{}
		w.put(out{leaf: l.leaf, runs: editRuns(l, text)}, w.locate(l.leaf, nil))
		return w.document(cell)
	}
	w := &writer{}
	p := newBox("paragraph", nil, nil)
	w.put(out{leaf: p, runs: []run{{text: text}}}, w.locate(p, nil))
	for _, l := range lines {
		if l.protected {
			w.put(out{leaf: l.leaf, kept: true}, w.locate(l.leaf, nil))
		} else if runs := slices.DeleteFunc(slices.Clone(l.runs), func(r run) bool { return !r.protected }); len(runs) > 0 {
			w.put(out{leaf: l.leaf, runs: runs}, w.locate(l.leaf, nil))
		}
	}
	return w.document(cell)
}

// emptyRow is a row like another for a text of as many cells; nil where the text has more or fewer.
func emptyRow(like node, text string) node {
	cells := kidsOf(like)
	if strings.Count(text, cellSeparator) != len(cells)-1 || len(cells) < 2 {
		return nil
	}
	content := make([]any, len(cells))
	for i := range cells {
		content[i] = node{"type": "tableCell", "content": []any{node{"type": "paragraph"}}}
	}
	return node{"type": "tableRow", "content": content}
}
