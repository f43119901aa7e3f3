package google

import "net/http"

func (s *Server) batchUpdateValues(w http.ResponseWriter, r *http.Request, id string) error {
	c, err := s.begin(w, r, sheetsSchema(), "BatchUpdateValuesResponse")
	if err != nil {
		return err
	}
	body, err := c.body("BatchUpdateValuesRequest", "")
	if err != nil {
		return err
	}
	parse, err := inputOption(asString(body["valueInputOption"]))
	if err != nil {
		return err
	}
	o := rendering{value: asString(body["responseValueRenderOption"]), date: asString(body["responseDateTimeRenderOption"])}
	out := map[string]any{"spreadsheetId": id}
	err = s.write(id, func(b *workbook) error {
		var wrote []written
		for i, x := range asList(body["data"]) {
			t, at, in, err := b.target(asString(asMap(x)["range"]), asMap(x))
			if err != nil {
				return blame(err, "Invalid data[%d]: ", i)
			}
			n, err := b.writeLists(t, at, in, parse, s.o.Now())
			if err != nil {
				return blame(err, "Invalid data[%d]: ", i)
			}
			wrote = append(wrote, written{t, at, n})
		}
		// The answers show the sheet as it is after all of the writes.
		responses := make([]any, len(wrote))
		for i, x := range wrote {
			responses[i] = b.updated(x.t, x.at, x.cells, asBool(body["includeValuesInResponse"]), o, s.o.Now())
		}
		totals(out, wrote, responses)
		return nil
	})
	if err != nil {
		return err
	}
	c.answer(out)
	return nil
}

// written is one block of values that a request has written.
type written struct {
	t     *tab
	at    rect
	cells int
}

// totals fills in what the answers about several writes say about all of them together.
func totals(out map[string]any, wrote []written, responses []any) {
	var rows, cells, cols int
	tabs := map[*tab]bool{}
	for _, x := range wrote {
		rows, cols, cells, tabs[x.t] = rows+x.at.rows(), cols+x.at.cols(), cells+x.cells, true
	}
	for name, n := range map[string]int{
		"totalUpdatedRows": rows, "totalUpdatedColumns": cols, "totalUpdatedCells": cells, "totalUpdatedSheets": len(tabs),
	} {
		if n > 0 {
			out[name] = n
		}
	}
	if len(responses) > 0 {
		out["responses"] = responses
	}
}

func (s *Server) appendValues(w http.ResponseWriter, r *http.Request, id, a1 string) error {
	c, err := s.begin(w, r, sheetsSchema(), "AppendValuesResponse", append([]string{"insertDataOption"}, writeParameters...)...)
	if err != nil {
		return err
	}
	insert, err := c.choice("insertDataOption", "InsertDataOption", "OVERWRITE", "INSERT_ROWS")
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
	out := map[string]any{"spreadsheetId": id}
	err = s.write(id, func(b *workbook) error {
		t, in, err := b.a1(a1)
		if err != nil {
			return err
		}
		if in, err = t.clamp(in); err != nil {
			return err
		}
		rows := lists(body)
		wide := 0
		for _, l := range rows {
			wide = max(wide, len(l))
		}
		r0, c0 := in.r0, in.c0
		own := t.tableMeeting(in)
		switch table, ok := t.tableIn(in); {
		case own != nil && insert == "INSERT_ROWS" && wide <= len(own.cols) && len(rows) > 0:
			// Into one of Sheets' own tables the rows go as new rows of it.
			out["tableRange"] = a1Of(t.title, own.at.rect(t))
			if err := b.mayInsert(t, true, own.body(t).r1); err != nil {
				return err
			}
			r0, c0 = b.growTable(t, own, len(rows)), own.at.cols.lo
			insert = ""
		case ok:
			r0, c0 = table.r1, table.c0
			out["tableRange"] = a1Of(t.title, table)
		}
		if c0+wide > t.colCount {
			return invalid("Range (%s) exceeds grid limits. Max rows: %d, max columns: %d",
				a1Of(t.title, rect{r0, r0 + len(rows), c0, c0 + wide}), t.rowCount, t.colCount)
		}
		if insert == "INSERT_ROWS" && len(rows) > 0 && r0 < t.rowCount {
			if err := b.mayInsert(t, true, r0); err != nil {
				return err
			}
			b.insertLanes(t, true, r0, len(rows), r0 > 0)
		}
		t.rowCount = max(t.rowCount, r0+len(rows))
		if err := b.withinLimit(); err != nil {
			return err
		}
		at := rect{r0, r0 + len(rows), c0, c0 + wide}
		n, err := b.writeLists(t, at, rows, parse, s.o.Now())
		if err != nil {
			return err
		}
		out["updates"] = b.updated(t, at, n, withValues, o, s.o.Now())
		return nil
	})
	if err != nil {
		return err
	}
	c.answer(out)
	return nil
}

