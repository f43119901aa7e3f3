package jira

import "fmt"

// SetDocument is a person's edit of a description with its layout, as an Atlassian document. An error leaves the issue as
// it was: the issue is not there, or the document is none.
func (s *Server) SetDocument(key string, doc map[string]any) error {
	body, _, msg := readRich(doc, 3)
	if msg != "" {
		return fmt.Errorf("set the document of %s: %s", key, msg)
	}
	found := false
	s.locked(func() {
		old := s.find(key)
		if old == nil {
			return
		}
		found = true
		s.edit(old, s.editor(old), func(d *issue) { d.description, d.noText = body, false })
	})
	if !found {
		return fmt.Errorf("set the document of %s: no such issue", key)
	}
	return nil
}

// Document is an issue's description as version 3 of the API shows it, nil where there is none or no such issue. It is not
// the caller's to change.
func (s *Server) Document(key string) map[string]any {
	var doc map[string]any
	s.locked(func() {
		if i := s.find(key); i != nil && !i.noText {
			doc, _ = i.description.value(3).(map[string]any)
		}
	})
	return doc
}
