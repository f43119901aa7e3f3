package google

import (
	"bytes"
	"encoding/json"
	"maps"
	"strconv"
	"time"
)

// gridWriter writes GridData straight to JSON text, and only what the mask wants of it: a tab of ten thousand rows has
// hundreds of thousands of cells, too many to build a tree of and prune it.
type gridWriter struct {
	w    *workbook
	calc *calculator
	l    locale
	m    *mask // of GridData
	buf  bytes.Buffer

	entered, effective, shown, enteredFormat, effectiveFormat, link, note, runs, rule, chips *mask

	enteredDone   map[*format][]byte
	effectiveDone map[effectiveKey][]byte
}

type effectiveKey struct {
	f       *format
	numType string
	look    string
}

func newGridWriter(w *workbook, now time.Time, m *mask) *gridWriter {
	cells := m.under("rowData").under("values")
	calc := newCalculator(w, now)
	return &gridWriter{
		w: w, calc: calc, l: calc.l, m: m,
		entered: cells.under("userEnteredValue"), effective: cells.under("effectiveValue"), shown: cells.under("formattedValue"),
		enteredFormat: cells.under("userEnteredFormat"), effectiveFormat: cells.under("effectiveFormat"),
		link: cells.under("hyperlink"), note: cells.under("note"), runs: cells.under("textFormatRuns"),
		rule: cells.under("dataValidation"), chips: cells.under("chipRuns"),
		enteredDone: map[*format][]byte{}, effectiveDone: map[effectiveKey][]byte{},
	}
}

// block is the GridData message for a block of a tab.
func (g *gridWriter) block(t *tab, b rect) map[string]any {
	out := map[string]any{}
	if b.r0 > 0 {
		out["startRow"] = b.r0
	}
	if b.c0 > 0 {
		out["startColumn"] = b.c0
	}
	if g.m.reaches("rowData") {
		if raw := g.rowData(t, b); raw != nil {
			out["rowData"] = raw
		}
	}
	if g.m.reaches("rowMetadata") {
		lanes := make([]any, 0, b.rows())
		for r := b.r0; r < b.r1; r++ {
			lanes = append(lanes, t.rowLane(r).json(21, g.w.laneMetadata(t.id, "ROW", r)))
		}
		out["rowMetadata"] = lanes
	}
	if g.m.reaches("columnMetadata") {
		lanes := make([]any, 0, b.cols())
		for c := b.c0; c < b.c1; c++ {
			lanes = append(lanes, t.colLane(c).json(100, g.w.laneMetadata(t.id, "COLUMN", c)))
		}
		out["columnMetadata"] = lanes
	}
	return out
}

func (l lane) json(size int, meta []any) map[string]any {
	if l.size > 0 {
		size = l.size
	}
	out := map[string]any{"pixelSize": size}
	if l.hidden {
		out["hiddenByUser"] = true
	}
	if l.filtered {
		out["hiddenByFilter"] = true
	}
	if len(meta) > 0 {
		out["developerMetadata"] = meta
	}
	return out
}

// rowData is nil when no cell of the block holds anything: the field is then left out. Rows end at the last cell that
// holds something, and so do the rows as a whole.
func (g *gridWriter) rowData(t *tab, b rect) json.RawMessage {
	last := -1
	for r := min(b.r1, len(t.rows)) - 1; r >= b.r0 && last < 0; r-- {
		if t.lastInRow(r, b) >= 0 {
			last = r
		}
	}
	if last < 0 {
		return nil
	}
	g.buf.Reset()
	g.buf.WriteByte('[')
	withValues := g.m.reaches("rowData", "values")
	for r := b.r0; r <= last; r++ {
		if r > b.r0 {
			g.buf.WriteByte(',')
		}
		end := t.lastInRow(r, b)
		if end < 0 || !withValues {
			g.buf.WriteString("{}")
			continue
		}
		g.buf.WriteString(`{"values":[`)
		for c := b.c0; c <= end; c++ {
			if c > b.c0 {
				g.buf.WriteByte(',')
			}
			g.cell(t, r, c)
		}
		g.buf.WriteString("]}")
	}
	g.buf.WriteByte(']')
	return bytes.Clone(g.buf.Bytes())
}

