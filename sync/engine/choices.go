package engine

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/lockstep-sync/lockstep/sync/merge"
	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// Choice is what somebody chose for a field with an open conflict, elsewhere than on the scorecard.
type Choice struct {
	Task  task.ID
	Field task.Field
	Value task.Value // that of a claim, or the agreed one
	By    string     // who chose
	Key   string     // store.Conflict.Key of the conflict as it was shown; "" where it was not shown
}

// Why a choice settles nothing.
var (
	ErrNoConflict      = errors.New("there is no open conflict about this field")
	ErrNotOffered      = errors.New("this is not one of the values that stand against each other")
	ErrConflictChanged = errors.New("what stands against each other has changed meanwhile: look again, and choose anew")
	ErrTooManyChoices  = errors.New("too many choices wait for a cycle already: try again later")
)

// mostChoices is how many choices wait for a cycle at most.
const mostChoices = 1000

// byScorecard is who settled a conflict that was settled on the scorecard: a sheet does not tell who chose.
const byScorecard = "chosen on the scorecard"

// choosing holds the choices that no cycle has decided on yet. They are kept in memory alone: whoever hands one in waits for
// the outcome, and so knows if the daemon stopped before.
type choosing struct {
	mu    sync.Mutex
	queue []*choice
}

// choice is one choice on its way through a cycle.
type choice struct {
	Choice
	key  string     // of the row in which it was made; "" where it was not made on the scorecard
	text string     // as it was chosen on the scorecard
	err  error      // what came of it in this cycle
	done chan error // nil for one that was made on the scorecard
}

// shown is the key of the conflict that whoever chose had before them; "" where that is not known.
func (ch *choice) shown() string { return cmp.Or(ch.key, ch.Key) }

// Choose hands in a choice for the next cycle that decides anything, and does not wait for it: wake the loop, or run a cycle. The
// channel then gets one answer: nil if the choice settled its conflict, or why it did not. Dry runs show what follows and
// leave the choice for later. It may be called from any goroutine.
func (e *Engine) Choose(c Choice) <-chan error {
	done := make(chan error, 1)
	e.choosing.mu.Lock()
	defer e.choosing.mu.Unlock()
	if len(e.choosing.queue) >= mostChoices {
		done <- ErrTooManyChoices
		return done
	}
	e.choosing.queue = append(e.choosing.queue, &choice{Choice: c, done: done})
	return done
}

// takeChoices lays out by task what people chose, on the scorecard before elsewhere.
func (c *cycle) takeChoices() {
	c.choices = make(map[task.ID][]*choice)
	for _, ch := range c.reads[c.scorecard].snap.Choices {
		if id, f, ok := parseConflictKey(ch.Key); ok && ch.Page == PageConflicts && c.byID[id] != nil {
			made := &choice{Choice: Choice{Task: id, Field: f, By: byScorecard}, key: ch.Key, text: task.TextValue(ch.Text).String()}
			c.choices[id] = append(c.choices[id], made)
		}
	}
	c.choosing.mu.Lock()
	c.queued = slices.Clone(c.choosing.queue)
	c.choosing.mu.Unlock()
	for _, ch := range c.queued {
		ch.err = ErrNoConflict
		c.choices[ch.Task] = append(c.choices[ch.Task], ch)
	}
}

// answerChoices tells those who handed in choices what came of them, now that it is decided.
func (c *cycle) answerChoices() {
	c.choosing.mu.Lock()
	defer c.choosing.mu.Unlock()
	c.choosing.queue = slices.DeleteFunc(c.choosing.queue, func(ch *choice) bool { return slices.Contains(c.queued, ch) })
	for _, ch := range c.queued {
		ch.done <- ch.err
	}
}

// settleChosen closes the conflicts of a task for which people chose.
func (c *cycle) settleChosen(w *work, sides []merge.Side, out *merge.Outcome) {
	for _, ch := range c.choices[w.task.ID] {
		ch.err = w.settle(ch, sides, out)
		switch {
		case ch.err == nil:
			if w.settledBy == nil {
				w.settledBy = make(map[task.Field]string)
			}
			w.settledBy[ch.Field] = ch.By
		case ch.key != "" && !errors.Is(ch.err, ErrNoConflict):
			if w.unheard == nil {
				w.unheard = make(map[task.Field]*choice)
			}
			w.unheard[ch.Field] = ch
		}
	}
}

// settle closes one conflict by a choice. Only what was shown can be chosen: the claims must be those that the store knew.
func (w *work) settle(ch *choice, sides []merge.Side, out *merge.Outcome) error {
	now := slices.IndexFunc(out.Conflicts, func(k merge.Conflict) bool { return k.Field == ch.Field })
	was := slices.IndexFunc(w.was, func(o store.Conflict) bool { return o.Field == ch.Field })
	if now < 0 {
		return ErrNoConflict
	}
	if was < 0 || !sameConflict(w.was[was], out.Conflicts[now]) || ch.shown() != "" && ch.shown() != w.was[was].Key() {
		return ErrConflictChanged
	}
	value := ch.Value
	if ch.key != "" {
		offered := optionsOf(w.was[was])
		at := slices.IndexFunc(offered, func(o option) bool { return o.text == ch.text })
		if at < 0 {
			return ErrNotOffered
		}
		value = offered[at].value
	}
	if !out.Settle(sides, ch.Field, value, ch.By) {
		return ErrNotOffered
	}
	return nil
}

func sameConflict(o store.Conflict, k merge.Conflict) bool {
	return o.Agreed == k.Agreed && slices.EqualFunc(o.Claims, k.Claims, sameClaim)
}

func parseConflictKey(key string) (task.ID, task.Field, bool) {
	parts := strings.Split(key, "/")
	if len(parts) != 3 {
		return "", 0, false
	}
	f, ok := task.ParseField(parts[1])
	return task.ID(parts[0]), f, ok
}

// option is one value that people may choose.
type option struct {
	text  string
	value task.Value
}

// optionLength bounds an option's text, in characters.
const optionLength = 160

// optionsOf are the values that people may choose, first the one that stays if nobody claims anything. Each begins with who says so:
// so no two are alike, and a sheet can take none for a formula, a number or a date.
func optionsOf(k store.Conflict) []option {
	opts := []option{{clip("keep: "+shown(k.Agreed), optionLength), k.Agreed}}
	for i, c := range k.Claims {
		same := func(o store.Claim) bool { return o.Value == c.Value }
		if slices.IndexFunc(k.Claims, same) < i {
			continue
		}
		var says []string
		for _, o := range k.Claims {
			if same(o) {
				says = append(says, string(o.Source))
			}
		}
		if len(says) > 2 {
			says = append(says[:2], fmt.Sprintf("%d more", len(says)-2))
		}
		opts = append(opts, option{clip(strings.Join(says, ", ")+": "+shown(c.Value), optionLength), c.Value})
	}
	return opts
}

// shown is a value in one line, for people.
func shown(v task.Value) string {
	if v.IsEmpty() {
		return "(empty)"
	}
	return strings.Join(strings.Fields(v.Display()), " ")
}

// clip returns at most n characters of a text, in canonical form.
func clip(s string, n int) string {
	if len(s) <= n {
		return task.TextValue(s).String()
	}
	if runes := []rune(s); len(runes) > n {
		s = string(runes[:n-1]) + "…"
	}
	return task.TextValue(s).String()
}
