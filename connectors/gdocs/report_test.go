package gdocs

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/lockstep-sync/lockstep/connectors"
	"github.com/lockstep-sync/lockstep/connectors/google"
	sandbox "github.com/lockstep-sync/lockstep/connectors/sandbox/google"
	"github.com/lockstep-sync/lockstep/connectors/transport"
	"github.com/lockstep-sync/lockstep/sync/fault"
)

// reportDesk is somebody who reads a report in a sandbox document, and writes around it.
type reportDesk struct {
	t   *testing.T
	srv *sandbox.Server
	web *httptest.Server
	way http.RoundTripper
	id  string

	reads, writes int
	before        func(r *http.Request)                                             // called before a request is sent
	cut           func(send func() (*http.Response, error)) (*http.Response, error) // in place of sending a write; nil sends it
}

func newReportDesk(t *testing.T, paragraphs ...string) *reportDesk {
	t.Helper()
	d := &reportDesk{t: t, srv: sandbox.New(sandbox.Options{})}
	d.web, d.way = serve(t, d.srv)
	d.id = d.srv.AddDocument("Report", paragraphs...)
	return d
}

func (d *reportDesk) RoundTrip(r *http.Request) (*http.Response, error) {
	if d.before != nil {
		d.before(r)
	}
	write := r.Method != http.MethodGet
	if write {
		d.writes++
	} else {
		d.reads++
	}
	if write && d.cut != nil {
		return d.cut(func() (*http.Response, error) { return d.way.RoundTrip(r) })
	}
	return d.way.RoundTrip(r)
}

// report is a fresh connector, as after a restart.
func (d *reportDesk) report() *Report {
	d.t.Helper()
	svc, err := NewService(d.t.Context(), google.Credentials{Endpoint: d.web.URL}, transport.Options{
		Retries: -1, InlineWait: time.Millisecond, Timeout: 3 * time.Second, Base: d,
	})
	if err != nil {
		d.t.Fatal(err)
	}
	r, err := NewReport(d.id, svc, Options{Source: "report"})
	if err != nil {
		d.t.Fatal(err)
	}
	return r
}

func (d *reportDesk) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

func (d *reportDesk) write(want connectors.Report) {
	d.t.Helper()
	d.must(d.report().Report(d.t.Context(), want))
}

// text is what a person reads: paragraphs as lines, cells of tables as lines, too.
func (d *reportDesk) text() string { return d.srv.DocumentText(d.id) }

func (d *reportDesk) wants(want ...string) {
	d.t.Helper()
	if got := strings.TrimRight(d.text(), "\n"); got != strings.Join(want, "\n") {
		d.t.Fatalf("the document says\n%s\nand should say\n%s", got, strings.Join(want, "\n"))
	}
}

// types puts text in at the first place where the document says something, behind it or before it.
func (d *reportDesk) types(behind, text string) {
	d.t.Helper()
	d.must(d.srv.EditDocument(d.id, false, fmt.Sprintf(`{"insertText":{"location":{"index":%d},"text":%s}}`, d.find(behind)+units(behind), quoted(text))))
}

