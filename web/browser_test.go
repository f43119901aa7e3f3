package web

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// browser starts Chromium once for all the tests that look at pages. Where there is none they skip, but not in CI.
func browser(t *testing.T) context.Context {
	t.Helper()
	var path string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if p, err := exec.LookPath(name); err == nil {
			path = p
			break
		}
	}
	if path == "" {
		if os.Getenv("CI") == "true" {
			t.Fatal("there is no Chromium, which CI must have: .ci/tools installs it")
		}
		t.Skip("SKIPPED: no Chromium here; `make tools` installs it")
	}
	opts := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]), chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU)
	alloc, stop := chromedp.NewExecAllocator(t.Context(), opts...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(alloc)
	t.Cleanup(cancel)
	ctx, end := context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(end)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start %s: %v", path, err)
	}
	return ctx
}

// tab opens a tab of its own, and fails the test at its end for whatever the page complained of.
func tab(t *testing.T, browser context.Context) context.Context {
	t.Helper()
	ctx, cancel := chromedp.NewContext(browser)
	t.Cleanup(cancel)
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

func do(t *testing.T, ctx context.Context, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(ctx, steps...); err != nil {
		t.Fatal(err)
	}
}

func eval[T any](t *testing.T, ctx context.Context, js string) T {
	t.Helper()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](js))
	if err != nil {
		t.Fatalf("%s: %v", js, err)
	}
	return v
}

// until waits for the page to make js true.
func until(t *testing.T, ctx context.Context, js string) {
	t.Helper()
	if _, err := chromedp.Run(ctx, chromedp.Poll[bool](js, chromedp.WithPollingTimeout(20*time.Second))); err != nil {
		t.Fatalf("wait for %s: %v", js, err)
	}
}

// protocol calls a command of the browser's protocol by name.
func protocol(method string, params map[string]any) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, tg *chromedp.Target) error {
		var none map[string]any
		return tg.Call(ctx, method, params, &none)
	})
}

func TestInABrowser(t *testing.T) {
	t.Parallel()
	ctx := browser(t)
	for name, f := range map[string]func(*testing.T, context.Context){
		"an update changes what differs and nothing else": updatesInPlace,
		"a page without a server says so":                 saysWhenLost,
		"pages can be read without JavaScript":            readsWithoutScript,
		"pages can be used by keyboard":                   usableByKeyboard,
		"no page is wider than its window":                fitsItsWindow,
		"hostile text runs nothing":                       runsNothing,
	} {
		t.Run(name, func(t *testing.T) { f(t, tab(t, ctx)) }) //nolint:paralleltest // one browser, two cores
	}
}

