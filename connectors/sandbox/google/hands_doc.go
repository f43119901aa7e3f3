package google

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

// The methods in this file are a person's hands on a document. Tables, rows and columns are counted from 0, in the order in
// which they stand in the document, those in later tabs after those in earlier ones. A table in a table is not counted.

// LoadDocument makes a document of an answer to documents.get with tabs, as recorded from the real service. Its ids inside
// are kept; it gets an id of its own.
func (s *Server) LoadDocument(r io.Reader) (string, error) {
	var in map[string]any
	if err := json.NewDecoder(r).Decode(&in); err != nil {
		return "", fmt.Errorf("read the document: %w", err)
	}
	d := newDocument(asString(in["title"]), nil, s.o.Now())
	d.tabs = nil
	if err := d.load(asList(in["tabs"]), ""); err != nil {
		return "", err
	}
	if len(d.tabs) == 0 {
		return "", fmt.Errorf("read the document: it has no tabs; ask for it with includeTabsContent")
	}
	return s.publishDoc(d), nil
}

func (d *document) load(tabs []any, parent string) error {
	for _, x := range tabs {
		p, in := asMap(asMap(x)["tabProperties"]), asMap(asMap(x)["documentTab"])
		t := &docTab{
			id: asString(p["tabId"]), title: asString(p["title"]), parent: parent, others: map[string]segment{}, dropdowns: map[string]map[string]any{},
			rest: without(in, "body", "headers", "footers", "footnotes", "namedRanges", "dropdownDefinitions", "commentAnchors"),
		}
		var err error
		if t.body, err = loadContent(asList(asMap(in["body"])["content"])); err != nil {
			return fmt.Errorf("read tab %s: %w", t.id, err)
		}
		for _, kind := range []string{"headers", "footers", "footnotes"} {
			for id, y := range asMap(in[kind]) {
				units, err := loadContent(asList(asMap(y)["content"]))
				if err != nil {
					return fmt.Errorf("read %s of tab %s: %w", id, t.id, err)
				}
				t.others[id] = segment{kind, units}
			}
		}
		for id, y := range asMap(in["dropdownDefinitions"]) {
			t.dropdowns[id] = asMap(y)
		}
		for name, y := range asMap(in["namedRanges"]) {
			for _, z := range asList(asMap(y)["namedRanges"]) {
				r := namedRange{id: asString(asMap(z)["namedRangeId"]), name: name}
				for _, part := range asList(asMap(z)["ranges"]) {
					q := asMap(part)
					r.parts = append(r.parts, stretch{asString(q["segmentId"]), asInt(q["startIndex"]), asInt(q["endIndex"])})
				}
				t.ranges = append(t.ranges, r)
			}
		}
		d.tabs = append(d.tabs, t)
		if err := d.load(asList(asMap(x)["childTabs"]), t.id); err != nil {
			return err
		}
	}
	return nil
}

// onDoc lets a person edit a document.
func (s *Server) onDoc(id string, suggest bool, f func(e *docEdit) error) error {
	return s.changeDoc(id, true, func(d *document) error { return f(&docEdit{s: s, d: d, suggest: suggest, person: true}) })
}

// EditDocument does requests of a batchUpdate as a person does them, or as a person's suggestions. Each is the JSON of one.
func (s *Server) EditDocument(id string, suggest bool, requests ...string) error {
	return s.onDoc(id, suggest, func(e *docEdit) error {
		for i, r := range requests {
			var in map[string]any
			if err := json.Unmarshal([]byte(r), &in); err != nil {
				return fmt.Errorf("read request %d: %w", i, err)
			}
			name, own, err := oneRequest(in, i)
			if err != nil {
				return err
			}
			do := docRequests()[name]
			if do == nil {
				return notSpoken("The request " + name)
			}
			if _, err := do(e, own); err != nil {
				return fmt.Errorf("request %d, %s: %w", i, name, err)
			}
		}
		return nil
	})
}

// grids are the tables of the document.
func (d *document) grids() []*docGrid {
	var out []*docGrid
	for _, t := range d.tabs {
		for i := 0; i < len(t.body); i++ {
			if g, ok := gridAt(t, "", i); ok {
				out = append(out, g)
				i = g.end - 1
			}
		}
	}
	return out
}

// grid finds a table and a row in it.
func (e *docEdit) grid(table, row int) (*docGrid, error) {
	all := e.d.grids()
	if table < 0 || table >= len(all) {
		return nil, fmt.Errorf("there is no table %d", table)
	}
	if row >= len(all[table].rows) || row < -1 {
		return nil, fmt.Errorf("table %d has no row %d", table, row)
	}
	return all[table], nil
}

// DocumentText is what a person reads in the first tab, without what is only suggested. Chips are not in it.
func (s *Server) DocumentText(id string) string {
	d := s.document(id)
	if d == nil {
		return ""
	}
	return plainText(d.decided(false).tabs[0].body)
}

