package google

import (
	"fmt"
	"slices"
)

// block reads a range such as "B2:C9", which must lie in the tab's grid.
func (t *tabHands) block(a1 string) (rect, error) {
	b, ok := a1Bounds(a1, t.rowCount, t.colCount)
	if !ok || b.r1 > t.rowCount || b.c1 > t.colCount {
		return rect{}, fmt.Errorf("there is no range %q in a grid of %d rows and %d columns", a1, t.rowCount, t.colCount)
	}
	return b, nil
}

func (s *Server) onBlock(id, tab, a1 string, f func(b *batch, t *tabHands, at rect) error) error {
	return s.onTab(id, tab, func(w *workbook, t *tabHands) error {
		at, err := t.block(a1)
		if err != nil {
			return err
		}
		return f(&batch{s: s, w: w, formats: map[[2]string]*format{}}, t, at)
	})
}

// CopyRange copies a range and pastes it from a cell on, with everything that is in its cells: values, formats, notes,
// rules and chips. Formulas shift.
func (s *Server) CopyRange(id, tab, a1, to string) error {
	return s.onBlock(id, tab, a1, func(b *batch, t *tabHands, at rect) error {
		r, c, ok := corner(to)
		if !ok || r < 0 || c < 0 {
			return fmt.Errorf("there is no cell %q", to)
		}
		t.rowCount, t.colCount = max(t.rowCount, r+at.rows()), max(t.colCount, c+at.cols())
		_, err := b.copyPaste(map[string]any{
			"source": areaOf(t.tab, at).json(), "destination": areaOf(t.tab, rect{r, r + at.rows(), c, c + at.cols()}).json(),
		})
		return err
	})
}

// CutRange cuts a range out and pastes it from a cell on.
func (s *Server) CutRange(id, tab, a1, to string) error {
	return s.onBlock(id, tab, a1, func(b *batch, t *tabHands, at rect) error {
		r, c, ok := corner(to)
		if !ok || r < 0 || c < 0 {
			return fmt.Errorf("there is no cell %q", to)
		}
		t.rowCount, t.colCount = max(t.rowCount, r+at.rows()), max(t.colCount, c+at.cols())
		_, err := b.cutPaste(map[string]any{
			"source": areaOf(t.tab, at).json(), "destination": map[string]any{"sheetId": t.id, "rowIndex": r, "columnIndex": c},
		})
		return err
	})
}

// ClearRange empties the cells of a range and leaves their formats, notes and rules, as the delete key does.
func (s *Server) ClearRange(id, tab, a1 string) error {
	return s.onBlock(id, tab, a1, func(b *batch, t *tabHands, at rect) error { return b.w.clearBlock(t.tab, at) })
}

// MergeRange merges the cells of a range into one, which keeps the first value that there is.
func (s *Server) MergeRange(id, tab, a1 string) error {
	return s.onBlock(id, tab, a1, func(b *batch, t *tabHands, at rect) error {
		_, err := b.mergeCells(map[string]any{"range": areaOf(t.tab, at).json(), "mergeType": "MERGE_ALL"})
		return err
	})
}

// Dropdown gives the cells of a range a list to choose from; a strict one refuses anything else that is typed.
func (s *Server) Dropdown(id, tab, a1 string, strict bool, choices ...string) error {
	return s.onBlock(id, tab, a1, func(b *batch, t *tabHands, at rect) error {
		values := make([]any, len(choices))
		for i, c := range choices {
			values[i] = map[string]any{"userEnteredValue": c}
		}
		rule := map[string]any{"condition": map[string]any{"type": "ONE_OF_LIST", "values": values}, "showCustomUi": true}
		if strict {
			rule["strict"] = true
		}
		_, err := b.setDataValidation(map[string]any{"range": areaOf(t.tab, at).json(), "rule": rule})
		return err
	})
}

// Checkboxes makes checkboxes of the cells of a range.
func (s *Server) Checkboxes(id, tab, a1 string) error {
	return s.onBlock(id, tab, a1, func(b *batch, t *tabHands, at rect) error {
		_, err := b.setDataValidation(map[string]any{"range": areaOf(t.tab, at).json(), "rule": map[string]any{
			"condition": map[string]any{"type": "BOOLEAN"}, "showCustomUi": true, "strict": true,
		}})
		return err
	})
}

// Note puts a note on a cell; "" takes it away.
func (s *Server) Note(id, tab, a1, note string) error {
	return s.onBlock(id, tab, a1, func(b *batch, t *tabHands, at rect) error {
		_, err := b.repeatCell(map[string]any{"range": areaOf(t.tab, at).json(), "cell": map[string]any{"note": note}, "fields": "note"})
		return err
	})
}

// HideRow hides a row or shows it again.
func (s *Server) HideRow(id, tab string, at int, hidden bool) error {
	return s.onTab(id, tab, func(_ *workbook, t *tabHands) error {
		if err := within("row", at, t.rowCount); err != nil {
			return err
		}
		t.row(at - 1).lane.hidden = hidden
		return nil
	})
}

// HideTab hides a tab or shows it again.
func (s *Server) HideTab(id, tab string, hidden bool) error {
	return s.onTab(id, tab, func(w *workbook, t *tabHands) error {
		t.hidden = hidden
		if !w.visible() {
			return fmt.Errorf("the last tab that can be seen cannot be hidden")
		}
		return nil
	})
}

// DuplicateTab copies a tab, with everything on it but its developer metadata and comments, to right behind it. An empty
// title is chosen as Sheets does: "Copy of …".
func (s *Server) DuplicateTab(id, tab, title string) error {
	return s.onTab(id, tab, func(w *workbook, t *tabHands) error {
		_, err := (&batch{s: s, w: w}).duplicateSheet(map[string]any{
			"sourceSheetId": t.id, "insertSheetIndex": slices.Index(w.tabs, t.tab) + 1, "newSheetName": title,
		})
		return err
	})
}

// Undo takes back the last thing that was done by hand, as far as nobody has changed the same cells since. What was done
// to rows, columns or tabs is taken back only when nothing at all has changed since.
func (s *Server) Undo(id string) error {
	s.mu.RLock()
	step, ok := s.undo[id]
	s.mu.RUnlock()
	if !ok {
		return fmt.Errorf("there is nothing to undo")
	}
	err := s.change(id, true, func(w *workbook) error {
		if w.version == step.after.version {
			version := w.version
			*w = *step.before.clone()
			w.version = version
			return nil
		}
		for i, before := range step.before.tabs {
			if i >= len(step.after.tabs) || !before.sameShape(step.after.tabs[i]) {
				return fmt.Errorf("somebody else has changed the file since")
			}
			t := w.tabID(before.id)
			if t == nil || !t.sameShape(before) {
				return fmt.Errorf("somebody else has changed the file since")
			}
			for r := range max(len(before.rows), len(step.after.tabs[i].rows)) {
				for c := range before.colCount {
					if then, now := step.after.tabs[i].at(r, c), before.at(r, c); then != now && t.at(r, c) == then {
						t.set(r, c, now)
					}
				}
			}
		}
		return nil
	})
	if err == nil {
		s.mu.Lock()
		delete(s.undo, id)
		s.mu.Unlock()
	}
	return err
}

// step is one change by hand: the spreadsheet before it and after.
type step struct{ before, after *workbook }

func (t *tab) sameShape(o *tab) bool {
	return t.id == o.id && t.rowCount == o.rowCount && t.colCount == o.colCount
}
