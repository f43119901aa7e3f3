package sqlite

import (
	"database/sql"
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// The forms are written by hand because a load reads half a million values, and encoding/json would take most of its
// time. The package comment describes them.

func appendValue(b []byte, v task.Value) []byte {
	if v.IsNone() {
		return append(b, "null"...)
	}
	b = append(b, '[', '"')
	b = append(b, v.Kind().String()...)
	b = append(b, '"', ',')
	b = appendText(b, v.String())
	return append(b, ']')
}

func appendValues(b []byte, vs *task.Values) []byte {
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
		if v.Kind() == f.Kind() {
			b = appendText(b, v.String())
		} else {
			b = appendValue(b, v)
		}
	}
	return append(b, '}')
}

// appendField refuses what is not a field: it could be written, and never be read again.
func appendField(b []byte, f task.Field) ([]byte, error) {
	if int(f) >= task.FieldCount {
		return nil, fmt.Errorf("keep a field: %s is not a field", f)
	}
	b = append(b, '"')
	b = append(b, f.String()...)
	return append(b, '"'), nil
}

func appendPair(b []byte, v, w task.Value) []byte {
	return appendValue(append(appendValue(b, v), ','), w)
}

func appendChange(b []byte, c task.Change) ([]byte, error) {
	b, err := appendField(append(b, '['), c.Field)
	if err != nil {
		return nil, err
	}
	return append(appendPair(append(b, ','), c.From, c.To), ']'), nil
}

func appendClaim(b []byte, c store.Claim) []byte {
	b = appendText(append(b, '['), string(c.Source))
	b = appendValue(append(b, ','), c.Value)
	b = appendText(append(b, ','), c.By)
	b = append(b, ',')
	if c.At.IsZero() {
		b = append(b, "null"...)
	} else {
		b = strconv.AppendInt(b, c.At.UnixMilli(), 10)
	}
	return append(b, ']')
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

func claimsForm(cs []store.Claim) sql.NullString {
	if len(cs) == 0 {
		return sql.NullString{}
	}
	b := []byte{'['}
	for i, c := range cs {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendClaim(b, c)
	}
	return sql.NullString{String: string(append(b, ']')), Valid: true}
}

func changesForm(cs []task.Change) (sql.NullString, error) {
	if len(cs) == 0 {
		return sql.NullString{}, nil
	}
	b := []byte{'['}
	for i, c := range cs {
		if i > 0 {
			b = append(b, ',')
		}
		var err error
		if b, err = appendChange(b, c); err != nil {
			return sql.NullString{}, err
		}
	}
	return sql.NullString{String: string(append(b, ']')), Valid: true}, nil
}

func valueForm(v task.Value) sql.NullString {
	if v.IsNone() {
		return sql.NullString{}
	}
	return sql.NullString{String: string(appendValue(nil, v)), Valid: true}
}

func valuesForm(vs *task.Values) string {
	return string(appendValues(make([]byte, 0, 256), vs))
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
