package jira

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// CommentView is a comment laid flat. What a loaded file does not say is "".
type CommentView struct {
	ID, Text               string
	Author, AuthorID       string
	UpdateAuthor           string // who edited it last; the author where nobody did
	Created, Updated       time.Time
	AudienceKind, Audience string            // "role" or "group" and its name; "" for everybody
	Properties             map[string]string // key → JSON
}

func (c comment) view() CommentView {
	v := CommentView{
		ID: c.id, Text: c.body.text, Author: displayOf(c.author), UpdateAuthor: displayOf(c.editor),
		Created: c.created, Updated: c.updated, AudienceKind: c.audience.kind, Audience: c.audience.name,
		Properties: map[string]string{},
	}
	if c.author != nil {
		v.AuthorID = c.author.account
	}
	for k, x := range c.props {
		v.Properties[k] = string(x)
	}
	return v
}

// AddComment writes a comment as a person would and returns its id. The author is a display name; somebody new is made
// known, and "" is some member of the project. A comment is written now, or at a moment that is given; `updated` of
// the issue moves to now either way.
func (s *Server) AddComment(key, author, text string, at ...time.Time) (id string, err error) {
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		return "", errors.New("a comment needs a text")
	case utf8.RuneCountInString(text) > maxText:
		return "", fmt.Errorf("a comment has %d characters at most", maxText)
	}
	s.locked(func() {
		i := s.find(key)
		if i == nil {
			err = fmt.Errorf("comment on %s: no such issue", key)
			return
		}
		by := s.editor(i)
		if author != "" {
			by = s.catalogue.addUser(author, "")
		}
		s.nextSub++
		id = strconv.FormatInt(s.nextSub, 10)
		s.edit(i, by, func(d *issue) {
			when := d.updated
			if len(at) > 0 {
				when = at[0].Truncate(time.Millisecond)
			}
			d.comments = append(d.comments, comment{id: id, author: by, editor: by, body: rich{text: text}, created: when, updated: when})
			if d.claimed > 0 {
				d.claimed++
			}
		})
	})
	return id, err
}

// EditComment gives a comment another text, in the name of an editor; "" is its author. When it was written, and by whom,
// stays.
func (s *Server) EditComment(key, id, editor, text string) error {
	if strings.TrimSpace(text) == "" {
		return errors.New("a comment needs a text")
	}
	return s.changeComment(key, id, func(d *issue, at int) {
		c := &d.comments[at]
		c.editor = c.author
		if editor != "" {
			c.editor = s.catalogue.addUser(editor, "")
		}
		c.body, c.noBody, c.updated = rich{text: text}, false, d.updated
	})
}

// DeleteComment takes a comment away.
func (s *Server) DeleteComment(key, id string) error {
	return s.changeComment(key, id, func(d *issue, at int) { d.dropComment(at) })
}

// RestrictComment leaves a comment to the members of a project role or a group, kind being "role" or "group"; "" for both
// opens it to everybody. The account reads it after it was made to Join.
func (s *Server) RestrictComment(key, id, kind, name string) error {
	return s.changeComment(key, id, func(d *issue, at int) {
		d.comments[at].audience, d.comments[at].updated = audience{kind, name}, d.updated
	})
}

// Join makes the account a member of a project role or a group, kind being "role" or "group"; Leave undoes it.
func (s *Server) Join(kind, name string) { s.belong(kind, name, true) }

// Leave takes the account out of a project role or a group.
func (s *Server) Leave(kind, name string) { s.belong(kind, name, false) }

func (s *Server) belong(kind, name string, does bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.belongs[audience{kind, name}] = does
}

func (s *Server) changeComment(key, id string, f func(d *issue, at int)) error {
	var err error
	s.locked(func() {
		i := s.find(key)
		if i == nil {
			err = fmt.Errorf("change comment %s of %s: no such issue", id, key)
			return
		}
		at := slices.IndexFunc(i.comments, func(c comment) bool { return c.id == id })
		if at < 0 {
			err = fmt.Errorf("change comment %s of %s: no such comment", id, key)
			return
		}
		s.edit(i, s.editor(i), func(d *issue) { f(d, at) })
	})
	return err
}