// lastInRow is the last column of the block in which the row has a cell, -1 when there is none.
func (t *tab) lastInRow(r int, b rect) int {
	if r >= len(t.rows) || t.rows[r] == nil {
		return -1
	}
	cells := t.rows[r].cells
	for c := min(b.c1, len(cells)) - 1; c >= b.c0; c-- {
		if cells[c] != nil {
			return c
		}
	}
	return -1
}

func (g *gridWriter) cell(t *tab, r, c int) {
	x := t.at(r, c)
	g.buf.WriteByte('{')
	if x == nil {
		g.buf.WriteByte('}')
		return
	}
	start := g.buf.Len()
	res := g.calc.result(t, r, c)
	if g.entered != nil && x.v.kind != blank {
		g.value("userEnteredValue", x.v, g.entered, start)
	}
	if g.effective != nil && res.v.kind != blank {
		g.value("effectiveValue", res.v, g.effective, start)
	}
	shownAs := effectiveOf(x.f, res.numType)
	if g.shown != nil && res.v.kind != blank {
		g.key("formattedValue", start)
		g.string(display(res.v, shownAs, g.l))
	}
	if g.enteredFormat != nil && x.f != nil {
		raw, ok := g.enteredDone[x.f]
		if !ok {
			raw, _ = json.Marshal(g.enteredFormat.prune(x.f.raw)) // decoded JSON always encodes
			g.enteredDone[x.f] = raw
		}
		g.object("userEnteredFormat", raw, g.enteredFormat, start)
	}
	var dress cellLook
	numbers := g.effectiveFormat.only("numberFormat") // which no look changes: most readers want no more
	if g.effectiveFormat != nil && !numbers && t.dressed() {
		dress = g.calc.lookAt(t, r, c)
	}
	if g.effectiveFormat != nil && (x.f != nil || res.v.kind != blank || dress.key != "") {
		key := effectiveKey{x.f, res.numType, dress.key}
		if numbers {
			key = effectiveKey{nil, shownAs.kind(), ""}
		}
		raw, ok := g.effectiveDone[key]
		if !ok {
			raw, _ = json.Marshal(g.effectiveFormat.prune(g.wholeFormat(shownAs, dress)))
			g.effectiveDone[key] = raw
		}
		g.object("effectiveFormat", raw, g.effectiveFormat, start)
	}
	if g.link != nil {
		if link := linkOf(x, res); link != "" {
			g.key("hyperlink", start)
			g.string(link)
		}
	}
	if x.x == nil {
		g.buf.WriteByte('}')
		return
	}
	if g.note != nil && x.x.note != "" {
		g.key("note", start)
		g.string(x.x.note)
	}
	for _, e := range []struct {
		name string
		m    *mask
		v    any
		has  bool
	}{
		{"textFormatRuns", g.runs, x.x.runs, x.x.runs != nil},
		{"dataValidation", g.rule, x.x.rule, x.x.rule != nil},
		{"chipRuns", g.chips, x.x.chips, x.x.chips != nil},
	} {
		if e.m != nil && e.has {
			raw, _ := json.Marshal(e.m.prune(e.v))
			g.object(e.name, raw, e.m, start)
		}
	}
	g.buf.WriteByte('}')
}

// key writes a field's name. start is where the object's first field would stand.
func (g *gridWriter) key(name string, start int) {
	if g.buf.Len() > start {
		g.buf.WriteByte(',')
	}
	g.buf.WriteByte('"')
	g.buf.WriteString(name)
	g.buf.WriteString(`":`)
}

// object writes a field unless the mask has left nothing of it.
func (g *gridWriter) object(name string, raw []byte, m *mask, start int) {
	if string(raw) == "{}" && !m.all {
		return
	}
	g.key(name, start)
	g.buf.Write(raw)
}

