package api

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/lockstep-sync/lockstep/sync/scorecard"
	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/task"
	"github.com/lockstep-sync/lockstep/sync/view"
	"github.com/lockstep-sync/lockstep/web/auth"
)

// register adds every operation.
func (s *server) register(h huma.API) {
	get := func(id, path, summary string) huma.Operation {
		return huma.Operation{
			OperationID: id, Method: http.MethodGet, Path: path, Summary: summary,
			Errors: []int{http.StatusNotFound, http.StatusUnprocessableEntity, http.StatusServiceUnavailable},
		}
	}
	post := func(id, path, summary string) huma.Operation {
		return huma.Operation{
			OperationID: id, Method: http.MethodPost, Path: path, Summary: summary, MaxBodyBytes: 64 << 10,
			Errors: []int{
				http.StatusForbidden, http.StatusNotFound, http.StatusConflict, http.StatusUnprocessableEntity, http.StatusServiceUnavailable,
			},
		}
	}
	const one = "/partnerships/{partnership}"
	huma.Register(h, get("partnerships", "/partnerships", "The partnerships that one may see, and how they stand"), s.partnerships)
	huma.Register(h, get("partnership", one, "A partnership: what is agreed, and how it stands"), s.partnership)
	huma.Register(h, get("scorecard", one+"/scorecard", "All figures: roll-ups of partners, workstreams and their combinations, gates, milestones, indicators"), s.scorecard)
	huma.Register(h, get("tasks", one+"/tasks", "Tasks by number, each with its values, verdict, slip and links"), s.tasks)
	huma.Register(h, get("task", one+"/tasks/{task}", "A task with its story"), s.task)
	huma.Register(h, get("history", one+"/history", "Events, the newest first"), s.history)
	huma.Register(h, get("conflicts", one+"/conflicts", "Fields that wait for people to agree"), s.conflicts)
	huma.Register(h, get("holds", one+"/holds", "What is held in the tools, and what to do about it"), s.holds)
	huma.Register(h, get("sources", one+"/sources", "The tools, and how old their data is"), s.sources)
	huma.Register(h, get("digest", one+"/digest", "What happened since a day, and what comes next"), s.digest)
	huma.Register(h, get("updates", one+"/updates", "What people said about how it goes, the newest first"), s.updates)
	huma.Register(h, get("cycles", one+"/cycles", "The latest cycles, the newest first"), s.cycles)
	huma.Register(h, get("cycle", one+"/cycles/{cycle}", "What a cycle decided and wrote"), s.cycle)
	huma.Register(h, post("settle", one+"/conflicts", "Settle a conflict: the value goes into every tool"), s.settle)
	huma.Register(h, post("decide", one+"/gates/{gate}/decisions", "Record what was decided at a gate"), s.decide)
	huma.Register(h, post("say", one+"/updates", "Say how it goes"), s.say)
}

// From names a partnership in the address. It is exported for huma alone, which sets only what it can see.
type From struct {
	Partnership string `path:"partnership" doc:"id of the partnership" example:"clean-water" maxLength:"100"`
}

// OnDay names a partnership, and a day.
type OnDay struct {
	From

	AsOf string `query:"as_of" doc:"a past day, as of whose end is answered: 2026-10-01" maxLength:"10"`
}

// answer is the body of an answer.
type answer[T any] struct{ Body T }

// Standing is how a partnership stands.
type Standing struct {
	ID      string            `json:"id"`
	Name    string            `json:"name"`
	Phase   string            `json:"phase,omitempty"`
	Now     time.Time         `json:"now" doc:"the moment that the figures are of"`
	Version string            `json:"version" doc:"changes with whatever was stored"`
	RollUp  *scorecard.Rollup `json:"roll_up"`
	Waiting int               `json:"waiting" doc:"open conflicts and held values"`
}

func standingOf(v *view.View) Standing {
	return Standing{
		ID: v.Partnership.ID, Name: v.Partnership.Name, Phase: v.Partnership.Phase, Now: v.Now, Version: v.Version, RollUp: &v.Score.Partnership,
		Waiting: len(v.State.Conflicts) + len(v.State.Holds),
	}
}

// partnershipsBody are the partnerships that one may see.
type partnershipsBody struct {
	Partnerships []Standing `json:"partnerships"`
}

