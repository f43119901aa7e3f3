package google

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
)

// batch is one batchUpdate on its way: the workbook that it works on is a copy, thrown away when a request fails.
type batch struct {
	s       *Server
	w       *workbook
	formats map[[2]string]*format // number formats seen in this batch, to share them among its cells
}

// request is what a batch does for one kind of request. It returns the reply, nil for an empty one.
type request func(b *batch, in map[string]any) (map[string]any, error)

// requests are the kinds that the sandbox speaks.
func requests() map[string]request {
	return map[string]request{
		"updateCells":                 (*batch).updateCells,
		"appendCells":                 (*batch).appendCells,
		"repeatCell":                  (*batch).repeatCell,
		"setDataValidation":           (*batch).setDataValidation,
		"findReplace":                 (*batch).findReplace,
		"copyPaste":                   (*batch).copyPaste,
		"cutPaste":                    (*batch).cutPaste,
		"sortRange":                   (*batch).sortRange,
		"appendDimension":             (*batch).appendDimension,
		"insertDimension":             (*batch).insertDimension,
		"deleteDimension":             (*batch).deleteDimension,
		"moveDimension":               (*batch).moveDimension,
		"updateDimensionProperties":   (*batch).updateDimensionProperties,
		"autoResizeDimensions":        (*batch).autoResizeDimensions,
		"updateSpreadsheetProperties": (*batch).updateSpreadsheetProperties,
		"updateSheetProperties":       (*batch).updateSheetProperties,
		"addSheet":                    (*batch).addSheet,
		"deleteSheet":                 (*batch).deleteSheet,
		"duplicateSheet":              (*batch).duplicateSheet,
		"mergeCells":                  (*batch).mergeCells,
		"unmergeCells":                (*batch).unmergeCells,
		"setBasicFilter":              (*batch).setBasicFilter,
		"clearBasicFilter":            (*batch).clearBasicFilter,
		"addProtectedRange":           (*batch).addProtectedRange,
		"updateProtectedRange":        (*batch).updateProtectedRange,
		"deleteProtectedRange":        (*batch).deleteProtectedRange,
		"addBanding":                  (*batch).addBanding,
		"updateBanding":               (*batch).updateBanding,
		"deleteBanding":               (*batch).deleteBanding,
		"addConditionalFormatRule":    (*batch).addConditionalFormatRule,
		"updateConditionalFormatRule": (*batch).updateConditionalFormatRule,
		"deleteConditionalFormatRule": (*batch).deleteConditionalFormatRule,
		"createDeveloperMetadata":     (*batch).createDeveloperMetadata,
		"updateDeveloperMetadata":     (*batch).updateDeveloperMetadata,
		"deleteDeveloperMetadata":     (*batch).deleteDeveloperMetadata,
		"addTable":                    (*batch).addTable,
		"updateTable":                 (*batch).updateTable,
		"deleteTable":                 (*batch).deleteTable,
		"insertComment":               (*batch).insertComment,
		"addCommentReply":             (*batch).addCommentReply,
		"updateCommentPost":           (*batch).updateCommentPost,
		"deleteCommentReply":          (*batch).deleteCommentReply,
		"deleteComment":               (*batch).deleteComment,
		"addFilterView":               (*batch).addFilterView,
		"updateFilterView":            (*batch).updateFilterView,
		"duplicateFilterView":         (*batch).duplicateFilterView,
		"deleteFilterView":            (*batch).deleteFilterView,
		"addNamedRange":               (*batch).addNamedRange,
		"updateNamedRange":            (*batch).updateNamedRange,
		"deleteNamedRange":            (*batch).deleteNamedRange,
		"addDimensionGroup":           (*batch).addDimensionGroup,
		"deleteDimensionGroup":        (*batch).deleteDimensionGroup,
	}
}

func (s *Server) batchUpdate(w http.ResponseWriter, r *http.Request, id string) error {
	c, err := s.begin(w, r, sheetsSchema(), "BatchUpdateSpreadsheetResponse")
	if err != nil {
		return err
	}
	body, err := c.body("BatchUpdateSpreadsheetRequest", "")
	if err != nil {
		return err
	}
	list := asList(body["requests"])
	if len(list) == 0 {
		return invalid("Must specify at least one request.")
	}
	known := requests()
	replies := make([]any, len(list))
	out := map[string]any{"spreadsheetId": id, "replies": replies}
	comments := "NO_UPDATES_REQUESTED"
	err = s.write(id, func(book *workbook) error {
		b := &batch{s: s, w: book, formats: map[[2]string]*format{}}
		for i, x := range list {
			name, in, err := oneRequest(asMap(x), i)
			if err != nil {
				return err
			}
			do := known[name]
			if do == nil {
				return notSpoken("The request " + name)
			}
			replies[i] = map[string]any{}
			if commentRequests[name] {
				if s.failComments { // everything else lands, and the answer says that the comments did not
					comments = "ALL_FAILED_UNKNOWN_REASON"
					continue
				}
				comments = "ALL_SAVED"
			}
			reply, err := do(b, in)
			if err != nil {
				return blame(err, "Invalid requests[%d].%s: ", i, name)
			}
			if reply != nil {
				replies[i] = map[string]any{name: reply}
			}
		}
		out["commentUpdateState"] = comments
		if err := book.settle(); err != nil {
			return err
		}
		if !asBool(body["includeSpreadsheetInResponse"]) {
			return nil
		}
		sp, err := c.updatedSpreadsheet(book, body)
		out["updatedSpreadsheet"] = sp
		return err
	})
	if err != nil {
		return err
	}
	c.answer(out)
	return nil
}

