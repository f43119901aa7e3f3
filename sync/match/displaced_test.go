package match_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lockstep-sync/lockstep/sync/match"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// grid makes rows that nobody touched: a title and a due date of its own each, and the statuses of the letters.
func grid(statuses string) []match.Row {
	words := map[rune]string{'n': task.NotStarted, 'i': task.InProgress, 'b': task.Blocked, 'd': task.Done}
	var rows []match.Row
	for i, s := range statuses {
		var v task.Values
		v[task.Title] = task.TextValue(fmt.Sprintf("Task %d", i))
		v[task.Due] = task.DateValue(time.Date(2026, 1, 1+i, 0, 0, 0, 0, time.UTC))
		v[task.Status] = task.EnumValue(words[s])
		v[task.Assignee] = task.PersonValue("Amina")
		rows = append(rows, match.Row{Base: v, Now: v})
	}
	return rows
}

// put gives a column of the rows what these rows of the base hold.
func put(rows []match.Row, f task.Field, from ...int) []match.Row {
	for i, k := range from {
		rows[i].Now[f] = rows[k].Base[f]
	}
	return rows
}

func TestDisplacedTable(t *testing.T) {
	t.Parallel()
	statuses := func(was, is string) []match.Row {
		rows := grid(was)
		for i, r := range grid(is) {
			rows[i].Now[task.Status] = r.Now[task.Status]
		}
		return rows
	}
	edited := func(rows []match.Row, row int, f task.Field, v task.Value) []match.Row {
		rows[row].Now[f] = v
		return rows
	}
	ours := func(rows []match.Row, row int, f task.Field, v task.Value) []match.Row {
		rows[row].Ours[f] = true
		return edited(rows, row, f, v)
	}
	for name, c := range map[string]struct {
		rows []match.Row
		want []string
	}{
		"nothing happened":              {rows: grid("nnii")},
		"a date is that of another row": {rows: put(grid("nnii"), task.Due, 1)},
		"two dates change places":       {put(grid("nnii"), task.Due, 1, 0), []string{"0 due 1", "1 due 0"}},
		"three titles go round":         {put(grid("nnii"), task.Title, 1, 2, 0), []string{"0 title 1", "1 title 2", "2 title 0"}},
		"a date is filled down":         {rows: put(grid("nnnnnn"), task.Due, 0, 0, 0, 0, 0)},
		"rows are copied over others":   {rows: put(put(grid("nnnn"), task.Title, 0, 1, 0, 1), task.Due, 0, 1, 0, 1)},
		"one row is moved over another": {rows: edited(put(grid("nnnn"), task.Title, 1), 1, task.Title, task.Empty(task.Text))},
		"a title that left its row stands in two": {
			edited(put(grid("nnnn"), task.Title, 2, 2), 2, task.Title, task.TextValue("Task 0")), []string{"0 title 2", "1 title 2", "2 title 0"},
		},
		"cells of a row are moved over another": {
			edited(edited(put(put(grid("nnnn"), task.Title, 1), task.Due, 1), 1, task.Title, task.TextValue("New")), 1, task.Due, task.Empty(task.Date)),
			[]string{"0 title 1", "0 due 1"},
		},
		"a cell is deleted, those below rise": {edited(put(grid("nnnn"), task.Title, 1, 2, 3), 3, task.Title, task.Empty(task.Text)), []string{"0 title 1", "1 title 2", "2 title 3"}},
		"a cell is put in, those below sink":  {edited(put(grid("nnnn"), task.Title, 0, 0, 1, 2), 0, task.Title, task.TextValue("New")), []string{"1 title 0", "2 title 1", "3 title 2"}},
		"the marks alone are sorted":          {put(put(grid("ninn"), task.Title, 1, 0), task.Status, 1, 0), []string{"0 title 1", "1 title 0"}},
		"two swap a status":                   {rows: statuses("nidn", "indn")},
		"two pairs swap a status":             {rows: statuses("nidndn", "inddnn")},
		"a week's review: all go on":          {rows: statuses("nniinnii", "iiddiidd")},
		"two are stuck, two go on":            {rows: statuses("ibnibn", "binbin")},
		"a column of statuses is sorted": {statuses("dnindn", "nnnidd"), []string{
			"0 status -1", "2 status -1", "3 status -1", "5 status -1",
		}},
		// Sorted it is "nnnnbiiiddd"; then the one that is blocked is begun anew.
		"a sorted column, and one edit beside": {statuses("dnindnidnib", "nnnnniiiddd"), []string{
			"0 status -1", "2 status -1", "4 status -1", "5 status -1", "7 status -1", "8 status -1", "9 status -1", "10 status -1",
		}},
		"what we wrote is not what moved": {rows: ours(put(grid("nnnn"), task.Due, 1), 1, task.Due, task.DateValue(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)))},
		"what we wrote over has left": {
			edited(ours(put(put(grid("nnnn"), task.Title, 1, 0), task.Due, 1), 0, task.Title, task.TextValue("Agreed")), 1, task.Due, task.Empty(task.Date)),
			[]string{"0 due 1", "1 title 0"},
		},
		"a column of statuses moves up": {statuses("ndnindni", "dnindnii"), []string{
			"0 status -1", "1 status -1", "2 status -1", "3 status -1", "4 status -1", "5 status -1", "6 status -1",
		}},
		"a date that cannot be read moves along": {
			edited(put(grid("nnnn"), task.Due, 1, 2, 3), 3, task.Due, task.UnreadableValue("TBD")),
			[]string{"0 due 1", "1 due 2", "2 due 3"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, d := range match.Displaced(c.rows, nil) {
				got = append(got, fmt.Sprintf("%d %s %d", d.Row, d.Field, d.From))
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("displaced is %q, want %q", got, c.want)
			}
		})
	}
}

