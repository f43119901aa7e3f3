package google

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// calculator works out what formulas come to. It knows a small part of what Sheets does: operators, references, and the
// functions in functions*.go; a function that it does not know is the error #NAME?, as a misspelt one is in Sheets.
// One is made for each request, so TODAY() is today and nothing is kept past a write.
type calculator struct {
	w    *workbook
	l    locale
	now  time.Time // in the spreadsheet's zone
	done map[spot]result
	busy map[spot]bool
}

type spot struct {
	t    *tab
	r, c int
}

// result is a value with what else a formula gives its cell.
type result struct {
	v       value
	link    string
	numType string // the number format that a function suggests, such as DATE for TODAY()
}

func newCalculator(w *workbook, now time.Time) *calculator {
	zone, err := time.LoadLocation(w.timeZone)
	if err != nil {
		zone = time.UTC
	}
	return &calculator{w: w, l: localeOf(w.locale), now: now.In(zone), done: map[spot]result{}, busy: map[spot]bool{}}
}

// value is what the cell shows, blank where there is none.
func (k *calculator) value(t *tab, r, c int) value { return k.result(t, r, c).v }

func (k *calculator) result(t *tab, r, c int) result {
	x := t.at(r, c)
	if x == nil {
		return result{}
	}
	if x.v.kind != formula {
		return result{v: x.v}
	}
	at := spot{t, r, c}
	if got, ok := k.done[at]; ok {
		return got
	}
	if k.busy[at] || len(k.busy) > 200 {
		return result{v: failureOf("REF", "Circular dependency detected. To resolve with iterative calculation, see File > Settings.")}
	}
	k.busy[at] = true
	got := k.evaluate(t, x.v.str)
	delete(k.busy, at)
	k.done[at] = got
	return got
}

func (k *calculator) evaluate(home *tab, f string) result {
	p := &parser{k: k, home: home, s: strings.TrimPrefix(f, "=")}
	out, ok := p.expression(0)
	p.blanks()
	if !ok || p.i != len(p.s) {
		return result{v: failureOf("ERROR", "Formula parse error.")}
	}
	v := p.single(out)
	if v.kind == blank {
		v = numberOf(0) // a formula that points at an empty cell shows 0
	}
	return result{v: v, link: out.link, numType: out.numType}
}

// operand is what a part of a formula comes to: one value, or the cells of a range.
type operand struct {
	v       value
	cells   []value // for a range, row by row
	isRange bool
	wide    int // how many of them are a row
	link    string
	numType string
}

type parser struct {
	k     *calculator
	home  *tab
	s     string
	i     int
	depth int
}

func (p *parser) blanks() {
	for p.i < len(p.s) && (p.s[p.i] == ' ' || p.s[p.i] == '\n' || p.s[p.i] == '\t') {
		p.i++
	}
}

// operators by how tightly they bind; of two that begin alike the longer comes first.
var operators = []struct {
	sign string
	rank int
}{{"<>", 1}, {"<=", 1}, {">=", 1}, {"=", 1}, {"<", 1}, {">", 1}, {"&", 2}, {"+", 3}, {"-", 3}, {"*", 4}, {"/", 4}, {"^", 5}}

func (p *parser) expression(rank int) (operand, bool) {
	if p.depth++; p.depth > 100 {
		return operand{}, false
	}
	defer func() { p.depth-- }()
	left, ok := p.unary()
	if !ok {
		return operand{}, false
	}
next:
	for {
		p.blanks()
		for _, op := range operators {
			if op.rank <= rank || !strings.HasPrefix(p.s[p.i:], op.sign) {
				continue
			}
			p.i += len(op.sign)
			right, ok := p.expression(op.rank)
			if !ok {
				return operand{}, false
			}
			left = operand{v: p.apply(op.sign, p.single(left), p.single(right)), numType: sumType(op.sign, left.numType, right.numType)}
			continue next
		}
		return left, true
	}
}

