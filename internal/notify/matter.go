package notify

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lockstep-sync/lockstep/internal/notify/channel"
	"github.com/lockstep-sync/lockstep/sync/scorecard"
	"github.com/lockstep-sync/lockstep/sync/task"
	"github.com/lockstep-sync/lockstep/sync/view"
)

const (
	// settling is how long a date has to have stood before people are told that it moved: who mistypes one corrects it.
	settling = 15 * time.Minute
	// oldest is how old news may be. What is older was seen by whoever wanted to: a channel that was switched off for a month does not
	// tell the month.
	oldest = 7 * 24 * time.Hour
)

// matter is one thing that people are to know.
type matter struct {
	key  string // names it, for good
	kind Kind
	line channel.Line
}

// memory is what a channel has told.
type memory struct {
	begun time.Time             // when it told, or could have told, first
	told  map[string]time.Time  // by matter
	moved map[task.ID]time.Time // when it told last that a task's date moved
	last  time.Time             // when it told last, the digest aside
}

// since is from when on news is news.
func (m *memory) since(now time.Time) time.Time {
	if limit := now.Add(-oldest); m.begun.Before(limit) {
		return limit
	}
	return m.begun
}

// gather finds what a channel has to tell now, the digest aside.
func gather(v *view.View, c *Channel, m *memory, page string) []matter {
	g := gatherer{v, c, m, page}
	var out []matter
	if c.tells(Slipped) {
		out = append(out, g.slipped()...)
	}
	if c.tells(Conflicts) {
		out = append(out, g.conflicts()...)
	}
	if c.tells(Stale) {
		out = append(out, g.stale()...)
	}
	return slices.DeleteFunc(out, func(x matter) bool { _, told := m.told[x.key]; return told })
}

type gatherer struct {
	v    *view.View
	c    *Channel
	m    *memory
	page string // the address of the partnership's pages; "" where it has none that others reach
}

// ours reports whether what concerns these partners is this channel's.
func (g *gatherer) ours(partners ...string) bool {
	return g.c.Partner == "" || slices.Contains(partners, g.c.Partner)
}

func (g *gatherer) at(path string) string {
	if g.page == "" {
		return ""
	}
	return g.page + "/" + path
}

// line says something of a task.
func (g *gatherer) line(t *scorecard.TaskView, said string) channel.Line {
	words := t.Task.Agreed[task.Title].String()
	if p := t.Partner; p != "" && g.c.Partner == "" {
		words += " (" + g.v.Partnership.PartnerName(p) + ")"
	}
	return channel.Line{Label: string(t.Task.ID), URL: g.at("t/" + string(t.Task.ID)), Text: shorten(words) + ": " + said}
}

// shorten leaves room behind a title.
func shorten(s string) string {
	if r := []rune(s); len(r) > 160 {
		return string(r[:160]) + "…"
	}
	return s
}

// slipped are the open tasks whose date was moved later or taken away since they were told of last, and those whose date has passed.
func (g *gatherer) slipped() []matter {
	var out []matter
	since := g.m.since(g.v.Now)
	for i := range g.v.Score.Tasks {
		t := &g.v.Score.Tasks[i]
		if !t.Open || !g.ours(t.Partner) {
			continue
		}
		if x, ok := g.moved(t, since); ok {
			out = append(out, x)
		}
		// It is overdue from the end of the day on.
		due, _ := t.Task.Agreed[task.Due].Time()
		y, mo, d := due.Date()
		if t.Overdue > 0 && time.Date(y, mo, d+1, 0, 0, 0, 0, g.v.Now.Location()).After(since) {
			words := fmt.Sprintf("is overdue, it was due on %s", date(t.Task.Agreed[task.Due]))
			if t.Verdict.Stale {
				words += ", as far as is known: the data is stale"
			}
			out = append(out, matter{"overdue/" + string(t.Task.ID) + "/" + t.Task.Agreed[task.Due].String(), Slipped, g.line(t, words)})
		}
	}
	return out
}

