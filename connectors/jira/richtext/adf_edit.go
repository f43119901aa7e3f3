package richtext

import (
	"reflect"
	"slices"
	"strings"
)

// editADF is the least change of a document that makes its text the lines of text, which are canonical.
func editADF(root node, text []string) node {
	lines := flatten(root)
	full := make([]string, len(lines))
	for i, l := range lines {
		full[i] = l.text()
	}
	from, to, seen := shown(full)
	e := &editor{lines: lines, full: full}
	e.run(0, from, seen, text, to)
	lenient := e.w.document(root)
	if want := strings.Join(text, "\n"); docText(lenient) != want {
		// A line that lost its place at an end would show blanks that were not seen there. They go.
		e = &editor{lines: lines, full: full}
		e.run(0, 0, full, text, len(full))
		if strict := e.w.document(root); docText(strict) == want {
			return strict
		}
	}
	return lenient
}

// docText is the canonical text of a document.
func docText(root node) string {
	lines := flatten(root)
	var b strings.Builder
	for i, l := range lines {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(l.prefix)
		b.WriteString(l.inner)
	}
	return canonical(b.String())
}

type editor struct {
	lines   []line
	full    []string
	w       writer
	survive map[*box]int // for containers that are kept when empty: lines that stay
	last    *line        // the line that was written before
	next    []*line      // for each step, the line that is written after it and was there before
}

// run writes the lines before from, those of the text in place of seen, and those from to on.
func (e *editor) run(start, from int, seen, text []string, to int) {
	steps := script(seen, text)
	e.look(steps, from, to)
	for i := start; i < from; i++ {
		e.stay(&e.lines[i], e.full[i])
	}
	for k, s := range steps {
		switch {
		case s.old < 0:
			e.come(nil, text[s.text], e.next[k])
		case s.text < 0:
			e.drop(&e.lines[from+s.old])
		case seen[s.old] == text[s.text]:
			e.stay(&e.lines[from+s.old], e.full[from+s.old])
		default:
			e.change(&e.lines[from+s.old], text[s.text], e.next[k])
		}
	}
	for i := to; i < len(e.lines); i++ {
		e.stay(&e.lines[i], e.full[i])
	}
}

func (e *editor) look(steps []step, from, to int) {
	e.next = make([]*line, len(steps))
	e.survive = map[*box]int{}
	var next *line
	if to < len(e.lines) {
		next = &e.lines[to]
	}
	for k := len(steps) - 1; k >= 0; k-- {
		e.next[k] = next
		if steps[k].old < 0 || steps[k].text < 0 {
			continue
		}
		next = &e.lines[from+steps[k].old]
		for b := next.leaf.parent; b != nil; b = b.parent {
			if keptWhenEmpty(b.typ) {
				e.survive[b]++
			}
		}
	}
}

func (e *editor) put(l line, o out, p place) {
	o.leaf = l.leaf
	e.w.put(o, p)
	e.last = &l
}

// stay writes a line as it was, if its marks still come out as they are wanted.
func (e *editor) stay(l *line, want string) {
	p := e.w.locate(l.leaf, &want)
	if p.prefix+l.inner == want && e.fits(l.leaf, p) {
		e.put(*l, out{kept: true, runs: l.runs}, p)
		return
	}
	e.change(l, want, nil)
}

// fits reports that a line does not put a list at the beginning of an item, which the format forbids; where one was read
// so, it may stay so.
func (e *editor) fits(leaf *box, p place) bool {
	boxes := chain(leaf)
	for i := p.keep; i+1 < len(boxes); i++ {
		if boxes[i].typ == "listItem" && isList(boxes[i+1].typ) && kidsOf(boxes[i].n)[0]["type"] != boxes[i+1].typ {
			return false
		}
	}
	return true
}

// change writes another text in a line's place: in its own block where that can show it.
func (e *editor) change(l *line, want string, next *line) {
	p := e.w.locate(l.leaf, &want)
	rest, ok := strings.CutPrefix(want, p.prefix)
	if ok && e.fits(l.leaf, p) {
		switch l.kind {
		case inlineLine:
			runs := l.runs
			if rest != l.inner {
				runs = editRuns(*l, rest)
			}
			e.put(*l, out{kept: rest == l.inner, runs: runs}, p)
			return
		case titleLine:
			if rest != "" {
				e.put(*l, out{runs: []run{{text: rest}}}, p)
				return
			}
		case rowLine:
			if row := editRow(l.leaf.n, rest); row != nil {
				e.put(*l, out{block: row}, p)
				return
			}
		case wholeLine:
		}
	}
	e.leave(l)
	if l.kind == inlineLine || l.kind == titleLine {
		e.come(l, want, next)
		return
	}
	if l.protected {
		e.put(*l, out{kept: true}, e.w.locate(l.leaf, nil))
	}
	e.come(nil, want, next)
}

