package richtext

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// writer puts lines together to a tree again. Lines come in order, each with the box that it belongs to; a box whose lines
// are interrupted is continued as a second one.
type writer struct {
	open  []*instance // from the document down to the leaf of the line before
	kids  []*instance // in the document itself
	made  map[*box]int
	fresh int // ids given to new tasks
}

// instance is a box as it is written.
type instance struct {
	of    *box
	kids  []*instance
	lines []out // of a leaf
	order int   // the number of an ordered list's first item
	done  bool  // a task's state
	whole int   // how many of the box's own lines it holds unchanged
	dirty bool
}

// out is a line to be written.
type out struct {
	leaf  *box
	kept  bool  // as it was read
	runs  []run // of an inline line or a title
	block node  // of a row or a whole block
}

// place says where a line would go: how many of the open instances it continues, and which marks come before its text.
type place struct {
	prefix string
	keep   int          // open instances that go on
	order  map[*box]int // the first number of ordered lists that are opened
	done   map[*box]bool
	last   bool // it goes on in the leaf of the line before
}

// chain are a leaf and what it stands in, from the outside.
func chain(leaf *box) []*box {
	var c []*box
	for b := leaf; b != nil; b = b.parent {
		c = append(c, b)
	}
	slices.Reverse(c)
	return c
}

// locate finds the place of a line. Numbers of items and states of tasks follow the text that is wanted, if there is one:
// these are the marks that can be as the text says.
func (w *writer) locate(leaf *box, want *string) place {
	boxes := chain(leaf)
	p := place{order: map[*box]int{}, done: map[*box]bool{}}
	for p.keep < len(boxes) && p.keep < len(w.open) && w.open[p.keep].of == boxes[p.keep] {
		p.keep++
	}
	// Rows, blocks and titles are one line each.
	if p.keep == len(boxes) && !isLeaf(leaf.typ) {
		p.keep--
	}
	p.last = p.keep == len(boxes)
	var prefix strings.Builder
	for i, b := range boxes {
		if b.typ == "taskList" && b.parent != nil && b.parent.typ == "taskList" {
			prefix.WriteString(indentation)
		}
		switch {
		case !isItem(b.typ):
		case i < p.keep:
			prefix.WriteString(indentation)
		default:
			prefix.WriteString(w.mark(b, i, &p, want, prefix.Len()))
		}
	}
	p.prefix = prefix.String()
	return p
}

// indentation is that of what stands in an item, whatever its mark: two blanks a level.
const indentation = "  "

// mark is what an item's first line begins with.
func (w *writer) mark(item *box, depth int, p *place, want *string, at int) string {
	rest := ""
	if want != nil && at <= len(*want) {
		rest = (*want)[at:]
	}
	switch {
	case item.typ == "taskItem" || item.typ == "blockTaskItem":
		done := attr(item.n, "state") == "DONE"
		if want != nil && (strings.HasPrefix(rest, taskOpen) || strings.HasPrefix(rest, taskDone)) {
			done = strings.HasPrefix(rest, taskDone)
		}
		p.done[item] = done
		if done {
			return taskDone
		}
		return taskOpen
	case item.parent == nil || item.parent.typ != "orderedList":
		return "- "
	}
	list := item.parent
	number, running := orderOf(list.n), false
	if depth-1 < p.keep {
		running = true
		number = w.open[depth-1].order + len(w.open[depth-1].kids)
	}
	if indent, n, _, ok := numbered(rest); ok && indent == "" && n != number {
		if running {
			p.keep = depth - 1 // the list ends here, and another begins
		}
		number, running = n, false
	}
	if !running {
		p.order[list] = number
	}
	return strconv.Itoa(number) + ". "
}

const (
	taskOpen = "[ ] "
	taskDone = "[x] "
)

// put writes a line at its place.
func (w *writer) put(o out, p place) {
	boxes := chain(o.leaf)
	w.open = w.open[:p.keep]
	for _, b := range boxes[p.keep:] {
		in := &instance{of: b, order: orderOf(b.n)}
		if order, ok := p.order[b]; ok {
			in.dirty = in.dirty || order != in.order
			in.order = order
		}
		if w.made == nil {
			w.made = map[*box]int{}
		}
		w.made[b]++
		if len(w.open) == 0 {
			w.kids = append(w.kids, in)
		} else {
			above := w.open[len(w.open)-1]
			above.kids = append(above.kids, in)
		}
		w.open = append(w.open, in)
	}
	for _, in := range w.open {
		if done, ok := p.done[in.of]; ok {
			in.done = done
			if (attr(in.of.n, "state") == "DONE") != done {
				w.soil()
			}
		}
		if in.dirty || in.of.made {
			w.soil()
		}
	}
	leaf := w.open[len(w.open)-1]
	leaf.lines = append(leaf.lines, o)
	for _, in := range w.open {
		if o.kept {
			in.whole++
		} else {
			in.dirty = true
		}
	}
}

