package app_test

import (
	"context"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockstep-sync/lockstep/connectors/google"
	"github.com/lockstep-sync/lockstep/connectors/gsheets"
	"github.com/lockstep-sync/lockstep/connectors/transport"
	"github.com/lockstep-sync/lockstep/internal/demo"
	"github.com/lockstep-sync/lockstep/sync/engine"
)

// TestEditsOfPeopleAreCounted: what speeds the cycles up is what people did, and never what Lockstep wrote.
func TestEditsOfPeopleAreCounted(t *testing.T) {
	t.Parallel()
	r := settled(t)
	card := scorecardOf(r.cycle(t))
	expect := func(what string, rep engine.Report, want int) {
		t.Helper()
		if rep.Edits != want {
			t.Errorf("%s: %d edits, want %d", what, rep.Edits, want)
		}
	}
	expect("nobody did anything", r.cycle(t), 0)
	r.set(t, jiraSource, drill, "In Progress")
	r.set(t, card, lay, "Done")
	expect("two people edited", r.cycle(t), 2)
	expect("what was written for it comes back", r.cycle(t), 0)
	r.append(t, map[string]string{"Title": "Paint the tank", "Partner": "City"})
	if rep := r.cycle(t); rep.Edits == 0 {
		t.Error("a new row counts for nothing")
	}
	r.settle(t)
	expect("at rest", r.cycle(t), 0)
	at, _ := r.find(r.Partner, demo.ActionsTab, "Action", move)
	if err := r.Google.DeleteRow(r.Partner, demo.ActionsTab, at); err != nil {
		t.Fatal(err)
	}
	expect("a row was taken away", r.cycle(t), 1)
	r.settle(t)
	expect("at rest again", r.cycle(t), 0)
}

// plenty lets cycles follow each other quickly.
const plenty = ", reads_per_minute: 36000, writes_per_minute: 36000"

// TestThePaceIsTheConfigurations: the pause after people's edits is the one in the file, and within it the sheets are read as
// seldom as the account's budget wants it. Edits that follow each other would be seen within the short pause, and a day later
// without it.
func TestThePaceIsTheConfigurations(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.interval = "24h\n    active_interval: 1s"
	r.google = plenty
	r.app = r.open(t)
	r.settle(t)
	card := scorecardOf(r.cycle(t))
	wrote := make(chan struct{}, 1)
	r.log.mu.Lock()
	r.log.wrote = func() {
		select {
		case wrote <- struct{}{}:
		default:
		}
	}
	r.log.mu.Unlock()
	var lc net.ListenConfig
	ln, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- r.app.Run(ctx, ln) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	deadline := time.After(patience)
	eventually := func(what string, ok func() bool) {
		t.Helper()
		for !ok() {
			select {
			case <-wrote:
			case <-deadline:
				t.Fatalf("it did not come about: %s\n%s", what, r.log.String())
			}
		}
	}
	r.set(t, jiraSource, drill, "In Progress")
	r.app.Wake()
	eventually("the first edit on the scorecard", func() bool { return r.status(card, drill) == "In progress" })
	r.set(t, citySource, lay, "Done")
	eventually("the second edit on the scorecard", func() bool { return r.status(card, lay) == "Done" })
}

// TestAFloodOfNoticesLeavesHalfOfTheReads: three partnerships of one account, whose tools tell of changes without end, read all
// their sheets in each cycle. Together they take half of the reads of a minute, and hardly any is turned away.
func TestAFloodOfNoticesLeavesHalfOfTheReads(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		budgets := gsheets.NewBudgets(time.Now, gsheets.Limits{})
		cred := google.Credentials{File: "google.json"}
		ctx, stop := context.WithTimeout(t.Context(), time.Hour)
		defer stop()
		var mu sync.Mutex
		read, refused := map[string]int{}, 0
		var wg sync.WaitGroup
		for name, sheets := range map[string]int{"water": 4, "health": 10, "food": 1} {
			var gates []transport.Gate
			for range sheets {
				gates = append(gates, budgets.Gate(cred, name))
			}
			loop := engine.NewLoop(engine.LoopOptions{
				Pace: engine.Pace{Interval: time.Minute, Active: 10 * time.Second},
				Room: func() time.Duration { return budgets.Room(cred, name) },
				Cycle: func(ctx context.Context) bool {
					for _, g := range gates {
						r, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://sheets.googleapis.com/v4/spreadsheets/1", http.NoBody)
						if err != nil {
							t.Error(err)
							return false
						}
						way := g.Enter(r)
						d, _ := way.Wait()
						way.Done(nil)
						mu.Lock()
						if d > 0 {
							refused++
						} else {
							read[name]++
						}
						mu.Unlock()
					}
					return true
				},
			})
			wg.Go(func() { loop.Run(ctx) })
			wg.Go(func() {
				for ctx.Err() == nil {
					loop.Wake()
					<-time.After(100 * time.Millisecond)
				}
			})
		}
		wg.Wait()
		all := 0
		for _, n := range read {
			all += n
		}
		if all > 33*60 || all < 20*60 || refused > all/50 {
			t.Errorf("in an hour %v were read, %d in all, and %d turned away; want 30 a minute or a little less", read, all, refused)
		}
		for name, least := range map[string]int{"water": 4 * 60, "health": 10 * 30, "food": 3 * 60} {
			if read[name] < least {
				t.Errorf("%s read %d sheets in an hour", name, read[name])
			}
		}
		t.Logf("in an hour %v, %d turned away", read, refused)
	})
}
