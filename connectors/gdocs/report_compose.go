package gdocs

import (
	"math"
	"slices"
	"strings"
	"unicode"

	"google.golang.org/api/docs/v1"

	"github.com/lockstep-sync/lockstep/connectors"
)

// composer writes new blocks one behind the other. Texts and tables are put in first, looks and marks follow: they move nothing.
type composer struct {
	tab    string
	cursor int64
	open   bool // what stands before the cursor is a paragraph that is not ended
	texts  []*docs.Request
	looks  []*docs.Request
}

// compose are the requests that write blocks at a place: at the start of a paragraph, which is then behind them; or, with behind,
// at the newline that ends one, which then ends the last of them.
func compose(tab string, at int64, behind bool, blocks []fresh) []*docs.Request {
	c := &composer{tab: tab, cursor: at, open: behind}
	from := at
	if behind {
		from++ // that paragraph keeps its look
	}
	for _, b := range blocks {
		if len(b.block.Columns) > 0 {
			c.table(b)
		} else {
			c.paragraph(b)
		}
	}
	to := c.cursor
	switch {
	case behind:
		to++
	case c.open:
		c.put("\n")
		to = c.cursor
	}
	return slices.Concat(c.texts, plain(tab, from, to), c.looks)
}

func (c *composer) put(text string) {
	c.texts = append(c.texts, inserted(c.tab, c.cursor, text))
	c.cursor += units(text)
}

func (c *composer) paragraph(f fresh) {
	text := f.block.Text.String()
	if c.open {
		c.put("\n")
	}
	from := c.cursor
	c.put(text)
	c.open = true
	c.looks = append(c.looks, styled(c.tab, from, c.cursor, f.block.Style)...)
	c.looks = append(c.looks, spans(c.tab, from, f.block.Text, true)...)
	c.mark(f, from, c.cursor)
}

func (c *composer) mark(f fresh, from, to int64) {
	for _, name := range f.marks {
		c.looks = append(c.looks, (&sheaf{tab: c.tab}).markOn(from, to, name))
	}
}

// table puts in an empty table and fills its cells from the last to the first, so that each is where it was.
func (c *composer) table(f fresh) {
	rows := tableRows(f.block)
	cols := int64(len(f.block.Columns))
	c.texts = append(c.texts, &docs.Request{InsertTable: &docs.InsertTableRequest{
		Location: &docs.Location{TabId: c.tab, Index: c.cursor}, Rows: int64(len(rows)), Columns: cols,
	}})
	start := c.cursor + 1 // a newline comes before it
	inCell := func(r, k int) int64 { return start + 3 + int64(r)*(1+2*cols) + 2*int64(k) }
	all := int64(0)
	for _, row := range rows {
		for _, text := range row {
			all += units(text.String())
		}
	}
	end := start + 2 + int64(len(rows))*(1+2*cols) + all
	c.looks = append(c.looks, textStyle(c.tab, start, end, cellLook(), "fontSize"))
	grown := int64(0)
	for r, row := range rows {
		for k, text := range row {
			at := inCell(r, k) + grown
			s := text.String()
			grown += units(s)
			c.looks = append(c.looks, spans(c.tab, at, text, false)...)
			if r == 0 && s != "" {
				c.looks = append(c.looks, textStyle(c.tab, at, at+units(s), &docs.TextStyle{Bold: true}, "bold"))
			}
			if r == 0 && k == 0 {
				c.mark(f, at, at+units(s))
			}
			if tone := toneOf(text); r > 0 && tone != nil {
				c.looks = append(c.looks, shade(c.tab, start, r, k, 1, tone))
			}
		}
	}
	for r, row := range slices.Backward(rows) {
		for k, text := range slices.Backward(row) {
			if s := text.String(); s != "" {
				c.texts = append(c.texts, inserted(c.tab, inCell(r, k), s))
			}
		}
	}
	c.looks = append(c.looks, shade(c.tab, start, 0, 0, cols, &docs.Color{RgbColor: headerColor()}))
	c.looks = append(c.looks, widths(c.tab, start, rows)...)
	c.looks = append(c.looks, &docs.Request{PinTableHeaderRows: &docs.PinTableHeaderRowsRequest{
		PinnedHeaderRowsCount: 1, TableStartLocation: &docs.Location{TabId: c.tab, Index: start},
	}})
	c.cursor, c.open = end, false
}

// tableRows are the rows of a table, with that of its headers.
func tableRows(b connectors.ReportBlock) [][]connectors.ReportText {
	head := make([]connectors.ReportText, len(b.Columns))
	for k, s := range b.Columns {
		head[k] = connectors.ReportText{{Text: s}}
	}
	return append([][]connectors.ReportText{head}, b.Rows...)
}

