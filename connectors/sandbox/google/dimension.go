package google

import "slices"

// shift says where every row (or column) of one tab goes when some are inserted, deleted or moved.
type shift struct {
	rows bool
	// index is the new place of what was at i, or -1 when that is gone.
	index func(i int) int
	// stretch is the new bounds of a range [lo, hi), or false when all of it is gone.
	stretch func(s span) (span, bool)
}

// insertLanes puts n empty rows or columns before at. With inheritBefore they take the look of the one before them,
// otherwise that of the one after.
func (w *workbook) insertLanes(t *tab, rows bool, at, n int, inheritBefore bool) {
	like := at
	if inheritBefore {
		like = at - 1
	}
	if rows {
		if at < len(t.rows) {
			fresh := make([]*row, n)
			for i := range fresh {
				fresh[i] = &row{lane: t.rowLane(like), cells: t.looks(like)}
			}
			t.rows = slices.Insert(t.rows, at, fresh...)
		}
		t.rowCount += n
		if at < t.frozenRows {
			t.frozenRows += n
		}
	} else {
		for _, k := range t.rows {
			if k == nil || at >= len(k.cells) {
				continue
			}
			fresh := make([]*cell, n)
			if like >= 0 && like < len(k.cells) && k.cells[like] != nil {
				for i := range fresh {
					fresh[i] = k.cells[like].look()
				}
			}
			k.cells = slices.Insert(k.cells, at, fresh...)
		}
		if at < len(t.cols) {
			fresh := make([]lane, n)
			for i := range fresh {
				fresh[i] = lane{size: t.colLane(max(like, 0)).size}
			}
			t.cols = slices.Insert(t.cols, at, fresh...)
		}
		t.colCount += n
		if at < t.frozenCols {
			t.frozenCols += n
		}
	}
	w.follow(t, shift{
		rows: rows,
		index: func(i int) int {
			if i >= at {
				return i + n
			}
			return i
		},
		stretch: func(s span) (span, bool) {
			if s.lo >= at {
				s.lo += n
			}
			if s.hi > at {
				s.hi += n
			}
			return s, true
		},
	})
}

// looks is what a new row next to row r starts with: the formats and the rules of r's cells, but none of their values.
func (t *tab) looks(r int) []*cell {
	if r < 0 || r >= len(t.rows) || t.rows[r] == nil {
		return nil
	}
	var out []*cell
	for c, x := range t.rows[r].cells {
		if l := x.look(); l != nil {
			for len(out) < c {
				out = append(out, nil)
			}
			out = append(out, l)
		}
	}
	return out
}

func (c *cell) look() *cell {
	if c == nil {
		return nil
	}
	l := &cell{f: c.f}
	if c.x != nil && c.x.rule != nil {
		l.x = &extras{rule: c.x.rule}
	}
	if l.bare() {
		return nil
	}
	return l
}

// deleteLanes takes the rows or columns [lo, hi) out.
func (w *workbook) deleteLanes(t *tab, rows bool, lo, hi int) {
	n := hi - lo
	inFront := func(frozen int) int { return max(0, min(frozen, hi)-lo) }
	if rows {
		if lo < len(t.rows) {
			t.rows = slices.Delete(t.rows, lo, min(hi, len(t.rows)))
		}
		t.rowCount -= n
		t.frozenRows -= inFront(t.frozenRows)
	} else {
		for _, k := range t.rows {
			if k != nil && lo < len(k.cells) {
				k.cells = slices.Delete(k.cells, lo, min(hi, len(k.cells)))
			}
		}
		if lo < len(t.cols) {
			t.cols = slices.Delete(t.cols, lo, min(hi, len(t.cols)))
		}
		t.colCount -= n
		t.frozenCols -= inFront(t.frozenCols)
	}
	edge := func(i int) int {
		switch {
		case i <= lo:
			return i
		case i >= hi:
			return i - n
		}
		return lo
	}
	w.follow(t, shift{
		rows: rows,
		index: func(i int) int {
			if i >= lo && i < hi {
				return -1
			}
			return edge(i)
		},
		stretch: func(s span) (span, bool) {
			out := span{edge(s.lo), edge(s.hi)}
			return out, out.lo < out.hi
		},
	})
}

