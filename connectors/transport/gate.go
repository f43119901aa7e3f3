package transport

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/lockstep-sync/lockstep/sync/fault"
)

// Gate holds requests back so that a tool's limits are kept: for one source, or for all that share an account. It is used
// by several goroutines.
type Gate interface {
	// Enter is called before each attempt, the first and each that is sent again. The attempt is held back by the Passage
	// that comes back, which is not nil.
	Enter(req *http.Request) Passage
}

// Passage is the way of one attempt through a Gate. It is used by one goroutine.
type Passage interface {
	// Wait says how long the attempt has to be held back, and why; 0 lets it through, and then it has taken its place. It is
	// asked again after each wait, since others may have been refused meanwhile. The reason is nil where the tool asks for
	// nothing and the attempt waits for its turn. It must hold no secret: errors.As finds it in what Client.Do returns where
	// the attempt is given up because of it.
	Wait() (time.Duration, error)
	// Done ends the passage, once: with the answer, or with nil where none came or where nothing was sent. It reports
	// whether a 429 is handed back at once, though a short pause would do: the caller has something better to do.
	Done(resp *http.Response) (handBack bool)
}

// heldBackError is why an attempt was not sent.
type heldBackError struct {
	wait time.Duration
	why  error
}

func (h *heldBackError) Error() string {
	if h.why == nil {
		return fmt.Sprintf("not sent: there is room for it in %s", h.wait.Round(time.Millisecond))
	}
	return "not sent: " + h.why.Error()
}

func (h *heldBackError) Unwrap() error { return h.why }

func (h *heldBackError) fault() fault.Error {
	return fault.Error{Kind: fault.Retryable, Reason: fault.RateLimited, RetryAfter: max(h.wait, time.Millisecond)}
}

// pass waits until the gate lets an attempt through. All its waits together are no longer than Options.InlineWait (turns may
// take as long as it is by default), and end before the context's deadline: else it comes back at once with a *heldBackError, or
// with the context's error.
func (o Options) pass(ctx context.Context, p Passage) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	for slept := time.Duration(0); ; {
		d, why := p.Wait()
		if d <= 0 {
			return nil
		}
		most := o.InlineWait
		if why == nil {
			most = max(most, defaultInlineWait)
		}
		if deadline, ok := ctx.Deadline(); slept+d > most || ok && time.Until(deadline) <= d {
			return &heldBackError{wait: d, why: why}
		}
		slept += d
		if err := o.sleep(ctx, d); err != nil {
			return err
		}
	}
}

// sleep waits, and tells the observer.
func (o Options) sleep(ctx context.Context, d time.Duration) error {
	if o.Observer != nil {
		o.Observer.Throttled(o.Source, d)
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Reads reports that a request of Client changes nothing that matters: a GET, or one whose caller said so (Idempotent).
func Reads(req *http.Request) bool { return idempotent(req) }
