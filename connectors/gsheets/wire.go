package gsheets

import (
	"slices"
	"strconv"
	"strings"

	"google.golang.org/api/googleapi"
	"google.golang.org/api/sheets/v4"

	"github.com/lockstep-sync/lockstep/sync/task"
)

// What is asked for, and nothing else: an answer with every format of every cell is ten times as long. Of what was
// entered only a formula matters: all else is the effective value.
const (
	sheetProperties = "properties(sheetId,title,index,gridProperties(rowCount,columnCount))"
	// Whether a number is a day, a time or a share only its format tells.
	readCell = cellContent + ",effectiveFormat(numberFormat(type))"
	// A writer also looks at the patterns, so as to keep the look of a person's dates.
	writeCell   = cellContent + ",effectiveFormat(numberFormat(type,pattern))"
	cellContent = "effectiveValue,formattedValue,userEnteredValue(formulaValue),chipRuns(startIndex,chip(personProperties(email)))"
)

// gridMask is the field mask of one read of a tab.
func gridMask(cell string) googleapi.Field {
	return googleapi.Field("properties(locale,timeZone),developerMetadata(metadataKey,metadataValue),sheets(" + sheetProperties +
		",merges,protectedRanges(range,description),data(startRow,startColumn,rowData(values(" + cell + "))))")
}

// cellKind is the type of what a cell shows.
type cellKind uint8

const (
	blankCell cellKind = iota
	textCell
	numberCell
	boolCell
	errorCell
)

// cell is what Lockstep looks at in a cell.
type cell struct {
	kind    cellKind
	formula bool
	yes     bool    // of a boolCell
	number  float64 // of a numberCell
	text    string  // of a textCell; of an errorCell its name, #N/A
	shown   string  // as the person sees it
	format  *sheets.NumberFormat
	people  []string // the e-mail addresses of the person chips in it
	beside  bool     // there is text besides the chips
}

// blank reports that a person sees nothing in the cell.
func (c cell) blank() bool {
	return c.kind == blankCell || c.kind == textCell && task.TextValue(c.text).IsEmpty()
}

// typed reports that a person put something there: a row of empty checkboxes and of formulas filled down holds nothing
// yet.
func (c cell) typed() bool { return !c.blank() && !c.formula && (c.kind != boolCell || c.yes) }

// raw is what the cell shows.
func (c cell) raw() string {
	switch {
	case c.shown != "":
		return c.shown
	case c.kind == numberCell:
		return strconv.FormatFloat(c.number, 'g', -1, 64)
	case c.kind == boolCell:
		return strings.ToUpper(strconv.FormatBool(c.yes))
	}
	return c.text
}

// formatted is the type of the cell's number format: "DATE", "PERCENT"; "" where it has none.
func (c cell) formatted() string {
	if c.format == nil {
		return ""
	}
	return c.format.Type
}

// dated reports that the cell's number is shown as a day.
func (c cell) dated() bool { return c.formatted() == "DATE" || c.formatted() == "DATE_TIME" }

func readWireCell(d *sheets.CellData) cell {
	var c cell
	if d == nil {
		return c
	}
	c.shown = d.FormattedValue
	if d.UserEnteredValue != nil && d.UserEnteredValue.FormulaValue != nil {
		c.formula = true
	}
	if d.EffectiveFormat != nil {
		c.format = d.EffectiveFormat.NumberFormat
	}
	c.people, c.beside = readChips(d)
	v := d.EffectiveValue
	switch {
	case v == nil:
	case v.StringValue != nil:
		c.kind, c.text = textCell, *v.StringValue
		if c.shown == c.text {
			c.shown = c.text // one copy in memory
		}
	case v.NumberValue != nil:
		c.kind, c.number = numberCell, *v.NumberValue
	case v.BoolValue != nil:
		c.kind, c.yes = boolCell, *v.BoolValue
	case v.ErrorValue != nil:
		c.kind, c.text = errorCell, v.ErrorValue.Type
	}
	return c
}

