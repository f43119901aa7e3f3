package google

import (
	"regexp"
	"strconv"
	"strings"
)

// ref is a reference in a formula: a cell, or a range of cells, rows or columns, perhaps on another tab.
type ref struct {
	tab     string // "" is the formula's own
	prefix  string // how the tab was written, with its "!"
	a, b    refCorner
	isRange bool
}

// refCorner is one corner; a part that is absent is -1. The flags say which parts are fixed with a "$".
type refCorner struct {
	row, col       int
	fixRow, fixCol bool
}

// refText finds references. What it finds is checked again: a function name such as LOG10( is not one.
var refText = regexp.MustCompile(`((?:'(?:[^']|'')*'|[\p{L}_][\p{L}\p{N}_.]*)!)?` +
	`(\$?[A-Za-z]{1,3}\$?[0-9]+|\$?[A-Za-z]{1,3}|\$?[0-9]+)` +
	`(?::(\$?[A-Za-z]{1,3}\$?[0-9]+|\$?[A-Za-z]{1,3}|\$?[0-9]+))?`)

var fullCorner = regexp.MustCompile(`^(\$?)([A-Za-z]{1,3})?(\$?)([1-9]\d*)?$`)

func readCorner(s string) (refCorner, bool) {
	m := fullCorner.FindStringSubmatch(s)
	if len(m) == 0 || m[2] == "" && m[4] == "" {
		return refCorner{}, false
	}
	c := refCorner{row: -1, col: -1}
	if m[2] != "" {
		c.col, c.fixCol = columnNumber(m[2]), m[1] != ""
	}
	if m[4] != "" {
		n, err := strconv.Atoi(m[4])
		if err != nil || n > 1<<24 {
			return refCorner{}, false
		}
		c.row, c.fixRow = n-1, m[3] != "" || m[2] == "" && m[1] != ""
	}
	return c, true
}

// matchRef reads a reference at the start of s and says how long it is; 0 when there is none.
func matchRef(s string) (ref, int) {
	m := refText.FindStringSubmatchIndex(s)
	if len(m) == 0 || m[0] != 0 {
		return ref{}, 0
	}
	end := m[1]
	if end < len(s) && (s[end] == '(' || isWord(s[end]) || s[end] == '!') {
		return ref{}, 0
	}
	r := ref{}
	if m[2] >= 0 {
		r.prefix = s[m[2]:m[3]]
		r.tab, _, _ = splitA1(r.prefix)
	}
	var ok bool
	if r.a, ok = readCorner(s[m[4]:m[5]]); !ok {
		return ref{}, 0
	}
	r.b = r.a
	if m[6] >= 0 {
		r.isRange = true
		if r.b, ok = readCorner(s[m[6]:m[7]]); !ok {
			return ref{}, 0
		}
	} else if r.a.row < 0 || r.a.col < 0 {
		return ref{}, 0 // a bare word or number
	}
	return r, end
}

func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

func (c refCorner) String() string {
	var b strings.Builder
	if c.col >= 0 {
		if c.fixCol {
			b.WriteByte('$')
		}
		b.WriteString(columnName(c.col))
	}
	if c.row >= 0 {
		if c.fixRow {
			b.WriteByte('$')
		}
		b.WriteString(strconv.Itoa(c.row + 1))
	}
	return b.String()
}

// mapRefs rewrites every reference of a formula. change returns false for one that leads nowhere any more.
func mapRefs(f string, change func(r *ref) bool) string {
	var b strings.Builder
	for i := 0; i < len(f); {
		if f[i] == '"' {
			j := i + 1
			for j < len(f) && f[j] != '"' {
				j++
			}
			b.WriteString(f[i:min(j+1, len(f))])
			i = j + 1
			continue
		}
		if i > 0 && isWord(f[i-1]) {
			b.WriteByte(f[i])
			i++
			continue
		}
		r, n := matchRef(f[i:])
		if n == 0 {
			if f[i] == '\'' { // a quoted tab name that no reference follows
				b.WriteByte(f[i])
				i++
				continue
			}
			j := i + 1
			if isWord(f[i]) {
				for j < len(f) && isWord(f[j]) {
					j++
				}
			}
			b.WriteString(f[i:j])
			i = j
			continue
		}
		if change(&r) {
			b.WriteString(r.prefix + r.a.String())
			if r.isRange {
				b.WriteString(":" + r.b.String())
			}
		} else {
			b.WriteString("#REF!")
		}
		i += n
	}
	return b.String()
}

// followRefs takes the references to the tab named target along with a shift of its rows or columns.
func followRefs(f, home, target string, s shift) string {
	return mapRefs(f, func(r *ref) bool {
		on := r.tab
		if r.prefix == "" {
			on = home
		}
		if !strings.EqualFold(on, target) {
			return true
		}
		pick := func(c *refCorner) *int {
			if s.rows {
				return &c.row
			}
			return &c.col
		}
		lo, hi := pick(&r.a), pick(&r.b)
		if *lo < 0 || *hi < 0 {
			return true
		}
		if !r.isRange {
			*lo = s.index(*lo)
			return *lo >= 0
		}
		got, ok := s.stretch(span{min(*lo, *hi), max(*lo, *hi) + 1})
		*lo, *hi = got.lo, got.hi-1
		return ok
	})
}

// shiftRefs moves the references that are not fixed with "$", as copying a formula to another cell does.
func shiftRefs(f string, rows, cols int) string {
	return mapRefs(f, func(r *ref) bool {
		for _, c := range []*refCorner{&r.a, &r.b} {
			if c.row >= 0 && !c.fixRow {
				if c.row += rows; c.row < 0 {
					return false
				}
			}
			if c.col >= 0 && !c.fixCol {
				if c.col += cols; c.col < 0 {
					return false
				}
			}
		}
		return true
	})
}

// renameRefs writes another name for a tab into a formula.
func renameRefs(f, from, to string) string {
	return mapRefs(f, func(r *ref) bool {
		if r.prefix != "" && strings.EqualFold(r.tab, from) {
			r.prefix = quoteTitle(to) + "!"
		}
		return true
	})
}
