package gsheets

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/api/sheets/v4"

	"github.com/lockstep-sync/lockstep/connectors"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// maxPageRows is how many rows of a table a page shows: more than that nobody reads, and each is compared in every cycle.
const maxPageRows = 5000

// pageView is a page as its tab is to show it. The first column of the tab is hidden and bears a mark in each row that is ours: by it
// the next read tells what Lockstep wrote, what a person typed over it, and which row a choice belongs to.
type pageView struct {
	name    string
	now     string // the formula that gives the moment in UTC
	columns []connectors.BoardColumn
	rows    []pageRow
	head    int   // the row of the table's header
	width   int   // columns, without the hidden one
	choose  []int // the columns that hold a list to choose from, counted from 0 without the hidden one
}

// pageRow is one row of the tab.
type pageRow struct {
	mark  string
	cells []shownCell
	looks []cellLook // one for each of cells
}

// cellLook is what a page's cell has besides its content.
type cellLook struct {
	tone    connectors.Tone
	bold    bool
	options []string
}

// The kinds of a page's rows, as they stand in the marks.
const (
	lineRow = "line"
	headRow = "head"
	bodyRow = "row"
)

func newPageView(p connectors.Page, now string) *pageView {
	v := &pageView{name: p.Name, now: now, columns: p.Columns, width: max(1, len(p.Columns))}
	choose := make(map[int]bool)
	for _, r := range p.Rows {
		for i, c := range r.Cells {
			if len(c.Options) > 0 && i < v.width && !choose[i] {
				choose[i] = true
			}
		}
	}
	for i := range v.width {
		if choose[i] {
			v.choose = append(v.choose, i)
		}
	}
	for _, l := range p.Lines {
		v.add(lineRow, "", []connectors.Cell{l})
	}
	if len(p.Lines) > 0 {
		v.add(lineRow, "", nil)
	}
	if len(p.Columns) == 0 {
		v.head = -1
		return v
	}
	v.head = len(v.rows)
	v.addHead()
	for i, r := range p.Rows {
		if i == maxPageRows {
			rest := task.TextValue(fmt.Sprintf("… and %d more, for which this page has no room", len(p.Rows)-i))
			v.add(lineRow, "", []connectors.Cell{{Value: rest, Tone: connectors.Muted}})
			break
		}
		v.add(bodyRow, r.Key, r.Cells)
	}
	return v
}

// add puts a row under the others.
func (v *pageView) add(kind, key string, cells []connectors.Cell) {
	row := pageRow{cells: make([]shownCell, v.width), looks: make([]cellLook, v.width)}
	var says, looks digest
	for i, c := range cells[:min(len(cells), v.width)] {
		s := show(c, v.now)
		row.cells[i] = s
		l := cellLook{tone: c.Tone, bold: c.Bold, options: offered(c.Options)}
		if kind == bodyRow && l.tone == connectors.Plain {
			l.tone = toneOf(v.columns[i], c)
		}
		row.looks[i] = l
		name := strconv.Itoa(i)
		if !v.chooses(i) {
			says.add(name, s.gist)
		}
		looks.add(name, s.beyond+l.digest())
	}
	row.mark = mark(says, looks, kind, key)
	v.rows = append(v.rows, row)
}

// addHead puts the table's header there. Its mark says how wide the page is, and where people choose.
func (v *pageView) addHead() {
	row := pageRow{cells: make([]shownCell, v.width), looks: make([]cellLook, v.width)}
	var says, looks digest
	for i, c := range v.columns {
		row.cells[i] = showText(c.Name)
		says.add(strconv.Itoa(i), row.cells[i].gist)
		looks.add(strconv.Itoa(i), fmt.Sprint(c.Kind, c.Wide))
	}
	list := make([]string, len(v.choose))
	for i, n := range v.choose {
		list[i] = strconv.Itoa(n)
	}
	row.mark = mark(says, looks, headRow, strings.TrimSpace(strconv.Itoa(v.width)+" "+strings.Join(list, " ")))
	v.rows = append(v.rows, row)
}

func (v *pageView) chooses(col int) bool { return slices.Contains(v.choose, col) }

// toneOf is the tone of a word of a closed set.
func toneOf(col connectors.BoardColumn, c connectors.Cell) connectors.Tone {
	for _, w := range col.Words {
		if w.Text == c.Value.Display() {
			return w.Tone
		}
	}
	return connectors.Plain
}

// offered are the options as a list can show them: each once, and none of them empty.
func offered(options []string) []string {
	const most = 500 // Google's own lists end there
	var out []string
	seen := make(map[string]bool)
	for _, o := range options {
		if o = fit(strings.ToValidUTF8(o, "\uFFFD")); o != "" && !seen[o] && len(out) < most {
			seen[o] = true
			out = append(out, o)
		}
	}
	return out
}

func (l cellLook) digest() string {
	if l.tone == connectors.Plain && !l.bold && len(l.options) == 0 {
		return ""
	}
	return fmt.Sprintf("\x1f%d %v %q", l.tone, l.bold, l.options)
}

