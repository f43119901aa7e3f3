package google

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf16"
)

// document is one document. What a pointer to one leads to never changes: an edit works on a copy and puts it in its place.
type document struct {
	id    string
	title string
	tabs  []*docTab // as they are shown, children after their parent

	suggestions []*suggestion // in the order in which they were made, those that were decided on too
	comments    []*docComment

	access
	version           int64
	created, modified time.Time
	byPerson          bool // who wrote last: a person's hands, or the API
	spawned           int  // how many ids were given out, for what lies in it
}

// docTab is one tab of a document.
type docTab struct {
	id, title, parent string
	body              []unit
	others            map[string]segment // headers, footers and footnotes, by id
	ranges            []namedRange
	dropdowns         map[string]map[string]any // definitions by id
	rest              map[string]any            // documentStyle, namedStyles, lists, inlineObjects, … as they are shown
}

// segment is a header, a footer or a footnote.
type segment struct {
	kind  string // headers, footers, footnotes: the field of the tab that holds it
	units []unit
}

// stretch is a part of a segment.
type stretch struct {
	segment  string // "" is the body
	from, to int
}

// namedRange is a name for parts of one tab.
type namedRange struct {
	id, name string
	parts    []stretch
}

// suggestion is one change that waits for somebody to accept or reject it, or did.
type suggestion struct {
	id     string
	person bool // whose: a person's, or the API user's
	status string
	at     time.Time
}

// docComment is a thread of comments on a part of one tab.
type docComment struct {
	id, tab  string
	on       stretch
	quote    string
	resolved bool
	posts    []docPost
}

type docPost struct {
	id, text string
	assignee string
	person   bool
	at       time.Time
	deleted  bool
}

// The states of a suggestion.
const (
	suggestionOpen     = "OPEN"
	suggestionAccepted = "ACCEPTED"
	suggestionRejected = "REJECTED"
)

// clone is a copy to work on: units are copied, what they point to is shared.
func (d *document) clone() *document {
	n := *d
	n.tabs = make([]*docTab, len(d.tabs))
	for i, t := range d.tabs {
		n.tabs[i] = t.clone()
	}
	n.suggestions = make([]*suggestion, len(d.suggestions))
	for i, s := range d.suggestions {
		c := *s
		n.suggestions[i] = &c
	}
	n.comments = make([]*docComment, len(d.comments))
	for i, k := range d.comments {
		c := *k
		c.posts = slices.Clone(k.posts)
		n.comments[i] = &c
	}
	return &n
}

func (t *docTab) clone() *docTab {
	n := *t
	n.body, n.others = slices.Clone(t.body), maps.Clone(t.others)
	for id, s := range n.others {
		n.others[id] = segment{s.kind, slices.Clone(s.units)}
	}
	n.ranges = slices.Clone(t.ranges)
	for i := range n.ranges {
		n.ranges[i].parts = slices.Clone(n.ranges[i].parts)
	}
	n.dropdowns, n.rest = maps.Clone(t.dropdowns), maps.Clone(t.rest)
	return &n
}

// units are a segment's; nil where there is none of that id.
func (t *docTab) units(segmentID string) []unit {
	if segmentID == "" {
		return t.body
	}
	return t.others[segmentID].units
}

func (t *docTab) setUnits(segmentID string, u []unit) {
	if segmentID == "" {
		t.body = u
		return
	}
	t.others[segmentID] = segment{t.others[segmentID].kind, u}
}

// tab finds a tab; "" is the first. It is nil where there is none.
func (d *document) tab(id string) *docTab {
	for _, t := range d.tabs {
		if id == "" || t.id == id {
			return t
		}
	}
	return nil
}

// newID gives the next id of its kind in the document.
func (d *document) newID(kind string) string {
	d.spawned++
	return fmt.Sprintf("%s%06x", kind, d.spawned*7919)
}

// revision is the document's revision id as the API shows it.
func (d *document) revision() string { return fmt.Sprintf("ASandboxRevision%06d", d.version) }

// splice puts other units in the place of [from, to), and moves along with them what refers to places after it. A range that
// loses all that it covered vanishes, as ranges do.
func (d *document) splice(t *docTab, segmentID string, from, to int, with []unit) {
	t.setUnits(segmentID, slices.Concat(t.units(segmentID)[:from], with, t.units(segmentID)[to:]))
	keep := t.ranges[:0]
	for _, r := range t.ranges {
		parts := r.parts[:0]
		for _, p := range r.parts {
			if p.segment != segmentID || p.moved(from, to, len(with)) {
				parts = append(parts, p)
			}
		}
		if r.parts = parts; len(parts) > 0 {
			keep = append(keep, r)
		}
	}
	t.ranges = keep
	for _, c := range d.comments {
		if c.tab == t.id && c.on.segment == segmentID {
			if at := c.on; at.moved(from, to, len(with)) {
				c.on = at
			} else {
				c.on.from, c.on.to = from, from // it stays, on nothing
			}
		}
	}
}

// moved moves the stretch along with an edit that puts n units in the place of [from, to), and reports whether something of
// it is left. What is put in at its very start or end does not become part of it.
func (p *stretch) moved(from, to, n int) bool {
	shift := n - (to - from)
	switch {
	case p.to <= from:
		return true
	case p.from >= to:
		p.from, p.to = p.from+shift, p.to+shift
		return true
	case p.from < from && p.to > to:
		p.to += shift
	case p.from < from:
		p.to = from
	case p.to > to:
		p.from, p.to = from+n, p.to+shift
	default:
		return false
	}
	return p.from < p.to
}

// plainText is what a person reads of the units, as the document stands: without what is only suggested.
func plainText(units []unit) string {
	codes := make([]uint16, 0, len(units))
	for i := range units {
		if u := &units[i]; u.kind <= newlineUnit && u.live() {
			codes = append(codes, u.char)
		}
	}
	return string(utf16.Decode(codes))
}

// newDocument is a document with one tab that holds the paragraphs.
func newDocument(title string, paragraphs []string, now time.Time) *document {
	d := &document{title: title, version: 1, created: now, modified: now}
	t := &docTab{id: "t.0", title: "Tab 1", others: map[string]segment{}, dropdowns: map[string]map[string]any{}, rest: map[string]any{}}
	t.body = []unit{{kind: sectionUnit, what: map[string]any{"sectionStyle": map[string]any{
		"columnSeparatorStyle": "NONE", "contentDirection": "LEFT_TO_RIGHT", "sectionType": "CONTINUOUS",
	}}}}
	if len(paragraphs) == 0 {
		paragraphs = []string{""} // a document always has one paragraph
	}
	for _, p := range paragraphs {
		t.body = append(t.body, textUnits(breaks(p)+"\n", unstyled(), normalText())...)
	}
	d.tabs = []*docTab{t}
	return d
}

func normalText() map[string]any {
	return map[string]any{"paragraphStyle": map[string]any{"namedStyleType": "NORMAL_TEXT", "direction": "LEFT_TO_RIGHT"}}
}

// breaks puts line breaks within one paragraph, as Shift+Enter does: the API shows them as vertical tabs.
func breaks(s string) string { return strings.ReplaceAll(s, "\n", "\v") }
