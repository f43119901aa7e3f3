package google

import (
	"math"
	"regexp"
	"strings"
	"time"
)

// more works out the functions of logic, dates and text; ok is false when the name is none of them.
func (p *parser) more(name string, args []operand) (out operand, ok bool) {
	if f := p.logic(name, args); f != nil {
		return *f, true
	}
	n, takes := moreArguments[name]
	if !takes {
		return operand{}, false
	}
	if len(args) < n[0] || len(args) > n[1] {
		return operand{v: failureOf("N_A", "Wrong number of arguments to "+name+".")}, true
	}
	vs := make([]value, len(args))
	for i, a := range args {
		if vs[i] = p.single(a); vs[i].kind == failure && !strings.HasPrefix(name, "IS") {
			return operand{v: vs[i]}, true
		}
	}
	switch name {
	case "YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "WEEKDAY", "DAYS", "DATEVALUE", "EDATE":
		return p.dates(name, vs), true
	case "ABS", "INT", "MOD", "ROUNDUP", "ROUNDDOWN":
		return operand{v: p.numbers(name, vs)}, true
	}
	return operand{v: p.texts(name, vs)}, true
}

// moreArguments says how many arguments the functions take, at least and at most.
var moreArguments = map[string][2]int{
	"YEAR": {1, 1}, "MONTH": {1, 1}, "DAY": {1, 1}, "HOUR": {1, 1}, "MINUTE": {1, 1}, "WEEKDAY": {1, 1}, "DAYS": {2, 2},
	"DATEVALUE": {1, 1}, "EDATE": {2, 2}, "ABS": {1, 1}, "INT": {1, 1}, "MOD": {2, 2}, "ROUNDUP": {1, 2}, "ROUNDDOWN": {1, 2},
	"TEXT": {2, 2}, "TO_TEXT": {1, 1}, "VALUE": {1, 1}, "LEFT": {1, 2}, "RIGHT": {1, 2}, "MID": {3, 3}, "SUBSTITUTE": {3, 3},
	"SEARCH": {2, 2}, "FIND": {2, 2}, "REGEXMATCH": {2, 2}, "ISNUMBER": {1, 1}, "ISTEXT": {1, 1}, "ISERROR": {1, 1}, "ISNA": {1, 1},
}

// logic works out the functions whose arguments stand for more than one value each; nil is none of them.
func (p *parser) logic(name string, args []operand) *operand {
	give := func(v value) *operand { return &operand{v: v} }
	switch name {
	case "AND", "OR":
		every, some := true, false
		for _, a := range args {
			for _, v := range p.each(a) {
				if v.kind == blank || v.kind == text && a.isRange {
					continue
				}
				f, bad, ok := p.asNumber(v)
				if !ok {
					return give(bad)
				}
				every, some = every && f != 0, some || f != 0
			}
		}
		return give(boolOf(name == "AND" && every || name == "OR" && some))
	case "NOT":
		if len(args) != 1 {
			return give(failureOf("N_A", "Wrong number of arguments to NOT."))
		}
		f, bad, ok := p.asNumber(p.single(args[0]))
		if !ok {
			return give(bad)
		}
		return give(boolOf(f == 0))
	case "IFS":
		for i := 0; i+1 < len(args); i += 2 {
			f, bad, ok := p.asNumber(p.single(args[i]))
			if !ok {
				return give(bad)
			}
			if f != 0 {
				return &args[i+1]
			}
		}
		return give(failureOf("N_A", "No match."))
	case "IFNA":
		if len(args) == 0 || len(args) > 2 {
			return give(failureOf("N_A", "Wrong number of arguments to IFNA."))
		}
		if v := p.single(args[0]); v.kind != failure || v.str != "N_A" {
			return &args[0]
		}
		if len(args) == 1 {
			return give(value{})
		}
		return &args[1]
	case "COUNTIF", "COUNTIFS", "SUMIF", "COUNTBLANK":
		return give(p.countIf(name, args))
	case "TEXTJOIN":
		if len(args) < 3 {
			return give(failureOf("N_A", "Wrong number of arguments to TEXTJOIN."))
		}
		var parts []string
		for _, a := range args[2:] {
			for _, v := range p.each(a) {
				if s := p.asText(v); s != "" || p.single(args[1]).num == 0 {
					parts = append(parts, s)
				}
			}
		}
		return give(textOf(strings.Join(parts, p.asText(p.single(args[0])))))
	}
	return nil
}

// countIf counts, or adds up, where criteria such as "Open", ">=3" or "*pump*" hold.
func (p *parser) countIf(name string, args []operand) value {
	switch {
	case name == "COUNTBLANK" && len(args) == 1:
		n := 0
		for _, v := range p.each(args[0]) {
			if v.kind == blank {
				n++
			}
		}
		return numberOf(float64(n))
	case len(args) < 2, name == "COUNTIF" && len(args) != 2, name == "SUMIF" && len(args) > 3, name == "COUNTIFS" && len(args)%2 != 0:
		return failureOf("N_A", "Wrong number of arguments to "+name+".")
	}
	add := args[0]
	pairs := args
	if name == "SUMIF" {
		if pairs = args[:2]; len(args) == 3 {
			add = args[2]
		}
	}
	sum, n := 0.0, 0
	for i := range p.each(args[0]) {
		met := true
		for j := 0; met && j < len(pairs); j += 2 {
			vs := p.each(pairs[j])
			met = i < len(vs) && p.meets(vs[i], p.single(pairs[j+1]))
		}
		if !met {
			continue
		}
		n++
		if vs := p.each(add); i < len(vs) && vs[i].kind == number {
			sum += vs[i].num
		}
	}
	if name == "SUMIF" {
		return numberOf(sum)
	}
	return numberOf(float64(n))
}