// sumType is the number format of a sum or a difference: a date with days added is a date, days between dates are a number.
func sumType(sign, left, right string) string {
	date := func(t string) bool { return t == "DATE" || t == "DATE_TIME" }
	switch {
	case sign != "+" && sign != "-":
	case date(left) && !date(right):
		return left
	case sign == "+" && date(right) && !date(left):
		return right
	}
	return ""
}

func (p *parser) unary() (operand, bool) {
	p.blanks()
	if p.i < len(p.s) && (p.s[p.i] == '-' || p.s[p.i] == '+') {
		sign := p.s[p.i]
		p.i++
		in, ok := p.unary()
		if !ok || sign == '+' {
			return in, ok
		}
		return operand{v: p.apply("-", numberOf(0), p.single(in))}, true
	}
	out, ok := p.atom()
	for ok {
		p.blanks()
		if p.i >= len(p.s) || p.s[p.i] != '%' {
			break
		}
		p.i++
		out = operand{v: p.apply("/", p.single(out), numberOf(100))}
	}
	return out, ok
}

func (p *parser) atom() (operand, bool) {
	p.blanks()
	if p.i >= len(p.s) {
		return operand{}, false
	}
	rest := p.s[p.i:]
	switch c := rest[0]; {
	case c == '(':
		p.i++
		in, ok := p.expression(0)
		p.blanks()
		if !ok || p.i >= len(p.s) || p.s[p.i] != ')' {
			return operand{}, false
		}
		p.i++
		return in, true
	case c == '"':
		var b strings.Builder
		for j := 1; j < len(rest); j++ {
			if rest[j] != '"' {
				b.WriteByte(rest[j])
				continue
			}
			if j+1 < len(rest) && rest[j+1] == '"' {
				b.WriteByte('"')
				j++
				continue
			}
			p.i += j + 1
			return operand{v: textOf(b.String())}, true
		}
		return operand{}, false
	case strings.HasPrefix(rest, "#REF!"):
		p.i += len("#REF!")
		return operand{v: failureOf("REF", "Reference does not exist.")}, true
	}
	if r, n := matchRef(rest); n > 0 {
		p.i += n
		return p.fetch(r), true
	}
	if c := rest[0]; c >= '0' && c <= '9' || c == '.' {
		j := 0
		for j < len(rest) && (rest[j] >= '0' && rest[j] <= '9' || rest[j] == '.') {
			j++
		}
		f, err := strconv.ParseFloat(rest[:j], 64)
		if err != nil {
			return operand{}, false
		}
		p.i += j
		return operand{v: numberOf(f)}, true
	}
	j := 0
	for j < len(rest) && (isWord(rest[j]) || rest[j] == '.') {
		j++
	}
	if j == 0 {
		return operand{}, false
	}
	name := strings.ToUpper(rest[:j])
	p.i += j
	if p.i < len(p.s) && p.s[p.i] == '(' {
		args, ok := p.arguments()
		if !ok {
			return operand{}, false
		}
		return p.call(name, args), true
	}
	switch name {
	case "TRUE", p.k.l.truth:
		return operand{v: boolOf(true)}, true
	case "FALSE", p.k.l.untruth:
		return operand{v: boolOf(false)}, true
	}
	if n := p.k.w.rangeNamed(name); n != nil {
		if t := p.k.w.tabID(n.areas[0].tab); t != nil {
			return p.cells(t, n.areas[0].rect(t)), true
		}
	}
	return operand{v: failureOf("NAME", fmt.Sprintf("Unknown range name: '%s'.", name))}, true
}

// arguments reads "(a, b; c)": which sign parts them depends on the locale in Sheets, here either will do.
func (p *parser) arguments() ([]operand, bool) {
	p.i++
	var out []operand
	p.blanks()
	if p.i < len(p.s) && p.s[p.i] == ')' {
		p.i++
		return nil, true
	}
	for {
		p.blanks()
		if p.i < len(p.s) && strings.IndexByte(",;)", p.s[p.i]) >= 0 {
			out = append(out, operand{}) // left empty
		} else {
			a, ok := p.expression(0)
			if !ok {
				return nil, false
			}
			out = append(out, a)
		}
		p.blanks()
		if p.i >= len(p.s) {
			return nil, false
		}
		c := p.s[p.i]
		p.i++
		switch c {
		case ')':
			return out, true
		case ',', ';':
		default:
			return nil, false
		}
	}
}

