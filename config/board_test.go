package config

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lockstep-sync/lockstep/sync/scorecard"
)

// boardOf is the scorecard of a fixture, without its sheet.
func boardOf(t *testing.T, path string) Scorecard {
	t.Helper()
	c, err := Load(path, fixtureEnv)
	if err != nil {
		t.Fatal(err)
	}
	return c.Partnerships[0].Scorecard
}

func TestBoardByDefault(t *testing.T) {
	t.Parallel()
	s := boardOf(t, "testdata/valid/minimal.yaml")
	if !slices.Equal(s.Pages, Pages()) || s.Heartbeat != time.Hour || s.DeletedRows != RestoreRows {
		t.Errorf("pages %v, heartbeat %v, deleted rows %s", s.Pages, s.Heartbeat, s.DeletedRows)
	}
	if diff := cmp.Diff(scorecard.DefaultRules(), s.Rules); diff != "" {
		t.Errorf("the rules are not the default ones:\n%s", diff)
	}
}

func TestBoardAsWritten(t *testing.T) {
	t.Parallel()
	s := boardOf(t, "testdata/valid/scorecard.yaml")
	if !slices.Equal(s.Pages, []string{PageSummary, PageActivity}) || s.Heartbeat != 0 || s.DeletedRows != CancelTasks {
		t.Errorf("pages %v, heartbeat %v, deleted rows %s", s.Pages, s.Heartbeat, s.DeletedRows)
	}
	want := scorecard.DefaultRules()
	want.LateFrom, want.Tolerance, want.DueSoon, want.Moves, want.Untouched = scorecard.LateBaseline, 3, 10, 0, 30
	want.AdherenceRed, want.AdherenceAmber, want.OnTimeRed, want.OnTimeAmber, want.Period = 0.80, 0.90, 0.50, 0.70, 30
	want.FirstDay, want.CommitmentWeeks, want.StaleIntervals = time.Sunday, 4, 5
	if diff := cmp.Diff(want, s.Rules); diff != "" {
		t.Errorf("the rules (-want +got):\n%s", diff)
	}
	if s = boardOf(t, "testdata/valid/scorecard-without-pages.yaml"); len(s.Pages) != 0 || s.Heartbeat != 24*time.Hour {
		t.Errorf("pages %v, heartbeat %v", s.Pages, s.Heartbeat)
	}
}
