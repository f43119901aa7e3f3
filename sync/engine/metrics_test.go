package engine_test

import (
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/lockstep-sync/lockstep/connectors/memory"
	"github.com/lockstep-sync/lockstep/sync/engine"
	"github.com/lockstep-sync/lockstep/sync/task"
)

func TestMetrics(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewRegistry()
	b := newBench(t)
	b.options.Metrics = engine.NewMetrics(reg, func() time.Time { return b.now })
	b.restart()
	issue := b.jira.Add(titled("Dig a well"))
	b.jira.Edit(issue, task.Due, task.DateValue(b.now.AddDate(0, 0, -3)))
	b.cycle()
	b.sheet.Fail(func(memory.Step, *task.Patch) memory.Effect { return memory.FailBefore })
	b.jira.Edit(issue, task.Status, task.EnumValue(task.Blocked))
	b.cycle()
	want := `
# HELP lockstep_tasks Tasks by partner and status.
# TYPE lockstep_tasks gauge
lockstep_tasks{partner="aqua",partnership="p",status="blocked"} 1
# HELP lockstep_tasks_overdue Tasks that are past their due date and neither done nor cancelled.
# TYPE lockstep_tasks_overdue gauge
lockstep_tasks_overdue{partner="aqua",partnership="p"} 1
# HELP lockstep_source_up 1 if the last attempt to read the source succeeded, else 0.
# TYPE lockstep_source_up gauge
lockstep_source_up{partnership="p",source="aqua-jira"} 1
lockstep_source_up{partnership="p",source="city-sheet"} 0
lockstep_source_up{partnership="p",source="scorecard"} 1
# HELP lockstep_cycles_total Cycles by result: ok, partial (a source sat out or a write went wrong), guarded, failed.
# TYPE lockstep_cycles_total counter
lockstep_cycles_total{partnership="p",result="ok"} 1
lockstep_cycles_total{partnership="p",result="partial"} 1
`
	err := testutil.GatherAndCompare(reg, strings.NewReader(want), "lockstep_tasks", "lockstep_tasks_overdue", "lockstep_source_up", "lockstep_cycles_total")
	if err != nil {
		t.Error(err)
	}
	if problems, err := testutil.GatherAndLint(reg); err != nil || len(problems) > 0 {
		t.Errorf("lint of the metrics: %v %v", problems, err)
	}
}
