package memory

import (
	"slices"

	"github.com/lockstep-sync/lockstep/connectors"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// This file is a person's hands and eyes on the board: what is shown beside the items, and the pages.

// Computed are the computed cells beside an item, by the name of their column; nil where there are none.
func (t *Tool) Computed(key string) map[string]connectors.Cell {
	t.mu.Lock()
	defer t.mu.Unlock()
	it := t.meant(key)
	if it == nil || len(t.board.cells[it.number]) != len(t.board.columns) {
		return nil
	}
	out := make(map[string]connectors.Cell)
	for i, c := range t.board.cells[it.number] {
		out[t.board.columns[i].Name] = c
	}
	return out
}

// Page is one page with what people wrote beside it, and false where there is none.
func (t *Tool) Page(name string) (p connectors.Page, beside []string, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	i := pageAt(t.board.pages, name)
	if i < 0 {
		return connectors.Page{}, nil, false
	}
	return t.board.pages[i].Page, slices.Clone(t.board.pages[i].beside), true
}

// Choose puts text into the cell of a row in which people choose, and reports whether there is one.
func (t *Tool) Choose(name, key, text string) bool {
	return t.onPage(name, func(p *page) bool {
		for r, row := range p.Rows {
			for k, c := range row.Cells {
				if row.Key == key && len(c.Options) > 0 {
					p.Rows = slices.Clone(p.Rows)
					p.Rows[r].Cells = slices.Clone(row.Cells)
					p.Rows[r].Cells[k].Value = task.TextValue(text)
					return true
				}
			}
		}
		return false
	})
}

// Scribble types text over the first cell of a page's table, or of the lines above it, and reports whether there is one.
func (t *Tool) Scribble(name, text string) bool {
	return t.onPage(name, func(p *page) bool {
		over := connectors.Cell{Value: task.TextValue(text)}
		switch {
		case len(p.Rows) > 0 && len(p.Rows[0].Cells) > 0:
			p.Rows = slices.Clone(p.Rows)
			p.Rows[0].Cells = slices.Clone(p.Rows[0].Cells)
			p.Rows[0].Cells[0] = over
		case len(p.Lines) > 0:
			p.Lines = slices.Clone(p.Lines)
			p.Lines[0] = over
		default:
			return false
		}
		p.over = append(slices.Clone(p.over), task.Overtyped{Page: name, Name: "row 1", Column: "A", Text: text})
		return true
	})
}

// WriteBeside writes text beside our area of a page, and reports whether there is such a page.
func (t *Tool) WriteBeside(name, text string) bool {
	return t.onPage(name, func(p *page) bool {
		p.beside = append(slices.Clone(p.beside), text)
		return true
	})
}

// DeletePage takes a whole page away, and reports whether it was there.
func (t *Tool) DeletePage(name string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	i := pageAt(t.board.pages, name)
	if i < 0 {
		return false
	}
	next := *t.board
	next.pages = slices.Delete(slices.Clone(next.pages), i, i+1)
	t.board = &next
	return true
}

func (t *Tool) onPage(name string, change func(*page) bool) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	i := pageAt(t.board.pages, name)
	if i < 0 {
		return false
	}
	next := *t.board
	next.pages = slices.Clone(next.pages)
	if !change(&next.pages[i]) {
		return false
	}
	t.board = &next
	return true
}
