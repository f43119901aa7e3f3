package google

import (
	"net/http"
	"time"
)

// rendering is how the values methods are asked to show cells.
type rendering struct {
	value   string // FORMATTED_VALUE, UNFORMATTED_VALUE, FORMULA
	date    string // SERIAL_NUMBER, FORMATTED_STRING
	columns bool   // the lists are columns, not rows
}

var (
	renderOptions = []string{"FORMATTED_VALUE", "UNFORMATTED_VALUE", "FORMULA"}
	dateOptions   = []string{"SERIAL_NUMBER", "FORMATTED_STRING"}
	dimensions    = []string{"DIMENSION_UNSPECIFIED", "ROWS", "COLUMNS"}
)

// rendering reads the query's options; prefix is "" for reads and "response" for writes.
func (c *call) rendering(prefix string) (rendering, error) {
	value, date := "valueRenderOption", "dateTimeRenderOption"
	if prefix != "" {
		value, date = "responseValueRenderOption", "responseDateTimeRenderOption"
	}
	var out rendering
	var err error
	if out.value, err = c.choice(value, "ValueRenderOption", renderOptions...); err != nil {
		return out, err
	}
	if out.date, err = c.choice(date, "DateTimeRenderOption", dateOptions...); err != nil {
		return out, err
	}
	dim, err := c.choice("majorDimension", "Dimension", dimensions...)
	out.columns = dim == "COLUMNS"
	return out, err
}

// shown is one cell as the values methods give it; nil where there is nothing.
func (o rendering) shown(k *calculator, t *tab, r, c int) any {
	x := t.at(r, c)
	if x == nil {
		return nil
	}
	if o.value == "FORMULA" && x.v.kind == formula {
		return x.v.str
	}
	res := k.result(t, r, c)
	if res.v.kind == blank {
		return nil
	}
	f := effectiveOf(x.f, res.numType)
	if o.value == "" || o.value == "FORMATTED_VALUE" || o.date == "FORMATTED_STRING" && res.v.kind == number && f.isDate() {
		return display(res.v, f, k.l)
	}
	if res.v.kind == failure && res.v.msg != "" {
		return errorCode(res.v.str) + " (" + res.v.msg + ")"
	}
	return res.v.plain()
}

// valueRange is a ValueRange message: what is empty at the end of a row and below the last row is left out, and so is
// the whole list when nothing is there.
func (o rendering) valueRange(k *calculator, t *tab, b rect) map[string]any {
	out := map[string]any{"range": a1Of(t.title, b), "majorDimension": "ROWS"}
	outer, inner := b.rows(), b.cols()
	if o.columns {
		out["majorDimension"] = "COLUMNS"
		outer, inner = inner, outer
	}
	var lists []any
	full := 0
	for i := range outer {
		if !o.columns && b.r0+i >= len(t.rows) {
			break
		}
		list, used := []any{}, 0
		for j := range inner {
			r, c := b.r0+i, b.c0+j
			if o.columns {
				r, c = b.r0+j, b.c0+i
				if r >= len(t.rows) {
					break
				}
			} else if t.rows[r] == nil || c >= len(t.rows[r].cells) {
				break
			}
			v := o.shown(k, t, r, c)
			if v == nil {
				list = append(list, "")
				continue
			}
			list = append(list, v)
			used = len(list)
		}
		lists = append(lists, list[:used])
		if used > 0 {
			full = len(lists)
		}
	}
	if full > 0 {
		out["values"] = lists[:full]
	}
	return out
}

var readParameters = []string{"majorDimension", "valueRenderOption", "dateTimeRenderOption"}

func (s *Server) getValues(w http.ResponseWriter, r *http.Request, id, a1 string) error {
	c, err := s.begin(w, r, sheetsSchema(), "ValueRange", readParameters...)
	if err != nil {
		return err
	}
	o, err := c.rendering("")
	if err != nil {
		return err
	}
	book, err := s.open(id, false)
	if err != nil {
		return err
	}
	out, err := readRange(book, newCalculator(book, s.o.Now()), o, a1)
	if err != nil {
		return err
	}
	c.answer(out)
	return nil
}

