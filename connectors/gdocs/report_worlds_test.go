package gdocs

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/lockstep-sync/lockstep/connectors"
)

// reportWorld is a document that a report is kept in, people who write everywhere in it between any two requests, lines that are cut,
// and restarts.
type reportWorld struct {
	*reportDesk
	rt    *rapid.T
	typed []string // every word that a person typed, and nobody took away
	week  int
	// suggested is how many suggestions people made.
	suggested int
	lost      bool // marks are lost, and nobody has looked since: then headings tell which sections are there
	last      connectors.Report
}

var worldWords = []string{"late", "on track", "😀 two of 🌍", "a bit late, again", "", "late"} //nolint:gochecknoglobals // a constant

// TestReportWorlds: however people write between our requests, and wherever the line is cut, each section is written once, no word of
// theirs is lost, the summary is current when they pause, and then nothing is written any more.
func TestReportWorlds(t *testing.T) {
	t.Parallel()
	srv := newReportDesk(t) // one server for all worlds: each has a document of its own
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		d := &reportDesk{t: t, srv: srv.srv, web: srv.web, way: srv.way}
		d.id = d.srv.AddDocument("Report", "Of people "+fmt.Sprint(n))
		w := &reportWorld{reportDesk: d, rt: rt, typed: []string{"Of people " + fmt.Sprint(n)}}
		for range rapid.IntRange(1, 6).Draw(rt, "steps") {
			w.step()
		}
		w.check()
	})
}

func (w *reportWorld) step() {
	rt := w.rt
	if rapid.Bool().Draw(rt, "a week ends") {
		w.week++
	}
	var rows [][]connectors.ReportText
	for _, id := range rapid.SliceOfNDistinct(rapid.IntRange(1, 6), 0, 5, rapid.ID[int]).Draw(rt, "overdue") {
		rows = append(rows, cellsOf(fmt.Sprintf("CW-%d", id), rapid.SampledFrom(worldWords).Draw(rt, "title"), "2 Nov"))
	}
	w.last = connectors.Report{Summary: summaryOf(connectors.Red, "Red", rapid.SampledFrom(worldWords).Draw(rt, "why"), rows...)}
	for i := range w.week {
		w.last.Sections = append(w.last.Sections, weekOf(fmt.Sprintf("2026-11-%02d", i+1)))
	}
	people := rapid.IntRange(0, 2).Draw(rt, "people")
	w.before = func(*http.Request) {
		if people > 0 && rapid.Bool().Draw(rt, "somebody types") {
			people--
			w.person()
		}
	}
	if rapid.IntRange(0, 3).Draw(rt, "the line") == 0 {
		landed := rapid.Bool().Draw(rt, "landed")
		w.cut = func(send func() (*http.Response, error)) (*http.Response, error) {
			if landed {
				if resp, err := send(); err == nil {
					_ = resp.Body.Close()
				}
			}
			return nil, errCut
		}
	}
	err := w.report().Report(w.t.Context(), w.last)
	if err != nil && w.cut == nil && !strings.Contains(err.Error(), "people keep editing") {
		rt.Fatalf("write the report: %v", err)
	}
	w.before, w.cut = nil, nil
	w.lost = w.lost && err != nil
}

// headings reports that every section's heading that is there is as it was written.
func (w *reportWorld) headings(s *sheaf) (intact bool) {
	for _, m := range s.marks {
		if m.kind != sectionMark {
			continue
		}
		if at := s.at(m.from); at >= 0 && s.elements[at].content() != "Week from "+strings.TrimPrefix(m.key, "week-") {
			return false
		}
	}
	return true
}

