package jira

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lockstep-sync/lockstep/connectors"
	sandbox "github.com/lockstep-sync/lockstep/connectors/sandbox/jira"
	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// history is a Jira that people use while a connector pulls from it, and an engine that accounts for what was pulled.
type history struct {
	t       *rapid.T
	srv     *sandbox.Server
	conn    *Connector
	now     time.Time
	o       Options
	cfg     Config
	cursor  string
	base    map[string]known // by issue id: what the engine holds
	pending []int            // at which requests from now on somebody does something
	asked   int              // requests
	pulled  int              // requests of the last pull
	writes  int
	closed  bool            // the other project may not be seen
	moved   map[string]bool // ids of issues that were moved
	log     []string
}

// known is what the engine knows of one issue.
type known struct {
	title   string
	version int64
}

// RoundTrip serves the connector in this process, and lets people do things between two of its requests.
func (h *history) RoundTrip(r *http.Request) (*http.Response, error) {
	h.now = h.now.Add(20 * time.Millisecond)
	for len(h.pending) > 0 && h.pending[0] <= h.asked {
		h.pending = h.pending[1:]
		h.act("between requests: ")
	}
	h.asked++
	if r.Body == nil {
		r.Body = http.NoBody
	}
	w := httptest.NewRecorder()
	h.srv.ServeHTTP(w, r)
	h.log = append(h.log, fmt.Sprintf("  %s %s: %d", r.Method, r.URL.Path, w.Code))
	resp := w.Result()
	resp.Request = r
	return resp, nil
}

func newHistory(t *rapid.T) *history {
	h := &history{t: t, now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC), base: map[string]known{}, moved: map[string]bool{}}
	lags := []time.Duration{0, 0, time.Second, 20 * time.Second, 3 * time.Minute, 9 * time.Minute, 25 * time.Minute}
	seed := rapid.Uint64().Draw(t, "lags")
	o := sandbox.Options{
		Now: func() time.Time { return h.now }, MaxResults: rapid.SampledFrom([]int{2, 3, 1000}).Draw(t, "page"),
		Skew: rapid.SampledFrom([]time.Duration{0, -7 * time.Minute, 11 * time.Minute, -26 * time.Hour}).Draw(t, "skew"),
		// A hash of what changes: the sandbox asks under its lock, where nothing may be drawn.
		LagOf: func(id int64, change int) time.Duration {
			x := (seed + uint64(id)*0x9E3779B97F4A7C15 + uint64(change)*0xBF58476D1CE4E5B9) * 0x94D049BB133111EB
			return lags[(x>>33)%uint64(len(lags))]
		},
	}
	if rapid.Bool().Draw(t, "data center") {
		o.Flavor = sandbox.DataCenter
	}
	h.srv = sandbox.New(o)
	other, err := h.srv.Move(h.srv.Add(sandbox.Seed{Summary: "Makes the other project"}), "OTHER")
	if err == nil {
		err = h.srv.Delete(other)
	}
	if err != nil {
		t.Fatal(err)
	}
	email, token := h.srv.Credentials()
	if o.Flavor == sandbox.DataCenter {
		email = ""
	}
	h.cfg = Config{
		URL: "http://jira.test", Email: email, Token: token, JQL: "issuetype = Task", // a query that names a project fails where the project may not be seen
		Fields: map[task.Field]string{task.Due: "", task.Priority: "", task.Assignee: ""},
	}
	h.o = Options{Source: "jira", KeyPrefix: "CW", Now: func() time.Time { return h.now }, Rate: 1e6, Base: h, InlineWait: time.Millisecond, Wait: noWait}
	for range rapid.IntRange(0, 6).Draw(t, "issues") {
		h.do("add")
	}
	h.now = h.now.Add(time.Hour)
	h.restart()
	return h
}

func (h *history) restart() {
	c, err := New(h.cfg, h.o)
	if err != nil {
		h.t.Fatal(err)
	}
	h.conn = c
}

// act is something that a person or an administrator does.
func (h *history) act(when string) {
	h.log = append(h.log, when+h.do(rapid.SampledFrom([]string{"edit", "edit", "edit", "add", "delete", "move", "hide", "show", "close", "open"}).Draw(h.t, "act")))
}

func (h *history) do(what string) string {
	h.writes++
	keys := h.srv.Keys()
	if what == "add" || len(keys) == 0 {
		return "add " + h.srv.Add(sandbox.Seed{Summary: fmt.Sprintf("Made %d", h.writes)})
	}
	key := keys[(h.writes*7)%len(keys)]
	var err error
	switch what {
	case "edit":
		err = h.srv.Set(key, map[string]any{"summary": fmt.Sprintf("Edited %d", h.writes)})
	case "delete":
		err = h.srv.Delete(key)
	case "move":
		v, _ := h.srv.Issue(key)
		h.moved[v.ID] = true
		_, _ = h.srv.Move(key, []string{"WASH", "OTHER"}[h.writes%2]) // it may be there already
	case "hide":
		h.srv.OpenLevel("Partners", true)
		err = h.srv.Secure(key, "Board only")
	case "show":
		err = h.srv.Secure(key, "")
	case "close":
		h.closed, err = true, h.srv.DenyProject("OTHER")
	case "open":
		h.closed, err = false, h.srv.AllowProject("OTHER")
	}
	if err != nil {
		h.t.Fatalf("%s %s: %v", what, key, err)
	}
	return what + " " + key
}

