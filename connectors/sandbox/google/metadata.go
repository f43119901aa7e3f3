package google

import (
	"net/http"
	"slices"
	"strconv"
	"unicode/utf8"
)

// json is the DeveloperMetadata message.
func (m *metadata) json() map[string]any {
	location := map[string]any{"locationType": m.place}
	switch m.place {
	case "SPREADSHEET":
		location["spreadsheet"] = true
	case "SHEET":
		location["sheetId"] = m.tab
	default:
		dim := map[string]any{"dimension": m.place + "S", "startIndex": m.at.lo, "endIndex": m.at.hi}
		if m.tab != 0 {
			dim["sheetId"] = m.tab
		}
		location["dimensionRange"] = dim
	}
	out := map[string]any{"metadataId": m.id, "metadataKey": m.key, "location": location, "visibility": m.visibility}
	if m.value != "" {
		out["metadataValue"] = m.value
	}
	return out
}

// metadataOf lists what is attached to a tab as a whole, or to the spreadsheet.
func (w *workbook) metadataOf(tabID int, place string) []any {
	var out []any
	for _, m := range w.meta {
		if m.place == place && m.tab == tabID {
			out = append(out, m.json())
		}
	}
	return out
}

// laneMetadata lists what is attached to one row or column.
func (w *workbook) laneMetadata(tabID int, place string, i int) []any {
	if len(w.meta) == 0 {
		return nil
	}
	var out []any
	for _, m := range w.meta {
		if m.place == place && m.tab == tabID && i >= m.at.lo && i < m.at.hi {
			out = append(out, m.json())
		}
	}
	return out
}

// maxMetadata is how many characters of keys and values one tab, or the spreadsheet itself, may carry.
const maxMetadata = 30_000

func (w *workbook) metadataFits(of *metadata) error {
	n := 0
	for _, m := range w.meta {
		if m.tab == of.tab && (m.place == "SPREADSHEET") == (of.place == "SPREADSHEET") {
			n += utf8.RuneCountInString(m.key) + utf8.RuneCountInString(m.value)
		}
	}
	if n > maxMetadata {
		return invalid("Developer metadata exceeds the limit of %d characters.", maxMetadata)
	}
	return nil
}

func (b *batch) createDeveloperMetadata(in map[string]any) (map[string]any, error) {
	d := asMap(in["developerMetadata"])
	m := &metadata{key: asString(d["metadataKey"]), value: asString(d["metadataValue"]), visibility: asString(d["visibility"])}
	if m.key == "" {
		return nil, invalid("developerMetadata.metadataKey must be set.")
	}
	if m.visibility != "DOCUMENT" && m.visibility != "PROJECT" {
		return nil, invalid("developerMetadata.visibility must be set.")
	}
	if err := b.place(m, asMap(d["location"])); err != nil {
		return nil, err
	}
	if m.id = b.w.nextID(); has(d, "metadataId") {
		m.id = asInt(d["metadataId"])
	}
	if slices.ContainsFunc(b.w.meta, func(o *metadata) bool { return o.id == m.id }) {
		return nil, invalid("Developer metadata with the id %d already exists.", m.id)
	}
	b.w.meta = append(b.w.meta, m)
	return map[string]any{"developerMetadata": m.json()}, b.w.metadataFits(m)
}

// place reads where metadata is attached: one row, one column, a tab, or the spreadsheet.
func (b *batch) place(m *metadata, location map[string]any) error {
	switch {
	case asBool(location["spreadsheet"]):
		m.place, m.tab = "SPREADSHEET", 0
	case has(location, "dimensionRange"):
		t, rows, s, err := b.lanes(location["dimensionRange"])
		if err != nil {
			return err
		}
		if s.hi-s.lo != 1 {
			return invalid("developerMetadata.location.dimensionRange must be of length 1.")
		}
		if s.hi > t.laneCount(rows) {
			return invalid("developerMetadata.location.dimensionRange exceeds grid limits.")
		}
		m.tab, m.at = t.id, s
		if m.place = "COLUMN"; rows {
			m.place = "ROW"
		}
	case has(location, "sheetId"):
		t, err := b.tab(location["sheetId"])
		if err != nil {
			return err
		}
		m.place, m.tab = "SHEET", t.id
	default:
		return invalid("developerMetadata.location must be set.")
	}
	return nil
}

