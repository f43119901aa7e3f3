package gsheets

import (
	"context"

	"google.golang.org/api/sheets/v4"

	"github.com/lockstep-sync/lockstep/connectors/cells"
	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// doubt is a write of which nobody knows whether it landed, or what is to be put back after one that did.
type doubt struct {
	unanswered *batch // sent, and no answer came
	owed       []owed
	rows       []int // rows that were taken away wrongly, as the journal keeps them
}

// review looks at what a batch came upon, puts back what it should not have touched, and returns the places of the patches
// that came to nothing. What cannot be put back now is put back before anything else is read or written.
func (b *batch) review(ctx context.Context, c *Connector, s *sheets.Spreadsheet, g *grid) map[int]bool {
	c.journal.landed(b.kept)
	var d doubt
	wrong := make(map[int]bool)
	if b.kept != nil && s != nil {
		shots, ok := b.kept.readShots(s, c.journalTitle())
		if !ok {
			c.journal.found = false
			return wrong // the answer is not the journal's: what follows is found by the next cycle
		}
		d, wrong = b.judge(shots)
	}
	if g != nil {
		d.owed = append(d.owed, b.misplaced(g, wrong)...)
	}
	if len(d.owed)+len(d.rows) > 0 {
		c.doubt = d
		_ = c.makeGood(forWrite(context.WithoutCancel(ctx))) // what is left of it stays in doubt
	}
	return wrong
}

// repairs is how often what was spoiled is put back while people go on moving it about.
const repairs = 5

// makeGood finds out what became of a write without an answer, and puts back what writes of ours replaced unseen. Until that is
// done the tab tells nothing: what it shows may be ours, in the wrong place.
func (c *Connector) makeGood(ctx context.Context) *fault.Error {
	if b := c.doubt.unanswered; b != nil {
		if f := c.ask(ctx, b); f != nil {
			return f
		}
	}
	if f := c.bringBack(ctx); f != nil {
		return f
	}
	for range repairs {
		if len(c.doubt.owed) == 0 {
			return nil
		}
		if f := c.putBack(ctx); f != nil {
			return f
		}
	}
	if len(c.doubt.owed) > 0 {
		return fault.New(fault.Retryable, fault.Precondition, "put back what was replaced", "people are moving cells about; it is tried again")
	}
	return nil
}

// ask reads in the journal whether a batch landed, and what it came upon.
func (c *Connector) ask(ctx context.Context, b *batch) *fault.Error {
	ranges := append([]string{tabRange(c.cfg.Tab)}, b.kept.ranges(c.journalTitle())...)
	s, err := c.svc.Spreadsheets.Get(c.cfg.Spreadsheet).Ranges(ranges...).Fields(gridMask(readCell)).Context(ctx).Do()
	if err != nil {
		f, _ := c.fault("see whether the rows were written", err) //nolint:contextcheck // the answer is here: nothing is sent
		if f.Kind == fault.Permanent && f.Reason == fault.Invalid {
			c.doubt = doubt{owed: b.resume} // there is no journal: nothing landed
			c.journal.found = false
			return nil
		}
		return f
	}
	var d doubt
	if b.kept != nil {
		c.journal.found = false // how large it is by now is not known
		shots, landed := b.kept.readShots(s, c.journalTitle())
		if !landed {
			c.doubt = doubt{owed: b.resume}
			return nil
		}
		d, _ = b.judge(shots)
	}
	if g := readGrid(s, c.cfg.Tab); g != nil {
		d.owed = append(d.owed, b.misplaced(g, make(map[int]bool))...)
	}
	c.doubt = d
	return nil
}

// bringBack puts rows in again that were taken away wrongly, with all that was in them.
func (c *Connector) bringBack(ctx context.Context) *fault.Error {
	if len(c.doubt.rows) == 0 {
		return nil
	}
	g, err := c.readRanges(ctx, "put rows back", readCell, memory{}, tabRange(c.cfg.Tab)+"!1:1")
	if err != nil {
		return fault.Of(err)
	}
	var requests []*sheets.Request
	for _, row := range c.doubt.rows { // from the top down: each then stands where it stood
		at := &sheets.GridRange{SheetId: g.sheetID, StartRowIndex: int64(row), EndRowIndex: int64(row + 1), EndColumnIndex: int64(g.cols)}
		from := *at
		from.SheetId = c.journal.sheetID
		requests = append(requests,
			&sheets.Request{InsertDimension: &sheets.InsertDimensionRequest{Range: &sheets.DimensionRange{
				SheetId: g.sheetID, Dimension: "ROWS", StartIndex: int64(row), EndIndex: int64(row + 1),
			}}},
			&sheets.Request{CopyPaste: &sheets.CopyPasteRequest{Source: &from, Destination: at, PasteType: "PASTE_NORMAL"}})
	}
	_, err = c.svc.Spreadsheets.BatchUpdate(c.cfg.Spreadsheet, &sheets.BatchUpdateSpreadsheetRequest{Requests: requests}).
		Context(context.WithoutCancel(ctx)).Do()
	if err != nil {
		f, uncertain := c.fault("put rows back", err) //nolint:contextcheck // the answer is here: nothing is sent
		if uncertain {
			c.doubt.rows = nil // twice would be worse: copies of one row are held, and a person sees them
		}
		return f
	}
	c.doubt.rows = nil
	return nil
}

// putBack writes what is owed where it belongs by now, and owes whatever that write came upon in turn.
func (c *Connector) putBack(ctx context.Context) *fault.Error {
	if !c.journal.found {
		if f := c.findJournal(ctx); f != nil {
			return f
		}
	}
	g, err := c.readTab(ctx, "put back what was replaced", readCell, memory{})
	if err != nil {
		return fault.Of(err)
	}
	b := &batch{t: &table{grid: g, layout: layout{headerAt: c.findHeader(g), id: -1}}, growth: growth{id: -1}, resume: c.doubt.owed}
	for i := range b.t.column {
		b.t.column[i] = -1
	}
	if ids := cells.Exactly(texts(g, b.t.headerAt), cells.FoldHeader(idHeader)); len(ids) == 1 {
		b.t.id = ids[0]
	}
	if b.t.headerAt < len(g.cells) {
		b.t.header = texts(g, b.t.headerAt)
	}
	var shown []*sheets.Request
	rows := rowsNow(c.doubt.owed, b.t)
	claimed := make(map[[2]int]bool)
	for i, o := range c.doubt.owed { // the newest first: what a repair came upon is still where that was
		row, col, ok := o.find(b.t, rows[o.place()])
		if !ok || claimed[[2]int{row, col}] {
			continue // a person has put something else there since, or another repair comes first
		}
		claimed[[2]int{row, col}] = true
		b.jobs = append(b.jobs, &job{
			place: i, at: row, p: &task.Patch{Op: task.Update}, cells: []cellWrite{{row: row, col: col, value: o.old, place: i}},
		})
		if o.hidden {
			shown = append(shown, &sheets.Request{UpdateDimensionProperties: &sheets.UpdateDimensionPropertiesRequest{
				Range:      columnRange(g.sheetID, col),
				Properties: &sheets.DimensionProperties{ForceSendFields: []string{"HiddenByUser"}},
				Fields:     "hiddenByUser",
			}})
		}
	}
	if len(b.jobs) == 0 {
		c.doubt.owed = nil
		return nil
	}
	b.keep(c)
	var writes []cellWrite
	for _, j := range b.jobs {
		writes = append(writes, j.cells...)
	}
	for _, r := range rectangles(writes) {
		b.add(r.request(g.sheetID), r.places)
	}
	for _, r := range shown {
		b.add(r, nil)
	}
	resp, err := b.call(c).Context(context.WithoutCancel(ctx)).Do()
	if err != nil {
		f, uncertain := c.fault("put back what was replaced", err) //nolint:contextcheck // the answer is here: nothing is sent
		if uncertain {
			c.doubt = doubt{unanswered: b} // what is owed then follows from what it came upon
		}
		c.journal.found = false
		return f
	}
	c.journal.landed(b.kept)
	c.doubt.owed = nil
	if resp.UpdatedSpreadsheet != nil {
		if shots, ok := b.kept.readShots(resp.UpdatedSpreadsheet, c.journalTitle()); ok {
			d, _ := b.judge(shots)
			c.doubt.owed = d.owed
		}
	}
	return nil
}

// texts are the texts of a row.
func texts(g *grid, row int) []string {
	var out []string
	if row < len(g.cells) {
		for _, cell := range g.cells[row] {
			out = append(out, task.TextValue(cell.raw()).String())
		}
	}
	return out
}
