package app_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/lockstep-sync/lockstep/internal/demo"
)

// cutter breaks the connection at the n-th write that Jira is sent, before Jira sees it or after it was carried out.
type cutter struct {
	handler http.Handler
	at      int64 // 0: never
	after   bool
	lasting bool // nothing gets through from then on
	down    atomic.Bool
	writes  atomic.Int64
}

func (c *cutter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if c.down.Load() {
		panic(http.ErrAbortHandler)
	}
	reads := r.Method == http.MethodGet || strings.Contains(r.URL.Path, "/search") || strings.HasSuffix(r.URL.Path, "/bulkfetch")
	if !reads && c.writes.Add(1) == c.at {
		c.down.Store(c.lasting)
		if c.after {
			c.handler.ServeHTTP(httptest.NewRecorder(), r)
		}
		panic(http.ErrAbortHandler)
	}
	c.handler.ServeHTTP(w, r)
}

// whatPeopleDid is a day's edits on the scorecard: a status two hops away, one that closes, a new task, an update.
func whatPeopleDid(t *testing.T, r *rig) {
	t.Helper()
	r.set(t, scorecardSource, drill, "Done")
	r.set(t, scorecardSource, test, "Cancelled")
	r.set(t, scorecardSource, stuck, "In progress")
	r.write(t, drill, "Water at forty metres\n"+r.notes(drill))
	grid := r.Google.Rows(r.Scorecard, demo.ScorecardTab)
	for column, text := range map[string]string{"Title": paint, "Partner": "Aqua", "Status": "In progress", "Notes": "Blue, please"} {
		if err := r.Google.Type(r.Scorecard, demo.ScorecardTab, r.column(r.Scorecard, demo.ScorecardTab, column)+fmt.Sprint(len(grid)+1), text); err != nil {
			t.Fatal(err)
		}
	}
}

const (
	paint           = "Paint the pump house"
	scorecardSource = "scorecard"
)

// TestACutAtEveryWrite cuts the connection to Jira at each of its writes in turn, for that one request or for two cycles. In the
// end every tool agrees, and nothing is there twice.
func TestACutAtEveryWrite(t *testing.T) {
	t.Parallel()
	for _, dataCenter := range []bool{false, true} {
		most := cutAt(t, dataCenter, 0, false, false)
		if most < 8 {
			t.Fatalf("the day takes %d writes only", most)
		}
		for at := int64(1); at <= most; at++ {
			if underRace && (dataCenter || at%4 != 1) {
				continue // without the race detector each of them has its turn
			}
			for _, how := range []struct{ after, lasting bool }{{false, false}, {true, false}, {at%2 == 0, true}} {
				t.Run(fmt.Sprintf("data center %v, write %d, after %v, lasting %v", dataCenter, at, how.after, how.lasting), func(t *testing.T) {
					t.Parallel()
					cutAt(t, dataCenter, at, how.after, how.lasting)
				})
			}
		}
	}
}

// cutAt plays the day with one cut, and returns how many writes Jira was sent.
func cutAt(t *testing.T, dataCenter bool, at int64, after, lasting bool) int64 {
	t.Helper()
	r := newRigWith(t, demo.Options{Listen: "127.0.0.1:0", DataCenter: dataCenter})
	r.extra = ", comments: all"
	if dataCenter {
		r.noEmail = true
	}
	cut := &cutter{handler: r.front.handler, after: after, lasting: lasting}
	r.front.shut()
	r.front.handler = cut
	r.front.open(t)
	r.app = r.open(t)
	r.settle(t)
	cut.writes.Store(0)
	cut.at = at
	whatPeopleDid(t, r)
	for n := range 25 { // what has no answer is looked for past the index's time, and what was refused is tried after a pause
		if n == 2 {
			cut.down.Store(false)
		}
		r.cycle(t)
	}
	for title, want := range map[string]string{drill: "Done", test: "Done", stuck: "In Progress", paint: "In Progress"} {
		key, n := r.key(title)
		v, _ := r.Jira.Issue(key)
		if n != 1 || v.Status != want {
			t.Errorf("Jira has %q %d times, in status %q; want %q", title, n, v.Status, want)
		}
		if title == test && v.Resolution != "Won't Do" {
			t.Errorf("%q is closed as %q", title, v.Resolution)
		}
	}
	for title, want := range map[string]string{drill: "Lockstep: Water at forty metres", paint: "Lockstep: Blue, please"} {
		if got := r.said(title); !strings.EqualFold(got, want) {
			t.Errorf("%q is commented with %q, want %q", title, got, want)
		}
	}
	for range 2 {
		if rep := r.cycle(t); len(rep.Patches) > 0 || rep.Conflicts > 0 {
			t.Errorf("it does not come to rest: %+v, held %+v", rep.Patches, rep.Holds)
		}
	}
	return cut.writes.Load()
}
