package task_test

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lockstep-sync/lockstep/sync/task"
)

func kinds() []task.Kind {
	return []task.Kind{
		task.None, task.Text, task.Enum, task.Date, task.Number, task.Bool, task.Person, task.Set, task.Unreadable,
	}
}

// hostile draws texts out of what is apt to be handled wrongly, and anything else.
func hostile() *rapid.Generator[string] {
	pieces := rapid.SampledFrom([]string{
		" ", "\t", "\n", "\r\n", "\r", "\v", "\u0085", "\u00a0", "\u2003", "\u2028", "\u200b", "\u2060", "\ufeff", "\u200d",
		"\x1f", "\x00", "\xff", "\xed\xa0\x80", "\ufffd", "e\u0301", "é", "\u0301", "\u0323\u0307", "가", "\u1100\u1161", "Å", "\u212b",
		"\u2000", "👩🏾‍🌾", "مياه", "=1+1", "a", "B", "0", "true", "null", "2026-03-01", ",", "\"", "\\",
	})
	return rapid.OneOf(
		rapid.Map(rapid.SliceOfN(pieces, 0, 8), func(ps []string) string { return strings.Join(ps, "") }),
		rapid.String(),
		rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }),
	)
}

// values draws a value of any kind, empty ones too.
func values() *rapid.Generator[task.Value] {
	return rapid.Custom(func(t *rapid.T) task.Value {
		k := rapid.SampledFrom(kinds()).Draw(t, "kind")
		if k == task.None || rapid.IntRange(0, 9).Draw(t, "empty") == 0 {
			return task.Empty(k)
		}
		return valueOf(t, k)
	})
}

func valueOf(t *rapid.T, k task.Kind) task.Value {
	switch k {
	case task.Text:
		return task.TextValue(hostile().Draw(t, "text"))
	case task.Enum:
		return task.EnumValue(hostile().Draw(t, "word"))
	case task.Date:
		year, days := rapid.IntRange(1, 9999).Draw(t, "year"), rapid.IntRange(0, 364).Draw(t, "days")
		return task.DateValue(time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, days))
	case task.Number:
		x := rapid.OneOf(rapid.Float64(), rapid.Map(rapid.IntRange(-100, 100), func(n int) float64 { return float64(n) / 100 })).Draw(t, "number")
		v, err := task.NumberValue(x)
		if err != nil {
			return task.Empty(k)
		}
		return v
	case task.Bool:
		return task.BoolValue(rapid.Bool().Draw(t, "bool"))
	case task.Person:
		return task.PersonValue(hostile().Draw(t, "name"))
	case task.Set:
		return task.SetValue(rapid.SliceOfN(hostile(), 0, 4).Draw(t, "items")...)
	case task.Unreadable:
		return task.UnreadableValue(hostile().Draw(t, "raw"))
	case task.None:
	}
	return task.Value{}
}

func TestTextIsCanonical(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, in, want string }{
		{"plain", "Repair the pump", "Repair the pump"},
		{"empty", "", ""},
		{"blanks alone", " \t\r\n\u00a0\u200b\ufeff ", ""},
		{"blanks at the ends", "\u00a0 pump\t\u2003", "pump"},
		{"blanks inside stay", "a  b\u00a0c\td", "a  b\u00a0c\td"},
		{"zero-width blanks inside stay", "a\u200bb", "a\u200bb"},
		{"a joiner at the end is part of the text", "👩\u200d", "👩\u200d"},
		{"line ends", "one\r\ntwo\rthree\n", "one\ntwo\nthree"},
		{"decomposed", "Cafe\u0301", "Café"},
		{"angstrom sign", "\u212b", "Å"},
		{"an em quad is a blank once composed", "\u2001a", "a"},
		{"Hangul", "\u1100\u1161", "가"},
		{"compatibility forms are not folded", "ﬁ²", "ﬁ²"},
		{"invalid bytes", "a\xffb", "a\ufffdb"},
		{"text that looks like a formula", "=1+1", "=1+1"},
		{"control characters stay", "a\x00b\x1fc", "a\x00b\x1fc"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for kind, v := range map[task.Kind]task.Value{
				task.Text: task.TextValue(c.in), task.Enum: task.EnumValue(c.in), task.Unreadable: task.UnreadableValue(c.in),
			} {
				if v.String() != c.want || v.Kind() != kind {
					t.Errorf("%q as %s is %s %q; want %q", c.in, kind, v.Kind(), v, c.want)
				}
			}
		})
	}
}

