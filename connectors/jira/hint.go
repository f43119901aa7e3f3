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
	mu  sync.Mutex
	ids []int64 // that may have changed, the newest last, each once
	// Deletions are counted rather than flagged: one that is told while a census is being read is owed another census.
	deleted, asked, looked uint64
}

// Hint says that issues of these ids may have changed: see connectors.Hinted. What is no issue's id is ignored.
func (c *Connector) Hint(keys ...string) { c.hints.changed(keys) }

// HintDeleted says that issues of these ids may have been deleted. Nothing is removed because of it: the next Pull looks
// which issues are there. It may be called at any time from any goroutine.
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
	ids := issueIDs(keys)
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, id := range ids {
		h.ids = slices.DeleteFunc(h.ids, func(x int64) bool { return x == id })
		h.ids = append(h.ids, id)
	}
	if n := len(h.ids) - hintsMax; n > 0 {
		h.ids = slices.Delete(h.ids, 0, n)
	}
}

// gone takes the issues out of those that changed too: an id that is no longer there may spoil a request that names it.
func (h *hints) gone(keys []string) {
	ids := issueIDs(keys)
	if len(ids) == 0 {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ids = slices.DeleteFunc(h.ids, func(x int64) bool { return slices.Contains(ids, x) })
	h.deleted++
}

// take returns up to n of the ids that may have changed, the newest first, and forgets these. The rest waits for the next Pull.
func (h *hints) take(n int) []int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	from := max(len(h.ids)-n, 0)
	out := slices.Clone(h.ids[from:])
	slices.Reverse(out)
	h.ids = slices.Delete(h.ids, from, len(h.ids))
	return out
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

// takeHints are the issues that the next search is to read past its index because somebody said that they changed: at most as
// many as a search may name, the newest first.
func (c *Connector) takeHints() []int64 { return c.hints.take(reconcileMax) }
