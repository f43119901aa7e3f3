package config

import (
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// What a file may hold. A real configuration is far below each of these; they stop a wrong file, or aliases of aliases,
// from eating the machine.
const (
	maxBytes  = 1 << 20
	maxDepth  = 64
	maxMarks  = 1000    // anchors, aliases and tags
	maxValues = 200_000 // after aliases are followed
)

// readable checks the bytes, and returns them with line ends as \n and without a byte order mark.
func readable(data []byte, rep *reporter) (string, bool) {
	switch {
	case len(data) > maxBytes:
		rep.add(spot{}, "the file has %d bytes and the limit is %d: is this the configuration?", len(data), maxBytes)
		return "", false
	case strings.HasPrefix(string(data), "\xff\xfe"), strings.HasPrefix(string(data), "\xfe\xff"):
		rep.add(spot{1, 1}, "the file is in UTF-16: save it as UTF-8")
		return "", false
	}
	text := strings.TrimPrefix(string(data), "\ufeff")
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	rep.lines = strings.Split(strings.ToValidUTF8(text, "\uFFFD"), "\n")
	line, col := 1, 1
	for i, r := range text {
		bad := ""
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(text[i:], "\uFFFD"):
			bad = "is not UTF-8: save the file as UTF-8"
		case r < ' ' && r != '\n' && r != '\t', r == 0x7f:
			bad = "is a control character: remove it"
		}
		if bad != "" {
			rep.add(spot{line, col}, "this byte (0x%02x) %s", text[i], bad)
			return "", false
		}
		col++
		if r == '\n' {
			line, col = line+1, 1
		}
	}
	return text, true
}

// parse runs the YAML parser, which is somebody else's code: should it panic, that is a mistake in the file too.
func parse(text string, rep *reporter) (body ast.Node, ok bool) {
	defer func() {
		if p := recover(); p != nil {
			rep.add(spot{1, 1}, "the YAML parser gave up on this file: simplify its layout")
			body, ok = nil, false
		}
	}()
	if deep := tooDeep(text); deep != (spot{}) {
		rep.add(deep, "nested too deep: a configuration needs no more than %d levels", maxDepth)
		return nil, false
	}
	tokens := lexer.Tokenize(text)
	if at := tooMany(tokens); at != (spot{}) {
		rep.add(at, "too many anchors, aliases and tags: the limit is %d", maxMarks)
		return nil, false
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		reportSyntax(err, rep)
		return nil, false
	}
	docs := 0
	for _, d := range file.Docs {
		if _, directive := d.Body.(*ast.DirectiveNode); d.Body == nil || directive {
			continue
		}
		if docs++; docs == 1 {
			body = d.Body
			continue
		}
		rep.add(place(d.Body), "a second document begins here: keep everything in one, without --- in between")
	}
	if docs == 0 {
		rep.add(spot{1, 1}, "the file is empty: it needs at least google: and partnerships:")
	}
	return body, docs == 1
}

func reportSyntax(err error, rep *reporter) {
	var se *yaml.SyntaxError
	if !errors.As(err, &se) || se.Token == nil || se.Token.Position == nil {
		rep.add(spot{1, 1}, "not valid YAML: check the indentation, quotes and brackets")
		return
	}
	at := spot{se.Token.Position.Line, se.Token.Position.Column}
	line := rep.line(at.line)
	msg, _, _ := strings.Cut(se.Message, "\n")
	switch {
	case strings.Contains(line, "${") && strings.ContainsAny(line, "{["):
		msg = `write "${NAME}" in quotes where it stands inside { } or [ ]`
	case strings.Contains(line[:len(line)-len(strings.TrimLeft(line, " \t"))], "\t"):
		msg = "a tab in the indentation: use spaces"
	case strings.Contains(msg, "mapping value is not allowed"):
		msg = `a second ": " here: put the value in quotes, or mend the indentation`
	case strings.Contains(msg, "reserved character"):
		msg += ": put the value in quotes"
	case strings.Contains(msg, "could not find end character"):
		msg = "this quote is never closed: close it"
	case strings.Contains(msg, "must be specified"), strings.Contains(msg, "not found"):
		msg += ": close every [ and {"
	case strings.Contains(msg, "unknown escape"):
		msg += `: write \\ for a backslash, or use single quotes`
	default:
		msg += ": check the indentation, quotes and brackets"
	}
	rep.add(at, "not valid YAML: %s", msg)
}

// tooDeep finds nesting that would overrun the parser's stack. It looks at the raw text, brackets in quotes included: no
// configuration comes near the limit either way.
func tooDeep(text string) spot {
	depth := 0
	for n, line := range strings.Split(text, "\n") {
		dashes := 0
		for i := range len(line) {
			switch line[i] {
			case '[', '{':
				depth++
			case ']', '}':
				depth = max(0, depth-1)
			case '-', '?':
				if i+1 == len(line) || line[i+1] == ' ' {
					dashes++
				}
			}
			if indent := i; depth > maxDepth || dashes > maxDepth && strings.Trim(line[:i], " -?") == "" {
				return spot{n + 1, indent + 1}
			}
		}
	}
	return spot{}
}

func tooMany(tokens token.Tokens) spot {
	n := 0
	for _, t := range tokens {
		switch t.Type { //nolint:exhaustive // only these are counted
		case token.AnchorType, token.AliasType, token.TagType:
			if n++; n > maxMarks {
				return spot{t.Position.Line, t.Position.Column}
			}
		}
	}
	return spot{}
}

func place(n ast.Node) spot {
	if m, ok := n.(*ast.MappingNode); ok && !m.IsFlowStyle && len(m.Values) > 0 {
		return place(m.Values[0].Key)
	}
	if m, ok := n.(*ast.MappingValueNode); ok {
		return place(m.Key)
	}
	t := n.GetToken()
	if t == nil || t.Position == nil {
		return spot{1, 1}
	}
	return spot{t.Position.Line, t.Position.Column}
}
