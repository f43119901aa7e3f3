package scorecard_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lockstep-sync/lockstep/sync/scorecard"
	"github.com/lockstep-sync/lockstep/sync/task"
)

func TestIndicators(t *testing.T) {
	t.Parallel()
	actual := func(end string, v float64) scorecard.Actual {
		return scorecard.Actual{Period: end, End: date(end), Value: v}
	}
	for _, c := range []struct {
		name             string
		baseline, target float64
		actuals          []scorecard.Actual
		progress         float64
		known            bool
	}{
		{"half way", 100, 300, []scorecard.Actual{actual("2025-12-31", 150), actual("2026-02-28", 200)}, 0.5, true},
		{"in any order", 100, 300, []scorecard.Actual{actual("2026-02-28", 200), actual("2025-12-31", 150)}, 0.5, true},
		{"one from the future is not known yet", 100, 300, []scorecard.Actual{actual("2026-03-05", 300), actual("2026-03-04", 200)}, 0.5, true},
		{"less is better", 40, 10, []scorecard.Actual{actual("2026-02-28", 25)}, 0.5, true},
		{"the wrong way", 40, 10, []scorecard.Actual{actual("2026-02-28", 55)}, -0.5, true},
		{"past the target", 0, 10, []scorecard.Actual{actual("2026-02-28", 12)}, 1.2, true},
		{"nothing measured", 0, 10, nil, 0, false},
		{"nothing to reach", 10, 10, []scorecard.Actual{actual("2026-02-28", 12)}, 0, false},
		{"no number", 0, 10, []scorecard.Actual{actual("2026-02-28", math.NaN())}, 0, false},
		{"an endless target", 0, math.Inf(1), []scorecard.Actual{actual("2026-02-28", 5)}, 0, false},
	} {
		in := input()
		in.Indicators = []scorecard.Indicator{{ID: "homes", Baseline: c.baseline, Target: c.target, Actuals: c.actuals}}
		got := scorecard.Compute(in).Indicators[0]
		if math.Abs(got.Progress-c.progress) > 1e-12 || got.Known != c.known {
			t.Errorf("%s: %v, known %v; want %v, %v", c.name, got.Progress, got.Known, c.progress, c.known)
		}
	}
}

func TestGates(t *testing.T) {
	t.Parallel()
	in := input(made(1, doneOn("2026-02-01")), made(2), made(3, status(task.Done), removedOn("2026-02-01")))
	in.Indicators = []scorecard.Indicator{
		{ID: "homes", Name: "Homes served", Baseline: 0, Target: 100, Actuals: []scorecard.Actual{{End: date("2026-02-28"), Value: 100}}},
		{ID: "pumps", Name: "Pumps", Baseline: 0, Target: 100, Actuals: []scorecard.Actual{{End: date("2026-02-28"), Value: 99.9}}},
		{ID: "later", Name: "Later", Target: 1},
	}
	decision := func(at string, o scorecard.Outcome) scorecard.Decision {
		return scorecard.Decision{Outcome: o, At: moment(at), By: []string{"Amina"}, Reason: "so"}
	}
	in.Gates = []scorecard.Gate{
		{
			ID: "pilot", Name: "Pilot", Date: date("2026-03-01"), Deliverables: []task.ID{"CW-1", "CW-2"}, Deciders: []string{"Amina", "Ben"},
			Criteria: []scorecard.Criterion{
				{Text: "Budget signed"},
				{Text: "Site chosen", Met: true},
				{Text: "Design ready", Tasks: []task.ID{"CW-1"}},
				{Text: "Tested", Tasks: []task.ID{"CW-1", "CW-2", "CW-3", "CW-9"}},
				{Text: "Homes", Indicator: "homes"},
				{Text: "Pumps", Indicator: "pumps"},
				{Text: "Later", Indicator: "later"},
				{Text: "Nothing", Indicator: "none"},
			},
			Decisions: []scorecard.Decision{decision("2026-03-05", scorecard.Go), decision("2026-02-20", scorecard.Hold), decision("2026-02-01", scorecard.Kill)},
		},
		{ID: "start", Date: date("2026-01-01"), Decisions: []scorecard.Decision{decision("2026-01-02", scorecard.ConditionalGo)}},
		{ID: "end", Criteria: []scorecard.Criterion{{Text: "Done", Tasks: []task.ID{"CW-1"}}}, Deliverables: []task.ID{"CW-1"}},
	}
	s := scorecard.Compute(in)
	var got []string
	for _, g := range s.Gates {
		outcome := "none"
		if g.Decision != nil {
			outcome = string(g.Decision.Outcome)
		}
		got = append(got, fmt.Sprintf("%s %s open=%v ready=%v overdue=%d met=%s delivered=%s missing=%v", g.Name, outcome, g.Open, g.Ready, g.Overdue, g.Met, g.Delivered, g.Missing))
	}
	want := []string{
		"start conditional_go open=false ready=false overdue=0 met=0 of 0 delivered=0 of 0 missing=[]",
		"Pilot hold open=true ready=false overdue=3 met=3 of 8 delivered=1 of 2 missing=[CW-2]",
		"end none open=true ready=true overdue=0 met=1 of 1 delivered=1 of 1 missing=[]",
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%q\nwant\n%q", got, want)
	}
	var why []string
	for _, k := range s.Gates[1].Criteria {
		why = append(why, fmt.Sprintf("%v: %s", k.Met, k.Why))
	}
	wantWhy := []string{
		"false: not said to be met", "true: said to be met", "true: 1 of 1 task done", "false: 1 of 4 tasks done", "true: Homes served at 100 %",
		"false: Pumps at 99 %", "false: Later is not measured yet", "false: no indicator “none”",
	}
	if fmt.Sprint(why) != fmt.Sprint(wantWhy) {
		t.Errorf("%q\nwant\n%q", why, wantWhy)
	}
}

