package scorecard_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/lockstep-sync/lockstep/sync/scorecard"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// Today is 4 March 2026.
func TestTaskRAG(t *testing.T) {
	t.Parallel()
	noDue := func(tk *scorecard.Task) { tk.Agreed[task.Due], tk.Baseline = task.Value{}, task.Value{} }
	noOwner := set(task.Assignee, task.Empty(task.Person))
	for _, c := range []struct {
		name string
		task scorecard.Task
		want string
	}{
		{"on track", made(1), "Green: on track, due in 57 days"},
		{"due today", made(1, due("2026-03-04")), "Green: on track, due today"},
		{"due tomorrow", made(1, due("2026-03-05")), "Green: on track, due tomorrow"},
		{"overdue by a day", made(1, due("2026-03-03")), "Amber: overdue by 1 day, tolerance 7"},
		{"at the end of the tolerance", made(1, due("2026-02-25")), "Amber: overdue by 7 days, tolerance 7"},
		{"beyond tolerance", made(1, due("2026-02-24")), "Red: overdue by 8 days, tolerance 7"},
		{"blocked, due in 7 days", made(1, due("2026-03-11"), status(task.Blocked)), "Red: blocked and due in 7 days"},
		{"blocked, due in 8 days", made(1, due("2026-03-12"), status(task.Blocked)), "Green: on track, due in 8 days"},
		{"blocked, due today", made(1, due("2026-03-04"), status(task.Blocked)), "Red: blocked and due today"},
		{
			"blocked and overdue",
			made(1, due("2026-03-02"), status(task.Blocked)), "Red: blocked past its due date; overdue by 2 days, tolerance 7",
		},
		{"not started, due in 7 days", made(1, due("2026-03-11"), status(task.NotStarted)), "Amber: not started and due in 7 days"},
		{"not started, due in 8 days", made(1, due("2026-03-12"), status(task.NotStarted)), "Green: on track, due in 8 days"},
		{"moved once", made(1, due("2026-04-01"), moved("2026-02-01", "2026-04-20")), "Green: on track, due in 47 days"},
		{
			"moved twice",
			made(1, due("2026-04-01"), moved("2026-02-01", "2026-04-20"), moved("2026-02-20", "2026-04-22")),
			"Amber: due date moved twice, 21 days later than first agreed",
		},
		{
			"moved there and back",
			made(1, due("2026-04-01"), moved("2026-02-01", "2026-04-20"), moved("2026-02-20", "2026-04-01")),
			"Amber: due date moved twice, back where it was first agreed",
		},
		{"untouched for 13 days", made(1, changed("2026-02-19")), "Green: on track, due in 57 days"},
		{"untouched for 14 days", made(1, changed("2026-02-18")), "Amber: in progress and untouched for 14 days"},
		{"not in progress and untouched", made(1, changed("2026-01-02"), status(task.NotStarted)), "Green: on track, due in 57 days"},
		{"no date", made(1, noDue), "Grey: no due date"},
		{"no owner", made(1, noOwner), "Grey: no owner"},
		{"neither", made(1, noDue, noOwner), "Grey: no due date; no owner"},
		{"overdue without an owner", made(1, due("2026-01-04"), noOwner), "Red: overdue by 59 days, tolerance 7; no owner"},
		{"done, nobody knows when", made(1, due("2026-01-04"), status(task.Done)), "done"},
		{"done on its day", made(1, due("2026-02-04"), doneOn("2026-02-04")), "done on 4 Feb 2026"},
		{"done late", made(1, due("2026-02-04"), doneOn("2026-02-08")), "done on 8 Feb 2026, 4 days later than first agreed"},
		{"cancelled", made(1, due("2026-01-04"), status(task.Cancelled)), "cancelled"},
		{
			"missed, then moved",
			made(1, due("2026-02-01"), moved("2026-02-20", "2026-05-01")),
			"Red: missed 1 Feb 2026, since moved to 1 May 2026: late by 31 days, tolerance 7",
		},
		{
			"missed twice, the second time the earlier day",
			made(1, due("2026-02-10"), moved("2026-02-20", "2026-02-05"), moved("2026-03-01", "2026-05-01")),
			"Red: missed 5 Feb 2026, since moved to 1 May 2026: late by 27 days, tolerance 7; due date moved twice, 80 days later than first agreed",
		},
		{
			"missed twice, the first time the earlier day",
			made(1, due("2026-02-10"), moved("2026-02-20", "2026-02-25"), moved("2026-03-01", "2026-05-01")),
			"Red: missed 10 Feb 2026, since moved to 1 May 2026: late by 22 days, tolerance 7; due date moved twice, 80 days later than first agreed",
		},
		{
			"moved while it was done, and opened again",
			made(1, due("2026-02-10"), doneOn("2026-02-08"), moved("2026-02-20", "2026-05-01"), becomes("2026-02-21", task.InProgress)),
			"Green: on track, due in 58 days",
		},
		{
			"moved on its last day",
			made(1, due("2026-02-01"), moved("2026-02-01 23:59", "2026-05-01")),
			"Green: on track, due in 58 days",
		},
		{
			"missed, then taken away",
			made(1, due("2026-02-01"), moved("2026-02-20", "")),
			"Red: missed 1 Feb 2026, since then without a date: late by 31 days, tolerance 7; no due date any more; it was 1 Feb 2026",
		},
		{
			"a mistyped year, put right in the same hour",
			made(1, due("2026-05-01"), moved("2026-02-01 12:00", "2025-05-01"), moved("2026-02-01 12:30", "2026-05-01")),
			"Amber: due date moved twice, back where it was first agreed",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := one(t, c.task).Verdict.String(); got != c.want {
				t.Errorf("%s\nwant %s", got, c.want)
			}
		})
	}
}

