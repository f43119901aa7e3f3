package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/lockstep-sync/lockstep/sync/scorecard"
	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/task"
	"github.com/lockstep-sync/lockstep/sync/view"
)

const (
	thePage  = "/p/clean-water"
	theTasks = thePage + "/tasks"
)

var errDown = errors.New("open /srv/secret/path.db: disk I/O error")

func TestPartnershipPage(t *testing.T) {
	t.Parallel()
	s := serve(t, seeded(), func(o *Options) {
		o.Metrics = http.NotFoundHandler()
		o.Banner = []Link{{"AquaFund’s Jira", "http://127.0.0.1:9/"}, {"nothing good", "javascript:alert(1)"}}
	})
	res, page := ask(t, s, "GET", thePage)
	if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "text/html; charset=utf-8" {
		t.Fatalf("answer %s, %s", res.Status, res.Header.Get("Content-Type"))
	}
	_, tasks := ask(t, s, "GET", theTasks)
	has(t, tasks,
		`<bdi>AquaFund</bdi></h2><span class="sector">Civil society</span>`, `<bdi>Ministry of Water</bdi>`, "Works on the shared scorecard",
		`<time datetime="2026-11-14">14 Nov</time> <span class="words">9 days overdue</span><span class="slip">first agreed 7 Nov (&#43;7 days)</span>`,
		`<span class="words">due today</span>`, `<bdi>WASH-11</bdi>`, `href="https://aquafund.example.net/browse/WASH-11"`, "<bdi>Sheet row 3</bdi>", "<bdi>Scorecard</bdi>", "Stale, read 3 h ago",
	)
	has(t, page,
		"<h1><bdi>Clean Water Alliance</bdi></h1>", "Monday 23 November 2026, 13:15 EAT",
		"<b>20</b> open", "<b>5</b> overdue", "<b>3</b> blocked", "<b>4</b> done", "<b>4</b> waiting for people",
		"Which <strong>Due</strong> is right?", "<b><bdi>26 Dec</bdi></b>", "<b><bdi>12 Dec</bdi></b>", "Sarah Achieng", "Until then “<bdi>19 Dec</bdi>” stands",
		"AquaFund’s Jira</bdi>: 1 held", "City of Riverton’s sheet</bdi>: 2 held", "<strong><bdi>Due</bdi></strong>: cannot be read: “<bdi class=\"raw\">after the next council</bdi>”",
		"HydroTech Ltd’s sheet</bdi></strong>, read 3 h ago (10:15): <bdi>read the sheet: the column “Status” is gone</bdi>",
		`href="/metrics"`, "v1.2.3", "This is a demo.", `href="http://127.0.0.1:9/"`,
	)
	lacks(t, page+tasks, "javascript:", "nothing good", "ZgotmplZ", "%!", "NotStarted", "in_progress</", "<nil>")
	if n := strings.Count(tasks, `<tr role="row" id="CW-`); n != len(seedLines) {
		t.Errorf("the page has %d tasks; want %d", n, len(seedLines))
	}
	for _, page := range []string{page, tasks} {
		seen := map[string]bool{}
		for _, m := range regexp.MustCompile(` id="([^"]+)"`).FindAllStringSubmatch(page, -1) {
			if seen[m[1]] {
				t.Errorf("the id %q is there twice", m[1])
			}
			seen[m[1]] = true
		}
	}
}

func TestFiltersNarrowThePage(t *testing.T) {
	t.Parallel()
	s := serve(t, seeded(), nil)
	for _, c := range []struct {
		query string
		want  int
		has   string
	}{
		{"", 25, ""},
		{"?partner=riverton", 7, "Appoint the city"},
		{"?status=blocked", 3, "Kijani"},
		{"?status=open", 20, ""},
		{"?status=done&partner=aquafund", 1, "Household"},
		{"?overdue=1", 5, "Customs"},
		{"?overdue=1&status=blocked", 1, "Permit"},
		{"?q=BOREHOLE", 3, "Drill"},
		{"?q=cw-25", 1, "Gazette"},
		{"?q=tom%C3%A1s", 2, "Mount solar"},
		{"?q=no+such+thing", 0, "No task fits."},
		{"?partner=nobody", 0, "No task fits."},
		{"?q=%3Cscript%3Ealert(1)%3C/script%3E", 0, "&lt;script&gt;alert(1)&lt;/script&gt;"},
	} {
		t.Run(c.query, func(t *testing.T) {
			t.Parallel()
			_, page := ask(t, s, "GET", theTasks+c.query)
			if n := strings.Count(page, `<tr role="row" id="CW-`); n != c.want {
				t.Errorf("the page has %d tasks; want %d", n, c.want)
			}
			has(t, page, c.has)
			if c.query != "" {
				has(t, page, "Show all 25")
			}
		})
	}
}

