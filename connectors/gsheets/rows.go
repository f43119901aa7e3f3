package gsheets

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/lockstep-sync/lockstep/connectors/cells"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// table is one read of the tab, understood.
type table struct {
	*grid
	layout
	*reader
	worked worked
	items  []row
	// byKey finds a row by its lasting or provisional key. A key that two rows have is not in it.
	byKey map[string]int
	// copies are the rows that bear an id which others bear too.
	copies map[string][]int
	// strange are rows whose id is none of ours: while there is one, it could be any task's row.
	strange []int
	// strays are rows without an id that are no tasks, and why: totals, headings, another table's rows.
	strays map[int]string
}

// row is one row that holds something.
type row struct {
	at  int // counted from 0
	key string
	id  task.ID // "" where it has none yet
}

// rowNumber is a row's number as the sheet shows it.
func rowNumber(at int) string { return strconv.Itoa(at + 1) }

// understand finds columns and rows. The error is a fault of reason schema_drift.
func (c *Connector) understand(g *grid) (*table, error) {
	l, err := c.findColumns(g)
	if err != nil {
		return nil, err
	}
	t := &table{grid: g, layout: l, worked: worked{check: -1}, byKey: make(map[string]int), copies: make(map[string][]int)}
	if c.cfg.Scorecard {
		t.worked = findWorked(l.header, func(col int) bool { return col == l.id || slices.Contains(l.column[:], col) })
	}
	t.reader = c.newReader(g, &t.layout)
	c.survey(t)
	used := cells.Usage{}
	equal := make(map[string]int)
	marks := make(map[string][]int)
	for at := t.first; at < len(g.cells); at++ {
		mark := ""
		if l.id >= 0 {
			mark = strings.TrimSpace(g.at(at, l.id).raw())
		}
		if mark == "" && (!t.typedIn(at) || t.strays[at] != "") {
			continue
		}
		if col := l.column[task.Status]; col >= 0 {
			if cell := g.at(at, col); cell.kind == textCell && !cell.formula {
				if status := c.words.StatusOf(cell.text); status != "" {
					used.Count(status, task.TextValue(cell.text).String())
				}
			}
		}
		switch {
		case mark == "":
			key := t.contentKey(at)
			equal[key]++
			key += "." + strconv.Itoa(equal[key])
			t.byKey[key] = at
			t.items = append(t.items, row{at: at, key: key})
		case !c.ours(mark):
			t.strange = append(t.strange, at)
		default:
			marks[mark] = append(marks[mark], at)
			t.items = append(t.items, row{at: at, key: mark, id: task.ID(mark)})
		}
	}
	for mark, at := range marks {
		if len(at) == 1 {
			t.byKey[mark] = at[0]
		} else {
			t.copies[mark] = at
		}
	}
	t.used = used.Favourites()
	return t, nil
}

// ours reports that a mark is an id of this partnership: CW-42.
func (c *Connector) ours(mark string) bool { return cells.IsTaskID(mark, c.o.KeyPrefix) }

// typedIn reports that a person put something into a mapped column of the row.
func (t *table) typedIn(at int) bool {
	for _, col := range t.column {
		if col >= 0 && t.at(at, col).typed() {
			return true
		}
	}
	return false
}

// contentKey names a row without an id by what is in its mapped columns, wherever row and columns are.
func (t *table) contentKey(at int) string {
	h := sha256.New()
	for f, col := range t.column {
		if col < 0 {
			continue
		}
		c := t.at(at, col)
		if c.blank() {
			continue
		}
		// Writing into a hash cannot go wrong.
		_, _ = fmt.Fprintf(h, "%d\x1f%d\x1f%s\x1f%v\x1f%s\x1e", f, c.kind, strconv.FormatFloat(c.number, 'g', -1, 64), c.yes, "")
		_, _ = io.WriteString(h, c.text+"\x1e")
	}
	return "~" + hex.EncodeToString(h.Sum(nil)[:8])
}

// values reads a row's mapped cells. A field without a column is None.
func (t *table) values(at int) (task.Values, map[task.Field]task.Problem) {
	var vs task.Values
	var problems map[task.Field]task.Problem
	for i, col := range t.column {
		if col < 0 {
			continue
		}
		f := task.Field(i)
		v, problem := t.readAt(f, at, col)
		vs[i] = v
		if problem != nil {
			if problems == nil {
				problems = make(map[task.Field]task.Problem, 1)
			}
			problem.Hint = "cell " + columnName(col) + rowNumber(at) + ", " + problem.Hint
			problems[f] = *problem
		}
	}
	return vs, problems
}

// record is a row as the engine knows it.
func (c *Connector) record(t *table, at int, key string, id task.ID) task.Record {
	r := task.Record{
		Ref: task.Ref{Source: c.o.Source, Key: key}, Marker: id, Name: "row " + rowNumber(at), URL: c.rowURL(t.sheetID, at),
	}
	r.Values, r.Problems = t.values(at)
	return r
}

// records are all rows that stand for one item each; the rest is held.
func (c *Connector) records(t *table) ([]task.Record, []task.Hold) {
	out := make([]task.Record, 0, len(t.items))
	holds := append([]task.Hold(nil), t.drift...)
	for _, r := range t.items {
		if len(t.copies[r.key]) > 0 {
			holds = append(holds, c.copyHold(t, r))
			continue
		}
		out = append(out, c.record(t, r.at, r.key, r.id))
	}
	for _, at := range t.strange {
		raw := strings.TrimSpace(t.at(at, t.id).raw())
		holds = append(holds, task.Hold{
			Key: raw, Name: "row " + rowNumber(at), Reason: task.HoldUnreadable, Raw: raw,
			Hint: fmt.Sprintf("cell %s%s, in the column %s (show hidden columns to see it), holds no id of ours: put back what was there, or empty it and the row counts as new",
				columnName(t.id), rowNumber(at), cells.Quote(idHeader)),
		})
	}
	for i := range holds {
		holds[i].Source = c.o.Source
	}
	return out, holds
}

// copyHold holds one of several rows that bear one id, and names them all. Which of them is the copy only a person can tell.
func (c *Connector) copyHold(t *table, r row) task.Hold {
	names := make([]string, len(t.copies[r.key]))
	for i, at := range t.copies[r.key] {
		names[i] = rowNumber(at)
	}
	all := "rows " + strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
	return task.Hold{
		Task: r.id, Key: r.key, Name: "row " + rowNumber(r.at), Reason: task.HoldDuplicateID, Raw: r.key,
		Hint: fmt.Sprintf("%s all carry the id %s, as after copying a row: delete the copy, or empty its cell in column %s, %s (show hidden columns to see it)",
			all, r.key, columnName(t.id), cells.Quote(idHeader)),
	}
}
