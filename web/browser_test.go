package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/lockstep-sync/lockstep/internal/browsertest"
	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// tab opens a tab of its own, and fails the test at its end for whatever the page complained of.
func tab(browser context.Context, t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := chromedp.NewContext(browser)
	t.Cleanup(cancel)
	do(ctx, t, protocol("Page.bringToFront", map[string]any{})) // a tab behind others draws seldom, and answers keys as seldom
	var mu sync.Mutex
	var complaints []string
	messages := chromedp.Console(ctx)
	var wg sync.WaitGroup
	wg.Go(func() {
		for m, err := range messages {
			if err != nil {
				return
			}
			mu.Lock()
			complaints = append(complaints, m.String())
			mu.Unlock()
		}
	})
	t.Cleanup(func() {
		cancel()
		wg.Wait()
		for _, c := range complaints {
			t.Errorf("the page says on its console: %s", c)
		}
	})
	return ctx
}

// site serves on an address. Open the tab after it: tabs are closed first, and so do not complain that it is gone.
func site(t *testing.T, s *Server) string {
	t.Helper()
	srv := httptest.NewServer(s)
	t.Cleanup(func() {
		s.Close()
		srv.Close()
	})
	return srv.URL
}

func do(ctx context.Context, t *testing.T, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(ctx, steps...); err != nil {
		t.Fatal(err)
	}
}

func eval[T any](ctx context.Context, t *testing.T, js string) T {
	t.Helper()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](js))
	if err != nil {
		t.Fatalf("%s: %v", js, err)
	}
	return v
}

// until waits for the page to make js true.
func until(ctx context.Context, t *testing.T, js string) {
	t.Helper()
	browsertest.Until(ctx, t, js, js)
}

// protocol calls a command of the browser's protocol by name.
func protocol(method string, params map[string]any) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, tg *chromedp.Target) error {
		var none map[string]any
		return tg.Call(ctx, method, params, &none)
	})
}

func TestInABrowser(t *testing.T) { //nolint:paralleltest // it is measured in seconds, and other tests would stretch them
	ctx := browsertest.Start(t)
	for name, f := range map[string]func(context.Context, *testing.T){
		"an update changes what differs and nothing else": updatesInPlace,
		"a page without a server says so":                 saysWhenLost,
		"pages can be read without JavaScript":            readsWithoutScript,
		"pages can be used by keyboard":                   usableByKeyboard,
		"no page is wider than its window":                fitsItsWindow,
		"hostile text runs nothing":                       runsNothing,
		"every page can be used by everybody":             accessiblePages,
		"somebody logs in and decides at a gate":          logsIn,
	} {
		t.Run(name, func(t *testing.T) { f(ctx, t) })
	}
}

