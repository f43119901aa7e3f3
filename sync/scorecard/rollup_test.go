package scorecard_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/lockstep-sync/lockstep/sync/scorecard"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// many makes n tasks, numbered from a number on.
func many(from int64, n int, options ...option) []scorecard.Task {
	var out []scorecard.Task
	for i := range n {
		out = append(out, made(from+int64(i), options...))
	}
	return out
}

func doneOn(day string) option { return becomes(day, task.Done) }

func join(groups ...[]scorecard.Task) []scorecard.Task {
	var out []scorecard.Task
	for _, g := range groups {
		out = append(out, g...)
	}
	return out
}

func TestScheduleAdherence(t *testing.T) {
	t.Parallel()
	noDue := func(tk *scorecard.Task) { tk.Agreed[task.Due], tk.Baseline = task.Value{}, task.Value{} }
	past, ahead := due("2026-02-10"), due("2026-05-10")
	for _, c := range []struct {
		name  string
		tasks []scorecard.Task
		want  scorecard.Ratio
		words string
	}{
		{"nothing", nil, scorecard.Ratio{}, "no tasks"},
		{"nothing due yet", many(1, 3, ahead), scorecard.Ratio{}, "Green: nothing was to be finished by now"},
		{
			"17 of 20 is not below 0.85", join(many(1, 17, past, doneOn("2026-02-01")), many(18, 3, past)),
			scorecard.Ratio{Part: 17, Whole: 20},
			"Amber: schedule adherence 0.85, below 0.95: 17 of 20",
		},
		{
			"16 of 20", join(many(1, 16, past, doneOn("2026-02-01")), many(18, 4, past)),
			scorecard.Ratio{Part: 16, Whole: 20},
			"Red: schedule adherence 0.80, below 0.85: 16 of 20",
		},
		{
			"19 of 20", join(many(1, 19, past, doneOn("2026-02-01")), many(20, 1, past)),
			scorecard.Ratio{Part: 19, Whole: 20},
			"Green: schedule adherence 0.95: 19 of 20",
		},
		{
			"finished ahead of the plan makes up", join(many(1, 1, past), many(2, 1, ahead, doneOn("2026-02-01"))),
			scorecard.Ratio{Part: 1, Whole: 1},
			"Green: schedule adherence 1.00: 1 of 1",
		},
		{
			"done without a baseline counts above and below", join(many(1, 2, past), many(3, 2, noDue, doneOn("2026-02-01"))),
			scorecard.Ratio{Part: 2, Whole: 4},
			"Red: schedule adherence 0.50, below 0.85: 2 of 4",
		},
		{
			"cancelled is not in the plan", join(many(1, 1, past, doneOn("2026-02-01")), many(2, 5, past, status(task.Cancelled))),
			scorecard.Ratio{Part: 1, Whole: 1},
			"Green: all done: 1 task; schedule adherence 1.00: 1 of 1",
		},
		{
			"a moved date does not take it out", many(1, 1, past, moved("2026-02-01", "2026-08-01")),
			scorecard.Ratio{Part: 0, Whole: 1},
			"Red: schedule adherence 0.00, below 0.85: 0 of 1",
		},
		{"today is not over", many(1, 1, due("2026-03-04")), scorecard.Ratio{}, "Green: nothing was to be finished by now"},
		{"no dates at all", many(1, 2, noDue), scorecard.Ratio{}, "Grey: no open task has an agreed date; nothing was to be finished by now"},
		{
			"removed tasks are not there", many(1, 2, past, func(tk *scorecard.Task) { tk.Removed = true }), scorecard.Ratio{}, "no tasks",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			in := input(c.tasks...)
			in.Rules.TargetFromBaseline = false // of the forecast another test tells
			r := scorecard.Compute(in).Partnership
			if r.Adherence != c.want || r.Verdict.String() != c.words {
				t.Errorf("%v, %s\nwant %v, %s", r.Adherence, r.Verdict, c.want, c.words)
			}
		})
	}
}

