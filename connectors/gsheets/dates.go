package gsheets

import (
	"math"
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
	if !(n >= 2 && n < 109575) { // 1900-01-01 to 2199-12-31; also refuses NaN
		return time.Time{}, false
	}
	t := epoch().AddDate(0, 0, int(n))
	return t, t.Year() >= firstYear && t.Year() <= lastYear
}

// daySerial is the serial number of a day, and false where a sheet's date column would not show it as one.
func daySerial(t time.Time) (float64, bool) {
	// In seconds, for a Duration ends after 292 years.
	n := math.Floor(float64(t.Unix()-epoch().Unix()) / 86_400)
	_, ok := serialDay(n)
	return n, ok
}

// dateOrder is the order in which a locale writes a day in digits.
type dateOrder uint8

const (
	unknownOrder dateOrder = iota
	dayFirst
	monthFirst
)

// orderOf tells how people of a spreadsheet's locale write 04/05/2026. Where a locale puts the year first its people are
// taken at no order: such a text came from elsewhere.
func orderOf(locale string) dateOrder {
	lang, region, _ := strings.Cut(strings.ReplaceAll(locale, "-", "_"), "_")
	switch region {
	case "US", "PH", "PR":
		return monthFirst
	case "CA", "ZA", "CN", "TW", "HK", "JP", "KR", "HU", "LT", "SE", "MN":
		return unknownOrder
	}
	switch lang {
	case "":
		return unknownOrder
	case "en":
		if region == "" {
			return monthFirst
		}
		return dayFirst
	case "zh", "ja", "ko", "hu", "lt", "sv", "mn", "fa":
		return unknownOrder
	}
	return dayFirst
}

// parseDay reads a day that was typed as text, and false where it is none or could be two.
func parseDay(s string, order dateOrder) (time.Time, bool) {
	s = foldName(s)
	if len(s) > 60 {
		return time.Time{}, false
	}
	if t, ok := isoDay(s); ok {
		return t, true
	}
	words := dateWords(s)
	month, at := 0, -1
	for i, w := range words {
		if m := monthNumber(w); m > 0 {
			if month > 0 {
				return time.Time{}, false
			}
			month, at = m, i
		}
	}
	if month == 0 {
		return digitDay(s, order)
	}
	return namedDay(words, at, month)
}

// isoDay reads 2026-03-12, 2026/3/12 and 2026.03.12, with a time of day or without.
func isoDay(s string) (time.Time, bool) {
	if i := strings.IndexAny(s, "t "); i >= 8 && clock(s[i+1:]) {
		s = s[:i]
	}
	p, ok := numbers(s)
	if !ok || len(p[0].digits) != 4 {
		return time.Time{}, false
	}
	return day(p[0].n, p[1].n, p[2].n)
}

// clock reports that the text is a time of day, and nothing else.
func clock(s string) bool {
	if s == "" || !unicode.IsDigit(rune(s[0])) || !strings.Contains(s, ":") {
		return false
	}
	return strings.Trim(s, "0123456789:.,+-zapm ") == ""
}

