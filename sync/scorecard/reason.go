package scorecard

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/lockstep-sync/lockstep/sync/task"
)

// RAG is a verdict's colour. It is always shown with its word.
type RAG string

// The colours. None is the verdict on what needs none: a task that is done or cancelled.
const (
	Red   RAG = "red"
	Amber RAG = "amber"
	Grey  RAG = "grey"
	Green RAG = "green"
	None  RAG = "none"
)

// Severity orders the colours: red 4, amber 3, grey 2, green 1, none 0.
func (r RAG) Severity() int {
	switch r {
	case Red:
		return 4
	case Amber:
		return 3
	case Grey:
		return 2
	case Green:
		return 1
	case None:
	}
	return 0
}

// Display is the colour's word: "Amber". None is "".
func (r RAG) Display() string {
	if r == None || r == "" {
		return ""
	}
	return strings.ToUpper(string(r[:1])) + string(r[1:])
}

// Verdict is a colour with its reasons.
type Verdict struct {
	RAG RAG `json:"rag"`
	// Reasons are never empty. The first is why it is this colour; others that call for less follow.
	Reasons []Reason `json:"reasons"`
	// Stale says that the data which the verdict rests on is old. Such a verdict is never green.
	Stale bool `json:"stale,omitempty"`
}

// String is the verdict in words: "Red: overdue by 9 days, tolerance 7".
func (v Verdict) String() string {
	words := make([]string, len(v.Reasons))
	for i, r := range v.Reasons {
		words[i] = r.String()
	}
	if d := v.RAG.Display(); d != "" {
		return d + ": " + strings.Join(words, "; ")
	}
	return strings.Join(words, "; ")
}

// verdict makes a verdict of the reasons: the worst colour that one of them calls for. The first reason of that colour comes to the
// front; the others keep their order.
func verdict(reasons ...Reason) Verdict {
	v := Verdict{RAG: None, Reasons: reasons}
	first := 0
	for i, r := range reasons {
		if r.RAG.Severity() > v.RAG.Severity() {
			v.RAG, first = r.RAG, i
		}
	}
	why := reasons[first]
	copy(reasons[1:], reasons[:first])
	reasons[0] = why
	return v
}

// Code names a reason, for programs.
type Code string

// The reasons of a task's verdict.
const (
	Overdue        Code = "overdue"     // Days past the due date To, Limit is the tolerance
	Missed         Code = "missed"      // Days past the date From, which was moved to To
	BlockedDueSoon Code = "blocked"     // blocked, and due in Days (negative: that many days ago)
	NotStartedSoon Code = "not_started" // not started, and due in Days
	MovedOften     Code = "moved"       // the due date was moved Count times, and is Days later than From
	Untouched      Code = "untouched"   // in progress, and unchanged for Days
	NoDueDate      Code = "no_due_date" // From is the date that it had, if it had one
	NoOwner        Code = "no_owner"    // no assignee
	OnTrack        Code = "on_track"    // due in Days
	IsDone         Code = "done"        // done
	IsCancelled    Code = "cancelled"   // cancelled
	StaleData      Code = "stale"       // the source What was read last At
	NeverRead      Code = "never_read"  // the source What was never read
)

// The reasons of a roll-up.
const (
	MilestoneRed  Code = "milestone_red"   // the critical milestone What is red
	AdherenceLow  Code = "adherence_low"   // schedule adherence Ratio, below Threshold: Count of Of
	AdherenceOK   Code = "adherence"       // schedule adherence Ratio
	ForecastLate  Code = "forecast_late"   // the 85th percentile To is Days past the target From
	ForecastNever Code = "forecast_never"  // the 85th percentile is beyond the horizon, the target is From
	NothingDue    Code = "nothing_due_yet" // nothing was to be finished by now
	NoDates       Code = "no_dates"        // no open task has an agreed date
	NoTasks       Code = "no_tasks"        // there is nothing to judge
	AllDone       Code = "all_done"        // all Count tasks are done
	OnTimeLow     Code = "on_time_low"     // on-time rate Ratio, below Threshold: Count of Of
	OnTimeOK      Code = "on_time"         // on-time rate Ratio
)