// DocumentTable is what a person reads in a table, chips included: nil where there is none. What is only suggested is not
// in it.
func (s *Server) DocumentTable(id string, table int) [][]string {
	d := s.document(id)
	if d == nil {
		return nil
	}
	all := d.decided(false).grids()
	if table < 0 || table >= len(all) {
		return nil
	}
	g := all[table]
	out := make([][]string, len(g.rows))
	for i, r := range g.rows {
		for k := range r.cells {
			out[i] = append(out[i], shownText(g.units()[r.cells[k]+1:r.cellEnd(k)]))
		}
	}
	return out
}

// DocumentRow is a row of a table with what is suggested in it.
type DocumentRow struct {
	Added, Removed bool     // somebody suggests the row, or that it goes
	Now            []string // what stands in the cells
	Then           []string // what would, if all that is suggested were accepted
}

// DocumentRows are the rows of a table, suggested ones too, in the order by which the hands count them; nil where there is no
// such table.
func (s *Server) DocumentRows(id string, table int) []DocumentRow {
	d := s.document(id)
	if d == nil {
		return nil
	}
	all := d.grids()
	if table < 0 || table >= len(all) {
		return nil
	}
	g := all[table]
	out := make([]DocumentRow, len(g.rows))
	for i, r := range g.rows {
		u := &g.units()[r.at]
		out[i] = DocumentRow{Added: len(u.ids(insertionIDs)) > 0, Removed: len(u.ids(deletionIDs)) > 0}
		for k := range r.cells {
			var now, then []unit
			for _, u := range g.units()[r.cells[k]+1 : r.cellEnd(k)] {
				if len(u.ids(insertionIDs)) == 0 {
					now = append(now, u)
				}
				if len(u.ids(deletionIDs)) == 0 {
					u.look = nil // as if it were text already
					then = append(then, u)
				}
			}
			out[i].Now, out[i].Then = append(out[i].Now, shownText(now)), append(out[i].Then, shownText(then))
		}
	}
	return out
}

