package jira

import (
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/lockstep-sync/lockstep/connectors"
	sandbox "github.com/lockstep-sync/lockstep/connectors/sandbox/jira"
	"github.com/lockstep-sync/lockstep/sync/task"
)

func TestHintsAreBounded(t *testing.T) {
	t.Parallel()
	var h hints
	h.changed([]string{"", "x", "-1", "0", "007", "+7", "1.5", "WASH-1", "99999999999999999999"})
	if got, _ := h.take(10); len(got) != 0 {
		t.Errorf("what is no id was kept: %v", got)
	}
	for i := range 2000 {
		h.changed([]string{strconv.Itoa(i + 1)})
	}
	h.changed([]string{"1999", "1990", "1999"}) // each once, at the place of the last time
	if got, _ := h.take(4); !slices.Equal(got, []int64{1999, 1990, 2000, 1998}) {
		t.Errorf("the newest are %v", got)
	}
	rest, _ := h.take(10_000)
	if len(rest) != hintsMax-4 || rest[0] != 1997 || rest[len(rest)-1] != 2000-hintsMax+1 {
		t.Errorf("%d are left, from %d to %d", len(rest), rest[0], rest[len(rest)-1])
	}
	if got, _ := h.take(10); len(got) != 0 {
		t.Errorf("%v was forgotten and is there", got)
	}
}

func TestHintsOfDeletions(t *testing.T) {
	t.Parallel()
	var h hints
	h.changed([]string{"5", "6"})
	h.gone([]string{"nothing"})
	if h.census() {
		t.Error("a census is asked for because of nothing")
	}
	h.gone([]string{"5"})
	if got, gone := h.take(10); !slices.Equal(got, []int64{6}) || !slices.Equal(gone, []int64{5}) {
		t.Errorf("changed are %v, gone %v", got, gone)
	}
	for range 2 {
		if !h.census() {
			t.Error("a census that was not read whole is not asked for again")
		}
	}
	h.gone([]string{"6"}) // while it is being read
	h.counted()
	if !h.census() {
		t.Error("a deletion during a census is forgotten")
	}
	h.counted()
	if h.census() {
		t.Error("a census is asked for although there was one")
	}
}

func TestHintsFromManyGoroutines(t *testing.T) {
	t.Parallel()
	tl := start(t, setup{})
	tl.srv.Add(sandbox.Seed{Summary: "One"})
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 200 {
				tl.Hint(strconv.Itoa(g*1000 + i + 1))
				tl.HintDeleted(strconv.Itoa(g*1000 + i))
			}
		})
	}
	for range 10 {
		tl.read()
	}
	wg.Wait()
}

// A deletion that is told has the keys listed in the next pull, long before a census would be due; what we wrote to the issue
// just before does not hide that it is gone, nor does an index that still shows it.
func TestHintOfADeletionBringsACensus(t *testing.T) {
	t.Parallel()
	tl := start(t, setup{jira: sandbox.Options{IndexLag: time.Minute}})
	keep := tl.srv.Add(sandbox.Seed{Summary: "Keep"})
	drop := tl.srv.Add(sandbox.Seed{Summary: "Drop"})
	tl.clock.pass(2 * time.Minute)
	tl.read()
	keepID, dropID := tl.view(keep).ID, tl.view(drop).ID
	tl.read()
	tl.wrote(dropID)
	tl.Hint(dropID) // it was changed, and then deleted
	if err := tl.srv.Delete(drop); err != nil {
		t.Fatal(err)
	}
	if snap := tl.read(); snap.Listing != nil {
		t.Fatalf("the keys are listed although nobody spoke of a deletion: %v", snap.Listing)
	}
	tl.HintDeleted(dropID)
	if snap := tl.read(); !slices.Equal(snap.Listing, []string{keepID}) {
		t.Errorf("the list is %v, want %s alone", snap.Listing, keepID)
	}
	if len(tl.absent) != 1 {
		t.Errorf("left out are %v before the list was accounted for", tl.absent)
	}
	if snap := tl.read(); snap.Listing != nil || len(tl.absent) != 0 {
		t.Errorf("the keys are listed again: %v, without %v", snap.Listing, tl.absent)
	}
	// It is not true of this one: a direct read says so, and the next change of it is seen like any other.
	tl.HintDeleted(keepID)
	if snap := tl.read(); snap.Listing == nil || slices.Contains(snap.Listing, keepID) {
		t.Errorf("the list is %v, want one without %s", snap.Listing, keepID)
	}
	got, err := tl.Confirm(t.Context(), []string{keepID, dropID})
	if err != nil || got[keepID].Presence != connectors.Present || got[dropID].Presence != connectors.Gone {
		t.Errorf("directly read: %+v, %v", got, err)
	}
	if err := tl.srv.Set(keep, map[string]any{"summary": "Kept"}); err != nil {
		t.Fatal(err)
	}
	tl.clock.pass(2 * time.Minute)
	if got := tl.record(keep).Values[task.Title].String(); got != "Kept" {
		t.Errorf("it shows %q", got)
	}
}

