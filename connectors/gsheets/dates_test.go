package gsheets

import (
	"encoding/csv"
	"strings"
	"testing"
	"time"

	"github.com/lockstep-sync/lockstep/connectors/cells"
	"github.com/lockstep-sync/lockstep/sync/task"
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

func TestRealDates(t *testing.T) {
	t.Parallel()
	rows, err := csv.NewReader(realData(t, "sheets/rag-and-dates.csv")).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	r := &reader{vocabulary: newVocabulary(Config{}), habits: inLocale("en_GB")}
	read, odd := 0, map[string]bool{}
	for _, row := range rows[1:] {
		for _, s := range row[3:5] {
			v, problem := r.read(task.Due, cell{kind: textCell, text: s})
			digits := strings.ContainsAny(s, "0123456789") && !strings.Contains(strings.ToLower(s), "exempt")
			switch {
			case strings.TrimSpace(s) == "":
				if v != task.Empty(task.Date) {
					t.Errorf("%q reads %v", s, v)
				}
			case digits:
				read++
				d, ok := v.Time()
				if !ok {
					t.Errorf("%q is not read", s)
					continue
				}
				// Each is written in one of three ways, and must give the same digits back.
				if l := strings.TrimSpace(s); d.Format("02/01/2006") != l && d.Format("02.01.06") != l && d.Format("2006-01-02") != l {
					t.Errorf("%q reads %s", s, v)
				}
			default:
				odd[s] = true
				if !v.IsUnreadable() || v.String() != task.TextValue(s).String() || problem.Hint == "" {
					t.Errorf("%q reads %v, %v", s, v, problem)
				}
			}
		}
	}
	if read != 1266 || len(odd) != 13 {
		t.Errorf("%d dates were read and %d other texts held", read, len(odd))
	}
}
