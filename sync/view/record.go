package view

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/lockstep-sync/lockstep/sync/scorecard"
	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// gateNote is the note of an event of kind store.EventGate.
type gateNote struct {
	Outcome scorecard.Outcome `json:"outcome"`
	By      []string          `json:"by"`
	Reason  string            `json:"reason,omitempty"`
}

// GateEvent is what the history gets when partners decide at a gate. By is who writes it down; d.By are those who decided.
func GateEvent(gate string, d scorecard.Decision, by string) (store.Event, error) {
	note, err := json.Marshal(gateNote{d.Outcome, d.By, d.Reason})
	if err != nil {
		return store.Event{}, fmt.Errorf("write down a decision at gate %s: %w", gate, err)
	}
	return store.Event{Kind: store.EventGate, At: d.At, Field: gate, By: by, Note: string(note)}, nil
}

// GateDecision reads an event of kind store.EventGate: false where its note cannot be read.
func GateDecision(e *store.Event) (gate string, d scorecard.Decision, ok bool) {
	var n gateNote
	if e.Kind != store.EventGate || json.Unmarshal([]byte(e.Note), &n) != nil {
		return "", scorecard.Decision{}, false
	}
	return e.Field, scorecard.Decision{Outcome: n.Outcome, At: e.At, By: n.By, Reason: n.Reason}, true
}

// updateNote is the note of an event of kind store.EventUpdate.
type updateNote struct {
	About scorecard.Subject `json:"about"`
	RAG   scorecard.RAG     `json:"rag"`
	Words string            `json:"words,omitempty"`
}

// UpdateEvent is what the history gets when somebody says how it goes.
func UpdateEvent(u scorecard.StatusUpdate) (store.Event, error) {
	note, err := json.Marshal(updateNote{u.About, u.RAG, u.Words})
	if err != nil {
		return store.Event{}, fmt.Errorf("write down a status update: %w", err)
	}
	return store.Event{Kind: store.EventUpdate, At: u.At, Task: u.About.Task, By: u.By, Note: string(note)}, nil
}

// StatusUpdate reads an event of kind store.EventUpdate: false where its note cannot be read.
func StatusUpdate(e *store.Event) (scorecard.StatusUpdate, bool) {
	var n updateNote
	if e.Kind != store.EventUpdate || json.Unmarshal([]byte(e.Note), &n) != nil {
		return scorecard.StatusUpdate{}, false
	}
	return scorecard.StatusUpdate{At: e.At, By: e.By, About: n.About, RAG: n.RAG, Words: n.Words}, true
}

// Told is what people were told in one message.
type Told struct {
	// Matters are keys of what it was about; nobody is told of one twice through the same channel.
	Matters []string `json:"matters,omitempty"`
	Words   string   `json:"words,omitempty"` // its title
	// Failed takes the matters back: the message did not arrive. What is said before a message is sent is told until then.
	Failed bool `json:"failed,omitempty"`
}

// ToldEvent is what the history gets when people are told something through a channel.
func ToldEvent(channel string, at time.Time, t Told) (store.Event, error) {
	note, err := json.Marshal(t)
	if err != nil {
		return store.Event{}, fmt.Errorf("write down what channel %s was told: %w", channel, err)
	}
	return store.Event{Kind: store.EventTold, At: at, Field: channel, Note: string(note)}, nil
}

// WasTold reads an event of kind store.EventTold: false where its note cannot be read.
func WasTold(e *store.Event) (channel string, t Told, ok bool) {
	if e.Kind != store.EventTold || json.Unmarshal([]byte(e.Note), &t) != nil {
		return "", Told{}, false
	}
	return e.Field, t, true
}

// NoteWords is the note of an event as people read it.
func NoteWords(e *store.Event) string {
	if _, d, ok := GateDecision(e); ok {
		words := d.Outcome.Display() + ", decided by " + strings.Join(d.By, ", ")
		if d.Reason != "" {
			words += ": " + d.Reason
		}
		return words
	}
	if u, ok := StatusUpdate(e); ok {
		return strings.TrimSuffix(u.RAG.Display()+": "+u.Words, ": ")
	}
	if _, t, ok := WasTold(e); ok {
		switch {
		case t.Failed:
			return "did not get through: " + t.Words
		case len(t.Matters) == 0:
			return "the channel is new"
		}
		return t.Words
	}
	return e.Note
}

// Event is an event of the history as the scorecard's rules take it.
func Event(e *store.Event) scorecard.Event {
	return scorecard.Event{
		At: e.At, Kind: scorecard.EventKind(e.Kind), Task: e.Task, Field: e.Field, From: e.From, To: e.To, Source: e.Source, By: e.By,
		Claims: e.Losers,
	}
}

// Conflicts are the conflicts of a state as the scorecard's rules take them.
func Conflicts(cs []store.Conflict) []scorecard.Conflict {
	out := make([]scorecard.Conflict, len(cs))
	for i, c := range cs {
		out[i] = scorecard.Conflict{Task: c.Task, Field: c.Field, Agreed: c.Agreed, Claims: c.Claims, Opened: c.Opened}
	}
	return out
}

// endOfDay is the last moment of a day where the partnership is.
func endOfDay(day task.Value, loc *time.Location) (time.Time, bool) {
	t, ok := day.Time()
	if !ok {
		return time.Time{}, false
	}
	y, m, d := t.Date()
	return time.Date(y, m, d+1, 0, 0, 0, 0, loc).Add(-time.Millisecond), true
}

// Choice is what somebody chose for a field about which people disagree.
type Choice struct {
	Partnership string
	Task        task.ID
	Field       task.Field
	Value       task.Value
	By          string // who chose
	Key         string // store.Conflict.Key of the conflict that they had before them
}
