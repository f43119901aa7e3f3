package gdocs

import (
	"cmp"
	"slices"
	"strings"

	"google.golang.org/api/docs/v1"

	"github.com/lockstep-sync/lockstep/connectors"
)

// keptAbove stands between what Lockstep knows and what somebody made of it.
const keptAbove = "Somebody changed what follows, so it stays as they left it. What Lockstep knows stands above."

// draft is the batch that makes a document say what a report says.
type draft struct {
	*sheaf
	parts     []reportPart
	unmark    []string // ids of named ranges that go
	steps     []step
	placed    map[int]bool // elements that are parts of the summary
	titled    bool         // the title's marks are written anyway
	told      []string     // ids of sections that the title is to be marked with
	newTold   bool
	forgotten []reportMark // of parts that the summary no longer has
}

// reportPart is one block of the summary and where it is.
type reportPart struct {
	block connectors.ReportBlock
	at    int    // index of its element; -1 where it is not there
	sum   string // of what was written there; "" where its mark is lost
	mark  string // id of its mark
}

// step is what is done at one place. Its requests touch only what stands at that place or behind it, so steps are taken from the
// document's end backwards; of those at one place, in the order of their rank.
type step struct {
	at       int64
	rank     int
	requests []*docs.Request
}

// The ranks of steps at one place: what stands there is changed before something is put in front of it.
const (
	rankEdit = iota
	rankSection
	rankInsert
)

// requests are what is to be done; none where the document says all of it.
func (s *sheaf) requests(want connectors.Report) []*docs.Request {
	d := &draft{sheaf: s, placed: map[int]bool{}}
	due := d.due(want.Sections)
	d.remember(due)
	d.locate(want.Summary)
	d.summary()
	d.drop()
	if len(due) > 0 {
		d.append(due)
	}
	d.remark()
	slices.SortStableFunc(d.steps, func(a, b step) int { return cmp.Or(cmp.Compare(b.at, a.at), cmp.Compare(a.rank, b.rank)) })
	var out []*docs.Request
	for _, id := range d.unmark {
		out = append(out, &docs.Request{DeleteNamedRange: &docs.DeleteNamedRangeRequest{NamedRangeId: id}})
	}
	for _, x := range d.steps {
		out = append(out, x.requests...)
	}
	return out
}

// due are the sections that are to be written: those after the latest that is there, or is known to have been. A section is known
// by its mark, or by its heading, which is marked again then.
func (d *draft) due(sections []connectors.ReportSection) []connectors.ReportSection {
	headings := map[string]*leaf{}
	for i := range d.elements {
		if l := d.elements[i].text; l != nil && l.end > l.start {
			if text := fold(l.String()); headings[text] == nil {
				headings[text] = l
			}
		}
	}
	latest, known := map[string]string{}, d.sections()
	note := func(id string) { latest[kindOf(id)] = max(latest[kindOf(id)], id) }
	for _, id := range known {
		note(id)
	}
	for _, s := range sections {
		if l := headings[fold(line(s.Title))]; l != nil && !slices.Contains(known, s.ID) {
			note(s.ID)
			d.steps = append(d.steps, step{at: l.start, requests: []*docs.Request{d.markOn(l.start, l.end, sectionName(sectionMark, s.ID))}})
		}
	}
	return slices.DeleteFunc(slices.Clone(sections), func(s connectors.ReportSection) bool { return s.ID <= latest[kindOf(s.ID)] })
}

// kindOf is how long a section's period is: the word that its id begins with.
func kindOf(id string) string {
	kind, _, _ := strings.Cut(id, "-")
	return kind
}

func fold(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), " ")) }

// remember works out with which sections the title is marked: the latest of each kind that was ever written.
func (d *draft) remember(due []connectors.ReportSection) {
	latest := map[string]string{}
	note := func(id string) {
		latest[kindOf(id)] = max(latest[kindOf(id)], id)
	}
	for _, m := range d.marks {
		if m.kind == toldMark {
			note(m.key)
		}
	}
	before := len(latest)
	for _, s := range due {
		note(s.ID)
	}
	for _, id := range latest {
		d.told = append(d.told, id)
	}
	slices.Sort(d.told)
	d.newTold = len(due) > 0 || before != len(latest)
}

