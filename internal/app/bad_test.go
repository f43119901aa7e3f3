package app_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/lockstep-sync/lockstep/connectors/sandbox/dials"
	jirabox "github.com/lockstep-sync/lockstep/connectors/sandbox/jira"
	"github.com/lockstep-sync/lockstep/internal/demo"
	"github.com/lockstep-sync/lockstep/sync/engine"
	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// mishap is something that befalls one source.
type mishap struct {
	name   string
	source task.SourceID
	strike func(t *testing.T, r *rig)
	mend   func(t *testing.T, r *rig)
	after  time.Duration // how long it takes beyond that until the source is asked again
	reason fault.Reason
	says   string // in the error
	hint   string // in the hint; "" where there is nothing to be done
	// account says that it befalls the whole account: other sources that use it may sit out too.
	account bool
}

// struck returns a mishap's strike that sets a fault on either panel until it is cleared.
func struck(source task.SourceID, f dials.Fault) func(*testing.T, *rig) {
	f.Times = -1
	return func(_ *testing.T, r *rig) {
		if source == jiraSource {
			r.Jira.Panel().Inject(f)
			return
		}
		f.Path, _, _, _ = r.sheetOf(source)
		r.Google.Panel().Inject(f)
	}
}

func cleared(_ *testing.T, r *rig) {
	r.Jira.Panel().Clear()
	r.Google.Panel().Clear()
}

// reply is a fault that answers every request.
func reply(status int, contentType, body string, header ...string) dials.Fault {
	h := http.Header{"Content-Type": {contentType}}
	for i := 0; i+1 < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return dials.Fault{Effect: dials.Reply, Status: status, Header: h, Body: body}
}

const (
	loginPage = "<!doctype html><html><head><title>Sign in to continue</title></head><body><form></form></body></html>"
	// As Google answers, word for word but for the project's number.
	quotaBody = `{"error":{"code":429,"message":"Quota exceeded for quota metric 'Read requests' and limit 'Read requests per minute per user' of service ` +
		`'sheets.googleapis.com' for consumer 'project_number:1'.","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo",` +
		`"reason":"RATE_LIMIT_EXCEEDED","domain":"googleapis.com"}]}}`
)