// grid is what one answer holds of one tab.
type grid struct {
	sheetID      int64
	title        string
	index        int // among the tabs, from the left
	rows, cols   int // of the tab, whether filled or not
	locale, zone string
	cells        [][]cell        // by row, ragged
	merges       map[int][]block // by column, from the top down
	guarded      []int           // the columns that were protected as those of our ids
	whole        bool            // the answer holds the whole tab

	pages  map[int64]*grid // the pages' tabs that were read along with it
	looked map[int]bool    // the rows that were read whole; nil where all were
}

// at is the cell at a row and column, both counted from 0; a blank one where the answer holds none.
func (g *grid) at(row, col int) cell {
	if row < 0 || col < 0 || row >= len(g.cells) || col >= len(g.cells[row]) {
		return cell{}
	}
	return g.cells[row][col]
}

// filled are the numbers of rows and columns up to the last that holds anything.
func (g *grid) filled() (rows, cols int) {
	for r, row := range g.cells {
		for c, cell := range slices.Backward(row) {
			if cell.kind != blankCell || cell.formula {
				rows, cols = r+1, max(cols, c+1)
				break
			}
		}
	}
	return rows, cols
}

// readGrid reads the tab of that title out of an answer; nil where it is not there.
func readGrid(s *sheets.Spreadsheet, tab string) *grid {
	return gridWhere(s, func(p *sheets.SheetProperties) bool { return p.Title == tab })
}

// readGridOf reads the tab of that id out of an answer; nil where it is not there.
func readGridOf(s *sheets.Spreadsheet, id int64) *grid {
	return gridWhere(s, func(p *sheets.SheetProperties) bool { return p.SheetId == id })
}

func gridWhere(s *sheets.Spreadsheet, is func(*sheets.SheetProperties) bool) *grid {
	for _, sh := range s.Sheets {
		if sh.Properties == nil || !is(sh.Properties) {
			continue
		}
		g := &grid{sheetID: sh.Properties.SheetId, title: sh.Properties.Title, index: int(sh.Properties.Index)}
		if p := sh.Properties.GridProperties; p != nil {
			g.rows, g.cols = int(p.RowCount), int(p.ColumnCount)
		}
		if s.Properties != nil {
			g.locale, g.zone = s.Properties.Locale, s.Properties.TimeZone
		}
		for _, block := range sh.Data {
			g.place(block)
		}
		g.merge(sh.Merges)
		for _, p := range sh.ProtectedRanges {
			if p.Description == idWarning && p.Range != nil {
				g.guarded = append(g.guarded, int(p.Range.StartColumnIndex))
			}
		}
		return g
	}
	return nil
}

// place puts one range of the answer where it belongs.
func (g *grid) place(block *sheets.GridData) {
	startRow, startCol := int(block.StartRow), int(block.StartColumn)
	if end := startRow + len(block.RowData); end > len(g.cells) {
		g.cells = append(g.cells, make([][]cell, end-len(g.cells))...)
	}
	for i, data := range block.RowData {
		if data == nil || len(data.Values) == 0 {
			continue
		}
		row := g.cells[startRow+i]
		if end := startCol + len(data.Values); end > len(row) {
			row = append(row, make([]cell, end-len(row))...)
		}
		for j, d := range data.Values {
			row[startCol+j] = readWireCell(d)
		}
		g.cells[startRow+i] = row
	}
}

// columnName is a column's letters: 0 is A, 26 is AA.
func columnName(col int) string {
	var b []byte
	for n := col + 1; n > 0; n = (n - 1) / 26 {
		b = append([]byte{byte('A' + (n-1)%26)}, b...)
	}
	return string(b)
}

// tabRange names a tab in A1 notation, where a quote in the name is doubled.
func tabRange(tab string) string { return "'" + strings.ReplaceAll(tab, "'", "''") + "'" }
