package google

import (
	"fmt"
	"slices"
)

func within(what string, n, limit int) error {
	if n < 1 || n > limit {
		return fmt.Errorf("there is no %s %d: there are %d", what, n, limit)
	}
	return nil
}

// InsertRow puts an empty row in front of row at, which may be one past the last to add a row at the end.
func (s *Server) InsertRow(id, tab string, at int) error { return s.insertLane(id, tab, true, at) }

// InsertColumn puts an empty column in front of column at.
func (s *Server) InsertColumn(id, tab string, at int) error { return s.insertLane(id, tab, false, at) }

func (s *Server) insertLane(id, tab string, rows bool, at int) error {
	return s.onTab(id, tab, func(w *workbook, t *tabHands) error {
		if err := within(laneWord(rows), at, t.laneCount(rows)+1); err != nil {
			return err
		}
		w.insertLanes(t.tab, rows, at-1, 1, at > 1)
		return w.withinLimit()
	})
}

// DeleteRow takes a row out; the ones below move up.
func (s *Server) DeleteRow(id, tab string, at int) error { return s.deleteLane(id, tab, true, at) }

// DeleteColumn takes a column out; the ones to its right move left.
func (s *Server) DeleteColumn(id, tab string, at int) error { return s.deleteLane(id, tab, false, at) }

func (s *Server) deleteLane(id, tab string, rows bool, at int) error {
	return s.onTab(id, tab, func(w *workbook, t *tabHands) error {
		n := t.laneCount(rows)
		if err := within(laneWord(rows), at, n); err != nil {
			return err
		}
		if n == 1 {
			return fmt.Errorf("the last %s cannot be deleted", laneWord(rows))
		}
		w.deleteLanes(t.tab, rows, at-1, at)
		return nil
	})
}

// MoveRow drags row from so that it becomes row to.
func (s *Server) MoveRow(id, tab string, from, to int) error {
	return s.moveLane(id, tab, true, from, to)
}

// MoveColumn drags column from so that it becomes column to.
func (s *Server) MoveColumn(id, tab string, from, to int) error {
	return s.moveLane(id, tab, false, from, to)
}

func (s *Server) moveLane(id, tab string, rows bool, from, to int) error {
	return s.onTab(id, tab, func(w *workbook, t *tabHands) error {
		for _, n := range []int{from, to} {
			if err := within(laneWord(rows), n, t.laneCount(rows)); err != nil {
				return err
			}
		}
		dest := to - 1
		if to > from {
			dest = to // counted before the row is taken out
		}
		w.moveLanes(t.tab, rows, from-1, from, dest)
		return nil
	})
}

// SortRows sorts the rows from to to, both included, over all columns by the column byCol, ascending.
func (s *Server) SortRows(id, tab string, from, to, byCol int) error {
	return s.SortRange(id, tab, from, to, 1, 0, byCol, false)
}

// SortRange sorts only the columns from firstCol to lastCol of the rows, which is how a person tears rows apart; a lastCol
// of 0 is the last there is.
func (s *Server) SortRange(id, tab string, from, to, firstCol, lastCol, byCol int, descending bool) error {
	return s.onTab(id, tab, func(w *workbook, t *tabHands) error {
		if lastCol == 0 {
			lastCol = t.colCount
		}
		for _, n := range []int{from, to} {
			if err := within("row", n, t.rowCount); err != nil {
				return err
			}
		}
		for _, n := range []int{firstCol, lastCol, byCol} {
			if err := within("column", n, t.colCount); err != nil {
				return err
			}
		}
		if from > to || byCol < firstCol || byCol > lastCol {
			return fmt.Errorf("rows %d to %d cannot be sorted by column %d of the columns %d to %d", from, to, byCol, firstCol, lastCol)
		}
		w.sortRows(t.tab, rect{from - 1, to, firstCol - 1, lastCol}, []sortKey{{byCol - 1, descending}}, newCalculator(w, s.o.Now()))
		return nil
	})
}

