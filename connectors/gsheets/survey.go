package gsheets

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lockstep-sync/lockstep/connectors/cells"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// Why a row that bears no id is no task.
const (
	strayTotal   = "a row of totals"
	strayHeading = "a heading across the table"
	strayHeader  = "the headers once more"
	strayPart    = "merged with the row above"
	strayOther   = "another table"
)

// survey finds the rows that are no tasks although something stands in the columns of ours. A row that bears an id is always
// one. What could be a task is held, never passed over in silence.
func (c *Connector) survey(t *table) {
	t.strays = make(map[int]string)
	if !t.whole || t.column[task.Title] < 0 {
		return // rows without an id are looked at in whole reads only
	}
	other, gap := -1, false // where another table began; whether the row above is blank
	end := func(last int) {
		if other >= 0 {
			t.drift = append(t.drift, t.otherHold(c, other, last))
		}
		other = -1
	}
	last := t.first
	for at := t.first; at < len(t.cells); at++ {
		if t.empty(at) {
			gap = true
			continue
		}
		why := t.stray(at, gap)
		switch {
		case t.id >= 0 && !t.at(at, t.id).blank():
			why = ""
		case why == strayHeader:
			end(last)
		case other >= 0:
			why = strayOther
		case why == strayOther:
			other = at
		}
		if why != "" {
			t.strays[at] = why
		}
		if why == strayPart && t.saysMore(at) {
			t.drift = append(t.drift, t.partHold(at))
		}
		gap, last = false, at
	}
	end(last)
}

// under is the row above which new rows belong: the first behind the last of our table, where totals or another table follow. It is -1
// where nothing follows, and where the tab was not read whole.
func (t *table) under() int {
	last, foreign := t.first-1, -1
	for _, r := range t.items {
		last = max(last, r.at)
	}
	for _, at := range t.strange {
		last = max(last, at)
	}
	for at, why := range t.strays {
		if why == strayTotal || why == strayOther {
			foreign = max(foreign, at)
		} else {
			last = max(last, at) // a heading or a part of a row goes with what is above it
		}
	}
	if foreign < 0 || foreign < last {
		return -1
	}
	return last + 1
}

// stray is why a row by itself is no task; "" where it may be one.
func (t *table) stray(at int, gap bool) string {
	title := t.column[task.Title]
	if b, ok := t.merged(at, title); ok {
		if b.row < at {
			return strayPart
		}
		for f, col := range t.column {
			if task.Field(f) != task.Title && col >= b.col && col < b.col+b.cols {
				return strayHeading
			}
		}
	}
	switch {
	case t.repeatsHeader(at):
		return strayHeader
	case gap && t.headsOther(at):
		return strayOther
	case t.totals(at):
		return strayTotal
	}
	return ""
}

// empty reports that a person sees nothing in the row.
func (t *table) empty(at int) bool {
	return !slices.ContainsFunc(t.cells[at], func(c cell) bool { return !c.blank() && (c.kind != boolCell || c.yes) })
}

// repeatsHeader reports that a row holds our headers, each in its column: the table goes on under it.
func (t *table) repeatsHeader(at int) bool {
	n := 0
	for _, col := range t.column {
		if col < 0 {
			continue
		}
		c := t.at(at, col)
		if cells.FoldHeader(c.text) != cells.FoldHeader(t.header[col]) || c.kind != textCell {
			return false
		}
		n++
	}
	return n > 1
}

// headsOther reports that a row under a blank one is the header of another table: nothing but texts, and in the columns of
// ours that take no text two that do not belong there, or as many words as headers use.
func (t *table) headsOther(at int) bool {
	texts, odd, known := 0, 0, 0
	for col, c := range t.cells[at] {
		if c.blank() {
			continue
		}
		if c.kind != textCell || c.formula || placeholder(c.text) {
			return false
		}
		texts++
		if _, ok := fieldOfHeader(c.text); ok {
			known++
		}
		for f, at := range t.column {
			if at != col {
				continue
			}
			switch f := task.Field(f); f.Kind() {
			case task.Enum, task.Date, task.Number, task.Bool:
				if v, _, _ := t.value(f, c); !v.IsNone() {
					return false
				}
				odd++
			case task.None, task.Text, task.Person, task.Set, task.Unreadable:
			}
		}
	}
	follows := at+1 < len(t.cells) && !t.empty(at+1)
	return follows && texts >= 2 && (odd >= 2 || odd >= 1 && known >= 1 || known >= 2 && known*2 > texts)
}