func quoted(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// find is where the document first says something.
func (d *reportDesk) find(what string) int64 {
	d.t.Helper()
	doc := d.raw()
	for i := range doc.elements {
		e := &doc.elements[i]
		leaves := []leaf{}
		if e.text != nil {
			leaves = append(leaves, *e.text)
		}
		for _, r := range e.rows {
			leaves = append(leaves, r.cells...)
		}
		for k := range leaves {
			if before, _, ok := strings.Cut(leaves[k].String(), what); ok {
				return leaves[k].start + units(before)
			}
		}
	}
	d.t.Fatalf("the document does not say %q:\n%s", what, d.text())
	return 0
}

func (d *reportDesk) raw() *sheaf {
	d.t.Helper()
	reads, before := d.reads, d.before
	d.before = nil
	s, f := d.report().get(d.t.Context())
	d.reads, d.before = reads, before
	if f != nil {
		d.t.Fatal(f)
	}
	return s
}

// loses takes all named ranges away, as some edits in Docs do.
func (d *reportDesk) loses(kinds ...string) {
	d.t.Helper()
	for _, m := range d.raw().marks {
		if len(kinds) == 0 || strings.Contains(strings.Join(kinds, " "), m.kind) {
			d.must(d.srv.EditDocument(d.id, false, fmt.Sprintf(`{"deleteNamedRange":{"namedRangeId":%q}}`, m.id)))
		}
	}
}

func plainText(s string) connectors.ReportText { return connectors.ReportText{{Text: s}} }

func cellsOf(texts ...string) []connectors.ReportText {
	var out []connectors.ReportText
	for _, s := range texts {
		out = append(out, plainText(s))
	}
	return out
}

// summaryOf is a small summary: how it stands, and what is overdue.
func summaryOf(rag connectors.Tone, word, why string, overdue ...[]connectors.ReportText) []connectors.ReportBlock {
	out := []connectors.ReportBlock{
		{Key: "title", Style: connectors.ReportTitle, Text: plainText("Clean Water: report")},
		{Key: "verdict", Text: connectors.ReportText{{Text: word, Bold: true, Tone: rag}, {Text: ": " + why}}},
		{Key: "overdue", Style: connectors.ReportHeading, Text: plainText("Overdue")},
		{Key: "overdue-words", Text: plainText(fmt.Sprintf("%d tasks are past their date.", len(overdue)))},
	}
	if len(overdue) > 0 {
		out = append(out, connectors.ReportBlock{Key: "overdue-table", Columns: []string{"Task", "Title", "Due"}, Rows: overdue})
	}
	return append(out, connectors.ReportBlock{Key: "gates", Style: connectors.ReportHeading, Text: plainText("Next gates")},
		connectors.ReportBlock{Key: "gates-words", Text: plainText("None is set.")})
}

func weekOf(day string) connectors.ReportSection {
	return connectors.ReportSection{ID: "week-" + day, Title: "Week from " + day, Blocks: []connectors.ReportBlock{
		{Style: connectors.ReportHeading, Text: plainText("Done")},
		{Style: connectors.ReportBullet, Text: connectors.ReportText{{Text: "CW-1", URL: "https://jira.example.org/WASH-1"}, {Text: " Drill " + day}}},
		{Style: connectors.ReportBullet, Text: plainText("CW-2 Pump")},
		{Style: connectors.ReportHeading, Text: plainText("Slipped")},
		{Columns: []string{"Task", "From", "To"}, Rows: [][]connectors.ReportText{cellsOf("CW-3", "1 Nov", "9 Nov")}},
	}}
}

func TestReportBegins(t *testing.T) {
	t.Parallel()
	d := newReportDesk(t)
	want := connectors.Report{Summary: summaryOf(connectors.Red, "Red", "late", cellsOf("CW-1", "Drill", "2 Nov")), Sections: []connectors.ReportSection{weekOf("2026-11-16")}}
	d.write(want)
	d.wants("Clean Water: report", "Red: late", "Overdue", "1 tasks are past their date.", "Task", "Title", "Due", "CW-1", "Drill", "2 Nov",
		"Next gates", "None is set.", "Week from 2026-11-16", "Done", "CW-1 Drill 2026-11-16", "CW-2 Pump", "Slipped", "Task", "From", "To", "CW-3", "1 Nov", "9 Nov")
	if d.reads != 1 || d.writes != 1 {
		t.Errorf("%d reads and %d writes, want one each", d.reads, d.writes)
	}
	d.write(want)
	if d.reads != 2 || d.writes != 1 {
		t.Errorf("the second time: %d reads and %d writes", d.reads, d.writes)
	}
	ids, err := d.report().Sections(t.Context())
	if d.must(err); len(ids) != 1 || ids[0] != "week-2026-11-16" {
		t.Errorf("the sections are %q", ids)
	}
}

func TestReportStaysCurrent(t *testing.T) {
	t.Parallel()
	d := newReportDesk(t, "Written by people")
	row := func(id string) []connectors.ReportText { return cellsOf(id, "Title of "+id, "2 Nov") }
	states := []connectors.Report{
		{Summary: summaryOf(connectors.Red, "Red", "late", row("CW-1"), row("CW-2"))},
		{Summary: summaryOf(connectors.Amber, "Amber", "a bit late", row("CW-2"), row("CW-3"), row("CW-4"))},
		{Summary: summaryOf(connectors.Green, "Green", "on track")},
		{Summary: summaryOf(connectors.Grey, "Grey", "no dates", row("CW-9"))},
		{Summary: summaryOf(connectors.Green, "Green", "on track")},
		{Summary: summaryOf(connectors.Green, "Green 😀", "on 🌍 track", row("CW-9"), row("CW-1"), row("CW-5"))},
		{Summary: summaryOf(connectors.Green, "Green 😁", "on 🌎 track", row("CW-5"), row("CW-9"))},
	}
	for i, want := range states {
		want.Sections = []connectors.ReportSection{weekOf("2026-11-16")}
		d.reads, d.writes = 0, 0
		d.write(want)
		if d.reads != 1 || d.writes != 1 {
			t.Errorf("state %d: %d reads and %d writes, want one each", i, d.reads, d.writes)
		}
		other := newReportDesk(t, "Written by people")
		other.write(want)
		if got, fresh := squeezed(d.text()), squeezed(other.text()); got != fresh {
			t.Fatalf("state %d: the document says\n%s\nand one that is new\n%s", i, got, fresh)
		}
	}
}

// squeezed is a text without empty lines.
func squeezed(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == '\n' }), "\n")
}

