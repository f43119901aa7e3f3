package gsheets

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf16"

	"google.golang.org/api/sheets/v4"

	"github.com/lockstep-sync/lockstep/connectors/cells"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// reader reads cells as values and gives values back as cells. It is made for one read of the tab.
type reader struct {
	vocabulary *cells.Vocabulary
	habits     habits                  // of its columns
	comma      bool                    // the locale writes 1,5 for one and a half
	columns    [task.FieldCount]string // headers, for hints
	used       map[string]string       // status → the word that the column uses
}

// read gives the value of a cell, and a problem where it cannot be read, or can be read but must not be written.
func (r *reader) read(f task.Field, c cell) (task.Value, *task.Problem) {
	v, reason, hint := r.value(f, c)
	if v.IsNone() {
		if reason == "" {
			reason = task.HoldUnreadable
		}
		return task.UnreadableValue(c.raw()), &task.Problem{Reason: reason, Hint: r.where(f) + hint}
	}
	if c.formula {
		return v, &task.Problem{
			Reason: task.HoldUnsupported,
			Hint:   r.where(f) + "the cell holds a formula, which Lockstep never overwrites: type the value instead, or change what the formula looks at",
		}
	}
	return v, nil
}

func (r *reader) where(f task.Field) string {
	return "column " + cells.Quote(r.columns[f]) + ": "
}

// value reads a cell as the field's kind; None where that cannot be done.
func (r *reader) value(f task.Field, c cell) (v task.Value, reason task.HoldReason, hint string) {
	if c.kind == errorCell {
		return v, "", "the cell shows an error: repair its formula or type the value"
	}
	if c.blank() {
		return task.Empty(f.Kind()), "", ""
	}
	switch f.Kind() {
	case task.Enum:
		if f == task.Partner {
			return r.readPartner(c)
		}
		return r.readStatus(c)
	case task.Date:
		v, hint = r.readDate(f, c)
	case task.Number:
		v, hint = r.readNumber(f, c)
	case task.Bool:
		v, hint = r.readBool(c)
	case task.Person:
		v = r.person(c)
	case task.Set:
		v = task.SetValue(strings.FieldsFunc(text(c), setBreak)...)
	case task.Text:
		v, hint = readText(text(c))
	case task.None, task.Unreadable:
	}
	return v, "", hint
}

// text is what a person sees in a cell, whole: a text is taken as it is, whatever its format makes of it. Chips are one
// sign in the text, and a name in what is seen; a checkbox says the same in every locale.
func text(c cell) string {
	switch {
	case c.kind == textCell && len(c.people) == 0:
		return c.text
	case c.kind == boolCell:
		return strings.ToUpper(strconv.FormatBool(c.yes))
	}
	return c.raw()
}

func setBreak(r rune) bool { return r == ',' || r == ';' || r == '\n' || r == '\r' }

func (r *reader) readPartner(c cell) (v task.Value, reason task.HoldReason, hint string) {
	if id, ok := r.vocabulary.Partner(text(c)); ok {
		return task.EnumValue(id), "", ""
	}
	names := r.vocabulary.PartnerNames()
	return v, task.HoldUnknownPartner, fmt.Sprintf("choose one of the partners %s%s", cells.QuoteAll(names), cells.DidYouMean(text(c), names))
}

func (r *reader) readStatus(c cell) (v task.Value, reason task.HoldReason, hint string) {
	if status := r.vocabulary.StatusOf(text(c)); status != "" {
		return task.EnumValue(status), "", ""
	}
	return v, task.HoldUnmappedStatus, r.vocabulary.StatusHint(text(c), c.kind == boolCell)
}

func (r *reader) readNumber(f task.Field, c cell) (v task.Value, hint string) {
	n, percent, ok := portion(c, r.comma)
	if !ok {
		return v, "type a number there, such as 50% or 0.5"
	}
	if r.unsure(f, n, percent) {
		shown := strconv.FormatFloat(n, 'g', -1, 64)
		return v, "write " + shown + "% if that is meant, or the share, such as 0.5"
	}
	v, err := task.NumberValue(n)
	if err != nil {
		return task.Value{}, "type a number there, such as 50% or 0.5"
	}
	return v, ""
}

// unsure reports that a number without a percent sign may be a share or a number of hundredths: 50 is no fifty times, and
// beside it 1 may be one hundredth.
func (r *reader) unsure(f task.Field, n float64, percent bool) bool {
	return f == task.Progress && !percent && (math.Abs(n) > 1 || n != 0 && r.habits[f].points)
}

