package demo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	jirabox "github.com/lockstep-sync/lockstep/connectors/sandbox/jira"
	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// sheetLayout is where a seeded sheet keeps what.
type sheetLayout struct {
	tab     string
	header  int // its row, counted from 1
	columns []column
}

type column struct {
	header, field string // field "" is the partner's own business
}

var layouts = map[tool]sheetLayout{
	inRiverton: {ActionsTab, 1, []column{
		{"Action", "title"},
		{"Area", "workstream"},
		{"Lead", "assignee"},
		{"Deadline", "due"},
		{"Status", "status"},
		{"Cost centre", ""},
		{"Comments", "notes"},
	}},
}

// deliverables are the columns of HydroTech's table, which stands in a document.
var deliverables = []column{
	{"No.", ""},
	{"Deliverable", "title"},
	{"Area", "workstream"},
	{"Who", "assignee"},
	{"When", "due"},
	{"State", "status"},
	{"Remarks", "notes"},
}

// SeedPast fills the tools with the demo's partnership as it was when it was connected, twelve weeks before the clock's
// time. The clock stands still there until Replay is done.
func (w *World) SeedPast() error {
	w.today = w.clock.Now()
	w.clock.Set(w.today.AddDate(0, 0, -replayDays))
	return w.seed(w.today, asBefore)
}

// SeedToday fills the tools with the demo's partnership as it is now, without the weeks before.
func (w *World) SeedToday() error {
	w.today = w.clock.Now()
	return w.seed(w.today, func(_ tool, s seedTask) seedTask { return s })
}

// seed fills the tools; as says how a task stands.
func (w *World) seed(today time.Time, as func(tool, seedTask) seedTask) error {
	for i, s := range aquafund {
		s = as(inJira, s)
		w.Jira.Add(jirabox.Seed{
			Summary: s.title, Status: s.status, Assignee: s.who, Email: email(s.who), Due: day(today, s.due), Component: s.stream,
			Labels: labels(s.title), Type: "Task", Created: today.AddDate(0, 0, -130+i), Updated: today.AddDate(0, 0, -92+i/8),
		})
	}
	if err := w.fill(inRiverton, w.Partner, riverton, today, as); err != nil {
		return err
	}
	return w.write(hydrotech, today, as)
}

// write puts HydroTech's table into its document.
func (w *World) write(tasks []seedTask, today time.Time, as func(tool, seedTask) seedTask) error {
	w.Hydrotech = w.Google.AddDocument("HydroTech Ltd: deliverables", "What we deliver for the Clean Water Alliance",
		"Everybody at HydroTech keeps this table. Type into it as you are used to.")
	var rows [][]string
	var header []string
	for _, c := range deliverables {
		header = append(header, c.header)
	}
	rows = append(rows, header)
	for i, s := range tasks {
		s = as(inHydrotech, s)
		rows = append(rows, []string{fmt.Sprintf("D%02d", i+1), s.title, s.stream, s.who, day(today, s.due), s.status, s.note})
	}
	if err := w.Google.AddTable(w.Hydrotech, HydrotechTable, rows...); err != nil {
		return fmt.Errorf("seed the document of HydroTech: %w", err)
	}
	return nil
}

// labels are those of an issue.
func labels(title string) []string {
	switch title {
	case "Open bank accounts for four committees", "Write by-laws for the water committees", "Print hygiene posters in Swahili and English":
		return []string{"partnership", "quick-win"}
	}
	return []string{"partnership"}
}

func email(who string) string {
	for name, addr := range map[string]string{
		"Amina Diallo": "amina", "Joseph Kamau": "joseph", "Grace Wanjiru": "grace", "Fatuma Ali": "fatuma", "Peter Otieno": "peter",
	} {
		if name == who {
			return addr + "@aquafund.example"
		}
	}
	return ""
}

// day is a due day as it is typed; "" for none.
func day(today time.Time, n int) string {
	if n == noDate {
		return ""
	}
	return today.AddDate(0, 0, n).Format(time.DateOnly)
}

// fill types a seeded sheet, cell by cell, as its people did.
func (w *World) fill(where tool, id string, tasks []seedTask, today time.Time, as func(tool, seedTask) seedTask) error {
	l := layouts[where]
	for c, col := range l.columns {
		if err := w.Google.Type(id, l.tab, cell(c, l.header), col.header); err != nil {
			return fmt.Errorf("seed %s: %w", l.tab, err)
		}
		for r, s := range tasks {
			s = as(where, s)
			typed := map[string]string{
				"title": s.title, "workstream": s.stream, "assignee": s.who, "due": day(today, s.due), "status": s.status, "notes": s.note,
			}[col.field]
			if col.header == "Cost centre" {
				typed = fmt.Sprintf("W-%d", 4100+r%7)
			}
			if typed == "" {
				continue
			}
			if err := w.Google.Type(id, l.tab, cell(c, l.header+1+r), typed); err != nil {
				return fmt.Errorf("seed %s: %w", l.tab, err)
			}
		}
	}
	return nil
}

