package sqlite

import (
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// errDamaged begins the errors of forms that cannot be read.
var errDamaged = errors.New("what is stored is damaged")

// reader reads the forms. It takes what form.go writes and nothing else: a form that it does not know is damage, and is
// better reported than guessed at. The first error stays, and the reader then gives zero values.
type reader struct {
	s   string
	at  int
	err error
}

func (r *reader) fail(want string) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: at byte %d of %d: %s expected", errDamaged, r.at, len(r.s), want)
	}
}

// more reads a byte if it is c.
func (r *reader) more(c byte) bool {
	if r.err == nil && r.at < len(r.s) && r.s[r.at] == c {
		r.at++
		return true
	}
	return false
}

func (r *reader) need(c byte) {
	if !r.more(c) {
		r.fail(strconv.QuoteRune(rune(c)))
	}
}

func (r *reader) null() bool {
	if r.err == nil && strings.HasPrefix(r.s[r.at:], "null") {
		r.at += len("null")
		return true
	}
	return false
}

// end reports what went wrong; text after the form is wrong too.
func (r *reader) end() error {
	if r.err == nil && r.at != len(r.s) {
		r.fail("the end")
	}
	return r.err
}

func (r *reader) text() string {
	r.need('"')
	if r.err != nil {
		return ""
	}
	from := r.at
	for i := from; i < len(r.s); i++ {
		switch r.s[i] {
		case '"':
			r.at = i + 1
			return r.s[from:i]
		case '\\':
			return r.escaped(i - from)
		}
	}
	r.at = len(r.s)
	r.fail("the end of a text")
	return ""
}

// escaped reads on behind the opening quote, where the first backslash is at n.
func (r *reader) escaped(n int) string {
	b := append(make([]byte, 0, n+64), r.s[r.at:r.at+n]...)
	r.at += n
	for r.at < len(r.s) {
		rest := r.s[r.at:]
		switch {
		case rest[0] == '"':
			r.at++
			return string(b)
		case rest[0] != '\\':
			n := strings.IndexAny(rest, `"\`)
			if n < 0 {
				n = len(rest)
			}
			b = append(b, rest[:n]...)
			r.at += n
		case len(rest) >= 2 && (rest[1] == '"' || rest[1] == '\\'):
			b = append(b, rest[1])
			r.at += 2
		case len(rest) >= 2 && rest[1] == 'n':
			b = append(b, '\n')
			r.at += 2
		case len(rest) >= 6 && rest[1] == 'u':
			code, err := strconv.ParseUint(rest[2:6], 16, 16)
			if err != nil || !utf8.ValidRune(rune(code)) {
				r.fail("a code point")
				return ""
			}
			b = utf8.AppendRune(b, rune(code))
			r.at += 6
		default:
			r.fail("an escape")
			return ""
		}
	}
	r.fail("the end of a text")
	return ""
}

func (r *reader) millis() time.Time {
	if r.null() {
		return time.Time{}
	}
	n := strings.IndexAny(r.s[r.at:], ",]")
	if r.err != nil || n < 0 {
		r.fail("a time")
		return time.Time{}
	}
	ms, err := strconv.ParseInt(r.s[r.at:r.at+n], 10, 64)
	if err != nil {
		r.fail("a time")
		return time.Time{}
	}
	r.at += n
	return time.UnixMilli(ms).UTC()
}

func (r *reader) field() task.Field {
	name := r.text()
	if r.err != nil {
		return 0
	}
	f, ok := task.ParseField(name)
	if !ok {
		r.fail("the name of a field, not " + strconv.Quote(name))
	}
	return f
}

// parse is task.Parse with the reader's error.
func (r *reader) parse(k task.Kind, text string) task.Value {
	if r.err != nil {
		return task.Value{}
	}
	v, err := task.Parse(k, text)
	if err != nil {
		r.err = fmt.Errorf("%w: %w", errDamaged, err)
	}
	return v
}

func (r *reader) value() task.Value {
	if r.null() {
		return task.Value{}
	}
	r.need('[')
	name := r.text()
	r.need(',')
	text := r.text()
	r.need(']')
	if r.err != nil {
		return task.Value{}
	}
	for k := task.Text; k <= task.Unreadable; k++ {
		if k.String() == name {
			return r.parse(k, text)
		}
	}
	r.fail("a kind of value, not " + strconv.Quote(name))
	return task.Value{}
}

// members reads an object, calling one behind each name.
func (r *reader) members(one func(task.Field)) {
	r.need('{')
	if r.more('}') {
		return
	}
	for r.err == nil {
		f := r.field()
		r.need(':')
		one(f)
		if !r.more(',') {
			break
		}
	}
	r.need('}')
}

// items reads a list, calling one for each item.
func (r *reader) items(one func()) {
	r.need('[')
	for r.err == nil {
		one()
		if !r.more(',') {
			break
		}
	}
	r.need(']')
}

func readValue(s sql.NullString) (task.Value, error) {
	if !s.Valid {
		return task.Value{}, nil
	}
	r := reader{s: s.String}
	v := r.value()
	return v, r.end()
}

// forms reads values, and most of them once only: words, days and people stand in many rows, and a source that shows all
// of a task has the agreed values as its base. Finding what was read is quicker than reading it again, and saves memory.
type forms struct {
	seen  [task.FieldCount]map[string]task.Value
	whole map[string]*task.Values
}

// keep remembers a whole form. What vs points to must not change.
func (m *forms) keep(s string, vs *task.Values) {
	if m.whole == nil {
		m.whole = map[string]*task.Values{}
	}
	m.whole[s] = vs
}

// seenLimit is how many texts of a field are remembered. More are not likely to come again.
const seenLimit = 4096

func (m *forms) values(s string) (task.Values, error) {
	if vs, ok := m.whole[s]; ok {
		return *vs, nil
	}
	var vs task.Values
	r := reader{s: s}
	r.members(func(f task.Field) {
		switch {
		case r.at >= len(r.s) || r.s[r.at] != '"':
			vs[f] = r.value()
		case f.Kind() == task.Text: // seldom twice the same, and quickly read
			vs[f] = r.parse(task.Text, r.text())
		default:
			vs[f] = m.known(&r, f, r.text())
		}
	})
	return vs, r.end()
}

func (m *forms) known(r *reader, f task.Field, text string) task.Value {
	if v, ok := m.seen[f][text]; ok {
		return v
	}
	v := r.parse(f.Kind(), text)
	if r.err == nil && len(m.seen[f]) < seenLimit {
		if m.seen[f] == nil {
			m.seen[f] = map[string]task.Value{}
		}
		m.seen[f][text] = v
	}
	return v
}

func readChanges(s sql.NullString) ([]task.Change, error) {
	if !s.Valid {
		return nil, nil
	}
	var out []task.Change
	r := reader{s: s.String}
	r.items(func() {
		var c task.Change
		r.need('[')
		c.Field = r.field()
		r.need(',')
		c.From = r.value()
		r.need(',')
		c.To = r.value()
		r.need(']')
		out = append(out, c)
	})
	return out, r.end()
}

func readClaims(s sql.NullString) ([]store.Claim, error) {
	if !s.Valid {
		return nil, nil
	}
	var out []store.Claim
	r := reader{s: s.String}
	r.items(func() {
		var c store.Claim
		r.need('[')
		c.Source = task.SourceID(r.text())
		r.need(',')
		c.Value = r.value()
		r.need(',')
		c.By = r.text()
		r.need(',')
		c.At = r.millis()
		r.need(']')
		out = append(out, c)
	})
	return out, r.end()
}
