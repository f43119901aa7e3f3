package scorecard_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lockstep-sync/lockstep/sync/scorecard"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// weekOf returns the week that begins on a day.
func weekOf(t *testing.T, weeks []scorecard.Week, first string) scorecard.Week {
	t.Helper()
	for _, w := range weeks {
		if w.First.String() == first {
			return w
		}
	}
	t.Fatalf("no week begins on %s", first)
	return scorecard.Week{}
}

// The week from Monday 23 February to Sunday 1 March, by hand.
func TestCommitmentsOfAWeek(t *testing.T) {
	t.Parallel()
	inWeek := due("2026-02-27")
	for _, c := range []struct {
		name string
		task scorecard.Task
		want string // "" is no commitment
	}{
		{"kept", made(1, inWeek, doneOn("2026-02-26")), "kept"},
		{"kept in the last minute", made(1, due("2026-03-01"), becomes("2026-03-01 23:59", task.Done)), "kept"},
		{"done a minute too late", made(1, due("2026-03-01"), becomes("2026-03-02 00:00", task.Done)), "in progress, not finished"},
		{"overdue from before", made(1, due("2026-01-10"), doneOn("2026-02-24")), "kept"},
		{"due after it", made(1, due("2026-03-02"), doneOn("2026-02-24")), ""},
		{"done before it", made(1, inWeek, doneOn("2026-02-22")), ""},
		{"cancelled before it", made(1, inWeek, becomes("2026-02-22", task.Cancelled)), ""},
		{"not known before it", made(1, inWeek, created("2026-02-23 00:00"), doneOn("2026-02-26")), ""},
		{"moved in before it", made(1, due("2026-06-01"), moved("2026-02-22", "2026-02-27"), doneOn("2026-02-26")), "kept"},
		{"moved in while it ran", made(1, due("2026-06-01"), moved("2026-02-23", "2026-02-27"), doneOn("2026-02-26")), ""},
		{"moved out before it", made(1, inWeek, moved("2026-02-22", "2026-04-01")), ""},
		{"moved out while it ran", made(1, inWeek, moved("2026-02-24", "2026-04-01")), "moved from 27 Feb 2026 to 1 Apr 2026"},
		{"moved out, and done all the same", made(1, inWeek, moved("2026-02-24", "2026-04-01"), doneOn("2026-02-25")), "kept"},
		{"moved within it", made(1, inWeek, moved("2026-02-24", "2026-03-01")), "in progress, not finished"},
		{"moved after it", made(1, inWeek, moved("2026-03-02", "2026-04-01")), "in progress, not finished"},
		{"taken away", made(1, inWeek, moved("2026-02-24", "")), "the due date of 27 Feb 2026 was taken away"},
		{"blocked", made(1, inWeek, becomes("2026-02-24", task.Blocked)), "blocked"},
		{"blocked and moved", made(1, inWeek, becomes("2026-02-24", task.Blocked), moved("2026-02-25", "2026-03-30")), "moved from 27 Feb 2026 to 30 Mar 2026"},
		{"cancelled", made(1, inWeek, becomes("2026-02-24", task.Cancelled)), "cancelled"},
		{"not started", made(1, inWeek, status(task.NotStarted)), "not started"},
		{"started since", made(1, inWeek, status(task.NotStarted), becomes("2026-03-02", task.InProgress)), "not started"},
		{"done and opened again", made(1, inWeek, doneOn("2026-02-24"), becomes("2026-02-25", task.InProgress)), "in progress, not finished"},
		{"opened again in the next week", made(1, inWeek, doneOn("2026-02-24"), becomes("2026-03-02", task.InProgress)), "kept"},
		{"of a status that is none of the five", made(1, inWeek, status("waiting")), "unknown"},
		{"removed", made(1, inWeek, removedOn("2026-02-24")), "removed"},
		{"removed before it", made(1, inWeek, removedOn("2026-02-20")), ""},
		{"removed and back before it ended", made(1, inWeek, removedOn("2026-02-24"), backOn("2026-02-25"), doneOn("2026-02-26")), "kept"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := weekOf(t, scorecard.Compute(input(c.task)).Partnership.Weeks, "2026-02-23")
			got := ""
			switch {
			case w.Commitments.Whole == 1 && w.Commitments.Part == 1 && len(w.Misses) == 0 && len(w.Why) == 0:
				got = "kept"
			case w.Commitments.Whole == 1 && len(w.Misses) == 1 && len(w.Why) == 1 && w.Why[0].Count == 1:
				got = w.Misses[0].Reason.String()
			case w.Commitments.Whole != 0:
				t.Fatalf("the week is %+v", w)
			}
			if got != c.want {
				t.Errorf("%q; want %q", got, c.want)
			}
		})
	}
}

func removedOn(day string) option { return removal(day, scorecard.Removed) }
func backOn(day string) option    { return removal(day, scorecard.Restored) }

func removal(day string, kind scorecard.EventKind) option {
	return func(t *scorecard.Task) {
		t.Story.Fold(scorecard.Event{At: moment(day), Kind: kind, Task: t.ID})
		t.Removed = kind == scorecard.Removed
	}
}

