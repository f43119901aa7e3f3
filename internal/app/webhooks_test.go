package app_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/lockstep-sync/lockstep/internal/demo"
)

const rigHook = "rig-secret-of-webhooks" // as it stands in rigConfig

// hook is a webhook as Jira sends it about an issue.
func hook(ctx context.Context, t *testing.T, base, source, secret, event, id, identifier string) *http.Request {
	t.Helper()
	body := fmt.Appendf(nil, `{"timestamp":1,"webhookEvent":%q,"issue":{"id":%q,"key":"WASH-1","fields":{"summary":"forged <b>title</b>"}}}`, event, id)
	mac := hmac.New(sha256.New, []byte(secret))
	_, _ = mac.Write(body)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/webhooks/jira/"+source+"?user_id=admin", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json; charset=UTF-8")
	r.Header.Set("X-Hub-Signature", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	r.Header.Set("X-Atlassian-Webhook-Identifier", identifier)
	return r
}

// wakes is a scheduler that only counts who asks for a cycle.
type wakes struct{ n int }

func (w *wakes) Run(context.Context) {}
func (w *wakes) Wake()               { w.n++ }

func TestWebhooksWakeTheirPartnership(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.app = r.open(t)
	var w wakes
	r.app.Schedule(&w)
	if got := r.app.Webhooks(); len(got) != 1 || got[0].Source != jiraSource || got[0].Path != "/webhooks/jira/"+jiraSource {
		t.Errorf("webhooks are %v", got)
	}
	for _, tc := range []struct {
		source, secret, event, identifier string
		status, wakes                     int
	}{
		{jiraSource, rigHook + "x", "jira:issue_updated", "1", http.StatusUnauthorized, 0},
		{jiraSource, "", "jira:issue_updated", "1", http.StatusUnauthorized, 0},
		{jiraSource, rigHook, "jira:issue_updated", "1", http.StatusOK, 1},
		{jiraSource, rigHook, "jira:issue_updated", "1", http.StatusOK, 1},
		{jiraSource, rigHook, "jira:issue_deleted", "2", http.StatusOK, 2},
		{citySource, rigHook, "jira:issue_updated", "3", http.StatusNotFound, 2},
		{"nobody", rigHook, "jira:issue_updated", "4", http.StatusNotFound, 2},
	} {
		rec := httptest.NewRecorder()
		r.app.Handler().ServeHTTP(rec, hook(t.Context(), t, "http://lockstep.example", tc.source, tc.secret, tc.event, "10001", tc.identifier))
		if rec.Code != tc.status || w.n != tc.wakes || rec.Body.Len() > 0 {
			t.Errorf("%+v: answer %d %q, %d wakes", tc, rec.Code, rec.Body, w.n)
		}
	}
	rec := httptest.NewRecorder()
	r.app.Handler().ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody))
	for outcome, n := range map[string]int{"accepted": 2, "duplicate": 1, "unsigned": 2, "ignored": 0, "busy": 0, "too_large": 0, "malformed": 0} {
		if want := fmt.Sprintf("lockstep_webhooks_total{outcome=%q,source=%q} %d\n", outcome, jiraSource, n); !strings.Contains(rec.Body.String(), want) {
			t.Errorf("the metrics lack %s", want)
		}
	}
	log := r.log.String()
	if n := strings.Count(log, "webhook turned away"); n != 1 {
		t.Errorf("%d lines about what was turned away, want one a minute:\n%s", n, log)
	}
	if strings.Contains(log, rigHook) || strings.Contains(log, "forged") {
		t.Errorf("the secret, or what a stranger sent, is in the log:\n%s", log)
	}
}

// TestAWebhookIsActedOn: with a day between two cycles, an edit and a deletion in Jira are on the scorecard as soon as Jira tells
// of them, although its search does not show the edit yet; a forged webhook changes nothing, and nothing of what webhooks say is believed.
func TestAWebhookIsActedOn(t *testing.T) {
	t.Parallel()
	r := newRigWith(t, demo.Options{Listen: "127.0.0.1:0", IndexLag: 45 * time.Second})
	r.interval, r.google = "24h", plenty
	r.app = r.open(t)
	r.settle(t)
	card := scorecardOf(r.cycle(t))
	changed := make(chan struct{}, 1)
	tell := func() {
		select {
		case changed <- struct{}{}:
		default:
		}
	}
	r.OnChange(tell)
	cycles := func() int { return strings.Count(r.log.String(), "msg=cycle") }
	before := cycles()
	r.log.mu.Lock()
	r.log.wrote = tell
	r.log.mu.Unlock()
	var lc net.ListenConfig
	ln, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	base := "http://" + ln.Addr().String()
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- r.app.Run(ctx, ln) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	post := func(secret, event, id, identifier string, want int) {
		t.Helper()
		res, err := new(http.Client).Do(hook(t.Context(), t, base, jiraSource, secret, event, id, identifier))
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("answer %s, want %d", res.Status, want)
		}
	}
	deadline := time.After(patience)
	eventually := func(what string, ok func() bool) {
		t.Helper()
		for !ok() {
			select {
			case <-changed:
			case <-deadline:
				t.Fatalf("it did not come about: %s", what)
			}
		}
	}

	eventually("the cycle at the start", func() bool { return cycles() > before })
	key, _ := r.key(drill)
	issue, _ := r.Jira.Issue(key)
	r.set(t, jiraSource, drill, "In Progress")
	post("a forged secret of theirs", "jira:issue_updated", issue.ID, "1", http.StatusUnauthorized)
	r.expect(t, "after a forged webhook", card, drill, "Not started")
	post(rigHook, "jira:issue_updated", issue.ID, "1", http.StatusOK)
	eventually("the edit on the scorecard", func() bool { return r.status(card, drill) == "In progress" })

	if err := r.Jira.Delete(key); err != nil {
		t.Fatal(err)
	}
	kept, _ := r.key(test)
	other, _ := r.Jira.Issue(kept)
	post(rigHook, "jira:issue_deleted", other.ID, "2", http.StatusOK) // a lie: this one is there
	post(rigHook, "jira:issue_deleted", issue.ID, "3", http.StatusOK)
	eventually("the row of the deleted issue is gone", func() bool {
		_, n := r.find(r.Scorecard, demo.ScorecardTab, "Title", drill)
		return n == 0
	})
	if _, n := r.find(r.Scorecard, demo.ScorecardTab, "Title", test); n != 1 {
		t.Error("the row of an issue that is there is gone too")
	}
	if strings.Contains(fmt.Sprint(r.Google.Rows(r.Scorecard, demo.ScorecardTab)), "forged") {
		t.Error("what a webhook said is on the scorecard")
	}
}