func inserted(tab string, at int64, text string) *docs.Request {
	return &docs.Request{InsertText: &docs.InsertTextRequest{Location: &docs.Location{TabId: tab, Index: at}, Text: text}}
}

func within(tab string, from, to int64) *docs.Range {
	return &docs.Range{TabId: tab, StartIndex: from, EndIndex: to}
}

// look of texts: what of it is ours to set.
const (
	textLook      = "bold,italic,underline,strikethrough,smallCaps,backgroundColor,foregroundColor,fontSize,weightedFontFamily,baselineOffset,link"
	paragraphLook = "namedStyleType,alignment,lineSpacing,indentStart,indentEnd,indentFirstLine,spaceAbove,spaceBelow,shading"
)

// plain takes away what new text has of the look of what stands beside it.
func plain(tab string, from, to int64) []*docs.Request {
	if to <= from {
		return nil
	}
	return []*docs.Request{
		{DeleteParagraphBullets: &docs.DeleteParagraphBulletsRequest{Range: within(tab, from, to)}},
		{UpdateParagraphStyle: &docs.UpdateParagraphStyleRequest{
			Range: within(tab, from, to), ParagraphStyle: &docs.ParagraphStyle{NamedStyleType: "NORMAL_TEXT"}, Fields: paragraphLook,
		}},
		textStyle(tab, from, to, &docs.TextStyle{}, textLook),
	}
}

func textStyle(tab string, from, to int64, style *docs.TextStyle, fields string) *docs.Request {
	return &docs.Request{UpdateTextStyle: &docs.UpdateTextStyleRequest{Range: within(tab, from, to), TextStyle: style, Fields: fields}}
}

// cellLook is the look of plain text in a table: smaller than elsewhere.
func cellLook() *docs.TextStyle {
	return &docs.TextStyle{FontSize: &docs.Dimension{Magnitude: 9, Unit: "PT"}}
}

// styled makes a paragraph what its style says; from and to are those of its text.
func styled(tab string, from, to int64, style connectors.ReportStyle) []*docs.Request {
	named := ""
	switch style {
	case connectors.ReportTitle:
		named = "HEADING_1"
	case connectors.ReportHeading:
		named = "HEADING_2"
	case connectors.ReportBullet:
		return []*docs.Request{{CreateParagraphBullets: &docs.CreateParagraphBulletsRequest{
			Range: within(tab, from, to), BulletPreset: "BULLET_DISC_CIRCLE_SQUARE",
		}}}
	case connectors.ReportNote:
		return []*docs.Request{textStyle(tab, from, to, &docs.TextStyle{ForegroundColor: optional(mutedColor())}, "foregroundColor")}
	case connectors.ReportBody:
		return nil
	}
	return []*docs.Request{{UpdateParagraphStyle: &docs.UpdateParagraphStyleRequest{
		Range: within(tab, from, to+1), ParagraphStyle: &docs.ParagraphStyle{NamedStyleType: named}, Fields: "namedStyleType",
	}}}
}

// spans are the looks of the pieces of a text that begins at a place. A colour is put behind the words in a paragraph; in a table
// it is that of the cell.
func spans(tab string, at int64, text connectors.ReportText, colours bool) []*docs.Request {
	var out []*docs.Request
	for _, p := range text {
		to := at + units(p.Text)
		if to == at {
			continue
		}
		if p.URL != "" {
			out = append(out, textStyle(tab, at, to, &docs.TextStyle{Link: &docs.Link{Url: p.URL}}, "link"))
		}
		if p.Bold {
			out = append(out, textStyle(tab, at, to, &docs.TextStyle{Bold: true}, "bold"))
		}
		switch c := colourOf(p.Tone); {
		case p.Tone == connectors.Muted:
			out = append(out, textStyle(tab, at, to, &docs.TextStyle{ForegroundColor: optional(mutedColor())}, "foregroundColor"))
		case c != nil && colours:
			out = append(out, textStyle(tab, at, to, &docs.TextStyle{BackgroundColor: &docs.OptionalColor{Color: c}}, "backgroundColor"))
		}
		at = to
	}
	return out
}

// toneOf is the colour of a cell; nil for none.
func toneOf(text connectors.ReportText) *docs.Color {
	if len(text) == 0 {
		return nil
	}
	return colourOf(text[0].Tone)
}

func colourOf(t connectors.Tone) *docs.Color {
	rgb := func(r, g, b float64) *docs.Color {
		return &docs.Color{RgbColor: &docs.RgbColor{Red: r, Green: g, Blue: b}}
	}
	switch t {
	case connectors.Red:
		return rgb(0.96, 0.78, 0.76)
	case connectors.Amber:
		return rgb(1, 0.9, 0.6)
	case connectors.Green:
		return rgb(0.78, 0.9, 0.79)
	case connectors.Grey:
		return rgb(0.88, 0.88, 0.88)
	case connectors.Plain, connectors.Muted:
	}
	return nil
}

