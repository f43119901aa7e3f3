package web

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/task"
	"github.com/lockstep-sync/lockstep/sync/view"
	"github.com/lockstep-sync/lockstep/web/auth"
)

// What each page says of the seeded partnership with its past.
func TestEveryPageSaysItsFigures(t *testing.T) {
	t.Parallel()
	s := serve(t, lived(t), nil)
	for path, want := range map[string][]string{
		"":                                 {"They do not agree.", "Conditional", "On course: the pumps", "Partners and workstreams", "10 open, 3 overdue", "Quick wins", "Pilot to roll-out", "critical milestone"},
		"/board":                           {"Not started <span", "In progress <span", "Publish the baseline report", "9 days overdue", "And 14 more", "WASH-11"},
		"/timeline":                        {"Timeline of", "first agreed 8 Nov", "Gate: Pilot to roll-out, 3 Dec", "Milestone: Tariff in force", `<a href="/p/clean-water/tasks?look=no_date">1 open task without a date</a>`},
		"/accountability":                  {"38 of 60 (63 %)", "28 of 54 (51 %)", "64 of 69 (92 %)", "16 to 22 Nov", "2 of 7", "no league table", "Ruth Njeri", "14 tasks later than first agreed"},
		"/accountability?partner=riverton": {"City of Riverton", "12 of 20 (60 %)"},
		"/burnup":                          {"50 %: 18 Jan 2027, 85 %: 1 Feb 2027, 95 %: 15 Feb 2027", "Target 23 Mar 2027", "64 of 84 tasks done.", "drawn at random"},
		"/burnup?workstream=Boreholes":     {"Boreholes", "Target 22 Jan 2027"},
		"/activity":                        {"Monday 23 November 2026", "by <bdi>Ruth Njeri</bdi>", "Overruled", "Gate “Design review” decided: Conditional go", "Status update: Green"},
		"/activity?kind=people":            {"Gate “Design review”"},
		"/activity?person=sarah":           {"Sarah Achieng"},
		"/activity?task=cw-2":              {"19 Nov"},
		"/conflicts":                       {"Which <strong>Due</strong> is right?", "19 Dec", "26 Dec", "12 Dec", "Sarah Achieng"},
		"/gates":                           {"Conditional go", "Go, once the tariff is voted on.", "1 of 3 criteria met, 1 of 2 deliverables done", "Homes with safe water at 30 %", "30 %", "First water at Mlima school", "11 days later"},
		"/updates":                         {"On course: the pumps", "Amina Diallo"},
		"/digest":                          {"Since <bdi>Monday 16 November 2026</bdi>", "New reds", "2 of 7 kept", "Decide the gate", "2 tasks finished", "The next 14 days"},
		"/data":                            {"HydroTech Ltd’s sheet", "Stale, read 3 h ago", "after the next council", "cells that cannot be read", "Write a date"},
		"/cycles":                          {"a source sat out", `href="/p/clean-water/cycles/41"`},
		"/cycles/41":                       {"Decided", "Written into <bdi>Scorecard</bdi>", "Blocked"},
		"/t/CW-2":                          {"missed 8 Nov 2026", "Ruth Njeri"},
		"/tasks?partner=aquafund&workstream=Boreholes": {"AquaFund, Boreholes", "By the rules", "schedule adherence"},
		"/tasks?look=due_soon&group=status&sort=due":   {"Due soon", "Group by"},
	} {
		res, page := ask(t, s, "GET", thePage+path)
		if res.StatusCode != http.StatusOK {
			t.Errorf("%s answers %s", path, res.Status)
		}
		for _, x := range want {
			if !strings.Contains(page, x) {
				t.Errorf("%s lacks %q", path, x)
			}
		}
		lacks(t, page, "%!", "<nil>", "ZgotmplZ", "NaN")
	}
	for _, path := range []string{"/cycles/0", "/cycles/99", "/cycles/x"} {
		if res, _ := ask(t, s, "GET", thePage+path); res.StatusCode != http.StatusNotFound {
			t.Errorf("%s answers %s", path, res.Status)
		}
	}
	for _, path := range []string{"?as_of=soon", "/digest?since=soon"} {
		if res, _ := ask(t, s, "GET", thePage+path); res.StatusCode != http.StatusBadRequest {
			t.Errorf("%s answers %s", path, res.Status)
		}
	}
}

