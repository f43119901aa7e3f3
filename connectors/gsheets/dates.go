package gsheets

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/lockstep-sync/lockstep/sync/task"
)

// Days that a task may be due: a serial number outside them is some other number.
const (
	firstYear = 1900
	lastYear  = 2199
)

// epoch is day 0 of a sheet's calendar. Serial numbers carry no zone: 46000 is the same calendar day wherever the
// spreadsheet says that it is, so no zone enters into it.
func epoch() time.Time { return time.Date(1899, time.December, 30, 0, 0, 0, 0, time.UTC) }

// serialDay is the day of a serial number; the fraction is the time of day and does not count.
func serialDay(n float64) (time.Time, bool) {
	n = math.Floor(n)
	// From 1906-01-08 to 2199-12-31. What is less was typed as a number, such as a year: the sheet makes a day of 1905 of
	// it. This also refuses NaN.
	if !(n > lastYear && n < 109575) {
		return time.Time{}, false
	}
	return epoch().AddDate(0, 0, int(n)), true
}

// daySerial is the serial number of a day, and false where a sheet's date column would not show it as one.
func daySerial(t time.Time) (float64, bool) {
	// In seconds, for a Duration ends after 292 years.
	n := math.Floor(float64(t.Unix()-epoch().Unix()) / 86_400)
	_, ok := serialDay(n)
	return n, ok
}

// parseDay reads a day that was typed as text, and false where it is none or could be two. A time of day after it does not
// count.
func parseDay(s string, order dateOrder) (time.Time, bool) {
	s = plainDay(s)
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

// plainDay is a text without case, accents and the time of day at its end; "" where it is too long for a day.
func plainDay(s string) string {
	s = foldName(s)
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
func digitDay(s string, order dateOrder) (time.Time, bool) {
	days := digitDays(s, order)
	if len(days) != 1 {
		return time.Time{}, false
	}
	return days[0], true
}

// digitDays are the days that three numbers may mean to people of that order; nil where they mean none.
func digitDays(s string, order dateOrder) []time.Time {
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
	asDay, asMonth := order != monthFirst, order != dayFirst
	if p[0].sep == '.' {
		// With dots the day comes first, except perhaps among people who put the month first.
		asDay, asMonth = true, order == monthFirst || order == disputed
	}
	read := asDay && add(year, p[1].n, p[0].n)
	read = asMonth && add(year, p[0].n, p[1].n) || read
	if !read { // in the other order there is such a day, and nobody else's
		add(year, p[1].n, p[0].n)
		add(year, p[0].n, p[1].n)
	}
	if len(p[0].digits) == 2 && len(p[2].digits) == 2 && (p[0].sep == '-' || order == unknownOrder) {
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

// decidedOrder is the only order in which a text in digits is a day; unknownOrder where it is none, or one in both.
func decidedOrder(s string) dateOrder {
	p, year, ok := digitParts(plainDay(s))
	if !ok {
		return unknownOrder
	}
	if len(p[2].digits) == 2 && len(p[0].digits) == 2 {
		if _, short := day(2000+p[0].n, p[1].n, p[2].n); short {
			return unknownOrder // 26-03-12 may have the year first
		}
	}
	_, asDay := day(year, p[1].n, p[0].n)
	_, asMonth := day(year, p[0].n, p[1].n)
	switch {
	case asDay && !asMonth:
		return dayFirst
	case asMonth && !asDay:
		return monthFirst
	}
	return unknownOrder
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
	return t, t.Year() == y && int(t.Month()) == m && t.Day() == d && y >= firstYear && y <= lastYear
}

// readDate reads a date cell.
func (r *reader) readDate(f task.Field, c cell) (task.Value, string) {
	const hint = "type a day there, such as 2026-03-12"
	switch c.kind {
	case numberCell:
		return r.readSerial(f, c)
	case textCell:
		h := r.habits[f]
		if t, ok := parseDay(c.text, h.order); ok {
			return task.DateValue(t), ""
		}
		if days := digitDays(plainDay(c.text), disputed); len(days) > 1 {
			why := ""
			if h.doubt != "" {
				why = " (" + h.doubt + ")"
			}
			both := make([]string, len(days))
			for i, d := range days {
				both[i] = d.Format(time.DateOnly)
			}
			return task.Value{}, "it may be " + strings.Join(both, " or ") + why + ": write it in that form"
		}
		if yearless(c.text) {
			return task.Value{}, "the year is missing: " + hint
		}
	case blankCell, boolCell, errorCell:
	}
	return task.Value{}, hint + "; to say that there is none, empty the cell"
}

// readSerial reads a number in a date column.
func (r *reader) readSerial(f task.Field, c cell) (task.Value, string) {
	const hint = "type a day there, such as 2026-03-12"
	n := math.Floor(c.number)
	switch {
	case n >= firstYear && n <= lastYear:
		return task.Value{}, "a year alone is no day: " + hint
	case n == 0 || c.formatted() == "TIME":
		return task.Value{}, "a time of day is no day: " + hint
	case c.dated():
	case !plainNumber(c):
		return task.Value{}, "the cell shows a number, not a day: " + hint
	case !likelyDay(c.number) || !r.habits[f].plainDays:
		hint := hint
		if t, ok := serialDay(c.number); ok && likelyDay(c.number) {
			hint = "if " + t.Format(time.DateOnly) + " is meant, format the cell as a date (Format, Number, Date); else " + hint
		}
		return task.Value{}, "the cell shows a number, not a day: " + hint
	}
	if t, ok := serialDay(c.number); ok {
		return task.DateValue(t), ""
	}
	return task.Value{}, "this number is no day between 1906 and 2199: " + hint
}

// yearless reports that a text is a day and a month. Which year is meant only its author knows: a guess from today would be
// another one next year.
func yearless(s string) bool {
	s = plainDay(s)
	for _, sep := range []string{" ", "/", "-", "."} {
		if _, ok := parseDay(s+sep+"2024", dayFirst); ok {
			return true
		}
	}
	return false
}
