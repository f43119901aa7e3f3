package web

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lockstep-sync/lockstep/sync/scorecard"
	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/task"
	"github.com/lockstep-sync/lockstep/sync/view"
)

// fakeStore holds one state for every partnership.
type fakeStore struct {
	mu     sync.Mutex
	state  store.State
	events []store.Event
	cycles []store.Cycle
	err    error
	loads  int
}

func (f *fakeStore) Load(context.Context, string) (store.State, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.loads++
	return f.state, f.err
}

func (f *fakeStore) History(_ context.Context, _ string, q store.Query) ([]store.Event, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []store.Event
	for i := range f.events { // the newest first
		if q.Oldest {
			i = len(f.events) - 1 - i
		}
		e := f.events[i]
		if (q.Task == "" || q.Task == e.Task) && (q.Cycle == 0 || q.Cycle == e.Cycle) && (q.Before == 0 || e.ID < q.Before) && e.ID > q.After &&
			(q.Kinds == nil || slices.Contains(q.Kinds, e.Kind)) && (q.Limit == 0 || len(out) < q.Limit) {
			out = append(out, e)
		}
	}
	return out, f.err
}

func (f *fakeStore) Record(_ context.Context, _ string, es []store.Event) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err != nil {
		return f.err
	}
	for _, e := range es {
		e.ID, e.Cycle = int64(len(f.events)+1), f.state.Generation
		f.events = append([]store.Event{e}, f.events...)
	}
	return nil
}

func (f *fakeStore) Cycles(_ context.Context, _ string, limit int) ([]store.Cycle, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.cycles[:min(limit, len(f.cycles))], f.err
}

func (f *fakeStore) Ping(context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}

// edit changes what is remembered. Slices that pages may be reading are replaced, never written to.
func (f *fakeStore) edit(change func(*fakeStore)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(f)
}

// noon is a quarter of an hour past ten in UTC, and past one in Nairobi, on a Monday.
var noon = time.Date(2026, 11, 23, 10, 15, 0, 0, time.UTC)

func nairobi(tb testing.TB) *time.Location {
	tb.Helper()
	loc, err := time.LoadLocation("Africa/Nairobi")
	if err != nil {
		tb.Fatal(err)
	}
	return loc
}

func cleanWater(tb testing.TB) view.Partnership {
	tb.Helper()
	return agreed(view.Partnership{
		ID: "clean-water", Name: "Clean Water Alliance", Key: "CW", Timezone: nairobi(tb),
		Partners: []view.Partner{
			{ID: "aquafund", Name: "AquaFund", Sector: "civil_society"},
			{ID: "riverton", Name: "City of Riverton", Sector: "public"},
			{ID: "hydrotech", Name: "HydroTech Ltd", Sector: "private"},
			{ID: "ministry", Name: "Ministry of Water", Sector: "public"},
		},
		Sources: []view.Source{
			{ID: "aquafund-jira", Kind: "jira", Partner: "aquafund", URL: "https://aquafund.example.net", Interval: time.Minute},
			{ID: "riverton-sheet", Kind: "sheet", Partner: "riverton", URL: "https://sheets.example.net/riverton", Interval: time.Minute},
			{ID: "hydrotech-sheet", Kind: "sheet", Partner: "hydrotech", URL: "https://sheets.example.net/hydrotech", Interval: time.Minute},
			{ID: "scorecard", Kind: "sheet", Name: "Scorecard", URL: "https://sheets.example.net/scorecard", Interval: time.Minute},
		},
		Rules:     scorecard.DefaultRules(),
		Scorecard: "scorecard", ScorecardURL: "https://sheets.example.net/scorecard",
	})
}

// seedLine is one task: due counts in days from noon, none is 999; first is the first agreed date, 0 for the same.
type seedLine struct {
	partner, title, status, owner string
	due, first                    int
}

