package scorecard

import (
	"fmt"
	"strings"

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

// near says of what is not as it should be how near its date is, by how much it is overdue another reason tells.
func near(n int) string {
	if n < 0 {
		return "past its due date"
	}
	return "and " + dueIn(n)
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

// inWords is a list of names in words: "a, b and c". Of many, only the first few are named.
func inWords(names []string) string {
	const few = 5
	if n := len(names); n > few {
		return strings.Join(names[:few], ", ") + fmt.Sprintf(" and %d more", n-few)
	}
	if n := len(names); n > 1 {
		return strings.Join(names[:n-1], ", ") + " and " + names[n-1]
	}
	return strings.Join(names, "")
}