func readRange(w *workbook, k *calculator, o rendering, a1 string) (map[string]any, error) {
	t, b, err := w.a1(a1)
	if err != nil {
		return nil, err
	}
	if b, err = t.clamp(b); err != nil {
		return nil, err
	}
	return o.valueRange(k, t, b), nil
}

func (s *Server) batchGetValues(w http.ResponseWriter, r *http.Request, id string) error {
	c, err := s.begin(w, r, sheetsSchema(), "BatchGetValuesResponse", append([]string{"ranges"}, readParameters...)...)
	if err != nil {
		return err
	}
	o, err := c.rendering("")
	if err != nil {
		return err
	}
	book, err := s.open(id, false)
	if err != nil {
		return err
	}
	out := map[string]any{"spreadsheetId": id}
	k := newCalculator(book, s.o.Now())
	var ranges []any
	for _, a1 := range c.q["ranges"] {
		one, err := readRange(book, k, o, a1)
		if err != nil {
			return err
		}
		ranges = append(ranges, one)
	}
	if len(ranges) > 0 {
		out["valueRanges"] = ranges
	}
	c.answer(out)
	return nil
}

var writeParameters = []string{
	"valueInputOption", "includeValuesInResponse", "responseValueRenderOption", "responseDateTimeRenderOption",
}

// inputOption reads how written values are meant. It has to be given, as in the real API.
func inputOption(v string) (parse bool, err error) {
	switch v {
	case "RAW":
		return false, nil
	case "USER_ENTERED":
		return true, nil
	case "", "INPUT_VALUE_OPTION_UNSPECIFIED":
		return false, invalid("'valueInputOption' is required but not specified")
	}
	return false, badField("value_input_option",
		"Invalid value at 'value_input_option' (type.googleapis.com/google.apps.sheets.v4.ValueInputOption), %q", v)
}

func (s *Server) updateValues(w http.ResponseWriter, r *http.Request, id, a1 string) error {
	c, err := s.begin(w, r, sheetsSchema(), "UpdateValuesResponse", writeParameters...)
	if err != nil {
		return err
	}
	body, err := c.body("ValueRange", "data")
	if err != nil {
		return err
	}
	o, withValues, err := c.echo()
	if err != nil {
		return err
	}
	parse, err := inputOption(c.q.Get("valueInputOption"))
	if err != nil {
		return err
	}
	if named := asString(body["range"]); named != "" && named != a1 {
		// The range stands in the address and in the body; the service wants them to agree in what they name.
		if err := s.sameRange(id, named, a1); err != nil {
			return err
		}
	}
	var out map[string]any
	err = s.write(id, func(b *workbook) error {
		t, at, lists, err := b.target(a1, body)
		if err != nil {
			return err
		}
		n, err := b.writeLists(t, at, lists, parse, s.o.Now())
		if err != nil {
			return err
		}
		out = b.updated(t, at, n, withValues, o, s.o.Now())
		return nil
	})
	if err != nil {
		return err
	}
	c.answer(out)
	return nil
}

func (s *Server) sameRange(id, named, a1 string) error {
	w, err := s.open(id, true)
	if err != nil {
		return err
	}
	t1, b1, err := w.a1(named)
	if err != nil {
		return err
	}
	t2, b2, err := w.a1(a1)
	if err != nil {
		return err
	}
	if t1 != t2 || b1 != b2 {
		return invalid("Requested range [%s] doesn't match data.range [%s]", a1, named)
	}
	return nil
}

// echo reads whether and how a write is to answer with the cells it wrote.
func (c *call) echo() (rendering, bool, error) {
	o, err := c.rendering("response")
	if err != nil {
		return o, false, err
	}
	with, err := c.flag("includeValuesInResponse")
	return o, with, err
}

// write is a change through the API.
func (s *Server) write(id string, f func(w *workbook) error) error {
	if _, err := s.open(id, true); err != nil {
		return err
	}
	return s.change(id, false, f)
}

// lists is the values of a ValueRange as rows.
func lists(body map[string]any) [][]any {
	raw := asList(body["values"])
	out := make([][]any, len(raw))
	for i, x := range raw {
		out[i] = asList(x)
	}
	if asString(body["majorDimension"]) != "COLUMNS" {
		return out
	}
	deep := 0
	for _, l := range out {
		deep = max(deep, len(l))
	}
	rows := make([][]any, deep)
	for i := range rows {
		rows[i] = make([]any, len(out))
		for j, l := range out {
			if i < len(l) {
				rows[i][j] = l[i]
			}
		}
	}
	return rows
}

