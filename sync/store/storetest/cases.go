//nolint:thelper // these are the tests themselves: a failure should name their own lines
package storetest

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/task"
)

func mustDecide(t *testing.T, s store.Store, w world, p string, c store.Commit) {
	t.Helper()
	g, err := s.Decide(t.Context(), p, c)
	if err != nil {
		t.Fatalf("decide: %v", err)
	}
	if g != c.Generation+1 {
		t.Fatalf("the generation after %d is %d", c.Generation, g)
	}
	if err := w.decide(p, c); err != nil {
		t.Fatalf("the model refuses what the store took: %v", err)
	}
}

func mustSettle(t *testing.T, s store.Store, w world, p string, c store.Settlement) {
	t.Helper()
	if err := s.Settle(t.Context(), p, c); err != nil {
		t.Fatalf("settle: %v", err)
	}
	if err := w.settled(p, c); err != nil {
		t.Fatalf("the model refuses what the store took: %v", err)
	}
}

func mustClose(t *testing.T, s store.Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
}

func load(t *testing.T, s store.Store, p string) store.State {
	t.Helper()
	st, err := s.Load(t.Context(), p)
	if err != nil {
		t.Fatalf("load: %v", err)
	}
	return st
}

// noon is a time finer than stores keep it, outside UTC.
func noon() time.Time {
	return time.Date(2026, 3, 1, 12, 0, 0, 123_456_789, time.FixedZone("Nairobi", 3*3600))
}

func at(id task.ID, source task.SourceID) store.LinkID { return store.LinkID{Task: id, Source: source} }

// fullCommit fills every field of everything that a commit can hold.
func fullCommit() store.Commit {
	half, _ := task.NumberValue(0.5) // a finite number
	vs := task.Values{
		task.Title: task.TextValue("Dig the well"), task.Partner: task.EnumValue("aquafund"), task.Status: task.EnumValue(task.Blocked),
		task.Assignee: task.PersonValue("Amina Diallo"), task.Due: task.DateValue(noon()), task.Start: task.Empty(task.Date),
		task.Priority: task.TextValue("High"), task.Progress: half, task.Workstream: task.TextValue("Water"),
		task.Labels: task.SetValue("q3", "water"), task.QuickWin: task.BoolValue(true), task.Notes: task.TextValue("two\nlines"),
	}
	base := vs
	base[task.Due] = task.UnreadableValue("next week-ish")
	base[task.QuickWin] = task.Value{}
	claims := []store.Claim{
		{Source: "aquafund-jira", Value: task.TextValue("ours"), By: "Amina", At: noon()},
		{Source: "riverton-sheet", Value: task.Empty(task.Text)},
	}
	return store.Commit{
		NextID: 3,
		Tasks: []store.Task{
			{ID: "CW-2", Number: 2, Removed: true, Created: noon(), Changed: noon().Add(time.Hour)},
			{ID: "CW-1", Number: 1, Agreed: vs, Baseline: vs[task.Due], Created: noon(), Changed: noon()},
		},
		Links: []store.Link{
			{
				Task: "CW-1", Source: "riverton-sheet", Key: "r-1", Name: "row 14", URL: "https://docs.google.com/x", Base: base, Version: 17,
			},
			{Task: "CW-1", Source: "aquafund-jira", Key: "10001", Name: "WASH-1", Version: -1},
		},
		Sources: []store.Source{
			{ID: "riverton-sheet", Error: "riverton-sheet: read: HTTP 503", Reason: fault.Unavailable, Hint: "wait", LastAttempt: noon()},
			{ID: "aquafund-jira", Cursor: "c", Fingerprint: "f", LastAttempt: noon(), LastSuccess: noon()},
		},
		Intents: []store.Intent{
			{
				Task: "CW-2", Source: "aquafund-jira", Op: task.Create, At: noon(), Attempt: 2,
				Set: []task.Change{{Field: task.Title, To: task.TextValue("new")}, {Field: task.Due, From: task.Empty(task.Date), To: vs[task.Due]}},
			},
			{Task: "CW-1", Source: "aquafund-jira", Op: task.Update},
		},
		Conflicts: []store.Conflict{
			{Task: "CW-2", Field: task.Title, Opened: noon()},
			{Task: "CW-1", Field: task.Notes, Agreed: task.TextValue("both"), Claims: claims, Opened: noon()},
			{Task: "CW-1", Field: task.Due, Opened: noon()},
		},
		Holds: []task.Hold{
			{Source: "riverton-sheet", Reason: task.HoldSchemaDrift, Hint: "put the column back"},
			{
				Source: "aquafund-jira", Task: "CW-1", Key: "10001", Name: "WASH-1", Field: "status", Reason: task.HoldUnmappedStatus,
				Raw: "Waiting", Hint: "map it",
			},
		},
		Events: []store.Event{
			{At: noon(), Kind: store.EventBorn, Task: "CW-1", Source: "aquafund-jira", Note: "Dig the well"},
			{
				At: noon(), Kind: store.EventDecided, Task: "CW-1", Field: "due", Source: "aquafund-jira", From: task.Empty(task.Date),
				To: vs[task.Due], By: "Amina", Losers: claims,
			},
		},
		Cycle: store.Cycle{Started: noon(), Took: 1234567 * time.Nanosecond, Result: "partial", Patches: 4, Note: "a note"},
	}
}

