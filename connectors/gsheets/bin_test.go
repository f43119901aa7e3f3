package gsheets

import (
	"net/http"
	"testing"
	"time"

	"github.com/lockstep-sync/lockstep/connectors/sandbox/dials"
	"github.com/lockstep-sync/lockstep/sync/fault"
)

const switchedOff = `{"error":{"code":403,"message":"Google Drive API has not been used in project 1 before or it is disabled.",` +
	`"errors":[{"domain":"usageLimits","reason":"accessNotConfigured","message":"Google Drive API has not been used in project 1 before or it is disabled."}]}}`

// TestAFileInTheBin: Sheets goes on answering for it, so Drive is asked, seldom. Then nothing of it is read: not as if it were
// well, and not as if its rows were gone. Once it is restored it is read at once.
func TestAFileInTheBin(t *testing.T) {
	t.Parallel()
	b := open(t, columns("title", "Action"), "Action", "Pump", "Pipe")
	clock := noon()
	b.c.o.Now = func() time.Time { return clock }
	b.driven()
	asked := func() (n int) {
		for _, r := range b.srv.Panel().Requests() {
			if r.Path == "/drive/v3/files/"+b.id {
				n++
			}
		}
		b.srv.Panel().ResetLog()
		return n
	}
	b.pull()
	for range 9 {
		clock = clock.Add(time.Minute)
		b.pull()
	}
	if n := asked(); n != 1 {
		t.Errorf("Drive was asked %d times in ten minutes, want once", n)
	}
	b.must(b.srv.Trash(b.id))
	clock = clock.Add(time.Minute)
	_, err := b.c.Pull(t.Context(), "")
	b.faulty(fault.Of(err), fault.Permanent, fault.NotFound, "restore")
	b.must(b.srv.Share(b.id))
	if snap := b.pull(); len(snap.Records) != 2 || !snap.Complete {
		t.Errorf("restored: %+v", snap)
	}
	// A notice makes it look at once.
	b.must(b.srv.Trash(b.id))
	b.pull()
	b.c.Hint("whatever")
	b.pull()
	b.c.HintDeleted("whatever")
	_, err = b.c.Pull(t.Context(), "")
	b.faulty(fault.Of(err), fault.Permanent, fault.NotFound, "restore")
	// A Drive that does not answer, or is not switched on, changes nothing.
	b.srv.Panel().Inject(dials.Fault{Path: "/drive/", Times: 2, Effect: dials.Reply, Status: http.StatusForbidden, Body: switchedOff})
	_, err = b.c.Pull(t.Context(), "")
	b.faulty(fault.Of(err), fault.Permanent, fault.NotFound, "restore")
	b.must(b.srv.Share(b.id))
	_, _ = b.c.Pull(t.Context(), "")
	b.pull()
	b.srv.Panel().Inject(dials.Fault{Path: "/drive/", Times: -1, Effect: dials.Reply, Status: http.StatusForbidden, Body: switchedOff})
	clock = clock.Add(time.Hour)
	b.pull()
}
