package google

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
)

// display is the text that a person sees in the cell: formattedValue in the API. A blank shows nothing.
func display(v value, f *format, l locale) string {
	switch v.kind {
	case text, formula:
		return v.str
	case boolean:
		if v.num != 0 {
			return l.truth
		}
		return l.untruth
	case failure:
		return errorCode(v.str)
	case number:
		pattern := ""
		if f != nil {
			pattern = f.pattern
			if pattern == "" {
				pattern = l.pattern(f.numType)
			}
			if f.numType == "TEXT" {
				pattern = ""
			}
		}
		return displayNumber(v.num, pattern, l)
	case blank:
	}
	return ""
}

func displayNumber(n float64, pattern string, l locale) string {
	if pattern == "" || strings.EqualFold(pattern, "general") || pattern == "@" {
		return strings.Replace(general(n), ".", l.decimal, 1)
	}
	// Sections: positive, negative, zero. A section of its own for negatives shows no sign of itself.
	sections := splitSections(pattern)
	switch {
	case n < 0 && len(sections) > 1:
		n, pattern = -n, sections[1]
	case n == 0 && len(sections) > 2:
		pattern = sections[2]
	default:
		pattern = sections[0]
	}
	toks := lexPattern(pattern)
	for _, t := range toks {
		if t.date {
			return displayDate(n, toks, l)
		}
	}
	return displayDecimal(n, toks, l)
}

// general is how a number without a format is shown: at most ten decimals, and powers of ten where that is shorter.
func general(n float64) string {
	if a := math.Abs(n); a >= 1e15 || a > 0 && a < 1e-9 {
		s := strconv.FormatFloat(n, 'E', -1, 64)
		return s
	}
	s := strconv.FormatFloat(n, 'f', 10, 64)
	s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	if s == "-0" {
		return "0"
	}
	return s
}

// token is one part of a pattern: literal text, a run of one date letter, or a run of digit marks.
type token struct {
	text string
	lit  bool
	date bool
}

func splitSections(p string) []string {
	var out []string
	start, quoted := 0, false
	for i := 0; i < len(p); i++ {
		switch p[i] {
		case '"':
			quoted = !quoted
		case '\\':
			i++
		case ';':
			if !quoted {
				out = append(out, p[start:i])
				start = i + 1
			}
		}
	}
	return append(out, p[min(start, len(p)):])
}

func lexPattern(p string) []token {
	var out []token
	rs := []rune(p)
	for i := 0; i < len(rs); {
		r := rs[i]
		switch {
		case r == '"':
			j := i + 1
			for j < len(rs) && rs[j] != '"' {
				j++
			}
			out = append(out, token{text: string(rs[i+1 : j]), lit: true})
			i = j + 1
		case r == '\\' && i+1 < len(rs):
			out = append(out, token{text: string(rs[i+1]), lit: true})
			i += 2
		case r == '[':
			j := i + 1
			for j < len(rs) && rs[j] != ']' {
				j++
			}
			in := strings.ToLower(string(rs[i+1 : min(j, len(rs))]))
			if strings.Trim(in, "h") == "" || strings.Trim(in, "m") == "" || strings.Trim(in, "s") == "" {
				out = append(out, token{text: "[" + in + "]", date: true})
			} // a colour or a condition shows nothing
			i = j + 1
		case hasFold(rs[i:], "am/pm"):
			out = append(out, token{text: "am/pm", date: true})
			i += 5
		case hasFold(rs[i:], "a/p"):
			out = append(out, token{text: "a/p", date: true})
			i += 3
		case strings.ContainsRune("dmyhsDMYHS", r):
			j := i
			for j < len(rs) && unicode.ToLower(rs[j]) == unicode.ToLower(r) {
				j++
			}
			out = append(out, token{text: strings.ToLower(string(rs[i:j])), date: true})
			i = j
		case strings.ContainsRune("0#?.,", r):
			j := i
			for j < len(rs) && strings.ContainsRune("0#?.,", rs[j]) {
				j++
			}
			out = append(out, token{text: string(rs[i:j])})
			i = j
		case (r == 'E' || r == 'e') && i+2 < len(rs) && (rs[i+1] == '+' || rs[i+1] == '-') && rs[i+2] == '0':
			j := i + 2
			for j < len(rs) && rs[j] == '0' {
				j++
			}
			out = append(out, token{text: "E" + string(rs[i+1:j])})
			i = j
		default:
			out = append(out, token{text: string(r), lit: true})
			i++
		}
	}
	return out
}

func hasFold(rs []rune, word string) bool {
	return len(rs) >= len(word) && strings.EqualFold(string(rs[:len(word)]), word)
}

