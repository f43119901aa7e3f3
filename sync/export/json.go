package export

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/lockstep-sync/lockstep/sync/scorecard"
	"github.com/lockstep-sync/lockstep/sync/task"
	"github.com/lockstep-sync/lockstep/sync/view"
)

// file is the JSON file. What stands in scorecard can be worked out anew from the rest of it, by hand.
type file struct {
	Partnership partnership          `json:"partnership"`
	At          time.Time            `json:"at"` // the moment that all of it is of
	Past        bool                 `json:"past,omitempty"`
	Rules       scorecard.Rules      `json:"rules"`
	Scorecard   *scorecard.Scorecard `json:"scorecard"`
	Tasks       []taskLine           `json:"tasks"` // by number, removed ones left out
	Removed     []task.ID            `json:"removed,omitempty"`
	Holds       []task.Hold          `json:"holds,omitempty"`
}

type partnership struct {
	ID        string     `json:"id"`
	Name      string     `json:"name"`
	Purpose   string     `json:"purpose,omitempty"`
	Phase     string     `json:"phase,omitempty"`
	Timezone  string     `json:"timezone"`
	Agreement task.Value `json:"agreement"`
	Target    task.Value `json:"target"`
	Partners  []partner  `json:"partners"`
}

type partner struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Sector string `json:"sector,omitempty"`
}

// taskLine is one task with what became of it: every figure is a sum over these.
type taskLine struct {
	ID         task.ID                 `json:"id"`
	Values     map[string]string       `json:"values"` // by field, in canonical text
	Workstream string                  `json:"workstream,omitempty"`
	Baseline   string                  `json:"baseline_due,omitempty"`
	Created    time.Time               `json:"created"`
	Changed    time.Time               `json:"changed"` // when anything of it did last
	Finished   time.Time               `json:"finished,omitzero"`
	Verdict    scorecard.Verdict       `json:"verdict"`
	Declared   *scorecard.StatusUpdate `json:"declared,omitempty"`
	Overdue    int                     `json:"overdue_days,omitempty"`
	Late       int                     `json:"late_days,omitempty"`
	QuickWin   bool                    `json:"quick_win,omitempty"`
	Slip       scorecard.Slip          `json:"slip"`
	Changes    []scorecard.Change      `json:"changes,omitempty"` // those that figures hang on, the oldest first
	Links      map[string]link         `json:"links,omitempty"`
}

type link struct {
	Name string `json:"name"`
	URL  string `json:"url,omitempty"`
}

func writeJSON(w io.Writer, v *view.View) error {
	p := v.Partnership
	out := file{
		Partnership: partnership{
			ID: p.ID, Name: p.Name, Purpose: p.Purpose, Phase: p.Phase, Timezone: p.Timezone.String(), Agreement: p.Agreement, Target: p.Target,
			Partners: []partner{},
		},
		At: v.Now, Past: v.Past, Rules: p.Rules, Scorecard: &v.Score, Tasks: []taskLine{}, Holds: v.State.Holds,
	}
	for _, x := range p.Partners {
		out.Partnership.Partners = append(out.Partnership.Partners, partner(x))
	}
	for i := range v.Score.Tasks {
		out.Tasks = append(out.Tasks, lineOf(v, &v.Score.Tasks[i]))
	}
	for i := range v.State.Tasks {
		if t := &v.State.Tasks[i]; t.Removed {
			out.Removed = append(out.Removed, t.ID)
		}
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", " ")
	if err := enc.Encode(out); err != nil {
		return fmt.Errorf("write %s as JSON: %w", p.ID, err)
	}
	return nil
}

func lineOf(v *view.View, x *scorecard.TaskView) taskLine {
	t := x.Task
	l := taskLine{
		ID: t.ID, Values: make(map[string]string), Workstream: x.Workstream, Baseline: t.Baseline.String(), Created: t.Created, Verdict: x.Verdict,
		Declared: x.Declared, Overdue: x.Overdue, Late: x.Late, QuickWin: x.QuickWin, Slip: x.Slip, Changes: t.Story.Changes, Changed: t.Changed,
	}
	if t.Story.Last.At.After(l.Changed) {
		l.Changed = t.Story.Last.At
	}
	if at, ok := t.Story.Finished(); ok && x.Status == task.Done {
		l.Finished = at
	}
	for f, val := range t.Agreed {
		if !val.IsEmpty() {
			l.Values[task.Field(f).String()] = val.String()
		}
	}
	for _, k := range v.Links(t.ID) {
		if l.Links == nil {
			l.Links = make(map[string]link)
		}
		l.Links[string(k.Source)] = link{k.Name, k.URL}
	}
	return l
}