// shownText is what a person reads, chips by what they show.
func shownText(units []unit) string {
	var b strings.Builder
	for from := 0; from < len(units); {
		to := from
		for to < len(units) && units[to].kind != objectUnit {
			to++
		}
		b.WriteString(plainText(units[from:to]))
		if from = to + 1; to < len(units) {
			b.WriteString(chipText(units[to].what))
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// chipText is what a chip shows; "" for objects that show no text.
func chipText(what map[string]any) string {
	for kind, v := range what {
		p := asMap(asMap(v)[kind+"Properties"])
		switch kind {
		case "person":
			if name := asString(p["name"]); name != "" {
				return name
			}
			return asString(p["email"])
		case "richLink":
			return asString(p["title"])
		case "dateElement":
			return asString(p["displayText"])
		case "dropdown":
			return asString(p["displayValue"])
		}
	}
	return ""
}

// TypeInTable replaces what stands in a cell by a text, in the look of the cell's first character; or suggests it.
func (s *Server) TypeInTable(id string, table, row, col int, typed string, suggest bool) error {
	return s.onDoc(id, suggest, func(e *docEdit) error {
		g, err := e.grid(table, row)
		if err != nil {
			return err
		}
		if row < 0 || col < 0 || col >= len(g.rows[row].cells) {
			return fmt.Errorf("table %d has no cell %d, %d", table, row, col)
		}
		from, to := g.rows[row].cells[col]+1, g.rows[row].cellEnd(col)-1
		if from < to {
			e.remove(g.tab, stretch{"", from, to})
			if suggest { // behind what is to go; what the same hand had suggested there is gone at once
				g, _ = gridAt(g.tab, "", g.start)
				from = g.rows[row].cellEnd(col) - 1
			}
		}
		if typed != "" {
			e.insert(place{g.tab, "", from}, typed)
		}
		return nil
	})
}

// AddTableRow puts a row with these texts under another, in its style; or suggests it.
func (s *Server) AddTableRow(id string, table, under int, suggest bool, texts ...string) error {
	return s.onDoc(id, suggest, func(e *docEdit) error {
		g, err := e.grid(table, under)
		if err != nil {
			return err
		}
		if under < 0 || len(texts) > len(g.rows[under].cells) {
			return fmt.Errorf("table %d has no place for %d cells under row %d", table, len(texts), under)
		}
		at := g.rows[under].end
		with := g.likeRow(under)
		if suggest {
			sid := e.suggestionAt(g.units(), at, at)
			for i := range with {
				with[i] = with[i].inserted(sid)
			}
		}
		e.d.splice(g.tab, "", at, at, with)
		g, _ = gridAt(g.tab, "", g.start)
		for i, s := range slices.Backward(texts) {
			if s != "" {
				e.insert(place{g.tab, "", g.rows[under+1].cells[i] + 1}, s)
			}
		}
		return nil
	})
}

// DeleteTableRow takes a row away, or suggests it.
func (s *Server) DeleteTableRow(id string, table, row int, suggest bool) error {
	return s.onDoc(id, suggest, func(e *docEdit) error {
		g, err := e.grid(table, row)
		if err != nil {
			return err
		}
		_, err = e.deleteTableRow(map[string]any{"tableCellLocation": map[string]any{
			"tableStartLocation": map[string]any{"index": float64(g.start), "tabId": g.tab.id}, "rowIndex": float64(row),
		}})
		return err
	})
}

// MoveTableRow cuts a row out and puts it before another, as dragging does. CopyTableRow leaves it where it is, too. What
// Docs keeps of a row that is cut or copied is its content with styles and chips; a named range on it is lost.
func (s *Server) MoveTableRow(id string, table, row, before int) error {
	return s.shiftRow(id, table, row, before, true)
}

// CopyTableRow puts a copy of a row before another.
func (s *Server) CopyTableRow(id string, table, row, before int) error {
	return s.shiftRow(id, table, row, before, false)
}

func (s *Server) shiftRow(id string, table, row, before int, cut bool) error {
	return s.onDoc(id, false, func(e *docEdit) error {
		g, err := e.grid(table, row)
		if err != nil {
			return err
		}
		if row < 0 || before < 0 || before > len(g.rows) {
			return fmt.Errorf("table %d has no row %d or no place before row %d", table, row, before)
		}
		r := g.rows[row]
		copied := slices.Clone(g.units()[r.at:r.end])
		at := g.end - 1
		if before < len(g.rows) {
			at = g.rows[before].at
		}
		if !cut {
			e.d.splice(g.tab, "", at, at, copied)
			return nil
		}
		if at >= r.end {
			e.d.splice(g.tab, "", at, at, copied)
			e.d.splice(g.tab, "", r.at, r.end, nil)
		} else if at <= r.at {
			e.d.splice(g.tab, "", r.at, r.end, nil)
			e.d.splice(g.tab, "", at, at, copied)
		}
		return nil
	})
}

// LoseRanges takes away the named ranges whose name f is true of. In real documents ranges vanish under
// edits that one would think they survive; nobody sees it.
func (s *Server) LoseRanges(id string, f func(name string) bool) error {
	return s.onDoc(id, false, func(e *docEdit) error {
		for _, t := range e.d.tabs {
			t.ranges = slices.DeleteFunc(t.ranges, func(r namedRange) bool { return f(r.name) })
		}
		return nil
	})
}

// AddTable appends a heading and a table with these rows to the first tab, the first row bold.
func (s *Server) AddTable(id, heading string, rows ...[]string) error {
	return s.onDoc(id, false, func(e *docEdit) error {
		if len(rows) == 0 || len(rows[0]) == 0 {
			return fmt.Errorf("the table has no cells")
		}
		t := e.d.tabs[0]
		end := len(t.body) - 1
		par := map[string]any{"paragraphStyle": map[string]any{
			"namedStyleType": "HEADING_2", "direction": "LEFT_TO_RIGHT", "headingId": e.d.newID("h."),
		}}
		with := textUnits(breaks(heading)+"\n", unstyled(), par)
		table := map[string]any{"tableStyle": map[string]any{"tableColumnProperties": slices.Repeat([]any{map[string]any{"widthType": "EVENLY_DISTRIBUTED"}}, len(rows[0]))}}
		with = append(with, unit{kind: tableUnit, what: table})
		for i, row := range rows {
			l := unstyled()
			if i == 0 {
				l.style = map[string]any{"bold": true}
			}
			units := newRow(len(rows[0]))
			with = append(with, units[0])
			for k := range rows[0] {
				cell := ""
				if k < len(row) {
					cell = row[k]
				}
				with = append(with, units[1+2*k])
				with = append(with, textUnits(cell+"\n", l, normalText())...)
			}
		}
		with = append(with, unit{kind: tableEndUnit})
		// The paragraph before it has to be ended first, where it holds something.
		if end > 0 && t.body[end-1].inline() {
			with = append([]unit{{kind: newlineUnit, char: '\n', look: t.body[end].look, what: t.body[end].what}}, with...)
		}
		e.d.splice(t, "", end, end, with)
		return nil
	})
}

// DocumentSuggestions are the ids of the suggestions that are open, oldest first.
func (s *Server) DocumentSuggestions(id string) []string {
	var out []string
	if d := s.document(id); d != nil {
		for _, x := range d.suggestions {
			if x.status == suggestionOpen {
				out = append(out, x.id)
			}
		}
	}
	return out
}

// DecideSuggestion accepts a suggestion, or rejects it.
func (s *Server) DecideSuggestion(id, suggestion string, accept bool) error {
	return s.onDoc(id, false, func(e *docEdit) error {
		if _, err := e.open(map[string]any{"suggestionId": suggestion}); err != nil {
			return err
		}
		e.decide(suggestion, accept)
		return nil
	})
}