func TestLatenessCanBeCountedOtherwise(t *testing.T) {
	t.Parallel()
	tk := made(1, due("2026-02-01"), moved("2026-01-20", "2026-03-01"), moved("2026-03-03", "2026-05-01"))
	for rule, want := range map[scorecard.Late]int{
		scorecard.LateMissed: 3, "": 3, scorecard.LateCurrent: 0, scorecard.LateBaseline: 31,
	} {
		in := input(tk)
		in.Rules.LateFrom = rule
		if got := scorecard.Compute(in).Tasks[0].Late; got != want {
			t.Errorf("from %q: late by %d; want %d", rule, got, want)
		}
	}
}

// 3 March, 22:00 in UTC is already the 4th in Nairobi, and still the 3rd in Lima.
func TestDaysAreThePartnerships(t *testing.T) {
	t.Parallel()
	in := input(made(1, due("2026-03-03")))
	in.Now = time.Date(2026, 3, 3, 22, 0, 0, 0, time.UTC)
	if got := scorecard.Compute(in).Tasks[0].Overdue; got != 1 {
		t.Errorf("in Nairobi overdue by %d; want 1", got)
	}
	in.Location = time.FixedZone("Lima", -5*60*60)
	if got := scorecard.Compute(in).Tasks[0].Overdue; got != 0 {
		t.Errorf("in Lima overdue by %d; want 0", got)
	}
	in.Location = nil
	if got := scorecard.Compute(in).Tasks[0].Overdue; got != 0 {
		t.Errorf("without a zone, in UTC, overdue by %d; want 0", got)
	}
}

func TestSlip(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		task  scorecard.Task
		want  scorecard.Slip
		words string
	}{
		{"stands", made(1), scorecard.Slip{}, ""},
		{
			"later", made(1, due("2026-04-01"), moved("2026-02-01", "2026-04-22")),
			scorecard.Slip{Moves: 1, Days: 21},
			"moved once, 21 days later than first agreed",
		},
		{
			"earlier", made(1, due("2026-04-22"), moved("2026-02-01", "2026-04-01")),
			scorecard.Slip{Moves: 1, Days: -21},
			"moved once, 21 days earlier than first agreed",
		},
		{
			"three times", made(1, due("2026-04-01"), moved("2026-02-01", "2026-04-02"), moved("2026-02-02", "2026-04-10"), moved("2026-02-03", "2026-04-22")),
			scorecard.Slip{Moves: 3, Days: 21},
			"moved 3 times, 21 days later than first agreed",
		},
		{"taken away", made(1, moved("2026-02-01", "")), scorecard.Slip{Dropped: true}, "the date was taken away"},
		{
			"taken away, and another", made(1, due("2026-04-01"), moved("2026-02-01", ""), moved("2026-02-02", "2026-04-02")),
			scorecard.Slip{Moves: 1, Days: 1},
			"moved once, 1 day later than first agreed",
		},
		{
			"taken away and put back", made(1, due("2026-04-01"), moved("2026-02-01", ""), moved("2026-02-02", "2026-04-01")),
			scorecard.Slip{},
			"",
		},
		{
			"a first date is no move",
			made(1, func(tk *scorecard.Task) { tk.Agreed[task.Due], tk.Baseline = task.Value{}, task.Value{} }, moved("2026-02-02", "2026-04-01")),
			scorecard.Slip{},
			"",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			v := one(t, c.task)
			if v.Slip != c.want || v.Slip.String() != c.words {
				t.Errorf("%+v, %q; want %+v, %q", v.Slip, v.Slip, c.want, c.words)
			}
			if n := len(c.task.Story.Moves()); n != c.want.Moves {
				t.Errorf("%d moves are listed; want %d", n, c.want.Moves)
			}
		})
	}
}

func TestReasonsAsJSON(t *testing.T) {
	t.Parallel()
	got, err := json.Marshal(one(t, made(1, due("2026-02-23"))).Verdict)
	want := `{"rag":"red","reasons":[{"code":"overdue","rag":"red","days":9,"limit":7,"to":{"kind":"date","value":"2026-02-23"},` +
		`"words":"overdue by 9 days, tolerance 7"}]}`
	if err != nil || string(got) != want {
		t.Errorf("%s, %v\nwant %s", got, err, want)
	}
}
