package google

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"google.golang.org/api/sheets/v4"

	"github.com/lockstep-sync/lockstep/internal/browsertest"
)

// A real browser edits a cell by a click, and sees by itself what others change.
func TestBrowserEditsInPlaceAndHearsOfChanges(t *testing.T) {
	t.Parallel()
	b := newPage(t)
	id := b.srv.AddSpreadsheet("Riverton", "Actions", "Notes")
	_, err := b.srv.LoadRows(id, "Actions", strings.NewReader(`{"A":"Action","B":"Status","C":"Deadline"}
{"A":"Repair the pump at Kisumu North","B":"In progress"}
{"A":"Train <b>12</b> water committees","B":"Open"}`))
	b.must(err)
	b.must(b.srv.Type(id, "Actions", "C2", "14/04/2026"))
	b.must(b.srv.Type(id, "Actions", "C3", "=NOPE()"))

	b.must(chromedp.Do(b.ctx, chromedp.Navigate(b.url+"/spreadsheets/d/"+id+"/edit#gid=0")))
	b.until("text is text", b.shows("A3", "Train <b>12</b> water committees"))
	box := chromedp.CSS(`td[data-ref="B3"] input.edit`)
	b.must(chromedp.Do(b.ctx, chromedp.Click(chromedp.CSS(`td[data-ref="B3"] a.cell`))))
	b.until("the box for typing", `!!document.querySelector('td[data-ref="B3"] input.edit')`)
	b.must(chromedp.Do(b.ctx, chromedp.SetValue(box, "Done")))
	b.must(chromedp.Do(b.ctx, chromedp.SendKeys(box, "\r")))
	b.until("the saved cell", b.shows("B3", "Done")+` && !document.querySelector("input.edit")`)
	if got := b.srv.Cell(id, "Actions", "B3"); got != "Done" {
		t.Errorf("the cell holds %v", got)
	}
	b.must(b.srv.Type(id, "Actions", "A4", "typed by somebody else"))
	b.until("what somebody else typed", b.shows("A4", "typed by somebody else"))
}

