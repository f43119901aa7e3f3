package web

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/task"
	"github.com/lockstep-sync/lockstep/sync/view"
)

// stream opens the events of a partnership and returns what reads them, line by line.
func stream(t *testing.T, base string) *bufio.Reader {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+"/events?partnership=clean-water", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = res.Body.Close() })
	if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "text/event-stream" || res.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("the events answer %s, %v", res.Status, res.Header)
	}
	r := bufio.NewReader(res.Body)
	if got := event(t, r); got != "retry: 2000\n: hello\n" {
		t.Fatalf("the stream begins with %q", got)
	}
	return r
}

// event is the next lines up to an empty one.
func event(t *testing.T, r *bufio.Reader) string {
	t.Helper()
	var b strings.Builder
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			t.Fatalf("read an event: %v after %q", err, b.String())
		}
		if line == "\n" {
			return b.String()
		}
		b.WriteString(line)
	}
}

func TestEventsFollowCycles(t *testing.T) {
	t.Parallel()
	s := serve(t, seeded(), func(o *Options) {
		o.Viewers = append(o.Viewers, viewers(seeded(), view.Partnership{ID: "other", Name: "Other"})...)
	})
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	const want = "event: cycle\ndata: {\"partnership\":\"clean-water\"}\n"
	var pages []*bufio.Reader
	for range 20 {
		pages = append(pages, stream(t, srv.URL))
	}
	s.Changed("other")
	s.Changed("a partnership that is not served")
	s.Changed("clean-water")
	for _, p := range pages {
		if got := event(t, p); got != want {
			t.Errorf("the event is %q", got)
		}
	}
	s.Close()
	s.Close()
	for _, p := range pages {
		if rest, err := io.ReadAll(p); err != nil || len(rest) > 0 {
			t.Errorf("after the end: %q, %v", rest, err)
		}
	}
	if len(s.live.pages) > 0 { // every stream has ended, so nobody writes to it
		t.Errorf("%d pages are still listening", len(s.live.pages))
	}
}

func TestEventsOfNobody(t *testing.T) {
	t.Parallel()
	s := serve(t, seeded(), nil)
	for _, q := range []string{"", "?partnership=", "?partnership=nobody"} {
		if res, _ := ask(t, s, "GET", "/events"+q); res.StatusCode != http.StatusNotFound {
			t.Errorf("%q answers %s", q, res.Status)
		}
	}
}

// stuck is a page that takes nothing after its first line until it is let go.
type stuck struct {
	http.ResponseWriter

	lines   int
	reached chan struct{}
	letGo   chan struct{}
}

func (w *stuck) Write(b []byte) (int, error) {
	if w.lines++; w.lines == 2 {
		close(w.reached)
		<-w.letGo
		return 0, errors.New("the connection is gone")
	}
	return len(b), nil
}

func (w *stuck) Flush() {}

func TestASlowPageHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	s := serve(t, seeded(), nil)
	w := &stuck{httptest.NewRecorder(), 0, make(chan struct{}), make(chan struct{})}
	done := make(chan struct{})
	joined := func() int {
		s.live.mu.Lock()
		defer s.live.mu.Unlock()
		return len(s.live.pages)
	}
	go func() {
		defer close(done)
		s.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/events?partnership=clean-water", nil))
	}()
	for joined() == 0 {
		s.Changed("clean-water")
	}
	s.Changed("clean-water")
	<-w.reached
	for range 10_000 { // would not come back if it waited for the page
		s.Changed("clean-water")
	}
	close(w.letGo)
	<-done
	if joined() != 0 {
		t.Error("a page that is gone is still listening")
	}
}

func TestHeartbeat(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, err := New(Options{Viewers: viewers(&fakeStore{}, view.Partnership{ID: "p"}), Store: &fakeStore{}})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		w := httptest.NewRecorder()
		done := make(chan struct{})
		go func() {
			defer close(done)
			s.ServeHTTP(w, httptest.NewRequestWithContext(ctx, "GET", "/events?partnership=p", nil))
		}()
		<-time.After(3*heartbeat + time.Second)
		synctest.Wait()
		cancel()
		<-done
		if n := strings.Count(w.Body.String(), ": still here\n\n"); n != 3 {
			t.Errorf("%d heartbeats in a minute; want 3: %q", n, w.Body)
		}
	})
}

func TestRowsChangeWithWhatTheyShow(t *testing.T) {
	t.Parallel()
	st := seeded()
	now := noon
	s := serve(t, st, clockOf(t, st, &now))
	edit := func(change func(*store.State)) string {
		st.edit(func(f *fakeStore) {
			f.state.Tasks = append([]store.Task(nil), f.state.Tasks...)
			f.state.Links = append([]store.Link(nil), f.state.Links...)
			f.state.Holds = append([]task.Hold(nil), f.state.Holds...)
			change(&f.state)
		})
		s.Changed("clean-water")
		_, page := ask(t, s, "GET", theTasks)
		return page
	}
	has(t, edit(func(*store.State) {}), "Publish the baseline report", "WASH-11")
	page := edit(func(st *store.State) { st.Tasks[0].Agreed[task.Title] = task.TextValue("Publish it now") })
	has(t, page, "Publish it now")
	lacks(t, page, "Publish the baseline report")
	page = edit(func(st *store.State) { st.Links[0].Name = "WATER-1" })
	has(t, page, "<bdi>WATER-1</bdi>")
	lacks(t, page, "WASH-11<")
	has(t, edit(func(st *store.State) { st.Holds[0].Hint = "Ask Grace." }), "Ask Grace.")
	now = now.AddDate(0, 0, 1)
	has(t, edit(func(*store.State) {}), "10 days overdue")
}

func TestManyReadersAndCyclesAtOnce(t *testing.T) {
	t.Parallel()
	st := seeded()
	s := serve(t, st, nil)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for n := range 20 {
				path := []string{thePage, theTasks + "?overdue=1", thePage + "/t/CW-2", "/api/v1/partnerships/clean-water/tasks"}[(i+n)%4]
				w := httptest.NewRecorder()
				s.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", path, nil))
				if w.Code != 200 {
					t.Errorf("%s answers %d", path, w.Code)
				}
			}
		})
	}
	for range 50 {
		st.edit(func(f *fakeStore) {
			tasks := append([]store.Task(nil), f.state.Tasks...)
			tasks[0].Agreed[task.Due] = dateIn(int(f.state.Generation))
			f.state.Tasks, f.state.Generation = tasks, f.state.Generation+1
		})
		s.Changed("clean-water")
	}
	wg.Wait()
}
