package jira

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
)

// Event is what a webhook tells.
type Event struct {
	// Kind is the event's name as Jira gives it, "jira:issue_updated"; "" where it gives none, as a workflow's webhook does.
	Kind string
	// IssueID is the numeric id of the issue that it concerns, "" where it concerns none.
	IssueID string
	// IssueKey is the issue's key, "" where the webhook does not tell it.
	IssueKey string
	// Deleted says that the issue is said to be gone.
	Deleted bool
	// Ignored is why the webhook concerns no issue, "a sprint event"; "" where it does.
	Ignored string
}

type wireWebhook struct {
	Event   json.RawMessage `json:"webhookEvent"`
	Issue   json.RawMessage `json:"issue"`
	Comment json.RawMessage `json:"comment"`
	Worklog json.RawMessage `json:"worklog"`
}

// notIssues says of the beginning of an event's name what such events are about. What stands first counts.
var notIssues = []struct{ prefix, what string }{
	{"sprint_", "a sprint event"},
	{"board_", "a board event"},
	{"project_", "a project event"},
	{"jira:version_", "a version event"},
	{"user_", "a user event"},
	{"option_", "a change of Jira's settings"},
	{"issuelink_", "a link between issues"},
	{"attachment_", "an attachment, without its issue"},
	{"filter_", "a filter event"},
	{"component_", "a component event"},
	{"issue_property_", "an issue's property, without its issue"},
	{"comment_", "a comment, without its issue"},
	{"worklog_", "a worklog, without its issue"},
	{"jira:worklog_", "a worklog, without its issue"},
	{"jira:issue_", "an issue event, without its issue"},
}

// Understand reads a webhook's body. It returns an error only where the body is no JSON object; whatever is in it, and of
// whatever type, the event then concerns an issue or is ignored with a reason.
func Understand(body []byte) (Event, error) {
	var p *wireWebhook
	if err := json.Unmarshal(body, &p); err != nil {
		return Event{}, fmt.Errorf("read a webhook: %w", err)
	}
	if p == nil {
		return Event{}, errors.New("read a webhook: it is null where an object should be")
	}
	e := Event{Kind: scalarOf(p.Event)}
	e.IssueID, e.IssueKey = issueTold(p.Issue)
	if e.IssueID == "" {
		// A Server's comment events hold the comment alone; whose it is stands in its address.
		e.IssueID = idInAddress(scalarOf(membersOf(p.Comment)["self"]))
	}
	if e.IssueID == "" {
		id := scalarOf(membersOf(p.Worklog)["issueId"])
		if _, ok := issueID(id); ok {
			e.IssueID = id
		}
	}
	if e.IssueID == "" {
		e.IssueKey = ""
		e.Ignored = "an event of a kind that is not known"
		for _, n := range notIssues {
			if strings.HasPrefix(e.Kind, n.prefix) {
				e.Ignored = n.what
				break
			}
		}
		return e, nil
	}
	e.Deleted = e.Kind == "jira:issue_deleted"
	return e, nil
}

var issueKey = regexp.MustCompile(`^[A-Z][A-Z0-9_]{0,99}-\d{1,18}$`)

func issueTold(raw json.RawMessage) (id, key string) {
	m := membersOf(raw)
	if s := scalarOf(m["id"]); s != "" {
		if _, ok := issueID(s); ok {
			id = s
		}
	} else {
		id = idInAddress(scalarOf(m["self"]))
	}
	if s := scalarOf(m["key"]); issueKey.MatchString(s) {
		key = s
	}
	return id, key
}

// idInAddress is the issue's id in an address such as https://jira.example/jira/rest/api/2/issue/10013/comment/10084; ""
// where there is none.
func idInAddress(self string) string {
	u, err := url.Parse(self)
	if err != nil {
		return ""
	}
	_, path, ok := strings.Cut(u.Path, "/rest/api/")
	parts := strings.Split(path, "/") // version, "issue", id, …
	if !ok || len(parts) < 3 || parts[1] != "issue" {
		return ""
	}
	if _, ok := issueID(parts[2]); !ok {
		return ""
	}
	return parts[2]
}

// membersOf are an object's; nil where it is none.
func membersOf(raw json.RawMessage) map[string]json.RawMessage {
	var m map[string]json.RawMessage
	if err := json.Unmarshal(raw, &m); err != nil {
		return nil
	}
	return m
}

// scalarOf is a string, or a number as it is written; "" where it is neither. Jira writes ids both ways.
func scalarOf(raw json.RawMessage) string {
	var s string
	if err := json.Unmarshal(raw, &s); err == nil {
		return s
	}
	var n json.Number
	if err := json.Unmarshal(raw, &n); err == nil {
		return n.String()
	}
	return ""
}