// A person without a mouse goes about the grid, picks from a list, ticks a box, makes a chip, and sees colours, notes and
// comments; what is hidden stays hidden.
func TestBrowserWorksByTheKeyboard(t *testing.T) {
	t.Parallel()
	b := newPage(t)
	b.srv.AddPerson("amina@aquafund.example", "Amina Otieno")
	id := b.srv.AddSpreadsheet("Scorecard", "Scorecard", "Summary")
	_, err := b.srv.LoadRows(id, "Scorecard", strings.NewReader(`{"A":"id","B":"Action","C":"RAG","D":"Done","E":"Owner"}
{"A":"LS-1","B":"Repair the pump","C":"Green","D":false}
{"A":"LS-2","B":"Train committees","C":"Amber","D":false}
{"A":"LS-3","B":"Hidden by a filter","C":"Green","D":true}`))
	b.must(err)
	b.must(b.srv.Dropdown(id, "Scorecard", "C2:C4", true, "Red", "Amber", "Green"))
	b.must(b.srv.Checkboxes(id, "Scorecard", "D2:D4"))
	b.must(b.srv.HideColumn(id, "Scorecard", 1, true))
	b.must(b.srv.Note(id, "Scorecard", "B2", "Waits for the rains to end"))
	b.must(b.srv.MergeRange(id, "Scorecard", "B6:C7"))
	_, err = b.srv.AddComment(id, "Scorecard", "B3", "Hydrotech", "When is this?")
	b.must(err)
	red := &sheets.CellFormat{BackgroundColor: &sheets.Color{Red: 0.8}}
	_, err = b.batch(id,
		&sheets.Request{UpdateSheetProperties: &sheets.UpdateSheetPropertiesRequest{
			Properties: &sheets.SheetProperties{GridProperties: &sheets.GridProperties{FrozenRowCount: 1}}, Fields: "gridProperties.frozenRowCount",
		}},
		&sheets.Request{AddConditionalFormatRule: &sheets.AddConditionalFormatRuleRequest{Rule: &sheets.ConditionalFormatRule{
			Ranges: []*sheets.GridRange{grid(1, 9, 2, 3)}, BooleanRule: &sheets.BooleanRule{Condition: condition("TEXT_EQ", "Red"), Format: red},
		}}},
		&sheets.Request{SetBasicFilter: &sheets.SetBasicFilterRequest{Filter: &sheets.BasicFilter{
			Range: grid(0, 4, 0, 5), FilterSpecs: []*sheets.FilterSpec{{ColumnIndex: 1, FilterCriteria: &sheets.FilterCriteria{HiddenValues: []string{"Hidden by a filter"}}}},
		}}})
	b.must(err)
	b.must(chromedp.Do(b.ctx, chromedp.Navigate(b.url+"/spreadsheets/d/"+id+"/edit")))
	b.until("the page", b.shows("E1", "Owner"))
	b.until("what is hidden is left out", `!document.querySelector('td[data-ref="A2"]') && !document.querySelector('td[data-ref="B4"]')`)
	b.until("the frozen header stands in the table's head", `!!document.querySelector('thead td[data-ref="B1"]')`)
	b.until("a merged cell spans", `document.querySelector('td[data-ref="B6"]').rowSpan === 2 && !document.querySelector('td[data-ref="C7"]')`)
	b.until("the comment is listed", `document.querySelector(".comments").textContent.includes("When is this?")`)
	focused := func(ref string) string {
		return fmt.Sprintf(`document.activeElement.closest("td")?.dataset.ref === %q`, ref)
	}

	_, err = chromedp.Run(b.ctx, chromedp.Evaluate[bool](`(document.querySelector('td[data-ref="B2"] a.cell').focus(), true)`))
	b.must(err)
	b.until("the note shows on the focused cell", `getComputedStyle(document.querySelector('td[data-ref="B2"] .tip')).display === "block" &&
		document.querySelector('td[data-ref="B2"] .tip').textContent.includes("Waits for the rains")`)
	b.until("one cell alone is reached by Tab", `document.querySelectorAll('td a.cell[tabindex="0"], td select[tabindex="0"], td .tick[tabindex="0"]').length === 1`)
	b.press(kb.ArrowRight)
	b.until("the list has the focus", focused("C2")+` && document.activeElement.matches("select") && document.activeElement.getAttribute("aria-label") === "RAG, C2"`)
	b.press("R") // a list takes the first letter
	b.until("the list is saved and the cell has its colour", `document.querySelector('td[data-ref="C2"]').getAttribute("bgcolor") === "#cc0000" &&
		document.querySelector('td[data-ref="C2"]').classList.contains("dark")`)
	b.until("the focus is still there", focused("C2"))
	b.press(kb.ArrowRight)
	b.until("the box has the focus", focused("D2"))
	b.press(" ")
	b.until("the box is ticked", `document.querySelector('td[data-ref="D2"] .tick').hasAttribute("checked")`)
	b.press(kb.ArrowRight)
	b.until("the next cell", focused("E2"))
	b.press("@Amina Otieno\r")
	b.until("a chip, and the focus below", `document.querySelector('td[data-ref="E2"] .chip')?.title === "amina@aquafund.example" && `+focused("E3"))
	if r, c := b.srv.Cell(id, "Scorecard", "C2"), b.srv.Cell(id, "Scorecard", "D2"); r != "Red" || c != true {
		t.Errorf("the cells hold %v and %v", r, c)
	}
	if got := b.cell(id, "E2"); len(got.ChipRuns) != 1 {
		t.Errorf("the owner is %+v", got)
	}
	b.press(kb.Delete)
	b.must(b.srv.Type(id, "Scorecard", "E3", "somebody"))
	b.until("typed by somebody else", b.shows("E3", "somebody"))
}

// browserPage is a sandbox with a real browser.
type browserPage struct {
	*bench
	ctx context.Context
}

func newPage(t *testing.T) *browserPage {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a browser")
	}
	ctx := browsertest.Start(t, chromedp.WindowSize(1000, 460))
	return &browserPage{newBench(t, Options{}), ctx}
}

// until waits for an expression to come true.
func (b *browserPage) until(what, expression string) {
	b.Helper()
	browsertest.Until(b.ctx, b, what, expression)
}

// shows is an expression that is true when a cell shows the text.
func (b *browserPage) shows(ref, text string) string {
	return fmt.Sprintf(`document.querySelector('td[data-ref=%q]').textContent.trim() === %q`, ref, text)
}

// press types keys wherever the focus is.
func (b *browserPage) press(keys string) {
	b.Helper()
	b.must(chromedp.Do(b.ctx, chromedp.KeyEvent(keys)))
}
