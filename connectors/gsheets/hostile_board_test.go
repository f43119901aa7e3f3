package gsheets

import (
	"fmt"
	"testing"

	"github.com/lockstep-sync/lockstep/connectors"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// TestNoTextOnTheBoardBecomesAFormula is TestNoTextBecomesAFormula for what the scorecard shows beside the tasks: worked-out cells, the
// texts of links, the lines, tables and lists to choose from of the other tabs.
func TestNoTextOnTheBoardBecomesAFormula(t *testing.T) {
	t.Parallel()
	texts := hostile()
	b := open(t, scorecard())
	b.pull()
	var patches []task.Patch
	for i := range texts {
		patches = append(patches, creating(cw(i+1), task.Values{task.Title: task.TextValue("Pump")}))
	}
	b.landed(patches...)
	shown := connectors.Board{
		Columns: []connectors.BoardColumn{{Name: "Why", Kind: task.Text, Wide: true}, {Name: "Where", Kind: task.Text}},
		Rows:    make(map[task.ID][]connectors.Cell),
	}
	page := connectors.Page{Name: "Summary", Columns: []connectors.BoardColumn{{Name: "Partner"}, {Name: "Choose"}}}
	for i, s := range texts {
		shown.Rows[cw(i+1)] = []connectors.Cell{
			said(s), {Links: []connectors.Link{{Text: s, URL: fmt.Sprintf("https://jira.example/%d", i)}, {Text: "x" + s}}},
		}
		page.Lines = append(page.Lines, said(s))
		page.Rows = append(page.Rows, connectors.PageRow{Key: fmt.Sprintf("CW-%d due", i+1), Cells: []connectors.Cell{said(s), {Options: []string{"keep: " + s, "jira: " + s}}}})
	}
	shown.Pages = []connectors.Page{page}
	b.c.Show(shown)
	b.publish()
	b.onlyTexts()
	rows := b.srv.Rows(b.id, "Summary")
	for i, s := range texts {
		want := task.TextValue(printable(task.TextValue(s).String())).String()
		if got := at(rows[i], 1, true); want == "" && got != nil || want != "" && got != want {
			t.Errorf("line %d is %q; want %q", i+1, got, want)
		}
	}
	// Shown once more, it is the same, and nothing is left to be written.
	if b.c.Show(shown) {
		t.Error("what was written differs from what was to be shown")
	}
}
