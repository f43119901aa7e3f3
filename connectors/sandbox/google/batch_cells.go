package google

import (
	"maps"
	"unicode/utf16"
)

func (b *batch) updateCells(in map[string]any) (map[string]any, error) {
	m, err := updateMask(in["fields"], "CellData")
	if err != nil {
		return nil, err
	}
	rows := asList(in["rows"])
	if has(in, "range") {
		t, at, err := b.rect(in["range"])
		if err != nil {
			return nil, err
		}
		if err := b.w.mayEdit(t, at); err != nil {
			return nil, err
		}
		if err := b.writeRows(t, at.r0, at.c0, rows, m, at); err != nil {
			return nil, err
		}
		// What the rows do not cover of the range is cleared, in the masked fields.
		for r := at.r0; r < min(at.r1, len(t.rows)); r++ {
			if t.rows[r] == nil {
				continue
			}
			covered := 0
			if i := r - at.r0; i < len(rows) {
				covered = len(asList(asMap(rows[i])["values"]))
			}
			for c := at.c0 + covered; c < min(at.c1, len(t.rows[r].cells)); c++ {
				if x := t.rows[r].cells[c]; x != nil {
					y, err := b.patch(x, map[string]any{}, m)
					if err != nil {
						return nil, err
					}
					t.set(r, c, y)
				}
			}
		}
		return nil, nil //nolint:nilnil // the reply is empty
	}
	if !has(in, "start") {
		return nil, invalid("Must specify a start coordinate or a range.")
	}
	start := asMap(in["start"])
	t, err := b.tab(start["sheetId"])
	if err != nil {
		return nil, err
	}
	return nil, b.writeRows(t, asInt(start["rowIndex"]), asInt(start["columnIndex"]), rows, m, rect{0, t.rowCount, 0, t.colCount})
}

// writeRows writes RowData from a cell on; none of it may fall outside the limit.
func (b *batch) writeRows(t *tab, r0, c0 int, rows []any, m *mask, limit rect) error {
	if r0 < 0 || c0 < 0 || r0 >= t.rowCount || c0 >= t.colCount {
		return invalid("Attempting to write to row %d, column %d, outside of the grid of %d rows and %d columns.", r0, c0, t.rowCount, t.colCount)
	}
	for i, x := range rows {
		values := asList(asMap(x)["values"])
		if len(values) == 0 {
			continue
		}
		if r0+i >= limit.r1 {
			return invalid("Attempting to write row: %d, beyond the last requested row of: %d", r0+i, limit.r1-1)
		}
		if c0+len(values) > limit.c1 {
			return invalid("Attempting to write column: %d, beyond the last requested column of: %d", limit.c1, limit.c1-1)
		}
		if err := b.w.mayEdit(t, rect{r0 + i, r0 + i + 1, c0, c0 + len(values)}); err != nil {
			return err
		}
		for j, v := range values {
			y, err := b.patch(t.at(r0+i, c0+j), asMap(v), m)
			if err != nil {
				return err
			}
			if t.covered(r0+i, c0+j) {
				y.v = value{}
			}
			t.set(r0+i, c0+j, y)
		}
	}
	return nil
}

// patch is the cell with the masked fields taken from data; those that data has not are cleared. The fields that are
// worked out, such as effectiveValue, cannot be written and are passed over.
func (b *batch) patch(old *cell, data map[string]any, m *mask) (*cell, error) {
	out := &cell{}
	var x extras
	if old != nil {
		out.v, out.f = old.v, old.f
		if old.x != nil {
			x = *old.x
		}
	}
	if sub := m.under("userEnteredValue"); sub != nil {
		v, err := enteredValue(asMap(data["userEnteredValue"]))
		if err != nil {
			return nil, err
		}
		out.v, x.runs, x.chips = v, nil, nil
	}
	if sub := m.under("userEnteredFormat"); sub != nil {
		raw := asMap(data["userEnteredFormat"])
		if !sub.all {
			var base map[string]any
			if out.f != nil {
				base = out.f.raw
			}
			raw = sub.assign(base, raw)
		}
		f, err := b.format(raw)
		if err != nil {
			return nil, err
		}
		out.f = f
	}
	if m.under("note") != nil {
		if x.note = asString(data["note"]); tooLong(x.note) {
			return nil, invalid("Your input contains more than the maximum of %d characters in a single cell.", maxCellText)
		}
	}
	if m.under("dataValidation") != nil {
		x.rule = nil
		if has(data, "dataValidation") {
			x.rule = asMap(data["dataValidation"])
		}
	}
	if m.under("textFormatRuns") != nil && (has(data, "textFormatRuns") || !m.all) {
		if x.runs = asList(data["textFormatRuns"]); len(x.runs) == 0 {
			x.runs = nil
		} else if err := checkRuns(out.v, x.runs); err != nil {
			return nil, err
		}
	}
	if m.under("chipRuns") != nil && (has(data, "chipRuns") || !m.all) {
		if err := b.chips(out, &x, asList(data["chipRuns"]), m.under("userEnteredValue") != nil); err != nil {
			return nil, err
		}
	}
	if x.rule != nil || x.note != "" || x.runs != nil || x.chips != nil {
		out.x = &x
	}
	return out, nil
}

