package scorecard

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/lockstep-sync/lockstep/sync/task"
)

// Outcome is what partners decide at a gate.
type Outcome string

// The outcomes of a gate.
const (
	Go            Outcome = "go"
	ConditionalGo Outcome = "conditional_go"
	Hold          Outcome = "hold"
	Recycle       Outcome = "recycle"
	Kill          Outcome = "kill"
)

// Outcomes returns the outcomes in the order in which people are asked for them. The slice is the caller's.
func Outcomes() []Outcome { return []Outcome{Go, ConditionalGo, Hold, Recycle, Kill} }

// Display is the outcome as people read it: "Conditional go".
func (o Outcome) Display() string {
	switch o {
	case Go:
		return "Go"
	case ConditionalGo:
		return "Conditional go"
	case Hold:
		return "Hold"
	case Recycle:
		return "Recycle"
	case Kill:
		return "Kill"
	}
	return string(o)
}

// settles reports whether the gate is behind us; after Hold and Recycle it has to be decided again.
func (o Outcome) settles() bool { return o == Go || o == ConditionalGo || o == Kill }

// Gate is a decision point between two phases.
type Gate struct {
	ID           string
	Name         string
	Date         task.Value
	Criteria     []Criterion
	Deliverables []task.ID
	Deciders     []string
	Decisions    []Decision // only added to; the newest counts
}

// Criterion is what has to be so for a gate to be passed. It is met where somebody said so, or where the tasks or the indicator
// that it names show it; one that names nothing is met by word alone.
type Criterion struct {
	Text      string
	Met       bool      // somebody said so
	Tasks     []task.ID // met when all of them are done
	Indicator string    // met when its target is reached
}

// Decision is what was decided at a gate.
type Decision struct {
	Outcome Outcome   `json:"outcome"`
	At      time.Time `json:"at"`
	By      []string  `json:"by"`
	Reason  string    `json:"reason,omitempty"`
}

// GateView is a gate as it stands.
type GateView struct {
	ID       string          `json:"id"`
	Name     string          `json:"name"`
	Date     task.Value      `json:"date"`
	DueIn    int             `json:"due_in"` // days until the date; only where HasDate
	HasDate  bool            `json:"has_date"`
	Criteria []CriterionView `json:"criteria,omitempty"`
	// Met are the criteria met of all; Delivered the deliverables done of all.
	Met       Ratio      `json:"met"`
	Delivered Ratio      `json:"delivered"`
	Missing   []task.ID  `json:"missing,omitempty"` // deliverables that are not done
	Deciders  []string   `json:"deciders,omitempty"`
	Decision  *Decision  `json:"decision,omitempty"` // the newest; nil where none was taken
	Decisions []Decision `json:"decisions,omitempty"`
	// Open says that a decision is still to be taken: none was, or the newest was to hold or to recycle.
	Open bool `json:"open"`
	// Ready says that it is open, every criterion is met, and every deliverable is done.
	Ready bool `json:"ready"`
	// Overdue is by how many days an open gate is past its date.
	Overdue int `json:"overdue"`
}

// CriterionView is a criterion as it stands.
type CriterionView struct {
	Text string `json:"text"`
	Met  bool   `json:"met"`
	Why  string `json:"why"` // "2 of 3 tasks done"
}

// gates judges the gates, by date, those without one last.
func (c *computer) gates(indicators []IndicatorView) []GateView {
	if len(c.in.Gates) == 0 {
		return nil
	}
	done := make(map[task.ID]bool, len(c.tasks))
	for _, t := range c.tasks {
		done[t.ID] = !t.Removed && t.Agreed[task.Status].String() == task.Done
	}
	out := make([]GateView, 0, len(c.in.Gates))
	for i := range c.in.Gates {
		out = append(out, c.gate(&c.in.Gates[i], done, indicators))
	}
	slices.SortFunc(out, func(a, b GateView) int { return cmp.Or(byDate(a.Date, b.Date), strings.Compare(a.ID, b.ID)) })
	return out
}

func (c *computer) gate(g *Gate, done map[task.ID]bool, indicators []IndicatorView) GateView {
	v := GateView{ID: g.ID, Name: cmp.Or(g.Name, g.ID), Date: g.Date, Deciders: g.Deciders}
	for _, x := range g.Criteria {
		k := criterion(&x, done, indicators)
		v.Criteria = append(v.Criteria, k)
		v.Met.Whole++
		if k.Met {
			v.Met.Part++
		}
	}
	for _, id := range g.Deliverables {
		v.Delivered.Whole++
		if done[id] {
			v.Delivered.Part++
		} else {
			v.Missing = append(v.Missing, id)
		}
	}
	for _, d := range g.Decisions {
		if !d.At.After(c.in.Now) {
			v.Decisions = append(v.Decisions, d)
		}
	}
	slices.SortStableFunc(v.Decisions, func(a, b Decision) int {
		return cmp.Or(a.At.Compare(b.At), strings.Compare(string(a.Outcome), string(b.Outcome)), strings.Compare(a.Reason, b.Reason))
	})
	if n := len(v.Decisions); n > 0 {
		v.Decision = &v.Decisions[n-1]
	}
	v.Open = v.Decision == nil || !v.Decision.Outcome.settles()
	v.Ready = v.Open && v.Met.Part == v.Met.Whole && v.Delivered.Part == v.Delivered.Whole
	if d, ok := dayOf(g.Date); ok {
		v.DueIn, v.HasDate = int(d-c.today), true
		if v.Open {
			v.Overdue = max(0, -v.DueIn)
		}
	}
	return v
}

func criterion(x *Criterion, done map[task.ID]bool, indicators []IndicatorView) CriterionView {
	v := CriterionView{Text: x.Text, Met: x.Met}
	var why []string
	shown := true
	if n := len(x.Tasks); n > 0 {
		r := Ratio{Whole: n}
		for _, id := range x.Tasks {
			if done[id] {
				r.Part++
			}
		}
		shown = r.Part == n
		why = append(why, fmt.Sprintf("%d of %s done", r.Part, count(n, "task")))
	}
	if x.Indicator != "" {
		at := slices.IndexFunc(indicators, func(v IndicatorView) bool { return v.ID == x.Indicator })
		switch {
		case at < 0:
			shown = false
			why = append(why, fmt.Sprintf("no indicator “%s”", x.Indicator))
		case !indicators[at].Known:
			shown = false
			why = append(why, indicators[at].Name+" is not measured yet")
		default:
			shown = shown && indicators[at].Reached()
			why = append(why, fmt.Sprintf("%s at %.0f %%", indicators[at].Name, math.Floor(100*indicators[at].Progress)))
		}
	}
	switch {
	case x.Met:
		why = append([]string{"said to be met"}, why...)
	case len(why) > 0:
		v.Met = shown
	default:
		why = []string{"not said to be met"}
	}
	v.Why = strings.Join(why, ", ")
	return v
}

// Standing says how a gate stands that is still open: "due in 3 days: 2 of 3 criteria met, 1 of 2 deliverables done".
func (v *GateView) Standing() string {
	words := "without a date"
	if v.HasDate {
		words = dueIn(v.DueIn)
	}
	var parts []string
	if v.Met.Known() {
		parts = append(parts, v.Met.String()+" criteria met")
	}
	if v.Delivered.Known() {
		parts = append(parts, v.Delivered.String()+" deliverables done")
	}
	if len(parts) == 0 {
		return words
	}
	return words + ": " + strings.Join(parts, ", ")
}
