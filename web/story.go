package web

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// conflictView is a field that waits for people to agree.
type conflictView struct {
	Task, Title, Field, Agreed string
	Claims                     []claimView
}

type claimView struct{ Source, Value, By, When string }

func (v *view) conflicts() []conflictView {
	var out []conflictView
	for _, k := range v.st.Conflicts {
		c := conflictView{Task: string(k.Task), Title: v.titles[k.Task], Field: k.Field.Display(), Agreed: k.Agreed.Display()}
		for _, cl := range k.Claims {
			c.Claims = append(c.Claims, v.claim(cl))
		}
		out = append(out, c)
	}
	return out
}

func (v *view) claim(cl store.Claim) claimView {
	out := claimView{Source: v.sourceName(cl.Source), Value: cl.Value.Display(), By: cl.By}
	if !cl.At.IsZero() {
		out.When = clock(cl.At.In(v.p.Timezone), v.now)
	}
	return out
}

func (v *view) sourceName(id task.SourceID) string {
	for _, s := range v.p.Sources {
		if s.ID == string(id) {
			return s.Name
		}
	}
	return string(id)
}

// heldGroup is what is held in one source.
type heldGroup struct {
	Source string
	Holds  []holdView
}

type holdView struct{ Task, Name, Field, Reason, Raw, Hint string }

// held lists what waits, by source. Conflicts are shown by themselves.
func (v *view) held() []heldGroup {
	var out []heldGroup
	for _, h := range v.st.Holds {
		if h.Reason == task.HoldConflict {
			continue
		}
		name := v.sourceName(h.Source)
		if len(out) == 0 || out[len(out)-1].Source != name {
			out = append(out, heldGroup{Source: name})
		}
		g := &out[len(out)-1]
		g.Holds = append(g.Holds, holdView{
			Task: string(h.Task), Name: h.Name, Field: h.Field, Reason: strings.ReplaceAll(string(h.Reason), "_", " "), Raw: h.Raw, Hint: h.Hint,
		})
	}
	return out
}

// eventView is one line of the history, in words.
type eventView struct {
	Ago, At     string
	Task, Title string
	Text        string
	From, To    string
	Arrow       bool // From and To are shown
	Where, By   string
	Losers      []claimView
}

func (v *view) event(e store.Event) eventView {
	out := eventView{
		Ago: ago(v.now.Sub(e.At)), At: clock(e.At.In(v.p.Timezone), v.now), Task: string(e.Task), Title: v.titles[e.Task],
		Where: v.sourceName(e.Source), By: e.By,
	}
	field := e.Field
	if f, ok := task.ParseField(e.Field); ok {
		field = f.Display()
	}
	for _, l := range e.Losers {
		out.Losers = append(out.Losers, v.claim(l))
	}
	switch e.Kind {
	case store.EventBorn:
		out.Text = "New task"
	case store.EventDecided:
		out.Text, out.From, out.To, out.Arrow = field, e.From.Display(), e.To.Display(), true
	case store.EventWritten:
		out.Text, out.From, out.To, out.Arrow = field+" written", e.From.Display(), e.To.Display(), true
	case store.EventConflict:
		out.Text = field + ": people disagree"
	case store.EventSettled:
		out.Text, out.To = field+": settled", e.To.Display()
	case store.EventLinked:
		out.Text = "Tied to " + e.Note
	case store.EventUnlinked:
		out.Text = "Gone: " + e.Note
	case store.EventRemoved:
		out.Text = "Removed; it stays in the history"
	case store.EventRestored:
		out.Text = "Back: somebody edited it"
	case store.EventFailed:
		out.Text = "A write went wrong: " + e.Note
	}
	return out
}

// storyBody is a task's page.
type storyBody struct {
	row
	Partner string
	Removed bool
	Fields  []fieldView
	Events  []eventView
}

type fieldView struct{ Name, Value string }

func (v *view) story(id task.ID, events []store.Event) (storyBody, bool) {
	i := slices.IndexFunc(v.st.Tasks, func(t store.Task) bool { return t.ID == id })
	if i < 0 {
		return storyBody{}, false
	}
	t := v.st.Tasks[i]
	b := storyBody{row: v.row(t), Removed: t.Removed, Partner: t.Agreed[task.Partner].String()}
	for _, p := range v.p.Partners {
		if p.ID == b.Partner {
			b.Partner = p.Name
		}
	}
	for f, val := range t.Agreed {
		field := task.Field(f) //nolint:gosec // f < FieldCount
		if val.IsEmpty() || field == task.Title || field == task.Partner {
			continue
		}
		b.Fields = append(b.Fields, fieldView{field.Display(), val.Display()})
	}
	if !t.Baseline.IsEmpty() {
		b.Fields = append(b.Fields, fieldView{"First agreed due date", fmt.Sprint(t.Baseline)})
	}
	for _, e := range events {
		b.Events = append(b.Events, v.event(e))
	}
	return b, true
}
