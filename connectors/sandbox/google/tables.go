package google

import (
	"maps"
	"slices"
	"strings"
)

// table is one of Sheets' tables: a header row, a body, and perhaps a footer. The header's cells are its columns' names:
// they are kept filled and different from one another.
type table struct {
	id, name string
	at       area
	rows     map[string]any // TableRowsProperties
	cols     []tableColumn  // one for each column of the area
}

type tableColumn struct {
	kind string         // "" is a column without a type
	rule map[string]any // TableColumnDataValidationRule of a DROPDOWN
}

func (x *table) clone() *table {
	c := *x
	c.cols = slices.Clone(x.cols)
	return &c
}

func (x *table) footer() bool { return has(x.rows, "footerColorStyle") }

// body is the rows between the header and the footer.
func (x *table) body(t *tab) rect {
	b := x.at.rect(t)
	b.r0++
	if x.footer() {
		b.r1--
	}
	return b
}

// defaultTableRows are the colours of a table that was given none.
func defaultTableRows() map[string]any {
	color := func(red, green, blue float64) any {
		return map[string]any{"rgbColor": map[string]any{"red": red, "green": green, "blue": blue}}
	}
	return map[string]any{
		"headerColorStyle": color(0.20784314, 0.40784314, 0.32941177), "firstBandColorStyle": color(1, 1, 1),
		"secondBandColorStyle": color(0.9647059, 0.972549, 0.9764706),
	}
}

// json is the Table message.
func (x *table) json(t *tab) map[string]any {
	b := x.at.rect(t)
	cols := make([]any, len(x.cols))
	for i, c := range x.cols {
		one := map[string]any{"columnName": t.headerText(b.r0, b.c0+i)}
		if i > 0 {
			one["columnIndex"] = i
		}
		if c.kind != "" {
			one["columnType"] = c.kind
		}
		if c.rule != nil {
			one["dataValidationRule"] = c.rule
		}
		cols[i] = one
	}
	return map[string]any{"tableId": x.id, "name": x.name, "range": x.at.json(), "rowsProperties": x.rows, "columnProperties": cols}
}

// banded is the table as one of the banded ranges, which tables are listed among unless a reader leaves them out.
func (x *table) banded() map[string]any {
	return map[string]any{"bandedRangeReference": x.id, "range": x.at.json(), "rowProperties": maps.Clone(x.rows)}
}

func (t *tab) headerText(r, c int) string {
	if x := t.at(r, c); x != nil && x.v.kind == text {
		return x.v.str
	}
	return ""
}

func (w *workbook) table(id string) (*tab, *table, error) {
	for _, t := range w.tabs {
		for _, x := range t.tables {
			if x.id == id {
				return t, x, nil
			}
		}
	}
	return nil, nil, invalid("No table with id: %s", id)
}

// tableMeeting is the first table that lies in a block, nil when there is none.
func (t *tab) tableMeeting(b rect) *table {
	for _, x := range t.tables {
		if x.at.rect(t).meets(b) {
			return x
		}
	}
	return nil
}

func (b *batch) addTable(in map[string]any) (map[string]any, error) {
	p := asMap(in["table"])
	if !has(p, "range") {
		return nil, invalid("table.range must be set.")
	}
	t, a, err := b.area(p["range"])
	if err != nil {
		return nil, err
	}
	x := &table{id: asString(p["tableId"]), name: asString(p["name"]), at: areaOf(t, a.rect(t)), rows: defaultTableRows()}
	if x.id == "" {
		x.id = b.w.stringID()
	} else if _, _, err := b.w.table(x.id); err == nil {
		return nil, invalid("A table with the id %s already exists.", x.id)
	}
	if err := b.nameTable(x); err != nil {
		return nil, err
	}
	if err := t.roomForTable(x); err != nil {
		return nil, err
	}
	maps.Copy(x.rows, asMap(p["rowsProperties"]))
	x.cols = make([]tableColumn, a.rect(t).cols())
	if err := b.setColumns(t, x, asList(p["columnProperties"])); err != nil {
		return nil, err
	}
	t.tables = append(t.tables, x)
	t.nameColumns(x)
	return map[string]any{"table": x.json(t)}, nil
}

// nameTable gives a table that has no name the next free one, and refuses one that another table has.
func (b *batch) nameTable(x *table) error {
	taken := func(name string) bool {
		for _, t := range b.w.tabs {
			for _, o := range t.tables {
				if o != x && strings.EqualFold(o.name, name) {
					return true
				}
			}
		}
		return false
	}
	for n := 1; x.name == ""; n++ {
		if try := "Table" + itoa(n); !taken(try) {
			x.name = try
		}
	}
	if taken(x.name) {
		return invalid("A table with the name \"%s\" already exists.", x.name)
	}
	return nil
}

