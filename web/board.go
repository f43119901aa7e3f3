package web

import (
	"cmp"
	"net/url"
	"slices"
	"strings"

	"github.com/lockstep-sync/lockstep/sync/task"
)

// cardsShown is how many cards a column has at most.
const cardsShown = 50

// boardBody is the board: a column for each status.
type boardBody struct {
	Partners, Streams []choice
	Active            bool
	Columns           []boardColumn
}

type boardColumn struct {
	ID, Name string
	Status   string
	Total    int
	Cards    []*row
	More     int
	URL      string // of all of them
}

func boardPage(r *request) (any, error) {
	q := r.URL.Query()
	f := filter{Partner: q.Get("partner"), Workstream: q.Get("workstream")}
	b := boardBody{Partners: r.partnerChoices(f.Partner), Streams: r.streamChoices(f.Workstream), Active: f.Active()}
	at := make(map[string]int)
	for _, s := range append(task.Statuses(), "") {
		at[s] = len(b.Columns)
		params := url.Values{"status": {cmp.Or(s, nobody)}}
		for name, value := range map[string]string{"partner": f.Partner, "workstream": f.Workstream} {
			if value != "" {
				params.Set(name, value)
			}
		}
		b.Columns = append(b.Columns, boardColumn{ID: "column-" + cmp.Or(s, nobody), Status: s, Name: cmp.Or(task.StatusDisplay(s), "No status"), URL: r.with("tasks", params)})
	}
	for i := range r.Score.Tasks {
		x := &r.Score.Tasks[i]
		k, ok := at[x.Status]
		if !ok {
			k = at[""]
		}
		if row := r.row(x); f.passes(x, "", row) {
			b.Columns[k].Cards = append(b.Columns[k].Cards, row)
		}
	}
	b.Columns = slices.DeleteFunc(b.Columns, func(c boardColumn) bool { return c.Status == "" && len(c.Cards) == 0 })
	for i := range b.Columns {
		c := &b.Columns[i]
		if c.Status == task.Done || c.Status == task.Cancelled { // what was finished last comes first
			slices.SortStableFunc(c.Cards, func(x, y *row) int {
				return r.Task(task.ID(y.ID)).Task.Changed.Compare(r.Task(task.ID(x.ID)).Task.Changed)
			})
		} else {
			slices.SortStableFunc(c.Cards, func(x, y *row) int { return strings.Compare(cmp.Or(x.Due, "9999"), cmp.Or(y.Due, "9999")) })
		}
		c.Total = len(c.Cards)
		c.Cards = c.Cards[:min(c.Total, cardsShown)]
		c.More = c.Total - len(c.Cards)
		for _, x := range c.Cards {
			r.complete(x)
		}
	}
	return b, nil
}

// streamChoices are the workstreams to choose from.
func (v *teller) streamChoices(chosen string) []choice {
	out := []choice{{"", "All", chosen == ""}}
	for i := range v.Score.Workstreams {
		name := v.Score.Workstreams[i].Name
		out = append(out, choice{cmp.Or(name, nobody), cmp.Or(name, "No workstream"), cmp.Or(name, nobody) == chosen})
	}
	return out
}
