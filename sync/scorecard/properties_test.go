package scorecard_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/lockstep-sync/lockstep/sync/scorecard"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// hostileDates are what a date may be, and near misses.
func hostileDates() *rapid.Generator[task.Value] {
	near := rapid.Map(rapid.IntRange(-40, 40), func(n int) task.Value { return task.DateValue(noon().AddDate(0, 0, n)) })
	odd := rapid.SampledFrom([]task.Value{
		{}, task.Empty(task.Date), date("0001-01-01"), date("9999-12-31"), date("2024-02-29"), task.UnreadableValue("next week-ish"), task.TextValue("soon"),
	})
	return rapid.OneOf(near, near, odd)
}

func hostileTimes() *rapid.Generator[time.Time] {
	near := rapid.Map(rapid.IntRange(-100*24, 100), func(hours int) time.Time { return noon().Add(time.Duration(hours) * time.Hour) })
	odd := rapid.SampledFrom([]time.Time{{}, time.Unix(0, 0), time.Date(9999, 12, 30, 23, 0, 0, 0, time.UTC), time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)})
	return rapid.OneOf(near, near, near, odd)
}

func words(t *rapid.T, label string, of ...string) string {
	return rapid.SampledFrom(of).Draw(t, label)
}

// hostileTasks are tasks of any kind, with histories whose clock jumps.
func hostileTask(t *rapid.T, n int64) scorecard.Task {
	tk := scorecard.Task{
		ID: task.ID(fmt.Sprintf("CW-%d", n)), Number: n, Removed: rapid.IntRange(0, 9).Draw(t, "removed") == 0,
		Created: hostileTimes().Draw(t, "created"), Changed: hostileTimes().Draw(t, "changed"), Baseline: hostileDates().Draw(t, "baseline"),
	}
	value := func(f task.Field) task.Value {
		switch f {
		case task.Status:
			return task.EnumValue(words(t, "status", append(task.Statuses(), "", "waiting")...))
		case task.Partner:
			return task.EnumValue(words(t, "partner", "aquafund", "riverton", "stranger", ""))
		case task.Workstream:
			return task.TextValue(words(t, "workstream", "Pumps", "pumps", "PUMPS ", "Wells", "", "<script>alert(1)</script>", "\u202egnissim"))
		case task.Assignee:
			return task.PersonValue(words(t, "assignee", "Amina", "", "Amina"))
		case task.Due, task.Start:
			return hostileDates().Draw(t, "date")
		case task.QuickWin:
			return task.BoolValue(rapid.Bool().Draw(t, "quick win"))
		case task.Labels:
			return task.SetValue(words(t, "label", "small", "big"))
		default:
			return task.TextValue(words(t, "text", "a", "b"))
		}
	}
	for _, f := range task.AllFields() {
		tk.Agreed[f] = value(f)
	}
	for range rapid.IntRange(0, 5).Draw(t, "events") {
		f := rapid.SampledFrom([]task.Field{task.Due, task.Due, task.Status, task.Status, task.Partner, task.Workstream, task.Notes}).Draw(t, "field")
		kind := rapid.SampledFrom([]scorecard.EventKind{
			scorecard.Decided, scorecard.Decided, scorecard.Decided, scorecard.Settled, scorecard.Removed, scorecard.Restored, scorecard.Born, "odd",
		}).Draw(t, "kind")
		from := tk.Agreed[f]
		if rapid.IntRange(0, 4).Draw(t, "broken chain") == 0 {
			from = value(f)
		}
		e := scorecard.Event{At: hostileTimes().Draw(t, "at"), Kind: kind, Task: tk.ID, Field: f.String(), From: from, To: value(f)}
		tk.Story.Fold(e)
		if kind == scorecard.Decided && rapid.IntRange(0, 9).Draw(t, "lost") > 0 {
			tk.Agreed[f] = e.To
		}
	}
	return tk
}

