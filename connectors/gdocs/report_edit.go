package gdocs

import (
	"slices"
	"unicode/utf16"

	"google.golang.org/api/docs/v1"

	"github.com/lockstep-sync/lockstep/connectors"
)

// rewrite makes a part that is there, as it was written, say what it is to say, and marks it with the sum of that.
func (d *draft) rewrite(i int, differs bool) {
	p := &d.parts[i]
	e := &d.elements[p.at]
	sum := sumOf(p.content())
	s := step{at: e.start}
	var from, to int64 // of what is marked
	if e.isTable() {
		s.requests = d.rewriteTable(e, p.block)
		head := &e.rows[0].cells[0]
		from, to = head.start, head.end
	} else {
		s.requests = d.rewriteText(e.text, p.block.Text, &docs.TextStyle{}, true)
		if differs && p.block.Style == connectors.ReportNote {
			s.requests = append(s.requests, styled(d.tab, e.start, e.start+units(p.content()), p.block.Style)...)
		}
		from, to = e.start, e.start+units(p.content())
	}
	if len(s.requests) == 0 && p.sum == sum {
		return
	}
	if p.sum != sum || differs {
		d.unmark = appendID(d.unmark, p.mark)
		s.requests = append(s.requests, d.markOn(from, to, partName(p.block.Key, sum)))
	}
	if i == 0 && differs {
		d.titled = true
		for _, id := range d.told {
			s.requests = append(s.requests, d.markOn(from, to, sectionName(toldMark, id)))
		}
	}
	d.steps = append(d.steps, s)
}

// rewriteText changes a text with as little as can be: what stays keeps its look and its comments, what is new has the look that is given.
func (s *sheaf) rewriteText(l *leaf, want connectors.ReportText, look *docs.TextStyle, colours bool) []*docs.Request {
	text := utf16.Encode([]rune(want.String()))
	old := l.codes
	p := 0
	for p < len(old) && p < len(text) && old[p].unit == text[p] {
		p++
	}
	if p > 0 && p < len(text) && utf16.IsSurrogate(rune(text[p-1])) && text[p-1] < lowSurrogate {
		p--
	}
	q := 0
	for q < len(old)-p && q < len(text)-p && old[len(old)-1-q].unit == text[len(text)-1-q] {
		q++
	}
	if q > 0 && utf16.IsSurrogate(rune(text[len(text)-q])) && text[len(text)-q] >= lowSurrogate {
		q--
	}
	var out []*docs.Request
	at := l.start + int64(p)
	if gone := old[p : len(old)-q]; len(gone) > 0 {
		out = append(out, s.deletion(at, gone[len(gone)-1].to))
	}
	if put := text[p : len(text)-q]; len(put) > 0 {
		out = append(out, inserted(s.tab, at, string(utf16.Decode(put))), textStyle(s.tab, at, at+int64(len(put)), look, textLook))
	}
	if len(out) > 0 || !sameLinks(old, want) && !l.suggested {
		out = append(out, spans(s.tab, l.start, want, colours)...)
	}
	return out
}

const lowSurrogate = 0xDC00

// sameLinks reports that each unit leads where it is to lead. What a person linked beside that is left alone.
func sameLinks(old []code, want connectors.ReportText) bool {
	at := 0
	for _, p := range want {
		for range units(p.Text) {
			if p.URL != "" && (at >= len(old) || old[at].url != p.URL) {
				return false
			}
			at++
		}
	}
	return true
}

func sameHeader(e *element, columns []string) bool {
	if len(e.rows[0].cells) != len(columns) {
		return false
	}
	for k := range columns {
		if e.rows[0].cells[k].String() != columns[k] {
			return false
		}
	}
	return true
}

// rewriteTable makes a table's rows what they are to be, from the last one up. Rows are known by their first cells.
func (s *sheaf) rewriteTable(e *element, b connectors.ReportBlock) []*docs.Request {
	old := make([]string, len(e.rows)-1)
	for i := range old {
		old[i] = e.rows[i+1].cells[0].String()
	}
	want := make([]string, len(b.Rows))
	for j := range want {
		want[j] = b.Rows[j][0].String()
	}
	var out []*docs.Request
	i, j := len(old), len(want)
	longest := common(old, want)
	for i > 0 || j > 0 {
		switch {
		case i > 0 && j > 0 && old[i-1] == want[j-1]:
			out = append(out, s.rewriteRow(e, i, b.Rows[j-1])...)
			i, j = i-1, j-1
		case j > 0 && (i == 0 || longest[i][j-1] >= longest[i-1][j]):
			out = append(out, s.newRow(e, i, b.Rows[j-1])...)
			j--
		default:
			out = append(out, &docs.Request{DeleteTableRow: &docs.DeleteTableRowRequest{TableCellLocation: s.cellAt(e, i)}})
			i--
		}
	}
	return out
}

// common is, for each beginning of a and of b, how many rows they share in order.
func common(a, b []string) [][]int {
	n := make([][]int, len(a)+1)
	for i := range n {
		n[i] = make([]int, len(b)+1)
		for j := range n[i] {
			switch {
			case i == 0 || j == 0:
			case a[i-1] == b[j-1]:
				n[i][j] = n[i-1][j-1] + 1
			default:
				n[i][j] = max(n[i-1][j], n[i][j-1])
			}
		}
	}
	return n
}

func (s *sheaf) cellAt(e *element, row int) *docs.TableCellLocation {
	return &docs.TableCellLocation{TableStartLocation: &docs.Location{TabId: s.tab, Index: e.start}, RowIndex: int64(row)}
}

func (s *sheaf) rewriteRow(e *element, row int, texts []connectors.ReportText) []*docs.Request {
	var out []*docs.Request
	for k, text := range slices.Backward(texts) {
		l := &e.rows[row].cells[k]
		differs := l.String() != text.String()
		out = append(out, s.rewriteText(l, text, cellLook(), false)...)
		if differs {
			out = append(out, shade(s.tab, e.start, row, k, 1, toneOf(text)))
		}
	}
	return out
}

// newRow puts a row below another, which may be that of the headers.
func (s *sheaf) newRow(e *element, under int, texts []connectors.ReportText) []*docs.Request {
	at := s.cellAt(e, under)
	out := []*docs.Request{{InsertTableRow: &docs.InsertTableRowRequest{InsertBelow: true, TableCellLocation: at}}}
	start := e.rows[under].end
	var looks []*docs.Request
	grown := int64(0)
	for k, text := range texts {
		n := units(text.String())
		if n == 0 {
			continue
		}
		from := start + 2 + 2*int64(k) + grown
		grown += n
		looks = append(looks, textStyle(s.tab, from, from+n, cellLook(), textLook))
		looks = append(looks, spans(s.tab, from, text, false)...)
	}
	for k, text := range slices.Backward(texts) {
		if t := text.String(); t != "" {
			out = append(out, inserted(s.tab, start+2+2*int64(k), t))
		}
	}
	out = append(out, looks...)
	out = append(out, shade(s.tab, e.start, under+1, 0, int64(len(texts)), nil))
	for k, text := range texts {
		if c := toneOf(text); c != nil {
			out = append(out, shade(s.tab, e.start, under+1, k, 1, c))
		}
	}
	return out
}
