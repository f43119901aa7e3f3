package config

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// spot is a place in the file, counted from 1. Line 0 means the file as a whole.
type spot struct{ line, col int }

type kind uint8

const (
	nothing kind = iota // null, or a key without a value
	scalar
	mapping
	list
)

func (k kind) String() string {
	switch k {
	case scalar:
		return "a single value"
	case mapping:
		return "keys and values"
	case list:
		return "a list"
	case nothing:
	}
	return "nothing"
}

// value is one place of the file, with anchors, aliases and merge keys followed and ${NAME} expanded.
type value struct {
	kind    kind
	at      spot
	text    string // scalar: after expansion
	shown   string // scalar: as it stands in the file, which is all that messages may quote
	numeral bool   // scalar: YAML reads it as a number or a truth value, and nobody put it in quotes
	broken  bool   // a mistake in it has been reported
	blank   bool   // broken because there is no text in it
	entries []entry
	items   []*value
}

type entry struct {
	name  string
	at    spot
	value *value
}

// among are the entries of these names, in the order of the file.
func (v *value) among(names ...string) []*entry {
	var out []*entry
	for i := range v.entries {
		if slices.Contains(names, v.entries[i].name) {
			out = append(out, &v.entries[i])
		}
	}
	slices.SortFunc(out, func(a, b *entry) int {
		return cmp.Or(cmp.Compare(a.at.line, b.at.line), cmp.Compare(a.at.col, b.at.col))
	})
	return out
}

// get returns the value of a key; nil where there is none, or v is no mapping.
func (v *value) get(name string) *value {
	if e := v.entry(name); e != nil {
		return e.value
	}
	return nil
}

func (v *value) entry(name string) *entry {
	if v == nil {
		return nil
	}
	for i := range v.entries {
		if v.entries[i].name == name {
			return &v.entries[i]
		}
	}
	return nil
}

// str is a scalar's text, "" where there is none or its mistake has been reported.
func (v *value) str() string {
	if v == nil || v.kind != scalar || v.broken {
		return ""
	}
	return v.text
}

// planter grows the tree from the parsed file.
type planter struct {
	env     func(string) (string, bool)
	rep     *reporter
	anchors map[string]*value
	count   int
}

// plant reads YAML. It reports what is wrong and returns nil where there is no tree to go on with.
func plant(data []byte, env func(string) (string, bool), rep *reporter) *value {
	text, ok := readable(data, rep)
	if !ok {
		return nil
	}
	body, ok := parse(text, rep)
	if !ok {
		return nil
	}
	p := planter{env: env, rep: rep, anchors: map[string]*value{}}
	root := p.grow(body, spot{1, 1}, 0)
	if p.count > maxValues {
		rep.lost = nil // one mistake, not one for each place that it spoils
		rep.add(spot{1, 1}, "the file holds more than %d values once its aliases are followed: use fewer aliases", maxValues)
		return nil
	}
	if root.kind != mapping {
		rep.add(root.at, "%s where the file should hold keys and values: begin with listen:, google: and partnerships:", root.kind)
		return nil
	}
	return root
}

func (p *planter) grow(n ast.Node, near spot, depth int) *value {
	p.count++
	if n == nil || depth > 2*maxDepth || p.count > maxValues {
		return &value{at: near}
	}
	v := &value{at: place(n)}
	switch n := n.(type) {
	case *ast.NullNode:
		v.at = near
	case *ast.MappingNode:
		v.kind = mapping
		p.fill(v, n.Values, depth)
	case *ast.MappingValueNode:
		v.kind = mapping
		p.fill(v, []*ast.MappingValueNode{n}, depth)
	case *ast.SequenceNode:
		v.kind = list
		for _, it := range n.Values {
			v.items = append(v.items, p.grow(it, v.at, depth+1))
		}
	case *ast.AnchorNode:
		w := p.grow(n.Value, near, depth+1)
		p.anchors[n.Name.String()] = w
		return w
	case *ast.AliasNode:
		return p.follow(n, v)
	case *ast.TagNode:
		switch n.Start.Value {
		case "!!str", "!!int", "!!float", "!!bool", "!!map", "!!seq":
			return p.grow(n.Value, near, depth+1)
		}
		p.rep.add(v.at, "the tag %s is not understood: remove it", quote(n.Start.Value))
		v.broken = true
	case *ast.StringNode:
		p.text(v, n.Value)
	case *ast.LiteralNode:
		p.text(v, strings.TrimSuffix(n.Value.Value, "\n"))
	case ast.ScalarNode:
		v.kind, v.numeral = scalar, true
		v.text = n.GetToken().Value
		v.shown = v.text
	default:
		p.rep.add(v.at, "this is not understood here: write a value, a list or keys")
		v.broken = true
	}
	return v
}