// updatedSpreadsheet is the spreadsheet as the batch leaves it. A response range that cannot be read refuses the batch as
// a whole, so it is looked at before anything is published.
func (c *call) updatedSpreadsheet(book *workbook, body map[string]any) (map[string]any, error) {
	var ranges []string
	for _, x := range asList(body["responseRanges"]) {
		ranges = append(ranges, asString(x))
	}
	var m *mask
	if c.mask != nil {
		switch m = c.mask.under("updatedSpreadsheet"); {
		case m == nil:
			m = &mask{}
		case m.all:
			m = nil // nothing in particular is asked of the spreadsheet
		}
	}
	o := reading{mask: m, withData: asBool(body["responseIncludeGridData"]), narrowed: len(ranges) > 0}
	var err error
	if o.places, err = book.places(ranges); err != nil {
		return nil, err
	}
	return c.s.spreadsheet(book, c.r, o)
}

// oneRequest takes the one field out of a Request, which is a choice of exactly one.
func oneRequest(x map[string]any, i int) (string, map[string]any, error) {
	if len(x) > 1 {
		names := make([]string, 0, len(x))
		for k := range x {
			names = append(names, k)
		}
		slices.Sort(names)
		return "", nil, badField(fmt.Sprintf("requests[%d]", i),
			"Invalid value at 'requests[%d]' (oneof), oneof field 'kind' is already set. Cannot set '%s'", i, camel(names[1]))
	}
	for name, in := range x {
		return name, asMap(in), nil
	}
	return "", nil, invalid("Invalid requests[%d]: No request set.", i)
}

// blame puts in front of a refusal which part of the request it is about.
func blame(err error, format string, args ...any) error {
	var e *apiError
	if !errors.As(err, &e) || e.code != http.StatusBadRequest {
		return err
	}
	with := *e
	with.message = fmt.Sprintf(format, args...) + e.message
	return &with
}

// tab finds the tab with a sheet id; one that is absent is 0, the first tab of most spreadsheets.
func (b *batch) tab(id any) (*tab, error) {
	t := b.w.tabID(asInt(id))
	if t == nil {
		return nil, invalid("No grid with id: %d", asInt(id))
	}
	return t, nil
}

// area reads a GridRange, which must lie in its tab's grid. An end past the grid is cut off where cut is true.
func (b *batch) area(v any) (*tab, area, error) {
	in := asMap(v)
	t, err := b.tab(in["sheetId"])
	if err != nil {
		return nil, area{}, err
	}
	a := area{
		tab:  t.id,
		rows: span{bound(in, "startRowIndex"), bound(in, "endRowIndex")},
		cols: span{bound(in, "startColumnIndex"), bound(in, "endColumnIndex")},
	}
	// Clients that drop zero values send no start at all; with an end beside it that start is 0.
	if a.rows.lo < 0 && a.rows.hi >= 0 {
		a.rows.lo = 0
	}
	if a.cols.lo < 0 && a.cols.hi >= 0 {
		a.cols.lo = 0
	}
	for _, d := range []struct {
		what  string
		s     span
		limit int
		sent  [2]string
	}{
		{"Row", a.rows, t.rowCount, [2]string{"startRowIndex", "endRowIndex"}},
		{"Column", a.cols, t.colCount, [2]string{"startColumnIndex", "endColumnIndex"}},
	} {
		switch {
		case has(in, d.sent[0]) && d.s.lo < 0, has(in, d.sent[1]) && d.s.hi < 0:
			return nil, area{}, invalid("GridRange.%s must not be negative", d.sent[0])
		case d.s.hi >= 0 && d.s.hi <= d.s.lo:
			return nil, area{}, invalid("%s [%d] must be greater than %s [%d]", d.sent[1], d.s.hi, d.sent[0], d.s.lo)
		case d.s.lo >= d.limit, d.s.hi > d.limit:
			return nil, area{}, invalid("Range (%s) exceeds grid limits. Max rows: %d, max columns: %d",
				a1Of(t.title, a.rect(t)), t.rowCount, t.colCount)
		}
	}
	return t, a, nil
}

func (b *batch) rect(v any) (*tab, rect, error) {
	t, a, err := b.area(v)
	if err != nil {
		return nil, rect{}, err
	}
	return t, a.rect(t), nil
}

// updateMask reads the fields of an update request; at least one has to be named.
func updateMask(v any, message string) (*mask, error) {
	m, err := parseMask(asString(v))
	if err != nil {
		return nil, err
	}
	if m == nil {
		return nil, invalid("At least one field must be listed in 'fields'. (Use '*' to indicate all fields.)")
	}
	if err := sheetsSchema().checkMask(message, m, ""); err != nil {
		return nil, invalid("Invalid field: %s", asString(v))
	}
	return m, nil
}
