package jira

import (
	"fmt"
	"slices"
	"testing"
	"time"

	sandbox "github.com/lockstep-sync/lockstep/connectors/sandbox/jira"
	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// listed pulls until a census came to its end. No pull on the way may cost more than two requests, unless it brings something.
func (tl *tool) listed() task.Snapshot {
	tl.t.Helper()
	for range 200 {
		tl.requests()
		snap := tl.read()
		if got := tl.requests(); len(got) > 2 && len(snap.Records) <= 1 {
			tl.t.Errorf("a pull costs %v", got)
		}
		if snap.Listing != nil {
			return snap
		}
		tl.clock.pass(time.Minute)
	}
	tl.t.Fatal("no census came to its end")
	return task.Snapshot{}
}

func ids(tl *tool) []string {
	var out []string
	for _, k := range tl.srv.Keys() {
		out = append(out, tl.view(k).ID)
	}
	slices.Sort(out)
	return out
}

func TestCensusNamesEveryIssue(t *testing.T) {
	t.Parallel()
	tl := start(t, setup{})
	for i := range 230 {
		tl.srv.Add(sandbox.Seed{Summary: fmt.Sprintf("Task %d", i)})
	}
	tl.read()
	for _, wait := range []time.Duration{0, 20 * time.Minute, 25 * time.Hour, 20 * time.Minute} {
		tl.clock.pass(wait)
		if err := tl.srv.Delete(tl.srv.Keys()[17]); err != nil {
			t.Fatal(err)
		}
		if got, want := tl.listed().Listing, ids(tl); !slices.Equal(got, want) {
			t.Errorf("after %s the census lists %d, want %d", wait, len(got), len(want))
		}
	}
}

// After a day everything is read once more, a page a pull, for there are changes that no issue's time tells of.
func TestThoroughCensusReadsEverything(t *testing.T) {
	t.Parallel()
	tl := start(t, setup{})
	for i := range 230 {
		tl.srv.Add(sandbox.Seed{Summary: fmt.Sprintf("Task %d", i)})
	}
	tl.read()
	tl.clock.pass(25 * time.Hour)
	read := map[string]bool{}
	for range 12 {
		snap := tl.read()
		for _, r := range snap.Records {
			read[r.Name] = true
		}
		tl.clock.pass(time.Minute)
	}
	if len(read) != 230 {
		t.Errorf("read %d issues anew, want 230", len(read))
	}
}

// An index that is later than increments reach back hides nothing for good.
func TestCensusFindsWhatTheIndexShowedTooLate(t *testing.T) {
	t.Parallel()
	tl := start(t, setup{jira: sandbox.Options{IndexLag: 40 * time.Minute}})
	late := tl.srv.Add(sandbox.Seed{Summary: "Late"})
	early := tl.srv.Add(sandbox.Seed{Summary: "Early"})
	tl.clock.pass(time.Hour)
	first := tl.read()
	if err := tl.srv.Set(late, map[string]any{"summary": "Late, changed"}); err != nil {
		t.Fatal(err)
	}
	tl.clock.pass(time.Minute)
	// Our own write is read past the index, and carries the cursor beyond the change that the index does not show yet.
	tl.must(change(recordOf(t, first, early), task.Title, task.TextValue("Early, changed")))
	title := ""
	for range 70 {
		for _, r := range tl.read().Records {
			if r.Name == late {
				title = r.Values[task.Title].String()
			}
		}
		tl.clock.pass(time.Minute)
	}
	if title != "Late, changed" {
		t.Errorf("the change was missed: %q", title)
	}
}

// What a pull brought and nobody accounted for is brought again.
func TestCensusThatWasNotAccountedForComesAgain(t *testing.T) {
	t.Parallel()
	tl := start(t, setup{})
	for i := range 60 {
		tl.srv.Add(sandbox.Seed{Summary: fmt.Sprintf("Task %d", i)})
	}
	tl.read()
	tl.clock.pass(20 * time.Minute)
	before := tl.cursor
	if snap := tl.read(); len(snap.Listing) != 60 || snap.Cursor == before {
		t.Fatalf("%d listed, cursor %s after %s", len(snap.Listing), snap.Cursor, before)
	}
	tl.cursor = before
	if snap := tl.read(); len(snap.Listing) != 60 {
		t.Errorf("the list did not come again: %d", len(snap.Listing))
	}
	if snap := tl.read(); snap.Listing != nil {
		t.Errorf("the list was accounted for and comes again")
	}
}

// From an empty answer to nobody no list of issues follows.
func TestCensusOfAStranger(t *testing.T) {
	t.Parallel()
	tl := start(t, setup{})
	tl.srv.Add(sandbox.Seed{Summary: "A"})
	tl.read()
	tl.clock.pass(20 * time.Minute)
	tl.srv.ExpireToken(sandbox.TokenSilent)
	for range 3 {
		snap, err := tl.Pull(t.Context(), tl.cursor)
		if !fault.HasReason(err, fault.Auth) || snap.Listing != nil {
			t.Fatalf("%v, listed %v", err, snap.Listing)
		}
		tl.clock.pass(time.Minute)
	}
	tl.srv.ExpireToken(sandbox.TokenGood)
	if got := tl.listed().Listing; len(got) != 1 {
		t.Errorf("listed %v", got)
	}
}

// The newest issue was deleted: increments would find nothing from its time on, and must not ask each time who we are.
func TestIncrementsAfterTheNewestIssueWasDeleted(t *testing.T) {
	t.Parallel()
	tl := start(t, setup{})
	tl.srv.Add(sandbox.Seed{Summary: "A"})
	tl.clock.pass(time.Hour)
	newest := tl.srv.Add(sandbox.Seed{Summary: "B"})
	tl.read()
	tl.clock.pass(time.Hour)
	if err := tl.srv.Delete(newest); err != nil {
		t.Fatal(err)
	}
	tl.listed()
	for range 5 {
		tl.requests()
		tl.read()
		if got := tl.requests(); len(got) > 2 || slices.Contains(got, "GET /myself") {
			t.Errorf("an idle pull costs %v", got)
		}
		tl.clock.pass(time.Minute)
	}
}
