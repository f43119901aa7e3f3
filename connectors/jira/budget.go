package jira

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/lockstep-sync/lockstep/connectors/transport"
)

// Budgets is what the Jiras said of their limits. Sources that use one account on one site share what is said to any of
// them, of whichever partnership they are: give all of them the same Budgets. It is safe for concurrent use.
//
// Jira Cloud has three limits, told apart by RateLimit-Reason, and each is kept where it holds: a burst of requests to an
// endpoint holds back that endpoint, and makes it slower for a while; too many writes to an issue hold back writes to that
// issue; a spent quota, or a reason that is not known, holds back the account. Data Center gives each account a bucket of
// tokens, which is followed by the headers of its answers. Before all that, requests are paced.
type Budgets struct {
	now  func() time.Time
	salt []byte // so that what is kept of a credential is worth nothing elsewhere

	mu      sync.Mutex
	tenants map[[sha256.Size]byte]*tenant
}

// NewBudgets returns budgets about which nothing was said yet. Now is the clock by which pauses end; nil means time.Now.
// Pacing goes by the time in which requests really leave, whatever now says.
func NewBudgets(now func() time.Time) *Budgets {
	if now == nil {
		now = time.Now
	}
	b := &Budgets{now: now, salt: make([]byte, sha256.Size), tenants: map[[sha256.Size]byte]*tenant{}}
	_, _ = rand.Read(b.salt) // it never fails: see crypto/rand
	return b
}

// gate is the way of one source to the account's budget at an address. The account is an e-mail, or a token where there is
// no e-mail. At most pace requests a second are sent, by the wish of the slowest of the account's sources.
func (b *Budgets) gate(address, account string, pace rate.Limit) *gate {
	mac := hmac.New(sha256.New, b.salt)
	_, _ = mac.Write([]byte(site(address) + "\x00" + account)) // a hash takes everything
	var key [sha256.Size]byte
	copy(key[:], mac.Sum(nil))

	b.mu.Lock()
	defer b.mu.Unlock()
	t := b.tenants[key]
	if t == nil {
		t = newTenant(b.now, pace)
		b.tenants[key] = t
	}
	t.slower(pace)
	return &gate{t: t}
}

// site is an address in the one form in which two spellings of it are the same.
func site(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	host, port := strings.ToLower(u.Hostname()), u.Port()
	if port == "443" && u.Scheme == "https" || port == "80" && u.Scheme == "http" {
		port = ""
	}
	return host + ":" + port + strings.TrimRight(u.Path, "/")
}

// gate is one source's transport.Gate.
type gate struct {
	t     *tenant
	share share
}

// Enter implements transport.Gate.
func (g *gate) Enter(req *http.Request) transport.Passage {
	route, issue := place(req.Method, req.URL.Path)
	return &passage{g: g, route: route, issue: issue, writes: !transport.Reads(req)}
}

// issueLeft is how long writes to an issue have to wait.
func (g *gate) issueLeft(id string) time.Duration {
	g.t.mu.Lock()
	defer g.t.mu.Unlock()
	return g.t.issues[id].left(g.t.now())
}

// passage is one attempt's transport.Passage.
type passage struct {
	g            *gate
	route, issue string // issue is "" unless it is written to
	writes       bool

	bucket *bucket // the one that a token was taken from; nil: none was
	booked []*rate.Reservation
	due    time.Time // when its turn comes in the real time; zero: it was given none
	sent   int       // its number among what happened at the tenant; 0: not sent
}

// Wait implements transport.Passage.
func (p *passage) Wait() (time.Duration, error) {
	t := p.g.t
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	if d, which := t.shut(p, now); d > 0 {
		return d, &limited{scope: which, left: d}
	}
	if p.bucket == nil && t.bucket != nil {
		if d := t.take(p, now); d > 0 {
			return d, &limited{scope: ofAccount, left: d}
		}
	}
	clock := time.Now()
	if p.due.IsZero() {
		p.book(clock)
	}
	if d := p.due.Sub(clock); d > 0 {
		return d, nil
	}
	t.happened++
	p.sent = t.happened
	return 0, nil
}

// book gives the attempt its turn. Turns are given in the order in which they are asked for, and a source asks for its next
// one only when it had its last: so each of n busy sources gets one of n.
func (p *passage) book(clock time.Time) {
	t := p.g.t
	p.due = clock
	for _, l := range []*rate.Limiter{t.pace, t.routes[p.route].limiter(clock, t.pace.Limit()), t.careful(clock)} {
		if l == nil {
			continue
		}
		r := l.ReserveN(clock, 1)
		p.booked = append(p.booked, r)
		if at := clock.Add(r.DelayFrom(clock)); at.After(p.due) {
			p.due = at
		}
	}
}

// Done implements transport.Passage. A write that its issue has no room for is handed back, so that others go first.
func (p *passage) Done(resp *http.Response) bool {
	t := p.g.t
	t.mu.Lock()
	defer t.mu.Unlock()
	if p.bucket != nil {
		p.bucket.out--
	}
	if p.sent == 0 {
		for _, r := range p.booked {
			r.Cancel()
		}
		if p.bucket != nil {
			p.bucket.tokens++
			p.g.share.used--
		}
		return false
	}
	if resp == nil {
		return false
	}
	now := t.now()
	t.heed(resp, now)
	if resp.StatusCode != http.StatusTooManyRequests {
		t.praise(p)
		return false
	}
	return t.refused(p, resp, now) == ofIssue
}

// The scopes of a limit.
const (
	ofAccount  = "the account"
	ofEndpoint = "this kind of request"
	ofIssue    = "writes to this issue"
)

// limited is why a request was not sent.
type limited struct {
	scope string
	left  time.Duration
}

func (l *limited) Error() string {
	return "Jira's limit for " + l.scope + " is reached: it asks for a pause of " + l.left.Round(time.Second/10).String()
}

// heldForIssue reports that a request was not sent because of its issue alone.
func heldForIssue(err error) bool {
	l, ok := errors.AsType[*limited](err)
	return ok && l.scope == ofIssue
}
