package engine_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/lockstep-sync/lockstep/connectors"
	"github.com/lockstep-sync/lockstep/connectors/memory"
	"github.com/lockstep-sync/lockstep/sync/engine"
	"github.com/lockstep-sync/lockstep/sync/merge"
	"github.com/lockstep-sync/lockstep/sync/plan"
	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/store/sqlite"
	"github.com/lockstep-sync/lockstep/sync/store/storetest"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// BenchmarkIdleCycle runs cycles in which nothing happened, of 100,000 tasks that lie in two tools and on the scorecard: all
// of both is read whole each time, as sheets are, and its board is worked out. It prints ms/cycle, with a store in memory and with
// SQLite.
func BenchmarkIdleCycle(b *testing.B) {
	b.Run("fake", func(b *testing.B) { idleCycle(b, storetest.NewMemory()) })
	b.Run("sqlite", func(b *testing.B) {
		db, err := sqlite.Open(b.Context(), b.TempDir()+"/lockstep.db", sqlite.Options{})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = db.Close() })
		idleCycle(b, db)
	})
}

const bigTasks = 100_000

func idleCycle(b *testing.B, st store.Store) {
	b.Helper()
	e, _, tick := bigPartnership(b, st)
	b.ReportAllocs()
	for b.Loop() {
		r, err := e.RunCycle(b.Context(), engine.Mode{})
		if err != nil {
			b.Fatal(err)
		}
		if !r.Converged || r.Tasks != bigTasks || r.Board.Differs {
			b.Fatalf("it is not at rest: %d tasks, %d patches, board %+v", r.Tasks, len(r.Patches), r.Board)
		}
		tick(time.Second) // a day that ends makes another board
	}
	b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N), "ms/cycle")
}

// bigPartnership is one of 100,000 tasks at rest.
func bigPartnership(b *testing.B, st store.Store) (e *engine.Engine, tools []*memory.Tool, tick func(time.Duration)) {
	b.Helper()
	own := []task.Field{task.Title, task.Status, task.Due, task.Notes}
	card := append(slices.Clone(own), task.Partner)
	tools = []*memory.Tool{
		memory.New(memory.Options{Fields: own}),
		memory.New(memory.Options{Fields: own}),
		memory.New(memory.Options{Fields: card, CanCreate: true, CanRemove: true, Board: true}),
	}
	for i := range bigTasks {
		v := titled(fmt.Sprintf("Task %d", i))
		v[task.Status] = task.EnumValue(task.InProgress)
		v[task.Notes] = task.TextValue(fmt.Sprintf("What is to be known of task %d, in a sentence or two as people write them.", i))
		tools[i%2].Add(v)
	}
	now := time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)
	e, err := engine.New(engine.Options{
		Partnership: "p", Key: "CW", Rules: merge.DefaultRules(), Guards: plan.DefaultGuards(), Store: st, Log: quietLog,
		Now: func() time.Time { return now },
		Sources: []*connectors.Source{
			connectors.NewSource(jiraID, "aqua", nil, tools[0]),
			connectors.NewSource(sheetID, "city", nil, tools[1]),
			connectors.NewSource(cardID, "", nil, tools[2]),
		},
	})
	if err != nil {
		b.Fatal(err)
	}
	for range 3 {
		if _, err := e.RunCycle(b.Context(), engine.Mode{}); err != nil {
			b.Fatal(err)
		}
		now = now.Add(time.Minute)
	}
	return e, tools, func(d time.Duration) { now = now.Add(d) }
}

// BenchmarkChangedCycle runs cycles in each of which one of 100,000 tasks was edited: all figures are worked out anew.
func BenchmarkChangedCycle(b *testing.B) {
	e, tools, tick := bigPartnership(b, storetest.NewMemory())
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		n++
		tools[0].Edit(fmt.Sprintf("k%d", n), task.Notes, task.TextValue("edited"))
		r, err := e.RunCycle(b.Context(), engine.Mode{})
		if err != nil || len(r.Patches) != 1 || !r.Board.Differs {
			b.Fatalf("%d patches, board %+v: %v", len(r.Patches), r.Board, err)
		}
		tick(time.Second)
	}
	b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N), "ms/cycle")
}
