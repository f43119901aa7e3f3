package app

import (
	"slices"
	"testing"

	"github.com/lockstep-sync/lockstep/config"
	"github.com/lockstep-sync/lockstep/sync/engine"
)

// Every page and every answer that the configuration knows is one of the engine's.
func TestBoardOfTheConfiguration(t *testing.T) {
	t.Parallel()
	all := board(config.Partnership{Scorecard: config.Scorecard{Pages: config.Pages()}})
	if !slices.Equal(all.Pages, engine.Pages()) {
		t.Errorf("the pages %v are those of the engine %v", config.Pages(), all.Pages)
	}
	if none := board(config.Partnership{}); none.Pages != nil {
		t.Errorf("no pages are %v", none.Pages)
	}
	for text, want := range map[string]engine.DeletedRows{
		config.RestoreRows: engine.RestoreRows, config.CancelTasks: engine.CancelTasks,
	} {
		if got := deletedRows(config.Partnership{Scorecard: config.Scorecard{DeletedRows: text}}); got != want {
			t.Errorf("%s is %s", text, got)
		}
	}
}
