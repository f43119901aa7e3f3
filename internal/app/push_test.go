package app_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/lockstep-sync/lockstep/internal/demo"
	"github.com/lockstep-sync/lockstep/sync/fault"
)

// TestADriveNoticeIsActedOn: with a day between two cycles, what a person types into a sheet is on the scorecard as soon as Drive
// tells of it. At the end there are no channels left.
func TestADriveNoticeIsActedOn(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.interval = "24h\n    active_interval: 24h"
	var lc net.ListenConfig
	ln, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r.google = plenty + `, webhook_url: "http://` + ln.Addr().String() + `"`
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
	before := strings.Count(r.log.String(), "msg=cycle")
	r.log.mu.Lock()
	r.log.wrote = tell
	r.log.mu.Unlock()
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- r.app.Run(ctx, ln) }()
	t.Cleanup(stop)
	deadline := time.After(patience)
	tick := time.NewTicker(20 * time.Millisecond) // a channel is no change of a file: nothing tells of it
	defer tick.Stop()
	eventually := func(what string, ok func() bool) {
		t.Helper()
		for !ok() {
			select {
			case <-changed:
			case <-tick.C:
			case <-deadline:
				t.Fatalf("it did not come about: %s\n%s", what, r.log.String())
			}
		}
	}
	eventually("the cycle at the start", func() bool { return strings.Count(r.log.String(), "msg=cycle") > before })
	eventually("a channel on each spreadsheet", func() bool {
		return len(r.Google.Channels(r.Scorecard)) == 1 && len(r.Google.Channels(r.Partner)) == 1 && len(r.Google.Channels(r.Hydrotech)) == 1
	})
	r.set(t, citySource, lay, "In progress")
	eventually("the edit on the scorecard", func() bool { return r.status(card, lay) == "In progress" })
	r.set(t, card, move, "Done")
	eventually("the scorecard's edit in the sheet", func() bool { return r.status(citySource, move) == "Done" })

	if err := r.Google.Trash(r.Partner); err != nil {
		t.Fatal(err)
	}
	eventually("the log says that the file lies in the bin", func() bool { return strings.Contains(r.log.String(), "lies in the bin") })
	r.shown(t)

	forged := httptest.NewRecorder()
	r.app.Handler().ServeHTTP(forged, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/webhooks/drive", strings.NewReader("forged")))
	if forged.Code != http.StatusNotFound {
		t.Errorf("a notice over no channel: %d", forged.Code)
	}
	rec := httptest.NewRecorder()
	r.app.Handler().ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody))
	for _, want := range []string{`lockstep_drive_notices_total{outcome="unknown"} 1`, `lockstep_drive_notices_total{outcome="sync"} 3`, "lockstep_drive_channels 3"} {
		if !strings.Contains(rec.Body.String(), want+"\n") {
			t.Errorf("the metrics lack %s", want)
		}
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
	for _, id := range []string{r.Scorecard, r.Partner, r.Hydrotech} {
		if left := r.Google.Channels(id); len(left) > 0 {
			t.Errorf("channels are left on %s: %v", id, left)
		}
	}
}

// TestASpreadsheetInTheBin: it is noticed within ten minutes; nothing is removed because of it, the others go on, and once it is
// restored everything arrives.
func TestASpreadsheetInTheBin(t *testing.T) {
	t.Parallel()
	r := settled(t)
	card := scorecardOf(r.cycle(t))
	if err := r.Google.Trash(r.Partner); err != nil {
		t.Fatal(err)
	}
	r.clock.Set(r.clock.Now().Add(10 * time.Minute))
	r.set(t, jiraSource, drill, "In Progress")
	r.set(t, card, move, "Done")
	for range 3 {
		rep := r.cycle(t)
		if s := sourceOf(t, rep, citySource); s.Read || s.Reason != fault.NotFound || !strings.Contains(s.Error, "lies in the bin") || !strings.Contains(s.Hint, "Restore") {
			t.Errorf("in the bin: %+v", s)
		}
		if rep.Tasks != 7 {
			t.Errorf("%d tasks", rep.Tasks)
		}
	}
	r.expect(t, "in the bin", card, drill, "In progress")
	r.expect(t, "in the bin", citySource, move, "Not started")
	r.shown(t)
	if err := r.Google.Share(r.Partner); err != nil {
		t.Fatal(err)
	}
	r.settle(t)
	r.expect(t, "restored", citySource, move, "Done")
	r.whole(t)
	if _, n := r.find(r.Partner, demo.ActionsTab, "Action", move); n != 1 {
		t.Errorf("it stands %d times in the sheet", n)
	}
}