func TestHostileTextStaysText(t *testing.T) {
	t.Parallel()
	const script, bidi = `"><script>alert(1)</script><img src=x onerror=alert(2)>'`, "pay \u202e10.00\u202c to \u2066x\u2069"
	st := seeded()
	long := strings.Repeat("Wasserversorgung", 700)
	title := script + bidi + "\x00\x07\x1b[31m\u0085" + "\xff"
	st.edit(func(f *fakeStore) {
		f.state.Tasks[0].Agreed[task.Title] = task.TextValue(title)
		f.state.Tasks[0].Agreed[task.Assignee] = task.PersonValue(script)
		f.state.Tasks[0].Agreed[task.Status] = task.EnumValue(script)
		f.state.Tasks[0].Agreed[task.Notes] = task.TextValue(long)
		f.state.Tasks[1].Agreed[task.Title] = task.TextValue(long)
		f.state.Tasks[2].Agreed[task.Partner] = task.EnumValue(script)
		f.state.Links[0].URL, f.state.Links[0].Name = "javascript:alert(3)//https://", script
		f.state.Links[1].URL = "https://good.example@evil.example/"
		f.state.Holds[0].Raw, f.state.Holds[0].Name, f.state.Holds[0].Hint, f.state.Holds[0].Field = script+bidi, script, script, script
		f.state.Conflicts[0].Claims[0].By = script
		f.state.Sources[1].Error = script + bidi
		f.events[0].Note, f.events[0].By, f.events[0].Kind = script, script, store.EventFailed
		f.events[1].Task, f.events[1].Kind = "CW-1", "of the future "+script
		f.cycles[0].Result, f.cycles[0].Note = "guarded", script+bidi
	})
	s := serve(t, st, nil)
	paths := append(everyPage(), theTasks+"?partner=%3Cscript%3E&workstream=%22onload=%22", thePage+"/activity?person=%3Cscript%3E&task=%22onload=%22", thePage+"/digest?since=2026-11-01")
	for _, path := range append(paths, []string{theTasks + "?q=%22%3E%3Cscript%3E&partner=%22onload=%22", thePage + "/t/CW-1"}...) {
		res, page := ask(t, s, "GET", path)
		if res.StatusCode != http.StatusOK {
			t.Fatalf("%s answers %s", path, res.Status)
		}
		lacks(t, page, "<script>alert", "<img src=x", "javascript:", "evil.example", "\u202e", "\u202c", "\u2066", "\u2069", "\x00", "\x07", "\x1b", "\u0085", "\xff", `onload="`)
		if n := strings.Count(page, "<script"); n != 1 {
			t.Errorf("%s has %d scripts; want ours alone", path, n)
		}
	}
	_, page := ask(t, s, "GET", thePage)
	has(t, page, "&lt;script&gt;alert(1)", "A guard stopped the last cycle", "\ufffd")
	_, page = ask(t, s, "GET", thePage+"/t/CW-1")
	has(t, page, long) // a task's own page shows all of it
}

func TestTitlesOfTenThousandCharacters(t *testing.T) {
	t.Parallel()
	st := seeded()
	st.edit(func(f *fakeStore) {
		f.state.Tasks[12].Agreed[task.Title] = task.TextValue(strings.Repeat("م", 10_000))
		f.events[1].To = task.TextValue(strings.Repeat("x", 10_000))
	})
	_, page := ask(t, serve(t, st, nil), "GET", thePage)
	if strings.Contains(page, strings.Repeat("م", clipped+1)) || strings.Contains(page, strings.Repeat("x", clipped+1)) {
		t.Error("the activity shows a long text whole")
	}
	has(t, page, strings.Repeat("م", clipped)+"…", strings.Repeat("x", clipped)+"…")
}

