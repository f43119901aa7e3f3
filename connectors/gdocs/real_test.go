package gdocs

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"google.golang.org/api/docs/v1"
)

// realDocuments are answers of the real service. They lie beside the project.
func realDocuments(t *testing.T) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob("../../../shared/data/google/doc-*.json.gz")
	if err != nil || len(paths) == 0 {
		t.Skipf("the real documents are not at hand (%v)", err)
	}
	out := map[string][]byte{}
	for _, path := range paths {
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		z, err := gzip.NewReader(f)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(z)
		if err != nil {
			t.Fatal(err)
		}
		_ = f.Close()
		out[strings.TrimSuffix(filepath.Base(path), ".json.gz")] = b
	}
	return out
}

// Each table of real documents is found by its headers and read as a source; each of its cells is edited by the connector's own
// arithmetic; and every other cell, and the text around, is what it was.
func TestTablesOfRealDocuments(t *testing.T) {
	t.Parallel()
	tables, edited, left := 0, 0, 0
	for name, raw := range realDocuments(t) {
		p := newPlan(t)
		id, err := p.srv.LoadDocument(bytes.NewReader(raw))
		p.must(err)
		p.id = id
		for n, g := range p.read().grids {
			header := p.read().texts(&g.rows[0])
			title := -1
			for i, h := range header {
				if h != "" && strings.Count(strings.Join(header, "\x00"), h) == 1 && title < 0 {
					title = i
				}
			}
			if title >= 0 && len(g.rows) > 1 {
				p.cfg = Config{Document: id, Table: g.caption, Columns: map[string]string{"title": header[title]}}
				if snap, err := p.connect().Pull(t.Context(), ""); err == nil {
					tables++
					if len(snap.Records) == 0 && strings.TrimSpace(fmt.Sprint(p.srv.DocumentTable(id, n)[1:])) != "[]" {
						t.Logf("%s, table %d under %q: nothing is in the column %q", name, n, g.caption, header[title])
					}
				} else {
					t.Logf("%s, table %d: %v", name, n, err)
				}
			}
			e, l := p.editCells(n, name)
			edited, left = edited+e, left+l
		}
	}
	t.Logf("%d tables were read as sources; %d cells were edited, %d were left alone", tables, edited, left)
	if edited == 0 || tables == 0 {
		t.Error("no table was read, or no cell edited")
	}
}

// read reads the document as the connector does.
func (p *actionPlan) read() *paper {
	p.t.Helper()
	d, err := p.svc.Documents.Get(p.id).IncludeTabsContent(true).SuggestionsViewMode(inlineView).Fields(wanted()).Context(p.t.Context()).Do()
	p.must(err)
	return readPaper(d)
}

// editCells writes another text into each cell of a table, in one batch, from the end backwards.
func (p *actionPlan) editCells(n int, name string) (edited, left int) {
	p.t.Helper()
	paper := p.read()
	g := paper.grids[n]
	tb := &table{paper: paper, grid: g, reader: &reader{}, covers: g.covered()}
	want := map[[2]int]string{}
	others := p.others(n)
	var requests []*docs.Request
	grows := int64(0)
	for r := range slices.Backward(g.rows) {
		for k := range slices.Backward(g.rows[r].cells) {
			cl := &g.rows[r].cells[k]
			want[[2]int{r, k}] = paper.read(cl)
			if tb.untouchable(cl, false) != nil {
				left++
				continue
			}
			text := fmt.Sprintf("%s 😀\nof %d.%d", paper.read(cl), r, k)
			if (r+k)%3 == 0 {
				text = "instead"
			}
			want[[2]int{r, k}] = text
			e := tb.rewrite(cl, text)
			requests, grows, edited = append(requests, e.requests...), grows+e.delta, edited+1
		}
	}
	batch, err := json.Marshal(&docs.BatchUpdateDocumentRequest{Requests: requests})
	p.must(err)
	var in struct{ Requests []json.RawMessage }
	p.must(json.Unmarshal(batch, &in))
	list := make([]string, len(in.Requests))
	for i, x := range in.Requests {
		list[i] = string(x)
	}
	if err := p.srv.EditDocument(p.id, false, list...); err != nil {
		p.t.Errorf("%s, table %d: %v", name, n, err)
		return edited, left
	}
	now := p.read()
	for at, text := range want {
		if got := now.read(&now.grids[n].rows[at[0]].cells[at[1]]); got != text {
			p.t.Errorf("%s, table %d, cell %v shows %q, want %q", name, n, at, got, text)
		}
	}
	last := len(g.rows) - 1
	if got := now.grids[n].rows[last].end - g.rows[last].end; got != grows {
		p.t.Errorf("%s, table %d grew by %d, and was to by %d", name, n, got, grows)
	}
	if p.others(n) != others {
		p.t.Errorf("%s, table %d: another table changed", name, n)
	}
	return edited, left
}

// others is the text of all tables but for one.
func (p *actionPlan) others(n int) string {
	var b strings.Builder
	for i := 0; ; i++ {
		rows := p.srv.DocumentTable(p.id, i)
		if rows == nil {
			return b.String()
		}
		if i != n {
			fmt.Fprintf(&b, "%d %q\n", i, rows)
		}
	}
}

// A document of 500 pages is read in one request, of which the field mask leaves a part.
func BenchmarkPullOf500Pages(b *testing.B) {
	p := newPlan(b)
	var paras []string
	for i := range 12500 {
		paras = append(paras, fmt.Sprintf("Paragraph %d of many, with about as many words as a line of a page has, so that a page holds 25 of them.", i))
	}
	p.id = p.srv.AddDocument("Long", paras...)
	var rows [][]string
	for i := range 500 {
		rows = append(rows, []string{fmt.Sprintf("Action %d", i), "Amina", "2026-05-04", "Doing", "as agreed"})
	}
	p.must(p.srv.AddTable(p.id, "Action tracker", append([][]string{header}, rows...)...))
	p.cfg.Document = p.id
	c := p.connect()
	b.ResetTimer()
	for b.Loop() {
		if got := len(p.pull(c).Records); got != 500 {
			b.Fatalf("%d rows", got)
		}
	}
}
