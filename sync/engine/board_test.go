package engine_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lockstep-sync/lockstep/connectors"
	"github.com/lockstep-sync/lockstep/connectors/memory"
	"github.com/lockstep-sync/lockstep/sync/engine"
	"github.com/lockstep-sync/lockstep/sync/scorecard"
	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/task"
	"github.com/lockstep-sync/lockstep/sync/view"
)

// shownBench is a bench whose scorecard shows a board.
func shownBench(t *testing.T, adjust ...func(*bench)) *bench {
	t.Helper()
	own := []task.Field{task.Title, task.Status, task.Due, task.Notes, task.Partner, task.Assignee}
	return newBench(t, append([]func(*bench){func(b *bench) {
		b.jira = memory.New(memory.Options{
			Fields: append(slices.Clone(own[:4]), task.Assignee), CanCreate: true, Now: func() time.Time { return b.now },
		})
		b.card = memory.New(memory.Options{Fields: own, CanCreate: true, CanRemove: true, Provisional: true, Board: true})
	}}, adjust...)...)
}

// withBoard makes the engine anew with other options of the board.
func (b *bench) withBoard(change func(*engine.BoardOptions)) {
	b.t.Helper()
	board := engine.DefaultBoard("Clean Water")
	board.Partners = []scorecard.Partner{{ID: "aqua", Name: "AquaFund"}, {ID: "city", Name: "City of Riverton"}}
	change(&board)
	b.options.Board = &board
	b.restart()
}

func due(v task.Values, day string) task.Values {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		panic(err)
	}
	v[task.Due] = task.DateValue(t)
	return v
}

// beside is what the scorecard shows beside the task of that title: column → text, links as "text → address".
func (b *bench) beside(title string) map[string]string {
	b.t.Helper()
	for _, k := range b.card.Keys() {
		if it, _ := b.card.Get(k); it.Values[task.Title].String() != title {
			continue
		}
		out := map[string]string{}
		for name, c := range b.card.Computed(k) {
			out[name] = cellText(c)
		}
		return out
	}
	b.t.Fatalf("the scorecard has no %q", title)
	return nil
}

func cellText(c connectors.Cell) string {
	if len(c.Links) == 0 {
		return c.Value.String() + c.Formula
	}
	var ls []string
	for _, l := range c.Links {
		ls = append(ls, strings.TrimSuffix(l.Text+" → "+l.URL, " → "))
	}
	return strings.Join(ls, "; ")
}

// page is a page as texts: its lines, then its rows with | between the cells.
func (b *bench) page(name string) string {
	b.t.Helper()
	p, _, ok := b.card.Page(name)
	if !ok {
		b.t.Fatalf("the scorecard has no page %s", name)
	}
	var out []string
	for _, l := range p.Lines {
		out = append(out, cellText(l))
	}
	for _, r := range p.Rows {
		if len(r.Cells) != len(p.Columns) {
			b.t.Errorf("a row of %s has %d cells, there are %d columns", name, len(r.Cells), len(p.Columns))
		}
		var cells []string
		for _, c := range r.Cells {
			cells = append(cells, cellText(c))
		}
		out = append(out, strings.Join(cells, " | "))
	}
	return strings.Join(out, "\n")
}