var seedLines = []seedLine{
	{"aquafund", "Publish the baseline report", task.InProgress, "Amina Diallo", -9, -16},
	{"aquafund", "Drill borehole 1 at Mlima primary school", task.InProgress, "Joseph Kamau", -4, -15},
	{"aquafund", "Write by-laws for the water committees", task.InProgress, "Fatuma Ali", -1, 0},
	{"aquafund", "Open bank accounts for four committees", task.InProgress, "Peter Otieno", 0, 0},
	{"aquafund", "Drill borehole 3 at Kijani clinic", task.Blocked, "Joseph Kamau", 5, 0},
	{"aquafund", "Train 40 water committee members", task.InProgress, "Fatuma Ali", 6, 0},
	{"aquafund", "Hydrogeological study, phase 2", task.InProgress, "Joseph Kamau", 9, 0},
	{"aquafund", "Radio spots on safe storage of water", task.NotStarted, "Grace Wanjiru", 10, 0},
	{"aquafund", "Mid-term survey design", task.NotStarted, "Amina Diallo", 45, 0},
	{"aquafund", "Solar pump maintenance contract", task.NotStarted, "", 999, 0},
	{"aquafund", "Household baseline survey, 600 homes", task.Done, "Amina Diallo", -20, 0},
	{"aquafund", "Recruit a monitoring officer", task.Cancelled, "Peter Otieno", -6, 0},
	{"riverton", "Permit for drilling at Kijani clinic", task.Blocked, "Lydia Mwangi", -2, 0},
	{"riverton", "Appoint the city’s water officer", task.InProgress, "Hassan Barasa", 2, 0},
	{"riverton", "Relocate two kiosks on Station Road", task.InProgress, "Sarah Achieng", 4, 0},
	{"riverton", "Lay 1.2 km of main in ward 3", task.InProgress, "Sarah Achieng", 26, 12},
	{"riverton", "Council vote on the water tariff", task.NotStarted, "Hassan Barasa", 20, 0},
	{"riverton", "Permit for drilling at Soko market", task.Done, "Lydia Mwangi", -14, 0},
	{"riverton", "Survey levels for the ward 3 main", task.Done, "Sarah Achieng", -18, 0},
	{"hydrotech", "Customs clearance of the pumps", task.InProgress, "Nadia Rahman", -3, -10},
	{"hydrotech", "Water quality sensor, first prototype", task.Blocked, "Wei Zhang", 4, 0},
	{"hydrotech", "Mount solar panels at Mlima school", task.InProgress, "Tomás Ruiz", 7, 0},
	{"hydrotech", "Install the pump at borehole 1", task.NotStarted, "Tomás Ruiz", 13, 0},
	{"hydrotech", "Order 48 solar panels", task.Done, "Nadia Rahman", -19, 0},
	{"ministry", "Gazette the regulation on community water points", task.InProgress, "Dr. Ruth Njeri", 30, 0},
}

func dateIn(days int) task.Value { return task.DateValue(noon.AddDate(0, 0, days)) }