func updatesInPlace(ctx context.Context, t *testing.T) {
	t.Helper()
	st := seeded()
	s := serve(t, st, nil)
	url := site(t, s)
	ctx = tab(ctx, t)
	do(ctx, t, chromedp.Navigate(url+theTasks))
	until(ctx, t, `document.getElementById("live").textContent === "live"`)
	do(ctx, t, chromedp.SendKeys(chromedp.CSS("input[name=q]"), "bore"))
	eval[bool](ctx, t, `(() => {
		window.sameDocument = true;
		window.row = document.getElementById("CW-1");
		document.querySelector("#CW-9 details").open = true;
		window.scrollTo(0, 120);
		return true;
	})()`)
	st.edit(func(f *fakeStore) {
		f.state.Tasks = slices.Clone(f.state.Tasks)
		f.state.Tasks[1].Agreed[task.Status] = task.EnumValue(task.Done)      // CW-2 moves down among the closed
		f.state.Tasks[4].Agreed[task.Assignee] = task.PersonValue("New Lead") // CW-5 stays where it is
		f.state.Tasks = append(f.state.Tasks, bigTask(100))
		f.state.Tasks[0].Removed = false
		f.state.Holds = slices.Delete(slices.Clone(f.state.Holds), 2, 3)
		f.events = append([]store.Event{{ID: 99, Cycle: 42, At: noon, Kind: store.EventDecided, Task: "CW-2", Field: "status", To: task.EnumValue(task.Done)}}, f.events...)
	})
	s.Changed("clean-water")
	until(ctx, t, `document.querySelector("#CW-2 .status").textContent === "Done" && document.querySelector("#CW-5 .owner").textContent === "New Lead"`)
	for what, js := range map[string]string{
		"the page was not loaded anew":    `window.sameDocument === true`,
		"typed text stays":                `document.querySelector("input[name=q]").value === "bore"`,
		"focus stays":                     `document.activeElement === document.querySelector("input[name=q]")`,
		"a row's open details stay open":  `document.querySelector("#CW-9 details").open`,
		"the place on the page stays":     `Math.abs(window.scrollY - 120) < 2`,
		"a row that is the same stays":    `window.row === document.getElementById("CW-1")`,
		"changed rows are marked":         `["CW-2", "CW-5", "CW-101"].every(id => document.getElementById(id).classList.contains("changed"))`,
		"others are not":                  `!document.getElementById("CW-3").classList.contains("changed")`,
		"the update is announced":         `document.getElementById("news").textContent === "3 tasks changed"`,
		"the new task is there":           `document.getElementById("CW-101") !== null`,
		"the page is what a reload shows": `fetch(location.href).then(r => r.text()).then(t => new DOMParser().parseFromString(t, "text/html").getElementById("main").textContent === document.getElementById("main").textContent)`,
	} {
		got, err := chromedp.Run(ctx, chromedp.Evaluate[bool](js, chromedp.EvalAwaitPromise))
		if err != nil || !got {
			t.Errorf("%s: %v, %v", what, got, err)
		}
	}
	// Focus in a row that moves: the link keeps it.
	eval[bool](ctx, t, `document.querySelector("#CW-3 a.badge").focus() ?? true`)
	st.edit(func(f *fakeStore) {
		f.state.Tasks = slices.Clone(f.state.Tasks)
		f.state.Tasks[2].Agreed[task.Due] = dateIn(80)
		f.state.Tasks[0].Removed = true
	})
	s.Changed("clean-water")
	until(ctx, t, `document.getElementById("CW-1") === null`)
	until(ctx, t, `document.querySelector("#CW-3 time").dateTime === "2027-02-11"`)
	if !eval[bool](ctx, t, `document.activeElement === document.querySelector("#CW-3 a.badge")`) {
		t.Errorf("after the row moved, focus is on %s", eval[string](ctx, t, `document.activeElement.outerHTML.slice(0, 200)`))
	}
}

func saysWhenLost(ctx context.Context, t *testing.T) {
	t.Helper()
	s := serve(t, seeded(), nil)
	url := site(t, s)
	ctx = tab(ctx, t)
	do(ctx, t, chromedp.Navigate(url+theTasks))
	until(ctx, t, `document.getElementById("live").textContent === "live"`)
	s.Close() // ends the stream; the browser will find the next one ending at once
	until(ctx, t, `document.getElementById("live").dataset.state === "lost"`)
}

func readsWithoutScript(ctx context.Context, t *testing.T) {
	t.Helper()
	url := site(t, serve(t, seeded(), nil))
	ctx = tab(ctx, t)
	do(ctx, t, protocol("Emulation.setScriptExecutionDisabled", map[string]any{"value": true}), chromedp.Navigate(url+theTasks))
	text, err := chromedp.Run(ctx, chromedp.Text(chromedp.CSS("body")))
	if err != nil {
		t.Fatal(err)
	}
	has(t, text, "Clean Water Alliance", "Publish the baseline report", "9 days overdue", "Blocked")
	do(ctx, t, chromedp.WaitNotVisible(chromedp.CSS("#live"))) // it says nothing that nobody keeps true
	// The filter is a form, and a form needs no script.
	do(ctx, t, chromedp.SendKeys(chromedp.CSS("input[name=q]"), "kiosks\r"), chromedp.WaitVisible(chromedp.CSS("p.filtered")))
	text, err = chromedp.Run(ctx, chromedp.Text(chromedp.CSS(".work")))
	if err != nil {
		t.Fatal(err)
	}
	has(t, text, "Relocate two kiosks")
	lacks(t, text, "Publish the baseline report")
}

