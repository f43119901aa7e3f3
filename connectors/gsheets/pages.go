package gsheets

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"strconv"
	"strings"

	"google.golang.org/api/sheets/v4"

	"github.com/lockstep-sync/lockstep/connectors"
	"github.com/lockstep-sync/lockstep/connectors/cells"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// pageTab is a tab that Lockstep made for a page, as it was read last.
type pageTab struct {
	name  string // the page's
	id    int64
	title string // as people call it now; "" where the tab is gone
	grid  *grid  // nil where it was not read
	// stands is what was written since it was read; nil for nothing.
	stands *pageView
	// left says that people changed it since the Pull: it is not written before the next.
	left bool
}

// pageKey begins the key of the metadata by which the spreadsheet itself says which of its tabs are ours, whatever people call
// them. The rest is the page's name; the value is the tab's id.
const pageKey = "lockstep-page "

// pageDiffers reports that a page is not as it should be.
func (s *boardState) pageDiffers(v *pageView) bool {
	p := s.pages[v.name]
	switch {
	case p == nil || p.title == "":
		return true
	case p.left:
		return false
	case p.stands != nil:
		return !p.stands.same(v.under(p.title))
	case p.grid == nil:
		return false // it is there, and was not read: the next Pull reads it
	}
	return !v.under(p.title).shownIn(p.grid)
}

func (v *pageView) same(o *pageView) bool {
	if len(v.rows) != len(o.rows) {
		return false
	}
	for i, r := range v.rows {
		if r.mark != o.rows[i].mark || !sameRow(r.cells, o.rows[i].cells) {
			return false
		}
	}
	return true
}

// shownIn reports that the tab shows the page, and nothing else that was ours.
func (v *pageView) shownIn(g *grid) bool {
	if ours(g).end != len(v.rows) {
		return false
	}
	for at, r := range v.rows {
		if g.at(at, 0).text != r.mark {
			return false
		}
		for i, s := range r.cells {
			if g.at(at, i+1).gist() != s.gist {
				return false
			}
		}
	}
	return true
}

// pageArea is what is ours in a page's tab, by the marks in it.
type pageArea struct {
	marked map[int]bool
	end    int // the row after the last of ours
	head   string
	width  int
	choose []int
}

func ours(g *grid) pageArea {
	a := pageArea{marked: make(map[int]bool), width: 1}
	for at := range g.cells {
		raw := g.at(at, 0).text
		_, kind, key, ok := readMark(raw)
		if !ok {
			continue
		}
		a.marked[at], a.end = true, at+1
		if kind != headRow {
			continue
		}
		a.head = raw
		for i, s := range strings.Fields(key) {
			n, err := strconv.Atoi(s)
			if err != nil || n < 0 || n > 1000 {
				continue
			}
			if i == 0 {
				a.width = max(1, n)
			} else {
				a.choose = append(a.choose, n)
			}
		}
	}
	return a
}

// strange reports that something which is none of ours stands in a part of the tab.
func (a pageArea) strange(g *grid, r0, r1, c0, c1 int) bool {
	for at := r0; at < min(r1, len(g.cells)); at++ {
		for col := c0; col < c1; col++ {
			if ours := a.marked[at] && col <= a.width; !ours && !g.at(at, col).blank() {
				return true
			}
		}
	}
	return false
}

