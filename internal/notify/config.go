package notify

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lockstep-sync/lockstep/internal/notify/channel"
)

// Kind is a kind of matter.
type Kind string

// The kinds.
const (
	Digest    Kind = "digest"    // once a week: what changed, what is needed, what comes
	Slipped   Kind = "slipped"   // a due date was moved later or taken away, or has passed
	Conflicts Kind = "conflicts" // a conflict that people leave open
	Stale     Kind = "stale"     // a tool could not be read for long, and can again
)

// Kinds are all of them, in the order in which a message has them. The slice is the caller's.
func Kinds() []Kind { return []Kind{Digest, Slipped, Conflicts, Stale} }

// The defaults of a channel.
const (
	DefaultPause        = time.Hour
	DefaultConflictDays = 2
)

// DefaultWeekly is when a digest is sent unless the configuration says so.
func DefaultWeekly() Weekly { return Weekly{time.Monday, 8 * 60} }

// Channel is one way to tell people: exactly one of Slack, Teams, Matrix and Mail is set.
type Channel struct {
	ID      string
	Partner string // id of the partner whose matters alone are told; "" is all
	Tell    []Kind
	Weekly  Weekly // when the digest is sent
	Quiet   []Hours
	// Pause is how long nothing more is sent after a message, the digest aside: what comes up meanwhile comes in one.
	Pause time.Duration
	// Conflicts is how long a conflict has to be open.
	Conflicts time.Duration

	Slack  *channel.Slack
	Teams  *channel.Teams
	Matrix *channel.Matrix
	Mail   *channel.Mail
}

// Secrets are what nobody is to see of it.
func (c *Channel) Secrets() []string {
	switch {
	case c.Slack != nil:
		return []string{c.Slack.Webhook.Reveal()}
	case c.Teams != nil:
		return []string{c.Teams.Webhook.Reveal()}
	case c.Matrix != nil:
		return []string{c.Matrix.Token.Reveal()}
	case c.Mail != nil:
		return []string{c.Mail.Password.Reveal()}
	}
	return nil
}

func (c *Channel) tells(k Kind) bool { return slices.Contains(c.Tell, k) }

// Weekly is a time of the week, where the partnership is.
type Weekly struct {
	Day    time.Weekday
	Minute int // of the day
}

func (w Weekly) String() string { return strings.ToLower(w.Day.String()) + " " + clockTime(w.Minute) }

func clockTime(minute int) string { return fmt.Sprintf("%02d:%02d", minute/60, minute%60) }

// last is the latest moment of the kind that is not after now. Where clocks are put forward over it, it is as much later.
func (w Weekly) last(now time.Time) time.Time {
	back := (int(now.Weekday()) - int(w.Day) + 7) % 7
	y, m, d := now.Date()
	t := time.Date(y, m, d-back, w.Minute/60, w.Minute%60, 0, 0, now.Location())
	if t.After(now) {
		t = time.Date(y, m, d-back-7, w.Minute/60, w.Minute%60, 0, 0, now.Location())
	}
	return t
}

// ParseWeekly reads "monday 08:00".
func ParseWeekly(s string) (Weekly, error) {
	name, clock, _ := strings.Cut(strings.ToLower(strings.TrimSpace(s)), " ")
	day, ok := parseDay(name)
	minute, fits := parseClock(strings.TrimSpace(clock))
	if !ok || !fits || minute == 24*60 {
		return Weekly{}, fmt.Errorf("not a time of the week: write a day and a time, such as monday 08:00")
	}
	return Weekly{day, minute}, nil
}

// Hours is a part of some days of the week in which nothing is sent, where the partnership is.
type Hours struct {
	Days     []time.Weekday // none is every day
	From, To int            // minutes of the day; To below From is that of the day after
}

// ParseHours reads "18:00-08:00", "saturday", "friday 16:00-24:00".
func ParseHours(s string) (Hours, error) {
	words := strings.Fields(strings.ToLower(s))
	h := Hours{To: 24 * 60}
	wrong := fmt.Errorf("no quiet hours: write a day, a span or both, such as saturday, 18:00-08:00 or friday 16:00-24:00")
	if len(words) == 0 || len(words) > 2 {
		return h, wrong
	}
	if day, ok := parseDay(words[0]); ok {
		h.Days, words = []time.Weekday{day}, words[1:]
	}
	if len(words) == 0 {
		return h, nil
	}
	from, to, _ := strings.Cut(words[0], "-")
	var ok1, ok2 bool
	h.From, ok1 = parseClock(from)
	h.To, ok2 = parseClock(to)
	if len(words) > 1 || !ok1 || !ok2 || h.From == h.To || h.From == 24*60 {
		return h, wrong
	}
	return h, nil
}

// hold reports whether a moment lies in the hours.
func (h Hours) hold(now time.Time) bool {
	minute := now.Hour()*60 + now.Minute()
	on := func(d time.Weekday) bool { return len(h.Days) == 0 || slices.Contains(h.Days, d) }
	if h.From < h.To {
		return on(now.Weekday()) && minute >= h.From && minute < h.To
	}
	yesterday := (now.Weekday() + 6) % 7
	return on(now.Weekday()) && minute >= h.From || on(yesterday) && minute < h.To
}

func parseDay(s string) (time.Weekday, bool) {
	for d := time.Sunday; d <= time.Saturday; d++ {
		if name := strings.ToLower(d.String()); s == name || s == name[:3] {
			return d, true
		}
	}
	return 0, false
}

// parseClock reads a time of the day, 24:00 among them.
func parseClock(s string) (minute int, ok bool) {
	hh, mm, ok := strings.Cut(s, ":")
	h, err1 := strconv.Atoi(hh)
	m, err2 := strconv.Atoi(mm)
	if !ok || err1 != nil || err2 != nil || len(hh) > 2 || len(mm) != 2 || h < 0 || m < 0 || m > 59 || h*60+m > 24*60 {
		return 0, false
	}
	return h*60 + m, true
}
