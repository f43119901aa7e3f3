package google

import "unicode/utf8"

// lanes reads a DimensionRange: which tab, rows or columns, and from where to where. An absent start is 0, an absent end
// the end of the grid.
func (b *batch) lanes(v any) (t *tab, rows bool, s span, err error) {
	in := asMap(v)
	if t, err = b.tab(in["sheetId"]); err != nil {
		return nil, false, span{}, err
	}
	limit := t.rowCount
	switch asString(in["dimension"]) {
	case "ROWS":
		rows = true
	case "COLUMNS":
		limit = t.colCount
	default:
		return nil, false, span{}, invalid("DimensionRange.dimension must be set.")
	}
	s = span{asInt(in["startIndex"]), limit}
	if has(in, "endIndex") {
		s.hi = asInt(in["endIndex"])
	}
	if s.lo < 0 || s.hi <= s.lo {
		return nil, false, span{}, invalid("range.endIndex[%d] must be greater than range.startIndex[%d].", s.hi, s.lo)
	}
	return t, rows, s, nil
}

func laneWord(rows bool) string {
	if rows {
		return "row"
	}
	return "column"
}

func (t *tab) laneCount(rows bool) int {
	if rows {
		return t.rowCount
	}
	return t.colCount
}

func (b *batch) appendDimension(in map[string]any) (map[string]any, error) {
	t, err := b.tab(in["sheetId"])
	if err != nil {
		return nil, err
	}
	n := asInt(in["length"])
	if n < 1 {
		return nil, invalid("length[%d] must be greater than 0.", n)
	}
	switch asString(in["dimension"]) {
	case "ROWS":
		t.rowCount += n
	case "COLUMNS":
		t.colCount += n
	default:
		return nil, invalid("dimension must be set.")
	}
	return nil, b.w.withinLimit()
}

func (b *batch) insertDimension(in map[string]any) (map[string]any, error) {
	t, rows, s, err := b.lanes(in["range"])
	if err != nil {
		return nil, err
	}
	if !has(asMap(in["range"]), "endIndex") {
		return nil, invalid("range.endIndex must be set.")
	}
	// Right behind the last one nothing can be inserted: that is what appendDimension is for.
	if s.lo >= t.laneCount(rows) {
		return nil, invalid("range.startIndex[%d] must be less than the grid size: %d. To add %ss at the end use appendDimension.",
			s.lo, t.laneCount(rows), laneWord(rows))
	}
	before := asBool(in["inheritFromBefore"])
	if before && s.lo == 0 {
		return nil, invalid("inheritFromBefore cannot be true if inserting at index 0.")
	}
	if err := b.w.mayInsert(t, rows, s.lo); err != nil {
		return nil, err
	}
	b.w.insertLanes(t, rows, s.lo, s.hi-s.lo, before)
	return nil, b.w.withinLimit()
}

func (b *batch) deleteDimension(in map[string]any) (map[string]any, error) {
	t, rows, s, err := b.lanes(in["range"])
	if err != nil {
		return nil, err
	}
	n := t.laneCount(rows)
	if s.lo >= n || s.hi > n {
		return nil, invalid("Cannot delete a %s that doesn't exist. Tried to delete %s index %d but there are only %d %ss.",
			laneWord(rows), laneWord(rows), max(s.lo, s.hi-1), n, laneWord(rows))
	}
	if s.hi-s.lo == n {
		return nil, invalid("You can't delete all the %ss on the sheet.", laneWord(rows))
	}
	if rows && t.frozenRows > 0 && s.lo <= t.frozenRows && s.hi == n {
		return nil, invalid("Sorry, it is not possible to delete all non-frozen rows.")
	}
	if err := b.w.mayReshape(t, rows, s); err != nil {
		return nil, err
	}
	b.w.deleteLanes(t, rows, s.lo, s.hi)
	return nil, nil //nolint:nilnil // the reply is empty
}

func (b *batch) moveDimension(in map[string]any) (map[string]any, error) {
	t, rows, s, err := b.lanes(in["source"])
	if err != nil {
		return nil, err
	}
	dest, n := asInt(in["destinationIndex"]), t.laneCount(rows)
	switch {
	case s.lo >= n || s.hi > n:
		return nil, invalid("source.endIndex[%d] exceeds the grid size: %d.", s.hi, n)
	case dest < 0 || dest > n:
		return nil, invalid("destinationIndex[%d] exceeds the grid size: %d.", dest, n)
	case dest > s.lo && dest < s.hi:
		return nil, invalid("destinationIndex[%d] must not lie within the source.", dest)
	}
	if err := b.w.mayReshape(t, rows, s); err != nil {
		return nil, err
	}
	if err := b.w.mayInsert(t, rows, dest); err != nil {
		return nil, err
	}
	b.w.moveLanes(t, rows, s.lo, s.hi, dest)
	return nil, nil //nolint:nilnil // the reply is empty
}

func (b *batch) updateDimensionProperties(in map[string]any) (map[string]any, error) {
	if has(in, "dataSourceSheetRange") {
		return nil, notSpoken("updateDimensionProperties.dataSourceSheetRange")
	}
	t, rows, s, err := b.lanes(in["range"])
	if err != nil {
		return nil, err
	}
	if n := t.laneCount(rows); s.hi > n {
		return nil, invalid("range.endIndex[%d] exceeds the grid size: %d.", s.hi, n)
	}
	m, err := updateMask(in["fields"], "DimensionProperties")
	if err != nil {
		return nil, err
	}
	props := asMap(in["properties"])
	for i := s.lo; i < s.hi; i++ {
		l := t.laneAt(rows, i)
		if m.under("hiddenByUser") != nil {
			l.hidden = asBool(props["hiddenByUser"])
		}
		if m.under("pixelSize") != nil {
			if l.size = asInt(props["pixelSize"]); l.size < 0 {
				return nil, invalid("pixelSize must not be negative.")
			}
		}
	}
	return nil, nil //nolint:nilnil // the reply is empty
}

// autoResizeDimensions makes columns as wide as their longest text, at seven pixels a character.
func (b *batch) autoResizeDimensions(in map[string]any) (map[string]any, error) {
	if has(in, "dataSourceSheetDimensions") {
		return nil, notSpoken("autoResizeDimensions.dataSourceSheetDimensions")
	}
	t, rows, s, err := b.lanes(in["dimensions"])
	if err != nil {
		return nil, err
	}
	s.hi = min(s.hi, t.laneCount(rows))
	if rows {
		for i := s.lo; i < min(s.hi, len(t.rows)); i++ {
			if t.rows[i] != nil {
				t.rows[i].lane.size = 0
			}
		}
		return nil, nil //nolint:nilnil // the reply is empty
	}
	k := newCalculator(b.w, b.s.o.Now())
	for c := s.lo; c < s.hi; c++ {
		longest := 0
		for r := range t.rows {
			if x := t.at(r, c); x != nil {
				longest = max(longest, utf8.RuneCountInString(display(k.value(t, r, c), x.f, k.l)))
			}
		}
		if longest > 0 {
			t.col(c).size = min(longest*7+6, 2000)
		}
	}
	return nil, nil //nolint:nilnil // the reply is empty
}
