package memory_test

import (
	"slices"

	"github.com/lockstep-sync/lockstep/connectors"
	"github.com/lockstep-sync/lockstep/connectors/connectortest"
)

var _ connectortest.Viewer = harness{}

func (h harness) Beside(_ connectortest.T, name string) map[string]string {
	out := map[string]string{}
	for column, c := range h.Computed(name) {
		out[column] = readable(c)
	}
	return out
}

// readable is a cell as a person reads it.
func readable(c connectors.Cell) string {
	s := c.Value.Display()
	for i, l := range c.Links {
		if i > 0 {
			s += ", "
		}
		s += l.Text
	}
	return s
}

func (h harness) Page(_ connectortest.T, page string) (rows [][]string, ok bool) {
	p, _, ok := h.Tool.Page(page)
	for _, l := range p.Lines {
		rows = append(rows, []string{readable(l)})
	}
	var header []string
	for _, c := range p.Columns {
		header = append(header, c.Name)
	}
	rows = append(rows, header)
	for _, r := range p.Rows {
		var cells []string
		for _, c := range r.Cells {
			cells = append(cells, readable(c))
		}
		rows = append(rows, cells)
	}
	return rows, ok
}

func (h harness) Scribble(t connectortest.T, page, text string) {
	t.Helper()
	if !h.Tool.Scribble(page, text) {
		t.Fatalf("there is nothing to scribble on in %s", page)
	}
}

func (h harness) WriteBeside(_ connectortest.T, page, text string) { h.Tool.WriteBeside(page, text) }

func (h harness) StandsBeside(_ connectortest.T, page, text string) bool {
	_, beside, _ := h.Tool.Page(page)
	return slices.Contains(beside, text)
}

func (h harness) DeletePage(_ connectortest.T, page string) { h.Tool.DeletePage(page) }

func (h harness) Choose(t connectortest.T, page, key, text string) {
	t.Helper()
	if !h.Tool.Choose(page, key, text) {
		t.Fatalf("there is nothing to choose in row %s of %s", key, page)
	}
}
