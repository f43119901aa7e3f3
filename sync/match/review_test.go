package match_test

import (
	"slices"
	"testing"

	"github.com/lockstep-sync/lockstep/sync/match"
	"github.com/lockstep-sync/lockstep/sync/task"
)

func item(s task.SourceID, key, mark, title, partner string) task.Record {
	r := task.Record{Ref: task.Ref{Source: s, Key: key}, Marker: task.ID(mark), Name: key}
	r.Values[task.Title] = task.TextValue(title)
	if partner != "" {
		r.Values[task.Partner] = task.EnumValue(partner)
	}
	return r
}

// On a store that was lost, a person's own item, which bears no mark, is found to be the task that the marked row names.
func TestRuleFindsTheTaskOfAMark(t *testing.T) {
	t.Parallel()
	got := match.Match(nil, "card", []match.Batch{
		{Source: "jira", Partner: "aqua", Records: []task.Record{item("jira", "1", "", "Dig a  WELL", "")}},
		{Source: "card", Records: []task.Record{item("card", "CW-7", "CW-7", "Dig a well", "aqua")}},
	})
	if len(got.Born) != 1 || got.Born[0].Marker != "CW-7" || len(got.Born[0].Records) != 2 || len(got.Held) > 0 {
		t.Errorf("born %+v, held %+v", got.Born, got.Held)
	}
}

// A task whose item may be one that is held is named, so that nobody takes it for gone.
func TestUnsureNamesTheTasks(t *testing.T) {
	t.Parallel()
	known := []match.Task{
		{ID: "CW-1", Partner: "city", Title: "report", Links: []match.Link{{Source: "sheet", Key: "CW-1", Missing: true}}},
		{ID: "CW-2", Partner: "city", Title: "report", Links: []match.Link{{Source: "sheet", Key: "CW-2", Missing: true}}},
		{ID: "CW-3", Partner: "city", Title: "report", Links: []match.Link{{Source: "sheet", Key: "CW-3"}}},
	}
	got := match.Match(known, "card", []match.Batch{{Source: "sheet", Partner: "city", Records: []task.Record{
		item("sheet", "~a", "", "Report", ""), item("sheet", "CW-3", "CW-3", "Report", ""),
	}}})
	for id, want := range map[task.ID]bool{"CW-1": true, "CW-2": true, "CW-3": false} {
		if slices.Contains(got.Unsure[id], "sheet") != want {
			t.Errorf("%s is unsure: %v, want %v", id, !want, want)
		}
	}
	if len(got.Held) != 1 || len(got.Born) != 0 {
		t.Errorf("held %+v, born %+v", got.Held, got.Born)
	}
}

// A record that bears no mark is held while the item of a task of that name was not seen for want of a whole read.
func TestUnseenHoldsItsNamesakes(t *testing.T) {
	t.Parallel()
	for _, unseen := range []bool{true, false} {
		known := []match.Task{{ID: "CW-1", Partner: "city", Title: "report", Links: []match.Link{{Source: "sheet", Key: "CW-1", Unseen: unseen}}}}
		got := match.Match(known, "card", []match.Batch{
			{Source: "sheet", Partner: "city", Records: []task.Record{item("sheet", "~a", "", "Report", "")}},
		})
		if len(got.Held) == 1 != unseen || len(got.Born) == 1 == unseen {
			t.Errorf("unseen %v: held %+v, born %+v", unseen, got.Held, got.Born)
		}
	}
}

// A row that looks as another did before that one was marked is not that one.
func TestMarkFreesTheLook(t *testing.T) {
	t.Parallel()
	known := []match.Task{
		{ID: "CW-1", Partner: "city", Title: "report", Links: []match.Link{{Source: "sheet", Key: "~a"}}},
		{ID: "CW-2", Partner: "city", Title: "report", Links: []match.Link{{Source: "sheet", Key: "~a.2", Missing: true}}},
	}
	got := match.Match(known, "card", []match.Batch{{Source: "sheet", Partner: "city", Records: []task.Record{
		item("sheet", "~a", "", "Report", ""), item("sheet", "CW-1", "CW-1", "Report", ""),
	}}})
	if got.Known[task.Ref{Source: "sheet", Key: "CW-1"}] != "CW-1" || got.Known[task.Ref{Source: "sheet", Key: "~a"}] != "CW-2" {
		t.Errorf("known %+v, held %+v", got.Known, got.Held)
	}
}