func hostileInput(t *rapid.T) scorecard.Input {
	in := input()
	in.Now = hostileTimes().Draw(t, "now")
	in.Rules.ForecastTrials = 50
	switch rapid.IntRange(0, 9).Draw(t, "rules") {
	case 0:
		in.Rules = scorecard.Rules{}
	case 1: // whatever somebody wrote into them
		r := &in.Rules
		for i, n := range []*int{
			&r.Tolerance, &r.DueSoon, &r.Moves, &r.Untouched, &r.Period, &r.CommitmentWeeks, &r.ForecastWeeks, &r.ForecastMinimum, &r.ForecastTrials,
			&r.ForecastHorizon, &r.Workstreams, &r.BurnupWeeks, &r.QuickWinDays, &r.SmallDays, &r.StaleIntervals, &r.Ahead,
		} {
			*n = rapid.SampledFrom([]int{-1 << 40, -1, 0, 1, 2, 60}).Draw(t, fmt.Sprint("rule ", i))
		}
		r.FirstDay = time.Weekday(rapid.IntRange(-3, 9).Draw(t, "first day"))
		r.LateFrom = scorecard.Late(words(t, "late from", "", "current", "baseline", "missed", "odd"))
	}
	in.Target, in.Agreement = hostileDates().Draw(t, "target"), hostileDates().Draw(t, "agreement")
	for n := range rapid.IntRange(0, 12).Draw(t, "tasks") {
		in.Tasks = append(in.Tasks, hostileTask(t, int64(n+1)))
	}
	for i := range rapid.IntRange(0, 3).Draw(t, "sources") {
		in.Sources = append(in.Sources, scorecard.SourceState{
			ID: task.SourceID(fmt.Sprint("s", i)), Partner: words(t, "whose", "aquafund", "riverton", ""), Scorecard: rapid.Bool().Draw(t, "scorecard"),
			LastSuccess: hostileTimes().Draw(t, "read"), Interval: rapid.SampledFrom([]time.Duration{-time.Hour, 0, time.Minute, 1 << 62}).Draw(t, "interval"),
		})
	}
	in.Workstreams = []scorecard.Workstream{{Name: "wells", Target: hostileDates().Draw(t, "of wells")}, {Name: "Empty"}}
	for i := range rapid.IntRange(0, 3).Draw(t, "milestones") {
		in.Milestones = append(in.Milestones, scorecard.Milestone{
			ID: fmt.Sprint("m", i), Critical: rapid.Bool().Draw(t, "critical"), Task: task.ID(words(t, "stands for", "", "CW-1", "CW-99")),
			Due: hostileDates().Draw(t, "milestone"), Workstream: words(t, "in", "", "pumps", "Wells"), Partner: words(t, "by", "", "riverton"),
		})
	}
	for i := range rapid.IntRange(0, 2).Draw(t, "gates") {
		in.Gates = append(in.Gates, scorecard.Gate{
			ID: fmt.Sprint("g", i), Date: hostileDates().Draw(t, "gate"), Deliverables: []task.ID{"CW-1"}, Criteria: []scorecard.Criterion{{Tasks: []task.ID{"CW-2"}}},
			Decisions: []scorecard.Decision{
				{Outcome: scorecard.Hold, At: hostileTimes().Draw(t, "decided")}, {Outcome: scorecard.Go, At: hostileTimes().Draw(t, "decided again")},
			},
		})
	}
	for i := range rapid.IntRange(0, 3).Draw(t, "updates") {
		in.Updates = append(in.Updates, scorecard.StatusUpdate{
			At: hostileTimes().Draw(t, "said"), By: fmt.Sprint(i), About: scorecard.Subject{Kind: scorecard.Partnership}, RAG: scorecard.Green,
		})
	}
	return in
}

func same() cmp.Option {
	return cmp.Options{
		cmp.Comparer(func(a, b task.Value) bool { return a == b }),
		cmpopts.IgnoreUnexported(scorecard.Scorecard{}, scorecard.TaskView{}, scorecard.Forecast{}),
	}
}

func TestOrderMakesNoDifference(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := hostileInput(t)
		want := scorecard.Compute(in)
		in.Tasks = rapid.Permutation(in.Tasks).Draw(t, "tasks shuffled")
		in.Sources = rapid.Permutation(in.Sources).Draw(t, "sources shuffled")
		in.Partners = rapid.Permutation(in.Partners).Draw(t, "partners shuffled")
		in.Workstreams = rapid.Permutation(in.Workstreams).Draw(t, "workstreams shuffled")
		in.Milestones = rapid.Permutation(in.Milestones).Draw(t, "milestones shuffled")
		in.Gates = rapid.Permutation(in.Gates).Draw(t, "gates shuffled")
		in.Updates = rapid.Permutation(in.Updates).Draw(t, "updates shuffled")
		if diff := cmp.Diff(want, scorecard.Compute(in), same()); diff != "" {
			t.Fatal(diff)
		}
	})
}

