package richtext

import (
	"regexp"
	"strconv"
	"strings"
)

// wline is one line of wiki markup. Source and ends of all lines, one after the other, are the markup.
type wline struct {
	src, end string // the end is \n, \r\n, the forced break \\, or nothing
	hidden   bool   // only tags stand in it: the text has no such line
	prefix   string // what the text shows for the markup at the line's beginning
	inner    string // what follows it
	head     int    // bytes of src that stand for the prefix
	pieces   []piece
	bullets  string // of a list's item, such as "**"
	verbatim bool   // it is code
	table    bool
	block    int // the innermost block that it begins in, or -1
	depth    int // of that block
	opens    int // the block that a hidden line opens, or -1
	closes   int // likewise
}

func (l wline) text() string { return l.prefix + l.inner }

// piece is a stretch of a line's source and what it shows.
type piece struct {
	span

	text      string
	atom      bool // it cannot be cut
	protected bool // it shows less than it stands for
	closes    bool // markup that ends something: what is written after it is no part of that
}

var (
	headingHead = regexp.MustCompile(`^\s*h[1-6]\.(?:\s+|$)`)
	quoteHead   = regexp.MustCompile(`^\s*bq\.\s*`)
	ruleLine    = regexp.MustCompile(`^\s*-{4,5}\s*$`)
	itemHead    = regexp.MustCompile(`^\s*([*#-]+)\s+`)
	dashHead    = regexp.MustCompile(`^\s*-{2,3}`)
	rowHead     = regexp.MustCompile(`^\s*\|+[ \t]*`)
	rowTail     = regexp.MustCompile(`[ \t]*\|+\s*$`)
	rowBreak    = regexp.MustCompile(`^[ \t]*\|+[ \t]*`)
)

// readWiki reads the lines of wiki markup.
func readWiki(s string) []wline {
	r := &wikiReader{s: s, m: findMacros(s)}
	for at := 0; ; {
		end := strings.IndexByte(s[at:], '\n')
		if end < 0 {
			r.physical(at, len(s), "")
			return r.lines
		}
		to, eol := at+end, "\n"
		if to > at && s[to-1] == '\r' {
			to, eol = to-1, "\r\n"
		}
		r.physical(at, to, eol)
		at += end + 1
	}
}

type wikiReader struct {
	s       string
	m       macros
	lines   []wline
	tag     int   // the first tag that does not end before the line
	inside  []int // blocks that the line begins in
	inList  bool
	inTable bool // a row that has not ended goes on
	counts  []int
	kinds   string // the marks of the list's levels
}

// physical reads one line of the source, which forced breaks make several lines of text.
func (r *wikiReader) physical(from, to int, eol string) {
	first := true
	for {
		at := r.breakIn(from, to)
		if at < 0 {
			break
		}
		r.line(from, at, `\\`, first)
		from, first = at+2, false
	}
	r.line(from, to, eol, first)
}

// breakIn finds a forced line break: two backslashes, after none, with none in the word that follows.
func (r *wikiReader) breakIn(from, to int) int {
	for at := from; at < to; at++ {
		i := strings.Index(r.s[at:to], `\\`)
		if i < 0 {
			return -1
		}
		at += i
		end := at + 2
		for end < to && r.s[end] == '\\' {
			end++
		}
		if end-at == 2 && (at == 0 || r.s[at-1] != '\\') && !r.verbatimAt(at) {
			next := strings.IndexAny(r.s[end:to], " \t\\")
			if next < 0 || r.s[end+next] != '\\' {
				return at
			}
		}
		at = end - 1
	}
	return -1
}

// verbatimAt reports that a place at or after the line's beginning stands in code, or in a tag.
func (r *wikiReader) verbatimAt(at int) bool {
	inside := len(r.inside) > 0 && r.m.blocks[r.inside[len(r.inside)-1]].verbatim
	for i := r.tag; i < len(r.m.tags) && r.m.tags[i].from <= at; i++ {
		t := r.m.tags[i]
		if at < t.to {
			return true
		}
		inside = t.block >= 0 && t.opens && r.m.blocks[t.block].verbatim
	}
	return inside
}

func (r *wikiReader) line(from, to int, end string, first bool) {
	l := wline{src: r.s[from:to], end: end, block: -1, opens: -1, closes: -1}
	if n := len(r.inside); n > 0 {
		l.block, l.depth = r.inside[n-1], n
		l.verbatim = r.m.blocks[l.block].verbatim
	}
	var tags []tag
	var code []span // verbatim stretches
	at, verbatim := from, l.verbatim
	for r.tag < len(r.m.tags) && r.m.tags[r.tag].from < to {
		t := r.m.tags[r.tag]
		if verbatim {
			code = append(code, span{at - from, t.from - from})
		}
		r.enter(t)
		at, verbatim = t.to, t.opens && r.m.blocks[t.block].verbatim
		t.from, t.to = t.from-from, t.to-from
		tags = append(tags, t)
		r.tag++
	}
	if verbatim {
		code = append(code, span{at - from, to - from})
	}
	r.read(&l, tags, code, first)
	r.lines = append(r.lines, l)
}

