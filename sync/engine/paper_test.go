package engine_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lockstep-sync/lockstep/connectors"
	"github.com/lockstep-sync/lockstep/sync/engine"
	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// paper is a report in memory. It stands for a document: it is there whatever becomes of the engine.
type paper struct {
	summary  []connectors.ReportBlock
	sections []connectors.ReportSection

	asked, written int
	fails          error // what each call answers
	lands          bool  // a call that fails has written all the same
}

func (p *paper) Sections(context.Context) ([]string, error) {
	p.asked++
	if p.fails != nil {
		return nil, p.fails
	}
	var ids []string
	for _, s := range p.sections {
		ids = append(ids, s.ID)
	}
	return ids, nil
}

func (p *paper) Report(_ context.Context, r connectors.Report) error {
	p.asked++
	if p.fails != nil && !p.lands {
		return p.fails
	}
	p.written++
	p.summary = r.Summary
	for _, s := range r.Sections {
		if !slices.ContainsFunc(p.sections, func(x connectors.ReportSection) bool { return x.ID == s.ID }) {
			p.sections = append(p.sections, s)
		}
	}
	return p.fails
}

func (p *paper) titles() []string {
	var out []string
	for _, s := range p.sections {
		out = append(out, s.Title)
	}
	return out
}

// said is blocks as text: a table's cells with | between them.
func said(blocks []connectors.ReportBlock) string {
	var b strings.Builder
	for _, x := range blocks {
		b.WriteString(x.Text.String())
		for _, r := range x.Rows {
			var cells []string
			for _, c := range r {
				cells = append(cells, c.String())
			}
			b.WriteString(strings.Join(cells, "|") + "\n")
		}
		b.WriteString("\n")
	}
	return b.String()
}

// reported is a bench whose engine keeps a report. It begins on Tuesday, 1 September 2026.
func reported(t *testing.T, every engine.Every) (*bench, *paper) {
	t.Helper()
	b := shownBench(t)
	p := &paper{}
	b.options.Paper = &engine.PaperOptions{Reporter: p, Every: every}
	b.restart()
	return b, p
}

func date(day string) task.Value { return due(task.Values{}, day)[task.Due] }

func day(b *bench, d string) {
	b.t.Helper()
	t, err := time.Parse("2006-01-02 15:04", d+" 08:00")
	if err != nil {
		b.t.Fatal(err)
	}
	b.now = t
}

func TestPaperSummaryIsCurrent(t *testing.T) {
	t.Parallel()
	b, p := reported(t, engine.EveryWeek)
	key := b.jira.Add(due(titled("Dig a well"), "2026-08-20"))
	b.cycle()
	if got := said(p.summary); !strings.Contains(got, "1 open task is past the agreed date") || !strings.Contains(got, "CW-1|Dig a well|aqua|–|20 Aug 2026|12 days|Red") {
		t.Fatalf("the summary says\n%s", got)
	}
	b.cycle()
	asked := p.asked
	for range 5 {
		b.cycle()
	}
	if p.asked != asked {
		t.Errorf("%d requests while nothing happened", p.asked-asked)
	}
	b.jira.Edit(key, task.Status, task.EnumValue(task.Done))
	if r := b.cycle(); !r.Paper.Written || !strings.Contains(said(p.summary), "Nothing is overdue.") {
		t.Errorf("%+v, and the summary says\n%s", r.Paper, said(p.summary))
	}
	if len(p.sections) != 0 {
		t.Errorf("there are sections: %q", p.titles())
	}
}

func TestPaperTellsEachWeekOnce(t *testing.T) {
	t.Parallel()
	b, p := reported(t, engine.EveryWeek)
	well := b.jira.Add(due(titled("Dig a well"), "2026-09-04"))
	pipe := b.jira.Add(due(titled("Lay a pipe"), "2026-09-10"))
	b.cycle()
	day(b, "2026-09-03")
	b.jira.Edit(well, task.Status, task.EnumValue(task.Done))
	b.cycle()
	day(b, "2026-09-06") // the Sunday
	b.cycle()
	if len(p.sections) != 0 {
		t.Fatalf("the week is not over: %q", p.titles())
	}
	day(b, "2026-09-07")
	for range 3 {
		b.cycle()
		b.restart()
	}
	if got := p.titles(); !slices.Equal(got, []string{"Week of 31 August to 6 September 2026"}) {
		t.Fatalf("the sections are %q", got)
	}
	first := said(p.sections[0].Blocks)
	for _, want := range []string{"1 task finished, 2 new. At the end: 1 open, 0 overdue, 1 done.", "Done\nCW-1 Dig a well (aqua)", "Next 14 days\n10 Sep 2026|CW-2|Lay a pipe|aqua", "Nothing slipped."} {
		if !strings.Contains(first, want) {
			t.Errorf("%q is not in\n%s", want, first)
		}
	}
	day(b, "2026-09-09")
	b.jira.Edit(pipe, task.Due, date("2026-09-30"))
	b.cycle()
	day(b, "2026-09-24") // nobody ran it for two weeks
	b.jira.Edit(pipe, task.Due, date("2026-10-30"))
	b.restart()
	b.cycle()
	want := []string{"Week of 31 August to 6 September 2026", "Week of 7 to 13 September 2026", "Week of 14 to 20 September 2026"}
	if got := p.titles(); !slices.Equal(got, want) {
		t.Fatalf("the sections are %q", got)
	}
	second := said(p.sections[1].Blocks)
	for _, want := range []string{"CW-2|Lay a pipe|aqua|10 Sep 2026|30 Sep 2026|moved once, 20 days later than first agreed", "0 of 1 kept", "CW-2|Lay a pipe|aqua|moved from 10 Sep 2026 to 30 Sep 2026"} {
		if !strings.Contains(second, want) {
			t.Errorf("%q is not in\n%s", want, second)
		}
	}
	if first != said(p.sections[0].Blocks) {
		t.Error("a section was touched again")
	}
}

