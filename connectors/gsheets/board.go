package gsheets

import (
	"cmp"
	"slices"

	"google.golang.org/api/sheets/v4"

	"github.com/lockstep-sync/lockstep/connectors"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// maxBoardBytes is how much of the board goes along with the patches of one batch, or into one write of its own.
const maxBoardBytes = 1_500_000

// boardState is what a Connector knows of its board.
type boardState struct {
	want *boardView // of the last Show; nil before
	// stands are the rows that were written, or left alone for this cycle, since the last Pull: they need no other look.
	stands map[task.ID][]shownCell
	pages  map[string]*pageTab // by the page's name; the tabs that are ours
	// refused says that Google refused a batch with the board in it: it is then written apart from the patches.
	refused bool
	columns bool            // the columns were made since the last Pull
	more    bool            // so were some of the cells in them, but not all
	taken   map[string]bool // the titles of all tabs, in small letters, as they were looked up last; nil before
}

// showed reports that a cell still says what Lockstep last showed there, as far as this process knows.
func (s *boardState) showed(id task.ID, header, gist string) bool {
	if s.want == nil || id == "" {
		return false
	}
	row := s.want.rows[id]
	for i, b := range s.want.columns {
		if isOurs(header, b.Name) && i < len(row) {
			return row[i].gist == gist
		}
	}
	return false
}

// seen takes note of a Pull: what it read is what stands.
func (s *boardState) seen() { s.stands, s.columns, s.more = nil, false, false }

// stand takes note that a row is as it should be, or is not looked at again before the next Pull.
func (s *boardState) stand(id task.ID) {
	if s.stands == nil {
		s.stands = make(map[task.ID][]shownCell)
	}
	s.stands[id] = s.want.rows[id]
}

func sameRow(a, b []shownCell) bool {
	return slices.EqualFunc(a, b, func(x, y shownCell) bool { return x.gist == y.gist && x.beyond == y.beyond })
}

// pending reports that something of the board is not there yet, as far as the last Pull and the writes since tell.
func (c *Connector) pending() bool {
	v := c.board.want
	if v == nil {
		return false
	}
	if !c.board.columns && (c.last == nil || c.missing(c.last)) || c.board.more {
		return true
	}
	return slices.ContainsFunc(v.pages, c.board.pageDiffers) || len(c.dueRows(1)) > 0
}

// dueRows are the rows, where the last Pull saw them, whose worked cells are not as they should be; at most that many.
func (c *Connector) dueRows(most int) []int {
	v := c.board.want
	if v == nil || c.last == nil {
		return nil
	}
	var out []int
	for _, id := range v.order {
		at, here := c.last.byKey[string(id)]
		if row, known := c.board.stands[id]; known {
			if !here || sameRow(row, v.rows[id]) {
				continue
			}
		} else if !here || len(v.rowCells(c.last, at, c.last.worked, id)) == 0 {
			continue
		}
		if out = append(out, at); len(out) == most {
			break
		}
	}
	return out
}

// along is the board that goes along with patches; nil where there is none, or it is written by itself.
func (c *Connector) along() *boardView {
	if !c.cfg.Scorecard || c.board.refused {
		return nil
	}
	return c.board.want
}

// size is about how many bytes the worked cells of a new row take.
func (s *boardState) size(p task.Patch) int {
	n := 0
	if p.Op == task.Create && s.want != nil {
		for _, c := range s.want.rows[p.Task] {
			n += c.size()
		}
	}
	return n
}

// beginning are the worked cells of a new row: they come with it.
func (b *batch) beginning(c *Connector, j *job) []cellWrite {
	v := c.along()
	if v == nil {
		return nil
	}
	var out []cellWrite
	for _, w := range v.rowCells(b.t, -1, b.growth.worked, j.id) {
		x := cellWrite{col: w.col, value: w.data.value, runs: w.data.runs, place: j.place}
		if w.data.day {
			x.format = dateFormat()
		}
		out = append(out, x)
	}
	return out
}

// missing reports that columns of the board are not in the tab.
func (c *Connector) missing(t *table) bool {
	v := c.board.want
	return v != nil && (t.blank || len(v.columns) > 0 && (t.worked.check < 0 ||
		slices.ContainsFunc(v.columns, func(b connectors.BoardColumn) bool { return !t.worked.has(b.Name) })))
}

// boardPart is what a batch writes of the board.
type boardPart struct {
	rows  []task.ID // whose cells are as they should be once the batch has landed
	cells []boardCell
	jobs  []*job // the rows of those cells, as far as the journal is concerned
	pages []*pageView
	made  []*pageTab
	more  bool // rows were left out for the size of the request
}

// nobody is the place of a job that is behind no patch.
const nobody = -1

// changes are all jobs that change something which may be there, those of the board among them.
func (b *batch) changes() []*job {
	if b.board == nil {
		return b.jobs
	}
	return slices.Concat(b.jobs, b.board.jobs)
}

// planBoard decides which worked cells a batch writes. Rows that changed since the Pull are left for the next: what a person typed
// there meanwhile is not written over unseen.
func (b *batch) planBoard(c *Connector, rows bool) {
	b.board = &boardPart{}
	for _, j := range b.jobs {
		if j.p.Op == task.Create && j.at < 0 {
			b.board.rows = append(b.board.rows, j.id)
		}
	}
	if !rows {
		return
	}
	patched := make(map[int]bool)
	for _, j := range b.jobs {
		patched[j.at] = true
	}
	b.board.cells = b.boardRows(c, c.board.want)
	for _, w := range b.board.cells {
		n := len(b.board.jobs) - 1
		if n < 0 || b.board.jobs[n].at != w.row {
			b.board.jobs = append(b.board.jobs, &job{place: nobody, p: &task.Patch{Op: task.Update}, at: w.row, alone: !patched[w.row]})
			n++
		}
		b.board.jobs[n].cells = append(b.board.jobs[n].cells, cellWrite{row: w.row, col: w.col, value: w.data.value, place: nobody})
	}
}

// addBoard adds the worked cells, and the pages, to a batch. It comes before what moves rows.
func (b *batch) addBoard(c *Connector, pages bool) {
	for _, r := range blocks(b.board.cells) {
		b.add(r.request(b.t.sheetID), nil)
	}
	if !pages {
		return
	}
	for i, p := range c.board.want.pages {
		b.addPage(c, p, i)
	}
}

// boardRows are the cells to be written in rows that are there, as many as go into one write.
func (b *batch) boardRows(c *Connector, v *boardView) []boardCell {
	at := make(map[task.ID]int)
	gone := make(map[task.ID]bool)
	key := make(map[task.ID]string)
	for _, j := range b.jobs {
		switch {
		case j.p.Op == task.Remove:
			gone[j.p.Task] = true
		case j.p.Op == task.Adopt && j.at >= 0:
			at[j.id], key[j.id] = j.at, j.p.Ref.Key
		}
	}
	var out []boardCell
	size := 0
	for _, id := range v.order {
		if stands, known := c.board.stands[id]; gone[id] || known && sameRow(stands, v.rows[id]) {
			continue
		}
		row, adopted := at[id]
		if !adopted {
			var here bool
			if row, here = b.t.byKey[string(id)]; !here {
				continue
			}
			key[id] = string(id)
		}
		cells := v.rowCells(b.t, row, b.growth.worked, id)
		if b.t.looked != nil && !b.t.looked[row] || len(cells) > 0 && !c.unmoved(b.t, row, key[id]) {
			b.board.rows = append(b.board.rows, id) // the next Pull tells what was typed there
			continue
		}
		for _, w := range cells {
			size += w.data.size()
		}
		if size > maxBoardBytes && len(out) > 0 {
			b.board.more = true
			break
		}
		out = append(out, cells...)
		b.board.rows = append(b.board.rows, id)
	}
	return out
}

// unmoved reports that a row's worked cells hold what the last Pull saw in them, wherever the row was. Of a row that it did not see
// nothing may stand there but what we wrote.
func (c *Connector) unmoved(t *table, at int, key string) bool {
	if c.last != nil {
		if was, seen := c.last.byKey[key]; seen {
			return c.last.worked.state(c.last, was) == t.worked.state(t, at)
		}
	}
	return !t.worked.typedOver(t, at)
}

// boardBlock is a block of worked cells that one request writes.
type boardBlock struct {
	row, col int
	day      bool
	cells    [][]shownCell
}

// blocks merges cells that touch: along a row first, then rows of the same columns that lie under each other.
func blocks(cells []boardCell) []*boardBlock {
	slices.SortFunc(cells, func(x, y boardCell) int { return cmp.Or(cmp.Compare(x.row, y.row), cmp.Compare(x.col, y.col)) })
	var runs []*boardBlock
	for _, w := range cells {
		if n := len(runs) - 1; n >= 0 {
			r := runs[n]
			if r.row == w.row && r.col+len(r.cells[0]) == w.col && r.day == w.data.day {
				r.cells[0] = append(r.cells[0], w.data)
				continue
			}
		}
		runs = append(runs, &boardBlock{row: w.row, col: w.col, day: w.data.day, cells: [][]shownCell{{w.data}}})
	}
	type shape struct {
		col, width int
		day        bool
	}
	open := make(map[shape]*boardBlock)
	var out []*boardBlock
	for _, r := range runs {
		s := shape{r.col, len(r.cells[0]), r.day}
		if above := open[s]; above != nil && above.row+len(above.cells) == r.row {
			above.cells = append(above.cells, r.cells[0])
			continue
		}
		open[s] = r
		out = append(out, r)
	}
	return out
}

// request writes the block. It has a start and no range: with a range, cells that are not given would be cleared.
func (r *boardBlock) request(sheetID int64) *sheets.Request {
	u := &sheets.UpdateCellsRequest{
		Start:  &sheets.GridCoordinate{SheetId: sheetID, RowIndex: int64(r.row), ColumnIndex: int64(r.col)},
		Fields: "userEnteredValue,textFormatRuns",
	}
	if r.day {
		u.Fields += ",userEnteredFormat.numberFormat"
	}
	for _, run := range r.cells {
		row := &sheets.RowData{}
		for _, s := range run {
			d := s.cell()
			if r.day {
				d.UserEnteredFormat = &sheets.CellFormat{NumberFormat: dateFormat()}
			}
			row.Values = append(row.Values, d)
		}
		u.Rows = append(u.Rows, row)
	}
	return &sheets.Request{UpdateCells: u}
}
