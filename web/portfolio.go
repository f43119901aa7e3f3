package web

import (
	"fmt"
	"net/http"

	"github.com/lockstep-sync/lockstep/sync/scorecard"
	"github.com/lockstep-sync/lockstep/web/auth"
)

// trendDays is how far back the portfolio looks to tell where a partnership is heading.
const trendDays = 14

// portfolioLine is a partnership's row in the portfolio.
type portfolioLine struct {
	ID, Name  string
	Phase     string
	Verdict   verdict
	Declared  *declared
	Disagrees bool
	Was       verdict // two weeks ago
	Trend     string  // "better", "worse", "the same", or "" where nothing is known of then
	Gate      *gateLine
	Counts    counts
	Forecast  string
	Late      bool // the forecast is past the target
	Target    string
	Waiting   int
	Scorecard sourceView
	Stale     int
}

// portfolio is the list of all partnerships that whoever asks may see. Of one alone, its own page says all of it.
func (s *Server) portfolio(w http.ResponseWriter, r *http.Request) {
	person := auth.From(r.Context())
	var lines []portfolioLine
	var only string
	for _, viewer := range s.o.Viewers {
		p := viewer.Partnership()
		if !person.May(p.ID, auth.Viewer) {
			continue
		}
		only = p.ID
		if len(s.o.Viewers) == 1 {
			break
		}
		v, err := viewer.Now(r.Context())
		if err != nil {
			s.fail(w, r, err)
			return
		}
		then, err := viewer.AsOf(r.Context(), v.Now.AddDate(0, 0, -trendDays))
		if err != nil {
			s.fail(w, r, err)
			return
		}
		lines = append(lines, newTeller(v).portfolioLine(&then.Score))
	}
	if len(s.o.Viewers) == 1 && only != "" {
		http.Redirect(w, r, "/p/"+only, http.StatusFound)
		return
	}
	s.render(w, r, http.StatusOK, "portfolio", shell{Title: "Partnerships", Person: person, Body: lines})
}

func (v *teller) portfolioLine(then *scorecard.Scorecard) portfolioLine {
	all := &v.Score.Partnership
	l := portfolioLine{
		ID: v.Partnership.ID, Name: v.Partnership.Name, Phase: v.Partnership.Phase, Verdict: newVerdict(all.Verdict), Declared: v.declared(all.Declared),
		Disagrees: all.Disagrees, Counts: countsOf(all.Counts), Scorecard: v.scorecardSource(), Stale: len(v.stale()), Waiting: len(v.State.Conflicts),
	}
	for _, h := range v.held() {
		l.Waiting += len(h.Holds)
	}
	if gates := v.nextGates(); len(gates) > 0 {
		l.Gate = &gates[0]
	}
	if len(then.Tasks) > 0 {
		l.Was = newVerdict(then.Partnership.Verdict)
		l.Trend = trend(then.Partnership.Verdict.RAG, all.Verdict.RAG)
	}
	target, agreed := all.Target.Time()
	if agreed && !all.TargetIsBaseline {
		l.Target = day(target, v.Now.Year())
	}
	if f := all.Forecast; f != nil {
		l.Forecast = f.String()
		if p85, ok := f.P85.Time(); ok {
			l.Forecast = fmt.Sprintf("85 %% sure by %s", day(p85, v.Now.Year()))
			l.Late = agreed && p85.After(target)
		}
	}
	return l
}

// trend says in a word where a colour is heading. Grey tells of missing knowledge, so nothing can be said then.
func trend(was, is scorecard.RAG) string {
	known := func(r scorecard.RAG) bool { return r == scorecard.Red || r == scorecard.Amber || r == scorecard.Green }
	switch {
	case !known(was) || !known(is):
		return ""
	case is.Severity() > was.Severity():
		return "worse"
	case is.Severity() < was.Severity():
		return "better"
	}
	return "the same"
}