func TestCommitmentsByWeek(t *testing.T) {
	t.Parallel()
	riverton := set(task.Partner, task.EnumValue("riverton"))
	s := scorecard.Compute(input(
		made(1, due("2026-02-18"), doneOn("2026-02-17")),                                           // promised for the week of 16 February, and kept
		made(2, due("2026-02-18"), doneOn("2026-02-25")),                                           // missed there, kept a week later
		made(3, due("2026-02-26"), riverton, doneOn("2026-02-25")),                                 // kept in the week of 23 February
		made(4, due("2026-06-01"), riverton, doneOn("2026-02-25")),                                 // not promised: counts for nothing
		made(5, due("2026-03-06")),                                                                 // promised for this week, still open
		made(6, due("2026-03-03"), doneOn("2026-03-03")),                                           // and one that is kept already
		made(7, due("2026-02-26"), change("2026-03-02", task.Partner, task.EnumValue("riverton"))), // was AquaFund's then
	))
	line := func(r scorecard.Rollup) string {
		var out []string
		for _, w := range r.Weeks {
			if w.Commitments.Whole > 0 || w.Unplanned > 0 {
				words := fmt.Sprintf("%s %s +%d", w.First, w.Commitments, w.Unplanned)
				if w.Current {
					words += " so far"
				}
				out = append(out, words)
			}
		}
		return strings.Join(out, "; ") + " = " + r.Commitments.String()
	}
	for _, c := range []struct {
		got  scorecard.Rollup
		want string
	}{
		{s.Partnership, "2026-02-16 1 of 2 +0; 2026-02-23 2 of 3 +1; 2026-03-02 1 of 3 +0 so far = 3 of 5"},
		{s.Partners[0], "2026-02-16 1 of 2 +0; 2026-02-23 1 of 2 +0; 2026-03-02 1 of 3 +0 so far = 2 of 4"},
		{s.Partners[1], "2026-02-23 1 of 1 +1 = 1 of 1"},
	} {
		if got := line(c.got); got != c.want {
			t.Errorf("%s: %s\nwant %s", c.got.Subject.Kind, got, c.want)
		}
	}
	if first := s.Partnership.Weeks[0].First.String(); first != "2026-01-05" {
		t.Errorf("the first week is that of %s; want 5 January, the first whose plan is known", first)
	}
	if misses := weekOf(t, s.Partnership.Weeks, "2026-02-23").Misses; len(misses) != 1 || misses[0].Task.ID != "CW-7" || misses[0].Partner != "aquafund" {
		t.Errorf("the misses are %+v", misses)
	}
}

// What happens after a week is over changes nothing in it.
func TestAWeekIsFrozen(t *testing.T) {
	t.Parallel()
	before := weekOf(t, scorecard.Compute(input(made(1, due("2026-02-26")), made(2, due("2026-02-26"), doneOn("2026-02-25")))).Partnership.Weeks, "2026-02-23")
	after := weekOf(t, scorecard.Compute(input(
		made(1, due("2026-02-26"), becomes("2026-03-02", task.Cancelled), removedOn("2026-03-03")),
		made(2, due("2026-02-26"), doneOn("2026-02-25"), becomes("2026-03-02", task.NotStarted), moved("2026-03-03", "2026-09-01")),
		made(3, due("2026-02-26"), created("2026-03-02")),
	)).Partnership.Weeks, "2026-02-23")
	if before.Commitments != after.Commitments || before.Commitments != (scorecard.Ratio{Part: 1, Whole: 2}) {
		t.Errorf("before %v, after %v; want 1 of 2 both times", before.Commitments, after.Commitments)
	}
}

func TestWeeksBeginWhereTheRulesSay(t *testing.T) {
	t.Parallel()
	in := input(made(1))
	in.Rules.FirstDay, in.Rules.CommitmentWeeks = 0, 2
	var got []string
	for _, w := range scorecard.Compute(in).Partnership.Weeks {
		got = append(got, w.First.String()+"/"+w.Last.String())
	}
	if want := "[2026-02-15/2026-02-21 2026-02-22/2026-02-28 2026-03-01/2026-03-07]"; fmt.Sprint(got) != want {
		t.Errorf("%v; want %s", got, want)
	}
}

// Of very many misses the first are told, and all are counted.
func TestOnlySoManyMissesAreTold(t *testing.T) {
	t.Parallel()
	n := scorecard.ToldMost + 1
	s := scorecard.Compute(input(many(1, n, due("2026-01-08"))...))
	w := weekOf(t, s.Partnership.Weeks, "2026-02-23")
	if len(w.Misses) != scorecard.ToldMost || w.Commitments != (scorecard.Ratio{Whole: n}) || w.Why[0].Count != n {
		t.Errorf("%d misses are told, %s kept, %v", len(w.Misses), w.Commitments, w.Why)
	}
	if early := weekOf(t, s.Partnership.Weeks, "2026-01-26"); early.Misses != nil || early.Commitments.Whole != n {
		t.Errorf("of a week before the last %d, %d misses are told", scorecard.ToldWeeks, len(early.Misses))
	}
}
