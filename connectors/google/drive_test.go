package google

import (
	"context"
	"fmt"
	"go/build"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockstep-sync/lockstep/connectors/sandbox/dials"
	sandbox "github.com/lockstep-sync/lockstep/connectors/sandbox/google"
	"github.com/lockstep-sync/lockstep/connectors/sandbox/google/discoverycheck"
	"github.com/lockstep-sync/lockstep/connectors/transport"
	"github.com/lockstep-sync/lockstep/sync/fault"
)

// driveDiscovery reads Google's description of Drive once.
var driveDiscovery = sync.OnceValues(func() (*discoverycheck.Checker, error) {
	p, err := build.Import("google.golang.org/api/drive/v3", ".", build.FindOnly)
	if err != nil {
		return nil, fmt.Errorf("find the module google.golang.org/api: %w", err)
	}
	return discoverycheck.New(filepath.Join(p.Dir, "drive-api.json"))
})

// driveOf is a way to a sandbox's Drive that is held against Google's own description of it.
func driveOf(t *testing.T, h http.Handler) *Drive {
	t.Helper()
	checker, err := driveDiscovery()
	if err != nil {
		t.Fatal(err)
	}
	d, err := NewDrive(t.Context(), Credentials{Endpoint: "http://google.example/"}, transport.Options{
		Source: "sheet", Retries: -1, Base: checker.Wrap(dials.InProcess(h)),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, v := range checker.Violations() {
			t.Errorf("against Google's own document: %s", v)
		}
	})
	return d
}

func TestDriveTellsOfAFile(t *testing.T) {
	t.Parallel()
	srv := sandbox.New(sandbox.Options{})
	id := srv.AddSpreadsheet("Plan", "Actions")
	d := driveOf(t, srv)
	expect := func(what string, want File) {
		t.Helper()
		got, err := d.File(t.Context(), id)
		if err != nil || got != want {
			t.Errorf("%s: %+v, %v", what, got, err)
		}
	}
	expect("as it was made", File{Writable: true})
	if err := srv.ReadOnly(id); err != nil {
		t.Fatal(err)
	}
	expect("only to be read", File{})
	if err := srv.Trash(id); err != nil {
		t.Fatal(err)
	}
	expect("in the bin", File{Trashed: true})
	if err := srv.Unshare(id); err != nil {
		t.Fatal(err)
	}
	if _, err := d.File(t.Context(), id); !fault.HasReason(err, fault.NotFound) || fault.Of(err).Hint == "" || fault.Of(err).Source != "sheet" {
		t.Errorf("unshared: %v, hint %q", err, fault.Of(err).Hint)
	}
}

// watched is a Watch on files of a sandbox, in a bubble.
type watched struct {
	*Watch
	srv   *sandbox.Server
	files []string

	mu     sync.Mutex
	woken  []string
	failed []string
}

func watching(t *testing.T, names ...string) *watched {
	t.Helper()
	x := &watched{}
	arrive := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { x.ServeHTTP(w, r) })
	x.srv = sandbox.New(sandbox.Options{Push: sandbox.PushOptions{Transport: dials.InProcess(arrive)}})
	t.Cleanup(x.srv.Close)
	d := driveOf(t, x.srv)
	o := WatchOptions{Address: "https://lockstep.example/webhooks/drive", Failed: func(file string, err error) {
		x.mu.Lock()
		defer x.mu.Unlock()
		x.failed = append(x.failed, file+": "+string(fault.Of(err).Reason)+": "+fault.Of(err).Hint)
	}}
	for _, name := range names {
		id := x.srv.AddSpreadsheet(name, "Actions")
		x.files = append(x.files, id)
		o.Files = append(o.Files, WatchedFile{ID: id, Drive: d, Changed: func(gone bool) {
			x.mu.Lock()
			defer x.mu.Unlock()
			if gone {
				name += " (look)"
			}
			x.woken = append(x.woken, name)
		}})
	}
	x.Watch = NewWatch(o)
	return x
}

// TestChannelsAreKept: each file has one channel from start to end, made anew before the old one expires; changes wake; when
// it ends every channel is stopped.
func TestChannelsAreKept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		x := watching(t, "Plan", "Scorecard")
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { x.Run(ctx); close(done) }()
		synctest.Wait()
		first := x.srv.Channels(x.files[0])
		if len(first) != 1 || len(x.srv.Channels(x.files[1])) != 1 || x.Open() != 2 {
			t.Fatalf("the channels at the start: %v, %d of ours", first, x.Open())
		}
		if len(x.woken) > 0 {
			t.Errorf("the first notice of a channel woke %v", x.woken)
		}
		// Four days: at every moment there is a channel.
		for range 4 * 24 * 4 {
			<-time.After(15 * time.Minute)
			synctest.Wait()
			if n := len(x.srv.Channels(x.files[0])); n != 1 {
				t.Fatalf("there are %d channels", n)
			}
		}
		if now := x.srv.Channels(x.files[0]); slices.Equal(now, first) {
			t.Error("four days later there is the same channel")
		}
		if err := x.srv.Type(x.files[1], "Actions", "A1", "x"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if err := x.srv.Trash(x.files[0]); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if !slices.Equal(x.woken, []string{"Scorecard", "Plan (look)"}) {
			t.Errorf("woken were %v", x.woken)
		}
		stop()
		<-done
		if len(x.srv.Channels(x.files[0]))+len(x.srv.Channels(x.files[1]))+x.Open() > 0 {
			t.Errorf("after the end there are channels: %v, %d of ours", x.srv.Channels(x.files[0]), x.Open())
		}
		for _, n := range x.srv.Notices() {
			if n.Status != http.StatusOK {
				t.Errorf("a notice was turned away: %+v", n)
			}
		}
		if len(x.failed) > 0 {
			t.Errorf("failed: %v", x.failed)
		}
	})
}