// moveLanes moves [lo, hi) to before dest, which is counted before the move and lies outside of (lo, hi).
func (w *workbook) moveLanes(t *tab, rows bool, lo, hi, dest int) {
	if dest >= lo && dest <= hi {
		return
	}
	if rows {
		for len(t.rows) < max(hi, dest) {
			t.rows = append(t.rows, nil)
		}
		t.rows = moved(t.rows, lo, hi, dest)
	} else {
		for _, k := range t.rows {
			if k == nil || len(k.cells) <= min(lo, dest) {
				continue
			}
			for len(k.cells) < max(hi, dest) {
				k.cells = append(k.cells, nil)
			}
			k.cells = moved(k.cells, lo, hi, dest)
		}
		for len(t.cols) < max(hi, dest) {
			t.cols = append(t.cols, lane{})
		}
		t.cols = moved(t.cols, lo, hi, dest)
	}
	n := hi - lo
	edge := func(i int) int { return i - max(0, min(i, hi)-lo) }
	index := func(i int) int {
		switch {
		case i >= lo && i < hi && dest > lo:
			return i + dest - hi
		case i >= lo && i < hi:
			return i + dest - lo
		case dest > lo && i >= hi && i < dest:
			return i - n
		case dest < lo && i >= dest && i < lo:
			return i + n
		}
		return i
	}
	w.follow(t, shift{
		rows: rows, index: index,
		stretch: func(s span) (span, bool) {
			switch {
			case s.lo >= lo && s.hi <= hi:
				return span{index(s.lo), index(s.hi-1) + 1}, true // all of it moves
			case lo >= s.lo && hi <= s.hi && dest >= s.lo && dest <= s.hi:
				return s, true // within it things change their order
			}
			// What moves out of a range leaves it, what moves in between its parts belongs to it.
			out, at := span{edge(s.lo), edge(s.hi)}, dest
			if dest > lo {
				at -= n
			}
			if out.lo >= at {
				out.lo += n
			}
			if out.hi > at {
				out.hi += n
			}
			return out, true
		},
	})
}

func moved[T any](xs []T, lo, hi, dest int) []T {
	block := slices.Clone(xs[lo:hi])
	if dest > lo {
		copy(xs[lo:], xs[hi:dest])
		copy(xs[dest-len(block):], block)
	} else {
		copy(xs[dest+len(block):], xs[dest:lo])
		copy(xs[dest:], block)
	}
	return xs
}

// follow takes everything that points into t along with a shift: merges, protections, bands, rules, filters, tables,
// groups, named ranges, comments, metadata, and the references in formulas on every tab.
func (w *workbook) follow(t *tab, s shift) {
	t.merges = s.areas(t.merges)
	for _, list := range []*[]*ranged{&t.protected, &t.bands, &t.rules, &t.views} {
		kept := (*list)[:0]
		for _, x := range *list {
			if x.areas = s.areas(x.areas); len(x.areas) > 0 {
				kept = append(kept, x)
			}
		}
		*list = kept
	}
	t.followTables(s)
	*t.groups(s.rows) = s.groups(*t.groups(s.rows))
	w.named = slices.DeleteFunc(w.named, func(n *ranged) bool {
		if n.areas[0].tab == t.id {
			n.areas = s.areas(n.areas)
		}
		return len(n.areas) == 0
	})
	for _, th := range w.threads {
		if th.at.tab != t.id {
			continue
		}
		if at := s.areas([]area{th.at}); len(at) > 0 {
			th.at = at[0]
		} else {
			th.at.tab = -1
		}
	}
	if t.filter != nil {
		if t.filter.areas = s.areas(t.filter.areas); len(t.filter.areas) == 0 {
			t.filter = nil
		}
	}
	place := "COLUMN"
	if s.rows {
		place = "ROW"
	}
	w.meta = slices.DeleteFunc(w.meta, func(m *metadata) bool {
		if m.tab != t.id || m.place != place {
			return false
		}
		at, ok := s.stretch(m.at)
		m.at = at
		return !ok
	})
	for _, home := range w.tabs {
		for _, k := range home.rows {
			if k == nil {
				continue
			}
			for c, x := range k.cells {
				if x == nil || x.v.kind != formula {
					continue
				}
				if f := followRefs(x.v.str, home.title, t.title, s); f != x.v.str {
					y := *x
					y.v.str = f
					k.cells[c] = &y
				}
			}
		}
	}
}

