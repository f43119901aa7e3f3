package jira_test

import (
	"bufio"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lockstep-sync/lockstep/connectors/sandbox/jira"
)

// listener collects what a webhook sends, and answers as it is told: with statuses, the last again and again.
type listener struct {
	url string

	mu       sync.Mutex
	statuses []int
	got      []event
}

type event struct {
	header http.Header
	raw    string
	body   map[string]any
}

func (e event) name() string { name, _ := e.body["webhookEvent"].(string); return name }

func listen(t *testing.T, statuses ...int) *listener {
	t.Helper()
	l := &listener{statuses: statuses}
	ts := httptest.NewServer(l)
	t.Cleanup(ts.Close)
	l.url = ts.URL
	return l
}

func (l *listener) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	raw, _ := io.ReadAll(r.Body)
	e := event{header: r.Header, raw: string(raw)}
	_ = json.Unmarshal(raw, &e.body)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.got = append(l.got, e)
	status := http.StatusOK
	if len(l.statuses) > 0 {
		status = l.statuses[0]
		if len(l.statuses) > 1 {
			l.statuses = l.statuses[1:]
		}
	}
	w.WriteHeader(status)
}

func (l *listener) events() []event {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.got)
}

func (l *listener) names() []string {
	var out []string
	for _, e := range l.events() {
		out = append(out, e.name())
	}
	return out
}

func hook(t *testing.T, s *site, l *listener, secret string, events ...string) *jira.Webhook {
	t.Helper()
	h := s.SendWebhooks(l.url+"/webhooks/jira/a", secret, events...)
	t.Cleanup(h.Close)
	return h
}

