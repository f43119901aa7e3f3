// Package connectors is what the engine asks of a tool. A tool is brought in by a small Connector; Source wraps one and
// holds, for every tool alike, the rules that must not depend on a connector's care.
package connectors

import (
	"context"
	"slices"
	"time"

	"github.com/lockstep-sync/lockstep/sync/task"
)

// Connector reads and writes one source: one project, one tab. The engine calls it from one goroutine at a time.
type Connector interface {
	// Describe says what the source can do. It may change after a Pull (a column that is gone), never between the Pull
	// and the Apply of one cycle.
	Describe() Description

	// Pull reads the source: what changed since cursor, or everything. An empty cursor asks for everything. An error is
	// (or wraps) a *fault.Error; the source then sits out the cycle. With an error of kind Partial the snapshot holds what
	// was read so far, is not complete, and its cursor is not kept.
	Pull(ctx context.Context, cursor string) (task.Snapshot, error)

	// Apply makes patches true, in order, and returns one receipt for each, in the same order. It never writes to an
	// item that does not hold what the patch expects. When ctx ends it finishes the write in flight and returns
	// receipts with reason cancelled for the rest.
	Apply(ctx context.Context, patches []task.Patch) []task.Receipt
}

// Description says what a source can do.
type Description struct {
	// Kind is the tool: "jira", "sheet", "memory".
	Kind string
	// Fields are the mapped fields, sorted. Only these are read and written.
	Fields []task.Field
	// ReadOnly are those of Fields that may be read, never written.
	ReadOnly []task.Field
	// CanCreate and CanRemove say whether the engine may ask for Create and Remove.
	CanCreate, CanRemove bool
	// Positional says that people can move single cells from item to item, as in a sheet, where sorting some columns
	// tears rows apart. Such a reading is looked at as a whole before any of it is taken for edits.
	Positional bool
	// Markless says that items cannot be given our mark, as in a sheet that may only be read: they are known by their
	// content, and are never adopted. An item that bears a mark all the same is known by it.
	Markless bool
	// Fingerprint changes whenever the mapping or the filter does: a change makes absence mean nothing for once and shows
	// a plan first.
	Fingerprint string
	// SettleDelay is how long after a create of unknown outcome Find may still miss it (a search index's lag); 0 where
	// reads see writes at once.
	SettleDelay time.Duration
}

// Maps reports whether the field is mapped.
func (d Description) Maps(f task.Field) bool { return slices.Contains(d.Fields, f) }

// Writes reports whether the field is mapped and may be written.
func (d Description) Writes(f task.Field) bool { return d.Maps(f) && !slices.Contains(d.ReadOnly, f) }

// Normalizer is a Connector whose tool cannot show every value. Normalize is pure: the same arguments give the same
// answer between two Pulls, and no request is made.
type Normalizer interface {
	// Normalize returns the value that the tool would show if want were written to the field of an item that now shows
	// have (None for an item that does not exist yet). A tool without "Blocked" answers "In progress" for it. Where want
	// cannot be written at all it returns have and a Problem: the field is held for that source.
	Normalize(f task.Field, want, have task.Value) (task.Value, *task.Problem)
}

// Hinted is a Connector that can make use of a word from its tool that items changed, such as a webhook's.
type Hinted interface {
	// Hint says that the items of these keys may have changed: the next Pull looks at them past any index. It is never
	// believed for more than that. It returns at once, keeps no more than a bounded number of keys, and unlike the other
	// methods it may be called at any time from any goroutine.
	Hint(keys ...string)
	// HintDeleted is Hint for items that may be gone: the next Pull looks which items there are.
	HintDeleted(keys ...string)
}

// Checker is a Connector that can say of each of its settings whether it holds in the live tool.
type Checker interface {
	// Check tries credential, permissions, fields, statuses and people without writing anything, and returns what it found, good and
	// bad, in the order in which an operator should read it. What it cannot find out it says as a finding: an error is
	// returned only where ctx ended.
	Check(ctx context.Context) ([]Finding, error)
}

// Level says how much a finding matters.
type Level string

// The levels.
const (
	LevelOK      Level = "ok"      // tried, and right
	LevelWarning Level = "warning" // works, with a loss that Text names
	LevelError   Level = "error"   // does not work until somebody acts
)

// Finding is one thing that was tried.
type Finding struct {
	Level Level  `json:"level"`
	Topic string `json:"topic"` // what was tried, one or two words: "login", "status mapping"
	Text  string `json:"text"`  // what was found, with names from the tool in quotation marks
	Hint  string `json:"hint,omitempty"`
}

// Presence is what a direct read of one item found.
type Presence string

// What a direct read can find.
const (
	// Present: it is there (perhaps outside the filter, or under another key); Record holds it.
	Present Presence = "present"
	// Gone: the tool says, to an authenticated reader who may read its neighbours, that there is no such item.
	Gone Presence = "gone"
	// NoAccess: it may be there and may not be read.
	NoAccess Presence = "no_access"
)

// Confirmation is the answer for one key.
type Confirmation struct {
	Presence Presence
	Record   task.Record // only for Present
}

// Confirmer is a Connector that can read single items directly, past any index. Without it, absence from a complete
// snapshot is final.
type Confirmer interface {
	// Confirm reads the items. A key that is missing in the answer, or an error, means that nothing is known.
	Confirm(ctx context.Context, keys []string) (map[string]Confirmation, error)
}

// Finder is a Connector that can look for our mark. Without it, the next complete snapshot is the evidence.
type Finder interface {
	// Find returns the item that carries the task's mark, and false where there is none. The caller has waited for
	// Description.SettleDelay.
	Find(ctx context.Context, id task.ID) (task.Record, bool, error)
}