// drop leaves a line out, but for what its text could not show in full.
func (e *editor) drop(l *line) {
	switch {
	case l.protected:
		e.put(*l, out{kept: true}, e.w.locate(l.leaf, nil))
		return
	case slices.ContainsFunc(l.runs, func(r run) bool { return r.protected }):
		e.put(*l, out{runs: slices.DeleteFunc(slices.Clone(l.runs), func(r run) bool { return !r.protected })},
			e.w.locate(l.leaf, nil))
		return
	}
	e.empty(l)
}

// leave says that a line which was to stay is written elsewhere.
func (e *editor) leave(l *line) {
	for b := l.leaf.parent; b != nil; b = b.parent {
		if keptWhenEmpty(b.typ) {
			e.survive[b]--
		}
	}
	e.empty(l)
}

// empty keeps the containers that a line was the last of, if they are to be kept, with an empty paragraph in them.
func (e *editor) empty(l *line) {
	for b := l.leaf.parent; b != nil; b = b.parent {
		if keptWhenEmpty(b.typ) && e.survive[b] <= 0 && e.w.made[b] == 0 {
			paragraph := line{leaf: newBox("paragraph", nil, b)}
			e.put(paragraph, out{}, e.w.locate(paragraph.leaf, nil))
			return
		}
	}
}

// come writes a line that was not there, or has to leave its place; then it takes its runs along.
func (e *editor) come(was *line, want string, next *line) {
	for _, leaf := range e.candidates(want, next) {
		p := e.w.locate(leaf, &want)
		rest, ok := strings.CutPrefix(want, p.prefix)
		if !ok || !e.fits(leaf, p) {
			continue
		}
		l := line{leaf: leaf, inner: rest}
		switch {
		case leaf.typ == "tableRow":
			row := editRow(leaf.n, rest)
			if row == nil {
				continue
			}
			l.kind = rowLine
			e.put(l, out{block: row}, p)
		case was != nil:
			e.put(l, out{runs: editRuns(*was, rest)}, p)
		default:
			e.put(l, out{runs: []run{{text: rest}}}, p)
		}
		return
	}
}

// candidates are the places for a new line, the best first: as an item of a list or a row of a table that it stands at and
// looks like; in the block whose lines it stands between; as a paragraph of what holds the lines before and after it. A
// paragraph of the document, the last, can show every text.
func (e *editor) candidates(want string, next *line) []*box {
	var leaves []*box
	for _, at := range []*line{e.last, next} {
		if at == nil {
			continue
		}
		if at.kind == rowLine && at.leaf.parent != nil {
			if row := emptyRow(at.leaf.n, want); row != nil {
				leaves = append(leaves, newBox("tableRow", row, at.leaf.parent))
			}
		}
		for b := at.leaf; b != nil; b = b.parent {
			if isItem(b.typ) && b.parent != nil {
				leaves = append(leaves, newItem(b))
			}
		}
	}
	if e.last != nil && next != nil {
		if e.last.leaf == next.leaf && isLeaf(next.leaf.typ) {
			leaves = append(leaves, next.leaf)
		}
		after := map[*box]bool{}
		for b := next.leaf.parent; b != nil; b = b.parent {
			after[b] = true
		}
		for b := e.last.leaf.parent; b != nil; b = b.parent {
			if after[b] && takesParagraphs(b.typ) {
				leaves = append(leaves, newBox("paragraph", nil, b))
			}
		}
	}
	return append(leaves, newBox("paragraph", nil, nil))
}

func newBox(typ string, n node, parent *box) *box {
	if n == nil {
		n = node{"type": typ}
	}
	return &box{n: n, typ: typ, parent: parent, made: true}
}

// newItem is the leaf of a new item after the kind of another.
func newItem(like *box) *box {
	if like.typ == "taskItem" {
		return newBox("taskItem", node{"type": "taskItem", "attrs": node{"state": "TODO"}}, like.parent)
	}
	n := node{"type": like.typ}
	if like.typ == "blockTaskItem" {
		n["attrs"] = node{"state": "TODO"}
	}
	return newBox("paragraph", nil, newBox(like.typ, n, like.parent))
}