func TestOnTimeRate(t *testing.T) {
	t.Parallel()
	// The period is the 90 days up to yesterday: 4 December 2025 to 3 March 2026.
	early := created("2025-06-01")
	tasks := join(
		many(1, 1, early, due("2026-02-10"), doneOn("2026-02-10 23:59")), // on its day
		many(2, 1, early, due("2026-02-10"), doneOn("2026-02-11 00:01")), // a minute late
		many(3, 1, early, due("2026-02-10")),                             // not done
		many(4, 1, early, due("2025-12-04"), doneOn("2025-11-01")),       // the first day of the period
		many(5, 1, early, due("2025-12-03"), doneOn("2025-11-01")),       // the day before it
		many(6, 1, early, due("2026-03-03")),                             // the last day of it
		many(7, 1, early, due("2026-03-04")),                             // today is not over
		many(8, 1, early, due("2026-02-10"), status(task.Done)),          // came to us done: nobody knows when
		many(9, 1, early, due("2026-02-10"), status(task.Cancelled)),
		many(10, 1, early, due("2026-02-10"), moved("2026-02-01", "2026-02-20"), doneOn("2026-02-15")), // on today's date, not on the first
	)
	r := scorecard.Compute(input(tasks...)).Partnership
	if want := (scorecard.Ratio{Part: 2, Whole: 6}); r.OnTime != want {
		t.Errorf("on-time rate %v; want %v", r.OnTime, want)
	}
	if got, want := r.OnTimeVerdict.String(), "Red: on-time rate 33 %, below 60 %: 2 of 6"; got != want {
		t.Errorf("%s; want %s", got, want)
	}
	for late, want := range map[int]scorecard.RAG{8: scorecard.Green, 9: scorecard.Amber, 16: scorecard.Amber, 17: scorecard.Red} {
		n := 40
		tasks := join(many(1, n-late, due("2026-02-10"), doneOn("2026-02-01")), many(int64(n), late, due("2026-02-10")))
		if got := scorecard.Compute(input(tasks...)).Partnership.OnTimeVerdict; got.RAG != want {
			t.Errorf("%d of %d late is %s; want %s", late, n, got, want)
		}
	}
}

func TestGroups(t *testing.T) {
	t.Parallel()
	ws := func(name string) option { return set(task.Workstream, task.TextValue(name)) }
	riverton := set(task.Partner, task.EnumValue("riverton"))
	in := input(
		made(1, ws("Pumps"), due("2026-02-01")),
		made(2, ws("pumps "), riverton),
		made(3, ws("Pumps")),
		made(4, riverton),
		made(5, ws("Training"), set(task.Partner, task.EnumValue("stranger"))),
	)
	in.Workstreams = []scorecard.Workstream{{Name: "Water quality", Lead: "riverton"}}
	s := scorecard.Compute(in)
	var got []string
	for _, rs := range [][]scorecard.Rollup{s.Partners, s.Workstreams, s.Cells} {
		for _, r := range rs {
			got = append(got, fmt.Sprintf("%s %q/%q %d %s", r.Subject.Kind, r.Subject.Partner, r.Subject.Workstream, r.Counts.Total, r.Verdict.RAG))
		}
	}
	want := []string{
		`partner "aquafund"/"" 2 red`, `partner "riverton"/"" 2 green`, `partner "stranger"/"" 1 green`,
		`workstream ""/"Pumps" 3 red`, `workstream ""/"Training" 1 green`, `workstream ""/"Water quality" 0 none`, `workstream ""/"" 1 green`,
		`partner_workstream "aquafund"/"Pumps" 2 red`, `partner_workstream "riverton"/"Pumps" 1 green`,
		`partner_workstream "riverton"/"" 1 green`, `partner_workstream "stranger"/"Training" 1 green`,
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("groups\n%q\nwant\n%q", got, want)
	}
}

// One workstream has one name, however tasks write it.
func TestSpellingsOfAWorkstream(t *testing.T) {
	t.Parallel()
	ws := func(name string) option { return set(task.Workstream, task.TextValue(name)) }
	for _, c := range []struct {
		name       string
		spellings  []string
		configured string
		want       string
	}{
		{"the most frequent", []string{"WELLS", "wells", "wells"}, "", "wells"},
		{"of equals the first in the alphabet", []string{"wells", "Wells", "wells", "Wells"}, "", "Wells"},
		{"blanks", []string{"Deep  wells", "deep wells", "deep wells"}, "", "deep wells"},
		{"the configuration's", []string{"wells", "wells"}, "Wells", "Wells"},
	} {
		in := input()
		for i, s := range c.spellings {
			in.Tasks = append(in.Tasks, made(int64(i+1), ws(s)))
		}
		if c.configured != "" {
			in.Workstreams = []scorecard.Workstream{{Name: c.configured}, {Name: c.configured + " "}}
		}
		s := scorecard.Compute(in)
		if len(s.Workstreams) != 1 || s.Workstreams[0].Name != c.want || s.Workstreams[0].Counts.Total != len(c.spellings) {
			t.Errorf("%s: %+v; want %q", c.name, s.Workstreams, c.want)
		}
	}
}

