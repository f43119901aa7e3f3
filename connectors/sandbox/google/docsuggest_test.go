package google

import (
	"net/http"
	"testing"

	"google.golang.org/api/docs/v1"
	"google.golang.org/api/googleapi"
)

// What the API's own description says of views and suggestions.
func TestViewsOfDocumentsAndWhatIsSuggested(t *testing.T) {
	t.Parallel()
	b := newBench(t, Options{})
	id := b.srv.AddDocument("Plan", "Hello")
	get := func(suggestions, comments string, fields googleapi.Field) (*docs.Document, error) {
		call := b.docs.Documents.Get(id).SuggestionsViewMode(suggestions)
		if comments != "" {
			call = call.CommentsViewMode("COMMENTS_VIEW_MODE_" + comments)
		}
		if fields != "" {
			call = call.Fields(fields)
		}
		return call.Context(t.Context()).Do()
	}
	d, err := get(inlineView, "", "tabs(tabProperties(tabId))")
	b.must(err)
	if len(d.Tabs) != 1 {
		t.Errorf("who asks for tabs is given %+v", d)
	}
	_, err = get(withoutView, "INCLUDED", "")
	b.refused(err, http.StatusBadRequest, "When comments_view_mode is COMMENTS_VIEW_MODE_INCLUDED, suggestions_view_mode must be SUGGESTIONS_INLINE.")

	suggest := func(text string) *docs.SuggestionResponse {
		t.Helper()
		r, err := b.docs.Documents.BatchUpdate(id, &docs.BatchUpdateDocumentRequest{
			WriteControl: &docs.WriteControl{WriteMode: "SUGGEST"},
			Requests:     []*docs.Request{{InsertText: &docs.InsertTextRequest{Location: &docs.Location{Index: 6}, Text: text}}},
		}).Context(t.Context()).Do()
		b.must(err)
		return r.SuggestionResponses[0]
	}
	first, second := suggest(" world"), suggest(",")
	if len(first.CreatedSuggestionIds) != 1 || len(second.CreatedSuggestionIds) != 0 || len(second.UpdatedSummarySuggestionIds) != 1 ||
		second.UpdatedSummarySuggestionIds[0] != first.CreatedSuggestionIds[0] {
		t.Errorf("what was suggested side by side is %+v and %+v", first, second)
	}
	d, err = get(inlineView, "INCLUDED", "suggestions")
	b.must(err)
	if len(d.Suggestions) != 1 || d.Suggestions[0].Status != "OPEN" || !d.Suggestions[0].HeadPost.Author.Me || d.Suggestions[0].SummaryText != "Add: “, world”" {
		t.Errorf("the suggestions are %+v", d.Suggestions[0])
	}
	b.must(b.srv.ReadOnly(id))
	if _, err = get(inlineView, "INCLUDED", ""); err == nil {
		t.Error("who may only read was shown what is suggested")
	}
	d, err = get("DEFAULT_FOR_CURRENT_ACCESS", "DEFAULT_FOR_CURRENT_ACCESS", "")
	b.must(err)
	if d.SuggestionsViewMode != withoutView || len(d.Suggestions) != 0 || d.RevisionId != "" {
		t.Errorf("who may only read is shown %+v", d)
	}
}
