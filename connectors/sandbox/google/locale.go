package google

import "strings"

// locale is what Sheets derives from a spreadsheet's locale: how dates and numbers are read and shown.
type locale struct {
	order    string // "dmy", "mdy" or "ymd"
	date     string // the pattern that a date without one is shown in
	seps     string // what may stand between the parts of a numeric date
	decimal  string
	group    string
	months   []string
	days     []string // from Sunday
	truth    string
	untruth  string
	currency string
}

// localeOf reads a locale such as en_GB, fr_FR or de. An unknown one is read as day first with a decimal comma, which is
// what most of the world writes.
func localeOf(name string) locale {
	lang, country, _ := strings.Cut(strings.ReplaceAll(name, "-", "_"), "_")
	l := locale{
		order: "dmy", date: "dd/mm/yyyy", seps: "/-", decimal: ",", group: ".", months: englishMonths, days: englishDays,
		truth: "TRUE", untruth: "FALSE", currency: "€",
	}
	switch strings.ToLower(lang) {
	case "en", "":
		l.decimal, l.group, l.currency = ".", ",", "$"
		switch strings.ToUpper(country) {
		case "US", "":
			l.order, l.date = "mdy", "m/d/yyyy"
		case "CA":
			l.order, l.date = "ymd", "yyyy-mm-dd"
		case "ZA":
			l.order, l.date, l.currency = "ymd", "yyyy/mm/dd", "R"
		case "GB":
			l.currency = "£"
		}
	case "fr":
		l.group, l.months, l.days = "\u202f", frenchMonths, frenchDays
		l.truth, l.untruth = "VRAI", "FAUX"
	case "de":
		l.date, l.seps, l.months, l.days = "dd.mm.yyyy", "./-", germanMonths, germanDays
		l.truth, l.untruth = "WAHR", "FALSCH"
	case "es":
		l.months, l.days, l.truth, l.untruth = spanishMonths, spanishDays, "VERDADERO", "FALSO"
	case "it":
		l.months, l.days, l.truth, l.untruth = italianMonths, italianDays, "VERO", "FALSO"
	case "pt":
		l.months, l.days, l.truth, l.untruth = portugueseMonths, portugueseDays, "VERDADEIRO", "FALSO"
	case "nl":
		l.date = "dd-mm-yyyy"
	case "sv":
		l.order, l.date, l.group = "ymd", "yyyy-mm-dd", "\u00a0"
	case "pl", "cs", "ru", "tr", "fi", "nb", "no", "da":
		l.date, l.seps, l.group = "dd.mm.yyyy", "./-", "\u00a0"
	case "ja", "zh", "ko":
		l.order, l.date, l.decimal, l.group = "ymd", "yyyy/mm/dd", ".", ","
	}
	return l
}

// pattern is what a number format of the type is shown in when it names no pattern; "" means as a plain number.
func (l locale) pattern(numType string) string {
	switch numType {
	case "DATE":
		return l.date
	case "TIME":
		return "hh:mm:ss"
	case "DATE_TIME":
		return l.date + " hh:mm:ss"
	case "PERCENT":
		return "0.00%"
	case "CURRENCY":
		return `"` + l.currency + `"#,##0.00`
	case "SCIENTIFIC":
		return "0.00E+00"
	case "NUMBER":
		return "#,##0.00"
	}
	return ""
}

// month finds a month by its name or a beginning of it of three letters and more, 0 when there is none such.
func (l locale) month(word string) int {
	word = strings.TrimSuffix(strings.ToLower(word), ".")
	if len([]rune(word)) < 3 {
		return 0
	}
	for _, names := range [][]string{l.months, englishMonths} {
		for i, n := range names {
			if strings.HasPrefix(strings.ToLower(n), word) {
				return i + 1
			}
		}
	}
	return 0
}

var (
	englishMonths = []string{
		"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
	}
	frenchMonths = []string{
		"janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre",
	}
	germanMonths = []string{
		"Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember",
	}
	spanishMonths = []string{
		"enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre",
	}
	italianMonths = []string{
		"gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno", "luglio", "agosto", "settembre", "ottobre", "novembre", "dicembre",
	}
	portugueseMonths = []string{
		"janeiro", "fevereiro", "março", "abril", "maio", "junho", "julho", "agosto", "setembro", "outubro", "novembro", "dezembro",
	}
	englishDays    = []string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"}
	frenchDays     = []string{"dimanche", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi"}
	germanDays     = []string{"Sonntag", "Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag"}
	spanishDays    = []string{"domingo", "lunes", "martes", "miércoles", "jueves", "viernes", "sábado"}
	italianDays    = []string{"domenica", "lunedì", "martedì", "mercoledì", "giovedì", "venerdì", "sabato"}
	portugueseDays = []string{"domingo", "segunda-feira", "terça-feira", "quarta-feira", "quinta-feira", "sexta-feira", "sábado"}
)
