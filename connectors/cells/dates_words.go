package cells

import (
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// easternDay reads 2026年3月12日 and 2026년 3월 12일.
func easternDay(s string) (time.Time, bool) {
	if !strings.ContainsAny(s, "年년") { //nolint:gosmopolitan // how people there write a day
		return time.Time{}, false
	}
	m := regexp.MustCompile(`^(\d{4}) ?[年년] ?(\d{1,2}) ?[月월] ?(\d{1,2}) ?[日일]$`).FindStringSubmatch(s) //nolint:gosmopolitan // likewise
	if m == nil {
		return time.Time{}, false
	}
	var n [3]int
	for i := range n {
		n[i], _ = strconv.Atoi(m[i+1]) // they are digits
	}
	return day(n[0], n[1], n[2])
}

// dateTokens are the words and numbers of a date in words; nil where anything stands between them that says more than that
// a word ends there, such as a question mark.
func dateTokens(s string) []string {
	if strings.ContainsFunc(s, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune(" ,.-/'", r)
	}) {
		return nil
	}
	return strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// namedDay reads "12 march 2026", "march 12th, 2026", "jeudi 12 mars 26" and "2026 march 12". A weekday that is not that
// day's own says that something is wrong.
func namedDay(s string) (time.Time, bool) {
	var words []string
	month, at, on := 0, -1, -1
	for i, w := range dateTokens(s) {
		if digits := strings.TrimRight(w, "abcdefghijklmnopqrstuvwxyz"); digits != "" && digits != w {
			switch w[len(digits):] {
			case "st", "nd", "rd", "th", "er", "e", "o", "a":
				w = digits
			}
		}
		switch w {
		case "de", "del", "of", "the", "le", "el", "den", "der", "am", "do", "di", "on", "il", "feira":
			continue
		}
		if wd := WeekdayNumber(w); i == 0 && wd >= 0 {
			on = wd
			continue
		}
		if m := MonthNumber(w); m > 0 {
			if month > 0 {
				return time.Time{}, false
			}
			month, at = m, len(words)
		}
		words = append(words, w)
	}
	if len(words) != 3 || at < 0 || at > 1 {
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
	if at == 1 && len(nums[0].digits) == 4 {
		nums[0], nums[1] = nums[1], nums[0]
	}
	year, ok := nums[1].year()
	if !ok || len(nums[0].digits) > 2 {
		return time.Time{}, false
	}
	t, ok := day(year, month, nums[0].n)
	return t, ok && (on < 0 || on == int(t.Weekday()))
}

// MonthNumber is a month's number by its name in English, French, Spanish, German, Portuguese, Italian, Dutch or Swahili, whole
// or cut as people cut it; 0 where the word names none. Accents are gone already.
func MonthNumber(w string) int {
	switch w {
	case "january", "jan", "janvier", "janv", "enero", "ene", "januar", "janner", "janeiro", "gennaio", "gen", "januari":
		return 1
	case "february", "feb", "fevrier", "fev", "fevr", "febrero", "februar", "fevereiro", "febbraio", "februari":
		return 2
	case "march", "mar", "mars", "marzo", "marz", "mrz", "marco", "maart", "mrt", "machi":
		return 3
	case "april", "apr", "avril", "avr", "abril", "abr", "aprile", "aprili":
		return 4
	case "may", "mai", "mayo", "maio", "maggio", "mag", "mei":
		return 5
	case "june", "jun", "juin", "junio", "juni", "junho", "giugno", "giu":
		return 6
	case "july", "jul", "juillet", "juil", "julio", "juli", "julho", "luglio", "lug", "julai":
		return 7
	case "august", "aug", "aout", "agosto", "ago", "augustus", "agosti":
		return 8
	case "september", "sep", "sept", "septembre", "septiembre", "setiembre", "set", "setembro", "settembre", "septemba":
		return 9
	case "october", "oct", "octobre", "octubre", "oktober", "okt", "outubro", "out", "ottobre", "ott", "oktoba":
		return 10
	case "november", "nov", "novembre", "noviembre", "novembro", "novemba":
		return 11
	case "december", "dec", "decembre", "diciembre", "dic", "dezember", "dez", "dezembro", "dicembre", "desemba": //nolint:misspell // other languages
		return 12
	}
	return 0
}

// WeekdayNumber is a weekday's number from Sunday, 0, on; -1 where the word names none.
func WeekdayNumber(w string) int {
	switch w {
	case "sunday", "sun", "dimanche", "dim", "domingo", "dom", "sonntag", "so", "domenica", "zondag", "jumapili":
		return 0
	case "monday", "mon", "lundi", "lun", "lunes", "montag", "mo", "segunda", "seg", "lunedi", "maandag", "jumatatu":
		return 1
	case "tuesday", "tue", "tues", "mardi", "martes", "dienstag", "terca", "ter", "martedi", "dinsdag", "jumanne":
		return 2
	case "wednesday", "wed", "mercredi", "mer", "miercoles", "mie", "mittwoch", "mi", "quarta", "qua", "mercoledi", "woensdag", "jumatano":
		return 3
	case "thursday", "thu", "thur", "thurs", "jeudi", "jeu", "jueves", "jue", "donnerstag", "quinta", "qui", "giovedi", "donderdag", "alhamisi":
		return 4
	case "friday", "fri", "vendredi", "ven", "viernes", "vie", "freitag", "fr", "sexta", "sex", "venerdi", "vrijdag", "ijumaa":
		return 5
	case "saturday", "sat", "samedi", "sam", "sabado", "sab", "samstag", "sonnabend", "sa", "sabato", "zaterdag", "jumamosi":
		return 6
	}
	return -1
}