func (s shift) areas(in []area) []area {
	out := in[:0:0]
	for _, a := range in {
		sp := &a.cols
		if s.rows {
			sp = &a.rows
		}
		open := *sp
		bound := span{max(open.lo, 0), open.hi}
		if bound.hi < 0 {
			bound.hi = 1 << 30
		}
		got, ok := s.stretch(bound)
		if !ok {
			continue
		}
		if open.lo >= 0 {
			sp.lo = got.lo
		}
		if open.hi >= 0 {
			sp.hi = got.hi
		}
		out = append(out, a)
	}
	return out
}

// sortKey is one column to sort by.
type sortKey struct {
	col  int
	desc bool
}

// followSort takes along what goes with sorted rows: the comments on their cells, and, where the sort is over all columns of
// the tab, the metadata of the rows. A sort of some columns moves values past their row's metadata.
func (w *workbook) followSort(t *tab, b rect, to map[int]int) {
	for _, th := range w.threads {
		if at := th.at.rect(t); th.at.tab == t.id && at.c0 >= b.c0 && at.c1 <= b.c1 {
			if r, ok := to[at.r0]; ok {
				th.at.rows = span{r, r + 1}
			}
		}
	}
	if b.c0 > 0 || b.c1 < t.colCount {
		return
	}
	for _, m := range w.meta {
		if m.tab == t.id && m.place == "ROW" {
			if r, ok := to[m.at.lo]; ok {
				m.at = span{r, r + 1}
			}
		}
	}
}

// sortRows puts the rows of a block in order. Only the block's cells move: what lies beside it stays, and so do the
// properties of the rows, hidden or not.
func (w *workbook) sortRows(t *tab, b rect, keys []sortKey, calc *calculator) {
	b.r1 = min(b.r1, max(len(t.rows), b.r0))
	type line struct {
		cells []*cell
		keys  []value
		from  int
	}
	lines := make([]line, 0, b.rows())
	for r := b.r0; r < b.r1; r++ {
		l := line{cells: make([]*cell, b.cols()), from: r}
		for c := b.c0; c < b.c1; c++ {
			l.cells[c-b.c0] = t.at(r, c)
		}
		for _, k := range keys {
			l.keys = append(l.keys, calc.value(t, r, k.col))
		}
		lines = append(lines, l)
	}
	slices.SortStableFunc(lines, func(x, y line) int {
		for i, k := range keys {
			a, c := x.keys[i], y.keys[i]
			if a.kind == blank || c.kind == blank {
				if a.kind != c.kind { // blanks come last either way
					if a.kind == blank {
						return 1
					}
					return -1
				}
				continue
			}
			if d := a.compare(c); d != 0 {
				if k.desc {
					return -d
				}
				return d
			}
		}
		return 0
	})
	to := make(map[int]int, len(lines)) // where each row goes
	for i, l := range lines {
		to[l.from] = b.r0 + i
	}
	w.followSort(t, b, to)
	for i, l := range lines {
		to := b.r0 + i
		for j, x := range l.cells {
			if x != nil && x.v.kind == formula && to != l.from {
				y := *x
				y.v.str = shiftRefs(x.v.str, to-l.from, 0)
				x = &y
			}
			t.set(to, b.c0+j, x)
		}
	}
}
