package richtext

import "strings"

// editWiki is the least change of wiki markup that makes its text the canonical text.
func editWiki(s, text string) string {
	lines := readWiki(s)
	if isBlank(s) {
		return plainWiki(splitLines(text), nil)
	}
	var visible []int
	var full []string
	for i, l := range lines {
		if !l.hidden {
			visible = append(visible, i)
			full = append(full, l.text())
		}
	}
	want := splitLines(text)
	from, to, seen := shown(full)
	var best string
	for _, strict := range []bool{false, true} {
		e := &wikiEditor{lines: lines, visible: visible, full: full, eol: eolOf(lines)}
		if strict { // blanks at an end that would be seen now have to go
			from, to, seen = 0, len(full), full
		}
		out := e.settle(e.edit(from, to, seen, want))
		if wikiText(out) == text {
			return out
		}
		if best == "" {
			best = out
		}
	}
	if keepsProtected(best, lines) && holdsProtectedPiece(lines) {
		return best
	}
	return plainWiki(want, lines)
}

// plainWiki is text without layout, and what of the old lines it must not lose.
func plainWiki(text []string, lines []wline) string {
	var out []string
	for _, t := range text {
		out = append(out, escapeWiki(t, true, false))
	}
	for _, l := range lines {
		for _, p := range l.pieces {
			if p.protected {
				out = append(out, l.src[p.from:p.to])
			}
		}
	}
	return strings.Join(out, "\n")
}

func holdsProtectedPiece(lines []wline) bool { return len(protectedSources(lines)) > 0 }

func protectedSources(lines []wline) map[string]int {
	sources := map[string]int{}
	for _, l := range lines {
		for _, p := range l.pieces {
			if p.protected {
				sources[l.src[p.from:p.to]]++
			}
		}
	}
	return sources
}

// keepsProtected reports that markup still has every image that the lines had.
func keepsProtected(s string, lines []wline) bool {
	now := protectedSources(readWiki(s))
	for src, n := range protectedSources(lines) {
		if now[src] < n {
			return false
		}
	}
	return true
}

func eolOf(lines []wline) string {
	for _, l := range lines {
		if l.end == "\n" || l.end == "\r\n" {
			return l.end
		}
	}
	return "\n"
}

// wout is a line of markup to be written.
type wout struct {
	src, end string
	hidden   bool
	want     string // the text that it is to show
	opens    int
	closes   int
	kept     bool
	extra    bool // it is there for what it protects, whatever it shows
}

type wikiEditor struct {
	lines   []wline
	visible []int
	full    []string
	eol     string
	out     []wout
	at      int // lines that are written or left out
}

func (e *wikiEditor) edit(from, to int, seen, want []string) []wout {
	steps := script(seen, want)
	for i := range from {
		e.stay(i, e.full[i])
	}
	for k, s := range steps {
		switch {
		case s.old < 0:
			e.come(want[s.text], from+nextOld(steps[k:], to-from))
		case s.text < 0:
			e.drop(from + s.old)
		case seen[s.old] == want[s.text]:
			e.stay(from+s.old, e.full[from+s.old])
		default:
			e.change(from+s.old, want[s.text])
		}
	}
	for i := to; i < len(e.full); i++ {
		e.stay(i, e.full[i])
	}
	e.hidden(len(e.lines))
	return dropEmptied(e.out, e.lines)
}

// nextOld is the old line that comes next in the steps, or last.
func nextOld(steps []step, last int) int {
	for _, s := range steps {
		if s.old >= 0 {
			return s.old
		}
	}
	return last
}

// hidden writes the hidden lines before a line.
func (e *wikiEditor) hidden(to int) {
	for ; e.at < to; e.at++ {
		if l := e.lines[e.at]; l.hidden {
			e.out = append(e.out, wout{src: l.src, end: l.end, hidden: true, opens: l.opens, closes: l.closes})
		}
	}
}

func (e *wikiEditor) put(i int, o wout) {
	at := e.visible[i]
	e.hidden(at)
	e.at = at + 1
	o.end, o.opens, o.closes = e.lines[at].end, -1, -1
	e.out = append(e.out, o)
}

func (e *wikiEditor) stay(i int, want string) {
	e.put(i, wout{src: e.lines[e.visible[i]].src, want: want, kept: true})
}

func (e *wikiEditor) change(i int, want string) {
	l := e.lines[e.visible[i]]
	e.put(i, wout{src: editWikiLine(l, want), want: want, extra: protectedOf(l) != ""})
}

