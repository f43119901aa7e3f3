package storetest

import (
	"fmt"
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// hostile are texts that have broken stores: quotes and what looks like SQL or JSON, control characters, NUL, characters of
// two and four bytes, right-to-left marks, a placeholder, and what begins like a formula.
func hostile() []string {
	return []string{
		"", " ", "plain", "it's \"quoted\"", `back\slash \u0041 \n`, "'); DROP TABLE tasks; --", `{"kind":"date"}`, "[null]", "null",
		"a\x00b", "\x00", "\x01\x1b[31m\x7f", "two\nlines\tand a tab", "Ёлка", "naïve e\u0301", "👩🏽‍🌾 🇰🇪", "\u202eright to left", "\u2028",
		"$1", "=HYPERLINK(1)", "%s%n", "NULL", "0", "CW-1", strings.Repeat("long ", 500),
	}
}

func text() *rapid.Generator[string] {
	return rapid.OneOf(rapid.SampledFrom(hostile()), rapid.StringN(0, 12, -1))
}

// ids are few, so that the same ones come again.
func taskIDs() *rapid.Generator[int64] { return rapid.Int64Range(1, 9) }

func taskID(n int64) task.ID {
	if n == 9 {
		return "it's CW-9 \x00🌊"
	}
	return task.ID(fmt.Sprintf("CW-%d", n*7)) // as text, CW-14 comes before CW-7
}

func sourceIDs() *rapid.Generator[task.SourceID] {
	return rapid.SampledFrom([]task.SourceID{"aquafund-jira", "riverton-sheet", "scorecard", "Ünïcode 'source'"})
}

func keys() *rapid.Generator[string] {
	return rapid.SampledFrom([]string{"10001", "10002", "10003", "~provisional", "k\x00", "ключ", "'", "K", "k"})
}

func pair() *rapid.Generator[store.LinkID] {
	return rapid.Custom(func(t *rapid.T) store.LinkID {
		return store.LinkID{Task: taskID(taskIDs().Draw(t, "task")), Source: sourceIDs().Draw(t, "source")}
	})
}

// instant is any time that a tool may tell, in any zone, finer than stores keep it, the zero time included.
func instant() *rapid.Generator[time.Time] {
	return rapid.Custom(func(t *rapid.T) time.Time {
		if rapid.IntRange(0, 5).Draw(t, "zero time") == 0 {
			return time.Time{}
		}
		sec := rapid.Int64Range(-5_000_000_000, 5_000_000_000).Draw(t, "seconds")
		nano := rapid.Int64Range(0, 999_999_999).Draw(t, "nanoseconds")
		zone := time.FixedZone("", rapid.IntRange(-12, 14).Draw(t, "zone")*3600)
		return time.Unix(sec, nano).In(zone)
	})
}

func field() *rapid.Generator[task.Field] { return rapid.SampledFrom(task.AllFields()) }

func value() *rapid.Generator[task.Value] {
	return rapid.Custom(func(t *rapid.T) task.Value {
		k := rapid.SampledFrom([]task.Kind{
			task.None, task.Text, task.Enum, task.Date, task.Number, task.Bool, task.Person, task.Set, task.Unreadable,
		}).Draw(t, "kind")
		return valueOf(t, k)
	})
}

func valueOf(t *rapid.T, k task.Kind) task.Value {
	if rapid.IntRange(0, 4).Draw(t, "empty") == 0 {
		return task.Empty(k)
	}
	switch k {
	case task.Text:
		return task.TextValue(text().Draw(t, "text"))
	case task.Enum:
		return task.EnumValue(text().Draw(t, "word"))
	case task.Date:
		return task.DateValue(time.Date(rapid.IntRange(1, 9999).Draw(t, "year"), 1, rapid.IntRange(1, 365).Draw(t, "day"), 0, 0, 0, 0, time.UTC))
	case task.Number:
		v, err := task.NumberValue(rapid.Float64().Draw(t, "number"))
		if err != nil {
			t.Fatalf("%v", err)
		}
		return v
	case task.Bool:
		return task.BoolValue(rapid.Bool().Draw(t, "yes or no"))
	case task.Person:
		return task.PersonValue(text().Draw(t, "name"))
	case task.Set:
		var items []string
		for _, s := range rapid.SliceOfN(text(), 0, 4).Draw(t, "labels") {
			items = append(items, strings.ReplaceAll(s, "\x1f", "")) // the separator is nobody's label
		}
		return task.SetValue(items...)
	case task.Unreadable:
		return task.UnreadableValue(text().Draw(t, "raw"))
	case task.None:
	}
	return task.Value{}
}

// values are mostly of their fields' kinds, as tools give them, and now and then are not.
func values() *rapid.Generator[task.Values] {
	return rapid.Custom(func(t *rapid.T) task.Values {
		var vs task.Values
		for range rapid.IntRange(0, 6).Draw(t, "fields") {
			f := field().Draw(t, "field")
			if rapid.IntRange(0, 3).Draw(t, "any kind") == 0 {
				vs[f] = value().Draw(t, "value")
			} else {
				vs[f] = valueOf(t, f.Kind())
			}
		}
		return vs
	})
}

func claim() *rapid.Generator[store.Claim] {
	return rapid.Custom(func(t *rapid.T) store.Claim {
		return store.Claim{
			Source: sourceIDs().Draw(t, "source"), Value: value().Draw(t, "value"), By: text().Draw(t, "by"), At: instant().Draw(t, "at"),
		}
	})
}

func aTask() *rapid.Generator[store.Task] {
	return rapid.Custom(func(t *rapid.T) store.Task {
		n := taskIDs().Draw(t, "task")
		return store.Task{
			ID: taskID(n), Number: n, Agreed: values().Draw(t, "agreed"), Baseline: valueOf(t, task.Date), Removed: rapid.Bool().Draw(t, "removed"),
			Created: instant().Draw(t, "created"), Changed: instant().Draw(t, "changed"),
		}
	})
}

func link() *rapid.Generator[store.Link] {
	return rapid.Custom(func(t *rapid.T) store.Link {
		id := pair().Draw(t, "of")
		return store.Link{
			Task: id.Task, Source: id.Source, Key: keys().Draw(t, "key"), Name: text().Draw(t, "name"), URL: text().Draw(t, "url"),
			Base: values().Draw(t, "base"), Version: rapid.Int64().Draw(t, "version"),
		}
	})
}

func source() *rapid.Generator[store.Source] {
	return rapid.Custom(func(t *rapid.T) store.Source {
		return store.Source{
			ID: sourceIDs().Draw(t, "source"), Cursor: text().Draw(t, "cursor"), Fingerprint: text().Draw(t, "fingerprint"),
			LastAttempt: instant().Draw(t, "attempt"), LastSuccess: instant().Draw(t, "success"), Error: text().Draw(t, "error"),
			Reason: rapid.SampledFrom(append(fault.Reasons(), "")).Draw(t, "reason"), Hint: text().Draw(t, "hint"),
		}
	})
}

func ops() *rapid.Generator[task.Op] {
	return rapid.SampledFrom([]task.Op{task.Create, task.Adopt, task.Update, task.Remove})
}

func intent() *rapid.Generator[store.Intent] {
	return rapid.Custom(func(t *rapid.T) store.Intent {
		id := pair().Draw(t, "of")
		in := store.Intent{
			Task: id.Task, Source: id.Source, Op: ops().Draw(t, "op"), At: instant().Draw(t, "at"), Attempt: rapid.IntRange(0, 9).Draw(t, "attempt"),
		}
		for range rapid.IntRange(0, 3).Draw(t, "changes") {
			in.Set = append(in.Set, task.Change{Field: field().Draw(t, "field"), From: value().Draw(t, "from"), To: value().Draw(t, "to")})
		}
		return in
	})
}

func pause() *rapid.Generator[store.Pause] {
	return rapid.Custom(func(t *rapid.T) store.Pause {
		id := pair().Draw(t, "of")
		return store.Pause{
			Task: id.Task, Source: id.Source, Op: ops().Draw(t, "op"), Until: instant().Draw(t, "until"),
			Attempt: rapid.IntRange(0, 9).Draw(t, "attempt"), Want: text().Draw(t, "want"), Error: text().Draw(t, "error"),
			Reason: rapid.SampledFrom(fault.Reasons()).Draw(t, "reason"), Hint: text().Draw(t, "hint"),
		}
	})
}

func conflict() *rapid.Generator[store.Conflict] {
	return rapid.Custom(func(t *rapid.T) store.Conflict {
		return store.Conflict{
			Task: taskID(taskIDs().Draw(t, "task")), Field: field().Draw(t, "field"), Agreed: value().Draw(t, "agreed"),
			Claims: rapid.SliceOfN(claim(), 0, 2).Draw(t, "claims"), Opened: instant().Draw(t, "opened"),
		}
	})
}

func aHold() *rapid.Generator[task.Hold] {
	return rapid.Custom(func(t *rapid.T) task.Hold {
		h := task.Hold{
			Source: sourceIDs().Draw(t, "source"), Name: text().Draw(t, "name"), Raw: text().Draw(t, "raw"), Hint: text().Draw(t, "hint"),
			Key:    rapid.OneOf(rapid.Just(""), keys()).Draw(t, "key"),
			Field:  rapid.SampledFrom([]string{"", "due", "status"}).Draw(t, "field"),
			Reason: rapid.SampledFrom(task.HoldReasons()).Draw(t, "reason"),
		}
		if rapid.Bool().Draw(t, "of a task") {
			h.Task = taskID(taskIDs().Draw(t, "task"))
		}
		return h
	})
}

func event() *rapid.Generator[store.Event] {
	return rapid.Custom(func(t *rapid.T) store.Event {
		return store.Event{
			ID: rapid.Int64().Draw(t, "an id that is ignored"), Cycle: rapid.Int64().Draw(t, "a cycle that is ignored"),
			At: instant().Draw(t, "at"), Kind: rapid.SampledFrom([]store.EventKind{store.EventBorn, store.EventDecided, store.EventFailed}).Draw(t, "kind"),
			Task: taskID(taskIDs().Draw(t, "task")), Field: rapid.SampledFrom([]string{"", "due", "title"}).Draw(t, "field"),
			Source: sourceIDs().Draw(t, "source"), From: value().Draw(t, "from"), To: value().Draw(t, "to"), By: text().Draw(t, "by"),
			Losers: rapid.SliceOfN(claim(), 0, 2).Draw(t, "losers"), Note: text().Draw(t, "note"),
		}
	})
}

// some draws up to n items of which no two have the same name.
func some[T any, K comparable](t *rapid.T, what string, n int, g *rapid.Generator[T], name func(T) K) []T {
	return rapid.SliceOfNDistinct(g, 0, n, name).Draw(t, what)
}

func itself(id store.LinkID) store.LinkID { return id }

func linkOf(l store.Link) store.LinkID { return store.LinkID{Task: l.Task, Source: l.Source} }

// commit draws what a cycle may decide after the model's state. It may tie two tasks to one item.
func commit(t *rapid.T, m *model) store.Commit {
	type spot struct {
		id task.ID
		f  task.Field
	}
	c := store.Commit{
		Generation: m.gen,
		NextID:     m.next + rapid.Int64Range(-1, 5).Draw(t, "numbers given"),
		Tasks:      some(t, "tasks", 3, aTask(), func(x store.Task) task.ID { return x.ID }),
		Links:      some(t, "links", 4, link(), linkOf),
		Unlink:     some(t, "unlink", 2, pair(), itself),
		Sources:    some(t, "sources", 2, source(), func(x store.Source) task.SourceID { return x.ID }),
		Intents:    some(t, "intents", 2, intent(), func(x store.Intent) store.LinkID { return store.LinkID{Task: x.Task, Source: x.Source} }),
		Dropped:    some(t, "dropped", 2, pair(), itself),
		Unpause:    some(t, "unpause", 2, pair(), itself),
		Conflicts:  some(t, "conflicts", 2, conflict(), func(x store.Conflict) spot { return spot{x.Task, x.Field} }),
		Holds:      rapid.SliceOfN(aHold(), 0, 3).Draw(t, "holds"),
		Events:     rapid.SliceOfN(event(), 0, 3).Draw(t, "events"),
		Cycle: store.Cycle{
			Generation: rapid.Int64().Draw(t, "a generation that is ignored"), Started: instant().Draw(t, "started"),
			Took:    time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "took")),
			Result:  rapid.SampledFrom([]string{"ok", "partial", "guarded", "failed"}).Draw(t, "result"),
			Patches: rapid.IntRange(0, 1_000_000).Draw(t, "patches"), Note: text().Draw(t, "note"),
		},
	}
	if rapid.IntRange(0, 2).Draw(t, "waits as before") == 0 {
		c.Conflicts, c.Holds = m.conflicts, m.holds
	}
	return c
}

func settlement(t *rapid.T, m *model) store.Settlement {
	return store.Settlement{
		Generation: m.gen,
		Links:      some(t, "links", 3, link(), linkOf),
		Unlink:     some(t, "unlink", 2, pair(), itself),
		Dropped:    some(t, "dropped", 2, pair(), itself),
		Intents:    some(t, "intents", 2, intent(), func(x store.Intent) store.LinkID { return store.LinkID{Task: x.Task, Source: x.Source} }),
		Pauses:     some(t, "pauses", 2, pause(), func(x store.Pause) store.LinkID { return store.LinkID{Task: x.Task, Source: x.Source} }),
		Unpause:    some(t, "unpause", 2, pair(), itself),
		Sources:    some(t, "sources", 2, source(), func(x store.Source) task.SourceID { return x.ID }),
		Events:     rapid.SliceOfN(event(), 0, 2).Draw(t, "events"),
	}
}