func (s *server) partnerships(ctx context.Context, _ *struct{}) (*answer[partnershipsBody], error) {
	out := new(answer[partnershipsBody])
	out.Body.Partnerships = []Standing{}
	for _, w := range s.o.Viewers {
		if !auth.From(ctx).May(w.Partnership().ID, auth.Viewer) {
			continue
		}
		v, err := w.Now(ctx)
		if err != nil {
			return nil, unread(err)
		}
		out.Body.Partnerships = append(out.Body.Partnerships, standingOf(v))
	}
	return out, nil
}

// partner is one organisation.
type partner struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Sector string `json:"sector,omitempty"`
}

// agreed is what is agreed about a partnership, and how it stands.
type agreed struct {
	Standing

	Key       string     `json:"key" doc:"begins each task's id"`
	Purpose   string     `json:"purpose,omitempty"`
	Timezone  string     `json:"timezone"`
	Agreement task.Value `json:"agreement"`
	Target    task.Value `json:"target"`
	Partners  []partner  `json:"partners"`
}

func (s *server) partnership(ctx context.Context, in *OnDay) (*answer[agreed], error) {
	v, err := s.look(ctx, in.Partnership, in.AsOf)
	if err != nil {
		return nil, err
	}
	p := v.Partnership
	out := agreed{
		Standing: standingOf(v), Key: p.Key, Purpose: p.Purpose, Timezone: p.Timezone.String(), Agreement: p.Agreement, Target: p.Target, Partners: []partner{},
	}
	for _, x := range p.Partners {
		out.Partners = append(out.Partners, partner(x))
	}
	return &answer[agreed]{out}, nil
}

func (s *server) scorecard(ctx context.Context, in *OnDay) (*answer[*scorecard.Scorecard], error) {
	v, err := s.look(ctx, in.Partnership, in.AsOf)
	if err != nil {
		return nil, err
	}
	return &answer[*scorecard.Scorecard]{&v.Score}, nil
}

// event is an event of the history.
type event struct {
	ID     int64           `json:"id"`
	Cycle  int64           `json:"cycle"`
	At     time.Time       `json:"at"`
	Kind   store.EventKind `json:"kind"`
	Task   task.ID         `json:"task,omitempty"`
	Field  string          `json:"field,omitempty"`
	Source task.SourceID   `json:"source,omitempty"`
	From   task.Value      `json:"from"`
	To     task.Value      `json:"to"`
	By     string          `json:"by,omitempty"`
	Losers []store.Claim   `json:"losers,omitempty" doc:"what was overruled, or stands against each other"`
	Note   string          `json:"note,omitempty"`
}

func eventsOf(es []store.Event) []event {
	out := make([]event, len(es))
	for i := range es {
		out[i] = event(es[i])
	}
	return out
}

// events are a page of the history.
type events struct {
	Events []event `json:"events"`
	Before int64   `json:"before,omitempty" doc:"ask with this for the next, older page; 0 where there is none"`
}

// page is a page of the history.
func (s *server) page(ctx context.Context, partnership string, q store.Query) (*answer[events], error) {
	es, err := s.o.Store.History(ctx, partnership, q)
	if err != nil {
		return nil, unread(err)
	}
	out := events{Events: eventsOf(es)}
	if len(es) == q.Limit {
		out.Before = es[len(es)-1].ID
	}
	return &answer[events]{out}, nil
}

func (s *server) history(ctx context.Context, in *struct {
	From

	Task   string   `query:"task" maxLength:"100" doc:"only of this task"`
	Kind   []string `query:"kind" maxItems:"20" doc:"only of these kinds"`
	Cycle  int64    `query:"cycle" minimum:"0" doc:"only of this cycle"`
	Before int64    `query:"before" minimum:"0" doc:"only older than this event"`
	Limit  int      `query:"limit" minimum:"1" maximum:"1000" default:"200"`
},
) (*answer[events], error) {
	if _, err := s.viewer(ctx, in.Partnership, auth.Viewer); err != nil {
		return nil, err
	}
	q := store.Query{Task: task.ID(in.Task), Cycle: in.Cycle, Before: in.Before, Limit: in.Limit}
	for _, k := range in.Kind {
		q.Kinds = append(q.Kinds, store.EventKind(k))
	}
	return s.page(ctx, in.Partnership, q)
}

