package google

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"
)

// The methods in this file are a person's hands on a spreadsheet, past the APIs and their quotas. Rows and columns are
// counted from 1, as a person sees them. Each change bumps the file's version and calls OnChange. What cannot be done (no
// such file, no such tab, a cell outside of the grid) is an error and changes nothing.

// SetProperties sets a spreadsheet's locale (en_GB) and time zone (Europe/London); "" leaves one as it is.
func (s *Server) SetProperties(id, locale, timeZone string) error {
	return s.change(id, true, func(w *workbook) error {
		if locale != "" {
			if !localeName.MatchString(locale) {
				return invalid("Unsupported locale: %s", locale)
			}
			w.locale = locale
		}
		if timeZone != "" {
			if _, err := time.LoadLocation(timeZone); err != nil {
				return fmt.Errorf("find the time zone: %w", err)
			}
			w.timeZone = timeZone
		}
		return nil
	})
}

// LoadRows fills a tab from its first row on: one JSON object a line, from a column's letters to its value, which is a
// string, a number, true, false or null. Text is kept as it is, never parsed. The grid grows as far as needed. It
// returns how many lines there were; where one of them is wrong nothing is loaded.
func (s *Server) LoadRows(id, tab string, r io.Reader) (int, error) {
	n := 0
	err := s.onTab(id, tab, func(w *workbook, t *tabHands) error {
		dec := json.NewDecoder(bufio.NewReader(r))
		for ; ; n++ {
			var line map[string]any
			if err := dec.Decode(&line); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				return fmt.Errorf("read row %d: %w", n+1, err)
			}
			for letters, x := range line {
				if !columnLetters.MatchString(letters) {
					return fmt.Errorf("read row %d: %q is not a column", n+1, letters)
				}
				v, err := plainValue(x)
				if err != nil {
					return fmt.Errorf("read row %d, column %s: %w", n+1, letters, err)
				}
				c := columnNumber(letters)
				t.rowCount, t.colCount = max(t.rowCount, n+1), max(t.colCount, c+1)
				t.put(n, c, v)
			}
		}
		return w.withinLimit()
	})
	if err != nil {
		return 0, err
	}
	return n, nil
}

var columnLetters = regexp.MustCompile(`^[A-Za-z]{1,3}$`)

// plainValue makes a cell's value of a Go one.
func plainValue(x any) (value, error) {
	switch y := x.(type) {
	case nil:
		return value{}, nil
	case string:
		if tooLong(y) {
			return value{}, fmt.Errorf("more than %d characters in a cell", maxCellText)
		}
		if y == "" {
			return value{}, nil
		}
		return textOf(y), nil
	case float64:
		return numberOf(y), nil
	case int:
		return numberOf(float64(y)), nil
	case bool:
		return boolOf(y), nil
	}
	return value{}, fmt.Errorf("a cell cannot hold a %T", x)
}

// tabHands is a tab under a person's hands.
type tabHands struct{ *tab }

// put sets a cell's value and leaves its format, note and rule.
func (t *tabHands) put(r, c int, v value) {
	y := &cell{v: v}
	if old := t.at(r, c); old != nil {
		y.f = old.f
		y.x = old.x.plain()
	}
	t.set(r, c, y)
}

// corner is the cell that a person edits by a click on a cell: of merged ones the first.
func (t *tab) corner(r, c int) (row, col int) {
	for _, m := range t.merges {
		if b := m.rect(t); b.meets(rect{r, r + 1, c, c + 1}) {
			return b.r0, b.c0
		}
	}
	return r, c
}

func (s *Server) onTab(id, tab string, f func(w *workbook, t *tabHands) error) error {
	return s.change(id, true, func(w *workbook) error {
		t := w.tabTitled(tab)
		if t == nil {
			return fmt.Errorf("there is no tab %q", tab)
		}
		return f(w, &tabHands{t})
	})
}

func (s *Server) onCell(id, tab, a1 string, f func(w *workbook, t *tabHands, r, c int) error) error {
	return s.onTab(id, tab, func(w *workbook, t *tabHands) error {
		r, c, ok := corner(a1)
		if !ok || r < 0 || c < 0 || r >= t.rowCount || c >= t.colCount {
			return fmt.Errorf("there is no cell %q in a grid of %d rows and %d columns", a1, t.rowCount, t.colCount)
		}
		return f(w, t, r, c)
	})
}