func fullSettlement(generation int64) store.Settlement {
	return store.Settlement{
		Generation: generation,
		Links:      []store.Link{{Task: "CW-2", Source: "aquafund-jira", Key: "10002", Name: "WASH-2"}},
		Unlink:     []store.LinkID{at("CW-1", "aquafund-jira")},
		Dropped:    []store.LinkID{at("CW-1", "aquafund-jira")},
		Intents:    []store.Intent{{Task: "CW-2", Source: "aquafund-jira", Op: task.Create, At: noon(), Attempt: 3}},
		Pauses: []store.Pause{
			{
				Task: "CW-2", Source: "scorecard", Op: task.Update, Until: noon(), Attempt: 1, Want: "w", Error: "e",
				Reason: fault.RateLimited, Hint: "h",
			},
			{Task: "CW-1", Source: "scorecard", Op: task.Create},
		},
		Sources: []store.Source{{ID: "scorecard", Cursor: "new"}},
		Events:  []store.Event{{At: noon(), Kind: store.EventWritten, Task: "CW-2", Source: "aquafund-jira"}},
	}
}

func unseen(t *testing.T, s store.Store) {
	w := newWorld()
	checkOne(t, s, "nobody", w.of("nobody"))
	same(t, "the state", store.State{NextID: 1}, load(t, s, "nobody"))
	if err := s.Ping(t.Context()); err != nil {
		t.Fatalf("ping: %v", err)
	}
	mustStale(t, s, "nobody", store.Commit{Generation: 1})
	same(t, "the state after a stale commit", store.State{NextID: 1}, load(t, s, "nobody"))
	mustSettle(t, s, w, "nobody", store.Settlement{Sources: []store.Source{{ID: "scorecard", Cursor: "c"}}})
	mustDecide(t, s, w, "nobody", store.Commit{NextID: 4})
	w.check(t, s)
}

func roundTrip(t *testing.T, s store.Store) {
	w := newWorld()
	mustDecide(t, s, w, "p", fullCommit())
	w.check(t, s)
	mustSettle(t, s, w, "p", fullSettlement(1))
	w.check(t, s)
}

