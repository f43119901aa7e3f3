package jira

import (
	"fmt"
	"strings"
	"unicode"
)

// A query of the Jira Query Language is read in three steps: tokens (here), a tree (jql_parse.go), and a function from an
// issue to yes or no (jql_eval.go). Complaints are worded as Jira words them, since clients show them to people.

type tokenKind int

const (
	tokEnd tokenKind = iota
	tokWord
	tokString
	tokOp    // = != < <= > >= ~ !~
	tokPunct // ( ) ,
)

type token struct {
	kind tokenKind
	text string
	line int // both count from 1
	char int
}

// is reports whether the token is an unquoted keyword.
func (t token) is(word string) bool { return t.kind == tokWord && strings.EqualFold(t.text, word) }

// jqlError is a query that cannot be run; its text is the answer's errorMessages.
type jqlError struct{ messages []string }

func (e *jqlError) Error() string { return strings.Join(e.messages, " ") }

func syntax(line, char int, format string, args ...any) error {
	return &jqlError{[]string{fmt.Sprintf("Error in the JQL Query: "+format, args...) + fmt.Sprintf(" (line %d, character %d)", line, char)}}
}

// reservedChars may stand in a word only inside quotes.
const reservedChars = "+.,;?|*/%^$#@[]{}"

// reservedWords may be values or fields only inside quotes. Keywords that the grammar itself reads are not among them.
const reservedWords = " abort access add after alias all alter and any are as asc at audit avg before begin between boolean break by byte " +
	"catch cf char character check checkpoint collate collation column commit connect continue count create current date " +
	"decimal declare decrement default defaults define delete delimiter desc difference distinct divide do double drop else " +
	"empty encoding end equals escape exclusive exec execute exists explain false fetch file field first float for from " +
	"function go goto grant greater group having identified if immediate in increment index initial inner inout input insert " +
	"int integer intersect intersection into is isempty isnull join last left less like limit lock long max min minus mode " +
	"modify modulo more multiply next noaudit not notin nowait null number object of on option or order outer output power " +
	"previous prior privileges public raise raw remainder rename resource return returns revoke right row rowid rownum rows " +
	"select session set share size sqrt start strict string subtract sum synonym table then to trans transaction trigger " +
	"true uid union unique update user validate values view was when whenever where while with "

func reserved(word string) bool {
	return strings.Contains(reservedWords, " "+strings.ToLower(word)+" ")
}

type lexer struct {
	src        []rune
	pos        int
	line, char int
}

// lex cuts a query into tokens; the last one is tokEnd.
func lex(query string) ([]token, error) {
	l := &lexer{src: []rune(query), line: 1, char: 1}
	var out []token
	for {
		t, err := l.next()
		if err != nil {
			return nil, err
		}
		out = append(out, t)
		if t.kind == tokEnd {
			return out, nil
		}
	}
}

func (l *lexer) peek() rune {
	if l.pos >= len(l.src) {
		return 0
	}
	return l.src[l.pos]
}

func (l *lexer) take() rune {
	r := l.src[l.pos]
	l.pos++
	l.char++
	if r == '\n' {
		l.line, l.char = l.line+1, 1
	}
	return r
}

func (l *lexer) next() (token, error) {
	for l.pos < len(l.src) && unicode.IsSpace(l.peek()) {
		l.take()
	}
	t := token{line: l.line, char: l.char}
	if l.pos >= len(l.src) {
		return t, nil
	}
	switch r := l.peek(); r {
	case '(', ')', ',':
		t.kind, t.text = tokPunct, string(l.take())
	case '=', '~':
		t.kind, t.text = tokOp, string(l.take())
	case '<', '>', '!':
		l.take()
		t.kind, t.text = tokOp, string(r)
		if n := l.peek(); n == '=' || r == '!' && n == '~' {
			t.text += string(l.take())
		}
		if t.text == "!" { // short for NOT
			t.kind = tokWord
		}
	case '&', '|':
		l.take()
		t.kind, t.text = tokWord, map[rune]string{'&': "AND", '|': "OR"}[r]
		if l.peek() == r {
			l.take()
		}
	case '"', '\'':
		text, err := l.quoted()
		t.kind, t.text = tokString, text
		return t, err
	default:
		text, err := l.word()
		t.kind, t.text = tokWord, text
		return t, err
	}
	return t, nil
}

func (l *lexer) quoted() (string, error) {
	line, char := l.line, l.char
	end := l.take()
	var b strings.Builder
	for l.pos < len(l.src) {
		r := l.take()
		switch r {
		case end:
			return b.String(), nil
		case '\n', '\r':
			return "", syntax(line, char, "The quoted string '%s' has not been completed.", b.String())
		case '\\':
			e, err := l.escape()
			if err != nil {
				return "", err
			}
			b.WriteRune(e)
		default:
			b.WriteRune(r)
		}
	}
	return "", syntax(line, char, "The quoted string '%s' has not been completed.", b.String())
}

// escape reads what follows a backslash: t n r \ ' " space, or u with four hex digits.
func (l *lexer) escape() (rune, error) {
	if l.pos >= len(l.src) {
		return 0, syntax(l.line, l.char, `'\' is an illegal JQL escape sequence. The valid escape sequences are \', \", \t, \n, \r, \\, '\ ' and \uXXXX.`)
	}
	line, char := l.line, l.char-1
	switch r := l.take(); r {
	case 't':
		return '\t', nil
	case 'n':
		return '\n', nil
	case 'r':
		return '\r', nil
	case '\\', '\'', '"', ' ':
		return r, nil
	case 'u':
		var code rune
		if l.pos+4 <= len(l.src) {
			if _, err := fmt.Sscanf(string(l.src[l.pos:l.pos+4]), "%04x", &code); err == nil {
				for range 4 {
					l.take()
				}
				return code, nil
			}
		}
		return 0, syntax(line, char, `'\u' is an illegal JQL escape sequence. The valid escape sequences are \', \", \t, \n, \r, \\, '\ ' and \uXXXX.`)
	default:
		return 0, syntax(line, char, `'\%c' is an illegal JQL escape sequence. The valid escape sequences are \', \", \t, \n, \r, \\, '\ ' and \uXXXX.`, r)
	}
}

func (l *lexer) word() (string, error) {
	var b strings.Builder
	for l.pos < len(l.src) {
		r := l.peek()
		switch {
		case unicode.IsSpace(r) || strings.ContainsRune("()=!<>~&|\"',", r):
			return b.String(), nil
		case r == '\\':
			l.take()
			e, err := l.escape()
			if err != nil {
				return "", err
			}
			b.WriteRune(e)
			continue
		case r == '[' && strings.EqualFold(b.String(), "cf"): // cf[10042] is a custom field
			for l.pos < len(l.src) {
				if b.WriteRune(l.peek()); l.take() == ']' {
					break
				}
			}
			continue
		case strings.ContainsRune(reservedChars, r):
			return "", syntax(l.line, l.char, `The character '%c' is a reserved JQL character. You must enclose it in a string or use the escape '\u%04x' instead.`, r, r)
		}
		b.WriteRune(l.take())
	}
	return b.String(), nil
}
