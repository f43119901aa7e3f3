package app_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/lockstep-sync/lockstep/connectors/sandbox/dials"
	"github.com/lockstep-sync/lockstep/internal/demo"
	"github.com/lockstep-sync/lockstep/sync/engine"
	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// heldFor returns the hold of a source and reason, and fails the test unless there is one, with a hint that has the words.
func heldFor(t *testing.T, rep engine.Report, source task.SourceID, reason task.HoldReason, hint string) task.Hold {
	t.Helper()
	for _, h := range rep.Holds {
		if h.Source == source && h.Reason == reason {
			if !strings.Contains(h.Hint, hint) {
				t.Errorf("the hint is %q, want %q in it", h.Hint, hint)
			}
			return h
		}
	}
	t.Errorf("nothing of %s is held as %s: %+v", source, reason, rep.Holds)
	return task.Hold{}
}

// TestAMissingColumn takes a field's column out of a partner's sheet: that field is held, the others travel, and no value is
// erased by it.
func TestAMissingColumn(t *testing.T) {
	t.Parallel()
	r := settled(t)
	card := scorecardOf(r.cycle(t))
	cell := func(a1, typed string) {
		t.Helper()
		if err := r.Google.Type(r.Partner, demo.ActionsTab, a1, typed); err != nil {
			t.Fatal(err)
		}
	}
	r.set(t, citySource, lay, "In progress")
	r.settle(t)
	cell("B1", "Phase") // it was "Status"
	cell("D2", "Waiting for pipes")
	r.set(t, jiraSource, drill, "In Progress")
	r.set(t, card, move, "Done")

	rep := r.cycle(t)
	h := heldFor(t, rep, citySource, task.HoldSchemaDrift, "“Status”")
	if h.Field != task.Status.String() || !strings.Contains(h.Hint, "Phase") {
		t.Errorf("held is %+v, want the field status and the headers that are there", h)
	}
	r.expect(t, "without the column", card, lay, "In progress")
	r.expect(t, "without the column", card, drill, "In progress")
	at, _ := r.find(r.Scorecard, demo.ScorecardTab, "Title", lay)
	if got := r.Google.Cell(r.Scorecard, demo.ScorecardTab, r.column(r.Scorecard, demo.ScorecardTab, "Notes")+fmt.Sprint(at)); got != "Waiting for pipes" {
		t.Errorf("the notes do not travel while the status is held: %v", got)
	}
	if got := r.Google.Cell(r.Partner, demo.ActionsTab, "B3"); got != "Not started" {
		t.Errorf("the column that is not ours now was written: %v", got)
	}
	cell("B2", "Done") // typed while nobody reads it
	cell("B1", "Status")
	r.settle(t)
	r.expect(t, "with the column back", card, lay, "Done")
	r.expect(t, "with the column back", citySource, move, "Done")
	r.whole(t)
}

// TestARenamedStatus gives a status that the configuration names another name: it goes on meaning what it meant, and the
// operator is told.
func TestARenamedStatus(t *testing.T) {
	t.Parallel()
	r := settled(t)
	card := scorecardOf(r.cycle(t))
	r.expect(t, "before", card, stuck, "Blocked")
	if err := r.Jira.RenameStatus("Blocked", "Impeded"); err != nil {
		t.Fatal(err)
	}
	r.set(t, jiraSource, drill, "Impeded")
	r.set(t, card, test, "Blocked")
	r.set(t, card, lay, "Done")
	for range 3 {
		r.cycle(t)
	}
	rep := r.cycle(t)
	heldFor(t, rep, jiraSource, task.HoldSchemaDrift, "“Impeded”")
	for _, title := range []string{stuck, drill, test} {
		r.expect(t, "renamed", card, title, "Blocked")
		r.expect(t, "renamed", jiraSource, title, "Impeded")
	}
	r.expect(t, "renamed", citySource, lay, "Done")
	r.whole(t)
	if len(rep.Patches) > 0 {
		t.Errorf("it does not come to rest: %+v", rep.Patches)
	}
}

