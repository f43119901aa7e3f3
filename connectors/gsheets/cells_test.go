package gsheets

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"pgregory.net/rapid"

	"google.golang.org/api/sheets/v4"

	"github.com/lockstep-sync/lockstep/connectors/cells"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// inLocale is what is known of columns that tell nothing themselves.
func inLocale(locale string) habits {
	return *habitsOf(&grid{locale: locale}, &layout{column: noColumns()})
}

func noColumns() (cols [task.FieldCount]int) {
	for i := range cols {
		cols[i] = -1
	}
	return cols
}

func TestReadCells(t *testing.T) {
	t.Parallel()
	cfg := Config{
		Partners: []Partner{{ID: "aquafund", Name: "AquaFund", Aliases: []string{"Fonds d’Eau"}}},
		People:   []Person{{Name: "José Núñez", Email: "jose@example.org", Aliases: []string{"J. Núñez"}}},
	}
	txt := func(s string) cell { return cell{kind: textCell, text: s, shown: s} }
	num := func(n float64, shown string) cell { return cell{kind: numberCell, number: n, shown: shown} }
	as := func(format string, n float64, shown string) cell {
		return cell{kind: numberCell, number: n, shown: shown, format: &sheets.NumberFormat{Type: format}}
	}
	yes, no := cell{kind: boolCell, yes: true, shown: "TRUE"}, cell{kind: boolCell, shown: "FALSE"}
	for _, c := range []struct {
		f      task.Field
		c      cell
		locale string
		want   string // "!" for unreadable
	}{
		{task.Title, txt(" Pump\r\n "), "", "Pump"},
		{task.Title, num(7, "007"), "", "007"},
		{task.Title, yes, "", "TRUE"},
		{task.Title, cell{kind: errorCell, text: "N_A", shown: "#N/A"}, "", "!"},
		{task.Partner, txt("AQUAFUND"), "", "aquafund"},
		{task.Partner, txt("fonds d'eau"), "", "aquafund"},
		{task.Partner, txt("Aqua"), "", "!"},
		{task.Status, txt("✅ Done!"), "", "done"},
		{task.Status, txt("✅"), "", "done"},
		{task.Status, txt("🚧"), "", "in_progress"},
		{task.Status, txt("TERMINÉE"), "", "done"},
		{task.Status, txt("termine"), "", "done"},
		{task.Status, txt("à  faire"), "", "not_started"},
		{task.Status, txt("Won’t do"), "", "cancelled"},
		{task.Status, txt("In-Progress"), "", "in_progress"},
		{task.Status, txt("in Arbeit"), "", "in_progress"},
		{task.Status, txt("Em andamento"), "", "in_progress"},
		{task.Status, txt("En espera"), "", "blocked"},
		{task.Status, txt("Amber/ Red"), "", "!"},
		{task.Status, txt("-"), "", "!"},
		{task.Status, num(3, "3"), "", "!"},
		{task.Due, as("DATE", 46093, "12/03/2026"), "", "2026-03-12"},
		{task.Due, as("DATE_TIME", 46093.99, "12/03/2026 23:45"), "", "2026-03-12"},
		{task.Due, as("DATE", 46093, "jeudi"), "", "2026-03-12"},
		{task.Due, num(45153, "45153"), "", "!"}, // nothing in the column says that its numbers are days
		{task.Due, as("CURRENCY", 45153, "45 153 €"), "", "!"},
		{task.Due, as("PERCENT", 46093, "4609300%"), "", "!"},
		{task.Due, as("TIME", 46093.5, "12:00"), "", "!"},
		{task.Due, as("TIME", 4.1666, "100:00"), "", "!"},
		{task.Due, as("DATE", 0.5, "30/12/1899"), "", "!"},
		{task.Due, num(2026, "2026"), "", "!"},
		{task.Due, as("DATE", 2026, "18/07/1905"), "", "!"}, // a year that was typed
		{task.Due, num(1, "1"), "", "!"},
		{task.Due, num(1e9, "1000000000"), "", "!"},
		{task.Due, num(0.5, "12:00"), "", "!"},
		{task.Due, yes, "", "!"},
		{task.Due, txt("—"), "", "!"},
		{task.Progress, num(0.5, "50%"), "", "0.5"},
		{task.Progress, txt("50 %"), "", "0.5"},
		{task.Progress, txt("7%"), "", "0.07"},
		{task.Progress, txt("0,5"), "fr_FR", "0.5"},
		{task.Progress, txt("0,5"), "en_GB", "0.5"},
		{task.Progress, txt("12,5 %"), "fr_FR", "0.125"},
		{task.Progress, txt("50"), "", "!"}, // fifty times, or a half?
		{task.Progress, num(50, "50"), "", "!"},
		{task.Progress, as("PERCENT", 1.2, "120%"), "", "1.2"},
		{task.Progress, as("DATE", 0.5, "30/12/1899"), "", "!"},
		{task.Progress, as("TIME", 0.5, "12:00"), "", "!"},
		{task.Progress, num(1, "1"), "", "1"},
		{task.Progress, txt("0x10"), "", "!"},
		{task.Progress, txt("Inf"), "", "!"},
		{task.Progress, txt("1e5"), "", "!"},
		{task.Progress, txt("half"), "", "!"},
		{task.Progress, txt("-"), "", "!"},
		{task.Progress, yes, "", "!"},
		{task.QuickWin, yes, "", "true"},
		{task.QuickWin, no, "", "false"},
		{task.QuickWin, txt("OUI"), "", "true"},
		{task.QuickWin, txt("Não"), "", "false"},
		{task.QuickWin, txt("x"), "", "true"},
		{task.QuickWin, num(1, "1"), "", "true"},
		{task.QuickWin, num(2, "2"), "", "!"},
		{task.QuickWin, txt("perhaps"), "", "!"},
		{task.Assignee, txt("JOSE@example.org"), "", "José Núñez"},
		{task.Assignee, txt("j. nunez"), "", "José Núñez"},
		{task.Assignee, txt("Somebody  Else"), "", "Somebody Else"},
		{task.Labels, txt("b; a, b\nc"), "", "a\x1fb\x1fc"},
		{task.Labels, txt(" , "), "", ""},
		{task.Notes, txt("\u00a0 "), "", ""},
		{task.Due, cell{}, "", ""},
	} {
		r := &reader{vocabulary: newVocabulary(cfg), habits: inLocale(c.locale), comma: cells.DecimalComma(c.locale)}
		got, problem := r.read(c.f, c.c)
		switch {
		case c.want == "!":
			if !got.IsUnreadable() || problem == nil || problem.Hint == "" {
				t.Errorf("%s: %+v reads %v", c.f, c.c, got)
			}
		case got.Kind() != c.f.Kind() || got.String() != c.want || problem != nil:
			t.Errorf("%s: %+v reads %s %q, %v; want %q", c.f, c.c, got.Kind(), got, problem, c.want)
		}
	}
}