// checkRuns refuses styled runs that are not within a text. Indexes are UTF-16 units.
func checkRuns(v value, runs []any) error {
	if v.kind != text {
		return invalid("TextFormatRuns can only be set on cells with text.")
	}
	n, last := len(utf16.Encode([]rune(v.str))), -1
	for i, run := range runs {
		at := asInt(asMap(run)["startIndex"])
		if at <= last || at >= n {
			return invalid("textFormatRuns[%d].startIndex[%d] is out of order or beyond the text.", i, at)
		}
		last = at
	}
	return nil
}

// chips puts chips into a cell whose text has just been written, with an "@" for each.
func (b *batch) chips(out *cell, x *extras, runs []any, withText bool) error {
	x.chips = nil
	if len(runs) == 0 {
		return nil
	}
	if !withText || out.v.kind != text {
		return invalid("chipRuns can only be written together with a userEnteredValue.stringValue that has an \"@\" for each chip.")
	}
	shown, placed, err := b.s.placeChips(out.v.str, runs)
	if err != nil {
		return err
	}
	out.v, x.chips = textOf(shown), placed
	return nil
}

// format makes a cell format. The many cells of a batch that carry nothing but the same number format share one.
func (b *batch) format(raw map[string]any) (*format, error) {
	f := formatOf(bothColors(raw))
	if f == nil {
		return nil, nil //nolint:nilnil // no format at all
	}
	if _, ok := raw["numberFormat"]; ok {
		switch f.numType {
		case "":
			return nil, invalid("CellFormat.numberFormat.type must be set")
		case "NUMBER_FORMAT_TYPE_UNSPECIFIED":
			return nil, invalid("CellFormat.numberFormat.type must not be NUMBER_FORMAT_TYPE_UNSPECIFIED")
		}
		if len(raw) == 1 {
			key := [2]string{f.numType, f.pattern}
			if seen := b.formats[key]; seen != nil {
				return seen, nil
			}
			b.formats[key] = f
		}
	}
	return f, nil
}

// bothColors writes a colour that was given in one of its two forms, backgroundColor or backgroundColorStyle, in the other
// as well, as the service does.
func bothColors(raw map[string]any) map[string]any {
	out := raw
	set := func(k string, v any) {
		if len(out) == len(raw) {
			out = maps.Clone(raw)
		}
		out[k] = v
	}
	for _, k := range []string{"backgroundColor", "foregroundColor"} {
		plain, style := raw[k], asMap(raw[k+"Style"])
		switch {
		case plain != nil && style == nil:
			set(k+"Style", map[string]any{"rgbColor": plain})
		case plain == nil && style["rgbColor"] != nil:
			set(k, style["rgbColor"])
		}
	}
	if in, ok := raw["textFormat"].(map[string]any); ok {
		if both := bothColors(in); len(both) > len(in) {
			out = maps.Clone(out)
			out["textFormat"] = both
		}
	}
	return out
}

