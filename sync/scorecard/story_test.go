package scorecard_test

import (
	"testing"

	"github.com/lockstep-sync/lockstep/sync/scorecard"
	"github.com/lockstep-sync/lockstep/sync/task"
)

func decided(at, id string, f task.Field, from, to task.Value) scorecard.Event {
	return scorecard.Event{At: moment(at), Kind: scorecard.Decided, Task: task.ID(id), Field: f.String(), From: from, To: to, Source: "sheet", By: "Ben"}
}

func TestFold(t *testing.T) {
	t.Parallel()
	open, doing, done := task.EnumValue(task.NotStarted), task.EnumValue(task.InProgress), task.EnumValue(task.Done)
	stories := make(map[task.ID]*scorecard.Story)
	scorecard.Fold(stories, []scorecard.Event{
		{At: moment("2026-01-01"), Kind: scorecard.Born, Task: "CW-1"},
		{At: moment("2026-01-01"), Kind: "written", Task: "CW-1", Field: "due", From: date("2026-02-01"), To: date("2026-02-02")}, // not agreed: written
		{At: moment("2026-01-01"), Kind: scorecard.Decided, Field: "due", From: date("2026-02-01"), To: date("2026-02-02")},       // of no task
		{At: moment("2026-01-01"), Kind: scorecard.Decided, Task: "CW-1", Field: "colour", To: open},                              // of a field that is none
		decided("2026-01-02", "CW-1", task.Status, open, doing),
		decided("2026-01-03", "CW-1", task.Status, doing, doing), // contested, and it stayed
		decided("2026-01-04", "CW-1", task.Due, date("2026-02-01"), date("2026-02-08")),
		{At: moment("2026-01-04"), Kind: scorecard.Settled, Task: "CW-1", Field: "due", From: date("2026-02-01"), To: date("2026-02-08")}, // told already
		decided("2026-01-05", "CW-1", task.Status, doing, done),
		decided("2026-01-06", "CW-2", task.Notes, task.TextValue("a"), task.TextValue("b")),
	})
	s := stories["CW-1"]
	if len(s.Changes) != 3 || !s.Last.At.Equal(moment("2026-01-05")) || s.Last.By != "Ben" || s.Last.Source != "sheet" || s.Last.To != done {
		t.Errorf("the story is %+v", s)
	}
	if at, ok := s.Began(); !ok || !at.Equal(moment("2026-01-02")) {
		t.Errorf("it began at %v, %v", at, ok)
	}
	if at, ok := s.Finished(); !ok || !at.Equal(moment("2026-01-05")) {
		t.Errorf("it was finished at %v, %v", at, ok)
	}
	if m := s.Moves(); len(m) != 1 || m[0].Days != 7 || m[0].By != "Ben" || !m[0].At.Equal(moment("2026-01-04")) {
		t.Errorf("the moves are %+v", m)
	}
	if s := stories["CW-2"]; s.Last.Field != task.Notes || !s.Last.To.IsNone() || len(s.Changes) != 0 {
		t.Errorf("of notes is kept %+v", s)
	}
	var none scorecard.Story
	if _, ok := none.Began(); ok {
		t.Error("a task without a story has begun")
	}
	if _, ok := none.Finished(); ok {
		t.Error("a task without a story was finished")
	}
}

func TestRemovalsComeInTurns(t *testing.T) {
	t.Parallel()
	var s scorecard.Story
	for _, kind := range []scorecard.EventKind{
		scorecard.Restored, scorecard.Removed, scorecard.Removed, scorecard.Restored, scorecard.Restored, scorecard.Removed,
	} {
		s.Fold(scorecard.Event{At: moment("2026-02-02"), Kind: kind, Task: "CW-1"})
	}
	if len(s.Removals) != 3 || s.Removals[0].Back || !s.Removals[1].Back || s.Removals[2].Back {
		t.Errorf("%+v", s.Removals)
	}
}

func TestAClockThatJumpsBack(t *testing.T) {
	t.Parallel()
	var s scorecard.Story
	s.Fold(decided("2026-02-02", "CW-1", task.Status, task.EnumValue(task.NotStarted), task.EnumValue(task.InProgress)))
	s.Fold(decided("1970-01-01", "CW-1", task.Status, task.EnumValue(task.InProgress), task.EnumValue(task.Done)))
	if at, _ := s.Finished(); !at.Equal(moment("2026-02-02")) {
		t.Errorf("finished at %v; want no earlier than it began", at)
	}
}
