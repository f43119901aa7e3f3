package gsheets

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/api/sheets/v4"
	"pgregory.net/rapid"

	"github.com/lockstep-sync/lockstep/connectors/cells"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// locales are of every kind that a spreadsheet can have: day, month and year first, with a point and with a comma.
var locales = []string{"en_US", "en_GB", "en_CA", "en_ZA", "fr_FR", "fr_CH", "de_DE", "es_ES", "es_MX", "es_US", "pt_BR", "sv_SE", "ja_JP", "zh_CN", "hu_HU", "sw_KE", "ar_EG", "en_PH", ""}

// anyReader is a reader of some locale, whose columns tell something or nothing.
func anyReader(t *rapid.T) *reader {
	locale := rapid.SampledFrom(locales).Draw(t, "locale")
	r := &reader{vocabulary: newVocabulary(Config{
		Status: map[string][]string{task.Blocked: {"Coincé"}, task.Done: {"TRUE", "✅ Fait"}, task.Cancelled: {"❌ Done"}},
		People: []Person{{Name: "Amina Diallo", Email: "amina@aquafund.org", Aliases: []string{"Amina"}}, {Name: "José Núñez"}, {Name: "Amina Said", Aliases: []string{"Amina"}}},
		Partners: []Partner{
			{ID: "a", Name: "ASSOCIATION POUR LE DEVELOPPEMENT"}, {ID: "b", Name: "Association Pour le Développement"}, {ID: "c", Name: "C", Aliases: []string{"a"}},
		},
	}), habits: inLocale(locale), comma: cells.DecimalComma(locale)}
	for i := range r.habits {
		r.habits[i].order = rapid.SampledFrom([]cells.DateOrder{r.habits[i].order, cells.Disputed}).Draw(t, "order")
		r.habits[i].points, r.habits[i].plainDays = rapid.Bool().Draw(t, "points"), rapid.Bool().Draw(t, "plain days")
	}
	r.used = map[string]string{task.InProgress: rapid.SampledFrom([]string{"", "En cours", "Done?", "nonsense"}).Draw(t, "used")}
	return r
}

// TestWhatIsWrittenIsReadBack writes values over cells of any format: what the cell then shows reads as the value, or it was
// said beforehand that it cannot be shown.
func TestWhatIsWrittenIsReadBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := anyReader(t)
		f := rapid.SampledFrom([]task.Field{task.Due, task.Start, task.Progress, task.Status, task.Partner, task.Assignee, task.QuickWin}).Draw(t, "field")
		var v task.Value
		switch f.Kind() {
		case task.Date:
			v = task.DateValue(epoch().AddDate(0, 0, rapid.IntRange(-1000, 112_000).Draw(t, "day")))
		case task.Number:
			var err error
			if v, err = task.NumberValue(rapid.OneOf(rapid.Float64Range(-2, 2), rapid.Float64(), rapid.SampledFrom([]float64{0, 1, 0.5, 50, 100, 1.2})).Draw(t, "number")); err != nil {
				t.Skip()
			}
		case task.Bool:
			v = task.BoolValue(rapid.Bool().Draw(t, "yes"))
		case task.Person:
			v = task.PersonValue(rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"Amina Diallo", "José Núñez", "Jose Nunez"})).Draw(t, "person"))
		default:
			v = task.EnumValue(rapid.SampledFrom(append(task.Statuses(), "a", "b", "c", "d")).Draw(t, "word"))
		}
		old := cell{}
		if kind := rapid.SampledFrom([]string{"", "DATE", "DATE_TIME", "PERCENT", "NUMBER", "TEXT"}).Draw(t, "format"); kind != "" {
			old.format = &sheets.NumberFormat{Type: kind}
		}
		want, problem := r.normalize(f, v, task.Empty(f.Kind()))
		if problem != nil {
			return
		}
		c, ok := r.write(f, v)
		if !ok {
			t.Fatalf("%s %q is promised as %q, and not written", f, v, want)
		}
		format := r.format(f, c, old)
		if format == nil {
			format = old.format
		}
		c.format, c.shown = format, ""
		if f.Kind() != task.Date && (format == nil || format.Type == "DATE" || format.Type == "DATE_TIME") && old.dated() && f.Kind() == task.Number {
			return // a person's date format in a column of shares: the cell shows a day, and is held
		}
		got, why := r.read(f, c)
		if got != want || why != nil {
			t.Fatalf("%s %q is promised as %q and reads back %q, %+v", f, v, want, got, why)
		}
		if f.Kind() == task.Date && got != v || f.Kind() == task.Bool && got != v || f.Kind() == task.Number && got != v {
			t.Fatalf("%s %q reads back %q", f, v, got)
		}
	})
}

