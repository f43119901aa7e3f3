package main

import (
	"fmt"
	"io"
	"strings"
	"unicode"

	"github.com/lockstep-sync/lockstep/internal/app"
	"github.com/lockstep-sync/lockstep/sync/engine"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// listed is how many patches and holds are printed one by one; the JSON has them all.
const listed = 50

// printReport tells people what a cycle did, or would do. Texts from tools are hostile: control characters, which could
// repaint a terminal, are taken out.
func printReport(w io.Writer, r engine.Report, requests map[string]app.Counts) {
	p := func(format string, args ...any) { _, _ = fmt.Fprintf(w, format+"\n", args...) }
	p("%s: %s, %d tasks, %d writes planned, %d landed, %d conflicts, %d held", r.Partnership, r.Result, r.Tasks, len(r.Patches), r.Writes(),
		r.Conflicts, len(r.Holds))
	for _, s := range r.Sources {
		c := requests[string(s.ID)]
		p("  %-24s %5d items  %3d reads  %3d writes", s.ID, s.Records, c.Reads, c.Writes)
		if s.Error != "" {
			p("    sits out: %s", clean(s.Error))
			hint(p, s.Hint)
		}
	}
	switch {
	case r.Board.Error != "":
		p("  the scorecard's columns and pages could not be written: %s", clean(r.Board.Error))
		hint(p, r.Board.Hint)
	case r.Board.Written:
		p("  the scorecard's computed columns and pages were brought up to date")
	case r.Board.Differs:
		p("  the scorecard's computed columns and pages are to be brought up to date")
	}
	switch {
	case r.Paper.Error != "":
		p("  the report could not be written: %s", clean(r.Paper.Error))
		hint(p, r.Paper.Hint)
	case r.Paper.Written:
		p("  the report was brought up to date")
	}
	for _, t := range r.Trips {
		p("  guard: %s", t)
	}
	if len(r.Trips) > 0 {
		p("    → look at `lockstep plan`; to let exactly this plan through: lockstep once --approve %s", r.PlanHash)
	}
	for i, pr := range r.Patches {
		if i == listed {
			p("  … and %d more writes (--json lists all)", len(r.Patches)-listed)
			break
		}
		p("  %s", patchLine(pr.Patch))
		if pr.Error != "" {
			p("    went wrong: %s", clean(pr.Error))
			hint(p, pr.Hint)
		}
	}
	for i, h := range r.Holds {
		if i == listed {
			p("  … and %d more held (--json lists all)", len(r.Holds)-listed)
			break
		}
		p("  held: %s", holdLine(h))
		hint(p, h.Hint)
	}
}

func hint(p func(string, ...any), text string) {
	if text != "" {
		p("    → %s", clean(text))
	}
}

func patchLine(p task.Patch) string {
	name := string(p.Task)
	if p.Name != "" {
		name += " (" + clean(p.Name) + ")"
	}
	var sets []string
	for _, c := range p.Set {
		if p.Op == task.Create {
			sets = append(sets, fmt.Sprintf("%s %q", c.Field, brief(c.To)))
			continue
		}
		sets = append(sets, fmt.Sprintf("%s %q → %q", c.Field, brief(c.From), brief(c.To)))
	}
	return strings.TrimSpace(fmt.Sprintf("%s: %s %s %s", p.Ref.Source, p.Op, name, strings.Join(sets, ", ")))
}

func holdLine(h task.Hold) string {
	var b strings.Builder
	b.WriteString(string(h.Source))
	for _, s := range []string{string(h.Task), h.Name, h.Field} {
		if s != "" {
			b.WriteString(" · " + clean(s))
		}
	}
	b.WriteString(": " + strings.ReplaceAll(string(h.Reason), "_", " "))
	if h.Raw != "" {
		fmt.Fprintf(&b, " %q", cut(clean(h.Raw)))
	}
	return b.String()
}

func brief(v task.Value) string { return cut(clean(v.Display())) }

// cut shortens a text to what fits into a line.
func cut(s string) string {
	const most = 60
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}

// clean takes out what could do something to a terminal.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || unicode.In(r, unicode.Zl, unicode.Zp):
			return ' '
		case unicode.IsControl(r) || unicode.In(r, unicode.Bidi_Control):
			return -1
		}
		return r
	}, s)
}
