package scorecard_test

import (
	"fmt"
	"testing"

	"github.com/lockstep-sync/lockstep/sync/scorecard"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// paced makes tasks of a workstream of which so many were finished in each of the last full weeks, the oldest first, and so many are
// open. The first of them is known from the first of these weeks on.
func paced(from int64, stream string, open int, finished ...int) []scorecard.Task {
	first := moment("2026-03-02 00:00").AddDate(0, 0, -7*len(finished))
	ws := set(task.Workstream, task.TextValue(stream))
	born := func(t *scorecard.Task) { t.Created = first }
	tasks := many(from, open, ws, born)
	for week, n := range finished {
		day := first.AddDate(0, 0, 7*week+2).Format("2006-01-02")
		tasks = append(tasks, many(from+int64(len(tasks)), n, ws, born, doneOn(day))...)
	}
	return tasks
}

// Today is Wednesday 4 March 2026.
func TestForecastByHand(t *testing.T) {
	t.Parallel()
	quarter := []int{0, 5, 0, 0, 0, 9, 0, 0} // every fourth week finishes all that is left
	for _, c := range []struct {
		name  string
		tasks []scorecard.Task
		want  string
	}{
		{"two a week, ten left: five weeks", paced(1, "Pumps", 10, 2, 2, 2, 2, 2, 2, 2, 2), "50 %: 8 Apr 2026, 85 %: 8 Apr 2026, 95 %: 8 Apr 2026"},
		{"two a week, nine left: as long", paced(1, "Pumps", 9, 2, 2, 2, 2, 2, 2, 2, 2), "50 %: 8 Apr 2026, 85 %: 8 Apr 2026, 95 %: 8 Apr 2026"},
		// After k weeks the share that is finished is 1 − 0.75^k: 0.58 after 3, 0.87 after 7, 0.96 after 11.
		{"every fourth week all", paced(1, "Pumps", 5, quarter...), "50 %: 25 Mar 2026, 85 %: 22 Apr 2026, 95 %: 20 May 2026"},
		{"seven weeks", paced(1, "Pumps", 5, 1, 1, 1, 1, 1, 1, 1), "insufficient data: 7 full weeks of history, 8 are needed"},
		{"nothing finished", paced(1, "Pumps", 5, 0, 0, 0, 0, 0, 0, 0, 0), "no forecast: nothing was finished in 8 weeks"},
		{"nothing left", paced(1, "Pumps", 0, 1, 1, 1, 1, 1, 1, 1, 1), "nothing is open"},
		{
			"one in 26 weeks, and a thousand left", paced(1, "Pumps", 1000, append(make([]int, 25), 1)...),
			"50 %: more than 520 weeks away, 85 %: more than 520 weeks away, 95 %: more than 520 weeks away",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			in := input(c.tasks...)
			in.Rules.ForecastTrials = 100_000
			if got := scorecard.Compute(in).Workstreams[0].Forecast.String(); got != c.want {
				t.Errorf("%s\nwant %s", got, c.want)
			}
		})
	}
}

func TestForecastDrawsFromFullWeeksOfItsOwn(t *testing.T) {
	t.Parallel()
	tasks := join(
		paced(1, "Pumps", 3, 1, 0, 2, 0, 1, 0, 2, 0),
		paced(100, "Wells", 1, 0, 0, 0, 0, 3, 0, 0, 0, 0, 1),
		many(200, 5, set(task.Workstream, task.TextValue("Pumps")), doneOn("2026-03-03")), // this week is not over
		many(300, 5, set(task.Workstream, task.TextValue("Pumps")), status(task.Done)),    // when, nobody knows
		many(400, 5, set(task.Workstream, task.TextValue("Pumps")), status(task.Done), created("2026-02-11")),
		many(500, 1, set(task.Workstream, task.TextValue("Pumps")), created("2026-02-11"), doneOn("2026-02-13")), // this one is seen to be finished
	)
	s := scorecard.Compute(input(tasks...))
	for i, want := range []string{"[1 0 2 0 1 1 2 0]", "[0 0 0 0 3 0 0 0 0 1]"} {
		if got := fmt.Sprint(s.Workstreams[i].Forecast.Finished); got != want {
			t.Errorf("%s draws from %s; want %s", s.Workstreams[i].Name, got, want)
		}
	}
}

