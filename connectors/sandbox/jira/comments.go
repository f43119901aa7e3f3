package jira

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

type comment struct {
	id               string
	author, editor   *user // nil where a loaded file has none
	body             rich
	noBody           bool
	created, updated time.Time
	audience         audience // its zero value is everybody who sees the issue
	props            map[string]json.RawMessage
}

// audience is the project role or the group that a comment is for.
type audience struct{ kind, name string }

// sameComment reports whether nobody touched a comment.
func sameComment(a, b comment) bool {
	return a.id == b.id && a.updated.Equal(b.updated) && a.audience == b.audience
}

// refusal is what Jira has against a comment. One without a field is against the whole body.
type refusal struct{ field, words string }

func (r *refusal) answer() answer {
	if r.field == "" {
		return badPayload
	}
	return failFields(map[string]string{r.field: r.words})
}

// reads reports whether the account may read a comment.
func (s *Server) reads(c comment) bool {
	return c.audience == audience{} || s.belongs[c.audience]
}

// commentsSeen lists the comments that the account may read, oldest first.
func (s *Server) commentsSeen(i *issue) []comment {
	var out []comment
	for _, c := range i.comments {
		if s.reads(c) {
			out = append(out, c)
		}
	}
	return out
}

func (l lens) comment(i *issue, c comment) map[string]any {
	out := l.s.strip(map[string]any{
		"self": l.self("issue", strconv.FormatInt(i.id, 10), "comment", c.id), "id": c.id,
		"created": l.time(c.created), "updated": l.time(c.updated), "jsdPublic": true,
	}, "jsdPublic")
	if !c.noBody {
		out["body"] = c.body.value(l.api)
	}
	if c.author != nil {
		out["author"] = l.user(c.author)
	}
	if c.editor != nil {
		out["updateAuthor"] = l.user(c.editor)
	}
	if c.audience != (audience{}) {
		out["visibility"] = map[string]any{"type": c.audience.kind, "value": c.audience.name, "identifier": c.audience.name}
	}
	return out
}

// commentPage is the field "comment" of an issue, which may list fewer than it counts.
func (l lens) commentPage(i *issue) map[string]any {
	all := l.s.commentsSeen(i)
	total := max(len(all), i.claimed)
	most := total
	if l.most > 0 && len(all) > l.most {
		most = l.most
		if l.s.opts.OldestComments {
			all = all[:most]
		} else {
			all = all[len(all)-most:]
		}
	}
	list := []any{}
	for _, c := range all {
		list = append(list, l.comment(i, c))
	}
	return map[string]any{
		"self": l.self("issue", strconv.FormatInt(i.id, 10), "comment"), "comments": list,
		"maxResults": most, "total": total, "startAt": 0,
	}
}

// commentBody is a comment as an answer of the comment endpoints has it.
func (c *call) commentBody(i *issue, one comment) map[string]any {
	body := c.lens().comment(i, one)
	if slices.Contains(strings.Split(c.r.URL.Query().Get("expand"), ","), "properties") {
		list := []any{}
		for _, k := range slices.Sorted(maps.Keys(one.props)) {
			list = append(list, map[string]any{"key": k, "value": one.props[k]})
		}
		body["properties"] = list
	}
	return body
}

func (c *call) listComments() answer {
	i, bad := c.subject()
	if bad != nil {
		return *bad
	}
	start, count := c.page(100, 5000)
	all := c.s.commentsSeen(i)
	total := len(all)
	if strings.HasPrefix(c.r.URL.Query().Get("orderBy"), "-") {
		slices.Reverse(all)
	}
	list := []any{}
	for _, one := range cut(all, start, count) {
		list = append(list, c.commentBody(i, one))
	}
	return ok(map[string]any{"startAt": start, "maxResults": count, "total": total, "comments": list})
}

func (c *call) addComment() answer {
	i, bad := c.writable("ADD_COMMENTS", "You do not have the permission to comment on this issue.")
	if bad != nil {
		return *bad
	}
	m, isObject := c.object()
	if !isObject {
		return badPayload
	}
	if bad := c.comment(i.clone(), m); bad != nil {
		return bad.answer()
	}
	i = c.s.edit(i, c.s.bot, func(d *issue) { c.comment(d, m) })
	return answer{status: http.StatusCreated, body: c.commentBody(i, i.comments[len(i.comments)-1])}
}

// comment adds a comment to d, or returns what Jira has against it.
func (c *call) comment(d *issue, m map[string]any) *refusal {
	one := comment{author: c.s.bot, created: d.updated}
	if bad := c.readComment(&one, m); bad != nil {
		return bad
	}
	c.s.nextSub++
	one.id, one.editor, one.updated = strconv.FormatInt(c.s.nextSub, 10), c.s.bot, d.updated
	d.comments = append(d.comments, one)
	if d.claimed > 0 {
		d.claimed++
	}
	return nil
}