// roomForTable refuses a place for a table that is too small or on which something else lies.
func (t *tab) roomForTable(x *table) error {
	at := x.at.rect(t)
	if at.rows() < 2 {
		return invalid("A table must have at least one row besides its header.")
	}
	for _, o := range t.tables {
		if o != x && o.at.rect(t).meets(at) {
			return invalid("The table overlaps another table: \"%s\".", o.name)
		}
	}
	for _, o := range t.bands {
		if o.areas[0].rect(t).meets(at) {
			return invalid("You cannot add alternating background colors to a range that already has alternating background colors.")
		}
	}
	if t.filter != nil && asString(t.filter.raw["tableId"]) != x.id && t.filter.areas[0].rect(t).meets(at) {
		return invalid("The table overlaps a filter.")
	}
	for _, m := range t.merges {
		if m.rect(t).meets(at) {
			return invalid("The table overlaps merged cells.")
		}
	}
	return nil
}

// setColumns applies TableColumnProperties: names go into the header's cells, types become formats and rules of the body.
func (b *batch) setColumns(t *tab, x *table, list []any) error {
	at := x.at.rect(t)
	seen := map[string]bool{}
	for i, p := range list {
		in := asMap(p)
		n := asInt(in["columnIndex"])
		if n < 0 || n >= len(x.cols) {
			return invalid("columnProperties[%d].columnIndex[%d] is out of range: the table has %d columns.", i, n, len(x.cols))
		}
		kind := asString(in["columnType"])
		if kind == "COLUMN_TYPE_UNSPECIFIED" {
			kind = ""
		}
		c := tableColumn{kind: kind}
		if has(in, "dataValidationRule") {
			cond := asMap(asMap(in["dataValidationRule"])["condition"])
			switch {
			case kind != "DROPDOWN":
				return invalid("columnProperties[%d].dataValidationRule can only be set for the column type DROPDOWN.", i)
			case asString(cond["type"]) != "ONE_OF_LIST" || len(asList(cond["values"])) == 0:
				return invalid("columnProperties[%d].dataValidationRule.condition must be ONE_OF_LIST with at least one value.", i)
			}
			c.rule = asMap(in["dataValidationRule"])
		}
		x.cols[n] = c
		if name := asString(in["columnName"]); name != "" {
			if seen[strings.ToLower(name)] {
				return invalid("columnProperties[%d].columnName \"%s\" is used by another column of the table.", i, name)
			}
			seen[strings.ToLower(name)] = true
			y := cell{}
			if old := t.at(at.r0, at.c0+n); old != nil {
				y = *old
			}
			y.v = textOf(name)
			t.set(at.r0, at.c0+n, &y)
		}
		body := x.body(t)
		b.dressColumn(t, c, rect{body.r0, body.r1, at.c0 + n, at.c0 + n + 1})
	}
	return nil
}

// columnFormats are the number formats that the types of columns bring along.
var columnFormats = map[string]string{
	"CURRENCY": "CURRENCY", "PERCENT": "PERCENT", "DATE": "DATE", "TIME": "TIME", "DATE_TIME": "DATE_TIME", "TEXT": "TEXT",
}

// dressColumn gives the cells of a column the format and the rule of its type. Rows that come later take them from their
// neighbours, as with any format.
func (b *batch) dressColumn(t *tab, col tableColumn, at rect) {
	var rule map[string]any
	switch {
	case col.rule != nil:
		rule = map[string]any{"condition": col.rule["condition"], "showCustomUi": true}
	case col.kind == "BOOLEAN":
		rule = map[string]any{"condition": map[string]any{"type": "BOOLEAN"}, "showCustomUi": true}
	}
	numType := columnFormats[col.kind]
	if rule == nil && numType == "" {
		return
	}
	dressed := map[*format]*format{}
	for r := at.r0; r < at.r1; r++ {
		y := cell{}
		if old := t.at(r, at.c0); old != nil {
			y = *old
		}
		if rule != nil {
			x := extras{}
			if y.x != nil {
				x = *y.x
			}
			x.rule = rule
			y.x = &x
		}
		if numType != "" && (y.f == nil || y.f.numType != numType) {
			f := dressed[y.f]
			if f == nil {
				f = y.f.withNumberFormat(numType, "")
				dressed[y.f] = f
			}
			y.f = f
		}
		t.set(r, at.c0, &y)
	}
}