// An issue that only somebody told of is no evidence that it is there.
func TestHintsAreNotListed(t *testing.T) {
	t.Parallel()
	tl := start(t, setup{})
	id := tl.view(tl.srv.Add(sandbox.Seed{Summary: "One"})).ID
	tl.read()
	tl.Hint("4711")
	tl.HintDeleted("4712")
	if snap := tl.read(); !slices.Equal(snap.Listing, []string{id}) {
		t.Errorf("the list is %v, want %s alone", snap.Listing, id)
	}
}

// An index that lags hides a change from an increment; a hint brings it out.
func TestHintShowsWhatTheIndexHides(t *testing.T) {
	t.Parallel()
	for _, hinted := range []bool{false, true} {
		tl := start(t, setup{jira: sandbox.Options{IndexLag: 5 * time.Minute}})
		key := tl.srv.Add(sandbox.Seed{Summary: "Before"})
		for i := range 80 {
			tl.srv.Add(sandbox.Seed{Summary: fmt.Sprintf("Other %d", i)})
		}
		tl.clock.pass(6 * time.Minute)
		tl.read()
		tl.clock.pass(time.Hour - 10*time.Minute)
		if err := tl.srv.Set(key, map[string]any{"summary": "After"}); err != nil {
			t.Fatal(err)
		}
		if hinted {
			tl.Hint(tl.view(key).ID)
		}
		i := slices.IndexFunc(tl.read().Records, func(r task.Record) bool {
			return r.Name == key && r.Values[task.Title].String() == "After"
		})
		if (i >= 0) != hinted {
			t.Errorf("hinted %v: the change is seen: %v", hinted, i >= 0)
		}
	}
}

// A bulk edit hints more issues than a search may name. None is lost, no request names too many, and our own writes are
// among those that are named.
func TestManyHints(t *testing.T) {
	t.Parallel()
	tl := start(t, setup{})
	var ids []string
	for i := range 120 {
		ids = append(ids, tl.view(tl.srv.Add(sandbox.Seed{Summary: fmt.Sprintf("Task %d", i)})).ID)
	}
	tl.read()
	tl.Hint(ids...)
	first := tl.reconcile()
	if len(first) != reconcileMax || strconv.FormatInt(first[len(first)-1], 10) != ids[119] {
		t.Errorf("%d are named, the newest %d; want %d and %s", len(first), first[len(first)-1], reconcileMax, ids[119])
	}
	tl.wrote(ids[0])
	second := tl.reconcile()
	if len(second) != reconcileMax || slices.Contains(second, first[0]) {
		t.Errorf("the second search names %d, among them the oldest of the first: %v", len(second), slices.Contains(second, first[0]))
	}
	third := tl.reconcile()
	if own, _ := parseID(ids[0]); !slices.Contains(third, own) {
		t.Error("the third search does not name what was hinted or written last")
	}
	tl.clock.pass(tl.Connector.o.Overlap + time.Minute)
	if got := tl.reconcile(); len(got) != 0 {
		t.Errorf("%d are still named after the index must have seen them", len(got))
	}
	tl.read()
}
