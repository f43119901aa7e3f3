package jira

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/lockstep-sync/lockstep/connectors/transport"
)

// bucket is the bucket of tokens that Jira Data Center gives an account: a request takes one, and every so often new ones
// come, up to its size. The headers of each answer keep it in step with the server's own.
type bucket struct {
	tokens, size, fill int
	every              time.Duration
	next               time.Time // when the next tokens come, as far as is known
	out                int       // taken by attempts that have no answer yet
}

// share is what a source took from the bucket.
type share struct {
	used   int       // since tokens came last
	served int       // the number of its last token among what happened
	hungry time.Time // until when others leave it its part, after it was refused; by Budgets' clock
}

// patience is how long others leave a source its part after it could have come back: as long as it may rest between cycles.
const patience = 2 * time.Minute

// refill adds the tokens that came meanwhile.
func (t *tenant) refill(now time.Time) {
	b := t.bucket
	if now.Before(b.next) {
		return
	}
	late := now.Sub(b.next)
	times := 1 + int64(late/b.every)
	b.tokens = min(b.size, b.tokens+b.fill*int(min(times, int64(b.size)+1)))
	b.next = now.Add(b.every - late%b.every)
	t.sharers = slices.DeleteFunc(t.sharers, func(g *gate) bool { return g.share.used == 0 && !now.Before(g.share.hungry) })
	for _, g := range t.sharers {
		g.share.used = 0
	}
}

// reserve is what reads leave for writes: a tenth. A read that is put off makes a value late; a write that is put off between
// a move and an edit, or between a create and its proof, leaves something half done.
func (b *bucket) reserve() int {
	if b.size < 5 {
		return 0 // it would stand in the way of the reads that each write begins with
	}
	return max(b.size/10, 1)
}

// take takes a token for a passage, or says how long to wait for the next ones.
func (t *tenant) take(p *passage, now time.Time) time.Duration {
	t.refill(now)
	b, g := t.bucket, p.g
	if !slices.Contains(t.sharers, g) {
		t.sharers = append(t.sharers, g)
	}
	keep := t.owed(g, now)
	if !p.writes {
		keep += b.reserve()
	}
	if b.tokens-1 < keep {
		wait := max(b.next.Sub(now), time.Millisecond)
		g.share.hungry = now.Add(wait + patience)
		return wait
	}
	b.tokens--
	b.out++
	g.share.used++
	t.happened++
	g.share.served = t.happened
	p.bucket = b
	return 0
}

// owed is how many tokens a source has to leave to those that were refused: as many as bring them up to what it has then
// taken itself. Where there are too few for all, who was served longest ago comes first.
func (t *tenant) owed(g *gate, now time.Time) int {
	sum := 0
	for _, h := range t.sharers {
		if h == g || !now.Before(h.share.hungry) {
			continue
		}
		to := g.share.used
		if h.share.served <= g.share.served {
			to++
		}
		sum += max(to-h.share.used, 0)
	}
	return sum
}

// fill brings the bucket in step with an answer's headers. An answer that lets us in without them has no bucket.
func (t *tenant) fill(resp *http.Response, now time.Time) {
	number := func(name string) (int, bool) {
		n, err := strconv.Atoi(resp.Header.Get(name))
		return n, err == nil && n >= 0 && n < 1<<30
	}
	every, ok := number("X-RateLimit-Interval-Seconds")
	fill, told := number("X-RateLimit-FillRate")
	left, said := number("X-RateLimit-Remaining")
	if !ok || !told || !said || every == 0 || fill == 0 || every > 24*60*60 {
		if resp.StatusCode < http.StatusMultipleChoices {
			t.bucket = nil
		}
		return
	}
	size, ok := number("X-RateLimit-Limit")
	if !ok {
		size = max(fill, left)
	}
	b := t.bucket
	if b == nil {
		b = &bucket{}
		t.bucket = b
	}
	b.size, b.fill, b.every = max(size, 1), fill, time.Duration(every)*time.Second
	if now.Before(b.next.Add(-b.every)) || !now.Before(b.next) {
		b.next = now.Add(b.every)
		for _, g := range t.sharers {
			g.share.used = 0
		}
	}
	// What is on its way may not have been counted by the server yet.
	b.tokens = max(min(left, b.size)-b.out, 0)
	// Retry-After is 0 while there are tokens.
	if wait := transport.Pause(resp); wait > 0 && left == 0 {
		b.next = now.Add(wait)
	}
}
