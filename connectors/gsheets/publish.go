package gsheets

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"google.golang.org/api/googleapi"

	"github.com/lockstep-sync/lockstep/connectors"
	"github.com/lockstep-sync/lockstep/connectors/google"
	"github.com/lockstep-sync/lockstep/sync/fault"
)

var _ connectors.Publisher = (*Connector)(nil)

// maxPublish is how many writes one Publish makes at most: what is left then waits for the next cycle.
const maxPublish = 10

// Show says what is to be shown beside the tasks: see connectors.Publisher. A tab that is not the scorecard shows nothing.
func (c *Connector) Show(b connectors.Board) bool {
	if !c.cfg.Scorecard || c.readOnly() {
		return false
	}
	now := "NOW()"
	if c.last != nil {
		now = utcNow(c.last.zone, c.o.Now())
	}
	c.board.want = view(b, now)
	return c.pending()
}

// Publish writes what is not there yet: see connectors.Publisher. It reads the header, the ids, the worked cells and the pages first,
// so that each cell goes to its row wherever people moved that, and then writes everything in one request; a large board is split.
func (c *Connector) Publish(ctx context.Context) error {
	if !c.cfg.Scorecard || c.readOnly() {
		return nil
	}
	var left *fault.Error
	looked := false
	c.journal.refused = 0 // as in Apply
	for range maxPublish {
		if !c.pending() {
			break
		}
		b, f := c.prepareBoard(ctx)
		if f != nil {
			return f
		}
		b.buildBoard(c, true, c.board.want.pages...)
		err := c.write(ctx, b)
		if n, ok := refusedRequest(err); ok && n < b.front && c.journal.refused < 2 {
			c.journal.refused++
			if f := c.findJournal(ctx); f != nil {
				return f
			}
			continue
		}
		if refusal(err) && len(b.board.made) > 0 && !looked {
			// There may be tabs of these names already, made by people or by a try whose answer was lost.
			looked = true
			if err := c.lookUp(ctx); err != nil {
				return err
			}
			continue
		}
		if refusal(err) {
			left, err = c.publishParts(ctx, err)
			if err == nil {
				break
			}
		}
		if err != nil {
			f, _ := c.fault("write the board", err) //nolint:contextcheck // the answer is here: nothing is sent
			if answer := (*googleapi.Error)(nil); errors.As(err, &answer) && answer.Code == http.StatusForbidden {
				c.refusal(f)
			}
			return f
		}
		c.board.refused = false
	}
	if left != nil {
		return left
	}
	return nil
}

// publishParts writes the parts of a board that Google refused as a whole, each by itself, so that one bad page does not keep the
// others from being right. It returns the refusal of what was left out, and an error where the writing came to an end.
func (c *Connector) publishParts(ctx context.Context, refused error) (*fault.Error, error) {
	left, _ := c.fault("write the board", refused) //nolint:contextcheck // the answer is here: nothing is sent
	left.Hint = "the sheet refused a part of what Lockstep shows there: see whether the spreadsheet is near its limit of ten million cells"
	for i := -1; i < len(c.board.want.pages); i++ {
		if i >= 0 && !c.board.pageDiffers(c.board.want.pages[i]) {
			continue
		}
		b, f := c.prepareBoard(ctx)
		if f != nil {
			return left, f
		}
		if i < 0 {
			b.buildBoard(c, true)
		} else {
			b.growth = growth{column: b.t.column, id: b.t.id, worked: b.t.worked}
			b.buildBoard(c, false, c.board.want.pages[i])
		}
		if err := c.write(ctx, b); err != nil && !refusal(err) {
			return left, err
		}
	}
	return left, nil
}

// refusedRequest is the number of the request that a refusal names.
func refusedRequest(err error) (int, bool) {
	var answer *googleapi.Error
	if errors.As(err, &answer) && answer.Code == http.StatusBadRequest {
		return google.RequestNumber(answer.Message)
	}
	return 0, false
}

func refusal(err error) bool {
	var answer *googleapi.Error
	return errors.As(err, &answer) && answer.Code == http.StatusBadRequest
}

// prepareBoard reads what a write of the board needs to know.
func (c *Connector) prepareBoard(ctx context.Context) (*batch, *fault.Error) {
	if ctx.Err() != nil {
		f := *fault.Of(ctx.Err())
		f.Op, f.Source, f.Reason = "write the board", c.o.Source, fault.Cancelled
		return nil, &f
	}
	if f := c.makeGood(ctx); f != nil {
		return nil, f
	}
	t, f := c.readForBoard(ctx)
	if f != nil {
		return nil, f
	}
	b := &batch{t: t, headers: c.headers}
	b.growth = c.plan(t, nil, nil, c.board.want)
	return b, nil
}

