package scorecard

import (
	"cmp"
	"slices"
	"strings"

	"github.com/lockstep-sync/lockstep/sync/task"
)

// Milestone is a dated event. One that a task stands for has that task's dates and history; another has its own.
type Milestone struct {
	ID         string
	Name       string
	Partner    string // "" is the partnership's
	Workstream string // "" is no one workstream's
	Critical   bool   // a roll-up is red while it is red
	Task       task.ID
	Due        task.Value // without a task: its date
	Reached    task.Value // without a task: when it was reached; empty until then
}

// MilestoneView is a milestone as it stands.
type MilestoneView struct {
	ID         string     `json:"id"`
	Name       string     `json:"name"`
	Partner    string     `json:"partner,omitempty"`
	Workstream string     `json:"workstream,omitempty"`
	Critical   bool       `json:"critical,omitempty"`
	Task       task.ID    `json:"task,omitempty"`
	Due        task.Value `json:"due"`
	Baseline   task.Value `json:"baseline"`
	Reached    bool       `json:"reached"`
	Verdict    Verdict    `json:"verdict"`
	Slip       Slip       `json:"slip"`
	// Trend is its chart over time: the date that was agreed from each time on, the first one first.
	Trend []Move `json:"trend,omitempty"`
}

// milestones judges the milestones, by date, those without one last.
func (c *computer) milestones(tasks []TaskView) []MilestoneView {
	if len(c.in.Milestones) == 0 {
		return nil
	}
	at := make(map[task.ID]*TaskView, len(tasks))
	for i := range tasks {
		at[tasks[i].Task.ID] = &tasks[i]
	}
	out := make([]MilestoneView, 0, len(c.in.Milestones))
	for i := range c.in.Milestones {
		m := &c.in.Milestones[i]
		v := MilestoneView{
			ID: m.ID, Name: m.Name, Partner: m.Partner, Workstream: c.streamNamed(m.Workstream), Critical: m.Critical, Task: m.Task, Due: m.Due,
			Baseline: m.Due, Reached: !m.Reached.IsEmpty(),
		}
		if t := at[m.Task]; m.Task != "" && t != nil {
			v.Due, v.Baseline, v.Verdict, v.Slip = t.Task.Agreed[task.Due], t.Task.Baseline, t.Verdict, t.Slip
			v.Trend, v.Reached = t.Task.Story.Moves(), t.Status == task.Done
			v.Name = cmp.Or(v.Name, t.Task.Agreed[task.Title].String())
			v.Partner, v.Workstream = cmp.Or(v.Partner, t.Partner), cmp.Or(v.Workstream, t.Workstream)
		} else {
			v.Verdict = c.judgeMilestone(m)
		}
		v.Name = cmp.Or(v.Name, v.ID)
		out = append(out, v)
	}
	slices.SortFunc(out, func(a, b MilestoneView) int {
		return cmp.Or(byDate(a.Due, b.Due), strings.Compare(a.ID, b.ID))
	})
	return out
}

// judgeMilestone is the verdict on a milestone that no task stands for.
func (c *computer) judgeMilestone(m *Milestone) Verdict {
	if !m.Reached.IsEmpty() {
		return verdict(Reason{Code: IsDone, RAG: None})
	}
	due, ok := dayOf(m.Due)
	if !ok {
		return verdict(Reason{Code: NoDueDate, RAG: Grey})
	}
	late, r := int(c.today-due), &c.in.Rules
	switch {
	case late > r.Tolerance:
		return verdict(Reason{Code: Overdue, RAG: Red, Days: late, Limit: r.Tolerance, To: m.Due})
	case late > 0:
		return verdict(Reason{Code: Overdue, RAG: Amber, Days: late, Limit: r.Tolerance, To: m.Due})
	}
	return verdict(Reason{Code: OnTrack, RAG: Green, Days: -late})
}

// redMilestones are the reasons that critical milestones give a group.
func redMilestones(all []MilestoneView, in func(*MilestoneView) bool) []Reason {
	var out []Reason
	for i := range all {
		if m := &all[i]; m.Critical && m.Verdict.RAG == Red && in(m) {
			out = append(out, Reason{Code: MilestoneRed, RAG: Red, What: m.Name})
		}
	}
	return out
}

// streamNamed is the name under which a workstream of the configuration is shown.
func (c *computer) streamNamed(name string) string {
	if shown, ok := c.folded[fold(name)]; ok {
		return shown
	}
	return name
}

// byDate orders dates; what has none comes last.
func byDate(a, b task.Value) int {
	x, isX := dayOf(a)
	y, isY := dayOf(b)
	switch {
	case isX && isY:
		return cmp.Compare(x, y)
	case isX:
		return -1
	case isY:
		return 1
	}
	return 0
}
