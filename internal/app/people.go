package app

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/lockstep-sync/lockstep/sync/engine"
	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/view"
)

// historyPage is how many events are read at a time.
const historyPage = 1000

// part finds a partnership; "" is the only one there is.
func (a *App) part(id string) (*part, error) {
	ids := make([]string, len(a.parts))
	for i, p := range a.parts {
		ids[i] = p.cfg.ID
	}
	if id == "" && len(a.parts) == 1 {
		return a.parts[0], nil
	}
	if i := slices.Index(ids, id); i >= 0 {
		return a.parts[i], nil
	}
	err := fault.New(fault.Permanent, fault.NotFound, "", "the configuration has no partnership %q", id)
	if id == "" {
		err = fault.New(fault.Permanent, fault.Invalid, "", "the configuration has several partnerships")
	}
	return nil, err.WithHint("%s", "name one with --partnership: "+strings.Join(ids, ", "))
}

// Viewer reads a partnership as people look at it; "" is the only one there is.
func (a *App) Viewer(partnership string) (*view.Viewer, error) {
	p, err := a.part(partnership)
	if err != nil {
		return nil, err
	}
	return p.viewer, nil
}

// History reads events of a partnership.
func (a *App) History(ctx context.Context, partnership string, q store.Query) ([]store.Event, error) {
	p, err := a.part(partnership)
	if err != nil {
		return nil, err
	}
	return a.store.History(ctx, p.cfg.ID, q)
}

// Record adds what people wrote down to a partnership's history.
func (a *App) Record(ctx context.Context, partnership string, events ...store.Event) error {
	p, err := a.part(partnership)
	if err != nil {
		return err
	}
	if err := a.store.Record(ctx, p.cfg.ID, events); err != nil {
		return err
	}
	p.viewer.Changed()
	a.web.Changed(p.cfg.ID)
	return nil
}

// Settle settles a conflict by a cycle of its own.
func (a *App) Settle(ctx context.Context, c view.Choice) (engine.Report, error) {
	p, err := a.part(c.Partnership)
	if err != nil {
		return engine.Report{}, err
	}
	done := p.engine.Choose(engine.Choice{Task: c.Task, Field: c.Field, Value: c.Value, By: c.By, Key: c.Key})
	r, err := p.engine.RunCycle(ctx, engine.Mode{})
	if err != nil {
		return r, err
	}
	select {
	case err = <-done:
	default: // a guard stopped the cycle
		err = fault.New(fault.Permanent, fault.Precondition, "", "the cycle decided nothing").WithHint("look at it with `lockstep plan`, and let its plan through with `lockstep once --approve`")
	}
	return r, err
}

// Undo takes back what a cycle decided, by a cycle of its own; dry, it only shows what would be written. Asked is how many decisions
// there were to take back, and rest is what has to be left to people.
func (a *App) Undo(ctx context.Context, partnership string, cycle int64, by string, mode engine.Mode) (r engine.Report, asked int, rest []store.Event, err error) {
	p, err := a.part(partnership)
	if err != nil {
		return r, 0, nil, err
	}
	var events []store.Event
	q := store.Query{Cycle: cycle, Oldest: true, Limit: historyPage}
	for {
		es, err := a.store.History(ctx, p.cfg.ID, q)
		if err != nil {
			return r, 0, nil, err
		}
		events = append(events, es...)
		if len(es) < q.Limit {
			break
		}
		q.After = es[len(es)-1].ID
	}
	if len(events) == 0 {
		err := fault.New(fault.Permanent, fault.NotFound, "", "the history has no cycle %d that did anything", cycle)
		return r, 0, nil, err.WithHint("`lockstep history` lists what happened, each line with its cycle")
	}
	mode.Undo, rest = engine.Reversals(events, fmt.Sprintf("%s, taking back cycle %d", by, cycle))
	if len(mode.Undo) == 0 {
		return r, 0, rest, nil
	}
	r, err = p.engine.RunCycle(ctx, mode)
	return r, len(mode.Undo), rest, err
}