func usableByKeyboard(ctx context.Context, t *testing.T) {
	t.Helper()
	url := site(t, serve(t, seeded(), nil))
	ctx = tab(ctx, t)
	do(ctx, t, chromedp.Navigate(url+theTasks), chromedp.KeyEvent("\t"))
	const here = `document.activeElement.className + " " + document.activeElement.getAttribute("href")`
	if got := eval[string](ctx, t, here); got != "skip #main" {
		t.Fatalf("the first stop is %q", got)
	}
	if !eval[bool](ctx, t, `document.activeElement.getBoundingClientRect().width > 50`) {
		t.Error("the skip link is not to be seen")
	}
	do(ctx, t, chromedp.KeyEvent("\r"))
	if got := eval[string](ctx, t, `document.activeElement.id`); got != "main" {
		t.Errorf("the skip link leads to %q", got)
	}
	want := eval[int](ctx, t, `(window.stops = [...document.querySelectorAll("main a[href], main input, main select, main button, main summary")].filter(e => e.checkVisibility())).length`)
	if want < 60 {
		t.Fatalf("the page has %d controls", want)
	}
	for i := range want {
		do(ctx, t, chromedp.KeyEvent("\t"))
		for eval[bool](ctx, t, fmt.Sprintf(`document.activeElement.type === "date" && document.activeElement === window.stops[%d]`, i-1)) {
			do(ctx, t, chromedp.KeyEvent("\t")) // a date has stops of its own for day, month and year
		}
		got := eval[string](ctx, t, `(() => {
			const e = document.activeElement, i = window.stops.indexOf(e), s = getComputedStyle(e);
			return JSON.stringify({at: i, outline: s.outlineStyle + " " + s.outlineWidth, name: e.outerHTML.slice(0, 80)});
		})()`)
		var stop struct {
			At            int
			Outline, Name string
		}
		if err := json.Unmarshal([]byte(got), &stop); err != nil {
			t.Fatal(err)
		}
		if stop.At != i || stop.Outline != "solid 3px" {
			t.Fatalf("stop %d of %d is %+v", i, want, stop)
		}
	}
}

// hostileStore holds what is apt to break a layout.
func hostileStore() *fakeStore {
	st := seeded()
	long := strings.Repeat("Donaudampfschifffahrtsgesellschaft", 300)
	st.state.Tasks[0].Agreed[task.Title] = task.TextValue(long)
	st.state.Tasks[0].Agreed[task.Assignee] = task.PersonValue(long)
	st.state.Tasks[0].Agreed[task.Notes] = task.TextValue(long)
	st.state.Tasks[1].Agreed[task.Title] = task.TextValue("\u202e<b>مياه</b>\u202c <script>document.title='run'</script><img src=x onerror=\"document.title='run'\">")
	st.state.Tasks[2].Agreed[task.Title] = task.TextValue(strings.Repeat("Z\u0300\u0301\u0302\u0303\u0304", 400))
	st.state.Links[0].Name = long
	st.state.Holds[0].Raw, st.state.Holds[0].Hint = long, long
	st.state.Conflicts[0].Claims[0].Value, st.state.Conflicts[0].Claims[0].By = task.TextValue(long), long
	st.state.Sources[1].Error = long
	st.events[1].To = task.TextValue(long)
	return st
}

func fitsItsWindow(ctx context.Context, t *testing.T) {
	t.Helper()
	sites := map[string]string{"believable": site(t, serve(t, seeded(), nil)), "hostile": site(t, serve(t, hostileStore(), nil))}
	ctx = tab(ctx, t)
	for name, url := range sites {
		for _, path := range []string{thePage, thePage + "/t/CW-1", thePage + "?q=nothing"} {
			do(ctx, t, chromedp.Navigate(url+path))
			for _, width := range []int64{320, 390, 720, 860, 1024, 1280, 1350, 1440, 1920, 2560} {
				do(ctx, t, chromedp.EmulateViewport(width, 900))
				eval[bool](ctx, t, `document.querySelectorAll("details").forEach(d => d.open = false) ?? true`)
				if h := eval[int64](ctx, t, `Math.max(0, ...[...document.querySelectorAll("tbody tr")].map(r => r.clientHeight))`); h > 240 {
					t.Errorf("%s: a row of %s is %d high in a window of %d", name, path, h, width)
				}
				eval[bool](ctx, t, `document.querySelectorAll("details").forEach(d => d.open = true) ?? true`)
				if got := eval[int64](ctx, t, `document.documentElement.scrollWidth`); got > width {
					t.Errorf("%s: %s is %d wide in a window of %d", name, path, got, width)
				}
			}
		}
	}
}

