package google

import (
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode/utf16"
)

// document is one document: paragraphs of plain text in a single tab.
type document struct {
	id         string
	title      string
	paragraphs []string
	version    int64
	created    time.Time
	modified   time.Time
}

// AddDocument makes a document with the paragraphs and returns its id.
func (s *Server) AddDocument(title string, paragraphs ...string) string {
	now := s.o.Now()
	d := &document{title: title, paragraphs: paragraphs, version: 1, created: now, modified: now}
	s.mu.Lock()
	d.id = s.newID(title)
	s.docs[d.id] = d
	s.order = append(s.order, d.id)
	s.mu.Unlock()
	s.tell(d.id)
	return d.id
}

func (s *Server) document(id string) *document {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.docs[id]
}

// serveDocs speaks as much of Docs as reads a document: documents.get.
func (s *Server) serveDocs(w http.ResponseWriter, r *http.Request) {
	if err := s.docsCall(w, r); err != nil {
		writeError(w, err)
	}
}

func (s *Server) docsCall(w http.ResponseWriter, r *http.Request) error {
	if err := s.admit(r, docsService); err != nil {
		return err
	}
	id, ok := strings.CutPrefix(r.URL.Path, "/v1/documents/")
	if !ok || r.Method != http.MethodGet || strings.ContainsAny(id, "/:") {
		return notSpoken(r.Method + " " + r.URL.Path)
	}
	c, err := s.begin(w, r, docsSchema(), "Document", "suggestionsViewMode", "includeTabsContent", "commentsViewMode")
	if err != nil {
		return err
	}
	tabs, err := c.flag("includeTabsContent")
	if err != nil {
		return err
	}
	view, err := c.choice("suggestionsViewMode", "SuggestionsViewMode", "DEFAULT_FOR_CURRENT_ACCESS", "SUGGESTIONS_INLINE",
		"PREVIEW_SUGGESTIONS_ACCEPTED", "PREVIEW_WITHOUT_SUGGESTIONS")
	if err != nil {
		return err
	}
	if view == "" || view == "DEFAULT_FOR_CURRENT_ACCESS" {
		view = "SUGGESTIONS_INLINE"
	}
	d := s.document(id)
	if d == nil {
		return notFound()
	}
	out := map[string]any{
		"documentId": d.id, "title": d.title, "suggestionsViewMode": view,
		"revisionId": fmt.Sprintf("ASandboxRevision%06d", d.version),
	}
	if tabs {
		out["tabs"] = []any{map[string]any{
			"tabProperties": map[string]any{"tabId": "t.0", "title": "Tab 1", "index": 0},
			"documentTab":   map[string]any{"body": d.body()},
		}}
	} else {
		out["body"] = d.body()
	}
	c.answer(out)
	return nil
}

// body is the document's Body. Indexes count UTF-16 units, and the text starts at 1.
func (d *document) body() map[string]any {
	content := []any{map[string]any{
		"endIndex": 1,
		"sectionBreak": map[string]any{"sectionStyle": map[string]any{
			"columnSeparatorStyle": "NONE", "contentDirection": "LEFT_TO_RIGHT", "sectionType": "CONTINUOUS",
		}},
	}}
	at := 1
	paragraphs := d.paragraphs
	if len(paragraphs) == 0 {
		paragraphs = []string{""} // a document always has one paragraph
	}
	for _, p := range paragraphs {
		run := strings.ReplaceAll(p, "\n", "\v") + "\n" // a line break within a paragraph is a vertical tab
		end := at + len(utf16.Encode([]rune(run)))
		content = append(content, map[string]any{
			"startIndex": at, "endIndex": end,
			"paragraph": map[string]any{
				"elements": []any{map[string]any{
					"startIndex": at, "endIndex": end, "textRun": map[string]any{"content": run, "textStyle": map[string]any{}},
				}},
				"paragraphStyle": map[string]any{"namedStyleType": "NORMAL_TEXT", "direction": "LEFT_TO_RIGHT"},
			},
		})
		at = end
	}
	return map[string]any{"content": content}
}
