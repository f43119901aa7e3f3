package web

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/lockstep-sync/lockstep/sync/scorecard"
	"github.com/lockstep-sync/lockstep/sync/task"
	"github.com/lockstep-sync/lockstep/sync/view"
	"github.com/lockstep-sync/lockstep/web/auth"
)

// gatesBody is the page of gates, milestones and indicators.
type gatesBody struct {
	May        bool // whoever looks may record decisions
	Gates      []gateBody
	Milestones []milestoneBody
	Indicators []indicatorBody
}

type gateBody struct {
	ID, Name, Action string
	Date, When       string
	Overdue, Ready   bool
	Open             bool
	Met, Delivered   string
	Criteria         []criterionLine
	Deliverables     []deliverable
	Deciders         []string
	Decisions        []decisionLine // the newest first
	Outcomes         []choice
}

type criterionLine struct {
	Text, Why string
	Met       bool
}

type deliverable struct {
	ID, Path, Title string
	Done            bool
}

type decisionLine struct{ Outcome, Word, By, Reason, At, Ago string }

type milestoneBody struct {
	Name, Path, Date string
	Critical         bool
	Reached          bool
	Verdict          verdict
	Slip             string
	Moves            []moveLine
}

// moveLine is one move of a due date.
type moveLine struct{ At, Ago, From, To, Days, By, Where string }

type indicatorBody struct {
	Name, Definition, Unit   string
	Baseline, Target, Latest string
	Period                   string
	Percent                  string // how far of the way; "" where it is not known
	Width                    int    // the same as a part of 1000, from 0 to 1000
	Actuals                  []actualLine
}

type actualLine struct{ Period, End, Value string }

func gatesPage(r *request) (any, error) {
	b := gatesBody{May: r.may(auth.Editor) && !r.Past}
	for i := range r.Score.Gates {
		b.Gates = append(b.Gates, r.gate(&r.Score.Gates[i]))
	}
	for i := range r.Score.Milestones {
		b.Milestones = append(b.Milestones, r.milestone(&r.Score.Milestones[i]))
	}
	for i := range r.Score.Indicators {
		b.Indicators = append(b.Indicators, r.indicator(&r.Score.Indicators[i]))
	}
	return b, nil
}

func (v *teller) gate(g *scorecard.GateView) gateBody {
	b := gateBody{
		ID: g.ID, Name: g.Name, Action: "/p/" + v.Partnership.ID + "/gates/" + g.ID, Overdue: g.Overdue > 0, Ready: g.Ready, Open: g.Open, Deciders: g.Deciders,
	}
	if d, ok := g.Date.Time(); ok {
		b.Date = day(d, v.Now.Year())
		if g.Open {
			b.When = dueWords(g.DueIn)
		}
	}
	if g.Met.Known() {
		b.Met = g.Met.String() + " criteria met"
	}
	if g.Delivered.Known() {
		b.Delivered = g.Delivered.String() + " deliverables done"
	}
	for _, c := range g.Criteria {
		b.Criteria = append(b.Criteria, criterionLine{c.Text, c.Why, c.Met})
	}
	at := slices.IndexFunc(v.Partnership.Gates, func(x scorecard.Gate) bool { return x.ID == g.ID })
	for _, id := range v.Partnership.Gates[at].Deliverables {
		b.Deliverables = append(b.Deliverables, deliverable{string(id), v.pathTo(id), clip(v.Title(id), clipped), !slices.Contains(g.Missing, id)})
	}
	for _, d := range slices.Backward(g.Decisions) {
		at := d.At.In(v.Partnership.Timezone)
		b.Decisions = append(b.Decisions, decisionLine{string(d.Outcome), d.Outcome.Display(), inWords(d.By), d.Reason, clock(at, v.Now), ago(v.Now.Sub(d.At))})
	}
	for _, o := range scorecard.Outcomes() {
		b.Outcomes = append(b.Outcomes, choice{Value: string(o), Word: o.Display()})
	}
	return b
}

