package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
)

func TestNotify(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var told []string
	chat := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		told = append(told, string(body))
		if strings.HasPrefix(r.URL.Path, "/gone") {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		_, _ = io.WriteString(w, "ok")
	}))
	t.Cleanup(chat.Close)
	w := newTown(t)
	text, err := os.ReadFile(w.config)
	if err != nil {
		t.Fatal(err)
	}
	lockstep(t, "notify", "--config", w.config).wants(t, exitError, "", "has no channel")
	channels := `    notify:
      - {id: board, tell: [digest, conflicts], conflict_days: 0, slack: {webhook: "` + chat.URL + `/s3cret-Canary"}}
      - {id: lost, tell: [digest], teams: {webhook: "` + chat.URL + `/gone/s3cret-Canary"}}
`
	s := strings.Replace(string(text), "notes: {on_conflict: hold}", "notes: {on_conflict: hold}\n      title: {on_conflict: hold}", 1)
	write(t, w.config, strings.TrimRight(s, "\n")+"\n"+channels)
	for range 2 {
		lockstep(t, "once", "--config", w.config).wants(t, exitOK, "clean-water: ok", "")
	}
	lockstep(t, "notify", "--config", w.config).wants(t, exitOK, "There is nothing to tell.", "")
	lockstep(t, "notify", "--config", w.config, "--test", "--channel", "board").wants(t, exitOK, "The test was sent.", "")
	failed := lockstep(t, "notify", "--config", w.config, "--test")
	failed.wants(t, exitError, "", "channel lost: send a message to Teams: 404 Not Found")
	failed.wants(t, exitError, "", "make a new one in Teams")
	lockstep(t, "notify", "--config", w.config, "--test", "--channel", "bord").wants(t, exitError, "", "the configuration has: board, lost")
	lockstep(t, "notify", "--config", w.config, "--channel", "board").wants(t, exitError, "", "--channel goes with")

	const was = "Drill borehole 2 at Soko market"
	if err := w.Jira.Set(w.titled(t, was), map[string]any{"summary": "Drill borehole 2 by hand"}); err != nil {
		t.Fatal(err)
	}
	w.retitle(t, was, "Drill borehole 2 by machine")
	lockstep(t, "once", "--config", w.config).wants(t, exitOK, "1 conflicts", "")
	mu.Lock()
	before := len(told)
	mu.Unlock()
	dry := lockstep(t, "notify", "--config", w.config, "--dry-run")
	for _, want := range []string{"── board (Slack), now", "1 conflict to settle", "── board (Slack), not now: it is sent on monday 08:00", "── lost (Teams), not now"} {
		dry.wants(t, exitOK, want, "")
	}
	mu.Lock()
	if len(told) != before {
		t.Error("a dry run sends")
	}
	mu.Unlock()
	lockstep(t, "notify", "--config", w.config).wants(t, exitOK, "board (Slack): Clean Water Alliance: 1 conflict to settle: sent", "")
	lockstep(t, "notify", "--config", w.config).wants(t, exitOK, "There is nothing to tell.", "")
	lockstep(t, "history", "--config", w.config, "--limit", "1").wants(t, exitOK, "told board (Clean Water Alliance: 1 conflict to settle)", "")
	for _, r := range []said{failed, dry} {
		if strings.Contains(r.out+r.err, "Canary") {
			t.Errorf("a webhook's address shows: %s%s", r.out, r.err)
		}
	}
}
