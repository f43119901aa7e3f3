package gsheets

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lockstep-sync/lockstep/connectors/google"
	"github.com/lockstep-sync/lockstep/connectors/transport"
)

var oneAccount = google.Credentials{File: "/run/secrets/google.json"}

// purse is Budgets with a clock that a test moves by hand.
type purse struct {
	*testing.T
	*Budgets
	clock time.Time
}

func newPurse(t *testing.T, l Limits) *purse {
	t.Helper()
	p := &purse{T: t, clock: noon()}
	p.Budgets = NewBudgets(func() time.Time { return p.clock }, l)
	return p
}

func request(t interface{ Fatal(args ...any) }, k kind, forAWrite bool) *http.Request {
	method, path := http.MethodGet, "/v4/spreadsheets/1"
	if k == writes {
		method, path = http.MethodPost, path+":batchUpdate"
	}
	r, err := http.NewRequest(method, "https://sheets.googleapis.com"+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if forAWrite {
		r = r.WithContext(forWrite(r.Context()))
	}
	return r
}

// ask tries to send once, and returns how long there is to wait; 0 where it was sent.
func (p *purse) ask(g transport.Gate, k kind, forAWrite bool) time.Duration {
	p.Helper()
	way := g.Enter(request(p, k, forAWrite))
	d, why := way.Wait()
	if (d > 0) != (why != nil) {
		p.Errorf("a wait of %s because of %v", d, why)
	}
	way.Done(nil)
	return d
}

// many sends as much as goes, and returns how much that was and how long there is to wait then.
func (p *purse) many(g transport.Gate, k kind, forAWrite bool) (n int, wait time.Duration) {
	p.Helper()
	for ; n < 1000; n++ {
		if wait = p.ask(g, k, forAWrite); wait > 0 {
			return n, wait
		}
	}
	return n, 0
}

func TestBudgetOfAnAccount(t *testing.T) {
	t.Parallel()
	p := newPurse(t, Limits{})
	one, other := p.Gate(oneAccount, "water"), p.Gate(oneAccount, "health")
	if n, wait := p.many(one, reads, false); n != 50 || wait != window {
		t.Errorf("%d reads are sent at once, and then a pause of %s; want 50 and %s", n, wait, window)
	}
	if n, _ := p.many(other, reads, true); n != 10 {
		t.Errorf("%d reads of a write are sent beside them, want the 10 that are kept for that", n)
	}
	if n, wait := p.many(one, writes, true); n != 60 || wait != window {
		t.Errorf("%d writes are sent at once, and then a pause of %s; want 60 and %s", n, wait, window)
	}
	// Another account has its own; an account is the same however its file is written.
	if d := p.ask(p.Gate(google.Credentials{File: "/run/other.json"}, "water"), reads, false); d > 0 {
		t.Errorf("another account waits %s", d)
	}
	if d := p.ask(p.Gate(google.Credentials{File: "/run/x/../secrets/google.json"}, "water"), reads, false); d == 0 {
		t.Error("the same account by another path has a budget of its own")
	}
	p.clock = p.clock.Add(window)
	if d := p.ask(other, reads, false); d > 0 {
		t.Errorf("after the minute: a pause of %s", d)
	}
}

func TestWhatCountsAsARead(t *testing.T) {
	t.Parallel()
	for call, want := range map[string]kind{
		"GET /v4/spreadsheets/1":                                 reads,
		"GET /v4/spreadsheets/1/values:batchGet":                 reads,
		"POST /v4/spreadsheets/1:getByDataFilter":                reads,
		"POST /v4/spreadsheets/1/values:batchGetByDataFilter":    reads,
		"POST /v4/spreadsheets/1/developerMetadata:search":       reads,
		"POST /v4/spreadsheets/1:batchUpdate":                    writes,
		"POST /v4/spreadsheets/1/values:batchUpdateByDataFilter": writes,
		"POST /v4/spreadsheets/1/values:batchClearByDataFilter":  writes,
		"PUT /v4/spreadsheets/1/values/A1":                       writes,
		"POST /v4/spreadsheets/1/values/A1:append":               writes,
	} {
		var method, path string
		if _, err := fmt.Sscan(call, &method, &path); err != nil {
			t.Fatal(err)
		}
		r, err := http.NewRequestWithContext(t.Context(), method, "https://sheets.googleapis.com"+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		if got := kindOf(r); got != want {
			t.Errorf("%s counts as %s, want %s", call, got, want)
		}
	}
}

// TestNoMinuteHoldsMoreThanTheBudget: whoever asks for what and when, and however the clock jumps, no 60 seconds hold more
// requests than the account has, and what is read without a write leaves the reserve alone.
func TestNoMinuteHoldsMoreThanTheBudget(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		limits := Limits{Reads: rapid.IntRange(1, 70).Draw(rt, "reads"), Writes: rapid.IntRange(1, 70).Draw(rt, "writes")}
		clock := noon()
		b := NewBudgets(func() time.Time { return clock }, limits)
		var gates []transport.Gate
		for i := range rapid.IntRange(1, 12).Draw(rt, "sheets") {
			gates = append(gates, b.Gate(oneAccount, fmt.Sprint(i%rapid.IntRange(1, 4).Draw(rt, "partnerships"))))
		}
		var sent [kinds][]time.Time
		var plain []time.Time // reads without a write
		for range rapid.IntRange(1, 400).Draw(rt, "steps") {
			clock = clock.Add(time.Duration(rapid.SampledFrom([]int{0, 0, 0, 1, 10, 900, 5_000, 61_000}).Draw(rt, "ms")) * time.Millisecond)
			k, forAWrite := kind(rapid.IntRange(0, 1).Draw(rt, "kind")), rapid.Bool().Draw(rt, "for a write")
			way := rapid.SampledFrom(gates).Draw(rt, "sheet").Enter(request(rt, k, forAWrite))
			if d, _ := way.Wait(); d == 0 {
				sent[k] = append(sent[k], clock)
				if k == reads && !forAWrite {
					plain = append(plain, clock)
				}
			}
			way.Done(nil)
		}
		most := func(what string, at []time.Time, limit int) {
			for i := range at {
				if i >= limit && at[i].Sub(at[i-limit]) < time.Minute {
					rt.Fatalf("%d %s between %s and %s, the budget is %d", limit+1, what, at[i-limit], at[i], limit)
				}
			}
		}
		most("reads", sent[reads], limits.Reads)
		most("writes", sent[writes], limits.Writes)
		most("reads without a write", plain, limits.Reads-limits.Reads/6)
	})
}