// TestTheScorecardIsOut edits the partners' tools while the scorecard cannot be read: it is all there afterwards.
func TestTheScorecardIsOut(t *testing.T) {
	t.Parallel()
	r := settled(t)
	card := scorecardOf(r.cycle(t))
	if err := r.Google.Unshare(r.Scorecard); err != nil {
		t.Fatal(err)
	}
	r.set(t, jiraSource, drill, "In Progress")
	r.set(t, citySource, lay, "Done")
	rep := r.cycle(t)
	if s := sourceOf(t, rep, card); s.Reason != fault.Auth || !strings.Contains(s.Hint, "share the spreadsheet") {
		t.Errorf("the scorecard: %+v", s)
	}
	r.set(t, jiraSource, drill, "Done") // twice before anybody could see the first
	r.cycle(t)
	if err := r.Google.Share(r.Scorecard); err != nil {
		t.Fatal(err)
	}
	r.settle(t)
	r.expect(t, "shared again", card, drill, "Done")
	r.expect(t, "shared again", card, lay, "Done")
	r.whole(t)
}

// TestNothingIsRemovedWithoutAccess takes away the right to see the project's issues: Jira then says of all of them that
// there are none, with 200. They are held, not removed.
func TestNothingIsRemovedWithoutAccess(t *testing.T) {
	t.Parallel()
	r := settled(t)
	card := scorecardOf(r.cycle(t))
	r.Jira.Deny("BROWSE_PROJECTS")
	r.clock.Set(r.clock.Now().Add(2 * time.Hour)) // everything is read anew then
	r.set(t, citySource, lay, "Done")
	rep := r.cycle(t)
	s := sourceOf(t, rep, jiraSource)
	if s.Read {
		heldFor(t, rep, jiraSource, task.HoldNoAccess, "access")
	} else if s.Hint == "" {
		t.Errorf("the source sits out without a hint: %+v", s)
	}
	for _, p := range rep.Patches {
		if p.Op == task.Remove {
			t.Errorf("planned a removal: %+v", p)
		}
	}
	if rep.Tasks != 7 {
		t.Errorf("%d tasks, want all 7", rep.Tasks)
	}
	r.expect(t, "without access", card, lay, "Done")
	r.shown(t)

	r.Jira.Allow("BROWSE_PROJECTS")
	r.set(t, jiraSource, drill, "In Progress")
	r.settle(t)
	r.expect(t, "with access again", card, drill, "In progress")
	r.whole(t)
}

// TestACreateWhoseAnswerIsLost cuts the connection after the write landed: exactly one issue, and exactly one row, come of it.
func TestACreateWhoseAnswerIsLost(t *testing.T) {
	t.Parallel()
	lost := map[string]dials.Effect{"cut": dials.CutAfter, "broken off": dials.Truncate}
	for name, effect := range lost {
		t.Run("an issue, "+name, func(t *testing.T) {
			t.Parallel()
			r := settled(t)
			r.Jira.Panel().Inject(dials.Fault{Method: http.MethodPost, Path: "/issue", Effect: effect})
			r.append(t, map[string]string{"Title": "Audit the accounts", "Partner": "Aqua"})
			first := r.cycle(t)
			if first.Result == engine.ResultOK {
				t.Error("the fault struck nothing: the cycle went well")
			}
			r.clock.Set(r.clock.Now().Add(10 * time.Minute)) // the search index has caught up
			r.settle(t)
			if _, n := r.key("Audit the accounts"); n != 1 {
				t.Errorf("%d issues, want exactly one", n)
			}
			if _, n := r.find(r.Scorecard, demo.ScorecardTab, "Title", "Audit the accounts"); n != 1 {
				t.Errorf("%d rows, want exactly one", n)
			}
		})
		t.Run("a row, "+name, func(t *testing.T) {
			t.Parallel()
			r := settled(t)
			r.Google.Panel().Inject(dials.Fault{Method: http.MethodPost, Path: r.Scorecard, Effect: effect})
			if err := r.Google.Type(r.Partner, demo.ActionsTab, "A4", "Mend the fence"); err != nil {
				t.Fatal(err)
			}
			first := r.cycle(t)
			if first.Result == engine.ResultOK {
				t.Error("the fault struck nothing: the cycle went well")
			}
			r.clock.Set(r.clock.Now().Add(10 * time.Minute))
			r.settle(t)
			if _, n := r.find(r.Scorecard, demo.ScorecardTab, "Title", "Mend the fence"); n != 1 {
				t.Errorf("%d rows, want exactly one", n)
			}
			if _, n := r.find(r.Partner, demo.ActionsTab, "Action", "Mend the fence"); n != 1 {
				t.Errorf("%d rows of the partner's, want exactly one", n)
			}
		})
	}
}

