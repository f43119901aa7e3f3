package google

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// model is a grid as simple as can be: every cell stands in a full rectangle, nothing is sparse or shared.
type model [][]any

func (m model) blank() []any { return make([]any, len(m[0])) }

// ragged is the model the way Rows gives a tab.
func (m model) ragged() [][]any {
	out := [][]any{}
	full := 0
	for _, r := range m {
		used := 0
		for c, v := range r {
			if v != nil {
				used = c + 1
			}
		}
		out = append(out, r[:used])
		if used > 0 {
			full = len(out)
		}
	}
	return out[:full]
}

func (m model) transposed() model {
	out := make(model, len(m[0]))
	for c := range out {
		out[c] = make([]any, len(m))
		for r := range m {
			out[c][r] = m[r][c]
		}
	}
	return out
}

// Any sequence of inserts, deletes, moves, sorts and writes, through the API and by hand, leaves the grid as the model has
// it; merges and formulas are another test's matter.
func TestGridBehavesAsTheModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := New(Options{})
		id := s.AddSpreadsheet("Book", "T")
		const rows, cols = 6, 5
		send := func(request string, args ...any) {
			t.Helper()
			body := `{"requests":[` + fmt.Sprintf(request, args...) + `]}`
			w := &discard{head: http.Header{}, code: http.StatusOK}
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://sandbox.test/v4/spreadsheets/"+id+":batchUpdate", strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			if s.ServeHTTP(w, r); w.code != http.StatusOK {
				t.Fatalf("%s answered %d", body, w.code)
			}
		}
		send(`{"updateSheetProperties":{"properties":{"gridProperties":{"rowCount":%d,"columnCount":%d}},"fields":"gridProperties(rowCount,columnCount)"}}`, rows, cols)
		m := make(model, rows)
		for r := range m {
			m[r] = make([]any, cols)
		}
		next := 0
		// either draws whether rows or columns are meant, and gives the model turned so that rows are.
		either := func() (dim string, view model, back func(model)) {
			if rapid.Bool().Draw(t, "rows") {
				return "ROWS", m, func(v model) { m = v }
			}
			return "COLUMNS", m.transposed(), func(v model) { m = v.transposed() }
		}
		t.Repeat(map[string]func(*rapid.T){
			"write": func(t *rapid.T) {
				r, c := rapid.IntRange(0, len(m)-1).Draw(t, "r"), rapid.IntRange(0, len(m[0])-1).Draw(t, "c")
				if next++; next%7 == 0 {
					send(`{"updateCells":{"start":{"rowIndex":%d,"columnIndex":%d},"rows":[{"values":[{}]}],"fields":"userEnteredValue"}}`, r, c)
					m[r][c] = nil
					return
				}
				v := fmt.Sprintf("v%03d", next*37%1000)
				send(`{"updateCells":{"start":{"rowIndex":%d,"columnIndex":%d},"rows":[{"values":[{"userEnteredValue":{"stringValue":%q}}]}],"fields":"userEnteredValue"}}`, r, c, v)
				m[r][c] = v
			},
			"insert": func(t *rapid.T) {
				dim, v, back := either()
				at, n := rapid.IntRange(0, len(v)-1).Draw(t, "at"), rapid.IntRange(1, 2).Draw(t, "n")
				send(`{"insertDimension":{"range":{"dimension":%q,"startIndex":%d,"endIndex":%d}}}`, dim, at, at+n)
				for range n {
					v = slices.Insert(v, at, v.blank())
				}
				back(v)
			},
			"delete": func(t *rapid.T) {
				dim, v, back := either()
				if len(v) < 3 {
					t.Skip("too small")
				}
				at := rapid.IntRange(0, len(v)-2).Draw(t, "at")
				send(`{"deleteDimension":{"range":{"dimension":%q,"startIndex":%d,"endIndex":%d}}}`, dim, at, at+1)
				back(slices.Delete(v, at, at+1))
			},
			"move": func(t *rapid.T) {
				dim, v, back := either()
				lo := rapid.IntRange(0, len(v)-1).Draw(t, "lo")
				hi := rapid.IntRange(lo+1, len(v)).Draw(t, "hi")
				dest := rapid.IntRange(0, len(v)).Draw(t, "dest")
				if dest > lo && dest < hi {
					t.Skip("into itself")
				}
				send(`{"moveDimension":{"source":{"dimension":%q,"startIndex":%d,"endIndex":%d},"destinationIndex":%d}}`, dim, lo, hi, dest)
				block := slices.Clone(v[lo:hi])
				v = slices.Delete(slices.Clone(v), lo, hi)
				if dest >= hi {
					dest -= hi - lo
				}
				back(slices.Insert(v, dest, block...))
			},
			"sort": func(t *rapid.T) {
				r0 := rapid.IntRange(0, len(m)-1).Draw(t, "r0")
				r1 := rapid.IntRange(r0+1, len(m)).Draw(t, "r1")
				c0 := rapid.IntRange(0, len(m[0])-1).Draw(t, "c0")
				c1 := rapid.IntRange(c0+1, len(m[0])).Draw(t, "c1")
				by, down := rapid.IntRange(c0, c1-1).Draw(t, "by"), rapid.Bool().Draw(t, "down")
				order := map[bool]string{true: "DESCENDING", false: "ASCENDING"}[down]
				send(`{"sortRange":{"range":{"startRowIndex":%d,"endRowIndex":%d,"startColumnIndex":%d,"endColumnIndex":%d},"sortSpecs":[{"dimensionIndex":%d,"sortOrder":%q}]}}`,
					r0, r1, c0, c1, by, order)
				var part [][]any
				for _, row := range m[r0:r1] {
					part = append(part, slices.Clone(row[c0:c1]))
				}
				slices.SortStableFunc(part, func(x, y []any) int {
					a, b := x[by-c0], y[by-c0]
					switch {
					case a == nil && b == nil:
						return 0
					case a == nil:
						return 1
					case b == nil:
						return -1
					case down:
						return strings.Compare(b.(string), a.(string))
					}
					return strings.Compare(a.(string), b.(string))
				})
				for i, p := range part {
					copy(m[r0+i][c0:c1], p)
				}
			},
			"append": func(t *rapid.T) {
				next++
				v := fmt.Sprintf("v%03d", next*37%1000)
				send(`{"appendCells":{"rows":[{"values":[{"userEnteredValue":{"stringValue":%q}}]}],"fields":"userEnteredValue"}}`, v)
				at := len(m.ragged())
				if at == len(m) {
					m = slices.Insert(m, at, m.blank())
				}
				m[at][0] = v
			},
			"clear a range": func(t *rapid.T) {
				r := rapid.IntRange(0, len(m)-1).Draw(t, "r")
				send(`{"updateCells":{"range":{"startRowIndex":%d,"endRowIndex":%d},"fields":"userEnteredValue"}}`, r, r+1)
				m[r] = m.blank()
			},
			"": func(t *rapid.T) {
				got := s.Rows(id, "T")
				for i, r := range got {
					if r == nil {
						got[i] = []any{}
					}
				}
				if d := cmp.Diff(m.ragged(), got); d != "" {
					t.Fatal(d)
				}
				if tb := s.book(id).tabs[0]; tb.rowCount != len(m) || tb.colCount != len(m[0]) {
					t.Fatalf("the grid is %d by %d, want %d by %d", tb.rowCount, tb.colCount, len(m), len(m[0]))
				}
			},
		})
	})
}

// What is read through the API is a snapshot: edits that go on meanwhile never show half.
func TestReadersNeverSeeHalfAWrite(t *testing.T) {
	t.Parallel()
	s := New(Options{})
	id := s.AddSpreadsheet("Book", "T")
	stop := make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			v := float64(i)
			_ = s.change(id, true, func(w *workbook) error {
				for r := range 20 {
					w.tabs[0].set(r, 0, &cell{v: numberOf(v)})
				}
				return nil
			})
		}
	}()
	for range 200 {
		rows := s.Rows(id, "T")
		for _, r := range rows {
			if r[0] != rows[0][0] {
				t.Errorf("one read saw %v and %v", rows[0][0], r[0])
			}
		}
	}
	close(stop)
	<-done
}
