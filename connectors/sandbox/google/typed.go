package google

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// typed is what Sheets makes of text that a person types, or that a write with USER_ENTERED carries: a value, and the
// number format that the text asks for (both empty when it asks for none).
type typed struct {
	v       value
	numType string
	pattern string
}

// typedText reads s by the locale. asText is true where the cell is formatted as plain text: nothing is read then. now
// gives the year to a date typed without one.
func typedText(s string, l locale, asText bool, now time.Time) typed {
	if s == "" {
		return typed{}
	}
	if rest, ok := strings.CutPrefix(s, "'"); ok {
		return typed{v: textOf(rest)}
	}
	if asText {
		return typed{v: textOf(s)}
	}
	if len(s) > 1 && s[0] == '=' {
		return typed{v: value{kind: formula, str: s}}
	}
	t := strings.TrimSpace(strings.ReplaceAll(s, "\u00a0", " "))
	switch strings.ToUpper(t) {
	case "TRUE", l.truth:
		return typed{v: boolOf(true)}
	case "FALSE", l.untruth:
		return typed{v: boolOf(false)}
	}
	if got, ok := typedNumber(t, l); ok {
		return got
	}
	if got, ok := typedMoment(t, l, now); ok {
		return got
	}
	// A leading plus starts a formula as "=" does, so a telephone number typed as +44… becomes an error.
	if len(s) > 1 && s[0] == '+' {
		return typed{v: value{kind: formula, str: "=" + s}}
	}
	return typed{v: textOf(s)}
}

var (
	plainNumber = regexp.MustCompile(`^\d+(\.\d*)?$|^\.\d+$`)
	sciNumber   = regexp.MustCompile(`^(\d+(\.\d*)?|\.\d+)[eE][+-]?\d{1,3}$`)
	grouped     = regexp.MustCompile(`^\d{1,3}(,\d{3})+(\.\d*)?$`)
)

// typedNumber reads a number with sign, groups, percent sign or a currency sign before or after it.
func typedNumber(s string, l locale) (typed, bool) {
	out := typed{}
	sign := 1.0
	if rest, ok := strings.CutPrefix(s, "-"); ok {
		sign, s = -1, rest
	} else if rest, ok := strings.CutPrefix(s, "+"); ok {
		s = rest
	}
	s = strings.TrimSpace(s)
	for _, c := range []string{"$", "£", "€", "R$"} {
		rest, before := strings.CutPrefix(s, c)
		if !before {
			var after bool
			if rest, after = strings.CutSuffix(s, c); !after {
				continue
			}
		}
		s = strings.TrimSpace(rest)
		out.numType, out.pattern = "CURRENCY", `"`+c+`"#,##0.00`
		break
	}
	if rest, ok := strings.CutSuffix(s, "%"); ok && out.numType == "" {
		s = strings.TrimSpace(rest)
		out.numType, out.pattern = "PERCENT", "0.00%"
		if !strings.Contains(s, l.decimal) {
			out.pattern = "0%"
		}
		sign /= 100
	}
	if s == "" || s[0] != '.' && s[0] != ',' && (s[0] < '0' || s[0] > '9') {
		return typed{}, false
	}
	// Into the one form that is read below: a point for decimals, commas between groups.
	n := s
	if l.group != "," {
		n = strings.NewReplacer(l.group, ",", " ", ",", "\u202f", ",", l.decimal, ".").Replace(s)
	}
	switch {
	case plainNumber.MatchString(n):
	case sciNumber.MatchString(n):
		if out.numType == "" {
			out.numType, out.pattern = "SCIENTIFIC", "0.00E+00"
		}
	case grouped.MatchString(n):
		n = strings.ReplaceAll(n, ",", "")
		if out.numType == "" {
			out.numType, out.pattern = "NUMBER", "#,##0"
			if strings.Contains(n, ".") {
				out.pattern = "#,##0.00"
			}
		}
	default:
		return typed{}, false
	}
	f, err := strconv.ParseFloat(n, 64)
	if err != nil || math.IsInf(f, 0) {
		return typed{}, false
	}
	out.v = numberOf(sign * f)
	if sign == 0.01 || sign == -0.01 {
		// 7 % is 0.07 exactly as a person would write it, not 7 × 0.01.
		out.v = numberOf(f / 100 * math.Copysign(1, sign))
	}
	return out, true
}

var (
	isoDate     = regexp.MustCompile(`^(\d{4})([-/.])(\d{1,2})([-/.])(\d{1,2})$`)
	numericDate = regexp.MustCompile(`^(\d{1,2})([-/.])(\d{1,2})([-/.])(\d{4}|\d{2})$`)
	shortDate   = regexp.MustCompile(`^(\d{1,2})([-/])(\d{1,2})$`)
	dayFirst    = regexp.MustCompile(`^(\d{1,2})[ -](\p{L}+\.?)(?:[ -](\d{4}|\d{2}))?$`)
	monthFirst  = regexp.MustCompile(`^(\p{L}+\.?) (\d{1,2})(?:,? (\d{4}))?$`)
	clock       = regexp.MustCompile(`^(\d{1,4}):(\d{2})(?::(\d{2}))?(?: ?([aApP][mM]))?$`)
)