// Reason is one reason of a verdict: a code with its data. String says it in words.
type Reason struct {
	Code      Code       `json:"code"`
	RAG       RAG        `json:"rag"` // the colour that it calls for
	Days      int        `json:"days,omitempty"`
	Limit     int        `json:"limit,omitempty"`
	Count     int        `json:"count,omitempty"`
	Of        int        `json:"of,omitempty"`
	Threshold float64    `json:"threshold,omitempty"`
	From      task.Value `json:"from,omitzero"`
	To        task.Value `json:"to,omitzero"`
	At        time.Time  `json:"at,omitzero"` // in the partnership's zone
	What      string     `json:"what,omitempty"`
}

// MarshalJSON writes the reason's data, and its words.
func (r Reason) MarshalJSON() ([]byte, error) {
	type data Reason
	return json.Marshal(struct {
		data
		Words string `json:"words"`
	}{data(r), r.String()})
}

// String is the reason in plain words, without a full stop: "overdue by 9 days, tolerance 7".
func (r Reason) String() string {
	switch r.Code {
	case Overdue:
		return fmt.Sprintf("overdue by %s, tolerance %d", days(r.Days), r.Limit)
	case Missed:
		if r.To.IsEmpty() {
			return fmt.Sprintf("missed %s, since then without a date: late by %s, tolerance %d", date(r.From), days(r.Days), r.Limit)
		}
		return fmt.Sprintf("missed %s, since moved to %s: late by %s, tolerance %d", date(r.From), date(r.To), days(r.Days), r.Limit)
	case BlockedDueSoon:
		return "blocked " + near(r.Days)
	case NotStartedSoon:
		return "not started " + near(r.Days)
	case MovedOften:
		return fmt.Sprintf("due date moved %s, %s", times(r.Count), than(r.Days))
	case Untouched:
		return fmt.Sprintf("in progress and untouched for %s", days(r.Days))
	case NoDueDate:
		if r.From.IsEmpty() {
			return "no due date"
		}
		return fmt.Sprintf("no due date any more; it was %s", date(r.From))
	case NoOwner:
		return "no owner"
	case OnTrack:
		return "on track, " + dueIn(r.Days)
	case IsDone:
		return r.done()
	case IsCancelled:
		return "cancelled"
	case StaleData:
		return fmt.Sprintf("%s was last read on %s", r.What, r.At.Format("2 Jan 2006 at 15:04"))
	case NeverRead:
		return fmt.Sprintf("%s was never read", r.What)
	default:
		return r.rollup()
	}
}

func (r Reason) done() string {
	switch {
	case r.To.IsEmpty():
		return "done"
	case r.Days > 0:
		return fmt.Sprintf("done on %s, %s", date(r.To), than(r.Days))
	}
	return "done on " + date(r.To)
}

func (r Reason) rollup() string {
	switch r.Code {
	case MilestoneRed:
		return fmt.Sprintf("the critical milestone “%s” is red", r.What)
	case AdherenceLow:
		return fmt.Sprintf("schedule adherence %s, below %.2f: %s", Ratio{r.Count, r.Of}.Decimal(), r.Threshold, Ratio{r.Count, r.Of})
	case AdherenceOK:
		return fmt.Sprintf("schedule adherence %s: %s", Ratio{r.Count, r.Of}.Decimal(), Ratio{r.Count, r.Of})
	case ForecastLate:
		return fmt.Sprintf("the forecast (85 %%) is %s, %s past the target of %s", date(r.To), days(r.Days), date(r.From))
	case ForecastNever:
		return fmt.Sprintf("the forecast (85 %%) is more than %s away, the target is %s", count(r.Count, "week"), date(r.From))
	case NothingDue:
		return "nothing was to be finished by now"
	case NoDates:
		return "no open task has an agreed date"
	case NoTasks:
		return "no tasks"
	case AllDone:
		return fmt.Sprintf("all done: %s", count(r.Count, "task"))
	case OnTimeLow:
		return fmt.Sprintf("on-time rate %s, below %.0f %%: %s", Ratio{r.Count, r.Of}.Percent(), 100*r.Threshold, Ratio{r.Count, r.Of})
	case OnTimeOK:
		return fmt.Sprintf("on-time rate %s: %s", Ratio{r.Count, r.Of}.Percent(), Ratio{r.Count, r.Of})
	default:
		return r.miss()
	}
}