// person types somewhere: at the start, the end or in the middle of any paragraph or cell; or suggests a word, deletes a text of ours,
// formats one, or loses all our marks.
func (w *reportWorld) person() {
	before, cut := w.before, w.cut
	w.before, w.cut = nil, nil
	defer func() { w.before, w.cut = before, cut }()
	s := w.raw()
	if rapid.IntRange(0, 9).Draw(w.rt, "loses") == 0 && w.headings(s) {
		w.loses()
		w.lost = true
		return
	}
	var leaves []leaf
	for i := range s.elements {
		e := &s.elements[i]
		if e.text != nil && (!w.lost || !strings.HasPrefix(e.content(), "Week from ")) {
			leaves = append(leaves, *e.text)
		}
		for _, r := range e.rows {
			leaves = append(leaves, r.cells...)
		}
	}
	l := leaves[rapid.IntRange(0, len(leaves)-1).Draw(w.rt, "where")]
	at := l.end
	if n := len(l.codes); n > 0 {
		if k := rapid.IntRange(0, n).Draw(w.rt, "place"); k < n && (l.codes[k].unit < 0xDC00 || l.codes[k].unit > 0xDFFF) {
			at = l.codes[k].from
		}
	}
	theirs := false
	for _, word := range w.typed { // nobody types into another's word here: it could not be told apart
		theirs = theirs || strings.Contains(l.String(), word)
	}
	if theirs {
		at = l.end
	}
	heading := strings.HasPrefix(l.String(), "Week from ") || l.String() == "Clean Water: report"
	does := rapid.SampledFrom([]string{"types", "types", "types", "types", "types", "suggests", "deletes", "formats"}).Draw(w.rt, "does")
	if l.start == l.end || l.suggested || theirs || heading && does == "deletes" {
		does = "types"
	}
	word := fmt.Sprintf("word%d", len(w.typed))
	switch does {
	case "suggests":
		w.must(w.srv.EditDocument(w.id, true, fmt.Sprintf(`{"insertText":{"location":{"index":%d},"text":" suggested"}}`, at)))
		w.suggested++
	case "deletes":
		w.must(w.srv.EditDocument(w.id, false, fmt.Sprintf(`{"deleteContentRange":{"range":{"startIndex":%d,"endIndex":%d}}}`, l.start, l.end)))
	case "formats":
		w.must(w.srv.EditDocument(w.id, false, fmt.Sprintf(`{"updateTextStyle":{"range":{"startIndex":%d,"endIndex":%d},"textStyle":{"italic":true},"fields":"italic"}}`, l.start, l.end)))
	default:
		text := rapid.SampledFrom([]string{word, " " + word, word + "\n", "\n" + word, "\n" + word + "\n"}).Draw(w.rt, "text")
		w.must(w.srv.EditDocument(w.id, false, fmt.Sprintf(`{"insertText":{"location":{"index":%d},"text":%s}}`, at, quoted(text))))
		w.typed = append(w.typed, word)
	}
}

func (w *reportWorld) check() {
	rt := w.rt
	for range 2 {
		if err := w.report().Report(w.t.Context(), w.last); err != nil {
			rt.Fatalf("write the report when all is quiet: %v", err)
		}
	}
	w.reads, w.writes = 0, 0
	if err := w.report().Report(w.t.Context(), w.last); err != nil || w.writes != 0 || w.reads != 1 {
		rt.Fatalf("a report that says all of it: %v, %d reads, %d writes", err, w.reads, w.writes)
	}
	text := w.text()
	for _, word := range w.typed {
		if !strings.Contains(text, word) {
			rt.Fatalf("%q is lost in\n%s", word, text)
		}
	}
	if n := len(w.srv.DocumentSuggestions(w.id)); n != w.suggested {
		rt.Fatalf("%d suggestions are open, %d were made:\n%s", n, w.suggested, text)
	}
	for _, s := range w.last.Sections {
		day := strings.TrimPrefix(s.ID, "week-")
		// A heading that somebody wrote into may be there without our words; what stands in the section tells, too.
		if n := strings.Count(text, "Drill "+day); n > 1 || strings.Count(text, s.Title) > 1 {
			rt.Fatalf("%s is there twice:\n%s", s.Title, text)
		}
	}
	s := w.raw()
	for _, b := range w.last.Summary {
		p := reportPart{block: clean(b)}
		if p.heading() {
			continue
		}
		if want := p.content(); !slices.ContainsFunc(s.elements, func(e element) bool { return e.content() == want }) {
			rt.Fatalf("the summary does not say %q:\n%s", want, text)
		}
	}
}