// matched lists those of the filters that select the metadata.
func (w *workbook) matched(m *metadata, filters []any) ([]any, error) {
	var out []any
	for _, f := range filters {
		ok, err := w.matches(m, asMap(f))
		if err != nil {
			return nil, err
		}
		if ok {
			out = append(out, f)
		}
	}
	return out, nil
}

func (b *batch) updateDeveloperMetadata(in map[string]any) (map[string]any, error) {
	fields, err := updateMask(in["fields"], "DeveloperMetadata")
	if err != nil {
		return nil, err
	}
	d := asMap(in["developerMetadata"])
	var out []any
	for _, m := range b.w.meta {
		by, err := b.w.matched(m, asList(in["dataFilters"]))
		if err != nil {
			return nil, err
		}
		if len(by) == 0 {
			continue
		}
		if fields.under("metadataKey") != nil && has(d, "metadataKey") {
			m.key = asString(d["metadataKey"])
		}
		if fields.under("metadataValue") != nil {
			m.value = asString(d["metadataValue"])
		}
		if fields.under("visibility") != nil && has(d, "visibility") {
			m.visibility = asString(d["visibility"])
		}
		if fields.under("location") != nil && has(d, "location") {
			if err := b.place(m, asMap(d["location"])); err != nil {
				return nil, err
			}
		}
		if err := b.w.metadataFits(m); err != nil {
			return nil, err
		}
		out = append(out, m.json())
	}
	return map[string]any{"developerMetadata": out}, nil
}

func (b *batch) deleteDeveloperMetadata(in map[string]any) (map[string]any, error) {
	var gone, kept []*metadata
	for _, m := range b.w.meta {
		ok, err := b.w.matches(m, asMap(in["dataFilter"]))
		if err != nil {
			return nil, err
		}
		if ok {
			gone = append(gone, m)
		} else {
			kept = append(kept, m)
		}
	}
	b.w.meta = kept
	out := make([]any, len(gone))
	for i, m := range gone {
		out[i] = m.json()
	}
	return map[string]any{"deletedDeveloperMetadata": out}, nil
}

func (s *Server) getMetadata(w http.ResponseWriter, r *http.Request, id, metadataID string) error {
	c, err := s.begin(w, r, sheetsSchema(), "DeveloperMetadata")
	if err != nil {
		return err
	}
	book, err := s.open(id, false)
	if err != nil {
		return err
	}
	for _, m := range book.meta {
		if strconv.Itoa(m.id) == metadataID {
			c.answer(m.json())
			return nil
		}
	}
	return notFound()
}

func (s *Server) searchMetadata(w http.ResponseWriter, r *http.Request, id string) error {
	c, err := s.begin(w, r, sheetsSchema(), "SearchDeveloperMetadataResponse")
	if err != nil {
		return err
	}
	body, err := c.body("SearchDeveloperMetadataRequest", "")
	if err != nil {
		return err
	}
	book, err := s.open(id, false)
	if err != nil {
		return err
	}
	var found []any
	for _, m := range book.meta {
		by, err := book.matched(m, asList(body["dataFilters"]))
		if err != nil {
			return err
		}
		if len(by) > 0 {
			found = append(found, map[string]any{"developerMetadata": m.json(), "dataFilters": by})
		}
	}
	out := map[string]any{}
	if len(found) > 0 {
		out["matchedDeveloperMetadata"] = found
	}
	c.answer(out)
	return nil
}
