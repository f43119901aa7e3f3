package jira

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lockstep-sync/lockstep/connectors/sandbox/dials"
	sandbox "github.com/lockstep-sync/lockstep/connectors/sandbox/jira"
	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

func TestPullReadsWhatPeopleTyped(t *testing.T) {
	t.Parallel()
	tl := start(t, setup{change: func(c *Config, _ *Options) {
		c.Fields = map[task.Field]string{task.Progress: "Progress", task.Start: "customfield_10015", task.Notes: "description", task.Workstream: "component"}
		c.People = []Person{{Name: "Amina Diallo", Aliases: []string{"A. Diallo"}}}
	}})
	key := tl.srv.Add(sandbox.Seed{
		Summary: "  <script>alert(1)</script> =1+1 😀  ", Status: "Blocked", Assignee: "a. diallo", Due: "2026-04-01", Priority: "High",
		Labels: []string{"wells", "lockstep-CW-7", "lockstep-XX-1"}, Component: "Pumps", Description: "one\r\ntwo",
	})
	if err := tl.srv.Set(key, map[string]any{"customfield_10042": 40, "customfield_10015": "2026-03-01"}); err != nil {
		t.Fatal(err)
	}
	plain := tl.srv.Add(sandbox.Seed{Summary: "Plain"})
	cancelled := tl.srv.Add(sandbox.Seed{Summary: "Not now", Status: "Won't Do"})
	snap := tl.read()
	if !snap.Complete || len(snap.Records) != 3 || len(snap.Held) != 0 || snap.Cursor == "" {
		t.Fatalf("complete %v, %d records, held %+v", snap.Complete, len(snap.Records), snap.Held)
	}
	r, v := recordOf(t, snap, key), tl.view(key)
	if r.Ref.Key != v.ID || r.Marker != "CW-7" || r.URL != tl.cfg.URL+"/browse/"+key || r.Version != v.Updated.UnixMilli() || !r.At.Equal(v.Updated) {
		t.Errorf("got %+v of %+v", r, v)
	}
	progress, err := task.NumberValue(0.4)
	if err != nil {
		t.Fatal(err)
	}
	want := task.Values{
		task.Title: task.TextValue("<script>alert(1)</script> =1+1 😀"), task.Status: task.EnumValue(task.Blocked),
		task.Assignee: task.PersonValue("Amina Diallo"), task.Due: date(t, "2026-04-01"), task.Priority: task.TextValue("High"),
		task.Labels: task.SetValue("wells"), task.Workstream: task.TextValue("Pumps"), task.Notes: task.TextValue("one\ntwo"),
		task.Progress: progress, task.Start: date(t, "2026-03-01"),
	}
	if r.Values != want {
		t.Errorf("got  %v\nwant %v", r.Values, want)
	}
	want = task.Values{
		task.Title: task.TextValue("Plain"), task.Status: task.EnumValue(task.NotStarted), task.Assignee: task.Empty(task.Person),
		task.Due: task.Empty(task.Date), task.Priority: task.TextValue("Medium"), task.Labels: task.SetValue(),
		task.Workstream: task.Empty(task.Text), task.Notes: task.Empty(task.Text), task.Progress: task.Empty(task.Number), task.Start: task.Empty(task.Date),
	}
	if got := recordOf(t, snap, plain).Values; got != want {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	if got := recordOf(t, snap, cancelled).Values[task.Status].String(); got != task.Cancelled {
		t.Errorf("won't do is %s", got)
	}
}

func TestIncrementsAreSmall(t *testing.T) {
	t.Parallel()
	tl := start(t, setup{})
	for i := range 120 {
		tl.srv.Add(sandbox.Seed{Summary: fmt.Sprintf("Task %d", i)})
	}
	tl.read()
	tl.requests()
	for i, wait := range []time.Duration{time.Minute, time.Minute, 15 * time.Minute, time.Minute} {
		tl.clock.pass(wait)
		snap := tl.read()
		if got := tl.requests(); len(got) > 2 || snap.Complete {
			t.Errorf("idle increment %d: complete %v, %v", i, snap.Complete, got)
		}
		if len(snap.Records) > 1 {
			t.Errorf("idle increment %d brings %d records", i, len(snap.Records))
		}
	}
	keys := tl.srv.Keys()
	if err := tl.srv.Set(keys[3], map[string]any{"summary": "Changed", "duedate": "2026-05-05"}); err != nil {
		t.Fatal(err)
	}
	if got := tl.record(keys[3]).Values[task.Title].String(); got != "Changed" {
		t.Errorf("the increment shows %q", got)
	}
	if got := tl.requests(); len(got) > 2 {
		t.Errorf("one change cost %v", got)
	}
}

// Many changes within the window that increments reach back over are not read again and again; and none is lost.
func TestCensusAfterManyChanges(t *testing.T) {
	t.Parallel()
	tl := start(t, setup{})
	for i := range 250 {
		tl.srv.Add(sandbox.Seed{Summary: fmt.Sprintf("Task %d", i)})
	}
	tl.read()
	tl.requests()
	keys := tl.srv.Keys()
	for round := range 5 {
		tl.clock.pass(30 * time.Second)
		want := keys[round*7 : round*7+3]
		for _, k := range want {
			if err := tl.srv.Set(k, map[string]any{"summary": fmt.Sprintf("Round %d", round)}); err != nil {
				t.Fatal(err)
			}
		}
		snap := tl.read()
		var got []string
		for _, r := range snap.Records {
			got = append(got, r.Name)
		}
		slices.Sort(got)
		want = slices.Clone(want)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("round %d: read %v, want %v", round, got, want)
		}
		if reqs := tl.requests(); len(reqs) != 2 {
			t.Errorf("round %d: %v", round, reqs)
		}
	}
	// An increment that was not accounted for is read again with the cursor before it.
	before := tl.cursor
	if err := tl.srv.Set(keys[200], map[string]any{"summary": "Lost?"}); err != nil {
		t.Fatal(err)
	}
	tl.read()
	tl.cursor = before
	if got := tl.record(keys[200]).Values[task.Title].String(); got != "Lost?" {
		t.Errorf("got %q", got)
	}
}

