//nolint:thelper // these are the tests themselves: a failure should name their own lines
package storetest

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/task"
)

func mustStale(t *testing.T, s store.Store, p string, c store.Commit) {
	t.Helper()
	if g, err := s.Decide(t.Context(), p, c); !errors.Is(err, store.ErrStale) || g != 0 {
		t.Fatalf("decide at generation %d: got %d and %v, want ErrStale", c.Generation, g, err)
	}
}

func stale(t *testing.T, s store.Store) {
	w := newWorld()
	mustDecide(t, s, w, "p", fullCommit())
	mustDecide(t, s, w, "p", store.Commit{Generation: 1})
	late := fullCommit()
	late.Tasks[0].Removed = false
	for _, g := range []int64{-1, 0, 1, 3} {
		late.Generation = g
		mustStale(t, s, "p", late)
		settle := fullSettlement(g)
		if err := s.Settle(t.Context(), "p", settle); !errors.Is(err, store.ErrStale) {
			t.Fatalf("settle at generation %d: %v, want ErrStale", g, err)
		}
	}
	w.check(t, s)
}

func race(t *testing.T, s store.Store) { raceBetween(t, s, s) }

// raceBetween lets several cycles decide at once from one state, over two stores that may be one.
func raceBetween(t *testing.T, a, b store.Store) {
	const rounds, cycles = 5, 4
	w := newWorld()
	for g := range int64(rounds) {
		errs := make([]error, cycles)
		commits := make([]store.Commit, cycles)
		var wait sync.WaitGroup
		for i := range cycles {
			commits[i] = store.Commit{
				Generation: g, NextID: 10, Tasks: []store.Task{{ID: task.ID(fmt.Sprintf("CW-%d", i)), Number: int64(i)}},
				Events: []store.Event{{Kind: store.EventBorn, Note: fmt.Sprintf("of cycle %d", i)}},
			}
			s := []store.Store{a, b}[i%2]
			wait.Go(func() { _, errs[i] = s.Decide(t.Context(), "p", commits[i]) })
		}
		wait.Wait()
		winners := 0
		for i, err := range errs {
			switch {
			case err == nil:
				winners++
				if err := w.decide("p", commits[i]); err != nil {
					t.Fatalf("a second winner: %v", err)
				}
			case !errors.Is(err, store.ErrStale):
				t.Fatalf("a loser got %v, want ErrStale", err)
			}
		}
		if winners != 1 {
			t.Fatalf("%d of %d commits won", winners, cycles)
		}
	}
	w.check(t, a)
	w.check(t, b)
}

func nextID(t *testing.T, s store.Store) {
	w := newWorld()
	for g, step := range []struct{ given, want int64 }{{0, 1}, {5, 5}, {4, 5}, {5, 5}, {6, 6}} {
		mustDecide(t, s, w, "p", store.Commit{Generation: int64(g), NextID: step.given})
		if got := load(t, s, "p").NextID; got != step.want {
			t.Fatalf("after a commit with NextID %d the next number is %d, want %d", step.given, got, step.want)
		}
	}
	w.check(t, s)
}

func upsert(t *testing.T, s store.Store) {
	w := newWorld()
	mustDecide(t, s, w, "p", fullCommit())
	c := store.Commit{Generation: 1, NextID: 3, Tasks: []store.Task{{ID: "CW-1", Number: 1, Removed: true}}}
	mustDecide(t, s, w, "p", c)
	w.check(t, s)
	if st := load(t, s, "p"); len(st.Tasks) != 2 || !st.Tasks[0].Removed || st.Tasks[0].Agreed != (task.Values{}) {
		t.Fatalf("the task is not as it was stored last: %+v", st.Tasks)
	}
}

