package web

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/task"
	"github.com/lockstep-sync/lockstep/sync/view"
)

const (
	// activityRead is how many events of the history are read for the partnership's page: a decision and its writes
	// are several, and are told as one.
	activityRead = 400
	// activityShown is how many lines they may become.
	activityShown = 14
	// birthsTold is how many new tasks of one cycle and source are told one by one. A first filling brings hundreds.
	birthsTold = 3
)

// eventView is one line of the history, in words.
type eventView struct {
	ID                int64
	Day               string // "Monday 23 November 2026"
	Ago, At, Stamp    string
	Task, Path, Title string
	Text              string
	From, To          string
	Arrow             bool   // From and To are shown
	Where             string // "from the scorecard", "in AquaFund's Jira"
	By                string
	Into              string // where it was then written
	Trouble           bool
	Losers            []claimView
	Against           string // what the losers are
}

// deed is what a decision and the writes that it led to have in common.
type deed struct {
	cycle int64
	task  task.ID
	field string
}

// brood is the new tasks of one cycle from one source.
type brood struct {
	cycle  int64
	source task.SourceID
}

// activity tells the newest events, a decision with its writes in one line and a first filling in one.
func (v *teller) activity(events []store.Event) []eventView {
	births := make(map[brood]int)
	for i := range events {
		if events[i].Kind == store.EventBorn {
			births[brood{events[i].Cycle, events[i].Source}]++
		}
	}
	many := make(map[deed]bool) // tasks whose birth is told with others
	var single []store.Event
	told := make(map[brood]bool)
	crowds := make(map[int64]string)
	for i := range events {
		e := &events[i]
		b := brood{e.Cycle, e.Source}
		if e.Kind != store.EventBorn || births[b] <= birthsTold {
			continue
		}
		many[deed{cycle: e.Cycle, task: e.Task}] = true
		if !told[b] {
			told[b] = true
			n := fmt.Sprint(births[b])
			if oldest := events[len(events)-1]; len(events) == activityRead && oldest.Cycle == e.Cycle {
				n = "More than " + n // there may be older ones that were not read
			}
			crowds[e.ID] = n + " new tasks"
		}
	}
	for i := range events {
		e := &events[i]
		if crowds[e.ID] != "" || !many[deed{cycle: e.Cycle, task: e.Task}] {
			single = append(single, *e)
		}
	}
	return v.tell(single, crowds, clipped, activityShown)
}

// history tells all events of one task.
func (v *teller) history(events []store.Event, limit int) []eventView {
	return v.tell(events, nil, limit, len(events))
}

// tell puts events into words, newest first, at most lines of them. Writes are told with the decision that led to them.
func (v *teller) tell(events []store.Event, crowds map[int64]string, limit, lines int) []eventView {
	decided := make(map[deed]task.SourceID)
	for i := range events {
		if e := &events[i]; e.Kind == store.EventDecided || e.Kind == store.EventBorn {
			decided[deedOf(e)] = e.Source
		}
	}
	into := make(map[deed][]string)
	var out []eventView
	for i := range events {
		e := &events[i]
		d := deedOf(e)
		if from, ok := decided[d]; ok && (e.Kind == store.EventWritten || e.Kind == store.EventLinked) {
			if e.Source != from { // a new task is tied to the item that it came from, too
				into[d] = append(into[d], v.Partnership.SourceName(e.Source))
			}
			continue
		}
		if len(out) == lines {
			break
		}
		line := v.event(e, limit)
		if e.Kind == store.EventDecided || e.Kind == store.EventBorn {
			line.Into = inWords(into[d])
		}
		if text := crowds[e.ID]; text != "" {
			line.Text, line.Task, line.Path, line.Title, line.Into = text, "", "", "", ""
		}
		out = append(out, line)
	}
	return out
}

// deedOf is what the event belongs to. A birth and the links that come with it are about the whole task.
func deedOf(e *store.Event) deed { return deed{e.Cycle, e.Task, e.Field} }

func (v *teller) event(e *store.Event, limit int) eventView {
	at := e.At.In(v.Partnership.Timezone)
	out := eventView{
		ID: e.ID, Day: at.Format("Monday 2 January 2006"), Ago: ago(v.Now.Sub(e.At)), At: clock(at, v.Now), Stamp: at.Format("2006-01-02T15:04:05Z07:00"),
		Task: string(e.Task), Path: v.pathTo(e.Task), Title: clip(cmp.Or(v.Title(e.Task), e.Note), clipped), By: clip(e.By, clipped),
	}
	source, field, note := v.Partnership.SourceName(e.Source), fieldWord(e.Field), clip(e.Note, limit)
	for _, l := range e.Losers {
		out.Losers = append(out.Losers, v.claim(e.Field, l, limit))
	}
	change := func() {
		out.From, out.To, out.Arrow = v.say(e.Field, e.From, limit), v.say(e.Field, e.To, limit), true
	}
	where := func(word string) {
		if e.Source != "" {
			out.Where = word + " " + source
		}
	}
	switch e.Kind {
	case store.EventBorn:
		out.Text = "New task"
		where("from")
	case store.EventDecided:
		out.Text, out.Against = field, "Overruled: "
		change()
		where("from")
	case store.EventWritten:
		out.Text = field
		change()
		where("written to")
	case store.EventConflict:
		out.Text, out.Trouble = field+": people disagree", true
	case store.EventSettled:
		out.Text = field + " settled"
		change()
		where("from")
	case store.EventLinked:
		if made, ok := strings.CutPrefix(note, "created "); ok {
			out.Text = "Created as " + made
		} else {
			out.Text = "Found as " + note
		}
		where("in")
	case store.EventUnlinked:
		out.Text, out.Trouble = "No longer there: "+note, true
		where("in")
	case store.EventRemoved:
		out.Text = "Removed; its history stays"
	case store.EventRestored:
		out.Text = "Back again"
	case store.EventOvertyped:
		out.Text = "Typed over what Lockstep works out (" + note + "): " + v.say("", e.From, limit)
		where("in")
		if e.Task == "" {
			out.Path, out.Title = "", ""
		}
	case store.EventGate:
		gate, d, _ := view.GateDecision(e)
		out.Text = "Gate " + v.gateName(gate) + " decided: " + d.Outcome.Display()
		out.Title = ""
	case store.EventUpdate:
		u, _ := view.StatusUpdate(e)
		out.Text = "Status update: " + u.RAG.Display() + ". " + clip(u.Words, limit)
		if e.Task == "" {
			out.Title = ""
		}
	case store.EventTold:
		_, told, _ := view.WasTold(e)
		out.Text, out.Title = "People were told: "+clip(told.Words, limit), ""
		switch {
		case told.Failed:
			out.Text, out.Trouble = "A message did not get through, and is tried again: "+clip(told.Words, limit), true
		case len(told.Matters) == 0:
			out.Text = "People are told what happens from now on"
		}
		if field != "" {
			out.Where = "through " + field
		}
	case store.EventFailed:
		out.Text, out.Trouble = "A write went wrong: "+note, true
		where("to")
	default: // of a later version
		out.Text = strings.TrimSpace(string(e.Kind) + " " + field)
	}
	return out
}

// gateName is what people call a gate; its id where the configuration does not know it.
func (v *teller) gateName(id string) string {
	for i := range v.Partnership.Gates {
		if g := &v.Partnership.Gates[i]; g.ID == id {
			return "“" + cmp.Or(g.Name, g.ID) + "”"
		}
	}
	return "“" + id + "”"
}
