package google

import (
	"net/http"
	"strings"
)

// AddDocument makes a document with the paragraphs and returns its id.
func (s *Server) AddDocument(title string, paragraphs ...string) string {
	return s.publishDoc(newDocument(title, paragraphs, s.o.Now()))
}

func (s *Server) publishDoc(d *document) string {
	s.mu.Lock()
	d.id = s.newID(d.title)
	s.docs[d.id] = d
	s.order = append(s.order, d.id)
	s.mu.Unlock()
	s.tell(d.id)
	return d.id
}

// document is a document as it is now, nil where there is none with the id.
func (s *Server) document(id string) *document {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.docs[id]
}

// openDoc finds the document for the API's one user.
func (s *Server) openDoc(id string, write bool) (*document, error) {
	d := s.document(id)
	switch {
	case d == nil:
		return nil, notFound()
	case d.unshared, write && d.readOnly:
		return nil, denied()
	}
	return d, nil
}

// changeDoc lets f work on a copy of the document and, when f finds nothing wrong, puts the copy in its place.
func (s *Server) changeDoc(id string, byPerson bool, f func(d *document) error) error {
	s.mu.Lock()
	old := s.docs[id]
	if old == nil {
		s.mu.Unlock()
		return notFound()
	}
	d := old.clone()
	if err := f(d); err != nil {
		s.mu.Unlock()
		return err
	}
	d.version++
	d.modified, d.byPerson = s.o.Now(), byPerson
	s.docs[id] = d
	s.mu.Unlock()
	s.tell(id)
	return nil
}

// serveDocs speaks Docs: documents.get, create and batchUpdate.
func (s *Server) serveDocs(w http.ResponseWriter, r *http.Request) {
	if err := s.docsCall(w, r); err != nil {
		writeError(w, err)
	}
}

func (s *Server) docsCall(w http.ResponseWriter, r *http.Request) error {
	if err := s.admit(r, docsService); err != nil {
		return err
	}
	id, found := strings.CutPrefix(r.URL.Path, "/v1/documents")
	id = strings.TrimPrefix(id, "/")
	of, verb, _ := strings.Cut(id, ":")
	switch {
	case !found || strings.Contains(id, "/"):
	case r.Method == http.MethodGet && id != "" && verb == "":
		return s.getDocument(w, r, id)
	case r.Method == http.MethodPost && id == "":
		return s.createDocument(w, r)
	case r.Method == http.MethodPost && verb == "batchUpdate":
		return s.updateDocument(w, r, of)
	}
	return notSpoken(r.Method + " " + r.URL.Path)
}

func (s *Server) createDocument(w http.ResponseWriter, r *http.Request) error {
	c, err := s.begin(w, r, docsSchema(), "Document")
	if err != nil {
		return err
	}
	in, err := c.body("Document", "document")
	if err != nil {
		return err
	}
	title := asString(in["title"])
	if title == "" {
		title = "Untitled document"
	}
	id := s.AddDocument(title)
	c.answer(s.document(id).show(docView{suggestions: inlineView}))
	return nil
}

func (s *Server) getDocument(w http.ResponseWriter, r *http.Request, id string) error {
	c, err := s.begin(w, r, docsSchema(), "Document", "suggestionsViewMode", "includeTabsContent", "commentsViewMode")
	if err != nil {
		return err
	}
	var v docView
	if v.tabs, err = c.flag("includeTabsContent"); err != nil {
		return err
	}
	v.tabs = v.tabs || c.mask != nil && c.mask.kids["tabs"] != nil // who asks for tabs is given them
	v.suggestions, err = c.choice("suggestionsViewMode", "SuggestionsViewMode", "DEFAULT_FOR_CURRENT_ACCESS", inlineView, acceptedView, withoutView)
	if err != nil {
		return err
	}
	comments, err := c.choice("commentsViewMode", "CommentsViewMode", "COMMENTS_VIEW_MODE_UNSPECIFIED",
		"COMMENTS_VIEW_MODE_DEFAULT_FOR_CURRENT_ACCESS", "COMMENTS_VIEW_MODE_OMITTED", "COMMENTS_VIEW_MODE_INCLUDED")
	if err != nil {
		return err
	}
	d, err := s.openDoc(id, false)
	if err != nil {
		return err
	}
	switch comments {
	case "COMMENTS_VIEW_MODE_INCLUDED":
		if v.suggestions != inlineView {
			return invalid("When comments_view_mode is COMMENTS_VIEW_MODE_INCLUDED, suggestions_view_mode must be SUGGESTIONS_INLINE.")
		}
		v.comments = true // whoever may not see them may not see what is suggested either, and is refused below
	case "COMMENTS_VIEW_MODE_DEFAULT_FOR_CURRENT_ACCESS":
		if v.suggestions == withoutView || v.suggestions == acceptedView {
			return invalid("comments_view_mode cannot be set when suggestions_view_mode is %s.", v.suggestions)
		}
		v.comments = !d.readOnly
	}
	if v.suggestions == "" || v.suggestions == "DEFAULT_FOR_CURRENT_ACCESS" {
		v.suggestions = inlineView
		if d.readOnly { // who may not edit sees the document without what is only suggested
			v.suggestions = withoutView
		}
	}
	if d.readOnly && v.suggestions != withoutView {
		return denied()
	}
	c.answer(d.show(v))
	return nil
}