// strictDays are all the days that a text may mean to anybody, by Go's own parser and a list of layouts; nil where it is no day.
func strictDays(s string) []time.Time {
	s = strings.Join(strings.Fields(strings.ToLower(s)), " ")
	s = regexp.MustCompile(`[ ,t]+([01]?[0-9]|2[0-4]):[0-5][0-9](:[0-5][0-9]([.,][0-9]+)?)?( ?[ap]\.?m\.?)?( ?(z|utc|gmt|[+-][01][0-9]:?[0-5][0-9]))?$`).ReplaceAllString(s, "")
	for from, to := range map[string]string{"mars": "mar", "août": "aug", "aout": "aug", "march": "mar", "december": "dec", "decembre": "dec", "décembre": "dec"} { //nolint:misspell // French
		s = regexp.MustCompile(`\b`+from+`\b`).ReplaceAllString(s, to)
	}
	s = regexp.MustCompile(`^(mon|tue|wed|thu|fri|sat|sun|jeudi|lundi),? `).ReplaceAllString(s, "")
	s = regexp.MustCompile(`(\d)(st|nd|rd|th|er)\b`).ReplaceAllString(s, "$1")
	var layouts []string
	for _, sep := range []string{"/", "-", "."} {
		one := strings.ReplaceAll(regexp.MustCompile(` ?\`+sep+` ?`).ReplaceAllString(s, sep), "\x00", "")
		if strings.Count(one, sep) >= 2 {
			s = strings.TrimSuffix(one, ".")
			for _, l := range []string{"2006?1?2", "2?1?2006", "1?2?2006", "2?1?06", "1?2?06", "06?1?2"} {
				layouts = append(layouts, strings.ReplaceAll(l, "?", sep))
			}
			break
		}
	}
	plain := strings.Join(strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(" ,.-/'", r) }), " ")
	var out []time.Time
	add := func(text string, layouts ...string) {
		for _, l := range layouts {
			if d, err := time.Parse(l, text); err == nil && d.Year() >= 1900 && d.Year() < 2200 && !slices.Contains(out, d) {
				out = append(out, d)
			}
		}
	}
	add(s, layouts...)
	add(plain, "2 Jan 2006", "2 Jan 06", "Jan 2 2006", "Jan 2 06", "2006 Jan 2")
	return out
}

// TestGarbageIsNoDay throws what looks like a day and is none at the reader. Whatever it reads, a strict reader must find among
// the days that the text may mean; and where it may mean two, the order must have settled it.
func TestGarbageIsNoDay(t *testing.T) {
	t.Parallel()
	piece := rapid.OneOf(
		rapid.SampledFrom([]string{"/", "-", ".", " ", ",", ":", "t", "z", "?", "~", "(", ")", "–", "\u00A0", "\n", "+", "'", "am", "th", "er", "de", "of"}),
		rapid.SampledFrom([]string{"mar", "march", "mars", "dec", "août", "jan", "may", "Thu", "jeudi", "TBD", "week", "Q3"}),
		rapid.SampledFrom([]string{"2026", "26", "12", "3", "03", "31", "1", "0", "99", "13", "29", "2", "02", "10:00", "00:00:00", "1905", "2200", "٣"}),
		rapid.StringN(0, 3, 6),
	)
	text := rapid.OneOf(
		rapid.Custom(func(t *rapid.T) string {
			return strings.Join(rapid.SliceOfN(piece, 1, 9).Draw(t, "pieces"), rapid.SampledFrom([]string{"", "", " "}).Draw(t, "glue"))
		}),
		rapid.Custom(func(t *rapid.T) string {
			sep := rapid.SampledFrom([]string{"/", "-", ".", " ", " / "}).Draw(t, "sep")
			number := rapid.SampledFrom([]string{"1", "01", "4", "05", "12", "13", "26", "30", "31", "99", "2026", "2025", "mar", "dec", "126"})
			return number.Draw(t, "a") + sep + number.Draw(t, "b") + sep + number.Draw(t, "c") +
				rapid.SampledFrom([]string{"", "", "", "?", " 10:00", "T10:00Z", ".", sep + "4"}).Draw(t, "end")
		}),
		rapid.String(),
	)
	rapid.Check(t, func(t *rapid.T) {
		s := text.Draw(t, "text")
		order := rapid.SampledFrom([]cells.DateOrder{cells.UnknownOrder, cells.DayFirst, cells.MonthFirst, cells.Disputed}).Draw(t, "order")
		got, ok := cells.ParseDay(s, order)
		if !ok {
			return
		}
		may := strictDays(s)
		if !slices.Contains(may, got) {
			t.Fatalf("%q is read as %s in order %d; a strict reader finds %v", s, got.Format(time.DateOnly), order, may)
		}
		if order == cells.Disputed && !strings.Contains(s, "-") {
			// Between the day first and the month first: where one of the two is at home, the year does not come first, but for ISO.
			may = slices.DeleteFunc(may, func(d time.Time) bool { return strings.HasPrefix(strings.TrimSpace(s), d.Format("06")) })
		}
		if len(may) > 1 && (order == cells.Disputed || order == cells.UnknownOrder && !strings.Contains(s, ".")) {
			t.Fatalf("%q may be %v, and is read as %s although nothing says which", s, may, got.Format(time.DateOnly))
		}
	})
}

// TestGarbageIsNoStatus: no text is read as a status but the known words, whatever signs stand beside them.
func TestGarbageIsNoStatus(t *testing.T) {
	t.Parallel()
	v := newVocabulary(Config{})
	var known []string
	for _, words := range cells.DefaultWords() {
		known = append(known, words...)
	}
	plain := func(s string) string {
		return strings.ToLower(regexp.MustCompile(`[^\pL\pN]+`).ReplaceAllString(s, ""))
	}
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.SampledFrom(known).Draw(t, "word")
		s := rapid.OneOf(rapid.Just(word), rapid.String(), rapid.Custom(func(t *rapid.T) string {
			r := []rune(word)
			at := rapid.IntRange(0, len(r)-1).Draw(t, "at")
			return string(r[:at]) + rapid.SampledFrom([]string{"", "x", "?", "in", " not "}).Draw(t, "slip") + string(r[at+1:])
		})).Draw(t, "text")
		status := v.StatusOf(s)
		if status == "" || plain(s) == "" {
			return
		}
		for _, w := range known {
			if plain(cells.FoldName(w)) == plain(cells.FoldName(s)) && v.StatusOf(w) == status && !strings.ContainsAny(s, "?？") {
				return
			}
		}
		t.Fatalf("%q is read as %s", s, status)
	})
}