// readForBoard reads as little as will do: where columns are to be made, only the whole tab tells where they may go.
func (c *Connector) readForBoard(ctx context.Context) (*table, *fault.Error) {
	if c.last != nil && c.last.id >= 0 && c.last.worked.check >= 0 && !c.missing(c.last) {
		tab, header, id := tabRange(c.cfg.Tab), c.last.headerAt+1, columnName(c.last.id)
		read := make(map[int]bool)
		ranges := append([]string{fmt.Sprintf("%s!%d:%d", tab, header, header), tab + "!" + id + ":" + id}, c.dueRanges(read)...)
		g, err := c.readToWrite(ctx, readCell, ranges...)
		if err != nil && !refusedFault(err) {
			return nil, fault.Of(err)
		}
		if err == nil {
			if t, err := c.understand(g); err == nil && t.id == c.last.id && !c.missing(t) {
				t.used, t.looked = c.last.used, read
				return t, nil
			}
		}
	}
	return c.readAll(ctx)
}

// refusedFault reports that a range was refused: it lies outside of the tab by now.
func refusedFault(err error) bool {
	f := fault.Of(err)
	return f.Kind == fault.Permanent && f.Reason == fault.Invalid
}

// dueRanges are the ranges of what is to be written of the board in rows that are there: the rows, or for many of them the columns.
// The rows that are read are added to read; where the columns are, every row counts as read, for the columns are all that is asked of
// it here.
func (c *Connector) dueRanges(read map[int]bool) []string {
	tab := tabRange(c.cfg.Tab)
	rows := c.dueRows(maxFew + 1)
	var out []string
	if len(rows) <= maxFew {
		for _, at := range rows {
			if !read[at] {
				read[at] = true
				out = append(out, fmt.Sprintf("%s!%d:%d", tab, at+1, at+1))
			}
		}
		return out
	}
	cols := []int{c.last.worked.check}
	for _, w := range c.last.worked.cols {
		cols = append(cols, w.at)
	}
	slices.Sort(cols)
	for i := 0; i < len(cols); i++ {
		from := i
		for i+1 < len(cols) && cols[i+1] == cols[i]+1 {
			i++
		}
		out = append(out, tab+"!"+columnName(cols[from])+":"+columnName(cols[i]))
	}
	for at := range c.last.rows {
		read[at] = true
	}
	return out
}

// readToWrite reads parts of the tasks' tab before a write and, in the same request, the pages that are to be written. A page that
// was renamed or deleted meanwhile is left out. The error is a fault.
func (c *Connector) readToWrite(ctx context.Context, content string, ranges ...string) (*grid, error) {
	var titles []string
	if v := c.board.want; v != nil {
		for _, p := range v.pages {
			if tab := c.board.pages[p.name]; tab != nil && tab.title != "" && c.board.pageDiffers(p) {
				titles = append(titles, tabRange(tab.title))
			}
		}
	}
	s, err := c.get(ctx, content, slices.Concat(ranges, titles)...)
	if err != nil && len(titles) > 0 && refusedRange(err) {
		s, err = c.get(ctx, content, ranges...)
	}
	g, err := c.theTab(ctx, beforeWriting, memory{}, s, err)
	if err != nil {
		return nil, err
	}
	g.pages = make(map[int64]*grid)
	for _, p := range c.board.pages {
		if page := readGridOf(s, p.id); page != nil {
			g.pages[p.id] = page
		}
	}
	return g, nil
}

// buildBoard makes the requests of a batch that holds no patches.
func (b *batch) buildBoard(c *Connector, rows bool, pages ...*pageView) {
	b.planBoard(c, rows)
	c.assumeJournal()
	b.keep(c)
	for _, r := range b.growth.requests(c, b.t, b.t.headerAt+1) {
		b.add(r, nil)
	}
	b.addBoard(c, false)
	for _, p := range pages {
		b.addPage(c, p, slices.Index(c.board.want.pages, p))
	}
}

// write sends a batch that holds no patches, and takes note of what landed. Where people moved rows or columns just before it, what
// was there is put back.
func (c *Connector) write(ctx context.Context, b *batch) error {
	if len(b.requests) == b.front {
		c.landed(b)
		return nil
	}
	// A write in flight is finished, whatever becomes of the caller; the transport bounds how long that takes.
	resp, err := b.call(c).Context(context.WithoutCancel(ctx)).Do()
	if err != nil {
		if _, uncertain := c.fault("write the board", err); uncertain { //nolint:contextcheck // the answer is here: nothing is sent
			c.doubt.unanswered = b
		}
		return err
	}
	c.landed(b)
	var g *grid
	if resp.UpdatedSpreadsheet != nil {
		g = readGrid(resp.UpdatedSpreadsheet, c.cfg.Tab)
	}
	b.review(ctx, c, resp.UpdatedSpreadsheet, g)
	return nil
}

// landed takes note of what a batch wrote of the board.
func (c *Connector) landed(b *batch) {
	if b.board == nil || c.board.want == nil {
		return
	}
	c.board.columns, c.board.more = true, b.board.more
	for _, id := range b.board.rows {
		c.board.stand(id)
	}
	if c.board.pages == nil && len(b.board.made) > 0 {
		c.board.pages = make(map[string]*pageTab)
	}
	for _, p := range b.board.made {
		c.board.pages[p.name] = p
	}
	for _, v := range b.board.pages {
		if p := c.board.pages[v.name]; p != nil {
			p.stands = v.under(p.title)
		}
	}
}
