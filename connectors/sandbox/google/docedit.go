package google

import (
	"fmt"
	"net/http"
	"slices"
	"unicode"
	"unicode/utf16"
)

// docEdit is one batchUpdate at work on a copy of a document.
type docEdit struct {
	s       *Server
	d       *document
	suggest bool // changes are suggestions
	person  bool // by a person's hands, not by the API
	// of what the request at hand did to suggestions
	created, updated, accepted, rejected, deleted []string
}

// noReply is the reply of a request that has none.
func noReply() map[string]any { return nil }

// docRequests are the requests that are spoken.
func docRequests() map[string]func(*docEdit, map[string]any) (map[string]any, error) {
	return map[string]func(*docEdit, map[string]any) (map[string]any, error){
		"insertText":                  (*docEdit).insertText,
		"deleteContentRange":          (*docEdit).deleteContentRange,
		"replaceAllText":              (*docEdit).replaceAllText,
		"updateTextStyle":             (*docEdit).updateTextStyle,
		"updateParagraphStyle":        (*docEdit).updateParagraphStyle,
		"createParagraphBullets":      (*docEdit).createParagraphBullets,
		"deleteParagraphBullets":      (*docEdit).deleteParagraphBullets,
		"insertTable":                 (*docEdit).insertTable,
		"insertTableRow":              (*docEdit).insertTableRow,
		"insertTableColumn":           (*docEdit).insertTableColumn,
		"deleteTableRow":              (*docEdit).deleteTableRow,
		"deleteTableColumn":           (*docEdit).deleteTableColumn,
		"mergeTableCells":             (*docEdit).mergeTableCells,
		"unmergeTableCells":           (*docEdit).unmergeTableCells,
		"updateTableCellStyle":        (*docEdit).updateTableCellStyle,
		"updateTableRowStyle":         (*docEdit).updateTableRowStyle,
		"updateTableColumnProperties": (*docEdit).updateTableColumnProperties,
		"pinTableHeaderRows":          (*docEdit).pinTableHeaderRows,
		"insertPageBreak":             (*docEdit).insertPageBreak,
		"insertPerson":                (*docEdit).insertPerson,
		"insertDate":                  (*docEdit).insertDate,
		"insertRichLink":              (*docEdit).insertRichLink,
		"insertDropdown":              (*docEdit).insertDropdown,
		"createDropdownDefinition":    (*docEdit).createDropdownDefinition,
		"updateDropdownProperties":    (*docEdit).updateDropdownProperties,
		"createNamedRange":            (*docEdit).createNamedRange,
		"deleteNamedRange":            (*docEdit).deleteNamedRange,
		"replaceNamedRangeContent":    (*docEdit).replaceNamedRangeContent,
		"acceptSuggestion":            (*docEdit).acceptSuggestion,
		"rejectSuggestion":            (*docEdit).rejectSuggestion,
		"deleteSuggestion":            (*docEdit).deleteSuggestion,
		"insertComment":               (*docEdit).insertComment,
		"addDocumentTab":              (*docEdit).addDocumentTab,
		"updateDocumentTabProperties": (*docEdit).updateDocumentTabProperties,
		"deleteTab":                   (*docEdit).deleteTab,
	}
}

func (s *Server) updateDocument(w http.ResponseWriter, r *http.Request, id string) error {
	c, err := s.begin(w, r, docsSchema(), "BatchUpdateDocumentResponse")
	if err != nil {
		return err
	}
	body, err := c.body("BatchUpdateDocumentRequest", "")
	if err != nil {
		return err
	}
	list := asList(body["requests"])
	control := asMap(body["writeControl"])
	if _, err := s.openDoc(id, true); err != nil {
		return err
	}
	out := map[string]any{"documentId": id}
	apply := func(d *document) error {
		if err := revised(control, d); err != nil {
			return err
		}
		return s.applyDoc(d, list, asString(control["writeMode"]) == "SUGGEST", out)
	}
	if len(list) == 0 { // nothing is asked for, and nothing changes
		if err := apply(s.document(id).clone()); err != nil {
			return err
		}
	} else if err := s.changeDoc(id, false, apply); err != nil {
		return err
	}
	out["writeControl"] = map[string]any{"requiredRevisionId": s.document(id).revision()}
	c.answer(out)
	return nil
}

