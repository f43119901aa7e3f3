package memory_test

import (
	"slices"
	"testing"

	"github.com/lockstep-sync/lockstep/connectors"
	"github.com/lockstep-sync/lockstep/connectors/connectortest"
	"github.com/lockstep-sync/lockstep/connectors/memory"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// harness is a person at a memory tool.
type harness struct {
	*memory.Tool
}

var (
	_ connectortest.Typist  = harness{}
	_ connectortest.Copier  = harness{}
	_ connectortest.Mover   = harness{}
	_ connectortest.Settler = harness{}
)

func (h harness) Connector(connectortest.T) connectors.Connector { return h.Tool }

func (h harness) Add(_ connectortest.T, v task.Values) string { return h.Tool.Add(v) }

func (h harness) Edit(t connectortest.T, name string, f task.Field, v task.Value) {
	t.Helper()
	if !h.Tool.Edit(name, f, v) {
		t.Fatalf("there is no item %s to edit", name)
	}
}

func (h harness) Garble(t connectortest.T, name string, f task.Field) (string, bool) {
	t.Helper()
	if k := f.Kind(); k == task.Text || k == task.Set {
		return "", false
	}
	h.Edit(t, name, f, task.UnreadableValue("next week-ish"))
	return "next week-ish", true
}

func (h harness) Delete(t connectortest.T, name string) {
	t.Helper()
	if !h.Tool.Delete(name) {
		t.Fatalf("there is no item %s to delete", name)
	}
}

func (h harness) Names(connectortest.T) []string { return h.Keys() }

func (h harness) Show(t connectortest.T, name string) task.Values {
	t.Helper()
	it, ok := h.Get(name)
	if !ok {
		t.Fatalf("there is no item %s to show", name)
	}
	for i := range it.Values {
		if !h.Describe().Maps(task.Field(i)) {
			it.Values[i] = task.Value{}
		}
	}
	return it.Values
}

func (h harness) Untouched(connectortest.T) string { return h.Tool.Untouched() }

func (h harness) Break(_ connectortest.T, f connectortest.Fault) func() {
	effect, only := memory.Pass, memory.Step("")
	switch f {
	case connectortest.Unavailable:
		effect = memory.FailBefore
	case connectortest.LostAnswer:
		effect, only = memory.FailAfter, memory.StepApply
	case connectortest.LostRequest:
		effect, only = memory.Lost, memory.StepApply
	case connectortest.RateLimited:
		effect = memory.Throttle
	case connectortest.Unauthorized:
		effect = memory.Unauthorized
	case connectortest.Hang:
		effect = memory.Hang
	}
	h.Fail(func(s memory.Step, _ *task.Patch) memory.Effect {
		if only != "" && s != only {
			return memory.Pass
		}
		return effect
	})
	return func() { h.Fail(nil) }
}

func (h harness) Requests(connectortest.T) (reads, writes int, ok bool) {
	return h.Reads(), h.Writes() + h.Published(), true
}

func (h harness) Type(t connectortest.T, name string, f task.Field, raw string) {
	t.Helper()
	h.Edit(t, name, f, task.TextValue(raw))
}

func (h harness) Copy(_ connectortest.T, name string) string { return h.Tool.Copy(name) }

func (h harness) Permute(connectortest.T) { h.Tool.Permute() }

func (h harness) Settle(connectortest.T) { h.CatchUp() }

// withoutBlocked is a tool that has no status for what is blocked, and one person less than the partnership.
func withoutBlocked(f task.Field, want, have task.Value) (task.Value, *task.Problem) {
	switch {
	case f == task.Status && want == task.EnumValue(task.Blocked):
		return task.EnumValue(task.InProgress), nil
	case f == task.Assignee && want == task.PersonValue("Nobody Known"):
		return have, &task.Problem{Reason: task.HoldUnmatchedPerson, Hint: "add the person to the tool"}
	}
	return want, nil
}

func TestConformance(t *testing.T) {
	t.Parallel()
	some := []task.Field{task.Title, task.Status, task.Due, task.Assignee, task.Labels}
	readable := slices.DeleteFunc(connectortest.DefaultValues(task.Status), func(v task.Value) bool {
		return v == task.EnumValue(task.Blocked)
	})
	for name, c := range map[string]struct {
		memory.Options
		values, lossy map[task.Field][]task.Value
	}{
		"lasting keys":     {Options: memory.Options{Fields: task.AllFields(), CanCreate: true, CanRemove: true, Board: true}},
		"provisional keys": {Options: memory.Options{Fields: task.AllFields(), CanCreate: true, CanRemove: true, Provisional: true, Board: true}},
		"few fields":       {Options: memory.Options{Fields: some, CanCreate: true, CanRemove: true, Provisional: true}},
		"read only fields": {Options: memory.Options{Fields: some, ReadOnly: []task.Field{task.Status, task.Labels}, CanCreate: true}},
		"reads only":       {Options: memory.Options{Fields: some, ReadOnly: some}},
		"increments":       {Options: memory.Options{Fields: task.AllFields(), CanCreate: true, Increments: true}},
		"increments and a census": {
			Options: memory.Options{Fields: some, CanCreate: true, Increments: true, Census: 2},
		},
		"increments and a list of keys": {
			Options: memory.Options{Fields: some, CanCreate: true, Increments: true, Census: 2, Lists: true},
		},
		"an index that lags": {Options: memory.Options{
			Fields: task.AllFields(), CanCreate: true, CanRemove: true, Increments: true, Lag: 3,
		}},
		"rows with an index that lags": {Options: memory.Options{
			Fields: some, CanCreate: true, CanRemove: true, Provisional: true, Lag: 2,
		}},
		"lossy": {
			Options: memory.Options{Fields: task.AllFields(), CanCreate: true, CanRemove: true, Lossy: withoutBlocked},
			values:  map[task.Field][]task.Value{task.Status: readable},
			lossy: map[task.Field][]task.Value{
				task.Status: {task.EnumValue(task.Blocked)}, task.Assignee: {task.PersonValue("Nobody Known")},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			connectortest.Run(t, connectortest.Features{
				Creates: c.CanCreate, Removes: c.CanRemove, Provisional: c.Provisional, Increments: c.Increments, Board: c.Board,
				Fields: c.Fields, ReadOnly: c.ReadOnly, Values: c.values, Lossy: c.lossy,
				Cost: func(k int) (reads, writes int) { return 0, k },
			}, func(t *testing.T) connectortest.Harness {
				t.Helper()
				return harness{Tool: memory.New(c.Options)}
			})
		})
	}
}
