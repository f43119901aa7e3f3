package jira

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/lockstep-sync/lockstep/connectors/transport"
	"github.com/lockstep-sync/lockstep/sync/fault"
)

const fast = 100_000 // requests a second: no pacing to speak of

// try sends one attempt through a gate at once. It returns the wait where the gate held it back.
func try(g *gate, method, path string, status int, header ...string) (time.Duration, error) {
	req := request(method, path)
	p := g.Enter(req)
	if d, why := p.Wait(); d > 0 {
		p.Done(nil)
		return d, why
	}
	p.Done(reply(req, status, header...))
	return 0, nil
}

func request(method, path string) *http.Request {
	req, err := http.NewRequestWithContext(context.Background(), method, "https://x.example"+path, http.NoBody)
	if err != nil {
		panic(err) // a test's own path
	}
	return req
}

func reply(req *http.Request, status int, header ...string) *http.Response {
	h := http.Header{}
	for i := 0; i+1 < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader("{}")), Request: req}
}

func TestPlace(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ method, path, route, issue string }{
		{"PUT", "/rest/api/3/issue/10001", "PUT rest/api/{version}/issue/{issue}", "10001"},
		{"PUT", "/rest/api/2/issue/wash-1", "PUT rest/api/{version}/issue/{issue}", "WASH-1"},
		{"GET", "/jira/rest/api/2/issue/10001", "GET rest/api/{version}/issue/{issue}", ""},
		{"POST", "/ex/jira/11-22/rest/api/3/issue", "POST rest/api/{version}/issue", ""},
		{"POST", "/rest/api/3/issue/bulkfetch", "POST rest/api/{version}/issue/bulkfetch", ""},
		{"POST", "/rest/api/3/issue/10001/transitions", "POST rest/api/{version}/issue/{issue}/transitions", "10001"},
		{"DELETE", "/rest/api/3/issue/10001/comment/77", "DELETE rest/api/{version}/issue/{issue}/comment/{comment}", "10001"},
		{"GET", "/rest/api/3/issue/createmeta/WASH/issuetypes/10002", "GET rest/api/{version}/issue/createmeta/{createmeta}/issuetypes/{issuetypes}", ""},
		{"GET", "/rest/api/3/project/WASH/statuses", "GET rest/api/{version}/project/{project}/statuses", ""},
		{"GET", "/rest/api/3/bulk/queue/abc", "GET rest/api/{version}/bulk/queue/{queue}", ""},
		{"POST", "/rest/api/3/search/jql", "POST rest/api/{version}/search/jql", ""},
		{"GET", "/rest/api/latest/myself", "GET rest/api/{version}/myself", ""},
	} {
		if route, issue := place(tt.method, tt.path); route != tt.route || issue != tt.issue {
			t.Errorf("%s %s: got %q, %q", tt.method, tt.path, route, issue)
		}
	}
}

// Sources that use one account on one site share a budget, however the site is spelled; others do not.
func TestWhoSharesABudget(t *testing.T) {
	t.Parallel()
	b := NewBudgets(nil)
	g := b.gate("https://aqua.example/jira", "bot@x", fast)
	for address, same := range map[string]bool{
		"https://AQUA.example:443/jira/": true, "https://aqua.example/other": false, "https://wells.example/jira": false,
	} {
		if got := b.gate(address, "bot@x", fast).t == g.t; got != same {
			t.Errorf("%s shares: %v", address, got)
		}
	}
	if b.gate("https://aqua.example/jira", "other@x", fast).t == g.t {
		t.Error("two accounts share a budget")
	}
	if NewBudgets(nil).gate("https://aqua.example/jira", "bot@x", fast).t == g.t {
		t.Error("two budgets are one")
	}
	const token = "s3cr3t-t0ken"
	b.gate("https://aqua.example", token, fast)
	if s := fmt.Sprintf("%+v %#v", b, b.tenants); strings.Contains(s, token) {
		t.Error("the credential is kept")
	}
}

