package app_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lockstep-sync/lockstep/sync/export"
	"github.com/lockstep-sync/lockstep/sync/view"
)

// The export as somebody reads it who has nothing else: no package of the scorecard is used below.

type exported struct {
	Partnership struct{ Timezone string }
	At          time.Time
	Scorecard   struct {
		Partnership exportedGroup
		Partners    []exportedGroup
		Workstreams []exportedGroup
		Milestones  []struct{ Critical bool }
	}
	Tasks []exportedTask
}

type exportedGroup struct {
	Subject struct{ Partner, Workstream string }
	Verdict struct {
		RAG     string
		Reasons []struct{ Code string }
	}
	Counts      map[string]int
	Adherence   ratio
	OnTime      ratio `json:"on_time"`
	Commitments ratio
	Weeks       []exportedWeek
	Forecast    *struct {
		State string
		P85   exportedDate
	}
	Target exportedDate
	Burnup []struct {
		Day         exportedDate
		Scope, Done int
	}
}

type exportedWeek struct {
	First, Last exportedDate
	Current     bool
	Commitments ratio
}

type exportedDate struct{ Value string }

type ratio struct{ Part, Whole int }

type exportedTask struct {
	ID         string
	Values     map[string]string
	Workstream string
	Baseline   string `json:"baseline_due"`
	Created    time.Time
	Changed    time.Time
	Verdict    struct{ RAG string }
	Late       int `json:"late_days"`
	Slip       struct{ Moves, Days int }
	Changes    []struct {
		At       time.Time
		Field    string
		From, To exportedDate
	}
}

// day counts days from a date's text; ok is false where there is none.
func dayNumber(s string) (n int, ok bool) {
	t, err := time.Parse(time.DateOnly, s)
	return int(t.Unix() / 86400), err == nil
}

func dayOfTime(t time.Time, loc *time.Location) int {
	n, _ := dayNumber(t.In(loc).Format(time.DateOnly))
	return n
}

// at is a field's value at a moment, told from today's by taking back what came later.
func (x *exportedTask) at(field string, when time.Time) string {
	v := x.Values[field]
	for _, c := range slices.Backward(x.Changes) {
		if c.Field == field && !c.At.Before(when) {
			v = c.From.Value
		}
	}
	return v
}

func (x *exportedTask) finished() (time.Time, bool) {
	for _, c := range slices.Backward(x.Changes) {
		if c.Field == "status" && c.To.Value == "done" {
			return c.At, x.Values["status"] == "done"
		}
	}
	return time.Time{}, false
}

func isOpen(status string) bool { return status != "done" && status != "cancelled" }

// missed is the earliest due date that passed while it stood; else today's.
func (x *exportedTask) missed(loc *time.Location) (int, bool) {
	first, known := dayNumber(x.Values["due"])
	since := x.Created
	for i, c := range x.Changes {
		if c.Field != "due" {
			continue
		}
		status := x.Values["status"]
		for _, later := range slices.Backward(x.Changes[i:]) {
			if later.Field == "status" {
				status = later.From.Value
			}
		}
		if was, ok := dayNumber(c.From.Value); ok && isOpen(status) && dayOfTime(c.At, loc) > was && c.At.Sub(since) >= 24*time.Hour && (!known || was < first) {
			first, known = was, true
		}
		since = c.At
	}
	return first, known
}

func (x *exportedTask) rag(today int, loc *time.Location) (rag string, late int) {
	status := x.Values["status"]
	if !isOpen(status) {
		return "none", 0
	}
	if from, ok := x.missed(loc); ok {
		late = max(0, today-from)
	}
	due, dated := dayNumber(x.Values["due"])
	near := dated && due-today <= 7
	switch {
	case late > 7, near && status == "blocked":
		return "red", late
	case late > 0, near && status == "not_started", x.moves() >= 2, status == "in_progress" && today-dayOfTime(x.Changed, loc) >= 14:
		return "amber", late
	case !dated, x.Values["assignee"] == "":
		return "grey", late
	}
	return "green", late
}

func (x *exportedTask) moves() int {
	n := 0
	for _, c := range x.Changes {
		if c.Field == "due" && c.From.Value != "" && c.To.Value != "" {
			n++
		}
	}
	return n
}

