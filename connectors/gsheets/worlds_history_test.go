package gsheets

import (
	"context"
	"slices"

	"github.com/lockstep-sync/lockstep/sync/store"
)

// History is what the board's stories are made of.
func (s *shelf) History(_ context.Context, _ string, q store.Query) ([]store.Event, error) {
	var out []store.Event
	for i, e := range s.events {
		e.ID = int64(i + 1)
		if len(q.Kinds) > 0 && !slices.Contains(q.Kinds, e.Kind) || q.Task != "" && e.Task != q.Task || e.ID <= q.After {
			continue
		}
		out = append(out, e)
	}
	if !q.Oldest {
		slices.Reverse(out)
	}
	if q.Limit > 0 && len(out) > q.Limit {
		out = out[:q.Limit]
	}
	return out, nil
}