// No page needs tasks, dates, a past or agreements.
func TestEveryPageOfLittle(t *testing.T) {
	t.Parallel()
	dateless := lived(t)
	for i := range dateless.state.Tasks {
		dateless.state.Tasks[i].Agreed[task.Due], dateless.state.Tasks[i].Baseline = task.Value{}, task.Value{}
	}
	for name, st := range map[string]*fakeStore{"nothing": {state: store.State{Generation: 41}}, "no dates": dateless, "one task": {state: store.State{Generation: 41, Tasks: seeded().state.Tasks[:2]}}} {
		s := serve(t, st, func(o *Options) {
			o.Viewers = viewers(st, view.Partnership{ID: "clean-water", Name: "Clean Water Alliance"})
		})
		for _, path := range everyPage() {
			if strings.HasSuffix(path, "/t/CW-2") && name == "nothing" {
				continue
			}
			for _, day := range []string{"", "?as_of=2026-08-01"} {
				res, page := ask(t, s, "GET", path+day)
				if res.StatusCode != http.StatusOK {
					t.Errorf("%s: %s answers %s", name, path+day, res.Status)
				}
				lacks(t, page, "%!", "<nil>", "ZgotmplZ", "NaN")
			}
		}
	}
}

func TestPastDaysArePast(t *testing.T) {
	t.Parallel()
	s := serve(t, lived(t), nil)
	for _, p := range pages() {
		if !p.past || strings.Contains(p.path, "{") {
			continue
		}
		_, page := ask(t, s, "GET", thePage+"/"+strings.TrimSuffix(p.path, "/")+"?as_of=2026-09-01")
		if p.path == "" {
			_, page = ask(t, s, "GET", thePage+"?as_of=2026-09-01")
		}
		has(t, page, "Tuesday 1 September 2026", "Back to now")
		lacks(t, page, "data-partnership", "Record a decision", "Take this", "CW-25")
	}
	_, page := ask(t, s, "GET", thePage+"?as_of=2026-09-01")
	has(t, page, `href="/p/clean-water/tasks?as_of=2026-09-01"`)
}

// post sends a form as a page of ours does.
func post(t *testing.T, s http.Handler, path string, form url.Values, header ...string) (*http.Response, string) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w.Result(), w.Body.String()
}

func TestGatesAreDecided(t *testing.T) {
	t.Parallel()
	st := lived(t)
	s := serve(t, st, nil)
	const path = thePage + "/gates/"
	for _, c := range []struct {
		gate string
		form url.Values
		want int
	}{
		{"pilot", url.Values{"outcome": {"hold"}, "by": {"AquaFund"}}, 400},
		{"pilot", url.Values{"outcome": {"maybe"}, "by": {"AquaFund"}, "reason": {"x"}}, 400},
		{"pilot", url.Values{"outcome": {"go"}, "others": {" , "}}, 400},
		{"nowhere", url.Values{"outcome": {"go"}, "by": {"AquaFund"}}, 404},
		{"design", url.Values{"outcome": {"go"}, "by": {"AquaFund"}}, 409},
		{"pilot", url.Values{"outcome": {"hold"}, "by": {"AquaFund", "AquaFund"}, "others": {"Ruth Njeri, <b>x</b>"}, "reason": {"No water\r\nyet.\u202e"}}, 303},
		{"design", url.Values{"outcome": {"go"}, "by": {"AquaFund"}, "again": {"1"}}, 303},
	} {
		res, page := post(t, s, path+c.gate, c.form)
		if res.StatusCode != c.want {
			t.Errorf("%s %v answers %s: %.300s", c.gate, c.form, res.Status, page)
		}
		if c.want == 303 && res.Header.Get("Location") != thePage+"/gates#gate-"+c.gate {
			t.Errorf("it leads to %s", res.Header.Get("Location"))
		}
	}
	_, page := ask(t, s, "GET", thePage+"/gates")
	has(t, page, "Hold", "AquaFund, Ruth Njeri and &lt;b&gt;x&lt;/b&gt;", "No water\nyet.")
	if e := st.events[0]; e.By != "somebody at this computer" || !e.At.Equal(noon) || e.Kind != store.EventGate {
		t.Errorf("the history says %+v", e)
	}
}

