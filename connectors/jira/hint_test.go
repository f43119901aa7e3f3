package jira

import (
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	sandbox "github.com/lockstep-sync/lockstep/connectors/sandbox/jira"
	"github.com/lockstep-sync/lockstep/sync/task"
)

func TestHintsAreBounded(t *testing.T) {
	t.Parallel()
	var h hints
	h.changed([]string{"", "x", "-1", "0", "007", "+7", "1.5", "WASH-1", "99999999999999999999"})
	if got := h.take(10); len(got) != 0 {
		t.Errorf("what is no id was kept: %v", got)
	}
	for i := range 2000 {
		h.changed([]string{strconv.Itoa(i + 1)})
	}
	h.changed([]string{"1999", "1990", "1999"}) // each once, at the place of the last time
	if got := h.take(4); !slices.Equal(got, []int64{1999, 1990, 2000, 1998}) {
		t.Errorf("the newest are %v", got)
	}
	rest := h.take(10_000)
	if len(rest) != hintsMax-4 || rest[0] != 1997 || rest[len(rest)-1] != 2000-hintsMax+1 {
		t.Errorf("%d are left, from %d to %d", len(rest), rest[0], rest[len(rest)-1])
	}
	if got := h.take(10); len(got) != 0 {
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
	if got := h.take(10); !slices.Equal(got, []int64{6}) {
		t.Errorf("changed are %v, want the one that is not gone", got)
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