func runsNothing(ctx context.Context, t *testing.T) {
	t.Helper()
	url := site(t, serve(t, hostileStore(), nil))
	ctx = tab(ctx, t)
	do(ctx, t, chromedp.Navigate(url+theTasks))
	until(ctx, t, `document.getElementById("live").textContent === "live"`)
	if got := eval[string](ctx, t, `document.title`); got != "Tasks: Clean Water Alliance · Lockstep" {
		t.Errorf("the title became %q", got)
	}
	if n := eval[int](ctx, t, `document.querySelectorAll("main img, main script, main b > b").length`); n != 0 {
		t.Errorf("%d elements came out of a title", n)
	}
}

// TestScreenshots writes pictures of the page to the folder that LOCKSTEP_SCREENSHOTS names, to be looked at: the page in
// the README is "page.png" of them.
func TestScreenshots(t *testing.T) { //nolint:paralleltest // two browsers on two cores are slow
	dir := os.Getenv("LOCKSTEP_SCREENSHOTS")
	if dir == "" {
		t.Skip("LOCKSTEP_SCREENSHOTS names no folder to write to")
	}
	url, hostile := site(t, serve(t, lived(t), nil)), site(t, serve(t, hostileStore(), nil))
	ctx := browsertest.Start(t)
	type shot struct {
		name, url, scheme string
		width, height     int64
		scale             float64
		whole             bool
	}
	shots := []shot{
		{"overview-projector", url + thePage, "light", 1920, 1080, 1, false},
		{"problem", url + "/nowhere", "light", 1000, 600, 1, false},
		{"hostile", hostile + thePage, "light", 1440, 1000, 1, true},
		{"hostile-tasks-phone", hostile + theTasks, "light", 390, 844, 1, true},
		{"hostile-task", hostile + thePage + "/t/CW-1", "light", 1440, 1000, 1, true},
	}
	for _, p := range everyPage() {
		name := strings.ReplaceAll(strings.TrimPrefix(p, "/p/"), "/", "-")
		shots = append(shots, shot{name, url + p, "light", 1440, 1000, 1, true}, shot{name + "-dark", url + p, "dark", 1440, 1000, 1, false},
			shot{name + "-phone", url + p, "light", 390, 844, 2, true})
	}
	for _, shot := range shots {
		do(ctx, t, chromedp.EmulateViewport(shot.width, shot.height, chromedp.EmulateScale(shot.scale)),
			protocol("Emulation.setEmulatedMedia", map[string]any{"features": []map[string]string{{"name": "prefers-color-scheme", "value": shot.scheme}}}),
			chromedp.Navigate(shot.url))
		if strings.Contains(shot.url, "/p/") {
			until(ctx, t, `document.getElementById("live").textContent === "live"`)
		}
		take := chromedp.CaptureScreenshot()
		if shot.whole {
			take = chromedp.FullScreenshot(100)
		}
		keep(ctx, t, dir, shot.name+".png", take)
	}
	do(ctx, t, chromedp.EmulateViewport(794, 1123), protocol("Emulation.setEmulatedMedia", map[string]any{"media": "print"}), chromedp.Navigate(url+theTasks))
	keep(ctx, t, dir, "print.png", chromedp.FullScreenshot(100))
	keep(ctx, t, dir, "page.pdf", chromedp.PrintToPDF(chromedp.PDFPaper(chromedp.PaperA4)))
}

func keep(ctx context.Context, t *testing.T, dir, name string, take chromedp.Action[[]byte]) {
	t.Helper()
	b, err := chromedp.Run(ctx, take)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
		t.Fatal(err)
	}
}
