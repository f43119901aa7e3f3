package sqlite_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/store/sqlite"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// filling is a first cycle of n tasks in three sources, with the events that it makes.
func filling(tb testing.TB, n int) store.Commit {
	tb.Helper()
	at := time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)
	progress, err := task.NumberValue(0.25)
	if err != nil {
		tb.Fatal(err)
	}
	c := store.Commit{NextID: int64(n) + 1, Cycle: store.Cycle{Started: at, Took: time.Second, Result: "ok", Patches: 2 * n}}
	for i := 1; i <= n; i++ {
		id := task.ID(fmt.Sprintf("CW-%d", i))
		vs := task.Values{
			task.Title:      task.TextValue(fmt.Sprintf("Rehabilitate the borehole at village %d before the long rains", i)),
			task.Partner:    task.EnumValue("aquafund"),
			task.Status:     task.EnumValue(task.InProgress),
			task.Assignee:   task.PersonValue("Amina Diallo"),
			task.Due:        task.DateValue(at.AddDate(0, 0, i%200)),
			task.Start:      task.DateValue(at),
			task.Priority:   task.TextValue("High"),
			task.Progress:   progress,
			task.Workstream: task.TextValue("Infrastructure"),
			task.Labels:     task.SetValue("water", "village", "q3"),
			task.QuickWin:   task.BoolValue(i%5 == 0),
			task.Notes:      task.TextValue("Waiting for the pump; the supplier said \"two weeks\".\nAsk again on Monday."),
		}
		c.Tasks = append(c.Tasks, store.Task{ID: id, Number: int64(i), Agreed: vs, Baseline: vs[task.Due], Created: at, Changed: at})
		c.Events = append(c.Events, store.Event{At: at, Kind: store.EventBorn, Task: id, Source: "jira", Note: vs[task.Title].String()})
		for _, s := range []task.SourceID{"aquafund-jira", "riverton-sheet", "scorecard"} {
			base := vs
			switch s { // not every tool has every field
			case "aquafund-jira":
				base[task.Partner], base[task.QuickWin] = task.Value{}, task.Value{}
			case "riverton-sheet":
				base[task.Start], base[task.Progress], base[task.Labels] = task.Value{}, task.Value{}, task.Value{}
			}
			c.Links = append(c.Links, store.Link{
				Task: id, Source: s, Key: fmt.Sprint(10_000 + i), Name: fmt.Sprintf("row %d", i),
				URL: fmt.Sprintf("https://aquafund.atlassian.net/browse/WASH-%d", i), Base: base, Version: at.UnixMilli(),
			})
		}
	}
	return c
}

func opened(tb testing.TB) *sqlite.Store {
	tb.Helper()
	s, err := sqlite.Open(tb.Context(), filepath.Join(tb.TempDir(), "lockstep.db"), sqlite.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

// BenchmarkFill stores a first cycle of 10,000 tasks with 30,000 links and 10,000 events.
func BenchmarkFill(b *testing.B) {
	s := opened(b)
	c := filling(b, 10_000)
	for i := 0; b.Loop(); i++ {
		if _, err := s.Decide(b.Context(), fmt.Sprintf("p%d", i), c); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkLoad loads 10,000 tasks with 30,000 links.
func BenchmarkLoad(b *testing.B) {
	s := opened(b)
	if _, err := s.Decide(b.Context(), "p", filling(b, 10_000)); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		st, err := s.Load(b.Context(), "p")
		if err != nil || len(st.Links) != 30_000 {
			b.Fatal(len(st.Links), err)
		}
	}
}

// BenchmarkIdle stores a cycle in which nothing happened: three sources were read, 1,000 holds are as they were.
func BenchmarkIdle(b *testing.B) {
	s := opened(b)
	first := filling(b, 10_000)
	for i := range 1000 {
		first.Holds = append(first.Holds, task.Hold{Source: "jira", Key: fmt.Sprint(i), Reason: task.HoldUnmappedStatus, Hint: "map it"})
	}
	at := first.Cycle.Started
	g, err := s.Decide(b.Context(), "p", first)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		at = at.Add(time.Minute)
		c := store.Commit{Generation: g, NextID: first.NextID, Holds: first.Holds, Cycle: store.Cycle{Started: at, Result: "ok"}}
		for _, id := range []task.SourceID{"jira", "scorecard", "sheet"} {
			c.Sources = append(c.Sources, store.Source{ID: id, Cursor: at.String(), LastAttempt: at, LastSuccess: at})
		}
		if g, err = s.Decide(b.Context(), "p", c); err != nil {
			b.Fatal(err)
		}
	}
}