func mishaps() []mishap {
	sheet := func(f func(r *rig, id, tab string) error) func(*testing.T, *rig) {
		return func(t *testing.T, r *rig) {
			t.Helper()
			if err := f(r, r.Partner, demo.ActionsTab); err != nil {
				t.Fatal(err)
			}
		}
	}
	hour := []string{"Retry-After", "3600"}
	return []mishap{
		{
			name: "Jira refuses the token", source: jiraSource, reason: fault.Auth, says: "did not accept the credential", hint: "token",
			strike: func(_ *testing.T, r *rig) { r.Jira.ExpireToken(jirabox.TokenRefused) },
			mend:   func(_ *testing.T, r *rig) { r.Jira.ExpireToken(jirabox.TokenGood) },
		},
		{
			name: "Jira takes the token for a stranger's and answers 200 with nothing", source: jiraSource, reason: fault.Auth, hint: "token",
			strike: func(_ *testing.T, r *rig) { r.Jira.ExpireToken(jirabox.TokenSilent) },
			mend:   func(_ *testing.T, r *rig) { r.Jira.ExpireToken(jirabox.TokenGood) },
		},
		{
			name: "Jira's server is dead", source: jiraSource, reason: fault.Unavailable, says: "connection refused",
			strike: func(_ *testing.T, r *rig) { r.front.shut() },
			mend:   func(t *testing.T, r *rig) { t.Helper(); r.front.open(t) },
		},
		{
			name: "Jira is down", source: jiraSource, reason: fault.Unavailable, says: "503",
			strike: struck(jiraSource, reply(http.StatusServiceUnavailable, "text/plain", "down for maintenance")), mend: cleared,
		},
		{
			name: "Jira's address leads to a login page", source: jiraSource, reason: fault.Invalid, says: "Sign in to continue", hint: "address",
			strike: struck(jiraSource, reply(http.StatusOK, "text/html", loginPage)), mend: cleared,
		},
		{
			name: "Jira's answer breaks off", source: jiraSource, reason: fault.Unavailable, says: "unexpected EOF",
			strike: struck(jiraSource, dials.Fault{Effect: dials.Truncate}), mend: cleared,
		},
		{
			name: "Jira's answer is cut short, and whole by its length", source: jiraSource, reason: fault.Invalid,
			strike: struck(jiraSource, reply(http.StatusOK, "application/json", `{"issues":[{"id":"100`)), mend: cleared,
		},
		{
			name: "Jira hangs up", source: jiraSource, reason: fault.Unavailable,
			strike: struck(jiraSource, dials.Fault{Effect: dials.CutBefore}), mend: cleared,
		},
		{
			name: "Jira asks for an hour's rest", source: jiraSource, reason: fault.RateLimited, says: "429", after: time.Hour,
			strike: struck(jiraSource, reply(http.StatusTooManyRequests, "application/json", `{"message":"Rate limit exceeded."}`, hour...)), mend: cleared,
		},
		{
			name: "Google's quota is used up", source: citySource, reason: fault.RateLimited, says: "Quota exceeded", after: time.Minute, account: true,
			strike: struck(citySource, reply(http.StatusTooManyRequests, "application/json", quotaBody)), mend: cleared,
		},
		{
			name: "a sheet leads to a login page", source: citySource, reason: fault.Invalid, says: "invalid character '<'", hint: "login page",
			strike: struck(citySource, reply(http.StatusOK, "text/html", loginPage)), mend: cleared,
		},
		{
			name: "a sheet's answer breaks off", source: citySource, reason: fault.Unavailable,
			strike: struck(citySource, dials.Fault{Effect: dials.Truncate}), mend: cleared,
		},
		{
			name: "a tab is renamed", source: citySource, reason: fault.SchemaDrift, says: "Actions", hint: "Old actions",
			strike: sheet(func(r *rig, id, tab string) error { return r.Google.RenameTab(id, tab, "Old actions") }),
			mend:   sheet(func(r *rig, id, tab string) error { return r.Google.RenameTab(id, "Old actions", tab) }),
		},
		{
			name: "a spreadsheet is unshared", source: citySource, reason: fault.Auth, says: "403", hint: "share the spreadsheet",
			strike: sheet(func(r *rig, id, _ string) error { return r.Google.Unshare(id) }),
			mend:   sheet(func(r *rig, id, _ string) error { return r.Google.Share(id) }),
		},
		{
			name: "a spreadsheet is not found", source: citySource, reason: fault.NotFound, says: "404", hint: "check spreadsheet",
			strike: struck(citySource, reply(http.StatusNotFound, "application/json",
				`{"error":{"code":404,"message":"Requested entity was not found.","status":"NOT_FOUND"}}`)), mend: cleared,
		},
		{
			name: "the title's column is headed otherwise", source: citySource, reason: fault.SchemaDrift, says: "Action", hint: "Things to do",
			strike: sheet(func(r *rig, id, tab string) error { return r.Google.Type(id, tab, "A1", "Things to do") }),
			mend:   sheet(func(r *rig, id, tab string) error { return r.Google.Type(id, tab, "A1", "Action") }),
		},
		{
			// A header that is whole is followed; this one is not.
			name: "the header row slid down and lost a word", source: citySource, reason: fault.SchemaDrift, hint: "header",
			strike: sheet(func(r *rig, id, tab string) error {
				return errors.Join(r.Google.InsertRow(id, tab, 1), r.Google.Type(id, tab, "A2", "Act"))
			}),
			mend: sheet(func(r *rig, id, tab string) error {
				return errors.Join(r.Google.DeleteRow(id, tab, 1), r.Google.Type(id, tab, "A1", "Action"))
			}),
		},
	}
}

