package google

import (
	"maps"
	"slices"
)

// docGrid is where the rows and cells of a table lie among the units.
type docGrid struct {
	tab     *docTab
	segment string
	start   int // of the table
	rows    []docRow
	end     int // behind the table
}

type docRow struct {
	at    int
	cells []int
	end   int
}

// end of a cell: where the next cell, or the row, ends.
func (r docRow) cellEnd(i int) int {
	if i+1 < len(r.cells) {
		return r.cells[i+1]
	}
	return r.end
}

// gridAt reads the table that starts at a place.
func gridAt(t *docTab, segment string, start int) (*docGrid, bool) {
	units := t.units(segment)
	if start < 0 || start >= len(units) || units[start].kind != tableUnit {
		return nil, false
	}
	g := &docGrid{tab: t, segment: segment, start: start, end: endOf(units, start)}
	depth := 0
	for i := start + 1; i < g.end-1; i++ {
		switch units[i].kind {
		case tableUnit:
			depth++
		case tableEndUnit:
			depth--
		case rowUnit:
			if depth == 0 {
				if n := len(g.rows); n > 0 {
					g.rows[n-1].end = i
				}
				g.rows = append(g.rows, docRow{at: i})
			}
		case cellUnit:
			if depth == 0 {
				r := &g.rows[len(g.rows)-1]
				r.cells = append(r.cells, i)
			}
		case textUnit, newlineUnit, objectUnit, sectionUnit, tocUnit, tocEndUnit:
		}
	}
	if n := len(g.rows); n > 0 {
		g.rows[n-1].end = g.end - 1
	}
	return g, true
}

// gridOf finds the table at a Location.
func (e *docEdit) gridOf(v any) (*docGrid, error) {
	loc := asMap(v)
	t, seg, err := e.segment(loc)
	if err != nil {
		return nil, err
	}
	g, ok := gridAt(t, seg, asInt(loc["index"]))
	if !ok {
		return nil, invalid("Invalid table start location. Must specify the start index of the table.")
	}
	return g, nil
}

// cellOf finds the cell at a TableCellLocation.
func (e *docEdit) cellOf(v any) (g *docGrid, row, col int, err error) {
	in := asMap(v)
	if g, err = e.gridOf(in["tableStartLocation"]); err != nil {
		return nil, 0, 0, err
	}
	row, col = asInt(in["rowIndex"]), asInt(in["columnIndex"])
	if row < 0 || row >= len(g.rows) {
		return nil, 0, 0, invalid("The row index %d is out of bounds for the table.", row)
	}
	if col < 0 || col >= len(g.rows[row].cells) {
		return nil, 0, 0, invalid("The column index %d is out of bounds for the table.", col)
	}
	return g, row, col, nil
}

func (g *docGrid) units() []unit { return g.tab.units(g.segment) }

// columns is how many cells the widest row has.
func (g *docGrid) columns() int {
	n := 0
	for _, r := range g.rows {
		n = max(n, len(r.cells))
	}
	return n
}

func (e *docEdit) insertTable(in map[string]any) (map[string]any, error) {
	p, err := e.where(in)
	if err != nil {
		return nil, err
	}
	rows, cols := asInt(in["rows"]), asInt(in["columns"])
	units := p.tab.units(p.segment)
	switch {
	case rows < 1 || cols < 1:
		return nil, invalid("The number of rows and columns must be at least 1.")
	case cols > 20:
		return nil, invalid("The number of columns must not exceed 20.")
	case p.tab.others[p.segment].kind == "footnotes":
		return nil, invalid("Cannot insert a table inside a footnote.")
	}
	with := []unit{{kind: newlineUnit, char: '\n', look: neighbour(units, p.at), what: paragraphAt(units, p.at)}}
	widths := make([]any, cols)
	for i := range widths {
		widths[i] = map[string]any{"widthType": "EVENLY_DISTRIBUTED"}
	}
	with = append(with, unit{kind: tableUnit, what: map[string]any{"tableStyle": map[string]any{"tableColumnProperties": widths}}})
	for range rows {
		with = append(with, newRow(cols)...)
	}
	e.put(p, append(with, unit{kind: tableEndUnit}))
	return nil, nil //nolint:nilnil // the reply is empty
}

