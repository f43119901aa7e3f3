package google

import (
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// serveSheets sends a request under /v4/ to its method.
func (s *Server) serveSheets(w http.ResponseWriter, r *http.Request) {
	if err := s.sheets(w, r); err != nil {
		writeError(w, err)
	}
}

func (s *Server) sheets(w http.ResponseWriter, r *http.Request) error {
	if err := s.admit(r, sheetsService); err != nil {
		return err
	}
	// A range may hold a slash or a colon of its own, escaped: the path is parted before it is unescaped.
	parts := strings.Split(strings.TrimPrefix(r.URL.EscapedPath(), "/v4/"), "/")
	if parts[0] != "spreadsheets" {
		return noMethod()
	}
	last := parts[len(parts)-1]
	rest, verb := last, ""
	if i := strings.LastIndexByte(last, ':'); i >= 0 && verbs[last[i+1:]] {
		rest, verb = last[:i], last[i+1:]
	}
	parts[len(parts)-1] = rest
	for i, p := range parts {
		plain, err := url.PathUnescape(p)
		if err != nil {
			return invalid("Invalid path.")
		}
		parts[i] = plain
	}
	id := ""
	if len(parts) > 1 {
		id = parts[1]
	}
	route := r.Method + " " + strconv.Itoa(len(parts))
	if len(parts) > 2 {
		route += " " + parts[2]
	}
	if verb != "" {
		route += ":" + verb
	}
	switch route {
	case "POST 1":
		return s.createSpreadsheet(w, r)
	case "GET 2":
		return s.getSpreadsheet(w, r, id)
	case "POST 2:batchUpdate":
		return s.batchUpdate(w, r, id)
	case "GET 4 values":
		return s.getValues(w, r, id, parts[3])
	case "GET 3 values:batchGet":
		return s.batchGetValues(w, r, id)
	case "PUT 4 values":
		return s.updateValues(w, r, id, parts[3])
	case "POST 3 values:batchUpdate":
		return s.batchUpdateValues(w, r, id)
	case "POST 4 values:append":
		return s.appendValues(w, r, id, parts[3])
	case "POST 4 values:clear":
		return s.clearValues(w, r, id, parts[3])
	case "POST 3 values:batchClear":
		return s.batchClearValues(w, r, id)
	case "GET 4 developerMetadata":
		return s.getMetadata(w, r, id, parts[3])
	case "POST 3 developerMetadata:search":
		return s.searchMetadata(w, r, id)
	case "POST 2:getByDataFilter":
		return s.getByDataFilter(w, r, id)
	case "POST 3 values:batchGetByDataFilter":
		return s.batchGetByDataFilter(w, r, id)
	case "POST 3 values:batchUpdateByDataFilter":
		return s.batchUpdateByDataFilter(w, r, id)
	case "POST 3 values:batchClearByDataFilter":
		return s.batchClearByDataFilter(w, r, id)
	case "POST 4 sheets:copyTo":
		return notSpoken(strings.TrimPrefix(r.URL.Path, "/v4/spreadsheets/"+id))
	}
	return noMethod()
}

var verbs = map[string]bool{
	"batchUpdate": true, "append": true, "clear": true, "batchGet": true, "batchClear": true, "search": true, "getByDataFilter": true,
	"batchGetByDataFilter": true, "batchUpdateByDataFilter": true, "batchClearByDataFilter": true, "copyTo": true,
}

func noMethod() *apiError {
	return &apiError{code: http.StatusNotFound, status: "NOT_FOUND", message: "Method not found."}
}

func (s *Server) getSpreadsheet(w http.ResponseWriter, r *http.Request, id string) error {
	c, err := s.begin(w, r, sheetsSchema(), "Spreadsheet", "includeGridData", "ranges", "excludeTablesInBandedRanges", "commentsViewMode")
	if err != nil {
		return err
	}
	withData, err := c.flag("includeGridData")
	if err != nil {
		return err
	}
	noTables, err := c.flag("excludeTablesInBandedRanges")
	if err != nil {
		return err
	}
	mode, err := c.choice("commentsViewMode", "CommentsViewMode", commentsModes...)
	if err != nil {
		return err
	}
	book, err := s.open(id, false)
	if err != nil {
		return err
	}
	o := reading{mask: c.mask, withData: withData, commentsMode: mode, noTableBands: noTables}
	if o.places, err = book.places(c.q["ranges"]); err != nil {
		return err
	}
	o.narrowed = len(o.places) > 0
	out, err := s.spreadsheet(book, r, o)
	if err != nil {
		return err
	}
	c.answer(out)
	return nil
}

// reading says what of a spreadsheet is asked for. With a mask the cells come when the mask wants them, and withData says
// nothing. Places choose the tabs and, where cells are wanted, the blocks of them, when narrowed is set.
type reading struct {
	mask         *mask
	withData     bool
	narrowed     bool
	places       []gridPlace
	commentsMode string
	comments     bool // whether the mode comes to that
	noTableBands bool // tables are not listed among the banded ranges
}

var commentsModes = []string{
	"COMMENTS_VIEW_MODE_UNSPECIFIED", "COMMENTS_VIEW_MODE_DEFAULT_FOR_CURRENT_ACCESS", "COMMENTS_VIEW_MODE_OMITTED", "COMMENTS_VIEW_MODE_INCLUDED",
}

// places are the blocks that ranges in A1 notation name.
func (w *workbook) places(ranges []string) ([]gridPlace, error) {
	var out []gridPlace
	for _, a1 := range ranges {
		t, b, err := w.a1(a1)
		if err != nil {
			return nil, err
		}
		if b, err = t.clamp(b); err != nil {
			return nil, err
		}
		out = append(out, gridPlace{t, b})
	}
	return out, nil
}

// spreadsheet is the Spreadsheet message.
func (s *Server) spreadsheet(w *workbook, r *http.Request, o reading) (map[string]any, error) {
	wanted, withData := o.mask, o.withData
	if wanted == nil {
		wanted = &mask{all: true}
	} else {
		withData = wanted.reaches("sheets", "data")
	}
	switch o.commentsMode {
	case "COMMENTS_VIEW_MODE_INCLUDED":
		if w.readOnly { // whoever may only look is not shown what is said
			return nil, denied()
		}
		o.comments = true
	case "COMMENTS_VIEW_MODE_DEFAULT_FOR_CURRENT_ACCESS":
		o.comments = !w.readOnly
	}
	blocks := map[*tab][]rect{}
	for _, p := range o.places {
		blocks[p.t] = append(blocks[p.t], p.b)
	}
	g := newGridWriter(w, s.o.Now(), wanted.under("sheets").under("data"))
	sheets := []any{}
	for i, t := range w.tabs {
		if o.narrowed && blocks[t] == nil {
			continue
		}
		one := t.json(i)
		if len(t.tables) > 0 {
			tables := make([]any, len(t.tables))
			for j, x := range t.tables {
				tables[j] = x.json(t)
				if !o.noTableBands {
					one["bandedRanges"] = append(asList(one["bandedRanges"]), x.banded())
				}
			}
			one["tables"] = tables
		}
		if o.comments {
			if anchors := w.commentAnchors(t); len(anchors) > 0 {
				one["commentAnchors"] = anchors
			}
		}
		if meta := w.metadataOf(t.id, "SHEET"); len(meta) > 0 {
			one["developerMetadata"] = meta
		}
		if withData {
			in := blocks[t]
			if !o.narrowed {
				in = []rect{{0, t.rowCount, 0, t.colCount}}
			}
			data := []any{}
			for _, b := range in {
				data = append(data, g.block(t, b))
			}
			one["data"] = data
		}
		sheets = append(sheets, one)
	}
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	out := map[string]any{
		"spreadsheetId": w.id, "properties": w.properties(), "sheets": sheets,
		"spreadsheetUrl": scheme + "://" + r.Host + "/spreadsheets/d/" + w.id + "/edit",
	}
	if meta := w.metadataOf(0, "SPREADSHEET"); len(meta) > 0 {
		out["developerMetadata"] = meta
	}
	for _, n := range w.named {
		out["namedRanges"] = append(asList(out["namedRanges"]), n.json("namedRanges"))
	}
	if o.commentsMode != "" {
		out["commentsViewMode"] = map[bool]string{true: "COMMENTS_VIEW_MODE_INCLUDED", false: "COMMENTS_VIEW_MODE_OMITTED"}[o.comments]
	}
	if o.comments && len(w.threads) > 0 {
		out["comments"] = w.comments()
	}
	return out, nil
}

func (w *workbook) properties() map[string]any {
	white := map[string]any{"red": 1, "green": 1, "blue": 1}
	return map[string]any{
		"title": w.title, "locale": w.locale, "timeZone": w.timeZone, "autoRecalc": w.autoRecal, "defaultFormat": defaultFormat(),
		"spreadsheetTheme": map[string]any{
			"primaryFontFamily": "Arial",
			"themeColors": []any{
				map[string]any{"colorType": "TEXT", "color": map[string]any{"rgbColor": map[string]any{}}},
				map[string]any{"colorType": "BACKGROUND", "color": map[string]any{"rgbColor": white}},
				map[string]any{"colorType": "LINK", "color": map[string]any{"rgbColor": map[string]any{"red": 0.06666667, "green": 0.33333334, "blue": 0.8}}},
			},
		},
	}
}

// json is the Sheet message without its cells.
func (t *tab) json(index int) map[string]any {
	out := map[string]any{"properties": t.properties(index)}
	if len(t.merges) > 0 {
		merges := make([]any, len(t.merges))
		for i, a := range t.merges {
			merges[i] = a.json()
		}
		out["merges"] = merges
	}
	for name, list := range map[string][]*ranged{
		"protectedRanges": t.protected, "bandedRanges": t.bands, "conditionalFormats": t.rules, "filterViews": t.views,
	} {
		if len(list) > 0 {
			js := make([]any, len(list))
			for i, x := range list {
				js[i] = x.json(name)
			}
			out[name] = js
		}
	}
	for name, list := range map[string][]any{
		"rowGroups": groupsJSON(t.id, true, t.rowGroups), "columnGroups": groupsJSON(t.id, false, t.colGroups),
	} {
		if len(list) > 0 {
			out[name] = list
		}
	}
	if t.filter != nil {
		f := t.filter.json("basicFilter")
		for _, x := range t.tables {
			if x.id == asString(f["tableId"]) {
				f["range"] = x.at.json() // it grows with its table
			}
		}
		out["basicFilter"] = f
	}
	return out
}

func (t *tab) properties(index int) map[string]any {
	grid := map[string]any{"rowCount": t.rowCount, "columnCount": t.colCount}
	if t.frozenRows > 0 {
		grid["frozenRowCount"] = t.frozenRows
	}
	if t.frozenCols > 0 {
		grid["frozenColumnCount"] = t.frozenCols
	}
	out := map[string]any{"sheetId": t.id, "title": t.title, "index": index, "sheetType": "GRID", "gridProperties": grid}
	if t.hidden {
		out["hidden"] = true
	}
	for k, v := range t.props {
		if inner, ok := v.(map[string]any); ok && k == "gridProperties" {
			maps.Copy(grid, inner)
			continue
		}
		out[k] = v
	}
	return out
}

// json is a thing that lies on areas as its own kind of message.
func (x *ranged) json(list string) map[string]any {
	out := map[string]any{}
	maps.Copy(out, x.raw)
	switch list {
	case "protectedRanges":
		out["protectedRangeId"] = x.id
		out["range"] = x.areas[0].json()
		if !x.open() { // who may not edit it is not told who may
			delete(out, "editors")
			delete(out, "requestingUserCanEdit")
		}
		for _, a := range x.areas[1:] {
			out["unprotectedRanges"] = append(asList(out["unprotectedRanges"]), a.json())
		}
	case "filterViews":
		out["filterViewId"] = x.id
		out["range"] = x.areas[0].json()
	case "namedRanges":
		out["namedRangeId"] = x.key
		out["range"] = x.areas[0].json()
	case "bandedRanges":
		out["bandedRangeId"] = x.id
		out["range"] = x.areas[0].json()
	case "conditionalFormats":
		ranges := make([]any, len(x.areas))
		for i, a := range x.areas {
			ranges[i] = a.json()
		}
		out["ranges"] = ranges
	default:
		out["range"] = x.areas[0].json()
	}
	return out
}
