package transport

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

var errFull = errors.New("the room is full")

// room is a gate that has room for so many, and opens again some time after a refusal.
type room struct {
	mu      sync.Mutex
	free    int
	open    time.Time // nobody comes in before
	why     error
	entered int
	ended   []int // the answer's status, 0 where there was none
	back    bool
}

func (r *room) Enter(*http.Request) Passage {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.entered++
	return &visit{room: r}
}

type visit struct {
	room *room
	in   bool
}

func (v *visit) Wait() (time.Duration, error) {
	r := v.room
	r.mu.Lock()
	defer r.mu.Unlock()
	if d := time.Until(r.open); d > 0 {
		return d, r.why
	}
	if r.free == 0 {
		return time.Second, r.why
	}
	r.free--
	v.in = true
	return 0, nil
}

func (v *visit) Done(resp *http.Response) bool {
	r := v.room
	r.mu.Lock()
	defer r.mu.Unlock()
	if v.in {
		r.free++
	}
	status := 0
	if resp != nil {
		status = resp.StatusCode
	}
	r.ended = append(r.ended, status)
	return r.back
}

// desk is a tool that answers after a second, and counts who is served at once.
type desk struct {
	mu             sync.Mutex
	served, inside int
	most           int
	status         []int // in turn; the last for good
}

func (d *desk) RoundTrip(req *http.Request) (*http.Response, error) {
	d.mu.Lock()
	status := d.status[min(d.served, len(d.status)-1)]
	d.served++
	d.inside++
	d.most = max(d.most, d.inside)
	d.mu.Unlock()
	<-time.After(time.Second)
	d.mu.Lock()
	d.inside--
	d.mu.Unlock()
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("{}")), Request: req}, nil
}

// tally hears of attempts and pauses.
type tally struct {
	mu        sync.Mutex
	requested int
	throttled time.Duration
}

func (y *tally) Requested(Attempt) {
	y.mu.Lock()
	defer y.mu.Unlock()
	y.requested++
}

func (y *tally) Throttled(_ task.SourceID, d time.Duration) {
	y.mu.Lock()
	defer y.mu.Unlock()
	y.throttled += d
}

func ask(ctx context.Context, t *testing.T, c *http.Client, method string) (*http.Response, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, method, "http://tool.example/x", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.Do(req)
	if err == nil {
		_ = resp.Body.Close() // it was read whole
	}
	return resp, err
}

func TestGateHoldsBack(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		wait, inline time.Duration
		why          error
		sent         bool
	}{
		"a short pause is slept":                   {3 * time.Second, 5 * time.Second, errFull, true},
		"a long pause ends the call":               {6 * time.Second, 5 * time.Second, errFull, false},
		"a turn is waited for whatever the option": {3 * time.Second, time.Millisecond, nil, true},
		"but not for ever":                         {time.Minute, time.Millisecond, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				g := &room{free: 1, open: time.Now().Add(tt.wait), why: tt.why}
				d, y := &desk{status: []int{200}}, &tally{}
				c := NewClient(Options{Source: "s", Base: d, Gate: g, InlineWait: tt.inline, Observer: y})
				start := time.Now()
				_, err := ask(t.Context(), t, c, http.MethodPost)
				if tt.sent {
					if err != nil || d.served != 1 || time.Since(start) != tt.wait+time.Second || y.throttled != tt.wait || y.requested != 1 {
						t.Errorf("%v; served %d after %s, throttled %s", err, d.served, time.Since(start), y.throttled)
					}
					return
				}
				f, uncertain := FromError("write", err)
				if f.Kind != fault.Retryable || f.Reason != fault.RateLimited || f.RetryAfter != tt.wait || f.Source != "s" || f.Op != "write" || uncertain {
					t.Errorf("got %+v, uncertain %v", f, uncertain)
				}
				if time.Since(start) != 0 || d.served != 0 || y.requested != 0 || y.throttled != 0 || tt.why != nil && !errors.Is(err, tt.why) {
					t.Errorf("after %s: served %d, heard of %d requests, %v", time.Since(start), d.served, y.requested, err)
				}
				if len(g.ended) != 1 || g.ended[0] != 0 {
					t.Errorf("the passage ended with %v", g.ended)
				}
			})
		})
	}
}

func TestGateWithRoomForOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := &room{free: 1, why: errFull}
		d := &desk{status: []int{200}}
		c := NewClient(Options{Base: d, Gate: g, InlineWait: time.Minute})
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() {
				if _, err := ask(t.Context(), t, c, http.MethodGet); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if d.most != 1 || d.served != 10 {
			t.Errorf("%d at once, %d in all", d.most, d.served)
		}
	})
}

// Each attempt passes the gate, also those that are sent again, and hands its answer over.
func TestGateSeesEachAttempt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := &room{free: 1}
		d := &desk{status: []int{503, 429, 200}}
		if _, err := ask(t.Context(), t, NewClient(Options{Base: d, Gate: g}), http.MethodGet); err != nil {
			t.Fatal(err)
		}
		if g.entered != 3 || len(g.ended) != 3 || g.ended[0] != 503 || g.ended[1] != 429 || g.ended[2] != 200 {
			t.Errorf("entered %d, ended %v", g.entered, g.ended)
		}
	})
}

func TestGateHandsBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := &room{free: 1, back: true}
		d := &desk{status: []int{429, 200}}
		resp, err := ask(t.Context(), t, NewClient(Options{Base: d, Gate: g}), http.MethodPut)
		if err != nil || resp.StatusCode != http.StatusTooManyRequests || d.served != 1 {
			t.Errorf("got %v, %v after %d", resp, err, d.served)
		}
	})
}

// A write that landed on its first attempt stays uncertain when the gate keeps it from being sent again.
func TestGateAfterALanding(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := &room{free: 1, why: errFull}
		d := &desk{status: []int{503}}
		shutting := roundTrip(func(req *http.Request) (*http.Response, error) {
			g.mu.Lock()
			g.open = time.Now().Add(time.Hour)
			g.mu.Unlock()
			return d.RoundTrip(req)
		})
		_, err := ask(Idempotent(t.Context()), t, NewClient(Options{Base: shutting, Gate: g}), http.MethodPut)
		if f, uncertain := FromError("write", err); f.Reason != fault.RateLimited || !uncertain || d.served != 1 {
			t.Errorf("got %+v, uncertain %v, served %d", f, uncertain, d.served)
		}
	})
}

// Who gives up while waiting leaves the gate, and is told so.
func TestGateIsLeft(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := &room{why: errFull}
		c := NewClient(Options{Base: &desk{status: []int{200}}, Gate: g})
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second/2, cancel)
		_, err := ask(ctx, t, c, http.MethodPost)
		if f, uncertain := FromError("write", err); f.Reason != fault.Cancelled || uncertain || !errors.Is(err, context.Canceled) {
			t.Errorf("got %+v, uncertain %v", f, uncertain)
		}
		short, stop := context.WithTimeout(t.Context(), time.Second/2)
		defer stop()
		start := time.Now()
		_, err = ask(short, t, c, http.MethodPost)
		if f, _ := FromError("write", err); f.Reason != fault.RateLimited || time.Since(start) != 0 {
			t.Errorf("got %+v after %s: a wait beyond the deadline is not begun", f, time.Since(start))
		}
		if len(g.ended) != 2 {
			t.Errorf("%d passages ended", len(g.ended))
		}
	})
}