func (v *teller) milestone(m *scorecard.MilestoneView) milestoneBody {
	b := milestoneBody{
		Name: m.Name, Path: v.pathTo(m.Task), Critical: m.Critical, Reached: m.Reached, Verdict: newVerdict(m.Verdict), Slip: m.Slip.String(), Moves: v.moves(m.Trend),
	}
	if d, ok := m.Due.Time(); ok {
		b.Date = day(d, v.Now.Year())
	}
	return b
}

// moves are the moves of a date in words, the oldest first.
func (v *teller) moves(ms []scorecard.Move) []moveLine {
	var out []moveLine
	for _, m := range ms {
		from, _ := m.From.Time()
		to, _ := m.To.Time()
		days := fmt.Sprintf("%s later", count(m.Days, "day"))
		if m.Days < 0 {
			days = fmt.Sprintf("%s earlier", count(-m.Days, "day"))
		}
		out = append(out, moveLine{
			At: clock(m.At.In(v.Partnership.Timezone), v.Now), Ago: ago(v.Now.Sub(m.At)), From: day(from, v.Now.Year()), To: day(to, v.Now.Year()), Days: days,
			By: clip(m.By, clipped), Where: v.Partnership.SourceName(m.Source),
		})
	}
	return out
}

func (v *teller) indicator(x *scorecard.IndicatorView) indicatorBody {
	figure := func(f float64) string { return fmt.Sprintf("%g", f) }
	b := indicatorBody{Name: x.Name, Definition: x.Definition, Unit: x.Unit, Baseline: figure(x.Baseline), Target: figure(x.Target)}
	if x.Latest != nil {
		b.Latest, b.Period = figure(x.Latest.Value), x.Latest.Period
	}
	if x.Known {
		b.Percent = fmt.Sprintf("%.0f %%", 100*x.Progress)
		b.Width = int(1000 * min(1, max(0, x.Progress)))
	}
	for _, a := range slices.Backward(x.Actuals) {
		end, _ := a.End.Time()
		b.Actuals = append(b.Actuals, actualLine{a.Period, day(end, v.Now.Year()), figure(a.Value)})
	}
	return b
}

const (
	// reasonLimit and nameLimit bound what a form may say, in characters.
	reasonLimit, nameLimit = 5000, 200
)

// decideGate records what partners decided at a gate.
func decideGate(r *request) (string, error) {
	id := r.PathValue("gate")
	i := slices.IndexFunc(r.Score.Gates, func(g scorecard.GateView) bool { return g.ID == id })
	if i < 0 {
		return "", missing("There is no such gate.")
	}
	g := &r.Score.Gates[i]
	d := scorecard.Decision{Outcome: scorecard.Outcome(r.PostForm.Get("outcome")), At: r.server.o.Now(), Reason: typed(r.PostForm.Get("reason"), reasonLimit)}
	for _, by := range append(r.PostForm["by"], strings.Split(r.PostForm.Get("others"), ",")...) {
		if by = typed(by, nameLimit); by != "" && !slices.Contains(d.By, by) {
			d.By = append(d.By, by)
		}
	}
	switch {
	case !slices.Contains(scorecard.Outcomes(), d.Outcome):
		return "", &refusal{http.StatusBadRequest, "Say what was decided. Go back: what you wrote is still there."}
	case len(d.By) == 0:
		return "", &refusal{http.StatusBadRequest, "Say who decided. Go back: what you wrote is still there."}
	case d.Outcome != scorecard.Go && d.Reason == "":
		return "", &refusal{http.StatusBadRequest, "Say why: only a plain go needs no reason. Go back: what you wrote is still there."}
	case !g.Open && r.PostForm.Get("again") == "":
		return "", &refusal{http.StatusConflict, "This gate is decided already. To decide it anew, say so in the form."}
	}
	e, err := view.GateEvent(id, d, r.person.Name)
	if err != nil {
		return "", err
	}
	return r.at("gates") + "#gate-" + id, r.record(e)
}

// typed is what somebody typed into a form, in canonical form, without what nobody can see, and cut to a length.
func typed(s string, limit int) string {
	return clip(task.TextValue(string(disarm([]byte(strings.ReplaceAll(s, "\r\n", "\n"))))).String(), limit)
}