func swap(t *testing.T, s store.Store) {
	w := newWorld()
	tie := func(id task.ID, key string) store.Link { return store.Link{Task: id, Source: "s", Key: key} }
	for g, ls := range [][]store.Link{
		{tie("A", "1"), tie("B", "2"), tie("C", "3")},
		{tie("A", "4")},                                     // a new item
		{tie("B", "3"), tie("C", "2")},                      // swapped
		{tie("A", "3"), tie("B", "2"), tie("C", "4")},       // all move on
		{tie("A", "3"), {Task: "A", Source: "t", Key: "3"}}, // one key in two sources
	} {
		mustDecide(t, s, w, "p", store.Commit{Generation: int64(g), Links: ls})
		w.check(t, s)
	}
	mustSettle(t, s, w, "p", store.Settlement{Generation: 5, Links: []store.Link{tie("A", "4"), tie("C", "3")}})
	mustDecide(t, s, w, "q", store.Commit{Links: []store.Link{tie("X", "2")}}) // another partnership may use the same source
	w.check(t, s)
}

func duplicates(t *testing.T, s store.Store) {
	w := newWorld()
	c := fullCommit()
	mustDecide(t, s, w, "p", c)
	taken := store.Link{Task: "CW-2", Source: "riverton-sheet", Key: "r-1"}
	for name, ls := range map[string][]store.Link{
		"an item of another task":  {taken},
		"one item twice in a row":  {{Task: "CW-8", Source: "s", Key: "1"}, {Task: "CW-9", Source: "s", Key: "1"}},
		"after links that are new": {{Task: "CW-7", Source: "s", Key: "7"}, taken},
	} {
		bad := store.Commit{
			Generation: 1, NextID: 99, Tasks: []store.Task{{ID: "CW-9", Number: 9}}, Links: ls,
			Unlink: []store.LinkID{at("CW-1", "aquafund-jira")}, Events: []store.Event{{Kind: store.EventBorn}},
		}
		if _, err := s.Decide(t.Context(), "p", bad); err == nil || errors.Is(err, store.ErrStale) {
			t.Errorf("%s: decide: %v", name, err)
		}
		err := s.Settle(t.Context(), "p", store.Settlement{Generation: 1, Links: ls, Unlink: bad.Unlink, Events: bad.Events})
		if err == nil || errors.Is(err, store.ErrStale) {
			t.Errorf("%s: settle: %v", name, err)
		}
		w.check(t, s)
	}
	mustDecide(t, s, w, "p", store.Commit{Generation: 1, Links: []store.Link{taken}, Unlink: []store.LinkID{at("CW-1", "riverton-sheet")}})
	w.check(t, s)
}

func removals(t *testing.T, s store.Store) {
	w := newWorld()
	mustDecide(t, s, w, "p", fullCommit())
	mustSettle(t, s, w, "p", fullSettlement(1))
	mustDecide(t, s, w, "p", store.Commit{
		Generation: 1,
		Unlink:     []store.LinkID{at("CW-1", "riverton-sheet"), at("CW-2", "aquafund-jira"), at("CW-77", "nowhere")},
		Links:      []store.Link{{Task: "CW-1", Source: "riverton-sheet", Key: "r-2"}},
		Dropped:    []store.LinkID{at("CW-2", "aquafund-jira"), at("CW-77", "nowhere")},
		Intents:    []store.Intent{{Task: "CW-2", Source: "aquafund-jira", Op: task.Adopt}, {Task: "CW-1", Source: "x", Op: task.Update}},
		Unpause:    []store.LinkID{at("CW-1", "scorecard"), at("CW-77", "nowhere")},
	})
	w.check(t, s)
	st := load(t, s, "p")
	if len(st.Links) != 1 || st.Links[0].Key != "r-2" || len(st.Intents) != 2 || len(st.Pauses) != 1 {
		t.Fatalf("links %v, intents %v, pauses %v", st.Links, st.Intents, st.Pauses)
	}
	mustSettle(t, s, w, "p", store.Settlement{
		Generation: 2,
		Dropped:    []store.LinkID{at("CW-2", "aquafund-jira"), at("CW-1", "x")},
		Unpause:    []store.LinkID{at("CW-2", "scorecard")},
		Pauses:     []store.Pause{{Task: "CW-2", Source: "scorecard", Attempt: 9}},
	})
	w.check(t, s)
}

