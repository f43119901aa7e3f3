package gsheets

import "strings"

// dateOrder is the order in which people write a day in digits.
type dateOrder uint8

const (
	unknownOrder dateOrder = iota
	dayFirst
	monthFirst
	// disputed: what speaks for one order is spoken against, so that only days with one reading are read.
	disputed
)

// words is the order in a sentence.
func (o dateOrder) words() string {
	if o == monthFirst {
		return "the month first"
	}
	return "the day first"
}

// orderOf tells how people of a spreadsheet's locale write 04/05/2026. Where a locale puts the year first its people are
// taken at no order: such a text came from elsewhere.
func orderOf(locale string) dateOrder {
	lang, region, _ := strings.Cut(strings.ReplaceAll(locale, "-", "_"), "_")
	switch region {
	case "US", "PH", "PR", "GU", "AS", "VI", "MP", "UM", "MH":
		if lang == "es" {
			return unknownOrder // people of both habits write in these
		}
		return monthFirst
	case "CA", "ZA", "CN", "TW", "HK", "JP", "KR", "HU", "LT", "SE", "MN", "PA", "NP", "LK":
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
	case "fil":
		return monthFirst
	case "zh", "ja", "ko", "hu", "lt", "sv", "mn", "fa", "eu", "si", "ne", "dz":
		return unknownOrder
	}
	return dayFirst
}

// decimalComma reports whether a locale writes 1,5 for one and a half.
func decimalComma(locale string) bool {
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
