package config

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lockstep-sync/lockstep/sync/scorecard"
	"github.com/lockstep-sync/lockstep/sync/task"
)

func TestWhatWasAgreed(t *testing.T) {
	t.Parallel()
	c, err := Load("testdata/valid/agreed.yaml", func(string) (string, bool) { return "", false })
	if err != nil {
		t.Fatal(err)
	}
	on := func(s string) task.Value {
		v, err := task.Parse(task.Date, s)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	want := Agreed{
		Purpose: "Safe water within 500 metres of every home.", Phase: "Pilot", Target: on("2027-06-30"),
		Workstreams: []scorecard.Workstream{{Name: "Boreholes", Lead: "aquafund", Target: on("2027-01-31")}},
		Milestones: []scorecard.Milestone{
			{ID: "water", Task: "CW-4", Critical: true}, {ID: "tariff", Name: "Tariff in force", Due: on("2026-12-01"), Reached: on("2026-11-30")},
		},
		Gates: []scorecard.Gate{{
			ID: "pilot", Name: "Pilot to roll-out", Date: on("2026-12-10"), Deliverables: []task.ID{"CW-1"}, Deciders: []string{"AquaFund"},
			Criteria: []scorecard.Criterion{{Text: "Water flows", Tasks: []task.ID{"CW-4"}}, {Text: "A third of the homes", Indicator: "homes"}, {Text: "Tariff agreed", Met: true}},
		}},
		Indicators: []scorecard.Indicator{{
			ID: "homes", Name: "homes", Unit: "homes", Baseline: 1200, Target: 6000.5, Actuals: []scorecard.Actual{{Period: "2026-Q3", End: on("2026-09-30"), Value: 1900}},
		}},
	}
	if diff := cmp.Diff(want, c.Partnerships[0].Agreed, cmp.Comparer(func(a, b task.Value) bool { return a == b })); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