func headerColor() *docs.RgbColor { return &docs.RgbColor{Red: 0.93, Green: 0.95, Blue: 0.97} }
func mutedColor() *docs.RgbColor  { return &docs.RgbColor{Red: 0.4, Green: 0.4, Blue: 0.4} }

func optional(c *docs.RgbColor) *docs.OptionalColor {
	return &docs.OptionalColor{Color: &docs.Color{RgbColor: c}}
}

// shade colours cells of one row; nil takes the colour away.
func shade(tab string, table int64, row, col int, cells int64, c *docs.Color) *docs.Request {
	style := &docs.TableCellStyle{}
	if c != nil {
		style.BackgroundColor = &docs.OptionalColor{Color: c}
	}
	return &docs.Request{UpdateTableCellStyle: &docs.UpdateTableCellStyleRequest{
		TableRange: &docs.TableRange{
			TableCellLocation: &docs.TableCellLocation{
				TableStartLocation: &docs.Location{TabId: tab, Index: table}, RowIndex: int64(row), ColumnIndex: int64(col),
			},
			RowSpan: 1, ColumnSpan: cells,
		},
		TableCellStyle: style, Fields: "backgroundColor",
	}}
}

// How wide a table is, in points: that of a page between its margins; and how many characters of a table's text fit into that.
const (
	pageWidth = 468
	pageRoom  = 90
)

// widths gives each column room for its longest word, and shares the rest out by what stands in it.
func widths(tab string, table int64, rows [][]connectors.ReportText) []*docs.Request {
	const short, most, margin = 11, 48, 4
	least, more := make([]float64, len(rows[0])), make([]float64, len(rows[0]))
	needed, wanted := 0.0, 0.0
	for k := range least {
		word, longest := 0, 0
		for _, row := range rows {
			text := row[k].String()
			n := len([]rune(text))
			longest = max(longest, min(most, n))
			if n > short {
				n = 0
				for w := range strings.FieldsSeq(text) {
					n = max(n, min(short, len([]rune(w))))
				}
			}
			word = max(word, n)
		}
		least[k], more[k] = float64(word+margin), float64(max(0, longest-word))
		needed, wanted = needed+least[k], wanted+more[k]
	}
	room := max(pageRoom, needed)
	out := make([]*docs.Request, len(least))
	for k := range least {
		chars := least[k]
		if wanted > 0 {
			chars += (room - needed) * more[k] / wanted
		} else {
			chars += (room - needed) / float64(len(least))
		}
		out[k] = &docs.Request{UpdateTableColumnProperties: &docs.UpdateTableColumnPropertiesRequest{
			TableStartLocation: &docs.Location{TabId: tab, Index: table}, ColumnIndices: []int64{int64(k)},
			TableColumnProperties: &docs.TableColumnProperties{
				WidthType: "FIXED_WIDTH", Width: &docs.Dimension{Magnitude: math.Floor(pageWidth * chars / room), Unit: "PT"},
			},
			Fields: "widthType,width",
		}}
	}
	return out
}

// clean is a block as a document takes it: texts in one line, and without what Docs drops or what does not show, such as signs
// that turn the direction of what follows.
func clean(b connectors.ReportBlock) connectors.ReportBlock {
	out := b
	out.Columns = make([]string, len(b.Columns))
	for k, s := range b.Columns {
		out.Columns[k] = line(s)
	}
	out.Rows = make([][]connectors.ReportText, len(b.Rows))
	for i, r := range b.Rows {
		out.Rows[i] = make([]connectors.ReportText, len(b.Columns))
		for k := range out.Rows[i] {
			if k < len(r) {
				out.Rows[i][k] = cleanText(r[k])
			}
		}
	}
	if out.Text = cleanText(b.Text); len(b.Columns) == 0 && out.Text.String() == "" {
		out.Text = connectors.ReportText{{Text: "–"}} // a mark needs something to lie on
	}
	return out
}

func cleanText(t connectors.ReportText) connectors.ReportText {
	out := make(connectors.ReportText, 0, len(t))
	for _, p := range t {
		p.Text = shownRunes(p.Text)
		out = append(out, p)
	}
	if n := len(out); n > 0 {
		out[0].Text = strings.TrimLeft(out[0].Text, " ")
		out[n-1].Text = strings.TrimRight(out[n-1].Text, " ")
	}
	return out
}

// line is a text in one line.
func line(s string) string { return strings.Join(strings.Fields(shownRunes(s)), " ") }

// shownRunes keeps what shows, blanks as blanks, and what joins letters and signs.
func shownRunes(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsPrint(r) && r != unicode.ReplacementChar, r == 0x200C, r == 0x200D:
			return r
		}
		return -1
	}, strings.ToValidUTF8(s, ""))
}