func TestTaskPageTellsTheWholeStory(t *testing.T) {
	t.Parallel()
	s := serve(t, seeded(), nil)
	_, page := ask(t, s, "GET", thePage+"/t/CW-2")
	has(t, page, "<title>CW-2: Drill borehole 1", "Drill borehole 1 at Mlima primary school", "4 days overdue", "Joseph Kamau", "First agreed due date", "8 Nov",
		"<del><bdi>8 Nov</bdi></del> → <ins><bdi>19 Nov</bdi></ins>", "from Scorecard</bdi>, by <bdi>Ruth Njeri</bdi>, then in <bdi>AquaFund’s Jira", "Overruled: <b><bdi>15 Nov</bdi></b> in <bdi>AquaFund’s Jira</bdi>, by <bdi>Joseph Kamau")
	lacks(t, page, "written to")
	for path, want := range map[string]int{
		"/p/clean-water/t/CW-999": 404, "/p/nobody/t/CW-1": 404, "/p/nobody": 404, "/p/clean-water/t/" + strings.Repeat("A", 5000): 404, "/p/clean-water/t/%3Cscript%3E": 404, "/p/clean-water/t/%2e%2e": 404,
	} {
		if res, body := ask(t, s, "GET", path); res.StatusCode != want || strings.Contains(body, "<script>") {
			t.Errorf("%.40s answers %s; want %d", path, res.Status, want)
		}
	}
}

func TestRemovedTasksHaveAStoryAndNoRow(t *testing.T) {
	t.Parallel()
	st := seeded()
	st.edit(func(f *fakeStore) { f.state.Tasks[0].Removed = true })
	s := serve(t, st, nil)
	_, page := ask(t, s, "GET", theTasks)
	lacks(t, page, `id="CW-1"`)
	_, page = ask(t, s, "GET", thePage)
	has(t, page, "<b>19</b> open", "<b>4</b> overdue")
	_, page = ask(t, s, "GET", thePage+"/t/CW-1")
	has(t, page, "Publish the baseline report", "Removed")
	lacks(t, page, "overdue</span>")
}

func TestHome(t *testing.T) {
	t.Parallel()
	one := serve(t, seeded(), nil)
	if res, _ := ask(t, one, "GET", "/"); res.StatusCode != http.StatusFound || res.Header.Get("Location") != thePage {
		t.Errorf("one partnership: %s to %q", res.Status, res.Header.Get("Location"))
	}
	two := serve(t, seeded(), func(o *Options) {
		o.Viewers = append(o.Viewers, viewers(seeded(), view.Partnership{ID: "reading", Name: "Every <Child> Reads", Rules: scorecard.DefaultRules()})...)
	})
	_, page := ask(t, two, "GET", "/")
	has(t, page, `<a href="/p/clean-water"><bdi>Clean Water Alliance</bdi></a>`, "Every &lt;Child&gt; Reads", "1 not up to date")
	none := serve(t, seeded(), func(o *Options) { o.Viewers = nil })
	_, page = ask(t, none, "GET", "/")
	has(t, page, "There is no partnership here that you may look at.")
}

func TestASlashTooManyLeadsToThePage(t *testing.T) {
	t.Parallel()
	s := serve(t, seeded(), nil)
	for asked, want := range map[string]string{
		thePage + "/":               thePage,
		thePage + "/conflicts/?q=a": thePage + "/conflicts?q=a",
		thePage + "/t/CW-1/":        thePage + "/t/CW-1",
	} {
		if res, _ := ask(t, s, "GET", asked); res.StatusCode != http.StatusMovedPermanently || res.Header.Get("Location") != want {
			t.Errorf("%s: %s to %q; want %q", asked, res.Status, res.Header.Get("Location"), want)
		}
	}
	for _, asked := range []string{"/p/", "/nowhere/", "/assets/"} {
		if res, _ := ask(t, s, "GET", asked); res.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", asked, res.Status)
		}
	}
}

