package google

import (
	"html"
	"slices"
	"time"
	"unicode/utf8"
)

// thread is one comment thread. Its anchor moves with the cell it was put on; when that cell is deleted the thread stays
// without one.
type thread struct {
	id, anchor string
	at         area // one cell; tab is -1 when the cell is gone
	quote      string
	posts      []post
	resolved   bool
}

// post is one post of a thread; the first is the head.
type post struct {
	id       string
	author   person
	content  string
	assignee string
	action   string
	created  time.Time
	updated  time.Time
	deleted  bool
}

// person is who did something: the one user of the APIs, or somebody at the page.
type person struct{ name, email string }

var apiPerson = person{name: "lockstep", email: apiUser}

// maxComment is how long a comment may be, in bytes.
const maxComment = 2048

func (t *thread) clone() *thread {
	c := *t
	c.posts = slices.Clone(t.posts)
	return &c
}

// json is the CommentThread message.
func (t *thread) json() map[string]any {
	out := map[string]any{"commentId": t.id, "anchorId": t.anchor, "headPost": t.posts[0].json(), "status": "OPEN"}
	if t.resolved {
		out["status"] = "RESOLVED"
	}
	if t.quote != "" {
		out["plainTextQuote"] = t.quote
	}
	if len(t.posts) > 1 {
		replies := make([]any, 0, len(t.posts)-1)
		for _, p := range t.posts[1:] {
			replies = append(replies, p.json())
		}
		out["replies"] = replies
	}
	return out
}

// json is the Post message: of one that was deleted neither content nor author is left.
func (p post) json() map[string]any {
	out := map[string]any{
		"postId": p.id, "createTime": p.created.UTC().Format(time.RFC3339Nano), "updateTime": p.updated.UTC().Format(time.RFC3339Nano),
	}
	if p.deleted {
		out["deleted"] = true
		return out
	}
	out["author"] = map[string]any{"displayName": p.author.name}
	if p.author == apiPerson {
		out["author"] = map[string]any{"displayName": p.author.name, "me": true}
	}
	if p.content != "" {
		out["content"], out["contentHtml"] = p.content, html.EscapeString(p.content)
	}
	if p.assignee != "" {
		out["assigneeEmail"] = p.assignee
	}
	if p.action != "" && p.action != "NO_COMMENT_ACTION_CHANGE" {
		out["commentAction"] = p.action
	}
	return out
}

// commentAnchors lists the anchors on a tab.
func (w *workbook) commentAnchors(t *tab) []any {
	var out []any
	for _, th := range w.threads {
		if th.at.tab == t.id {
			out = append(out, map[string]any{"anchorId": th.anchor, "range": th.at.json()})
		}
	}
	return out
}

func (w *workbook) comments() []any {
	out := make([]any, 0, len(w.threads))
	for _, th := range w.threads {
		out = append(out, th.json())
	}
	return out
}

func (w *workbook) thread(id string) (*thread, error) {
	for _, th := range w.threads {
		if th.id == id {
			return th, nil
		}
	}
	return nil, invalid("No comment with id: %s", id)
}

func (t *thread) post(id string) (*post, error) {
	for i := range t.posts {
		if t.posts[i].id == id && !t.posts[i].deleted {
			return &t.posts[i], nil
		}
	}
	return nil, invalid("No post with id: %s", id)
}

// stringID is an id of the kind that comments, tables and named ranges have.
func (w *workbook) stringID() string { return "AAAA" + itoa(w.nextID()) }

// comment puts a thread on a cell.
func (w *workbook) comment(t *tab, r, c int, by person, content, assignee string, now time.Time) (*thread, error) {
	if err := checkComment(content, assignee); err != nil {
		return nil, err
	}
	if content == "" {
		return nil, invalid("The content of a comment must not be empty.")
	}
	if r < 0 || c < 0 || r >= t.rowCount || c >= t.colCount {
		return nil, invalid("The coordinate (row %d, column %d) exceeds grid limits. Max rows: %d, max columns: %d", r, c, t.rowCount, t.colCount)
	}
	k := newCalculator(w, now)
	th := &thread{
		id: w.stringID(), anchor: w.stringID(), at: areaOf(t, rect{r, r + 1, c, c + 1}),
		posts: []post{{id: w.stringID(), author: by, content: content, assignee: assignee, created: now, updated: now}},
	}
	if x := t.at(r, c); x != nil {
		th.quote = display(k.value(t, r, c), x.f, k.l)
	}
	w.threads = append(w.threads, th)
	return th, nil
}

func checkComment(content, assignee string) error {
	switch {
	case len(content) > maxComment || !utf8.ValidString(content):
		return invalid("The content of a comment must not exceed %d UTF-8 code units.", maxComment)
	case len(assignee) > maxComment:
		return invalid("The assignee's email must not exceed %d UTF-8 code units.", maxComment)
	}
	return nil
}

func (b *batch) insertComment(in map[string]any) (map[string]any, error) {
	at := asMap(in["coordinate"])
	t, err := b.tab(at["sheetId"])
	if err != nil {
		return nil, err
	}
	th, err := b.w.comment(t, asInt(at["rowIndex"]), asInt(at["columnIndex"]), apiPerson, asString(in["content"]),
		asString(in["assigneeEmailAddress"]), b.s.o.Now())
	if err != nil {
		return nil, err
	}
	return map[string]any{"commentThread": th.json()}, nil
}

