package jira

import (
	"net/http"
	"strings"
	"testing"

	"github.com/lockstep-sync/lockstep/connectors/sandbox/dials"
	sandbox "github.com/lockstep-sync/lockstep/connectors/sandbox/jira"
	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// A site that refuses to keep e-mails back takes the edit without that wish, and is not asked again for a while.
func TestCloudThatRefusesQuietEdits(t *testing.T) {
	t.Parallel()
	tl := start(t, setup{})
	key := tl.srv.Add(sandbox.Seed{Summary: "A"})
	r := tl.record(key)
	edits := func() (out []string) {
		for _, q := range tl.srv.Panel().Requests() {
			if q.Method == http.MethodPut {
				out = append(out, q.Query)
			}
		}
		tl.srv.Panel().ResetLog()
		return out
	}
	tl.srv.Panel().Inject(dials.Fault{Method: http.MethodPut, Effect: dials.Reply, Status: 403, Body: `{"errorMessages":["To discard the user notification either admin or project admin permissions are required."],"errors":{}}`})
	for i, want := range []int{2, 1} {
		r = *tl.must(change(r, task.Title, task.TextValue(strings.Repeat("B", i+1))))[0].Record
		got := edits()
		if len(got) != want || strings.Contains(got[len(got)-1], "notifyUsers") {
			t.Errorf("edit %d: %v", i, got)
		}
	}
	tl.srv.Deny("EDIT_ISSUES")
	wantFault(t, tl.apply(change(r, task.Title, task.TextValue("C")))[0].Err, fault.Permanent, fault.Auth)
}