// AddRow types values into the first row below the last one that holds anything, from its first column on, and returns the
// row's number. Empty texts are passed over.
func (s *Server) AddRow(id, tab string, typed ...string) (int, error) {
	at := 0
	err := s.onTab(id, tab, func(w *workbook, t *tabHands) error {
		at = t.lastRow() + 1
		t.rowCount, t.colCount = max(t.rowCount, at), max(t.colCount, len(typed))
		for c, v := range typed {
			if v == "" {
				continue
			}
			if err := s.typeAt(w, t, at-1, c, v); err != nil {
				return err
			}
		}
		return w.withinLimit()
	})
	if err != nil {
		return 0, err
	}
	return at, nil
}

// HideColumn hides a column or shows it again.
func (s *Server) HideColumn(id, tab string, at int, hidden bool) error {
	return s.onTab(id, tab, func(_ *workbook, t *tabHands) error {
		if err := within("column", at, t.colCount); err != nil {
			return err
		}
		t.col(at - 1).hidden = hidden
		return nil
	})
}

// AddTab adds an empty tab at the end.
func (s *Server) AddTab(id, title string) error {
	return s.change(id, true, func(w *workbook) error {
		if err := w.checkTitle(title, nil); err != nil {
			return err
		}
		w.addTab(title)
		return nil
	})
}

// RenameTab gives a tab another title.
func (s *Server) RenameTab(id, tab, title string) error {
	return s.onTab(id, tab, func(w *workbook, t *tabHands) error {
		if err := w.checkTitle(title, t.tab); err != nil {
			return err
		}
		w.rename(t.tab, title)
		return nil
	})
}

// DeleteTab removes a tab; the last one that can be seen stays.
func (s *Server) DeleteTab(id, tab string) error {
	return s.onTab(id, tab, func(w *workbook, t *tabHands) error { return w.deleteTab(t.tab) })
}

// Tabs lists the titles of a spreadsheet's tabs in their order, nil when there is no such spreadsheet.
func (s *Server) Tabs(id string) []string {
	w := s.book(id)
	if w == nil {
		return nil
	}
	out := make([]string, len(w.tabs))
	for i, t := range w.tabs {
		out[i] = t.title
	}
	return out
}

// Trash moves the file into the bin. Sheets and Docs go on answering for it, as the real ones do; only Drive tells.
func (s *Server) Trash(id string) error { return s.access(id, func(a *access) { a.trashed = true }) }

// Unshare takes the file away from the API's user: Sheets and Docs then answer 403, Drive 404.
func (s *Server) Unshare(id string) error { return s.access(id, func(a *access) { a.unshared = true }) }

// ReadOnly leaves the API's user reading alone: writes answer 403.
func (s *Server) ReadOnly(id string) error {
	return s.access(id, func(a *access) { a.readOnly = true })
}

// Share gives the API's user back what Unshare, ReadOnly and Trash took.
func (s *Server) Share(id string) error { return s.access(id, func(a *access) { *a = access{} }) }

// access is what the API's user may do with a file.
type access struct{ trashed, unshared, readOnly bool }

// words say it to people; "" where nothing is out of the ordinary.
func (a access) words() string {
	switch {
	case a.trashed:
		return "in the bin"
	case a.unshared:
		return "not shared with the API"
	case a.readOnly:
		return "read-only for the API"
	}
	return ""
}

func (s *Server) access(id string, f func(*access)) error {
	if s.document(id) != nil {
		return s.changeDoc(id, true, func(d *document) error { f(&d.access); return nil })
	}
	return s.change(id, true, func(w *workbook) error {
		a := access{w.trashed, w.unshared, w.readOnly}
		f(&a)
		w.trashed, w.unshared, w.readOnly = a.trashed, a.unshared, a.readOnly
		return nil
	})
}

// Delete removes the file for good: every API then answers 404.
func (s *Server) Delete(id string) error {
	s.mu.Lock()
	if s.books[id] == nil && s.docs[id] == nil {
		s.mu.Unlock()
		return notFound()
	}
	delete(s.books, id)
	delete(s.docs, id)
	s.order = slices.DeleteFunc(s.order, func(o string) bool { return o == id })
	s.mu.Unlock()
	s.tell(id)
	return nil
}
