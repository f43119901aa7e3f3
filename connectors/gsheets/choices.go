package gsheets

import (
	"slices"
	"strconv"

	"github.com/lockstep-sync/lockstep/sync/task"
)

// choices are what people chose from the lists on the pages, as the last Pull saw it. It is outside text.
func (s *boardState) choices() []task.Choice {
	var out []task.Choice
	for _, name := range sortedKeys(s.pages) {
		p := s.pages[name]
		if p.grid == nil {
			continue
		}
		a := ours(p.grid)
		if len(a.choose) == 0 {
			continue
		}
		for at := range a.end {
			_, kind, key, ok := readMark(p.grid.at(at, 0).text)
			if !ok || kind != bodyRow || key == "" {
				continue
			}
			for _, col := range a.choose {
				cell := p.grid.at(at, col+1)
				if text := chosen(cell.raw()); !cell.formula && !task.TextValue(text).IsEmpty() {
					out = append(out, task.Choice{Page: name, Key: key, Text: text})
				}
			}
		}
	}
	return out
}

// overtyped are the texts that people typed into cells of the pages which the next write of the page puts right. What they typed
// beside a page, or in rows of their own, stays where it is and is not among them.
func (s *boardState) overtyped() []task.Overtyped {
	var out []task.Overtyped
	for _, name := range sortedKeys(s.pages) {
		p := s.pages[name]
		if p.grid == nil {
			continue
		}
		a := ours(p.grid)
		for at := range a.end {
			says, _, _, ok := readMark(p.grid.at(at, 0).text)
			if !ok || says == a.says(p.grid, at) {
				continue
			}
			for col := range a.width {
				cell := p.grid.at(at, col+1)
				if cell.blank() || a.chooses(col) || s.pageSaid(name, at, col, cell.gist()) {
					continue
				}
				out = append(out, task.Overtyped{Page: name, Name: "row " + rowNumber(at), Column: columnName(col + 1), Text: cell.raw()})
			}
		}
	}
	return out
}

// says is the hash of what a row of a page shows.
func (a pageArea) says(g *grid, at int) string {
	var d digest
	for col := range a.width {
		if !a.chooses(col) {
			d.add(strconv.Itoa(col), g.at(at, col+1).gist())
		}
	}
	return d.sum()
}

func (a pageArea) chooses(col int) bool { return slices.Contains(a.choose, col) }

// pageSaid reports that Lockstep last showed this in that cell, as far as this process knows.
func (s *boardState) pageSaid(name string, at, col int, gist string) bool {
	if s.want == nil {
		return false
	}
	for _, v := range s.want.pages {
		if v.name != name {
			continue
		}
		if v = v.under(s.pages[name].title); at < len(v.rows) && col < v.width {
			return v.rows[at].cells[col].gist == gist
		}
	}
	return false
}
