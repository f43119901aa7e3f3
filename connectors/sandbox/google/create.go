package google

import (
	"net/http"
	"time"
)

func (s *Server) createSpreadsheet(w http.ResponseWriter, r *http.Request) error {
	c, err := s.begin(w, r, sheetsSchema(), "Spreadsheet")
	if err != nil {
		return err
	}
	body, err := c.body("Spreadsheet", "spreadsheet")
	if err != nil {
		return err
	}
	props := asMap(body["properties"])
	book := s.newBook("Untitled spreadsheet")
	if title := asString(props["title"]); title != "" {
		book.title = title
	}
	if l := asString(props["locale"]); l != "" {
		if !localeName.MatchString(l) {
			return invalid("Unsupported locale: %s", l)
		}
		book.locale = l
	}
	if z := asString(props["timeZone"]); z != "" {
		if _, err := time.LoadLocation(z); err != nil {
			return invalid("Invalid time zone: %s", z)
		}
		book.timeZone = z
	}
	if err := s.fillBook(book, asList(body["sheets"])); err != nil {
		return err
	}
	id := s.publish(book)
	out, err := s.spreadsheet(s.book(id), r, reading{mask: c.mask})
	if err != nil {
		return err
	}
	c.answer(out)
	return nil
}

// fillBook makes the tabs that a new spreadsheet is to have, one when none are given.
func (s *Server) fillBook(book *workbook, sheets []any) error {
	s.mu.RLock() // chips are looked up among the people and the files
	defer s.mu.RUnlock()
	b := &batch{s: s, w: book, formats: map[[2]string]*format{}}
	for i, x := range sheets {
		sheet := asMap(x)
		t, err := book.newTab(asMap(sheet["properties"]))
		if err != nil {
			return blame(err, "Invalid sheets[%d]: ", i)
		}
		for j, d := range asList(sheet["data"]) {
			data := asMap(d)
			rows, r0, c0 := asList(data["rowData"]), asInt(data["startRow"]), asInt(data["startColumn"])
			t.rowCount = max(t.rowCount, r0+len(rows))
			for _, row := range rows {
				t.colCount = max(t.colCount, c0+len(asList(asMap(row)["values"])))
			}
			if err := b.writeRows(t, r0, c0, rows, &mask{all: true}, rect{0, t.rowCount, 0, t.colCount}); err != nil {
				return blame(err, "Invalid sheets[%d].data[%d]: ", i, j)
			}
		}
	}
	if len(book.tabs) == 0 {
		book.addTab("Sheet1")
	}
	return book.withinLimit()
}