// Every default word must read back as its own status: a word under two would be read as the first.
func TestConfigurationOverrulesWords(t *testing.T) {
	t.Parallel()
	v := newVocabulary(Config{Status: map[string][]string{task.Blocked: {"In progress"}}})
	if v.StatusOf("in progress") != task.Blocked {
		t.Error("the configuration does not overrule")
	}
	if w := v.StatusWord(task.InProgress, map[string]string{task.InProgress: "In progress"}); w == "" || v.StatusOf(w) != task.InProgress {
		t.Errorf("in progress is written %q, which reads back as %s", w, v.StatusOf(w))
	}
}

// What is written reads back as what was promised, and a promise stands when it is made again.
func TestNormalizeIsWhatReadsBack(t *testing.T) {
	t.Parallel()
	r := &reader{vocabulary: newVocabulary(Config{
		Partners: []Partner{{ID: "a", Name: "Same"}, {ID: "b", Name: "Same"}, {ID: "c", Name: "C", Aliases: []string{"a"}}},
		People:   []Person{{Name: "Amina Diallo", Aliases: []string{"Amina"}}},
	})}
	rapid.Check(t, func(t *rapid.T) {
		f := rapid.SampledFrom(task.AllFields()).Draw(t, "field")
		s := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"Amina", "a", "b", "c", "done", "blocked", "nonsense", "x,y"})).Draw(t, "text")
		var want task.Value
		switch f.Kind() {
		case task.Text:
			want = task.TextValue(s)
		case task.Enum:
			want = task.EnumValue(s)
		case task.Person:
			want = task.PersonValue(s)
		case task.Set:
			want = task.SetValue(strings.Split(s, "y")...)
		case task.Bool:
			want = task.BoolValue(rapid.Bool().Draw(t, "bool"))
		case task.Number:
			var err error
			if want, err = task.NumberValue(rapid.Float64().Draw(t, "number")); err != nil {
				t.Skip("NaN and the infinities are no numbers")
			}
		default:
			want = task.DateValue(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, rapid.IntRange(-60000, 100000).Draw(t, "day")))
		}
		have := task.Empty(f.Kind())
		shown, problem := r.normalize(f, want, have)
		if problem != nil {
			if shown != have || problem.Hint == "" {
				t.Fatalf("%s %q cannot be shown, and %q is promised", f, want, shown)
			}
			return
		}
		c, ok := r.write(f, want)
		if back, p := r.read(f, c); !ok || p != nil || back != shown {
			t.Fatalf("%s %q reads back as %q, %v; %q was promised", f, want, back, p, shown)
		}
		if again, p := r.normalize(f, shown, have); p != nil || !again.Same(shown) {
			t.Fatalf("%s %q is promised as %q, and that as %q", f, want, shown, again)
		}
	})
}