func replaced(t *testing.T, s store.Store) {
	w := newWorld()
	full := fullCommit()
	mustDecide(t, s, w, "p", full)
	for g, c := range []store.Commit{
		{Conflicts: full.Conflicts, Holds: full.Holds}, // as before
		{Conflicts: full.Conflicts[:1], Holds: full.Holds},
		{Conflicts: full.Conflicts, Holds: full.Holds[1:]},
		{Conflicts: full.Conflicts, Holds: append(full.Holds[:1:1], full.Holds[0], full.Holds[0])}, // alike, and three of them
		{Holds: []task.Hold{{Source: "s", Hint: "second"}, {Source: "s", Hint: "first"}}},          // in the order in which they came
		{},
		{Conflicts: full.Conflicts, Holds: full.Holds},
	} {
		c.Generation = int64(g) + 1
		mustDecide(t, s, w, "p", c)
		w.check(t, s)
	}
	mustSettle(t, s, w, "p", store.Settlement{Generation: 8}) // a settlement says nothing of them
	w.check(t, s)
}

func settlements(t *testing.T, s store.Store) {
	w := newWorld()
	mustDecide(t, s, w, "p", fullCommit())
	for range 3 { // the generation stays, so that writes may settle one by one
		mustSettle(t, s, w, "p", fullSettlement(1))
		w.check(t, s)
	}
	mustDecide(t, s, w, "p", store.Commit{Generation: 1})
	w.check(t, s)
}

// recorded is in the history of a partnership that no cycle has seen, and between two halves of one that is at work, whose generation
// it leaves alone.
func recorded(t *testing.T, s store.Store) {
	w := newWorld()
	record := func(e store.Event) {
		t.Helper()
		w.recorded("p", []store.Event{e})
		if err := s.Record(t.Context(), "p", []store.Event{e}); err != nil {
			t.Fatal(err)
		}
		w.check(t, s)
	}
	record(store.Event{Kind: store.EventTold, At: noon(), Field: "slack", Note: `{"matters":["digest/2026-11-16"]}`})
	mustDecide(t, s, w, "p", fullCommit())
	record(store.Event{Kind: store.EventGate, At: noon(), Field: "pilot", By: "Amina", Note: "{}"})
	mustSettle(t, s, w, "p", fullSettlement(1))
	w.check(t, s)
	if err := s.Record(t.Context(), "p", nil); err != nil {
		t.Fatalf("to record nothing: %v", err)
	}
	w.check(t, s)
	es, err := s.History(t.Context(), "p", store.Query{Cycle: 1, Kinds: []store.EventKind{store.EventGate, store.EventTold}})
	if err != nil || len(es) != 1 || es[0].Kind != store.EventGate {
		t.Fatalf("cycle 1 saw %v, want one decision; %v", es, err)
	}
}

