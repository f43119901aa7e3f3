package google

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/api/sheets/v4"
)

func insertComment(r, c int64, content, assignee string) *sheets.Request {
	return &sheets.Request{InsertComment: &sheets.InsertCommentRequest{
		Coordinate: &sheets.GridCoordinate{RowIndex: r, ColumnIndex: c}, Content: content, AssigneeEmailAddress: assignee,
	}}
}

func TestCommentsHangOnCells(t *testing.T) {
	t.Parallel()
	b := newBench(t, Options{})
	id := b.srv.AddSpreadsheet("Book")
	for ref, v := range map[string]any{"A1": "b", "A2": "a", "A3": "c"} {
		b.must(b.srv.Put(id, "Sheet1", ref, v))
	}
	resp, err := b.batch(id, insertComment(0, 0, "Is <this> late?", "amina@aquafund.example"))
	b.must(err)
	th := resp.Replies[0].InsertComment.CommentThread
	if resp.CommentUpdateState != "ALL_SAVED" || th.PlainTextQuote != "b" || th.Status != "OPEN" || !th.HeadPost.Author.Me ||
		th.HeadPost.AssigneeEmail != "amina@aquafund.example" || th.HeadPost.ContentHtml != "Is &lt;this&gt; late?" {
		t.Errorf("%s: %+v, %+v", resp.CommentUpdateState, th, th.HeadPost)
	}
	theirs, err := b.srv.AddComment(id, "Sheet1", "A3", "Amina", "Ask Hydrotech")
	b.must(err)
	b.must(b.srv.ReplyComment(id, th.CommentId, "Amina", "Not yet", false))

	anchors := func() []string {
		got, err := b.sheets.Spreadsheets.Get(id).CommentsViewMode("COMMENTS_VIEW_MODE_INCLUDED").Context(t.Context()).Do()
		b.must(err)
		if len(got.Comments) != 2 || got.CommentsViewMode != "COMMENTS_VIEW_MODE_INCLUDED" {
			t.Fatalf("%d comments, %s", len(got.Comments), got.CommentsViewMode)
		}
		var out []string
		for _, c := range got.Comments {
			at := "gone"
			for _, a := range got.Sheets[0].CommentAnchors {
				if a.AnchorId == c.AnchorId {
					at = cellsOf(rect{int(a.Range.StartRowIndex), int(a.Range.EndRowIndex), int(a.Range.StartColumnIndex), int(a.Range.EndColumnIndex)})
				}
			}
			out = append(out, at)
		}
		return out
	}
	want := func(when string, cells ...string) {
		t.Helper()
		if d := cmp.Diff(cells, anchors()); d != "" {
			t.Errorf("%s: %s", when, d)
		}
	}
	want("as made", "A1", "A3")
	b.must(b.srv.SortRows(id, "Sheet1", 1, 3, 1))
	want("sorted", "A2", "A3")
	b.must(b.srv.InsertRow(id, "Sheet1", 1))
	b.must(b.srv.InsertColumn(id, "Sheet1", 1))
	want("moved", "B3", "B4")
	b.must(b.srv.DeleteRow(id, "Sheet1", 4))
	want("a cell gone", "B3", "gone")

	resp, err = b.batch(id,
		&sheets.Request{AddCommentReply: &sheets.AddCommentReplyRequest{CommentId: th.CommentId, Post: &sheets.Post{CommentAction: "RESOLVE"}}},
		&sheets.Request{AddCommentReply: &sheets.AddCommentReplyRequest{CommentId: theirs, Post: &sheets.Post{Content: "done"}}},
		&sheets.Request{UpdateCommentPost: &sheets.UpdateCommentPostRequest{CommentId: th.CommentId, PostId: th.HeadPost.PostId, Content: "Is it late?"}})
	b.must(err)
	reply := resp.Replies[1].AddCommentReply.Post.PostId
	_, err = b.batch(id, &sheets.Request{DeleteCommentReply: &sheets.DeleteCommentReplyRequest{CommentId: theirs, PostId: reply}})
	b.must(err)
	got := b.srv.Comments(id)
	if d := cmp.Diff([]Comment{
		{ID: th.CommentId, Tab: "Sheet1", Cell: "B3", Author: "lockstep", Text: "Is it late?", Assignee: "amina@aquafund.example", Replies: []string{"Not yet"}, Resolved: true},
		{ID: theirs, Author: "Amina", Text: "Ask Hydrotech"},
	}, got); d != "" {
		t.Error(d)
	}

	for _, c := range []struct {
		r    *sheets.Request
		want string
	}{
		{insertComment(0, 0, "", ""), "insertComment: The content of a comment must not be empty."},
		{insertComment(0, 0, strings.Repeat("é", 1025), ""), "insertComment: The content of a comment must not exceed 2048 UTF-8 code units."},
		{insertComment(5000, 0, "x", ""), "insertComment: The coordinate (row 5000, column 0) exceeds grid limits. Max rows: 1000, max columns: 27"},
		{&sheets.Request{DeleteComment: &sheets.DeleteCommentRequest{CommentId: theirs}}, "deleteComment: The requesting user is not the author of the comment."},
		{&sheets.Request{DeleteComment: &sheets.DeleteCommentRequest{CommentId: "none"}}, "deleteComment: No comment with id: none"},
		{
			&sheets.Request{AddCommentReply: &sheets.AddCommentReplyRequest{CommentId: theirs, Post: &sheets.Post{Content: "x", AssigneeEmail: "a@b.example"}}},
			"addCommentReply: A post can only assign somebody in a thread that is assigned, and not while resolving or reopening it.",
		},
	} {
		_, err := b.batch(id, c.r)
		b.refused(err, 400, "Invalid requests[0]."+c.want)
	}
	_, err = b.batch(id, &sheets.Request{DeleteComment: &sheets.DeleteCommentRequest{CommentId: th.CommentId}})
	b.must(err)
	if n := len(b.srv.Comments(id)); n != 1 {
		t.Errorf("%d comments are left", n)
	}
}