func TestThePartnershipIsFinishedWhenTheLastWorkstreamIs(t *testing.T) {
	t.Parallel()
	slow, quick := paced(1, "Slow", 10, 1, 1, 1, 1, 1, 1, 1, 1), paced(100, "Quick", 10, 5, 5, 5, 5, 5, 5, 5, 5)
	s := scorecard.Compute(input(join(slow, quick)...))
	if got, want := s.Partnership.Forecast.String(), s.Workstreams[1].Forecast.String(); got != want || s.Partnership.Forecast.Remaining != 20 {
		t.Errorf("%s, %d left; want that of the slower: %s", got, s.Partnership.Forecast.Remaining, want)
	}
	s = scorecard.Compute(input(join(slow, paced(200, "New", 1, 1), paced(300, "", 1, 1))...))
	if got, want := s.Partnership.Forecast.String(), "insufficient data: New and tasks without a workstream"; got != want {
		t.Errorf("%s; want %s", got, want)
	}
	s = scorecard.Compute(input(join(slow, paced(200, "Stuck", 1, make([]int, 9)...))...))
	if got, want := s.Partnership.Forecast.String(), "no forecast: nothing was finished in Stuck"; got != want {
		t.Errorf("%s; want %s", got, want)
	}
}

func TestAForecastPastTheTargetIsAmber(t *testing.T) {
	t.Parallel()
	in := input(paced(1, "Pumps", 10, 2, 2, 2, 2, 2, 2, 2, 2)...) // finished on 8 April
	for _, c := range []struct{ target, want string }{
		{"2026-04-08", "Green: schedule adherence 1.00: 16 of 16"},
		{"2026-04-07", "Amber: the forecast (85 %) is 8 Apr 2026, 1 day past the target of 7 Apr 2026; schedule adherence 1.00: 16 of 16"},
	} {
		for i := range in.Tasks {
			if in.Tasks[i].Agreed[task.Status].String() == task.Done {
				in.Tasks[i].Baseline = date("2026-03-03") // all that is done was to be done by now
			}
		}
		in.Target = date(c.target)
		in.Workstreams = []scorecard.Workstream{{Name: "pumps", Target: date(c.target)}}
		s := scorecard.Compute(in)
		for _, r := range []scorecard.Rollup{s.Partnership, s.Workstreams[0]} {
			if got := r.Verdict.String(); got != c.want {
				t.Errorf("%s, target %s: %s\nwant %s", r.Subject.Kind, c.target, got, c.want)
			}
		}
		if v := s.Partners[0].Verdict; v.RAG != scorecard.Green {
			t.Errorf("a partner has no forecast, and is %s", v)
		}
	}
	in.Target, in.Workstreams = task.Value{}, nil
	in.Tasks = paced(1, "Pumps", 60, 2, 2, 2, 2, 2, 2, 2, 2) // due on 30 April, forecast for 30 September
	r := scorecard.Compute(in).Partnership
	if !r.TargetIsBaseline || r.Target != date("2026-04-30") || r.Verdict.Reasons[0].Code != scorecard.ForecastLate {
		t.Errorf("without an agreed target: %s, target %s", r.Verdict, r.Target)
	}
}

func TestBurnup(t *testing.T) {
	t.Parallel()
	s := scorecard.Compute(input(
		made(1, created("2026-02-11"), doneOn("2026-02-20")),
		made(2, created("2026-02-11"), doneOn("2026-02-17"), becomes("2026-02-24", task.InProgress)),
		made(3, created("2026-02-18")),
		made(4, created("2026-02-18"), becomes("2026-02-25", task.Cancelled)),
		made(5, created("2026-02-18"), removedOn("2026-02-24"), backOn("2026-03-03")),
		made(6, created("2026-03-03"), status(task.Done)),
	))
	var got []string
	for _, p := range s.Partnership.Burnup {
		got = append(got, fmt.Sprintf("%s %d/%d", p.Day, p.Done, p.Scope))
	}
	want := "[2026-02-16 0/2 2026-02-23 2/5 2026-03-02 1/3 2026-03-04 2/5]"
	if fmt.Sprint(got) != want {
		t.Errorf("%v\nwant %s", got, want)
	}
}
