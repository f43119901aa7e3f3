package google

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// call works a function out.
func (p *parser) call(name string, args []operand) operand {
	need := func(least, most int) (operand, bool) {
		if len(args) < least || most >= 0 && len(args) > most {
			return operand{v: failureOf("N_A", fmt.Sprintf("Wrong number of arguments to %s. Expected between %d and %d arguments, but got %d arguments.",
				name, least, most, len(args)))}, false
		}
		return operand{}, true
	}
	arg := func(i int) value {
		if i < len(args) {
			return p.single(args[i])
		}
		return value{}
	}
	switch name {
	case "HYPERLINK":
		if bad, ok := need(1, 2); !ok {
			return bad
		}
		url := arg(0)
		if url.kind == failure {
			return operand{v: url}
		}
		show := url
		if len(args) == 2 {
			show = arg(1)
		}
		return operand{v: show, link: p.asText(url)}
	case "SUM", "AVERAGE", "MIN", "MAX", "COUNT", "COUNTA":
		if bad, ok := need(1, -1); !ok {
			return bad
		}
		return operand{v: p.fold(name, args)}
	case "TODAY", "NOW":
		if bad, ok := need(0, 0); !ok {
			return bad
		}
		n := serialOf(p.k.now)
		if name == "TODAY" {
			return operand{v: numberOf(math.Floor(n)), numType: "DATE"}
		}
		return operand{v: numberOf(n), numType: "DATE_TIME"}
	case "DATE":
		if bad, ok := need(3, 3); !ok {
			return bad
		}
		var n [3]int
		for i := range n {
			f, bad, ok := p.asNumber(arg(i))
			if !ok {
				return operand{v: bad}
			}
			n[i] = int(f)
		}
		return operand{v: numberOf(serialOf(time.Date(n[0], time.Month(n[1]), n[2], 0, 0, 0, 0, time.UTC))), numType: "DATE"}
	case "IF":
		if bad, ok := need(2, 3); !ok {
			return bad
		}
		c, bad, ok := p.asNumber(arg(0))
		switch {
		case !ok:
			return operand{v: bad}
		case c != 0:
			return args[1]
		case len(args) == 3:
			return args[2]
		}
		return operand{v: boolOf(false)}
	case "IFERROR":
		if bad, ok := need(1, 2); !ok {
			return bad
		}
		if v := arg(0); v.kind != failure {
			return args[0]
		}
		if len(args) == 1 {
			return operand{v: textOf("")} // nothing, and not the 0 that an empty cell counts for
		}
		return operand{v: arg(1)}
	case "ISBLANK":
		if bad, ok := need(1, 1); !ok {
			return bad
		}
		return operand{v: boolOf(arg(0).kind == blank)}
	case "NA":
		return operand{v: failureOf("N_A", "")}
	case "CONCATENATE", "CONCAT":
		var b strings.Builder
		for _, a := range args {
			for _, v := range p.each(a) {
				if v.kind == failure {
					return operand{v: v}
				}
				b.WriteString(p.asText(v))
			}
		}
		return operand{v: textOf(b.String())}
	case "LEN", "UPPER", "LOWER", "TRIM":
		if bad, ok := need(1, 1); !ok {
			return bad
		}
		if v := arg(0); v.kind == failure {
			return operand{v: v}
		}
		s := p.asText(arg(0))
		switch name {
		case "LEN":
			return operand{v: numberOf(float64(len([]rune(s))))}
		case "UPPER":
			s = strings.ToUpper(s)
		case "LOWER":
			s = strings.ToLower(s)
		case "TRIM":
			s = strings.Join(strings.Fields(s), " ")
		}
		return operand{v: textOf(s)}
	case "ROUND":
		if bad, ok := need(1, 2); !ok {
			return bad
		}
		x, bad, ok := p.asNumber(arg(0))
		if !ok {
			return operand{v: bad}
		}
		places, bad, ok := p.asNumber(arg(1))
		if !ok {
			return operand{v: bad}
		}
		scale := math.Pow10(int(places))
		return operand{v: numberOf(math.Round(x*scale) / scale)}
	}
	if out, ok := p.more(name, args); ok {
		return out
	}
	return operand{v: failureOf("NAME", fmt.Sprintf("Unknown function: '%s'.", name))}
}

func (p *parser) each(o operand) []value {
	if o.isRange {
		return o.cells
	}
	return []value{o.v}
}

// fold works out the functions that take any number of values. In ranges they pass over text; an error anywhere is the
// answer, but to COUNTA and COUNT.
func (p *parser) fold(name string, args []operand) value {
	sum, n, filled := 0.0, 0, 0
	least, most := math.Inf(1), math.Inf(-1)
	for _, a := range args {
		for _, v := range p.each(a) {
			if v.kind != blank {
				filled++
			}
			f, isNumber := v.num, v.kind == number
			if !isNumber && !a.isRange && v.kind != blank {
				got, bad, ok := p.asNumber(v)
				if !ok && name != "COUNTA" && name != "COUNT" {
					return bad
				}
				f, isNumber = got, ok
			}
			if v.kind == failure && name != "COUNTA" && name != "COUNT" {
				return v
			}
			if isNumber {
				sum, least, most = sum+f, min(least, f), max(most, f)
				n++
			}
		}
	}
	switch name {
	case "COUNTA":
		return numberOf(float64(filled))
	case "COUNT":
		return numberOf(float64(n))
	case "SUM":
		return numberOf(sum)
	}
	if n == 0 {
		if name == "AVERAGE" {
			return failureOf("DIVIDE_BY_ZERO", "Evaluation of function AVERAGE caused a divide by zero error.")
		}
		return numberOf(0)
	}
	switch name {
	case "AVERAGE":
		return numberOf(sum / float64(n))
	case "MIN":
		return numberOf(least)
	}
	return numberOf(most)
}
