package scorecard

import (
	"hash/fnv"
	"slices"
	"strconv"

	"github.com/lockstep-sync/lockstep/sync/task"
)

// ForecastState says what came of a forecast.
type ForecastState string

// What comes of a forecast.
const (
	ForecastOK   ForecastState = "ok"
	Insufficient ForecastState = "insufficient_data" // fewer full weeks of history than Rules.ForecastMinimum
	NoProgress   ForecastState = "no_progress"       // nothing was finished in any of the weeks
	NothingLeft  ForecastState = "nothing_left"      // nothing is open
	NotFollowed  ForecastState = "not_followed"      // there are more workstreams than Rules.Workstreams
)

// Forecast is when the open tasks of a group will be finished if it goes on as in the last weeks. New tasks are not foreseen.
type Forecast struct {
	State ForecastState `json:"state"`
	// Weeks is how many full weeks of history there are to draw from; Finished is what was finished in each, the oldest first. The
	// partnership has none of its own.
	Weeks    int   `json:"weeks"`
	Finished []int `json:"finished,omitempty"`
	// Remaining is how many tasks are open.
	Remaining int `json:"remaining"`
	// P50, P85 and P95 are the days by which all is finished in so many of a hundred trials; empty where State is not ForecastOK,
	// and where it is later than Rules.ForecastHorizon weeks from now.
	P50 task.Value `json:"p50"`
	P85 task.Value `json:"p85"`
	P95 task.Value `json:"p95"`
	// Waits names, for the partnership, the workstreams that keep it from having a forecast.
	Waits []string `json:"waits,omitempty"`

	minimum, horizon int
	trials           []int32 // weeks until finished, by trial; horizon+1 is later. nil where State is not ForecastOK
}

// String is the forecast in words: "50 %: 1 Jun 2026, 85 %: 15 Jun 2026, 95 %: 22 Jun 2026".
func (f *Forecast) String() string {
	switch f.State {
	case Insufficient:
		if len(f.Waits) > 0 {
			return "insufficient data: " + inWords(f.Waits)
		}
		return "insufficient data: " + count(f.Weeks, "full week") + " of history, " + strconv.Itoa(f.minimum) + " are needed"
	case NoProgress:
		if len(f.Waits) > 0 {
			return "no forecast: nothing was finished in " + inWords(f.Waits)
		}
		return "no forecast: nothing was finished in " + count(f.Weeks, "week")
	case NothingLeft:
		return "nothing is open"
	case NotFollowed:
		return "no forecast: there are too many workstreams"
	case ForecastOK:
	}
	return "50 %: " + f.by(f.P50) + ", 85 %: " + f.by(f.P85) + ", 95 %: " + f.by(f.P95)
}

func (f *Forecast) by(v task.Value) string {
	if v.IsEmpty() {
		return "more than " + count(f.horizon, "week") + " away"
	}
	return date(v)
}

// forecastStream forecasts one workstream from its own weeks: workstreams are not pooled.
func (c *computer) forecastStream(name string, remaining int) *Forecast {
	r, h := &c.in.Rules, &c.history
	f := &Forecast{Remaining: remaining, minimum: r.ForecastMinimum, horizon: horizon(r)}
	if k := h.byStream[name]; k != nil {
		last := h.weeks() - 1 // the current week is not over
		first := max(0, last-max(0, r.ForecastWeeks))
		for first < last && h.bounds[first].Before(k.began) {
			first++
		}
		f.Finished = slices.Clone(k.finished[first:last])
	}
	f.Weeks = len(f.Finished)
	switch {
	case remaining == 0:
		f.State = NothingLeft
	case !c.followed[name]:
		f.State = NotFollowed
	case f.Weeks < max(1, r.ForecastMinimum):
		f.State = Insufficient
	case slices.Max(f.Finished) == 0:
		f.State = NoProgress
	default:
		f.State = ForecastOK
		f.trials = simulate(f.Finished, remaining, max(1, r.ForecastTrials), f.horizon, seed(name, f.Finished, remaining))
		c.percentiles(f)
	}
	return f
}

// forecastAll is when the last of the workstreams is finished, trial by trial.
func (c *computer) forecastAll(streams []Rollup) *Forecast {
	r := &c.in.Rules
	f := &Forecast{State: NothingLeft, minimum: r.ForecastMinimum, horizon: horizon(r)}
	var short, stuck []string
	unknown := false
	for i := range streams {
		s := streams[i].Forecast
		f.Remaining += s.Remaining
		f.Weeks = max(f.Weeks, s.Weeks)
		name := streams[i].Name
		if name == "" {
			name = "tasks without a workstream"
		}
		switch s.State {
		case Insufficient:
			short = append(short, name)
		case NoProgress:
			stuck = append(stuck, name)
		case NotFollowed:
			unknown = true
		case ForecastOK:
			f.State = ForecastOK
			if f.trials == nil {
				f.trials = slices.Clone(s.trials)
				continue
			}
			for k, weeks := range s.trials {
				f.trials[k] = max(f.trials[k], weeks)
			}
		case NothingLeft:
		}
	}
	switch {
	case unknown:
		f.State, f.trials = NotFollowed, nil
	case len(stuck) > 0:
		f.State, f.Waits, f.trials = NoProgress, stuck, nil
	case len(short) > 0:
		f.State, f.Waits, f.trials = Insufficient, short, nil
	case f.State == ForecastOK:
		c.percentiles(f)
	}
	return f
}

// horizon is the rule, kept to what dates can hold.
func horizon(r *Rules) int { return min(max(0, r.ForecastHorizon), 100_000) }

// seed makes the draws depend on the group and its figures alone: the same scorecard computed twice is the same.
func seed(name string, finished []int, remaining int) uint64 {
	h := fnv.New64a()
	text := []byte(name)
	for _, n := range append([]int{remaining}, finished...) {
		text = strconv.AppendInt(append(text, ' '), int64(n), 10)
	}
	_, _ = h.Write(text) // a hash never fails
	return h.Sum64()
}

// simulate plays the rest of the work through: week by week, as much is finished as in a past week drawn at random. It returns the
// number of weeks of each trial; one that is not over after horizon weeks is horizon+1.
func simulate(finished []int, remaining, trials, horizon int, seed uint64) []int32 {
	draw := sequence(seed)
	out := make([]int32, trials)
	n := uint64(len(finished))
	for i := range out {
		left, weeks := remaining, 0
		for left > 0 && weeks <= horizon {
			// The high half of a draw, scaled: as even as 32 bits allow, and several times as fast as a division.
			left -= finished[(draw.next()>>32)*n>>32]
			weeks++
		}
		out[i] = int32(min(weeks, horizon+1)) //nolint:gosec // the horizon is a number of weeks
	}
	return out
}

// sequence is splitmix64 (Steele, Lea and Flood, 2014): a sequence of numbers that look drawn, and follow from its seed alone. The
// same input is to give the same forecast in every version of Go.
type sequence uint64

func (s *sequence) next() uint64 {
	*s += 0x9e3779b97f4a7c15
	z := uint64(*s)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// percentiles reads the days off the trials: the smallest number of weeks that so many of a hundred trials do not exceed.
func (c *computer) percentiles(f *Forecast) {
	sorted := slices.Clone(f.trials)
	slices.Sort(sorted)
	at := func(percent int) task.Value {
		weeks := int(sorted[(len(sorted)*percent+99)/100-1])
		if weeks > f.horizon {
			return task.Empty(task.Date)
		}
		return (c.today + day(7*weeks)).value()
	}
	f.P50, f.P85, f.P95 = at(50), at(85), at(95)
}
