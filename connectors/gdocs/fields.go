package gdocs

import (
	"strings"
	"time"

	"github.com/lockstep-sync/lockstep/connectors/cells"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// value reads a field of a row. A problem beside a value that could be read says that it must not be written.
func (t *table) value(f task.Field, at int) (task.Value, *task.Problem) {
	c, shared := t.cell(at, f)
	if c == nil {
		return task.Empty(f.Kind()), &task.Problem{
			Reason: task.HoldUnsupported, Hint: "the row has no cell of its own in column " + cells.Quote(t.reader.headers[f]),
		}
	}
	v, problem := t.reader.read(f, t.said(f, c))
	if problem == nil {
		problem = t.untouchable(c, shared)
	}
	return v, problem
}

// said is what a cell says. A lone chip says more than its text: a date chip is a day whatever its form, a person chip an
// address.
func (t *table) said(f task.Field, c *cell) string {
	chip := t.lone(c)
	switch {
	case chip == nil:
	case chip.kind == datePart && f.Kind() == task.Date && chip.day != "":
		return chip.day
	case chip.kind == personPart && f.Kind() == task.Person && t.reader.words.PersonOf(chip.mail) != "":
		return chip.mail
	}
	return t.read(c)
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

// Normalize returns what the table would show: see connectors.Normalizer.
func (c *Connector) Normalize(f task.Field, want, have task.Value) (task.Value, *task.Problem) {
	r := &reader{words: c.words, headers: c.headers}
	if c.last != nil {
		r = c.last.reader
	}
	return r.normalize(f, want, have)
}

// readerOf reads this table's cells.
func (c *Connector) readerOf(t *table) *reader {
	bare := &reader{words: c.words, headers: c.headers}
	t.reader = bare
	return newReader(c.words, c.headers, func(f task.Field) []string {
		var out []string
		for at := t.header + 1; at < len(t.rows); at++ {
			if x, _ := t.cell(at, f); x != nil && t.live(t.rows[at].ins, t.rows[at].del) {
				out = append(out, t.said(f, x))
			}
		}
		return out
	})
}

// stampOf is a day as the timestamp of a date chip: noon of it in the chip's zone.
func stampOf(v task.Value) (string, bool) {
	day, ok := v.Time()
	return day.Add(12 * time.Hour).UTC().Format(time.RFC3339), ok
}
