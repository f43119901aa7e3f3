package web

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/lockstep-sync/lockstep/sync/task"
)

// wholeText is the limit of texts that are shown in full.
const wholeText = 0

// clip shortens a text to limit characters. The layout bears long ones; a page of them would bury everything else.
func clip(s string, limit int) string {
	if limit == wholeText || len(s) <= limit || utf8.RuneCountInString(s) <= limit {
		return s
	}
	return strings.TrimSpace(string([]rune(s)[:limit])) + "…"
}

// day is a date as people say it, with the year where it is not this year's: "20 Nov", "7 Jan 2027".
func day(t time.Time, year int) string {
	if t.Year() == year {
		return t.Format("2 Jan")
	}
	return t.Format("2 Jan 2006")
}

func dueWords(days int) string {
	switch {
	case days < 0:
		return count(-days, "day") + " overdue"
	case days == 0:
		return "due today"
	case days == 1:
		return "due tomorrow"
	}
	return fmt.Sprintf("in %d days", days)
}

// slip says how far the date has moved from the first one that was agreed; "" where it stands.
func slip(baseline, due task.Value, year int) string {
	if baseline == due {
		return ""
	}
	from, ok1 := baseline.Time()
	to, ok2 := due.Time()
	if !ok1 || !ok2 || from.Equal(to) {
		return ""
	}
	days, sign := int(to.Sub(from).Hours()/24), "+"
	if days < 0 {
		days, sign = -days, "−"
	}
	return fmt.Sprintf("first agreed %s (%s%s)", day(from, year), sign, count(days, "day"))
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// ago says how long ago something was, in words. A time ahead of the clock is now: clocks differ a little.
func ago(d time.Duration) string {
	switch {
	case d < 10*time.Second:
		return "just now"
	case d < time.Minute:
		return fmt.Sprintf("%d s ago", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d min ago", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h ago", int(d.Hours()))
	}
	return count(int(d.Hours()/24), "day") + " ago"
}

// clock is a time of day, with the date where it is not today. Both times are in the partnership's zone.
func clock(t, now time.Time) string {
	if t.Format(time.DateOnly) == now.Format(time.DateOnly) {
		return t.Format("15:04")
	}
	return day(t, now.Year()) + " " + t.Format("15:04")
}

func sectorWord(s string) string {
	switch s {
	case "public":
		return "Public sector"
	case "private":
		return "Private sector"
	case "civil_society":
		return "Civil society"
	case "academia":
		return "Academia"
	case "multilateral":
		return "Multilateral"
	}
	return s
}

// reasonWords says why something waits, to somebody who has never read the manual.
func reasonWords(r task.HoldReason) string {
	switch r {
	case task.HoldUnreadable:
		return "cannot be read"
	case task.HoldUnmappedStatus:
		return "unknown status"
	case task.HoldUnknownPartner:
		return "unknown partner"
	case task.HoldUnmatchedPerson:
		return "this person is not known in that tool"
	case task.HoldNoTitle:
		return "no title"
	case task.HoldAmbiguous:
		return "could be one of several tasks"
	case task.HoldDuplicateID:
		return "carries the same id as another item"
	case task.HoldConflict:
		return "people disagree"
	case task.HoldSchemaDrift:
		return "a column, field or status is gone"
	case task.HoldUnsupported:
		return "that tool cannot take this value"
	case task.HoldRetrying:
		return "a write went wrong and is tried again"
	case task.HoldAwaiting:
		return "not yet known whether it was created"
	case task.HoldNoAccess:
		return "may not be read"
	case task.HoldDisplaced:
		return "stands in another task's row"
	}
	return strings.ReplaceAll(string(r), "_", " ")
}

// fieldWord is a field's name for people. A name that is no field's, such as a column's, comes back as it is.
func fieldWord(name string) string {
	f, ok := task.ParseField(name)
	switch {
	case !ok:
		return name
	case f == task.Assignee:
		return "Owner" // as the table calls it
	}
	return f.Display()
}

// say is a value in words: a day without the ISO form, progress in percent, a partner by name.
func (v *teller) say(field string, val task.Value, limit int) string {
	if t, ok := val.Time(); ok {
		return day(t, v.Now.Year())
	}
	switch field {
	case task.Progress.String():
		if f, ok := val.Float(); ok {
			return fmt.Sprintf("%.3g %%", f*100)
		}
	case task.Partner.String():
		return clip(v.Partnership.PartnerName(val.String()), limit)
	}
	return clip(val.Display(), limit)
}