// portion is the number in a cell, and whether it bears a percent sign.
func portion(c cell, comma bool) (n float64, percent, ok bool) {
	switch c.kind {
	case numberCell:
		return c.number, c.formatted() == "PERCENT" || strings.Contains(c.shown, "%"), !c.dated() && c.formatted() != "TIME"
	case textCell:
		n, ok = cells.ParseNumber(c.text, comma)
		return n, strings.Contains(c.text, "%"), ok
	case blankCell, boolCell, errorCell:
	}
	return 0, false, false
}

func (r *reader) readBool(c cell) (v task.Value, hint string) {
	switch {
	case c.kind == boolCell:
		return task.BoolValue(c.yes), ""
	case c.kind == numberCell && (c.number == 0 || c.number == 1):
		return task.BoolValue(c.number == 1), ""
	}
	switch cells.FoldName(text(c)) {
	case "true", "yes", "y", "oui", "o", "si", "ja", "j", "sim", "vrai", "verdadero", "wahr", "verdadeiro", "x", "✓", "✔", "✔️", "☑", "☑️", "✅":
		return task.BoolValue(true), ""
	case "false", "no", "n", "non", "nein", "nao", "faux", "falso", "falsch", "✗", "✘", "❌", "☐":
		return task.BoolValue(false), ""
	}
	return v, "write yes or no"
}

// maxText is how many characters a cell takes. They are counted as UTF-16 units, the narrower of the two readings.
const maxText = 50_000

// fit is a text as a cell takes it: not too long, without control characters.
func fit(s string) string { return cut(printable(s), maxText) }

func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' && r != '\n' || r == 0x7F {
			return -1
		}
		return r
	}, s)
}

// cut is as much of a text as has no more than so many characters.
func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	n := 0
	for i, r := range s {
		if n += utf16.RuneLen(r); n > most {
			return s[:i]
		}
	}
	return s
}

// write gives the cell that shows a value; ok is false where none does.
func (r *reader) write(f task.Field, v task.Value) (c cell, ok bool) {
	if v.IsEmpty() {
		return cell{}, true
	}
	switch f.Kind() {
	case task.Enum:
		word := r.vocabulary.StatusWord(v.String(), r.used)
		if f == task.Partner {
			word = r.vocabulary.PartnerWord(v.String())
		}
		if yes := word == "TRUE"; f == task.Status && (yes || word == "FALSE") { // a checkbox, which the configuration maps
			return cell{kind: boolCell, yes: yes}, true
		}
		return cell{kind: textCell, text: word}, word != ""
	case task.Date:
		t, isDate := v.Time()
		n, fits := daySerial(t)
		return cell{kind: numberCell, number: n, shown: v.String(), format: dateFormat()}, isDate && fits
	case task.Number:
		n, isNumber := v.Float()
		c := cell{kind: numberCell, number: n}
		if r.unsure(f, n, false) {
			c.format = percentFormat()
		}
		return c, isNumber
	case task.Bool:
		yes, isBool := v.Bool()
		return cell{kind: boolCell, yes: yes}, isBool
	case task.Text:
		return cell{kind: textCell, text: shorten(v.Display())}, v.Kind() == task.Text
	case task.Person, task.Set:
		s := printable(v.Display())
		return cell{kind: textCell, text: s}, v.Kind() == f.Kind() && fit(s) == s // half a list is another list
	case task.None, task.Unreadable:
	}
	return cell{}, false
}

// format is the number format that goes with a new content; nil leaves the cell's own. A person's own way to show days
// and shares stays.
func (r *reader) format(f task.Field, c, old cell) *sheets.NumberFormat {
	switch {
	case f.Kind() == task.Date && old.dated():
		return old.format
	case f.Kind() == task.Number && old.formatted() == "PERCENT":
		return nil
	}
	return c.format
}

func percentFormat() *sheets.NumberFormat {
	return &sheets.NumberFormat{Type: "PERCENT", Pattern: "0%"}
}

// normalize is the value that is read back after want was written.
func (r *reader) normalize(f task.Field, want, have task.Value) (task.Value, *task.Problem) {
	if want.IsNone() {
		return have, nil
	}
	if c, ok := r.write(f, want); ok {
		if v, _, _ := r.value(f, c); !v.IsNone() && (f.Kind() != task.Enum || v == want || want.IsEmpty()) {
			return v, nil
		}
	}
	p := &task.Problem{Reason: task.HoldUnsupported, Hint: r.where(f) + "the sheet cannot show " + cells.Quote(want.Display())}
	if f == task.Status {
		p.Reason = task.HoldUnmappedStatus
	}
	if f == task.Partner {
		p.Reason = task.HoldUnknownPartner
		p.Hint = r.where(f) + cells.Quote(want.String()) + " is not among the partners of the configuration: add it, or choose one of " +
			cells.QuoteAll(r.vocabulary.PartnerNames())
	}
	return have, p
}
