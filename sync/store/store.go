// Package store says what Lockstep remembers, and what a database must do to remember it. The engines are in folders
// of their own; storetest proves that they behave alike.
package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/merge"
	"github.com/lockstep-sync/lockstep/sync/task"
)

var (
	// ErrStale is returned by Decide and Settle when another cycle has decided since the state was loaded. Nothing was
	// stored; load again.
	ErrStale = errors.New("another cycle has decided since this state was loaded")
	// ErrNewer is returned on opening a database that a newer version of Lockstep has written.
	ErrNewer = errors.New("the database was written by a newer version of Lockstep")
)

// Store is one database. All methods may be called from several goroutines. Times are kept to the millisecond, in UTC.
type Store interface {
	// Load returns what is remembered of a partnership; the zero State (Generation 0, NextID 1) of one never seen.
	Load(ctx context.Context, partnership string) (State, error)

	// Decide stores what one cycle decided, all or nothing, if the partnership's generation is still c.Generation, and
	// returns the new generation (c.Generation+1). Else it returns ErrStale and stores nothing.
	Decide(ctx context.Context, partnership string, c Commit) (int64, error)

	// Settle stores what came of writes, all or nothing, if the partnership's generation is still s.Generation. The
	// generation stays. Else it returns ErrStale and stores nothing.
	Settle(ctx context.Context, partnership string, s Settlement) error

	// Record adds events that happen outside of a cycle: what people decide on the page, and what they are told. The
	// generation stays; each event gets the present one as its cycle.
	Record(ctx context.Context, partnership string, events []Event) error

	// History returns events, newest first (highest ID first) unless the query asks for the oldest first.
	History(ctx context.Context, partnership string, q Query) ([]Event, error)

	// Cycles returns the newest cycles, newest first, at most limit.
	Cycles(ctx context.Context, partnership string, limit int) ([]Cycle, error)

	// Ping reports whether the database can be reached and read.
	Ping(ctx context.Context) error
	// Close releases the database. Calls after it return an error.
	Close() error
}

// State is all that the engine needs to know of a partnership. Slices are sorted: tasks by number, links by task then
// source, sources by id, intents by task then source, pauses likewise, conflicts by task then field.
type State struct {
	Generation int64
	NextID     int64 // the number of the next task; numbers are never used twice
	Tasks      []Task
	Links      []Link
	Sources    []Source
	Intents    []Intent
	Pauses     []Pause
	Conflicts  []Conflict
	Holds      []task.Hold // as the last cycle found them, sorted by source, key, field
}

// Task is one task in agreed state.
type Task struct {
	ID     task.ID
	Number int64 // the number in the id: 42 of CW-42
	Agreed task.Values
	// Baseline is the first agreed due date: empty until there is one, and never changed after.
	Baseline task.Value
	// Removed tasks are kept for the history and are written nowhere.
	Removed bool
	Created time.Time
	Changed time.Time // when the agreed state changed last
}

// Link ties a task to an item in a source, with the base: what was last accounted for there.
type Link struct {
	Task    task.ID
	Source  task.SourceID
	Key     string // task.Ref.Key; unique in the source
	Name    string
	URL     string
	Base    task.Values
	Version int64 // task.Record.Version that Base was read at
}

// Source is what is remembered of a source.
type Source struct {
	ID          task.SourceID
	Cursor      string
	Fingerprint string
	LastAttempt time.Time
	LastSuccess time.Time // zero until a first pull succeeded
	Error       string    // why the last attempt did not succeed; "" where it did
	Reason      fault.Reason
	Hint        string
}

// Intent is a write that was decided and of which nothing is known yet. There is at most one for a task and source.
type Intent struct {
	Task    task.ID
	Source  task.SourceID
	Op      task.Op
	Set     []task.Change
	At      time.Time // when it was decided (of a create: when it was tried last)
	Attempt int       // how often a create was tried; 0 before the first time
}

// Pause keeps a write that went wrong from being tried again at once. There is at most one for a task and source.
type Pause struct {
	Task    task.ID
	Source  task.SourceID
	Op      task.Op
	Until   time.Time
	Attempt int    // how often it went wrong in a row
	Want    string // a fingerprint of what was to be written; another want is tried at once
	Error   string
	Reason  fault.Reason
	Hint    string
}

// Claim is a value that a source put forward, with who and when where the tool tells.
type Claim = merge.Claim