// Whatever comes in, every verdict has a reason in words, what is stale is not green, the counts add up, percentiles do not cross, and
// it can be written as JSON.
func TestEveryScorecardHolds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := scorecard.Compute(hostileInput(t))
		verdict := func(what string, v scorecard.Verdict) {
			if len(v.Reasons) == 0 || v.Reasons[0].RAG != v.RAG && !v.Stale {
				t.Fatalf("%s is %s for %v", what, v.RAG, v.Reasons)
			}
			for _, r := range v.Reasons {
				if r.RAG.Severity() > v.RAG.Severity() {
					t.Fatalf("%s is %s, and a reason calls for %s", what, v.RAG, r.RAG)
				}
				if r.String() == "" || r.String() == string(r.Code) && r.Code != scorecard.IsDone && r.Code != scorecard.IsCancelled {
					t.Fatalf("reason %+v has no words", r)
				}
			}
			if v.Stale && v.RAG == scorecard.Green {
				t.Fatalf("%s is stale and green", what)
			}
		}
		for i := range s.Tasks {
			v := &s.Tasks[i]
			verdict(string(v.Task.ID), v.Verdict)
			if v.Open == (v.Verdict.RAG == scorecard.None) {
				t.Fatalf("%s is open: %v, and %s", v.Task.ID, v.Open, v.Verdict)
			}
		}
		for _, m := range s.Milestones {
			verdict(m.ID, m.Verdict)
		}
		parts := make(map[scorecard.SubjectKind]scorecard.Counts)
		for _, r := range slices.Concat([]scorecard.Rollup{s.Partnership}, s.Partners, s.Workstreams, s.Cells) {
			verdict(fmt.Sprint(r.Subject), r.Verdict)
			verdict(fmt.Sprint(r.Subject), r.OnTimeVerdict)
			c := r.Counts
			if c.Total != c.Open+c.Done+c.Cancelled || c.Open != c.NotStarted+c.InProgress+c.Blocked+c.Other || c.Open != c.Red+c.Amber+c.Grey+c.Green {
				t.Fatalf("%v does not add up: %+v", r.Subject, c)
			}
			parts[r.Subject.Kind] = plus(parts[r.Subject.Kind], c)
			for _, w := range r.Weeks {
				missed := 0
				for _, n := range w.Why {
					missed += n.Count
				}
				if !w.Current && w.Commitments.Whole != w.Commitments.Part+missed || w.Commitments.Part > w.Commitments.Whole {
					t.Fatalf("the week of %s does not add up: %+v", w.First, w)
				}
			}
			if f := r.Forecast; f != nil && f.State == scorecard.ForecastOK {
				days := []string{f.P50.String(), f.P85.String(), f.P95.String()}
				for i := range days {
					if days[i] == "" {
						days[i] = "later"
					}
				}
				if !slices.IsSorted(days) {
					t.Fatalf("percentiles cross: %v", days)
				}
			}
		}
		for kind, sum := range parts {
			if sum != s.Partnership.Counts {
				t.Fatalf("the %s counts make %+v together, and the partnership has %+v", kind, sum, s.Partnership.Counts)
			}
		}
		if _, err := json.Marshal(s); err != nil {
			t.Fatal(err)
		}
		d := scorecard.NewDigest(&s, &s, nil)
		if len(d.NewReds)+len(d.NoLongerRed)+len(d.Changed) != 0 {
			t.Fatalf("nothing happened, and the digest says %+v", d)
		}
	})
}

func plus(a, b scorecard.Counts) scorecard.Counts {
	a.Total, a.Open, a.NotStarted, a.InProgress, a.Blocked = a.Total+b.Total, a.Open+b.Open, a.NotStarted+b.NotStarted, a.InProgress+b.InProgress, a.Blocked+b.Blocked
	a.Other, a.Done, a.Cancelled, a.Red, a.Amber = a.Other+b.Other, a.Done+b.Done, a.Cancelled+b.Cancelled, a.Red+b.Red, a.Amber+b.Amber
	a.Grey, a.Green, a.Overdue, a.Late, a.DueSoon = a.Grey+b.Grey, a.Green+b.Green, a.Overdue+b.Overdue, a.Late+b.Late, a.DueSoon+b.DueSoon
	a.NoDate, a.NoOwner, a.Stale = a.NoDate+b.NoDate, a.NoOwner+b.NoOwner, a.Stale+b.Stale
	return a
}

