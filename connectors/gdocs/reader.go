package gdocs

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/lockstep-sync/lockstep/connectors/cells"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// reader reads texts of cells as values. It is made for one read of the table, for a column's other texts help to read one.
type reader struct {
	words   *cells.Vocabulary
	headers [task.FieldCount]string
	orders  [task.FieldCount]cells.DateOrder
	points  bool              // progress is written without a percent sign somewhere: then 1 may be 1 %
	used    map[string]string // status → the word that the column uses
}

// newReader looks through the columns of a table.
func newReader(words *cells.Vocabulary, headers [task.FieldCount]string, column func(task.Field) []string) *reader {
	r := &reader{words: words, headers: headers}
	used := cells.Usage{}
	for f := range headers {
		field := task.Field(f)
		if headers[f] == "" {
			continue
		}
		texts := column(field)
		switch {
		case field.Kind() == task.Date:
			r.orders[f] = cells.OrderIn(headers[f], texts)
		case field == task.Progress:
			for _, s := range texts {
				n, ok := cells.ParseNumber(s, false)
				r.points = r.points || ok && !strings.Contains(s, "%") && math.Abs(n) > 1
			}
		case field == task.Status:
			for _, s := range texts {
				if status := words.StatusOf(s); status != "" {
					used.Count(status, task.TextValue(s).String())
				}
			}
		}
	}
	r.used = used.Favourites()
	return r
}

// where begins a hint.
func (r *reader) where(f task.Field) string { return "column " + cells.Quote(r.headers[f]) + ": " }

// read gives the value that a text says; Unreadable, with a problem, where it does not say one.
func (r *reader) read(f task.Field, s string) (task.Value, *task.Problem) {
	if task.TextValue(s).IsEmpty() {
		return task.Empty(f.Kind()), nil
	}
	v, reason, hint := r.value(f, s)
	if !v.IsNone() {
		return v, nil
	}
	if reason == "" {
		reason = task.HoldUnreadable
	}
	return task.UnreadableValue(s), &task.Problem{Reason: reason, Hint: r.where(f) + hint}
}

// value is a text as the field's kind; None where it is none.
func (r *reader) value(f task.Field, s string) (v task.Value, reason task.HoldReason, hint string) {
	switch f.Kind() {
	case task.Enum:
		if f == task.Partner {
			if id, ok := r.words.Partner(s); ok {
				return task.EnumValue(id), "", ""
			}
			names := r.words.PartnerNames()
			return v, task.HoldUnknownPartner, fmt.Sprintf("choose one of the partners %s%s", cells.QuoteAll(names), cells.DidYouMean(s, names))
		}
		if status := r.words.StatusOf(s); status != "" {
			return task.EnumValue(status), "", ""
		}
		return v, task.HoldUnmappedStatus, r.words.StatusHint(s, false)
	case task.Date:
		v, hint = r.date(f, s)
	case task.Number:
		v, hint = r.number(f, s)
	case task.Bool:
		if yes, ok := cells.ParseBool(s); ok {
			return task.BoolValue(yes), "", ""
		}
		hint = "write yes or no"
	case task.Person:
		v = task.PersonValue(s)
		if name := r.words.PersonOf(s); name != "" {
			v = task.PersonValue(name)
		}
	case task.Set:
		v = task.SetValue(cells.SplitSet(s)...)
	case task.Text:
		v = task.TextValue(s)
	case task.None, task.Unreadable:
	}
	return v, "", hint
}

func (r *reader) date(f task.Field, s string) (task.Value, string) {
	const hint = "type a day there, such as 2026-03-12"
	if t, ok := cells.ParseDay(s, r.orders[f]); ok {
		return task.DateValue(t), ""
	}
	if days := cells.DigitDays(cells.PlainDay(s), cells.Disputed); len(days) > 1 {
		both := make([]string, len(days))
		for i, d := range days {
			both[i] = d.Format(time.DateOnly)
		}
		return task.Value{}, "it may be " + strings.Join(both, " or ") + ": write it in that form"
	}
	if cells.Yearless(s) {
		return task.Value{}, "the year is missing: " + hint
	}
	return task.Value{}, hint + "; to say that there is none, empty the cell"
}

func (r *reader) number(f task.Field, s string) (task.Value, string) {
	n, ok := cells.ParseNumber(s, false)
	if !ok {
		return task.Value{}, "type a number there, such as 50% or 0.5"
	}
	if f == task.Progress && !strings.Contains(s, "%") && (math.Abs(n) > 1 || n != 0 && r.points) {
		return task.Value{}, "write " + strconv.FormatFloat(n, 'g', -1, 64) + "% if that is meant, or the share, such as 0.5"
	}
	v, err := task.NumberValue(n)
	if err != nil {
		return task.Value{}, "type a number there, such as 50% or 0.5"
	}
	return v, ""
}

// write is the text that says a value; ok is false where none does. Reading it gives the value again.
func (r *reader) write(f task.Field, v task.Value) (s string, ok bool) {
	if v.IsEmpty() {
		return "", true
	}
	if v.Kind() != f.Kind() {
		return "", false
	}
	switch {
	case f == task.Partner:
		s = r.words.PartnerWord(v.String())
		return s, s != ""
	case f.Kind() == task.Enum:
		s = r.words.StatusWord(v.String(), r.used)
		return s, s != ""
	case f.Kind() == task.Number:
		n, _ := v.Float()
		s = strconv.FormatFloat(n, 'f', -1, 64)
		percent := strconv.FormatFloat(n*100, 'f', -1, 64) + "%"
		if back, _ := r.number(f, percent); f == task.Progress && (len(percent) <= 7 || r.points || math.Abs(n) > 1) && back == v {
			s = percent
		}
		return s, true
	}
	return fit(v.Display()), true
}

// normalize is the value that is read after want was written.
func (r *reader) normalize(f task.Field, want, have task.Value) (task.Value, *task.Problem) {
	if want.IsNone() {
		return have, nil
	}
	if s, ok := r.write(f, want); ok {
		if v, problem := r.read(f, s); problem == nil && (f.Kind() != task.Enum || v == want || want.IsEmpty()) {
			return v, nil
		}
	}
	p := &task.Problem{Reason: task.HoldUnsupported, Hint: r.where(f) + "the document cannot show " + cells.Quote(want.Display())}
	switch f { //nolint:exhaustive // of the rest there is no more to say
	case task.Status:
		p.Reason = task.HoldUnmappedStatus
	case task.Partner:
		p.Reason = task.HoldUnknownPartner
		p.Hint = r.where(f) + cells.Quote(want.String()) + " is not among the partners of the configuration: add it, or choose one of " +
			cells.QuoteAll(r.words.PartnerNames())
	}
	return have, p
}

// fit is a text as a document takes it: Docs drops control characters and private ones.
func fit(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r == 0x7F || r >= 0xE000 && r <= 0xF8FF {
			return -1
		}
		return r
	}, s)
}