// enteredValue reads an ExtendedValue that is written. None at all empties the cell, and so does empty text.
func enteredValue(in map[string]any) (value, error) {
	if len(in) > 1 {
		return value{}, invalid("Only one of the fields of an ExtendedValue may be set.")
	}
	for k, v := range in {
		switch k {
		case "numberValue":
			f, _ := v.(float64)
			return numberOf(f), nil
		case "boolValue":
			return boolOf(asBool(v)), nil
		case "stringValue", "formulaValue":
			s := asString(v)
			if tooLong(s) {
				return value{}, invalid("Your input contains more than the maximum of %d characters in a single cell.", maxCellText)
			}
			if s == "" {
				return value{}, nil
			}
			if k == "stringValue" {
				return textOf(s), nil
			}
			if s[0] != '=' {
				s = "=" + s
			}
			return value{kind: formula, str: s}, nil
		case "errorValue":
			return value{}, invalid("errorValue is read-only.")
		}
	}
	return value{}, nil
}

// appendCells writes below the last row of the tab that holds a value, and makes the grid longer where need be.
func (b *batch) appendCells(in map[string]any) (map[string]any, error) {
	m, err := updateMask(in["fields"], "CellData")
	if err != nil {
		return nil, err
	}
	rows := asList(in["rows"])
	if id := asString(in["tableId"]); id != "" {
		return nil, b.appendToTable(id, rows, m)
	}
	t, err := b.tab(in["sheetId"])
	if err != nil {
		return nil, err
	}
	at := t.lastRow()
	if t.rowCount = max(t.rowCount, at+len(rows)); len(rows) == 0 {
		return nil, nil //nolint:nilnil // the reply is empty
	}
	if err := b.w.withinLimit(); err != nil {
		return nil, err
	}
	return nil, b.writeRows(t, at, 0, rows, m, rect{0, t.rowCount, 0, t.colCount})
}

// appendToTable writes below the last filled row of a table's body, which grows where it is full.
func (b *batch) appendToTable(id string, rows []any, m *mask) error {
	t, x, err := b.w.table(id)
	if err != nil || len(rows) == 0 {
		return err
	}
	if err := b.w.mayInsert(t, true, x.body(t).r1); err != nil {
		return err
	}
	at := b.w.growTable(t, x, len(rows))
	if err := b.w.withinLimit(); err != nil {
		return err
	}
	body := x.body(t)
	return b.writeRows(t, at, body.c0, rows, m, body)
}

func (b *batch) repeatCell(in map[string]any) (map[string]any, error) {
	t, at, err := b.rect(in["range"])
	if err != nil {
		return nil, err
	}
	if err := b.w.mayEdit(t, at); err != nil {
		return nil, err
	}
	m, err := updateMask(in["fields"], "CellData")
	if err != nil {
		return nil, err
	}
	data := asMap(in["cell"])
	for r := at.r0; r < at.r1; r++ {
		for c := at.c0; c < at.c1; c++ {
			y, err := b.patch(t.at(r, c), data, m)
			if err != nil {
				return nil, err
			}
			if y.v.kind == formula && m.under("userEnteredValue") != nil {
				y.v.str = shiftRefs(y.v.str, r-at.r0, c-at.c0) // relative references go along, as when copied
			}
			if t.covered(r, c) {
				y.v = value{}
			}
			t.set(r, c, y)
		}
	}
	return nil, nil //nolint:nilnil // the reply is empty
}

func (b *batch) setDataValidation(in map[string]any) (map[string]any, error) {
	t, at, err := b.rect(in["range"])
	if err != nil {
		return nil, err
	}
	var rule map[string]any
	if has(in, "rule") {
		rule = asMap(in["rule"])
		if err := checkCondition(asMap(rule["condition"]), "DataValidationRule"); err != nil {
			return nil, err
		}
	}
	if err := b.w.mayEdit(t, at); err != nil {
		return nil, err
	}
	for r := at.r0; r < at.r1; r++ {
		if rule == nil && (r >= len(t.rows) || t.rows[r] == nil) {
			continue
		}
		for c := at.c0; c < at.c1; c++ {
			y := &cell{}
			if old := t.at(r, c); old != nil {
				*y = *old
			}
			x := extras{rule: rule}
			if y.x != nil {
				x = *y.x
				x.rule = rule
			}
			y.x = nil
			if x.rule != nil || x.note != "" || x.runs != nil || x.chips != nil {
				y.x = &x
			}
			t.set(r, c, y)
		}
	}
	return nil, nil //nolint:nilnil // the reply is empty
}
