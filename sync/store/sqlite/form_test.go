package sqlite

import (
	"database/sql"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// anyValue is a value of any kind over any text.
func anyValue(t *rapid.T) task.Value {
	text := rapid.String().Draw(t, "text")
	switch rapid.IntRange(0, 8).Draw(t, "kind") {
	case 1:
		return task.TextValue(text)
	case 2:
		return task.EnumValue(text)
	case 3:
		return task.DateValue(time.Date(rapid.IntRange(0, 9999).Draw(t, "year"), 5, 17, 0, 0, 0, 0, time.UTC))
	case 4:
		v, err := task.NumberValue(rapid.Float64().Draw(t, "number"))
		if err != nil {
			t.Fatalf("%v", err)
		}
		return v
	case 5:
		return task.BoolValue(rapid.Bool().Draw(t, "bool"))
	case 6:
		return task.PersonValue(text)
	case 7:
		return task.SetValue(strings.Split(strings.ReplaceAll(text, "\x1f", ""), " ")...)
	case 8:
		return task.UnreadableValue(text)
	}
	return task.Empty(rapid.SampledFrom([]task.Kind{task.None, task.Text, task.Date, task.Set, task.Unreadable}).Draw(t, "empty"))
}

func TestFormsComeBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var vs task.Values
		for i := range vs {
			vs[i] = anyValue(t)
		}
		text := valuesForm(&vs)
		if !json.Valid([]byte(text)) {
			t.Fatalf("%s is not JSON", text)
		}
		var m forms
		for range 2 { // the second time some are remembered
			got, err := m.values(text)
			if err != nil || got != vs {
				t.Fatalf("%v\nwant %v\ngot  %v", err, vs, got)
			}
		}
	})
}

func TestForms(t *testing.T) {
	t.Parallel()
	vs := task.Values{
		task.Title: task.TextValue("a \"quoted\"\ttitle\\\nand\x00more"), task.Due: task.Empty(task.Date),
		task.Notes: task.UnreadableValue("#REF!"), task.Labels: task.SetValue("b", "a"),
	}
	got := valuesForm(&vs)
	want := `{"title":"a \"quoted\"\u0009title\\\nand\u0000more","due":"","labels":"a\u001fb","notes":["unreadable","#REF!"]}`
	if got != want {
		t.Errorf("want %s\ngot  %s", want, got)
	}
	claims := claimsForm([]store.Claim{
		{Source: "s", Value: task.DateValue(time.Unix(0, 0).UTC()), By: "A\xffB", At: time.UnixMilli(1767225600000)}, {},
	})
	want = `[["s",["date","1970-01-01"],"A` + "\uFFFD" + `B",1767225600000],["",null,"",null]]`
	if claims.String != want {
		t.Errorf("want %s\ngot  %s", want, claims.String)
	}
	changes, err := changesForm([]task.Change{{Field: task.QuickWin, To: task.BoolValue(true)}})
	if want := `[["quick_win",null,["bool","true"]]]`; err != nil || changes.String != want {
		t.Errorf("%v\nwant %s\ngot  %s", err, want, changes.String)
	}
}

// TestRefused hands over what could be written and never be read again.
func TestRefused(t *testing.T) {
	t.Parallel()
	none := task.Field(task.FieldCount)
	if got, err := changesForm([]task.Change{{Field: task.Due}, {Field: none}}); err == nil {
		t.Errorf("a change of no field was written as %s", got.String)
	}
	w := &writing{}
	if err := w.conflicts("", []store.Conflict{{Field: none}}); err == nil {
		t.Error("a conflict of no field was written")
	}
}

func TestDamagedForms(t *testing.T) {
	t.Parallel()
	text := func(s string) sql.NullString { return sql.NullString{String: s, Valid: true} }
	for _, s := range []string{
		``, `{`, `{"title"`, `{"title":`, `{"title":"x`, `{"title":"x"`, `{"title":"x"}}`, `{"title":"x",}`, `{"colour":"x"}`, `{"title":"\`,
		`{"title":"\x"}`, `{"title":"\u00"}`, `{"title":"\uD800"}`, `{"title":"\u00zz"}`, `{"title":5}`, `{"due":"tomorrow"}`, `{"progress":"many"}`,
		`{"title":["colour","x"]}`, `{"title":["text","x"}`, `{"title":["text"]}`, `null`, `[]`, ` {}`, `{title:"x"}`,
	} {
		var m forms
		if vs, err := m.values(s); !errors.Is(err, errDamaged) {
			t.Errorf("values %q: %v, %v", s, vs, err)
		}
	}
	for _, s := range []string{``, `[`, `["due"`, `[["due",null,null]`, `[["due",null]]`, `[["s",null,"by",x]]`, `[["s",null,"by",1`, `[["s",null,"by"]]`} {
		if cs, err := readClaims(text(s)); !errors.Is(err, errDamaged) {
			t.Errorf("claims %q: %v, %v", s, cs, err)
		}
		if cs, err := readChanges(text(s)); !errors.Is(err, errDamaged) {
			t.Errorf("changes %q: %v, %v", s, cs, err)
		}
	}
}

// FuzzForms looks for text that makes the reader panic, run on for ever, or read what writing it again would not give.
func FuzzForms(f *testing.F) {
	for _, s := range []string{`{}`, `{"title":"x\n","due":["unreadable","x"]}`, `{"labels":"a\u001fb","quick_win":"true"}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var m forms
		vs, err := m.values(s)
		if err != nil {
			return
		}
		text := valuesForm(&vs)
		var fresh forms
		if again, err := fresh.values(text); err != nil || again != vs {
			t.Fatalf("%v\n%s", err, cmp.Diff(vs, again, cmp.Comparer(func(a, b task.Value) bool { return a == b })))
		}
	})
}

// TestDigest tells contents apart that only run together differently.
func TestDigest(t *testing.T) {
	t.Parallel()
	rows := [][][]any{
		{{"a", "bc"}},
		{{"ab", "c"}},
		{{"a"}, {"bc"}},
		{{"a", "b", "c"}},
		{{"a", 1}},
		{{"a", "1"}},
		{{sql.NullString{}}},
		{{sql.NullString{Valid: true}}},
		{{sql.NullInt64{}, 0}},
		{{sql.NullInt64{Valid: true}}},
	}
	seen := map[string]int{digestOf(nil): -1}
	for i, r := range rows {
		d := digestOf(r)
		if j, ok := seen[d]; ok {
			t.Errorf("rows %d and %d have one digest", i, j)
		}
		seen[d] = i
		if digestOf(r) != d {
			t.Errorf("rows %d have two digests", i)
		}
	}
}