// Cell is what a cell comes to: nil when it is empty or there is no such cell, else a string, float64 or bool. A date is
// its serial number, an error its code ("#REF!").
func (s *Server) Cell(id, tab, a1 string) any {
	w := s.book(id)
	if w == nil {
		return nil
	}
	r, c, ok := corner(a1)
	t := w.tabTitled(tab)
	if t == nil || !ok {
		return nil
	}
	return newCalculator(w, s.o.Now()).value(t, r, c).plain()
}

// Rows is all of a tab as Cell gives it, each row as long as its last cell that is not empty, down to the last such row.
func (s *Server) Rows(id, tab string) [][]any {
	w := s.book(id)
	if w == nil {
		return nil
	}
	t := w.tabTitled(tab)
	if t == nil {
		return nil
	}
	k := newCalculator(w, s.o.Now())
	out := make([][]any, t.lastRow())
	for r := range out {
		if t.rows[r] == nil {
			continue
		}
		used := 0
		list := make([]any, len(t.rows[r].cells))
		for c := range list {
			if list[c] = k.value(t, r, c).plain(); list[c] != nil {
				used = c + 1
			}
		}
		out[r] = list[:used]
	}
	return out
}

// Type types text into a cell, as a person at the keyboard: dates and numbers are read by the spreadsheet's locale,
// "=" starts a formula, "'" keeps what follows as text, "" empties the cell. A strict drop-down refuses what it does not list.
func (s *Server) Type(id, tab, a1, typed string) error {
	return s.onCell(id, tab, a1, func(w *workbook, t *tabHands, r, c int) error {
		return s.typeAt(w, t, r, c, typed)
	})
}

func (s *Server) typeAt(w *workbook, t *tabHands, r, c int, typed string) error {
	if tooLong(typed) {
		return fmt.Errorf("more than %d characters in a cell", maxCellText)
	}
	r, c = t.corner(r, c)
	old := t.at(r, c)
	if old != nil && old.x != nil && old.x.rule != nil && !allows(old.x.rule, typed) {
		return fmt.Errorf("the data that you entered in cell %s violates the data validation rules set on this cell", cellsOf(rect{r, r + 1, c, c + 1}))
	}
	var f *format
	if old != nil {
		f = old.f
	}
	t.reach(r, c)
	if shown, placed, ok := s.typedChip(typed); ok {
		t.putChips(r, c, shown, placed)
		return nil
	}
	got := typedText(typed, localeOf(w.locale), f != nil && f.numType == "TEXT", newCalculator(w, s.o.Now()).now)
	t.put(r, c, got.v)
	if f = f.typedOver(got); f != nil {
		y := &cell{v: got.v, f: f}
		if x := t.at(r, c); x != nil {
			y.x = x.x
		}
		t.set(r, c, y)
	}
	return nil
}

// allows reports whether a validation rule lets a person type s. Rules other than strict lists let everything in here.
func allows(rule map[string]any, s string) bool {
	cond := asMap(rule["condition"])
	if !asBool(rule["strict"]) || asString(cond["type"]) != "ONE_OF_LIST" || s == "" {
		return true
	}
	for _, v := range asList(cond["values"]) {
		if strings.EqualFold(asString(asMap(v)["userEnteredValue"]), s) {
			return true
		}
	}
	return false
}

// Put sets a cell to a value as it is, past parsing and rules: nil empties it; a string stays text whatever it looks like;
// float64, int and bool are themselves; a time.Time becomes a date as with PutDate.
func (s *Server) Put(id, tab, a1 string, v any) error {
	if t, ok := v.(time.Time); ok {
		return s.PutDate(id, tab, a1, t)
	}
	return s.onCell(id, tab, a1, func(_ *workbook, t *tabHands, r, c int) error {
		val, err := plainValue(v)
		if err != nil {
			return err
		}
		t.put(r, c, val)
		return nil
	})
}

// PutDate sets a cell to a date, or to a date and time where at has one: its serial number and, unless the cell shows
// dates already, a date format. The clock is at's own; a cell knows no zone.
func (s *Server) PutDate(id, tab, a1 string, at time.Time) error {
	return s.onCell(id, tab, a1, func(_ *workbook, t *tabHands, r, c int) error {
		t.put(r, c, numberOf(serialOf(at)))
		x := *t.at(r, c)
		if !x.f.isDate() {
			kind := "DATE"
			if at.Hour()+at.Minute()+at.Second()+at.Nanosecond() > 0 {
				kind = "DATE_TIME"
			}
			x.f = x.f.withNumberFormat(kind, "")
		}
		t.set(r, c, &x)
		return nil
	})
}