// TestSomebodyAlwaysGoes: whoever waits, once the minute is over there is one who is let through.
func TestSomebodyAlwaysGoes(t *testing.T) {
	t.Parallel()
	for _, limit := range []int{1, 2, 5, 60} {
		for _, parts := range []int{1, 7, 100} {
			p := newPurse(t, Limits{Reads: limit})
			var gates []transport.Gate
			for i := range 100 {
				gates = append(gates, p.Gate(oneAccount, fmt.Sprint(i%parts)))
			}
			for minute := range 5 {
				n := 0
				for range 2 {
					for _, g := range gates {
						if p.ask(g, reads, false) == 0 {
							n++
						}
					}
				}
				if n == 0 {
					t.Errorf("%d reads a minute, %d partnerships: nobody is let through in minute %d", limit, parts, minute)
				}
				p.clock = p.clock.Add(window)
			}
		}
	}
}

// TestPartnershipsShareFairly: a partnership of 80 sheets that asks all the time leaves one of a single sheet, which asks
// once a minute and does not wait long, all that it needs; and two that want more than there is get a half each.
func TestPartnershipsShareFairly(t *testing.T) {
	t.Parallel()
	t.Run("many sheets and one", func(t *testing.T) {
		t.Parallel()
		p := newPurse(t, Limits{})
		var large []transport.Gate
		for range 80 {
			large = append(large, p.Gate(oneAccount, "large"))
		}
		small := p.Gate(oneAccount, "small")
		got, taken := 0, 0
		for second := range 20 * 60 {
			for _, g := range large {
				if p.ask(g, reads, false) == 0 {
					taken++
				}
			}
			if second%60 == 30 && p.ask(small, reads, false) == 0 {
				got++
			}
			p.clock = p.clock.Add(time.Second)
		}
		if got < 18 {
			t.Errorf("the small partnership was let through in %d of 20 minutes", got)
		}
		if taken < 20*25 {
			t.Errorf("the large one got %d reads in 20 minutes", taken)
		}
	})
	t.Run("halves, and every sheet its part", func(t *testing.T) {
		t.Parallel()
		p := newPurse(t, Limits{})
		sheets, of := map[string][]transport.Gate{}, map[string]int{}
		each := map[transport.Gate]int{}
		for name, n := range map[string]int{"a": 70, "b": 70} {
			for range n {
				sheets[name] = append(sheets[name], p.Gate(oneAccount, name))
			}
		}
		for range 20 * 60 {
			for _, name := range []string{"a", "b"} {
				for _, g := range sheets[name] {
					if p.ask(g, reads, false) == 0 {
						of[name]++
						each[g]++
					}
				}
			}
			p.clock = p.clock.Add(time.Second)
		}
		if a, b := of["a"], of["b"]; a+b < 20*40 || max(a, b)-min(a, b) > (a+b)/10 {
			t.Errorf("of two partnerships one got %d reads, the other %d", a, b)
		}
		var counts []int
		for _, gates := range sheets {
			for _, g := range gates {
				counts = append(counts, each[g])
			}
		}
		if low, high := slices.Min(counts), slices.Max(counts); low < 3 || high > low+6 {
			t.Errorf("of 140 sheets one got %d reads, another %d", low, high)
		}
	})
}

