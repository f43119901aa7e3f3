package web

import (
	"cmp"
	"slices"

	"github.com/lockstep-sync/lockstep/sync/scorecard"
)

// burnupBody is the page of the burn-up.
type burnupBody struct {
	Streams  []choice
	Who      string
	Chart    burnupChart
	Forecast string
	Known    bool // there is a forecast
	Verdict  verdict
	Target   string
	Assumed  bool         // the target is the last first agreed date, as none was agreed
	Points   []burnupLine // the latest first
	Finished []int
}

type burnupLine struct {
	Day         string
	Scope, Done int
	Finished    int // since the point before
}

func burnupPage(r *request) (any, error) {
	name := r.URL.Query().Get("workstream")
	x, who := &r.Score.Partnership, "The whole partnership"
	b := burnupBody{Streams: []choice{{"", who, name == ""}}}
	for i := range r.Score.Workstreams {
		w := &r.Score.Workstreams[i]
		value := cmp.Or(w.Name, nobody)
		b.Streams = append(b.Streams, choice{value, cmp.Or(w.Name, "No workstream"), value == name})
		if value == name {
			x, who = w, cmp.Or(w.Name, "No workstream")
		}
	}
	b.Who, b.Chart, b.Verdict = who, burnup(x, r.Now), newVerdict(x.Verdict)
	if x.Forecast != nil {
		b.Forecast, b.Known, b.Finished = x.Forecast.String(), x.Forecast.State == scorecard.ForecastOK, x.Forecast.Finished
	}
	if t, ok := x.Target.Time(); ok {
		b.Target, b.Assumed = day(t, r.Now.Year()), x.TargetIsBaseline
	}
	for i, p := range x.Burnup {
		t, _ := p.Day.Time()
		l := burnupLine{Day: day(t, r.Now.Year()), Scope: p.Scope, Done: p.Done}
		if i > 0 {
			l.Finished = p.Done - x.Burnup[i-1].Done
		}
		b.Points = append(b.Points, l)
	}
	slices.Reverse(b.Points)
	return b, nil
}
