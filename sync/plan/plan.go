// Package plan turns the agreed state and what each source holds into patches, and guards them. It is pure and sorted: the
// same state gives the same plan, byte for byte.
package plan

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"

	"github.com/lockstep-sync/lockstep/sync/task"
)

// Target is one source as the planner sees it, for one task.
type Target struct {
	Ref  task.Ref // Key "" where the task has no item there
	Name string
	Now  task.Values // as read; None in fields that the source does not have
	// Problems are the fields of the item that must not be written, and why.
	Problems map[task.Field]task.Problem
	// Held are fields with an open conflict: they are pushed nowhere.
	Held map[task.Field]bool
	// Writes reports whether the source may be written in that field.
	Writes func(task.Field) bool
	// Normalize is what the source would show: see connectors.Normalizer.
	Normalize func(f task.Field, want, have task.Value) (task.Value, *task.Problem)
	// Marked says that the item carries our mark, or needs none.
	Marked bool
	// Create says that the task should have an item there if it has none.
	Create bool
	// Remove says that the item should be taken away.
	Remove bool
}

// Plan is what a cycle would write, and what it would not and why. Patches are sorted by source, then removals, updates
// and creates, then task.
type Plan struct {
	Patches []task.Patch
	Holds   []task.Hold
	// Also is what a guard may object to although nothing need be written for it, one line each: a task that is removed, a
	// value that a changed mapping overwrites. It belongs to what the hash names.
	Also []string
}

// Add plans one task in one source.
func (p *Plan) Add(id task.ID, agreed *task.Values, t *Target) {
	switch {
	case t.Ref.Key == "" && t.Create && !t.Remove:
		p.create(id, agreed, t)
	case t.Ref.Key == "":
	case t.Remove:
		p.Patches = append(p.Patches, task.Patch{Op: task.Remove, Task: id, Ref: t.Ref, Name: t.Name, Expect: t.Now})
	default:
		p.update(id, agreed, t)
	}
}

func (p *Plan) create(id task.ID, agreed *task.Values, t *Target) {
	patch := task.Patch{Op: task.Create, Task: id, Ref: task.Ref{Source: t.Ref.Source}}
	for i, want := range agreed {
		f := task.Field(i)
		if want.IsEmpty() || !t.Writes(f) {
			continue
		}
		shown, problem := t.Normalize(f, want, task.Value{})
		if problem != nil {
			p.hold(id, t, f, want, *problem)
		}
		if !shown.IsEmpty() {
			patch.Set = append(patch.Set, task.Change{Field: f, To: shown})
		}
	}
	p.Patches = append(p.Patches, patch)
}

func (p *Plan) update(id task.ID, agreed *task.Values, t *Target) {
	patch := task.Patch{Op: task.Update, Task: id, Ref: t.Ref, Name: t.Name}
	if !t.Marked {
		patch.Op, patch.Expect = task.Adopt, t.Now
	}
	for i, want := range agreed {
		f, have := task.Field(i), t.Now[i]
		if want.IsNone() || have.IsNone() || have.IsUnreadable() || t.Held[f] || !t.Writes(f) || have.Same(want) {
			continue
		}
		shown, problem := t.Normalize(f, want, have)
		switch why, locked := t.Problems[f]; {
		case shown.Same(have) && problem == nil:
		case problem != nil:
			p.hold(id, t, f, want, *problem)
		case locked:
			p.hold(id, t, f, want, why)
		default:
			patch.Set = append(patch.Set, task.Change{Field: f, From: have, To: shown})
		}
	}
	if len(patch.Set) > 0 || patch.Op == task.Adopt {
		p.Patches = append(p.Patches, patch)
	}
}

func (p *Plan) hold(id task.ID, t *Target, f task.Field, want task.Value, why task.Problem) {
	p.Holds = append(p.Holds, task.Hold{
		Source: t.Ref.Source, Task: id, Key: t.Ref.Key, Name: t.Name, Field: f.String(), Reason: why.Reason,
		Raw: want.Display(), Hint: why.Hint,
	})
}

// Sort brings the patches into the order in which they are applied. Rank orders the tasks: their numbers.
func (p *Plan) Sort(rank func(task.ID) int64) {
	slices.SortStableFunc(p.Patches, func(a, b task.Patch) int {
		return cmp.Or(
			strings.Compare(string(a.Ref.Source), string(b.Ref.Source)),
			cmp.Compare(opRank(a.Op), opRank(b.Op)),
			cmp.Compare(rank(a.Task), rank(b.Task)),
		)
	})
}

func opRank(op task.Op) int {
	switch op {
	case task.Update, task.Adopt:
		return 0
	case task.Create:
		return 1
	case task.Remove:
		return 2
	}
	return 3
}

// Hash names the plan: two plans with the same hash do the same. It is what `--approve` takes. The empty plan's hash is
// "".
func (p *Plan) Hash() string {
	if len(p.Patches) == 0 && len(p.Also) == 0 {
		return ""
	}
	h := sha256.New()
	enc := json.NewEncoder(h)
	for _, patch := range p.Patches {
		// Encoding into a hash cannot go wrong: patches are plain data.
		_ = enc.Encode(patch)
	}
	for _, line := range p.Also {
		_ = enc.Encode(line)
	}
	return hex.EncodeToString(h.Sum(nil))[:12]
}

// Fingerprint names what a patch would write: a write that went wrong is tried again at once if it changes.
func Fingerprint(p task.Patch) string {
	h := sha256.New()
	enc := json.NewEncoder(h)
	_ = enc.Encode(struct {
		Op  task.Op
		Set []task.Change
	}{p.Op, p.Set})
	return hex.EncodeToString(h.Sum(nil))[:12]
}
