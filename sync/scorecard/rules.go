package scorecard

import "time"

// Late says from which date the lateness of an open task is counted. See Rules.LateFrom.
type Late string

// What lateness is counted from.
const (
	// LateMissed counts from the earliest date that passed while it stood, whatever the date was moved to afterwards: a date
	// that is moved in time, and so is said early, is no lateness; one that is moved once it has passed does not clear it.
	LateMissed Late = "missed"
	// LateCurrent counts from today's due date alone.
	LateCurrent Late = "current"
	// LateBaseline counts from the first agreed date.
	LateBaseline Late = "baseline"
)

// Rules are all the numbers that verdicts hang on. Take DefaultRules and change what is to differ: a zero is a zero.
type Rules struct {
	// LateFrom is what an overdue task's days are counted from; "" is LateMissed.
	LateFrom Late `json:"late_from"`
	// Tolerance is by how many days a task may be overdue and still be amber.
	Tolerance int `json:"tolerance"`
	// DueSoon is within how many days a due date is near: a blocked task is then red, one not started amber.
	DueSoon int `json:"due_soon"`
	// Moves is how many moves of the due date make a task amber; 0 turns the rule off.
	Moves int `json:"moves"`
	// Untouched is after how many days without a change a task in progress is amber; 0 turns the rule off.
	Untouched int `json:"untouched"`
	// Correction is for how long a date may have stood to be corrected rather than missed: a mistyped year.
	Correction time.Duration `json:"correction_ns"`

	// AdherenceRed and AdherenceAmber are the schedule adherence below which a roll-up is red, and amber.
	AdherenceRed   float64 `json:"adherence_red"`
	AdherenceAmber float64 `json:"adherence_amber"`
	// OnTimeRed and OnTimeAmber are the on-time rate below which the rate is red, and amber.
	OnTimeRed   float64 `json:"on_time_red"`
	OnTimeAmber float64 `json:"on_time_amber"`
	// Period is over how many days, up to yesterday, the on-time rate is taken.
	Period int `json:"period"`
	// TargetFromBaseline takes the last baseline date of a group's tasks for its target where none is agreed.
	TargetFromBaseline bool `json:"target_from_baseline"`

	// FirstDay is the day on which a week begins and its plan is frozen.
	FirstDay time.Weekday `json:"first_day"`
	// CommitmentWeeks is how many weeks of commitments are looked at, the current one not counted.
	CommitmentWeeks int `json:"commitment_weeks"`

	// ForecastWeeks is how many of the latest full weeks the forecast draws from, at most.
	ForecastWeeks int `json:"forecast_weeks"`
	// ForecastMinimum is how many full weeks of history a forecast needs.
	ForecastMinimum int `json:"forecast_minimum"`
	// ForecastTrials is how many times the rest of the work is played through.
	ForecastTrials int `json:"forecast_trials"`
	// ForecastHorizon is after how many weeks a trial is given up: "later than that".
	ForecastHorizon int `json:"forecast_horizon"`
	// Workstreams is how many workstreams have weeks, a forecast and a burn-up, at most: those of the configuration, and the largest of
	// the others. More are a column of free text that somebody took for workstreams.
	Workstreams int `json:"workstreams"`
	// BurnupWeeks is how many weeks back the burn-up begins, at most.
	BurnupWeeks int `json:"burnup_weeks"`

	// QuickWinDays is within how many days of the agreement a quick win is due.
	QuickWinDays int `json:"quick_win_days"`
	// SmallDays is how many days from start to due date a small task takes, at most.
	SmallDays int `json:"small_days"`
	// SmallLabels are the labels that call a task small; case does not matter.
	SmallLabels []string `json:"small_labels"`

	// StaleIntervals is how many intervals a source may go unread before its data is stale.
	StaleIntervals int `json:"stale_intervals"`
	// StaleFloor is the age below which no source's data is stale, however short its interval.
	StaleFloor time.Duration `json:"stale_floor_ns"`

	// Ahead is how many days the digest looks ahead.
	Ahead int `json:"ahead"`
}

// DefaultRules are the rules of the domain reference; what it leaves open is said in the table of the package comment.
func DefaultRules() Rules {
	return Rules{
		LateFrom: LateMissed, Tolerance: 7, DueSoon: 7, Moves: 2, Untouched: 14, Correction: 24 * time.Hour,
		AdherenceRed: 0.85, AdherenceAmber: 0.95, OnTimeRed: 0.60, OnTimeAmber: 0.80, Period: 90, TargetFromBaseline: true,
		FirstDay: time.Monday, CommitmentWeeks: 13,
		ForecastWeeks: 26, ForecastMinimum: 8, ForecastTrials: 2000, ForecastHorizon: 520, Workstreams: 200, BurnupWeeks: 52,
		QuickWinDays: 90, SmallDays: 14, SmallLabels: []string{"small", "quick win", "quick-win", "quick_win"},
		StaleIntervals: 3, StaleFloor: 20 * time.Second, Ahead: 14,
	}
}
