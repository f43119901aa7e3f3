package jira

import (
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// tokens is Data Center's own bucket: fill tokens come every minute, up to size.
type tokens struct {
	size, fill, left int
	next             time.Time
}

const minute = time.Minute

func (k *tokens) at(now time.Time) {
	for !now.Before(k.next) {
		k.left = min(k.size, k.left+k.fill)
		k.next = k.next.Add(minute)
	}
}

// answer is a request as the server sees it: a status and headers.
func (k *tokens) answer(now time.Time) (int, []string) {
	k.at(now)
	status := 200
	if k.left > 0 {
		k.left--
	} else {
		status = 429
	}
	wait := 0
	if k.left == 0 {
		wait = int((k.next.Sub(now) + time.Second - 1) / time.Second)
	}
	return status, []string{
		"X-RateLimit-Limit", strconv.Itoa(k.size), "X-RateLimit-Remaining", strconv.Itoa(k.left), "X-RateLimit-FillRate", strconv.Itoa(k.fill),
		"X-RateLimit-Interval-Seconds", "60", "Retry-After", strconv.Itoa(wait),
	}
}

// send asks the gate, then the server. It returns how long the gate held it back.
func (k *tokens) send(g *gate, method string, now time.Time) (time.Duration, int) {
	req := request(method, "/rest/api/2/issue/1")
	p := g.Enter(req)
	if d, _ := p.Wait(); d > 0 {
		p.Done(nil)
		return d, 0
	}
	status, header := k.answer(now)
	p.Done(reply(req, status, header...))
	return 0, status
}

func TestBucket(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := NewBudgets(nil).gate("https://dc.example", "pat", fast)
		k := &tokens{size: 20, fill: 5, left: 20, next: time.Now().Add(minute)}
		spend := func(method string) (n int) {
			for {
				d, status := k.send(g, method, time.Now())
				if d > 0 {
					return n
				}
				if status != 200 {
					t.Fatalf("refused after %d", n)
				}
				n++
			}
		}
		if got := spend("GET"); got != 18 {
			t.Errorf("%d reads of 20 tokens, with a tenth kept for writes", got)
		}
		if got := spend("PUT"); got != 2 {
			t.Errorf("%d writes of the 2 that reads left", got)
		}
		if d, _ := k.send(g, "PUT", time.Now()); d != minute {
			t.Errorf("the next tokens come in %s", d)
		}
		<-time.After(minute)
		if got := spend("GET"); got != 3 {
			t.Errorf("%d reads of 5 new tokens", got)
		}
		<-time.After(10 * minute)
		if got := spend("PUT"); got != 20 {
			t.Errorf("%d writes of a full bucket", got)
		}
	})
}

func TestBucketIsKeptInStep(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := NewBudgets(nil)
		g := b.gate("https://dc.example", "pat", fast)
		k := &tokens{size: 20, fill: 5, left: 20, next: time.Now().Add(minute)}
		k.send(g, "PUT", time.Now())
		k.left = 3 // somebody else uses the account
		k.send(g, "PUT", time.Now())
		if g.t.bucket.tokens != 2 {
			t.Errorf("holds %d tokens", g.t.bucket.tokens)
		}
		// Two that are on their way take what is left; there is no third, though no answer said so.
		req := request("PUT", "/rest/api/2/issue/1")
		one, two, three := g.Enter(req), g.Enter(req), g.Enter(req)
		d1, _ := one.Wait()
		d2, _ := two.Wait()
		if d3, why := three.Wait(); d1 != 0 || d2 != 0 || d3 <= 0 || why == nil {
			t.Errorf("held back for %s, %s, %s", d1, d2, d3)
		}
		three.Done(nil)
		// One that is given up gives its token back.
		status, header := k.answer(time.Now())
		one.Done(reply(req, status, header...))
		two.Done(nil)
		if g.t.bucket.out != 0 {
			t.Errorf("%d on their way", g.t.bucket.out)
		}
		// An answer from before the server counted what is on its way does not give that twice.
		k.left, k.next = 4, time.Now().Add(minute)
		early, late := g.Enter(req), g.Enter(req)
		g.t.fill(reply(nil, 200, mustHeaders(k)...), time.Now()) // 3 are left
		d1, _ = early.Wait()
		d2, _ = late.Wait()
		g.t.fill(reply(nil, 200, "X-RateLimit-Limit", "20", "X-RateLimit-Remaining", "3", "X-RateLimit-FillRate", "5",
			"X-RateLimit-Interval-Seconds", "60", "Retry-After", "0"), time.Now())
		if d1 != 0 || d2 != 0 || g.t.bucket.tokens != 1 {
			t.Errorf("held back for %s and %s; %d tokens are there to take", d1, d2, g.t.bucket.tokens)
		}
		early.Done(nil)
		late.Done(nil)
		// Nonsense, and a server that limits no more.
		for _, h := range [][]string{
			{"X-RateLimit-Interval-Seconds", "0", "X-RateLimit-FillRate", "0", "X-RateLimit-Remaining", "0"},
			{"X-RateLimit-Interval-Seconds", "99999999999999999999", "X-RateLimit-FillRate", "-5", "X-RateLimit-Remaining", "NaN"},
			nil,
		} {
			k.left, k.next = 0, time.Now().Add(minute)
			g.t.fill(reply(nil, 200, mustHeaders(k)...), time.Now())
			if g.t.bucket == nil {
				t.Fatal("there is no bucket")
			}
			g.t.fill(reply(nil, 200, h...), time.Now())
			if d, _ := try(g, "GET", "/rest/api/2/field", 200); d != 0 {
				t.Errorf("%v: held back for %s", h, d)
			}
		}
	})
}

