package storetest

import (
	"context"
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/lockstep-sync/lockstep/sync/store"
)

// random runs random commits, settlements, stale and broken ones against the model, in two partnerships at once, and compares
// all of both after each. With reopen it also closes the store now and then and opens it again.
func random(t *testing.T, s store.Store, reopen func() store.Store) {
	t.Helper()
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld()
		names := []string{newPartnership(), newPartnership() + " it's 🌊"}
		ctx := context.Background()
		for range rapid.IntRange(1, 6).Draw(rt, "steps") {
			p := rapid.SampledFrom(names).Draw(rt, "partnership")
			switch step := rapid.IntRange(0, 10).Draw(rt, "step"); {
			case step < 5:
				c := commit(rt, w.of(p))
				outcome(rt, w.decide(p, c), func() error {
					g, err := s.Decide(ctx, p, c)
					if err == nil && g != c.Generation+1 {
						rt.Fatalf("the generation after %d is %d", c.Generation, g)
					}
					return err
				}())
			case step < 8:
				c := settlement(rt, w.of(p))
				outcome(rt, w.settled(p, c), s.Settle(ctx, p, c))
			case step == 8:
				c := commit(rt, w.of(p))
				c.Generation += rapid.SampledFrom([]int64{-1, 1, 100}).Draw(rt, "off by")
				_, err := s.Decide(ctx, p, c)
				outcome(rt, w.decide(p, c), err)
			case step == 9:
				es := rapid.SliceOfN(event(), 0, 3).Draw(rt, "recorded")
				w.recorded(p, es)
				outcome(rt, nil, s.Record(ctx, p, es))
			case reopen != nil:
				if err := s.Close(); err != nil {
					rt.Fatalf("close: %v", err)
				}
				s = reopen()
			}
			for _, name := range names {
				checkOne(rt, s, name, w.of(name))
			}
			checkPages(rt, s, p, w.of(p))
		}
	})
}

// outcome compares what the store said with what the model said.
func outcome(t *rapid.T, want, got error) {
	t.Helper()
	switch {
	case want == nil && got != nil:
		t.Fatalf("an error where all was well: %v", got)
	case want != nil && got == nil:
		t.Fatalf("no error where one was due: %v", want)
	case errors.Is(want, store.ErrStale) != errors.Is(got, store.ErrStale):
		t.Fatalf("want %v, got %v", want, got)
	}
}

// checkPages reads a random page of the history and compares it with what a full reading gives.
func checkPages(t *rapid.T, s store.Store, p string, m *model) {
	t.Helper()
	ctx := context.Background()
	all, err := s.History(ctx, p, store.Query{})
	if err != nil {
		t.Fatalf("read the history: %v", err)
	}
	q := store.Query{Limit: rapid.IntRange(0, len(all)+1).Draw(t, "limit")}
	if len(all) > 0 && rapid.Bool().Draw(t, "before one") {
		q.Before = rapid.SampledFrom(all).Draw(t, "before").ID
	}
	if rapid.Bool().Draw(t, "of one task") {
		q.Task = taskID(taskIDs().Draw(t, "task"))
	}
	if len(all) > 0 && rapid.Bool().Draw(t, "of one cycle") {
		q.Cycle = rapid.SampledFrom(all).Draw(t, "cycle").Cycle
	}
	if len(all) > 0 && rapid.Bool().Draw(t, "after one") {
		q.After = rapid.SampledFrom(all).Draw(t, "after").ID
	}
	if len(all) > 0 && rapid.Bool().Draw(t, "of some kinds") {
		q.Kinds = rapid.SliceOfN(rapid.Map(rapid.SampledFrom(all), func(e store.Event) store.EventKind { return e.Kind }), 1, 3).Draw(t, "kinds")
	}
	q.Oldest = rapid.Bool().Draw(t, "oldest first")
	inOrder := slices.Clone(all)
	if q.Oldest {
		slices.Reverse(inOrder)
	}
	var want []store.Event
	for _, e := range inOrder {
		if (q.Before == 0 || e.ID < q.Before) && e.ID > q.After && (q.Task == "" || e.Task == q.Task) && (q.Cycle == 0 || e.Cycle == q.Cycle) &&
			(q.Kinds == nil || slices.Contains(q.Kinds, e.Kind)) && (q.Limit == 0 || len(want) < q.Limit) {
			want = append(want, e)
		}
	}
	got, err := s.History(ctx, p, q)
	if err != nil {
		t.Fatalf("read a page of the history: %v", err)
	}
	same(t, "a page of the history", want, got)
	if len(all) != len(m.events) {
		t.Fatalf("the history has %d events, and %d were stored", len(all), len(m.events))
	}
}