func TestBoardBesideTheTasks(t *testing.T) {
	t.Parallel()
	b := shownBench(t)
	late := due(titled("Dig a well"), "2026-08-20")
	late[task.Assignee], late[task.Status] = task.PersonValue("Amina Diallo"), task.EnumValue(task.InProgress)
	issue := b.jira.Add(late)
	done := titled("Buy a pump")
	done[task.Status] = task.EnumValue(task.Done)
	b.jira.Add(done)
	b.sheet.Add(due(titled("Lay a pipe"), "2026-12-01"))
	b.cycle()
	got := b.beside("Dig a well")
	for column, want := range map[string]string{
		"RAG": "Red", "Why": "overdue by 12 days, tolerance 7", "Slip": "", "Where": "aqua-jira k1", "Last change": "in aqua-jira, 1 Sep 2026 08:00",
	} {
		if got[column] != want {
			t.Errorf("%s says %q; want %q", column, got[column], want)
		}
	}
	if got := b.beside("Lay a pipe"); got["RAG"] != "Grey" || got["Why"] != "no owner" {
		t.Errorf("a task without an owner is %q because %q", got["RAG"], got["Why"])
	}
	if got := b.beside("Buy a pump"); got["RAG"] != "" || got["Why"] != "" {
		t.Errorf("a task that is done is %q because %q", got["RAG"], got["Why"])
	}
	b.jira.Edit(issue, task.Due, due(task.Values{}, "2026-09-30")[task.Due])
	b.cycle()
	got = b.beside("Dig a well")
	if got["Slip"] != "moved once, 41 days later than first agreed" || got["Last change"] != "a person in aqua-jira, 1 Sep 2026 08:01" {
		t.Errorf("after a move: slip %q, last change %q", got["Slip"], got["Last change"])
	}
	if r := b.cycle(); r.Board.Differs || len(r.Patches) > 0 {
		t.Errorf("nothing happened, and the board differs: %+v", r)
	}
}

func TestBoardIsWrittenAlongAndThenLeftAlone(t *testing.T) {
	t.Parallel()
	b := shownBench(t)
	b.now = time.Date(2026, 9, 1, 8, 2, 0, 0, time.UTC)
	issue := b.jira.Add(titled("Dig a well"))
	b.sheet.Add(titled("Lay a pipe"))
	if r := b.cycle(); !r.Board.Differs || b.card.Published() != 1 {
		t.Fatalf("the first cycle wrote the board %d times: %+v", b.card.Published(), r.Board)
	}
	for range 50 { // up to the next full hour
		before, reads := b.card.Writes(), b.card.Reads()
		if r := b.cycle(); r.Board.Differs || b.card.Published() != 1 || b.card.Writes() != before || b.card.Reads() != reads+1 {
			t.Fatalf("at %v an idle cycle wrote: %+v", b.now, r.Board)
		}
	}
	b.restart()
	if r := b.cycle(); r.Board.Differs {
		t.Error("after a restart the board is another")
	}
	b.jira.Edit(issue, task.Status, task.EnumValue(task.Blocked))
	if r := b.cycle(); !r.Board.Differs || b.card.Published() != 2 {
		t.Errorf("a changed cycle wrote the board %d times", b.card.Published()-1)
	}
	b.now = time.Date(2026, 9, 1, 9, 0, 0, 0, time.UTC)
	if r := b.cycle(); !r.Board.Differs || !r.Converged || b.card.Published() != 3 || !strings.Contains(b.page(engine.PageSummary), "Checked 1 Sep 2026 09:00 (UTC)") {
		t.Errorf("no heartbeat at 9: %+v\n%s", r.Board, b.page(engine.PageSummary))
	}
	if r := b.cycle(); r.Board.Differs {
		t.Error("two heartbeats within an hour")
	}
}

func TestBoardOfOtherOptions(t *testing.T) {
	t.Parallel()
	b := shownBench(t)
	b.withBoard(func(o *engine.BoardOptions) {
		o.Heartbeat, o.Pages = 0, []string{engine.PageSummary, engine.PageQuality}
	})
	b.jira.Add(titled("Dig a well"))
	b.cycle()
	if _, _, ok := b.card.Page(engine.PageActivity); ok {
		t.Error("a page is shown that was not asked for")
	}
	if s := b.page(engine.PageSummary); strings.Contains(s, "Checked") || strings.Contains(s, "NOW()") {
		t.Errorf("a heartbeat, though there is to be none:\n%s", s)
	}
	b.now = b.now.Add(5 * time.Hour)
	if r := b.cycle(); r.Board.Differs {
		t.Error("without a heartbeat the board differs after five hours")
	}
	b.withBoard(func(o *engine.BoardOptions) { o.Pages = nil })
	b.cycle()
	if got := b.beside("Dig a well"); got["RAG"] != "Grey" {
		t.Errorf("without pages the columns are %v", got)
	}
}

