package jira

import "strings"

// node is a part of a query: and, or, or one clause. Negation is pushed down into the clauses while reading, as Jira
// does: NOT labels = x is labels != x, which an issue without labels does not match either.
type node struct {
	op     string // "and", "or", "clause"
	kids   []node
	clause clause
}

type clause struct {
	field    string
	operator string // = != < <= > >= ~ !~ in, not in, is, is not
	values   []operand
}

// operand is a value as it was written: a word, a quoted string, a function, or EMPTY.
type operand struct {
	text   string
	quoted bool
	empty  bool
	call   string // name of the function
	args   []string
}

type ordering struct {
	field string
	desc  bool
}

type query struct {
	where *node // nil: unbounded
	order []ordering
}

type parser struct {
	tokens []token
	pos    int
}

func parseJQL(text string) (*query, error) {
	tokens, err := lex(text)
	if err != nil {
		return nil, err
	}
	p := &parser{tokens: tokens}
	q := &query{}
	if !p.now().is("order") && p.now().kind != tokEnd {
		n, err := p.or(false)
		if err != nil {
			return nil, err
		}
		q.where = &n
	}
	if p.now().is("order") {
		if q.order, err = p.orderBy(); err != nil {
			return nil, err
		}
	}
	if t := p.now(); t.kind != tokEnd {
		return nil, syntax(t.line, t.char, "Expecting either 'OR' or 'AND' but got '%s'.", t.text)
	}
	return q, nil
}

func (p *parser) now() token { return p.tokens[p.pos] }

func (p *parser) take() token {
	t := p.tokens[p.pos]
	if t.kind != tokEnd {
		p.pos++
	}
	return t
}

// or reads a list of what and reads; under a NOT each of the two is the other, by De Morgan.
func (p *parser) or(negate bool) (node, error) { return p.list("or", negate, p.and) }

func (p *parser) and(negate bool) (node, error) { return p.list("and", negate, p.not) }

func (p *parser) list(word string, negate bool, part func(bool) (node, error)) (node, error) {
	op := word
	if negate {
		op = map[string]string{"or": "and", "and": "or"}[word]
	}
	first, err := part(negate)
	if err != nil {
		return node{}, err
	}
	kids := []node{first}
	for p.now().is(word) {
		p.take()
		next, err := part(negate)
		if err != nil {
			return node{}, err
		}
		kids = append(kids, next)
	}
	if len(kids) == 1 {
		return first, nil
	}
	return node{op: op, kids: kids}, nil
}

func (p *parser) not(negate bool) (node, error) {
	t := p.now()
	if t.is("not") || t.is("!") {
		p.take()
		return p.not(!negate)
	}
	if t.kind == tokPunct && t.text == "(" {
		p.take()
		n, err := p.or(negate)
		if err != nil {
			return node{}, err
		}
		if end := p.take(); end.text != ")" || end.kind != tokPunct {
			return node{}, p.unexpected(end, "Expecting ')' before the end of the query.", "Expecting either ')' or 'OR' or 'AND' but got '%s'.")
		}
		return n, nil
	}
	return p.oneClause(negate)
}

func (p *parser) unexpected(t token, atEnd, format string) error {
	if t.kind == tokEnd {
		return syntax(t.line, t.char, "%s", atEnd)
	}
	return syntax(t.line, t.char, format, t.text)
}

var opposite = map[string]string{
	"=": "!=", "!=": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">", "~": "!~", "!~": "~",
	"in": "not in", "not in": "in", "is": "is not", "is not": "is",
}

