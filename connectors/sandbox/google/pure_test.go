package google

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestA1(t *testing.T) {
	t.Parallel()
	w := &workbook{}
	w.addTab("Sheet1")
	w.addTab("It's a tab!")
	w.addTab("A1")
	w.tabs[2].rowCount, w.tabs[2].colCount = 10, 5
	for in, want := range map[string]string{
		"Sheet1":                   "Sheet1!A1:Z1000",
		"sheet1":                   "Sheet1!A1:Z1000",
		"'Sheet1'":                 "Sheet1!A1:Z1000",
		"A1":                       "Sheet1!A1",
		"'A1'":                     "'A1'!A1:E10",
		"A1:B2":                    "Sheet1!A1:B2",
		"B2:A1":                    "Sheet1!A1:B2",
		"$A$1:$B2":                 "Sheet1!A1:B2",
		"Sheet1!A:C":               "Sheet1!A1:C1000",
		"Sheet1!2:3":               "Sheet1!A2:Z3",
		"Sheet1!B3:C":              "Sheet1!B3:C1000",
		"Sheet1!B3:4":              "Sheet1!B3:Z4",
		"Sheet1!A1:1":              "Sheet1!A1:Z1",
		"Sheet1!aa10":              "Sheet1!AA10",
		"'It''s a tab!'!C3":        "'It''s a tab!'!C3",
		"It's a tab!!C3":           "'It''s a tab!'!C3",
		"'A1'!B2:ZZ99":             "'A1'!B2:ZZ99",
		"Nope!A1":                  "",
		"Sheet1!":                  "",
		"Sheet1!A":                 "",
		"Sheet1!7":                 "",
		"Sheet1!A0":                "",
		"Sheet1!A1:B2:C3":          "",
		"Sheet1!R1C1":              "",
		"'Sheet1":                  "",
		"":                         "",
		"Sheet1!A1 B2":             "",
		"Sheet1!AAAA1":             "",
		"Sheet1!A123456789":        "",
		"https://x.test/?q=!A1:B2": "",
	} {
		tb, b, err := w.a1(in)
		switch {
		case err != nil && want != "":
			t.Errorf("%q: %v", in, err)
		case err != nil:
			if err.Error() != "Unable to parse range: "+in {
				t.Errorf("%q: %v", in, err)
			}
		case a1Of(tb.title, b) != want:
			t.Errorf("%q is %s, want %q", in, a1Of(tb.title, b), want)
		}
	}
}

func TestColumnNames(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 18277).Draw(t, "n")
		if got := columnNumber(columnName(n)); got != n {
			t.Fatalf("%d is %s is %d", n, columnName(n), got)
		}
	})
	for n, want := range map[int]string{0: "A", 25: "Z", 26: "AA", 701: "ZZ", 702: "AAA"} {
		if got := columnName(n); got != want {
			t.Errorf("column %d is %s, want %s", n, got, want)
		}
	}
}

func TestMaskSelects(t *testing.T) {
	t.Parallel()
	const doc = `{"a":1,"b":{"c":2,"d":{"e":3}},"l":[{"x":1,"y":2},{"y":3},{}]}`
	for in, want := range map[string]string{
		"a":             `{"a":1}`,
		"*":             doc,
		"b.c":           `{"b":{"c":2}}`,
		"b/d/e":         `{"b":{"d":{"e":3}}}`,
		"b(c,d(e))":     `{"b":{"c":2,"d":{"e":3}}}`,
		"b(c,d/e),a":    `{"a":1,"b":{"c":2,"d":{"e":3}}}`,
		"l.x":           `{"l":[{"x":1},{},{}]}`,
		"l(x,y)":        `{"l":[{"x":1,"y":2},{"y":3},{}]}`,
		"b(*)":          `{"b":{"c":2,"d":{"e":3}}}`,
		"b.*":           `{"b":{"c":2,"d":{"e":3}}}`,
		"b.d,b.c,b.d.e": `{"b":{"c":2,"d":{"e":3}}}`,
		"a, b(c) ,l.x":  `{"a":1,"b":{"c":2},"l":[{"x":1},{},{}]}`,
		"nothing":       `{}`,
		"b.nothing":     `{}`,
		"l(x":           "error",
		"l)":            "error",
		",a":            "error",
		"a,,b":          "error",
		"b()":           "error",
		"b..c":          "error",
		"b(c)d":         "error",
	} {
		var v any
		if err := json.Unmarshal([]byte(doc), &v); err != nil {
			t.Fatal(err)
		}
		m, err := parseMask(in)
		got := "error"
		if err == nil {
			b, err := json.Marshal(m.prune(v))
			if err != nil {
				t.Fatal(err)
			}
			got = string(b)
		}
		if got != want {
			t.Errorf("%q gives %s, want %s", in, got, want)
		}
	}
}