func (r *wikiReader) enter(t tag) {
	switch {
	case t.opens:
		r.inside = append(r.inside, t.block)
	case t.block >= 0 && len(r.inside) > 0:
		r.inside = r.inside[:len(r.inside)-1]
	}
}

func (r *wikiReader) read(l *wline, tags []tag, code []span, first bool) {
	if l.verbatim && len(tags) == 0 {
		l.pieces = []piece{{span: span{0, len(l.src)}, text: l.src}}
		l.inner = canonicalBody(l.src)
		return
	}
	l.hidden = len(tags) > 0 && onlyTags(l.src, tags)
	if l.hidden {
		for _, t := range tags {
			if t.opens {
				l.opens = t.block
			} else {
				l.closes = t.block
			}
		}
		if len(tags) > 1 {
			l.opens, l.closes = -1, -1
		}
		r.inList, r.inTable = false, false
		return
	}
	scan := &inlineScan{src: l.src, tags: tags, code: code, to: len(l.src)}
	r.head(l, scan, first)
	l.table = scan.table
	l.pieces = scan.pieces(l.head)
	var b strings.Builder
	for _, p := range l.pieces {
		b.WriteString(p.text)
	}
	l.inner = canonicalBody(b.String())
}

func onlyTags(src string, tags []tag) bool {
	at := 0
	for _, t := range tags {
		if t.title != "" || !isBlank(src[at:max(at, t.from)]) {
			return false
		}
		at = t.to
	}
	return isBlank(src[at:])
}

// head reads the markup that a line begins with.
func (r *wikiReader) head(l *wline, scan *inlineScan, first bool) {
	start := 0
	for _, t := range scan.tags {
		if t.title == "" && isBlank(l.src[start:max(start, t.from)]) {
			start, first = t.to, true
			r.inList, r.inTable = false, false
		}
	}
	rest := l.src[start:]
	if !first || len(scan.code) > 0 && scan.code[0].from == start {
		scan.table = r.inTable
		if scan.table {
			r.row(l, scan)
		}
		return
	}
	wasTable := r.inTable
	r.inTable = false
	switch {
	case isBlank(rest):
		r.inList = false
	case headingHead.MatchString(rest):
		r.inList = false
		l.head = start + len(headingHead.FindString(rest))
	case quoteHead.MatchString(rest):
		r.inList = false
		l.head = start + len(quoteHead.FindString(rest))
	case ruleLine.MatchString(rest) && !r.inList:
		l.head = len(l.src)
		l.prefix = "---"
	case itemHead.MatchString(rest) && (r.inList || !dashHead.MatchString(rest)):
		m := itemHead.FindStringSubmatch(rest)
		l.bullets, l.head = m[1], start+len(m[0])
		l.prefix = r.item(m[1])
		r.inList = true
	case rowHead.MatchString(rest) && !r.inList:
		l.head = start + len(rowHead.FindString(rest))
		scan.table = true
		r.row(l, scan)
	case wasTable:
		scan.table = true
		r.row(l, scan)
	}
}

// row reads the end of a row of a table, or says that it goes on in the next line.
func (r *wikiReader) row(l *wline, scan *inlineScan) {
	r.inTable = true
	if m := rowTail.FindStringIndex(l.src[l.head:]); m != nil && l.end != `\\` && !escapedAt(l.src, l.head+strings.IndexByte(l.src[l.head+m[0]:], '|')+m[0]) {
		scan.to = l.head + m[0]
		r.inTable = false
	}
}

// item counts an item of a list and gives its mark.
func (r *wikiReader) item(bullets string) string {
	if !r.inList {
		r.counts, r.kinds = nil, ""
	}
	same := 0
	for same < len(bullets) && same < len(r.kinds) && bullets[same] == r.kinds[same] {
		same++
	}
	if len(r.counts) > same {
		r.counts = r.counts[:same]
	}
	for len(r.counts) < len(bullets) {
		r.counts = append(r.counts, 0)
	}
	r.kinds = bullets
	n := len(bullets)
	r.counts[n-1]++
	indent := strings.Repeat(indentation, min(n, maxDepth)-1)
	if bullets[n-1] == '#' {
		return indent + strconv.Itoa(r.counts[n-1]) + ". "
	}
	return indent + "- "
}