// follow returns a copy of what the alias names. The copy counts as often as it is used, so that aliases of aliases
// cannot grow without end.
func (p *planter) follow(n *ast.AliasNode, v *value) *value {
	name := n.Value.String()
	w, ok := p.anchors[name]
	if !ok {
		p.rep.add(v.at, "no anchor %s comes before this alias: write &%s where the value first stands", quote("&"+name), clip(name))
		v.broken = true
		return v
	}
	p.count += w.size(maxValues - p.count)
	c := *w
	return &c
}

// size counts the values below v, and stops at the limit.
func (v *value) size(limit int) int {
	n := 1
	for _, e := range v.entries {
		if n > limit {
			return n
		}
		n += e.value.size(limit - n)
	}
	for _, it := range v.items {
		if n > limit {
			return n
		}
		n += it.size(limit - n)
	}
	return n
}

func (p *planter) fill(v *value, pairs []*ast.MappingValueNode, depth int) {
	seen := map[string]spot{}
	var merged []*value
	for _, pair := range pairs {
		at := place(pair.Key)
		if _, ok := pair.Key.(*ast.MergeKeyNode); ok {
			merged = append(merged, p.grow(pair.Value, at, depth+1))
			continue
		}
		name, ok := keyName(pair.Key)
		if !ok {
			p.rep.add(at, "a key must be a plain word: write it without brackets, anchors or tags")
			continue
		}
		if first, dup := seen[name]; dup {
			p.rep.add(at, "the key %s stands here a second time (first in line %d): keep one of the two", quote(name), first.line)
			continue
		}
		seen[name] = at
		v.entries = append(v.entries, entry{name, at, p.grow(pair.Value, at, depth+1)})
	}
	for _, m := range merged {
		p.merge(v, m)
	}
}

// merge adds what << brings in; a key that stands in the mapping itself wins.
func (p *planter) merge(v, from *value) {
	switch from.kind {
	case mapping:
		for _, e := range from.entries {
			if v.entry(e.name) == nil {
				v.entries = append(v.entries, e)
			}
		}
	case list:
		for _, it := range from.items {
			if it.kind == list {
				p.rep.add(it.at, "<< takes keys and values, or a list of such: name an anchor of that kind")
				continue
			}
			p.merge(v, it)
		}
	case scalar, nothing:
		if !from.broken {
			p.rep.add(from.at, "<< takes keys and values: name an anchor of that kind, as in <<: *name")
		}
	}
}

func keyName(k ast.MapKeyNode) (string, bool) {
	switch k := k.(type) {
	case *ast.StringNode:
		return k.Value, true
	case *ast.NullNode, *ast.BoolNode, *ast.IntegerNode, *ast.FloatNode:
		return k.GetToken().Value, true
	}
	return "", false
}

// text fills in a string, with each ${NAME} replaced. That happens after parsing, so that a value with ": " or " #" in
// it stays whole, and $${ stands for a plain ${.
func (p *planter) text(v *value, raw string) {
	v.kind, v.shown, v.text = scalar, raw, raw
	if !strings.Contains(raw, "${") {
		return
	}
	out, err := expand(raw, p.env)
	if err != nil {
		p.rep.add(v.at, "%w", err)
		v.broken = true
	}
	v.text = out
}

func expand(raw string, env func(string) (string, bool)) (string, error) {
	var b strings.Builder
	for {
		i := strings.Index(raw, "${")
		if i < 0 {
			b.WriteString(raw)
			return b.String(), nil
		}
		if i > 0 && raw[i-1] == '$' {
			b.WriteString(raw[:i-1] + "${")
			raw = raw[i+2:]
			continue
		}
		b.WriteString(raw[:i])
		name, rest, closed := strings.Cut(raw[i+2:], "}")
		if !closed || !envName(name) {
			return "", errors.New("${ must be followed by the name of an environment variable and }, as in ${JIRA_TOKEN}: write $${ for a plain ${")
		}
		val, ok := env(name)
		if !ok {
			return "", fmt.Errorf("the environment variable %s is not set: set it, or write the value here", name)
		}
		b.WriteString(val)
		raw = rest
	}
}

func envName(s string) bool {
	for i, r := range s {
		if r != '_' && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return s != "" && len(s) <= 100
}
