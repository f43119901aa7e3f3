package task

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"
)

// Kind is the type of a value.
type Kind uint8

// The kinds. None is the kind of the zero Value.
const (
	// None means that nothing is represented: the tool has no such field, or none that can be used now. It is not
	// the same as an empty value, which a person may have chosen.
	None Kind = iota
	// Text is canonical text: see TextValue.
	Text
	// Enum is a word of a closed set: a status or a partner's id.
	Enum
	// Date is a calendar day without a time or a zone.
	Date
	// Number is a finite decimal number.
	Number
	// Bool is yes or no.
	Bool
	// Person is a person's canonical name.
	Person
	// Set is a set of labels; order and repetition carry no meaning.
	Set
	// Unreadable is what a tool holds where it cannot be read as the field's kind. Its text is what the tool shows.
	// It is never a claim, never empties a value, and what it stands in is never written to.
	Unreadable
)

var kindNames = [...]string{"none", "text", "enum", "date", "number", "bool", "person", "set", "unreadable"}

// String is the kind's name: "date".
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("kind(%d)", uint8(k))
}

// Value is one value in canonical form. Two values mean the same exactly if they are ==. The zero Value is None.
type Value struct {
	kind Kind
	text string
}

const (
	dateLayout   = "2006-01-02"
	setSeparator = "\x1f"
)

// TextValue returns s in canonical form: Unicode NFC, line ends as \n, no blanks at either end (non-breaking and
// zero-width blanks included), invalid UTF-8 replaced.
func TextValue(s string) Value { return Value{Text, canonical(s)} }

// EnumValue returns a word of a closed set; the set is the caller's to hold.
func EnumValue(s string) Value { return Value{Enum, canonical(s)} }

// PersonValue returns a person by canonical name.
func PersonValue(name string) Value {
	return Value{Person, strings.Join(strings.Fields(canonical(name)), " ")}
}

// DateValue returns the calendar day of t in t's own zone. A year that is not of four digits, such as a sheet makes of a
// mistyped number, comes back as Unreadable.
func DateValue(t time.Time) Value {
	if y := t.Year(); y < 1 || y > 9999 {
		return UnreadableValue(t.Format(dateLayout))
	}
	return Value{Date, t.Format(dateLayout)}
}

// NumberValue returns a finite number; NaN and the infinities come back as an error.
func NumberValue(f float64) (Value, error) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return Value{}, fmt.Errorf("make a number value: %v is not a finite number", f)
	}
	if f == 0 {
		f = 0 // one zero: -0 and 0 are the same to people
	}
	return Value{Number, strconv.FormatFloat(f, 'g', -1, 64)}, nil
}

// BoolValue returns yes or no.
func BoolValue(b bool) Value { return Value{Bool, strconv.FormatBool(b)} }

// SetValue returns the set of the items that are not blank.
func SetValue(items ...string) Value {
	var out []string
	for _, it := range items {
		if it = canonical(strings.ReplaceAll(it, setSeparator, " ")); it != "" {
			out = append(out, it)
		}
	}
	slices.Sort(out)
	return Value{Set, strings.Join(slices.Compact(out), setSeparator)}
}

// UnreadableValue returns what a tool shows where it cannot be read as its field's kind.
func UnreadableValue(raw string) Value { return Value{Unreadable, canonical(raw)} }

// Empty returns the empty value of a kind: an empty cell, a cleared field.
func Empty(k Kind) Value { return Value{kind: k} }

// Parse reads a value from its canonical text, as String wrote it. The empty text is the empty value.
func Parse(k Kind, s string) (Value, error) {
	if s == "" || k == None {
		return Value{kind: k}, nil
	}
	switch k {
	case Date:
		t, err := time.Parse(dateLayout, s)
		if err != nil {
			return Value{}, fmt.Errorf("read a date: %q is not of the form 2006-01-02", s)
		}
		return DateValue(t), nil
	case Number:
		f, err := strconv.ParseFloat(s, 64)
		if err != nil {
			return Value{}, fmt.Errorf("read a number: %q", s)
		}
		return NumberValue(f)
	case Bool:
		b, err := strconv.ParseBool(s)
		if err != nil {
			return Value{}, fmt.Errorf("read a yes or no: %q", s)
		}
		return BoolValue(b), nil
	case Set:
		return SetValue(strings.Split(s, setSeparator)...), nil
	case Person:
		return PersonValue(s), nil
	case Text, Enum, Unreadable:
		return Value{k, canonical(s)}, nil
	case None:
	}
	return Value{}, fmt.Errorf("read a value: unknown kind %d", k)
}