// Where every task has a workstream of its own, only the largest are followed week by week; all are counted.
func TestTooManyWorkstreams(t *testing.T) {
	t.Parallel()
	in := input(join(paced(1, "Big", 2, 1, 1, 1, 1, 1, 1, 1, 1), paced(50, "Bigger", 4, 1, 1, 1, 1, 1, 1, 1, 1), paced(90, "Small", 1, 1))...)
	in.Rules.Workstreams = 2
	s := scorecard.Compute(in)
	for i, want := range []scorecard.ForecastState{scorecard.ForecastOK, scorecard.ForecastOK, scorecard.NotFollowed} {
		r := s.Workstreams[i]
		if r.Forecast.State != want || (len(r.Burnup) > 0) != (want == scorecard.ForecastOK) || r.Counts.Open == 0 {
			t.Errorf("%s: %s, %d points", r.Name, r.Forecast, len(r.Burnup))
		}
	}
	if s.Partnership.Forecast.State != scorecard.NotFollowed || s.Partnership.Counts.Open != 7 || len(s.Partnership.Burnup) == 0 {
		t.Errorf("the partnership: %s", s.Partnership.Forecast)
	}
	in.Workstreams = []scorecard.Workstream{{Name: "Small"}}
	if f := scorecard.Compute(in).Workstreams[2].Forecast; f.State == scorecard.NotFollowed {
		t.Error("a workstream of the configuration is not followed")
	}
}

func TestACriticalMilestoneThatIsRedMakesItsGroupsRed(t *testing.T) {
	t.Parallel()
	red := made(1, due("2026-02-01"), set(task.Title, task.TextValue("Well opened")), set(task.Workstream, task.TextValue("Wells")))
	in := input(join([]scorecard.Task{red}, many(10, 30, due("2026-02-01"), doneOn("2026-01-20")))...)
	in.Milestones = []scorecard.Milestone{{ID: "opening", Task: "CW-1"}}
	if got := scorecard.Compute(in).Partnership.Verdict.RAG; got != scorecard.Green {
		t.Errorf("with a red milestone that is not critical: %s; want green", got)
	}
	in.Milestones[0].Critical = true
	s := scorecard.Compute(in)
	if got, want := s.Partnership.Verdict.String(), "Red: the critical milestone “Well opened” is red; schedule adherence 0.96: 30 of 31"; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	for _, r := range append(s.Partners, s.Workstreams...) {
		has := r.Subject.Partner == "aquafund" || r.Subject.Workstream == "Wells"
		if (r.Verdict.RAG == scorecard.Red) != has {
			t.Errorf("%v is %s", r.Subject, r.Verdict)
		}
	}
	if m := s.Milestones[0]; m.Name != "Well opened" || m.Verdict.RAG != scorecard.Red || m.Workstream != "Wells" {
		t.Errorf("the milestone is %+v", m)
	}
}

func TestMilestonesWithoutATask(t *testing.T) {
	t.Parallel()
	in := input()
	in.Milestones = []scorecard.Milestone{
		{ID: "c", Name: "Far", Due: date("2026-06-01")},
		{ID: "a", Name: "Late", Due: date("2026-02-24")},
		{ID: "b", Name: "A little late", Due: date("2026-02-25")},
		{ID: "d", Name: "Undated"},
		{ID: "e", Name: "Behind us", Due: date("2026-02-20"), Reached: date("2026-02-19")},
		{ID: "f", Name: "Of a task that is not there", Task: "CW-99", Due: date("2026-03-05")},
	}
	want := []string{
		"Behind us: done", "Late: Red: overdue by 8 days, tolerance 7", "A little late: Amber: overdue by 7 days, tolerance 7",
		"Of a task that is not there: Green: on track, due tomorrow", "Far: Green: on track, due in 89 days", "Undated: Grey: no due date",
	}
	var got []string
	for _, m := range scorecard.Compute(in).Milestones {
		got = append(got, m.Name+": "+m.Verdict.String())
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%q\nwant\n%q", got, want)
	}
}

func TestDeclaredStandsBesideComputed(t *testing.T) {
	t.Parallel()
	in := input(made(1, due("2026-02-01")))
	whole := scorecard.Subject{Kind: scorecard.Partnership}
	in.Updates = []scorecard.StatusUpdate{
		{At: moment("2026-03-01"), By: "Amina", About: whole, RAG: scorecard.Green, Words: "All is well"},
		{At: moment("2026-02-01"), By: "Ben", About: whole, RAG: scorecard.Red, Words: "Pumps are late"},
		{At: moment("2026-03-05"), By: "Ben", About: whole, RAG: scorecard.Red, Words: "said tomorrow"},
		{At: moment("2026-03-01"), By: "Ben", About: scorecard.Subject{Kind: scorecard.OfTask, Task: "CW-1"}, RAG: scorecard.Red, Words: "late"},
	}
	s := scorecard.Compute(in)
	r := s.Partnership
	if r.Declared == nil || r.Declared.Words != "All is well" || r.Verdict.RAG != scorecard.Red || !r.Disagrees {
		t.Errorf("declared %+v, computed %s, disagreement %v", r.Declared, r.Verdict, r.Disagrees)
	}
	if d := s.Tasks[0].Declared; d == nil || d.Words != "late" {
		t.Errorf("of the task is declared %+v", d)
	}
	if s.Partners[0].Declared != nil || s.Partners[0].Disagrees {
		t.Error("of the partner nobody declared anything")
	}
}

