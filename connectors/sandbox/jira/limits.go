package jira

import (
	"net/http"
	"strconv"
	"time"
)

// limits counts requests as Jira Cloud does: by endpoint and method a second, and writes by issue.
type limits struct {
	burst, writes int
	endpoints     map[string]*window
	issues        map[int64]*window
}

const writeSpan = 2 * time.Second

// window is a stretch of time and what was counted in it.
type window struct {
	start time.Time
	used  int
}

func newLimits(o Options) limits {
	return limits{burst: o.Burst, writes: o.PerIssueWrites, endpoints: map[string]*window{}, issues: map[int64]*window{}}
}

// take counts one request of the window that contains now, and returns how many more it has room for; negative when this
// one was too many, and then it is not counted.
func (w *window) take(now time.Time, span time.Duration, limit int) (left int, reset time.Time) {
	if start := now.Truncate(span); !start.Equal(w.start) {
		w.start, w.used = start, 0
	}
	left = limit - w.used - 1
	if left >= 0 {
		w.used++
	}
	return left, w.start.Add(span)
}

// admit counts a request. It returns the refusal when one of the limits is reached, else headers for the answer.
func (l *limits) admit(c *call) (refusal *answer, headers map[string]string) {
	now := c.s.now()
	if l.burst > 0 {
		w := l.endpoints[c.r.Pattern]
		if w == nil {
			w = &window{}
			l.endpoints[c.r.Pattern] = w
		}
		left, reset := w.take(now, time.Second, l.burst)
		if left < 0 {
			return tooMany("jira-burst-based", l.burst, now, reset), nil
		}
		headers = told(l.burst, left, reset)
	}
	writes := c.r.Method != http.MethodGet && c.r.PathValue("issue") != ""
	i := c.s.find(c.r.PathValue("issue"))
	if l.writes == 0 || !writes || i == nil {
		return nil, headers
	}
	if len(l.issues) > 10_000 { // windows of the past
		clear(l.issues)
	}
	w := l.issues[i.id]
	if w == nil {
		w = &window{}
		l.issues[i.id] = w
	}
	if left, reset := w.take(now, writeSpan, l.writes); left < 0 {
		return tooMany("jira-per-issue-on-write", l.writes, now, reset), nil
	}
	return nil, headers
}

// told is what every answer says about its limit.
func told(limit, left int, reset time.Time) map[string]string {
	h := map[string]string{
		"X-RateLimit-Limit":     strconv.Itoa(limit),
		"X-RateLimit-Remaining": strconv.Itoa(max(left, 0)),
		"X-RateLimit-Reset":     reset.UTC().Format(time.RFC3339),
	}
	if left*5 < limit { // under a fifth
		h["X-RateLimit-NearLimit"] = "true"
	}
	return h
}

func tooMany(reason string, limit int, now, reset time.Time) *answer {
	wait := (reset.Sub(now) + time.Second - 1) / time.Second // in whole seconds, rounded up
	a := fail(http.StatusTooManyRequests, "Rate limit exceeded.")
	a.header = told(limit, 0, reset)
	a.header["Retry-After"] = strconv.Itoa(int(max(wait, 1)))
	a.header["RateLimit-Reason"] = reason
	return &a
}
