package jira

import (
	"cmp"
	"maps"
	"net/http"
	"strconv"
	"time"
)

// limits counts requests as Jira Cloud does (by endpoint and method a second, writes by issue, points an hour) and as
// Data Center does (a bucket of tokens for each user). Each is off until the options set it.
type limits struct {
	opts      Options
	endpoints map[string]*window
	issues    map[int64]*issueWindows
	quota     window
	buckets   map[string]*bucket
}

const (
	writeSpan     = 2 * time.Second
	writeSpanLong = 30 * time.Second
)

// window is a stretch of time and what was counted in it.
type window struct {
	start time.Time
	used  int
}

type issueWindows struct{ short, long window }

func newLimits(o Options) limits {
	return limits{opts: o, endpoints: map[string]*window{}, issues: map[int64]*issueWindows{}, buckets: map[string]*bucket{}}
}

// left is how much room the window that contains now has, and when it ends.
func (w *window) left(now time.Time, span time.Duration, limit int) (left int, reset time.Time) {
	if start := now.Truncate(span); !start.Equal(w.start) {
		w.start, w.used = start, 0
	}
	return limit - w.used, w.start.Add(span)
}

// admit counts a request. It returns the refusal when one of the limits is reached, else headers for the answer.
func (l *limits) admit(c *call) (refusal *answer, headers map[string]string) {
	now := c.s.now()
	headers = map[string]string{}
	if l.opts.DCLimit.Capacity > 0 {
		var bad *answer
		if bad, headers = l.token(c, now); bad != nil {
			return bad, nil
		}
	}
	if l.opts.HourlyPoints > 0 {
		left, reset := l.quota.left(now, time.Hour, l.opts.HourlyPoints)
		if left <= 0 {
			reason := "jira-quota-global-based"
			if l.opts.QuotaPerTenant {
				reason = "jira-quota-tenant-based"
			}
			return tooMany(reason, l.opts.HourlyPoints, now, reset), nil
		}
	}
	if l.opts.Burst > 0 {
		limit := l.opts.Burst
		if c.r.Method == http.MethodPut || c.r.Method == http.MethodDelete {
			limit = max(limit/2, 1)
		}
		w := l.endpoints[c.r.Pattern]
		if w == nil {
			w = &window{}
			l.endpoints[c.r.Pattern] = w
		}
		left, reset := w.left(now, time.Second, limit)
		if left <= 0 {
			return tooMany("jira-burst-based", limit, now, reset), nil
		}
		w.used++
		maps.Copy(headers, told(limit, left-1))
	}
	return l.write(c, now), headers
}

// write counts a write to an issue in both of its windows; one that was refused by either is counted in none.
func (l *limits) write(c *call, now time.Time) *answer {
	if l.opts.PerIssueWrites == 0 && l.opts.PerIssueWritesLong == 0 || c.r.Method == http.MethodGet || c.r.PathValue("issue") == "" {
		return nil
	}
	i := c.s.find(c.r.PathValue("issue"))
	if i == nil {
		return nil
	}
	if len(l.issues) > 10_000 { // windows of the past
		clear(l.issues)
	}
	w := l.issues[i.id]
	if w == nil {
		w = &issueWindows{}
		l.issues[i.id] = w
	}
	for _, one := range []struct {
		window *window
		span   time.Duration
		limit  int
	}{{&w.long, writeSpanLong, l.opts.PerIssueWritesLong}, {&w.short, writeSpan, l.opts.PerIssueWrites}} {
		if left, reset := one.window.left(now, one.span, one.limit); one.limit > 0 && left <= 0 {
			return tooMany("jira-per-issue-on-write", one.limit, now, reset)
		}
	}
	w.long.used++
	w.short.used++
	return nil
}