func TestPeopleSayHowItGoes(t *testing.T) {
	t.Parallel()
	st := lived(t)
	s := serve(t, st, nil)
	for _, c := range []struct {
		form url.Values
		want int
	}{
		{url.Values{"rag": {"red"}}, 400},
		{url.Values{"rag": {"grey"}, "words": {"x"}}, 400},
		{url.Values{"rag": {"red"}, "words": {"x"}, "about": {"partner:nobody"}}, 400},
		{url.Values{"rag": {"red"}, "words": {"x"}, "about": {"everything"}}, 400},
		{url.Values{"rag": {"red"}, "words": {"The pumps are stuck."}, "about": {"partner:hydrotech"}}, 303},
		{url.Values{"rag": {"amber"}, "words": {"Slow."}, "about": {"workstream:Policy"}}, 303},
		{url.Values{"rag": {"red"}, "words": {"All is lost."}}, 303},
	} {
		if res, page := post(t, s, thePage+"/updates", c.form); res.StatusCode != c.want {
			t.Errorf("%v answers %s: %.300s", c.form, res.Status, page)
		}
	}
	_, page := ask(t, s, "GET", thePage+"/updates")
	has(t, page, "HydroTech Ltd", "The pumps are stuck.", "All is lost.", "somebody at this computer")
	_, page = ask(t, s, "GET", thePage)
	has(t, page, "All is lost.")
	lacks(t, page, "They do not agree.") // both are red now
	_, page = ask(t, s, "GET", thePage+"/accountability")
	has(t, page, "The pumps are stuck.", "Slow.")
}

func TestConflictsAreSettled(t *testing.T) {
	t.Parallel()
	st := lived(t)
	var handed []Choice
	var fail error
	s := serve(t, st, func(o *Options) {
		o.Choose = func(_ context.Context, c Choice) error {
			handed = append(handed, c)
			return fail
		}
	})
	key := st.state.Conflicts[0].Key()
	_, page := ask(t, s, "GET", thePage+"/conflicts")
	has(t, page, `name="key" value="`+key+`"`, `name="choice" value="2"`, "Keep this", "Take this")
	settle := func(key, choice string, want int) string {
		t.Helper()
		res, page := post(t, s, thePage+"/conflicts", url.Values{"key": {key}, "choice": {choice}})
		if res.StatusCode != want {
			t.Errorf("choice %q answers %s: %.300s", choice, res.Status, page)
		}
		return page
	}
	settle(key, "1", 303)
	settle(key, "0", 303)
	settle(key, "3", 400)
	settle(key, "", 400)
	settle("CW-16/due/00", "1", 409)
	fail = errors.New("what stands against each other has changed meanwhile")
	has(t, settle(key, "2", 409), "What stands against each other has changed meanwhile.")
	fail = context.DeadlineExceeded
	has(t, settle(key, "2", 202), "handed in")
	var got []task.Value
	for _, c := range handed {
		if c.Task != "CW-16" || c.Field != task.Due || c.By != "somebody at this computer" || c.Key != key {
			t.Errorf("what was handed in is %+v", c)
		}
		got = append(got, c.Value)
	}
	if want := []task.Value{dateIn(33), dateIn(26), dateIn(19), dateIn(19)}; !slices.Equal(got, want) {
		t.Errorf("the values are %v", got)
	}
	_, page = ask(t, serve(t, st, nil), "GET", thePage+"/conflicts")
	has(t, page, "Choose on the scorecard")
	lacks(t, page, "Take this")
}