func TestQuality(t *testing.T) {
	t.Parallel()
	in := input()
	hold := func(s task.SourceID, r task.HoldReason, n int) {
		for range n {
			in.Holds = append(in.Holds, task.Hold{Source: s, Reason: r})
		}
	}
	hold("jira", task.HoldUnmatchedPerson, 3)
	hold("sheet", task.HoldUnreadable, 2)
	hold("jira", task.HoldUnreadable, 1)
	hold("sheet", task.HoldUnmappedStatus, 4)
	hold("sheet", task.HoldUnknownPartner, 1)
	hold("sheet", task.HoldConflict, 5)
	hold("doc", task.HoldNoTitle, 1)
	in.Conflicts = []scorecard.Conflict{
		{Task: "CW-2", Field: task.Due, Opened: moment("2026-03-01")}, {Task: "CW-1", Field: task.Status, Opened: moment("2026-02-01")},
	}
	in.Sources = []scorecard.SourceState{
		{ID: "jira", LastSuccess: noon().Add(-time.Minute), Interval: time.Minute},
		{ID: "sheet", LastSuccess: noon().Add(-time.Hour), Interval: time.Minute},
		{ID: "doc"},
	}
	s := scorecard.Compute(in)
	want := scorecard.Quality{
		UnmatchedPeople: 3, UnreadableCells: 3, UnmappedStatuses: 4, UnknownPartners: 1, HeldConflicts: 2, OldestConflict: moment("2026-02-01"),
		Holds: []scorecard.HoldCount{
			{Source: "doc", Reason: task.HoldNoTitle, Count: 1},
			{Source: "jira", Reason: task.HoldUnmatchedPerson, Count: 3},
			{Source: "jira", Reason: task.HoldUnreadable, Count: 1},
			{Source: "sheet", Reason: task.HoldUnknownPartner, Count: 1},
			{Source: "sheet", Reason: task.HoldUnmappedStatus, Count: 4},
			{Source: "sheet", Reason: task.HoldUnreadable, Count: 2},
		},
		StaleSources: 2, NeverRead: 1, Oldest: "sheet", OldestAge: time.Hour,
	}
	if diff := cmp.Diff(want, s.Quality); diff != "" {
		t.Error(diff)
	}
	if s.Conflicts[0].Task != "CW-1" {
		t.Errorf("conflicts are in the order %v", s.Conflicts)
	}
}
