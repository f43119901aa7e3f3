package gsheets

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/lockstep-sync/lockstep/connectors/connectortest"
)

// The desk's person reads the board as well: see connectortest.Viewer. The hidden first column of a page is only used to find the
// rows that a person sees as the page's.
var _ connectortest.Viewer = (*desk)(nil)

func (d *desk) Beside(t connectortest.T, name string) map[string]string {
	t.Helper()
	header, row := d.row(1), d.row(d.find(t, name))
	out := make(map[string]string)
	for i := firstOwn - 1 + len(d.fields); i < min(len(row), len(header)); i++ {
		if h, _ := header[i].(string); row[i] != nil && h != idHeader && !strings.HasPrefix(h, checkHeader) {
			out[h] = fmt.Sprint(row[i])
		}
	}
	return out
}

// pageRows are the rows of a page that are ours: the kind of each, its key, and its row in the tab, counted from 1.
func (d *desk) pageRows(page string) (rows []struct {
	kind, key string
	at        int
}, width int, choose []int,
) {
	for i, row := range d.srv.Rows(d.id, page) {
		mark := ""
		if len(row) > 0 {
			mark, _ = row[0].(string)
		}
		parts := strings.SplitN(mark, " ", 3)
		if len(parts) < 3 {
			continue
		}
		rows = append(rows, struct {
			kind, key string
			at        int
		}{parts[1], parts[2], i + 1})
		if parts[1] == headRow {
			for k, s := range strings.Fields(parts[2]) {
				n, _ := strconv.Atoi(s)
				if k == 0 {
					width = n
				} else {
					choose = append(choose, n)
				}
			}
		}
	}
	return rows, width, choose
}

func (d *desk) Page(_ connectortest.T, page string) ([][]string, bool) {
	if !slices.Contains(d.srv.Tabs(d.id), page) {
		return nil, false
	}
	rows, width, _ := d.pageRows(page)
	cells := d.srv.Rows(d.id, page)
	var out [][]string
	for _, r := range rows {
		line := make([]string, width)
		for i := range width {
			if row := cells[r.at-1]; i+1 < len(row) && row[i+1] != nil {
				line[i] = fmt.Sprint(row[i+1])
			}
		}
		out = append(out, line)
	}
	return out, true
}

func (d *desk) onPage(t connectortest.T, page string, row, col int, text string) {
	t.Helper()
	if err := d.srv.Put(d.id, page, a1(row, col), text); err != nil {
		t.Fatalf("%v", err)
	}
}

func (d *desk) Scribble(t connectortest.T, page, text string) {
	t.Helper()
	rows, _, _ := d.pageRows(page)
	for _, r := range rows {
		if r.kind == bodyRow {
			d.onPage(t, page, r.at, 2, text)
			return
		}
	}
	t.Fatalf("the page %s has no rows", page)
}

func (d *desk) WriteBeside(t connectortest.T, page, text string) {
	t.Helper()
	d.onPage(t, page, 4, 12, text)
}

func (d *desk) StandsBeside(_ connectortest.T, page, text string) bool {
	return slices.ContainsFunc(d.srv.Rows(d.id, page), func(row []any) bool { return slices.Contains(row, any(text)) })
}

func (d *desk) DeletePage(t connectortest.T, page string) {
	t.Helper()
	if err := d.srv.DeleteTab(d.id, page); err != nil {
		t.Fatalf("%v", err)
	}
}

func (d *desk) Choose(t connectortest.T, page, key, text string) {
	t.Helper()
	rows, _, choose := d.pageRows(page)
	for _, r := range rows {
		if r.kind == bodyRow && r.key == key {
			d.onPage(t, page, r.at, choose[0]+2, text)
			return
		}
	}
	t.Fatalf("the page %s has no row %s", page, key)
}
