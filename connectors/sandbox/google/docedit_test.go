package google

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"google.golang.org/api/docs/v1"
	"pgregory.net/rapid"
)

// sound holds a document against itself: what it shows is read again as the same units, and shows the same again. So every
// index of the answer follows from what stands before it, and no structure is broken.
func sound(d *document) error {
	for _, t := range d.tabs {
		for _, seg := range t.segments() {
			content := buildContent(t.units(seg))
			again, err := loadContent(content)
			if err != nil {
				return fmt.Errorf("segment %q cannot be read again: %w", seg, err)
			}
			if len(again) != len(t.units(seg)) {
				return fmt.Errorf("segment %q has %d units, and its answer says %d", seg, len(t.units(seg)), len(again))
			}
			if got := buildContent(again); !equalJSON(got, any(content)) { // telling where takes longer
				return fmt.Errorf("segment %q: %s", seg, firstDifference("", got, any(content)))
			}
			if n := len(again); n == 0 || again[n-1].kind != newlineUnit {
				return fmt.Errorf("segment %q does not end with a newline", seg)
			}
		}
		for _, r := range t.ranges {
			for _, p := range r.parts {
				if p.from >= p.to || p.to > len(t.units(p.segment)) {
					return fmt.Errorf("the range %s is %+v", r.name, p)
				}
			}
		}
	}
	return nil
}

// Whatever is asked of a document, it stays sound; what is refused changes nothing.
func TestRandomEditsKeepADocumentSound(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := New(Options{})
		id := s.AddDocument("Plan", "Plan of the year 🌍", "", "Second paragraph")
		if err := s.AddTable(id, "Action tracker", []string{"Action", "Who"}, []string{"Dig a well 😀", "Amina"}, []string{"", ""}); err != nil {
			t.Fatal(err)
		}
		done := 0
		for range rapid.IntRange(1, 30).Draw(t, "edits") {
			suggest := rapid.IntRange(0, 3).Draw(t, "suggests") == 0
			before := s.document(id)
			err := s.EditDocument(id, suggest, drawEdit(t, before))
			after := s.document(id)
			if err != nil && after != before {
				t.Fatalf("a refused edit changed the document: %v", err)
			}
			if err == nil {
				done++
			}
			if err := sound(after); err != nil {
				t.Fatal(err)
			}
			if suggest && err == nil {
				soundDecided(t, after)
			}
		}
		soundDecided(t, s.document(id))
		if done == 0 && rapid.Bool().Draw(t, "never") {
			t.Skip("all refused")
		}
	})
}

// soundDecided looks at the document with all that is suggested accepted, and rejected.
func soundDecided(t *rapid.T, d *document) {
	for _, accept := range []bool{false, true} {
		view := d.decided(accept)
		if err := sound(view); err != nil {
			t.Fatalf("with all suggestions accepted (%v): %v", accept, err)
		}
		for _, tab := range view.tabs {
			for i := range tab.body {
				if u := &tab.body[i]; len(u.ids(insertionIDs)) > 0 || len(u.ids(deletionIDs)) > 0 {
					t.Fatalf("with all suggestions accepted (%v), unit %d is still suggested", accept, i)
				}
			}
		}
	}
}

func drawEdit(t *rapid.T, d *document) string {
	n := len(d.tabs[0].body)
	at := func(name string) int { return rapid.IntRange(0, n+1).Draw(t, name) }
	from := at("from")
	to := from + rapid.IntRange(0, 6).Draw(t, "length")
	location := fmt.Sprintf(`"location":{"index":%d}`, at("index"))
	rng := fmt.Sprintf(`"range":{"startIndex":%d,"endIndex":%d}`, from, to)
	cell := fmt.Sprintf(`"tableCellLocation":{"tableStartLocation":{"index":%d},"rowIndex":%d,"columnIndex":%d}`,
		anyTable(t, d), rapid.IntRange(0, 3).Draw(t, "row"), rapid.IntRange(0, 2).Draw(t, "column"))
	switch rapid.IntRange(0, 19).Draw(t, "kind") {
	case 0, 1, 2, 3:
		text := rapid.SampledFrom([]string{"x", "two\nlines", "😀", "\n", "tab\there", "é", "عربي"}).Draw(t, "text")
		return fmt.Sprintf(`{"insertText":{%s,"text":%q}}`, location, text)
	case 4, 5, 6, 7:
		return fmt.Sprintf(`{"deleteContentRange":{%s}}`, rng)
	case 8:
		return fmt.Sprintf(`{"insertTable":{%s,"rows":%d,"columns":2}}`, location, rapid.IntRange(1, 3).Draw(t, "rows"))
	case 9, 10:
		return fmt.Sprintf(`{"insertTableRow":{%s,"insertBelow":%v}}`, cell, rapid.Bool().Draw(t, "below"))
	case 11:
		return fmt.Sprintf(`{"deleteTableRow":{%s}}`, cell)
	case 12:
		return fmt.Sprintf(`{"insertTableColumn":{%s,"insertRight":%v}}`, cell, rapid.Bool().Draw(t, "right"))
	case 13:
		return fmt.Sprintf(`{"deleteTableColumn":{%s}}`, cell)
	case 14:
		return fmt.Sprintf(`{"insertPerson":{%s,"personProperties":{"email":"amina@example.org"}}}`, location)
	case 15:
		return fmt.Sprintf(`{"updateTextStyle":{%s,"textStyle":{"bold":true},"fields":"bold"}}`, rng)
	case 16:
		return fmt.Sprintf(`{"updateParagraphStyle":{%s,"paragraphStyle":{"namedStyleType":"HEADING_2"},"fields":"namedStyleType"}}`, rng)
	case 17:
		return fmt.Sprintf(`{"createNamedRange":{%s,"name":"mark"}}`, rng)
	case 18:
		return fmt.Sprintf(`{"mergeTableCells":{"tableRange":{%s,"rowSpan":2,"columnSpan":1}}}`, cell)
	}
	return fmt.Sprintf(`{"createParagraphBullets":{%s,"bulletPreset":"BULLET_DISC_CIRCLE_SQUARE"}}`, rng)
}

