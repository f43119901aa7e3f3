package sqlite

import (
	"cmp"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// The forms are written by hand because a load reads half a million values, and encoding/json would take most of its
// time. The package comment describes them.

// checkValue refuses a value that could be written and never be read again: one such value would lock its partnership out.
func checkValue(v task.Value) error {
	if _, err := task.Parse(v.Kind(), v.String()); err != nil {
		return fmt.Errorf("keep a value: %w", err)
	}
	return nil
}

func appendValue(b []byte, v task.Value) ([]byte, error) {
	if v.IsNone() {
		return append(b, "null"...), nil
	}
	if err := checkValue(v); err != nil {
		return nil, err
	}
	b = append(b, '[', '"')
	b = append(b, v.Kind().String()...)
	b = append(b, '"', ',')
	b = appendText(b, v.String())
	return append(b, ']'), nil
}

func appendValues(b []byte, vs *task.Values) ([]byte, error) {
	b = append(b, '{')
	first := true
	for i := range vs {
		f, v := task.Field(i), vs[i]
		if v.IsNone() {
			continue
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		b = append(b, '"')
		b = append(b, f.String()...)
		b = append(b, '"', ':')
		var err error
		if v.Kind() != f.Kind() {
			b, err = appendValue(b, v)
		} else if err = checkValue(v); err == nil {
			b = appendText(b, v.String())
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f, err)
		}
	}
	return append(b, '}'), nil
}

func appendField(b []byte, f task.Field) ([]byte, error) {
	if int(f) >= task.FieldCount {
		return nil, fmt.Errorf("keep a field: %s is not a field", f)
	}
	b = append(b, '"')
	b = append(b, f.String()...)
	return append(b, '"'), nil
}

func appendPair(b []byte, v, w task.Value) ([]byte, error) {
	b, err := appendValue(b, v)
	if err != nil {
		return nil, err
	}
	return appendValue(append(b, ','), w)
}

func appendChange(b []byte, c task.Change) ([]byte, error) {
	b, err := appendField(append(b, '['), c.Field)
	if err != nil {
		return nil, err
	}
	if b, err = appendPair(append(b, ','), c.From, c.To); err != nil {
		return nil, fmt.Errorf("%s: %w", c.Field, err)
	}
	return append(b, ']'), nil
}

func appendClaim(b []byte, c store.Claim) ([]byte, error) {
	b = appendText(append(b, '['), string(c.Source))
	b, err := appendValue(append(b, ','), c.Value)
	if err != nil {
		return nil, fmt.Errorf("claim of %s: %w", c.Source, err)
	}
	b = appendText(append(b, ','), c.By)
	b = append(b, ',')
	if c.At.IsZero() {
		b = append(b, "null"...)
	} else {
		b = strconv.AppendInt(b, c.At.UnixMilli(), 10)
	}
	return append(b, ']'), nil
}

const hexDigits = "0123456789abcdef"

// appendText writes a JSON string. Bytes that are not UTF-8 become U+FFFD, since JSON has no place for them; values never
// hold any.
func appendText(b []byte, s string) []byte {
	b = append(b, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= 0x20 && c < utf8.RuneSelf && c != '"' && c != '\\' {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r != utf8.RuneError || size > 1 {
				i += size
				continue
			}
			b = append(b, s[from:i]...)
			b = append(b, "\uFFFD"...)
		} else {
			b = append(b, s[from:i]...)
			switch c {
			case '"', '\\':
				b = append(b, '\\', c)
			case '\n':
				b = append(b, '\\', 'n')
			default:
				b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&0xF])
			}
		}
		i++
		from = i
	}
	b = append(b, s[from:]...)
	return append(b, '"')
}

// list writes items one after the other between brackets, and NULL for none.
func list[T any](items []T, one func([]byte, T) ([]byte, error)) (sql.NullString, error) {
	if len(items) == 0 {
		return sql.NullString{}, nil
	}
	b := []byte{'['}
	for i, it := range items {
		if i > 0 {
			b = append(b, ',')
		}
		var err error
		if b, err = one(b, it); err != nil {
			return sql.NullString{}, err
		}
	}
	return sql.NullString{String: string(append(b, ']')), Valid: true}, nil
}

func valueForm(v task.Value) (sql.NullString, error) {
	if v.IsNone() {
		return sql.NullString{}, nil
	}
	b, err := appendValue(nil, v)
	return sql.NullString{String: string(b), Valid: true}, err
}

func valuesForm(vs *task.Values) (string, error) {
	b, err := appendValues(make([]byte, 0, 256), vs)
	return string(b), err
}

func shownForm(m map[task.Field]store.Shown) (sql.NullString, error) {
	if len(m) == 0 {
		return sql.NullString{}, nil
	}
	b := []byte{'{'}
	for i, f := range slices.SortedFunc(maps.Keys(m), cmp.Compare[task.Field]) {
		if i > 0 {
			b = append(b, ',')
		}
		var err error
		if b, err = appendField(b, f); err != nil {
			return sql.NullString{}, err
		}
		if b, err = appendPair(append(b, ':', '['), m[f].Wanted, m[f].Got); err != nil {
			return sql.NullString{}, fmt.Errorf("%s: %w", f, err)
		}
		b = append(b, ']')
	}
	return sql.NullString{String: string(append(b, '}')), Valid: true}, nil
}

// timeForm is a time in milliseconds since 1970, and NULL for the zero time.
func timeForm(t time.Time) sql.NullInt64 {
	if t.IsZero() {
		return sql.NullInt64{}
	}
	return sql.NullInt64{Int64: t.UnixMilli(), Valid: true}
}

func readTime(n sql.NullInt64) time.Time {
	if !n.Valid {
		return time.Time{}
	}
	return time.UnixMilli(n.Int64).UTC()
}