func (g *gridWriter) string(s string) {
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c == '"' || c == '\\' || c >= 0x7f {
			b, _ := json.Marshal(s)
			g.buf.Write(b)
			return
		}
	}
	g.buf.WriteByte('"')
	g.buf.WriteString(s)
	g.buf.WriteByte('"')
}

// value writes an ExtendedValue.
func (g *gridWriter) value(name string, v value, m *mask, start int) {
	field := "stringValue"
	switch v.kind {
	case number:
		field = "numberValue"
	case boolean:
		field = "boolValue"
	case formula:
		field = "formulaValue"
	case failure:
		field = "errorValue"
	default:
	}
	if m.under(field) == nil {
		return
	}
	g.key(name, start)
	g.buf.WriteString(`{"` + field + `":`)
	switch v.kind {
	case number:
		b, err := json.Marshal(v.num)
		if err != nil {
			b = []byte("0")
		}
		g.buf.Write(b)
	case boolean:
		g.buf.WriteString(strconv.FormatBool(v.num != 0))
	case failure:
		e := map[string]any{"type": v.str}
		if v.msg != "" {
			e["message"] = v.msg
		}
		b, _ := json.Marshal(m.under(field).prune(e))
		g.buf.Write(b)
	default:
		g.string(v.str)
	}
	g.buf.WriteByte('}')
}

// effectiveOf is the format that counts: what was set or, where no number format was set, what a formula suggests.
func effectiveOf(f *format, suggested string) *format {
	if suggested == "" || f != nil && f.numType != "" {
		return f
	}
	return f.withNumberFormat(suggested, "")
}

// kind tells formats apart that show numbers in different ways.
func (f *format) kind() string {
	if f == nil {
		return ""
	}
	return f.numType + "\x1f" + f.pattern
}

// wholeFormat is a format with everything that was not set filled in.
func (g *gridWriter) wholeFormat(f *format, dress cellLook) map[string]any {
	out := defaultFormat()
	out["hyperlinkDisplayType"] = "PLAIN_TEXT"
	var own map[string]any
	if f != nil {
		own = f.raw
	}
	for k, v := range dress.formatWith(own) {
		if inner, ok := v.(map[string]any); ok && k == "textFormat" { // a colour is taken or left as a whole
			base := maps.Clone(asMap(out[k]))
			if base == nil {
				base = map[string]any{}
			}
			maps.Copy(base, inner)
			v = base
		}
		out[k] = v
	}
	if f != nil && f.numType != "" && f.pattern == "" {
		if p := g.l.pattern(f.numType); p != "" {
			out["numberFormat"] = map[string]any{"type": f.numType, "pattern": p}
		}
	}
	return out
}

func defaultFormat() map[string]any {
	white := map[string]any{"red": 1, "green": 1, "blue": 1}
	return map[string]any{
		"backgroundColor": white, "backgroundColorStyle": map[string]any{"rgbColor": white},
		"padding":           map[string]any{"top": 2, "right": 3, "bottom": 2, "left": 3},
		"verticalAlignment": "BOTTOM", "wrapStrategy": "OVERFLOW_CELL",
		"textFormat": map[string]any{
			"foregroundColor": map[string]any{}, "fontFamily": "arial,sans,sans-serif", "fontSize": 10, "bold": false, "italic": false,
			"strikethrough": false, "underline": false, "foregroundColorStyle": map[string]any{"rgbColor": map[string]any{}},
		},
	}
}

// linkOf is where the cell as a whole leads: by its formula, its format, or the one link in its text.
func linkOf(x *cell, res result) string {
	if res.link != "" {
		return res.link
	}
	if x.f != nil {
		if uri := asString(asMap(asMap(x.f.raw["textFormat"])["link"])["uri"]); uri != "" {
			return uri
		}
	}
	if x.x == nil {
		return ""
	}
	one := ""
	for _, run := range x.x.runs {
		uri := asString(asMap(asMap(asMap(run)["format"])["link"])["uri"])
		if uri != "" && one != "" && uri != one {
			return "" // several links are no link of the cell
		}
		one = max(one, uri)
	}
	return one
}
