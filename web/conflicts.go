package web

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/task"
	"github.com/lockstep-sync/lockstep/web/auth"
)

const (
	// settleTime is how long a reader waits for the cycle that settles their choice.
	settleTime = 25 * time.Second
	// settledDays is how far back settled conflicts are shown.
	settledDays = 30
	// conflictEventsRead is how many events about conflicts are read for that.
	conflictEventsRead = 400
)

// conflictsBody is the page of conflicts.
type conflictsBody struct {
	Open    []openConflict
	May     bool // whoever looks may settle them
	Here    bool // they can be settled here
	Settled []eventView
}

// openConflict is a field about which people disagree, with what can be chosen.
type openConflict struct {
	ID, Key           string
	Task, Path, Title string
	Field             string
	SinceAgo, SinceAt string
	Options           []conflictOption
	Long              bool // the values are long texts
}

// conflictOption is one value that may be chosen: the one that stands, or one that somebody claims.
type conflictOption struct {
	Index  int
	Value  string
	Stands bool
	Claims []claimView
}

func conflictsPage(r *request) (any, error) {
	b := conflictsBody{May: r.may(auth.Editor) && !r.Past, Here: r.server.o.Choose != nil}
	for i := range r.State.Conflicts {
		b.Open = append(b.Open, r.openConflict(&r.State.Conflicts[i]))
	}
	if r.Past {
		return b, nil
	}
	events, err := r.history(store.Query{Kinds: []store.EventKind{store.EventSettled}, Limit: conflictEventsRead})
	if err != nil {
		return nil, err
	}
	events = slices.DeleteFunc(events, func(e store.Event) bool { return r.Now.Sub(e.At) > settledDays*24*time.Hour })
	b.Settled = r.tell(events, nil, clipped, len(events))
	return b, nil
}

// longValue is from how many characters on a value is shown as a long text.
const longValue = 80

func (v *teller) openConflict(k *store.Conflict) openConflict {
	name := k.Field.String()
	out := openConflict{
		ID: "conflict-" + string(k.Task) + "-" + name, Key: k.Key(), Task: string(k.Task), Path: v.pathTo(k.Task), Title: clip(v.Title(k.Task), clipped),
		Field: fieldWord(name), SinceAgo: ago(v.Now.Sub(k.Opened)), SinceAt: clock(k.Opened.In(v.Partnership.Timezone), v.Now),
	}
	for i, value := range choices(k) {
		o := conflictOption{Index: i, Value: cmp.Or(v.say(name, value, wholeText), "nothing"), Stands: value == k.Agreed}
		for _, c := range k.Claims {
			if c.Value == value {
				o.Claims = append(o.Claims, v.claim(name, c, wholeText))
			}
		}
		out.Long = out.Long || len(o.Value) > longValue
		out.Options = append(out.Options, o)
	}
	return out
}

// choices are the values of a conflict that may be chosen, each once: first the one that stands.
func choices(k *store.Conflict) []task.Value {
	out := []task.Value{k.Agreed}
	for _, c := range k.Claims {
		if !slices.Contains(out, c.Value) {
			out = append(out, c.Value)
		}
	}
	return out
}

// settle hands in what somebody chose, and waits for the cycle that settles it.
func settle(r *request) (string, error) {
	key, to := r.PostForm.Get("key"), r.at("conflicts")
	i := slices.IndexFunc(r.State.Conflicts, func(k store.Conflict) bool { return k.Key() == key })
	if i < 0 {
		return "", &refusal{http.StatusConflict, "This conflict is no longer open, or somebody has claimed another value meanwhile. Look at the conflicts again, and choose anew."}
	}
	k := &r.State.Conflicts[i]
	values := choices(k)
	n, err := strconv.Atoi(r.PostForm.Get("choice"))
	if err != nil || n < 0 || n >= len(values) {
		return "", &refusal{http.StatusBadRequest, "Choose one of the values."}
	}
	if r.server.o.Choose == nil {
		return "", &refusal{http.StatusConflict, "Conflicts cannot be settled here. Choose on the scorecard’s tab of conflicts."}
	}
	ctx, cancel := context.WithTimeout(r.Context(), settleTime)
	defer cancel()
	err = r.server.o.Choose(ctx, Choice{Partnership: r.Partnership.ID, Task: k.Task, Field: k.Field, Value: values[n], By: r.person.Name, Key: key})
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return "", &refusal{http.StatusAccepted, "Your choice is handed in. The tools take long to answer just now: it takes effect with the next cycle."}
	case err != nil:
		return "", &refusal{http.StatusConflict, sentence(err.Error())}
	}
	return to, nil
}

// sentence is an error's text as a sentence.
func sentence(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:] + "."
}
