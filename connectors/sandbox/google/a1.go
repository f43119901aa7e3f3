package google

import (
	"regexp"
	"strconv"
	"strings"
)

// rect is a block of cells, half open: rows r0 to r1-1, columns c0 to c1-1, counted from 0.
type rect struct{ r0, r1, c0, c1 int }

func (a rect) rows() int { return a.r1 - a.r0 }
func (a rect) cols() int { return a.c1 - a.c0 }

func (a rect) meets(b rect) bool {
	return a.r0 < b.r1 && b.r0 < a.r1 && a.c0 < b.c1 && b.c0 < a.c1
}

var cellRef = regexp.MustCompile(`^\$?([A-Za-z]{1,3})?\$?([1-9]\d{0,7})?$`)

// corner is one side of a range: a part that is absent is -1.
func corner(s string) (row, col int, ok bool) {
	m := cellRef.FindStringSubmatch(s)
	if len(m) == 0 || m[1] == "" && m[2] == "" {
		return 0, 0, false
	}
	row, col = -1, -1
	if m[1] != "" {
		col = columnNumber(m[1])
	}
	if m[2] != "" {
		n, _ := strconv.Atoi(m[2]) // eight digits at most
		row = n - 1
	}
	return row, col, true
}

// columnNumber is the index of a column by its letters: A is 0, Z 25, AA 26.
func columnNumber(letters string) int {
	n := 0
	for _, r := range strings.ToUpper(letters) {
		n = n*26 + int(r-'A') + 1
	}
	return n - 1
}

// columnName is the letters of the column with the index n.
func columnName(n int) string {
	var b []byte
	for n++; n > 0; n = (n - 1) / 26 {
		b = append([]byte{byte('A' + (n-1)%26)}, b...)
	}
	return string(b)
}

// a1Bounds reads the part of a range after the tab's name. Sides that are left open are filled from the grid.
func a1Bounds(s string, rowCount, colCount int) (rect, bool) {
	from, to, isRange := strings.Cut(s, ":")
	r0, c0, ok := corner(from)
	if !ok {
		return rect{}, false
	}
	if !isRange {
		if r0 < 0 || c0 < 0 {
			return rect{}, false // "A" and "7" alone are no ranges
		}
		return rect{r0, r0 + 1, c0, c0 + 1}, true
	}
	r1, c1, ok := corner(to)
	if !ok {
		return rect{}, false
	}
	out := rect{0, rowCount, 0, colCount}
	switch {
	case r0 >= 0 && r1 >= 0:
		out.r0, out.r1 = min(r0, r1), max(r0, r1)+1
	case r0 >= 0:
		out.r0 = r0
		out.r1 = max(rowCount, r0+1)
	case r1 >= 0:
		out.r1 = r1 + 1
	}
	switch {
	case c0 >= 0 && c1 >= 0:
		out.c0, out.c1 = min(c0, c1), max(c0, c1)+1
	case c0 >= 0:
		out.c0 = c0
		out.c1 = max(colCount, c0+1)
	case c1 >= 0:
		out.c1 = c1 + 1
	}
	return out, true
}

// a1 finds what a range names: a tab, and the block of its cells, which may reach past the grid. A range without a
// tab is on the first one; a bare name is the whole tab.
func (w *workbook) a1(s string) (*tab, rect, error) {
	unreadable := invalid("Unable to parse range: %s", s)
	name, cells, hasCells := splitA1(s)
	if !hasCells {
		if !strings.HasPrefix(strings.TrimSpace(s), "'") && len(w.tabs) > 0 {
			t := w.tabs[0]
			if b, ok := a1Bounds(s, t.rowCount, t.colCount); ok {
				return t, b, nil
			}
		}
		if t := w.tabTitled(name); t != nil {
			return t, rect{0, t.rowCount, 0, t.colCount}, nil
		}
		if n := w.rangeNamed(s); n != nil {
			if t := w.tabID(n.areas[0].tab); t != nil {
				return t, n.areas[0].rect(t), nil
			}
		}
		return nil, rect{}, unreadable
	}
	t := w.tabTitled(name)
	if t == nil {
		return nil, rect{}, unreadable
	}
	b, ok := a1Bounds(cells, t.rowCount, t.colCount)
	if !ok {
		return nil, rect{}, unreadable
	}
	return t, b, nil
}

// splitA1 parts the tab's name from the cells and takes the name out of its quotes.
func splitA1(s string) (name, cells string, hasCells bool) {
	s = strings.TrimSpace(s)
	if strings.HasPrefix(s, "'") {
		var b strings.Builder
		for i := 1; i < len(s); i++ {
			if s[i] != '\'' {
				b.WriteByte(s[i])
				continue
			}
			if i+1 < len(s) && s[i+1] == '\'' {
				b.WriteByte('\'')
				i++
				continue
			}
			rest, ok := strings.CutPrefix(s[i+1:], "!")
			return b.String(), rest, ok
		}
		return s, "", false // the quote never ends
	}
	if i := strings.LastIndexByte(s, '!'); i >= 0 {
		return s[:i], s[i+1:], true
	}
	return s, "", false
}

// tabTitled finds a tab by its title, exactly or else without regard to case, as ranges do. It is nil when there is none.
func (w *workbook) tabTitled(title string) *tab {
	var folded *tab
	for _, t := range w.tabs {
		if t.title == title {
			return t
		}
		if folded == nil && strings.EqualFold(t.title, title) {
			folded = t
		}
	}
	return folded
}

var plainTitle = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// a1Of writes a range the way answers echo it: the title quoted where it must be, one cell as one reference.
func a1Of(title string, b rect) string {
	return quoteTitle(title) + "!" + cellsOf(b)
}

func cellsOf(b rect) string {
	s := columnName(b.c0) + strconv.Itoa(b.r0+1)
	if b.rows() > 1 || b.cols() > 1 {
		s += ":" + columnName(b.c1-1) + strconv.Itoa(b.r1)
	}
	return s
}

func quoteTitle(title string) string {
	if r, c, ok := corner(title); plainTitle.MatchString(title) && (!ok || r < 0 || c < 0) {
		return title // a title such as A1 would read as a cell
	}
	return "'" + strings.ReplaceAll(title, "'", "''") + "'"
}

// clamp cuts a block to the grid, for reading: its end may lie outside, its start may not.
func (t *tab) clamp(b rect) (rect, error) {
	if b.r0 >= t.rowCount || b.c0 >= t.colCount {
		return rect{}, invalid("Range (%s) exceeds grid limits. Max rows: %d, max columns: %d", a1Of(t.title, b), t.rowCount, t.colCount)
	}
	b.r1, b.c1 = min(b.r1, t.rowCount), min(b.c1, t.colCount)
	return b, nil
}
