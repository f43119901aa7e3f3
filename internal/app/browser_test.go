package app_test

import (
	"context"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/lockstep-sync/lockstep/internal/browsertest"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// TestNewcomerInChromium does what the demo asks of a newcomer: with the page open in one tab, change a status on the sandbox's
// board in another, and see it on the page, without a reload, and on the scorecard's grid in a third.
func TestNewcomerInChromium(t *testing.T) {
	t.Parallel()
	al := runAlliance(t)
	const drill = "Drill borehole 2 at Soko market"
	key := al.issue(t, drill)

	page := browsertest.Start(t)
	until := func(tab context.Context, what, expression string) {
		t.Helper()
		browsertest.Until(tab, t, what, expression)
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