// nameColumns keeps the header's cells filled and different: an empty one becomes "Column 3", one that repeats another
// gets a number behind it.
func (t *tab) nameColumns(x *table) {
	b := x.at.rect(t)
	taken := map[string]bool{}
	for c := b.c0; c < b.c1; c++ {
		old := t.at(b.r0, c)
		name := ""
		if old != nil && old.v.kind != blank {
			name = display(old.v, old.f, localeOf("en_US"))
		}
		base := name
		if base == "" {
			base = "Column"
			name = "Column " + itoa(c-b.c0+1)
		}
		for n := 2; taken[strings.ToLower(name)]; n++ {
			name = base + " " + itoa(n)
		}
		taken[strings.ToLower(name)] = true
		if old != nil && old.v == textOf(name) {
			continue
		}
		y := cell{}
		if old != nil {
			y = *old
			y.x = old.x.plain()
		}
		y.v = textOf(name)
		t.set(b.r0, c, &y)
	}
}

// settle puts right, after any change, what tables must not have: headers that are empty or repeat. A change that would
// bring tables to lie over one another is refused.
func (w *workbook) settle() error {
	for _, t := range w.tabs {
		for _, x := range t.tables {
			if t.taken(x, x.at.rect(t)) {
				return invalid("This would make the table \"%s\" overlap another one.", x.name)
			}
			t.nameColumns(x)
		}
	}
	return nil
}

func (b *batch) updateTable(in map[string]any) (map[string]any, error) {
	p := asMap(in["table"])
	m, err := updateMask(in["fields"], "Table")
	if err != nil {
		return nil, err
	}
	t, x, err := b.w.table(asString(p["tableId"]))
	if err != nil {
		return nil, err
	}
	wants := func(name string) bool { return m.under(name) != nil && (!m.all || has(p, name)) }
	if wants("name") {
		x.name = asString(p["name"])
		if err := b.nameTable(x); err != nil {
			return nil, err
		}
	}
	if wants("range") {
		to, a, err := b.area(p["range"])
		if err != nil {
			return nil, err
		}
		if to != t {
			return nil, invalid("A table cannot be moved to another sheet.")
		}
		x.resize(t, a.rect(t))
		if err := t.roomForTable(x); err != nil {
			return nil, err
		}
	}
	if wants("rowsProperties") {
		had := x.footer()
		rows := m.under("rowsProperties").assign(x.rows, asMap(p["rowsProperties"]))
		x.rows = defaultTableRows()
		maps.Copy(x.rows, rows)
		// A footer that comes is a row more, one that goes a row less.
		if x.footer() && !had {
			x.at.rows.hi++
			if x.at.rows.hi > t.rowCount {
				t.rowCount = x.at.rows.hi
			}
		} else if had && !x.footer() {
			x.at.rows.hi--
		}
		if err := t.roomForTable(x); err != nil {
			return nil, err
		}
	}
	if wants("columnProperties") {
		x.cols = make([]tableColumn, x.at.rect(t).cols())
		if err := b.setColumns(t, x, asList(p["columnProperties"])); err != nil {
			return nil, err
		}
	}
	t.nameColumns(x)
	return nil, nil //nolint:nilnil // the reply is empty
}

// resize gives a table another area on its tab; columns that stay keep their types.
func (x *table) resize(t *tab, to rect) {
	from := x.at.rect(t)
	cols := make([]tableColumn, to.cols())
	for i := range cols {
		if old := to.c0 + i - from.c0; old >= 0 && old < len(x.cols) {
			cols[i] = x.cols[old]
		}
	}
	x.at, x.cols = areaOf(t, to), cols
}

// deleteTable removes a table together with what is in its cells.
func (b *batch) deleteTable(in map[string]any) (map[string]any, error) {
	t, x, err := b.w.table(asString(in["tableId"]))
	if err != nil {
		return nil, err
	}
	at := x.at.rect(t)
	if err := b.w.mayEdit(t, at); err != nil {
		return nil, err
	}
	t.tables = slices.DeleteFunc(t.tables, func(o *table) bool { return o == x })
	if t.filter != nil && asString(t.filter.raw["tableId"]) == x.id {
		t.setFilter(nil, nil)
	}
	for r := at.r0; r < at.r1; r++ {
		for c := at.c0; c < at.c1; c++ {
			t.set(r, c, nil)
		}
	}
	return nil, nil //nolint:nilnil // the reply is empty
}