// moved tells of a task's date, if it is later than it was at the beginning or when it was last told of.
func (g *gatherer) moved(t *scorecard.TaskView, since time.Time) (matter, bool) {
	if at := g.m.moved[t.Task.ID]; at.After(since) {
		since = at
	}
	var first, last *scorecard.Change
	for i := range t.Task.Story.Changes {
		if ch := &t.Task.Story.Changes[i]; ch.Field == task.Due && ch.At.After(since) {
			if first == nil {
				first = ch
			}
			last = ch
		}
	}
	if last == nil || g.v.Now.Sub(last.At) < settling || first.From.IsEmpty() {
		return matter{}, false
	}
	from, ok := first.From.Time()
	to, dated := t.Task.Agreed[task.Due].Time()
	if !ok || dated && !to.After(from) {
		return matter{}, false
	}
	words := fmt.Sprintf("moved from %s to %s", date(first.From), date(t.Task.Agreed[task.Due]))
	if !dated {
		words = fmt.Sprintf("its date, %s, was taken away", date(first.From))
	}
	if last.By != "" {
		words += " by " + last.By
	}
	if last.Source != "" {
		words += " in " + g.v.Partnership.SourceName(last.Source)
	}
	if s := t.Slip.String(); s != "" && dated && t.Slip.Moves > 1 {
		words += "; " + s
	}
	return matter{fmt.Sprintf("moved/%s/%d", t.Task.ID, last.At.UnixMilli()), Slipped, g.line(t, words)}, true
}

// conflicts are those that are open for long.
func (g *gatherer) conflicts() []matter {
	var out []matter
	for _, k := range g.v.Score.Conflicts {
		t := g.v.Task(k.Task)
		age := g.v.Now.Sub(k.Opened)
		if t == nil || age < g.c.Conflicts {
			continue
		}
		partners, claims := []string{t.Partner}, make([]string, 0, len(k.Claims))
		for _, x := range k.Claims {
			partners = append(partners, g.v.Partnership.Tool(x.Source).Partner)
			claims = append(claims, fmt.Sprintf("%s in %s", said(x.Value), g.v.Partnership.SourceName(x.Source)))
		}
		if !g.ours(partners...) {
			continue
		}
		l := g.line(t, fmt.Sprintf("%s is %s; open for %s", k.Field.Display(), strings.Join(claims, " or "), count(int(age.Hours()/24), "day")))
		l.URL = g.at("conflicts")
		out = append(out, matter{fmt.Sprintf("conflict/%s/%s/%d", k.Task, k.Field, k.Opened.UnixMilli()), Conflicts, l})
	}
	return out
}

// stale are the tools whose data is old, and those that were told of and can be read again.
func (g *gatherer) stale() []matter {
	var out []matter
	for i := range g.v.Score.Sources {
		s := &g.v.Score.Sources[i]
		if !g.ours(s.Partner) && !s.Scorecard {
			continue
		}
		prefix := "stale/" + string(s.ID) + "/"
		name := g.v.Partnership.SourceName(s.ID)
		if s.Stale {
			words := "was never read"
			if !s.Never {
				words = "was last read on " + s.LastSuccess.In(g.v.Now.Location()).Format("2 January 15:04") + "; what it says since is not known"
			}
			out = append(out, matter{
				fmt.Sprintf("%s%d", prefix, max(0, s.LastSuccess.UnixMilli())), Stale, channel.Line{Label: name, URL: g.at("data"), Text: words},
			})
			continue
		}
		for key := range g.m.told {
			if rest, ok := strings.CutPrefix(key, prefix); ok {
				out = append(out, matter{"recovered/" + string(s.ID) + "/" + rest, Stale, channel.Line{Label: name, URL: g.at("data"), Text: "is read again"}})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b matter) int { return strings.Compare(a.key, b.key) })
	return out
}

// date is a date as people say it.
func date(v task.Value) string {
	t, ok := v.Time()
	if !ok {
		return "no date"
	}
	return t.Format("2 January 2006")
}

// said is a value as people say it.
func said(v task.Value) string {
	switch {
	case v.IsEmpty():
		return "nothing"
	case v.Kind() == task.Date:
		return date(v)
	}
	return "“" + shorten(v.String()) + "”"
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