func newRow(cols int) []unit {
	out := []unit{{kind: rowUnit, what: map[string]any{"tableRowStyle": map[string]any{"minRowHeight": map[string]any{"unit": "PT"}}}}}
	for range cols {
		out = append(out, emptyCell(newCell(), normalText(), unstyled())...)
	}
	return out
}

func newCell() map[string]any {
	padding := map[string]any{"magnitude": 5.0, "unit": "PT"}
	return map[string]any{"tableCellStyle": map[string]any{
		"rowSpan": 1.0, "columnSpan": 1.0, "backgroundColor": map[string]any{}, "contentAlignment": "TOP",
		"paddingLeft": padding, "paddingRight": padding, "paddingTop": padding, "paddingBottom": padding,
	}}
}

// likeRow is a new row in the style of one that is there: of each cell the style, of its text the look.
func (g *docGrid) likeRow(row int) []unit {
	units, r := g.units(), g.rows[row]
	style := map[string]any{"tableRowStyle": map[string]any{"minRowHeight": map[string]any{"unit": "PT"}}}
	if s := asMap(units[r.at].what["tableRowStyle"]); s != nil {
		style["tableRowStyle"] = without(s, "tableHeader")
	}
	out := []unit{{kind: rowUnit, what: style}}
	for i, at := range r.cells {
		cell := newCell()
		if s := asMap(units[at].what["tableCellStyle"]); s != nil {
			cell["tableCellStyle"] = s
		}
		last := units[r.cellEnd(i)-1]
		out = append(out, emptyCell(cell, without(last.what, "bullet", "positionedObjectIds"),
			last.look.with(func(l *look) { l.ins, l.del, l.changes = nil, nil, nil; delete(l.style, "link") }))...)
	}
	return out
}

func (e *docEdit) insertTableRow(in map[string]any) (map[string]any, error) {
	g, row, col, err := e.cellOf(in["tableCellLocation"])
	if err != nil {
		return nil, err
	}
	at := g.rows[row].at
	if asBool(in["insertBelow"]) {
		last := min(row+max(g.spanOf(row, col, "rowSpan"), 1), len(g.rows)) - 1
		at = g.rows[last].end
	}
	with := g.likeRow(row)
	if e.suggest {
		id := e.suggestionAt(g.units(), at, at)
		for i := range with {
			with[i] = with[i].inserted(id)
		}
	}
	e.d.splice(g.tab, g.segment, at, at, with)
	return nil, nil //nolint:nilnil // the reply is empty
}

// spanOf is how many rows, or columns, a cell covers.
func (g *docGrid) spanOf(row, col int, key string) int {
	return asInt(asMap(g.units()[g.rows[row].cells[col]].what["tableCellStyle"])[key])
}

func (e *docEdit) deleteTableRow(in map[string]any) (map[string]any, error) {
	g, row, col, err := e.cellOf(in["tableCellLocation"])
	if err != nil {
		return nil, err
	}
	last := min(row+max(g.spanOf(row, col, "rowSpan"), 1), len(g.rows)) - 1
	from, to := g.rows[row].at, g.rows[last].end
	if e.suggest {
		units := g.units()
		id := e.suggestionAt(units, from, to)
		for i := from; i < to; i++ {
			units[i] = units[i].withIDs(deletionIDs, []string{id})
		}
		return nil, nil //nolint:nilnil // the reply is empty
	}
	if row == 0 && last == len(g.rows)-1 {
		from, to = g.start, g.end // no row is left, so the table goes
	}
	e.d.splice(g.tab, g.segment, from, to, nil)
	return nil, nil //nolint:nilnil // the reply is empty
}

func (e *docEdit) insertTableColumn(in map[string]any) (map[string]any, error) {
	g, _, col, err := e.cellOf(in["tableCellLocation"])
	if err != nil {
		return nil, err
	}
	if e.suggest {
		return nil, notSpoken("Suggesting a column")
	}
	right := asBool(in["insertRight"])
	for _, r := range slices.Backward(g.rows) {
		i := min(col, len(r.cells)-1)
		at := r.cells[i]
		last := g.units()[r.cellEnd(i)-1]
		if right {
			at = r.cellEnd(i)
		}
		e.d.splice(g.tab, g.segment, at, at, emptyCell(newCell(), without(last.what, "bullet", "positionedObjectIds"), unstyled()))
	}
	e.setWidths(g, func(w []any) []any {
		if right {
			col++
		}
		return slices.Insert(w, min(col, len(w)), any(map[string]any{"widthType": "EVENLY_DISTRIBUTED"}))
	})
	return nil, nil //nolint:nilnil // the reply is empty
}

