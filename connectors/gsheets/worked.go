package gsheets

import (
	"cmp"
	"slices"
	"strings"

	"github.com/lockstep-sync/lockstep/connectors"
	"github.com/lockstep-sync/lockstep/connectors/cells"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// checkHeader heads the hidden column that says, for each row, what Lockstep wrote into the worked columns: a hash of what the cells
// show and one of where they lead. By it any process can tell what a person typed over, and whether a link is still the right one,
// wherever the row was moved to. Its header also lists the worked columns: only a column that stands in the list is ours to write to.
const checkHeader = "Lockstep check"

// worked says where the columns are that Lockstep works out, in one read of the tab.
type worked struct {
	check int            // -1 where there is none yet
	cols  []workedAt     // sorted by header, so that columns may be moved
	twice map[string]int // listed headers that more than one column has: nothing is written there
}

type workedAt struct {
	header string
	at     int
}

// findWorked finds the listed columns. One that a field, or the ids, have is theirs.
func findWorked(header []string, taken func(col int) bool) worked {
	w := worked{check: -1}
	checks := cells.Headed(header, checkHeader)
	if len(checks) == 0 || taken(checks[0]) {
		return w
	}
	w.check = checks[0]
	for _, name := range columnLines(header[w.check]) {
		found := slices.DeleteFunc(cells.Exactly(header, cells.FoldHeader(name)), func(col int) bool { return taken(col) || col == w.check })
		switch {
		case len(found) == 1:
			w = w.with(name, found[0])
		case len(found) > 1:
			if w.twice == nil {
				w.twice = make(map[string]int)
			}
			w.twice[name] = len(found)
		}
	}
	return w
}

// with is the same with one column more.
func (w worked) with(header string, at int) worked {
	i, _ := slices.BinarySearchFunc(w.cols, header, func(c workedAt, h string) int { return cmp.Compare(c.header, h) })
	w.cols = slices.Insert(slices.Clone(w.cols), i, workedAt{header, at})
	return w
}

// column is the column of that name of the board; -1 where there is none to write to.
func (w worked) column(name string) int {
	for _, c := range w.cols {
		if isOurs(c.header, name) {
			return c.at
		}
	}
	return -1
}

// has reports that the board's column is there, be it once or more often.
func (w worked) has(name string) bool {
	for header := range w.twice {
		if isOurs(header, name) {
			return true
		}
	}
	return w.column(name) >= 0
}

// owns reports that a column is one of ours.
func (w worked) owns(col int) bool {
	return col >= 0 && (col == w.check || slices.ContainsFunc(w.cols, func(c workedAt) bool { return c.at == col }))
}

// heads reports that a header stands over one of our columns.
func (w worked) heads(header string) bool {
	h := cells.FoldHeader(header)
	return h != "" && (w.check >= 0 && strings.HasPrefix(h, cells.FoldHeader(checkHeader)) ||
		slices.ContainsFunc(w.cols, func(c workedAt) bool { return cells.FoldHeader(c.header) == h }))
}

// header is the text over the check column.
func (w worked) header() string {
	lines := []string{checkHeader}
	for _, c := range w.cols {
		lines = append(lines, c.header)
	}
	return strings.Join(append(lines, sortedKeys(w.twice)...), "\n")
}

func sortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// says is a hash of what the worked cells of a row show; "" where they are all empty.
func (w worked) says(t *table, at int) string {
	var d digest
	for _, c := range w.cols {
		d.add(c.header, t.at(at, c.at).gist())
	}
	return d.sum()
}

// checked are the two hashes that stand in a row's check cell: of what the cells were to show, and of where they lead.
func (w worked) checked(t *table, at int) (says, leads string) {
	if w.check < 0 {
		return "", ""
	}
	says, leads, _ = strings.Cut(strings.TrimSpace(t.at(at, w.check).raw()), ".")
	return says, leads
}

// typedOver reports that a person typed something into the worked cells of a row.
func (w worked) typedOver(t *table, at int) bool {
	now := w.says(t, at)
	was, _ := w.checked(t, at)
	return now != "" && now != was
}

// state is what a row's worked cells and check cell hold, in short.
func (w worked) state(t *table, at int) string {
	s := w.says(t, at)
	if w.check >= 0 {
		if c := t.at(at, w.check); !c.blank() {
			s += " " + c.raw()
		}
	}
	return s
}

// overtyped are the texts that people typed into the worked cells of the rows. The next write puts ours back: here they are handed
// on, so that they are kept. Want is what Lockstep showed last, as far as this process knows: a cell that still says it is left out.
func (c *Connector) overtyped(t *table) []task.Overtyped {
	var out []task.Overtyped
	for _, r := range t.items {
		if len(t.copies[r.key]) > 0 || !t.worked.typedOver(t, r.at) {
			continue
		}
		for _, w := range t.worked.cols {
			cell := t.at(r.at, w.at)
			if cell.gist() == "" || c.board.showed(r.id, w.header, cell.gist()) {
				continue
			}
			out = append(out, task.Overtyped{Task: r.id, Key: r.key, Name: "row " + rowNumber(r.at), Column: w.header, Text: cell.raw()})
		}
	}
	return out
}

// boardView is the board as the sheet is to show it.
type boardView struct {
	columns []connectors.BoardColumn
	rows    map[task.ID][]shownCell // one for each of columns
	order   []task.ID               // the keys of rows, sorted
	pages   []*pageView
}

func view(b connectors.Board, now string) *boardView {
	v := &boardView{columns: b.Columns, rows: make(map[task.ID][]shownCell, len(b.Rows))}
	for id, cells := range b.Rows {
		row := make([]shownCell, len(b.Columns))
		for i := range row {
			if i < len(cells) {
				row[i] = show(cells[i], now)
			}
		}
		v.rows[id] = row
		v.order = append(v.order, id)
	}
	slices.Sort(v.order)
	for _, p := range b.Pages {
		v.pages = append(v.pages, newPageView(p, now))
	}
	return v
}

// boardCell is a worked cell that is to be written.
type boardCell struct {
	row, col int
	data     shownCell
}

// rowCells are the cells of a row that are not as they should be, at the columns of w. Of a row that is new, at is -1.
func (v *boardView) rowCells(t *table, at int, w worked, id task.ID) []boardCell {
	want, ok := v.rows[id]
	if !ok || w.check < 0 {
		return nil
	}
	now := func(col int) string {
		if at < 0 || col >= t.cols {
			return "" // a row, or a column, that is yet to be made
		}
		return t.at(at, col).gist()
	}
	by := make(map[int]shownCell, len(want))
	for i, b := range v.columns {
		if col := w.column(b.Name); col >= 0 {
			by[col] = want[i]
		}
	}
	var says, leads digest
	for _, c := range w.cols {
		if s, ours := by[c.at]; ours {
			says.add(c.header, s.gist)
			leads.add(c.header, s.beyond)
		} else {
			says.add(c.header, now(c.at)) // of a board of before: it stays as it is
		}
	}
	check := says.sum()
	if l := leads.sum(); l != "" {
		check += "." + l
	}
	_, led := t.worked.checked(t, at)
	var out []boardCell
	for _, c := range w.cols {
		s, ours := by[c.at]
		if ours && (s.gist != now(c.at) || led != leads.sum() && s.gist != "") {
			out = append(out, boardCell{at, c.at, s})
		}
	}
	if c := showText(check); c.gist != now(w.check) {
		out = append(out, boardCell{at, w.check, c})
	}
	return out
}
