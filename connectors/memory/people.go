package memory

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/lockstep-sync/lockstep/connectors"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// This file is a person's hands in the tool. A person means an item by its handle, "k1", which is the tool's own name for
// it and never changes; the connector's key is understood as well. An item that is not there is left alone.

// Item is an item as a person sees it.
type Item struct {
	Handle string // "k1"
	Key    string // what the connector knows it by at this moment
	Mark   task.ID
	// Values holds every field, mapped or not; none is None.
	Values  task.Values
	Version int64
	By      string
	At      time.Time
}

// Add makes an item and returns its handle. A value that is None is empty; Defaults fill what is empty.
func (t *Tool) Add(v task.Values) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.number++
	it := item{number: t.number, by: ByPerson, values: blank()}
	for i := range v {
		f := task.Field(i)
		it.values[f] = t.typed(f, v[f], task.Value{})
	}
	t.fillDefaults(&it)
	t.put(it)
	return handle(it.number)
}

// Edit types a value into a field and reports whether the item is there. What cannot be read as the field's kind, such as
// an UnreadableValue, stays as it was typed; what the tool cannot show becomes what it shows.
func (t *Tool) Edit(key string, f task.Field, v task.Value) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	was := t.meant(key)
	if was == nil {
		return false
	}
	it := *was
	if it.values[f] = t.typed(f, v, was.values[f]); it.values != was.values {
		it.by = ByPerson
		t.put(it)
	}
	return true
}

// Delete takes the item away and reports whether it was there.
func (t *Tool) Delete(key string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	it := t.meant(key)
	if it == nil {
		return false
	}
	t.drop(it)
	t.deleted = it
	return true
}

// Undo brings back the item that a person deleted last, with our mark, and reports whether there is one.
func (t *Tool) Undo() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.deleted == nil || t.items[t.deleted.number] != nil {
		return false
	}
	t.put(*t.deleted)
	t.deleted = nil
	return true
}

// Copy makes a second item of the same content and returns its handle, "" where there is nothing to copy. The mark is
// copied with the rest, as people do who copy a row or clone an issue with its labels.
func (t *Tool) Copy(key string) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	was := t.meant(key)
	if was == nil {
		return ""
	}
	t.number++
	t.put(item{number: t.number, mark: was.mark, values: was.values, by: ByPerson})
	return handle(t.number)
}

// Unmark takes our mark off the item and reports whether the item is there.
func (t *Tool) Unmark(key string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	was := t.meant(key)
	if was == nil {
		return false
	}
	if was.mark != "" {
		it := *was
		it.mark, it.by = "", ByPerson
		t.put(it)
	}
	return true
}

// Hide takes the item out of what Pull sees, without deleting it: Present if it is only outside the filter, NoAccess if it
// may not be read or written any more, "" to show it again. It reports whether the item is there.
func (t *Tool) Hide(key string, as connectors.Presence) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	was := t.meant(key)
	if was == nil {
		return false
	}
	it := *was
	it.hidden = as
	t.put(it)
	return true
}

// Permute puts the items into another order, the same at every run, as people do who sort a sheet. Nothing else changes.
func (t *Tool) Permute() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stir++
	rng := rand.New(rand.NewPCG(t.stir, 0)) //nolint:gosec // an order, not a secret
	rng.Shuffle(len(t.order), func(i, j int) { t.order[i], t.order[j] = t.order[j], t.order[i] })
	t.index()
}

// Keys are the handles of all items, in the tool's order; nil where there are none.
func (t *Tool) Keys() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var keys []string
	for _, n := range t.order {
		keys = append(keys, handle(n))
	}
	return keys
}

// Get returns the item, and false where there is none.
func (t *Tool) Get(key string) (Item, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	it := t.meant(key)
	if it == nil {
		return Item{}, false
	}
	return Item{
		Handle: handle(it.number), Key: t.keyOf(it), Mark: it.mark, Values: it.values, Version: it.version, By: it.by, At: it.at,
	}, true
}

// Untouched writes down everything that the connector must never change: each item's fields that are not mapped, by handle.
// Items that we created hold nothing there.
func (t *Tool) Untouched() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	numbers := slices.Sorted(slices.Values(t.order))
	var b strings.Builder
	for _, n := range numbers {
		for i, v := range t.items[n].values {
			if f := task.Field(i); !t.desc.Maps(f) && !v.IsEmpty() {
				fmt.Fprintf(&b, "%s %s %q\n", handle(n), f, v.String())
			}
		}
	}
	return b.String()
}

// meant is the item of that handle or key; nil where there is none. Of several that carry one mark it is the first.
func (t *Tool) meant(key string) *item {
	if n, ok := numberOf(key); ok {
		return t.items[n]
	}
	if ns := t.marks[task.ID(key)]; len(ns) > 0 {
		return t.items[ns[0]]
	}
	return t.byKey(key)
}

// typed is what stands in the field after somebody typed v.
func (t *Tool) typed(f task.Field, v, have task.Value) task.Value {
	switch {
	case v.String() == "":
		v = task.Empty(f.Kind())
	case v.IsUnreadable():
		return v
	case v.Kind() != f.Kind():
		return task.UnreadableValue(v.String())
	}
	shown, _ := t.Normalize(f, v, have)
	if shown.IsNone() {
		shown = task.Empty(f.Kind())
	}
	return shown
}

func (t *Tool) fillDefaults(it *item) {
	for i, v := range t.opts.Defaults {
		if it.values[i].IsEmpty() && !v.IsEmpty() {
			it.values[i] = v
		}
	}
}

// blank is an item that nobody has typed into.
func blank() task.Values {
	var v task.Values
	for i := range v {
		v[i] = task.Empty(task.Field(i).Kind())
	}
	return v
}
