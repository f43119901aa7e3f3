package scorecard

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/lockstep-sync/lockstep/sync/task"
)

// Indicator is a measure of the monitoring plan: what is counted, where it began, where it is to come, and what was measured.
type Indicator struct {
	ID         string
	Name       string
	Definition string
	Unit       string
	Baseline   float64
	Target     float64
	Actuals    []Actual
}

// Actual is what an indicator was found to be, at the end of a period.
type Actual struct {
	Period string     `json:"period"` // its name: "2026-Q3"
	End    task.Value `json:"end"`    // its last day
	Value  float64    `json:"value"`
}

// IndicatorView is an indicator as it stands.
type IndicatorView struct {
	ID         string   `json:"id"`
	Name       string   `json:"name"`
	Definition string   `json:"definition,omitempty"`
	Unit       string   `json:"unit,omitempty"`
	Baseline   float64  `json:"baseline"`
	Target     float64  `json:"target"`
	Actuals    []Actual `json:"actuals"`          // by end of period, none from after today
	Latest     *Actual  `json:"latest,omitempty"` // nil where nothing was measured yet
	// Progress is (latest actual − baseline) ÷ (target − baseline): 1 is there, below 0 is the wrong way. Only where Known: there is
	// none without a measurement, or where target and baseline are the same.
	Progress float64 `json:"progress"`
	Known    bool    `json:"known"`
}

// Reached reports whether the target is reached.
func (v *IndicatorView) Reached() bool { return v.Known && v.Progress >= 1 }

// indicators works out how far each has come, by name.
func (c *computer) indicators() []IndicatorView {
	out := make([]IndicatorView, 0, len(c.in.Indicators))
	for i := range c.in.Indicators {
		x := &c.in.Indicators[i]
		v := IndicatorView{ID: x.ID, Name: cmp.Or(x.Name, x.ID), Definition: x.Definition, Unit: x.Unit, Baseline: x.Baseline, Target: x.Target}
		for _, a := range x.Actuals {
			if end, ok := dayOf(a.End); ok && end <= c.today && finite(a.Value) {
				v.Actuals = append(v.Actuals, a)
			}
		}
		slices.SortFunc(v.Actuals, func(a, b Actual) int {
			return cmp.Or(byDate(a.End, b.End), strings.Compare(a.Period, b.Period), cmp.Compare(a.Value, b.Value))
		})
		if n := len(v.Actuals); n > 0 {
			v.Latest = &v.Actuals[n-1]
			v.Progress, v.Known = progress(v.Latest.Value, x.Baseline, x.Target)
		}
		out = append(out, v)
	}
	slices.SortFunc(out, func(a, b IndicatorView) int {
		return cmp.Or(strings.Compare(fold(a.Name), fold(b.Name)), strings.Compare(a.ID, b.ID))
	})
	return out
}

func progress(actual, baseline, target float64) (float64, bool) {
	p := (actual - baseline) / (target - baseline)
	if !finite(baseline) || !finite(target) || !finite(p) {
		return 0, false
	}
	return p, true
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
