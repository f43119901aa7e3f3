package app_test

import (
	"context"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/lockstep-sync/lockstep/sync/task"
)

// TestNewcomerInChromium does what the demo asks of a newcomer: with the page open in one tab, change a status on the sandbox's
// board in another, and see it on the page, without a reload, and on the scorecard's grid in a third.
func TestNewcomerInChromium(t *testing.T) {
	t.Parallel()
	path, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("chromium is not installed, and CI must look at the page in it")
		}
		t.Skip("chromium is not installed: the demo is not looked at in a browser")
	}
	al := runAlliance(t)
	const drill = "Drill borehole 2 at Soko market"
	key := al.issue(t, drill)

	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	t.Cleanup(cancel)
	ctx, stop := chromedp.NewExecAllocator(ctx, append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox)...)
	t.Cleanup(stop)
	page, closePage := chromedp.NewContext(ctx)
	t.Cleanup(closePage)
	until := func(tab context.Context, what, expression string) {
		t.Helper()
		if _, err := chromedp.Run(tab, chromedp.Poll[bool](expression, chromedp.WithPollingTimeout(patience))); err != nil {
			t.Fatalf("it did not come about in the browser: %s: %v", what, err)
		}
	}
	open := func(tab context.Context, url string) {
		t.Helper()
		if err := chromedp.Do(tab, chromedp.Navigate(url)); err != nil {
			t.Fatalf("open %s: %v", url, err)
		}
	}
	row := `[...document.querySelectorAll("tr")].find((r) => r.textContent.includes("` + drill + `"))`
	open(page, al.page+"/p/clean-water/tasks")
	until(page, "the task on the page", row+`.textContent.includes("Not started")`)
	until(page, "the live badge", `document.getElementById("live").textContent === "live"`)
	if _, err := chromedp.Run(page, chromedp.Evaluate[bool](`(window.sameDocument = true)`)); err != nil {
		t.Fatal(err)
	}

	board, closeBoard := chromedp.NewContext(page)
	t.Cleanup(closeBoard)
	open(board, al.world.JiraURL+"/")
	until(board, "the issue on the board", `!!document.querySelector("#`+key+`")`)
	if _, err := chromedp.Run(board, chromedp.Evaluate[bool](`(() => {
		document.querySelector("#`+key+` details").open = true;
		document.querySelector("#`+key+` form select[name=status]").value = "In Progress";
		return true;
	})()`)); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	if _, err := chromedp.RunResponse(board, chromedp.Click(chromedp.CSS("#"+key+" form button.main"))); err != nil {
		t.Fatal(err)
	}
	until(page, "the new status on the page, without a reload", `window.sameDocument && `+row+`.textContent.includes("In progress")`)
	t.Logf("from a click on the board to the open page: %v", time.Since(start).Round(time.Millisecond))
	al.eventually(t, "the new status on the scorecard", func() bool { return al.scorecard(drill, task.Status) == "In progress" })

	grid, closeGrid := chromedp.NewContext(page)
	t.Cleanup(closeGrid)
	open(grid, al.world.SheetURL(al.world.Scorecard))
	until(grid, "the new status on the scorecard's grid", row+`.textContent.includes("In progress")`)
}