func TestScopes(t *testing.T) {
	t.Parallel()
	const edit, other, move, read = "PUT /rest/api/3/issue/1", "PUT /rest/api/3/issue/2", "POST /rest/api/3/issue/1/transitions", "GET /rest/api/3/issue/1"
	for name, tt := range map[string]struct {
		header []string
		shut   []string // of the requests above
		wait   time.Duration
	}{
		"a burst":         {[]string{"Retry-After", "7", "RateLimit-Reason", "jira-burst-based"}, []string{edit, other}, 7 * time.Second},
		"an issue":        {[]string{"Retry-After", "7", "RateLimit-Reason", "jira-per-issue-on-write"}, []string{edit, move}, 7 * time.Second},
		"a quota":         {[]string{"Retry-After", "7", "RateLimit-Reason", "jira-quota-tenant-based"}, []string{edit, other, move, read}, 7 * time.Second},
		"a quota's reset": {[]string{"X-RateLimit-Reset", "2000-01-01T00:10:00Z", "RateLimit-Reason", "jira-quota-global-based"}, []string{edit, other, move, read}, 10 * time.Minute},
		"the later of both": {
			[]string{"Retry-After", "60", "X-RateLimit-Reset", "2000-01-01T00:10:00Z", "RateLimit-Reason", "jira-quota-global-based"},
			[]string{edit, other, move, read},
			10 * time.Minute,
		},
		"a reason of tomorrow": {[]string{"Retry-After", "7", "RateLimit-Reason", "jira-cost-based"}, []string{edit, other, move, read}, 7 * time.Second},
		"no reason":            {[]string{"Retry-After", "7"}, []string{edit, other, move, read}, 7 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { // whose clock begins in the year 2000
				b := NewBudgets(time.Now)
				g, friend, stranger := b.gate("https://a.example", "bot", fast), b.gate("https://a.example", "bot", fast), b.gate("https://b.example", "bot", fast)
				method, path, _ := strings.Cut(edit, " ")
				if d, _ := try(g, method, path, 429, tt.header...); d != 0 {
					t.Fatalf("held back for %s before anything was said", d)
				}
				check := func(when string, want time.Duration) {
					for _, what := range []string{edit, other, move, read} {
						expect := time.Duration(0)
						if strings.Contains(strings.Join(tt.shut, ","), what) {
							expect = want
						}
						method, path, _ := strings.Cut(what, " ")
						for who, g := range map[string]*gate{"who was refused": g, "who shares the account": friend} {
							p := g.Enter(request(method, path))
							d, why := p.Wait()
							p.Done(nil)
							if why == nil {
								d = 0 // its turn comes
							}
							if d != expect {
								t.Errorf("%s: %s is held back from %s for %s, want %s", when, who, what, d, expect)
							}
						}
						if d, _ := try(stranger, method, path, 200); d != 0 {
							t.Errorf("%s: another tenant is held back from %s", when, what)
						}
					}
				}
				check("at once", tt.wait)
				<-time.After(tt.wait - time.Second)
				check("just before the end", time.Second)
				<-time.After(time.Second)
				check("at the end", 0)
			})
		})
	}
}

// Where Jira does not say for how long, pauses double, vary, end at half a minute, and begin anew once it answered.
func TestBackoff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := NewBudgets(nil).gate("https://a.example", "bot", fast)
		refuse := func() time.Duration {
			if d, _ := try(g, "GET", "/rest/api/3/myself", 429); d != 0 {
				t.Fatalf("still held back for %s", d)
			}
			d, why := try(g, "GET", "/rest/api/3/field", 200)
			if why == nil {
				t.Fatal("it is not held back")
			}
			<-time.After(d)
			return d
		}
		for i, seconds := range []int{2, 4, 8, 16, 32, 32, 32} {
			about := time.Duration(seconds) * time.Second
			if d := refuse(); d < about*7/10 || d > min(about*13/10, longestBackoff) {
				t.Errorf("pause %d lasts %s", i, d)
			}
		}
		if d, _ := try(g, "GET", "/rest/api/3/myself", 200); d != 0 {
			t.Fatal(d)
		}
		if d := refuse(); d > 2600*time.Millisecond {
			t.Errorf("after an answer the pause lasts %s", d)
		}
	})
}