func pages(t *testing.T, s store.Store) {
	const n = 2500
	c := store.Commit{}
	for i := range n {
		c.Events = append(c.Events, store.Event{Kind: store.EventDecided, Task: task.ID(fmt.Sprintf("CW-%d", i%3)), Note: fmt.Sprint(i)})
	}
	mustDecide(t, s, newWorld(), "p", c)
	mustDecide(t, s, newWorld(), "q", store.Commit{Events: c.Events[:10]})
	for _, limit := range []int{0, 1000, 5000, 400} {
		size := limit
		if limit == 0 || limit > 1000 {
			size = 1000
		}
		next, before, count := n-1, int64(0), 0
		for {
			es, err := s.History(t.Context(), "p", store.Query{Before: before, Limit: limit})
			if err != nil {
				t.Fatal(err)
			}
			if len(es) == 0 {
				break
			}
			if len(es) != min(size, n-count) {
				t.Fatalf("limit %d: a page of %d events after %d", limit, len(es), count)
			}
			for _, e := range es {
				if e.Note != fmt.Sprint(next) || e.Cycle != 1 || before != 0 && e.ID >= before {
					t.Fatalf("limit %d: event %d of cycle %d says %q, want %d", limit, e.ID, e.Cycle, e.Note, next)
				}
				next, before, count = next-1, e.ID, count+1
			}
		}
		if count != n {
			t.Fatalf("limit %d: %d events in all, want %d", limit, count, n)
		}
	}
	es, err := s.History(t.Context(), "p", store.Query{Task: "CW-1"})
	if err != nil || len(es) != n/3 {
		t.Fatalf("%d events of a task, want %d; %v", len(es), n/3, err)
	}
	for _, e := range es {
		if e.Task != "CW-1" {
			t.Fatalf("an event of %s", e.Task)
		}
	}
	if es, err := s.History(t.Context(), "p", store.Query{Task: "CW-nobody"}); err != nil || es != nil {
		t.Fatalf("a task that is not there has %v; %v", es, err)
	}
}

func cycles(t *testing.T, s store.Store) {
	w := newWorld()
	for g := range int64(12) {
		mustDecide(t, s, w, "p", store.Commit{Generation: g, Cycle: store.Cycle{Generation: 99, Result: "ok", Patches: int(g)}})
	}
	mustDecide(t, s, w, "q", store.Commit{Cycle: store.Cycle{Result: "failed"}})
	w.check(t, s)
	for limit, want := range map[int]int{-1: 0, 0: 0, 1: 1, 5: 5, 12: 12, 1000: 12} {
		cs, err := s.Cycles(t.Context(), "p", limit)
		if err != nil || len(cs) != want {
			t.Fatalf("at most %d cycles: got %d; %v", limit, len(cs), err)
		}
		for i, c := range cs {
			if c.Generation != int64(12-i) || c.Patches != 11-i {
				t.Fatalf("cycle %d is %+v", i, c)
			}
		}
	}
}

func apart(t *testing.T, s store.Store) {
	w := newWorld()
	names := []string{"p", "P", "", "p ", "it's; --", "p\x00q", "🌊"}
	for _, p := range names {
		mustDecide(t, s, w, p, fullCommit())
	}
	mustDecide(t, s, w, "p", store.Commit{Generation: 1, NextID: 70, Unlink: []store.LinkID{at("CW-1", "riverton-sheet")}})
	mustSettle(t, s, w, "P", fullSettlement(1))
	w.check(t, s)
}

// whole lets readers look while a writer commits: tasks and links of a commit always come together.
func whole(t *testing.T, s store.Store) {
	const rounds = 15
	done := make(chan struct{})
	var wait sync.WaitGroup
	for range 2 {
		wait.Go(func() {
			last := int64(0)
			for {
				st, err := s.Load(t.Context(), "p")
				switch {
				case err != nil:
					t.Errorf("load: %v", err)
					return
				case st.Generation < last || len(st.Tasks) != int(st.Generation) || len(st.Links) != len(st.Tasks):
					t.Errorf("generation %d after %d with %d tasks and %d links", st.Generation, last, len(st.Tasks), len(st.Links))
					return
				}
				last = st.Generation
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	for g := range int64(rounds) {
		id := task.ID(fmt.Sprintf("CW-%d", g))
		_, err := s.Decide(t.Context(), "p", store.Commit{
			Generation: g, Tasks: []store.Task{{ID: id, Number: g}}, Links: []store.Link{{Task: id, Source: "s", Key: string(id)}},
		})
		if err != nil {
			t.Errorf("decide: %v", err)
			break
		}
	}
	close(done)
	wait.Wait()
}