// TestPaperIsTheSameWheneverItIsMade makes the same weeks' sections in time and all at once.
func TestPaperIsTheSameWheneverItIsMade(t *testing.T) {
	t.Parallel()
	run := func(prompt bool) *paper {
		b, p := reported(t, engine.EveryWeek)
		well := b.jira.Add(due(titled("Dig a well"), "2026-09-04"))
		b.cycle()
		day(b, "2026-09-07")
		b.cycle() // both have the first week, so that the later ones follow
		if !prompt {
			p.fails = fault.New(fault.Retryable, fault.Timeout, "write the report", "no answer")
		}
		for i, d := range []string{"2026-09-10", "2026-09-14", "2026-09-17", "2026-09-21", "2026-09-28"} {
			day(b, d)
			if d != "2026-09-14" {
				b.jira.Edit(well, task.Due, date(fmt.Sprintf("2026-10-%02d", 10+i)))
			}
			b.cycle()
		}
		p.fails = nil
		b.now = b.now.Add(2 * time.Hour)
		b.cycle()
		return p
	}
	prompt, late := run(true), run(false)
	if len(prompt.sections) != 4 || !slices.Equal(prompt.titles(), late.titles()) {
		t.Fatalf("the sections are %q and %q", prompt.titles(), late.titles())
	}
	for i := range prompt.sections {
		if a, b := said(prompt.sections[i].Blocks), said(late.sections[i].Blocks); a != b {
			t.Errorf("%s in time:\n%s\nand late:\n%s", prompt.sections[i].Title, a, b)
		}
	}
}

func TestPaperTellsOfConflicts(t *testing.T) {
	t.Parallel()
	b, p := reported(t, engine.EveryDay)
	b.options.Rules.Default.Hold = true
	b.restart()
	well := b.jira.Add(due(titled("Dig a well"), "2026-09-20"))
	b.cycle()
	b.cycle()
	b.jira.Edit(well, task.Status, task.EnumValue(task.Blocked))
	row := b.card.Keys()[0]
	b.card.Edit(row, task.Status, task.EnumValue(task.InProgress))
	b.cycle()
	if got := said(p.summary); !strings.Contains(got, "Agree on 1 value") || !strings.Contains(got, "CW-1|Dig a well|Status|") {
		t.Fatalf("the summary says\n%s", got)
	}
	day(b, "2026-09-02")
	b.cycle()
	if got := said(p.sections[0].Blocks); !strings.Contains(got, "Decisions needed\nagree on the status of CW-1: 2 values claimed: CW-1 Dig a well") {
		t.Errorf("the first day says\n%s", got)
	}
	b.card.Edit(row, task.Status, task.EnumValue(task.Blocked))
	b.cycle()
	day(b, "2026-09-03")
	b.cycle()
	if got := said(p.sections[1].Blocks); p.sections[1].Title != "Wednesday, 2 September 2026" || !strings.Contains(got, "Conflicts settled\nCW-1|Dig a well|Status|Blocked|") {
		t.Errorf("%s says\n%s", p.sections[1].Title, got)
	}
}

