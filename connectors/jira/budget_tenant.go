package jira

import (
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/lockstep-sync/lockstep/connectors/transport"
)

// tenant is one account on one site.
type tenant struct {
	now func() time.Time

	mu       sync.Mutex
	happened int           // numbers what was sent and refused, so that an old answer is told from a new one
	pace     *rate.Limiter // of all requests
	whole    scope
	routes   map[string]*endpoint // only those that were refused
	issues   map[string]*scope    // only those that were refused
	near     *rate.Limiter        // while the quota is nearly spent; nil before it ever was
	nearTill time.Time            // in the real time
	bucket   *bucket              // Data Center's; nil where there is none
	sharers  []*gate              // who takes from the bucket
}

func newTenant(now func() time.Time, pace rate.Limit) *tenant {
	return &tenant{
		now: now, pace: rate.NewLimiter(pace, burstOf(pace)), routes: map[string]*endpoint{}, issues: map[string]*scope{},
	}
}

func burstOf(pace rate.Limit) int { return int(min(pace, 1e6)) + 1 }

// slower sets the pace down to what a source wants.
func (t *tenant) slower(pace rate.Limit) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if pace < t.pace.Limit() {
		t.pace.SetLimit(pace)
		t.pace.SetBurst(burstOf(pace))
	}
}

// scope is what one limit holds for.
type scope struct {
	since, until time.Time
	refusal      int // the number of the last one
	streak       int // how many came in a row that did not say for how long
}

// left is how long the scope stays shut. A clock that is set back makes it no longer than was asked for.
func (s *scope) left(now time.Time) time.Duration {
	if s == nil {
		return 0
	}
	return min(s.until.Sub(now), s.until.Sub(s.since))
}

const (
	firstBackoff   = 2 * time.Second
	longestBackoff = 30 * time.Second
)

// close shuts the scope for as long as Jira asks. Where it does not say, the pause doubles from one refusal to the next, and
// is spread, so that those who were refused together do not come back together. Refusals of what was sent before the scope
// was shut add nothing to that.
func (s *scope) close(now time.Time, wait time.Duration, sent, happened int) {
	if wait <= 0 {
		if sent < s.refusal && s.left(now) > 0 {
			return
		}
		wait = firstBackoff << min(s.streak, 4)
		wait = min(time.Duration(float64(wait)*(0.7+0.6*rand.Float64())), longestBackoff) //nolint:gosec // jitter needs no secrecy
		s.streak++
	}
	if until := now.Add(wait); s.left(now) <= 0 || until.After(s.until) {
		s.since, s.until = now, until
	}
	s.refusal = happened
}

// endpoint is one endpoint and method.
type endpoint struct {
	scope
	slow    *rate.Limiter // nil while it goes at the account's pace
	limit   rate.Limit    // what slow began with
	slowAt  time.Time     // when, in the real time
	slowest int           // the number of the refusal that slowed it
}

const (
	slowestRate  = rate.Limit(1)
	recoverEvery = 10 * time.Second
)

// slowDown halves the rate at which requests go to the endpoint.
func (e *endpoint) slowDown(clock time.Time, pace, allowed rate.Limit) {
	limit := pace
	if l := e.limiter(clock, pace); l != nil {
		limit = l.Limit()
	}
	if allowed > 0 {
		limit = min(limit, allowed)
	}
	e.limit, e.slowAt = max(limit/2, min(slowestRate, pace)), clock
	e.slow = rate.NewLimiter(e.limit, 1)
}

// limiter is what slows the endpoint, nil where nothing does. Its rate doubles from time to time, until it is the account's.
func (e *endpoint) limiter(clock time.Time, pace rate.Limit) *rate.Limiter {
	if e == nil || e.slow == nil {
		return nil
	}
	limit := e.limit
	for gone := clock.Sub(e.slowAt); gone >= recoverEvery && limit < pace; gone -= recoverEvery {
		limit *= 2
	}
	if limit >= pace {
		e.slow = nil
		return nil
	}
	if limit != e.slow.Limit() {
		e.slow.SetLimitAt(clock, limit)
	}
	return e.slow
}

// shut says for how long a passage is shut, and what of it; 0 where all is open.
func (t *tenant) shut(p *passage, now time.Time) (time.Duration, string) {
	longest, which := t.whole.left(now), ofAccount
	if r := t.routes[p.route]; r != nil {
		if d := r.left(now); d > longest {
			longest, which = d, ofEndpoint
		}
	}
	if p.issue != "" {
		if d := t.issues[p.issue].left(now); d > longest {
			longest, which = d, ofIssue
		}
	}
	return longest, which
}

// manyScopes is how many refused endpoints, and issues, are remembered before those that are open again are forgotten.
const manyScopes = 500

