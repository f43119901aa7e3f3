package google

import (
	"embed"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// The message types of the three APIs, one file each, in a short form of Google's discovery documents: a message's name
// at the start of a line, its fields indented under it. A test keeps them equal to the documents.
//
//go:embed schema/*.txt
var schemaFiles embed.FS

// schema knows the fields of every message of an API. Requests are held against it, as the real API does.
type schema struct {
	messages map[string]map[string]fieldType
}

type fieldType struct {
	base string // string, bool, int32, int64, double, any, enum, or a message
	list int    // how deep a list of base
	dict bool   // a map from strings to base
	enum []string
}

var (
	sheetsSchema = sync.OnceValue(func() *schema { return readSchema("sheets") })
	docsSchema   = sync.OnceValue(func() *schema { return readSchema("docs") })
	driveSchema  = sync.OnceValue(func() *schema { return readSchema("drive") })
)

func readSchema(name string) *schema {
	b, err := schemaFiles.ReadFile("schema/" + name + ".txt")
	if err != nil {
		return &schema{} // cannot be: the file is part of the program
	}
	s := &schema{messages: map[string]map[string]fieldType{}}
	var at map[string]fieldType
	for line := range strings.Lines(string(b)) {
		line = strings.TrimRight(line, "\n")
		if line == "" {
			continue
		}
		if line[0] != ' ' {
			at = map[string]fieldType{}
			s.messages[line] = at
			continue
		}
		field, spec, _ := strings.Cut(line[1:], " ")
		var t fieldType
		for strings.HasPrefix(spec, "[]") {
			t.list++
			spec = spec[2:]
		}
		if rest, ok := strings.CutPrefix(spec, "{}"); ok {
			t.dict, spec = true, rest
		}
		if rest, ok := strings.CutPrefix(spec, "enum "); ok {
			t.enum, spec = strings.Split(rest, "|"), "enum"
		}
		t.base = spec
		at[field] = t
	}
	return s
}

// check holds v, a decoded JSON value, against the message. It evens out what the JSON form of a message leaves open:
// whole numbers sent as strings become numbers, snake_case names become camelCase, nulls go. path is for error messages.
func (s *schema) check(message string, v any, path string) error {
	o, ok := v.(map[string]any)
	if !ok {
		return badValue(path, message, v)
	}
	fields := s.messages[message]
	var rename [][2]string
	for k, e := range o {
		t, known := fields[k]
		name := k
		if !known {
			name = camel(k)
			if t, known = fields[name]; !known {
				at := ""
				if path != "" {
					at = " at '" + path + "'"
				}
				return badField(path, "Invalid JSON payload received. Unknown name %q%s: Cannot find field.", k, at)
			}
			rename = append(rename, [2]string{k, name})
		}
		if e == nil {
			delete(o, k)
			continue
		}
		fixed, err := s.checkField(t, t.list, e, func() string { return join(path, snake(name)) })
		if err != nil {
			return err
		}
		o[k] = fixed
	}
	for _, r := range rename {
		if e, ok := o[r[0]]; ok {
			delete(o, r[0])
			o[r[1]] = e
		}
	}
	return nil
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// checkField takes the path as a function: it is only ever built for an error message, and a batch has a million fields.
func (s *schema) checkField(t fieldType, depth int, v any, path func() string) (any, error) {
	if depth > 0 {
		xs, ok := v.([]any)
		if !ok {
			if depth < t.list || t.list > 1 {
				return nil, badField(path(), "Invalid value at '%s' (type.googleapis.com/google.protobuf.ListValue), %s", path(), quote(v))
			}
			return nil, badValue(path(), t.base, v)
		}
		for i, x := range xs {
			if x == nil {
				continue
			}
			fixed, err := s.checkField(t, depth-1, x, func() string { return path() + "[" + strconv.Itoa(i) + "]" })
			if err != nil {
				return nil, err
			}
			xs[i] = fixed
		}
		return xs, nil
	}
	if t.dict {
		o, ok := v.(map[string]any)
		if !ok {
			return nil, badValue(path(), t.base, v)
		}
		inner := t
		inner.dict = false
		for k, x := range o {
			fixed, err := s.checkField(inner, 0, x, func() string { return path() + "[" + k + "]" })
			if err != nil {
				return nil, err
			}
			o[k] = fixed
		}
		return o, nil
	}
	switch t.base {
	case "any":
		return v, nil
	case "string":
		if _, ok := v.(string); !ok {
			return nil, badScalar(path(), "TYPE_STRING", v)
		}
		return v, nil
	case "bool":
		switch x := v.(type) {
		case bool:
			return x, nil
		case string:
			if x == "true" || x == "false" {
				return x == "true", nil
			}
		}
		return nil, badScalar(path(), "TYPE_BOOL", v)
	case "int32", "int64", "double":
		f, ok := v.(float64)
		if str, isString := v.(string); isString {
			parsed, err := strconv.ParseFloat(str, 64)
			f, ok = parsed, err == nil
		}
		if !ok || t.base != "double" && f != float64(int64(f)) || t.base == "int32" && f != float64(int32(f)) {
			return nil, badScalar(path(), "TYPE_"+strings.ToUpper(t.base), v)
		}
		return f, nil
	case "enum":
		switch x := v.(type) {
		case string:
			if slices.Contains(t.enum, x) {
				return x, nil
			}
		case float64:
			if i := int(x); float64(i) == x && i >= 0 && i < len(t.enum) {
				return t.enum[i], nil
			}
		}
		return nil, badScalar(path(), "TYPE_ENUM", v)
	}
	return v, s.check(t.base, v, path())
}

func quote(v any) string {
	if s, ok := v.(string); ok {
		return strconv.Quote(s)
	}
	return fmt.Sprint(v)
}

func badScalar(path, wanted string, v any) error {
	return badField(path, "Invalid value at '%s' (%s), %s", path, wanted, quote(v))
}

func badValue(path, message string, v any) error {
	return badField(path, "Invalid value at '%s' (type.googleapis.com/google.apps.sheets.v4.%s), %s", path, message, quote(v))
}

// checkMask refuses a mask that names a field which the message does not have.
func (s *schema) checkMask(message string, m *mask, path string) error {
	if m == nil {
		return nil
	}
	fields := s.messages[message]
	for _, name := range slices.Sorted(maps.Keys(m.kids)) {
		at := path + name
		t, ok := fields[name]
		if !ok {
			return badMask(at)
		}
		sub := m.kids[name]
		if len(sub.kids) == 0 || t.base == "any" || t.dict {
			continue
		}
		if s.messages[t.base] == nil {
			return badMask(at + "." + slices.Sorted(maps.Keys(sub.kids))[0])
		}
		if err := s.checkMask(t.base, sub, at+"."); err != nil {
			return err
		}
	}
	return nil
}
