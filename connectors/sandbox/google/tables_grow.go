package google

import "slices"

// growTable makes place for n rows behind the last row of the table's body that holds anything, and returns the first of
// them. Empty rows of the body are taken first; further ones come in front of the footer, and what lies below the table
// moves down where it would be in the way.
func (w *workbook) growTable(t *tab, x *table, n int) int {
	body := x.body(t)
	at := body.r0
	for r := min(body.r1, len(t.rows)) - 1; r >= body.r0; r-- {
		if t.filled(rect{r, r + 1, body.c0, body.c1}) {
			at = r + 1
			break
		}
	}
	missing := at + n - body.r1
	if missing <= 0 {
		return at
	}
	switch {
	case x.footer() || t.filled(rect{body.r1, body.r1 + missing, body.c0, body.c1}) || t.taken(x, rect{body.r1, body.r1 + missing, body.c0, body.c1}):
		before := x.at.rows.hi
		if body.r1 < t.rowCount {
			w.insertLanes(t, true, body.r1, missing, true)
		} else {
			t.rowCount += missing
		}
		if x.at.rows.hi == before { // behind the last row: nothing has stretched it
			x.at.rows.hi += missing
		}
	default:
		t.rowCount = max(t.rowCount, body.r1+missing)
		x.at.rows.hi += missing
		for r := body.r1; r < body.r1+missing; r++ {
			t.likeAbove(r, body)
		}
	}
	return at
}

// taken reports whether another table lies in the block.
func (t *tab) taken(x *table, at rect) bool {
	return slices.ContainsFunc(t.tables, func(o *table) bool { return o != x && o.at.rect(t).meets(at) })
}

// likeAbove gives the cells of a row the formats and rules of those above them, where they have none of their own.
func (t *tab) likeAbove(r int, b rect) {
	for c := b.c0; c < b.c1; c++ {
		look := t.at(r-1, c).look()
		if look == nil {
			continue
		}
		old := t.at(r, c)
		if old == nil {
			t.set(r, c, look)
			continue
		}
		y := *old
		if y.f == nil {
			y.f = look.f
		}
		if look.x != nil && (y.x == nil || y.x.rule == nil) {
			x := extras{}
			if y.x != nil {
				x = *y.x
			}
			x.rule = look.x.rule
			y.x = &x
		}
		t.set(r, c, &y)
	}
}

// filled reports whether any cell of the block holds a value.
func (t *tab) filled(b rect) bool {
	for r := max(b.r0, 0); r < min(b.r1, len(t.rows)); r++ {
		if t.rows[r] == nil {
			continue
		}
		for c := max(b.c0, 0); c < min(b.c1, len(t.rows[r].cells)); c++ {
			if x := t.rows[r].cells[c]; x != nil && x.v.kind != blank {
				return true
			}
		}
	}
	return false
}

// reach takes the row right below a table into it when a person types there, as Sheets does.
func (t *tab) reach(r, c int) {
	for _, x := range t.tables {
		b := x.at.rect(t)
		row := rect{r, r + 1, b.c0, b.c1}
		if r != b.r1 || c < b.c0 || c >= b.c1 || x.footer() || t.filled(row) || t.taken(x, row) {
			continue
		}
		x.at.rows.hi++
		t.likeAbove(r, b)
	}
}

// followTables takes the tables along with a shift. A column that comes in between is one without a type.
func (t *tab) followTables(s shift) {
	kept := t.tables[:0]
	for _, x := range t.tables {
		old := x.at
		moved := s.areas([]area{old})
		if len(moved) == 0 {
			continue
		}
		x.at = moved[0]
		if !s.rows {
			cols := make([]tableColumn, x.at.cols.hi-x.at.cols.lo)
			for i, c := range x.cols {
				if to := s.index(old.cols.lo+i) - x.at.cols.lo; to >= 0 && to < len(cols) {
					cols[to] = c
				}
			}
			x.cols = cols
		}
		kept = append(kept, x)
	}
	t.tables = kept
}