// seeded is a believable partnership some months old.
func seeded() *fakeStore {
	f := &fakeStore{state: store.State{Generation: 41, NextID: int64(len(seedLines) + 1)}}
	rows := map[string]int{}
	for i, l := range seedLines {
		n := int64(i + 1)
		t := store.Task{ID: task.ID(fmt.Sprintf("CW-%d", n)), Number: n, Baseline: task.Empty(task.Date)}
		t.Agreed[task.Title], t.Agreed[task.Partner] = task.TextValue(l.title), task.EnumValue(l.partner)
		t.Agreed[task.Status], t.Agreed[task.Assignee] = task.EnumValue(l.status), task.PersonValue(l.owner)
		if l.due != 999 {
			t.Agreed[task.Due], t.Baseline = dateIn(l.due), dateIn(l.due)
			if l.first != 0 {
				t.Baseline = dateIn(l.first)
			}
		}
		f.state.Tasks = append(f.state.Tasks, t)
		rows[l.partner]++
		own := store.Link{Task: t.ID, Source: task.SourceID(l.partner + "-sheet"), Name: fmt.Sprintf("row %d", rows[l.partner]+2)}
		own.URL = "https://sheets.example.net/" + l.partner + "#" + url.QueryEscape(own.Name)
		if l.partner == "aquafund" {
			own = store.Link{Task: t.ID, Source: "aquafund-jira", Name: fmt.Sprintf("WASH-%d", n+10), URL: fmt.Sprintf("https://aquafund.example.net/browse/WASH-%d", n+10)}
		}
		if l.partner != "ministry" {
			f.state.Links = append(f.state.Links, own)
		}
		f.state.Links = append(f.state.Links, store.Link{
			Task: t.ID, Source: "scorecard", Name: fmt.Sprintf("row %d", n+1), URL: fmt.Sprintf("https://sheets.example.net/scorecard#row=%d", n+1),
		})
	}
	f.state.Sources = []store.Source{
		{ID: "aquafund-jira", LastAttempt: noon.Add(-42 * time.Second), LastSuccess: noon.Add(-42 * time.Second)},
		{
			ID: "hydrotech-sheet", LastAttempt: noon.Add(-40 * time.Second), LastSuccess: noon.Add(-3 * time.Hour),
			Error: "read the sheet: the column “Status” is gone", Reason: "schema_drift", Hint: "Rename the column “State” back to “Status”, or map it in the configuration.",
		},
		{ID: "riverton-sheet", LastAttempt: noon.Add(-41 * time.Second), LastSuccess: noon.Add(-41 * time.Second)},
		{ID: "scorecard", LastAttempt: noon.Add(-40 * time.Second), LastSuccess: noon.Add(-40 * time.Second)},
	}
	f.state.Conflicts = []store.Conflict{{
		Task: "CW-16", Field: task.Due, Agreed: dateIn(26), Opened: noon.Add(-2 * time.Hour), Claims: []store.Claim{
			{Source: "riverton-sheet", Value: dateIn(33), By: "Sarah Achieng", At: noon.Add(-2 * time.Hour)},
			{Source: "scorecard", Value: dateIn(19), By: "Ruth Njeri", At: noon.Add(-26 * time.Hour)},
		},
	}}
	f.state.Holds = []task.Hold{
		{
			Source: "aquafund-jira", Task: "CW-9", Key: "10019", Name: "WASH-19", Field: "assignee", Reason: task.HoldUnmatchedPerson, Raw: "A. Diallo (contractor)",
			Hint: "Add this name to people in the configuration.",
		},
		{
			Source: "riverton-sheet", Task: "CW-17", Key: "k5", Name: "row 7", Field: "due", Reason: task.HoldUnreadable, Raw: "after the next council",
			Hint: "Write a date, such as 13.12.2026.",
		},
		{Source: "riverton-sheet", Key: "~9", Name: "row 12", Field: "title", Reason: task.HoldNoTitle, Hint: "Give the row a title, or clear it."},
		{Source: "scorecard", Task: "CW-16", Field: "due", Reason: task.HoldConflict, Hint: "Put the same date into both."},
	}
	f.events = seedEvents()
	for i := range int64(20) {
		c := store.Cycle{Generation: 41 - i, Started: noon.Add(-time.Duration(i) * time.Minute), Took: 1200 * time.Millisecond, Result: "ok", Patches: int(i % 3)}
		if i < 6 {
			c.Result = "partial"
		}
		f.cycles = append(f.cycles, c)
	}
	return f
}