// target finds the block that a write goes to. A range of one cell is only where the write starts; a larger one bounds it.
func (w *workbook) target(a1 string, body map[string]any) (*tab, rect, [][]any, error) {
	t, b, err := w.a1(a1)
	if err != nil {
		return nil, rect{}, nil, err
	}
	if b, err = t.clamp(b); err != nil {
		return nil, rect{}, nil, err
	}
	in := lists(body)
	wide := 0
	for _, l := range in {
		wide = max(wide, len(l))
	}
	at := rect{b.r0, b.r0 + len(in), b.c0, b.c0 + wide}
	if b.rows() > 1 || b.cols() > 1 {
		if at.r1 > b.r1 {
			return nil, rect{}, nil, invalid("Requested writing within range [%s], but tried writing to row [%d]", a1Quoted(t, b), b.r1+1)
		}
		if at.c1 > b.c1 {
			return nil, rect{}, nil, invalid("Requested writing within range [%s], but tried writing to column [%s]", a1Quoted(t, b), columnName(b.c1))
		}
	}
	if at.r1 > t.rowCount || at.c1 > t.colCount {
		return nil, rect{}, nil, invalid("Range (%s) exceeds grid limits. Max rows: %d, max columns: %d", a1Of(t.title, at), t.rowCount, t.colCount)
	}
	return t, at, in, nil
}

// a1Quoted is a range with its tab always in quotes, as one of the messages has it.
func a1Quoted(t *tab, b rect) string { return "'" + t.title + "'!" + cellsOf(b) }

// writeLists writes rows of values from at's first cell on and says how many cells that were. A null leaves its cell as
// it is and does not count, "" empties it.
func (w *workbook) writeLists(t *tab, at rect, in [][]any, parse bool, now time.Time) (int, error) {
	if err := w.mayEdit(t, at); err != nil {
		return 0, err
	}
	n := 0
	l := localeOf(w.locale)
	here := newCalculator(w, now).now
	for i, list := range in {
		for j, v := range list {
			if v == nil {
				continue
			}
			n++
			r, c := at.r0+i, at.c0+j
			old := t.at(r, c)
			var val value
			var f *format
			var x *extras
			if old != nil {
				f, x = old.f, old.x
				x = x.plain()
			}
			switch y := v.(type) {
			case float64:
				val = numberOf(y)
			case bool:
				val = boolOf(y)
			case string:
				if tooLong(y) {
					return 0, invalid("Your input contains more than the maximum of %d characters in a single cell.", maxCellText)
				}
				switch {
				case y == "":
				case parse:
					got := typedText(y, l, f != nil && f.numType == "TEXT", here)
					val = got.v
					f = f.typedOver(got)
				default:
					val = textOf(y)
				}
			default:
				name := "struct_value"
				if _, ok := v.([]any); ok {
					name = "list_value"
				}
				return 0, invalid("Invalid values[%d][%d]: %s {}", i, j, name)
			}
			if t.covered(r, c) {
				val = value{}
			}
			t.set(r, c, &cell{v: val, f: f, x: x})
		}
	}
	return n, nil
}

// typedOver is the format of a cell after something was typed into it: a date typed into a cell that shows dates keeps
// the cell's way of showing them; otherwise what was typed decides.
func (f *format) typedOver(got typed) *format {
	if got.numType == "" || f != nil && (f.numType == got.numType || f.numType == "TEXT") {
		return f
	}
	return f.withNumberFormat(got.numType, got.pattern)
}

// updated is the UpdateValuesResponse for a write of so many cells in a block.
func (w *workbook) updated(t *tab, b rect, cells int, withValues bool, o rendering, now time.Time) map[string]any {
	out := map[string]any{"spreadsheetId": w.id, "updatedRange": a1Of(t.title, rect{b.r0, max(b.r1, b.r0+1), b.c0, max(b.c1, b.c0+1)})}
	if cells > 0 {
		out["updatedRows"], out["updatedColumns"], out["updatedCells"] = b.rows(), b.cols(), cells
	}
	if withValues {
		out["updatedData"] = o.valueRange(newCalculator(w, now), t, b)
	}
	return out
}
