package memory_test

import (
	"context"
	"maps"
	"slices"
	"testing"

	"github.com/lockstep-sync/lockstep/connectors"
	"github.com/lockstep-sync/lockstep/connectors/connectortest"
	"github.com/lockstep-sync/lockstep/connectors/memory"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// boardMutant shows a board with one thing wrong. What is nil is right.
type boardMutant struct {
	mutant
	show    func(*memory.Tool, connectors.Board) bool
	publish func(*memory.Tool, context.Context) error
}

func (m boardMutant) Show(b connectors.Board) bool {
	if m.show != nil {
		return m.show(m.Tool, b)
	}
	return m.Tool.Show(b)
}

func (m boardMutant) Publish(ctx context.Context) error {
	if m.publish != nil {
		return m.publish(m.Tool, ctx)
	}
	return m.Tool.Publish(ctx)
}

// onBoard changes the board before it is shown.
func onBoard(do func(*connectors.Board)) func(*memory.Tool, connectors.Board) bool {
	return func(t *memory.Tool, b connectors.Board) bool {
		do(&b)
		return t.Show(b)
	}
}

func TestSuiteFindsFaultsOfBoards(t *testing.T) {
	t.Parallel()
	const shown = "board/what is shown is there, and then nothing is left to do"
	for name, c := range map[string]struct {
		boardMutant
		want string
	}{
		"nothing": {},
		"writes nothing": {
			boardMutant{publish: func(*memory.Tool, context.Context) error { return nil }},
			shown,
		},
		"always writes": {boardMutant{show: func(t *memory.Tool, b connectors.Board) bool {
			t.Show(b)
			return true
		}}, shown},
		"never says that something differs": {boardMutant{show: func(t *memory.Tool, b connectors.Board) bool {
			t.Show(b)
			return false
		}}, shown},
		"leaves out pages": {boardMutant{show: onBoard(func(b *connectors.Board) { b.Pages = b.Pages[:1] })}, shown},
		"leaves out cells": {boardMutant{show: onBoard(func(b *connectors.Board) { b.Rows = nil })}, shown},
		"empties the cells of other tasks": {boardMutant{show: func(t *memory.Tool, b connectors.Board) bool {
			b.Rows = maps.Clone(b.Rows)
			for _, id := range []task.ID{"CW-1", "CW-2"} {
				if _, ok := b.Rows[id]; !ok {
					b.Rows[id] = make([]connectors.Cell, len(b.Columns))
				}
			}
			return t.Show(b)
		}}, "board/a task that is not in it keeps its cells"},
		"rows stay that are gone": {boardMutant{show: func(t *memory.Tool, b connectors.Board) bool {
			for i, p := range b.Pages {
				if was, _, ok := t.Page(p.Name); ok && len(was.Rows) > len(p.Rows) {
					b.Pages = slices.Clone(b.Pages)
					b.Pages[i].Rows = append(slices.Clone(p.Rows), was.Rows[len(p.Rows):]...)
				}
			}
			return t.Show(b)
		}}, "board/what changed is shown anew, and the rest stays"},
		"does not read what people choose": {boardMutant{mutant: mutant{pull: func(t *memory.Tool, ctx context.Context, c string) (task.Snapshot, error) {
			snap, err := t.Pull(ctx, c)
			snap.Choices = nil
			return snap, err
		}}}, "board/what people choose comes back"},
		"takes away what people wrote beside": {boardMutant{publish: func(t *memory.Tool, ctx context.Context) error {
			for _, name := range []string{"Lockstep page", "Lockstep choices"} {
				t.DeletePage(name)
			}
			return t.Publish(ctx)
		}}, "board/what people type over is put right, what they write beside stays"},
		"types over what the items say": {boardMutant{publish: func(t *memory.Tool, ctx context.Context) error {
			t.Edit(t.Keys()[0], task.Notes, task.TextValue("written by a machine"))
			return t.Publish(ctx)
		}}, shown},
		"swallows errors": {boardMutant{publish: func(t *memory.Tool, ctx context.Context) error {
			_ = t.Publish(ctx)
			return nil
		}}, "board/a tool that is down gets it later"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			opts := memory.Options{Fields: []task.Field{task.Title, task.Status, task.Notes}, CanCreate: true, Provisional: true, Board: true}
			wrong := connectortest.Ask(t.Context(), connectortest.Features{
				Creates: true, Provisional: true, Board: true, Fields: opts.Fields, Many: 101,
			}, func(connectortest.T) connectortest.Harness {
				m := c.boardMutant
				m.Tool = memory.New(opts)
				return boardHarness{harness{m.Tool}, m}
			})
			switch {
			case c.want == "" && len(wrong) > 0:
				t.Errorf("the reference connector is said to be wrong: %v", wrong)
			case c.want != "" && wrong[c.want] == nil:
				t.Errorf("%q does not find it; these do: %q", c.want, slices.Sorted(maps.Keys(wrong)))
			}
		})
	}
}

// boardHarness is a person at a tool whose connector shows a bad board.
type boardHarness struct {
	harness
	bad boardMutant
}

func (h boardHarness) Connector(connectortest.T) connectors.Connector { return h.bad }

func (h boardHarness) Break(t connectortest.T, f connectortest.Fault) func() {
	if f == connectortest.Hang {
		return nil
	}
	return h.harness.Break(t, f)
}