func sorted(t *testing.T, s store.Store) {
	w := newWorld()
	c := store.Commit{NextID: 200}
	for id, n := range map[task.ID]int64{"CW-100": 100, "CW-9": 9, "CW-10": 10, "ZW-1": 1} { // as text, 10 comes before 9
		c.Tasks = append(c.Tasks, store.Task{ID: id, Number: n})
		for _, src := range []task.SourceID{"b", "a", "B", "é"} {
			c.Links = append(c.Links, store.Link{Task: id, Source: src, Key: string(id)})
			c.Intents = append(c.Intents, store.Intent{Task: id, Source: src, Op: task.Update})
			c.Holds = append(c.Holds, task.Hold{Source: src, Key: string(id), Field: "due"}, task.Hold{Source: src, Key: string(id)})
		}
		for _, f := range []task.Field{task.Notes, task.Assignee, task.Title, task.Due} { // not in the order of their names
			c.Conflicts = append(c.Conflicts, store.Conflict{Task: id, Field: f})
		}
	}
	for _, src := range []task.SourceID{"b", "a", "B", "é"} {
		c.Sources = append(c.Sources, store.Source{ID: src})
	}
	mustDecide(t, s, w, "p", c)
	w.check(t, s)
	st := load(t, s, "p")
	numbers := make([]int64, 0, len(st.Tasks))
	for _, x := range st.Tasks {
		numbers = append(numbers, x.Number)
	}
	same(t, "the order of tasks", []int64{1, 9, 10, 100}, numbers)
	first := make([]task.SourceID, 0, 4)
	for _, l := range st.Links[:4] {
		first = append(first, l.Source)
	}
	same(t, "the order of links", []task.SourceID{"B", "a", "b", "é"}, first)
	same(t, "the order of conflicts", []task.Field{task.Title, task.Assignee, task.Due, task.Notes}, []task.Field{
		st.Conflicts[0].Field, st.Conflicts[1].Field, st.Conflicts[2].Field, st.Conflicts[3].Field,
	})
}

// everyValue puts every kind, its empty value and hostile texts everywhere that a value may stand.
func everyValue(t *testing.T, s store.Store) {
	w := newWorld()
	var all []task.Value
	for k := task.None; k <= task.Unreadable; k++ {
		all = append(all, task.Empty(k))
	}
	for _, text := range hostile() {
		all = append(all, task.TextValue(text), task.EnumValue(text), task.PersonValue(text), task.UnreadableValue(text), task.SetValue("b", text))
	}
	for _, f := range []float64{0, 0.1, -1, 1e300, 5e-324, 1234567890.125} {
		v, err := task.NumberValue(f)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, v)
	}
	all = append(all, task.BoolValue(true), task.BoolValue(false), task.DateValue(noon()), task.DateValue(time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)))
	megabyte := task.TextValue(strings.Repeat("a megabyte \x00 of 🌊", 1<<20/20))
	great := task.Values{task.Title: megabyte, task.Notes: task.UnreadableValue(megabyte.String())}
	c := store.Commit{
		NextID: int64(len(all)) + 1,
		Tasks:  []store.Task{{ID: "CW-0", Number: -1, Agreed: great}},
		Links:  []store.Link{{Task: "CW-0", Source: "s", Base: great}},
		Events: []store.Event{{Kind: store.EventDecided, Task: "CW-0", From: megabyte, Note: megabyte.String()}},
	}
	for i, v := range all {
		var vs task.Values
		for f := range vs {
			vs[f] = v
		}
		id := task.ID("CW-" + string(rune(0x4E00+i)))
		c.Tasks = append(c.Tasks, store.Task{ID: id, Number: int64(i), Agreed: vs, Baseline: v})
		c.Links = append(c.Links, store.Link{
			Task: id, Source: "s", Key: string(id), Name: v.String(), URL: v.String(), Base: vs,
		})
		c.Intents = append(c.Intents, store.Intent{Task: id, Source: "s", Set: []task.Change{{Field: task.Notes, From: v, To: v}}})
		claims := []store.Claim{{Source: "s", Value: v, By: v.String()}}
		c.Conflicts = append(c.Conflicts, store.Conflict{Task: id, Field: task.Notes, Agreed: v, Claims: claims})
		c.Events = append(c.Events, store.Event{Kind: store.EventDecided, Task: id, From: v, To: v, Losers: claims, By: v.String(), Note: v.String()})
		c.Holds = append(c.Holds, task.Hold{Source: "s", Key: string(id), Raw: v.String(), Hint: v.String(), Name: v.String()})
	}
	mustDecide(t, s, w, "p", c)
	w.check(t, s)
}

func times(t *testing.T, s store.Store) {
	w := newWorld()
	c := store.Commit{}
	for i, at := range []time.Time{
		{},
		time.Unix(0, 0), time.UnixMilli(-1), noon(), time.Date(1600, 2, 29, 0, 0, 0, 999_999, time.UTC),
		time.Date(9999, 12, 31, 23, 59, 59, 999_999_999, time.UTC),
	} {
		c.Tasks = append(c.Tasks, store.Task{ID: task.ID(rune('a' + i)), Number: int64(i), Created: at, Changed: at})
	}
	mustDecide(t, s, w, "p", c)
	w.check(t, s)
	got := load(t, s, "p").Tasks
	if !got[0].Created.IsZero() || got[1].Created.IsZero() {
		t.Fatalf("the zero time is %v and 1970 is %v", got[0].Created, got[1].Created)
	}
	if want := "2026-03-01 09:00:00.123 +0000 UTC"; got[3].Created.String() != want {
		t.Fatalf("got %v, want %s", got[3].Created, want)
	}
}

