package notify

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lockstep-sync/lockstep/internal/notify/channel"
	"github.com/lockstep-sync/lockstep/sync/scorecard"
	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/task"
	"github.com/lockstep-sync/lockstep/sync/view"
)

// alarm is one message of all that there is to tell.
func alarm(v *view.View, c *Channel, ms []matter, page string) Outgoing {
	out := Outgoing{Channel: c.ID, Message: channel.Message{URL: page}}
	var heads []string
	for _, k := range Kinds() {
		var p channel.Part
		recovered := 0
		for _, m := range ms {
			if m.kind != k {
				continue
			}
			out.Matters = append(out.Matters, m.key)
			p.Lines = append(p.Lines, m.line)
			if strings.HasPrefix(m.key, "recovered/") {
				recovered++
			}
		}
		n := len(p.Lines)
		if n == 0 {
			continue
		}
		switch k {
		case Slipped:
			p.Heading = "Commitments that slipped"
			heads = append(heads, count(n, "commitment")+" slipped")
		case Conflicts:
			p.Heading = "Conflicts that wait for a decision"
			heads = append(heads, count(n, "conflict")+" to settle")
		case Stale:
			p.Heading = "Tools"
			if n > recovered {
				heads = append(heads, count(n-recovered, "tool")+" cannot be read")
			}
			if recovered > 0 {
				heads = append(heads, count(recovered, "tool")+" read again")
			}
		case Digest:
		}
		out.Message.Parts = append(out.Message.Parts, p)
	}
	out.Message.Title = v.Partnership.Name + ": " + strings.Join(heads, ", ")
	out.Message.Key = key(v, c, out.Matters)
	return out
}

// key names a message for tools that drop a second one.
func key(v *view.View, c *Channel, matters []string) string {
	return v.Partnership.ID + "\n" + c.ID + "\n" + strings.Join(matters, "\n")
}

// weekly is the digest as a message.
func weekly(v *view.View, c *Channel, d *scorecard.Digest, matter, page string) Outgoing {
	g := gatherer{v: v, c: c, page: page}
	m := channel.Message{Title: v.Partnership.Name + ": the week to " + v.Now.Format("2 January")}
	if page != "" {
		m.URL = page + "/digest"
	}
	add := func(heading string, lines []channel.Line) {
		if len(lines) > 0 {
			m.Parts = append(m.Parts, channel.Part{Heading: heading, Lines: lines})
		}
	}
	add("", g.standing(d))
	add("Decisions needed", g.needed(d))
	add("New reds", g.verdicts(d.NewReds))
	add("No longer red", g.verdicts(d.NoLongerRed))
	add("Commitments", g.kept(d))
	add("The next days", g.next(d))
	out := Outgoing{Channel: c.ID, Matters: []string{matter}, Message: m}
	out.Message.Key = key(v, c, out.Matters)
	return out
}

// standing is how the partnership, or the channel's partner, stands, and how much happened.
func (g *gatherer) standing(d *scorecard.Digest) []channel.Line {
	r := g.rollup()
	out := []channel.Line{
		{Text: r.Verdict.String()},
		{Text: fmt.Sprintf("%d open, %d overdue, %d done", r.Counts.Open, r.Counts.Overdue, r.Counts.Done)},
	}
	var n scorecard.DigestCounts
	for i := range d.Changed {
		if c := &d.Changed[i]; g.mine(c.Task) {
			n.Add(c)
		}
	}
	var words []string
	for _, x := range n.Told() {
		words = append(words, fmt.Sprintf("%d %s", x.Tasks, x.What))
	}
	if len(words) == 0 {
		return append(out, channel.Line{Text: "Nothing changed since " + d.Since.In(g.v.Now.Location()).Format("2 January")})
	}
	return append(out, channel.Line{Text: "Since " + d.Since.In(g.v.Now.Location()).Format("2 January") + ": " + strings.Join(words, ", ")})
}

// rollup are the figures of the partnership, or of the channel's partner.
func (g *gatherer) rollup() *scorecard.Rollup {
	for i := range g.v.Score.Partners {
		if x := &g.v.Score.Partners[i]; g.c.Partner != "" && x.Subject.Partner == g.c.Partner {
			return x
		}
	}
	return &g.v.Score.Partnership
}

// mine reports whether a task is the channel's.
func (g *gatherer) mine(id task.ID) bool {
	if g.c.Partner == "" {
		return true
	}
	if t := g.v.Task(id); t != nil {
		return g.ours(t.Partner)
	}
	i := slices.IndexFunc(g.v.State.Tasks, func(t store.Task) bool { return t.ID == id }) // it is removed
	return i >= 0 && g.ours(g.v.State.Tasks[i].Agreed[task.Partner].String())
}

func (g *gatherer) needed(d *scorecard.Digest) []channel.Line {
	var out []channel.Line
	for _, n := range d.Needed {
		l := channel.Line{Text: n.Words, URL: g.at("gates")}
		if n.Kind == scorecard.NeedConflict {
			if !g.mine(n.Task) {
				continue
			}
			l.URL = g.at("conflicts")
		}
		l.Label = "Decide:"
		l.Text = strings.TrimPrefix(l.Text, "decide ")
		out = append(out, l)
	}
	return out
}

// verdicts are the channel's own of some tasks, each with why it is as it is.
func (g *gatherer) verdicts(tasks []*scorecard.TaskView) []channel.Line {
	var out []channel.Line
	for _, t := range tasks {
		if g.ours(t.Partner) {
			out = append(out, g.line(t, t.Verdict.Reasons[0].String()))
		}
	}
	return out
}

// kept are the commitments of the weeks that ended, and why those that were missed were.
func (g *gatherer) kept(d *scorecard.Digest) []channel.Line {
	var out []channel.Line
	own := g.rollup().Weeks
	for _, w := range d.Weeks {
		i := slices.IndexFunc(own, func(x scorecard.Week) bool { return x.First == w.First })
		if i < 0 || !own[i].Commitments.Known() {
			continue
		}
		out = append(out, channel.Line{Text: fmt.Sprintf("Week of %s: %s kept", date(w.First), own[i].Commitments)})
		for _, x := range w.Misses {
			if g.ours(x.Partner) {
				out = append(out, channel.Line{Label: string(x.ID), URL: g.at("t/" + string(x.ID)), Text: shorten(x.Task.Agreed[task.Title].String()) + ": " + x.Reason.String()})
			}
		}
	}
	return out
}

func (g *gatherer) next(d *scorecard.Digest) []channel.Line {
	var out []channel.Line
	for _, n := range d.Next {
		if n.Partner != "" && !g.ours(n.Partner) {
			continue
		}
		l := channel.Line{Label: date(n.Day), Text: shorten(n.Name)}
		switch n.Kind {
		case scorecard.OfGate:
			l.Text, l.URL = "gate “"+l.Text+"”", g.at("gates")
		case scorecard.OfMilestone:
			l.Text, l.URL = "milestone “"+l.Text+"”", g.at("gates")
		default:
			l.Text, l.URL = n.ID+" "+l.Text, g.at("t/"+n.ID)
		}
		if n.Partner != "" && g.c.Partner == "" {
			l.Text += " (" + g.v.Partnership.PartnerName(n.Partner) + ")"
		}
		out = append(out, l)
	}
	return out
}