func updatesInPlace(t *testing.T, ctx context.Context) {
	t.Helper()
	st := seeded()
	s := serve(t, st, nil)
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	do(t, ctx, chromedp.Navigate(srv.URL+thePage))
	until(t, ctx, `document.getElementById("live").textContent === "Live"`)
	do(t, ctx, chromedp.SendKeys(chromedp.CSS("input[name=q]"), "bore"))
	eval[bool](t, ctx, `(() => {
		window.sameDocument = true;
		window.row = document.getElementById("CW-1");
		document.querySelector("#CW-9 details").open = true;
		document.querySelector(".heldgroup").open = true;
		window.scrollTo(0, 120);
		return true;
	})()`)
	st.edit(func(f *fakeStore) {
		f.state.Tasks = slices.Clone(f.state.Tasks)
		f.state.Tasks[1].Agreed[task.Status] = task.EnumValue(task.Done)      // CW-2 moves down among the closed
		f.state.Tasks[4].Agreed[task.Assignee] = task.PersonValue("New Lead") // CW-5 stays where it is
		f.state.Tasks = append(f.state.Tasks, bigTask(100))
		f.state.Tasks[0].Removed = false
		f.state.Holds = slices.Clone(f.state.Holds[:2])
		f.events = append([]store.Event{{ID: 99, Cycle: 42, At: noon, Kind: store.EventDecided, Task: "CW-2", Field: "status", To: task.EnumValue(task.Done)}}, f.events...)
	})
	s.Changed("clean-water")
	until(t, ctx, `document.querySelector("#CW-2 .status").textContent === "Done" && document.querySelector("#CW-5 .owner").textContent === "New Lead"`)
	for what, js := range map[string]string{
		"the page was not loaded anew":    `window.sameDocument === true`,
		"typed text stays":                `document.querySelector("input[name=q]").value === "bore"`,
		"focus stays":                     `document.activeElement === document.querySelector("input[name=q]")`,
		"a row's open details stay open":  `document.querySelector("#CW-9 details").open`,
		"a held group stays open":         `document.querySelector(".heldgroup").open`,
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
	eval[bool](t, ctx, `document.querySelector("#CW-3 a.badge").focus() ?? true`)
	st.edit(func(f *fakeStore) {
		f.state.Tasks = slices.Clone(f.state.Tasks)
		f.state.Tasks[2].Agreed[task.Due] = dateIn(80)
		f.state.Tasks[0].Removed = true
	})
	s.Changed("clean-water")
	until(t, ctx, `document.getElementById("CW-1") === null`)
	until(t, ctx, `document.querySelector("#CW-3 time").dateTime === "2027-02-11"`)
	if !eval[bool](t, ctx, `document.activeElement === document.querySelector("#CW-3 a.badge")`) {
		t.Errorf("after the row moved, focus is on %s", eval[string](t, ctx, `document.activeElement.outerHTML.slice(0, 200)`))
	}
}

func saysWhenLost(t *testing.T, ctx context.Context) {
	t.Helper()
	s := serve(t, seeded(), nil)
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	do(t, ctx, chromedp.Navigate(srv.URL+thePage))
	until(t, ctx, `document.getElementById("live").textContent === "Live"`)
	s.Close() // ends the stream; the browser will find the next one ending at once
	until(t, ctx, `document.getElementById("live").dataset.state === "lost"`)
}

func readsWithoutScript(t *testing.T, ctx context.Context) {
	t.Helper()
	srv := httptest.NewServer(serve(t, seeded(), nil))
	t.Cleanup(srv.Close)
	do(t, ctx, protocol("Emulation.setScriptExecutionDisabled", map[string]any{"value": true}), chromedp.Navigate(srv.URL+thePage))
	text, err := chromedp.Run(ctx, chromedp.Text(chromedp.CSS("body")))
	if err != nil {
		t.Fatal(err)
	}
	has(t, text, "Clean Water Alliance", "Publish the baseline report", "9 days overdue", "Which Due is right?", "Blocked")
	lacks(t, text, "Connecting", "Live")
	// The filter is a form, and a form needs no script.
	do(t, ctx, chromedp.SendKeys(chromedp.CSS("input[name=q]"), "kiosks\r"), chromedp.WaitVisible(chromedp.CSS("p.filtered")))
	text, err = chromedp.Run(ctx, chromedp.Text(chromedp.CSS(".work")))
	if err != nil {
		t.Fatal(err)
	}
	has(t, text, "Relocate two kiosks")
	lacks(t, text, "Publish the baseline report")
}

func usableByKeyboard(t *testing.T, ctx context.Context) {
	t.Helper()
	srv := httptest.NewServer(serve(t, seeded(), nil))
	t.Cleanup(srv.Close)
	do(t, ctx, chromedp.Navigate(srv.URL+thePage), chromedp.KeyEvent("\t"))
	const here = `document.activeElement.className + " " + document.activeElement.getAttribute("href")`
	if got := eval[string](t, ctx, here); got != "skip #main" {
		t.Fatalf("the first stop is %q", got)
	}
	if !eval[bool](t, ctx, `document.activeElement.getBoundingClientRect().width > 50`) {
		t.Error("the skip link is not to be seen")
	}
	do(t, ctx, chromedp.KeyEvent("\r"))
	if got := eval[string](t, ctx, `document.activeElement.id`); got != "main" {
		t.Errorf("the skip link leads to %q", got)
	}
	want := eval[int](t, ctx, `(window.stops = [...document.querySelectorAll("main a[href], main input, main select, main button, main summary")].filter(e => e.checkVisibility())).length`)
	if want < 60 {
		t.Fatalf("the page has %d controls", want)
	}
	for i := range want {
		do(t, ctx, chromedp.KeyEvent("\t"))
		got := eval[string](t, ctx, `(() => {
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
	st.state.Tasks[1].Agreed[task.Title] = task.TextValue("‮<b>مياه</b>‬ <script>document.title='run'</script><img src=x onerror=\"document.title='run'\">")
	st.state.Tasks[2].Agreed[task.Title] = task.TextValue(strings.Repeat("Z\u0300\u0301\u0302\u0303\u0304", 400))
	st.state.Links[0].Name = long
	st.state.Holds[0].Raw, st.state.Holds[0].Hint = long, long
	st.state.Conflicts[0].Claims[0].Value, st.state.Conflicts[0].Claims[0].By = task.TextValue(long), long
	st.state.Sources[1].Error = long
	st.events[1].To = task.TextValue(long)
	return st
}

func fitsItsWindow(t *testing.T, ctx context.Context) {
	t.Helper()
	for name, st := range map[string]*fakeStore{"believable": seeded(), "hostile": hostileStore()} {
		srv := httptest.NewServer(serve(t, st, nil))
		t.Cleanup(srv.Close)
		for _, width := range []int64{320, 390, 720, 900, 1024, 1280, 1350, 1440, 1920, 2560} {
			for _, path := range []string{thePage, thePage + "/t/CW-1", "/nowhere"} {
				do(t, ctx, chromedp.EmulateViewport(width, 900), protocol("Page.navigate", map[string]any{"url": "about:blank"}), chromedp.Navigate(srv.URL+path))
				eval[bool](t, ctx, `document.querySelectorAll("details").forEach(d => d.open = true) ?? true`)
				if got := eval[int64](t, ctx, `document.documentElement.scrollWidth`); got > width {
					t.Errorf("%s: %s is %d wide in a window of %d", name, path, got, width)
				}
				if h := eval[int64](t, ctx, `Math.max(0, ...[...document.querySelectorAll("tbody tr")].map(r => r.clientHeight))`); name == "believable" && h > 220 {
					t.Errorf("%s: a row of %s is %d high in a window of %d", name, path, h, width)
				}
			}
		}
	}
}

func runsNothing(t *testing.T, ctx context.Context) {
	t.Helper()
	srv := httptest.NewServer(serve(t, hostileStore(), nil))
	t.Cleanup(srv.Close)
	do(t, ctx, chromedp.Navigate(srv.URL+thePage))
	until(t, ctx, `document.getElementById("live").textContent === "Live"`)
	if got := eval[string](t, ctx, `document.title`); got != "Clean Water Alliance · Lockstep" {
		t.Errorf("the title became %q", got)
	}
	if n := eval[int](t, ctx, `document.querySelectorAll("main img, main script, main b > b").length`); n != 0 {
		t.Errorf("%d elements came out of a title", n)
	}
}

// TestScreenshots writes pictures of the page to the folder that LOCKSTEP_SCREENSHOTS names, to be looked at: the page in
// the README is "page.png" of them.
func TestScreenshots(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("LOCKSTEP_SCREENSHOTS")
	if dir == "" {
		t.Skip("LOCKSTEP_SCREENSHOTS names no folder to write to")
	}
	ctx := tab(t, browser(t))
	srv := httptest.NewServer(serve(t, seeded(), nil))
	t.Cleanup(srv.Close)
	hostile := httptest.NewServer(serve(t, hostileStore(), nil))
	t.Cleanup(hostile.Close)
	for _, shot := range []struct {
		name, url, scheme string
		width, height     int64
		scale             float64
		whole             bool
	}{
		{"page", srv.URL + thePage, "light", 1440, 1000, 1, false},
		{"whole", srv.URL + thePage, "light", 1440, 1000, 1, true},
		{"dark", srv.URL + thePage, "dark", 1440, 1000, 1, false},
		{"phone", srv.URL + thePage, "light", 390, 844, 2, true},
		{"projector", srv.URL + thePage, "light", 1920, 1080, 1, false},
		{"laptop", srv.URL + thePage, "light", 1024, 768, 1, false},
		{"task", srv.URL + thePage + "/t/CW-2", "light", 1440, 800, 1, false},
		{"filtered", srv.URL + thePage + "?overdue=1", "dark", 900, 800, 1, true},
		{"problem", srv.URL + "/nowhere", "light", 1000, 600, 1, false},
		{"hostile", hostile.URL + thePage, "light", 1440, 1000, 1, true},
		{"hostilephone", hostile.URL + thePage, "light", 390, 844, 1, true},
		{"hostiletask", hostile.URL + thePage + "/t/CW-1", "light", 1440, 1000, 1, true},
	} {
		do(t, ctx, chromedp.EmulateViewport(shot.width, shot.height, chromedp.EmulateScale(shot.scale)),
			protocol("Emulation.setEmulatedMedia", map[string]any{"features": []map[string]string{{"name": "prefers-color-scheme", "value": shot.scheme}}}),
			chromedp.Navigate(shot.url))
		if strings.Contains(shot.url, "/p/") {
			until(t, ctx, `document.getElementById("live").textContent === "Live"`)
		}
		take := chromedp.CaptureScreenshot()
		if shot.whole {
			take = chromedp.FullScreenshot(100)
		}
		keep(t, dir, shot.name+".png", ctx, take)
	}
	do(t, ctx, chromedp.Navigate(srv.URL+thePage))
	keep(t, dir, "page.pdf", ctx, chromedp.PrintToPDF(chromedp.PDFPaper(chromedp.PaperA4)))
}

func keep(t *testing.T, dir, name string, ctx context.Context, take chromedp.Action[[]byte]) {
	t.Helper()
	b, err := chromedp.Run(ctx, take)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
		t.Fatal(err)
	}
}