// anyTable is the start of the first table, or some place where none is.
func anyTable(t *rapid.T, d *document) int {
	if g := d.grids(); len(g) > 0 {
		return rapid.SampledFrom(g).Draw(t, "table").start
	}
	return 1
}

// Each cell of each real table is edited, and the document stays sound.
func TestCellsOfRealDocumentsAreEdited(t *testing.T) {
	t.Parallel()
	cells := 0
	for name, in := range realDocuments(t) {
		d := newDocument(name, nil, New(Options{}).o.Now())
		d.tabs = nil
		if err := d.load(asList(in["tabs"]), ""); err != nil {
			t.Fatal(err)
		}
		s := New(Options{})
		id := s.publishDoc(d)
		for i, g := range d.grids() {
			for r := range g.rows {
				for c := range g.rows[r].cells {
					if err := s.TypeInTable(id, i, r, c, fmt.Sprintf("cell %d.%d 😀", r, c), false); err != nil {
						t.Errorf("%s, table %d, cell %d.%d: %v", name, i, r, c, err)
						continue
					}
					if got := s.DocumentTable(id, i)[r][c]; got != fmt.Sprintf("cell %d.%d 😀", r, c) {
						t.Errorf("%s, table %d, cell %d.%d shows %q", name, i, r, c, got)
					}
					cells++
				}
			}
		}
		if err := sound(s.document(id)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	t.Logf("%d cells of real tables were edited", cells)
}

func TestDocsBatchUpdate(t *testing.T) {
	t.Parallel()
	b := newBench(t, Options{})
	id := b.srv.AddDocument("Plan", "Hello")
	get := func() *docs.Document {
		t.Helper()
		d, err := b.docs.Documents.Get(id).IncludeTabsContent(true).SuggestionsViewMode("SUGGESTIONS_INLINE").Context(t.Context()).Do()
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	first := get()
	r, err := b.docs.Documents.BatchUpdate(id, &docs.BatchUpdateDocumentRequest{
		WriteControl: &docs.WriteControl{RequiredRevisionId: first.RevisionId},
		Requests: []*docs.Request{
			{InsertText: &docs.InsertTextRequest{Location: &docs.Location{Index: 6}, Text: " world\n"}},
			{InsertTable: &docs.InsertTableRequest{EndOfSegmentLocation: &docs.EndOfSegmentLocation{}, Rows: 2, Columns: 2}},
		},
	}).Context(t.Context()).Do()
	if err != nil {
		t.Fatal(err)
	}
	if now := get(); r.WriteControl.RequiredRevisionId != now.RevisionId || now.RevisionId == first.RevisionId {
		t.Errorf("the revision was %s, the answer says %s, and it is %s", first.RevisionId, r.WriteControl.RequiredRevisionId, now.RevisionId)
	}
	if text := b.srv.DocumentText(id); !strings.HasPrefix(text, "Hello world\n") {
		t.Errorf("the text is %q", text)
	}
	if got := b.srv.DocumentTable(id, 0); len(got) != 2 || len(got[0]) != 2 {
		t.Errorf("the table is %q", got)
	}
	// A write that was made for another revision is refused.
	_, err = b.docs.Documents.BatchUpdate(id, &docs.BatchUpdateDocumentRequest{
		WriteControl: &docs.WriteControl{RequiredRevisionId: first.RevisionId},
		Requests:     []*docs.Request{{InsertText: &docs.InsertTextRequest{Location: &docs.Location{Index: 1}, Text: "x"}}},
	}).Context(t.Context()).Do()
	b.refused(err, http.StatusBadRequest, "The required revision ID '"+first.RevisionId+"' does not match the latest revision.")
	// A suggestion is seen by who asks for it, and text only once it is accepted.
	r, err = b.docs.Documents.BatchUpdate(id, &docs.BatchUpdateDocumentRequest{
		WriteControl: &docs.WriteControl{WriteMode: "SUGGEST"},
		Requests: []*docs.Request{
			{DeleteContentRange: &docs.DeleteContentRangeRequest{Range: &docs.Range{StartIndex: 1, EndIndex: 6}}},
			{InsertText: &docs.InsertTextRequest{Location: &docs.Location{Index: 6}, Text: "Goodbye"}},
		},
	}).Context(t.Context()).Do()
	if err != nil {
		t.Fatal(err)
	}
	open := b.srv.DocumentSuggestions(id)
	if len(open) != 1 || len(r.SuggestionResponses) != 2 || len(r.SuggestionResponses[0].CreatedSuggestionIds) != 1 {
		t.Fatalf("suggestions %v, answer %+v", open, r.SuggestionResponses)
	}
	if text := b.srv.DocumentText(id); !strings.HasPrefix(text, "Hello world\n") {
		t.Errorf("with a suggestion open the text is %q", text)
	}
	if err := b.srv.DecideSuggestion(id, open[0], true); err != nil {
		t.Fatal(err)
	}
	if text := b.srv.DocumentText(id); !strings.HasPrefix(text, "Goodbye world\n") {
		t.Errorf("after the suggestion was accepted the text is %q", text)
	}
}