// tableIn guesses the table that values are to be appended to, as the service does: from the lowest cell with data in the
// range it grows over cells that touch it until empty ones lie all around. It reports false when the range is empty.
func (t *tab) tableIn(in rect) (rect, bool) {
	// A single cell stands for the table around it: one that touches it counts as well.
	search := in
	var table rect
	found := false
	for r := min(search.r1, len(t.rows)) - 1; r >= search.r0 && !found; r-- {
		for c := search.c0; c < search.c1; c++ {
			if t.filled(rect{r, r + 1, c, c + 1}) {
				table, found = rect{r, r + 1, c, c + 1}, true
				break
			}
		}
	}
	if !found {
		return rect{}, false
	}
	for {
		switch grown := table; {
		case table.r0 > 0 && t.filled(rect{table.r0 - 1, table.r0, table.c0, table.c1}):
			table.r0--
		case t.filled(rect{table.r1, table.r1 + 1, table.c0, table.c1}):
			table.r1++
		case table.c0 > 0 && t.filled(rect{table.r0, table.r1, table.c0 - 1, table.c0}):
			table.c0--
		case t.filled(rect{table.r0, table.r1, table.c1, table.c1 + 1}):
			table.c1++
		default:
			return grown, true
		}
	}
}

func (s *Server) clearValues(w http.ResponseWriter, r *http.Request, id, a1 string) error {
	c, err := s.begin(w, r, sheetsSchema(), "ClearValuesResponse")
	if err != nil {
		return err
	}
	if _, err := c.body("ClearValuesRequest", ""); err != nil {
		return err
	}
	var cleared string
	if err := s.write(id, func(b *workbook) (err error) { cleared, err = b.clear(a1); return err }); err != nil {
		return err
	}
	c.answer(map[string]any{"spreadsheetId": id, "clearedRange": cleared})
	return nil
}

func (s *Server) batchClearValues(w http.ResponseWriter, r *http.Request, id string) error {
	c, err := s.begin(w, r, sheetsSchema(), "BatchClearValuesResponse")
	if err != nil {
		return err
	}
	body, err := c.body("BatchClearValuesRequest", "")
	if err != nil {
		return err
	}
	out := map[string]any{"spreadsheetId": id}
	err = s.write(id, func(b *workbook) error {
		var all []any
		for _, a1 := range asList(body["ranges"]) {
			one, err := b.clear(asString(a1))
			if err != nil {
				return err
			}
			all = append(all, one)
		}
		if len(all) > 0 {
			out["clearedRanges"] = all
		}
		return nil
	})
	if err != nil {
		return err
	}
	c.answer(out)
	return nil
}

// clear empties the cells of a range and leaves their formats, notes and rules.
func (w *workbook) clear(a1 string) (string, error) {
	t, b, err := w.a1(a1)
	if err != nil {
		return "", err
	}
	if b, err = t.clamp(b); err != nil {
		return "", err
	}
	return a1Of(t.title, b), w.clearBlock(t, b)
}

func (w *workbook) clearBlock(t *tab, b rect) error {
	if err := w.mayEdit(t, b); err != nil {
		return err
	}
	for r := b.r0; r < min(b.r1, len(t.rows)); r++ {
		if t.rows[r] == nil {
			continue
		}
		for c := b.c0; c < min(b.c1, len(t.rows[r].cells)); c++ {
			if x := t.rows[r].cells[c]; x != nil {
				y := *x
				y.v, y.x = value{}, x.x.plain()
				t.set(r, c, &y)
			}
		}
	}
	return nil
}