// digitDay reads 12/03/2026, 12.03.26 and 12-3-2026. With dots the day comes first everywhere.
func digitDay(s string, order dateOrder) (time.Time, bool) {
	if i := strings.IndexByte(s, ' '); i >= 6 && clock(s[i+1:]) {
		s = s[:i]
	}
	p, ok := numbers(strings.TrimSuffix(s, "."))
	if !ok || len(p[0].digits) > 2 || len(p[1].digits) > 2 {
		return time.Time{}, false
	}
	year, ok := p[2].year()
	if !ok {
		return time.Time{}, false
	}
	if p[0].sep == '.' {
		order = dayFirst
	}
	a, b := p[0].n, p[1].n
	switch {
	case a > 12 || order == dayFirst && b <= 12 || a == b:
		return day(year, b, a)
	case b > 12 || order == monthFirst:
		return day(year, a, b)
	}
	return time.Time{}, false
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

// dateWords are the words and numbers of a date in words, without what says nothing: the weekday, "of", "er".
func dateWords(s string) []string {
	fields := strings.FieldsFunc(s, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
	out := fields[:0]
	for _, w := range fields {
		if digits := strings.TrimRight(w, "abcdefghijklmnopqrstuvwxyz"); digits != "" && digits != w {
			switch w[len(digits):] {
			case "st", "nd", "rd", "th", "er", "e", "o", "a":
				w = digits
			}
		}
		switch w {
		case "de", "del", "of", "the", "le", "el", "den", "der", "am", "do", "di", "on":
			continue
		}
		if len(out) == 0 && weekday(w) {
			continue
		}
		out = append(out, w)
	}
	return out
}

// namedDay reads "12 march 2026", "march 12 2026", "12 mar 26" and "2026 march 12".
func namedDay(words []string, at, month int) (time.Time, bool) {
	if len(words) != 3 {
		return time.Time{}, false
	}
	var nums []part
	for i, w := range words {
		if i == at {
			continue
		}
		n, err := strconv.ParseUint(w, 10, 16)
		if err != nil {
			return time.Time{}, false
		}
		nums = append(nums, part{digits: w, n: int(n)})
	}
	if len(nums[0].digits) == 4 {
		nums[0], nums[1] = nums[1], nums[0]
	}
	year, ok := nums[1].year()
	if !ok || len(nums[0].digits) > 2 {
		return time.Time{}, false
	}
	return day(year, month, nums[0].n)
}

// day is a day of the calendar that a date column may hold: there is no 30 February.
func day(y, m, d int) (time.Time, bool) {
	t := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
	return t, t.Year() == y && int(t.Month()) == m && t.Day() == d && y >= firstYear && y <= lastYear
}

// monthNumber is a month's number by its name in English, French, Spanish, German or Portuguese, whole or cut as people
// cut it; 0 where the word names none. Accents are gone already.
func monthNumber(w string) int {
	switch w {
	case "january", "jan", "janvier", "janv", "enero", "ene", "januar", "janner", "janeiro":
		return 1
	case "february", "feb", "fevrier", "fev", "fevr", "febrero", "februar", "fevereiro":
		return 2
	case "march", "mar", "mars", "marzo", "marz", "mrz", "marco":
		return 3
	case "april", "apr", "avril", "avr", "abril", "abr":
		return 4
	case "may", "mai", "mayo", "maio":
		return 5
	case "june", "jun", "juin", "junio", "juni", "junho":
		return 6
	case "july", "jul", "juillet", "juil", "julio", "juli", "julho":
		return 7
	case "august", "aug", "aout", "agosto", "ago":
		return 8
	case "september", "sep", "sept", "septembre", "septiembre", "setiembre", "set", "setembro":
		return 9
	case "october", "oct", "octobre", "octubre", "oktober", "okt", "outubro", "out":
		return 10
	case "november", "nov", "novembre", "noviembre", "novembro":
		return 11
	case "december", "dec", "decembre", "diciembre", "dic", "dezember", "dez", "dezembro": //nolint:misspell // other languages
		return 12
	}
	return 0
}

func weekday(w string) bool {
	switch w {
	case "monday", "mon", "lundi", "lun", "lunes", "montag", "mo", "segunda", "seg",
		"tuesday", "tue", "tues", "mardi", "martes", "dienstag", "terca", "ter",
		"wednesday", "wed", "mercredi", "mer", "miercoles", "mie", "mittwoch", "mi", "quarta", "qua",
		"thursday", "thu", "thur", "thurs", "jeudi", "jeu", "jueves", "jue", "donnerstag", "quinta", "qui",
		"friday", "fri", "vendredi", "ven", "viernes", "vie", "freitag", "fr", "sexta", "sex",
		"saturday", "sat", "samedi", "sam", "sabado", "sab", "samstag", "sonnabend", "sa",
		"sunday", "sun", "dimanche", "dim", "domingo", "dom", "sonntag", "so":
		return true
	}
	return false
}

// readDate reads a date cell.
func (r *reader) readDate(c cell) (task.Value, string) {
	const hint = "type a day there, such as 2026-03-12"
	switch c.kind {
	case numberCell:
		// A year alone is a plain number; read as a serial number it would be a day of 1905.
		if n := c.number; n == math.Trunc(n) && n >= firstYear && n <= lastYear && !c.dated() &&
			strings.TrimSpace(c.shown) == strconv.Itoa(int(n)) {
			return task.Value{}, "a year alone is no day: " + hint
		}
		if t, ok := serialDay(c.number); ok {
			return task.DateValue(t), ""
		}
		return task.Value{}, "this number is no day between 1900 and 2199: " + hint
	case textCell:
		if t, ok := parseDay(c.text, r.order); ok {
			return task.DateValue(t), ""
		}
	case blankCell, boolCell, errorCell:
	}
	return task.Value{}, hint + "; to say that there is none, empty the cell"
}