// revised holds a write against the revision that it was made for. A target revision that is not the latest would have the
// server work the changes into what others wrote since; the sandbox refuses it rather than guess how.
func revised(in map[string]any, d *document) error {
	switch required, target := asString(in["requiredRevisionId"]), asString(in["targetRevisionId"]); {
	case required != "" && target != "":
		return invalid("Invalid value at 'write_control' (oneof), oneof field 'control' is already set. Cannot set 'targetRevisionId'")
	case required != "" && required != d.revision():
		return &apiError{
			code: http.StatusBadRequest, status: "FAILED_PRECONDITION",
			message: fmt.Sprintf("The required revision ID '%s' does not match the latest revision.", required),
		}
	case target != "" && target != d.revision():
		return notSpoken("A target revision that is not the latest")
	}
	return nil
}

// applyDoc does the requests in order, all or nothing.
func (s *Server) applyDoc(d *document, list []any, suggest bool, out map[string]any) error {
	known := docRequests()
	replies, told := make([]any, len(list)), make([]any, len(list))
	commented := false
	for i, x := range list {
		name, in, err := oneRequest(asMap(x), i)
		if err != nil {
			return err
		}
		do := known[name]
		if do == nil {
			return notSpoken("The request " + name)
		}
		e := &docEdit{s: s, d: d, suggest: suggest}
		reply, err := do(e, in)
		if err != nil {
			return blame(err, "Invalid requests[%d].%s: ", i, name)
		}
		if replies[i] = (map[string]any{}); reply != nil {
			replies[i] = map[string]any{name: reply}
		}
		commented = commented || name == "insertComment"
		told[i] = e.told()
	}
	out["replies"], out["suggestionResponses"] = replies, told
	out["commentUpdateState"] = "NO_UPDATES_REQUESTED"
	if commented {
		out["commentUpdateState"] = "ALL_SAVED"
	}
	return nil
}

func (e *docEdit) told() map[string]any {
	out := map[string]any{}
	for name, ids := range map[string][]string{
		"createdSuggestionIds": e.created, "updatedSummarySuggestionIds": e.updated, "acceptedSuggestionIds": e.accepted, "rejectedSuggestionIds": e.rejected, "deletedSuggestionIds": e.deleted,
	} {
		if len(ids) > 0 {
			out[name] = anyList(ids)
		}
	}
	return out
}

// place is where in a document something goes: between two units of a paragraph.
type place struct {
	tab     *docTab
	segment string
	at      int
}

// where reads a request's location or endOfSegmentLocation, which must be within a paragraph.
func (e *docEdit) where(in map[string]any) (place, error) {
	loc, end := asMap(in["location"]), asMap(in["endOfSegmentLocation"])
	if (loc == nil) == (end == nil) {
		return place{}, invalid("Exactly one of location and endOfSegmentLocation must be set.")
	}
	from := loc
	if from == nil {
		from = end
	}
	t, seg, err := e.segment(from)
	if err != nil {
		return place{}, err
	}
	units := t.units(seg)
	if end != nil {
		return place{t, seg, len(units) - 1}, nil
	}
	p := place{t, seg, asInt(loc["index"])}
	return p, p.inside(units)
}

// segment finds the tab and the segment that a Location or Range is in.
func (e *docEdit) segment(in map[string]any) (*docTab, string, error) {
	t := e.d.tab(asString(in["tabId"]))
	if t == nil {
		return nil, "", invalid("The tab with ID %s was not found.", asString(in["tabId"]))
	}
	seg := asString(in["segmentId"])
	if t.units(seg) == nil {
		return nil, "", invalid("Segment with ID %s was not found.", seg)
	}
	return t, seg, nil
}