// drop leaves a line out, but for what its text could not show in full.
func (e *wikiEditor) drop(i int) {
	l := e.lines[e.visible[i]]
	var kept []string
	for _, p := range l.pieces {
		if p.protected {
			kept = append(kept, l.src[p.from:p.to])
		}
	}
	if len(kept) > 0 {
		e.put(i, wout{src: strings.Join(kept, " "), extra: true})
		return
	}
	e.hidden(e.visible[i])
	e.at = e.visible[i] + 1
	if l.end == "" && len(e.out) > 0 && !e.out[len(e.out)-1].hidden {
		e.out[len(e.out)-1].end = "" // the last line has no end
	}
}

// come writes a new line before the visible line next.
func (e *wikiEditor) come(want string, next int) {
	var before, after *wline
	limit := len(e.lines)
	if next < len(e.visible) {
		limit = e.visible[next]
		after = &e.lines[limit]
	}
	for i := min(e.at, limit) - 1; i >= 0 && before == nil; i-- {
		if !e.lines[i].hidden {
			before = &e.lines[i]
		}
	}
	e.hidden(e.outermost(limit))
	o := wout{src: newWikiLine(want, before, after), want: want, opens: -1, closes: -1, end: e.eol}
	if n := len(e.out); n > 0 && e.out[n-1].end == "" {
		e.out[n-1].end, o.end = e.eol, ""
	} else if n > 0 && e.out[n-1].end == `\\` {
		e.out[n-1].end = e.eol
	}
	e.out = append(e.out, o)
}

// outermost is the first place between here and a line that stands in the fewest blocks.
func (e *wikiEditor) outermost(limit int) int {
	best, depth := e.at, -1
	for i := e.at; i <= limit; i++ {
		d := 0
		if i < len(e.lines) {
			d = e.lines[i].depth
		}
		if depth < 0 || d < depth {
			best, depth = i, d
		}
		if i < limit && i < len(e.lines) && !e.lines[i].hidden {
			break
		}
	}
	return best
}

// newWikiLine is the markup of a new line between two others: an item of a list that it stands at and looks like, a row
// of a table likewise, code within code, or text.
func newWikiLine(want string, before, after *wline) string {
	if before != nil && after != nil && before.verbatim && after.verbatim && before.block == after.block {
		return want
	}
	for _, l := range []*wline{before, after} {
		if l == nil {
			continue
		}
		if l.bullets != "" {
			if indent, _, rest, ok := numbered(want); ok && strings.HasSuffix(l.bullets, "#") && len(indent) == 2*(len(l.bullets)-1) {
				return l.bullets + " " + escapeWiki(rest, false, false)
			}
			if rest, ok := strings.CutPrefix(want, l.prefix); ok && !strings.HasSuffix(l.bullets, "#") {
				return l.bullets + " " + escapeWiki(rest, false, false)
			}
		}
		if cells := strings.Split(want, cellSeparator); l.table && len(cells) > 1 && len(cells) == len(strings.Split(l.inner, cellSeparator)) {
			for i, c := range cells {
				cells[i] = firstOf(escapeWiki(c, false, true), " ")
			}
			return "|" + strings.Join(cells, "|") + "|"
		}
	}
	return escapeWiki(want, true, false)
}

// dropEmptied takes away blocks whose lines have all gone.
func dropEmptied(out []wout, lines []wline) []wout {
	had := map[int]bool{}
	for _, l := range lines {
		if !l.hidden && l.block >= 0 {
			had[l.block] = true
		}
	}
	var kept []wout
	opened := map[int]int{}
	for _, o := range out {
		if o.hidden && o.opens >= 0 {
			opened[o.opens] = len(kept)
		}
		kept = append(kept, o)
		at, ok := opened[o.closes]
		if !o.hidden || o.closes < 0 || !ok || !had[o.closes] {
			continue
		}
		empty := true
		for _, k := range kept[at:] {
			empty = empty && k.hidden
		}
		if empty {
			end := o.end
			kept = kept[:at]
			if end == "" && at > 0 {
				kept[at-1].end = ""
			}
		}
	}
	return kept
}

