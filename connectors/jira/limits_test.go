package jira

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockstep-sync/lockstep/connectors/sandbox/dials"
	sandbox "github.com/lockstep-sync/lockstep/connectors/sandbox/jira"
	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// house is a Jira with several sources on one account, in a time of its own.
type house struct {
	t       *testing.T
	srv     *sandbox.Server
	budgets *Budgets
}

func newHouse(t *testing.T, o sandbox.Options, issues int) *house {
	t.Helper()
	o.Now = time.Now
	h := &house{t: t, srv: sandbox.New(o), budgets: NewBudgets(time.Now)}
	for i := range issues {
		h.srv.Add(sandbox.Seed{Summary: fmt.Sprint("issue ", i)})
	}
	return h
}

// source is one more source; in each partnership it may have the same name.
func (h *house) source() *Connector {
	h.t.Helper()
	email, token := h.srv.Credentials()
	c, err := New(Config{URL: "https://aqua.example", Email: email, Token: token, JQL: "project = " + h.srv.Project(), Flavor: "cloud"}, Options{
		Source: "jira", KeyPrefix: "CW", Base: dials.InProcess(h.srv), Budgets: h.budgets,
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return c
}

func (h *house) pull(c *Connector) []task.Record {
	h.t.Helper()
	snap, err := c.Pull(h.t.Context(), "")
	if err != nil {
		h.t.Fatal(err)
	}
	return snap.Records
}

// strike answers writes to an issue, or any request to a path, with 429.
func (h *house) strike(method, path, reason string, seconds, times int) {
	h.srv.Panel().Inject(dials.Fault{
		Method: method, Path: path, Effect: dials.Reply, Status: 429, Times: times,
		Header: http.Header{"Retry-After": {fmt.Sprint(seconds)}, "Ratelimit-Reason": {reason}},
	})
}

// sent are the requests since the last call.
func (h *house) sent() []string {
	var out []string
	for _, r := range h.srv.Panel().Requests() {
		out = append(out, r.Method+" "+r.Path)
	}
	h.srv.Panel().ResetLog()
	return out
}

func retitled(rs []task.Record, title string) []task.Patch {
	var out []task.Patch
	for _, r := range rs {
		out = append(out, change(r, task.Title, task.TextValue(title)))
	}
	return out
}

// An issue that takes no more writes for a short while is written to after the others; nobody waits for it.
func TestCrowdedIssue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, sandbox.Options{}, 4)
		c := h.source()
		rs := h.pull(c)
		h.strike("PUT", rs[0].Ref.Key, "jira-per-issue-on-write", 2, 1)
		h.sent()
		start := time.Now()
		for i, rc := range c.Apply(t.Context(), retitled(rs, "x")) {
			if rc.Err != nil || rc.Record == nil || rc.Record.Values[task.Title].String() != "x" {
				t.Errorf("patch %d: %+v", i, rc)
			}
		}
		if took := time.Since(start); took < 2*time.Second || took > 3*time.Second {
			t.Errorf("it took %s", took)
		}
		puts := []string{}
		for _, s := range h.sent() {
			if strings.HasPrefix(s, "PUT ") {
				puts = append(puts, s[strings.LastIndexByte(s, '/')+1:])
			}
		}
		if want := strings.Join([]string{rs[0].Ref.Key, rs[1].Ref.Key, rs[2].Ref.Key, rs[3].Ref.Key, rs[0].Ref.Key}, " "); strings.Join(puts, " ") != want {
			t.Errorf("sent to %v", puts)
		}
	})
}

// A move that an issue has no room for is made after the others too, and costs no more than its time.
func TestCrowdedMove(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, sandbox.Options{}, 3)
		c := h.source()
		rs := h.pull(c)
		h.strike("POST", rs[0].Ref.Key+"/transitions", "jira-per-issue-on-write", 2, 1)
		for i, rc := range c.Apply(t.Context(), moveAll(rs, task.InProgress)) {
			if rc.Err != nil || rc.Record == nil || rc.Record.Values[task.Status].String() != task.InProgress {
				t.Errorf("patch %d: %+v", i, rc)
			}
		}
	})
}

// For a longer while it keeps its error, is not asked for again, and nobody else is held up.
func TestCrowdedForLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, sandbox.Options{}, 3)
		c := h.source()
		rs := h.pull(c)
		h.strike("PUT", rs[1].Ref.Key, "jira-per-issue-on-write", 20, -1)
		h.sent()
		for round := range 2 {
			start := time.Now()
			out := c.Apply(t.Context(), retitled(rs, fmt.Sprint("x", round)))
			if f := wantFault(t, out[1].Err, fault.Retryable, fault.RateLimited); f.RetryAfter != 20*time.Second || out[1].Uncertain || f.Ref.Key != rs[1].Ref.Key {
				t.Errorf("got %+v, uncertain %v", f, out[1].Uncertain)
			}
			if out[0].Err != nil || out[2].Err != nil || time.Since(start) != 0 {
				t.Errorf("the others: %v, %v, after %s", out[0].Err, out[2].Err, time.Since(start))
			}
			rs[0], rs[2] = *out[0].Record, *out[2].Record
			writes := 0
			for _, s := range h.sent() {
				if s == "PUT /rest/api/3/issue/"+rs[1].Ref.Key {
					writes++
				}
			}
			if want := 1 - round; writes != want {
				t.Errorf("round %d: it was written to %d times, want %d", round, writes, want)
			}
		}
		// Reading it goes on.
		if got := h.pull(c); len(got) != 3 {
			t.Errorf("read %d", len(got))
		}
	})
}