func TestStaleIsNeverGreen(t *testing.T) {
	t.Parallel()
	at := noon()
	source := func(id, partner string, last time.Time) scorecard.SourceState {
		return scorecard.SourceState{ID: task.SourceID(id), Partner: partner, LastSuccess: last, Interval: time.Minute}
	}
	in := input(
		made(1), made(2, due("2026-02-01")), made(3, set(task.Partner, task.EnumValue("riverton"))),
		made(4, set(task.Partner, task.EnumValue("guest"))),
		made(5, set(task.Partner, task.EnumValue("twice")), func(t *scorecard.Task) { t.Sources = []task.SourceID{"twice-b", "score"} }),
	)
	in.Sources = []scorecard.SourceState{
		source("jira", "aquafund", at.Add(-5*time.Hour)),
		source("sheet", "riverton", at.Add(-3*time.Minute)),
		{ID: "score", Scorecard: true, Interval: time.Minute},
		source("twice-a", "twice", time.Time{}),
		source("twice-b", "twice", at.Add(time.Hour)), // a clock that jumped back
	}
	s := scorecard.Compute(in)
	for i, want := range []string{
		"Grey: jira was last read on 4 Mar 2026 at 07:00; on track, due in 57 days",
		"Red: overdue by 31 days, tolerance 7; jira was last read on 4 Mar 2026 at 07:00",
		"Green: on track, due in 57 days",
		"Grey: score was never read; on track, due in 57 days",
		"Green: on track, due in 57 days",
	} {
		v := s.Tasks[i].Verdict
		if v.String() != want || v.Stale != (i == 0 || i == 1 || i == 3) {
			t.Errorf("CW-%d: %s, stale %v\nwant %s", i+1, v, v.Stale, want)
		}
	}
	if got := s.Partnership.Counts.Stale; got != 3 {
		t.Errorf("%d tasks are counted as stale; want 3", got)
	}
	for _, r := range append(append([]scorecard.Rollup{s.Partnership}, s.Partners...), s.Cells...) {
		if r.Verdict.Stale && r.Verdict.RAG == scorecard.Green {
			t.Errorf("%v is stale and green", r.Subject)
		}
	}
}

func TestFreshness(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		age, interval time.Duration
		stale         bool
	}{
		{3 * time.Minute, time.Minute, false},
		{3*time.Minute + time.Second, time.Minute, true},
		{20 * time.Second, time.Second, false}, // the floor
		{21 * time.Second, time.Second, true},
		{-time.Hour, time.Minute, false},
	} {
		in := input()
		in.Sources = []scorecard.SourceState{{ID: "a", LastSuccess: noon().Add(-c.age), Interval: c.interval}}
		got := scorecard.Compute(in).Sources[0]
		if got.Stale != c.stale || got.Age != max(0, c.age) {
			t.Errorf("%v old, read every %v: stale %v, age %v", c.age, c.interval, got.Stale, got.Age)
		}
	}
}

func TestQuickWins(t *testing.T) {
	t.Parallel()
	small := set(task.Labels, task.SetValue("Small"))
	for _, c := range []struct {
		name string
		task scorecard.Task
		want bool
	}{
		{"flagged", made(1, set(task.QuickWin, task.BoolValue(true))), true},
		{"small, on the last of 90 days", made(1, small, due("2026-03-31")), true},
		{"small, a day later", made(1, small, due("2026-04-01")), false},
		{"small, before the agreement", made(1, small, due("2025-12-30")), false},
		{"not small", made(1, due("2026-03-31")), false},
		{"planned for 14 days", made(1, due("2026-03-31"), set(task.Start, date("2026-03-17"))), true},
		{"planned for 15 days", made(1, due("2026-03-31"), set(task.Start, date("2026-03-16"))), false},
		{"a slip does not take it off", made(1, small, due("2026-03-31"), moved("2026-02-01", "2026-06-01")), true},
		{"not ticked is not a no", made(1, small, due("2026-03-31"), set(task.QuickWin, task.BoolValue(false))), true},
		{"done", made(1, set(task.QuickWin, task.BoolValue(true)), status(task.Done)), true},
	} {
		in := input(c.task)
		in.Agreement = date("2025-12-31")
		s := scorecard.Compute(in)
		if s.Tasks[0].QuickWin != c.want || (len(s.QuickWins) == 1) != c.want {
			t.Errorf("%s: %v; want %v", c.name, s.Tasks[0].QuickWin, c.want)
		}
	}
}