func TestEmptyPartnership(t *testing.T) {
	t.Parallel()
	res, page := ask(t, serve(t, &fakeStore{}, nil), "GET", thePage)
	if res.StatusCode != http.StatusOK {
		t.Fatalf("answer %s", res.Status)
	}
	has(t, page, "No tasks yet.", "never read", "Nothing. Everybody agrees", "Nothing yet.")
	lacks(t, page, "NaN", "Last 0", `class="progress"`)
}

func TestProblemsAreInTheHouseStyle(t *testing.T) {
	t.Parallel()
	st := seeded()
	s := serve(t, st, nil)
	down := seeded()
	down.edit(func(f *fakeStore) { f.err = errDown })
	broken := serve(t, down, nil)
	for _, c := range []struct {
		s            *Server
		method, path string
		want         int
		text         string
	}{
		{s, "GET", "/nowhere", 404, "There is nothing at this address."},
		{s, "GET", "/assets/0/page.css", 404, "There is nothing at this address."},
		{s, "GET", "/p/other", 404, "There is no partnership"},
		{s, "GET", "/metrics", 404, "nothing at this address"},
		{s, "POST", "/", 405, "can only be read"},
		{s, "DELETE", thePage, 405, "can only be read"},
		{s, "PUT", thePage + "/t/CW-1", 405, "can only be read"},
		{broken, "GET", thePage, 503, "The database cannot be read"},
		{broken, "GET", thePage + "/t/CW-1", 503, "The database cannot be read"},
	} {
		res, page := ask(t, c.s, c.method, c.path)
		if res.StatusCode != c.want {
			t.Errorf("%s %s answers %s; want %d", c.method, c.path, res.Status, c.want)
		}
		has(t, page, c.text, "<main", "page.css")
		lacks(t, page, "secret", "disk I/O")
		if c.want == 405 && res.Header.Get("Allow") != "GET, HEAD" {
			t.Errorf("%s %s allows %q", c.method, c.path, res.Header.Get("Allow"))
		}
	}
}

// failing is a store in which one of a page's reads fails.
type failing struct {
	*fakeStore

	what string
}

func (f failing) History(ctx context.Context, p string, q store.Query) ([]store.Event, error) {
	if f.what == "history" {
		return nil, errDown
	}
	return f.fakeStore.History(ctx, p, q)
}

func (f failing) Cycles(ctx context.Context, p string, limit int) ([]store.Cycle, error) {
	if f.what == "cycles" {
		return nil, errDown
	}
	return f.fakeStore.Cycles(ctx, p, limit)
}

func TestEachReadOfAPageMayFail(t *testing.T) {
	t.Parallel()
	for _, what := range []string{"history", "cycles"} {
		s := serve(t, seeded(), func(o *Options) {
			o.Store = failing{seeded(), what}
			o.Viewers = viewers(failing{seeded(), what}, cleanWater(t))
		})
		if res, page := ask(t, s, "GET", thePage); res.StatusCode != http.StatusServiceUnavailable || strings.Contains(page, "secret") {
			t.Errorf("without %s the page answers %s", what, res.Status)
		}
	}
}

func TestHeadersOfEveryAnswer(t *testing.T) {
	t.Parallel()
	s := serve(t, seeded(), nil)
	for _, path := range []string{"/", thePage, thePage + "/t/CW-1", "/nowhere", "/healthz", "/readyz", "/api/v1/partnerships/clean-water/tasks", s.mustAsset(t, "page.js")} {
		res, _ := ask(t, s, "GET", path)
		csp := res.Header.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "img-src 'self'", "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'"} {
			if !strings.Contains(csp, want) {
				t.Errorf("%s: the policy %q lacks %s", path, csp, want)
			}
		}
		if strings.Contains(csp, "unsafe") || strings.Contains(csp, "*") {
			t.Errorf("%s: the policy is %q", path, csp)
		}
		for k, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"} {
			if got := res.Header.Get(k); got != want {
				t.Errorf("%s: %s is %q; want %q", path, k, got, want)
			}
		}
		if res.Header.Get("Cache-Control") == "" {
			t.Errorf("%s: nothing is said of caching", path)
		}
	}
	_, page := ask(t, s, "GET", thePage)
	lacks(t, page, " style=", " onclick=", "<style", "http://127")
}