// fetch reads the cells of a reference.
func (p *parser) fetch(r ref) operand {
	t := p.home
	if r.prefix != "" {
		if t = p.k.w.tabTitled(r.tab); t == nil {
			return operand{v: failureOf("REF", "Unresolved sheet name '"+r.tab+"'.")}
		}
	}
	if !r.isRange {
		if r.a.row >= t.rowCount || r.a.col >= t.colCount {
			return operand{v: failureOf("REF", "Reference does not exist.")}
		}
		out := operand{v: p.k.value(t, r.a.row, r.a.col)}
		if x := t.at(r.a.row, r.a.col); x != nil && x.f != nil {
			out.numType = x.f.numType
		}
		return out
	}
	b := rect{0, len(t.rows), 0, t.colCount}
	if r.a.row >= 0 {
		b.r0 = r.a.row
	}
	if r.b.row >= 0 {
		b.r1 = min(r.b.row+1, t.rowCount)
	}
	if r.a.col >= 0 {
		b.c0 = r.a.col
	}
	if r.b.col >= 0 {
		b.c1 = min(r.b.col+1, t.colCount)
	}
	return p.cells(t, b)
}

// cells is the values of a block.
func (p *parser) cells(t *tab, b rect) operand {
	out := operand{isRange: true, wide: b.cols()}
	for i := b.r0; i < b.r1; i++ {
		for j := b.c0; j < b.c1; j++ {
			out.cells = append(out.cells, p.k.value(t, i, j))
		}
	}
	return out
}

// single takes one value; of a range that is the first, for want of arrays here.
func (p *parser) single(o operand) value {
	if o.isRange {
		if len(o.cells) == 0 {
			return value{}
		}
		return o.cells[0]
	}
	return o.v
}

// asNumber reads a value as a number; what cannot be one is the error that Sheets shows for it.
func (p *parser) asNumber(v value) (float64, value, bool) {
	switch v.kind {
	case number, boolean:
		return v.num, value{}, true
	case blank:
		return 0, value{}, true
	case failure:
		return 0, v, false
	case text, formula:
		if t := typedText(v.str, p.k.l, false, p.k.now); t.v.kind == number {
			return t.v.num, value{}, true
		}
	}
	return 0, failureOf("VALUE", fmt.Sprintf("Function expects number values. But '%s' is a text and cannot be coerced to a number.", v.str)), false
}

func (p *parser) asText(v value) string { return display(v, nil, p.k.l) }

func (p *parser) apply(op string, a, b value) value {
	for _, v := range []value{a, b} {
		if v.kind == failure {
			return v
		}
	}
	switch op {
	case "&":
		return textOf(p.asText(a) + p.asText(b))
	case "=", "<>", "<", ">", "<=", ">=":
		d := a.compare(b)
		if a.kind == blank || b.kind == blank {
			d = strings.Compare(p.asText(a), p.asText(b))
		} else if a.kind == text && b.kind == text {
			d = strings.Compare(strings.ToLower(a.str), strings.ToLower(b.str))
		}
		return boolOf(map[string]bool{"=": d == 0, "<>": d != 0, "<": d < 0, ">": d > 0, "<=": d <= 0, ">=": d >= 0}[op])
	}
	x, bad, ok := p.asNumber(a)
	if !ok {
		return bad
	}
	y, bad, ok := p.asNumber(b)
	if !ok {
		return bad
	}
	switch op {
	case "+":
		x += y
	case "-":
		x -= y
	case "*":
		x *= y
	case "/":
		if y == 0 {
			return failureOf("DIVIDE_BY_ZERO", "Function DIVIDE parameter 2 cannot be zero.")
		}
		x /= y
	case "^":
		x = math.Pow(x, y)
	}
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return failureOf("NUM", "Result was not a number.")
	}
	return numberOf(x)
}