// soil says that what is open is not as it was.
func (w *writer) soil() {
	for _, in := range w.open {
		in.dirty = true
	}
}

// document is the tree of all lines, as a copy of the document that they came from.
func (w *writer) document(root node) node {
	return with(root, "content", w.content(w.kids))
}

func (w *writer) content(kids []*instance) []any {
	nodes := make([]any, 0, len(kids))
	for _, in := range kids {
		if in.of.typ != titleBox {
			nodes = append(nodes, w.node(in))
		}
	}
	return nodes
}

func (w *writer) node(in *instance) node {
	b := in.of
	if !in.dirty && !b.made && in.whole == b.lines {
		return b.n
	}
	if !isLeaf(b.typ) && len(in.lines) == 1 {
		if block := in.lines[0].block; block != nil {
			return block
		}
		return b.n
	}
	n := b.n
	if isExpand(b.typ) && len(in.kids) == 1 && in.kids[0].of.typ == titleBox { // nothing is left to be expanded
		return node{"type": "paragraph", "content": leafContent("paragraph", in.kids[0].lines)}
	}
	if isLeaf(b.typ) {
		n = with(n, "content", leafContent(b.typ, in.lines))
	} else {
		n = with(n, "content", w.content(in.kids))
	}
	switch {
	case b.typ == "orderedList" && (in.order != 1 || attr(n, "order") != ""):
		n = withAttr(n, "order", json.Number(strconv.Itoa(in.order)))
	case b.typ == "taskItem" || b.typ == "blockTaskItem":
		state := "TODO"
		if in.done {
			state = "DONE"
		}
		n = withAttr(n, "state", state)
	case isExpand(b.typ) && attr(n, "title") != "":
		n = withAttr(n, "title", titleOf(in))
	}
	return w.identified(b, n)
}

func titleOf(in *instance) any {
	for _, kid := range in.kids {
		if kid.of.typ == titleBox {
			var t strings.Builder
			for _, l := range kid.lines {
				for _, r := range l.runs {
					t.WriteString(r.text)
				}
			}
			return t.String()
		}
	}
	return nil
}

// identified gives what is written twice, or is new, an id of its own where its kind must have one.
func (w *writer) identified(b *box, n node) node {
	id := attr(n, "localId")
	if id == "" && b.typ != "taskItem" && b.typ != "taskList" {
		return n
	}
	w.made[b]--
	if w.made[b] <= 0 && !b.made && id != "" {
		return n
	}
	w.fresh++
	return withAttr(n, "localId", fmt.Sprintf("%s-%d", firstOf(id, "lockstep"), w.fresh))
}

// leafContent are the inline nodes of lines. Empty text is no node: the format forbids it.
func leafContent(typ string, lines []out) []any {
	nodes := []any{}
	if typ == "codeBlock" && !slices.ContainsFunc(lines, func(l out) bool {
		return slices.ContainsFunc(l.runs, func(r run) bool { return r.atom })
	}) {
		if code := codeText(lines); code != "" {
			nodes = append(nodes, node{"type": "text", "text": code})
		}
		return nodes
	}
	for i, l := range lines {
		if i > 0 {
			if typ == "codeBlock" {
				nodes = appendInline(nodes, node{"type": "text", "text": "\n"})
			} else {
				nodes = append(nodes, node{"type": "hardBreak"})
			}
		}
		for _, r := range l.runs {
			switch {
			case r.atom:
				nodes = append(nodes, r.n)
			case r.text == "":
			case r.n == nil:
				nodes = appendInline(nodes, node{"type": "text", "text": r.text})
			case r.n["text"] == r.text:
				nodes = appendInline(nodes, r.n)
			default:
				nodes = appendInline(nodes, with(r.n, "text", r.text))
			}
		}
	}
	return nodes
}

// appendInline adds a text node, to the one before if that differs in nothing but the text.
func appendInline(nodes []any, n node) []any {
	if len(nodes) > 0 {
		last, ok := nodes[len(nodes)-1].(node)
		if ok && typeOf(last) == "text" && reflect.DeepEqual(with(last, "text", nil), with(n, "text", nil)) {
			a, _ := last["text"].(string)
			b, _ := n["text"].(string)
			nodes[len(nodes)-1] = with(last, "text", a+b)
			return nodes
		}
	}
	return append(nodes, n)
}

// codeText is the text of lines of code, which has no marks.
func codeText(lines []out) string {
	var b strings.Builder
	for i, l := range lines {
		if i > 0 {
			b.WriteByte('\n')
		}
		for _, r := range l.runs {
			b.WriteString(r.text)
		}
	}
	return b.String()
}
