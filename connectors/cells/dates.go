package cells

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Days that a task may be due: a serial number outside them is some other number.
const (
	FirstYear = 1900
	LastYear  = 2199
)

// ParseDay reads a day that was typed as text, and false where it is none or could be two. A time of day after it does not
// count.
func ParseDay(s string, order DateOrder) (time.Time, bool) {
	s = PlainDay(s)
	if t, ok := isoDay(s); ok {
		return t, true
	}
	if t, ok := easternDay(s); ok {
		return t, true
	}
	if strings.ContainsFunc(s, unicode.IsLetter) {
		return namedDay(s)
	}
	return digitDay(s, order)
}

// PlainDay is a text without case, accents and the time of day at its end; "" where it is too long for a day.
func PlainDay(s string) string {
	s = FoldName(s)
	if len(s) > 60 {
		return ""
	}
	if !strings.Contains(s, ":") {
		return s
	}
	m := regexp.MustCompile(`^(.*\d)(?:,? |t)(?:[01]?\d|2[0-4]):[0-5]\d(?::[0-5]\d(?:[.,]\d+)?)?(?: ?[ap]\.?m\.?)?(?: ?(?:z|utc|gmt|[+-][01]\d:?[0-5]\d))?$`).
		FindStringSubmatch(s)
	if m != nil {
		return m[1]
	}
	return s
}

// isoDay reads 2026-03-12, 2026/3/12 and 2026.03.12.
func isoDay(s string) (time.Time, bool) {
	p, ok := numbers(s)
	if !ok || len(p[0].digits) != 4 || len(p[1].digits) > 2 || len(p[2].digits) > 2 {
		return time.Time{}, false
	}
	return day(p[0].n, p[1].n, p[2].n)
}

// digitDay reads 12/03/2026, 12.03.26 and 12-3-2026, where they can be read in one way only.
func digitDay(s string, order DateOrder) (time.Time, bool) {
	days := DigitDays(s, order)
	if len(days) != 1 {
		return time.Time{}, false
	}
	return days[0], true
}

// DigitDays are the days that three numbers may mean to people of that order; nil where they mean none.
func DigitDays(s string, order DateOrder) []time.Time {
	p, year, ok := digitParts(s)
	if !ok {
		return nil
	}
	var days []time.Time
	add := func(y, m, d int) bool {
		t, ok := day(y, m, d)
		if ok && !slices.Contains(days, t) {
			days = append(days, t)
		}
		return ok
	}
	asDay, asMonth := order != MonthFirst, order != DayFirst
	if p[0].sep == '.' {
		// With dots the day comes first, except perhaps among people who put the month first.
		asDay, asMonth = true, order == MonthFirst || order == Disputed
	}
	read := asDay && add(year, p[1].n, p[0].n)
	read = asMonth && add(year, p[0].n, p[1].n) || read
	if !read { // in the other order there is such a day, and nobody else's
		add(year, p[1].n, p[0].n)
		add(year, p[0].n, p[1].n)
	}
	if len(p[0].digits) == 2 && len(p[2].digits) == 2 && (p[0].sep == '-' || order == UnknownOrder) {
		y, _ := p[0].year() // 26-03-12: a short form of the ISO date
		add(y, p[1].n, p[2].n)
	}
	return days
}

// digitParts are the three numbers of a day whose year stands last.
func digitParts(s string) (p [3]part, year int, ok bool) {
	p, ok = numbers(strings.TrimSuffix(s, "."))
	if !ok || len(p[0].digits) > 2 || len(p[1].digits) > 2 {
		return p, 0, false
	}
	year, ok = p[2].year()
	return p, year, ok
}

// DecidedOrder is the only order in which a text in digits is a day; UnknownOrder where it is none, or one in both.
func DecidedOrder(s string) DateOrder {
	p, year, ok := digitParts(PlainDay(s))
	if !ok {
		return UnknownOrder
	}
	if len(p[2].digits) == 2 && len(p[0].digits) == 2 {
		if _, short := day(2000+p[0].n, p[1].n, p[2].n); short {
			return UnknownOrder // 26-03-12 may have the year first
		}
	}
	_, asDay := day(year, p[1].n, p[0].n)
	_, asMonth := day(year, p[0].n, p[1].n)
	switch {
	case asDay && !asMonth:
		return DayFirst
	case asMonth && !asDay:
		return MonthFirst
	}
	return UnknownOrder
}

// part is one number of a date in digits, with the sign after it.
type part struct {
	digits string
	n      int
	sep    byte
}

// year reads a year of four digits, or of two: 69 and less are of this century.
func (p part) year() (int, bool) {
	switch {
	case len(p.digits) == 4:
		return p.n, true
	case len(p.digits) == 2 && p.n < 70:
		return 2000 + p.n, true
	case len(p.digits) == 2:
		return 1900 + p.n, true
	}
	return 0, false
}

// numbers splits three numbers that one and the same sign separates.
func numbers(s string) ([3]part, bool) {
	var out [3]part
	for _, sep := range []byte{'/', '-', '.'} {
		fields := strings.Split(s, string(sep))
		if len(fields) != 3 {
			continue
		}
		for i, f := range fields {
			f = strings.TrimSpace(f)
			n, err := strconv.ParseUint(f, 10, 16)
			if err != nil || len(f) > 4 {
				return out, false
			}
			out[i] = part{digits: f, n: int(n), sep: sep}
		}
		return out, true
	}
	return out, false
}

// day is a day of the calendar that a date column may hold: there is no 30 February.
func day(y, m, d int) (time.Time, bool) {
	t := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
	return t, t.Year() == y && int(t.Month()) == m && t.Day() == d && y >= FirstYear && y <= LastYear
}

// Yearless reports that a text is a day and a month. Which year is meant only its author knows: a guess from today would be
// another one next year.
func Yearless(s string) bool {
	s = PlainDay(s)
	for _, sep := range []string{" ", "/", "-", "."} {
		if _, ok := ParseDay(s+sep+"2024", DayFirst); ok {
			return true
		}
	}
	return false
}