// More overdue is never greener.
func TestLaterIsNeverGreener(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		tk := made(1, status(words(t, "status", task.NotStarted, task.InProgress, task.Blocked)), changed("2026-03-04"))
		at := rapid.IntRange(-60, 60).Draw(t, "due in")
		nearer := at - rapid.IntRange(0, 60).Draw(t, "nearer by")
		severity := func(days int) int {
			tk.Agreed[task.Due] = task.DateValue(noon().AddDate(0, 0, days))
			tk.Baseline = tk.Agreed[task.Due]
			return scorecard.Compute(input(tk)).Tasks[0].Verdict.RAG.Severity()
		}
		if severity(nearer) < severity(at) {
			t.Fatalf("due in %d days it is greener than in %d", nearer, at)
		}
	})
}

// A task that slipped is never greener than the same task, due on the same day, whose date was never moved; and to move a date that has
// passed never makes anything greener.
func TestSlippedIsNeverGreener(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		day := func(label string, from, to int) task.Value {
			return task.DateValue(noon().AddDate(0, 0, rapid.IntRange(from, to).Draw(t, label)))
		}
		unslipped := made(1, status(words(t, "status", task.NotStarted, task.InProgress, task.Blocked)), changed("2026-03-04"))
		slipped := unslipped
		slipped.Agreed[task.Due] = day("first date", -50, 50)
		slipped.Baseline = slipped.Agreed[task.Due]
		at := moment("2026-01-02")
		for range rapid.IntRange(1, 4).Draw(t, "moves") {
			at = at.AddDate(0, 0, rapid.IntRange(1, 14).Draw(t, "days later"))
			slipped.Agreed, slipped.Story = play(slipped, at, day("moved to", -50, 80))
		}
		unslipped.Agreed[task.Due], unslipped.Baseline = slipped.Agreed[task.Due], slipped.Agreed[task.Due]
		s, u := one2(slipped), one2(unslipped)
		if s.Verdict.RAG.Severity() < u.Verdict.RAG.Severity() {
			t.Fatalf("slipped: %s; unslipped: %s", s.Verdict, u.Verdict)
		}

		redated := slipped
		redated.Agreed, redated.Story = play(slipped, noon(), day("today moved to", 1, 400))
		if r := one2(redated); s.Overdue > 0 && (r.Late < s.Late || s.Verdict.RAG == scorecard.Red && s.Late > 7 && r.Verdict.RAG != scorecard.Red) {
			t.Fatalf("before: %s, late by %d; moved today: %s, late by %d", s.Verdict, s.Late, r.Verdict, r.Late)
		}
	})
}

func play(t scorecard.Task, at time.Time, to task.Value) (task.Values, scorecard.Story) {
	story := scorecard.Story{Changes: slices.Clone(t.Story.Changes), Last: t.Story.Last}
	story.Fold(scorecard.Event{At: at, Kind: scorecard.Decided, Task: t.ID, Field: "due", From: t.Agreed[task.Due], To: to})
	t.Agreed[task.Due] = to
	return t.Agreed, story
}

func one2(t scorecard.Task) scorecard.TaskView { return scorecard.Compute(input(t)).Tasks[0] }

// A week that is over stays what it was, whatever happens after it.
func TestPastWeeksStayWhatTheyWere(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := worlds().Draw(t, "world")
		in := input()
		end := moment("2026-12-31")
		if n := len(w.events); n > 0 {
			end = w.events[n-1].At.AddDate(0, 0, 1)
		}
		cut := rapid.SampledFrom(append([]time.Time{end}, timesOf(w.events)...)).Draw(t, "cut")
		in.Rules.CommitmentWeeks = 60
		in.Now, in.Tasks = cut, scorecard.AsOf(w.tasks, w.events, cut)
		before := scorecard.Compute(in).Partnership.Weeks
		in.Now, in.Tasks = end, w.tasks
		after := scorecard.Compute(in).Partnership.Weeks
		for _, b := range before {
			if b.Current {
				continue
			}
			at := slices.IndexFunc(after, func(a scorecard.Week) bool { return a.First == b.First })
			if at < 0 || after[at].Commitments != b.Commitments || !slices.Equal(after[at].Why, b.Why) || after[at].Unplanned != b.Unplanned {
				t.Fatalf("the week of %s was %+v, and is %+v", b.First, b, after)
			}
		}
	})
}

func timesOf(events []scorecard.Event) []time.Time {
	var out []time.Time
	for _, e := range events {
		out = append(out, e.At)
	}
	return out
}