// Ten refusals of what was sent at once are one refusal.
func TestRefusedTogether(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := NewBudgets(nil).gate("https://a.example", "bot", 40)
		req := request("POST", "/rest/api/3/search/jql")
		var ps []transport.Passage
		for range 10 {
			p := g.Enter(req)
			if d, _ := p.Wait(); d != 0 {
				t.Fatal(d)
			}
			ps = append(ps, p)
		}
		for _, p := range ps {
			p.Done(reply(req, 429, "RateLimit-Reason", "jira-burst-based"))
		}
		d, _ := try(g, "POST", "/rest/api/3/search/jql", 200)
		if d <= 0 || d > 2600*time.Millisecond {
			t.Errorf("held back for %s", d)
		}
		<-time.After(d)
		r := g.t.routes["POST rest/api/{version}/search/jql"]
		if l := r.limiter(time.Now(), 40); l == nil || l.Limit() != 20 {
			t.Errorf("slowed to %v", l)
		}
	})
}

// After a burst its endpoint is slower, by half each time, and recovers.
func TestSlowerAfterABurst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := NewBudgets(nil).gate("https://a.example", "bot", 40)
		const path = "/rest/api/3/issue/bulkfetch"
		burst := []string{"Retry-After", "1", "RateLimit-Reason", "jira-burst-based"}
		rate := func(method, path string) int {
			n := 0
			for end := time.Now().Add(2 * time.Second); time.Now().Before(end); {
				p := g.Enter(request(method, path))
				for d, _ := p.Wait(); d > 0; d, _ = p.Wait() {
					<-time.After(d)
				}
				p.Done(reply(nil, 200))
				n++
			}
			return n / 2
		}
		for _, want := range []int{20, 10, 5} {
			for d, _ := try(g, "POST", path, 429, burst...); d > 0; d, _ = try(g, "POST", path, 429, burst...) {
				<-time.After(d)
			}
			<-time.After(time.Second)
			if got := rate("POST", path); got < want-1 || got > want+1 {
				t.Errorf("%d a second, want %d", got, want)
			}
		}
		if got := rate("GET", "/rest/api/3/field"); got < 38 {
			t.Errorf("another endpoint goes at %d a second", got)
		}
		<-time.After(5 * recoverEvery)
		if got := rate("POST", path); got < 38 {
			t.Errorf("after a while it goes at %d a second", got)
		}
	})
}