// cell is an A1 address; the column counts from 0, the row from 1.
func cell(col, row int) string { return fmt.Sprintf("%c%d", 'A'+col, row) }

// Replay lives through the weeks before the demo: on each day people edit their own tools, a cycle runs, and they write down what
// they decided. At the end the clock is the machine's again.
func (w *World) Replay(ctx context.Context, cycle func(context.Context) error, write func(context.Context, store.Event) error) error {
	today := w.clock.Now().AddDate(0, 0, replayDays)
	defer w.clock.Set(time.Time{})
	if err := cycle(ctx); err != nil {
		return err
	}
	edits, words := past(), slices.Clone(said)
	for day := -replayDays; day < 0; day++ {
		// Between nine and five in Nairobi.
		at := time.Date(today.Year(), today.Month(), today.Day(), 6+(day+replayDays)%8, 17, 0, 0, time.UTC).AddDate(0, 0, day)
		if at.Before(w.clock.Now()) {
			at = w.clock.Now().Add(11 * time.Minute)
		}
		w.clock.Set(at)
		edited := false
		for len(edits) > 0 && edits[0].day <= day {
			if err := w.do(edits[0], today); err != nil {
				return fmt.Errorf("replay day %d, %q: %w", day, edits[0].title, err)
			}
			edits, edited = edits[1:], true
		}
		w.clock.Set(at.Add(40 * time.Second))
		if edited {
			if err := cycle(ctx); err != nil {
				return err
			}
		}
		for len(words) > 0 && words[0].day <= day {
			words[0].At, words[0].Update.At = w.clock.Now(), w.clock.Now()
			e, err := words[0].Event()
			if err == nil {
				err = write(ctx, e)
			}
			if err != nil {
				return err
			}
			words = words[1:]
		}
	}
	return nil
}

// Disagree has two people write different remarks about one task, before Lockstep looks: a conflict, which waits for somebody to choose.
func (w *World) Disagree() error {
	const title = "Relocate two kiosks on Station Road"
	today := w.clock.Now()
	return errors.Join(
		w.do(edit{0, inRiverton, title, "notes", "Owners agreed on 12 m², moved on Friday", 0}, today),
		w.do(edit{0, inScorecard, title, "notes", "One owner asks for 15 m², to be settled with the ward", 0}, today),
	)
}

// do makes one edit in the tool in which it was made.
func (w *World) do(e edit, today time.Time) error {
	typed := e.value
	if e.field == "due" {
		typed = day(today, e.due)
	}
	switch e.where {
	case inJira:
		for _, key := range w.Jira.Keys() {
			if v, found := w.Jira.Issue(key); found && v.Summary == e.title {
				field := map[string]string{"status": "status", "due": "duedate", "assignee": "assignee"}[e.field]
				return w.Jira.Set(key, map[string]any{field: typed})
			}
		}
		return fmt.Errorf("no issue of that title")
	case inScorecard:
		return w.typeInto(w.Scorecard, ScorecardTab, 1, task.Title.Display(), e.title, scorecardHeader(e.field), typed)
	case inRiverton:
		l := layouts[e.where]
		return w.typeInto(w.Partner, l.tab, l.header, headerOf(l, "title"), e.title, headerOf(l, e.field), typed)
	case inHydrotech:
		return w.TypeInHydrotech(e.title, e.field, typed)
	}
	return fmt.Errorf("no such tool: %s", e.where)
}

func scorecardHeader(field string) string {
	f, _ := task.ParseField(field)
	return f.Display()
}

func headerOf(l sheetLayout, field string) string {
	for _, c := range l.columns {
		if c.field == field {
			return c.header
		}
	}
	return ""
}

// TypeInHydrotech types into HydroTech's table, in the row of that title: into its "title", "assignee", "due", "status" or
// "notes".
func (w *World) TypeInHydrotech(title, field, typed string) error {
	for r, row := range w.Google.DocumentTable(w.Hydrotech, 0) {
		if row[1] != title {
			continue
		}
		for c, col := range deliverables {
			if col.field == field {
				return w.Google.TypeInTable(w.Hydrotech, 0, r, c, typed, false)
			}
		}
	}
	return fmt.Errorf("HydroTech's table has no row %q or no column for %s", title, field)
}

// typeInto types into the cell of the row with that title, in the column with that header.
func (w *World) typeInto(id, tab string, header int, titleHeader, title, columnHeader, typed string) error {
	rows := w.Google.Rows(id, tab)
	if len(rows) < header {
		return fmt.Errorf("the tab %s has no header", tab)
	}
	head := rows[header-1]
	t, c := slices.Index(head, any(titleHeader)), slices.Index(head, any(columnHeader))
	if t < 0 || c < 0 {
		return fmt.Errorf("the tab %s has no column %q or %q", tab, titleHeader, columnHeader)
	}
	for r := header; r < len(rows); r++ {
		if t < len(rows[r]) && rows[r][t] == any(title) {
			return w.Google.Type(id, tab, cell(c, r+1), typed)
		}
	}
	return fmt.Errorf("the tab %s has no row of that title", tab)
}
