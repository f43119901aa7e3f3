package richtext

import (
	"slices"
	"strconv"
	"strings"
)

// box is a node that holds lines: a paragraph holds its own, a list those of its items. Boxes have an identity, so that
// after an edit the lines of one box are put together again.
type box struct {
	n      node
	typ    string
	parent *box // nil for what stands in the document itself
	lines  int  // how many lines it gave
	made   bool // it is new, and has no original to go back to
}

// run is a piece of a line: text of one text node, or another inline node with the text that stands for it.
type run struct {
	n         node // nil for new text without marks
	text      string
	atom      bool
	protected bool
}

type lineKind uint8

const (
	inlineLine lineKind = iota // of inline nodes
	wholeLine                  // a block that is one line and is not edited as text
	rowLine                    // a row of a table
	titleLine                  // the title of an expand
)

// line is one line of a document's text, and where it comes from.
type line struct {
	leaf   *box
	kind   lineKind
	prefix string // marks of items and indentation
	inner  string // what follows them
	runs   []run  // of an inline line or a title
	// protected: the line shows less than the block that it stands for
	protected bool
}

func (l line) text() string { return l.prefix + l.inner }

// mapped reports that the line's text is the text of its runs, so that a place in the one is a place in the others. It is
// not where characters of two runs combine into one.
func (l line) mapped() bool {
	var b strings.Builder
	for _, r := range l.runs {
		b.WriteString(r.text)
	}
	return b.String() == l.inner
}

func isContainer(typ string) bool {
	switch typ {
	case "bulletList", "orderedList", "taskList", "decisionList", "table":
		return true
	}
	return isItem(typ) && typ != "taskItem" || takesParagraphs(typ)
}

func isItem(typ string) bool {
	return typ == "listItem" || typ == "taskItem" || typ == "blockTaskItem"
}

func isList(typ string) bool {
	return typ == "bulletList" || typ == "orderedList" || typ == "taskList" || typ == "decisionList"
}

func takesParagraphs(typ string) bool {
	switch typ {
	case "panel", "blockquote", "expand", "nestedExpand", "listItem", "blockTaskItem", "layoutColumn", "bodiedExtension":
		return true
	}
	return false
}

func isLeaf(typ string) bool {
	switch typ {
	case "paragraph", "heading", "codeBlock", "taskItem", "decisionItem":
		return true
	}
	return false
}

// keptWhenEmpty: the container means something beyond its lines, and does not go with them.
func keptWhenEmpty(typ string) bool { return typ == "bodiedExtension" }

// flatten reads a document's lines.
func flatten(root node) []line {
	f := &flattener{}
	for _, kid := range kidsOf(root) {
		f.block(kid, nil)
	}
	// The marks of the lines come from the same hand that writes them, so that reading and writing cannot disagree.
	w := &writer{}
	for i := range f.lines {
		l := &f.lines[i]
		place := w.locate(l.leaf, nil)
		l.prefix = place.prefix
		w.put(out{leaf: l.leaf}, place)
	}
	return f.lines
}

type flattener struct{ lines []line }

func (f *flattener) add(l line) {
	f.lines = append(f.lines, l)
	for b := l.leaf; b != nil; b = b.parent {
		b.lines++
	}
}

func (f *flattener) block(n node, parent *box) {
	b := &box{n: n, typ: typeOf(n), parent: parent}
	kids := kidsOf(n)
	switch {
	case isLeaf(b.typ):
		for _, runs := range splitRuns(kids) {
			f.add(inlineOf(b, runs))
		}
	case b.typ == "layoutSection" || isContainer(b.typ) && len(kids) > 0:
		if title := oneLine(attr(n, "title")); title != "" && isExpand(b.typ) {
			f.add(line{
				leaf: &box{typ: titleBox, parent: b}, kind: titleLine, inner: title,
				runs: []run{{text: title}},
			})
		}
		for _, kid := range kids {
			f.block(kid, b)
		}
	case b.typ == "tableRow":
		cells, protected := cellsOf(n)
		f.add(line{leaf: b, kind: rowLine, inner: canonicalBody(strings.Join(cells, cellSeparator)), protected: protected})
	case len(kids) == 0 && isContainer(b.typ):
		f.add(line{leaf: b, kind: wholeLine, protected: keptWhenEmpty(b.typ)}) // a list without items shows nothing
	default:
		text, protected := atomText(n)
		if s, ok := n["text"].(string); ok && b.typ == "text" {
			text, protected = oneLine(s), false // stray text between blocks
		}
		f.add(line{leaf: b, kind: wholeLine, inner: text, protected: protected})
	}
}

// titleBox stands in a line's place for the title of an expand, which is no node but an attribute.
const titleBox = "(title)"

func isExpand(typ string) bool { return typ == "expand" || typ == "nestedExpand" }

func inlineOf(leaf *box, runs []run) line {
	var b strings.Builder
	for _, r := range runs {
		b.WriteString(r.text)
	}
	return line{leaf: leaf, inner: canonicalBody(b.String()), runs: runs}
}

// splitRuns are the lines of inline nodes: at hard breaks, and at line ends within text. There is at least one.
func splitRuns(kids []node) [][]run {
	lines := [][]run{nil}
	add := func(r run) { lines[len(lines)-1] = append(lines[len(lines)-1], r) }
	for _, kid := range kids {
		switch typeOf(kid) {
		case "hardBreak":
			lines = append(lines, nil)
		case "text":
			s, _ := kid["text"].(string)
			s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
			for i, part := range strings.Split(s, "\n") {
				if i > 0 {
					lines = append(lines, nil)
				}
				if part != "" {
					add(run{n: kid, text: part})
				}
			}
		default:
			text, protected := atomText(kid)
			add(run{n: kid, text: text, atom: true, protected: protected})
		}
	}
	return lines
}

// cellSeparator stands between the cells of a table's row.
const cellSeparator = " | "

func cellTexts(row node) []string {
	texts, _ := cellsOf(row)
	return texts
}

// cellsOf are the texts of a row's cells, each on one line, and whether one of them shows less than its cell holds.
func cellsOf(row node) (texts []string, protected bool) {
	for _, cell := range kidsOf(row) {
		lines := flatten(node{"content": cell["content"]})
		parts := make([]string, len(lines))
		for i, l := range lines {
			parts[i] = l.text()
			protected = protected || l.protected || slices.ContainsFunc(l.runs, func(r run) bool { return r.protected })
		}
		texts = append(texts, strings.Join(parts, " "))
	}
	return texts, protected
}

// orderOf is the number of a list's first item.
func orderOf(n node) int {
	if o, err := strconv.Atoi(attr(n, "order")); err == nil && o >= 0 {
		return o
	}
	return 1
}
