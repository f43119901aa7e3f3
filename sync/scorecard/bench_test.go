package scorecard_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/lockstep-sync/lockstep/sync/scorecard"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// large is a partnership of n tasks of 12 partners in 40 workstreams over a year, each with a history of several changes.
func large(n int) (scorecard.Input, []scorecard.Event) {
	draw := rand.New(rand.NewPCG(1, 2))
	in := input()
	in.Target = date("2026-12-31")
	in.Agreement = date("2025-03-01")
	for i := range 12 {
		in.Partners = append(in.Partners, scorecard.Partner{ID: fmt.Sprintf("p%d", i), Name: fmt.Sprintf("Partner %d", i)})
		in.Sources = append(in.Sources, scorecard.SourceState{
			ID: task.SourceID(fmt.Sprintf("p%d-jira", i)), Partner: fmt.Sprintf("p%d", i), LastSuccess: noon(), Interval: time.Minute,
		})
	}
	begin := moment("2025-03-01")
	var events []scorecard.Event
	for i := range n {
		t := made(int64(i+1), set(task.Partner, task.EnumValue(fmt.Sprintf("p%d", draw.IntN(12)))),
			set(task.Workstream, task.TextValue(fmt.Sprintf("Workstream %d", draw.IntN(40)))), status(task.NotStarted))
		born := draw.IntN(300)
		t.Created = begin.AddDate(0, 0, born)
		t.Agreed[task.Due] = task.DateValue(begin.AddDate(0, 0, born+draw.IntN(250)))
		t.Baseline = t.Agreed[task.Due]
		at := t.Created
		tell := func(f task.Field, v task.Value) {
			at = at.Add(time.Duration(1+draw.IntN(40*24)) * time.Hour)
			if at.After(in.Now) {
				return
			}
			e := scorecard.Event{At: at, Kind: scorecard.Decided, Task: t.ID, Field: f.String(), From: t.Agreed[f], To: v, Source: "p1-jira", By: "Ben"}
			t.Story.Fold(e)
			t.Agreed[f], t.Changed = v, at
			events = append(events, e)
		}
		for range draw.IntN(4) {
			tell(task.Due, task.DateValue(begin.AddDate(0, 0, born+draw.IntN(300))))
		}
		tell(task.Status, task.EnumValue(task.InProgress))
		tell(task.Title, task.TextValue("another title"))
		if draw.IntN(3) > 0 {
			tell(task.Status, task.EnumValue(task.Done))
		}
		in.Tasks = append(in.Tasks, t)
	}
	return in, events
}

func BenchmarkCompute(b *testing.B) {
	for _, n := range []int{10_000, 100_000} {
		in, events := large(n)
		b.Run(fmt.Sprintf("%d_tasks_%d_events", n, len(events)), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				scorecard.Compute(in)
			}
		})
	}
}

// Of a daemon's life the stories are folded once, when it starts, and then event by event.
func BenchmarkFold(b *testing.B) {
	_, events := large(100_000)
	b.ReportAllocs()
	for b.Loop() {
		scorecard.Fold(make(map[task.ID]*scorecard.Story), events)
	}
}

func BenchmarkAsOf(b *testing.B) {
	in, events := large(100_000)
	b.ReportAllocs()
	for b.Loop() {
		scorecard.AsOf(in.Tasks, events, moment("2025-12-01"))
	}
}

// Someone mapped a column of free text to the workstream: every task has one of its own.
func BenchmarkEveryTaskInAWorkstreamOfItsOwn(b *testing.B) {
	in, _ := large(100_000)
	for i := range in.Tasks {
		in.Tasks[i].Agreed[task.Workstream] = task.TextValue(fmt.Sprint("about ", i))
	}
	b.ReportAllocs()
	for b.Loop() {
		scorecard.Compute(in)
	}
}
