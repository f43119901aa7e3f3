package gdocs

import (
	"strconv"
	"strings"
	"time"

	"github.com/lockstep-sync/lockstep/connectors/cells"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// value reads a field of a row. A problem beside a value that could be read says that it must not be written.
func (t *table) value(f task.Field, at int) (task.Value, *task.Problem) {
	c, shared := t.cell(at, f)
	if c == nil {
		return task.Empty(f.Kind()), &task.Problem{Reason: task.HoldUnsupported, Hint: "the row has no cell in column " + cells.Quote(t.reader.Header(f))}
	}
	v, problem := t.reader.Read(f, t.shown(c))
	if problem == nil {
		problem = t.untouchable(c, shared)
	}
	return v, problem
}

// shown is a cell as people see it. A lone chip says more than its text: a date chip is a day, a person chip an address.
func (t *table) shown(c *cell) cells.Cell {
	out := cells.TextCell(t.read(c))
	if chip := t.lone(c); chip != nil {
		switch chip.kind {
		case datePart:
			if chip.day != "" {
				out = cells.TextCell(chip.day)
			}
		case personPart:
			out = cells.PersonCell(chip.text, chip.mail)
		case textPart, dropdownPart, linkPart, otherPart:
		}
	}
	return out
}

// lone is the one chip of a cell that holds nothing else but blanks; nil where it does not.
func (t *table) lone(c *cell) *part {
	var chip *part
	for i := range c.parts {
		p := &c.parts[i]
		if !t.live(p.ins, p.del) {
			continue
		}
		switch p.kind {
		case textPart:
			if strings.TrimSpace(p.text) != "" {
				return nil
			}
		case personPart, datePart, dropdownPart, linkPart:
			if chip != nil {
				return nil
			}
			chip = p
		case otherPart:
			return nil
		}
	}
	return chip
}

// untouchable says why a cell must not be written; nil where it may be.
func (t *table) untouchable(c *cell, shared bool) *task.Problem {
	hint := ""
	switch {
	case shared:
		hint = "the cell is merged with others: unmerge it, for what is written there would be written for all its rows"
	case c.nested:
		hint = "a table stands in the cell, which Lockstep leaves alone: move it out"
	}
	for i := range c.parts {
		p := &c.parts[i]
		if p.kind == otherPart {
			hint = "a picture, footnote or equation stands in the cell, which Lockstep leaves alone: move it out"
		}
		for _, ids := range [][]string{p.ins, p.del} {
			for _, id := range ids {
				if !t.own[id] {
					hint = "somebody suggests a change in the cell: accept or reject it first"
				}
			}
		}
	}
	if hint == "" {
		return nil
	}
	return &task.Problem{Reason: task.HoldUnsupported, Hint: hint}
}

// text is a value as it is written into a cell; ok is false where no text says it.
func (t *table) text(f task.Field, v task.Value) (s string, ok bool) {
	if v.IsEmpty() {
		return "", true
	}
	c, ok := t.reader.Write(f, v)
	if !ok {
		return "", false
	}
	switch f.Kind() {
	case task.Date, task.Bool:
		return v.Display(), true
	case task.Number:
		n, _ := v.Float()
		s := strconv.FormatFloat(n, 'g', -1, 64)
		if percent := strconv.FormatFloat(n*100, 'f', -1, 64) + "%"; f == task.Progress && len(percent) <= 7 {
			s = percent
		}
		return s, true
	}
	return fit(c.Text), true
}

// fit is a text as a document takes it: Docs drops control characters and private ones.
func fit(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r == 0x7F || r >= 0xE000 && r <= 0xF8FF {
			return -1
		}
		return r
	}, s)
}

// Normalize returns what the table would show: see connectors.Normalizer.
func (c *Connector) Normalize(f task.Field, want, have task.Value) (task.Value, *task.Problem) {
	t := c.last
	if t == nil {
		t = &table{paper: &paper{}, grid: &grid{}}
		t.reader = c.newReader(t)
	}
	if want.IsNone() {
		return have, nil
	}
	if s, ok := t.text(f, want); ok {
		v, _ := t.reader.Read(f, cells.TextCell(s))
		if !v.IsUnreadable() && (f.Kind() != task.Enum || v == want || want.IsEmpty()) {
			return v, nil
		}
	}
	return have, t.reader.CannotShow(f, want)
}

// newReader reads this table's cells.
func (c *Connector) newReader(t *table) *cells.Reader {
	column := func(f task.Field) []cells.Cell {
		var out []cells.Cell
		for at := t.header + 1; at < len(t.rows); at++ {
			if x, _ := t.cell(at, f); x != nil && t.live(t.rows[at].ins, t.rows[at].del) {
				out = append(out, t.shown(x))
			}
		}
		return out
	}
	return cells.NewReader(c.words, c.headers, "", column)
}

// dayIn is a day as the timestamp of a date chip: noon of it in the chip's zone, so that it is the same day in all of the
// zone's summers and winters.
func dayIn(v task.Value, zone string) (string, bool) {
	day, ok := v.Time()
	if !ok {
		return "", false
	}
	loc, err := time.LoadLocation(zone)
	if err != nil {
		loc = time.UTC
	}
	return time.Date(day.Year(), day.Month(), day.Day(), 12, 0, 0, 0, loc).UTC().Format(time.RFC3339), true
}
