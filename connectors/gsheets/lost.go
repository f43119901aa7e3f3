package gsheets

import (
	"slices"
	"strings"

	"github.com/lockstep-sync/lockstep/connectors/cells"
	"github.com/lockstep-sync/lockstep/sync/fault"
)

// lost says that the column of ids, which was there, has its header no more: every row would look new, and every task gone. It is nil
// where there is nothing to miss. That the column was there is known from before, or seen by its protection: whoever renames it in the
// moment after it was made is not known by any read before.
func (c *Connector) lost(t *table, before bool) *fault.Error {
	if t.id >= 0 || t.blank {
		return nil
	}
	if i := c.unheaded(t); i >= 0 {
		col := t.guarded[i]
		return c.drifted("the ids stand in column %s of the tab %s, which is headed %s and no more %s", columnName(col), cells.Quote(c.cfg.Tab),
			cells.Quote(t.at(t.headerAt, col).raw()), cells.Quote(idHeader)).
			WithHint("head it %s again", cells.Quote(idHeader))
	}
	if before {
		return c.drifted("the column %s, which was there, is gone from the tab %s", cells.Quote(idHeader), cells.Quote(c.cfg.Tab)).
			WithHint("undo its deletion or renaming (File, Version history); if it is lost, head an empty column %s: rows are then matched by title", cells.Quote(idHeader))
	}
	return nil
}

// unheaded is the column in which the ids stand under another header; -1 where there is none. It is protected as that of our ids, and
// nothing but ids of ours stands in it.
func (c *Connector) unheaded(t *table) int {
	return slices.IndexFunc(t.guarded, func(col int) bool {
		ids := 0
		for at := t.first; at < len(t.cells); at++ {
			mark := strings.TrimSpace(t.at(at, col).raw())
			if mark != "" && !c.ours(mark) {
				return false
			}
			if mark != "" {
				ids++
			}
		}
		return ids > 0 && !slices.Contains(t.column[:], col)
	})
}
