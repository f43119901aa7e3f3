package engine

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Every is how long a period of the report is.
type Every string

// The periods.
const (
	EveryDay   Every = "day"
	EveryWeek  Every = "week"
	EveryMonth Every = "month"
)

// mostPeriods is how many sections are made at once, at most: the latest. A report that nobody kept for half a year is not filled up.
const mostPeriods = 26

// period is one day, week or month where the partnership is: from its first moment to the first one of the next.
type period struct {
	every      Every
	begin, end time.Time
}

// id names the period's section, and sorts by time.
func (p period) id() string { return string(p.every) + "-" + p.begin.Format(time.DateOnly) }

// last is the period's last day.
func (p period) last() time.Time { return p.end.AddDate(0, 0, -1) }

// title is the heading of its section.
func (p period) title() string {
	first, last := p.begin, p.last()
	switch p.every {
	case EveryDay:
		return first.Format("Monday, 2 January 2006")
	case EveryMonth:
		return first.Format("January 2006")
	case EveryWeek:
	}
	from := first.Format("2 January 2006")
	switch {
	case first.Month() == last.Month():
		from = first.Format("2")
	case first.Year() == last.Year():
		from = first.Format("2 January")
	}
	return fmt.Sprintf("Week of %s to %s", from, last.Format("2 January 2006"))
}

// from is the period that begins on a day.
func (e Every) from(first time.Time) period {
	y, m, d := first.Date()
	p := period{every: e, begin: time.Date(y, m, d, 0, 0, 0, 0, first.Location())}
	switch e {
	case EveryDay:
		p.end = time.Date(y, m, d+1, 0, 0, 0, 0, first.Location())
	case EveryMonth:
		p.end = time.Date(y, m+1, 1, 0, 0, 0, 0, first.Location())
	case EveryWeek:
		p.end = time.Date(y, m, d+7, 0, 0, 0, 0, first.Location())
	}
	return p
}

// around is the period that a moment is in.
func (e Every) around(t time.Time, loc *time.Location, firstDay time.Weekday) period {
	y, m, d := t.In(loc).Date()
	switch e {
	case EveryMonth:
		d = 1
	case EveryWeek:
		weekday := time.Date(y, m, d, 12, 0, 0, 0, time.UTC).Weekday()
		d -= (int(weekday) - int(firstDay) + 7) % 7
	case EveryDay:
	}
	return e.from(time.Date(y, m, d, 12, 0, 0, 0, loc))
}

// before is the period before.
func (e Every) before(p period) period {
	y, m, d := p.begin.Date()
	switch e {
	case EveryMonth:
		m--
	case EveryWeek:
		d -= 7
	case EveryDay:
		d--
	}
	return e.from(time.Date(y, m, d, 12, 0, 0, 0, p.begin.Location()))
}

// newest is the latest of the sections that are of periods of this length; "" where none is.
func (e Every) newest(ids []string) string {
	out := ""
	for _, id := range ids {
		if day, ok := strings.CutPrefix(id, string(e)+"-"); ok {
			if _, err := time.Parse(time.DateOnly, day); err == nil {
				out = max(out, id)
			}
		}
	}
	return out
}

// since are the periods after a section, up to the last one, the oldest first.
func (e Every) since(newest string, last period) []period {
	var out []period
	for p := last; p.id() > newest && len(out) < mostPeriods; p = e.before(p) {
		out = append(out, p)
	}
	slices.Reverse(out)
	return out
}
