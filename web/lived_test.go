package web

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/lockstep-sync/lockstep/sync/scorecard"
	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/task"
	"github.com/lockstep-sync/lockstep/sync/view"
)

// workstreams are what the seeded tasks belong to, by what their titles speak of.
func workstreamOf(i int) string { return []string{"Boreholes", "Networks", "People", "Policy"}[i%4] }

// lived is the seeded partnership with sixteen weeks behind it: tasks that were finished early, in time or late, dates that were moved,
// a gate that was decided, and people who said how it goes.
func lived(tb testing.TB) *fakeStore {
	tb.Helper()
	f := seeded()
	slices.Reverse(f.events)
	var past []store.Event
	tell := func(e store.Event) { past = append(past, e) }
	n := int64(len(f.state.Tasks))
	partners := []string{"aquafund", "riverton", "hydrotech", "ministry"}
	for i := range 60 {
		n++
		born := noon.AddDate(0, 0, -112).Add(time.Duration(i%7) * time.Hour)
		due := noon.AddDate(0, 0, -108+i*105/60)
		done := due.AddDate(0, 0, i%9-5)
		t := store.Task{ID: task.ID(fmt.Sprintf("CW-%d", n)), Number: n, Baseline: task.DateValue(due), Created: born, Changed: done}
		t.Agreed[task.Title], t.Agreed[task.Partner] = task.TextValue(fmt.Sprintf("Inspect well %d", i+1)), task.EnumValue(partners[i%4])
		t.Agreed[task.Due], t.Agreed[task.Status] = task.DateValue(due), task.EnumValue(task.Done)
		t.Agreed[task.Assignee], t.Agreed[task.Workstream] = task.PersonValue("Joseph Kamau"), task.TextValue(workstreamOf(i))
		tell(store.Event{At: born, Kind: store.EventBorn, Task: t.ID, Source: "scorecard", Note: t.Agreed[task.Title].String()})
		if i%6 == 5 {
			first := due.AddDate(0, 0, -10)
			t.Baseline = task.DateValue(first)
			tell(store.Event{
				At: first.AddDate(0, 0, -1), Kind: store.EventDecided, Task: t.ID, Field: "due", Source: "scorecard", From: t.Baseline, To: t.Agreed[task.Due], By: "Sarah Achieng",
			})
		}
		tell(store.Event{
			At: done.AddDate(0, 0, -3), Kind: store.EventDecided, Task: t.ID, Field: "status", Source: "riverton-sheet", From: task.EnumValue(task.NotStarted),
			To: task.EnumValue(task.InProgress), By: "Joseph Kamau",
		})
		if !done.Before(noon) {
			t.Agreed[task.Status], t.Changed = task.EnumValue(task.InProgress), done.AddDate(0, 0, -3)
		} else {
			tell(store.Event{
				At: done, Kind: store.EventDecided, Task: t.ID, Field: "status", Source: "riverton-sheet", From: task.EnumValue(task.InProgress),
				To: task.EnumValue(task.Done), By: "Joseph Kamau",
			})
		}
		f.state.Tasks = append(f.state.Tasks, t)
		f.state.Links = append(f.state.Links, store.Link{Task: t.ID, Source: "scorecard", Name: fmt.Sprintf("row %d", n+1)})
	}
	for i := range f.state.Tasks[:len(seedLines)] {
		t := &f.state.Tasks[i]
		t.Created, t.Changed = noon.AddDate(0, 0, -60), noon.AddDate(0, 0, -i%20)
		t.Agreed[task.Workstream] = task.TextValue(workstreamOf(i))
		if i%6 == 1 {
			t.Agreed[task.QuickWin] = task.BoolValue(true)
		}
	}
	record := func(e store.Event, err error) {
		if err != nil {
			tb.Fatal(err)
		}
		tell(e)
	}
	record(view.GateEvent("design", scorecard.Decision{
		Outcome: scorecard.ConditionalGo, At: noon.AddDate(0, 0, -40), By: []string{"AquaFund", "City of Riverton"}, Reason: "Go, once the tariff is voted on.",
	}, "Amina Diallo"))
	record(view.UpdateEvent(scorecard.StatusUpdate{
		At: noon.AddDate(0, 0, -3), By: "Amina Diallo", About: scorecard.Subject{Kind: scorecard.Partnership}, RAG: scorecard.Green, Words: "On course: the pumps are through customs next week.",
	}))
	slices.SortStableFunc(past, func(a, b store.Event) int { return a.At.Compare(b.At) })
	f.events = append(past, f.events...)
	for i := range f.events {
		f.events[i].ID = int64(i + 1)
	}
	slices.Reverse(f.events)
	return f
}

// agreed is what the seeded partnership has agreed on beside its tasks.
func agreed(p view.Partnership) view.Partnership {
	p.Purpose, p.Phase = "Safe water within 500 metres of every home in the four wards by 2027.", "Pilot"
	p.Agreement, p.Target = dateIn(-112), dateIn(120)
	p.Workstreams = []scorecard.Workstream{{Name: "Boreholes", Lead: "aquafund", Target: dateIn(60)}, {Name: "Networks", Lead: "riverton"}}
	p.Milestones = []scorecard.Milestone{
		{ID: "first-water", Name: "First water at Mlima school", Workstream: "Boreholes", Critical: true, Task: "CW-2"},
		{ID: "tariff", Name: "Tariff in force", Workstream: "Policy", Due: dateIn(60)},
		{ID: "baseline", Name: "Baseline known", Due: dateIn(-30), Reached: dateIn(-28)},
	}
	p.Gates = []scorecard.Gate{
		{ID: "design", Name: "Design review", Date: dateIn(-42), Criteria: []scorecard.Criterion{{Text: "Sites agreed", Met: true}}, Deciders: []string{"AquaFund", "City of Riverton"}},
		{
			ID: "pilot", Name: "Pilot to roll-out", Date: dateIn(10), Deciders: []string{"AquaFund", "City of Riverton", "HydroTech Ltd"}, Deliverables: []task.ID{"CW-11", "CW-5"},
			Criteria: []scorecard.Criterion{{Text: "Two boreholes give water", Tasks: []task.ID{"CW-11", "CW-18"}}, {Text: "A third of the homes are reached", Indicator: "homes"}, {Text: "Tariff agreed"}},
		},
		{ID: "close", Name: "Hand-over", Date: dateIn(110)},
	}
	p.Indicators = []scorecard.Indicator{{
		ID: "homes", Name: "Homes with safe water", Definition: "Homes within 500 m of a working point", Unit: "homes", Baseline: 1200, Target: 6000,
		Actuals: []scorecard.Actual{{Period: "2026-Q3", End: dateIn(-54), Value: 1900}, {Period: "October 2026", End: dateIn(-23), Value: 2650}},
	}}
	return p
}