// conflict is a field that waits for people to agree.
type conflict struct {
	Key    string        `json:"key" doc:"names the conflict as it stands: to settle it, hand it back"`
	Task   task.ID       `json:"task"`
	Title  string        `json:"title"`
	Field  task.Field    `json:"field"`
	Agreed task.Value    `json:"agreed" doc:"what stands until it is settled"`
	Claims []store.Claim `json:"claims"`
	Opened time.Time     `json:"opened"`
}

// conflictsBody are the open conflicts.
type conflictsBody struct {
	Conflicts []conflict `json:"conflicts"`
}

func (s *server) conflicts(ctx context.Context, in *OnDay) (*answer[conflictsBody], error) {
	v, err := s.look(ctx, in.Partnership, in.AsOf)
	if err != nil {
		return nil, err
	}
	out := new(answer[conflictsBody])
	out.Body.Conflicts = []conflict{}
	for _, k := range v.State.Conflicts {
		out.Body.Conflicts = append(out.Body.Conflicts, conflict{k.Key(), k.Task, v.Title(k.Task), k.Field, k.Agreed, k.Claims, k.Opened})
	}
	return out, nil
}

// holdsBody are some of what is held.
type holdsBody struct {
	Total int         `json:"total"`
	Holds []task.Hold `json:"holds"`
}

func (s *server) holds(ctx context.Context, in *struct {
	From

	Offset int `query:"offset" minimum:"0"`
	Limit  int `query:"limit" minimum:"1" maximum:"5000" default:"500"`
},
) (*answer[holdsBody], error) {
	v, err := s.look(ctx, in.Partnership, "")
	if err != nil {
		return nil, err
	}
	out := new(answer[holdsBody])
	all := v.State.Holds
	out.Body.Total = len(all)
	from := min(in.Offset, len(all))
	out.Body.Holds = append([]task.Hold{}, all[from:min(from+in.Limit, len(all))]...)
	return out, nil
}

// source is a tool, and how old its data is.
type source struct {
	ID          task.SourceID `json:"id"`
	Name        string        `json:"name"`
	Kind        string        `json:"kind"`
	Partner     string        `json:"partner,omitempty"`
	Scorecard   bool          `json:"scorecard,omitempty"`
	URL         string        `json:"url,omitempty"`
	LastSuccess time.Time     `json:"last_success,omitzero"`
	AgeSeconds  int64         `json:"age_seconds" doc:"since it was read last; 0 where it never was"`
	Never       bool          `json:"never,omitempty"`
	Stale       bool          `json:"stale"`
	Error       string        `json:"error,omitempty"`
}

// sourcesBody are the tools, and how good the data is.
type sourcesBody struct {
	Sources []source          `json:"sources"`
	Quality scorecard.Quality `json:"quality"`
}

func (s *server) sources(ctx context.Context, in *From) (*answer[sourcesBody], error) {
	v, err := s.look(ctx, in.Partnership, "")
	if err != nil {
		return nil, err
	}
	out := new(answer[sourcesBody])
	out.Body.Sources, out.Body.Quality = []source{}, v.Score.Quality
	for _, x := range v.Score.Sources {
		tool := v.Partnership.Tool(x.ID)
		out.Body.Sources = append(out.Body.Sources, source{
			ID: x.ID, Name: tool.Name, Kind: tool.Kind, Partner: x.Partner, Scorecard: x.Scorecard, URL: safeURL(tool.URL), LastSuccess: x.LastSuccess,
			AgeSeconds: int64(x.Age.Seconds()), Never: x.Never, Stale: x.Stale, Error: x.Error,
		})
	}
	return out, nil
}

// safeURL lets through what leads to a page, and nothing that could run.
func safeURL(raw string) string {
	if strings.HasPrefix(raw, "https://") || strings.HasPrefix(raw, "http://") {
		return raw
	}
	return ""
}

// digestBody is a digest with its tasks.
type digestBody struct {
	scorecard.Digest

	NewReds     []task.ID `json:"new_reds"`
	NoLongerRed []task.ID `json:"no_longer_red"`
}

