package engine_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/lockstep-sync/lockstep/connectors"
	"github.com/lockstep-sync/lockstep/connectors/memory"
	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// halfway is a tool in which a task cannot be done without being in progress first, and which gets no further while stuck.
type halfway struct {
	*memory.Tool
	stuck bool
}

func (h *halfway) Apply(ctx context.Context, patches []task.Patch) []task.Receipt {
	if !h.stuck {
		return h.Tool.Apply(ctx, patches)
	}
	patches = slices.Clone(patches)
	for i := range patches {
		patches[i].Set = slices.Clone(patches[i].Set) // the engine's own stay as they are
		for k, c := range patches[i].Set {
			if c.Field == task.Status {
				patches[i].Set[k].To = task.EnumValue(task.InProgress)
			}
		}
	}
	out := h.Tool.Apply(ctx, patches)
	for i := range out {
		out[i].Err = fault.New(fault.Partial, fault.Unavailable, "move the issue", "%w", errors.New("no answer half-way"))
		out[i].Left[task.Status] = task.EnumValue(task.InProgress)
	}
	return out
}

// A status that our own write left half-way is no word of the tool's people: it must not overturn what was agreed.
func TestWhatOurWriteLeftHalfWayIsNoClaim(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	tool := &halfway{Tool: b.jira}
	b.options.Sources[0] = connectors.NewSource(jiraID, "aqua", nil, tool)
	b.restart()
	b.jira.Add(titled("Dig a well"))
	b.cycle()
	b.card.Edit(b.card.Keys()[0], task.Status, task.EnumValue(task.Done))
	tool.stuck = true
	for range 3 {
		b.cycle()
		if got := value(t, b.card, "Dig a well", task.Status); got != task.Done {
			t.Fatalf("the scorecard shows %q by now", got)
		}
	}
	if got := value(t, b.jira, "Dig a well", task.Status); got != task.InProgress {
		t.Fatalf("the tool shows %q", got)
	}
	tool.stuck = false
	for range 10 {
		b.cycle()
	}
	if got := value(t, b.jira, "Dig a well", task.Status); got != task.Done {
		t.Errorf("the tool shows %q in the end", got)
	}
}

// crowded is a tool that takes no more writes to its items for an hour.
type crowded struct {
	*memory.Tool
	item bool // each item has its own limit
}

func (c *crowded) Apply(_ context.Context, patches []task.Patch) []task.Receipt {
	out := make([]task.Receipt, len(patches))
	for i, p := range patches {
		f := fault.New(fault.Retryable, fault.RateLimited, "change", "%w", errors.New("too many writes"))
		if f.RetryAfter = time.Hour; c.item {
			f.Ref = p.Ref
		}
		out[i].Err = f
	}
	return out
}

// A limit of one item does not keep its source from being read.
func TestALimitOfOneItemRestsNoSource(t *testing.T) {
	t.Parallel()
	for _, item := range []bool{true, false} {
		b := newBench(t)
		b.options.Sources[0] = connectors.NewSource(jiraID, "aqua", nil, &crowded{Tool: b.jira, item: item})
		b.restart()
		issue := b.jira.Add(titled("Dig a well"))
		b.cycle()
		b.card.Edit(b.card.Keys()[0], task.Status, task.EnumValue(task.Done))
		b.cycle()
		b.jira.Edit(issue, task.Notes, task.TextValue("nearly there"))
		b.cycle()
		if read := value(t, b.card, "Dig a well", task.Notes) == "nearly there"; read != item {
			t.Errorf("a limit of one item alone: %v, and the source was read: %v", item, read)
		}
	}
}

// silent is a tool that gives no answer half-way: what it was sent landed there.
type silent struct {
	halfway
}

func (s *silent) Apply(ctx context.Context, patches []task.Patch) []task.Receipt {
	out := s.halfway.Apply(ctx, patches)
	if s.stuck {
		for i := range out {
			out[i].Err, out[i].Record, out[i].Uncertain = fault.New(fault.Retryable, fault.Timeout, "move the issue", "%w", errors.New("no answer")), nil, true
		}
	}
	return out
}

// What a write without an answer may have left half-way is no claim either.
func TestWhatAnUnansweredWriteLeftIsNoClaim(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	tool := &silent{halfway{Tool: b.jira}}
	b.options.Sources[0] = connectors.NewSource(jiraID, "aqua", nil, tool)
	b.restart()
	b.jira.Add(titled("Dig a well"))
	b.cycle()
	b.card.Edit(b.card.Keys()[0], task.Status, task.EnumValue(task.Done))
	tool.stuck = true
	b.cycle()
	b.restart() // and what is known of it is stored
	tool.stuck = false
	for range 10 {
		b.cycle()
		if got := value(t, b.card, "Dig a well", task.Status); got != task.Done {
			t.Fatalf("the scorecard shows %q by now", got)
		}
	}
	if got := value(t, b.jira, "Dig a well", task.Status); got != task.Done {
		t.Errorf("the tool shows %q in the end", got)
	}
}

// What was read and could not be made a task of is read again, although no increment would show it a second time.
func TestWhatIsNobodysIsReadAgain(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(b *bench) {
		b.jira = memory.New(memory.Options{Fields: []task.Field{task.Title, task.Status}, CanCreate: true, Increments: true, Census: 1, Lists: true})
	})
	b.jira.Add(titled("Dig a well"))
	b.card.Fail(func(memory.Step, *task.Patch) memory.Effect { return memory.FailBefore })
	b.cycle() // a new store makes no tasks while the scorecard cannot be read
	b.card.Fail(nil)
	b.cycle()
	b.cycle()
	if n := len(b.card.Keys()); n != 1 {
		t.Errorf("the scorecard has %d rows, want 1", n)
	}
}

// A status that a person emptied is filled again even if the first try fails: an increment does not show it a second time.
func TestAnEmptiedStatusIsFilledAgainAfterAFailedTry(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(b *bench) {
		b.jira = memory.New(memory.Options{Fields: []task.Field{task.Title, task.Status}, CanCreate: true, Increments: true, Census: 1, Lists: true})
	})
	b.jira.Add(titled("Dig a well"))
	b.cycle()
	b.card.Edit(b.card.Keys()[0], task.Status, task.EnumValue(task.Done))
	b.cycle()
	b.jira.Edit(b.jira.Keys()[0], task.Status, task.Empty(task.Enum))
	b.jira.Fail(func(s memory.Step, _ *task.Patch) memory.Effect {
		if s == memory.StepApply {
			return memory.Unauthorized
		}
		return memory.Pass
	})
	b.cycle()
	b.jira.Fail(nil)
	b.cycle()
	b.cycle()
	if got := value(t, b.jira, "Dig a well", task.Status); got != task.Done {
		t.Errorf("the tool shows %q, agreed is done", got)
	}
}
