package export_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
	"pgregory.net/rapid"

	"github.com/lockstep-sync/lockstep/sync/export"
	"github.com/lockstep-sync/lockstep/sync/scorecard"
	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/task"
	"github.com/lockstep-sync/lockstep/sync/view"
	"github.com/lockstep-sync/lockstep/sync/view/viewtest"
)

var noon = time.Date(2026, 11, 23, 10, 15, 0, 0, time.UTC)

func on(day int) task.Value { return task.DateValue(noon.AddDate(0, 0, day)) }

// escaped is what Markdown shows as it stands.
var escaped = regexp.MustCompile(`\\.`)

// seen is the view of an open, overdue task and of one that is done, with titles as given.
func seen(tb interface{ Fatal(args ...any) }, titles ...string) *view.View {
	st := store.State{Generation: 3}
	for i, title := range titles {
		t := store.Task{ID: task.ID(fmt.Sprintf("CW-%d", i+1)), Number: int64(i + 1), Baseline: on(-12), Created: noon.AddDate(0, 0, -30), Changed: noon.AddDate(0, 0, -4)}
		t.Agreed[task.Title], t.Agreed[task.Assignee], t.Agreed[task.Partner] = task.TextValue(title), task.PersonValue(title), task.EnumValue("a")
		t.Agreed[task.Due], t.Agreed[task.Workstream] = on(-9), task.TextValue(title)
		t.Agreed[task.Status] = task.EnumValue([]string{task.InProgress, task.Done}[i%2])
		st.Tasks = append(st.Tasks, t)
	}
	m := viewtest.New(
		st,
		store.Event{At: noon.AddDate(0, 0, -20), Kind: store.EventDecided, Task: "CW-1", Field: "due", From: on(-12), To: on(-9), By: "Ben"},
		store.Event{At: noon.AddDate(0, 0, -4), Kind: store.EventDecided, Task: "CW-2", Field: "status", From: task.EnumValue(task.InProgress), To: task.EnumValue(task.Done)},
	)
	p := view.Partnership{
		ID: "p", Name: titles[0], Rules: scorecard.DefaultRules(), Partners: []view.Partner{{ID: "a", Name: "AquaFund & Co"}},
		Gates: []scorecard.Gate{{ID: "g", Name: titles[0], Date: on(3), Criteria: []scorecard.Criterion{{Text: "x"}}}}, Milestones: []scorecard.Milestone{{ID: "m", Task: "CW-1"}},
		Indicators: []scorecard.Indicator{{ID: "i", Name: titles[0], Target: 10, Actuals: []scorecard.Actual{{Period: titles[0], End: on(-2), Value: 4}}}},
	}
	v, err := view.New(p, m, func() time.Time { return noon }).Now(nil) //nolint:staticcheck // a store in memory waits for nothing
	if err != nil {
		tb.Fatal(err)
	}
	return v
}

func written(tb interface{ Fatal(args ...any) }, v *view.View, f export.Format) string {
	var b bytes.Buffer
	if err := export.Write(&b, v, f); err != nil {
		tb.Fatal(err)
	}
	return b.String()
}

func TestEveryFormatTellsTheSame(t *testing.T) {
	t.Parallel()
	v := seen(t, "Drill", "Pump")
	for _, f := range export.Formats() {
		text := written(t, v, f)
		for _, want := range []string{"CW-1", "Drill"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s lacks %q", f, want)
			}
		}
		if back, ok := export.ByExtension(f.Extension()); !ok || back != f || f.MIME() == "application/octet-stream" {
			t.Errorf("%s: extension %s, type %s", f, f.Extension(), f.MIME())
		}
	}
	if err := export.Write(&bytes.Buffer{}, v, "pdf"); err == nil || !strings.Contains(err.Error(), "pdf") {
		t.Errorf("a format that there is not: %v", err)
	}
}

func TestCSV(t *testing.T) {
	t.Parallel()
	lines, err := csv.NewReader(strings.NewReader(written(t, seen(t, "Drill", "=HYPERLINK(\"x\")"), export.CSV))).ReadAll()
	if err != nil || len(lines) != 3 {
		t.Fatalf("%d lines, %v", len(lines), err)
	}
	cell := func(row int, column string) string { return lines[row][slices.Index(lines[0], column)] }
	for column, want := range map[string]string{
		"id": "CW-1", "title": "Drill", "partner": "AquaFund & Co", "status": "in_progress", "rag": "red", "due": "2026-11-14", "baseline_due": "2026-11-11", "slip_days": "3", "moves": "1",
		"overdue_days": "9", "finished": "", "quick_win": "false",
	} {
		if got := cell(1, column); got != want {
			t.Errorf("%s is %q; want %q", column, got, want)
		}
	}
	if !strings.Contains(cell(1, "why"), "overdue by 9 days") || cell(2, "finished") != "2026-11-19" || cell(2, "title") != `'=HYPERLINK("x")` {
		t.Errorf("the lines are %q", lines)
	}
}

func TestJSON(t *testing.T) {
	t.Parallel()
	var got struct {
		Scorecard struct {
			Partnership struct {
				Counts scorecard.Counts `json:"counts"`
			} `json:"partnership"`
		} `json:"scorecard"`
		Tasks []struct {
			ID       string            `json:"id"`
			Values   map[string]string `json:"values"`
			Finished time.Time         `json:"finished"`
			Changes  []struct {
				Field string `json:"field"`
			} `json:"changes"`
		} `json:"tasks"`
	}
	if err := json.Unmarshal([]byte(written(t, seen(t, "Drill", "Pump"), export.JSON)), &got); err != nil {
		t.Fatal(err)
	}
	if c := got.Scorecard.Partnership.Counts; c.Total != 2 || c.Done != 1 || c.Overdue != 1 || len(got.Tasks) != 2 || got.Tasks[0].Changes[0].Field != "due" || got.Tasks[1].Finished.IsZero() {
		t.Errorf("the file says %+v", got)
	}
}

// Whatever a title says, no file runs it, and each shows it as text.
func TestHostileTextsStayTexts(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		title := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{
			"=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "<script>alert(1)</script>", "| a | b |\n# h", "[x](javascript:alert(1))", "![i](http://x)", "\u202egnp.exe", "*_`~", "<!-- -->", "&lt;", "\x00\x1b[31m",
		})).Draw(rt, "title")
		v := seen(rt, title, "Pump")
		lines, err := csv.NewReader(strings.NewReader(written(rt, v, export.CSV))).ReadAll()
		if err != nil {
			rt.Fatal(err)
		}
		for _, l := range lines {
			for _, cell := range l {
				if cell != "" && strings.ContainsRune("=+@", rune(cell[0])) {
					rt.Fatalf("the cell %q is a formula", cell)
				}
			}
		}
		tree, err := html.Parse(strings.NewReader(written(rt, v, export.HTML)))
		if err != nil {
			rt.Fatal(err)
		}
		for n := range tree.Descendants() {
			if n.Type == html.CommentNode || n.Type == html.ElementNode && slices.Contains([]string{"script", "img", "a", "iframe", "link"}, n.Data) {
				rt.Fatalf("the page has an element %s", n.Data)
			}
		}
		md := escaped.ReplaceAllString(written(rt, v, export.Markdown), "")
		if strings.Contains(md, "\x00") || strings.Contains(md, "\u202e") || strings.Contains(md, "](") || strings.Contains(md, "<script") {
			rt.Fatalf("the Markdown has %q", md)
		}
	})
}
