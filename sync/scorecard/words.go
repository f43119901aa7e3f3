package scorecard

import (
	"fmt"
	"time"

	"github.com/lockstep-sync/lockstep/sync/task"
)

// days is a number of days in words.
func days(n int) string { return count(n, "day") }

func count(n int, what string) string {
	if n == 1 || n == -1 {
		return fmt.Sprintf("%d %s", n, what)
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func times(n int) string {
	switch n {
	case 1:
		return "once"
	case 2:
		return "twice"
	}
	return fmt.Sprintf("%d times", n)
}

// date is a date as people say it: "1 Mar 2026"; "no date" where there is none.
func date(v task.Value) string {
	t, ok := v.Time()
	if !ok {
		return "no date"
	}
	return t.Format("2 Jan 2006")
}

// dueIn says when something is due that is due in n days; a negative n is that many days ago.
func dueIn(n int) string {
	switch {
	case n < 0:
		return "overdue by " + days(-n)
	case n == 0:
		return "due today"
	case n == 1:
		return "due tomorrow"
	}
	return "due in " + days(n)
}

// than compares today's due date with the first agreed one.
func than(n int) string {
	switch {
	case n > 0:
		return days(n) + " later than first agreed"
	case n < 0:
		return days(-n) + " earlier than first agreed"
	}
	return "back where it was first agreed"
}

// age is a time that has passed, in the largest unit that fits twice.
func age(d time.Duration) string {
	switch {
	case d >= 48*time.Hour:
		return days(int(d / (24 * time.Hour)))
	case d >= 2*time.Hour:
		return count(int(d/time.Hour), "hour")
	case d >= 2*time.Minute:
		return count(int(d/time.Minute), "minute")
	}
	return count(int(d/time.Second), "second")
}