func TestMaskNamesAreHeldAgainstTheSchema(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"sheets(properties,data(rowData(values(userEnteredValue,note)),rowMetadata/hiddenByUser),merges)": "",
		"sheets.data.row_data.values.user_entered_value":                                                  "",
		"*":                                    "",
		"sheets.sheetProperties":               "sheets.sheetProperties",
		"sheets.data.rowData.values.value":     "sheets.data.rowData.values.value",
		"properties.title.text":                "properties.title.text",
		"sheets.data.rowData.values.note.text": "sheets.data.rowData.values.note.text",
	} {
		m, err := parseMask(in)
		if err != nil {
			t.Fatal(err)
		}
		err = sheetsSchema().checkMask("Spreadsheet", m, "")
		switch {
		case want == "" && err != nil:
			t.Errorf("%q: %v", in, err)
		case want != "" && err == nil:
			t.Errorf("%q was let through", in)
		case want != "":
			got, _ := errors.AsType[*apiError](err)
			if d := cmp.Diff(badMask(want).body(), got.body()); d != "" {
				t.Error(d)
			}
		}
	}
}

func TestTypedText(t *testing.T) {
	t.Parallel()
	serial := func(y int, m time.Month, d, h, mi int) value {
		return numberOf(serialOf(time.Date(y, m, d, h, mi, 0, 0, time.UTC)))
	}
	for _, c := range []struct {
		locale, in string
		v          value
		numType    string
		shown      string // as the cell then shows it, "" to leave that out
	}{
		{"en_GB", "hello", textOf("hello"), "", "hello"},
		{"en_GB", " spaced ", textOf(" spaced "), "", " spaced "},
		{"en_GB", "", value{}, "", ""},
		{"en_GB", "'=1", textOf("=1"), "", "=1"},
		{"en_GB", "=SUM(A1)", value{kind: formula, str: "=SUM(A1)"}, "", ""},
		{"en_GB", "+44 20 7946", value{kind: formula, str: "=+44 20 7946"}, "", ""},
		{"en_GB", "- item", textOf("- item"), "", "- item"},
		{"en_GB", "@someone", textOf("@someone"), "", "@someone"},
		{"en_GB", "true", boolOf(true), "", "TRUE"},
		{"fr_FR", "faux", boolOf(false), "", "FAUX"},
		{"en_GB", "12", numberOf(12), "", "12"},
		{"en_GB", "-1.50", numberOf(-1.5), "", "-1.5"},
		{"en_GB", "1,234.5", numberOf(1234.5), "NUMBER", "1,234.50"},
		{"en_GB", "1,23", textOf("1,23"), "", "1,23"},
		{"fr_FR", "1,5", numberOf(1.5), "", "1,5"},
		{"fr_FR", "1 234,5", numberOf(1234.5), "NUMBER", "1\u202f234,50"},
		{"de_DE", "1.234,5", numberOf(1234.5), "NUMBER", "1.234,50"},
		{"en_GB", "7%", numberOf(0.07), "PERCENT", "7%"},
		{"en_GB", "12.5%", numberOf(0.125), "PERCENT", "12.50%"},
		{"en_GB", "£1,000", numberOf(1000), "CURRENCY", "£1,000.00"},
		{"en_GB", "1e3", numberOf(1000), "SCIENTIFIC", "1.00E+03"},
		{"en_GB", "1e999", textOf("1e999"), "", "1e999"},
		{"en_GB", "01/02/2026", serial(2026, 2, 1, 0, 0), "DATE", "01/02/2026"},
		{"en_US", "1/2/2026", serial(2026, 1, 2, 0, 0), "DATE", "1/2/2026"},
		{"de_DE", "1.2.26", serial(2026, 2, 1, 0, 0), "DATE", "01.02.2026"},
		{"en_GB", "1.2.26", textOf("1.2.26"), "", "1.2.26"},
		{"en_GB", "31/06/2026", textOf("31/06/2026"), "", "31/06/2026"},
		{"en_GB", "13/13/2026", textOf("13/13/2026"), "", "13/13/2026"},
		{"en_US", "13/5/2026", textOf("13/5/2026"), "", "13/5/2026"},
		{"en_GB", "2026-02-01", serial(2026, 2, 1, 0, 0), "DATE", "2026-02-01"},
		{"sv_SE", "2026-02-01", serial(2026, 2, 1, 0, 0), "DATE", "2026-02-01"},
		{"en_GB", "5/6", serial(2026, 6, 5, 0, 0), "DATE", "05/06"},
		{"en_GB", "1 Feb 2026", serial(2026, 2, 1, 0, 0), "DATE", "1 Feb 2026"},
		{"en_US", "February 1, 2026", serial(2026, 2, 1, 0, 0), "DATE", "Feb 1, 2026"},
		{"fr_FR", "1 févr. 2026", serial(2026, 2, 1, 0, 0), "DATE", "1 fév 2026"},
		{"en_GB", "1 Maybe 2026", textOf("1 Maybe 2026"), "", "1 Maybe 2026"},
		{"en_GB", "next week-ish", textOf("next week-ish"), "", "next week-ish"},
		{"en_GB", "14:30", numberOf(14.5 / 24), "TIME", "14:30"},
		{"en_GB", "2:30 pm", numberOf(14.5 / 24), "TIME", "2:30 PM"},
		{"en_GB", "30:15", numberOf(30.25 / 24), "TIME", "30:15"},
		{"en_GB", "25:99", textOf("25:99"), "", "25:99"},
		{"en_GB", "01/02/2026 14:30", serial(2026, 2, 1, 14, 30), "DATE_TIME", "01/02/2026 14:30"},
		{"en_GB", "2026-02-01T14:30:00", serial(2026, 2, 1, 14, 30), "DATE_TIME", "2026-02-01 14:30:00"},
		{"en_GB", "TBD", textOf("TBD"), "", "TBD"},
		{"en_GB", "#N/A", textOf("#N/A"), "", "#N/A"},
	} {
		l := localeOf(c.locale)
		got := typedText(c.in, l, false, noon)
		if got.v != c.v || got.numType != c.numType {
			t.Errorf("%s %q is %+v, want %+v as %q", c.locale, c.in, got, c.v, c.numType)
			continue
		}
		var f *format
		if got.numType != "" {
			f = f.withNumberFormat(got.numType, got.pattern)
		}
		if shown := display(got.v, f, l); c.shown != "" && shown != c.shown {
			t.Errorf("%s %q shows %q, want %q", c.locale, c.in, shown, c.shown)
		}
	}
	if got := typedText("01/02/2026", localeOf("en_GB"), true, noon); got.v != textOf("01/02/2026") || got.numType != "" {
		t.Errorf("in a cell for plain text a date became %+v", got)
	}
}

