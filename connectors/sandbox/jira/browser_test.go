package jira_test

import (
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/lockstep-sync/lockstep/connectors/sandbox/jira"
	"github.com/lockstep-sync/lockstep/internal/browsertest"
)

// TestBoardInABrowser looks at the board as a person does: it follows what others change, and leaves a form alone in
// which somebody is typing.
func TestBoardInABrowser(t *testing.T) {
	t.Parallel()
	s := open(t, jira.Options{})
	key := s.Add(jira.Seed{Summary: "Survey the wells"})
	ctx := browsertest.Start(t)
	until := func(what, expression string) {
		t.Helper()
		browsertest.Until(ctx, t, what, expression)
	}
	if err := chromedp.Do(ctx, chromedp.Navigate(s.url+"/")); err != nil {
		t.Fatal(err)
	}
	until("the board", `document.querySelector("#`+key+`").textContent.includes("Survey the wells")`)
	s.do("PUT", "/rest/api/3/issue/"+key, `{"fields":{"summary":"Survey all wells"}}`).want(t, 204)
	other := s.Add(jira.Seed{Summary: "Drill"})
	until("somebody else's edit", `!!document.querySelector("#`+other+`") && document.querySelector("#`+key+`").textContent.includes("Survey all wells")`)

	if _, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`(() => {
		const card = document.querySelector("#`+key+`");
		card.querySelector("details").open = true;
		const input = card.querySelector("input[name=summary]");
		input.focus(); input.value = "half a thou"; input.dispatchEvent(new Event("input", {bubbles: true}));
		return true;
	})()`)); err != nil {
		t.Fatal(err)
	}
	if err := s.Set(other, map[string]any{"summary": "Drill deeper"}); err != nil {
		t.Fatal(err)
	}
	until("the notice of a change", `document.body.dataset.stale === "1"`)
	until("the half-typed text", `document.querySelector("#`+key+` input[name=summary]").value === "half a thou"`)
	if _, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`(() => {
		const form = document.querySelector("#`+key+` form");
		form.querySelector("input[name=summary]").value = "Survey wells in wards 3 and 4";
		form.querySelector("select[name=status]").value = "In Progress";
		return true;
	})()`)); err != nil {
		t.Fatal(err)
	}
	// Sending the form leads to a new page, which is waited for.
	if _, err := chromedp.RunResponse(ctx, chromedp.Click(chromedp.CSS("#"+key+" form button.main"))); err != nil {
		t.Fatal(err)
	}
	until("the saved form", `!!document.querySelector(".indeterminate #`+key+`") && document.querySelector("#`+other+`").textContent.includes("Drill deeper")`)
	if v, _ := s.Issue(key); v.Summary != "Survey wells in wards 3 and 4" || v.Status != "In Progress" {
		t.Errorf("%+v", v)
	}
}
