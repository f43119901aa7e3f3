package web

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/task"
)

func bigTask(i int) store.Task {
	l := seedLines[i%len(seedLines)]
	t := store.Task{ID: task.ID(fmt.Sprintf("CW-%d", i+1)), Number: int64(i + 1)}
	t.Agreed[task.Title], t.Agreed[task.Partner] = task.TextValue(fmt.Sprintf("%s, part %d", l.title, i)), task.EnumValue(l.partner)
	t.Agreed[task.Status], t.Agreed[task.Assignee] = task.EnumValue(l.status), task.PersonValue(l.owner)
	t.Agreed[task.Due], t.Baseline = dateIn(i%90-20), dateIn(i%60-20)
	return t
}

// big is a partnership of n tasks with two links each.
func big(n int) *fakeStore {
	f := seeded()
	f.state.Tasks, f.state.Links = nil, nil
	for i := range n {
		t := bigTask(i)
		f.state.Tasks = append(f.state.Tasks, t)
		f.state.Links = append(f.state.Links,
			store.Link{Task: t.ID, Source: "aquafund-jira", Name: fmt.Sprintf("WASH-%d", i), URL: fmt.Sprintf("https://aquafund.example.net/browse/WASH-%d", i)},
			store.Link{Task: t.ID, Source: "scorecard", Name: fmt.Sprintf("row %d", i), URL: fmt.Sprintf("https://sheets.example.net/scorecard#row=%d", i)})
	}
	return f
}

func fetch(b *testing.B, s *Server, path string) {
	b.Helper()
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequestWithContext(b.Context(), "GET", path, nil))
	if w.Code != 200 {
		b.Fatalf("answer %d", w.Code)
	}
	b.SetBytes(int64(w.Body.Len()))
}

// BenchmarkPage is every page of 10,000 tasks, the time that the store takes left out. The target is 100 ms. "after a cycle" is the first
// page after one that changed a hundred tasks, for which all figures are worked out anew.
func BenchmarkPage(b *testing.B) {
	const tasks = 10_000
	st := big(tasks)
	s := serve(b, st, nil)
	for _, path := range everyPage() {
		fetch(b, s, path)
		b.Run(strings.TrimPrefix(path, thePage), func(b *testing.B) {
			for b.Loop() {
				fetch(b, s, path)
			}
		})
	}
	b.Run("after a cycle", func(b *testing.B) {
		for n := 0; b.Loop(); n++ {
			for i := range 100 {
				st.state.Tasks[(n*100+i)%tasks].Agreed[task.Notes] = task.TextValue(fmt.Sprint(n))
				st.state.Tasks[(n*100+i)%tasks].Agreed[task.Assignee] = task.PersonValue(fmt.Sprint("Person ", n))
			}
			s.Changed("clean-water")
			fetch(b, s, theTasks)
		}
	})
	b.Run("filtered", func(b *testing.B) {
		for b.Loop() {
			fetch(b, s, theTasks+"?overdue=1&q=borehole")
		}
	})
}