func TestDisplay(t *testing.T) {
	t.Parallel()
	at := serialOf(time.Date(2026, 3, 4, 15, 6, 7, 0, time.UTC))
	for _, c := range []struct {
		n                        float64
		numType, pattern, locale string
		want                     string
	}{
		{at, "DATE", "", "en_GB", "04/03/2026"},
		{at, "DATE", "", "en_US", "3/4/2026"},
		{at, "DATE", "", "de_DE", "04.03.2026"},
		{at, "DATE_TIME", "", "en_GB", "04/03/2026 15:06:07"},
		{at, "DATE", "ddd d mmmm yyyy", "en_GB", "Wed 4 March 2026"},
		{at, "DATE", "dddd d mmmm yyyy", "fr_FR", "mercredi 4 mars 2026"},
		{at, "DATE", "yy/m/d", "en_GB", "26/3/4"},
		{at, "TIME", "h:mm am/pm", "en_GB", "3:06 PM"},
		{at, "TIME", "hh:mm:ss.000", "en_GB", "15:06:07.000"},
		{1.5, "TIME", "[h]:mm", "en_GB", "36:00"},
		{at, "DATE", `yyyy"Q"d\!`, "en_GB", "2026Q4!"},
		{1234.567, "NUMBER", "#,##0.00", "en_GB", "1,234.57"},
		{1234.567, "NUMBER", "#,##0.00", "fr_FR", "1\u202f234,57"},
		{-5, "NUMBER", "0;(0)", "en_GB", "(5)"},
		{0, "NUMBER", `0;-0;"none"`, "en_GB", "none"},
		{0.5, "NUMBER", "#.##", "en_GB", ".5"},
		{7, "NUMBER", "000", "en_GB", "007"},
		{0.256, "PERCENT", "0.0%", "en_GB", "25.6%"},
		{12345, "SCIENTIFIC", "0.00E+00", "en_GB", "1.23E+04"},
		{12, "CURRENCY", "[$£]#,##0", "en_GB", "12"},
		{1.0 / 3, "", "", "en_GB", "0.3333333333"},
		{1e20, "", "", "en_GB", "1E+20"},
		{0.1 + 0.2, "", "", "en_GB", "0.3"},
		{-0.4, "NUMBER", "0", "en_GB", "0"},
		{46000, "TEXT", "@", "en_GB", "46000"},
	} {
		var f *format
		if c.numType != "" {
			f = f.withNumberFormat(c.numType, c.pattern)
		}
		if got := display(numberOf(c.n), f, localeOf(c.locale)); got != c.want {
			t.Errorf("%v as %s %q in %s shows %q, want %q", c.n, c.numType, c.pattern, c.locale, got, c.want)
		}
	}
}

