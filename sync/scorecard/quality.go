package scorecard

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/lockstep-sync/lockstep/sync/task"
)

// Quality is how good the data is that everything else rests on.
type Quality struct {
	UnmatchedPeople  int `json:"unmatched_people"`
	UnreadableCells  int `json:"unreadable_cells"`
	UnmappedStatuses int `json:"unmapped_statuses"`
	UnknownPartners  int `json:"unknown_partners"`
	// HeldConflicts is how many fields wait for people to agree, and OldestConflict since when the oldest does; zero where none.
	HeldConflicts  int       `json:"held_conflicts"`
	OldestConflict time.Time `json:"oldest_conflict,omitzero"`
	// Holds counts all that is held but conflicts, by source and reason.
	Holds []HoldCount `json:"holds,omitempty"`
	// StaleSources and NeverRead count sources; Oldest is the source, of those that were read, that was read longest ago: "" where none
	// was.
	StaleSources int           `json:"stale_sources"`
	NeverRead    int           `json:"never_read"`
	Oldest       task.SourceID `json:"oldest,omitempty"`
	OldestAge    time.Duration `json:"oldest_age,omitempty"`
}

// HoldCount is how much a source holds for one reason.
type HoldCount struct {
	Source task.SourceID   `json:"source"`
	Reason task.HoldReason `json:"reason"`
	Count  int             `json:"count"`
}

func (c *computer) quality() Quality {
	q := Quality{HeldConflicts: len(c.in.Conflicts)}
	for _, k := range c.in.Conflicts {
		if q.OldestConflict.IsZero() || k.Opened.Before(q.OldestConflict) {
			q.OldestConflict = k.Opened
		}
	}
	counts := make(map[HoldCount]int)
	for i := range c.in.Holds {
		h := &c.in.Holds[i]
		switch h.Reason {
		case task.HoldConflict:
			continue // told by the conflict itself, and once for each source that claims
		case task.HoldUnmatchedPerson:
			q.UnmatchedPeople++
		case task.HoldUnreadable:
			q.UnreadableCells++
		case task.HoldUnmappedStatus:
			q.UnmappedStatuses++
		case task.HoldUnknownPartner:
			q.UnknownPartners++
		default:
		}
		counts[HoldCount{Source: h.Source, Reason: h.Reason}]++
	}
	for k, n := range counts {
		k.Count = n
		q.Holds = append(q.Holds, k)
	}
	slices.SortFunc(q.Holds, func(a, b HoldCount) int {
		return cmp.Or(strings.Compare(string(a.Source), string(b.Source)), strings.Compare(string(a.Reason), string(b.Reason)))
	})
	for i := range c.sources {
		s := &c.sources[i]
		switch {
		case s.Never:
			q.NeverRead++
		case q.Oldest == "" || s.Age > q.OldestAge:
			q.Oldest, q.OldestAge = s.ID, s.Age
		}
		if s.Stale {
			q.StaleSources++
		}
	}
	return q
}

// sortConflicts sorts conflicts by task, then field.
func sortConflicts(all []Conflict) []Conflict {
	slices.SortFunc(all, func(a, b Conflict) int {
		return cmp.Or(strings.Compare(string(a.Task), string(b.Task)), cmp.Compare(a.Field, b.Field))
	})
	return all
}
