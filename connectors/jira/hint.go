package jira

import (
	"slices"
	"strconv"
	"sync"

	"github.com/lockstep-sync/lockstep/connectors"
)

var _ connectors.Hinted = (*Connector)(nil)

// hintsMax is how many hinted issues are kept. Beyond it the oldest are forgotten: the increment finds them in any case, as soon
// as the index shows them.
const hintsMax = 500

// hints are what was said of issues from outside and not looked into yet. Its methods may be called from any goroutine.
type hints struct {
	mu      sync.Mutex
	ids     []int64 // that may have changed, the newest last, each once
	removed []int64 // that may be gone, likewise
	// Deletions are counted rather than flagged: one that is told while a census is being read is owed another census.
	deleted, asked, looked uint64
}

// Hint says that issues of these ids may have changed: see connectors.Hinted. What is no issue's id is ignored.
func (c *Connector) Hint(keys ...string) { c.hints.changed(keys) }

// HintDeleted says that issues of these ids may have been deleted: see connectors.Hinted. Nothing is removed because of it: the
// next Pull begins to list the issues that are there.
func (c *Connector) HintDeleted(keys ...string) { c.hints.gone(keys) }

// issueIDs are those of keys that can be the id of an issue.
func issueIDs(keys []string) []int64 {
	var out []int64
	for _, k := range keys {
		if id, ok := issueID(k); ok {
			out = append(out, id)
		}
	}
	return out
}

// issueID is the id that a text stands for, as Jira writes it: without sign and leading zeros.
func issueID(s string) (int64, bool) {
	id, err := parseID(s)
	return id, err == nil && id > 0 && strconv.FormatInt(id, 10) == s
}

func (h *hints) changed(keys []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, id := range issueIDs(keys) {
		h.ids, h.removed = latest(h.ids, id), without(h.removed, id)
	}
}

// gone takes the issues out of those that changed too: an id that is no longer there may spoil a request that names it.
func (h *hints) gone(keys []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, id := range issueIDs(keys) {
		h.ids, h.removed = without(h.ids, id), latest(h.removed, id)
		h.deleted++
	}
}

func without(ids []int64, id int64) []int64 {
	return slices.DeleteFunc(ids, func(x int64) bool { return x == id })
}

// latest puts id at the end, and forgets the oldest where there are too many.
func latest(ids []int64, id int64) []int64 {
	ids = append(without(ids, id), id)
	return slices.Delete(ids, 0, max(len(ids)-hintsMax, 0))
}

// take returns up to n of the ids that may have changed, the newest first, and all that may be gone, and forgets these. The rest
// waits for the next Pull.
func (h *hints) take(n int) (changed, removed []int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	from := max(len(h.ids)-n, 0)
	changed = slices.Clone(h.ids[from:])
	slices.Reverse(changed)
	h.ids = slices.Delete(h.ids, from, len(h.ids))
	removed, h.removed = h.removed, nil
	return changed, removed
}

// census reports whether a deletion was told that no census has looked into. It stays true until counted is called, so that
// a census that fails is tried again.
func (h *hints) census() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.asked = h.deleted
	return h.deleted > h.looked
}

// counted says that a census was read whole after the last call of census. What was told since then waits for the next.
func (h *hints) counted() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.looked = h.asked
}

// takeHints has the next search read past its index what is said to have changed, at most as many issues as a search may name.
// A write of our own stays one when others wrote to the issue too. What is said to be gone is asked for no more.
func (c *Connector) takeHints() {
	changed, removed := c.hints.take(reconcileMax)
	c.recent = slices.DeleteFunc(c.recent, func(w recentWrite) bool { return slices.Contains(removed, w.id) })
	for _, id := range removed {
		c.absent, c.toldGone = latest(c.absent, id), latest(c.toldGone, id)
	}
	for _, id := range slices.Backward(changed) { // the newest last, as they are kept
		c.absent, c.toldGone = without(c.absent, id), without(c.toldGone, id)
		own := slices.ContainsFunc(c.recent, func(w recentWrite) bool { return w.id == id && !w.told })
		c.lately(recentWrite{id: id, at: c.o.Now(), told: !own})
	}
}

// written are the issues that we wrote to lately, which are there whether or not the index shows them.
func (c *Connector) written() []int64 {
	var out []int64
	for _, w := range c.recent {
		if !w.told {
			out = append(out, w.id)
		}
	}
	return out
}
