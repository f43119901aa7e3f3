package scorecard

import (
	"time"

	"github.com/lockstep-sync/lockstep/sync/task"
)

// day is a calendar day, counted from 1 January 1970. Days are subtracted as numbers: no zone, no summer time.
type day int

const secondsPerDay = 24 * 60 * 60

// dayOf is the day of a date value, and false where there is no date. The text of a date value is canonical, so it is read digit by
// digit: a scorecard of many tasks reads dates more than it does anything else.
func dayOf(v task.Value) (day, bool) {
	s := v.String()
	if v.Kind() != task.Date || len(s) != len(time.DateOnly) {
		return 0, false
	}
	digits := func(from, to int) int {
		n := 0
		for i := from; i < to; i++ {
			n = 10*n + int(s[i]-'0')
		}
		return n
	}
	return civil(digits(0, 4), digits(5, 7), digits(8, 10)), true
}

// civil is the day of a date of the Gregorian calendar. Years are counted from March, so that the leap day is a year's last; from the
// months' lengths since March follows (153m+2)/5.
func civil(y, m, d int) day {
	if m <= 2 {
		y--
		m += 12
	}
	return day(365*y + y/4 - y/100 + y/400 + (153*(m-3)+2)/5 + d - 1 - epoch)
}

// epoch is 1 January 1970 in days since 1 March of the year 0.
const epoch = 719468

// dayIn is the day that a moment falls on in a zone.
func dayIn(t time.Time, loc *time.Location) day {
	y, m, d := t.In(loc).Date()
	if y < 1 {
		return day(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / secondsPerDay)
	}
	return civil(y, int(m), d)
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
	return d - day(((int(d.weekday())-int(first))%7+7)%7)
}

// begin is the moment at which the day begins in a zone.
func (d day) begin(loc *time.Location) time.Time {
	y, m, dd := d.time().Date()
	return time.Date(y, m, dd, 0, 0, 0, 0, loc)
}