// An issue that somebody changed while its turn was waited for is not written over.
func TestCrowdedAndChanged(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, sandbox.Options{}, 2)
		c := h.source()
		rs := h.pull(c)
		h.strike("PUT", rs[0].Ref.Key, "jira-per-issue-on-write", 2, 1)
		changing := roundTripper(func(r *http.Request) (*http.Response, error) {
			if r.Method == http.MethodPut && strings.HasSuffix(r.URL.Path, rs[1].Ref.Key) {
				if err := h.srv.Set(rs[0].Name, map[string]any{"summary": "by a person"}); err != nil {
					t.Error(err)
				}
			}
			return dials.InProcess(h.srv).RoundTrip(r)
		})
		email, token := h.srv.Credentials()
		c, err := New(Config{URL: "https://aqua.example", Email: email, Token: token, JQL: "project = " + h.srv.Project(), Flavor: "cloud"},
			Options{Source: "jira", KeyPrefix: "CW", Base: changing})
		if err != nil {
			t.Fatal(err)
		}
		out := c.Apply(t.Context(), retitled(rs, "x"))
		wantFault(t, out[0].Err, fault.Conflict, fault.Precondition)
		if v, _ := h.srv.Issue(rs[0].Name); v.Summary != "by a person" || out[1].Err != nil {
			t.Errorf("it holds %q; the other: %v", v.Summary, out[1].Err)
		}
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// What one source hears of a quota, all that share its account keep, without sending; others go on.
func TestQuotaIsShared(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h, other := newHouse(t, sandbox.Options{}, 2), newHouse(t, sandbox.Options{}, 1)
		a, b, c := h.source(), h.source(), other.source() // of an account of its own
		rs := h.pull(a)
		h.pull(b)
		h.strike("", "search/jql", "jira-quota-tenant-based", 600, 1)
		_, err := a.Pull(t.Context(), "")
		wantFault(t, err, fault.Retryable, fault.RateLimited)
		h.sent()
		<-time.After(time.Minute)
		for range 2 {
			_, err = b.Pull(t.Context(), "")
			if f := wantFault(t, err, fault.Retryable, fault.RateLimited); f.RetryAfter != 9*time.Minute {
				t.Errorf("got %+v", f)
			}
			for i, rc := range a.Apply(t.Context(), retitled(rs, "x")) {
				if f := wantFault(t, rc.Err, fault.Retryable, fault.RateLimited); f.RetryAfter != 9*time.Minute || rc.Uncertain || f.Ref.Key != "" {
					t.Errorf("patch %d: %+v", i, rc)
				}
			}
		}
		if got := h.sent(); len(got) != 0 {
			t.Errorf("sent %v", got)
		}
		if got := other.pull(c); len(got) != 1 {
			t.Errorf("another tenant read %d", len(got))
		}
		<-time.After(9 * time.Minute)
		if got := h.pull(b); len(got) != 2 {
			t.Errorf("afterwards it read %d", len(got))
		}
	})
}

// A burst to one endpoint leaves the others alone.
func TestBurstConcernsItsEndpoint(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, sandbox.Options{}, 2)
		a, b := h.source(), h.source()
		rs := h.pull(a)
		h.pull(b)
		h.strike("POST", "search/jql", "jira-burst-based", 60, 1)
		_, err := b.Pull(t.Context(), "")
		wantFault(t, err, fault.Retryable, fault.RateLimited)
		for i, rc := range a.Apply(t.Context(), retitled(rs, "x")) {
			if rc.Err != nil {
				t.Errorf("patch %d: %v", i, rc.Err)
			}
		}
		h.sent()
		_, err = a.Pull(t.Context(), "")
		wantFault(t, err, fault.Retryable, fault.RateLimited)
		for _, s := range h.sent() {
			if strings.Contains(s, "search/jql") {
				t.Errorf("sent %s", s)
			}
		}
	})
}

// Against the sandbox's own limits nothing is lost: what was refused is written in a later cycle.
func TestManyWritesWithinLimits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, sandbox.Options{Burst: 10, PerIssueWrites: 3}, 60)
		a, b := h.source(), h.source()
		rs := h.pull(a)
		h.pull(b)
		h.sent()
		todo := retitled(rs, "x")
		for cycles := 0; len(todo) > 0; cycles++ {
			if cycles > 20 {
				t.Fatalf("%d are left after %d cycles", len(todo), cycles)
			}
			var left []task.Patch
			for i, rc := range a.Apply(t.Context(), todo) {
				if rc.Err == nil {
					continue
				}
				wantFault(t, rc.Err, fault.Retryable, fault.RateLimited)
				left = append(left, todo[i])
			}
			todo = left
			if _, err := b.Pull(t.Context(), ""); err != nil {
				t.Logf("cycle %d: the other's pull: %v", cycles, err)
			}
		}
		refused := 0
		for _, r := range h.srv.Panel().Requests() {
			if r.Status == http.StatusTooManyRequests {
				refused++
			}
		}
		if refused > 20 {
			t.Errorf("refused %d times", refused)
		}
		t.Logf("refused %d times", refused)
	})
}
