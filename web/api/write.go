package api

import (
	"context"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/lockstep-sync/lockstep/sync/scorecard"
	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/task"
	"github.com/lockstep-sync/lockstep/sync/view"
	"github.com/lockstep-sync/lockstep/web/auth"
)

// settled is the answer where a conflict is settled.
type settled struct {
	Settled bool `json:"settled"`
}

func (s *server) settle(ctx context.Context, in *struct {
	From

	Body struct {
		Key   string `json:"key" maxLength:"200" doc:"the conflict's key, as the list of conflicts has it"`
		Value string `json:"value" doc:"the value that is right: that of a claim, or the agreed one, in canonical text; empty for none"`
	}
},
) (*answer[settled], error) {
	w, err := s.viewer(ctx, in.Partnership, auth.Editor)
	if err != nil {
		return nil, err
	}
	if s.o.Choose == nil {
		return nil, huma.Error409Conflict(errNoChoosing.Error())
	}
	v, err := w.Now(ctx)
	if err != nil {
		return nil, unread(err)
	}
	i := slices.IndexFunc(v.State.Conflicts, func(k store.Conflict) bool { return k.Key() == in.Body.Key })
	if i < 0 {
		return nil, huma.Error409Conflict("There is no conflict of that key any more: look at the list again.")
	}
	k := &v.State.Conflicts[i]
	value, ok := offered(k, in.Body.Value)
	if !ok {
		return nil, huma.Error422UnprocessableEntity("This is not one of the values that stand against each other.")
	}
	err = s.o.Choose(ctx, view.Choice{
		Partnership: in.Partnership, Task: k.Task, Field: k.Field, Value: value, By: auth.From(ctx).Name, Key: in.Body.Key,
	})
	if err != nil {
		return nil, huma.Error409Conflict(err.Error())
	}
	return &answer[settled]{settled{true}}, nil
}

// offered is the value of a conflict that a text stands for.
func offered(k *store.Conflict, text string) (task.Value, bool) {
	for _, c := range k.Claims {
		if c.Value.String() == text {
			return c.Value, true
		}
	}
	return k.Agreed, k.Agreed.String() == text
}

func (s *server) decide(ctx context.Context, in *struct {
	From

	Gate string `path:"gate" maxLength:"100"`
	Body struct {
		Outcome string   `json:"outcome" enum:"go,conditional_go,hold,recycle,kill"`
		By      []string `json:"by" minItems:"1" maxItems:"50" doc:"who decided: partners or people"`
		Reason  string   `json:"reason,omitempty" maxLength:"5000" doc:"required unless the outcome is go"`
	}
},
) (*answer[scorecard.Decision], error) {
	w, err := s.viewer(ctx, in.Partnership, auth.Editor)
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(w.Partnership().Gates, func(g scorecard.Gate) bool { return g.ID == in.Gate }) {
		return nil, huma.Error404NotFound("There is no such gate.")
	}
	d := scorecard.Decision{Outcome: scorecard.Outcome(in.Body.Outcome), At: s.o.Now(), By: in.Body.By, Reason: strings.TrimSpace(in.Body.Reason)}
	if d.Outcome != scorecard.Go && d.Reason == "" {
		return nil, huma.Error422UnprocessableEntity("Say why: only a plain go needs no reason.")
	}
	e, err := view.GateEvent(in.Gate, d, auth.From(ctx).Name)
	if err != nil {
		return nil, huma.Error422UnprocessableEntity(err.Error())
	}
	if err := s.record(ctx, in.Partnership, e); err != nil {
		return nil, err
	}
	return &answer[scorecard.Decision]{d}, nil
}

func (s *server) say(ctx context.Context, in *struct {
	From

	Body struct {
		Kind       string `json:"kind" enum:"partnership,partner,workstream,partner_workstream,task" doc:"what is spoken of"`
		Partner    string `json:"partner,omitempty" maxLength:"200"`
		Workstream string `json:"workstream,omitempty" maxLength:"500"`
		Task       string `json:"task,omitempty" maxLength:"100"`
		RAG        string `json:"rag" enum:"red,amber,green"`
		Words      string `json:"words" minLength:"1" maxLength:"5000"`
	}
},
) (*answer[update], error) {
	if _, err := s.viewer(ctx, in.Partnership, auth.Editor); err != nil {
		return nil, err
	}
	b := &in.Body
	u := scorecard.StatusUpdate{
		At: s.o.Now(), By: auth.From(ctx).Name, RAG: scorecard.RAG(b.RAG), Words: b.Words,
		About: scorecard.Subject{Kind: scorecard.SubjectKind(b.Kind), Partner: b.Partner, Workstream: b.Workstream, Task: task.ID(b.Task)},
	}
	if (b.Kind == "partner" || b.Kind == "partner_workstream") && b.Partner == "" || b.Kind == "task" && b.Task == "" {
		return nil, huma.Error422UnprocessableEntity("Say which " + strings.ReplaceAll(b.Kind, "_", " and ") + " is spoken of.")
	}
	e, err := view.UpdateEvent(u)
	if err != nil {
		return nil, huma.Error422UnprocessableEntity(err.Error())
	}
	if err := s.record(ctx, in.Partnership, e); err != nil {
		return nil, err
	}
	return &answer[update]{update{u.At, u.By, u.About, u.RAG, u.Words}}, nil
}

// record puts down what somebody decided.
func (s *server) record(ctx context.Context, partnership string, e store.Event) error {
	if err := s.o.Store.Record(ctx, partnership, []store.Event{e}); err != nil {
		return unread(err)
	}
	if s.o.Changed != nil {
		s.o.Changed(partnership)
	}
	return nil
}