// addPage adds to a batch what makes the tab of a page, or brings it up to date. What people wrote beside the page stays beside it,
// what they wrote under it is moved down where the page needs the room.
func (b *batch) addPage(c *Connector, v *pageView, place int) {
	if !c.board.pageDiffers(v) {
		return
	}
	p := c.board.pages[v.name]
	if p == nil || p.title == "" {
		b.newPage(c, v, place)
		b.board.pages = append(b.board.pages, v)
		return
	}
	if b.t.pages == nil {
		return // it was not read: Publish does it
	}
	now := b.t.pages[p.id]
	if p.grid == nil || p.stands != nil || now == nil || !sameGrid(p.grid, now) {
		p.left = true // somebody is at it, or it was written in this cycle already: the next Pull tells
		return
	}
	v = v.under(p.title)
	a := ours(now)
	width := max(v.width, a.width)
	switch {
	case a.strange(now, 0, a.end, 0, a.width+1), a.end == 0 && a.strange(now, 0, len(v.rows), 0, width+1):
		// People's own rows stand among ours, or the marks are gone: the page begins anew above all of it.
		b.insert(p.id, "ROWS", 0, len(v.rows))
		b.clear(p.id, a, len(v.rows), 0)
		b.fit(p.id, now, now.rows+len(v.rows), width+1)
		a.end = len(v.rows)
	default:
		if v.width > a.width && a.strange(now, 0, max(len(v.rows), a.end), a.width+1, v.width+1) {
			b.insert(p.id, "COLUMNS", a.width+1, v.width-a.width)
			now.cols += v.width - a.width
		}
		if len(v.rows) > a.end && a.strange(now, a.end, len(v.rows), 0, width+1) {
			b.insert(p.id, "ROWS", a.end, len(v.rows)-a.end)
			now.rows += len(v.rows) - a.end
		}
		b.fit(p.id, now, len(v.rows), width+1)
		b.clear(p.id, a, 0, width)
	}
	b.lay(p.id, v, a.head)
	b.board.pages = append(b.board.pages, v)
}

// lay writes a page into its tab. Widths and the frozen head are set where the head is another than it was.
func (b *batch) lay(sheetID int64, v *pageView, head string) {
	if v.head >= 0 && head != v.rows[v.head].mark {
		b.add(hide(sheetID, 0), nil)
		for i, c := range v.columns {
			b.add(&sheets.Request{UpdateDimensionProperties: &sheets.UpdateDimensionPropertiesRequest{
				Range: columnRange(sheetID, i+1), Properties: &sheets.DimensionProperties{PixelSize: boardWidth(c)}, Fields: "pixelSize",
			}}, nil)
		}
	} else if v.head < 0 && head == "" {
		b.add(hide(sheetID, 0), nil)
	}
	b.add(v.freeze(sheetID), nil)
	for _, r := range v.pageFormats(sheetID) {
		b.add(r, nil)
	}
	b.add(v.contents(sheetID), nil)
}

// freeze keeps the header in sight, unless it stands so low that there would be little room left under it.
func (v *pageView) freeze(sheetID int64) *sheets.Request {
	const most = 6
	rows := int64(0)
	if v.head >= 0 && v.head < most {
		rows = int64(v.head + 1)
	}
	return &sheets.Request{UpdateSheetProperties: &sheets.UpdateSheetPropertiesRequest{
		Properties: &sheets.SheetProperties{
			SheetId: sheetID, GridProperties: &sheets.GridProperties{FrozenRowCount: rows, ForceSendFields: []string{"FrozenRowCount"}},
		},
		Fields: "gridProperties.frozenRowCount",
	}}
}

func (b *batch) insert(sheetID int64, dimension string, at, n int) {
	b.add(&sheets.Request{InsertDimension: &sheets.InsertDimensionRequest{Range: &sheets.DimensionRange{
		SheetId: sheetID, Dimension: dimension, StartIndex: int64(at), EndIndex: int64(at + n),
	}}}, nil)
}

// fit grows the tab to what the page needs.
func (b *batch) fit(sheetID int64, g *grid, rows, cols int) {
	for _, d := range []struct {
		dimension string
		need      int
	}{{"ROWS", rows - g.rows}, {"COLUMNS", cols - g.cols}} {
		if d.need > 0 {
			b.add(&sheets.Request{AppendDimension: &sheets.AppendDimensionRequest{
				SheetId: sheetID, Dimension: d.dimension, Length: int64(d.need),
			}}, nil)
		}
	}
}