// locate finds the parts of the summary: by their marks; else by saying just what they are to say, below the title and one after the
// other.
func (d *draft) locate(blocks []connectors.ReportBlock) {
	byKey := map[string][]reportMark{}
	for _, m := range d.marks {
		if m.kind == partMark {
			byKey[m.key] = append(byKey[m.key], m)
		}
	}
	d.parts = make([]reportPart, len(blocks))
	for i, b := range blocks {
		p := reportPart{block: clean(b), at: -1}
		for _, m := range byKey[b.Key] {
			at := d.at(m.from)
			usable := at >= 0 && !d.placed[at] && d.elements[at].isTable() == (len(b.Columns) > 0) && (d.elements[at].isTable() || d.elements[at].text != nil)
			if usable && p.at < 0 {
				p.at, p.sum, p.mark = at, m.sum, m.id
				d.placed[at] = true
				continue
			}
			d.unmark = append(d.unmark, m.id)
		}
		delete(byKey, b.Key)
		d.parts[i] = p
	}
	for _, ms := range byKey {
		d.forgotten = append(d.forgotten, ms...)
	}
	d.recognize()
}

// recognize finds parts whose marks are lost.
func (d *draft) recognize() {
	from := 0
	for i := range d.parts {
		p := &d.parts[i]
		if p.at >= 0 {
			from = p.at + 1
			continue
		}
		if i > 0 && d.parts[0].at < 0 {
			return // without the title nothing tells ours from what others write
		}
		want := p.content()
		for at := from; at < len(d.elements); at++ {
			e := &d.elements[at]
			if !d.placed[at] && e.isTable() == (len(p.block.Columns) > 0) && want != "" && e.content() == want && !e.suggested() {
				p.at, from = at, at+1
				d.placed[at] = true
				break
			}
		}
	}
}

// content is all that the part is to say.
func (p *reportPart) content() string {
	if len(p.block.Columns) == 0 {
		return p.block.Text.String()
	}
	rows := [][]string{p.block.Columns}
	for _, r := range p.block.Rows {
		row := make([]string, len(r))
		for k := range r {
			row[k] = r[k].String()
		}
		rows = append(rows, row)
	}
	return gridText(rows)
}

// heading reports that people may call the part what they like.
func (p *reportPart) heading() bool {
	return p.block.Style == connectors.ReportTitle || p.block.Style == connectors.ReportHeading
}

// summary compares the parts one by one.
func (d *draft) summary() {
	prev := -1
	var missing []fresh
	for i := range d.parts {
		p := &d.parts[i]
		if p.at < 0 {
			missing = append(missing, d.fresh(i))
			continue
		}
		e := &d.elements[p.at]
		now, want := e.content(), p.content()
		touched := p.sum != "" && p.sum != sumOf(now) && now != want
		switch {
		case touched && p.heading() && p.sum == sumOf(want):
			// What somebody made of a heading stays.
		case touched, now != want && (p.sum == "" || e.suggested()):
			d.unmark = appendID(d.unmark, p.mark)
			missing = append(missing, d.fresh(i), fresh{block: connectors.ReportBlock{
				Style: connectors.ReportNote, Text: connectors.ReportText{{Text: keptAbove}},
			}})
			d.putBefore(p.at, missing)
			missing = nil
		default:
			d.putAfter(prev, missing)
			missing = nil
			if e.isTable() && now != want && !sameHeader(e, p.block.Columns) {
				d.unmark = appendID(d.unmark, p.mark)
				d.remove(p.at)
				missing = append(missing, d.fresh(i))
				continue
			}
			d.rewrite(i, now != want)
		}
		d.putAfter(prev, missing)
		missing = nil
		prev = p.at
	}
	d.putAfter(prev, missing)
}

func appendID(ids []string, id string) []string {
	if id == "" {
		return ids
	}
	return append(ids, id)
}

// fresh is a block to be written and the names of the ranges that mark it.
type fresh struct {
	block connectors.ReportBlock
	marks []string
}

// fresh is a part that is not there yet, with its marks.
func (d *draft) fresh(i int) fresh {
	p := &d.parts[i]
	f := fresh{block: p.block, marks: []string{partName(p.block.Key, sumOf(p.content()))}}
	if i == 0 {
		d.titled = true
		for _, id := range d.told {
			f.marks = append(f.marks, sectionName(toldMark, id))
		}
	}
	return f
}

// drop takes away what the summary no longer has. What somebody changed of that is theirs.
func (d *draft) drop() {
	for _, m := range d.forgotten {
		d.unmark = append(d.unmark, m.id)
		at := d.at(m.from)
		if at < 0 || d.placed[at] {
			continue
		}
		d.placed[at] = true
		if e := &d.elements[at]; m.sum == sumOf(e.content()) && !e.suggested() {
			d.remove(at)
		}
	}
}

