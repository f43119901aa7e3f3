package scorecard

import (
	"time"

	"github.com/lockstep-sync/lockstep/sync/task"
)

// day is a calendar day, counted from 1 January 1970. Days are subtracted as numbers: no zone, no summer time.
type day int

const secondsPerDay = 24 * 60 * 60

// dayOf is the day of a date value, and false where there is no date.
func dayOf(v task.Value) (day, bool) {
	t, ok := v.Time()
	if !ok {
		return 0, false
	}
	return day(t.Unix() / secondsPerDay), true // midnight in UTC: the division leaves no rest
}

// dayIn is the day that a moment falls on in a zone.
func dayIn(t time.Time, loc *time.Location) day {
	y, m, d := t.In(loc).Date()
	return day(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / secondsPerDay)
}

func (d day) time() time.Time { return time.Unix(int64(d)*secondsPerDay, 0).UTC() }

// value is the day as a date; the empty date where no date of four digits' year can hold it.
func (d day) value() task.Value {
	if v := task.DateValue(d.time()); !v.IsUnreadable() {
		return v
	}
	return task.Empty(task.Date)
}

// weekday is the day's weekday.
func (d day) weekday() time.Weekday { return d.time().Weekday() }

// weekStart is the first day of the week that the day is in.
func (d day) weekStart(first time.Weekday) day {
	return d - day((int(d.weekday())-int(first)+7)%7)
}

// begin is the moment at which the day begins in a zone.
func (d day) begin(loc *time.Location) time.Time {
	y, m, dd := d.time().Date()
	return time.Date(y, m, dd, 0, 0, 0, 0, loc)
}
