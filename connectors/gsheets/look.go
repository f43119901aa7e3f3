package gsheets

import (
	"strings"

	"google.golang.org/api/sheets/v4"

	"github.com/lockstep-sync/lockstep/connectors"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// rgb is a colour, such as 0xFFFFFF.
type rgb uint32

// The colours. Wherever a fill is set, the text's colour is set with it, so that it can be read whatever theme the reader's own
// program puts under it; a test holds each pair to the contrast that WCAG 2.2 asks of small text.
const (
	ink        rgb = 0x1F2A37
	paper      rgb = 0xFFFFFF
	stripe     rgb = 0xF4F7FA
	headFill   rgb = 0x1B4965 // over what people fill in
	headInk    rgb = 0xFFFFFF
	workedFill rgb = 0x5A6B7B // over what Lockstep works out
	mutedInk   rgb = 0x56616D
	rule       rgb = 0xD5DCE3
)

// colours are a tone's fill and text; ok is false for a tone that is not coloured.
func colours(t connectors.Tone) (fill, text rgb, ok bool) {
	switch t {
	case connectors.Red:
		return 0xFBDAD7, 0x8C1D18, true
	case connectors.Amber:
		return 0xFFE8B3, 0x6B4300, true
	case connectors.Green:
		return 0xD7F0DD, 0x0B5228, true
	case connectors.Grey:
		return 0xE4E7EB, 0x3E4953, true
	case connectors.Plain, connectors.Muted:
	}
	return 0, 0, false
}

func (c rgb) style() *sheets.ColorStyle {
	part := func(shift uint) float64 { return float64(c>>shift&0xFF) / 255 }
	return &sheets.ColorStyle{RgbColor: &sheets.Color{Red: part(16), Green: part(8), Blue: part(0)}}
}

// statusTone is how a status is coloured.
func statusTone(status string) connectors.Tone {
	switch status {
	case task.Done:
		return connectors.Green
	case task.Blocked:
		return connectors.Red
	case task.Cancelled:
		return connectors.Grey
	}
	return connectors.Plain
}

// toned is the format of a cell of a table that says something in colour, nil for a plain one.
func toned(t connectors.Tone, bold bool) *sheets.CellFormat {
	f := &sheets.CellFormat{TextFormat: &sheets.TextFormat{Bold: bold, ForegroundColorStyle: ink.style()}}
	if fill, text, ok := colours(t); ok {
		f.BackgroundColorStyle, f.TextFormat.ForegroundColorStyle = fill.style(), text.style()
		f.TextFormat.Bold = true
		return f
	}
	if t == connectors.Muted {
		f.TextFormat.ForegroundColorStyle = mutedInk.style()
		return f
	}
	if !bold {
		return nil
	}
	return f
}

// headFormat is the format of a header: a coloured band.
func headFormat(fill rgb) *sheets.CellFormat {
	return &sheets.CellFormat{
		BackgroundColorStyle: fill.style(), VerticalAlignment: "MIDDLE", WrapStrategy: "WRAP",
		TextFormat: &sheets.TextFormat{Bold: true, ForegroundColorStyle: headInk.style()},
	}
}

// look is how a column of the scorecard is shown below its header.
type look struct {
	width  int64
	wrap   bool
	muted  bool
	middle bool
	number *sheets.NumberFormat
	list   []string // words to choose from
	check  bool     // a box to tick
	words  []connectors.Word
}

// fieldLook is the look of a field's column.
func (c *Connector) fieldLook(t *table, f task.Field) look {
	l := look{width: width(f), wrap: f == task.Title || f == task.Notes}
	switch f.Kind() {
	case task.Date:
		l.number = dateFormat()
	case task.Number:
		l.number = &sheets.NumberFormat{Type: "PERCENT", Pattern: "0%"}
	case task.Bool:
		l.check, l.middle = true, true
	case task.Enum:
		l.list = c.choices(t, f)
		if f == task.Status {
			for _, s := range task.Statuses() {
				if tone := statusTone(s); tone != connectors.Plain {
					l.words = append(l.words, connectors.Word{Text: c.words.StatusWord(s, t.used), Tone: tone})
				}
			}
		}
	case task.None, task.Text, task.Person, task.Set, task.Unreadable:
	}
	return l
}

// workedLook is the look of a column that Lockstep works out: muted, but for the words that are coloured.
func workedLook(b connectors.BoardColumn) look {
	l := look{width: boardWidth(b), wrap: b.Wide, muted: true, words: b.Words, middle: len(b.Words) > 0}
	if b.Kind == task.Date {
		l.number = dateFormat()
	}
	return l
}

// boardWidth is the width of a column of the board, in pixels.
func boardWidth(b connectors.BoardColumn) int64 {
	switch {
	case b.Wide:
		return 340
	case b.Kind == task.Date || b.Kind == task.Number || len(b.Words) > 0:
		return 100
	}
	return 190
}

// width is a column's width in pixels.
func width(f task.Field) int64 {
	switch f {
	case task.Title, task.Notes:
		return 320
	case task.Partner, task.Assignee, task.Workstream, task.Labels:
		return 160
	case task.Status:
		return 150
	case task.Due, task.Start:
		return 125
	case task.Priority, task.Progress, task.QuickWin:
	}
	return 110
}

// requests give the look to a column, from the first row below the header to wherever the tab ends. Rules of colour are asked
// for by words that stand in the cells, so that nobody has to tell the colours apart.
func (l look) requests(sheetID int64, header, col int) []*sheets.Request {
	below := &sheets.GridRange{
		SheetId: sheetID, StartRowIndex: int64(header + 1), StartColumnIndex: int64(col), EndColumnIndex: int64(col + 1),
	}
	format := &sheets.CellFormat{VerticalAlignment: "TOP", NumberFormat: l.number, TextFormat: &sheets.TextFormat{ForegroundColorStyle: ink.style()}}
	fields := "userEnteredFormat(verticalAlignment,textFormat.foregroundColorStyle"
	if l.muted {
		format.TextFormat.ForegroundColorStyle = mutedInk.style()
	}
	if l.wrap {
		format.WrapStrategy = "WRAP"
		fields += ",wrapStrategy"
	}
	if l.middle {
		format.HorizontalAlignment = "CENTER"
		fields += ",horizontalAlignment"
	}
	if l.number != nil {
		fields += ",numberFormat"
	}
	out := []*sheets.Request{
		{UpdateDimensionProperties: &sheets.UpdateDimensionPropertiesRequest{
			Range: columnRange(sheetID, col), Properties: &sheets.DimensionProperties{PixelSize: l.width}, Fields: "pixelSize",
		}},
		{RepeatCell: &sheets.RepeatCellRequest{Range: below, Cell: &sheets.CellData{UserEnteredFormat: format}, Fields: fields + ")"}},
	}
	if len(l.list) > 0 {
		out = append(out, dropdown(below, l.list))
	}
	if l.check {
		out = append(out, &sheets.Request{SetDataValidation: &sheets.SetDataValidationRequest{
			Range: below, Rule: &sheets.DataValidationRule{Condition: &sheets.BooleanCondition{Type: "BOOLEAN"}, ShowCustomUi: true},
		}})
	}
	n := int64(0)
	for _, w := range l.words {
		if _, _, ok := colours(w.Tone); ok && w.Text != "" && !active(w.Text) {
			out = append(out, colourRule(below, w, n))
			n++
		}
	}
	return out
}

// colourRule colours the cells that say a word.
func colourRule(r *sheets.GridRange, w connectors.Word, index int64) *sheets.Request {
	fill, text, _ := colours(w.Tone)
	return &sheets.Request{AddConditionalFormatRule: &sheets.AddConditionalFormatRuleRequest{
		Index: index,
		Rule: &sheets.ConditionalFormatRule{
			Ranges: []*sheets.GridRange{r},
			BooleanRule: &sheets.BooleanRule{
				Condition: &sheets.BooleanCondition{Type: "TEXT_EQ", Values: []*sheets.ConditionValue{{UserEnteredValue: w.Text}}},
				Format: &sheets.CellFormat{
					BackgroundColorStyle: fill.style(), TextFormat: &sheets.TextFormat{Bold: true, ForegroundColorStyle: text.style()},
				},
			},
		},
	}}
}

// dropdown offers words and takes others too: a word of a person's own is held and shown, never refused.
func dropdown(r *sheets.GridRange, words []string) *sheets.Request {
	return &sheets.Request{SetDataValidation: &sheets.SetDataValidationRequest{Range: r, Rule: offer(words)}}
}

// offer is the rule behind a list to choose from. Google reads the words of a rule as if a person typed them: one that would
// begin a formula gets an invisible sign in front, which chosen takes off again.
func offer(words []string) *sheets.DataValidationRule {
	values := make([]*sheets.ConditionValue, len(words))
	for i, w := range words {
		if active(w) {
			w = disarmed + w
		}
		values[i] = &sheets.ConditionValue{UserEnteredValue: w}
	}
	return &sheets.DataValidationRule{
		Condition: &sheets.BooleanCondition{Type: "ONE_OF_LIST", Values: values}, ShowCustomUi: true,
	}
}

const disarmed = "\u200b"

// active reports that a text would begin a formula if a person typed it.
func active(s string) bool {
	s = strings.TrimSpace(s)
	return s != "" && strings.ContainsRune("=+-@", rune(s[0]))
}

// chosen is the word that was offered, of the text in a cell.
func chosen(text string) string { return strings.TrimPrefix(text, disarmed) }

// freshTab is what a tab that Lockstep makes from nothing gets as a whole: the frozen header and first column, the bands, and a
// filter. See docs/adr/0007-a-filter-not-a-table.md for why it is no table.
func freshTab(sheetID int64, header, first, end int) []*sheets.Request {
	all := &sheets.GridRange{
		SheetId: sheetID, StartRowIndex: int64(header), StartColumnIndex: int64(first), EndColumnIndex: int64(end),
	}
	return []*sheets.Request{
		{UpdateSheetProperties: &sheets.UpdateSheetPropertiesRequest{
			Properties: &sheets.SheetProperties{
				SheetId: sheetID, TabColorStyle: headFill.style(),
				GridProperties: &sheets.GridProperties{FrozenRowCount: int64(header + 1), FrozenColumnCount: 1},
			},
			Fields: "gridProperties.frozenRowCount,gridProperties.frozenColumnCount,tabColorStyle",
		}},
		{AddBanding: &sheets.AddBandingRequest{BandedRange: &sheets.BandedRange{
			Range: all,
			RowProperties: &sheets.BandingProperties{
				HeaderColorStyle: headFill.style(), FirstBandColorStyle: paper.style(), SecondBandColorStyle: stripe.style(),
			},
		}}},
		// It has no end, neither to the right nor below: a sort from its menus takes along the columns that people add.
		{SetBasicFilter: &sheets.SetBasicFilterRequest{Filter: &sheets.BasicFilter{
			Range: &sheets.GridRange{SheetId: sheetID, StartRowIndex: int64(header)},
		}}},
	}
}

// warn protects cells by a warning: nobody is kept from typing there.
func warn(r *sheets.GridRange, why string) *sheets.Request {
	return &sheets.Request{AddProtectedRange: &sheets.AddProtectedRangeRequest{ProtectedRange: &sheets.ProtectedRange{
		Range: r, Description: why, WarningOnly: true,
	}}}
}

func formatRequest(r *sheets.GridRange, format *sheets.NumberFormat) *sheets.Request {
	return &sheets.Request{RepeatCell: &sheets.RepeatCellRequest{
		Range:  r,
		Cell:   &sheets.CellData{UserEnteredFormat: &sheets.CellFormat{NumberFormat: format}},
		Fields: "userEnteredFormat.numberFormat",
	}}
}

func columnRange(sheetID int64, col int) *sheets.DimensionRange {
	return &sheets.DimensionRange{SheetId: sheetID, Dimension: "COLUMNS", StartIndex: int64(col), EndIndex: int64(col + 1)}
}

// hide takes a column out of people's sight.
func hide(sheetID int64, col int) *sheets.Request {
	return &sheets.Request{UpdateDimensionProperties: &sheets.UpdateDimensionPropertiesRequest{
		Range: columnRange(sheetID, col), Properties: &sheets.DimensionProperties{HiddenByUser: true}, Fields: "hiddenByUser",
	}}
}
