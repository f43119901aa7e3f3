package gdocs

import (
	"slices"
	"unicode/utf16"

	"google.golang.org/api/docs/v1"

	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// edit is what is done to one cell. Its requests only touch places from at on, so edits are made from the document's end backwards.
type edit struct {
	at       int64
	requests []*docs.Request
	delta    int64 // by how much the cell grows
}

// glyph is one unit of a cell's text and where it stands. A chip is as many glyphs as its text has, all at one place.
type glyph struct {
	code     uint16
	from, to int64
	chip     bool
}

// glyphs are a cell's live content without the newline that ends it.
func (t *table) glyphs(c *cell) []glyph {
	var out []glyph
	for i := range c.parts {
		p := &c.parts[i]
		if !t.live(p.ins, p.del) {
			continue
		}
		for k, code := range utf16.Encode([]rune(p.text)) {
			g := glyph{code: code, from: p.from + int64(k), to: p.from + int64(k) + 1}
			if p.kind != textPart {
				g.from, g.to, g.chip = p.from, p.to, true
			}
			if code == '\v' {
				g.code = '\n' // a line ends with either
			}
			out = append(out, g)
		}
	}
	if n := len(out); n > 0 && out[n-1].code == '\n' && out[n-1].to == c.end {
		out = out[:n-1]
	}
	return out
}

// rewrite changes a cell's text word by word: what stays the same keeps its look, its comments and its chips.
func (t *table) rewrite(c *cell, text string) edit {
	old, want := t.glyphs(c), utf16.Encode([]rune(text))
	e := edit{at: c.start}
	for _, h := range slices.Backward(hunks(old, want)) {
		at := c.end - 1
		if h.from < len(old) {
			at = old[h.from].from
		}
		to := at
		if h.from < h.to {
			to = old[h.to-1].to
		}
		var steps []*docs.Request
		if at < to {
			steps = append(steps, t.remove(at, to))
			e.delta -= to - at
		}
		if fresh := want[h.lo:h.hi]; len(fresh) > 0 {
			if gone := codesOf(old[h.from:h.to]); slices.Contains(gone, '\n') || grown(gone, fresh) {
				steps = append(steps, t.insert(at, string(utf16.Decode(fresh)))) // in the first of the paragraphs
			} else {
				// Behind what goes, and before it goes: so it looks like that.
				steps = append([]*docs.Request{t.insert(to, string(utf16.Decode(fresh)))}, steps...)
			}
			e.delta += int64(len(fresh))
		}
		e.requests = append(e.requests, steps...)
	}
	return e
}

func (t *table) remove(from, to int64) *docs.Request {
	return &docs.Request{DeleteContentRange: &docs.DeleteContentRangeRequest{Range: &docs.Range{TabId: t.tab, StartIndex: from, EndIndex: to}}}
}

func (t *table) insert(at int64, text string) *docs.Request {
	return &docs.Request{InsertText: &docs.InsertTextRequest{Location: &docs.Location{TabId: t.tab, Index: at}, Text: text}}
}

// set is the edit that makes a cell show a value. A lone chip is given its new value as a chip.
func (c *Connector) set(t *table, f task.Field, cl *cell, v task.Value) (edit, *fault.Error) {
	cannot := func(why, hint string) (edit, *fault.Error) {
		return edit{}, fault.New(fault.Permanent, fault.Unsupported, "write the row", "%s: %s", f, why).WithHint("%s", hint)
	}
	text, ok := t.reader.write(f, v)
	if !ok {
		return cannot("the document cannot show "+v.Display(), "choose another value")
	}
	chip := t.lone(cl)
	if chip == nil || v.IsEmpty() && chip.kind != dropdownPart {
		return t.rewrite(cl, text), nil
	}
	e := edit{at: chip.from}
	at := &docs.Location{TabId: t.tab, Index: chip.from}
	gone := t.remove(chip.from, chip.to)
	switch chip.kind {
	case dropdownPart:
		id := t.optionOf(f, chip, v)
		switch {
		case id == "":
			return cannot("the dropdown does not offer "+v.Display(), "add an option to the dropdown that means it, or replace the dropdown by text")
		case c.cfg.Suggest:
			return cannot("a dropdown's choice cannot be suggested", "replace the dropdown by text, or take suggest out of the configuration")
		}
		e.requests = []*docs.Request{{UpdateDropdownProperties: &docs.UpdateDropdownPropertiesRequest{
			DropdownId: chip.chip, DropdownProperties: &docs.DropdownProperties{SelectedOptionId: id}, Fields: "selectedOptionId", TabId: t.tab,
		}}}
		return e, nil
	case datePart:
		stamp, ok := stampOf(v)
		if !ok {
			break
		}
		fresh := &docs.DateElementProperties{Timestamp: stamp} // of UTC, where no zone is named
		if chip.date != nil {
			fresh.DateFormat, fresh.Locale = chip.date.DateFormat, chip.date.Locale
		}
		e.requests = []*docs.Request{gone, {InsertDate: &docs.InsertDateRequest{Location: at, DateElementProperties: fresh}}}
		return e, nil
	case personPart:
		if mail := c.mailOf(v.String()); mail != "" {
			e.requests = []*docs.Request{gone, {InsertPerson: &docs.InsertPersonRequest{
				Location: at, PersonProperties: &docs.PersonProperties{Email: mail},
			}}}
			return e, nil
		}
	case textPart, linkPart, otherPart:
	}
	return t.rewrite(cl, text), nil
}

// optionOf is the option of a dropdown that means the value; "" where there is none.
func (t *table) optionOf(f task.Field, chip *part, v task.Value) string {
	for _, o := range t.options[chip.options] {
		if got, _ := t.reader.read(f, o.text); got == v || v.IsEmpty() && got.IsEmpty() {
			return o.id
		}
	}
	return ""
}

func (c *Connector) mailOf(name string) string {
	for _, p := range c.cfg.People {
		if p.Name == name {
			return p.Email
		}
	}
	return ""
}

// fresh are the requests that put a new row with these texts under the last one of the table, in its style, with a mark of that
// name; "" is for a row that is only suggested: it is marked later. Rows are put there last one first: each pushes the ones before
// it down.
func (t *table) fresh(texts []string, title int, name string) edit {
	last := len(t.rows) - 1
	start := t.rows[last].end
	e := edit{at: start}
	e.requests = append(e.requests, &docs.Request{InsertTableRow: &docs.InsertTableRowRequest{
		InsertBelow: true,
		TableCellLocation: &docs.TableCellLocation{
			TableStartLocation: &docs.Location{TabId: t.tab, Index: t.start}, RowIndex: int64(last),
		},
	}})
	inCell := func(k int) int64 { return start + 2 + 2*int64(k) }
	mark := inCell(title)
	for k, s := range slices.Backward(texts) {
		if s == "" {
			continue
		}
		e.requests = append(e.requests, t.insert(inCell(k), s))
		if last == t.header && name != "" { // a row under the header would look like one; no style is suggested
			e.requests = append(e.requests, &docs.Request{UpdateTextStyle: &docs.UpdateTextStyleRequest{
				Range: &docs.Range{TabId: t.tab, StartIndex: inCell(k), EndIndex: inCell(k) + units(s)}, TextStyle: &docs.TextStyle{}, Fields: "bold",
			}})
		}
		if k <= title {
			mark += units(s)
		}
	}
	if name != "" {
		e.requests = append(e.requests, t.mark(mark, name))
	}
	return e
}