func TestARefusalTeaches(t *testing.T) {
	t.Parallel()
	p := newPurse(t, Limits{})
	g, beside := p.Gate(oneAccount, "water"), p.Gate(oneAccount, "health")
	answer := func(k kind, status int, after string) {
		t.Helper()
		way, also := g.Enter(request(t, k, false)), g.Enter(request(t, k, false))
		for _, w := range []transport.Passage{way, also} {
			if d, why := w.Wait(); d > 0 {
				t.Fatalf("a pause of %s: %v", d, why)
			}
		}
		resp := &http.Response{StatusCode: status, Header: http.Header{}}
		if after != "" {
			resp.Header.Set("Retry-After", after)
		}
		p.clock = p.clock.Add(time.Millisecond)
		way.Done(resp)
		also.Done(resp) // sent before the first refusal came: it teaches nothing new
	}
	expect := func(what string, from transport.Gate, k kind, want time.Duration) {
		t.Helper()
		if d := p.ask(from, k, true); d.Round(time.Second) != want {
			t.Errorf("%s: a pause of %s, want %s", what, d, want)
		}
	}
	answer(reads, http.StatusTooManyRequests, "")
	expect("a quarter of a minute before the next", beside, reads, 15*time.Second)
	expect("writes are counted apart", beside, writes, 0)
	p.clock = p.clock.Add(15 * time.Second)
	answer(reads, http.StatusTooManyRequests, "")
	expect("refused again", beside, reads, 2*time.Minute)
	p.clock = p.clock.Add(2 * time.Minute)
	answer(reads, http.StatusOK, "")
	answer(reads, http.StatusTooManyRequests, "90")
	expect("Google says for how long", beside, reads, 90*time.Second)
	p.clock = p.clock.Add(-24 * time.Hour)
	if d := p.ask(beside, reads, true); d > 2*time.Minute {
		t.Errorf("a clock that was set back makes a pause of %s", d)
	}
}

// TestRoom: what the polling of all partnerships takes together stays at half of the reads.
func TestRoom(t *testing.T) {
	t.Parallel()
	p := newPurse(t, Limits{})
	if d := p.Room(oneAccount, "nobody"); d != 0 {
		t.Errorf("without sheets: %s", d)
	}
	gates := map[string][]transport.Gate{}
	join := func(name string, n int) {
		for range n {
			gates[name] = append(gates[name], p.Gate(oneAccount, name))
		}
	}
	join("water", 3)
	if d := p.Room(oneAccount, "water"); d != 6*time.Second {
		t.Errorf("3 sheets alone: %s, want 6s", d)
	}
	join("health", 10)
	for range 3 {
		p.clock = p.clock.Add(time.Minute - time.Second)
		for _, g := range gates["health"] {
			p.ask(g, reads, false)
		}
	}
	if d := p.Room(oneAccount, "water"); d != 9*time.Second {
		t.Errorf("3 sheets beside 10 that are read every minute: %s, want 9s", d)
	}
	p.clock = p.clock.Add(horizon)
	if d := p.Room(oneAccount, "water"); d != 6*time.Second {
		t.Errorf("3 sheets beside 10 that rest: %s, want 6s", d)
	}
	// Everybody as fast as it goes.
	join("food", 15)
	next, read, refused := map[string]time.Time{}, 0, 0
	for second := range 60 * 60 {
		for _, name := range []string{"water", "health", "food"} {
			if p.clock.Before(next[name]) {
				continue
			}
			for _, g := range gates[name] {
				switch d := p.ask(g, reads, false); {
				case second < 5*60: // until they know of each other
				case d > 0:
					refused++
				default:
					read++
				}
			}
			next[name] = p.clock.Add(p.Room(oneAccount, name))
		}
		p.clock = p.clock.Add(time.Second)
	}
	if rate := float64(read) / 55; rate > 33 || rate < 25 || refused > read/50 {
		t.Errorf("all together read %.1f sheets a minute, want 30 or a little less; %d were turned away", rate, refused)
	}
}
