package gsheets

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/lockstep-sync/lockstep/connectors/google"
	"github.com/lockstep-sync/lockstep/connectors/transport"
)

// Google counts a service account as one user: it may send so many requests of each kind a minute, to all its sheets
// together. (A project may send five times as many, which the one account of a process never reaches.)
const (
	DefaultReads  = 60
	DefaultWrites = 60
)

// Limits are how many requests an account may send in a minute. 0 is the default.
type Limits struct{ Reads, Writes int }

// Budgets keep what is sent within what Google allows an account. All sheets of one account share its budget, of whichever
// partnership they are: give all of them the same Budgets. It is safe for concurrent use.
//
// Partnerships that want more than there is get equal parts, and so do the sheets of one: whoever was turned away is left as
// much as the others have had. Reads leave a part to those that a write needs. A refusal of Google's stops that kind of
// request until its next minute begins, longer where it goes on refusing: somebody else may use the same account.
type Budgets struct {
	now    func() time.Time
	limits Limits

	mu       sync.Mutex
	accounts map[google.Credentials]*account
}

// NewBudgets returns budgets of which nothing is spent. Now is the clock by which minutes are counted; nil means time.Now.
func NewBudgets(now func() time.Time, limits Limits) *Budgets {
	if now == nil {
		now = time.Now
	}
	if limits.Reads <= 0 {
		limits.Reads = DefaultReads
	}
	if limits.Writes <= 0 {
		limits.Writes = DefaultWrites
	}
	return &Budgets{now: now, limits: limits, accounts: map[google.Credentials]*account{}}
}

// Gate is the way of one sheet of a partnership to the budget of the account.
func (b *Budgets) Gate(cred google.Credentials, partnership string) transport.Gate {
	a := b.account(cred)
	a.mu.Lock()
	defer a.mu.Unlock()
	p := a.partnerships[partnership]
	if p == nil {
		p = a.join()
		a.partnerships[partnership] = p
	}
	s := a.join()
	p.sheets = append(p.sheets, s)
	return &gate{a: a, partnership: p, sheet: s}
}

// Room is how long a partnership has to pause between two cycles, each of which reads all its sheets, so that what is
// read to see whether anything changed takes half of the account's reads at most, together with what other partnerships
// read. 0 where it has no sheets.
func (b *Budgets) Room(cred google.Credentials, partnership string) time.Duration {
	a := b.account(cred)
	a.mu.Lock()
	defer a.mu.Unlock()
	p := a.partnerships[partnership]
	if p == nil {
		return 0
	}
	return a.room(p, a.now())
}

func (b *Budgets) account(cred google.Credentials) *account {
	if cred.File != "" {
		cred.File = filepath.Clean(cred.File)
	}
	cred.Endpoint = strings.TrimRight(cred.Endpoint, "/")
	b.mu.Lock()
	defer b.mu.Unlock()
	a := b.accounts[cred]
	if a == nil {
		a = &account{
			now: b.now, partnerships: map[string]*member{},
			quotas: [kinds]quota{reads: {limit: b.limits.Reads, reserve: b.limits.Reads / 6}, writes: {limit: b.limits.Writes}},
		}
		b.accounts[cred] = a
	}
	return a
}

// kind is what Google counts apart.
type kind int

const (
	reads kind = iota
	writes
	kinds
)

func (k kind) String() string { return [...]string{"reads", "writes"}[k] }

// kindOf tells what a request counts as. A few POSTs only read.
func kindOf(req *http.Request) kind {
	path := req.URL.Path
	if req.Method == http.MethodGet || strings.HasSuffix(path, "ByDataFilter") && !strings.Contains(path, "Update") &&
		!strings.Contains(path, "Clear") || strings.HasSuffix(path, "developerMetadata:search") {
		return reads
	}
	return writes
}

type forWriteKey struct{}

// forWrite marks the reads that a write needs: they may use what other reads leave.
func forWrite(ctx context.Context) context.Context {
	return context.WithValue(ctx, forWriteKey{}, true)
}

// gate is one sheet's transport.Gate.
type gate struct {
	a                  *account
	partnership, sheet *member
}

// Enter implements transport.Gate.
func (g *gate) Enter(req *http.Request) transport.Passage {
	marked, _ := req.Context().Value(forWriteKey{}).(bool)
	k := kindOf(req)
	return &passage{g: g, kind: k, marked: marked && k == reads}
}

// passage is one attempt's transport.Passage.
type passage struct {
	g      *gate
	kind   kind
	marked bool      // a read for a write
	asked  bool      // it is counted among what its sheet asked for
	sent   time.Time // zero while it was not let through
}

// Wait implements transport.Passage.
func (p *passage) Wait() (time.Duration, error) {
	a := p.g.a
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.now()
	q := &a.quotas[p.kind]
	if d := q.shut(now); d > 0 {
		return d, &spent{kind: p.kind, left: d, refused: true}
	}
	if d := a.take(p, now); d > 0 {
		return d, &spent{kind: p.kind, left: d, limit: q.limit}
	}
	p.sent = now
	return 0, nil
}

// Done implements transport.Passage. A refusal is handed back: what Google says tells more than that nothing else was sent.
func (p *passage) Done(resp *http.Response) bool {
	if resp == nil || p.sent.IsZero() {
		return false // without an answer, too, Google may have counted it
	}
	a := p.g.a
	a.mu.Lock()
	defer a.mu.Unlock()
	q := &a.quotas[p.kind]
	if resp.StatusCode == http.StatusTooManyRequests {
		q.refused(p.sent, a.now(), transport.Pause(resp))
		return true
	}
	if p.sent.After(q.lastRefusal) {
		q.streak = 0
	}
	return false
}

// spent is why a request was not sent.
type spent struct {
	kind    kind
	limit   int
	left    time.Duration
	refused bool // Google said so, rather than our own count
}

func (s *spent) Error() string {
	wait := s.left.Round(time.Second / 10).String()
	if s.refused {
		return "Google refuses more " + s.kind.String() + " of this account for now: the next are sent in " + wait
	}
	return fmt.Sprintf("the account has used up its %d %s a minute: there is room for the next in %s", s.limit, s.kind, wait)
}