func seedEvents() []store.Event {
	due, status := task.Due.String(), task.Status.String()
	word := task.EnumValue
	es := []store.Event{
		{Cycle: 41, At: noon.Add(-40 * time.Second), Kind: store.EventWritten, Task: "CW-13", Field: status, Source: "scorecard", From: word(task.InProgress), To: word(task.Blocked)},
		{Cycle: 41, At: noon.Add(-41 * time.Second), Kind: store.EventDecided, Task: "CW-13", Field: status, Source: "riverton-sheet", From: word(task.InProgress), To: word(task.Blocked), By: "Lydia Mwangi"},
		{Cycle: 33, At: noon.Add(-9 * time.Minute), Kind: store.EventWritten, Task: "CW-2", Field: due, Source: "aquafund-jira", From: dateIn(-15), To: dateIn(-4)},
		{
			Cycle: 33, At: noon.Add(-9 * time.Minute), Kind: store.EventDecided, Task: "CW-2", Field: due, Source: "scorecard", From: dateIn(-15), To: dateIn(-4), By: "Ruth Njeri",
			Losers: []store.Claim{{Source: "aquafund-jira", Value: dateIn(-8), By: "Joseph Kamau", At: noon.Add(-11 * time.Minute)}},
		},
		{Cycle: 20, At: noon.Add(-2 * time.Hour), Kind: store.EventConflict, Task: "CW-16", Field: due, From: dateIn(26)},
		{Cycle: 12, At: noon.Add(-3 * time.Hour), Kind: store.EventFailed, Task: "CW-20", Source: "hydrotech-sheet", Note: "the column “Status” is gone"},
		{Cycle: 9, At: noon.Add(-20 * time.Hour), Kind: store.EventLinked, Task: "CW-25", Source: "scorecard", Note: "row 26"},
		{Cycle: 9, At: noon.Add(-20 * time.Hour), Kind: store.EventLinked, Task: "CW-25", Source: "riverton-sheet", Note: "created row 9"},
		{Cycle: 9, At: noon.Add(-20 * time.Hour), Kind: store.EventBorn, Task: "CW-25", Source: "scorecard", Note: "Gazette the regulation on community water points"},
		{Cycle: 7, At: noon.Add(-50 * time.Hour), Kind: store.EventDecided, Task: "CW-11", Field: status, Source: "aquafund-jira", From: word(task.InProgress), To: word(task.Done), By: "Amina Diallo"},
	}
	for i := range 24 {
		source := task.SourceID("aquafund-jira")
		if i >= 12 {
			source = "riverton-sheet"
		}
		es = append(es, store.Event{Cycle: 1, At: noon.Add(-100 * time.Hour), Kind: store.EventBorn, Task: task.ID(fmt.Sprintf("CW-%d", 24-i)), Source: source})
	}
	for i := range es {
		es[i].ID = int64(len(es) - i)
	}
	return es
}

// viewers read partnerships from a store, at noon.
func viewers(st view.Reader, ps ...view.Partnership) []*view.Viewer {
	out := make([]*view.Viewer, len(ps))
	for i, p := range ps {
		out[i] = view.New(p, st, func() time.Time { return noon })
	}
	return out
}

// clockOf serves by another clock.
func clockOf(tb testing.TB, st *fakeStore, now *time.Time) func(*Options) {
	tb.Helper()
	clock := func() time.Time { return *now }
	p := cleanWater(tb)
	return func(o *Options) { o.Now, o.Viewers = clock, []*view.Viewer{view.New(p, st, clock)} }
}

// serve returns a Server over the store, at noon. change may be nil.
func serve(tb testing.TB, st *fakeStore, change func(*Options)) *Server {
	tb.Helper()
	o := Options{Viewers: viewers(st, cleanWater(tb)), Store: st, Now: func() time.Time { return noon }, Version: "v1.2.3"}
	if change != nil {
		change(&o)
	}
	s, err := New(o)
	if err != nil {
		tb.Fatalf("make the server: %v", err)
	}
	tb.Cleanup(s.Close)
	return s
}

// ask returns the answer to one request, with its body.
func ask(tb testing.TB, s http.Handler, method, target string, header ...string) (*http.Response, string) {
	tb.Helper()
	r := httptest.NewRequestWithContext(tb.Context(), method, target, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	res := w.Result()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		tb.Fatal(err)
	}
	return res, string(body)
}

// has fails for each of the texts that the page lacks.
func has(tb testing.TB, page string, texts ...string) {
	tb.Helper()
	for _, x := range texts {
		if !strings.Contains(page, x) {
			tb.Errorf("the page lacks %q", x)
		}
	}
}

// lacks fails for each of the texts that the page has.
func lacks(tb testing.TB, page string, texts ...string) {
	tb.Helper()
	for _, x := range texts {
		if i := strings.Index(page, x); i >= 0 {
			tb.Errorf("the page has %q: …%s…", x, page[max(0, i-80):min(len(page), i+120)])
		}
	}
}
