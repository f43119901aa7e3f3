package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/lockstep-sync/lockstep/internal/app"
	"github.com/lockstep-sync/lockstep/sync/engine"
	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/task"
	"github.com/lockstep-sync/lockstep/sync/view"
)

type historyCmd struct {
	configFlag
	partnershipFlag
	Task  string `help:"Only of this task: CW-4." placeholder:"ID"`
	Cycle int64  `help:"Only of this cycle." placeholder:"N"`
	Limit int    `help:"How many events, the newest first; at most 1000." default:"50" placeholder:"N"`
	JSON  bool   `name:"json" help:"Print the events as JSON."`
}

// jsonEvent is an event as JSON has it.
type jsonEvent struct {
	ID     int64           `json:"id"`
	Cycle  int64           `json:"cycle"`
	At     time.Time       `json:"at"`
	Kind   store.EventKind `json:"kind"`
	Task   task.ID         `json:"task,omitempty"`
	Field  string          `json:"field,omitempty"`
	Source task.SourceID   `json:"source,omitempty"`
	From   task.Value      `json:"from"`
	To     task.Value      `json:"to"`
	By     string          `json:"by,omitempty"`
	Losers []store.Claim   `json:"losers,omitempty"`
	Note   string          `json:"note,omitempty"`
}

// Run implements the command.
func (c historyCmd) Run(e env) error {
	a, err := c.open(e)
	if err != nil {
		return err
	}
	defer closing(e, a)
	w, err := a.Viewer(c.Partnership)
	if err != nil {
		return err
	}
	es, err := a.History(e.ctx, c.Partnership, store.Query{Task: task.ID(strings.ToUpper(c.Task)), Cycle: c.Cycle, Limit: c.Limit})
	if err != nil {
		return err
	}
	if c.JSON {
		out := make([]jsonEvent, len(es))
		for i := range es {
			out[i] = jsonEvent(es[i])
		}
		enc := json.NewEncoder(e.stdout)
		enc.SetIndent("", "  ")
		return enc.Encode(out)
	}
	if len(es) == 0 {
		_, err := fmt.Fprintln(e.stdout, "Nothing has happened, as far as is known.")
		return err
	}
	for i := range es {
		_, _ = fmt.Fprintln(e.stdout, eventLine(w.Partnership(), &es[i]))
		for _, l := range es[i].Losers {
			_, _ = fmt.Fprintf(e.stdout, "    against %s in %s%s\n", shownValue(l.Value), w.Partnership().SourceName(l.Source), byWhom(l.By))
		}
	}
	return nil
}

// eventLine is an event in one line.
func eventLine(p *view.Partnership, e *store.Event) string {
	what := string(e.Kind)
	if f, ok := task.ParseField(e.Field); ok {
		what += " " + f.Display()
	} else if e.Field != "" {
		what += " " + clean(e.Field)
	}
	if !e.From.IsNone() || !e.To.IsNone() {
		what += ": " + shownValue(e.From) + " → " + shownValue(e.To)
	}
	if e.Source != "" {
		what += ", " + clean(p.SourceName(e.Source))
	}
	what += byWhom(e.By)
	if e.Note != "" {
		what += " (" + clean(view.NoteWords(e)) + ")"
	}
	return fmt.Sprintf("%s  cycle %-6d %-8s %s", e.At.In(p.Timezone).Format("2006-01-02 15:04:05"), e.Cycle, e.Task, what)
}

func byWhom(name string) string {
	if name == "" {
		return ""
	}
	return " by " + clean(name)
}

type undoCmd struct {
	configFlag
	partnershipFlag
	Cycle   int64  `help:"The cycle whose decisions are taken back: lockstep history lists them." required:"" placeholder:"N"`
	DryRun  bool   `name:"dry-run" help:"Only show what would be written."`
	Approve string `help:"Let exactly the plan of this hash through although a guard says no." placeholder:"HASH"`
	By      string `help:"Who takes it back, for the history; by default the user of this computer." placeholder:"NAME"`
}

// Run implements the command: each field that the cycle decided gets the value that it had before, in every tool, unless people have
// gone on since.
func (c undoCmd) Run(e env) error {
	a, err := c.open(e)
	if err != nil {
		return err
	}
	defer closing(e, a)
	r, asked, rest, err := a.Undo(e.ctx, c.Partnership, c.Cycle, whoever(c.By), engine.Mode{DryRun: c.DryRun, Approve: c.Approve})
	if err != nil {
		return err
	}
	if asked > 0 {
		if err := printReports(e, false, []engine.Report{r}, map[string]app.Counts{}); err != nil {
			return err
		}
	}
	verb := "were taken back"
	if c.DryRun {
		verb = "would be taken back"
	}
	_, _ = fmt.Fprintf(e.stdout, "%d of %d decisions %s", r.Undone, asked, verb)
	if left := asked - r.Undone; left > 0 {
		_, _ = fmt.Fprintf(e.stdout, "; %d stay, because people have gone on since", left)
	}
	_, _ = fmt.Fprintln(e.stdout, ".")
	if len(rest) > 0 {
		_, _ = fmt.Fprintf(e.stdout, "%d tasks were born, removed or restored in it: that is left to people, in their own tools.\n", len(rest))
	}
	if r.Result == engine.ResultGuarded {
		return statusError(exitError)
	}
	return nil
}
