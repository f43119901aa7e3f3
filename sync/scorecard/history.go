package scorecard

import (
	"time"

	"github.com/lockstep-sync/lockstep/sync/task"
)

// history is what the last weeks were, week by week, rebuilt from the stories.
type history struct {
	// bounds are the starts of the weeks that are looked at, the oldest first, and as the last the end of the current week.
	bounds []time.Time
	firsts []day // the days of the bounds
	// full is the first week that the whole history covers: the plan of an earlier one is not known.
	full int

	whole     *track
	byPartner map[string]*track
	byStream  map[string]*track
	kept      [][]*Task // by week
	misses    [][]Miss
}

// track is the history of one group of tasks, by week; the last is the current one.
type track struct {
	made, kept []int // commitments
	unplanned  []int // finished without having been promised for the week
	why        []map[Code]int
	finished   []int // how many were finished
	scope      []int // how many there were at the start of week i, the cancelled ones left out; at len: now
	done       []int // how many of them were done
	began      time.Time
}

func newTrack(weeks int) *track {
	block := make([]int, 6*weeks+2)
	cut := func(n int) []int {
		s := block[:n:n]
		block = block[n:]
		return s
	}
	return &track{
		made: cut(weeks), kept: cut(weeks), unplanned: cut(weeks), finished: cut(weeks), scope: cut(weeks + 1), done: cut(weeks + 1),
		why: make([]map[Code]int, weeks),
	}
}

// state is a task at one moment.
type state struct {
	there   bool // it was known, and not removed
	status  string
	due     day
	hasDue  bool
	dueAs   task.Value
	partner string
	stream  string
}

func (s *state) open() bool { return s.there && s.status != task.Done && s.status != task.Cancelled }
func (s *state) done() bool { return s.there && s.status == task.Done }

func (s *state) setDue(v task.Value) {
	s.dueAs = v
	s.due, s.hasDue = dayOf(v)
}

// mostWeeks is how many weeks are looked at, whatever the rules say: twenty years.
const mostWeeks = 1040

// layWeeks lays out the weeks that are looked at.
func (c *computer) layWeeks() {
	h, r := &c.history, &c.in.Rules
	weeks := 1 + min(mostWeeks, max(0, r.CommitmentWeeks, r.ForecastWeeks, r.BurnupWeeks))
	var began time.Time
	for _, t := range c.tasks {
		if began.IsZero() || t.Created.Before(began) {
			began = t.Created
		}
	}
	current := c.today.weekStart(r.FirstDay)
	if len(c.tasks) > 0 {
		since := int(current-dayIn(began, c.loc).weekStart(r.FirstDay))/7 + 1
		weeks = max(1, min(weeks, since))
	} else {
		weeks = 1
	}
	for i := range weeks + 1 {
		d := current - day(7*(weeks-1-i))
		h.firsts = append(h.firsts, d)
		h.bounds = append(h.bounds, d.begin(c.loc))
		if i < weeks && h.bounds[i].Before(began) {
			h.full = i + 1
		}
	}
	h.whole = newTrack(weeks)
	h.byPartner, h.byStream = make(map[string]*track), make(map[string]*track)
	h.kept, h.misses = make([][]*Task, weeks), make([][]Miss, weeks)
}

func (h *history) weeks() int { return len(h.bounds) - 1 }

func trackOf(m map[string]*track, key string, weeks int) *track {
	t := m[key]
	if t == nil {
		t = newTrack(weeks)
		m[key] = t
	}
	return t
}

// streamTrack is a workstream's track; nil for one that is not followed. A track of nil counts nothing.
func (c *computer) streamTrack(name string) *track {
	if !c.followed[name] {
		return nil
	}
	return trackOf(c.history.byStream, name, c.history.weeks())
}

// replayAll plays every task's story through the weeks.
func (c *computer) replayAll() {
	c.layWeeks()
	for _, t := range c.tasks {
		c.replay(t)
	}
}

// replay plays one story. What holds at the start of a week is what was before its first moment.
func (c *computer) replay(t *Task) {
	h := &c.history
	weeks := h.weeks()
	s := state{
		status: t.first(task.Status).String(), partner: t.first(task.Partner).String(), stream: c.stream(t.first(task.Workstream)),
	}
	s.setDue(t.first(task.Due))
	bornDone := s.status == task.Done
	tracks := [2]*track{h.whole, c.streamTrack(c.stream(t.Agreed[task.Workstream]))}
	for _, k := range tracks {
		k.know(t.Created)
	}

	change, removal := 0, 0
	removed := false
	advance := func(to time.Time) {
		for ; change < len(t.Story.Changes) && t.Story.Changes[change].At.Before(to); change++ {
			c.apply(&s, &t.Story.Changes[change])
		}
		for ; removal < len(t.Story.Removals) && t.Story.Removals[removal].At.Before(to); removal++ {
			removed = !t.Story.Removals[removal].Back
		}
		s.there = !removed && t.Created.Before(to)
	}
	first := 0
	for first < weeks-1 && !t.Created.Before(h.bounds[first+1]) {
		first++ // it was not there yet
	}
	advance(h.bounds[first])
	for w := first; w < weeks; w++ {
		for _, k := range tracks {
			k.stand(w, &s)
		}
		before := s
		if w < weeks-1 {
			advance(h.bounds[w+1])
		} else {
			s = c.stateNow(t)
		}
		finished := !before.done() && s.done() && (before.there || !bornDone)
		if finished {
			for _, k := range tracks {
				k.finish(w)
			}
		}
		c.commit(t, w, &before, &s, finished)
	}
	for _, k := range tracks {
		k.stand(weeks, &s)
	}
}

// know says since when a task of the track is known.
func (k *track) know(since time.Time) {
	if k != nil && (k.began.IsZero() || since.Before(k.began)) {
		k.began = since
	}
}

func (k *track) finish(w int) {
	if k != nil {
		k.finished[w]++
	}
}

// stand counts the task as it stood at the start of week w.
func (k *track) stand(w int, s *state) {
	if k != nil && s.there && s.status != task.Cancelled {
		k.scope[w]++
		if s.status == task.Done {
			k.done[w]++
		}
	}
}

func (c *computer) apply(s *state, ch *Change) {
	switch ch.Field {
	case task.Status:
		s.status = ch.To.String()
	case task.Due:
		s.setDue(ch.To)
	case task.Partner:
		s.partner = ch.To.String()
	case task.Workstream:
		s.stream = c.stream(ch.To)
	default:
	}
}

// stateNow is the task as it is agreed today: for that no history is needed.
func (c *computer) stateNow(t *Task) state {
	s := state{
		there: !t.Removed, status: t.Agreed[task.Status].String(), partner: t.Agreed[task.Partner].String(),
		stream: c.stream(t.Agreed[task.Workstream]),
	}
	s.setDue(t.Agreed[task.Due])
	return s
}
