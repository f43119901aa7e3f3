// Package richtext shows texts with layout as plain text and takes edits of the plain text back, without destroying layout
// that was not edited.
//
// Jira's REST API v3 gives descriptions, comments and text areas as documents in the Atlassian Document Format (ADF),
// version 2 and Data Center as wiki markup. Both become a Doc. Its Text has one line a block: items of lists as "- x" and
// "1. x", two blanks deeper for each list that they stand in, tasks as "[ ] x" and "[x] x", rows of tables as "a | b",
// code as it stands, headings, quotes and panels as their lines. Mentions are "@Name", dates 2006-01-02, files
// "[image: name]", and a link is its text: addresses that a text hides stay hidden, since they stay as they are.
//
// The text is canonical as package sync/task has it: NFC, \n, no blanks at either end.
package richtext

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

type flavor uint8

const (
	adf flavor = iota
	wiki
)

// Doc is a text with layout, as it was read or edited. It is immutable; the zero Doc is an empty one in ADF.
type Doc struct {
	flavor flavor
	raw    string // what was read, or written
	root   node   // of ADF; nil where it is empty
}

// ParseADF reads a document in the Atlassian Document Format. Nothing and null are the empty Doc. What is not such a
// document is an error: not JSON, not UTF-8, no "doc" at the top, a node without a type, content that is no list of nodes,
// more than 100 nodes in one another, more than 16 MiB. Kinds of nodes that are not known are no error.
func ParseADF(raw json.RawMessage) (Doc, error) {
	if len(raw) == 0 {
		return Doc{}, nil
	}
	root, err := readADF(raw)
	if err != nil {
		return Doc{}, fmt.Errorf("read a text with layout (ADF): %w", err)
	}
	return Doc{raw: string(raw), root: root}, nil
}

// ParseWiki reads wiki markup. Every text is wiki markup: what is no valid markup stands for itself.
func ParseWiki(s string) Doc { return Doc{flavor: wiki, raw: s} }

// NewADF is what writing plain text into an empty field makes: a paragraph a line. Its Text is the canonical text.
func NewADF(text string) Doc { return Doc{}.Edited(text) }

// NewWiki is what writing plain text into an empty field makes: the lines, with whatever would be markup escaped. Its Text
// is the canonical text.
func NewWiki(text string) Doc { return Doc{flavor: wiki}.Edited(text) }

// Text is the document as plain text, in canonical form; "" where it shows nothing.
func (d Doc) Text() string {
	switch {
	case d.flavor == wiki:
		return wikiText(d.raw)
	case d.root == nil:
		return ""
	}
	return docText(d.root)
}

// Edited is the least change of d that makes its Text the canonical form of text.
//
// Lines that are the same keep their nodes or their markup byte for byte, and Edited(d.Text()) is d. A changed line keeps
// its block, and its marks on the beginning and end that did not change. A new line becomes an item of the list that it
// stands at and looks like, a row of the table likewise, a line of the block whose lines it stands between, or else a plain
// paragraph. A line that is gone goes with its block, and that with what held it if nothing is left there. In a row of a
// table cells are edited one by one as long as the text has as many; otherwise a paragraph replaces the row.
//
// One thing goes before the text: what the text does not show in full is never deleted. Files and images, macros
// (extensions) and nodes of unknown kind stay where they are even if their line was taken out or changed; then the Text of
// the result still has them, and so differs from the one that was wanted. Whoever must know compares the two.
func (d Doc) Edited(text string) Doc {
	text = canonical(text)
	if text == d.Text() {
		return d
	}
	if d.flavor == wiki {
		return Doc{flavor: wiki, raw: editWiki(d.raw, text)}
	}
	root := d.root
	if root == nil {
		root = node{"type": "doc", "version": 1}
	}
	root = editADF(root, splitLines(text))
	if len(kidsOf(root)) == 0 {
		return Doc{}
	}
	raw, err := writeADF(root)
	if err != nil {
		return d // cannot be: everything in a document was decoded from JSON
	}
	return Doc{raw: string(raw), root: root}
}

// IsEmpty reports that there is nothing at all, not even what has no text: the field may be cleared.
func (d Doc) IsEmpty() bool {
	return d.flavor == wiki && isBlank(d.raw) || d.flavor == adf && d.root == nil
}

// ADF is the document in the Atlassian Document Format, and null where it is empty: that clears a field. A document that
// was read as wiki markup comes without its layout.
func (d Doc) ADF() json.RawMessage {
	switch {
	case d.flavor == wiki:
		return NewADF(d.Text()).ADF()
	case d.raw == "":
		return json.RawMessage("null")
	}
	return json.RawMessage(d.raw)
}

// Wiki is the document as wiki markup; "" where it is empty. A document that was read as ADF comes without its layout.
func (d Doc) Wiki() string {
	if d.flavor == adf {
		return NewWiki(d.Text()).Wiki()
	}
	return d.raw
}

// Limit is how long a text may be in Jira, in the units of Len: of every description, comment and text area in Cloud, and
// the usual setting in Data Center.
const Limit = 32767

// Len is the length that Jira's limit is about, in UTF-16 units, as Java counts: of the markup, or of an ADF document's
// text. Whoever is close to the limit should expect to be refused, since Jira counts ADF in a form of its own.
func (d Doc) Len() int {
	s := d.raw
	if d.flavor == adf {
		s = d.Text()
	}
	n := utf8.RuneCountInString(s)
	for _, r := range s {
		if r > 0xFFFF {
			n++
		}
	}
	return n
}

// Equal reports whether two documents are the same, layout and all.
func (d Doc) Equal(e Doc) bool { return d.flavor == e.flavor && d.raw == e.raw }

// wikiText is the canonical text of wiki markup.
func wikiText(s string) string {
	lines := readWiki(s)
	texts := make([]string, 0, len(lines))
	for _, l := range lines {
		if !l.hidden {
			texts = append(texts, l.text())
		}
	}
	return canonical(strings.Join(texts, "\n"))
}