// remove takes an element away, as far as Docs lets that be done.
func (d *draft) remove(at int) {
	e, from, to := &d.elements[at], d.elements[at].start, d.elements[at].end
	paragraphFollows := func(i int) bool { return i+1 < len(d.elements) && d.elements[i+1].text != nil }
	switch {
	case e.isTable():
		if paragraphFollows(at) && paragraphFollows(at+1) && len(d.elements[at+1].text.codes) == 0 && !d.elements[at+1].text.suggested {
			to = d.elements[at+1].end // the empty line that came with it
		}
	case !paragraphFollows(at): // the newline before a table, and the document's last one, cannot go
		to--
	}
	if from < to {
		d.steps = append(d.steps, step{at: from, requests: []*docs.Request{d.deletion(from, to)}})
	}
}

// putAfter writes blocks behind an element, or at the top where that is -1.
func (d *draft) putAfter(prev int, blocks []fresh) {
	if len(blocks) == 0 {
		return
	}
	next := prev + 1
	if prev < 0 {
		for next < len(d.elements) && d.elements[next].text == nil {
			next++
		}
	}
	behind := prev >= 0 && d.elements[prev].text != nil
	follows := next < len(d.elements) && d.elements[next].text != nil
	if behind && (!follows || len(blocks[0].block.Columns) > 0) {
		d.put(d.elements[prev].text.end, true, rankInsert, blocks)
		return
	}
	if follows {
		d.put(d.elements[next].start, false, rankInsert, blocks)
		return
	}
	d.putLast(rankInsert, blocks)
}

// putBefore writes blocks in front of an element.
func (d *draft) putBefore(at int, blocks []fresh) {
	if d.elements[at].text != nil {
		d.put(d.elements[at].start, false, rankInsert, blocks)
		return
	}
	if at > 0 && d.elements[at-1].text != nil { // before a table there is always a paragraph
		d.put(d.elements[at-1].text.end, true, rankInsert, blocks)
		return
	}
	d.putLast(rankInsert, blocks)
}

// putLast writes blocks at the end of the document.
func (d *draft) putLast(rank int, blocks []fresh) {
	last := &d.elements[len(d.elements)-1]
	if last.text != nil && last.start == last.text.end {
		d.put(last.start, false, rank, blocks)
		return
	}
	d.put(last.end-1, true, rank, blocks)
}

func (d *draft) put(at int64, behind bool, rank int, blocks []fresh) {
	d.steps = append(d.steps, step{at, rank, compose(d.tab, at, behind, blocks)})
}

// append writes sections at the end, in order.
func (d *draft) append(due []connectors.ReportSection) {
	var blocks []fresh
	for _, s := range due {
		head := connectors.ReportBlock{Style: connectors.ReportTitle, Text: connectors.ReportText{{Text: s.Title}}}
		blocks = append(blocks, fresh{clean(head), []string{sectionName(sectionMark, s.ID)}})
		for _, b := range s.Blocks {
			blocks = append(blocks, fresh{block: clean(b)})
		}
	}
	d.putLast(rankSection, blocks)
}

// remark sees to the marks of the title, where it was not written anew.
func (d *draft) remark() {
	if !d.titled && !d.newTold {
		return
	}
	for _, m := range d.marks {
		if m.kind == toldMark {
			d.unmark = append(d.unmark, m.id)
		}
	}
	if d.titled || len(d.parts) == 0 || d.parts[0].at < 0 {
		return
	}
	l := d.elements[d.parts[0].at].text
	if l == nil || l.start == l.end {
		return
	}
	var marks []*docs.Request
	for _, id := range d.told {
		marks = append(marks, d.markOn(l.start, l.end, sectionName(toldMark, id)))
	}
	d.steps = append(d.steps, step{at: l.start, requests: marks})
}

func (s *sheaf) markOn(from, to int64, name string) *docs.Request {
	return &docs.Request{CreateNamedRange: &docs.CreateNamedRangeRequest{
		Name: name, Range: &docs.Range{TabId: s.tab, StartIndex: from, EndIndex: to},
	}}
}

func (s *sheaf) deletion(from, to int64) *docs.Request {
	return &docs.Request{DeleteContentRange: &docs.DeleteContentRangeRequest{Range: &docs.Range{TabId: s.tab, StartIndex: from, EndIndex: to}}}
}
