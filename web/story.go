package web

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/lockstep-sync/lockstep/sync/scorecard"
	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// clipped is how much of a text a list shows. A task's own page shows all of it.
const clipped = 280

// conflictView is a field that waits for people to agree.
type conflictView struct {
	Task, Path, Title, Field, Agreed string
	Claims                           []claimView
}

type claimView struct{ Source, Value, By, When string }

func (v *teller) conflicts() []conflictView {
	var out []conflictView
	for _, k := range v.State.Conflicts {
		name := k.Field.String()
		c := conflictView{
			Task: string(k.Task), Path: v.pathTo(k.Task), Title: clip(v.Title(k.Task), clipped), Field: fieldWord(name), Agreed: v.say(name, k.Agreed, wholeText),
		}
		for _, cl := range k.Claims {
			c.Claims = append(c.Claims, v.claim(name, cl, wholeText))
		}
		out = append(out, c)
	}
	return out
}

func (v *teller) claim(field string, cl store.Claim, limit int) claimView {
	out := claimView{Source: v.Partnership.SourceName(cl.Source), Value: cmp.Or(v.say(field, cl.Value, limit), "nothing"), By: clip(cl.By, clipped)}
	if !cl.At.IsZero() {
		out.When = clock(cl.At.In(v.Partnership.Timezone), v.Now)
	}
	return out
}

// heldGroup is what is held in one source.
type heldGroup struct {
	Source string
	Holds  []holdView
}

// holdView is one thing that waits. Reason is in words.
type holdView struct{ Task, Path, Name, Field, Reason, Raw, Hint string }

func (v *teller) hold(h task.Hold) holdView {
	return holdView{
		Task: string(h.Task), Path: v.pathTo(h.Task), Name: clip(h.Name, clipped), Field: fieldWord(h.Field), Reason: reasonWords(h.Reason),
		Raw: clip(h.Raw, clipped), Hint: clip(h.Hint, clipped),
	}
}

// held lists what waits, by source. Conflicts are shown by themselves.
func (v *teller) held() []heldGroup {
	var out []heldGroup
	at := make(map[task.SourceID]int)
	for _, h := range v.State.Holds {
		if h.Reason == task.HoldConflict {
			continue
		}
		i, ok := at[h.Source]
		if !ok {
			i = len(out)
			at[h.Source] = i
			out = append(out, heldGroup{Source: v.Partnership.SourceName(h.Source)})
		}
		out[i].Holds = append(out[i].Holds, v.hold(h))
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

func taskPage(r *request) (any, error) {
	id := task.ID(r.PathValue("task"))
	events, err := r.history(store.Query{Task: id})
	if err != nil {
		return nil, err
	}
	b, ok := r.story(id, events)
	if !ok {
		return nil, missing("There is no such task.")
	}
	r.title = fmt.Sprintf("%s: %s", id, b.Title)
	return b, nil
}

// story is a task's page, and false where there is no such task. A removed task still has its story.
func (v *teller) story(id task.ID, events []store.Event) (storyBody, bool) {
	i := slices.IndexFunc(v.State.Tasks, func(t store.Task) bool { return t.ID == id })
	if i < 0 {
		return storyBody{}, false
	}
	t := &v.State.Tasks[i]
	x := v.Task(id)
	if x == nil { // removed, and so not judged
		x = &scorecard.TaskView{
			Task: &scorecard.Task{ID: t.ID, Number: t.Number, Agreed: t.Agreed, Baseline: t.Baseline}, Partner: t.Agreed[task.Partner].String(),
			Workstream: t.Agreed[task.Workstream].String(), Status: t.Agreed[task.Status].String(), Verdict: scorecard.Verdict{RAG: scorecard.None},
		}
	}
	r := v.row(x)
	v.complete(r)
	b := storyBody{row: *r, Removed: t.Removed, Partner: v.Partnership.PartnerName(t.Agreed[task.Partner].String())}
	for f, val := range t.Agreed {
		field := task.Field(f)
		if val.IsEmpty() || field == task.Title || field == task.Partner || field == task.Status {
			continue
		}
		b.Fields = append(b.Fields, fieldView{fieldWord(field.String()), v.say(field.String(), val, wholeText)})
	}
	if !t.Baseline.IsEmpty() {
		b.Fields = append(b.Fields, fieldView{"First agreed due date", v.say(task.Due.String(), t.Baseline, wholeText)})
	}
	b.Events = v.history(events, wholeText)
	return b, true
}

// inWords is a list of places in words: "a, b and c".
func inWords(places []string) string {
	if n := len(places); n > 1 {
		return strings.Join(places[:n-1], ", ") + " and " + places[n-1]
	}
	return strings.Join(places, "")
}