func TestPersonIsOneLineOfSingleBlanks(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"  Amina \t Diallo\n":     "Amina Diallo",
		"Amina\u00a0\u00a0Diallo": "Amina Diallo",
		"Jose\u0301 Núñez":        "José Núñez",
		" \u200b":                 "",
	} {
		if got := task.PersonValue(in); got.String() != want || got.Kind() != task.Person {
			t.Errorf("%q is %s %q; want %q", in, got.Kind(), got, want)
		}
	}
}

func TestSets(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name      string
		in        []string
		want      []string
		displayed string
	}{
		{"none", nil, nil, ""},
		{"blanks alone", []string{"", " ", "\u00a0"}, nil, ""},
		{"sorted", []string{"b", "a"}, []string{"a", "b"}, "a, b"},
		{"once each", []string{"a", " a", "a"}, []string{"a"}, "a"},
		{"case matters", []string{"a", "A"}, []string{"A", "a"}, "A, a"},
		{"composed", []string{"e\u0301", "é"}, []string{"é"}, "é"},
		{"a comma is part of a label", []string{"a,b"}, []string{"a,b"}, "a,b"},
		{"the separator is no part of a label", []string{"a\x1fb"}, []string{"a b"}, "a b"},
		{"the separator at an end", []string{"a\x1f", "\x1f"}, []string{"a"}, "a"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			v := task.SetValue(c.in...)
			if got := v.Items(); !slices.Equal(got, c.want) {
				t.Errorf("items %q; want %q", got, c.want)
			}
			if v.Display() != c.displayed {
				t.Errorf("displayed as %q; want %q", v.Display(), c.displayed)
			}
			if v.IsEmpty() != (len(c.want) == 0) {
				t.Errorf("empty is %v", v.IsEmpty())
			}
		})
	}
}

func TestNumbers(t *testing.T) {
	t.Parallel()
	tenth, fifth := 0.1, 0.2 // as variables: constants are added exactly
	for in, want := range map[float64]string{
		0: "0", math.Copysign(0, -1): "0", 0.5: "0.5", 1: "1", -3: "-3", tenth + fifth: "0.30000000000000004", 1e21: "1e+21", 100000: "100000",
	} {
		v, err := task.NumberValue(in)
		if err != nil || v.String() != want {
			t.Errorf("%v is %q, %v; want %q", in, v, err, want)
		}
		if got, ok := v.Float(); !ok || got != in {
			t.Errorf("%v comes back as %v, %v", in, got, ok)
		}
	}
	for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		if v, err := task.NumberValue(bad); err == nil || !v.IsNone() {
			t.Errorf("%v is %q; want an error", bad, v)
		}
	}
}

func TestDates(t *testing.T) {
	t.Parallel()
	nairobi := time.FixedZone("EAT", 3*3600)
	for _, c := range []struct {
		in   time.Time
		want string
	}{
		{time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), "2026-03-01"},
		{time.Date(2026, 3, 1, 0, 30, 0, 0, nairobi), "2026-03-01"}, // still February in UTC
		{time.Date(2026, 3, 1, 23, 59, 59, 999, nairobi), "2026-03-01"},
		{time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC), "2024-02-29"},
		{time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), "0001-01-01"},
		{time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC), "9999-12-31"},
	} {
		v := task.DateValue(c.in)
		if v.String() != c.want || v.Kind() != task.Date {
			t.Errorf("%v is %q; want %q", c.in, v, c.want)
		}
		back, ok := v.Time()
		if !ok || back.Format("2006-01-02T15:04:05Z07:00") != c.want+"T00:00:00Z" {
			t.Errorf("%q comes back as %v, %v; want its midnight in UTC", c.want, back, ok)
		}
	}
	// The day before and the day after are what a calendar says, over every month's end.
	rapid.Check(t, func(t *rapid.T) {
		at := time.Date(2000, 1, rapid.IntRange(1, 20000).Draw(t, "day"), rapid.IntRange(0, 23).Draw(t, "hour"), 0, 0, 0, nairobi)
		day, _ := task.DateValue(at).Time()
		next, _ := task.DateValue(at.AddDate(0, 0, 1)).Time()
		if next.Sub(day) != 24*time.Hour {
			t.Fatalf("%v, and a day later %v", day, next)
		}
	})
}