func TestLongTextsAreCut(t *testing.T) {
	t.Parallel()
	for _, s := range []string{strings.Repeat("a", 60_000), strings.Repeat("é", 50_000), strings.Repeat("😀", 30_000), "a" + strings.Repeat("😀", 30_000)} {
		got := fit(s)
		if n := len(utf16.Encode([]rune(got))); n > maxText || n < maxText-1 || !strings.HasPrefix(s, got) {
			t.Errorf("%q… is cut to %d units", s[:4], n)
		}
	}
	if s := strings.Repeat("é", 40_000); fit(s) != s {
		t.Error("what fits is cut")
	}
}

// Rectangles write each cell once, with its own content, and no other.
func TestRectangles(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		type place struct{ row, col int }
		want := make(map[place]string)
		var writes []cellWrite
		for i := range rapid.IntRange(0, 40).Draw(t, "cells") {
			p := place{rapid.IntRange(0, 6).Draw(t, "row"), rapid.IntRange(0, 6).Draw(t, "col")}
			if _, taken := want[p]; taken {
				continue
			}
			w := cellWrite{row: p.row, col: p.col, place: i}
			want[p] = "-"
			if rapid.Bool().Draw(t, "filled") {
				want[p] = fmt.Sprint(i)
				w.value = stringValue(want[p])
			}
			if p.col == 3 {
				w.format = dateFormat()
			}
			writes = append(writes, w)
		}
		got := make(map[place]string)
		for _, r := range rectangles(writes) {
			q := r.request(9).UpdateCells
			if q.Range != nil || q.Start.SheetId != 9 {
				t.Fatalf("a block has a range, or another sheet: %+v", q)
			}
			for i, row := range q.Rows {
				for j, d := range row.Values {
					p := place{int(q.Start.RowIndex) + i, int(q.Start.ColumnIndex) + j}
					if _, twice := got[p]; twice {
						t.Fatalf("%v is written twice", p)
					}
					got[p] = "-"
					if d.UserEnteredValue != nil {
						got[p] = *d.UserEnteredValue.StringValue
					}
					if strings.Contains(q.Fields, "numberFormat") != (p.col == 3) || (d.UserEnteredFormat != nil) != (p.col == 3) {
						t.Fatalf("%v: the mask is %s, the format %v", p, q.Fields, d.UserEnteredFormat)
					}
				}
			}
		}
		if len(got) != len(want) {
			t.Fatalf("%d cells are written; want %d", len(got), len(want))
		}
		for p, w := range want {
			if got[p] != w {
				t.Fatalf("%v is written %q; want %q", p, got[p], w)
			}
		}
	})
}

func TestColumnNames(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{0: "A", 25: "Z", 26: "AA", 51: "AZ", 52: "BA", 701: "ZZ", 702: "AAA"} {
		if got := columnName(n); got != want {
			t.Errorf("column %d is %s; want %s", n, got, want)
		}
	}
	if got := tabRange("Amina's plan"); got != "'Amina''s plan'" {
		t.Errorf("the tab is %s", got)
	}
}

// An answer may hold blocks in any order, ragged, and with holes.
func TestPlaceBlocks(t *testing.T) {
	t.Parallel()
	data := func(s string) *sheets.CellData { return &sheets.CellData{EffectiveValue: stringValue(s)} }
	g := &grid{}
	g.place(&sheets.GridData{StartRow: 4, StartColumn: 2, RowData: []*sheets.RowData{{Values: []*sheets.CellData{data("C5"), nil}}, nil}})
	g.place(&sheets.GridData{RowData: []*sheets.RowData{{Values: []*sheets.CellData{data("A1")}}}})
	g.place(&sheets.GridData{StartRow: 4, RowData: []*sheets.RowData{{Values: []*sheets.CellData{data("A5")}}}})
	for p, want := range map[[2]int]string{{0, 0}: "A1", {4, 0}: "A5", {4, 2}: "C5", {4, 1}: "", {4, 3}: "", {9, 9}: "", {-1, 0}: ""} {
		if got := g.at(p[0], p[1]).text; got != want {
			t.Errorf("%v holds %q; want %q", p, got, want)
		}
	}
	if rows, cols := g.filled(); rows != 5 || cols != 3 {
		t.Errorf("filled to %d, %d", rows, cols)
	}
}
