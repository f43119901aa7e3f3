package gsheets

import (
	"context"
	"fmt"

	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

const beforeWriting = "read the rows before writing"

// maxFew is how many rows are named in the read before a write; for more the whole tab is read.
const maxFew = 50

// readAll reads the whole tab before a write. A header that is not what it was is a conflict: nothing may be written.
func (c *Connector) readAll(ctx context.Context) (*table, *fault.Error) {
	g, err := c.readToWrite(ctx, writeCell, tabRange(c.cfg.Tab))
	if err != nil {
		return nil, fault.Of(err)
	}
	g.whole = true
	t, err := c.understand(g)
	if err != nil {
		return nil, conflict("the header changed since it was read: %w", err)
	}
	if f := c.lost(t, c.last != nil && c.last.id >= 0); f != nil {
		return nil, conflict("%w", f).WithHint("%s", f.Hint)
	}
	return t, nil
}

// readFew reads the header, all ids, and the rows where the last pull saw the few that are to be changed. It is as good as
// reading everything and, on a large tab, leaves people a far shorter time in which to edit between the read and the
// write. The table is nil where it cannot be had that way: rows have moved, or more than cells is to be written.
func (c *Connector) readFew(ctx context.Context, patches []task.Patch, at []int) (*table, *fault.Error) {
	if c.last == nil || c.last.id < 0 || len(at) > maxFew {
		return nil, nil
	}
	tab := tabRange(c.cfg.Tab)
	header, id := c.last.headerAt+1, columnName(c.last.id)
	ranges := []string{fmt.Sprintf("%s!%d:%d", tab, header, header), tab + "!" + id + ":" + id}
	read := make(map[int]bool, len(at))
	for _, i := range at {
		row, ok := c.last.byKey[patches[i].Ref.Key]
		if patches[i].Op != task.Update || patches[i].Ref.Provisional() || !ok {
			return nil, nil
		}
		if !read[row] {
			read[row] = true
			ranges = append(ranges, fmt.Sprintf("%s!%d:%d", tab, row+1, row+1))
		}
	}
	if c.along() != nil {
		if c.missing(c.last) {
			return nil, nil
		}
		ranges = append(ranges, c.dueRanges(read)...)
	}
	g, err := c.readToWrite(ctx, writeCell, ranges...)
	if err != nil {
		f := fault.Of(err)
		if f.Kind == fault.Permanent && f.Reason == fault.Invalid {
			return nil, nil // a range is outside of the tab by now
		}
		return nil, f
	}
	t, err := c.understand(g)
	if err != nil || t.id != c.last.id {
		return nil, nil //nolint:nilerr // the whole tab is read then, and says what is wrong
	}
	for _, f := range c.cfg.fields() {
		if t.column[f] < 0 && c.grows(f) {
			return nil, nil // where a new column may go only the whole tab tells
		}
	}
	for _, i := range at {
		if row, ok := t.byKey[patches[i].Ref.Key]; ok && !read[row] {
			return nil, nil
		}
	}
	t.looked = read
	t.used = c.last.used // of these few rows the column's own words cannot be told
	return t, nil
}
