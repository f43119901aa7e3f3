package api

import (
	"context"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/lockstep-sync/lockstep/sync/scorecard"
	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/task"
	"github.com/lockstep-sync/lockstep/sync/view"
)

// taskBody is one task.
type taskBody struct {
	ID         task.ID                 `json:"id"`
	Number     int64                   `json:"number"`
	Values     map[string]string       `json:"values" doc:"by field, in canonical text; what is empty is left out"`
	Baseline   string                  `json:"baseline_due,omitempty" doc:"the due date that was agreed first"`
	Workstream string                  `json:"workstream,omitempty" doc:"as it is shown, however the task writes it"`
	Open       bool                    `json:"open"`
	Overdue    bool                    `json:"overdue"`
	DaysLate   int                     `json:"days_late,omitempty" doc:"moving a date does not clear lateness"`
	DueSoon    bool                    `json:"due_soon,omitempty"`
	NoOwner    bool                    `json:"no_owner,omitempty"`
	QuickWin   bool                    `json:"quick_win,omitempty"`
	Slip       scorecard.Slip          `json:"slip"`
	Verdict    scorecard.Verdict       `json:"verdict"`
	Declared   *scorecard.StatusUpdate `json:"declared,omitempty" doc:"what people say"`
	Held       int                     `json:"held,omitempty" doc:"how many of its values are held somewhere"`
	Links      map[task.SourceID]link  `json:"links"`
}

// link is where a task is in a tool.
type link struct {
	Name string `json:"name"`
	URL  string `json:"url,omitempty"`
}

func taskOf(v *view.View, x *scorecard.TaskView) taskBody {
	t := x.Task
	out := taskBody{
		ID: t.ID, Number: t.Number, Values: make(map[string]string), Baseline: t.Baseline.String(), Workstream: x.Workstream, Open: x.Open,
		Overdue: x.Overdue > 0, DaysLate: x.Late, DueSoon: x.DueSoon, NoOwner: x.NoOwner, QuickWin: x.QuickWin, Slip: x.Slip, Verdict: x.Verdict,
		Declared: x.Declared, Held: len(v.Holds(t.ID)), Links: make(map[task.SourceID]link),
	}
	for f, val := range t.Agreed {
		if !val.IsEmpty() {
			out.Values[task.Field(f).String()] = val.String()
		}
	}
	for _, l := range v.Links(t.ID) {
		out.Links[l.Source] = link{l.Name, safeURL(l.URL)}
	}
	return out
}

// tasksBody is a page of tasks.
type tasksBody struct {
	Generation int64       `json:"generation" doc:"of the cycle that decided last"`
	Total      int         `json:"total" doc:"how many tasks fit"`
	Tasks      []taskBody  `json:"tasks"`
	After      int64       `json:"after,omitempty" doc:"ask with this for the next page; 0 where there is none"`
	Held       []task.Hold `json:"held" doc:"what is held, on the first page"`
}

// tasksQuery says which tasks are asked for.
type tasksQuery struct {
	OnDay

	Partner    string `query:"partner" maxLength:"200" doc:"only of this partner"`
	Workstream string `query:"workstream" maxLength:"500" doc:"only of this workstream"`
	Status     string `query:"status" enum:"open,not_started,in_progress,blocked,done,cancelled" doc:"only of this status; open is all but done and cancelled"`
	RAG        string `query:"rag" enum:"red,amber,green,grey,none" doc:"only with this verdict"`
	Overdue    bool   `query:"overdue" doc:"only overdue ones"`
	Text       string `query:"q" maxLength:"500" doc:"only with this in the title, the owner or the id"`
	After      int64  `query:"after" minimum:"0" doc:"only with a higher number"`
	Limit      int    `query:"limit" minimum:"1" maximum:"2500" default:"1000"`
}

func (q *tasksQuery) fits(x *scorecard.TaskView, text string) bool {
	a := &x.Task.Agreed
	switch {
	case q.Partner != "" && q.Partner != x.Partner, q.Workstream != "" && q.Workstream != x.Workstream, q.RAG != "" && q.RAG != string(x.Verdict.RAG),
		q.Overdue && x.Overdue == 0, q.Status == "open" && !x.Open, q.Status != "" && q.Status != "open" && q.Status != x.Status:
		return false
	}
	return text == "" || strings.Contains(strings.ToLower(a[task.Title].String()+"\n"+a[task.Assignee].String()+"\n"+string(x.Task.ID)), text)
}

func (s *server) tasks(ctx context.Context, in *tasksQuery) (*answer[tasksBody], error) {
	v, err := s.look(ctx, in.Partnership, in.AsOf)
	if err != nil {
		return nil, err
	}
	out := tasksBody{Generation: v.State.Generation, Tasks: []taskBody{}, Held: []task.Hold{}}
	if in.After == 0 {
		out.Held = append(out.Held, v.State.Holds...)
	}
	text := strings.ToLower(in.Text)
	more := false
	for i := range v.Score.Tasks {
		x := &v.Score.Tasks[i]
		if !in.fits(x, text) {
			continue
		}
		out.Total++
		switch {
		case x.Task.Number <= in.After:
		case len(out.Tasks) < in.Limit:
			out.Tasks = append(out.Tasks, taskOf(v, x))
		default:
			more = true
		}
	}
	if n := len(out.Tasks); more {
		out.After = out.Tasks[n-1].Number
	}
	return &answer[tasksBody]{out}, nil
}

// storyBody is a task with its story.
type storyBody struct {
	Task   *taskBody        `json:"task" doc:"null where the task was removed"`
	Title  string           `json:"title"`
	Moves  []scorecard.Move `json:"moves" doc:"of its due date"`
	Events []event          `json:"events" doc:"the newest first"`
	Before int64            `json:"before,omitempty" doc:"ask with this for older events; 0 where there are none"`
}

func (s *server) task(ctx context.Context, in *struct {
	From

	Task   string `path:"task" maxLength:"100" example:"CW-1"`
	Before int64  `query:"before" minimum:"0" doc:"only events older than this one"`
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"200"`
},
) (*answer[storyBody], error) {
	v, err := s.look(ctx, in.Partnership, "")
	if err != nil {
		return nil, err
	}
	id := task.ID(in.Task)
	x := v.Task(id)
	known := x != nil
	for i := 0; !known && i < len(v.State.Tasks); i++ {
		known = v.State.Tasks[i].ID == id
	}
	if !known {
		return nil, huma.Error404NotFound("There is no such task.")
	}
	page, err := s.page(ctx, in.Partnership, store.Query{Task: id, Before: in.Before, Limit: in.Limit})
	if err != nil {
		return nil, err
	}
	out := storyBody{Title: v.Title(id), Moves: []scorecard.Move{}, Events: page.Body.Events, Before: page.Body.Before}
	if x != nil {
		t := taskOf(v, x)
		out.Task, out.Moves = &t, append(out.Moves, x.Task.Story.Moves()...)
	}
	return &answer[storyBody]{out}, nil
}
