package transport

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"
)

type idempotentKey struct{}

// Idempotent marks the writes made with ctx as safe to send again: a POST that only reads, or a write whose second
// sending changes nothing. GET and HEAD always are; nothing else is without the mark, except after a 429, which says
// that the tool did not act, and where no connection came about.
func Idempotent(ctx context.Context) context.Context {
	return context.WithValue(ctx, idempotentKey{}, true)
}

func idempotent(req *http.Request) bool {
	switch req.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, "":
		return true
	}
	marked, _ := req.Context().Value(idempotentKey{}).(bool)
	return marked
}

// again is the policy of what is sent once more. It returns no error: an error beside an answer would lose the answer.
func (o Options) again(ctx context.Context, resp *http.Response, err error) (bool, error) {
	return ctx.Err() == nil && (err != nil && againAfter(flightOf(ctx), err) || err == nil && o.againOn(ctx, resp)), nil
}

// againAfter decides on an attempt that got no answer.
func againAfter(f *flight, err error) bool {
	return retriable(err) && (f.idempotent || !f.mayHaveLanded())
}

// againOn decides on an answer.
func (o Options) againOn(ctx context.Context, resp *http.Response) bool {
	f := flightOf(ctx)
	switch resp.StatusCode {
	case http.StatusTooManyRequests:
		if f.handsBack() || !f.idempotent && f.mayHaveLanded() {
			return false
		}
	case http.StatusRequestTimeout, http.StatusInternalServerError, http.StatusBadGateway,
		http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		if !f.idempotent {
			return false
		}
	default:
		return false
	}
	asked := pause(resp, nil)
	if asked > o.InlineWait {
		return false
	}
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= asked {
		return false
	}
	return true
}

// backoff says how long to pause before sending again: what the tool asked for, else doubling with jitter, never more
// than InlineWait.
func (o Options) backoff(_, _ time.Duration, attempt int, resp *http.Response) time.Duration {
	const first = 400 * time.Millisecond
	wait := first << min(attempt, 10)
	wait = time.Duration(float64(wait) * (0.7 + 0.6*rand.Float64())) //nolint:gosec // jitter needs no secrecy
	if resp != nil {
		wait = max(wait, pause(resp, nil))
	}
	wait = min(wait, o.InlineWait)
	if o.Observer != nil && resp != nil && resp.StatusCode == http.StatusTooManyRequests {
		o.Observer.Throttled(o.Source, wait)
	}
	return wait
}

// Pause is how long an answer asks to be left alone: Retry-After, or what else tools say it by; 0 where it does not say. It
// is never longer than a day.
func Pause(resp *http.Response) time.Duration { return pause(resp, nil) }

// ResetIn is the span until the moment that X-RateLimit-Reset names, taken against the server's own clock where the answer
// tells it; false where the answer names none. It may be negative.
func ResetIn(resp *http.Response) (time.Duration, bool) {
	t, ok := resetTime(resp.Header.Get("X-RateLimit-Reset"))
	if !ok {
		return 0, false
	}
	return min(t.Sub(clockOf(resp)), longestPause), true
}

// clockOf is the server's time of an answer, ours where it does not tell: a date is taken against the clock it was written by.
func clockOf(resp *http.Response) time.Time {
	if t, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		return t
	}
	return time.Now()
}

// longestPause bounds what a tool can ask for: a wrong clock must not stop a source for a year.
const longestPause = 24 * time.Hour

// pause is how long an answer asks to be left alone, 0 where it does not say: Retry-After in seconds or as a date,
// Jira's X-RateLimit-Reset, Google's RetryInfo in the body.
func pause(resp *http.Response, body []byte) time.Duration {
	if d, ok := retryAfter(resp.Header.Get("Retry-After"), clockOf(resp)); ok {
		return bound(d)
	}
	if resp.StatusCode != http.StatusTooManyRequests && resp.StatusCode != http.StatusForbidden {
		return 0
	}
	if d, ok := ResetIn(resp); ok && resp.StatusCode == http.StatusTooManyRequests {
		return bound(d)
	}
	return bound(retryInfo(body))
}

func bound(d time.Duration) time.Duration { return min(max(d, 0), longestPause) }

func retryAfter(s string, now time.Time) (time.Duration, bool) {
	if s = strings.TrimSpace(s); s == "" {
		return 0, false
	}
	if n, err := strconv.ParseFloat(s, 64); err == nil {
		switch {
		case !(n >= 0): // NaN too
			return 0, false
		case n > longestPause.Seconds():
			return longestPause, true
		}
		return time.Duration(n * float64(time.Second)), true
	}
	if t, err := http.ParseTime(s); err == nil {
		return t.Sub(now), true
	}
	return 0, false
}

// resetTime reads the forms in which Jira writes the moment a quota starts anew.
func resetTime(s string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04Z", "2006-01-02T15:04:05.999-0700"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

func retryInfo(body []byte) time.Duration {
	var g struct {
		Error struct {
			Details []struct {
				RetryDelay string `json:"retryDelay"`
			} `json:"details"`
		} `json:"error"`
	}
	if json.Unmarshal(body, &g) != nil {
		return 0
	}
	for _, d := range g.Error.Details {
		if w, err := time.ParseDuration(d.RetryDelay); err == nil {
			return w
		}
	}
	return 0
}

// retriable reports that sending again may help against a transport error.
func retriable(err error) bool {
	if _, held := errors.AsType[*heldBackError](err); held {
		return false // it was waited as long as a call may
	}
	return !errors.Is(err, errTooLong) && !errors.Is(err, context.Canceled) && !misconfigured(err)
}