// The gates that are ahead stand above the table, the nearest first.
func TestBoardSummaryNamesTheNextGates(t *testing.T) {
	t.Parallel()
	b := shownBench(t)
	gate := func(id, day string, criteria ...scorecard.Criterion) scorecard.Gate {
		return scorecard.Gate{ID: id, Name: strings.ToUpper(id), Date: due(task.Values{}, day)[task.Due], Criteria: criteria}
	}
	b.withBoard(func(o *engine.BoardOptions) {
		o.Heartbeat = 0
		undated := gate("later", "2026-01-01")
		undated.Date = task.Value{}
		o.Agreed.Gates = []scorecard.Gate{
			undated, gate("b", "2026-10-01", scorecard.Criterion{Text: "Money", Met: true}, scorecard.Criterion{Text: "People"}), gate("passed", "2026-08-01"),
			gate("a", "2026-08-29"), gate("c", "2026-11-01"), gate("d", "2026-12-01"),
		}
	})
	went, err := view.GateEvent("passed", scorecard.Decision{Outcome: scorecard.Go, At: b.now.Add(-time.Hour), Reason: "fine"}, "Amina")
	if err != nil {
		t.Fatal(err)
	}
	if err := b.store.Record(t.Context(), "", []store.Event{went}); err != nil {
		t.Fatal(err)
	}
	b.jira.Add(titled("Dig a well"))
	b.cycle()
	b.cycle()
	want := "Gate “A”: 29 Aug 2026, overdue by 3 days\nGate “B”: 1 Oct 2026, due in 30 days: 1 of 2 criteria met\n" +
		"Gate “C”: 1 Nov 2026, due in 61 days\nand 2 more gates to be decided\naqua-jira: up to date"
	if got := b.page(engine.PageSummary); !strings.Contains(got, want) {
		t.Errorf("the summary is\n%s\nwant in it\n%s", got, want)
	}
	if r := b.cycle(); !r.Converged || r.Board.Differs {
		t.Errorf("it does not come to rest: %+v", r.Board)
	}
}