// as serves everything to one person.
func as(p auth.Person) func(*Options) {
	return func(o *Options) {
		o.Identify = func(next http.Handler, _ auth.Render) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				next.ServeHTTP(w, r.WithContext(auth.With(r.Context(), p)))
			})
		}
		o.Choose = func(context.Context, Choice) error { return nil }
	}
}

func TestRoles(t *testing.T) {
	t.Parallel()
	st := lived(t)
	writes := map[string]url.Values{
		"/conflicts": {"key": {st.state.Conflicts[0].Key()}, "choice": {"1"}}, "/gates/pilot": {"outcome": {"go"}, "by": {"AquaFund"}}, "/updates": {"rag": {"red"}, "words": {"x"}},
	}
	for _, c := range []struct {
		person      auth.Person
		read, write int
	}{
		{auth.Person{}, 404, 404},
		{auth.Member("amina@aquafund.org", "Amina", map[string]auth.Role{"other": auth.Operator}), 404, 404},
		{auth.Member("amina@aquafund.org", "Amina", map[string]auth.Role{"clean-water": auth.Viewer}), 200, 403},
		{auth.Member("amina@aquafund.org", "Amina", map[string]auth.Role{"clean-water": auth.Editor}), 200, 303},
	} {
		s := serve(t, st, as(c.person))
		for _, path := range append(everyPage(), thePage+"/export/csv", "/events?partnership=clean-water") {
			if c.read == 200 && strings.HasPrefix(path, "/events") {
				continue // it would not end
			}
			res, page := ask(t, s, "GET", path)
			if res.StatusCode != c.read || c.read == 404 && strings.Contains(page, "Clean Water") {
				t.Errorf("%+v: %s answers %s", c.person, path, res.Status)
			}
			if c.write == 403 {
				lacks(t, page, "Record a decision", "Take this", "Say it")
			}
		}
		for path, form := range writes {
			if res, _ := post(t, s, thePage+path, form); res.StatusCode != c.write {
				t.Errorf("%+v: a write to %s answers %s", c.person, path, res.Status)
			}
			if res, _ := post(t, s, thePage+path, form, "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"); res.StatusCode != http.StatusForbidden {
				t.Errorf("%+v: a write to %s from another site answers %s", c.person, path, res.Status)
			}
		}
	}
	if e := st.events[0]; e.By != "Amina" {
		t.Errorf("the history says %+v", e)
	}
}

func TestTasksComeInPages(t *testing.T) {
	t.Parallel()
	s := serve(t, big(450), nil)
	seen := map[string]bool{}
	next := theTasks
	for range 5 {
		_, page := ask(t, s, "GET", strings.ReplaceAll(next, "&amp;", "&"))
		n := strings.Count(page, `<tr role="row" id="CW-`)
		if n == 0 || n > rowsShown {
			t.Fatalf("%s has %d rows", next, n)
		}
		for _, part := range strings.Split(page, `<tr role="row" id="`)[1:] {
			id, _, _ := strings.Cut(part, `"`)
			if seen[id] {
				t.Errorf("%s is there twice", id)
			}
			seen[id] = true
		}
		_, after, ok := strings.Cut(page, `">Next</a>`)
		if !ok || after == "" {
			break
		}
		before, _, _ := strings.Cut(page, `">Next</a>`)
		next = before[strings.LastIndex(before, `href="`)+6:]
	}
	if len(seen) != 450 {
		t.Errorf("the pages have %d tasks; want 450", len(seen))
	}
}
