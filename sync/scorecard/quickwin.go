package scorecard

import (
	"slices"
	"strings"

	"github.com/lockstep-sync/lockstep/sync/task"
)

// quickWin reports whether a task is a quick win: flagged so, or due within Rules.QuickWinDays of the agreement and small. The first
// agreed date counts, so that a slip does not take it off the list.
func (c *computer) quickWin(v *TaskView) bool {
	if flagged, ok := v.Task.Agreed[task.QuickWin].Bool(); ok && flagged {
		return true
	}
	agreement, ok := dayOf(c.in.Agreement)
	due, dated := v.baseline, v.hasBaseline
	if !dated {
		due, dated = v.due, v.HasDue
	}
	return ok && dated && due >= agreement && due <= agreement+day(c.in.Rules.QuickWinDays) && c.small(v.Task, due)
}

// small reports whether a task is labelled small, or planned for few days.
func (c *computer) small(t *Task, due day) bool {
	for _, l := range t.Agreed[task.Labels].Items() {
		if slices.ContainsFunc(c.in.Rules.SmallLabels, func(s string) bool { return strings.EqualFold(s, l) }) {
			return true
		}
	}
	start, ok := dayOf(t.Agreed[task.Start])
	return ok && start <= due && int(due-start) <= c.in.Rules.SmallDays
}