// Whatever date a tool holds, a value made of it can be stored and read again.
func TestEveryDateCanBeStored(t *testing.T) {
	t.Parallel()
	for _, year := range []int{-1, 0, 1, 9999, 10000, 29279} {
		v := task.DateValue(time.Date(year, 6, 15, 0, 0, 0, 0, time.UTC))
		roundTrip(t, v)
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind task.Kind
		in   string
	}{
		{task.Date, "01/03/2026"},
		{task.Date, "2026-02-30"},
		{task.Date, "2026-3-1"},
		{task.Date, "2026-03-01T00:00:00Z"},
		{task.Date, "next week-ish"},
		{task.Number, "half"},
		{task.Number, "50%"},
		{task.Number, "1,5"},
		{task.Number, "NaN"},
		{task.Number, "-Inf"},
		{task.Number, "1e999"},
		{task.Bool, "yes"},
		{task.Bool, "maybe"},
		{task.Kind(99), "x"},
	} {
		if v, err := task.Parse(c.kind, c.in); err == nil || !v.IsNone() {
			t.Errorf("%q as %s is %q, %v; want an error", c.in, c.kind, v, err)
		}
	}
}

func TestEmptyAndNone(t *testing.T) {
	t.Parallel()
	for _, k := range kinds() {
		v := task.Empty(k)
		if v.Kind() != k || v.String() != "" || v.Display() != "" || v.Items() != nil {
			t.Errorf("the empty %s is %s %q", k, v.Kind(), v)
		}
		if got, want := v.IsEmpty(), k != task.Unreadable; got != want {
			t.Errorf("the empty %s is empty: %v; want %v", k, got, want)
		}
		if got, want := v.IsNone(), k == task.None; got != want {
			t.Errorf("the empty %s is none: %v; want %v", k, got, want)
		}
		if parsed, err := task.Parse(k, ""); err != nil || parsed != v {
			t.Errorf("no text as %s is %q, %v; want the empty value", k, parsed, err)
		}
		_, isTime := v.Time()
		_, isFloat := v.Float()
		_, isBool := v.Bool()
		if isTime || isFloat || isBool {
			t.Errorf("the empty %s holds something", k)
		}
	}
	if (task.Value{}) != task.Empty(task.None) {
		t.Error("the zero value is not None")
	}
}

func TestSame(t *testing.T) {
	t.Parallel()
	a := task.TextValue("a")
	for _, c := range []struct {
		name string
		v, w task.Value
		want bool
	}{
		{"equal", a, task.TextValue(" a "), true},
		{"other text", a, task.TextValue("b"), false},
		{"other kind", a, task.EnumValue("a"), false},
		{"none and empty", task.Value{}, task.Empty(task.Date), true},
		{"empty of two kinds", task.Empty(task.Text), task.Empty(task.Set), true},
		{"empty and something", task.Empty(task.Text), a, false},
		{"empty and unreadable", task.Empty(task.Text), task.UnreadableValue("?"), false},
		{"empty and unreadable of nothing", task.Empty(task.Text), task.UnreadableValue(""), false},
		{"unreadable alike", task.UnreadableValue("?"), task.UnreadableValue("?"), true},
		{"no is not empty", task.BoolValue(false), task.Empty(task.Bool), false},
	} {
		if c.v.Same(c.w) != c.want || c.w.Same(c.v) != c.want {
			t.Errorf("%s: %q and %q; want %v both ways round", c.name, c.v, c.w, c.want)
		}
	}
}

func TestDisplay(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		v    task.Value
		want string
	}{
		{task.EnumValue(task.InProgress), "In progress"},
		{task.EnumValue("aquafund"), "aquafund"},
		{task.BoolValue(true), "yes"},
		{task.BoolValue(false), "no"},
		{task.Empty(task.Bool), ""},
		{task.TextValue("in_progress"), "in_progress"},
		{task.UnreadableValue("next week-ish"), "next week-ish"},
		{task.SetValue("b", "a"), "a, b"},
	} {
		if got := c.v.Display(); got != c.want {
			t.Errorf("%s %q is displayed as %q; want %q", c.v.Kind(), c.v, got, c.want)
		}
	}
}

