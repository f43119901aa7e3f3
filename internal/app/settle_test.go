package app_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// TestAConflictIsToldAndSettledOnThePage is the road of a conflict: two people write two things, a chat is told once, somebody chooses on
// the page, and every tool has it.
func TestAConflictIsToldAndSettledOnThePage(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var told []string
	chat := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		told = append(told, string(body))
		mu.Unlock()
		_, _ = io.WriteString(w, "ok")
	}))
	t.Cleanup(chat.Close)
	r := newRig(t)
	r.more = `    merge: {status: {on_conflict: hold}}
    notify:
      - {id: board, conflict_days: 0, slack: {webhook: "` + chat.URL + `/services/s3cret-Canary"}}
`
	r.app = r.open(t)
	r.settle(t)
	teller, err := r.app.Teller("")
	if err != nil {
		t.Fatal(err)
	}
	tell := func() int {
		t.Helper()
		out, err := teller.Tell(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return len(out)
	}
	if n := tell(); n != 0 {
		t.Fatalf("%d messages before anything happened", n)
	}

	r.set(t, jiraSource, drill, "In Progress")
	r.set(t, "scorecard", drill, "Blocked")
	if rep := r.cycle(t); rep.Conflicts != 1 {
		t.Fatalf("%d conflicts; want 1", rep.Conflicts)
	}
	if n := tell(); n != 1 {
		t.Fatalf("%d messages about a conflict; want 1", n)
	}
	r.clock.Set(r.clock.Now().Add(2 * time.Hour))
	r.cycle(t)
	if n := tell(); n != 0 {
		t.Errorf("the conflict is told again")
	}
	if len(told) != 1 || !strings.Contains(told[0], drill) || !strings.Contains(told[0], "1 conflict to settle") {
		t.Errorf("the chat was told %q", told)
	}

	page := httptest.NewServer(r.app.Handler())
	t.Cleanup(page.Close)
	c := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := c.Get(page.URL + "/p/small/conflicts")
	if err != nil {
		t.Fatal(err)
	}
	html, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err != nil {
		t.Fatal(err)
	}
	key := regexp.MustCompile(`name="key" value="([^"]+)"`).FindSubmatch(html)
	choice := regexp.MustCompile(`name="choice" value="(\d)"[^>]*>Take this<span class="vh">: Blocked`).FindSubmatch(html)
	if key == nil || choice == nil {
		t.Fatalf("the page does not ask for a choice:\n%s", html)
	}
	answered := make(chan string, 1)
	go func() { // the page waits for the cycle that decides
		resp, err := c.PostForm(page.URL+"/p/small/conflicts", url.Values{"key": {string(key[1])}, "choice": {string(choice[1])}})
		if err != nil {
			answered <- err.Error()
			return
		}
		_ = resp.Body.Close()
		answered <- resp.Status + " " + resp.Header.Get("Location")
	}()
	deadline := time.After(patience)
	for settled := false; !settled; {
		r.cycle(t)
		select {
		case got := <-answered:
			settled = true
			if !strings.HasPrefix(got, "303 See Other /p/small/conflicts") {
				t.Errorf("the page answers %s", got)
			}
		case <-deadline:
			t.Fatal("nobody takes the choice up")
		default:
		}
	}
	r.settle(t)
	for _, source := range []task.SourceID{jiraSource, "scorecard"} {
		if got := r.status(source, drill); got != "Blocked" {
			t.Errorf("%s says %q; want what was chosen", source, got)
		}
	}
	es, err := r.app.History(t.Context(), "small", store.Query{Kinds: []store.EventKind{store.EventSettled, store.EventTold}, Oldest: true})
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, e := range es {
		kinds = append(kinds, string(e.Kind)+" "+e.Field)
	}
	if got := strings.Join(kinds, ", "); got != "told board, told board, settled status" {
		t.Errorf("the history has %s", got)
	}
	if s := r.log.String(); strings.Contains(s, "Canary") {
		t.Error("the webhook's address is in the log")
	}
}
