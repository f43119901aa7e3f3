package gdocs

import (
	"slices"
	"strings"

	"google.golang.org/api/docs/v1"

	"github.com/lockstep-sync/lockstep/connectors/cells"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// A row is marked by a named range on the newline that ends its title's cell, which no edit within the cell takes away. People do
// not see such ranges, and cannot put right what happens to them: cutting and pasting loses them, and other edits may move,
// stretch or split them. So a mark is believed only where there is no doubt about it; a row whose mark is in doubt is known by its
// content until it is marked anew, and worn marks are taken away then.

const markPrefix = "lockstep:"

// markName is the name of the range that marks a task's row.
func markName(id task.ID) string { return markPrefix + string(id) }

// marked is the task that a range's name means; false where it is none of ours.
func (c *Connector) marked(name string) (task.ID, bool) {
	id, ok := strings.CutPrefix(name, markPrefix)
	return task.ID(id), ok && cells.IsTaskID(id, c.o.KeyPrefix)
}

// wear is how far a mark is from where it was put.
type wear uint8

const (
	untouched wear = iota // on the newline that ends the title's cell
	inTitle               // somewhere in the title's cell
	astray                // elsewhere in the row: columns were moved, or the mark was
)

// sight is a mark that is seen in a row.
type sight struct {
	id   task.ID
	at   int
	wear wear
}

// marksIn says whose each marked row is. A mark that lies in several rows is the one's where it lies best; so is a row with
// several marks. Where that is not one, it is nobody's.
func (c *Connector) marksIn(t *table) map[int]task.ID {
	seen := map[sight]bool{}
	byID := map[task.ID][]sight{}
	for _, m := range t.marks {
		id, ours := c.marked(m.name)
		at := t.rowAt(m.from)
		if !ours || at <= t.header {
			continue
		}
		s := sight{id, at, astray}
		if k := t.column[task.Title]; k < len(t.rows[at].cells) {
			switch title := t.rows[at].cells[k]; {
			case m.from == title.end-1 && m.to == title.end:
				s.wear = untouched
			case m.from >= title.start && m.from < title.end:
				s.wear = inTitle
			}
		}
		if !seen[s] {
			seen[s] = true
			byID[id] = append(byID[id], s)
		}
	}
	byRow := map[int][]sight{}
	for _, ss := range byID {
		if s, ok := best(ss, func(a, b sight) bool { return a.at == b.at }); ok {
			byRow[s.at] = append(byRow[s.at], s)
		}
	}
	out := map[int]task.ID{}
	for at, ss := range byRow {
		if s, ok := best(ss, func(a, b sight) bool { return a.id == b.id }); ok {
			out[at] = s.id
		}
	}
	return out
}

// best is the mark that is worn least; false where others are worn as little that do not say the same.
func best(ss []sight, same func(a, b sight) bool) (sight, bool) {
	top := slices.MinFunc(ss, func(a, b sight) int { return int(a.wear) - int(b.wear) })
	return top, !slices.ContainsFunc(ss, func(s sight) bool { return s.wear == top.wear && !same(s, top) })
}

// rowAt is the row that holds a place, -1 where none does.
func (t *table) rowAt(place int64) int {
	return slices.IndexFunc(t.rows, func(r row) bool { return place >= r.start && place < r.end })
}

// markRow marks a row after its title grew, and takes away what else bears the mark, and what other marks of ours lie in the row.
func (c *Connector) markRow(t *table, at int, grown int64, id task.ID) edit {
	title := t.rows[at].cells[t.column[task.Title]]
	// It comes after the edit of the title, and before those of cells to the left: they move it along.
	return edit{at: title.start - 1, requests: append(c.unmark(t, at, id), t.mark(title.end-1+grown, markName(id)))}
}

// unmark takes away the marks of a task, and those of others in a row of its own; at is -1 where it has none yet. Of a mark that
// lies there and is nobody's, all goes: else what is left of it could be somebody's then.
func (c *Connector) unmark(t *table, at int, id task.ID) []*docs.Request {
	nobodys := map[task.ID]bool{id: true}
	for _, m := range t.marks {
		if of, ours := c.marked(m.name); ours && at >= 0 && t.rowAt(m.from) == at {
			_, settled := t.byKey[string(of)]
			nobodys[of] = nobodys[of] || !settled
		}
	}
	var gone []string
	for _, m := range t.marks {
		of, ours := c.marked(m.name)
		if ours && (nobodys[of] || at >= 0 && t.rowAt(m.from) == at) && !slices.Contains(gone, m.id) {
			gone = append(gone, m.id)
		}
	}
	slices.Sort(gone)
	var out []*docs.Request
	for _, id := range gone {
		out = append(out, &docs.Request{DeleteNamedRange: &docs.DeleteNamedRangeRequest{NamedRangeId: id, TabsCriteria: &docs.TabsCriteria{TabIds: []string{t.tab}}}})
	}
	return out
}

// mark puts a mark on the newline that ends a cell.
func (t *table) mark(newline int64, name string) *docs.Request {
	return &docs.Request{CreateNamedRange: &docs.CreateNamedRangeRequest{
		Name: name, Range: &docs.Range{TabId: t.tab, StartIndex: newline, EndIndex: newline + 1},
	}}
}