// A batch may land while its comments do not; whoever may only read is not shown comments.
func TestCommentsFailApartFromTheirBatch(t *testing.T) {
	t.Parallel()
	b := newBench(t, Options{})
	id := b.srv.AddSpreadsheet("Book")
	resp, err := b.batch(id, writeCell(str("x"), "userEnteredValue"))
	b.must(err)
	if resp.CommentUpdateState != "NO_UPDATES_REQUESTED" {
		t.Errorf("without comments: %s", resp.CommentUpdateState)
	}
	b.srv.FailComments(true)
	resp, err = b.batch(id, writeCell(str("y"), "userEnteredValue"), insertComment(0, 0, "late", ""))
	b.must(err)
	if resp.CommentUpdateState != "ALL_FAILED_UNKNOWN_REASON" || resp.Replies[1].InsertComment != nil || b.srv.Cell(id, "Sheet1", "A1") != "y" || len(b.srv.Comments(id)) != 0 {
		t.Errorf("%s, A1 is %v, %d comments", resp.CommentUpdateState, b.srv.Cell(id, "Sheet1", "A1"), len(b.srv.Comments(id)))
	}
	b.must(b.srv.ReadOnly(id))
	_, err = b.sheets.Spreadsheets.Get(id).CommentsViewMode("COMMENTS_VIEW_MODE_INCLUDED").Context(t.Context()).Do()
	b.refused(err, 403, "The caller does not have permission")
	got, err := b.sheets.Spreadsheets.Get(id).CommentsViewMode("COMMENTS_VIEW_MODE_DEFAULT_FOR_CURRENT_ACCESS").Context(t.Context()).Do()
	b.must(err)
	if got.CommentsViewMode != "COMMENTS_VIEW_MODE_OMITTED" {
		t.Errorf("a reader gets %s", got.CommentsViewMode)
	}
}