// TestAChannelThatCannotBeMade: it is said, with what to do, and tried again, ever more seldom; the others are not held up.
func TestAChannelThatCannotBeMade(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		x := watching(t, "Plan", "Scorecard")
		x.srv.Panel().Inject(dials.Fault{
			Method: http.MethodPost, Path: x.files[0] + "/watch", Times: -1, Effect: dials.Reply, Status: http.StatusUnauthorized,
			Body: `{"error":{"code":401,"message":"Unauthorized WebHook callback channel","errors":[{"reason":"push.webhookUrlUnauthorized","message":"Unauthorized WebHook callback channel"}]}}`,
		})
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { x.Run(ctx); close(done) }()
		<-time.After(2 * time.Hour)
		synctest.Wait()
		if n := len(x.failed); n < 6 || n > 10 {
			t.Errorf("it was tried %d times in two hours", n)
		}
		for _, f := range x.failed {
			if want := x.files[0] + ": auth: google.webhook_url must be"; len(f) < len(want) || f[:len(want)] != want {
				t.Fatalf("said was %q, want %q", f, want)
			}
		}
		if len(x.srv.Channels(x.files[1])) != 1 || x.Open() != 1 {
			t.Errorf("the other file has %v", x.srv.Channels(x.files[1]))
		}
		x.srv.Panel().Clear()
		<-time.After(longestRetry + time.Minute)
		synctest.Wait()
		if len(x.srv.Channels(x.files[0])) != 1 {
			t.Error("it was given up")
		}
		stop()
		<-done
	})
}

// TestNotices: only who knows channel and token wakes anything, and a flood leaves nothing behind.
func TestNotices(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		x := watching(t, "Plan")
		outcomes := map[string]int{}
		x.o.Observe = func(outcome string) { outcomes[outcome]++ }
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { x.Run(ctx); close(done) }()
		synctest.Wait()
		var c *openChannel
		for _, c = range x.open {
		}
		send := func(header ...string) int {
			t.Helper()
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "https://lockstep.example/webhooks/drive", http.NoBody)
			for i := 0; i+1 < len(header); i += 2 {
				r.Header.Add(header[i], header[i+1])
			}
			w := httptest.NewRecorder()
			x.ServeHTTP(w, r)
			if w.Body.Len() > 0 {
				t.Errorf("an answer says %q", w.Body)
			}
			return w.Code
		}
		const id, token, state = "X-Goog-Channel-ID", "X-Goog-Channel-Token", "X-Goog-Resource-State"
		for _, tc := range []struct {
			status int
			wakes  int
			header []string
		}{
			{http.StatusNotFound, 0, nil},
			{http.StatusNotFound, 0, []string{id, ""}},
			{http.StatusNotFound, 0, []string{id, "another", token, c.token, state, "update"}},
			{http.StatusNotFound, 0, []string{id, c.id, id, c.id, token, c.token, state, "update"}},
			{http.StatusUnauthorized, 0, []string{id, c.id, state, "update"}},
			{http.StatusUnauthorized, 0, []string{id, c.id, token, "", state, "update"}},
			{http.StatusUnauthorized, 0, []string{id, c.id, token, c.token + "x", state, "update"}},
			{http.StatusUnauthorized, 0, []string{id, c.id, token, c.token[1:], state, "update"}},
			{http.StatusUnauthorized, 0, []string{id, c.id, token, c.token, token, c.token, state, "update"}},
			{http.StatusOK, 0, []string{id, c.id, token, c.token, state, "sync"}},
			{http.StatusOK, 1, []string{id, c.id, token, c.token, state, "update"}},
			{http.StatusOK, 1, []string{id, c.id, token, c.token, state, "something new"}},
		} {
			before := len(x.woken)
			if got := send(tc.header...); got != tc.status || len(x.woken) != before+tc.wakes {
				t.Errorf("%q: %d and %d wakes, want %d and %d", tc.header, got, len(x.woken)-before, tc.status, tc.wakes)
			}
		}
		for range 10_000 {
			send(id, random(8), token, random(8), state, "update")
		}
		if x.Open() != 1 {
			t.Errorf("a flood left %d channels", x.Open())
		}
		if outcomes[NoticeUnknown] != 10_004 || outcomes[NoticeForged] != 5 || outcomes[NoticeAccepted] != 2 || outcomes[NoticeSync] != 2 {
			t.Errorf("the outcomes are %v", outcomes)
		}
		stop()
		<-done
		if got := send(id, c.id, token, c.token, state, "update"); got != http.StatusNotFound {
			t.Errorf("over a channel that was stopped: %d", got)
		}
	})
}