// charge takes an answer's points from the hour's quota: one for the request and one for each issue that it reads, and
// tells in the answer when little is left. Bursts are never told so.
func (l *limits) charge(a *answer, headers map[string]string) {
	if l.opts.HourlyPoints == 0 || a.status == http.StatusTooManyRequests {
		return
	}
	l.quota.used++
	if body, _ := a.body.(map[string]any); body != nil {
		issues, _ := body["issues"].([]any)
		l.quota.used += len(issues)
		if body["fields"] != nil && body["key"] != nil {
			l.quota.used++
		}
	}
	left := max(l.opts.HourlyPoints-l.quota.used, 0)
	if left*5 < l.opts.HourlyPoints { // under a fifth
		headers["X-RateLimit-NearLimit"] = "true"
	}
	if l.opts.Burst == 0 { // where both are counted, the headers are the burst's
		maps.Copy(headers, told(l.opts.HourlyPoints, left))
	}
}

// told is what every answer says about its limit.
func told(limit, left int) map[string]string {
	return map[string]string{"X-RateLimit-Limit": strconv.Itoa(limit), "X-RateLimit-Remaining": strconv.Itoa(max(left, 0))}
}

// wholeSeconds rounds up, and is one at least: a client that waits as long as it is told must be let in.
func wholeSeconds(d time.Duration) string {
	return strconv.FormatInt(max(int64((d+time.Second-1)/time.Second), 1), 10)
}

func tooMany(reason string, limit int, now, reset time.Time) *answer {
	a := fail(http.StatusTooManyRequests, "Rate limit exceeded.")
	a.header = told(limit, 0)
	a.header["X-RateLimit-Reset"] = reset.UTC().Format(time.RFC3339)
	a.header["Retry-After"] = wholeSeconds(reset.Sub(now))
	a.header["RateLimit-Reason"] = reason
	return &a
}

// DCLimit is how Data Center limits each user: a bucket of Capacity tokens, of which a request takes one, and into which
// FillRate new ones come at each Interval. Its zero value is no limit; FillRate and Interval are 1 and a second
// where they are not set.
type DCLimit struct {
	Capacity, FillRate int
	Interval           time.Duration
}

// bucket holds a user's tokens as they were at a moment.
type bucket struct {
	tokens int
	at     time.Time
}

// token takes one token of the account's bucket, or of that which all strangers share. Only accounts are told about it.
func (l *limits) token(c *call, now time.Time) (refusal *answer, headers map[string]string) {
	rate, interval := cmp.Or(l.opts.DCLimit.FillRate, 1), cmp.Or(l.opts.DCLimit.Interval, time.Second)
	who := c.s.bot.account
	if c.stranger {
		who = ""
	}
	b := l.buckets[who]
	if b == nil {
		b = &bucket{tokens: l.opts.DCLimit.Capacity, at: now}
		l.buckets[who] = b
	}
	if gone := now.Sub(b.at).Truncate(interval); gone > 0 {
		b.tokens = min(b.tokens+int(gone/interval)*rate, l.opts.DCLimit.Capacity)
		b.at = b.at.Add(gone)
	}
	empty := b.tokens == 0
	if !empty {
		b.tokens--
	}
	headers = map[string]string{}
	if !c.stranger {
		headers = told(l.opts.DCLimit.Capacity, b.tokens)
		headers["X-RateLimit-FillRate"] = strconv.Itoa(rate)
		headers["X-RateLimit-Interval-Seconds"] = strconv.FormatInt(int64(interval/time.Second), 10)
		headers["Retry-After"] = "0" // there are tokens left
		if b.tokens == 0 {
			headers["Retry-After"] = wholeSeconds(b.at.Add(interval).Sub(now))
		}
	}
	if !empty {
		return nil, headers
	}
	a := answer{status: http.StatusTooManyRequests, body: map[string]any{"message": "Rate limit exceeded."}, header: headers}
	if !c.accepts("application/json") { // the servlet container answers with a page of its own
		a.body, a.plain = nil, `<!doctype html><html lang="en"><head><title>HTTP Status 429 – Too Many Requests</title></head>`+
			`<body><h1>HTTP Status 429 – Too Many Requests</h1><p><b>Message</b> Rate limit exceeded.</p></body></html>`
		a.header = maps.Clone(headers)
		a.header["Content-Type"] = "text/html;charset=utf-8"
	}
	return &a, nil
}