func TestNearTheQuota(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		header []string
		every  time.Duration // between two requests
		lasts  time.Duration
	}{
		"what is left is spread":           {[]string{"X-RateLimit-NearLimit", "true", "X-RateLimit-Remaining", "100", "X-RateLimit-Reset", "2000-01-01T00:00:50Z"}, 500 * time.Millisecond, 50 * time.Second},
		"in the other header":              {[]string{"RateLimit", `"global-app-quota";t=200, "tenant-app-quota";r=200;t=100`}, 500 * time.Millisecond, 100 * time.Second},
		"nothing is left":                  {[]string{"X-RateLimit-NearLimit", "true", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "2000-01-01T00:00:50Z"}, slowestNear, 50 * time.Second},
		"a warning alone":                  {[]string{"X-RateLimit-NearLimit", "TRUE"}, 50 * time.Millisecond, nearFor},
		"no warning":                       {[]string{"X-RateLimit-NearLimit", "false", "X-RateLimit-Remaining", "1", "X-RateLimit-Reset", "2000-01-01T00:00:50Z"}, 0, 0},
		"a burst's count is no quota":      {[]string{"RateLimit", `"jira-burst-based";r=1;t=1`}, 0, 0},
		"a quota far from spent":           {[]string{"RateLimit", `"tenant-app-quota";t=100`}, 0, 0},
		"what a server should not say":     {[]string{"RateLimit", `"tenant-app-quota";r=-1;t=-9,,;;=,"quota";r=x;t=99999999999999999999`}, 0, 0},
		"beta headers inform and no more":  {[]string{"Beta-RateLimit", `"tenant-app-quota";r=0;t=100`}, 0, 0},
		"a reset that is over by its date": {[]string{"X-RateLimit-NearLimit", "true", "X-RateLimit-Reset", "1999-01-01T00:00:00Z"}, 50 * time.Millisecond, nearFor},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				g := NewBudgets(nil).gate("https://a.example", "bot", 40)
				if d, _ := try(g, "GET", "/rest/api/3/myself", 200, tt.header...); d != 0 {
					t.Fatal(d)
				}
				span := func() time.Duration {
					start := time.Now()
					for range 5 {
						p := g.Enter(request("GET", "/rest/api/3/field"))
						for d, why := p.Wait(); d > 0; d, why = p.Wait() {
							if why != nil {
								t.Fatal("a warning shuts nothing")
							}
							<-time.After(d)
						}
						p.Done(reply(nil, 200))
					}
					return time.Since(start)
				}
				if got := span(); got != 4*tt.every {
					t.Errorf("five requests took %s, want %s", got, 4*tt.every)
				}
				<-time.After(tt.lasts)
				if got := span(); got != 0 {
					t.Errorf("afterwards they took %s", got)
				}
			})
		})
	}
}

// No source is passed over while others are busy, and the account's pace is kept in sum.
func TestTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := NewBudgets(nil)
		var mu sync.Mutex
		served := map[int]int{}
		var all sync.WaitGroup
		ctx, cancel := context.WithTimeout(t.Context(), 21*time.Second)
		defer cancel()
		for i := range 4 {
			g := b.gate("https://a.example", "bot", 10)
			all.Go(func() {
				for ctx.Err() == nil {
					p := g.Enter(request("GET", "/rest/api/3/field"))
					for d, _ := p.Wait(); d > 0; d, _ = p.Wait() {
						<-time.After(d)
					}
					p.Done(reply(nil, 200))
					mu.Lock()
					served[i]++
					mu.Unlock()
				}
			})
		}
		all.Wait()
		for i := range 4 {
			if served[i] < 50 || served[i] > 66 { // who comes first has the burst of 11
				t.Errorf("served %v of some 220", served)
				break
			}
		}
	})
}