// append types a row under the scorecard's last one.
func (r *rig) append(t *testing.T, cells map[string]string) {
	t.Helper()
	at := len(r.Google.Rows(r.Scorecard, demo.ScorecardTab)) + 1
	for header, typed := range cells {
		a1 := r.column(r.Scorecard, demo.ScorecardTab, header) + fmt.Sprint(at)
		if err := r.Google.Type(r.Scorecard, demo.ScorecardTab, a1, typed); err != nil {
			t.Fatal(err)
		}
	}
}

// TestAQuotaThatIsTooSmall gives Google's account four reads and four writes a minute, for three sheets: cycles are cut short, and in
// the end everything has arrived once.
func TestAQuotaThatIsTooSmall(t *testing.T) {
	t.Parallel()
	r := newRigWith(t, demo.Options{Listen: "127.0.0.1:0", Quota: 4})
	r.app = r.open(t)
	limited := false
	for range 30 {
		rep := r.cycle(t)
		for _, s := range rep.Sources {
			limited = limited || s.Reason == fault.RateLimited
		}
		for _, p := range rep.Patches {
			limited = limited || strings.Contains(p.Error, "Quota exceeded")
		}
		if rep.Converged {
			break
		}
	}
	if !limited {
		t.Error("no quota was met: this proves nothing")
	}
	r.settle(t)
	r.whole(t)
}

// TestAnUpdateWhoseAnswerIsLost cuts the connection after an update landed, or refuses the token just then: it is not done twice
// over what a person typed since.
func TestAnUpdateWhoseAnswerIsLost(t *testing.T) {
	t.Parallel()
	refused := reply(http.StatusUnauthorized, "application/json", `{"message":"Client must be authenticated to access this resource."}`)
	for name, f := range map[string]dials.Fault{"cut": {Effect: dials.CutAfter}, "broken off": {Effect: dials.Truncate}, "refused": refused} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := settled(t)
			card := scorecardOf(r.cycle(t))
			f.Method, f.Path = http.MethodPost, "/transitions"
			r.Jira.Panel().Inject(f)
			r.set(t, card, test, "In progress")
			r.set(t, card, move, "Done")
			first := r.cycle(t)
			if s := sourceOf(t, first, jiraSource); s.Failed == 0 && s.Landed == 0 {
				t.Errorf("nothing was written to Jira: %+v", s)
			}
			if n := struckBy(r, "/transitions"); n == 0 {
				t.Error("the fault struck nothing")
			}
			r.expect(t, "in the same cycle", citySource, move, "Done")
			r.set(t, jiraSource, test, "Done") // a person goes on
			r.clock.Set(r.clock.Now().Add(10 * time.Minute))
			r.settle(t)
			r.expect(t, "in the end", card, test, "Done")
			r.expect(t, "in the end", jiraSource, test, "Done")
			r.whole(t)
		})
	}
}

// struckBy is how many requests of Jira's to that path were made.
func struckBy(r *rig, path string) (n int) {
	for _, q := range r.Jira.Panel().Requests() {
		if q.Method == http.MethodPost && strings.Contains(q.Path, path) {
			n++
		}
	}
	return n
}