// refused shuts what an answer 429 is about, and says which scope that is.
func (t *tenant) refused(p *passage, resp *http.Response, now time.Time) string {
	t.happened++
	wait := transport.Pause(resp)
	reason := resp.Header.Get("RateLimit-Reason")
	perIssue := strings.HasPrefix(reason, "jira-per-issue")
	switch {
	case perIssue && p.issue != "":
		s := t.issues[p.issue]
		if s == nil {
			prune(t.issues, func(s *scope) bool { return s.left(now) <= 0 })
			s = &scope{}
			t.issues[p.issue] = s
		}
		s.close(now, wait, p.sent, t.happened)
		return ofIssue
	case perIssue, strings.HasPrefix(reason, "jira-burst"):
		clock := time.Now()
		r := t.routes[p.route]
		if r == nil {
			prune(t.routes, func(e *endpoint) bool { return e.left(now) <= 0 && e.limiter(clock, t.pace.Limit()) == nil })
			r = &endpoint{}
			t.routes[p.route] = r
		}
		if p.sent > r.slowest {
			// One burst that is refused many times slows it once.
			allowed, _ := strconv.ParseFloat(resp.Header.Get("X-RateLimit-Limit"), 64)
			r.slowDown(clock, t.pace.Limit(), rate.Limit(allowed))
			r.slowest = t.happened
		}
		r.close(now, wait, p.sent, t.happened)
		return ofEndpoint
	}
	if d, ok := transport.ResetIn(resp); ok && strings.HasPrefix(reason, "jira-quota") {
		wait = max(wait, d)
	}
	t.whole.close(now, wait, p.sent, t.happened)
	return ofAccount
}

// prune forgets what is open again once there is much.
func prune[S any](m map[string]S, open func(S) bool) {
	if len(m) < manyScopes {
		return
	}
	for k, s := range m {
		if open(s) {
			delete(m, k)
		}
	}
}

// praise ends the streaks of what an answer shows to be open.
func (t *tenant) praise(p *passage) {
	scopes := []*scope{&t.whole, t.issues[p.issue]}
	if r := t.routes[p.route]; r != nil {
		scopes = append(scopes, &r.scope)
	}
	for _, s := range scopes {
		if s != nil && p.sent > s.refusal {
			s.streak = 0
		}
	}
}

// careful is what slows all requests while the quota is nearly spent, nil where it is not.
func (t *tenant) careful(clock time.Time) *rate.Limiter {
	if t.near == nil || !clock.Before(t.nearTill) {
		return nil
	}
	return t.near
}

const (
	// slowestNear bounds what a warning does: to stop is for a refusal to say.
	slowestNear = 2 * time.Second
	// nearFor is how long a warning holds that does not say when the quota starts anew.
	nearFor = 10 * time.Second
)

// heed takes what every answer says of what is left.
func (t *tenant) heed(resp *http.Response, now time.Time) {
	t.fill(resp, now)
	left, reset, ok := quota(resp)
	if !ok {
		return
	}
	clock := time.Now()
	limit, till := t.pace.Limit()/2, nearFor
	if reset > 0 {
		till = reset
		if left >= 0 {
			limit = rate.Every(min(max(reset/time.Duration(max(left, 1)), time.Millisecond), slowestNear))
		}
	}
	if t.careful(clock) == nil {
		t.near = rate.NewLimiter(limit, 1)
	} else {
		t.near.SetLimitAt(clock, limit)
	}
	t.nearTill = clock.Add(till)
}

// quota is what an answer says of a quota that is nearly spent: how much of it is left, -1 where it does not say, and the
// span until it starts anew, 0 where it does not say; false where no quota is nearly spent. Jira tells what is left in the
// header RateLimit from 80 % on, one entry a quota: "tenant-app-quota";r=11000;t=600.
func quota(resp *http.Response) (left int, reset time.Duration, ok bool) {
	left = -1
	for entry := range strings.SplitSeq(resp.Header.Get("RateLimit"), ",") {
		parts := strings.Split(entry, ";")
		if !strings.Contains(parts[0], "quota") {
			continue
		}
		r, t := -1, -1
		for _, part := range parts[1:] {
			name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
			n, err := strconv.Atoi(value)
			switch {
			case err != nil || n < 0:
			case name == "r":
				r = n
			case name == "t":
				t = min(n, 24*60*60)
			}
		}
		if r >= 0 && t > 0 && (!ok || r < left) {
			left, reset, ok = r, time.Duration(t)*time.Second, true
		}
	}
	if ok || !strings.EqualFold(strings.TrimSpace(resp.Header.Get("X-RateLimit-NearLimit")), "true") {
		return left, reset, ok
	}
	if n, err := strconv.Atoi(resp.Header.Get("X-RateLimit-Remaining")); err == nil && n >= 0 {
		left = n
	}
	if d, told := transport.ResetIn(resp); told {
		reset = max(d, 0)
	}
	return left, reset, true
}
