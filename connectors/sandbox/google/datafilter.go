package google

import (
	"net/http"
	"slices"
)

// gridPlace is a block of cells of a tab.
type gridPlace struct {
	t *tab
	b rect
}

// dataFilter finds the blocks that a DataFilter selects: what a range names, or the rows, columns and tabs that metadata
// is attached to. None at all is no error.
func (w *workbook) dataFilter(filter map[string]any) ([]gridPlace, error) {
	if err := oneOf(filter); err != nil {
		return nil, err
	}
	if a1, ok := filter["a1Range"]; ok {
		t, b, err := w.a1(asString(a1))
		if err != nil {
			return nil, err
		}
		if b, err = t.clamp(b); err != nil {
			return nil, err
		}
		return []gridPlace{{t, b}}, nil
	}
	if has(filter, "gridRange") {
		t, b, err := (&batch{w: w}).rect(filter["gridRange"])
		if err != nil {
			return nil, err
		}
		return []gridPlace{{t, b}}, nil
	}
	var out []gridPlace
	for _, m := range w.meta {
		ok, err := w.matches(m, filter)
		if err != nil {
			return nil, err
		}
		if t := w.tabID(m.tab); ok && t != nil && m.place != "SPREADSHEET" {
			out = append(out, gridPlace{t, m.rect(t)})
		}
	}
	return out, nil
}

func oneOf(filter map[string]any) error {
	n := 0
	for _, name := range []string{"a1Range", "gridRange", "developerMetadataLookup"} {
		if has(filter, name) {
			n++
		}
	}
	if n != 1 {
		return invalid("A DataFilter must have exactly one of a1Range, gridRange and developerMetadataLookup.")
	}
	return nil
}

// selection is a block and the filters that selected it.
type selection struct {
	gridPlace
	filters []any
}

// dataFilters finds the blocks that the filters select, each once, in the order in which they were found.
func (w *workbook) dataFilters(filters []any) ([]selection, error) {
	if len(filters) == 0 {
		return nil, invalid("Must specify at least one DataFilter.")
	}
	var out []selection
	for _, f := range filters {
		places, err := w.dataFilter(asMap(f))
		if err != nil {
			return nil, err
		}
		for _, p := range places {
			if i := slices.IndexFunc(out, func(o selection) bool { return o.gridPlace == p }); i >= 0 {
				out[i].filters = append(out[i].filters, f)
				continue
			}
			out = append(out, selection{p, []any{f}})
		}
	}
	return out, nil
}

func (s *Server) getByDataFilter(w http.ResponseWriter, r *http.Request, id string) error {
	c, err := s.begin(w, r, sheetsSchema(), "Spreadsheet")
	if err != nil {
		return err
	}
	body, err := c.body("GetSpreadsheetByDataFilterRequest", "")
	if err != nil {
		return err
	}
	book, err := s.open(id, false)
	if err != nil {
		return err
	}
	o := reading{
		mask: c.mask, withData: asBool(body["includeGridData"]), commentsMode: asString(body["commentsViewMode"]),
		noTableBands: asBool(body["excludeTablesInBandedRanges"]),
	}
	if filters := asList(body["dataFilters"]); len(filters) > 0 {
		o.narrowed = true
		places, err := book.dataFilters(filters)
		if err != nil {
			return err
		}
		for _, p := range places {
			o.places = append(o.places, p.gridPlace)
		}
	}
	out, err := s.spreadsheet(book, r, o)
	if err != nil {
		return err
	}
	c.answer(out)
	return nil
}

func (s *Server) batchGetByDataFilter(w http.ResponseWriter, r *http.Request, id string) error {
	c, err := s.begin(w, r, sheetsSchema(), "BatchGetValuesByDataFilterResponse")
	if err != nil {
		return err
	}
	body, err := c.body("BatchGetValuesByDataFilterRequest", "")
	if err != nil {
		return err
	}
	book, err := s.open(id, false)
	if err != nil {
		return err
	}
	places, err := book.dataFilters(asList(body["dataFilters"]))
	if err != nil {
		return err
	}
	o := rendering{
		value: asString(body["valueRenderOption"]), date: asString(body["dateTimeRenderOption"]), columns: asString(body["majorDimension"]) == "COLUMNS",
	}
	out := map[string]any{"spreadsheetId": id}
	k := newCalculator(book, s.o.Now())
	var ranges []any
	for _, p := range places {
		ranges = append(ranges, map[string]any{"valueRange": o.valueRange(k, p.t, p.b), "dataFilters": p.filters})
	}
	if len(ranges) > 0 {
		out["valueRanges"] = ranges
	}
	c.answer(out)
	return nil
}