// A column that was sorted by itself over rows that bear no mark yet leaves its titles there.
func TestTitlesThatLeftForFreshRows(t *testing.T) {
	t.Parallel()
	moved := func() []match.Row { // of Task 1 the title went up, and another came to its row
		rows := put(grid("nnnn"), task.Title, 1)
		rows[1].Now[task.Title] = task.TextValue("Copy")
		return rows
	}
	retyped := put(grid("nnnn"), task.Title)
	for i := range retyped {
		retyped[i].Now[task.Title] = task.TextValue(fmt.Sprint("New ", i))
	}
	for name, c := range map[string]struct {
		rows  []match.Row
		fresh []string
		want  int
	}{
		"the title that was there stands in a fresh row": {moved(), []string{"Other", "Task 0"}, 1},
		"fresh rows are new":                             {moved(), []string{"Other"}, 0},
		"there are none":                                 {moved(), nil, 0},
		"a fresh row is a copy":                          {moved(), []string{"Task 1", "Task 2", "Task 2"}, 0},
		"rows were cut and put elsewhere, and their old places typed over": {retyped, []string{"Task 0", "Task 1", "Task 2"}, 0},
	} {
		var fresh []task.Value
		for _, s := range c.fresh {
			fresh = append(fresh, task.TextValue(s))
		}
		if got := match.Displaced(c.rows, fresh); len(got) != c.want {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// sheetOf draws rows with titles and dates that are mostly their own, and the rest from few values.
func sheetOf(t *rapid.T) []match.Row {
	n := rapid.IntRange(2, 14).Draw(t, "rows")
	rows := make([]match.Row, n)
	for i := range rows {
		v := &rows[i].Base
		v[task.Title] = task.TextValue(fmt.Sprintf("Task %d", rapid.IntRange(0, 2*n).Draw(t, "title")))
		v[task.Due] = task.DateValue(time.Date(2026, 1, rapid.IntRange(1, 2*n).Draw(t, "due"), 0, 0, 0, 0, time.UTC))
		v[task.Status] = task.EnumValue(rapid.SampledFrom(task.Statuses()).Draw(t, "status"))
		v[task.Notes] = task.TextValue(rapid.SampledFrom([]string{"", "see the minutes", fmt.Sprint("note ", i)}).Draw(t, "notes"))
		v[task.Assignee] = task.PersonValue(rapid.SampledFrom([]string{"Amina", "Bo", ""}).Draw(t, "assignee"))
		rows[i].Now = *v
	}
	return rows
}

var drawnFields = []task.Field{task.Title, task.Status, task.Assignee, task.Due, task.Notes}

// Whatever columns of whatever rows are sorted by themselves: where two rows come to hold what was another row's alone, it
// shows, even beside other edits.
func TestPartialSortIsDisplacement(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rows := sheetOf(t)
		first := rapid.IntRange(0, len(rows)-2).Draw(t, "first")
		last := rapid.IntRange(first+1, len(rows)-1).Draw(t, "last")
		columns := rapid.SliceOfNDistinct(rapid.SampledFrom(drawnFields), 1, 4, rapid.ID[task.Field]).Draw(t, "columns")
		order := make([]int, last-first+1)
		for i := range order {
			order[i] = first + i
		}
		slices.SortStableFunc(order, func(a, b int) int { return compareValues(rows[a].Base[columns[0]], rows[b].Base[columns[0]]) })
		distinctive := make(map[int]bool)
		for i, from := range order {
			for _, f := range columns {
				v := rows[from].Base[f]
				rows[first+i].Now[f] = v
				owners := 0
				for _, r := range rows {
					if r.Base[f] == v {
						owners++
					}
				}
				if from != first+i && owners == 1 && !v.IsEmpty() && f != task.Status && f != task.Assignee {
					distinctive[first+i] = true
				}
			}
		}
		if rapid.Bool().Draw(t, "somebody also edits") {
			f := rapid.SampledFrom([]task.Field{task.Status, task.Assignee}).Draw(t, "edited")
			rows[rapid.IntRange(0, len(rows)-1).Draw(t, "row")].Now[f] = task.EnumValue(task.Cancelled)
		}
		found := match.Displaced(rows, nil)
		if len(distinctive) >= 2 && len(found) == 0 {
			t.Fatalf("rows %v hold what was another row's alone, and it passes for edits", distinctive)
		}
		for i := range distinctive {
			if !slices.ContainsFunc(found, func(d match.Displacement) bool { return d.Row == i }) && len(distinctive) >= 2 {
				t.Fatalf("row %d is displaced and is not named: %+v", i, found)
			}
		}
	})
}

func compareValues(a, b task.Value) int {
	switch x, y := a.String(), b.String(); {
	case x == y:
		return 0
	case x == "" || y != "" && x > y: // blanks come last
		return 1
	}
	return -1
}

// Rows that are permuted whole, copies and edits to something new are never displacement.
func TestEditsAreNoDisplacement(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.Permutation(sheetOf(t)).Draw(t, "order")
		for k := range rapid.IntRange(0, 2*len(rows)).Draw(t, "edits") {
			i := rapid.IntRange(0, len(rows)-1).Draw(t, "row")
			f := rapid.SampledFrom([]task.Field{task.Title, task.Due, task.Notes}).Draw(t, "field")
			rows[i].Now[f] = task.TextValue(fmt.Sprint("typed ", k))
			if f == task.Due {
				rows[i].Now[f] = task.DateValue(time.Date(2030, 1, k+1, 0, 0, 0, 0, time.UTC))
			}
		}
		if found := match.Displaced(rows, nil); len(found) > 0 {
			t.Fatalf("edits pass for displacement: %+v", found)
		}
	})
}

