package cells

import (
	"regexp"
	"strings"
)

// DateOrder is the order in which people write a day in digits.
type DateOrder uint8

// The orders. Where the order is disputed, what speaks for one is spoken against, so that only days with one reading are read.
const (
	UnknownOrder DateOrder = iota
	DayFirst
	MonthFirst
	Disputed
)

// Words is the order in a sentence.
func (o DateOrder) Words() string {
	if o == MonthFirst {
		return "the month first"
	}
	return "the day first"
}

// OrderOf tells how people of a spreadsheet's locale write 04/05/2026. Where a locale puts the year first its people are
// taken at no order: such a text came from elsewhere.
func OrderOf(locale string) DateOrder {
	lang, region, _ := strings.Cut(strings.ReplaceAll(locale, "-", "_"), "_")
	switch region {
	case "US", "PH", "PR", "GU", "AS", "VI", "MP", "UM", "MH":
		if lang == "es" {
			return UnknownOrder // people of both habits write in these
		}
		return MonthFirst
	case "CA", "ZA", "CN", "TW", "HK", "JP", "KR", "HU", "LT", "SE", "MN", "PA", "NP", "LK":
		return UnknownOrder
	}
	switch lang {
	case "":
		return UnknownOrder
	case "en":
		if region == "" {
			return MonthFirst
		}
		return DayFirst
	case "fil":
		return MonthFirst
	case "zh", "ja", "ko", "hu", "lt", "sv", "mn", "fa", "eu", "si", "ne", "dz":
		return UnknownOrder
	}
	return DayFirst
}

// DecimalComma reports whether a locale writes 1,5 for one and a half.
func DecimalComma(locale string) bool {
	lang, region, _ := strings.Cut(strings.ReplaceAll(locale, "-", "_"), "_")
	switch lang {
	case "", "en", "zh", "ja", "ko", "th", "he", "iw", "hi", "bn", "ar", "fil", "ms", "sw", "am", "cy", "ga", "my", "mn", "ur":
		return false
	case "es":
		switch region {
		case "MX", "US", "PR", "GT", "HN", "NI", "PA", "SV", "DO", "PE":
			return false
		}
	case "de", "fr", "it":
		return region != "CH"
	}
	return true
}

// DeclaredOrder is the order that a header asks for: "Deadline (dd/mm/yyyy)", "JJ/MM/AAAA", "TT.MM.JJJJ".
func DeclaredOrder(header string) DateOrder {
	h := FoldName(header)
	day := regexp.MustCompile(`\b((dd|jj|tt|gg)[/. -]mm|[djtg]/m)\b`).MatchString(h)
	month := regexp.MustCompile(`\b(mm[/. -](dd|jj|tt|gg)|m/[djtg])[/. -][yaj]`).MatchString(h)
	switch {
	case day && !month:
		return DayFirst
	case month && !day:
		return MonthFirst
	}
	return UnknownOrder
}