// TestATrashedSpreadsheet: the real Sheets goes on answering for a file in the bin, so until Drive is asked Lockstep goes on keeping
// it right (see TestASpreadsheetInTheBin); when it is deleted for good it is held, and nothing of it is removed elsewhere.
func TestATrashedSpreadsheet(t *testing.T) {
	t.Parallel()
	r := settled(t)
	card := scorecardOf(r.cycle(t))
	if err := r.Google.Trash(r.Partner); err != nil {
		t.Fatal(err)
	}
	r.set(t, card, move, "Done")
	r.settle(t)
	r.expect(t, "in the bin", citySource, move, "Done")
	if err := r.Google.Delete(r.Partner); err != nil {
		t.Fatal(err)
	}
	r.set(t, jiraSource, drill, "Done")
	for range 3 {
		rep := r.cycle(t)
		if s := sourceOf(t, rep, citySource); s.Reason != fault.NotFound || !strings.Contains(s.Hint, "check spreadsheet") || rep.Tasks != 7 {
			t.Errorf("deleted for good, %d tasks: %+v", rep.Tasks, s)
		}
	}
	r.expect(t, "deleted for good", card, drill, "Done")
	r.expect(t, "deleted for good", card, move, "Done")
	r.shown(t)
}

// TestAWriteThatIsRefused has one tool refuse to be written: the report says so, the other tools are written, and what was
// refused is written once it may be.
func TestAWriteThatIsRefused(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		strike, mend func(*testing.T, *rig)
		says, hint   string
		account      bool // it stops the account's other sheets too
	}{
		"the sheet may only be read": {
			func(t *testing.T, r *rig) {
				t.Helper()
				if err := r.Google.ReadOnly(r.Partner); err != nil {
					t.Fatal(err)
				}
			},
			func(t *testing.T, r *rig) {
				t.Helper()
				if err := r.Google.Share(r.Partner); err != nil {
					t.Fatal(err)
				}
			}, "403", "as an editor", false,
		},
		"the sheet's quota ends before the write": {
			func(_ *testing.T, r *rig) {
				f := reply(http.StatusTooManyRequests, "application/json", quotaBody)
				f.Method, f.Path, f.Times = http.MethodPost, r.Partner, -1
				r.Google.Panel().Inject(f)
			}, cleared, "Quota exceeded", "", true,
		},
		"the server refuses the value": {
			func(_ *testing.T, r *rig) {
				f := reply(http.StatusBadRequest, "application/json", `{"error":{"code":400,"message":"Invalid requests[0].updateCells.","status":"INVALID_ARGUMENT"}}`)
				f.Method, f.Path, f.Times = http.MethodPost, r.Partner, -1
				r.Google.Panel().Inject(f)
			}, cleared, "Invalid requests[0]", "refused", false,
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := settled(t)
			card := scorecardOf(r.cycle(t))
			c.strike(t, r)
			r.set(t, card, move, "Done")
			r.set(t, card, test, "Done")
			r.set(t, citySource, lay, "In progress")
			rep := r.cycle(t)
			found := false
			for _, p := range rep.Patches {
				if p.Ref.Source == citySource {
					found = true
					if !strings.Contains(p.Error, c.says) || !strings.Contains(p.Hint, c.hint) {
						t.Errorf("the report says %q and advises %q, want %q and %q", p.Error, p.Hint, c.says, c.hint)
					}
				}
			}
			if s := sourceOf(t, rep, citySource); !found || s.Failed != 1 || rep.Result != engine.ResultPartial {
				t.Errorf("the report does not show the write that was refused: %s, %+v", rep.Result, s)
			}
			r.expect(t, "refused", jiraSource, test, "Done")
			if !c.account {
				r.expect(t, "refused", card, lay, "In progress")
			}
			r.expect(t, "refused", citySource, move, "Not started")
			r.expect(t, "refused", card, move, "Done") // it is not taken back
			c.mend(t, r)
			r.clock.Set(r.clock.Now().Add(time.Hour))
			r.settle(t)
			r.expect(t, "mended", citySource, move, "Done")
			r.whole(t)
		})
	}
}
