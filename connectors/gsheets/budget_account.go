package gsheets

import (
	"math"
	"slices"
	"sync"
	"time"
)

const (
	// window is the span in which no more is sent than a minute allows: a little longer, for not every request takes
	// equally long on its way.
	window = 61 * time.Second
	// horizon is how far back one looks to see how much somebody asks for: a few rests between two cycles.
	horizon = 3 * time.Minute
	// longestStop bounds how long repeated refusals stop an account.
	longestStop = 5 * time.Minute
)

// account is what one account spent.
type account struct {
	now func() time.Time

	mu           sync.Mutex
	quotas       [kinds]quota
	partnerships map[string]*member
	happened     int // numbers who came and what was let through
}

// member takes part in a budget: a partnership in an account's, or a sheet in its partnership's.
type member struct {
	sheets []*member // of a partnership
	shares [kinds]share
}

// share is what a member had of one quota.
type share struct {
	sent   []time.Time // within the window, oldest first
	asked  []time.Time // what it asked for within the horizon, sent or not, oldest first; at most the limit's worth
	served int         // the number of the last that was sent; of a member that had none, of its coming
}

// quota is one kind's budget.
type quota struct {
	limit   int
	reserve int         // what is left to the reads that a write needs
	sent    []time.Time // within the window, oldest first

	since, until time.Time // Google refuses
	lastRefusal  time.Time
	streak       int // refusals in a row, each after the pause of the one before
}

// shut is how long the quota stays shut after a refusal. A clock that is set back makes it no longer than was meant.
func (q *quota) shut(now time.Time) time.Duration {
	return max(min(q.until.Sub(now), q.until.Sub(q.since)), 0)
}

// refused shuts the quota until Google's next minute, or for as long as it asks. Each refusal of what was sent after such a
// pause doubles the next, for then somebody else uses the account too. What was sent before it says nothing new.
func (q *quota) refused(sent, now time.Time, asked time.Duration) {
	if q.streak > 0 && !sent.After(q.lastRefusal) {
		if until := now.Add(asked); until.After(q.until) {
			q.since, q.until = now, until
		}
		return
	}
	wait := max(now.Truncate(time.Minute).Add(time.Minute).Sub(now), asked)
	wait = max(min(wait+time.Minute*time.Duration(1<<min(q.streak, 3)-1), longestStop), asked)
	q.streak++
	q.lastRefusal, q.since, q.until = now, now, now.Add(wait)
}

// recent drops what is older than the span. A clock that is set back makes nothing stay longer than that.
func recent(times []time.Time, span time.Duration, now time.Time) []time.Time {
	for i := len(times) - 1; i >= 0 && times[i].After(now); i-- {
		times[i] = now
	}
	n := 0
	for n < len(times) && now.Sub(times[n]) >= span {
		n++
	}
	return slices.Delete(times, 0, n)
}

// look brings what is known of a share up to now.
func (s *share) look(now time.Time) {
	s.sent, s.asked = recent(s.sent, window, now), recent(s.asked, horizon, now)
}

// take lets a passage through, or says how long to wait until there may be room for it.
func (a *account) take(p *passage, now time.Time) time.Duration {
	q := &a.quotas[p.kind]
	q.sent = recent(q.sent, window, now)
	for _, m := range []*member{p.g.partnership, p.g.sheet} {
		if s := &m.shares[p.kind]; !p.asked {
			s.asked = append(s.asked, now)
			s.asked = s.asked[max(len(s.asked)-int(horizon/time.Minute)*q.limit, 0):]
		}
	}
	p.asked = true
	all := make([]*member, 0, len(a.partnerships))
	for _, m := range a.partnerships {
		all = append(all, m)
	}
	partnership, sheet := p.g.partnership, p.g.sheet
	keep := owes(partnership.sheets, sheet, p.kind, 0, now)
	keep += owes(all, partnership, p.kind, keep, now) // what other sheets of it get counts as its own
	if p.marked {
		keep = max(keep-q.reserve, 0)
	} else {
		keep += q.reserve
	}
	if free := q.limit - len(q.sent); free <= keep {
		return q.wait(keep+1, now)
	}
	a.happened++
	q.sent = append(q.sent, now)
	for _, m := range []*member{partnership, sheet} {
		s := &m.shares[p.kind]
		s.sent, s.served = append(s.sent, now), a.happened
	}
	return 0
}

// wait is how long it takes until so many requests fit into the window. Where that is more than ever fit, because of what
// others are owed, it is how long it takes until all do.
func (q *quota) wait(room int, now time.Time) time.Duration {
	need := min(room-(q.limit-len(q.sent)), len(q.sent))
	if need <= 0 {
		return time.Second // the window is empty, and others are owed all of it: they will have come by then
	}
	return max(window-now.Sub(q.sent[need-1]), time.Millisecond)
}

// join makes a new member. The caller holds the lock.
func (a *account) join() *member {
	a.happened++
	m := &member{}
	for k := range m.shares {
		m.shares[k].served = a.happened
	}
	return m
}

// wants is how many requests a minute it asks for, and one more: what it asks for once in a minute may fall twice into one.
func (s *share) wants() int { return int(math.Ceil(float64(len(s.asked))/horizon.Minutes())) + 1 }

// owes is how many requests a member has to leave to others: as many as they ask for, until they have had as many as it will
// have had itself. Of those that had equally much, who was served longest ago comes first; so there is always one that owes
// nothing. More is how many it will have had besides those that it had.
func owes(all []*member, me *member, k kind, more int, now time.Time) int {
	mine := &me.shares[k]
	mine.look(now)
	sum := 0
	for _, m := range all {
		if m == me {
			continue
		}
		s := &m.shares[k]
		s.look(now)
		to := len(mine.sent) + more
		if s.served < mine.served {
			to++
		}
		sum += max(min(to, s.wants(), len(s.asked))-len(s.sent), 0)
	}
	return sum
}

// room is how long a partnership pauses between two cycles: see Budgets.Room.
func (a *account) room(p *member, now time.Time) time.Duration {
	half := float64(a.quotas[reads].limit) / 2
	others := 0
	for _, m := range a.partnerships {
		if m != p {
			s := &m.shares[reads]
			s.look(now)
			others += len(s.asked)
		}
	}
	part := max(half-float64(others)/horizon.Minutes(), half/float64(len(a.partnerships)))
	return time.Duration(float64(len(p.sheets)) / part * float64(time.Minute))
}
