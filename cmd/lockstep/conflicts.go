package main

import (
	"encoding/json"
	"fmt"
	"os/user"
	"slices"
	"time"

	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/task"
	"github.com/lockstep-sync/lockstep/sync/view"
)

type conflictsCmd struct {
	configFlag
	partnershipFlag
	JSON   bool   `name:"json" help:"Print the conflicts as JSON."`
	Settle string `help:"Settle the conflict of this key, as the list has it, by a cycle of its own." placeholder:"KEY"`
	Choose int    `help:"With --settle: which value is right. 0 is the one that stands, the others are numbered in the list." placeholder:"N" default:"-1"`
	By     string `help:"With --settle: who chose, for the history; by default the user of this computer." placeholder:"NAME"`
}

// jsonConflict is a conflict as JSON has it.
type jsonConflict struct {
	Key     string        `json:"key"`
	Task    task.ID       `json:"task"`
	Title   string        `json:"title"`
	Field   task.Field    `json:"field"`
	Opened  time.Time     `json:"opened"`
	Agreed  task.Value    `json:"agreed"`
	Claims  []store.Claim `json:"claims"`
	Options []task.Value  `json:"options"` // what --choose counts
}

// Run implements the command.
func (c conflictsCmd) Run(e env) error {
	a, err := c.open(e)
	if err != nil {
		return err
	}
	defer closing(e, a)
	w, err := a.Viewer(c.Partnership)
	if err != nil {
		return err
	}
	v, err := w.Now(e.ctx)
	if err != nil {
		return err
	}
	if c.Settle == "" {
		return c.list(e, v)
	}
	i := slices.IndexFunc(v.State.Conflicts, func(k store.Conflict) bool { return k.Key() == c.Settle })
	if i < 0 {
		return fault.New(fault.Permanent, fault.NotFound, "", "there is no open conflict of the key %q", clean(c.Settle)).
			WithHint("`lockstep conflicts` lists them; the key changes when somebody claims another value")
	}
	k := &v.State.Conflicts[i]
	values := options(k)
	if c.Choose < 0 || c.Choose >= len(values) {
		return fault.New(fault.Permanent, fault.Invalid, "", "--choose: the conflict has the values 0 to %d", len(values)-1).WithHint("`lockstep conflicts` lists them")
	}
	r, err := a.Settle(e.ctx, view.Choice{Partnership: w.Partnership().ID, Task: k.Task, Field: k.Field, Value: values[c.Choose], By: whoever(c.By), Key: c.Settle})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(e.stdout, "%s of %s is settled: %s. %d writes landed.\n", k.Field.Display(), k.Task, shownValue(values[c.Choose]), r.Writes())
	return err
}

func (c conflictsCmd) list(e env, v *view.View) error {
	if c.JSON {
		out := []jsonConflict{}
		for i := range v.State.Conflicts {
			k := &v.State.Conflicts[i]
			out = append(out, jsonConflict{k.Key(), k.Task, v.Title(k.Task), k.Field, k.Opened, k.Agreed, k.Claims, options(k)})
		}
		enc := json.NewEncoder(e.stdout)
		enc.SetIndent("", "  ")
		return enc.Encode(out)
	}
	if len(v.State.Conflicts) == 0 {
		_, err := fmt.Fprintln(e.stdout, "Nobody disagrees about anything.")
		return err
	}
	for i := range v.State.Conflicts {
		k := &v.State.Conflicts[i]
		_, _ = fmt.Fprintf(e.stdout, "%s %s: which %s is right? Open since %s\n  key %s\n", k.Task, clean(v.Title(k.Task)), k.Field.Display(),
			k.Opened.In(v.Now.Location()).Format("2 Jan 2006 15:04"), k.Key())
		for n, value := range options(k) {
			said := ""
			if n == 0 {
				said = " (what stands)"
			}
			for _, cl := range k.Claims {
				if cl.Value == value {
					said += ", " + v.Partnership.SourceName(cl.Source)
					if cl.By != "" {
						said += " by " + clean(cl.By)
					}
				}
			}
			_, _ = fmt.Fprintf(e.stdout, "  %d  %s%s\n", n, shownValue(value), said)
		}
	}
	_, err := fmt.Fprintln(e.stdout, "Settle one: lockstep conflicts --settle KEY --choose N")
	return err
}

// options are the values of a conflict that may be chosen, each once: first the one that stands.
func options(k *store.Conflict) []task.Value {
	out := []task.Value{k.Agreed}
	for _, c := range k.Claims {
		if !slices.Contains(out, c.Value) {
			out = append(out, c.Value)
		}
	}
	return out
}

// whoever is a name, or the user of this computer.
func whoever(name string) string {
	if name != "" {
		return name
	}
	if u, err := user.Current(); err == nil {
		return u.Username + " on the command line"
	}
	return "somebody on the command line"
}

func shownValue(v task.Value) string {
	if v.IsEmpty() {
		return "(empty)"
	}
	return clean(v.Display())
}
