package google

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// A real browser edits a cell by a click, and sees by itself what others change.
func TestBrowserEditsInPlaceAndHearsOfChanges(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("starts a browser")
	}
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skipf("no browser is at hand: %v", err)
	}
	b := newBench(t, Options{})
	id := b.srv.AddSpreadsheet("Riverton", "Actions", "Notes")
	_, err = b.srv.LoadRows(id, "Actions", strings.NewReader(`{"A":"Action","B":"Status","C":"Deadline"}
{"A":"Repair the pump at Kisumu North","B":"In progress"}
{"A":"Train <b>12</b> water committees","B":"Open"}`))
	b.must(err)
	b.must(b.srv.Type(id, "Actions", "C2", "14/04/2026"))
	b.must(b.srv.Type(id, "Actions", "C3", "=NOPE()"))

	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	t.Cleanup(cancel)
	ctx, stop := chromedp.NewExecAllocator(ctx, append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.WindowSize(1000, 460))...)
	t.Cleanup(stop)
	ctx, closeTab := chromedp.NewContext(ctx)
	t.Cleanup(closeTab)
	until := func(what, expression string) {
		t.Helper()
		if _, err := chromedp.Run(ctx, chromedp.Poll[bool](expression, chromedp.WithPollingTimeout(20*time.Second))); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	shows := func(ref, text string) string {
		return fmt.Sprintf(`document.querySelector('td[data-ref=%q]').textContent.trim() === %q`, ref, text)
	}
	b.must(chromedp.Do(ctx, chromedp.Navigate(b.url+"/spreadsheets/d/"+id+"/edit#gid=0")))
	until("text is text", shows("A3", "Train <b>12</b> water committees"))
	box := chromedp.CSS(`td[data-ref="B3"] input.edit`)
	b.must(chromedp.Do(ctx, chromedp.Click(chromedp.CSS(`td[data-ref="B3"] a.cell`))))
	until("the box for typing", `!!document.querySelector('td[data-ref="B3"] input.edit')`)
	b.must(chromedp.Do(ctx, chromedp.SetValue(box, "Done")))
	b.must(chromedp.Do(ctx, chromedp.SendKeys(box, "\r")))
	until("the saved cell", shows("B3", "Done")+` && !document.querySelector("input.edit")`)
	if got := b.srv.Cell(id, "Actions", "B3"); got != "Done" {
		t.Errorf("the cell holds %v", got)
	}
	b.must(b.srv.Type(id, "Actions", "A4", "typed by somebody else"))
	until("what somebody else typed", shows("A4", "typed by somebody else"))
}
