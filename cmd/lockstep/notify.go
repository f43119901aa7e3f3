package main

import (
	"fmt"
	"strings"

	"github.com/lockstep-sync/lockstep/internal/notify"
	"github.com/lockstep-sync/lockstep/sync/fault"
)

type notifyCmd struct {
	configFlag
	partnershipFlag
	DryRun bool   `name:"dry-run" help:"Print the messages, and the next digest, and send nothing." xor:"what"`
	Test   bool   `help:"Send a message that says that it is a test." xor:"what"`
	ID     string `name:"channel" help:"With --test and --dry-run: only this channel." placeholder:"ID"`
}

// Run implements the command.
func (c notifyCmd) Run(e env) error {
	if c.ID != "" && !c.Test && !c.DryRun {
		return fault.New(fault.Permanent, fault.Invalid, "", "--channel goes with --test or --dry-run")
	}
	a, err := c.open(e)
	if err != nil {
		return err
	}
	defer closing(e, a)
	t, err := a.Teller(c.Partnership)
	if err != nil {
		return err
	}
	if err := t.Has(c.ID); err != nil {
		return err
	}
	switch {
	case c.Test:
		if err := t.Test(e.ctx, c.ID); err != nil {
			return err
		}
		_, err := fmt.Fprintln(e.stdout, "The test was sent. Look whether it arrived.")
		return err
	case c.DryRun:
		out, err := t.Preview(e.ctx, true)
		if err != nil {
			return err
		}
		return c.print(e, t, out)
	}
	out, err := t.Tell(e.ctx)
	for i := range out {
		what := "sent"
		if out[i].Waits != "" {
			what = "waits, because " + out[i].Waits
		}
		_, _ = fmt.Fprintf(e.stdout, "%s (%s): %s: %s\n", out[i].Channel, clean(t.Place(out[i].Channel)), clean(out[i].Message.Title), what)
	}
	if err == nil && len(out) == 0 {
		_, err = fmt.Fprintln(e.stdout, "There is nothing to tell.")
	}
	return err
}

// print shows messages as text.
func (c notifyCmd) print(e env, t *notify.Teller, out []notify.Outgoing) error {
	shown := 0
	for i := range out {
		o := &out[i]
		if c.ID != "" && o.Channel != c.ID {
			continue
		}
		shown++
		when := "now"
		if o.Waits != "" {
			when = "not now: " + o.Waits
		}
		_, _ = fmt.Fprintf(e.stdout, "── %s (%s), %s\n%s\n", o.Channel, clean(t.Place(o.Channel)), when, strings.TrimRight(o.Message.Text(), "\n"))
	}
	if shown == 0 {
		_, err := fmt.Fprintln(e.stdout, "There is nothing to tell.")
		return err
	}
	return nil
}