func (s *Server) mustAsset(t *testing.T, name string) string {
	t.Helper()
	u, err := s.assetURL(name)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestAssetsAreCachedForGood(t *testing.T) {
	t.Parallel()
	s := serve(t, seeded(), nil)
	_, page := ask(t, s, "GET", thePage)
	for name, mime := range map[string]string{"page.css": "text/css; charset=utf-8", "page.js": "text/javascript; charset=utf-8", "icon.svg": "image/svg+xml"} {
		u := s.mustAsset(t, name)
		has(t, page, `"`+u+`"`)
		res, body := ask(t, s, "GET", u)
		if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != mime || res.Header.Get("Cache-Control") != "public, max-age=31536000, immutable" || body == "" {
			t.Errorf("%s answers %s, %q, %q", u, res.Status, res.Header.Get("Content-Type"), res.Header.Get("Cache-Control"))
		}
	}
	if _, err := s.assetURL("nothing.css"); err == nil {
		t.Error("an asset that is not there has an address")
	}
}

func TestHeadHasNoBody(t *testing.T) {
	t.Parallel()
	s := serve(t, seeded(), nil)
	_, page := ask(t, s, "GET", thePage)
	res, body := ask(t, s, "HEAD", thePage)
	if res.StatusCode != http.StatusOK || body != "" || res.Header.Get("Content-Length") != fmt.Sprint(len(page)) {
		t.Errorf("HEAD answers %s with %d bytes and length %s", res.Status, len(body), res.Header.Get("Content-Length"))
	}
	if res, _ := ask(t, s, "HEAD", "/events?partnership=clean-water"); res.StatusCode != http.StatusOK { // and does not wait
		t.Errorf("HEAD of the events answers %s", res.Status)
	}
}

func TestOtherSitesAreTurnedAway(t *testing.T) {
	t.Parallel()
	s := serve(t, seeded(), func(o *Options) { o.AllowedHosts = []string{"localhost", "127.0.0.1", "::1", "lockstep.example.org"} })
	for target, want := range map[string]int{
		"http://localhost:8080" + thePage: 200, "http://127.0.0.1:1" + thePage: 200, "http://[::1]:8080" + thePage: 200, "http://LockStep.Example.org" + thePage: 200,
		"http://evil.example" + thePage: 421, "http://localhost.evil.example:8080" + thePage: 421, "http://evil.example/events?partnership=clean-water": 421,
		"http://10.0.0.7:8080/healthz": 200, "http://10.0.0.7:8080/readyz": 200,
	} {
		if res, page := ask(t, s, "GET", target); res.StatusCode != want || want == 421 && strings.Contains(page, "borehole") {
			t.Errorf("%s answers %s; want %d", target, res.Status, want)
		}
	}
	res, page := ask(t, s, "POST", "http://localhost:8080"+thePage, "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example")
	if res.StatusCode != http.StatusForbidden || res.Header.Get("Content-Security-Policy") == "" {
		t.Errorf("a write from another site answers %s", res.Status)
	}
	has(t, page, "Another site asked for this")
	if res, _ := ask(t, s, "GET", "http://localhost"+thePage, "Sec-Fetch-Site", "cross-site"); res.StatusCode != http.StatusOK {
		t.Errorf("a link from another site answers %s", res.Status)
	}
}

func TestHealth(t *testing.T) {
	t.Parallel()
	var why error
	st := seeded()
	s := serve(t, st, func(o *Options) { o.Ready = func() error { return why } })
	check := func(path string, want int, text string) {
		t.Helper()
		if res, body := ask(t, s, "GET", path); res.StatusCode != want || !strings.Contains(body, text) || strings.Contains(body, "secret") {
			t.Errorf("%s answers %s %q; want %d %q", path, res.Status, body, want, text)
		}
	}
	check("/healthz", 200, "ok")
	check("/readyz", 200, "ready")
	why = errors.New("the first cycle is not done")
	check("/readyz", 503, "the first cycle is not done")
	st.edit(func(f *fakeStore) { f.err = errDown })
	check("/readyz", 503, "the store cannot be reached")
	check("/healthz", 200, "ok")
	s = serve(t, seeded(), func(o *Options) {
		o.Metrics = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, "lockstep_up 1") })
	})
	check("/metrics", 200, "lockstep_up 1")
}
