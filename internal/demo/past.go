package demo

import (
	"cmp"
	"slices"

	"github.com/lockstep-sync/lockstep/sync/scorecard"
	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/view"
)

// tool says in whose hands an edit of the replay is made.
type tool string

const (
	inJira      tool = "jira"
	inRiverton  tool = "riverton"
	inHydrotech tool = "hydrotech"
	inScorecard tool = "scorecard"
)

// edit is something that a person did in the weeks before the demo, in their own tool, in that tool's own words.
type edit struct {
	day   int // counted from the day of the demo: -20 was twenty days ago
	where tool
	title string
	field string // "status", "due", "assignee", "notes"
	value string
	due   int // for "due": a day, counted from the day of the demo
}

// special is what happened beside tasks that were begun and finished.
var special = []edit{
	{-63, inJira, "Tender for the drilling rig", "due", "", -52},
	{-40, inRiverton, "Traffic plan for Station Road", "due", "", -34},
	{-31, inJira, "Test water quality at borehole 1", "due", "", 4},
	{-15, inJira, "Publish the baseline report", "due", "", -9},
	{-13, inJira, "Drill borehole 1 at Mlima primary school", "due", "", -4},
	{-12, inJira, "Test water quality at borehole 1", "due", "", 12},
	{-11, inScorecard, "Lay 1.2 km of main in ward 3", "due", "", 26},
	{-10, inHydrotech, "Customs clearance of the pumps", "due", "", -3},
	{-9, inHydrotech, "Customs clearance of the pumps", "notes", "Waiting for form 9", 0},
	{-6, inJira, "Recruit a monitoring officer", "status", "Won't Do", 0},
	{-5, inScorecard, "Spare parts list and store", "assignee", "Nadia Rahman", 0},
	{-4, inRiverton, "Permit for drilling at Kijani clinic", "status", "On hold", 0},
	{-3, inJira, "Drill borehole 3 at Kijani clinic", "status", "Blocked", 0},
	{-1, inHydrotech, "Water quality sensor, first prototype", "status", "Stuck", 0},
	{-1, inRiverton, "Register all water points with the regulator", "notes", "41 of 67 done", 0},
}

// before is how things stood at the start of the replay, where special changes them.
var before = map[string]func(*seedTask){
	"Tender for the drilling rig":                  func(s *seedTask) { s.due = -61 },
	"Traffic plan for Station Road":                func(s *seedTask) { s.due = -39 },
	"Test water quality at borehole 1":             func(s *seedTask) { s.due = -10 },
	"Publish the baseline report":                  func(s *seedTask) { s.due = -16 },
	"Drill borehole 1 at Mlima primary school":     func(s *seedTask) { s.due = -15 },
	"Lay 1.2 km of main in ward 3":                 func(s *seedTask) { s.due = 12 },
	"Customs clearance of the pumps":               func(s *seedTask) { s.due, s.note = -10, "" },
	"Recruit a monitoring officer":                 func(s *seedTask) { s.status = "To Do" },
	"Spare parts list and store":                   func(s *seedTask) { s.who = "" },
	"Permit for drilling at Kijani clinic":         func(s *seedTask) { s.status = "Ongoing" },
	"Drill borehole 3 at Kijani clinic":            func(s *seedTask) { s.status = "In Progress" },
	"Water quality sensor, first prototype":        func(s *seedTask) { s.status = "In progress" },
	"Register all water points with the regulator": func(s *seedTask) { s.note = "30 of 67 done" },
}

// inReview is a state that AquaFund has beside.
const inReview = "In Review"

// words are what a partner calls the states between which tasks move.
type words struct{ open, begun, done string }

var wordsOf = map[tool]words{
	inJira: {"To Do", "In Progress", "Done"}, inRiverton: {"Not started", "Ongoing", "Complete"}, inHydrotech: {"Planned", "In progress", "Finished"},
}

// undone is a task without what special did to it.
func undone(s seedTask) seedTask {
	if change := before[s.title]; change != nil {
		change(&s)
	}
	return s
}

// asBefore is how a task stood at the start of the replay: not begun.
func asBefore(where tool, s seedTask) seedTask {
	s = undone(s)
	if s.status == wordsOf[where].done || s.status == wordsOf[where].begun || s.status == inReview {
		s.status = wordsOf[where].open
	}
	return s
}

// late is by how many days a task was finished late, or early, in turn. People keep most of what they promise.
var late = []int{-2, 0, -1, -3, 0, 4, -1, 0, -4, 0, 2, 0}

// past is all that happened, the oldest first: every task that is under way was begun, every one that is done was finished.
func past() []edit {
	out := slices.Clone(special)
	for _, p := range []struct {
		where tool
		tasks []seedTask
	}{{inJira, aquafund}, {inRiverton, riverton}, {inHydrotech, hydrotech}} {
		w := wordsOf[p.where]
		for i, s := range p.tasks {
			where := p.where
			if i%5 == 3 {
				where = inScorecard // whoever has it open types it there
			}
			switch undone(s).status {
			case w.done:
				end := min(s.due+late[i%len(late)], -2)
				out = append(out, status(max(end-9, 1-replayDays), where, p.where, s.title, w.begun), status(end, where, p.where, s.title, w.done))
			case w.begun:
				out = append(out, status(-7-(5*i)%40, where, p.where, s.title, w.begun))
			case inReview:
				out = append(out, status(-20-i, inJira, inJira, s.title, w.begun), status(-8-i%4, inJira, inJira, s.title, inReview))
			}
		}
	}
	slices.SortStableFunc(out, func(a, b edit) int { return cmp.Compare(a.day, b.day) })
	return out
}

// status is an edit of a status, in the words of where it is typed.
func status(day int, where, owner tool, title, word string) edit {
	if where == inScorecard {
		w := wordsOf[owner]
		word = map[string]string{w.open: "Not started", w.begun: "In progress", w.done: "Done"}[word]
	}
	return edit{day, where, title, "status", word, 0}
}

// Word is what people wrote down on the page in the weeks before: a decision at a gate, or how it goes.
type Word struct {
	day    int
	Gate   string // id of the gate that is decided; "" of a status update
	Update scorecard.StatusUpdate
	scorecard.Decision
}

// Event is what the history gets.
func (w *Word) Event() (store.Event, error) {
	if w.Gate != "" {
		return view.GateEvent(w.Gate, w.Decision, w.By[0])
	}
	return view.UpdateEvent(w.Update)
}

// said is in the order in which it was said.
var said = []Word{
	{day: -57, Gate: "sites", Decision: scorecard.Decision{
		Outcome: scorecard.ConditionalGo, By: []string{"AquaFund", "City of Riverton", "HydroTech Ltd"},
		Reason: "Mlima and Soko are ready. Kijani follows when the land register has settled plot 4417.",
	}},
	{day: -34, Update: scorecard.StatusUpdate{
		By: "Amina Diallo", About: scorecard.Subject{Kind: scorecard.Partnership}, RAG: scorecard.Amber, Words: "The drilling rig comes two weeks later than agreed.",
	}},
	{day: -6, Update: scorecard.StatusUpdate{
		By: "Amina Diallo", About: scorecard.Subject{Kind: scorecard.Partnership}, RAG: scorecard.Green, Words: "The rig is on site, and the crew catches up.",
	}},
	{day: -3, Update: scorecard.StatusUpdate{
		By: "Hassan Barasa", About: scorecard.Subject{Kind: scorecard.OfPartner, Partner: "riverton"}, RAG: scorecard.Amber,
		Words: "Kijani waits for the land register; everything else goes on.",
	}},
}