// One meaning, one value: making a value out of a value's text changes nothing.
func TestCanonicalFormsAreIdempotent(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := hostile().Draw(t, "s")
		for name, of := range map[string]func(string) task.Value{
			"text": task.TextValue, "enum": task.EnumValue, "person": task.PersonValue, "unreadable": task.UnreadableValue,
			"set": func(s string) task.Value { return task.SetValue(s) },
		} {
			once := of(s)
			if twice := of(once.String()); twice != once {
				t.Fatalf("%s: %q is %q, and that is %q", name, s, once, twice)
			}
		}
		if text := task.TextValue(s).String(); text != strings.TrimSpace(text) || strings.Contains(text, "\r") {
			t.Fatalf("%q is %q", s, text)
		}
	})
}

func TestManyCombiningMarksAreIdempotent(t *testing.T) {
	t.Parallel()
	for _, n := range []int{29, 30, 31, 32, 60, 61, 100} {
		once := task.TextValue("a" + strings.Repeat("\u0301\u0323", n))
		if twice := task.TextValue(once.String()); twice != once {
			t.Errorf("%d marks: %q, then %q", 2*n, once, twice)
		}
	}
}

func TestParseReadsWhatStringWrote(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		roundTrip(t, values().Draw(t, "v"))
	})
}

type fataler interface {
	Fatalf(format string, args ...any)
}

func roundTrip(t fataler, v task.Value) {
	if got, err := task.Parse(v.Kind(), v.String()); err != nil || got != v {
		t.Fatalf("%s %q is read as %q, %v", v.Kind(), v, got, err)
	}
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatalf("%s %q as JSON: %v", v.Kind(), v, err)
	}
	var got task.Value
	if err := json.Unmarshal(b, &got); err != nil || got != v {
		t.Fatalf("%s %q as JSON is %s, read as %s %q, %v", v.Kind(), v, b, got.Kind(), got, err)
	}
}

func TestSetsHaveNoOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		items := rapid.SliceOfN(hostile(), 0, 6).Draw(t, "items")
		v := task.SetValue(items...)
		shuffled := rapid.Permutation(append(slices.Clone(items), items...)).Draw(t, "shuffled twice over")
		if w := task.SetValue(shuffled...); w != v {
			t.Fatalf("%q of %q, and %q of the same in another order, twice", v, items, w)
		}
		got := v.Items()
		if !slices.IsSorted(got) || len(slices.Compact(slices.Clone(got))) != len(got) || slices.Contains(got, "") {
			t.Fatalf("items %q", got)
		}
		if w := task.SetValue(got...); w != v {
			t.Fatalf("the items of %q make %q", v, w)
		}
	})
}

func TestSameIsAnEquivalence(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := values().Draw(t, "a"), values().Draw(t, "b"), values().Draw(t, "c")
		if !a.Same(a) || a.Same(b) != b.Same(a) || a.Same(b) && b.Same(c) && !a.Same(c) {
			t.Fatalf("%q, %q, %q", a, b, c)
		}
		if a == b && !a.Same(b) {
			t.Fatalf("%q is equal to %q and not the same", a, b)
		}
	})
}

func TestValueJSON(t *testing.T) {
	t.Parallel()
	for want, v := range map[string]task.Value{
		`null`:                                 {},
		`{"kind":"date","value":"2026-03-01"}`: task.DateValue(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)),
		`{"kind":"bool","value":"false"}`:      task.BoolValue(false),
		`{"kind":"text","value":""}`:           task.Empty(task.Text),
		`{"kind":"unreadable","value":"?"}`:    task.UnreadableValue("?"),
	} {
		if got, err := json.Marshal(v); err != nil || string(got) != want {
			t.Errorf("%s %q is written as %s, %v; want %s", v.Kind(), v, got, err, want)
		}
	}
	for _, bad := range []string{
		`"text"`, `{"kind":"colour","value":"red"}`, `{"kind":"date","value":"soon"}`, `{"kind":"number","value":"NaN"}`, `{"value":"x"}`,
	} {
		v := task.TextValue("as it was")
		if err := json.Unmarshal([]byte(bad), &v); err == nil {
			t.Errorf("%s is read as %s %q; want an error", bad, v.Kind(), v)
		} else if v != task.TextValue("as it was") {
			t.Errorf("%s is an error and leaves %q", bad, v)
		}
	}
}
