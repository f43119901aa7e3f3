package gsheets

import (
	"math"
	"strings"
	"testing"

	"google.golang.org/api/sheets/v4"

	"github.com/lockstep-sync/lockstep/connectors"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// luminance is the relative luminance of WCAG 2.2.
func luminance(c rgb) float64 {
	part := func(shift uint) float64 {
		v := float64(c>>shift&0xFF) / 255
		if v <= 0.04045 {
			return v / 12.92
		}
		return math.Pow((v+0.055)/1.055, 2.4)
	}
	return 0.2126*part(16) + 0.7152*part(8) + 0.0722*part(0)
}

func contrast(a, b rgb) float64 {
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// Each text can be read on its own fill, which is set with it: WCAG 2.2 asks for 4.5 to 1.
func TestContrast(t *testing.T) {
	t.Parallel()
	pairs := map[string][2]rgb{
		"text": {ink, paper}, "text on a stripe": {ink, stripe}, "muted text": {mutedInk, paper}, "muted text on a stripe": {mutedInk, stripe},
		"a header": {headInk, headFill}, "a header of what is worked out": {headInk, workedFill},
	}
	for name, tone := range map[string]connectors.Tone{
		"red": connectors.Red, "amber": connectors.Amber, "green": connectors.Green, "grey": connectors.Grey,
	} {
		fill, text, ok := colours(tone)
		if !ok {
			t.Errorf("%s has no colours", name)
		}
		pairs[name] = [2]rgb{text, fill}
	}
	for name, p := range pairs {
		if c := contrast(p[0], p[1]); c < 4.5 {
			t.Errorf("%s: the contrast is %.2f, below 4.5", name, c)
		}
	}
	if c := contrast(0x777777, 0xFFFFFF); math.Abs(c-4.48) > 0.01 {
		t.Errorf("the contrast of #777777 on white is worked out as %.2f, and is 4.48", c)
	}
}

// A scorecard that Lockstep makes has all of its looks, with the batch that makes it.
func TestLooks(t *testing.T) {
	t.Parallel()
	b := filledBoard(t, 3)
	s := b.sheet(tab)
	grid := s.Properties.GridProperties
	if grid.FrozenRowCount != 1 || grid.FrozenColumnCount != 1 || len(s.BandedRanges) != 1 || s.BasicFilter == nil {
		t.Errorf("frozen %d and %d, %d bands, filter %v", grid.FrozenRowCount, grid.FrozenColumnCount, len(s.BandedRanges), s.BasicFilter)
	}
	rows := s.Data[0].RowData
	at := make(map[string]int)
	for i, c := range rows[0].Values {
		if c.UserEnteredValue == nil {
			continue
		}
		name, _, _ := strings.Cut(*c.UserEnteredValue.StringValue, "\n")
		at[name] = i
		if f := c.UserEnteredFormat; f == nil || !f.TextFormat.Bold || f.BackgroundColorStyle == nil {
			t.Errorf("the header %s is not styled", name)
		}
	}
	cell := func(header string) *sheets.CellData { return rows[1].Values[at[header]] }
	if at["RAG"] != at["Status"]+1 {
		t.Errorf("RAG is in column %d, Status in %d", at["RAG"], at["Status"])
	}
	for _, header := range []string{"Status", "Partner"} {
		if v := cell(header).DataValidation; v == nil || v.Strict || v.Condition.Type != "ONE_OF_LIST" || len(v.Condition.Values) < 2 {
			t.Errorf("%s offers %+v", header, v)
		}
	}
	if v := cell("Quick win").DataValidation; v == nil || v.Condition.Type != "BOOLEAN" {
		t.Errorf("Quick win offers %+v", v)
	}
	for header, want := range map[string]string{"Due": "DATE", "Seen": "DATE", "Progress": "PERCENT"} {
		if f := cell(header).UserEnteredFormat; f == nil || f.NumberFormat == nil || f.NumberFormat.Type != want {
			t.Errorf("%s is not shown as %s", header, want)
		}
	}
	if f := cell("Why").UserEnteredFormat; f == nil || f.WrapStrategy != "WRAP" {
		t.Error("Why does not wrap")
	}
	runs := cell("Where").TextFormatRuns
	if len(runs) != 3 || runs[0].Format.Link.Uri != "https://jira.example/browse/WASH-1" || runs[2].Format.Link.Uri != "https://sheets.example/row/one" {
		t.Errorf("Where leads to %+v", runs)
	}
	for _, h := range []string{idHeader, checkHeader} {
		if !s.Data[0].ColumnMetadata[at[h]].HiddenByUser {
			t.Errorf("the column %s can be seen", h)
		}
	}
	protected := make(map[int64]bool)
	for _, p := range s.ProtectedRanges {
		if !p.WarningOnly {
			t.Error("people are kept from typing")
		}
		for col := p.Range.StartColumnIndex; col < p.Range.EndColumnIndex; col++ {
			protected[col] = true
		}
	}
	for header, col := range at {
		_, field := map[string]bool{"Title": true, "Status": true, "Notes": true, "Due": true, "Partner": true}[header]
		worked := header == "RAG" || header == "Why" || header == "Where" || header == "Seen"
		if worked && !protected[int64(col)] || field && protected[int64(col)] {
			t.Errorf("%s is protected: %v", header, protected[int64(col)])
		}
	}
	words := make(map[string]bool)
	for _, r := range s.ConditionalFormats {
		words[r.BooleanRule.Condition.Values[0].UserEnteredValue] = true
	}
	for _, w := range []string{"Red", "Green", "Done", "Blocked", "Cancelled"} {
		if !words[w] {
			t.Errorf("the word %s has no colour: %v", w, words)
		}
	}
}

// What comes from outside is text on every way onto the board, and what is offered in a list begins no formula.
func TestBoardIsText(t *testing.T) {
	t.Parallel()
	hostile := []string{
		`=IMPORTXML("http://bad.example","//a")`, "=1+1", "+1", "-1+2", "@SUM(A1)", "\t=1+1", "'=1+1", "\n=1+1", `=HYPERLINK("http://bad.example")`,
		"=cmd|' /C calc'!A0", "＝1+1", "\u200b=1+1", "TRUE", "2026-03-01", "50%", strings.Repeat("=", 60_000),
	}
	b := open(t, scorecard())
	b.pull()
	board := boardOf(len(hostile), "one")
	for i, s := range hostile {
		cell := connectors.Cell{Value: task.TextValue(s)}
		link := connectors.Cell{Links: []connectors.Link{{Text: s, URL: s}, {Text: "script", URL: "javascript:alert(1)"}, {Text: s, URL: "https://a.example/?q=" + s}}}
		board.Rows[cw(i+1)] = []connectors.Cell{cell, cell, link, cell}
		p := &board.Pages[0]
		p.Lines = append(p.Lines, cell, link)
		p.Rows = append(p.Rows, connectors.PageRow{Key: s, Cells: []connectors.Cell{cell, link}})
		board.Pages[1].Rows = append(board.Pages[1].Rows, connectors.PageRow{
			Key: s, Cells: []connectors.Cell{cell, {Options: hostile[:len(hostile)-1]}},
		})
	}
	b.c.Show(board)
	b.landed(news(1, len(hostile))...)
	b.publish()
	for _, title := range b.srv.Tabs(b.id) {
		for _, row := range b.sheet(title).Data[0].RowData {
			for _, c := range row.Values {
				if v := c.UserEnteredValue; v != nil && v.FormulaValue != nil {
					t.Errorf("%s: a formula: %s", title, *v.FormulaValue)
				}
				for _, r := range c.TextFormatRuns {
					if l := r.Format.Link; l != nil && !strings.HasPrefix(l.Uri, "https://") {
						t.Errorf("%s: a link to %s", title, l.Uri)
					}
				}
				if v := c.DataValidation; v != nil && v.Condition.Type == "ONE_OF_LIST" {
					for _, o := range v.Condition.Values {
						if active(o.UserEnteredValue) {
							t.Errorf("%s: a list offers %q", title, o.UserEnteredValue)
						}
					}
				}
			}
		}
	}
	snap := b.pull()
	if b.c.Show(board) || len(snap.Overtyped) > 0 {
		t.Errorf("it does not come to rest: %+v", snap.Overtyped)
	}
}

// NOW() of a board is UTC wherever the spreadsheet's own clocks stand.
func TestUTCNow(t *testing.T) {
	t.Parallel()
	for zone, want := range map[string]string{
		"Africa/Nairobi": "(NOW()-180/1440)", "America/New_York": "(NOW()+240/1440)", "Etc/UTC": "NOW()", "": "NOW()", "Nowhere/At All": "NOW()",
		"Asia/Kathmandu": "(NOW()-345/1440)",
	} {
		if got := utcNow(zone, noon()); got != want {
			t.Errorf("%q: %s; want %s", zone, got, want)
		}
	}
}
