package gdocs

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/lockstep-sync/lockstep/sync/task"
)

// table is one read of the table, understood.
type table struct {
	*paper
	*grid
	layout
	reader *reader
	items  []item
	byKey  map[string]int    // finds a row by its lasting or provisional key
	stale  bool              // something was written since
	covers map[[2]int][2]int // of each cell that a merged one covers: which
}

// item is one row that stands for a task.
type item struct {
	at  int // index of the row
	key string
	id  task.ID // "" where it has no mark
}

// understand reads rows out of the table.
func (c *Connector) understand(p *paper, g *grid, l layout) *table {
	t := &table{paper: p, grid: g, layout: l, byKey: map[string]int{}, covers: g.covered()}
	t.reader = c.readerOf(t)
	marked := c.marksIn(t)
	equal := map[string]int{}
	for at := l.header + 1; at < len(g.rows); at++ {
		if !p.live(g.rows[at].ins, g.rows[at].del) {
			continue // others suggest it; it is not there yet
		}
		x := item{at: at, id: marked[at], key: string(marked[at])}
		if x.id == "" {
			if !t.typedIn(at) {
				continue
			}
			x.key = t.contentKey(at)
			equal[x.key]++
			x.key += "." + strconv.Itoa(equal[x.key])
		}
		t.byKey[x.key] = at
		t.items = append(t.items, x)
	}
	return t
}

// covered finds the cells that a merged cell covers.
func (g *grid) covered() map[[2]int][2]int {
	out := map[[2]int][2]int{}
	for r := range g.rows {
		for k := range g.rows[r].cells {
			c := &g.rows[r].cells[k]
			for dr := range c.rows {
				for dk := range c.cols {
					if _, done := out[[2]int{r, k}]; (dr > 0 || dk > 0) && !done {
						out[[2]int{r + dr, k + dk}] = [2]int{r, k}
					}
				}
			}
		}
	}
	return out
}

// cell is the cell of a field in a row, nil where the row has none. A covered cell is the one that covers it, and shared is
// true.
func (t *table) cell(at int, f task.Field) (c *cell, shared bool) {
	k := t.column[f]
	if k < 0 || k >= len(t.rows[at].cells) {
		return nil, false
	}
	if by, ok := t.covers[[2]int{at, k}]; ok {
		if by[0] <= t.header {
			return nil, true
		}
		return &t.rows[by[0]].cells[by[1]], true
	}
	c = &t.rows[at].cells[k]
	return c, c.rows > 1
}

// typedIn reports that a person put something into a mapped cell of the row.
func (t *table) typedIn(at int) bool {
	for f := range t.column {
		if c, shared := t.cell(at, task.Field(f)); c != nil && !shared && strings.TrimSpace(t.read(c)) != "" {
			return true
		}
	}
	return false
}

// contentKey names a row without a mark by what is in its mapped columns.
func (t *table) contentKey(at int) string {
	h := sha256.New()
	for f := range t.column {
		if c, _ := t.cell(at, task.Field(f)); c != nil {
			if s := task.TextValue(t.read(c)).String(); s != "" {
				_, _ = io.WriteString(h, strconv.Itoa(f)+"\x1f"+s+"\x1e") // writing into a hash cannot go wrong
			}
		}
	}
	return "~" + hex.EncodeToString(h.Sum(nil)[:8])
}

// record is a row as the engine knows it.
func (c *Connector) record(t *table, x item) task.Record {
	r := task.Record{
		Ref: task.Ref{Source: c.o.Source, Key: x.key}, Marker: x.id, Name: rowName(t, x.at), URL: c.address(t.tab),
	}
	for _, f := range c.cfg.fields() {
		if t.column[f] < 0 {
			continue
		}
		v, problem := t.value(f, x.at)
		r.Values[f] = v
		if problem != nil {
			r.Note(f, problem.Reason, fmt.Sprintf("row %d of the table, %s", x.at+1, problem.Hint))
		}
	}
	return r
}

// rowName is what people call a row: it has no number that they see.
func rowName(t *table, at int) string {
	if c, _ := t.cell(at, task.Title); c != nil {
		if s := strings.Join(strings.Fields(t.read(c)), " "); s != "" {
			if r := []rune(s); len(r) > 40 {
				s = string(r[:40]) + "…"
			}
			return "“" + s + "”"
		}
	}
	return "row " + strconv.Itoa(at+1)
}

// records are all rows that stand for a task, and the holds of columns that are gone.
func (c *Connector) records(t *table) ([]task.Record, []task.Hold) {
	out := make([]task.Record, 0, len(t.items))
	holds := c.drift(t.paper, t.grid, t.layout)
	for _, x := range t.items {
		out = append(out, c.record(t, x))
	}
	return out, holds
}
