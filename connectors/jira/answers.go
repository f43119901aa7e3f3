package jira

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/lockstep-sync/lockstep/connectors/transport"
	"github.com/lockstep-sync/lockstep/sync/fault"
)

// accept reads the body of an answer that says success into out. Whatever is not what Jira gives is a fault: an empty
// answer, null, or an object without its list reads like "there are no issues", and from that nothing may be concluded. A
// write that is answered so may have landed. Where out is nil, Jira answers a write with 204 and nothing, and an edit may be answered so.
func (c *client) accept(op string, resp *http.Response, body []byte, out any, fail func(*fault.Error, int, bool) *callError) error {
	body = bytes.TrimSpace(body)
	page := strings.Contains(resp.Header.Get("Content-Type"), "html") || bytes.HasPrefix(body, []byte("<"))
	odd := func(what string) error {
		f := fault.New(fault.Permanent, fault.Invalid, op, "read the answer %d %s: %s", resp.StatusCode, http.StatusText(resp.StatusCode), what)
		return fail(f.WithHint("check that the url is that of a Jira, and that no login page or proxy stands before it"), resp.StatusCode, true)
	}
	_, edited := out.(*editedIssue)
	switch {
	case resp.StatusCode == http.StatusNoContent && (out == nil || edited):
		return nil
	case len(body) == 0:
		return odd("it is empty")
	case page:
		return fail(transport.FromResponse(op, resp, body), resp.StatusCode, true)
	case out == nil:
		return odd("nothing was to be given back")
	case !utf8.Valid(body):
		return odd("it is not written in UTF-8") // read all the same, names and titles would come out garbled
	}
	if err := json.Unmarshal(body, out); err != nil {
		if strings.Contains(resp.Header.Get("Content-Type"), "json") {
			return odd("it has another shape than expected")
		}
		return fail(transport.FromResponse(op, resp, body), resp.StatusCode, true)
	}
	if isNull(body) {
		return odd("it is null")
	}
	if v, ok := out.(whole); ok {
		if lacks := v.lacks(); lacks != "" {
			return odd(fmt.Sprintf("it has no %q", lacks))
		}
	}
	return nil
}

// whole is an answer that would mean something else without a part of it.
type whole interface {
	// lacks names the part that is not there; "" where all is.
	lacks() string
}

func (p *searchPage) lacks() string { return absent(p.Issues == nil, "issues") }
func (p *offsetPage) lacks() string { return absent(p.Issues == nil, "issues") }

// transitionList is where an issue can be moved.
type transitionList struct {
	Transitions []wireTransition `json:"transitions"`
}

func (l *transitionList) lacks() string { return absent(l.Transitions == nil, "transitions") }

// account is who we are.
type account struct{ wireUser }

func (u *account) lacks() string {
	return absent(u.AccountID == "" && u.Name == "" && u.Key == "", "accountId")
}

// oneIssue is an issue that was asked for.
type oneIssue struct{ wireIssue }

func (is *oneIssue) lacks() string {
	if is.Fields == nil {
		return absent(true, "fields")
	}
	return absent(is.ID == "", "id")
}

// editedIssue is what an edit gives back, if it gives something back.
type editedIssue struct{ wireIssue }

func (is *editedIssue) lacks() string { return absent(is.ID == "", "id") }

// createdIssue is what a create gives back.
type createdIssue struct{ wireIssue }

func (is *createdIssue) lacks() string { return absent(is.ID == "", "id") }

// writtenComment is what is given back of a comment of ours.
type writtenComment struct {
	ID string `json:"id"`
}

func (w *writtenComment) lacks() string { return absent(w.ID == "", "id") }

func absent(is bool, part string) string {
	if is {
		return part
	}
	return ""
}

// ownRefusal is how Jira itself refuses. A gateway refuses otherwise, and knows nothing of issues.
type ownRefusal struct {
	Messages []string          `json:"errorMessages"`
	Errors   map[string]string `json:"errors"`
}

func (s ownRefusal) own() bool { return len(s.Messages) > 0 || len(s.Errors) > 0 }