func displayDate(n float64, toks []token, l locale) string {
	t := fromSerial(n)
	twelve := false
	for _, k := range toks {
		twelve = twelve || k.text == "am/pm" || k.text == "a/p"
	}
	hour := t.Hour()
	if twelve {
		hour = (hour+11)%12 + 1
	}
	var b strings.Builder
	for i, k := range toks {
		if !k.date {
			// ".000" right after seconds are thousandths; any other mark between date parts stands for itself.
			if strings.HasPrefix(k.text, ".0") && !k.lit {
				fmt.Fprintf(&b, ".%03d", t.Nanosecond()/1e6)
			} else {
				b.WriteString(k.text)
			}
			continue
		}
		switch k.text {
		case "d":
			fmt.Fprint(&b, t.Day())
		case "dd":
			fmt.Fprintf(&b, "%02d", t.Day())
		case "ddd":
			b.WriteString(short(l.days[t.Weekday()]))
		case "m", "mm":
			x := int(t.Month())
			if isMinute(toks, i) {
				x = t.Minute()
			}
			fmt.Fprintf(&b, "%0*d", len(k.text), x)
		case "mmm":
			b.WriteString(short(l.months[t.Month()-1]))
		case "mmmm":
			b.WriteString(l.months[t.Month()-1])
		case "mmmmm":
			b.WriteString(string([]rune(l.months[t.Month()-1])[:1]))
		case "y", "yy":
			fmt.Fprintf(&b, "%02d", t.Year()%100)
		case "yyy", "yyyy":
			fmt.Fprintf(&b, "%04d", t.Year())
		case "h", "hh":
			fmt.Fprintf(&b, "%0*d", len(k.text), hour)
		case "s", "ss":
			fmt.Fprintf(&b, "%0*d", len(k.text), t.Second())
		case "am/pm":
			b.WriteString(map[bool]string{true: "PM", false: "AM"}[t.Hour() >= 12])
		case "a/p":
			b.WriteString(map[bool]string{true: "P", false: "A"}[t.Hour() >= 12])
		default:
			switch k.text[0] {
			case 'd':
				b.WriteString(l.days[t.Weekday()])
			case '[':
				secs := int64(math.Round(n * 86400))
				unit := map[byte]int64{'h': 3600, 'm': 60, 's': 1}[k.text[1]]
				fmt.Fprintf(&b, "%0*d", len(k.text)-2, secs/unit)
			}
		}
	}
	return b.String()
}

func short(name string) string {
	rs := []rune(name)
	return string(rs[:min(3, len(rs))])
}

// isMinute tells minutes from months: an m after hours or before seconds counts minutes.
func isMinute(toks []token, i int) bool {
	for j := i - 1; j >= 0; j-- {
		if toks[j].date {
			if toks[j].text[0] == 'h' || strings.HasPrefix(toks[j].text, "[h") {
				return true
			}
			break
		}
	}
	for j := i + 1; j < len(toks); j++ {
		if toks[j].date {
			return toks[j].text[0] == 's'
		}
	}
	return false
}

func displayDecimal(n float64, toks []token, l locale) string {
	percent, exponent, marks := false, "", ""
	for _, t := range toks {
		switch {
		case t.lit && t.text == "%":
			percent = true
		case !t.lit && strings.HasPrefix(t.text, "E"):
			exponent = t.text
		case !t.lit:
			marks += t.text
		}
	}
	if percent {
		n *= 100
	}
	exp := 0
	if exponent != "" && n != 0 {
		exp = int(math.Floor(math.Log10(math.Abs(n))))
		n /= math.Pow10(exp)
	}
	whole, frac, _ := strings.Cut(marks, ".")
	least := strings.Count(frac, "0")
	digits := strconv.FormatFloat(math.Abs(n), 'f', len(frac), 64)
	in, fr, _ := strings.Cut(digits, ".")
	for len(fr) > least && strings.HasSuffix(fr, "0") {
		fr = fr[:len(fr)-1]
	}
	if in == "0" && !strings.Contains(whole, "0") {
		in = ""
	}
	for len(in) < strings.Count(whole, "0") {
		in = "0" + in
	}
	if strings.Contains(whole, ",") {
		for i := len(in) - 3; i > 0; i -= 3 {
			in = in[:i] + l.group + in[i:]
		}
	}
	if fr != "" {
		in += l.decimal + fr
	}
	var b strings.Builder
	if n < 0 && strings.Trim(in, "0.,") != "" {
		b.WriteByte('-')
	}
	done := false
	for _, t := range toks {
		switch {
		case t.lit:
			b.WriteString(t.text)
		case strings.HasPrefix(t.text, "E"):
			sign := "+"
			if exp < 0 {
				sign = "-"
			}
			if exp >= 0 && t.text[1] == '-' {
				sign = ""
			}
			fmt.Fprintf(&b, "E%s%0*d", sign, len(t.text)-2, max(exp, -exp))
		case !done:
			b.WriteString(in)
			done = true
		}
	}
	return b.String()
}