// Random answers to random requests: nothing is sent into a scope that is shut, and nothing is held back from one that is
// open.
func TestScopesHold(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
		b := NewBudgets(func() time.Time { return now })
		type key struct{ tenant, what string }
		until := map[key]time.Time{} // by rules of the test's own
		gates := map[string][]*gate{}
		for _, tenant := range []string{"a", "b"} {
			for range 2 {
				gates[tenant] = append(gates[tenant], b.gate("https://"+tenant+".example", "bot", fast*1000))
			}
		}
		type flight struct {
			p                         transport.Passage
			tenant, endpoint, toIssue string
		}
		var out []flight
		shut := func(f flight) time.Duration {
			most := time.Duration(0)
			for _, what := range []string{"all", f.endpoint, f.toIssue} {
				if what != "" {
					most = max(most, until[key{f.tenant, what}].Sub(now))
				}
			}
			return most
		}
		rt.Repeat(map[string]func(*rapid.T){
			"time passes": func(rt *rapid.T) {
				now = now.Add(time.Duration(rapid.IntRange(1, 40).Draw(rt, "tenths")) * time.Second / 10)
			},
			"send": func(rt *rapid.T) {
				f := flight{tenant: rapid.SampledFrom([]string{"a", "b"}).Draw(rt, "tenant")}
				issue := strconv.Itoa(rapid.IntRange(1, 3).Draw(rt, "issue"))
				what := rapid.SampledFrom([]string{"PUT /issue/%s", "POST /issue/%s/transitions", "GET /issue/%s", "POST /search/jql"}).Draw(rt, "what")
				f.endpoint = what
				method, path, _ := strings.Cut(what, " ")
				if strings.Contains(path, "%s") {
					if path = fmt.Sprintf(path, issue); method != "GET" {
						f.toIssue = "issue " + issue
					}
				}
				f.p = gates[f.tenant][rapid.IntRange(0, 1).Draw(rt, "source")].Enter(request(method, "/rest/api/3"+path))
				d, why := f.p.Wait()
				if why == nil {
					d = 0 // it waits for its turn: a burst slows what comes after it
				}
				if want := shut(f); d != max(want, 0) {
					rt.Fatalf("%s: held back for %s, want %s", what, d, want)
				}
				if d > 0 || why == nil && len(out) > 6 {
					f.p.Done(nil)
					return
				}
				out = append(out, f)
			},
			"answer": func(rt *rapid.T) {
				if len(out) == 0 {
					rt.Skip("nothing is on its way")
				}
				i := rapid.IntRange(0, len(out)-1).Draw(rt, "which")
				f := out[i]
				out = append(out[:i], out[i+1:]...)
				for d, why := f.p.Wait(); d > 0; d, why = f.p.Wait() {
					if why != nil { // shut while it waited for its turn
						f.p.Done(nil)
						return
					}
					if d > 10*time.Millisecond {
						rt.Fatalf("its turn comes in %s", d) // by the real time, in which turns are given
					}
				}
				if rapid.Bool().Draw(rt, "goes well") {
					f.p.Done(reply(nil, 200))
					return
				}
				wait := rapid.IntRange(1, 9).Draw(rt, "seconds")
				reason := rapid.SampledFrom([]string{"jira-burst-based", "jira-per-issue-on-write", "jira-quota-tenant-based", ""}).Draw(rt, "reason")
				k := key{f.tenant, "all"}
				switch {
				case reason == "jira-burst-based", reason == "jira-per-issue-on-write" && f.toIssue == "":
					k.what = f.endpoint
				case reason == "jira-per-issue-on-write":
					k.what = f.toIssue
				}
				if end := now.Add(time.Duration(wait) * time.Second); end.After(until[k]) {
					until[k] = end
				}
				if back := f.p.Done(reply(nil, 429, "Retry-After", strconv.Itoa(wait), "RateLimit-Reason", reason)); back != (k.what == f.toIssue && f.toIssue != "") {
					rt.Fatalf("handed back: %v", back)
				}
			},
		})
	})
}

// The client tells a limit of one issue from others also where it was not sent at all.
func TestHeldForIssue(t *testing.T) {
	t.Parallel()
	for reason, issue := range map[string]bool{"jira-per-issue-on-write": true, "jira-burst-based": false, "jira-quota-tenant-based": false} {
		a := &answers{t: t, by: map[string]func(*http.Request, string) (int, string){}}
		c := a.connect(func(cfg *Config, _ *Options) { cfg.Flavor = "cloud" })
		if d, _ := try(c.gate, "PUT", "/rest/api/3/issue/10001", 429, "Retry-After", "90", "RateLimit-Reason", reason); d != 0 {
			t.Fatal(d)
		}
		c.api.met = true
		err := c.api.call(t.Context(), "change it", http.MethodPut, "issue/10001", map[string]any{}, nil)
		f := wantFault(t, err, fault.Retryable, fault.RateLimited)
		call, _ := asCall(err)
		if call.perIssue != issue || call.stops() == issue || call.uncertain || f.RetryAfter <= 89*time.Second || f.RetryAfter > 90*time.Second || len(a.said) != 0 {
			t.Errorf("%s: got %+v, %+v, sent %v", reason, call, f, a.said)
		}
	}
}
