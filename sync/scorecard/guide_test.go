package scorecard_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lockstep-sync/lockstep/sync/scorecard"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// The example at the end of docs/guides/scorecard-rules.md, with what the guide says of it.
func TestTheExampleOfTheGuide(t *testing.T) {
	t.Parallel()
	pumps, wells := set(task.Workstream, task.TextValue("Pumps")), set(task.Workstream, task.TextValue("Wells"))
	in := input(
		made(1, pumps, due("2026-02-13"), doneOn("2026-02-12")),
		made(2, pumps, due("2026-02-20"), doneOn("2026-02-24")),
		made(3, pumps, due("2026-02-27"), moved("2026-02-25", "2026-03-20")),
		made(4, wells, due("2026-02-23"), becomes("2026-02-20", task.Blocked)),
		made(5, wells, due("2026-03-06"), status(task.NotStarted)),
		made(6, wells, due("2026-04-30"), set(task.Assignee, task.Empty(task.Person))),
	)
	s := scorecard.Compute(in)
	var got []string
	for _, v := range s.Tasks {
		got = append(got, fmt.Sprintf("%s %s (%s)", v.Task.ID, v.Verdict, v.Slip))
	}
	for _, r := range append([]scorecard.Rollup{s.Partnership}, s.Workstreams...) {
		got = append(got, fmt.Sprintf("%q %s, on time %s, commitments %s", r.Name, r.Verdict, r.OnTime, r.Commitments))
	}
	for _, w := range s.Partnership.Weeks {
		if w.Commitments.Whole == 0 || w.Current {
			continue
		}
		line := fmt.Sprintf("%s %s", w.First, w.Commitments)
		for _, m := range w.Misses {
			line += fmt.Sprintf("; %s %s", m.Task.ID, m.Reason)
		}
		got = append(got, line)
	}
	if diff := cmp.Diff([]string{
		"CW-1 done on 12 Feb 2026 ()",
		"CW-2 done on 24 Feb 2026, 4 days later than first agreed ()",
		"CW-3 Green: on track, due in 16 days (moved once, 21 days later than first agreed)",
		"CW-4 Red: overdue by 9 days, tolerance 7; blocked past its due date ()",
		"CW-5 Amber: not started and due in 2 days ()",
		"CW-6 Grey: no owner ()",
		`"" Red: schedule adherence 0.50, below 0.85: 2 of 4, on time 1 of 4, commitments 2 of 5`,
		`"Pumps" Red: schedule adherence 0.66, below 0.85: 2 of 3; the forecast (85 %) is 22 Apr 2026, 54 days past the target of 27 Feb 2026, on time 1 of 3, commitments 2 of 4`,
		`"Wells" Red: schedule adherence 0.00, below 0.85: 0 of 1, on time 0 of 1, commitments 0 of 1`,
		"2026-02-09 1 of 1",
		"2026-02-16 0 of 1; CW-2 in progress, not finished",
		"2026-02-23 1 of 3; CW-3 moved from 27 Feb 2026 to 20 Mar 2026; CW-4 blocked",
	}, got); diff != "" {
		t.Error(diff)
	}
}