func drain(t *testing.T, h *jira.Webhook) {
	t.Helper()
	if err := h.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// everyEvent makes one change of each kind.
func everyEvent(t *testing.T, s *site) (key string) {
	t.Helper()
	key = s.Add(jira.Seed{Summary: "One <b>", Description: "why", Assignee: "Amina Diallo", Email: "amina@example.org", Due: "2026-12-01", Labels: []string{"x"}})
	s.do("PUT", "/rest/api/3/issue/"+key, `{"fields":{"summary":"Two","priority":{"id":"1"}}}`).want(t, 204)
	s.do("POST", "/rest/api/3/issue/"+key+"/transitions", `{"transition":{"id":"11"}}`).want(t, 204)
	if err := s.Set(key, map[string]any{"assignee": "Ben Otieno"}); err != nil {
		t.Fatal(err)
	}
	id := s.do("POST", "/rest/api/2/issue/"+key+"/comment", `{"body":"first"}`).want(t, 201).at("id").(string)
	if err := s.EditComment(key, id, "", "second"); err != nil {
		t.Fatal(err)
	}
	if err := s.DeleteComment(key, id); err != nil {
		t.Fatal(err)
	}
	if err := s.Delete(key); err != nil {
		t.Fatal(err)
	}
	return key
}

func TestWebhookEvents(t *testing.T) {
	t.Parallel()
	s, l := open(t, jira.Options{}), listen(t)
	const secret = "It's a Secret to Everybody"
	h := hook(t, s, l, secret)
	key := everyEvent(t, s)
	s.do("PUT", "/rest/api/3/issue/"+s.Add(jira.Seed{Summary: "X"})+"/properties/p", `1`).want(t, 201) // no event
	drain(t, h)
	const created, updated, deleted = "jira:issue_created", "jira:issue_updated", "jira:issue_deleted"
	want := []string{created, updated, updated, updated, "comment_created", "comment_updated", "comment_deleted", deleted, created}
	if got := l.names(); !slices.Equal(got, want) {
		t.Fatalf("%s\nwant %s", got, want)
	}
	ids := map[string]bool{}
	for n, e := range l.events() {
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write([]byte(e.raw))
		if got := e.header.Get("X-Hub-Signature"); got != "sha256="+hex.EncodeToString(mac.Sum(nil)) {
			t.Errorf("%s: signature %q", e.name(), got)
		}
		ids[e.header.Get("X-Atlassian-Webhook-Identifier")] = true
		if e.header.Get("X-Atlassian-Webhook-Retry") != "" || !strings.HasPrefix(e.header.Get("User-Agent"), "Atlassian HttpClient") || e.header.Get("X-Atlassian-Webhook-Flow") != "Primary" {
			t.Errorf("%s: %v", e.name(), e.header)
		}
		if r := (reply{body: e.body}); n < 8 && r.at("issue", "key") != key || r.at("timestamp") == nil {
			t.Errorf("%s: %s", e.name(), e.raw)
		}
	}
	if len(ids) != len(l.events()) {
		t.Errorf("%d identifiers for %d events", len(ids), len(l.events()))
	}
	at := func(n int, path ...any) any { return reply{body: l.events()[n].body}.at(path...) }
	for n, kind := range []string{"issue_created", "issue_updated", "issue_generic", "issue_assigned"} {
		if got := at(n, "issue_event_type_name"); got != kind {
			t.Errorf("event %d: %v, want %s", n, got, kind)
		}
	}
	if at(1, "user", "displayName") != "Lockstep" || at(3, "user", "displayName") == "Lockstep" {
		t.Error("an event does not tell the account's own changes from people's")
	}
	if at(2, "changelog", "items", 0, "toString") != "In Progress" || at(1, "issue", "fields", "description") != "why" {
		t.Error(l.events()[2].raw)
	}
	if at(5, "comment", "body") != "second" || !strings.Contains(fmt.Sprint(at(5, "comment", "self")), "/rest/api/2/issue/10001/comment/") || !strings.HasPrefix(fmt.Sprint(at(5, "comment", "self")), s.url) {
		t.Error(l.events()[5].raw)
	}
}

// TestWebhookShapes: whatever our events hold, some real one of that event holds too.
func TestWebhookShapes(t *testing.T) {
	t.Parallel()
	realPaths := map[string]map[string]bool{}
	in := bufio.NewScanner(openGzip(t, dataFile(t, "jira", "webhooks.jsonl.gz")))
	in.Buffer(nil, 4<<20)
	count := 0
	for in.Scan() {
		var line struct {
			Payload map[string]any `json:"payload"`
		}
		if err := json.Unmarshal(in.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		count++
		name, _ := line.Payload["webhookEvent"].(string)
		if realPaths[name] == nil {
			realPaths[name] = map[string]bool{}
		}
		keyPaths(line.Payload, "", realPaths[name])
	}
	if err := in.Err(); err != nil || count != 28 {
		t.Fatalf("%d real events: %v", count, err)
	}
	// No edited comment and no deleted issue is among the recorded events: those of comments are of one shape, and a deleted
	// issue's is that of a created one.
	maps.Copy(realPaths["comment_created"], realPaths["comment_deleted"])
	maps.Copy(realPaths["comment_deleted"], realPaths["comment_created"])
	realPaths["comment_updated"], realPaths["jira:issue_deleted"] = realPaths["comment_created"], realPaths["jira:issue_created"]
	s, l := open(t, jira.Options{}), listen(t)
	h := hook(t, s, l, "")
	everyEvent(t, s)
	drain(t, h)
	for _, e := range l.events() {
		if e.header.Get("X-Hub-Signature") != "" {
			t.Error("an event is signed without a secret")
		}
		ours := map[string]bool{}
		keyPaths(e.body, "", ours)
		for p := range ours {
			// People's faces and addresses were taken out of the recorded events, custom fields are each site's own, and the
			// rest is younger than they are.
			if !realPaths[e.name()][p] && !youngerThanRecorded.MatchString(p) {
				t.Errorf("%s: no real event has %s", e.name(), p)
			}
		}
	}
}

var youngerThanRecorded = regexp.MustCompile(
	`(^|\.)(self|avatarUrls|avatarUrls\..*|customfield_\d+|accountType|emailAddress|hierarchyLevel)$|^issue\.fields\.statusCategory(\.|$)`)

// keyPaths collects the paths of all keys; a list's elements are of one kind.
func keyPaths(v any, at string, out map[string]bool) {
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			p := strings.TrimPrefix(at+"."+k, ".")
			out[p] = true
			keyPaths(x, p, out)
		}
	case []any:
		for _, x := range v {
			keyPaths(x, at, out)
		}
	}
}