// typedMoment reads a date, a time of day, or both.
func typedMoment(s string, l locale, now time.Time) (typed, bool) {
	if frac, pattern, ok := typedClock(s); ok {
		return typed{numberOf(frac), "TIME", pattern}, true
	}
	if day, pattern, ok := typedDay(s, l, now); ok {
		return typed{numberOf(day), "DATE", pattern}, true
	}
	for i := range len(s) {
		if s[i] != ' ' && s[i] != 'T' {
			continue
		}
		day, pattern, ok := typedDay(s[:i], l, now)
		if !ok {
			continue
		}
		if frac, clockPattern, ok := typedClock(strings.TrimSpace(s[i+1:])); ok && frac < 1 {
			return typed{numberOf(day + frac), "DATE_TIME", pattern + " " + clockPattern}, true
		}
	}
	return typed{}, false
}

func typedDay(s string, l locale, now time.Time) (serial float64, pattern string, ok bool) {
	atoi := func(x string) int { n, _ := strconv.Atoi(x); return n } // the expressions above admit digits only
	if m := isoDate.FindStringSubmatch(s); len(m) > 0 && m[2] == m[4] {
		return day(atoi(m[1]), atoi(m[3]), atoi(m[5]), "yyyy"+m[2]+"mm"+m[2]+"dd")
	}
	if m := numericDate.FindStringSubmatch(s); len(m) > 0 && m[2] == m[4] && strings.Contains(l.seps, m[2]) {
		a, b, c := atoi(m[1]), atoi(m[3]), century(m[5], atoi(m[5]))
		switch l.order {
		case "mdy":
			return day(c, a, b, l.date)
		case "dmy":
			return day(c, b, a, l.date)
		}
		if len(m[5]) == 4 {
			return day(c, a, b, "m"+m[2]+"d"+m[2]+"yyyy")
		}
		return day(century(m[1], a), b, atoi(m[5]), l.date)
	}
	if m := shortDate.FindStringSubmatch(s); m != nil {
		mo, d := atoi(m[1]), atoi(m[3])
		pattern := "mm/dd"
		if l.order == "dmy" {
			mo, d, pattern = d, mo, "dd/mm"
		}
		return day(now.Year(), mo, d, pattern)
	}
	if m := dayFirst.FindStringSubmatch(s); m != nil {
		if mo := l.month(m[2]); mo > 0 {
			if m[3] == "" {
				return day(now.Year(), mo, atoi(m[1]), "d mmm")
			}
			return day(century(m[3], atoi(m[3])), mo, atoi(m[1]), "d mmm yyyy")
		}
	}
	if m := monthFirst.FindStringSubmatch(s); m != nil {
		if mo := l.month(m[1]); mo > 0 {
			if m[3] == "" {
				return day(now.Year(), mo, atoi(m[2]), "mmm d")
			}
			return day(atoi(m[3]), mo, atoi(m[2]), "mmm d, yyyy")
		}
	}
	return 0, "", false
}

// century reads a year of two digits as Sheets does: 00 to 29 lie in this century.
func century(digits string, n int) int {
	if len(digits) > 2 {
		return n
	}
	if n < 30 {
		return 2000 + n
	}
	return 1900 + n
}

// day is the serial number of a day that exists; 31 June does not.
func day(y, m, d int, pattern string) (float64, string, bool) {
	t := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
	if y < 1900 || y > 9999 || int(t.Month()) != m || t.Day() != d {
		return 0, "", false
	}
	return serialOf(t), pattern, true
}

func typedClock(s string) (frac float64, pattern string, ok bool) {
	m := clock.FindStringSubmatch(s)
	if m == nil {
		return 0, "", false
	}
	h, _ := strconv.Atoi(m[1])
	mi, _ := strconv.Atoi(m[2])
	sec, _ := strconv.Atoi(m[3])
	if mi > 59 || sec > 59 {
		return 0, "", false
	}
	pattern = "hh:mm"
	if m[3] != "" {
		pattern = "hh:mm:ss"
	}
	if m[4] != "" {
		if h < 1 || h > 12 {
			return 0, "", false
		}
		h %= 12
		if strings.EqualFold(m[4], "pm") {
			h += 12
		}
		pattern = strings.Replace(pattern, "hh", "h", 1) + " am/pm"
	} else if h > 23 {
		pattern = strings.Replace(pattern, "hh", "[h]", 1)
	}
	return float64(h*3600+mi*60+sec) / 86400, pattern, true
}