// TestASourceThatFailsSitsOut strikes one source at a time, while people go on editing everywhere. The report names what is
// wrong and what to do; the others stay in step; once it is mended everything arrives, and nothing was lost or doubled.
func TestASourceThatFailsSitsOut(t *testing.T) {
	t.Parallel()
	for _, m := range mishaps() {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			r := settled(t)
			card := scorecardOf(r.cycle(t))
			mine, theirs, own, far := drill, test, "In Progress", lay // edited in the struck tool, on the scorecard for it; the same elsewhere
			other, farTheirs := task.SourceID(citySource), move
			if m.source == citySource {
				mine, theirs, own, far, other, farTheirs = lay, move, "In progress", drill, jiraSource, test
			}
			farOwn := map[task.SourceID]string{jiraSource: "In Progress", citySource: "In progress"}[other]
			r.set(t, m.source, mine, own)
			m.strike(t, r)
			r.set(t, card, theirs, "Done")
			r.set(t, other, far, farOwn)
			r.set(t, card, farTheirs, "Done")

			rep := r.cycle(t)
			got := sourceOf(t, rep, m.source)
			if got.Read || got.Reason != m.reason || !strings.Contains(got.Error, m.says) || !strings.Contains(got.Error, string(m.source)) {
				t.Errorf("the report says %q (reason %q, read %v), want %s, reason %q, and %q", got.Error, got.Reason, got.Read, m.source, m.reason, m.says)
			}
			if !strings.Contains(got.Hint, m.hint) || m.hint == "" && m.reason == fault.Auth {
				t.Errorf("the hint is %q, want %q in it", got.Hint, m.hint)
			}
			if rep.Result != engine.ResultPartial || rep.Tasks != 7 {
				t.Errorf("the cycle was %s with %d tasks", rep.Result, rep.Tasks)
			}
			for _, p := range rep.Patches {
				if p.Op == task.Remove || p.Ref.Source == m.source {
					t.Errorf("planned while %s is out: %+v", m.source, p)
				}
			}
			for _, s := range rep.Sources {
				spares := m.account && s.ID != other && s.Reason == m.reason // the account's other sheets leave it alone too
				if s.ID != m.source && (!s.Read || s.Error != "") && !spares {
					t.Errorf("%s does not go on: %s", s.ID, s.Error)
				}
			}
			if !m.account {
				r.expect(t, "meanwhile", card, far, "In progress")
				r.expect(t, "meanwhile", other, farTheirs, "Done")
			}
			r.shown(t)
			if log := r.log.String(); !strings.Contains(log, "source sits out") || !strings.Contains(log, "source="+string(m.source)) {
				t.Errorf("the log does not say that %s sits out:\n%s", m.source, log)
			}

			if m.after >= time.Hour { // it is not asked in vain meanwhile
				before := r.app.Requests()[string(m.source)]
				if again := sourceOf(t, r.cycle(t), m.source); again.Reason != m.reason || r.app.Requests()[string(m.source)] != before {
					t.Errorf("while %s rests it was asked again, or is said to be well: %+v", m.source, again)
				}
			}
			m.mend(t, r)
			r.clock.Set(r.clock.Now().Add(m.after))
			r.settle(t)
			r.expect(t, "mended", card, mine, "In progress")
			r.expect(t, "mended", m.source, theirs, "Done")
			r.expect(t, "mended", m.source, mine, own)
			r.whole(t)
			if rep := r.cycle(t); len(rep.Patches) > 0 || rep.Tasks != 7 || rep.Conflicts > 0 || len(rep.Holds) > 0 {
				t.Errorf("the next cycle is not quiet: %d tasks, %d conflicts, %+v, held %+v", rep.Tasks, rep.Conflicts, rep.Patches, rep.Holds)
			}
		})
	}
}