// Kind returns the value's kind; None for the zero Value.
func (v Value) Kind() Kind { return v.kind }

// IsNone reports that nothing is represented.
func (v Value) IsNone() bool { return v.kind == None }

// IsUnreadable reports that the tool holds something that cannot be read.
func (v Value) IsUnreadable() bool { return v.kind == Unreadable }

// IsEmpty reports that there is nothing: None or the empty value of any kind but Unreadable.
func (v Value) IsEmpty() bool { return v.text == "" && v.kind != Unreadable }

// Same reports whether two values mean the same to a person: equal, or both empty.
func (v Value) Same(w Value) bool { return v == w || v.IsEmpty() && w.IsEmpty() }

// String is the canonical text: a date as 2006-01-02, a number in the shortest form, a set's items joined by the
// unit separator (see Items). The empty value is "".
func (v Value) String() string { return v.text }

// Display is the value as people read it: a set's items joined by commas, a status in words.
func (v Value) Display() string {
	switch v.kind {
	case Set:
		return strings.Join(v.Items(), ", ")
	case Enum:
		return StatusDisplay(v.text)
	case Bool:
		if v.text == "true" {
			return "yes"
		}
		if v.text == "false" {
			return "no"
		}
	case None, Text, Date, Number, Person, Unreadable:
	}
	return v.text
}

// Items are a set's members in order; nil where there are none.
func (v Value) Items() []string {
	if v.kind != Set || v.text == "" {
		return nil
	}
	return strings.Split(v.text, setSeparator)
}

// Time is a date's midnight in UTC, and false where the value is not a date or is empty.
func (v Value) Time() (time.Time, bool) {
	if v.kind != Date || v.text == "" {
		return time.Time{}, false
	}
	t, err := time.Parse(dateLayout, v.text)
	return t, err == nil
}

// Float is a number's value, and false where the value is not a number or is empty.
func (v Value) Float() (float64, bool) {
	if v.kind != Number || v.text == "" {
		return 0, false
	}
	f, err := strconv.ParseFloat(v.text, 64)
	return f, err == nil
}

// Bool is a yes or no, and false for ok where the value is neither.
func (v Value) Bool() (b, ok bool) {
	if v.kind != Bool || v.text == "" {
		return false, false
	}
	return v.text == "true", true
}

// MarshalJSON writes {"kind":"date","value":"2026-03-01"}, and null for None.
func (v Value) MarshalJSON() ([]byte, error) {
	if v.kind == None {
		return []byte("null"), nil
	}
	return json.Marshal(struct {
		Kind  string `json:"kind"`
		Value string `json:"value"`
	}{v.kind.String(), v.text})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (v *Value) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		*v = Value{}
		return nil
	}
	var j struct {
		Kind  string `json:"kind"`
		Value string `json:"value"`
	}
	if err := json.Unmarshal(b, &j); err != nil {
		return fmt.Errorf("read a value: %w", err)
	}
	i := slices.Index(kindNames[:], j.Kind)
	if i < 0 {
		return errors.New("read a value: unknown kind " + strconv.Quote(j.Kind))
	}
	w, err := Parse(Kind(i), j.Value) //nolint:gosec // i is an index of kindNames
	if err != nil {
		return err
	}
	*v = w
	return nil
}

// canonical is the form in which text is compared: the design's rule for texts.
func canonical(s string) string {
	if plainASCII(s) {
		return s
	}
	s = strings.ToValidUTF8(s, "\uFFFD")
	s = strings.ReplaceAll(s, "\r\n", "\n")
	s = strings.ReplaceAll(s, "\r", "\n")
	return strings.TrimFunc(norm.NFC.String(s), blank)
}

// plainASCII reports that s is canonical as it stands, which spares most texts the work.
func plainASCII(s string) bool {
	for i := range len(s) {
		if c := s[i]; c >= 0x80 || c == '\r' {
			return false
		}
	}
	return s == "" || !blank(rune(s[0])) && !blank(rune(s[len(s)-1]))
}

// blank is what people cannot see at the end of a text: white space, and the zero-width characters that copying from
// web pages leaves.
func blank(r rune) bool {
	switch r {
	case ' ', '\t', '\n', '\v', '\f', '\r', 0x85, 0xA0, 0x1680, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000, 0x200B, 0x2060, 0xFEFF:
		return true
	}
	return r >= 0x2000 && r <= 0x200A
}
