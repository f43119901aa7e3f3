package google

import (
	"encoding/json"
	"maps"
	"strings"
)

// mask is a parsed field mask: which fields of a message are wanted. A nil mask wants nothing; one with all set wants
// everything below it.
type mask struct {
	all  bool
	kids map[string]*mask
}

// parseMask reads a mask such as "a,b(c,d/e),f.g.h" or "*". An empty one is nil. Names are taken in camelCase or snake_case.
func parseMask(s string) (*mask, error) {
	if strings.TrimSpace(s) == "" {
		return nil, nil //nolint:nilnil // no mask was given, which is not an error
	}
	root := &mask{}
	p := maskParser{s: s}
	if !p.list(root) || p.i != len(s) {
		return nil, badField("fields", "Invalid value at 'fields' (type.googleapis.com/google.protobuf.FieldMask), %q", s)
	}
	return root, nil
}

type maskParser struct {
	s string
	i int
}

// list reads paths parted by commas, up to the end or a closing bracket.
func (p *maskParser) list(into *mask) bool {
	for {
		if !p.path(into) {
			return false
		}
		if p.i < len(p.s) && p.s[p.i] == ',' {
			p.i++
			continue
		}
		return true
	}
}

func (p *maskParser) path(into *mask) bool {
	at := into
	for {
		start := p.i
		for p.i < len(p.s) && !strings.ContainsRune(",()/.", rune(p.s[p.i])) {
			p.i++
		}
		name := strings.TrimSpace(p.s[start:p.i])
		if name == "" {
			return false
		}
		at = at.kid(camel(name))
		if p.i == len(p.s) || p.s[p.i] == ',' || p.s[p.i] == ')' {
			at.all = true
			return true
		}
		if p.s[p.i] == '(' {
			p.i++
			if !p.list(at) || p.i == len(p.s) || p.s[p.i] != ')' {
				return false
			}
			p.i++
			for p.i < len(p.s) && p.s[p.i] == ' ' {
				p.i++
			}
			return p.i == len(p.s) || p.s[p.i] == ',' || p.s[p.i] == ')'
		}
		p.i++ // a "." or "/" goes one level down
	}
}

func (m *mask) kid(name string) *mask {
	if name == "*" {
		return m
	}
	if m.kids == nil {
		m.kids = map[string]*mask{}
	}
	if m.kids[name] == nil {
		m.kids[name] = &mask{}
	}
	return m.kids[name]
}

// under is the mask for one field of the message: nil when the field is not wanted.
func (m *mask) under(name string) *mask {
	if m == nil || m.all {
		return m
	}
	return m.kids[name]
}

// only reports whether nothing but this field is wanted, and that by name.
func (m *mask) only(name string) bool {
	return m != nil && !m.all && len(m.kids) == 1 && m.kids[name] != nil
}

// reaches reports whether anything below the path is wanted by name or by a wildcard.
func (m *mask) reaches(names ...string) bool {
	for _, n := range names {
		if m = m.under(n); m == nil {
			return false
		}
	}
	return true
}

// prune returns what the mask wants of a JSON tree. Raw JSON was pruned when it was written and passes unchanged. An
// object of a list stays, if only as {}; an object that is a field and of which nothing is left goes.
func (m *mask) prune(v any) any {
	if m == nil || m.all {
		return v
	}
	switch x := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(m.kids))
		for k, e := range x {
			sub := m.kids[k]
			if sub == nil {
				continue
			}
			kept := sub.prune(e)
			if o, ok := kept.(map[string]any); ok && len(o) == 0 && !sub.all {
				continue
			}
			out[k] = kept
		}
		return out
	case []any:
		out := make([]any, len(x))
		for i, e := range x {
			out[i] = m.prune(e)
		}
		return out
	case []map[string]any:
		out := make([]any, len(x))
		for i, e := range x {
			out[i] = m.prune(e)
		}
		return out
	case json.RawMessage:
		return x
	}
	return v
}

// assign returns a copy of dst with the fields that the mask names taken from src: absent in src means cleared.
func (m *mask) assign(dst, src map[string]any) map[string]any {
	if m.all {
		return src
	}
	out := make(map[string]any, len(dst)+len(m.kids))
	maps.Copy(out, dst)
	for k, sub := range m.kids {
		from, has := src[k]
		if sub.all || !has {
			if has && from != nil {
				out[k] = from
			} else if sub.all || !has {
				delete(out, k)
			}
			continue
		}
		fromMap, ok := from.(map[string]any)
		if !ok {
			out[k] = from
			continue
		}
		old, _ := out[k].(map[string]any)
		out[k] = sub.assign(old, fromMap)
	}
	return out
}

// camel turns user_entered_value into userEnteredValue and leaves names that are so already.
func camel(s string) string {
	if !strings.Contains(s, "_") {
		return s
	}
	var b strings.Builder
	for i, part := range strings.Split(s, "_") {
		if i > 0 && part != "" {
			part = strings.ToUpper(part[:1]) + part[1:]
		}
		b.WriteString(part)
	}
	return b.String()
}

// snake turns userEnteredValue into user_entered_value, as error messages name fields.
func snake(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r >= 'A' && r <= 'Z' {
			b.WriteByte('_')
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}
