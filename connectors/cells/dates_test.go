package cells_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lockstep-sync/lockstep/connectors/cells"
)

func TestParseDay(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, locale, want string }{
		{"2026-03-12", "", "2026-03-12"},
		{" 2026-03-12 ", "", "2026-03-12"},
		{"2026/3/2", "en_US", "2026-03-02"},
		{"2026.03.12", "", "2026-03-12"},
		{"2026-03-12T10:30:00Z", "", "2026-03-12"},
		{"2026-03-12 23:59", "", "2026-03-12"},
		{"2026-02-30", "", ""},
		{"2026-13-01", "", ""},
		{"1899-12-31", "", ""},
		{"2200-01-01", "", ""},
		{"31/05/2010", "", "2010-05-31"},
		{"31/05/2010", "en_US", "2010-05-31"},
		{"05/31/2010", "", "2010-05-31"},
		{"04/05/2026", "", ""},
		{"04/05/2026", "en_GB", "2026-05-04"},
		{"04/05/2026", "fr_FR", "2026-05-04"},
		{"04/05/2026", "en_US", "2026-04-05"},
		{"04/05/2026", "ja_JP", ""},
		{"04/05/2026", "en_CA", ""},
		{"05/05/2026", "", "2026-05-05"},
		{"4/5/26", "pt_BR", "2026-05-04"},
		{"32/05/2010", "en_GB", ""},
		{"13/13/2010", "en_GB", ""},
		{"29/02/2023", "en_GB", ""},
		{"04/05/2026 10:00", "en_GB", "2026-05-04"},
		{"12-3-2026", "de_DE", "2026-03-12"},
		{"25.11.15", "", ""}, // or 15 November 2025, where the year comes first
		{"25.11.15", "en_GB", "2015-11-25"},
		{"25.11.15", "en_US", "2015-11-25"},
		{"04.05.2026", "en_US", ""},
		{"04.05.2026", "", "2026-05-04"},
		{"26-05-04", "en_GB", ""}, // or the short form of the ISO date
		{"26-05-04", "ja_JP", ""},
		{"26/05/04", "ja_JP", ""},
		{"26/05/04", "en_GB", "2004-05-26"},
		{"31-12-26", "en_GB", ""},
		{"31-12-2026", "en_GB", "2026-12-31"},
		{"05/31/2010", "en_GB", "2010-05-31"},
		{"04/05/2026", "es_US", ""},
		{"2026-0003-12", "", ""},
		{"2026-03-12 9::", "", ""},
		{"2026-03-12 25:00", "", ""},
		{"2026-03-12T10:30+03:00", "", "2026-03-12"},
		{"12/03/2026, 10:30 am", "en_GB", "2026-03-12"},
		{"12 March 2026 14:00", "", "2026-03-12"},
		{"12 March 2026?", "", ""},
		{"~12 March 2026", "", ""},
		{"before 12 March 2026", "", ""},
		{"12 2026 March", "", ""},
		{"March 2026 12", "", ""},
		{"Mon 12 March 2026", "", ""}, // it is a Thursday
		{"12 marzo 2026", "", "2026-03-12"},
		{"giovedì 12 marzo 2026", "", "2026-03-12"},
		{"quinta-feira, 12 de março de 2026", "", "2026-03-12"},
		{"12 maart 2026", "", "2026-03-12"},
		{"Alhamisi 12 Machi 2026", "", "2026-03-12"},
		{"2026年3月12日", "ja_JP", "2026-03-12"}, //nolint:gosmopolitan // a Japanese day
		{"2026년 3월 12일", "ko_KR", "2026-03-12"},
		{"2026年13月12日", "ja_JP", ""}, //nolint:gosmopolitan // none
		{"12/03", "en_GB", ""},
		{"12:00", "en_GB", ""},
		{"2026-W12", "", ""},
		{"12/03/2026 - 15/03/2026", "en_GB", ""},
		{"31/12/2015\n", "", "2015-12-31"},
		{"12 March 2026", "", "2026-03-12"},
		{"12 Mar 26", "", "2026-03-12"},
		{"12-Mar-2026", "", "2026-03-12"},
		{"March 12, 2026", "", "2026-03-12"},
		{"March 12th, 2026", "", "2026-03-12"},
		{"2026 March 12", "", "2026-03-12"},
		{"Thu 12 Mar 2026", "", "2026-03-12"},
		{"jeudi 12 mars 2026", "", "2026-03-12"},
		{"1er février 2026", "", "2026-02-01"},
		{"12 août 2026", "", "2026-08-12"},
		{"12 de marzo de 2026", "", "2026-03-12"},
		{"12. März 2026", "", "2026-03-12"},
		{"Donnerstag, 12. März 2026", "", "2026-03-12"},
		{"12 de março de 2026", "", "2026-03-12"},
		{"24 déc. 2026", "", "2026-12-24"},
		{"March 2026", "", ""},
		{"12 March", "", ""},
		{"12/2026", "", ""},
		{"Q3 2026", "", ""},
		{"2026", "", ""},
		{"next week-ish", "en_GB", ""},
		{"TBD", "en_GB", ""},
		{"-", "en_GB", ""},
		{"—", "en_GB", ""},
		{"n/a", "en_GB", ""},
		{"none", "en_GB", ""},
		{"12 March or 13 March 2026", "", ""},
		{"mars mai 2026", "", ""},
		{"1/2/3/2026", "en_GB", ""},
		{"12/03/2026?", "en_GB", ""},
		{"-1/2/2026", "en_GB", ""},
		{"+1/2/2026", "en_GB", ""},
		{strings.Repeat("1", 500), "", ""},
		{"", "", ""},
	} {
		got, ok := cells.ParseDay(c.in, cells.OrderOf(c.locale))
		s := ""
		if ok {
			s = got.Format(time.DateOnly)
		}
		if s != c.want {
			t.Errorf("%q in %q is %q; want %q", c.in, c.locale, s, c.want)
		}
	}
}