func TestIndexLag(t *testing.T) {
	t.Parallel()
	tl := start(t, setup{jira: sandbox.Options{IndexLag: 2 * time.Minute}})
	a := tl.srv.Add(sandbox.Seed{Summary: "A"})
	b := tl.srv.Add(sandbox.Seed{Summary: "B"})
	tl.clock.pass(5 * time.Minute)
	first := tl.record(a)

	// Our own write is seen at once, by asking past the index.
	after := tl.must(change(first, task.Title, task.TextValue("A, by us")))[0].Record
	if after.Version <= first.Version || after.Values[task.Title].String() != "A, by us" {
		t.Fatalf("read back %+v after %+v", after, first)
	}
	snap := tl.read()
	if got := recordOf(t, snap, a); got.Values != after.Values || got.Version != after.Version {
		t.Errorf("the increment shows %+v, want what was read back", got)
	}

	// A person's edit comes once the index has it, and until then nothing newer is claimed.
	if err := tl.srv.Set(b, map[string]any{"summary": "B, by Amina"}); err != nil {
		t.Fatal(err)
	}
	edited := tl.view(b).Updated.UnixMilli()
	for _, r := range tl.read().Records {
		if r.Name == b && r.Version >= edited {
			t.Errorf("the index is behind, yet it shows %+v", r)
		}
	}
	tl.clock.pass(3 * time.Minute)
	if got := tl.record(b); got.Values[task.Title].String() != "B, by Amina" || got.Version != edited {
		t.Errorf("after the lag: %+v", got)
	}

	// Later changes that the index has sooner do not hide earlier ones.
	if err := tl.srv.Set(a, map[string]any{"summary": "A, by Ben"}); err != nil {
		t.Fatal(err)
	}
	tl.clock.pass(time.Second)
	tl.must(change(recordOf(t, tl.full(), b), task.Title, task.TextValue("B, by us")))
	tl.read() // its newest change is later than Ben's, which the index does not show
	tl.clock.pass(3 * time.Minute)
	if got := tl.record(a).Values[task.Title].String(); got != "A, by Ben" {
		t.Errorf("Ben's edit is lost: %q", got)
	}
}