func mustHeaders(k *tokens) []string {
	_, h := k.answer(k.next.Add(-minute))
	return h
}

// Whoever comes first when tokens come does not take them all while others wait.
func TestSharesOfABucket(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := NewBudgets(nil)
		greedy, modest := b.gate("https://dc.example", "pat", fast), b.gate("https://dc.example", "pat", fast)
		k := &tokens{size: 10, fill: 10, left: 10, next: time.Now().Add(minute)}
		got := map[*gate]int{}
		for range 10 {
			for _, g := range []*gate{greedy, modest} {
				for {
					d, status := k.send(g, "PUT", time.Now())
					if status == 429 {
						t.Fatal("refused")
					}
					if d > 0 {
						break
					}
					got[g]++
				}
			}
			<-time.After(minute)
		}
		if got[modest] < 40 || got[greedy] > 60 {
			t.Errorf("one had %d, the other %d", got[greedy], got[modest])
		}
		// With one token at a time they take turns.
		k.fill = 1
		k.size = 1
		k.left, k.next = 1, time.Now().Add(minute)
		<-time.After(minute)
		clear(got)
		for range 20 {
			for _, g := range []*gate{greedy, modest} {
				if d, _ := k.send(g, "PUT", time.Now()); d == 0 {
					got[g]++
				}
			}
			<-time.After(minute)
		}
		if got[modest] < 8 || got[greedy] < 8 {
			t.Errorf("turn by turn one had %d, the other %d", got[greedy], got[modest])
		}
		// Who comes no more is waited for a while, and no longer.
		<-time.After(patience + minute)
		k.fill, k.size, k.left = 10, 10, 10
		for d := time.Duration(0); d == 0; d, _ = k.send(greedy, "PUT", time.Now()) {
		}
		if k.left != 0 {
			t.Errorf("%d tokens are kept for one who does not come", k.left)
		}
	})
}

// Over random spending, by us and by others, the server refuses only what others used up unseen, and we are never held back
// past the moment when a token is there for a write and nobody waits.
func TestBucketProperty(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
		g := NewBudgets(func() time.Time { return now }).gate("https://dc.example", "pat", fast*1000)
		size := rapid.IntRange(1, 30).Draw(rt, "size")
		k := &tokens{size: size, fill: rapid.IntRange(1, size).Draw(rt, "fill"), left: size, next: now.Add(minute)}
		k.send(g, "PUT", now)
		others := false
		for range rapid.IntRange(1, 200).Draw(rt, "steps") {
			switch rapid.IntRange(0, 9).Draw(rt, "what") {
			case 0:
				now = now.Add(time.Duration(rapid.IntRange(1, 150).Draw(rt, "seconds")) * time.Second)
			case 1:
				k.at(now)
				if k.left > 0 {
					k.left--
					others = true
				}
			default:
				d, status := k.send(g, "PUT", now)
				switch {
				case status == 429 && !others:
					rt.Fatalf("sent without a token")
				case d > minute+time.Second:
					rt.Fatalf("held back for %s", d)
				case d > 0:
					now = now.Add(d)
					if d, status := k.send(g, "PUT", now); (d > 0 || status != 200) && !others {
						rt.Fatalf("held back for %s more, answered %d", d, status)
					}
				}
				others = others && status != 200
			}
		}
	})
}