// editRuns are the runs of a line whose text becomes another: the beginning and end that both texts share keep their
// nodes. What is written between takes the marks of what it replaces, or, where it replaces nothing, those that it has on
// both sides; if they differ there, none. Other inline nodes stay where the new text still has them, and protected ones in
// any case.
func editRuns(l line, text string) []run {
	prefix, suffix := 0, 0
	if l.mapped() {
		prefix, suffix = wholeAtoms(l, text)
	}
	var before, middle, after []run
	at := 0
	for _, r := range l.runs {
		end := at + len(r.text)
		switch {
		case end <= prefix:
			before = append(before, r)
		case at >= len(l.inner)-suffix && l.mapped():
			after = append(after, r)
		default:
			cutA, cutB := max(prefix-at, 0), min(len(l.inner)-suffix-at, len(r.text))
			if !l.mapped() || cutB < cutA {
				cutA, cutB = 0, len(r.text)
			}
			before = appendPiece(before, r, r.text[:cutA])
			middle = appendPiece(middle, r, r.text[cutA:cutB])
			after = appendPiece(after, r, r.text[cutB:])
		}
		at = end
	}
	marks := marksFor(before, middle, after)
	if touchesOwnAddress(l.runs, before, middle, after) {
		marks = unlinked(marks)
		before, after = unlinkedRuns(before), unlinkedRuns(after)
	}
	return slices.Concat(before, between(middle, marks, text[prefix:len(text)-suffix]), after)
}

func appendPiece(runs []run, of run, text string) []run {
	if text == "" && (!of.atom || of.text != "") {
		return runs
	}
	of.text = text
	return append(runs, of)
}

// wholeAtoms are the ends that two texts share, cut back to where no atom is split.
func wholeAtoms(l line, text string) (prefix, suffix int) {
	prefix, suffix = commonEnds(l.inner, text)
	at := 0
	for _, r := range l.runs {
		end := at + len(r.text)
		if r.atom {
			if at < prefix && prefix < end {
				prefix = at
			}
			if from := len(l.inner) - suffix; at < from && from < end {
				suffix = len(l.inner) - end
			}
		}
		at = end
	}
	return prefix, suffix
}

// between are the runs of new text, with the atoms of the old that are found in it.
func between(old []run, marks node, text string) []run {
	var runs []run
	add := func(s string) {
		if s != "" {
			runs = append(runs, run{n: marks, text: s})
		}
	}
	missing := map[string]bool{} // what is left only gets shorter
	for _, r := range old {
		if !r.atom {
			continue
		}
		i := -1
		if !missing[r.text] {
			i = strings.Index(text, r.text)
		}
		missing[r.text] = i < 0
		switch {
		case i >= 0:
			add(text[:i])
			runs, text = append(runs, r), text[i+len(r.text):]
		case r.protected:
			runs = append(runs, r)
		}
	}
	add(text)
	return runs
}

// marksFor is a text node with the marks of text that is written between others; nil for none.
func marksFor(before, middle, after []run) node {
	var replaced []run
	for _, r := range middle {
		if !r.atom {
			replaced = append(replaced, r)
		}
	}
	if len(replaced) == 0 && len(before) > 0 && len(after) > 0 {
		replaced = []run{before[len(before)-1], after[0]}
	}
	if len(replaced) == 0 {
		return nil
	}
	for _, r := range replaced {
		if r.atom || !reflect.DeepEqual(marksOf(r), marksOf(replaced[0])) {
			return nil
		}
	}
	return replaced[0].n
}

func marksOf(r run) []any {
	marks, _ := r.n["marks"].([]any)
	return marks
}

// touchesOwnAddress reports that a link whose text is its address is cut: with another text it would say one address and
// lead to the other.
func touchesOwnAddress(all, before, middle, after []run) bool {
	cut := func(r run) bool {
		if r.atom || r.n == nil {
			return false
		}
		whole, _ := r.n["text"].(string)
		for _, m := range marksOf(r) {
			mark, _ := m.(node)
			if mark["type"] == "link" && whole != "" && strings.Contains(attr(mark, "href"), whole) {
				return true
			}
		}
		return false
	}
	if slices.ContainsFunc(middle, cut) {
		return true
	}
	return len(before) > 0 && len(after) > 0 && len(before)+len(after) > len(all) && cut(before[len(before)-1])
}

func unlinked(n node) node {
	if n == nil {
		return nil
	}
	marks, _ := n["marks"].([]any)
	rest := slices.DeleteFunc(slices.Clone(marks), func(m any) bool {
		mark, _ := m.(node)
		return mark["type"] == "link"
	})
	if len(rest) == 0 {
		return with(n, "marks", nil)
	}
	return with(n, "marks", rest)
}

// unlinkedRuns takes links off the runs that are a piece of their node only.
func unlinkedRuns(runs []run) []run {
	out := slices.Clone(runs)
	for i, r := range out {
		if !r.atom && r.n != nil && r.n["text"] != r.text {
			out[i].n = unlinked(r.n)
		}
	}
	return out
}