// readComment reads a comment as a client sends it; what the client does not send stays as it is, but for the text, which
// must be there.
func (c *call) readComment(one *comment, m map[string]any) *refusal {
	payload := &refusal{words: "Comment body is not valid!"}
	// Clients that send every field of their struct send these empty, which Jira does not take.
	for _, k := range []string{"author", "updateAuthor"} {
		if _, sent := m[k]; sent {
			return payload
		}
	}
	if v, sent := m["visibility"]; sent {
		to, bad := c.readAudience(v)
		if bad != nil {
			return bad
		}
		one.audience = to
	}
	props, isList := m["properties"].([]any)
	if m["properties"] != nil && !isList {
		return payload
	}
	for _, x := range props {
		p, _ := x.(map[string]any)
		key, _ := p["key"].(string)
		value, err := json.Marshal(p["value"])
		if key == "" || len(key) > 255 || p["value"] == nil || err != nil || len(value) > maxProperty {
			return payload
		}
		*one = one.withProperty(key, value)
	}
	body, empty, msg := readRich(m["body"], c.api)
	switch {
	case msg != "":
		return &refusal{"comment", "Comment body is not valid!"}
	case empty || strings.TrimSpace(body.text) == "":
		return &refusal{"comment", "Comment body can not be empty!"}
	case utf8.RuneCountInString(body.text) > maxText:
		return &refusal{"comment", "The entered text is too long. It exceeds the allowed limit of 32,767 characters."}
	}
	one.body, one.noBody = body, false
	return nil
}

// readAudience reads whom a comment is for. A read shows both value and identifier; a write takes one of them alone.
func (c *call) readAudience(v any) (audience, *refusal) {
	if v == nil {
		return audience{}, nil
	}
	m, _ := v.(map[string]any)
	kind, _ := m["type"].(string)
	value, _ := m["value"].(string)
	id, _ := m["identifier"].(string)
	if kind != "role" && kind != "group" || (value == "") == (id == "") {
		return audience{}, &refusal{words: "Comment body is not valid!"}
	}
	to := audience{kind, value + id}
	if c.s.belongs[to] {
		return to, nil
	}
	what := "group"
	if kind == "role" {
		what = "project role"
	}
	return audience{}, &refusal{"commentLevel", "You are currently not a member of the " + what + ": " + to.name + "."}
}

// withProperty leaves the map of the old state alone.
func (c comment) withProperty(key string, value json.RawMessage) comment {
	props := maps.Clone(c.props)
	if props == nil {
		props = map[string]json.RawMessage{}
	}
	props[key] = value
	c.props = props
	return c
}

// oneComment finds the issue and the comment that the path names; the answer says why not.
func (c *call) oneComment() (i *issue, at int, bad *answer) {
	if i, bad = c.subject(); bad != nil {
		return nil, 0, bad
	}
	id := c.r.PathValue("comment")
	at = slices.IndexFunc(i.comments, func(one comment) bool { return one.id == id })
	if at < 0 || !c.s.reads(i.comments[at]) {
		a := fail(http.StatusNotFound, "Can not find a comment for the id: "+id+".")
		return nil, 0, &a
	}
	return i, at, nil
}

func (c *call) getComment() answer {
	i, at, bad := c.oneComment()
	if bad != nil {
		return *bad
	}
	return ok(c.commentBody(i, i.comments[at]))
}

// may reports whether the account has the permission for comments that it wrote, or for all.
func (c *call) may(verb string, one comment) bool {
	return one.author == c.s.bot && !c.s.denied[verb+"_OWN_COMMENTS"] || !c.s.denied[verb+"_ALL_COMMENTS"]
}

func (c *call) editComment() answer {
	i, at, bad := c.oneComment()
	if bad != nil {
		return *bad
	}
	if !c.may("EDIT", i.comments[at]) {
		return fail(http.StatusBadRequest, "You do not have the permission to edit this comment.")
	}
	m, isObject := c.object()
	if !isObject {
		return badPayload
	}
	one := i.comments[at]
	if bad := c.readComment(&one, m); bad != nil {
		return bad.answer()
	}
	i = c.s.edit(i, c.s.bot, func(d *issue) {
		one.editor, one.updated = c.s.bot, d.updated
		d.comments[at] = one
	})
	return ok(c.commentBody(i, i.comments[at]))
}

func (c *call) deleteComment() answer {
	i, at, bad := c.oneComment()
	if bad != nil {
		return *bad
	}
	if !c.may("DELETE", i.comments[at]) {
		return fail(http.StatusBadRequest, "You do not have permission to delete comment with id: "+i.comments[at].id+".")
	}
	c.s.edit(i, c.s.bot, func(d *issue) { d.dropComment(at) })
	return noBody
}

func (i *issue) dropComment(at int) {
	i.comments = slices.Delete(i.comments, at, at+1)
	if i.claimed > 0 {
		i.claimed--
	}
}
