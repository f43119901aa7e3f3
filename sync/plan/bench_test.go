package plan_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/lockstep-sync/lockstep/sync/merge"
	"github.com/lockstep-sync/lockstep/sync/plan"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// BenchmarkMergePlan merges and plans 100,000 tasks in three sources, of which 1 % were edited in one. It reports tasks/s,
// and bytes/task: the heap that readings, bases and agreed state of a task take.
func BenchmarkMergePlan(b *testing.B) {
	const n = 100_000
	before := heap()
	tasks := make([]benchTask, n)
	for i := range tasks {
		tasks[i] = newBenchTask(i)
	}
	perTask := float64(heap()-before) / n
	rules := merge.DefaultRules()
	b.ResetTimer()
	for b.Loop() {
		var p plan.Plan
		for i := range tasks {
			t := &tasks[i]
			out := merge.Merge(t.agreed, t.sides[:], rules)
			for k := range t.sides {
				s := &t.sides[k]
				p.Add(t.id, &out.Agreed, &plan.Target{
					Ref: task.Ref{Source: s.Source, Key: string(t.id)}, Now: s.Now, Writes: writesAll, Normalize: shows, Marked: true,
				})
			}
		}
		p.Sort(func(id task.ID) int64 { return int64(len(id)) })
		if want := n / 100 * 2; len(p.Patches) != want {
			b.Fatalf("planned %d patches, want %d: an edit is pushed to the two other sources", len(p.Patches), want)
		}
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "tasks/s")
	b.ReportMetric(perTask, "bytes/task")
}

type benchTask struct {
	id     task.ID
	agreed task.Values
	sides  [3]merge.Side
}

func newBenchTask(i int) benchTask {
	t := benchTask{id: task.ID(fmt.Sprintf("CW-%d", i))}
	t.agreed[task.Title] = task.TextValue(fmt.Sprintf("Task number %d of the partnership", i))
	t.agreed[task.Partner] = task.EnumValue("aquafund")
	t.agreed[task.Status] = task.EnumValue(task.InProgress)
	t.agreed[task.Assignee] = task.PersonValue("Amina Diallo")
	t.agreed[task.Due] = task.DateValue(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, i%365))
	t.agreed[task.Labels] = task.SetValue("water", "ward-3")
	for k, role := range []merge.Role{merge.Owner, merge.Other, merge.Scorecard} {
		t.sides[k] = merge.Side{Source: task.SourceID(fmt.Sprint("source-", k)), Role: role, Base: t.agreed, Now: t.agreed}
	}
	if i%100 == 0 {
		t.sides[i/100%3].Now[task.Due] = task.DateValue(time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC))
	}
	return t
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