func (e *docEdit) deleteTableColumn(in map[string]any) (map[string]any, error) {
	g, _, col, err := e.cellOf(in["tableCellLocation"])
	if err != nil {
		return nil, err
	}
	if e.suggest {
		return nil, notSpoken("Suggesting that a column goes")
	}
	if g.columns() == 1 {
		e.d.splice(g.tab, g.segment, g.start, g.end, nil)
		return nil, nil //nolint:nilnil // the reply is empty
	}
	for _, r := range slices.Backward(g.rows) {
		if col < len(r.cells) {
			e.d.splice(g.tab, g.segment, r.cells[col], r.cellEnd(col), nil)
		}
	}
	e.setWidths(g, func(w []any) []any {
		if col < len(w) {
			w = slices.Delete(w, col, col+1)
		}
		return w
	})
	return nil, nil //nolint:nilnil // the reply is empty
}

// setWidths changes the properties of the table's columns.
func (e *docEdit) setWidths(g *docGrid, f func([]any) []any) {
	u := &g.units()[g.start]
	style := maps.Clone(asMap(u.what["tableStyle"]))
	if style == nil {
		style = map[string]any{}
	}
	style["tableColumnProperties"] = f(slices.Clone(asList(style["tableColumnProperties"])))
	u.what = maps.Clone(u.what)
	u.what["tableStyle"] = style
}

// tableRange reads a TableRange.
func (e *docEdit) tableRange(v any) (g *docGrid, rows, cols span, err error) {
	in := asMap(v)
	g, row, col, err := e.cellOf(in["tableCellLocation"])
	if err != nil {
		return nil, span{}, span{}, err
	}
	rows, cols = span{row, row + max(asInt(in["rowSpan"]), 1)}, span{col, col + max(asInt(in["columnSpan"]), 1)}
	if rows.hi > len(g.rows) || cols.hi > g.columns() {
		return nil, span{}, span{}, invalid("The table range is out of bounds for the table.")
	}
	return g, rows, cols, nil
}

// styleCell gives a cell's style another value of a field.
func (g *docGrid) styleCell(row, col int, f func(style map[string]any) (map[string]any, error)) error {
	u := &g.units()[g.rows[row].cells[col]]
	style, err := f(maps.Clone(asMap(u.what["tableCellStyle"])))
	if err != nil {
		return err
	}
	u.what = maps.Clone(u.what)
	u.what["tableCellStyle"] = style
	return nil
}

func (e *docEdit) mergeTableCells(in map[string]any) (map[string]any, error) {
	g, rows, cols, err := e.tableRange(in["tableRange"])
	if err != nil {
		return nil, err
	}
	if e.suggest {
		return nil, notSpoken("Suggesting a merge")
	}
	// The text of all goes into the upper left one; the others stay, empty and covered.
	var all []unit
	for r := rows.hi - 1; r >= rows.lo; r-- {
		for c := min(cols.hi, len(g.rows[r].cells)) - 1; c >= cols.lo; c-- {
			if r == rows.lo && c == cols.lo {
				continue
			}
			from, to := g.rows[r].cells[c]+1, g.rows[r].cellEnd(c)-1
			if from < to {
				all = slices.Concat(slices.Clone(g.units()[from:to]), []unit{g.units()[to]}, all)
				e.d.splice(g.tab, g.segment, from, to, nil)
				g, _ = gridAt(g.tab, g.segment, g.start)
			}
		}
	}
	if len(all) > 0 {
		end := g.rows[rows.lo].cellEnd(cols.lo) - 1
		e.d.splice(g.tab, g.segment, end, end, slices.Concat([]unit{g.units()[end]}, all[:len(all)-1]))
		g, _ = gridAt(g.tab, g.segment, g.start)
	}
	return nil, g.styleCell(rows.lo, cols.lo, func(s map[string]any) (map[string]any, error) {
		s["rowSpan"], s["columnSpan"] = float64(rows.hi-rows.lo), float64(cols.hi-cols.lo)
		return s, nil
	})
}