// People who change cells independently of each other, also to values that other rows have, do not stop a sheet: over
// sheets of all sizes it may happen once or twice in a thousand passes of up to eight edits each.
func TestIndependentEditsHardlyEverTrip(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	const passes = 20_000
	trips := 0
	for range passes {
		n := 5 + r.IntN(60)
		rows := make([]match.Row, n)
		for i := range rows {
			v := &rows[i].Base
			v[task.Title] = task.TextValue(fmt.Sprint("Task ", i))
			v[task.Due] = task.DateValue(time.Date(2026, 1, 1+r.IntN(300), 0, 0, 0, 0, time.UTC))
			v[task.Status] = task.EnumValue(task.Statuses()[r.IntN(5)])
			rows[i].Now = *v
		}
		for range 1 + r.IntN(8) {
			i := r.IntN(n)
			switch r.IntN(3) {
			case 0:
				rows[i].Now[task.Due] = task.DateValue(time.Date(2026, 1, 1+r.IntN(300), 0, 0, 0, 0, time.UTC))
			default:
				rows[i].Now[task.Status] = task.EnumValue(task.Statuses()[r.IntN(5)])
			}
		}
		if len(match.Displaced(rows, nil)) > 0 {
			trips++
		}
	}
	t.Logf("%d of %d passes", trips, passes)
	if trips > passes/500 {
		t.Errorf("%d of %d passes of independent edits pass for displacement", trips, passes)
	}
}