var orders = []cells.DateOrder{cells.UnknownOrder, cells.DayFirst, cells.MonthFirst, cells.Disputed}

// anyDay is a day that a cell may hold.
func anyDay(t *rapid.T) time.Time {
	return time.Date(cells.FirstYear, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, rapid.IntRange(0, 109_571).Draw(t, "day"))
}

// A day in a form that can be read in one way only is read as that day, by people of whatever order.
func TestPlainFormsAreTheirDay(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := anyDay(t)
		layout := rapid.SampledFrom([]string{
			"2006-01-02", "2006/1/2", "2006.01.02", "2 January 2006", "January 2, 2006", "Monday, 2 Jan 2006", "2006 January 2", "02-Jan-2006",
			"2006-01-02T15:04:05Z", "2 January 2006 15:04", "2006年1月2日", "2006년 1월 2일", //nolint:gosmopolitan // as they are written there
		}).Draw(t, "layout")
		order := rapid.SampledFrom(orders).Draw(t, "order")
		text := rapid.SampledFrom([]string{"", " ", "\u00A0"}).Draw(t, "blank") + d.Format(layout)
		if got, ok := cells.ParseDay(text, order); !ok || !got.Equal(d) {
			t.Fatalf("%q reads %v, %v", text, got, ok)
		}
	})
}

// A day in digits is read as its author meant it, or not at all; and where the author's order is known it is read.
func TestDigitsAreNeverAnotherDay(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := anyDay(t)
		layouts := map[cells.DateOrder]string{cells.DayFirst: "02/01/2006", cells.MonthFirst: "01/02/2006"}
		author := rapid.SampledFrom([]cells.DateOrder{cells.DayFirst, cells.MonthFirst}).Draw(t, "author")
		sep := rapid.SampledFrom([]string{"/", "-"}).Draw(t, "sign")
		text := strings.ReplaceAll(d.Format(layouts[author]), "/", sep)
		if got, ok := cells.ParseDay(text, author); !ok || !got.Equal(d) {
			t.Errorf("%q reads %v, %v", text, got, ok)
		}
		for _, order := range []cells.DateOrder{cells.UnknownOrder, cells.Disputed} {
			if got, ok := cells.ParseDay(text, order); ok && !got.Equal(d) {
				t.Errorf("%q reads %v though nobody knows the order", text, got)
			}
		}
		if o := cells.DecidedOrder(text); o != cells.UnknownOrder && o != author {
			t.Errorf("%q decides for the other order", text)
		}
		if days := cells.DigitDays(text, cells.UnknownOrder); !slices.ContainsFunc(days, d.Equal) {
			t.Errorf("%q may be %v, and not %v", text, days, d)
		}
	})
}

// Whatever is typed, there is an answer, and it is a day of the calendar that a cell may hold.
func TestAnyTextIsADayOrNone(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.StringMatching(`[0-9]{1,4}[-/. ]{1,2}[0-9a-zé]{1,9}[-/., ]{1,2}[0-9]{1,4}[?.]?`)).Draw(t, "text")
		d, ok := cells.ParseDay(text, rapid.SampledFrom(orders).Draw(t, "order"))
		if ok && (d.Year() < cells.FirstYear || d.Year() > cells.LastYear || d.Location() != time.UTC || d != d.Truncate(24*time.Hour)) {
			t.Fatalf("%q reads %v", text, d)
		}
		if ok && cells.Yearless(text) {
			t.Fatalf("%q is a day, and has no year", text)
		}
	})
}

func TestYearless(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"12 March": true, "12/03": true, "March 12": true, "29 Feb": true, "12.3": true, "12 March 2026": false, "March": false, "soon": false, "": false, "12": false,
	} {
		if got := cells.Yearless(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestOrders(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]cells.DateOrder{
		"Deadline (dd/mm/yyyy)": cells.DayFirst, "Échéance JJ/MM/AAAA": cells.DayFirst, "Frist TT.MM.JJJJ": cells.DayFirst,
		"Due (MM/DD/YYYY)": cells.MonthFirst, "Due": cells.UnknownOrder, "Due (yyyy-mm-dd)": cells.UnknownOrder, "": cells.UnknownOrder,
	} {
		if got := cells.DeclaredOrder(header); got != want {
			t.Errorf("%q declares %d; want %d", header, got, want)
		}
	}
	for _, c := range []struct {
		header string
		column []string
		want   cells.DateOrder
	}{
		{"Due", []string{"04/05/2026", "31/05/2026"}, cells.DayFirst},
		{"Due", []string{"04/05/2026", "05/31/2026"}, cells.MonthFirst},
		{"Due", []string{"31/05/2026", "05/31/2026"}, cells.Disputed},
		{"Due (dd/mm/yyyy)", []string{"05/31/2026"}, cells.Disputed},
		{"Due", []string{"04/05/2026", "26-03-12", "soon", ""}, cells.UnknownOrder},
		{"Due", nil, cells.UnknownOrder},
	} {
		if got := cells.OrderIn(c.header, c.column); got != c.want {
			t.Errorf("%q with %q is written in the order %d; want %d", c.header, c.column, got, c.want)
		}
	}
}
