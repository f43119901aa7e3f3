package jira

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// realWebhooks are the payloads of real Jiras, by name.
func realWebhooks(t *testing.T) map[string]json.RawMessage {
	t.Helper()
	f, err := os.Open(sharedData(t, "jira/webhooks.jsonl.gz"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]json.RawMessage{}
	sc := bufio.NewScanner(z)
	sc.Buffer(nil, 1<<20)
	for sc.Scan() {
		var line struct {
			Name    string
			Payload json.RawMessage
		}
		if err := json.Unmarshal(sc.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		out[line.Name] = line.Payload
	}
	if err := sc.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestRealWebhooks(t *testing.T) {
	t.Parallel()
	const created, updated = "jira:issue_created", "jira:issue_updated"
	want := map[string]Event{
		"webhook-cloud-comment-created-mention-user":                     {Kind: "comment_created", IssueID: "10040", IssueKey: "TES-41"},
		"webhook-cloud-comment-deleted":                                  {Kind: "comment_deleted", IssueID: "10357", IssueKey: "KT-7"},
		"webhook-cloud-issue-created-many-fields":                        {Kind: created, IssueID: "10509", IssueKey: "KT-22"},
		"webhook-issue-assigned-empty-changelog":                         {Kind: updated, IssueID: "10001", IssueKey: "TEST-123"},
		"webhook-issue-created-no-description-nor-relevant-fields":       {Kind: created, IssueID: "10040", IssueKey: "TES-41"},
		"webhook-issue-created-no-relevant-fields":                       {Kind: created, IssueID: "10040", IssueKey: "TES-41"},
		"webhook-issue-created":                                          {Kind: created, IssueID: "10040", IssueKey: "TES-41"},
		"webhook-issue-updated-assigned-nobody":                          {Kind: updated, IssueID: "10040", IssueKey: "TES-41"},
		"webhook-issue-updated-assigned":                                 {Kind: updated, IssueID: "10040", IssueKey: "TES-41"},
		"webhook-issue-updated-components":                               {Kind: updated, IssueID: "10360", IssueKey: "TES-10"},
		"webhook-issue-updated-fix-version":                              {Kind: updated, IssueID: "10040", IssueKey: "TES-41"},
		"webhook-issue-updated-labels":                                   {Kind: updated, IssueID: "10040", IssueKey: "TES-41"},
		"webhook-issue-updated-multiple-custom-fields":                   {Kind: updated, IssueID: "10040", IssueKey: "TES-41"},
		"webhook-issue-updated-raised-priority":                          {Kind: updated, IssueID: "10040", IssueKey: "TES-41"},
		"webhook-issue-updated-renamed":                                  {Kind: updated, IssueID: "10040", IssueKey: "TES-41"},
		"webhook-issue-updated-reopened":                                 {Kind: updated, IssueID: "10040", IssueKey: "TES-41"},
		"webhook-issue-updated-resolved":                                 {Kind: updated, IssueID: "10040", IssueKey: "TES-41"},
		"webhook-issue-updated-started-working":                          {Kind: updated, IssueID: "10040", IssueKey: "TES-41"},
		"webhook-server-comment-deleted":                                 {Kind: "comment_deleted", IssueID: "10013"},
		"webhook-server-issue-updated-closed":                            {Kind: updated, IssueID: "10300", IssueKey: "TES-4"},
		"webhook-server-issue-updated-comment-edited":                    {Kind: updated, IssueID: "10013", IssueKey: "PRJX-14"},
		"webhook-server-issue-updated-commented-2":                       {Kind: updated, IssueID: "10231", IssueKey: "PRJA-42"},
		"webhook-server-issue-updated-commented-mention-user":            {Kind: updated, IssueID: "10013", IssueKey: "PRJX-14"},
		"webhook-server-issue-updated-many-fields":                       {Kind: updated, IssueID: "10400", IssueKey: "HEY-15"},
		"webhook-server-issue-updated-resolved":                          {Kind: updated, IssueID: "10300", IssueKey: "TES-4"},
		"webhook-server-old-issue-updated-no-event-type-comment-deleted": {Kind: updated, IssueID: "10013", IssueKey: "PRJX-14"},
		"webhook-server-old-issue-updated-no-event-type-commented":       {Kind: updated, IssueID: "10013", IssueKey: "PRJX-14"},
		"webhook-server-updated-custom-field":                            {Kind: updated, IssueID: "10106", IssueKey: "TES-8"},
	}
	payloads := realWebhooks(t)
	if len(payloads) != 28 {
		t.Errorf("%d payloads, want 28", len(payloads))
	}
	for _, name := range slices.Sorted(maps.Keys(payloads)) {
		w, ok := want[name]
		if !ok {
			t.Errorf("nothing is expected of %s", name)
		}
		if got, err := Understand(payloads[name]); err != nil || got != w {
			t.Errorf("%s: got %+v, %v; want %+v", name, got, err, w)
		}
	}
}

func TestUnderstand(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]Event{
		`{"webhookEvent":"jira:issue_deleted","issue":{"id":"10001","key":"WASH-1"}}`:                            {Kind: "jira:issue_deleted", IssueID: "10001", IssueKey: "WASH-1", Deleted: true},
		`{"issue":{"id":10001,"key":"WASH-1"},"transition":{}}`:                                                  {IssueID: "10001", IssueKey: "WASH-1"},
		`{"webhookEvent":"jira:issue_updated","issue":{"self":"https://x.example/jira/rest/api/2/issue/7"}}`:     {Kind: "jira:issue_updated", IssueID: "7"},
		`{"webhookEvent":"comment_created","comment":{"self":"https://x.example/rest/api/3/issue/7/comment/9"}}`: {Kind: "comment_created", IssueID: "7"},
		`{"webhookEvent":"worklog_created","worklog":{"issueId":"12","id":"3"}}`:                                 {Kind: "worklog_created", IssueID: "12"},

		`{"webhookEvent":"sprint_started","sprint":{"id":4}}`:                         {Kind: "sprint_started", Ignored: "a sprint event"},
		`{"webhookEvent":"project_updated","project":{"id":4}}`:                       {Kind: "project_updated", Ignored: "a project event"},
		`{"webhookEvent":"jira:version_released","version":{}}`:                       {Kind: "jira:version_released", Ignored: "a version event"},
		`{"webhookEvent":"issuelink_created","issueLink":{"sourceIssueId":1}}`:        {Kind: "issuelink_created", Ignored: "a link between issues"},
		`{"webhookEvent":"attachment_created","attachment":{"id":"1"}}`:               {Kind: "attachment_created", Ignored: "an attachment, without its issue"},
		`{"webhookEvent":"user_deleted"}`:                                             {Kind: "user_deleted", Ignored: "a user event"},
		`{"webhookEvent":"board_created"}`:                                            {Kind: "board_created", Ignored: "a board event"},
		`{"webhookEvent":"option_voting_changed"}`:                                    {Kind: "option_voting_changed", Ignored: "a change of Jira's settings"},
		`{"webhookEvent":"something_new"}`:                                            {Kind: "something_new", Ignored: "an event of a kind that is not known"},
		`{}`:                                                                          {Ignored: "an event of a kind that is not known"},
		`{"webhookEvent":{"a":1},"issue":[],"comment":"x","worklog":null}`:            {Ignored: "an event of a kind that is not known"},
		`{"webhookEvent":"jira:issue_updated","issue":{"id":"10001 OR 1=1"}}`:         {Kind: "jira:issue_updated", Ignored: "an issue event, without its issue"},
		`{"webhookEvent":"jira:issue_updated","issue":{"id":"-5","key":"WASH-1"}}`:    {Kind: "jira:issue_updated", Ignored: "an issue event, without its issue"},
		`{"webhookEvent":"jira:issue_deleted","issue":{"id":1.5}}`:                    {Kind: "jira:issue_deleted", Ignored: "an issue event, without its issue"},
		`{"webhookEvent":"jira:issue_updated","issue":{"id":"99999999999999999999"}}`: {Kind: "jira:issue_updated", Ignored: "an issue event, without its issue"},
		`{"webhookEvent":"jira:issue_updated","issue":{"id":"1","key":"<script>"}}`:   {Kind: "jira:issue_updated", IssueID: "1"},
		`{"webhookEvent":"comment_created","comment":{"self":"https://x/issue/7"}}`:   {Kind: "comment_created", Ignored: "a comment, without its issue"},
		`{"webhookEvent":"comment_created","comment":{"self":"::%"}}`:                 {Kind: "comment_created", Ignored: "a comment, without its issue"},
	} {
		if got, err := Understand([]byte(body)); err != nil || got != want {
			t.Errorf("%s:\n got %+v, %v\nwant %+v", body, got, err, want)
		}
	}
	for _, body := range []string{"", "null", "[]", `"x"`, "{", `{"issue":`, "Hello World!", `{} {}`, strings.Repeat("[", 20_000)} {
		if got, err := Understand([]byte(body)); err == nil {
			t.Errorf("%.40q is understood as %+v", body, got)
		}
	}
}

// Whatever a real payload is cut or bent into, what comes out is an id that Jira could have given, a reason, or an error.
func TestUnderstandWhateverComes(t *testing.T) {
	t.Parallel()
	payloads := realWebhooks(t)
	names := slices.Sorted(maps.Keys(payloads))
	rapid.Check(t, func(rt *rapid.T) {
		b := slices.Clone(payloads[rapid.SampledFrom(names).Draw(rt, "payload")])
		for range rapid.IntRange(0, 4).Draw(rt, "changes") {
			i := rapid.IntRange(0, len(b)-1).Draw(rt, "at")
			b[i] = rapid.SampledFrom([]byte(`"{}[]:,0x-\ `)).Draw(rt, "byte")
		}
		e, err := Understand(b)
		switch {
		case err != nil && e != Event{}:
			rt.Fatalf("both %+v and %v", e, err)
		case err != nil:
		case (e.IssueID == "") == (e.Ignored == ""):
			rt.Fatalf("neither an issue nor a reason, or both: %+v", e)
		case e.IssueID != "":
			if _, ok := issueID(e.IssueID); !ok {
				rt.Fatalf("no id: %+v", e)
			}
		}
	})
}
