package web

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/task"
)

const (
	// cyclesShown is how many cycles the page lists, and stripShown how many the strip above it has.
	cyclesShown, stripShown = 200, 60
	// cycleEventsRead is how many events of one cycle are shown.
	cycleEventsRead = 1000
)

// cyclesBody is the page of cycles.
type cyclesBody struct {
	Strip  []cycleLine // the oldest first, as one reads a line
	Cycles []cycleLine
}

// cycleLine is one cycle in a list.
type cycleLine struct {
	Number        int64
	URL           string
	At, Ago, Took string
	Result, Word  string
	Planned       int
	Note          string
	Words         string // all of it in a line
}

func cyclesPage(r *request) (any, error) {
	cs, err := r.cycles(cyclesShown)
	if err != nil {
		return nil, err
	}
	var b cyclesBody
	for i := range cs {
		b.Cycles = append(b.Cycles, r.cycleLine(&cs[i]))
	}
	b.Strip = slices.Clone(b.Cycles[:min(len(b.Cycles), stripShown)])
	slices.Reverse(b.Strip)
	return b, nil
}

func (v *teller) cycleLine(c *store.Cycle) cycleLine {
	l := cycleLine{
		Number: c.Generation, URL: v.at("cycles/" + strconv.FormatInt(c.Generation, 10)), At: clock(c.Started.In(v.Partnership.Timezone), v.Now),
		Ago: ago(v.Now.Sub(c.Started)), Took: c.Took.Round(time.Millisecond).String(), Result: c.Result, Word: resultWord(c.Result), Planned: c.Patches, Note: clip(c.Note, clipped),
	}
	l.Words = fmt.Sprintf("%s, %s, %s planned: %s", l.At, l.Took, count(c.Patches, "write"), l.Word)
	return l
}

func resultWord(result string) string {
	switch result {
	case "ok":
		return "all well"
	case "partial":
		return "a source sat out"
	case "guarded":
		return "stopped by a guard"
	}
	return result
}

// cycleBody is what one cycle decided and wrote: its plan, as it was applied.
type cycleBody struct {
	Line    *cycleLine // nil of one that is no longer in the list
	Number  int64
	Guarded bool
	Decided []eventView
	Written []writtenGroup // by source
	More    bool           // there were more events than are shown
}

// writtenGroup is what was written into one tool.
type writtenGroup struct {
	Source string
	Lines  []eventView
	Failed int
}

func cyclePage(r *request) (any, error) {
	n, err := strconv.ParseInt(r.PathValue("cycle"), 10, 64)
	if err != nil || n <= 0 || n > r.State.Generation {
		return nil, missing("There is no such cycle.")
	}
	events, err := r.history(store.Query{Cycle: n, Limit: cycleEventsRead, Oldest: true})
	if err != nil {
		return nil, err
	}
	cs, err := r.cycles(cyclesShown)
	if err != nil {
		return nil, err
	}
	r.title = fmt.Sprintf("Cycle %d", n)
	b := cycleBody{Number: n, More: len(events) == cycleEventsRead}
	for i := range cs {
		if cs[i].Generation == n {
			l := r.cycleLine(&cs[i])
			b.Line, b.Guarded = &l, l.Result == "guarded"
		}
	}
	at := make(map[task.SourceID]int)
	for i := range events {
		e := &events[i]
		line := r.event(e, clipped)
		switch e.Kind {
		case store.EventWritten, store.EventFailed, store.EventLinked, store.EventUnlinked:
			k, ok := at[e.Source]
			if !ok {
				k = len(b.Written)
				at[e.Source] = k
				b.Written = append(b.Written, writtenGroup{Source: r.Partnership.SourceName(e.Source)})
			}
			if e.Kind == store.EventFailed {
				b.Written[k].Failed++
			}
			line.Where = ""
			b.Written[k].Lines = append(b.Written[k].Lines, line)
		default:
			b.Decided = append(b.Decided, line)
		}
	}
	return b, nil
}
