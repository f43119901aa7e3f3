package google

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Whatever is done to the grid around and within it, a table lies in the grid, overlaps no other, has one column's
// properties for each of its columns and a name of its own over each; and a column that has a type carries it along: the
// values of a DATE column stay under the DATE column.
func TestTablesHoldTogether(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := New(Options{})
		id := s.AddSpreadsheet("Book", "T")
		send := func(request string, args ...any) int {
			w := &discard{head: http.Header{}, code: http.StatusOK}
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://sandbox.test/v4/spreadsheets/"+id+":batchUpdate",
				strings.NewReader(`{"requests":[`+fmt.Sprintf(request, args...)+`]}`))
			if err != nil {
				t.Fatal(err)
			}
			s.ServeHTTP(w, r)
			return w.code
		}
		if code := send(`{"updateSheetProperties":{"properties":{"gridProperties":{"rowCount":12,"columnCount":7}},"fields":"gridProperties(rowCount,columnCount)"}},` +
			`{"addTable":{"table":{"tableId":"a","range":{"startRowIndex":1,"endRowIndex":4,"startColumnIndex":1,"endColumnIndex":4},"columnProperties":[` +
			`{"columnIndex":1,"columnName":"When","columnType":"DATE"}]}}},` +
			`{"addTable":{"table":{"tableId":"b","range":{"startRowIndex":6,"endRowIndex":8,"startColumnIndex":0,"endColumnIndex":2}}}}`); code != http.StatusOK {
			t.Fatalf("the tables could not be made: %d", code)
		}
		for r := 2; r < 4; r++ {
			if err := s.Put(id, "T", "C"+itoa(r+1), "when"); err != nil {
				t.Fatal(err)
			}
		}
		lane := func() (string, int, int) {
			tb := s.book(id).tabs[0]
			dim := rapid.SampledFrom([]string{"ROWS", "COLUMNS"}).Draw(t, "dimension")
			n := tb.laneCount(dim == "ROWS")
			return dim, rapid.IntRange(0, n-1).Draw(t, "at"), n
		}
		next := 0
		t.Repeat(map[string]func(*rapid.T){
			"insert": func(*rapid.T) {
				dim, at, n := lane()
				if n < 20 {
					send(`{"insertDimension":{"range":{"dimension":%q,"startIndex":%d,"endIndex":%d}}}`, dim, at, at+1)
				}
			},
			"delete": func(*rapid.T) {
				dim, at, n := lane()
				if n > 4 {
					send(`{"deleteDimension":{"range":{"dimension":%q,"startIndex":%d,"endIndex":%d}}}`, dim, at, at+1)
				}
			},
			"move": func(*rapid.T) {
				dim, at, n := lane()
				to := rapid.IntRange(0, n).Draw(t, "to")
				send(`{"moveDimension":{"source":{"dimension":%q,"startIndex":%d,"endIndex":%d},"destinationIndex":%d}}`, dim, at, at+1, to)
			},
			"append": func(*rapid.T) {
				next++
				send(`{"appendCells":{"tableId":%q,"fields":"userEnteredValue","rows":[{"values":[{"userEnteredValue":{"stringValue":"x%d"}}]}]}}`,
					rapid.SampledFrom([]string{"a", "b"}).Draw(t, "table"), next)
			},
			"type": func(*rapid.T) {
				tb := s.book(id).tabs[0]
				r, c := rapid.IntRange(0, tb.rowCount-1).Draw(t, "r"), rapid.IntRange(0, tb.colCount-1).Draw(t, "c")
				if v := s.Cell(id, "T", columnName(c)+itoa(r+1)); v == "when" || v == "When" {
					return
				}
				next++
				if err := s.Type(id, "T", columnName(c)+itoa(r+1), rapid.SampledFrom([]string{"", "same", "n" + itoa(next)}).Draw(t, "typed")); err != nil {
					t.Fatal(err)
				}
			},
			"": func(t *rapid.T) {
				tb := s.book(id).tabs[0]
				for i, x := range tb.tables {
					b := x.at.rect(tb)
					if b.r0 < 0 || b.c0 < 0 || b.r1 > tb.rowCount || b.c1 > tb.colCount || b.rows() < 1 || b.cols() < 1 {
						t.Fatalf("table %s is at %v in a grid of %d by %d", x.id, b, tb.rowCount, tb.colCount)
					}
					if len(x.cols) != b.cols() {
						t.Fatalf("table %s has %d columns' properties on %d columns", x.id, len(x.cols), b.cols())
					}
					for _, o := range tb.tables[:i] {
						if o.at.rect(tb).meets(b) {
							t.Fatalf("tables %s and %s overlap: %v, %v", o.id, x.id, o.at.rect(tb), b)
						}
					}
					names := map[string]bool{}
					for c := b.c0; c < b.c1; c++ {
						name := strings.ToLower(tb.headerText(b.r0, c))
						if name == "" || names[name] {
							t.Fatalf("table %s has the name %q in column %d, twice or empty", x.id, name, c)
						}
						names[name] = true
						for r := b.r0 + 1; r < b.r1; r++ {
							v := tb.at(r, c)
							// A column that has left the table has left its type there.
							if v != nil && v.v == textOf("when") && x.cols[c-b.c0].kind != "DATE" && slices.ContainsFunc(x.cols, func(c tableColumn) bool { return c.kind == "DATE" }) {
								t.Fatalf("the values of the DATE column stand under a column of type %q", x.cols[c-b.c0].kind)
							}
						}
					}
				}
			},
		})
	})
}
