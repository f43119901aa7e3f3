package gsheets

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockstep-sync/lockstep/connectors/google"
	"github.com/lockstep-sync/lockstep/connectors/sandbox/dials"
	sandbox "github.com/lockstep-sync/lockstep/connectors/sandbox/google"
	"github.com/lockstep-sync/lockstep/connectors/transport"
	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// TestGoogleNeverRefuses: sheets of two partnerships read and write as fast as they can for ten minutes, at a Google that
// counts. None of it is refused, and who has to wait long is told for how long.
func TestGoogleNeverRefuses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := sandbox.New(sandbox.Options{ReadsPerMinute: 60, WritesPerMinute: 60})
		budgets := NewBudgets(time.Now, Limits{})
		var waited waits
		until := time.Now().Add(10 * time.Minute)
		done := make(chan int)
		const sheets = 12
		for i := range sheets {
			id := srv.AddSpreadsheet("Plan", tab)
			if _, err := srv.AddRow(id, tab, "Action", "Pump"); err != nil {
				t.Fatal(err)
			}
			cred := google.Credentials{Endpoint: "http://google.example"}
			svc, err := NewService(t.Context(), cred, transport.Options{
				Base: dials.InProcess(srv), Gate: budgets.Gate(cred, fmt.Sprint("partnership ", i%2)), Observer: &waited,
			})
			if err != nil {
				t.Fatal(err)
			}
			cfg := columns("title", "Action")
			cfg.Spreadsheet, cfg.Tab = id, tab
			c, err := New(cfg, svc, Options{Source: "sheet"})
			if err != nil {
				t.Fatal(err)
			}
			go func() {
				pulls := 0
				for time.Now().Before(until) {
					_, err := c.Pull(t.Context(), "")
					if err == nil {
						pulls++
						continue
					}
					f := fault.Of(err)
					if f.Kind != fault.Retryable || f.Reason != fault.RateLimited || f.RetryAfter <= 0 {
						t.Errorf("turned away with %+v", f)
						break
					}
					<-time.After(f.RetryAfter)
				}
				done <- pulls
			}()
		}
		total, fewest := 0, 1<<30
		for range sheets {
			n := <-done
			total, fewest = total+n, min(fewest, n)
		}
		for _, r := range srv.Panel().Requests() {
			if r.Status != http.StatusOK {
				t.Fatalf("Google answered %d", r.Status)
			}
		}
		if total < 400 || fewest < 400/sheets/2 {
			t.Errorf("%d reads in ten minutes, the slowest sheet had %d", total, fewest)
		}
		t.Logf("%d reads in ten minutes, the slowest sheet had %d; waited inside calls %s", total, fewest, waited.sum)

		// A refusal all the same: the next call is not sent.
		<-time.After(2 * time.Minute)
		srv.Panel().Inject(dials.Fault{Effect: dials.Reply, Status: http.StatusTooManyRequests, Body: quotaBody})
		srv.Panel().ResetLog()
		cred := google.Credentials{Endpoint: "http://google.example/"}
		svc, err := NewService(t.Context(), cred, transport.Options{Base: dials.InProcess(srv), Gate: budgets.Gate(cred, "partnership 0")})
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			_, err = svc.Spreadsheets.Get("any").Do()
		}
		if f, _ := transport.FromError("read", err); f.Reason != fault.RateLimited || f.RetryAfter <= 0 || f.RetryAfter > time.Minute {
			t.Errorf("after a refusal: %+v", f)
		}
		if n := len(srv.Panel().Requests()); n != 1 {
			t.Errorf("%d requests were sent, want the refused one", n)
		}
	})
}

// waits is an observer that sums up the pauses.
type waits struct {
	mu  sync.Mutex
	sum time.Duration
}

func (w *waits) Requested(transport.Attempt) {}

func (w *waits) Throttled(_ task.SourceID, d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sum += d
}
