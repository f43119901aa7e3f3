package web

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/task"
)

const (
	// activityPageSize is how many lines the page of activity has.
	activityPageSize = 100
	// activityBatch is how many events are read at a time, and activityMost how many for one page at most: a filter that fits seldom reads on.
	activityBatch, activityMost = 500, 5000
)

// activityBody is the page of activity.
type activityBody struct {
	Kinds, Partners, Sources []choice
	Person, Task             string
	Active                   bool // something is left out
	Days                     []activityDay
	Older                    string // address of older ones; "" where there are none
	Newest                   string // address of the first page; "" there
}

type activityDay struct {
	Name   string // "Monday 23 November 2026"
	Events []eventView
}

// activityKinds are what the filter offers, and the events that each stands for. What was written follows from what was decided, and is told
// with it.
var activityKinds = []struct { //nolint:gochecknoglobals // a table
	value, word string
	kinds       []store.EventKind
}{
	{"", "Everything", nil},
	{"changes", "Changes", []store.EventKind{store.EventDecided, store.EventWritten}},
	{"new", "New tasks", []store.EventKind{store.EventBorn, store.EventLinked}},
	{"gone", "Removed and restored", []store.EventKind{store.EventRemoved, store.EventRestored, store.EventUnlinked}},
	{"conflicts", "Conflicts", []store.EventKind{store.EventConflict, store.EventSettled}},
	{"people", "Decisions and updates of people", []store.EventKind{store.EventGate, store.EventUpdate, store.EventSettled, store.EventTold}},
	{"trouble", "Trouble", []store.EventKind{store.EventFailed, store.EventOvertyped, store.EventUnlinked}},
}

// activityFilter is what the reader asks to see.
type activityFilter struct {
	kind, partner, source, person, task string
}

func activityPage(r *request) (any, error) {
	q := r.URL.Query()
	f := activityFilter{q.Get("kind"), q.Get("partner"), q.Get("source"), strings.TrimSpace(q.Get("person")), strings.TrimSpace(q.Get("task"))}
	b := activityBody{Person: f.person, Task: f.task, Active: f != activityFilter{}, Partners: r.partnerChoices(f.partner), Sources: []choice{{"", "All", f.source == ""}}}
	query := store.Query{Limit: activityBatch, Task: task.ID(strings.ToUpper(f.task))}
	for _, k := range activityKinds {
		b.Kinds = append(b.Kinds, choice{k.value, k.word, k.value == f.kind})
		if k.value == f.kind {
			query.Kinds = k.kinds
		}
	}
	for _, s := range r.Partnership.Sources {
		b.Sources = append(b.Sources, choice{string(s.ID), s.Name, string(s.ID) == f.source})
	}
	if n, err := strconv.ParseInt(q.Get("before"), 10, 64); err == nil && n > 0 {
		query.Before, b.Newest = n, r.activityAt(f, 0)
	}
	lines, last, err := r.activityLines(f, query)
	if err != nil {
		return nil, err
	}
	if last > 0 {
		b.Older = r.activityAt(f, last)
	}
	for _, l := range lines {
		if n := len(b.Days); n == 0 || b.Days[n-1].Name != l.Day {
			b.Days = append(b.Days, activityDay{Name: l.Day})
		}
		n := len(b.Days) - 1
		b.Days[n].Events = append(b.Days[n].Events, l)
	}
	return b, nil
}

// activityAt is the address of a page of activity.
func (v *teller) activityAt(f activityFilter, before int64) string {
	q := url.Values{}
	for name, value := range map[string]string{"kind": f.kind, "partner": f.partner, "source": f.source, "person": f.person, "task": f.task} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if before > 0 {
		q.Set("before", strconv.FormatInt(before, 10))
	}
	return v.with("activity", q)
}

// activityLines reads on until a page is full. Last is the id of the last event that was looked at; 0 where there are no older ones.
func (r *request) activityLines(f activityFilter, q store.Query) (lines []eventView, last int64, err error) {
	for read := 0; read < activityMost; {
		es, err := r.history(q)
		if err != nil {
			return nil, 0, err
		}
		read += len(es)
		whole := len(es) < q.Limit
		if len(es) > 0 {
			last = es[len(es)-1].ID
			q.Before = last
		}
		fit := slices.DeleteFunc(slices.Clone(es), func(e store.Event) bool { return !r.fits(f, &e) })
		told := r.tell(fit, nil, clipped, activityPageSize-len(lines)+1)
		if room := activityPageSize - len(lines); len(told) > room {
			return append(lines, told[:room]...), told[room-1].ID, nil
		}
		lines = append(lines, told...)
		if whole {
			return lines, 0, nil
		}
	}
	return lines, last, nil
}

func (v *teller) fits(f activityFilter, e *store.Event) bool {
	if f.source != "" && string(e.Source) != f.source {
		return false
	}
	if f.person != "" && !strings.Contains(strings.ToLower(e.By), strings.ToLower(f.person)) {
		return false
	}
	if f.partner == "" {
		return true
	}
	x := v.Task(e.Task)
	return x != nil && x.Partner == f.partner
}