func TestReportLeavesWhatPeopleWrite(t *testing.T) {
	t.Parallel()
	d := newReportDesk(t, "Our own introduction")
	first := connectors.Report{Summary: summaryOf(connectors.Red, "Red", "late", cellsOf("CW-1", "Drill", "2 Nov")), Sections: []connectors.ReportSection{weekOf("2026-11-16")}}
	d.write(first)
	d.must(d.srv.EditDocument(d.id, false, `{"insertText":{"location":{"index":1},"text":"Read me first\n"}}`))
	d.types("Red: late", "\nThe board asks why")
	d.types("Done", "\nWell done, everybody")
	d.types("9 Nov", " (agreed)")
	d.types("Overdue", " and urgent") // a heading is what people call it
	d.write(connectors.Report{Summary: summaryOf(connectors.Green, "Green", "fine"), Sections: []connectors.ReportSection{weekOf("2026-11-16"), weekOf("2026-11-23")}})
	got := squeezed(d.text())
	for _, want := range []string{
		"Read me first\nClean Water: report\nGreen: fine\nThe board asks why\nOverdue and urgent\n0 tasks are past their date.\nNext gates",
		"Our own introduction\nWeek from 2026-11-16\nDone\nWell done, everybody\n", "9 Nov (agreed)\nWeek from 2026-11-23",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
}

// TestReportGivesUpWhatPeopleChange: nothing that a person typed into a part of ours is lost, and the part is current all the same.
func TestReportGivesUpWhatPeopleChange(t *testing.T) {
	t.Parallel()
	d := newReportDesk(t)
	d.write(connectors.Report{Summary: summaryOf(connectors.Red, "Red", "late", cellsOf("CW-1", "Drill", "2 Nov"))})
	d.types("Red: late", ", says who?")
	d.types("Drill", " deeper")
	next := connectors.Report{Summary: summaryOf(connectors.Amber, "Amber", "less late", cellsOf("CW-1", "Drill", "2 Nov"), cellsOf("CW-2", "Pump", "3 Nov"))}
	d.write(next)
	got := squeezed(d.text())
	for _, want := range []string{
		"Clean Water: report\nAmber: less late\n" + keptAbove + "\nRed: late, says who?\nOverdue\n",
		"2 tasks are past their date.\nTask\nTitle\nDue\nCW-1\nDrill\n2 Nov\nCW-2\nPump\n3 Nov\n" + keptAbove + "\nTask\nTitle\nDue\nCW-1\nDrill deeper\n2 Nov\nNext gates",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
	d.reads, d.writes = 0, 0
	d.write(next)
	if d.writes != 0 {
		t.Errorf("what was given up is given up again:\n%s", d.text())
	}
}

func TestReportKeepsSuggestions(t *testing.T) {
	t.Parallel()
	d := newReportDesk(t)
	d.write(connectors.Report{Summary: summaryOf(connectors.Red, "Red", "late")})
	d.must(d.srv.EditDocument(d.id, true, fmt.Sprintf(`{"insertText":{"location":{"index":%d},"text":" indeed"}}`, d.find("late"))))
	d.write(connectors.Report{Summary: summaryOf(connectors.Amber, "Amber", "later")})
	if got := d.srv.DocumentSuggestions(d.id); len(got) != 1 {
		t.Errorf("the suggestions are %q", got)
	}
	if got := d.text(); !strings.Contains(got, "Amber: later\n"+keptAbove+"\nRed: late\n") {
		t.Errorf("the document says\n%s", got)
	}
}

// TestReportWithoutMarks loses every named range: sections are known by their headings, the summary by its title and its words.
func TestReportWithoutMarks(t *testing.T) {
	t.Parallel()
	d := newReportDesk(t)
	want := connectors.Report{Summary: summaryOf(connectors.Red, "Red", "late", cellsOf("CW-1", "Drill", "2 Nov")), Sections: []connectors.ReportSection{weekOf("2026-11-16")}}
	d.write(want)
	before := d.text()
	d.loses()
	d.write(want)
	d.write(want)
	if got := d.text(); got != before {
		t.Errorf("the document says\n%s\nand said\n%s", got, before)
	}
}

// TestReportSectionStaysAway: a section that people took out does not come back.
func TestReportSectionStaysAway(t *testing.T) {
	t.Parallel()
	d := newReportDesk(t)
	want := connectors.Report{Summary: summaryOf(connectors.Red, "Red", "late"), Sections: []connectors.ReportSection{weekOf("2026-11-16")}}
	d.write(want)
	from := d.find("Week from")
	s := d.raw()
	last := s.elements[len(s.elements)-1]
	d.must(d.srv.EditDocument(d.id, false, fmt.Sprintf(`{"deleteContentRange":{"range":{"startIndex":%d,"endIndex":%d}}}`, from, last.end-1)))
	want.Summary = summaryOf(connectors.Green, "Green", "fine")
	d.write(want)
	if got := d.text(); strings.Contains(got, "Week from") || !strings.Contains(got, "Green: fine") {
		t.Errorf("the document says\n%s", got)
	}
	ids, err := d.report().Sections(t.Context())
	if d.must(err); len(ids) != 1 {
		t.Errorf("the sections are %q", ids)
	}
}

var errCut = errors.New("the line is cut")

// TestReportCutAnywhere cuts the line before a write lands and after it: it is tried again, and written once.
func TestReportCutAnywhere(t *testing.T) {
	t.Parallel()
	for _, landed := range []bool{false, true} {
		d := newReportDesk(t, "People's own")
		want := connectors.Report{Summary: summaryOf(connectors.Red, "Red", "late", cellsOf("CW-1", "Drill", "2 Nov")), Sections: []connectors.ReportSection{weekOf("2026-11-16")}}
		d.cut = func(send func() (*http.Response, error)) (*http.Response, error) {
			if landed {
				resp, err := send()
				d.must(err)
				_ = resp.Body.Close()
			}
			return nil, errCut
		}
		if err := d.report().Report(t.Context(), want); err == nil {
			t.Error("a cut line is no error")
		}
		if got := strings.Contains(d.text(), "Week from"); got != landed {
			t.Errorf("the write landed: %v, want %v", got, landed)
		}
		d.cut = nil
		d.write(want)
		if got := d.text(); strings.Count(got, "Week from 2026-11-16") != 1 || strings.Count(got, "Clean Water: report") != 1 {
			t.Errorf("the document says\n%s", got)
		}
	}
}

// TestReportMeetsOthers: somebody types between our read and our write, and another Lockstep writes the same section.
func TestReportMeetsOthers(t *testing.T) {
	t.Parallel()
	d := newReportDesk(t)
	want := connectors.Report{Summary: summaryOf(connectors.Red, "Red", "late"), Sections: []connectors.ReportSection{weekOf("2026-11-16")}}
	meets := 0
	d.before = func(r *http.Request) {
		if r.Method != http.MethodGet && meets == 0 {
			meets++
			d.before = nil
			d.write(want)
			d.must(d.srv.EditDocument(d.id, false, `{"insertText":{"location":{"index":1},"text":"Mine!\n"}}`))
		}
	}
	d.write(want)
	if got := d.text(); strings.Count(got, "Week from 2026-11-16") != 1 || strings.Count(got, "Clean Water: report") != 1 || !strings.Contains(got, "Mine!") {
		t.Errorf("the document says\n%s", got)
	}
	d.before = func(r *http.Request) {
		if r.Method != http.MethodGet {
			d.must(d.srv.EditDocument(d.id, false, `{"insertText":{"location":{"index":1},"text":"Busy!\n"}}`))
		}
	}
	err := d.report().Report(t.Context(), connectors.Report{Summary: summaryOf(connectors.Green, "Green", "fine")})
	if f := fault.Of(err); err == nil || f.Kind != fault.Conflict {
		t.Errorf("people who never stop: %v", err)
	}
}

func TestReportAccess(t *testing.T) {
	t.Parallel()
	d := newReportDesk(t)
	want := connectors.Report{Summary: summaryOf(connectors.Red, "Red", "late")}
	check := func(level connectors.Level, words string) {
		t.Helper()
		found, err := d.report().Check(t.Context())
		d.must(err)
		if last := found[len(found)-1]; last.Level != level || !strings.Contains(last.Text+last.Hint, words) {
			t.Errorf("found %+v, want %s with %q", found, level, words)
		}
	}
	check(connectors.LevelOK, "read and written")
	d.must(d.srv.ReadOnly(d.id))
	check(connectors.LevelError, "as an editor")
	if f := fault.Of(d.report().Report(t.Context(), want)); f.Reason != fault.Auth || !strings.Contains(f.Hint, "as an editor") || d.writes != 0 {
		t.Errorf("read-only: %v, %q, %d writes", f, f.Hint, d.writes)
	}
	d.must(d.srv.Unshare(d.id))
	check(connectors.LevelError, "share")
	if f := fault.Of(d.report().Report(t.Context(), want)); f.Hint == "" {
		t.Errorf("unshared: %v", f)
	}
	d.must(d.srv.Share(d.id))
	d.write(want)
	d.id = "1Nowhere"
	check(connectors.LevelError, "scorecard.report.document")
}

func TestReportTakesTextsLiterally(t *testing.T) {
	t.Parallel()
	for _, hostile := range []string{
		"\tTab first", "=IMPORTXML(\"x\")", "<b>bold</b>", "a\nb\vc\u2028d", "\u202Eevil", "e\u0301 👩‍🚀 \U0001F600", "\x00\x1f\x1e", "", "   ", "\uE000\uFFFD\uFEFF",
		"\xff\xfe broken", "**x** [y](z)", strings.Repeat("long ", 2000), "{\"json\":1}",
	} {
		d := newReportDesk(t)
		section := weekOf("2026-11-16")
		section.Blocks = append(section.Blocks, connectors.ReportBlock{Style: connectors.ReportBullet, Text: plainText(hostile)},
			connectors.ReportBlock{Columns: []string{hostile, "x"}, Rows: [][]connectors.ReportText{cellsOf(hostile, hostile), cellsOf("", "")}})
		for _, word := range []string{"one", "two"} {
			want := connectors.Report{Summary: summaryOf(connectors.Red, hostile, hostile+word, cellsOf(hostile, hostile+word, hostile)), Sections: []connectors.ReportSection{section}}
			d.write(want)
			d.reads, d.writes = 0, 0
			d.write(want)
			if d.writes != 0 {
				t.Errorf("%q is written again:\n%s", hostile, d.text())
			}
		}
		if n := strings.Count(d.text(), keptAbove); n != 0 {
			t.Errorf("%q is taken for an edit", hostile)
		}
	}
}