// meets holds a value against one criterion.
func (p *parser) meets(v, criterion value) bool {
	if criterion.kind != text {
		return v.kind != blank && p.apply("=", v, criterion).num != 0
	}
	op, rest := "=", criterion.str
	for _, sign := range []string{"<>", "<=", ">=", "=", "<", ">"} {
		if r, ok := strings.CutPrefix(rest, sign); ok {
			op, rest = sign, r
			break
		}
	}
	want := typedText(rest, p.k.l, false, p.k.now).v
	if want.kind == text && (op == "=" || op == "<>") {
		pattern := regexp.QuoteMeta(rest)
		pattern = strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(pattern)
		re, err := regexp.Compile("(?is)^" + pattern + "$")
		return err == nil && (v.kind != blank || op == "<>") && re.MatchString(p.asText(v)) == (op == "=")
	}
	if op != "<>" && v.kind != want.kind {
		return false
	}
	return p.apply(op, v, want).num != 0
}

func (p *parser) dates(name string, vs []value) operand {
	n, bad, ok := p.asNumber(vs[0])
	if !ok {
		return operand{v: bad}
	}
	t := fromSerial(n)
	switch name {
	case "YEAR":
		return operand{v: numberOf(float64(t.Year()))}
	case "MONTH":
		return operand{v: numberOf(float64(t.Month()))}
	case "DAY":
		return operand{v: numberOf(float64(t.Day()))}
	case "HOUR":
		return operand{v: numberOf(float64(t.Hour()))}
	case "MINUTE":
		return operand{v: numberOf(float64(t.Minute()))}
	case "WEEKDAY":
		return operand{v: numberOf(float64(t.Weekday()) + 1)}
	case "DATEVALUE":
		return operand{v: numberOf(math.Floor(n))}
	}
	m, bad, ok := p.asNumber(vs[1])
	if !ok {
		return operand{v: bad}
	}
	if name == "DAYS" {
		return operand{v: numberOf(math.Floor(n) - math.Floor(m))}
	}
	first := time.Date(t.Year(), t.Month()+time.Month(int(m)), 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return operand{v: numberOf(serialOf(first.AddDate(0, 0, min(t.Day(), last)-1))), numType: "DATE"}
}

func (p *parser) numbers(name string, vs []value) value {
	x, bad, ok := p.asNumber(vs[0])
	if !ok {
		return bad
	}
	y := 0.0
	if len(vs) > 1 {
		if y, bad, ok = p.asNumber(vs[1]); !ok {
			return bad
		}
	}
	switch name {
	case "ABS":
		return numberOf(math.Abs(x))
	case "INT":
		return numberOf(math.Floor(x))
	case "MOD":
		if y == 0 {
			return failureOf("DIVIDE_BY_ZERO", "Function MOD parameter 2 cannot be zero.")
		}
		return numberOf(x - y*math.Floor(x/y))
	}
	scale := math.Pow10(int(y))
	away := math.Ceil(math.Abs(x) * scale)
	if name == "ROUNDDOWN" {
		away = math.Floor(math.Abs(x) * scale)
	}
	return numberOf(math.Copysign(away/scale, x))
}

func (p *parser) texts(name string, vs []value) value {
	s := p.asText(vs[0])
	rs := []rune(s)
	at := func(i, otherwise int) int {
		if i >= len(vs) {
			return otherwise
		}
		f, _, _ := p.asNumber(vs[i])
		return max(int(f), 0)
	}
	switch name {
	case "ISNUMBER":
		return boolOf(vs[0].kind == number)
	case "ISTEXT":
		return boolOf(vs[0].kind == text)
	case "ISERROR":
		return boolOf(vs[0].kind == failure)
	case "ISNA":
		return boolOf(vs[0].kind == failure && vs[0].str == "N_A")
	case "TEXT":
		f, _, ok := p.asNumber(vs[0])
		if !ok {
			return textOf(s)
		}
		return textOf(displayNumber(f, p.asText(vs[1]), p.k.l))
	case "TO_TEXT":
		return textOf(s)
	case "VALUE":
		f, bad, ok := p.asNumber(vs[0])
		if !ok {
			return bad
		}
		return numberOf(f)
	case "LEFT":
		return textOf(string(rs[:min(at(1, 1), len(rs))]))
	case "RIGHT":
		return textOf(string(rs[len(rs)-min(at(1, 1), len(rs)):]))
	case "MID":
		lo := min(max(at(1, 1)-1, 0), len(rs))
		return textOf(string(rs[lo:min(lo+at(2, 0), len(rs))]))
	case "SUBSTITUTE":
		return textOf(strings.ReplaceAll(s, p.asText(vs[1]), p.asText(vs[2])))
	case "REGEXMATCH":
		re, err := regexp.Compile(p.asText(vs[1]))
		if err != nil {
			return failureOf("REF", "Function REGEXMATCH parameter 2 is not a valid regular expression.")
		}
		return boolOf(re.MatchString(s))
	}
	in := p.asText(vs[1])
	if name == "SEARCH" {
		s, in = strings.ToLower(s), strings.ToLower(in)
	}
	i := strings.Index(in, s)
	if i < 0 {
		return failureOf("VALUE", "In "+name+" evaluation, cannot find '"+s+"' within '"+in+"'.")
	}
	return numberOf(float64(len([]rune(in[:i])) + 1))
}
