package google

import (
	"maps"
	"math"
	"strings"
	"time"
	"unicode/utf16"
)

// kind is what a cell holds. A formula is what was entered; what it comes to is one of the other kinds.
type kind uint8

const (
	blank kind = iota
	number
	text
	boolean
	failure
	formula
)

// value is the content of a cell, entered or calculated. For a failure str is the error's type as the API names it
// (NAME, REF, …) and msg the sentence with it; for a formula str is its text with the leading "=".
type value struct {
	kind kind
	num  float64
	str  string
	msg  string
}

func numberOf(f float64) value { return value{kind: number, num: f} }
func textOf(s string) value    { return value{kind: text, str: s} }

func boolOf(b bool) value {
	if b {
		return value{kind: boolean, num: 1}
	}
	return value{kind: boolean}
}

func failureOf(errorType, msg string) value { return value{kind: failure, str: errorType, msg: msg} }

// errorCode is how an error of the given type is shown in a cell.
func errorCode(errorType string) string {
	switch errorType {
	case "NULL_VALUE":
		return "#NULL!"
	case "DIVIDE_BY_ZERO":
		return "#DIV/0!"
	case "VALUE":
		return "#VALUE!"
	case "REF":
		return "#REF!"
	case "NAME":
		return "#NAME?"
	case "NUM":
		return "#NUM!"
	case "N_A":
		return "#N/A"
	case "LOADING":
		return "Loading..."
	default:
		return "#ERROR!"
	}
}

// plain is a calculated value as Go holds it: nil, float64, string or bool. An error is its code ("#REF!").
func (v value) plain() any {
	switch v.kind {
	case number:
		return v.num
	case text, formula:
		return v.str
	case boolean:
		return v.num != 0
	case failure:
		return errorCode(v.str)
	case blank:
	}
	return nil
}

// cell is never changed once it stands in a grid: a write puts a new one in its place. So a copy of a workbook shares
// all cells with the original, which makes all-or-nothing batches cheap.
type cell struct {
	v value
	f *format // nil: nothing set
	x *extras // nil: nothing set
}

// extras are the rarer things that a cell may carry.
type extras struct {
	rule  map[string]any // DataValidationRule
	note  string
	runs  []any // textFormatRuns
	chips []any // chipRuns
}

// plain is what is left of the extras of a cell that gets another value: what was written over has no styled runs and no
// chips of its own.
func (x *extras) plain() *extras {
	if x == nil || x.rule == nil && x.note == "" {
		return nil
	}
	return &extras{rule: x.rule, note: x.note}
}

// bare reports whether the cell carries nothing at all.
func (c *cell) bare() bool { return c == nil || c.v.kind == blank && c.f == nil && c.x == nil }

// format is a CellFormat as it was entered, with its number format taken out.
type format struct {
	raw     map[string]any
	numType string // "" when no number format is set
	pattern string // "" means the locale's own pattern for the type
}

func formatOf(raw map[string]any) *format {
	if len(raw) == 0 {
		return nil
	}
	f := &format{raw: raw}
	if nf, ok := raw["numberFormat"].(map[string]any); ok {
		f.numType, _ = nf["type"].(string)
		f.pattern, _ = nf["pattern"].(string)
	}
	return f
}

// withNumberFormat returns f with another number format and everything else kept.
func (f *format) withNumberFormat(numType, pattern string) *format {
	raw := map[string]any{}
	if f != nil {
		maps.Copy(raw, f.raw)
	}
	nf := map[string]any{"type": numType}
	if pattern != "" {
		nf["pattern"] = pattern
	}
	raw["numberFormat"] = nf
	return formatOf(raw)
}

func (f *format) isDate() bool {
	if f == nil {
		return false
	}
	switch f.numType {
	case "DATE", "TIME", "DATE_TIME":
		return true
	}
	return false
}

// epoch is day 0 of the serial numbers that Sheets keeps dates as.
var epoch = time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)

// serialOf reads t's own wall clock: a serial number has no zone.
func serialOf(t time.Time) float64 {
	wall := time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
	return float64(wall.Unix()-epoch.Unix())/86400 + float64(wall.Nanosecond())/86400e9
}

// fromSerial is the wall clock of a serial number, to the millisecond, in UTC for want of a zone.
func fromSerial(n float64) time.Time {
	days := math.Floor(n)
	ms := math.Round((n - days) * 86400e3)
	return epoch.AddDate(0, 0, int(days)).Add(time.Duration(ms) * time.Millisecond)
}

// maxCellText is the limit of Sheets, counted as it counts characters: in UTF-16 units.
const maxCellText = 50_000

func tooLong(s string) bool {
	if len(s) <= maxCellText {
		return false
	}
	n := 0
	for _, r := range s {
		n += max(1, utf16.RuneLen(r))
		if n > maxCellText {
			return true
		}
	}
	return false
}

// compare orders values as a sort does: numbers, text, booleans, errors; blanks come last in either direction and are
// left to the caller.
func (v value) compare(o value) int {
	if v.kind != o.kind {
		return int(v.kind) - int(o.kind)
	}
	switch v.kind {
	case number, boolean:
		switch {
		case v.num < o.num:
			return -1
		case v.num > o.num:
			return 1
		}
		return 0
	default:
		if c := strings.Compare(strings.ToLower(v.str), strings.ToLower(o.str)); c != 0 {
			return c
		}
		return strings.Compare(v.str, o.str)
	}
}