func closed(t *testing.T, s store.Store) {
	mustClose(t, s)
	ctx := t.Context()
	for name, call := range map[string]func() error{
		"load":    func() error { _, err := s.Load(ctx, "p"); return err },
		"decide":  func() error { _, err := s.Decide(ctx, "p", store.Commit{}); return err },
		"settle":  func() error { return s.Settle(ctx, "p", store.Settlement{}) },
		"history": func() error { _, err := s.History(ctx, "p", store.Query{}); return err },
		"cycles":  func() error { _, err := s.Cycles(ctx, "p", 1); return err },
		"ping":    func() error { return s.Ping(ctx) },
	} {
		if call() == nil {
			t.Errorf("%s after close: no error", name)
		}
	}
}

// ended hands over contexts that are over, and one that ends in the middle.
func ended(t *testing.T, s store.Store) {
	w := newWorld()
	mustDecide(t, s, w, "p", fullCommit())
	over, cancel := context.WithCancel(t.Context())
	cancel()
	late, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancel()
	for _, c := range []struct {
		ctx    context.Context //nolint:containedctx // a table of contexts
		reason fault.Reason
	}{{over, fault.Cancelled}, {late, fault.Timeout}} {
		_, loadErr := s.Load(c.ctx, "p")
		_, decideErr := s.Decide(c.ctx, "p", store.Commit{Generation: 1, NextID: 99})
		_, historyErr := s.History(c.ctx, "p", store.Query{})
		_, cyclesErr := s.Cycles(c.ctx, "p", 1)
		for name, err := range map[string]error{
			"load": loadErr, "decide": decideErr, "history": historyErr, "cycles": cyclesErr,
			"settle": s.Settle(c.ctx, "p", store.Settlement{Generation: 1, Unlink: []store.LinkID{at("CW-1", "riverton-sheet")}}),
			"ping":   s.Ping(c.ctx),
		} {
			if f := fault.Of(err); err == nil || f.Reason != c.reason {
				t.Errorf("%s with a context that is over: %v, want %s", name, err, c.reason)
			}
		}
	}
	w.check(t, s)

	// A context that ends while a great commit is under way: either all of it is there, or nothing.
	stopped := 0
	for after := int64(1); after <= 24; after++ {
		ctx, cancel := context.WithCancel(t.Context())
		p := newPartnership()
		_, err := s.Decide(&fading{Context: ctx, cancel: cancel, left: after}, p, greatCommit(1000))
		cancel()
		st := load(t, s, p)
		switch {
		case err == nil && len(st.Tasks) == 1000 && len(st.Links) == 1000:
		case fault.HasReason(err, fault.Cancelled) && st.Generation == 0 && st.Tasks == nil && st.Links == nil:
			stopped++
		default:
			t.Fatalf("after %v there are %d tasks and %d links at generation %d", err, len(st.Tasks), len(st.Links), st.Generation)
		}
	}
	if stopped == 0 {
		t.Fatalf("no commit was stopped")
	}
	w.check(t, s)
}

// fading is a context that ends when it has been asked a number of times whether it has.
type fading struct {
	context.Context //nolint:containedctx // is one itself

	cancel context.CancelFunc
	mu     sync.Mutex
	left   int64
}

func (f *fading) Err() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.left--; f.left == 0 {
		f.cancel()
	}
	return f.Context.Err()
}

func greatCommit(n int) store.Commit {
	c := store.Commit{NextID: int64(n) + 1}
	for i := 1; i <= n; i++ {
		id := task.ID("CW-" + string(rune(0x4E00+i)))
		c.Tasks = append(c.Tasks, store.Task{ID: id, Number: int64(i)})
		c.Links = append(c.Links, store.Link{Task: id, Source: "s", Key: string(id)})
	}
	return c
}