func (b *batch) addCommentReply(in map[string]any) (map[string]any, error) {
	th, err := b.w.thread(asString(in["commentId"]))
	if err != nil {
		return nil, err
	}
	p := asMap(in["post"])
	now := b.s.o.Now()
	out := post{
		id: b.w.stringID(), author: apiPerson, content: asString(p["content"]), assignee: asString(p["assigneeEmail"]),
		action: asString(p["commentAction"]), created: now, updated: now,
	}
	if err := th.reply(out); err != nil {
		return nil, err
	}
	return map[string]any{"post": out.json()}, nil
}

// reply adds a post to the thread, which may resolve or reopen it.
func (t *thread) reply(p post) error {
	settles := p.action == "RESOLVE" || p.action == "REOPEN"
	switch err := checkComment(p.content, p.assignee); {
	case err != nil:
		return err
	case p.content == "" && !settles:
		return invalid("The content of a post must not be empty unless it resolves or reopens the comment.")
	case p.assignee != "" && (settles || t.posts[0].assignee == ""):
		return invalid("A post can only assign somebody in a thread that is assigned, and not while resolving or reopening it.")
	}
	if settles {
		t.resolved = p.action == "RESOLVE"
	}
	t.posts = append(t.posts, p)
	return nil
}

// own finds a post that the APIs' user has written; nobody else's can be changed.
func (b *batch) own(in map[string]any) (*thread, *post, error) {
	th, err := b.w.thread(asString(in["commentId"]))
	if err != nil {
		return nil, nil, err
	}
	p, err := th.post(asString(in["postId"]))
	if err != nil {
		return nil, nil, err
	}
	if p.author != apiPerson {
		return nil, nil, invalid("The requesting user is not the author of the post.")
	}
	return th, p, nil
}

func (b *batch) updateCommentPost(in map[string]any) (map[string]any, error) {
	_, p, err := b.own(in)
	if err != nil {
		return nil, err
	}
	content := asString(in["content"])
	if content == "" {
		return nil, invalid("The content of a comment must not be empty.")
	}
	if err := checkComment(content, ""); err != nil {
		return nil, err
	}
	p.content, p.updated = content, b.s.o.Now()
	return nil, nil //nolint:nilnil // the reply is empty
}

func (b *batch) deleteCommentReply(in map[string]any) (map[string]any, error) {
	th, p, err := b.own(in)
	switch {
	case err != nil:
		return nil, err
	case p == &th.posts[0]:
		return nil, invalid("The head post cannot be deleted as a reply; delete the comment.")
	case p.action == "RESOLVE" || p.action == "REOPEN", p.assignee != "":
		return nil, invalid("A reply with a comment action or an assignee cannot be deleted.")
	}
	p.deleted, p.updated = true, b.s.o.Now()
	return nil, nil //nolint:nilnil // the reply is empty
}

func (b *batch) deleteComment(in map[string]any) (map[string]any, error) {
	th, err := b.w.thread(asString(in["commentId"]))
	if err != nil {
		return nil, err
	}
	if th.posts[0].author != apiPerson {
		return nil, invalid("The requesting user is not the author of the comment.")
	}
	b.w.threads = slices.DeleteFunc(b.w.threads, func(o *thread) bool { return o == th })
	return nil, nil //nolint:nilnil // the reply is empty
}

// commentRequests are the kinds of request that change comments; what became of them the answer says in
// commentUpdateState, apart from everything else in the batch.
var commentRequests = map[string]bool{
	"insertComment": true, "addCommentReply": true, "updateCommentPost": true, "deleteCommentReply": true, "deleteComment": true,
}

// Comment is a comment thread as a person reads it.
type Comment struct {
	ID       string
	Cell     string // "B3" on the tab; "" when the cell is gone
	Tab      string
	Author   string
	Text     string
	Assignee string
	Replies  []string
	Resolved bool
}

// Comments lists a spreadsheet's comments as they were made, nil when there are none.
func (s *Server) Comments(id string) []Comment {
	w := s.book(id)
	if w == nil {
		return nil
	}
	var out []Comment
	for _, th := range w.threads {
		head := th.posts[0]
		c := Comment{ID: th.id, Author: head.author.name, Text: head.content, Assignee: head.assignee, Resolved: th.resolved}
		if t := w.tabID(th.at.tab); t != nil {
			c.Tab, c.Cell = t.title, cellsOf(th.at.rect(t))
		}
		for _, p := range th.posts[1:] {
			if !p.deleted && p.content != "" {
				c.Replies = append(c.Replies, p.content)
			}
		}
		out = append(out, c)
	}
	return out
}

// AddComment puts a comment on a cell in a person's name and returns its id.
func (s *Server) AddComment(id, tab, a1, author, text string) (string, error) {
	var made string
	err := s.onCell(id, tab, a1, func(w *workbook, t *tabHands, r, c int) error {
		th, err := w.comment(t.tab, r, c, person{name: author}, text, "", s.o.Now())
		if err == nil {
			made = th.id
		}
		return err
	})
	return made, err
}

// ReplyComment answers a comment in a person's name; resolve closes it, and then text may be "".
func (s *Server) ReplyComment(id, comment, author, text string, resolve bool) error {
	return s.change(id, true, func(w *workbook) error {
		th, err := w.thread(comment)
		if err != nil {
			return err
		}
		now := s.o.Now()
		p := post{id: w.stringID(), author: person{name: author}, content: text, created: now, updated: now}
		if resolve {
			p.action = "RESOLVE"
		}
		return th.reply(p)
	})
}

// FailComments makes the APIs' comment updates fail, as the service may, while the rest of their batch lands.
func (s *Server) FailComments(fail bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failComments = fail
}