func TestWebhookRetries(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		statuses []int
		attempts int
		tally    jira.WebhookTally
	}{
		{"at once", []int{204}, 1, jira.WebhookTally{Delivered: 1}},
		{"at last", []int{503, 429, 409, 200}, 4, jira.WebhookTally{Delivered: 1}},
		{"never", []int{500}, 4, jira.WebhookTally{Refused: 1}},
		{"not wanted", []int{401}, 1, jira.WebhookTally{Refused: 1}},
		{"elsewhere", []int{302}, 1, jira.WebhookTally{Refused: 1}},
	} {
		s, l := open(t, jira.Options{}), listen(t, c.statuses...)
		h := hook(t, s, l, "x", "jira:issue_created")
		h.Dial(jira.WebhookDials{Retries: 3, RetryWait: time.Millisecond})
		key := s.Add(jira.Seed{Summary: "One"})
		if err := s.Set(key, map[string]any{"summary": "not asked for"}); err != nil {
			t.Fatal(err)
		}
		drain(t, h)
		got := l.events()
		if len(got) != c.attempts || h.Tally() != c.tally {
			t.Errorf("%s: %d attempts, %+v", c.name, len(got), h.Tally())
		}
		for n, e := range got {
			if e.raw != got[0].raw || e.header.Get("X-Atlassian-Webhook-Identifier") != got[0].header.Get("X-Atlassian-Webhook-Identifier") {
				t.Errorf("%s: attempt %d is another event", c.name, n)
			}
			if retry := e.header.Get("X-Atlassian-Webhook-Retry"); n > 0 && retry != fmt.Sprint(n) {
				t.Errorf("%s: attempt %d says %q", c.name, n, retry)
			}
		}
	}
}

func TestWebhookDials(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		dials jira.WebhookDials
		want  string
	}{
		{jira.WebhookDials{}, "1 2 3 4 5"},
		{jira.WebhookDials{Drop: 2}, "1 3 5"},
		{jira.WebhookDials{Duplicate: 2}, "1 2 2 3 4 4 5"},
		{jira.WebhookDials{Reverse: 3}, "3 2 1 5 4"},
	} {
		s, l := open(t, jira.Options{}), listen(t)
		h := hook(t, s, l, "")
		h.Dial(c.dials)
		for n := range 5 {
			s.Add(jira.Seed{Summary: fmt.Sprint(n + 1)})
		}
		drain(t, h)
		var got []string
		for _, e := range l.events() {
			got = append(got, reply{body: e.body}.at("issue", "fields", "summary").(string))
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%+v: %v, want %s", c.dials, got, c.want)
		}
	}
}

func TestWebhookIsBounded(t *testing.T) {
	t.Parallel()
	held := make(chan struct{})
	ts := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-held:
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(ts.Close)
	s := open(t, jira.Options{})
	h := s.SendWebhooks(ts.URL, "", "jira:issue_created")
	for range 1100 { // nobody waits for whoever listens
		s.Add(jira.Seed{Summary: "One"})
	}
	if lost := h.Tally().Lost; lost < 99 || lost > 100 { // one may be under way
		t.Errorf("%d events lost", lost)
	}
	h.Close() // breaks off what hangs
	close(held)
	if err := h.Drain(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestDataCenterCommentEvents(t *testing.T) {
	t.Parallel()
	s, l := open(t, jira.Options{Flavor: jira.DataCenter}), listen(t)
	h := hook(t, s, l, "")
	key := s.Add(jira.Seed{Summary: "One"})
	id, err := s.AddComment(key, "Amina Diallo", "first")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.EditComment(key, id, "", "second"); err != nil {
		t.Fatal(err)
	}
	drain(t, h)
	want := []string{"jira:issue_created", "comment_created", "jira:issue_updated", "comment_updated", "jira:issue_updated"}
	if got := l.names(); !slices.Equal(got, want) {
		t.Fatalf("%s, want %s", got, want)
	}
	for _, e := range l.events()[1:] {
		r := reply{body: e.body}
		_, issue := e.body["issue"]
		if issue != (e.name() == "jira:issue_updated") || r.at("comment", "id") != id || !strings.Contains(fmt.Sprint(r.at("comment", "self")), "/issue/10001/comment/") {
			t.Errorf("%s: %s", e.name(), e.raw)
		}
		if strings.Contains(e.raw, "accountId") {
			t.Errorf("%s speaks of accounts", e.name())
		}
	}
	if got := (reply{body: l.events()[4].body}).at("issue_event_type_name"); got != "issue_comment_edited" {
		t.Errorf("%v", got)
	}
}
