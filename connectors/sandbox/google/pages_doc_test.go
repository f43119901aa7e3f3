package google

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
)

// A person sees a document and edits its table with the forms of its page alone.
func TestDocumentPage(t *testing.T) {
	t.Parallel()
	s := New(Options{})
	web := httptest.NewServer(s)
	t.Cleanup(web.Close)
	t.Cleanup(s.Close)
	id := s.AddDocument("Plan", "Hello <script>alert(1)</script>")
	if err := s.AddTable(id, "Action tracker", []string{"Action", "Who"}, []string{"Dig a well", "Amina"}); err != nil {
		t.Fatal(err)
	}
	get := func(query string) string {
		t.Helper()
		resp, err := web.Client().Get(web.URL + "/document/d/" + id + "/edit" + query)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("%d, %v", resp.StatusCode, err)
		}
		return string(b)
	}
	post := func(act string, form url.Values) string {
		t.Helper()
		resp, err := web.Client().PostForm(web.URL+"/sandbox/documents/"+id+"/"+act, form)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, _ := io.ReadAll(resp.Body)
		return string(b)
	}
	if page := get(""); strings.Contains(page, "<script>alert") || !strings.Contains(page, "Dig a well") || !strings.Contains(page, `id="table-0"`) {
		t.Errorf("the page shows\n%s", page)
	}
	if page := get(""); strings.Count(page, `<th scope="col">`) != 2 || strings.Count(page, "</th>") != 2 || strings.Contains(page, "&lt;td") {
		t.Errorf("the table's cells are no cells:\n%s", page)
	}
	cell := `{"updateTableCellStyle":{"tableRange":{"tableCellLocation":{"tableStartLocation":{"index":38},"rowIndex":1},"rowSpan":1,"columnSpan":1},` +
		`"tableCellStyle":{"backgroundColor":{"color":{"rgbColor":{"red":1,"green":0.9,"blue":0.6}}}},"fields":"backgroundColor"}}`
	start := s.document(id).grids()[0].start
	words := `{"updateTextStyle":{"range":{"startIndex":1,"endIndex":6},"textStyle":{"backgroundColor":{"color":{"rgbColor":{"red":0.9,"green":0.7,"blue":0.7}}}},"fields":"backgroundColor"}}`
	if err := s.EditDocument(id, false, strings.Replace(cell, "38", strconv.Itoa(start), 1), words); err != nil {
		t.Fatal(err)
	}
	if page := get(""); !strings.Contains(page, `<td bgcolor="#ffe599">`) || !strings.Contains(page, `<mark class="red">Hello</mark>`) {
		t.Errorf("colours are not shown:\n%s", page)
	}
	if page := get("?table=0&row=1&cell=0"); !strings.Contains(page, `aria-label="Action, row 2"`) || !strings.Contains(page, ">Dig a well</textarea>") {
		t.Errorf("a cell that is being edited shows\n%s", page)
	}
	post("cell", url.Values{"table": {"0"}, "row": {"1"}, "cell": {"0"}, "text": {"Dig two wells"}})
	post("add-row", url.Values{"table": {"0"}, "row": {"1"}, "text": {"Lay a pipe", "Joseph"}})
	post("copy-row", url.Values{"table": {"0"}, "row": {"1"}})
	post("delete-row", url.Values{"table": {"0"}, "row": {"1"}})
	got := s.DocumentTable(id, 0)
	if len(got) != 3 || got[1][0] != "Dig two wells" || got[2][1] != "Joseph" {
		t.Errorf("the table is %q", got)
	}
	post("cell", url.Values{"table": {"0"}, "row": {"1"}, "cell": {"1"}, "text": {"Grace"}, "suggest": {"1"}})
	open := s.DocumentSuggestions(id)
	if page := get(""); len(open) != 1 || !strings.Contains(page, "<ins>Grace</ins>") || !strings.Contains(page, "Accept") {
		t.Fatalf("suggested %v; the page shows\n%s", open, page)
	}
	post("accept", url.Values{"suggestion": open})
	if got := s.DocumentTable(id, 0); got[1][1] != "Grace" {
		t.Errorf("after the suggestion was accepted the table is %q", got)
	}
	if page := post("cell", url.Values{"table": {"7"}, "row": {"1"}, "cell": {"1"}, "text": {"x"}}); !strings.Contains(page, "there is no table 7") {
		t.Errorf("a mistake shows\n%s", page)
	}
}