// digestDays is how far back a digest looks by default.
const digestDays = 7

func (s *server) digest(ctx context.Context, in *struct {
	From

	Since string `query:"since" maxLength:"10" doc:"the day at whose beginning the digest begins; seven days ago where it is not said"`
},
) (*answer[digestBody], error) {
	w, err := s.viewer(ctx, in.Partnership, auth.Viewer)
	if err != nil {
		return nil, err
	}
	since := s.o.Now().AddDate(0, 0, -digestDays)
	if in.Since != "" {
		if since, err = time.ParseInLocation(time.DateOnly, in.Since, w.Partnership().Timezone); err != nil {
			return nil, huma.Error422UnprocessableEntity("since is to be a day, such as 2026-10-01")
		}
	}
	d, err := w.Digest(ctx, since)
	if err != nil {
		return nil, unread(err)
	}
	return &answer[digestBody]{digestBody{d, idsOf(d.NewReds), idsOf(d.NoLongerRed)}}, nil
}

func idsOf(views []*scorecard.TaskView) []task.ID {
	out := []task.ID{}
	for _, v := range views {
		out = append(out, v.Task.ID)
	}
	return out
}

// updatesBody is what people said.
type updatesBody struct {
	Updates []update `json:"updates"`
}

func (s *server) updates(ctx context.Context, in *From) (*answer[updatesBody], error) {
	if _, err := s.viewer(ctx, in.Partnership, auth.Viewer); err != nil {
		return nil, err
	}
	es, err := s.o.Store.History(ctx, in.Partnership, store.Query{Kinds: []store.EventKind{store.EventUpdate}})
	if err != nil {
		return nil, unread(err)
	}
	out := new(answer[updatesBody])
	out.Body.Updates = []update{}
	for i := range es {
		if u, ok := view.StatusUpdate(&es[i]); ok {
			out.Body.Updates = append(out.Body.Updates, update{At: u.At, By: u.By, About: u.About, RAG: u.RAG, Words: u.Words})
		}
	}
	return out, nil
}

// update is what somebody said about how it goes.
type update struct {
	At    time.Time         `json:"at"`
	By    string            `json:"by"`
	About scorecard.Subject `json:"about"`
	RAG   scorecard.RAG     `json:"rag"`
	Words string            `json:"words"`
}

// cycleLine is a cycle in the list of them.
type cycleLine struct {
	Cycle   int64     `json:"cycle"`
	Started time.Time `json:"started"`
	Seconds float64   `json:"seconds"`
	Result  string    `json:"result" doc:"ok, partial (a source sat out), guarded or failed"`
	Planned int       `json:"planned" doc:"writes that were planned"`
	Note    string    `json:"note,omitempty"`
}

// cyclesBody are the latest cycles.
type cyclesBody struct {
	Cycles []cycleLine `json:"cycles"`
}

func (s *server) cycles(ctx context.Context, in *struct {
	From

	Limit int `query:"limit" minimum:"1" maximum:"1000" default:"50"`
},
) (*answer[cyclesBody], error) {
	if _, err := s.viewer(ctx, in.Partnership, auth.Viewer); err != nil {
		return nil, err
	}
	cs, err := s.o.Store.Cycles(ctx, in.Partnership, in.Limit)
	if err != nil {
		return nil, unread(err)
	}
	out := new(answer[cyclesBody])
	out.Body.Cycles = []cycleLine{}
	for _, c := range cs {
		out.Body.Cycles = append(out.Body.Cycles, cycleLine{c.Generation, c.Started, c.Took.Seconds(), c.Result, c.Patches, c.Note})
	}
	return out, nil
}

func (s *server) cycle(ctx context.Context, in *struct {
	From

	Cycle  int64 `path:"cycle" minimum:"1"`
	Before int64 `query:"before" minimum:"0" doc:"only older than this event"`
	Limit  int   `query:"limit" minimum:"1" maximum:"1000" default:"1000"`
},
) (*answer[events], error) {
	if _, err := s.viewer(ctx, in.Partnership, auth.Viewer); err != nil {
		return nil, err
	}
	return s.page(ctx, in.Partnership, store.Query{Cycle: in.Cycle, Before: in.Before, Limit: in.Limit})
}