// Conflict is a field that waits for people to agree. Claims are sorted by source.
type Conflict struct {
	Task   task.ID
	Field  task.Field
	Agreed task.Value
	Claims []Claim
	Opened time.Time
}

// Key names a conflict as it stands: another claim makes another key, so that what was chosen for one is never taken for a choice about
// the next. It has the form TASK/FIELD/HASH.
func (k Conflict) Key() string {
	h := sha256.New()
	enc := json.NewEncoder(h)
	_ = enc.Encode(k.Opened.UnixMilli()) // into a hash nothing can go wrong
	_ = enc.Encode(k.Agreed)
	for _, c := range k.Claims {
		_ = enc.Encode(c.Source)
		_ = enc.Encode(c.Value)
	}
	return fmt.Sprintf("%s/%s/%s", k.Task, k.Field, hex.EncodeToString(h.Sum(nil))[:8])
}

// EventKind is what an event of the history tells.
type EventKind string

// The kinds of event.
const (
	EventBorn     EventKind = "born"     // a task was first seen
	EventDecided  EventKind = "decided"  // a field of the agreed state changed: From, To, where it came from, Losers
	EventConflict EventKind = "conflict" // a conflict opened or its claims changed: Losers are the claims
	EventSettled  EventKind = "settled"  // a conflict closed
	EventWritten  EventKind = "written"  // a field was written to a source and read back
	EventFailed   EventKind = "failed"   // a write went wrong: Note says how
	EventLinked   EventKind = "linked"   // a task was tied to an item
	EventUnlinked EventKind = "unlinked" // an item is gone: Note holds what it held
	EventRemoved  EventKind = "removed"  // a task was removed
	EventRestored EventKind = "restored" // a task that was removed is back
	// EventOvertyped: a person typed From over what Lockstep works out, at the place that Note names; it was put right.
	EventOvertyped EventKind = "overtyped"

	// Outside of a cycle. What their notes hold, package view writes and reads.

	EventGate   EventKind = "gate"   // partners decided at a gate
	EventUpdate EventKind = "update" // somebody said how it goes
	EventTold   EventKind = "told"   // people were told: Field is the channel's id
)

// Event is one line of the append-only history.
type Event struct {
	ID     int64 // given by the store, growing
	Cycle  int64 // the generation that the cycle made
	At     time.Time
	Kind   EventKind
	Task   task.ID
	Field  string        // "" where the event is about the whole task
	Source task.SourceID // where the value came from, or was written to
	From   task.Value
	To     task.Value
	By     string  // the person, where the tool tells
	Losers []Claim // what was overruled, or stands against it
	Note   string
}

// Query selects events. Zero fields select all.
type Query struct {
	Task   task.ID
	Cycle  int64 // the generation that the cycle made
	Kinds  []EventKind
	Before int64 // only events with a lower ID; 0 for the newest
	After  int64 // only events with a higher ID
	Oldest bool  // oldest first
	Limit  int   // default and at most 1000
}

// Cycle is one line of the list of cycles.
type Cycle struct {
	Generation int64
	Started    time.Time
	Took       time.Duration
	Result     string // "ok", "partial" (a source sat out), "guarded", "failed"
	Patches    int    // planned
	Note       string
}

// Commit is what one cycle decided.
type Commit struct {
	Generation int64 // as loaded
	NextID     int64
	Tasks      []Task // new and changed
	Links      []Link // new and changed
	Unlink     []LinkID
	Sources    []Source // changed; others stay
	Intents    []Intent // new; replaces the one of the same task and source
	Dropped    []LinkID // intents that are known to have landed or not
	Unpause    []LinkID
	Conflicts  []Conflict  // all that are open now; replaces what was
	Holds      []task.Hold // all that there are now; replaces what was
	Events     []Event     // ID is ignored, Cycle is set by the store to the new generation
	Cycle      Cycle       // Generation is set by the store
}

// LinkID names the link, intent or pause of a task in a source.
type LinkID struct {
	Task   task.ID
	Source task.SourceID
}

// Settlement is what came of the writes of a cycle.
type Settlement struct {
	Generation int64 // as Decide returned it
	Links      []Link
	Unlink     []LinkID
	Dropped    []LinkID // intents that are settled
	Intents    []Intent // intents that stay open and changed (an attempt more)
	Pauses     []Pause
	Unpause    []LinkID
	Sources    []Source // changed
	Events     []Event
}
