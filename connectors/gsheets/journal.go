package gsheets

import (
	"context"
	"hash/fnv"
	"slices"
	"strconv"

	"google.golang.org/api/sheets/v4"

	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// The Sheets API has no conditional write: between the read before a write and the write itself people may type, sort, or put
// in a column. But a batch is atomic. So the first thing that a batch does is to copy the rows that it is about to change
// into a hidden tab, at the same places; its answer tells what stood there at that very moment. What was not as expected is put
// back at once: see repair.go.

// journal is the hidden tab in which a batch keeps what it is about to replace.
type journal struct {
	found      bool // the rest is known, or assumed
	exists     bool
	sheetID    int64
	rows, cols int
	off        bool // there is no room for it in the spreadsheet
	refused    int  // how often the journal's own requests were refused in this call
}

// journalMargin is how many columns the journal has beyond the tab's: people may put in some just before a write. The last
// one holds the number of the batch.
const journalMargin = 20

// journalTitle is the journal's title; the tab's own, so that two sources in one spreadsheet do not share one.
func (c *Connector) journalTitle() string {
	r := []rune("Lockstep journal of " + c.cfg.Tab)
	return string(r[:min(len(r), 90)])
}

// assumeJournal takes it that there is no journal yet, where none is known: if there is one, the batch that would make it is
// refused as a whole, and it is looked for.
func (c *Connector) assumeJournal() {
	if !c.journal.found {
		c.journal = journal{found: true, off: c.journal.off, refused: c.journal.refused, sheetID: newSheetID(c.cfg.Spreadsheet, c.journalTitle(), strconv.Itoa(c.journal.refused))}
	}
}

// findJournal looks for the journal.
func (c *Connector) findJournal(ctx context.Context) *fault.Error {
	s, err := c.svc.Spreadsheets.Get(c.cfg.Spreadsheet).Fields("sheets(properties(sheetId,title,gridProperties(rowCount,columnCount)))").Context(ctx).Do()
	if err != nil {
		f, _ := c.fault("look for the journal", err) //nolint:contextcheck // the answer is here: nothing is sent
		return f
	}
	c.journal.found = false
	c.assumeJournal()
	j := c.journal
	for _, sh := range s.Sheets {
		if p := sh.Properties; p != nil && p.Title == c.journalTitle() {
			j.exists, j.sheetID = true, p.SheetId
			if p.GridProperties != nil {
				j.rows, j.cols = int(p.GridProperties.RowCount), int(p.GridProperties.ColumnCount)
			}
		}
	}
	c.journal = j
	return nil
}

// newSheetID is the id that the journal is made with, so that the batch that makes it can use it.
func newSheetID(parts ...string) int64 {
	h := fnv.New32a()
	for _, p := range parts {
		_, _ = h.Write([]byte(p + "\x00")) // writing into a hash cannot go wrong
	}
	return int64(h.Sum32()&0x7fffffff | 1)
}

// kept is what a batch has the journal keep.
type kept struct {
	mark   string // names the batch in the journal's last column
	header int
	rows   []int // sorted; the header is among them
	cols   int   // of the journal
	size   int   // rows of the journal
}

// keeps says whether the batch can do harm: whether it writes where something may stand by then.
func (b *batch) keeps() bool {
	return b.growth.any() && !b.t.blank || slices.ContainsFunc(b.changes(), func(j *job) bool { return j.at >= 0 })
}

// keep adds the requests that fill the journal. They come before all others.
func (b *batch) keep(c *Connector) {
	if !b.keeps() || c.journal.off {
		return
	}
	k := &kept{header: b.t.headerAt, rows: []int{b.t.headerAt}}
	whole := make(map[int]bool)
	for _, j := range b.changes() {
		if j.at >= 0 {
			k.rows = append(k.rows, j.at)
			whole[j.at] = j.p.Op == task.Remove
		}
	}
	slices.Sort(k.rows)
	k.rows = slices.Compact(k.rows)
	k.cols = max(b.t.cols, b.growth.end()) + journalMargin
	k.size = k.rows[len(k.rows)-1] + 1
	c.batches++
	k.mark = strconv.FormatInt(c.o.Now().UnixNano(), 36) + "." + strconv.Itoa(c.batches)
	b.kept = k
	b.makeJournal(&c.journal, c.journalTitle(), k)
	for i := 0; i < len(k.rows); {
		end := i + 1
		for end < len(k.rows) && k.rows[end] == k.rows[end-1]+1 && whole[k.rows[end]] == whole[k.rows[i]] {
			end++
		}
		from, to := int64(k.rows[i]), int64(k.rows[end-1]+1)
		how := "PASTE_FORMULA" // values and formulas: formats would pile up in the journal
		if whole[k.rows[i]] {
			how = "PASTE_NORMAL" // a row that goes is kept with all that is in it
		}
		b.add(&sheets.Request{CopyPaste: &sheets.CopyPasteRequest{
			Source:      &sheets.GridRange{SheetId: b.t.sheetID, StartRowIndex: from, EndRowIndex: to},
			Destination: &sheets.GridRange{SheetId: c.journal.sheetID, StartRowIndex: from, EndRowIndex: to, EndColumnIndex: 1},
			PasteType:   how,
		}}, nil)
		i = end
	}
	b.add(rectangle{row: k.header, col: k.cols - 1, cells: [][]cellWrite{{{value: stringValue(k.mark)}}}}.request(c.journal.sheetID), nil)
	b.front = len(b.requests)
}

// makeJournal adds the requests that make the journal, or make it larger.
func (b *batch) makeJournal(j *journal, title string, k *kept) {
	k.cols, k.size = max(k.cols, j.cols), max(k.size, j.rows)
	grid := &sheets.GridProperties{RowCount: int64(k.size), ColumnCount: int64(k.cols)}
	switch {
	case !j.exists:
		b.add(&sheets.Request{AddSheet: &sheets.AddSheetRequest{Properties: &sheets.SheetProperties{
			SheetId: j.sheetID, Title: title, Hidden: true, GridProperties: grid,
		}}}, nil)
	case k.cols > j.cols || k.size > j.rows:
		b.add(&sheets.Request{UpdateSheetProperties: &sheets.UpdateSheetPropertiesRequest{
			Properties: &sheets.SheetProperties{SheetId: j.sheetID, GridProperties: grid},
			Fields:     "gridProperties(rowCount,columnCount)",
		}}, nil)
		// The number of the batch before it stands where a header may be copied to.
		b.add(rectangle{row: k.header, col: j.cols - 1, cells: [][]cellWrite{{{}}}}.request(j.sheetID), nil)
	}
}

// savedJournal is what a cursor keeps of the journal, so that it need not be looked for after a restart.
type savedJournal struct {
	Sheet int64 `json:"sheet"`
	Rows  int   `json:"rows"`
	Cols  int   `json:"cols"`
}

func (j *journal) saved() *savedJournal {
	if !j.exists {
		return nil
	}
	return &savedJournal{j.sheetID, j.rows, j.cols}
}

func (j *journal) recall(s *savedJournal) {
	if s != nil && !j.found {
		*j = journal{found: true, exists: true, sheetID: s.Sheet, rows: s.Rows, cols: s.Cols}
	}
}

// landed notes that the journal is as the batch made it.
func (j *journal) landed(k *kept) {
	if k != nil {
		j.exists, j.rows, j.cols, j.refused = true, k.size, k.cols, 0
	}
}

// ranges are the parts of the journal that the batch filled, in A1 notation.
func (k *kept) ranges(title string) []string {
	if k == nil {
		return nil
	}
	tab := tabRange(title)
	var out []string
	for i := 0; i < len(k.rows); {
		end := i
		for end+1 < len(k.rows) && k.rows[end+1] == k.rows[end]+1 {
			end++
		}
		out = append(out, tab+"!"+strconv.Itoa(k.rows[i]+1)+":"+strconv.Itoa(k.rows[end]+1))
		i = end + 1
	}
	if len(out) > maxReadBack {
		return []string{tab}
	}
	return out
}

// shots are rows as they stood when a batch came to them, by number.
type shots map[int][]*sheets.CellData

// readShots reads the journal out of an answer; ok is false where it is not that of this batch.
func (k *kept) readShots(s *sheets.Spreadsheet, title string) (out shots, ok bool) {
	out = make(shots)
	for _, sh := range s.Sheets {
		if sh.Properties == nil || sh.Properties.Title != title {
			continue
		}
		for _, block := range sh.Data {
			for i, row := range block.RowData {
				at := int(block.StartRow) + i
				if row == nil || !slices.Contains(k.rows, at) {
					continue
				}
				cells := make([]*sheets.CellData, int(block.StartColumn)+len(row.Values))
				copy(cells[block.StartColumn:], row.Values)
				out[at] = cells
			}
		}
	}
	return out, out.at(k.header, k.cols-1).text == k.mark
}

// data is what stood in a cell; nil for nothing.
func (s shots) data(row, col int) *sheets.CellData {
	if cells := s[row]; col >= 0 && col < len(cells) {
		return cells[col]
	}
	return nil
}

func (s shots) at(row, col int) cell { return readWireCell(s.data(row, col)) }

// entered is what is to be entered for a cell to be as it was; nil for nothing.
func entered(d *sheets.CellData) *sheets.ExtendedValue {
	switch {
	case d == nil:
		return nil
	case d.UserEnteredValue != nil && d.UserEnteredValue.FormulaValue != nil:
		return &sheets.ExtendedValue{FormulaValue: d.UserEnteredValue.FormulaValue}
	case d.EffectiveValue == nil:
		return nil
	}
	return d.EffectiveValue
}

// sameCell reports whether two cells hold the same. Of formulas it is only asked that both are one: a copy elsewhere may
// come to something else.
func sameCell(a, b cell) bool {
	switch {
	case a.formula || b.formula:
		return a.formula == b.formula
	case a.kind == blankCell || b.kind == blankCell:
		return (a.kind == blankCell || a.kind == textCell && a.text == "") && (b.kind == blankCell || b.kind == textCell && b.text == "")
	}
	return a.kind == b.kind && a.number == b.number && a.yes == b.yes && a.text == b.text
}

// holds reports whether a cell holds what was entered.
func holds(c cell, v *sheets.ExtendedValue) bool {
	switch {
	case v == nil:
		return sameCell(c, cell{})
	case v.FormulaValue != nil:
		return c.formula
	}
	return sameCell(c, readWireCell(&sheets.CellData{EffectiveValue: v}))
}