func (p *parser) oneClause(negate bool) (node, error) {
	t := p.take()
	switch {
	case t.kind == tokEnd:
		return node{}, syntax(t.line, t.char, "Expecting either a field name, 'NOT' or '(' before the end of the query.")
	case t.kind == tokOp || t.kind == tokPunct:
		return node{}, syntax(t.line, t.char, "Expecting a field name but got '%s'. You must surround '%s' in quotation marks to use it as a field name.", t.text, t.text)
	case t.kind == tokWord && reserved(t.text):
		return node{}, syntax(t.line, t.char, "'%s' is a reserved JQL word. You must surround it in quotation marks to use it in a query.", t.text)
	}
	c := clause{field: t.text}
	op := p.take()
	switch {
	case op.kind == tokOp:
		c.operator = op.text
	case op.is("in"):
		c.operator = "in"
	case op.is("not") && p.now().is("in"):
		p.take()
		c.operator = "not in"
	case op.is("is"):
		c.operator = "is"
		if p.now().is("not") {
			p.take()
			c.operator = "is not"
		}
	default:
		return node{}, p.unexpected(op, "Expecting operator before the end of the query. The valid operators are '=', '!=', '<', '>', '<=', '>=', '~', '!~', 'IN', 'NOT IN', 'IS' and 'IS NOT'.",
			"Expecting operator but got '%s'. The valid operators are '=', '!=', '<', '>', '<=', '>=', '~', '!~', 'IN', 'NOT IN', 'IS' and 'IS NOT'.")
	}
	var err error
	if c.values, err = p.operands(c.operator); err != nil {
		return node{}, err
	}
	if negate {
		c.operator = opposite[c.operator]
	}
	return node{op: "clause", clause: c}, nil
}

func (p *parser) operands(operator string) ([]operand, error) {
	list := operator == "in" || operator == "not in"
	if t := p.now(); list && t.kind == tokPunct && t.text == "(" {
		p.take()
		var out []operand
		for {
			o, err := p.operand()
			if err != nil {
				return nil, err
			}
			out = append(out, o)
			switch end := p.take(); {
			case end.kind == tokPunct && end.text == ",":
			case end.kind == tokPunct && end.text == ")":
				return out, nil
			default:
				return nil, p.unexpected(end, "Expecting ')' before the end of the query.", "Expecting either ',' or ')' but got '%s'.")
			}
		}
	}
	t := p.now()
	if t.kind == tokPunct && t.text == "(" {
		return nil, syntax(t.line, t.char, "Operator '%s' does not support a list of values.", operator)
	}
	o, err := p.operand()
	if err != nil {
		return nil, err
	}
	if list && o.call == "" {
		return nil, syntax(t.line, t.char, "Expecting '(' but got '%s'.", t.text)
	}
	return []operand{o}, nil
}

func (p *parser) operand() (operand, error) {
	t := p.take()
	switch {
	case t.kind == tokString:
		return operand{text: t.text, quoted: true}, nil
	case t.is("empty") || t.is("null"):
		return operand{text: t.text, empty: true}, nil
	case t.kind != tokWord:
		return operand{}, p.unexpected(t, "Expecting either a value, list or function before the end of the query.",
			"Expecting either a value, list or function but got '%s'. You must surround '%[1]s' in quotation marks to use it as a value.")
	case reserved(t.text):
		return operand{}, syntax(t.line, t.char, "'%s' is a reserved JQL word. You must surround it in quotation marks to use it in a query.", t.text)
	}
	if n := p.now(); n.kind != tokPunct || n.text != "(" {
		return operand{text: t.text}, nil
	}
	p.take()
	o := operand{text: t.text, call: strings.ToLower(t.text)}
	for {
		a := p.take()
		switch {
		case a.kind == tokPunct && a.text == ")":
			return o, nil
		case a.kind == tokPunct && a.text == ",":
		case a.kind == tokWord || a.kind == tokString:
			o.args = append(o.args, a.text)
		default:
			return operand{}, p.unexpected(a, "Expecting ')' before the end of the query.", "Expecting ')' but got '%s'.")
		}
	}
}

func (p *parser) orderBy() ([]ordering, error) {
	p.take()
	if by := p.take(); !by.is("by") {
		return nil, p.unexpected(by, "Expecting 'BY' before the end of the query.", "Expecting 'BY' but got '%s'.")
	}
	var out []ordering
	for {
		t := p.take()
		if t.kind != tokWord && t.kind != tokString {
			return nil, p.unexpected(t, "Expecting a field name before the end of the query.", "Expecting a field name but got '%s'.")
		}
		o := ordering{field: strings.ToLower(t.text)}
		if n := p.now(); n.is("asc") || n.is("desc") {
			o.desc = n.is("desc")
			p.take()
		}
		out = append(out, o)
		if n := p.now(); n.kind != tokPunct || n.text != "," {
			return out, nil
		}
		p.take()
	}
}