// clear empties the rows that are ours, as far as they are: they lie `moved` rows further down than they were read. Width is at least
// that of the old page; 0 takes it.
func (b *batch) clear(sheetID int64, a pageArea, moved, width int) {
	width = max(width, a.width)
	for at := 0; at < a.end; at++ {
		if !a.marked[at] {
			continue
		}
		end := at + 1
		for a.marked[end] {
			end++
		}
		b.add(&sheets.Request{UnmergeCells: &sheets.UnmergeCellsRequest{Range: area(sheetID, at+moved, end+moved, 0, width+1)}}, nil)
		b.add(&sheets.Request{RepeatCell: &sheets.RepeatCellRequest{
			Range: area(sheetID, at+moved, end+moved, 0, width+1), Cell: &sheets.CellData{},
			Fields: "userEnteredValue,userEnteredFormat,textFormatRuns,dataValidation",
		}}, nil)
		at = end
	}
}

// newPage makes the tab of a page behind the one of the tasks.
func (b *batch) newPage(c *Connector, v *pageView, place int) {
	p := &pageTab{name: v.name, id: pageID(c.cfg.Spreadsheet, v.name), title: c.freeTitle(v.name)}
	v = v.under(p.title)
	b.add(&sheets.Request{AddSheet: &sheets.AddSheetRequest{Properties: &sheets.SheetProperties{
		SheetId: p.id, Title: p.title, Index: int64(b.t.index + 1 + place), TabColorStyle: workedFill.style(),
		GridProperties: &sheets.GridProperties{
			RowCount: int64(max(len(v.rows), 100)), ColumnCount: int64(max(v.width+1, 12)), HideGridlines: true,
		},
	}}}, nil)
	b.add(&sheets.Request{CreateDeveloperMetadata: &sheets.CreateDeveloperMetadataRequest{DeveloperMetadata: &sheets.DeveloperMetadata{
		MetadataKey: pageKey + v.name, MetadataValue: strconv.FormatInt(p.id, 10), Visibility: "DOCUMENT",
		Location: &sheets.DeveloperMetadataLocation{Spreadsheet: true},
	}}}, nil)
	b.add(warn(&sheets.GridRange{SheetId: p.id}, "Lockstep writes this page anew whenever something changes; only what is chosen from a list is read."), nil)
	b.lay(p.id, v, "")
	b.board.made = append(b.board.made, p)
}

// under is the page in a tab of that title. Where it could not have its own name, it says why.
func (v *pageView) under(title string) *pageView {
	if title != v.name+oursSuffix {
		return v
	}
	line := "This tab is called " + cells.Quote(title) + ", because there is a tab " + cells.Quote(v.name) + " already that Lockstep did not make."
	o := *v
	o.rows = append([]pageRow(nil), v.rows...)
	note := &pageView{width: v.width}
	note.add(lineRow, "", []connectors.Cell{{Value: task.TextValue(line), Tone: connectors.Muted}})
	at := 0
	if v.head != 0 {
		at = min(1, len(o.rows))
	}
	o.rows = append(o.rows[:at], append(note.rows, o.rows[at:]...)...)
	if o.head >= 0 {
		o.head++
	}
	return &o
}

// pageID is the id of a page's tab. It is the same for every try, so that one whose answer was lost cannot make a second tab.
func pageID(spreadsheet, name string) int64 {
	h := sha256.Sum256([]byte(spreadsheet + "\x00" + name))
	return int64(cmp.Or(binary.BigEndian.Uint32(h[:4])&0x7FFFFFFF, 1))
}

// sameGrid reports that two reads of a tab show the same, but for what formulas come to.
func sameGrid(a, b *grid) bool {
	ra, ca := a.filled()
	rb, cb := b.filled()
	if ra != rb || ca != cb {
		return false
	}
	for r := range ra {
		for col := range ca {
			if a.at(r, col).gist() != b.at(r, col).gist() {
				return false
			}
		}
	}
	return true
}
