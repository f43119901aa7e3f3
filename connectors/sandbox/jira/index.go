package jira

import (
	"slices"
	"sort"
	"time"
)

// version is a state of an issue; a nil issue says that it was deleted. at is when it came to be, seen is when the
// search index shows it.
type version struct {
	at, seen time.Time
	issue    *issue
}

// record is an issue through time, as far back as the search index may be.
type record struct {
	versions []version
	changes  int // that were made to it so far
}

func (r *record) latest() *issue { return r.versions[len(r.versions)-1].issue }

// lastKnown is the newest state that is none of a deletion's, nil when the index has forgotten them all.
func (r *record) lastKnown() *issue {
	for _, v := range slices.Backward(r.versions) {
		if v.issue != nil {
			return v.issue
		}
	}
	return nil
}

// asOf is the state that the index shows at a moment, nil where it shows none: the newest that was indexed by then. One
// that is indexed after a newer one shows nothing of itself.
func (r *record) asOf(t time.Time) *issue {
	for _, v := range slices.Backward(r.versions) {
		if !v.seen.After(t) {
			return v.issue
		}
	}
	return nil
}

// forget drops the states that the index will never show again.
func (r *record) forget(now time.Time) {
	for n := len(r.versions) - 1; n > 0; n-- {
		if !r.versions[n].seen.After(now) {
			r.versions = slices.Delete(r.versions, 0, n)
			return
		}
	}
}

// commitLog knows when the index last changed: it counts the commits that a moment has behind it.
type commitLog struct {
	past  int
	times []time.Time // sorted
}

func (c *commitLog) add(t time.Time) {
	n := sort.Search(len(c.times), func(i int) bool { return c.times[i].After(t) })
	c.times = slices.Insert(c.times, n, t)
}

// bump says that something changed that searches see at once, such as a status's name.
func (c *commitLog) bump() { c.past++ }

// upTo counts the commits up to t and forgets them one by one.
func (c *commitLog) upTo(t time.Time) int {
	n := sort.Search(len(c.times), func(i int) bool { return c.times[i].After(t) })
	c.past += n
	c.times = c.times[n:]
	return c.past
}

// lagOf is how long the index takes to show the n-th change of an issue.
func (s *Server) lagOf(id int64, n int) time.Duration {
	lag := s.opts.IndexLag
	if s.opts.LagOf != nil {
		lag = s.opts.LagOf(id, n)
	}
	if s.inBulk {
		lag += s.opts.BulkLag
	}
	return max(lag, 0)
}

// put makes a state the newest of its issue; nil deletes it.
func (s *Server) put(id int64, i *issue) {
	now := s.now()
	r := s.records[id]
	if r == nil {
		r = &record{}
		s.records[id] = r
		s.order = append(s.order, id)
	}
	if n := len(r.versions); n > 0 && r.versions[n-1].at.After(now) {
		now = r.versions[n-1].at // the clock went back; what the index knows stays in order
	}
	r.changes++
	v := version{at: now, seen: now.Add(s.lagOf(id, r.changes)), issue: i}
	r.versions = append(r.versions, v)
	r.forget(now)
	s.commits.add(v.seen)
	if i != nil {
		s.keys[i.key] = id
	}
	s.changed = true
}

// putPast puts in an issue that the search index knows at once, however far behind it is: it has long been there.
func (s *Server) putPast(d *issue) {
	s.put(d.id, d)
	s.records[d.id].versions[0].at, s.records[d.id].versions[0].seen = time.Time{}, time.Time{}
	s.commits.bump()
}

// sweep forgets deleted issues that the index has caught up with.
func (s *Server) sweep(now time.Time) {
	s.order = slices.DeleteFunc(s.order, func(id int64) bool {
		r := s.records[id]
		v := r.versions[len(r.versions)-1]
		if v.issue != nil || v.seen.After(now) {
			return false
		}
		delete(s.records, id)
		return true
	})
}