func TestExpiredToken(t *testing.T) {
	t.Parallel()
	tl := start(t, setup{})
	tl.srv.Add(sandbox.Seed{Summary: "A"})
	r := tl.read().Records[0]
	for _, mode := range []sandbox.Expiry{sandbox.TokenSilent, sandbox.TokenRefused} {
		tl.srv.ExpireToken(mode)
		for _, cursor := range []string{tl.cursor, ""} {
			snap, err := tl.Pull(t.Context(), cursor)
			if f := wantFault(t, err, fault.Permanent, fault.Auth); f.Hint == "" || snap.Complete || len(snap.Records) > 0 {
				t.Errorf("hint %q, snapshot %+v", f.Hint, snap)
			}
		}
		if _, err := tl.Confirm(t.Context(), []string{r.Ref.Key}); !fault.HasReason(err, fault.Auth) {
			t.Errorf("confirm: %v", err)
		}
		if _, found, err := tl.Find(t.Context(), "CW-1"); found || !fault.HasReason(err, fault.Auth) {
			t.Errorf("find: %v, %v", found, err)
		}
		for _, rc := range tl.apply(change(r, task.Title, task.TextValue("x")), change(r, task.Title, task.TextValue("y"))) {
			wantFault(t, rc.Err, fault.Permanent, fault.Auth)
		}
		tl.srv.ExpireToken(sandbox.TokenGood)
		tl.read()
	}
	if got := tl.view(r.Name).Summary; got != "A" {
		t.Errorf("it was written: %q", got)
	}
}

func TestRenamedStatus(t *testing.T) {
	t.Parallel()
	tl := start(t, setup{})
	key := tl.srv.Add(sandbox.Seed{Summary: "A", Status: "Blocked"})
	other := tl.srv.Add(sandbox.Seed{Summary: "B"})
	tl.read()
	if err := tl.srv.RenameStatus("Blocked", "Waiting"); err != nil {
		t.Fatal(err)
	}
	if err := tl.srv.Set(key, map[string]any{"summary": "A2"}); err != nil {
		t.Fatal(err)
	}
	check := func(snap task.Snapshot) {
		t.Helper()
		if got := recordOf(t, snap, key).Values[task.Status].String(); got != task.Blocked {
			t.Errorf("it is %s by now", got)
		}
		if len(snap.Held) != 1 || snap.Held[0].Key != "" || snap.Held[0].Reason != task.HoldSchemaDrift || !strings.Contains(snap.Held[0].Hint, "Waiting") {
			t.Errorf("held %+v", snap.Held)
		}
	}
	check(tl.read())
	tl.restart()
	snap := tl.read()
	if check(snap); !snap.Complete {
		t.Error("a restart begins with a full read")
	}
	// Others are still moved there.
	tl.must(change(recordOf(t, snap, other), task.Status, task.EnumValue(task.Blocked)))
	if got := tl.view(other).Status; got != "Waiting" {
		t.Errorf("moved to %q", got)
	}
}

func TestMissingField(t *testing.T) {
	t.Parallel()
	tl := start(t, setup{change: func(c *Config, _ *Options) {
		c.Fields = map[task.Field]string{task.Start: "Started on"}
	}})
	key := tl.srv.Add(sandbox.Seed{Summary: "A", Due: "2026-01-01"})
	snap := tl.read()
	r := recordOf(t, snap, key)
	if !r.Values[task.Start].IsNone() || r.Values[task.Due].IsEmpty() || !snap.Complete {
		t.Errorf("got %v", r.Values)
	}
	if len(snap.Held) != 1 || snap.Held[0].Field != "start" || !strings.Contains(snap.Held[0].Hint, "Start date") {
		t.Errorf("held %+v", snap.Held)
	}
	if d := tl.Describe(); d.Writes(task.Start) || !d.Maps(task.Start) {
		t.Errorf("described as %+v", d)
	}
	if rc := tl.apply(change(r, task.Start, date(t, "2026-02-02"))); !fault.HasReason(rc[0].Err, fault.SchemaDrift) {
		t.Errorf("got %v", rc[0].Err)
	}
}

