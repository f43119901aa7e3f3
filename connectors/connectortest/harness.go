// Package connectortest is the conformance suite: what the engine relies on, asked of a connector and its tool from
// outside. A connector joins by writing a Harness, which is a person's hands in a fresh tool, and calling Run from a test:
//
//	func TestConformance(t *testing.T) {
//		t.Parallel()
//		connectortest.Run(t, connectortest.Features{Fields: …, Creates: true}, func(t *testing.T) connectortest.Harness {
//			return newHarness(t) // a server, seeded with what must never be touched
//		})
//	}
package connectortest

import (
	"context"

	"github.com/lockstep-sync/lockstep/connectors"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// T is what *testing.T and *rapid.T have in common: a Harness fails through it.
type T interface {
	Helper()
	Logf(format string, args ...any)
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	Skipf(format string, args ...any)
	Context() context.Context
}

// Harness is one fresh tool without managed items, and a person at its keyboard. What the person does goes past the
// connector: through the tool's own page or its server's memory. An item's name is the harness's own handle on it (a
// Jira id, a number of its own for a row) and stays good while others come, go and move. A harness may also be a
// Typist, a Copier, a Mover, a Settler or a Viewer; what it is not is not asked of it.
type Harness interface {
	// Connector returns a new client of the same tool, as after a restart: nothing is remembered but what the tool holds.
	Connector(t T) connectors.Connector
	// Add makes an item as a person does and returns its name. What is None is left as the tool has it.
	Add(t T, v task.Values) (name string)
	// Edit puts a value into one field; an empty one clears it.
	Edit(t T, name string, f task.Field, v task.Value)
	// Garble types what cannot be read as the field's kind ("next week-ish" as a date), and returns it as the tool
	// shows it. ok is false, and nothing is done, where the tool does not let a person do that.
	Garble(t T, name string, f task.Field) (raw string, ok bool)
	// Delete takes the item away for good.
	Delete(t T, name string)
	// Names are all managed items, whoever made them.
	Names(t T) []string
	// Show is what the tool itself holds: None where it has no such field.
	Show(t T, name string) task.Values
	// Untouched is a digest of what the connector must never change: other columns and formulas of people's items,
	// other tabs, issues outside the filter. New items of ours do not show in it.
	Untouched(t T) string
	// Break makes every request that it is about fail until mend is called. It returns nil where the fault cannot be
	// brought about. The connector's own inline retries should be quick: their waits are spent for real.
	Break(t T, f Fault) (mend func())
	// Requests counts what was asked of the tool so far; ok is false where that cannot be told. A search is a read,
	// whatever its method.
	Requests(t T) (reads, writes int, ok bool)
}

// Typist is a Harness whose person can type any text into a text field, blanks at the ends and line ends included.
type Typist interface {
	// Type puts the raw text into a field of kind Text.
	Type(t T, name string, f task.Field, raw string)
}

// Copier is a Harness whose person can copy an item with all that is in it, our mark too where it lies in the item.
type Copier interface {
	Copy(t T, name string) (copied string)
}

// Mover is a Harness whose person can bring the items into another order.
type Mover interface {
	Permute(t T)
}

// Settler is a Harness whose tool shows a change only after a while.
type Settler interface {
	// Settle makes reads see everything that was done. It is called before each Pull and Find of the suite.
	Settle(t T)
}

// Fault is what Break can bring about.
type Fault string

// The faults.
const (
	// Unavailable: the tool answers every request with a 5xx and does nothing.
	Unavailable Fault = "unavailable"
	// LostAnswer: writes land, and the connection is cut before the answer. Reads work.
	LostAnswer Fault = "lost answer"
	// LostRequest: the connection is cut before a write lands. Reads work.
	LostRequest Fault = "lost request"
	// RateLimited: every request is refused, with the wish to be left alone for longer than the client waits inline.
	RateLimited Fault = "rate limited"
	// Unauthorized: the credential is not, or no longer, good.
	Unauthorized Fault = "unauthorized"
	// Hang: no request is answered until its client gives up.
	Hang Fault = "hang"
)

// Features is what a connector says of itself and its tool.
type Features struct {
	// Creates and Removes say what Describe must say.
	Creates, Removes bool
	// Provisional says that what people make has no lasting key until it is adopted.
	Provisional bool
	// Board says that the tool shows a board: its connector is a Publisher, and its Harness a Viewer.
	Board bool
	// Increments says that a Pull with a cursor may give only what changed.
	Increments bool
	// Fields are the mapped fields, Title among them; ReadOnly those of them that may only be read.
	Fields, ReadOnly []task.Field
	// Values are values that the tool can show, for each field; DefaultValues where there are none. Give your own where
	// the tool has a closed list, or a length. At least two of each field that can be written.
	Values map[task.Field][]task.Value
	// Lossy are values that may be written, and that the tool shows as something else or not at all.
	Lossy map[task.Field][]task.Value
	// Many is how many items make more than one page; 130 where it is 0.
	Many int
	// Cost is how many requests of each sort Apply may send for k patches to k items. Nil: it is not asked.
	Cost func(k int) (reads, writes int)
	// Worlds is how many random worlds are tried, where each costs a server; 0 is as many as rapid is told to.
	Worlds int
}

func (f Features) values(field task.Field) []task.Value {
	if vs := f.Values[field]; len(vs) > 0 {
		return vs
	}
	return DefaultValues(field)
}

func (f Features) writes(field task.Field) bool {
	d := connectors.Description{Fields: f.Fields, ReadOnly: f.ReadOnly}
	return d.Writes(field)
}

func (f Features) many() int {
	if f.Many > 0 {
		return f.Many
	}
	return 130
}