// recompute does by hand, from the JSON export alone and from the rules as the guide has them, what the scorecard says of the demo: each task's colour, lateness and slip; counts, schedule adherence, on-time rate, commitments by week, the burn-up, and
// the colours of the partnership, its partners and its workstreams.
func recompute(t *testing.T, v *view.View) {
	t.Helper()
	var file bytes.Buffer
	if err := export.Write(&file, v, export.JSON); err != nil {
		t.Fatal(err)
	}
	var x exported
	if err := json.Unmarshal(file.Bytes(), &x); err != nil {
		t.Fatal(err)
	}
	loc, err := time.LoadLocation(x.Partnership.Timezone)
	if err != nil {
		t.Fatal(err)
	}
	today := dayOfTime(x.At, loc)
	seen := map[string]int{}
	for i := range x.Tasks {
		k := &x.Tasks[i]
		rag, late := k.rag(today, loc)
		seen[rag]++
		if rag != k.Verdict.RAG || isOpen(k.Values["status"]) && late != k.Late {
			t.Errorf("%s is %s and %d days late; by hand it is %s and %d", k.ID, k.Verdict.RAG, k.Late, rag, late)
		}
		days := 0
		if due, ok := dayNumber(k.Values["due"]); ok {
			if base, ok := dayNumber(k.Baseline); ok {
				days = due - base
			}
		}
		if k.moves() != k.Slip.Moves || days != k.Slip.Days {
			t.Errorf("%s has slipped by %+v; by hand %d times, %d days", k.ID, k.Slip, k.moves(), days)
		}
	}
	if len(seen) != 5 {
		t.Errorf("the demo shows the colours %v; it should show all of them", seen)
	}
	x.check(t, "the partnership", &x.Scorecard.Partnership, x.Tasks, today, loc)
	if n := len(x.Scorecard.Partnership.Weeks); n < 10 {
		t.Errorf("%d weeks of commitments; want those of the replay", n)
	}
	for _, groups := range [][]exportedGroup{x.Scorecard.Partners, x.Scorecard.Workstreams} {
		for i := range groups {
			g := &groups[i]
			own := slices.DeleteFunc(slices.Clone(x.Tasks), func(k exportedTask) bool {
				return g.Subject.Partner != "" && k.Values["partner"] != g.Subject.Partner || g.Subject.Workstream != "" && k.Workstream != g.Subject.Workstream
			})
			if len(own) == 0 || len(own) == len(x.Tasks) {
				t.Errorf("%+v has %d tasks", g.Subject, len(own))
			}
			x.check(t, fmt.Sprintf("%+v", g.Subject), g, own, today, loc)
		}
	}
}

// check holds a group's figures against those of its tasks.
func (x *exported) check(t *testing.T, name string, g *exportedGroup, tasks []exportedTask, today int, loc *time.Location) {
	t.Helper()
	counts := map[string]int{}
	var adherence, onTime ratio
	for i := range tasks {
		k := &tasks[i]
		status := k.Values["status"]
		counts["total"]++
		counts[status]++
		base, based := dayNumber(k.Baseline)
		done := status == "done"
		if done {
			adherence.Part++
		}
		if status != "cancelled" && (based && base < today || done && !based) {
			adherence.Whole++
		}
		end, known := k.finished()
		if status != "cancelled" && based && base < today && base >= today-90 && (!done || known) {
			onTime.Whole++
			if done && dayOfTime(end, loc) <= base {
				onTime.Part++
			}
		}
		if !isOpen(status) {
			continue
		}
		rag, late := k.rag(today, loc)
		counts["open"]++
		counts[rag]++
		due, dated := dayNumber(k.Values["due"])
		for what, is := range map[string]bool{
			"overdue": dated && due < today, "late": late > 0, "due_soon": dated && due >= today && due-today <= 7, "no_date": !dated, "no_owner": k.Values["assignee"] == "",
		} {
			if is {
				counts[what]++
			}
		}
	}
	for k, n := range g.Counts {
		if n == 0 {
			delete(g.Counts, k)
		}
	}
	if diff := cmp.Diff(g.Counts, counts); diff != "" {
		t.Errorf("%s: counts (-export +by hand):\n%s", name, diff)
	}
	if g.Adherence != adherence || g.OnTime != onTime {
		t.Errorf("%s: adherence %+v, on time %+v; by hand %+v, %+v", name, g.Adherence, g.OnTime, adherence, onTime)
	}
	var kept ratio
	for _, w := range g.Weeks {
		if got := weekOf(tasks, w, loc); got != w.Commitments {
			t.Errorf("%s, week of %s: %+v; by hand %+v", name, w.First.Value, w.Commitments, got)
		}
		if !w.Current {
			kept.Part, kept.Whole = kept.Part+w.Commitments.Part, kept.Whole+w.Commitments.Whole
		}
	}
	if kept != g.Commitments {
		t.Errorf("%s: commitments %+v; the weeks give %+v", name, g.Commitments, kept)
	}
	for _, p := range g.Burnup {
		end, _ := dayNumber(p.Day.Value)
		done := 0
		for i := range tasks {
			// A point tells of the morning of its day, and the last one of now.
			if at, ok := tasks[i].finished(); ok && (dayOfTime(at, loc) < end || end == today) || tasks[i].Values["status"] == "done" && !ok {
				done++
			}
		}
		if p.Done != done {
			t.Errorf("%s, burn-up on %s: %d done; by hand %d", name, p.Day.Value, p.Done, done)
		}
	}
	want := "green"
	share := float64(adherence.Part) / float64(adherence.Whole)
	switch {
	case adherence.Whole > 0 && share < 0.85:
		want = "red"
	case adherence.Whole > 0 && share < 0.95, g.Forecast != nil && g.Forecast.State == "ok" && g.Target.Value != "" && g.Forecast.P85.Value > g.Target.Value:
		want = "amber"
	}
	if g.Verdict.RAG != want {
		t.Errorf("%s is %s for %+v; by hand it is %s", name, g.Verdict.RAG, g.Verdict.Reasons, want)
	}
}

// weekOf are the commitments of a week: open at its start and due in it or before; kept is done at its end.
func weekOf(tasks []exportedTask, w exportedWeek, loc *time.Location) ratio {
	var r ratio
	start, err := time.ParseInLocation(time.DateOnly, w.First.Value, loc)
	if err != nil {
		return r
	}
	end := start.AddDate(0, 0, 7)
	last, _ := dayNumber(w.Last.Value)
	for i := range tasks {
		k := &tasks[i]
		due, dated := dayNumber(k.at("due", start))
		if !dated || due > last || !isOpen(k.at("status", start)) || !k.Created.Before(start) {
			continue
		}
		r.Whole++
		if k.at("status", end) == "done" {
			r.Part++
		}
	}
	return r
}
