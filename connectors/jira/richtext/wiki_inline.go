package richtext

import (
	"html"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// inlineScan reads the markup within one line, by the rules of Jira's renderer.
type inlineScan struct {
	src   string
	tags  []tag
	code  []span
	table bool
	to    int // where the line's text ends: before the bars that close a row

	out    []piece
	hidden []bool // delimiters of phrases, by byte; those that close one are in ends
	ends   []bool
	plain  []bool // bytes that may be such delimiters
}

const escapable = `-#*_+?^~|%{}[]()!@`

var (
	entity     = regexp.MustCompile(`^&[#A-Za-z0-9][A-Za-z0-9]{1,7};`)
	address    = regexp.MustCompile(`^(?:https?://|ftps?://|mailto:|news:|nntp://|irc://|file:)[-_.!~*';/?:@#&=%+$,\pL\p{Nd}\[\]()]+`)
	fileName   = regexp.MustCompile(`\.[A-Za-z0-9]{2,5}$`)
	issueKey   = regexp.MustCompile(`^[A-Z][A-Z0-9_]+-\d+$`)
	linkTarget = regexp.MustCompile(`^(?:[A-Za-z][A-Za-z0-9+.-]*:|//|/|#|\^|~|\\\\|www\.)\S`)
)

// pieces are what the line shows from a place on.
func (c *inlineScan) pieces(from int) []piece {
	c.hidden, c.ends, c.plain = make([]bool, len(c.src)), make([]bool, len(c.src)), make([]bool, len(c.src))
	c.scan(from, c.to)
	var cells []int
	for i, p := range c.out {
		if p.text == cellSeparator && p.atom {
			cells = append(cells, i)
		}
	}
	start := from
	for _, i := range cells {
		c.phrases(start, c.out[i].from)
		start = c.out[i].to
	}
	c.phrases(start, c.to)
	return c.split()
}

func (c *inlineScan) add(p piece) { c.out = append(c.out, p) }

// text adds bytes that stand for themselves.
func (c *inlineScan) text(from, to int) {
	if n := len(c.out); n > 0 && c.out[n-1].to == from && !c.out[n-1].atom {
		from = c.out[n-1].from
		c.out = c.out[:n-1]
	}
	c.add(piece{span: span{from, to}, text: c.src[from:to]})
}

func (c *inlineScan) scan(from, to int) {
	for at := from; at < to; {
		if n := c.special(at, to); n > 0 {
			at += n
			continue
		}
		_, n := utf8.DecodeRuneInString(c.src[at:])
		c.plain[at] = true
		c.text(at, at+n)
		at += n
	}
}

// special reads markup at a place and says how long it is; 0 where there is none.
func (c *inlineScan) special(at, to int) int {
	if n := c.macro(at); n > 0 {
		return n
	}
	s := c.src[at:to]
	switch s[0] {
	case '\\':
		if len(s) > 1 && strings.IndexByte(escapable, s[1]) >= 0 && (at == 0 || c.src[at-1] != '\\') {
			c.add(piece{span: span{at, at + 2}, text: s[1:2], atom: true})
			return 2
		}
	case '&':
		if e := entity.FindString(s); e != "" {
			if t := html.UnescapeString(e); t != e && !strings.ContainsAny(t, "\r\n") {
				c.add(piece{span: span{at, at + len(e)}, text: t, atom: true})
				return len(e)
			}
		}
	case '!':
		return c.image(at, s)
	case '[':
		if at == 0 || c.src[at-1] != '\\' {
			return c.link(at, s)
		}
	case '|', ' ', '\t':
		if c.table {
			run := at > 0 && (c.src[at-1] == ' ' || c.src[at-1] == '\t') // looked at already
			if bar := rowBreak.FindString(s); bar != "" && (!run || s[0] == '|') {
				c.add(piece{span: span{at, at + len(bar)}, text: cellSeparator, atom: true})
				return len(bar)
			}
		}
	case 'h', 'f', 'm', 'n', 'i':
		if r, _ := utf8.DecodeLastRuneInString(c.src[:at]); at == 0 || !letterOrDigit(r) {
			if a := addressIn(s); a != "" {
				c.text(at, at+len(a))
				return len(a)
			}
		}
	}
	return 0
}

// addressIn is the address that a text begins with; "" where there is none. It ends before an entity.
func addressIn(s string) string {
	a := address.FindString(s)
	for i := strings.IndexByte(a, '&'); i >= 0; {
		if entity.MatchString(s[i:]) {
			a = a[:i]
			break
		}
		next := strings.IndexByte(a[i+1:], '&')
		if next < 0 {
			break
		}
		i += 1 + next
	}
	a = strings.TrimRight(a, `.,>)];}"'!`)
	if !strings.Contains(a, ":") {
		return ""
	}
	return a
}

func (c *inlineScan) macro(at int) int {
	for len(c.tags) > 0 && c.tags[0].from < at {
		c.tags = c.tags[1:]
	}
	if len(c.tags) > 0 && c.tags[0].from == at {
		t := c.tags[0]
		c.add(piece{span: t.span, text: t.title, atom: true, protected: t.title != "", closes: !t.opens})
		return t.to - t.from
	}
	for len(c.code) > 0 && c.code[0].to <= at {
		c.code = c.code[1:]
	}
	if len(c.code) > 0 && c.code[0].from <= at {
		c.text(at, c.code[0].to)
		return c.code[0].to - at
	}
	return 0
}

func letterOrDigit(r rune) bool { return unicode.IsLetter(r) || unicode.Is(unicode.Nd, r) }

// image reads !name.png|thumbnail!.
func (c *inlineScan) image(at int, s string) int {
	before, _ := utf8.DecodeLastRuneInString(c.src[:at])
	if at > 0 && (letterOrDigit(before) || before == '\\') {
		return 0
	}
	end := strings.IndexByte(s[1:], '!') + 1
	if end < 5 || s[1] == ' ' || s[end-1] == ' ' || s[end-1] == '\\' {
		return 0
	}
	if after, _ := utf8.DecodeRuneInString(s[end+1:]); letterOrDigit(after) {
		return 0
	}
	name, _, _ := strings.Cut(s[1:end], "|")
	if !fileName.MatchString(name) && !address.MatchString(name) || strings.ContainsAny(name, "{}") {
		return 0
	}
	c.add(piece{span: span{at, at + end + 1}, text: "[image: " + name + "]", atom: true, protected: true})
	return end + 1
}

// link reads [text|target], [target] and [~name]. Brackets around what is no target are text.
func (c *inlineScan) link(at int, s string) int {
	if len(s) < 3 || s[1] == ']' || s[1] == ' ' || s[1] == '\t' {
		return 0
	}
	end := 1
	for ; end < len(s) && (s[end] != ']' && s[end] != '[' || s[end-1] == '\\'); end++ {
		continue
	}
	if end >= len(s) || s[end] != ']' {
		return 0
	}
	body := s[1:end]
	bar := strings.LastIndexByte(body, '|')
	if i := strings.IndexByte(body, '|'); i >= 0 && i != bar && linkTarget.MatchString(body[i+1:]) {
		bar = i // the last part is what the pointer shows
	}
	target := body[bar+1:]
	switch {
	case bar < 0 && (body[0] == '~' || body[0] == '^') && len(body) > 1:
		text := body[1:]
		if body[0] == '~' {
			text = "@" + text
		}
		c.add(piece{span: span{at, at + end + 1}, text: text, atom: true})
		return end + 1
	case !linkTarget.MatchString(target) && !issueKey.MatchString(target), bar == 0:
		return 0
	case bar < 0:
		from := 1
		if body[0] == '#' {
			from = 2
		}
		c.add(piece{span: span{at, at + from}, atom: true})
		c.text(at+from, at+end)
		c.add(piece{span: span{at + end, at + end + 1}, atom: true, closes: true})
		return end + 1
	}
	c.add(piece{span: span{at, at + 1}, atom: true})
	table := c.table
	c.table = false
	c.scan(at+1, at+1+bar)
	c.table = table
	c.add(piece{span: span{at + 1 + bar, at + end + 1}, atom: true, closes: true})
	return end + 1
}

// phrases finds the delimiters of emphasis and the like between two places.
func (c *inlineScan) phrases(from, to int) {
	for _, d := range []string{"??", "*", "^", "~", "_", "-", "+"} {
		c.phrase(from, to, d, d)
	}
	c.phrase(from, to, "{{", "}}")
}

func (c *inlineScan) phrase(from, to int, open, shut string) {
	if !strings.Contains(c.src[from:to], open) {
		return
	}
	for at := from; at < to; at++ {
		if !c.opensAt(at, to, open) {
			continue
		}
		end := at + len(open) + 1
		for end < to && !c.shutsAt(at+len(open), end, to, shut) {
			end++
		}
		if end >= to {
			return // what ends none of the phrases ends none that begins later
		}
		for i := range len(open) {
			c.hidden[at+i] = true
		}
		for i := range len(shut) {
			c.hidden[end+i], c.ends[end+i] = true, true
		}
		at = end + len(shut) - 1
	}
}

func (c *inlineScan) at(i, to int, d string) bool {
	if i+len(d) > to || c.src[i:i+len(d)] != d {
		return false
	}
	for k := range len(d) {
		if !c.plain[i+k] || c.hidden[i+k] {
			return false
		}
	}
	return true
}

func (c *inlineScan) opensAt(i, to int, d string) bool {
	if !c.at(i, to, d) || i+len(d) >= to {
		return false
	}
	before, _ := utf8.DecodeLastRuneInString(c.src[:i])
	after, _ := utf8.DecodeRuneInString(c.src[i+len(d):])
	return (i == 0 || !letterOrDigit(before) && before != '\\') && !unicode.IsSpace(after) && after != rune(d[0])
}

func (c *inlineScan) shutsAt(from, i, to int, d string) bool {
	if !c.at(i, to, d) || i <= from {
		return false
	}
	before, _ := utf8.DecodeLastRuneInString(c.src[:i])
	after, n := utf8.DecodeRuneInString(c.src[i+len(d):])
	return !unicode.IsSpace(before) && before != rune(d[0]) && before != '\\' && (n == 0 || !letterOrDigit(after))
}

// split takes the delimiters of phrases out of the text.
func (c *inlineScan) split() []piece {
	if !slices.Contains(c.hidden, true) {
		return c.out
	}
	var out []piece
	for _, p := range c.out {
		if p.atom {
			out = append(out, p)
			continue
		}
		for at := p.from; at < p.to; {
			end := at + 1
			for end < p.to && c.hidden[end] == c.hidden[at] && c.ends[end] == c.ends[at] {
				end++
			}
			if c.hidden[at] {
				out = append(out, piece{span: span{at, end}, atom: true, closes: c.ends[at]})
			} else {
				out = append(out, piece{span: span{at, end}, text: c.src[at:end]})
			}
			at = end
		}
	}
	return out
}