// TestPaperThatFailsDisturbsNothing: the cycle goes on, says so, and tries again with growing pauses.
func TestPaperThatFailsDisturbsNothing(t *testing.T) {
	t.Parallel()
	b, p := reported(t, engine.EveryMonth)
	p.fails = fault.New(fault.Permanent, fault.Auth, "read the report", "forbidden").WithHint("share it")
	b.jira.Add(titled("Dig a well"))
	for range 120 {
		r := b.cycle()
		if r.Result != engine.ResultPartial || r.Paper.Hint != "share it" || r.Converged {
			t.Fatalf("the cycle says %s, %+v", r.Result, r.Paper)
		}
	}
	if len(b.card.Keys()) != 1 {
		t.Error("the task did not reach the scorecard")
	}
	if p.asked < 5 || p.asked > 9 {
		t.Errorf("it was tried %d times in two hours", p.asked)
	}
	p.fails = nil
	b.now = b.now.Add(time.Hour)
	if r := b.cycle(); r.Result != engine.ResultOK || !r.Paper.Written {
		t.Errorf("afterwards: %s, %+v", r.Result, r.Paper)
	}
	p.fails, p.lands = fault.New(fault.Retryable, fault.Timeout, "write the report", "no answer"), true
	day(b, "2026-10-01")
	b.cycle()
	p.fails = nil
	b.now = b.now.Add(time.Hour)
	b.cycle()
	if got := p.titles(); !slices.Equal(got, []string{"September 2026"}) {
		t.Errorf("the sections are %q", got)
	}
}

func TestPaperOfNothing(t *testing.T) {
	t.Parallel()
	b, p := reported(t, engine.EveryDay)
	for _, d := range []string{"2026-09-01", "2026-09-02", "2026-09-03"} {
		day(b, d)
		b.cycle()
	}
	if got := said(p.summary); !strings.Contains(got, "Nothing is overdue.") || !strings.Contains(got, "no tasks") {
		t.Errorf("the summary says\n%s", got)
	}
	if len(p.sections) != 0 {
		t.Errorf("of nothing there are sections: %q", p.titles())
	}
}

// TestPaperPeriods: days, weeks and months begin and end where the partnership is, also where a day begins at one o'clock and a year
// ends in a week's midst.
func TestPaperPeriods(t *testing.T) {
	t.Parallel()
	cairo, err := time.LoadLocation("Africa/Cairo")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		every    engine.Every
		firstDay time.Weekday
		at       []string // when a cycle runs, in Cairo
		want     []string
	}{
		"summer time": {
			engine.EveryDay, time.Monday,
			[]string{"2026-04-22 12:00", "2026-04-23 23:59", "2026-04-24 01:00", "2026-04-25 00:00"},
			[]string{"Wednesday, 22 April 2026", "Thursday, 23 April 2026", "Friday, 24 April 2026"},
		},
		"the turn of the year": {
			engine.EveryWeek, time.Monday,
			[]string{"2026-12-30 12:00", "2027-01-03 23:59", "2027-01-04 00:00"},
			[]string{"Week of 28 December 2026 to 3 January 2027"},
		},
		"weeks from Sunday": {
			engine.EveryWeek, time.Sunday,
			[]string{"2026-09-26 23:59", "2026-09-27 00:00", "2026-10-04 00:01"},
			[]string{"Week of 20 to 26 September 2026", "Week of 27 September to 3 October 2026"},
		},
		"months": {
			engine.EveryMonth, time.Monday,
			[]string{"2026-01-31 12:00", "2026-01-31 23:59", "2026-02-28 23:59", "2026-03-01 00:00", "2026-03-31 23:00"},
			[]string{"January 2026", "February 2026"},
		},
		"half a year and more without a cycle": {
			engine.EveryWeek, time.Monday,
			[]string{"2026-01-01 12:00", "2026-01-05 12:00", "2026-12-14 12:00"},
			nil,
		},
	} {
		b, p := reported(t, c.every)
		b.options.Location = cairo
		b.withBoard(func(o *engine.BoardOptions) { o.Rules.FirstDay = c.firstDay })
		b.jira.Add(titled("Dig a well"))
		for _, at := range c.at {
			if b.now, err = time.ParseInLocation("2006-01-02 15:04", at, cairo); err != nil {
				t.Fatal(err)
			}
			b.cycle()
		}
		got := p.titles()
		if c.want == nil {
			if len(got) != 27 || got[26] != "Week of 7 to 13 December 2026" {
				t.Errorf("%s: %d sections, %q", name, len(got), got)
			}
			continue
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// TestPaperEveryOtherPeriod: another length of period begins with its own last one, and takes nothing for done that was told of others.
func TestPaperEveryOtherPeriod(t *testing.T) {
	t.Parallel()
	b, p := reported(t, engine.EveryWeek)
	b.jira.Add(titled("Dig a well"))
	b.cycle()
	day(b, "2026-10-05")
	b.cycle()
	b.options.Paper.Every = engine.EveryMonth
	b.restart()
	b.cycle()
	b.options.Paper.Every = engine.EveryWeek
	b.restart()
	b.cycle()
	if got := p.titles(); !slices.Equal(got, []string{"Week of 28 September to 4 October 2026", "September 2026"}) {
		t.Errorf("the sections are %q", got)
	}
}