func TestBoardSummary(t *testing.T) {
	t.Parallel()
	b := shownBench(t)
	b.withBoard(func(*engine.BoardOptions) {})
	b.jira.Add(due(titled("Dig a well"), "2026-08-20"))
	b.sheet.Add(titled("Lay a pipe"))
	b.cycle()
	b.cycle()
	want := []string{ // 1 September 2026 is day 46266 of a sheet
		"Clean Water", "Red: schedule adherence 0.00, below 0.85: 0 of 1", "2 open, 1 overdue, 0 done", "Checked 1 Sep 2026 08:00 (UTC)",
		`=IFERROR("Lockstep has not checked for "&INT((NOW()*1440-66623520)/60)&" hours: what stands here may be out of date. Ask whoever runs it."&CHAR(32/((NOW()*1440-66623520)>121)))`,
		"aqua-jira: up to date", "city-sheet: up to date", "scorecard: up to date",
		"AquaFund | 1 | 1 | 0 | Red | schedule adherence 0.00, below 0.85: 0 of 1 |  | 0 of 1 (red)",
		"City of Riverton | 1 | 0 | 0 | Grey | no open task has an agreed date; nothing was to be finished by now |  | ",
	}
	if got := b.page(engine.PageSummary); got != strings.Join(want, "\n") {
		t.Errorf("the summary is\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
	b.sheet.Fail(func(memory.Step, *task.Patch) memory.Effect { return memory.FailBefore })
	if r := b.cycle(); r.Board.Differs {
		t.Errorf("a source that missed one look is stale already:\n%s", b.page(engine.PageSummary))
	}
	b.cycle()
	b.cycle()
	b.cycle()
	const stale = "city-sheet: stale since 1 Sep 2026 08:01: unavailable"
	if got := b.page(engine.PageSummary); !strings.Contains(got, stale) {
		t.Errorf("a source that cannot be read is not called stale:\n%s", got)
	}
	if got := b.page(engine.PageQuality); !strings.Contains(got, stale) {
		t.Errorf("the page of data quality does not say it:\n%s", got)
	}
	if got := b.beside("Lay a pipe"); !strings.HasSuffix(got["Why"], "city-sheet was not read since 1 Sep 2026 08:01") {
		t.Errorf("beside its task stands %v", got)
	}
	n := b.card.Published()
	for range 20 {
		b.cycle()
	}
	if b.card.Published() != n {
		t.Errorf("as long as it stays so the board was written %d times", b.card.Published()-n)
	}
}

func TestBoardIsPutRight(t *testing.T) {
	t.Parallel()
	b := shownBench(t)
	b.jira.Add(titled("Dig a well"))
	b.cycle()
	b.cycle()
	was := map[string]string{}
	for _, p := range engine.Pages() {
		was[p] = b.page(p)
		if p != engine.PageConflicts && !b.card.Scribble(p, "=HYPERLINK(\"http://bad.example\")") {
			t.Fatalf("nothing to scribble on %s", p)
		}
		b.card.WriteBeside(p, "my own note")
	}
	b.card.DeletePage(engine.PageConflicts)
	if r := b.cycle(); !r.Board.Differs || len(r.Patches) > 0 {
		t.Errorf("what people did to the pages is not seen: %+v", r)
	}
	for _, p := range engine.Pages() {
		got := b.page(p)
		if p == engine.PageActivity { // which tells of what was typed over
			_, got, _ = strings.Cut(got, "1 Sep 2026 08:00")
			_, was[p], _ = strings.Cut(was[p], "1 Sep 2026 08:00")
		}
		if got != was[p] {
			t.Errorf("%s is\n%s\nit was\n%s", p, got, was[p])
		}
		if _, beside, _ := b.card.Page(p); p != engine.PageConflicts && !slices.Equal(beside, []string{"my own note"}) {
			t.Errorf("beside %s stands %q", p, beside)
		}
	}
}

func TestBoardThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	b := shownBench(t)
	b.jira.Add(titled("Dig a well"))
	for _, effect := range []memory.Effect{memory.FailBefore, memory.Partial, memory.Throttle, memory.Unauthorized} {
		b.card.Fail(func(s memory.Step, _ *task.Patch) memory.Effect {
			if s == memory.StepPublish {
				return effect
			}
			return memory.Pass
		})
		r := b.cycle()
		if r.Result != engine.ResultPartial || r.Converged || r.Board.Error == "" || r.Board.Reason == "" || !r.Board.Differs {
			t.Errorf("effect %d: %+v", effect, r)
		}
	}
	if b.store.Tasks["CW-1"].ID == "" || len(b.card.Keys()) != 1 {
		t.Error("the tasks waited for the board")
	}
	b.card.Fail(nil)
	b.now = b.now.Add(memory.ThrottleFor)
	if r := b.cycle(); r.Result != engine.ResultOK || b.page(engine.PageActivity) == "" {
		t.Errorf("it does not come right: %+v", r)
	}
}

func TestBoardOfAScorecardThatCannotBeRead(t *testing.T) {
	t.Parallel()
	b := shownBench(t)
	b.jira.Add(titled("Dig a well"))
	b.cycle()
	n := b.card.Published()
	b.now = b.now.Add(24 * time.Hour)
	b.card.Fail(func(s memory.Step, _ *task.Patch) memory.Effect {
		if s == memory.StepPull {
			return memory.FailBefore
		}
		return memory.Pass
	})
	b.cycle()
	if b.card.Published() != n {
		t.Error("a scorecard was written to that could not be read")
	}
}

func TestDryRunOfTheBoard(t *testing.T) {
	t.Parallel()
	b := shownBench(t)
	b.jira.Add(titled("Dig a well"))
	if r := b.cycle(engine.Mode{DryRun: true}); !r.Board.Differs || b.card.Published() != 0 {
		t.Errorf("a dry run of the first cycle: %+v, written %d times", r.Board, b.card.Published())
	}
	b.cycle()
	if r := b.cycle(engine.Mode{DryRun: true}); r.Board.Differs {
		t.Error("the board differs, though nothing happened")
	}
	n := b.card.Published()
	b.jira.Edit("k1", task.Due, due(task.Values{}, "2026-09-30")[task.Due])
	if r := b.cycle(engine.Mode{DryRun: true}); !r.Board.Differs || b.card.Published() != n {
		t.Errorf("a dry run of an edit: %+v", r.Board)
	}
	b.jira.Edit("k1", task.Due, task.Empty(task.Date)) // it was taken back before any cycle saw it
	b.now = b.now.Add(-3 * time.Minute)
	if r := b.cycle(); r.Board.Differs {
		t.Errorf("what a dry run foretold is shown:\n%s", b.page(engine.PageActivity))
	}
}

// Two engines on one store, each deciding in turn, show the same board: neither undoes the other's.
func TestTwoEnginesShowOneBoard(t *testing.T) {
	t.Parallel()
	b := shownBench(t)
	issue := b.jira.Add(titled("Dig a well"))
	b.cycle()
	other, err := engine.New(b.options)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 6 {
		b.jira.Edit(issue, task.Notes, task.TextValue(strings.Repeat("n", i+1)))
		b.eng, other = other, b.eng
		b.cycle()
		b.eng, other = other, b.eng
		if r := b.cycle(); r.Board.Differs {
			t.Fatalf("after the other's cycle this one would show another board:\n%s", b.page(engine.PageActivity))
		}
	}
	if got := strings.Count(b.page(engine.PageActivity), "Notes"); got != 6 {
		t.Errorf("%d of 6 changes are told:\n%s", got, b.page(engine.PageActivity))
	}
}

func TestBoardActivity(t *testing.T) {
	t.Parallel()
	b := shownBench(t)
	issue := b.jira.Add(titled("Dig a well"))
	b.cycle()
	b.jira.Edit(issue, task.Status, task.EnumValue(task.Blocked))
	b.card.Edit(b.card.Keys()[0], task.Status, task.EnumValue(task.Done))
	b.cycle()
	want := "1 Sep 2026 08:01 | CW-1 | Dig a well | Status | Not started | Blocked | a person in aqua-jira | " +
		"scorecard says Done (a person)\n1 Sep 2026 08:00 | CW-1 | Dig a well | New task |  |  | in aqua-jira | "
	if got := b.page(engine.PageActivity); !strings.HasSuffix(got, want) {
		t.Errorf("the activity is\n%s\nwant at the end\n%s", got, want)
	}
	for i := range 300 {
		b.jira.Edit(issue, task.Notes, task.TextValue(strings.Repeat("n", i+1)))
		b.cycle()
	}
	p, _, _ := b.card.Page(engine.PageActivity)
	if len(p.Rows) != 200 || p.Rows[0].Cells[0].Value.String() != "1 Sep 2026 13:01" {
		t.Errorf("%d lines, the first of %v", len(p.Rows), p.Rows[0].Cells[0].Value)
	}
	b.restart()
	if r := b.cycle(); r.Board.Differs {
		t.Error("after a restart the activity is another")
	}
}

func TestBoardQuality(t *testing.T) {
	t.Parallel()
	b := shownBench(t)
	b.sheet.Add(titled("Lay a pipe"))
	b.cycle()
	b.sheet.Edit("k1", task.Due, task.UnreadableValue("next week-ish"))
	b.cycle()
	want := `city-sheet | k1 | CW-1 | Due | unreadable | next week-ish | "next week-ish" is not a date: type one that is, or empty the field`
	if got := b.page(engine.PageQuality); !strings.Contains(got, want) {
		t.Errorf("the page is\n%s\nwant in it\n%s", got, want)
	}
}

// Whatever people type: no cell of ours is a formula but the heartbeat's, none is longer than a cell may be, no link leads anywhere
// but to the web, and what was written is what is there.
func TestBoardOfHostileTexts(t *testing.T) {
	t.Parallel()
	hostile := rapid.OneOf(rapid.SampledFrom([]string{
		"=IMPORTXML(\"http://bad.example\")", "+1", "-1", "@x", "\t=1", strings.Repeat("long ", 20_000), "a\x00b", "\u202e", "x\r\ny",
	}), rapid.String())
	rapid.Check(t, func(rt *rapid.T) {
		b := shownBench(t)
		v := due(titled("T "+hostile.Draw(rt, "title")), "2026-08-20")
		v[task.Notes], v[task.Assignee] = task.TextValue(hostile.Draw(rt, "notes")), task.PersonValue(hostile.Draw(rt, "person"))
		issue := b.jira.Add(v)
		b.cycle()
		b.jira.Edit(issue, task.Notes, task.TextValue(hostile.Draw(rt, "other notes")))
		b.card.Edit(b.card.Keys()[0], task.Notes, task.TextValue(hostile.Draw(rt, "notes on the scorecard")))
		b.cycle()
		if r := b.cycle(); r.Board.Differs {
			rt.Fatalf("the board does not come to rest")
		}
		formulas := 0
		look := func(c connectors.Cell) {
			if c.Formula != "" {
				formulas++
			}
			if n := len([]rune(c.Value.String())); n > 1000 {
				rt.Fatalf("a cell of %d characters", n)
			}
			for _, l := range c.Links {
				if l.URL != "" && !strings.HasPrefix(l.URL, "http") || len(l.Text) > 1000 {
					rt.Fatalf("a link %q to %q", l.Text, l.URL)
				}
			}
		}
		for _, name := range engine.Pages() {
			p, _, _ := b.card.Page(name)
			for _, l := range p.Lines {
				look(l)
			}
			for _, r := range p.Rows {
				for _, c := range r.Cells {
					look(c)
				}
			}
		}
		for _, c := range b.card.Computed(b.card.Keys()[0]) {
			look(c)
		}
		if formulas != 1 {
			rt.Fatalf("%d formulas", formulas)
		}
	})
}

// What people type over the board is put right, and told once, also while it cannot be put right yet.
func TestWhatIsTypedOverIsKept(t *testing.T) {
	t.Parallel()
	b := shownBench(t)
	b.jira.Add(titled("Dig a well"))
	b.cycle()
	b.cycle()
	b.card.Scribble(engine.PageSummary, "I know better")
	b.card.Fail(func(s memory.Step, _ *task.Patch) memory.Effect {
		if s == memory.StepPublish {
			return memory.FailBefore
		}
		return memory.Pass
	})
	b.cycle()
	b.cycle()
	b.card.Fail(nil)
	b.cycle()
	b.cycle()
	const want = "Typed over what Lockstep works out: Summary, column A, row 1 | I know better"
	if got := b.page(engine.PageActivity); strings.Count(got, want) != 1 {
		t.Errorf("the activity is\n%s\nwant in it, once\n%s", got, want)
	}
	if strings.Contains(b.page(engine.PageSummary), "I know better") {
		t.Error("the page was not put right")
	}
	if r := b.cycle(); r.Board.Differs {
		t.Error("it does not come to rest")
	}
}
