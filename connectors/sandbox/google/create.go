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
	b := &batch{s: s, w: book, formats: map[[2]string]*format{}}
	for i, x := range asList(body["sheets"]) {
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
	if err := book.withinLimit(); err != nil {
		return err
	}
	id := s.publish(book)
	out, err := s.spreadsheet(s.book(id), r, c.mask, false, nil)
	if err != nil {
		return err
	}
	c.answer(out)
	return nil
}
