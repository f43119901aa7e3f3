package export

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/lockstep-sync/lockstep/sync/scorecard"
	"github.com/lockstep-sync/lockstep/sync/task"
	"github.com/lockstep-sync/lockstep/sync/view"
)

// csvColumns are the headers of the CSV file.
func csvColumns() []string {
	return []string{
		"id", "title", "partner", "workstream", "status", "rag", "why", "owner", "start", "due", "baseline_due", "slip_days", "moves", "overdue_days",
		"late_days", "finished", "created", "progress", "priority", "labels", "quick_win", "links",
	}
}

func writeCSV(w io.Writer, v *view.View) error {
	out := csv.NewWriter(w)
	lines := [][]string{csvColumns()}
	for i := range v.Score.Tasks {
		lines = append(lines, csvLine(v, &v.Score.Tasks[i]))
	}
	if err := out.WriteAll(lines); err != nil {
		return fmt.Errorf("write %s as CSV: %w", v.Partnership.ID, err)
	}
	return nil
}

func csvLine(v *view.View, x *scorecard.TaskView) []string {
	t := x.Task
	a := &t.Agreed
	finished := ""
	if at, ok := t.Story.Finished(); ok && x.Status == task.Done {
		finished = at.In(v.Now.Location()).Format(time.DateOnly)
	}
	why := make([]string, len(x.Verdict.Reasons))
	for i, r := range x.Verdict.Reasons {
		why[i] = r.String()
	}
	var links []string
	for _, l := range v.Links(t.ID) {
		if l.URL != "" {
			links = append(links, l.URL)
		}
	}
	line := []string{
		string(t.ID), a[task.Title].String(), v.Partnership.PartnerName(x.Partner), x.Workstream, x.Status, string(x.Verdict.RAG), strings.Join(why, "; "),
		a[task.Assignee].String(), a[task.Start].String(), a[task.Due].String(), t.Baseline.String(), strconv.Itoa(x.Slip.Days), strconv.Itoa(x.Slip.Moves),
		strconv.Itoa(x.Overdue), strconv.Itoa(x.Late), finished, t.Created.In(v.Now.Location()).Format(time.DateOnly), a[task.Progress].String(),
		a[task.Priority].String(), a[task.Labels].Display(), strconv.FormatBool(x.QuickWin), strings.Join(links, " "),
	}
	for i := range line {
		line[i] = inert(line[i])
	}
	return line
}

// inert is a text that no spreadsheet takes for a formula: where it begins like one, an apostrophe goes before it. Numbers stay.
func inert(s string) string {
	if s == "" || !strings.ContainsRune("=+-@\t\r\n", rune(s[0])) {
		return s
	}
	if _, err := strconv.ParseFloat(s, 64); err == nil {
		return s
	}
	return "'" + s
}