// cycle is one pull, accounted for or not. It reports whether a census came to its end with it.
func (h *history) cycle(account bool) bool {
	before := h.asked
	snap, err := h.conn.Pull(h.t.Context(), h.cursor)
	h.pulled = h.asked - before
	if err != nil {
		f := fault.Of(err)
		h.log = append(h.log, "pull: "+err.Error())
		if f.Kind != fault.Partial {
			return false
		}
		snap.Listing, snap.Complete, snap.Cursor = nil, false, ""
	}
	h.log = append(h.log, fmt.Sprintf("pull: %d records, complete %v, listed %d", len(snap.Records), snap.Complete, len(snap.Listing)))
	absent := h.absent(snap)
	var confirmed map[string]connectors.Confirmation
	if len(absent) > 0 {
		if confirmed, err = h.conn.Confirm(h.t.Context(), absent); err != nil {
			confirmed = nil
		}
	}
	if !account {
		return false // the daemon died before it could store anything
	}
	for _, r := range snap.Records {
		h.learn(r)
	}
	for id, c := range confirmed {
		switch c.Presence {
		case connectors.Present:
			h.learn(c.Record)
		case connectors.Gone:
			// An issue that was moved to where the account sees nothing cannot be told from one that was deleted.
			unseen := h.closed && h.moved[id] && h.conn.projectOf[id] != "OTHER"
			if v, there := h.srv.Issue(id); there && !unseen {
				h.fail("%s (%s) is removed, and it is there", id, v.Key)
			}
			h.log = append(h.log, "removed "+id)
			delete(h.base, id)
		case connectors.NoAccess:
		}
	}
	if snap.Cursor != "" {
		h.cursor = snap.Cursor
	}
	return snap.Listing != nil
}

func (h *history) learn(r task.Record) {
	if was, ok := h.base[r.Ref.Key]; !ok || r.Version >= was.version {
		h.base[r.Ref.Key] = known{r.Values[task.Title].String(), r.Version}
	}
}

// absent are the ids that the engine would ask for.
func (h *history) absent(snap task.Snapshot) []string {
	if !snap.Complete && snap.Listing == nil {
		return nil
	}
	var out []string
	for id := range h.base {
		if !slices.Contains(snap.Listing, id) && !slices.ContainsFunc(snap.Records, func(r task.Record) bool { return r.Ref.Key == id }) {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}

func (h *history) fail(format string, args ...any) {
	h.t.Helper()
	for _, l := range h.log {
		h.t.Log(l)
	}
	h.t.Fatalf(format, args...)
}

// TestHistories lets people edit, add, delete, move and hide issues, also between two requests, while the index lags by a time of
// its own for each change, clocks differ, tokens expire and the daemon dies. In the end nothing is missing, nothing was
// removed that is there, and an idle pull costs two requests at most.
func TestHistories(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		h := newHistory(rt)
		for range rapid.IntRange(3, 12).Draw(rt, "cycles") {
			for range rapid.IntRange(0, 3).Draw(rt, "acts") {
				h.act("")
			}
			h.asked = 0
			h.pending = nil
			for range rapid.IntRange(0, 2).Draw(rt, "meanwhile") {
				h.pending = append(h.pending, rapid.IntRange(0, 5).Draw(rt, "at"))
			}
			slices.Sort(h.pending)
			if rapid.IntRange(0, 9).Draw(rt, "token") == 0 {
				h.srv.ExpireToken(rapid.SampledFrom([]sandbox.Expiry{sandbox.TokenSilent, sandbox.TokenRefused}).Draw(rt, "expiry"))
			}
			h.cycle(rapid.IntRange(0, 5).Draw(rt, "accounted") > 0)
			h.srv.ExpireToken(sandbox.TokenGood)
			if rapid.IntRange(0, 7).Draw(rt, "restart") == 0 {
				h.restart()
			}
			h.now = h.now.Add(rapid.SampledFrom([]time.Duration{time.Second, time.Minute, 5 * time.Minute, 20 * time.Minute}).Draw(rt, "pause"))
		}
		h.pending = nil
		h.settle()
	})
}

// settle lets everything come to rest, and holds what the engine knows against what is there.
func (h *history) settle() {
	if err := h.srv.AllowProject("OTHER"); err != nil {
		h.t.Fatal(err)
	}
	h.srv.OpenLevel("Board only", true)
	if len(h.srv.Keys()) == 0 {
		h.do("add") // of nothing there is no census
	}
	// Once the index shows everything, a census that begins then finds the rest; the first one may have begun before.
	for pulls, counts := 0, 0; counts < 2; pulls++ {
		h.now = h.now.Add(5 * time.Minute)
		if h.cycle(true) && pulls > 6 {
			counts++
		}
		if pulls > 200 {
			h.fail("no census comes to its end")
		}
	}
	for range 4 {
		h.now = h.now.Add(time.Minute)
		h.cycle(true)
		if h.pulled > 2 {
			h.fail("an idle pull costs %d requests", h.pulled)
		}
	}
	secured := false
	for _, key := range h.srv.Keys() {
		v, _ := h.srv.Issue(key)
		if got := h.base[v.ID]; got.title != v.Summary || got.version != v.Updated.UnixMilli() {
			h.fail("%s (%s) is %q of %d, and the engine holds %+v", v.ID, key, v.Summary, v.Updated.UnixMilli(), got)
		}
		delete(h.base, v.ID)
	}
	// Where issues have security levels, what is gone may be hidden, and is kept until Jira says that it was deleted.
	if levels := h.levels(); levels {
		secured = true
	}
	if len(h.base) > 0 && !secured {
		h.fail("the engine holds what is gone: %+v", h.base)
	}
}

func (h *history) levels() bool {
	has, err := h.conn.api.hasLevels(h.t.Context(), "WASH")
	if err != nil {
		h.t.Fatal(err)
	}
	return has
}