func TestFormulas(t *testing.T) {
	t.Parallel()
	s := New(Options{Now: func() time.Time { return noon }})
	id := s.AddSpreadsheet("Book", "One", "Other tab")
	for a1, typed := range map[string]string{"A1": "2", "A2": "3", "A3": "word", "B1": "=A1*A2", "C1": "=C2", "C2": "=C1"} {
		if err := s.Type(id, "One", a1, typed); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Type(id, "Other tab", "A1", "10"); err != nil {
		t.Fatal(err)
	}
	for f, want := range map[string]any{
		"=1+2*3^2": 19.0, "=(1+2)*3": 9.0, "=-A1": -2.0, "=A1&\"-\"&A3": "2-word", "=SUM(A1:A3)": 5.0, "=sum(A1,A2;4)": 9.0, "=COUNTA(A1:A10)": 3.0,
		"=B1": 6.0, "='Other tab'!A1+1": 11.0, "=TODAY()": 46095.0, "=IF(A1>1,\"big\",\"small\")": "big", "=IFERROR(1/0,\"none\")": "none",
		"=1/0": "#DIV/0!", "=NOSUCH(1)": "#NAME?", "=nonsense": "#NAME?", "=C1": "#REF!", "=1+": "#ERROR!", "=A3+1": "#VALUE!", "=ZZ1": "#REF!",
		"=Gone!A1": "#REF!", "=\"a\"\"b\"": `a"b`, "=A1=2": true, "=50%": 0.5, "=DATE(2026,3,14)": 46095.0, "=D9": 0.0, "=NA()": "#N/A",
		"=AVERAGE(A1:A2)": 2.5, "=COUNTIF(A1:A3,\"word\")": 1.0, "=HYPERLINK(\"https://x.test\")": "https://x.test",
		`=IF(NOW()-46095.45>2/24,"late","on time")`: "on time", `=IF(NOW()-46095.4>2/24,"late","on time")`: "late",
		`=TEXT(TODAY()+1,"dd/mm/yyyy")`: "15/03/2026", `=TEXT(0.256,"0.0%")`: "25.6%", "=AND(A1=2,A2=3)": true, "=OR(A1=3,FALSE)": false, "=NOT(A1=3)": true,
		`=IFS(A1=3,"three",A1=2,"two")`: "two", `=IFNA(NA(),"none")`: "none", "=ISNUMBER(A1)": true, "=ISTEXT(A3)": true, "=ISERROR(1/0)": true,
		"=MONTH(TODAY())": 3.0, "=DAYS(TODAY(),DATE(2026,3,1))": 13.0, "=EDATE(DATE(2026,1,31),1)": 46081.0, "=MOD(-1,3)": 2.0,
		"=ROUNDUP(1.21,1)": 1.3, `=LEFT("pump",2)&RIGHT("pump",1)&MID("pump",2,2)`: "pupum", `=SEARCH("M","pump")`: 3.0,
		`=COUNTIF(A1:A3,">=2")`: 2.0, `=COUNTIF(A1:A3,"w*")`: 1.0, `=COUNTIFS(A1:A3,">2",A1:A3,"<9")`: 1.0, `=SUMIF(A1:A2,">2")`: 3.0,
		`=COUNTBLANK(A1:A14)`: 11.0, `=TEXTJOIN(", ",TRUE,A1:A3)`: "2, 3, word", `=REGEXMATCH(A3,"^w")`: true, `=SUBSTITUTE(A3,"o","0")`: "w0rd",
	} {
		if err := s.Type(id, "One", "E5", f); err != nil {
			t.Fatal(err)
		}
		if got := s.Cell(id, "One", "E5"); got != want {
			t.Errorf("%s comes to %v, want %v", f, got, want)
		}
	}
}

func TestReferencesFollowTheGrid(t *testing.T) {
	t.Parallel()
	s := New(Options{})
	id := s.AddSpreadsheet("Book", "One", "My tab")
	set := func(tab, a1, typed string) {
		t.Helper()
		if err := s.Type(id, tab, a1, typed); err != nil {
			t.Fatal(err)
		}
	}
	set("One", "A5", "7")
	set("One", "C1", `=A5+SUM($A$1:A5)&"A5"`)
	set("My tab", "A1", "=One!A5")
	read := func(tab, a1 string) string {
		r, c, _ := corner(a1)
		return s.book(id).tabTitled(tab).at(r, c).v.str
	}
	for _, step := range []struct {
		do         func() error
		at         string
		one, other string
	}{
		{func() error { return s.InsertRow(id, "One", 3) }, "C1", `=A6+SUM($A$1:A6)&"A5"`, "=One!A6"},
		{func() error { return s.DeleteRow(id, "One", 2) }, "C1", `=A5+SUM($A$1:A5)&"A5"`, "=One!A5"},
		{func() error { return s.InsertColumn(id, "One", 1) }, "D1", `=B5+SUM($B$1:B5)&"A5"`, "=One!B5"},
		{func() error { return s.MoveRow(id, "One", 5, 2) }, "D1", `=B2+SUM($B$1:B5)&"A5"`, "=One!B2"},
		{func() error { return s.RenameTab(id, "One", "It's") }, "D1", `=B2+SUM($B$1:B5)&"A5"`, "='It''s'!B2"},
		{func() error { return s.DeleteRow(id, "It's", 2) }, "D1", `=#REF!+SUM($B$1:B4)&"A5"`, "=#REF!"},
	} {
		if err := step.do(); err != nil {
			t.Fatal(err)
		}
		tab := s.Tabs(id)[0]
		if got := read(tab, step.at); got != step.one {
			t.Errorf("got %s, want %s", got, step.one)
		}
		if got := read("My tab", "A1"); got != step.other {
			t.Errorf("from the other tab: got %s, want %s", got, step.other)
		}
	}
}
