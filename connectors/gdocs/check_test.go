package gdocs

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lockstep-sync/lockstep/connectors"
)

// Check says what holds and what does not, in words that say what to do, and writes nothing.
func TestCheck(t *testing.T) {
	t.Parallel()
	p := newPlan(t,
		[]string{"Dig a well", "amina diallo", "2026-05-04", "Doing", "x"},
		[]string{"Lay a pipe", "Somebody", "next week-ish", "Frobnicated"},
		[]string{"", "", "2026-05-04"})
	p.must(p.srv.TypeInTable(p.id, 0, 0, 4, "Remarks", false))
	p.must(p.srv.TypeInTable(p.id, 0, 1, 0, "theirs", true))
	found, err := p.connect().Check(t.Context())
	p.must(err)
	has := func(level connectors.Level, topic, text, hint string) {
		t.Helper()
		for _, f := range found {
			if f.Level == level && f.Topic == topic && strings.Contains(f.Text, text) && strings.Contains(f.Hint, hint) {
				return
			}
		}
		t.Errorf("there is no finding %s %s %q %q", level, topic, text, hint)
	}
	has(connectors.LevelOK, "access", "“Plan” can be read", "")
	has(connectors.LevelOK, "rights", "can be edited", "")
	has(connectors.LevelOK, "table", "under “Action tracker”", "")
	has(connectors.LevelOK, "columns", "due is column 3, “When”", "")
	has(connectors.LevelWarning, "columns", "notes: there is no single column “Notes”", "the nearest is")
	has(connectors.LevelOK, "columns", "never touched: “Remarks”", "")
	has(connectors.LevelOK, "rows", "3 rows are tasks, of which 0 are marked", "")
	has(connectors.LevelOK, "statuses", "In progress is “Doing”", "")
	has(connectors.LevelWarning, "statuses", "“Frobnicated” means nothing (once, first in row 3)", "")
	has(connectors.LevelOK, "people", "1 names of people are known", "")
	has(connectors.LevelWarning, "people", "“Somebody” is nobody", "aliases")
	has(connectors.LevelWarning, "values", "due of “Lay a pipe” cannot be read: “next week-ish”", "type a day")
	has(connectors.LevelWarning, "values", "title of “Dig a well” is read, and not written", "accept or reject")
	has(connectors.LevelWarning, "values", "row 4 has no title", "give it a title")
	has(connectors.LevelOK, "sample", "“Dig a well”: title “Dig a well”, status in_progress, assignee “Amina Diallo”, due “2026-05-04”", "")
	if p.writes != 0 || p.reads != 1 {
		t.Errorf("it cost %d reads and %d writes", p.reads, p.writes)
	}
	if t.Failed() {
		for _, f := range found {
			t.Logf("%+v", f)
		}
	}
}

func TestCheckThatFails(t *testing.T) {
	t.Parallel()
	for topic, do := range map[string]func(p *actionPlan){
		"access": func(p *actionPlan) { p.must(p.srv.Unshare(p.id)) },
		"table":  func(p *actionPlan) { p.cfg.Table = "Another" },
		"rights": func(p *actionPlan) { p.must(p.srv.ReadOnly(p.id)) },
	} {
		p := newPlan(t, []string{"Dig a well"})
		do(p)
		found, err := p.connect().Check(t.Context())
		p.must(err)
		bad := ""
		for _, f := range found {
			if f.Level != connectors.LevelOK {
				bad += fmt.Sprintf("%s %s: %s ", f.Level, f.Topic, f.Hint)
			}
		}
		if !strings.Contains(bad, topic) {
			t.Errorf("%s: it finds %q", topic, bad)
		}
	}
}
