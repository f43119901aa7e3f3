package match_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/lockstep-sync/lockstep/sync/match"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// content makes a row's values of a title and what stands beside it.
func content(title, status, notes, assignee string) (v task.Values) {
	v[task.Title] = task.TextValue(title)
	v[task.Status], v[task.Notes], v[task.Assignee] = task.EnumValue(status), task.TextValue(notes), task.PersonValue(assignee)
	return v
}

// lostRow is a known task whose row in the sheet is missing under what it held.
func lostRow(id string, v task.Values) match.Task {
	return match.Task{ID: task.ID(id), Partner: "city", Title: match.Fold(v[task.Title]), Links: []match.Link{
		{Source: card, Key: id}, {Source: sheet, Key: "~" + id, Missing: true, Base: v},
	}}
}

func TestMarklessTable(t *testing.T) {
	t.Parallel()
	pump := content("Buy a pump", "in_progress", "ordered", "Amina")
	pipe := content("Lay the pipe", "in_progress", "trench is dug", "Bo")
	bare := content("Call Ada", "", "", "")
	for name, c := range map[string]struct {
		lost []task.Values
		rows []task.Values
		want []string
	}{
		"the title stays, much else goes":         {[]task.Values{pump}, []task.Values{content("Buy a pump", "done", "here", "Cy")}, []string{"sheet/~0 → CW-1"}},
		"another title, all else the same":        {[]task.Values{pump, pipe}, []task.Values{content("Get the tank", "in_progress", "ordered", "Amina")}, []string{"sheet/~0 → CW-1"}},
		"a letter more, and one thing else":       {[]task.Values{pump}, []task.Values{content("Buy a pumps", "done", "ordered", "Amina")}, []string{"sheet/~0 → CW-1"}},
		"a title alone, a little edited":          {[]task.Values{bare}, []task.Values{content("Call Ada again", "", "", "")}, []string{"sheet/~0 → CW-1"}},
		"a title alone, another":                  {[]task.Values{bare}, []task.Values{content("Dig a well", "", "", "")}, []string{"born city: sheet/~0"}},
		"another title, and another thing":        {[]task.Values{pump}, []task.Values{content("Get the tank", "done", "ordered", "Amina")}, []string{"born city: sheet/~0"}},
		"a title half the same, all else another": {[]task.Values{pump}, []task.Values{content("Buy a pump for all", "done", "here", "Cy")}, []string{"held sheet/~0 ambiguous"}},
		"two rows fit one":                        {[]task.Values{pump}, []task.Values{content("A", "in_progress", "ordered", "Amina"), content("B", "in_progress", "ordered", "Amina")}, []string{"held sheet/~0 ambiguous", "held sheet/~1 ambiguous"}},
		"one row fits two":                        {[]task.Values{pump, content("Buy tanks", "in_progress", "ordered", "Amina")}, []task.Values{content("A", "in_progress", "ordered", "Amina")}, []string{"held sheet/~0 ambiguous"}},
		"the title was emptied":                   {[]task.Values{pump, pipe}, []task.Values{content("", "in_progress", "ordered", "Amina")}, []string{"sheet/~0 → CW-1"}},
		"a new row without a title":               {nil, []task.Values{content("", "in_progress", "", "")}, []string{"held sheet/~0 no_title"}},
		"two are edited, each its own way": {[]task.Values{pump, pipe}, []task.Values{
			content("Get the pipe", "in_progress", "trench is dug", "Bo"), content("Get the pump", "in_progress", "ordered", "Amina"),
		}, []string{"sheet/~0 → CW-2", "sheet/~1 → CW-1"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var tasks []match.Task
			for i, v := range c.lost {
				tasks = append(tasks, lostRow(fmt.Sprint("CW-", i+1), v))
			}
			b := match.Batch{Source: sheet, Partner: "city"}
			for i, v := range c.rows {
				b.Records = append(b.Records, task.Record{Ref: task.Ref{Source: sheet, Key: fmt.Sprint("~", i)}, Values: v})
			}
			got := match.Match(tasks, card, []match.Batch{b})
			if out := tell(got); !slices.Equal(out, c.want) {
				t.Errorf("got %q, want %q", out, c.want)
			}
			for i := range c.lost { // a task that a held row may be is not gone
				id := task.ID(fmt.Sprint("CW-", i+1))
				if held := len(got.Held) > 0 && got.Held[0].Reason == task.HoldAmbiguous; held != (len(got.Unsure[id]) > 0) {
					t.Errorf("%s is unsure: %v", id, got.Unsure[id])
				}
			}
		})
	}
}

// However many rows of a sheet without marks are edited at once, in their titles alone, none is taken for another task.
func TestMarklessRowsAreNeverTakenForOthers(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 6).Draw(t, "rows")
		var tasks []match.Task
		b := match.Batch{Source: sheet, Partner: "city"}
		for i := range n {
			id := fmt.Sprint("CW-", i+1)
			v := content(fmt.Sprintf("Task number %d", i), rapid.SampledFrom(task.Statuses()).Draw(t, "status"),
				rapid.SampledFrom([]string{"", "note", "other"}).Draw(t, "notes"), rapid.SampledFrom([]string{"", "Amina", "Bo"}).Draw(t, "assignee"))
			now, k := v, lostRow(id, v)
			if rapid.Bool().Draw(t, "edited") {
				now[task.Title] = task.TextValue(rapid.StringMatching(`[a-z]{3,8} [a-z]{3,8}`).Draw(t, "title") + fmt.Sprint(i))
			} else {
				k.Links[1].Missing = false
				k.Links[1].Key = fmt.Sprint("~", i)
			}
			tasks = append(tasks, k)
			b.Records = append(b.Records, task.Record{Ref: task.Ref{Source: sheet, Key: fmt.Sprint("~", i)}, Values: now})
		}
		b.Records = rapid.Permutation(b.Records).Draw(t, "order")
		got := match.Match(tasks, card, []match.Batch{b})
		for i := range n {
			if id, ok := got.Known[task.Ref{Source: sheet, Key: fmt.Sprint("~", i)}]; ok && id != task.ID(fmt.Sprint("CW-", i+1)) {
				t.Fatalf("row %d is taken for %s", i, id)
			}
		}
	})
}
