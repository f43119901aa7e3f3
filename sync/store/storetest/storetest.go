// Package storetest holds the suite that every store passes: what store.Store promises, said as tests. A store joins with
//
//	func TestStore(t *testing.T) { storetest.Run(t, open) }
//	func TestReopen(t *testing.T) { storetest.Reopen(t, fresh) }
package storetest

import (
	"fmt"
	"reflect"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// Opener opens a store and sees to it that it is closed when the test ends. Closing a store twice is no error.
type Opener func(t *testing.T) store.Store

// Run proves what a store does while it is open. Each call of open gives an empty database.
func Run(t *testing.T, open Opener) {
	t.Helper()
	for _, c := range []struct {
		name string
		test func(*testing.T, store.Store)
	}{
		{"a partnership never seen", unseen},
		{"everything comes back", roundTrip},
		{"slices are sorted", sorted},
		{"every kind of value", everyValue},
		{"times", times},
		{"a stale commit stores nothing", stale},
		{"of two commits at once one wins", race},
		{"the number of the next task never falls", nextID},
		{"a task is replaced", upsert},
		{"links change and swap their items", swap},
		{"two links to one item are refused", duplicates},
		{"what goes away goes before what comes", removals},
		{"conflicts and holds are replaced as a whole", replaced},
		{"settlements", settlements},
		{"what happens outside of a cycle", recorded},
		{"the history in pages", pages},
		{"the list of cycles", cycles},
		{"partnerships do not see each other", apart},
		{"an end of the context stores nothing", ended},
		{"readers see whole commits", whole},
		{"after close", closed},
		{"as a model", asModel},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.test(t, open(t))
		})
	}
}

// Reopen proves what a store keeps when it is closed and opened again. Each call of fresh gives an Opener that opens one
// new database every time.
func Reopen(t *testing.T, fresh func(t *testing.T) Opener) {
	t.Helper()
	t.Run("everything is there after close", func(t *testing.T) {
		t.Parallel()
		open := fresh(t)
		s := open(t)
		w := newWorld()
		c := fullCommit()
		mustDecide(t, s, w, "p", c)
		mustSettle(t, s, w, "p", fullSettlement(1))
		mustClose(t, s)
		w.check(t, open(t))
	})
	t.Run("two stores on one database", func(t *testing.T) {
		t.Parallel()
		open := fresh(t)
		a, b := open(t), open(t)
		w := newWorld()
		mustDecide(t, a, w, "p", fullCommit())
		w.check(t, b)
		mustStale(t, b, "p", store.Commit{})
		mustDecide(t, b, w, "p", store.Commit{Generation: 1, NextID: 50})
		mustStale(t, a, "p", store.Commit{Generation: 1})
		w.check(t, a)
	})
	t.Run("of commits of two stores at once one wins", func(t *testing.T) {
		t.Parallel()
		open := fresh(t)
		raceBetween(t, open(t), open(t))
	})
	t.Run("as a model, closed now and then", func(t *testing.T) {
		t.Parallel()
		open := fresh(t)
		random(t, open(t), func() store.Store { return open(t) })
	})
}

func asModel(t *testing.T, s store.Store) {
	t.Helper()
	random(t, s, nil)
}

var partnerships atomic.Int64

// newPartnership gives a name that no test has used: random tests need a fresh partnership more often than a fresh database.
func newPartnership() string { return fmt.Sprintf("partnership-%d", partnerships.Add(1)) }

// same fails the test where got is not want to the last bit; times must be in UTC.
func same(t tester, what string, want, got any) {
	t.Helper()
	if !reflect.DeepEqual(want, got) {
		t.Fatalf("%s is not what was stored (-want +got):\n%s", what, cmp.Diff(want, got, byEquality(), byInstant()))
	}
}

func byEquality() cmp.Option { return cmp.Comparer(func(a, b task.Value) bool { return a == b }) }

// byInstant tells times apart by their zone too, which time.Time's own Equal does not.
func byInstant() cmp.Option {
	return cmp.Comparer(func(a, b time.Time) bool { return a.Equal(b) && a.Location() == b.Location() })
}

// tester is what *testing.T and *rapid.T have in common.
type tester interface {
	Helper()
	Fatalf(format string, args ...any)
	Logf(format string, args ...any)
}