func (e *docEdit) unmergeTableCells(in map[string]any) (map[string]any, error) {
	g, rows, cols, err := e.tableRange(in["tableRange"])
	if err != nil {
		return nil, err
	}
	for r := rows.lo; r < rows.hi; r++ {
		for c := cols.lo; c < min(cols.hi, len(g.rows[r].cells)); c++ {
			_ = g.styleCell(r, c, func(s map[string]any) (map[string]any, error) { // f gives no error
				s["rowSpan"], s["columnSpan"] = 1.0, 1.0
				return s, nil
			})
		}
	}
	return nil, nil //nolint:nilnil // the reply is empty
}

func (e *docEdit) updateTableCellStyle(in map[string]any) (map[string]any, error) {
	g, rows, cols, err := e.tableRange(in["tableRange"])
	if asMap(in["tableStartLocation"]) != nil {
		if g, err = e.gridOf(in["tableStartLocation"]); err == nil {
			rows, cols = span{0, len(g.rows)}, span{0, g.columns()}
		}
	}
	if err != nil {
		return nil, err
	}
	for r := rows.lo; r < rows.hi; r++ {
		for c := cols.lo; c < min(cols.hi, len(g.rows[r].cells)); c++ {
			err := g.styleCell(r, c, func(s map[string]any) (map[string]any, error) {
				return masked(s, asMap(in["tableCellStyle"]), asString(in["fields"]), fieldsOf("TableCellStyle"))
			})
			if err != nil {
				return nil, err
			}
		}
	}
	return nil, nil //nolint:nilnil // the reply is empty
}

func (e *docEdit) updateTableRowStyle(in map[string]any) (map[string]any, error) {
	g, err := e.gridOf(in["tableStartLocation"])
	if err != nil {
		return nil, err
	}
	var of []int
	for _, x := range asList(in["rowIndices"]) {
		of = append(of, asInt(x))
	}
	for i, r := range g.rows {
		if len(of) > 0 && !slices.Contains(of, i) {
			continue
		}
		u := &g.units()[r.at]
		style, err := masked(asMap(u.what["tableRowStyle"]), asMap(in["tableRowStyle"]), asString(in["fields"]), fieldsOf("TableRowStyle"))
		if err != nil {
			return nil, err
		}
		u.what = maps.Clone(u.what)
		u.what["tableRowStyle"] = style
	}
	return nil, nil //nolint:nilnil // the reply is empty
}

func (e *docEdit) updateTableColumnProperties(in map[string]any) (map[string]any, error) {
	g, err := e.gridOf(in["tableStartLocation"])
	if err != nil {
		return nil, err
	}
	var of []int
	for _, x := range asList(in["columnIndices"]) {
		of = append(of, asInt(x))
	}
	e.setWidths(g, func(w []any) []any {
		for len(w) < g.columns() {
			w = append(w, map[string]any{"widthType": "EVENLY_DISTRIBUTED"})
		}
		for i := range w {
			if len(of) > 0 && !slices.Contains(of, i) {
				continue
			}
			var p map[string]any
			if p, err = masked(asMap(w[i]), asMap(in["tableColumnProperties"]), asString(in["fields"]), fieldsOf("TableColumnProperties")); err != nil {
				return w
			}
			w[i] = p
		}
		return w
	})
	return nil, err
}

func (e *docEdit) pinTableHeaderRows(in map[string]any) (map[string]any, error) {
	g, err := e.gridOf(in["tableStartLocation"])
	if err != nil {
		return nil, err
	}
	n := asInt(in["pinnedHeaderRowsCount"])
	if n < 0 || n > len(g.rows) {
		return nil, invalid("The number of pinned header rows must be between 0 and the number of rows.")
	}
	for i, r := range g.rows {
		u := &g.units()[r.at]
		style := maps.Clone(asMap(u.what["tableRowStyle"]))
		if style == nil {
			style = map[string]any{}
		}
		if delete(style, "tableHeader"); i < n {
			style["tableHeader"] = true
		}
		u.what = maps.Clone(u.what)
		u.what["tableRowStyle"] = style
	}
	return nil, nil //nolint:nilnil // the reply is empty
}