// placeholder reports a word that people write where they do not know yet.
func placeholder(s string) bool {
	switch cells.FoldWord(s) {
	case "", "tbd", "tbc", "tba", "na", "n a", "none", "nil", "unknown", "to be confirmed", "to be decided", "pending", "later",
		"a definir", "a confirmer", "a determiner", "inconnu", "por definir", "por confirmar", "offen", "unbekannt", "a confirmar":
		return true
	}
	return strings.Contains(s, "?")
}

// totals reports that a row sums up: it is called so, and holds nothing that only a task has.
func (t *table) totals(at int) bool {
	title := t.at(at, t.column[task.Title])
	first, only := totalWord(title.text)
	if !first || title.kind != textCell {
		return false
	}
	sums := 0
	for _, c := range t.cells[at] {
		if c.kind == numberCell || c.formula {
			sums++
		}
	}
	for i, col := range t.column {
		c := t.at(at, col)
		if task.Field(i) == task.Title || c.blank() || c.formula {
			continue
		}
		if c.kind != numberCell || !only {
			return false
		}
	}
	return only && sums > 0 || slices.ContainsFunc(t.cells[at], func(c cell) bool { return c.formula && c.kind == numberCell })
}

// totalWord reports that a text begins with a word for a sum, and that it is nothing else.
func totalWord(s string) (first, only bool) {
	w := cells.FoldWord(s)
	switch w {
	case "total", "totals", "sum", "sums", "grand total", "overall total", "subtotal", "sub total", "average", "count",
		"totaux", "total general", "sous total", "somme", "moyenne", "totale", "somma", "suma", "suma total", "total geral", "promedio", "soma", "media",
		"summe", "gesamt", "gesamtsumme", "zwischensumme", "insgesamt", "durchschnitt", "jumla", "totaal":
		return true, true
	}
	word, _, _ := strings.Cut(w, " ")
	switch word {
	case "total", "totals", "subtotal", "sum", "somme", "summe", "gesamt", "suma", "soma", "jumla", "totaal", "totale":
		return true, false
	}
	return false, false
}

// saysMore reports that a row of which the title belongs to the row above says something of its own.
func (t *table) saysMore(at int) bool {
	for _, col := range t.column {
		if col >= 0 && t.at(at, col).typed() {
			return true
		}
	}
	return false
}

func (t *table) partHold(at int) task.Hold {
	title := t.column[task.Title]
	b, _ := t.merged(at, title)
	return task.Hold{
		Key: "row " + rowNumber(at), Name: "row " + rowNumber(at), Reason: task.HoldNoTitle,
		Hint: fmt.Sprintf("the title in %s%s is merged over this row, so that what else the row says belongs to no task of its own: unmerge the cells (Format, Merge cells) and give it a title",
			columnName(title), rowNumber(b.row)),
	}
}

func (t *table) otherHold(c *Connector, from, to int) task.Hold {
	name := "rows " + rowNumber(from) + " to " + rowNumber(to)
	return task.Hold{
		Key: name, Name: name, Reason: task.HoldUnreadable, Raw: task.TextValue(t.at(from, t.column[task.Title]).raw()).String(),
		Hint: fmt.Sprintf("under a blank row, row %s looks like the header of another table, and what is under it is not read as tasks: move that table to a tab of its own; if they are tasks, delete row %[1]s and the blank one above it in the tab %s",
			rowNumber(from), cells.Quote(c.cfg.Tab)),
	}
}
