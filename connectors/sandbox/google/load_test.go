package google

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/api/sheets/v4"
)

// dataDir is where real data lies: beside the project, not in it.
func dataDir(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return filepath.Join(dir, "..", "shared", "data")
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Skip("the project's root cannot be found")
		}
		dir = up
	}
}

func realRows(t *testing.T) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dataDir(t), "sheets", "3w-activities-fr.jsonl"))
	if err != nil {
		t.Skipf("the real rows are not at hand: %v", err)
	}
	return b
}

func TestRealRowsComeBackAsLoaded(t *testing.T) {
	t.Parallel()
	data := realRows(t)
	b := newBench(t, Options{Locale: "fr_FR"})
	id := b.srv.AddSpreadsheet("3W", "Actions")
	n, err := b.srv.LoadRows(id, "Actions", bytes.NewReader(data))
	b.must(err)
	if n != 500 {
		t.Fatalf("loaded %d rows", n)
	}
	got, err := b.sheets.Spreadsheets.Get(id).IncludeGridData(true).Context(t.Context()).Do()
	b.must(err)
	rows := got.Sheets[0].Data[0].RowData
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, 1<<20)
	cells := 0
	for r := 0; lines.Scan(); r++ {
		var want map[string]any
		if err := json.Unmarshal(lines.Bytes(), &want); err != nil {
			t.Fatal(err)
		}
		for letters, w := range want {
			c := columnNumber(letters)
			var have any
			if r < len(rows) && c < len(rows[r].Values) {
				if v := rows[r].Values[c].EffectiveValue; v != nil {
					switch {
					case v.StringValue != nil:
						have = *v.StringValue
					case v.NumberValue != nil:
						have = *v.NumberValue
					case v.BoolValue != nil:
						have = *v.BoolValue
					}
				}
			}
			if w == "" {
				w = nil
			}
			if have != w {
				t.Fatalf("row %d, column %s: got %#v, want %#v", r+1, letters, have, w)
			}
			cells++
		}
	}
	if cells < 5000 {
		t.Errorf("only %d cells were compared", cells)
	}
	if code, body := b.fetch("/spreadsheets/d/" + id + "/edit"); code != http.StatusOK || !strings.Contains(body, "further rows") {
		t.Errorf("the page answered %d", code)
	}
}

func TestLoadRowsSaysWhichRowIsWrong(t *testing.T) {
	t.Parallel()
	s := New(Options{})
	id := s.AddSpreadsheet("Book", "One")
	for in, want := range map[string]string{
		"{\"A\":\"h\"}\n{\"A\":[1]}": "read row 2, column A: a cell cannot hold a []interface {}",
		"{\"A\":\"h\"}\n{\"1\":2}":   `read row 2: "1" is not a column`,
		"{\"A\":\"h\"}\n{oops":       "read row 2: invalid character 'o' looking for beginning of object key string",
	} {
		if _, err := s.LoadRows(id, "One", strings.NewReader(in)); err == nil || err.Error() != want {
			t.Errorf("%q: got %v, want %s", in, err, want)
		}
	}
	if rows := s.Rows(id, "One"); len(rows) != 0 {
		t.Errorf("half a file was loaded: %v", rows)
	}
	if _, err := s.LoadRows(id, "Two", strings.NewReader("{}")); err == nil {
		t.Error("a tab that is not there was filled")
	}
}

const bigRows, bigCols = 10_000, 15

// bigBatch is a batchUpdate that fills a tab of ten thousand rows, as the wire carries it.
func bigBatch(tb testing.TB) []byte {
	tb.Helper()
	rows := make([]*sheets.RowData, bigRows)
	for r := range rows {
		cells := make([]*sheets.CellData, bigCols)
		for c := range cells {
			if cells[c] = str(fmt.Sprintf("row %d, column %d: é", r, c)); c%3 == 0 {
				cells[c] = num(float64(46000 + r))
				cells[c].UserEnteredFormat = &sheets.CellFormat{NumberFormat: &sheets.NumberFormat{Type: "DATE", Pattern: "dd/mm/yyyy"}}
			}
		}
		rows[r] = rowOf(cells...)
	}
	b, err := json.Marshal(&sheets.BatchUpdateSpreadsheetRequest{Requests: []*sheets.Request{{
		AppendCells: &sheets.AppendCellsRequest{Rows: rows, Fields: "userEnteredValue,userEnteredFormat.numberFormat"},
	}}})
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

type discard struct {
	head http.Header
	code int
	n    int
}

func (d *discard) Header() http.Header         { return d.head }
func (d *discard) WriteHeader(c int)           { d.code = c }
func (d *discard) Write(b []byte) (int, error) { d.n += len(b); return len(b), nil }

const bigMask = "?prettyPrint=false&fields=properties(timeZone,locale),sheets(properties,data(startRow,startColumn," +
	"rowData.values(userEnteredValue,effectiveValue,formattedValue,effectiveFormat.numberFormat,hyperlink)))"

func do(tb testing.TB, s *Server, method, path string, body []byte) int {
	tb.Helper()
	w := &discard{head: http.Header{}, code: http.StatusOK}
	var in io.Reader = http.NoBody
	if body != nil {
		in = bytes.NewReader(body)
	}
	r, err := http.NewRequestWithContext(tb.Context(), method, "http://sandbox.test"+path, in)
	if err != nil {
		tb.Fatal(err)
	}
	s.ServeHTTP(w, r)
	if w.code != http.StatusOK {
		tb.Fatalf("%s answered %d", path, w.code)
	}
	return w.n
}

func TestTenThousandRowsAreQuick(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes seconds")
	}
	s := New(Options{})
	id := s.AddSpreadsheet("Big")
	body := bigBatch(t)
	start := time.Now()
	do(t, s, http.MethodPost, "/v4/spreadsheets/"+id+":batchUpdate", body)
	wrote := time.Since(start)
	start = time.Now()
	n := do(t, s, http.MethodGet, "/v4/spreadsheets/"+id+bigMask, nil)
	read := time.Since(start)
	t.Logf("%d bytes written in %v, %d bytes read in %v", len(body), wrote, n, read)
	if n < bigRows*bigCols*50 {
		t.Errorf("only %d bytes came back", n)
	}
	// Far more than it takes, since the machine may be busy; a loop within a loop would still show.
	if limit := 20 * time.Second; wrote > limit || read > limit {
		t.Errorf("wrote in %v, read in %v", wrote, read)
	}
}

func BenchmarkBatchUpdate10000Rows(b *testing.B) {
	body := bigBatch(b)
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		s := New(Options{})
		do(b, s, http.MethodPost, "/v4/spreadsheets/"+s.AddSpreadsheet("Big")+":batchUpdate", body)
	}
}

func BenchmarkGet10000Rows(b *testing.B) {
	s := New(Options{})
	id := s.AddSpreadsheet("Big")
	do(b, s, http.MethodPost, "/v4/spreadsheets/"+id+":batchUpdate", bigBatch(b))
	for b.Loop() {
		b.SetBytes(int64(do(b, s, http.MethodGet, "/v4/spreadsheets/"+id+bigMask, nil)))
	}
}

func BenchmarkTypeIntoATabOf10000Rows(b *testing.B) {
	s := New(Options{})
	id := s.AddSpreadsheet("Big")
	do(b, s, http.MethodPost, "/v4/spreadsheets/"+id+":batchUpdate", bigBatch(b))
	for b.Loop() {
		if err := s.Type(id, "Sheet1", "B2", "x"); err != nil {
			b.Fatal(err)
		}
	}
}
