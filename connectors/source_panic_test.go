package connectors_test

import (
	"context"
	"testing"

	"github.com/lockstep-sync/lockstep/connectors"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// fussy is a connector that cannot handle one value.
type fussy struct{}

func (fussy) Describe() connectors.Description {
	return connectors.Description{Fields: []task.Field{task.Title, task.Notes}, Fingerprint: "one"}
}

func (fussy) Pull(context.Context, string) (task.Snapshot, error) { return task.Snapshot{}, nil }

func (fussy) Apply(_ context.Context, ps []task.Patch) []task.Receipt {
	return make([]task.Receipt, len(ps))
}

func (fussy) Normalize(task.Field, task.Value, task.Value) (task.Value, *task.Problem) {
	panic("poisoned")
}

func TestPanicInNormalizeHoldsTheField(t *testing.T) {
	t.Parallel()
	s := connectors.NewSource("x", "aqua", nil, fussy{})
	have := task.TextValue("there")
	shown, problem := s.Normalize(task.Notes, task.TextValue("new"), have)
	if shown != have || problem == nil || problem.Hint == "" {
		t.Errorf("shown %v, problem %+v", shown, problem)
	}
}

func TestSharingIsPartOfTheMapping(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, share := range [][]task.Field{nil, {task.Title}, {task.Title, task.Notes}} {
		seen[connectors.NewSource("x", "aqua", share, fussy{}).Describe().Fingerprint] = true
	}
	if len(seen) != 3 {
		t.Errorf("three ways of sharing have %d fingerprints", len(seen))
	}
}