func (s *Server) batchUpdateByDataFilter(w http.ResponseWriter, r *http.Request, id string) error {
	c, err := s.begin(w, r, sheetsSchema(), "BatchUpdateValuesByDataFilterResponse")
	if err != nil {
		return err
	}
	body, err := c.body("BatchUpdateValuesByDataFilterRequest", "")
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
		var filters []any
		for i, x := range asList(body["data"]) {
			one := asMap(x)
			places, err := b.dataFilter(asMap(one["dataFilter"]))
			if err != nil {
				return blame(err, "Invalid data[%d]: ", i)
			}
			in := lists(one)
			for _, p := range places {
				at, err := p.fit(in)
				if err != nil {
					return blame(err, "Invalid data[%d]: ", i)
				}
				n, err := b.writeLists(p.t, at, in, parse, s.o.Now())
				if err != nil {
					return blame(err, "Invalid data[%d]: ", i)
				}
				wrote, filters = append(wrote, written{p.t, at, n}), append(filters, one["dataFilter"])
			}
		}
		responses := make([]any, len(wrote))
		for i, x := range wrote {
			one := b.updated(x.t, x.at, x.cells, asBool(body["includeValuesInResponse"]), o, s.o.Now())
			delete(one, "spreadsheetId")
			one["dataFilter"] = filters[i]
			responses[i] = one
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

// fit is where rows of values go in a block that they must not reach out of.
func (p gridPlace) fit(in [][]any) (rect, error) {
	at := rect{p.b.r0, p.b.r0 + len(in), p.b.c0, p.b.c0}
	for _, l := range in {
		at.c1 = max(at.c1, p.b.c0+len(l))
	}
	if at.r1 > p.b.r1 {
		return rect{}, invalid("Requested writing within range [%s], but tried writing to row [%d]", a1Quoted(p.t, p.b), p.b.r1+1)
	}
	if at.c1 > p.b.c1 {
		return rect{}, invalid("Requested writing within range [%s], but tried writing to column [%s]", a1Quoted(p.t, p.b), columnName(p.b.c1))
	}
	return at, nil
}

func (s *Server) batchClearByDataFilter(w http.ResponseWriter, r *http.Request, id string) error {
	c, err := s.begin(w, r, sheetsSchema(), "BatchClearValuesByDataFilterResponse")
	if err != nil {
		return err
	}
	body, err := c.body("BatchClearValuesByDataFilterRequest", "")
	if err != nil {
		return err
	}
	out := map[string]any{"spreadsheetId": id}
	err = s.write(id, func(b *workbook) error {
		places, err := b.dataFilters(asList(body["dataFilters"]))
		if err != nil {
			return err
		}
		var all []any
		for _, p := range places {
			if err := b.clearBlock(p.t, p.b); err != nil {
				return err
			}
			all = append(all, a1Of(p.t.title, p.b))
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

// rect is the cells that metadata is attached to; m must be on the tab.
func (m *metadata) rect(t *tab) rect {
	switch m.place {
	case "ROW":
		return rect{m.at.lo, m.at.hi, 0, t.colCount}
	case "COLUMN":
		return rect{0, t.rowCount, m.at.lo, m.at.hi}
	}
	return rect{0, t.rowCount, 0, t.colCount}
}

// matches holds metadata against a DataFilter: against a range, which it has to meet, or against a lookup, where what the
// lookup leaves open matches anything.
func (w *workbook) matches(m *metadata, filter map[string]any) (bool, error) {
	if err := oneOf(filter); err != nil {
		return false, err
	}
	look, ok := filter["developerMetadataLookup"].(map[string]any)
	if !ok {
		places, err := w.dataFilter(filter)
		if err != nil || m.place == "SPREADSHEET" {
			return false, err
		}
		for _, p := range places {
			if m.tab == p.t.id && m.rect(p.t).meets(p.b) {
				return true, nil
			}
		}
		return false, nil
	}
	if has(look, "metadataLocation") {
		near, err := w.near(m, asMap(look["metadataLocation"]), asString(look["locationMatchingStrategy"]) == "EXACT_LOCATION")
		if !near || err != nil {
			return false, err
		}
	} else if has(look, "locationMatchingStrategy") {
		return false, invalid("A locationMatchingStrategy needs a metadataLocation.")
	}
	for name, have := range map[string]string{
		"metadataKey": m.key, "metadataValue": m.value, "visibility": m.visibility, "locationType": m.place,
	} {
		if has(look, name) && asString(look[name]) != have {
			return false, nil
		}
	}
	return !has(look, "metadataId") || asInt(look["metadataId"]) == m.id, nil
}

// near reports whether metadata is attached exactly at a location, or at one that meets it. The spreadsheet as a whole
// meets nothing but itself.
func (w *workbook) near(m *metadata, location map[string]any, exact bool) (bool, error) {
	at := &metadata{}
	if err := (&batch{w: w}).place(at, location); err != nil {
		return false, err
	}
	if exact || at.place == "SPREADSHEET" || m.place == "SPREADSHEET" {
		return at.place == m.place && at.tab == m.tab && at.at == m.at, nil
	}
	t := w.tabID(at.tab)
	return t != nil && at.tab == m.tab && at.rect(t).meets(m.rect(t)), nil
}