// inside reports that a paragraph can take something at the place.
func (p place) inside(units []unit) error {
	switch {
	case p.at < 0:
		return invalid("Index %d must be greater than or equal to 0.", p.at)
	case p.at >= len(units):
		return invalid("Index %d must be less than the end index of the referenced segment, %d.", p.at, len(units))
	case units[p.at].structural():
		return invalid("The insertion index must be inside the bounds of an existing paragraph. You can still create new paragraphs by inserting newlines.")
	case splits(units, p.at):
		return invalid("The insertion index cannot be within a grapheme cluster.")
	}
	return nil
}

// splits reports that the place is within what people see as one character: between the two halves of a code point, before an
// accent, or at a joiner, as in an emoji of a family.
func splits(units []unit, at int) bool {
	if at <= 0 || at >= len(units) || units[at].kind != textUnit || units[at-1].kind != textUnit {
		return false
	}
	before, after := rune(units[at-1].char), rune(units[at].char)
	if utf16.IsSurrogate(after) && at+1 < len(units) {
		if r := utf16.DecodeRune(after, rune(units[at+1].char)); r != unicode.ReplacementChar {
			after = r
		}
	}
	lowHalf := after >= 0xDC00 && after < 0xE000 && before >= 0xD800 && before < 0xDC00
	return lowHalf || before == 0x200D || after == 0x200D || unicode.In(after, unicode.Mn, unicode.Me) || after >= 0x1F3FB && after <= 0x1F3FF
}

// span reads a Range that must hold something.
func (e *docEdit) span(v any) (*docTab, stretch, error) {
	in := asMap(v)
	t, seg, err := e.segment(in)
	if err != nil {
		return nil, stretch{}, err
	}
	r := stretch{seg, asInt(in["startIndex"]), asInt(in["endIndex"])}
	switch n := len(t.units(seg)); {
	case r.to <= r.from:
		return nil, r, invalid("The range should not be empty.")
	case r.from < 0:
		return nil, r, invalid("Index %d must be greater than or equal to 0.", r.from)
	case r.to > n:
		return nil, r, invalid("Index %d must be less than the end index of the referenced segment, %d.", r.to-1, n)
	}
	return t, r, nil
}

// neighbour is the look that something has which is put in at the place: that of the text before it in the paragraph, else
// of the text after it. It is no suggestion, and no link unless the place is within one.
func neighbour(units []unit, at int) *look {
	l := units[at].look
	before := at > 0 && units[at-1].inline()
	if before {
		l = units[at-1].look
	}
	_, linked := l.style["link"]
	within := before && units[at].look != nil && equalJSON(units[at].look.style["link"], l.style["link"])
	if len(l.ins) == 0 && len(l.del) == 0 && l.changes == nil && (!linked || within) {
		return l
	}
	return l.with(func(n *look) {
		n.ins, n.del, n.changes = nil, nil, nil
		if linked && !within {
			for _, k := range []string{"link", "underline", "foregroundColor"} {
				delete(n.style, k)
			}
		}
	})
}

// paragraphAt is the properties of the paragraph that holds the place.
func paragraphAt(units []unit, at int) map[string]any {
	for ; at < len(units); at++ {
		if units[at].kind == newlineUnit {
			return units[at].what
		}
	}
	return normalText()
}

// put puts units in at the place. Where changes are suggestions they are one.
func (e *docEdit) put(p place, with []unit) {
	if e.suggest {
		id := e.suggestionAt(p.tab.units(p.segment), p.at, p.at)
		for i := range with {
			with[i] = with[i].inserted(id)
		}
	}
	e.d.splice(p.tab, p.segment, p.at, p.at, with)
}

// settle lets runs that came to look alike be one run, from around [from, to).
func settle(units []unit, from, to int) {
	for i := max(from, 1); i < min(to+1, len(units)); i++ {
		if a, b := &units[i-1], &units[i]; a.kind == textUnit && b.kind <= newlineUnit && a.look.same(b.look) {
			b.look = a.look
		}
	}
}

// stripped is a text without the characters that Docs does not take.
func stripped(s string) string {
	return string(slices.DeleteFunc([]rune(s), func(r rune) bool {
		return r <= 0x08 || r >= 0x0C && r <= 0x1F || r >= 0xE000 && r <= 0xF8FF
	}))
}
