package gsheets

import (
	"math"
	"strings"
	"time"

	"github.com/lockstep-sync/lockstep/connectors/cells"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// epoch is day 0 of a sheet's calendar. Serial numbers carry no zone: 46000 is the same calendar day wherever the
// spreadsheet says that it is, so no zone enters into it.
func epoch() time.Time { return time.Date(1899, time.December, 30, 0, 0, 0, 0, time.UTC) }

// serialDay is the day of a serial number; the fraction is the time of day and does not count.
func serialDay(n float64) (time.Time, bool) {
	n = math.Floor(n)
	// From 1906-01-08 to 2199-12-31. What is less was typed as a number, such as a year: the sheet makes a day of 1905 of
	// it. This also refuses NaN.
	if !(n > cells.LastYear && n < 109575) {
		return time.Time{}, false
	}
	return epoch().AddDate(0, 0, int(n)), true
}

// daySerial is the serial number of a day, and false where a sheet's date column would not show it as one.
func daySerial(t time.Time) (float64, bool) {
	// In seconds, for a Duration ends after 292 years.
	n := math.Floor(float64(t.Unix()-epoch().Unix()) / 86_400)
	_, ok := serialDay(n)
	return n, ok
}

// readDate reads a date cell.
func (r *reader) readDate(f task.Field, c cell) (task.Value, string) {
	const hint = "type a day there, such as 2026-03-12"
	switch c.kind {
	case numberCell:
		return r.readSerial(f, c)
	case textCell:
		h := r.habits[f]
		if t, ok := cells.ParseDay(c.text, h.order); ok {
			return task.DateValue(t), ""
		}
		if days := cells.DigitDays(cells.PlainDay(c.text), cells.Disputed); len(days) > 1 {
			why := ""
			if h.doubt != "" {
				why = " (" + h.doubt + ")"
			}
			both := make([]string, len(days))
			for i, d := range days {
				both[i] = d.Format(time.DateOnly)
			}
			return task.Value{}, "it may be " + strings.Join(both, " or ") + why + ": write it in that form"
		}
		if cells.Yearless(c.text) {
			return task.Value{}, "the year is missing: " + hint
		}
	case blankCell, boolCell, errorCell:
	}
	return task.Value{}, hint + "; to say that there is none, empty the cell"
}

// readSerial reads a number in a date column.
func (r *reader) readSerial(f task.Field, c cell) (task.Value, string) {
	const hint = "type a day there, such as 2026-03-12"
	n := math.Floor(c.number)
	switch {
	case n >= cells.FirstYear && n <= cells.LastYear:
		return task.Value{}, "a year alone is no day: " + hint
	case n == 0 || c.formatted() == "TIME":
		return task.Value{}, "a time of day is no day: " + hint
	case c.dated():
	case !plainNumber(c):
		return task.Value{}, "the cell shows a number, not a day: " + hint
	case !likelyDay(c.number) || !r.habits[f].plainDays:
		hint := hint
		if t, ok := serialDay(c.number); ok && likelyDay(c.number) {
			hint = "if " + t.Format(time.DateOnly) + " is meant, format the cell as a date (Format, Number, Date); else " + hint
		}
		return task.Value{}, "the cell shows a number, not a day: " + hint
	}
	if t, ok := serialDay(c.number); ok {
		return task.DateValue(t), ""
	}
	return task.Value{}, "this number is no day between 1906 and 2199: " + hint
}