// settle joins the lines. Where one does not show what it should in its new place, it becomes plain text.
func (e *wikiEditor) settle(out []wout) string {
	var s string
	for range 4 {
		var b strings.Builder
		for _, o := range out {
			b.WriteString(o.src)
			b.WriteString(o.end)
		}
		s = b.String()
		var texts []string
		for _, l := range readWiki(s) {
			if !l.hidden {
				texts = append(texts, l.text())
			}
		}
		i, changed, shownLines := 0, false, 0
		for _, o := range out {
			if !o.hidden {
				shownLines++
			}
		}
		if shownLines != len(texts) && shownLines+1 != len(texts) {
			return s
		}
		for k, o := range out {
			if o.hidden {
				continue
			}
			if !o.extra && texts[i] != o.want {
				if plain := escapeWiki(o.want, true, true); plain != o.src {
					out[k].src, out[k].kept = plain, false
					changed = true
				}
			}
			i++
		}
		if !changed {
			return s
		}
	}
	return s
}

// editWikiLine is a line's markup with another text: the markup of the line's beginning stays if the text still has what
// stands for it, and so does all markup of the beginning and end that both texts share.
func editWikiLine(l wline, want string) string {
	if l.verbatim && len(l.pieces) == 1 && l.pieces[0].from == 0 && l.pieces[0].to == len(l.src) {
		return want
	}
	rest, ok := strings.CutPrefix(want, l.prefix)
	if !ok {
		if indent, _, tail, is := numbered(want); is && strings.HasSuffix(l.bullets, "#") && strings.HasPrefix(l.prefix, indent) {
			rest, ok = tail, true
		}
	}
	if !ok || l.prefix != "" && l.bullets == "" { // a rule shows nothing else
		return escapeWiki(want, true, false) + protectedOf(l)
	}
	for _, src := range []string{splice(l, rest), l.src[:l.head] + escapeWiki(rest, l.head == 0, l.table) + l.tail()} {
		if again := readWiki(src); len(again) == 1 && again[0].inner == rest && !again[0].hidden || protectedOf(l) != "" {
			return src
		}
	}
	return escapeWiki(want, true, false) + protectedOf(l)
}

func protectedOf(l wline) string {
	var b strings.Builder
	for _, p := range l.pieces {
		if p.protected {
			b.WriteString(" " + l.src[p.from:p.to])
		}
	}
	return b.String()
}

// tail is what follows a line's text: the bars that close a row.
func (l wline) tail() string {
	if n := len(l.pieces); n > 0 && l.table {
		return l.src[l.pieces[n-1].to:]
	}
	return ""
}

// splice writes new text over the middle that it does not share with the old.
func splice(l wline, text string) string {
	runs := make([]run, len(l.pieces))
	for i, p := range l.pieces {
		runs[i] = run{text: p.text, atom: p.atom}
	}
	whole := line{inner: l.inner, runs: runs}
	if !whole.mapped() || len(l.pieces) == 0 {
		return l.src[:l.head] + escapeWiki(text, l.head == 0, l.table) + l.tail() + protectedOf(l)
	}
	prefix, suffix := wholeAtoms(whole, text)
	from, to := -1, -1
	var middle []piece
	at, last := 0, l.head
	oldEnd := len(l.inner) - suffix
	for _, p := range l.pieces {
		end := at + len(p.text)
		switch {
		case end <= prefix && (p.text != "" || at < prefix || p.closes && prefix == oldEnd):
			last = p.to
		case p.text == "" || at >= oldEnd:
		default:
			a, b := p.from, p.to
			if !p.atom {
				a, b = p.from+max(prefix-at, 0), p.from+min(oldEnd-at, len(p.text))
			}
			if a < b || p.atom {
				if from < 0 {
					from = a
				}
				to = b
				middle = append(middle, piece{span: span{a, b}, text: p.text, atom: p.atom, protected: p.protected})
			} else if at < prefix {
				last = a
			}
		}
		at = end
	}
	if from < 0 {
		from, to = last, last
	}
	var b strings.Builder
	b.WriteString(l.src[:from])
	rest := text[prefix : len(text)-suffix]
	missing := map[string]bool{} // what is left only gets shorter
	for _, p := range middle {
		if !p.atom {
			continue
		}
		i := -1
		if !missing[p.text] {
			i = strings.Index(rest, p.text)
		}
		missing[p.text] = i < 0
		if i >= 0 {
			b.WriteString(escapeWiki(rest[:i], false, l.table))
			b.WriteString(l.src[p.from:p.to])
			rest = rest[i+len(p.text):]
		} else if p.protected {
			b.WriteString(" " + l.src[p.from:p.to] + " ")
		}
	}
	b.WriteString(escapeWiki(rest, from == 0, l.table))
	b.WriteString(l.src[to:])
	return b.String()
}