// mark is what stands in the hidden cell of a row: the hash of what it shows, that of its looks, its kind, and its key.
func mark(says, looks digest, kind, key string) string {
	return fit(strings.ToValidUTF8(says.sum()+"."+looks.sum()+" "+kind+" "+key, "\uFFFD"))
}

// readMark takes a mark apart; ok is false for a text that is none.
func readMark(s string) (says, kind, key string, ok bool) {
	hashes, rest, ok := strings.Cut(s, " ")
	if !ok {
		return "", "", "", false
	}
	kind, key, _ = strings.Cut(rest, " ")
	says, _, dot := strings.Cut(hashes, ".")
	switch kind {
	case lineRow, headRow, bodyRow:
		return says, kind, key, dot
	}
	return "", "", "", false
}

// pageFormats give the area of a page its looks: a plain ground, and on it what says something in colour. The tab was cleared before.
func (v *pageView) pageFormats(sheetID int64) []*sheets.Request {
	var out []*sheets.Request
	format := func(r0, r1, c0, c1 int, f *sheets.CellFormat) {
		out = append(out, &sheets.Request{RepeatCell: &sheets.RepeatCellRequest{
			Range: area(sheetID, r0, r1, c0, c1), Cell: &sheets.CellData{UserEnteredFormat: f}, Fields: "userEnteredFormat",
		}})
	}
	last := len(v.rows)
	if v.head >= 0 {
		last = v.head
		format(v.head, v.head+1, 1, v.width+1, headFormat(headFill))
		for i, c := range v.columns {
			f := &sheets.CellFormat{
				VerticalAlignment: "TOP", TextFormat: &sheets.TextFormat{ForegroundColorStyle: ink.style()}, BackgroundColorStyle: paper.style(),
				Borders: &sheets.Borders{Bottom: &sheets.Border{Style: "SOLID", ColorStyle: rule.style()}}, WrapStrategy: "WRAP",
			}
			if c.Kind == task.Date {
				f.NumberFormat = dateFormat()
			}
			if v.head+1 < len(v.rows) {
				format(v.head+1, len(v.rows), i+1, i+2, f)
			}
		}
	}
	for at := range last {
		f := &sheets.CellFormat{TextFormat: &sheets.TextFormat{ForegroundColorStyle: ink.style()}, BackgroundColorStyle: paper.style()}
		if l := v.rows[at].looks[0]; l.tone != connectors.Plain || l.bold {
			f = toned(l.tone, l.bold)
		}
		f.WrapStrategy = "WRAP"
		if at == 0 {
			f.TextFormat.Bold, f.TextFormat.FontSize = true, 14
		}
		if v.rows[at].cells[0].gist == "" {
			continue
		}
		format(at, at+1, 1, v.width+1, f)
		if v.width > 1 {
			out = append(out, &sheets.Request{MergeCells: &sheets.MergeCellsRequest{
				Range: area(sheetID, at, at+1, 1, v.width+1), MergeType: "MERGE_ALL",
			}})
		}
	}
	return append(out, v.cellFormats(sheetID)...)
}

// cellFormats colour single cells of the table, and put lists into them; cells under each other that are alike go together.
func (v *pageView) cellFormats(sheetID int64) []*sheets.Request {
	var out []*sheets.Request
	if v.head < 0 {
		return nil
	}
	for col := range v.width {
		for at := v.head + 1; at < len(v.rows); {
			l, end := v.rows[at].looks[col], at+1
			for end < len(v.rows) && v.rows[end].looks[col].digest() == l.digest() {
				end++
			}
			if f := toned(l.tone, l.bold); f != nil {
				fields := "userEnteredFormat.textFormat"
				if f.BackgroundColorStyle != nil {
					fields += ",userEnteredFormat.backgroundColorStyle"
				}
				out = append(out, &sheets.Request{RepeatCell: &sheets.RepeatCellRequest{
					Range: area(sheetID, at, end, col+1, col+2), Cell: &sheets.CellData{UserEnteredFormat: f}, Fields: fields,
				}})
			}
			if len(l.options) > 0 {
				out = append(out, dropdown(area(sheetID, at, end, col+1, col+2), l.options))
			}
			at = end
		}
	}
	return out
}

func area(sheetID int64, r0, r1, c0, c1 int) *sheets.GridRange {
	return &sheets.GridRange{
		SheetId: sheetID, StartRowIndex: int64(r0), EndRowIndex: int64(r1), StartColumnIndex: int64(c0), EndColumnIndex: int64(c1),
	}
}

// contents write the cells of the page, marks and all, into a tab whose rows begin at the top.
func (v *pageView) contents(sheetID int64) *sheets.Request {
	rows := make([]*sheets.RowData, len(v.rows))
	for i, r := range v.rows {
		rows[i] = &sheets.RowData{Values: []*sheets.CellData{{UserEnteredValue: stringValue(r.mark)}}}
		for _, s := range r.cells {
			rows[i].Values = append(rows[i].Values, s.cell())
		}
	}
	return &sheets.Request{UpdateCells: &sheets.UpdateCellsRequest{
		Start: &sheets.GridCoordinate{SheetId: sheetID}, Rows: rows, Fields: "userEnteredValue,textFormatRuns",
	}}
}