func TestBrokenPages(t *testing.T) {
	t.Parallel()
	page := func(body string) dials.Fault {
		return dials.Fault{Path: "search/jql", Effect: dials.Reply, Status: 200, Times: 1, Header: http.Header{"Content-Type": {"application/json"}}, Body: body}
	}
	one := `{"issues":[{"id":"1","key":"WASH-1","fields":{"summary":"a","labels":[]}}],`
	for name, tc := range map[string]struct {
		faults []dials.Fault
		kind   fault.Kind
		reason fault.Reason
		read   int
	}{
		"a token that comes again":  {[]dials.Fault{page(one + `"nextPageToken":"x"}`), page(one + `"nextPageToken":"x"}`)}, fault.Partial, fault.Invalid, 1},
		"more to come, not where":   {[]dials.Fault{page(one + `"isLast":false}`)}, fault.Partial, fault.Invalid, 1},
		"the second page is denied": {[]dials.Fault{page(one + `"nextPageToken":"x"}`), {Path: "search/jql", Effect: dials.Reply, Status: 503, Times: -1}}, fault.Partial, fault.Unavailable, 1},
		"a page for people":         {[]dials.Fault{{Path: "search/jql", Effect: dials.Reply, Status: 200, Times: 1, Header: http.Header{"Content-Type": {"text/html"}}, Body: "<title>Log in</title>"}}, fault.Permanent, fault.Invalid, 0},
		"no object":                 {[]dials.Fault{page(`[]`)}, fault.Permanent, fault.Invalid, 0},
		"half an answer":            {[]dials.Fault{{Path: "search/jql", Effect: dials.Truncate, Times: -1}}, fault.Retryable, fault.Unavailable, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tl := start(t, setup{})
			for _, f := range tc.faults {
				tl.srv.Panel().Inject(f)
			}
			snap, err := tl.Pull(t.Context(), "")
			wantFault(t, err, tc.kind, tc.reason)
			if snap.Complete || len(snap.Records) != tc.read || snap.Cursor != "" {
				t.Errorf("got %+v", snap)
			}
		})
	}
}

// A status that the projects do not list is looked for once, not in every increment that shows it.
func TestStrangeStatusIsLookedForOnce(t *testing.T) {
	t.Parallel()
	tl := start(t, setup{})
	tl.read()
	is := issueOf(t, `{"project":{"key":"WASH"},"status":{"id":"424242","name":"Nowhere","statusCategory":{"key":"new"}}}`)
	for i, want := range []int{1, 0, 0} {
		tl.requests()
		if err := tl.understand(t.Context(), []*wireIssue{is}, nil); err != nil {
			t.Fatal(err)
		}
		if got := tl.requests(); len(got) != want {
			t.Errorf("time %d: %v", i, got)
		}
	}
}

// Where nothing in an answer warns of an expired token, the proof of who we are does.
func TestExpiredTokenWithoutAWord(t *testing.T) {
	t.Parallel()
	tl := start(t, setup{})
	tl.srv.Add(sandbox.Seed{Summary: "A"})
	tl.read()
	for _, cursor := range []string{"", tl.cursor} {
		tl.srv.Panel().Clear()
		tl.srv.Panel().Inject(dials.Fault{Path: "/myself", Effect: dials.Reply, Status: 401, Times: -1})
		tl.srv.Panel().Inject(dials.Fault{
			Path: "/search/jql", Effect: dials.Reply, Status: 200, Times: -1,
			Header: http.Header{"Content-Type": {"application/json"}}, Body: `{"issues":[],"isLast":true}`,
		})
		snap, err := tl.Pull(t.Context(), cursor)
		if wantFault(t, err, fault.Permanent, fault.Auth); snap.Complete {
			t.Error("an empty answer to nobody was taken for an empty project")
		}
	}
}

func TestHowFarAnIncrementReachesBack(t *testing.T) {
	t.Parallel()
	at := time.UnixMilli(5_000_000)
	const overlap = 10 * time.Minute
	for _, tc := range []struct {
		high   int64
		waited time.Duration
		want   int64
	}{
		{0, time.Hour, 0},
		{9_000_000, 0, 8_400_000},
		{9_000_000, overlap - time.Millisecond, 8_400_000},
		{9_000_000, overlap, 9_000_000},
		{9_000_000, -time.Hour, 8_400_000}, // our clock was set back
		{100_000, 0, 0},
	} {
		c := cursor{}.raised(tc.high, at)
		if got := c.since(at.Add(tc.waited), overlap); got != tc.want {
			t.Errorf("%d, %s later: since %d, want %d", tc.high, tc.waited, got, tc.want)
		}
		if again := c.raised(tc.high-1, at.Add(time.Hour)); again.High != c.High || again.Seen != c.Seen {
			t.Errorf("an older change moved the cursor: %+v", again)
		}
	}
	if c := parseCursor("nonsense"); c.High != 0 || c.Print != "" {
		t.Errorf("read %+v from nonsense", c)
	}
}
