package scorecard

import (
	"fmt"

	"github.com/lockstep-sync/lockstep/sync/task"
)

// Week is the commitments of one week: the tasks that were open at its start and due in it or before. That plan is frozen: what was
// added, moved or cancelled since changes nothing in it.
type Week struct {
	First task.Value `json:"first"` // the day on which it begins
	Last  task.Value `json:"last"`
	// Current says that the week is not over: what is not kept yet is no miss.
	Current bool `json:"current,omitempty"`
	// Commitments are those kept of those made; kept is done at the week's end.
	Commitments Ratio `json:"commitments"`
	// Unplanned is how many tasks were finished that were not promised for the week. They keep no commitment.
	Unplanned int `json:"unplanned"`
	// Why counts the misses by reason.
	Why []MissCount `json:"why,omitempty"`
	// Kept and Misses are all of them, by task number; only the partnership's weeks have them, and only the latest: see ToldWeeks
	// and ToldMost.
	Kept   []*Task `json:"-"`
	Misses []Miss  `json:"misses,omitempty"`
}

// ToldWeeks is for how many of the latest full weeks, and the current one, every commitment is told, and not only counted.
const ToldWeeks = 4

// ToldMost is how many kept commitments of a week are told, and how many missed ones: those of the lowest task numbers. More are read by
// nobody; the figures count them all.
const ToldMost = 5000

// MissCount is how many commitments were missed for one reason.
type MissCount struct {
	Code  Code `json:"code"`
	Count int  `json:"count"`
}

// Miss is a commitment that was not kept.
type Miss struct {
	Task    *Task   `json:"-"`
	ID      task.ID `json:"task"`
	Partner string  `json:"partner"` // whose it was at the week's start
	Reason  Reason  `json:"reason"`
}

// Why a commitment was missed.
const (
	MissMoved      Code = "miss_moved"       // the due date was moved out of the week, From → To
	MissDropped    Code = "miss_dropped"     // the due date was taken away
	MissBlocked    Code = "miss_blocked"     // it was blocked at the week's end
	MissCancelled  Code = "miss_cancelled"   // it was cancelled
	MissRemoved    Code = "miss_removed"     // it was removed
	MissNotStarted Code = "miss_not_started" // nobody had begun
	MissUnfinished Code = "miss_unfinished"  // it was in progress
	MissUnknown    Code = "miss_unknown"     // nothing is known
)

func missCodes() []Code {
	return []Code{MissMoved, MissDropped, MissBlocked, MissCancelled, MissRemoved, MissNotStarted, MissUnfinished, MissUnknown}
}

// miss is the reason in words.
func (r Reason) miss() string {
	switch r.Code {
	case MissMoved:
		return fmt.Sprintf("moved from %s to %s", date(r.From), date(r.To))
	case MissDropped:
		return fmt.Sprintf("the due date of %s was taken away", date(r.From))
	case MissBlocked:
		return "blocked"
	case MissCancelled:
		return "cancelled"
	case MissRemoved:
		return "removed"
	case MissNotStarted:
		return "not started"
	case MissUnfinished:
		return "in progress, not finished"
	case MissUnknown:
		return "unknown"
	default:
		return string(r.Code)
	}
}

// commit counts a task in week w, which it began and ended as the states say; finished says that it was finished in it.
func (c *computer) commit(t *Task, w int, start, end *state, finished bool) {
	h := &c.history
	if w < h.weeks()-1-c.in.Rules.CommitmentWeeks {
		return
	}
	promised := start.open() && start.hasDue && start.due < h.firsts[w+1]
	if !promised {
		if finished {
			for _, k := range [3]*track{h.whole, trackOf(h.byPartner, end.partner, h.weeks()), c.streamTrack(end.stream)} {
				k.surprise(w)
			}
		}
		return
	}
	tracks := [3]*track{h.whole, trackOf(h.byPartner, start.partner, h.weeks()), c.streamTrack(start.stream)}
	for _, k := range tracks {
		k.promise(w, finished)
	}
	told := w >= h.weeks()-1-ToldWeeks
	if finished && told && len(h.kept[w]) < ToldMost {
		h.kept[w] = append(h.kept[w], t)
	}
	if finished || w == h.weeks()-1 {
		return
	}
	why := missed(start, end, h.firsts[w+1])
	for _, k := range tracks {
		k.miss(w, why.Code)
	}
	if told && len(h.misses[w]) < ToldMost {
		h.misses[w] = append(h.misses[w], Miss{Task: t, ID: t.ID, Partner: start.partner, Reason: why})
	}
}

func (k *track) promise(w int, kept bool) {
	if k == nil {
		return
	}
	k.made[w]++
	if kept {
		k.kept[w]++
	}
}

func (k *track) surprise(w int) {
	if k != nil {
		k.unplanned[w]++
	}
}

func (k *track) miss(w int, why Code) {
	if k == nil {
		return
	}
	if k.why[w] == nil {
		k.why[w] = make(map[Code]int)
	}
	k.why[w][why]++
}

// missed is why a commitment of a week that ended before a day was not kept.
func missed(start, end *state, before day) Reason {
	r := Reason{RAG: None, From: start.dueAs, To: end.dueAs}
	switch {
	case !end.there:
		r.Code = MissRemoved
	case end.status == task.Cancelled:
		r.Code = MissCancelled
	case end.hasDue && end.due >= before:
		r.Code, r.Days = MissMoved, int(end.due-start.due)
	case !end.hasDue:
		r.Code = MissDropped
	case end.status == task.Blocked:
		r.Code = MissBlocked
	case end.status == task.NotStarted:
		r.Code = MissNotStarted
	case end.status == task.InProgress:
		r.Code = MissUnfinished
	default:
		r.Code = MissUnknown
	}
	return r
}

// weeksOf are a track's weeks, the oldest first; nil where no week's plan is known.
func (c *computer) weeksOf(k *track, told bool) []Week {
	h := &c.history
	var out []Week
	for w := max(h.full, h.weeks()-1-c.in.Rules.CommitmentWeeks); w < h.weeks(); w++ {
		week := Week{First: h.firsts[w].value(), Last: (h.firsts[w+1] - 1).value(), Current: w == h.weeks()-1}
		if k != nil {
			week.Commitments, week.Unplanned = Ratio{k.kept[w], k.made[w]}, k.unplanned[w]
			for _, code := range missCodes() {
				if n := k.why[w][code]; n > 0 {
					week.Why = append(week.Why, MissCount{code, n})
				}
			}
		}
		if told {
			week.Kept, week.Misses = h.kept[w], h.misses[w]
		}
		out = append(out, week)
	}
	return out
}

// reliability is the share of commitments kept over the weeks that are over.
func reliability(weeks []Week) Ratio {
	var sum Ratio
	for _, w := range weeks {
		if !w.Current {
			sum = sum.plus(w.Commitments)
		}
	}
	return sum
}
